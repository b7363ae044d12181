#include "certs/proof.h"

#include <string.h>

#include "base/mem.h"
#include "base/pack.h"

enum { STATEMENT_VERSION = 1, CACHE_WAYS = 4 };

#define STATEMENT_NAME "liaison-batch"

/* --- the statement --- */

result proof_statement_decode(struct bytes statement, struct proof_statement *ret, struct err *err)
{
	if (statement.len > PROOF_STATEMENT_MAX)
		return err_set(err, CODE_MALFORMED, "", "a statement of %zu bytes; %d at most", statement.len, PROOF_STATEMENT_MAX);
	struct pack_in in = pack_in_scanned(statement, err);
	pack_array_of(&in, "", 5);
	if (!bytes_is(pack_text(&in, "/0", PROOF_STATEMENT_MAX), STATEMENT_NAME))
		pack_fail(&in, CODE_MALFORMED, "/0", "is not a statement about a batch");
	pack_int(&in, "/1", STATEMENT_VERSION, STATEMENT_VERSION);
	const uint8_t *root = pack_bin_of(&in, "/2", HASH_LEN);
	int64_t count = pack_int(&in, "/3", 1, PROOF_BATCH_MAX);
	int64_t signed_at = pack_int(&in, "/4", 0, INT64_MAX);
	TRY(pack_end(&in));
	memcpy(ret->root.at, root, HASH_LEN);
	ret->count = (uint64_t)count;
	ret->signed_at = signed_at;
	return OK;
}

void proof_statement_encode(const struct proof_statement *statement, struct buf *out)
{
	pack_put_array(out, 5);
	pack_put_str(out, STATEMENT_NAME);
	pack_put_int(out, STATEMENT_VERSION);
	pack_put_bin(out, hash_bytes(&statement->root));
	pack_put_int(out, (int64_t)statement->count);
	pack_put_int(out, statement->signed_at);
}

/* --- signing and checking --- */

result proof_sign(const struct key *key, const struct hash *leaves, size_t count, int64_t signed_at, struct buf *statement,
                  struct buf *signature, struct err *err)
{
	uint8_t made[KEY_SIGNATURE_MAX];
	size_t len = 0, begin = statement->len;

	if (count == 0 || count > PROOF_BATCH_MAX)
		return err_set(err, CODE_TOO_LARGE, "", "a batch of %zu messages; 1 to %d are possible", count, PROOF_BATCH_MAX);
	const struct proof_statement says = {.root = merkle_root(leaves, count), .count = count, .signed_at = signed_at};
	proof_statement_encode(&says, statement);
	TRY(buf_check(statement, "statement", err));
	TRY(key_sign(key, buf_from(statement, begin), made, &len, err));
	buf_add(signature, bytes_of(made, len));
	return buf_check(signature, "signature", err);
}

result proof_check_batch(const struct signer *signer, struct bytes statement, struct bytes signature, const struct hash *leaves,
                         size_t count, int64_t *ret_signed_at, struct err *err)
{
	struct proof_statement says;

	TRY(proof_statement_decode(statement, &says, err));
	if (says.count != count)
		return err_set(err, CODE_SIGNATURE, "", "the statement is about %llu messages, the batch holds %zu",
		               (unsigned long long)says.count, count);
	/* First the tree: it costs less than a signature. */
	struct hash root = merkle_root(leaves, count);
	if (!hash_equal(&root, says.root.at))
		return err_set(err, CODE_SIGNATURE, "", "the messages are not those that were signed");
	TRY(signer_check(signer, statement, signature, err));
	if (ret_signed_at != NULL)
		*ret_signed_at = says.signed_at;
	return OK;
}

/* --- the cache --- */

/* Sets of a few ways, replaced in turn: whoever crowds a set only makes its members be checked again. */
struct proof_cache {
	size_t sets;
	struct hash *keys; /* sets * CACHE_WAYS */
	uint8_t *used;     /* ways in use, for each set */
	uint8_t *next;     /* way to replace next, for each set */
};

struct proof_cache *proof_cache_new(size_t entries)
{
	struct proof_cache *cache = mem_alloc(sizeof(*cache));

	cache->sets = entries < CACHE_WAYS ? 1 : entries / CACHE_WAYS;
	cache->keys = mem_array(cache->sets, CACHE_WAYS * sizeof(*cache->keys));
	cache->used = mem_array(cache->sets, 1);
	cache->next = mem_array(cache->sets, 1);
	return cache;
}

void proof_cache_free(struct proof_cache *cache)
{
	if (cache == NULL)
		return;
	mem_free(cache->keys);
	mem_free(cache->used);
	mem_free(cache->next);
	mem_free(cache);
}

void proof_cache_clear(struct proof_cache *cache)
{
	memset(cache->used, 0, cache->sets);
	memset(cache->next, 0, cache->sets);
}

/* The statement was decoded whole, so that where it ends and the signature begins is not in doubt. */
static struct hash cache_key(const struct signer *signer, struct bytes statement, struct bytes signature)
{
	uint8_t all[PROOF_STATEMENT_MAX + KEY_SIGNATURE_MAX + HASH_LEN];

	memcpy(all, statement.at, statement.len);
	memcpy(all + statement.len, signature.at, signature.len);
	memcpy(all + statement.len + signature.len, signer_fingerprint(signer), HASH_LEN);
	return hash_of(bytes_of(all, statement.len + signature.len + HASH_LEN));
}

static size_t cache_set(const struct proof_cache *cache, const struct hash *key)
{
	uint64_t number;

	memcpy(&number, key->at, sizeof(number));
	return (size_t)(number % cache->sets);
}

static bool cache_has(const struct proof_cache *cache, const struct hash *key)
{
	size_t set = cache_set(cache, key);

	for (size_t way = 0; way < cache->used[set]; way++) {
		if (hash_equal(key, cache->keys[set * CACHE_WAYS + way].at))
			return true;
	}
	return false;
}

static void cache_put(struct proof_cache *cache, const struct hash *key)
{
	size_t set = cache_set(cache, key);

	cache->keys[set * CACHE_WAYS + cache->next[set]] = *key;
	cache->next[set] = (uint8_t)((cache->next[set] + 1) % CACHE_WAYS);
	if (cache->used[set] < CACHE_WAYS)
		cache->used[set]++;
}

static RESULT check_signature(struct proof_cache *cache, const struct signer *signer, struct bytes statement,
                              struct bytes signature, struct err *err)
{
	if (signature.len == 0 || signature.len > KEY_SIGNATURE_MAX)
		return err_set(err, CODE_SIGNATURE, "", "a signature of %zu bytes; 1 to %d are possible", signature.len,
		               KEY_SIGNATURE_MAX);
	if (cache == NULL)
		return signer_check(signer, statement, signature, err);
	struct hash key = cache_key(signer, statement, signature);
	if (cache_has(cache, &key))
		return OK;
	TRY(signer_check(signer, statement, signature, err));
	cache_put(cache, &key);
	return OK;
}

result proof_check_one(struct proof_cache *cache, const struct signer *signer, struct bytes statement, struct bytes signature,
                       const struct hash *leaf, uint64_t index, struct bytes path, int64_t *ret_signed_at, struct err *err)
{
	struct proof_statement says;
	struct hash root;

	TRY(proof_statement_decode(statement, &says, err));
	if (path.len % HASH_LEN != 0 || path.len > PROOF_PATH_MAX * HASH_LEN ||
	    !merkle_root_from_path(leaf, index, says.count, path.at, path.len / HASH_LEN, &root))
		return err_set(err, CODE_SIGNATURE, "", "a path of %zu bytes does not lead from message %llu of %llu to the root",
		               path.len, (unsigned long long)index, (unsigned long long)says.count);
	if (!hash_equal(&root, says.root.at))
		return err_set(err, CODE_SIGNATURE, "", "the message is not one of those that were signed");
	TRY(check_signature(cache, signer, statement, signature, err));
	if (ret_signed_at != NULL)
		*ret_signed_at = says.signed_at;
	return OK;
}
