/* Merkle trees as in RFC 9162 §2.1: leaf = SHA-256(0x00 || data), node = SHA-256(0x01 || left || right). Thread: any, pure. */
#ifndef CERTS_MERKLE_H
#define CERTS_MERKLE_H

#include "certs/hash.h"

struct hash merkle_leaf(struct bytes data);
struct hash merkle_root(const struct hash *leaves, size_t count); /* count >= 1; RFC 9162 §2.1.1 */
/* The inclusion proof of leaf `index`, sibling of the leaf first (§2.1.3.1). Writes *ret_len hashes into path[64]. */
void merkle_path(const struct hash *leaves, size_t count, size_t index, struct hash path[static 64], size_t *ret_len);
/* All paths of a batch at once, into paths[index * 10 …], lengths into lens; count <= 1024. Cheaper than count times merkle_path. */
void merkle_paths(const struct hash *leaves, size_t count, struct hash *paths, size_t *lens);
/* The root that leaf, index, count and path lead to (§2.1.3.2); false when the path's length does not fit index and count. */
bool merkle_root_from_path(const struct hash *leaf, uint64_t index, uint64_t count, const uint8_t *path, size_t path_hashes,
                           struct hash *ret);

/* A tree that only grows: the frontier (the roots of its full subtrees, largest first). What the ledger keeps. */
struct merkle_frontier {
	uint64_t size;
	struct hash peaks[64];
	unsigned peaks_count;
};

void merkle_append(struct merkle_frontier *frontier, const struct hash *leaf);
/* The same, and says which subtrees became full with it: grown[level] is that of 2^level leaves which ends with this one. Answers how many levels. */
unsigned merkle_append_grown(struct merkle_frontier *frontier, const struct hash *leaf, struct hash grown[static 64]);
struct hash merkle_frontier_root(const struct merkle_frontier *frontier); /* size 0: SHA-256 of nothing */
/* Consistency of an older head with a newer one (§2.1.4.2). */
bool merkle_consistent(uint64_t old_size, const struct hash *old_root, uint64_t new_size, const struct hash *new_root, const uint8_t *proof,
                       size_t proof_hashes);
/* The consistency proof (§2.1.4.1) from all leaves of the newer tree. Writes at most 64 hashes. */
void merkle_consistency(const struct hash *leaves, uint64_t new_size, uint64_t old_size, struct hash proof[static 64], size_t *ret_len);

#endif
