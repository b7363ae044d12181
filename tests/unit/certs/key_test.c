#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/file.h"
#include "certs/openssl.h"
#include "pki_fixture.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/liaison-key-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(folder, pki_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const struct {
	enum key_kind kind;
	const char *text;
	size_t signature_least, signature_most;
} kinds[] = {
	{KEY_P256, "p256", 66, 72},
	{KEY_P384, "p384", 98, 104},
	{KEY_ED25519, "ed25519", 64, 64},
	{KEY_RSA, "rsa", 256, 256},
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static struct key *new_key(enum key_kind kind)
{
	struct key *key = NULL;
	struct err err;

	pki_fixture_fine(key_new(kind, 2048, &key, &err), &err);
	return key;
}

static bool fits(const struct key *key, struct bytes message, struct bytes signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool fits = signature_begin_check(context, key_pkey(key), key_kind(key)) &&
	            EVP_DigestVerify(context, signature.at, signature.len, message.at, message.len) == 1;

	EVP_MD_CTX_free(context);
	return fits;
}

/* --- signing --- */

static void every_kind_signs_what_its_public_half_checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct key *key = new_key(kinds[i].kind), *other = new_key(kinds[i].kind);
		uint8_t signature[KEY_SIGNATURE_MAX];
		size_t len = 0;
		struct err err;
		enum key_kind kind;
		assert_true(key_kind_from_text(kinds[i].text, &kind));
		assert_int_equal(kind, kinds[i].kind);
		assert_int_equal(key_kind(key), kinds[i].kind);
		pki_fixture_fine(key_sign(key, BYTES_LIT("message"), signature, &len, &err), &err);
		assert_in_range(len, kinds[i].signature_least, kinds[i].signature_most);
		assert_true(fits(key, BYTES_LIT("message"), bytes_of(signature, len)));
		assert_false(fits(key, BYTES_LIT("massage"), bytes_of(signature, len)));
		assert_false(fits(other, BYTES_LIT("message"), bytes_of(signature, len)));
		key_unref(key);
		key_unref(other);
	}
}

static void the_threads_context_signs_with_one_key_after_the_other(void **state)
{
	struct key *keys[KINDS];
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = 0;
	struct err err;

	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		keys[i] = new_key(kinds[i].kind);
	for (size_t round = 0; round < 8; round++) {
		const struct key *key = keys[round * 3 % KINDS];
		pki_fixture_fine(key_sign(key, BYTES_LIT("x"), signature, &len, &err), &err);
		assert_true(fits(key, BYTES_LIT("x"), bytes_of(signature, len)));
	}
	for (size_t i = 0; i < KINDS; i++)
		key_unref(keys[i]);
}

static void refuses_unknown_names_of_kinds(void **state)
{
	static const char *const names[] = {"", "P256", "p-256", "ed448", "rsa4096", "dsa"};
	enum key_kind kind = KEY_RSA;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_false(key_kind_from_text(names[i], &kind));
	assert_int_equal(kind, KEY_RSA);
}

static void refuses_rsa_of_unfit_sizes_at_once(void **state)
{
	static const int sizes[] = {-1, 512, 1024, 2047, 8193, 1 << 20};
	struct key *key = NULL;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		assert_int_equal(key_new(KEY_RSA, sizes[i], &key, &err).code, CODE_KEY);
	assert_null(key);
}

/* --- files --- */

static void a_saved_key_is_only_its_owners_and_loads_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct key *key = new_key(kinds[i].kind), *loaded = NULL;
		const char *path = path_of(kinds[i].text);
		struct err err;
		struct stat stat_;
		mode_t mask = umask(0);
		pki_fixture_fine(key_save(key, path, &err), &err);
		umask(mask);
		assert_int_equal(stat(path, &stat_), 0);
		assert_int_equal(stat_.st_mode & 0777, 0600);
		pki_fixture_fine(key_load(path, &loaded, &err), &err);
		assert_int_equal(key_kind(loaded), kinds[i].kind);
		assert_int_equal(EVP_PKEY_eq(key_pkey(key), key_pkey(loaded)), 1);
		key_unref(key);
		key_unref(loaded);
	}
}

static void never_overwrites_a_key(void **state)
{
	struct key *key = new_key(KEY_P256);
	struct err err;
	struct buf before, after;

	(void)state;
	pki_fixture_fine(key_save(key, path_of("kept"), &err), &err);
	pki_fixture_fine(file_read(path_of("kept"), 4096, &before, &err), &err);
	key_unref(key);
	key = new_key(KEY_P256);
	assert_int_equal(key_save(key, path_of("kept"), &err).code, CODE_USAGE);
	assert_string_equal(err.field, path_of("kept"));
	pki_fixture_fine(file_read(path_of("kept"), 4096, &after, &err), &err);
	assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
	assert_int_equal(symlink("elsewhere", path_of("link")), 0);
	assert_int_equal(key_save(key, path_of("link"), &err).code, CODE_USAGE);
	assert_int_not_equal(access(path_of("elsewhere"), F_OK), 0);
	buf_done(&before);
	buf_done(&after);
	key_unref(key);
}

static void a_key_that_cannot_be_saved_leaves_nothing(void **state)
{
	struct key *key = new_key(KEY_P256);
	struct err err;

	(void)state;
	assert_int_equal(key_save(key, path_of("no/such/folder"), &err).code, CODE_IO);
	key_unref(key);
}

static void refuses_a_key_that_others_may_use(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0644, 0660, 0610, 0601, 0777};
	struct key *key = new_key(KEY_P256), *loaded = NULL;
	struct err err;

	(void)state;
	pki_fixture_fine(key_save(key, path_of("modes"), &err), &err);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		assert_int_equal(chmod(path_of("modes"), modes[i]), 0);
		assert_int_equal(key_load(path_of("modes"), &loaded, &err).code, CODE_PERMISSION);
		assert_string_equal(err.field, path_of("modes"));
	}
	assert_int_equal(chmod(path_of("modes"), 0400), 0);
	pki_fixture_fine(key_load(path_of("modes"), &loaded, &err), &err);
	key_unref(loaded);
	key_unref(key);
}

static void write_pkey(const char *path, EVP_PKEY *pkey, const EVP_CIPHER *cipher)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	FILE *file = fdopen(fd, "w");

	assert_non_null(pkey);
	assert_non_null(file);
	assert_int_equal(
		PEM_write_PKCS8PrivateKey(file, pkey, cipher, cipher != NULL ? "secret" : NULL, cipher != NULL ? 6 : 0, NULL, NULL), 1);
	assert_int_equal(fclose(file), 0);
	EVP_PKEY_free(pkey);
}

static void assert_refused(const char *path, const char *word)
{
	struct key *key = NULL;
	struct err err;

	assert_int_equal(key_load(path, &key, &err).code, CODE_KEY);
	assert_string_equal(err.field, path);
	if (strstr(err.reason, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.reason, word);
}

static void refuses_an_encrypted_key_without_asking(void **state)
{
	(void)state;
	write_pkey(path_of("encrypted"), EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), EVP_aes_128_cbc());
	assert_refused(path_of("encrypted"), "encrypted");
}

static void refuses_kinds_that_are_not_in_use(void **state)
{
	(void)state;
	write_pkey(path_of("p521"), EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"), NULL);
	assert_refused(path_of("p521"), "secp521r1");
	write_pkey(path_of("k256"), EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"), NULL);
	assert_refused(path_of("k256"), "secp256k1");
	write_pkey(path_of("x25519"), EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), NULL);
	assert_refused(path_of("x25519"), "X25519");
	write_pkey(path_of("ed448"), EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), NULL);
	assert_refused(path_of("ed448"), "ED448");
	write_pkey(path_of("rsa1024"), EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024), NULL);
	assert_refused(path_of("rsa1024"), "1024");
}

static void write_bytes(const char *path, struct bytes bytes)
{
	struct err err;

	pki_fixture_fine(file_write(path, bytes, 0600, &err), &err);
}

static void refuses_files_that_are_no_key(void **state)
{
	struct key *key = NULL;
	struct err err;
	uint8_t *much = mem_alloc(20000);

	(void)state;
	write_bytes(path_of("empty"), BYTES_NONE);
	assert_refused(path_of("empty"), "no private key");
	write_bytes(path_of("text"), BYTES_LIT("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
	assert_refused(path_of("text"), "no private key");
	write_bytes(path_of("much"), bytes_of(much, 20000));
	assert_refused(path_of("much"), "too long");
	assert_int_equal(mkdir(path_of("folder"), 0700), 0);
	assert_refused(path_of("folder"), "not a regular file");
	assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
	assert_refused(path_of("pipe"), "not a regular file");
	assert_int_equal(key_load(path_of("missing"), &key, &err).code, CODE_IO);
	mem_free(much);
}

static void counts_its_holders(void **state)
{
	struct key *key = new_key(KEY_ED25519);
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = 0;
	struct err err;

	(void)state;
	assert_ptr_equal(key_ref(key), key);
	key_unref(key);
	pki_fixture_fine(key_sign(key, BYTES_NONE, signature, &len, &err), &err);
	key_unref(key);
	key_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_signs_what_its_public_half_checks),
		cmocka_unit_test(the_threads_context_signs_with_one_key_after_the_other),
		cmocka_unit_test(refuses_unknown_names_of_kinds),
		cmocka_unit_test(refuses_rsa_of_unfit_sizes_at_once),
		cmocka_unit_test(a_saved_key_is_only_its_owners_and_loads_again),
		cmocka_unit_test(never_overwrites_a_key),
		cmocka_unit_test(a_key_that_cannot_be_saved_leaves_nothing),
		cmocka_unit_test(refuses_a_key_that_others_may_use),
		cmocka_unit_test(refuses_an_encrypted_key_without_asking),
		cmocka_unit_test(refuses_kinds_that_are_not_in_use),
		cmocka_unit_test(refuses_files_that_are_no_key),
		cmocka_unit_test(counts_its_holders),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
