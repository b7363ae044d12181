/* Copies and what becomes of them on their way back: each kind of harm is refused, and nothing is written over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "care/care.h"
#include "pages/pages.h"
#include "unit/broker/scratch.h"

#define assert_ok(call) assert_int_equal((call).code, CODE_OK)
#define assert_code(call, expected) assert_int_equal((call).code, (expected))

struct fixture {
	struct scratch data, copy, fresh;
	struct care_copy about;
	struct err err;
};

static void run(sqlite3 *handle, const char *text)
{
	assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
}

static int set_up(void **state)
{
	struct fixture *fixture = mem_alloc(sizeof(*fixture));
	sqlite3 *handle = NULL;
	scratch_make(&fixture->data);
	scratch_make(&fixture->copy);
	scratch_make(&fixture->fresh);
	char *path = scratch_path(&fixture->data, "store.db");
	assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, pages_vfs(false)), SQLITE_OK);
	assert_int_equal(pages_claim(handle), SQLITE_OK);
	run(handle, "PRAGMA journal_mode=WAL; CREATE TABLE thing(value BLOB NOT NULL)");
	for (int i = 0; i < 20; i++)
		run(handle, "INSERT INTO thing VALUES (randomblob(2000))");
	sqlite3_close(handle);
	mem_free(path);
	fixture->about = (struct care_copy){.what = "hub", .party = "ct.hub", .database = "store.db", .ledger_size = 7, .ledger_root = {{0xab}}};
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	scratch_remove(&fixture->data);
	scratch_remove(&fixture->copy);
	scratch_remove(&fixture->fresh);
	mem_free(fixture);
	return 0;
}

static void make(struct fixture *fixture)
{
	scratch_write(&fixture->data, "broker.cfg", BYTES_LIT("party = \"ct.hub\";"));
	char *config = scratch_path(&fixture->data, "broker.cfg");
	assert_ok(care_copy_database(fixture->data.folder, fixture->copy.folder, &fixture->about, &fixture->err));
	assert_ok(care_copy_file(config, fixture->copy.folder, false, &fixture->err));
	assert_ok(care_copy_end(fixture->copy.folder, &fixture->about, &fixture->err));
	mem_free(config);
}

static enum code check(struct fixture *fixture, const char *what, const char *party)
{
	struct care_copy found;
	return care_copy_check(fixture->copy.folder, what, party, "store.db", &found, &fixture->err).code;
}

static void a_copy_is_whole_says_what_it_is_of_and_comes_back(void **state)
{
	struct fixture *fixture = *state;
	struct care_copy found;
	struct buf before, after;
	make(fixture);
	assert_ok(care_copy_check(fixture->copy.folder, "hub", "ct.hub", "store.db", &found, &fixture->err));
	assert_int_equal(found.ledger_size, 7);
	assert_int_equal(found.made_at, fixture->about.made_at);
	assert_memory_equal(found.ledger_root.at, fixture->about.ledger_root.at, HASH_LEN);
	assert_ok(care_copy_restore(fixture->copy.folder, fixture->fresh.folder, "store.db", &fixture->err));
	scratch_read(&fixture->copy, "store.db", &before);
	scratch_read(&fixture->fresh, "store.db", &after);
	assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
	buf_done(&before);
	buf_done(&after);
}

static void a_copy_is_a_database_a_configuration_and_a_manifest_and_stays_so(void **state)
{
	struct fixture *fixture = *state;
	make(fixture);
	assert_int_equal(check(fixture, "hub", "ct.hub"), CODE_OK);
	assert_int_equal(check(fixture, "hub", "ct.hub"), CODE_OK);
	assert_true(scratch_has(&fixture->copy, "broker.cfg") && scratch_has(&fixture->copy, "manifest.json"));
	assert_false(scratch_has(&fixture->copy, "store.db-wal") || scratch_has(&fixture->copy, "store.db-shm"));
}

static void a_folder_in_which_there_is_something_takes_no_copy(void **state)
{
	struct fixture *fixture = *state;
	make(fixture);
	assert_code(care_copy_database(fixture->data.folder, fixture->copy.folder, &fixture->about, &fixture->err), CODE_USAGE);
	assert_non_null(strstr(fixture->err.reason, "something in it"));
}

static void without_a_database_there_is_nothing_to_copy(void **state)
{
	struct fixture *fixture = *state;
	assert_code(care_copy_database(fixture->fresh.folder, fixture->copy.folder, &fixture->about, &fixture->err), CODE_IO);
	assert_non_null(strstr(fixture->err.field, "store.db"));
	assert_false(scratch_has(&fixture->copy, "store.db"));
}

static void a_damaged_database_is_not_copied_as_if_it_were_whole(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	scratch_read(&fixture->data, "store.db", &file);
	file.at[3 * PAGES_BYTES + 100] ^= 1;
	scratch_write(&fixture->data, "store.db", buf_bytes(&file));
	buf_done(&file);
	assert_code(care_copy_database(fixture->data.folder, fixture->copy.folder, &fixture->about, &fixture->err), CODE_CORRUPT);
	assert_non_null(strstr(fixture->err.reason, "page 4"));
}

static void a_copy_that_found_no_room_is_no_copy(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit before, little;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = (struct rlimit){.rlim_cur = 3 * PAGES_BYTES, .rlim_max = before.rlim_max};
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	result r = care_copy_database(fixture->data.folder, fixture->copy.folder, &fixture->about, &fixture->err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(signal(SIGXFSZ, handler) == SIG_IGN);
	assert_true(r.code == CODE_FULL || r.code == CODE_IO);
	assert_false(scratch_has(&fixture->copy, "manifest.json"));
	assert_true(check(fixture, "hub", "ct.hub") != CODE_OK);
}

static void there_is_no_such_copy(void **state)
{
	struct fixture *fixture = *state;
	assert_true(check(fixture, "hub", "ct.hub") != CODE_OK);
	assert_non_null(strstr(fixture->err.field, "manifest.json"));
}

static void a_copy_of_another_is_refused_by_name(void **state)
{
	struct fixture *fixture = *state;
	make(fixture);
	assert_int_equal(check(fixture, "hub", "ma.hub"), CODE_USAGE);
	assert_non_null(strstr(fixture->err.reason, "it is a copy of hub ct.hub, and the configuration is that of hub ma.hub"));
	assert_int_equal(check(fixture, "adapter", "ct.hub"), CODE_USAGE);
}

static void a_file_that_was_cut_or_altered_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	make(fixture);
	scratch_read(&fixture->copy, "store.db", &file);
	scratch_write(&fixture->copy, "store.db", bytes_of(file.at, file.len - PAGES_BYTES));
	assert_int_equal(check(fixture, "hub", "ct.hub"), CODE_CORRUPT);
	file.at[5000] ^= 4;
	scratch_write(&fixture->copy, "store.db", buf_bytes(&file));
	assert_int_equal(check(fixture, "hub", "ct.hub"), CODE_CORRUPT);
	assert_non_null(strstr(fixture->err.reason, "not the file that the manifest is of"));
	file.at[5000] ^= 4;
	scratch_write(&fixture->copy, "store.db", buf_bytes(&file));
	assert_int_equal(check(fixture, "hub", "ct.hub"), CODE_OK);
	scratch_write(&fixture->copy, "broker.cfg", BYTES_LIT("party = \"xx.hub\";"));
	assert_int_equal(check(fixture, "hub", "ct.hub"), CODE_CORRUPT);
	scratch_unlink(&fixture->copy, "broker.cfg");
	assert_true(check(fixture, "hub", "ct.hub") != CODE_OK);
	buf_done(&file);
}

/* Whoever can write the manifest can write any: what it says is not taken for a path, and never believed of a page. */
static void a_manifest_that_cannot_be_is_refused(void **state)
{
	static const char head[] = "{\"what\": \"hub\", \"party\": \"ct.hub\", \"made_at\": \"2026-11-22T00:00:00.000Z\"";
	static const char *const rest[] = {
		"", ", \"files\": []}", ", \"files\": [{}]}", ", \"files\": 7}", "}", ", \"files\": [{\"name\": \"../store.db\", \"bytes\": 1, \"sha256\": \"00\"}]}",
		", \"files\": [{\"name\": \"broker.cfg\", \"bytes\": -1, \"sha256\": \"\"}]}", ", \"ledger\": {\"size\": 1, \"root\": \"xy\"}, \"files\": []}",
	};
	struct fixture *fixture = *state;
	make(fixture);
	for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++) {
		char *text = mem_printf("%s%s", head, rest[i]);
		scratch_write(&fixture->copy, "manifest.json", bytes_text(text));
		if (check(fixture, "hub", "ct.hub") == CODE_OK)
			fail_msg("taken: %s", text);
		mem_free(text);
	}
	scratch_write(&fixture->copy, "manifest.json", BYTES_LIT("not JSON"));
	assert_true(check(fixture, "hub", "ct.hub") != CODE_OK);
}

static void nothing_that_is_there_is_overwritten(void **state)
{
	static const char *const names[] = {"store.db", "store.db-wal", "store.db-mark", "store.db-shm"};
	struct fixture *fixture = *state;
	make(fixture);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct buf kept;
		scratch_write(&fixture->fresh, names[i], BYTES_LIT("evidence"));
		assert_code(care_copy_restore(fixture->copy.folder, fixture->fresh.folder, "store.db", &fixture->err), CODE_USAGE);
		assert_non_null(strstr(fixture->err.reason, "nothing is overwritten"));
		scratch_read(&fixture->fresh, names[i], &kept);
		assert_true(bytes_is(buf_bytes(&kept), "evidence"));
		buf_done(&kept);
		scratch_unlink(&fixture->fresh, names[i]);
	}
	assert_ok(care_copy_restore(fixture->copy.folder, fixture->fresh.folder, "store.db", &fixture->err));
}

static void a_file_that_may_be_missing_is_passed_over_and_no_link_is_followed(void **state)
{
	struct fixture *fixture = *state;
	char *none = scratch_path(&fixture->data, "none"), *link = scratch_path(&fixture->data, "link");
	assert_ok(care_copy_file(none, fixture->copy.folder, true, &fixture->err));
	assert_true(FAILED(care_copy_file(none, fixture->copy.folder, false, &fixture->err)));
	assert_int_equal(symlink("/etc/hostname", link), 0);
	assert_true(FAILED(care_copy_file(link, fixture->copy.folder, false, &fixture->err)));
	mem_free(none);
	mem_free(link);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_copy_is_whole_says_what_it_is_of_and_comes_back),
		TEST(a_copy_is_a_database_a_configuration_and_a_manifest_and_stays_so),
		TEST(a_folder_in_which_there_is_something_takes_no_copy),
		TEST(without_a_database_there_is_nothing_to_copy),
		TEST(a_damaged_database_is_not_copied_as_if_it_were_whole),
		TEST(a_copy_that_found_no_room_is_no_copy),
		TEST(there_is_no_such_copy),
		TEST(a_copy_of_another_is_refused_by_name),
		TEST(a_file_that_was_cut_or_altered_is_found),
		TEST(a_manifest_that_cannot_be_is_refused),
		TEST(nothing_that_is_there_is_overwritten),
		TEST(a_file_that_may_be_missing_is_passed_over_and_no_link_is_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
