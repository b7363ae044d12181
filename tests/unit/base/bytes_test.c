#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

static void assert_bytes(struct bytes got, const char *expected)
{
	assert_int_equal(got.len, strlen(expected));
	assert_true(bytes_is(got, expected));
}

static void compares_by_contents(void **state)
{
	(void)state;
	assert_true(bytes_equal(BYTES_LIT("abc"), bytes_of("abcd", 3)));
	assert_false(bytes_equal(BYTES_LIT("abc"), BYTES_LIT("abd")));
	assert_false(bytes_equal(BYTES_LIT("abc"), BYTES_LIT("ab")));
	assert_true(bytes_equal(BYTES_NONE, bytes_of("x", 0)));
	assert_true(bytes_is(BYTES_NONE, ""));
	assert_false(bytes_is(BYTES_LIT("a\0b"), "a"));
	assert_int_equal(bytes_text(NULL).len, 0);
	assert_int_equal(BYTES_LIT("a\0b").len, 3);
}

static void knows_beginnings(void **state)
{
	(void)state;
	assert_true(bytes_starts(BYTES_LIT("abc"), "ab"));
	assert_true(bytes_starts(BYTES_LIT("abc"), ""));
	assert_true(bytes_starts(BYTES_NONE, ""));
	assert_false(bytes_starts(BYTES_LIT("ab"), "abc"));
	assert_false(bytes_starts(BYTES_LIT("abc"), "b"));
}

static void orders_by_byte_and_the_shorter_first(void **state)
{
	(void)state;
	static const char *const sorted[] = {"", "a", "aa", "ab", "b", "\x7f", "\x80", "\xff"};
	for (size_t i = 0; i < 8; i++) {
		for (size_t j = 0; j < 8; j++) {
			int order = bytes_order(bytes_text(sorted[i]), bytes_text(sorted[j]));
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void a_text_of_bytes_is_terminated(void **state)
{
	(void)state;
	AUTO_FREE char *text = bytes_dup_text(bytes_of("abcdef", 2));
	AUTO_FREE char *none = bytes_dup_text(BYTES_NONE);
	assert_string_equal(text, "ab");
	assert_string_equal(none, "");
}

static void a_blob_lives_until_its_last_count(void **state)
{
	(void)state;
	char source[] = "original";
	struct blob *blob = blob_new(bytes_text(source));
	source[0] = 'X';
	assert_ptr_equal(blob_ref(blob), blob);
	blob_unref(blob);
	assert_bytes(blob_bytes(blob), "original");
	blob_unref(blob);
	blob_unref(NULL);
	assert_int_equal(blob_bytes(NULL).len, 0);
}

static void an_empty_blob_is_filled_in_place(void **state)
{
	(void)state;
	uint8_t *at = NULL;
	struct blob *blob = blob_new_empty(4, &at);
	assert_memory_equal(at, "\0\0\0\0", 4);
	memcpy(at, "abcd", 4);
	assert_bytes(blob_bytes(blob), "abcd");
	blob_unref(blob);
	blob = blob_new_empty(0, &at);
	assert_int_equal(blob_bytes(blob).len, 0);
	blob_unref(blob);
}

static void *ref_and_unref(void *blob)
{
	for (int i = 0; i < 20000; i++)
		blob_unref(blob_ref(blob));
	blob_unref(blob);
	return NULL;
}

static void counts_are_right_between_threads(void **state)
{
	(void)state;
	struct blob *blob = blob_new(BYTES_LIT("shared"));
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ref_and_unref, blob_ref(blob)), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_bytes(blob_bytes(blob), "shared");
	blob_unref(blob);
}

static void grows_to_its_max_and_no_further(void **state)
{
	(void)state;
	static const size_t maxima[] = {1, 2, 3, 5, 7, 10, 255, 256, 257, 512, 10000};
	for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
		struct buf buf;
		struct err err;
		buf_init(&buf, maxima[i]);
		for (size_t at = 0; at < maxima[i]; at++)
			buf_add_byte(&buf, (uint8_t)at);
		assert_false(FAILED(buf_check(&buf, "", &err)));
		assert_int_equal(buf.len, maxima[i]);
		for (size_t at = 0; at < maxima[i]; at++)
			assert_int_equal(buf.at[at], (uint8_t)at);
		buf_add_byte(&buf, 0);
		assert_int_equal(buf_check(&buf, "/x", &err).code, CODE_TOO_LARGE);
		assert_string_equal(err.field, "/x");
		assert_int_equal(buf.len, maxima[i]);
		assert_true(buf.cap <= maxima[i]);
		buf_done(&buf);
	}
}

static void overflow_stays_until_it_is_cleared(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 4);
	buf_add_text(&buf, "12345");
	buf_add_text(&buf, "1");
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf_check(&buf, "", NULL).code, CODE_TOO_LARGE);
	assert_null(buf_room(&buf, 1));
	struct blob *blob = buf_take_blob(&buf);
	blob_unref(blob);
	assert_int_equal(buf_check(&buf, "", NULL).code, CODE_TOO_LARGE);
	buf_clear(&buf);
	buf_add_text(&buf, "1234");
	assert_false(FAILED(buf_check(&buf, "", NULL)));
	assert_bytes(buf_bytes(&buf), "1234");
	buf_done(&buf);
}

static void nothing_can_always_be_added(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 0);
	buf_add(&buf, BYTES_NONE);
	buf_add_text(&buf, NULL);
	buf_printf(&buf, "%s", "");
	assert_false(FAILED(buf_check(&buf, "", NULL)));
	assert_int_equal(buf_bytes(&buf).len, 0);
	buf_done(&buf);
}

static void a_size_near_the_end_of_numbers_is_refused(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 100);
	buf_add_text(&buf, "abc");
	assert_null(buf_room(&buf, SIZE_MAX));
	assert_null(buf_room(&buf, SIZE_MAX - 2));
	assert_bytes(buf_bytes(&buf), "abc");
	buf_done(&buf);
}

static void room_is_filled_and_then_counted(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 1000);
	uint8_t *at = buf_room(&buf, 600);
	assert_non_null(at);
	memset(at, 'x', 600);
	buf_grew(&buf, 500);
	assert_int_equal(buf.len, 500);
	assert_non_null(buf_room(&buf, 500));
	assert_null(buf_room(&buf, 501));
	buf_done(&buf);
}

static void prints_text_that_just_fits(void **state)
{
	(void)state;
	for (int len = 250; len < 270; len++) {
		struct buf buf;
		buf_init(&buf, (size_t)len);
		buf_printf(&buf, "%*d", len, 7);
		assert_false(FAILED(buf_check(&buf, "", NULL)));
		assert_int_equal(buf.len, len);
		assert_int_equal(buf.at[len - 1], '7');
		buf_printf(&buf, "%d", 7);
		assert_true(FAILED(buf_check(&buf, "", NULL)));
		buf_done(&buf);
		buf_init(&buf, (size_t)len - 1);
		buf_printf(&buf, "%*d", len, 7);
		assert_true(FAILED(buf_check(&buf, "", NULL)));
		buf_done(&buf);
	}
}

static void drops_from_the_front(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 100);
	buf_drop(&buf, 3);
	buf_add_text(&buf, "abcdef");
	buf_drop(&buf, 2);
	assert_bytes(buf_bytes(&buf), "cdef");
	assert_bytes(buf_from(&buf, 1), "def");
	assert_int_equal(buf_from(&buf, 4).len, 0);
	assert_int_equal(buf_from(&buf, 5).len, 0);
	buf_drop(&buf, 5);
	assert_int_equal(buf.len, 0);
	buf_done(&buf);
}

static void hands_its_contents_over_as_a_blob(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 100);
	for (int i = 0; i < 2; i++) {
		struct blob *none = buf_take_blob(&buf);
		assert_int_equal(blob_bytes(none).len, 0);
		blob_unref(none);
		buf_add_text(&buf, "contents");
		struct blob *blob = buf_take_blob(&buf);
		assert_int_equal(buf.len, 0);
		buf_add_text(&buf, "others");
		assert_bytes(blob_bytes(blob), "contents");
		blob_unref(blob);
		buf_clear(&buf);
	}
	buf_done(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_by_contents),
		cmocka_unit_test(knows_beginnings),
		cmocka_unit_test(orders_by_byte_and_the_shorter_first),
		cmocka_unit_test(a_text_of_bytes_is_terminated),
		cmocka_unit_test(a_blob_lives_until_its_last_count),
		cmocka_unit_test(an_empty_blob_is_filled_in_place),
		cmocka_unit_test(counts_are_right_between_threads),
		cmocka_unit_test(grows_to_its_max_and_no_further),
		cmocka_unit_test(overflow_stays_until_it_is_cleared),
		cmocka_unit_test(nothing_can_always_be_added),
		cmocka_unit_test(a_size_near_the_end_of_numbers_is_refused),
		cmocka_unit_test(room_is_filled_and_then_counted),
		cmocka_unit_test(prints_text_that_just_fits),
		cmocka_unit_test(drops_from_the_front),
		cmocka_unit_test(hands_its_contents_over_as_a_blob),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
