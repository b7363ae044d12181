#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_turn.h"

static const struct {
	enum ncic_turn turn;
	const char *tag, *value, *json;
} cases[] = {
	{NCIC_TURN_TEXT, "MIS", "SEE FILE", "'SEE FILE'"},
	{NCIC_TURN_DATE, "DOB", "19880417", "'1988-04-17'"},
	{NCIC_TURN_NAME, "NAM", "A,B", "{'family':'A','given':'B'}"},
	{NCIC_TURN_WEIGHT, "WGT", "095", "95"},
	{NCIC_TURN_YEAR, "VYR", "2003", "2003"},
	{NCIC_TURN_FLAG, "NBD", "Y", "true"},
	{NCIC_TURN_FLAG, "NBD", "N", "false"},
	{NCIC_TURN_MONEY, "BAL", "5000", "5000"},
	{NCIC_TURN_MONEY, "BAL", "2500-50", "2500.5"},
	{NCIC_TURN_MONEY, "BAL", "99999999-99", "99999999.99"},
	{NCIC_TURN_STATE, "LIS", "CT", "'CT'"},
	{NCIC_TURN_STATE, "LIS", "NB", "'NE'"},
	{NCIC_TURN_STATE, "LIS", "GM", "'GU'"},
	{NCIC_TURN_STATE, "LIS", "AM", "'AS'"},
	{NCIC_TURN_STATE, "LIS", "MK", "'MP'"},
	{NCIC_TURN_PLACE, "POB", "MM", "'MM'"},
	{NCIC_TURN_PLACE, "POB", "NB", "'NE'"},
	{NCIC_TURN_CATEGORY, "CAT", "BENCH WARRANT NO BOND", "'BENCH_WARRANT_NO_BOND'"},
	{NCIC_TURN_INMATE, "MNU", "OA-00312845", "'00312845'"},
	{NCIC_TURN_LIMIT, "EXL", "3", "'3'"},
};

static void turns_each_kind_of_value_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct buf packed, expected, text;
		size_t steps = 100;
		buf_init(&packed, SAMPLE_BYTES_MAX);
		buf_init(&expected, SAMPLE_BYTES_MAX);
		buf_init(&text, SAMPLE_BYTES_MAX);
		assert_true(ncic_turn_fits(cases[i].turn, bytes_text(cases[i].value)));
		ncic_turn_put(cases[i].turn, bytes_text(cases[i].value), &packed);
		sample_pack(cases[i].json, &expected);
		if (!value_equal(buf_bytes(&packed), buf_bytes(&expected), &steps))
			fail_msg("%s/%s is not %s", cases[i].tag, cases[i].value, cases[i].json);
		assert_true(ncic_turn_say(cases[i].turn, buf_bytes(&expected), ncic_fields_find(cases[i].tag), &text));
		if (!bytes_is(buf_bytes(&text), cases[i].value))
			fail_msg("%s is not %s/%s", cases[i].json, cases[i].tag, cases[i].value);
		buf_done(&packed);
		buf_done(&expected);
		buf_done(&text);
	}
}

static void takes_the_zero_from_an_imported_extradition(void **state)
{
	struct buf packed;
	struct bytes text;
	(void)state;
	buf_init(&packed, 16);
	ncic_turn_put(NCIC_TURN_LIMIT, BYTES_LIT("04"), &packed);
	assert_true(pack_as_text(buf_bytes(&packed), &text) && bytes_is(text, "4"));
	buf_done(&packed);
}

static void knows_what_no_message_can_say(void **state)
{
	(void)state;
	assert_false(ncic_turn_fits(NCIC_TURN_STATE, BYTES_LIT("ON")));
	assert_false(ncic_turn_fits(NCIC_TURN_STATE, BYTES_LIT("WK")));
	assert_false(ncic_turn_fits(NCIC_TURN_STATE, BYTES_LIT("NE")));
	assert_false(ncic_turn_fits(NCIC_TURN_STATE, BYTES_NONE));
	assert_false(ncic_turn_fits(NCIC_TURN_PLACE, BYTES_LIT("NE")));
	assert_true(ncic_turn_fits(NCIC_TURN_PLACE, BYTES_LIT("ON")));
	assert_false(ncic_turn_fits(NCIC_TURN_INMATE, BYTES_LIT("PP-00312845")));
	assert_false(ncic_turn_fits(NCIC_TURN_INMATE, BYTES_LIT("OA-1234")));
	assert_false(ncic_turn_fits(NCIC_TURN_INMATE, BYTES_LIT("OA-123456789")));
	assert_false(ncic_turn_fits(NCIC_TURN_INMATE, BYTES_LIT("OA-1234A")));
}

static void says_nothing_that_the_field_would_refuse(void **state)
{
	static const struct {
		enum ncic_turn turn;
		const char *tag, *json;
	} bad[] = {
	    {NCIC_TURN_TEXT, "SEX", "'X'"},         {NCIC_TURN_TEXT, "SEX", "1"},
	    {NCIC_TURN_TEXT, "MIS", "'...'"},       {NCIC_TURN_TEXT, "OCA", "'0123456789012345678901'"},
	    {NCIC_TURN_DATE, "DOB", "'1988-4-17'"}, {NCIC_TURN_DATE, "DOB", "'1988-02-30'"},
	    {NCIC_TURN_WEIGHT, "WGT", "-95"},       {NCIC_TURN_WEIGHT, "WGT", "5000"},
	    {NCIC_TURN_WEIGHT, "WGT", "'95'"},      {NCIC_TURN_YEAR, "VYR", "203"},
	    {NCIC_TURN_FLAG, "NBD", "'Y'"},         {NCIC_TURN_MONEY, "BAL", "-1"},
	    {NCIC_TURN_MONEY, "BAL", "1e300"},      {NCIC_TURN_MONEY, "BAL", "'5'"},
	    {NCIC_TURN_STATE, "LIS", "'NB'"},       {NCIC_TURN_PLACE, "POB", "'AM'"},
	    {NCIC_TURN_NAME, "NAM", "{}"},          {NCIC_TURN_CATEGORY, "CAT", "'OTHER'"},
	};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(bad); i++) {
		struct buf packed, text;
		buf_init(&packed, SAMPLE_BYTES_MAX);
		buf_init(&text, SAMPLE_BYTES_MAX);
		sample_pack(bad[i].json, &packed);
		buf_add_text(&text, "BEFORE");
		if (ncic_turn_say(bad[i].turn, buf_bytes(&packed), ncic_fields_find(bad[i].tag), &text))
			fail_msg("%s says %s", bad[i].tag, bad[i].json);
		assert_true(bytes_is(buf_bytes(&text), "BEFORE"));
		buf_done(&packed);
		buf_done(&text);
	}
}

static void cuts_running_text_at_its_limit(void **state)
{
	struct buf packed, text;
	char words[700];
	(void)state;
	memset(words, 'x', sizeof(words));
	memset(words + 495, ' ', 10);
	buf_init(&packed, SAMPLE_BYTES_MAX);
	buf_init(&text, SAMPLE_BYTES_MAX);
	pack_put_text(&packed, bytes_of(words, sizeof(words)));
	assert_true(ncic_turn_say(NCIC_TURN_TEXT, buf_bytes(&packed), ncic_fields_find("MIS"), &text));
	assert_int_equal(text.len, 495);
	buf_done(&packed);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(turns_each_kind_of_value_both_ways), cmocka_unit_test(takes_the_zero_from_an_imported_extradition),
	    cmocka_unit_test(knows_what_no_message_can_say),      cmocka_unit_test(says_nothing_that_the_field_would_refuse),
	    cmocka_unit_test(cuts_running_text_at_its_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
