/* A gateway: a thread with a listener, a loop and the links that came in over it. It holds no store and no key but the hub's
 * TLS key; what it lets in goes to the verifiers, what the router sends goes out. Thread: made and freed by main, otherwise
 * its own. */
#ifndef BROKER_GATEWAY_GATEWAY_H
#define BROKER_GATEWAY_GATEWAY_H

#include "broker/wires/job.h"

struct gateway;

/* Binds ENDPOINT_GATEWAY number and the listening address; connects to the verifiers and main, which may be bound later. The
 * snapshot is ref'd. */
RESULT gateway_new(struct wires *wires, struct snapshot *snapshot, unsigned number, unsigned verifiers, struct gateway **ret,
                   struct err *err);
/* Runs until the second JOB_STOP. At the first all links are told and closed; when none is left, main is given JOB_STOP;
 * what the router still sends is dropped. Also ends when the wires are shut down. */
void gateway_run(struct gateway *gateway);
void gateway_free(struct gateway *gateway); /* NULL is fine. After those have ended that it gives jobs to. */
int gateway_port(const struct gateway *gateway); /* that it listens on */

#endif
