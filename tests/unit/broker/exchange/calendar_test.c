/* Business days, with weekends, holidays, the changes of the clock, and leap days. */
#include "unit/broker/exchange/exchange_fixture.h"

static struct calendar *calendar_with(const char *timezone, const char *const *dates, size_t count)
{
	struct settings settings = {.party = NULL};
	struct calendar *calendar = NULL;
	struct err err = {.reason = ""};
	settings.calendar.timezone = (char *)(uintptr_t)timezone;
	settings.calendar.holidays = (struct conf_texts){(char **)(uintptr_t)dates, count};
	if (FAILED(calendar_new(&settings, &calendar, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	return calendar;
}

static const char *const holidays_2026[] = {"2026-12-25", "2026-05-25", "2026-11-26", "2026-07-03", "2026-11-11"};

static void counts_business_days_to_the_end_of_the_last(void **state)
{
	static const struct {
		const char *from;
		int64_t days;
		const char *due;
	} cases[] = {
		{"2026-03-02T14:00:00Z", 1, "2026-03-04T04:59:59.999Z"},  /* Monday, to Tuesday */
		{"2026-03-02T04:59:59Z", 1, "2026-03-03T04:59:59.999Z"},  /* still Sunday there */
		{"2026-03-06T14:00:00Z", 1, "2026-03-10T03:59:59.999Z"},  /* over a weekend in which the clock goes forward */
		{"2026-03-07T14:00:00Z", 1, "2026-03-10T03:59:59.999Z"},  /* on a Saturday */
		{"2026-03-08T14:00:00Z", 1, "2026-03-10T03:59:59.999Z"},  /* on a Sunday */
		{"2026-03-02T14:00:00Z", 5, "2026-03-10T03:59:59.999Z"},
		{"2026-03-02T14:00:00Z", 14, "2026-03-21T03:59:59.999Z"},
		{"2026-05-22T14:00:00Z", 1, "2026-05-27T03:59:59.999Z"},  /* Friday, weekend, a holiday */
		{"2026-05-25T14:00:00Z", 1, "2026-05-27T03:59:59.999Z"},  /* on the holiday */
		{"2026-10-30T14:00:00Z", 1, "2026-11-03T04:59:59.999Z"},  /* over the weekend in which it goes back */
		{"2026-11-24T14:00:00Z", 2, "2026-11-28T04:59:59.999Z"},  /* Wednesday, Friday */
		{"2026-12-24T14:00:00Z", 1, "2026-12-29T04:59:59.999Z"},
		{"2026-12-31T14:00:00Z", 1, "2027-01-02T04:59:59.999Z"},
		{"2028-02-28T14:00:00Z", 1, "2028-03-01T04:59:59.999Z"},  /* Tuesday the 29th */
		{"2028-02-28T14:00:00Z", 2, "2028-03-02T04:59:59.999Z"},
		{"2027-02-26T14:00:00Z", 1, "2027-03-02T04:59:59.999Z"},  /* no 29th */
		{"2027-02-26T14:00:00Z", 2, "2027-03-03T04:59:59.999Z"},
	};
	(void)state;
	static const char *const zones[] = {"America/New_York", "EST5EDT,M3.2.0,M11.1.0"};
	for (size_t zone = 0; zone < 2; zone++) {
		struct calendar *calendar = calendar_with(zones[zone], holidays_2026, 5);
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			char due[CLOCK_TEXT_MAX];
			const struct catalogue_span span = {.business_days = cases[i].days};
			clock_text(calendar_after(calendar, &span, fixture_at(cases[i].from)), due);
			if (strcmp(due, cases[i].due) != 0)
				fail_msg("%s: %s and %lld days are %s", zones[zone], cases[i].from, (long long)cases[i].days, due);
		}
		calendar_free(calendar);
	}
}

static void ends_a_day_that_is_an_hour_short_or_long_at_its_own_end(void **state)
{
	struct calendar *calendar = calendar_with("America/New_York", NULL, 0);
	int64_t begins, ends;
	static const struct {
		const char *day;
		int64_t hours;
	} cases[] = {{"2026-03-07", 24}, {"2026-03-08", 23}, {"2026-11-01", 25}, {"2026-11-02", 24}, {"2044-03-13", 23}, {"2044-11-06", 25}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_ok(calendar_read(calendar, bytes_text(cases[i].day), false, &begins, NULL));
		assert_ok(calendar_read(calendar, bytes_text(cases[i].day), true, &ends, NULL));
		assert_int_equal(ends - begins + 1, cases[i].hours * FIXTURE_HOUR);
	}
	calendar_free(calendar);
}

static void leaves_plain_durations_alone(void **state)
{
	struct calendar *calendar = calendar_with("America/New_York", holidays_2026, 5);
	const struct catalogue_span span = {.ms = 45 * FIXTURE_DAY};
	(void)state;
	assert_int_equal(calendar_after(calendar, &span, 1000), 1000 + 45 * FIXTURE_DAY);
	calendar_free(calendar);
}

static void bounds_a_span_that_nobody_means(void **state)
{
	struct calendar *calendar = calendar_with("America/New_York", NULL, 0);
	const struct catalogue_span span = {.business_days = INT64_MAX}, most = {.business_days = CALENDAR_BUSINESS_DAYS_MAX};
	(void)state;
	assert_int_equal(calendar_after(calendar, &span, 0), calendar_after(calendar, &most, 0));
	calendar_free(calendar);
}

static void reads_instants_and_refuses_what_is_neither(void **state)
{
	struct calendar *calendar = calendar_with("America/New_York", NULL, 0);
	static const char *const bad[] = {"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "tomorrow", "2026-03-02T25:00:00Z"};
	int64_t at = 0;
	(void)state;
	assert_ok(calendar_read(calendar, BYTES_LIT("2026-03-02T09:00:00-05:00"), true, &at, NULL));
	assert_int_equal(at, fixture_at("2026-03-02T14:00:00Z"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!FAILED(calendar_read(calendar, bytes_text(bad[i]), true, &at, NULL)))
			fail_msg("%s was read", bad[i]);
	calendar_free(calendar);
}

static void knows_the_years_of_which_it_has_holidays(void **state)
{
	struct calendar *calendar = calendar_with("America/New_York", holidays_2026, 5);
	(void)state;
	assert_true(calendar_is_covered(calendar, fixture_at("2026-06-01T12:00:00Z")));
	assert_true(calendar_is_covered(calendar, fixture_at("2027-01-01T04:59:59Z"))); /* there it is still the last evening */
	assert_false(calendar_is_covered(calendar, fixture_at("2027-01-01T05:00:00Z")));
	assert_false(calendar_is_covered(calendar, fixture_at("2025-12-31T12:00:00Z")));
	assert_int_equal(calendar_year(calendar, fixture_at("2027-01-01T04:59:59Z")), 2026);
	calendar_free(calendar);
}

static void refuses_a_zone_or_a_date_that_there_is_not(void **state)
{
	static const char *const dates[] = {"2026-02-30"};
	struct settings settings = {.party = NULL};
	struct calendar *calendar = NULL;
	struct err err;
	(void)state;
	settings.calendar.timezone = (char *)(uintptr_t) "America/Hartford";
	assert_code(calendar_new(&settings, &calendar, &err), CODE_CONFIG);
	assert_string_equal(err.field, "calendar.timezone");
	settings.calendar.timezone = (char *)(uintptr_t) "America/New_York";
	settings.calendar.holidays = (struct conf_texts){(char **)(uintptr_t)dates, 1};
	assert_code(calendar_new(&settings, &calendar, &err), CODE_CONFIG);
	assert_string_equal(err.field, "calendar.holidays");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_business_days_to_the_end_of_the_last),
		cmocka_unit_test(ends_a_day_that_is_an_hour_short_or_long_at_its_own_end),
		cmocka_unit_test(leaves_plain_durations_alone),
		cmocka_unit_test(bounds_a_span_that_nobody_means),
		cmocka_unit_test(reads_instants_and_refuses_what_is_neither),
		cmocka_unit_test(knows_the_years_of_which_it_has_holidays),
		cmocka_unit_test(refuses_a_zone_or_a_date_that_there_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
