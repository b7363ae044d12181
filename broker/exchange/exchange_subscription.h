/* Subscriptions: who is told of a person, of what, and until when. Thread: router. */
#ifndef BROKER_EXCHANGE_EXCHANGE_SUBSCRIPTION_H
#define BROKER_EXCHANGE_EXCHANGE_SUBSCRIPTION_H

#include "broker/exchange/exchange.h"

/* Only messages of the hub's functions subscribe, renew and unsubscribe have any effect here. */
RESULT exchange_subscription_judge(const struct exchange *exchange, const struct exchange_message *message, struct err *err);
/* Inside a transaction. */
RESULT exchange_subscription_accept(const struct exchange *exchange, const struct exchange_message *message, struct err *err);
/* Ends the first that is over at `now`; false: there is none. Inside a transaction. */
RESULT exchange_subscription_run(const struct exchange *exchange, int64_t now, bool *ret_done, struct err *err);

/* Ends the subscription that a message's main part names, if it is that party's. Inside a transaction. */
RESULT exchange_subscription_erase(struct store *store, struct bytes party, struct bytes main, struct err *err);
/* Takes an identifier out of all; those that have none left end. Inside a transaction. */
RESULT exchange_subscription_erase_id(struct store *store, const struct identifier *id, struct err *err);

#endif
