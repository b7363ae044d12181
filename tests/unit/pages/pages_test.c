/* Damage of every kind to a file and its log, as it would be found after a crash or a night on a bad disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "pages/pages.h"
#include "unit/broker/scratch.h"

#define assert_ok(call) assert_int_equal((call).code, CODE_OK)
#define assert_code(call, expected) assert_int_equal((call).code, (expected))

enum { FRAME = 4096 + 24, LOG_HEADER = 32, ROWS = 40 };

struct fixture {
	struct scratch live, crashed;
	char *path, *crashed_path;
	sqlite3 *handle;
	struct err err;
};

static void run(sqlite3 *handle, const char *text)
{
	assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
}

static sqlite3 *open_marked(const char *path)
{
	sqlite3 *handle = NULL;
	assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, pages_vfs(true)), SQLITE_OK);
	sqlite3_extended_result_codes(handle, 1);
	return handle;
}

/* Rows of some 3 KB: interior pages, leaves, overflow; then deleted ones for the free list. */
static void fill(sqlite3 *handle)
{
	run(handle, "CREATE TABLE thing(number INTEGER PRIMARY KEY, value BLOB NOT NULL)");
	for (int i = 1; i <= ROWS; i++) {
		char *text = sqlite3_mprintf("INSERT INTO thing VALUES (%d, randomblob(%d))", i, 500 + 200 * i);
		run(handle, text);
		sqlite3_free(text);
	}
	run(handle, "DELETE FROM thing WHERE number % 10 = 0");
}

static int set_up(void **state)
{
	struct fixture *fixture = mem_alloc(sizeof(*fixture));
	scratch_make(&fixture->live);
	scratch_make(&fixture->crashed);
	fixture->path = scratch_path(&fixture->live, "thing.db");
	fixture->crashed_path = scratch_path(&fixture->crashed, "thing.db");
	fixture->handle = open_marked(fixture->path);
	assert_int_equal(pages_claim(fixture->handle), SQLITE_OK);
	run(fixture->handle, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON");
	sqlite3_wal_autocheckpoint(fixture->handle, 0);
	fill(fixture->handle);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	sqlite3_close(fixture->handle);
	scratch_remove(&fixture->live);
	scratch_remove(&fixture->crashed);
	mem_free(fixture->path);
	mem_free(fixture->crashed_path);
	mem_free(fixture);
	return 0;
}

/* What a program that starts from the crashed folder and reads everything says; *ret_rows when it is fine. */
static enum code start(struct fixture *fixture, int *ret_rows)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *statement = NULL;
	fixture->err = (struct err){.code = CODE_OK};
	int rows = 0, rc = sqlite3_open_v2(fixture->crashed_path, &handle, SQLITE_OPEN_READWRITE, pages_vfs(true));
	sqlite3_extended_result_codes(handle, 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(handle, "SELECT number, value FROM thing", -1, &statement, NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
		rc = sqlite3_column_blob(statement, 1) ? SQLITE_OK : sqlite3_extended_errcode(handle);
		rows++;
	}
	result r = rc == SQLITE_DONE || rc == SQLITE_OK ? OK : pages_failure(handle, fixture->crashed_path, rc, &fixture->err);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	*ret_rows = rows;
	return r.code;
}

static void flip(uint8_t *at)
{
	*at ^= 0x04;
}

/* The file alone, everything copied into it. */
static void closed_file(struct fixture *fixture, struct buf *ret)
{
	run(fixture->handle, "PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_close(fixture->handle);
	fixture->handle = NULL;
	assert_false(scratch_has(&fixture->live, "thing.db-wal"));
	scratch_copy(&fixture->live, &fixture->crashed);
	scratch_read(&fixture->live, "thing.db", ret);
}

static void every_flipped_bit_of_the_file_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	int rows = 0;
	int64_t pages = 0;
	closed_file(fixture, &file);
	assert_int_equal(start(fixture, &rows), CODE_OK);
	assert_int_equal(rows, ROWS - ROWS / 10);
	for (size_t at = 0; at < file.len; at += 211) {
		flip(&file.at[at]);
		scratch_write(&fixture->crashed, "thing.db", buf_bytes(&file));
		flip(&file.at[at]);
		assert_code(pages_check(fixture->crashed_path, &pages, &fixture->err), CODE_CORRUPT);
		assert_string_equal(fixture->err.field, fixture->crashed_path);
		char *named = mem_printf("page %zu ", at / 4096 + 1);
		assert_non_null(strstr(fixture->err.reason, named));
		mem_free(named);
		enum code code = start(fixture, &rows);
		/* A page of the free list holds nothing and is not read here. */
		assert_true(code == CODE_CORRUPT || rows == ROWS - ROWS / 10);
	}
	buf_done(&file);
}

static void a_page_in_the_place_of_another_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	int rows = 0;
	closed_file(fixture, &file);
	memcpy(file.at + 2 * 4096, file.at + 3 * 4096, 4096);
	scratch_write(&fixture->crashed, "thing.db", buf_bytes(&file));
	assert_int_equal(start(fixture, &rows), CODE_CORRUPT);
	assert_non_null(strstr(fixture->err.reason, "page 3 "));
	buf_done(&file);
}

static void a_file_that_is_cut_short_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	int rows = 0;
	closed_file(fixture, &file);
	for (size_t len = 4096; len < file.len; len += 4096 * 3 + 17) {
		scratch_write(&fixture->crashed, "thing.db", bytes_of(file.at, len));
		assert_int_equal(start(fixture, &rows), CODE_CORRUPT);
	}
	buf_done(&file);
}

static void every_flipped_bit_of_the_log_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct buf log;
	int rows = 0;
	scratch_copy(&fixture->live, &fixture->crashed);
	scratch_read(&fixture->live, "thing.db-wal", &log);
	for (size_t at = 0; at < log.len; at += at < 3 * FRAME ? 97 : 1009) {
		flip(&log.at[at]);
		scratch_write(&fixture->crashed, "thing.db-wal", buf_bytes(&log));
		flip(&log.at[at]);
		assert_int_equal(start(fixture, &rows), CODE_CORRUPT);
		assert_non_null(strstr(fixture->err.field, "thing.db-wal"));
	}
	scratch_write(&fixture->crashed, "thing.db-wal", buf_bytes(&log));
	assert_int_equal(start(fixture, &rows), CODE_OK);
	assert_int_equal(rows, ROWS - ROWS / 10);
	buf_done(&log);
}

static void a_log_that_is_cut_or_gone_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct buf log;
	int rows = 0;
	scratch_copy(&fixture->live, &fixture->crashed);
	scratch_read(&fixture->live, "thing.db-wal", &log);
	for (size_t len = 0; len < log.len; len += 5 * FRAME + 11) {
		scratch_write(&fixture->crashed, "thing.db-wal", bytes_of(log.at, len));
		assert_int_equal(start(fixture, &rows), CODE_CORRUPT);
	}
	scratch_unlink(&fixture->crashed, "thing.db-wal");
	assert_int_equal(start(fixture, &rows), CODE_CORRUPT);
	buf_done(&log);
}

/* Without the mark, as after a power cut that took it: the end may be torn, the middle may not. */
static void a_torn_end_is_legal_after_a_power_cut_and_a_damaged_middle_is_not(void **state)
{
	struct fixture *fixture = *state;
	struct buf log;
	int rows = 0;
	scratch_copy(&fixture->live, &fixture->crashed);
	scratch_unlink(&fixture->crashed, "thing.db-mark");
	scratch_read(&fixture->live, "thing.db-wal", &log);
	struct bytes torn = bytes_of(log.at, log.len - 100);
	scratch_write(&fixture->crashed, "thing.db-wal", torn);
	assert_int_equal(start(fixture, &rows), CODE_OK);
	assert_int_equal(rows, ROWS); /* the last transaction was the deletion */
	size_t frames = (log.len - LOG_HEADER) / FRAME;
	for (size_t frame = 0; frame + 40 < frames; frame += 7) {
		scratch_copy(&fixture->live, &fixture->crashed);
		if (scratch_has(&fixture->crashed, "thing.db-shm"))
			scratch_unlink(&fixture->crashed, "thing.db-shm");
		scratch_unlink(&fixture->crashed, "thing.db-mark");
		for (size_t at = 0; at < FRAME; at += 1300) {
			size_t where = LOG_HEADER + frame * FRAME + at;
			flip(&log.at[where]);
			scratch_write(&fixture->crashed, "thing.db-wal", buf_bytes(&log));
			flip(&log.at[where]);
			assert_int_equal(start(fixture, &rows), CODE_CORRUPT);
			scratch_unlink(&fixture->crashed, "thing.db-mark");
		}
	}
	buf_done(&log);
}

static void the_end_of_a_transaction_that_was_not_synced_is_no_damage(void **state)
{
	struct fixture *fixture = *state;
	int rows = 0;
	run(fixture->handle, "PRAGMA cache_size=4; BEGIN; UPDATE thing SET value = randomblob(2000); UPDATE thing SET value = randomblob(3000)");
	scratch_copy(&fixture->live, &fixture->crashed);
	assert_int_equal(start(fixture, &rows), CODE_OK);
	assert_int_equal(rows, ROWS - ROWS / 10);
	run(fixture->handle, "COMMIT"); /* with frames that were written twice */
	scratch_copy(&fixture->live, &fixture->crashed);
	assert_int_equal(start(fixture, &rows), CODE_OK);
}

static void a_page_of_the_log_is_verified_while_the_program_runs(void **state)
{
	struct fixture *fixture = *state;
	struct buf log;
	char *name = scratch_path(&fixture->live, "thing.db-wal");
	sqlite3 *reader = NULL;
	int found = 0;
	scratch_read(&fixture->live, "thing.db-wal", &log);
	for (size_t at = LOG_HEADER + 24 + 2000; at < log.len; at += FRAME) {
		FILE *file = fopen(name, "r+b");
		assert_non_null(file);
		assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
		assert_int_equal(fputc(log.at[at] ^ 0x20, file), log.at[at] ^ 0x20);
		assert_int_equal(fclose(file), 0);
	}
	assert_int_equal(sqlite3_open_v2(fixture->path, &reader, SQLITE_OPEN_READONLY, pages_vfs(false)), SQLITE_OK);
	sqlite3_extended_result_codes(reader, 1);
	int rc = sqlite3_exec(reader, "SELECT sum(length(value)) FROM thing", NULL, NULL, NULL);
	assert_code(pages_failure(reader, fixture->path, rc, &fixture->err), CODE_CORRUPT);
	assert_non_null(strstr(fixture->err.reason, "of the log"));
	rc = sqlite3_wal_checkpoint_v2(fixture->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	found += FAILED(pages_failure(fixture->handle, fixture->path, rc, &fixture->err));
	assert_int_equal(found, 1); /* nothing damaged is copied into the file */
	sqlite3_close(reader);
	scratch_write(&fixture->live, "thing.db-wal", buf_bytes(&log));
	mem_free(name);
	buf_done(&log);
}

static void a_log_that_holds_what_the_file_lacks_is_not_removed(void **state)
{
	struct fixture *fixture = *state;
	int rows = 0;
	scratch_copy(&fixture->live, &fixture->crashed);
	scratch_write(&fixture->crashed, "thing.db", BYTES_NONE); /* SQLite would remove the log of an empty file */
	assert_int_equal(start(fixture, &rows), CODE_CORRUPT);
	assert_true(scratch_has(&fixture->crashed, "thing.db-wal"));
}

static void a_plain_file_gets_checksums_and_keeps_what_it_holds(void **state)
{
	struct fixture *fixture = *state;
	enum pages_kind kind;
	sqlite3 *handle = NULL;
	int rows = 0;
	int64_t pages = 0;
	assert_int_equal(sqlite3_open(fixture->crashed_path, &handle), SQLITE_OK);
	run(handle, "PRAGMA journal_mode=WAL; PRAGMA application_id=77; PRAGMA user_version=5");
	fill(handle);
	scratch_copy(&fixture->crashed, &fixture->crashed);
	sqlite3_close(handle);
	assert_ok(pages_look(fixture->crashed_path, &kind, &fixture->err));
	assert_int_equal(kind, PAGES_PLAIN);
	assert_ok(pages_renew(fixture->crashed_path, &fixture->err));
	assert_ok(pages_look(fixture->crashed_path, &kind, &fixture->err));
	assert_int_equal(kind, PAGES_CHECKED);
	assert_ok(pages_check(fixture->crashed_path, &pages, &fixture->err));
	assert_true(pages > 10);
	assert_int_equal(start(fixture, &rows), CODE_OK);
	assert_int_equal(rows, ROWS - ROWS / 10);
	assert_false(scratch_has(&fixture->crashed, "thing.db-new"));
}

static void a_damaged_plain_file_is_left_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	enum pages_kind kind;
	sqlite3 *handle = NULL;
	struct buf file;
	assert_int_equal(sqlite3_open(fixture->crashed_path, &handle), SQLITE_OK);
	fill(handle);
	sqlite3_close(handle);
	scratch_read(&fixture->crashed, "thing.db", &file);
	memset(file.at + 2 * 4096, 0x5a, 16);
	scratch_write(&fixture->crashed, "thing.db", buf_bytes(&file));
	assert_code(pages_renew(fixture->crashed_path, &fixture->err), CODE_CORRUPT);
	assert_ok(pages_look(fixture->crashed_path, &kind, &fixture->err));
	assert_int_equal(kind, PAGES_PLAIN);
	assert_false(scratch_has(&fixture->crashed, "thing.db-new"));
	buf_done(&file);
}

static void a_copy_is_one_moments_state_and_verifies(void **state)
{
	struct fixture *fixture = *state;
	int rows = 0;
	int64_t pages = 0;
	run(fixture->handle, "BEGIN; DELETE FROM thing"); /* not committed: not in the copy */
	assert_ok(pages_copy(fixture->path, fixture->crashed_path, &fixture->err));
	assert_code(pages_copy(fixture->path, fixture->crashed_path, &fixture->err), CODE_IO);
	run(fixture->handle, "ROLLBACK");
	assert_ok(pages_check(fixture->crashed_path, &pages, &fixture->err));
	assert_ok(pages_integrity(fixture->crashed_path, &fixture->err));
	assert_false(scratch_has(&fixture->crashed, "thing.db-wal") || scratch_has(&fixture->crashed, "thing.db-shm")); /* who reads a copy leaves nothing */
	assert_int_equal(start(fixture, &rows), CODE_OK);
	assert_int_equal(rows, ROWS - ROWS / 10);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_flipped_bit_of_the_file_is_found),
		TEST(a_page_in_the_place_of_another_is_found),
		TEST(a_file_that_is_cut_short_is_found),
		TEST(every_flipped_bit_of_the_log_is_found),
		TEST(a_log_that_is_cut_or_gone_is_found),
		TEST(a_torn_end_is_legal_after_a_power_cut_and_a_damaged_middle_is_not),
		TEST(the_end_of_a_transaction_that_was_not_synced_is_no_damage),
		TEST(a_page_of_the_log_is_verified_while_the_program_runs),
		TEST(a_log_that_holds_what_the_file_lacks_is_not_removed),
		TEST(a_plain_file_gets_checksums_and_keeps_what_it_holds),
		TEST(a_damaged_plain_file_is_left_as_it_is),
		TEST(a_copy_is_one_moments_state_and_verifies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
