/* Sealing: a part that only the holders of certain certificates can read. CMS (RFC 5652) AuthEnvelopedData with AES-256-GCM (RFC 5083, 5084); the content key
 * is agreed with keys on P-256 and P-384 (ECDH) and encrypted for RSA keys (OAEP). Stock openssl opens it:
 *   openssl cms -decrypt -inform DER -in part.cms -recip CERT.pem -inkey KEY.key
 * Thread: any. */
#ifndef CERTS_SEAL_H
#define CERTS_SEAL_H

#include "certs/key.h"
#include "certs/trust.h"

enum { SEAL_RECIPIENTS_MAX = 64, SEAL_BYTES_MAX = 16 << 20 };

/* Seals for each recipient; all were judged for TRUST_SEAL. Appends the DER. too_large; certificate when a recipient's key cannot be used. */
RESULT seal_close(struct signer *const *recipients, size_t count, struct bytes plain, struct buf *out, struct err *err);
/* Whether it is exactly one AuthEnvelopedData for somebody, without opening it. malformed. */
RESULT seal_check(struct bytes sealed, struct err *err);
/* Opens with one's own certificate and its key. not_found: not sealed for this certificate; malformed: no such CMS, or not one of ours; part_hash: it was
 * altered. `out` holds nothing of it unless this succeeds. */
RESULT seal_open(const struct signer *own, const struct key *key, struct bytes sealed, struct buf *out, struct err *err);

#endif
