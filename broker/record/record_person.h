/* Persons: sets of identifiers. Only record*.c use it.
 *
 * STORE_PERSONS
 *   "c" → the number given last
 *   "i" PERSON KIND 0 ISSUER 0 VALUE 0 → nothing
 *   "l" PERSON "n" FAMILY 0 GIVEN 0 BORN 0 → nothing: by which names it is alike
 *   "r" PERSON RECORD → nothing
 *   "m" PERSON → who it was merged into
 *   "h" PERSON AT ID MERGED → [who], a merger
 * STORE_PERSON_NAMES
 *   "i" KIND 0 ISSUER 0 VALUE 0 → PERSON
 *   "n" FAMILY 0 GIVEN 0 BORN 0 PERSON → nothing
 * A person that was merged keeps its rows; those of "i", "r" and "h" are copied to whoever it became. */
#ifndef BROKER_RECORD_RECORD_PERSON_H
#define BROKER_RECORD_RECORD_PERSON_H

#include "broker/record/record_row.h"

/* Whom an identifier belongs to; 0: unknown. */
RESULT record_person_find(struct store *store, const struct identifier *id, int64_t *ret_person, struct err *err);
/* Who a person is by now. */
RESULT record_person_root(struct store *store, int64_t person, int64_t *ret_root, struct err *err);
RESULT record_person_new(struct store *store, int64_t *ret_person, struct err *err);
RESULT record_person_add(struct store *store, int64_t person, const struct identifier *id, struct err *err);
/* Says that a record is of a person; again is fine. */
RESULT record_person_link(struct store *store, int64_t person, int64_t record, struct err *err);
/* From now on nobody has the identifier. */
RESULT record_person_forget_id(struct store *store, const struct identifier *id, struct err *err);
/* Names and dates of birth lead to the person no more; to those merged into it, see record_erase.c. */
RESULT record_person_forget_names(struct store *store, int64_t person, struct err *err);
/* "i", "l", "r" or "h" of one person, row by row: the key without what all have in common. Views into hold. */
struct record_person_walk {
	struct store *store;
	struct record_row_key prefix, after;
	struct buf hold;
	struct bytes key, value;
};
void record_person_walk(struct record_person_walk *walk, struct store *store, char what, int64_t person);
RESULT record_person_walk_next(struct record_person_walk *walk, bool *ret_found, struct err *err);
void record_person_walk_done(struct record_person_walk *walk);
bool record_person_walk_id(const struct record_person_walk *walk, struct identifier *ret); /* of an "i" */

/* Fills ids and persons of the plan, and conflict if they do not fit together. */
RESULT record_person_judge(struct store *store, const struct record_question *question, struct record_plan *plan,
                           struct err *err);
/* Fills conflict if a record that the plan moves was another person's so far. */
RESULT record_person_compare(struct store *store, struct record_plan *plan, struct err *err);
/* Writes what identifiers belong together, and by what names their persons go; new persons are added to the plan's. */
RESULT record_person_apply(struct store *store, const struct record_question *question, struct record_plan *plan,
                           struct err *err);
/* Calls for every person who goes by a name of the message's person and was born on that day. */
typedef result (*record_person_fn)(void *ctx, int64_t person, struct err *err);
RESULT record_person_alike(struct store *store, struct bytes main, record_person_fn fn, void *ctx, struct err *err);

#endif
