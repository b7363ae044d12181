/* How a channel ends: closed, broken, freed, or judged again. */
#include "channel_pair.h"

#include <errno.h>
#include <signal.h>

static void sends_what_is_queued_before_it_closes(void **state)
{
	uint8_t content[10000];
	struct pair pair;
	struct err why;

	(void)state;
	fill(content, sizeof(content), 4);
	pair_open(&pair);
	for (int i = 0; i < 200; i++)
		send_bytes(&pair.client, bytes_of(content, sizeof(content)));
	err_set(&why, CODE_STOPPING, "", "going home");
	channel_close(pair.client.channel, &why);
	channel_close(pair.client.channel, NULL); /* the first reason counts */
	assert_int_equal(pair.client.closed, 0);
	UNTIL(&pair, pair.client.closed && pair.server.closed);
	assert_int_equal(pair.server.frames, 200);
	assert_why(&pair.client, CODE_STOPPING, "going home");
	assert_why(&pair.server, CODE_CLOSED, "the peer closed the connection");
	pair_done(&pair);
}

/* Unread bytes at the closing end make the kernel throw away what it just sent, unless it waits for the peer. */
static void lets_a_last_word_through_to_a_peer_that_is_talking(void **state)
{
	uint8_t content[10000];
	struct pair pair;

	(void)state;
	fill(content, sizeof(content), 4);
	pair_open(&pair);
	for (int i = 0; i < 300; i++)
		send_bytes(&pair.client, bytes_of(content, sizeof(content)));
	UNTIL(&pair, pair.server.frames > 0);
	channel_pause(pair.client.channel, true);
	send_bytes(&pair.server, BYTES_LIT("bye"));
	channel_close(pair.server.channel, NULL);
	UNTIL(&pair, pair.server.closed);
	channel_pause(pair.client.channel, false);
	UNTIL(&pair, pair.client.closed);
	assert_true(bytes_is(buf_bytes(&pair.client.got), "bye"));
	assert_why(&pair.client, CODE_CLOSED, "the peer closed the connection");
	assert_why(&pair.server, CODE_CLOSED, "closed by this side");
	pair_done(&pair);
}

static void closes_in_time_although_the_peer_takes_nothing(void **state)
{
	const struct channel_limits limits = {.frame_max = 1 << 20, .queue_max = 8 << 20, .handshake_ms = 5000, .stall_ms = 100};
	uint8_t content[10000];
	struct pair pair;

	(void)state;
	fill(content, sizeof(content), 4);
	raw_open(&pair, &limits);
	send_until_busy(&pair.server, bytes_of(content, sizeof(content)));
	channel_close(pair.server.channel, NULL);
	UNTIL(&pair, pair.server.closed);
	assert_why(&pair.server, CODE_CLOSED, "closed by this side");
	pair_done(&pair);
}

static void closes_at_once_while_it_is_not_open(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	pair_connect(&pair, "localhost", HUB, &usual_limits);
	channel_close(pair.client.channel, NULL);
	assert_int_equal(pair.client.closed, 0);
	UNTIL(&pair, pair.client.closed && pair.server.closed);
	assert_int_equal(pair.client.opened, 0);
	assert_why(&pair.client, CODE_CLOSED, "closed by this side");
	assert_why(&pair.server, CODE_CLOSED, "during the handshake");
	pair_done(&pair);
}

static void says_that_the_peer_went_without_a_word(void **state)
{
	struct pair pair;

	(void)state;
	raw_open(&pair, &usual_limits);
	close(pair.raw_fd);
	pair.raw_fd = -1;
	UNTIL(&pair, pair.server.closed);
	assert_why(&pair.server, CODE_CLOSED, "without a word");
	pair_done(&pair);
}

static void says_that_a_record_was_damaged(void **state)
{
	struct pair pair;

	(void)state;
	raw_open(&pair, &usual_limits);
	assert_int_equal(write(pair.raw_fd, "\x17\x03\x03\x00\x15this is no ciphertext", 26), 26);
	UNTIL(&pair, pair.server.closed);
	assert_why(&pair.server, CODE_TLS, "damaged");
	pair_done(&pair);
}

static void says_that_nobody_listens(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	close(pair.listener);
	pair.listener = -1;
	pair_dial(&pair, "localhost", HUB, &usual_limits);
	UNTIL(&pair, pair.client.closed);
	assert_why(&pair.client, CODE_CLOSED, "nobody listens at 127.0.0.1:");
	pair_done(&pair);
}

static void gives_up_on_a_connection_that_nobody_answers(void **state)
{
	const struct channel_limits hurried = {.frame_max = 1000, .queue_max = 1000, .handshake_ms = 60, .stall_ms = 1000};
	struct pair pair;
	int waiting[4];

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	/* The kernel answers no more than it has room for. */
	assert_int_equal(listen(pair.listener, 0), 0);
	for (int i = 0; i < 4; i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(waiting[i], (struct sockaddr *)&pair.at, sizeof(pair.at)) != 0)
			assert_int_equal(errno, EINPROGRESS);
	}
	pair_dial(&pair, "localhost", HUB, &hurried);
	UNTIL(&pair, pair.client.closed);
	assert_why(&pair.client, CODE_TIMEOUT, "no connection within 60 ms");
	for (int i = 0; i < 4; i++)
		close(waiting[i]);
	pair_done(&pair);
}

static void closes_the_socket_that_it_cannot_accept(void **state)
{
	struct pair pair;
	struct err err = {0};

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	result made = channel_accept(pair.loop, pair.server_tls, fd, &usual_limits, &end_events, &pair.server,
	                             &pair.server.channel, &err);
	assert_int_equal(made.code, CODE_CLOSED);
	assert_null(pair.server.channel);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	loop_run_once(pair.loop, 0);
	assert_int_equal(pair.server.closed, 0);
	pair_done(&pair);
}

static void fails_at_once_where_there_is_nothing_to_connect_to(void **state)
{
	struct sockaddr nowhere = {.sa_family = AF_UNIX, .sa_data = "/nowhere"};
	struct pair pair;
	struct err err = {0};

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	result made = channel_connect(pair.loop, pair.client_tls, &nowhere, sizeof(nowhere), "localhost", HUB, &usual_limits,
	                              &end_events, &pair.client, &pair.client.channel, &err);
	assert_int_equal(made.code, CODE_IO);
	assert_null(pair.client.channel);
	pair_done(&pair);
}

static void notices_when_it_writes_that_the_peer_went(void **state)
{
	struct pair pair;

	(void)state;
	raw_open(&pair, &usual_limits);
	channel_pause(pair.server.channel, true);
	close(pair.raw_fd);
	pair.raw_fd = -1;
	for (int turn = 0; turn < 3; turn++)
		loop_run_once(pair.loop, 1);
	assert_int_equal(pair.server.closed, 0);
	send_bytes(&pair.server, BYTES_LIT("anybody there?"));
	UNTIL(&pair, pair.server.closed);
	assert_why(&pair.server, CODE_CLOSED, "broke the connection off");
	pair_done(&pair);
}

/* --- freeing --- */

static void may_be_freed_inside_on_frame(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair);
	pair.server.free_at_frame = true;
	for (int i = 0; i < 10; i++)
		send_bytes(&pair.client, BYTES_LIT("frame"));
	UNTIL(&pair, pair.client.closed);
	assert_int_equal(pair.server.frames, 1);
	assert_int_equal(pair.server.closed, 0);
	pair_done(&pair);
}

static void may_be_freed_inside_on_frame_of_a_frame_that_came_in_portions(void **state)
{
	struct pair pair;

	(void)state;
	raw_open(&pair, &usual_limits);
	pair.server.free_at_frame = true;
	assert_int_equal(SSL_write(pair.raw, "\0\0\0\4ab", 6), 6);
	for (int turn = 0; turn < 3; turn++)
		loop_run_once(pair.loop, 1);
	assert_int_equal(SSL_write(pair.raw, "cd\0\0\0\1e", 7), 7);
	UNTIL(&pair, pair.server.frames > 0);
	assert_int_equal(pair.server.frames, 1);
	assert_true(bytes_is(buf_bytes(&pair.server.got), "abcd"));
	pair_done(&pair);
}

static void may_be_freed_inside_on_open(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	pair.server.free_at_open = true;
	pair_connect(&pair, "localhost", HUB, &usual_limits);
	UNTIL(&pair, pair.client.closed);
	assert_int_equal(pair.server.opened, 1);
	assert_int_equal(pair.server.closed, 0);
	pair_done(&pair);
}

static void may_be_freed_inside_on_drained(void **state)
{
	const struct channel_limits limits = {.frame_max = 1 << 20, .queue_max = 1000, .handshake_ms = 5000, .stall_ms = 2000};
	uint8_t content[600] = {0};
	struct pair pair;

	(void)state;
	pair_open_with(&pair, &limits);
	pair.client.free_at_drained = true;
	send_until_busy(&pair.client, bytes_of(content, sizeof(content)));
	UNTIL(&pair, pair.server.closed);
	assert_int_equal(pair.client.drained, 1);
	assert_int_equal(pair.client.closed, 0);
	pair_done(&pair);
}

static void may_be_freed_at_any_time_without_a_word(void **state)
{
	struct pair pair;

	(void)state;
	for (int turns = 0; turns < 12; turns++) {
		pair_init(&pair, "hub", "ca", "party", "ca");
		pair_connect(&pair, "localhost", HUB, &usual_limits);
		for (int i = 0; i < turns; i++)
			loop_run_once(pair.loop, 1);
		end_free(&pair.client);
		UNTIL(&pair, pair.server.closed);
		assert_int_equal(pair.client.closed, 0);
		pair_done(&pair);
	}
}

/* --- judging again --- */

static void judges_the_peer_again_after_a_new_revocation_list(void **state)
{
	struct pair pair;
	struct err err = {0};

	(void)state;
	issue_file("ca", "goes", TRUST_TLS_PARTY, 0, 0);
	pair_init(&pair, "hub", "ca", "goes", "ca");
	pair_connect(&pair, "localhost", HUB, &usual_limits);
	assert_int_equal(channel_rejudge(pair.server.channel, tls_trust(pair.server_tls), &err).code, CODE_CLOSED);
	UNTIL(&pair, pair.server.opened && pair.client.opened);
	revoke_file("ca", "goes");
	struct trust *now = trust_of("ca");
	fine(channel_rejudge(pair.server.channel, tls_trust(pair.server_tls), &err), &err);
	fine(channel_rejudge(pair.client.channel, now, &err), &err);
	assert_int_equal(channel_rejudge(pair.server.channel, now, &err).code, CODE_REVOKED);
	channel_close(pair.server.channel, &err);
	UNTIL(&pair, pair.server.closed && pair.client.closed);
	assert_why(&pair.server, CODE_REVOKED, "");
	trust_unref(now);
	pair_done(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_what_is_queued_before_it_closes),
		cmocka_unit_test(lets_a_last_word_through_to_a_peer_that_is_talking),
		cmocka_unit_test(closes_in_time_although_the_peer_takes_nothing),
		cmocka_unit_test(closes_at_once_while_it_is_not_open),
		cmocka_unit_test(says_that_the_peer_went_without_a_word),
		cmocka_unit_test(says_that_a_record_was_damaged),
		cmocka_unit_test(says_that_nobody_listens),
		cmocka_unit_test(gives_up_on_a_connection_that_nobody_answers),
		cmocka_unit_test(closes_the_socket_that_it_cannot_accept),
		cmocka_unit_test(fails_at_once_where_there_is_nothing_to_connect_to),
		cmocka_unit_test(notices_when_it_writes_that_the_peer_went),
		cmocka_unit_test(may_be_freed_inside_on_frame),
		cmocka_unit_test(may_be_freed_inside_on_frame_of_a_frame_that_came_in_portions),
		cmocka_unit_test(may_be_freed_inside_on_open),
		cmocka_unit_test(may_be_freed_inside_on_drained),
		cmocka_unit_test(may_be_freed_at_any_time_without_a_word),
		cmocka_unit_test(judges_the_peer_again_after_a_new_revocation_list),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_files, drop_files);
}
