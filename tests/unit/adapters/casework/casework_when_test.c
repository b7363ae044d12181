#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/casework/casework_when.h"

static const struct {
	const char *text, *stamp, *date; /* NULL: refused */
} cases[] = {
	{"15 January 2024, 10:30:00 am", "2024-01-15T10:30:00-05:00", "2024-01-15"},
	{"5 july 2024, 12:00:00 PM", "2024-07-05T12:00:00-04:00", "2024-07-05"},
	{"30 June 2025", NULL, "2025-06-30"},
	{"31 June 2025", NULL, NULL},
	{"29 February 2023", NULL, NULL},
	{"1 May 2024, 13:00:00 am", NULL, NULL},
	{"1 May 2024,10:00:00 am", NULL, NULL},
	{"1 Mai 2024", NULL, NULL},
	{"2024-01-15", NULL, "2024-01-15"},
	{"2024-01-15T10:30:00", "2024-01-15T10:30:00-05:00", "2024-01-15"},
	{"2024-01-15T10:30", "2024-01-15T10:30:00-05:00", "2024-01-15"},
	{"2024-01-15T10:30:00.123456", "2024-01-15T10:30:00-05:00", "2024-01-15"},
	{"2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z", "2024-01-15"},
	{"2024-01-15T10:30:00+01:00", "2024-01-15T10:30:00+01:00", "2024-01-15"},
	{"2024-03-10T02:30:00", NULL, NULL},
	{"2024-01-15 10:30:00", NULL, NULL},
	{"", NULL, NULL},
	{"15", NULL, NULL},
	{"1 ", NULL, NULL},
};

static void reads_times_as_case_systems_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char into[WHEN_TEXT_MAX] = "";
		const char *why = casework_when_stamp(bytes_text(cases[i].text), into);
		assert_int_equal(why == NULL, cases[i].stamp != NULL);
		if (cases[i].stamp)
			assert_string_equal(into, cases[i].stamp);
	}
}

static void reads_days_of_dates_and_of_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char into[WHEN_TEXT_MAX] = "";
		const char *why = casework_when_date(bytes_text(cases[i].text), into);
		assert_int_equal(why == NULL, cases[i].date != NULL);
		if (cases[i].date)
			assert_string_equal(into, cases[i].date);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_times_as_case_systems_write_them),
		cmocka_unit_test(reads_days_of_dates_and_of_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
