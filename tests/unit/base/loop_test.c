#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/wire.h"

enum { LIMIT_MS = 20000, ROUND_TRIPS = 100000, WINDOW = 64, STEP_MS = 5 };

static struct loop *loop;

static int set_up(void **state)
{
	(void)state;
	loop = loop_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void count(void *ctx)
{
	++*(int *)ctx;
}

static void count_ready(void *ctx, unsigned ready)
{
	if (ready)
		++*(int *)ctx;
}

static void stop(void *ctx)
{
	loop_stop(ctx);
}

static void turn_until(const int *counter, int least)
{
	int64_t until_ms = clock_mono_ms() + LIMIT_MS;

	while (*counter < least) {
		assert_true(clock_mono_ms() < until_ms);
		loop_run_once(loop, STEP_MS);
	}
}

/* Turns until nothing happens, for what must not happen. */
static void turn_for(int64_t ms)
{
	for (int64_t until_ms = clock_mono_ms() + ms; clock_mono_ms() < until_ms;)
		loop_run_once(loop, 1);
}

static int64_t cpu_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* ── turns ── */

static void runs_until_stopped_and_again(void **state)
{
	struct loop_timer *timer = loop_timer_new(loop, stop, loop);

	(void)state;
	for (int i = 0; i < 2; i++) {
		loop_timer_set(timer, 1, 0);
		loop_run(loop);
	}
	loop_timer_free(timer);
}

static void a_stop_before_the_run_counts(void **state)
{
	(void)state;
	loop_stop(loop);
	loop_run(loop);
}

static void waits_once_no_longer_than_told(void **state)
{
	int64_t before_ms = clock_mono_ms();

	(void)state;
	loop_run_once(loop, 40);
	int64_t took_ms = clock_mono_ms() - before_ms;
	assert_true(took_ms >= 38 && took_ms < LIMIT_MS);
	before_ms = clock_mono_ms();
	loop_run_once(loop, 0);
	assert_true(clock_mono_ms() - before_ms < 1000);
}

static void returns_as_soon_as_something_was_done(void **state)
{
	int fired = 0;
	struct loop_timer *timer = loop_timer_new(loop, count, &fired);
	int64_t before_ms = clock_mono_ms();

	(void)state;
	loop_timer_set(timer, 0, 0);
	while (fired == 0)
		loop_run_once(loop, LIMIT_MS);
	assert_true(clock_mono_ms() - before_ms < LIMIT_MS / 2);
	loop_timer_free(timer);
}

struct batch {
	struct loop_timer *timer;
	int filled, flushed;
};

static void fill(void *ctx)
{
	((struct batch *)ctx)->filled++;
}

static void flush(void *ctx)
{
	struct batch *batch = ctx;

	batch->flushed += batch->filled;
	batch->filled = 0;
	if (batch->flushed >= 3)
		loop_stop(loop);
}

static void the_turns_hook_flushes_what_callbacks_batched_before_the_loop_sleeps(void **state)
{
	struct batch batch = {.timer = loop_timer_new(loop, fill, &batch)};

	(void)state;
	loop_on_turn(loop, flush, &batch);
	loop_timer_set(batch.timer, 1, 1);
	loop_run(loop);
	assert_int_equal(batch.filled, 0);
	assert_int_equal(batch.flushed, 3);
	loop_timer_free(batch.timer);
}

static void a_single_turn_ends_with_its_hook(void **state)
{
	struct batch batch = {.timer = loop_timer_new(loop, fill, &batch)};

	(void)state;
	loop_on_turn(loop, flush, &batch);
	loop_timer_set(batch.timer, 0, 0);
	while (batch.flushed == 0) {
		loop_run_once(loop, STEP_MS);
		assert_int_equal(batch.filled, 0);
	}
	loop_timer_free(batch.timer);
}

static void *wake_often(void *ctx)
{
	(void)ctx;
	for (int i = 0; i < 1000; i++)
		loop_wake(loop);
	return NULL;
}

static void is_woken_by_another_thread_and_merges_wakes(void **state)
{
	int woken = 0;
	pthread_t thread;

	(void)state;
	loop_on_wake(loop, count, &woken);
	assert_int_equal(pthread_create(&thread, NULL, wake_often, NULL), 0);
	turn_until(&woken, 1);
	pthread_join(thread, NULL);
	turn_for(20);
	assert_true(woken >= 1 && woken <= 1000);
	woken = 0;
	loop_wake(loop);
	loop_wake(loop);
	turn_for(20);
	assert_int_equal(woken, 1);
}

static void closes_what_still_stands_on_it(void **state)
{
	int pipes[2], fired = 0;
	struct loop_folder *folder;
	struct err err;
	struct wires *wires = wires_new();
	struct wire *wire;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	loop_fd_want(loop_fd_new(loop, pipes[1], count_ready, &fired), LOOP_WRITE);
	loop_fd_new(loop, pipes[0], count_ready, &fired);
	loop_timer_set(loop_timer_new(loop, count, &fired), 0, 1);
	loop_timer_new(loop, count, &fired);
	loop_signal_new(loop, SIGUSR1, count, &fired);
	assert_false(FAILED(loop_folder_new(loop, "/tmp", count, &fired, &folder, &err)));
	assert_false(FAILED(wire_bind(wires, WIRE_PAIR, "inproc://left", NULL, &wire, &err)));
	loop_wire_new(loop, wire, count, &fired);
	loop_on_turn(loop, count, &fired);
	loop_wake(loop);
	loop_free(loop);
	assert_int_equal(fired, 0);
	wire_free(wire);
	wires_free(wires);
	close(pipes[0]);
	close(pipes[1]);
	loop = loop_new();
}

/* ── timers ── */

static void a_timer_fires_once_or_again_and_can_be_stopped(void **state)
{
	int once = 0, often = 0, never = 0;
	struct loop_timer *one = loop_timer_new(loop, count, &once), *every = loop_timer_new(loop, count, &often);
	struct loop_timer *stopped = loop_timer_new(loop, count, &never), *idle = loop_timer_new(loop, count, &never);

	(void)state;
	loop_timer_set(one, 1, 0);
	loop_timer_set(every, 1, 1);
	loop_timer_set(stopped, 1, 1);
	loop_timer_set(stopped, -1, 1);
	turn_until(&often, 5);
	assert_int_equal(once, 1);
	assert_int_equal(never, 0);
	loop_timer_set(every, -1, 0);
	often = 0;
	turn_for(10);
	assert_int_equal(often, 0);
	loop_timer_free(one);
	loop_timer_free(every);
	loop_timer_free(stopped);
	loop_timer_free(idle);
	loop_timer_free(NULL);
}

struct eager {
	struct loop_timer *timer;
	int fired;
};

static void set_at_once_again(void *ctx)
{
	struct eager *eager = ctx;

	eager->fired++;
	loop_timer_set(eager->timer, 0, 0);
}

static void a_timer_that_sets_itself_to_now_does_not_starve_the_rest(void **state)
{
	int woken = 0;
	struct eager eager = {.timer = loop_timer_new(loop, set_at_once_again, &eager)};

	(void)state;
	loop_on_wake(loop, count, &woken);
	loop_timer_set(eager.timer, 0, 0);
	loop_wake(loop);
	turn_until(&woken, 1);
	turn_until(&eager.fired, 3);
	loop_timer_free(eager.timer);
}

static void a_timer_set_before_the_run_counts_from_then(void **state)
{
	int fired = 0;
	struct loop_timer *timer = loop_timer_new(loop, count, &fired);
	int64_t started_ms = clock_mono_ms();

	(void)state;
	while (clock_mono_ms() < started_ms + 30) /* the loop does not turn, and so does not see time pass */
		continue;
	loop_timer_set(timer, 30, 0);
	turn_until(&fired, 1);
	assert_true(clock_mono_ms() - started_ms >= 58);
	loop_timer_free(timer);
}

/* ── freeing inside callbacks ── */

struct suicide {
	struct loop_fd *fd;
	struct loop_timer *timer;
	struct loop_signal *signal;
	struct loop_folder *folder;
	struct loop_wire *wire;
	int calls;
};

static void free_all(void *ctx)
{
	struct suicide *watchers = ctx;

	watchers->calls++;
	loop_fd_free(watchers->fd);
	loop_timer_free(watchers->timer);
	loop_signal_free(watchers->signal);
	loop_folder_free(watchers->folder);
	loop_wire_free(watchers->wire);
}

static void free_all_ready(void *ctx, unsigned ready)
{
	(void)ready;
	free_all(ctx);
}

/* All five are ready in the same turn; whoever comes first frees all, and nobody may be called after that. */
static void a_callback_may_free_every_watcher_its_own_too(void **state)
{
	struct suicide watchers = {.calls = 0};
	int pipes[2];
	char folder[] = "/tmp/liaison-loop-XXXXXX", file[64];
	struct err err;
	struct wires *wires = wires_new();
	struct wire *to, *from;
	void *thing = &watchers;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_non_null(mkdtemp(folder));
	assert_false(FAILED(wire_bind(wires, WIRE_PULL, "inproc://x", NULL, &to, &err)));
	assert_false(FAILED(wire_connect(wires, WIRE_PUSH, "inproc://x", NULL, &from, &err)));
	watchers.fd = loop_fd_new(loop, pipes[0], free_all_ready, &watchers);
	loop_fd_want(watchers.fd, LOOP_READ);
	watchers.timer = loop_timer_new(loop, free_all, &watchers);
	watchers.signal = loop_signal_new(loop, SIGUSR1, free_all, &watchers);
	assert_false(FAILED(loop_folder_new(loop, folder, free_all, &watchers, &watchers.folder, &err)));
	watchers.wire = loop_wire_new(loop, to, free_all, &watchers);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	raise(SIGUSR1);
	snprintf(file, sizeof file, "%s/file", folder);
	assert_false(FAILED(file_write(file, BYTES_LIT("x"), 0600, &err)));
	assert_false(FAILED(wire_give(from, &thing, false, &err)));
	loop_timer_set(watchers.timer, 0, 1);
	turn_for(20);
	assert_int_equal(watchers.calls, 1);
	wire_free(from);
	wire_free(to);
	wires_free(wires);
	close(pipes[0]);
	close(pipes[1]);
	unlink(file);
	rmdir(folder);
}

static void each_kind_of_watcher_may_free_itself(void **state)
{
	struct suicide by_fd = {.calls = 0}, by_signal = {.calls = 0}, by_wire = {.calls = 0};
	int pipes[2];
	struct err err;
	struct wires *wires = wires_new();
	struct wire *to, *from;
	void *thing = &by_wire;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	by_fd.fd = loop_fd_new(loop, pipes[1], free_all_ready, &by_fd);
	loop_fd_want(by_fd.fd, LOOP_WRITE);
	turn_for(10);
	assert_int_equal(by_fd.calls, 1);
	by_signal.signal = loop_signal_new(loop, SIGUSR1, free_all, &by_signal);
	raise(SIGUSR1);
	turn_until(&by_signal.calls, 1);
	assert_false(FAILED(wire_bind(wires, WIRE_PULL, "inproc://x", NULL, &to, &err)));
	assert_false(FAILED(wire_connect(wires, WIRE_PUSH, "inproc://x", NULL, &from, &err)));
	by_wire.wire = loop_wire_new(loop, to, free_all, &by_wire);
	assert_false(FAILED(wire_give(from, &thing, false, &err)));
	turn_for(10);
	assert_int_equal(by_wire.calls, 1);
	/* The descriptor and the wire can be watched again. */
	loop_fd_want(by_fd.fd = loop_fd_new(loop, pipes[1], free_all_ready, &by_fd), LOOP_WRITE);
	by_wire.wire = loop_wire_new(loop, to, free_all, &by_wire);
	turn_for(10);
	assert_int_equal(by_fd.calls, 2);
	assert_int_equal(by_wire.calls, 2);
	wire_free(from);
	wire_free(to);
	wires_free(wires);
	close(pipes[0]);
	close(pipes[1]);
}

/* ── descriptors ── */

struct readiness {
	unsigned last;
	int calls;
};

static void note_ready(void *ctx, unsigned ready)
{
	struct readiness *seen = ctx;

	seen->last = ready;
	seen->calls++;
}

static void a_descriptor_stays_ready_until_it_is_read(void **state)
{
	struct readiness seen = {.calls = 0};
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct loop_fd *watch = loop_fd_new(loop, ends[0], note_ready, &seen);
	assert_int_equal(write(ends[1], "x", 1), 1);
	turn_for(10);
	assert_int_equal(seen.calls, 0); /* nothing wanted yet */
	loop_fd_want(watch, LOOP_READ);
	turn_until(&seen.calls, 3);
	assert_int_equal(seen.last, LOOP_READ);
	loop_fd_want(watch, LOOP_READ | LOOP_WRITE);
	loop_run_once(loop, STEP_MS);
	assert_int_equal(seen.last, LOOP_READ | LOOP_WRITE);
	loop_fd_want(watch, 0);
	seen.calls = 0;
	turn_for(10);
	assert_int_equal(seen.calls, 0);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	loop_fd_want(watch, LOOP_READ);
	turn_for(10);
	assert_int_equal(seen.calls, 0);
	loop_fd_free(watch);
	close(ends[0]);
	close(ends[1]);
}

static void an_error_reads_as_both_and_stays(void **state)
{
	struct readiness seen = {.calls = 0};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	struct loop_fd *watch = loop_fd_new(loop, ends[1], note_ready, &seen);
	close(ends[0]); /* EPOLLERR on the end for writing */
	loop_fd_want(watch, LOOP_WRITE);
	turn_until(&seen.calls, 3);
	assert_int_equal(seen.last, LOOP_READ | LOOP_WRITE);
	loop_fd_want(watch, 0);
	seen.calls = 0;
	turn_for(10);
	assert_int_equal(seen.calls, 0);
	loop_fd_free(watch);
	close(ends[1]);
}

static void a_descriptor_may_be_closed_right_after_its_watcher_is_freed(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		int ends[2], ready = 0;
		assert_int_equal(pipe(ends), 0);
		struct loop_fd *watch = loop_fd_new(loop, ends[1], count_ready, &ready);
		loop_fd_want(watch, LOOP_WRITE);
		if (i % 2)
			turn_until(&ready, 1);
		loop_fd_free(watch);
		close(ends[0]);
		close(ends[1]);
	}
	loop_fd_free(NULL);
}

/* ── signals and folders ── */

static void a_signal_reaches_its_watcher_only_while_it_stands(void **state)
{
	int seen = 0, other = 0;
	struct loop_signal *watch = loop_signal_new(loop, SIGUSR1, count, &seen);
	struct loop_signal *beside = loop_signal_new(loop, SIGUSR2, count, &other);

	(void)state;
	raise(SIGUSR1);
	turn_until(&seen, 1);
	assert_int_equal(other, 0);
	loop_signal_free(watch);
	raise(SIGUSR2);
	turn_until(&other, 1);
	assert_int_equal(seen, 1);
	loop_signal_free(beside);
	loop_signal_free(NULL);
}

static void a_folder_tells_of_a_new_file(void **state)
{
	char folder[] = "/tmp/liaison-loop-XXXXXX", file[64];
	struct loop_folder *watch;
	struct err err;
	int seen = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_false(FAILED(loop_folder_new(loop, folder, count, &seen, &watch, &err)));
	turn_for(5);
	assert_int_equal(seen, 0);
	snprintf(file, sizeof file, "%s/release.csv", folder);
	assert_false(FAILED(file_write(file, BYTES_LIT("x"), 0600, &err)));
	turn_until(&seen, 1);
	loop_folder_free(watch);
	loop_folder_free(NULL);
	unlink(file);
	rmdir(folder);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
	struct loop_folder *watch = NULL;
	struct err err;
	int seen = 0;

	(void)state;
	result made = loop_folder_new(loop, "/tmp/liaison/is/not/there", count, &seen, &watch, &err);
	assert_true(FAILED(made));
	assert_string_equal(err.field, "/tmp/liaison/is/not/there");
	assert_null(watch);
	turn_for(5);
}

/* ── wires ── */

struct ends {
	struct wires *wires;
	struct wire *here, *there;
};

static struct ends make_ends(enum wire_kind kind, const char *endpoint, int high_water)
{
	const struct wire_options options = {.high_water = high_water};
	struct ends ends = {.wires = wires_new()};
	struct err err;

	assert_false(FAILED(wire_bind(ends.wires, kind, endpoint, &options, &ends.here, &err)));
	assert_false(FAILED(wire_connect(ends.wires, kind, wire_endpoint(ends.here), &options, &ends.there, &err)));
	return ends;
}

static void free_ends(struct ends *ends)
{
	wire_free(ends->here);
	wire_free(ends->there);
	wires_free(ends->wires);
}

struct echo {
	struct wire *wire;
	struct loop *loop;
	int sent, received;
	int budget; /* messages taken per call; 0: until empty */
	bool failed;
};

static void send_number(struct echo *echo)
{
	const struct bytes frame = bytes_of(&echo->sent, sizeof echo->sent);

	if (FAILED(wire_send(echo->wire, &frame, 1, NULL)))
		echo->failed = true;
	echo->sent++;
}

static bool receive_number(struct echo *echo)
{
	struct wire_message message;
	int number = -1;

	if (FAILED(wire_receive(echo->wire, &message, NULL)))
		return false;
	if (message.count == 1 && message.frames[0].len == sizeof number)
		__builtin_memcpy(&number, message.frames[0].at, sizeof number);
	wire_message_done(&message);
	if (number != echo->received++)
		echo->failed = true;
	return true;
}

/* Receives one and sends one on the same wire: the case in which a naive watcher of ZMQ_FD sleeps for ever. */
static void on_answer(void *ctx)
{
	struct echo *echo = ctx;

	for (int i = 0; (echo->budget == 0 || i < echo->budget) && receive_number(echo); i++) {
		if (echo->sent < ROUND_TRIPS)
			send_number(echo);
	}
	if (echo->received == ROUND_TRIPS || echo->failed)
		loop_stop(echo->loop);
}

static void *answer_all(void *ctx)
{
	struct wire *wire = ctx;
	struct wire_message message;

	while (wire_wait(&wire, 1, LIMIT_MS)) {
		while (!FAILED(wire_receive(wire, &message, NULL))) {
			result sent = wire_send(wire, message.frames, message.count, NULL);
			wire_message_done(&message);
			if (FAILED(sent))
				return ctx;
		}
	}
	return NULL;
}

static void on_stall(void *ctx)
{
	struct echo *echo = ctx;

	echo->failed = true;
	loop_stop(echo->loop);
}

static void make_round_trips(const char *endpoint, int budget, int window)
{
	struct ends ends = make_ends(WIRE_DEALER, endpoint, 4 * WINDOW);
	/* The end that connects may send before the other has noticed. */
	struct echo echo = {.wire = ends.there, .loop = loop, .budget = budget};
	struct loop_wire *watch = loop_wire_new(loop, ends.there, on_answer, &echo);
	struct loop_timer *limit = loop_timer_new(loop, on_stall, &echo);
	pthread_t thread;
	void *failure = NULL;

	assert_int_equal(pthread_create(&thread, NULL, answer_all, ends.here), 0);
	loop_timer_set(limit, LIMIT_MS, 0);
	for (int i = 0; i < window; i++)
		send_number(&echo);
	loop_run(loop);
	assert_false(echo.failed);
	assert_int_equal(echo.received, ROUND_TRIPS);
	loop_wire_free(watch);
	loop_timer_free(limit);
	wires_shutdown(ends.wires);
	pthread_join(thread, &failure);
	assert_null(failure);
	free_ends(&ends);
}

static void a_hundred_thousand_round_trips_never_stall_when_one_is_taken_at_a_time(void **state)
{
	(void)state;
	make_round_trips("inproc://echo", 1, WINDOW);
}

static void a_hundred_thousand_round_trips_never_stall_when_all_are_taken(void **state)
{
	(void)state;
	make_round_trips("inproc://echo", 0, WINDOW);
}

static void a_hundred_thousand_round_trips_never_stall_one_after_the_other(void **state)
{
	(void)state;
	make_round_trips("inproc://echo", 1, 1);
}

static void a_hundred_thousand_round_trips_over_tcp_never_stall(void **state)
{
	(void)state;
	make_round_trips("tcp://127.0.0.1:0", 1, WINDOW);
}

static void a_message_that_was_there_before_the_watcher_is_noticed(void **state)
{
	struct ends ends = make_ends(WIRE_PAIR, "inproc://early", 10);
	struct echo there = {.wire = ends.there};
	int seen = 0;

	(void)state;
	send_number(&there);
	assert_true(wire_readable(ends.here)); /* swallows the edge */
	struct loop_wire *watch = loop_wire_new(loop, ends.here, count, &seen);
	turn_until(&seen, 2); /* and again, while it is not taken */
	loop_wire_free(watch);
	loop_wire_free(NULL);
	free_ends(&ends);
}

static void a_paused_wire_is_not_received_and_its_sender_meets_the_high_water(void **state)
{
	struct ends ends = make_ends(WIRE_PAIR, "inproc://pause", 5);
	struct echo here = {.wire = ends.here, .loop = loop, .sent = ROUND_TRIPS}, there = {.wire = ends.there};
	struct loop_wire *watch = loop_wire_new(loop, ends.here, on_answer, &here);

	(void)state;
	loop_wire_pause(watch, true);
	while (!there.failed)
		send_number(&there);
	assert_int_equal(there.sent, 11); /* both ends' high water, and the one that failed */
	int64_t cpu_before_ms = cpu_ms();
	turn_for(10);
	loop_run_once(loop, 300);
	assert_true(cpu_ms() - cpu_before_ms < 150); /* it sleeps although there is something to read */
	assert_int_equal(here.received, 0);
	loop_wire_pause(watch, false);
	turn_until(&here.received, 10);
	there.failed = false;
	there.sent = 10;
	send_number(&there);
	turn_until(&here.received, 11);
	assert_false(there.failed || here.failed);
	loop_wire_free(watch);
	free_ends(&ends);
}

static void shutting_the_wires_down_calls_the_watcher_once_and_then_lets_the_loop_sleep(void **state)
{
	struct ends ends = make_ends(WIRE_PAIR, "inproc://shut", 5);
	int seen = 0;
	struct loop_wire *watch = loop_wire_new(loop, ends.here, count, &seen);

	(void)state;
	loop_run_once(loop, 0);
	wires_shutdown(ends.wires);
	turn_until(&seen, 1);
	int64_t cpu_before_ms = cpu_ms();
	loop_run_once(loop, 300);
	loop_wire_pause(watch, true);
	loop_wire_pause(watch, false);
	loop_run_once(loop, 10);
	assert_true(cpu_ms() - cpu_before_ms < 150);
	assert_int_equal(seen, 1);
	assert_true(wire_is_shut(ends.here));
	loop_wire_free(watch);
	free_ends(&ends);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_until_stopped_and_again),
		TEST(a_stop_before_the_run_counts),
		TEST(waits_once_no_longer_than_told),
		TEST(returns_as_soon_as_something_was_done),
		TEST(the_turns_hook_flushes_what_callbacks_batched_before_the_loop_sleeps),
		TEST(a_single_turn_ends_with_its_hook),
		TEST(is_woken_by_another_thread_and_merges_wakes),
		TEST(closes_what_still_stands_on_it),
		TEST(a_timer_fires_once_or_again_and_can_be_stopped),
		TEST(a_timer_that_sets_itself_to_now_does_not_starve_the_rest),
		TEST(a_timer_set_before_the_run_counts_from_then),
		TEST(a_callback_may_free_every_watcher_its_own_too),
		TEST(each_kind_of_watcher_may_free_itself),
		TEST(a_descriptor_stays_ready_until_it_is_read),
		TEST(an_error_reads_as_both_and_stays),
		TEST(a_descriptor_may_be_closed_right_after_its_watcher_is_freed),
		TEST(a_signal_reaches_its_watcher_only_while_it_stands),
		TEST(a_folder_tells_of_a_new_file),
		TEST(a_folder_that_is_not_there_is_an_error),
		TEST(a_hundred_thousand_round_trips_never_stall_when_one_is_taken_at_a_time),
		TEST(a_hundred_thousand_round_trips_never_stall_when_all_are_taken),
		TEST(a_hundred_thousand_round_trips_never_stall_one_after_the_other),
		TEST(a_hundred_thousand_round_trips_over_tcp_never_stall),
		TEST(a_message_that_was_there_before_the_watcher_is_noticed),
		TEST(a_paused_wire_is_not_received_and_its_sender_meets_the_high_water),
		TEST(shutting_the_wires_down_calls_the_watcher_once_and_then_lets_the_loop_sleep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
