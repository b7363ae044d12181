#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/identity.h"

#define TEN "abcdefghij"
#define LABEL TEN TEN TEN "ab" /* 32 */

static const struct {
	const char *uri;
	enum identity_kind kind;
	const char *party, *person, *role;
} good[] = {
	{"urn:liaison:party:a", IDENTITY_PARTY, "a", "", ""},
	{"urn:liaison:party:ct.doc.parole.hartford", IDENTITY_PARTY, "ct.doc.parole.hartford", "", ""},
	{"urn:liaison:party:ct.police_2-b.9", IDENTITY_PARTY, "ct.police_2-b.9", "", ""},
	{"urn:liaison:party:a.b.c.d.e.f.g.h", IDENTITY_PARTY, "a.b.c.d.e.f.g.h", "", ""},
	{"urn:liaison:party:" LABEL "." LABEL, IDENTITY_PARTY, LABEL "." LABEL, "", ""},
	{"urn:liaison:hub:ct.hub", IDENTITY_HUB, "ct.hub", "", ""},
	{"urn:liaison:person:ct.board:m.alvarez:board_chair", IDENTITY_PERSON, "ct.board", "m.alvarez", "board_chair"},
};

static void takes_holders_apart_and_puts_them_together_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct identity identity;
		struct err err;
		char uri[IDENTITY_URI_MAX];
		assert_false(FAILED(identity_parse(bytes_text(good[i].uri), &identity, &err)));
		assert_int_equal(identity.kind, good[i].kind);
		assert_string_equal(identity.party, good[i].party);
		assert_string_equal(identity.person, good[i].person);
		assert_string_equal(identity.role, good[i].role);
		assert_string_equal(identity_uri(&identity, uri), good[i].uri);
	}
}

static void refuses_what_is_outside_the_syntax(void **state)
{
	static const char *const bad[] = {
		"",
		"urn:liaison:",
		"urn:liaison:party:",
		"urn:liaison:party",
		"urn:liaison:agency:ct.police",
		"urn:liaison:party:CT.police",
		"urn:liaison:party:ct..police",
		"urn:liaison:party:.ct",
		"urn:liaison:party:ct.",
		"urn:liaison:party:ct police",
		"urn:liaison:party:ct/police",
		"urn:liaison:party:ct.*",
		"urn:liaison:party:ct%2epolice",
		"urn:liaison:party:caf\xc3\xa9",
		"urn:liaison:party:ct.police:",
		"urn:liaison:party:ct.police:m.alvarez",
		"urn:liaison:party:a.b.c.d.e.f.g.h.i",
		"urn:liaison:party:" LABEL "x",
		"urn:liaison:party:" LABEL "." LABEL "." LABEL,
		"urn:liaison:hub:ct.hub:x",
		"urn:liaison:person:ct.board",
		"urn:liaison:person:ct.board:m.alvarez",
		"urn:liaison:person:ct.board:m.alvarez:",
		"urn:liaison:person:ct.board::chair",
		"urn:liaison:person::m.alvarez:chair",
		"urn:liaison:person:ct.board:m.alvarez:chair:x",
		"urn:liaison:person:ct.board:m.alvarez:board.chair",
		"urn:liaison:person:ct.board:M.Alvarez:chair",
		"urn:liaison:person:ct.board:" LABEL "." LABEL ".a:chair",
		"URN:liaison:party:ct.police",
		" urn:liaison:party:ct.police",
		"urn:liaison:party:ct.police ",
		"urn:liaison:party:ct.police\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct identity identity;
		struct err err;
		if (!FAILED(identity_parse(bytes_text(bad[i]), &identity, &err)))
			fail_msg("accepted %s", bad[i]);
		assert_int_equal(err.code, CODE_CERTIFICATE);
	}
}

static void refuses_bytes_that_are_cut_or_hold_a_nul(void **state)
{
	static const char uri[] = "urn:liaison:person:ct.board:m.alvarez:chair";
	struct identity identity;
	struct err err;

	(void)state;
	for (size_t len = 0; len < strlen("urn:liaison:person:ct.board:m.alvarez:c"); len++)
		assert_int_equal(identity_parse(bytes_of(uri, len), &identity, &err).code, CODE_CERTIFICATE);
	assert_int_equal(identity_parse(BYTES_LIT("urn:liaison:party:ct\0x"), &identity, &err).code, CODE_CERTIFICATE);
	assert_int_equal(identity_parse(BYTES_LIT("urn:liaison:party:ct\0"), &identity, &err).code, CODE_CERTIFICATE);
}

static void names_are_bounded(void **state)
{
	(void)state;
	assert_true(identity_is_name(BYTES_LIT("abc"), 3));
	assert_false(identity_is_name(BYTES_LIT("abcd"), 3));
	assert_false(identity_is_name(BYTES_NONE, 3));
}

static void every_purpose_has_its_kind_of_holder(void **state)
{
	(void)state;
	assert_int_equal(identity_kind_for(TRUST_TLS_PARTY), IDENTITY_PARTY);
	assert_int_equal(identity_kind_for(TRUST_SIGN_PARTY), IDENTITY_PARTY);
	assert_int_equal(identity_kind_for(TRUST_TLS_HUB), IDENTITY_HUB);
	assert_int_equal(identity_kind_for(TRUST_SIGN_HUB), IDENTITY_HUB);
	assert_int_equal(identity_kind_for(TRUST_SIGN_PERSON), IDENTITY_PERSON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_holders_apart_and_puts_them_together_again),
		cmocka_unit_test(refuses_what_is_outside_the_syntax),
		cmocka_unit_test(refuses_bytes_that_are_cut_or_hold_a_nul),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test(every_purpose_has_its_kind_of_holder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
