#include <openssl/err.h>
#include <openssl/pem.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/openssl.h"

enum { SERIAL_BYTES_MAX = 20 };

int64_t certificate_time_ms(const ASN1_TIME *time)
{
	struct tm tm = {0};

	if (time == NULL || !ASN1_TIME_to_tm(time, &tm))
		return 0;
	return (int64_t)timegm(&tm) * 1000;
}

const char *certificate_name(const X509_NAME *name, char into[static CERTIFICATE_NAME_MAX])
{
	char *at = NULL;
	BIO *bio = BIO_new(BIO_s_mem());

	ERR_set_mark();
	if (bio != NULL)
		X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	long len = bio != NULL ? BIO_get_mem_data(bio, &at) : 0;
	text_safe(bytes_of(at, len > 0 ? (size_t)len : 0), into, CERTIFICATE_NAME_MAX);
	BIO_free(bio);
	ERR_pop_to_mark();
	return into;
}

bool certificate_serial(const ASN1_INTEGER *serial, char into[static CERTIFICATE_SERIAL_MAX])
{
	static const char digits[] = "0123456789ABCDEF";
	const uint8_t *at = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);
	char *to = into;

	if (len < 1 || len > SERIAL_BYTES_MAX)
		return false;
	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		*to++ = '-';
	for (int i = 0; i < len; i++) {
		*to++ = digits[at[i] >> 4];
		*to++ = digits[at[i] & 15];
	}
	*to = '\0';
	return true;
}

result certificate_decode(struct bytes der, X509 **ret, struct err *err)
{
	const uint8_t *at = der.at;

	if (der.len == 0 || der.len > CERTIFICATE_DER_MAX)
		return err_set(err, CODE_CERTIFICATE, "", "a certificate of %zu bytes; 1 to %d are accepted", der.len,
		               CERTIFICATE_DER_MAX);
	ERR_set_mark();
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
	ERR_pop_to_mark();
	if (certificate == NULL)
		return err_set(err, CODE_CERTIFICATE, "", "is no certificate in DER");
	if (at != der.at + der.len) {
		X509_free(certificate);
		return err_set(err, CODE_CERTIFICATE, "", "bytes follow the certificate");
	}
	*ret = certificate;
	return OK;
}

struct blob *certificate_encode(X509 *certificate)
{
	uint8_t *der = NULL;
	int len = i2d_X509(certificate, &der);
	struct blob *blob = blob_new(bytes_of(der, len > 0 ? (size_t)len : 0));

	OPENSSL_free(der);
	return blob;
}

static RESULT read_all(BIO *pem, const char *name, STACK_OF(X509) *into, struct err *err)
{
	X509 *certificate;

	while ((certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
		if (!sk_X509_push(into, certificate)) {
			X509_free(certificate);
			return err_set(err, CODE_CERTIFICATE, name, "the certificates cannot be kept");
		}
	}
	/* Anything but a clean end would cut the list short in silence. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return err_set(err, CODE_CERTIFICATE, name, "certificate %d of the file is damaged", sk_X509_num(into) + 1);
	if (sk_X509_num(into) == 0)
		return err_set(err, CODE_CERTIFICATE, name, "holds no certificate in PEM");
	return OK;
}

result certificate_read_bytes(struct bytes pem, const char *name, STACK_OF(X509) **ret, struct err *err)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *bio = pem.len <= CERTIFICATE_FILE_MAX ? BIO_new_mem_buf(pem.len > 0 ? (const void *)pem.at : "", (int)pem.len) : NULL;

	ERR_set_mark();
	result done =
		all != NULL && bio != NULL ? read_all(bio, name, all, err) : err_set(err, CODE_CERTIFICATE, name, "cannot be read");
	ERR_pop_to_mark();
	BIO_free(bio);
	if (FAILED(done)) {
		certificate_free_all(all);
		return done;
	}
	*ret = all;
	return OK;
}

result certificate_read(const char *path, STACK_OF(X509) **ret, struct err *err)
{
	struct buf file;

	TRY(file_read(path, CERTIFICATE_FILE_MAX, &file, err));
	result done = certificate_read_bytes(buf_bytes(&file), path, ret, err);
	buf_done(&file);
	return done;
}

void certificate_free_all(STACK_OF(X509) *all)
{
	sk_X509_pop_free(all, X509_free);
}

void certificate_add_pem(X509 *certificate, struct buf *out)
{
	char *at = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	long len = bio != NULL && PEM_write_bio_X509(bio, certificate) ? BIO_get_mem_data(bio, &at) : 0;

	buf_add(out, bytes_of(at, len > 0 ? (size_t)len : 0));
	BIO_free(bio);
}
