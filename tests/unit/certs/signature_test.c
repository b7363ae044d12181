#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "certs/openssl.h"
#include "pki_fixture.h"

static const enum key_kind kinds[] = {KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static struct key *new_key(enum key_kind kind)
{
	struct key *key = NULL;
	struct err err;

	pki_fixture_fine(key_new(kind, 2048, &key, &err), &err);
	return key;
}

static void the_key_decides_the_kind_and_its_hash(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct key *key = new_key(kinds[i]);
		enum key_kind kind = KEY_P256;
		struct err err;
		pki_fixture_fine(signature_kind(key_pkey(key), &kind, &err), &err);
		assert_int_equal(kind, kinds[i]);
		assert_true(strlen(signature_kind_text(kind)) > 0);
		key_unref(key);
	}
	assert_ptr_equal(signature_digest(KEY_P256), hash_sha256());
	assert_ptr_equal(signature_digest(KEY_RSA), hash_sha256());
	assert_ptr_equal(signature_digest(KEY_P384), hash_sha384());
	assert_null(signature_digest(KEY_ED25519));
}

static bool check_with(const struct key *key, int padding, int salt, const EVP_MD *digest)
{
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *parameters = NULL;

	assert_true(EVP_DigestSignInit(context, &parameters, digest, NULL, key_pkey(key)) > 0);
	assert_true(EVP_PKEY_CTX_set_rsa_padding(parameters, padding) > 0);
	if (padding == RSA_PKCS1_PSS_PADDING)
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt) > 0);
	assert_true(EVP_DigestSign(context, signature, &len, (const uint8_t *)"m", 1) > 0);
	assert_true(signature_begin_check(context, key_pkey(key), KEY_RSA));
	bool fits = EVP_DigestVerify(context, signature, len, (const uint8_t *)"m", 1) == 1;
	EVP_MD_CTX_free(context);
	return fits;
}

static void rsa_is_pss_with_sha_256_and_a_salt_of_32_and_nothing_else(void **state)
{
	struct key *key = new_key(KEY_RSA);

	(void)state;
	assert_true(check_with(key, RSA_PKCS1_PSS_PADDING, 32, hash_sha256()));
	assert_false(check_with(key, RSA_PKCS1_PSS_PADDING, 20, hash_sha256()));
	assert_false(check_with(key, RSA_PKCS1_PSS_PADDING, 0, hash_sha256()));
	assert_false(check_with(key, RSA_PKCS1_PSS_PADDING, 32, hash_sha384()));
	assert_false(check_with(key, RSA_PKCS1_PADDING, 0, hash_sha256()));
	key_unref(key);
}

static void a_context_that_held_another_key_takes_the_new_one(void **state)
{
	struct key *first = new_key(KEY_P256), *second = new_key(KEY_P384);
	EVP_MD_CTX *context = hash_signing_context();
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = sizeof(signature);

	(void)state;
	assert_true(signature_begin_sign(context, key_pkey(first), KEY_P256));
	assert_true(EVP_DigestSign(context, signature, &len, (const uint8_t *)"m", 1) > 0);
	assert_true(signature_begin_check(context, key_pkey(second), KEY_P384));
	assert_int_not_equal(EVP_DigestVerify(context, signature, len, (const uint8_t *)"m", 1), 1);
	assert_true(signature_begin_check(context, key_pkey(first), KEY_P256));
	assert_int_equal(EVP_DigestVerify(context, signature, len, (const uint8_t *)"m", 1), 1);
	key_unref(first);
	key_unref(second);
}

static void refuses_other_curves_kinds_and_sizes_with_their_names(void **state)
{
	const struct {
		EVP_PKEY *key;
		const char *word;
	} rows[] = {
		{EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"), "secp521r1"},
		{EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "X25519"},
		{EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024), "1024 bits"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum key_kind kind = KEY_P256;
		struct err err;
		assert_int_equal(signature_kind(rows[i].key, &kind, &err).code, CODE_KEY);
		assert_non_null(strstr(err.reason, rows[i].word));
		EVP_PKEY_free(rows[i].key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_decides_the_kind_and_its_hash),
		cmocka_unit_test(rsa_is_pss_with_sha_256_and_a_salt_of_32_and_nothing_else),
		cmocka_unit_test(a_context_that_held_another_key_takes_the_new_one),
		cmocka_unit_test(refuses_other_curves_kinds_and_sizes_with_their_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
