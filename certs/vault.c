#include "certs/vault.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "certs/hash.h"
#include "certs/vault_inside.h"

enum { HANDS_OPEN_MAX = 16, NONCE_LEN = 12 };

static const uint64_t COUNT_MAX = UINT64_C(1) << 32;

/* What was sealed by another hand is opened with the key derived from its salt, which is kept for the next time. */
struct opener {
	uint8_t id[VAULT_ID_LEN], salt[VAULT_SALT_LEN];
	EVP_CIPHER_CTX *context; /* NULL: free */
};

struct vault_hand {
	const struct vault *vault;
	uint8_t salt[VAULT_SALT_LEN];
	uint64_t count;
	EVP_CIPHER_CTX *sealer; /* NULL: none yet */
	struct opener openers[HANDS_OPEN_MAX];
	size_t next_opener;
};

/* ---- keys ---- */

size_t vault_count(const struct vault *vault)
{
	return vault->count;
}

const uint8_t *vault_id(const struct vault *vault, size_t index)
{
	return vault->keys[index].id;
}

struct vault *vault_inside_new(void)
{
	return secret_alloc(sizeof(struct vault));
}

void vault_free(struct vault *vault)
{
	secret_free(vault, sizeof(*vault));
}

static const struct vault_key *find_key(const struct vault *vault, const uint8_t *id)
{
	for (size_t i = 0; i < vault->count; i++)
		if (memcmp(vault->keys[i].id, id, VAULT_ID_LEN) == 0)
			return &vault->keys[i];
	return NULL;
}

static bool derive(const struct vault_key *key, const uint8_t *salt, uint8_t into[static VAULT_KEY_LEN])
{
	static char info[] = "liaison vault 1", digest[] = "SHA256";
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key->key, VAULT_KEY_LEN),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, VAULT_SALT_LEN),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, strlen(info)),
		OSSL_PARAM_construct_end(),
	};
	bool derived = context != NULL && EVP_KDF_derive(context, into, VAULT_KEY_LEN, parameters) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return derived;
}

/* A context with the key in it; each operation gives it a nonce. */
static EVP_CIPHER_CTX *new_context(const struct vault_key *key, const uint8_t *salt, int seals)
{
	uint8_t *derived = secret_alloc(VAULT_KEY_LEN);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	if (context != NULL && (!derive(key, salt, derived) || EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, derived, NULL, seals) != 1)) {
		EVP_CIPHER_CTX_free(context);
		context = NULL;
	}
	secret_free(derived, VAULT_KEY_LEN);
	return context;
}

/* ---- hands ---- */

struct vault_hand *vault_hand_new(const struct vault *vault)
{
	struct vault_hand *hand = mem_alloc(sizeof(*hand));

	hand->vault = vault;
	return hand;
}

void vault_hand_free(struct vault_hand *hand)
{
	if (hand == NULL)
		return;
	EVP_CIPHER_CTX_free(hand->sealer);
	for (size_t i = 0; i < HANDS_OPEN_MAX; i++)
		EVP_CIPHER_CTX_free(hand->openers[i].context);
	mem_free(hand);
}

static RESULT failed(struct err *err)
{
	ERR_clear_error();
	return err_set(err, CODE_KEY, "", "the cryptographic library refuses AES-256-GCM");
}

static RESULT ready(struct vault_hand *hand, struct err *err)
{
	if (hand->sealer != NULL && hand->count < COUNT_MAX)
		return OK;
	EVP_CIPHER_CTX_free(hand->sealer);
	hash_random(hand->salt, sizeof(hand->salt));
	hand->count = 0;
	hand->sealer = new_context(&hand->vault->keys[0], hand->salt, 1);
	return hand->sealer != NULL ? OK : failed(err);
}

static void put_count(uint64_t count, uint8_t into[static 8])
{
	for (int i = 7; i >= 0; i--, count >>= 8)
		into[i] = (uint8_t)(count & 0xff);
}

/* The trailer up to its tag is told apart as well: an id or a count that is exchanged does not open. */
static bool run(EVP_CIPHER_CTX *context, struct bytes about, const uint8_t *trailer, const uint8_t *from, size_t len, uint8_t *into)
{
	uint8_t nonce[NONCE_LEN] = {0};
	int done = 0;

	memcpy(nonce + NONCE_LEN - 8, trailer + VAULT_ID_LEN + VAULT_SALT_LEN, 8);
	return EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, -1) == 1 && EVP_CipherUpdate(context, NULL, &done, about.at, (int)about.len) == 1 &&
	       EVP_CipherUpdate(context, NULL, &done, trailer, VAULT_TRAILER_LEN - VAULT_TAG_LEN) == 1 &&
	       EVP_CipherUpdate(context, into, &done, from, (int)len) == 1 && done == (int)len;
}

result vault_hand_seal(struct vault_hand *hand, struct bytes about, const uint8_t *plain, size_t len, uint8_t *into, uint8_t trailer[static VAULT_TRAILER_LEN],
                       struct err *err)
{
	uint8_t none[VAULT_TAG_LEN];
	int rest = 0;

	TRY(ready(hand, err));
	memcpy(trailer, hand->vault->keys[0].id, VAULT_ID_LEN);
	memcpy(trailer + VAULT_ID_LEN, hand->salt, VAULT_SALT_LEN);
	put_count(hand->count++, trailer + VAULT_ID_LEN + VAULT_SALT_LEN);
	if (!run(hand->sealer, about, trailer, plain, len, into) || EVP_CipherFinal_ex(hand->sealer, none, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(hand->sealer, EVP_CTRL_AEAD_GET_TAG, VAULT_TAG_LEN, trailer + VAULT_TRAILER_LEN - VAULT_TAG_LEN) != 1)
		return failed(err);
	return OK;
}

static RESULT find_opener(struct vault_hand *hand, const uint8_t *trailer, EVP_CIPHER_CTX **ret, struct err *err)
{
	const uint8_t *id = trailer, *salt = trailer + VAULT_ID_LEN;

	for (size_t i = 0; i < HANDS_OPEN_MAX; i++) {
		const struct opener *opener = &hand->openers[i];
		if (opener->context != NULL && memcmp(opener->salt, salt, VAULT_SALT_LEN) == 0 && memcmp(opener->id, id, VAULT_ID_LEN) == 0) {
			*ret = opener->context;
			return OK;
		}
	}
	const struct vault_key *key = find_key(hand->vault, id);
	char text[2 * VAULT_ID_LEN + 1];
	if (key == NULL)
		return err_set(err, CODE_KEY, "", "it is sealed with the key %s, which is not in the ring", text_hex(bytes_of(id, VAULT_ID_LEN), text));
	struct opener *opener = &hand->openers[hand->next_opener++ % HANDS_OPEN_MAX];
	EVP_CIPHER_CTX_free(opener->context);
	opener->context = new_context(key, salt, 0);
	memcpy(opener->id, id, VAULT_ID_LEN);
	memcpy(opener->salt, salt, VAULT_SALT_LEN);
	*ret = opener->context;
	return opener->context != NULL ? OK : failed(err);
}

result vault_hand_open(struct vault_hand *hand, struct bytes about, const uint8_t *sealed, size_t len, const uint8_t trailer[static VAULT_TRAILER_LEN],
                       uint8_t *into, struct err *err)
{
	EVP_CIPHER_CTX *context = NULL;
	uint8_t tag[VAULT_TAG_LEN], none[VAULT_TAG_LEN];
	int rest = 0;

	TRY(find_opener(hand, trailer, &context, err));
	memcpy(tag, trailer + VAULT_TRAILER_LEN - VAULT_TAG_LEN, VAULT_TAG_LEN);
	if (!run(context, about, trailer, sealed, len, into) || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, VAULT_TAG_LEN, tag) != 1 ||
	    EVP_CipherFinal_ex(context, none, &rest) != 1) {
		ERR_clear_error();
		return err_set(err, CODE_CORRUPT, "", "it was altered, or stood elsewhere");
	}
	return OK;
}
