#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_imply.h"

static struct ncic_text *text_of(const char *const *fields, size_t count)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	*text = (struct ncic_text){.form = NCIC_TEXT_SENT};
	snprintf(text->ori, sizeof(text->ori), "CT0006400");
	for (size_t i = 0; i < count; i++) {
		char tag[4];
		snprintf(tag, sizeof(tag), "%.3s", fields[i]);
		ncic_text_add(text, tag, bytes_text(fields[i] + 4));
	}
	return text;
}

static void check(struct ncic_text *text, const char *tag, const char *expected)
{
	const struct ncic_text_field *field = ncic_text_find(text, tag, 0);
	if ((field != NULL) != (expected != NULL) || (field && !bytes_is(field->value, expected)))
		fail_msg("%s is not %s", tag, expected ? expected : "left out");
}

static void fills_an_entry_with_what_goes_without_saying(void **state)
{
	static const char *const fields[] = {"OCA/26-1", "OFF/5012", "EXL/1", "OLN/1"};
	struct ncic_text *text = text_of(fields, SAMPLE_COUNT(fields));
	(void)state;
	ncic_imply(text, ncic_keys_find("EW"), "HARTFORD POLICE", "");
	check(text, "WNO", "26-1");
	check(text, "CAT", "VIOLATION OF PROBATION");
	check(text, "AGN", "HARTFORD POLICE");
	check(text, "AUN", "HARTFORD POLICE");
	check(text, "AUT", "ENTERING AGENCY");
	check(text, "CTY", "UNKNOWN");
	check(text, "STA", "CT");
	check(text, "OLS", "CT");
	mem_free(text);
}

static void takes_out_exactly_what_it_would_add(void **state)
{
	static const char *const idle[] = {"AGN/HPD", "AUN/HPD", "AUT/ENTERING AGENCY", "CAT/FELONY ARREST", "CTY/UNKNOWN", "EXL/1",
	                                   "OCA/1",   "OFF/1313", "STA/CT", "WNO/1"};
	static const char *const telling[] = {"AGN/HPD", "AUN/JUDGE A", "AUT/JUDGE", "CAT/CAPIAS", "CTY/UNKNOWN", "EXL/1",
	                                      "OCA/1",   "OFF/1313",    "STA/CT",    "ZIP/06105",  "WNO/2"};
	struct ncic_text *text = text_of(idle, SAMPLE_COUNT(idle));
	(void)state;
	ncic_imply_not(text, ncic_keys_find("EW"), "HPD");
	assert_int_equal(text->fields_count, 3);
	mem_free(text);
	text = text_of(telling, SAMPLE_COUNT(telling));
	ncic_imply_not(text, ncic_keys_find("EW"), "OTHERS");
	assert_int_equal(text->fields_count, SAMPLE_COUNT(telling));
	mem_free(text);
}

static void names_an_agency_only_by_its_own_header(void **state)
{
	const struct kind_host named = {.ori = "CT0006400", .agency = "HPD"}, nobody = {.ori = NULL};
	(void)state;
	assert_string_equal(ncic_imply_agency(&named, "CT0006400"), "HPD");
	assert_string_equal(ncic_imply_agency(&named, "CT0009300"), "CT0009300");
	assert_string_equal(ncic_imply_agency(&nobody, "CT0009300"), "CT0009300");
}

static void gives_up_and_lists_what_no_message_can_say(void **state)
{
	static const char *const fields[] = {"OLN/1", "OLS/ON", "LIC/A", "LIS/ON", "LIY/2027", "LIT/PC", "NAM/A,B"};
	struct ncic_text *text = text_of(fields, SAMPLE_COUNT(fields));
	struct kind_reading reading;
	(void)state;
	kind_reading_init(&reading);
	ncic_imply_no_foreign(text, ncic_keys_find("EW"), &reading);
	assert_int_equal(text->fields_count, 1);
	assert_int_equal(reading.unmapped_count, 6);
	assert_string_equal(reading.unmapped[0], "OLN/1");
	kind_reading_done(&reading);
	mem_free(text);
	text = text_of(fields, SAMPLE_COUNT(fields));
	kind_reading_init(&reading);
	ncic_imply_no_foreign(text, ncic_keys_find("QV"), &reading);
	check(text, "LIS", "ON");
	kind_reading_done(&reading);
	mem_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fills_an_entry_with_what_goes_without_saying),
	    cmocka_unit_test(takes_out_exactly_what_it_would_add),
	    cmocka_unit_test(names_an_agency_only_by_its_own_header),
	    cmocka_unit_test(gives_up_and_lists_what_no_message_can_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
