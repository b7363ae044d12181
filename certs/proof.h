/* The batch proof: one signature for 1 to 1024 messages. Leaves are merkle_leaf(header); the key signs the statement
 *   msgpack ["liaison-batch", 1, root, count, signed_at]
 * Messages are opaque bytes here. Thread: any; a cache belongs to one thread. */
#ifndef CERTS_PROOF_H
#define CERTS_PROOF_H

#include "certs/key.h"
#include "certs/merkle.h"
#include "certs/trust.h"

enum { PROOF_BATCH_MAX = 1024, PROOF_STATEMENT_MAX = 128, PROOF_PATH_MAX = 10 };

struct proof_statement {
	struct hash root;
	uint64_t count;
	int64_t signed_at; /* ms */
};

/* Strict; malformed otherwise. */
RESULT proof_statement_decode(struct bytes statement, struct proof_statement *ret, struct err *err);
void proof_statement_encode(const struct proof_statement *statement, struct buf *out);

/* Signs a batch: appends the statement and the signature. */
RESULT proof_sign(const struct key *key, const struct hash *leaves, size_t count, int64_t signed_at, struct buf *statement, struct buf *signature,
                  struct err *err);

/* A whole batch: the tree is rebuilt from its leaves. signature. ret_signed_at may be NULL. */
RESULT proof_check_batch(const struct signer *signer, struct bytes statement, struct bytes signature, const struct hash *leaves, size_t count,
                         int64_t *ret_signed_at, struct err *err);

/* Statements whose signature was found right, by SHA-256(statement, signature, fingerprint); bounded; failures are not kept. */
struct proof_cache;
struct proof_cache *proof_cache_new(size_t entries);
void proof_cache_free(struct proof_cache *cache);
void proof_cache_clear(struct proof_cache *cache); /* after a reload of trust */

/* One message of a batch, from an envelope. cache may be NULL. */
RESULT proof_check_one(struct proof_cache *cache, const struct signer *signer, struct bytes statement, struct bytes signature,
                       const struct hash *leaf, uint64_t index, struct bytes path, int64_t *ret_signed_at, struct err *err);

#endif
