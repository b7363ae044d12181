/* Sealed parts: who opens them, who does not, and what stock openssl makes of them. */
#include "pki_fixture.h"
#include "stock_openssl.h"

#include "base/file.h"
#include "certs/seal.h"

#define CLINIC "org.bridgeport.recovery"
#define OFFICE "ct.doc.parole.hartford"
#define COURT "ct.jud.court"
#define STRANGER "ct.police.hartford"

enum { HOLDERS = 4, ROOM = 1 << 20 };

static const char secret[] = "{\"tests\":[{\"substance\":\"OPIATES\",\"result\":\"NEG\"}]}";

static struct pki_fixture pki;
static struct trust *trust;
static struct signer *signers[HOLDERS];
static struct key *keys[HOLDERS];

/* One key of each kind that can seal; the stranger's is like the first. */
static const struct {
	const char *party;
	enum key_kind key;
} holders[HOLDERS] = {{CLINIC, KEY_P256}, {OFFICE, KEY_P384}, {COURT, KEY_RSA}, {STRANGER, KEY_P256}};

static int set_up(void **state)
{
	(void)state;
	pki_fixture_new(&pki);
	for (size_t i = 0; i < HOLDERS; i++) {
		const struct pki_subject subject = {.purpose = TRUST_SEAL, .party = holders[i].party, .key = holders[i].key, .rsa_bits = 2048};
		pki_fixture_issue(&pki, &subject, holders[i].party);
	}
	pki_fixture_party(&pki, CLINIC);
	trust = pki_fixture_trust(&pki);
	for (size_t i = 0; i < HOLDERS; i++) {
		signers[i] = pki_fixture_signer(&pki, trust, holders[i].party, TRUST_SEAL);
		keys[i] = pki_fixture_key(&pki, holders[i].party);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < HOLDERS; i++) {
		signer_unref(signers[i]);
		key_unref(keys[i]);
	}
	trust_unref(trust);
	pki_fixture_done(&pki);
	return 0;
}

static void seal(size_t count, struct buf *sealed)
{
	struct err err;

	buf_init(sealed, ROOM);
	pki_fixture_fine(seal_close(signers, count, bytes_text(secret), sealed, &err), &err);
}

static void every_kind_of_key_opens_what_was_sealed_for_it(void **state)
{
	struct buf sealed, opened;
	struct err err;

	(void)state;
	seal(3, &sealed);
	for (size_t i = 0; i < 3; i++) {
		buf_init(&opened, ROOM);
		pki_fixture_fine(seal_open(signers[i], keys[i], buf_bytes(&sealed), &opened, &err), &err);
		assert_true(bytes_is(buf_bytes(&opened), secret));
		buf_done(&opened);
	}
	buf_done(&sealed);
}

static void the_sealed_part_does_not_hold_the_plain_one(void **state)
{
	struct buf sealed;

	(void)state;
	seal(2, &sealed);
	assert_null(memmem(sealed.at, sealed.len, "OPIATES", 7));
	buf_done(&sealed);
}

static void who_it_is_not_sealed_for_is_told_so(void **state)
{
	struct buf sealed, opened;
	struct err err;

	(void)state;
	seal(3, &sealed);
	buf_init(&opened, ROOM);
	assert_int_equal(seal_open(signers[3], keys[3], buf_bytes(&sealed), &opened, &err).code, CODE_NOT_FOUND);
	assert_int_equal(seal_open(signers[0], keys[3], buf_bytes(&sealed), &opened, &err).code, CODE_PART_HASH); /* another's certificate, one's own key */
	assert_int_equal(opened.len, 0);
	buf_done(&opened);
	buf_done(&sealed);
}

static void a_changed_byte_anywhere_opens_nothing(void **state)
{
	struct buf sealed, opened;
	struct err err;

	(void)state;
	seal(1, &sealed);
	buf_init(&opened, ROOM);
	for (size_t i = 0; i < sealed.len; i += 3) {
		sealed.at[i] ^= 0x55;
		result r = seal_open(signers[0], keys[0], buf_bytes(&sealed), &opened, &err);
		/* Some bytes are not covered: attributes of a key's algorithm that the library does not look at. Never is the text another one. */
		if (!FAILED(r))
			assert_true(bytes_is(buf_bytes(&opened), secret));
		else
			assert_int_equal(opened.len, 0);
		buf_clear(&opened);
		sealed.at[i] ^= 0x55;
	}
	sealed.at[sealed.len - 1] ^= 1; /* the tag stands at the end */
	assert_true(FAILED(seal_open(signers[0], keys[0], buf_bytes(&sealed), &opened, &err)));
	buf_done(&opened);
	buf_done(&sealed);
}

static void what_is_no_sealed_part_is_malformed(void **state)
{
	struct buf sealed, opened;
	struct err err;

	(void)state;
	seal(1, &sealed);
	buf_init(&opened, ROOM);
	assert_int_equal(seal_open(signers[0], keys[0], BYTES_NONE, &opened, &err).code, CODE_MALFORMED);
	assert_int_equal(seal_open(signers[0], keys[0], bytes_text(secret), &opened, &err).code, CODE_MALFORMED);
	assert_int_equal(seal_open(signers[0], keys[0], bytes_of(sealed.at, sealed.len - 1), &opened, &err).code, CODE_MALFORMED);
	buf_add_byte(&sealed, 0);
	assert_int_equal(seal_open(signers[0], keys[0], buf_bytes(&sealed), &opened, &err).code, CODE_MALFORMED);
	buf_done(&opened);
	buf_done(&sealed);
}

static void anybody_can_tell_that_it_is_sealed_without_opening_it(void **state)
{
	static const char *const none[] = {"", "0", "plain text", "0\x03\x02\x01\x01"};
	struct buf sealed;
	struct err err;

	(void)state;
	seal(2, &sealed);
	pki_fixture_fine(seal_check(buf_bytes(&sealed), &err), &err);
	assert_int_equal(seal_check(bytes_of(sealed.at, sealed.len - 1), &err).code, CODE_MALFORMED);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_int_equal(seal_check(bytes_text(none[i]), &err).code, CODE_MALFORMED);
	buf_done(&sealed);
}

static void seals_for_nobody_and_for_signing_certificates_are_refused(void **state)
{
	struct buf sealed;
	struct err err;
	struct signer *signing = pki_fixture_signer(&pki, trust, CLINIC "-sign", TRUST_SIGN_PARTY);

	(void)state;
	buf_init(&sealed, ROOM);
	assert_int_equal(seal_close(signers, 0, bytes_text(secret), &sealed, &err).code, CODE_TOO_LARGE);
	assert_int_equal(seal_close(&signing, 1, bytes_text(secret), &sealed, &err).code, CODE_CERTIFICATE);
	assert_int_equal(sealed.len, 0);
	signer_unref(signing);
	buf_done(&sealed);
}

static void a_sealing_certificate_signs_and_greets_nobody(void **state)
{
	static const enum trust_purpose others[] = {TRUST_TLS_PARTY, TRUST_SIGN_PARTY, TRUST_SIGN_PERSON, TRUST_SIGN_HUB};
	struct signer *signer = NULL;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(trust_judge_file(trust, pki_fixture_path(&pki, CLINIC ".pem"), others[i], clock_wall_ms(), &signer, &err).code,
		                 CODE_CERTIFICATE);
	assert_int_equal(trust_judge_file(trust, pki_fixture_path(&pki, CLINIC "-sign.pem"), TRUST_SEAL, clock_wall_ms(), &signer, &err).code,
	                 CODE_CERTIFICATE);
	assert_int_equal(trust_judge_file(trust, pki_fixture_path(&pki, CLINIC "-tls.pem"), TRUST_SEAL, clock_wall_ms(), &signer, &err).code,
	                 CODE_CERTIFICATE);
}

static void an_ed25519_key_gets_no_sealing_certificate(void **state)
{
	const struct pki_subject subject = {.purpose = TRUST_SEAL, .party = CLINIC, .key = KEY_ED25519};
	struct err err;

	(void)state;
	assert_int_equal(pki_issue(pki.authority, &subject, pki_fixture_path(&pki, "ed"), &err).code, CODE_USAGE);
	assert_string_equal(err.field, "key");
}

static void a_renewed_sealing_certificate_is_one_again(void **state)
{
	struct err err;

	(void)state;
	pki_fixture_fine(pki_renew(pki.authority, pki_fixture_path(&pki, CLINIC ".pem"), true, 0, pki_fixture_path(&pki, "renewed"), &err), &err);
	signer_unref(pki_fixture_signer(&pki, trust, "renewed", TRUST_SEAL));
}

static void stock_openssl_opens_it_with_the_key(void **state)
{
	struct buf sealed;
	struct err err;

	(void)state;
	stock_openssl_needed();
	seal(3, &sealed);
	pki_fixture_fine(file_write(pki_fixture_path(&pki, "part.cms"), buf_bytes(&sealed), 0600, &err), &err);
	for (size_t i = 0; i < 3; i++) {
		struct buf output;
		char certificate[160], key[160];
		snprintf(certificate, sizeof(certificate), "%s.pem", holders[i].party);
		snprintf(key, sizeof(key), "%s.key", holders[i].party);
		buf_init(&output, ROOM);
		assert_int_equal(stock_openssl(&output, "cms", "-decrypt", "-inform", "DER", "-in", pki_fixture_path(&pki, "part.cms"), "-recip",
		                               pki_fixture_path(&pki, certificate), "-inkey", pki_fixture_path(&pki, key), (char *)NULL),
		                 0);
		stock_openssl_says(&output, secret);
		buf_done(&output);
	}
	buf_done(&sealed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_key_opens_what_was_sealed_for_it),
		cmocka_unit_test(the_sealed_part_does_not_hold_the_plain_one),
		cmocka_unit_test(who_it_is_not_sealed_for_is_told_so),
		cmocka_unit_test(a_changed_byte_anywhere_opens_nothing),
		cmocka_unit_test(what_is_no_sealed_part_is_malformed),
		cmocka_unit_test(anybody_can_tell_that_it_is_sealed_without_opening_it),
		cmocka_unit_test(seals_for_nobody_and_for_signing_certificates_are_refused),
		cmocka_unit_test(a_sealing_certificate_signs_and_greets_nobody),
		cmocka_unit_test(an_ed25519_key_gets_no_sealing_certificate),
		cmocka_unit_test(a_renewed_sealing_certificate_is_one_again),
		cmocka_unit_test(stock_openssl_opens_it_with_the_key),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
