/* Certificates as no decent authority would issue them, for tests: signed by the fixture's authority, or by one's own key. */
#ifndef TESTS_UNIT_CERTS_CRAFTED_H
#define TESTS_UNIT_CERTS_CRAFTED_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "certs/openssl.h"
#include "pki_fixture.h"

enum { CRAFTED_NAMES_MAX = 4 };

struct crafted_name {
	int type; /* GEN_URI, GEN_DNS … */
	struct bytes text;
};

#define CRAFTED_NAME(type, text)                                                                                                 \
	{                                                                                                                            \
		type,                                                                                                                    \
		{                                                                                                                        \
			(const uint8_t *)(text), sizeof(text) - 1                                                                            \
		}                                                                                                                        \
	}
#define CRAFTED_URI(text) CRAFTED_NAME(GEN_URI, text)

struct crafted {
	struct crafted_name names[CRAFTED_NAMES_MAX];
	const char *usage; /* as in openssl's configuration; NULL: no extension */
	const char *extended;
	const char *basic;
	EVP_PKEY *key;             /* NULL: a new one on P-256; taken over */
	int64_t from_ms, until_ms; /* 0: a day ago, in a day */
	const EVP_MD *digest;      /* NULL: SHA-256 */
};

static inline X509 *crafted_load_authority(struct pki_fixture *pki)
{
	STACK_OF(X509) *all = NULL;
	struct err err;

	pki_fixture_fine(certificate_read(pki_fixture_path(pki, "ca/ca.pem"), &all, &err), &err);
	X509 *authority = sk_X509_shift(all);
	certificate_free_all(all);
	return authority;
}

static inline void crafted_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	if (value == NULL)
		return;
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static inline void crafted_names(X509 *certificate, const struct crafted *like)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	for (size_t i = 0; i < CRAFTED_NAMES_MAX && like->names[i].text.at != NULL; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();
		assert_int_equal(ASN1_STRING_set(text, like->names[i].text.at, (int)like->names[i].text.len), 1);
		GENERAL_NAME_set0_value(name, like->names[i].type, text);
		assert_true(sk_GENERAL_NAME_push(names, name) > 0);
	}
	if (sk_GENERAL_NAME_num(names) > 0)
		assert_int_equal(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT), 1);
	GENERAL_NAMES_free(names);
}

/* issuer NULL: signed by itself. */
static inline X509 *crafted_new(const struct crafted *like, X509 *issuer, EVP_PKEY *issuer_key)
{
	EVP_PKEY *key = like->key != NULL ? like->key : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *certificate = X509_new();
	uint8_t serial[8];
	int64_t now_ms = clock_wall_ms();
	X509_NAME *name = X509_get_subject_name(certificate);

	hash_random(serial, sizeof(serial));
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_STRING_set(X509_get_serialNumber(certificate), serial, sizeof(serial));
	ASN1_TIME_set(X509_getm_notBefore(certificate),
	              (time_t)((like->from_ms != 0 ? like->from_ms : now_ms - PKI_FIXTURE_DAY_MS) / 1000));
	ASN1_TIME_set(X509_getm_notAfter(certificate),
	              (time_t)((like->until_ms != 0 ? like->until_ms : now_ms + PKI_FIXTURE_DAY_MS) / 1000));
	X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const uint8_t *)"crafted", -1, -1, 0);
	X509_set_issuer_name(certificate, issuer != NULL ? X509_get_subject_name(issuer) : name);
	X509_set_pubkey(certificate, key);
	crafted_extension(certificate, issuer != NULL ? issuer : certificate, NID_basic_constraints, like->basic);
	crafted_extension(certificate, issuer != NULL ? issuer : certificate, NID_key_usage, like->usage);
	crafted_extension(certificate, issuer != NULL ? issuer : certificate, NID_ext_key_usage, like->extended);
	crafted_extension(certificate, issuer != NULL ? issuer : certificate, NID_subject_key_identifier, "hash");
	crafted_names(certificate, like);
	const EVP_MD *digest = like->digest != NULL ? like->digest : hash_sha256();
	assert_true(X509_sign(certificate, issuer_key != NULL ? issuer_key : key, digest) > 0);
	EVP_PKEY_free(key);
	return certificate;
}

/* By the fixture's authority. */
static inline X509 *crafted_issue(struct pki_fixture *pki, const struct crafted *like)
{
	X509 *authority = crafted_load_authority(pki);
	struct key *key = pki_fixture_key(pki, "ca/ca");
	X509 *certificate = crafted_new(like, authority, key_pkey(key));

	key_unref(key);
	X509_free(authority);
	return certificate;
}

static inline result crafted_judge(const struct trust *trust, X509 *leaf, enum trust_purpose purpose, struct err *err)
{
	struct signer *signer = NULL;
	result judged = trust_judge_x509(trust, leaf, NULL, purpose, clock_wall_ms(), false, &signer, err);

	signer_unref(signer);
	return judged;
}

static inline void crafted_says(const struct err *err, enum code code, const char *word)
{
	assert_string_equal(code_text(err->code), code_text(code));
	if (strstr(err->reason, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err->reason, word);
}

#endif
