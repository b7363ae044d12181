/* The SQLite store, as its own files see it: store_sqlite.c (the file, messages, notes), store_sqlite_queue.c (queues, dead
 * letters, threads). Thread: the store's. */
#ifndef BROKER_STORE_STORE_SQLITE_H
#define BROKER_STORE_STORE_SQLITE_H

#include "broker/store/database.h"
#include "broker/store/store_ops.h"

enum store_sqlite_statement {
	SQL_PARTY_FIND,
	SQL_PARTY_ADD,
	SQL_PARTY_NAME,
	SQL_LAST_SEQ,
	SQL_PUT,
	SQL_FIND,
	SQL_GET,
	SQL_REPLACE,
	SQL_ENQUEUE,
	SQL_DEQUEUE,
	SQL_QUEUED_FIND,
	SQL_QUEUE_NEXT,
	SQL_QUEUE_LEVELS,
	SQL_QUEUE_FRONT,
	SQL_ATTEMPTED,
	SQL_WITHHOLD,
	SQL_EXPIRES,
	SQL_EXPIRES_NOT,
	SQL_EXPIRED,
	SQL_NEXT_EXPIRY,
	SQL_BURY,
	SQL_DEAD_NEXT,
	SQL_DEAD_GET,
	SQL_EXHUME,
	SQL_THREAD_JOIN,
	SQL_THREAD_PARTIES,
	SQL_PUT_CHAIN,
	SQL_CHAIN,
	SQL_LEDGER_PUT,
	SQL_LEDGER_GET,
	SQL_LEDGER_SIZE,
	SQL_NOTE,
	SQL_NOTED,
	SQL_ROW_PUT,
	SQL_ROW_GET,
	SQL_ROW_NEXT,
	SQL_ROW_FIRST,
	SQL_ROW_COUNT,
	SQL_ROW_DROP,
	SQL_COUNT
};

enum { STORE_SQLITE_PRIORITIES = 10 };

/* What is known of one recipient's queue, so that its state is not counted again for each message: a queue can be a million long.
 */
struct store_sqlite_level {
	int64_t count;
	int64_t front_seq; /* 0 with a count: not known any more */
	int64_t front_at;
};

struct store_sqlite_tally {
	bool known;
	struct store_sqlite_level levels[STORE_SQLITE_PRIORITIES];
};

struct store_sqlite {
	struct store store;
	struct database *database;
	char *folder;
	int lock_fd; /* -1: a reader */
	bool must_scrub; /* something was destroyed that the log may still hold */
	struct store_sqlite_tally *tallies; /* by the recipient's number; the writer's only */
	size_t tallies_count;
};

/* The statement with that number, or the failure. */
RESULT store_sqlite_query(struct store *store, enum store_sqlite_statement which, struct sqlite3_stmt **ret, struct err *err);
struct database *store_sqlite_database(struct store *store);
/* Forgets all tallies: after a rollback. */
void store_sqlite_forget(struct store_sqlite *sqlite);

/* store_sqlite_queue.c's share of the operations. */
RESULT store_sqlite_enqueue(struct store *store, const struct store_queued *queued, struct err *err);
RESULT store_sqlite_dequeue(struct store *store, const struct store_place *place, bool *ret_removed, struct err *err);
RESULT store_sqlite_queued_find(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_queued *ret,
                                struct err *err);
RESULT store_sqlite_queue_next(struct store *store, int64_t recipient, const struct store_place *after, struct store_queued *ret,
                               size_t max, size_t *ret_count, struct err *err);
RESULT store_sqlite_queue_state(struct store *store, int64_t recipient, struct store_queue_state *ret, struct err *err);
RESULT store_sqlite_attempted(struct store *store, const struct store_place *place, int64_t attempts, struct err *err);
RESULT store_sqlite_withhold(struct store *store, const struct store_place *place, int64_t withheld, int64_t consent,
                             struct err *err);
RESULT store_sqlite_expired(struct store *store, int64_t now, struct store_queued *ret, size_t max, size_t *ret_count,
                            struct err *err);
RESULT store_sqlite_next_expiry(struct store *store, int64_t *ret_at, struct err *err);
RESULT store_sqlite_bury(struct store *store, const struct store_dead *dead, struct err *err);
RESULT store_sqlite_dead_next(struct store *store, int64_t recipient, int64_t after_seq, struct store_dead *ret, size_t max,
                              size_t *ret_count, int64_t *ret_following, struct err *err);
RESULT store_sqlite_exhume(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_dead *ret,
                           struct err *err);

#endif
