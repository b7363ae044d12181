#include "record_fixture.h"

#include "broker/record/record_map.h"

#define W "{'warrant_no':'W1','nic':'N1'}"

static void a_record_is_shown_with_its_state_its_names_and_its_history(void **state)
{
	struct record_fixture *fixture = *state;
	struct shown shown;
	say_fine(fixture, {"w.issue/1", A, "{'warrant_no':'W1','sid':'S1'}", NULL, 1, 1});
	say_fine(fixture, {"w.cancel/1", A, W, NULL, 4, 3});
	show(fixture, "warrant", "nic", "N1", &shown);
	assert_int_equal(shown.count, 1);
	assert_string_equal(
	    shown.json,
	    "{\"lifecycle\":\"warrant\",\"state\":\"cancelled\",\"title\":\"Withdrawn\",\"terminal\":true,\"owner\":\"" A
	    "\",\"since\":\"2026-05-05T00:00:00.000Z\",\"names\":{\"warrant_no\":[\"W1\"],\"nic\":[\"N1\"]},\"persons\":[1],"
	    "\"history\":[{\"signed_at\":\"2026-05-02T00:00:00.000Z\",\"type\":\"w.issue/1\",\"from\":\"" A
	    "\",\"id\":\"01000000-0000-0000-0000-000000000001\",\"to\":\"active\"},{\"signed_at\":\"2026-05-05T00:00:00.000Z\","
	    "\"type\":\"w.cancel/1\",\"from\":\"" A
	    "\",\"id\":\"01000000-0000-0000-0000-000000000003\",\"to\":\"cancelled\"}]}\n");
}

static void a_step_without_effect_says_so(void **state)
{
	struct record_fixture *fixture = *state;
	struct shown shown;
	say_fine(fixture, {"r.rescind/1", A, "{'doc_number':'D1'}", NULL, 1, 1});
	say_fine(fixture, {"r.carry_out/1", B, "{'doc_number':'D1'}", NULL, 2, 2});
	show(fixture, "release", "doc_number", "D1", &shown);
	assert_has(shown.json, "\"note\":\"without effect");
}

static void records_of_several_agencies_are_shown_each(void **state)
{
	struct record_fixture *fixture = *state;
	struct shown shown;
	say_fine(fixture, {"w.issue/1", A, "{'warrant_no':'W1'}", NULL, 1, 1});
	say_fine(fixture, {"w.issue/1", B, "{'warrant_no':'W1'}", NULL, 1, 2});
	show(fixture, "warrant", "warrant_no", "W1", &shown);
	assert_int_equal(shown.count, 2);
	assert_has(shown.json, "\"owner\":\"" A "\"");
	assert_has(shown.json, "\"owner\":\"" B "\"");
}

static void what_is_unknown_is_not_shown(void **state)
{
	static const struct {
		const char *lifecycle, *key, *value;
	} cases[] = {{"warrant", "warrant_no", "W"},
	             {"warrant", "warrant_no", "W11"},
	             {"warrant", "nic", "W1"},
	             {"warran", "warrant_no", "W1"},
	             {"warrant", "", ""}};
	struct record_fixture *fixture = *state;
	say_fine(fixture, {"w.issue/1", A, "{'warrant_no':'W1'}", NULL, 1, 1});
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct shown shown;
		show(fixture, cases[i].lifecycle, cases[i].key, cases[i].value, &shown);
		if (shown.count != 0)
			fail_msg("%s %s %s", cases[i].lifecycle, cases[i].key, cases[i].value);
	}
	const struct identifier nobody = {.kind = BYTES_LIT("sid"), .value = BYTES_LIT("S9")};
	struct buf out;
	bool found = true;
	buf_init(&out, 4096);
	assert_ok(record_show_person(fixture->store, fixture->catalogue, &nobody, &out, &found, &fixture->err));
	assert_false(found);
	assert_int_equal(out.len, 0);
}

static void a_key_that_is_too_long_is_refused(void **state)
{
	static uint8_t longest[STORE_KEY_MAX];
	struct record_fixture *fixture = *state;
	struct shown shown = {.count = 0};
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(record_show(fixture->store, fixture->catalogue, "warrant", "nic", bytes_of(longest, sizeof(longest)),
	                             note_row, &shown, &fixture->err)
	                     .code,
	                 CODE_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_record_is_shown_with_its_state_its_names_and_its_history),
	    TEST(a_step_without_effect_says_so),
	    TEST(records_of_several_agencies_are_shown_each),
	    TEST(what_is_unknown_is_not_shown),
	    TEST(a_key_that_is_too_long_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
