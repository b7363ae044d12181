#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_name.h"

static void reads_a_name_into_its_pieces(void **state)
{
	static const char *const cases[][2] = {
	    {"A,B", "{'family':'A','given':'B'}"},
	    {"DELGADO-PIERCE,MARCUS ELLIOT", "{'family':'DELGADO-PIERCE','given':'MARCUS','middle':'ELLIOT'}"},
	    {"DE LA CRUZ,MARY ANN LEE III", "{'family':'DE LA CRUZ','given':'MARY','middle':'ANN LEE','suffix':'III'}"},
	    {"O'ROURKE,TANYA JR", "{'family':'O\\u0027ROURKE','given':'TANYA','suffix':'JR'}"},
	    {"SMITH,JR", "{'family':'SMITH','given':'JR'}"},
	    {"SMITH,V V", "{'family':'SMITH','given':'V','suffix':'V'}"},
	};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct buf out, expected;
		size_t steps = 100;
		buf_init(&out, SAMPLE_BYTES_MAX);
		buf_init(&expected, SAMPLE_BYTES_MAX);
		assert_true(ncic_name_check(bytes_text(cases[i][0])));
		ncic_name_put(bytes_text(cases[i][0]), &out);
		sample_pack(cases[i][1], &expected);
		if (!value_equal(buf_bytes(&out), buf_bytes(&expected), &steps))
			fail_msg("%s is not read as %s", cases[i][0], cases[i][1]);
		buf_done(&out);
		buf_done(&expected);
	}
}

static void writes_a_name_that_fits_whole_and_shortens_one_that_does_not(void **state)
{
	static const char *const cases[][2] = {
	    {"{'family':'Delgado-Pierce','given':'Marcus','middle':'Elliot'}", "DELGADO-PIERCE,MARCUS ELLIOT"},
	    {"{'family':'O\\u2019Rourke','given':'Tanya','suffix':'Jr.'}", "O'ROURKE,TANYA JR"},
	    {"{'family':'Smith, 3rd','given':'J. R.'}", "SMITH RD,J R"},
	    {"{'family':'Delgado-Pierce','given':'Marcus','middle':'Elliot','suffix':'III'}", "DELGADO-PIERCE,MARCUS ELLIOT"},
	    {"{'family':'Delgado-Pierce','given':'Marcus','middle':'Elliot Stephen'}", "DELGADO-PIERCE,MARCUS E"},
	    {"{'family':'Delgado-Pierce-Montgomery','given':'Ann','middle':'Bea'}", "DELGADO-PIERCE-MONTGOMERY,ANN"},
	    {"{'family':'Delgado-Pierce-Montgomery','given':'Alexander','middle':'Bea'}", "DELGADO-PIERCE-MONTGOMERY,ALEX"},
	    {"{'family':'Abcdefghijklmnopqrstuvwxyzabcdefghijklmnop','given':'Alexander'}", "ABCDEFGHIJKLMNOPQRSTUVWXYZAB,A"},
	};
	char text[NCIC_NAME_MAX + 1];
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct buf name;
		buf_init(&name, SAMPLE_BYTES_MAX);
		sample_pack(cases[i][0], &name);
		assert_true(ncic_name_say(buf_bytes(&name), text));
		assert_string_equal(text, cases[i][1]);
		assert_true(ncic_name_check(bytes_text(text)));
		buf_done(&name);
	}
}

static void refuses_a_name_that_these_letters_cannot_say(void **state)
{
	static const char *const cases[] = {
	    "{'family':'\u674e','given':'Ming'}", "{'family':'Li','given':'\u660e'}", "{'family':'Li'}",
	    "{'family':'12','given':'34'}",       "{'family':1,'given':'A'}",         "'LI,MING'"};
	char text[NCIC_NAME_MAX + 1];
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct buf name;
		buf_init(&name, SAMPLE_BYTES_MAX);
		sample_pack(cases[i], &name);
		assert_false(ncic_name_say(buf_bytes(&name), text));
		buf_done(&name);
	}
}

static void gives_the_surname(void **state)
{
	(void)state;
	assert_true(bytes_is(ncic_name_surname(BYTES_LIT("DE LA CRUZ,ANN")), "DE LA CRUZ"));
	assert_true(bytes_is(ncic_name_surname(BYTES_LIT("CRUZ")), "CRUZ"));
	assert_int_equal(ncic_name_surname(BYTES_NONE).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_a_name_into_its_pieces),
	    cmocka_unit_test(writes_a_name_that_fits_whole_and_shortens_one_that_does_not),
	    cmocka_unit_test(refuses_a_name_that_these_letters_cannot_say),
	    cmocka_unit_test(gives_the_surname),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
