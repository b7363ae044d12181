/* Numbered requests: the second and the third ask again for what the one before them asked. They are known by their main part's
 * /request_no, /nic and /oca. Thread: router. */
#ifndef BROKER_EXCHANGE_EXCHANGE_NUMBER_H
#define BROKER_EXCHANGE_EXCHANGE_NUMBER_H

#include "broker/exchange/exchange.h"

/* lifecycle: the one before it was not made by the same sender about the same /nic, in the same conversation or under the same
 * /oca. */
RESULT exchange_number_judge(const struct exchange *exchange, const struct exchange_message *message, struct err *err);
/* Keeps the number, and puts the request in the place of the one before it. Inside a transaction. */
RESULT exchange_number_accept(const struct exchange *exchange, const struct exchange_message *message, struct err *err);

#endif
