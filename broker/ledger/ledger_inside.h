/* What the ledger's files share: the entry's encoding, and the notes that the store keeps for it. Thread: any, pure. */
#ifndef BROKER_LEDGER_LEDGER_INSIDE_H
#define BROKER_LEDGER_LEDGER_INSIDE_H

#include "broker/ledger/ledger.h"
#include "certs/merkle.h"

enum { LEDGER_ENTRY_MAX = 1 << 20, LEDGER_PARTY_MAX = 128, LEDGER_TYPE_MAX = 128 };

#define LEDGER_NOTE_FRONTIER "ledger.frontier"

/* Appends the entry; without a detail it gets an empty one. What could not be decoded again is refused: malformed, too_large. */
RESULT ledger_entry_encode(const struct ledger_entry *entry, struct buf *out, struct err *err);

/* [1, size, peaks] with the peaks' hashes one after the other. */
void ledger_frontier_encode(const struct merkle_frontier *frontier, struct buf *out);
RESULT ledger_frontier_decode(struct bytes in, struct merkle_frontier *ret, struct err *err);
/* The noted frontier, an empty one when there is none. hold is scratch. */
RESULT ledger_frontier_read(struct store *store, struct buf *hold, struct merkle_frontier *ret, struct err *err);

#endif
