#include "scenario/rig.h"

static void an_accepted_message_is_delivered_receipted_and_its_originator_told(void **state)
{
	struct rig *rig = *state;
	struct said said, receipt;
	struct message message;
	struct bytes main;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	struct frame_verdict verdict = verdict_on(rig, police, said.id.at);
	struct frame_recipient recipient;
	assert_int_equal(verdict.code, CODE_OK);
	assert_true(verdict.entry >= 0 && !verdict.duplicate);
	assert_true(frame_verdict_recipient(&verdict, &recipient));
	assert_true(bytes_is(recipient.party, BOARD) && recipient.connected);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
	say_receipt(&receipt, BOARD, &said, false);
	submit(rig, board, BOARD, &receipt);
	assert_int_equal(verdict_on(rig, board, receipt.id.at).code, CODE_OK);
	assert_true(find_delivery(rig, police, RECEIPT_TYPE, &message, &main));
	forget_sent(rig);
	clock_turn(10 * REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, board, NULL), 0); /* settled: never again */
	said_done(&said);
	said_done(&receipt);
}

static void a_duplicate_gets_the_original_verdict_and_other_bytes_a_conflict(void **state)
{
	struct rig *rig = *state;
	struct said said, twin;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	int64_t entry = verdict_on(rig, police, said.id.at).entry;
	forget_sent(rig);
	submit(rig, police, POLICE, &said);
	struct frame_verdict again = verdict_on(rig, police, said.id.at);
	assert_int_equal(again.code, CODE_OK);
	assert_true(again.duplicate);
	assert_int_equal(again.entry, entry);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	say(&twin, &(struct saying){.body = "{'text':'Something else.'}"});
	struct message message;
	struct err err;
	fine(message_decode(buf_bytes(&twin.header), &message, &err), &err);
	memcpy(twin.header.at + (message.id - twin.header.at), said.id.at, UUID_LEN);
	submit(rig, police, POLICE, &twin);
	assert_int_equal(verdict_on(rig, police, said.id.at).code, CODE_DUPLICATE_CONFLICT);
	said_done(&said);
	said_done(&twin);
}

static enum code refused_again(struct rig *rig, uint64_t link, const char *party, const struct said *said, enum code code)
{
	struct err refusal;
	result r = err_set(&refusal, code, "/x", "in its own time");
	assert_true(FAILED(r));
	forget_sent(rig);
	give_submit(rig, link, party, said, &refusal);
	turn(rig);
	return verdict_on(rig, link, said->id.at).code;
}

static void what_was_accepted_stays_so_also_when_it_would_be_refused_by_now(void **state)
{
	static const enum code passing[] = {CODE_CLOCK, CODE_EXPIRED, CODE_CERTIFICATE, CODE_REVOKED, CODE_UNKNOWN_TYPE, CODE_SCHEMA, CODE_AUTHORITY,
	                                    CODE_NO_AGREEMENT, CODE_TOO_LARGE};
	static const enum code lasting[] = {CODE_SIGNATURE, CODE_PART_HASH, CODE_NOT_YOUR_PARTY, CODE_MALFORMED};
	struct rig *rig = *state;
	struct said said, other;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	say(&other, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	assert_int_equal(verdict_on(rig, police, said.id.at).code, CODE_OK);
	for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++) {
		assert_int_equal(refused_again(rig, police, POLICE, &said, passing[i]), CODE_OK);
		assert_true(verdict_on(rig, police, said.id.at).duplicate);
		assert_int_equal(refused_again(rig, police, POLICE, &other, passing[i]), passing[i]);
		assert_int_equal(refused_again(rig, board, BOARD, &said, passing[i]), passing[i]);
	}
	for (size_t i = 0; i < sizeof(lasting) / sizeof(*lasting); i++)
		assert_int_equal(refused_again(rig, police, POLICE, &said, lasting[i]), lasting[i]);
	said_done(&said);
	said_done(&other);
}

static void what_no_agreement_allows_is_refused_and_on_the_record(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10);
	int64_t before = ledger_size(rig->ledger);
	say(&said, &(struct saying){.type = "release.rescind/1"});
	submit(rig, police, POLICE, &said);
	assert_int_equal(verdict_on(rig, police, said.id.at).code, CODE_NO_AGREEMENT);
	assert_int_equal(ledger_size(rig->ledger), before + 1);
	said_done(&said);
}

static void content_chooses_the_recipients(void **state)
{
	struct rig *rig = *state;
	struct said here, elsewhere;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&here, &(struct saying){.type = "warrant.issue/1", .from = BOARD, .subject = "{'warrant_no':'PR-1'}",
	                        .body = "{'last_known':{'town':'hartford'}}"});
	submit(rig, board, BOARD, &here);
	assert_int_equal(verdict_on(rig, board, here.id.at).code, CODE_OK);
	assert_int_equal(deliveries_of(rig, police, here.id.at), 1);
	say(&elsewhere, &(struct saying){.type = "warrant.issue/1", .from = BOARD, .subject = "{'warrant_no':'PR-2'}",
	                             .body = "{'last_known':{'town':'Norwich'}}"});
	submit(rig, board, BOARD, &elsewhere);
	assert_int_equal(verdict_on(rig, board, elsewhere.id.at).code, CODE_NO_RECIPIENT);
	said_done(&here);
	said_done(&elsewhere);
}

static void silence_is_answered_by_delivering_again_and_at_last_by_a_dead_letter_and_a_notice(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct message message;
	struct bytes main;
	struct notice notice;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
		assert_int_equal(deliveries_of(rig, board, said.id.at), attempt);
		clock_turn(REDELIVER_MS - 1);
		turn(rig);
		assert_int_equal(deliveries_of(rig, board, said.id.at), attempt); /* not yet */
		clock_turn(1);
		turn(rig);
	}
	assert_int_equal(deliveries_of(rig, board, said.id.at), ATTEMPTS);
	clock_turn(REDELIVER_MS);
	turn(rig);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	fine(notice_decode(main, &notice, &err), &err);
	assert_int_equal(notice.event, NOTICE_DEAD_LETTERED);
	assert_memory_equal(notice.of, said.id.at, UUID_LEN);
	assert_string_equal(notice.recipient, BOARD);
	forget_sent(rig);
	clock_turn(10 * REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	said_done(&said);
}

static void a_message_that_breaks_its_link_each_time_is_buried(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct message message;
	struct bytes main;
	uint64_t police = link_up(rig, POLICE, 10), board = 0;
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		forget_sent(rig);
		board = link_up(rig, BOARD, 10);
		assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
		link_down(rig, board, CODE_CLOSED);
	}
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	forget_sent(rig);
	board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	said_done(&said);
}

static void a_link_that_ends_in_good_order_counts_against_nothing(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	for (int i = 0; i < 2 * ATTEMPTS; i++) {
		forget_sent(rig);
		uint64_t board = link_up(rig, BOARD, 10);
		assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
		link_down(rig, board, CODE_STOPPING);
	}
	said_done(&said);
}

static void what_is_past_its_expiry_is_taken_out_and_its_originator_told(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct message message;
	struct bytes main;
	struct notice notice;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10);
	say(&said, &(struct saying){.expires = clock_wall_ms() + 3600 * SECOND});
	submit(rig, police, POLICE, &said);
	clock_turn(3600 * SECOND - 1);
	turn(rig);
	assert_false(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	clock_turn(1);
	turn(rig);
	turn(rig);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	fine(notice_decode(main, &notice, &err), &err);
	assert_int_equal(notice.event, NOTICE_EXPIRED);
	uint64_t board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	said_done(&said);
}

static void credit_bounds_what_is_on_its_way_and_nothing_waits_for_ever(void **state)
{
	enum { MANY = 20, CREDIT = 3 };
	struct rig *rig = *state;
	struct said said[MANY];
	uint64_t police = link_up(rig, POLICE, 100), board = link_up(rig, BOARD, CREDIT);
	for (int i = 0; i < MANY; i++) {
		say(&said[i], &(struct saying){0});
		submit(rig, police, POLICE, &said[i]);
	}
	assert_int_equal(deliveries_of(rig, board, NULL), CREDIT);
	struct job *more = job_new(JOB_CREDIT, board);
	more->number = MANY;
	give(rig, more);
	turn(rig);
	assert_int_equal(deliveries_of(rig, board, NULL), MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(deliveries_of(rig, board, said[i].id.at), 1);
		said_done(&said[i]);
	}
}

static void receipts_settle_only_what_was_delivered_to_their_party(void **state)
{
	struct rig *rig = *state;
	struct said said, forged, foreign;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	say_receipt(&forged, BOARD, &said, true);
	submit(rig, board, BOARD, &forged);
	assert_int_equal(verdict_on(rig, board, forged.id.at).code, CODE_SCHEMA);
	say_receipt(&foreign, POLICE, &said, false);
	submit(rig, police, POLICE, &foreign);
	assert_int_equal(verdict_on(rig, police, foreign.id.at).code, CODE_NOT_FOUND);
	clock_turn(REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 2); /* it is still open */
	said_done(&said);
	said_done(&forged);
	said_done(&foreign);
}

static void the_newest_link_of_a_party_wins_and_takes_over_what_was_in_flight(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10), first = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	assert_int_equal(deliveries_of(rig, first, said.id.at), 1);
	uint64_t second = link_up(rig, BOARD, 10);
	bool closed = false;
	for (size_t i = 0; i < rig->sent_count; i++)
		closed |= rig->sent[i]->kind == JOB_CLOSE && rig->sent[i]->link == first && rig->sent[i]->why.code == CODE_SUPERSEDED;
	assert_true(closed);
	assert_int_equal(deliveries_of(rig, second, said.id.at), 1);
	said_done(&said);
}

static void a_restart_delivers_what_was_queued_and_knows_what_was_said(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct ledger_report report;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	stop_router(rig);
	start_router(rig);
	police = link_up(rig, POLICE, 10);
	uint64_t board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
	submit(rig, police, POLICE, &said);
	assert_true(verdict_on(rig, police, said.id.at).duplicate);
	fine(ledger_verify(rig->store, rig->hub.snapshot->signing, &report, &err), &err);
	assert_int_equal(report.bad_entry, -1);
	said_done(&said);
}

int main(void)
{
#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SCENARIO(an_accepted_message_is_delivered_receipted_and_its_originator_told),
		SCENARIO(a_duplicate_gets_the_original_verdict_and_other_bytes_a_conflict),
		SCENARIO(what_was_accepted_stays_so_also_when_it_would_be_refused_by_now),
		SCENARIO(what_no_agreement_allows_is_refused_and_on_the_record),
		SCENARIO(content_chooses_the_recipients),
		SCENARIO(silence_is_answered_by_delivering_again_and_at_last_by_a_dead_letter_and_a_notice),
		SCENARIO(a_message_that_breaks_its_link_each_time_is_buried),
		SCENARIO(a_link_that_ends_in_good_order_counts_against_nothing),
		SCENARIO(what_is_past_its_expiry_is_taken_out_and_its_originator_told),
		SCENARIO(credit_bounds_what_is_on_its_way_and_nothing_waits_for_ever),
		SCENARIO(receipts_settle_only_what_was_delivered_to_their_party),
		SCENARIO(the_newest_link_of_a_party_wins_and_takes_over_what_was_in_flight),
		SCENARIO(a_restart_delivers_what_was_queued_and_knows_what_was_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
