/* Roots and proofs of a Merkle tree (certs/merkle.h) whose leaves are not at hand: the hashes of its full subtrees are asked for one by one, about
 * two for each level of the tree. Thread: any, pure but for what the function does. */
#ifndef CERTS_TREE_H
#define CERTS_TREE_H

#include "certs/merkle.h"

enum { TREE_PROOF_MAX = 64 }; /* hashes */

/* Gives the hash of the full subtree over the leaves from index * 2^level to (index + 1) * 2^level - 1. */
typedef result (*tree_node_fn)(void *ctx, unsigned level, uint64_t index, struct hash *ret, struct err *err);

/* Of the first `size` leaves. */
RESULT tree_root(tree_node_fn node, void *ctx, uint64_t size, struct hash *ret, struct err *err);
/* The consistency proof from old_size to new_size (RFC 9162 §2.1.4.1); empty when either is 0 or both are equal. usage when old_size is larger. */
RESULT tree_consistency(tree_node_fn node, void *ctx, uint64_t old_size, uint64_t new_size, struct hash proof[static TREE_PROOF_MAX],
                        size_t *ret_len, struct err *err);

#endif
