/* The records that any agency holds: warrants issued or received with the state that each step leads to, the vehicles in them, people under
 * supervision, questions for the confirmation of a hit; and the answers that it owes for them (holdings_query.h). Used by every kind's `pass`.
 * Thread: the adapter's loop. */
#ifndef ADAPTERS_KIND_HOLDINGS_H
#define ADAPTERS_KIND_HOLDINGS_H

#include "adapters/kind/kind.h"

/* Keeps records of what passes and, when answer is true and a query came in, writes its answer into answers. */
RESULT holdings_pass(const struct kind_host *host, const struct kind_message *message, bool answer, struct kind_reading *answers, struct err *err);
/* "FAMILY,GIVEN MIDDLE" in capitals from a packed person (common.json). */
void holdings_name(struct bytes person, char into[static 64]);

#endif
