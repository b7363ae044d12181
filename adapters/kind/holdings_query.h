/* The answers that an agency owes for the records that it holds: query.wanted and query.person from its warrants, query.vehicle from the vehicles
 * in them, query.supervision from the people it supervises. HIT with what is needed to confirm, NO_RECORD, TOO_MANY. Thread: the adapter's loop. */
#ifndef ADAPTERS_KIND_HOLDINGS_QUERY_H
#define ADAPTERS_KIND_HOLDINGS_QUERY_H

#include "adapters/kind/kind.h"

/* Adds the answer to a received query; nothing for any other message. */
RESULT holdings_query_answer(const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers, struct err *err);
/* What a plate is kept under: "CTAB12345"; empty without a plate. */
void holdings_query_plate(struct bytes state, struct bytes plate, char into[static 16]);

#endif
