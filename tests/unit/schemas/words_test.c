#include "unit/schemas/sample.h"

#include "base/text.h"
#include "schemas/words.h"

static void put(const char *text, size_t size, const char *expected)
{
	struct buf out;
	struct bytes words;
	buf_init(&out, 1024);
	words_put(&out, text, size);
	assert_true(pack_as_text(buf_bytes(&out), &words));
	assert_true(text_is_utf8(words));
	assert_true(bytes_is(words, expected));
	buf_done(&out);
}

static void puts_good_text_as_it_is(void **state)
{
	(void)state;
	put("not a date\n", 320, "not a date\n");
	put("", 320, "");
	put(NULL, 320, "");
	put("caf\xc3\xa9", 320, "caf\xc3\xa9");
}

static void leaves_out_a_character_that_was_cut_in_two(void **state)
{
	(void)state;
	put("caf\xc3\xa9", 5, "caf");
	put("caf\xc3", 320, "caf");
	put("x\xf0\x9f\x98", 320, "x");
	put("abcdef", 4, "abc");
}

static void mends_text_that_is_not_utf_8(void **state)
{
	(void)state;
	put("a\xff"
	    "b",
	    320, "a\\xffb");
	put("\xff\xff\xff", 8, "\\xff");
}

static void never_puts_more_than_a_reason_holds(void **state)
{
	char text[2 * ERR_REASON_MAX];
	char expected[ERR_REASON_MAX];
	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memset(expected, 'x', sizeof(expected) - 1);
	expected[sizeof(expected) - 1] = '\0';
	put(text, sizeof(text), expected);
}

static void reads_into_a_buffer_or_says_why_not(void **state)
{
	static const struct {
		const char *json;
		size_t size;
		enum code code;
	} cases[] = {
		{"'abc'", 4, CODE_OK}, {"'abcd'", 4, CODE_MALFORMED}, {"'a\\u0000b'", 8, CODE_MALFORMED},
		{"''", 1, CODE_OK},    {"5", 4, CODE_MALFORMED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct err err;
		char into[16] = "before";
		buf_init(&packed, 64);
		sample_pack(cases[i].json, &packed);
		struct pack_in in = pack_in(buf_bytes(&packed), &err);
		words_read(&in, "/reason", into, cases[i].size);
		result r = pack_end(&in);
		assert_int_equal(r.code, cases[i].code);
		if (FAILED(r)) {
			assert_string_equal(err.field, "/reason");
			assert_string_equal(into, "");
		}
		buf_done(&packed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_good_text_as_it_is),
		cmocka_unit_test(leaves_out_a_character_that_was_cut_in_two),
		cmocka_unit_test(mends_text_that_is_not_utf_8),
		cmocka_unit_test(never_puts_more_than_a_reason_holds),
		cmocka_unit_test(reads_into_a_buffer_or_says_why_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
