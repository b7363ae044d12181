#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static void assert_holds(const struct buf *buf, const char *expected)
{
	AUTO_FREE char *text = bytes_dup_text(buf_bytes(buf));
	assert_string_equal(text, expected);
}

static void accepts_utf8_of_every_length(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "plain", "exactly8", "longer than eight bytes", "caf\xc3\xa9", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "1234567\xe2\x82\xac-89",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_true(text_is_utf8(bytes_text(texts[i])));
	assert_true(text_is_utf8(BYTES_LIT("a\0b")));
	assert_true(text_is_utf8(BYTES_NONE));
}

static void refuses_what_is_not_utf8(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xe2\x82",
		"\xe2(\xa1", "\xe2\x82(", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x9f\x9a",
		"\xfe", "\xff",
		"\xf8\x88\x80\x80\x80", "12345678\x80", "1234567\xc3", "123456789012345\xff",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_false(text_is_utf8(bytes_text(texts[i])));
}

/* Every place of one bad byte, so that the fast path over eight bytes cannot step over it. */
static void finds_one_bad_byte_anywhere(void **state)
{
	(void)state;
	char text[41];
	for (size_t at = 0; at < 40; at++) {
		memset(text, 'a', sizeof text);
		text[at] = (char)0xff;
		assert_false(text_is_utf8(bytes_of(text, 40)));
		assert_true(text_is_utf8(bytes_of(text, at)));
	}
}

static void hex_goes_both_ways(void **state)
{
	(void)state;
	char text[11];
	uint8_t back[5];
	assert_string_equal(text_hex(BYTES_LIT("\x00\x01\x7f\x80\xff"), text), "00017f80ff");
	assert_false(FAILED(text_unhex(BYTES_LIT("00017F80fF"), back, 5, NULL)));
	assert_memory_equal(back, "\x00\x01\x7f\x80\xff", 5);
	assert_string_equal(text_hex(BYTES_NONE, text), "");
	assert_false(FAILED(text_unhex(BYTES_NONE, back, 0, NULL)));
}

static void refuses_hex_of_another_length_or_with_other_digits(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "0", "000", "00000", "000000", "0g00", "00 0", "0x00", "-100"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		uint8_t into[2] = {7, 7};
		struct err err;
		assert_int_equal(text_unhex(bytes_text(texts[i]), into, 2, &err).code, CODE_MALFORMED);
		assert_memory_equal(into, "\7\7", 2);
	}
}

/* RFC 4648 §10, and one with both of the last two digits. */
static void base64_goes_both_ways(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *text;
	} rows[] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
		{"\xfb\xff\xfe", "+//+"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf buf;
		buf_init(&buf, 100);
		text_base64(bytes_text(rows[i].bytes), &buf);
		assert_holds(&buf, rows[i].text);
		buf_clear(&buf);
		assert_false(FAILED(text_unbase64(bytes_text(rows[i].text), &buf, NULL)));
		assert_holds(&buf, rows[i].bytes);
		buf_done(&buf);
	}
}

static void refuses_what_is_not_the_one_spelling_of_base64(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"Z", "Zg", "Zg=", "Zm9", "====", "Z===", "Zh==", "Zm9=", "Zg==Zg==", "Z=g=", "Zm 9", "Zm9v\n", "Zm9-", "Zm9_", "=Zm9",
		"Zm9vZg=v",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buf buf;
		struct err err;
		buf_init(&buf, 100);
		if (text_unbase64(bytes_text(texts[i]), &buf, &err).code != CODE_MALFORMED)
			fail_msg("'%s' was read", texts[i]);
		assert_int_equal(buf.len, 0);
		buf_done(&buf);
	}
}

static void base64_stays_within_the_buf(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 7);
	text_base64(BYTES_LIT("fooba"), &buf);
	assert_true(FAILED(buf_check(&buf, "", NULL)));
	buf_clear(&buf);
	assert_int_equal(text_unbase64(BYTES_LIT("Zm9vYmFyZm9v"), &buf, NULL).code, CODE_TOO_LARGE);
	buf_done(&buf);
}

static void reads_integers_to_their_ends(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t number;
	} rows[] = {
		{"0", 0}, {"-0", 0}, {"7", 7}, {"-7", -7}, {"007", 7}, {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t number = 99;
		assert_false(FAILED(text_int(bytes_text(rows[i].text), INT64_MIN, INT64_MAX, &number, NULL)));
		assert_int_equal(number, rows[i].number);
	}
}

static void refuses_what_is_no_integer_or_out_of_range(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "--1", "a", "11", "-11", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999999", "\xd9\xa1",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		int64_t number = 99;
		struct err err;
		assert_int_equal(text_int(bytes_text(texts[i]), -10, 10, &number, &err).code, CODE_MALFORMED);
		assert_int_equal(number, 99);
	}
	int64_t number = 99;
	assert_true(FAILED(text_int(BYTES_LIT("1\0"), 0, 10, &number, NULL)));
	assert_true(FAILED(text_int(BYTES_LIT("9223372036854775808"), INT64_MIN, INT64_MAX, &number, NULL)));
}

static void reads_sizes_and_durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t size;
	} sizes[] = {
		{"0", 0}, {"1000", 1000}, {"12 B", 12}, {"4KiB", 4096}, {"64 MiB", 67108864}, {"3  GiB", INT64_C(3) << 30},
		{"1TiB", INT64_C(1) << 40},
	};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		int64_t got = -1;
		assert_false(FAILED(text_size(bytes_text(sizes[i].text), &got, NULL)));
		assert_int_equal(got, sizes[i].size);
	}
	static const struct {
		const char *text;
		int64_t ms;
	} durations[] = {{"0", 0}, {"250ms", 250}, {"30s", 30000}, {"30 s", 30000}, {"10min", 600000}, {"1h", 3600000},
	{"2d", 172800000}};
	for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
		int64_t got = -1;
		assert_false(FAILED(text_duration(bytes_text(durations[i].text), &got, NULL)));
		assert_int_equal(got, durations[i].ms);
	}
}

static void refuses_sizes_and_durations_that_could_be_misread(void **state)
{
	(void)state;
	static const char *const sizes[] = {
		"", " 1", "1 ", "-1", "1.5GiB", "1 KB", "1kib", "1K", "KiB", "1 KiB ", "1 KiB x", "9223372036854775808", "8388608 TiB", "0 ",
	};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		int64_t got = -1;
		assert_int_equal(text_size(bytes_text(sizes[i]), &got, NULL).code, CODE_MALFORMED);
		assert_int_equal(got, -1);
	}
	static const char *const durations[] = {"", "30", "30 m", "1.5h", "-1s", "s", "30 sec", "30S", "1h30min", "106751991168d"};
	for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
		int64_t got = -1;
		struct err err;
		assert_int_equal(text_duration(bytes_text(durations[i]), &got, &err).code, CODE_MALFORMED);
		assert_int_equal(got, -1);
		assert_true(strlen(err.reason) > 0);
	}
}

static void makes_a_strangers_text_harmless(void **state)
{
	(void)state;
	static const struct {
		const char *text, *safe;
	} rows[] = {
		{"plain caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x93", "plain caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x93"},
		{"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
		{"\x1b[31m", "\\x1b[31m"},
		{"\x7f", "\\x7f"},
		{"\xff\xc3", "\\xff\\xc3"},
		{"\xc2\x9b" "31m", "\\xc2\\x9b31m"},
		{"\xc2\xa0", "\xc2\xa0"},
		{"\xe2\x80\xae" "gpj", "\\xe2\\x80\\xaegpj"},
		{"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char into[100];
		assert_string_equal(text_safe(bytes_text(rows[i].text), into, sizeof into), rows[i].safe);
	}
	char into[100];
	assert_string_equal(text_safe(BYTES_LIT("a\0b"), into, sizeof into), "a\\x00b");
}

static void cuts_harmless_text_at_whole_characters_and_escapes(void **state)
{
	(void)state;
	static const char text[] = "a\xc3\xa9\n\xe2\x82\xac";
	static const char *const cut[] = {"", "a", "a", "a\xc3\xa9", "a\xc3\xa9", "a\xc3\xa9", "a\xc3\xa9", "a\xc3\xa9\\x0a"};
	for (size_t size = 1; size <= 8; size++) {
		char into[9];
		memset(into, '!', sizeof into);
		assert_string_equal(text_safe(bytes_text(text), into, size), cut[size - 1]);
		assert_int_equal(into[size], '!');
	}
	char none = '!';
	text_safe(bytes_text(text), &none, 0);
	assert_int_equal(none, '!');
}

static void writes_json_strings(void **state)
{
	(void)state;
	static const struct {
		const char *text, *json;
	} rows[] = {
		{"", "\"\""},
		{"plain", "\"plain\""},
		{"say \"hi\" \\ /", "\"say \\\"hi\\\" \\\\ /\""},
		{"\b\t\n\v\f\r\x01\x1f\x7f", "\"\\b\\t\\n\\u000b\\f\\r\\u0001\\u001f\x7f\""},
		{"caf\xc3\xa9", "\"caf\xc3\xa9\""},
		{"a\xff" "b\xe2\x82", "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf buf;
		buf_init(&buf, 100);
		text_json(bytes_text(rows[i].text), &buf);
		assert_holds(&buf, rows[i].json);
		buf_done(&buf);
	}
	struct buf buf;
	buf_init(&buf, 100);
	text_json(BYTES_LIT("a\0b"), &buf);
	text_json(BYTES_NONE, &buf);
	assert_holds(&buf, "\"a\\u0000b\"\"\"");
	buf_done(&buf);
}

static void stars_stand_for_any_run(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "anything", true}, {"**", "", true}, {"a", "a", true},
		{"a", "", false},
		{"a", "ab", false}, {"a*", "a", true}, {"a*", "abc", true}, {"*c", "abc", true}, {"*c", "abcd", false}, {"a*c", "ac", true},
		{"a*c", "abcbc", true}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxcyyb", false}, {"ct.*.parole", "ct.doc.parole", true},
		{"ct.*.parole", "ct.doc.police", false}, {"*.parole.*", "ct.doc.parole.hartford", true}, {"a?c", "abc", false},
		{"a?c", "a?c", true},
		{"A", "a", false}, {"*aab", "aaaab", true}, {"*a*a*b", "aaaaaaaaaaaaaaaaaaaac", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (text_match(rows[i].pattern, bytes_text(rows[i].text)) != rows[i].matches)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].text);
	assert_false(text_match("a", BYTES_LIT("a\0")));
	assert_true(text_match("a*", BYTES_LIT("a\0b")));
}

static void case_is_that_of_ascii(void **state)
{
	(void)state;
	assert_true(text_equal_nocase(BYTES_LIT("Hartford"), BYTES_LIT("hARTFORD")));
	assert_true(text_equal_nocase(BYTES_NONE, BYTES_LIT("")));
	assert_false(text_equal_nocase(BYTES_LIT("a"), BYTES_LIT("ab")));
	assert_false(text_equal_nocase(BYTES_LIT("@"), BYTES_LIT("`")));
	assert_false(text_equal_nocase(BYTES_LIT("["), BYTES_LIT("{")));
	assert_false(text_equal_nocase(BYTES_LIT("\xc3\x89"), BYTES_LIT("\xc3\xa9")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_utf8_of_every_length),
		cmocka_unit_test(refuses_what_is_not_utf8),
		cmocka_unit_test(finds_one_bad_byte_anywhere),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(refuses_hex_of_another_length_or_with_other_digits),
		cmocka_unit_test(base64_goes_both_ways),
		cmocka_unit_test(refuses_what_is_not_the_one_spelling_of_base64),
		cmocka_unit_test(base64_stays_within_the_buf),
		cmocka_unit_test(reads_integers_to_their_ends),
		cmocka_unit_test(refuses_what_is_no_integer_or_out_of_range),
		cmocka_unit_test(reads_sizes_and_durations),
		cmocka_unit_test(refuses_sizes_and_durations_that_could_be_misread),
		cmocka_unit_test(makes_a_strangers_text_harmless),
		cmocka_unit_test(cuts_harmless_text_at_whole_characters_and_escapes),
		cmocka_unit_test(writes_json_strings),
		cmocka_unit_test(stars_stand_for_any_run),
		cmocka_unit_test(case_is_that_of_ascii),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
