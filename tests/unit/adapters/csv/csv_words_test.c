#include "unit/adapters/csv/csv_fixture.h"

#include "adapters/csv/csv_words.h"

static void knows_a_word_by_the_settings_then_by_what_everybody_says(void **state)
{
	struct csv_word words[] = {{(char[]){"M"}, (char[]){"1, Hombre"}}, {(char[]){"U"}, (char[]){"Male"}}};
	static const struct {
		const char *pointer, *word, *code;
		bool is_known, has_own;
	} cases[] = {
		{"/person/sex", "hombre", "M", true, true},      {"/person/sex", "1", "M", true, true},
		{"/person/sex", "Male", "U", true, true},        {"/person/sex", "male", "M", true, false},
		{"/person/sex", "f", "F", false, false},         {"/reason", "court order", "COURT_ORDER", false, false},
		{"/person/hair", "BLONDE", "BLN", true, false},  {"/sex/other", "Male", "MALE", false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct csv_field field = {.words = cases[i].has_own ? words : NULL, .words_count = cases[i].has_own ? 2 : 0};
		char code[CSV_CODE_MAX];
		snprintf(field.pointer, sizeof(field.pointer), "%s", cases[i].pointer);
		assert_int_equal(csv_words_code(&field, bytes_text(cases[i].word), code), cases[i].is_known);
		assert_string_equal(code, cases[i].code);
	}
}

static void packs_a_text_as_what_the_field_takes(void **state)
{
	static const struct {
		unsigned kinds;
		const char *text, *json;
	} cases[] = {
		{CATALOGUE_PLACE_TEXT, "12", "\"12\""},
		{CATALOGUE_PLACE_INT, "12", "12"},
		{CATALOGUE_PLACE_INT, "1.5", "\"1.5\""},
		{CATALOGUE_PLACE_INT | CATALOGUE_PLACE_NUMBER, "1.5", "1.5"},
		{CATALOGUE_PLACE_NUMBER, "0x10", "\"0x10\""},
		{CATALOGUE_PLACE_NUMBER, "inf", "\"inf\""},
		{CATALOGUE_PLACE_NUMBER, "1.", "\"1.\""},
		{CATALOGUE_PLACE_BOOL, "Yes", "true"},
		{CATALOGUE_PLACE_BOOL, "n", "false"},
		{CATALOGUE_PLACE_BOOL, "0", "false"},
		{CATALOGUE_PLACE_BOOL, "perhaps", "\"perhaps\""},
		{CATALOGUE_PLACE_TEXT | CATALOGUE_PLACE_INT, "12", "\"12\""},
		{0, "yes", "\"yes\""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct csv_field field = {.pointer = "/x", .place = {.kinds = cases[i].kinds}};
		struct buf packed, json;
		struct err err = {.reason = ""};
		buf_init(&packed, FIXTURE_MAX);
		buf_init(&json, FIXTURE_MAX);
		csv_words_put(&field, bytes_text(cases[i].text), &packed);
		assert_int_equal(json_from_pack(buf_bytes(&packed), 0, &json, &err).code, CODE_OK);
		buf_add_byte(&json, 0);
		assert_string_equal((const char *)json.at, cases[i].json);
		buf_done(&packed);
		buf_done(&json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_a_word_by_the_settings_then_by_what_everybody_says),
		cmocka_unit_test(packs_a_text_as_what_the_field_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
