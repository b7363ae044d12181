#include <string.h>

#include "broker/ledger/ledger_inside.h"

enum { TREE_KEY_LEN = 9, TREE_COMMIT_ENTRIES = 1 << 16 };

/* Where the nodes of a tree are read from. */
struct source {
	struct store *store;
	struct buf hold;
};

/* Level by level, and in the order of the entries: so each level grows at its end. */
static struct bytes key_of(unsigned level, uint64_t index, uint8_t into[static TREE_KEY_LEN])
{
	into[0] = (uint8_t)level;
	for (unsigned i = 0; i < 8; i++)
		into[1 + i] = (uint8_t)(index >> (56 - 8 * i));
	return bytes_of(into, TREE_KEY_LEN);
}

result ledger_tree_keep(struct store *store, uint64_t size, const struct hash *grown, unsigned levels, struct err *err)
{
	uint8_t key[TREE_KEY_LEN];
	for (unsigned level = LEDGER_TREE_LEAST; level < levels; level++)
		TRY(store_row_put(store, STORE_TREE, key_of(level, (size >> level) - 1, key), hash_bytes(&grown[level]), err));
	return OK;
}

result ledger_tree_kept(struct store *store, unsigned level, uint64_t index, struct buf *hold, bool *ret_found, struct hash *ret, struct err *err)
{
	uint8_t key[TREE_KEY_LEN];
	TRY(store_row_get(store, STORE_TREE, key_of(level, index, key), hold, ret_found, err));
	*ret_found = *ret_found && hold->len == HASH_LEN; /* a damaged one is as good as none */
	if (*ret_found)
		memcpy(ret->at, hold->at, HASH_LEN);
	return OK;
}

static result read_leaf(struct source *source, uint64_t number, struct hash *ret, struct err *err)
{
	bool found = false;
	TRY(store_ledger_get(source->store, (int64_t)number, &source->hold, &found, err));
	if (!found)
		return err_set(err, CODE_CORRUPT, "tree", "entry %llu is missing", (unsigned long long)number);
	*ret = merkle_leaf(buf_bytes(&source->hold));
	return OK;
}

static result read_entries(struct source *source, uint64_t from, uint64_t until, struct hash *ret, struct err *err)
{
	struct merkle_frontier frontier = {0};
	struct hash leaf;
	for (uint64_t number = from; number < until; number++) {
		TRY(read_leaf(source, number, &leaf, err));
		merkle_append(&frontier, &leaf);
	}
	*ret = merkle_frontier_root(&frontier);
	return OK;
}

/* What is kept, or else what it consists of: a store of an older version that is only read has nothing kept. */
static result read_node(void *ctx, unsigned level, uint64_t index, struct hash *ret, struct err *err)
{
	struct source *source = ctx;
	struct merkle_frontier halves = {.peaks_count = 2};
	bool found = false;
	if (level < LEDGER_TREE_LEAST)
		return read_entries(source, index << level, (index + 1) << level, ret, err);
	TRY(ledger_tree_kept(source->store, level, index, &source->hold, &found, ret, err));
	if (found)
		return OK;
	TRY(read_node(ctx, level - 1, 2 * index, &halves.peaks[0], err));
	TRY(read_node(ctx, level - 1, 2 * index + 1, &halves.peaks[1], err));
	*ret = merkle_frontier_root(&halves);
	return OK;
}

static result check_size(struct store *store, uint64_t size, struct err *err)
{
	int64_t entries = 0;
	TRY(store_ledger_size(store, &entries, err));
	if (size > (uint64_t)entries)
		return err_set(err, CODE_USAGE, "size", "there are %lld entries, not %llu", (long long)entries, (unsigned long long)size);
	return OK;
}

result ledger_root_at(struct store *store, uint64_t size, struct hash *ret, struct err *err)
{
	struct source source = {.store = store};
	TRY(check_size(store, size, err));
	buf_init(&source.hold, LEDGER_ENTRY_MAX);
	result r = tree_root(read_node, &source, size, ret, err);
	buf_done(&source.hold);
	return r;
}

/* A proof that does not hold would make every adapter believe that the past was rewritten, where only a row is damaged. */
static result prove(struct source *source, uint64_t old_size, uint64_t new_size, struct buf *out, struct err *err)
{
	struct hash proof[TREE_PROOF_MAX], old_root, new_root;
	size_t len = 0;
	TRY(tree_root(read_node, source, old_size, &old_root, err));
	TRY(tree_root(read_node, source, new_size, &new_root, err));
	TRY(tree_consistency(read_node, source, old_size, new_size, proof, &len, err));
	if (!merkle_consistent(old_size, &old_root, new_size, &new_root, proof[0].at, len))
		return err_set(err, CODE_CORRUPT, "tree", "the subtrees kept of the first %llu entries do not fit together", (unsigned long long)new_size);
	buf_add(out, bytes_of(proof, len * sizeof(*proof)));
	return buf_check(out, "proof", err);
}

result ledger_prove(struct store *store, uint64_t old_size, uint64_t new_size, struct buf *out, struct err *err)
{
	struct source source = {.store = store};
	TRY(check_size(store, new_size, err));
	buf_init(&source.hold, LEDGER_ENTRY_MAX);
	result r = prove(&source, old_size, new_size, out, err);
	buf_done(&source.hold);
	return r;
}

/* ---- making it anew ---- */

static result add_entries(struct source *source, struct merkle_frontier *built, uint64_t until, struct err *err)
{
	struct hash leaf, grown[64];
	while (built->size < until) {
		TRY(read_leaf(source, built->size, &leaf, err));
		unsigned levels = merkle_append_grown(built, &leaf, grown);
		TRY(ledger_tree_keep(source->store, built->size, grown, levels, err));
	}
	return OK;
}

static result compare_roots(const struct merkle_frontier *built, const struct merkle_frontier *frontier, struct err *err)
{
	struct hash root = merkle_frontier_root(built), noted = merkle_frontier_root(frontier);
	if (!hash_equal(&root, noted.at))
		return err_set(err, CODE_CORRUPT, "frontier", "the entries are not those that the noted frontier covers");
	return OK;
}

static result build(struct source *source, const struct merkle_frontier *frontier, struct err *err)
{
	struct merkle_frontier built = {0};
	while (built.size < frontier->size) {
		uint64_t until = frontier->size - built.size < TREE_COMMIT_ENTRIES ? frontier->size : built.size + TREE_COMMIT_ENTRIES;
		TRY(store_begin(source->store, err));
		result r = add_entries(source, &built, until, err);
		if (!FAILED(r))
			r = store_commit(source->store, err);
		if (FAILED(r)) {
			store_rollback(source->store);
			return r;
		}
	}
	return compare_roots(&built, frontier, err);
}

result ledger_tree_rebuild(struct store *store, const struct merkle_frontier *frontier, struct err *err)
{
	struct source source = {.store = store};
	struct merkle_frontier built = {0};
	buf_init(&source.hold, LEDGER_ENTRY_MAX);
	result r = add_entries(&source, &built, frontier->size, err);
	buf_done(&source.hold);
	TRY(r);
	return compare_roots(&built, frontier, err);
}

/* *ret_complete false: some are not there, or are not what they should be. */
static result compare(struct source *source, const struct merkle_frontier *frontier, bool *ret_complete, struct err *err)
{
	uint64_t at = 0;
	unsigned peak = 0;
	struct hash kept;
	*ret_complete = true;
	for (unsigned level = 63; level >= LEDGER_TREE_LEAST; level--) {
		if (!(frontier->size >> level & 1))
			continue;
		TRY(ledger_tree_kept(source->store, level, at >> level, &source->hold, ret_complete, &kept, err));
		*ret_complete = *ret_complete && hash_equal(&kept, frontier->peaks[peak++].at);
		if (!*ret_complete)
			return OK;
		at += (uint64_t)1 << level;
	}
	return OK;
}

result ledger_tree_complete(struct store *store, const struct merkle_frontier *frontier, struct err *err)
{
	struct source source = {.store = store};
	bool complete = true;
	buf_init(&source.hold, LEDGER_ENTRY_MAX);
	result r = compare(&source, frontier, &complete, err);
	if (!FAILED(r) && !complete)
		r = build(&source, frontier, err);
	buf_done(&source.hold);
	return r;
}
