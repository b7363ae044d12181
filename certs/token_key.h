/* A token's key as the TLS library and the rest of this room see one. Only key.c includes this. Thread: any. */
#ifndef CERTS_TOKEN_KEY_H
#define CERTS_TOKEN_KEY_H

#include "certs/openssl.h"

struct token_key; /* counted: the library's keys hold on to it */

/* *ret_pkey: its public half; a key of RSA or on a curve also signs, on the token. An Ed25519 key's does not: the library has no way in. */
RESULT token_key_open(const char *uri, struct token_key **ret, EVP_PKEY **ret_pkey, struct err *err);
void token_key_unref(struct token_key *key);
/* As key_sign. */
RESULT token_key_sign(struct token_key *key, enum key_kind kind, struct bytes message, uint8_t into[static KEY_SIGNATURE_MAX], size_t *ret_len, struct err *err);

#endif
