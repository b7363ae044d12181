#include "record_fixture.h"

#include "broker/record/record_person.h"

/* Whom the text's identifiers lead to; 0: nobody. */
static int64_t person_of(struct record_fixture *fixture, const char *kind, const char *value)
{
	const struct identifier id = {.kind = bytes_text(kind), .value = bytes_text(value)};
	int64_t person = -1;
	assert_ok(record_person_find(fixture->store, &id, &person, &fixture->err));
	return person;
}

static void takes_identifiers_from_the_subject_and_from_the_main_part_each_once(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said said = {
	    "plain/1",
	    A,
	    "{'sid':'S1','warrant_no':'W1','nic':'N1'}",
	    "{'person':{'ids':{'sid':'S1','doc_number':'D1','oln':'123','ols':'CT'},'name':{}},'ids':{'ucn':'U1','ssn':7}}",
	    1,
	    1};
	assert_ok(ask(fixture, &said, &asked));
	assert_int_equal(asked.plan.ids_count, 4);
	assert_true(bytes_is(asked.plan.ids[0].kind, "sid") && bytes_is(asked.plan.ids[0].value, "S1"));
	assert_true(bytes_is(asked.plan.ids[1].kind, "doc_number") && bytes_is(asked.plan.ids[2].kind, "oln"));
	assert_true(bytes_is(asked.plan.ids[2].issuer, "CT"));
	assert_true(bytes_is(asked.plan.ids[3].kind, "ucn"));
	asked_done(&asked);
}

static void a_drivers_license_without_its_state_is_nobodys(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said said = {"plain/1", A, "{'oln':'123'}", "{'person':{'ids':{'ols':'CT'}}}", 1, 1};
	assert_ok(ask(fixture, &said, &asked));
	assert_int_equal(asked.plan.ids_count, 0);
	asked_done(&asked);
}

static void identifiers_that_come_together_are_of_one_person(void **state)
{
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"plain/1", A, "{'sid':'S1'}", NULL, 1, 1});
	say_fine(fixture, {"plain/1", B, "{'sid':'S1','doc_number':'D1'}", NULL, 2, 2});
	say_fine(fixture, {"plain/1", C, "{'doc_number':'D1'}", "{'person':{'ids':{'ucn':'U1'}}}", 3, 3});
	assert_true(person_of(fixture, "sid", "S1") > 0);
	assert_int_equal(person_of(fixture, "doc_number", "D1"), person_of(fixture, "sid", "S1"));
	assert_int_equal(person_of(fixture, "ucn", "U1"), person_of(fixture, "sid", "S1"));
	assert_int_equal(person_of(fixture, "ucn", "S1"), 0); /* of another kind */
}

static void identifiers_of_several_persons_are_not_merged_but_reported(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said both = {"plain/1", B, "{'sid':'S1','doc_number':'D1','ucn':'U1'}", NULL, 2, 3};
	say_fine(fixture, {"plain/1", A, "{'sid':'S1'}", NULL, 1, 1});
	say_fine(fixture, {"plain/1", A, "{'doc_number':'D1'}", NULL, 1, 2});
	assert_ok(ask(fixture, &both, &asked));
	assert_int_equal(asked.plan.persons_count, 2);
	assert_string_equal(asked.plan.conflict, "doc_number D1 and sid S1 are known as those of two persons");
	write_plan(fixture, &asked);
	asked_done(&asked);
	assert_int_not_equal(person_of(fixture, "sid", "S1"), person_of(fixture, "doc_number", "D1"));
	assert_true(person_of(fixture, "ucn", "U1") > 0); /* whose is open: for now it is a third one's */
	assert_int_not_equal(person_of(fixture, "ucn", "U1"), person_of(fixture, "sid", "S1"));
	assert_int_not_equal(person_of(fixture, "ucn", "U1"), person_of(fixture, "doc_number", "D1"));
}

static void a_second_number_of_a_kind_is_not_taken_for_the_same_persons(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said second = {"plain/1", B, "{'sid':'S1','doc_number':'D2'}", NULL, 2, 3},
	                  two = {"plain/1", B, "{'sid':'S8'}", "{'ids':{'sid':'S9'}}", 2, 4};
	say_fine(fixture, {"plain/1", A, "{'sid':'S1','doc_number':'D1'}", NULL, 1, 1});
	assert_ok(ask(fixture, &second, &asked));
	assert_has(asked.plan.conflict,
	           "sid S1 and doc_number D2 come together, but that person is known by another number of the kind");
	write_plan(fixture, &asked);
	asked_done(&asked);
	assert_int_not_equal(person_of(fixture, "doc_number", "D2"), person_of(fixture, "sid", "S1"));
	assert_ok(ask(fixture, &two, &asked));
	assert_has(asked.plan.conflict, "sid S8 and sid S9 cannot both be the same person's");
	write_plan(fixture, &asked);
	asked_done(&asked);
	assert_int_not_equal(person_of(fixture, "sid", "S8"), person_of(fixture, "sid", "S9"));
}

static void a_question_does_not_say_who_somebody_is(void **state)
{
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"ask/1", B, "{'sid':'S1','doc_number':'D1'}", NULL, 1, 1});
	assert_int_equal(person_of(fixture, "sid", "S1"), 0);
}

static void a_record_of_somebody_else_so_far_is_reported(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said serve = {"w.serve/1", B, "{'nic':'N1','sid':'S2'}", NULL, 2, 2},
	                  fine = {"w.serve/1", B, "{'nic':'N1','sid':'S1'}", NULL, 2, 3};
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1','sid':'S1'}", NULL, 1, 1});
	assert_ok(ask(fixture, &fine, &asked));
	assert_string_equal(asked.plan.conflict, "");
	asked_done(&asked);
	assert_ok(ask(fixture, &serve, &asked));
	assert_string_equal(asked.plan.conflict, "sid S2 is not of the person that warrant N1 was about so far");
	asked_done(&asked);
}

struct ids {
	char text[512];
};

static result note_id(void *ctx, const struct identifier *id, struct err *err)
{
	struct ids *ids = ctx;
	size_t used = strlen(ids->text);
	(void)err;
	snprintf(ids->text + used, sizeof(ids->text) - used, "%.*s=%.*s ", (int)id->kind.len, (const char *)id->kind.at,
	         (int)id->value.len, (const char *)id->value.at);
	return OK;
}

static void all_that_is_known_of_the_messages_persons_is_told_each_once(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	struct ids ids = {.text = ""};
	const struct said said = {"ask/1", B, "{'doc_number':'D1','ucn':'U7'}", NULL, 2, 2};
	say_fine(fixture, {"plain/1", A, "{'sid':'S1','doc_number':'D1'}", NULL, 1, 1});
	assert_ok(ask(fixture, &said, &asked));
	assert_ok(record_ids(fixture->store, &asked.plan, note_id, &ids, &fixture->err));
	assert_string_equal(ids.text, "doc_number=D1 ucn=U7 sid=S1 ");
	asked_done(&asked);
}

static void after_a_refusal_the_persons_are_known_all_the_same(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said refused = {"w.clear/1", A, "{'nic':'N9','sid':'S1'}", NULL, 2, 2};
	say_fine(fixture, {"plain/1", A, "{'sid':'S1'}", NULL, 1, 1});
	assert_int_equal(ask(fixture, &refused, &asked).code, CODE_LIFECYCLE);
	assert_int_equal(asked.plan.persons_count, 1);
	assert_int_equal(asked.plan.steps_count, 0);
	asked_done(&asked);
}

static void a_damaged_row_is_corrupt_and_no_person(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said said = {"plain/1", A, "{'sid':'S1'}", NULL, 1, 1};
	struct record_row_key key = {.len = 0};
	record_row_key_add(&key, BYTES_LIT("i"));
	record_row_key_text(&key, BYTES_LIT("sid"));
	record_row_key_text(&key, BYTES_NONE);
	record_row_key_text(&key, BYTES_LIT("S1"));
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(store_row_put(fixture->store, STORE_PERSON_NAMES, record_row_key_view(&key), BYTES_LIT("\xc0"), &fixture->err));
	assert_ok(store_commit(fixture->store, &fixture->err));
	assert_int_equal(ask(fixture, &said, &asked).code, CODE_CORRUPT);
	asked_done(&asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(takes_identifiers_from_the_subject_and_from_the_main_part_each_once),
	    TEST(a_drivers_license_without_its_state_is_nobodys),
	    TEST(identifiers_that_come_together_are_of_one_person),
	    TEST(identifiers_of_several_persons_are_not_merged_but_reported),
	    TEST(a_second_number_of_a_kind_is_not_taken_for_the_same_persons),
	    TEST(a_question_does_not_say_who_somebody_is),
	    TEST(a_record_of_somebody_else_so_far_is_reported),
	    TEST(all_that_is_known_of_the_messages_persons_is_told_each_once),
	    TEST(after_a_refusal_the_persons_are_known_all_the_same),
	    TEST(a_damaged_row_is_corrupt_and_no_person),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
