/* Where a private key lives on a token: a URI of RFC 7512, "pkcs11:token=hub;object=signing?module-path=/usr/lib/…/x.so&pin-source=/etc/liaison/hub.pin".
 * The PIN is never in the URI: it would stand in configurations and in lists of processes. Thread: any, pure but for token_uri_pin. */
#ifndef CERTS_TOKEN_URI_H
#define CERTS_TOKEN_URI_H

#include "base/bytes.h"

enum { TOKEN_URI_TEXT_MAX = 256, TOKEN_URI_ID_MAX = 64, TOKEN_URI_PIN_MAX = 256 };

struct token_uri {
	char token[TOKEN_URI_TEXT_MAX], manufacturer[TOKEN_URI_TEXT_MAX], model[TOKEN_URI_TEXT_MAX], serial[TOKEN_URI_TEXT_MAX]; /* empty: any */
	char object[TOKEN_URI_TEXT_MAX];
	uint8_t id[TOKEN_URI_ID_MAX];
	size_t id_len;
	char module[TOKEN_URI_TEXT_MAX];     /* of module-path; empty: the one that p11-kit offers */
	char pin_source[TOKEN_URI_TEXT_MAX]; /* a path, or "credential:NAME" of systemd; empty: no PIN */
	char shown[TOKEN_URI_TEXT_MAX];      /* the URI without its query, for errors */
};

bool token_uri_is(const char *text);
/* key: not a URI of that scheme, an attribute that is not known or there twice, a PIN within it. Nothing of a PIN is repeated in the reason. */
RESULT token_uri_parse(const char *text, struct token_uri *ret, struct err *err);
/* The PIN: the first line of its source. permission when others may read it; io; key. The caller wipes it. *ret_len 0: there is no source. */
RESULT token_uri_pin(const struct token_uri *uri, char into[static TOKEN_URI_PIN_MAX], size_t *ret_len, struct err *err);

#endif
