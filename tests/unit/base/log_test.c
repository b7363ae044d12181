#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum { THREADS = 4, LINES = 200, PIPE_ROOM = 256 * 1024 };

static char captured[64 * 1024];
static int lines;

static void capture(const char *line, size_t len, void *ctx)
{
	assert_ptr_equal(ctx, &lines);
	assert_true(len < sizeof captured);
	memcpy(captured, line, len);
	captured[len] = '\0';
	lines++;
}

static int set_up(void **state)
{
	(void)state;
	captured[0] = '\0';
	lines = 0;
	clock_freeze(1772356500123); /* 2026-03-01T09:15:00.123Z */
	log_capture(capture, &lines);
	log_setup("liaison-test", LOG_INFO, LOG_FORMAT_JSON);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	log_capture(NULL, NULL);
	clock_release();
	return 0;
}

static const uint8_t id[16] = {0x01, 0x95, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x0f};

static void writes_an_event_as_one_line_of_json(void **state)
{
	(void)state;
	log_event(LOG_NOTICE, "link_up", LOG_TEXT("party", "ct.doc"), LOG_INT("credit", -64), LOG_UUID("id", id));
	assert_string_equal(captured, "{\"time\":\"2026-03-01T09:15:00.123Z\",\"level\":\"notice\",\"program\":\"liaison-test\","
	                              "\"event\":\"link_up\",\"party\":\"ct.doc\",\"credit\":-64,"
	                              "\"id\":\"01950000-0000-7000-8000-00000000000f\"}\n");
}

static void writes_an_event_as_one_line_of_text(void **state)
{
	(void)state;
	log_setup("liaison-test", LOG_INFO, LOG_FORMAT_TEXT);
	log_event(LOG_WARNING, "link_down", LOG_TEXT("party", "ct.doc"), LOG_TEXT("why", "it said \"no\""), LOG_INT("n", 64));
	assert_string_equal(captured, "2026-03-01T09:15:00.123Z warning link_down "
	                              "party=ct.doc why=\"it said \\\"no\\\"\" n=64\n");
}

static void leaves_out_what_is_empty(void **state)
{
	(void)state;
	log_event(LOG_INFO, "e", LOG_TEXT("a", NULL), LOG_TEXT("b", ""), LOG_BYTES("c", BYTES_NONE), LOG_TEXT("d", "x"));
	assert_non_null(strstr(captured, "\"event\":\"e\",\"d\":\"x\"}\n"));
}

static void gives_a_reason_as_three_fields(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, CODE_SCHEMA, "/dob", "not a date");
	log_event(LOG_INFO, "refused", LOG_REASON(&err));
	assert_non_null(strstr(captured, "\"code\":\"schema\",\"field\":\"/dob\",\"reason\":\"not a date\"}\n"));
}

static void keeps_a_strangers_bytes_on_their_line_and_off_the_terminal(void **state)
{
	static const struct {
		enum log_format format;
		const char *bytes, *expected;
	} rows[] = {
		{LOG_FORMAT_TEXT, "a\nlevel=error", " k=\"a\\\\x0alevel=error\"\n"},
		{LOG_FORMAT_TEXT, "\x1b[2J", " k=\"\\\\x1b[2J\"\n"},
		{LOG_FORMAT_TEXT, "x y=z", " k=\"x y=z\"\n"},
		{LOG_FORMAT_TEXT, "x=z", " k=\"x=z\"\n"},
		{LOG_FORMAT_TEXT, "\xff", " k=\"\\\\xff\"\n"},
		{LOG_FORMAT_JSON, "\",\"level\":\"error", ",\"k\":\"\\\",\\\"level\\\":\\\"error\"}\n"},
		{LOG_FORMAT_JSON, "\r\n\xc3(", ",\"k\":\"\\\\x0d\\\\x0a\\\\xc3(\"}\n"},
		{LOG_FORMAT_JSON, "\\", ",\"k\":\"\\\\\"}\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		log_setup("liaison-test", LOG_INFO, rows[i].format);
		log_event(LOG_INFO, "e", LOG_BYTES("k", bytes_text(rows[i].bytes)));
		const char *key = strstr(captured, rows[i].format == LOG_FORMAT_TEXT ? " k=" : ",\"k\"");
		assert_non_null(key);
		assert_string_equal(key, rows[i].expected);
	}
}

static void cuts_a_long_value_and_still_ends_the_line(void **state)
{
	(void)state;
	AUTO_FREE char *large = mem_alloc(100001);
	memset(large, '"', 100000);
	log_event(LOG_INFO, "e", LOG_TEXT("k", large), LOG_INT("n", 1));
	assert_true(strlen(captured) < 2048);
	assert_non_null(strstr(captured, "\\\"\",\"n\":1}\n"));
}

static void says_so_when_a_line_would_be_too_long(void **state)
{
	struct log_field fields[64];

	(void)state;
	AUTO_FREE char *large = mem_alloc(1001);
	memset(large, 'x', 1000);
	for (size_t i = 0; i < 64; i++)
		fields[i] = LOG_TEXT("k", large);
	log_fields(LOG_INFO, "e", fields, 64);
	assert_non_null(strstr(captured, "\"event\":\"e\",\"fields_left_out\":64}\n"));
}

static void keeps_quiet_below_the_least_level(void **state)
{
	(void)state;
	log_event(LOG_DEBUG, "e", LOG_INT("n", 1));
	assert_int_equal(lines, 0);
	log_setup("liaison-test", LOG_DEBUG, LOG_FORMAT_JSON);
	log_event(LOG_DEBUG, "e", LOG_INT("n", 1));
	assert_int_equal(lines, 1);
	log_setup("liaison-test", LOG_ERROR, LOG_FORMAT_JSON);
	log_event(LOG_WARNING, "e", LOG_INT("n", 1));
	assert_int_equal(lines, 1);
}

static void knows_levels_by_name(void **state)
{
	enum log_level level = LOG_ERROR;

	(void)state;
	assert_true(log_level_from_text("debug", &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_true(log_level_from_text("warning", &level));
	assert_int_equal(level, LOG_WARNING);
	assert_false(log_level_from_text("Warning", &level));
	assert_false(log_level_from_text("", &level));
	assert_int_equal(level, LOG_WARNING);
}

static void holds_back_what_comes_too_often_and_counts_it(void **state)
{
	struct log_gate gate = {.burst = 2};
	int64_t held = -1;

	(void)state;
	assert_true(log_gate_pass(&gate, &held));
	assert_int_equal(held, 0);
	assert_true(log_gate_pass(&gate, &held));
	for (int i = 0; i < 5; i++)
		assert_false(log_gate_pass(&gate, &held));
	clock_turn(1000);
	assert_true(log_gate_pass(&gate, &held));
	assert_int_equal(held, 5);
	assert_true(log_gate_pass(&gate, &held));
	assert_int_equal(held, 0);
}

static void *log_many(void *ctx)
{
	(void)ctx;
	for (int i = 0; i < LINES; i++)
		log_event(LOG_INFO, "from_a_thread", LOG_INT("n", i), LOG_TEXT("filler", "------------------------------"));
	return NULL;
}

/* stderr is a pipe with room for everything for the time of the test. */
static void lines_of_threads_do_not_mix(void **state)
{
	static char text[PIPE_ROOM];
	pthread_t threads[THREADS];
	int ends[2], saved = dup(STDERR_FILENO), found = 0;
	size_t len = 0;
	ssize_t got;

	(void)state;
	log_capture(NULL, NULL);
	assert_int_equal(pipe(ends), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, PIPE_ROOM) >= PIPE_ROOM);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
	while (len < sizeof text - 1 && (got = read(ends[0], text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)got;
	close(ends[0]);
	text[len] = '\0';
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1, found++) {
		assert_memory_equal(line, "{\"time\":\"", 9);
		assert_memory_equal(end - 3, "-\"}", 3);
	}
	assert_int_equal(found, THREADS * LINES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_an_event_as_one_line_of_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(writes_an_event_as_one_line_of_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_out_what_is_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gives_a_reason_as_three_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_a_strangers_bytes_on_their_line_and_off_the_terminal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cuts_a_long_value_and_still_ends_the_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_so_when_a_line_would_be_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_quiet_below_the_least_level, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_levels_by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(holds_back_what_comes_too_often_and_counts_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_of_threads_do_not_mix, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
