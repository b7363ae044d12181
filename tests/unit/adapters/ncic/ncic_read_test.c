#include "unit/adapters/ncic/ncic_sample.h"

#define QUERY "QW.CT0006400.TXT\r\nNAM/DELGADO-PIERCE,MARCUS ELLIOT.DOB/19880417."
#define LOCATE "LW.CT0006400.TXT\r\nNIC/W900000017.NAM/DELGADO-PIERCE,MARCUS.DOL/20260519.DIS/EXTR."
#define CLEAR "CW.CT0006400.TXT\r\nNIC/W900000017.NAM/DELGADO-PIERCE,MARCUS.DCL/20260520."
#define ENTRY                                                                                                                    \
	"EW.CT0006400.TXT\r\nNAM/OKAFOR-LIND,TANYA.SEX/F.RAC/B.DOB/19931102.HGT/504.WGT/132.HAI/BRO.OFF/1313.DOW/20260219.OCA/"  \
	"26-001188.EXL/D."

/* The record that the samples speak of, of nobody in particular; only who locates it does not hold it as its own. */
static void open_for(struct sample_agency *agency, struct bytes document, char ori[static 10])
{
	bool is_locate = bytes_starts(document, "LW");
	sample_origin(document, ori);
	sample_open(agency, ori);
	sample_hold(agency, "W900000017", "active", !is_locate, "{}")->name[0] = 0;
}

static void judge_valid(const char *name, struct bytes document, const char *type)
{
	struct sample_agency agency;
	struct kind_reading reading;
	char ori[10];
	open_for(&agency, document, ori);
	sample_read(&agency, document, &reading);
	sample_print(name, &reading);
	assert_int_equal(reading.drafts_count, 1);
	assert_int_equal(reading.faults_count, 0);
	if (type)
		sample_draft_is(&reading, "/type", type);
	sample_drafts_fit(name, &reading);
	kind_reading_done(&reading);
	sample_close(&agency);
}

static void judge_invalid(const char *name, struct bytes document, const char *field, const char *code)
{
	struct sample_agency agency;
	struct kind_reading reading;
	char ori[10];
	open_for(&agency, document, ori);
	sample_read(&agency, document, &reading);
	const struct kind_fault *fault = sample_fault(&reading, field);
	if (!fault) {
		sample_print(name, &reading);
		fail_msg("%s: no fault of %s, %zu drafts", name, field, reading.drafts_count);
	}
	assert_int_equal(reading.drafts_count, 0);
	if (code)
		assert_string_equal(code_text(fault->err.code), code);
	assert_non_null(strstr(fault->err.reason, field));
	kind_reading_done(&reading);
	sample_close(&agency);
}

static void load(const char *path, struct buf *document)
{
	struct err err = {.reason = ""};
	if (FAILED(file_read(path, SAMPLE_BYTES_MAX, document, &err)))
		fail_msg("%s: %s", path, err.reason);
	buf_add_byte(document, 0); /* for strcspn */
	document->len--;
}

/* Every line of the list is a file, and every file a line of it. */
static void each_listed(const char *list, const char *expectation, size_t least)
{
	size_t judged = 0;
	char *copy = mem_text(list), *rest = copy;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char file[128], expected[16], what[64], code[32] = "";
		if (sscanf(line, "%127[^,],%15[^,],%63[^,],%31s", file, expected, what, code) < 3 || strcmp(expected, expectation) != 0)
			continue;
		struct buf document;
		char *path = mem_printf("%s/%s", SAMPLE_RECORDS, file);
		load(path, &document);
		if (!strcmp(expected, "accept"))
			judge_valid(file, buf_bytes(&document), what);
		else
			judge_invalid(file, buf_bytes(&document), what, code);
		buf_done(&document);
		mem_free(path);
		judged++;
	}
	mem_free(copy);
	assert_true(judged >= least);
}

static void check_listed(const char *list, const char *folder)
{
	char **names = NULL, *path = mem_printf("%s/%s", SAMPLE_RECORDS, folder);
	size_t count = 0;
	struct err err = {.reason = ""};
	assert_false(FAILED(file_list(path, ".ncic", &names, &count, &err)));
	for (size_t i = 0; i < count; i++) {
		char *line = mem_printf("%s/%s,", folder, names[i]);
		if (!strstr(list, line))
			fail_msg("%s is not in the list", line);
		mem_free(line);
	}
	file_list_free(names, count);
	mem_free(path);
}

static void judges_each(const char *folder, const char *expectation, size_t least)
{
	struct buf list;
	load(SAMPLE_RECORDS "/MANIFEST.csv", &list);
	check_listed((const char *)list.at, folder);
	each_listed((const char *)list.at, expectation, least);
	buf_done(&list);
}

static void reads_every_valid_sample_into_what_the_catalogue_wants(void **state)
{
	(void)state;
	judges_each("valid", "accept", 50);
}

static void refuses_every_invalid_sample_with_its_field_and_code(void **state)
{
	(void)state;
	judges_each("invalid", "refuse", 140);
}

/* ---- samples that stand beside the checkout, where they do ---- */

static const char *field_of(const char *file)
{
	static const char *const fields[][2] = {{"i01", "NAM"}, {"i02", "DOB"}, {"i03", "ORI"}, {"i04", "SEX"},
	                                        {"i05", "DOB"}, {"i06", "DOB"}, {"i07", "MKE"}, {"i10", "LIY"},
	                                        {"i11", "LIC"}, {"i13", "DST"}, {"i14", "PUR"}};
	for (size_t i = 0; i < SAMPLE_COUNT(fields); i++)
		if (strstr(file, fields[i][0]))
			return fields[i][1];
	fail_msg("%s: nobody knows which field is wrong", file);
	return "";
}

/* Without an agency of its own, as it is converted at the command line. */
static void judge_alone(const char *file, struct bytes document, bool is_fine)
{
	struct kind_host host = {.ori = "", .agency = ""};
	struct kind_reading reading;
	clock_freeze(SAMPLE_TODAY);
	kind_reading_init(&reading);
	ncic_read(NULL, &host, document, &reading);
	if (is_fine)
		sample_print(file, &reading);
	assert_int_equal(reading.drafts_count, is_fine ? 1 : 0);
	assert_int_equal(reading.faults_count > 0, !is_fine);
	sample_drafts_fit(file, &reading);
	kind_reading_done(&reading);
	clock_release();
}

static void judge_foreign(const char *folder, const char *file, const char *expected)
{
	struct buf document;
	char *path = mem_printf("%s/%s", folder, file);
	load(path, &document);
	judge_alone(file, buf_bytes(&document), strcmp(expected, "reject") != 0);
	if (!strcmp(expected, "reject"))
		judge_invalid(file, buf_bytes(&document), field_of(file), NULL);
	else
		judge_valid(file, buf_bytes(&document), NULL);
	buf_done(&document);
	mem_free(path);
}

static void judges_the_samples_beside_the_checkout_as_their_list_says(void **state)
{
	const char *shared = getenv("LIAISON_SHARED");
	char *folder = mem_printf("%s/samples/ncic-text", shared ? shared : LIAISON_SOURCE_DIR "/../shared");
	char *path = mem_printf("%s/MANIFEST.csv", folder);
	struct buf list;
	struct err err;
	size_t judged = 0;
	(void)state;
	if (FAILED(file_read(path, SAMPLE_BYTES_MAX, &list, &err))) {
		print_message("skipped: no samples beside the checkout (LIAISON_SHARED names another folder)\n");
		mem_free(path);
		mem_free(folder);
		buf_done(&list);
		skip();
	}
	buf_add_byte(&list, 0);
	char *rest = (char *)list.at;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char file[128], expected[64];
		if (sscanf(line, "%127[^,],%63[^,]", file, expected) == 2 && strchr(file, '/')) {
			judge_foreign(folder, file, expected);
			judged++;
		}
	}
	assert_true(judged >= 30);
	buf_done(&list);
	mem_free(path);
	mem_free(folder);
}

/* ---- what becomes of the fields ---- */

static void refuses(struct sample_agency *agency, const char *text, const char *field, enum code code, int line)
{
	struct kind_reading reading;
	sample_read(agency, bytes_text(text), &reading);
	const struct kind_fault *fault = sample_fault(&reading, field);
	if (!fault || fault->err.code != code || fault->line != line)
		sample_print(text, &reading);
	assert_int_equal(reading.drafts_count, 0);
	assert_non_null(fault);
	assert_int_equal(fault->err.code, code);
	assert_int_equal(fault->line, line);
	kind_reading_done(&reading);
}

static void lists_every_fault_at_once_with_its_line(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_read(&agency, BYTES_LIT("QW.CT0009300.TXT\r\nNAM/OKAFOR,T.\r\nDOB/19930230.SEX/Q.\r\nXYZ/1.RAC/W.RAC/W."),
	            &reading);
	assert_int_equal(reading.faults_count, 5);
	assert_int_equal(sample_fault(&reading, "ORI")->line, 1);
	assert_int_equal(sample_fault(&reading, "DOB")->line, 3);
	assert_int_equal(sample_fault(&reading, "SEX")->line, 3);
	assert_int_equal(sample_fault(&reading, "XYZ")->line, 4);
	assert_int_equal(sample_fault(&reading, "RAC")->line, 4);
	assert_string_equal(sample_fault(&reading, "DOB")->err.reason, ".05. DOB: not a real date CCYYMMDD");
	assert_string_equal(sample_fault(&reading, "SEX")->err.reason, ".22. SEX: not one of the codes");
	kind_reading_done(&reading);
	sample_close(&agency);
}

static void says_no_value_of_a_person_in_a_reason(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_read(&agency, BYTES_LIT("QW.CT0006400.TXT\r\nNAM/SECRETIVE.DOB/19931399.SOC/00099887.NIC/Q12."), &reading);
	assert_int_equal(reading.faults_count, 4);
	for (size_t i = 0; i < reading.faults_count; i++) {
		assert_null(strstr(reading.faults[i].err.reason, "SECRET"));
		assert_null(strstr(reading.faults[i].err.reason, "99"));
	}
	kind_reading_done(&reading);
	sample_close(&agency);
}

static void reads_a_query_with_its_token_and_on_whose_behalf(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_read(
	    &agency,
	    BYTES_LIT(
	        "QW.CT0006400.*0000000041.TXT\r\nNAM/DELGADO,MARCUS ELLIOT JR.DOB/19880417.SID/CT01284417.PUR/C.ATN/OFC LEE."),
	    &reading);
	sample_draft_is(&reading, "/type", "query.wanted/1");
	sample_draft_is(&reading, "/by/ori", "CT0006400");
	sample_draft_is(&reading, "/by/name", "OFC LEE");
	sample_draft_is(&reading, "/subject/sid", "CT01284417");
	sample_draft_is(&reading, "/body/requester/ori", "CT0006400");
	sample_draft_is(&reading, "/body/requester/name", "HARTFORD POLICE");
	sample_draft_is(&reading, "/body/person/name/family", "DELGADO");
	sample_draft_is(&reading, "/body/person/name/given", "MARCUS");
	sample_draft_is(&reading, "/body/person/name/middle", "ELLIOT");
	sample_draft_is(&reading, "/body/person/name/suffix", "JR");
	sample_draft_is(&reading, "/body/person/dob", "1988-04-17");
	sample_draft_is(&reading, "/body/purpose", "C");
	sample_draft_is(&reading, "/body/attention", "OFC LEE");
	sample_draft_is(&reading, "/to/0", NULL);
	sample_draft_is(&reading, "/thread", NULL);
	assert_string_equal(reading.drafts[0].tag, "*0000000041");
	assert_int_equal(reading.unmapped_count, 0);
	kind_reading_done(&reading);
	sample_close(&agency);
}

static void reads_a_header_of_destinations_as_parties_each_once(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_read(&agency, BYTES_LIT("AM.CT0006400.CT0009300,CT,CTDOC001G.*A1.TXT\r\nRADIO CHECK. 15:00.\r\n\r\nDESK\r\n"),
	            &reading);
	sample_draft_is(&reading, "/to/0", "ct.newhaven.police");
	sample_draft_is(&reading, "/to/1", "role:police");
	sample_draft_is(&reading, "/to/2", "ct.doc.parole.hartford");
	sample_draft_is(&reading, "/body/text", "RADIO CHECK. 15:00.\n\nDESK");
	sample_draft_is(&reading, "/body/from/ori", "CT0006400");
	assert_string_equal(reading.drafts[0].tag, "*A1");
	kind_reading_done(&reading);
	refuses(&agency, "AM.CT0006400.CT0004300.TXT\r\nHELLO", "DST", CODE_NO_RECIPIENT, 1);
	sample_close(&agency);
}

static void refuses_the_header_of_another_agency(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0009300");
	refuses(&agency, QUERY, "ORI", CODE_NOT_YOUR_PARTY, 1);
	sample_close(&agency);
	sample_open(&agency, "");
	refuses(&agency, QUERY, "ORI", CODE_NOT_YOUR_PARTY, 1);
	sample_close(&agency);
}

static void fills_in_what_the_public_fields_cannot_say(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	struct bytes cautions;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_read(&agency, BYTES_LIT(ENTRY "OLN/184420917."), &reading);
	sample_draft_is(&reading, "/body/warrant_no", "26-001188");
	sample_draft_is(&reading, "/subject/warrant_no", "26-001188");
	sample_draft_is(&reading, "/body/category", "MISDEMEANOR_ARREST");
	sample_draft_is(&reading, "/body/authority/name", "HARTFORD POLICE");
	sample_draft_is(&reading, "/body/authority/title", "ENTERING AGENCY");
	sample_draft_is(&reading, "/body/last_known/town", "UNKNOWN");
	sample_draft_is(&reading, "/body/last_known/state", "CT");
	sample_draft_is(&reading, "/body/person/ids/ols", "CT");
	assert_true(pack_pointer(buf_bytes(&reading.drafts[0].plain), "/body/cautions", &cautions));
	assert_int_equal(cautions.len, 1);
	kind_reading_done(&reading);
	sample_close(&agency);
}

static void takes_the_category_from_offense_and_extradition(void **state)
{
	static const struct {
		const char *offense, *limit, *category;
	} cases[] = {{"OFF/5011.OOC/2299", "1", "PAROLE_REMAND"}, {"OFF/5012.OOC/2299", "1", "VIOLATION_OF_PROBATION"},
	             {"OFF/5013.OOC/2299", "1", "PAROLE_REMAND"}, {"OFF/5015.OOC/2299", "D", "BENCH_WARRANT"},
	             {"OFF/2299", "05", "FELONY_ARREST"},         {"OFF/2299", "A", "MISDEMEANOR_ARREST"}};
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		char *text = mem_printf(
		    "EW.CT0006400.TXT\r\nNAM/A,B.SEX/F.RAC/B.DOB/19931102.HGT/504.WGT/132.HAI/BRO.%s.DOW/20260219.OCA/1.EXL/%s.",
		    cases[i].offense, cases[i].limit);
		sample_read(&agency, bytes_text(text), &reading);
		sample_draft_is(&reading, "/body/category", cases[i].category);
		sample_draft_is(&reading, "/body/extradition", &cases[i].limit[strlen(cases[i].limit) - 1]);
		kind_reading_done(&reading);
		mem_free(text);
	}
	sample_close(&agency);
}

static void lists_what_no_place_of_the_message_takes(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_read(&agency, BYTES_LIT(ENTRY "LIC/TST123.LIS/ON.LIY/2027.LIT/PC.POB/NE.OLN/1.OLS/ON."),
	            &reading);
	static const char *const expected[] = {"OLN/1",  "OLS/ON", "LIC/TST123",     "LIS/ON", "LIY/2027",
	                                       "LIT/PC", "POB/NE"};
	assert_int_equal(reading.unmapped_count, SAMPLE_COUNT(expected));
	for (size_t i = 0; i < SAMPLE_COUNT(expected); i++)
		assert_string_equal(reading.unmapped[i], expected[i]);
	sample_draft_is(&reading, "/body/vehicle", NULL);
	sample_draft_is(&reading, "/body/person/ids", NULL);
	sample_drafts_fit("entry", &reading);
	kind_reading_done(&reading);
	sample_close(&agency);
}

/* ---- the record that a text speaks of ---- */

static void answers_the_entry_that_it_closes(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_hold(&agency, "W900000017", "cleared", false, NULL);
	sample_hold(&agency, "W900000017", "active", false, NULL);
	sample_hold(&agency, "W900000018", "active", true, NULL);
	sample_read(&agency, BYTES_LIT(LOCATE), &reading);
	sample_draft_is(&reading, "/type", "warrant.locate/1");
	sample_draft_is(&reading, "/thread", "00000000-0000-7000-8000-00000000000b");
	sample_draft_is(&reading, "/re", "00000000-0000-7000-8000-000000000015");
	sample_draft_is(&reading, "/subject/nic", "W900000017");
	sample_draft_is(&reading, "/subject/warrant_no", "PR-26-0017");
	sample_draft_is(&reading, "/subject/sid", "CT01284417");
	sample_draft_is(&reading, "/body/warrant_no", "PR-26-0017");
	sample_draft_is(&reading, "/body/located_on", "2026-05-19");
	sample_draft_is(&reading, "/body/agency/ori", "CT0006400");
	sample_draft_is(&reading, "/to", NULL);
	kind_reading_done(&reading);
	sample_close(&agency);
}

static void lets_only_the_owner_close_and_only_others_locate(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_hold(&agency, "W900000017", "active", true, NULL);
	refuses(&agency, LOCATE, "NIC", CODE_LIFECYCLE, 2);
	sample_read(&agency, BYTES_LIT(CLEAR), &reading);
	sample_draft_is(&reading, "/body/cleared_on", "2026-05-20");
	kind_reading_done(&reading);
	agency.records[0].is_ours = false;
	refuses(&agency, CLEAR, "NIC", CODE_NOT_YOUR_PARTY, 2);
	refuses(&agency, "XW.CT0006400.TXT\r\nNIC/W900000017.NAM/DELGADO-PIERCE,M.DOC/20260520.", "NIC", CODE_NOT_YOUR_PARTY, 2);
	sample_close(&agency);
}

static void refuses_a_record_that_is_not_on_file_or_no_longer(void **state)
{
	static const char *const closed[] = {"cleared", "cancelled", "expired"};
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_read(&agency, BYTES_LIT(LOCATE), &reading);
	assert_int_equal(reading.faults_count, 1);
	assert_int_equal(reading.faults[0].err.code, CODE_NOT_FOUND);
	assert_string_equal(reading.faults[0].err.reason, "NIC: not on file");
	kind_reading_done(&reading);
	sample_hold(&agency, "W900000017", "active", true, NULL);
	for (size_t i = 0; i < SAMPLE_COUNT(closed); i++) {
		snprintf(agency.records[0].state, sizeof(agency.records[0].state), "%s", closed[i]);
		refuses(&agency, CLEAR, "NIC", CODE_LIFECYCLE, 2);
	}
	sample_close(&agency);
}

static void refuses_the_record_of_another_person_or_number(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_hold(&agency, "W900000017", "active", true, NULL);
	refuses(&agency, "CW.CT0006400.TXT\r\nNIC/W900000017.NAM/OKAFOR,TANYA.DCL/20260520.", "NAM", CODE_SCHEMA, 2);
	refuses(&agency, CLEAR "WNO/PR-26-0018.", "WNO", CODE_SCHEMA, 2);
	sample_close(&agency);
}

static void knows_a_surname_that_the_letters_had_to_change(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	sample_hold(&agency, "W900000017", "active", true, "{'person':{'name':{'family':'Mu\u00f1oz','given':'In\u00e9s'}}}");
	sample_read(&agency, BYTES_LIT("CW.CT0006400.TXT\r\nNIC/W900000017.NAM/MUNOZ,INES.DCL/20260520."), &reading);
	assert_int_equal(reading.faults_count, 0);
	kind_reading_done(&reading);
	sample_close(&agency);
}

static void passes_on_that_the_records_cannot_be_asked(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	agency.each_fails = CODE_IO;
	refuses(&agency, LOCATE, "NIC", CODE_IO, 2);
	sample_close(&agency);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_valid_sample_into_what_the_catalogue_wants),
	    cmocka_unit_test(refuses_every_invalid_sample_with_its_field_and_code),
	    cmocka_unit_test(judges_the_samples_beside_the_checkout_as_their_list_says),
	    cmocka_unit_test(lists_every_fault_at_once_with_its_line),
	    cmocka_unit_test(says_no_value_of_a_person_in_a_reason),
	    cmocka_unit_test(reads_a_query_with_its_token_and_on_whose_behalf),
	    cmocka_unit_test(reads_a_header_of_destinations_as_parties_each_once),
	    cmocka_unit_test(refuses_the_header_of_another_agency),
	    cmocka_unit_test(fills_in_what_the_public_fields_cannot_say),
	    cmocka_unit_test(takes_the_category_from_offense_and_extradition),
	    cmocka_unit_test(lists_what_no_place_of_the_message_takes),
	    cmocka_unit_test(answers_the_entry_that_it_closes),
	    cmocka_unit_test(lets_only_the_owner_close_and_only_others_locate),
	    cmocka_unit_test(refuses_a_record_that_is_not_on_file_or_no_longer),
	    cmocka_unit_test(refuses_the_record_of_another_person_or_number),
	    cmocka_unit_test(knows_a_surname_that_the_letters_had_to_change),
	    cmocka_unit_test(passes_on_that_the_records_cannot_be_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
