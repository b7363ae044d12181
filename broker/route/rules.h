/* The rules of the field, beside the agreements: lifecycles of records, interlocks, numbered requests, exchanges, deadlines, subscriptions, consents,
 * identities, overrides and erasure. What each of them knows is kept by its own room; here they meet. Thread: router, inside the group's transaction. */
#ifndef BROKER_ROUTE_RULES_H
#define BROKER_ROUTE_RULES_H

#include "broker/route/passage.h"

/* Judges a message whose recipients are decided. Two results: *why is the refusal, or the reason why it is held (code held), or code OK; the return value is
 * a fault of the store. Writes nothing. rules_done afterwards, whatever came of it. */
RESULT rules_judge(struct core *core, struct passage *passage, struct err *why, struct err *err);
/* What follows from a judged message that was accepted as number seq. */
RESULT rules_accepted(struct core *core, struct passage *passage, int64_t seq, struct err *err);
/* What follows from one that is held: whoever is concerned hears of it at once. */
RESULT rules_held(struct core *core, const struct passage *passage, const struct err *why, struct err *err);
void rules_done(struct passage *passage);

/* Who subscribed to what the message is about, under any identifier that is known of its person. */
RESULT rules_subscribers(struct core *core, const struct passage *passage, exchange_subscriber_fn fn, void *ctx, struct err *err);

/* Does what is due: deadlines, and held messages that nothing stands against any more. Opens the group's transaction only if there is something to do. */
RESULT rules_turn(struct core *core, struct err *err);
/* Milliseconds until rules_turn wants to be called, at most `most`. */
int64_t rules_wait_ms(const struct core *core, int64_t most);

#endif
