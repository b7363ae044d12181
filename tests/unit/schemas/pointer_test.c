#include "unit/schemas/sample.h"

#include "schemas/pointer.h"

static void escapes_the_pointer_s_own_signs(void **state)
{
	char into[ERR_FIELD_MAX];
	(void)state;
	assert_string_equal(pointer_key("/subject", BYTES_LIT("a/b~c"), into), "/subject/a~1b~0c");
	assert_string_equal(pointer_key("", BYTES_LIT(""), into), "/");
	assert_string_equal(pointer_index("/to", 17, into), "/to/17");
}

static void makes_a_stranger_s_key_fit_for_a_log(void **state)
{
	char into[ERR_FIELD_MAX];
	(void)state;
	assert_string_equal(pointer_key("", BYTES_LIT("a\n\x1b"), into), "/a\\x0a\\x1b");
}

static void cuts_what_is_too_long(void **state)
{
	char into[ERR_FIELD_MAX];
	char above[2 * ERR_FIELD_MAX];
	char key[2 * ERR_FIELD_MAX];
	(void)state;
	memset(key, '/', sizeof(key));
	memset(above, 'a', sizeof(above) - 1);
	above[sizeof(above) - 1] = '\0';
	pointer_key("/x", bytes_of(key, sizeof(key)), into);
	assert_true(strlen(into) < ERR_FIELD_MAX);
	assert_true(strlen(into) >= ERR_FIELD_MAX - 3);
	assert_int_equal(strlen(pointer_key(above, BYTES_LIT("key"), into)), ERR_FIELD_MAX - 1);
	assert_int_equal(strlen(pointer_index(above, 1, into)), ERR_FIELD_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_the_pointer_s_own_signs),
		cmocka_unit_test(makes_a_stranger_s_key_fit_for_a_log),
		cmocka_unit_test(cuts_what_is_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
