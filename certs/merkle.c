#include "certs/merkle.h"

#include <string.h>

enum { BATCH_LEVELS = 10 };

static struct hash node(const uint8_t *left, const uint8_t *right)
{
	uint8_t both[1 + 2 * HASH_LEN];

	both[0] = 1;
	memcpy(both + 1, left, HASH_LEN);
	memcpy(both + 1 + HASH_LEN, right, HASH_LEN);
	return hash_of(bytes_of(both, sizeof(both)));
}

struct hash merkle_leaf(struct bytes data)
{
	static const uint8_t zero = 0;

	return hash_of_two(bytes_of(&zero, 1), data);
}

/* The tree of any size is its full subtrees folded from the right, so a root needs no memory but the frontier. */
struct hash merkle_root(const struct hash *leaves, size_t count)
{
	struct merkle_frontier frontier;

	frontier.size = 0;
	frontier.peaks_count = 0;
	for (size_t i = 0; i < count; i++)
		merkle_append(&frontier, &leaves[i]);
	return merkle_frontier_root(&frontier);
}

/* The largest power of two that is smaller than count; count >= 2. */
static uint64_t split_of(uint64_t count)
{
	return (uint64_t)1 << (63 - __builtin_clzll(count - 1));
}

static void reverse(struct hash *hashes, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct hash held = hashes[i];
		hashes[i] = hashes[count - 1 - i];
		hashes[count - 1 - i] = held;
	}
}

void merkle_path(const struct hash *leaves, size_t count, size_t index, struct hash path[static 64], size_t *ret_len)
{
	size_t len = 0;

	while (count > 1) {
		size_t split = (size_t)split_of(count);
		if (index < split) {
			path[len++] = merkle_root(leaves + split, count - split);
			count = split;
		} else {
			path[len++] = merkle_root(leaves, split);
			leaves += split;
			count -= split;
			index -= split;
		}
	}
	reverse(path, len);
	*ret_len = len;
}

/* Level by level: a node without a sibling rises as it is, which gives the same tree as splitting from the top. */
void merkle_paths(const struct hash *leaves, size_t count, struct hash *paths, size_t *lens)
{
	struct hash level[(size_t)1 << BATCH_LEVELS];
	size_t width = count;

	memcpy(level, leaves, count * sizeof(*level));
	memset(lens, 0, count * sizeof(*lens));
	for (unsigned height = 0; width > 1; height++) {
		for (size_t i = 0; i < count; i++) {
			size_t sibling = (i >> height) ^ 1;
			if (sibling < width)
				paths[i * BATCH_LEVELS + lens[i]++] = level[sibling];
		}
		for (size_t i = 0; i < width / 2; i++)
			level[i] = node(level[2 * i].at, level[2 * i + 1].at);
		if (width % 2 == 1)
			level[width / 2] = level[width - 1];
		width = (width + 1) / 2;
	}
}

/* Where a walk from a leaf towards the root stands: the node's number in its level, and that of the level's last. */
struct climb {
	uint64_t at;
	uint64_t last;
};

/* True when the next hash of the proof stands to the left. */
static bool climb_is_right(const struct climb *climb)
{
	return climb->at % 2 == 1 || climb->at == climb->last;
}

static void climb_up(struct climb *climb)
{
	climb->at >>= 1;
	climb->last >>= 1;
}

/* A last node without a sibling rises until it is a right child. */
static void climb_skip(struct climb *climb)
{
	while (climb->at % 2 == 0 && climb->at != 0)
		climb_up(climb);
}

/* RFC 9162 §2.1.3.2 */
bool merkle_root_from_path(const struct hash *leaf, uint64_t index, uint64_t count, const uint8_t *path, size_t path_hashes,
                           struct hash *ret)
{
	struct climb climb = {index, count - 1};
	struct hash found = *leaf;

	if (index >= count)
		return false;
	for (size_t i = 0; i < path_hashes; i++, climb_up(&climb)) {
		const uint8_t *next = path + i * HASH_LEN;
		if (climb.last == 0)
			return false;
		if (climb_is_right(&climb)) {
			found = node(next, found.at);
			climb_skip(&climb);
		} else {
			found = node(found.at, next);
		}
	}
	if (climb.last != 0)
		return false;
	*ret = found;
	return true;
}

void merkle_append(struct merkle_frontier *frontier, const struct hash *leaf)
{
	frontier->peaks[frontier->peaks_count++] = *leaf;
	for (uint64_t size = frontier->size++; size % 2 == 1; size >>= 1) {
		struct hash *left = &frontier->peaks[frontier->peaks_count - 2];
		*left = node(left->at, left[1].at);
		frontier->peaks_count--;
	}
}

unsigned merkle_append_grown(struct merkle_frontier *frontier, const struct hash *leaf, struct hash grown[static 64])
{
	unsigned levels = 0;

	grown[levels++] = *leaf;
	for (uint64_t size = frontier->size; size % 2 == 1; size >>= 1, levels++)
		grown[levels] = node(frontier->peaks[frontier->peaks_count - levels].at, grown[levels - 1].at);
	frontier->peaks_count -= levels - 1;
	frontier->peaks[frontier->peaks_count++] = grown[levels - 1];
	frontier->size++;
	return levels;
}

struct hash merkle_frontier_root(const struct merkle_frontier *frontier)
{
	if (frontier->peaks_count == 0)
		return hash_of(BYTES_NONE);
	struct hash root = frontier->peaks[frontier->peaks_count - 1];
	for (unsigned i = frontier->peaks_count - 1; i-- > 0;)
		root = node(frontier->peaks[i].at, root.at);
	return root;
}

/* RFC 9162 §2.1.4.2 for 0 < old_size < new_size and a proof that is not empty. */
static bool climbs_to_both(uint64_t old_size, const struct hash *old_root, uint64_t new_size, const struct hash *new_root,
                           const uint8_t *proof, size_t proof_hashes)
{
	struct climb climb = {old_size - 1, new_size - 1};
	bool is_full = (old_size & (old_size - 1)) == 0; /* the old tree is a node of the new one, and left out of the proof */
	struct hash was, is;

	while (climb.at % 2 == 1)
		climb_up(&climb);
	if (is_full)
		was = *old_root;
	else
		memcpy(was.at, proof, HASH_LEN);
	is = was;
	for (size_t i = is_full ? 0 : 1; i < proof_hashes; i++, climb_up(&climb)) {
		const uint8_t *next = proof + i * HASH_LEN;
		if (climb.last == 0)
			return false;
		if (climb_is_right(&climb)) {
			was = node(next, was.at);
			is = node(next, is.at);
			climb_skip(&climb);
		} else {
			is = node(is.at, next);
		}
	}
	return climb.last == 0 && hash_equal(&was, old_root->at) && hash_equal(&is, new_root->at);
}

bool merkle_consistent(uint64_t old_size, const struct hash *old_root, uint64_t new_size, const struct hash *new_root,
                       const uint8_t *proof, size_t proof_hashes)
{
	if (old_size > new_size)
		return false;
	if (old_size == new_size)
		return proof_hashes == 0 && hash_equal(old_root, new_root->at);
	if (old_size == 0) {
		struct hash nothing = hash_of(BYTES_NONE);
		return proof_hashes == 0 && hash_equal(&nothing, old_root->at);
	}
	return proof_hashes > 0 && climbs_to_both(old_size, old_root, new_size, new_root, proof, proof_hashes);
}

void merkle_consistency(const struct hash *leaves, uint64_t new_size, uint64_t old_size, struct hash proof[static 64],
                        size_t *ret_len)
{
	bool is_whole = true; /* the subtree that is left holds the old tree from its first leaf on */
	size_t len = 0;

	*ret_len = 0;
	if (old_size == 0)
		return;
	while (old_size != new_size) {
		uint64_t split = split_of(new_size);
		if (old_size <= split) {
			proof[len++] = merkle_root(leaves + split, (size_t)(new_size - split));
			new_size = split;
		} else {
			proof[len++] = merkle_root(leaves, (size_t)split);
			leaves += split;
			old_size -= split;
			new_size -= split;
			is_whole = false;
		}
	}
	if (!is_whole)
		proof[len++] = merkle_root(leaves, (size_t)new_size);
	reverse(proof, len);
	*ret_len = len;
}
