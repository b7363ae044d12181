#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pack_token.h"

static void every_first_byte_is_what_the_format_says(void **state)
{
	(void)state;
	static const struct {
		uint8_t from, to;
		enum pack_kind kind;
	} rows[] = {
		{0x00, 0x7f, PACK_INT},   {0x80, 0x8f, PACK_MAP},  {0x90, 0x9f, PACK_ARRAY}, {0xa0, 0xbf, PACK_TEXT},  {0xc0, 0xc0, PACK_NIL},
		{0xc2, 0xc3, PACK_BOOL},  {0xc4, 0xc6, PACK_BIN},  {0xca, 0xcb, PACK_FLOAT}, {0xcc, 0xd3, PACK_INT},   {0xd9, 0xdb, PACK_TEXT},
		{0xdc, 0xdd, PACK_ARRAY}, {0xde, 0xdf, PACK_MAP},  {0xe0, 0xff, PACK_INT},
	};
	size_t known = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (unsigned first = rows[i].from; first <= rows[i].to; first++, known++) {
			uint8_t bytes[64] = {(uint8_t)first};
			const uint8_t *at = bytes;
			struct pack_item item;
			assert_null(pack_token(&at, bytes + sizeof bytes, &item));
			assert_int_equal(item.kind, rows[i].kind);
		}
	}
	assert_int_equal(known, 256 - 1 - 8); /* 0xc1 and eight extension types are left */
}

static void unused_and_extension_bytes_are_refused(void **state)
{
	(void)state;
	static const uint8_t firsts[] = {0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8};
	for (size_t i = 0; i < sizeof firsts; i++) {
		uint8_t bytes[64] = {firsts[i], 1, 1};
		const uint8_t *at = bytes;
		struct pack_item item;
		assert_non_null(pack_token(&at, bytes + sizeof bytes, &item));
	}
}

static void integers_of_every_width_have_their_value(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		int64_t value;
	} rows[] = {
		{"\x7f", 1, 127},
		{"\xe0", 1, -32},
		{"\xff", 1, -1},
		{"\xcc\xff", 2, 255},
		{"\xcd\xff\xfe", 3, 65534},
		{"\xce\xff\xff\xff\xff", 5, INT64_C(4294967295)},
		{"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX},
		{"\xd0\x80", 2, -128},
		{"\xd1\x80\x00", 3, -32768},
		{"\xd2\x80\x00\x00\x00", 5, INT64_C(-2147483648)},
		{"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9, INT64_MIN},
		{"\xd3\x00\x00\x00\x00\x00\x00\x00\x05", 9, 5},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const uint8_t *at = (const uint8_t *)rows[i].bytes;
		const uint8_t *end = at + rows[i].len;
		struct pack_item item;
		assert_null(pack_token(&at, end, &item));
		assert_ptr_equal(at, end);
		assert_int_equal(item.kind, PACK_INT);
		assert_int_equal(item.integer, rows[i].value);
		at = (const uint8_t *)rows[i].bytes;
		assert_non_null(pack_token(&at, end - 1, &item));
	}
}

static void an_integer_beyond_int64_is_refused(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0};
	const uint8_t *at = bytes;
	struct pack_item item;
	assert_non_null(pack_token(&at, bytes + sizeof bytes, &item));
}

static void floats_of_both_widths_have_their_value(void **state)
{
	(void)state;
	static const uint8_t single[] = {0xca, 0xbf, 0xc0, 0, 0};
	static const uint8_t full[] = {0xcb, 0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18};
	const uint8_t *at = single;
	struct pack_item item;
	assert_null(pack_token(&at, single + sizeof single, &item));
	assert_true(item.number == -1.5);
	at = full;
	assert_null(pack_token(&at, full + sizeof full, &item));
	assert_true(item.number > 3.14159 && item.number < 3.1416);
}

static void counts_are_compared_with_the_bytes_that_are_left(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[8];
		size_t len;
		bool fine;
	} rows[] = {
		{{0x92, 1, 1}, 3, true},
		{{0x92, 1}, 2, false},
		{{0x81, 0xa0, 1}, 3, true},
		{{0x81, 0xa0}, 2, false},
		{{0x82, 0xa0, 1, 1}, 4, false},
		{{0xdc, 0, 2, 1, 1}, 5, true},
		{{0xdc, 0, 3, 1, 1}, 5, false},
		{{0xdd, 0xff, 0xff, 0xff, 0xff, 1}, 6, false},
		{{0xdf, 0xff, 0xff, 0xff, 0xff, 1}, 6, false},
		{{0xde, 0, 1, 0xa0, 1}, 5, true},
		{{0xa3, 'a', 'b'}, 3, false},
		{{0xa2, 'a', 'b'}, 3, true},
		{{0xdb, 0xff, 0xff, 0xff, 0xff}, 5, false},
		{{0xc6, 0, 0, 0, 1}, 5, false},
		{{0xc4, 1, 7}, 3, true},
		{{0}, 0, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const uint8_t *at = rows[i].bytes;
		struct pack_item item;
		assert_int_equal(pack_token(&at, rows[i].bytes + rows[i].len, &item) == NULL, rows[i].fine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_first_byte_is_what_the_format_says),
		cmocka_unit_test(unused_and_extension_bytes_are_refused),
		cmocka_unit_test(integers_of_every_width_have_their_value),
		cmocka_unit_test(an_integer_beyond_int64_is_refused),
		cmocka_unit_test(floats_of_both_widths_have_their_value),
		cmocka_unit_test(counts_are_compared_with_the_bytes_that_are_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
