#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_record.h"

/* What the check of a record says of a text: "FIELD code", or empty. */
static void judge(struct sample_agency *agency, const char *mke, const char *fields, const char *expected, size_t expected_count)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	struct ncic_record record;
	struct buf found;
	char *document = mem_printf("%s.CT0006400.TXT\r\n%s", mke, fields);
	kind_reading_init(&faults);
	ncic_record_init(&record);
	buf_init(&found, 4096);
	assert_true(ncic_text_open(bytes_text(document), text, &faults));
	ncic_text_read_fields(text, &faults);
	ncic_record_check(&agency->host, ncic_keys_find(mke), text, &record, &faults);
	for (size_t i = 0; i < faults.faults_count; i++)
		buf_printf(&found, "%s%s %s", i ? ", " : "", faults.faults[i].err.field, code_text(faults.faults[i].err.code));
	if (!bytes_is(buf_bytes(&found), expected))
		fail_msg("%s %s: %.*s; expected %s", mke, fields, (int)found.len, found.len ? (const char *)found.at : "",
		         expected);
	assert_int_equal(record.count, expected_count);
	if (record.count)
		assert_true(bytes_equal(record.record.body, buf_bytes(&record.body)));
	buf_done(&found);
	ncic_record_done(&record);
	kind_reading_done(&faults);
	mem_free(document);
	mem_free(text);
}

static void says_who_may_do_what_with_a_record(void **state)
{
	static const struct {
		const char *mke, *state;
		bool is_ours;
		const char *expected;
	} cases[] = {
	    {"LW", "active", false, ""},
	    {"LW", "located", false, ""},
	    {"LW", "active", true, "NIC lifecycle"},
	    {"LW", "cleared", false, "NIC lifecycle"},
	    {"LW", "cancelled", true, "NIC lifecycle, NIC lifecycle"},
	    {"CW", "active", true, ""},
	    {"CW", "located", true, ""},
	    {"CW", "active", false, "NIC not_your_party"},
	    {"CW", "cleared", true, "NIC lifecycle"},
	    {"XW", "active", true, ""},
	    {"XW", "active", false, "NIC not_your_party"},
	    {"XW", "expired", false, "NIC not_your_party, NIC lifecycle"},
	};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct sample_agency agency;
		sample_open(&agency, "CT0006400");
		sample_hold(&agency, "W900000017", cases[i].state, cases[i].is_ours, NULL);
		judge(&agency, cases[i].mke, "NIC/W900000017.NAM/DELGADO-PIERCE,M.", cases[i].expected, 1);
		sample_close(&agency);
	}
}

static void prefers_a_record_that_is_open(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_hold(&agency, "W900000017", "cleared", true, NULL);
	sample_hold(&agency, "W900000017", "active", true, NULL);
	sample_hold(&agency, "W900000017", "cancelled", true, NULL);
	judge(&agency, "CW", "NIC/W900000017.NAM/DELGADO-PIERCE,M.", "", 2);
	sample_close(&agency);
}

static void says_that_nothing_is_on_file(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	judge(&agency, "CW", "NIC/W900000017.NAM/DELGADO-PIERCE,M.", "NIC not_found", 0);
	judge(&agency, "CW", "NAM/DELGADO-PIERCE,M.", "", 0);
	sample_close(&agency);
}

static void compares_person_and_number(void **state)
{
	static const char *const cases[][3] = {
	    {NULL, "NAM/DELGADO-PIERCE,M.WNO/PR-26-0017.", ""},
	    {NULL, "NAM/DELGADO,M.", "NAM schema"},
	    {NULL, "NAM/PIERCE,M.WNO/PR-26-0018.", "NAM schema, WNO schema"},
	    {"{'person':{'name':{'family':'Mu\u00f1oz','given':'A'}}}", "NAM/MUNOZ,A.", ""},
	    {"{'person':{'name':{'family':'Abcdefghijklmnopqrstuvwxyzabcdefgh','given':'A'}}}",
	     "NAM/ABCDEFGHIJKLMNOPQRSTUVWXYZAB,A.", ""},
	    {"{'person':{'name':{'family':'\u674e','given':'A'}}}", "NAM/DELGADO-PIERCE,A.", ""},
	    {"{}", "NAM/DELGADO-PIERCE,A.", ""},
	    {"{}", "NAM/LI,A.", "NAM schema"},
	};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct sample_agency agency;
		char *fields = mem_printf("NIC/W900000017.%s", cases[i][1]);
		sample_open(&agency, "CT0006400");
		sample_hold(&agency, "W900000017", "active", true, cases[i][0]);
		judge(&agency, "CW", fields, cases[i][2], 1);
		sample_close(&agency);
		mem_free(fields);
	}
}

static void passes_on_why_the_records_cannot_be_asked(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	agency.each_fails = CODE_CORRUPT;
	judge(&agency, "CW", "NIC/W900000017.NAM/DELGADO-PIERCE,M.", "NIC corrupt", 0);
	sample_close(&agency);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_who_may_do_what_with_a_record),
	    cmocka_unit_test(prefers_a_record_that_is_open),
	    cmocka_unit_test(says_that_nothing_is_on_file),
	    cmocka_unit_test(compares_person_and_number),
	    cmocka_unit_test(passes_on_why_the_records_cannot_be_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
