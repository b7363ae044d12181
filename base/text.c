#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* RFC 3629 §4: what the second byte may be depends on the first, which shuts out overlong forms, surrogates and what lies
 * beyond U+10FFFF. 0 when no character starts here. */
static size_t character_len(const uint8_t *at, size_t left)
{
	uint8_t first = at[0];
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (left < len)
		return 0;
	uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool text_is_utf8(struct bytes text)
{
	const uint8_t *at = text.at;
	size_t left = text.len;
	while (left > 0) {
		/* Most text is ASCII: eight bytes at once. */
		uint64_t eight = 0;
		if (left >= sizeof eight) {
			memcpy(&eight, at, sizeof eight);
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				at += sizeof eight;
				left -= sizeof eight;
				continue;
			}
		}
		size_t len = character_len(at, left);
		if (len == 0)
			return false;
		at += len;
		left -= len;
	}
	return true;
}

char *text_hex(struct bytes bytes, char *into)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < bytes.len; i++) {
		into[2 * i] = digits[bytes.at[i] >> 4];
		into[2 * i + 1] = digits[bytes.at[i] & 0x0f];
	}
	into[2 * bytes.len] = '\0';
	return into;
}

static int hex_value(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

RESULT text_unhex(struct bytes text, uint8_t *into, size_t len, struct err *err)
{
	if (text.len % 2 != 0 || text.len / 2 != len)
		return err_set(err, CODE_MALFORMED, "", "%zu hexadecimal digits, not the %zu of %zu bytes", text.len, 2 * len, len);
	for (size_t i = 0; i < text.len; i++)
		if (hex_value(text.at[i]) < 0)
			return err_set(err, CODE_MALFORMED, "", "character %zu is not a hexadecimal digit", i);
	for (size_t i = 0; i < len; i++)
		into[i] = (uint8_t)(hex_value(text.at[2 * i]) << 4 | hex_value(text.at[2 * i + 1]));
	return OK;
}

static void base64_group(const uint8_t *from, size_t len, uint8_t to[4])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)from[0] << 16 | (len > 1 ? (uint32_t)from[1] << 8 : 0) | (len > 2 ? from[2] : 0U);
	to[0] = (uint8_t)digits[bits >> 18];
	to[1] = (uint8_t)digits[bits >> 12 & 0x3f];
	to[2] = len > 1 ? (uint8_t)digits[bits >> 6 & 0x3f] : '=';
	to[3] = len > 2 ? (uint8_t)digits[bits & 0x3f] : '=';
}

void text_base64(struct bytes bytes, struct buf *out)
{
	if (bytes.len == 0)
		return;
	size_t groups = bytes.len / 3 + (bytes.len % 3 != 0);
	uint8_t *to = buf_room(out, groups * 4);
	if (to == NULL)
		return;
	for (size_t i = 0; i < groups; i++) {
		size_t left = bytes.len - 3 * i;
		base64_group(bytes.at + 3 * i, left < 3 ? left : 3, to + 4 * i);
	}
	buf_grew(out, groups * 4);
}

static int base64_value(uint8_t digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

/* `len` bytes of a group of four digits. False for other digits and for bits behind the last byte: a value has one spelling. */
static bool base64_ungroup(const uint8_t *from, size_t len, uint8_t *to)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < 4; i++) {
		int value = i <= len ? base64_value(from[i]) : 0;
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
	}
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(bits >> (16 - 8 * i));
	return len == 3 || (bits & (len == 2 ? 0xffU : 0xffffU)) == 0;
}

RESULT text_unbase64(struct bytes text, struct buf *out, struct err *err)
{
	if (text.len % 4 != 0)
		return err_set(err, CODE_MALFORMED, "", "not base64: its length is not a multiple of 4");
	if (text.len == 0)
		return OK;
	size_t padding = text.at[text.len - 1] != '=' ? 0 : text.at[text.len - 2] != '=' ? 1 : 2;
	size_t len = text.len / 4 * 3 - padding;
	uint8_t *to = buf_room(out, len);
	if (to == NULL)
		return buf_check(out, "", err);
	for (size_t at = 0; at < len; at += 3) {
		size_t now = len - at < 3 ? len - at : 3;
		if (!base64_ungroup(text.at + at / 3 * 4, now, to + at))
			return err_set(err, CODE_MALFORMED, "", "not base64: characters %zu to %zu", at / 3 * 4, at / 3 * 4 + 3);
	}
	buf_grew(out, len);
	return OK;
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

/* Reads the digits at the start of *text off it. False when there are none or the number is beyond int64. Counts downwards when
 * negative, because the smallest integer has no positive twin. */
static bool take_digits(struct bytes *text, bool negative, int64_t *ret)
{
	int64_t number = 0;
	size_t used = 0;
	for (; used < text->len && is_digit(text->at[used]); used++) {
		int64_t digit = text->at[used] - '0';
		if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, negative ? -digit : digit, &number))
			return false;
	}
	if (used == 0)
		return false;
	*text = bytes_of(text->at + used, text->len - used);
	*ret = number;
	return true;
}

RESULT text_int(struct bytes text, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
	bool negative = bytes_starts(text, "-");
	if (negative)
		text = bytes_of(text.at + 1, text.len - 1);
	for (size_t i = 0; i < text.len; i++)
		if (!is_digit(text.at[i]))
			return err_set(err, CODE_MALFORMED, "", "not a whole number");
	if (text.len == 0)
		return err_set(err, CODE_MALFORMED, "", "not a whole number");
	int64_t number = 0;
	if (!take_digits(&text, negative, &number) || number < min || number > max)
		return err_set(err, CODE_MALFORMED, "", "not from %" PRId64 " to %" PRId64, min, max);
	*ret = number;
	return OK;
}

struct unit {
	const char *name;
	int64_t worth;
};

static const struct unit *find_unit(const struct unit *units, struct bytes name)
{
	while (units->name != NULL && !bytes_is(name, units->name))
		units++;
	return units->name == NULL ? NULL : units;
}

/* A whole number, blanks, a unit. `units` ends with a NULL name; `example` tells what is expected. */
static result with_unit(struct bytes text, const struct unit *units, const char *example, int64_t *ret, struct err *err)
{
	int64_t number = 0;
	if (text.len == 0 || !is_digit(text.at[0]))
		return err_set(err, CODE_MALFORMED, "", "not written as %s", example);
	if (!take_digits(&text, false, &number))
		return err_set(err, CODE_MALFORMED, "", "too large a number");
	bool blanks = false;
	for (; text.len > 0 && text.at[0] == ' '; blanks = true)
		text = bytes_of(text.at + 1, text.len - 1);
	const struct unit *unit = find_unit(units, text);
	bool is_bare_zero = text.len == 0 && number == 0;
	if ((unit == NULL && !is_bare_zero) || (text.len == 0 && blanks))
		return err_set(err, CODE_MALFORMED, "", "not written as %s", example);
	if (__builtin_mul_overflow(number, unit == NULL ? 1 : unit->worth, &number))
		return err_set(err, CODE_MALFORMED, "", "too large a number");
	*ret = number;
	return OK;
}

RESULT text_size(struct bytes text, int64_t *ret_bytes, struct err *err)
{
	static const struct unit units[] = {
		{"", 1},
		{"B", 1},
		{"KiB", INT64_C(1) << 10},
		{"MiB", INT64_C(1) << 20},
		{"GiB", INT64_C(1) << 30},
		{"TiB", INT64_C(1) << 40},
		{NULL, 0},
	};
	return with_unit(text, units, "1000, 4 KiB, 64 MiB, 2 GiB or 1 TiB", ret_bytes, err);
}

RESULT text_duration(struct bytes text, int64_t *ret_ms, struct err *err)
{
	static const struct unit units[] = {
		{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
	};
	return with_unit(text, units, "250 ms, 30 s, 10 min, 1 h or 2 d", ret_ms, err);
}

/* What steers a terminal or reorders a line: C0, DEL, C1, line separators, and the marks that turn the direction of text. */
static bool is_steering(const uint8_t *at, size_t len)
{
	if (len == 1)
		return at[0] < 0x20 || at[0] == 0x7f;
	if (len == 2)
		return at[0] == 0xc2 && at[1] < 0xa0;
	if (len == 4 || at[0] != 0xe2)
		return false;
	bool is_separator_or_embedding = at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae;
	bool is_mark = at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f);
	bool is_isolate = at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9;
	return is_separator_or_embedding || is_mark || is_isolate;
}

const char *text_safe(struct bytes text, char *into, size_t size)
{
	if (size == 0)
		return into;
	size_t used = 0;
	for (size_t at = 0; at < text.len;) {
		size_t len = character_len(text.at + at, text.len - at);
		bool escape = len == 0 || is_steering(text.at + at, len);
		len = len == 0 ? 1 : len;
		size_t need = escape ? 4 * len : len;
		if (need > size - 1 - used)
			break;
		for (size_t i = 0; i < len; i++, at++) {
			if (escape) {
				memcpy(into + used, "\\x", 2);
				text_hex(bytes_of(text.at + at, 1), into + used + 2);
				used += 4;
			} else {
				into[used++] = (char)text.at[at];
			}
		}
	}
	into[used] = '\0';
	return into;
}

static void json_escape(uint8_t byte, struct buf *out)
{
	static const char letters[] = "btn?fr"; /* \b \t \n, none for 0x0b, \f \r */
	if (byte == '"' || byte == '\\')
		buf_printf(out, "\\%c", byte);
	else if (byte >= 0x08 && byte <= 0x0d && byte != 0x0b)
		buf_printf(out, "\\%c", letters[byte - 0x08]);
	else
		buf_printf(out, "\\u%04x", byte);
}

void text_json(struct bytes text, struct buf *out)
{
	buf_add_byte(out, '"');
	size_t run = 0; /* what needs no escape is added at once */
	for (size_t at = 0; at < text.len;) {
		size_t len = character_len(text.at + at, text.len - at);
		uint8_t byte = text.at[at];
		if (len > 1 || (len == 1 && byte >= 0x20 && byte != '"' && byte != '\\')) {
			at += len;
			continue;
		}
		buf_add(out, bytes_of(text.at + run, at - run));
		if (len == 0)
			buf_add_text(out, "\xef\xbf\xbd"); /* U+FFFD: JSON has no way to say a byte that is no text */
		else
			json_escape(byte, out);
		run = ++at;
	}
	if (run < text.len)
		buf_add(out, bytes_of(text.at + run, text.len - run));
	buf_add_byte(out, '"');
}

/* Only the last star is ever tried again, so the time is at most the product of both lengths. */
bool text_match(const char *pattern, struct bytes text)
{
	const char *star = NULL;
	size_t at = 0;
	size_t star_at = 0;
	while (at < text.len) {
		if (*pattern == '*') {
			star = ++pattern;
			star_at = at;
		} else if (*pattern != '\0' && (uint8_t)*pattern == text.at[at]) {
			pattern++;
			at++;
		} else if (star != NULL) {
			pattern = star;
			at = ++star_at;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static uint8_t lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

bool text_equal_nocase(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	return true;
}
