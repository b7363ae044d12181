/* Rows of this room: keys made of pieces, and rows that wait for an instant. In each of the room's spaces a key that begins with
 * 't' and the instant, eight bytes big-endian, wakes what the rest of the key names. Thread: router. */
#ifndef BROKER_EXCHANGE_EXCHANGE_ROW_H
#define BROKER_EXCHANGE_EXCHANGE_ROW_H

#include "broker/exchange/exchange.h"

enum { EXCHANGE_ROW_VERSION = 1, EXCHANGE_ROW_NAME_MAX = 128 };

#define EXCHANGE_DAY_MS (INT64_C(86400) * 1000)

struct exchange_key {
	uint8_t at[STORE_KEY_MAX];
	size_t len;
};

struct exchange_key exchange_row_key(char kind);
void exchange_row_key_raw(struct exchange_key *key, struct bytes piece);  /* of a length that never changes, or the last */
void exchange_row_key_text(struct exchange_key *key, struct bytes piece); /* and a NUL behind it; cut at EXCHANGE_ROW_NAME_MAX */
void exchange_row_key_id(struct exchange_key *key, const struct identifier *id);
struct bytes exchange_row_key_bytes(const struct exchange_key *key);

/* Put and drop of a row that only its key says. */
RESULT exchange_row_mark(struct store *store, enum store_space space, const struct exchange_key *key, struct err *err);
RESULT exchange_row_unmark(struct store *store, enum store_space space, const struct exchange_key *key, struct err *err);
/* The next key after *key that begins with prefix, into *key (len 0: the first). */
RESULT exchange_row_walk(struct store *store, enum store_space space, const struct exchange_key *prefix, struct exchange_key *key,
                         bool *ret_found, struct err *err);

/* Rows of one kind for people who ask: fn appends a packed map of the row to `out`, or nothing if it is not wanted. */
typedef result (*exchange_row_fn)(const void *ctx, struct store *store, struct bytes key, struct bytes value, struct buf *out, struct err *err);
RESULT exchange_row_list(struct store *store, enum store_space space, char kind, const struct exchange_listing *listing, exchange_row_fn fn,
                         const void *ctx, struct err *err);

/* Moves what `name` names from the instant `from` (0: it waits for none) to `to` (0: for none any more). */
RESULT exchange_row_wake(struct store *store, enum store_space space, int64_t from, int64_t to, struct bytes name,
                         struct err *err);
/* The earliest instant of a space; *ret_at 0: none. name: what waits for it; may be NULL. */
RESULT exchange_row_first(struct store *store, enum store_space space, int64_t *ret_at, struct exchange_key *name,
                          struct err *err);

/* corrupt, for a row that does not read. */
result exchange_row_damaged(const struct err *why, const char *what, struct err *err);
/* A packed map of texts without one of its keys; nothing if that was all. */
void exchange_row_without(struct bytes map, struct bytes without, struct buf *out);
/* An identifier as a packed array, and back. */
void exchange_row_put_id(struct buf *out, const struct identifier *id);
struct identifier exchange_row_read_id(struct pack_in *in);
/* A packed value that a row keeps as bytes, or none; what is not whole fails the reader, so that nobody is shown it. */
struct bytes exchange_row_read_packed(struct pack_in *in, const char *field, size_t max);

#endif
