/* The ledger's signed head: msgpack [statement, signature, signer] with statement = msgpack ["liaison-head", 1, hub, size, root, at].
 * Thread: any, pure. */
#ifndef CERTS_HEAD_H
#define CERTS_HEAD_H

#include "certs/key.h"
#include "certs/merkle.h"
#include "certs/trust.h"

enum { HEAD_MAX = 1536 };

struct head {
	char hub[TRUST_NAME_MAX];
	uint64_t size;
	struct hash root;
	int64_t at;
	uint8_t signer[HASH_LEN];
};

RESULT head_sign(const struct key *key, const uint8_t *fingerprint, const char *hub, uint64_t size, const struct hash *root, int64_t at,
                 struct buf *out, struct err *err);
RESULT head_decode(struct bytes head, struct head *ret, struct err *err); /* without judging the signature */
RESULT head_check(const struct signer *hub, struct bytes head, struct head *ret, struct err *err); /* signature, and that the signer is that hub */

#endif
