#include "base/pack.h"

#include <inttypes.h>
#include <msgpack.h>
#include <string.h>

#include "base/pack_token.h"
#include "base/text.h"

/* The reader. */

struct pack_in pack_in(struct bytes bytes, struct err *err)
{
	return (struct pack_in){.at = bytes.at, .end = bytes.len == 0 ? bytes.at : bytes.at + bytes.len, .err = err};
}

struct pack_in pack_in_scanned(struct bytes bytes, struct err *err)
{
	struct pack_in in = pack_in(bytes, err);
	in.failed = FAILED(pack_scan(bytes, err));
	return in;
}

void pack_fail(struct pack_in *in, enum code code, const char *field, const char *reason)
{
	if (in->failed)
		return;
	in->failed = true;
	err_set(in->err, code, field, "%s", reason);
}

struct pack_item pack_next(struct pack_in *in, const char *field)
{
	struct pack_item item = {.kind = PACK_NIL};
	if (in->failed)
		return item;
	const char *wrong = pack_token(&in->at, in->end, &item);
	if (wrong == NULL && item.kind == PACK_TEXT && !text_is_utf8(item.bytes))
		wrong = "the text is not UTF-8";
	if (wrong == NULL)
		return item;
	pack_fail(in, CODE_MALFORMED, field, wrong);
	return (struct pack_item){.kind = PACK_NIL};
}

/* Moves *at past one value with all that is in it. Counts instead of nesting, so depth costs nothing. */
static const char *skip_value(const uint8_t **at, const uint8_t *end)
{
	for (size_t left = 1; left > 0; left--) {
		struct pack_item item = {.kind = PACK_NIL};
		const char *wrong = pack_token(at, end, &item);
		if (wrong != NULL)
			return wrong;
		if (item.kind == PACK_ARRAY || item.kind == PACK_MAP)
			left += item.kind == PACK_MAP ? 2 * item.count : item.count;
	}
	return NULL;
}

struct bytes pack_value(struct pack_in *in, const char *field)
{
	if (in->failed)
		return BYTES_NONE;
	const uint8_t *start = in->at;
	const char *wrong = skip_value(&in->at, in->end);
	if (wrong == NULL)
		return bytes_of(start, (size_t)(in->at - start));
	pack_fail(in, CODE_MALFORMED, field, wrong);
	return BYTES_NONE;
}

bool pack_try_nil(struct pack_in *in)
{
	bool is_nil = !in->failed && in->at != in->end && *in->at == 0xc0;
	if (is_nil) /* adding even nothing to no pointer is undefined */
		in->at++;
	return is_nil;
}

/* The next token if it is of that kind. */
static bool next_of(struct pack_in *in, const char *field, enum pack_kind kind, struct pack_item *ret)
{
	static const char *const not[] = {
		[PACK_NIL] = "it is not nil",   [PACK_BOOL] = "it is not true or false", [PACK_INT] = "it is not an integer",
		[PACK_FLOAT] = "it is no float", [PACK_TEXT] = "it is not text",           [PACK_BIN] = "it is not bytes",
		[PACK_ARRAY] = "it is no array", [PACK_MAP] = "it is no map",
	};
	*ret = pack_next(in, field);
	if (!in->failed && ret->kind != kind)
		pack_fail(in, CODE_MALFORMED, field, not[kind]);
	return !in->failed;
}

size_t pack_array(struct pack_in *in, const char *field)
{
	struct pack_item item;
	return next_of(in, field, PACK_ARRAY, &item) ? item.count : 0;
}

void pack_array_of(struct pack_in *in, const char *field, size_t count)
{
	size_t found = pack_array(in, field);
	if (in->failed || found == count)
		return;
	in->failed = true;
	err_set(in->err, CODE_MALFORMED, field, "the array has %zu elements, not %zu", found, count);
}

size_t pack_map(struct pack_in *in, const char *field)
{
	struct pack_item item;
	return next_of(in, field, PACK_MAP, &item) ? item.count : 0;
}

int64_t pack_int(struct pack_in *in, const char *field, int64_t min, int64_t max)
{
	struct pack_item item;
	if (!next_of(in, field, PACK_INT, &item))
		return 0;
	if (item.integer >= min && item.integer <= max)
		return item.integer;
	in->failed = true;
	err_set(in->err, CODE_MALFORMED, field, "%" PRId64 " is not from %" PRId64 " to %" PRId64, item.integer, min, max);
	return 0;
}

bool pack_bool(struct pack_in *in, const char *field)
{
	struct pack_item item;
	return next_of(in, field, PACK_BOOL, &item) && item.truth;
}

static struct bytes next_bytes(struct pack_in *in, const char *field, enum pack_kind kind, size_t max_len)
{
	struct pack_item item;
	if (!next_of(in, field, kind, &item))
		return BYTES_NONE;
	if (item.bytes.len <= max_len)
		return item.bytes;
	in->failed = true;
	err_set(in->err, CODE_MALFORMED, field, "it has %zu bytes; at most %zu are allowed", item.bytes.len, max_len);
	return BYTES_NONE;
}

struct bytes pack_text(struct pack_in *in, const char *field, size_t max_len)
{
	return next_bytes(in, field, PACK_TEXT, max_len);
}

struct bytes pack_bin(struct pack_in *in, const char *field, size_t max_len)
{
	return next_bytes(in, field, PACK_BIN, max_len);
}

const uint8_t *pack_bin_of(struct pack_in *in, const char *field, size_t len)
{
	struct pack_item item;
	if (!next_of(in, field, PACK_BIN, &item))
		return NULL;
	if (item.bytes.len == len)
		return item.bytes.at;
	in->failed = true;
	err_set(in->err, CODE_MALFORMED, field, "it has %zu bytes, not %zu", item.bytes.len, len);
	return NULL;
}

RESULT pack_end(struct pack_in *in)
{
	if (!in->failed && in->at != in->end)
		pack_fail(in, CODE_MALFORMED, "", "bytes follow the value");
	if (!in->failed)
		return OK;
	/* A reader without an err has nowhere to keep the code, and most failures are of this kind. */
	bool is_known = in->err != NULL && in->err->code != CODE_OK;
	return (result){is_known ? in->err->code : CODE_MALFORMED};
}

/* Looking things up. */

/* Whether a reference token of a JSON pointer, still escaped, means this key. */
static bool token_is_key(struct bytes token, struct bytes key)
{
	size_t used = 0;
	for (size_t i = 0; i < token.len; i++, used++) {
		uint8_t byte = token.at[i];
		if (byte == '~') {
			if (++i == token.len || (token.at[i] != '0' && token.at[i] != '1'))
				return false;
			byte = token.at[i] == '0' ? '~' : '/';
		}
		if (used == key.len || key.at[used] != byte)
			return false;
	}
	return used == key.len;
}

static bool find_in_map(struct bytes map, struct bytes name, bool (*is_key)(struct bytes, struct bytes), struct bytes *ret_value)
{
	struct pack_in in = pack_in(map, NULL);
	size_t pairs = pack_map(&in, NULL);
	for (size_t i = 0; i < pairs && !in.failed; i++) {
		struct pack_item key = {.kind = PACK_NIL};
		if (pack_token(&in.at, in.end, &key) != NULL || key.kind != PACK_TEXT)
			return false;
		struct bytes value = pack_value(&in, NULL);
		if (!in.failed && is_key(name, key.bytes)) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

bool pack_find(struct bytes map, const char *key, struct bytes *ret_value)
{
	return find_in_map(map, bytes_text(key), bytes_equal, ret_value);
}

static bool find_in_array(struct bytes array, struct bytes token, struct bytes *ret_value)
{
	int64_t index = 0;
	bool has_leading_zero = token.len > 1 && token.at[0] == '0';
	if (has_leading_zero || bytes_starts(token, "-") || FAILED(text_int(token, 0, UINT32_MAX, &index, NULL)))
		return false;
	struct pack_in in = pack_in(array, NULL);
	if ((size_t)index >= pack_array(&in, NULL))
		return false;
	for (int64_t i = 0; i < index; i++)
		pack_value(&in, NULL);
	*ret_value = pack_value(&in, NULL);
	return !in.failed;
}

bool pack_pointer(struct bytes value, const char *pointer, struct bytes *ret_value)
{
	while (*pointer != '\0') {
		if (*pointer++ != '/')
			return false;
		struct bytes token = bytes_of(pointer, strcspn(pointer, "/"));
		pointer += token.len;
		if (!find_in_map(value, token, token_is_key, &value) && !find_in_array(value, token, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool pack_as_text(struct bytes value, struct bytes *ret)
{
	struct pack_in in = pack_in(value, NULL);
	struct bytes text = pack_text(&in, NULL, SIZE_MAX);
	if (FAILED(pack_end(&in)))
		return false;
	*ret = text;
	return true;
}

bool pack_as_int(struct bytes value, int64_t *ret)
{
	struct pack_in in = pack_in(value, NULL);
	int64_t integer = pack_int(&in, NULL, INT64_MIN, INT64_MAX);
	if (FAILED(pack_end(&in)))
		return false;
	*ret = integer;
	return true;
}

/* The writers. */

static int add_to_buf(void *out, const char *at, size_t len)
{
	buf_add(out, bytes_of(at, len));
	return 0; /* overflow is the buf's to remember */
}

static msgpack_packer packer(struct buf *out)
{
	msgpack_packer packer;
	msgpack_packer_init(&packer, out, add_to_buf);
	return packer;
}

/* Lengths have 32 bits in the format; the library would cut a longer one in silence. */
static bool fits(struct buf *out, size_t len)
{
	if (len > UINT32_MAX)
		out->overflow = true;
	return !out->overflow;
}

void pack_put_nil(struct buf *out)
{
	msgpack_packer to = packer(out);
	msgpack_pack_nil(&to);
}

void pack_put_bool(struct buf *out, bool truth)
{
	msgpack_packer to = packer(out);
	if (truth)
		msgpack_pack_true(&to);
	else
		msgpack_pack_false(&to);
}

void pack_put_int(struct buf *out, int64_t integer)
{
	msgpack_packer to = packer(out);
	msgpack_pack_int64(&to, integer);
}

void pack_put_float(struct buf *out, double number)
{
	msgpack_packer to = packer(out);
	msgpack_pack_double(&to, number);
}

void pack_put_text(struct buf *out, struct bytes text)
{
	msgpack_packer to = packer(out);
	if (!fits(out, text.len))
		return;
	msgpack_pack_str(&to, text.len);
	msgpack_pack_str_body(&to, text.at, text.len);
}

void pack_put_str(struct buf *out, const char *text)
{
	if (text == NULL)
		pack_put_nil(out);
	else
		pack_put_text(out, bytes_text(text));
}

void pack_put_bin(struct buf *out, struct bytes bytes)
{
	msgpack_packer to = packer(out);
	if (!fits(out, bytes.len))
		return;
	msgpack_pack_bin(&to, bytes.len);
	msgpack_pack_bin_body(&to, bytes.at, bytes.len);
}

void pack_put_array(struct buf *out, size_t count)
{
	msgpack_packer to = packer(out);
	if (fits(out, count))
		msgpack_pack_array(&to, count);
}

void pack_put_map(struct buf *out, size_t count)
{
	msgpack_packer to = packer(out);
	if (fits(out, count))
		msgpack_pack_map(&to, count);
}

void pack_put_raw(struct buf *out, struct bytes value)
{
	buf_add(out, value);
}
