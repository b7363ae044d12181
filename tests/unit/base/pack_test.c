#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/pack.h"

static void assert_written(const struct buf *buf, struct bytes expected)
{
	assert_int_equal(buf->len, expected.len);
	assert_memory_equal(buf->at, expected.at, expected.len);
}

static void integers_take_their_shortest_form(void **state)
{
	(void)state;
	const struct {
		int64_t integer;
		struct bytes packed;
	} rows[] = {
		{0, BYTES_LIT("\x00")},
		{127, BYTES_LIT("\x7f")},
		{128, BYTES_LIT("\xcc\x80")},
		{255, BYTES_LIT("\xcc\xff")},
		{256, BYTES_LIT("\xcd\x01\x00")},
		{65536, BYTES_LIT("\xce\x00\x01\x00\x00")},
		{INT64_C(4294967296), BYTES_LIT("\xcf\x00\x00\x00\x01\x00\x00\x00\x00")},
		{INT64_MAX, BYTES_LIT("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff")},
		{-1, BYTES_LIT("\xff")},
		{-32, BYTES_LIT("\xe0")},
		{-33, BYTES_LIT("\xd0\xdf")},
		{-129, BYTES_LIT("\xd1\xff\x7f")},
		{-32769, BYTES_LIT("\xd2\xff\xff\x7f\xff")},
		{INT64_MIN, BYTES_LIT("\xd3\x80\x00\x00\x00\x00\x00\x00\x00")},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf buf;
		buf_init(&buf, 100);
		pack_put_int(&buf, rows[i].integer);
		assert_written(&buf, rows[i].packed);
		int64_t back = 0;
		assert_true(pack_as_int(buf_bytes(&buf), &back));
		assert_int_equal(back, rows[i].integer);
		buf_done(&buf);
	}
}

static void writes_what_the_format_says(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 200);
	pack_put_map(&buf, 2);
	pack_put_str(&buf, "a");
	pack_put_array(&buf, 4);
	pack_put_nil(&buf);
	pack_put_bool(&buf, true);
	pack_put_bool(&buf, false);
	pack_put_float(&buf, 1.0);
	pack_put_text(&buf, BYTES_LIT("b"));
	pack_put_bin(&buf, BYTES_LIT("\0\1"));
	assert_written(&buf, BYTES_LIT("\x82\xa1" "a\x94\xc0\xc3\xc2\xcb\x3f\xf0\0\0\0\0\0\0\xa1" "b\xc4\x02\0\1"));
	buf_clear(&buf);
	pack_put_str(&buf, NULL);
	pack_put_text(&buf, BYTES_NONE);
	pack_put_bin(&buf, BYTES_NONE);
	pack_put_raw(&buf, BYTES_LIT("\x91\x07"));
	assert_written(&buf, BYTES_LIT("\xc0\xa0\xc4\x00\x91\x07"));
	buf_done(&buf);
}

static void writes_large_heads(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 1000);
	pack_put_array(&buf, 16);
	pack_put_array(&buf, 65536);
	pack_put_map(&buf, 16);
	pack_put_map(&buf, 65536);
	assert_written(&buf, BYTES_LIT("\xdc\0\x10\xdd\0\x01\0\0\xde\0\x10\xdf\0\x01\0\0"));
	buf_clear(&buf);
	char text[300];
	memset(text, 'x', sizeof text);
	pack_put_text(&buf, bytes_of(text, 32));
	assert_memory_equal(buf.at, "\xd9\x20x", 3);
	buf_clear(&buf);
	pack_put_text(&buf, bytes_of(text, 300));
	assert_memory_equal(buf.at, "\xda\x01\x2cx", 4);
	buf_clear(&buf);
	pack_put_bin(&buf, bytes_of(text, 300));
	assert_memory_equal(buf.at, "\xc5\x01\x2cx", 4);
	buf_done(&buf);
}

static void overflow_is_left_to_the_buf(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 3);
	pack_put_str(&buf, "abc");
	assert_int_equal(buf_check(&buf, "", NULL).code, CODE_TOO_LARGE);
	buf_clear(&buf);
	pack_put_array(&buf, (size_t)UINT32_MAX + 1);
	pack_put_map(&buf, 0);
	assert_int_equal(buf_check(&buf, "", NULL).code, CODE_TOO_LARGE);
	assert_int_equal(buf.len, 0);
	buf_done(&buf);
}

static void reads_back_everything_in_order(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 200);
	pack_put_array(&buf, 9);
	pack_put_int(&buf, -5);
	pack_put_bool(&buf, true);
	pack_put_str(&buf, "text");
	pack_put_bin(&buf, BYTES_LIT("\1\2\3"));
	pack_put_nil(&buf);
	pack_put_bin(&buf, BYTES_LIT("1234"));
	pack_put_map(&buf, 1);
	pack_put_str(&buf, "k");
	pack_put_float(&buf, 0.5);
	pack_put_array(&buf, 2);
	pack_put_array(&buf, 0);
	pack_put_int(&buf, 300);
	pack_put_int(&buf, 7);
	struct err err;
	struct pack_in in = pack_in_scanned(buf_bytes(&buf), &err);
	pack_array_of(&in, "", 9);
	assert_false(pack_try_nil(&in));
	assert_int_equal(pack_int(&in, "/0", -5, -5), -5);
	assert_true(pack_bool(&in, "/1"));
	assert_true(bytes_is(pack_text(&in, "/2", 4), "text"));
	assert_true(bytes_equal(pack_bin(&in, "/3", 3), BYTES_LIT("\1\2\3")));
	assert_true(pack_try_nil(&in));
	assert_memory_equal(pack_bin_of(&in, "/5", 4), "1234", 4);
	assert_int_equal(pack_map(&in, "/6"), 1);
	assert_true(bytes_is(pack_text(&in, "/6", 10), "k"));
	struct pack_item item = pack_next(&in, "/6/k");
	assert_int_equal(item.kind, PACK_FLOAT);
	assert_true(item.number == 0.5);
	assert_true(bytes_equal(pack_value(&in, "/7"), BYTES_LIT("\x92\x90\xcd\x01\x2c")));
	assert_int_equal(pack_int(&in, "/8", 0, 10), 7);
	assert_false(FAILED(pack_end(&in)));
	buf_done(&buf);
}

/* Each reader on bytes that it must refuse, with a field that must come back. */
static void read_int(struct pack_in *in) { pack_int(in, "/f", -10, 10); }
static void read_bool(struct pack_in *in) { pack_bool(in, "/f"); }
static void read_text(struct pack_in *in) { pack_text(in, "/f", 3); }
static void read_bin(struct pack_in *in) { pack_bin(in, "/f", 3); }
static void read_bin_of(struct pack_in *in) { assert_null(pack_bin_of(in, "/f", 3)); }
static void read_array(struct pack_in *in) { assert_int_equal(pack_array(in, "/f"), 0); }
static void read_array_of(struct pack_in *in) { pack_array_of(in, "/f", 2); }
static void read_map(struct pack_in *in) { assert_int_equal(pack_map(in, "/f"), 0); }
static void read_next(struct pack_in *in) { assert_int_equal(pack_next(in, "/f").kind, PACK_NIL); }
static void read_value(struct pack_in *in) { assert_int_equal(pack_value(in, "/f").len, 0); }

static void each_reader_refuses_what_it_did_not_ask_for(void **state)
{
	(void)state;
	const struct {
		void (*read)(struct pack_in *);
		struct bytes in;
	} rows[] = {
		{read_int, BYTES_LIT("\x0b")}, {read_int, BYTES_LIT("\xd0\xf5")}, {read_int, BYTES_LIT("\xa1" "1")}, {read_int, BYTES_LIT("")},
		{read_int, BYTES_LIT("\xca\0\0\0\0")}, {read_bool, BYTES_LIT("\x01")}, {read_bool, BYTES_LIT("\xc0")},
		{read_text, BYTES_LIT("\xa4" "abcd")}, {read_text, BYTES_LIT("\xc4\x01" "a")}, {read_text, BYTES_LIT("\xa1\xff")},
		{read_text, BYTES_LIT("\xa2" "a")}, {read_bin, BYTES_LIT("\xc4\x04" "abcd")}, {read_bin, BYTES_LIT("\xa1" "a")},
		{read_bin, BYTES_LIT("\xc4\x02" "a")}, {read_bin_of, BYTES_LIT("\xc4\x02" "ab")}, {read_bin_of, BYTES_LIT("\xc4\x04" "abcd")},
		{read_bin_of, BYTES_LIT("\xa3" "abc")}, {read_array, BYTES_LIT("\x80")}, {read_array, BYTES_LIT("\x91")},
		{read_array, BYTES_LIT("\xdd\xff\xff\xff\xff\0\0")}, {read_array_of, BYTES_LIT("\x91\0\0")},
		{read_array_of, BYTES_LIT("\x93\0\0\0")},
		{read_map, BYTES_LIT("\x90")}, {read_map, BYTES_LIT("\xdf\xff\xff\xff\xff\0\0")}, {read_next, BYTES_LIT("\xc1")},
		{read_next, BYTES_LIT("\xa1\x80")}, {read_value, BYTES_LIT("\x91\x92\0")}, {read_value, BYTES_LIT("\xc7\0\0")},
		{read_value, BYTES_LIT("")},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err err = {.code = CODE_OK};
		struct blob *blob = blob_new(rows[i].in);
		struct pack_in in = pack_in(blob_bytes(blob), &err);
		rows[i].read(&in);
		if (!in.failed)
			fail_msg("row %zu was read", i);
		assert_int_equal(pack_end(&in).code, CODE_MALFORMED);
		assert_string_equal(err.field, "/f");
		assert_true(strlen(err.reason) > 0);
		struct pack_in silent = pack_in(blob_bytes(blob), NULL);
		rows[i].read(&silent);
		assert_int_equal(pack_end(&silent).code, CODE_MALFORMED);
		blob_unref(blob);
	}
}

static void after_the_first_failure_everything_reads_as_empty(void **state)
{
	(void)state;
	struct err err = {.code = CODE_OK};
	struct pack_in in = pack_in(BYTES_LIT("\x01\x02\xc0\xa1" "a\xc4\x01" "b\x91\x01\x81\xa0\x01"), &err);
	pack_fail(&in, CODE_VERSION, "/v", "unknown version");
	pack_fail(&in, CODE_SCHEMA, "/other", "not this");
	assert_int_equal(pack_int(&in, "/x", 0, 10), 0);
	assert_false(pack_bool(&in, "/x"));
	assert_false(pack_try_nil(&in));
	assert_int_equal(pack_text(&in, "/x", 10).len, 0);
	assert_int_equal(pack_bin(&in, "/x", 10).len, 0);
	assert_null(pack_bin_of(&in, "/x", 1));
	assert_int_equal(pack_array(&in, "/x"), 0);
	pack_array_of(&in, "/x", 1);
	assert_int_equal(pack_map(&in, "/x"), 0);
	assert_int_equal(pack_value(&in, "/x").len, 0);
	assert_int_equal(pack_next(&in, "/x").kind, PACK_NIL);
	assert_int_equal(pack_end(&in).code, CODE_VERSION);
	assert_string_equal(err.field, "/v");
	assert_string_equal(err.reason, "unknown version");
}

static void refuses_bytes_that_are_left(void **state)
{
	(void)state;
	struct err err;
	struct pack_in in = pack_in(BYTES_LIT("\x01\x02"), &err);
	assert_int_equal(pack_int(&in, "", 0, 10), 1);
	assert_int_equal(pack_end(&in).code, CODE_MALFORMED);
	assert_non_null(strstr(err.reason, "follow"));
}

static void a_reader_of_refused_bytes_has_failed_from_the_start(void **state)
{
	(void)state;
	struct err err;
	struct pack_in in = pack_in_scanned(BYTES_LIT("\x82\xa1" "a\x01\xa1" "a\x01"), &err);
	assert_int_equal(pack_map(&in, ""), 0);
	assert_int_equal(pack_end(&in).code, CODE_MALFORMED);
	assert_string_equal(err.field, "/a");
}

static void skips_deep_values_without_recursion(void **state)
{
	(void)state;
	static uint8_t deep[2000000];
	memset(deep, 0x91, sizeof deep - 1);
	deep[sizeof deep - 1] = 0;
	struct pack_in in = pack_in(bytes_of(deep, sizeof deep), NULL);
	assert_int_equal(pack_value(&in, "").len, sizeof deep);
	assert_false(FAILED(pack_end(&in)));
}

/* {"a": 1, "b": [10, {"c/d": "x", "e~f": nil, "": 7}], "10": true} */
#define SAMPLE BYTES_LIT("\x83\xa1" "a\x01\xa1" "b\x92\x0a\x83\xa3" "c/d\xa1x\xa3" "e~f\xc0\xa0\x07\xa2" "10\xc3")

static void finds_a_key(void **state)
{
	(void)state;
	struct bytes value = BYTES_NONE;
	assert_true(pack_find(SAMPLE, "a", &value));
	assert_true(bytes_equal(value, BYTES_LIT("\x01")));
	assert_true(pack_find(SAMPLE, "10", &value));
	assert_true(bytes_equal(value, BYTES_LIT("\xc3")));
	value = BYTES_NONE;
	assert_false(pack_find(SAMPLE, "c/d", &value));
	assert_false(pack_find(SAMPLE, "", &value));
	assert_false(pack_find(BYTES_LIT("\x91\xa1" "a"), "a", &value));
	assert_false(pack_find(BYTES_LIT("\x81\x01\x01"), "a", &value));
	assert_false(pack_find(BYTES_LIT("\x81\xa1" "a\xa2" "x"), "a", &value));
	assert_false(pack_find(BYTES_NONE, "a", &value));
	assert_null(value.at);
}

static void follows_json_pointers(void **state)
{
	(void)state;
	const struct {
		const char *pointer;
		struct bytes value;
	} rows[] = {
		{"/a", BYTES_LIT("\x01")},        {"/b/0", BYTES_LIT("\x0a")},   {"/b/1/c~1d", BYTES_LIT("\xa1x")},
		{"/b/1/e~0f", BYTES_LIT("\xc0")},
		{"/b/1/", BYTES_LIT("\x07")},     {"/10", BYTES_LIT("\xc3")},
	};
	struct bytes value;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_true(pack_pointer(SAMPLE, rows[i].pointer, &value));
		assert_true(bytes_equal(value, rows[i].value));
	}
	assert_true(pack_pointer(SAMPLE, "", &value));
	assert_true(bytes_equal(value, SAMPLE));
	static const char *const nowhere[] = {
		"a", "/", "/x", "/a/x", "/a/0", "/b/2", "/b/00", "/b/01", "/b/-", "/b/-0", "/b/-1", "/b/+1", "/b/1x", "/b/", "/b/1/c/d",
		"/b/1/c~2d",
		"/b/1/c~", "/b/1/e~f", "/b/99999999999999999999", "/b/1/c~1", "/b/1/c~1dd",
	};
	for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
		if (pack_pointer(SAMPLE, nowhere[i], &value))
			fail_msg("'%s' leads somewhere", nowhere[i]);
}

static void takes_a_value_as_text_or_integer_only_if_it_is_one(void **state)
{
	(void)state;
	struct bytes text;
	int64_t integer = 0;
	assert_true(pack_as_text(BYTES_LIT("\xa2" "ab"), &text));
	assert_true(bytes_is(text, "ab"));
	assert_false(pack_as_text(BYTES_LIT("\xa2" "abc"), &text));
	assert_false(pack_as_text(BYTES_LIT("\x01"), &text));
	assert_false(pack_as_text(BYTES_NONE, &text));
	assert_true(pack_as_int(BYTES_LIT("\xff"), &integer));
	assert_int_equal(integer, -1);
	assert_false(pack_as_int(BYTES_LIT("\xa1" "1"), &integer));
	assert_false(pack_as_int(BYTES_LIT("\x01\x01"), &integer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_take_their_shortest_form),
		cmocka_unit_test(writes_what_the_format_says),
		cmocka_unit_test(writes_large_heads),
		cmocka_unit_test(overflow_is_left_to_the_buf),
		cmocka_unit_test(reads_back_everything_in_order),
		cmocka_unit_test(each_reader_refuses_what_it_did_not_ask_for),
		cmocka_unit_test(after_the_first_failure_everything_reads_as_empty),
		cmocka_unit_test(refuses_bytes_that_are_left),
		cmocka_unit_test(a_reader_of_refused_bytes_has_failed_from_the_start),
		cmocka_unit_test(skips_deep_values_without_recursion),
		cmocka_unit_test(finds_a_key),
		cmocka_unit_test(follows_json_pointers),
		cmocka_unit_test(takes_a_value_as_text_or_integer_only_if_it_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
