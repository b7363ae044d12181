/* Links that were refused, for the record: counted by address, party and code, and told once a minute at most, so that a flood of them is a few rows. The first
 * of a quiet time is told after a second. Thread: its gateway's. */
#ifndef BROKER_GATEWAY_REFUSALS_H
#define BROKER_GATEWAY_REFUSALS_H

#include "base/loop.h"
#include "base/pack.h"

enum { REFUSALS_ROWS = 32 }; /* beyond: all that come under one row without address and party */

struct refusals;

/* tell: gets the packed rows [[address, party, code, reason, count, since, until]…], the times in ms. */
typedef void (*refusals_fn)(void *ctx, struct bytes rows);

struct refusals *refusals_new(struct loop *loop, refusals_fn tell, void *ctx);
void refusals_free(struct refusals *refusals); /* NULL is fine */
/* party and address may be NULL; the address's port does not matter. */
void refusals_note(struct refusals *refusals, const char *party, const char *address, const struct err *why);
/* Tells now what there is: before the end. */
void refusals_flush(struct refusals *refusals);

#endif
