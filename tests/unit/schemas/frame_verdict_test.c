#include "unit/schemas/sample.h"

#include "schemas/frame.h"

static const uint8_t id[UUID_LEN] = "0123456789abcde";

static void pack_frame(const struct bytes *packed, size_t count, struct buf *frame)
{
	buf_init(frame, SAMPLE_MAX);
	frame_verdicts_encode(packed, count, frame);
}

static void a_verdict_keeps_its_values(void **state)
{
	const struct frame_recipient recipients[] = {{BYTES_LIT("ct.police"), true, 0}, {BYTES_LIT("ct.doc"), false, 86400000}};
	struct buf packed, frame;
	struct frame_verdicts verdicts;
	struct frame_verdict verdict;
	struct frame_recipient recipient;
	struct err err;
	(void)state;
	buf_init(&packed, SAMPLE_MAX);
	frame_verdict_pack(id, CODE_OK, false, 42, recipients, 2, "", NULL, &packed);
	struct bytes one = buf_bytes(&packed);
	pack_frame((struct bytes[]){one, one}, 2, &frame);
	assert_int_equal(frame_verdicts_decode(buf_bytes(&frame), &verdicts, &err).code, CODE_OK);
	assert_int_equal(verdicts.count, 2);
	assert_true(frame_verdicts_next(&verdicts, &verdict));
	assert_memory_equal(verdict.id, id, UUID_LEN);
	assert_int_equal(verdict.code, CODE_OK);
	assert_false(verdict.duplicate);
	assert_int_equal(verdict.entry, 42);
	assert_int_equal(verdict.field.len, 0);
	assert_int_equal(verdict.reason.len, 0);
	assert_int_equal(verdict.recipients_count, 2);
	assert_true(frame_verdict_recipient(&verdict, &recipient));
	assert_true(bytes_is(recipient.party, "ct.police"));
	assert_true(recipient.connected);
	assert_true(frame_verdict_recipient(&verdict, &recipient));
	assert_false(recipient.connected);
	assert_int_equal(recipient.age_ms, 86400000);
	assert_false(frame_verdict_recipient(&verdict, &recipient));
	assert_true(frame_verdicts_next(&verdicts, &verdict));
	assert_false(frame_verdicts_next(&verdicts, &verdict));
	buf_done(&packed);
	buf_done(&frame);
}

static void every_code_travels_as_its_text(void **state)
{
	(void)state;
	for (int code = CODE_OK; code < CODE_COUNT; code++) {
		struct buf packed, frame;
		struct frame_verdicts verdicts;
		struct frame_verdict verdict;
		struct bytes text;
		struct err err;
		buf_init(&packed, SAMPLE_MAX);
		frame_verdict_pack(id, (enum code)code, false, -1, NULL, 0, "/parts/main", "because", &packed);
		assert_true(pack_pointer(buf_bytes(&packed), "/1", &text) && pack_as_text(text, &text));
		assert_true(bytes_is(text, code_text((enum code)code)));
		struct bytes one = buf_bytes(&packed);
		pack_frame(&one, 1, &frame);
		assert_int_equal(frame_verdicts_decode(buf_bytes(&frame), &verdicts, &err).code, CODE_OK);
		assert_true(frame_verdicts_next(&verdicts, &verdict));
		assert_int_equal(verdict.code, code);
		assert_true(bytes_is(verdict.field, "/parts/main"));
		assert_true(bytes_is(verdict.reason, "because"));
		assert_int_equal(verdict.entry, -1);
		buf_done(&packed);
		buf_done(&frame);
	}
}

static void a_duplicate_gets_the_very_same_verdict_with_the_flag_set(void **state)
{
	const struct frame_recipient recipient = {BYTES_LIT("ct.police"), true, 0};
	struct buf first, expected, duplicate;
	struct err err;
	(void)state;
	buf_init(&first, SAMPLE_MAX);
	buf_init(&expected, SAMPLE_MAX);
	buf_init(&duplicate, SAMPLE_MAX);
	frame_verdict_pack(id, CODE_OK, false, 42, &recipient, 1, "", "", &first);
	frame_verdict_pack(id, CODE_OK, true, 42, &recipient, 1, "", "", &expected);
	assert_int_equal(frame_verdict_as_duplicate(buf_bytes(&first), &duplicate, &err).code, CODE_OK);
	assert_true(bytes_equal(buf_bytes(&duplicate), buf_bytes(&expected)));
	buf_clear(&duplicate);
	assert_int_equal(frame_verdict_as_duplicate(buf_bytes(&expected), &duplicate, &err).code, CODE_OK);
	assert_true(bytes_equal(buf_bytes(&duplicate), buf_bytes(&expected)));
	buf_done(&first);
	buf_done(&expected);
	buf_done(&duplicate);
}

static void makes_no_duplicate_of_what_is_no_verdict(void **state)
{
	static const char *const cases[] = {"[]", "{}", "[" SAMPLE_ID ",'ok',false,7,[],'']", "[" SAMPLE_ID ",'ok',null,7,[],'','']"};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed, out;
		struct err err;
		buf_init(&packed, SAMPLE_MAX);
		buf_init(&out, SAMPLE_MAX);
		sample_pack(cases[i], &packed);
		assert_int_equal(frame_verdict_as_duplicate(buf_bytes(&packed), &out, &err).code, CODE_MALFORMED);
		assert_int_equal(out.len, 0);
		buf_done(&packed);
		buf_done(&out);
	}
}

static void says_when_a_duplicate_does_not_fit(void **state)
{
	struct buf packed, out;
	struct err err;
	(void)state;
	buf_init(&packed, SAMPLE_MAX);
	frame_verdict_pack(id, CODE_OK, false, 42, NULL, 0, "", "", &packed);
	buf_init(&out, packed.len - 1);
	assert_int_equal(frame_verdict_as_duplicate(buf_bytes(&packed), &out, &err).code, CODE_TOO_LARGE);
	buf_done(&packed);
	buf_done(&out);
}

static void counts_verdicts_and_recipients_up_to_1024(void **state)
{
	static struct frame_recipient recipients[FRAME_RECIPIENTS_MAX + 1];
	static struct bytes packed_all[FRAME_BATCH_MAX + 1];
	(void)state;
	for (size_t i = 0; i <= FRAME_RECIPIENTS_MAX; i++)
		recipients[i] = (struct frame_recipient){BYTES_LIT("ct"), true, 0};
	for (size_t more = 0; more <= 1; more++) {
		enum code expected = more ? CODE_TOO_LARGE : CODE_OK;
		struct buf packed, frame;
		struct frame_verdicts verdicts;
		struct err err;
		buf_init(&packed, SAMPLE_MAX);
		frame_verdict_pack(id, CODE_OK, false, 1, recipients, FRAME_RECIPIENTS_MAX + more, "", "", &packed);
		struct bytes one = buf_bytes(&packed);
		pack_frame(&one, 1, &frame);
		assert_int_equal(frame_verdicts_decode(buf_bytes(&frame), &verdicts, &err).code, expected);
		buf_done(&frame);
		buf_clear(&packed);
		frame_verdict_pack(id, CODE_OK, false, 1, NULL, 0, "", "", &packed);
		for (size_t i = 0; i <= FRAME_BATCH_MAX; i++)
			packed_all[i] = buf_bytes(&packed);
		pack_frame(packed_all, FRAME_BATCH_MAX + more, &frame);
		assert_int_equal(frame_verdicts_decode(buf_bytes(&frame), &verdicts, &err).code, expected);
		buf_done(&frame);
		buf_done(&packed);
	}
}

static void cuts_field_and_reason_at_what_an_err_holds(void **state)
{
	char text[2 * ERR_REASON_MAX];
	struct buf packed, frame;
	struct frame_verdicts verdicts;
	struct frame_verdict verdict;
	struct err err;
	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	buf_init(&packed, SAMPLE_MAX);
	frame_verdict_pack(id, CODE_SCHEMA, false, -1, NULL, 0, text, text, &packed);
	struct bytes one = buf_bytes(&packed);
	pack_frame(&one, 1, &frame);
	assert_int_equal(frame_verdicts_decode(buf_bytes(&frame), &verdicts, &err).code, CODE_OK);
	assert_true(frame_verdicts_next(&verdicts, &verdict));
	assert_int_equal(verdict.field.len, ERR_FIELD_MAX - 1);
	assert_int_equal(verdict.reason.len, ERR_REASON_MAX - 1);
	buf_done(&packed);
	buf_done(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verdict_keeps_its_values),
		cmocka_unit_test(every_code_travels_as_its_text),
		cmocka_unit_test(a_duplicate_gets_the_very_same_verdict_with_the_flag_set),
		cmocka_unit_test(makes_no_duplicate_of_what_is_no_verdict),
		cmocka_unit_test(says_when_a_duplicate_does_not_fit),
		cmocka_unit_test(counts_verdicts_and_recipients_up_to_1024),
		cmocka_unit_test(cuts_field_and_reason_at_what_an_err_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
