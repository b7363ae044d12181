#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_codes.h"
#include "adapters/ncic/ncic_tables.h"

static size_t count_codes(const char *const *pieces)
{
	size_t count = 0;
	for (; *pieces; pieces++) {
		assert_in_range(strlen(*pieces), 1, 4095);
		count++;
		for (const char *at = *pieces; (at = strchr(at, '|')); at++)
			count++;
	}
	return count;
}

static void holds_as_many_codes_as_there_are(void **state)
{
	(void)state;
	assert_int_equal(count_codes(ncic_tables_makes), 10138);
	assert_int_equal(count_codes(ncic_tables_offenses), 464);
	assert_int_equal(count_codes(ncic_tables_marks), 939);
	assert_int_equal(count_codes(ncic_tables_styles), 146);
	assert_int_equal(count_codes(ncic_tables_colors), 31);
}

static void finds_codes_in_every_piece_and_by_their_words(void **state)
{
	(void)state;
	for (const char *const *piece = ncic_tables_makes; *piece; piece++) {
		assert_true(ncic_codes_has(NCIC_CODES_MAKE, bytes_of(*piece, strcspn(*piece, "|"))));
		assert_true(ncic_codes_has(NCIC_CODES_MAKE, bytes_text(strrchr(*piece, '|') + 1)));
	}
	assert_false(ncic_codes_has(NCIC_CODES_MAKE, BYTES_LIT("AAA|AAAM")));
	assert_true(bytes_is(ncic_codes_words(NCIC_CODES_OFFENSE, BYTES_LIT("5011")), "PAROLE VIOLATION - SEE MIS"));
	assert_true(bytes_is(ncic_codes_by_words(NCIC_CODES_OFFENSE, BYTES_LIT("BURGLARY")), "2299"));
	assert_true(bytes_is(ncic_codes_by_words(NCIC_CODES_CAUTION, BYTES_LIT("ARMED AND DANGEROUS")), "00"));
	assert_int_equal(ncic_codes_by_words(NCIC_CODES_OFFENSE, BYTES_LIT("BURGLAR")).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(holds_as_many_codes_as_there_are),
	    cmocka_unit_test(finds_codes_in_every_piece_and_by_their_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
