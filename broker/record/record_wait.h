/* Messages that speak of each record of a name, kept for records that come to be known later: the order of signatures decides, and not
 * that of arrival. Only record*.c use it.
 *
 * STORE_RECORDS
 *   "w" LIFECYCLE 0 KEY 0 VALUE 0 SIGNED_AT ID → [1, keys [[key, value]…], type, from, moves], once for each of its keys */
#ifndef BROKER_RECORD_RECORD_WAIT_H
#define BROKER_RECORD_RECORD_WAIT_H

#include "broker/record/record_find.h"

enum { RECORD_WAITS_MAX = 64 }; /* that one new record is given, the earliest signed first */

/* Keeps a step of a message for what its keys speak of; moves packed. Inside a transaction. */
RESULT record_wait_put(struct store *store, const char *lifecycle, const struct record_key *keys, size_t keys_count,
                       const struct record_event *event, struct err *err);
/* Gives a new record, whose first step is signed at `since`, what was kept for its keys and signed later. Folds nothing. */
RESULT record_wait_give(struct store *store, struct record *record, const struct record_key *keys, size_t keys_count, int64_t since,
                        struct err *err);

#endif
