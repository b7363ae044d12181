/* The ledger's signed heads on their way to the adapters, each with the proof that it continues the one before, so that nobody can rewrite the past
 * behind their backs. Thread: router. */
#ifndef BROKER_ROUTE_HEADS_H
#define BROKER_ROUTE_HEADS_H

#include "broker/route/session.h"

/* The head for a WELCOME, and the proof from the entries that the adapter knows; the session takes note of it. proof is scratch for welcome->proof. corrupt: the
 * ledger's entries are damaged, so that nothing can be proven. */
RESULT heads_greet(struct core *core, struct session *session, int64_t known, struct frame_welcome *welcome, struct buf *proof, struct err *err);
/* Before a commit: a head is signed with it when one is due and the ledger has grown. */
RESULT heads_prepare(struct core *core, struct err *err);
/* After it: HEAD to whoever has not had it. */
void heads_send(struct core *core);
int64_t heads_wait_ms(const struct core *core, int64_t most);

#endif
