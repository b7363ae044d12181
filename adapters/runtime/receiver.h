/* The receiver: from the hub to the inbox. Verifies everything again for itself, as if the hub were the forger: the originator's certificate by its own trust, the
 * signature, the inclusion path, the parts' hashes, the schema, the signatures of persons. What holds is put into the inbox and receipted in the same
 * transaction; what does not is refused by a signed receipt and goes no further. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_RECEIVER_H
#define ADAPTERS_RUNTIME_RECEIVER_H

#include "adapters/runtime/office.h"

struct receiver *receiver_new(struct office *office);
void receiver_free(struct receiver *receiver);
void receiver_link_up(struct receiver *receiver);   /* grants the first credit */
void receiver_link_down(struct receiver *receiver); /* forgets what waits for certificates: it comes again */
void receiver_renewed(struct receiver *receiver);   /* new trust: all signers are judged again */
/* Judges the certificate with which the hub signs its own messages. */
RESULT receiver_hub_chain(struct receiver *receiver, const struct bytes *chain, size_t count, struct err *err);

/* Frames. A failure means that the hub broke the protocol: the link is left. */
RESULT receiver_deliver(struct receiver *receiver, struct bytes frame, struct err *err);
RESULT receiver_cert(struct receiver *receiver, struct bytes frame, struct err *err);

#endif
