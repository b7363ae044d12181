#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"

struct job {
	struct loop_task *task;
	struct job *other;
	int runs;
	int again;      /* sets itself this many times more */
	bool set_other; /* sets the other */
	bool free_other;
	bool free_own;
	int *order;
	int ran_as;
};

static void run(void *ctx)
{
	struct job *job = ctx;

	job->runs++;
	if (job->order)
		job->ran_as = ++*job->order;
	if (job->again-- > 0)
		loop_task_set(job->task);
	if (job->set_other)
		loop_task_set(job->other->task);
	if (job->free_other) {
		loop_task_free(job->other->task);
		job->other->task = NULL;
	}
	if (job->free_own) {
		loop_task_free(job->task);
		job->task = NULL;
	}
}

static void runs_once_for_each_time_it_is_set(void **state)
{
	struct loop *loop = loop_new();
	struct job job = {0};

	(void)state;
	job.task = loop_task_new(loop, run, &job);
	loop_run_once(loop, 0);
	assert_int_equal(job.runs, 0);
	loop_task_set(job.task);
	loop_task_set(job.task);
	loop_run_once(loop, 0);
	loop_run_once(loop, 0);
	assert_int_equal(job.runs, 1);
	loop_task_free(job.task);
	loop_task_free(NULL);
	loop_free(loop);
}

static void runs_in_the_order_of_setting_after_the_hooks_of_the_turn(void **state)
{
	struct loop *loop = loop_new();
	int order = 0;
	struct job hook = {.order = &order}, first = {.order = &order}, second = {.order = &order};

	(void)state;
	loop_on_turn(loop, run, &hook);
	first.task = loop_task_new(loop, run, &first);
	second.task = loop_task_new(loop, run, &second);
	loop_task_set(second.task);
	loop_task_set(first.task);
	loop_run_once(loop, 0);
	assert_int_equal(hook.ran_as, 1);
	assert_int_equal(second.ran_as, 2);
	assert_int_equal(first.ran_as, 3);
	loop_free(loop); /* takes the tasks with it */
}

/* A turn between would have to sleep its full five seconds. */
static void does_not_let_the_loop_sleep_when_set_again(void **state)
{
	struct loop *loop = loop_new();
	struct job job = {.again = 3};
	int64_t start = clock_mono_ms();
	int turns = 0;

	(void)state;
	job.task = loop_task_new(loop, run, &job);
	loop_task_set(job.task);
	while (job.runs < 4 && turns++ < 10)
		loop_run_once(loop, 5000);
	assert_int_equal(job.runs, 4);
	assert_in_range(clock_mono_ms() - start, 0, 4000);
	loop_free(loop);
}

static void gives_descriptors_a_turn_between_two_runs(void **state)
{
	struct loop *loop = loop_new();
	struct job job = {.again = 1000000};

	(void)state;
	job.task = loop_task_new(loop, run, &job);
	loop_task_set(job.task);
	loop_run_once(loop, 0);
	assert_in_range(job.runs, 1, 2);
	loop_free(loop);
}

static void may_set_and_free_each_other(void **state)
{
	struct loop *loop = loop_new();
	struct job first = {0}, second = {.again = 1}, third = {.free_own = true};

	(void)state;
	first.other = &second;
	first.set_other = true;
	first.task = loop_task_new(loop, run, &first);
	second.task = loop_task_new(loop, run, &second);
	third.task = loop_task_new(loop, run, &third);
	loop_task_set(first.task);
	loop_task_set(third.task);
	for (int i = 0; i < 4; i++)
		loop_run_once(loop, 0);
	assert_int_equal(second.runs, 2);
	assert_int_equal(third.runs, 1);
	assert_null(third.task);
	first.free_other = true;
	first.set_other = false;
	loop_task_set(first.task);
	loop_task_set(second.task);
	for (int i = 0; i < 4; i++)
		loop_run_once(loop, 0);
	assert_int_equal(first.runs, 2);
	assert_int_equal(second.runs, 2);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_once_for_each_time_it_is_set),
		cmocka_unit_test(runs_in_the_order_of_setting_after_the_hooks_of_the_turn),
		cmocka_unit_test(does_not_let_the_loop_sleep_when_set_again),
		cmocka_unit_test(gives_descriptors_a_turn_between_two_runs),
		cmocka_unit_test(may_set_and_free_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
