#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/broker/index/index_fixture.h"

static void tells_what_the_ledger_says_of_a_message(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_entry life = {.kind = LEDGER_STARTED, .party = BYTES_LIT(HUB)};
	append(fixture, &life);
	accept(fixture, 1, 1, 0, POLICE, CLINIC, "SID7");
	catch_up(fixture);
	assert_ok(trace_id(fixture, 1));
	assert_rows(fixture, (const uint8_t[]){1}, 1);
	assert_text(fixture, 0, "/type", "warrant.issue/1");
	assert_text(fixture, 0, "/from", OFFICE);
	assert_text(fixture, 0, "/to/0", POLICE);
	assert_text(fixture, 0, "/to/1", CLINIC);
	assert_text(fixture, 0, "/to/2", NULL);
	assert_id(fixture, 0, "/thread", 1);
	assert_text(fixture, 0, "/re", NULL);
	assert_text(fixture, 0, "/subject/sid", "SID7");
	assert_number(fixture, 0, "/issued", 1001);
	assert_number(fixture, 0, "/signed_at", 1101);
	assert_number(fixture, 0, "/accepted_at", 1201);
	assert_number(fixture, 0, "/entry", 1);
	assert_text(fixture, 0, "/verdict", "accepted");
	assert_text(fixture, 0, "/hops/0/recipient", POLICE);
	assert_text(fixture, 0, "/hops/0/state", "queued");
	assert_number(fixture, 0, "/hops/0/sent_at", 0);
	assert_text(fixture, 0, "/hops/0/code", NULL);
	assert_text(fixture, 0, "/hops/1/recipient", CLINIC);
}

static void a_receipt_is_a_hop_of_what_it_is_of(void **state)
{
	struct fixture *fixture = *state;
	accept(fixture, 1, 1, 0, POLICE, CLINIC, NULL);
	receipt(fixture, 2, 1, POLICE, "received", "ok");
	receipt(fixture, 3, 1, CLINIC, "refused", "schema");
	acked(fixture, 2, OFFICE);
	catch_up(fixture);
	assert_ok(trace_id(fixture, 1));
	assert_rows(fixture, (const uint8_t[]){1}, 1);
	assert_text(fixture, 0, "/hops/0/state", "received");
	assert_number(fixture, 0, "/hops/0/sent_at", 1300);
	assert_number(fixture, 0, "/hops/0/received_at", 1301);
	assert_number(fixture, 0, "/hops/0/receipt_at", 1302);
	assert_number(fixture, 0, "/hops/0/acked_at", 1501);
	assert_number(fixture, 0, "/hops/0/attempts", 2);
	assert_text(fixture, 0, "/hops/0/code", NULL);
	assert_text(fixture, 0, "/hops/0/reason", NULL);
	assert_text(fixture, 0, "/hops/1/state", "refused");
	assert_text(fixture, 0, "/hops/1/code", "schema");
	assert_text(fixture, 0, "/hops/1/reason", "because");
	assert_number(fixture, 0, "/hops/1/acked_at", 0);
	assert_ok(trace_id(fixture, 3)); /* the receipt's own id leads there too */
	assert_rows(fixture, (const uint8_t[]){1}, 1);
}

static void each_end_of_a_delivery_has_its_state(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		enum ledger_kind kind;
		const char *code, *state;
	} ends[] = {
		{LEDGER_EXPIRED, "expired", "expired"},
		{LEDGER_DEAD, "undeliverable", "dead"},
		{LEDGER_REQUEUED, "", "queued"},
		{LEDGER_DISCARDED, "undeliverable", "discarded"},
	};
	accept(fixture, 1, 1, 0, POLICE, CLINIC, NULL);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		ended(fixture, ends[i].kind, 1, CLINIC, ends[i].code);
		catch_up(fixture);
		assert_ok(trace_id(fixture, 1));
		assert_text(fixture, 0, "/hops/0/state", "queued");
		assert_text(fixture, 0, "/hops/1/state", ends[i].state);
		assert_text(fixture, 0, "/hops/1/code", ends[i].code[0] ? ends[i].code : NULL);
	}
}

/* [[recipient, part, code]…] of an acceptance, one of them. */
static void accept_without(struct fixture *fixture, uint8_t n, const char *recipient, const char *part, const char *code)
{
	struct buf *out = start_detail(fixture, 2);
	const char *const texts[] = {recipient, part, code};
	pack_put_str(out, "to");
	pack_put_array(out, 2);
	for (size_t i = 0; i < 2; i++) {
		pack_put_array(out, 2);
		pack_put_str(out, i ? CLINIC : POLICE);
		pack_put_str(out, "agreement");
	}
	pack_put_str(out, "withheld");
	pack_put_array(out, 1);
	pack_put_array(out, 3);
	for (size_t i = 0; i < 3; i++)
		pack_put_str(out, texts[i]);
	record(fixture, LEDGER_ACCEPTED, n, OFFICE, "progress.report/1", 1000 + n);
}

static void what_a_recipient_did_not_get_stands_with_its_hop(void **state)
{
	struct fixture *fixture = *state;
	accept_without(fixture, 1, POLICE, "victim", "not_cleared");
	struct buf *out = start_detail(fixture, 4);
	put_text(out, "recipient", CLINIC);
	pack_put_str(out, "parts");
	pack_put_array(out, 1);
	pack_put_str(out, "clinical");
	put_text(out, "code", "consent");
	put_text(out, "reason", "the consent has been revoked");
	record(fixture, LEDGER_WITHHELD, 1, OFFICE, "progress.report/1", 1100);
	catch_up(fixture);
	assert_ok(trace_id(fixture, 1));
	assert_text(fixture, 0, "/hops/0/withheld/victim", "not_cleared");
	assert_text(fixture, 0, "/hops/0/withheld/clinical", NULL);
	assert_text(fixture, 0, "/hops/1/withheld/clinical", "consent");
	assert_text(fixture, 0, "/hops/1/state", "queued");
}

static void a_message_that_was_erased_is_told_with_the_time(void **state)
{
	struct fixture *fixture = *state;
	accept(fixture, 1, 1, 0, POLICE, NULL, NULL);
	accept(fixture, 2, 1, 1, POLICE, NULL, NULL);
	start_detail(fixture, 0);
	record(fixture, LEDGER_ERASED, 1, OFFICE, "progress.report/1", 2000);
	catch_up(fixture);
	assert_ok(trace_id(fixture, 1));
	assert_rows(fixture, (const uint8_t[]){1, 2}, 2);
	assert_number(fixture, 0, "/erased_at", 2000);
	assert_number(fixture, 1, "/erased_at", 0);
}

static void a_notice_is_received_with_its_acknowledgement(void **state)
{
	struct fixture *fixture = *state;
	accept(fixture, 1, 1, 0, POLICE, NULL, NULL);
	accept(fixture, 2, 1, 1, OFFICE, NULL, NULL);
	acked(fixture, 2, OFFICE);
	catch_up(fixture);
	assert_ok(trace_id(fixture, 2));
	assert_rows(fixture, (const uint8_t[]){1, 2}, 2);
	assert_text(fixture, 1, "/hops/0/state", "received");
	assert_number(fixture, 1, "/hops/0/acked_at", 1501);
	assert_id(fixture, 1, "/re", 1);
	assert_text(fixture, 0, "/hops/0/state", "queued");
}

static void a_conversation_is_told_whole_and_in_order(void **state)
{
	struct fixture *fixture = *state;
	accept(fixture, 5, 5, 0, POLICE, NULL, "SID7");
	accept(fixture, 9, 9, 0, POLICE, NULL, "SID8");
	accept(fixture, 3, 5, 5, CLINIC, NULL, NULL);
	accept(fixture, 4, 5, 3, POLICE, NULL, NULL);
	catch_up(fixture);
	for (uint8_t n = 3; n <= 5; n++) {
		assert_ok(trace_id(fixture, n));
		assert_rows(fixture, (const uint8_t[]){5, 3, 4}, 3);
	}
	assert_ok(trace_id(fixture, 9));
	assert_rows(fixture, (const uint8_t[]){9}, 1);
}

static void a_conversation_without_its_first_message_is_found_by_its_id(void **state)
{
	struct fixture *fixture = *state;
	accept(fixture, 3, 40, 0, CLINIC, NULL, NULL);
	catch_up(fixture);
	assert_ok(trace_id(fixture, 40));
	assert_rows(fixture, (const uint8_t[]){3}, 1);
}

static void a_subject_is_found_by_any_identifier_exactly(void **state)
{
	struct fixture *fixture = *state;
	accept(fixture, 1, 1, 0, POLICE, NULL, "SID=7");
	accept(fixture, 2, 2, 0, POLICE, NULL, "SID=70");
	accept(fixture, 3, 1, 1, POLICE, NULL, NULL);
	catch_up(fixture);
	assert_ok(trace(fixture, "SID=7", 100)); /* a value may look like key=value */
	assert_rows(fixture, (const uint8_t[]){1, 3}, 2);
	assert_ok(trace(fixture, "sid=SID=7", 100));
	assert_rows(fixture, (const uint8_t[]){1, 3}, 2);
	assert_ok(trace(fixture, "docket=HHD-1", 100));
	assert_rows(fixture, (const uint8_t[]){1, 2, 3}, 3);
	assert_code(trace(fixture, "sid=HHD-1", 100), CODE_NOT_FOUND);
	assert_code(trace(fixture, "SID=", 100), CODE_NOT_FOUND);
	assert_code(trace(fixture, "sid=7", 100), CODE_NOT_FOUND);
}

static void the_newest_are_told_when_there_are_too_many(void **state)
{
	struct fixture *fixture = *state;
	for (uint8_t n = 1; n <= 6; n++)
		accept(fixture, n, 1, 0, POLICE, NULL, NULL);
	catch_up(fixture);
	struct uuid id = id_of(1);
	char text[UUID_TEXT_MAX];
	assert_ok(trace(fixture, uuid_text(id.at, text), 2));
	assert_rows(fixture, (const uint8_t[]){5, 6}, 2);
}

static void a_beginning_of_an_id_is_enough(void **state)
{
	struct fixture *fixture = *state;
	accept(fixture, 1, 1, 0, POLICE, NULL, NULL);
	accept(fixture, 2, 2, 0, POLICE, NULL, NULL);
	catch_up(fixture);
	static const char *const found[] = {"0196f3a2",
	                                    "0196F3A2",
	                                    "0196f3a2-4b01",
	                                    "0196f3a24b017000800000000000",
	                                    "0196f3a2-4b01-7000-8000-000000000001",
	                                    "0196f3a24b0170008000000000000001"};
	static const char *const missing[] = {"0196f3a", "0396f3a2", "0196f3a24b01700080000000000000011", "0196f3ax", "--------"};
	for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++) {
		assert_ok(trace(fixture, found[i], 100));
		assert_rows(fixture, (const uint8_t[]){1}, 1);
	}
	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++)
		assert_code(trace(fixture, missing[i], 100), CODE_NOT_FOUND);
}

static void a_beginning_that_fits_several_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct uuid other = id_of(1);
	static const uint8_t leaf[HASH_LEN] = {0};
	other.at[15] = 99;
	struct ledger_entry entry = {.kind = LEDGER_ACCEPTED, .id = other.at, .leaf = leaf, .party = BYTES_LIT(OFFICE)};
	accept(fixture, 1, 1, 0, POLICE, NULL, NULL);
	append(fixture, &entry);
	catch_up(fixture);
	assert_code(trace(fixture, "0196f3a2", 100), CODE_USAGE);
	assert_int_equal(fixture->rows_count, 0);
	assert_ok(trace_id(fixture, 1));
	assert_rows(fixture, (const uint8_t[]){1}, 1);
}

static void refuses_questions_that_name_nothing(void **state)
{
	struct fixture *fixture = *state;
	char longest[600];
	memset(longest, 'a', sizeof(longest));
	longest[599] = 0;
	assert_code(trace(fixture, "", 100), CODE_USAGE);
	assert_code(trace(fixture, longest, 100), CODE_USAGE);
	assert_code(trace(fixture, "\xff\xfe", 100), CODE_USAGE);
	assert_code(trace(fixture, "'; DROP TABLE message; --", 100), CODE_NOT_FOUND);
}

static void a_refused_message_is_told_with_its_reason(void **state)
{
	struct fixture *fixture = *state;
	refused(fixture, 1, "rate");
	refused(fixture, 1, "schema");
	catch_up(fixture);
	assert_ok(trace_id(fixture, 1));
	assert_rows(fixture, (const uint8_t[]){1}, 1);
	assert_text(fixture, 0, "/verdict", "schema");
	assert_text(fixture, 0, "/field", "/subject");
	assert_text(fixture, 0, "/reason", "because");
	assert_text(fixture, 0, "/from", POLICE);
	assert_number(fixture, 0, "/refused_at", 1600);
	assert_number(fixture, 0, "/accepted_at", 0);
}

static void an_accepted_message_outshines_refusals_under_its_id(void **state)
{
	struct fixture *fixture = *state;
	refused(fixture, 1, "rate");
	accept(fixture, 1, 1, 0, POLICE, NULL, NULL);
	refused(fixture, 1, "duplicate_conflict");
	catch_up(fixture);
	assert_ok(trace_id(fixture, 1));
	assert_rows(fixture, (const uint8_t[]){1}, 1);
	assert_text(fixture, 0, "/verdict", "accepted");
	assert_text(fixture, 0, "/from", OFFICE);
	assert_text(fixture, 0, "/hops/0/state", "queued");
}

static void entries_that_lack_what_is_asked_for_do_no_harm(void **state)
{
	struct fixture *fixture = *state;
	static const uint8_t id[UUID_LEN] = {0xaa, 0xbb, 0xcc, 0xdd}, leaf[HASH_LEN] = {0};
	static const char *const details[] = {"\x80",
	                                      "\x81\xa2to\xc0",
	                                      "\x81\xa2to\x91\xc0",
	                                      "\x81\xa2to\x91\x92\xc0\xc0",
	                                      "\x81\xa7subject\x81\xa1k\x05",
	                                      "\x81\xa2of\xa1x",
	                                      "\x81\xa6thread\xc4\x01x"};
	for (int kind = 0; kind < LEDGER_KIND_COUNT; kind++)
		for (size_t i = 0; i < sizeof(details) / sizeof(*details); i++) {
			struct ledger_entry entry = {
				.kind = (enum ledger_kind)kind, .id = id, .leaf = leaf, .detail = bytes_text(details[i])};
			append(fixture, &entry);
		}
	catch_up(fixture);
	assert_ok(trace(fixture, "aabbccdd", 100));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(tells_what_the_ledger_says_of_a_message),
		TEST(a_receipt_is_a_hop_of_what_it_is_of),
		TEST(each_end_of_a_delivery_has_its_state),
		TEST(what_a_recipient_did_not_get_stands_with_its_hop),
		TEST(a_message_that_was_erased_is_told_with_the_time),
		TEST(a_notice_is_received_with_its_acknowledgement),
		TEST(a_conversation_is_told_whole_and_in_order),
		TEST(a_conversation_without_its_first_message_is_found_by_its_id),
		TEST(a_subject_is_found_by_any_identifier_exactly),
		TEST(the_newest_are_told_when_there_are_too_many),
		TEST(a_beginning_of_an_id_is_enough),
		TEST(a_beginning_that_fits_several_is_refused),
		TEST(refuses_questions_that_name_nothing),
		TEST(a_refused_message_is_told_with_its_reason),
		TEST(an_accepted_message_outshines_refusals_under_its_id),
		TEST(entries_that_lack_what_is_asked_for_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
