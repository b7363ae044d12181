/* Lending: deliveries that the agency's system asks for at a port. One is with one borrower at a time and waits in the box until it is acknowledged; what comes
 * back, because its borrower is gone or its lease is over, is lent again, the oldest first. Loans are not on disk: after a death all that was not
 * acknowledged is lent anew. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_LENDING_H
#define ADAPTERS_RUNTIME_LENDING_H

#include "adapters/runtime/box.h"

struct lending;
struct borrower;

struct lending_events {
	/* Hands one delivery to the borrower: then it is lent. closed: the borrower is gone; anything else: it takes nothing now. */
	result (*give)(void *ctx, struct bytes envelope, struct err *err);
	void (*gone)(void *ctx); /* after give said closed: the borrower must leave, giving back */
};

struct lending *lending_new(struct box *box);
void lending_free(struct lending *lending); /* NULL is fine; all borrowers have left */

/* lease_ms: how long it may keep what it was given, also after it has left; 0: as long as it stays. */
struct borrower *lending_join(struct lending *lending, const struct lending_events *events, void *ctx, int64_t lease_ms);
/* It takes so many from now on; nothing is given before lending_deliver. */
void lending_grant(struct borrower *borrower, int64_t credit);
/* gives_back: what it has is lent to others at once; otherwise when the lease is over. */
void lending_leave(struct borrower *borrower, bool gives_back);

/* Gives what waits to those who have credit, who came first first. io, corrupt … when the box cannot be read. */
RESULT lending_deliver(struct lending *lending, struct err *err);
/* The delivery is the agency's for good, and nobody's loan once that is on disk. false: it was not waiting any more. */
RESULT lending_ack(struct lending *lending, const uint8_t *id, bool *ret_was_waiting, struct err *err);
/* Takes back what has been lent for too long; gives the milliseconds until the next lease ends, -1 when there is none. */
int64_t lending_expire(struct lending *lending);
size_t lending_count(const struct lending *lending); /* deliveries that are lent */

#endif
