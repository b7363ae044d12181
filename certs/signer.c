#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "certs/openssl.h"

struct signer {
	atomic_uint count;
	EVP_PKEY *key;
	EVP_MD_CTX *ready; /* set up for the key and copied for each check, where that is cheaper than setting up; or NULL */
	enum key_kind kind;
	enum trust_purpose purpose;
	struct identity identity;
	uint8_t fingerprint[HASH_LEN];
	char serial[CERTIFICATE_SERIAL_MAX];
	int64_t not_before_ms, not_after_ms;
	size_t chain_count;
	struct blob *chain[TRUST_CHAIN_MAX];
};

static RESULT take_key(struct signer *signer, X509 *leaf, struct err *err)
{
	struct err why;

	signer->key = X509_get_pubkey(leaf);
	if (signer->key == NULL)
		return err_set(err, CODE_CERTIFICATE, "", "its key cannot be read");
	if (FAILED(signature_kind(signer->key, &signer->kind, &why)))
		return err_set(err, CODE_CERTIFICATE, "", "its key %s", why.reason);
	if (signer->kind != KEY_RSA && signer->kind != KEY_ED25519)
		return OK;
	signer->ready = EVP_MD_CTX_new();
	if (signer->ready == NULL || !signature_begin_check(signer->ready, signer->key, signer->kind))
		return err_set(err, CODE_CERTIFICATE, "", "its key cannot be used");
	return OK;
}

static RESULT take_chain(struct signer *signer, STACK_OF(X509) *chain, struct err *err)
{
	int count = sk_X509_num(chain);

	if (count > 1 && (X509_get_extension_flags(sk_X509_value(chain, count - 1)) & EXFLAG_SS) != 0)
		count--; /* an authority is of no use to those who do not have it already */
	if (count > TRUST_CHAIN_MAX)
		return err_set(err, CODE_CERTIFICATE, "", "its chain is longer than %d certificates", TRUST_CHAIN_MAX);
	for (int i = 0; i < count; i++)
		signer->chain[signer->chain_count++] = certificate_encode(sk_X509_value(chain, i));
	return OK;
}

static RESULT fill(struct signer *signer, STACK_OF(X509) *chain, struct err *err)
{
	X509 *leaf = sk_X509_value(chain, 0);

	TRY(take_key(signer, leaf, err));
	TRY(take_chain(signer, chain, err));
	if (!certificate_serial(X509_get0_serialNumber(leaf), signer->serial))
		return err_set(err, CODE_CERTIFICATE, "", "its serial number is longer than 20 bytes");
	struct hash fingerprint = hash_of(blob_bytes(signer->chain[0]));
	memcpy(signer->fingerprint, fingerprint.at, HASH_LEN);
	signer->not_before_ms = certificate_time_ms(X509_get0_notBefore(leaf));
	signer->not_after_ms = certificate_time_ms(X509_get0_notAfter(leaf));
	return OK;
}

result signer_new(STACK_OF(X509) *chain, const struct identity *identity, enum trust_purpose purpose, struct signer **ret,
                  struct err *err)
{
	struct signer *signer = mem_alloc(sizeof(*signer));

	atomic_init(&signer->count, 1);
	signer->identity = *identity;
	signer->purpose = purpose;
	result filled = fill(signer, chain, err);
	if (FAILED(filled)) {
		signer_unref(signer);
		return filled;
	}
	*ret = signer;
	return OK;
}

struct signer *signer_ref(struct signer *signer)
{
	atomic_fetch_add_explicit(&signer->count, 1, memory_order_relaxed);
	return signer;
}

void signer_unref(struct signer *signer)
{
	if (signer == NULL || atomic_fetch_sub_explicit(&signer->count, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < signer->chain_count; i++)
		blob_unref(signer->chain[i]);
	EVP_MD_CTX_free(signer->ready);
	EVP_PKEY_free(signer->key);
	mem_free(signer);
}

const struct identity *signer_identity(const struct signer *signer)
{
	return &signer->identity;
}

enum trust_purpose signer_purpose(const struct signer *signer)
{
	return signer->purpose;
}

const char *signer_party(const struct signer *signer)
{
	return signer->identity.party;
}

const char *signer_person(const struct signer *signer)
{
	return signer->identity.kind == IDENTITY_PERSON ? signer->identity.person : NULL;
}

const char *signer_role(const struct signer *signer)
{
	return signer->identity.kind == IDENTITY_PERSON ? signer->identity.role : NULL;
}

const uint8_t *signer_fingerprint(const struct signer *signer)
{
	return signer->fingerprint;
}

int64_t signer_not_after_ms(const struct signer *signer)
{
	return signer->not_after_ms;
}

int64_t signer_not_before_ms(const struct signer *signer)
{
	return signer->not_before_ms;
}

const char *signer_serial(const struct signer *signer)
{
	return signer->serial;
}

size_t signer_chain(const struct signer *signer, struct bytes ret[static TRUST_CHAIN_MAX])
{
	for (size_t i = 0; i < signer->chain_count; i++)
		ret[i] = blob_bytes(signer->chain[i]);
	return signer->chain_count;
}

bool signer_owns_key(const struct signer *signer, const void *key)
{
	ERR_set_mark();
	bool owns = EVP_PKEY_eq(signer->key, key_pkey(key)) == 1;
	ERR_pop_to_mark();
	return owns;
}

static bool signs(const struct signer *signer)
{
	return signer->purpose != TRUST_TLS_PARTY && signer->purpose != TRUST_TLS_HUB;
}

result signer_check(const struct signer *signer, struct bytes message, struct bytes signature, struct err *err)
{
	EVP_MD_CTX *context = hash_signing_context();

	if (!signs(signer))
		return err_set(err, CODE_SIGNATURE, "", "the certificate of %s is for TLS, not for signing", signer->identity.party);
	ERR_set_mark();
	bool begun = signer->ready != NULL ? EVP_MD_CTX_copy_ex(context, signer->ready) == 1
	                                   : signature_begin_check(context, signer->key, signer->kind);
	bool fits = begun && EVP_DigestVerify(context, signature.at, signature.len, message.at, message.len) == 1;
	ERR_pop_to_mark();
	if (!fits)
		return err_set(err, CODE_SIGNATURE, "", "the signature was not made by the key of %s (certificate %s)",
		               signer->identity.party, signer->serial);
	return OK;
}
