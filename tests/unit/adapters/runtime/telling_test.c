#include "adapters/runtime/telling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct catalogue *catalogue;

static int load(void **state)
{
	struct err err;
	(void)state;
	return FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &catalogue, &err)) ? -1 : 0;
}

static int unload(void **state)
{
	(void)state;
	catalogue_unref(catalogue);
	return 0;
}

static const char *place(const char *type, const char *field)
{
	static char into[ERR_FIELD_MAX];
	return telling_place(catalogue, catalogue_find(catalogue, bytes_text(type)), field, into);
}

static void a_place_that_the_catalogue_names_is_said_whole(void **state)
{
	static const char *const fields[] = {"/parts/main/person/dob", "/parts/main/person/name/family", "/parts/main/cautions/0", "/subject/nic", "/subject/doc_number",
	                                     "/parts/approvals", "/to/3", "/expires", "", "signer", "/parts/main"};
	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		assert_string_equal(place("warrant.issue/1", fields[i]), fields[i]);
}

static void what_only_the_message_names_is_left_out(void **state)
{
	static const struct {
		const char *field, *said;
	} rows[] = {
		{"/parts/main/JOHN SMITH", "/parts/main/*"},
		{"/parts/main/person/john_smith/dob", "/parts/main/person/*"},
		{"/parts/john_smith", "/parts/*"},
		{"/subject/john_smith", "/subject/*"},
		{"/by/john_smith", "/by/*"},
		{"/john_smith", "/*"},
		{"/to/john_smith", "/to/*"},
		{"/to/12345678901", "/to/*"},
		{"/expires/x", "/expires/*"},
		{"/parts/mainly", "/parts/*"},
		{"//", "/*"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(place("warrant.issue/1", rows[i].field), rows[i].said);
}

static void of_a_type_that_nobody_knows_only_the_header_is_said(void **state)
{
	(void)state;
	assert_string_equal(place("smith.john/1", "/parts/main/x"), "/parts/*");
	assert_string_equal(place("smith.john/1", "/type"), "/type");
}

static void the_longest_place_is_cut_and_not_overrun(void **state)
{
	char field[ERR_FIELD_MAX];
	(void)state;
	memset(field, 'a', sizeof(field));
	memcpy(field, "/parts/main/", strlen("/parts/main/"));
	field[sizeof(field) - 1] = 0;
	assert_string_equal(place("warrant.issue/1", field), "/parts/main/*");
}

static void reasons_are_kept_back_where_they_name_records_persons_or_addresses(void **state)
{
	static const enum code kept[] = {CODE_LIFECYCLE, CODE_HELD, CODE_AUTHORITY, CODE_DUPLICATE_CONFLICT, CODE_CONSENT, CODE_NOT_FOUND, CODE_NO_RECIPIENT,
	                                 CODE_UNKNOWN_TYPE, CODE_MALFORMED};
	static const enum code said[] = {CODE_SCHEMA, CODE_NO_AGREEMENT, CODE_SIGNATURE, CODE_IO, CODE_FULL, CODE_KEY};
	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		assert_false(telling_is_public(kept[i]));
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
		assert_true(telling_is_public(said[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_that_the_catalogue_names_is_said_whole),
		cmocka_unit_test(what_only_the_message_names_is_left_out),
		cmocka_unit_test(of_a_type_that_nobody_knows_only_the_header_is_said),
		cmocka_unit_test(the_longest_place_is_cut_and_not_overrun),
		cmocka_unit_test(reasons_are_kept_back_where_they_name_records_persons_or_addresses),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
