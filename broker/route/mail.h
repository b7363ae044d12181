/* Mail: signed messages of the hub itself: notices, alerts, what became of a request. They are stored, recorded, queued and delivered like any other.
 * Thread: router, inside the group's transaction. */
#ifndef BROKER_ROUTE_MAIL_H
#define BROKER_ROUTE_MAIL_H

#include "broker/route/core.h"

struct mail {
	const char *type;
	const char *to;
	struct bytes main;                /* packed */
	const uint8_t *re, *thread;       /* UUID_LEN or NULL */
	struct bytes subject;             /* packed map, or empty */
	int64_t priority;
	bool wants_receipt;               /* false: the link's ACK settles it, as for receipts and notices */
};

/* Signs, records and queues it. The recipient does not become one of the conversation: an alert opens nothing to whoever hears it. */
RESULT mail_send(struct core *core, const struct mail *mail, struct err *err);

#endif
