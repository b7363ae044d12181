/* The sender: from the outbox to the hub. Takes whatever is waiting, signs it as one batch, submits it within the hub's credit, and files the verdicts. What has no verdict when
 * the link goes is sent again, with the same bytes: the hub answers a duplicate with the original verdict. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_SENDER_H
#define ADAPTERS_RUNTIME_SENDER_H

#include "adapters/runtime/office.h"

struct sender *sender_new(struct office *office);
void sender_free(struct sender *sender);
void sender_link_up(struct sender *sender);
void sender_link_down(struct sender *sender);
/* There may be something to send: it is looked for at the end of the turn, so that one batch takes all that the turn brought. */
void sender_wake(struct sender *sender);
RESULT sender_verdicts(struct sender *sender, struct bytes frame, struct err *err);

#endif
