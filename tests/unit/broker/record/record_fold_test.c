#include "record_fixture.h"

#include <stdlib.h>

#include "broker/record/record_fold.h"

#define W "{'warrant_no':'W1','nic':'N1'}"
#define R "{'authority_ref':'R1'}"

enum { CHAIN_MAX = 6 };

/* Each is legal in the order in which it was signed. */
static const struct chain {
	const char *lifecycle, *key, *value, *end;
	struct said steps[CHAIN_MAX];
} chains[] = {
    {"warrant",
     "nic",
     "N1",
     "cleared",
     {{"w.issue/1", A, W, NULL, 1, 1},
      {"w.modify/1", A, W, NULL, 2, 2},
      {"w.enter/1", C, W, NULL, 3, 3},
      {"w.locate/1", B, W, "{'how':'NEW'}", 4, 4},
      {"w.serve/1", B, W, NULL, 5, 5},
      {"w.clear/1", A, W, NULL, 6, 6}}},
    {"release",
     "authority_ref",
     "R1",
     "closed",
     {{"r.authorize/1", A, R, NULL, 1, 1},
      {"r.defer/1", A, R, NULL, 2, 2},
      {"r.authorize/1", A, R, NULL, 3, 3},
      {"r.rescind/1", A, R, NULL, 4, 4},
      {"r.close/1", A, R, NULL, 5, 5}}},
    {"release",
     "authority_ref",
     "R1",
     "rescinded",
     {{"r.defer/1", A, R, NULL, 1, 1}, {"r.authorize/1", B, R, NULL, 1, 2}, {"r.rescind/1", A, R, NULL, 1, 3}}},
    {"warrant",
     "nic",
     "N1",
     "cancelled",
     {{"w.issue/1", A, W, NULL, 1, 9}, {"w.enter/1", C, W, NULL, 2, 8}, {"w.cancel/1", A, W, NULL, 3, 7}}},
};

static size_t length_of(const struct chain *chain)
{
	size_t length = 0;
	while (length < CHAIN_MAX && chain->steps[length].type)
		length++;
	return length;
}

static void say_all(const struct chain *chain, const size_t *order, unsigned long which, struct shown *ret)
{
	struct record_fixture *fixture = NULL;
	bool taken[CHAIN_MAX] = {false};
	size_t length = length_of(chain), left = length;
	record_fixture_up((void **)&fixture);
	/* Those that are refused are said again, as their senders would; each round takes one at least. */
	for (size_t round = 0; round < length && left > 0; round++)
		for (size_t i = 0; i < length; i++) {
			if (taken[order[i]])
				continue;
			taken[order[i]] = say(fixture, &chain->steps[order[i]]) == CODE_OK;
			left -= taken[order[i]];
			if (!taken[order[i]] &&
			    (fixture->err.code != CODE_LIFECYCLE || !strstr(fixture->err.reason, chain->lifecycle)))
				fail_msg("permutation %lu: %s is refused unexplained: %s", which, chain->steps[order[i]].type,
				         fixture->err.reason);
		}
	if (left > 0)
		fail_msg("permutation %lu: %s", which, fixture->err.reason);
	show(fixture, chain->lifecycle, chain->key, chain->value, ret);
	record_fixture_down((void **)&fixture);
}

/* The permutation of that number, in the factorial number system. */
static void permute(unsigned long which, size_t length, size_t order[static CHAIN_MAX])
{
	size_t left[CHAIN_MAX];
	for (size_t i = 0; i < length; i++)
		left[i] = i;
	for (size_t i = 0; i < length; i++) {
		size_t pick = which % (length - i);
		which /= length - i;
		order[i] = left[pick];
		memmove(&left[pick], &left[pick + 1], (length - i - pick - 1) * sizeof(*left));
	}
}

/* Whatever order they arrive in, what is on file is what they are in the order of their signing. */
static void every_order_of_arrival_gives_the_state_that_the_signing_gives(void **state)
{
	(void)state;
	for (size_t c = 0; c < sizeof(chains) / sizeof(*chains); c++) {
		size_t length = length_of(&chains[c]), order[CHAIN_MAX];
		unsigned long count = 1;
		struct shown expected, got;
		for (size_t i = 2; i <= length; i++)
			count *= i;
		for (unsigned long which = 0; which < count; which++) {
			permute(which, length, order);
			say_all(&chains[c], order, which, &got);
			if (which == 0)
				expected = got;
			if (got.count != 1 || strcmp(got.state, chains[c].end) != 0 || strcmp(got.owner, A) != 0 ||
			    strcmp(strstr(got.json, "history"), strstr(expected.json, "history")) != 0)
				fail_msg("chain %zu, permutation %lu: %s of %s: %s", c, which, got.state, got.owner, got.json);
		}
	}
}

/* Two rescissions and authorizations each way, in an order by chance: all of them have a move from none, so that all are taken.
 */
static void steps_that_need_no_predecessor_are_all_taken_in_any_order(void **state)
{
	unsigned seed = 20260501;
	static const struct chain chain = {"release",
	                                   "authority_ref",
	                                   "R1",
	                                   "rescinded",
	                                   {{"r.defer/1", A, R, NULL, 1, 1},
	                                    {"r.authorize/1", B, R, NULL, 2, 2},
	                                    {"r.defer/1", C, R, NULL, 3, 3},
	                                    {"r.authorize/1", A, R, NULL, 4, 4},
	                                    {"r.rescind/1", B, R, NULL, 5, 5}}};
	(void)state;
	print_message("seed %u\n", seed);
	for (int round = 0; round < 60; round++) {
		struct record_fixture *fixture = NULL;
		struct shown shown;
		size_t order[CHAIN_MAX];
		record_fixture_up((void **)&fixture);
		seed = seed * 1103515245u + 12345u;
		permute((seed >> 8) % 120, 5, order);
		for (size_t i = 0; i < 5; i++)
			if (say(fixture, &chain.steps[order[i]]) != CODE_OK)
				fail_msg("round %d: %s", round, fixture->err.reason);
		show(fixture, "release", "authority_ref", "R1", &shown);
		assert_string_equal(shown.state, "rescinded");
		assert_string_equal(shown.owner, A); /* by whom it was entered first, by signing */
		record_fixture_down((void **)&fixture);
	}
}

static void more_steps_than_are_kept_leave_the_state_they_led_to(void **state)
{
	struct record_fixture *fixture = *state;
	struct shown shown;
	say_fine(fixture, {"w.issue/1", A, W, NULL, 0, 1});
	for (int i = 1; i <= RECORD_EVENTS_MAX + 10; i++)
		say_fine(fixture, {"w.modify/1", A, W, NULL, 10 + i, 10 + i});
	show(fixture, "warrant", "nic", "N1", &shown);
	assert_string_equal(shown.state, "active");
	assert_string_equal(shown.owner, A);
	assert_has(shown.json, "\"forgotten\":11");
	const struct said by_other = {"w.modify/1", B, W, NULL, 4000, 9000}, early = {"w.modify/1", A, W, NULL, 5, 9001};
	assert_int_equal(say(fixture, &by_other), CODE_AUTHORITY);
	assert_int_equal(say(fixture, &early), CODE_LIFECYCLE);
	assert_has(fixture->err.reason, "before all that is kept");
	assert_has(fixture->err.reason, "is active, set by " A);
	say_fine(fixture, {"w.cancel/1", A, W, NULL, 4000, 9002});
	assert_state(fixture, "warrant", "nic", "N1", "cancelled");
}

static void a_step_is_judged_by_the_moves_of_its_time(void **state)
{
	struct catalogue_when when = {
	    .pointer = (char *)(uintptr_t) "/how", .values = (char *[]){(char *)(uintptr_t) "NEW"}, .values_count = 1};
	struct catalogue_move moves[] = {
	    {.when = &when,
	     .when_count = 1,
	     .from = (char *[]){(char *)(uintptr_t) "none"},
	     .from_count = 1,
	     .to = (char *)(uintptr_t) "one"},
	    {.from = (char *[]){(char *)(uintptr_t) "none", (char *)(uintptr_t) "one"},
	     .from_count = 2,
	     .to = (char *)(uintptr_t) "two"},
	};
	const struct catalogue_moves all = {.moves = moves, .moves_count = 2};
	struct buf main_part, with, without;
	(void)state;
	buf_init(&main_part, 4096);
	buf_init(&with, 4096);
	buf_init(&without, 4096);
	sample_pack("{'how':'NEW'}", &main_part);
	assert_int_equal(record_fold_moves(&all, buf_bytes(&main_part), &with), 2);
	buf_clear(&main_part);
	sample_pack("{'how':'OLD'}", &main_part);
	assert_int_equal(record_fold_moves(&all, buf_bytes(&main_part), &without), 1);
	struct record *record = record_row_new("x");
	size_t at = 9;
	const uint8_t ids[2][UUID_LEN] = {{1}, {2}};
	struct record_event first = {.at = 1, .id = bytes_of(ids[0], UUID_LEN), .from = BYTES_LIT(A), .moves = buf_bytes(&with)};
	assert_true(record_fold_insert(record, &first, &at));
	assert_int_equal(at, 0);
	assert_int_equal(record_fold(record).fit, RECORD_FITS);
	assert_true(bytes_is(record->state, "one") && bytes_is(record->owner, A));
	first.moves = buf_bytes(&without);
	assert_true(record_fold_insert(record, &first, &at)); /* the same message again: in its place */
	assert_int_equal(record->events_count, 1);
	assert_int_equal(record_fold(record).fit, RECORD_FITS);
	assert_true(bytes_is(record->state, "two"));
	record_row_free(record);
	buf_done(&main_part);
	buf_done(&with);
	buf_done(&without);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_order_of_arrival_gives_the_state_that_the_signing_gives),
	    TEST(steps_that_need_no_predecessor_are_all_taken_in_any_order),
	    TEST(more_steps_than_are_kept_leave_the_state_they_led_to),
	    TEST(a_step_is_judged_by_the_moves_of_its_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
