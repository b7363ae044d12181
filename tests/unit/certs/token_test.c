/* Keys on a token, as the rest of the room sees them: through key_load. */
#include "certs/token.h"

#include "certs/openssl.h"
#include "token_fixture.h"

static const struct {
	enum key_kind kind;
	const char *name, *id;
} kinds[] = {{KEY_P256, "p256", "01"}, {KEY_P384, "p384", "02"}, {KEY_RSA, "rsa", "03"}, {KEY_ED25519, "ed25519", "04"}};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static int make_tokens(void **state)
{
	struct err err;

	if (!token_fixture_is_here())
		return 0;
	if (token_fixture_make(state) != 0)
		return -1;
	token_fixture_token("hub");
	token_fixture_token("locked");
	for (size_t i = 0; i < KINDS; i++) {
		struct key *key = NULL;
		AUTO_FREE char *path = mem_printf("%s/%s.key", token_fixture_folder, kinds[i].name);
		pki_fixture_fine(key_new(kinds[i].kind, 2048, &key, &err), &err);
		pki_fixture_fine(key_save(key, path, &err), &err);
		key_unref(key);
		token_fixture_import("hub", path, kinds[i].name, kinds[i].id, true);
	}
	AUTO_FREE char *lonely = mem_printf("%s/p256.key", token_fixture_folder);
	token_fixture_import("hub", lonely, "lonely", "09", false);
	return 0;
}

static int remove_tokens(void **state)
{
	return token_fixture_is_here() ? token_fixture_remove(state) : 0;
}

#define NEEDS_TOKEN()                                                                                                            \
	do {                                                                                                                     \
		if (!token_fixture_is_here()) {                                                                                  \
			print_message("skipped: softhsm2 is not installed\n");                                                   \
			skip();                                                                                                  \
		}                                                                                                                \
	} while (0)

static struct key *load(const char *path)
{
	struct key *key = NULL;
	struct err err;

	pki_fixture_fine(key_load(token_fixture_uri(path, "pin"), &key, &err), &err);
	assert_true(key_is_on_token(key));
	return key;
}

/* With the key that was imported, by the library alone. */
static bool fits(const char *name, struct bytes message, struct bytes signature)
{
	AUTO_FREE char *path = mem_printf("%s/%s.key", token_fixture_folder, name);
	struct key *key = NULL;
	struct err err;
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	pki_fixture_fine(key_load(path, &key, &err), &err);
	bool fits = signature_begin_check(context, key_pkey(key), key_kind(key)) &&
	            EVP_DigestVerify(context, signature.at, signature.len, message.at, message.len) == 1;
	EVP_MD_CTX_free(context);
	key_unref(key);
	return fits;
}

static void assert_signs(const char *name, struct key *key)
{
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = 0;
	struct err err;

	pki_fixture_fine(key_sign(key, BYTES_LIT("a statement"), signature, &len, &err), &err);
	assert_true(fits(name, BYTES_LIT("a statement"), bytes_of(signature, len)));
	assert_false(fits(name, BYTES_LIT("another one"), bytes_of(signature, len)));
}

static void every_kind_signs_on_the_token(void **state)
{
	(void)state;
	NEEDS_TOKEN();
	for (size_t i = 0; i < KINDS; i++) {
		char path[64];
		snprintf(path, sizeof(path), "token=hub;object=%s", kinds[i].name);
		struct key *key = load(path);
		assert_int_equal(key_kind(key), kinds[i].kind);
		assert_signs(kinds[i].name, key);
		key_unref(key);
	}
}

static void the_library_signs_with_them_as_with_its_own(void **state)
{
	(void)state;
	NEEDS_TOKEN();
	for (size_t i = 0; i < KINDS && kinds[i].kind != KEY_ED25519; i++) {
		char path[64];
		uint8_t signature[KEY_SIGNATURE_MAX];
		size_t len = sizeof(signature);
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		snprintf(path, sizeof(path), "token=hub;object=%s;id=%%%s", kinds[i].name, kinds[i].id);
		struct key *key = load(path);
		assert_true(signature_begin_sign(context, key_pkey(key), key_kind(key)));
		key_unref(key); /* what holds on to the key holds on to the token */
		assert_int_equal(EVP_DigestSign(context, signature, &len, (const uint8_t *)"x", 1), 1);
		assert_true(fits(kinds[i].name, BYTES_LIT("x"), bytes_of(signature, len)));
		EVP_MD_CTX_free(context);
	}
}

static void a_file_may_name_the_token(void **state)
{
	struct key *key = NULL;
	struct err err;

	(void)state;
	NEEDS_TOKEN();
	AUTO_FREE char *path = mem_printf("%s/by-name.key", token_fixture_folder);
	AUTO_FREE char *line = mem_printf("%s\n", token_fixture_uri("token=hub;object=p256", "pin"));
	token_fixture_write("by-name.key", bytes_text(line), 0600);
	pki_fixture_fine(key_load(path, &key, &err), &err);
	assert_signs("p256", key);
	key_unref(key);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(key_load(path, &key, &err).code, CODE_PERMISSION);
}

static void a_key_stays_on_its_token(void **state)
{
	struct err err;

	(void)state;
	NEEDS_TOKEN();
	struct key *key = load("token=hub;object=p256");
	AUTO_FREE char *path = mem_printf("%s/stolen", token_fixture_folder);
	assert_int_equal(key_save(key, path, &err).code, CODE_KEY);
	assert_int_not_equal(access(path, F_OK), 0);
	key_unref(key);
}

static void assert_refused(const char *uri, const char *word)
{
	struct key *key = NULL;
	struct err err;
	char line[600];

	assert_int_equal(key_load(uri, &key, &err).code, CODE_TOKEN);
	if (strstr(err.reason, word) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", uri, err.reason, word);
	assert_null(strstr(err_text(&err, line, sizeof(line)), "not-the-pin"));
}

static void says_what_is_not_there(void **state)
{
	(void)state;
	NEEDS_TOKEN();
	assert_refused(token_fixture_uri("token=nowhere;object=p256", "pin"), "no such token");
	assert_refused(token_fixture_uri("token=hub;object=nothing", "pin"), "no such private key");
	assert_refused(token_fixture_uri("token=hub;object=p256;id=%77", "pin"), "no such private key");
	assert_refused(token_fixture_uri("token=hub;object=p256", NULL), "pin-source");
	assert_refused(token_fixture_uri("token=hub;object=lonely", "pin"), "neither public key nor certificate");
	assert_refused("pkcs11:object=a?module-path=/nowhere.so", "cannot be loaded");
	assert_refused("pkcs11:object=a?module-path=/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "no PKCS#11 module");
}

static void a_wrong_pin_is_said_so_and_tried_once(void **state)
{
	struct token *token = NULL;
	struct err err;

	(void)state;
	NEEDS_TOKEN();
	assert_int_equal(token_open(token_fixture_uri("token=locked;object=x", "wrong-pin"), TOKEN_PRIVATE, &token, &err).code, CODE_TOKEN);
	assert_non_null(strstr(err.reason, "the PIN is wrong"));
}

static void signs_in_a_child_and_in_its_parent_after(void **state)
{
	int status = 0;

	(void)state;
	NEEDS_TOKEN();
	struct key *key = load("token=hub;object=p256");
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		uint8_t signature[KEY_SIGNATURE_MAX];
		size_t len = 0;
		_exit(FAILED(key_sign(key, BYTES_LIT("child"), signature, &len, NULL)) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_signs("p256", key);
	key_unref(key);
}

/* SoftHSM keeps a token as a folder: taken away, and put back. */
/* A hub and its adapters that come up together; the token is busy with one and says no more than that it failed the others. */
static void programs_that_start_together_are_all_let_in(void **state)
{
	enum { TOGETHER = 8, ROUNDS = 6 };

	(void)state;
	NEEDS_TOKEN();
	for (int i = 0; i < ROUNDS; i++) {
		pid_t children[TOGETHER];
		for (int j = 0; j < TOGETHER; j++) {
			children[j] = fork();
			assert_true(children[j] >= 0);
			if (children[j] == 0) {
				struct key *key = NULL;
				struct err err = {0};
				bool is_let_in = !FAILED(key_load(token_fixture_uri("token=hub;object=p256", "pin"), &key, &err));
				if (!is_let_in)
					print_error("%s: %s\n", err.field, err.reason);
				_exit(is_let_in ? 0 : 1);
			}
		}
		for (int j = 0; j < TOGETHER; j++) {
			int status = -1;
			assert_int_equal(waitpid(children[j], &status, 0), children[j]);
			assert_int_equal(status, 0);
		}
	}
}

static void a_token_that_is_away_fails_to_sign_and_signs_again_when_it_is_back(void **state)
{
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = 0;
	struct err err;

	(void)state;
	NEEDS_TOKEN();
	struct key *key = load("token=hub;object=p256");
	AUTO_FREE char *tokens = mem_printf("%s/tokens", token_fixture_folder);
	AUTO_FREE char *away = mem_printf("%s/away", token_fixture_folder);
	assert_signs("p256", key);
	assert_int_equal(rename(tokens, away), 0);
	assert_int_equal(key_sign(key, BYTES_LIT("x"), signature, &len, &err).code, CODE_TOKEN);
	assert_int_equal(key_sign(key, BYTES_LIT("x"), signature, &len, &err).code, CODE_TOKEN);
	assert_int_equal(rename(away, tokens), 0);
	int64_t until = clock_mono_ms() + 20000; /* a module that must be started again is so once a second */
	while (FAILED(key_sign(key, BYTES_LIT("x"), signature, &len, &err)) && clock_mono_ms() < until)
		assert_int_equal(err.code, CODE_TOKEN);
	assert_signs("p256", key);
	key_unref(key);
}

static void a_secret_key_seals_and_opens(void **state)
{
	static const uint8_t nonce[TOKEN_GCM_NONCE] = {1};
	uint8_t sealed[64], opened[64];
	size_t len = 0, opened_len = 0;
	struct token *token = NULL;
	struct err err;

	(void)state;
	NEEDS_TOKEN();
	AUTO_FREE char *uri = mem_text(token_fixture_uri("token=hub;object=at-rest", "pin"));
	pki_fixture_fine(token_make_secret(uri, &err), &err);
	assert_int_equal(token_make_secret(uri, &err).code, CODE_TOKEN);
	pki_fixture_fine(token_open(uri, TOKEN_SECRET, &token, &err), &err);
	pki_fixture_fine(token_seal(token, false, nonce, BYTES_LIT("extra"), BYTES_LIT("a key"), sealed, sizeof(sealed), &len, &err), &err);
	assert_int_equal(len, 5 + TOKEN_GCM_TAG);
	pki_fixture_fine(token_seal(token, true, nonce, BYTES_LIT("extra"), bytes_of(sealed, len), opened, sizeof(opened), &opened_len, &err), &err);
	assert_true(bytes_equal(bytes_of(opened, opened_len), BYTES_LIT("a key")));
	assert_int_equal(token_seal(token, true, nonce, BYTES_LIT("other"), bytes_of(sealed, len), opened, sizeof(opened), &opened_len, &err).code, CODE_TOKEN);
	token_close(token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_signs_on_the_token),
		cmocka_unit_test(the_library_signs_with_them_as_with_its_own),
		cmocka_unit_test(a_file_may_name_the_token),
		cmocka_unit_test(a_key_stays_on_its_token),
		cmocka_unit_test(says_what_is_not_there),
		cmocka_unit_test(a_wrong_pin_is_said_so_and_tried_once),
		cmocka_unit_test(signs_in_a_child_and_in_its_parent_after),
		cmocka_unit_test(programs_that_start_together_are_all_let_in),
		cmocka_unit_test(a_token_that_is_away_fails_to_sign_and_signs_again_when_it_is_back),
		cmocka_unit_test(a_secret_key_seals_and_opens),
	};
	return cmocka_run_group_tests(tests, make_tokens, remove_tokens);
}
