#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_codes.h"

static void knows_a_code_whole_and_nothing_else(void **state)
{
	(void)state;
	assert_true(ncic_codes_has(NCIC_CODES_SEX, BYTES_LIT("M")));
	assert_true(ncic_codes_has(NCIC_CODES_SEX, BYTES_LIT("U")));
	assert_false(ncic_codes_has(NCIC_CODES_SEX, BYTES_LIT("M|F")));
	assert_false(ncic_codes_has(NCIC_CODES_SEX, BYTES_NONE));
	assert_true(ncic_codes_has(NCIC_CODES_OFFENSE, BYTES_LIT("0101")));
	assert_true(ncic_codes_has(NCIC_CODES_OFFENSE, BYTES_LIT("8102")));
	assert_false(ncic_codes_has(NCIC_CODES_OFFENSE, BYTES_LIT("101")));
	assert_true(ncic_codes_has(NCIC_CODES_REASON, BYTES_LIT("HIT NCIC")));
	assert_false(ncic_codes_has(NCIC_CODES_REASON, BYTES_LIT("HIT")));
	assert_true(ncic_codes_has(NCIC_CODES_CAUTION, BYTES_LIT("00")));
	assert_false(ncic_codes_has(NCIC_CODES_CAUTION, BYTES_LIT("00=ARMED AND DANGEROUS")));
}

static void holds_as_many_as_there_are(void **state)
{
	static const struct {
		enum ncic_codes_list list;
		size_t len, count;
	} lists[] = {
	    {NCIC_CODES_STATE, 2, 67}, {NCIC_CODES_ABROAD, 2, 280}, {NCIC_CODES_OFFENSE, 4, 464}, {NCIC_CODES_CAUTION, 2, 18}};
	char code[5];
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(lists); i++) {
		size_t count = 0;
		for (int n = 0; n < 10000; n++) {
			bool is_letters = lists[i].list == NCIC_CODES_STATE || lists[i].list == NCIC_CODES_ABROAD;
			if (n >= (is_letters ? 26 * 26 : lists[i].len == 2 ? 100 : 10000))
				break;
			if (is_letters)
				snprintf(code, sizeof(code), "%c%c", 'A' + n / 26, 'A' + n % 26);
			else
				snprintf(code, sizeof(code), "%0*d", (int)lists[i].len, n);
			count += ncic_codes_has(lists[i].list, bytes_text(code));
		}
		assert_int_equal(count, lists[i].count);
	}
}

static void has_words_for_what_an_officer_must_read(void **state)
{
	(void)state;
	assert_true(bytes_is(ncic_codes_words(NCIC_CODES_CAUTION, BYTES_LIT("00")), "ARMED AND DANGEROUS"));
	assert_true(bytes_is(ncic_codes_words(NCIC_CODES_CAUTION, BYTES_LIT("90")), "DIABETIC"));
	assert_true(bytes_is(ncic_codes_words(NCIC_CODES_EXTRADITION, BYTES_LIT("F")), "MISDEMEANOR, NOT YET DECIDED"));
	assert_int_equal(ncic_codes_words(NCIC_CODES_CAUTION, BYTES_LIT("99")).len, 0);
	assert_int_equal(ncic_codes_words(NCIC_CODES_SEX, BYTES_LIT("M")).len, 0);
	assert_int_equal(ncic_codes_words(NCIC_CODES_SEX, BYTES_NONE).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_a_code_whole_and_nothing_else),
	    cmocka_unit_test(holds_as_many_as_there_are),
	    cmocka_unit_test(has_words_for_what_an_officer_must_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
