#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/pack.h"
#include "broker/warden/count.h"

enum { MORE_THAN_A_GATEWAY_HAS = 300 };

static void put(struct buf *out, const char *name, const char *label, const char *value, bool is_gauge, int64_t by)
{
	pack_put_array(out, 6);
	pack_put_str(out, name);
	pack_put_str(out, "help");
	pack_put_str(out, label);
	pack_put_str(out, value);
	pack_put_bool(out, is_gauge);
	pack_put_int(out, by);
}

static enum code take(struct count *count, const char *name, const char *label, const char *value, bool is_gauge, int64_t by)
{
	struct buf list;
	struct err err;
	buf_init(&list, 4096);
	pack_put_array(&list, 1);
	put(&list, name, label, value, is_gauge, by);
	result r = count_take(count, buf_bytes(&list), &err);
	buf_done(&list);
	return r.code;
}

static void adds_what_was_counted_to_the_metric_of_that_name_and_label(void **state)
{
	struct count *count = count_new();
	(void)state;
	struct metric *metric = metric_counter("liaison_links_x", "", "code", "revoked");
	assert_int_equal(take(count, "liaison_links_x", "code", "revoked", false, 3), CODE_OK);
	assert_int_equal(take(count, "liaison_links_x", "code", "revoked", false, 4), CODE_OK);
	assert_int_equal(take(count, "liaison_links_x", "code", "busy", false, 9), CODE_OK);
	assert_int_equal(metric_value(metric), 7);
	count_forget(count);
	assert_int_equal(metric_value(metric), 7);
	count_free(count);
}

static void takes_the_gauges_of_a_process_that_is_gone_back(void **state)
{
	struct count *first = count_new(), *second = count_new();
	struct metric *metric = metric_gauge("liaison_links_y", "", NULL, NULL);
	(void)state;
	assert_int_equal(take(first, "liaison_links_y", NULL, NULL, true, 5), CODE_OK);
	assert_int_equal(take(first, "liaison_links_y", NULL, NULL, true, -2), CODE_OK);
	assert_int_equal(take(second, "liaison_links_y", NULL, NULL, true, 10), CODE_OK);
	assert_int_equal(metric_value(metric), 13);
	count_forget(first);
	assert_int_equal(metric_value(metric), 10);
	count_forget(first);
	assert_int_equal(metric_value(metric), 10);
	count_free(first);
	count_free(second);
}

static void refuses_what_no_gateway_counts(void **state)
{
	struct count *count = count_new();
	(void)state;
	assert_int_equal(take(count, "liaison_messages_accepted", NULL, NULL, false, 1), CODE_MALFORMED);
	assert_int_equal(take(count, "liaison_links_z", NULL, NULL, false, -1), CODE_MALFORMED);
	assert_int_equal(take(count, "liaison_links_z", "code", NULL, false, 1), CODE_MALFORMED);
	assert_int_equal(take(count, "liaison_links_z", "co\nde", "x", false, 1), CODE_MALFORMED);
	assert_int_equal(take(count, "liaison_links_z", NULL, NULL, false, INT64_MAX), CODE_MALFORMED);
	assert_int_equal(take(count, "liaison_links_z", NULL, NULL, true, INT64_MIN), CODE_MALFORMED);
	count_free(count);
}

static void makes_no_metrics_without_end(void **state)
{
	struct count *count = count_new();
	enum code code = CODE_OK;
	int made = 0;
	(void)state;
	for (char value[16]; made < MORE_THAN_A_GATEWAY_HAS && code == CODE_OK; made++) {
		snprintf(value, sizeof(value), "v%d", made);
		code = take(count, "liaison_links_many", "code", value, false, 1);
	}
	assert_int_equal(code, CODE_MALFORMED);
	assert_true(made < MORE_THAN_A_GATEWAY_HAS);
	count_free(count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_what_was_counted_to_the_metric_of_that_name_and_label),
		cmocka_unit_test(takes_the_gauges_of_a_process_that_is_gone_back),
		cmocka_unit_test(refuses_what_no_gateway_counts),
		cmocka_unit_test(makes_no_metrics_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
