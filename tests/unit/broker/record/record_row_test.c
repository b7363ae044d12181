#include "record_fixture.h"

#include "broker/record/record_row.h"

static struct record_row_key key_of(int64_t number)
{
	struct record_row_key key = {.len = 0};
	record_row_key_add(&key, BYTES_LIT("r"));
	record_row_key_number(&key, number);
	return key;
}

/* Whatever a byte of a row turns into, it is read as a record or said to be damaged. */
static void a_damaged_row_is_told_from_a_record(void **state)
{
	struct record_fixture *fixture = *state;
	struct record_row_key key = key_of(1);
	struct record *record = NULL;
	struct buf row;
	bool found = false;
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1','sid':'S1'}", NULL, 1, 1});
	buf_init(&row, STORE_VALUE_MAX);
	assert_ok(store_row_get(fixture->store, STORE_RECORDS, record_row_key_view(&key), &row, &found, &fixture->err));
	assert_true(found);
	assert_ok(store_begin(fixture->store, &fixture->err));
	for (size_t i = 0; i < row.len; i++) {
		uint8_t kept = row.at[i];
		row.at[i] = 0xc1; /* which msgpack never uses */
		assert_ok(
		    store_row_put(fixture->store, STORE_RECORDS, record_row_key_view(&key), buf_bytes(&row), &fixture->err));
		result r = record_row_load(fixture->store, 1, &record, &fixture->err);
		if (FAILED(r))
			assert_int_equal(r.code, CODE_CORRUPT);
		else
			record_row_free(record);
		assert_ok(
		    store_row_put(fixture->store, STORE_RECORDS, record_row_key_view(&key), bytes_of(row.at, i), &fixture->err));
		assert_int_equal(record_row_load(fixture->store, 1, &record, &fixture->err).code, CODE_CORRUPT);
		row.at[i] = kept;
	}
	store_rollback(fixture->store);
	assert_ok(record_row_load(fixture->store, 1, &record, &fixture->err));
	assert_true(bytes_is(record->state, "active"));
	record_row_free(record);
	assert_int_equal(record_row_load(fixture->store, 2, &record, &fixture->err).code,
	                 CODE_CORRUPT); /* a name leads to it, and it is not there */
	buf_done(&row);
}

static void a_record_has_only_so_many_names(void **state)
{
	struct record_fixture *fixture = *state;
	char subject[128];
	struct shown shown;
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1'}", NULL, 0, 1});
	for (int i = 1; i <= RECORD_NAMES_MAX + 5; i++) {
		snprintf(subject, sizeof(subject), "{'nic':'N1','warrant_no':'W%d'}", i);
		say_fine(fixture, {"w.modify/1", A, subject, NULL, i, 1 + i});
	}
	show(fixture, "warrant", "warrant_no", "W31", &shown);
	assert_int_equal(shown.count, 1);
	show(fixture, "warrant", "warrant_no", "W32", &shown);
	assert_int_equal(shown.count, 0);
}

static void keys_that_do_not_fit_are_refused_by_the_store(void **state)
{
	struct record_fixture *fixture = *state;
	struct record_row_key key = {.len = 0};
	for (int i = 0; i < 100; i++)
		record_row_key_text(&key, BYTES_LIT("0123456789"));
	assert_true(key.len > STORE_KEY_MAX);
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_int_equal(store_row_put(fixture->store, STORE_RECORDS, record_row_key_view(&key), BYTES_NONE, &fixture->err).code,
	                 CODE_TOO_LARGE);
	store_rollback(fixture->store);
}

static void a_counter_goes_on_after_a_rollback_where_it_was(void **state)
{
	struct record_fixture *fixture = *state;
	int64_t number = 0;
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(record_row_number(fixture->store, STORE_PERSONS, &number, &fixture->err));
	assert_int_equal(number, 1);
	store_rollback(fixture->store);
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(record_row_number(fixture->store, STORE_PERSONS, &number, &fixture->err));
	assert_int_equal(number, 1);
	assert_ok(record_row_number(fixture->store, STORE_PERSONS, &number, &fixture->err));
	assert_int_equal(number, 2);
	assert_ok(record_row_number(fixture->store, STORE_RECORDS, &number, &fixture->err));
	assert_int_equal(number, 1);
	assert_ok(store_row_put(fixture->store, STORE_RECORDS, BYTES_LIT("c"), BYTES_LIT("\xa1x"), &fixture->err));
	assert_int_equal(record_row_number(fixture->store, STORE_RECORDS, &number, &fixture->err).code, CODE_CORRUPT);
	store_rollback(fixture->store);
}

static void numbers_are_listed_once(void **state)
{
	struct record_numbers numbers = {.at = NULL};
	(void)state;
	for (int64_t i = 0; i < 40; i++)
		assert_true(record_numbers_add(&numbers, i));
	for (int64_t i = 0; i < 40; i++)
		assert_false(record_numbers_add(&numbers, i));
	assert_int_equal(numbers.count, 40);
	assert_int_equal(numbers.at[39], 39);
	record_numbers_done(&numbers);
	assert_int_equal(numbers.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_damaged_row_is_told_from_a_record),
	    TEST(a_record_has_only_so_many_names),
	    TEST(keys_that_do_not_fit_are_refused_by_the_store),
	    TEST(a_counter_goes_on_after_a_rollback_where_it_was),
	    TEST(numbers_are_listed_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
