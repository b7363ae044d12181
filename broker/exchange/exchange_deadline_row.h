/* The row of a deadline, and the rows by which it is found: by its conversation, by the identifiers of its person, by its
 * instant. Thread: router. */
#ifndef BROKER_EXCHANGE_EXCHANGE_DEADLINE_ROW_H
#define BROKER_EXCHANGE_EXCHANGE_DEADLINE_ROW_H

#include "broker/exchange/exchange_row.h"

/* A party that owes an answer. */
struct exchange_owing {
	struct bytes party;
	int64_t due;
	bool is_told; /* that it is overdue */
};

/* As it was read, or to be written; all bytes are views. */
struct exchange_deadline {
	const uint8_t *id, *thread;
	struct bytes type, from, subject;
	int64_t request_no;           /* 0: not a numbered request */
	int64_t wakes_at;             /* the instant that it waits for in the store; 0: none yet */
	bool was_late;                /* as it was read: somebody was told that it is overdue */
	struct exchange_owing *owing; /* owned */
	size_t owing_count;
	struct identifier ids[EXCHANGE_IDS_MAX];
	size_t ids_count;
	struct buf hold;
};

void exchange_deadline_row_init(struct exchange_deadline *deadline);
void exchange_deadline_row_done(struct exchange_deadline *deadline);
RESULT exchange_deadline_row_load(struct store *store, const uint8_t *id, struct exchange_deadline *deadline, bool *ret_found,
                                  struct err *err);
/* Writes what has changed, and waits for the next instant: the first deadline that is not told, or the last one and
 * EXCHANGE_KEPT_DAYS; nobody owes anything any more: drops it. */
RESULT exchange_deadline_row_save(struct store *store, struct exchange_deadline *deadline, struct err *err);
/* The rows by which it is found besides its id. */
RESULT exchange_deadline_row_index(struct store *store, const struct exchange_deadline *deadline, bool is_there, struct err *err);
RESULT exchange_deadline_row_drop(struct store *store, struct exchange_deadline *deadline, struct err *err);

struct exchange_key exchange_deadline_row_by_thread(const uint8_t *thread);
struct exchange_key exchange_deadline_row_by_person(const struct identifier *id);
/* The name under which it waits. */
struct exchange_key exchange_deadline_row_name(const uint8_t *id);

#endif
