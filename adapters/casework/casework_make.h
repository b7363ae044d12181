/* One message of a case document, by its table. Thread: any. */
#ifndef ADAPTERS_CASEWORK_CASEWORK_MAKE_H
#define ADAPTERS_CASEWORK_CASEWORK_MAKE_H

#include "adapters/casework/casework_tables.h"
#include "adapters/kind/kind.h"

enum { CASEWORK_POINTER_MAX = 160, CASEWORK_FIELDS_MAX = 512, CASEWORK_FOUND_MAX = 48 };

/* What all messages of a document share. */
struct casework_reading {
	const struct kind_host *host;
	struct kind_reading *into;
	struct bytes document; /* JSON */
	char **used;           /* pointers of values that went into a draft */
	size_t used_count, used_room;
	char **unmade;         /* which messages could not be made, and why */
	size_t unmade_count;
};

/* The case, and within it the item that the message is about. */
struct casework_case {
	struct bytes value;
	char pointer[CASEWORK_POINTER_MAX];
	/* Where its "^" rows lead: each is looked for once. */
	const char *asked[CASEWORK_FOUND_MAX];
	struct bytes found[CASEWORK_FOUND_MAX];
	size_t found_count;
};

struct casework_item {
	struct bytes value;
	char pointer[CASEWORK_POINTER_MAX];
	size_t index;
};

/* Adds a draft, faults, or the reason why there is no such message. */
void casework_make(struct casework_reading *reading, struct casework_case *whole, const struct casework_item *item, const struct casework_message *message);
/* A fault at a JSON pointer of the document. */
void casework_fault(struct casework_reading *reading, const char *pointer, enum code code, const char *reason);

#endif
