#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_answered.h"

static void read_answer(const char *body, struct kind_reading *reading)
{
	struct kind_host host = {.ori = "", .agency = ""};
	char *document = mem_printf("1L01CT00064000001\r\nCT0006400\r\n%s", body);
	clock_freeze(SAMPLE_TODAY);
	kind_reading_init(reading);
	ncic_read(NULL, &host, bytes_text(document), reading);
	sample_print(body, reading);
	assert_int_equal(reading->drafts_count, 1);
	sample_drafts_fit(body, reading);
	clock_release();
	mem_free(document);
}

static void reads_an_acknowledgement_with_its_numbers(void **state)
{
	struct kind_reading reading;
	(void)state;
	read_answer("NAM/DELGADO,MARCUS NIC/W900000017\r\nOCA/PV2600017\r\n", &reading);
	sample_draft_is(&reading, "/type", "warrant.accepted/1");
	sample_draft_is(&reading, "/subject/nic", "W900000017");
	sample_draft_is(&reading, "/body/oca", "PV2600017");
	sample_draft_is(&reading, "/body/person_name/given", "MARCUS");
	sample_draft_is(&reading, "/body/agency/ori", "CT0000000");
	kind_reading_done(&reading);
}

static void reads_a_refusal_with_the_field_that_it_names(void **state)
{
	struct kind_reading reading;
	(void)state;
	read_answer("REJ - FIELD ERROR DOB\r\n", &reading);
	sample_draft_is(&reading, "/type", "warrant.rejected/1");
	sample_draft_is(&reading, "/body/reject_code", "FIELD_ERROR");
	sample_draft_is(&reading, "/body/field", "DOB");
	kind_reading_done(&reading);
	read_answer("REJ - ON FILE NIC/W900000017 OCA/PV2600017", &reading);
	sample_draft_is(&reading, "/body/reject_code", "ON_FILE");
	sample_draft_is(&reading, "/body/nic", "W900000017");
	kind_reading_done(&reading);
	read_answer("REJ - CALL THE DESK", &reading);
	sample_draft_is(&reading, "/body/reject_code", "OTHER");
	sample_draft_is(&reading, "/body/reason", "REJ - CALL THE DESK");
	kind_reading_done(&reading);
}

static void reads_hits_that_spell_out_their_codes(void **state)
{
	struct kind_reading reading;
	(void)state;
	read_answer("\r\nMKE/WANTED PERSON - CAUTION\r\nCAUTION - ARMED AND DANGEROUS\r\nEXL/1 - FULL EXTRADITION\r\n"
	            "ORI/CTDOC001G NAM/DELGADO,MARCUS SEX/M RAC/W\r\nDOB/19880417 HGT/511 WGT/180 OLN/1\r\n"
	            "OFF/PAROLE VIOLATION - SEE MIS\r\nOOC/BURGL - FORCED ENTRY-RESID\r\nDOW/20260301 OCA/PV2600017\r\n"
	            "MIS/ORDER 26-0017 ABC/DEF\r\nORI IS CT DOC PAROLE\r\nNIC/W900000017 DTE/20260301 1412 EST\r\n"
	            "IMMED CONFIRM WARRANT AND EXTRADITION WITH ORI\r\n",
	            &reading);
	sample_draft_is(&reading, "/type", "query.result/1");
	sample_draft_is(&reading, "/body/result", "HIT");
	sample_draft_is(&reading, "/body/hits/0/offense/code", "5011");
	sample_draft_is(&reading, "/body/hits/0/offense/original_code", "2202");
	sample_draft_is(&reading, "/body/hits/0/extradition", "1");
	sample_draft_is(&reading, "/body/hits/0/cautions/0", "00");
	sample_draft_is(&reading, "/body/hits/0/nic", "W900000017");
	sample_draft_is(&reading, "/body/hits/0/warrant_no", "PV2600017");
	sample_draft_is(&reading, "/body/hits/0/confirm_with/name", "CT DOC PAROLE");
	sample_draft_is(&reading, "/body/hits/0/person/ids", NULL);
	bool lists_license = false, lists_remarks = false;
	for (size_t i = 0; i < reading.unmapped_count; i++) {
		lists_license = lists_license || !strcmp(reading.unmapped[i], "OLN/1");
		lists_remarks = lists_remarks || !strcmp(reading.unmapped[i], "MIS/ORDER 26-0017 ABC/DEF");
	}
	assert_true(lists_license);
	assert_true(lists_remarks);
	kind_reading_done(&reading);
}

static void keeps_the_words_of_what_it_does_not_know(void **state)
{
	static const char *const answers[] = {"$.K. DELAYED INQUIRY HIT\r\nCALL", "HELLO", "MKE/WANTED PERSON\r\nNAM/A,B",
	                                      "$.L. LOCATE\r\nNIC/W900000017 LOCATED/20261399 EXTR MA0130100 1", "NAM/A,B"};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(answers); i++) {
		struct kind_reading reading;
		read_answer(answers[i], &reading);
		sample_draft_is(&reading, "/type", "admin.message/1");
		kind_reading_done(&reading);
	}
}

static void reads_a_locate_of_another_agency(void **state)
{
	struct kind_reading reading;
	(void)state;
	read_answer("$.L. LOCATE\r\nNIC/W900000017 LOCATED/20260430 EXTR MA0130100 26-5531 HIT/3\r\n", &reading);
	sample_draft_is(&reading, "/type", "warrant.locate/1");
	sample_draft_is(&reading, "/body/located_on", "2026-04-30");
	sample_draft_is(&reading, "/body/disposition", "EXTR");
	sample_draft_is(&reading, "/body/agency/ori", "MA0130100");
	sample_draft_is(&reading, "/body/case_no", "26-5531");
	sample_draft_is(&reading, "/body/hit", "3");
	kind_reading_done(&reading);
}

static void reads_that_nothing_is_on_file(void **state)
{
	struct kind_reading reading;
	(void)state;
	read_answer("\r\nNO NCIC WANT DOB/19900214 NAM/A,B\r\n", &reading);
	sample_draft_is(&reading, "/body/result", "NO_RECORD");
	sample_draft_is(&reading, "/body/note", "NO NCIC WANT DOB/19900214 NAM/A,B");
	kind_reading_done(&reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_an_acknowledgement_with_its_numbers), cmocka_unit_test(reads_a_refusal_with_the_field_that_it_names),
	    cmocka_unit_test(reads_hits_that_spell_out_their_codes),     cmocka_unit_test(keeps_the_words_of_what_it_does_not_know),
	    cmocka_unit_test(reads_a_locate_of_another_agency),          cmocka_unit_test(reads_that_nothing_is_on_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
