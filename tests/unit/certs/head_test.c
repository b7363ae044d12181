#include "base/pack.h"
#include "certs/head.h"
#include "crafted.h"

static struct pki_fixture pki;
static struct trust *trust;
static struct key *key;
static struct signer *hub;
static struct hash root;

static int set_up(void **state)
{
	(void)state;
	pki_fixture_new(&pki);
	pki_fixture_hub(&pki, "ct.hub");
	pki_fixture_issue_as(&pki, TRUST_SIGN_HUB, "ct.other", "other-sign");
	pki_fixture_party(&pki, "ct.hub");
	trust = pki_fixture_trust(&pki);
	key = pki_fixture_key(&pki, "hub-sign");
	hub = pki_fixture_signer(&pki, trust, "hub-sign", TRUST_SIGN_HUB);
	root = hash_of(BYTES_LIT("root"));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	signer_unref(hub);
	key_unref(key);
	trust_unref(trust);
	pki_fixture_done(&pki);
	return 0;
}

static struct buf sign(const struct key *by, const struct signer *as, const char *name, uint64_t size)
{
	struct buf out;
	struct err err;

	buf_init(&out, HEAD_MAX);
	pki_fixture_fine(head_sign(by, signer_fingerprint(as), name, size, &root, 1767225600000, &out, &err), &err);
	return out;
}

static void a_signed_head_says_what_was_signed(void **state)
{
	static const uint64_t sizes[] = {0, 1, 4711, UINT64_C(1) << 40, INT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct buf bytes = sign(key, hub, "ct.hub", sizes[i]);
		struct head decoded, checked;
		struct err err;
		pki_fixture_fine(head_decode(buf_bytes(&bytes), &decoded, &err), &err);
		pki_fixture_fine(head_check(hub, buf_bytes(&bytes), &checked, &err), &err);
		assert_string_equal(checked.hub, "ct.hub");
		assert_int_equal(checked.size, sizes[i]);
		assert_int_equal(checked.at, 1767225600000);
		assert_memory_equal(checked.root.at, root.at, HASH_LEN);
		assert_memory_equal(checked.signer, signer_fingerprint(hub), HASH_LEN);
		assert_memory_equal(&decoded, &checked, sizeof(checked));
		buf_done(&bytes);
	}
}

static void one_bit_changed_anywhere_is_refused(void **state)
{
	struct buf bytes = sign(key, hub, "ct.hub", 4711);

	(void)state;
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		struct head checked = {.size = 7};
		struct err err;
		bytes.at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		enum code code = head_check(hub, buf_bytes(&bytes), &checked, &err).code;
		assert_true(code == CODE_SIGNATURE || code == CODE_MALFORMED || code == CODE_CERTIFICATE);
		assert_int_equal(checked.size, 7);
		bytes.at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	buf_done(&bytes);
}

static void only_that_hubs_signing_certificate_signs_its_head(void **state)
{
	struct signer *other = pki_fixture_signer(&pki, trust, "other-sign", TRUST_SIGN_HUB);
	struct signer *party = pki_fixture_signer(&pki, trust, "ct.hub-sign", TRUST_SIGN_PARTY);
	struct key *other_key = pki_fixture_key(&pki, "other-sign"), *party_key = pki_fixture_key(&pki, "ct.hub-sign");
	struct buf by_other = sign(other_key, other, "ct.hub", 1), by_party = sign(party_key, party, "ct.hub", 1);
	struct buf forged = sign(other_key, hub, "ct.hub", 1), renamed = sign(key, hub, "ct.other", 1),
			   other_named = sign(key, other, "ct.hub", 1);
	struct head head;
	struct err err;

	(void)state;
	assert_int_equal(head_check(other, buf_bytes(&by_other), &head, &err).code, CODE_CERTIFICATE);
	assert_int_equal(head_check(party, buf_bytes(&by_party), &head, &err).code, CODE_CERTIFICATE);
	assert_int_equal(head_check(hub, buf_bytes(&by_other), &head, &err).code, CODE_SIGNATURE);
	assert_int_equal(head_check(hub, buf_bytes(&forged), &head, &err).code, CODE_SIGNATURE);
	assert_int_equal(head_check(hub, buf_bytes(&renamed), &head, &err).code, CODE_CERTIFICATE);
	assert_int_equal(head_check(hub, buf_bytes(&other_named), &head, &err).code, CODE_SIGNATURE);
	buf_done(&by_other);
	buf_done(&by_party);
	buf_done(&forged);
	buf_done(&renamed);
	buf_done(&other_named);
	key_unref(other_key);
	key_unref(party_key);
	signer_unref(other);
	signer_unref(party);
}

/* A head with one thing different, packed by hand; its signature is never reached. */
static const struct {
	size_t elements, inner;
	const char *name;
	int64_t version;
	const char *hub;
	int64_t size;
	size_t root_len;
	int64_t at;
} odds[] = {
	{2, 6, "liaison-head", 1, "ct.hub", 1, 32, 1},  {4, 6, "liaison-head", 1, "ct.hub", 1, 32, 1},
	{3, 5, "liaison-head", 1, "ct.hub", 1, 32, 1},  {3, 7, "liaison-head", 1, "ct.hub", 1, 32, 1},
	{3, 6, "liaison-batch", 1, "ct.hub", 1, 32, 1}, {3, 6, "liaison-head", 2, "ct.hub", 1, 32, 1},
	{3, 6, "liaison-head", 1, "CT.hub", 1, 32, 1},  {3, 6, "liaison-head", 1, "", 1, 32, 1},
	{3, 6, "liaison-head", 1, "ct.hub", -1, 32, 1}, {3, 6, "liaison-head", 1, "ct.hub", 1, 31, 1},
	{3, 6, "liaison-head", 1, "ct.hub", 1, 32, -1}, {3, 6, "liaison-head", 1, "ct..hub", 1, 32, 1},
};

static void refuses_heads_that_differ_in_anything(void **state)
{
	static const uint8_t zeros[64];

	(void)state;
	for (size_t i = 0; i < sizeof(odds) / sizeof(*odds); i++) {
		struct buf statement, out;
		struct head head;
		struct err err;
		buf_init(&statement, 256);
		buf_init(&out, HEAD_MAX);
		pack_put_array(&statement, odds[i].inner);
		pack_put_str(&statement, odds[i].name);
		pack_put_int(&statement, odds[i].version);
		pack_put_str(&statement, odds[i].hub);
		pack_put_int(&statement, odds[i].size);
		pack_put_bin(&statement, bytes_of(zeros, odds[i].root_len));
		pack_put_int(&statement, odds[i].at);
		pack_put_array(&out, odds[i].elements);
		pack_put_bin(&out, buf_bytes(&statement));
		pack_put_bin(&out, bytes_of(zeros, 64));
		pack_put_bin(&out, bytes_of(zeros, 32));
		assert_int_equal(head_decode(buf_bytes(&out), &head, &err).code, CODE_MALFORMED);
		buf_done(&statement);
		buf_done(&out);
	}
}

static void refuses_heads_that_are_cut_or_too_long(void **state)
{
	struct buf bytes = sign(key, hub, "ct.hub", 1);
	uint8_t much[HEAD_MAX + 1] = {0x93};
	struct head head;
	struct err err;

	(void)state;
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(head_decode(bytes_of(bytes.at, len), &head, &err).code, CODE_MALFORMED);
	assert_int_equal(head_decode(bytes_of(much, sizeof(much)), &head, &err).code, CODE_MALFORMED);
	assert_non_null(strstr(err.reason, "1537"));
	buf_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signed_head_says_what_was_signed),
		cmocka_unit_test(one_bit_changed_anywhere_is_refused),
		cmocka_unit_test(only_that_hubs_signing_certificate_signs_its_head),
		cmocka_unit_test(refuses_heads_that_differ_in_anything),
		cmocka_unit_test(refuses_heads_that_are_cut_or_too_long),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
