/* The recipients of a message: what the agreements have to know beside it is looked up where one of them asks for it. Thread: router, inside the group's
 * transaction. */
#ifndef BROKER_ROUTE_RECIPIENTS_H
#define BROKER_ROUTE_RECIPIENTS_H

#include "broker/route/admission.h"

/* Two results: *why is the refusal (code OK: none), the return value a fault of the store. */
RESULT recipients_decide(struct admission *admission, struct err *why, struct err *err);

#endif
