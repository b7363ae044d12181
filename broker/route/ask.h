/* Questions of the operator that only the router can answer: links, queues, dead letters. Thread: router. */
#ifndef BROKER_ROUTE_ASK_H
#define BROKER_ROUTE_ASK_H

#include "broker/route/session.h"

/* job: JOB_ASK with a packed map {op, …}; becomes the JOB_ANSWER that is given to admin. ops and their answers (packed maps):
 *   status                        {links, accepted, receipts, refused …, queued, dead, ledger_size, started_at}
 *   agencies                      {agencies: [{party, roles, connected, since, address, certificate_until, queued, oldest_at, in_flight}]}
 *   queues                        {queues: [{party, count, oldest_at, in_flight, connected}]}
 *   dead_list {party?}            {dead: [{party, seq, id, type, from, since, code, reason}]}
 *   dead_requeue {party, id}      {requeued: 1}
 *   dead_discard {party, id, reason?}  {discarded: 1}
 * A refusal is {error: {code, field, reason}}. Fails only with a fault of the store. */
RESULT ask_answer(struct core *core, struct job *job, struct err *err);
/* The store failed on the group: the question, answered in it or not, is answered with that fault. */
void ask_fault(struct job *job, const struct err *why);

#endif
