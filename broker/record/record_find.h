/* Which record a message means: by the keys of the lifecycle, in its header's subject or else in its main part. Only record*.c
 * use it. */
#ifndef BROKER_RECORD_RECORD_FIND_H
#define BROKER_RECORD_RECORD_FIND_H

#include "broker/record/record_row.h"

enum { RECORD_FOUND_MAX = 64 };

struct record_key {
	const struct catalogue_key *key;
	struct bytes value;
	bool is_in_main;
};

/* The keys that a message has, in the order of the lifecycle. Returns how many. */
size_t record_find_keys(const struct catalogue_lifecycle *lifecycle, const struct message *message, struct bytes main,
                        struct record_key ret[static RECORD_NAMES_MAX]);

/* Those that it may mean, likeliest first. */
struct record_found {
	struct record *at[RECORD_FOUND_MAX];
	size_t count;
	const struct record_key *key; /* they were found by; the first that there is if none was found */
	bool is_ambiguous;            /* a number of several agencies, and none of them is the sender */
	bool is_anothers;             /* a number of another agency: the sender may have one of its own */
};
RESULT record_find(struct store *store, const struct catalogue_lifecycle *lifecycle, const struct record_key *keys,
                   size_t keys_count, const char *from, struct record_found *ret, struct err *err);
/* All that the keys speak of: under any of them, and under none of them by another value. At most RECORD_FOUND_MAX, likeliest
 * first. */
RESULT record_find_each(struct store *store, const struct catalogue_lifecycle *lifecycle, const struct record_key *keys,
                        size_t keys_count, struct record_found *ret, struct err *err);
/* Takes one out, which is the caller's then. */
struct record *record_find_take(struct record_found *found, size_t index);
void record_find_done(struct record_found *found);

#endif
