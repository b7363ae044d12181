/* A key on a PKCS#11 token, used where it is: nothing here can take it out. The module of the URI is loaded into the process, a session opened, the PIN read from
 * its source and wiped, the key found. When an operation fails, session and key are looked for once more, so that a token that was away is taken up
 * again when it is back; a PIN that was refused is never tried a second time, because tokens lock after a few.
 * Failures carry the code token, with the URI (without its query) as field. For rooms of certs only.
 * Thread: any; operations of one key wait for each other. After a fork the child opens the module anew. */
#ifndef CERTS_TOKEN_H
#define CERTS_TOKEN_H

#include "base/bytes.h"

struct token;

enum token_class { TOKEN_PRIVATE, TOKEN_PUBLIC, TOKEN_CERTIFICATE, TOKEN_SECRET };

/* What is asked of an object. */
enum token_attribute { TOKEN_KEY_TYPE, TOKEN_ID, TOKEN_EC_PARAMS, TOKEN_EC_POINT, TOKEN_MODULUS, TOKEN_EXPONENT, TOKEN_VALUE };

enum token_key_type { TOKEN_RSA, TOKEN_EC, TOKEN_EDWARDS, TOKEN_AES, TOKEN_OTHER };

enum token_mechanism {
	TOKEN_ECDSA,      /* over a digest; r and s as they are */
	TOKEN_EDDSA,      /* over the message */
	TOKEN_PSS_SHA256, /* over a digest; salt of 32 */
	TOKEN_RSA_RAW     /* over a padded block */
};

/* The private (or secret) key that the URI names: exactly one. key, token, permission, io. */
RESULT token_open(const char *uri, enum token_class class, struct token **ret, struct err *err);
void token_close(struct token *token);
const char *token_shown(const struct token *token);
enum token_key_type token_key_type(const struct token *token);
/* Of the key itself, or of the public key or certificate with the same id. *ret_found false: there is no such object or attribute. */
RESULT token_ask(struct token *token, enum token_class class, enum token_attribute what, struct buf *out, bool *ret_found, struct err *err);
RESULT token_sign(struct token *token, enum token_mechanism mechanism, struct bytes input, uint8_t *into, size_t size, size_t *ret_len, struct err *err);
enum { TOKEN_GCM_NONCE = 12, TOKEN_GCM_TAG = 16 };
/* AES-256-GCM by a secret key: the ciphertext has the tag at its end. */
RESULT token_seal(struct token *token, bool opens, const uint8_t nonce[static TOKEN_GCM_NONCE], struct bytes extra, struct bytes input, uint8_t *into, size_t size,
                  size_t *ret_len, struct err *err);
/* Makes such a key, which never leaves the token, under the URI's object name; it must not be there. */
RESULT token_make_secret(const char *uri, struct err *err);

#endif
