#include "unit/schemas/sample.h"

#include "schemas/format.h"

struct format_case {
	const char *text;
	bool fits;
};

static void judge(enum format format, const struct format_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (format_fits(format, bytes_text(cases[i].text)) != cases[i].fits)
			fail_msg("%s as %s", cases[i].text, format_words(format));
}

static void takes_only_dates_that_exist(void **state)
{
	static const struct format_case cases[] = {
		{"2026-03-01", true},         {"2024-02-29", true},  {"2000-02-29", true}, {"1900-02-29", false},
		{"2026-02-29", false},        {"2026-04-31", false}, {"2026-12-31", true}, {"2026-13-01", false},
		{"2026-00-10", false},        {"2026-01-00", false}, {"2026-1-01", false}, {"26-01-01", false},
		{"2026-03-01 ", false},       {"", false},           {"20260301", false},  {"2026/03/01", false},
		{"2026-03-0\xd9\xa1", false},
	};
	(void)state;
	judge(FORMAT_DATE, cases, sizeof(cases) / sizeof(*cases));
}

static void takes_times_with_a_zone_and_leap_seconds_where_they_may_be(void **state)
{
	static const struct format_case cases[] = {
		{"2026-03-01T09:30:00Z", true},
		{"2026-03-01T09:30:00-05:00", true},
		{"2026-03-01T09:30:00.123456789+14:00", true},
		{"2026-03-01t09:30:00z", true},
		{"1998-12-31T23:59:60Z", true},
		{"1998-12-31T15:59:60.123-08:00", true},
		{"1998-12-31T22:59:60Z", false},
		{"1998-12-31T23:58:60Z", false},
		{"2026-03-01T09:30:00", false},
		{"2026-03-01T24:00:00Z", false},
		{"2026-03-01T09:60:00Z", false},
		{"2026-03-01T09:30:61Z", false},
		{"2026-03-01T09:30Z", false},
		{"2026-03-01T09:30:00.Z", false},
		{"2026-03-01T09:30:00+24:00", false},
		{"2026-03-01T09:30:00+05:60", false},
		{"2026-03-01T09:30:00+0500", false},
		{"2026-03-01T09:30:00Z+01:00", false},
		{"2026-02-30T09:30:00Z", false},
		{"2026-03-01 09:30:00Z", false},
		{"2026-03-01", false},
	};
	(void)state;
	judge(FORMAT_DATE_TIME, cases, sizeof(cases) / sizeof(*cases));
}

static void takes_uuids_of_any_version_and_case(void **state)
{
	static const struct format_case cases[] = {
		{"019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61", true},   {"019C8F2A-6B7D-7C10-9A44-0F3B5E2D7A61", true},
		{"019c8f2a6b7d7c109a440f3b5e2d7a61", false},      {"019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a6", false},
		{"019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a611", false}, {"019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a6g", false},
		{"019c8f2a-6b7d-7c109-a44-0f3b5e2d7a61", false},  {"", false},
	};
	(void)state;
	judge(FORMAT_UUID, cases, sizeof(cases) / sizeof(*cases));
}

static void takes_plain_email_addresses(void **state)
{
	static const struct format_case cases[] = {
		{"clerk@example.org", true},
		{"d.whitfield+parole@doc.ct.example", true},
		{"clerk@localhost", true},
		{"clerk", false},
		{"clerk@", false},
		{"@example.org", false},
		{"a@b@c", false},
		{".clerk@example.org", false},
		{"clerk.@example.org", false},
		{"a..b@example.org", false},
		{"clerk@example..org", false},
		{"clerk@example.org.", false},
		{"cl erk@example.org", false},
		{"", false},
	};
	(void)state;
	judge(FORMAT_EMAIL, cases, sizeof(cases) / sizeof(*cases));
}

static void finds_formats_by_their_exact_name(void **state)
{
	enum format format;
	(void)state;
	assert_true(format_find(BYTES_LIT("date-time"), &format));
	assert_int_equal(format, FORMAT_DATE_TIME);
	assert_false(format_find(BYTES_LIT("Date"), &format));
	assert_false(format_find(BYTES_LIT("ipv4"), &format));
	assert_false(format_find(BYTES_NONE, &format));
	assert_false(format_fits(FORMAT_DATE, BYTES_NONE));
	assert_false(format_fits(FORMAT_DATE, bytes_of("2026\0-3-01", 10)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_only_dates_that_exist),
		cmocka_unit_test(takes_times_with_a_zone_and_leap_seconds_where_they_may_be),
		cmocka_unit_test(takes_uuids_of_any_version_and_case),
		cmocka_unit_test(takes_plain_email_addresses),
		cmocka_unit_test(finds_formats_by_their_exact_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
