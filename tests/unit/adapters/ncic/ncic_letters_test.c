#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_letters.h"
#include "adapters/ncic/ncic_text.h"

static void put(void (*put_letters)(struct bytes, struct buf *), const char *text, const char *expected)
{
	struct buf out;
	buf_init(&out, SAMPLE_BYTES_MAX);
	buf_add_text(&out, "X"); /* what stood there before is no part of it */
	put_letters(bytes_text(text), &out);
	if (!bytes_is(buf_from(&out, 1), expected))
		fail_msg("\"%s\" became \"%.*s\"; expected \"%s\"", text, (int)out.len - 1, (const char *)out.at + 1, expected);
	buf_done(&out);
}

static void puts_words_into_the_letters_of_the_text(void **state)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"Hartford", "HARTFORD"},
	    {"ALL THE SET 09 ,&'#()*+-:;<=>?@!\"%$/", "ALL THE SET 09 ,&'#()*+-:;<=>?@!\"%$/"},
	    {"a.b_c^d", "A B C D"},
	    {"[a]{b}\\|`~", "(A)(B)//'-"},
	    {"St. Mary. ", "ST MARY"},
	    {"  a\tb\r\nc\x7f ", "A B C"},
	    {"two  spaces stay", "TWO  SPACES STAY"},
	    {"a .  b", "A   B"},
	    {"\u00c9l\u00e8ve Stra\u00dfe \u00c6r\u00f8", "ELEVE STRASSE AERO"},
	    {"\u0141\u00f3d\u017a \u010cesk\u00fd \u017d\u0153", "LODZ CESKY ZO"},
	    {"\u00de\u00f0 \u00d7\u00f7 \u00ff", "THD */ Y"},
	    {"\u2018a\u2019 \u201cb\u201d c\u2013d\u2026\u00a0e", "'A' \"B\" C-D E"},
	    {"\u674e\u660e \U0001f600 \u20ac", "?? ? ?"},
	    {"\xff\xc3", "??"},
	    {"...", ""},
	};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++)
		put(ncic_letters_put, cases[i][0], cases[i][1]);
}

static void keeps_lines_and_periods_of_free_text(void **state)
{
	static const char *const cases[][2] = {
	    {"One. Two.\nThree", "ONE. TWO.\r\nTHREE"},
	    {"a\r\nb", "A\r\nB"},
	    {"a  \n\n  b\n\n", "A\r\n\r\nB"},
	    {"\n", ""},
	    {"", ""},
	    {"a_b", "A B"},
	};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++)
		put(ncic_letters_put_free, cases[i][0], cases[i][1]);
}

static void leaves_nothing_that_the_text_refuses(void **state)
{
	struct buf all, out, again;
	(void)state;
	buf_init(&all, SAMPLE_BYTES_MAX);
	buf_init(&out, SAMPLE_BYTES_MAX);
	buf_init(&again, SAMPLE_BYTES_MAX);
	for (uint32_t c = 1; c < 0x3000; c++) {
		if (c < 0x80)
			buf_add_byte(&all, (uint8_t)c);
		else if (c < 0x800)
			buf_printf(&all, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
		else
			buf_printf(&all, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)),
			           (int)(0x80 | (c & 0x3f)));
	}
	ncic_letters_put(buf_bytes(&all), &out);
	for (size_t i = 0; i < out.len; i++)
		assert_true(ncic_text_allows(out.at[i]));
	ncic_letters_put(buf_bytes(&out), &again);
	assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&again)));
	buf_done(&all);
	buf_done(&out);
	buf_done(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(puts_words_into_the_letters_of_the_text),
	    cmocka_unit_test(keeps_lines_and_periods_of_free_text),
	    cmocka_unit_test(leaves_nothing_that_the_text_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
