#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

static void fills_code_field_and_reason(void **state)
{
	(void)state;
	struct err err;
	result got = err_set(&err, CODE_SCHEMA, "/dob", "not a %s", "date");
	assert_int_equal(got.code, CODE_SCHEMA);
	assert_int_equal(err.code, CODE_SCHEMA);
	assert_string_equal(err.field, "/dob");
	assert_string_equal(err.reason, "not a date");
}

static void works_without_an_err_and_without_a_field(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, CODE_BUSY, "x", "y").code, CODE_BUSY);
	struct err err;
	err_set(&err, CODE_BUSY, NULL, "later");
	assert_string_equal(err.field, "");
	err_prefix(NULL, "/a");
	err_prefix(&err, NULL);
	assert_string_equal(err.field, "");
}

static void takes_its_own_texts_as_arguments(void **state)
{
	(void)state;
	struct err err;
	err_set(&err, CODE_IO, "file", "gone");
	err_set(&err, CODE_CONFIG, err.field, "cannot load: %s", err.reason);
	assert_string_equal(err.field, "file");
	assert_string_equal(err.reason, "cannot load: gone");
}

static void cuts_long_texts_between_characters(void **state)
{
	(void)state;
	static const char *const characters[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\x93"};
	for (size_t i = 0; i < 4; i++) {
		for (size_t shift = 0; shift < 4; shift++) {
			char text[1024] = "";
			memset(text, 'a', shift);
			size_t len = strlen(characters[i]);
			for (size_t at = shift; at + len < sizeof text; at += len)
				memcpy(text + at, characters[i], len);
			struct err err;
			err_set(&err, CODE_SCHEMA, text, "%s", text);
			assert_true(strlen(err.field) > ERR_FIELD_MAX - 5);
			assert_true(strlen(err.reason) > ERR_REASON_MAX - 5);
			assert_true(text_is_utf8(bytes_text(err.field)));
			assert_true(text_is_utf8(bytes_text(err.reason)));
			char line[100];
			assert_true(text_is_utf8(bytes_text(err_text(&err, line, sizeof line))));
		}
	}
}

static void keeps_a_whole_character_at_the_very_end(void **state)
{
	(void)state;
	struct err err;
	err_set(&err, CODE_SCHEMA, "caf\xc3\xa9", "10 \xe2\x82\xac");
	assert_string_equal(err.field, "caf\xc3\xa9");
	assert_string_equal(err.reason, "10 \xe2\x82\xac");
}

static void the_path_grows_outward(void **state)
{
	(void)state;
	struct err err;
	err_set(&err, CODE_SCHEMA, "/dob", "no");
	err_prefix(&err, "/person");
	err_prefix(&err, "/parts/main");
	assert_string_equal(err.field, "/parts/main/person/dob");
	for (int i = 0; i < 40; i++)
		err_prefix(&err, "/deeper");
	assert_int_equal(strlen(err.field), ERR_FIELD_MAX - 1);
	assert_int_equal(strncmp(err.field, "/deeper/deeper", 14), 0);
}

static void errno_finds_the_code_that_fits(void **state)
{
	(void)state;
	static const struct {
		int number;
		enum code code;
	} rows[] = {
		{ENOSPC, CODE_FULL}, {EDQUOT, CODE_FULL}, {EACCES, CODE_PERMISSION}, {EPERM, CODE_PERMISSION}, {ENOENT, CODE_IO},
		{EIO, CODE_IO},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err err;
		errno = rows[i].number;
		assert_int_equal(err_errno(&err, "/tmp/x", "open").code, rows[i].code);
		assert_string_equal(err.field, "/tmp/x");
		assert_int_equal(strncmp(err.reason, "open: ", 6), 0);
		assert_string_equal(err.reason + 6, strerror(rows[i].number));
	}
}

static void the_line_for_a_person_leaves_out_what_is_empty(void **state)
{
	(void)state;
	char line[64];
	struct err err;
	err_set(&err, CODE_TOO_LARGE, "/parts", "7 bytes");
	assert_string_equal(err_text(&err, line, sizeof line), "too_large: /parts: 7 bytes");
	err_set(&err, CODE_TOO_LARGE, "", "7 bytes");
	assert_string_equal(err_text(&err, line, sizeof line), "too_large: 7 bytes");
	err_set(&err, CODE_TOO_LARGE, "", "%s", "");
	assert_string_equal(err_text(&err, line, sizeof line), "too_large");
	assert_string_equal(err_text(&err, line, 4), "too");
	assert_string_equal(err_text(&err, line, 1), "");
	line[0] = 'k';
	err_text(&err, line, 0);
	assert_int_equal(line[0], 'k');
}

static result fails_with(enum code code)
{
	return (result){code};
}

static result tries(enum code code, bool *reached)
{
	TRY(fails_with(code));
	*reached = true;
	return OK;
}

static void try_returns_the_failure_and_goes_on_otherwise(void **state)
{
	(void)state;
	bool reached = false;
	assert_int_equal(tries(CODE_IO, &reached).code, CODE_IO);
	assert_false(reached);
	assert_false(FAILED(tries(CODE_OK, &reached)));
	assert_true(reached);
}

static void every_code_has_a_text_of_its_own_a_remedy_and_somebody_who_acts(void **state)
{
	(void)state;
	for (int i = 0; i < CODE_COUNT; i++) {
		enum code code = (enum code)i;
		enum code back = CODE_COUNT;
		assert_true(code_from_text(code_text(code), strlen(code_text(code)), &back));
		assert_int_equal(back, code);
		assert_true(strlen(code_who(code)) > 0);
		assert_true(strlen(code_remedy(code)) > 0);
		assert_int_equal(code_class_of(code) == CODE_CLASS_NONE, code == CODE_OK || code == CODE_HELD);
	}
	assert_int_equal(code_class_of(CODE_SIGNATURE), CODE_CLASS_REFUSAL);
	assert_int_equal(code_class_of(CODE_FULL), CODE_CLASS_FAULT);
	assert_string_equal(code_text(CODE_NOT_YOUR_PARTY), "not_your_party");
}

static void knows_no_other_codes(void **state)
{
	(void)state;
	enum code code = CODE_BUSY;
	static const char *const unknown[] = {"", "schem", "schema2", "SCHEMA", "unknown"};
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		assert_false(code_from_text(unknown[i], strlen(unknown[i]), &code));
	assert_false(code_from_text("schema", 5, &code));
	assert_int_equal(code, CODE_BUSY);
	enum code beyond = CODE_COUNT;
	assert_string_equal(code_text(beyond), "unknown");
	assert_string_equal(code_who(beyond), "");
	assert_string_equal(code_remedy(beyond), "");
	assert_int_equal(code_class_of(beyond), CODE_CLASS_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_code_field_and_reason),
		cmocka_unit_test(works_without_an_err_and_without_a_field),
		cmocka_unit_test(takes_its_own_texts_as_arguments),
		cmocka_unit_test(cuts_long_texts_between_characters),
		cmocka_unit_test(keeps_a_whole_character_at_the_very_end),
		cmocka_unit_test(the_path_grows_outward),
		cmocka_unit_test(errno_finds_the_code_that_fits),
		cmocka_unit_test(the_line_for_a_person_leaves_out_what_is_empty),
		cmocka_unit_test(try_returns_the_failure_and_goes_on_otherwise),
		cmocka_unit_test(every_code_has_a_text_of_its_own_a_remedy_and_somebody_who_acts),
		cmocka_unit_test(knows_no_other_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
