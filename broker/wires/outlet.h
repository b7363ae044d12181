/* A way out that never waits: wires to whoever takes jobs. A job is always taken; when the other side is behind, it waits here in
 * order, and whoever brought it brings no more until there is room: so what waits is bounded by what may bring. In the core there
 * is one line for each verifier; in a gateway there is the one to the core. Thread: its loop's. */
#ifndef BROKER_WIRES_OUTLET_H
#define BROKER_WIRES_OUTLET_H

#include "base/loop.h"
#include "broker/wires/job.h"

struct outlet;

/* The wires stay the caller's and must outlive it. on_room: the other side of some wire has taken all that waited for it. */
struct outlet *outlet_new(struct loop *loop, struct wire *const *wires, unsigned count, loop_fn on_room, void *ctx);
void outlet_free(struct outlet *outlet); /* NULL is fine; what waits is freed */
/* Takes the job, for the line of its link. False: it has to wait, so bring no more for now. */
bool outlet_give(struct outlet *outlet, struct job *job);
/* Tells all lines but that of the link whose signing certificate this is. */
void outlet_tell_others(struct outlet *outlet, const struct job *link_up);
bool outlet_is_full(const struct outlet *outlet, uint64_t link); /* something waits in the line of the link */
bool outlet_is_idle(const struct outlet *outlet);                /* nothing waits at all */

#endif
