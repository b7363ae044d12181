/* The feed of events: what the router has committed, published as messages of two frames, the kind ("accepted", "receipt",
 * "link_up" …) to subscribe to and one JSON object. Who does not listen misses it; the ledger has it all. Thread: admin. */
#ifndef BROKER_ADMIN_EVENTS_H
#define BROKER_ADMIN_EVENTS_H

#include "base/wire.h"

struct events;

RESULT events_new(struct wires *wires, const char *endpoint, struct events **ret, struct err *err);
void events_free(struct events *events); /* NULL is fine */
/* packed: an array of maps, each with `kind`. What does not fit or cannot be sent is left out. */
void events_publish(struct events *events, struct bytes packed);

#endif
