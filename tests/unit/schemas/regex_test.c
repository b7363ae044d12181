#include "unit/schemas/sample.h"

#include "schemas/regex.h"

static enum regex_answer answer_of(const char *pattern, struct bytes text)
{
	struct regex *regex;
	struct regex_scratch scratch;
	struct err err = {.reason = ""};
	if (FAILED(regex_new(bytes_text(pattern), &regex, &err)))
		fail_msg("%s: %s", pattern, err.reason);
	regex_scratch_begin(&scratch);
	enum regex_answer answer = regex_match(regex, text, &scratch);
	assert_int_equal(regex_match(regex, text, &scratch), answer);
	regex_scratch_end(&scratch);
	regex_free(regex);
	return answer;
}

static void matches_like_ecma(void **state)
{
	static const struct {
		const char *pattern, *text;
		enum regex_answer answer;
	} cases[] = {
		{"b", "abc", REGEX_YES},
		{"^b", "abc", REGEX_NO},
		{"", "", REGEX_YES},
		{"^abc$", "abc", REGEX_YES},
		{"^abc$", "abc\n", REGEX_NO}, /* $ is the end, not the line before it */
		{"^a.c$",
	         "a\xc3\xa9"
	         "c",
	         REGEX_YES},
		{"^.$", "\xf0\x9f\x90\xb2", REGEX_YES},
		{"^[\\u00e0-\\u00ff]$", "\xc3\xa9", REGEX_YES},
		{"^\\p{L}+$",
	         "Pe\xc3\xb1"
	         "a",
	         REGEX_YES},
		{"^\\d$", "\xdf\x80", REGEX_NO}, /* only ASCII digits */
		{"^[^\\x00-\\x1f]*$", "a\tb", REGEX_NO},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (answer_of(cases[i].pattern, bytes_text(cases[i].text)) != cases[i].answer)
			fail_msg("%s on %s", cases[i].pattern, cases[i].text);
}

static void sees_a_nul_as_a_character(void **state)
{
	(void)state;
	assert_int_equal(answer_of("^a\\x00b$", bytes_of("a\0b", 3)), REGEX_YES);
	assert_int_equal(answer_of("^[^\\x00]*$", bytes_of("a\0b", 3)), REGEX_NO);
	assert_int_equal(answer_of("^$", BYTES_NONE), REGEX_YES);
}

static void gives_up_on_a_pattern_that_explodes(void **state)
{
	struct buf text;
	(void)state;
	buf_init(&text, 64);
	sample_run(&text, 'a', 40);
	buf_add_byte(&text, '!');
	assert_int_equal(answer_of("^(a+)+$", buf_bytes(&text)), REGEX_GAVE_UP);
	buf_done(&text);
}

static void gives_up_on_deep_recursion(void **state)
{
	struct buf text;
	(void)state;
	buf_init(&text, SAMPLE_MAX);
	sample_run(&text, '(', 100000);
	assert_int_equal(answer_of("^(\\((?1)*\\))$", buf_bytes(&text)), REGEX_GAVE_UP);
	buf_done(&text);
}

static void gives_up_on_text_that_is_no_utf8(void **state)
{
	(void)state;
	assert_int_equal(answer_of("a", bytes_of("\xff"
	                                         "a",
	                                         2)),
	                 REGEX_GAVE_UP);
}

static void refuses_a_bad_pattern_with_its_place(void **state)
{
	static const char *const patterns[] = {"(", "[a", "a{2,1}", "*a", "\\C", "\\p{Nonsense}", "(?<a>x)(?<a>y)"};
	struct regex *regex;
	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		struct err err = {.reason = ""};
		assert_int_equal(regex_new(bytes_text(patterns[i]), &regex, &err).code, CODE_SCHEMA);
		assert_non_null(strstr(err.reason, "the pattern is wrong at its character "));
	}
	regex_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_like_ecma),
		cmocka_unit_test(sees_a_nul_as_a_character),
		cmocka_unit_test(gives_up_on_a_pattern_that_explodes),
		cmocka_unit_test(gives_up_on_deep_recursion),
		cmocka_unit_test(gives_up_on_text_that_is_no_utf8),
		cmocka_unit_test(refuses_a_bad_pattern_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
