#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/metrics.h"

enum { THREADS = 4, ROUNDS = 200, NAMES = 16 };

/* The exposition from the first line that begins with `from` to the end; owned. */
static char *printed(const char *from)
{
	struct buf out;

	buf_init(&out, 1024 * 1024);
	metrics_print(&out);
	assert_false(FAILED(buf_check(&out, "", NULL)));
	char *text = mem_text_n(out.at, out.len);
	buf_done(&out);
	char *found = strstr(text, from);
	assert_non_null(found);
	char *rest = mem_text(found);
	mem_free(text);
	return rest;
}

static void assert_begins(const char *text, const char *expected)
{
	if (strncmp(text, expected, strlen(expected)) != 0)
		assert_string_equal(text, expected);
}

static void prints_counters_of_one_name_together_with_a_total_ending(void **state)
{
	(void)state;
	struct metric *revoked = metric_counter("t_refused", "Refused \"links\".", "code", "revoked");
	metric_counter("t_between", "Another.", NULL, NULL);
	struct metric *tls = metric_counter("t_refused", "Refused \"links\".", "code", "tls");
	metric_add(revoked, 2);
	metric_add(tls, 5);
	AUTO_FREE char *text = printed("# TYPE t_refused");
	assert_begins(text, "# TYPE t_refused counter\n"
	                    "# HELP t_refused Refused \\\"links\\\".\n"
	                    "t_refused_total{code=\"revoked\"} 2\n"
	                    "t_refused_total{code=\"tls\"} 5\n"
	                    "# TYPE t_between counter\n"
	                    "# HELP t_between Another.\n"
	                    "t_between_total 0\n");
}

static void ends_with_the_mark_of_the_format(void **state)
{
	(void)state;
	AUTO_FREE char *text = printed("# EOF");
	assert_string_equal(text, "# EOF\n");
}

static void escapes_what_would_break_a_label(void **state)
{
	(void)state;
	metric_set(metric_gauge("t_escape", "One\nline", "party", "a\"b\\c\nd"), -7);
	AUTO_FREE char *text = printed("# TYPE t_escape");
	assert_begins(text, "# TYPE t_escape gauge\n# HELP t_escape One\\nline\nt_escape{party=\"a\\\"b\\\\c\\nd\"} -7\n");
}

static void prints_a_histogram_whose_buckets_add_up(void **state)
{
	(void)state;
	struct metric *metric = metric_histogram_us("t_commit_us", "Commit.", "store", "main");
	const int64_t seen[] = {0, 1, 2, 3, 4, 1000, (int64_t)1 << 40, -5};
	for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
		metric_observe_us(metric, seen[i]);
	AUTO_FREE char *text = printed("# TYPE t_commit_us");
	assert_begins(text, "# TYPE t_commit_us histogram\n# HELP t_commit_us Commit.\n"
	                    "t_commit_us_bucket{store=\"main\",le=\"1.0\"} 3\n"
	                    "t_commit_us_bucket{store=\"main\",le=\"2.0\"} 4\n"
	                    "t_commit_us_bucket{store=\"main\",le=\"4.0\"} 6\n"
	                    "t_commit_us_bucket{store=\"main\",le=\"8.0\"} 6\n");
	assert_non_null(strstr(text, "t_commit_us_bucket{store=\"main\",le=\"512.0\"} 6\n"
	                             "t_commit_us_bucket{store=\"main\",le=\"1024.0\"} 7\n"));
	assert_non_null(strstr(text, "t_commit_us_bucket{store=\"main\",le=\"67108864.0\"} 7\n"
	                             "t_commit_us_bucket{store=\"main\",le=\"+Inf\"} 8\n"
	                             "t_commit_us_count{store=\"main\"} 8\n"
	                             "t_commit_us_sum{store=\"main\"} 1099511628786\n"));
}

static void gives_quantiles_as_upper_bounds(void **state)
{
	(void)state;
	struct metric *metric = metric_histogram_us("t_quantile_us", "Q.", NULL, NULL);
	assert_int_equal(metric_quantile_us(metric, 0.5), 0);
	for (int i = 0; i < 99; i++)
		metric_observe_us(metric, 100);
	metric_observe_us(metric, 5000);
	assert_int_equal(metric_value(metric), 100);
	assert_int_equal(metric_quantile_us(metric, 0), 128);
	assert_int_equal(metric_quantile_us(metric, 0.5), 128);
	assert_int_equal(metric_quantile_us(metric, 0.99), 128);
	assert_int_equal(metric_quantile_us(metric, 1), 8192);
	metric_observe_us(metric, INT64_MAX / 2);
	assert_true(metric_quantile_us(metric, 1) == INT64_MAX);
}

static void gives_the_same_metric_when_asked_again(void **state)
{
	(void)state;
	struct metric *plain = metric_counter("t_same", "Same.", NULL, NULL);
	struct metric *labelled = metric_counter("t_same", "Same.", "a", "x");
	assert_ptr_equal(plain, metric_counter("t_same", "Same.", NULL, NULL));
	assert_ptr_equal(labelled, metric_counter("t_same", "Same.", "a", "x"));
	assert_ptr_not_equal(plain, labelled);
	assert_ptr_not_equal(labelled, metric_counter("t_same", "Same.", "a", "y"));
	assert_ptr_not_equal(labelled, metric_counter("t_same", "Same.", "b", "x"));
}

static void never_lets_a_counter_fall(void **state)
{
	(void)state;
	struct metric *counter = metric_counter("t_fall", "Fall.", NULL, NULL);
	struct metric *gauge = metric_gauge("t_gauge", "Gauge.", NULL, NULL);
	metric_add(counter, 3);
	metric_add(counter, -1);
	metric_set(counter, 0);
	metric_observe_us(counter, 9);
	assert_int_equal(metric_value(counter), 3);
	metric_add(gauge, 3);
	metric_add(gauge, -5);
	assert_int_equal(metric_value(gauge), -2);
	metric_set(gauge, 11);
	assert_int_equal(metric_value(gauge), 11);
}

static void *register_and_count(void *ctx)
{
	static const char *const names[NAMES] = {"t_race_a", "t_race_b", "t_race_c", "t_race_d", "t_race_e", "t_race_f",
	                                         "t_race_g", "t_race_h", "t_race_i", "t_race_j", "t_race_k", "t_race_l",
	                                         "t_race_m", "t_race_n", "t_race_o", "t_race_p"};
	(void)ctx;
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < NAMES; i++)
			metric_add(metric_counter(names[i], "Race.", NULL, NULL), 1);
	return NULL;
}

static void loses_nothing_when_threads_register_and_count_at_once(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, register_and_count, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(metric_value(metric_counter("t_race_a", "Race.", NULL, NULL)), THREADS * ROUNDS);
	assert_int_equal(metric_value(metric_counter("t_race_p", "Race.", NULL, NULL)), THREADS * ROUNDS);
	AUTO_FREE char *text = printed("# TYPE t_race_a ");
	assert_null(strstr(text + 1, "# TYPE t_race_a "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_counters_of_one_name_together_with_a_total_ending),
		cmocka_unit_test(ends_with_the_mark_of_the_format),
		cmocka_unit_test(escapes_what_would_break_a_label),
		cmocka_unit_test(prints_a_histogram_whose_buckets_add_up),
		cmocka_unit_test(gives_quantiles_as_upper_bounds),
		cmocka_unit_test(gives_the_same_metric_when_asked_again),
		cmocka_unit_test(never_lets_a_counter_fall),
		cmocka_unit_test(loses_nothing_when_threads_register_and_count_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
