#include "unit/adapters/csv/csv_fixture.h"

/* The columns that a release cannot do without. */
#define LEAST                                                                                                                              \
	"{ field = \"/person/ids/doc_number\"; column = \"NO\"; }, { field = \"/person/name/family\"; column = \"LAST NAME\"; },"              \
	"{ field = \"/person/name/given\"; column = \"FIRST\"; }, { field = \"/released_at\"; column = \"DAY\"; time = \"TIME\"; },"           \
	"{ field = \"/reason\"; column = \"WHY\"; }, { field = \"/destination/town\"; column = \"TOWN\"; },"                                   \
	"{ field = \"/destination/state\"; column = \"ST\"; }"
#define NAMED "constants = ( { field = \"/facility/name\"; value = \"Osborn\"; } );"
#define WITH(more) "csv = { type = \"release.notification/1\"; columns = ( " LEAST more " ); " NAMED " };"
#define HEAD "NO,LAST NAME,FIRST,DAY,TIME,WHY,TOWN,ST"

static void read_text(struct fixture *fixture, const char *document)
{
	kind_reading_done(&fixture->reading);
	csv_read(fixture->plan, bytes_text(document), &fixture->reading);
}

static void read_with(struct fixture *fixture, const char *settings, const char *document)
{
	fixture_init_with(fixture, settings);
	read_text(fixture, document);
}

static void makes_a_draft_of_every_row_of_an_export(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	fixture_init_from(&fixture, "tests/samples/csv/releases.cfg");
	fixture_file("tests/samples/csv/releases.csv", &document);
	csv_read(fixture.plan, buf_bytes(&document), &fixture.reading);
	fixture_no_faults(&fixture);
	assert_int_equal(fixture.reading.drafts_count, 2);
	fixture_draft_is(&fixture, 0,
	                 "{'type':'release.notification/1','subject':{'doc_number':'00312845','sid':'CT01284417','ucn':'482913XA7'},"
	                 "'body':{'person':{'name':{'family':'Delgado-Pierce','given':'Marcus','middle':'Elliot'},'dob':'1988-04-17','sex':'M',"
	                 "'race':'W','ids':{'doc_number':'00312845','sid':'CT01284417','ucn':'482913XA7'}},"
	                 "'released_at':'2026-03-02T08:12:00-05:00','facility':{'name':'Osborn Correctional Institution','code':'OCI'},"
	                 "'reason':'PAROLE','destination':{'street':'214 Sigourney Street','town':'Hartford','state':'CT','zip':'06105'},"
	                 "'supervising_office':'DOC Parole, Hartford','authority_ref':'BOPP-2026-00418'}}");
	fixture_draft_is(&fixture, 1,
	                 "{'type':'release.notification/1','subject':{'doc_number':'00298114'},"
	                 "'body':{'person':{'name':{'family':'Okonkwo','given':'Samuel'},'dob':'1979-11-02','sex':'M','race':'B',"
	                 "'ids':{'doc_number':'00298114'}},'released_at':'2026-07-04T17:05:00-04:00',"
	                 "'facility':{'name':'Osborn Correctional Institution','code':'OCI'},'reason':'END_OF_SENTENCE',"
	                 "'destination':{'town':'New Britain','state':'CT'}}}");
	assert_string_equal(fixture.reading.drafts[0].tag, "00312845");
	assert_int_equal(fixture.reading.unmapped_count, 1);
	assert_string_equal(fixture.reading.unmapped[0], "CELL");
	buf_done(&document);
	fixture_done(&fixture);
}

/* What newcomers copy must work as it stands. */
static void reads_with_the_mapping_that_is_shipped_as_an_example(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	fixture_init_from(&fixture, "deploy/examples/facility-csv.cfg");
	fixture_file("tests/samples/csv/releases.csv", &document);
	csv_read(fixture.plan, buf_bytes(&document), &fixture.reading);
	/* Its list of words is shorter than that of the sample. */
	fixture_only_faults(&fixture, "3 REL TYPE schema must be one of PAROLE, SPECIAL_PAROLE, TRANSITIONAL_SUPERVISION, HALFWAY_HOUSE, "
	                              "END_OF_SENTENCE, BOND, COURT_ORDER, OTHER\n");
	buf_done(&document);
	fixture_done(&fixture);
}

static void reads_rows_of_any_type_of_the_catalogue(void **state)
{
	struct fixture fixture;
	(void)state;
	read_with(&fixture,
	          "csv = { type = \"attendance.report/1\"; delimiter = \"tab\"; dates = \"YYYYMMDD\"; times = \"H:MM AP\"; zone = \"-06:00\";"
	          "to = [ \"ct.doc.parole\" ]; columns = ( { field = \"/referral_id\"; column = \"a\"; }, { field = \"/at\"; column = \"b\"; },"
	          "{ field = \"/minutes\"; column = \"c\"; }, { field = \"/attended\"; column = \"d\"; words = [ \"YES = came\" ]; },"
	          "{ field = \"/took_place\"; column = \"e\"; }, { field = \"/submitted_at\"; column = \"f\"; time = \"g\"; },"
	          "{ field = \"/submitted_by\"; column = \"h\"; }, { field = \"/summary\"; column = \"i\"; },"
	          "{ field = \"/subject/doc_number\"; column = \"j\"; } );"
	          "constants = ( { field = \"/notify_officer\"; value = \"no\"; } ); };",
	          "a\tb\tc\td\te\tf\tg\th\ti\tj\nref-7\t20260302 8:12 PM\t90\tCame\tYes\t20260303\t9:00 AM\tR. C.\t\"one\ntwo\"\t12345\n");
	fixture_no_faults(&fixture);
	fixture_draft_is(&fixture, 0,
	                 "{'type':'attendance.report/1','to':['ct.doc.parole'],'subject':{'referral_id':'REF-7','doc_number':'12345'},"
	                 "'body':{'referral_id':'REF-7','at':'2026-03-02T20:12:00-06:00','minutes':90,'attended':'YES','took_place':true,"
	                 "'submitted_at':'2026-03-03T09:00:00-06:00','submitted_by':'R. C.','summary':'one\\ntwo','notify_officer':false}}");
	fixture_done(&fixture);
}

static void puts_numbers_in_the_form_that_the_schema_has(void **state)
{
	static const struct {
		const char *ssn, *oln, *ols, *weight, *faults;
	} cases[] = {
		{"900-11-2233", "ab12", "ct", "180", ""},
		{"900 11 2233", "A-B12", "CT", "180", ""},
		{"900-11-223", "AB12", "CT", "180", "2 a schema must be a social security number of nine digits, without hyphens\n"},
		{"900112233", "AB12", "CT", "heavy", "2 d schema must be a whole number\n"},
		{"900112233", "AB12", "", "180", "2 c schema is required when oln is there\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		AUTO_FREE char *document = mem_printf(HEAD ",a,b,c,d\n12345,A,B,03/02/2026,08:12,BOND,Avon,CT,%s,%s,%s,%s\n", cases[i].ssn, cases[i].oln,
		                                      cases[i].ols, cases[i].weight);
		read_with(&fixture,
		          WITH(", { field = \"/person/ids/ssn\"; column = \"a\"; }, { field = \"/person/ids/oln\"; column = \"b\"; },"
		               "{ field = \"/person/ids/ols\"; column = \"c\"; }, { field = \"/person/weight\"; column = \"d\"; }"),
		          document);
		AUTO_FREE char *faults = fixture_faults(&fixture);
		assert_string_equal(faults, cases[i].faults);
		fixture_done(&fixture);
	}
}

static void lists_a_column_that_no_field_takes_once(void **state)
{
	struct fixture fixture;
	(void)state;
	read_with(&fixture, WITH(""),
	          HEAD ",CELL,,Pod \x1b[31m\n12345,A,B,03/02/2026,08:12,BOND,Avon,CT,c,d,e\n12346,A,B,03/02/2026,08:12,BOND,Avon,CT,c,d,e\n");
	fixture_no_faults(&fixture);
	assert_int_equal(fixture.reading.unmapped_count, 3);
	assert_string_equal(fixture.reading.unmapped[0], "CELL");
	assert_string_equal(fixture.reading.unmapped[1], "column 10 (without a name)");
	assert_string_equal(fixture.reading.unmapped[2], "Pod \\x1b[31m");
	assert_int_equal(fixture.reading.drafts_count, 2);
	fixture_done(&fixture);
}

static void names_every_fault_at_once_with_its_line_and_column(void **state)
{
	struct fixture fixture;
	(void)state;
	read_with(&fixture,
	          WITH(", { field = \"/person/dob\"; column = \"DOB\"; }, { field = \"/person/sex\"; column = \"SEX\"; },"
	               "{ field = \"/person/ids/sid\"; column = \"SID\"; }"),
	          HEAD ",DOB,SEX,SID\r\n"
	               "12345,Doe,Ann,03/02/2026,08:12,BOND,Avon,CT,01/31/1990,F,\r\n"
	               "12346,,Bob,02/30/2026,08:12,PAROL,Avon,CT,31/01/1990,Q,C1\r\n"
	               "12X,Roe,Eve,03/02/2026,25:00,BOND,,XX,,,\r\n"
	               ",Poe,Zoe,,,BOND,Avon,CT,,,\r\n"
	               ",Poe,Zoe,03/02/2026,08:12,BOND,Avon,CT,,,\r\n");
	fixture_only_faults(&fixture,
	                    "3 LAST NAME schema is empty\n"
	                    "3 DAY schema 02/30/2026 is not a date in the form MM/DD/YYYY\n"
	                    "3 WHY schema must be one of PAROLE, SPECIAL_PAROLE, TRANSITIONAL_SUPERVISION, HALFWAY_HOUSE, END_OF_SENTENCE, BOND, "
	                    "COURT_ORDER, OTHER\n"
	                    "3 DOB schema 31/01/1990 is not a date in the form MM/DD/YYYY\n"
	                    "3 SEX schema must be one of M, F, U\n"
	                    "3 SID schema must be a state fingerprint number: the state's two letters and at most eight letters or digits, like "
	                    "CT01284417\n"
	                    "4 NO schema must be an inmate number of the Department of Correction: 5 to 8 digits\n"
	                    "4 TIME schema 25:00 is not a time in the form HH:MM\n"
	                    "4 ST schema must be a state's two letters, like CT\n"
	                    "5 DAY schema is empty\n"
	                    "5 TIME schema is empty\n"
	                    "6 NO schema is empty, and so is every other identifier of the subject; a message needs one\n");
	fixture_done(&fixture);
}

static void names_the_column_of_a_row_that_cannot_be_read(void **state)
{
	static const struct {
		const char *document, *faults;
	} cases[] = {
		{"", "0  malformed the document is empty\n"},
		{"\n\n", "0  malformed the document is empty\n"},
		{HEAD "\n12345,\xff,B,03/02/2026,08:12,BOND,Avon,CT\n", "2 LAST NAME malformed the cell is not UTF-8; have it exported as UTF-8\n"},
		{HEAD "\n12345,A\n", "2  malformed has 2 cells, and the first line has 8\n"},
		{HEAD "\n12345,A,\"B,03/02/2026,08:12,BOND,Avon,CT\n", "2 FIRST malformed a quotation mark is never closed\n"},
		{HEAD "\r12345", "1  malformed a carriage return stands without a line feed\n"},
		{"NO,LAST NAME,FIRST,DAY,TIME,WHY,TOWN\n", "1 ST schema is not in the first line (csv.columns, /destination/state)\n"},
		{HEAD ",no \n", "1 NO schema stands in the first line more than once (csv.columns, /person/ids/doc_number)\n"},
		{HEAD "\n12345,A,B,03/08/2026,02:30,BOND,Avon,CT\n", "2 TIME schema 02:30 does not exist: the clocks go forward over it\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		read_with(&fixture, WITH(""), cases[i].document);
		fixture_only_faults(&fixture, cases[i].faults);
		fixture_done(&fixture);
	}
}

static void passes_over_rows_of_nothing(void **state)
{
	struct fixture fixture;
	(void)state;
	read_with(&fixture, WITH(""), HEAD "\n,,,,,,,\n12345,A,B,03/02/2026,08:12,BOND,Avon,CT\n , ,,,,,,\n");
	fixture_no_faults(&fixture);
	assert_int_equal(fixture.reading.drafts_count, 1);
	fixture_done(&fixture);
}

static void keeps_a_formula_as_text_and_refuses_what_no_line_may_hold(void **state)
{
	struct fixture fixture;
	struct bytes family;
	(void)state;
	read_with(&fixture, WITH(""), HEAD "\n12345,=1+1,B,03/02/2026,08:12,BOND,Avon,CT\n");
	fixture_no_faults(&fixture);
	assert_true(pack_pointer(buf_bytes(&fixture.reading.drafts[0].plain), "/body/person/name/family", &family));
	assert_true(pack_as_text(family, &family));
	assert_true(bytes_is(family, "=1+1"));
	read_text(&fixture, HEAD "\n12345,\"A\nB\",B,03/02/2026,08:12,BOND,Avon,CT\n");
	assert_int_equal(fixture.reading.faults_count, 1);
	assert_string_equal(fixture.reading.faults[0].err.field, "LAST NAME");
	assert_int_equal(fixture.reading.faults[0].line, 2);
	assert_int_equal(fixture.reading.drafts_count, 0);
	fixture_done(&fixture);
}

static void takes_a_whole_timestamp_as_it_stands(void **state)
{
	static const struct {
		const char *cell, *expected; /* NULL: refused */
	} cases[] = {
		{"2026-03-02T08:12:00-05:00", "2026-03-02T08:12:00-05:00"},
		{"03/02/2026 08:12", "2026-03-02T08:12:00-05:00"},
		{"03/02/2026T08:12", "2026-03-02T08:12:00-05:00"},
		{"03/02/2026", NULL},
		{"2026-03-02T08:12:00", NULL},
		{"2026-03-02T08:12:00-0500", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		struct bytes at;
		AUTO_FREE char *document = mem_printf("a,b,c,d,e,f,g\n12345,A,B,%s,BOND,Avon,CT\n", cases[i].cell);
		read_with(&fixture,
		          "csv = { type = \"release.notification/1\"; columns = ( { field = \"/person/ids/doc_number\"; column = \"a\"; },"
		          "{ field = \"/person/name/family\"; column = \"b\"; }, { field = \"/person/name/given\"; column = \"c\"; },"
		          "{ field = \"/released_at\"; column = \"d\"; }, { field = \"/reason\"; column = \"e\"; },"
		          "{ field = \"/destination/town\"; column = \"f\"; }, { field = \"/destination/state\"; column = \"g\"; } ); " NAMED " };",
		          document);
		if (cases[i].expected) {
			fixture_no_faults(&fixture);
			assert_true(pack_pointer(buf_bytes(&fixture.reading.drafts[0].plain), "/body/released_at", &at));
			assert_true(pack_as_text(at, &at));
			assert_true(bytes_is(at, cases[i].expected));
		} else {
			assert_int_equal(fixture.reading.faults_count, 1);
			assert_string_equal(fixture.reading.faults[0].err.field, "d");
			assert_int_equal(fixture.reading.drafts_count, 0);
		}
		fixture_done(&fixture);
	}
}

static void says_so_when_nobody_told_what_the_columns_mean(void **state)
{
	struct fixture fixture;
	const struct kind_host host = {.csv = NULL};
	(void)state;
	fixture_init_any(&fixture, "");
	csv_format.read(NULL, &host, BYTES_LIT(HEAD "\n"), &fixture.reading);
	fixture_only_faults(&fixture, "0 csv.columns config this adapter has not been told what the columns mean\n");
	fixture_done(&fixture);
}

static void stops_counting_faults_at_two_hundred(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	buf_init(&document, 1 << 20);
	buf_add_text(&document, HEAD "\n");
	for (int i = 0; i < 5000; i++)
		buf_add_text(&document, "12345,A,B,03/02/2026,08:12,BOND,,CT\n");
	fixture_init_with(&fixture, WITH(""));
	csv_read(fixture.plan, buf_bytes(&document), &fixture.reading);
	assert_int_equal(fixture.reading.faults_count, 200);
	assert_int_equal(fixture.reading.drafts_count, 0);
	buf_done(&document);
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_draft_of_every_row_of_an_export),
		cmocka_unit_test(reads_with_the_mapping_that_is_shipped_as_an_example),
		cmocka_unit_test(reads_rows_of_any_type_of_the_catalogue),
		cmocka_unit_test(puts_numbers_in_the_form_that_the_schema_has),
		cmocka_unit_test(lists_a_column_that_no_field_takes_once),
		cmocka_unit_test(names_every_fault_at_once_with_its_line_and_column),
		cmocka_unit_test(names_the_column_of_a_row_that_cannot_be_read),
		cmocka_unit_test(passes_over_rows_of_nothing),
		cmocka_unit_test(keeps_a_formula_as_text_and_refuses_what_no_line_may_hold),
		cmocka_unit_test(takes_a_whole_timestamp_as_it_stands),
		cmocka_unit_test(says_so_when_nobody_told_what_the_columns_mean),
		cmocka_unit_test(stops_counting_faults_at_two_hundred),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
