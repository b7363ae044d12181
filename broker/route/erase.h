/* Erasure: record.erase/1 destroys the parts of messages. What is named by id goes at once; what is named by its conversation or by identifiers is looked
 * for among all messages before the order, a portion each group, and the search goes on after a restart. Header, hashes and ledger stay, so that it can
 * still be shown that the message existed and what became of it. Thread: router, inside the group's transaction. */
#ifndef BROKER_ROUTE_ERASE_H
#define BROKER_ROUTE_ERASE_H

#include "broker/route/session.h"

/* Carries out an order that was accepted as number seq. main: its packed main part. Messages that it names and that are not here are passed over. */
RESULT erase_begin(struct core *core, const struct message *order, int64_t seq, struct bytes main, struct err *err);
/* Goes on with searches: call once each group. Opens the group's transaction only if there is something to do. */
RESULT erase_turn(struct core *core, struct err *err);
/* Milliseconds until erase_turn wants to be called: 0 while a search goes on, otherwise `most`. */
int64_t erase_wait_ms(const struct core *core, int64_t most);

#endif
