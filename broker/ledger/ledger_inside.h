/* What the ledger's files share: the entry's encoding, and the notes that the store keeps for it. Thread: any, pure. */
#ifndef BROKER_LEDGER_LEDGER_INSIDE_H
#define BROKER_LEDGER_LEDGER_INSIDE_H

#include "broker/ledger/ledger.h"
#include "certs/tree.h"

enum { LEDGER_ENTRY_MAX = 1 << 20, LEDGER_PARTY_MAX = 128, LEDGER_TYPE_MAX = 128 };

#define LEDGER_NOTE_FRONTIER "ledger.frontier"

/* Appends the entry; without a detail it gets an empty one. What could not be decoded again is refused: malformed, too_large. */
RESULT ledger_entry_encode(const struct ledger_entry *entry, struct buf *out, struct err *err);

/* [1, size, peaks] with the peaks' hashes one after the other. */
void ledger_frontier_encode(const struct merkle_frontier *frontier, struct buf *out);
RESULT ledger_frontier_decode(struct bytes in, struct merkle_frontier *ret, struct err *err);
/* The noted frontier, an empty one when there is none. hold is scratch. */
RESULT ledger_frontier_read(struct store *store, struct buf *hold, struct merkle_frontier *ret, struct err *err);

/* Full subtrees of 2^LEDGER_TREE_LEAST entries and more are kept as rows of the store; smaller ones are computed from their entries. That costs one row in
 * sixteen entries, and a proof at most some hundred reads. */
enum { LEDGER_TREE_LEAST = 5 };

/* Keeps what became full when the tree reached `size`; grown as from merkle_append_grown. Within a transaction. */
RESULT ledger_tree_keep(struct store *store, uint64_t size, const struct hash *grown, unsigned levels, struct err *err);
/* The hash that is kept of a subtree. */
RESULT ledger_tree_kept(struct store *store, unsigned level, uint64_t index, struct buf *hold, bool *ret_found, struct hash *ret, struct err *err);
/* Compares the subtrees that the frontier consists of with those that are kept; when some are not there, as in a store of an older version, or are others,
 * all are computed from the entries, in transactions of their own. corrupt: the entries are not those of the frontier. */
RESULT ledger_tree_complete(struct store *store, const struct merkle_frontier *frontier, struct err *err);
/* Computes them all from the entries, within the caller's transaction. */
RESULT ledger_tree_rebuild(struct store *store, const struct merkle_frontier *frontier, struct err *err);

#endif
