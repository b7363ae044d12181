#include "certs/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/openssl.h"

enum { SERIAL_BYTES = 16, LIST_FILE_MAX = 64 << 20, REQUEST_FILE_MAX = 65536 };

#define MINUTE_MS ((int64_t)60 * 1000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define BACKDATED_MS (5 * MINUTE_MS) /* for those whose clocks are behind */

/* An authority that is at work: its folder is locked, its register read. */
struct authority {
	const char *folder;
	int lock;
	STACK_OF(X509) *chain; /* its own certificate first */
	struct key *key;
	struct pki_index index;
};

static char *path_in(const char *folder, const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

/* --- opening and locking --- */

static RESULT lock(const char *folder, int *ret_lock, struct err *err)
{
	AUTO_FREE char *path = path_in(folder, "lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_errno(err, path, "cannot open the lock");
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		result failed = errno == EWOULDBLOCK ? err_set(err, CODE_BUSY, path, "another command is at work on this authority")
		                                     : err_errno(err, path, "cannot lock");
		close(fd);
		return failed;
	}
	*ret_lock = fd;
	return OK;
}

static void authority_close(struct authority *authority)
{
	certificate_free_all(authority->chain);
	key_unref(authority->key);
	pki_index_done(&authority->index);
	if (authority->lock >= 0)
		close(authority->lock); /* and with it the lock */
}

static RESULT authority_fill(struct authority *authority, struct err *err)
{
	AUTO_FREE char *certificate = path_in(authority->folder, "ca.pem");
	AUTO_FREE char *key = path_in(authority->folder, "ca.key");

	if (access(certificate, F_OK) != 0 && errno == ENOENT)
		return err_set(err, CODE_NOT_FOUND, authority->folder, "holds no authority; make one with liaison pki init");
	TRY(lock(authority->folder, &authority->lock, err));
	TRY(certificate_read(certificate, &authority->chain, err));
	TRY(key_load(key, &authority->key, err));
	if (X509_check_private_key(sk_X509_value(authority->chain, 0), key_pkey(authority->key)) != 1)
		return err_set(err, CODE_KEY, key, "is not the key of %s", certificate);
	return pki_index_read(authority->folder, &authority->index, err);
}

static RESULT authority_open(const char *folder, struct authority *into, struct err *err)
{
	*into = (struct authority){.folder = folder, .lock = -1};
	ERR_set_mark();
	result filled = authority_fill(into, err);
	ERR_pop_to_mark();
	if (FAILED(filled))
		authority_close(into);
	return filled;
}

static X509 *own(const struct authority *authority)
{
	return sk_X509_value(authority->chain, 0);
}

/* --- files that must not be there yet --- */

static RESULT check_absent(const char *path, struct err *err)
{
	struct stat stat;

	if (lstat(path, &stat) == 0)
		return err_set(err, CODE_USAGE, path, "exists already and is not overwritten");
	return errno == ENOENT ? OK : err_errno(err, path, "cannot look for it");
}

/* --- the revocation list --- */

struct list_facts {
	uint64_t number;
	int64_t lifetime_ms;
};

/* Of the list that is there; zeros when there is none that can be read. */
static struct list_facts last_list(const char *path)
{
	struct list_facts facts = {0};
	struct buf file;
	struct err unread;

	if (FAILED(file_read(path, LIST_FILE_MAX, &file, &unread)))
		return facts;
	BIO *bio = BIO_new_mem_buf(file.len > 0 ? (const void *)file.at : "", (int)file.len);
	X509_CRL *list = bio != NULL ? PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL) : NULL;
	ASN1_INTEGER *number = list != NULL ? X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL) : NULL;
	if (number == NULL || !ASN1_INTEGER_get_uint64(&facts.number, number))
		facts.number = 0;
	if (list != NULL)
		facts.lifetime_ms = certificate_time_ms(X509_CRL_get0_nextUpdate(list)) -
		                    certificate_time_ms(X509_CRL_get0_lastUpdate(list)) - BACKDATED_MS;
	ASN1_INTEGER_free(number);
	X509_CRL_free(list);
	BIO_free(bio);
	buf_done(&file);
	return facts;
}

/* The number must grow although a list may have been lost: it is never less than the time. */
static RESULT write_list(const struct authority *authority, int64_t lifetime_ms, struct err *err)
{
	AUTO_FREE char *path = path_in(authority->folder, "crl.pem");
	int64_t now_ms = clock_wall_ms();
	struct list_facts last = last_list(path);
	uint64_t number = (uint64_t)(now_ms / 1000) > last.number ? (uint64_t)(now_ms / 1000) : last.number + 1;
	struct pki_span span = {now_ms - BACKDATED_MS, now_ms + (lifetime_ms > 0 ? lifetime_ms : 30 * DAY_MS)};
	struct buf out;

	buf_init(&out, LIST_FILE_MAX);
	result wrote = pki_make_list(&authority->index, own(authority), authority->key, number, span, &out, err);
	if (!FAILED(wrote))
		wrote = buf_check(&out, path, err);
	if (!FAILED(wrote))
		wrote = file_write(path, buf_bytes(&out), 0644, err);
	buf_done(&out);
	return wrote;
}

result pki_crl(const char *folder, int64_t lifetime_ms, struct err *err)
{
	struct authority authority;

	if (lifetime_ms < 0)
		return err_set(err, CODE_USAGE, "lifetime", "is negative");
	TRY(authority_open(folder, &authority, err));
	result wrote = write_list(&authority, lifetime_ms, err);
	authority_close(&authority);
	return wrote;
}

/* --- making the authority --- */

static RESULT check_empty(const char *folder, struct err *err)
{
	static const char *const names[] = {"ca.pem", "ca.key", "index.txt"};
	struct stat stat;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		AUTO_FREE char *path = path_in(folder, names[i]);
		if (lstat(path, &stat) == 0)
			return err_set(err, CODE_USAGE, path, "exists already: the folder holds an authority, which is never overwritten");
	}
	return OK;
}

static RESULT write_text(const char *folder, const char *name, const char *text, struct err *err)
{
	AUTO_FREE char *path = path_in(folder, name);

	return file_write(path, bytes_text(text), 0644, err);
}

static RESULT write_certificates(const char *path, X509 *first, STACK_OF(X509) *above, struct err *err)
{
	struct buf out;

	buf_init(&out, CERTIFICATE_FILE_MAX);
	certificate_add_pem(first, &out);
	for (int i = 0; i < sk_X509_num(above); i++) {
		/* Whoever trusts the root has it; sending it proves nothing. */
		if ((X509_get_extension_flags(sk_X509_value(above, i)) & EXFLAG_SS) == 0)
			certificate_add_pem(sk_X509_value(above, i), &out);
	}
	result wrote = buf_check(&out, path, err);
	if (!FAILED(wrote))
		wrote = file_write(path, buf_bytes(&out), 0644, err);
	buf_done(&out);
	return wrote;
}

/* What stock `openssl ca` expects beside the register. */
static RESULT write_register(const char *folder, struct err *err)
{
	uint8_t serial[SERIAL_BYTES];
	char hex[2 * SERIAL_BYTES + 1], line[sizeof(hex) + 1];

	hash_random(serial, sizeof(serial));
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	snprintf(line, sizeof(line), "%s\n", text_hex(bytes_of(serial, sizeof(serial)), hex));
	TRY(write_text(folder, "serial", line, err));
	TRY(write_text(folder, "index.txt.attr", "unique_subject = no\n", err));
	return write_text(folder, "index.txt", "", err);
}

static RESULT write_authority(struct authority *authority, const char *title, int64_t lifetime_ms, struct err *err)
{
	AUTO_FREE char *certificate_path = path_in(authority->folder, "ca.pem");
	AUTO_FREE char *key_path = path_in(authority->folder, "ca.key");
	int64_t now_ms = clock_wall_ms();
	struct pki_span span = {now_ms - BACKDATED_MS, now_ms + (lifetime_ms > 0 ? lifetime_ms : 3650 * DAY_MS)};
	X509 *certificate = NULL;

	TRY(pki_make_authority(authority->key, title, span, &certificate, err));
	authority->chain = sk_X509_new_null();
	if (authority->chain == NULL || !sk_X509_push(authority->chain, certificate)) {
		X509_free(certificate);
		return err_set(err, CODE_CERTIFICATE, certificate_path, "cannot be kept");
	}
	TRY(key_save(authority->key, key_path, err));
	TRY(write_register(authority->folder, err));
	TRY(write_list(authority, 0, err));
	/* Last: with it the folder holds an authority. */
	return write_certificates(certificate_path, certificate, NULL, err);
}

result pki_init(const char *folder, const char *title, enum key_kind kind, int64_t lifetime_ms, struct err *err)
{
	AUTO_FREE char *issued = path_in(folder, "issued");
	struct authority authority = {.folder = folder, .lock = -1};

	if (lifetime_ms < 0)
		return err_set(err, CODE_USAGE, "lifetime", "is negative");
	TRY(file_make_folder(folder, 0700, err));
	result made = lock(folder, &authority.lock, err);
	if (!FAILED(made))
		made = check_empty(folder, err);
	if (!FAILED(made))
		made = file_make_folder(issued, 0755, err);
	if (!FAILED(made))
		made = key_new(kind, 0, &authority.key, err);
	if (!FAILED(made))
		made = write_authority(&authority, title, lifetime_ms, err);
	authority_close(&authority);
	return made;
}

/* --- issuing --- */

static RESULT span_of(const struct authority *authority, const struct pki_subject *subject, struct pki_span *ret, struct err *err)
{
	int64_t now_ms = clock_wall_ms();
	int64_t lifetime_ms = subject->lifetime_ms > 0 ? subject->lifetime_ms : 365 * DAY_MS;
	int64_t end_ms = certificate_time_ms(X509_get0_notAfter(own(authority)));
	int64_t from_ms = subject->not_before_ms > 0 ? subject->not_before_ms : now_ms - BACKDATED_MS;
	int64_t until_ms = (subject->not_before_ms > 0 ? from_ms : now_ms) + lifetime_ms;
	char when[CLOCK_TEXT_MAX];

	if (until_ms > end_ms)
		until_ms = end_ms; /* beyond that nobody would accept it */
	if (from_ms >= until_ms)
		return err_set(err, CODE_USAGE, authority->folder, "the authority itself ends on %s", clock_text(end_ms, when));
	*ret = (struct pki_span){from_ms, until_ms};
	return OK;
}

static void new_serial(const struct authority *authority, uint8_t serial[SERIAL_BYTES])
{
	char hex[2 * SERIAL_BYTES + 1];

	do {
		hash_random(serial, SERIAL_BYTES);
		serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive and of full length */
	} while (pki_index_find(&authority->index, text_hex(bytes_of(serial, SERIAL_BYTES), hex)) != NULL);
}

/* A certificate is in the register before anybody gets it: what is not there could not be revoked. */
static RESULT record(struct authority *authority, X509 *certificate, struct err *err)
{
	char serial[CERTIFICATE_SERIAL_MAX] = "", expiry[PKI_INDEX_TIME_MAX], subject[256] = "";

	certificate_serial(X509_get0_serialNumber(certificate), serial);
	X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof(subject));
	AUTO_FREE char *file = mem_printf("issued/%s.pem", serial);
	AUTO_FREE char *path = path_in(authority->folder, file);
	const struct pki_row row = {
		.status = 'V',
		.expiry = pki_index_time(certificate_time_ms(X509_get0_notAfter(certificate)), expiry),
		.revoked = (char[]){""},
		.serial = serial,
		.file = file,
		.subject = subject,
	};
	TRY(write_certificates(path, certificate, NULL, err));
	pki_index_add(&authority->index, &row);
	return pki_index_write(authority->folder, &authority->index, err);
}

/* Makes, records and writes the certificate of a public key. */
static RESULT certify(struct authority *authority, const struct pki_subject *subject, EVP_PKEY *holder, const char *out_pem,
                      struct err *err)
{
	uint8_t serial[SERIAL_BYTES];
	struct pki_span span;
	X509 *certificate = NULL;

	TRY(span_of(authority, subject, &span, err));
	new_serial(authority, serial);
	TRY(pki_make_certificate(subject, span, serial, holder, own(authority), authority->key, &certificate, err));
	result done = record(authority, certificate, err);
	if (!FAILED(done))
		done = write_certificates(out_pem, certificate, authority->chain, err);
	X509_free(certificate);
	return done;
}

static RESULT issue_with_new_key(struct authority *authority, const struct pki_subject *subject, const char *out, struct err *err)
{
	AUTO_FREE char *out_pem = mem_printf("%s.pem", out);
	AUTO_FREE char *out_key = mem_printf("%s.key", out);
	struct key *key = NULL;

	TRY(check_absent(out_pem, err));
	TRY(check_absent(out_key, err));
	TRY(key_new(subject->key, subject->rsa_bits, &key, err));
	result done = key_save(key, out_key, err);
	if (!FAILED(done)) {
		done = certify(authority, subject, key_pkey(key), out_pem, err);
		if (FAILED(done))
			unlink(out_key);
	}
	key_unref(key);
	return done;
}

result pki_issue(const char *folder, const struct pki_subject *subject, const char *out, struct err *err)
{
	struct authority authority;

	TRY(pki_subject_check(subject, err));
	TRY(authority_open(folder, &authority, err));
	result done = issue_with_new_key(&authority, subject, out, err);
	authority_close(&authority);
	return done;
}

static RESULT parse_request(BIO *pem, const char *path, EVP_PKEY **ret_key, struct err *err)
{
	X509_REQ *request = pem != NULL ? PEM_read_bio_X509_REQ(pem, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = request != NULL ? X509_REQ_get_pubkey(request) : NULL;
	enum key_kind kind;
	result parsed = OK;

	if (key == NULL)
		parsed = err_set(err, CODE_CERTIFICATE, path, "holds no certificate request in PEM");
	else if (FAILED(signature_kind(key, &kind, err))) {
		err_prefix(err, path);
		parsed = (result){CODE_KEY};
	} else if (X509_REQ_verify(request, key) != 1)
		parsed = err_set(err, CODE_SIGNATURE, path, "the request was not signed by its own key");
	X509_REQ_free(request);
	if (FAILED(parsed))
		EVP_PKEY_free(key);
	else
		*ret_key = key;
	return parsed;
}

static RESULT read_request(const char *path, EVP_PKEY **ret_key, struct err *err)
{
	struct buf file;

	TRY(file_read(path, REQUEST_FILE_MAX, &file, err));
	ERR_set_mark();
	BIO *bio = BIO_new_mem_buf(file.len > 0 ? (const void *)file.at : "", (int)file.len);
	result parsed = parse_request(bio, path, ret_key, err);
	BIO_free(bio);
	ERR_pop_to_mark();
	buf_done(&file);
	return parsed;
}

result pki_sign_request(const char *folder, const struct pki_subject *subject, const char *request_file, const char *out_pem,
                        struct err *err)
{
	struct authority authority;
	EVP_PKEY *key = NULL;

	TRY(pki_subject_check(subject, err));
	TRY(check_absent(out_pem, err));
	TRY(read_request(request_file, &key, err));
	result done = authority_open(folder, &authority, err);
	if (!FAILED(done)) {
		done = certify(&authority, subject, key, out_pem, err);
		authority_close(&authority);
	}
	EVP_PKEY_free(key);
	return done;
}

/* --- renewing and revoking --- */

/* The register's row of a certificate that this authority issued. */
static RESULT find_row(const struct authority *authority, X509 *certificate, const char *path, struct pki_row **ret,
                       struct err *err)
{
	char serial[CERTIFICATE_SERIAL_MAX] = "";

	ERR_set_mark();
	bool is_ours = X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(own(authority))) == 0 &&
	               X509_verify(certificate, X509_get0_pubkey(own(authority))) == 1;
	ERR_pop_to_mark();
	if (!is_ours)
		return err_set(err, CODE_CERTIFICATE, path, "was not issued by the authority in %s", authority->folder);
	*ret = certificate_serial(X509_get0_serialNumber(certificate), serial) ? pki_index_find(&authority->index, serial) : NULL;
	if (*ret == NULL)
		return err_set(err, CODE_NOT_FOUND, path, "serial %s is not in the register of %s", serial, authority->folder);
	return OK;
}

static RESULT renew(struct authority *authority, X509 *old, const char *path, bool new_key, int64_t lifetime_ms, const char *out,
                    struct err *err)
{
	AUTO_FREE char *out_pem = mem_printf("%s.pem", out);
	struct pki_row *row = NULL;
	struct pki_holder *holder = NULL;

	TRY(find_row(authority, old, path, &row, err));
	if (row->status == 'R')
		return err_set(err, CODE_REVOKED, path, "serial %s has been revoked; issue a certificate anew", row->serial);
	TRY(check_absent(out_pem, err));
	result done = pki_holder_of(old, &holder, err);
	if (FAILED(done)) {
		err_prefix(err, path);
		return done;
	}
	struct pki_subject subject = *pki_holder_subject(holder);
	subject.lifetime_ms = lifetime_ms;
	done = new_key ? issue_with_new_key(authority, &subject, out, err)
	               : certify(authority, &subject, X509_get0_pubkey(old), out_pem, err);
	pki_holder_free(holder);
	return done;
}

result pki_renew(const char *folder, const char *certificate_file, bool new_key, int64_t lifetime_ms, const char *out,
                 struct err *err)
{
	struct authority authority;
	STACK_OF(X509) *old = NULL;

	if (lifetime_ms < 0)
		return err_set(err, CODE_USAGE, "lifetime", "is negative");
	TRY(certificate_read(certificate_file, &old, err));
	result done = authority_open(folder, &authority, err);
	if (!FAILED(done)) {
		done = renew(&authority, sk_X509_value(old, 0), certificate_file, new_key, lifetime_ms, out, err);
		authority_close(&authority);
	}
	certificate_free_all(old);
	return done;
}

/* What was revoked stays so; the one change that is let through makes it stricter. */
static RESULT revoke_row(struct pki_row *row, const char *reason, struct err *err)
{
	size_t date_len = strcspn(row->revoked, ",");

	if (row->status != 'R') {
		pki_index_revoke(row, clock_wall_ms(), reason);
		return OK;
	}
	if (strcmp(reason, "keyCompromise") != 0 || strstr(row->revoked, ",keyCompromise") != NULL)
		return err_set(err, CODE_USAGE, row->serial, "has been revoked already (%s)", row->revoked);
	pki_index_revoke(row, pki_index_time_ms(row->revoked, date_len), reason);
	return OK;
}

static RESULT find_to_revoke(const struct authority *authority, const char *file_or_serial, struct pki_row **ret, struct err *err)
{
	STACK_OF(X509) *all = NULL;
	char shown[80];

	if (access(file_or_serial, F_OK) == 0) {
		TRY(certificate_read(file_or_serial, &all, err));
		result found = find_row(authority, sk_X509_value(all, 0), file_or_serial, ret, err);
		certificate_free_all(all);
		return found;
	}
	*ret = pki_index_find(&authority->index, file_or_serial);
	if (*ret == NULL)
		return err_set(err, CODE_NOT_FOUND, text_safe(bytes_text(file_or_serial), shown, sizeof(shown)),
		               "is neither a file nor a serial number of the register in %s", authority->folder);
	return OK;
}

static RESULT revoke_and_list(struct authority *authority, const char *file_or_serial, const char *reason, struct err *err)
{
	AUTO_FREE char *list = path_in(authority->folder, "crl.pem");
	struct pki_row *row = NULL;

	TRY(find_to_revoke(authority, file_or_serial, &row, err));
	TRY(revoke_row(row, reason, err));
	TRY(pki_index_write(authority->folder, &authority->index, err));
	return write_list(authority, last_list(list).lifetime_ms, err);
}

result pki_revoke(const char *folder, const char *file_or_serial, const char *reason, struct err *err)
{
	struct authority authority;
	int number = 0;
	const char *known = pki_index_reason(reason, &number);

	if (known == NULL)
		return err_set(err, CODE_USAGE, "reason",
		               "use keyCompromise, CACompromise, affiliationChanged, superseded, cessationOfOperation or unspecified");
	TRY(authority_open(folder, &authority, err));
	result done = revoke_and_list(&authority, file_or_serial, known, err);
	authority_close(&authority);
	return done;
}
