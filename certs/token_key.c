/* OpenSSL 3 would rather have a provider for keys of elsewhere; the methods of RSA and EC_KEY are older, work in every 3.x, and are a tenth of the code.
 * They are marked deprecated, which this file alone does not want to hear. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "certs/token_key.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "certs/token.h"

enum { OBJECT_MAX = 16384, COORDINATE_MAX = 66 };

struct token_key {
	atomic_uint count;
	struct token *token;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EC_KEY_METHOD *ec_method;
static RSA_METHOD *rsa_method;
static int ec_index, rsa_index; /* where a key of the library keeps its struct token_key */

void token_key_unref(struct token_key *key)
{
	if (key == NULL || atomic_fetch_sub_explicit(&key->count, 1, memory_order_acq_rel) != 1)
		return;
	token_close(key->token);
	mem_free(key);
}

static struct token_key *ref(struct token_key *key)
{
	atomic_fetch_add_explicit(&key->count, 1, memory_order_relaxed);
	return key;
}

/* ---- signatures ---- */

/* A token gives r and s one after the other; everybody else wants them in DER. */
static ECDSA_SIG *ecdsa_signature(struct token *token, struct bytes digest, struct err *err)
{
	uint8_t raw[2 * COORDINATE_MAX];
	size_t len = 0;

	if (FAILED(token_sign(token, TOKEN_ECDSA, digest, raw, sizeof(raw), &len, err)))
		return NULL;
	ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int)(len / 2), NULL), *s = BN_bin2bn(raw + len / 2, (int)(len / 2), NULL);
	if (len == 0 || len % 2 != 0 || signature == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
		result odd = err_set(err, CODE_TOKEN, token_shown(token), "it gave a signature of %zu bytes", len);
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(signature);
		return FAILED(odd) ? NULL : signature;
	}
	return signature;
}

static RESULT sign_ecdsa(struct token *token, const EVP_MD *md, struct bytes message, uint8_t *into, size_t *ret_len, struct err *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(message.at, message.len, digest, &len, md, NULL) != 1)
		return err_set(err, CODE_KEY, token_shown(token), "the message cannot be hashed");
	ECDSA_SIG *signature = ecdsa_signature(token, bytes_of(digest, len), err);
	if (signature == NULL)
		return (result){CODE_TOKEN};
	int der = i2d_ECDSA_SIG(signature, NULL);
	if (der > 0 && der <= KEY_SIGNATURE_MAX)
		*ret_len = (size_t)i2d_ECDSA_SIG(signature, &into);
	ECDSA_SIG_free(signature);
	return der > 0 && der <= KEY_SIGNATURE_MAX ? OK : err_set(err, CODE_TOKEN, token_shown(token), "it gave a signature that is none");
}

result token_key_sign(struct token_key *key, enum key_kind kind, struct bytes message, uint8_t into[static KEY_SIGNATURE_MAX], size_t *ret_len, struct err *err)
{
	struct hash digest;

	switch (kind) {
	case KEY_P256:
	case KEY_P384:
		return sign_ecdsa(key->token, signature_digest(kind), message, into, ret_len, err);
	case KEY_RSA:
		digest = hash_of(message);
		return token_sign(key->token, TOKEN_PSS_SHA256, hash_bytes(&digest), into, KEY_SIGNATURE_MAX, ret_len, err);
	case KEY_ED25519:
		return token_sign(key->token, TOKEN_EDDSA, message, into, KEY_SIGNATURE_MAX, ret_len, err);
	}
	return err_set(err, CODE_KEY, token_shown(key->token), "the key does not sign");
}

/* ---- what the library calls ---- */

static ECDSA_SIG *on_ec_sign(const unsigned char *digest, int len, const BIGNUM *kinv, const BIGNUM *rp, EC_KEY *ec)
{
	struct token_key *key = EC_KEY_get_ex_data(ec, ec_index);
	struct err why;

	(void)kinv;
	(void)rp;
	ECDSA_SIG *signature = ecdsa_signature(key->token, bytes_of(digest, (size_t)len), &why);
	if (signature == NULL)
		ERR_raise_data(ERR_LIB_USER, ERR_R_INTERNAL_ERROR, "%s", why.reason);
	return signature;
}

static int on_ec_sign_der(int type, const unsigned char *digest, int len, unsigned char *into, unsigned *ret_len, const BIGNUM *kinv, const BIGNUM *rp,
                          EC_KEY *ec)
{
	ECDSA_SIG *signature = on_ec_sign(digest, len, kinv, rp, ec);

	(void)type;
	if (signature == NULL)
		return 0;
	*ret_len = (unsigned)i2d_ECDSA_SIG(signature, &into);
	ECDSA_SIG_free(signature);
	return 1;
}

/* PSS comes here padded already, by the library. */
static int on_rsa_sign(int len, const unsigned char *from, unsigned char *into, RSA *rsa, int padding)
{
	struct token_key *key = RSA_get_ex_data(rsa, rsa_index);
	struct err why;
	size_t made = 0;

	if (padding != RSA_NO_PADDING || len < 0)
		return -1;
	if (!FAILED(token_sign(key->token, TOKEN_RSA_RAW, bytes_of(from, (size_t)len), into, (size_t)RSA_size(rsa), &made, &why)))
		return (int)made;
	ERR_raise_data(ERR_LIB_USER, ERR_R_INTERNAL_ERROR, "%s", why.reason);
	return -1;
}

static void on_gone(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	token_key_unref(pointer);
}

static int on_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **pointer, int index, long argl, void *argp)
{
	(void)to;
	(void)from;
	(void)index;
	(void)argl;
	(void)argp;
	if (*pointer != NULL)
		ref(*pointer);
	return 1;
}

static void make_methods(void)
{
	ec_index = EC_KEY_get_ex_new_index(0, NULL, NULL, on_copied, on_gone);
	rsa_index = RSA_get_ex_new_index(0, NULL, NULL, on_copied, on_gone);
	ec_method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	if (ec_method != NULL)
		EC_KEY_METHOD_set_sign(ec_method, on_ec_sign_der, NULL, on_ec_sign);
	rsa_method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	if (rsa_method != NULL)
		RSA_meth_set_priv_enc(rsa_method, on_rsa_sign);
}

/* ---- the public half ---- */

static RESULT ask(struct token_key *key, enum token_class class, enum token_attribute what, struct buf *out, bool *ret_found, struct err *err)
{
	buf_clear(out);
	return token_ask(key->token, class, what, out, ret_found, err);
}

/* What a token keeps as the value of an octet string, some in its DER wrapping and some without. */
static struct bytes unwrap(struct bytes point)
{
	const unsigned char *at = point.at;
	long len = 0;
	int tag = 0, class = 0;

	if ((ASN1_get_object(&at, &len, &tag, &class, (long)point.len) & 0x80) == 0 && tag == V_ASN1_OCTET_STRING &&
	    at + len == point.at + point.len)
		return bytes_of(at, (size_t)len);
	return point;
}

static EVP_PKEY *of_certificate(struct bytes der)
{
	const unsigned char *at = der.at;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
	EVP_PKEY *key = certificate != NULL ? X509_get_pubkey(certificate) : NULL;

	X509_free(certificate);
	return key;
}

static EVP_PKEY *wrap_ec(struct token_key *key, int curve, struct bytes point)
{
	EC_KEY *ec = EC_KEY_new_by_curve_name(curve);
	EVP_PKEY *pkey = EVP_PKEY_new();

	if (ec != NULL && pkey != NULL && EC_KEY_oct2key(ec, point.at, point.len, NULL) == 1 && EC_KEY_set_method(ec, ec_method) == 1 &&
	    EC_KEY_set_ex_data(ec, ec_index, ref(key)) == 1 && EVP_PKEY_assign_EC_KEY(pkey, ec) == 1)
		return pkey;
	EC_KEY_free(ec);
	EVP_PKEY_free(pkey);
	return NULL;
}

static EVP_PKEY *wrap_rsa(struct token_key *key, struct bytes modulus, struct bytes exponent)
{
	RSA *rsa = RSA_new();
	EVP_PKEY *pkey = EVP_PKEY_new();
	BIGNUM *n = BN_bin2bn(modulus.at, (int)modulus.len, NULL), *e = BN_bin2bn(exponent.at, (int)exponent.len, NULL);

	if (rsa != NULL && pkey != NULL && RSA_set0_key(rsa, n, e, NULL) == 1) {
		n = e = NULL;
		if (RSA_set_method(rsa, rsa_method) == 1 && RSA_set_ex_data(rsa, rsa_index, ref(key)) == 1 && EVP_PKEY_assign_RSA(pkey, rsa) == 1)
			return pkey;
	}
	BN_free(n);
	BN_free(e);
	RSA_free(rsa);
	EVP_PKEY_free(pkey);
	return NULL;
}

static int curve_of(struct bytes parameters)
{
	const unsigned char *at = parameters.at;
	ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &at, (long)parameters.len);
	int curve = object != NULL ? OBJ_obj2nid(object) : NID_undef;

	ASN1_OBJECT_free(object);
	return curve;
}

static RESULT no_public(const struct token_key *key, struct err *err)
{
	return err_set(err, CODE_TOKEN, token_shown(key->token), "the token has neither public key nor certificate with the id of the private key; store one beside it");
}

/* The point: from the public key, or from the certificate. */
static RESULT find_point(struct token_key *key, struct buf *hold, struct bytes *ret, struct err *err)
{
	bool found = false;

	TRY(ask(key, TOKEN_PUBLIC, TOKEN_EC_POINT, hold, &found, err));
	if (found) {
		*ret = unwrap(buf_bytes(hold));
		return OK;
	}
	TRY(ask(key, TOKEN_CERTIFICATE, TOKEN_VALUE, hold, &found, err));
	EVP_PKEY *pkey = found ? of_certificate(buf_bytes(hold)) : NULL;
	unsigned char *at = NULL;
	size_t len = pkey != NULL ? EVP_PKEY_get1_encoded_public_key(pkey, &at) : 0;
	buf_clear(hold);
	buf_add(hold, bytes_of(at, len));
	OPENSSL_free(at);
	EVP_PKEY_free(pkey);
	*ret = buf_bytes(hold);
	return len > 0 ? OK : no_public(key, err);
}

static RESULT wrap_on_curve(struct token_key *key, struct buf *hold, EVP_PKEY **ret, struct err *err)
{
	struct bytes point;
	bool found = false;
	int curve = NID_undef;

	if (token_key_type(key->token) == TOKEN_EC) {
		TRY(ask(key, TOKEN_PRIVATE, TOKEN_EC_PARAMS, hold, &found, err));
		curve = found ? curve_of(buf_bytes(hold)) : NID_undef;
	}
	TRY(find_point(key, hold, &point, err));
	*ret = token_key_type(key->token) == TOKEN_EC ? wrap_ec(key, curve, point) : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point.at, point.len);
	return OK;
}

static RESULT wrap_modulus(struct token_key *key, struct buf *hold, EVP_PKEY **ret, struct err *err)
{
	struct buf exponent;
	bool found = false;

	buf_init(&exponent, OBJECT_MAX);
	result r = ask(key, TOKEN_PRIVATE, TOKEN_MODULUS, hold, &found, err);
	if (!FAILED(r) && found)
		r = ask(key, TOKEN_PRIVATE, TOKEN_EXPONENT, &exponent, &found, err);
	if (!FAILED(r) && !found)
		r = ask(key, TOKEN_PUBLIC, TOKEN_EXPONENT, &exponent, &found, err);
	if (!FAILED(r))
		*ret = found ? wrap_rsa(key, buf_bytes(hold), buf_bytes(&exponent)) : NULL;
	if (!FAILED(r) && !found)
		r = no_public(key, err);
	buf_done(&exponent);
	return r;
}

static RESULT wrap(struct token_key *key, EVP_PKEY **ret, struct err *err)
{
	enum token_key_type type = token_key_type(key->token);
	struct buf hold;

	if (ec_method == NULL || rsa_method == NULL || type == TOKEN_AES || type == TOKEN_OTHER)
		return err_set(err, CODE_KEY, token_shown(key->token), "is of a kind that is not in use; P-256, P-384, Ed25519 and RSA are");
	buf_init(&hold, OBJECT_MAX);
	*ret = NULL;
	result r = type == TOKEN_RSA ? wrap_modulus(key, &hold, ret, err) : wrap_on_curve(key, &hold, ret, err);
	buf_done(&hold);
	if (!FAILED(r) && *ret == NULL)
		r = err_set(err, CODE_KEY, token_shown(key->token), "its public half cannot be read");
	return r;
}

result token_key_open(const char *uri, struct token_key **ret, EVP_PKEY **ret_pkey, struct err *err)
{
	struct token *token = NULL;

	TRY(token_open(uri, TOKEN_PRIVATE, &token, err));
	pthread_once(&once, make_methods);
	struct token_key *key = mem_alloc(sizeof(*key));
	atomic_init(&key->count, 1);
	key->token = token;
	ERR_set_mark();
	result r = wrap(key, ret_pkey, err);
	ERR_pop_to_mark();
	if (FAILED(r))
		token_key_unref(key);
	else
		*ret = key;
	return r;
}
