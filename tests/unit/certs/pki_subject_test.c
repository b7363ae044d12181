#include "crafted.h"

static const char *const hosts[] = {"hub.example.org", "192.0.2.7", "2001:db8::7", "localhost"};

static void accepts_what_can_be_issued(void **state)
{
	static const struct pki_subject good[] = {
		{.purpose = TRUST_TLS_PARTY, .party = "ct.police"},
		{.purpose = TRUST_SIGN_HUB, .party = "ct.hub"},
		{.purpose = TRUST_TLS_HUB, .party = "ct.hub", .hosts = hosts, .hosts_count = 4},
		{.purpose = TRUST_SIGN_PERSON, .party = "ct.board", .person = "m.alvarez", .role = "board_chair"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct err err;
		pki_fixture_fine(pki_subject_check(&good[i], &err), &err);
		assert_true(strlen(pki_subject_purpose(good[i].purpose)) > 0);
	}
}

static void refuses_what_could_not_be_judged_later(void **state)
{
	static const struct {
		struct pki_subject subject;
		const char *field;
	} bad[] = {
		{{.purpose = TRUST_SIGN_PARTY}, "party"},
		{{.purpose = TRUST_SIGN_PARTY, .party = ""}, "party"},
		{{.purpose = TRUST_SIGN_PARTY, .party = "CT.police"}, "party"},
		{{.purpose = TRUST_SIGN_PARTY, .party = "ct.*"}, "party"},
		{{.purpose = TRUST_SIGN_PARTY, .party = "ct.police,URI:urn:liaison:hub:ct.hub"}, "party"},
		{{.purpose = TRUST_SIGN_PARTY, .party = "ct", .lifetime_ms = -1}, "lifetime"},
		{{.purpose = TRUST_SIGN_PERSON, .party = "ct.board", .role = "chair"}, "person"},
		{{.purpose = TRUST_SIGN_PERSON, .party = "ct.board", .person = "M Alvarez", .role = "chair"}, "person"},
		{{.purpose = TRUST_SIGN_PERSON, .party = "ct.board", .person = "m.alvarez"}, "role"},
		{{.purpose = TRUST_SIGN_PERSON, .party = "ct.board", .person = "m.alvarez", .role = "board.chair"}, "role"},
		{{.purpose = TRUST_TLS_HUB, .party = "ct.hub"}, "hosts"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = {0};
		assert_int_equal(pki_subject_check(&bad[i].subject, &err).code, CODE_USAGE);
		assert_string_equal(err.field, bad[i].field);
	}
}

static void refuses_hosts_that_are_neither_name_nor_address(void **state)
{
	static const char *const bad[] = {"",         "*.example.org", "hub..example.org", ".example.org", "hub.", "hub example",
	                                  "hub:7000", "hub/x",         "h\xc3\xa9",        "1.2.3.4,DNS:x"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *const list[] = {"good.example.org", bad[i]};
		const struct pki_subject subject = {.purpose = TRUST_TLS_HUB, .party = "ct.hub", .hosts = list, .hosts_count = 2};
		struct err err;
		if (!FAILED(pki_subject_check(&subject, &err)))
			fail_msg("accepted %s", bad[i]);
		assert_string_equal(err.field, "hosts");
	}
}

static void a_certificate_gives_back_what_it_was_issued_for(void **state)
{
	struct pki_fixture pki;
	const struct pki_subject subject = {
		.purpose = TRUST_TLS_HUB, .party = "ct.hub", .hosts = hosts, .hosts_count = 4, .key = KEY_RSA, .rsa_bits = 2048};
	STACK_OF(X509) *all = NULL;
	struct pki_holder *holder = NULL;
	struct err err;

	(void)state;
	pki_fixture_new(&pki);
	pki_fixture_issue(&pki, &subject, "hub");
	pki_fixture_fine(certificate_read(pki_fixture_path(&pki, "hub.pem"), &all, &err), &err);
	pki_fixture_fine(pki_holder_of(sk_X509_value(all, 0), &holder, &err), &err);
	const struct pki_subject *found = pki_holder_subject(holder);
	assert_int_equal(found->purpose, TRUST_TLS_HUB);
	assert_string_equal(found->party, "ct.hub");
	assert_int_equal(found->key, KEY_RSA);
	assert_int_equal(found->rsa_bits, 2048);
	assert_int_equal(found->hosts_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(found->hosts[i], hosts[i]);
	pki_fixture_fine(pki_subject_check(found, &err), &err);
	pki_holder_free(holder);
	pki_holder_free(NULL);
	certificate_free_all(all);
	pki_fixture_done(&pki);
}

static void what_liaison_would_not_issue_has_no_holder(void **state)
{
	const struct crafted rows[] = {
		{.usage = "critical,digitalSignature,nonRepudiation", .basic = "critical,CA:FALSE"},
		{.names = {CRAFTED_URI("urn:liaison:party:ct.police")},
	     .usage = "critical,digitalSignature",
	     .basic = "critical,CA:FALSE"},
		{.names = {CRAFTED_URI("urn:liaison:party:ct.police")}, .usage = "critical,keyCertSign", .basic = "critical,CA:TRUE"},
		{.names = {CRAFTED_URI("urn:liaison:party:ct.police")},
	     .usage = "critical,digitalSignature,nonRepudiation",
	     .key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		X509 *certificate = crafted_new(&rows[i], NULL, NULL);
		struct pki_holder *holder = NULL;
		struct err err;
		assert_int_equal(pki_holder_of(certificate, &holder, &err).code, CODE_CERTIFICATE);
		assert_null(holder);
		X509_free(certificate);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_what_can_be_issued),
		cmocka_unit_test(refuses_what_could_not_be_judged_later),
		cmocka_unit_test(refuses_hosts_that_are_neither_name_nor_address),
		cmocka_unit_test(a_certificate_gives_back_what_it_was_issued_for),
		cmocka_unit_test(what_liaison_would_not_issue_has_no_holder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
