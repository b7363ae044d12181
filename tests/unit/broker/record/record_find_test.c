#include "record_fixture.h"

#include "broker/record/record_find.h"

#define W "{'warrant_no':'W1'}"

static void a_number_of_each_agencys_own_is_the_senders_record_first(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said by_a = {"w.cancel/1", A, W, NULL, 3, 3}, by_b = {"w.modify/1", B, W, NULL, 3, 4};
	say_fine(fixture, {"w.issue/1", A, W, NULL, 1, 1});
	say_fine(fixture, {"w.issue/1", B, W, NULL, 2, 2});
	assert_ok(ask(fixture, &by_a, &asked));
	assert_string_equal(asked.plan.steps[0].owner, A);
	write_plan(fixture, &asked);
	asked_done(&asked);
	assert_ok(ask(fixture, &by_b, &asked));
	assert_string_equal(asked.plan.steps[0].owner, B);
	assert_string_equal(asked.plan.steps[0].was, "active");
	asked_done(&asked);
}

static void a_number_of_another_agency_is_its_record_if_there_is_only_one(void **state)
{
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"w.issue/1", A, W, NULL, 1, 1});
	say_fine(fixture, {"w.locate/1", B, W, "{'how':'NEW'}", 2, 2});
	assert_state(fixture, "warrant", "warrant_no", "W1", "located");
}

static void a_number_of_several_agencies_is_refused_and_the_surer_key_is_named(void **state)
{
	struct record_fixture *fixture = *state;
	const struct said locate = {"w.locate/1", B, W, "{'how':'NEW'}", 5, 5};
	say_fine(fixture, {"w.issue/1", A, W, NULL, 1, 1});
	say_fine(fixture, {"w.issue/1", C, "{'warrant_no':'W1','nic':'N2'}", NULL, 2, 2});
	assert_int_equal(say(fixture, &locate), CODE_LIFECYCLE);
	assert_string_equal(fixture->err.field, "/subject/warrant_no");
	assert_has(fixture->err.reason, "warrant W1 is a number of several agencies");
	assert_has(fixture->err.reason, A " (active)");
	assert_has(fixture->err.reason, C " (active)");
	assert_has(fixture->err.reason, "name the record by its nic");
	say_fine(fixture, {"w.locate/1", B, "{'warrant_no':'W1','nic':'N2'}", "{'how':'NEW'}", 6, 6});
	assert_state(fixture, "warrant", "nic", "N2", "located");
}

static void of_several_agencies_only_the_open_record_counts(void **state)
{
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"w.issue/1", A, W, NULL, 1, 1});
	say_fine(fixture, {"w.issue/1", C, "{'warrant_no':'W1','nic':'N2'}", NULL, 2, 2});
	say_fine(fixture, {"w.cancel/1", A, W, NULL, 3, 3});
	say_fine(fixture, {"w.locate/1", B, W, "{'how':'NEW'}", 4, 4});
	assert_state(fixture, "warrant", "nic", "N2", "located");
}

static void another_key_that_comes_along_becomes_a_name_too(void **state)
{
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"w.issue/1", A, W, NULL, 1, 1});
	assert_state(fixture, "warrant", "nic", "N1", NULL);
	say_fine(fixture, {"w.enter/1", C, "{'nic':'N1','warrant_no':'W1'}", NULL, 2, 2});
	assert_state(fixture, "warrant", "nic", "N1", "entered");
	say_fine(fixture, {"w.modify/1", A, "{'nic':'N1'}", NULL, 3, 3});
}

/* Otherwise a person's second authorization would continue the first. */
static void a_surer_key_that_differs_makes_it_another_record(void **state)
{
	struct record_fixture *fixture = *state;
	struct shown shown;
	say_fine(fixture, {"r.authorize/1", A, "{'authority_ref':'R1','doc_number':'D1'}", NULL, 1, 1});
	say_fine(fixture, {"r.rescind/1", A, "{'authority_ref':'R1'}", NULL, 2, 2});
	say_fine(fixture, {"r.authorize/1", A, "{'authority_ref':'R2','doc_number':'D1'}", NULL, 3, 3});
	assert_state(fixture, "release", "authority_ref", "R1", "rescinded");
	assert_state(fixture, "release", "authority_ref", "R2", "authorized");
	show(fixture, "release", "doc_number", "D1", &shown);
	assert_int_equal(shown.count, 2);
}

static void a_key_of_several_records_means_the_latest_that_is_open(void **state)
{
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"r.authorize/1", A, "{'authority_ref':'R1','doc_number':'D1'}", NULL, 1, 1});
	say_fine(fixture, {"r.authorize/1", A, "{'authority_ref':'R2','doc_number':'D1'}", NULL, 2, 2});
	say_fine(fixture, {"r.authorize/1", A, "{'authority_ref':'R3','doc_number':'D1'}", NULL, 3, 3});
	say_fine(fixture, {"r.rescind/1", A, "{'authority_ref':'R3'}", NULL, 4, 4});
	say_fine(fixture, {"r.close/1", A, "{'authority_ref':'R3'}", NULL, 5, 5});
	say_fine(fixture, {"r.defer/1", A, "{'doc_number':'D1'}", NULL, 6, 6});
	assert_state(fixture, "release", "authority_ref", "R1", "authorized");
	assert_state(fixture, "release", "authority_ref", "R2", "deferred");
	assert_state(fixture, "release", "authority_ref", "R3", "closed");
}

static void a_value_of_the_main_part_that_is_no_identifier_is_no_key(void **state)
{
	struct record_fixture *fixture = *state;
	const struct catalogue_lifecycle *warrant = catalogue_lifecycle(fixture->catalogue, "warrant");
	static const char *const mains[] = {"{'nic':7}", "{'nic':''}", "{'nic':'a\\u0000b'}", "{'nic':['N']}", "[]"};
	struct record_key keys[RECORD_NAMES_MAX];
	const struct message message = {.subject = BYTES_NONE};
	for (size_t i = 0; i < sizeof(mains) / sizeof(*mains); i++) {
		struct buf packed;
		buf_init(&packed, 4096);
		sample_pack(mains[i], &packed);
		if (record_find_keys(warrant, &message, buf_bytes(&packed), keys) != 0)
			fail_msg("%s", mains[i]);
		buf_done(&packed);
	}
	assert_int_equal(record_find_keys(warrant, &message, BYTES_NONE, keys), 0);
}

/* ---- how much is read ---- */

static const struct store_ops *real;
static size_t rows_read;

static result counted_next(struct store *store, enum store_space space, struct bytes from, bool or_equal, struct buf *hold,
                           bool *ret_found, size_t *ret_key_len, struct err *err)
{
	rows_read++;
	return real->row_next(store, space, from, or_equal, hold, ret_found, ret_key_len, err);
}

static result counted_get(struct store *store, enum store_space space, struct bytes key, struct buf *hold, bool *ret_found,
                          struct err *err)
{
	rows_read++;
	return real->row_get(store, space, key, hold, ret_found, err);
}

static void ten_thousand_records_are_not_gone_through_for_one(void **state)
{
	enum { MANY = 10000, FEW = 60 };
	struct record_fixture *fixture = *state;
	struct store_ops ops = *fixture->store->ops;
	struct asked asked;
	char subject[128];
	for (int i = 0; i < MANY; i++) {
		snprintf(subject, sizeof(subject), "{'warrant_no':'W%d','nic':'N%d','sid':'S%d'}", i, i, i);
		say_fine(fixture, {"w.issue/1", A, subject, "{'person':{'name':{'family':'Doe','given':'Jo'}}}", 1, i});
	}
	real = fixture->store->ops;
	ops.row_next = counted_next;
	ops.row_get = counted_get;
	fixture->store->ops = &ops;
	const struct said locate = {"w.locate/1", B, "{'nic':'N5000','sid':'S5000'}", "{'how':'NEW'}", 2, MANY + 1};
	assert_ok(ask(fixture, &locate, &asked));
	write_plan(fixture, &asked);
	asked_done(&asked);
	if (rows_read > FEW)
		fail_msg("%zu rows were read", rows_read);
	fixture->store->ops = real;
	assert_state(fixture, "warrant", "nic", "N5000", "located");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_number_of_each_agencys_own_is_the_senders_record_first),
	    TEST(a_number_of_another_agency_is_its_record_if_there_is_only_one),
	    TEST(a_number_of_several_agencies_is_refused_and_the_surer_key_is_named),
	    TEST(of_several_agencies_only_the_open_record_counts),
	    TEST(another_key_that_comes_along_becomes_a_name_too),
	    TEST(a_surer_key_that_differs_makes_it_another_record),
	    TEST(a_key_of_several_records_means_the_latest_that_is_open),
	    TEST(a_value_of_the_main_part_that_is_no_identifier_is_no_key),
	    TEST(ten_thousand_records_are_not_gone_through_for_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
