/* Files of older formats, as the programs of their time made them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "pages/pages.h"
#include "broker/store/store.h"
#include "unit/broker/scratch.h"

#define assert_ok(call) assert_int_equal((call).code, CODE_OK)

enum { APPLICATION = 0x4c494153 };

/* The second format, as far as it differs. */
static const char second_format[] =
    "ALTER TABLE queue ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0; ALTER TABLE queue ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE dead ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0; ALTER TABLE dead ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE row(space INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY(space, key)) STRICT, WITHOUT ROWID;";

#define PARTY "CREATE TABLE party(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
static const char first_format[] = PARTY
    "CREATE TABLE message(seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, leaf BLOB NOT NULL, accepted_at INTEGER NOT NULL,"
    " entry INTEGER NOT NULL, envelope BLOB NOT NULL, verdict BLOB NOT NULL) STRICT;"
    "CREATE TABLE queue(recipient INTEGER NOT NULL, urgency INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, expires INTEGER NOT NULL, queued_at INTEGER NOT NULL, wants_receipt INTEGER NOT NULL,"
    " PRIMARY KEY(recipient, urgency, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE expiry(at INTEGER NOT NULL, recipient INTEGER NOT NULL, urgency INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(at, recipient, urgency, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE dead(seq INTEGER NOT NULL, recipient INTEGER NOT NULL, priority INTEGER NOT NULL, since INTEGER NOT NULL,"
    " code TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(seq, recipient)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE thread(thread BLOB NOT NULL, party INTEGER NOT NULL, PRIMARY KEY(thread, party)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE chain(fingerprint BLOB NOT NULL PRIMARY KEY, chain BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ledger(number INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;"
    "CREATE TABLE note(name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO party VALUES (1, 'ct.doc');"
    "INSERT INTO message VALUES (7, x'000102030405060708090a0b0c0d0e0f', zeroblob(32), 5, 0, x'61', x'62');"
    "INSERT INTO queue VALUES (1, 4, 7, 2, 0, 6, 1);"
    "INSERT INTO dead VALUES (7, 1, 5, 8, 'expired', 'too old');";

/* As SQLite alone makes it: pages without checksums. */
static void make_file(const struct scratch *scratch, const char *schema, int version)
{
	AUTO_FREE char *path = scratch_path(scratch, "store.db"), *text = mem_printf("PRAGMA journal_mode=WAL; %s PRAGMA application_id=%d; PRAGMA user_version=%d",
	                                                                             schema, APPLICATION, version);
	sqlite3 *handle = NULL;
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void brings_up_to_date(const char *more, int version)
{
	struct scratch scratch;
	struct store *store = NULL;
	struct err err = {.reason = ""};
	struct buf hold;
	struct store_queued queued;
	struct store_dead dead;
	size_t count = 0;
	bool found = false;
	scratch_make(&scratch);
	buf_init(&hold, 4096);
	AUTO_FREE char *schema = mem_printf("%s%s", first_format, more);
	make_file(&scratch, schema, version);
	for (int time = 0; time < 2; time++) { /* the second time it is of this format */
		if (FAILED(store_sqlite_open(scratch.folder, &store, &err)))
			fail_msg("%s", err.reason);
		assert_ok(store_queued_find(store, 1, 7, &found, &queued, &err));
		assert_true(found && queued.attempts == 2 && queued.place.priority == 5 && queued.withheld == 0 &&
		            queued.consent == 0);
		assert_ok(store_dead_next(store, 0, 0, &dead, 1, &count, &err));
		assert_true(count == 1 && dead.code == CODE_EXPIRED && dead.withheld == 0 && dead.consent == 0);
		assert_ok(store_begin(store, &err));
		assert_ok(store_row_put(store, STORE_RECORDS, BYTES_LIT("k"), BYTES_LIT("v"), &err));
		assert_ok(store_commit(store, &err));
		assert_ok(store_row_get(store, STORE_RECORDS, BYTES_LIT("k"), &hold, &found, &err));
		assert_true(found && bytes_is(buf_bytes(&hold), "v"));
		store_close(store);
	}
	buf_done(&hold);
	AUTO_FREE char *path = scratch_path(&scratch, "store.db");
	int64_t pages = 0;
	assert_ok(pages_check(path, &pages, &err));
	assert_true(pages > 5);
	scratch_remove(&scratch);
}

static void a_store_of_the_first_format_is_brought_up_to_date_with_all_that_it_holds(void **state)
{
	(void)state;
	brings_up_to_date("", 1);
}

static void a_store_of_the_second_format_gets_checksums_and_keeps_all_that_it_holds(void **state)
{
	(void)state;
	brings_up_to_date(second_format, 2);
}

static void a_reader_leaves_an_older_file_alone_and_says_what_to_do(void **state)
{
	struct scratch scratch;
	struct store *store = NULL;
	struct err err = {.reason = ""};
	(void)state;
	scratch_make(&scratch);
	make_file(&scratch, first_format, 1);
	assert_int_equal(store_sqlite_read(scratch.folder, &store, &err).code, CODE_VERSION);
	assert_non_null(strstr(err.reason, "start the broker once"));
	assert_ok(store_sqlite_open(scratch.folder, &store, &err));
	store_close(store);
	assert_ok(store_sqlite_read(scratch.folder, &store, &err));
	store_close(store);
	scratch_remove(&scratch);
}

static void what_cannot_be_brought_up_to_date_stays_as_it_was(void **state)
{
	struct scratch scratch;
	struct store *store = NULL;
	struct err err = {.reason = ""};
	(void)state;
	scratch_make(&scratch);
	make_file(&scratch, PARTY "CREATE TABLE queue(recipient INTEGER) STRICT;", 1); /* and no table `dead` */
	assert_int_equal(store_sqlite_open(scratch.folder, &store, &err).code, CODE_CORRUPT);
	assert_int_equal(store_sqlite_read(scratch.folder, &store, &err).code, CODE_VERSION);
	assert_non_null(strstr(err.reason, "format 1"));
	scratch_remove(&scratch);
}

static void a_format_that_never_was_or_is_yet_to_come_is_refused(void **state)
{
	(void)state;
	for (int version = 4; version < 6; version++) {
		struct scratch scratch;
		struct store *store = NULL;
		struct err err = {.reason = ""};
		scratch_make(&scratch);
		make_file(&scratch, first_format, version);
		assert_int_equal(store_sqlite_open(scratch.folder, &store, &err).code, CODE_VERSION);
		scratch_remove(&scratch);
	}
}

static void a_format_that_has_checksums_but_for_its_pages_is_damaged(void **state)
{
	struct scratch scratch;
	struct store *store = NULL;
	struct err err = {.reason = ""};
	(void)state;
	scratch_make(&scratch);
	make_file(&scratch, first_format, 3);
	assert_int_equal(store_sqlite_open(scratch.folder, &store, &err).code, CODE_CORRUPT);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_store_of_the_first_format_is_brought_up_to_date_with_all_that_it_holds),
	    cmocka_unit_test(a_store_of_the_second_format_gets_checksums_and_keeps_all_that_it_holds),
	    cmocka_unit_test(a_format_that_has_checksums_but_for_its_pages_is_damaged),
	    cmocka_unit_test(a_reader_leaves_an_older_file_alone_and_says_what_to_do),
	    cmocka_unit_test(what_cannot_be_brought_up_to_date_stays_as_it_was),
	    cmocka_unit_test(a_format_that_never_was_or_is_yet_to_come_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
