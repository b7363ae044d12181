/* Notices: signed messages of the hub itself, that tell an originator what will not be delivered. Thread: router, inside the group's transaction. */
#ifndef BROKER_ROUTE_NOTIFY_H
#define BROKER_ROUTE_NOTIFY_H

#include "broker/route/core.h"
#include "schemas/receipt.h"

/* Records that the message at `place` will not reach `recipient`, and queues a signed notice of it to its originator. */
RESULT notify_lost(struct core *core, const struct store_place *place, const char *recipient, enum notice_event event, enum code code,
                   const char *reason, struct err *err);

#endif
