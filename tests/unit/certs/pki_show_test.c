#include "base/file.h"
#include "crafted.h"

static struct pki_fixture pki;

static int set_up(void **state)
{
	(void)state;
	pki_fixture_new(&pki);
	pki_fixture_hub(&pki, "ct.hub");
	pki_fixture_party(&pki, "ct.police");
	pki_fixture_person(&pki, "ct.board", "m.alvarez", "board_chair");
	pki_fixture_revoke(&pki, "ct.police-sign", "keyCompromise");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pki_fixture_done(&pki);
	return 0;
}

static void assert_shows(const char *name, const char *const *words)
{
	struct buf out;
	struct err err;

	buf_init(&out, 1 << 16);
	pki_fixture_fine(pki_show(pki_fixture_path(&pki, name), &out, &err), &err);
	buf_add_byte(&out, '\0');
	for (; *words != NULL; words++) {
		if (strstr((const char *)out.at, *words) == NULL)
			fail_msg("\"%s\" is not in: %s", *words, (const char *)out.at);
	}
	buf_done(&out);
}

static void shows_what_a_certificate_says(void **state)
{
	static const char *const hub[] = {
		"holder: urn:liaison:hub:ct.hub\n", "host: localhost\n", "host: ::1\n",   "use: TLS server\n", "key: EC P-256\n",
		"issuer: CN=Test authority\n",      "serial: ",          "fingerprint: ", "valid until: ",     NULL};
	static const char *const person[] = {"holder: urn:liaison:person:ct.board:m.alvarez:board_chair\n", "use: signing\n", NULL};
	static const char *const authority[] = {"use: authority\n", "subject: CN=Test authority\n", NULL};

	(void)state;
	assert_shows("hub-tls.pem", hub);
	assert_shows("m.alvarez.pem", person);
	assert_shows("ca/ca.pem", authority);
}

static void shows_that_a_certificate_has_expired_or_is_not_valid_yet(void **state)
{
	static const char *const expired[] = {" (expired)\n", NULL}, *const early[] = {" (not yet)\n", NULL};
	int64_t now_ms = clock_wall_ms();

	(void)state;
	clock_freeze(now_ms + 400 * PKI_FIXTURE_DAY_MS);
	assert_shows("hub-sign.pem", expired);
	clock_freeze(now_ms - PKI_FIXTURE_DAY_MS);
	assert_shows("hub-sign.pem", early);
	clock_release();
}

static void shows_what_a_list_says(void **state)
{
	static const char *const words[] = {
		"revocation list of: CN=Test authority\n", "number: ", "next due: ", "entries: 1\n", ": keyCompromise\n", NULL};

	(void)state;
	assert_shows("ca/crl.pem", words);
}

static void shows_strange_certificates_without_choking(void **state)
{
	const struct crafted like = {
		.names = {CRAFTED_URI("urn:liaison:party:*")}, .key = EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), .usage = "keyAgreement"};
	static const char *const words[] = {"holder: none; ", "use: none that Liaison knows\n",
	                                    "key: not accepted, it is of the kind ED448", NULL};
	X509 *certificate = crafted_issue(&pki, &like);
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 65536);
	certificate_add_pem(certificate, &out);
	pki_fixture_fine(file_write(pki_fixture_path(&pki, "strange.pem"), buf_bytes(&out), 0644, &err), &err);
	assert_shows("strange.pem", words);
	buf_done(&out);
	X509_free(certificate);
}

static void refuses_files_that_are_neither(void **state)
{
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 65536);
	assert_int_equal(pki_show(pki_fixture_path(&pki, "hub-tls.key"), &out, &err).code, CODE_CERTIFICATE);
	assert_int_equal(pki_show(pki_fixture_path(&pki, "missing"), &out, &err).code, CODE_IO);
	pki_fixture_fine(file_write(pki_fixture_path(&pki, "damaged.pem"),
	                            BYTES_LIT("-----BEGIN X509 CRL-----\nAA\n-----END X509 CRL-----\n"), 0644, &err),
	                 &err);
	assert_int_equal(pki_show(pki_fixture_path(&pki, "damaged.pem"), &out, &err).code, CODE_CERTIFICATE);
	assert_int_equal(out.len, 0);
	buf_done(&out);
}

struct tally {
	size_t valid, revoked, expired;
	struct pki_entry revoked_one;
};

static void on_entry(void *at, const struct pki_entry *entry)
{
	struct tally *tally = at;

	tally->valid += entry->status == 'V';
	tally->expired += entry->status == 'E';
	if (entry->status == 'R') {
		tally->revoked++;
		tally->revoked_one = *entry;
	}
}

static void lists_the_register_with_names_and_reasons(void **state)
{
	struct tally tally = {0};
	struct err err;

	(void)state;
	pki_fixture_fine(pki_each(pki.authority, on_entry, &tally, &err), &err);
	assert_int_equal(tally.valid, 4);
	assert_int_equal(tally.revoked, 1);
	assert_int_equal(tally.expired, 0);
	assert_string_equal(tally.revoked_one.name, "urn:liaison:party:ct.police");
	assert_string_equal(tally.revoked_one.reason, "keyCompromise");
	assert_int_equal(strlen(tally.revoked_one.serial), 32);
	assert_non_null(strstr(tally.revoked_one.subject, "CN=ct.police"));
	assert_true(tally.revoked_one.revoked_ms > clock_wall_ms() - 60 * 1000);
	tally = (struct tally){0};
	clock_freeze(clock_wall_ms() + 400 * PKI_FIXTURE_DAY_MS);
	pki_fixture_fine(pki_each(pki.authority, on_entry, &tally, &err), &err);
	clock_release();
	assert_int_equal(tally.valid, 0);
	assert_int_equal(tally.expired, 4);
	assert_int_equal(pki_each(pki_fixture_path(&pki, "nowhere"), on_entry, &tally, &err).code, CODE_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_a_certificate_says),
		cmocka_unit_test(shows_that_a_certificate_has_expired_or_is_not_valid_yet),
		cmocka_unit_test(shows_what_a_list_says),
		cmocka_unit_test(shows_strange_certificates_without_choking),
		cmocka_unit_test(refuses_files_that_are_neither),
		cmocka_unit_test(lists_the_register_with_names_and_reasons),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
