#include "crafted.h"

static struct key *authority_key;
static X509 *authority;

static const struct pki_span year = {INT64_C(1767225600000), INT64_C(1798761600000)};

static int set_up(void **state)
{
	struct err err;

	(void)state;
	pki_fixture_fine(key_new(KEY_P256, 0, &authority_key, &err), &err);
	pki_fixture_fine(pki_make_authority(authority_key, "A hub's authority", year, &authority, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	X509_free(authority);
	key_unref(authority_key);
	return 0;
}

static X509 *make(const struct pki_subject *subject)
{
	static const uint8_t serial[16] = {0x41, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	struct key *holder = NULL;
	X509 *certificate = NULL;
	struct err err;

	pki_fixture_fine(key_new(KEY_P256, 0, &holder, &err), &err);
	pki_fixture_fine(pki_make_certificate(subject, year, serial, key_pkey(holder), authority, authority_key, &certificate, &err),
	                 &err);
	key_unref(holder);
	return certificate;
}

static bool is_critical(X509 *certificate, int nid)
{
	int at = X509_get_ext_by_NID(certificate, nid, -1);

	return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) == 1;
}

static void an_authority_signs_certificates_and_lists_and_no_authorities(void **state)
{
	(void)state;
	assert_int_equal(X509_check_ca(authority), 1);
	assert_int_equal(X509_get_pathlen(authority), 0);
	assert_int_equal(X509_get_key_usage(authority), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_true(is_critical(authority, NID_basic_constraints));
	assert_true(is_critical(authority, NID_key_usage));
	assert_int_equal(X509_check_issued(authority, authority), X509_V_OK);
	assert_int_equal(X509_verify(authority, X509_get0_pubkey(authority)), 1);
}

static const char *const hosts[] = {"hub.example.org", "192.0.2.7", "2001:db8::7"};

static void every_purpose_gets_its_usage_and_no_other(void **state)
{
	(void)state;
	for (int purpose = TRUST_TLS_PARTY; purpose <= TRUST_SIGN_PERSON; purpose++) {
		const struct pki_subject subject = {.purpose = (enum trust_purpose)purpose,
		                                    .party = "ct.party",
		                                    .person = "m.alvarez",
		                                    .role = "chair",
		                                    .hosts = hosts,
		                                    .hosts_count = 3};
		X509 *certificate = make(&subject);
		struct identity identity;
		struct err err;
		for (int other = TRUST_TLS_PARTY; other <= TRUST_SIGN_PERSON; other++) {
			bool both_sign = purpose >= TRUST_SIGN_PARTY && other >= TRUST_SIGN_PARTY;
			result judged = trust_check_usage(certificate, (enum trust_purpose)other, &err);
			assert_int_equal(FAILED(judged), !(purpose == other || both_sign));
		}
		pki_fixture_fine(identity_of(certificate, &identity, &err), &err);
		assert_int_equal(identity.kind, identity_kind_for((enum trust_purpose)purpose));
		assert_true(is_critical(certificate, NID_basic_constraints));
		assert_true(is_critical(certificate, NID_key_usage));
		assert_non_null(X509_get0_subject_key_id(certificate));
		assert_non_null(X509_get0_authority_key_id(certificate));
		assert_int_equal(X509_verify(certificate, X509_get0_pubkey(authority)), 1);
		assert_int_equal(certificate_time_ms(X509_get0_notBefore(certificate)), year.from_ms);
		assert_int_equal(certificate_time_ms(X509_get0_notAfter(certificate)), year.until_ms);
		X509_free(certificate);
	}
}

static void only_the_hubs_tls_certificate_carries_hosts(void **state)
{
	struct pki_subject subject = {.purpose = TRUST_TLS_HUB, .party = "ct.hub", .hosts = hosts, .hosts_count = 3};
	X509 *certificate = make(&subject);

	(void)state;
	assert_int_equal(X509_check_host(certificate, "hub.example.org", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "192.0.2.7", 0), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "2001:db8::7", 0), 1);
	assert_int_equal(X509_check_host(certificate, "ct.hub", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 0);
	X509_free(certificate);
	subject.purpose = TRUST_SIGN_HUB;
	certificate = make(&subject);
	assert_int_equal(X509_check_host(certificate, "hub.example.org", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 0);
	X509_free(certificate);
}

static void a_long_party_is_whole_in_the_uri_though_cut_in_the_name(void **state)
{
	static const char party[] = "abcdefghijabcdefghijabcdefghij12.abcdefghijabcdefghijabcdefghij12.abcdefghijabcdefghijabcdefgh";
	const struct pki_subject subject = {.purpose = TRUST_SIGN_PARTY, .party = party};
	X509 *certificate = make(&subject);
	struct identity identity;
	struct err err;

	(void)state;
	pki_fixture_fine(identity_of(certificate, &identity, &err), &err);
	assert_string_equal(identity.party, party);
	X509_free(certificate);
}

static X509_CRL *make_list(struct pki_index *index, uint64_t number)
{
	struct buf out;
	struct err err;

	buf_init(&out, 1 << 20);
	pki_fixture_fine(pki_make_list(index, authority, authority_key, number, year, &out, &err), &err);
	BIO *bio = BIO_new_mem_buf(out.at, (int)out.len);
	X509_CRL *list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
	BIO_free(bio);
	buf_done(&out);
	assert_non_null(list);
	assert_int_equal(X509_CRL_verify(list, X509_get0_pubkey(authority)), 1);
	return list;
}

static void a_list_holds_what_was_revoked_with_its_reason(void **state)
{
	struct pki_row rows[] = {
		{'V', (char[]){"270101000000Z"}, (char[]){""}, (char[]){"01"}, (char[]){"unknown"}, (char[]){"/CN=a"}},
		{'R', (char[]){"270101000000Z"}, (char[]){"260601000000Z,keyCompromise"}, (char[]){"02"}, (char[]){"unknown"},
	     (char[]){"/CN=b"}},
		{'R', (char[]){"270101000000Z"}, (char[]){"260602000000Z"}, (char[]){"FFFF"}, (char[]){"unknown"}, (char[]){"/CN=c"}},
		{'E', (char[]){"250101000000Z"}, (char[]){""}, (char[]){"04"}, (char[]){"unknown"}, (char[]){"/CN=d"}},
		{'R', (char[]){"270101000000Z"}, (char[]){"260602000000Z,holdInstruction,x"}, (char[]){"05"}, (char[]){"unknown"},
	     (char[]){"/CN=e"}},
	};
	struct pki_index index = {rows, sizeof(rows) / sizeof(*rows)};
	static const long revoked[] = {2, 0xffff, 5}, valid[] = {1, 4};
	X509_CRL *list = make_list(&index, 4711);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();

	(void)state;
	assert_int_equal(X509_CRL_get_version(list), X509_CRL_VERSION_2);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)), 3);
	for (size_t i = 0; i < sizeof(revoked) / sizeof(*revoked); i++) {
		X509_REVOKED *entry = NULL;
		ASN1_INTEGER_set(serial, revoked[i]);
		assert_int_equal(X509_CRL_get0_by_serial(list, &entry, serial), 1);
		ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
		assert_int_equal(reason != NULL ? ASN1_ENUMERATED_get(reason) : 0, revoked[i] == 2 ? CRL_REASON_KEY_COMPROMISE : 0);
		ASN1_ENUMERATED_free(reason);
	}
	for (size_t i = 0; i < sizeof(valid) / sizeof(*valid); i++) {
		X509_REVOKED *entry = NULL;
		ASN1_INTEGER_set(serial, valid[i]);
		assert_int_equal(X509_CRL_get0_by_serial(list, &entry, serial), 0);
	}
	ASN1_INTEGER_free(serial);
	X509_CRL_free(list);
}

static void an_empty_list_is_a_list(void **state)
{
	struct pki_index index = {0};
	X509_CRL *list = make_list(&index, UINT64_C(1) << 40);
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
	uint64_t value = 0;

	(void)state;
	assert_true(ASN1_INTEGER_get_uint64(&value, number));
	assert_int_equal(value, UINT64_C(1) << 40);
	assert_int_equal(certificate_time_ms(X509_CRL_get0_nextUpdate(list)), year.until_ms);
	ASN1_INTEGER_free(number);
	X509_CRL_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_authority_signs_certificates_and_lists_and_no_authorities),
		cmocka_unit_test(every_purpose_gets_its_usage_and_no_other),
		cmocka_unit_test(only_the_hubs_tls_certificate_carries_hosts),
		cmocka_unit_test(a_long_party_is_whole_in_the_uri_though_cut_in_the_name),
		cmocka_unit_test(a_list_holds_what_was_revoked_with_its_reason),
		cmocka_unit_test(an_empty_list_is_a_list),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
