#include "base/pack.h"
#include "certs/proof.h"
#include "crafted.h"

static struct pki_fixture pki;
static struct trust *trust;
static struct key *key;
static struct signer *signer, *other;
static struct hash leaves[PROOF_BATCH_MAX + 1];

static int set_up(void **state)
{
	(void)state;
	pki_fixture_new(&pki);
	pki_fixture_party(&pki, "ct.police");
	pki_fixture_party(&pki, "ct.board");
	trust = pki_fixture_trust(&pki);
	key = pki_fixture_key(&pki, "ct.police-sign");
	signer = pki_fixture_signer(&pki, trust, "ct.police-sign", TRUST_SIGN_PARTY);
	other = pki_fixture_signer(&pki, trust, "ct.board-sign", TRUST_SIGN_PARTY);
	for (size_t i = 0; i <= PROOF_BATCH_MAX; i++)
		leaves[i] = merkle_leaf(bytes_of(&i, sizeof(i)));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	signer_unref(signer);
	signer_unref(other);
	key_unref(key);
	trust_unref(trust);
	pki_fixture_done(&pki);
	return 0;
}

/* A batch that is signed. */
struct batch {
	struct buf statement, signature;
	size_t count;
};

static struct batch sign(size_t count)
{
	struct batch batch = {.count = count};
	struct err err;

	buf_init(&batch.statement, PROOF_STATEMENT_MAX);
	buf_init(&batch.signature, KEY_SIGNATURE_MAX);
	pki_fixture_fine(proof_sign(key, leaves, count, 1767225600000, &batch.statement, &batch.signature, &err), &err);
	return batch;
}

static void batch_done(struct batch *batch)
{
	buf_done(&batch->statement);
	buf_done(&batch->signature);
}

static result check_batch(const struct batch *batch, const struct hash *of, size_t count, struct err *err)
{
	int64_t at = 0;
	result checked = proof_check_batch(signer, buf_bytes(&batch->statement), buf_bytes(&batch->signature), of, count, &at, err);

	if (!FAILED(checked))
		assert_int_equal(at, 1767225600000);
	return checked;
}

static result check_one(struct proof_cache *cache, const struct batch *batch, const struct hash *leaf, size_t index,
                        struct bytes path, struct err *err)
{
	int64_t at = 0;
	result checked =
		proof_check_one(cache, signer, buf_bytes(&batch->statement), buf_bytes(&batch->signature), leaf, index, path, &at, err);

	if (!FAILED(checked))
		assert_int_equal(at, 1767225600000);
	return checked;
}

/* --- statements --- */

static void a_statement_is_what_the_protocol_says_byte_for_byte(void **state)
{
	struct proof_statement says = {.count = 300, .signed_at = 1767225600000}, again = {.count = 0};
	struct buf out;
	struct err err;
	static const uint8_t head[] = "\x95\xadliaison-batch\x01\xc4\x20";
	static const uint8_t tail[] = "\xcd\x01\x2c\xcf\x00\x00\x01\x9b\x76\xda\xa8\x00";

	(void)state;
	says.root = leaves[0];
	buf_init(&out, PROOF_STATEMENT_MAX);
	proof_statement_encode(&says, &out);
	assert_int_equal(out.len, sizeof(head) - 1 + HASH_LEN + sizeof(tail) - 1);
	assert_memory_equal(out.at, head, sizeof(head) - 1);
	assert_memory_equal(out.at + sizeof(head) - 1, leaves[0].at, HASH_LEN);
	assert_memory_equal(out.at + sizeof(head) - 1 + HASH_LEN, tail, sizeof(tail) - 1);
	pki_fixture_fine(proof_statement_decode(buf_bytes(&out), &again, &err), &err);
	assert_memory_equal(again.root.at, leaves[0].at, HASH_LEN);
	assert_int_equal(again.count, 300);
	assert_int_equal(again.signed_at, 1767225600000);
	buf_done(&out);
}

/* A statement with one thing different, packed by hand. */
struct odd {
	size_t elements;
	const char *name;
	int64_t version, root_len, count, at;
	const char *more;
};

static const struct odd odds[] = {
	{4, "liaison-batch", 1, 32, 1, 1, ""},  {6, "liaison-batch", 1, 32, 1, 1, "\xc0"}, {5, "liaison-batch", 1, 32, 1, 1, "\xc0"},
	{5, "liaison-head", 1, 32, 1, 1, ""},   {5, "Liaison-batch", 1, 32, 1, 1, ""},     {5, "", 1, 32, 1, 1, ""},
	{5, "liaison-batch", 0, 32, 1, 1, ""},  {5, "liaison-batch", 2, 32, 1, 1, ""},     {5, "liaison-batch", -1, 32, 1, 1, ""},
	{5, "liaison-batch", 1, 31, 1, 1, ""},  {5, "liaison-batch", 1, 33, 1, 1, ""},     {5, "liaison-batch", 1, 0, 1, 1, ""},
	{5, "liaison-batch", 1, 32, 0, 1, ""},  {5, "liaison-batch", 1, 32, 1025, 1, ""},  {5, "liaison-batch", 1, 32, -1, 1, ""},
	{5, "liaison-batch", 1, 32, 1, -1, ""}, {5, "liaison-batch", 1, 32, 1, 1, "x"},
};

static void refuses_statements_that_differ_in_anything(void **state)
{
	static const uint8_t zeros[33];

	(void)state;
	for (size_t i = 0; i < sizeof(odds) / sizeof(*odds); i++) {
		struct proof_statement says = {.count = 77};
		struct buf out;
		struct err err;
		buf_init(&out, 256);
		pack_put_array(&out, odds[i].elements);
		pack_put_str(&out, odds[i].name);
		pack_put_int(&out, odds[i].version);
		pack_put_bin(&out, bytes_of(zeros, (size_t)odds[i].root_len));
		pack_put_int(&out, odds[i].count);
		pack_put_int(&out, odds[i].at);
		buf_add_text(&out, odds[i].more);
		assert_int_equal(proof_statement_decode(buf_bytes(&out), &says, &err).code, CODE_MALFORMED);
		assert_int_equal(says.count, 77);
		buf_done(&out);
	}
}

static void refuses_statements_that_are_cut_or_endless(void **state)
{
	struct batch batch = sign(5);
	struct proof_statement says;
	uint8_t much[PROOF_STATEMENT_MAX + 1] = {0x95};
	struct err err;

	(void)state;
	for (size_t len = 0; len < batch.statement.len; len++)
		assert_int_equal(proof_statement_decode(bytes_of(batch.statement.at, len), &says, &err).code, CODE_MALFORMED);
	assert_int_equal(proof_statement_decode(bytes_of(much, sizeof(much)), &says, &err).code, CODE_MALFORMED);
	batch_done(&batch);
}

/* --- batches --- */

static void whole_batches_of_any_size_are_accepted_and_no_others(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 4, 5, 8, 31, 1000, 1023, 1024};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct batch batch = sign(sizes[i]);
		struct err err;
		pki_fixture_fine(check_batch(&batch, leaves, sizes[i], &err), &err);
		assert_int_equal(check_batch(&batch, leaves, sizes[i] + 1, &err).code, CODE_SIGNATURE);
		assert_int_equal(check_batch(&batch, leaves, sizes[i] - 1, &err).code, CODE_SIGNATURE);
		assert_int_equal(check_batch(&batch, leaves + 1, sizes[i], &err).code, CODE_SIGNATURE);
		pki_fixture_fine(
			proof_check_batch(signer, buf_bytes(&batch.statement), buf_bytes(&batch.signature), leaves, sizes[i], NULL, &err),
			&err);
		batch_done(&batch);
	}
}

static void signs_one_to_1024_messages(void **state)
{
	struct buf statement, signature;
	struct err err;

	(void)state;
	buf_init(&statement, PROOF_STATEMENT_MAX);
	buf_init(&signature, KEY_SIGNATURE_MAX);
	assert_int_equal(proof_sign(key, leaves, 0, 1, &statement, &signature, &err).code, CODE_TOO_LARGE);
	assert_int_equal(proof_sign(key, leaves, PROOF_BATCH_MAX + 1, 1, &statement, &signature, &err).code, CODE_TOO_LARGE);
	assert_int_equal(statement.len, 0);
	assert_int_equal(signature.len, 0);
	buf_done(&statement);
	buf_done(&signature);
}

static void appends_to_what_the_buffers_hold(void **state)
{
	struct buf statement, signature;
	struct err err;

	(void)state;
	buf_init(&statement, 256);
	buf_init(&signature, KEY_SIGNATURE_MAX);
	buf_add_text(&statement, "before");
	pki_fixture_fine(proof_sign(key, leaves, 2, 1, &statement, &signature, &err), &err);
	pki_fixture_fine(proof_check_batch(signer, buf_from(&statement, 6), buf_bytes(&signature), leaves, 2, NULL, &err), &err);
	buf_done(&statement);
	buf_done(&signature);
}

static void one_bit_of_statement_or_signature_changed_is_refused(void **state)
{
	struct batch batch = sign(1);
	struct buf *const parts[] = {&batch.statement, &batch.signature};

	(void)state;
	for (size_t part = 0; part < 2; part++) {
		for (size_t bit = 0; bit < 8 * parts[part]->len; bit++) {
			struct err err;
			parts[part]->at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
			enum code code = check_batch(&batch, leaves, 1, &err).code;
			assert_true(code == CODE_SIGNATURE || (part == 0 && code == CODE_MALFORMED));
			code = check_one(NULL, &batch, &leaves[0], 0, BYTES_NONE, &err).code;
			assert_true(code == CODE_SIGNATURE || (part == 0 && code == CODE_MALFORMED));
			parts[part]->at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		}
	}
	batch_done(&batch);
}

static void one_bit_of_any_leaf_changed_is_refused(void **state)
{
	struct batch batch = sign(5);
	struct hash changed[5];

	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof(changed); bit++) {
		struct err err;
		memcpy(changed, leaves, sizeof(changed));
		((uint8_t *)changed)[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		assert_int_equal(check_batch(&batch, changed, 5, &err).code, CODE_SIGNATURE);
	}
	batch_done(&batch);
}

static void another_partys_certificate_does_not_fit(void **state)
{
	struct batch batch = sign(1);
	struct err err;

	(void)state;
	assert_int_equal(
		proof_check_batch(other, buf_bytes(&batch.statement), buf_bytes(&batch.signature), leaves, 1, NULL, &err).code,
		CODE_SIGNATURE);
	batch_done(&batch);
}

/* --- single messages --- */

static void every_message_is_checked_by_its_own_path(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 7, 8, 1024};
	struct proof_cache *cache = proof_cache_new(16);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct batch batch = sign(sizes[i]);
		for (size_t index = 0; index<sizes[i]; index += sizes[i]> 100 ? 93 : 1) {
			struct hash path[64];
			size_t len = 0;
			struct err err;
			merkle_path(leaves, sizes[i], index, path, &len);
			struct bytes bytes = bytes_of(path, len * HASH_LEN);
			pki_fixture_fine(check_one(cache, &batch, &leaves[index], index, bytes, &err), &err);
			assert_int_equal(check_one(cache, &batch, &leaves[index + 1], index, bytes, &err).code, CODE_SIGNATURE);
			assert_int_equal(check_one(cache, &batch, &leaves[index], sizes[i], bytes, &err).code, CODE_SIGNATURE);
			assert_int_equal(check_one(cache, &batch, &leaves[index], UINT64_MAX, bytes, &err).code, CODE_SIGNATURE);
			if (sizes[i] > 1)
				assert_int_equal(check_one(cache, &batch, &leaves[index], index ^ 1, bytes, &err).code, CODE_SIGNATURE);
		}
		batch_done(&batch);
	}
	proof_cache_free(cache);
}

static void one_bit_of_a_path_changed_is_refused_also_when_the_statement_is_known(void **state)
{
	struct proof_cache *cache = proof_cache_new(16);
	struct batch batch = sign(6);
	struct hash path[64];
	size_t len = 0;
	struct err err;

	(void)state;
	merkle_path(leaves, 6, 2, path, &len);
	struct bytes bytes = bytes_of(path, len * HASH_LEN);
	pki_fixture_fine(check_one(cache, &batch, &leaves[2], 2, bytes, &err), &err);
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		((uint8_t *)path)[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		assert_int_equal(check_one(cache, &batch, &leaves[2], 2, bytes, &err).code, CODE_SIGNATURE);
		((uint8_t *)path)[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	for (size_t cut = 0; cut < bytes.len; cut++)
		assert_int_equal(check_one(cache, &batch, &leaves[2], 2, bytes_of(bytes.at, cut), &err).code, CODE_SIGNATURE);
	assert_int_equal(check_one(cache, &batch, &leaves[2], 2, bytes_of(path, 11 * HASH_LEN), &err).code, CODE_SIGNATURE);
	proof_cache_free(cache);
	batch_done(&batch);
}

/* --- the cache --- */

static result check_by(struct proof_cache *cache, const struct signer *by, struct bytes statement, struct bytes signature)
{
	struct err err;

	return proof_check_one(cache, by, statement, signature, &leaves[0], 0, BYTES_NONE, NULL, &err);
}

static void failures_are_never_remembered_as_right(void **state)
{
	struct proof_cache *cache = proof_cache_new(16);
	struct batch batch = sign(1);
	struct bytes statement = buf_bytes(&batch.statement), signature = buf_bytes(&batch.signature);

	(void)state;
	for (int twice = 0; twice < 2; twice++)
		assert_int_equal(check_by(cache, other, statement, signature).code, CODE_SIGNATURE);
	assert_int_equal(check_by(cache, signer, statement, signature).code, CODE_OK);
	assert_int_equal(check_by(cache, other, statement, signature).code, CODE_SIGNATURE); /* known, but of another signer */
	assert_int_equal(check_by(cache, signer, statement, BYTES_NONE).code, CODE_SIGNATURE);
	for (size_t bit = 0; bit < 8 * batch.signature.len; bit++) {
		batch.signature.at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		assert_int_equal(check_by(cache, signer, statement, buf_bytes(&batch.signature)).code, CODE_SIGNATURE);
		batch.signature.at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	proof_cache_free(cache);
	batch_done(&batch);
}

static void a_small_cache_forgets_and_still_judges_rightly(void **state)
{
	static const size_t capacities[] = {0, 1, 4, 9};
	struct batch batches[12];

	(void)state;
	for (size_t i = 0; i < 12; i++)
		batches[i] = sign(1); /* each with a signature of its own */
	for (size_t c = 0; c < sizeof(capacities) / sizeof(*capacities); c++) {
		struct proof_cache *cache = proof_cache_new(capacities[c]);
		for (size_t round = 0; round < 24; round++) {
			const struct batch *batch = &batches[round % 12], *next = &batches[(round + 1) % 12];
			assert_int_equal(check_by(cache, signer, buf_bytes(&batch->statement), buf_bytes(&batch->signature)).code, CODE_OK);
			assert_int_equal(check_by(cache, other, buf_bytes(&batch->statement), buf_bytes(&next->signature)).code,
			                 CODE_SIGNATURE);
		}
		proof_cache_clear(cache);
		assert_int_equal(check_by(cache, signer, buf_bytes(&batches[0].statement), buf_bytes(&batches[0].signature)).code,
		                 CODE_OK);
		proof_cache_free(cache);
	}
	for (size_t i = 0; i < 12; i++)
		batch_done(&batches[i]);
	proof_cache_free(NULL);
}

static void a_signature_of_any_length_is_bounded_before_it_is_kept(void **state)
{
	struct proof_cache *cache = proof_cache_new(4);
	struct batch batch = sign(1);
	uint8_t *much = mem_alloc(100000);

	(void)state;
	assert_int_equal(check_by(cache, signer, buf_bytes(&batch.statement), bytes_of(much, KEY_SIGNATURE_MAX)).code,
	                 CODE_SIGNATURE);
	assert_int_equal(check_by(cache, signer, buf_bytes(&batch.statement), bytes_of(much, KEY_SIGNATURE_MAX + 1)).code,
	                 CODE_SIGNATURE);
	assert_int_equal(check_by(cache, signer, buf_bytes(&batch.statement), bytes_of(much, 100000)).code, CODE_SIGNATURE);
	mem_free(much);
	proof_cache_free(cache);
	batch_done(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_statement_is_what_the_protocol_says_byte_for_byte),
		cmocka_unit_test(refuses_statements_that_differ_in_anything),
		cmocka_unit_test(refuses_statements_that_are_cut_or_endless),
		cmocka_unit_test(whole_batches_of_any_size_are_accepted_and_no_others),
		cmocka_unit_test(signs_one_to_1024_messages),
		cmocka_unit_test(appends_to_what_the_buffers_hold),
		cmocka_unit_test(one_bit_of_statement_or_signature_changed_is_refused),
		cmocka_unit_test(one_bit_of_any_leaf_changed_is_refused),
		cmocka_unit_test(another_partys_certificate_does_not_fit),
		cmocka_unit_test(every_message_is_checked_by_its_own_path),
		cmocka_unit_test(one_bit_of_a_path_changed_is_refused_also_when_the_statement_is_known),
		cmocka_unit_test(failures_are_never_remembered_as_right),
		cmocka_unit_test(a_small_cache_forgets_and_still_judges_rightly),
		cmocka_unit_test(a_signature_of_any_length_is_bounded_before_it_is_kept),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
