/* Strict msgpack. Reading is ours, because strictness is the point: a value is scanned whole once (pack_scan), and then
 * walked with a reader whose strings are views into the bytes. Writing is msgpack-c's. Thread: any, pure.
 *
 * Refused everywhere: duplicate or non-text keys, extension types, text that is not UTF-8, integers beyond int64,
 * nesting deeper than 16, an array or map of more elements than bytes are left, trailing bytes. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/bytes.h"

enum { PACK_DEPTH_MAX = 16 };

enum pack_kind { PACK_NIL, PACK_BOOL, PACK_INT, PACK_FLOAT, PACK_TEXT, PACK_BIN, PACK_ARRAY, PACK_MAP };

struct pack_item {
	enum pack_kind kind;
	union {
		bool truth;
		int64_t integer;
		double number;
		struct bytes bytes; /* TEXT, BIN: a view */
		size_t count;       /* ARRAY: elements, MAP: pairs; they follow in the reader */
	};
};

/* Checks that `in` is exactly one strict value. malformed, with the JSON pointer of the place in err->field. */
RESULT pack_scan(struct bytes in, struct err *err);

/* A cursor over bytes. Failure is sticky: after the first, everything reads as empty and pack_end gives the reason.
 * It checks bounds itself, so it is safe on unscanned bytes too; what only pack_scan sees are duplicate keys,
 * UTF-8 and depth inside values that are skipped. */
struct pack_in {
	const uint8_t *at;
	const uint8_t *end;
	struct err *err;
	bool failed;
};

struct pack_in pack_in(struct bytes bytes, struct err *err);
/* Scans strictly and then opens the reader; the reader is failed when the scan was. */
struct pack_in pack_in_scanned(struct bytes bytes, struct err *err);
void pack_fail(struct pack_in *in, enum code code, const char *field, const char *reason);

struct pack_item pack_next(struct pack_in *in, const char *field);
struct bytes pack_value(struct pack_in *in, const char *field); /* the next whole value, as its bytes */
bool pack_try_nil(struct pack_in *in);                         /* consumes a nil if it is next */
size_t pack_array(struct pack_in *in, const char *field);       /* element count */
void pack_array_of(struct pack_in *in, const char *field, size_t count); /* exactly count */
size_t pack_map(struct pack_in *in, const char *field);
int64_t pack_int(struct pack_in *in, const char *field, int64_t min, int64_t max);
bool pack_bool(struct pack_in *in, const char *field);
struct bytes pack_text(struct pack_in *in, const char *field, size_t max_len);
struct bytes pack_bin(struct pack_in *in, const char *field, size_t max_len);
const uint8_t *pack_bin_of(struct pack_in *in, const char *field, size_t len); /* exactly len; NULL once failed */
/* Nothing may be left and nothing may have failed. */
RESULT pack_end(struct pack_in *in);

/* Finds `key` in a packed map; false if it is not a map or has no such key. The value's bytes are a view. */
bool pack_find(struct bytes map, const char *key, struct bytes *ret_value);
/* Follows a JSON pointer (RFC 6901) through packed maps and arrays. */
bool pack_pointer(struct bytes value, const char *pointer, struct bytes *ret_value);
/* The value as text if it is text. */
bool pack_as_text(struct bytes value, struct bytes *ret);
bool pack_as_int(struct bytes value, int64_t *ret);

/* Writers append to a buf; overflow is sticky there. Integers take their shortest form. */
void pack_put_nil(struct buf *out);
void pack_put_bool(struct buf *out, bool truth);
void pack_put_int(struct buf *out, int64_t integer);
void pack_put_float(struct buf *out, double number);
void pack_put_text(struct buf *out, struct bytes text);
void pack_put_str(struct buf *out, const char *text); /* NULL is written as nil */
void pack_put_bin(struct buf *out, struct bytes bytes);
void pack_put_array(struct buf *out, size_t count);
void pack_put_map(struct buf *out, size_t count);
void pack_put_raw(struct buf *out, struct bytes value); /* a value that is packed already */

#endif
