/* Deadlines: a message of a type that is owed an answer by an instant, and the parties that owe it. Thread: router. */
#ifndef BROKER_EXCHANGE_EXCHANGE_DEADLINE_H
#define BROKER_EXCHANGE_EXCHANGE_DEADLINE_H

#include "broker/exchange/exchange.h"

/* When an answer to a message is due, by its header or else by its type; 0: none is owed. */
int64_t exchange_deadline_of(const struct exchange *exchange, const struct exchange_message *message);
/* Whether a message is one that moves the deadline of such a request; by how much, in ms. */
bool exchange_deadline_moves(const struct catalogue_type *request, const struct exchange_message *answer, int64_t *ret_by_ms);

/* Begins the message's deadline (0: it has none). Inside a transaction. */
RESULT exchange_deadline_begin(const struct exchange *exchange, const struct exchange_message *message, int64_t due,
                               struct err *err);
/* Ends, for whoever has answered, or moves the deadlines that a message meets. Inside a transaction. */
RESULT exchange_deadline_meet(const struct exchange *exchange, const struct exchange_message *message, struct err *err);
/* Ends the deadline of `old` in favour of that of `by`: what answers the old message now answers the new one. Inside a
 * transaction. */
RESULT exchange_deadline_replace(const struct exchange *exchange, const uint8_t *old, const uint8_t *by, int64_t now,
                                 struct err *err);
/* The message that a message was replaced by, into `id` itself; false: it was not. */
RESULT exchange_deadline_follow(struct store *store, uint8_t id[static UUID_LEN], bool *ret_followed, struct err *err);
/* Keeps a row whose value is an array that begins with the instant until which it is kept. Inside a transaction. */
RESULT exchange_deadline_keep(struct store *store, struct bytes key, struct bytes value, int64_t until, struct err *err);
/* Ends a message's deadline, and says nothing. Inside a transaction. */
RESULT exchange_deadline_erase(struct store *store, const uint8_t *id, struct err *err);
/* Takes an identifier out of all. Inside a transaction. */
RESULT exchange_deadline_erase_id(struct store *store, const struct identifier *id, struct err *err);
/* Does the first that is due at `now`; false: there is none. Inside a transaction. */
RESULT exchange_deadline_run(const struct exchange *exchange, int64_t now, bool *ret_done, struct err *err);

#endif
