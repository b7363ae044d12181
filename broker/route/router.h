/* The router: the only thread that decides and the only one that writes. It takes whatever has arrived, decides on all of it, commits it in one
 * transaction, and only then lets verdicts and deliveries out. Thread: its own. */
#ifndef BROKER_ROUTE_ROUTER_H
#define BROKER_ROUTE_ROUTER_H

#include "broker/ledger/ledger.h"
#include "broker/wires/job.h"

struct router;

/* store and ledger are lent and must outlive the router; the snapshot is ref'd. Binds ENDPOINT_ROUTER. Connects to `gateways` gateways, the index and admin:
 * those may be bound later. */
RESULT router_new(struct wires *wires, struct store *store, struct ledger *ledger, struct snapshot *snapshot, unsigned gateways,
                  struct router **ret, struct err *err);
/* Runs until JOB_STOP. A fault of the store that cannot be survived (a sync that failed) ends it early, with the reason. */
RESULT router_run(struct router *router, struct err *err);
void router_free(struct router *router);

/* Tests and scenarios: one group with what is waiting, then timers; no waiting. */
RESULT router_turn(struct router *router, struct err *err);

#endif
