/* A release on its way from a document of an agency to a draft of release.notification/1: fields by their JSON pointers, each
 * with its place in the document, judged by the catalogue's own schema so that its rules stand in one place only. Thread: any,
 * pure. */
#ifndef ADAPTERS_FACILITY_RELEASE_H
#define ADAPTERS_FACILITY_RELEASE_H

#include "adapters/facility/facility_settings.h"
#include "adapters/kind/kind.h"

enum { RELEASE_POINTER_MAX = 48, RELEASE_FIELDS_MAX = 1024 };

#define RELEASE_TYPE "release.notification/1"

struct release_field {
	char pointer[RELEASE_POINTER_MAX]; /* "/person/name/family", "/charges/0/statute" */
	char *text;
	char *source; /* what the document calls it */
	int line;
};

struct release {
	struct release_field *at;
	size_t count, room;
	size_t faults;
	bool has_bad_id;
};

void release_init(struct release *release);
void release_done(struct release *release);
void release_clear(struct release *release); /* empty again */

/* Adds a field, copied. An empty text, one that is there already, and one too many are left out with false. */
bool release_add(struct release *release, const char *pointer, struct bytes text, int line, const char *source);
/* The text of a field, or NULL. */
const char *release_text(const struct release *release, const char *pointer);
/* Notes a fault in the field, and lets something that fits stand there so that the faults behind it are found in the same
 * reading. */
void release_fault(struct release *release, const char *pointer, int line, const char *source, struct kind_reading *into,
                   const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Where no facility is named: the settings' or the adapter's own. */
void release_default_facility(struct release *release, const struct facility_settings *settings, const struct kind_host *host);

/* What the document would call a field that it does not have. */
typedef const char *(*release_source_fn)(const void *ctx, const char *pointer);
struct release_place {
	int line;            /* of the whole release */
	const char *missing; /* "is empty", "is missing" */
	release_source_fn source;
	const void *ctx;
};
/* Puts every fault into `into`; true when there is none, here or before. */
bool release_judge(struct release *release, const struct kind_host *host, const struct release_place *place,
                   struct kind_reading *into);
/* Whether the text alone would be right in that field. */
bool release_fits(const struct kind_host *host, const char *pointer, const char *text);
/* The packed body, and the whole draft as a new one of `into`, tagged with the first identifier. */
void release_body(const struct release *release, struct buf *out);
void release_draft(const struct release *release, struct kind_reading *into);
/* A document with a fault yields faults only. */
void release_drop_drafts(struct kind_reading *reading);

#endif
