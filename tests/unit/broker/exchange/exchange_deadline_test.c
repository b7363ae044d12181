/* Deadlines: who owes, what meets them, and that each is told once. */
#include "unit/broker/exchange/exchange_fixture.h"

#define URGENT "{'priority':'U'}"

static void tells_both_sides_and_the_supervisor_of_what_is_overdue(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE}, .main = URGENT);
	assert_int_equal(fixture_next(fixture), clock_wall_ms() + 10 * FIXTURE_MINUTE);
	fixture_wait(fixture, 10 * FIXTURE_MINUTE - 1);
	assert_silent(fixture);
	fixture_wait(fixture, 1);
	assert_heard(fixture, OFFICE, "alert/1 {\"event\":\"overdue\"");
	assert_heard(fixture, OFFICE, "\"party\":\"" POLICE "\",\"code\":\"timeout\"");
	assert_heard(fixture, POLICE, "\"event\":\"overdue\"");
	assert_heard(fixture, CHIEF, "\"event\":\"overdue\"");
	assert_int_equal(fixture->said_count, 4); /* and what became of the exchange */
	fixture_forget(fixture);
	fixture_wait(fixture, FIXTURE_DAY);
	assert_silent(fixture);
}

static void takes_the_deadline_by_the_first_case_that_fits(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE}, .main = "{'priority':'R'}");
	assert_int_equal(fixture_next(fixture), clock_wall_ms() + FIXTURE_HOUR);
}

static void takes_the_header_s_deadline_before_the_type_s(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE}, .main = URGENT, .due = clock_wall_ms() + 77);
	assert_int_equal(fixture_next(fixture), clock_wall_ms() + 77);
	fixture_sends(fixture, .type = "note/1", .from = OFFICE, .to = {POLICE}, .due = clock_wall_ms() + 55);
	struct uuid note = fixture_uuid(fixture);
	assert_int_equal(fixture_next(fixture), clock_wall_ms() + 55);
	fixture_sends(fixture, .type = "done/1", .from = POLICE, .to = {OFFICE}, .re = note.at);
	assert_int_equal(fixture_next(fixture), clock_wall_ms() + 77);
}

static void is_met_by_each_party_for_itself(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE, TOWN}, .main = URGENT);
	struct uuid asked = fixture_uuid(fixture);
	fixture_sends(fixture, .type = "tell/1", .from = TOWN, .to = {OFFICE}, .re = asked.at, .main = "{'result':'HIT'}");
	fixture_wait(fixture, 10 * FIXTURE_MINUTE);
	assert_heard(fixture, POLICE, "\"event\":\"overdue\"");
	assert_heard(fixture, OFFICE, "\"party\":\"" POLICE "\"");
	assert_false(fixture_heard(fixture, TOWN, "overdue"));
}

static void names_everybody_who_owes_in_one_alert(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE, TOWN}, .main = URGENT);
	fixture_wait(fixture, 10 * FIXTURE_MINUTE);
	assert_heard(fixture, OFFICE, "it is owed by " POLICE ", " TOWN);
	assert_false(fixture_heard(fixture, OFFICE, "\"event\":\"overdue\",\"party\""));
	assert_heard(fixture, TOWN, "\"party\":\"" TOWN "\"");
}

static void is_not_owed_by_who_only_gets_a_copy(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {VICTIMS, POLICE}, .main = URGENT);
	struct uuid asked = fixture_uuid(fixture);
	fixture_sends(fixture, .type = "tell/1", .from = POLICE, .to = {OFFICE}, .re = asked.at, .main = "{'result':'HIT'}");
	fixture_forget(fixture);
	fixture_wait(fixture, FIXTURE_DAY);
	assert_silent(fixture);
}

static void is_not_met_by_other_types_other_parties_or_other_messages(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE}, .main = URGENT);
	struct uuid asked = fixture_uuid(fixture), other = uuid_new();
	fixture_sends(fixture, .type = "note/1", .from = POLICE, .to = {OFFICE}, .re = asked.at);
	fixture_sends(fixture, .type = "tell/1", .from = TOWN, .to = {OFFICE}, .re = asked.at, .main = "{'result':'HIT'}");
	fixture_sends(fixture, .type = "tell/1", .from = POLICE, .to = {OFFICE}, .re = other.at, .main = "{'result':'HIT'}");
	fixture_sends(fixture, .type = "tell/1", .from = POLICE, .to = {OFFICE}, .thread = asked.at, .main = "{'result':'HIT'}");
	fixture_wait(fixture, 10 * FIXTURE_MINUTE);
	assert_heard(fixture, POLICE, "\"event\":\"overdue\"");
}

static void is_met_within_the_conversation(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "talk/1", .from = OFFICE, .to = {POLICE, TOWN});
	struct uuid talk = fixture_uuid(fixture);
	fixture_sends(fixture, .type = "talk/1", .from = OFFICE, .to = {POLICE, TOWN});
	fixture_sends(fixture, .type = "done/1", .from = TOWN, .to = {OFFICE}, .thread = talk.at);
	fixture_wait(fixture, 2 * FIXTURE_HOUR);
	assert_int_equal(fixture->said_count, 4); /* of the second only: three sides and the supervisor */
}

#define PERSON(ids) "{'at':'2026-03-02','person':{'ids':{" ids "}}}"

static void is_met_by_an_identifier_of_the_same_person(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *subject, *main;
		bool meets;
	} cases[] = {
		{"{'doc_number':'00312845'}", "{}", true},
		{"{'sid':'CT01284417'}", "{}", true},
		{NULL, PERSON("'doc_number':'00312845'"), true},
		{NULL, PERSON("'oln':'184420917','ols':'CT'"), true},
		{NULL, PERSON("'oln':'184420917','ols':'MA'"), false},
		{NULL, PERSON("'oln':'999','ols':'CT'"), false},
		{"{'doc_number':'00312846'}", "{}", false},
		{"{'case_no':'00312845'}", "{}", false},
		{"{'sid':'00312845'}", "{}", false},
		{NULL, "{}", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fixture_sends(fixture, .type = "remand/1", .from = JAIL, .to = {BOARD, OFFICE}, .subject = "{'sid':'CT01284417'}",
		              .main = PERSON("'doc_number':'00312845','oln':'184420917','ols':'CT'"));
		fixture_sends(fixture, .type = "hearing/1", .from = BOARD, .to = {JAIL}, .subject = cases[i].subject, .main = cases[i].main);
		if ((fixture_next(fixture) == 0) != cases[i].meets)
			fail_msg("case %zu", i);
		fixture_sends(fixture, .type = "hearing/1", .from = BOARD, .to = {JAIL}, .subject = "{'doc_number':'00312845'}");
		assert_int_equal(fixture_next(fixture), 0);
	}
}

static void counts_business_days_from_the_day_that_the_message_names(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "remand/1", .from = JAIL, .to = {BOARD, OFFICE}, .main = PERSON("'doc_number':'00312845'"));
	assert_int_equal(fixture_next(fixture), fixture_at("2026-03-21T03:59:59.999Z"));
	assert_int_equal(fixture->warned.len, 0);
	clock_turn(fixture_at("2026-03-21T03:59:59.998Z") - clock_wall_ms());
	fixture_wait(fixture, 0);
	assert_silent(fixture);
	fixture_wait(fixture, 1);
	assert_heard(fixture, JAIL, "\"due\":\"2026-03-21T03:59:59.999Z\",\"party\":\"" BOARD "\"");
	assert_heard(fixture, BOARD, "overdue");
	assert_int_equal(fixture->said_count, 2);
}

static void warns_of_a_year_without_holidays(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "remand/1", .from = JAIL, .to = {BOARD}, .main = "{'at':'2026-12-30'}");
	buf_add_byte(&fixture->warned, 0);
	assert_string_equal((const char *)fixture->warned.at, "remand/1 2027\n");
}

static void moves_by_the_hours_that_an_answer_names(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE}, .main = URGENT);
	struct uuid asked = fixture_uuid(fixture);
	clock_turn(5 * FIXTURE_MINUTE);
	fixture_sends(fixture, .type = "tell/1", .from = POLICE, .to = {OFFICE}, .re = asked.at, .main = "{'result':'P','hours':2}");
	assert_int_equal(fixture_next(fixture), clock_wall_ms() + 2 * FIXTURE_HOUR);
	fixture_wait(fixture, 2 * FIXTURE_HOUR - 1);
	assert_silent(fixture);
	fixture_wait(fixture, 1);
	assert_heard(fixture, POLICE, "overdue");
	fixture_forget(fixture);
	fixture_sends(fixture, .type = "tell/1", .from = POLICE, .to = {OFFICE}, .re = asked.at, .main = "{'result':'P','hours':1}");
	fixture_wait(fixture, FIXTURE_HOUR);
	assert_heard(fixture, POLICE, "overdue"); /* it was promised again, and not kept again */
}

static void survives_a_restart_before_and_after_it_is_told(void **state)
{
	struct fixture fixture;
	(void)state;
	clock_freeze(1772442720412);
	fixture_open(&fixture, true);
	fixture_sends(&fixture, .type = "talk/1", .from = OFFICE, .to = {POLICE}, .subject = "{'nic':'W900000017'}");
	fixture_restart(&fixture);
	assert_int_equal(fixture_next(&fixture), clock_wall_ms() + 2 * FIXTURE_HOUR);
	fixture_wait(&fixture, 2 * FIXTURE_HOUR);
	assert_int_equal(fixture.said_count, 3);
	fixture_forget(&fixture);
	fixture_restart(&fixture);
	fixture_wait(&fixture, FIXTURE_DAY);
	assert_silent(&fixture);
	fixture_close(&fixture);
	clock_release();
}

static void is_forgotten_when_it_is_long_past(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE}, .main = "{'priority':'U','request_no':1,'nic':'W900000017','oca':'A'}",
	              .subject = "{'sid':'CT01284417'}");
	fixture_wait(fixture, FIXTURE_DAY);
	assert_true(fixture_next(fixture) > clock_wall_ms());
	fixture_wait(fixture, (EXCHANGE_KEPT_DAYS + 1) * FIXTURE_DAY);
	assert_int_equal(fixture_next(fixture), 0);
	static const enum store_space spaces[] = {STORE_DEADLINES, STORE_EXCHANGES, STORE_SUBSCRIPTIONS};
	for (size_t i = 0; i < 3; i++) {
		struct buf hold;
		struct bytes key, value;
		bool found = true;
		buf_init(&hold, FIXTURE_MAX);
		assert_ok(store_row_next(fixture->exchange.store, spaces[i], BYTES_NONE, BYTES_NONE, &hold, &found, &key, &value, &fixture->err));
		assert_false(found);
		buf_done(&hold);
	}
}

static void does_no_more_at_once_than_it_is_told(void **state)
{
	struct fixture *fixture = *state;
	for (int i = 0; i < 5; i++)
		fixture_sends(fixture, .type = "talk/1", .from = BOARD, .to = {POLICE});
	clock_turn(2 * FIXTURE_HOUR);
	assert_ok(exchange_run(&fixture->exchange, clock_wall_ms(), 3, &fixture->err));
	assert_int_equal(fixture->said_count, 6);
	assert_true(fixture_next(fixture) <= clock_wall_ms());
	assert_ok(exchange_run(&fixture->exchange, clock_wall_ms(), 3, &fixture->err));
	assert_int_equal(fixture->said_count, 10);
	assert_true(fixture_next(fixture) > clock_wall_ms());
}

static void says_that_a_damaged_row_is_damaged(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE}, .main = URGENT);
	struct uuid asked = fixture_uuid(fixture);
	uint8_t key[1 + UUID_LEN] = {'d'};
	memcpy(key + 1, asked.at, UUID_LEN);
	assert_ok(store_row_put(fixture->exchange.store, STORE_DEADLINES, bytes_of(key, sizeof(key)), BYTES_LIT("\x99\x01\x02"), &fixture->err));
	clock_turn(FIXTURE_HOUR);
	assert_code(exchange_run(&fixture->exchange, clock_wall_ms(), 100, &fixture->err), CODE_CORRUPT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_both_sides_and_the_supervisor_of_what_is_overdue),
		TEST(takes_the_deadline_by_the_first_case_that_fits),
		TEST(takes_the_header_s_deadline_before_the_type_s),
		TEST(is_met_by_each_party_for_itself),
		TEST(names_everybody_who_owes_in_one_alert),
		TEST(is_not_owed_by_who_only_gets_a_copy),
		TEST(is_not_met_by_other_types_other_parties_or_other_messages),
		TEST(is_met_within_the_conversation),
		TEST(is_met_by_an_identifier_of_the_same_person),
		TEST(counts_business_days_from_the_day_that_the_message_names),
		TEST(warns_of_a_year_without_holidays),
		TEST(moves_by_the_hours_that_an_answer_names),
		TEST(is_forgotten_when_it_is_long_past),
		TEST(does_no_more_at_once_than_it_is_told),
		TEST(says_that_a_damaged_row_is_damaged),
		cmocka_unit_test(survives_a_restart_before_and_after_it_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
