/* Numbered requests: the order, what the next one replaces, and who hears of the last. */
#include "unit/broker/exchange/exchange_fixture.h"

#define REQUEST(number, nic, oca) "{'priority':'U','request_no':" number ",'nic':'" nic "','oca':'" oca "'}"

static enum code ask(struct fixture *fixture, const char *from, const char *main, const struct uuid *thread)
{
	return fixture_send(fixture, &(struct fixture_message){.type = "ask/1", .from = from, .to = {POLICE}, .main = main,
	                                                        .thread = thread ? thread->at : NULL});
}

static void refuses_a_request_without_the_one_before_it(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(ask(fixture, OFFICE, REQUEST("2", "W900000017", "A"), NULL), CODE_LIFECYCLE);
	assert_string_equal(fixture->err.field, "/parts/main/request_no");
	assert_int_equal(ask(fixture, OFFICE, REQUEST("1", "W900000017", "A"), NULL), CODE_OK);
	assert_int_equal(ask(fixture, OFFICE, REQUEST("3", "W900000017", "A"), NULL), CODE_LIFECYCLE);
	assert_int_equal(ask(fixture, TOWN, REQUEST("2", "W900000017", "A"), NULL), CODE_LIFECYCLE);   /* another sender's */
	assert_int_equal(ask(fixture, OFFICE, REQUEST("2", "W900000018", "A"), NULL), CODE_LIFECYCLE); /* another record */
	assert_int_equal(ask(fixture, OFFICE, REQUEST("2", "W900000017", "B"), NULL), CODE_LIFECYCLE); /* another case */
	assert_int_equal(ask(fixture, OFFICE, REQUEST("2", "W900000017", "A"), NULL), CODE_OK);
	assert_int_equal(ask(fixture, OFFICE, REQUEST("3", "W900000017", "A"), NULL), CODE_OK);
	assert_int_equal(ask(fixture, OFFICE, REQUEST("4", "W900000017", "A"), NULL), CODE_OK); /* the schema bounds it, not this */
}

static void knows_the_one_before_it_by_the_conversation(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(ask(fixture, OFFICE, REQUEST("1", "W900000017", "A"), NULL), CODE_OK);
	struct uuid first = fixture_uuid(fixture);
	assert_int_equal(ask(fixture, OFFICE, REQUEST("2", "W900000017", "B"), &first), CODE_OK);
	assert_int_equal(ask(fixture, OFFICE, REQUEST("3", "W900000017", "C"), &first), CODE_OK);
}

static void replaces_the_deadline_of_the_one_before_it(void **state)
{
	struct fixture *fixture = *state;
	int64_t start = clock_wall_ms();
	assert_int_equal(ask(fixture, OFFICE, REQUEST("1", "W900000017", "A"), NULL), CODE_OK);
	struct uuid first = fixture_uuid(fixture);
	clock_turn(6 * FIXTURE_MINUTE);
	assert_int_equal(ask(fixture, OFFICE, REQUEST("2", "W900000017", "A"), NULL), CODE_OK);
	fixture_wait(fixture, start + 10 * FIXTURE_MINUTE - clock_wall_ms());
	assert_false(fixture_heard(fixture, POLICE, "overdue"));
	/* An answer to the first is one to the second. */
	fixture_sends(fixture, .type = "tell/1", .from = POLICE, .to = {OFFICE}, .re = first.at, .main = "{'result':'Y'}");
	fixture_forget(fixture);
	fixture_wait(fixture, FIXTURE_DAY);
	assert_silent(fixture);
}

static void escalates_the_third_to_the_supervisor_and_the_control_terminal(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(ask(fixture, OFFICE, REQUEST("1", "W900000017", "A"), NULL), CODE_OK);
	fixture_wait(fixture, 10 * FIXTURE_MINUTE);
	assert_int_equal(ask(fixture, OFFICE, REQUEST("2", "W900000017", "A"), NULL), CODE_OK);
	fixture_wait(fixture, 10 * FIXTURE_MINUTE);
	assert_heard(fixture, OFFICE, "request 2 was to be answered");
	assert_false(fixture_heard(fixture, CONTROL, ""));
	assert_int_equal(ask(fixture, OFFICE, REQUEST("3", "W900000017", "A"), NULL), CODE_OK);
	fixture_forget(fixture);
	fixture_wait(fixture, 10 * FIXTURE_MINUTE);
	assert_heard(fixture, OFFICE, "\"event\":\"overdue\"");
	assert_heard(fixture, POLICE, "\"event\":\"overdue\"");
	assert_heard(fixture, CHIEF, "\"event\":\"escalated\"");
	assert_heard(fixture, CONTROL, "\"event\":\"escalated\"");
	assert_int_equal(fixture->said_count, 5); /* with the end of the exchange */
	fixture_forget(fixture);
	fixture_wait(fixture, FIXTURE_DAY);
	assert_silent(fixture);
}

static void keeps_two_questions_with_the_same_token_apart(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(ask(fixture, OFFICE, REQUEST("1", "W900000017", "A"), NULL), CODE_OK);
	struct uuid one = fixture_uuid(fixture);
	clock_turn(FIXTURE_MINUTE);
	assert_int_equal(ask(fixture, OFFICE, REQUEST("1", "W900000017", "A"), NULL), CODE_OK);
	struct uuid two = fixture_uuid(fixture);
	fixture_sends(fixture, .type = "tell/1", .from = POLICE, .to = {OFFICE}, .re = one.at, .main = "{'result':'Y'}");
	fixture_forget(fixture);
	clock_turn(FIXTURE_MINUTE);
	/* The second of the first conversation leaves the other's deadline as it is. */
	assert_int_equal(ask(fixture, OFFICE, REQUEST("2", "W900000017", "A"), &one), CODE_OK);
	struct uuid again = fixture_uuid(fixture);
	char id[UUID_TEXT_MAX];
	fixture_wait(fixture, 9 * FIXTURE_MINUTE);
	assert_heard(fixture, POLICE, uuid_text(two.at, id));
	assert_false(fixture_heard(fixture, POLICE, uuid_text(again.at, id)));
	fixture_wait(fixture, FIXTURE_MINUTE);
	assert_heard(fixture, POLICE, uuid_text(again.at, id));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refuses_a_request_without_the_one_before_it),
		TEST(knows_the_one_before_it_by_the_conversation),
		TEST(replaces_the_deadline_of_the_one_before_it),
		TEST(escalates_the_third_to_the_supervisor_and_the_control_terminal),
		TEST(keeps_two_questions_with_the_same_token_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
