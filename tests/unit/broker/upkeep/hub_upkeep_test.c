/* liaison-broker doctor, backup and restore, as their operator calls them: what they say, and with which code they end. */
#include "unit/broker/hub_fixture.h"

#include "broker/ledger/ledger.h"
#include "broker/store/store.h"
#include "broker/upkeep/hub_upkeep.h"
#include "unit/care/said.h"

enum { ENTRIES = 9, ARGUMENTS = 8 };

struct place {
	struct hub_fixture hub;
	char data[96], copy[96];
	const char *text; /* what was said last */
};

static void keep_a_ledger(const char *data, struct key *key)
{
	struct store *store = NULL;
	struct ledger *ledger = NULL;
	struct err err;
	uint8_t fingerprint[HASH_LEN] = {0x11};
	pki_fixture_fine(store_sqlite_open(data, &store, &err), &err);
	pki_fixture_fine(ledger_open(store, HUB, key, fingerprint, &ledger, &err), &err);
	pki_fixture_fine(store_begin(store, &err), &err);
	for (int i = 0; i < ENTRIES; i++) {
		struct ledger_entry entry = {.at = 1000 + i, .kind = LEDGER_LINK_UP, .party = BYTES_LIT(POLICE)};
		int64_t number = -1;
		pki_fixture_fine(ledger_append(ledger, &entry, &number, &err), &err);
	}
	pki_fixture_fine(ledger_seal(ledger, &err), &err);
	pki_fixture_fine(store_commit(store, &err), &err);
	ledger_committed(ledger);
	ledger_close(ledger);
	store_close(store);
}

static int set_up(void **state)
{
	struct place *place = mem_alloc(sizeof(*place));
	hub_fixture_make(&place->hub);
	hub_fixture_write(&place->hub, &(struct hub_config){.listen = NULL});
	snprintf(place->data, sizeof(place->data), "%s/data", place->hub.pki.folder);
	snprintf(place->copy, sizeof(place->copy), "%s/copy", place->hub.pki.folder);
	struct snapshot *snapshot = hub_fixture_load(&place->hub, 1);
	keep_a_ledger(place->data, snapshot->signing_key);
	snapshot_unref(snapshot);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	hub_fixture_done(&place->hub);
	mem_free(place);
	return 0;
}

/* Up to three words behind the configuration. */
static int call(struct place *place, const char *command, const char *one, const char *two, const char *three)
{
	const char *const words[] = {"liaison-broker", command, "-c", place->hub.file, one, two, three};
	char *argv[ARGUMENTS] = {NULL};
	int argc = 0, code = -1;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i])
			argv[argc++] = mem_text(words[i]);
	said_begin();
	bool is_mine = hub_upkeep(argc, argv, &code);
	place->text = said_end();
	for (int i = 0; i < argc; i++)
		mem_free(argv[i]);
	return is_mine ? code : -1;
}

static void flip(const char *path, long at)
{
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
	int byte = fgetc(file);
	assert_int_equal(fseek(file, -1, SEEK_CUR), 0);
	assert_int_equal(fputc(byte ^ 0x10, file), byte ^ 0x10);
	assert_int_equal(fclose(file), 0);
}

static void lose(struct place *place)
{
	static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm", "store.db-mark", "store.lock"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", place->data, names[i]);
		if (unlink(path) != 0)
			assert_int_not_equal(access(path, F_OK), 0);
	}
}

static void other_words_are_not_its_own(void **state)
{
	assert_int_equal(call(*state, "run", NULL, NULL, NULL), -1);
	assert_int_equal(call(*state, "--check", NULL, NULL, NULL), -1);
}

static void a_wrong_word_is_told_how_it_is_said(void **state)
{
	static const char *const cases[][3] = {
		{"doctor", "folder", NULL}, {"backup", NULL, NULL}, {"restore", NULL, NULL}, {"backup", "one", "two"}, {"restore", "--wrong", "x"}, {"doctor", "-c", NULL},
	};
	struct place *place = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(call(place, cases[i][0], cases[i][1], cases[i][2], NULL), 2);
		assert_says(place->text, "Usage: liaison-broker doctor");
	}
}

static void a_hub_in_order_has_no_fault(void **state)
{
	struct place *place = *state;
	if (call(place, "doctor", NULL, NULL, NULL) != 0)
		fail_msg("%s", place->text);
	assert_says(place->text, "fine     ledger: 9 entries");
	assert_says(place->text, ", 0 faults\n");
	assert_int_equal(call(place, "doctor", "--json", NULL, NULL), 0);
	assert_says(place->text, "\"faults\": 0");
}

static void a_damaged_page_is_named(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *path = mem_printf("%s/store.db", place->data);
	flip(path, -2000);
	assert_int_equal(call(place, "doctor", NULL, NULL, NULL), 1);
	assert_says(place->text, "fault    store");
	assert_says(place->text, path);
}

static void a_store_that_is_gone_is_said_to_be_restored(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *path = mem_printf("%s/store.db", place->data);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(call(place, "doctor", NULL, NULL, NULL), 1);
	assert_says(place->text, "restore it from a backup");
}

static void a_configuration_that_is_wrong_is_a_fault_of_its_own_and_a_backup_needs_no_papers(void **state)
{
	struct place *place = *state;
	assert_int_equal(unlink(pki_fixture_path(&place->hub.pki, "hub-tls.pem")), 0);
	assert_int_equal(call(place, "doctor", NULL, NULL, NULL), 1);
	assert_says(place->text, "fault    configuration");
	assert_int_equal(call(place, "backup", place->copy, NULL, NULL), 0);
	assert_int_equal(unlink(place->hub.file), 0);
	assert_int_equal(call(place, "doctor", NULL, NULL, NULL), 1);
	assert_int_equal(call(place, "restore", place->copy, NULL, NULL), 3);
}

static void a_copy_says_size_and_root_and_comes_back_with_them(void **state)
{
	struct place *place = *state;
	char said[160];
	assert_int_equal(call(place, "backup", place->copy, NULL, NULL), 0);
	const char *of = strstr(place->text, "9 entries of the ledger, root ");
	assert_non_null(of);
	snprintf(said, sizeof(said), "%.120s", of);
	assert_int_equal(call(place, "restore", place->copy, NULL, NULL), 2);
	assert_says(place->text, "nothing is overwritten");
	lose(place);
	assert_int_equal(call(place, "restore", place->copy, NULL, NULL), 0);
	assert_says(place->text, said);
	assert_int_equal(call(place, "doctor", NULL, NULL, NULL), 0);
	assert_says(place->text, "fine     ledger: 9 entries");
}

static void keys_are_in_a_copy_only_where_they_are_asked_for(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *key = mem_printf("%s/hub-sign.key", place->copy), *other = mem_printf("%s-2", place->copy), *there = mem_printf("%s/hub-sign.key", other);
	struct stat status;
	assert_int_equal(call(place, "backup", place->copy, NULL, NULL), 0);
	assert_int_not_equal(access(key, F_OK), 0);
	assert_int_equal(call(place, "backup", "--keys", other, NULL), 0);
	assert_int_equal(stat(there, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(call(place, "backup", place->copy, NULL, NULL), 2);
	assert_says(place->text, "there is something in it");
}

static void no_copy_another_hubs_copy_and_a_cut_one_are_refused_and_nothing_is_made(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *store = mem_printf("%s/store.db", place->data), *cut = mem_printf("%s/store.db", place->copy), *none = mem_printf("%s-none", place->copy);
	assert_int_equal(call(place, "backup", place->copy, NULL, NULL), 0);
	lose(place);
	assert_int_equal(call(place, "restore", none, NULL, NULL), 1);
	assert_says(place->text, "manifest.json");
	struct buf text;
	struct err err;
	pki_fixture_fine(file_read(place->hub.file, 1 << 20, &text, &err), &err);
	char *at = strstr((char *)text.at, "party = \"" HUB "\"");
	assert_non_null(at);
	memcpy(at, "party = \"xx.hub\"", strlen("party = \"xx.hub\""));
	pki_fixture_fine(file_write(place->hub.file, buf_bytes(&text), 0600, &err), &err);
	assert_int_equal(call(place, "restore", place->copy, NULL, NULL), 2);
	assert_says(place->text, "it is a copy of hub ct.hub, and the configuration is that of hub xx.hub");
	memcpy(at, "party = \"" HUB "\"", strlen("party = \"" HUB "\""));
	pki_fixture_fine(file_write(place->hub.file, buf_bytes(&text), 0600, &err), &err);
	buf_done(&text);
	assert_int_equal(truncate(cut, 8192), 0);
	assert_int_equal(call(place, "restore", place->copy, NULL, NULL), 1);
	assert_says(place->text, "corrupt");
	assert_int_not_equal(access(store, F_OK), 0);
}

static void a_damaged_store_is_not_copied(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *path = mem_printf("%s/store.db", place->data), *manifest = mem_printf("%s/manifest.json", place->copy);
	flip(path, -2000);
	assert_int_equal(call(place, "backup", place->copy, NULL, NULL), 1);
	assert_says(place->text, "corrupt");
	assert_int_not_equal(access(manifest, F_OK), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(other_words_are_not_its_own),
		TEST(a_wrong_word_is_told_how_it_is_said),
		TEST(a_hub_in_order_has_no_fault),
		TEST(a_damaged_page_is_named),
		TEST(a_store_that_is_gone_is_said_to_be_restored),
		TEST(a_configuration_that_is_wrong_is_a_fault_of_its_own_and_a_backup_needs_no_papers),
		TEST(a_copy_says_size_and_root_and_comes_back_with_them),
		TEST(keys_are_in_a_copy_only_where_they_are_asked_for),
		TEST(no_copy_another_hubs_copy_and_a_cut_one_are_refused_and_nothing_is_made),
		TEST(a_damaged_store_is_not_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
