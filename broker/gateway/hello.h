/* HELLO: whether whoever shook hands may be who it says, and sign as that. Thread: any, pure. */
#ifndef BROKER_GATEWAY_HELLO_H
#define BROKER_GATEWAY_HELLO_H

#include "broker/wires/mandate.h"

/* tls_peer: the holder of the TLS certificate. Refusals: malformed, version, not_your_party (another party than the
 * certificate's, or the signing certificate is another party's), not_enrolled, certificate, revoked. *ret_signer: the
 * party's signing certificate, the caller's to unref. *ret_known: entries of the ledger that the adapter has verified; -1: its version of the link
 * knows no heads. */
RESULT hello_judge(const struct mandate *mandate, const struct signer *tls_peer, struct bytes frame, struct signer **ret_signer,
                   int64_t *ret_known, struct err *err);
/* After a reload, of a link that stands: still enrolled, and the signing certificate still good. The TLS certificate is the
 * channel's to judge. */
RESULT hello_rejudge(const struct mandate *mandate, const struct signer *signer, struct err *err);

#endif
