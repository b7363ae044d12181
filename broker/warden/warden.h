/* A warden: the core's side of one thread of the gateway process. To the core's other threads it is that gateway: it takes what they
 * send, and brings what came in. It believes nothing of what the process says but what it could not know otherwise: every job is
 * decoded strictly and must be of a link that stands; who signs is judged by the verifiers. When the process is gone it ends the links
 * in order. Thread: made and freed by main, otherwise its own. */
#ifndef BROKER_WARDEN_WARDEN_H
#define BROKER_WARDEN_WARDEN_H

#include "broker/wires/job.h"

struct warden;

/* Binds ENDPOINT_GATEWAY number; connects to the verifiers and main, which may be bound later. number < gateways. The snapshot is
 * ref'd. */
RESULT warden_new(struct wires *wires, struct snapshot *snapshot, unsigned number, unsigned gateways, unsigned verifiers,
                  struct warden **ret, struct err *err);
/* Runs until the second JOB_STOP. At the first the process is told to say goodbye; when no link is left, main is given JOB_STOP.
 * Also ends when the wires are shut down. */
void warden_run(struct warden *warden);
void warden_free(struct warden *warden); /* NULL is fine. After those have ended that it gives jobs to. */

/* Tests: one turn of its loop. */
void warden_turn(struct warden *warden, int64_t wait_ms);

#endif
