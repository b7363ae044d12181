/* Whom to believe: the authorities, their revocation lists, and what a certificate says of its holder. A trust is an immutable, counted
 * snapshot: a reload builds another. Thread: any.
 *
 * A certificate names exactly one holder in exactly one URI subjectAltName:
 *   urn:liaison:party:PARTY            a party: TLS (clientAuth), signing (digitalSignature + nonRepudiation, no EKU needed), or sealing (keyAgreement for
 *                                      a key on a curve, keyEncipherment for RSA; never together with signing)
 *   urn:liaison:person:PARTY:ID:ROLE   a person of a party, who signs approvals
 *   urn:liaison:hub:PARTY              the hub's TLS server (serverAuth; also a DNS or IP name) and its signing certificate
 * More than one such URI, NULs, wildcards or names outside the syntax are refused. The CN is never looked at. */
#ifndef CERTS_TRUST_H
#define CERTS_TRUST_H

#include "certs/hash.h"

enum trust_purpose { TRUST_TLS_PARTY, TRUST_TLS_HUB, TRUST_SIGN_PARTY, TRUST_SIGN_HUB, TRUST_SIGN_PERSON, TRUST_SEAL };

enum { TRUST_CHAIN_MAX = 4, TRUST_NAME_MAX = 104 };

struct trust;

/* ca: PEM file(s) of root and intermediate authorities. crl: PEM file(s), one list for each authority, or NULL/0 for none: a missing or expired list
 * of an authority fails closed unless no list at all was configured. config, io, certificate with the file's name. */
RESULT trust_load(const char *const *ca_files, size_t ca_count, const char *const *crl_files, size_t crl_count, struct trust **ret,
                  struct err *err);
/* The same for another process, which has no files: appends one packed value. trust_unpack checks it as trust_load checks files. */
void trust_pack(const struct trust *trust, struct buf *out);
RESULT trust_unpack(struct bytes packed, struct trust **ret, struct err *err);
struct trust *trust_ref(struct trust *trust);
void trust_unref(struct trust *trust);
/* Earliest nextUpdate of the lists, ms since the epoch; 0 when none. */
int64_t trust_crl_due_ms(const struct trust *trust);

/* A certificate that was judged: who it is, until when, and the key to check with. Counted. */
struct signer;

/* Judges a chain (leaf first, DER) for a purpose at a time (ms). certificate, revoked (field: which; reason: serial and subject).
 * then: the time lies in the past (a message judged at its signing time): a certificate revoked later still stands, unless its
 * key was compromised. */
RESULT trust_judge(const struct trust *trust, const struct bytes *chain, size_t count, enum trust_purpose purpose, int64_t at_ms, bool then,
                   struct signer **ret, struct err *err);
/* Like trust_judge, of one PEM file with leaf first. */
RESULT trust_judge_file(const struct trust *trust, const char *path, enum trust_purpose purpose, int64_t at_ms, struct signer **ret,
                        struct err *err);
/* Judges a signer that was admitted before again: by another trust (after a reload) or another time. */
RESULT trust_rejudge(const struct trust *trust, const struct signer *signer, enum trust_purpose purpose, int64_t at_ms, bool then, struct err *err);

struct signer *signer_ref(struct signer *signer);
void signer_unref(struct signer *signer);
const char *signer_party(const struct signer *signer);  /* ct.doc.parole.hartford */
const char *signer_person(const struct signer *signer); /* "m.alvarez", or NULL */
const char *signer_role(const struct signer *signer);   /* "board_chair", or NULL */
const uint8_t *signer_fingerprint(const struct signer *signer); /* HASH_LEN: SHA-256 of the leaf's DER */
int64_t signer_not_after_ms(const struct signer *signer);
int64_t signer_not_before_ms(const struct signer *signer);
const char *signer_serial(const struct signer *signer); /* hex */
size_t signer_chain(const struct signer *signer, struct bytes ret[static TRUST_CHAIN_MAX]); /* DER, leaf first; borrowed */
bool signer_owns_key(const struct signer *signer, const void *key); /* a struct key: the certificate's public key is its other half */
/* signature when it does not fit. The certificate's key decides the algorithm. */
RESULT signer_check(const struct signer *signer, struct bytes message, struct bytes signature, struct err *err);

#endif
