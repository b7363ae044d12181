#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

#include "certs/fips.h"
#include "certs/openssl.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8 * KEY_SIGNATURE_MAX, PSS_SALT_BYTES = 32 };

static RESULT curve_kind(EVP_PKEY *key, enum key_kind *ret, struct err *err)
{
	char curve[64] = "";

	if (!EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL))
		return err_set(err, CODE_KEY, "", "is on a curve without a name; use P-256 or P-384");
	if (strcmp(curve, "prime256v1") == 0)
		*ret = KEY_P256;
	else if (strcmp(curve, "secp384r1") == 0)
		*ret = KEY_P384;
	else
		return err_set(err, CODE_KEY, "", "is on the curve %s; use P-256 or P-384", curve);
	return OK;
}

result signature_kind(EVP_PKEY *key, enum key_kind *ret, struct err *err)
{
	const char *name;

	if (EVP_PKEY_is_a(key, "EC"))
		return curve_kind(key, ret, err);
	if (EVP_PKEY_is_a(key, "ED25519") && fips_is_on())
		return err_set(err, CODE_KEY, "", "is Ed25519, which no validated module of OpenSSL 3.0 has; with fips = true use P-256, P-384 or RSA");
	if (EVP_PKEY_is_a(key, "ED25519")) {
		*ret = KEY_ED25519;
		return OK;
	}
	if (EVP_PKEY_is_a(key, "RSA")) {
		int bits = EVP_PKEY_get_bits(key);
		if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
			return err_set(err, CODE_KEY, "", "is RSA of %d bits; %d to %d are in use", bits, RSA_BITS_MIN, RSA_BITS_MAX);
		*ret = KEY_RSA;
		return OK;
	}
	name = EVP_PKEY_get0_type_name(key);
	return err_set(err, CODE_KEY, "", "is of the kind %s; use P-256, P-384, Ed25519 or RSA", name != NULL ? name : "unknown");
}

const EVP_MD *signature_digest(enum key_kind kind)
{
	switch (kind) {
	case KEY_P256:
	case KEY_RSA:
		return hash_sha256();
	case KEY_P384:
		return hash_sha384();
	case KEY_ED25519:
		return NULL;
	}
	return NULL;
}

const char *signature_kind_text(enum key_kind kind)
{
	switch (kind) {
	case KEY_P256:
		return "EC P-256";
	case KEY_P384:
		return "EC P-384";
	case KEY_ED25519:
		return "Ed25519";
	case KEY_RSA:
		return "RSA";
	}
	return "";
}

static bool set_padding(EVP_PKEY_CTX *parameters, enum key_kind kind)
{
	return kind != KEY_RSA || (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) > 0 &&
	                           EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, PSS_SALT_BYTES) > 0);
}

/* A context that was used before keeps its old key unless it is reset. */
bool signature_begin_sign(EVP_MD_CTX *context, EVP_PKEY *key, enum key_kind kind)
{
	EVP_PKEY_CTX *parameters = NULL;

	return EVP_MD_CTX_reset(context) && EVP_DigestSignInit(context, &parameters, signature_digest(kind), NULL, key) > 0 &&
	       set_padding(parameters, kind);
}

bool signature_begin_check(EVP_MD_CTX *context, EVP_PKEY *key, enum key_kind kind)
{
	EVP_PKEY_CTX *parameters = NULL;

	return EVP_MD_CTX_reset(context) && EVP_DigestVerifyInit(context, &parameters, signature_digest(kind), NULL, key) > 0 &&
	       set_padding(parameters, kind);
}
