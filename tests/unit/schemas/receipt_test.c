#include "unit/schemas/sample.h"

#include "schemas/receipt.h"

#define OF "'of':'019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61'"
#define HASH "'hash':'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'"
#define AT "'at':'2026-03-02T09:12:00.412Z'"

static void check_json(struct bytes packed, const char *expected)
{
	struct buf json, wanted;
	struct err err;
	buf_init(&json, SAMPLE_MAX);
	buf_init(&wanted, SAMPLE_MAX);
	sample_pack(expected, &wanted);
	assert_int_equal(json_from_pack(packed, 0, &json, &err).code, CODE_OK);
	if (!bytes_equal(packed, buf_bytes(&wanted)))
		fail_msg("%.*s", (int)json.len, (const char *)json.at);
	buf_done(&json);
	buf_done(&wanted);
}

static void fill(uint8_t of[static UUID_LEN], uint8_t hash[static MESSAGE_HASH_LEN])
{
	struct uuid id;
	struct err err;
	assert_int_equal(uuid_parse(BYTES_LIT("019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61"), &id, &err).code, CODE_OK);
	memcpy(of, id.at, UUID_LEN);
	for (size_t i = 0; i < MESSAGE_HASH_LEN; i++)
		hash[i] = (uint8_t)i;
}

static void same_receipt(const struct receipt *a, const struct receipt *b)
{
	assert_memory_equal(a->of, b->of, UUID_LEN);
	assert_memory_equal(a->hash, b->hash, MESSAGE_HASH_LEN);
	assert_int_equal(a->received, b->received);
	assert_int_equal(a->code, b->code);
	assert_string_equal(a->field, b->field);
	assert_string_equal(a->reason, b->reason);
	assert_int_equal(a->at, b->at);
}

static void same_notice(const struct notice *a, const struct notice *b)
{
	assert_memory_equal(a->of, b->of, UUID_LEN);
	assert_memory_equal(a->hash, b->hash, MESSAGE_HASH_LEN);
	assert_int_equal(a->event, b->event);
	assert_int_equal(a->code, b->code);
	assert_string_equal(a->recipient, b->recipient);
	assert_string_equal(a->reason, b->reason);
	assert_int_equal(a->at, b->at);
}

static void a_receipt_of_something_received_says_no_reason(void **state)
{
	struct receipt receipt = {.received = true, .code = CODE_OK, .at = 1772442720412};
	struct receipt again;
	struct buf out;
	struct err err;
	(void)state;
	fill(receipt.of, receipt.hash);
	buf_init(&out, SAMPLE_MAX);
	receipt_encode(&receipt, &out);
	check_json(buf_bytes(&out), "{" OF "," HASH ",'disposition':'received','code':'ok'," AT "}");
	assert_int_equal(receipt_decode(buf_bytes(&out), &again, &err).code, CODE_OK);
	same_receipt(&again, &receipt);
	buf_done(&out);
}

static void a_receipt_of_something_refused_says_where_and_why(void **state)
{
	struct receipt receipt = {.code = CODE_PART_HASH,
	                          .field = "/parts/main",
	                          .reason = "the bytes are not those that were signed",
	                          .at = 1772442720412};
	struct receipt again;
	struct buf out;
	struct err err;
	(void)state;
	fill(receipt.of, receipt.hash);
	buf_init(&out, SAMPLE_MAX);
	receipt_encode(&receipt, &out);
	check_json(buf_bytes(&out), "{" OF "," HASH ",'disposition':'refused','code':'part_hash','field':'/parts/main',"
	                            "'reason':'the bytes are not those that were signed'," AT "}");
	assert_int_equal(receipt_decode(buf_bytes(&out), &again, &err).code, CODE_OK);
	same_receipt(&again, &receipt);
	buf_done(&out);
}

static void refuses_odd_receipts(void **state)
{
	static const struct {
		const char *json;
		const char *field;
	} cases[] = {
		{"[]", ""},
		{"{}", "/of"},
		{"{" OF "," HASH ",'disposition':'received','code':'ok'}", "/at"},
		{"{" HASH ",'disposition':'received','code':'ok'," AT "}", "/of"},
		{"{" OF "," HASH ",'disposition':'received','code':'ok'," AT ",'extra':1}", "/extra"},
		{"{'of':'019c8f2a-6b7d-4c10-9a44-0f3b5e2d7a61'," HASH ",'disposition':'received','code':'ok'," AT "}", "/of"},
		{"{'of':5," HASH ",'disposition':'received','code':'ok'," AT "}", "/of"},
		{"{" OF ",'hash':'00','disposition':'received','code':'ok'," AT "}", "/hash"},
		{"{" OF "," HASH ",'disposition':'seen','code':'ok'," AT "}", "/disposition"},
		{"{" OF "," HASH ",'disposition':'refused','code':'nonsense'," AT "}", "/code"},
		{"{" OF "," HASH ",'disposition':'refused','code':'ok'," AT "}", "/code"},
		{"{" OF "," HASH ",'disposition':'received','code':'schema'," AT "}", "/code"},
		{"{" OF "," HASH ",'disposition':'received','code':'ok','at':'yesterday'}", "/at"},
		{"{" OF "," HASH ",'disposition':'received','code':'ok','at':5}", "/at"},
		{"{" OF "," HASH ",'disposition':'received','code':'ok','at':'1969-12-31T23:59:59Z'}", "/at"},
		{"{" OF "," HASH ",'disposition':'refused','code':'schema','reason':'a\\u0000b'," AT "}", "/reason"},
		{"{" OF "," HASH ",'disposition':'refused','code':'schema','field':5," AT "}", "/field"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct receipt receipt;
		struct err err = {.field = "none"};
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].json, &packed);
		if (receipt_decode(buf_bytes(&packed), &receipt, &err).code != CODE_MALFORMED || strcmp(err.field, cases[i].field) != 0)
			fail_msg("%s: %s: %s", cases[i].json, err.field, err.reason);
		buf_done(&packed);
	}
}

static void bounds_field_and_reason(void **state)
{
	static const struct {
		const char *key;
		size_t max;
	} cases[] = {{"field", ERR_FIELD_MAX - 1}, {"reason", ERR_REASON_MAX - 1}};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		size_t more = i % 2;
		struct buf json, packed;
		struct receipt receipt;
		struct err err;
		buf_init(&json, SAMPLE_MAX);
		buf_init(&packed, SAMPLE_MAX);
		buf_printf(&json, "{" OF "," HASH ",'disposition':'refused','code':'schema'," AT ",'%s':'", cases[i / 2].key);
		sample_run(&json, 'x', cases[i / 2].max + more);
		buf_add(&json, bytes_of("'}", 3));
		sample_pack((const char *)json.at, &packed);
		assert_int_equal(receipt_decode(buf_bytes(&packed), &receipt, &err).code, more ? CODE_MALFORMED : CODE_OK);
		buf_done(&json);
		buf_done(&packed);
	}
}

static void a_notice_keeps_its_values(void **state)
{
	(void)state;
	for (int event = 0; event < NOTICE_EVENT_COUNT; event++) {
		struct notice notice = {.event = (enum notice_event)event,
		                        .recipient = "ct.police",
		                        .code = CODE_EXPIRED,
		                        .reason = "too late",
		                        .at = 1772442720412};
		struct notice again;
		struct buf out;
		struct err err;
		fill(notice.of, notice.hash);
		notice.reason[event == NOTICE_EXPIRED ? 0 : strlen(notice.reason)] = '\0';
		buf_init(&out, SAMPLE_MAX);
		notice_encode(&notice, &out);
		assert_int_equal(notice_decode(buf_bytes(&out), &again, &err).code, CODE_OK);
		same_notice(&again, &notice);
		buf_done(&out);
	}
}

static void events_have_stable_names(void **state)
{
	(void)state;
	assert_string_equal(notice_event_text(NOTICE_EXPIRED), "expired");
	assert_string_equal(notice_event_text(NOTICE_DEAD_LETTERED), "dead_lettered");
	assert_string_equal(notice_event_text(NOTICE_DISCARDED), "discarded");
	assert_string_equal(notice_event_text(NOTICE_EVENT_COUNT), "unknown");
}

static void refuses_odd_notices(void **state)
{
	static const struct {
		const char *json;
		const char *field;
	} cases[] = {
		{"[]", ""},
		{"{" OF "," HASH ",'event':'expired','code':'expired'," AT "}", "/recipient"},
		{"{" OF "," HASH ",'event':'expired','recipient':'ct','code':'expired'}", "/at"},
		{"{" OF "," HASH ",'event':'lost','recipient':'ct','code':'expired'," AT "}", "/event"},
		{"{" OF "," HASH ",'event':'expired','recipient':'CT','code':'expired'," AT "}", "/recipient"},
		{"{" OF "," HASH ",'event':'expired','recipient':'','code':'expired'," AT "}", "/recipient"},
		{"{" OF "," HASH ",'event':'expired','recipient':'ct','code':'late'," AT "}", "/code"},
		{"{" OF "," HASH ",'event':'expired','recipient':'ct','code':'expired','field':'/x'," AT "}", "/field"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct notice notice;
		struct err err = {.field = "none"};
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].json, &packed);
		if (notice_decode(buf_bytes(&packed), &notice, &err).code != CODE_MALFORMED || strcmp(err.field, cases[i].field) != 0)
			fail_msg("%s: %s: %s", cases[i].json, err.field, err.reason);
		buf_done(&packed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_receipt_of_something_received_says_no_reason),
		cmocka_unit_test(a_receipt_of_something_refused_says_where_and_why),
		cmocka_unit_test(refuses_odd_receipts),
		cmocka_unit_test(bounds_field_and_reason),
		cmocka_unit_test(a_notice_keeps_its_values),
		cmocka_unit_test(events_have_stable_names),
		cmocka_unit_test(refuses_odd_notices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
