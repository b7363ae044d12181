/* The uplink: the one connection to the hub. Dials, says HELLO, keeps the credit of both directions, answers PING, reconnects with backoff and jitter. What it carries is
 * the sender's and the receiver's business. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_UPLINK_H
#define ADAPTERS_RUNTIME_UPLINK_H

#include "adapters/runtime/office.h"
#include "schemas/frame.h"

enum uplink_state { UPLINK_WAITING, UPLINK_RESOLVING, UPLINK_CONNECTING, UPLINK_GREETING, UPLINK_OPEN, UPLINK_CLOSING, UPLINK_STATE_COUNT };
enum uplink_event { UPLINK_DIAL, UPLINK_RESOLVED, UPLINK_OPENED, UPLINK_WELCOMED, UPLINK_FAILED, UPLINK_LEFT, UPLINK_EVENT_COUNT };

struct uplink *uplink_new(struct office *office);
void uplink_free(struct uplink *uplink);
void uplink_start(struct uplink *uplink);
void uplink_goodbye(struct uplink *uplink); /* BYE, flushes, closes; does not dial again */
/* Leaves the link because of what happened here, and dials again as after any loss. */
void uplink_give_up(struct uplink *uplink, const struct err *why);
/* After new papers: a link whose hub is still believed stays, unless we have another certificate to show (is_new_self). */
void uplink_renewed(struct uplink *uplink, bool is_new_self);

bool uplink_is_open(const struct uplink *uplink);
const char *uplink_state_text(enum uplink_state state);
enum uplink_state uplink_state(const struct uplink *uplink);
const struct err *uplink_last_error(const struct uplink *uplink); /* code OK: none */
const struct frame_welcome *uplink_welcome(const struct uplink *uplink); /* limits of the hub; valid while open */
int64_t uplink_credit(const struct uplink *uplink);              /* messages that may be submitted now */
void uplink_spend(struct uplink *uplink, int64_t messages);
/* closed or busy: not taken. */
RESULT uplink_send(struct uplink *uplink, struct bytes frame, struct err *err);
void uplink_grant(struct uplink *uplink, int64_t deliveries); /* gives credit to the hub; batched to the end of the turn */

/* The table, for the test that walks it: the next state, or the state itself where an event means nothing. */
enum uplink_state uplink_next(enum uplink_state state, enum uplink_event event);

#endif
