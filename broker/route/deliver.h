/* Deliveries: from the queues to the links, within each link's credit and window, highest priority first. Thread: router. */
#ifndef BROKER_ROUTE_DELIVER_H
#define BROKER_ROUTE_DELIVER_H

#include "broker/route/session.h"

/* After a commit: what has just been stored goes out from memory where nothing waits before it; the rest from the queues, as far as windows allow. */
RESULT deliver_fresh(struct core *core, struct err *err);
RESULT deliver_backlog(struct core *core, struct err *err);
/* A delivery that came to nothing: one attempt more, which from the third delivery on goes alone, so that only the message at fault ends as a
 * dead letter; with the last attempt it is buried and its originator gets a notice. The flight is landed. */
RESULT deliver_failed(struct core *core, struct session *session, struct flight *flight, const char *why, struct err *err);
/* Goes before a commit: what was sent and not settled within redeliver_ms is sent again with one attempt more; what has had its attempts is buried, and what is
 * past its expiry is taken out, each with a notice. */
RESULT deliver_overdue(struct core *core, struct err *err);
RESULT deliver_expire(struct core *core, struct err *err);
/* Milliseconds until one of the two has something to do; at most `most`. */
int64_t deliver_wait_ms(const struct core *core, int64_t most);

#endif
