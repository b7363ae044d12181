#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"

/* A copy of exactly these bytes, so that the sanitizer sees a read beyond them. */
static result scan_copy(struct bytes in, struct err *err)
{
	struct blob *blob = blob_new(in);
	result got = pack_scan(blob_bytes(blob), err);
	blob_unref(blob);
	return got;
}

static void accepts_every_kind_of_value(void **state)
{
	(void)state;
	const struct bytes values[] = {
		BYTES_LIT("\xc0"), BYTES_LIT("\xc3"), BYTES_LIT("\x05"), BYTES_LIT("\xff"), BYTES_LIT("\xa1" "a"), BYTES_LIT("\xc4\x01\xff"),
		BYTES_LIT("\x90"), BYTES_LIT("\x80"), BYTES_LIT("\xca\x3f\x80\0\0"), BYTES_LIT("\x93\x01\x91\x80\xa0"),
		BYTES_LIT("\x82\xa1" "a\x01\xa1" "b\x82\xa1" "a\x01\xa1" "b\xc0"), BYTES_LIT("\xd9\x01" "a"), BYTES_LIT("\xcd\0\x05"),
	};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct err err = {.code = CODE_BUSY};
		assert_false(FAILED(scan_copy(values[i], &err)));
		assert_int_equal(err.code, CODE_BUSY);
	}
}

static void refuses_and_names_the_place(void **state)
{
	(void)state;
	const struct {
		struct bytes in;
		const char *field, *reason;
	} rows[] = {
		{BYTES_LIT(""), "", "too early"},
		{BYTES_LIT("\xc0\xc0"), "", "bytes follow"},
		{BYTES_LIT("\x80\x80"), "", "bytes follow"},
		{BYTES_LIT("\xc1"), "", "0xc1"},
		{BYTES_LIT("\xd4\x01\x01"), "", "extension"},
		{BYTES_LIT("\xc7\x00\x01"), "", "extension"},
		{BYTES_LIT("\x92\x01\xd6\xff\0\0\0\0"), "/1", "extension"},
		{BYTES_LIT("\xa1\xff"), "", "not UTF-8"},
		{BYTES_LIT("\x81\xa1" "a\xa1\xff"), "/a", "not UTF-8"},
		{BYTES_LIT("\x81\xa1\xff\x01"), "", "key is not UTF-8"},
		{BYTES_LIT("\x81\xa1" "a\x81\xa1\xff\x01"), "/a", "key is not UTF-8"},
		{BYTES_LIT("\x81\x01\x01"), "", "key is not text"},
		{BYTES_LIT("\x81\xc4\x01" "a\x01"), "", "key is not text"},
		{BYTES_LIT("\x82\xa1" "a\x01\x01\x01"), "", "key is not text"},
		{BYTES_LIT("\x91\x82\xa1" "a\x01\xa1\xff\x01"), "/0", "key is not UTF-8"},
		{BYTES_LIT("\x81\xa1" "m\x81\xc0\x01"), "/m", "key is not text"},
		{BYTES_LIT("\x82\xa1" "a\x01\xa1" "a\x02"), "/a", "twice"},
		{BYTES_LIT("\x82\xa1" "a\x01\xd9\x01" "a\x02"), "/a", "twice"},
		{BYTES_LIT("\x82\xa0\x01\xa0\x02"), "/", "twice"},
		{BYTES_LIT("\x81\xa1" "x\x92\x01\x82\xa1" "a\x80\xa1" "a\x02"), "/x/1/a", "twice"},
		{BYTES_LIT("\x83\xa1" "a\x01\xa1" "b\x81\xa1" "a\x01\xa1" "a\x02"), "/a", "twice"},
		{BYTES_LIT("\xcf\x80\0\0\0\0\0\0\0"), "", "integer"},
		{BYTES_LIT("\x81\xa3" "a/b\x81\xa3" "c~d\xc1"), "/a~1b/c~0d", "0xc1"},
		{BYTES_LIT("\x92\x01"), "", "more elements"},
		{BYTES_LIT("\x81\xa1" "a\x93\x01\x01"), "/a", "more elements"},
		{BYTES_LIT("\xdd\x0f\xff\xff\xff"), "", "more elements"},
		{BYTES_LIT("\xdf\xff\xff\xff\xff"), "", "more elements"},
		{BYTES_LIT("\x81\xa1" "a"), "/a", "too early"},
		{BYTES_LIT("\x81\xa0"), "", "more elements"},
		{BYTES_LIT("\x81\xa2" "a"), "", "too early"},
		{BYTES_LIT("\x92\xa1" "a\xa3" "abc"), NULL, NULL},
		{BYTES_LIT("\x92\xa1" "a\xa3" "ab"), "/1", "too early"},
		{BYTES_LIT("\x82\xa1" "a\x01\xa1" "b"), "/b", "too early"},
		{BYTES_LIT("\x93\x01\x93\x01\x01\xcc"), "/1/2", NULL},
		{BYTES_LIT("\xcd\x01"), "", "too early"},
		{BYTES_LIT("\xda\x01"), "", "too early"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err err = {.code = CODE_OK};
		result got = scan_copy(rows[i].in, &err);
		if (rows[i].field == NULL) {
			assert_int_equal(got.code, CODE_OK);
			continue;
		}
		assert_int_equal(got.code, CODE_MALFORMED);
		assert_string_equal(err.field, rows[i].field);
		if (rows[i].reason != NULL && strstr(err.reason, rows[i].reason) == NULL)
			fail_msg("row %zu: %s", i, err.reason);
	}
	assert_true(FAILED(pack_scan(BYTES_NONE, NULL)));
}

static void every_cut_of_a_good_value_is_refused(void **state)
{
	(void)state;
	const struct bytes whole = BYTES_LIT("\x85\xa1" "a\xcd\x01\x02\xa1" "b\xc4\x02xy\xa1" "c\x93\xc0\xc3\xcb\0\0\0\0\0\0\0\0"
	                                     "\xa1" "d\xd9\x03" "abc\xa1" "e\xde\0\x01\xa1" "f\xdc\0\0");
	assert_false(FAILED(scan_copy(whole, NULL)));
	for (size_t len = 0; len < whole.len; len++)
		assert_int_equal(scan_copy(bytes_of(whole.at, len), NULL).code, CODE_MALFORMED);
}

static void nests_sixteen_deep_and_no_deeper(void **state)
{
	(void)state;
	uint8_t arrays[18];
	memset(arrays, 0x91, sizeof arrays);
	arrays[16] = 0x01;
	assert_false(FAILED(scan_copy(bytes_of(arrays, 17), NULL)));
	arrays[15] = 0x90;
	assert_false(FAILED(scan_copy(bytes_of(arrays, 16), NULL)));
	arrays[15] = 0x91;
	arrays[16] = 0x90;
	struct err err;
	assert_int_equal(scan_copy(bytes_of(arrays, 17), &err).code, CODE_MALFORMED);
	assert_non_null(strstr(err.reason, "deeper"));
	assert_string_equal(err.field, "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0");
}

static void a_million_open_arrays_end_at_the_seventeenth(void **state)
{
	(void)state;
	enum { MANY = 1000000 };
	uint8_t *arrays = mem_alloc(MANY);
	memset(arrays, 0x91, MANY);
	assert_int_equal(pack_scan(bytes_of(arrays, MANY), NULL).code, CODE_MALFORMED);
	mem_free(arrays);
}

/* A map with the keys k0, k1 … in an order that is not sorted; `again` is written a second time at the end unless negative. */
static void put_map(struct buf *out, int count, int again)
{
	char key[16];
	pack_put_map(out, (size_t)count + (again >= 0));
	for (int i = 0; i < count; i++) {
		snprintf(key, sizeof key, "k%d", (int)((int64_t)i * 7919 % count));
		pack_put_str(out, key);
		pack_put_int(out, i);
	}
	if (again < 0)
		return;
	snprintf(key, sizeof key, "k%d", again);
	pack_put_str(out, key);
	pack_put_nil(out);
}

static void finds_the_second_key_in_maps_of_every_size(void **state)
{
	(void)state;
	static const int counts[] = {1, 2, 15, 16, 31, 32, 33, 34, 64, 511, 512, 513, 1025, 5000};
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct buf buf;
		buf_init(&buf, 1 << 20);
		put_map(&buf, counts[i], -1);
		assert_false(FAILED(scan_copy(buf_bytes(&buf), NULL)));
		for (int which = 0; which < 3; which++) {
			int again = which == 0 ? 0 : which == 1 ? counts[i] / 2 : counts[i] - 1;
			char field[20];
			struct err err;
			snprintf(field, sizeof field, "/k%d", again);
			buf_clear(&buf);
			put_map(&buf, counts[i], again);
			assert_int_equal(scan_copy(buf_bytes(&buf), &err).code, CODE_MALFORMED);
			assert_string_equal(err.field, field);
		}
		buf_done(&buf);
	}
}

/* Outer keys come before, between and after large inner maps with the same keys. */
static void keys_of_an_inner_map_are_not_those_of_the_outer(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 1 << 20);
	for (int again = 0; again < 2; again++) {
		buf_clear(&buf);
		pack_put_map(&buf, 40);
		for (int i = 0; i < 40; i++) {
			char key[16];
			snprintf(key, sizeof key, "k%d", again && i == 39 ? 3 : i);
			pack_put_str(&buf, key);
			put_map(&buf, i * 20 + 1, -1);
		}
		struct err err;
		assert_int_equal(FAILED(scan_copy(buf_bytes(&buf), &err)), again);
		if (again)
			assert_string_equal(err.field, "/k3");
	}
	buf_done(&buf);
}

static void the_innermost_of_sixteen_large_maps_is_still_checked(void **state)
{
	(void)state;
	for (int again = -1; again < 1; again++) {
		struct buf buf;
		buf_init(&buf, 1 << 20);
		for (int depth = 1; depth < PACK_DEPTH_MAX; depth++) {
			pack_put_map(&buf, 41);
			for (int i = 0; i < 41; i++) {
				char key[16];
				snprintf(key, sizeof key, "%d", i);
				pack_put_str(&buf, key);
				if (i < 40)
					pack_put_int(&buf, i);
			}
		}
		put_map(&buf, 600, again);
		assert_int_equal(FAILED(scan_copy(buf_bytes(&buf), NULL)), again >= 0);
		buf_done(&buf);
	}
}

static void keys_that_share_their_sieve_bit_are_told_apart(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 10000);
	pack_put_map(&buf, 26);
	for (char c = 'a'; c <= 'z'; c++) {
		const char key[] = {'x', c, 'y', 'y', 'x', '\0'};
		pack_put_str(&buf, key);
		pack_put_nil(&buf);
	}
	assert_false(FAILED(scan_copy(buf_bytes(&buf), NULL)));
	buf_done(&buf);
}

static void a_long_place_is_cut_between_characters(void **state)
{
	(void)state;
	static const char key[] = "abc\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac";
	for (size_t skip = 0; skip < 4; skip++) {
		struct buf buf;
		buf_init(&buf, 4096);
		for (int depth = 0; depth < 10; depth++) {
			pack_put_map(&buf, 1);
			pack_put_str(&buf, &key[skip]);
		}
		buf_add_byte(&buf, 0xc1);
		struct err err;
		assert_true(FAILED(scan_copy(buf_bytes(&buf), &err)));
		assert_true(text_is_utf8(bytes_text(err.field)));
		assert_true(strlen(err.field) > ERR_FIELD_MAX - 5);
		buf_done(&buf);
	}
}

/* Whatever the bytes, the scan comes to an end and agrees with the reader about what is one value. */
static void survives_noise(void **state)
{
	(void)state;
	uint64_t seed = 88172645463325252;
	size_t accepted = 0;
	for (int round = 0; round < 200000; round++) {
		uint8_t noise[24];
		for (size_t i = 0; i < sizeof noise; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			noise[i] = (uint8_t)(seed >> 20);
		}
		size_t len = (size_t)(seed >> 40) % sizeof noise;
		if (FAILED(scan_copy(bytes_of(noise, len), NULL)))
			continue;
		accepted++;
		struct pack_in in = pack_in(bytes_of(noise, len), NULL);
		assert_int_equal(pack_value(&in, "").len, len);
		assert_false(FAILED(pack_end(&in)));
	}
	assert_true(accepted > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_every_kind_of_value),
		cmocka_unit_test(refuses_and_names_the_place),
		cmocka_unit_test(every_cut_of_a_good_value_is_refused),
		cmocka_unit_test(nests_sixteen_deep_and_no_deeper),
		cmocka_unit_test(a_million_open_arrays_end_at_the_seventeenth),
		cmocka_unit_test(finds_the_second_key_in_maps_of_every_size),
		cmocka_unit_test(keys_of_an_inner_map_are_not_those_of_the_outer),
		cmocka_unit_test(the_innermost_of_sixteen_large_maps_is_still_checked),
		cmocka_unit_test(keys_that_share_their_sieve_bit_are_told_apart),
		cmocka_unit_test(a_long_place_is_cut_between_characters),
		cmocka_unit_test(survives_noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
