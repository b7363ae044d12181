#include "unit/adapters/facility/facility_fixture.h"

#include "adapters/facility/mapping.h"

/* The columns that a release cannot do without. */
#define LEAST                                                                                                                    \
	"doc_number = \"NO\"; person_family = \"LAST NAME\"; person_given = \"FIRST\"; released_on = \"DAY\"; released_at_time " \
	"= \"TIME\"; "                                                                                                           \
	"reason = \"WHY\"; destination_town = \"TOWN\"; destination_state = \"ST\"; "
#define WITH(more) "facility = { name = \"Osborn\"; csv = { columns = { " LEAST more " }; }; };"
#define HEAD "NO,LAST NAME,FIRST,DAY,TIME,WHY,TOWN,ST"

static void read_text(struct fixture *fixture, struct bytes document)
{
	mapping_read(&fixture->conf.facility, &fixture->host, document, &fixture->reading);
}

static void read_with(struct fixture *fixture, const char *settings, const char *document)
{
	fixture_init_with(fixture, settings);
	read_text(fixture, bytes_text(document));
}

static void makes_a_draft_of_every_row_of_an_export(void **state)
{
	struct fixture fixture;
	struct buf document;
	(void)state;
	fixture_init(&fixture);
	fixture.host.ori = "CT002015C";
	fixture_file("tests/samples/facility/releases.csv", &document);
	read_text(&fixture, buf_bytes(&document));
	fixture_no_faults(&fixture);
	assert_int_equal(fixture.reading.drafts_count, 2);
	fixture_draft_is(
		&fixture, 0,
		"{'type':'release.notification/1','subject':{'doc_number':'00312845','sid':'CT01284417','ucn':'482913XA7'},"
		"'body':{'person':{'name':{'family':'Delgado-Pierce','given':'Marcus','middle':'Elliot'},'dob':'1988-04-17','sex':'M'"
		",'race':'W',"
		"'ids':{'doc_number':'00312845','sid':'CT01284417','ucn':'482913XA7'}},'released_at':'2026-03-02T08:12:00-05:00',"
		"'facility':{'name':'Osborn Correctional Institution','code':'OCI','ori':'CT002015C'},'reason':'PAROLE',"
		"'destination':{'street':'214 Sigourney Street','town':'Hartford','state':'CT','zip':'06105'},"
		"'supervising_office':'DOC Parole, Hartford','authority_ref':'BOPP-2026-00418'}}");
	fixture_draft_is(
		&fixture, 1,
		"{'type':'release.notification/1','subject':{'doc_number':'00298114'},"
		"'body':{'person':{'name':{'family':'Okonkwo','given':'Samuel'},'dob':'1979-11-02','sex':'M','race':'B',"
		"'ids':{'doc_number':'00298114'}},'released_at':'2026-07-04T17:05:00-04:00',"
		"'facility':{'name':'Osborn Correctional Institution','code':'OCI','ori':'CT002015C'},'reason':'END_OF_SENTENCE',"
		"'destination':{'town':'New Britain','state':'CT'}}}");
	assert_string_equal(fixture.reading.drafts[0].tag, "00312845");
	buf_done(&document);
	fixture_done(&fixture);
}

static void lists_a_column_that_no_target_takes_once(void **state)
{
	struct fixture fixture;
	(void)state;
	read_with(&fixture, WITH(""),
	          HEAD
	          ",CELL,,Pod "
	          "\x1b[31m\n12345,A,B,03/02/2026,08:12,BOND,Avon,CT,c,d,e\n12346,A,B,03/02/2026,08:12,BOND,Avon,CT,c,d,e\n");
	fixture_no_faults(&fixture);
	AUTO_FREE char *unmapped = fixture_unmapped(&fixture);
	assert_string_equal(unmapped, "CELL\ncolumn 10 (without a name)\nPod \\x1b[31m\n");
	assert_int_equal(fixture.reading.drafts_count, 2);
	fixture_done(&fixture);
}

static void names_every_fault_at_once_with_its_line_and_column(void **state)
{
	struct fixture fixture;
	(void)state;
	read_with(&fixture, WITH("person_dob = \"DOB\"; person_sex = \"SEX\"; sid = \"SID\";"),
	          HEAD ",DOB,SEX,SID\r\n"
	               "12345,Doe,Ann,03/02/2026,08:12,BOND,Avon,CT,01/31/1990,F,\r\n"
	               "12346,,Bob,02/30/2026,08:12,PAROL,Avon,CT,31/01/1990,Q,C1\r\n"
	               "12X,Roe,Eve,03/02/2026,25:00,BOND,,XX,,,\r\n"
	               ",Poe,Zoe,,,BOND,Avon,CT,,,\r\n");
	fixture_only_faults(
		&fixture,
		"3 DOB schema 31/01/1990 is not a date in the form MM/DD/YYYY\n"
		"3 DAY schema 02/30/2026 is not a date in the form MM/DD/YYYY\n"
		"3 LAST NAME schema is empty\n"
		"3 SID schema must be a state fingerprint number: the state's two letters and at most eight letters or digits, like "
		"CT01284417\n"
		"3 SEX schema must be one of M, F, U\n"
		"3 WHY schema must be one of PAROLE, SPECIAL_PAROLE, TRANSITIONAL_SUPERVISION, HALFWAY_HOUSE, END_OF_SENTENCE, BOND, "
		"COURT_ORDER, OTHER\n"
		"4 TIME schema 25:00 is not a time in the form HH:MM\n"
		"4 TOWN schema is empty\n"
		"4 NO schema must be an inmate number of the Department of Correction: 5 to 8 digits\n"
		"4 ST schema must be a state's two letters, like CT\n"
		"5 DAY schema is empty\n"
		"5 TIME schema is empty\n"
		"5 NO schema is empty, and so are the state's and the FBI's number; a release needs at least one of the three\n");
	fixture_done(&fixture);
}

static void names_the_column_of_a_row_that_cannot_be_read(void **state)
{
	static const struct {
		const char *document, *faults;
	} cases[] = {
		{"", "0  malformed the document is empty\n"},
		{"\n\n", "0  malformed the document is empty\n"},
		{HEAD "\n12345,\xff,B,03/02/2026,08:12,BOND,Avon,CT\n",
		 "2 LAST NAME malformed the cell is not UTF-8; have it exported as UTF-8\n"},
		{HEAD "\n12345,A\n", "2  malformed has 2 cells, and the first line has 8\n"},
		{HEAD "\n12345,A,\"B,03/02/2026,08:12,BOND,Avon,CT\n", "2 FIRST malformed a quotation mark is never closed\n"},
		{HEAD "\r12345", "1  malformed a carriage return stands without a line feed\n"},
		{"NO,LAST NAME,FIRST,DAY,TIME,WHY,TOWN\n",
		 "1 ST schema is not in the first line (facility.csv.columns.destination_state)\n"},
		{HEAD ",no \n", "1 NO schema stands in the first line more than once (facility.csv.columns.doc_number)\n"},
		{HEAD "\n12345,A,B,03/08/2026,02:30,BOND,Avon,CT\n",
		 "2 TIME schema 02:30 does not exist: the clocks go forward over it\n"},
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
	fixture_again(&fixture);
	read_text(&fixture, BYTES_LIT(HEAD "\n12345,\"A\nB\",B,03/02/2026,08:12,BOND,Avon,CT\n"));
	assert_int_equal(fixture.reading.faults_count, 1);
	assert_string_equal(fixture.reading.faults[0].err.field, "LAST NAME");
	assert_int_equal(fixture.reading.faults[0].line, 2);
	assert_int_equal(fixture.reading.drafts_count, 0);
	fixture_done(&fixture);
}

static void reads_every_target(void **state)
{
	struct fixture fixture;
	(void)state;
	read_with(&fixture,
	          "facility = { zone = \"-06:00\"; csv = { delimiter = \"tab\"; dates = \"YYYYMMDD\"; times = \"H:MM AP\"; "
	          "columns = { ucn = \"a\"; ssn = \"b\"; "
	          "oln = \"c\"; ols = \"d\"; person_family = \"e\"; person_given = \"f\"; person_suffix = \"g\"; "
	          "person_ethnicity = \"h\"; person_height = \"i\"; "
	          "person_weight = \"j\"; person_eyes = \"k\"; person_hair = \"l\"; person_skin = \"m\"; released_at = \"n\"; "
	          "facility_name = \"o\"; facility_code = "
	          "\"p\"; reason = \"q\"; destination_town = \"r\"; destination_state = \"s\"; destination_unit = \"t\"; "
	          "supervision_type = \"u\"; supervision_end = "
	          "\"v\"; booking_no = \"w\"; case_no = \"x\"; note = \"y\"; }; }; values = { ethnicity = { H = \"LAT\"; }; sex "
	          "= { M = \"1\"; }; }; };",
	          "a\tb\tc\td\te\tf\tg\th\ti\tj\tk\tl\tm\tn\to\tp\tq\tr\ts\tt\tu\tv\tw\tx\ty\n"
	          "482913xa7\t900-11-2233\tab12\tct\tDoe\tAnn\tJr\tlat\t511\t180\tBrown\tbln\tmed\t20260302 8:12 "
	          "PM\tYork\tyci\tCourt order\tAvon\tCT\t3B\tPAROLE\t"
	          "20280914\tB-1\tC-1\t\"one\ntwo\"\n");
	fixture_no_faults(&fixture);
	fixture_draft_is(
		&fixture, 0,
		"{'type':'release.notification/"
		"1','subject':{'ucn':'482913XA7'},'body':{'person':{'ids':{'ucn':'482913XA7','ssn':'900112233',"
		"'oln':'AB12','ols':'CT'},'name':{'family':'Doe','given':'Ann','suffix':'Jr'},'ethnicity':'H','height':'511','weight'"
		":180,'eyes':'BRO',"
		"'hair':'BLN','skin':'MED'},'released_at':'2026-03-02T20:12:00-06:00','facility':{'name':'York','code':'YCI'},'"
		"reason':'COURT_ORDER',"
		"'destination':{'town':'Avon','state':'CT','unit':'3B'},'supervision_type':'PAROLE','supervision_end':'2028-09-14',"
		"'booking_no':'B-1','case_no':'C-1','note':'one\\ntwo'}}");
	fixture_again(&fixture);
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
		          "facility = { name = \"Osborn\"; csv = { columns = { doc_number = \"a\"; person_family = \"b\"; "
		          "person_given = \"c\"; released_at = \"d\"; "
		          "reason = \"e\"; destination_town = \"f\"; destination_state = \"g\"; }; }; };",
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

static void falls_back_to_the_adapters_title_for_the_facility(void **state)
{
	struct fixture fixture;
	struct bytes name;
	(void)state;
	fixture_init_with(&fixture, "facility = { csv = { columns = { " LEAST "}; }; };");
	fixture.host.agency = "Cheshire Correctional Institution";
	read_text(&fixture, BYTES_LIT(HEAD "\n12345,A,B,03/02/2026,08:12,BOND,Avon,CT\n"));
	fixture_no_faults(&fixture);
	assert_true(pack_pointer(buf_bytes(&fixture.reading.drafts[0].plain), "/body/facility/name", &name));
	assert_true(pack_as_text(name, &name));
	assert_true(bytes_is(name, "Cheshire Correctional Institution"));
	fixture_done(&fixture);
}

static void says_so_when_no_columns_are_configured(void **state)
{
	struct fixture fixture;
	(void)state;
	read_with(&fixture, "facility = { name = \"Osborn\"; };", HEAD "\n");
	fixture_only_faults(&fixture, "0 facility.csv.columns config this adapter has not been told what the columns mean\n");
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
	read_text(&fixture, buf_bytes(&document));
	assert_int_equal(fixture.reading.faults_count, 200);
	assert_int_equal(fixture.reading.drafts_count, 0);
	buf_done(&document);
	fixture_done(&fixture);
}

static void check_names_what_is_wrong_with_the_columns(void **state)
{
	static const struct {
		const char *columns, *fault;
	} cases[] = {
		{LEAST "person_nickname = \"X\";",
		 "facility.csv.columns.person_nickname: no such target; there are doc_number, sid, ucn"},
		{LEAST "note = \"\";", "facility.csv.columns.note: names no column"},
		{LEAST "released_at = \"X\";", "released_at stands beside released_on or released_at_time"},
		{LEAST "oln = \"X\";", "oln and ols go together"},
		{"doc_number = \"NO\";", "person_family is missing; name the column that holds it"},
		{"doc_number = \"NO\";", "the time of release is missing"},
		{"note = \"X\";", "no identifier; name the column of at least one of doc_number, sid and ucn"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture = {.catalogue = NULL};
		struct buf faults;
		AUTO_FREE char *text = mem_printf("facility = { csv = { columns = { %s }; }; };", cases[i].columns);
		buf_init(&faults, FIXTURE_MAX);
		assert_false(fixture_settings(&fixture, text, &faults));
		buf_add_byte(&faults, 0);
		fixture_has((const char *)faults.at, cases[i].fault);
		buf_done(&faults);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_draft_of_every_row_of_an_export),
		cmocka_unit_test(lists_a_column_that_no_target_takes_once),
		cmocka_unit_test(names_every_fault_at_once_with_its_line_and_column),
		cmocka_unit_test(names_the_column_of_a_row_that_cannot_be_read),
		cmocka_unit_test(passes_over_rows_of_nothing),
		cmocka_unit_test(keeps_a_formula_as_text_and_refuses_what_no_line_may_hold),
		cmocka_unit_test(reads_every_target),
		cmocka_unit_test(takes_a_whole_timestamp_as_it_stands),
		cmocka_unit_test(falls_back_to_the_adapters_title_for_the_facility),
		cmocka_unit_test(says_so_when_no_columns_are_configured),
		cmocka_unit_test(stops_counting_faults_at_two_hundred),
		cmocka_unit_test(check_names_what_is_wrong_with_the_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
