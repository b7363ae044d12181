#include "unit/adapters/csv/csv_fixture.h"

static void leaves_an_adapter_without_exports_alone(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init_any(&fixture, "");
	assert_string_equal((const char *)fixture.faults.at, "");
	assert_null(fixture.plan);
	assert_null(fixture.settings.type);
	fixture_done(&fixture);
}

static void names_every_fault_with_a_remedy(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{"csv = { zone = \"Mars/Olympus\"; };", "csv.zone: no such zone: \"Mars/Olympus\"; write one like"},
		{"csv = { delimiter = \", \"; };", "csv.delimiter: \", \" does not separate cells"},
		{"csv = { delimiter = \"\"; };", "csv.delimiter: \"\" does not separate cells"},
		{"csv = { dates = \"MM/DD/YY\"; };", "csv.dates: \"MM/DD/YY\" has a run of letters of a length that is not known"},
		{"csv = { times = \"HH\"; };", "csv.times: \"HH\" does not ask for all that is needed"},
		{"csv = { to = [ \"A B\" ]; };", "csv.to: \"A B\": "},
		{"csv = { colums = (); };", "did you mean columns"},
		{"csv = { };", "csv.type: is missing"},
		{"csv = { type = \"x/1\"; columns = (); };", "csv.columns: is empty"},
		{"csv = { type = \"x/1\"; columns = ( { field = \"/a\"; } ); };", "csv.columns[0].column: is missing"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		fixture_init_any(&fixture, cases[i].text);
		if (!strstr((const char *)fixture.faults.at, cases[i].fault))
			fail_msg("no \"%s\" in \"%s\"", cases[i].fault, (const char *)fixture.faults.at);
		fixture_done(&fixture);
	}
}

static void prints_what_loads_again(void **state)
{
	struct fixture fixture, again;
	struct buf printed;
	(void)state;
	fixture_init_from(&fixture, "tests/samples/csv/releases.cfg");
	buf_init(&printed, FIXTURE_MAX);
	conf_print(&fixture_table, &fixture.settings, &printed);
	buf_add_byte(&printed, 0);
	fixture_init_with(&again, (const char *)printed.at);
	assert_int_equal(again.plan->count, fixture.plan->count);
	buf_done(&printed);
	fixture_done(&again);
	fixture_done(&fixture);
}

static void knows_the_delimiters(void **state)
{
	(void)state;
	assert_int_equal(csv_settings_delimiter(","), ',');
	assert_int_equal(csv_settings_delimiter(";"), ';');
	assert_int_equal(csv_settings_delimiter("|"), '|');
	assert_int_equal(csv_settings_delimiter("tab"), '\t');
	assert_int_equal(csv_settings_delimiter("\t"), '\t');
	assert_int_equal(csv_settings_delimiter(""), 0);
	assert_int_equal(csv_settings_delimiter("\""), 0);
	assert_int_equal(csv_settings_delimiter(",,"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_an_adapter_without_exports_alone),
		cmocka_unit_test(names_every_fault_with_a_remedy),
		cmocka_unit_test(prints_what_loads_again),
		cmocka_unit_test(knows_the_delimiters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
