/* Links that the gateways refused, as entries of the ledger. However many there were, and whatever a gateway says: so many entries a minute and no more.
 * Thread: router. */
#ifndef BROKER_ROUTE_TURNED_AWAY_H
#define BROKER_ROUTE_TURNED_AWAY_H

#include "broker/route/core.h"

enum { TURNED_AWAY_MINUTE = 128 }; /* entries */

/* The rows of broker/gateway/refusals.h. What cannot be read, or is more than may be, is counted and left out. */
RESULT turned_away_record(struct core *core, const struct job *job, struct err *err);

#endif
