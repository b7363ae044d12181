#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"

static int order(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

static void is_of_version_7_and_carries_the_time(void **state)
{
	(void)state;
	int64_t before = clock_wall_ms();
	struct uuid uuid = uuid_new();
	assert_true(uuid_is_v7(uuid.at));
	assert_true(uuid_ms(uuid.at) >= before);
	assert_true(uuid_ms(uuid.at) <= clock_wall_ms() + 1);
}

/* RFC 9562 appendix A.6. */
static void reads_the_example_of_the_standard(void **state)
{
	(void)state;
	struct uuid uuid;
	assert_false(FAILED(uuid_parse(BYTES_LIT("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), &uuid, NULL)));
	assert_true(uuid_is_v7(uuid.at));
	assert_int_equal(uuid_ms(uuid.at), INT64_C(1645557742000));
	char text[UUID_TEXT_MAX];
	assert_string_equal(uuid_text(uuid.at, text), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void other_versions_and_variants_are_told_apart(void **state)
{
	(void)state;
	struct uuid uuid = uuid_new();
	uuid.at[6] = (uint8_t)(0x40 | (uuid.at[6] & 0x0f));
	assert_false(uuid_is_v7(uuid.at));
	uuid = uuid_new();
	uuid.at[8] = (uint8_t)(0xc0 | (uuid.at[8] & 0x3f));
	assert_false(uuid_is_v7(uuid.at));
	uuid.at[8] = 0x00;
	assert_false(uuid_is_v7(uuid.at));
}

static void grows_within_a_millisecond_beyond_the_counter_and_when_the_clock_steps_back(void **state)
{
	(void)state;
	int64_t start = clock_wall_ms() + 1000000;
	clock_freeze(start);
	struct uuid last = uuid_new();
	assert_int_equal(uuid_ms(last.at), start);
	for (int i = 0; i < 10000; i++) {
		struct uuid next = uuid_new();
		assert_true(order(&last, &next) < 0);
		assert_true(uuid_is_v7(next.at));
		last = next;
	}
	assert_true(uuid_ms(last.at) - start <= 3);
	clock_turn(-500000);
	struct uuid earlier = uuid_new();
	assert_true(order(&last, &earlier) < 0);
	clock_turn(600000);
	struct uuid later = uuid_new();
	assert_true(order(&earlier, &later) < 0);
	assert_int_equal(uuid_ms(later.at), start + 100000);
	clock_freeze(-5);
	struct uuid long_ago = uuid_new();
	assert_true(order(&later, &long_ago) < 0);
	clock_release();
}

enum { THREADS = 4, EACH = 5000 };

static void *make_many(void *into)
{
	struct uuid *made = into;
	for (size_t i = 0; i < EACH; i++)
		made[i] = uuid_new();
	return NULL;
}

static void is_never_made_twice_between_threads_and_grows_in_each(void **state)
{
	(void)state;
	static struct uuid made[THREADS * EACH];
	pthread_t threads[THREADS];
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_many, made + i * EACH), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 1; i < THREADS * EACH; i++)
		assert_true(i % EACH == 0 || order(&made[i - 1], &made[i]) < 0);
	qsort(made, THREADS * EACH, sizeof made[0], order);
	/* The first 64 bits alone, time and counter, must differ: no luck of the random part is needed. */
	for (size_t i = 1; i < THREADS * EACH; i++)
		assert_true(memcmp(made[i - 1].at, made[i].at, 8) < 0);
}

static void the_random_part_differs(void **state)
{
	(void)state;
	struct uuid a = uuid_new();
	struct uuid b = uuid_new();
	assert_memory_not_equal(a.at + 8, b.at + 8, 8);
}

static void refuses_what_is_no_uuid(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "017f22e2", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2079b0-7cc3-98c4-dc0c0c07398f", "017f22e279-b0-7cc3-98c4-dc0c0c07398f",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398}", "017f22e2-79b0-7cc3-98c4-dc0c0c07-98f", " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct uuid uuid = {{7}};
		struct uuid same = uuid;
		struct err err;
		assert_int_equal(uuid_parse(bytes_text(texts[i]), &uuid, &err).code, CODE_MALFORMED);
		assert_memory_equal(uuid.at, same.at, UUID_LEN);
		assert_non_null(strstr(err.reason, "not a UUID"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_of_version_7_and_carries_the_time),
		cmocka_unit_test(reads_the_example_of_the_standard),
		cmocka_unit_test(other_versions_and_variants_are_told_apart),
		cmocka_unit_test(is_never_made_twice_between_threads_and_grows_in_each),
		cmocka_unit_test(the_random_part_differs),
		cmocka_unit_test(refuses_what_is_no_uuid),
		/* Last: it leaves the ids ahead of the machine's clock. */
		cmocka_unit_test(grows_within_a_millisecond_beyond_the_counter_and_when_the_clock_steps_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
