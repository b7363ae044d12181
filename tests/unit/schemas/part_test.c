#include "unit/schemas/sample.h"

#define ONE "['main'," SAMPLE_SALT ",{'$base64':'gaFhAQ=='}]"

static void decodes_parts_as_views(void **state)
{
	struct buf packed;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count = 0;
	struct err err;
	(void)state;
	buf_init(&packed, SAMPLE_MAX);
	sample_pack("[" ONE ",['clinical'," SAMPLE_SALT ",{'$base64':''}]]", &packed);
	assert_int_equal(part_decode_all(buf_bytes(&packed), parts, &count, &err).code, CODE_OK);
	assert_int_equal(count, 2);
	assert_true(bytes_is(parts[0].name, "main"));
	assert_int_equal(parts[0].salt[15], 15);
	assert_true(bytes_is(parts[0].bytes, "\x81\xa1"
	                                     "a\x01"));
	assert_true(parts[0].bytes.at > packed.at && parts[0].bytes.at < packed.at + packed.len);
	assert_int_equal(parts[1].bytes.len, 0);
	assert_ptr_equal(part_find(parts, count, BYTES_LIT("clinical")), &parts[1]);
	assert_null(part_find(parts, count, BYTES_LIT("victim")));
	assert_null(part_find(parts, 0, BYTES_LIT("main")));

	struct buf again;
	buf_init(&again, SAMPLE_MAX);
	part_encode_all(parts, count, &again);
	assert_true(bytes_equal(buf_bytes(&packed), buf_bytes(&again)));
	buf_done(&again);
	buf_done(&packed);
}

static void no_parts_at_all_are_fine_when_all_are_withheld(void **state)
{
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count = 9;
	struct err err;
	(void)state;
	assert_int_equal(part_decode_all(BYTES_LIT("\x90"), parts, &count, &err).code, CODE_OK);
	assert_int_equal(count, 0);
}

static void refuses_odd_shapes_and_says_where(void **state)
{
	static const struct {
		const char *json;
		const char *field;
	} cases[] = {
		{"{}", ""},
		{"[5]", "/0"},
		{"[['main'," SAMPLE_SALT "]]", "/0"},
		{"[['main'," SAMPLE_SALT ",{'$base64':''},1]]", "/0"},
		{"[" ONE ",[5," SAMPLE_SALT ",{'$base64':''}]]", "/1/0"},
		{"[['ma in'," SAMPLE_SALT ",{'$base64':''}]]", "/0/0"},
		{"[[''," SAMPLE_SALT ",{'$base64':''}]]", "/0/0"},
		{"[['main'," SAMPLE_HASH ",{'$base64':''}]]", "/0/1"},
		{"[['main','salt',{'$base64':''}]]", "/0/1"},
		{"[['main'," SAMPLE_SALT ",{'a':1}]]", "/0/2"},
		{"[['main'," SAMPLE_SALT ",'text']]", "/0/2"},
		{"[" ONE ",['x'," SAMPLE_SALT ",{'$base64':''}]," ONE "]", "/2"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct part parts[MESSAGE_PARTS_MAX];
		size_t count = 9;
		struct err err = {.field = "none"};
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].json, &packed);
		assert_int_equal(part_decode_all(buf_bytes(&packed), parts, &count, &err).code, CODE_MALFORMED);
		assert_string_equal(err.field, cases[i].field);
		assert_int_equal(count, 0);
		buf_done(&packed);
	}
}

static void takes_16_parts_and_not_17(void **state)
{
	(void)state;
	for (size_t size = MESSAGE_PARTS_MAX; size <= MESSAGE_PARTS_MAX + 1; size++) {
		struct buf json, packed;
		struct part parts[MESSAGE_PARTS_MAX];
		size_t count = 0;
		struct err err;
		buf_init(&json, SAMPLE_MAX);
		buf_init(&packed, SAMPLE_MAX);
		buf_add_byte(&json, '[');
		for (size_t i = 0; i < size; i++)
			buf_printf(&json, "%s['p%zu'," SAMPLE_SALT ",{'$base64':''}]", i ? "," : "", i);
		buf_add_byte(&json, ']');
		buf_add_byte(&json, '\0');
		sample_pack((const char *)json.at, &packed);
		enum code expected = size > MESSAGE_PARTS_MAX ? CODE_TOO_LARGE : CODE_OK;
		assert_int_equal(part_decode_all(buf_bytes(&packed), parts, &count, &err).code, expected);
		buf_done(&json);
		buf_done(&packed);
	}
}

static void refuses_trailing_bytes_and_every_cut(void **state)
{
	struct buf packed;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count = 0;
	struct err err;
	(void)state;
	buf_init(&packed, SAMPLE_MAX);
	sample_pack("[" ONE "]", &packed);
	for (size_t len = 0; len < packed.len; len++)
		assert_int_equal(part_decode_all(bytes_of(packed.at, len), parts, &count, &err).code, CODE_MALFORMED);
	buf_add_byte(&packed, 0);
	assert_int_equal(part_decode_all(buf_bytes(&packed), parts, &count, &err).code, CODE_MALFORMED);
	buf_done(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_parts_as_views),
		cmocka_unit_test(no_parts_at_all_are_fine_when_all_are_withheld),
		cmocka_unit_test(refuses_odd_shapes_and_says_where),
		cmocka_unit_test(takes_16_parts_and_not_17),
		cmocka_unit_test(refuses_trailing_bytes_and_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
