/* A draft becomes a message: what is filled in, what is refused at home, what is a repetition. */
#include "unit/adapters/runtime/office_fixture.h"

#include "schemas/receipt.h"

#define WORDS "\"type\": \"admin.message/1\", \"to\": [\"ct.doc.parole\"], \"body\": {\"text\": \"Radio check.\"}"

static void fills_in_what_the_draft_leaves_open_and_binds_the_parts(void **state)
{
	struct desk *desk = *state;
	struct buf hold;
	struct box_out out;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	struct uuid id;
	struct err err;
	size_t count = 0;
	bool duplicate = true;
	clock_freeze(1800000000000);
	desk_fine(desk_compose(desk, "{" WORDS "}", &id, &duplicate, &err), &err);
	assert_false(duplicate);
	desk_find(desk, &id, &hold, &out);
	desk_fine(message_decode(out.header, &message, &err), &err);
	desk_fine(part_decode_all(out.parts, parts, &count, &err), &err);
	assert_true(uuid_is_v7(message.id) && !memcmp(message.id, id.at, UUID_LEN));
	assert_true(bytes_is(message.from, DESK_HERE) && bytes_is(message.to[0], DESK_THERE) && message.to_count == 1);
	assert_true(message.issued == 1800000000000 && message.expires == 1800000000000 + 30 * PKI_FIXTURE_DAY_MS && message.priority == 2);
	assert_true(count == 1 && message.parts_count == 1 && bytes_is(message.parts[0].cls, "CJ") && bytes_is(parts[0].name, "main"));
	struct hash hash = hash_of_two(bytes_of(parts[0].salt, MESSAGE_SALT_LEN), parts[0].bytes);
	assert_memory_equal(hash.at, message.parts[0].hash, HASH_LEN);
	assert_true(!out.is_receipt && bytes_is(out.tag, "tag") && out.state == BOX_WAITING && out.priority == 2);
	buf_done(&hold);
}

static void what_the_draft_says_is_not_replaced(void **state)
{
	struct desk *desk = *state;
	struct buf hold;
	struct box_out out;
	struct message message;
	struct uuid id;
	struct err err;
	bool duplicate;
	clock_freeze(1800000000000);
	desk_fine(desk_compose(desk,
	                       "{" WORDS ", \"id\": \"019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61\", \"priority\": 9, \"issued\": \"2027-01-15T07:00:00Z\", "
	                       "\"expires\": \"2027-01-16T00:00:00Z\", \"subject\": {\"case_no\": \"26-1\"}, "
	                       "\"re\": \"019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a62\", \"thread\": \"019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a63\"}",
	                       &id, &duplicate, &err),
	          &err);
	desk_find(desk, &id, &hold, &out);
	desk_fine(message_decode(out.header, &message, &err), &err);
	struct bytes subject;
	assert_true(message.id[15] == 0x61 && message.priority == 9 && message.issued == 1799996400000 && message.expires == 1800057600000);
	assert_true(message_subject(&message, "case_no", &subject) && bytes_is(subject, "26-1"));
	assert_true(message.re[15] == 0x62 && message.thread[15] == 0x63);
	buf_done(&hold);
}

static void the_same_words_twice_are_two_messages_that_nobody_can_match_by_hash(void **state)
{
	struct desk *desk = *state;
	struct buf hold[2];
	struct box_out out[2];
	struct message message[2];
	struct uuid id[2];
	struct err err;
	bool duplicate;
	for (int i = 0; i < 2; i++) {
		desk_fine(desk_compose(desk, "{" WORDS "}", &id[i], &duplicate, &err), &err);
		desk_find(desk, &id[i], &hold[i], &out[i]);
		desk_fine(message_decode(out[i].header, &message[i], &err), &err);
	}
	assert_memory_not_equal(id[0].at, id[1].at, UUID_LEN);
	assert_memory_not_equal(message[0].parts[0].hash, message[1].parts[0].hash, HASH_LEN);
	buf_done(&hold[0]);
	buf_done(&hold[1]);
}

static void an_id_that_says_the_same_is_a_repetition_and_another_a_conflict(void **state)
{
#define ID "\"id\": \"019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61\""
	struct desk *desk = *state;
	struct uuid id;
	struct err err;
	bool duplicate = true;
	desk_fine(desk_compose(desk, "{" WORDS ", " ID "}", &id, &duplicate, &err), &err);
	assert_false(duplicate);
	desk_fine(desk_compose(desk, "{" WORDS ", " ID "}", &id, &duplicate, &err), &err);
	assert_true(duplicate);
	static const char *const others[] = {
		"{\"type\": \"admin.message/1\", \"to\": [\"ct.doc.parole\"], \"body\": {\"text\": \"Radio check!\"}, " ID "}",
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		assert_int_equal(desk_compose(desk, others[i], &id, &duplicate, &err).code, CODE_DUPLICATE_CONFLICT);
		assert_string_equal(err.field, "/id");
	}
}

static bool count_out(void *ctx, const struct box_out *out)
{
	(void)out;
	(*(int *)ctx)++;
	return true;
}

static void what_the_hub_would_refuse_is_refused_at_home_and_not_kept(void **state)
{
	static const struct {
		const char *draft;
		enum code code;
		const char *field;
	} cases[] = {
		{"{\"type\": \"no.such.type/1\", \"body\": {}}", CODE_UNKNOWN_TYPE, "/type"},
		{"{\"type\": \"admin.message/1\", \"to\": [\"ct.doc.parole\"], \"body\": {\"text\": \"\"}}", CODE_SCHEMA, "/parts/main/text"},
		{"{\"type\": \"admin.message/1\", \"to\": [\"Not A Party\"], \"body\": {\"text\": \"x\"}}", CODE_MALFORMED, "/to/0"},
		{"{\"type\": \"admin.message/1\", \"to\": [\"a\", \"a\"], \"body\": {\"text\": \"x\"}}", CODE_MALFORMED, "/to/1"},
		{"{\"type\": \"admin.message/1\", \"to\": []}", CODE_MALFORMED, "/body"},
		{"{" WORDS ", \"colour\": \"red\"}", CODE_MALFORMED, "/colour"},
		{"{" WORDS ", \"expires\": \"2020-01-01T00:00:00Z\"}", CODE_EXPIRED, "/expires"},
		{"{" WORDS ", \"id\": \"019c8f2a-6b7d-4c10-9a44-0f3b5e2d7a61\"}", CODE_MALFORMED, "/id"},
		{"{" WORDS ", \"classes\": {\"main\": \"CJI\"}}", CODE_SCHEMA, "/parts/main"},
		{"{\"type\": \"interlock.override/1\", \"to\": [\"ct.doc.parole\"], \"body\": {}}", CODE_AUTHORITY, "/parts/approvals"},
		{"[]", CODE_MALFORMED, ""},
	};
	struct desk *desk = *state;
	struct err err;
	int count = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct uuid id;
		bool duplicate;
		for (int only_check = 0; only_check < 2; only_check++) {
			result r = only_check ? compose_check(&desk->office, desk_json(desk, cases[i].draft), &err)
			                      : desk_compose(desk, cases[i].draft, &id, &duplicate, &err);
			if (r.code != cases[i].code || strcmp(err.field, cases[i].field) != 0)
				fail_msg("%s: %s at %s", cases[i].draft, code_text(r.code), err.field);
		}
	}
	desk_commit(desk);
	desk_fine(box_each_waiting(desk->office.box, NULL, count_out, &count, &err), &err);
	assert_int_equal(count, 0);
}

static void a_message_of_more_bytes_than_allowed_is_refused(void **state)
{
	struct desk *desk = *state;
	struct uuid id;
	struct err err;
	bool duplicate;
	desk->options.limits.message_bytes = 100;
	assert_int_equal(desk_compose(desk, "{" WORDS "}", &id, &duplicate, &err).code, CODE_TOO_LARGE);
}

static void a_check_keeps_nothing(void **state)
{
	struct desk *desk = *state;
	struct err err;
	int count = 0;
	desk_fine(compose_check(&desk->office, desk_json(desk, "{" WORDS "}"), &err), &err);
	desk_commit(desk);
	desk_fine(box_each_waiting(desk->office.box, NULL, count_out, &count, &err), &err);
	assert_int_equal(count, 0);
}

static bool keep_out(void *ctx, const struct box_out *out)
{
	struct buf *kept = ctx;
	assert_true(out->is_receipt);
	buf_add(kept, out->parts);
	return true;
}

static void a_receipt_answers_the_message_and_says_why_it_was_refused(void **state)
{
	static const uint8_t id[UUID_LEN] = {0x01, 0x9c, 0x8f, 0x2a, 0x6b, 0x7d, 0x7c, 0x10, 0x9a, 0x44, 1, 2, 3, 4, 5, 6};
	const struct message of = {.id = id, .type = BYTES_LIT("admin.message/1"), .from = BYTES_LIT(DESK_THERE), .priority = 7};
	struct desk *desk = *state;
	struct hash leaf = hash_of(BYTES_LIT("x"));
	struct part parts[MESSAGE_PARTS_MAX];
	struct receipt receipt;
	struct err err, why;
	struct buf kept;
	size_t count = 0;
	err_set(&why, CODE_PART_HASH, "/parts/main", "not the one that was signed");
	desk_fine(compose_receipt(&desk->office, &of, &leaf, &why, &err), &err);
	desk_commit(desk);
	buf_init(&kept, DESK_MAX);
	desk_fine(box_each_waiting(desk->office.box, NULL, keep_out, &kept, &err), &err);
	desk_fine(part_decode_all(buf_bytes(&kept), parts, &count, &err), &err);
	desk_fine(receipt_decode(parts[0].bytes, &receipt, &err), &err);
	assert_true(!receipt.received && receipt.code == CODE_PART_HASH && !memcmp(receipt.of, id, UUID_LEN) && !memcmp(receipt.hash, leaf.at, HASH_LEN));
	assert_string_equal(receipt.field, "/parts/main");
	assert_string_equal(receipt.reason, "not the one that was signed");
	buf_done(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(fills_in_what_the_draft_leaves_open_and_binds_the_parts),
		DESK_TEST(what_the_draft_says_is_not_replaced),
		DESK_TEST(the_same_words_twice_are_two_messages_that_nobody_can_match_by_hash),
		DESK_TEST(an_id_that_says_the_same_is_a_repetition_and_another_a_conflict),
		DESK_TEST(what_the_hub_would_refuse_is_refused_at_home_and_not_kept),
		DESK_TEST(a_message_of_more_bytes_than_allowed_is_refused),
		DESK_TEST(a_check_keeps_nothing),
		DESK_TEST(a_receipt_answers_the_message_and_says_why_it_was_refused),
	};
	return cmocka_run_group_tests(tests, desk_make_pki, desk_drop_pki);
}
