/* Admission: one signed batch, as a verifier judged it, becomes verdicts, queue places and ledger entries. Thread: router, inside the group's transaction. */
#ifndef BROKER_ROUTE_ADMIT_H
#define BROKER_ROUTE_ADMIT_H

#include "broker/route/session.h"

/* Decides on every message of the job and queues the VERDICT frame. Fails only with a fault of the store. */
RESULT admit_batch(struct core *core, struct job *job, struct err *err);
/* The store failed on the group: every message of the job is answered with that fault, which the adapter takes as "later". */
void admit_fault(struct core *core, const struct job *job, const struct err *why);

#endif
