/* Agreements: who may send what to whom. Default deny. Recipients by address, by role, or by content. Thread: router, pure. */
#ifndef BROKER_ROUTE_AGREEMENT_H
#define BROKER_ROUTE_AGREEMENT_H

#include "broker/config/snapshot.h"

enum { AGREEMENT_RECIPIENTS_MAX = 1024 };

struct agreement_recipient {
	const struct snapshot_party *party;
	const struct settings_agreement *agreement;
};

struct agreement_question {
	const struct snapshot_party *from;
	const struct message *message;
	struct bytes main;               /* packed main part; may be empty */
	const char *const *thread;       /* names of those who have a part in the conversation */
	size_t thread_count;
	const char *originator;          /* of the message that is answered; NULL: none known */
};

/* Writes the recipients, each once, never the sender. no_agreement: nothing lets this party send this type (there); no_recipient: nobody fits; not_cleared: a
 * recipient is not cleared for the class of a part. */
RESULT agreement_decide(const struct snapshot *snapshot, const struct agreement_question *question, struct agreement_recipient *ret, size_t max,
                        size_t *ret_count, struct err *err);
/* Whether any agreement of this type speaks of `thread` or `originator`: only then need they be looked up. */
bool agreement_needs_thread(const struct snapshot *snapshot, struct bytes type);

#endif
