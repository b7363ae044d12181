/* One TLS stream on a connected, non-blocking descriptor: the handshake, the judgement of the peer, reading and writing. Turns
 * what the library reports into a code and a reason for a person. Knows no loop and no frame; the channel is built on it. Thread:
 * one.
 *
 * The descriptor stays the caller's. The library writes to it without MSG_NOSIGNAL: the program must ignore SIGPIPE
 * (daemon_prepare does). */
#ifndef CERTS_STREAM_H
#define CERTS_STREAM_H

#include "certs/tls.h"

struct stream;

enum stream_step {
	STREAM_DONE,
	STREAM_WANT_READ,  /* again when the descriptor is readable */
	STREAM_WANT_WRITE, /* again when it is writable */
	STREAM_FAILED,     /* refused by this side; the peer may still have to read why. *err says it */
	STREAM_GONE        /* ended or refused by the peer, or the connection broke. *err says it */
};

/* Sets what judges peers and the protocol (ALPN) on an SSL_CTX. */
RESULT stream_prepare(void *context, bool serves, struct err *err);
/* The same for tls_web_new. trust NULL: no certificate is asked for. */
RESULT stream_prepare_web(void *context, struct trust *trust, struct err *err);

/* server_name, hub: what a client insists on in the server's certificate; NULL at the server. Both are copied. */
RESULT stream_new(struct tls *tls, int fd, const char *server_name, const char *hub, struct stream **ret, struct err *err);
void stream_free(struct stream *stream); /* NULL is fine; sends nothing */
/* After STREAM_DONE the peer is known. A client is done before the server has judged it: a refusal comes with stream_read. */
enum stream_step stream_handshake(struct stream *stream, struct err *err);
/* At most one record. DONE: *ret_len > 0. */
enum stream_step stream_read(struct stream *stream, uint8_t *into, size_t size, size_t *ret_len, struct err *err);
/* May take less than all. After WANT_… offer the same bytes, or more that begin with them. */
enum stream_step stream_write(struct stream *stream, struct bytes bytes, size_t *ret_len, struct err *err);
/* Bytes that stream_read would give although the descriptor is not readable. */
bool stream_pending(const struct stream *stream);
/* close_notify, as far as the descriptor takes it at once. */
void stream_goodbye(struct stream *stream);
struct signer *stream_peer(const struct stream *stream); /* borrowed; NULL until it was judged, and of web clients always */
/* Of a web client after the handshake: whether its certificate carries the name: as its one common name, or as a DNS name, mail address, URI or party
 * (urn:liaison:party:NAME) among its alternative names. Always false without a certificate. */
bool stream_peer_is(const struct stream *stream, const char *name);

#endif
