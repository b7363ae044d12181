#include "broker/exchange/exchange_row.h"

#include <string.h>

enum { TIME_LEN = 8, HOLD_MAX = STORE_KEY_MAX + STORE_VALUE_MAX };

struct exchange_key exchange_row_key(char kind)
{
	struct exchange_key key = {.at = {(uint8_t)kind}, .len = 1};
	return key;
}

void exchange_row_key_raw(struct exchange_key *key, struct bytes piece)
{
	size_t room = sizeof(key->at) - key->len, len = piece.len < room ? piece.len : room;
	if (len)
		memcpy(key->at + key->len, piece.at, len);
	key->len += len;
}

void exchange_row_key_text(struct exchange_key *key, struct bytes piece)
{
	exchange_row_key_raw(key, bytes_of(piece.at, piece.len < EXCHANGE_ROW_NAME_MAX ? piece.len : EXCHANGE_ROW_NAME_MAX));
	exchange_row_key_raw(key, bytes_of("", 1));
}

void exchange_row_key_id(struct exchange_key *key, const struct identifier *id)
{
	exchange_row_key_text(key, id->kind);
	exchange_row_key_text(key, id->value);
	exchange_row_key_text(key, id->issuer);
}

struct bytes exchange_row_key_bytes(const struct exchange_key *key)
{
	return bytes_of(key->at, key->len);
}

result exchange_row_mark(struct store *store, enum store_space space, const struct exchange_key *key, struct err *err)
{
	return store_row_put(store, space, exchange_row_key_bytes(key), BYTES_NONE, err);
}

result exchange_row_unmark(struct store *store, enum store_space space, const struct exchange_key *key, struct err *err)
{
	return store_row_drop(store, space, exchange_row_key_bytes(key), err);
}

result exchange_row_walk(struct store *store, enum store_space space, const struct exchange_key *prefix, struct exchange_key *key,
                         bool *ret_found, struct err *err)
{
	struct buf hold;
	struct bytes found_key = BYTES_NONE, value;
	buf_init(&hold, HOLD_MAX);
	result r = store_row_next(store, space, exchange_row_key_bytes(prefix), exchange_row_key_bytes(key), &hold, ret_found,
	                          &found_key, &value, err);
	if (!FAILED(r) && *ret_found) {
		key->len = 0;
		exchange_row_key_raw(key, found_key);
	}
	buf_done(&hold);
	return r;
}

/* ── lists ── */

enum { LIST_ROW_MAX = 1024 * 1024 + 65536 };

static result list_row(const struct exchange_listing *listing, struct store *store, struct bytes key, struct bytes value, exchange_row_fn fn,
                       const void *ctx, size_t *listed, struct err *err)
{
	struct buf row;
	buf_init(&row, LIST_ROW_MAX);
	result r = fn(ctx, store, key, value, &row, err);
	if (!FAILED(r))
		r = buf_check(&row, "row", err);
	if (!FAILED(r) && row.len) {
		listing->fn(listing->ctx, buf_bytes(&row));
		++*listed;
	}
	buf_done(&row);
	return r;
}

result exchange_row_list(struct store *store, enum store_space space, char kind, const struct exchange_listing *listing, exchange_row_fn fn,
                         const void *ctx, struct err *err)
{
	struct exchange_key last = {.len = 0};
	struct bytes prefix = bytes_of(&kind, 1), key, value;
	struct buf hold;
	size_t listed = 0;
	bool found = true;
	result r = OK;
	exchange_row_key_raw(&last, listing->after);
	buf_init(&hold, HOLD_MAX);
	for (size_t looks = 0; !FAILED(r); looks++) {
		r = store_row_next(store, space, prefix, exchange_row_key_bytes(&last), &hold, &found, &key, &value, err);
		if (FAILED(r) || !found)
			break;
		if (listed == listing->max || looks == EXCHANGE_LIST_LOOKS) {
			buf_add(listing->next, exchange_row_key_bytes(&last));
			break;
		}
		r = list_row(listing, store, key, value, fn, ctx, &listed, err);
		last.len = 0;
		exchange_row_key_raw(&last, key);
	}
	buf_done(&hold);
	return r;
}

/* ── instants ── */

static struct exchange_key time_key(int64_t at, struct bytes name)
{
	struct exchange_key key = exchange_row_key('t');
	uint8_t big_endian[TIME_LEN];
	uint64_t rest = (uint64_t)at;
	for (size_t i = TIME_LEN; i-- > 0; rest >>= 8)
		big_endian[i] = (uint8_t)(rest & 0xff);
	exchange_row_key_raw(&key, bytes_of(big_endian, sizeof(big_endian)));
	exchange_row_key_raw(&key, name);
	return key;
}

result exchange_row_wake(struct store *store, enum store_space space, int64_t from, int64_t to, struct bytes name,
                         struct err *err)
{
	struct exchange_key before = time_key(from, name), after = time_key(to, name);
	if (from)
		TRY(exchange_row_unmark(store, space, &before, err));
	return to ? exchange_row_mark(store, space, &after, err) : OK;
}

result exchange_row_first(struct store *store, enum store_space space, int64_t *ret_at, struct exchange_key *name,
                          struct err *err)
{
	struct exchange_key prefix = exchange_row_key('t'), key = {.len = 0};
	bool found = false;
	*ret_at = 0;
	TRY(exchange_row_walk(store, space, &prefix, &key, &found, err));
	if (!found)
		return OK;
	if (key.len <= 1 + TIME_LEN)
		return err_set(err, CODE_CORRUPT, "rows", "the instant of a row is damaged");
	uint64_t at = 0;
	for (size_t i = 0; i < TIME_LEN; i++)
		at = at << 8 | key.at[1 + i];
	*ret_at = (int64_t)at;
	if (name) {
		name->len = 0;
		exchange_row_key_raw(name, bytes_of(key.at + 1 + TIME_LEN, key.len - 1 - TIME_LEN));
	}
	return OK;
}

/* ── values ── */

result exchange_row_damaged(const struct err *why, const char *what, struct err *err)
{
	return err_set(err, CODE_CORRUPT, "rows", "the row of %s is damaged: %s", what, why->reason);
}

void exchange_row_without(struct bytes map, struct bytes without, struct buf *out)
{
	struct err ignored;
	struct bytes value;
	struct buf pairs;
	size_t left = 0;
	struct pack_in in = pack_in(map, &ignored);
	buf_init(&pairs, map.len + 1);
	for (size_t count = map.len ? pack_map(&in, "") : 0; count > 0 && !in.failed; count--) {
		struct bytes key = pack_text(&in, "", SIZE_MAX);
		value = pack_value(&in, "");
		if (in.failed || bytes_equal(key, without))
			continue;
		pack_put_text(&pairs, key);
		pack_put_raw(&pairs, value);
		left++;
	}
	if (left) {
		pack_put_map(out, left);
		pack_put_raw(out, buf_bytes(&pairs));
	}
	buf_done(&pairs);
}

void exchange_row_put_id(struct buf *out, const struct identifier *id)
{
	pack_put_array(out, 3);
	pack_put_text(out, id->kind);
	pack_put_text(out, id->value);
	pack_put_text(out, id->issuer);
}

struct identifier exchange_row_read_id(struct pack_in *in)
{
	struct identifier id;
	pack_array_of(in, "", 3);
	id.kind = pack_text(in, "kind", EXCHANGE_ROW_NAME_MAX);
	id.value = pack_text(in, "value", EXCHANGE_ROW_NAME_MAX);
	id.issuer = pack_text(in, "issuer", EXCHANGE_ROW_NAME_MAX);
	return id;
}

struct bytes exchange_row_read_packed(struct pack_in *in, const char *field, size_t max)
{
	struct bytes packed = pack_bin(in, field, max);
	struct err ignored;
	if (packed.len && FAILED(pack_scan(packed, &ignored)))
		pack_fail(in, CODE_MALFORMED, field, "is not one packed value");
	return packed;
}
