/* Settling: what ends a delivery. A receipt, itself a message, for what asks for one; an ACK of the link for receipts and notices. Thread: router. */
#ifndef BROKER_ROUTE_SETTLE_H
#define BROKER_ROUTE_SETTLE_H

#include "broker/route/session.h"
#include "schemas/receipt.h"

/* A receipt that is about to be accepted: finds the delivery that it settles. Refusals: schema (it does not fit the message), not_found (no delivery of that
 * message to that party is open). On success the delivery is taken out of the queue. */
struct settled {
	struct receipt receipt;
	char originator[TRUST_NAME_MAX]; /* of the message: whom the receipt goes to */
	int64_t sent_at;                 /* 0: not over the present link */
	int64_t attempts;
	int64_t priority;
};
RESULT settle_receipt(struct core *core, const char *party, const struct candidate *candidate, struct settled *ret, struct err *err);
/* The ids of an ACK frame. */
RESULT settle_acks(struct core *core, const struct job *job, struct err *err);

#endif
