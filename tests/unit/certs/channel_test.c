/* Frames, limits and backpressure. */
#include "channel_pair.h"

#include <signal.h>

static void carries_frames_of_any_size_both_ways(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 16383, 16384, 16385, 100000, 1 << 20};
	uint8_t *content = mem_alloc(1 << 20);
	struct pair pair;

	(void)state;
	pair_open(&pair);
	pair.server.answer = true;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		buf_clear(&pair.client.got);
		buf_clear(&pair.server.got);
		fill(content, sizes[i], (unsigned)i);
		send_bytes(&pair.client, bytes_of(content, sizes[i]));
		UNTIL(&pair, pair.client.frames == i + 1 || pair.client.closed || pair.server.closed);
		assert_int_equal(pair.server.frames, i + 1);
		assert_int_equal(pair.server.last_len, sizes[i]);
		assert_true(bytes_equal(buf_bytes(&pair.server.got), bytes_of(content, sizes[i])));
		assert_true(bytes_equal(buf_bytes(&pair.client.got), bytes_of(content, sizes[i])));
	}
	assert_int_equal(channel_queued(pair.client.channel), 0);
	mem_free(content);
	pair_done(&pair);
}

static void tells_who_and_where_the_peer_is(void **state)
{
	struct pair pair;
	char expected[64];

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	pair_connect(&pair, "localhost", HUB, &usual_limits);
	assert_null(channel_peer(pair.server.channel));
	assert_null(channel_peer(pair.client.channel));
	UNTIL(&pair, pair.server.opened && pair.client.opened);
	assert_string_equal(signer_party(channel_peer(pair.server.channel)), PARTY);
	assert_string_equal(signer_party(channel_peer(pair.client.channel)), HUB);
	snprintf(expected, sizeof(expected), "127.0.0.1:%u", ntohs(pair.at.sin_port));
	assert_string_equal(channel_address(pair.client.channel), expected);
	assert_memory_equal(channel_address(pair.server.channel), "127.0.0.1:", 10);
	pair_done(&pair);
}

static void refuses_to_send_before_it_is_open_and_after_it_was_closed(void **state)
{
	struct pair pair;
	struct err err = {0};

	(void)state;
	pair_init(&pair, "hub", "ca", "party", "ca");
	pair_connect(&pair, "localhost", HUB, &usual_limits);
	assert_int_equal(channel_send(pair.client.channel, BYTES_LIT("x"), &err).code, CODE_CLOSED);
	assert_string_equal(err.reason, "the channel is not open yet");
	UNTIL(&pair, pair.server.opened && pair.client.opened);
	channel_close(pair.client.channel, NULL);
	assert_int_equal(channel_send(pair.client.channel, BYTES_LIT("x"), &err).code, CODE_CLOSED);
	assert_string_equal(err.reason, "the channel is closed");
	pair_done(&pair);
}

/* --- limits --- */

static void closes_when_a_frame_is_one_byte_too_large(void **state)
{
	const struct channel_limits limits = {.frame_max = 1000, .queue_max = 1 << 20, .handshake_ms = 5000, .stall_ms = 2000};
	uint8_t content[1001];
	struct pair pair;

	(void)state;
	fill(content, sizeof(content), 1);
	pair_open_with(&pair, &limits);
	send_bytes(&pair.client, bytes_of(content, 1000));
	UNTIL(&pair, pair.server.frames == 1);
	send_bytes(&pair.client, bytes_of(content, 1001));
	send_bytes(&pair.client, bytes_of(content, 1));
	UNTIL(&pair, pair.server.closed && pair.client.closed);
	assert_why(&pair.server, CODE_TOO_LARGE, "1001 bytes, the limit is 1000");
	assert_why(&pair.client, CODE_CLOSED, "the peer closed the connection");
	assert_int_equal(pair.server.frames, 1);
	pair_done(&pair);
}

static void refuses_a_length_as_soon_as_it_is_there(void **state)
{
	struct pair pair;

	(void)state;
	raw_open(&pair, &usual_limits);
	assert_int_equal(SSL_write(pair.raw, "\xff\xff\xff", 3), 3);
	for (int turn = 0; turn < 5; turn++)
		loop_run_once(pair.loop, 1);
	assert_int_equal(pair.server.closed, 0);
	assert_int_equal(SSL_write(pair.raw, "\xff", 1), 1);
	shutdown(pair.raw_fd, SHUT_WR);
	UNTIL(&pair, pair.server.closed);
	assert_why(&pair.server, CODE_TOO_LARGE, "4294967295 bytes");
	pair_done(&pair);
}

static void refuses_to_queue_what_can_never_be_sent(void **state)
{
	const struct channel_limits limits = {.frame_max = 1 << 20, .queue_max = 1000, .handshake_ms = 5000, .stall_ms = 2000};
	uint8_t content[997];
	struct pair pair;
	struct err err = {0};

	(void)state;
	fill(content, sizeof(content), 1);
	pair_open_with(&pair, &limits);
	assert_int_equal(channel_send(pair.client.channel, bytes_of(content, 997), &err).code, CODE_TOO_LARGE);
	send_bytes(&pair.client, bytes_of(content, 996));
	assert_int_equal(channel_queued(pair.client.channel), 1000);
	assert_int_equal(channel_send(pair.client.channel, BYTES_NONE, &err).code, CODE_BUSY);
	UNTIL(&pair, pair.server.frames == 1 && pair.client.drained == 1);
	assert_int_equal(pair.server.last_len, 996);
	pair_done(&pair);
}

/* --- portions --- */

/* Passes at most `portion` bytes from one to the other in one go. False at the end. */
static bool pass_on(int from, int to, size_t portion)
{
	uint8_t bytes[64];
	ssize_t got = read(from, bytes, portion);

	if (got > 0)
		assert_int_equal(write(to, bytes, (size_t)got), got);
	return got != 0;
}

static void understands_what_comes_one_byte_at_a_time(void **state)
{
	uint8_t content[300];
	struct pair pair;
	int fds[2];

	(void)state;
	fill(content, sizeof(content), 3);
	pair_init(&pair, "hub", "ca", "party", "ca");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	pair_dial(&pair, "localhost", HUB, &usual_limits);
	pair_accept(&pair, fds[0], &usual_limits);
	int middle = pair_take(&pair);
	while (pair.server.opened == 0 || pair.client.opened == 0 || pair.server.frames < 2) {
		assert_true(pass_on(middle, fds[1], 1));
		assert_true(pass_on(fds[1], middle, 1));
		loop_run_once(pair.loop, 0);
		if (pair.client.opened && channel_queued(pair.client.channel) == 0 && pair.client.last_len == 0) {
			send_bytes(&pair.client, bytes_of(content, sizeof(content)));
			send_bytes(&pair.client, BYTES_NONE);
			pair.client.last_len = 1; /* sent once */
		}
	}
	assert_true(bytes_equal(buf_bytes(&pair.server.got), bytes_of(content, sizeof(content))));
	close(middle);
	UNTIL(&pair, pair.client.closed);
	close(fds[1]);
	pair_done(&pair);
}

static void sends_the_frames_of_one_turn_in_one_record(void **state)
{
	uint8_t content[100], got[16384];
	struct pair pair;
	int reason;

	(void)state;
	fill(content, sizeof(content), 5);
	raw_open(&pair, &usual_limits);
	for (int i = 0; i < 100; i++)
		send_bytes(&pair.server, bytes_of(content, sizeof(content)));
	assert_int_equal(raw_read(&pair, got, sizeof(got), &reason), 100 * 104);
	assert_memory_equal(got, "\0\0\0\x64", 4);
	assert_memory_equal(got + 4, content, sizeof(content));
	pair_done(&pair);
}

static void takes_frames_that_share_a_record_or_lie_across_two(void **state)
{
	struct pair pair;

	(void)state;
	raw_open(&pair, &usual_limits);
	assert_int_equal(SSL_write(pair.raw, "\0\0\0\1a\0\0\0\2bc\0\0", 13), 13);
	UNTIL(&pair, pair.server.frames == 2);
	assert_int_equal(SSL_write(pair.raw, "\0\3d", 3), 3);
	assert_int_equal(SSL_write(pair.raw, "ef\0\0\0\0", 6), 6);
	UNTIL(&pair, pair.server.frames == 4);
	assert_true(bytes_is(buf_bytes(&pair.server.got), "abcdef"));
	assert_int_equal(pair.server.last_len, 0);
	pair_done(&pair);
}

static void goes_on_when_the_peer_changes_its_keys(void **state)
{
	uint8_t got[64];
	struct pair pair;
	int reason;

	(void)state;
	raw_open(&pair, &usual_limits);
	pair.server.answer = true;
	for (size_t i = 1; i <= 3; i++) {
		assert_int_equal(SSL_key_update(pair.raw, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_write(pair.raw, "\0\0\0\1x", 5), 5);
		assert_int_equal(raw_read(&pair, got, sizeof(got), &reason), 5);
		assert_int_equal(pair.server.frames, i);
	}
	pair_done(&pair);
}

static void lets_no_channel_have_a_turn_for_itself(void **state)
{
	uint8_t *content = mem_alloc(1 << 20);
	struct pair pair;

	(void)state;
	fill(content, 1 << 20, 9);
	pair_open(&pair);
	for (int i = 0; i < 3; i++)
		send_bytes(&pair.client, bytes_of(content, 1000000));
	for (int i = 0; i < 1000; i++)
		send_bytes(&pair.client, bytes_of(content, 1000));
	size_t before = 0;
	while (pair.server.frames < 1003) {
		assert_int_equal(pair.server.closed, 0);
		loop_run_once(pair.loop, 100);
		/* A frame may complete that came in over many turns, but never more than what one turn reads besides. */
		assert_in_range(pair.server.got.len - before, 0, 1000000 + 131072 + 2 * 16384);
		before = pair.server.got.len;
	}
	mem_free(content);
	pair_done(&pair);
}

/* --- backpressure --- */

static void says_busy_then_gives_up_on_a_peer_that_never_reads(void **state)
{
	const struct channel_limits limits = {.frame_max = 1 << 20, .queue_max = 1 << 18, .handshake_ms = 5000, .stall_ms = 150};
	uint8_t content[10000];
	struct pair pair;
	size_t rounds = 0;

	(void)state;
	fill(content, sizeof(content), 2);
	raw_open(&pair, &limits);
	/* What the kernel holds fills up first. */
	do {
		pair.server.drained = 0;
		send_until_busy(&pair.server, bytes_of(content, sizeof(content)));
		assert_in_range(channel_queued(pair.server.channel), 1, limits.queue_max);
		for (int turn = 0; turn < 20 && pair.server.drained == 0; turn++)
			loop_run_once(pair.loop, 0);
		assert_in_range(rounds++, 0, 1000);
	} while (pair.server.drained > 0);
	UNTIL(&pair, pair.server.closed);
	assert_why(&pair.server, CODE_TIMEOUT, "took nothing for 150 ms");
	assert_int_equal(pair.server.drained, 0);
	pair_done(&pair);
}

static void keeps_a_slow_peer_that_still_reads(void **state)
{
	const struct channel_limits limits = {.frame_max = 1 << 20, .queue_max = 1 << 18, .handshake_ms = 5000, .stall_ms = 400};
	uint8_t content[10000], got[16384];
	struct pair pair;
	int reason;

	(void)state;
	fill(content, sizeof(content), 2);
	raw_open(&pair, &limits);
	int64_t start = clock_mono_ms(), next = start;
	while (clock_mono_ms() - start < 1000) {
		if (channel_queued(pair.server.channel) == 0)
			send_until_busy(&pair.server, bytes_of(content, sizeof(content)));
		if (clock_mono_ms() >= next) {
			assert_true(raw_read(&pair, got, sizeof(got), &reason) > 0);
			next += 20;
		}
		loop_run_once(pair.loop, 5);
	}
	assert_int_equal(pair.server.closed, 0);
	pair_done(&pair);
}

static void says_when_there_is_room_again(void **state)
{
	const struct channel_limits limits = {.frame_max = 1 << 20, .queue_max = 1 << 20, .handshake_ms = 5000, .stall_ms = 5000};
	uint8_t content[30000];
	struct pair pair;
	size_t sent = 0;

	(void)state;
	fill(content, sizeof(content), 2);
	pair_open_with(&pair, &limits);
	channel_pause(pair.server.channel, true);
	do {
		pair.client.drained = 0;
		sent += send_until_busy(&pair.client, bytes_of(content, sizeof(content)));
		for (int turn = 0; turn < 30 && pair.client.drained == 0; turn++)
			loop_run_once(pair.loop, 0);
	} while (pair.client.drained > 0);
	assert_int_equal(pair.server.frames, 0);
	channel_pause(pair.server.channel, false);
	UNTIL(&pair, pair.server.frames == sent);
	assert_int_equal(pair.client.drained, 1);
	assert_int_equal(pair.server.got.len, sent * sizeof(content));
	assert_int_equal(pair.client.closed, 0);
	pair_done(&pair);
}

static void hands_over_nothing_while_paused(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair);
	pair.server.pause_at_frame = true;
	for (int i = 0; i < 10; i++)
		send_bytes(&pair.client, BYTES_LIT("frame"));
	for (size_t expected = 1; expected <= 10; expected++) {
		UNTIL(&pair, pair.server.frames == expected);
		for (int turn = 0; turn < 5; turn++)
			loop_run_once(pair.loop, 1);
		assert_int_equal(pair.server.frames, expected);
		channel_pause(pair.server.channel, false);
	}
	pair_done(&pair);
}

static void sends_while_paused(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair);
	channel_pause(pair.server.channel, true);
	send_bytes(&pair.server, BYTES_LIT("still here"));
	UNTIL(&pair, pair.client.frames == 1);
	pair_done(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_frames_of_any_size_both_ways),
		cmocka_unit_test(tells_who_and_where_the_peer_is),
		cmocka_unit_test(refuses_to_send_before_it_is_open_and_after_it_was_closed),
		cmocka_unit_test(closes_when_a_frame_is_one_byte_too_large),
		cmocka_unit_test(refuses_a_length_as_soon_as_it_is_there),
		cmocka_unit_test(refuses_to_queue_what_can_never_be_sent),
		cmocka_unit_test(understands_what_comes_one_byte_at_a_time),
		cmocka_unit_test(sends_the_frames_of_one_turn_in_one_record),
		cmocka_unit_test(takes_frames_that_share_a_record_or_lie_across_two),
		cmocka_unit_test(goes_on_when_the_peer_changes_its_keys),
		cmocka_unit_test(lets_no_channel_have_a_turn_for_itself),
		cmocka_unit_test(says_busy_then_gives_up_on_a_peer_that_never_reads),
		cmocka_unit_test(keeps_a_slow_peer_that_still_reads),
		cmocka_unit_test(says_when_there_is_room_again),
		cmocka_unit_test(hands_over_nothing_while_paused),
		cmocka_unit_test(sends_while_paused),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_files, drop_files);
}
