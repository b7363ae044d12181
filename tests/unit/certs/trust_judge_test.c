#include "base/file.h"
#include "crafted.h"

#define PARTY_URI "urn:liaison:party:ct.police.hartford"
#define SIGNING "critical,digitalSignature,nonRepudiation"
#define NO_CA "critical,CA:FALSE"

static struct pki_fixture pki;
static struct trust *trust; /* without lists */

static int set_up(void **state)
{
	const char *ca;
	struct err err;

	(void)state;
	pki_fixture_new(&pki);
	pki_fixture_hub(&pki, "ct.hub");
	pki_fixture_party(&pki, "ct.police.hartford");
	pki_fixture_person(&pki, "ct.board", "m.alvarez", "board_chair");
	ca = pki_fixture_path(&pki, "ca/ca.pem");
	pki_fixture_fine(trust_load(&ca, 1, NULL, 0, &trust, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	trust_unref(trust);
	pki_fixture_done(&pki);
	return 0;
}

static result judge_file(const struct trust *by, const char *name, enum trust_purpose purpose, int64_t at_ms, struct err *err)
{
	struct signer *signer = NULL;
	result judged = trust_judge_file(by, pki_fixture_path(&pki, name), purpose, at_ms, &signer, err);

	signer_unref(signer);
	return judged;
}

/* --- purposes --- */

static void each_certificate_serves_its_own_purpose_only(void **state)
{
	static const struct {
		const char *file;
		enum trust_purpose purpose;
	} own[] = {
		{"ct.police.hartford-tls.pem", TRUST_TLS_PARTY},
		{"hub-tls.pem", TRUST_TLS_HUB},
		{"ct.police.hartford-sign.pem", TRUST_SIGN_PARTY},
		{"hub-sign.pem", TRUST_SIGN_HUB},
		{"m.alvarez.pem", TRUST_SIGN_PERSON},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		for (int purpose = TRUST_TLS_PARTY; purpose <= TRUST_SIGN_PERSON; purpose++) {
			result judged = judge_file(trust, own[i].file, (enum trust_purpose)purpose, clock_wall_ms(), &err);
			assert_int_equal(judged.code, own[i].purpose == (enum trust_purpose)purpose ? CODE_OK : CODE_CERTIFICATE);
		}
	}
}

static const struct {
	const char *usage, *extended, *basic;
	enum trust_purpose purpose;
	const char *word; /* NULL: accepted */
} usages[] = {
	{"critical,digitalSignature", "clientAuth", NO_CA, TRUST_TLS_PARTY, NULL},
	{"critical,digitalSignature", "clientAuth,serverAuth", NO_CA, TRUST_TLS_PARTY, NULL},
	{"critical,digitalSignature", NULL, NO_CA, TRUST_TLS_PARTY, "clientAuth"},
	{"critical,digitalSignature", "serverAuth", NO_CA, TRUST_TLS_PARTY, "clientAuth"},
	{"critical,digitalSignature", "anyExtendedKeyUsage", NO_CA, TRUST_TLS_PARTY, ""},
	{"critical,digitalSignature", "emailProtection", NO_CA, TRUST_TLS_PARTY, "clientAuth"},
	{NULL, "clientAuth", NO_CA, TRUST_TLS_PARTY, "digitalSignature"},
	{"critical,keyAgreement", "clientAuth", NO_CA, TRUST_TLS_PARTY, "digitalSignature"},
	{SIGNING, "clientAuth", NO_CA, TRUST_TLS_PARTY, "signing"},
	{SIGNING, NULL, NO_CA, TRUST_TLS_PARTY, "clientAuth"},
	{SIGNING, NULL, NO_CA, TRUST_SIGN_PARTY, NULL},
	{SIGNING, NULL, NULL, TRUST_SIGN_PARTY, NULL},
	{SIGNING, "emailProtection", NO_CA, TRUST_SIGN_PARTY, NULL},
	{SIGNING, "clientAuth", NO_CA, TRUST_SIGN_PARTY, "TLS"},
	{SIGNING, "serverAuth", NO_CA, TRUST_SIGN_PARTY, "TLS"},
	{SIGNING, "anyExtendedKeyUsage", NO_CA, TRUST_SIGN_PARTY, "TLS"},
	{"critical,digitalSignature", NULL, NO_CA, TRUST_SIGN_PARTY, "nonRepudiation"},
	{"critical,nonRepudiation", NULL, NO_CA, TRUST_SIGN_PARTY, "digitalSignature"},
	{NULL, NULL, NO_CA, TRUST_SIGN_PARTY, "keyUsage"},
	{"critical,digitalSignature,nonRepudiation,keyCertSign", NULL, "critical,CA:TRUE", TRUST_SIGN_PARTY, "authority"},
};

static void usage_decides_what_a_certificate_may_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(usages) / sizeof(*usages); i++) {
		const struct crafted like = {.names = {CRAFTED_URI(PARTY_URI)},
		                             .usage = usages[i].usage,
		                             .extended = usages[i].extended,
		                             .basic = usages[i].basic};
		X509 *leaf = crafted_issue(&pki, &like);
		struct err err = {0};
		result judged = crafted_judge(trust, leaf, usages[i].purpose, &err),
			   usage = trust_check_usage(leaf, usages[i].purpose, NULL);
		if (FAILED(judged) != (usages[i].word != NULL))
			fail_msg("row %zu: %s", i, err.reason);
		assert_int_equal(FAILED(usage), FAILED(judged));
		if (usages[i].word != NULL)
			crafted_says(&err, CODE_CERTIFICATE, usages[i].word);
		X509_free(leaf);
	}
}

/* --- names --- */

static const struct {
	struct crafted_name names[CRAFTED_NAMES_MAX];
	const char *word; /* NULL: accepted */
} names[] = {
	{{CRAFTED_URI(PARTY_URI)}, NULL},
	{{CRAFTED_URI("https://example.org/"), CRAFTED_URI(PARTY_URI)}, NULL},
	{{CRAFTED_URI(PARTY_URI), CRAFTED_NAME(GEN_DNS, "police.example.org")}, NULL},
	{{CRAFTED_NAME(GEN_DNS, "police.example.org")}, "names no holder"},
	{{CRAFTED_NAME(GEN_DNS, PARTY_URI)}, "names no holder"},
	{{CRAFTED_URI("urn:example:party:ct.police")}, "names no holder"},
	{{CRAFTED_URI(PARTY_URI), CRAFTED_URI("urn:liaison:party:ct.board")}, "2 holders"},
	{{CRAFTED_URI(PARTY_URI), CRAFTED_URI(PARTY_URI)}, "2 holders"},
	{{CRAFTED_URI(PARTY_URI), CRAFTED_URI("urn:liaison:hub:ct.hub")}, "2 holders"},
	{{CRAFTED_URI(PARTY_URI), CRAFTED_URI("URN:Liaison:party:ct.board")}, "2 holders"},
	{{CRAFTED_URI("URN:LIAISON:party:ct.police")}, "outside the syntax"},
	{{CRAFTED_URI("urn:liaison:party:ct.police\0.evil")}, "NUL"},
	{{CRAFTED_URI("urn:liaison:party:ct.police\0")}, "NUL"},
	{{CRAFTED_URI("https://x\0y"), CRAFTED_URI(PARTY_URI)}, "NUL"},
	{{CRAFTED_URI("urn:liaison:party:*")}, "outside the syntax"},
	{{CRAFTED_URI("urn:liaison:party:ct.*")}, "outside the syntax"},
	{{CRAFTED_URI("urn:liaison:party:")}, "outside the syntax"},
	{{CRAFTED_URI("urn:liaison:hub:ct.hub")}, "is not a party's"},
	{{CRAFTED_URI("urn:liaison:person:ct.board:m.alvarez:chair")}, "is not a party's"},
};

static void exactly_one_well_formed_uri_names_the_holder(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct crafted like = {.usage = SIGNING, .basic = NO_CA};
		struct err err = {0};
		memcpy(like.names, names[i].names, sizeof(like.names));
		X509 *leaf = crafted_issue(&pki, &like);
		result judged = crafted_judge(trust, leaf, TRUST_SIGN_PARTY, &err);
		if (FAILED(judged) != (names[i].word != NULL))
			fail_msg("row %zu: %s", i, err.reason);
		if (names[i].word != NULL) {
			crafted_says(&err, CODE_CERTIFICATE, names[i].word);
			assert_string_equal(err.field, "/certificates/0");
		}
		X509_free(leaf);
	}
}

/* --- authorities --- */

static void refuses_what_another_authority_issued(void **state)
{
	struct pki_fixture other;
	struct err err;
	struct signer *signer = NULL;

	(void)state;
	pki_fixture_new(&other); /* under the same name, with another key */
	pki_fixture_party(&other, "ct.police.hartford");
	result judged = trust_judge_file(trust, pki_fixture_path(&other, "ct.police.hartford-sign.pem"), TRUST_SIGN_PARTY,
	                                 clock_wall_ms(), &signer, &err);
	assert_int_equal(judged.code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "not trusted: CN=Test authority");
	assert_string_equal(err.field, pki_fixture_path(&other, "ct.police.hartford-sign.pem"));
	pki_fixture_done(&other);
}

static void refuses_what_signed_itself_and_what_a_holder_signed(void **state)
{
	const struct crafted like = {.names = {CRAFTED_URI(PARTY_URI)}, .usage = SIGNING, .basic = NO_CA};
	struct key *holder_key = pki_fixture_key(&pki, "ct.police.hartford-sign");
	STACK_OF(X509) *chain = NULL;
	struct signer *signer = NULL;
	struct err err;

	(void)state;
	X509 *leaf = crafted_new(&like, NULL, NULL);
	assert_int_equal(crafted_judge(trust, leaf, TRUST_SIGN_PARTY, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "itself");
	X509_free(leaf);
	pki_fixture_fine(certificate_read(pki_fixture_path(&pki, "ct.police.hartford-sign.pem"), &chain, &err), &err);
	leaf = crafted_new(&like, sk_X509_value(chain, 0), key_pkey(holder_key));
	assert_int_equal(trust_judge_x509(trust, leaf, chain, TRUST_SIGN_PARTY, clock_wall_ms(), false, &signer, &err).code,
	                 CODE_CERTIFICATE);
	X509_free(leaf);
	certificate_free_all(chain);
	key_unref(holder_key);
}

static void one_bit_changed_in_a_certificate_is_refused(void **state)
{
	struct signer *judged = pki_fixture_signer(&pki, trust, "ct.police.hartford-sign", TRUST_SIGN_PARTY), *signer = NULL;
	struct bytes chain[TRUST_CHAIN_MAX];
	struct err err;

	(void)state;
	assert_int_equal(signer_chain(judged, chain), 1);
	uint8_t *copy = mem_alloc(chain[0].len);
	for (size_t at = 0; at < chain[0].len; at++) {
		struct bytes changed = bytes_of(copy, chain[0].len);
		memcpy(copy, chain[0].at, chain[0].len);
		copy[at] ^= (uint8_t)(1U << (at % 8));
		if (!FAILED(trust_judge(trust, &changed, 1, TRUST_SIGN_PARTY, clock_wall_ms(), false, &signer, &err))) {
			/* Only an encoding that means the same may pass, and it gives the same certificate. */
			assert_memory_equal(signer_fingerprint(signer), signer_fingerprint(judged), HASH_LEN);
			signer_unref(signer);
		}
	}
	mem_free(copy);
	signer_unref(judged);
}

static void refuses_keys_that_are_too_weak_or_of_unknown_kinds(void **state)
{
	EVP_PKEY *keys[] = {
		EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024), EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"),
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"),   EVP_PKEY_Q_keygen(NULL, NULL, "ED448"),
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-224"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct crafted like = {.names = {CRAFTED_URI(PARTY_URI)}, .usage = SIGNING, .basic = NO_CA, .key = keys[i]};
		X509 *leaf = crafted_issue(&pki, &like);
		struct err err;
		assert_int_equal(crafted_judge(trust, leaf, TRUST_SIGN_PARTY, &err).code, CODE_CERTIFICATE);
		crafted_says(&err, CODE_CERTIFICATE, "key");
		X509_free(leaf);
	}
}

static void refuses_chains_that_are_empty_too_long_or_no_certificates(void **state)
{
	struct bytes chain[TRUST_CHAIN_MAX + 1] = {BYTES_LIT("0"), BYTES_LIT("0"), BYTES_LIT("0"), BYTES_LIT("0"), BYTES_LIT("0")};
	struct signer *signer = NULL;
	struct err err;

	(void)state;
	assert_int_equal(trust_judge(trust, chain, 0, TRUST_SIGN_PARTY, clock_wall_ms(), false, &signer, &err).code,
	                 CODE_CERTIFICATE);
	assert_int_equal(trust_judge(trust, chain, TRUST_CHAIN_MAX + 1, TRUST_SIGN_PARTY, clock_wall_ms(), false, &signer, &err).code,
	                 CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "at most 4");
	assert_int_equal(trust_judge(trust, chain, 1, TRUST_SIGN_PARTY, clock_wall_ms(), false, &signer, &err).code,
	                 CODE_CERTIFICATE);
	assert_string_equal(err.field, "/certificates/0");
	assert_null(signer);
}

/* --- times --- */

static void judges_for_the_time_that_is_given(void **state)
{
	const int64_t now_ms = clock_wall_ms() / 1000 * 1000, from_ms = now_ms - 60 * 1000, until_ms = now_ms + 60 * 1000;
	const struct crafted like = {
		.names = {CRAFTED_URI(PARTY_URI)}, .usage = SIGNING, .basic = NO_CA, .from_ms = from_ms, .until_ms = until_ms};
	const struct {
		int64_t at_ms;
		const char *word;
	} rows[] = {
		{from_ms - 1, "not valid before "}, {from_ms, NULL}, {now_ms, NULL}, {until_ms + 999, NULL},
		{until_ms + 1000, "expired on "},
	};
	X509 *leaf = crafted_issue(&pki, &like);
	char when[CLOCK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (int then = 0; then < 2; then++) {
			struct signer *signer = NULL;
			struct err err;
			result judged = trust_judge_x509(trust, leaf, NULL, TRUST_SIGN_PARTY, rows[i].at_ms, then == 1, &signer, &err);
			assert_int_equal(judged.code, rows[i].word == NULL ? CODE_OK : CODE_CERTIFICATE);
			if (rows[i].word != NULL) {
				crafted_says(&err, CODE_CERTIFICATE, rows[i].word);
				assert_non_null(strstr(err.reason, clock_text(rows[i].at_ms < now_ms ? from_ms : until_ms, when)));
			} else {
				assert_int_equal(signer_not_before_ms(signer), from_ms);
				assert_int_equal(signer_not_after_ms(signer), until_ms);
			}
			signer_unref(signer);
		}
	}
	X509_free(leaf);
}

static void an_expired_authority_takes_its_certificates_along(void **state)
{
	struct err err;

	(void)state;
	clock_freeze(clock_wall_ms() + 4000 * PKI_FIXTURE_DAY_MS);
	const struct crafted like = {.names = {CRAFTED_URI(PARTY_URI)}, .usage = SIGNING, .basic = NO_CA};
	X509 *leaf = crafted_issue(&pki, &like);
	result judged = crafted_judge(trust, leaf, TRUST_SIGN_PARTY, &err);
	clock_release();
	assert_int_equal(judged.code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "the authority CN=Test authority: expired on ");
	assert_string_equal(err.field, "/certificates/1");
	X509_free(leaf);
}

/* --- revocation --- */

static void issue_and_revoke(const char *party, const char *reason)
{
	char name[128];

	pki_fixture_party(&pki, party);
	snprintf(name, sizeof(name), "%s-sign", party);
	if (reason != NULL)
		pki_fixture_revoke(&pki, name, reason);
}

static void a_revoked_certificate_is_refused_now(void **state)
{
	struct err err;

	(void)state;
	issue_and_revoke("ct.revoked.now", "superseded");
	struct trust *strict = pki_fixture_trust(&pki);
	assert_int_equal(judge_file(strict, "ct.revoked.now-sign.pem", TRUST_SIGN_PARTY, clock_wall_ms(), &err).code, CODE_REVOKED);
	crafted_says(&err, CODE_REVOKED, "was revoked on ");
	assert_non_null(strstr(err.reason, "CN=ct.revoked.now"));
	assert_int_equal(judge_file(strict, "ct.revoked.now-tls.pem", TRUST_TLS_PARTY, clock_wall_ms(), &err).code, CODE_OK);
	/* Without lists nobody can know. */
	assert_int_equal(judge_file(trust, "ct.revoked.now-sign.pem", TRUST_SIGN_PARTY, clock_wall_ms(), &err).code, CODE_OK);
	trust_unref(strict);
}

static void what_was_signed_before_a_revocation_stands_unless_the_key_was_compromised(void **state)
{
	static const struct {
		const char *party, *reason;
		bool before_stands;
	} rows[] = {
		{"ct.then.a", "superseded", true},     {"ct.then.b", "cessationOfOperation", true}, {"ct.then.c", NULL, true},
		{"ct.then.d", "keyCompromise", false}, {"ct.then.e", "unspecified", true},          {"ct.then.f", "CACompromise", false},
	};
	const int64_t now_ms = clock_wall_ms() / 1000 * 1000;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		clock_freeze(now_ms);
		issue_and_revoke(rows[i].party, rows[i].reason);
		struct trust *strict = pki_fixture_trust(&pki);
		clock_turn(60 * 1000);
		for (int offset_s = -60; offset_s <= 60; offset_s += 60) {
			char file[64];
			struct bytes chain[TRUST_CHAIN_MAX];
			struct signer *signer = NULL, *known;
			struct err err;
			snprintf(file, sizeof(file), "%s-sign", rows[i].party);
			known = pki_fixture_signer(&pki, trust, file, TRUST_SIGN_PARTY);
			size_t count = signer_chain(known, chain);
			result judged = trust_judge(strict, chain, count, TRUST_SIGN_PARTY, now_ms + offset_s * 1000, true, &signer, &err);
			bool stands = rows[i].reason == NULL || (rows[i].before_stands && offset_s < 0);
			assert_int_equal(judged.code, stands ? CODE_OK : CODE_REVOKED);
			if (!rows[i].before_stands)
				crafted_says(&err, CODE_REVOKED, "its key was compromised");
			/* Not "then": revoked is revoked. */
			result again = trust_rejudge(strict, known, TRUST_SIGN_PARTY, now_ms, false, &err);
			assert_int_equal(again.code, rows[i].reason == NULL ? CODE_OK : CODE_REVOKED);
			signer_unref(signer);
			signer_unref(known);
		}
		trust_unref(strict);
		clock_release();
	}
}

static void an_overdue_list_admits_nobody(void **state)
{
	struct err err;

	(void)state;
	struct trust *strict = pki_fixture_trust(&pki);
	struct signer *known = pki_fixture_signer(&pki, strict, "ct.police.hartford-sign", TRUST_SIGN_PARTY);
	int64_t now_ms = clock_wall_ms();
	clock_freeze(now_ms + 31 * PKI_FIXTURE_DAY_MS);
	assert_int_equal(trust_rejudge(strict, known, TRUST_SIGN_PARTY, clock_wall_ms(), false, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "overdue");
	/* Nor is anything from the past believed by it. */
	assert_int_equal(trust_rejudge(strict, known, TRUST_SIGN_PARTY, now_ms, true, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "overdue");
	assert_int_equal(trust_rejudge(trust, known, TRUST_SIGN_PARTY, clock_wall_ms(), false, &err).code, CODE_OK);
	clock_release();
	signer_unref(known);
	trust_unref(strict);
}

static void an_authority_without_its_list_admits_nobody_once_lists_are_in_use(void **state)
{
	struct pki_fixture other;
	struct trust *both = NULL;
	struct err err;

	(void)state;
	pki_fixture_new(&other);
	const char *const ca[] = {pki_fixture_path(&pki, "ca/ca.pem"), pki_fixture_path(&other, "ca/ca.pem")};
	const char *const crl[] = {pki_fixture_path(&other, "ca/crl.pem")};
	pki_fixture_fine(trust_load(ca, 2, crl, 1, &both, &err), &err);
	assert_int_equal(judge_file(both, "ct.police.hartford-sign.pem", TRUST_SIGN_PARTY, clock_wall_ms(), &err).code,
	                 CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "revocation list");
	trust_unref(both);
	pki_fixture_done(&other);
}

/* --- intermediates --- */

static void an_intermediate_leads_to_the_root_and_is_kept_in_the_chain(void **state)
{
	const struct crafted root_like = {.usage = "critical,keyCertSign,cRLSign", .basic = "critical,CA:TRUE"};
	const struct crafted leaf_like = {.names = {CRAFTED_URI(PARTY_URI)}, .usage = SIGNING, .basic = NO_CA};
	const char *path = pki_fixture_path(&pki, "root.pem");
	EVP_PKEY *root_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), *middle_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct crafted like = root_like;
	struct trust *other = NULL;
	struct signer *signer = NULL;
	struct buf pem;
	struct err err;

	(void)state;
	EVP_PKEY_up_ref(root_key);
	like.key = root_key;
	X509 *root = crafted_new(&like, NULL, NULL);
	EVP_PKEY_up_ref(middle_key);
	like.key = middle_key;
	X509 *middle = crafted_new(&like, root, root_key);
	X509_NAME_add_entry_by_NID(X509_get_subject_name(middle), NID_organizationName, MBSTRING_UTF8, (const uint8_t *)"middle", -1,
	                           -1, 0);
	assert_true(X509_sign(middle, root_key, hash_sha256()) > 0);
	X509 *leaf = crafted_new(&leaf_like, middle, middle_key);
	buf_init(&pem, 65536);
	certificate_add_pem(root, &pem);
	pki_fixture_fine(file_write(path, buf_bytes(&pem), 0644, &err), &err);
	pki_fixture_fine(trust_load(&path, 1, NULL, 0, &other, &err), &err);
	assert_int_equal(crafted_judge(other, leaf, TRUST_SIGN_PARTY, &err).code, CODE_CERTIFICATE);
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	assert_true(sk_X509_push(untrusted, middle) > 0);
	pki_fixture_fine(trust_judge_x509(other, leaf, untrusted, TRUST_SIGN_PARTY, clock_wall_ms(), false, &signer, &err), &err);
	struct bytes chain[TRUST_CHAIN_MAX];
	assert_int_equal(signer_chain(signer, chain), 2);
	pki_fixture_fine(trust_rejudge(other, signer, TRUST_SIGN_PARTY, clock_wall_ms(), false, &err), &err);
	signer_unref(signer);
	sk_X509_free(untrusted);
	trust_unref(other);
	buf_done(&pem);
	X509_free(leaf);
	X509_free(middle);
	X509_free(root);
	EVP_PKEY_free(middle_key);
	EVP_PKEY_free(root_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_certificate_serves_its_own_purpose_only),
		cmocka_unit_test(usage_decides_what_a_certificate_may_do),
		cmocka_unit_test(exactly_one_well_formed_uri_names_the_holder),
		cmocka_unit_test(refuses_what_another_authority_issued),
		cmocka_unit_test(refuses_what_signed_itself_and_what_a_holder_signed),
		cmocka_unit_test(one_bit_changed_in_a_certificate_is_refused),
		cmocka_unit_test(refuses_keys_that_are_too_weak_or_of_unknown_kinds),
		cmocka_unit_test(refuses_chains_that_are_empty_too_long_or_no_certificates),
		cmocka_unit_test(judges_for_the_time_that_is_given),
		cmocka_unit_test(an_expired_authority_takes_its_certificates_along),
		cmocka_unit_test(a_revoked_certificate_is_refused_now),
		cmocka_unit_test(what_was_signed_before_a_revocation_stands_unless_the_key_was_compromised),
		cmocka_unit_test(an_overdue_list_admits_nobody),
		cmocka_unit_test(an_authority_without_its_list_admits_nobody_once_lists_are_in_use),
		cmocka_unit_test(an_intermediate_leads_to_the_root_and_is_kept_in_the_chain),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
