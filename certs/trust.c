#include "certs/trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pack.h"
#include "certs/openssl.h"

enum { LIST_FILE_MAX = 64 << 20, AUTHORITIES_MAX = 256 };

struct trust {
	atomic_uint count;
	X509_STORE *store;
	bool has_lists;
	int64_t due_ms;
};

/* --- authorities --- */

static RESULT add_authority(struct trust *trust, X509 *certificate, const char *path, struct err *err)
{
	char name[CERTIFICATE_NAME_MAX];

	certificate_name(X509_get_subject_name(certificate), name);
	/* 1 alone means that the certificate itself says so; the library would guess for older ones. */
	if (X509_check_ca(certificate) != 1 || (X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) == 0)
		return err_set(err, CODE_CERTIFICATE, path, "%s is not an authority (basicConstraints CA, keyUsage keyCertSign)", name);
	if (!X509_STORE_add_cert(trust->store, certificate))
		return err_set(err, CODE_CERTIFICATE, path, "%s cannot be kept as an authority", name);
	return OK;
}

static RESULT load_authorities(struct trust *trust, const char *path, struct err *err)
{
	STACK_OF(X509) *all = NULL;
	result added = OK;

	TRY(certificate_read(path, &all, err));
	if (sk_X509_num(all) > AUTHORITIES_MAX)
		added = err_set(err, CODE_CERTIFICATE, path, "holds more than %d authorities", AUTHORITIES_MAX);
	for (int i = 0; i < sk_X509_num(all) && !FAILED(added); i++)
		added = add_authority(trust, sk_X509_value(all, i), path, err);
	certificate_free_all(all);
	return added;
}

/* Calls fn for the authorities until it says true. */
static bool any_authority(const struct trust *trust, bool (*fn)(X509 *authority, void *ctx), void *ctx)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(trust->store);

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		X509 *authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		if (authority != NULL && fn(authority, ctx))
			return true;
	}
	return false;
}

static bool issued(X509 *authority, void *certificate)
{
	return X509_check_issued(authority, certificate) == X509_V_OK;
}

/* An intermediate without its root would be refused later, certificate by certificate, with a reason that misleads. */
static RESULT check_roots(const struct trust *trust, const char *path, struct err *err)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(trust->store);

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		X509 *authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		char name[CERTIFICATE_NAME_MAX], above[CERTIFICATE_NAME_MAX];
		if (authority == NULL || any_authority(trust, issued, authority))
			continue;
		certificate_name(X509_get_subject_name(authority), name);
		certificate_name(X509_get_issuer_name(authority), above);
		return err_set(err, CODE_CERTIFICATE, path, "the authority %s was issued by %s, which is not there; add its certificate",
		               name, above);
	}
	return OK;
}

/* --- revocation lists --- */

static bool signed_list(X509 *authority, void *list)
{
	if (X509_NAME_cmp(X509_get_subject_name(authority), X509_CRL_get_issuer(list)) != 0)
		return false;
	return X509_CRL_verify(list, X509_get0_pubkey(authority)) == 1;
}

static RESULT add_list(struct trust *trust, X509_CRL *list, const char *path, struct err *err)
{
	char issuer[CERTIFICATE_NAME_MAX];
	int64_t due_ms = certificate_time_ms(X509_CRL_get0_nextUpdate(list));

	certificate_name(X509_CRL_get_issuer(list), issuer);
	if (due_ms == 0)
		return err_set(err, CODE_CERTIFICATE, path, "the revocation list of %s does not say when the next is due", issuer);
	if (!any_authority(trust, signed_list, list))
		return err_set(err, CODE_CERTIFICATE, path, "the revocation list is not of an authority that is trusted: %s", issuer);
	if (!X509_STORE_add_crl(trust->store, list))
		return err_set(err, CODE_CERTIFICATE, path, "the revocation list of %s cannot be kept", issuer);
	if (trust->due_ms == 0 || due_ms < trust->due_ms)
		trust->due_ms = due_ms;
	return OK;
}

static RESULT read_lists(struct trust *trust, BIO *pem, const char *path, struct err *err)
{
	X509_CRL *list;
	size_t count = 0;

	while ((list = PEM_read_bio_X509_CRL(pem, NULL, NULL, NULL)) != NULL) {
		result added = add_list(trust, list, path, err);
		X509_CRL_free(list);
		TRY(added);
		count++;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return err_set(err, CODE_CERTIFICATE, path, "revocation list %zu of the file is damaged", count + 1);
	if (count == 0)
		return err_set(err, CODE_CERTIFICATE, path, "holds no revocation list in PEM");
	return OK;
}

static RESULT load_lists(struct trust *trust, const char *path, struct err *err)
{
	struct buf file;

	TRY(file_read(path, LIST_FILE_MAX, &file, err));
	BIO *pem = BIO_new_mem_buf(file.len > 0 ? (const void *)file.at : "", (int)file.len);
	result read = pem != NULL ? read_lists(trust, pem, path, err) : err_set(err, CODE_CERTIFICATE, path, "cannot be read");
	BIO_free(pem);
	buf_done(&file);
	return read;
}

/* --- life --- */

static RESULT fill(struct trust *trust, const char *const *ca_files, size_t ca_count, const char *const *crl_files,
                   size_t crl_count, struct err *err)
{
	if (ca_count == 0)
		return err_set(err, CODE_CONFIG, "", "no authority to trust is named");
	if (trust->store == NULL)
		return err_set(err, CODE_CERTIFICATE, "", "the library cannot make a store of authorities");
	for (size_t i = 0; i < ca_count; i++)
		TRY(load_authorities(trust, ca_files[i], err));
	TRY(check_roots(trust, ca_files[0], err));
	for (size_t i = 0; i < crl_count; i++)
		TRY(load_lists(trust, crl_files[i], err));
	trust->has_lists = crl_count > 0;
	return OK;
}

result trust_load(const char *const *ca_files, size_t ca_count, const char *const *crl_files, size_t crl_count,
                  struct trust **ret, struct err *err)
{
	struct trust *trust = mem_alloc(sizeof(*trust));

	ERR_set_mark();
	atomic_init(&trust->count, 1);
	trust->store = X509_STORE_new();
	result filled = fill(trust, ca_files, ca_count, crl_files, crl_count, err);
	ERR_pop_to_mark();
	if (FAILED(filled)) {
		trust_unref(trust);
		return filled;
	}
	*ret = trust;
	return OK;
}

/* --- as bytes, for a process without files --- */

static int count_of(const struct trust *trust, X509_LOOKUP_TYPE kind)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(trust->store);
	int count = 0;

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++)
		count += X509_OBJECT_get_type(sk_X509_OBJECT_value(all, i)) == kind;
	return count;
}

static void pack_object(X509_OBJECT *object, struct buf *out)
{
	uint8_t *der = NULL;
	int len = X509_OBJECT_get_type(object) == X509_LU_X509 ? i2d_X509(X509_OBJECT_get0_X509(object), &der)
	                                                        : i2d_X509_CRL(X509_OBJECT_get0_X509_CRL(object), &der);

	pack_put_bin(out, len > 0 ? bytes_of(der, (size_t)len) : BYTES_NONE);
	OPENSSL_free(der);
}

static void pack_objects(const struct trust *trust, X509_LOOKUP_TYPE kind, struct buf *out)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(trust->store);

	pack_put_array(out, (size_t)count_of(trust, kind));
	for (int i = 0; i < sk_X509_OBJECT_num(all); i++)
		if (X509_OBJECT_get_type(sk_X509_OBJECT_value(all, i)) == kind)
			pack_object(sk_X509_OBJECT_value(all, i), out);
}

void trust_pack(const struct trust *trust, struct buf *out)
{
	pack_put_array(out, 2);
	pack_objects(trust, X509_LU_X509, out);
	pack_objects(trust, X509_LU_CRL, out);
}

static RESULT unpack_authority(struct trust *trust, struct bytes der, struct err *err)
{
	X509 *authority = NULL;

	TRY(certificate_decode(der, &authority, err));
	result added = add_authority(trust, authority, "authorities", err);
	X509_free(authority);
	return added;
}

static RESULT unpack_list(struct trust *trust, struct bytes der, struct err *err)
{
	const uint8_t *at = der.at;
	X509_CRL *list = d2i_X509_CRL(NULL, &at, (long)der.len);

	if (list == NULL || at != der.at + der.len) {
		X509_CRL_free(list);
		return err_set(err, CODE_CERTIFICATE, "lists", "is no revocation list in DER");
	}
	result added = add_list(trust, list, "lists", err);
	X509_CRL_free(list);
	return added;
}

static RESULT unpack(struct trust *trust, struct bytes packed, struct err *err)
{
	struct pack_in in = pack_in(packed, err);

	pack_array_of(&in, "", 2);
	size_t authorities = pack_array(&in, "/0");
	for (size_t i = 0; i < authorities && !in.failed; i++) {
		struct bytes der = pack_bin(&in, "/0", CERTIFICATE_DER_MAX);
		if (!in.failed)
			TRY(unpack_authority(trust, der, err));
	}
	if (!in.failed)
		TRY(check_roots(trust, "authorities", err));
	size_t lists = pack_array(&in, "/1");
	for (size_t i = 0; i < lists && !in.failed; i++) {
		struct bytes der = pack_bin(&in, "/1", LIST_FILE_MAX);
		if (!in.failed)
			TRY(unpack_list(trust, der, err));
	}
	trust->has_lists = lists > 0;
	return pack_end(&in);
}

result trust_unpack(struct bytes packed, struct trust **ret, struct err *err)
{
	struct trust *trust = mem_alloc(sizeof(*trust));

	ERR_set_mark();
	atomic_init(&trust->count, 1);
	trust->store = X509_STORE_new();
	result unpacked = trust->store != NULL ? unpack(trust, packed, err)
	                                       : err_set(err, CODE_CERTIFICATE, "", "the library cannot make a store of authorities");
	ERR_pop_to_mark();
	if (FAILED(unpacked)) {
		trust_unref(trust);
		return unpacked;
	}
	*ret = trust;
	return OK;
}

struct trust *trust_ref(struct trust *trust)
{
	atomic_fetch_add_explicit(&trust->count, 1, memory_order_relaxed);
	return trust;
}

void trust_unref(struct trust *trust)
{
	if (trust == NULL || atomic_fetch_sub_explicit(&trust->count, 1, memory_order_acq_rel) != 1)
		return;
	X509_STORE_free(trust->store);
	mem_free(trust);
}

int64_t trust_crl_due_ms(const struct trust *trust)
{
	return trust->due_ms;
}

X509_STORE *trust_store(const struct trust *trust)
{
	return trust->store;
}

bool trust_has_lists(const struct trust *trust)
{
	return trust->has_lists;
}
