#include "unit/broker/hub_fixture.h"

static int make(void **state)
{
	struct hub_fixture *hub = mem_alloc(sizeof(*hub));
	hub_fixture_make(hub);
	pki_fixture_party(&hub->pki, POLICE);
	hub_fixture_write(hub, &(struct hub_config){.listen = NULL});
	*state = hub;
	return 0;
}

static int drop(void **state)
{
	hub_fixture_done(*state);
	mem_free(*state);
	return 0;
}

static void loads_everything_that_the_file_names(void **state)
{
	struct hub_fixture *hub = *state;
	struct snapshot *snapshot = hub_fixture_load(hub, 7);
	assert_int_equal(snapshot->generation, 7);
	assert_non_null(snapshot->catalogue);
	assert_non_null(snapshot->tls);
	assert_true(signer_owns_key(snapshot->signing, snapshot->signing_key));
	assert_string_equal(signer_party(snapshot->signing), HUB);
	assert_int_equal(snapshot->parties_count, 3);
	assert_int_equal(snapshot->agreements_count, 1);
	snapshot_unref(snapshot);
}

static void is_freed_with_its_last_holder(void **state)
{
	struct snapshot *snapshot = hub_fixture_load(*state, 1);
	assert_ptr_equal(snapshot_ref(snapshot), snapshot);
	snapshot_unref(snapshot);
	assert_string_equal(snapshot->settings.party, HUB);
	snapshot_unref(snapshot);
	snapshot_unref(NULL);
}

static void finds_parties_by_their_whole_name_only(void **state)
{
	struct snapshot *snapshot = hub_fixture_load(*state, 1);
	static const char *const unknown[] = {"", "ct", "ct.hartford.polic", "ct.hartford.policex", "CT.HARTFORD.POLICE", "zz"};
	assert_string_equal(snapshot_party(snapshot, BYTES_LIT(POLICE))->name, POLICE);
	assert_string_equal(snapshot_party(snapshot, BYTES_LIT(BOARD))->name, BOARD);
	assert_string_equal(snapshot_party(snapshot, BYTES_LIT(OFFICE))->name, OFFICE);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		assert_null(snapshot_party(snapshot, bytes_text(unknown[i])));
	snapshot_unref(snapshot);
}

static void fits_a_party_by_name_pattern_and_role(void **state)
{
	static const struct {
		const char *selector;
		bool fits;
	} cases[] = {
		{POLICE, true},     {"ct.*", true},      {"*", true},       {"role:police", true}, {"*.police", true},
		{"ct.hartford", false}, {"role:polic", false}, {"role:", false}, {"police", false},     {"role:*", false},
	};
	struct snapshot *snapshot = hub_fixture_load(*state, 1);
	const struct snapshot_party *party = snapshot_party(snapshot, BYTES_LIT(POLICE));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (snapshot_fits(party, cases[i].selector) != cases[i].fits)
			fail_msg("%s", cases[i].selector);
	assert_true(snapshot_has_role(party, BYTES_LIT("police")));
	assert_false(snapshot_has_role(party, BYTES_LIT("Police")));
	snapshot_unref(snapshot);
}

static void compares_attributes_without_regard_to_case_and_blanks(void **state)
{
	static const struct {
		const char *attribute, *value;
		bool is;
	} cases[] = {
		{"town", "Hartford", true},       {"town", "HARTFORD", true}, {"town", "west hartford", true}, {"town", " Hartford ", true},
		{"town", "Hartford, West Hartford", false}, {"town", "Hart", false},   {"town", "", false},             {"city", "Hartford",
		                                                                                                         false},
	};
	struct snapshot *snapshot = hub_fixture_load(*state, 1);
	const struct snapshot_party *party = snapshot_party(snapshot, BYTES_LIT(POLICE));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (snapshot_attribute_is(party, cases[i].attribute, bytes_text(cases[i].value)) != cases[i].is)
			fail_msg("%s %s", cases[i].attribute, cases[i].value);
	snapshot_unref(snapshot);
}

static void names_every_file_that_is_at_fault(void **state)
{
	struct hub_fixture *hub = *state;
	static const struct {
		struct hub_config config;
		const char *fault;
	} cases[] = {
		{{.tls = "certificate = \"none.pem\"; key = \"hub-tls.key\"; ca = [ \"ca/ca.pem\" ];"}, "none.pem"},
		{{.tls = "certificate = \"hub-tls.pem\"; key = \"hub-sign.key\"; ca = [ \"ca/ca.pem\" ];"},
		 "is not the key of the certificate"},
		{{.tls = "certificate = \"hub-tls.pem\"; key = \"hub-tls.key\"; ca = [ \"none.pem\" ];"}, "none.pem"},
		{{.tls = "certificate = \"hub-tls.pem\"; key = \"hub-tls.key\"; ca = [ \"ca/ca.pem\" ]; crl = [ \"ca/ca.pem\" ];"}, "tls:"},
		{{.tls = "certificate = \"" POLICE "-tls.pem\"; key = \"" POLICE "-tls.key\"; ca = [ \"ca/ca.pem\" ];"}, "tls.certificate"},
		{{.signing = "certificate = \"hub-tls.pem\"; key = \"hub-tls.key\";"}, "signing.certificate"},
		{{.signing = "certificate = \"hub-sign.pem\"; key = \"hub-tls.key\";"}, "signing.key"},
		{{.signing = "certificate = \"" POLICE "-sign.pem\"; key = \"" POLICE "-sign.key\";"}, "signing.certificate"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		hub_fixture_write(hub, &cases[i].config);
		const char *faults = hub_fixture_faults(hub);
		if (!strstr(faults, cases[i].fault))
			fail_msg("expected: %s\ngot: %s", cases[i].fault, faults);
	}
}

static void refuses_a_key_that_others_may_read(void **state)
{
	struct hub_fixture *hub = *state;
	assert_int_equal(chmod(pki_fixture_path(&hub->pki, "hub-sign.key"), 0644), 0);
	assert_non_null(strstr(hub_fixture_faults(hub), "signing.key"));
}

static void refuses_certificates_of_another_hub(void **state)
{
	struct hub_fixture *hub = *state;
	pki_fixture_issue_as(&hub->pki, TRUST_SIGN_HUB, "ma.hub", "other-sign");
	hub_fixture_write(hub, &(struct hub_config){.signing = "certificate = \"other-sign.pem\"; key = \"other-sign.key\";"});
	assert_non_null(strstr(hub_fixture_faults(hub), "is of ma.hub, not of " HUB));
}

static void lists_faults_of_all_kinds_at_once(void **state)
{
	struct hub_fixture *hub = *state;
	hub_fixture_write(hub, &(struct hub_config){
		.signing = "certificate = \"none.pem\"; key = \"none.key\";",
		.parties = HUB_PARTIES ", { party = \"" POLICE "\"; roles = [ \"police\" ]; }",
		.agreements = "{ name = \"a\"; from = [ \"role:judge\" ]; types = [ \"no.such/1\" ]; to = [ \"ct.nobody\" ]; }"});
	const char *faults = hub_fixture_faults(hub);
	assert_non_null(strstr(faults, "none.pem"));
	assert_non_null(strstr(faults, "none.key"));
	assert_non_null(strstr(faults, "is enrolled already"));
	assert_non_null(strstr(faults, "no party has the role \"judge\""));
	assert_non_null(strstr(faults, "\"no.such/1\" is not in the catalogue"));
	assert_non_null(strstr(faults, "\"ct.nobody\" is not enrolled"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(loads_everything_that_the_file_names, make, drop),
		cmocka_unit_test_setup_teardown(is_freed_with_its_last_holder, make, drop),
		cmocka_unit_test_setup_teardown(finds_parties_by_their_whole_name_only, make, drop),
		cmocka_unit_test_setup_teardown(fits_a_party_by_name_pattern_and_role, make, drop),
		cmocka_unit_test_setup_teardown(compares_attributes_without_regard_to_case_and_blanks, make, drop),
		cmocka_unit_test_setup_teardown(names_every_file_that_is_at_fault, make, drop),
		cmocka_unit_test_setup_teardown(refuses_a_key_that_others_may_read, make, drop),
		cmocka_unit_test_setup_teardown(refuses_certificates_of_another_hub, make, drop),
		cmocka_unit_test_setup_teardown(lists_faults_of_all_kinds_at_once, make, drop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
