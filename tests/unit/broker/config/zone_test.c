/* Zones by file and by rule, against instants that are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "broker/config/zone.h"

enum { HOUR = 3600, DAY = 86400 };

static struct zone *open_zone(const char *name)
{
	struct zone *zone = NULL;
	struct err err = {.reason = ""};
	if (FAILED(zone_open(name, &zone, &err)))
		fail_msg("%s: %s", name, err.reason);
	return zone;
}

static int64_t seconds(const char *time)
{
	int64_t ms = 0;
	assert_int_equal(clock_parse(bytes_text(time), &ms, NULL).code, CODE_OK);
	return ms / 1000;
}

static void knows_the_offset_at_an_instant(void **state)
{
	static const struct {
		const char *zone, *at;
		int64_t offset;
	} cases[] = {
		{"America/New_York", "2026-01-15T12:00:00Z", -5 * HOUR},
		{"America/New_York", "2026-07-15T12:00:00Z", -4 * HOUR},
		{"America/New_York", "2026-03-08T06:59:59Z", -5 * HOUR},
		{"America/New_York", "2026-03-08T07:00:00Z", -4 * HOUR},
		{"America/New_York", "2026-11-01T05:59:59Z", -4 * HOUR},
		{"America/New_York", "2026-11-01T06:00:00Z", -5 * HOUR},
		{"America/New_York", "2006-03-20T12:00:00Z", -5 * HOUR}, /* summer began in April then */
		{"America/New_York", "2006-04-03T12:00:00Z", -4 * HOUR},
		{"America/New_York", "2090-03-12T06:59:59Z", -5 * HOUR},
		{"America/New_York", "2090-03-12T07:00:00Z", -4 * HOUR},
		{"America/New_York", "1800-01-01T00:00:00Z", -17762},
		{"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -5 * HOUR},
		{"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -4 * HOUR},
		{"EST5EDT4,M3.2.0/2:00:00,M11.1.0/2", "2026-11-01T06:00:00Z", -5 * HOUR},
		{"EST5EDT,J60,J305", "2028-02-29T12:00:00Z", -5 * HOUR}, /* J60 is the first of March in leap years too */
		{"EST5EDT,J60,J305", "2028-03-01T12:00:00Z", -4 * HOUR},
		{"EST5EDT,59,304", "2028-02-29T12:00:00Z", -4 * HOUR},   /* day 59, counted from 0, is the 29th then */
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", HOUR},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 2 * HOUR},
		{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-15T00:00:00Z", 11 * HOUR}, /* summer over the new year */
		{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-06-15T00:00:00Z", 10 * HOUR + HOUR / 2},
		{"EST5", "2026-07-15T12:00:00Z", -5 * HOUR},
		{"America/Phoenix", "2026-07-15T12:00:00Z", -7 * HOUR},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct zone *zone = open_zone(cases[i].zone);
		int64_t offset = zone_offset(zone, seconds(cases[i].at));
		if (offset != cases[i].offset)
			fail_msg("%s at %s: %lld", cases[i].zone, cases[i].at, (long long)offset);
		zone_free(zone);
	}
}

static void turns_local_time_back(void **state)
{
	static const struct {
		const char *local, *utc;
	} cases[] = {
		{"2026-01-15T00:00:00Z", "2026-01-15T05:00:00Z"}, {"2026-07-15T00:00:00Z", "2026-07-15T04:00:00Z"},
		{"2026-03-08T01:59:59Z", "2026-03-08T06:59:59Z"}, {"2026-03-08T02:30:00Z", "2026-03-08T07:30:00Z"}, /* there is none */
		{"2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z"}, {"2026-11-01T01:30:00Z", "2026-11-01T06:30:00Z"}, /* twice: the later */
		{"2026-11-01T00:59:59Z", "2026-11-01T04:59:59Z"}, {"2026-11-02T00:00:00Z", "2026-11-02T05:00:00Z"},
	};
	(void)state;
	struct zone *zone = open_zone("America/New_York");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (zone_utc(zone, seconds(cases[i].local)) != seconds(cases[i].utc))
			fail_msg("%s", cases[i].local);
	zone_free(zone);
}

static void agrees_with_its_file_by_its_rule(void **state)
{
	(void)state;
	struct zone *file = open_zone("America/New_York"), *rule = open_zone("EST5EDT,M3.2.0,M11.1.0");
	for (int64_t at = seconds("2007-03-01"); at < seconds("2060-01-01"); at += DAY / 4 + 7)
		assert_int_equal(zone_offset(file, at), zone_offset(rule, at));
	zone_free(file);
	zone_free(rule);
}

static void refuses_what_is_no_zone(void **state)
{
	static const char *const names[] = {"", "America/Hartford", "../../etc/passwd", "/etc/localtime", "America", "leapseconds", "Hartford time",
	                                    "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0",
	                                    "EST5EDT,M3.2.0,M11.1.0,", "EST,M3.2.0,M11.1.0", "EST25", "ES5", "<EST5", "EST5EDT,J0,J366",
	                                    "EST5EDT,J1,366", "EST5EDT,M3.2.0/168,M11.1.0", "EST5:60"};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct zone *zone = NULL;
		struct err err = {.reason = ""};
		if (zone_open(names[i], &zone, &err).code != CODE_CONFIG || zone || !err.reason[0])
			fail_msg("%s: %s", names[i], err.reason);
	}
}

static void counts_days_there_and_back(void **state)
{
	(void)state;
	for (int64_t day = zone_days((struct zone_date){1890, 1, 1}), before = day - 1; day < 60000; before = day++) {
		struct zone_date date = zone_date_of(day), last = zone_date_of(before);
		assert_int_equal(zone_days(date), day);
		assert_true(date.day == last.day + 1 || (date.day == 1 && (date.month == last.month + 1 || (date.month == 1 && last.month == 12))));
	}
	assert_int_equal(zone_days((struct zone_date){1970, 1, 1}), 0);
	assert_int_equal(zone_days((struct zone_date){2000, 3, 1}), 11017);
}

static void reads_a_date_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		bool is_date;
	} cases[] = {{"2026-11-26", true},  {"2028-02-29", true},  {"2026-02-29", false}, {"2100-02-29", false}, {"2000-02-29", true},  {"2026-04-31", false},
	             {"2026-00-10", false}, {"2026-13-10", false}, {"2026-11-00", false}, {"2026-11-26T", false}, {"26-11-26", false}, {"2026/11/26", false},
	             {"2026-1126-", false}, {"", false},           {"-026-11-26", false}, {"2026-+1-26", false}};
	int64_t days;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (zone_read_date(bytes_text(cases[i].text), &days) != cases[i].is_date)
			fail_msg("%s", cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_offset_at_an_instant),  cmocka_unit_test(turns_local_time_back),
		cmocka_unit_test(agrees_with_its_file_by_its_rule), cmocka_unit_test(refuses_what_is_no_zone),
		cmocka_unit_test(counts_days_there_and_back),      cmocka_unit_test(reads_a_date_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
