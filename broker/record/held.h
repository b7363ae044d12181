/* Held messages as rows of STORE_HELD: what an interlock keeps from passing, under the message's id. Thread: the router's; reading any reader of the store. */
#ifndef BROKER_RECORD_HELD_H
#define BROKER_RECORD_HELD_H

#include "broker/store/store.h"
#include "schemas/message.h"

/* Views into the buffer that it was read with, or into what is to be written. */
struct held {
	const uint8_t *id;
	int64_t seq, at, expires, priority;
	struct bytes interlock, reason;
	struct bytes recipients; /* packed array of [party, agreement, withheld, consent] */
};
/* One recipient that it would have. */
struct held_recipient {
	char party[STORE_PARTY_MAX];
	struct bytes agreement;
	int64_t withheld, consent;
};

/* Inside a transaction. */
RESULT held_put(struct store *store, const struct held *held, struct err *err);
/* hold is inited by the caller. *ret_found false: it is not held. */
RESULT held_get(struct store *store, const uint8_t *id, struct buf *hold, bool *ret_found, struct held *ret, struct err *err);
/* The one after that of id `after` (NULL: the first), in the order of ids. `after` may be a view into hold. */
RESULT held_next(struct store *store, const uint8_t *after, struct buf *hold, bool *ret_found, struct held *ret, struct err *err);
void held_put_recipient(struct buf *out, const struct held_recipient *recipient);
/* The next of a reader over held->recipients, after pack_array; false: it is damaged. */
bool held_next_recipient(struct pack_in *in, struct held_recipient *ret);

#endif
