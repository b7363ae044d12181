#include "certs/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/openssl.h"
#include "certs/stream_inside.h"

struct stream {
	SSL *ssl;
	struct tls *tls;
	struct signer *peer;
	struct err *refusal; /* why this side refused, where the library knows only that it did */
	char *server_name;
	char *hub;
	bool open;
	bool broken; /* the library allows no further call that touches the descriptor */
};

/* --- what the library says, in words --- */

struct meaning {
	int reason;
	enum code code;
	const char *text;
};

/* Reasons of this side. */
static const struct meaning refusals[] = {
	{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, CODE_CERTIFICATE, "no certificate was presented"},
	{SSL_R_UNSUPPORTED_PROTOCOL, CODE_TLS, "the peer does not speak TLS 1.3"},
	{SSL_R_VERSION_TOO_LOW, CODE_TLS, "the peer does not speak TLS 1.3"},
	{SSL_R_NO_APPLICATION_PROTOCOL, CODE_TLS, "the peer did not offer " TLS_ALPN},
	{SSL_R_WRONG_VERSION_NUMBER, CODE_TLS, "what the peer sent is not TLS"},
	{SSL_R_UNKNOWN_PROTOCOL, CODE_TLS, "what the peer sent is not TLS"},
	{SSL_R_PACKET_LENGTH_TOO_LONG, CODE_TLS, "what the peer sent is not TLS: the record is too long"},
	{SSL_R_HTTP_REQUEST, CODE_TLS, "the peer speaks HTTP, not TLS"},
	{SSL_R_HTTPS_PROXY_REQUEST, CODE_TLS, "the peer takes this port for a web proxy"},
	{SSL_R_NO_SHARED_CIPHER, CODE_TLS, "the peer offers none of the TLS 1.3 cipher suites in use here"},
	{SSL_R_NO_SUITABLE_KEY_SHARE, CODE_TLS, "the peer offers none of the groups X25519, P-256 and P-384"},
	{SSL_R_NO_SUITABLE_GROUPS, CODE_TLS, "the peer offers none of the groups X25519, P-256 and P-384"},
	{SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, CODE_TLS, "the peer accepts no signature algorithm that our certificate allows"},
	{SSL_R_BAD_SIGNATURE, CODE_CERTIFICATE, "the peer does not hold the key of its certificate"},
	{SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, CODE_TLS, "a record was damaged on its way"},
	{SSL_R_EXCESSIVE_MESSAGE_SIZE, CODE_TLS, "the peer's handshake is too long"},
};

/* Alerts of the peer (RFC 8446 §6.2): it refused us. */
static const struct meaning alerts[] = {
	{SSL_AD_HANDSHAKE_FAILURE, CODE_TLS, "the peer found no cipher suite, group or signature algorithm in common"},
	{SSL_AD_BAD_CERTIFICATE, CODE_CERTIFICATE, "the peer refused our certificate"},
	{SSL_AD_UNSUPPORTED_CERTIFICATE, CODE_CERTIFICATE, "the peer refused our certificate: it is not for this purpose"},
	{SSL_AD_CERTIFICATE_REVOKED, CODE_REVOKED, "the peer refused our certificate: it has been revoked"},
	{SSL_AD_CERTIFICATE_EXPIRED, CODE_CERTIFICATE, "the peer refused our certificate: it has expired"},
	{SSL_AD_CERTIFICATE_UNKNOWN, CODE_CERTIFICATE, "the peer refused our certificate: it could not be judged"},
	{SSL_AD_UNKNOWN_CA, CODE_CERTIFICATE, "the peer refused our certificate: it does not know the authority that issued it"},
	{SSL_AD_ACCESS_DENIED, CODE_CERTIFICATE, "the peer refused us"},
	{SSL_AD_PROTOCOL_VERSION, CODE_TLS, "the peer does not accept TLS 1.3"},
	{SSL_AD_INSUFFICIENT_SECURITY, CODE_TLS, "the peer found our algorithms too weak"},
	{SSL_AD_INTERNAL_ERROR, CODE_TLS, "the peer reports an internal error"},
	{SSL_AD_UNRECOGNIZED_NAME, CODE_TLS, "the peer does not know the name that it was asked for"},
	{TLS13_AD_CERTIFICATE_REQUIRED, CODE_CERTIFICATE, "the peer asks for a certificate and none was presented to it"},
	{SSL_AD_NO_APPLICATION_PROTOCOL, CODE_TLS, "the peer does not accept " TLS_ALPN},
};

static const struct meaning *meaning_of(const struct meaning *list, size_t count, int reason)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].reason == reason)
			return &list[i];
	}
	return NULL;
}

/* The first error of the TLS layer itself; those that led to it come before, from other layers. */
static unsigned long first_tls_error(void)
{
	unsigned long error, found = 0;

	while ((error = ERR_get_error()) != 0) {
		if (found == 0 || (ERR_GET_LIB(found) != ERR_LIB_SSL && ERR_GET_LIB(error) == ERR_LIB_SSL))
			found = error;
	}
	return found;
}

static enum stream_step gone(struct stream *stream, int number, struct err *err)
{
	const char *when = stream->open ? "" : " during the handshake";
	char what[64];

	stream->broken = true;
	if (number == 0)
		err_set(err, CODE_CLOSED, "", "the peer went away without a word%s", when);
	else if (number == ECONNRESET || number == EPIPE)
		err_set(err, CODE_CLOSED, "", "the peer broke the connection off%s", when);
	else if (number == ETIMEDOUT)
		err_set(err, CODE_TIMEOUT, "", "the peer cannot be reached any more%s", when);
	else {
		snprintf(what, sizeof(what), "the connection broke%s", when);
		err_errno(err, "", what);
	}
	return STREAM_GONE;
}

static enum stream_step refused(struct stream *stream, struct err *err)
{
	unsigned long error = first_tls_error();
	int reason = ERR_GET_REASON(error);
	const char *text = ERR_reason_error_string(error);

	stream->broken = true;
	if (stream->refusal != NULL) {
		*err = *stream->refusal;
		return STREAM_FAILED;
	}
	if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return gone(stream, 0, err);
	bool theirs = reason > SSL_AD_REASON_OFFSET;
	const struct meaning *meaning =
		theirs ? meaning_of(alerts, sizeof(alerts) / sizeof(*alerts), reason - SSL_AD_REASON_OFFSET)
		       : meaning_of(refusals, sizeof(refusals) / sizeof(*refusals), reason);
	if (meaning != NULL)
		err_set(err, meaning->code, "", "%s", meaning->text);
	else if (theirs)
		err_set(err, CODE_TLS, "", "the peer ended TLS with alert %d", reason - SSL_AD_REASON_OFFSET);
	else
		err_set(err, CODE_TLS, "", "%s: %s", stream->open ? "TLS failed" : "the TLS handshake failed",
		        text != NULL ? text : "no reason");
	return theirs ? STREAM_GONE : STREAM_FAILED;
}

/* `number` is errno as it was right after the call. */
static enum stream_step step_of(struct stream *stream, int outcome, int number, struct err *err)
{
	switch (SSL_get_error(stream->ssl, outcome)) {
	case SSL_ERROR_NONE:
		return STREAM_DONE;
	case SSL_ERROR_WANT_READ:
		return STREAM_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return STREAM_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		err_set(err, CODE_CLOSED, "", "the peer closed the connection");
		return STREAM_GONE;
	case SSL_ERROR_SYSCALL:
		return gone(stream, number, err);
	default:
		return refused(stream, err);
	}
}

/* --- judging the peer --- */

static RESULT check_name(X509 *leaf, const char *name, struct err *err)
{
	uint8_t address[sizeof(struct in6_addr)];
	bool is_address = inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
	int fits = is_address ? X509_check_ip_asc(leaf, name, 0)
	                      : X509_check_host(leaf, name, 0, X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
	                                        NULL);

	if (fits != 1)
		return err_set(err, CODE_CERTIFICATE, "", "the hub's certificate is not for the name %s", name);
	return OK;
}

static enum trust_purpose purpose_of(const struct stream *stream)
{
	return tls_serves(stream->tls) ? TRUST_TLS_PARTY : TRUST_TLS_HUB;
}

static RESULT judge(struct stream *stream, X509 *leaf, STACK_OF(X509) * untrusted, struct err *err)
{
	struct signer *peer = NULL;

	TRY(trust_judge_x509(tls_trust(stream->tls), leaf, untrusted, purpose_of(stream), clock_wall_ms(), false, &peer, err));
	signer_unref(stream->peer);
	stream->peer = peer;
	if (stream->server_name != NULL)
		TRY(check_name(leaf, stream->server_name, err));
	if (stream->hub != NULL && strcmp(signer_party(peer), stream->hub) != 0)
		return err_set(err, CODE_CERTIFICATE, "", "the hub is %s, not %s", signer_party(peer), stream->hub);
	return OK;
}

/* What the library finds wrong with the chain; REJECTED when that is nothing. */
static int chain_verdict(const struct trust *trust, X509 *leaf, STACK_OF(X509) * untrusted)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int verdict = X509_V_ERR_CERT_REJECTED;

	if (context != NULL && X509_STORE_CTX_init(context, trust_store(trust), leaf, untrusted)) {
		X509_STORE_CTX_set_time(context, 0, (time_t)(clock_wall_ms() / 1000));
		if (X509_verify_cert(context) != 1)
			verdict = X509_STORE_CTX_get_error(context);
	}
	X509_STORE_CTX_free(context);
	return verdict;
}

/* A refusal goes to the peer as one of the alerts that TLS has, and the library chooses it by a verification error: the nearest
 * one. */
static int verdict_of(const struct stream *stream, const struct err *why, X509 *leaf, STACK_OF(X509) * untrusted)
{
	if (why->code == CODE_REVOKED)
		return X509_V_ERR_CERT_REVOKED;
	int verdict = chain_verdict(tls_trust(stream->tls), leaf, untrusted);
	if (verdict == X509_V_ERR_CERT_REJECTED && FAILED(trust_check_usage(leaf, purpose_of(stream), NULL)))
		return X509_V_ERR_INVALID_PURPOSE;
	return verdict;
}

static void refuse(struct stream *stream, const struct err *why)
{
	if (stream->refusal == NULL)
		stream->refusal = mem_alloc(sizeof(*stream->refusal));
	*stream->refusal = *why;
}

static int on_verify(X509_STORE_CTX *store, void *unused)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct stream *stream = SSL_get_app_data(ssl);
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	STACK_OF(X509) *untrusted = X509_STORE_CTX_get0_untrusted(store);
	struct err err;

	(void)unused;
	result judged = judge(stream, leaf, untrusted, &err);
	if (FAILED(judged)) {
		refuse(stream, &err);
		X509_STORE_CTX_set_error(store, verdict_of(stream, &err, leaf, untrusted));
		return 0;
	}
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

/* --- the protocol's name --- */

static const uint8_t alpn_list[] = "\x09" TLS_ALPN;
enum { ALPN_LIST_LEN = sizeof(alpn_list) - 1 };
_Static_assert(ALPN_LIST_LEN == 10, "the length byte of the list is that of TLS_ALPN");

static void refuse_tls(struct stream *stream, const char *reason)
{
	struct err err;

	err_set(&err, CODE_TLS, "", "%s", reason);
	refuse(stream, &err);
}

static int on_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len, const unsigned char *offered,
                   unsigned offered_len, void *unused)
{
	unsigned char *found = NULL;

	(void)unused;
	if (SSL_select_next_proto(&found, chosen_len, alpn_list, ALPN_LIST_LEN, offered, offered_len) != OPENSSL_NPN_NEGOTIATED) {
		refuse_tls(SSL_get_app_data(ssl), "the peer offers other protocols, but not " TLS_ALPN);
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	*chosen = found;
	return SSL_TLSEXT_ERR_OK;
}

/* on_alpn is not asked when the peer offers no protocol at all. A peer without supported_versions is left to the library, which
 * refuses it for its version. */
static int on_hello(SSL *ssl, int *alert, void *unused)
{
	const unsigned char *extension;
	size_t len;

	(void)unused;
	if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &extension, &len) ||
	    SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &extension, &len))
		return SSL_CLIENT_HELLO_SUCCESS;
	refuse_tls(SSL_get_app_data(ssl), "the peer did not offer " TLS_ALPN);
	*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	return SSL_CLIENT_HELLO_ERROR;
}

result stream_prepare(void *context, bool serves, struct err *err)
{
	SSL_CTX_set_cert_verify_callback(context, on_verify, NULL);
	if (serves) {
		SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
		SSL_CTX_set_client_hello_cb(context, on_hello, NULL);
		return OK;
	}
	if (SSL_CTX_set_alpn_protos(context, alpn_list, ALPN_LIST_LEN) != 0) /* 0 is success here */
		return err_set(err, CODE_TLS, "", "the TLS library cannot be set up for " TLS_ALPN);
	return OK;
}

/* --- life --- */

/* The name goes to the server in clear (SNI); addresses are not names (RFC 6066 §3). */
static bool say_name(SSL *ssl, const char *name)
{
	uint8_t address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		return true;
	return SSL_set_tlsext_host_name(ssl, name) == 1;
}

result stream_new(struct tls *tls, int fd, const char *server_name, const char *hub, struct stream **ret, struct err *err)
{
	struct stream *stream = mem_alloc(sizeof(*stream));

	ERR_clear_error();
	stream->tls = tls_ref(tls);
	stream->server_name = mem_text(server_name);
	stream->hub = mem_text(hub);
	stream->ssl = SSL_new(tls_context(tls));
	if (stream->ssl == NULL || !SSL_set_app_data(stream->ssl, stream) || !SSL_set_fd(stream->ssl, fd) ||
	    (server_name != NULL && !say_name(stream->ssl, server_name))) {
		stream_free(stream);
		ERR_clear_error();
		return err_set(err, CODE_TLS, "", "the TLS library has no room for another connection");
	}
	if (tls_serves(tls))
		SSL_set_accept_state(stream->ssl);
	else
		SSL_set_connect_state(stream->ssl);
	*ret = stream;
	return OK;
}

void stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	SSL_free(stream->ssl);
	signer_unref(stream->peer);
	tls_unref(stream->tls);
	mem_free(stream->refusal);
	mem_free(stream->server_name);
	mem_free(stream->hub);
	mem_free(stream);
}

static enum stream_step opened(struct stream *stream, struct err *err)
{
	const unsigned char *chosen = NULL;
	unsigned len = 0;

	if (tls_is_web(stream->tls)) {
		stream->open = true;
		return STREAM_DONE;
	}
	SSL_get0_alpn_selected(stream->ssl, &chosen, &len);
	if (!bytes_is(bytes_of(chosen, len), TLS_ALPN)) {
		err_set(err, CODE_TLS, "", "the peer did not agree to " TLS_ALPN);
		return STREAM_FAILED;
	}
	if (stream->peer == NULL) {
		err_set(err, CODE_CERTIFICATE, "", "no certificate was presented");
		return STREAM_FAILED;
	}
	stream->open = true;
	return STREAM_DONE;
}

enum stream_step stream_handshake(struct stream *stream, struct err *err)
{
	ERR_clear_error();
	errno = 0;
	int outcome = SSL_do_handshake(stream->ssl);
	int number = errno;
	return outcome == 1 ? opened(stream, err) : step_of(stream, outcome, number, err);
}

enum stream_step stream_read(struct stream *stream, uint8_t *into, size_t size, size_t *ret_len, struct err *err)
{
	ERR_clear_error();
	errno = 0;
	int outcome = SSL_read_ex(stream->ssl, into, size, ret_len);
	int number = errno;
	return outcome == 1 ? STREAM_DONE : step_of(stream, outcome, number, err);
}

enum stream_step stream_write(struct stream *stream, struct bytes bytes, size_t *ret_len, struct err *err)
{
	ERR_clear_error();
	errno = 0;
	int outcome = SSL_write_ex(stream->ssl, bytes.at, bytes.len, ret_len);
	int number = errno;
	return outcome == 1 ? STREAM_DONE : step_of(stream, outcome, number, err);
}

bool stream_pending(const struct stream *stream)
{
	return SSL_pending(stream->ssl) > 0;
}

void stream_goodbye(struct stream *stream)
{
	if (stream->broken || !SSL_is_init_finished(stream->ssl))
		return;
	ERR_clear_error();
	/* One direction is enough: nobody waits here for the answer (RFC 8446 §6.1), and there is no remedy for a failure. */
	SSL_shutdown(stream->ssl);
	ERR_clear_error();
}

struct signer *stream_peer(const struct stream *stream)
{
	return stream->peer;
}

SSL *stream_ssl(const struct stream *stream)
{
	return stream->ssl;
}
