/* The control socket: a ROUTER wire where the operator's tools ask. A request is one JSON object {"op": …}, an answer one
 * JSON object, or {"error": {"code", "field", "reason"}}. Any DEALER or REQ may ask; answers may come in another order than
 * questions. Thread: admin. */
#ifndef BROKER_ADMIN_CONTROL_H
#define BROKER_ADMIN_CONTROL_H

#include "base/loop.h"
#include "broker/admin/answers.h"
#include "broker/wires/job.h"

struct control;

/* Binds `endpoint`. to_router and to_main are lent, as is *answers, which may change. */
RESULT control_new(struct wires *wires, struct loop *loop, const char *endpoint, struct wire *to_router, struct wire *to_main,
                   const struct answers *answers, struct control **ret, struct err *err);
void control_free(struct control *control); /* NULL is fine */
/* A JOB_ANSWER of the router or of main. Borrowed. */
void control_answered(struct control *control, const struct job *job);

#endif
