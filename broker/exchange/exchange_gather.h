/* Exchanges: a request, what each of its recipients answered, and the sum of it for the originator. Thread: router. */
#ifndef BROKER_EXCHANGE_EXCHANGE_GATHER_H
#define BROKER_EXCHANGE_EXCHANGE_GATHER_H

#include "broker/exchange/exchange.h"

/* Opens the exchange of a request, until `due` (0: until the message expires); nothing if its type has none. Inside a
 * transaction. */
RESULT exchange_gather_open(const struct exchange *exchange, const struct exchange_message *message, int64_t due,
                            struct err *err);
/* Takes the subject out of a message's exchange. Inside a transaction. */
RESULT exchange_gather_erase(struct store *store, const uint8_t *id, struct err *err);
/* Notes an answer. The one that was awaited last closes the exchange. What a party said first stands, unless it was provisional:
 * PARTIAL, ERROR, or an answer that moved the deadline. Inside a transaction. */
RESULT exchange_gather_note(const struct exchange *exchange, const struct exchange_message *message, struct err *err);
/* Does the first that is due at `now`; false: there is none. Inside a transaction. */
RESULT exchange_gather_run(const struct exchange *exchange, int64_t now, bool *ret_done, struct err *err);

#endif
