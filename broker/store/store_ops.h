/* What an implementation of the store answers. store.c dispatches and keeps the rules that are the same for all: who may write
 * when, what a failure forbids, which numbers come next. Only the implementations include this. Thread: as for the store. */
#ifndef BROKER_STORE_STORE_OPS_H
#define BROKER_STORE_STORE_OPS_H

#include "broker/store/store.h"

struct store_ops {
	void (*close)(struct store *store);
	result (*begin)(struct store *store, struct err *err);
	result (*commit)(struct store *store, struct err *err);
	void (*rollback)(struct store *store);

	result (*party_find)(struct store *store, struct bytes party, int64_t *ret_number, struct err *err); /* 0: unknown */
	result (*party_add)(struct store *store, struct bytes party, int64_t *ret_number, struct err *err);
	result (*party_name)(struct store *store, int64_t number, char into[static STORE_PARTY_MAX], bool *ret_found,
	                     struct err *err);
	result (*last_seq)(struct store *store, int64_t *ret_seq, struct err *err);

	result (*put)(struct store *store, const struct store_message *message, struct err *err);
	/* By id, or by seq when id is NULL. */
	result (*find)(struct store *store, const uint8_t *id, int64_t seq, struct buf *hold, bool *ret_found,
	               struct store_message *ret, struct err *err);

	result (*replace)(struct store *store, int64_t seq, struct bytes envelope, bool *ret_found, struct err *err);

	result (*enqueue)(struct store *store, const struct store_queued *queued, struct err *err);
	result (*dequeue)(struct store *store, const struct store_place *place, bool *ret_removed, struct err *err);
	result (*queued_find)(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_queued *ret,
	                      struct err *err);
	result (*queue_next)(struct store *store, int64_t recipient, const struct store_place *after, struct store_queued *ret,
	                     size_t max, size_t *ret_count, struct err *err);
	result (*queue_state)(struct store *store, int64_t recipient, struct store_queue_state *ret, struct err *err);
	result (*attempted)(struct store *store, const struct store_place *place, int64_t attempts, struct err *err);
	result (*withhold)(struct store *store, const struct store_place *place, int64_t withheld, int64_t consent, struct err *err);
	result (*expired)(struct store *store, int64_t now, struct store_queued *ret, size_t max, size_t *ret_count,
	                  struct err *err);
	result (*next_expiry)(struct store *store, int64_t *ret_at, struct err *err);

	result (*bury)(struct store *store, const struct store_dead *dead, struct err *err);
	/* *ret_following: seq of the one after the last that was returned, 0: none. */
	result (*dead_next)(struct store *store, int64_t recipient, int64_t after_seq, struct store_dead *ret, size_t max,
	                    size_t *ret_count, int64_t *ret_following, struct err *err);
	result (*exhume)(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_dead *ret,
	                 struct err *err);

	result (*thread_join)(struct store *store, const uint8_t *thread, int64_t party, struct err *err);
	result (*thread_parties)(struct store *store, const uint8_t *thread, int64_t *ret, size_t max, size_t *ret_count,
	                         struct err *err);

	result (*put_chain)(struct store *store, const uint8_t *fingerprint, struct bytes chain, struct err *err);
	result (*chain)(struct store *store, const uint8_t *fingerprint, struct buf *hold, bool *ret_found, struct err *err);

	result (*ledger_put)(struct store *store, int64_t number, struct bytes entry, struct err *err);
	result (*ledger_get)(struct store *store, int64_t number, struct buf *hold, bool *ret_found, struct err *err);
	result (*ledger_size)(struct store *store, int64_t *ret_size, struct err *err);
	result (*note)(struct store *store, struct bytes name, struct bytes value, struct err *err);
	result (*noted)(struct store *store, struct bytes name, struct buf *hold, bool *ret_found, struct err *err);

	result (*row_put)(struct store *store, enum store_space space, struct bytes key, struct bytes value, struct err *err);
	result (*row_get)(struct store *store, enum store_space space, struct bytes key, struct buf *hold, bool *ret_found, struct err *err);
	/* The first row whose key is after `from` (or is it, if it may be): hold gets the key, *ret_key_len long, and behind it the value. */
	result (*row_next)(struct store *store, enum store_space space, struct bytes from, bool or_equal, struct buf *hold, bool *ret_found,
	                   size_t *ret_key_len, struct err *err);
	/* Rows whose key is at or after `from`, and before `to`. */
	result (*row_count)(struct store *store, enum store_space space, struct bytes from, struct bytes to, int64_t *ret_count, struct err *err);
	result (*row_drop)(struct store *store, enum store_space space, struct bytes key, struct err *err);

	result (*reader)(struct store *store, struct store **ret, struct err *err);
};

/* The first member of every implementation's struct. */
struct store {
	const struct store_ops *ops;
	bool readonly;
	bool in_transaction;
	bool failed;          /* inside the transaction: only a rollback helps */
	struct err failure;
	int64_t last_seq;     /* -1: ask */
	int64_t ledger_size;  /* -1: ask */
};

void store_setup(struct store *store, const struct store_ops *ops, bool readonly);
/* Copies what a message consists of into hold and lays ret's views over it; its numbers are set by the caller. */
RESULT store_hold_message(struct buf *hold, const uint8_t *id, const uint8_t *leaf, struct bytes envelope, struct bytes verdict,
                          struct store_message *ret, struct err *err);
/* hold becomes a copy of value. */
RESULT store_hold(struct buf *hold, struct bytes value, const char *what, struct err *err);

#endif
