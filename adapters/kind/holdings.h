/* The records that any agency holds, and the answers it owes for them: warrants issued or received (warrant.issue, locate, clear, cancel), referrals, and
 * query.wanted answered from the warrants that are ours: HIT with what is needed to confirm, NO_RECORD, TOO_MANY. Used by every kind's `pass`.
 * Thread: the adapter's loop. */
#ifndef ADAPTERS_KIND_HOLDINGS_H
#define ADAPTERS_KIND_HOLDINGS_H

#include "adapters/kind/kind.h"

/* Keeps records of what passes and, when answer is true and a query.wanted/1 came in, writes its query.result/1 into answers. */
RESULT holdings_pass(const struct kind_host *host, const struct kind_message *message, bool answer, struct kind_reading *answers, struct err *err);
/* "FAMILY,GIVEN MIDDLE" in capitals from a packed person (common.json). */
void holdings_name(struct bytes person, char into[static 64]);

#endif
