#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/wire.h"

enum { LIMIT_MS = 10000, HAND_OVERS = 20000, MODE_MASK = 07777 };

static struct wires *wires;
static struct err err;
static char folder[64];
static char ipc[128];
static char went_wrong; /* what a thread returns then: cmocka asserts in the main thread only */

static int set_up(void **state)
{
	(void)state;
	wires = wires_new();
	snprintf(folder, sizeof folder, "/tmp/liaison-wire-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(ipc, sizeof ipc, "ipc://%s/socket", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	wires_free(wires);
	unlink(ipc + strlen("ipc://"));
	return rmdir(folder);
}

static const char *ipc_path(void)
{
	return ipc + strlen("ipc://");
}

static struct wire *bound(enum wire_kind kind, const char *endpoint, const struct wire_options *options)
{
	struct wire *wire = NULL;
	result made = wire_bind(wires, kind, endpoint, options, &wire, &err);

	if (FAILED(made))
		fail_msg("bind: %s", err.reason);
	return wire;
}

static struct wire *connected(enum wire_kind kind, const char *endpoint, const struct wire_options *options)
{
	struct wire *wire = NULL;
	result made = wire_connect(wires, kind, endpoint, options, &wire, &err);

	if (FAILED(made))
		fail_msg("connect: %s", err.reason);
	return wire;
}

static void send_texts(struct wire *wire, const char *first, const char *second)
{
	const struct bytes frames[] = {bytes_text(first), bytes_text(second)};

	assert_false(FAILED(wire_send(wire, frames, second ? 2 : 1, &err)));
}

static struct wire_message receive(struct wire *wire)
{
	struct wire_message message;

	assert_true(wire_wait(&wire, 1, LIMIT_MS));
	if (FAILED(wire_receive(wire, &message, &err)))
		fail_msg("receive: %s", err.reason);
	return message;
}

/* ── pointers ── */

static void passes_a_pointer_and_takes_it_from_the_giver(void **state)
{
	struct wire *to = bound(WIRE_PULL, "inproc://a", NULL), *from = connected(WIRE_PUSH, "inproc://a", NULL);
	int thing = 42;
	void *pointer = &thing;

	(void)state;
	assert_null(wire_take(to, 0));
	assert_false(FAILED(wire_give(from, &pointer, false, &err)));
	assert_null(pointer);
	assert_ptr_equal(wire_take(to, LIMIT_MS), &thing);
	assert_null(wire_take(to, 0));
	wire_free(from);
	wire_free(to);
}

static void answers_busy_when_full_and_leaves_the_pointer(void **state)
{
	const struct wire_options small = {.high_water = 2};
	struct wire *to = bound(WIRE_PULL, "inproc://full", &small), *from = connected(WIRE_PUSH, "inproc://full", &small);
	int thing = 0, given = 0;
	void *pointer = &thing;

	(void)state;
	while (!FAILED(wire_give(from, &pointer, false, &err))) {
		pointer = &thing;
		assert_true(++given <= 4);
	}
	assert_int_equal(err.code, CODE_BUSY);
	assert_ptr_equal(pointer, &thing);
	assert_int_equal(given, 4); /* both ends' high water */
	while (wire_take(to, 0))
		given--;
	assert_int_equal(given, 0);
	wire_free(from);
	wire_free(to);
}

static void waits_no_longer_than_told(void **state)
{
	struct wire *to = bound(WIRE_PULL, "inproc://late", NULL);
	int64_t before_ms = clock_mono_ms();

	(void)state;
	assert_null(wire_take(to, 30));
	assert_false(wire_wait(&to, 1, 30));
	int64_t took_ms = clock_mono_ms() - before_ms;
	assert_true(took_ms >= 55 && took_ms < LIMIT_MS);
	wire_free(to);
}

static void *give_many(void *ctx)
{
	struct wire *from = ctx;
	struct err why;

	for (uintptr_t i = 1; i <= HAND_OVERS; i++) {
		int *thing = mem_alloc(sizeof *thing);
		void *pointer = thing;
		*thing = (int)i;
		if (FAILED(wire_give(from, &pointer, true, &why)))
			return &went_wrong;
	}
	wire_free(from);
	return NULL;
}

static void hands_many_over_between_threads_in_order(void **state)
{
	const struct wire_options small = {.high_water = 8};
	struct wire *to = bound(WIRE_PULL, "inproc://many", &small), *from = connected(WIRE_PUSH, "inproc://many", &small);
	pthread_t thread;
	void *failure = NULL;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, give_many, from), 0);
	for (int i = 1; i <= HAND_OVERS; i++) {
		AUTO_FREE int *thing = wire_take(to, LIMIT_MS);
		assert_non_null(thing);
		assert_int_equal(*thing, i);
	}
	pthread_join(thread, &failure);
	assert_null(failure);
	wire_free(to);
}

static void never_takes_a_pointer_from_outside_the_process(void **state)
{
	struct wire *to = bound(WIRE_PULL, ipc, NULL), *from = connected(WIRE_PUSH, ipc, NULL);
	void *pointer = &pointer;

	(void)state;
	result given = wire_give(from, &pointer, false, &err);
	assert_int_equal(given.code, CODE_CONFIG);
	assert_ptr_equal(pointer, &pointer);
	send_texts(from, "8 bytes!", NULL);
	assert_true(wire_wait(&to, 1, LIMIT_MS));
	assert_null(wire_take(to, LIMIT_MS));
	wire_free(from);
	wire_free(to);
}

/* ── shutting down ── */

static void *take_for_ever(void *ctx)
{
	struct wire *wire = ctx;
	void *taken = wire_take(wire, -1);

	wire_free(wire);
	return taken;
}

static void *wait_for_ever(void *ctx)
{
	struct wire *wire = ctx;
	bool is_readable = wire_wait(&wire, 1, -1);
	bool is_shut = wire_is_shut(wire);

	wire_free(wire);
	return !is_readable && is_shut ? NULL : &went_wrong;
}

static void *give_for_ever(void *ctx)
{
	struct wire *wire = ctx;
	void *pointer = ctx;
	struct err why;
	result given = wire_give(wire, &pointer, true, &why); /* nobody is there to take it */
	bool kept = pointer == ctx;

	wire_free(wire);
	return given.code == CODE_CLOSED && kept ? NULL : &went_wrong;
}

static void shutting_down_wakes_everybody(void **state)
{
	pthread_t threads[3];
	void *failure = NULL;
	void *(*const waiters[])(void *) = {take_for_ever, wait_for_ever, give_for_ever};
	struct wire *waiting[] = {bound(WIRE_PULL, "inproc://t", NULL), bound(WIRE_PULL, "inproc://w", NULL),
	                          bound(WIRE_PUSH, "inproc://g", NULL)};
	struct wire *mine = bound(WIRE_PAIR, "inproc://mine", NULL);
	struct wire_message message;
	const struct bytes frame = BYTES_LIT("x");

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, waiters[i], waiting[i]), 0);
	wires_shutdown(wires);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &failure);
		assert_null(failure);
	}
	result received = wire_receive(mine, &message, &err);
	assert_int_equal(received.code, CODE_CLOSED);
	result sent = wire_send(mine, &frame, 1, &err);
	assert_int_equal(sent.code, CODE_CLOSED);
	assert_true(wire_is_shut(mine));
	assert_true(wire_readable(mine));
	assert_false(wire_wait(&mine, 1, -1));
	wire_free(mine);
	result late = wire_bind(wires, WIRE_PULL, "inproc://late", NULL, &mine, &err);
	assert_int_equal(late.code, CODE_CLOSED);
}

/* ── endpoints ── */

static void refuses_endpoints_that_leave_the_host_or_mean_nothing(void **state)
{
	static const struct {
		const char *endpoint;
		bool bind_fits, connect_fits;
	} rows[] = {
		{"tcp://0.0.0.0:5555", false, false},
		{"tcp://*:5555", false, false},
		{"tcp://10.0.0.1:5555", false, false},
		{"tcp://localhost:5555", false, false},
		{"tcp://eth0:5555", false, false},
		{"tcp://127.0.0.1", false, false},
		{"tcp://127.0.0.1:", false, false},
		{"tcp://127.0.0.1:65536", false, false},
		{"tcp://127.0.0.1:-1", false, false},
		{"tcp://127.0.0.1:80x", false, false},
		{"tcp://127.0.0.1.evil:80", false, false},
		{"tcp://10.0.0.1:1;127.0.0.1:80", false, false},
		{"tcp://[::]:80", false, false},
		{"tcp://127.0.0.1:*", true, false},
		{"tcp://127.0.0.1:0", true, false},
		{"tcp://127.9.9.9:0", true, false},
		{"ipc://", false, false},
		{"ipc://*", false, false},
		{"ipc://@abstract", false, false},
		{"ipc:///a-path-of-one-hundred-and-eight-bytes-is-one-more-than-the-kernel-takes-for-a-socket/"
		 "so-that-this-is-refused", false, false},
		{"udp://127.0.0.1:80", false, false},
		{"inproc://", false, false},
		{"/run/x", false, false},
		{"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wire *wire = NULL;
		result made = wire_bind(wires, WIRE_PULL, rows[i].endpoint, NULL, &wire, &err);
		if (made.code != (rows[i].bind_fits ? CODE_OK : CODE_CONFIG))
			fail_msg("bind to \"%s\" gave %s", rows[i].endpoint, code_text(made.code));
		wire_free(wire);
		wire = NULL;
		made = wire_connect(wires, WIRE_PUSH, rows[i].endpoint, NULL, &wire, &err);
		if (made.code != (rows[i].connect_fits ? CODE_OK : CODE_CONFIG))
			fail_msg("connect to \"%s\" gave %s", rows[i].endpoint, code_text(made.code));
		wire_free(wire);
	}
}

static void says_which_free_port_it_took(void **state)
{
	struct wire *to = bound(WIRE_PULL, "tcp://127.0.0.1:0", NULL);
	struct wire *from = connected(WIRE_PUSH, wire_endpoint(to), NULL);

	(void)state;
	assert_memory_equal(wire_endpoint(to), "tcp://127.0.0.1:", 16);
	assert_string_not_equal(wire_endpoint(to), "tcp://127.0.0.1:0");
	assert_string_equal(wire_endpoint(from), wire_endpoint(to));
	send_texts(from, "hello", NULL);
	struct wire_message message = receive(to);
	assert_true(bytes_is(message.frames[0], "hello"));
	wire_message_done(&message);
	struct wire *again = NULL;
	result taken = wire_bind(wires, WIRE_PULL, wire_endpoint(to), NULL, &again, &err);
	assert_int_equal(taken.code, CODE_BUSY);
	wire_free(from);
	wire_free(to);
}

/* ── ipc files ── */

static unsigned mode_of(const char *path)
{
	struct stat found;

	assert_int_equal(lstat(path, &found), 0);
	return found.st_mode & MODE_MASK;
}

static void gives_the_socket_file_its_mode_whatever_the_umask_is(void **state)
{
	static const struct {
		mode_t umask;
		int mode;
		unsigned expected;
	} rows[] = {{0, 0, 0600}, {0777, 0, 0600}, {022, 0660, 0660}, {077, 0666, 0666}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct wire_options options = {.mode = rows[i].mode};
		mode_t before = umask(rows[i].umask);
		struct wire *wire = bound(WIRE_ROUTER, ipc, &options);
		assert_int_equal(umask(before), rows[i].umask);
		assert_int_equal(mode_of(ipc_path()), rows[i].expected);
		wire_free(wire);
		assert_int_equal(access(ipc_path(), F_OK), -1);
	}
}

static int listening_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void replaces_a_socket_that_nobody_answers_on(void **state)
{
	(void)state;
	close(listening_socket(ipc_path()));
	assert_int_equal(access(ipc_path(), F_OK), 0);
	wire_free(bound(WIRE_ROUTER, ipc, NULL));
}

static void leaves_a_socket_alone_that_somebody_answers_on(void **state)
{
	struct wire *wire = NULL;
	int fd = listening_socket(ipc_path());

	(void)state;
	result made = wire_bind(wires, WIRE_ROUTER, ipc, NULL, &wire, &err);
	assert_int_equal(made.code, CODE_BUSY);
	assert_int_equal(access(ipc_path(), F_OK), 0);
	close(fd);
}

static void leaves_a_file_alone_that_is_no_socket(void **state)
{
	struct wire *wire = NULL;

	(void)state;
	assert_false(FAILED(file_write(ipc_path(), BYTES_LIT("somebody's"), 0600, &err)));
	result made = wire_bind(wires, WIRE_ROUTER, ipc, NULL, &wire, &err);
	assert_int_equal(made.code, CODE_CONFIG);
	struct buf contents;
	assert_false(FAILED(file_read(ipc_path(), 100, &contents, &err)));
	assert_true(bytes_is(buf_bytes(&contents), "somebody's"));
	buf_done(&contents);
}

static void leaves_the_file_of_a_successor_alone(void **state)
{
	struct wire *wire = bound(WIRE_ROUTER, ipc, NULL);

	(void)state;
	assert_int_equal(unlink(ipc_path()), 0);
	assert_false(FAILED(file_write(ipc_path(), BYTES_LIT("the successor's"), 0600, &err)));
	wire_free(wire);
	assert_int_equal(access(ipc_path(), F_OK), 0);
}

static void says_why_an_ipc_path_cannot_be_bound(void **state)
{
	struct wire *wire = NULL;
	char endpoint[160];

	(void)state;
	snprintf(endpoint, sizeof endpoint, "ipc://%s/none/socket", folder);
	result made = wire_bind(wires, WIRE_ROUTER, endpoint, NULL, &wire, &err);
	assert_int_equal(made.code, CODE_IO);
	assert_true(strlen(err.reason) > 0);
}

/* ── messages ── */

static void carries_frames_both_ways_through_a_router(void **state)
{
	struct wire *router = bound(WIRE_ROUTER, ipc, NULL), *dealer = connected(WIRE_DEALER, ipc, NULL);

	(void)state;
	send_texts(dealer, "question", "");
	struct wire_message message = receive(router);
	assert_int_equal(message.count, 3);
	assert_true(bytes_is(message.frames[1], "question"));
	assert_int_equal(message.frames[2].len, 0);
	const struct bytes answer[] = {message.frames[0], BYTES_LIT("answer"), BYTES_NONE};
	assert_false(FAILED(wire_send(router, answer, 3, &err)));
	wire_message_done(&message);
	assert_int_equal(message.count, 0);
	message = receive(dealer);
	assert_int_equal(message.count, 2);
	assert_true(bytes_is(message.frames[0], "answer"));
	wire_message_done(&message);
	wire_free(dealer);
	wire_free(router);
}

static void knows_whose_program_has_sent_over_ipc_and_not_over_tcp(void **state)
{
	struct wire *router = bound(WIRE_ROUTER, ipc, NULL), *dealer = connected(WIRE_DEALER, ipc, NULL);
	struct wire *far_router = bound(WIRE_ROUTER, "tcp://127.0.0.1:*", NULL);
	struct wire *far_dealer = connected(WIRE_DEALER, wire_endpoint(far_router), NULL);

	(void)state;
	send_texts(dealer, "question", NULL);
	struct wire_message message = receive(router);
	assert_int_equal(message.peer_uid, getuid());
	assert_int_equal(message.peer_pid, getpid());
	wire_message_done(&message);
	send_texts(far_dealer, "question", NULL);
	message = receive(far_router);
	assert_int_equal(message.peer_uid, -1);
	assert_int_equal(message.peer_pid, -1);
	wire_message_done(&message);
	wire_free(dealer);
	wire_free(router);
	wire_free(far_dealer);
	wire_free(far_router);
}

static void tells_when_a_routers_peer_is_not_there(void **state)
{
	struct wire *router = bound(WIRE_ROUTER, "inproc://router", NULL);
	const struct bytes frames[] = {BYTES_LIT("nobody"), BYTES_LIT("x")};

	(void)state;
	result sent = wire_send(router, frames, 2, &err);
	assert_int_equal(sent.code, CODE_CLOSED);
	wire_free(router);
}

static void answers_busy_when_there_is_no_message_and_when_full(void **state)
{
	const struct wire_options small = {.high_water = 1};
	struct wire *to = bound(WIRE_DEALER, "inproc://busy", &small), *from = connected(WIRE_DEALER, "inproc://busy", &small);
	struct wire_message message;
	const struct bytes frame = BYTES_LIT("x");
	int sent = 0;

	(void)state;
	result none = wire_receive(to, &message, &err);
	assert_int_equal(none.code, CODE_BUSY);
	while (!FAILED(wire_send(from, &frame, 1, &err)))
		assert_true(++sent <= 2);
	assert_int_equal(err.code, CODE_BUSY);
	assert_int_equal(sent, 2);
	wire_free(from);
	wire_free(to);
}

static void discards_a_message_of_too_many_frames_and_goes_on(void **state)
{
	struct wire *to = bound(WIRE_ROUTER, "inproc://frames", NULL), *from = connected(WIRE_DEALER, "inproc://frames", NULL);
	struct bytes frames[WIRE_FRAMES_MAX + 1];
	struct wire_message message;

	(void)state;
	for (size_t i = 0; i <= WIRE_FRAMES_MAX; i++)
		frames[i] = BYTES_LIT("f");
	result empty = wire_send(from, frames, 0, &err);
	assert_int_equal(empty.code, CODE_MALFORMED);
	result many = wire_send(from, frames, WIRE_FRAMES_MAX + 1, &err);
	assert_int_equal(many.code, CODE_MALFORMED);
	/* The router puts the identity in front, which makes one too many. */
	assert_false(FAILED(wire_send(from, frames, WIRE_FRAMES_MAX, &err)));
	assert_false(FAILED(wire_send(from, frames, WIRE_FRAMES_MAX - 1, &err)));
	assert_true(wire_wait(&to, 1, LIMIT_MS));
	result received = wire_receive(to, &message, &err);
	assert_int_equal(received.code, CODE_MALFORMED);
	message = receive(to);
	assert_int_equal(message.count, WIRE_FRAMES_MAX);
	wire_message_done(&message);
	wire_free(from);
	wire_free(to);
}

static void does_not_receive_what_is_larger_than_allowed(void **state)
{
	const struct wire_options small = {.max_bytes = 100};
	struct wire *to = bound(WIRE_PULL, ipc, &small);
	struct wire *large = connected(WIRE_PUSH, ipc, NULL), *fine = connected(WIRE_PUSH, ipc, NULL);
	char bytes[101] = {0};
	const struct bytes too_much = bytes_of(bytes, 101), just_so = bytes_of(bytes, 100);

	(void)state;
	assert_false(FAILED(wire_send(large, &too_much, 1, &err)));
	assert_false(FAILED(wire_send(fine, &just_so, 1, &err)));
	struct wire_message message = receive(to);
	assert_int_equal(message.frames[0].len, 100);
	wire_message_done(&message);
	assert_false(wire_wait(&to, 1, 50));
	wire_free(large);
	wire_free(fine);
	wire_free(to);
}

static void brings_only_what_was_subscribed(void **state)
{
	struct wire *pub = bound(WIRE_PUB, "inproc://events", NULL), *sub = connected(WIRE_SUB, "inproc://events", NULL);
	int64_t until_ms = clock_mono_ms() + LIMIT_MS;

	(void)state;
	wire_subscribe(sub, "link.");
	do { /* a subscription takes a moment to arrive */
		assert_true(clock_mono_ms() < until_ms);
		send_texts(pub, "store.commit", NULL);
		send_texts(pub, "link.up", NULL);
	} while (!wire_wait(&sub, 1, 1));
	struct wire_message message = receive(sub);
	assert_true(bytes_is(message.frames[0], "link.up"));
	wire_message_done(&message);
	wire_free(sub);
	wire_free(pub);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(passes_a_pointer_and_takes_it_from_the_giver),
		TEST(answers_busy_when_full_and_leaves_the_pointer),
		TEST(waits_no_longer_than_told),
		TEST(hands_many_over_between_threads_in_order),
		TEST(never_takes_a_pointer_from_outside_the_process),
		TEST(shutting_down_wakes_everybody),
		TEST(refuses_endpoints_that_leave_the_host_or_mean_nothing),
		TEST(says_which_free_port_it_took),
		TEST(gives_the_socket_file_its_mode_whatever_the_umask_is),
		TEST(replaces_a_socket_that_nobody_answers_on),
		TEST(leaves_a_socket_alone_that_somebody_answers_on),
		TEST(leaves_a_file_alone_that_is_no_socket),
		TEST(leaves_the_file_of_a_successor_alone),
		TEST(says_why_an_ipc_path_cannot_be_bound),
		TEST(carries_frames_both_ways_through_a_router),
		TEST(knows_whose_program_has_sent_over_ipc_and_not_over_tcp),
		TEST(tells_when_a_routers_peer_is_not_there),
		TEST(answers_busy_when_there_is_no_message_and_when_full),
		TEST(discards_a_message_of_too_many_frames_and_goes_on),
		TEST(does_not_receive_what_is_larger_than_allowed),
		TEST(brings_only_what_was_subscribed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
