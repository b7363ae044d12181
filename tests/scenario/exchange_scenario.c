/* What agencies owe each other: confirmations of hits, deadlines, queries to several, subscriptions; days pass in milliseconds. */
#include "scenario/rules_rig.h"

#define PERSON "'doc_number':'00312845'"
#define NIC "W900000001"
#define HIT(nic, asker) "{'nic':'" nic "','hit_id':'" nic "-" asker "'}"

static struct told confirm_of(struct rig *rig, const char *subject, const char *nic, const char *priority, int number, const uint8_t *thread)
{
	char body[300];
	snprintf(body, sizeof(body), "{'request_type':'WP','request_no':%d,'priority':'%s','oca':'PV1','nic':'%s'}", number, priority, nic);
	return tell(rig, POLICE, "hit.confirm_request/1", .subject = subject, .body = body, .thread = thread);
}

static struct told confirm(struct rig *rig, const char *priority, int number, const uint8_t *thread)
{
	return confirm_of(rig, HIT(NIC, "CT0006400"), NIC, priority, number, thread);
}

static struct told answer(struct rig *rig, const struct told *request, const char *confirmation)
{
	char body[200];
	snprintf(body, sizeof(body), "{'request_type':'WP','oca':'PV1','nic':'" NIC "','confirmation':'%s'%s}", confirmation,
	         strcmp(confirmation, "P") ? "" : ",'hours':2");
	return tell(rig, OFFICE, "hit.confirm_response/1", .subject = HIT(NIC, "CT0006400"), .body = body, .re = request->id.at,
	            .thread = request->id.at);
}

static void issue(struct rig *rig)
{
	tells(rig, OFFICE, "warrant.issue/1", .subject = "{'warrant_no':'PR-1','nic':'" NIC "'}", .body = "{'person':{'ids':{" PERSON "}}}");
}

static size_t completions(struct rig *rig, const char *party, const char *because)
{
	return heard(rig, party, "exchange.complete/1", "/because", because);
}

/* ── hits ── */

static void an_urgent_question_is_overdue_after_ten_minutes_and_a_routine_one_after_an_hour(void **state)
{
	static const struct {
		const char *priority;
		int64_t within;
	} cases[] = {{"U", 10 * MINUTE}, {"R", HOUR}};
	struct rig *rig = *state;
	for (size_t i = 0; i < 2; i++) {
		forget_sent(rig);
		struct told request = confirm_of(rig, i ? HIT("W900000007", "A") : HIT(NIC, "A"), i ? "W900000007" : NIC, cases[i].priority, 1, NULL);
		accepted(&request);
		wait_for(rig, cases[i].within - 1);
		assert_int_equal(alerts(rig, POLICE, "overdue"), 0);
		wait_for(rig, 1);
		assert_int_equal(alerts(rig, POLICE, "overdue"), 1);
		assert_int_equal(alerts(rig, OFFICE, "overdue"), 1);
		assert_int_equal(alerts(rig, CHIEF, "overdue"), 1); /* both have the same supervisor, who hears of it once */
		assert_int_equal(alerts(rig, CONTROL, "escalated"), 0);
		assert_int_equal(completions(rig, POLICE, "due"), 1);
		wait_for(rig, 5 * HOUR);
		assert_int_equal(alerts(rig, POLICE, "overdue"), 1);
	}
}

static void an_answer_in_time_ends_it_and_nobody_is_told_of_a_delay(void **state)
{
	static const char *const confirmations[] = {"Y", "N", "E"};
	struct rig *rig = *state;
	issue(rig);
	for (size_t i = 0; i < 3; i++) {
		forget_sent(rig);
		struct told request = confirm(rig, "U", 1, NULL);
		accepted(&request);
		wait_for(rig, 10 * MINUTE - 1);
		struct told told = answer(rig, &request, confirmations[i]);
		accepted(&told);
		assert_int_equal(heard(rig, POLICE, "exchange.complete/1", "/answers/0/outcome", confirmations[i]), 1);
		wait_for(rig, HOUR);
		assert_int_equal(alerts(rig, POLICE, "overdue"), 0);
	}
}

static void a_late_answer_is_handed_over_and_changes_nothing_of_what_was_told(void **state)
{
	struct rig *rig = *state;
	issue(rig);
	struct told request = confirm(rig, "U", 1, NULL);
	wait_for(rig, 11 * MINUTE);
	assert_int_equal(completions(rig, POLICE, "due"), 1);
	struct told told = answer(rig, &request, "Y");
	accepted(&told);
	assert_int_equal(heard(rig, POLICE, "hit.confirm_response/1", "/confirmation", "Y"), 1);
	assert_int_equal(completions(rig, POLICE, "all"), 0);
	assert_int_equal(completions(rig, POLICE, "due"), 1);
}

static void an_answer_that_asks_for_time_moves_the_deadline_by_its_hours(void **state)
{
	struct rig *rig = *state;
	issue(rig);
	struct told request = confirm(rig, "U", 1, NULL);
	wait_for(rig, 9 * MINUTE);
	struct told told = answer(rig, &request, "P");
	accepted(&told);
	restart(rig);
	wait_for(rig, 2 * HOUR - 1);
	assert_int_equal(alerts(rig, POLICE, "overdue"), 0);
	wait_for(rig, 1);
	assert_int_equal(alerts(rig, POLICE, "overdue"), 1);
	assert_int_equal(completions(rig, POLICE, "due"), 1);
}

static void each_request_is_overdue_once_also_over_restarts_and_the_third_goes_up(void **state)
{
	struct rig *rig = *state;
	struct told first = confirm(rig, "U", 1, NULL);
	accepted(&first);
	struct told told = confirm(rig, "U", 3, first.id.at);
	assert_int_equal(told.code, CODE_LIFECYCLE);
	for (int number = 1; number <= 3; number++) {
		if (number > 1) {
			told = confirm(rig, "U", number, first.id.at);
			accepted(&told);
		}
		restart(rig);
		wait_for(rig, 10 * MINUTE);
		assert_int_equal(alerts(rig, POLICE, "overdue"), 1);
		assert_int_equal(alerts(rig, OFFICE, "overdue"), 1);
		assert_int_equal(alerts(rig, CONTROL, "escalated"), number == 3);
		assert_int_equal(alerts(rig, CHIEF, "overdue") + alerts(rig, CHIEF, "escalated"), 1);
		restart(rig);
		wait_for(rig, 10 * MINUTE);
		assert_int_equal(alerts(rig, POLICE, "overdue"), 0);
	}
}

static void a_request_that_was_replaced_is_overdue_no_more(void **state)
{
	struct rig *rig = *state;
	issue(rig);
	struct told first = confirm(rig, "U", 1, NULL);
	wait_for(rig, 5 * MINUTE);
	struct told second = confirm(rig, "U", 2, first.id.at);
	accepted(&second);
	wait_for(rig, 6 * MINUTE);
	assert_int_equal(alerts(rig, POLICE, "overdue"), 0);
	struct told told = answer(rig, &first, "Y"); /* to the first, which asks the same */
	accepted(&told);
	wait_for(rig, HOUR);
	assert_int_equal(alerts(rig, POLICE, "overdue"), 0);
}

static void a_record_that_was_cleared_meanwhile_cannot_be_confirmed(void **state)
{
	struct rig *rig = *state;
	issue(rig);
	struct told request = confirm(rig, "U", 1, NULL);
	tells(rig, OFFICE, "warrant.clear/1", .subject = "{'nic':'" NIC "'}", .body = "{}");
	struct told told = answer(rig, &request, "Y");
	assert_int_equal(told.code, CODE_LIFECYCLE);
	told = answer(rig, &request, "N");
	accepted(&told);
	assert_int_equal(heard(rig, POLICE, "exchange.complete/1", "/answers/0/outcome", "N"), 1);
}

/* ── holds that rest on a hit ── */

static void hold_on(struct rig *rig, const char *party, const char *id, const char *basis)
{
	char subject[200], body[200];
	snprintf(subject, sizeof(subject), "{'hold_id':'%s','nic':'" NIC "'," PERSON "}", id);
	snprintf(body, sizeof(body), "{'basis':'%s','nic':'" NIC "'}", basis);
	tells(rig, party, "custody.hold/1", .subject = subject, .body = body);
}

static struct told release(struct rig *rig)
{
	return tell(rig, JAIL, "release.notification/1", .subject = "{" PERSON "}", .body = "{'person':{}}");
}

static void a_denial_lets_through_what_the_holds_on_its_hit_kept_and_nothing_that_another_one_keeps(void **state)
{
	struct rig *rig = *state;
	hold_on(rig, POLICE, "H1", "HIT");
	hold_on(rig, TOWN, "H2", "HIT");
	hold_on(rig, TOWN, "H3", "COURT_ORDER");
	struct told held[2] = {release(rig), release(rig)};
	assert_int_equal(held[1].code, CODE_HELD);
	struct told request = confirm(rig, "U", 1, NULL), told = answer(rig, &request, "N");
	accepted(&told);
	assert_int_equal(heard(rig, OFFICE, "release.notification/1", NULL, NULL), 0);
	tells(rig, TOWN, "custody.hold_release/1", .subject = "{'hold_id':'H3'}", .body = "{}");
	assert_int_equal(heard(rig, OFFICE, "release.notification/1", NULL, NULL), 2);
	assert_int_equal(rows_in(rig, STORE_HELD), 0);
}

static void a_denial_that_overtakes_its_hold_leaves_nothing_placed(void **state)
{
	struct rig *rig = *state;
	int64_t now = clock_wall_ms();
	struct told request = confirm(rig, "U", 1, NULL), told = answer(rig, &request, "N");
	accepted(&told);
	restart(rig);
	rig->signed_at = now - MINUTE;
	hold_on(rig, POLICE, "H1", "HIT");
	rig->signed_at = 0;
	assert_int_equal(alerts(rig, POLICE, "overtaken"), 1);
	told = release(rig);
	accepted(&told);
	wait_for(rig, MINUTE);
	hold_on(rig, POLICE, "H2", "HIT"); /* after the denial: there is another hit */
	told = release(rig);
	assert_int_equal(told.code, CODE_HELD);
}

/* ── business days ── */

static void remand(struct rig *rig)
{
	char body[200], at[CLOCK_TEXT_MAX];
	snprintf(body, sizeof(body), "{'received_at':'%s','person':{'ids':{" PERSON "}}}", clock_text(clock_wall_ms(), at));
	tells(rig, JAIL, "remand.received/1", .subject = "{" PERSON "}", .body = body);
}

/* Fourteen business days after a Monday, one of them a holiday: the Monday of the fourth week, by its last millisecond. */
static int64_t hearing_due(void)
{
	return 21 * DAY + 12 * HOUR; /* from noon to midnight */
}

static void a_hearing_is_due_after_fourteen_business_days_of_the_hubs_calendar(void **state)
{
	struct rig *rig = *state;
	remand(rig);
	settle(rig, OFFICE);
	settle(rig, BOARD);
	settle(rig, JAIL);
	wait_for(rig, 10 * DAY);
	restart(rig);
	wait_for(rig, hearing_due() - 10 * DAY - 2);
	assert_int_equal(alerts(rig, JAIL, "overdue"), 0);
	wait_for(rig, 1);
	assert_int_equal(alerts(rig, JAIL, "overdue"), 1);
	assert_int_equal(alerts(rig, BOARD, "overdue"), 1);
	wait_for(rig, DAY);
	assert_int_equal(alerts(rig, BOARD, "overdue"), 1);
}

static void a_notice_about_the_same_person_meets_it_whatever_number_it_uses(void **state)
{
	struct rig *rig = *state;
	remand(rig);
	tells(rig, JAIL, "identity.merge/1", .subject = "{" PERSON "}", .body = "{'keep':{" PERSON "},'merge':{'sid':'CT00991203'},'reason':'R'}");
	wait_for(rig, 10 * DAY);
	tells(rig, BOARD, "board.hearing_notice/1", .subject = "{'sid':'CT00991203'}", .body = "{'hearing_type':'PRELIMINARY'}");
	wait_for(rig, hearing_due());
	assert_int_equal(alerts(rig, JAIL, "overdue"), 0);
}

/* ── exchanges ── */

static struct told ask_wanted(struct rig *rig)
{
	struct told told = tell(rig, POLICE, "query.wanted/1", .subject = "{" PERSON "}", .body = "{'nic':'" NIC "'}");
	accepted(&told);
	return told;
}

static void result_of(struct rig *rig, const char *party, const struct told *query, const char *outcome)
{
	char body[100];
	snprintf(body, sizeof(body), "{'result':'%s'}", outcome);
	tells(rig, party, "query.result/1", .body = body, .re = query->id.at, .thread = query->id.at);
}

static void a_query_is_complete_when_everybody_has_answered(void **state)
{
	struct rig *rig = *state;
	struct told query = ask_wanted(rig);
	result_of(rig, TOWN, &query, "NO_RECORD");
	restart(rig);
	result_of(rig, JAIL, &query, "TOO_MANY");
	assert_int_equal(completions(rig, POLICE, "all"), 0);
	result_of(rig, OFFICE, &query, "HIT");
	assert_int_equal(completions(rig, POLICE, "all"), 1);
	wait_for(rig, HOUR);
	assert_int_equal(completions(rig, POLICE, "due"), 0);
}

static void a_query_closes_at_its_deadline_and_says_who_did_not_answer(void **state)
{
	struct rig *rig = *state;
	struct told query = ask_wanted(rig);
	result_of(rig, OFFICE, &query, "HIT");
	wait_for(rig, 10 * MINUTE - 1);
	assert_int_equal(completions(rig, POLICE, "due"), 0);
	restart(rig);
	wait_for(rig, 1);
	assert_int_equal(completions(rig, POLICE, "due"), 1);
	size_t missing = 0, hits = 0;
	for (int i = 0; i < 3; i++) {
		char pointer[40];
		snprintf(pointer, sizeof(pointer), "/answers/%d/outcome", i);
		missing += heard(rig, POLICE, "exchange.complete/1", pointer, "NO_ANSWER");
		hits += heard(rig, POLICE, "exchange.complete/1", pointer, "HIT");
	}
	assert_int_equal(missing, 2);
	assert_int_equal(hits, 1);
	assert_int_equal(alerts(rig, TOWN, "overdue"), 1);
	assert_int_equal(alerts(rig, OFFICE, "overdue"), 0);
}

/* ── subscriptions ── */

static struct told subscribe(struct rig *rig, const char *kind, int64_t until)
{
	char body[300], day[CLOCK_TEXT_MAX];
	day_of(until, day);
	snprintf(body, sizeof(body), "{'subscription_id':'S-1','ids':{" PERSON "},'topics':['arrest','contact','release'],'until':'%s','reason':'R'}", day);
	return tell(rig, TOWN, kind, .subject = "{'subscription_id':'S-1'}", .body = body);
}

static struct told arrest(struct rig *rig)
{
	return tell(rig, POLICE, "arrest.notification/1", .subject = "{" PERSON "}", .body = "{}");
}

static void who_subscribed_is_told_of_what_happens_to_the_person(void **state)
{
	struct rig *rig = *state;
	struct told told = arrest(rig);
	assert_int_equal(told.code, CODE_NO_RECIPIENT);
	told = subscribe(rig, "subscription.subscribe/1", clock_wall_ms() + 30 * DAY);
	accepted(&told);
	restart(rig);
	told = arrest(rig);
	accepted(&told);
	tells(rig, POLICE, "contact.notification/1", .subject = "{" PERSON "}", .body = "{}");
	tells(rig, JAIL, "release.notification/1", .subject = "{" PERSON "}", .body = "{'person':{}}");
	assert_int_equal(heard(rig, TOWN, "arrest.notification/1", NULL, NULL), 1);
	assert_int_equal(heard(rig, TOWN, "contact.notification/1", NULL, NULL), 1);
	assert_int_equal(heard(rig, TOWN, "release.notification/1", NULL, NULL), 1);
	told = tell(rig, POLICE, "arrest.notification/1", .subject = "{'sid':'CT00991203'}", .body = "{}");
	assert_int_equal(told.code, CODE_NO_RECIPIENT); /* somebody else */
}

static void a_subscription_lasts_through_its_last_day_unless_it_is_renewed(void **state)
{
	struct rig *rig = *state;
	struct told told = subscribe(rig, "subscription.subscribe/1", clock_wall_ms() + 2 * DAY);
	accepted(&told);
	wait_for(rig, 2 * DAY + 11 * HOUR); /* 23:00 there */
	told = arrest(rig);
	accepted(&told);
	told = subscribe(rig, "subscription.renew/1", clock_wall_ms() + 5 * DAY);
	accepted(&told);
	wait_for(rig, 4 * DAY);
	told = arrest(rig);
	accepted(&told);
	wait_for(rig, 3 * DAY);
	told = arrest(rig);
	assert_int_equal(told.code, CODE_NO_RECIPIENT);
	assert_int_equal(rows_in(rig, STORE_SUBSCRIPTIONS), 0);
	told = subscribe(rig, "subscription.renew/1", clock_wall_ms() + 5 * DAY);
	assert_int_equal(told.code, CODE_NOT_FOUND);
}

static void who_unsubscribes_is_told_no_more(void **state)
{
	struct rig *rig = *state;
	struct told told = subscribe(rig, "subscription.subscribe/1", clock_wall_ms() + 30 * DAY);
	accepted(&told);
	tells(rig, TOWN, "subscription.unsubscribe/1", .subject = "{'subscription_id':'S-1'}", .body = "{'subscription_id':'S-1'}");
	told = arrest(rig);
	assert_int_equal(told.code, CODE_NO_RECIPIENT);
	assert_int_equal(rows_in(rig, STORE_SUBSCRIPTIONS), 0);
}

int main(void)
{
#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up_rules, tear_down)
	const struct CMUnitTest tests[] = {
		SCENARIO(an_urgent_question_is_overdue_after_ten_minutes_and_a_routine_one_after_an_hour),
		SCENARIO(an_answer_in_time_ends_it_and_nobody_is_told_of_a_delay),
		SCENARIO(a_late_answer_is_handed_over_and_changes_nothing_of_what_was_told),
		SCENARIO(an_answer_that_asks_for_time_moves_the_deadline_by_its_hours),
		SCENARIO(each_request_is_overdue_once_also_over_restarts_and_the_third_goes_up),
		SCENARIO(a_request_that_was_replaced_is_overdue_no_more),
		SCENARIO(a_record_that_was_cleared_meanwhile_cannot_be_confirmed),
		SCENARIO(a_denial_lets_through_what_the_holds_on_its_hit_kept_and_nothing_that_another_one_keeps),
		SCENARIO(a_denial_that_overtakes_its_hold_leaves_nothing_placed),
		SCENARIO(a_hearing_is_due_after_fourteen_business_days_of_the_hubs_calendar),
		SCENARIO(a_notice_about_the_same_person_meets_it_whatever_number_it_uses),
		SCENARIO(a_query_is_complete_when_everybody_has_answered),
		SCENARIO(a_query_closes_at_its_deadline_and_says_who_did_not_answer),
		SCENARIO(who_subscribed_is_told_of_what_happens_to_the_person),
		SCENARIO(a_subscription_lasts_through_its_last_day_unless_it_is_renewed),
		SCENARIO(who_unsubscribes_is_told_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
