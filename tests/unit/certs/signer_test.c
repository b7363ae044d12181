#include <pthread.h>

#include "base/text.h"
#include "crafted.h"

static struct pki_fixture pki;
static struct trust *trust;

static const struct {
	enum key_kind kind;
	const char *name;
} kinds[] = {{KEY_P256, "p256"}, {KEY_P384, "p384"}, {KEY_ED25519, "ed25519"}, {KEY_RSA, "rsa"}};

enum { KINDS = sizeof(kinds) / sizeof(*kinds), THREADS = 4, ROUNDS = 20 };

static int set_up(void **state)
{
	(void)state;
	pki_fixture_new(&pki);
	for (size_t i = 0; i < KINDS; i++) {
		const struct pki_subject subject = {
			.purpose = TRUST_SIGN_PARTY, .party = "ct.police", .key = kinds[i].kind, .rsa_bits = 2048};
		pki_fixture_issue(&pki, &subject, kinds[i].name);
	}
	pki_fixture_party(&pki, "ct.other");
	pki_fixture_person(&pki, "ct.board", "m.alvarez", "board_chair");
	trust = pki_fixture_trust(&pki);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	trust_unref(trust);
	pki_fixture_done(&pki);
	return 0;
}

static void every_kind_of_key_is_checked_by_its_certificate(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct key *key = pki_fixture_key(&pki, kinds[i].name);
		struct signer *signer = pki_fixture_signer(&pki, trust, kinds[i].name, TRUST_SIGN_PARTY);
		uint8_t signature[KEY_SIGNATURE_MAX];
		size_t len = 0;
		struct err err;
		assert_true(signer_owns_key(signer, key));
		pki_fixture_fine(key_sign(key, BYTES_LIT("message"), signature, &len, &err), &err);
		for (int twice = 0; twice < 2; twice++)
			pki_fixture_fine(signer_check(signer, BYTES_LIT("message"), bytes_of(signature, len), &err), &err);
		assert_int_equal(signer_check(signer, BYTES_LIT("massage"), bytes_of(signature, len), &err).code, CODE_SIGNATURE);
		assert_int_equal(signer_check(signer, BYTES_NONE, bytes_of(signature, len), &err).code, CODE_SIGNATURE);
		key_unref(key);
		signer_unref(signer);
	}
}

static void one_bit_of_a_signature_changed_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct key *key = pki_fixture_key(&pki, kinds[i].name);
		struct signer *signer = pki_fixture_signer(&pki, trust, kinds[i].name, TRUST_SIGN_PARTY);
		uint8_t signature[KEY_SIGNATURE_MAX + 1] = {0};
		size_t len = 0;
		struct err err;
		pki_fixture_fine(key_sign(key, BYTES_LIT("message"), signature, &len, &err), &err);
		for (size_t at = 0; at < len; at++) {
			signature[at] ^= (uint8_t)(1U << (at % 8));
			assert_int_equal(signer_check(signer, BYTES_LIT("message"), bytes_of(signature, len), &err).code, CODE_SIGNATURE);
			signature[at] ^= (uint8_t)(1U << (at % 8));
		}
		assert_int_equal(signer_check(signer, BYTES_LIT("message"), bytes_of(signature, len - 1), &err).code, CODE_SIGNATURE);
		assert_int_equal(signer_check(signer, BYTES_LIT("message"), bytes_of(signature, len + 1), &err).code, CODE_SIGNATURE);
		assert_int_equal(signer_check(signer, BYTES_LIT("message"), BYTES_NONE, &err).code, CODE_SIGNATURE);
		key_unref(key);
		signer_unref(signer);
	}
}

static void another_holders_signature_is_refused_by_name(void **state)
{
	struct key *key = pki_fixture_key(&pki, "ct.other-sign");
	struct signer *signer = pki_fixture_signer(&pki, trust, "p256", TRUST_SIGN_PARTY);
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = 0;
	struct err err;

	(void)state;
	assert_false(signer_owns_key(signer, key));
	pki_fixture_fine(key_sign(key, BYTES_LIT("m"), signature, &len, &err), &err);
	assert_int_equal(signer_check(signer, BYTES_LIT("m"), bytes_of(signature, len), &err).code, CODE_SIGNATURE);
	assert_non_null(strstr(err.reason, "ct.police"));
	assert_non_null(strstr(err.reason, signer_serial(signer)));
	key_unref(key);
	signer_unref(signer);
}

static void a_tls_certificate_checks_no_signatures(void **state)
{
	struct key *key = pki_fixture_key(&pki, "ct.other-tls");
	struct signer *signer = pki_fixture_signer(&pki, trust, "ct.other-tls", TRUST_TLS_PARTY);
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = 0;
	struct err err;

	(void)state;
	pki_fixture_fine(key_sign(key, BYTES_LIT("m"), signature, &len, &err), &err);
	assert_int_equal(signer_check(signer, BYTES_LIT("m"), bytes_of(signature, len), &err).code, CODE_SIGNATURE);
	crafted_says(&err, CODE_SIGNATURE, "TLS");
	key_unref(key);
	signer_unref(signer);
}

static void says_who_the_holder_is(void **state)
{
	struct signer *party = pki_fixture_signer(&pki, trust, "p256", TRUST_SIGN_PARTY);
	struct signer *person = pki_fixture_signer(&pki, trust, "m.alvarez", TRUST_SIGN_PERSON);

	(void)state;
	assert_string_equal(signer_party(party), "ct.police");
	assert_null(signer_person(party));
	assert_null(signer_role(party));
	assert_int_equal(signer_purpose(party), TRUST_SIGN_PARTY);
	assert_string_equal(signer_party(person), "ct.board");
	assert_string_equal(signer_person(person), "m.alvarez");
	assert_string_equal(signer_role(person), "board_chair");
	assert_int_equal(signer_identity(person)->kind, IDENTITY_PERSON);
	assert_true(signer_not_before_ms(party) < clock_wall_ms());
	assert_true(signer_not_after_ms(party) > clock_wall_ms() + 364 * PKI_FIXTURE_DAY_MS);
	signer_unref(party);
	signer_unref(person);
}

static void the_fingerprint_is_the_hash_of_the_first_certificate_of_the_chain(void **state)
{
	struct signer *signer = pki_fixture_signer(&pki, trust, "p256", TRUST_SIGN_PARTY);
	struct bytes chain[TRUST_CHAIN_MAX];

	(void)state;
	assert_int_equal(signer_chain(signer, chain), 1); /* the root is not part of it */
	struct hash hash = hash_of(chain[0]);
	assert_true(hash_equal(&hash, signer_fingerprint(signer)));
	signer_unref(signer);
}

struct work {
	const struct signer *signer;
	struct bytes signature;
	int fitting;
};

static void *check_often(void *at)
{
	struct work *work = at;

	for (int i = 0; i < ROUNDS; i++) {
		bool is_message = i % 2 == 0;
		struct err err;
		result checked =
			signer_check(work->signer, is_message ? BYTES_LIT("message") : BYTES_LIT("other"), work->signature, &err);
		work->fitting += FAILED(checked) != is_message;
	}
	return NULL;
}

static void threads_share_a_signer(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		struct key *key = pki_fixture_key(&pki, kinds[kind].name);
		struct signer *signer = pki_fixture_signer(&pki, trust, kinds[kind].name, TRUST_SIGN_PARTY);
		uint8_t signature[KEY_SIGNATURE_MAX];
		pthread_t threads[THREADS];
		struct work work[THREADS];
		size_t len = 0;
		struct err err;
		pki_fixture_fine(key_sign(key, BYTES_LIT("message"), signature, &len, &err), &err);
		for (size_t i = 0; i < THREADS; i++) {
			work[i] = (struct work){signer_ref(signer), bytes_of(signature, len), 0};
			assert_int_equal(pthread_create(&threads[i], NULL, check_often, &work[i]), 0);
		}
		for (size_t i = 0; i < THREADS; i++) {
			assert_int_equal(pthread_join(threads[i], NULL), 0);
			assert_int_equal(work[i].fitting, ROUNDS);
			signer_unref(signer);
		}
		key_unref(key);
		signer_unref(signer);
	}
	signer_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_key_is_checked_by_its_certificate),
		cmocka_unit_test(one_bit_of_a_signature_changed_is_refused),
		cmocka_unit_test(another_holders_signature_is_refused_by_name),
		cmocka_unit_test(a_tls_certificate_checks_no_signatures),
		cmocka_unit_test(says_who_the_holder_is),
		cmocka_unit_test(the_fingerprint_is_the_hash_of_the_first_certificate_of_the_chain),
		cmocka_unit_test(threads_share_a_signer),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
