/* What an order to erase is about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/erasure.h"
#include "schemas/json.h"

#define ID_1 "019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61"
#define ID_2 "019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a62"
#define ID_3 "019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a63"

static void pack(const char *json, struct buf *out)
{
	struct err err;
	buf_init(out, 65536);
	assert_int_equal(json_to_pack(bytes_text(json), out, &err).code, CODE_OK);
}

static struct uuid uuid(const char *text)
{
	struct uuid ret;
	struct err err;
	assert_int_equal(uuid_parse(bytes_text(text), &ret, &err).code, CODE_OK);
	return ret;
}

/* Whether the order is about message ID_1 of the conversation ID_3 with a subject. */
static bool about(const char *order, const char *subject)
{
	struct uuid id = uuid(ID_1), thread = uuid(ID_3);
	struct buf main, ids;
	struct erasure erasure;
	pack(order, &main);
	pack(subject, &ids);
	const struct message message = {.id = id.at, .type = BYTES_LIT("a/1"), .thread = thread.at, .subject = buf_bytes(&ids)};
	erasure_read(buf_bytes(&main), &erasure);
	bool is = erasure_is_about(&erasure, &message);
	buf_done(&main);
	buf_done(&ids);
	return is;
}

static void a_message_is_meant_by_its_id_its_conversation_or_an_identifier(void **state)
{
	static const struct {
		const char *order;
		bool expected;
	} cases[] = {
		{"{\"messages\":[\"" ID_1 "\"]}", true},
		{"{\"messages\":[\"" ID_2 "\",\"" ID_1 "\"]}", true},
		{"{\"messages\":[\"" ID_2 "\"]}", false},
		{"{\"messages\":[\"" ID_3 "\"]}", false}, /* the conversation's id is another message */
		{"{\"thread\":\"" ID_3 "\"}", true},
		{"{\"thread\":\"" ID_1 "\"}", false},
		{"{\"ids\":{\"sid\":\"CT01\"}}", true},
		{"{\"ids\":{\"sid\":\"ct01\"}}", true},
		{"{\"ids\":{\"doc_number\":\"CT01\"}}", false}, /* the same text under another name */
		{"{\"ids\":{\"ucn\":\"9\",\"sid\":\"CT01\"}}", true},
		{"{\"ids\":{\"sid\":\"CT0\"}}", false},
		{"{\"reason\":\"none\"}", false},
		{"{\"messages\":\"" ID_1 "\",\"thread\":7,\"ids\":[]}", false},
		{"[]", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (about(cases[i].order, "{\"sid\":\"CT01\"}") != cases[i].expected)
			fail_msg("case %zu", i);
}

static void only_conversations_and_identifiers_are_searched_for(void **state)
{
	static const struct {
		const char *order;
		bool expected;
	} cases[] = {{"{\"messages\":[\"" ID_1 "\"]}", false}, {"{\"thread\":\"" ID_3 "\"}", true}, {"{\"ids\":{\"sid\":\"CT01\"}}", true}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf main;
		struct erasure erasure;
		pack(cases[i].order, &main);
		erasure_read(buf_bytes(&main), &erasure);
		assert_int_equal(erasure_searches(&erasure), cases[i].expected);
		buf_done(&main);
	}
}

static void receipts_notices_and_orders_are_spared(void **state)
{
	static const char *const spared[] = {"receipt/1", "notice/1", "record.erase/1"};
	(void)state;
	for (size_t i = 0; i < sizeof(spared) / sizeof(*spared); i++)
		assert_true(erasure_spares(&(struct message){.type = bytes_text(spared[i])}));
	assert_false(erasure_spares(&(struct message){.type = BYTES_LIT("warrant.issue/1")}));
	assert_false(erasure_spares(&(struct message){.type = BYTES_LIT("consent.grant/1")}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_meant_by_its_id_its_conversation_or_an_identifier),
		cmocka_unit_test(only_conversations_and_identifiers_are_searched_for),
		cmocka_unit_test(receipts_notices_and_orders_are_spared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
