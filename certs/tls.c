#include "certs/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "certs/fips.h"
#include "base/pack.h"
#include "certs/openssl.h"
#include "certs/stream.h"

enum { PEER_CHAIN_MAX = 32768, KEY_DER_MAX = 16384 };

struct tls {
	atomic_uint count;
	SSL_CTX *context;
	struct trust *trust;
	int64_t not_after_ms;
	char serial[CERTIFICATE_SERIAL_MAX];
	bool serves;
	bool is_web;
};

static result library_failed(struct err *err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	result failed = err_set(err, CODE_TLS, "", "%s: %s", what, reason != NULL ? reason : "the TLS library refused");

	ERR_clear_error();
	return failed;
}

/* What both sides insist on. Nothing is ever resumed: a peer that is not judged again would outlive its revocation. */
static RESULT configure(SSL_CTX *context, struct err *err)
{
	const bool fips = fips_is_on();
	const char *groups = fips ? "P-256:P-384:P-521" : "X25519:P-256:P-384";
	const char *suites = fips ? "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
	                          : "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
	static const char signatures[] = "ECDSA+SHA256:ECDSA+SHA384:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_pss_sha256:rsa_pss_pss_sha384";

	SSL_CTX_set_options(context,
	                    SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(context, PEER_CHAIN_MAX);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (!SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) || !SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) ||
	    !SSL_CTX_set_num_tickets(context, 0) || !SSL_CTX_set_max_early_data(context, 0) ||
	    !SSL_CTX_set_recv_max_early_data(context, 0) || !SSL_CTX_set1_groups_list(context, groups) ||
	    !SSL_CTX_set_ciphersuites(context, suites) ||
	    (fips && (!SSL_CTX_set1_sigalgs_list(context, signatures) || !SSL_CTX_set1_client_sigalgs_list(context, signatures))))
		return library_failed(err, "the TLS library cannot be set up");
	return OK;
}

static RESULT use_chain(struct tls *tls, STACK_OF(X509) * chain, const char *path, struct err *err)
{
	X509 *leaf = sk_X509_value(chain, 0);

	if (SSL_CTX_use_certificate(tls->context, leaf) != 1)
		return err_set(err, CODE_CERTIFICATE, path, "the certificate cannot be used for TLS: %s",
		               ERR_reason_error_string(ERR_peek_last_error()));
	for (int i = 1; i < sk_X509_num(chain); i++) {
		if (SSL_CTX_add1_chain_cert(tls->context, sk_X509_value(chain, i)) != 1)
			return err_set(err, CODE_CERTIFICATE, path, "an intermediate certificate cannot be used for TLS: %s",
			               ERR_reason_error_string(ERR_peek_last_error()));
	}
	tls->not_after_ms = certificate_time_ms(X509_get0_notAfter(leaf));
	if (!certificate_serial(X509_get0_serialNumber(leaf), tls->serial))
		tls->serial[0] = '\0';
	return OK;
}

static RESULT load_certificate(struct tls *tls, const char *path, struct err *err)
{
	STACK_OF(X509) *chain = NULL;

	TRY(certificate_read(path, &chain, err));
	result used = use_chain(tls, chain, path, err);
	certificate_free_all(chain);
	ERR_clear_error();
	return used;
}

static RESULT load_key(struct tls *tls, const char *path, const char *certificate, struct err *err)
{
	struct key *key = NULL;

	TRY(key_load(path, &key, err));
	if (key_is_on_token(key) && key_kind(key) == KEY_ED25519) {
		key_unref(key);
		return err_set(err, CODE_KEY, path, "an Ed25519 key on a token signs messages, but not TLS handshakes; use P-256, P-384 or RSA");
	}
	bool fits = SSL_CTX_use_PrivateKey(tls->context, key_pkey(key)) == 1 && SSL_CTX_check_private_key(tls->context) == 1;
	key_unref(key);
	ERR_clear_error();
	if (!fits)
		return err_set(err, CODE_KEY, path, "is not the key of the certificate in %s", certificate);
	return OK;
}

static RESULT fill(struct tls *tls, const char *certificate, const char *key, struct err *err)
{
	if (tls->context == NULL)
		return library_failed(err, "the TLS library cannot be set up");
	TRY(configure(tls->context, err));
	TRY(tls->is_web ? stream_prepare_web(tls->context, tls->trust, err) : stream_prepare(tls->context, tls->serves, err));
	TRY(load_certificate(tls, certificate, err));
	return load_key(tls, key, certificate, err);
}

static RESULT tls_new(bool serves, bool is_web, const char *certificate, const char *key, struct trust *trust, struct tls **ret,
                      struct err *err)
{
	struct tls *tls = mem_alloc(sizeof(*tls));

	ERR_clear_error();
	atomic_init(&tls->count, 1);
	tls->serves = serves;
	tls->is_web = is_web;
	tls->trust = trust != NULL ? trust_ref(trust) : NULL;
	tls->context = SSL_CTX_new(serves ? TLS_server_method() : TLS_client_method());
	result filled = fill(tls, certificate, key, err);
	if (FAILED(filled)) {
		tls_unref(tls);
		return filled;
	}
	*ret = tls;
	return OK;
}

result tls_server_new(const char *certificate, const char *key, struct trust *trust, struct tls **ret, struct err *err)
{
	return tls_new(true, false, certificate, key, trust, ret, err);
}

result tls_client_new(const char *certificate, const char *key, struct trust *trust, struct tls **ret, struct err *err)
{
	return tls_new(false, false, certificate, key, trust, ret, err);
}

result tls_web_new(const char *certificate, const char *key, struct trust *trust, struct tls **ret, struct err *err)
{
	return tls_new(true, true, certificate, key, trust, ret, err);
}

/* --- as bytes, for a process without files --- */

static void pack_certificate(X509 *certificate, struct buf *out)
{
	struct blob *der = certificate_encode(certificate);

	pack_put_bin(out, blob_bytes(der));
	blob_unref(der);
}

static RESULT pack_key(const struct tls *tls, struct buf *out, struct err *err)
{
	const EVP_PKEY *key = SSL_CTX_get0_privatekey(tls->context);
	uint8_t *der = NULL;

	ERR_set_mark();
	int len = key != NULL ? i2d_PrivateKey(key, &der) : -1;
	ERR_pop_to_mark();
	if (len <= 0)
		return err_set(err, CODE_KEY, "tls.key", "the key cannot be handed over to the gateway; it must be one in a file");
	pack_put_bin(out, bytes_of(der, (size_t)len));
	OPENSSL_clear_free(der, (size_t)len);
	return OK;
}

result tls_pack(const struct tls *tls, struct buf *out, struct err *err)
{
	STACK_OF(X509) *above = NULL;

	SSL_CTX_get0_chain_certs(tls->context, &above);
	int count = above != NULL ? sk_X509_num(above) : 0;
	pack_put_array(out, 2);
	pack_put_array(out, (size_t)count + 1);
	pack_certificate(SSL_CTX_get0_certificate(tls->context), out);
	for (int i = 0; i < count; i++)
		pack_certificate(sk_X509_value(above, i), out);
	return pack_key(tls, out, err);
}

static RESULT unpack_chain(struct tls *tls, struct pack_in *in, struct err *err)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	size_t count = pack_array(in, "/0");
	result used = OK;

	for (size_t i = 0; i < count && !in->failed && !FAILED(used); i++) {
		struct bytes der = pack_bin(in, "/0", CERTIFICATE_DER_MAX);
		X509 *certificate = NULL;
		used = certificate_decode(der, &certificate, err);
		if (!FAILED(used) && sk_X509_push(chain, certificate) == 0)
			X509_free(certificate);
	}
	if (!FAILED(used))
		used = sk_X509_num(chain) > 0 ? use_chain(tls, chain, "certificate", err)
		                              : err_set(err, CODE_MALFORMED, "/0", "no certificate");
	certificate_free_all(chain);
	ERR_clear_error();
	return used;
}

static RESULT unpack_key(struct tls *tls, struct pack_in *in, struct err *err)
{
	struct bytes der = pack_bin(in, "/1", KEY_DER_MAX);
	const uint8_t *at = der.at;
	EVP_PKEY *key = der.len > 0 ? d2i_AutoPrivateKey(NULL, &at, (long)der.len) : NULL;
	bool fits = key != NULL && SSL_CTX_use_PrivateKey(tls->context, key) == 1 && SSL_CTX_check_private_key(tls->context) == 1;

	EVP_PKEY_free(key);
	ERR_clear_error();
	return fits ? OK : err_set(err, CODE_KEY, "/1", "is not the key of the certificate");
}

static RESULT unpack(struct tls *tls, struct bytes packed, struct err *err)
{
	struct pack_in in = pack_in(packed, err);

	if (tls->context == NULL)
		return library_failed(err, "the TLS library cannot be set up");
	TRY(configure(tls->context, err));
	TRY(stream_prepare(tls->context, true, err));
	pack_array_of(&in, "", 2);
	TRY(unpack_chain(tls, &in, err));
	TRY(unpack_key(tls, &in, err));
	return pack_end(&in);
}

result tls_server_unpack(struct bytes packed, struct trust *trust, struct tls **ret, struct err *err)
{
	struct tls *tls = mem_alloc(sizeof(*tls));

	ERR_clear_error();
	atomic_init(&tls->count, 1);
	tls->serves = true;
	tls->trust = trust_ref(trust);
	tls->context = SSL_CTX_new(TLS_server_method());
	result unpacked = unpack(tls, packed, err);
	if (FAILED(unpacked)) {
		tls_unref(tls);
		return unpacked;
	}
	*ret = tls;
	return OK;
}

void tls_prepare(void)
{
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL);
	SSL_CTX_free(SSL_CTX_new(TLS_server_method()));
	ERR_clear_error();
}

struct tls *tls_ref(struct tls *tls)
{
	atomic_fetch_add_explicit(&tls->count, 1, memory_order_relaxed);
	return tls;
}

void tls_unref(struct tls *tls)
{
	if (tls == NULL || atomic_fetch_sub_explicit(&tls->count, 1, memory_order_acq_rel) != 1)
		return;
	SSL_CTX_free(tls->context);
	trust_unref(tls->trust);
	mem_free(tls);
}

struct trust *tls_trust(const struct tls *tls)
{
	return tls->trust;
}

int64_t tls_not_after_ms(const struct tls *tls)
{
	return tls->not_after_ms;
}

const char *tls_serial(const struct tls *tls)
{
	return tls->serial;
}

bool tls_shows_same(const struct tls *a, const struct tls *b)
{
	const X509 *left = SSL_CTX_get0_certificate(a->context), *right = SSL_CTX_get0_certificate(b->context);
	return left && right && X509_cmp(left, right) == 0;
}

void *tls_context(const struct tls *tls)
{
	return tls->context;
}

bool tls_serves(const struct tls *tls)
{
	return tls->serves;
}

bool tls_is_web(const struct tls *tls)
{
	return tls->is_web;
}
