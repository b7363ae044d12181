#include "unit/schemas/sample.h"

#include "schemas/party.h"

#define LABEL_32 "abcdefghijklmnopqrstuvwxyz012345"
#define LABEL_30 "abcdefghijklmnopqrstuvwxyz0123"

static const char *const good[] = {
	"ct", "ct.doc.parole.hartford", "a.b.c.d.e.f.g.h", "x-1_y.z", LABEL_32, LABEL_32 "." LABEL_32 "." LABEL_30,
};

static const struct {
	const char *name;
	const char *reason;
} bad[] = {
	{"", "empty label"},
	{".ct", "empty label"},
	{"ct.", "empty label"},
	{"ct..doc", "empty label"},
	{"Ct", "a-z"},
	{"ct doc", "a-z"},
	{"ct/doc", "a-z"},
	{"ct:doc", "a-z"},
	{"ct.h\xc3\xa9", "a-z"},
	{"a.b.c.d.e.f.g.h.i", "more than 8 labels"},
	{LABEL_32 "x", "longer than 32"},
	{LABEL_32 "." LABEL_32 "." LABEL_30 "x", "longer than 96"},
};

static void accepts_names_up_to_the_limits(void **state)
{
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(party_check(bytes_text(good[i]), "/from", &err).code, CODE_OK);
}

static void refuses_names_beyond_the_limits_and_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = {.code = CODE_OK};
		assert_int_equal(party_check(bytes_text(bad[i].name), "/from", &err).code, CODE_MALFORMED);
		assert_string_equal(err.field, "/from");
		if (!strstr(err.reason, bad[i].reason))
			fail_msg("%s: %s", bad[i].name, err.reason);
	}
}

static void a_nul_is_no_part_of_a_name(void **state)
{
	struct err err;
	(void)state;
	assert_int_equal(party_check(bytes_of("ct\0doc", 6), "/from", &err).code, CODE_MALFORMED);
}

static void an_address_is_a_party_or_a_role_of_one_label(void **state)
{
	static const struct {
		const char *address;
		bool fits;
	} cases[] = {
		{"ct.hartford.police", true}, {"role:police", true},
		{"role:fugitive-unit", true}, {"role:", false},
		{"role:a.b", false},          {"role:Police", false},
		{"roles:police", false},      {"role", true},
		{"role:role:police", false},  {"", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err;
		assert_int_equal(FAILED(party_check_address(bytes_text(cases[i].address), "/to/0", &err)), !cases[i].fits);
	}
}

static void tells_the_role_of_an_address(void **state)
{
	struct bytes role = BYTES_NONE;
	(void)state;
	assert_true(party_is_role(BYTES_LIT("role:police"), &role));
	assert_true(bytes_is(role, "police"));
	assert_false(party_is_role(BYTES_LIT("role.police"), &role));
	assert_false(party_is_role(BYTES_LIT("rol"), &role));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_names_up_to_the_limits), cmocka_unit_test(refuses_names_beyond_the_limits_and_says_why),
		cmocka_unit_test(a_nul_is_no_part_of_a_name),     cmocka_unit_test(an_address_is_a_party_or_a_role_of_one_label),
		cmocka_unit_test(tells_the_role_of_an_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
