/* NIEM XML of the justice exchanges, both ways: custody, booking, warrants, supervision, court orders, arrests, consents and more
 * (docs/niem.md). A document becomes one draft, or faults with the line and the path of each; what it says beyond the message is
 * listed. What is written is in the names of NIEM 6 and reads back to the same message. Thread: the adapter's loop. */
#ifndef ADAPTERS_NIEM_NIEM_H
#define ADAPTERS_NIEM_NIEM_H

#include "adapters/kind/kind.h"

enum { NIEM_CODE_MAX = 64 };

/* What an agency adds of its own; all of it may be left out. */
struct niem_options {
	const char *facility_name,
	    *facility_code; /* where a custody document names no facility; else the host's agency and ORI */
	const char *zone;   /* of times that do not say theirs (when.h); else America/New_York */
	/* The catalogue's code for a word of the agency's own in the field at `pointer` ("/person/sex"). */
	bool (*code)(void *ctx, const char *pointer, struct bytes word, char into[static NIEM_CODE_MAX]);
	void *ctx;
};

/* Once, before the first document, while there is one thread. */
void niem_prepare(void);
/* options may be NULL. */
void niem_read(const struct niem_options *options, const struct kind_host *host, struct bytes document,
               struct kind_reading *into);
/* Appends the document; *ret_wrote false for types that have none and for what XML cannot say. too_large when `out` is full. */
RESULT niem_write(const struct kind_message *message, struct buf *out, bool *ret_wrote, struct err *err);

/* For a kind without settings of its own; its state is not looked at. */
extern const struct kind_format niem_format;
void niem_format_read(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into);
RESULT niem_format_write(void *state, const struct kind_host *host, const struct kind_message *message, struct buf *out,
                         bool *ret_wrote, struct err *err);
/* For a `formats` table of a kind. */
#define NIEM_FORMAT                                                                                                              \
	{                                                                                                                        \
		.name = "niem", .ending = ".xml", .read = niem_format_read, .write = niem_format_write                           \
	}

#endif
