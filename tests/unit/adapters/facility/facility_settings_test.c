#include "unit/adapters/facility/facility_fixture.h"

static void takes_an_adapter_without_a_facility_group(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init_with(&fixture, "");
	assert_string_equal(fixture.conf.facility.zone, "America/New_York");
	assert_string_equal(fixture.conf.facility.name, "");
	fixture_done(&fixture);
}

static void names_every_fault_with_a_remedy(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{"facility = { zone = \"Mars/Olympus\"; };", "facility.zone: no such zone: \"Mars/Olympus\"; write one like"},
		{"facility = { values = { reason = { PAROLE = \" , \"; }; }; };", "facility.values.reason: PAROLE has no word"},
		{"facility = { csv = { columns = {}; }; };", "facility.csv: is not a setting"},
		{"facility = { nmae = \"Osborn\"; };", "did you mean name"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture = {.catalogue = NULL};
		struct buf faults;
		buf_init(&faults, FIXTURE_MAX);
		assert_false(fixture_settings(&fixture, cases[i].text, &faults));
		buf_add_byte(&faults, 0);
		fixture_has((const char *)faults.at, cases[i].fault);
		buf_done(&faults);
	}
}

static void prints_what_loads_again(void **state)
{
	struct fixture fixture, again = {.catalogue = NULL};
	struct buf printed;
	(void)state;
	fixture_init(&fixture);
	buf_init(&printed, FIXTURE_MAX);
	conf_print(&fixture_table, &fixture.conf, &printed);
	buf_add_byte(&printed, 0);
	assert_true(fixture_settings(&again, (const char *)printed.at, NULL));
	assert_string_equal(again.conf.facility.values.reason.at[0].value, "PAR");
	buf_done(&printed);
	conf_free(&fixture_table, &again.conf);
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_an_adapter_without_a_facility_group),
		cmocka_unit_test(names_every_fault_with_a_remedy),
		cmocka_unit_test(prints_what_loads_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
