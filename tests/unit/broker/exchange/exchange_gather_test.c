/* Exchanges: what is collected, when they close, and what comes after. */
#include "unit/broker/exchange/exchange_fixture.h"

static void answer(struct fixture *fixture, const char *from, const struct uuid *re, const char *main)
{
	fixture_sends(fixture, .type = "tell/1", .from = from, .to = {OFFICE}, .re = re->at, .main = main);
}

static struct uuid ask(struct fixture *fixture)
{
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE, TOWN, VICTIMS}, .main = "{'priority':'U'}");
	return fixture_uuid(fixture);
}

static char *shown(struct fixture *fixture, const struct uuid *id)
{
	struct buf packed, text;
	bool found = false;
	buf_init(&packed, FIXTURE_MAX);
	buf_init(&text, FIXTURE_MAX);
	assert_ok(exchange_show(fixture->exchange.store, id->at, &packed, &found, &fixture->err));
	assert_true(found);
	assert_ok(json_from_pack(buf_bytes(&packed), 0, &text, &fixture->err));
	char *copy = bytes_dup_text(buf_bytes(&text));
	buf_done(&packed);
	buf_done(&text);
	return copy;
}

static void closes_when_all_have_answered(void **state)
{
	struct fixture *fixture = *state;
	struct uuid asked = ask(fixture);
	clock_turn(1000);
	answer(fixture, TOWN, &asked, "{'result':'NO_RECORD'}");
	assert_silent(fixture);
	clock_turn(1000);
	answer(fixture, POLICE, &asked, "{'result':'HIT'}");
	assert_int_equal(fixture->said_count, 1);
	assert_heard(fixture, OFFICE, "exchange.complete/1 {\"of\":");
	assert_heard(fixture, OFFICE, "\"type\":\"ask/1\",\"opened_at\":\"2026-03-02T09:12:00.412Z\",\"closed_at\":\"2026-03-02T09:12:02.412Z\",\"because\":\"all\"");
	assert_heard(fixture, OFFICE, "{\"party\":\"" POLICE "\",\"outcome\":\"HIT\",\"at\":\"2026-03-02T09:12:02.412Z\",\"id\":");
	assert_heard(fixture, OFFICE, "{\"party\":\"" TOWN "\",\"outcome\":\"NO_RECORD\",\"at\":\"2026-03-02T09:12:01.412Z\"");
	fixture_forget(fixture);
	fixture_wait(fixture, FIXTURE_DAY);
	assert_silent(fixture);
}

static void closes_at_the_deadline_and_names_the_silent(void **state)
{
	struct fixture *fixture = *state;
	struct uuid asked = ask(fixture);
	answer(fixture, POLICE, &asked, "{'result':'TOO_MANY'}");
	fixture_wait(fixture, 10 * FIXTURE_MINUTE);
	assert_heard(fixture, OFFICE, "\"because\":\"due\"");
	assert_heard(fixture, OFFICE, "\"outcome\":\"TOO_MANY\"");
	assert_heard(fixture, OFFICE, "{\"party\":\"" TOWN "\",\"outcome\":\"NO_ANSWER\"}");
	assert_false(fixture_heard(fixture, OFFICE, VICTIMS)); /* which could not answer */
}

static void notes_late_answers_and_says_no_more(void **state)
{
	struct fixture *fixture = *state;
	struct uuid asked = ask(fixture);
	answer(fixture, POLICE, &asked, "{'result':'PARTIAL'}");
	fixture_wait(fixture, 10 * FIXTURE_MINUTE);
	fixture_forget(fixture);
	answer(fixture, TOWN, &asked, "{'result':'HIT'}");
	answer(fixture, POLICE, &asked, "{'result':'HIT'}");
	assert_silent(fixture);
	AUTO_FREE char *sum = shown(fixture, &asked);
	assert_non_null(strstr(sum, "\"party\":\"" TOWN "\",\"outcome\":\"HIT\""));
	assert_non_null(strstr(sum, "\"late\":true"));
	assert_non_null(strstr(sum, "\"party\":\"" POLICE "\",\"outcome\":\"PARTIAL\"")); /* as the originator was told */
	fixture_wait(fixture, FIXTURE_DAY);
	assert_silent(fixture);
}

static void lets_only_a_provisional_answer_be_replaced(void **state)
{
	static const struct {
		const char *first, *second, *stays;
	} cases[] = {
		{"{'result':'HIT'}", "{'result':'NO_RECORD'}", "HIT"},
		{"{'result':'PARTIAL'}", "{'result':'HIT'}", "HIT"},
		{"{'result':'ERROR'}", "{'result':'NO_RECORD'}", "NO_RECORD"},
		{"{'result':'P','hours':1}", "{'result':'N'}", "N"},
		{"{'result':'ACCESS_DENIED'}", "{'result':'HIT'}", "ACCESS_DENIED"},
		{"{}", "{'result':'HIT'}", "ANSWERED"},
	};
	struct fixture *fixture = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		AUTO_FREE char *words = mem_printf("{\"party\":\"" POLICE "\",\"outcome\":\"%s\",", cases[i].stays);
		struct uuid asked = ask(fixture);
		answer(fixture, POLICE, &asked, cases[i].first);
		answer(fixture, POLICE, &asked, cases[i].second);
		assert_silent(fixture);
		answer(fixture, TOWN, &asked, "{'result':'HIT'}");
		assert_heard(fixture, OFFICE, words);
		fixture_forget(fixture);
	}
}

static void waits_for_an_answer_that_was_promised(void **state)
{
	struct fixture *fixture = *state;
	struct uuid asked = ask(fixture);
	answer(fixture, TOWN, &asked, "{'result':'HIT'}");
	answer(fixture, POLICE, &asked, "{'result':'P','hours':3}");
	fixture_wait(fixture, 3 * FIXTURE_HOUR - 1);
	assert_silent(fixture);
	fixture_wait(fixture, 1);
	assert_heard(fixture, OFFICE, "{\"party\":\"" POLICE "\",\"outcome\":\"P\",");
	assert_heard(fixture, OFFICE, "overdue");
}

static void ignores_answers_of_others_and_of_other_types(void **state)
{
	struct fixture *fixture = *state;
	struct uuid asked = ask(fixture);
	answer(fixture, BOARD, &asked, "{'result':'HIT'}");
	fixture_sends(fixture, .type = "note/1", .from = POLICE, .to = {OFFICE}, .re = asked.at);
	AUTO_FREE char *sum = shown(fixture, &asked);
	assert_null(strstr(sum, "\"at\""));
	assert_null(strstr(sum, "because"));
}

static void ends_with_the_message_where_no_deadline_is_set(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "open/1", .from = OFFICE, .to = {POLICE}, .expires = clock_wall_ms() + 500);
	assert_int_equal(fixture_next(fixture), clock_wall_ms() + 500);
	fixture_wait(fixture, 500);
	assert_int_equal(fixture->said_count, 1);
	fixture_forget(fixture);
	fixture_sends(fixture, .type = "open/1", .from = OFFICE, .to = {POLICE});
	assert_int_equal(fixture_next(fixture), clock_wall_ms() + 2 * FIXTURE_DAY);
}

static void says_nothing_to_who_has_left(void **state)
{
	struct fixture *fixture = *state;
	fixture_sends(fixture, .type = "ask/1", .from = "ct.gone", .to = {POLICE}, .main = "{'priority':'U'}");
	fixture_wait(fixture, 10 * FIXTURE_MINUTE);
	assert_heard(fixture, POLICE, "overdue");
	assert_int_equal(fixture->said_count, 1);
}

static void survives_a_restart_with_the_answers_that_it_has(void **state)
{
	struct fixture fixture;
	(void)state;
	clock_freeze(1772442720412);
	fixture_open(&fixture, true);
	struct uuid asked = ask(&fixture);
	answer(&fixture, TOWN, &asked, "{'result':'HIT'}");
	fixture_restart(&fixture);
	answer(&fixture, POLICE, &asked, "{'result':'HIT'}");
	assert_heard(&fixture, OFFICE, "\"because\":\"all\"");
	fixture_close(&fixture);
	clock_release();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(closes_when_all_have_answered),
		TEST(closes_at_the_deadline_and_names_the_silent),
		TEST(notes_late_answers_and_says_no_more),
		TEST(lets_only_a_provisional_answer_be_replaced),
		TEST(waits_for_an_answer_that_was_promised),
		TEST(ignores_answers_of_others_and_of_other_types),
		TEST(ends_with_the_message_where_no_deadline_is_set),
		TEST(says_nothing_to_who_has_left),
		cmocka_unit_test(survives_a_restart_with_the_answers_that_it_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
