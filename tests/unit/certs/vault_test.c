#include "certs/vault.h"

#include <openssl/evp.h>

#include "base/file.h"
#include "token_fixture.h"

enum { PLAIN = 4096 };

static char folder[64];
static struct vault *vault;

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static struct vault *load(const char *name)
{
	struct vault *loaded = NULL;
	struct err err;

	pki_fixture_fine(vault_load(path_of(name), &loaded, &err), &err);
	return loaded;
}

static int make_ring(void **state)
{
	struct err err;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/liaison-vault-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	pki_fixture_fine(vault_make(path_of("ring"), NULL, &err), &err);
	vault = load("ring");
	return 0;
}

static int remove_ring(void **state)
{
	(void)state;
	vault_free(vault);
	return nftw(folder, pki_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void fill(uint8_t *at, unsigned seed)
{
	for (int i = 0; i < PLAIN; i++)
		at[i] = (uint8_t)(seed * 31 + (unsigned)i * 7);
}

static void what_was_sealed_opens_and_is_not_what_it_was(void **state)
{
	uint8_t plain[PLAIN], sealed[PLAIN], trailer[VAULT_TRAILER_LEN], opened[PLAIN];
	struct err err;

	(void)state;
	for (size_t len = 0; len <= PLAIN; len += 1024) {
		struct vault_hand *hand = vault_hand_new(vault), *other = vault_hand_new(vault);
		fill(plain, (unsigned)len);
		pki_fixture_fine(vault_hand_seal(hand, BYTES_LIT("page 1"), plain, len, sealed, trailer, &err), &err);
		if (len > 0)
			assert_memory_not_equal(plain, sealed, len);
		assert_memory_equal(trailer, vault_id(vault, 0), VAULT_ID_LEN);
		pki_fixture_fine(vault_hand_open(other, BYTES_LIT("page 1"), sealed, len, trailer, opened, &err), &err);
		assert_memory_equal(opened, plain, len);
		vault_hand_free(hand);
		vault_hand_free(other);
	}
}

static void every_byte_of_it_counts(void **state)
{
	uint8_t plain[64], sealed[64], trailer[VAULT_TRAILER_LEN], opened[64];
	struct vault_hand *hand = vault_hand_new(vault);
	struct err err;

	(void)state;
	memset(plain, 7, sizeof(plain));
	pki_fixture_fine(vault_hand_seal(hand, BYTES_LIT("page 1"), plain, sizeof(plain), sealed, trailer, &err), &err);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		assert_int_equal(vault_hand_open(hand, BYTES_LIT("page 1"), sealed, sizeof(sealed), trailer, opened, &err).code, CODE_CORRUPT);
		sealed[i] ^= 1;
	}
	for (size_t i = 0; i < VAULT_TRAILER_LEN; i++) {
		trailer[i] ^= 0x80;
		assert_int_equal(vault_hand_open(hand, BYTES_LIT("page 1"), sealed, sizeof(sealed), trailer, opened, &err).code,
		                 i < VAULT_ID_LEN ? CODE_KEY : CODE_CORRUPT);
		trailer[i] ^= 0x80;
	}
	assert_int_equal(vault_hand_open(hand, BYTES_LIT("page 1"), sealed, sizeof(sealed) - 1, trailer, opened, &err).code, CODE_CORRUPT);
	pki_fixture_fine(vault_hand_open(hand, BYTES_LIT("page 1"), sealed, sizeof(sealed), trailer, opened, &err), &err);
	vault_hand_free(hand);
}

static void it_opens_in_its_own_place_only(void **state)
{
	uint8_t plain[64] = {1}, sealed[64], trailer[VAULT_TRAILER_LEN], opened[64];
	struct vault_hand *hand = vault_hand_new(vault);
	struct err err;

	(void)state;
	pki_fixture_fine(vault_hand_seal(hand, BYTES_LIT("page 1"), plain, sizeof(plain), sealed, trailer, &err), &err);
	assert_int_equal(vault_hand_open(hand, BYTES_LIT("page 2"), sealed, sizeof(sealed), trailer, opened, &err).code, CODE_CORRUPT);
	assert_int_equal(vault_hand_open(hand, BYTES_NONE, sealed, sizeof(sealed), trailer, opened, &err).code, CODE_CORRUPT);
	vault_hand_free(hand);
}

/* Salt and count together are what must never come twice under a key. */
static void no_nonce_comes_twice_within_a_hand_or_over_starts(void **state)
{
	enum { STARTS = 20, EACH = 50, LEN = VAULT_SALT_LEN + 8 };
	uint8_t seen[STARTS * EACH][LEN], plain[8] = {0}, sealed[8], trailer[VAULT_TRAILER_LEN];
	size_t count = 0;
	struct err err;

	(void)state;
	for (int start = 0; start < STARTS; start++) {
		struct vault_hand *hand = vault_hand_new(vault);
		for (int i = 0; i < EACH; i++) {
			pki_fixture_fine(vault_hand_seal(hand, BYTES_LIT("x"), plain, sizeof(plain), sealed, trailer, &err), &err);
			memcpy(seen[count++], trailer + VAULT_ID_LEN, LEN);
		}
		vault_hand_free(hand);
	}
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			assert_memory_not_equal(seen[i], seen[j], LEN);
}

static void more_hands_than_are_remembered_open_all_the_same(void **state)
{
	enum { HANDS = 40 };
	uint8_t plain[16], sealed[HANDS][16], trailers[HANDS][VAULT_TRAILER_LEN], opened[16];
	struct vault_hand *reader = vault_hand_new(vault);
	struct err err;

	(void)state;
	for (int i = 0; i < HANDS; i++) {
		struct vault_hand *hand = vault_hand_new(vault);
		memset(plain, i, sizeof(plain));
		pki_fixture_fine(vault_hand_seal(hand, BYTES_LIT("x"), plain, sizeof(plain), sealed[i], trailers[i], &err), &err);
		vault_hand_free(hand);
	}
	for (int i = 0; i < 3 * HANDS; i++) {
		int which = i * 7 % HANDS;
		memset(plain, which, sizeof(plain));
		pki_fixture_fine(vault_hand_open(reader, BYTES_LIT("x"), sealed[which], sizeof(plain), trailers[which], opened, &err), &err);
		assert_memory_equal(opened, plain, sizeof(plain));
	}
	vault_hand_free(reader);
}

static void an_old_key_opens_and_the_new_one_seals(void **state)
{
	uint8_t plain[16] = {5}, sealed[16], trailer[VAULT_TRAILER_LEN], opened[16], again[16], new_trailer[VAULT_TRAILER_LEN];
	struct err err;

	(void)state;
	pki_fixture_fine(vault_make(path_of("turn"), NULL, &err), &err);
	struct vault *before = load("turn");
	struct vault_hand *old = vault_hand_new(before);
	pki_fixture_fine(vault_hand_seal(old, BYTES_LIT("x"), plain, sizeof(plain), sealed, trailer, &err), &err);
	pki_fixture_fine(vault_add(path_of("turn"), &err), &err);
	struct vault *both = load("turn");
	assert_int_equal(vault_count(both), 2);
	assert_memory_equal(vault_id(both, 1), vault_id(before, 0), VAULT_ID_LEN);
	struct vault_hand *hand = vault_hand_new(both);
	pki_fixture_fine(vault_hand_open(hand, BYTES_LIT("x"), sealed, sizeof(sealed), trailer, opened, &err), &err);
	assert_memory_equal(opened, plain, sizeof(plain));
	pki_fixture_fine(vault_hand_seal(hand, BYTES_LIT("x"), plain, sizeof(plain), again, new_trailer, &err), &err);
	assert_memory_equal(new_trailer, vault_id(both, 0), VAULT_ID_LEN);
	assert_int_equal(vault_hand_open(old, BYTES_LIT("x"), again, sizeof(again), new_trailer, opened, &err).code, CODE_KEY);
	assert_non_null(strstr(err.reason, "not in the ring"));
	pki_fixture_fine(vault_keep_first(path_of("turn"), &err), &err);
	struct vault *after = load("turn");
	assert_int_equal(vault_count(after), 1);
	assert_memory_equal(vault_id(after, 0), vault_id(both, 0), VAULT_ID_LEN);
	vault_hand_free(old);
	vault_hand_free(hand);
	vault_free(before);
	vault_free(both);
	vault_free(after);
}

static void a_ring_has_an_end(void **state)
{
	struct err err;

	(void)state;
	pki_fixture_fine(vault_make(path_of("many"), NULL, &err), &err);
	for (int i = 1; i < VAULT_KEYS_MAX; i++)
		pki_fixture_fine(vault_add(path_of("many"), &err), &err);
	struct vault *full = load("many");
	assert_int_equal(vault_count(full), VAULT_KEYS_MAX);
	vault_free(full);
	assert_int_equal(vault_add(path_of("many"), &err).code, CODE_USAGE);
}

static void refuses_files_that_are_no_ring(void **state)
{
	static const struct {
		const char *text, *word;
	} rows[] = {
		{"", "no key ring"},
		{"liaison-vault 2\n", "no key ring"},
		{"liaison-vault 1\n", "has no key"},
		{"liaison-vault 1\nkey 0011223344556677\n", "damaged"},
		{"liaison-vault 1\nkey 0011223344556677 00\n", "damaged"},
		{"liaison-vault 1\nkey 001122334455667g 0000000000000000000000000000000000000000000000000000000000000000\n", "damaged"},
		{"liaison-vault 1\nkey 0011223344556677 000000000000000000000000000000000000000000000000000000000000000x\n", "damaged"},
		{"liaison-vault 1\nkey 0011223344556677 0000000000000000000000000000000000000000000000000000000000000000 \n", "damaged"},
		{"liaison-vault 1\nsomething\n", "neither"},
		{"liaison-vault 1\nkey 0011223344556677 0000000000000000000000000000000000000000000000000000000000000000\nwrap pkcs11:object=a\n", "too late"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct vault *loaded = NULL;
		struct err err;
		pki_fixture_fine(file_write(path_of("odd"), bytes_text(rows[i].text), 0600, &err), &err);
		assert_int_equal(vault_load(path_of("odd"), &loaded, &err).code, CODE_KEY);
		if (strstr(err.reason, rows[i].word) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.reason, rows[i].word);
		assert_null(strstr(err.reason, "00112233"));
	}
}

static void the_ring_is_its_owners_and_is_never_overwritten(void **state)
{
	struct vault *loaded = NULL;
	struct stat about;
	struct err err;

	(void)state;
	assert_int_equal(stat(path_of("ring"), &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(vault_make(path_of("ring"), NULL, &err).code, CODE_USAGE);
	assert_int_equal(chmod(path_of("ring"), 0640), 0);
	assert_int_equal(vault_load(path_of("ring"), &loaded, &err).code, CODE_PERMISSION);
	assert_int_equal(chmod(path_of("ring"), 0600), 0);
	assert_int_equal(vault_load(path_of("nowhere"), &loaded, &err).code, CODE_IO);
}

static void a_ring_is_sealed_by_a_key_on_a_token(void **state)
{
	struct err err;

	if (!token_fixture_is_here()) {
		print_message("skipped: softhsm2 is not installed\n");
		skip();
	}
	assert_int_equal(token_fixture_make(state), 0);
	token_fixture_token("disk");
	AUTO_FREE char *uri = mem_text(token_fixture_uri("token=disk;object=at-rest", "pin"));
	pki_fixture_fine(vault_make(path_of("wrapped"), uri, &err), &err);
	pki_fixture_fine(vault_add(path_of("wrapped"), &err), &err);
	struct vault *loaded = load("wrapped");
	assert_int_equal(vault_count(loaded), 2);
	vault_free(loaded);
	/* One key's id under another's seal. */
	struct buf text;
	pki_fixture_fine(file_read(path_of("wrapped"), 10000, &text, &err), &err);
	uint8_t *id = memmem(text.at, text.len, "key ", 4);
	assert_non_null(id);
	id[4] = id[4] == '0' ? '1' : '0';
	pki_fixture_fine(file_write(path_of("wrapped"), buf_bytes(&text), 0600, &err), &err);
	assert_int_equal(vault_load(path_of("wrapped"), &loaded, &err).code, CODE_TOKEN);
	buf_done(&text);
	assert_int_equal(token_fixture_remove(state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_opens_and_is_not_what_it_was),
		cmocka_unit_test(every_byte_of_it_counts),
		cmocka_unit_test(it_opens_in_its_own_place_only),
		cmocka_unit_test(no_nonce_comes_twice_within_a_hand_or_over_starts),
		cmocka_unit_test(more_hands_than_are_remembered_open_all_the_same),
		cmocka_unit_test(an_old_key_opens_and_the_new_one_seals),
		cmocka_unit_test(a_ring_has_an_end),
		cmocka_unit_test(refuses_files_that_are_no_ring),
		cmocka_unit_test(the_ring_is_its_owners_and_is_never_overwritten),
		cmocka_unit_test(a_ring_is_sealed_by_a_key_on_a_token),
	};
	return cmocka_run_group_tests(tests, make_ring, remove_ring);
}
