/* A key ring for what rests on a disk: 256-bit keys with ids. The first one seals, the others only open, so that keys can be changed.
 *
 * Sealing is AES-256-GCM. No key of the ring is used directly, and no nonce can repeat: each struct vault_hand draws a salt of 128 random bits, derives a
 * key of its own from it (HKDF-SHA256), and counts its nonces from 0; after 2^32 of them it draws another salt. Two hands would have to draw the same salt: after 2^40
 * starts of a program the odds are below 2^-48. What is sealed is bound to what the caller says it is about: its file and place.
 *
 * A file of the ring: lines of text, mode 0600.
 *   liaison-vault 1
 *   wrap pkcs11:…          optional: the keys are sealed by that AES key, on its token
 *   key ID HEX             the first one seals
 * Thread: a vault any, immutable; a hand one. */
#ifndef CERTS_VAULT_H
#define CERTS_VAULT_H

#include "base/bytes.h"

enum { VAULT_KEYS_MAX = 16, VAULT_ID_LEN = 8, VAULT_SALT_LEN = 16, VAULT_TAG_LEN = 16, VAULT_TRAILER_LEN = 48 /* id, salt, count, tag */ };

struct vault;

/* name: a path, or "credential:NAME" of systemd. permission, io, key, token. */
RESULT vault_load(const char *name, struct vault **ret, struct err *err);
void vault_free(struct vault *vault); /* wipes */
size_t vault_count(const struct vault *vault);
const uint8_t *vault_id(const struct vault *vault, size_t index); /* VAULT_ID_LEN; 0: of the one that seals */

struct vault_hand;
struct vault_hand *vault_hand_new(const struct vault *vault); /* the vault must outlive it */
void vault_hand_free(struct vault_hand *hand);
/* len bytes from plain to into, which may be the same. */
RESULT vault_hand_seal(struct vault_hand *hand, struct bytes about, const uint8_t *plain, size_t len, uint8_t *into, uint8_t trailer[static VAULT_TRAILER_LEN],
                       struct err *err);
/* key: no key of the ring has the trailer's id; corrupt: altered, or about something else. into is then undefined. */
RESULT vault_hand_open(struct vault_hand *hand, struct bytes about, const uint8_t *sealed, size_t len, const uint8_t trailer[static VAULT_TRAILER_LEN],
                       uint8_t *into, struct err *err);

/* Writes a file with one new key; refuses to overwrite. wrap: a URI of an AES key on a token, which is made if it is not there; NULL: none. */
RESULT vault_make(const char *path, const char *wrap, struct err *err);
/* Puts a new key before the others. */
RESULT vault_add(const char *path, struct err *err);
/* Takes out all keys but the first. */
RESULT vault_keep_first(const char *path, struct err *err);

#endif
