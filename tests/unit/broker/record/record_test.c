#include "record_fixture.h"

#define W "{'warrant_no':'W900000017'}"

static void a_record_goes_from_step_to_step(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said modify = {"w.modify/1", A, W, NULL, 3, 3};
	say_fine(fixture, {"w.issue/1", A, W, NULL, 1, 1});
	say_fine(fixture, {"w.enter/1", C, "{'warrant_no':'W900000017','nic':'W123456789'}", NULL, 2, 2});
	assert_ok(ask(fixture, &modify, &asked));
	assert_int_equal(asked.plan.steps_count, 1);
	const struct record_step *step = &asked.plan.steps[0];
	assert_string_equal(step->lifecycle->name, "warrant");
	assert_string_equal(step->key, "warrant_no");
	assert_string_equal(step->name, "W900000017");
	assert_string_equal(step->owner, A);
	assert_string_equal(step->was, "entered");
	assert_string_equal(step->to, "entered");
	assert_string_equal(step->now, "entered");
	assert_false(step->is_overtaken);
	asked_done(&asked);
	say_fine(fixture, {"w.serve/1", B, "{'nic':'W123456789'}", NULL, 4, 4});
	say_fine(fixture, {"w.clear/1", A, "{'nic':'W123456789'}", NULL, 5, 5});
	assert_state(fixture, "warrant", "warrant_no", "W900000017", "cleared");
	assert_state(fixture, "warrant", "nic", "W123456789", "cleared");
}

static void judging_writes_nothing(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said issue = {"w.issue/1", A, "{'warrant_no':'W1','sid':'S1'}", NULL, 1, 1};
	assert_ok(ask(fixture, &issue, &asked));
	assert_string_equal(asked.plan.steps[0].was, "none");
	asked_done(&asked);
	assert_state(fixture, "warrant", "warrant_no", "W1", NULL);
}

/* Whoever is refused has to learn which record, how it stands, through whom, and what may be done by whom. */
static const struct refusal {
	const char *name;
	struct said before[4];
	struct said refused;
	enum code code;
	const char *field, *says[6];
} refusals[] = {
    {"a second issue",
     {{"w.issue/1", A, W, NULL, 1, 1}},
     {"w.issue/1", A, W, NULL, 2, 2},
     CODE_LIFECYCLE,
     "/subject/warrant_no",
     {"warrant W900000017 is active, set by " A " with w.issue/1 of 2026-05-02T00:00:00Z",
      "from there: w.serve/1; by " A ": w.cancel/1, w.modify/1", "; by any but " A ": w.enter/1, w.locate/1"}},
    {"not on file",
     {{0}},
     {"w.clear/1", A, W, NULL, 2, 2},
     CODE_LIFECYCLE,
     "/subject/warrant_no",
     {"warrant W900000017 is not on file here", "it begins with w.issue/1"}},
    {"a terminal state",
     {{"w.issue/1", A, W, NULL, 1, 1}, {"w.cancel/1", A, W, NULL, 2, 2}},
     {"w.modify/1", A, W, NULL, 3, 3},
     CODE_LIFECYCLE,
     "/subject/warrant_no",
     {"warrant W900000017 is cancelled, set by " A " with w.cancel/1 of 2026-05-03T00:00:00Z: nothing may follow"}},
    {"an owner's step by another",
     {{"w.issue/1", A, W, NULL, 1, 1}},
     {"w.modify/1", B, W, NULL, 2, 2},
     CODE_AUTHORITY,
     "/from",
     {"warrant W900000017 was entered by " A, "w.modify/1 is for that party alone", "is active, set by " A, "w.serve/1"}},
    {"another's step by the owner",
     {{"w.issue/1", A, W, NULL, 1, 1}},
     {"w.locate/1", A, W, "{'how':'NEW'}", 2, 2},
     CODE_AUTHORITY,
     "/from",
     {"was entered by " A, "w.locate/1 is for any other party", "is active"}},
    {"a number in the main part",
     {{0}},
     {"w.clear/1", A, NULL, "{'warrant_no':'W7'}", 2, 2},
     CODE_LIFECYCLE,
     "/parts/main/warrant_no",
     {"warrant W7 is not on file here"}},
    {"no number",
     {{0}},
     {"w.clear/1", A, "{'oca':'1'}", NULL, 2, 2},
     CODE_LIFECYCLE,
     "/subject",
     {"does not say which warrant", "nic or warrant_no"}},
    {"late, and it did not fit then",
     {{"w.issue/1", A, W, NULL, 1, 1}, {"w.enter/1", C, W, NULL, 2, 2}, {"w.serve/1", B, W, NULL, 5, 5}},
     {"w.enter/1", B, W, NULL, 4, 4},
     CODE_LIFECYCLE,
     "/subject/warrant_no",
     {"signed at 2026-05-05T00:00:00Z, when warrant W900000017 was entered, set by " C " with w.enter/1", "w.serve/1"}},
    {"late, and before it was on file",
     {{"w.issue/1", A, W, NULL, 3, 3}},
     {"w.serve/1", B, W, NULL, 1, 1},
     CODE_LIFECYCLE,
     "/subject/warrant_no",
     {"before warrant W900000017 was on file", "w.issue/1"}},
    {"late, and what followed could not have",
     {{"w.issue/1", A, W, NULL, 1, 1}, {"w.serve/1", B, W, NULL, 4, 4}},
     {"w.cancel/1", A, W, NULL, 3, 3},
     CODE_LIFECYCLE,
     "/subject/warrant_no",
     {"w.serve/1 of " B ", signed later (2026-05-05T00:00:00Z)", "could not have followed", "cancelled, set by " A,
      "nothing may follow"}},
};

static void a_refusal_names_the_state_who_set_it_and_what_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct record_fixture *fixture = NULL;
		record_fixture_up((void **)&fixture);
		for (size_t b = 0; b < 4 && refusals[i].before[b].type; b++)
			assert_int_equal(say(fixture, &refusals[i].before[b]), CODE_OK);
		enum code code = say(fixture, &refusals[i].refused);
		if (code != refusals[i].code || strcmp(fixture->err.field, refusals[i].field) != 0)
			fail_msg("%s: %s %s: %s", refusals[i].name, code_text(code), fixture->err.field, fixture->err.reason);
		for (size_t s = 0; s < 6 && refusals[i].says[s]; s++)
			assert_has(fixture->err.reason, refusals[i].says[s]);
		record_fixture_down((void **)&fixture);
	}
}

static void a_message_that_fits_no_condition_has_nothing_to_do_with_the_record(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said locate = {"w.locate/1", B, W, "{'how':'OLD'}", 2, 2};
	say_fine(fixture, {"w.issue/1", A, W, NULL, 1, 1});
	assert_ok(ask(fixture, &locate, &asked));
	assert_int_equal(asked.plan.steps_count, 0);
	asked_done(&asked);
	assert_state(fixture, "warrant", "warrant_no", "W900000017", "active");
}

static void a_long_number_still_leaves_room_for_the_reason(void **state)
{
	struct record_fixture *fixture = *state;
	char number[128 + 1], subject[256];
	memset(number, 'N', sizeof(number) - 1);
	number[sizeof(number) - 1] = 0;
	snprintf(subject, sizeof(subject), "{'warrant_no':'%s'}", number);
	say_fine(fixture, {"w.issue/1", A, subject, NULL, 1, 1});
	const struct said again = {"w.issue/1", A, subject, NULL, 2, 2};
	assert_int_equal(say(fixture, &again), CODE_LIFECYCLE);
	assert_has(fixture->err.reason, "is active, set by " A);
	assert_has(fixture->err.reason, "w.");
	assert_true(strlen(fixture->err.reason) < ERR_REASON_MAX);
}

static void a_rescission_counts_however_late_either_arrives(void **state)
{
	static const struct said authorize = {"r.authorize/1", A, "{'authority_ref':'R1','doc_number':'D1'}", NULL, 1, 1};
	static const struct said rescind = {"r.rescind/1", A, "{'authority_ref':'R1','doc_number':'D1'}", NULL, 2, 2};
	struct record_fixture *fixture = *state, *other = NULL;
	struct asked asked;
	record_fixture_up((void **)&other);
	assert_int_equal(say(fixture, &authorize), CODE_OK);
	assert_int_equal(say(fixture, &rescind), CODE_OK);
	assert_int_equal(say(other, &rescind), CODE_OK);
	assert_ok(ask(other, &authorize, &asked));
	const struct record_step *step = &asked.plan.steps[0];
	assert_string_equal(step->was, "rescinded");
	assert_string_equal(step->to, "authorized");
	assert_string_equal(step->now, "rescinded");
	assert_true(step->is_overtaken);
	assert_string_equal(step->over_type, "r.rescind/1");
	assert_string_equal(step->over_from, A);
	assert_int_equal(step->over_at, day(2));
	assert_int_equal(step->over_id[UUID_LEN - 1], 2);
	write_plan(other, &asked);
	asked_done(&asked);
	assert_state(fixture, "release", "authority_ref", "R1", "rescinded");
	assert_state(other, "release", "authority_ref", "R1", "rescinded");
	record_fixture_down((void **)&other);
}

static void an_optional_step_that_does_not_fit_changes_nothing(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said carry_out = {"r.carry_out/1", B, "{'doc_number':'D1'}", NULL, 3, 3};
	assert_ok(ask(fixture, &carry_out, &asked));
	assert_int_equal(asked.plan.steps_count, 0);
	write_plan(fixture, &asked);
	asked_done(&asked);
	say_fine(fixture, {"r.rescind/1", A, "{'doc_number':'D1'}", NULL, 2, 2});
	assert_ok(ask(fixture, &carry_out, &asked));
	assert_int_equal(asked.plan.steps_count, 1);
	assert_null(asked.plan.steps[0].to);
	assert_string_equal(asked.plan.steps[0].was, "rescinded");
	assert_string_equal(asked.plan.steps[0].now, "rescinded");
	assert_false(asked.plan.steps[0].is_overtaken);
	write_plan(fixture, &asked);
	asked_done(&asked);
	assert_state(fixture, "release", "doc_number", "D1", "rescinded");
}

/* It would have come between two steps that do not go without each other. */
static void an_optional_step_never_undoes_what_is_on_file(void **state)
{
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"r.defer/1", A, "{'doc_number':'D1'}", NULL, 1, 1});
	say_fine(fixture, {"r.authorize/1", A, "{'doc_number':'D1'}", NULL, 2, 2});
	say_fine(fixture, {"r.defer/1", A, "{'doc_number':'D1'}", NULL, 5, 5});
	say_fine(fixture, {"r.carry_out/1", B, "{'doc_number':'D1'}", NULL, 3, 3});
	assert_state(fixture, "release", "doc_number", "D1", "deferred");
	say_fine(fixture, {"r.rescind/1", A, "{'doc_number':'D1'}", NULL, 6, 6});
	assert_state(fixture, "release", "doc_number", "D1", "rescinded");
}

static void the_same_message_twice_is_one_step(void **state)
{
	struct record_fixture *fixture = *state;
	struct shown shown;
	say_fine(fixture, {"w.issue/1", A, W, NULL, 1, 1});
	say_fine(fixture, {"w.issue/1", A, W, NULL, 1, 1});
	show(fixture, "warrant", "warrant_no", "W900000017", &shown);
	assert_int_equal(shown.count, 1);
	assert_null(strstr(strstr(shown.json, "signed_at") + 1, "signed_at"));
}

static void a_plan_is_done_with_twice_without_harm(void **state)
{
	struct record_plan plan = {.steps_count = 0};
	(void)state;
	record_plan_done(&plan);
	record_plan_done(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_record_goes_from_step_to_step),
	    TEST(judging_writes_nothing),
	    TEST(a_refusal_names_the_state_who_set_it_and_what_is_allowed),
	    TEST(a_message_that_fits_no_condition_has_nothing_to_do_with_the_record),
	    TEST(a_long_number_still_leaves_room_for_the_reason),
	    TEST(a_rescission_counts_however_late_either_arrives),
	    TEST(an_optional_step_that_does_not_fit_changes_nothing),
	    TEST(an_optional_step_never_undoes_what_is_on_file),
	    TEST(the_same_message_twice_is_one_step),
	    TEST(a_plan_is_done_with_twice_without_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
