/* Private keys. Read from a PEM file that only its owner may read, or used on a PKCS#11 token by the URI that names it; never printed; wiped when freed. P-256, P-384, Ed25519,
 * RSA >= 2048 (signs with PSS, SHA-256, salt of 32): the key decides the algorithm, ECDSA signatures are DER. Thread: any; a key is immutable. */
#ifndef CERTS_KEY_H
#define CERTS_KEY_H

#include "base/bytes.h"

struct key;

enum key_kind { KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA };

/* name: a path, "credential:NAME" (see secret_file.h), or a URI "pkcs11:…" (see token_uri.h); a file may also hold such a URI in the key's place.
 * permission when group or others have any right on the file; key when it is not a usable key; token when that is what is the matter. */
RESULT key_load(const char *name, struct key **ret, struct err *err);
/* Signing may fail at any time (code token) and hold again later; the key cannot be saved. */
bool key_is_on_token(const struct key *key);
RESULT key_new(enum key_kind kind, int rsa_bits, struct key **ret, struct err *err);
/* Writes PKCS#8 PEM, mode 0600; refuses to overwrite. */
RESULT key_save(const struct key *key, const char *path, struct err *err);
struct key *key_ref(struct key *key);
void key_unref(struct key *key);
enum key_kind key_kind(const struct key *key);
bool key_kind_from_text(const char *text, enum key_kind *ret); /* "p256" "p384" "ed25519" "rsa" */
enum { KEY_SIGNATURE_MAX = 1024 };
/* Signs message bytes (hashing is the algorithm's). */
RESULT key_sign(const struct key *key, struct bytes message, uint8_t into[static KEY_SIGNATURE_MAX], size_t *ret_len, struct err *err);
/* For rooms of certs only. */
void *key_pkey(const struct key *key); /* EVP_PKEY, borrowed */

#endif
