#include "unit/adapters/facility/facility_fixture.h"

static const struct kind_format *format_of(const char *name)
{
	for (size_t i = 0; i < facility_kind.formats_count; i++)
		if (!strcmp(facility_kind.formats[i].name, name))
			return &facility_kind.formats[i];
	fail_msg("no format %s", name);
	return NULL;
}

static void opens_on_settings_that_the_catalogue_knows(void **state)
{
	static const struct {
		const char *settings, *field, *reason; /* NULL: fine */
	} cases[] = {
		{"", NULL, NULL},
		{"facility = { name = \"Osborn\"; code = \"OCI\"; values = { reason = { BOND = \"B\"; }; sex = { M = \"1\"; }; }; };",
	     NULL, NULL},
		{"facility = { values = { reason = {\n HOLIDAY = \"H\"; }; }; };", "facility.values",
		 "line 2: HOLIDAY is no code of /reason in the catalogue"},
		{"facility = { values = { sex = { X = \"H\"; }; }; };", "facility.values",
		 "line 1: X is no code of /person/sex in the catalogue"},
		{"facility = { code = \"oci\"; };", "facility.code", "oci is not a code of at most 12 capital letters or digits"},
		{"facility = { name = \" Osborn\"; };", "facility.name", "is not a name of one line and at most 80 characters"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		struct err err = {.reason = ""};
		void *kind_state = NULL;
		fixture_init_with(&fixture, cases[i].settings);
		result r = facility_kind.open(&fixture.conf.facility, &fixture.host, &kind_state, &err);
		assert_int_equal(r.code, cases[i].field ? CODE_CONFIG : CODE_OK);
		if (cases[i].field) {
			assert_string_equal(err.field, cases[i].field);
			assert_string_equal(err.reason, cases[i].reason);
		}
		fixture_done(&fixture);
	}
}

static void both_reads_and_writes_niem(void **state)
{
	static const uint8_t id[UUID_LEN] = {1};
	struct fixture fixture;
	struct buf document, written;
	struct err err = {.reason = ""};
	void *kind_state = NULL;
	bool wrote = false;
	struct bytes body;
	const struct kind_format *niem = format_of("niem");
	(void)state;
	fixture_init(&fixture);
	assert_int_equal(facility_kind.open(&fixture.conf.facility, &fixture.host, &kind_state, &err).code, CODE_OK);
	assert_string_equal(niem->ending, ".xml");
	fixture_file("tests/samples/niem/release-6.xml", &document);
	niem->read(kind_state, &fixture.host, buf_bytes(&document), &fixture.reading);
	fixture_no_faults(&fixture);
	assert_int_equal(fixture.reading.drafts_count, 1);
	AUTO_FREE uint8_t *copy = mem_alloc(fixture.reading.drafts[0].plain.len);
	memcpy(copy, fixture.reading.drafts[0].plain.at, fixture.reading.drafts[0].plain.len);
	assert_true(pack_find(bytes_of(copy, fixture.reading.drafts[0].plain.len), "body", &body));

	struct message message = {.type = BYTES_LIT("release.notification/1"), .id = id, .issued = 1};
	struct kind_message passing = {.message = &message, .main = body, .tag = ""};
	buf_init(&written, FIXTURE_MAX);
	assert_int_equal(niem->write(kind_state, &fixture.host, &passing, &written, &wrote, &err).code, CODE_OK);
	assert_true(wrote);
	fixture_again(&fixture);
	niem->read(kind_state, &fixture.host, buf_bytes(&written), &fixture.reading);
	fixture_no_faults(&fixture);
	assert_int_equal(fixture.reading.drafts_count, 1);
	assert_int_equal(facility_kind.pass(kind_state, &fixture.host, &passing, &fixture.reading, &err).code, CODE_OK);
	buf_done(&written);
	buf_done(&document);
	fixture_done(&fixture);
}

static void reads_the_report_that_is_shipped_as_an_example(void **state)
{
	struct fixture fixture;
	struct buf document;
	struct err err = {.reason = ""};
	void *kind_state = NULL;
	(void)state;
	fixture_init_with(&fixture, "");
	fixture.host.agency = "York Correctional Institution";
	assert_int_equal(facility_kind.open(&fixture.conf.facility, &fixture.host, &kind_state, &err).code, CODE_OK);
	fixture_file("deploy/examples/release-york.xml", &document);
	for (uint8_t *at; memmem(document.at, document.len, "@DATE@", 6);) {
		buf_add_text(&document, "    "); /* a date is that much longer */
		at = memmem(document.at, document.len, "@DATE@", 6);
		memmove(at + 10, at + 6, document.len - 4 - (size_t)(at + 6 - document.at));
		memcpy(at, "2026-03-02", 10);
	}
	format_of("niem")->read(kind_state, &fixture.host, buf_bytes(&document), &fixture.reading);
	fixture_no_faults(&fixture);
	assert_int_equal(fixture.reading.drafts_count, 1);
	buf_done(&document);
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_on_settings_that_the_catalogue_knows),
		cmocka_unit_test(both_reads_and_writes_niem),
		cmocka_unit_test(reads_the_report_that_is_shipped_as_an_example),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
