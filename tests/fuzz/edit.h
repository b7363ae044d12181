/* Packed values as trees that can be edited: so that what a fuzzer changes is a field and not only a byte, and the rest still reads. A target that includes
 * this has a mutator of its own for libFuzzer; one whose input is a list of edits takes them from there. */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

#include <string.h>

#include "base/pack.h"
#include "fuzz/fuzz.h"

enum { EDIT_NODES_MAX = 4096, EDIT_DEPTH_MAX = 64, EDIT_BYTES_MAX = 1 << 20 };

/* In the order of the bytes: a node is followed by what is in it. */
struct edit_node {
	enum pack_kind kind;
	struct bytes bytes; /* TEXT, BIN: what it says; scalars: as packed */
	size_t depth;
	size_t after; /* index of the first node that is not in it */
};

struct edit_tree {
	struct edit_node nodes[EDIT_NODES_MAX];
	size_t count;
};

/* Where decisions come from: a number below `most`. */
typedef size_t (*edit_choose_fn)(void *ctx, size_t most);

static inline bool edit_read(struct edit_tree *tree, struct pack_in *in, size_t depth)
{
	struct bytes start = bytes_of(in->at, (size_t)(in->end - in->at));
	if (tree->count == EDIT_NODES_MAX || depth == EDIT_DEPTH_MAX)
		return false;
	size_t self = tree->count++;
	struct pack_item item = pack_next(in, "");
	if (in->failed)
		return false;
	struct edit_node *node = &tree->nodes[self];
	*node = (struct edit_node){.kind = item.kind, .bytes = bytes_of(start.at, (size_t)(in->at - start.at)), .depth = depth};
	if (item.kind == PACK_TEXT || item.kind == PACK_BIN)
		node->bytes = item.bytes;
	size_t children = item.kind == PACK_ARRAY ? item.count : item.kind == PACK_MAP ? item.count * 2 : 0;
	for (size_t i = 0; i < children; i++)
		if (!edit_read(tree, in, depth + 1))
			return false;
	tree->nodes[self].after = tree->count;
	return true;
}

/* False when the bytes are not one packed value. */
static inline bool edit_of(struct bytes packed, struct edit_tree *ret)
{
	struct err ignored;
	struct pack_in in = pack_in(packed, &ignored);
	ret->count = 0;
	return edit_read(ret, &in, 0) && in.at == in.end;
}

/* A change to one node, done while the tree is written. */
struct edit_change {
	size_t at;
	enum { EDIT_DROP, EDIT_TWICE, EDIT_OTHER, EDIT_SHORTER, EDIT_LONGER, EDIT_FLIP, EDIT_NUMBER, EDIT_KIND, EDIT_EDITS } what;
	size_t other;     /* EDIT_OTHER: the node that stands in its place */
	size_t place;     /* EDIT_SHORTER, EDIT_FLIP: where */
	uint8_t bit;
	int64_t number;   /* EDIT_NUMBER */
};

static inline size_t edit_write(const struct edit_tree *tree, size_t at, const struct edit_change *edit, struct buf *out);

static inline void edit_write_text(const struct edit_node *node, const struct edit_change *edit, struct buf *out)
{
	struct buf text;
	buf_init(&text, EDIT_BYTES_MAX);
	buf_add(&text, node->bytes);
	if (edit && edit->what == EDIT_SHORTER && text.len)
		text.len = edit->place % text.len;
	if (edit && edit->what == EDIT_LONGER)
		for (size_t i = 0; i <= edit->place % 300; i++)
			buf_add_byte(&text, node->bytes.len ? node->bytes.at[i % node->bytes.len] : edit->bit);
	if (edit && edit->what == EDIT_FLIP && text.len)
		text.at[edit->place % text.len] ^= edit->bit;
	if ((node->kind == PACK_TEXT) != (edit && edit->what == EDIT_KIND))
		pack_put_text(out, buf_bytes(&text));
	else
		pack_put_bin(out, buf_bytes(&text));
	buf_done(&text);
}

/* How many elements the array, or members (keys and values) the map has when the edit is done. */
static inline size_t edit_children(const struct edit_tree *tree, size_t at, const struct edit_change *edit)
{
	size_t count = 0, step = tree->nodes[at].kind == PACK_MAP ? 2 : 1;
	for (size_t i = at + 1; i < tree->nodes[at].after; i = tree->nodes[i].after) {
		bool here = edit && edit->at == i;
		count += here && edit->what == EDIT_DROP ? 0 : here && edit->what == EDIT_TWICE ? 2 : 1;
	}
	return count / step;
}

static inline void edit_write_all(const struct edit_tree *tree, size_t at, const struct edit_change *edit, struct buf *out)
{
	size_t count = edit_children(tree, at, edit), step = tree->nodes[at].kind == PACK_MAP ? 2 : 1, written = 0;
	if (tree->nodes[at].kind == PACK_MAP)
		pack_put_map(out, count);
	else
		pack_put_array(out, count);
	for (size_t i = at + 1; i < tree->nodes[at].after; i = tree->nodes[i].after) {
		bool here = edit && edit->at == i;
		for (int twice = 0; twice <= (here && edit->what == EDIT_TWICE); twice++)
			if (written < count * step && !(here && edit->what == EDIT_DROP))
				written += edit_write(tree, i, edit, out);
	}
}

static inline size_t edit_write(const struct edit_tree *tree, size_t at, const struct edit_change *edit, struct buf *out)
{
	const struct edit_node *node = &tree->nodes[at];
	const struct edit_change *here = edit && edit->at == at ? edit : NULL;
	if (here && here->what == EDIT_OTHER)
		return edit_write(tree, here->other, NULL, out);
	if (here && here->what == EDIT_NUMBER)
		pack_put_int(out, here->number);
	else if (node->kind == PACK_TEXT || node->kind == PACK_BIN)
		edit_write_text(node, here, out);
	else if (node->kind == PACK_ARRAY || node->kind == PACK_MAP)
		edit_write_all(tree, at, edit, out);
	else if (here && here->what == EDIT_KIND)
		pack_put_nil(out);
	else
		pack_put_raw(out, node->bytes);
	return 1;
}

/* One edit as choose decides; a whole packed value comes out. False when the input is not one. */
static inline bool edit_value(struct bytes packed, edit_choose_fn choose, void *ctx, struct buf *out)
{
	static const int64_t numbers[] = {0, 1, -1, 2, 31, 32, 127, 128, 255, 256, 65535, 65536, INT32_MAX, UINT32_MAX, INT64_MAX, INT64_MIN, 1767225600000};
	static struct edit_tree held;
	struct edit_tree *tree = &held;
	bool is_tree = edit_of(packed, tree);
	if (is_tree) {
		struct edit_change edit = {.at = choose(ctx, tree->count)};
		edit.what = (unsigned)choose(ctx, EDIT_EDITS);
		edit.other = choose(ctx, tree->count);
		edit.place = choose(ctx, 65536);
		edit.bit = (uint8_t)(1u << choose(ctx, 8));
		edit.number = numbers[choose(ctx, sizeof(numbers) / sizeof(*numbers))];
		edit_write(tree, 0, &edit, out);
	}
	return is_tree;
}

/* ── decisions ── */

struct edit_dice {
	uint64_t state;
};

static inline size_t edit_roll(void *ctx, size_t most)
{
	struct edit_dice *dice = ctx;
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return most ? (size_t)(dice->state % most) : 0;
}

/* From a list of bytes, two for each decision; zeros behind its end. */
struct edit_script {
	struct bytes left;
};

static inline size_t edit_read_choice(void *ctx, size_t most)
{
	struct edit_script *script = ctx;
	size_t number = 0;
	for (int i = 0; i < 2 && script->left.len; i++) {
		number = number << 8 | script->left.at[0];
		script->left = bytes_of(script->left.at + 1, script->left.len - 1);
	}
	return most ? number % most : 0;
}

/* Edits a value as the script says, up to its end but at most `most` times. `value` is replaced. */
static inline void edit_play(struct buf *value, struct bytes script, size_t most)
{
	struct edit_script choices = {script};
	for (size_t i = 0; i < most && choices.left.len; i++) {
		struct buf next;
		buf_init(&next, value->max);
		bool done = edit_value(buf_bytes(value), edit_read_choice, &choices, &next) && !next.overflow;
		if (!done) {
			buf_done(&next);
			return;
		}
		buf_done(value);
		*value = next;
	}
}

/* ── libFuzzer ── */

/* Three times in four a field of the input is changed, otherwise bytes. EDIT_SKIP bytes before the value are left alone; with EDIT_JSON the value is JSON, not
 * packed. */
#ifdef EDIT_MUTATOR
#ifndef EDIT_SKIP
#define EDIT_SKIP 0
#endif
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#ifdef EDIT_JSON
#include "schemas/json.h"

static inline bool edit_input(struct bytes in, struct edit_dice *dice, struct buf *out)
{
	struct buf packed, changed;
	struct err ignored;
	buf_init(&packed, EDIT_BYTES_MAX);
	buf_init(&changed, EDIT_BYTES_MAX);
	bool done = !FAILED(json_to_pack(in, &packed, &ignored)) && !packed.overflow && edit_value(buf_bytes(&packed), edit_roll, dice, &changed) &&
	            !changed.overflow && !FAILED(json_from_pack(buf_bytes(&changed), 0, out, &ignored));
	buf_done(&packed);
	buf_done(&changed);
	return done;
}
#else
static inline bool edit_input(struct bytes in, struct edit_dice *dice, struct buf *out)
{
	return edit_value(in, edit_roll, dice, out);
}
#endif

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct edit_dice dice = {((uint64_t)seed + 1) * UINT64_C(0x9e3779b97f4a7c15)};
	struct buf out;
	size_t len = 0;
	if (size <= EDIT_SKIP || edit_roll(&dice, 4) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	buf_init(&out, max_size - EDIT_SKIP);
	if (edit_input(bytes_of(data + EDIT_SKIP, size - EDIT_SKIP), &dice, &out) && !out.overflow && out.len) {
		len = EDIT_SKIP + out.len;
		memcpy(data + EDIT_SKIP, out.at, out.len);
	}
	buf_done(&out);
	return len ? len : LLVMFuzzerMutate(data, size, max_size);
}
#endif

#endif
