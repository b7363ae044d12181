/* The hub's own authority, in a folder, so that a hub is set up without knowing openssl and with files that stock openssl reads:
 *   ca.pem ca.key crl.pem index.txt (openssl's database format: status, expiry, revocation, serial, file, subject) serial  issued/NAME.pem
 * Keys are written 0600 where the caller says. Every change is one rename; a lock file keeps two commands apart. Thread: main of the cli. */
#ifndef CERTS_PKI_H
#define CERTS_PKI_H

#include "certs/key.h"
#include "certs/trust.h"

struct pki_subject {
	enum trust_purpose purpose;
	const char *party;
	const char *person, *role;       /* TRUST_SIGN_PERSON */
	const char *const *hosts;        /* TRUST_TLS_HUB: DNS names and IP addresses */
	size_t hosts_count;
	enum key_kind key;
	int rsa_bits;
	int64_t not_before_ms;           /* 0: now less five minutes */
	int64_t lifetime_ms;             /* 0: 365 days */
};

struct pki_entry {
	char status; /* V, R, E as in index.txt */
	int64_t not_after_ms, revoked_ms;
	char reason[32];
	char serial[48];
	char name[224]; /* the URI */
	char subject[256];
};

/* Makes the authority. Refuses a folder that holds one already. */
RESULT pki_init(const char *folder, const char *title, enum key_kind kind, int64_t lifetime_ms, struct err *err);
/* Makes a key and its certificate: writes OUT.pem (with the chain) and OUT.key. Refuses to overwrite. */
RESULT pki_issue(const char *folder, const struct pki_subject *subject, const char *out, struct err *err);
/* Signs a PKCS#10 request whose key was made at the agency; names and purposes come from *subject, never from the request. */
RESULT pki_sign_request(const char *folder, const struct pki_subject *subject, const char *request_file, const char *out_pem, struct err *err);
/* A new certificate for the same holder: with a new key (writes both) or the same key. The old one stays valid until it expires. */
RESULT pki_renew(const char *folder, const char *certificate_file, bool new_key, int64_t lifetime_ms, const char *out, struct err *err);
/* Revokes by certificate file or serial; reason as in RFC 5280 (keyCompromise, superseded, cessationOfOperation, …); writes the list anew. */
RESULT pki_revoke(const char *folder, const char *file_or_serial, const char *reason, struct err *err);
/* Writes the list anew: nextUpdate in lifetime_ms (0: 30 days). */
RESULT pki_crl(const char *folder, int64_t lifetime_ms, struct err *err);
typedef void (*pki_entry_fn)(void *ctx, const struct pki_entry *entry);
RESULT pki_each(const char *folder, pki_entry_fn fn, void *ctx, struct err *err);
/* What a certificate or CRL file says, for a person: appended as lines "key: value". */
RESULT pki_show(const char *file, struct buf *out, struct err *err);

#endif
