#include "certs/tree.h"

struct reading {
	tree_node_fn node;
	void *ctx;
};

/* The level of the largest full subtree that fits into count >= 1 leaves. */
static unsigned level_of(uint64_t count)
{
	return 63u - (unsigned)__builtin_clzll(count);
}

/* The root over `count` leaves from `start` on, which is a multiple of the largest power of two that is not above count: full subtrees, the
 * largest first, folded from the right. */
static result root_of(const struct reading *from, uint64_t start, uint64_t count, struct hash *ret, struct err *err)
{
	struct merkle_frontier frontier = {.size = count};
	while (count > 0) {
		unsigned level = level_of(count);
		TRY(from->node(from->ctx, level, start >> level, &frontier.peaks[frontier.peaks_count++], err));
		start += (uint64_t)1 << level;
		count -= (uint64_t)1 << level;
	}
	*ret = merkle_frontier_root(&frontier);
	return OK;
}

result tree_root(tree_node_fn node, void *ctx, uint64_t size, struct hash *ret, struct err *err)
{
	return root_of(&(struct reading){node, ctx}, 0, size, ret, err);
}

static void reverse(struct hash *hashes, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct hash held = hashes[i];
		hashes[i] = hashes[count - 1 - i];
		hashes[count - 1 - i] = held;
	}
}

/* The largest power of two below count >= 2. */
static uint64_t split_of(uint64_t count)
{
	return (uint64_t)1 << level_of(count - 1);
}

result tree_consistency(tree_node_fn node, void *ctx, uint64_t old_size, uint64_t new_size, struct hash proof[static TREE_PROOF_MAX],
                        size_t *ret_len, struct err *err)
{
	const struct reading from = {node, ctx};
	uint64_t start = 0;
	bool is_whole = true; /* what is left holds the old tree from its first leaf on */
	size_t len = 0;
	*ret_len = 0;
	if (old_size > new_size)
		return err_set(err, CODE_USAGE, "size", "%llu entries do not continue %llu", (unsigned long long)new_size,
		               (unsigned long long)old_size);
	if (old_size == 0)
		return OK;
	while (old_size != new_size) {
		uint64_t split = split_of(new_size);
		if (old_size <= split) {
			TRY(root_of(&from, start + split, new_size - split, &proof[len++], err));
			new_size = split;
		} else {
			TRY(root_of(&from, start, split, &proof[len++], err));
			start += split;
			old_size -= split;
			new_size -= split;
			is_whole = false;
		}
	}
	if (!is_whole)
		TRY(root_of(&from, start, new_size, &proof[len++], err));
	reverse(proof, len);
	*ret_len = len;
	return OK;
}
