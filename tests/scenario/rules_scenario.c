/* Records and interlocks between agencies: what is held, who hears of it, and what becomes of it, on a clock that the test turns. */
#include "scenario/rules_rig.h"

#define WANTED "'doc_number':'00312845'"
#define OTHER "'sid':'CT00991203'"
#define PERSON "'name':{'family':'Testcase','given':'Jordan'},'dob':'1990-02-14'"

#define WARRANT(number) "{'warrant_no':'PR-" number "','nic':'W90000000" number "'}"

static void issue(struct rig *rig, const char *subject)
{
	tells(rig, OFFICE, "warrant.issue/1", .subject = subject, .body = "{'person':{" PERSON ",'ids':{" WANTED "}}}");
}

static void clear(struct rig *rig, const char *subject)
{
	tells(rig, OFFICE, "warrant.clear/1", .subject = subject, .body = "{'nic':'x'}");
}

#define release_until(rig, ids, until)                               \
	tell(rig, JAIL, "release.notification/1", .subject = "{" ids "}", \
	     .body = "{'person':{" PERSON ",'ids':{" ids "}}}", .expires = (until))
#define release(rig, ids) release_until(rig, ids, 0)

static size_t releases_to(struct rig *rig, const char *party)
{
	return heard(rig, party, "release.notification/1", NULL, NULL);
}

static void a_release_of_a_wanted_person_is_held_and_whoever_is_concerned_hears_of_it_once(void **state)
{
	struct rig *rig = *state;
	issue(rig, WARRANT("1"));
	forget_sent(rig);
	struct told told = release(rig, WANTED);
	assert_int_equal(told.code, CODE_HELD);
	assert_non_null(strstr(told.reason, "W900000001"));
	assert_non_null(strstr(told.reason, OFFICE));
	assert_int_equal(releases_to(rig, OFFICE) + releases_to(rig, BOARD), 0);
	assert_int_equal(alerts(rig, OFFICE, "held"), 1);
	assert_int_equal(alerts(rig, BOARD, "held"), 1); /* would have had the message */
	assert_int_equal(alerts(rig, JAIL, "held"), 0);  /* has the verdict */
	assert_int_equal(rows_in(rig, STORE_HELD), 1);
	wait_for(rig, HOUR);
	assert_int_equal(alerts(rig, OFFICE, "held"), 1);
	expect_sound_ledger(rig);
}

static void what_is_held_passes_when_nothing_stands_against_it_any_more_also_after_a_restart(void **state)
{
	struct rig *rig = *state;
	issue(rig, WARRANT("1"));
	issue(rig, WARRANT("2"));
	struct told told = release(rig, WANTED);
	assert_non_null(strstr(told.reason, "and 1 more"));
	restart(rig);
	clear(rig, WARRANT("1"));
	assert_int_equal(releases_to(rig, BOARD), 0);
	restart(rig);
	clear(rig, WARRANT("2"));
	assert_int_equal(releases_to(rig, BOARD), 1);
	assert_int_equal(releases_to(rig, OFFICE), 1);
	assert_int_equal(alerts(rig, JAIL, "released"), 1);
	assert_int_equal(rows_in(rig, STORE_HELD), 0);
	expect_sound_ledger(rig);
}

static void each_alert_of_a_candidate_shows_the_record_that_it_is_about(void **state)
{
	struct rig *rig = *state;
	issue(rig, WARRANT("1"));
	issue(rig, WARRANT("2"));
	forget_sent(rig);
	struct told told = release(rig, OTHER);
	accepted(&told);
	assert_int_equal(alerts(rig, JAIL, "candidate"), 2);
	assert_int_equal(heard(rig, JAIL, "alert/1", "/record/names/nic", "W900000001"), 1);
	assert_int_equal(heard(rig, JAIL, "alert/1", "/record/names/nic", "W900000002"), 1);
	assert_int_equal(alerts(rig, OFFICE, "candidate"), 2);
}

static void what_is_held_past_its_own_expiry_is_not_delivered_later(void **state)
{
	struct rig *rig = *state;
	issue(rig, WARRANT("1"));
	struct told told = release_until(rig, WANTED, clock_wall_ms() + HOUR);
	assert_int_equal(told.code, CODE_HELD);
	restart(rig);
	wait_for(rig, HOUR - 1);
	assert_int_equal(heard(rig, JAIL, NOTICE_TYPE, NULL, NULL), 0);
	wait_for(rig, 1);
	assert_int_equal(heard(rig, JAIL, NOTICE_TYPE, "/event", "expired"), 2); /* one for each recipient */
	assert_int_equal(rows_in(rig, STORE_HELD), 0);
	clear(rig, WARRANT("1"));
	assert_int_equal(releases_to(rig, BOARD), 0);
	expect_sound_ledger(rig);
}

static void its_expiry_is_kept_also_beside_a_message_that_expires_later(void **state)
{
	struct rig *rig = *state;
	struct said held, later;
	int64_t now = clock_wall_ms();
	issue(rig, WARRANT("1"));
	said_make(&held, &(struct saying){.from = JAIL, .type = "release.notification/1", .subject = "{" WANTED "}", .body = "{'person':{}}", .expires = now + HOUR});
	said_make(&later, &(struct saying){.from = JAIL, .type = "release.notification/1", .subject = "{" OTHER "}", .body = "{'person':{}}", .expires = now + DAY});
	give_submit(rig, link_of(JAIL), JAIL, &held, NULL);
	give_submit(rig, link_of(JAIL), JAIL, &later, NULL);
	turn(rig);
	assert_int_equal(verdict_on(rig, link_of(JAIL), held.id.at).code, CODE_HELD);
	assert_int_equal(verdict_on(rig, link_of(JAIL), later.id.at).code, CODE_OK);
	wait_for(rig, HOUR);
	assert_int_equal(heard(rig, JAIL, NOTICE_TYPE, "/event", "expired"), 2);
	said_done(&held);
	said_done(&later);
}

static void what_is_erased_while_it_is_held_passes_no_more(void **state)
{
	struct rig *rig = *state;
	char order[200], id[UUID_TEXT_MAX];
	issue(rig, WARRANT("1"));
	struct told told = release(rig, WANTED);
	snprintf(order, sizeof(order), "{'messages':['%s'],'reason':'R'}", uuid_text(told.id.at, id));
	tells(rig, BOARD, "record.erase/1", .body = order);
	assert_int_equal(heard(rig, JAIL, NOTICE_TYPE, "/event", "discarded"), 2);
	assert_int_equal(rows_in(rig, STORE_HELD), 0);
	clear(rig, WARRANT("1"));
	assert_int_equal(releases_to(rig, BOARD), 0);
	expect_sound_ledger(rig);
}

static struct told override(struct rig *rig, const struct uuid *held)
{
	char body[200], id[UUID_TEXT_MAX];
	snprintf(body, sizeof(body), "{'held':'%s','interlock':'release','reason':'By telephone.'}", uuid_text(held->at, id));
	return tell(rig, BOARD, "interlock.override/1", .body = body);
}

static void an_override_is_of_one_message(void **state)
{
	struct rig *rig = *state;
	issue(rig, WARRANT("1"));
	struct told first = release(rig, WANTED), second = release(rig, WANTED);
	assert_int_equal(second.code, CODE_HELD);
	forget_sent(rig);
	struct told told = override(rig, &first.id);
	accepted(&told);
	assert_int_equal(releases_to(rig, OFFICE), 1);
	assert_int_equal(alerts(rig, JAIL, "released"), 1);
	assert_int_equal(rows_in(rig, STORE_HELD), 1);
	told = override(rig, &first.id);
	assert_int_equal(told.code, CODE_NOT_FOUND); /* it is held no more */
	told = release(rig, WANTED);
	assert_int_equal(told.code, CODE_HELD);
	restart(rig);
	told = override(rig, &second.id);
	accepted(&told);
	assert_int_equal(releases_to(rig, OFFICE), 1);
	expect_sound_ledger(rig);
}

static void a_name_and_a_date_of_birth_alone_are_a_question_and_hold_nothing(void **state)
{
	struct rig *rig = *state;
	issue(rig, WARRANT("1"));
	forget_sent(rig);
	struct told told = release(rig, OTHER);
	accepted(&told);
	assert_int_equal(releases_to(rig, OFFICE), 1);
	assert_int_equal(alerts(rig, JAIL, "candidate"), 1);
	assert_int_equal(alerts(rig, OFFICE, "candidate"), 1);
	assert_int_equal(alerts(rig, OFFICE, "held"), 0);
}

static void two_identities_that_are_one_person_bring_what_stands_against_either(void **state)
{
	struct rig *rig = *state;
	issue(rig, WARRANT("1"));
	tells(rig, JAIL, "identity.merge/1", .subject = "{" OTHER "}", .body = "{'keep':{" WANTED "},'merge':{" OTHER "},'reason':'Prints.'}");
	restart(rig);
	struct told told = release(rig, OTHER);
	assert_int_equal(told.code, CODE_HELD);
	assert_int_equal(alerts(rig, OFFICE, "candidate"), 0);
	clear(rig, WARRANT("1"));
	assert_int_equal(releases_to(rig, OFFICE), 1);
}

/* ── erasure ── */

static bool is_in(struct bytes where, const char *text)
{
	return where.len && memmem(where.at, where.len, text, strlen(text));
}

/* In how many rows of the hub's rules a text stands. */
static size_t rows_with(struct rig *rig, const char *text)
{
	struct buf hold;
	struct err err;
	size_t count = 0;
	buf_init(&hold, STORE_KEY_MAX + STORE_VALUE_MAX);
	for (enum store_space space = STORE_RECORDS; space <= STORE_CONSENTS; space++) {
		struct bytes key = BYTES_NONE, value;
		bool found = true;
		for (;;) {
			fine(store_row_next(rig->store, space, BYTES_NONE, key, &hold, &found, &key, &value, &err), &err);
			if (!found)
				break;
			count += is_in(key, text) || is_in(value, text);
		}
	}
	buf_done(&hold);
	return count;
}

static void an_erased_identifier_is_in_no_row_and_leads_to_nobody(void **state)
{
	struct rig *rig = *state;
	char body[300], day[CLOCK_TEXT_MAX];
	day_of(clock_wall_ms() + 30 * DAY, day);
	issue(rig, WARRANT("1"));
	tells(rig, JAIL, "remand.received/1", .subject = "{" WANTED "}", .body = "{'person':{'ids':{" WANTED "}}}");
	tells(rig, POLICE, "query.wanted/1", .subject = "{" WANTED "}", .body = "{'nic':'W900000001'}");
	snprintf(body, sizeof(body), "{'subscription_id':'S-1','ids':{" WANTED "},'topics':['arrest'],'until':'%s'}", day);
	tells(rig, TOWN, "subscription.subscribe/1", .subject = "{'subscription_id':'S-1'}", .body = body);
	snprintf(body, sizeof(body), "{'subscription_id':'S-2','ids':{" WANTED "," OTHER "},'topics':['arrest'],'until':'%s'}", day);
	tells(rig, TOWN, "subscription.subscribe/1", .subject = "{'subscription_id':'S-2'}", .body = body);
	tells(rig, JAIL, "identity.merge/1", .subject = "{" WANTED "}", .body = "{'keep':{" OTHER "},'merge':{" WANTED "},'reason':'R'}");
	assert_true(rows_with(rig, "00312845") > 8);
	assert_true(rows_with(rig, "TESTCASE") > 1);
	forget_sent(rig);
	tells(rig, BOARD, "record.erase/1", .body = "{'ids':{" WANTED "},'reason':'R'}");
	wait_for(rig, SECOND);
	assert_int_equal(rows_with(rig, "00312845"), 0);
	assert_int_equal(rows_with(rig, "TESTCASE"), 0);
	assert_true(rows_with(rig, "CT00991203") > 2); /* it was not named, and S-2 goes on with it */
	assert_int_equal(alerts(rig, OFFICE, "conflict"), 1); /* its warrant stands, and holds nothing any more */
	struct told told = release(rig, WANTED);
	accepted(&told);
	told = tell(rig, JAIL, "arrest.notification/1", .subject = "{" OTHER "}", .body = "{}");
	accepted(&told);
	wait_for(rig, 40 * DAY);
	assert_int_equal(alerts(rig, JAIL, "overdue"), 0); /* what was owed for the erased message */
	expect_sound_ledger(rig);
}

static void what_an_erased_message_began_ends_with_it(void **state)
{
	struct rig *rig = *state;
	char body[300], order[200], day[CLOCK_TEXT_MAX], id[UUID_TEXT_MAX];
	day_of(clock_wall_ms() + 30 * DAY, day);
	snprintf(body, sizeof(body), "{'subscription_id':'S-1','ids':{" WANTED "},'topics':['arrest'],'until':'%s'}", day);
	struct told told = tell(rig, TOWN, "subscription.subscribe/1", .subject = "{'subscription_id':'S-1'}", .body = body);
	assert_true(rows_in(rig, STORE_SUBSCRIPTIONS) > 0);
	snprintf(order, sizeof(order), "{'messages':['%s'],'reason':'R'}", uuid_text(told.id.at, id));
	tells(rig, BOARD, "record.erase/1", .body = order);
	assert_int_equal(rows_in(rig, STORE_SUBSCRIPTIONS), 0);
	told = tell(rig, POLICE, "query.wanted/1", .subject = "{" WANTED "}", .body = "{'nic':'W900000001'}");
	snprintf(order, sizeof(order), "{'messages':['%s'],'reason':'R'}", uuid_text(told.id.at, id));
	tells(rig, BOARD, "record.erase/1", .body = order);
	assert_int_equal(rows_in(rig, STORE_DEADLINES), 0);
	wait_for(rig, HOUR);
	assert_int_equal(alerts(rig, POLICE, "overdue"), 0);
}

/* ── out of order ── */

static void a_rescission_that_was_signed_later_counts_however_early_it_arrives(void **state)
{
	struct rig *rig = *state;
	const char *subject = "{" WANTED ",'authority_ref':'B-1'}";
	int64_t now = clock_wall_ms();
	tells(rig, BOARD, "release.rescind/1", .subject = subject, .body = "{}");
	rig->signed_at = now - MINUTE;
	struct told told = tell(rig, BOARD, "release.authorize/1", .subject = subject, .body = "{}");
	rig->signed_at = 0;
	assert_int_equal(told.code, CODE_HELD);
	told = release(rig, WANTED);
	assert_int_equal(told.code, CODE_HELD);
}

static void an_authorization_that_was_signed_after_the_deferral_counts(void **state)
{
	struct rig *rig = *state;
	const char *subject = "{" WANTED ",'authority_ref':'B-1'}";
	rig->signed_at = clock_wall_ms() - MINUTE;
	tells(rig, BOARD, "release.defer/1", .subject = subject, .body = "{}");
	rig->signed_at = 0;
	tells(rig, BOARD, "release.authorize/1", .subject = subject, .body = "{}");
	struct told told = release(rig, WANTED);
	accepted(&told);
}

static void a_clearance_without_its_warrant_is_refused_and_good_once_the_warrant_is_here(void **state)
{
	struct rig *rig = *state;
	int64_t now = clock_wall_ms();
	struct told told = tell(rig, OFFICE, "warrant.clear/1", .subject = WARRANT("1"), .body = "{}");
	assert_int_equal(told.code, CODE_LIFECYCLE);
	rig->signed_at = now - HOUR;
	issue(rig, WARRANT("1"));
	rig->signed_at = now;
	clear(rig, WARRANT("1"));
	rig->signed_at = now - MINUTE; /* before the clearance, and comes after it */
	tells(rig, POLICE, "warrant.locate/1", .subject = WARRANT("1"), .body = "{'disposition':'EXTR'}");
	rig->signed_at = 0;
	told = release(rig, WANTED);
	accepted(&told);
	assert_int_equal(alerts(rig, POLICE, "overtaken"), 1);
}

int main(void)
{
#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up_rules, tear_down)
	const struct CMUnitTest tests[] = {
		SCENARIO(a_release_of_a_wanted_person_is_held_and_whoever_is_concerned_hears_of_it_once),
		SCENARIO(what_is_held_passes_when_nothing_stands_against_it_any_more_also_after_a_restart),
		SCENARIO(each_alert_of_a_candidate_shows_the_record_that_it_is_about),
		SCENARIO(what_is_held_past_its_own_expiry_is_not_delivered_later),
		SCENARIO(its_expiry_is_kept_also_beside_a_message_that_expires_later),
		SCENARIO(what_is_erased_while_it_is_held_passes_no_more),
		SCENARIO(an_override_is_of_one_message),
		SCENARIO(a_name_and_a_date_of_birth_alone_are_a_question_and_hold_nothing),
		SCENARIO(two_identities_that_are_one_person_bring_what_stands_against_either),
		SCENARIO(an_erased_identifier_is_in_no_row_and_leads_to_nobody),
		SCENARIO(what_an_erased_message_began_ends_with_it),
		SCENARIO(a_rescission_that_was_signed_later_counts_however_early_it_arrives),
		SCENARIO(an_authorization_that_was_signed_after_the_deferral_counts),
		SCENARIO(a_clearance_without_its_warrant_is_refused_and_good_once_the_warrant_is_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
