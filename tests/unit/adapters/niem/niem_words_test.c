#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/niem/niem_words.h"

static void knows_words_and_codes_by_field(void **state)
{
	static const struct {
		const char *field, *word, *code;
		bool is_known;
	} cases[] = {
	    {"sex", "female", "F", true},
	    {"sex", "F", "F", true},
	    {"sex", "x", "X", false},
	    {"eyes", "Blue", "BLU", true},
	    {"race", "Blue", "BLUE", false},
	    {"hair", "blonde", "BLN", true},
	    {"reason", "Time served", "END_OF_SENTENCE", true},
	    {"reason", "time  off", "TIME__OFF", false},
	    {"extradition", "04", "4", true},
	    {"", "Male", "MALE", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char code[NIEM_CODE_MAX];
		assert_int_equal(niem_words_code(cases[i].field, bytes_text(cases[i].word), code), cases[i].is_known);
		assert_string_equal(code, cases[i].code);
	}
}

static void cuts_a_word_that_is_longer_than_any_code(void **state)
{
	char word[200], code[NIEM_CODE_MAX];
	(void)state;
	memset(word, 'a', sizeof(word));
	assert_false(niem_words_code("sex", bytes_of(word, sizeof(word)), code));
	assert_int_equal(strlen(code), NIEM_CODE_MAX - 1);
}

static void knows_states_by_name_and_by_letters(void **state)
{
	char code[NIEM_CODE_MAX];
	(void)state;
	assert_true(niem_words_state(BYTES_LIT("Michigan"), code));
	assert_string_equal(code, "MI");
	assert_true(niem_words_state(BYTES_LIT("ct"), code));
	assert_string_equal(code, "CT");
	assert_false(niem_words_state(BYTES_LIT("Ruritania"), code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_words_and_codes_by_field),
	    cmocka_unit_test(cuts_a_word_that_is_longer_than_any_code),
	    cmocka_unit_test(knows_states_by_name_and_by_letters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
