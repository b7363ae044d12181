#include "unit/adapters/facility/facility_fixture.h"

#include "adapters/facility/release.h"

static const char *source_of(const void *ctx, const char *pointer)
{
	(void)ctx;
	return pointer;
}

static const struct release_place place = {.line = 7, .missing = "is missing", .source = source_of};

static void add(struct release *release, const char *pointer, const char *text)
{
	assert_true(release_add(release, pointer, bytes_text(text), 3, "there"));
}

static void add_least(struct release *release)
{
	release_init(release);
	add(release, "/person/name/family", "Doe");
	add(release, "/person/name/given", "Ann");
	add(release, "/person/ids/sid", "CT1");
	add(release, "/released_at", "2026-03-02T08:12:00Z");
	add(release, "/facility/name", "Osborn");
	add(release, "/reason", "BOND");
	add(release, "/destination/town", "Avon");
	add(release, "/destination/state", "CT");
}

static void keeps_the_first_of_two_and_no_empty_one(void **state)
{
	struct release release;
	char pointer[RELEASE_POINTER_MAX + 8];
	(void)state;
	release_init(&release);
	assert_false(release_add(&release, "/note", BYTES_NONE, 1, "a"));
	assert_null(release_text(&release, "/note"));
	add(&release, "/note", "one");
	assert_false(release_add(&release, "/note", BYTES_LIT("two"), 1, "a"));
	assert_string_equal(release_text(&release, "/note"), "one");
	memset(pointer, 'a', sizeof(pointer) - 1);
	pointer[sizeof(pointer) - 1] = 0;
	assert_false(release_add(&release, pointer, BYTES_LIT("x"), 1, "a"));
	for (size_t i = 0; release.count < RELEASE_FIELDS_MAX; i++) {
		snprintf(pointer, sizeof(pointer), "/charges/%zu/statute", i);
		add(&release, pointer, "x");
	}
	assert_false(release_add(&release, "/reason", BYTES_LIT("x"), 1, "a"));
	release_clear(&release);
	add(&release, "/reason", "x");
	release_done(&release);
}

static void builds_maps_and_lists_from_pointers(void **state)
{
	struct fixture fixture;
	struct release release;
	struct buf body, expected;
	(void)state;
	fixture_init(&fixture);
	release_init(&release);
	add(&release, "/charges/0/statute", "A");
	add(&release, "/reason", "BOND");
	add(&release, "/charges/1/statute", "B");
	add(&release, "/charges/0/count", "2");
	add(&release, "/person/weight", "180 lbs");
	add(&release, "/person/marks/0", "TAT");
	buf_init(&body, FIXTURE_MAX);
	release_body(&release, &body);
	fixture_pack("{'charges':[{'statute':'A','count':2},{'statute':'B'}],'reason':'BOND','person':{'weight':'180 "
	             "lbs','marks':['TAT']}}",
	             &expected);
	fixture_same(buf_bytes(&body), buf_bytes(&expected));
	buf_done(&body);
	buf_done(&expected);
	release_done(&release);
	fixture_done(&fixture);
}

static void judges_by_the_catalogue_and_names_the_source(void **state)
{
	struct fixture fixture;
	struct release release;
	(void)state;
	fixture_init(&fixture);
	add_least(&release);
	assert_true(release_judge(&release, &fixture.host, &place, &fixture.reading));
	fixture_no_faults(&fixture);
	release_done(&release);

	add_least(&release);
	release_clear(&release);
	add(&release, "/person/ids/oln", "!");
	add(&release, "/person/ids/ols", "CT");
	add(&release, "/person/aliases/0/family", " a");
	add(&release, "/person/aliases/0/given", "b");
	add(&release, "/destination/town", "Avon");
	release_fault(&release, "/reason", 4, "WHY", &fixture.reading, "is %s", "odd");
	assert_false(release_judge(&release, &fixture.host, &place, &fixture.reading));
	fixture_only_faults(
		&fixture,
		"4 WHY schema is odd\n"
		"7 /person/name/family schema is missing\n"
		"7 /person/name/given schema is missing\n"
		"7 /released_at schema is missing\n"
		"7 /facility/name schema is missing\n"
		"7 /destination/state schema is missing\n"
		"7 /person/ids/doc_number schema is missing, and so are the state's and the FBI's number; a release needs at least "
		"one of the three\n"
		"3 there schema must be a driver's license number: at most 20 capital letters or digits\n"
		"3 there schema must be one line of text without control characters, and without a space at its beginning or end\n");
	release_done(&release);
	fixture_done(&fixture);
}

static void does_not_ask_for_an_identifier_beside_a_bad_one(void **state)
{
	struct fixture fixture;
	struct release release;
	(void)state;
	fixture_init(&fixture);
	add_least(&release);
	release_fault(&release, "/person/ids/sid", 2, "SID", &fixture.reading, "is odd");
	assert_false(release_judge(&release, &fixture.host, &place, &fixture.reading));
	fixture_only_faults(&fixture, "2 SID schema is odd\n");
	release_done(&release);
	fixture_done(&fixture);
}

static void says_the_place_of_what_no_field_can_be_blamed_for(void **state)
{
	struct fixture fixture;
	struct release release;
	(void)state;
	fixture_init(&fixture);
	add_least(&release);
	add(&release, "/charges/0/text", "without a statute");
	assert_false(release_judge(&release, &fixture.host, &place, &fixture.reading));
	fixture_only_faults(&fixture, "7 /charges/0/statute schema is required\n");
	release_done(&release);
	fixture_done(&fixture);
}

static void fits_judges_one_text_alone(void **state)
{
	static const struct {
		const char *pointer, *text;
		bool fits;
	} cases[] = {
		{"/reason", "PAROLE", true},
		{"/reason", "HOLIDAY", false},
		{"/person/height", "511", true},
		{"/person/height", "110", false},
		{"/person/ids/oln", "AB12", true},
		{"/person/ids/oln", "ab12", false},
		{"/person/ids/ols", "CT", true},
		{"/person/ids/ols", "DL239486", false},
		{"/charges/0/class", "FD", true},
		{"/charges/0/class", "felony", false},
		{"/charges/0/count", "3", true},
		{"/charges/0/count", "many", false},
		{"/person/marks/0", "TAT L ARM", true},
		{"/person/marks/0", "Tattoo", false},
		{"/nothing", "x", false},
	};
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (release_fits(&fixture.host, cases[i].pointer, cases[i].text) != cases[i].fits)
			fail_msg("%s %s", cases[i].pointer, cases[i].text);
	fixture_done(&fixture);
}

static void takes_the_facility_of_the_settings_where_none_is_named(void **state)
{
	struct fixture fixture;
	struct release release;
	(void)state;
	fixture_init(&fixture);
	fixture.host.ori = "CT002015C";
	release_init(&release);
	add(&release, "/facility/code", "XYZ");
	release_default_facility(&release, &fixture.conf.facility, &fixture.host);
	assert_string_equal(release_text(&release, "/facility/name"), "Osborn Correctional Institution");
	assert_string_equal(release_text(&release, "/facility/code"), "XYZ");
	assert_string_equal(release_text(&release, "/facility/ori"), "CT002015C");
	release_clear(&release);
	add(&release, "/facility/name", "York");
	release_default_facility(&release, &fixture.conf.facility, &fixture.host);
	assert_string_equal(release_text(&release, "/facility/name"), "York");
	assert_null(release_text(&release, "/facility/code"));
	assert_null(release_text(&release, "/facility/ori"));
	release_done(&release);
	fixture_done(&fixture);
}

static void drafts_carry_the_subject_and_can_be_dropped(void **state)
{
	struct fixture fixture;
	struct release release;
	(void)state;
	fixture_init(&fixture);
	add_least(&release);
	add(&release, "/person/ids/ucn", "A1");
	release_draft(&release, &fixture.reading);
	fixture_draft_is(
		&fixture, 0,
		"{'type':'release.notification/"
		"1','subject':{'sid':'CT1','ucn':'A1'},'body':{'person':{'name':{'family':'Doe','given':'Ann'},"
		"'ids':{'sid':'CT1','ucn':'A1'}},'released_at':'2026-03-02T08:12:00Z','facility':{'name':'Osborn'},'reason':'BOND',"
		"'destination':{'town':'Avon','state':'CT'}}}");
	assert_string_equal(fixture.reading.drafts[0].tag, "CT1");
	release_drop_drafts(&fixture.reading);
	assert_int_equal(fixture.reading.drafts_count, 0);
	release_done(&release);
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_first_of_two_and_no_empty_one),
		cmocka_unit_test(builds_maps_and_lists_from_pointers),
		cmocka_unit_test(judges_by_the_catalogue_and_names_the_source),
		cmocka_unit_test(does_not_ask_for_an_identifier_beside_a_bad_one),
		cmocka_unit_test(says_the_place_of_what_no_field_can_be_blamed_for),
		cmocka_unit_test(fits_judges_one_text_alone),
		cmocka_unit_test(takes_the_facility_of_the_settings_where_none_is_named),
		cmocka_unit_test(drafts_carry_the_subject_and_can_be_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
