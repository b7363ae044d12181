/* What the ports say: errors, deliveries, fates and readings, as JSON. */
#include "unit/adapters/runtime/office_fixture.h"

#include "adapters/runtime/plainly.h"
#include "schemas/frame.h"

#define WORDS "{\"type\":\"admin.message/1\",\"to\":[\"ct.doc.parole\"],\"body\":{\"text\":\"Radio check.\"}}"

static void says(const struct buf *packed, const char *wanted)
{
	struct buf text;
	struct err err;
	buf_init(&text, DESK_MAX);
	desk_fine(json_from_pack(buf_bytes(packed), 0, &text, &err), &err);
	buf_add_byte(&text, 0);
	assert_non_null(text.at);
	if (!strstr((const char *)text.at, wanted))
		fail_msg("%s\nis not in\n%s", wanted, (const char *)text.at);
	buf_done(&text);
}

static struct uuid send_words(struct desk *desk)
{
	struct uuid id;
	struct err err;
	bool duplicate;
	desk_fine(desk_compose(desk, WORDS, &id, &duplicate, &err), &err);
	desk_commit(desk);
	return id;
}

static void an_error_has_all_that_is_needed_to_act(void **state)
{
	struct buf out;
	struct err why;
	(void)state;
	buf_init(&out, DESK_MAX);
	err_set(&why, CODE_SCHEMA, "/parts/main/dob", "is no date");
	plainly_error(&why, &out);
	says(&out, "{\"code\":\"schema\",\"field\":\"/parts/main/dob\",\"reason\":\"is no date\",\"remedy\":\"Correct the field");
	buf_done(&out);
}

static void the_fate_follows_the_message_from_waiting_to_its_outcomes(void **state)
{
	struct desk *desk = *state;
	const struct frame_recipient recipient = {.party = BYTES_LIT(DESK_THERE), .connected = true, .age_ms = 12};
	struct uuid id = send_words(desk), receipt = uuid_new();
	struct buf out, verdict;
	struct err err;
	bool is_new = false;
	buf_init(&out, DESK_MAX);
	buf_init(&verdict, DESK_MAX);
	desk_fine(plainly_fate(&desk->office, id.at, NULL, &out, &err), &err);
	says(&out, "\"state\":\"waiting\",\"verdict\":null,\"outcomes\":[]}");
	frame_verdict_pack(id.at, CODE_OK, false, 7, &recipient, 1, "", "", &verdict);
	desk_fine(box_judged(desk->office.box, id.at, true, buf_bytes(&verdict), &err), &err);
	buf_clear(&out);
	desk_fine(plainly_fate(&desk->office, id.at, "fate", &out, &err), &err);
	says(&out, "{\"event\":\"fate\",\"id\"");
	says(&out, "\"state\":\"accepted\",\"verdict\":{\"code\":\"ok\",\"field\":\"\",\"reason\":\"\",\"entry\":7,\"duplicate\":false,"
	           "\"recipients\":[{\"party\":\"ct.doc.parole\",\"connected\":true,\"age_ms\":12}]}");
	const struct box_outcome outcome = {.of = id.at, .id = receipt.at, .recipient = BYTES_LIT(DESK_THERE), .what = BYTES_LIT("received"),
	                                    .code = BYTES_LIT("ok"), .at = 1800000000000, .envelope = BYTES_LIT("x")};
	desk_fine(box_put_outcome(desk->office.box, &outcome, &is_new, &err), &err);
	buf_clear(&out);
	desk_fine(plainly_fate(&desk->office, id.at, NULL, &out, &err), &err);
	says(&out, "\"outcomes\":[{\"recipient\":\"ct.doc.parole\",\"what\":\"received\",\"code\":\"ok\",\"reason\":\"\",\"at\":"
	           "\"2027-01-15T08:00:00.000Z\",\"receipt\":");
	buf_done(&out);
	buf_done(&verdict);
}

static void what_the_hub_holds_and_refuses_is_told_with_its_reason(void **state)
{
	static const struct {
		enum code code;
		bool accepted;
		const char *says;
	} cases[] = {
		{CODE_HELD, true, "\"state\":\"held\",\"verdict\":{\"code\":\"held\",\"field\":\"/x\",\"reason\":\"because\""},
		{CODE_NO_AGREEMENT, false, "\"state\":\"refused\",\"verdict\":{\"code\":\"no_agreement\",\"field\":\"/x\",\"reason\":\"because\""},
	};
	struct desk *desk = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct uuid id = send_words(desk);
		struct buf out, verdict;
		struct err err;
		buf_init(&out, DESK_MAX);
		buf_init(&verdict, DESK_MAX);
		frame_verdict_pack(id.at, cases[i].code, false, 7, NULL, 0, "/x", "because", &verdict);
		desk_fine(box_judged(desk->office.box, id.at, cases[i].accepted, buf_bytes(&verdict), &err), &err);
		desk_fine(plainly_fate(&desk->office, id.at, NULL, &out, &err), &err);
		says(&out, cases[i].says);
		buf_done(&out);
		buf_done(&verdict);
	}
}

static void a_strangers_message_has_no_fate_here(void **state)
{
	struct desk *desk = *state;
	struct uuid id = uuid_new();
	struct buf out;
	struct err err;
	buf_init(&out, DESK_MAX);
	assert_int_equal(plainly_fate(&desk->office, id.at, NULL, &out, &err).code, CODE_NOT_FOUND);
	assert_string_equal(err.field, "/id");
	buf_done(&out);
}

static void a_verdict_that_is_damaged_on_disk_is_no_verdict(void **state)
{
	struct desk *desk = *state;
	struct uuid id = send_words(desk);
	struct buf out;
	struct err err;
	buf_init(&out, DESK_MAX);
	desk_fine(box_judged(desk->office.box, id.at, true, BYTES_LIT("\x91\x01"), &err), &err);
	assert_true(FAILED(plainly_fate(&desk->office, id.at, NULL, &out, &err)));
	buf_done(&out);
}

static void a_delivery_is_said_as_its_originator_said_it(void **state)
{
	struct desk *desk = *state;
	struct uuid id = send_words(desk);
	struct buf hold, envelope, out;
	struct box_out own;
	struct err err;
	buf_init(&envelope, DESK_MAX);
	buf_init(&out, DESK_MAX);
	desk_find(desk, &id, &hold, &own);
	desk_envelope(DESK_HERE "-sign", own.header, own.parts, clock_wall_ms(), &envelope);
	desk_fine(plainly_delivery(&desk->office, buf_bytes(&envelope), &out, &err), &err);
	says(&out, "\"type\":\"admin.message/1\",\"from\":\"ct.hartford.police\",\"to\":[\"ct.doc.parole\"]");
	says(&out, "\"body\":{\"text\":\"Radio check.\"}");
	buf_clear(&out);
	assert_true(FAILED(plainly_delivery(&desk->office, bytes_of(envelope.at, envelope.len - 1), &out, &err)));
	buf_done(&hold);
	buf_done(&envelope);
	buf_done(&out);
}

static void a_reading_names_messages_what_is_left_over_and_the_lines_of_faults(void **state)
{
	struct kind_reading reading;
	struct buf out;
	(void)state;
	buf_init(&out, DESK_MAX);
	kind_reading_init(&reading);
	pack_put_map(kind_reading_draft(&reading, "t"), 0);
	kind_reading_unmapped(&reading, "shoe size");
	kind_reading_fault(&reading, 7, CODE_SCHEMA, "dob", "is no %s", "date");
	pack_put_map(&out, 3);
	plainly_reading(&reading, &out);
	says(&out, "{\"messages\":[{}],\"unmapped\":[\"shoe size\"],\"faults\":[{\"line\":7,\"error\":{\"code\":\"schema\",\"field\":\"dob\","
	           "\"reason\":\"is no date\",");
	kind_reading_done(&reading);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_has_all_that_is_needed_to_act),
		DESK_TEST(the_fate_follows_the_message_from_waiting_to_its_outcomes),
		DESK_TEST(what_the_hub_holds_and_refuses_is_told_with_its_reason),
		DESK_TEST(a_strangers_message_has_no_fate_here),
		DESK_TEST(a_verdict_that_is_damaged_on_disk_is_no_verdict),
		DESK_TEST(a_delivery_is_said_as_its_originator_said_it),
		cmocka_unit_test(a_reading_names_messages_what_is_left_over_and_the_lines_of_faults),
	};
	return cmocka_run_group_tests(tests, desk_make_pki, desk_drop_pki);
}
