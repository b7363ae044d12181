#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/when.h"

static void knows_formats_that_ask_for_everything_once(void **state)
{
	static const char *const good_dates[] = {"MM/DD/YYYY", "M/D/YYYY", "YYYY-MM-DD", "YYYYMMDD", "DD.MM.YYYY"};
	static const char *const bad_dates[] = {"",
	                                        "MM/DD",
	                                        "MM/DD/YY",
	                                        "MMM/DD/YYYY",
	                                        "MM/MM/YYYY",
	                                        "MM/DD/YYYYY",
	                                        "mm/dd/yyyy",
	                                        "MM/DD/YYYY9",
	                                        "MM/DD/YYYY 0123456789 0123456789 012"};
	static const char *const good_times[] = {"HH:MM", "H:MM AP", "HHMM", "HH:MM:SS"};
	static const char *const bad_times[] = {"", "HH", "HH:MM:MM", "hh:mm", "HH:M", "HH:MM PM"};
	(void)state;
	for (size_t i = 0; i < sizeof(good_dates) / sizeof(*good_dates); i++)
		assert_null(when_date_format_fault(good_dates[i]));
	for (size_t i = 0; i < sizeof(bad_dates) / sizeof(*bad_dates); i++)
		assert_non_null(when_date_format_fault(bad_dates[i]));
	for (size_t i = 0; i < sizeof(good_times) / sizeof(*good_times); i++)
		assert_null(when_time_format_fault(good_times[i]));
	for (size_t i = 0; i < sizeof(bad_times) / sizeof(*bad_times); i++)
		assert_non_null(when_time_format_fault(bad_times[i]));
}

struct sample {
	const char *format, *text, *expected; /* NULL: refused */
};

static void reads_days_that_exist(void **state)
{
	static const struct sample cases[] = {
		{"MM/DD/YYYY", "04/17/1988", "1988-04-17"}, {"M/D/YYYY", "4/7/1988", "1988-04-07"},
		{"M/D/YYYY", "04/17/1988", "1988-04-17"},   {"YYYYMMDD", "19880417", "1988-04-17"},
		{"DD.MM.YYYY", "29.02.2024", "2024-02-29"}, {"MM/DD/YYYY", "02/29/2000", "2000-02-29"},
		{"MM/DD/YYYY", "02/30/2026", NULL},         {"MM/DD/YYYY", "02/29/2026", NULL},
		{"MM/DD/YYYY", "02/29/1900", NULL},         {"MM/DD/YYYY", "13/01/2026", NULL},
		{"MM/DD/YYYY", "00/01/2026", NULL},         {"MM/DD/YYYY", "01/00/2026", NULL},
		{"MM/DD/YYYY", "01/01/0000", NULL},         {"MM/DD/YYYY", "4/7/1988", NULL},
		{"MM/DD/YYYY", "04/17/88", NULL},           {"MM/DD/YYYY", "04-17-1988", NULL},
		{"MM/DD/YYYY", "04/17/1988 ", NULL},        {"MM/DD/YYYY", "", NULL},
		{"MM/DD/YYYY", "04/17/19888", NULL},        {"M/D/YYYY", "/7/1988", NULL},
		{"MM/DD/YYYY", "1988-04-17", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct when_date date;
		char text[WHEN_TEXT_MAX];
		bool fine = when_date(cases[i].format, bytes_text(cases[i].text), &date);
		if (fine != (cases[i].expected != NULL))
			fail_msg("%s as %s", cases[i].text, cases[i].format);
		if (fine)
			assert_string_equal(when_date_text(date, text), cases[i].expected);
	}
}

static void an_empty_cell_is_neither_day_nor_time(void **state)
{
	struct when_date date;
	struct when_time time;
	(void)state;
	assert_false(when_date("MM/DD/YYYY", BYTES_NONE, &date));
	assert_false(when_time("HH:MM", BYTES_NONE, &time));
}

static void reads_times_of_either_clock(void **state)
{
	static const struct {
		const char *format, *text;
		int seconds; /* -1: refused */
	} cases[] = {
		{"HH:MM", "08:12", 29520},      {"HH:MM", "00:00", 0},          {"HH:MM:SS", "23:59:59", 86399},
		{"HHMM", "0812", 29520},        {"H:MM AP", "8:12 AM", 29520},  {"H:MM AP", "12:00 am", 0},
		{"H:MM AP", "12:30 PM", 45000}, {"H:MM AP", "11:59 pm", 86340}, {"HH:MM", "24:00", -1},
		{"HH:MM", "08:60", -1},         {"HH:MM", "8:12", -1},          {"HH:MM", "08:12:00", -1},
		{"H:MM AP", "13:00 PM", -1},    {"H:MM AP", "0:10 AM", -1},     {"H:MM AP", "8:12", -1},
		{"H:MM AP", "8:12 XM", -1},     {"HH:MM:SS", "08:12:60", -1},   {"HH:MM", "", -1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct when_time time;
		bool fine = when_time(cases[i].format, bytes_text(cases[i].text), &time);
		if (fine != (cases[i].seconds >= 0))
			fail_msg("%s as %s", cases[i].text, cases[i].format);
		if (fine)
			assert_int_equal((time.hour * 60 + time.minute) * 60 + time.second, cases[i].seconds);
	}
}

static void knows_zones_by_name_and_by_offset(void **state)
{
	static const char *const bad[] = {"",    "EST",    "America/Nowhere", "-5:00",           "05:00",
	                                  "-05", "-15:00", "+05:60",          "america/new_york"};
	struct when_zone zone;
	(void)state;
	assert_true(when_zone("America/New_York", &zone));
	assert_int_equal(zone.offset_minutes, -300);
	assert_true(zone.has_summer);
	assert_true(when_zone("-05:30", &zone));
	assert_int_equal(zone.offset_minutes, -330);
	assert_false(zone.has_summer);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(when_zone(bad[i], &zone));
}

static void stamps_with_the_offset_of_that_day(void **state)
{
	static const struct {
		const char *zone, *date, *time, *expected; /* NULL: refused */
	} cases[] = {
		{"America/New_York", "2026-03-02", "08:12:00", "2026-03-02T08:12:00-05:00"},
		{"America/New_York", "2026-07-04", "17:05:09", "2026-07-04T17:05:09-04:00"},
		{"America/New_York", "2026-03-08", "01:59:59", "2026-03-08T01:59:59-05:00"},
		{"America/New_York", "2026-03-08", "02:00:00", NULL},
		{"America/New_York", "2026-03-08", "02:59:59", NULL},
		{"America/New_York", "2026-03-08", "03:00:00", "2026-03-08T03:00:00-04:00"},
		{"America/New_York", "2026-11-01", "01:30:00", "2026-11-01T01:30:00-04:00"},
		{"America/New_York", "2026-11-01", "02:00:00", "2026-11-01T02:00:00-05:00"},
		{"America/New_York", "2006-04-01", "12:00:00", "2006-04-01T12:00:00-05:00"},
		{"America/New_York", "2006-04-02", "12:00:00", "2006-04-02T12:00:00-04:00"},
		{"America/New_York", "2006-10-28", "12:00:00", "2006-10-28T12:00:00-04:00"},
		{"America/New_York", "2006-10-29", "12:00:00", "2006-10-29T12:00:00-05:00"},
		{"America/New_York", "2026-12-31", "23:59:59", "2026-12-31T23:59:59-05:00"},
		{"America/New_York", "1986-06-01", "12:00:00", NULL},
		{"America/Phoenix", "2026-07-04", "12:00:00", "2026-07-04T12:00:00-07:00"},
		{"Pacific/Guam", "2026-07-04", "12:00:00", "2026-07-04T12:00:00+10:00"},
		{"UTC", "2026-07-04", "12:00:00", "2026-07-04T12:00:00+00:00"},
		{"-05:30", "2026-07-04", "12:00:00", "2026-07-04T12:00:00-05:30"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct when_zone zone;
		struct when_date date;
		struct when_time time;
		char text[WHEN_TEXT_MAX] = "";
		assert_true(when_zone(cases[i].zone, &zone));
		assert_true(when_date("YYYY-MM-DD", bytes_text(cases[i].date), &date));
		assert_true(when_time("HH:MM:SS", bytes_text(cases[i].time), &time));
		const char *why = when_stamp(&zone, date, time, text);
		if ((why == NULL) != (cases[i].expected != NULL))
			fail_msg("%s %s", cases[i].date, cases[i].time);
		if (!why)
			assert_string_equal(text, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_formats_that_ask_for_everything_once), cmocka_unit_test(reads_days_that_exist),
	    cmocka_unit_test(an_empty_cell_is_neither_day_nor_time),      cmocka_unit_test(reads_times_of_either_clock),
	    cmocka_unit_test(knows_zones_by_name_and_by_offset),          cmocka_unit_test(stamps_with_the_offset_of_that_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
