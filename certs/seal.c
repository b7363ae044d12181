#include "certs/seal.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "certs/openssl.h"

enum { READ_BYTES = 16384 };

static RESULT failed(struct err *err, enum code code, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	return err_set(err, code, "", "%s: %s", what, why != NULL ? why : "the library refused");
}

static RESULT leaf_of(const struct signer *signer, X509 **ret, struct err *err)
{
	struct bytes chain[TRUST_CHAIN_MAX];

	if (signer_chain(signer, chain) == 0)
		return err_set(err, CODE_CERTIFICATE, "", "there is no certificate");
	return certificate_decode(chain[0], ret, err);
}

/* --- closing --- */

/* PKCS #1 v1.5 would be the library's choice; OAEP gives an attacker nothing to ask about. */
static bool choose_padding(CMS_RecipientInfo *recipient)
{
	if (CMS_RecipientInfo_type(recipient) != CMS_RECIPINFO_TRANS)
		return true;
	EVP_PKEY_CTX *context = CMS_RecipientInfo_get0_pkey_ctx(recipient);
	return context != NULL && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(context, hash_sha256()) == 1;
}

static RESULT add_recipient(CMS_ContentInfo *cms, const struct signer *signer, struct err *err)
{
	X509 *certificate = NULL;

	if (signer_purpose(signer) != TRUST_SEAL)
		return err_set(err, CODE_CERTIFICATE, "", "the certificate of %s is not for sealing", signer_party(signer));
	TRY(leaf_of(signer, &certificate, err));
	CMS_RecipientInfo *recipient = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
	bool added = recipient != NULL && choose_padding(recipient);
	X509_free(certificate);
	return added ? OK : failed(err, CODE_CERTIFICATE, "cannot be sealed for the key of a recipient");
}

static RESULT append_der(CMS_ContentInfo *cms, struct buf *out, struct err *err)
{
	uint8_t *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);

	buf_add(out, bytes_of(der, len > 0 ? (size_t)len : 0));
	OPENSSL_free(der);
	if (len <= 0)
		return failed(err, CODE_CERTIFICATE, "the sealed part cannot be written");
	return buf_check(out, "", err);
}

static RESULT close_for(CMS_ContentInfo *cms, struct signer *const *recipients, size_t count, BIO *plain, struct buf *out, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		TRY(add_recipient(cms, recipients[i], err));
	if (CMS_final(cms, plain, NULL, CMS_BINARY) != 1)
		return failed(err, CODE_CERTIFICATE, "the part cannot be sealed");
	return append_der(cms, out, err);
}

result seal_close(struct signer *const *recipients, size_t count, struct bytes plain, struct buf *out, struct err *err)
{
	if (count == 0 || count > SEAL_RECIPIENTS_MAX)
		return err_set(err, CODE_TOO_LARGE, "", "sealed for %zu recipients; 1 to %d are possible", count, SEAL_RECIPIENTS_MAX);
	if (plain.len > SEAL_BYTES_MAX)
		return err_set(err, CODE_TOO_LARGE, "", "%zu bytes to seal; at most %d", plain.len, SEAL_BYTES_MAX);
	ERR_set_mark();
	BIO *in = BIO_new_mem_buf(plain.len > 0 ? (const void *)plain.at : "", (int)plain.len);
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_PARTIAL | CMS_BINARY);
	result closed = in != NULL && cms != NULL ? close_for(cms, recipients, count, in, out, err)
	                                          : failed(err, CODE_CERTIFICATE, "the part cannot be sealed");
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	ERR_pop_to_mark();
	return closed;
}

/* --- opening --- */

static RESULT parse(struct bytes sealed, CMS_ContentInfo **ret, struct err *err)
{
	const uint8_t *at = sealed.at;

	if (sealed.len == 0 || sealed.len > SEAL_BYTES_MAX + (1 << 20))
		return err_set(err, CODE_MALFORMED, "", "a sealed part of %zu bytes", sealed.len);
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)sealed.len);
	if (cms == NULL)
		return err_set(err, CODE_MALFORMED, "", "is no CMS in DER");
	if (at != sealed.at + sealed.len || OBJ_obj2nid(CMS_get0_type(cms)) != NID_id_smime_ct_authEnvelopedData) {
		CMS_ContentInfo_free(cms);
		return err_set(err, CODE_MALFORMED, "", "is not exactly one AuthEnvelopedData of CMS");
	}
	*ret = cms;
	return OK;
}

result seal_check(struct bytes sealed, struct err *err)
{
	CMS_ContentInfo *cms = NULL;

	ERR_set_mark();
	result checked = parse(sealed, &cms, err);
	if (!FAILED(checked) && sk_CMS_RecipientInfo_num(CMS_get0_RecipientInfos(cms)) <= 0)
		checked = err_set(err, CODE_MALFORMED, "", "is sealed for nobody");
	CMS_ContentInfo_free(cms);
	ERR_pop_to_mark();
	return checked;
}

static bool is_for(CMS_RecipientInfo *recipient, X509 *certificate)
{
	if (CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_TRANS)
		return CMS_RecipientInfo_ktri_cert_cmp(recipient, certificate) == 0;
	if (CMS_RecipientInfo_type(recipient) != CMS_RECIPINFO_AGREE)
		return false;
	STACK_OF(CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks(recipient);
	for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); i++)
		if (CMS_RecipientEncryptedKey_cert_cmp(sk_CMS_RecipientEncryptedKey_value(keys, i), certificate) == 0)
			return true;
	return false;
}

static RESULT check_recipient(CMS_ContentInfo *cms, X509 *certificate, struct err *err)
{
	STACK_OF(CMS_RecipientInfo) *recipients = CMS_get0_RecipientInfos(cms);

	for (int i = 0; i < sk_CMS_RecipientInfo_num(recipients); i++)
		if (is_for(sk_CMS_RecipientInfo_value(recipients, i), certificate))
			return OK;
	return err_set(err, CODE_NOT_FOUND, "", "is not sealed for this certificate");
}

static RESULT decrypt(CMS_ContentInfo *cms, X509 *certificate, const struct key *key, struct buf *out, struct err *err)
{
	BIO *plain = BIO_new(BIO_s_mem());
	char *at = NULL;

	if (plain == NULL)
		return failed(err, CODE_KEY, "the part cannot be opened");
	result opened;
	if (CMS_decrypt(cms, key_pkey(key), certificate, NULL, plain, CMS_BINARY) == 1) {
		long len = BIO_get_mem_data(plain, &at);
		buf_add(out, bytes_of(at, len > 0 ? (size_t)len : 0));
		opened = buf_check(out, "", err);
	} else {
		opened = err_set(err, CODE_PART_HASH, "", "the sealed part does not open: it was altered, or sealed for another key");
	}
	/* What was decrypted before a fault showed must not stay. */
	long len = BIO_get_mem_data(plain, &at);
	if (len > 0)
		OPENSSL_cleanse(at, (size_t)len);
	BIO_free(plain);
	return opened;
}

result seal_open(const struct signer *own, const struct key *key, struct bytes sealed, struct buf *out, struct err *err)
{
	CMS_ContentInfo *cms = NULL;
	X509 *certificate = NULL;

	ERR_set_mark();
	result opened = parse(sealed, &cms, err);
	if (!FAILED(opened))
		opened = leaf_of(own, &certificate, err);
	if (!FAILED(opened))
		opened = check_recipient(cms, certificate, err);
	if (!FAILED(opened))
		opened = decrypt(cms, certificate, key, out, err);
	X509_free(certificate);
	CMS_ContentInfo_free(cms);
	ERR_pop_to_mark();
	return opened;
}
