#include "unit/certs/pki_fixture.h"

#include "broker/gateway/pace.h"

enum { SECOND_US = 1000000 };

static void lets_the_burst_pass_and_then_the_rate(void **state)
{
	struct pace pace;
	int passed = 0;
	(void)state;
	pace_init(&pace, 10, 20, 5 * SECOND_US);
	for (int i = 0; i < 100; i++)
		passed += pace_take(&pace, 1, 5 * SECOND_US);
	assert_int_equal(passed, 20);
	for (int64_t ms = 0; ms <= 3000; ms++)
		passed += pace_take(&pace, 1, 5 * SECOND_US + ms * 1000);
	assert_int_equal(passed, 50);
}

static void never_holds_more_than_the_burst(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 1000, 5, 0);
	assert_true(pace_take(&pace, 5, INT64_C(1000000) * SECOND_US));
	assert_false(pace_take(&pace, 1, INT64_C(1000000) * SECOND_US));
}

static void makes_wait_for_what_is_owed_and_no_longer(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 100, 100, 0);
	pace_spend(&pace, 100, 0);
	assert_int_equal(pace_wait_ms(&pace, 0), 0);
	pace_spend(&pace, 50, 0);
	assert_int_equal(pace_wait_ms(&pace, 0), 500);
	assert_int_equal(pace_wait_ms(&pace, SECOND_US / 4), 250);
	assert_int_equal(pace_wait_ms(&pace, SECOND_US / 2), 0);
}

static void knows_no_limit_at_rate_0(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 0, 1, 0);
	for (int i = 0; i < 1000; i++)
		assert_true(pace_take(&pace, 1000000, 0));
	pace_spend(&pace, INT64_C(1) << 40, 0);
	assert_int_equal(pace_wait_ms(&pace, 0), 0);
}

static void another_pace_brings_nothing_that_was_not_at_hand(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 10, 10, 0);
	pace_spend(&pace, 30, 0);
	pace_set(&pace, 1000, 1000, 0);
	assert_int_equal(pace_wait_ms(&pace, 0), 20);
	pace_init(&pace, 10, 1000, 0);
	pace_set(&pace, 10, 5, 0);
	assert_false(pace_take(&pace, 6, 0));
	assert_true(pace_take(&pace, 5, 0));
}

static void stands_the_largest_numbers(void **state)
{
	const int64_t most = INT64_C(1) << 30;
	struct pace pace;
	(void)state;
	pace_init(&pace, most, most * 60, 0);
	pace_spend(&pace, most * 60, 0);
	assert_false(pace_take(&pace, 1, 0));
	assert_true(pace_take(&pace, most * 60, INT64_MAX / 2));
	for (int i = 0; i < 100000; i++)
		pace_spend(&pace, most, INT64_MAX / 2);
	assert_true(pace_wait_ms(&pace, INT64_MAX / 2) > 0);
}

static void a_clock_that_goes_back_brings_nothing(void **state)
{
	struct pace pace;
	(void)state;
	pace_init(&pace, 1000, 1, SECOND_US);
	assert_true(pace_take(&pace, 1, SECOND_US));
	assert_false(pace_take(&pace, 1, 0));
	assert_true(pace_take(&pace, 1, SECOND_US + 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_the_burst_pass_and_then_the_rate),
		cmocka_unit_test(never_holds_more_than_the_burst),
		cmocka_unit_test(makes_wait_for_what_is_owed_and_no_longer),
		cmocka_unit_test(knows_no_limit_at_rate_0),
		cmocka_unit_test(another_pace_brings_nothing_that_was_not_at_hand),
		cmocka_unit_test(stands_the_largest_numbers),
		cmocka_unit_test(a_clock_that_goes_back_brings_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
