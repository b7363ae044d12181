/* A record as it is kept: one row with its names, its persons, and its steps in the order in which they were signed. Only
 * record*.c use it.
 *
 * STORE_RECORDS
 *   "c" → the number given last
 *   "r" NUMBER → [1, lifecycle, base, names [[key, value]…], persons [number…], events [event…]]
 *       base: nil or [forgotten, state, owner, event]
 *       event: [signed_at, id, type, from, is_optional, moves [[by, to, [from…]]…]]
 * STORE_RECORD_NAMES
 *   LIFECYCLE 0 KEY 0 VALUE 0 NUMBER → nothing
 * Numbers are eight bytes, big-endian. */
#ifndef BROKER_RECORD_RECORD_ROW_H
#define BROKER_RECORD_RECORD_ROW_H

#include "broker/record/record.h"

#define RECORD_NONE "none" /* the state of what is not on file */

/* A step. All views are into the record's hold, or into its own. */
struct record_event {
	int64_t at; /* ms, signed */
	struct bytes id, type, from;
	bool is_optional;
	struct bytes moves; /* those whose conditions held, packed: what it may do is judged by the rules of its time */
	struct bytes to;    /* by record_fold: the state that it sets; empty: it has no effect */
};

enum { RECORD_TEXTS_MAX = 16 };

struct record_name {
	struct bytes key, value;
};

struct record {
	struct buf hold, own;
	int64_t number; /* 0: not kept yet */
	struct bytes lifecycle;
	struct record_name names[RECORD_NAMES_MAX];
	size_t names_count;
	int64_t persons[RECORD_PERSONS_MAX];
	size_t persons_count;
	int64_t forgotten; /* steps that are kept only as what they led to; 0: none, and the base is not set */
	struct bytes base_state, base_owner;
	struct record_event base; /* the last one that had an effect among them */
	struct record_event *events;
	size_t events_count; /* there is room for one more */
	/* By record_fold: */
	struct bytes state, owner;
	const struct record_event *set_by; /* NULL: "none" */
	char *texts[RECORD_TEXTS_MAX];
	size_t texts_count;
};

struct record *record_row_new(const char *lifecycle);
void record_row_free(struct record *record); /* NULL is fine */
/* Folded. corrupt: it is not there, or damaged. */
RESULT record_row_load(struct store *store, int64_t number, struct record **ret, struct err *err);
/* A copy with a NUL that lives as long as the record; at most RECORD_TEXTS_MAX of them, and after that an empty one. */
const char *record_row_text(struct record *record, struct bytes text);
/* Gives it a number if it has none; forgets what is more than RECORD_EVENTS_MAX. */
RESULT record_row_save(struct store *store, struct record *record, struct err *err);
bool record_row_has(const struct record *record, struct bytes key, struct bytes value);
/* Adds a name, unless it is there or there are too many. */
RESULT record_row_name(struct store *store, struct record *record, struct bytes key, struct bytes value, struct err *err);
/* Takes a name away. */
RESULT record_row_unname(struct store *store, struct record *record, struct bytes key, struct bytes value, struct err *err);
/* The next record of that name after number `after`; 0: no more. */
RESULT record_row_named(struct store *store, const char *lifecycle, struct bytes key, struct bytes value, int64_t after,
                        int64_t *ret_number, struct err *err);

/* The next number of a space's counter. */
RESULT record_row_number(struct store *store, enum store_space space, int64_t *ret, struct err *err);

enum { RECORD_KEY_ROOM = STORE_KEY_MAX };
/* A key in the making; what does not fit makes it too long for the store, which says so. */
struct record_row_key {
	uint8_t at[RECORD_KEY_ROOM + 1];
	size_t len;
};
void record_row_key_add(struct record_row_key *key, struct bytes more);
void record_row_key_text(struct record_row_key *key, struct bytes text); /* with a zero byte after it */
void record_row_key_number(struct record_row_key *key, int64_t number);
struct bytes record_row_key_view(const struct record_row_key *key);
int64_t record_row_number_at_end(struct bytes key);

/* A list of numbers, each once, in the order they came. */
struct record_numbers {
	int64_t *at;
	size_t count, cap;
};
bool record_numbers_add(struct record_numbers *numbers, int64_t number); /* false: it was there */
void record_numbers_done(struct record_numbers *numbers);

#endif
