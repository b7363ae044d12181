#include "base/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pack_token.h"
#include "base/text.h"

/* One loop over tokens with a stack of open arrays and maps. All keys of open maps lie on another stack: a map that is inside has
 * taken its keys off again before its parent's next one comes, so the keys of one map are always side by side. */

enum { KEYS_SMALL = 32, KEYS_INSIDE = PACK_DEPTH_MAX * KEYS_SMALL };

struct key {
	uint32_t at, len; /* from the start of the input */
};

struct level {
	size_t left;      /* elements, or pairs, still to come */
	size_t index;     /* of the current element */
	size_t first_key; /* where this map's keys begin on the stack of keys */
	uint64_t sieve;   /* one bit per key there was, by a cheap hash: mostly spares the search */
	struct bytes key; /* of the current pair */
	bool is_map;
	bool is_named;    /* index or key says where we are */
};

struct scan {
	const uint8_t *start, *at, *end;
	size_t depth;
	struct key *keys; /* `inside`, until that is too small */
	size_t key_count, key_cap;
	struct level levels[PACK_DEPTH_MAX];
	struct key inside[KEYS_INSIDE];
};

static struct bytes key_bytes(const struct scan *scan, struct key key)
{
	return bytes_of(scan->start + key.at, key.len);
}

static void push_key(struct scan *scan, struct bytes key)
{
	if (scan->key_count == scan->key_cap) {
		struct key *old = scan->keys == scan->inside ? NULL : scan->keys;
		struct key *grown = mem_grow(old, 2 * scan->key_cap, sizeof *grown);
		if (old == NULL)
			memcpy(grown, scan->inside, sizeof scan->inside);
		scan->keys = grown;
		scan->key_cap *= 2;
	}
	scan->keys[scan->key_count++] = (struct key){(uint32_t)(key.at - scan->start), (uint32_t)key.len};
}

static uint64_t sieve_bit(struct bytes key)
{
	size_t hash = key.len;
	if (key.len > 0)
		hash += (size_t)key.at[0] * 7 + (size_t)key.at[key.len / 2] * 3 + (size_t)key.at[key.len - 1] * 31;
	return UINT64_C(1) << (hash & 63);
}

/* Small maps are searched key by key; of large ones only the beginning, the rest is for check_many_keys. */
static bool is_second(const struct scan *scan, struct level *level, struct bytes key)
{
	size_t count = scan->key_count - level->first_key;
	uint64_t bit = sieve_bit(key);
	bool may_be = (level->sieve & bit) != 0;
	level->sieve |= bit;
	if (!may_be || count > KEYS_SMALL)
		return false;
	for (size_t i = level->first_key; i < scan->key_count; i++)
		if (bytes_equal(key_bytes(scan, scan->keys[i]), key))
			return true;
	return false;
}

static int key_order(const void *a, const void *b, void *scan)
{
	struct key one = *(const struct key *)a;
	struct key two = *(const struct key *)b;
	if (one.len != two.len)
		return one.len < two.len ? -1 : 1;
	return bytes_order(key_bytes(scan, one), key_bytes(scan, two));
}

/* Sorted rather than hashed: a stranger chooses the keys, and a sort has no bad inputs. */
static const char *check_many_keys(struct scan *scan, struct level *level)
{
	struct key *keys = scan->keys + level->first_key;
	size_t count = scan->key_count - level->first_key;
	qsort_r(keys, count, sizeof *keys, key_order, scan);
	for (size_t i = 1; i < count; i++) {
		if (key_order(&keys[i - 1], &keys[i], scan) == 0) {
			level->key = key_bytes(scan, keys[i]);
			return "the key is there twice";
		}
	}
	return NULL;
}

static const char *scan_key(struct scan *scan, struct level *level)
{
	struct pack_item item = {.kind = PACK_NIL};
	level->is_named = false;
	const char *wrong = pack_token(&scan->at, scan->end, &item);
	if (wrong != NULL)
		return wrong;
	if (item.kind != PACK_TEXT)
		return "a key is not text";
	if (!text_is_utf8(item.bytes))
		return "a key is not UTF-8";
	level->key = item.bytes;
	level->is_named = true;
	if (is_second(scan, level, item.bytes))
		return "the key is there twice";
	push_key(scan, item.bytes);
	return NULL;
}

static const char *scan_value(struct scan *scan)
{
	struct pack_item item = {.kind = PACK_NIL};
	const char *wrong = pack_token(&scan->at, scan->end, &item);
	if (wrong != NULL)
		return wrong;
	if (item.kind == PACK_TEXT && !text_is_utf8(item.bytes))
		return "the text is not UTF-8";
	if (item.kind != PACK_ARRAY && item.kind != PACK_MAP)
		return NULL;
	if (scan->depth == PACK_DEPTH_MAX)
		return "it is nested deeper than 16";
	scan->levels[scan->depth++] =
		(struct level){.left = item.count, .first_key = scan->key_count, .is_map = item.kind == PACK_MAP};
	return NULL;
}

/* The next element or pair of the innermost array or map, or its end. */
static const char *scan_step(struct scan *scan)
{
	struct level *level = &scan->levels[scan->depth - 1];
	const char *wrong = NULL;
	if (level->left == 0) {
		if (scan->key_count - level->first_key > KEYS_SMALL)
			wrong = check_many_keys(scan, level);
		if (wrong == NULL) {
			scan->key_count = level->first_key;
			scan->depth--;
		}
		return wrong;
	}
	level->left--;
	if (level->is_map) {
		wrong = scan_key(scan, level);
	} else {
		level->index += level->is_named;
		level->is_named = true;
	}
	return wrong != NULL ? wrong : scan_value(scan);
}

/* RFC 6901 §3: the pointer's own signs are escaped. */
static void place_key(struct bytes key, struct buf *out)
{
	for (size_t i = 0; i < key.len && key.at[i] != '\0'; i++) {
		if (key.at[i] == '~' || key.at[i] == '/')
			buf_add_text(out, key.at[i] == '~' ? "~0" : "~1");
		else
			buf_add_byte(out, key.at[i]);
	}
}

static result scan_refuse(const struct scan *scan, const char *wrong, struct err *err)
{
	struct buf place;
	buf_init(&place, ERR_FIELD_MAX); /* err_set cuts what is longer than it can hold, between characters */
	for (size_t i = 0; i < scan->depth && scan->levels[i].is_named; i++) {
		buf_add_byte(&place, '/');
		if (scan->levels[i].is_map)
			place_key(scan->levels[i].key, &place);
		else
			buf_printf(&place, "%zu", scan->levels[i].index);
	}
	AUTO_FREE char *field = bytes_dup_text(buf_bytes(&place));
	buf_done(&place);
	return err_set(err, CODE_MALFORMED, field, "%s", wrong);
}

RESULT pack_scan(struct bytes in, struct err *err)
{
	if (in.len > UINT32_MAX)
		return err_set(err, CODE_TOO_LARGE, "", "more than 4 GiB");
	struct scan scan; /* not cleared: the stacks are written before they are read, and this runs for every message */
	scan.start = scan.at = in.at;
	scan.end = in.len == 0 ? in.at : in.at + in.len;
	scan.depth = scan.key_count = 0;
	scan.keys = scan.inside;
	scan.key_cap = KEYS_INSIDE;
	const char *wrong = scan_value(&scan);
	while (wrong == NULL && scan.depth > 0)
		wrong = scan_step(&scan);
	if (wrong == NULL && scan.at != scan.end)
		wrong = "bytes follow the value";
	result judged = wrong == NULL ? OK : scan_refuse(&scan, wrong, err);
	if (scan.keys != scan.inside)
		mem_free(scan.keys);
	return judged;
}
