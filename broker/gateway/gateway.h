/* A gateway: a thread of the gateway process with a listener, a loop and the links that came in over it. It holds no store and no key
 * but the hub's TLS key; all it knows came in its mandate. What it lets in goes to the core, what the core sends goes out. Thread:
 * made and freed by main, otherwise its own. */
#ifndef BROKER_GATEWAY_GATEWAY_H
#define BROKER_GATEWAY_GATEWAY_H

#include "broker/wires/mandate.h"
#include "broker/wires/job.h"

struct gateway;

/* core: the wire to the core. listen: a socket that listens. Both become the gateway's. first: the serial before that of its first
 * link. The mandate is ref'd. */
struct gateway *gateway_new(struct wire *core, struct mandate *mandate, unsigned number, uint64_t first, int listen);
/* Runs until the second JOB_STOP. At the first all links are told and closed; when none is left, the core is given JOB_STOP;
 * what it still sends is dropped. Also ends when the wires are shut down. */
void gateway_run(struct gateway *gateway);
void gateway_free(struct gateway *gateway); /* NULL is fine */

#endif
