#include "record_fixture.h"

#define DOE "'name':{'family':'Doe','given':'John'},'dob':'1990-01-02'"

/* "LIFECYCLE KEY NAME STATE OWNER SETTER" of each, one line after the other. */
struct told {
	char text[2048];
	size_t count;
};

static result note_seen(void *ctx, const struct record_seen *seen, struct err *err)
{
	struct told *told = ctx;
	struct bytes value, text;
	size_t used = strlen(told->text);
	snprintf(told->text + used, sizeof(told->text) - used, "%s %s %s %s %s %s %s\n", seen->lifecycle->name, seen->key,
	         seen->name, seen->state->name, seen->owner, seen->from, seen->type);
	assert_ok(pack_scan(seen->map, err));
	assert_true(pack_find(seen->map, "state", &value) && pack_as_text(value, &text) && bytes_is(text, seen->state->name));
	assert_true(pack_find(seen->map, "since", &value) && pack_as_text(value, &text) && text.len > 0);
	assert_true(seen->since >= day(0));
	told->count++;
	return OK;
}

typedef result (*walk_fn)(struct store *store, const struct record_question *question, const struct record_plan *plan,
                          const char *interlock, record_seen_fn fn, void *ctx, struct err *err);

static void told_by(struct record_fixture *fixture, walk_fn walk, const struct said *said, struct told *told)
{
	struct asked asked;
	memset(told, 0, sizeof(*told));
	assert_ok(ask(fixture, said, &asked));
	assert_ok(walk(fixture->store, &asked.question, &asked.plan, "release", note_seen, told, &fixture->err));
	asked_done(&asked);
}

static const struct said release_of_s1 = {"r.authorize/1",        A, "{'authority_ref':'R1','sid':'S1'}",
                                          "{'person':{" DOE "}}", 9, 900};

static void a_record_of_the_person_in_a_blocking_state_stands_against_it(void **state)
{
	struct record_fixture *fixture = *state;
	struct told told;
	told_by(fixture, record_blockers, &release_of_s1, &told);
	assert_int_equal(told.count, 0);
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1','sid':'S1'}", NULL, 1, 1});
	say_fine(fixture, {"w.enter/1", C, "{'nic':'N1'}", NULL, 2, 2});
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N2','sid':'S2'}", NULL, 1, 3});
	told_by(fixture, record_blockers, &release_of_s1, &told);
	assert_string_equal(told.text, "warrant nic N1 entered " A " " C " w.enter/1\n");
	say_fine(fixture, {"w.serve/1", B, "{'nic':'N1'}", NULL, 3, 4});
	told_by(fixture, record_blockers, &release_of_s1, &told);
	assert_int_equal(told.count, 0);
}

static void it_is_found_by_any_identifier_that_is_known_to_be_the_same_persons(void **state)
{
	struct record_fixture *fixture = *state;
	struct told told;
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1'}", "{'person':{'ids':{'ucn':'U1'}}}", 1, 1});
	say_fine(fixture, {"plain/1", B, "{'sid':'S1','ucn':'U1'}", NULL, 2, 2});
	told_by(fixture, record_blockers, &release_of_s1, &told);
	assert_int_equal(told.count, 1);
}

static void it_is_found_after_a_merger_and_told_once(void **state)
{
	struct record_fixture *fixture = *state;
	struct told told;
	bool changed = false;
	const struct record_merger merger = {.keep = BYTES_LIT("\x81\xa3sid\xa2S1"),
	                                     .merge = BYTES_LIT("\x81\xa3sid\xa2S2"),
	                                     .who = A,
	                                     .id = (const uint8_t *)"0123456789abcdef",
	                                     .at = 5};
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1','sid':'S1'}", NULL, 1, 1});
	say_fine(fixture, {"w.issue/1", B, "{'nic':'N2','sid':'S2'}", NULL, 1, 2});
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(record_merge(fixture->store, &merger, &changed, &fixture->err));
	assert_ok(store_commit(fixture->store, &fixture->err));
	told_by(fixture, record_blockers, &release_of_s1, &told);
	assert_int_equal(told.count, 2);
	assert_has(told.text, "warrant nic N2 active " B);
}

static void a_record_that_the_subject_names_counts_without_any_person(void **state)
{
	struct record_fixture *fixture = *state;
	struct told told;
	const struct said by_nic = {"r.authorize/1", A, "{'doc_number':'D1','nic':'N1'}", NULL, 9, 900};
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1'}", NULL, 1, 1});
	told_by(fixture, record_blockers, &by_nic, &told);
	assert_int_equal(told.count, 1);
	assert_has(told.text, "warrant nic N1");
}

/* Signed earlier than the rescission that is on file, or later than the deferral that it ends. */
static void the_record_that_it_moves_counts_in_the_state_it_is_left_in(void **state)
{
	struct record_fixture *fixture = *state;
	struct told told;
	const struct said early = {"r.authorize/1", A, "{'authority_ref':'R1','sid':'S1'}", NULL, 1, 900};
	say_fine(fixture, {"r.defer/1", A, "{'authority_ref':'R1','sid':'S1'}", NULL, 2, 1});
	told_by(fixture, record_blockers, &release_of_s1, &told);
	assert_int_equal(told.count, 0);
	told_by(fixture, record_blockers, &early, &told);
	assert_has(told.text, "release authority_ref R1 deferred");
	say_fine(fixture, {"r.rescind/1", A, "{'authority_ref':'R1','sid':'S1'}", NULL, 3, 2});
	told_by(fixture, record_blockers, &release_of_s1, &told); /* its step is optional and does not fit */
	assert_string_equal(told.text, "release authority_ref R1 rescinded " A " " A " r.rescind/1\n");
}

static void another_record_of_the_person_counts_although_its_own_does_not(void **state)
{
	struct record_fixture *fixture = *state;
	struct told told;
	say_fine(fixture, {"r.rescind/1", A, "{'authority_ref':'R0','sid':'S1'}", NULL, 3, 2});
	told_by(fixture, record_blockers, &release_of_s1, &told);
	assert_string_equal(told.text, "release authority_ref R0 rescinded " A " " A " r.rescind/1\n");
}

static void another_interlock_asks_for_other_states(void **state)
{
	struct record_fixture *fixture = *state;
	struct told told = {.count = 0};
	struct asked asked;
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1','sid':'S1'}", NULL, 1, 1});
	assert_ok(ask(fixture, &release_of_s1, &asked));
	assert_ok(record_blockers(fixture->store, &asked.question, &asked.plan, "travel", note_seen, &told, &fixture->err));
	assert_int_equal(told.count, 0);
	asked_done(&asked);
}

static void a_name_and_a_date_of_birth_make_a_candidate_and_nothing_more(void **state)
{
	static const struct {
		const char *main;
		size_t candidates;
	} cases[] = {
	    {"{'person':{" DOE "}}", 1},
	    {"{'person':{'name':{'family':'DOE','given':'john'},'dob':'1990-01-02'}}", 1},
	    {"{'person':{'name':{'family':'Poe','given':'Ed'},'dob':'1990-01-02','aliases':[{'family':'Doe','given':'John'}]}}",
	     1},
	    {"{'person':{'name':{'family':'Doe','given':'John'},'dob':'1990-01-03'}}", 0},
	    {"{'person':{'name':{'family':'Doe','given':'Jon'},'dob':'1990-01-02'}}", 0},
	    {"{'person':{'name':{'family':'Doe','given':'John'}}}", 0},
	    {"{'person':{'dob':'1990-01-02'}}", 0},
	    {"{}", 0},
	};
	(void)state;
	for (int with_id = 0; with_id < 2; with_id++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct record_fixture *fixture = NULL;
			struct told told;
			const struct said release = {"r.authorize/1", A, "{'authority_ref':'R1','sid':'S1'}",
			                             cases[i].main,   9, 900};
			record_fixture_up((void **)&fixture);
			say_fine(fixture, {"w.issue/1", A, with_id ? "{'nic':'N1','sid':'S2'}" : "{'nic':'N1'}",
			                   "{'person':{" DOE "}}", 1, 1});
			told_by(fixture, record_blockers, &release, &told);
			assert_int_equal(told.count, 0);
			told_by(fixture, record_candidates, &release, &told);
			if (told.count != cases[i].candidates)
				fail_msg("%s: %zu", cases[i].main, told.count);
			record_fixture_down((void **)&fixture);
		}
}

static void what_stands_against_it_anyway_is_no_candidate(void **state)
{
	struct record_fixture *fixture = *state;
	struct told told;
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1'}", "{'person':{" DOE "}}", 1, 1});
	told_by(fixture, record_candidates, &release_of_s1, &told);
	assert_int_equal(told.count, 1);
	say_fine(fixture, {"w.modify/1", A, "{'nic':'N1','sid':'S1'}", "{'person':{" DOE "}}", 2, 2});
	told_by(fixture, record_candidates, &release_of_s1, &told);
	assert_int_equal(told.count, 0);
	told_by(fixture, record_blockers, &release_of_s1, &told);
	assert_int_equal(told.count, 1);
}

static result give_up(void *ctx, const struct record_seen *seen, struct err *err)
{
	(void)seen;
	++*(int *)ctx;
	return err_set(err, CODE_FULL, "", "no more");
}

static void a_failure_ends_the_walk(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	int calls = 0;
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1','sid':'S1'}", NULL, 1, 1});
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N2','sid':'S1'}", NULL, 1, 2});
	assert_ok(ask(fixture, &release_of_s1, &asked));
	assert_int_equal(
	    record_blockers(fixture->store, &asked.question, &asked.plan, "release", give_up, &calls, &fixture->err).code,
	    CODE_FULL);
	assert_int_equal(calls, 1);
	asked_done(&asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_record_of_the_person_in_a_blocking_state_stands_against_it),
	    TEST(it_is_found_by_any_identifier_that_is_known_to_be_the_same_persons),
	    TEST(it_is_found_after_a_merger_and_told_once),
	    TEST(a_record_that_the_subject_names_counts_without_any_person),
	    TEST(the_record_that_it_moves_counts_in_the_state_it_is_left_in),
	    TEST(another_record_of_the_person_counts_although_its_own_does_not),
	    TEST(another_interlock_asks_for_other_states),
	    TEST(a_name_and_a_date_of_birth_make_a_candidate_and_nothing_more),
	    TEST(what_stands_against_it_anyway_is_no_candidate),
	    TEST(a_failure_ends_the_walk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
