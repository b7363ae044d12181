#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_text.h"

/* Opens a text and returns whether there is a body; the caller gives back the faults. */
static bool open_text(const char *document, struct ncic_text *text, struct kind_reading *faults)
{
	kind_reading_init(faults);
	return ncic_text_open(bytes_text(document), text, faults);
}

static void reads_a_header_with_everything(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	assert_true(open_text("YQ.MA0130100.CTDOC001G,CT,CT0006400.*0000000041.TXT\r\nRTY/WP.", text, &faults));
	assert_int_equal(faults.faults_count, 0);
	assert_int_equal(text->form, NCIC_TEXT_SENT);
	assert_string_equal(text->mke, "YQ");
	assert_string_equal(text->ori, "MA0130100");
	assert_int_equal(text->dests_count, 3);
	assert_string_equal(text->dests[0], "CTDOC001G");
	assert_string_equal(text->dests[1], "CT");
	assert_string_equal(text->dests[2], "CT0006400");
	assert_string_equal(text->control, "*0000000041");
	assert_true(bytes_is(text->body, "RTY/WP."));
	assert_int_equal(text->body_line, 2);
	kind_reading_done(&faults);
	mem_free(text);
}

static void refuses_a_bad_header(void **state)
{
	static const struct {
		const char *document, *field;
		enum code code;
	} cases[] = {
	    {"", "TXT", CODE_MALFORMED},
	    {"TXT", "TXT", CODE_MALFORMED},
	    {"TXT\r\nNAM/A,B.", "MKE", CODE_MALFORMED},
	    {".CT0006400.TXT\r\nNAM/A,B.", "MKE", CODE_MALFORMED},
	    {"Q W.CT0006400.TXT\r\nNAM/A,B.", "MKE", CODE_MALFORMED},
	    {"QWXYZ.CT0006400.TXT\r\nNAM/A,B.", "MKE", CODE_MALFORMED},
	    {"QW..TXT\r\nNAM/A,B.", "ORI", CODE_MALFORMED},
	    {"QW.CT00064000.TXT\r\nNAM/A,B.", "ORI", CODE_MALFORMED},
	    {"QW.ct0006400.TXT\r\nNAM/A,B.", "ORI", CODE_MALFORMED},
	    {"QW.CT0006400..TXT\r\nNAM/A,B.", "DST", CODE_MALFORMED},
	    {"QW.CT0006400.MA,.TXT\r\nNAM/A,B.", "DST", CODE_MALFORMED},
	    {"QW.CT0006400.,MA.TXT\r\nNAM/A,B.", "DST", CODE_MALFORMED},
	    {"QW.CT0006400.M1.TXT\r\nNAM/A,B.", "DST", CODE_MALFORMED},
	    {"QW.CT0006400.MA,MA.TXT\r\nNAM/A,B.", "DST", CODE_MALFORMED},
	    {"QW.CT0006400.*.TXT\r\nNAM/A,B.", "CTL", CODE_MALFORMED},
	    {"QW.CT0006400.*a1.TXT\r\nNAM/A,B.", "CTL", CODE_MALFORMED},
	    {"QW.CT0006400.*12345678901.TXT\r\nNAM/A,B.", "CTL", CODE_MALFORMED},
	    {"QW.CT0006400.*1.*2.TXT\r\nNAM/A,B.", "TXT", CODE_MALFORMED},
	    {"QW.CT0006400TXT\r\nNAM/A,B.", "TXT", CODE_MALFORMED},
	    {"QW.CT0006400.TXT\r\n", "TXT", CODE_MALFORMED},
	    {"QW.CT0006400.\r\nTXT\r\nNAM/A,B.", "TXT", CODE_MALFORMED},
	    {"QW.CT0006400.TXT NAM/A,B.", "TXT", CODE_MALFORMED},
	    {"QW.CT0006400.TXT\nNAM/A,B.", "TXT", CODE_MALFORMED},
	    {"QW.CT0006400.TXT\r\nNAM/A,B.\r", "TXT", CODE_MALFORMED},
	    {"1L01CT0006400000000000\r\nCT0006400\r\n", "CTL", CODE_MALFORMED},
	    {"1L01CT0006400\r\nHARTFORD\r\n", "ORI", CODE_MALFORMED},
	};
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		(void)open_text(cases[i].document, text, &faults);
		const struct kind_fault *fault = sample_fault(&faults, cases[i].field);
		if (!fault)
			fail_msg("%s: no fault of %s", cases[i].document, cases[i].field);
		else
			assert_int_equal(fault->err.code, cases[i].code);
		kind_reading_done(&faults);
	}
	mem_free(text);
}

static void stops_at_the_size_of_a_text(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	struct buf document;
	(void)state;
	buf_init(&document, SAMPLE_BYTES_MAX);
	buf_add_text(&document, "AM.CT0006400.MA.TXT\r\n");
	while (document.len < NCIC_TEXT_BYTES_MAX)
		buf_add_byte(&document, 'X');
	kind_reading_init(&faults);
	assert_true(ncic_text_open(buf_bytes(&document), text, &faults));
	buf_add_byte(&document, 'X');
	assert_false(ncic_text_open(buf_bytes(&document), text, &faults));
	assert_int_equal(faults.faults_count, 1);
	assert_int_equal(faults.faults[0].err.code, CODE_TOO_LARGE);
	kind_reading_done(&faults);
	buf_done(&document);
	mem_free(text);
}

static void reads_fields_and_where_they_stand(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	assert_true(open_text("EW.CT0006400.TXT\r\nNAM/A,B.SMT/ONE.\r\nMIS/A/B TXT C.SMT/TWO.\r\nWGT/.\r\n", text, &faults));
	ncic_text_read_fields(text, &faults);
	assert_int_equal(faults.faults_count, 0);
	assert_int_equal(text->fields_count, 5);
	assert_true(bytes_is(ncic_text_value(text, "MIS"), "A/B TXT C"));
	assert_int_equal(ncic_text_find(text, "NAM", 0)->line, 2);
	assert_int_equal(ncic_text_find(text, "MIS", 0)->line, 3);
	assert_true(bytes_is(ncic_text_find(text, "SMT", 1)->value, "TWO"));
	assert_null(ncic_text_find(text, "SMT", 2));
	assert_int_equal(ncic_text_find(text, "WGT", 0)->line, 4);
	assert_int_equal(ncic_text_value(text, "WGT").len, 0);
	assert_int_equal(ncic_text_value(text, "DOB").len, 0);
	kind_reading_done(&faults);
	mem_free(text);
}

static void refuses_a_bad_field(void **state)
{
	static const struct {
		const char *body, *field;
		int line;
	} cases[] = {
	    {"NAM/A,B", "NAM", 2},           {"NAM/A,B.\r\nDOB/1", "DOB", 3},
	    {"NAM/a,B.", "NAM", 2},          {"NAM/A_B.", "NAM", 2},
	    {"NAM/A\tB.", "NAM", 2},         {"NAM/A[B.", "NAM", 2},
	    {"NAM/A\xc3\x89.", "NAM", 2},    {"NAM/A,\r\nB.", "NAM", 2},
	    {"NAM/A,B..", "NAM", 2},         {"NAM/A,B.\r\n\r\nDOB/1.", "NAM", 3},
	    {"NAMA,B.", "TXT", 2},           {"NA/A,B.", "TXT", 2},
	    {"NAME/A,B.", "TXT", 2},         {"/A,B.", "TXT", 2},
	    {"nam/A,B.", "TXT", 2},          {"MIS/A. B.", "MIS", 2},
	    {"MIS/A. \r\nDOB/1.", "MIS", 2},
	};
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		char *document = mem_printf("EW.CT0006400.TXT\r\n%s", cases[i].body);
		assert_true(open_text(document, text, &faults));
		ncic_text_read_fields(text, &faults);
		const struct kind_fault *fault = sample_fault(&faults, cases[i].field);
		if (!fault || fault->line != cases[i].line || fault->err.code != CODE_MALFORMED) {
			sample_print(cases[i].body, &faults);
			fail_msg("%s: no fault of %s in line %d", cases[i].body, cases[i].field, cases[i].line);
		}
		kind_reading_done(&faults);
		mem_free(document);
	}
	mem_free(text);
}

static void gives_no_value_of_a_field_with_a_fault(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	assert_true(open_text("EW.CT0006400.TXT\r\nNAM/a,B.DOB/1", text, &faults));
	ncic_text_read_fields(text, &faults);
	assert_int_equal(text->fields_count, 2);
	assert_int_equal(ncic_text_value(text, "NAM").len, 0);
	assert_int_equal(ncic_text_value(text, "DOB").len, 0);
	kind_reading_done(&faults);
	mem_free(text);
}

static void stops_at_the_most_fields(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	struct buf document;
	(void)state;
	buf_init(&document, SAMPLE_BYTES_MAX);
	buf_add_text(&document, "EW.CT0006400.TXT\r\n");
	for (int i = 0; i < NCIC_TEXT_FIELDS_MAX + 10; i++)
		buf_add_text(&document, "SMT/X.");
	kind_reading_init(&faults);
	assert_true(ncic_text_open(buf_bytes(&document), text, &faults));
	ncic_text_read_fields(text, &faults);
	assert_int_equal(text->fields_count, NCIC_TEXT_FIELDS_MAX);
	assert_int_equal(faults.faults_count, 1);
	assert_int_equal(faults.faults[0].err.code, CODE_TOO_LARGE);
	ncic_text_add(text, "ORI", BYTES_LIT("CT0006400"));
	assert_null(ncic_text_find(text, "ORI", 0));
	kind_reading_done(&faults);
	buf_done(&document);
	mem_free(text);
}

static void adds_what_the_text_implies(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	(void)state;
	ncic_text_add(text, "ORI", BYTES_LIT("CT0006400"));
	assert_true(bytes_is(ncic_text_value(text, "ORI"), "CT0006400"));
	mem_free(text);
}

static void knows_what_switches_and_record_systems_say(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	assert_true(
	    open_text("ER.NL0000000\r\n08:00 01/02/2026 01239\r\n08:00 01/02/2026 01233 CT0006400\r\nTXT\r\n.22. NO\r\n[a_b]\r\n",
	              text, &faults));
	assert_int_equal(text->form, NCIC_TEXT_DELIVERED);
	assert_string_equal(text->mke, "ER");
	assert_string_equal(text->ori, "NL0000000");
	assert_int_equal(text->body_line, 5);
	ncic_text_check_free(text, &faults);
	assert_int_equal(faults.faults_count, 0);
	assert_true(open_text("1L01CT00064000002\r\nCT0006400\r\n\r\nNO WANT\r\n", text, &faults));
	assert_int_equal(text->form, NCIC_TEXT_ANSWERED);
	assert_string_equal(text->ori, "CT0006400");
	assert_true(bytes_is(text->body, "\r\nNO WANT\r\n"));
	kind_reading_done(&faults);
	mem_free(text);
}

static void takes_no_clock_that_is_not_one(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	assert_false(open_text("ER.NL0000000\r\n8:00 01/02/2026 01239\r\n08:00 01/02/2026 01233 CT0006400\r\nTXT\r\nX\r\n", text,
	                       &faults));
	assert_non_null(sample_fault(&faults, "TXT"));
	kind_reading_done(&faults);
	mem_free(text);
}

static void takes_periods_in_free_text_but_no_small_letters(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading faults;
	(void)state;
	assert_true(open_text("AM.CT0006400.MA.TXT\r\nONE. TWO.\r\nTHREE", text, &faults));
	ncic_text_check_free(text, &faults);
	assert_int_equal(faults.faults_count, 0);
	assert_true(open_text("AM.CT0006400.MA.TXT\r\nONE.\r\nthree", text, &faults));
	ncic_text_check_free(text, &faults);
	assert_int_equal(faults.faults_count, 1);
	assert_int_equal(faults.faults[0].line, 3);
	kind_reading_done(&faults);
	mem_free(text);
}

static void allows_just_the_set(void **state)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,&'#()*+-:;<=>?@!\"%$/";
	(void)state;
	for (int c = 0; c < 256; c++)
		assert_int_equal(ncic_text_allows((uint8_t)c), c != 0 && strchr(set, c) != NULL);
}

static void knows_an_ori_and_a_control_token(void **state)
{
	(void)state;
	assert_true(ncic_text_is_ori(BYTES_LIT("CTDOC001G")));
	assert_false(ncic_text_is_ori(BYTES_LIT("C1DOC001G")));
	assert_false(ncic_text_is_ori(BYTES_LIT("CTDOC001")));
	assert_false(ncic_text_is_ori(BYTES_NONE));
	assert_true(ncic_text_is_control(BYTES_LIT("*A")));
	assert_true(ncic_text_is_control(BYTES_LIT("*0123456789")));
	assert_false(ncic_text_is_control(BYTES_LIT("*01234567890")));
	assert_false(ncic_text_is_control(BYTES_LIT("*")));
	assert_false(ncic_text_is_control(BYTES_LIT("A1")));
	assert_false(ncic_text_is_control(BYTES_NONE));
}

static void puts_the_number_and_the_field_before_a_reason(void **state)
{
	struct kind_reading faults;
	(void)state;
	kind_reading_init(&faults);
	ncic_text_fault(&faults, 4, CODE_SCHEMA, NCIC_TEXT_BIRTH, "DOB", "not a %s", "day");
	ncic_text_fault(&faults, 0, CODE_NOT_FOUND, NCIC_TEXT_NO_NUMBER, "NIC", "not on file");
	assert_string_equal(faults.faults[0].err.reason, ".05. DOB: not a day");
	assert_int_equal(faults.faults[0].line, 4);
	assert_string_equal(faults.faults[1].err.reason, "NIC: not on file");
	kind_reading_done(&faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_a_header_with_everything),
	    cmocka_unit_test(refuses_a_bad_header),
	    cmocka_unit_test(stops_at_the_size_of_a_text),
	    cmocka_unit_test(reads_fields_and_where_they_stand),
	    cmocka_unit_test(refuses_a_bad_field),
	    cmocka_unit_test(gives_no_value_of_a_field_with_a_fault),
	    cmocka_unit_test(stops_at_the_most_fields),
	    cmocka_unit_test(adds_what_the_text_implies),
	    cmocka_unit_test(knows_what_switches_and_record_systems_say),
	    cmocka_unit_test(takes_no_clock_that_is_not_one),
	    cmocka_unit_test(takes_periods_in_free_text_but_no_small_letters),
	    cmocka_unit_test(allows_just_the_set),
	    cmocka_unit_test(knows_an_ori_and_a_control_token),
	    cmocka_unit_test(puts_the_number_and_the_field_before_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
