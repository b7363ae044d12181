/* What goes when, and what settles it. */
#include "scenario/rig.h"

static void expect_order(struct rig *rig, uint64_t link, const struct said *said, const size_t *order, size_t count)
{
	struct ids ids = delivered_to(rig, link);
	assert_int_equal(ids.count, count);
	for (size_t i = 0; i < count; i++)
		assert_memory_equal(ids.at[i], said[order[i]].id.at, UUID_LEN);
}

enum { QUEUED = 6 };
static const int64_t priorities[QUEUED] = {3, 9, 5, 9, 3, 5};
static const size_t by_urgency[QUEUED] = {1, 3, 2, 5, 0, 4};

static void say_all(struct said *said)
{
	for (size_t i = 0; i < QUEUED; i++)
		said_make(&said[i], &(struct saying){.priority = priorities[i]});
}

static void done_all(struct said *said)
{
	for (size_t i = 0; i < QUEUED; i++)
		said_done(&said[i]);
}

static void what_waits_goes_by_priority_and_in_order_within_one(void **state)
{
	struct rig *rig = *state;
	struct said said[QUEUED];
	uint64_t police = link_up(rig, POLICE, 10);
	say_all(said);
	for (size_t i = 0; i < QUEUED; i++)
		submit(rig, police, POLICE, &said[i]);
	uint64_t board = link_up(rig, BOARD, 10);
	expect_order(rig, board, said, by_urgency, QUEUED);
	done_all(said);
}

static void of_what_comes_in_together_the_more_urgent_goes_first(void **state)
{
	struct rig *rig = *state;
	struct said said[QUEUED];
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 2);
	say_all(said);
	for (size_t i = 0; i < QUEUED; i++)
		give_submit(rig, police, POLICE, &said[i], NULL);
	turn(rig);
	expect_order(rig, board, said, by_urgency, 2); /* all that the credit lets through */
	give_credit(rig, board, 10);
	expect_order(rig, board, said, by_urgency, QUEUED);
	done_all(said);
}

static void an_urgent_one_overtakes_what_still_waits(void **state)
{
	struct rig *rig = *state;
	struct said said[3];
	static const size_t order[] = {0, 2, 1};
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 1);
	for (size_t i = 0; i < 3; i++) {
		said_make(&said[i], &(struct saying){.priority = i == 2 ? 9 : 4});
		submit(rig, police, POLICE, &said[i]);
	}
	give_credit(rig, board, 2);
	expect_order(rig, board, said, order, 3);
	for (size_t i = 0; i < 3; i++)
		said_done(&said[i]);
}

static int set_up_narrow(void **state)
{
	return rig_set_up(state, RIG_LIMITS "window_messages = 2;");
}

static void the_window_holds_back_what_credit_would_allow(void **state)
{
	struct rig *rig = *state;
	struct said said[QUEUED], receipt;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 100);
	say_all(said);
	for (size_t i = 0; i < QUEUED; i++)
		submit(rig, police, POLICE, &said[i]);
	for (size_t settled = 0; settled < QUEUED; settled++) {
		struct ids ids = delivered_to(rig, board);
		size_t of = 0;
		assert_int_equal(ids.count, settled + 2 < QUEUED ? settled + 2 : QUEUED);
		while (memcmp(said[of].id.at, ids.at[settled], UUID_LEN) != 0)
			of++;
		say_receipt(&receipt, BOARD, &said[of], false);
		submit(rig, board, BOARD, &receipt);
		said_done(&receipt);
	}
	done_all(said);
}

static int set_up_small(void **state)
{
	return rig_set_up(state, RIG_LIMITS "message_bytes = \"64 KiB\"; window_bytes = \"64 KiB\";");
}

static void the_window_counts_bytes_too(void **state)
{
	struct rig *rig = *state;
	struct said said[3], receipt;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 100);
	for (size_t i = 0; i < 3; i++) {
		said_make(&said[i], &(struct saying){.filler = 40000});
		submit(rig, police, POLICE, &said[i]);
	}
	assert_int_equal(deliveries_of(rig, board, NULL), 2); /* 40,000 leaves room for one more, 80,000 does not */
	say_receipt(&receipt, BOARD, &said[0], false);
	submit(rig, board, BOARD, &receipt);
	assert_int_equal(deliveries_of(rig, board, NULL), 3);
	said_done(&receipt);
	for (size_t i = 0; i < 3; i++)
		said_done(&said[i]);
}

/* Two are in flight together when the link breaks, twice: from then on each goes by itself, and only the one at fault is buried. */
static void after_two_broken_links_each_goes_alone_and_only_the_one_at_fault_is_buried(void **state)
{
	struct rig *rig = *state;
	struct said poison, innocent, receipt;
	struct message message;
	struct bytes main;
	struct notice notice;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10), board = 0;
	said_make(&poison, &(struct saying){0});
	said_make(&innocent, &(struct saying){0});
	submit(rig, police, POLICE, &poison);
	submit(rig, police, POLICE, &innocent);
	for (int i = 0; i < 2; i++) {
		board = link_up(rig, BOARD, 10);
		assert_int_equal(deliveries_of(rig, board, NULL), 2);
		link_down(rig, board, CODE_CLOSED);
	}
	board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, poison.id.at), 1);
	assert_int_equal(deliveries_of(rig, board, innocent.id.at), 0);
	link_down(rig, board, CODE_CLOSED);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	fine(notice_decode(main, &notice, &err), &err);
	assert_memory_equal(notice.of, poison.id.at, UUID_LEN);
	forget_sent(rig);
	board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, innocent.id.at), 1);
	say_receipt(&receipt, BOARD, &innocent, false);
	submit(rig, board, BOARD, &receipt);
	assert_int_equal(verdict_on(rig, board, receipt.id.at).code, CODE_OK);
	assert_int_equal(deliveries_of(rig, board, poison.id.at), 0);
	said_done(&poison);
	said_done(&innocent);
	said_done(&receipt);
}

static void a_suspect_that_is_received_lets_the_others_follow(void **state)
{
	struct rig *rig = *state;
	struct said said[3], receipt;
	uint64_t police = link_up(rig, POLICE, 10), board = 0;
	for (size_t i = 0; i < 3; i++)
		said_make(&said[i], &(struct saying){0});
	submit(rig, police, POLICE, &said[0]);
	submit(rig, police, POLICE, &said[1]);
	for (int i = 0; i < 2; i++) {
		board = link_up(rig, BOARD, 10);
		link_down(rig, board, CODE_CLOSED);
	}
	board = link_up(rig, BOARD, 10);
	submit(rig, police, POLICE, &said[2]);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(deliveries_of(rig, board, NULL), i + 1);
		say_receipt(&receipt, BOARD, &said[i], false);
		submit(rig, board, BOARD, &receipt);
		said_done(&receipt);
	}
	for (size_t i = 0; i < 3; i++)
		said_done(&said[i]);
}

static struct frame_recipient only_recipient(struct rig *rig, uint64_t link, const struct said *said)
{
	struct frame_verdict verdict = verdict_on(rig, link, said->id.at);
	struct frame_recipient recipient;
	assert_int_equal(verdict.recipients_count, 1);
	assert_true(frame_verdict_recipient(&verdict, &recipient));
	return recipient;
}

static void a_verdict_says_how_long_the_oldest_has_been_waiting(void **state)
{
	struct rig *rig = *state;
	struct said first, second;
	uint64_t police = link_up(rig, POLICE, 10);
	said_make(&first, &(struct saying){0});
	submit(rig, police, POLICE, &first);
	struct frame_recipient recipient = only_recipient(rig, police, &first);
	assert_false(recipient.connected);
	assert_int_equal(recipient.age_ms, 0);
	clock_turn(90 * SECOND);
	said_make(&second, &(struct saying){0});
	submit(rig, police, POLICE, &second);
	recipient = only_recipient(rig, police, &second);
	assert_false(recipient.connected);
	assert_int_equal(recipient.age_ms, 90 * SECOND);
	said_done(&first);
	said_done(&second);
}

static void a_receipt_of_what_was_never_accepted_is_refused(void **state)
{
	struct rig *rig = *state;
	struct said never, receipt;
	uint64_t board = link_up(rig, BOARD, 10);
	said_make(&never, &(struct saying){0});
	say_receipt(&receipt, BOARD, &never, false);
	submit(rig, board, BOARD, &receipt);
	assert_int_equal(verdict_on(rig, board, receipt.id.at).code, CODE_NOT_FOUND);
	said_done(&never);
	said_done(&receipt);
}

static void a_second_receipt_of_one_delivery_is_refused(void **state)
{
	struct rig *rig = *state;
	struct said said, first, second;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	say_receipt(&first, BOARD, &said, false);
	say_receipt(&second, BOARD, &said, false);
	submit(rig, board, BOARD, &first);
	submit(rig, board, BOARD, &second);
	assert_int_equal(verdict_on(rig, board, first.id.at).code, CODE_OK);
	assert_int_equal(verdict_on(rig, board, second.id.at).code, CODE_NOT_FOUND);
	said_done(&said);
	said_done(&first);
	said_done(&second);
}

static void an_acknowledgement_does_not_stand_for_a_receipt(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	acknowledge(rig, board, said.id.at);
	clock_turn(REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 2);
	said_done(&said);
}

static void a_receipt_comes_again_until_its_originator_acknowledges_it(void **state)
{
	struct rig *rig = *state;
	struct said said, receipt;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	say_receipt(&receipt, BOARD, &said, false);
	submit(rig, board, BOARD, &receipt);
	assert_int_equal(deliveries_of(rig, police, receipt.id.at), 1);
	acknowledge(rig, board, receipt.id.at); /* not the board's to acknowledge */
	clock_turn(REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, police, receipt.id.at), 2);
	acknowledge(rig, police, receipt.id.at);
	forget_sent(rig);
	clock_turn(10 * REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, police, NULL), 0);
	said_done(&said);
	said_done(&receipt);
}

static void what_a_verifier_refused_is_answered_and_on_the_record(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct err why;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	int64_t before = ledger_size(rig->ledger);
	assert_int_equal(err_set(&why, CODE_SCHEMA, "/parts/main/text", "wanted").code, CODE_SCHEMA);
	said_make(&said, &(struct saying){0});
	give_submit(rig, police, POLICE, &said, &why);
	turn(rig);
	struct frame_verdict verdict = verdict_on(rig, police, said.id.at);
	assert_int_equal(verdict.code, CODE_SCHEMA);
	assert_true(bytes_is(verdict.field, "/parts/main/text"));
	assert_true(bytes_is(verdict.reason, "wanted"));
	assert_int_equal(verdict.entry, before);
	assert_int_equal(ledger_size(rig->ledger), before + 1);
	assert_int_equal(deliveries_of(rig, board, NULL), 0);
	submit(rig, police, POLICE, &said); /* a refusal takes no id */
	assert_int_equal(verdict_on(rig, police, said.id.at).code, CODE_OK);
	said_done(&said);
}

static void twice_in_one_group_is_once_accepted(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){0});
	give_submit(rig, police, POLICE, &said, NULL);
	give_submit(rig, police, POLICE, &said, NULL);
	turn(rig);
	assert_true(verdict_on(rig, police, said.id.at).duplicate);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
	said_done(&said);
}

/* A verifier lets pass what expires a moment later. */
static void what_expires_on_its_way_to_the_router_is_not_delivered(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct message message;
	struct bytes main;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){.expires = clock_wall_ms() + 1});
	give_submit(rig, police, POLICE, &said, NULL);
	clock_turn(1);
	turn(rig);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	acknowledge(rig, police, message.id);
	forget_sent(rig);
	for (int i = 0; i < 2 * ATTEMPTS; i++) {
		clock_turn(REDELIVER_MS);
		turn(rig);
	}
	assert_int_equal(deliveries_of(rig, board, NULL), 0);
	said_done(&said);
}

static void take_over(struct rig *rig, const struct hub_config *config)
{
	struct job *job = job_new(JOB_SNAPSHOT, 0);
	hub_fixture_write(&rig->hub, config);
	job->snapshot = hub_fixture_load(&rig->hub, 2);
	give(rig, job);
	turn(rig);
}

static void a_party_that_a_reload_drops_may_send_nothing_more(void **state)
{
	struct rig *rig = *state;
	struct said said, back;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	int64_t before = ledger_size(rig->ledger);
	take_over(rig, &(struct hub_config){.parties = "{ party = \"" BOARD "\"; roles = [ \"parole_board\" ]; }\n",
	                                    .agreements = "{ name = \"all\"; from = [ \"*\" ]; types = [ \"*\" ]; to = [ \"*\" ]; }\n"});
	assert_int_equal(ledger_size(rig->ledger), before + 1);
	said_make(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	assert_int_equal(verdict_on(rig, police, said.id.at).code, CODE_NOT_ENROLLED);
	assert_int_equal(deliveries_of(rig, board, NULL), 0);
	said_make(&back, &(struct saying){.from = BOARD});
	submit(rig, board, BOARD, &back);
	assert_int_equal(verdict_on(rig, board, back.id.at).code, CODE_NO_RECIPIENT);
	assert_int_equal(deliveries_of(rig, police, NULL), 0);
	said_done(&said);
	said_done(&back);
}

static void a_reload_changes_who_may_send_what_from_the_next_message_on(void **state)
{
	struct rig *rig = *state;
	struct said before, after;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	said_make(&before, &(struct saying){0});
	submit(rig, police, POLICE, &before);
	take_over(rig, &(struct hub_config){.agreements = "{ name = \"back\"; from = [ \"" BOARD "\" ]; types = [ \"*\" ]; to = [ \"*\" ]; }\n"});
	said_make(&after, &(struct saying){0});
	submit(rig, police, POLICE, &after);
	assert_int_equal(verdict_on(rig, police, before.id.at).code, CODE_OK);
	assert_int_equal(verdict_on(rig, police, after.id.at).code, CODE_NO_AGREEMENT);
	assert_int_equal(deliveries_of(rig, board, NULL), 1);
	said_done(&before);
	said_done(&after);
}

int main(void)
{
#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SCENARIO(what_waits_goes_by_priority_and_in_order_within_one),
		SCENARIO(of_what_comes_in_together_the_more_urgent_goes_first),
		SCENARIO(an_urgent_one_overtakes_what_still_waits),
		cmocka_unit_test_setup_teardown(the_window_holds_back_what_credit_would_allow, set_up_narrow, tear_down),
		cmocka_unit_test_setup_teardown(the_window_counts_bytes_too, set_up_small, tear_down),
		SCENARIO(after_two_broken_links_each_goes_alone_and_only_the_one_at_fault_is_buried),
		SCENARIO(a_suspect_that_is_received_lets_the_others_follow),
		SCENARIO(a_verdict_says_how_long_the_oldest_has_been_waiting),
		SCENARIO(a_receipt_of_what_was_never_accepted_is_refused),
		SCENARIO(a_second_receipt_of_one_delivery_is_refused),
		SCENARIO(an_acknowledgement_does_not_stand_for_a_receipt),
		SCENARIO(a_receipt_comes_again_until_its_originator_acknowledges_it),
		SCENARIO(what_a_verifier_refused_is_answered_and_on_the_record),
		SCENARIO(twice_in_one_group_is_once_accepted),
		SCENARIO(what_expires_on_its_way_to_the_router_is_not_delivered),
		SCENARIO(a_party_that_a_reload_drops_may_send_nothing_more),
		SCENARIO(a_reload_changes_who_may_send_what_from_the_next_message_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
