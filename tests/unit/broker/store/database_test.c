/* The SQLite file by itself; what it does in crashes and on full disks is in store_sqlite_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/store/database.h"
#include "unit/broker/scratch.h"

#define assert_ok(call) assert_int_equal((call).code, CODE_OK)
#define assert_code(call, expected) assert_int_equal((call).code, (expected))

enum { ADD, ALL, ADD_MANY, NO_SUCH_TABLE, STATEMENTS };

static const char *const statements[STATEMENTS] = {
	[ADD] = "INSERT INTO thing(number, name, value) VALUES (?, ?, ?)",
	[ALL] = "SELECT number, name, value FROM thing ORDER BY number",
	[ADD_MANY] = "UPDATE thing SET value = x''",
	[NO_SUCH_TABLE] = "SELECT 1 FROM elsewhere",
};

struct fixture {
	struct scratch scratch;
	char *path;
	struct database *database;
	struct err err;
};

static result open_file(struct fixture *fixture, bool readonly, int version, bool must_exist, struct database **ret)
{
	struct database_options options = {
		.path = fixture->path,
		.readonly = readonly,
		.durable = true,
		.must_exist = must_exist,
		.application = 77,
		.version = version,
		.schema = "CREATE TABLE thing(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value BLOB NOT NULL) STRICT;",
		.statements = statements,
		.statements_count = STATEMENTS,
	};
	return database_open(&options, ret, &fixture->err);
}

static int set_up(void **state)
{
	struct fixture *fixture = mem_alloc(sizeof(*fixture));
	scratch_make(&fixture->scratch);
	fixture->path = scratch_path(&fixture->scratch, "thing.db");
	assert_ok(open_file(fixture, false, 1, false, &fixture->database));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	database_close(fixture->database);
	scratch_remove(&fixture->scratch);
	mem_free(fixture->path);
	mem_free(fixture);
	return 0;
}

static result add(struct fixture *fixture, int64_t number, struct bytes name, struct bytes value)
{
	struct sqlite3_stmt *statement;
	TRY(database_query(fixture->database, ADD, &statement, &fixture->err));
	database_bind_int(statement, 1, number);
	database_bind_text(statement, 2, name);
	database_bind_bytes(statement, 3, value);
	return database_run(fixture->database, statement, &fixture->err);
}

static int count(struct fixture *fixture)
{
	struct sqlite3_stmt *statement;
	bool row = true;
	int rows = -1;
	assert_ok(database_query(fixture->database, ALL, &statement, &fixture->err));
	for (; row; rows++)
		assert_ok(database_step(fixture->database, statement, &row, &fixture->err));
	return rows;
}

static void a_row_is_read_as_it_was_bound(void **state)
{
	struct fixture *fixture = *state;
	struct sqlite3_stmt *statement;
	bool row = false;
	assert_ok(add(fixture, INT64_MIN, BYTES_LIT("a\0b"), bytes_of("\0\xff", 2)));
	assert_ok(add(fixture, INT64_MAX, BYTES_NONE, BYTES_NONE));
	assert_ok(database_query(fixture->database, ALL, &statement, &fixture->err));
	assert_ok(database_step(fixture->database, statement, &row, &fixture->err));
	assert_true(row);
	assert_true(database_int(statement, 0) == INT64_MIN);
	assert_true(bytes_equal(database_bytes(statement, 1), BYTES_LIT("a\0b")));
	assert_true(bytes_equal(database_bytes(statement, 2), bytes_of("\0\xff", 2)));
	assert_ok(database_step(fixture->database, statement, &row, &fixture->err));
	assert_true(row);
	assert_true(database_int(statement, 0) == INT64_MAX);
	assert_int_equal(database_bytes(statement, 1).len, 0);
	assert_int_equal(database_bytes(statement, 2).len, 0);
	assert_ok(database_step(fixture->database, statement, &row, &fixture->err));
	assert_false(row);
}

static void a_key_that_is_there_is_a_duplicate(void **state)
{
	struct fixture *fixture = *state;
	assert_ok(add(fixture, 1, BYTES_LIT("a"), BYTES_NONE));
	assert_code(add(fixture, 1, BYTES_LIT("b"), BYTES_NONE), CODE_DUPLICATE);
	assert_code(add(fixture, 2, BYTES_LIT("a"), BYTES_NONE), CODE_DUPLICATE);
	assert_string_equal(fixture->err.field, fixture->path);
	assert_ok(add(fixture, 2, BYTES_LIT("b"), BYTES_NONE));
}

static void a_rollback_ends_statements_that_are_under_way(void **state)
{
	struct fixture *fixture = *state;
	struct sqlite3_stmt *statement;
	bool row = false;
	assert_ok(add(fixture, 1, BYTES_LIT("a"), BYTES_NONE));
	assert_ok(database_begin(fixture->database, &fixture->err));
	assert_ok(add(fixture, 2, BYTES_LIT("b"), BYTES_NONE));
	assert_ok(database_query(fixture->database, ALL, &statement, &fixture->err));
	assert_ok(database_step(fixture->database, statement, &row, &fixture->err));
	database_rollback(fixture->database);
	database_rollback(fixture->database); /* there is nothing left to roll back */
	assert_int_equal(count(fixture), 1);
}

static void it_tells_how_many_rows_changed(void **state)
{
	struct fixture *fixture = *state;
	struct sqlite3_stmt *statement;
	assert_ok(add(fixture, 1, BYTES_LIT("a"), BYTES_NONE));
	assert_ok(add(fixture, 2, BYTES_LIT("b"), BYTES_NONE));
	assert_ok(database_query(fixture->database, ADD_MANY, &statement, &fixture->err));
	assert_ok(database_run(fixture->database, statement, &fixture->err));
	assert_int_equal(database_changes(fixture->database), 2);
}

static void tables_that_are_missing_are_corruption(void **state)
{
	struct fixture *fixture = *state;
	struct sqlite3_stmt *statement;
	assert_code(database_query(fixture->database, NO_SUCH_TABLE, &statement, &fixture->err), CODE_CORRUPT);
	assert_string_equal(fixture->err.field, fixture->path);
	assert_int_equal(count(fixture), 0);
}

static void the_version_is_judged_before_anything_is_touched(void **state)
{
	struct fixture *fixture = *state;
	struct database *other = NULL;
	assert_code(open_file(fixture, false, 2, false, &other), CODE_VERSION);
	assert_code(open_file(fixture, true, 2, false, &other), CODE_VERSION);
	assert_ok(open_file(fixture, true, 1, false, &other));
	database_close(other);
}

static void a_reader_cannot_write(void **state)
{
	struct fixture *fixture = *state;
	struct database *writer = fixture->database;
	fixture->database = NULL;
	assert_ok(open_file(fixture, true, 1, false, &fixture->database));
	assert_code(add(fixture, 1, BYTES_LIT("a"), BYTES_NONE), CODE_PERMISSION);
	assert_int_equal(count(fixture), 0);
	database_close(writer);
}

static void a_second_writer_is_busy(void **state)
{
	struct fixture *fixture = *state;
	struct database *second = NULL;
	assert_ok(open_file(fixture, false, 1, false, &second));
	assert_ok(database_begin(fixture->database, &fixture->err));
	assert_code(database_begin(second, &fixture->err), CODE_BUSY);
	assert_ok(database_commit(fixture->database, &fixture->err));
	assert_ok(database_begin(second, &fixture->err));
	database_close(second); /* rolls back */
	assert_ok(database_begin(fixture->database, &fixture->err));
	assert_ok(database_commit(fixture->database, &fixture->err));
}

static void what_must_exist_is_not_made(void **state)
{
	struct fixture *fixture = *state;
	database_close(fixture->database);
	fixture->database = NULL;
	assert_int_equal(unlink(fixture->path), 0);
	assert_code(open_file(fixture, false, 1, true, &fixture->database), CODE_CORRUPT);
	assert_code(open_file(fixture, true, 1, false, &fixture->database), CODE_NOT_FOUND);
	assert_false(scratch_has(&fixture->scratch, "thing.db"));
	scratch_write(&fixture->scratch, "thing.db", BYTES_NONE);
	assert_code(open_file(fixture, false, 1, true, &fixture->database), CODE_CORRUPT);
	assert_code(open_file(fixture, true, 1, false, &fixture->database), CODE_NOT_FOUND);
	assert_ok(open_file(fixture, false, 1, false, &fixture->database));
}

static void a_flush_empties_the_log(void **state)
{
	struct fixture *fixture = *state;
	assert_ok(add(fixture, 1, BYTES_LIT("a"), BYTES_NONE));
	assert_true(scratch_size(&fixture->scratch, "thing.db-wal") > 0);
	assert_ok(database_flush(fixture->database, &fixture->err));
	assert_int_equal(scratch_size(&fixture->scratch, "thing.db-wal"), 0);
	assert_int_equal(count(fixture), 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_row_is_read_as_it_was_bound),
		TEST(a_key_that_is_there_is_a_duplicate),
		TEST(a_rollback_ends_statements_that_are_under_way),
		TEST(it_tells_how_many_rows_changed),
		TEST(tables_that_are_missing_are_corruption),
		TEST(the_version_is_judged_before_anything_is_touched),
		TEST(a_reader_cannot_write),
		TEST(a_second_writer_is_busy),
		TEST(what_must_exist_is_not_made),
		TEST(a_flush_empties_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
