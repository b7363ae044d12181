#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "certs/openssl.h"

enum { SERIAL_BYTES = 16, NAME_TEXT_MAX = 64 /* ub-common-name, RFC 5280 appendix A */ };

static RESULT failed(struct err *err, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	return err_set(err, CODE_CERTIFICATE, "", "%s cannot be made: %s", what, why != NULL ? why : "the library refused");
}

/* --- names --- */

/* For people only; longer texts are cut, since who the holder is stands in the URI. */
static bool add_name(X509_NAME *name, int nid, const char *text)
{
	size_t len = strlen(text);

	return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, (const uint8_t *)text,
	                                  (int)(len > NAME_TEXT_MAX ? NAME_TEXT_MAX : len), -1, 0) == 1;
}

static bool set_subject(X509 *certificate, const struct pki_subject *subject)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	bool is_person = subject->purpose == TRUST_SIGN_PERSON;

	return add_name(name, NID_organizationName, subject->party) &&
	       add_name(name, NID_organizationalUnitName, pki_subject_purpose(subject->purpose)) &&
	       (!is_person || add_name(name, NID_title, subject->role)) &&
	       add_name(name, NID_commonName, is_person ? subject->person : subject->party);
}

/* --- extensions --- */

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	bool added = false;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	if (extension != NULL)
		added = X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

static bool push_text(GENERAL_NAMES *names, int type, const char *text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	if (name == NULL || value == NULL || !ASN1_STRING_set(value, text, -1) || !sk_GENERAL_NAME_push(names, name)) {
		ASN1_IA5STRING_free(value);
		GENERAL_NAME_free(name);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, value);
	return true;
}

static bool push_address(GENERAL_NAMES *names, const uint8_t *address, int len)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

	if (name == NULL || value == NULL || !ASN1_OCTET_STRING_set(value, address, len) || !sk_GENERAL_NAME_push(names, name)) {
		ASN1_OCTET_STRING_free(value);
		GENERAL_NAME_free(name);
		return false;
	}
	GENERAL_NAME_set0_value(name, GEN_IPADD, value);
	return true;
}

static bool push_host(GENERAL_NAMES *names, const char *host)
{
	uint8_t address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1)
		return push_address(names, address, 4);
	if (inet_pton(AF_INET6, host, address) == 1)
		return push_address(names, address, 16);
	return push_text(names, GEN_DNS, host);
}

/* Built as values and not as the library's configuration text, in which a comma in a name would begin another one. */
static bool add_names(X509 *certificate, const struct pki_subject *subject)
{
	struct identity identity = {.kind = identity_kind_for(subject->purpose)};
	char uri[IDENTITY_URI_MAX];
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	snprintf(identity.party, sizeof(identity.party), "%s", subject->party);
	if (identity.kind == IDENTITY_PERSON) {
		snprintf(identity.person, sizeof(identity.person), "%s", subject->person);
		snprintf(identity.role, sizeof(identity.role), "%s", subject->role);
	}
	bool added = names != NULL && push_text(names, GEN_URI, identity_uri(&identity, uri));
	for (size_t i = 0; added && subject->purpose == TRUST_TLS_HUB && i < subject->hosts_count; i++)
		added = push_host(names, subject->hosts[i]);
	added = added && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(names);
	return added;
}

/* What a key can do towards sealing; an Ed25519 key can do nothing. */
static bool add_sealing_usage(X509 *certificate, X509 *issuer)
{
	switch (EVP_PKEY_get_base_id(X509_get0_pubkey(certificate))) {
	case EVP_PKEY_EC:
		return add_extension(certificate, issuer, NID_key_usage, "critical,keyAgreement");
	case EVP_PKEY_RSA:
		return add_extension(certificate, issuer, NID_key_usage, "critical,keyEncipherment");
	default:
		return false;
	}
}

static bool add_usage(X509 *certificate, X509 *issuer, enum trust_purpose purpose)
{
	switch (purpose) {
	case TRUST_TLS_PARTY:
		return add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
		       add_extension(certificate, issuer, NID_ext_key_usage, "clientAuth");
	case TRUST_TLS_HUB:
		return add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
		       add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth");
	case TRUST_SIGN_PARTY:
	case TRUST_SIGN_HUB:
	case TRUST_SIGN_PERSON:
		return add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature,nonRepudiation");
	case TRUST_SEAL:
		return add_sealing_usage(certificate, issuer);
	}
	return false;
}

/* --- certificates --- */

static bool set_frame(X509 *certificate, struct pki_span span, const uint8_t serial[SERIAL_BYTES], EVP_PKEY *holder)
{
	BIGNUM *number = BN_bin2bn(serial, SERIAL_BYTES, NULL);
	bool is_set = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;

	BN_free(number);
	return is_set && X509_set_version(certificate, X509_VERSION_3) && X509_set_pubkey(certificate, holder) &&
	       ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(span.from_ms / 1000)) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(span.until_ms / 1000)) != NULL;
}

static bool fill_authority(X509 *certificate, const char *title, struct pki_span span, EVP_PKEY *key)
{
	uint8_t serial[SERIAL_BYTES];
	X509_NAME *name = X509_get_subject_name(certificate);

	hash_random(serial, sizeof(serial));
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive and of full length */
	return set_frame(certificate, span, serial, key) && add_name(name, NID_commonName, title) &&
	       X509_set_issuer_name(certificate, name) &&
	       add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
	       add_extension(certificate, certificate, NID_authority_key_identifier, "keyid:always");
}

result pki_make_authority(const struct key *key, const char *title, struct pki_span span, X509 **ret, struct err *err)
{
	X509 *certificate = X509_new();

	if (title == NULL || *title == '\0' || strlen(title) > NAME_TEXT_MAX) {
		X509_free(certificate);
		return err_set(err, CODE_USAGE, "title", "the authority's name is empty or longer than %d bytes", NAME_TEXT_MAX);
	}
	ERR_set_mark();
	bool made = certificate != NULL && fill_authority(certificate, title, span, key_pkey(key)) &&
	            X509_sign(certificate, key_pkey(key), signature_digest(key_kind(key))) > 0;
	result done = made ? OK : failed(err, "the authority's certificate");
	ERR_pop_to_mark();
	if (made)
		*ret = certificate;
	else
		X509_free(certificate);
	return done;
}

static bool fill_certificate(X509 *certificate, const struct pki_subject *subject, X509 *authority)
{
	return set_subject(certificate, subject) && X509_set_issuer_name(certificate, X509_get_subject_name(authority)) &&
	       add_extension(certificate, authority, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_usage(certificate, authority, subject->purpose) &&
	       add_extension(certificate, authority, NID_subject_key_identifier, "hash") &&
	       add_extension(certificate, authority, NID_authority_key_identifier, "keyid:always") && add_names(certificate, subject);
}

result pki_make_certificate(const struct pki_subject *subject, struct pki_span span, const uint8_t serial[16], EVP_PKEY *holder,
                            X509 *authority, const struct key *authority_key, X509 **ret, struct err *err)
{
	X509 *certificate = X509_new();

	ERR_set_mark();
	bool made = certificate != NULL && set_frame(certificate, span, serial, holder) &&
	            fill_certificate(certificate, subject, authority) &&
	            X509_sign(certificate, key_pkey(authority_key), signature_digest(key_kind(authority_key))) > 0;
	result done = made ? OK : failed(err, "the certificate");
	ERR_pop_to_mark();
	if (made)
		*ret = certificate;
	else
		X509_free(certificate);
	return done;
}

/* --- the revocation list --- */

static bool set_reason(X509_REVOKED *entry, const char *text)
{
	int number = 0;

	/* RFC 5280 §5.3.1: unspecified is said by saying nothing. What is not known here was written by another tool, and stays
	 * revoked. */
	if (pki_index_reason(text, &number) == NULL || number == 0)
		return true;
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	bool is_set = reason != NULL && ASN1_ENUMERATED_set(reason, number) &&
	              X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, X509V3_ADD_DEFAULT) == 1;
	ASN1_ENUMERATED_free(reason);
	return is_set;
}

static bool set_entry(X509_REVOKED *entry, const struct pki_row *row)
{
	size_t date_len = strcspn(row->revoked, ",");
	const char *reason = row->revoked[date_len] == ',' ? row->revoked + date_len + 1 : "";
	int64_t revoked_ms = pki_index_time_ms(row->revoked, date_len);
	ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)(revoked_ms / 1000));
	BIGNUM *number = NULL;
	ASN1_INTEGER *serial = BN_hex2bn(&number, row->serial) > 0 ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	bool is_set = when != NULL && serial != NULL && X509_REVOKED_set_serialNumber(entry, serial) &&
	              X509_REVOKED_set_revocationDate(entry, when) && set_reason(entry, reason);

	ASN1_INTEGER_free(serial);
	BN_free(number);
	ASN1_TIME_free(when);
	return is_set;
}

static bool add_entries(X509_CRL *list, const struct pki_index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		if (index->at[i].status != 'R')
			continue;
		X509_REVOKED *entry = X509_REVOKED_new();
		if (entry == NULL || !set_entry(entry, &index->at[i]) || !X509_CRL_add0_revoked(list, entry)) {
			X509_REVOKED_free(entry);
			return false;
		}
	}
	return X509_CRL_sort(list) == 1;
}

static bool add_number(X509_CRL *list, uint64_t number)
{
	ASN1_INTEGER *value = ASN1_INTEGER_new();
	bool added = value != NULL && ASN1_INTEGER_set_uint64(value, number) &&
	             X509_CRL_add1_ext_i2d(list, NID_crl_number, value, 0, X509V3_ADD_DEFAULT) == 1;

	ASN1_INTEGER_free(value);
	return added;
}

static bool add_authority_id(X509_CRL *list, X509 *authority)
{
	X509V3_CTX context;
	bool added = false;

	X509V3_set_ctx(&context, authority, NULL, NULL, list, 0);
	X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
	if (extension != NULL)
		added = X509_CRL_add_ext(list, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

static bool set_times(X509_CRL *list, struct pki_span span)
{
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(span.from_ms / 1000));
	ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(span.until_ms / 1000));
	bool is_set = from != NULL && until != NULL && X509_CRL_set1_lastUpdate(list, from) && X509_CRL_set1_nextUpdate(list, until);

	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return is_set;
}

static bool add_list_pem(X509_CRL *list, struct buf *out)
{
	char *at = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	long len = bio != NULL && PEM_write_bio_X509_CRL(bio, list) ? BIO_get_mem_data(bio, &at) : 0;

	buf_add(out, bytes_of(at, len > 0 ? (size_t)len : 0));
	BIO_free(bio);
	return len > 0;
}

result pki_make_list(const struct pki_index *index, X509 *authority, const struct key *authority_key, uint64_t number,
                     struct pki_span span, struct buf *out, struct err *err)
{
	X509_CRL *list = X509_CRL_new();

	ERR_set_mark();
	bool made = list != NULL && X509_CRL_set_version(list, X509_CRL_VERSION_2) &&
	            X509_CRL_set_issuer_name(list, X509_get_subject_name(authority)) && set_times(list, span) &&
	            add_entries(list, index) && add_number(list, number) && add_authority_id(list, authority) &&
	            X509_CRL_sign(list, key_pkey(authority_key), signature_digest(key_kind(authority_key))) > 0 &&
	            add_list_pem(list, out);
	result done = made ? OK : failed(err, "the revocation list");
	ERR_pop_to_mark();
	X509_CRL_free(list);
	return done;
}
