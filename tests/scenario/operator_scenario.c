/* The operator's questions to the router, and what becomes of dead letters. */
#include "scenario/rig.h"

/* A message of police that the board never receipts, until it is a dead letter. */
static void let_die(struct rig *rig, uint64_t police, const struct said *said)
{
	submit(rig, police, POLICE, said);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		clock_turn(REDELIVER_MS);
		turn(rig);
	}
}

static struct job *ask_about(struct rig *rig, const char *op, const char *party, const uint8_t *id)
{
	char question[256], text[UUID_TEXT_MAX];
	snprintf(question, sizeof(question), "{'op':'%s','party':'%s','id':'%s'}", op, party, uuid_text(id, text));
	return ask(rig, question);
}

static void expect_dead(struct rig *rig, size_t count)
{
	struct job *answer = ask(rig, "{'op':'dead_list'}");
	struct bytes list;
	struct err err;
	assert_true(pack_pointer(blob_bytes(answer->frame), "/dead", &list));
	struct pack_in in = pack_in(list, &err);
	assert_int_equal(pack_array(&in, ""), count);
	job_free(answer);
}

static void a_dead_letter_is_listed_with_what_it_was_and_why(void **state)
{
	struct rig *rig = *state;
	struct said said;
	char text[UUID_TEXT_MAX];
	uint64_t police = link_up(rig, POLICE, 10);
	link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){0});
	expect_dead(rig, 0);
	let_die(rig, police, &said);
	struct job *answer = ask(rig, "{'op':'dead_list','party':'" BOARD "'}");
	expect_text_at(answer, "/dead/0/party", BOARD);
	expect_text_at(answer, "/dead/0/id", uuid_text(said.id.at, text));
	expect_text_at(answer, "/dead/0/type", "admin.message/1");
	expect_text_at(answer, "/dead/0/from", POLICE);
	expect_text_at(answer, "/dead/0/code", "undeliverable");
	expect_text_at(answer, "/dead/0/reason", "no receipt came, 3 times over");
	assert_int_equal(number_at(answer, "/dead/0/since"), clock_wall_ms());
	job_free(answer);
	answer = ask(rig, "{'op':'dead_list','party':'" POLICE "'}");
	struct bytes none;
	assert_false(pack_pointer(blob_bytes(answer->frame), "/dead/0", &none));
	job_free(answer);
	said_done(&said);
}

static void a_requeued_dead_letter_is_delivered_and_settled_like_any_other(void **state)
{
	struct rig *rig = *state;
	struct said said, receipt;
	struct message message;
	struct bytes main;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){0});
	let_die(rig, police, &said);
	forget_sent(rig);
	int64_t before = ledger_size(rig->ledger);
	struct job *answer = ask_about(rig, "dead_requeue", BOARD, said.id.at);
	assert_int_equal(number_at(answer, "/requeued"), 1);
	job_free(answer);
	assert_int_equal(ledger_size(rig->ledger), before + 1);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
	expect_dead(rig, 0);
	say_receipt(&receipt, BOARD, &said, false);
	submit(rig, board, BOARD, &receipt);
	assert_int_equal(verdict_on(rig, board, receipt.id.at).code, CODE_OK);
	assert_true(find_delivery(rig, police, RECEIPT_TYPE, &message, &main));
	said_done(&said);
	said_done(&receipt);
}

static void a_requeued_receipt_is_settled_by_an_acknowledgement(void **state)
{
	struct rig *rig = *state;
	struct said said, receipt;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	say_receipt(&receipt, BOARD, &said, false);
	submit(rig, board, BOARD, &receipt);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		clock_turn(REDELIVER_MS);
		turn(rig);
	}
	forget_sent(rig);
	struct job *answer = ask_about(rig, "dead_requeue", POLICE, receipt.id.at);
	assert_int_equal(number_at(answer, "/requeued"), 1);
	job_free(answer);
	assert_int_equal(deliveries_of(rig, police, receipt.id.at), 1);
	acknowledge(rig, police, receipt.id.at);
	clock_turn(2 * REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, police, receipt.id.at), 1);
	said_done(&said);
	said_done(&receipt);
}

static void a_requeued_dead_letter_still_expires(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct message message;
	struct bytes main;
	struct notice notice;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){.expires = clock_wall_ms() + 3600 * SECOND});
	let_die(rig, police, &said);
	link_down(rig, board, CODE_STOPPING);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	acknowledge(rig, police, message.id);
	job_free(ask_about(rig, "dead_requeue", BOARD, said.id.at));
	forget_sent(rig);
	clock_turn(3600 * SECOND);
	turn(rig);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	fine(notice_decode(main, &notice, &err), &err);
	assert_int_equal(notice.event, NOTICE_EXPIRED);
	board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	said_done(&said);
}

static void a_discarded_dead_letter_is_gone_and_its_originator_told_why(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct message message;
	struct bytes main;
	struct notice notice;
	struct err err;
	char question[256], text[UUID_TEXT_MAX];
	uint64_t police = link_up(rig, POLICE, 10);
	link_up(rig, BOARD, 10);
	said_make(&said, &(struct saying){0});
	let_die(rig, police, &said);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	acknowledge(rig, police, message.id);
	forget_sent(rig);
	snprintf(question, sizeof(question), "{'op':'dead_discard','party':'" BOARD "','id':'%s','reason':'by agreement with the board'}",
	         uuid_text(said.id.at, text));
	struct job *answer = ask(rig, question);
	assert_int_equal(number_at(answer, "/discarded"), 1);
	job_free(answer);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	fine(notice_decode(main, &notice, &err), &err);
	assert_int_equal(notice.event, NOTICE_DISCARDED);
	assert_string_equal(notice.reason, "by agreement with the board");
	expect_dead(rig, 0);
	answer = ask(rig, question);
	expect_text_at(answer, "/error/code", "not_found");
	job_free(answer);
	said_done(&said);
}

static void what_cannot_be_answered_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *question, *code;
	} cases[] = {
		{"{'op':'dead_requeue','party':'" BOARD "','id':'018f0000-0000-7000-8000-000000000000'}", "not_found"},
		{"{'op':'dead_discard','party':'" BOARD "','id':'018f0000-0000-7000-8000-000000000000'}", "not_found"},
		{"{'op':'dead_requeue','party':'" BOARD "','id':'no id'}", "usage"},
		{"{'op':'dead_requeue','id':'018f0000-0000-7000-8000-000000000000'}", "usage"},
		{"{'op':'dead_discard','party':'" BOARD "'}", "usage"},
		{"{'op':'dance'}", "usage"},
		{"{}", "usage"},
		{"{'op':7}", "usage"},
		{"[]", "usage"},
	};
	struct rig *rig = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct job *answer = ask(rig, cases[i].question);
		expect_text_at(answer, "/error/code", cases[i].code);
		job_free(answer);
	}
}

static void the_state_of_queues_and_links_is_as_it_is(void **state)
{
	struct rig *rig = *state;
	struct said said[2];
	uint64_t police = link_up(rig, POLICE, 10);
	int64_t since = clock_wall_ms();
	for (size_t i = 0; i < 2; i++) {
		said_make(&said[i], &(struct saying){0});
		submit(rig, police, POLICE, &said[i]);
		clock_turn(SECOND);
	}
	struct job *answer = ask(rig, "{'op':'status'}");
	expect_text_at(answer, "/party", HUB);
	assert_int_equal(number_at(answer, "/links"), 1);
	assert_int_equal(number_at(answer, "/queued"), 2);
	assert_int_equal(number_at(answer, "/oldest_at"), since);
	assert_int_equal(number_at(answer, "/ledger_size"), ledger_size(rig->ledger));
	job_free(answer);
	uint64_t board = link_up(rig, BOARD, 1);
	answer = ask(rig, "{'op':'queues'}");
	expect_text_at(answer, "/queues/0/party", BOARD); /* in the order of their names */
	assert_int_equal(number_at(answer, "/queues/0/count"), 2);
	assert_int_equal(number_at(answer, "/queues/0/in_flight"), 1);
	job_free(answer);
	answer = ask(rig, "{'op':'agencies'}");
	expect_text_at(answer, "/agencies/0/party", BOARD);
	expect_text_at(answer, "/agencies/0/roles/0", "parole_board");
	assert_int_equal(number_at(answer, "/agencies/0/in_flight"), 1);
	assert_int_equal(number_at(answer, "/agencies/0/queued"), 2);
	assert_int_equal(number_at(answer, "/agencies/0/since"), clock_wall_ms());
	job_free(answer);
	link_down(rig, board, CODE_STOPPING);
	answer = ask(rig, "{'op':'agencies'}");
	assert_int_equal(number_at(answer, "/agencies/0/since"), 0);
	job_free(answer);
	said_done(&said[0]);
	said_done(&said[1]);
}

static void asking_changes_nothing_on_the_record(void **state)
{
	static const char *const questions[] = {"{'op':'status'}", "{'op':'agencies'}", "{'op':'queues'}", "{'op':'dead_list'}"};
	struct rig *rig = *state;
	link_up(rig, POLICE, 10);
	int64_t before = ledger_size(rig->ledger);
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		job_free(ask(rig, questions[i]));
		assert_int_equal(ledger_size(rig->ledger), before);
	}
}

int main(void)
{
#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SCENARIO(a_dead_letter_is_listed_with_what_it_was_and_why),
		SCENARIO(a_requeued_dead_letter_is_delivered_and_settled_like_any_other),
		SCENARIO(a_requeued_receipt_is_settled_by_an_acknowledgement),
		SCENARIO(a_requeued_dead_letter_still_expires),
		SCENARIO(a_discarded_dead_letter_is_gone_and_its_originator_told_why),
		SCENARIO(what_cannot_be_answered_is_refused_with_the_reason),
		SCENARIO(the_state_of_queues_and_links_is_as_it_is),
		SCENARIO(asking_changes_nothing_on_the_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
