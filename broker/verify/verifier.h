/* A verifier: a thread that checks what adapters submit, on the way from the gateways to the router. All of one link comes
 * through the same verifier, so it stays in order. Thread: made and freed by main, otherwise its own. */
#ifndef BROKER_VERIFY_VERIFIER_H
#define BROKER_VERIFY_VERIFIER_H

#include "broker/wires/job.h"

struct verifier;

/* Binds ENDPOINT_VERIFIER number; connects to the router and the gateways, which may be bound later. number < verifiers. The
 * snapshot is ref'd. */
RESULT verifier_new(struct wires *wires, struct snapshot *snapshot, unsigned number, unsigned verifiers, unsigned gateways,
                    struct verifier **ret,
                    struct err *err);
/* Until JOB_STOP, and then what is there still; or until the wires are shut down. */
void verifier_run(struct verifier *verifier);
void verifier_free(struct verifier *verifier); /* NULL is fine. After the router has ended. */

/* Tests: takes one job if there is one. */
bool verifier_turn(struct verifier *verifier);

#endif
