#include "unit/schemas/sample.h"

static void to_json(struct bytes packed, int indent, struct buf *json)
{
	struct err err = {.reason = ""};
	buf_init(json, SAMPLE_MAX);
	if (FAILED(json_from_pack(packed, indent, json, &err)))
		fail_msg("%s: %s", err.field, err.reason);
}

static void says_every_value_both_ways(void **state)
{
	static const struct {
		const char *json;
		const char *packed;
		size_t len;
	} cases[] = {
		{"null", "\xc0", 1},
		{"true", "\xc3", 1},
		{"false", "\xc2", 1},
		{"0", "\x00", 1},
		{"-1", "\xff", 1},
		{"9223372036854775807", "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9},
		{"-9223372036854775808", "\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9},
		{"1.0", "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", 9},
		{"-0.0", "\xcb\x80\x00\x00\x00\x00\x00\x00\x00", 9},
		{"0.1", "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", 9},
		{"1e+300", "\xcb\x7e\x37\xe4\x3c\x88\x00\x75\x9c", 9},
		{"\"\"", "\xa0", 1},
		{"\"\xc3\xa9\\u0000\\\"\\n\"", "\xa5\xc3\xa9\0\"\n", 6},
		{"[]", "\x90", 1},
		{"{}", "\x80", 1},
		{"[1,[2]]", "\x92\x01\x91\x02", 4},
		{"{\"b\":1,\"a\":[null]}",
	     "\x82\xa1"
	     "b\x01\xa1"
	     "a\x91\xc0",
	     8},
		{"{\"$base64\":\"AP8=\"}", "\xc4\x02\x00\xff", 4},
		{"{\"$base64\":\"\"}", "\xc4\x00", 2},
		{"{\"x\":{\"$base64\":\"AP8=\"},\"$base64\":\"y\"}", "\x82\xa1x\xc4\x02\x00\xff\xa7$base64\xa1y", 17},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed, json;
		struct err err = {.reason = ""};
		buf_init(&packed, SAMPLE_MAX);
		assert_int_equal(json_to_pack(bytes_text(cases[i].json), &packed, &err).code, CODE_OK);
		if (!bytes_equal(buf_bytes(&packed), bytes_of(cases[i].packed, cases[i].len)))
			fail_msg("%s was packed otherwise", cases[i].json);
		to_json(buf_bytes(&packed), 0, &json);
		if (!bytes_is(buf_bytes(&json), cases[i].json))
			fail_msg("%s became %.*s", cases[i].json, (int)json.len, (const char *)json.at);
		buf_done(&packed);
		buf_done(&json);
	}
}

static void floats_come_back_as_the_same_number(void **state)
{
	static const double numbers[] = {1.0 / 3, 2.0 / 3, 5e-324, 1.7976931348623157e308, 123456789.125, 1e15, 1e16, 1e22, -1.5};
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct buf packed, json, again;
		struct err err;
		buf_init(&packed, SAMPLE_MAX);
		buf_init(&again, SAMPLE_MAX);
		pack_put_float(&packed, numbers[i]);
		to_json(buf_bytes(&packed), 0, &json);
		assert_int_equal(json_to_pack(buf_bytes(&json), &again, &err).code, CODE_OK);
		assert_true(bytes_equal(buf_bytes(&packed), buf_bytes(&again)));
		buf_done(&packed);
		buf_done(&json);
		buf_done(&again);
	}
}

static void indents_when_asked(void **state)
{
	struct buf packed, json;
	(void)state;
	buf_init(&packed, SAMPLE_MAX);
	sample_pack("{'a':[1,{}],'b':{'c':{'$base64':'AA=='}},'d':[]}", &packed);
	to_json(buf_bytes(&packed), 2, &json);
	buf_add_byte(&json, '\0');
	assert_string_equal((const char *)json.at, "{\n"
	                                           "  \"a\": [\n"
	                                           "    1,\n"
	                                           "    {}\n"
	                                           "  ],\n"
	                                           "  \"b\": {\n"
	                                           "    \"c\": {\"$base64\": \"AA==\"}\n"
	                                           "  },\n"
	                                           "  \"d\": []\n"
	                                           "}");
	buf_done(&packed);
	buf_done(&json);
}

static void refuses_what_is_not_exactly_one_strict_value(void **state)
{
	static const struct {
		const char *json;
		const char *field;
		const char *reason;
	} cases[] = {
		{"", "", "line 1, column"},
		{"   ", "", "line 1, column"},
		{"{", "", "line 1, column 1"},
		{"[1,]", "", "line 1, column"},
		{"1 2", "", "line 1, column"},
		{"{} x", "", "line 1, column"},
		{"{\"a\":1,\n \"a\":2}", "", "line 2, column"},
		{"[1,\n2,\nx]", "", "line 3, column 1"},
		{"nil", "", "line 1, column"},
		{"'a'", "", "line 1, column"},
		{"\"\xff\"", "", "line 1, column"},
		{"\"\xed\xa0\x80\"", "", "line 1, column"},
		{"\"\\ud800\"", "", "line 1, column"},
		{"\"a\nb\"", "", "line 1, column"},
		{"{\"a\\u0000b\":1}", "", "line 1, column"},
		{"9223372036854775808", "", "line 1, column"},
		{"-9223372036854775809", "", "line 1, column"},
		{"1e999", "", "line 1, column"},
		{"NaN", "", "line 1, column"},
		{"01", "", "line 1, column"},
		{"{\"$base64\":5}", "", "not text"},
		{"[{\"a\":{\"$base64\":\"A\"}}]", "/0/a", "base64"},
		{"{\"x/y\":[0,{\"$base64\":\"****\"}]}", "/x~1y/1", "base64"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out;
		struct err err = {.field = "none", .reason = ""};
		buf_init(&out, SAMPLE_MAX);
		buf_add_text(&out, "before");
		result r = json_to_pack(bytes_text(cases[i].json), &out, &err);
		if (r.code != CODE_MALFORMED || strcmp(err.field, cases[i].field) != 0 || !strstr(err.reason, cases[i].reason))
			fail_msg("%s: %s: %s: %s", cases[i].json, code_text(r.code), err.field, err.reason);
		assert_true(bytes_is(buf_bytes(&out), "before"));
		buf_done(&out);
	}
}

static void never_quotes_the_input_in_the_reason(void **state)
{
	static const char *const cases[] = {"{\"ssn\":\"123456789\" x}", "{\"123456789\":1,\"123456789\":2}", "[123456789x]",
	                                    "123456789123456789123456789"};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out;
		struct err err = {.reason = ""};
		buf_init(&out, SAMPLE_MAX);
		assert_int_equal(json_to_pack(bytes_text(cases[i]), &out, &err).code, CODE_MALFORMED);
		assert_null(strstr(err.reason, "1234567"));
		buf_done(&out);
	}
}

static void takes_16_levels_and_not_17(void **state)
{
	(void)state;
	for (size_t depth = PACK_DEPTH_MAX; depth <= PACK_DEPTH_MAX + 1; depth++) {
		for (int is_map = 0; is_map <= 1; is_map++) {
			struct buf text, out;
			struct err err;
			buf_init(&text, SAMPLE_MAX);
			buf_init(&out, SAMPLE_MAX);
			for (size_t i = 0; i < depth; i++)
				buf_add_text(&text, is_map ? "{\"a\":" : "[");
			buf_add_byte(&text, '1');
			sample_run(&text, is_map ? '}' : ']', depth);
			assert_int_equal(json_to_pack(buf_bytes(&text), &out, &err).code, depth > PACK_DEPTH_MAX ? CODE_MALFORMED : CODE_OK);
			buf_done(&text);
			buf_done(&out);
		}
	}
}

static void refuses_hopeless_depth_without_trouble(void **state)
{
	struct buf text, out;
	struct err err;
	(void)state;
	buf_init(&text, SAMPLE_MAX);
	buf_init(&out, SAMPLE_MAX);
	sample_run(&text, '[', 100000);
	assert_int_equal(json_to_pack(buf_bytes(&text), &out, &err).code, CODE_MALFORMED);
	buf_clear(&text);
	sample_run(&text, '[', 1000);
	sample_run(&text, ']', 1000);
	assert_int_equal(json_to_pack(buf_bytes(&text), &out, &err).code, CODE_MALFORMED);
	buf_done(&text);
	buf_done(&out);
}

static void refuses_to_say_what_json_cannot(void **state)
{
	static const struct bytes cases[] = {
		{(const uint8_t *)"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", 9}, /* not a number */
		{(const uint8_t *)"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", 9}, /* infinity */
		{(const uint8_t *)"\x91\xcb\xff\xf0\x00\x00\x00\x00\x00\x00", 10},
		{(const uint8_t *)"\xc0\xc0", 2},
		{(const uint8_t *)"", 0},
		{(const uint8_t *)"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\xc0", 18},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out;
		struct err err;
		buf_init(&out, SAMPLE_MAX);
		buf_add_text(&out, "before");
		assert_int_equal(json_from_pack(cases[i], 0, &out, &err).code, CODE_MALFORMED);
		assert_true(bytes_is(buf_bytes(&out), "before"));
		buf_done(&out);
	}
}

static void says_when_there_is_no_room(void **state)
{
	struct buf small;
	struct err err;
	(void)state;
	buf_init(&small, 3);
	assert_int_equal(json_to_pack(BYTES_LIT("\"abc\""), &small, &err).code, CODE_TOO_LARGE);
	assert_int_equal(small.len, 0);
	buf_clear(&small);
	assert_int_equal(json_from_pack(BYTES_LIT("\xa2"
	                                          "ab"),
	                                0, &small, &err)
	                     .code,
	                 CODE_TOO_LARGE);
	assert_int_equal(small.len, 0);
	buf_done(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_every_value_both_ways),
		cmocka_unit_test(floats_come_back_as_the_same_number),
		cmocka_unit_test(indents_when_asked),
		cmocka_unit_test(refuses_what_is_not_exactly_one_strict_value),
		cmocka_unit_test(never_quotes_the_input_in_the_reason),
		cmocka_unit_test(takes_16_levels_and_not_17),
		cmocka_unit_test(refuses_hopeless_depth_without_trouble),
		cmocka_unit_test(refuses_to_say_what_json_cannot),
		cmocka_unit_test(says_when_there_is_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
