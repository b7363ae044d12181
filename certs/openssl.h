/* What the files of this room share that has OpenSSL's types in it; nobody outside the room includes this. Functions that fail leave
 * the library's error queue as they found it. Thread: any, unless said otherwise. */
#ifndef CERTS_OPENSSL_H
#define CERTS_OPENSSL_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "certs/identity.h"
#include "certs/key.h"
#include "certs/pki.h"
#include "certs/pki_index.h"
#include "certs/trust.h"

/* --- hash.c --- */

/* Fetched once and kept: fetching takes locks. */
const EVP_MD *hash_sha256(void);
const EVP_MD *hash_sha384(void);
/* The calling thread's context for signing and checking. Whoever takes it resets it first and is done with it before calling anything
 * that may take it too. */
EVP_MD_CTX *hash_signing_context(void);

/* --- signature.c: what each kind of key does --- */

/* key, with the reason, when the key is of no kind that is used here or too weak. */
RESULT signature_kind(EVP_PKEY *key, enum key_kind *ret, struct err *err);
bool signature_begin_sign(EVP_MD_CTX *context, EVP_PKEY *key, enum key_kind kind);
bool signature_begin_check(EVP_MD_CTX *context, EVP_PKEY *key, enum key_kind kind);
/* For X509_sign and its like: NULL where the key brings its own. */
const EVP_MD *signature_digest(enum key_kind kind);
/* "EC P-256", for people. */
const char *signature_kind_text(enum key_kind kind);

/* --- certificate.c: certificates as files, bytes and words --- */

enum { CERTIFICATE_NAME_MAX = 200, CERTIFICATE_SERIAL_MAX = 48, CERTIFICATE_DER_MAX = 16384, CERTIFICATE_FILE_MAX = 4 << 20 };

int64_t certificate_time_ms(const ASN1_TIME *time);
/* "CN=…,O=…", fit for a log. Returns into. */
const char *certificate_name(const X509_NAME *name, char into[static CERTIFICATE_NAME_MAX]);
/* Upper-case hex, as stock tools print it. False when it is longer than RFC 5280 §4.1.2.2 allows. */
bool certificate_serial(const ASN1_INTEGER *serial, char into[static CERTIFICATE_SERIAL_MAX]);
/* Exactly one certificate in DER. certificate. */
RESULT certificate_decode(struct bytes der, X509 **ret, struct err *err);
struct blob *certificate_encode(X509 *certificate);
/* All certificates of a PEM file, at least one. io, permission, too_large, certificate, with the file as field. */
RESULT certificate_read(const char *path, STACK_OF(X509) **ret, struct err *err);
/* The same of certificates that are in memory already; name is the field of errors. */
RESULT certificate_read_bytes(struct bytes pem, const char *name, STACK_OF(X509) **ret, struct err *err);
void certificate_free_all(STACK_OF(X509) *all);
void certificate_add_pem(X509 *certificate, struct buf *out);

/* --- identity.c --- */

/* The one holder that the certificate names. certificate. */
RESULT identity_of(const X509 *certificate, struct identity *ret, struct err *err);

/* --- signer.c --- */

/* chain: as verified, leaf first; the self-signed authority at its end is left out of the signer's. */
RESULT signer_new(STACK_OF(X509) *chain, const struct identity *identity, enum trust_purpose purpose, struct signer **ret,
                  struct err *err);
const struct identity *signer_identity(const struct signer *signer);
enum trust_purpose signer_purpose(const struct signer *signer);

/* --- trust.c, trust_judge.c --- */

X509_STORE *trust_store(const struct trust *trust); /* borrowed */
bool trust_has_lists(const struct trust *trust);
/* As trust_judge, of parsed certificates: for TLS, whose library parsed them. untrusted may hold the leaf and may be NULL. */
RESULT trust_judge_x509(const struct trust *trust, X509 *leaf, STACK_OF(X509) *untrusted, enum trust_purpose purpose,
                        int64_t at_ms, bool then, struct signer **ret, struct err *err);
/* Whether key usage and extended key usage allow the purpose, without judging the chain. */
RESULT trust_check_usage(X509 *leaf, enum trust_purpose purpose, struct err *err);

/* --- pki_make.c: what an authority signs. Times in ms --- */

struct pki_span {
	int64_t from_ms, until_ms;
};

/* usage when the title does not fit a name. */
RESULT pki_make_authority(const struct key *key, const char *title, struct pki_span span, X509 **ret, struct err *err);
/* The subject was checked. holder: the public key. serial: of 16 bytes. */
RESULT pki_make_certificate(const struct pki_subject *subject, struct pki_span span, const uint8_t serial[16], EVP_PKEY *holder,
                            X509 *authority, const struct key *authority_key, X509 **ret, struct err *err);
/* The list of all revoked rows as PEM. */
RESULT pki_make_list(const struct pki_index *index, X509 *authority, const struct key *authority_key, uint64_t number,
                     struct pki_span span, struct buf *out, struct err *err);

/* --- pki_subject.c --- */

/* usage, with the member of the subject as field. */
RESULT pki_subject_check(const struct pki_subject *subject, struct err *err);
/* "party TLS", for people. */
const char *pki_subject_purpose(enum trust_purpose purpose);

/* What a certificate of ours was issued for, as its subject; the texts are the holder's and last as long as *ret. certificate. */
struct pki_holder;
RESULT pki_holder_of(X509 *certificate, struct pki_holder **ret, struct err *err);
const struct pki_subject *pki_holder_subject(const struct pki_holder *holder);
void pki_holder_free(struct pki_holder *holder);

#endif
