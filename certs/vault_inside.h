/* Inside the vault: its keys. Only vault*.c include this. */
#ifndef CERTS_VAULT_INSIDE_H
#define CERTS_VAULT_INSIDE_H

#include "base/text.h"
#include "certs/vault.h"

enum { VAULT_KEY_LEN = 32 };

struct vault_key {
	uint8_t id[VAULT_ID_LEN];
	uint8_t key[VAULT_KEY_LEN];
};

/* Stands in secret memory. */
struct vault {
	size_t count;
	struct vault_key keys[VAULT_KEYS_MAX];
};

struct vault *vault_inside_new(void);

#endif
