/* Agreements: who may send what to whom. Default deny. Recipients by address, by role, or by content. Thread: router, pure. */
#ifndef BROKER_ROUTE_AGREEMENT_H
#define BROKER_ROUTE_AGREEMENT_H

#include "broker/config/snapshot.h"
#include "broker/consent/consent.h"

enum { AGREEMENT_RECIPIENTS_MAX = 1024 };

/* Why a recipient does not get a part. */
enum agreement_why { AGREEMENT_GIVEN, AGREEMENT_NOT_CLEARED, AGREEMENT_NO_CONSENT, AGREEMENT_WHY_COUNT };
const char *agreement_why_text(enum agreement_why why); /* "not_cleared", "consent": names of codes */

/* Bit i of the masks is the header's part i. */
struct agreement_recipient {
	const struct snapshot_party *party;
	const struct settings_agreement *agreement; /* the first that reaches it */
	int64_t withheld;                           /* parts that it does not get */
	int64_t consent;                            /* parts that it gets only by the consent that the message names */
	uint8_t why[MESSAGE_PARTS_MAX];             /* enum agreement_why of each part */
};

struct agreement_question {
	const struct snapshot_party *from;
	const struct message *message;
	struct bytes main;               /* packed main part; may be empty */
	const char *const *thread;       /* names of those who have a part in the conversation */
	size_t thread_count;
	const char *originator;          /* of the message that is answered; NULL: none known */
	const char *const *subscribers;  /* names of those who subscribed to the message's person and its type's topic */
	size_t subscribers_count;
	const struct catalogue_type *type; /* tells which parts are required; NULL: main */
	/* What the consent that the message names says of a recipient (NULL: of anybody); NULL: there is none. Asked only where a disclosure rests on it. */
	enum consent_state (*consent)(void *ctx, const char *recipient);
	void *consent_ctx;
};

/* Writes the recipients, each once, never the sender, and what each is cleared for by all agreements that reach it together: other parts are withheld
 * from it. no_agreement: nothing lets this party send this type (there); no_recipient: nobody fits; not_cleared: a recipient may not see a part without
 * which the type says nothing; consent: a part rests on a consent that holds for nobody, or a required part on one that does not name a recipient. */
RESULT agreement_decide(const struct snapshot *snapshot, const struct agreement_question *question, struct agreement_recipient *ret, size_t max,
                        size_t *ret_count, struct err *err);
/* Whether any agreement of this type speaks of `thread` or `originator`: only then need they be looked up. */
bool agreement_needs_thread(const struct snapshot *snapshot, struct bytes type);
/* Likewise of `subscriber`. */
bool agreement_needs_subscribers(const struct snapshot *snapshot, struct bytes type);

#endif
