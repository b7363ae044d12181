#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/broker/index/index_fixture.h"

static void it_tells_how_far_it_is_behind(void **state)
{
	struct fixture *fixture = *state;
	bool more = false;
	for (uint8_t n = 1; n <= 5; n++)
		accept(fixture, n, n, 0, POLICE, NULL, NULL);
	assert_int_equal(behind(fixture), 5);
	assert_ok(index_catch_up(fixture->index, 2, &more, &fixture->err));
	assert_true(more);
	assert_int_equal(behind(fixture), 3);
	assert_ok(index_catch_up(fixture->index, 3, &more, &fixture->err));
	assert_false(more);
	assert_int_equal(behind(fixture), 0);
	assert_ok(index_catch_up(fixture->index, 3, &more, &fixture->err));
	assert_false(more);
}

static void what_is_not_committed_is_not_indexed(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_entry entry = {.kind = LEDGER_STARTED};
	int64_t number;
	bool more = true;
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(ledger_append(fixture->ledger, &entry, &number, &fixture->err));
	assert_ok(index_catch_up(fixture->index, 10, &more, &fixture->err));
	assert_false(more);
	store_rollback(fixture->store);
	ledger_rolled_back(fixture->ledger);
	accept(fixture, 1, 1, 0, POLICE, NULL, NULL);
	catch_up(fixture);
	assert_ok(trace_id(fixture, 1));
}

static void restart_index(struct fixture *fixture)
{
	index_close(fixture->index);
	fixture->index = NULL;
	open_index(fixture);
}

static void it_goes_on_where_it_was(void **state)
{
	struct fixture *fixture = *state;
	accept(fixture, 1, 1, 0, POLICE, NULL, NULL);
	catch_up(fixture);
	restart_index(fixture);
	assert_int_equal(behind(fixture), 0);
	accept(fixture, 2, 2, 0, POLICE, NULL, NULL);
	assert_int_equal(behind(fixture), 1);
	catch_up(fixture);
	assert_ok(trace_id(fixture, 1));
	assert_ok(trace_id(fixture, 2));
}

static void fill_and_close(struct fixture *fixture)
{
	for (uint8_t n = 1; n <= 5; n++)
		accept(fixture, n, 1, 0, POLICE, CLINIC, "SID7");
	catch_up(fixture);
	index_close(fixture->index);
	fixture->index = NULL;
}

static void assert_rebuilt(struct fixture *fixture)
{
	open_index(fixture);
	catch_up(fixture);
	assert_ok(trace(fixture, "SID7", 100));
	assert_rows(fixture, (const uint8_t[]){1, 2, 3, 4, 5}, 5);
}

static void it_is_rebuilt_when_its_file_is_gone(void **state)
{
	struct fixture *fixture = *state;
	fill_and_close(fixture);
	assert_ok(trace(fixture, "SID7", 100));
	close_view(fixture);
	scratch_unlink(&fixture->scratch, "index.db");
	open_view(fixture);
	assert_code(trace(fixture, "SID7", 100), CODE_BUSY);
	assert_int_equal(behind(fixture), 5);
	assert_rebuilt(fixture);
}

static void it_is_rebuilt_when_its_file_is_damaged(void **state)
{
	struct fixture *fixture = *state;
	static const size_t kept[] = {0, 1, 99, 100, 4096, 8192};
	fill_and_close(fixture);
	struct buf file;
	scratch_read(&fixture->scratch, "index.db", &file);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		close_view(fixture);
		scratch_write(&fixture->scratch, "index.db", bytes_of(file.at, kept[i]));
		open_view(fixture);
		assert_rebuilt(fixture);
		index_close(fixture->index);
		fixture->index = NULL;
	}
	close_view(fixture);
	scratch_write(&fixture->scratch, "index.db", BYTES_LIT("This is a text and no database, however long it may be."));
	open_view(fixture);
	assert_rebuilt(fixture);
	buf_done(&file);
}

static void it_is_rebuilt_when_it_is_of_another_version(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	fill_and_close(fixture);
	scratch_read(&fixture->scratch, "index.db", &file);
	file.at[60 + 3] = 77; /* user_version */
	scratch_write(&fixture->scratch, "index.db", buf_bytes(&file));
	buf_done(&file);
	assert_rebuilt(fixture);
}

static void it_is_rebuilt_when_damage_shows_while_it_is_filled(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	fill_and_close(fixture);
	scratch_read(&fixture->scratch, "index.db", &file);
	/* All pages but those of the schema and of the state, so that it opens. */
	memset(file.at + 2 * 4096, 0xee, file.len - 2 * 4096);
	scratch_write(&fixture->scratch, "index.db", buf_bytes(&file));
	buf_done(&file);
	open_index(fixture);
	accept(fixture, 6, 1, 0, POLICE, NULL, NULL);
	catch_up(fixture);
	assert_ok(trace(fixture, "SID7", 100));
	assert_int_equal(fixture->rows_count, 6);
}

/* The store of a backup: a ledger of its own with `entries` entries instead of the one that was indexed. */
static void replace_ledger(struct fixture *fixture, uint8_t entries)
{
	close_view(fixture);
	ledger_close(fixture->ledger);
	store_close(fixture->store);
	scratch_unlink(&fixture->scratch, "store.db");
	scratch_unlink(&fixture->scratch, "store.lock");
	open_ledger(fixture);
	open_view(fixture);
	for (uint8_t n = 1; n <= entries; n++)
		accept(fixture, (uint8_t)(n + 100), 101, 0, POLICE, NULL, "SID9");
}

static void it_is_rebuilt_when_it_is_ahead_of_the_ledger(void **state)
{
	struct fixture *fixture = *state;
	fill_and_close(fixture);
	replace_ledger(fixture, 2);
	open_index(fixture);
	catch_up(fixture);
	assert_ok(trace(fixture, "SID9", 100));
	assert_int_equal(fixture->rows_count, 2);
	assert_code(trace(fixture, "SID7", 100), CODE_NOT_FOUND);
}

static void it_is_rebuilt_when_the_ledger_is_another(void **state)
{
	struct fixture *fixture = *state;
	fill_and_close(fixture);
	replace_ledger(fixture, 9);
	open_index(fixture);
	catch_up(fixture);
	assert_ok(trace(fixture, "SID9", 100));
	assert_int_equal(fixture->rows_count, 9);
	assert_code(trace(fixture, "SID7", 100), CODE_NOT_FOUND);
}

static void a_view_follows_to_the_file_that_was_made_anew(void **state)
{
	struct fixture *fixture = *state;
	fill_and_close(fixture);
	assert_ok(trace(fixture, "SID7", 100)); /* the view has the old file open */
	scratch_unlink(&fixture->scratch, "index.db");
	assert_rebuilt(fixture);
	accept(fixture, 6, 1, 0, POLICE, NULL, NULL);
	catch_up(fixture);
	assert_ok(trace(fixture, "SID7", 100));
	assert_int_equal(fixture->rows_count, 6);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(it_tells_how_far_it_is_behind),
		TEST(what_is_not_committed_is_not_indexed),
		TEST(it_goes_on_where_it_was),
		TEST(it_is_rebuilt_when_its_file_is_gone),
		TEST(it_is_rebuilt_when_its_file_is_damaged),
		TEST(it_is_rebuilt_when_it_is_of_another_version),
		TEST(it_is_rebuilt_when_damage_shows_while_it_is_filled),
		TEST(it_is_rebuilt_when_it_is_ahead_of_the_ledger),
		TEST(it_is_rebuilt_when_the_ledger_is_another),
		TEST(a_view_follows_to_the_file_that_was_made_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
