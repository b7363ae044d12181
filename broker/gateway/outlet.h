/* The way out of a gateway: its wires to the verifiers. A job is always taken; when a verifier is behind, it waits here in
 * order, and whoever brought it stops reading its link until there is room: so what waits is bounded by the number of links.
 * Thread: its loop's. */
#ifndef BROKER_GATEWAY_OUTLET_H
#define BROKER_GATEWAY_OUTLET_H

#include "base/loop.h"
#include "broker/wires/job.h"

struct outlet;

/* on_room: some verifier has taken all that waited for it. */
RESULT outlet_new(struct loop *loop, struct wires *wires, unsigned verifiers, loop_fn on_room, void *ctx, struct outlet **ret,
                  struct err *err);
void outlet_free(struct outlet *outlet); /* NULL is fine; what waits is freed */
/* Takes the job, for the verifier of its link. False: it has to wait, so bring no more for now. */
bool outlet_give(struct outlet *outlet, struct job *job);
/* Tells all verifiers but that of the link whose signing certificate this is. */
void outlet_tell_others(struct outlet *outlet, const struct job *link_up);
bool outlet_is_full(const struct outlet *outlet, uint64_t link); /* something waits for the verifier of the link */
bool outlet_is_idle(const struct outlet *outlet);                /* nothing waits at all */

#endif
