/* The keeper: has the gateway process started, knows whether it lives, and has another started when it ended; holds the wardens that
 * speak with it, and the listening sockets, so that who connects meanwhile waits and is not turned away. Thread: main. */
#ifndef BROKER_WARDEN_KEEPER_H
#define BROKER_WARDEN_KEEPER_H

#include "base/loop.h"
#include "broker/warden/starter.h"
#include "broker/wires/job.h"

struct keeper;

/* gateway: how it is to be started; the rest is filled in here. Makes the wardens, listens, and makes the folder for the sockets under `data`. The starter stays the caller's. verifiers: how many
 * there are. busy when the address is in use. */
RESULT keeper_new(struct wires *wires, struct starter *starter, struct snapshot *snapshot, unsigned verifiers,
                  const struct starter_order *gateway, struct keeper **ret, struct err *err);
void keeper_free(struct keeper *keeper); /* NULL is fine. After those have ended that the wardens give jobs to. */
int keeper_port(const struct keeper *keeper);
unsigned keeper_wardens(const struct keeper *keeper); /* how many */

/* Starts the wardens' threads and the process: until it has said that it is ready, or why it is not; then the wires are shut down.
 * in: where wardens tell main. */
RESULT keeper_start(struct keeper *keeper, struct wire *in, struct err *err);
/* From now on it acts by itself. on_broken: there can be no gateway any more. */
void keeper_watch(struct keeper *keeper, struct loop *loop, loop_fn on_broken, void *ctx);
void keeper_take(struct keeper *keeper, const struct job *job); /* READY or GATEWAY of a warden; borrowed */
void keeper_adopt(struct keeper *keeper, struct snapshot *snapshot);
/* No connection any more and no other process; the links are told. Each warden gives main a JOB_STOP when it has none left. */
void keeper_stop(struct keeper *keeper);
void keeper_join(struct keeper *keeper); /* ends the wardens */

#endif
