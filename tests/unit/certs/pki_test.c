#include <fcntl.h>
#include <sys/file.h>

#include "base/file.h"
#include "crafted.h"
#include "stock_openssl.h"

static struct pki_fixture pki;

static int set_up(void **state)
{
	(void)state;
	pki_fixture_new(&pki);
	pki_fixture_hub(&pki, "ct.hub");
	pki_fixture_party(&pki, "ct.police");
	pki_fixture_person(&pki, "ct.board", "m.alvarez", "board_chair");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pki_fixture_done(&pki);
	return 0;
}

static const char *path(const char *name)
{
	return pki_fixture_path(&pki, name);
}

static struct buf read_whole(const char *name)
{
	struct buf file;
	struct err err;

	pki_fixture_fine(file_read(path(name), 1 << 20, &file, &err), &err);
	return file;
}

static mode_t mode_of(const char *name)
{
	struct stat stat_;

	assert_int_equal(stat(path(name), &stat_), 0);
	return stat_.st_mode & 0777;
}

/* --- making an authority --- */

static void an_authority_has_all_its_files_and_a_key_of_its_own(void **state)
{
	static const char *const names[] = {"ca/ca.pem", "ca/crl.pem", "ca/index.txt", "ca/index.txt.attr", "ca/serial", "ca/issued"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(access(path(names[i]), F_OK), 0);
	assert_int_equal(mode_of("ca"), 0700);
	assert_int_equal(mode_of("ca/ca.key"), 0600);
	assert_int_equal(mode_of("ct.police-tls.key"), 0600);
	assert_int_equal(mode_of("ct.police-tls.pem"), 0644);
}

static void never_makes_an_authority_over_another(void **state)
{
	struct buf before = read_whole("ca/ca.key"), after;
	struct err err;

	(void)state;
	assert_int_equal(pki_init(pki.authority, "Another", KEY_P256, 0, &err).code, CODE_USAGE);
	after = read_whole("ca/ca.key");
	assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
	buf_done(&before);
	buf_done(&after);
}

static void refuses_titles_and_times_that_do_not_fit(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(pki_init(path("ca-untitled"), "", KEY_P256, 0, &err).code, CODE_USAGE);
	assert_int_equal(
		pki_init(path("ca-long"), "a title that is longer than the sixty-four bytes which a name may have", KEY_P256, 0, &err)
			.code,
		CODE_USAGE);
	assert_int_equal(pki_init(path("ca-negative"), "A", KEY_P256, -1, &err).code, CODE_USAGE);
	assert_int_not_equal(access(path("ca-untitled/ca.pem"), F_OK), 0);
}

static void a_folder_without_an_authority_issues_nothing(void **state)
{
	const struct pki_subject subject = {.purpose = TRUST_SIGN_PARTY, .party = "ct.police"};
	struct err err;

	(void)state;
	assert_int_equal(pki_issue(path("nowhere"), &subject, path("nobody"), &err).code, CODE_NOT_FOUND);
	assert_int_equal(pki_crl(path("nowhere"), 0, &err).code, CODE_NOT_FOUND);
	assert_int_not_equal(access(path("nobody.key"), F_OK), 0);
}

static void two_commands_do_not_work_on_one_authority_at_once(void **state)
{
	const struct pki_subject subject = {.purpose = TRUST_SIGN_PARTY, .party = "ct.busy"};
	int fd = open(path("ca/lock"), O_RDWR | O_CLOEXEC);
	struct err err;

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(pki_issue(pki.authority, &subject, path("busy"), &err).code, CODE_BUSY);
	assert_int_equal(pki_crl(pki.authority, 0, &err).code, CODE_BUSY);
	close(fd);
	pki_fixture_fine(pki_issue(pki.authority, &subject, path("busy"), &err), &err);
}

static void an_authority_whose_key_others_may_use_does_not_work(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(chmod(path("ca/ca.key"), 0644), 0);
	assert_int_equal(pki_crl(pki.authority, 0, &err).code, CODE_PERMISSION);
	assert_int_equal(chmod(path("ca/ca.key"), 0600), 0);
	pki_fixture_fine(pki_crl(pki.authority, 0, &err), &err);
}

static void authorities_with_every_kind_of_key_are_trusted(void **state)
{
	static const enum key_kind kinds[] = {KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct pki_fixture other;
		pki_fixture_new_of(&other, kinds[i]);
		pki_fixture_party(&other, "ct.police");
		struct trust *trust = pki_fixture_trust(&other);
		struct signer *signer = pki_fixture_signer(&other, trust, "ct.police-sign", TRUST_SIGN_PARTY);
		signer_unref(signer);
		trust_unref(trust);
		pki_fixture_done(&other);
	}
}

/* --- issuing --- */

static void never_overwrites_a_key_or_a_certificate(void **state)
{
	const struct pki_subject subject = {.purpose = TRUST_SIGN_PARTY, .party = "ct.police"};
	struct buf before = read_whole("ct.police-sign.key"), index = read_whole("ca/index.txt"), after;
	struct err err;

	(void)state;
	assert_int_equal(pki_issue(pki.authority, &subject, path("ct.police-sign"), &err).code, CODE_USAGE);
	pki_fixture_fine(file_write(path("half.key"), BYTES_LIT("kept"), 0600, &err), &err);
	assert_int_equal(pki_issue(pki.authority, &subject, path("half"), &err).code, CODE_USAGE);
	assert_int_not_equal(access(path("half.pem"), F_OK), 0);
	after = read_whole("ct.police-sign.key");
	assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
	buf_done(&after);
	after = read_whole("ca/index.txt");
	assert_true(bytes_equal(buf_bytes(&index), buf_bytes(&after)));
	buf_done(&after);
	buf_done(&before);
	buf_done(&index);
}

static void what_cannot_be_written_is_not_left_in_halves(void **state)
{
	const struct pki_subject subject = {.purpose = TRUST_SIGN_PARTY, .party = "ct.police"};
	struct buf index = read_whole("ca/index.txt"), after;
	struct err err;

	(void)state;
	assert_int_equal(pki_issue(pki.authority, &subject, path("no/such/folder/x"), &err).code, CODE_IO);
	after = read_whole("ca/index.txt");
	assert_true(bytes_equal(buf_bytes(&index), buf_bytes(&after)));
	buf_done(&after);
	buf_done(&index);
}

static void a_certificate_does_not_outlive_its_authority(void **state)
{
	struct pki_fixture brief;
	struct pki_subject subject = {.purpose = TRUST_SIGN_PARTY, .party = "ct.police"};
	struct err err;
	char folder[128];
	const int64_t now_ms = clock_wall_ms() / 1000 * 1000;

	(void)state;
	pki_fixture_new(&brief);
	snprintf(folder, sizeof(folder), "%s/brief", brief.folder);
	clock_freeze(now_ms);
	pki_fixture_fine(pki_init(folder, "Brief", KEY_P256, 10 * PKI_FIXTURE_DAY_MS, &err), &err);
	pki_fixture_fine(pki_issue(folder, &subject, pki_fixture_path(&brief, "clipped"), &err), &err);
	STACK_OF(X509) *all = NULL;
	pki_fixture_fine(certificate_read(pki_fixture_path(&brief, "clipped.pem"), &all, &err), &err);
	assert_int_equal(certificate_time_ms(X509_get0_notAfter(sk_X509_value(all, 0))), now_ms + 10 * PKI_FIXTURE_DAY_MS);
	certificate_free_all(all);
	clock_turn(11 * PKI_FIXTURE_DAY_MS);
	assert_int_equal(pki_issue(folder, &subject, pki_fixture_path(&brief, "late"), &err).code, CODE_USAGE);
	crafted_says(&err, CODE_USAGE, "the authority itself ends on");
	assert_int_not_equal(access(pki_fixture_path(&brief, "late.key"), F_OK), 0);
	clock_release();
	pki_fixture_done(&brief);
}

static void serials_are_random_and_of_full_length(void **state)
{
	STACK_OF(X509) *first = NULL, *second = NULL;
	char serials[2][CERTIFICATE_SERIAL_MAX];
	struct err err;

	(void)state;
	pki_fixture_fine(certificate_read(path("hub-tls.pem"), &first, &err), &err);
	pki_fixture_fine(certificate_read(path("hub-sign.pem"), &second, &err), &err);
	assert_true(certificate_serial(X509_get0_serialNumber(sk_X509_value(first, 0)), serials[0]));
	assert_true(certificate_serial(X509_get0_serialNumber(sk_X509_value(second, 0)), serials[1]));
	assert_int_equal(strlen(serials[0]), 32);
	assert_int_equal(strlen(serials[1]), 32);
	assert_string_not_equal(serials[0], serials[1]);
	certificate_free_all(first);
	certificate_free_all(second);
}

/* --- requests --- */

static void write_request(const char *name, EVP_PKEY *key, bool sign_with_another)
{
	X509_REQ *request = X509_REQ_new();
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	FILE *file = fopen(path(name), "w");

	assert_non_null(file);
	X509_REQ_set_pubkey(request, key);
	X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName, MBSTRING_UTF8, (const uint8_t *)"evil", -1, -1,
	                           0);
	assert_true(X509_REQ_sign(request, sign_with_another ? other : key, hash_sha256()) > 0);
	assert_int_equal(PEM_write_X509_REQ(file, request), 1);
	fclose(file);
	X509_REQ_free(request);
	EVP_PKEY_free(other);
}

static void a_request_gives_its_key_and_nothing_else(void **state)
{
	const struct pki_subject subject = {.purpose = TRUST_SIGN_PARTY, .party = "ct.requested"};
	struct key *key = NULL;
	struct err err;

	(void)state;
	pki_fixture_fine(key_new(KEY_P384, 0, &key, &err), &err);
	write_request("good.csr", key_pkey(key), false);
	pki_fixture_fine(pki_sign_request(pki.authority, &subject, path("good.csr"), path("requested.pem"), &err), &err);
	struct trust *trust = pki_fixture_trust(&pki);
	struct signer *signer = pki_fixture_signer(&pki, trust, "requested", TRUST_SIGN_PARTY);
	assert_string_equal(signer_party(signer), "ct.requested");
	assert_true(signer_owns_key(signer, key));
	assert_int_equal(pki_sign_request(pki.authority, &subject, path("good.csr"), path("requested.pem"), &err).code, CODE_USAGE);
	signer_unref(signer);
	trust_unref(trust);
	key_unref(key);
}

static void refuses_requests_that_are_forged_weak_or_none(void **state)
{
	const struct pki_subject subject = {.purpose = TRUST_SIGN_PARTY, .party = "ct.requested"};
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct err err;

	(void)state;
	write_request("forged.csr", key, true);
	write_request("weak.csr", weak, false);
	assert_int_equal(pki_sign_request(pki.authority, &subject, path("forged.csr"), path("refused.pem"), &err).code,
	                 CODE_SIGNATURE);
	assert_int_equal(pki_sign_request(pki.authority, &subject, path("weak.csr"), path("refused.pem"), &err).code, CODE_KEY);
	assert_int_equal(pki_sign_request(pki.authority, &subject, path("hub-tls.pem"), path("refused.pem"), &err).code,
	                 CODE_CERTIFICATE);
	assert_int_equal(pki_sign_request(pki.authority, &subject, path("missing.csr"), path("refused.pem"), &err).code, CODE_IO);
	assert_int_not_equal(access(path("refused.pem"), F_OK), 0);
	EVP_PKEY_free(key);
	EVP_PKEY_free(weak);
}

/* --- renewing --- */

static void renews_every_kind_of_holder_with_the_same_or_a_new_key(void **state)
{
	static const struct {
		const char *name;
		enum trust_purpose purpose;
	} rows[] = {{"hub-tls", TRUST_TLS_HUB},
	            {"hub-sign", TRUST_SIGN_HUB},
	            {"ct.police-tls", TRUST_TLS_PARTY},
	            {"ct.police-sign", TRUST_SIGN_PARTY},
	            {"m.alvarez", TRUST_SIGN_PERSON}};
	struct trust *trust = pki_fixture_trust(&pki);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (int new_key = 0; new_key < 2; new_key++) {
			char file[64], name[64], out[72];
			struct err err;
			snprintf(file, sizeof(file), "%s.pem", rows[i].name);
			snprintf(name, sizeof(name), "%s-renewed-%d", rows[i].name, new_key);
			snprintf(out, sizeof(out), "%s.key", name);
			pki_fixture_fine(pki_renew(pki.authority, path(file), new_key == 1, 5 * PKI_FIXTURE_DAY_MS, path(name), &err), &err);
			assert_int_equal(access(path(out), F_OK) == 0, new_key == 1);
			struct signer *old = pki_fixture_signer(&pki, trust, rows[i].name, rows[i].purpose);
			struct signer *renewed = pki_fixture_signer(&pki, trust, name, rows[i].purpose);
			struct key *key = pki_fixture_key(&pki, rows[i].name);
			assert_string_equal(signer_party(renewed), signer_party(old));
			assert_string_not_equal(signer_serial(renewed), signer_serial(old));
			assert_int_equal(signer_owns_key(renewed, key), new_key == 0);
			assert_true(signer_not_after_ms(renewed) < clock_wall_ms() + 6 * PKI_FIXTURE_DAY_MS);
			key_unref(key);
			signer_unref(old);
			signer_unref(renewed);
		}
	}
	trust_unref(trust);
}

static void renews_neither_strangers_nor_the_revoked(void **state)
{
	struct pki_fixture other;
	struct err err;

	(void)state;
	pki_fixture_new(&other);
	pki_fixture_party(&other, "ct.police");
	assert_int_equal(
		pki_renew(pki.authority, pki_fixture_path(&other, "ct.police-sign.pem"), false, 0, path("stranger"), &err).code,
		CODE_CERTIFICATE);
	pki_fixture_done(&other);
	pki_fixture_party(&pki, "ct.gone");
	pki_fixture_revoke(&pki, "ct.gone-sign", "superseded");
	assert_int_equal(pki_renew(pki.authority, path("ct.gone-sign.pem"), true, 0, path("gone"), &err).code, CODE_REVOKED);
	assert_int_not_equal(access(path("gone.key"), F_OK), 0);
	assert_int_equal(pki_renew(pki.authority, path("ct.police-sign.pem"), false, -1, path("gone"), &err).code, CODE_USAGE);
}

/* --- revoking --- */

static void revokes_by_file_and_by_serial_and_says_what_is_wrong(void **state)
{
	struct trust *trust;
	struct signer *signer;
	struct err err;
	char serial[CERTIFICATE_SERIAL_MAX];

	(void)state;
	pki_fixture_party(&pki, "ct.out");
	trust = pki_fixture_trust(&pki);
	signer = pki_fixture_signer(&pki, trust, "ct.out-tls", TRUST_TLS_PARTY);
	snprintf(serial, sizeof(serial), "%s", signer_serial(signer));
	signer_unref(signer);
	trust_unref(trust);
	pki_fixture_fine(pki_revoke(pki.authority, serial, NULL, &err), &err);
	pki_fixture_fine(pki_revoke(pki.authority, path("ct.out-sign.pem"), "cessationOfOperation", &err), &err);
	assert_int_equal(pki_revoke(pki.authority, path("ct.out-sign.pem"), "superseded", &err).code, CODE_USAGE);
	assert_int_equal(pki_revoke(pki.authority, "1234567890", NULL, &err).code, CODE_NOT_FOUND);
	assert_int_equal(pki_revoke(pki.authority, serial, "tired of it", &err).code, CODE_USAGE);
	assert_int_equal(pki_revoke(pki.authority, path("ca/ca.pem"), NULL, &err).code, CODE_NOT_FOUND);
}

struct found {
	const char *serial;
	struct pki_entry entry;
	size_t count;
};

static void on_entry(void *at, const struct pki_entry *entry)
{
	struct found *found = at;

	found->count++;
	if (strcmp(entry->name, found->serial) == 0)
		found->entry = *entry;
}

static void a_revocation_may_only_become_stricter_and_keeps_its_date(void **state)
{
	const int64_t now_ms = clock_wall_ms() / 1000 * 1000;
	struct found found = {.serial = "urn:liaison:party:ct.stolen"};
	struct err err;

	(void)state;
	pki_fixture_issue_as(&pki, TRUST_SIGN_PARTY, "ct.stolen", "ct.stolen-sign");
	clock_freeze(now_ms);
	pki_fixture_revoke(&pki, "ct.stolen-sign", "superseded");
	clock_turn(60 * 60 * 1000);
	pki_fixture_revoke(&pki, "ct.stolen-sign", "keyCompromise");
	assert_int_equal(pki_revoke(pki.authority, path("ct.stolen-sign.pem"), "keyCompromise", &err).code, CODE_USAGE);
	pki_fixture_fine(pki_each(pki.authority, on_entry, &found, &err), &err);
	clock_release();
	assert_int_equal(found.entry.status, 'R');
	assert_string_equal(found.entry.reason, "keyCompromise");
	assert_int_equal(found.entry.revoked_ms, now_ms);
}

static X509_CRL *read_list(void)
{
	FILE *file = fopen(path("ca/crl.pem"), "r");

	assert_non_null(file);
	X509_CRL *list = PEM_read_X509_CRL(file, NULL, NULL, NULL);
	fclose(file);
	assert_non_null(list);
	return list;
}

static void the_number_of_the_list_grows_and_its_life_is_kept(void **state)
{
	const int64_t now_ms = clock_wall_ms() / 1000 * 1000;
	uint64_t last = 0;

	(void)state;
	clock_freeze(now_ms);
	for (int i = 0; i < 4; i++) {
		struct err err;
		uint64_t number = 0;
		if (i == 2)
			pki_fixture_issue_as(&pki, TRUST_SIGN_PARTY, "ct.list", "ct.list-sign");
		if (i == 3)
			assert_int_equal(unlink(path("ca/crl.pem")), 0);
		if (i == 2)
			pki_fixture_revoke(&pki, "ct.list-sign", "superseded");
		else
			pki_fixture_fine(pki_crl(pki.authority, i == 3 ? 0 : 7 * PKI_FIXTURE_DAY_MS, &err), &err);
		X509_CRL *list = read_list();
		ASN1_INTEGER *value = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
		assert_true(ASN1_INTEGER_get_uint64(&number, value));
		assert_true(number > last);
		assert_int_equal(certificate_time_ms(X509_CRL_get0_nextUpdate(list)), now_ms + (i == 3 ? 31 : 7) * PKI_FIXTURE_DAY_MS);
		last = number;
		ASN1_INTEGER_free(value);
		X509_CRL_free(list);
		clock_turn(i == 2 ? PKI_FIXTURE_DAY_MS : 0); /* a lost list is made up for by the time */
	}
	clock_release();
	struct err err;
	pki_fixture_fine(pki_crl(pki.authority, 0, &err), &err);
}

/* --- what stock openssl says --- */

static void stock_openssl_verifies_what_was_issued_and_refuses_what_was_revoked(void **state)
{
	static const char *const names[] = {"hub-tls.pem", "hub-sign.pem", "ct.police-tls.pem", "ct.police-sign.pem",
	                                    "m.alvarez.pem"};
	struct buf output;

	(void)state;
	stock_openssl_needed();
	buf_init(&output, 1 << 20);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		buf_clear(&output);
		if (stock_openssl(&output, "verify", "-x509_strict", "-CAfile", path("ca/ca.pem"), "-CRLfile", path("ca/crl.pem"),
		                  "-crl_check_all", path(names[i]), NULL) != 0)
			fail_msg("%s", (const char *)output.at);
	}
	pki_fixture_issue_as(&pki, TRUST_SIGN_PARTY, "ct.bad", "ct.bad-sign");
	pki_fixture_revoke(&pki, "ct.bad-sign", "keyCompromise");
	buf_clear(&output);
	assert_int_not_equal(stock_openssl(&output, "verify", "-CAfile", path("ca/ca.pem"), "-CRLfile", path("ca/crl.pem"),
	                                   "-crl_check", path("ct.bad-sign.pem"), NULL),
	                     0);
	stock_openssl_says(&output, "certificate revoked");
	buf_done(&output);
}

static void stock_openssl_verifies_the_purposes_and_the_host(void **state)
{
	struct buf output;

	(void)state;
	stock_openssl_needed();
	buf_init(&output, 1 << 20);
	assert_int_equal(stock_openssl(&output, "verify", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile",
	                               path("ca/ca.pem"), path("hub-tls.pem"), NULL),
	                 0);
	assert_int_equal(stock_openssl(&output, "verify", "-purpose", "sslserver", "-verify_ip", "127.0.0.1", "-CAfile",
	                               path("ca/ca.pem"), path("hub-tls.pem"), NULL),
	                 0);
	assert_int_equal(
		stock_openssl(&output, "verify", "-purpose", "sslclient", "-CAfile", path("ca/ca.pem"), path("ct.police-tls.pem"), NULL),
		0);
	assert_int_not_equal(
		stock_openssl(&output, "verify", "-purpose", "sslserver", "-CAfile", path("ca/ca.pem"), path("ct.police-tls.pem"), NULL),
		0);
	buf_done(&output);
}

static void stock_openssl_reads_certificates_keys_and_lists(void **state)
{
	struct buf output;

	(void)state;
	stock_openssl_needed();
	buf_init(&output, 1 << 20);
	assert_int_equal(stock_openssl(&output, "x509", "-noout", "-text", "-in", path("ct.police-sign.pem"), NULL), 0);
	stock_openssl_says(&output, "URI:urn:liaison:party:ct.police");
	stock_openssl_says(&output, "X509v3 Key Usage: critical");
	stock_openssl_says(&output, "Digital Signature, Non Repudiation");
	stock_openssl_says(&output, "X509v3 Basic Constraints: critical");
	stock_openssl_says(&output, "X509v3 Subject Key Identifier");
	stock_openssl_says(&output, "X509v3 Authority Key Identifier");
	buf_clear(&output);
	assert_int_equal(stock_openssl(&output, "pkey", "-noout", "-check", "-in", path("ct.police-sign.key"), NULL), 0);
	buf_clear(&output);
	pki_fixture_issue_as(&pki, TRUST_SIGN_PARTY, "ct.listed", "ct.listed-sign");
	pki_fixture_revoke(&pki, "ct.listed-sign", "superseded");
	assert_int_equal(
		stock_openssl(&output, "crl", "-noout", "-text", "-CAfile", path("ca/ca.pem"), "-in", path("ca/crl.pem"), NULL), 0);
	stock_openssl_says(&output, "verify OK");
	stock_openssl_says(&output, "Version 2 (0x1)");
	stock_openssl_says(&output, "X509v3 CRL Number");
	stock_openssl_says(&output, "Superseded");
	buf_done(&output);
}

static void stock_openssl_takes_over_the_register(void **state)
{
	struct buf output;
	struct err err;
	struct buf config;

	(void)state;
	stock_openssl_needed();
	buf_init(&output, 1 << 20);
	buf_init(&config, 4096);
	buf_printf(&config,
	           "[ca]\ndefault_ca = it\n[it]\ndatabase = %s/index.txt\nserial = %s/serial\ncertificate = %s/ca.pem\nprivate_key = "
	           "%s/ca.key\n"
	           "default_md = sha256\ndefault_crl_days = 7\n",
	           pki.authority, pki.authority, pki.authority, pki.authority);
	pki_fixture_fine(file_write(path("openssl.cnf"), buf_bytes(&config), 0644, &err), &err);
	if (stock_openssl(&output, "ca", "-config", path("openssl.cnf"), "-gencrl", "-out", path("by-openssl.pem"), NULL) != 0)
		fail_msg("%s", (const char *)output.at);
	buf_clear(&output);
	if (stock_openssl(&output, "ca", "-config", path("openssl.cnf"), "-updatedb", NULL) != 0)
		fail_msg("%s", (const char *)output.at);
	struct found found = {.serial = ""};
	pki_fixture_fine(pki_each(pki.authority, on_entry, &found, &err), &err);
	assert_true(found.count > 5);
	buf_done(&config);
	buf_done(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_authority_has_all_its_files_and_a_key_of_its_own),
		cmocka_unit_test(never_makes_an_authority_over_another),
		cmocka_unit_test(refuses_titles_and_times_that_do_not_fit),
		cmocka_unit_test(a_folder_without_an_authority_issues_nothing),
		cmocka_unit_test(two_commands_do_not_work_on_one_authority_at_once),
		cmocka_unit_test(an_authority_whose_key_others_may_use_does_not_work),
		cmocka_unit_test(authorities_with_every_kind_of_key_are_trusted),
		cmocka_unit_test(never_overwrites_a_key_or_a_certificate),
		cmocka_unit_test(what_cannot_be_written_is_not_left_in_halves),
		cmocka_unit_test(a_certificate_does_not_outlive_its_authority),
		cmocka_unit_test(serials_are_random_and_of_full_length),
		cmocka_unit_test(a_request_gives_its_key_and_nothing_else),
		cmocka_unit_test(refuses_requests_that_are_forged_weak_or_none),
		cmocka_unit_test(renews_every_kind_of_holder_with_the_same_or_a_new_key),
		cmocka_unit_test(renews_neither_strangers_nor_the_revoked),
		cmocka_unit_test(revokes_by_file_and_by_serial_and_says_what_is_wrong),
		cmocka_unit_test(a_revocation_may_only_become_stricter_and_keeps_its_date),
		cmocka_unit_test(the_number_of_the_list_grows_and_its_life_is_kept),
		cmocka_unit_test(stock_openssl_verifies_what_was_issued_and_refuses_what_was_revoked),
		cmocka_unit_test(stock_openssl_verifies_the_purposes_and_the_host),
		cmocka_unit_test(stock_openssl_reads_certificates_keys_and_lists),
		cmocka_unit_test(stock_openssl_takes_over_the_register),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
