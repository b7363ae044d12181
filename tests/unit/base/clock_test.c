#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/clock.h"

static void writes_times_of_all_years(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{INT64_C(1772356500000), "2026-03-01T09:15:00.000Z"},
		{INT64_C(951782400123), "2000-02-29T00:00:00.123Z"},
		{INT64_C(951868800000), "2000-03-01T00:00:00.000Z"},
		{INT64_C(4107542399999), "2100-02-28T23:59:59.999Z"},
		{INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
		{INT64_C(-62135596800000), "0001-01-01T00:00:00.000Z"},
		{INT64_C(-2203891200001), "1900-02-28T23:59:59.999Z"},
		{INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[CLOCK_TEXT_MAX];
		assert_string_equal(clock_text(rows[i].ms, text), rows[i].text);
		int64_t back = 1;
		assert_false(FAILED(clock_parse(bytes_text(rows[i].text), &back, NULL)));
		assert_int_equal(back, rows[i].ms);
	}
}

static void days_of_ten_thousand_years_read_back(void **state)
{
	(void)state;
	/* Every 13th day meets each day of the calendar many times. */
	const int64_t step = INT64_C(13) * 86400000;
	char before[CLOCK_TEXT_MAX] = "";
	for (int64_t ms = INT64_C(-62135596800000); ms < INT64_C(253402300799999); ms += step) {
		char text[CLOCK_TEXT_MAX];
		int64_t back = 0;
		assert_true(strcmp(before, clock_text(ms, text)) < 0);
		assert_false(FAILED(clock_parse(bytes_text(text), &back, NULL)));
		assert_int_equal(back, ms);
		memcpy(before, text, sizeof text);
	}
}

static void times_beyond_the_years_are_held_at_their_ends(void **state)
{
	(void)state;
	char text[CLOCK_TEXT_MAX];
	assert_string_equal(clock_text(INT64_MIN, text), "0001-01-01T00:00:00.000Z");
	assert_string_equal(clock_text(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
}

static void reads_offsets_fractions_and_bare_dates(void **state)
{
	(void)state;
	static const struct {
		const char *text, *same_as;
	} rows[] = {
		{"2026-03-01", "2026-03-01T00:00:00.000Z"},
		{"2026-03-01T09:15:00Z", "2026-03-01T09:15:00.000Z"},
		{"2026-03-01t09:15:00z", "2026-03-01T09:15:00.000Z"},
		{"2026-03-01T04:15:00-05:00", "2026-03-01T09:15:00.000Z"},
		{"2026-03-01T14:45:00+05:30", "2026-03-01T09:15:00.000Z"},
		{"2026-01-01T00:00:00+00:01", "2025-12-31T23:59:00.000Z"},
		{"2026-03-01T09:15:00-00:00", "2026-03-01T09:15:00.000Z"},
		{"2026-03-01T09:15:00.5Z", "2026-03-01T09:15:00.500Z"},
		{"2026-03-01T09:15:00.0019999999999Z", "2026-03-01T09:15:00.001Z"},
		{"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
		{"2015-06-30T23:59:60.25Z", "2015-07-01T00:00:00.250Z"},
		{"1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000Z"},
		{"2024-02-29", "2024-02-29T00:00:00.000Z"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t ms = 0;
		char text[CLOCK_TEXT_MAX];
		assert_false(FAILED(clock_parse(bytes_text(rows[i].text), &ms, NULL)));
		assert_string_equal(clock_text(ms, text), rows[i].same_as);
	}
}

static void refuses_what_is_no_time(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "2026", "2026-3-1", "2026-03", "2026-03-01T", "2026-03-01T09", "2026-03-01T09:15", "2026-03-01T09:15:00",
		"2026-03-01 09:15:00Z",
		"2026-03-01T09:15:00.Z", "2026-03-01T09:15:00.5", "2026-03-01T09:15:00ZZ", "2026-03-01Z", "2026-03-01 ", " 2026-03-01",
		"2026-13-01", "2026-00-01", "2026-03-00", "2026-03-32", "2026-04-31", "2025-02-29", "1900-02-29", "2100-02-29", "0000-01-01",
		"2026-03-01T24:00:00Z", "2026-03-01T09:60:00Z", "2026-03-01T09:15:61Z", "2026-03-01T09:15:60Z", "2026-03-31T23:59:60Z",
		"2016-12-31T23:59:60-01:00", "2026-03-01T09:15:00+24:00", "2026-03-01T09:15:00+05:60", "2026-03-01T09:15:00+0530",
		"2026-03-01T09:15:00+05", "2026-03-01T09:15:00+", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
		"9999-12-31T23:59:60Z", "+026-03-01", "-026-03-01", "20260301", "2026/03/01", "2026-03-01T9:15:00Z", "12026-03-01",
		"2026-03-01T09:15:00,5Z", "2026-03-01T0 :15:00Z", "\xd9\xa2\xd9\xa0-03-01",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		int64_t ms = 42;
		struct err err;
		result got = clock_parse(bytes_text(texts[i]), &ms, &err);
		if (got.code != CODE_MALFORMED)
			fail_msg("'%s' was read", texts[i]);
		assert_int_equal(ms, 42);
		assert_true(strlen(err.reason) > 0);
	}
	int64_t ms = 42;
	assert_true(FAILED(clock_parse(BYTES_LIT("2026-03-01\0"), &ms, NULL)));
	assert_true(FAILED(clock_parse(BYTES_LIT("2026\0" "03-01"), &ms, NULL)));
}

static void the_reason_names_what_is_wrong(void **state)
{
	(void)state;
	int64_t ms = 0;
	struct err err;
	assert_true(FAILED(clock_parse(BYTES_LIT("2025-02-29"), &ms, &err)));
	assert_non_null(strstr(err.reason, "no such day"));
	assert_true(FAILED(clock_parse(BYTES_LIT("2025-02-28T10:00:00"), &ms, &err)));
	assert_non_null(strstr(err.reason, "offset"));
}

static void *read_clock(void *seen)
{
	*(int64_t *)seen = clock_wall_ms();
	return NULL;
}

static void a_frozen_clock_stands_until_it_is_turned(void **state)
{
	(void)state;
	clock_freeze(1000);
	assert_int_equal(clock_wall_ms(), 1000);
	assert_int_equal(clock_mono_ms(), 1000);
	assert_int_equal(clock_mono_us(), 1000000);
	clock_turn(250);
	assert_int_equal(clock_wall_ms(), 1250);
	assert_int_equal(clock_mono_ms(), 1250);
	int64_t seen = 0;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, read_clock, &seen), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(seen, 1250);
	clock_release();
	assert_true(clock_wall_ms() > INT64_C(1700000000000));
}

static void *turn_often(void *unused)
{
	for (int i = 0; i < 10000; i++)
		clock_turn(1);
	return unused;
}

static void no_turn_is_lost_between_threads(void **state)
{
	(void)state;
	clock_freeze(0);
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, turn_often, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(clock_wall_ms(), 40000);
	clock_release();
}

static void the_machines_clock_is_not_turned(void **state)
{
	(void)state;
	int64_t before = clock_wall_ms();
	clock_turn(INT64_C(1000000000));
	assert_true(clock_wall_ms() - before < INT64_C(1000000000));
	int64_t mono = clock_mono_us();
	assert_true(clock_mono_us() >= mono);
	assert_true(clock_mono_ms() >= mono / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_times_of_all_years),
		cmocka_unit_test(days_of_ten_thousand_years_read_back),
		cmocka_unit_test(times_beyond_the_years_are_held_at_their_ends),
		cmocka_unit_test(reads_offsets_fractions_and_bare_dates),
		cmocka_unit_test(refuses_what_is_no_time),
		cmocka_unit_test(the_reason_names_what_is_wrong),
		cmocka_unit_test(a_frozen_clock_stands_until_it_is_turned),
		cmocka_unit_test(no_turn_is_lost_between_threads),
		cmocka_unit_test(the_machines_clock_is_not_turned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
