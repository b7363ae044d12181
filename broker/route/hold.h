/* Held messages: what an interlock keeps from passing. They are stored and on the record like what was accepted, and in nobody's queue until nothing stands
 * against them any more, a named authority lets one through, or they expire. Thread: router, inside the group's transaction. */
#ifndef BROKER_ROUTE_HOLD_H
#define BROKER_ROUTE_HOLD_H

#include "broker/record/held.h"
#include "broker/route/admission.h"

/* Keeps the admission's message, stored as number seq, with the recipients that it would have had. */
RESULT hold_keep(struct admission *admission, int64_t seq, struct err *err);

struct hold_end {
	const char *because;   /* "resolved" or "override" */
	const uint8_t *by;     /* the message that did it */
	const char *reason;
};
/* Queues a held message for its recipients, puts that on the record and alerts its originator. *ret_found false: it is not held. */
RESULT hold_let_through(struct core *core, const uint8_t *id, const struct hold_end *end, bool *ret_found, struct err *err);

/* Lets through what nothing stands against any more, because of a message. */
RESULT hold_review(struct core *core, const uint8_t *by, struct err *err);
/* Ends those that are past their expiry; *ret_next: when the next one will be, 0: none of those left. */
RESULT hold_expire(struct core *core, int64_t now, int64_t *ret_next, struct err *err);

#endif
