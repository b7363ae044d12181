#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "certs/fips.h"
#include "certs/openssl.h"

enum { SECURITY_LEVEL = 2 /* 112 bits: no SHA-1, no RSA below 2048 */ };

/* What the library's callback has to know, and what it learns while the list is at hand. */
struct judging {
	int64_t at_ms;
	bool then;
	int64_t revoked_ms;
	bool is_compromised;
};

/* --- what a certificate may be used for --- */

static RESULT check_tls_usage(X509 *leaf, uint32_t wanted, const char *wanted_text, struct err *err)
{
	uint32_t usage = X509_get_key_usage(leaf), extended = X509_get_extended_key_usage(leaf);

	/* Without the extension the library would say yes to everything. */
	if ((X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) == 0 || (extended & wanted) == 0)
		return err_set(err, CODE_CERTIFICATE, "", "is not for TLS: its extendedKeyUsage does not name %s", wanted_text);
	if ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) == 0 || (usage & KU_DIGITAL_SIGNATURE) == 0)
		return err_set(err, CODE_CERTIFICATE, "", "is not for TLS: its keyUsage lacks digitalSignature");
	if ((usage & KU_NON_REPUDIATION) != 0)
		return err_set(err, CODE_CERTIFICATE, "", "is for signing (nonRepudiation), not for TLS");
	return OK;
}

static RESULT check_signing_usage(X509 *leaf, struct err *err)
{
	const uint32_t needed = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
	const uint32_t not_allowed = XKU_SSL_CLIENT | XKU_SSL_SERVER | XKU_ANYEKU;
	uint32_t flags = X509_get_extension_flags(leaf);

	if ((flags & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(leaf) & not_allowed) != 0)
		return err_set(err, CODE_CERTIFICATE, "", "is for TLS (extendedKeyUsage), not for signing");
	if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(leaf) & needed) != needed)
		return err_set(err, CODE_CERTIFICATE, "", "is not for signing: its keyUsage lacks digitalSignature or nonRepudiation");
	return OK;
}

static RESULT check_sealing_usage(X509 *leaf, struct err *err)
{
	EVP_PKEY *key = X509_get0_pubkey(leaf);
	bool is_rsa = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
	uint32_t usage = X509_get_key_usage(leaf), needed = is_rsa ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;

	if ((X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0)
		return err_set(err, CODE_CERTIFICATE, "", "is for something else (extendedKeyUsage), not for sealing");
	if ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) == 0 || (usage & needed) == 0)
		return err_set(err, CODE_CERTIFICATE, "", "is not for sealing: its keyUsage lacks %s", is_rsa ? "keyEncipherment" : "keyAgreement");
	if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0)
		return err_set(err, CODE_CERTIFICATE, "", "is for signing, not for sealing");
	return OK;
}

result trust_check_usage(X509 *leaf, enum trust_purpose purpose, struct err *err)
{
	if (X509_check_ca(leaf) != 0)
		return err_set(err, CODE_CERTIFICATE, "", "is an authority's certificate, not a holder's");
	switch (purpose) {
	case TRUST_TLS_PARTY:
		return check_tls_usage(leaf, XKU_SSL_CLIENT, "clientAuth", err);
	case TRUST_TLS_HUB:
		return check_tls_usage(leaf, XKU_SSL_SERVER, "serverAuth", err);
	case TRUST_SIGN_PARTY:
	case TRUST_SIGN_HUB:
	case TRUST_SIGN_PERSON:
		return check_signing_usage(leaf, err);
	case TRUST_SEAL:
		return check_sealing_usage(leaf, err);
	}
	return err_set(err, CODE_CERTIFICATE, "", "is wanted for an unknown purpose");
}

/* --- revocation --- */

/* A key in strange hands can sign with any date, so that no date protects. */
static bool is_compromise(int reason)
{
	return reason == CRL_REASON_KEY_COMPROMISE || reason == CRL_REASON_CA_COMPROMISE || reason == CRL_REASON_AA_COMPROMISE;
}

static int reason_of(const X509_REVOKED *entry)
{
	ASN1_ENUMERATED *value = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	int reason = value != NULL ? (int)ASN1_ENUMERATED_get(value) : CRL_REASON_UNSPECIFIED;

	ASN1_ENUMERATED_free(value);
	return reason;
}

/* The earlier of the revocation and of what the authority says was the end already (RFC 5280 §5.3.2). */
static int64_t revoked_since_ms(const X509_REVOKED *entry)
{
	int64_t revoked_ms = certificate_time_ms(X509_REVOKED_get0_revocationDate(entry));
	ASN1_GENERALIZEDTIME *invalid = X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL);
	int64_t invalid_ms = invalid != NULL ? certificate_time_ms(invalid) : revoked_ms;

	ASN1_GENERALIZEDTIME_free(invalid);
	return invalid_ms < revoked_ms ? invalid_ms : revoked_ms;
}

static const X509_REVOKED *current_entry(X509_STORE_CTX *ctx)
{
	X509_CRL *list = X509_STORE_CTX_get0_current_crl(ctx);
	X509_REVOKED *entry = NULL;

	if (list == NULL || X509_CRL_get0_by_cert(list, &entry, X509_STORE_CTX_get_current_cert(ctx)) == 0)
		return NULL;
	return entry;
}

/* Whether a certificate that is revoked now stood at the time that is judged. */
static bool stood(X509_STORE_CTX *ctx, struct judging *judging)
{
	const X509_REVOKED *entry = current_entry(ctx);

	if (entry == NULL)
		return false;
	judging->revoked_ms = certificate_time_ms(X509_REVOKED_get0_revocationDate(entry));
	judging->is_compromised = is_compromise(reason_of(entry));
	return judging->then && !judging->is_compromised && judging->at_ms < revoked_since_ms(entry);
}

/* --- the chain --- */

static int on_doubt(int fine, X509_STORE_CTX *ctx)
{
	struct judging *judging = X509_STORE_CTX_get_app_data(ctx);

	if (fine)
		return 1;
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return 1; /* check_periods does it, for the time that is judged */
	case X509_V_ERR_CERT_REVOKED:
		return stood(ctx, judging) ? 1 : 0;
	default:
		return 0;
	}
}

static RESULT refuse(struct err *err, enum code code, int depth, const char *reason)
{
	char field[32];

	snprintf(field, sizeof(field), "/certificates/%d", depth);
	return err_set(err, code, field, "%s", reason);
}

static RESULT explain_revoked(X509_STORE_CTX *ctx, X509 *certificate, struct err *err)
{
	const struct judging *judging = X509_STORE_CTX_get_app_data(ctx);
	char name[CERTIFICATE_NAME_MAX], serial[CERTIFICATE_SERIAL_MAX] = "", when[CLOCK_TEXT_MAX], reason[ERR_REASON_MAX];

	certificate_name(X509_get_subject_name(certificate), name);
	certificate_serial(X509_get0_serialNumber(certificate), serial);
	snprintf(reason, sizeof(reason), "serial %s (%s) was revoked on %s%s", serial, name, clock_text(judging->revoked_ms, when),
	         judging->is_compromised ? ": its key was compromised" : "");
	return refuse(err, CODE_REVOKED, X509_STORE_CTX_get_error_depth(ctx), reason);
}

struct meaning {
	int error;
	const char *text; /* with the issuer's name after it */
};

static const struct meaning meanings[] = {
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "issued by an authority that is not trusted"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "issued by an authority that is not trusted"},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "issued by an authority that is not trusted"},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "issued by itself, which is not trusted"},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "issued by an authority that is not trusted"},
	{X509_V_ERR_CERT_UNTRUSTED, "issued by an authority that is not trusted"},
	{X509_V_ERR_CERT_SIGNATURE_FAILURE, "was altered, or issued by another authority under the same name"},
	{X509_V_ERR_UNABLE_TO_GET_CRL, "cannot be admitted without the revocation list of its authority"},
	{X509_V_ERR_CRL_HAS_EXPIRED, "cannot be admitted: the revocation list of its authority is overdue"},
	{X509_V_ERR_CRL_NOT_YET_VALID, "cannot be admitted: the revocation list of its authority lies in the future"},
	{X509_V_ERR_CRL_SIGNATURE_FAILURE, "cannot be admitted: the revocation list of its authority is damaged"},
	{X509_V_ERR_EE_KEY_TOO_SMALL, "its key is too small; issued by"},
	{X509_V_ERR_CA_KEY_TOO_SMALL, "the key of an authority above it is too small; issued by"},
	{X509_V_ERR_CA_MD_TOO_WEAK, "signed with a hash that is too weak; issued by"},
};

static RESULT explain(X509_STORE_CTX *ctx, enum trust_purpose purpose, struct err *err)
{
	int error = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
	X509 *certificate = X509_STORE_CTX_get_current_cert(ctx);
	const char *text = X509_verify_cert_error_string(error);
	char issuer[CERTIFICATE_NAME_MAX], reason[ERR_REASON_MAX];

	if (certificate == NULL)
		return refuse(err, CODE_CERTIFICATE, depth, text);
	if (error == X509_V_ERR_CERT_REVOKED)
		return explain_revoked(ctx, certificate, err);
	if (error == X509_V_ERR_INVALID_PURPOSE && depth == 0) {
		result judged = trust_check_usage(certificate, purpose, err);
		if (FAILED(judged)) {
			err_prefix(err, "/certificates/0");
			return judged;
		}
	}
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		if (meanings[i].error == error)
			text = meanings[i].text;
	}
	snprintf(reason, sizeof(reason), "%s: %s", text, certificate_name(X509_get_issuer_name(certificate), issuer));
	return refuse(err, CODE_CERTIFICATE, depth, reason);
}

static int library_purpose(enum trust_purpose purpose)
{
	switch (purpose) {
	case TRUST_TLS_PARTY:
		return X509_PURPOSE_SSL_CLIENT;
	case TRUST_TLS_HUB:
		return X509_PURPOSE_SSL_SERVER;
	case TRUST_SIGN_PARTY:
	case TRUST_SIGN_HUB:
	case TRUST_SIGN_PERSON:
	case TRUST_SEAL:
		return X509_PURPOSE_ANY;
	}
	return X509_PURPOSE_ANY;
}

/* Lists must be fresh at the time that is judged; when that lies in the past, they must be fresh now. */
static bool set_up(X509_STORE_CTX *ctx, const struct trust *trust, X509 *leaf, STACK_OF(X509) *untrusted,
                   enum trust_purpose purpose, struct judging *judging)
{
	int64_t lists_ms = judging->then ? clock_wall_ms() : judging->at_ms;

	if (ctx == NULL || !X509_STORE_CTX_init(ctx, trust_store(trust), leaf, untrusted) ||
	    !X509_STORE_CTX_set_app_data(ctx, judging) || !X509_STORE_CTX_set_purpose(ctx, library_purpose(purpose)))
		return false;
	X509_VERIFY_PARAM *wanted = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(wanted, (time_t)(lists_ms / 1000));
	X509_VERIFY_PARAM_set_depth(wanted, TRUST_CHAIN_MAX);
	X509_VERIFY_PARAM_set_auth_level(wanted, SECURITY_LEVEL);
	X509_STORE_CTX_set_verify_cb(ctx, on_doubt);
	return !trust_has_lists(trust) || X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

static RESULT check_period(X509 *certificate, int depth, int64_t at_ms, struct err *err)
{
	int64_t from_ms = certificate_time_ms(X509_get0_notBefore(certificate));
	int64_t until_ms = certificate_time_ms(X509_get0_notAfter(certificate)) + 999; /* the whole of its last second */
	char name[CERTIFICATE_NAME_MAX], when[CLOCK_TEXT_MAX], reason[ERR_REASON_MAX], who[CERTIFICATE_NAME_MAX + 32] = "";

	if (at_ms >= from_ms && at_ms <= until_ms)
		return OK;
	if (depth > 0)
		snprintf(who, sizeof(who), "the authority %s: ", certificate_name(X509_get_subject_name(certificate), name));
	if (at_ms < from_ms)
		snprintf(reason, sizeof(reason), "%snot valid before %s", who, clock_text(from_ms, when));
	else
		snprintf(reason, sizeof(reason), "%sexpired on %s", who, clock_text(until_ms - 999, when));
	return refuse(err, CODE_CERTIFICATE, depth, reason);
}

/* What signs certificates above: P-521 as well, which nobody else has here. */
static bool is_approved_key(X509 *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	char curve[64] = "";

	if (key == NULL)
		return false;
	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
		return EVP_PKEY_get_bits(key) >= 2048;
	return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) &&
	       (strcmp(curve, "prime256v1") == 0 || strcmp(curve, "secp384r1") == 0 || strcmp(curve, "secp521r1") == 0);
}

static RESULT check_approved(X509 *certificate, int depth, struct err *err)
{
	int digest = NID_undef;

	if (!is_approved_key(certificate))
		return refuse(err, CODE_CERTIFICATE, depth, "its key is none that FIPS approves and a validated module has; use P-256, P-384 or RSA of 2048 bits and more");
	/* An authority's signature under its own certificate proves nothing, and is not looked at. */
	if ((X509_get_extension_flags(certificate) & EXFLAG_SS) != 0)
		return OK;
	if (X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) != 1 ||
	    (digest != NID_sha256 && digest != NID_sha384 && digest != NID_sha512))
		return refuse(err, CODE_CERTIFICATE, depth, "its signature is none that FIPS approves and a validated module has; ECDSA or RSA with SHA-256, SHA-384 or SHA-512 is");
	return OK;
}

/* What the library does not look at, or not for the time that is judged. */
static RESULT check_chain(STACK_OF(X509) *chain, int64_t at_ms, struct err *err)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *certificate = sk_X509_value(chain, i);
		TRY(check_period(certificate, i, at_ms, err));
		if (fips_is_on())
			TRY(check_approved(certificate, i, err));
		if (i > 0 && X509_check_ca(certificate) != 1)
			return refuse(err, CODE_CERTIFICATE, i, "is used as an authority and is none");
	}
	return OK;
}

static const char *purpose_text(enum trust_purpose purpose)
{
	switch (identity_kind_for(purpose)) {
	case IDENTITY_PARTY:
		return "a party's";
	case IDENTITY_HUB:
		return "a hub's";
	case IDENTITY_PERSON:
		return "a person's";
	}
	return "";
}

static RESULT judge_leaf(STACK_OF(X509) *chain, enum trust_purpose purpose, struct signer **ret, struct err *err)
{
	X509 *leaf = sk_X509_value(chain, 0);
	struct identity identity;
	char uri[IDENTITY_URI_MAX];

	TRY(trust_check_usage(leaf, purpose, err));
	TRY(identity_of(leaf, &identity, err));
	if (identity.kind != identity_kind_for(purpose))
		return err_set(err, CODE_CERTIFICATE, "", "is not %s: it names %s", purpose_text(purpose), identity_uri(&identity, uri));
	return signer_new(chain, &identity, purpose, ret, err);
}

static RESULT judge_chain(STACK_OF(X509) *chain, enum trust_purpose purpose, int64_t at_ms, struct signer **ret, struct err *err)
{
	TRY(check_chain(chain, at_ms, err));
	result judged = judge_leaf(chain, purpose, ret, err);
	if (FAILED(judged))
		err_prefix(err, "/certificates/0");
	return judged;
}

result trust_judge_x509(const struct trust *trust, X509 *leaf, STACK_OF(X509) *untrusted, enum trust_purpose purpose,
                        int64_t at_ms, bool then, struct signer **ret, struct err *err)
{
	struct judging judging = {.at_ms = at_ms, .then = then};
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	result judged;

	ERR_set_mark();
	if (!set_up(ctx, trust, leaf, untrusted, purpose, &judging))
		judged = err_set(err, CODE_CERTIFICATE, "", "cannot be judged");
	else if (X509_verify_cert(ctx) != 1)
		judged = explain(ctx, purpose, err);
	else
		judged = judge_chain(X509_STORE_CTX_get0_chain(ctx), purpose, at_ms, ret, err);
	X509_STORE_CTX_free(ctx);
	ERR_pop_to_mark();
	return judged;
}

/* --- chains as bytes and files --- */

static RESULT decode_chain(const struct bytes *chain, size_t count, STACK_OF(X509) *into, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		X509 *certificate = NULL;
		char field[ERR_FIELD_MAX];
		result decoded = certificate_decode(chain[i], &certificate, err);
		if (FAILED(decoded)) {
			snprintf(field, sizeof(field), "/certificates/%zu", i);
			err_prefix(err, field);
			return decoded;
		}
		if (!sk_X509_push(into, certificate)) {
			X509_free(certificate);
			return err_set(err, CODE_CERTIFICATE, "", "the chain cannot be kept");
		}
	}
	return OK;
}

result trust_judge(const struct trust *trust, const struct bytes *chain, size_t count, enum trust_purpose purpose, int64_t at_ms,
                   bool then, struct signer **ret, struct err *err)
{
	if (count == 0)
		return err_set(err, CODE_CERTIFICATE, "", "there is no certificate");
	if (count > TRUST_CHAIN_MAX)
		return err_set(err, CODE_CERTIFICATE, "", "%zu certificates in the chain; at most %d are accepted", count,
		               TRUST_CHAIN_MAX);
	STACK_OF(X509) *all = sk_X509_new_null();
	result judged =
		all != NULL ? decode_chain(chain, count, all, err) : err_set(err, CODE_CERTIFICATE, "", "the chain cannot be kept");
	if (!FAILED(judged))
		judged = trust_judge_x509(trust, sk_X509_value(all, 0), all, purpose, at_ms, then, ret, err);
	certificate_free_all(all);
	return judged;
}

result trust_judge_file(const struct trust *trust, const char *path, enum trust_purpose purpose, int64_t at_ms,
                        struct signer **ret, struct err *err)
{
	STACK_OF(X509) *all = NULL;
	struct err why;

	TRY(certificate_read(path, &all, err));
	result judged = trust_judge_x509(trust, sk_X509_value(all, 0), all, purpose, at_ms, false, ret, &why);
	certificate_free_all(all);
	return FAILED(judged) ? err_set(err, why.code, path, "%s", why.reason) : OK;
}

result trust_rejudge(const struct trust *trust, const struct signer *signer, enum trust_purpose purpose, int64_t at_ms, bool then,
                     struct err *err)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	size_t count = signer_chain(signer, chain);
	struct signer *again = NULL;

	TRY(trust_judge(trust, chain, count, purpose, at_ms, then, &again, err));
	signer_unref(again);
	return OK;
}
