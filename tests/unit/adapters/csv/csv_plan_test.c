#include "unit/adapters/csv/csv_fixture.h"

#include "adapters/csv/csv_words.h"

#define ID "{ field = \"/person/ids/doc_number\"; column = \"NO\"; }"
#define REST                                                                                                                               \
	"{ field = \"/person/name/family\"; column = \"a\"; }, { field = \"/person/name/given\"; column = \"b\"; },"                           \
	"{ field = \"/released_at\"; column = \"c\"; }, { field = \"/destination/town\"; column = \"d\"; },"                                   \
	"{ field = \"/destination/state\"; column = \"e\"; }, { field = \"/facility/name\"; column = \"f\"; }"
#define REASON ", { field = \"/reason\"; column = \"g\"; }"
#define OF(columns) "csv = {\n type = \"release.notification/1\";\n columns = (\n" columns ");\n};"

static void names_every_fault_of_the_settings_with_its_line(void **state)
{
	static const struct {
		const char *text, *faults;
	} cases[] = {
		{OF(ID "," REST REASON), ""},
		{"csv = { type = \"no.such/1\"; columns = ( " ID " ); };",
		 "1: csv: \"no.such/1\" is no type of the catalogue; `liaison catalogue list` has them\n"},
		{OF(ID "," REST REASON ",\n{ field = \"/reasons\"; column = \"h\"; }"),
		 "5: csv: release.notification/1 has no field /reasons; `liaison catalogue show release.notification/1` lists them\n"},
		{OF(ID "," REST REASON ",\n{ field = \"/person/name/famly\"; column = \"h\"; }"),
		 "5: csv: release.notification/1 has no field /person/name/famly; `liaison catalogue show release.notification/1` lists them\n"},
		{OF(ID "," REST REASON ",\n{ field = \"note\"; column = \"h\"; }"),
		 "5: csv: \"note\" is no field; write a JSON pointer like /person/name/family\n"},
		{OF(ID "," REST REASON ",\n{ field = \"/reason\"; column = \"h\"; }"), "5: csv: /reason is given twice; keep one of the two\n"},
		{OF(ID "," REST REASON ",\n{ field = \"/charges\"; column = \"h\"; }"),
		 "5: csv: /charges is not one value; name a field within it, such as /charges/0\n"},
		{OF(ID "," REST ",\n{ field = \"/reason\"; column = \"h\"; words = [ \"BOND = B\", \"HOLIDAY = H\" ]; }"),
		 "5: csv: HOLIDAY is no code of /reason in the catalogue\n"},
		{OF(ID "," REST ",\n{ field = \"/reason\"; column = \"h\"; words = [ \"BOND\" ]; }"),
		 "5: csv: \"BOND\": write the code, an equals sign and the words for it: \"PAROLE = PAR, PAROLED\"\n"},
		{OF(ID "," REST REASON ",\n{ field = \"/note\"; column = \"h\"; time = \"i\"; }"), "5: csv: /note has no time of day; take `time` out\n"},
		{OF(ID "," REST), "1: csv: nothing gives /reason, which a release.notification/1 must have; add a column or a constant\n"},
		{OF(REST REASON), "1: csv: nothing gives the subject of a release.notification/1; add the column of at least one of doc_number, sid, "
		                  "ucn, booking_no, as /subject/NAME\n"},
		{OF(ID "," REST REASON ",\n{ field = \"/charges/0/class\"; column = \"h\"; }"),
		 "1: csv: nothing gives /charges/0/statute, which a release.notification/1 must have; add a column or a constant\n"},
		{"csv = { type = \"release.notification/1\"; columns = ( " ID "," REST " );\nconstants = ( { field = \"/reason\"; value = \"X\"; } ); };",
		 "2: csv: \"X\" does not fit /reason of the catalogue\n"},
		{"csv = { type = \"query.history_record/1\"; by = { id = \"x\"; ori = \"CT0006400\"; attention = \"x\"; }; columns = ( { field = \"/ucn\"; column = \"a\"; } ); };", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		fixture_init_any(&fixture, cases[i].text);
		if (cases[i].faults)
			assert_string_equal((const char *)fixture.faults.at, cases[i].faults);
		else
			assert_non_null(strstr((const char *)fixture.faults.at, "has a purpose; add purpose = "));
		assert_int_equal(fixture.plan == NULL, !cases[i].faults || cases[i].faults[0] != 0);
		fixture_done(&fixture);
	}
}

static void knows_what_a_field_must_be(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init_with(&fixture, OF(ID "," REST REASON ", { field = \"/person/weight\"; column = \"h\"; }, { field = \"/person/dob\"; column = \"i\"; }"));
	static const struct {
		const char *pointer;
		struct catalogue_place place;
	} cases[] = {
		{"/person/ids/doc_number", {.kinds = CATALOGUE_PLACE_TEXT}},
		{"/person/name/family", {.kinds = CATALOGUE_PLACE_TEXT, .is_required = true}},
		{"/released_at", {.kinds = CATALOGUE_PLACE_TEXT, .is_required = true, .is_date_time = true}},
		{"/reason", {.kinds = CATALOGUE_PLACE_TEXT, .is_required = true, .is_code = true}},
		{"/person/weight", {.kinds = CATALOGUE_PLACE_INT}},
		{"/person/dob", {.kinds = CATALOGUE_PLACE_TEXT, .is_date = true}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t k = 0; k < fixture.plan->count; k++) {
			const struct csv_field *field = &fixture.plan->fields[k];
			if (strcmp(field->pointer, cases[i].pointer) != 0)
				continue;
			assert_int_equal(field->place.kinds, cases[i].place.kinds);
			assert_int_equal(field->place.is_required, cases[i].place.is_required);
			assert_int_equal(field->place.is_code, cases[i].place.is_code);
			assert_int_equal(field->place.is_date, cases[i].place.is_date);
			assert_int_equal(field->place.is_date_time, cases[i].place.is_date_time);
			assert_non_null(field->validator);
		}
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_every_fault_of_the_settings_with_its_line),
		cmocka_unit_test(knows_what_a_field_must_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
