#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "broker/store/store_map.h"

static void set(struct store_map *map, const char *key, const char *value)
{
	store_map_set(map, bytes_text(key), bytes_text(value));
}

/* All rows in order as "key=value key=value ". */
static void assert_rows(const struct store_map *map, bool committed_only, const char *expected)
{
	struct store_map_found row;
	struct buf told;
	struct bytes key = BYTES_NONE;
	buf_init(&told, 4096);
	while (store_map_next(map, key, false, committed_only, &row)) {
		buf_add(&told, row.key);
		buf_add_byte(&told, '=');
		buf_add(&told, row.value);
		buf_add_byte(&told, ' ');
		key = row.key;
	}
	buf_add_byte(&told, 0);
	assert_string_equal((char *)told.at, expected);
	buf_done(&told);
}

static void rows_come_in_the_order_of_their_keys(void **state)
{
	struct store_map map = {{NULL, 0, 0}, {NULL, 0, 0}};
	(void)state;
	set(&map, "b", "2");
	set(&map, "ab", "3");
	store_map_commit(&map);
	set(&map, "a", "1");
	set(&map, "c", "4");
	assert_rows(&map, false, "a=1 ab=3 b=2 c=4 ");
	assert_rows(&map, true, "ab=3 b=2 ");
	store_map_done(&map);
}

static void the_open_transaction_hides_what_is_below(void **state)
{
	struct store_map map = {{NULL, 0, 0}, {NULL, 0, 0}};
	struct store_map_found row;
	(void)state;
	set(&map, "a", "1");
	set(&map, "b", "1");
	store_map_commit(&map);
	set(&map, "a", "2");
	store_map_remove(&map, BYTES_LIT("b"));
	store_map_remove(&map, BYTES_LIT("never there"));
	assert_rows(&map, false, "a=2 ");
	assert_rows(&map, true, "a=1 b=1 ");
	assert_false(store_map_get(&map, BYTES_LIT("b"), false, &row));
	assert_true(store_map_get(&map, BYTES_LIT("b"), true, &row));
	store_map_rollback(&map);
	assert_rows(&map, false, "a=1 b=1 ");
	store_map_remove(&map, BYTES_LIT("a"));
	set(&map, "a", "3");
	store_map_remove(&map, BYTES_LIT("b"));
	store_map_commit(&map);
	assert_rows(&map, true, "a=3 ");
	store_map_done(&map);
}

static void a_key_may_be_included_or_left_out(void **state)
{
	struct store_map map = {{NULL, 0, 0}, {NULL, 0, 0}};
	struct store_map_found row;
	(void)state;
	set(&map, "a", "1");
	set(&map, "c", "3");
	assert_true(store_map_next(&map, BYTES_LIT("a"), true, false, &row));
	assert_true(bytes_is(row.key, "a"));
	assert_true(store_map_next(&map, BYTES_LIT("a"), false, false, &row));
	assert_true(bytes_is(row.key, "c"));
	assert_true(store_map_next(&map, BYTES_LIT("b"), true, false, &row));
	assert_true(bytes_is(row.key, "c"));
	assert_false(store_map_next(&map, BYTES_LIT("c"), false, false, &row));
	store_map_done(&map);
}

static void the_last_row_is_of_the_layer_that_is_asked(void **state)
{
	struct store_map map = {{NULL, 0, 0}, {NULL, 0, 0}};
	struct store_map_found row;
	(void)state;
	assert_false(store_map_last(&map, false, &row));
	set(&map, "1", "");
	assert_false(store_map_last(&map, true, &row));
	assert_true(store_map_last(&map, false, &row));
	store_map_commit(&map);
	set(&map, "2", "");
	assert_true(store_map_last(&map, true, &row) && bytes_is(row.key, "1"));
	assert_true(store_map_last(&map, false, &row) && bytes_is(row.key, "2"));
	store_map_done(&map);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_in_the_order_of_their_keys),
		cmocka_unit_test(the_open_transaction_hides_what_is_below),
		cmocka_unit_test(a_key_may_be_included_or_left_out),
		cmocka_unit_test(the_last_row_is_of_the_layer_that_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
