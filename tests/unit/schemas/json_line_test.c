#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/json_line.h"

static void finds_the_line_of_a_place_or_of_what_is_above_it(void **state)
{
	static const char json[] = "\n{\n\"a\": {\"x\\\"y\": 1,\n\"b/c\": [1,\n\"}]\\\\\",\n{\"d\":\n null}]},\n\"e\": -1.5e3\n}";
	static const struct {
		const char *pointer;
		int line;
	} cases[] = {
		{"", 2}, {"/a", 3}, {"/a/x\"y", 3}, {"/a/b~1c", 4}, {"/a/b~1c/0", 4}, {"/a/b~1c/1", 5}, {"/a/b~1c/2/d", 6}, {"/a/b~1c/3", 4},
		{"/a/b~1c/x", 4}, {"/a/none", 3}, {"/e", 8}, {"/e/f", 8}, {"/none/at/all", 2},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(json_line(bytes_of(json, sizeof(json) - 1), cases[i].pointer), cases[i].line);
}

static void ends_on_any_bytes(void **state)
{
	static const char *const texts[] = {"", "{", "[", "\"", "{\"a", "{\"a\\", "{\"a\"", "{\"a\":", "[1,", "[[[[", "}", ":", "{\"a\":1 2", "\xef\xbb\xbf"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (size_t len = 0; len <= strlen(texts[i]); len++) {
			assert_int_equal(json_line(bytes_of(texts[i], len), "/a/0"), 1);
			assert_int_equal(json_line(bytes_of(texts[i], len), "/3"), 1);
		}
}

static void knows_the_line_of_a_refusal(void **state)
{
	static const struct err with = {.reason = "line 31, column 2: unexpected token"}, without = {.reason = "is nested deeper than 16"},
	                        odd = {.reason = "line x"};
	(void)state;
	assert_int_equal(json_line_of(&with), 31);
	assert_int_equal(json_line_of(&without), 1);
	assert_int_equal(json_line_of(&odd), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_line_of_a_place_or_of_what_is_above_it),
		cmocka_unit_test(ends_on_any_bytes),
		cmocka_unit_test(knows_the_line_of_a_refusal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
