#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/openssl.h"

enum { SHOW_FILE_MAX = 64 << 20 };

/* --- the register --- */

/* Empty when the certificate's file is gone or was written by another tool. */
static void find_name(const char *folder, const char *file, char *into, size_t size)
{
	AUTO_FREE char *path = mem_printf("%s/%s", folder, file);
	STACK_OF(X509) *all = NULL;
	struct identity identity;
	struct err unread;
	char uri[IDENTITY_URI_MAX];

	into[0] = '\0';
	if (strcmp(file, "unknown") == 0 || strstr(file, "..") != NULL || FAILED(certificate_read(path, &all, &unread)))
		return;
	if (!FAILED(identity_of(sk_X509_value(all, 0), &identity, &unread)))
		snprintf(into, size, "%s", identity_uri(&identity, uri));
	certificate_free_all(all);
}

static struct pki_entry entry_of(const char *folder, const struct pki_row *row)
{
	struct pki_entry entry = {.status = row->status, .not_after_ms = pki_index_time_ms(row->expiry, strlen(row->expiry))};
	size_t date_len = strcspn(row->revoked, ",");

	if (row->status == 'R') {
		entry.revoked_ms = pki_index_time_ms(row->revoked, date_len);
		snprintf(entry.reason, sizeof(entry.reason), "%s",
		         row->revoked[date_len] == ',' ? row->revoked + date_len + 1 : "unspecified");
	} else if (entry.not_after_ms < clock_wall_ms()) {
		entry.status = 'E';
	}
	snprintf(entry.serial, sizeof(entry.serial), "%s", row->serial);
	text_safe(bytes_text(row->subject), entry.subject, sizeof(entry.subject));
	find_name(folder, row->file, entry.name, sizeof(entry.name));
	return entry;
}

result pki_each(const char *folder, pki_entry_fn fn, void *ctx, struct err *err)
{
	struct pki_index index = {0};

	/* No lock: the register is replaced whole. */
	TRY(pki_index_read(folder, &index, err));
	for (size_t i = 0; i < index.count; i++) {
		struct pki_entry entry = entry_of(folder, &index.at[i]);
		fn(ctx, &entry);
	}
	pki_index_done(&index);
	return OK;
}

/* --- certificates --- */

static void show_use(X509 *certificate, struct buf *out)
{
	static const enum trust_purpose purposes[] = {TRUST_TLS_PARTY, TRUST_TLS_HUB, TRUST_SIGN_PARTY};
	static const char *const texts[] = {"TLS client", "TLS server", "signing"};
	bool any = false;

	if (X509_check_ca(certificate) != 0) {
		buf_add_text(out, "use: authority\n");
		return;
	}
	for (size_t i = 0; i < sizeof(purposes) / sizeof(*purposes); i++) {
		if (FAILED(trust_check_usage(certificate, purposes[i], NULL)))
			continue;
		buf_printf(out, "%s%s", any ? ", " : "use: ", texts[i]);
		any = true;
	}
	buf_add_text(out, any ? "\n" : "use: none that Liaison knows\n");
}

static void show_holder(X509 *certificate, struct buf *out)
{
	struct identity identity;
	struct pki_holder *holder = NULL;
	struct err why;
	char uri[IDENTITY_URI_MAX];

	if (X509_check_ca(certificate) != 0)
		return;
	if (FAILED(identity_of(certificate, &identity, &why)))
		buf_printf(out, "holder: none; %s\n", why.reason);
	else
		buf_printf(out, "holder: %s\n", identity_uri(&identity, uri));
	if (FAILED(pki_holder_of(certificate, &holder, &why)))
		return;
	const struct pki_subject *subject = pki_holder_subject(holder);
	char shown[256];
	for (size_t i = 0; i < subject->hosts_count; i++)
		buf_printf(out, "host: %s\n", text_safe(bytes_text(subject->hosts[i]), shown, sizeof(shown)));
	pki_holder_free(holder);
}

static void show_key(X509 *certificate, struct buf *out)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	enum key_kind kind;
	struct err why;

	if (key == NULL)
		buf_add_text(out, "key: unreadable\n");
	else if (FAILED(signature_kind(key, &kind, &why)))
		buf_printf(out, "key: not accepted, it %s\n", why.reason);
	else if (kind == KEY_RSA)
		buf_printf(out, "key: RSA, %d bits\n", EVP_PKEY_get_bits(key));
	else
		buf_printf(out, "key: %s\n", signature_kind_text(kind));
}

static void show_certificate(X509 *certificate, struct buf *out)
{
	char name[CERTIFICATE_NAME_MAX], serial[CERTIFICATE_SERIAL_MAX] = "longer than is allowed", when[CLOCK_TEXT_MAX],
									 hex[2 * HASH_LEN + 1];
	struct blob *der = certificate_encode(certificate);
	struct hash fingerprint = hash_of(blob_bytes(der));
	int64_t until_ms = certificate_time_ms(X509_get0_notAfter(certificate)),
			from_ms = certificate_time_ms(X509_get0_notBefore(certificate));
	int64_t now_ms = clock_wall_ms();

	blob_unref(der);
	show_holder(certificate, out);
	show_use(certificate, out);
	buf_printf(out, "subject: %s\n", certificate_name(X509_get_subject_name(certificate), name));
	buf_printf(out, "issuer: %s\n", certificate_name(X509_get_issuer_name(certificate), name));
	certificate_serial(X509_get0_serialNumber(certificate), serial);
	buf_printf(out, "serial: %s\n", serial);
	buf_printf(out, "fingerprint: %s\n", text_hex(hash_bytes(&fingerprint), hex));
	buf_printf(out, "valid from: %s%s\n", clock_text(from_ms, when), now_ms < from_ms ? " (not yet)" : "");
	buf_printf(out, "valid until: %s%s\n", clock_text(until_ms, when), now_ms > until_ms + 999 ? " (expired)" : "");
	show_key(certificate, out);
}

/* --- lists --- */

static void show_entry(X509_REVOKED *entry, struct buf *out)
{
	char serial[CERTIFICATE_SERIAL_MAX] = "", when[CLOCK_TEXT_MAX];
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	long number = reason != NULL ? ASN1_ENUMERATED_get(reason) : 0;

	certificate_serial(X509_REVOKED_get0_serialNumber(entry), serial);
	clock_text(certificate_time_ms(X509_REVOKED_get0_revocationDate(entry)), when);
	if (pki_index_reason_text(number) != NULL)
		buf_printf(out, "revoked: %s on %s: %s\n", serial, when, pki_index_reason_text(number));
	else
		buf_printf(out, "revoked: %s on %s: reason %ld\n", serial, when, number);
	ASN1_ENUMERATED_free(reason);
}

static void show_list(X509_CRL *list, struct buf *out)
{
	char name[CERTIFICATE_NAME_MAX], when[CLOCK_TEXT_MAX];
	int64_t due_ms = certificate_time_ms(X509_CRL_get0_nextUpdate(list));
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(list);
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
	uint64_t value = 0;

	buf_printf(out, "revocation list of: %s\n", certificate_name(X509_CRL_get_issuer(list), name));
	if (number != NULL && ASN1_INTEGER_get_uint64(&value, number))
		buf_printf(out, "number: %llu\n", (unsigned long long)value);
	buf_printf(out, "as of: %s\n", clock_text(certificate_time_ms(X509_CRL_get0_lastUpdate(list)), when));
	buf_printf(out, "next due: %s%s\n", clock_text(due_ms, when), due_ms < clock_wall_ms() ? " (overdue)" : "");
	buf_printf(out, "entries: %d\n", entries != NULL ? sk_X509_REVOKED_num(entries) : 0);
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++)
		show_entry(sk_X509_REVOKED_value(entries, i), out);
	ASN1_INTEGER_free(number);
}

static RESULT show_lists(struct bytes pem, const char *path, struct buf *out, struct err *err)
{
	X509_CRL *list;
	size_t count = 0;
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);

	ERR_set_mark();
	while (bio != NULL && (list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
		buf_add_text(out, count++ > 0 ? "\n" : "");
		show_list(list, out);
		X509_CRL_free(list);
	}
	ERR_pop_to_mark();
	BIO_free(bio);
	return count > 0 ? OK : err_set(err, CODE_CERTIFICATE, path, "the revocation list is damaged");
}

static RESULT show_certificates(struct bytes pem, const char *path, struct buf *out, struct err *err)
{
	STACK_OF(X509) *all = NULL;

	TRY(certificate_read_bytes(pem, path, &all, err));
	for (int i = 0; i < sk_X509_num(all); i++) {
		buf_add_text(out, i > 0 ? "\n" : "");
		show_certificate(sk_X509_value(all, i), out);
	}
	certificate_free_all(all);
	return OK;
}

result pki_show(const char *file, struct buf *out, struct err *err)
{
	static const char mark[] = "-----BEGIN X509 CRL-----";
	struct buf read;

	TRY(file_read(file, SHOW_FILE_MAX, &read, err));
	bool is_list = read.len > 0 && memmem(read.at, read.len, mark, sizeof(mark) - 1) != NULL;
	result shown = is_list ? show_lists(buf_bytes(&read), file, out, err) : show_certificates(buf_bytes(&read), file, out, err);
	buf_done(&read);
	return FAILED(shown) ? shown : buf_check(out, file, err);
}
