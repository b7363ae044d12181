#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conformance/store_fixture.h"

static void put_row(struct suite *suite, enum store_space space, struct bytes key, struct bytes value)
{
	assert_ok(store_row_put(suite->store, space, key, value, &suite->err));
}

#define LIT BYTES_LIT

/* Whether the space has exactly that value under the key; NULL: no such row. */
static void assert_row(struct suite *suite, struct store *store, enum store_space space, const char *key, const char *value)
{
	bool found = !value;
	assert_ok(store_row_get(store, space, bytes_text(key), &suite->hold, &found, &suite->err));
	assert_int_equal(found, value != NULL);
	if (value)
		assert_true(bytes_is(buf_bytes(&suite->hold), value));
}

/* "key=value " of every row, the keys as they follow each other. */
static const char *walk(struct suite *suite, struct store *store, enum store_space space, const char *prefix, const char *after)
{
	static char text[512];
	struct bytes key = bytes_text(after), value;
	bool found = true;
	text[0] = 0;
	for (;;) {
		assert_ok(store_row_next(store, space, bytes_text(prefix), key, &suite->hold, &found, &key, &value, &suite->err));
		if (!found)
			return text;
		size_t used = strlen(text);
		snprintf(text + used, sizeof(text) - used, "%.*s=%.*s ", (int)key.len, (const char *)key.at, (int)value.len,
		         value.len ? (const char *)value.at : "");
	}
}

static void a_row_is_what_was_put_last(void **state)
{
	struct suite *suite = *state;
	assert_row(suite, suite->store, STORE_RECORDS, "k", NULL);
	begin(suite);
	put_row(suite, STORE_RECORDS, LIT("k"), LIT("one"));
	put_row(suite, STORE_RECORDS, LIT("k"), LIT("another"));
	put_row(suite, STORE_RECORDS, LIT("empty"), BYTES_NONE);
	assert_row(suite, suite->store, STORE_RECORDS, "k", "another");
	commit(suite);
	assert_row(suite, suite->store, STORE_RECORDS, "k", "another");
	assert_row(suite, suite->store, STORE_RECORDS, "empty", "");
	begin(suite);
	put_row(suite, STORE_RECORDS, LIT("k"), BYTES_NONE);
	commit(suite);
	assert_row(suite, suite->store, STORE_RECORDS, "k", "");
}

static void spaces_do_not_know_of_each_other(void **state)
{
	struct suite *suite = *state;
	begin(suite);
	for (int space = STORE_RECORDS; space < STORE_SPACE_COUNT; space++) {
		const char digit[] = {(char)('0' + space), 0};
		put_row(suite, (enum store_space)space, LIT("k"), bytes_text(digit));
	}
	commit(suite);
	for (int space = STORE_RECORDS; space < STORE_SPACE_COUNT; space++) {
		const char expected[] = {'k', '=', (char)('0' + space), ' ', 0};
		assert_string_equal(walk(suite, suite->store, (enum store_space)space, "", ""), expected);
	}
}

static void rows_follow_each_other_as_bytes_do(void **state)
{
	struct suite *suite = *state;
	begin(suite);
	put_row(suite, STORE_PERSONS, LIT("b"), LIT("3"));
	put_row(suite, STORE_PERSONS, LIT("\xff"), LIT("5"));
	put_row(suite, STORE_PERSONS, LIT("a"), LIT("1"));
	commit(suite);
	begin(suite);
	put_row(suite, STORE_PERSONS, LIT("ba"), LIT("4"));
	put_row(suite, STORE_PERSONS, LIT("aa"), LIT("2"));
	assert_string_equal(walk(suite, suite->store, STORE_PERSONS, "", ""), "a=1 aa=2 b=3 ba=4 \xff=5 ");
	commit(suite);
	assert_string_equal(walk(suite, suite->store, STORE_PERSONS, "", ""), "a=1 aa=2 b=3 ba=4 \xff=5 ");
}

static void a_walk_keeps_to_its_prefix_and_begins_after_a_key(void **state)
{
	static const struct {
		const char *prefix, *after, *rows;
	} cases[] = {
	    {"b", "", "b= ba= bb= "}, {"b", "b", "ba= bb= "},
	    {"b", "ba", "bb= "},      {"b", "baa", "bb= "},
	    {"b", "bb", ""},          {"b", "a", "b= ba= bb= "},
	    {"b", "c", ""},           {"bc", "", ""},
	    {"", "b", "ba= bb= c= "}, {"d", "", ""},
	    {"", "zz", ""},           {"ba", "ba", ""},
	};
	struct suite *suite = *state;
	begin(suite);
	put_row(suite, STORE_PERSONS, LIT("a"), BYTES_NONE);
	put_row(suite, STORE_PERSONS, LIT("b"), BYTES_NONE);
	put_row(suite, STORE_PERSONS, LIT("ba"), BYTES_NONE);
	put_row(suite, STORE_PERSONS, LIT("bb"), BYTES_NONE);
	put_row(suite, STORE_PERSONS, LIT("c"), BYTES_NONE);
	commit(suite);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *rows = walk(suite, suite->store, STORE_PERSONS, cases[i].prefix, cases[i].after);
		if (strcmp(rows, cases[i].rows) != 0)
			fail_msg("prefix \"%s\" after \"%s\": %s", cases[i].prefix, cases[i].after, rows);
	}
}

static void assert_count(struct suite *suite, struct store *store, const char *prefix, int64_t expected)
{
	int64_t count = -1;
	assert_ok(store_row_count(store, STORE_HELD, bytes_text(prefix), &count, &suite->err));
	assert_int_equal(count, expected);
}

static void rows_are_counted_by_what_their_keys_begin_with(void **state)
{
	struct suite *suite = *state;
	struct store *reader = NULL;
	assert_count(suite, suite->store, "", 0);
	begin(suite);
	put_row(suite, STORE_HELD, LIT("a"), LIT("1"));
	put_row(suite, STORE_HELD, LIT("ab"), LIT("1"));
	put_row(suite, STORE_HELD, LIT("ab\xff\xff"), LIT("1"));
	put_row(suite, STORE_HELD, LIT("b"), LIT("1"));
	put_row(suite, STORE_HELD, LIT("\xff"), LIT("1"));
	put_row(suite, STORE_DEADLINES, LIT("ab"), LIT("1"));
	assert_count(suite, suite->store, "ab", 2);
	commit(suite);
	assert_ok(store_reader(suite->store, &reader, &suite->err));
	assert_count(suite, reader, "", 5);
	assert_count(suite, reader, "a", 3);
	assert_count(suite, reader, "\xff", 1);
	assert_count(suite, reader, "c", 0);
	store_close(reader);
	begin(suite);
	assert_ok(store_row_drop(suite->store, STORE_HELD, LIT("ab"), &suite->err));
	commit(suite);
	assert_count(suite, suite->store, "a", 2);
}

static void keys_and_values_may_hold_zero_bytes(void **state)
{
	struct suite *suite = *state;
	struct bytes key, value;
	bool found = false;
	begin(suite);
	put_row(suite, STORE_HELD, LIT("a"), LIT("1"));
	put_row(suite, STORE_HELD, LIT("a\0"), LIT("2\0"));
	put_row(suite, STORE_HELD, LIT("a\0b"), LIT("3"));
	commit(suite);
	assert_ok(store_row_next(suite->store, STORE_HELD, LIT("a"), LIT("a"), &suite->hold, &found, &key, &value, &suite->err));
	assert_true(found && bytes_equal(key, LIT("a\0")) && bytes_equal(value, LIT("2\0")));
	assert_ok(store_row_next(suite->store, STORE_HELD, LIT("a\0"), key, &suite->hold, &found, &key, &value, &suite->err));
	assert_true(found && bytes_equal(key, LIT("a\0b")));
}

static void a_row_that_was_dropped_is_gone_and_one_that_is_not_there_may_be_dropped(void **state)
{
	struct suite *suite = *state;
	begin(suite);
	put_row(suite, STORE_HELD, LIT("a"), LIT("1"));
	put_row(suite, STORE_HELD, LIT("b"), LIT("2"));
	commit(suite);
	begin(suite);
	assert_ok(store_row_drop(suite->store, STORE_HELD, LIT("a"), &suite->err));
	assert_ok(store_row_drop(suite->store, STORE_HELD, LIT("z"), &suite->err));
	assert_string_equal(walk(suite, suite->store, STORE_HELD, "", ""), "b=2 ");
	commit(suite);
	assert_string_equal(walk(suite, suite->store, STORE_HELD, "", ""), "b=2 ");
}

static void a_rollback_brings_the_rows_back(void **state)
{
	struct suite *suite = *state;
	begin(suite);
	put_row(suite, STORE_HELD, LIT("a"), LIT("1"));
	put_row(suite, STORE_HELD, LIT("b"), LIT("2"));
	commit(suite);
	begin(suite);
	assert_ok(store_row_drop(suite->store, STORE_HELD, LIT("a"), &suite->err));
	put_row(suite, STORE_HELD, LIT("b"), LIT("changed"));
	put_row(suite, STORE_HELD, LIT("c"), LIT("new"));
	store_rollback(suite->store);
	assert_string_equal(walk(suite, suite->store, STORE_HELD, "", ""), "a=1 b=2 ");
}

static void a_reader_sees_committed_rows_only_and_cannot_write_any(void **state)
{
	struct suite *suite = *state;
	struct store *reader = NULL;
	begin(suite);
	put_row(suite, STORE_HELD, LIT("a"), LIT("1"));
	put_row(suite, STORE_HELD, LIT("b"), LIT("2"));
	commit(suite);
	assert_ok(store_reader(suite->store, &reader, &suite->err));
	begin(suite);
	put_row(suite, STORE_HELD, LIT("a"), LIT("changed"));
	put_row(suite, STORE_HELD, LIT("c"), LIT("3"));
	assert_ok(store_row_drop(suite->store, STORE_HELD, LIT("b"), &suite->err));
	assert_string_equal(walk(suite, reader, STORE_HELD, "", ""), "a=1 b=2 ");
	assert_row(suite, reader, STORE_HELD, "c", NULL);
	commit(suite);
	assert_string_equal(walk(suite, reader, STORE_HELD, "", ""), "a=changed c=3 ");
	assert_code(store_row_put(reader, STORE_HELD, LIT("a"), LIT("x"), &suite->err), CODE_USAGE);
	assert_code(store_row_drop(reader, STORE_HELD, LIT("a"), &suite->err), CODE_USAGE);
	store_close(reader);
}

static void writing_rows_needs_a_transaction(void **state)
{
	struct suite *suite = *state;
	assert_code(store_row_put(suite->store, STORE_HELD, LIT("a"), LIT("x"), &suite->err), CODE_USAGE);
	assert_code(store_row_drop(suite->store, STORE_HELD, LIT("a"), &suite->err), CODE_USAGE);
	assert_row(suite, suite->store, STORE_HELD, "a", NULL);
}

static void rows_beyond_the_bounds_are_refused_and_spoil_nothing(void **state)
{
	static uint8_t large[STORE_VALUE_MAX + 1];
	struct suite *suite = *state;
	struct store *store = suite->store;
	struct err *err = &suite->err;
	struct bytes key, value;
	struct buf hold;
	bool found = false;
	buf_init(&hold, STORE_VALUE_MAX + STORE_KEY_MAX);
	begin(suite);
	assert_code(store_row_put(store, (enum store_space)0, LIT("a"), LIT("x"), err), CODE_TOO_LARGE);
	assert_code(store_row_put(store, STORE_SPACE_COUNT, LIT("a"), LIT("x"), err), CODE_TOO_LARGE);
	assert_code(store_row_put(store, STORE_HELD, BYTES_NONE, LIT("x"), err), CODE_TOO_LARGE);
	assert_code(store_row_put(store, STORE_HELD, bytes_of(large, STORE_KEY_MAX + 1), LIT("x"), err), CODE_TOO_LARGE);
	assert_code(store_row_put(store, STORE_HELD, LIT("a"), bytes_of(large, sizeof(large)), err), CODE_TOO_LARGE);
	assert_code(store_row_get(store, STORE_SPACE_COUNT, LIT("a"), &hold, &found, err), CODE_TOO_LARGE);
	assert_code(store_row_get(store, STORE_HELD, BYTES_NONE, &hold, &found, err), CODE_TOO_LARGE);
	assert_code(store_row_next(store, STORE_SPACE_COUNT, BYTES_NONE, BYTES_NONE, &hold, &found, &key, &value, err),
	            CODE_TOO_LARGE);
	assert_code(
	    store_row_next(store, STORE_HELD, bytes_of(large, STORE_KEY_MAX + 1), BYTES_NONE, &hold, &found, &key, &value, err),
	    CODE_TOO_LARGE);
	assert_code(store_row_drop(store, (enum store_space)99, LIT("a"), err), CODE_TOO_LARGE);
	put_row(suite, STORE_HELD, bytes_of(large, STORE_KEY_MAX), bytes_of(large, STORE_VALUE_MAX));
	commit(suite);
	assert_ok(
	    store_row_next(store, STORE_HELD, bytes_of(large, STORE_KEY_MAX), BYTES_NONE, &hold, &found, &key, &value, err));
	assert_true(found && key.len == STORE_KEY_MAX && value.len == STORE_VALUE_MAX);
	buf_done(&hold);
}

static void a_hold_that_is_too_small_for_a_row_spoils_nothing(void **state)
{
	struct suite *suite = *state;
	struct bytes key, value;
	struct buf small;
	bool found = false;
	buf_init(&small, 4);
	begin(suite);
	put_row(suite, STORE_HELD, LIT("key"), LIT("value"));
	assert_code(store_row_get(suite->store, STORE_HELD, LIT("key"), &small, &found, &suite->err), CODE_TOO_LARGE);
	assert_code(store_row_next(suite->store, STORE_HELD, BYTES_NONE, BYTES_NONE, &small, &found, &key, &value, &suite->err),
	            CODE_TOO_LARGE);
	commit(suite);
	assert_row(suite, suite->store, STORE_HELD, "key", "value");
	buf_done(&small);
}

int main(void)
{
	static const struct promise promises[] = {
	    PROMISE(a_row_is_what_was_put_last),
	    PROMISE(spaces_do_not_know_of_each_other),
	    PROMISE(rows_follow_each_other_as_bytes_do),
	    PROMISE(a_walk_keeps_to_its_prefix_and_begins_after_a_key),
	    PROMISE(rows_are_counted_by_what_their_keys_begin_with),
	    PROMISE(keys_and_values_may_hold_zero_bytes),
	    PROMISE(a_row_that_was_dropped_is_gone_and_one_that_is_not_there_may_be_dropped),
	    PROMISE(a_rollback_brings_the_rows_back),
	    PROMISE(a_reader_sees_committed_rows_only_and_cannot_write_any),
	    PROMISE(writing_rows_needs_a_transaction),
	    PROMISE(rows_beyond_the_bounds_are_refused_and_spoil_nothing),
	    PROMISE(a_hold_that_is_too_small_for_a_row_spoils_nothing),
	};
	return ask_all(promises, sizeof(promises) / sizeof(*promises));
}
