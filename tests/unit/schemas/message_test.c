#include "unit/schemas/sample.h"

#include "base/uuid.h"

static result decode_with(const char *key, const char *json, struct err *err)
{
	struct buf header;
	struct message message;
	sample_header_with(key, json, &header);
	result r = message_decode(buf_bytes(&header), &message, err);
	buf_done(&header);
	return r;
}

struct header_case {
	const char *key;
	const char *json;
	enum code code;
	const char *field;
};

static void check_cases(const struct header_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct err err = {.field = "", .reason = ""};
		result r = decode_with(cases[i].key, cases[i].json, &err);
		if (r.code != cases[i].code)
			fail_msg("%s: %s gave %s, not %s: %s", cases[i].key, cases[i].json, code_text(r.code), code_text(cases[i].code),
			         err.reason);
		if (FAILED(r))
			assert_string_equal(err.field, cases[i].field);
	}
}

#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof(*(cases)))

static void decodes_every_key_as_a_view_of_the_header(void **state)
{
	struct buf header;
	struct message message;
	struct err err;
	struct bytes sid;
	(void)state;
	sample_header_with("thread", SAMPLE_ID_2, &header);
	assert_int_equal(message_decode(buf_bytes(&header), &message, &err).code, CODE_OK);
	assert_ptr_equal(message.header.at, header.at);
	assert_int_equal(message.header.len, header.len);
	assert_true(uuid_is_v7(message.id));
	assert_true(bytes_is(message.type, "warrant.issue/1"));
	assert_true(message.type.at > header.at && message.type.at < header.at + header.len);
	assert_true(bytes_is(message.from, "ct.doc.parole.hartford"));
	assert_int_equal(message.to_count, 2);
	assert_true(bytes_is(message.to[1], "role:fugitive"));
	assert_int_equal(message.issued, 1772442720412);
	assert_int_equal(message.expires, 0);
	assert_int_equal(message.due, 0);
	assert_int_equal(message.priority, 8);
	assert_null(message.re);
	assert_int_equal(message.by.len, 0);
	assert_int_equal(message.parts_count, 1);
	assert_true(bytes_is(message.parts[0].cls, "CJ"));
	assert_int_equal(message.parts[0].hash[31], 31);
	assert_true(message_subject(&message, "sid", &sid));
	assert_true(bytes_is(sid, "CT01284417"));
	assert_false(message_subject(&message, "ucn", &sid));
	assert_ptr_equal(message_thread(&message), message.thread);
	assert_ptr_equal(message_part_find(&message, BYTES_LIT("main")), &message.parts[0]);
	assert_null(message_part_find(&message, BYTES_LIT("mai")));
	buf_done(&header);
}

static void a_message_without_a_thread_begins_one(void **state)
{
	struct buf header;
	struct message message;
	struct err err;
	struct bytes found;
	(void)state;
	sample_header_with("subject", NULL, &header);
	assert_int_equal(message_decode(buf_bytes(&header), &message, &err).code, CODE_OK);
	assert_ptr_equal(message_thread(&message), message.id);
	assert_false(message_subject(&message, "sid", &found));
	buf_done(&header);
}

static void refuses_a_header_without_a_required_key(void **state)
{
	static const struct header_case cases[] = {
		{"v", NULL, CODE_MALFORMED, "/v"},
		{"id", NULL, CODE_MALFORMED, "/id"},
		{"type", NULL, CODE_MALFORMED, "/type"},
		{"from", NULL, CODE_MALFORMED, "/from"},
		{"to", NULL, CODE_MALFORMED, "/to"},
		{"issued", NULL, CODE_MALFORMED, "/issued"},
		{"priority", NULL, CODE_MALFORMED, "/priority"},
		{"parts", NULL, CODE_MALFORMED, "/parts"},
		{"subject", NULL, CODE_OK, ""},
	};
	(void)state;
	CHECK(cases);
}

static void refuses_unknown_keys_by_name(void **state)
{
	static const struct header_case cases[] = {
		{"sender", "'x'", CODE_MALFORMED, "/sender"},
		{"V", "1", CODE_MALFORMED, "/V"},
		{"", "1", CODE_MALFORMED, "/"},
		{"a/b", "1", CODE_MALFORMED, "/a~1b"},
		{"a\\n", "1", CODE_MALFORMED, "/a\\x0a"},
		{"0123456789012345678901234567890123456789", "1", CODE_MALFORMED, "/0123456789012345678901234567890123456789"},
	};
	(void)state;
	CHECK(cases);
}

static void refuses_values_of_the_wrong_kind(void **state)
{
	static const struct header_case cases[] = {
		{"v", "'1'", CODE_MALFORMED, "/v"},
		{"v", "1.0", CODE_MALFORMED, "/v"},
		{"v", "2", CODE_MALFORMED, "/v"},
		{"v", "0", CODE_MALFORMED, "/v"},
		{"id", "'019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61'", CODE_MALFORMED, "/id"},
		{"id", SAMPLE_ID_V4, CODE_MALFORMED, "/id"},
		{"id", "{'$base64':'AZyPKmt9fBCaRA87Xi16'}", CODE_MALFORMED, "/id"},
		{"id", "null", CODE_MALFORMED, "/id"},
		{"type", "5", CODE_MALFORMED, "/type"},
		{"from", "['ct']", CODE_MALFORMED, "/from"},
		{"from", "'role:police'", CODE_MALFORMED, "/from"},
		{"from", "'CT.doc'", CODE_MALFORMED, "/from"},
		{"to", "'ct'", CODE_MALFORMED, "/to"},
		{"to", "[5]", CODE_MALFORMED, "/to"},
		{"to", "['ct','Ct']", CODE_MALFORMED, "/to"},
		{"to", "['ct','role:police','ct']", CODE_MALFORMED, "/to/2"},
		{"to", "[]", CODE_OK, ""},
		{"issued", "'2026-03-02T09:12:00Z'", CODE_MALFORMED, "/issued"},
		{"issued", "null", CODE_MALFORMED, "/issued"},
		{"thread", SAMPLE_ID_V4, CODE_MALFORMED, "/thread"},
		{"re", SAMPLE_ID_V4, CODE_MALFORMED, "/re"},
		{"re", SAMPLE_ID_2, CODE_OK, ""},
		{"subject", "[]", CODE_MALFORMED, "/subject"},
		{"subject", "{}", CODE_MALFORMED, "/subject"},
		{"subject", "{'sid':5}", CODE_MALFORMED, "/subject/sid"},
		{"subject", "{'sid':''}", CODE_MALFORMED, "/subject/sid"},
		{"subject", "{'sid':'a\\nb'}", CODE_MALFORMED, "/subject/sid"},
		{"subject", "{'sid':'a\\u0000b'}", CODE_MALFORMED, "/subject/sid"},
		{"subject", "{'s d':'x'}", CODE_MALFORMED, "/subject"},
		{"by", "{'user':{'a':'b'}}", CODE_MALFORMED, "/by/user"},
		{"by", "{'user':'jdoe','ori':'CT0006400'}", CODE_OK, ""},
		{"purpose", "''", CODE_MALFORMED, "/purpose"},
		{"purpose", "'C'", CODE_OK, ""},
		{"consent", "'a\\u007f'", CODE_MALFORMED, "/consent"},
		{"parts", "[]", CODE_MALFORMED, "/parts"},
		{"parts", "{}", CODE_MALFORMED, "/parts"},
		{"parts", "{'main':'CJ'}", CODE_MALFORMED, "/parts"},
		{"parts", "{'main':['CJ']}", CODE_MALFORMED, "/parts"},
		{"parts", "{'main':['CJ'," SAMPLE_HASH ",1]}", CODE_MALFORMED, "/parts"},
		{"parts", "{'main':['CJ'," SAMPLE_HASH_SHORT "]}", CODE_MALFORMED, "/parts"},
		{"parts", "{'main':['cj'," SAMPLE_HASH "]}", CODE_MALFORMED, "/parts/main"},
		{"parts", "{'main':['SECRET'," SAMPLE_HASH "]}", CODE_MALFORMED, "/parts/main"},
		{"parts", "{'ma/in':['CJ'," SAMPLE_HASH "]}", CODE_MALFORMED, "/parts"},
		{"parts", "{'':['CJ'," SAMPLE_HASH "]}", CODE_MALFORMED, "/parts"},
		{"parts", "{'main':['CJ'," SAMPLE_HASH "],'clinical':['P2'," SAMPLE_HASH "]}", CODE_OK, ""},
	};
	(void)state;
	CHECK(cases);
}

static void bounds_numbers(void **state)
{
	static const struct header_case cases[] = {
		{"priority", "0", CODE_OK, ""},
		{"priority", "9", CODE_OK, ""},
		{"priority", "10", CODE_MALFORMED, "/priority"},
		{"priority", "-1", CODE_MALFORMED, "/priority"},
		{"issued", "1", CODE_OK, ""},
		{"issued", "0", CODE_MALFORMED, "/issued"},
		{"issued", "-1", CODE_MALFORMED, "/issued"},
		{"issued", "9007199254740991", CODE_OK, ""},
		{"issued", "9007199254740992", CODE_MALFORMED, "/issued"},
		{"expires", "9007199254740991", CODE_OK, ""},
		{"expires", "9007199254740992", CODE_MALFORMED, "/expires"},
		{"expires", "0", CODE_MALFORMED, "/expires"},
		{"due", "9007199254740991", CODE_OK, ""},
		{"due", "9007199254740992", CODE_MALFORMED, "/due"},
		{"due", "0", CODE_MALFORMED, "/due"},
	};
	(void)state;
	CHECK(cases);
}

static void knows_the_syntax_of_types(void **state)
{
	static const struct {
		const char *type;
		enum code code;
	} cases[] = {
		{"receipt/1", CODE_OK},
		{"warrant.issue/1", CODE_OK},
		{"a_1.b2.c/65535", CODE_OK},
		{"warrant.issue/65536", CODE_MALFORMED},
		{"warrant.issue/99999", CODE_MALFORMED},
		{"warrant.issue/100000", CODE_MALFORMED},
		{"warrant.issue/0", CODE_MALFORMED},
		{"warrant.issue/01", CODE_MALFORMED},
		{"warrant.issue/", CODE_MALFORMED},
		{"warrant.issue", CODE_MALFORMED},
		{"warrant.issue/1/1", CODE_MALFORMED},
		{"warrant.issue/1 ", CODE_MALFORMED},
		{"warrant.issue/+1", CODE_MALFORMED},
		{"warrant..issue/1", CODE_MALFORMED},
		{".issue/1", CODE_MALFORMED},
		{"issue./1", CODE_MALFORMED},
		{"/1", CODE_MALFORMED},
		{"", CODE_MALFORMED},
		{"Warrant/1", CODE_MALFORMED},
		{"war-rant/1", CODE_MALFORMED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err;
		result r = message_check_type(bytes_text(cases[i].type), "/type", &err);
		if (r.code != cases[i].code)
			fail_msg("%s: %s", cases[i].type, code_text(r.code));
	}
}

/* Writes the JSON of a value that is `size` large in the dimension in question. */
struct limit {
	const char *key;
	void (*write)(struct buf *json, size_t size);
	size_t max;
	const char *field;
};

static void write_recipients(struct buf *json, size_t size)
{
	buf_add_byte(json, '[');
	for (size_t i = 0; i < size; i++)
		buf_printf(json, "%s'p%zu'", i ? "," : "", i);
	buf_add_byte(json, ']');
}

static void write_texts(struct buf *json, size_t size)
{
	buf_add_byte(json, '{');
	for (size_t i = 0; i < size; i++)
		buf_printf(json, "%s'k%zu':'v'", i ? "," : "", i);
	buf_add_byte(json, '}');
}

static void write_long_key(struct buf *json, size_t size)
{
	buf_add_text(json, "{'");
	sample_run(json, 'k', size);
	buf_add_text(json, "':'v'}");
}

static void write_long_value(struct buf *json, size_t size)
{
	buf_add_text(json, "{'k':'");
	sample_run(json, 'v', size);
	buf_add_text(json, "'}");
}

static void write_text(struct buf *json, size_t size)
{
	buf_add_byte(json, '\'');
	sample_run(json, 'x', size);
	buf_add_byte(json, '\'');
}

static void write_type(struct buf *json, size_t size)
{
	buf_add_byte(json, '\'');
	sample_run(json, 'x', size - 2);
	buf_add_text(json, "/1'");
}

static void write_parts(struct buf *json, size_t size)
{
	buf_add_byte(json, '{');
	for (size_t i = 0; i < size; i++)
		buf_printf(json, "%s'p%zu':['CJ'," SAMPLE_HASH "]", i ? "," : "", i);
	buf_add_byte(json, '}');
}

static void write_long_part_name(struct buf *json, size_t size)
{
	buf_add_text(json, "{'");
	sample_run(json, 'p', size);
	buf_add_text(json, "':['CJ'," SAMPLE_HASH "]}");
}

static void takes_what_is_at_the_limit_and_refuses_one_more(void **state)
{
	static const struct limit limits[] = {
		{"to", write_recipients, MESSAGE_TO_MAX, "/to"},
		{"subject", write_texts, MESSAGE_SUBJECT_MAX, "/subject"},
		{"subject", write_long_key, MESSAGE_NAME_MAX, "/subject"},
		{"subject", write_long_value, MESSAGE_TEXT_MAX, "/subject/k"},
		{"by", write_texts, MESSAGE_SUBJECT_MAX, "/by"},
		{"by", write_long_value, MESSAGE_TEXT_MAX, "/by/k"},
		{"purpose", write_text, MESSAGE_NAME_MAX, "/purpose"},
		{"consent", write_text, MESSAGE_TEXT_MAX, "/consent"},
		{"type", write_type, MESSAGE_TYPE_MAX, "/type"},
		{"parts", write_parts, MESSAGE_PARTS_MAX, "/parts"},
		{"parts", write_long_part_name, MESSAGE_NAME_MAX, "/parts"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		for (size_t more = 0; more <= 1; more++) {
			struct buf json;
			buf_init(&json, SAMPLE_MAX);
			limits[i].write(&json, limits[i].max + more);
			buf_add_byte(&json, '\0');
			const struct header_case one = {limits[i].key, (const char *)json.at, more ? CODE_TOO_LARGE : CODE_OK,
			                                limits[i].field};
			check_cases(&one, 1);
			buf_done(&json);
		}
	}
}

static void a_header_may_not_be_larger_than_its_limit(void **state)
{
	static uint8_t large[MESSAGE_HEADER_MAX + 1];
	struct message message;
	struct err err;
	(void)state;
	/* At the limit it is read, and refused for another reason. */
	assert_int_equal(message_decode(bytes_of(large, MESSAGE_HEADER_MAX), &message, &err).code, CODE_MALFORMED);
	assert_int_equal(message_decode(bytes_of(large, MESSAGE_HEADER_MAX + 1), &message, &err).code, CODE_TOO_LARGE);
}

static void refuses_a_key_that_is_there_twice(void **state)
{
	struct buf header;
	struct message message;
	struct err err;
	(void)state;
	sample_header_with(NULL, NULL, &header);
	header.at[0]++; /* one pair more */
	sample_pack("'v'", &header);
	sample_pack("1", &header);
	assert_int_equal(message_decode(buf_bytes(&header), &message, &err).code, CODE_MALFORMED);
	assert_string_equal(err.field, "/v");
	buf_done(&header);
}

static void refuses_trailing_bytes_after_the_map(void **state)
{
	struct buf header;
	struct message message;
	struct err err;
	(void)state;
	sample_header_with(NULL, NULL, &header);
	buf_add_byte(&header, 0xc0);
	assert_int_equal(message_decode(buf_bytes(&header), &message, &err).code, CODE_MALFORMED);
	buf_done(&header);
}

static void refuses_every_header_that_was_cut_short(void **state)
{
	struct buf header;
	struct message message;
	struct err err;
	(void)state;
	sample_header_with(NULL, NULL, &header);
	for (size_t len = 0; len < header.len; len++)
		assert_int_equal(message_decode(bytes_of(header.at, len), &message, &err).code, CODE_MALFORMED);
	buf_done(&header);
}

static void keys_may_come_in_any_order(void **state)
{
	struct buf header;
	struct message message;
	struct err err;
	(void)state;
	buf_init(&header, SAMPLE_MAX);
	sample_pack("{'parts':" SAMPLE_MAIN ",'priority':3,'issued':5,'to':[],'from':'ct','type':'receipt/1','id':" SAMPLE_ID
	            ",'v':1}",
	            &header);
	assert_int_equal(message_decode(buf_bytes(&header), &message, &err).code, CODE_OK);
	assert_int_equal(message.priority, 3);
	assert_int_equal(message.issued, 5);
	buf_done(&header);
}

static void encodes_what_it_decodes_byte_for_byte(void **state)
{
	static const struct {
		const char *json;
	} cases[] = {
		{"{'v':1,'id':" SAMPLE_ID
	     ",'type':'warrant.issue/1','from':'ct.doc','to':['role:police'],'issued':1772442720412,'expires':1772442720413,"
	     "'due':1772442720414,'priority':0,'thread':" SAMPLE_ID_2 ",'re':" SAMPLE_ID
	     ",'subject':{'sid':'CT1'},'by':{'user':'jdoe'},"
	     "'purpose':'C','consent':'c-1','parts':{'main':['CHRI'," SAMPLE_HASH "],'victim':['VIC'," SAMPLE_HASH "]}}"},
		{"{'v':1,'id':" SAMPLE_ID ",'type':'receipt/1','from':'ct','to':[],'issued':1,'priority':9,'parts':" SAMPLE_MAIN "}"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf header, again;
		struct message message;
		struct err err = {.reason = ""};
		buf_init(&header, SAMPLE_MAX);
		buf_init(&again, SAMPLE_MAX);
		sample_pack(cases[i].json, &header);
		assert_int_equal(message_decode(buf_bytes(&header), &message, &err).code, CODE_OK);
		assert_int_equal(message_encode(&message, &again, &err).code, CODE_OK);
		assert_true(bytes_equal(buf_bytes(&header), buf_bytes(&again)));
		buf_done(&header);
		buf_done(&again);
	}
}

static struct message fresh_message(void)
{
	static const uint8_t id[UUID_LEN] = {0x01, 0x9c, 0x8f, 0x2a, 0x6b, 0x7d, 0x7c, 0x10, 0x9a};
	static const uint8_t hash[MESSAGE_HASH_LEN];
	return (struct message){
		.id = id,
		.type = BYTES_LIT("receipt/1"),
		.from = BYTES_LIT("ct"),
		.issued = 1,
		.priority = 5,
		.parts = {{.name = BYTES_LIT("main"), .cls = BYTES_LIT("CJ"), .hash = hash}},
		.parts_count = 1,
	};
}

static void check_encode(const struct message *message, enum code code, const char *field)
{
	struct buf out;
	struct err err = {.field = "", .reason = ""};
	buf_init(&out, SAMPLE_MAX);
	buf_add_text(&out, "before");
	result r = message_encode(message, &out, &err);
	if (r.code != code)
		fail_msg("%s: %s: %s", code_text(r.code), err.field, err.reason);
	if (FAILED(r)) {
		assert_string_equal(err.field, field);
		assert_true(bytes_is(buf_bytes(&out), "before"));
	}
	buf_done(&out);
}

static void refuses_to_encode_what_others_would_refuse(void **state)
{
	struct message message = fresh_message();
	(void)state;
	check_encode(&message, CODE_OK, "");
	message.subject = BYTES_LIT("\x80");
	check_encode(&message, CODE_OK, "");
	message.subject = BYTES_LIT("\x81\xa1k\x05");
	check_encode(&message, CODE_MALFORMED, "/subject/k");
	message.subject = BYTES_LIT("\x81\xa1k\xa1v\xa1x\xa1y"); /* more than one value */
	check_encode(&message, CODE_MALFORMED, "");
	message = fresh_message();
	message.id = NULL;
	check_encode(&message, CODE_MALFORMED, "/id");
	message = fresh_message();
	message.priority = -1;
	check_encode(&message, CODE_MALFORMED, "/priority");
	message = fresh_message();
	message.issued = 0;
	check_encode(&message, CODE_MALFORMED, "/issued");
	message = fresh_message();
	message.expires = -5;
	check_encode(&message, CODE_MALFORMED, "/expires");
	message = fresh_message();
	message.parts[0].hash = NULL;
	check_encode(&message, CODE_MALFORMED, "/parts");
	message = fresh_message();
	message.parts_count = 0;
	check_encode(&message, CODE_MALFORMED, "/parts");
	message.parts_count = MESSAGE_PARTS_MAX + 1;
	check_encode(&message, CODE_TOO_LARGE, "/parts");
	message = fresh_message();
	message.to_count = MESSAGE_TO_MAX + 1;
	check_encode(&message, CODE_TOO_LARGE, "/to");
}

static void says_when_there_is_no_room_to_encode(void **state)
{
	struct message message = fresh_message();
	struct buf out;
	struct err err;
	(void)state;
	buf_init(&out, 20);
	assert_int_equal(message_encode(&message, &out, &err).code, CODE_TOO_LARGE);
	assert_int_equal(out.len, 0);
	buf_done(&out);
}

static void knows_the_classes(void **state)
{
	static const char *const known[] = {"PUB", "CJ", "CJI", "CHRI", "P2", "PHI", "VIC", "JUV", "YO", "ERASE"};
	static const char *const unknown[] = {"", "cj", "C", "CJ ", "CHRIX", "SEALED"};
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		assert_true(message_class_known(bytes_text(known[i])));
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		assert_false(message_class_known(bytes_text(unknown[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_key_as_a_view_of_the_header),
		cmocka_unit_test(a_message_without_a_thread_begins_one),
		cmocka_unit_test(refuses_a_header_without_a_required_key),
		cmocka_unit_test(refuses_unknown_keys_by_name),
		cmocka_unit_test(refuses_values_of_the_wrong_kind),
		cmocka_unit_test(bounds_numbers),
		cmocka_unit_test(knows_the_syntax_of_types),
		cmocka_unit_test(takes_what_is_at_the_limit_and_refuses_one_more),
		cmocka_unit_test(a_header_may_not_be_larger_than_its_limit),
		cmocka_unit_test(refuses_a_key_that_is_there_twice),
		cmocka_unit_test(refuses_trailing_bytes_after_the_map),
		cmocka_unit_test(refuses_every_header_that_was_cut_short),
		cmocka_unit_test(keys_may_come_in_any_order),
		cmocka_unit_test(encodes_what_it_decodes_byte_for_byte),
		cmocka_unit_test(refuses_to_encode_what_others_would_refuse),
		cmocka_unit_test(says_when_there_is_no_room_to_encode),
		cmocka_unit_test(knows_the_classes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
