/* A store in trouble: nothing of the group happens, everybody is told, nothing is lost. */
#include "scenario/rig.h"

#include <unistd.h>

#include "broker/store/store_ops.h"

/* The memory store's answers, but for those that a test breaks. */
static const struct store_ops *sound;
static struct store_ops broken;
static int puts_until_fault;

static result put_or_fail(struct store *store, const struct store_message *message, struct err *err)
{
	if (puts_until_fault-- == 0)
		return err_set(err, CODE_FULL, "queue.db", "the disk is full");
	return sound->put(store, message, err);
}

static result commit_fails(struct store *store, struct err *err)
{
	(void)store;
	return err_set(err, CODE_FULL, "queue.db", "the disk is full");
}

static result last_seq_fails(struct store *store, int64_t *ret_seq, struct err *err)
{
	(void)store;
	*ret_seq = 0;
	return err_set(err, CODE_IO, "queue.db", "the disk is gone");
}

static void break_puts(struct rig *rig, int after)
{
	puts_until_fault = after;
	sound = rig->store->ops;
	broken = *sound;
	broken.put = put_or_fail;
	rig->store->ops = &broken;
}

static void mend(struct rig *rig)
{
	rig->store->ops = sound;
}

static void expect_sound_ledger(struct rig *rig)
{
	struct ledger_report report;
	struct err err;
	fine(ledger_verify(rig->store, rig->hub.snapshot->signing, &report, &err), &err);
	assert_int_equal(report.bad_entry, -1);
	assert_int_equal(report.entries, ledger_size(rig->ledger));
}

static void a_fault_answers_every_message_of_the_group_and_none_is_lost(void **state)
{
	struct rig *rig = *state;
	struct said said[3];
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	int64_t before = ledger_size(rig->ledger);
	break_puts(rig, 1);
	for (size_t i = 0; i < 3; i++) {
		said_make(&said[i], &(struct saying){0});
		give_submit(rig, police, POLICE, &said[i], NULL);
	}
	turn(rig);
	for (size_t i = 0; i < 3; i++) {
		struct frame_verdict verdict = verdict_on(rig, police, said[i].id.at);
		assert_int_equal(verdict.code, CODE_FULL);
		assert_int_equal(verdict.entry, -1);
	}
	assert_int_equal(ledger_size(rig->ledger), before);
	assert_int_equal(deliveries_of(rig, board, NULL), 0);
	assert_true(was_closed(rig, police, CODE_FULL));
	assert_true(was_closed(rig, board, CODE_FULL));
	mend(rig);
	forget_sent(rig);
	police = link_up(rig, POLICE, 10);
	board = link_up(rig, BOARD, 10);
	for (size_t i = 0; i < 3; i++) {
		submit(rig, police, POLICE, &said[i]);
		struct frame_verdict verdict = verdict_on(rig, police, said[i].id.at);
		assert_int_equal(verdict.code, CODE_OK);
		assert_false(verdict.duplicate);
		assert_int_equal(deliveries_of(rig, board, said[i].id.at), 1);
		said_done(&said[i]);
	}
	expect_sound_ledger(rig);
}

static void a_commit_that_fails_lets_nothing_out(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	break_puts(rig, -1);
	broken.commit = commit_fails;
	said_make(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	assert_int_equal(verdict_on(rig, police, said.id.at).code, CODE_FULL);
	assert_int_equal(deliveries_of(rig, board, NULL), 0);
	mend(rig);
	police = link_up(rig, POLICE, 10);
	submit(rig, police, POLICE, &said);
	assert_false(verdict_on(rig, police, said.id.at).duplicate);
	expect_sound_ledger(rig);
	said_done(&said);
}

static void what_was_in_flight_when_the_store_failed_is_delivered_again(void **state)
{
	struct rig *rig = *state;
	struct said first, second;
	uint64_t police = link_up(rig, POLICE, 10);
	link_up(rig, BOARD, 10);
	said_make(&first, &(struct saying){0});
	said_make(&second, &(struct saying){0});
	submit(rig, police, POLICE, &first);
	break_puts(rig, 0);
	submit(rig, police, POLICE, &second);
	mend(rig);
	uint64_t board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, first.id.at), 1);
	said_done(&first);
	said_done(&second);
}

static void a_link_that_came_up_in_the_group_that_failed_is_closed_so_that_it_tries_again(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10);
	break_puts(rig, 0);
	said_make(&said, &(struct saying){0});
	give_submit(rig, police, POLICE, &said, NULL);
	uint64_t board = link_up(rig, BOARD, 10); /* in the same group, behind the one that fails */
	assert_true(was_closed(rig, police, CODE_FULL));
	assert_true(was_closed(rig, board, CODE_FULL));
	mend(rig);
	said_done(&said);
}

static void a_question_in_the_group_that_failed_is_answered_with_the_fault(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10);
	break_puts(rig, 0);
	said_make(&said, &(struct saying){0});
	give_question(rig, "{'op':'status'}");
	give_submit(rig, police, POLICE, &said, NULL);
	give_question(rig, "{'op':'queues'}");
	turn(rig);
	mend(rig);
	for (int i = 0; i < 2; i++) {
		struct job *answer = take_answer(rig);
		assert_non_null(answer);
		expect_text_at(answer, "/error/code", "full");
		job_free(answer);
	}
	said_done(&said);
}

static void a_reload_in_the_group_that_failed_is_taken_over_all_the_same(void **state)
{
	struct rig *rig = *state;
	struct said first, second;
	uint64_t police = link_up(rig, POLICE, 10);
	struct job *job = job_new(JOB_SNAPSHOT, 0);
	hub_fixture_write(&rig->hub, &(struct hub_config){.agreements = ""});
	job->snapshot = hub_fixture_load(&rig->hub, 2);
	break_puts(rig, 0);
	said_make(&first, &(struct saying){0});
	said_make(&second, &(struct saying){0});
	give_submit(rig, police, POLICE, &first, NULL);
	give(rig, job);
	turn(rig);
	mend(rig);
	int64_t before = ledger_size(rig->ledger);
	police = link_up(rig, POLICE, 10);
	submit(rig, police, POLICE, &second);
	assert_int_equal(verdict_on(rig, police, second.id.at).code, CODE_NO_AGREEMENT);
	assert_int_equal(ledger_size(rig->ledger), before + 3); /* reloaded, link_up, refused */
	said_done(&first);
	said_done(&second);
}

static void a_stop_in_the_group_that_failed_is_obeyed(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10);
	break_puts(rig, 0);
	said_make(&said, &(struct saying){0});
	give_submit(rig, police, POLICE, &said, NULL);
	give(rig, job_new(JOB_STOP, 0));
	alarm(20); /* a router that goes on would go on for ever */
	fine(router_run(rig->router, &err), &err);
	alarm(0);
	mend(rig);
	said_done(&said);
}

static void a_store_that_cannot_even_be_asked_ends_the_router_with_the_reason(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10);
	break_puts(rig, 0);
	broken.last_seq = last_seq_fails;
	said_make(&said, &(struct saying){0});
	give_submit(rig, police, POLICE, &said, NULL);
	assert_int_equal(router_turn(rig->router, &err).code, CODE_IO);
	mend(rig);
	said_done(&said);
}

int main(void)
{
#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SCENARIO(a_fault_answers_every_message_of_the_group_and_none_is_lost),
		SCENARIO(a_commit_that_fails_lets_nothing_out),
		SCENARIO(what_was_in_flight_when_the_store_failed_is_delivered_again),
		SCENARIO(a_link_that_came_up_in_the_group_that_failed_is_closed_so_that_it_tries_again),
		SCENARIO(a_question_in_the_group_that_failed_is_answered_with_the_fault),
		SCENARIO(a_reload_in_the_group_that_failed_is_taken_over_all_the_same),
		SCENARIO(a_stop_in_the_group_that_failed_is_obeyed),
		SCENARIO(a_store_that_cannot_even_be_asked_ends_the_router_with_the_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
