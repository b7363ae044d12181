/* The shipped catalogue's lifecycles, as agencies live them. */
#include "record_fixture.h"

static int up(void **state)
{
	struct record_fixture *fixture = mem_alloc(sizeof(*fixture));
	struct err err = {.reason = ""};
	if (FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &fixture->catalogue, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	assert_ok(store_memory_open(&fixture->store, &err));
	*state = fixture;
	return 0;
}

static result count_one(void *ctx, const struct record_seen *seen, struct err *err)
{
	(void)seen;
	(void)err;
	++*(size_t *)ctx;
	return OK;
}

static size_t blockers_of(struct record_fixture *fixture, const struct said *said)
{
	struct asked asked;
	size_t count = 0;
	assert_ok(ask(fixture, said, &asked));
	assert_ok(record_blockers(fixture->store, &asked.question, &asked.plan, asked.question.type->interlock, count_one, &count,
	                          &fixture->err));
	asked_done(&asked);
	return count;
}

#define BOARD "ct.bopp"
#define WARRANT "{'warrant_no':'W900000017','sid':'CT00000001'}"
#define BOTH "{'warrant_no':'W900000017','nic':'W123456789'}"
#define LOCATED "{'disposition':'EXTR'}"

static void a_warrant_from_issue_to_clearance(void **state)
{
	struct record_fixture *fixture = *state;
	const struct said late = {"warrant.modify/1", A, BOTH, NULL, 9, 9}, locate = {"warrant.locate/1", A, BOTH, LOCATED, 3, 8};
	say_fine(fixture, {"warrant.issue/1", A, WARRANT, NULL, 1, 1});
	say_fine(fixture, {"warrant.accepted/1", C, BOTH, NULL, 2, 2});
	assert_int_equal(say(fixture, &locate), CODE_AUTHORITY);
	print_message("%s\n", fixture->err.reason);
	say_fine(fixture, {"warrant.locate/1", B, "{'nic':'W123456789'}", LOCATED, 3, 3});
	say_fine(fixture, {"warrant.served/1", B, BOTH, NULL, 4, 4});
	say_fine(fixture, {"warrant.clear/1", A, BOTH, NULL, 5, 5});
	assert_int_equal(say(fixture, &late), CODE_LIFECYCLE);
	print_message("%s\n", fixture->err.reason);
	assert_has(fixture->err.reason, "cleared, set by " A);
	assert_has(fixture->err.reason, "nothing may follow");
}

static void a_release_waits_for_a_warrant_and_a_rescission_beats_it_either_way(void **state)
{
	static const struct said authorize = {
	    "release.authorize/1", BOARD, "{'authority_ref':'R1','doc_number':'00312845','sid':'CT00000001'}", NULL, 3, 30};
	static const struct said rescind = {
	    "release.rescind/1", BOARD, "{'authority_ref':'R1','doc_number':'00312845'}", NULL, 4, 40};
	struct record_fixture *fixture = *state;
	assert_int_equal(blockers_of(fixture, &authorize), 0);
	say_fine(fixture, {"warrant.issue/1", A, WARRANT, NULL, 1, 1});
	assert_int_equal(blockers_of(fixture, &authorize), 1);
	say_fine(fixture, {"warrant.cancel/1", A, WARRANT, NULL, 2, 2});
	assert_int_equal(blockers_of(fixture, &authorize), 0);
	assert_int_equal(say(fixture, &rescind), CODE_OK);
	assert_int_equal(blockers_of(fixture, &authorize), 1); /* late, and already taken back */
	assert_int_equal(say(fixture, &authorize), CODE_OK);
	assert_state(fixture, "release", "authority_ref", "R1", "rescinded");
}

static void a_hold_that_rests_on_a_hit_ends_with_its_denial(void **state)
{
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"warrant.issue/1", A, BOTH, NULL, 1, 1});
	say_fine(fixture, {"custody.hold/1", B, "{'hold_id':'H1','nic':'W123456789'}", "{'basis':'HIT'}", 2, 2});
	say_fine(fixture, {"custody.hold/1", B, "{'hold_id':'H2'}", "{'basis':'COURT_ORDER'}", 2, 3});
	say_fine(fixture, {"hit.confirm_request/1", B, "{'hit_id':'X1','nic':'W123456789'}", "{'request_no':1}", 3, 4});
	say_fine(fixture, {"hit.confirm_response/1", A, "{'hit_id':'X1','nic':'W123456789'}",
	                   "{'request_type':'WP','confirmation':'N'}", 4, 5});
	assert_state(fixture, "hold", "hold_id", "H1", "released");
	assert_state(fixture, "hold", "hold_id", "H2", "placed");
	assert_state(fixture, "hit_confirmation", "hit_id", "X1", "denied");
	assert_state(fixture, "warrant", "nic", "W123456789", "active");
}

#define DENIED "{'request_type':'WP','confirmation':'N'}"
#define ON_HIT "{'basis':'HIT'}"

static void a_denial_releases_all_that_rest_on_its_hit_and_nothing_else(void **state)
{
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"custody.hold/1", B, "{'hold_id':'H1','nic':'W123456789','hit_id':'X1'}", ON_HIT, 2, 1});
	say_fine(fixture, {"custody.hold/1", C, "{'hold_id':'H2','nic':'W123456789'}", ON_HIT, 2, 2});
	say_fine(fixture, {"custody.hold/1", B, "{'hold_id':'H3','nic':'W123456789','hit_id':'X2'}", ON_HIT, 2, 3});
	say_fine(fixture, {"custody.hold/1", B, "{'hold_id':'H4','nic':'W123456789'}", "{'basis':'COURT_ORDER'}", 2, 4});
	say_fine(fixture, {"custody.hold/1", B, "{'hold_id':'H5','nic':'W555555555'}", ON_HIT, 2, 5});
	say_fine(fixture, {"hit.confirm_response/1", A, "{'hit_id':'X1','nic':'W123456789'}", DENIED, 4, 6});
	assert_state(fixture, "hold", "hold_id", "H1", "released");
	assert_state(fixture, "hold", "hold_id", "H2", "released");
	assert_state(fixture, "hold", "hold_id", "H3", "placed_on_hit");
	assert_state(fixture, "hold", "hold_id", "H4", "placed");
	assert_state(fixture, "hold", "hold_id", "H5", "placed_on_hit");
	say_fine(fixture, {"hit.confirm_response/1", A, "{'nic':'W123456789'}", DENIED, 5, 7}); /* of the record as such */
	assert_state(fixture, "hold", "hold_id", "H3", "released");
	assert_state(fixture, "hold", "hold_id", "H5", "placed_on_hit");
}

static void a_denial_that_overtakes_its_holds_ends_them_and_those_that_were_signed_later_stand(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said hold = {"custody.hold/1", B, "{'hold_id':'H1','nic':'W123456789'}", ON_HIT, 2, 1};
	say_fine(fixture, {"hit.confirm_response/1", A, "{'hit_id':'X1','nic':'W123456789'}", DENIED, 4, 6});
	assert_ok(ask(fixture, &hold, &asked));
	assert_int_equal(asked.plan.steps_count, 1);
	assert_string_equal(asked.plan.steps[0].to, "placed_on_hit");
	assert_string_equal(asked.plan.steps[0].now, "released");
	assert_true(asked.plan.steps[0].is_overtaken);
	assert_string_equal(asked.plan.steps[0].over_type, "hit.confirm_response/1");
	asked_done(&asked);
	assert_int_equal(say(fixture, &hold), CODE_OK);
	say_fine(fixture, {"custody.hold/1", C, "{'hold_id':'H2','nic':'W123456789','hit_id':'X1'}", ON_HIT, 3, 2});
	say_fine(fixture, {"custody.hold/1", C, "{'hold_id':'H3','nic':'W123456789','hit_id':'X2'}", ON_HIT, 3, 3});
	say_fine(fixture, {"custody.hold/1", B, "{'hold_id':'H4','nic':'W123456789'}", ON_HIT, 5, 4});
	say_fine(fixture, {"custody.hold/1", B, "{'hold_id':'H5','nic':'W555555555'}", ON_HIT, 3, 5});
	assert_state(fixture, "hold", "hold_id", "H1", "released");
	assert_state(fixture, "hold", "hold_id", "H2", "released");
	assert_state(fixture, "hold", "hold_id", "H3", "placed_on_hit");
	assert_state(fixture, "hold", "hold_id", "H4", "placed_on_hit");
	assert_state(fixture, "hold", "hold_id", "H5", "placed_on_hit");
}

/* Otherwise nobody could act on the refusal. */
static void every_lifecycle_says_how_it_begins(void **state)
{
	struct record_fixture *fixture = *state;
	for (size_t i = 0; i < catalogue_count(fixture->catalogue); i++) {
		const struct catalogue_type *type = catalogue_at(fixture->catalogue, i);
		for (size_t m = 0; m < type->moves_count; m++) {
			char subject[256];
			const struct catalogue_lifecycle *lifecycle =
			    catalogue_lifecycle(fixture->catalogue, type->moves[m].lifecycle);
			snprintf(subject, sizeof(subject), "{'%s':'9'}", lifecycle->keys[0].name);
			const struct said said = {type->name, A, subject, NULL, 1, (int)i};
			if (say(fixture, &said) == CODE_LIFECYCLE && strstr(fixture->err.reason, "not on file"))
				assert_has(fixture->err.reason, ": it begins with ");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_warrant_from_issue_to_clearance, up, record_fixture_down),
	    cmocka_unit_test_setup_teardown(a_release_waits_for_a_warrant_and_a_rescission_beats_it_either_way, up,
	                                    record_fixture_down),
	    cmocka_unit_test_setup_teardown(a_hold_that_rests_on_a_hit_ends_with_its_denial, up, record_fixture_down),
	    cmocka_unit_test_setup_teardown(a_denial_releases_all_that_rest_on_its_hit_and_nothing_else, up, record_fixture_down),
	    cmocka_unit_test_setup_teardown(a_denial_that_overtakes_its_holds_ends_them_and_those_that_were_signed_later_stand, up,
	                                    record_fixture_down),
	    cmocka_unit_test_setup_teardown(every_lifecycle_says_how_it_begins, up, record_fixture_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
