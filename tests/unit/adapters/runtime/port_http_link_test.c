/* One connection of the HTTP port, over a pair of sockets and a loop: when requests are handed on, what ends it, and what it never does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/runtime/port_http_link.h"
#include "base/clock.h"
#include "base/mem.h"

enum { BODY_MAX = 100, PATIENCE_MS = 50, IDLE_MS = 80, TURN_MS = 5, TURNS_MAX = 400, WAIT_MS = 3000 };

struct rig {
	struct loop *loop;
	struct port_http_link *link;
	int fd; /* the client's end */
	struct buf heard;
	char last_body[BODY_MAX + 1], last_path[64];
	int requests, ended, answered, gone;
	bool answers; /* at once */
	bool commits; /* at the end of the turn, as what is written to disk is */
	bool owes;
	int refuses;  /* this status, at the head */
};

static void answer(struct rig *rig, const char *text)
{
	port_http_link_answer(rig->link, &(struct port_http_answer){.status = 200, .body = bytes_text(text)});
}

static result on_head(void *ctx, const struct port_http_head *head, int *ret_status, const char **ret_allow, struct err *err)
{
	struct rig *rig = ctx;
	(void)head;
	if (!rig->refuses)
		return OK;
	*ret_status = rig->refuses;
	*ret_allow = "GET";
	return err_set(err, CODE_USAGE, "", "not that");
}

static void on_request(void *ctx, const struct port_http_head *head, struct bytes body)
{
	struct rig *rig = ctx;
	rig->requests++;
	snprintf(rig->last_body, sizeof(rig->last_body), "%.*s", (int)body.len, (const char *)body.at);
	snprintf(rig->last_path, sizeof(rig->last_path), "%.*s", (int)head->path.len, (const char *)head->path.at);
	rig->owes = rig->commits;
	if (rig->answers)
		answer(rig, rig->last_path);
}

static void on_turn(void *ctx)
{
	struct rig *rig = ctx;
	if (rig->owes)
		answer(rig, rig->last_path);
	rig->owes = false;
}

static void on_ended(void *ctx)
{
	((struct rig *)ctx)->ended++;
}

static void on_answered(void *ctx)
{
	((struct rig *)ctx)->answered++;
}

static void on_gone(void *ctx, const struct err *why)
{
	struct rig *rig = ctx;
	(void)why;
	rig->gone++;
	port_http_link_free(rig->link);
	rig->link = NULL;
}

static const struct port_http_link_events events = {on_head, on_request, on_ended, on_answered, on_gone};

static int set_up(void **state)
{
	const struct port_http_link_limits limits = {.body_max = BODY_MAX, .patience_ms = PATIENCE_MS, .idle_ms = IDLE_MS};
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct err err;
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	rig->loop = loop_new();
	loop_on_turn(rig->loop, on_turn, rig);
	rig->fd = fds[1];
	rig->answers = true;
	buf_init(&rig->heard, 1 << 20);
	assert_int_equal(port_http_link_new(rig->loop, NULL, fds[0], &limits, &events, rig, &rig->link, &err).code, CODE_OK);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;
	port_http_link_free(rig->link);
	if (rig->fd >= 0)
		close(rig->fd);
	loop_free(rig->loop);
	buf_done(&rig->heard);
	mem_free(rig);
	return 0;
}

static void hear(struct rig *rig)
{
	char bytes[4096];
	ssize_t got;
	while (rig->fd >= 0 && (got = recv(rig->fd, bytes, sizeof(bytes), 0)) > 0)
		buf_add(&rig->heard, bytes_of(bytes, (size_t)got));
}

static void say(struct rig *rig, const char *text)
{
	assert_int_equal(send(rig->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static bool has_heard(const struct rig *rig, const char *text)
{
	return rig->heard.len && memmem(rig->heard.at, rig->heard.len, text, strlen(text));
}

/* Turns until the text was heard (or the link is gone, for NULL), with a limit. */
static void turn_until(struct rig *rig, const char *text)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		loop_run_once(rig->loop, TURN_MS);
		hear(rig);
		if (text ? has_heard(rig, text) : rig->gone)
			return;
	}
	fail_msg("%s did not come; heard: %.*s", text ? text : "the end", (int)rig->heard.len, (const char *)rig->heard.at);
}

#define GET "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

static void answers_one_request_after_the_other_however_they_come(void **state)
{
	struct rig *rig = *state;
	say(rig, GET "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbodyGET /c HTTP/1.1\r\nHo");
	turn_until(rig, "\r\n\r\n/b");
	assert_int_equal(rig->requests, 2);
	assert_string_equal(rig->last_body, "body");
	say(rig, "st: x\r\nConnection: close\r\n\r\n" GET);
	turn_until(rig, "\r\n\r\n/c");
	assert_int_equal(rig->requests, 3);
	assert_true(has_heard(rig, "Connection: close"));
	shutdown(rig->fd, SHUT_WR);
	turn_until(rig, NULL);
	assert_int_equal(rig->requests, 3);
}

static void the_next_request_waits_until_the_first_is_answered(void **state)
{
	struct rig *rig = *state;
	rig->answers = false;
	say(rig, GET GET);
	for (int i = 0; i < 20; i++)
		loop_run_once(rig->loop, TURN_MS);
	assert_int_equal(rig->requests, 1);
	answer(rig, "first");
	turn_until(rig, "first");
	for (int i = 0; i < TURNS_MAX && rig->requests < 2; i++)
		loop_run_once(rig->loop, TURN_MS);
	assert_int_equal(rig->requests, 2);
}

static void requests_that_came_together_do_not_wait_for_an_event_between_them(void **state)
{
	struct rig *rig = *state;
	int64_t begin = clock_mono_ms();
	rig->answers = false;
	rig->commits = true;
	say(rig, GET GET "GET /last HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!has_heard(rig, "/last")) {
		loop_run_once(rig->loop, WAIT_MS);
		hear(rig);
		assert_true(clock_mono_ms() - begin < WAIT_MS);
	}
	assert_int_equal(rig->requests, 3);
}

static void a_refused_body_is_thrown_away_and_the_refusal_arrives(void **state)
{
	struct rig *rig = *state;
	rig->refuses = 405;
	say(rig, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n" GET);
	turn_until(rig, "\"not that\"");
	assert_true(has_heard(rig, "HTTP/1.1 405 Method Not Allowed\r\n") && has_heard(rig, "Allow: GET\r\n") && has_heard(rig, "Connection: close\r\n") &&
	            has_heard(rig, "Liaison-Code: usage\r\n"));
	shutdown(rig->fd, SHUT_WR);
	turn_until(rig, NULL);
	assert_int_equal(rig->requests, 0);
}

static void a_refusal_without_a_body_keeps_the_connection(void **state)
{
	struct rig *rig = *state;
	rig->refuses = 404;
	say(rig, GET);
	turn_until(rig, "404");
	rig->refuses = 0;
	say(rig, GET);
	turn_until(rig, "\r\n\r\n/a");
	assert_false(has_heard(rig, "Connection: close"));
}

static void a_body_of_the_greatest_length_is_read_and_one_byte_more_is_not(void **state)
{
	struct rig *rig = *state;
	char text[300];
	snprintf(text, sizeof(text), "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%0*d", BODY_MAX, BODY_MAX, 7);
	say(rig, text);
	turn_until(rig, "\r\n\r\n/a");
	assert_int_equal(strlen(rig->last_body), BODY_MAX);
	snprintf(text, sizeof(text), "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BODY_MAX + 1);
	say(rig, text);
	turn_until(rig, "HTTP/1.1 413 ");
	assert_int_equal(rig->requests, 1);
}

static void leave_to_send_is_given_only_when_it_is_waited_for(void **state)
{
	struct rig *rig = *state;
	say(rig, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
	turn_until(rig, "HTTP/1.1 100 Continue\r\n\r\n");
	say(rig, "x");
	turn_until(rig, "HTTP/1.1 200 ");
	buf_clear(&rig->heard);
	say(rig, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx");
	turn_until(rig, "HTTP/1.1 200 ");
	assert_false(has_heard(rig, "100 Continue"));
}

static void who_is_too_slow_is_told_so(void **state)
{
	struct rig *rig = *state;
	say(rig, "GET /a HTTP/1.1\r\nHo");
	turn_until(rig, "HTTP/1.1 408 ");
	assert_true(has_heard(rig, "Liaison-Code: timeout"));
}

static void who_says_nothing_is_let_go(void **state)
{
	struct rig *rig = *state;
	turn_until(rig, NULL);
	assert_int_equal(rig->heard.len, 0);
}

static void who_has_sent_all_that_it_will_is_still_answered(void **state)
{
	struct rig *rig = *state;
	rig->answers = false;
	say(rig, GET);
	shutdown(rig->fd, SHUT_WR);
	for (int i = 0; i < TURNS_MAX && !rig->ended; i++)
		loop_run_once(rig->loop, TURN_MS);
	assert_int_equal(rig->ended, 1);
	answer(rig, "late");
	turn_until(rig, "late");
	assert_int_equal(rig->answered, 1);
	turn_until(rig, NULL);
}

static void half_a_request_is_none(void **state)
{
	struct rig *rig = *state;
	say(rig, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
	shutdown(rig->fd, SHUT_WR);
	turn_until(rig, NULL);
	assert_int_equal(rig->requests, 0);
	assert_int_equal(rig->heard.len, 0);
}

static void an_answer_that_nobody_takes_is_not_answered(void **state)
{
	struct rig *rig = *state;
	rig->answers = false;
	say(rig, GET);
	for (int i = 0; i < TURNS_MAX && !rig->requests; i++)
		loop_run_once(rig->loop, TURN_MS);
	close(rig->fd);
	rig->fd = -1;
	answer(rig, "nobody");
	turn_until(rig, NULL);
	assert_int_equal(rig->answered, 0);
}

static void the_last_request_is_answered_and_an_idle_connection_ends_at_once(void **state)
{
	struct rig *rig = *state;
	rig->answers = false;
	say(rig, GET);
	for (int i = 0; i < TURNS_MAX && !rig->requests; i++)
		loop_run_once(rig->loop, TURN_MS);
	port_http_link_last(rig->link);
	answer(rig, "last");
	turn_until(rig, "last");
	assert_true(has_heard(rig, "Connection: close"));
	shutdown(rig->fd, SHUT_WR);
	turn_until(rig, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(answers_one_request_after_the_other_however_they_come),
		TEST(the_next_request_waits_until_the_first_is_answered),
		TEST(requests_that_came_together_do_not_wait_for_an_event_between_them),
		TEST(a_refused_body_is_thrown_away_and_the_refusal_arrives),
		TEST(a_refusal_without_a_body_keeps_the_connection),
		TEST(a_body_of_the_greatest_length_is_read_and_one_byte_more_is_not),
		TEST(leave_to_send_is_given_only_when_it_is_waited_for),
		TEST(who_is_too_slow_is_told_so),
		TEST(who_says_nothing_is_let_go),
		TEST(who_has_sent_all_that_it_will_is_still_answered),
		TEST(half_a_request_is_none),
		TEST(an_answer_that_nobody_takes_is_not_answered),
		TEST(the_last_request_is_answered_and_an_idle_connection_ends_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
