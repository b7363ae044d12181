#include "unit/adapters/ncic/ncic_sample.h"

#define ANSWER                                                                                                                   \
	"YR.CTDOC001G.CT0006400.*12.TXT\r\nRTY/WP.OCA/PV2600017.NIC/W900000017.CON/Y.NAM/DELGADO,MARCUS."                       \
	"DOB/19880417.CNA/A.CAG/B.PHO/8605550142."
#define HISTORY "QR.CT0006400.TXT\r\nPUR/J.ATN/SGT LEE.FBI/482913XA7."

static result each_hit(void *ctx, const char *kind, const char *by, const char *value,
	                   bool (*fn)(void *, const struct kind_record *), void *fn_ctx, struct err *err)
{
	const bool *is_ours = ctx;
	struct kind_record record = {.is_ours = *is_ours,
	                             .thread = {[6] = 0x70, [8] = 0x80, [15] = 1},
	                             .message = {[6] = 0x70, [8] = 0x80, [15] = 2}};
	(void)err;
	assert_string_equal(kind, "hit");
	assert_string_equal(by, "number");
	assert_string_equal(value, "W900000017-CT0006400");
	(void)fn(fn_ctx, &record);
	return OK;
}

static void answer_question(bool is_ours, struct kind_reading *reading)
{
	struct conf_pairs directory = sample_directory();
	struct kind_host host = {.ctx = &is_ours, .ori = "CTDOC001G", .agency = "DOC", .each = each_hit};
	clock_freeze(SAMPLE_TODAY);
	kind_reading_init(reading);
	ncic_read(&directory, &host, BYTES_LIT(ANSWER), reading);
	sample_print("YR", reading);
	clock_release();
}

static void knows_the_question_that_a_confirmation_answers(void **state)
{
	struct kind_reading reading;
	(void)state;
	answer_question(false, &reading);
	sample_draft_is(&reading, "/re", "00000000-0000-7000-8000-000000000002");
	sample_draft_is(&reading, "/thread", "00000000-0000-7000-8000-000000000001");
	sample_draft_is(&reading, "/subject/hit_id", "W900000017-CT0006400");
	sample_draft_is(&reading, "/to/0", "ct.hartford.police");
	sample_draft_is(&reading, "/body/control", "12");
	kind_reading_done(&reading);
	answer_question(true, &reading); /* nobody answers a question of one's own */
	sample_draft_is(&reading, "/re", NULL);
	kind_reading_done(&reading);
}

static void says_who_asks_for_a_history_and_why_in_the_header(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_read(&agency, BYTES_LIT(HISTORY), &reading);
	sample_draft_is(&reading, "/purpose", "J");
	sample_draft_is(&reading, "/by/id", "SGT LEE");
	sample_draft_is(&reading, "/by/attention", "SGT LEE");
	sample_draft_is(&reading, "/by/ori", "CT0006400");
	sample_draft_is(&reading, "/subject/ucn", "482913XA7");
	sample_draft_is(&reading, "/body/purpose", NULL);
	assert_int_equal(reading.unmapped_count, 0);
	kind_reading_done(&reading);
	sample_close(&agency);
}

static void lists_what_a_modification_deletes(void **state)
{
	struct kind_host host = {.ori = ""};
	struct kind_reading reading;
	(void)state;
	clock_freeze(SAMPLE_TODAY);
	kind_reading_init(&reading);
	ncic_read(NULL, &host, BYTES_LIT("MW.CTDOC001G.TXT\r\nNIC/W900000017.NAM/DELGADO,MARCUS.WGT/195.MIS/.VIN/."), &reading);
	sample_draft_is(&reading, "/type", "warrant.modify/1");
	sample_draft_is(&reading, "/body/delete/0", "/remarks");
	sample_draft_is(&reading, "/body/delete/1", "/vehicle/vin");
	sample_draft_is(&reading, "/body/delete/2", NULL);
	sample_draft_is(&reading, "/body/changes/remarks", NULL);
	kind_reading_done(&reading);
	clock_release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_the_question_that_a_confirmation_answers),
	    cmocka_unit_test(says_who_asks_for_a_history_and_why_in_the_header),
	    cmocka_unit_test(lists_what_a_modification_deletes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
