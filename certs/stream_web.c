/* What differs for the clients of an agency's own: any name, judged by the library alone. */
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "certs/openssl.h"
#include "certs/stream.h"
#include "certs/stream_inside.h"

static const uint8_t alpn_list[] = "\x08http/1.1";
enum { ALPN_LIST_LEN = sizeof(alpn_list) - 1 };

/* A client that offers nothing of ours, or nothing at all, is served all the same: HTTP/1.1 is what everybody falls back to. */
static int on_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len, const unsigned char *offered, unsigned offered_len, void *unused)
{
	unsigned char *found = NULL;

	(void)ssl, (void)unused;
	if (SSL_select_next_proto(&found, chosen_len, alpn_list, ALPN_LIST_LEN, offered, offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*chosen = found;
	return SSL_TLSEXT_ERR_OK;
}

static int on_verify(X509_STORE_CTX *store, void *trust)
{
	if (trust_has_lists(trust))
		X509_STORE_CTX_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return X509_verify_cert(store) == 1;
}

result stream_prepare_web(void *context, struct trust *trust, struct err *err)
{
	SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
	if (trust == NULL) {
		SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
		return OK;
	}
	/* Borrowed: the tls that has the context has the trust, too. */
	SSL_CTX_set_cert_verify_callback(context, on_verify, trust);
	if (SSL_CTX_set1_verify_cert_store(context, trust_store(trust)) != 1)
		return err_set(err, CODE_TLS, "", "the TLS library cannot be set up for client certificates");
	return OK;
}

/* --- names --- */

/* The bytes of the certificate against the whole name: a NUL inside makes them differ. */
static bool is_text(const ASN1_STRING *text, const char *name)
{
	int len = ASN1_STRING_length(text);

	return len > 0 && (size_t)len == strlen(name) && memcmp(ASN1_STRING_get0_data(text), name, (size_t)len) == 0;
}

static bool has_common_name(X509 *leaf, const char *name)
{
	const X509_NAME *subject = X509_get_subject_name(leaf);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return false;
	return is_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), name);
}

static bool is_party(const ASN1_STRING *uri, const char *name)
{
	struct identity identity;

	return !FAILED(identity_parse(bytes_of(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri)), &identity, NULL)) &&
	       identity.kind == IDENTITY_PARTY && strcmp(identity.party, name) == 0;
}

static bool is_alternative(const GENERAL_NAME *general, const char *name)
{
	int type;
	const ASN1_STRING *text = GENERAL_NAME_get0_value(general, &type);

	if (type == GEN_DNS || type == GEN_EMAIL)
		return is_text(text, name);
	return type == GEN_URI && (is_text(text, name) || is_party(text, name));
}

static bool has_alternative(X509 *leaf, const char *name)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++)
		found = is_alternative(sk_GENERAL_NAME_value(all, i), name);
	GENERAL_NAMES_free(all);
	return found;
}

bool stream_peer_is(const struct stream *stream, const char *name)
{
	X509 *leaf = SSL_get0_peer_certificate(stream_ssl(stream));

	return leaf != NULL && SSL_get_verify_result(stream_ssl(stream)) == X509_V_OK && (has_common_name(leaf, name) || has_alternative(leaf, name));
}
