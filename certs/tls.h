/* TLS contexts: 1.3 only, both sides show certificates, ALPN "liaison/1", no resumption (a resumed session would outlive
 * revocation), no early data, no compression. Immutable and counted: a reload makes another, links that stand keep theirs.
 * Thread: any. */
#ifndef CERTS_TLS_H
#define CERTS_TLS_H

#include "certs/key.h"
#include "certs/trust.h"

#define TLS_ALPN "liaison/1"

struct tls;

/* certificate: PEM, leaf first, then intermediates. The key must be its other half. config/key/permission/certificate with the
 * file's name. */
RESULT tls_server_new(const char *certificate, const char *key, struct trust *trust, struct tls **ret, struct err *err);
RESULT tls_client_new(const char *certificate, const char *key, struct trust *trust, struct tls **ret, struct err *err);
/* For an agency's own systems, over HTTP: TLS 1.3 and no resumption as above, ALPN http/1.1 or none. Clients show a certificate of the trust's authorities, whomever it
 * names (see stream_peer_is); trust NULL: none is asked for. */
RESULT tls_web_new(const char *certificate, const char *key, struct trust *trust, struct tls **ret, struct err *err);
/* The certificate with its intermediates, and the key, for another process, which has no files: appends one packed value, which is a
 * secret. key when the key is not one that can be handed over. */
RESULT tls_pack(const struct tls *tls, struct buf *out, struct err *err);
/* What tls_pack made of a tls_server_new. */
RESULT tls_server_unpack(struct bytes packed, struct trust *trust, struct tls **ret, struct err *err);
/* Has the library read what it wants to read from files: for who will not be able to any more. */
void tls_prepare(void);
struct tls *tls_ref(struct tls *tls);
void tls_unref(struct tls *tls);
struct trust *tls_trust(const struct tls *tls);  /* borrowed; NULL of a tls_web_new without */
int64_t tls_not_after_ms(const struct tls *tls); /* of our own certificate */
const char *tls_serial(const struct tls *tls);   /* the same, in hex */
/* Whether both show the same certificate of our own. */
bool tls_shows_same(const struct tls *a, const struct tls *b);
/* For rooms of certs only. */
void *tls_context(const struct tls *tls); /* SSL_CTX, borrowed */
bool tls_serves(const struct tls *tls);
bool tls_is_web(const struct tls *tls);

#endif
