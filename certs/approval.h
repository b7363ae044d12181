/* Approval: a person's own signature under the content of a message, where the type asks for the signatures of persons. What is signed is
 *   msgpack ["liaison-approval", 1, type, SHA-256(main part bytes), signed_at]
 * and it travels as the map {person, role, at, certificates [bin …], signature bin} in the message's part "approvals" (an array of
 * them). person and role repeat the certificate's for readers; a difference is refused. Thread: any, pure. */
#ifndef CERTS_APPROVAL_H
#define CERTS_APPROVAL_H

#include "certs/key.h"
#include "certs/trust.h"

enum { APPROVAL_MAX = 8 };

/* Appends one packed approval. */
RESULT approval_sign(const struct key *key, const struct signer *person, struct bytes type, struct bytes main_part, int64_t at, struct buf *out,
                     struct err *err);
struct approval_rule {
	size_t persons;           /* different persons needed */
	const char *const *roles; /* each needed at least once, or any of them where there are more roles than persons; others do not count when roles are given */
	size_t roles_count;
};
/* Checks the packed array of part "approvals" for a message of `party`: each signature, each person's certificate (at its signing
 * time), that all are of the party, that nobody counts twice, and the rule. authority (or certificate, revoked, malformed) with /parts/approvals/N. */
RESULT approval_check(const struct trust *trust, struct bytes approvals, const char *party, struct bytes type, struct bytes main_part,
                      const struct approval_rule *rule, struct err *err);

#endif
