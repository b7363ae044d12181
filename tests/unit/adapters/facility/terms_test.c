#include "unit/adapters/facility/facility_fixture.h"

#include "adapters/facility/terms.h"

static void knows_the_settings_words_before_the_common_ones(void **state)
{
	static const struct {
		const char *pointer, *word, *code;
		bool known;
	} cases[] = {
		{"/reason", "PAR", "PAROLE", true},
		{"/reason", "par", "PAROLE", true},
		{"/reason", "Time Served", "END_OF_SENTENCE", true},
		{"/reason", "EOS", "END_OF_SENTENCE", true},
		{"/reason", "TIME", "TIME", false},
		{"/reason", "Court order", "COURT_ORDER", false},
		{"/person/sex", "Female", "M", true},
		{"/person/sex", "male", "M", true},
		{"/person/sex", "f", "F", false},
		{"/person/eyes", "Grey", "GRY", true},
		{"/person/hair", "Teal", "TEAL", false},
		{"/person/race", "", "", false},
	};
	struct fixture fixture;
	(void)state;
	fixture_init_with(&fixture, "facility = { values = { reason = { PAROLE = \"PAR,P\"; END_OF_SENTENCE = \"EOS , Time "
	                            "served\"; }; sex = { M = \"Female\"; }; }; };");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char code[TERMS_CODE_MAX];
		bool known = terms_code(&fixture.conf.facility.values, cases[i].pointer, bytes_text(cases[i].word), code);
		assert_string_equal(code, cases[i].code);
		assert_int_equal(known, cases[i].known);
	}
	assert_ptr_equal(terms_pairs(&fixture.conf.facility.values, "/person/race"), &fixture.conf.facility.values.race);
	assert_ptr_equal(terms_pairs(&fixture.conf.facility.values, "/person/ethnicity"),
	                 &fixture.conf.facility.values.ethnicity);
	assert_null(terms_pairs(&fixture.conf.facility.values, "/person/eyes"));
	fixture_done(&fixture);
}

static void cuts_a_word_that_is_longer_than_any_code(void **state)
{
	struct fixture fixture;
	char code[TERMS_CODE_MAX], word[200];
	(void)state;
	fixture_init(&fixture);
	memset(word, 'a', sizeof(word));
	assert_false(terms_code(&fixture.conf.facility.values, "/reason", bytes_of(word, sizeof(word)), code));
	assert_int_equal(strlen(code), TERMS_CODE_MAX - 1);
	fixture_done(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_settings_words_before_the_common_ones),
		cmocka_unit_test(cuts_a_word_that_is_longer_than_any_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
