/* Accepting: a message gets its entry in the ledger, its place in the store and in the queues, and its verdict. Thread: router, inside the group's
 * transaction. */
#ifndef BROKER_ROUTE_ACCEPT_H
#define BROKER_ROUTE_ACCEPT_H

#include "broker/route/admission.h"

/* The admission's recipients are decided. */
RESULT accept_message(struct admission *admission, struct err *err);

#endif
