#include "base/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/loop_inside.h"
#include "base/mem.h"
#include "base/wire.h"

/* libuv closes handles at the end of a turn, not at once: a watcher's memory is released by forget_*, its close callback, and
 * between free and close it is only marked. That is what lets a callback free the watcher that calls it. */

struct loop_fd {
	uv_poll_t handle;
	struct loop *loop;
	loop_fd_fn fn;
	void *ctx;
	unsigned want;
	bool is_freed;
};

struct loop_timer {
	uv_timer_t handle;
	struct loop *loop;
	loop_fn fn;
	void *ctx;
};

struct loop_task {
	struct loop *loop;
	loop_fn fn;
	void *ctx;
	TAILQ_ENTRY(loop_task) turn;
	LIST_ENTRY(loop_task) all;
	bool is_set;
};

struct loop_signal {
	uv_signal_t handle;
	struct loop *loop;
	loop_fn fn;
	void *ctx;
};

struct loop_folder {
	uv_fs_event_t handle;
	struct loop *loop;
	loop_fn fn;
	void *ctx;
};

struct loop_wire {
	uv_poll_t handle;
	struct loop *loop;
	struct wire *wire;
	loop_fn fn;
	void *ctx;
	struct loop_wire *next;
	bool is_paused;
	bool is_freed;
	bool is_over; /* the wires were shut down, and the owner has been told */
};

/* For calls that only fail when this program is wrong or the machine is out of memory or descriptors. */
static void must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fputs("event loop: ", stderr);
	fputs(what, stderr);
	fputs(": ", stderr);
	fputs(uv_strerror(rc), stderr);
	fputs("\n", stderr);
	abort();
}

/* ── turns ── */

static void unset(struct loop_task *task)
{
	if (!task->is_set)
		return;
	TAILQ_REMOVE(&task->loop->tasks, task, turn);
	task->is_set = false;
}

/* A stone behind the last of the tasks keeps those that are set from now on for the next turn. */
static void run_tasks(struct loop *loop)
{
	struct loop_task stone = {.loop = loop, .is_set = true};
	struct loop_task *task;

	if (TAILQ_EMPTY(&loop->tasks))
		return;
	TAILQ_INSERT_TAIL(&loop->tasks, &stone, turn);
	while ((task = TAILQ_FIRST(&loop->tasks)) != &stone) {
		unset(task);
		task->fn(task->ctx);
	}
	unset(&stone);
}

static void run_hooks(struct loop *loop)
{
	loop->has_work = false;
	for (size_t i = 0; i < loop->hook_count; i++)
		loop->hooks[i].fn(loop->hooks[i].ctx);
	run_tasks(loop);
}

static bool wire_has_work(const struct loop_wire *watch)
{
	return !watch->is_freed && !watch->is_paused && !watch->is_over && wire_readable(watch->wire);
}

static void on_busy(uv_idle_t *handle)
{
	must(uv_idle_stop(handle), "idle");
}

/* Hooks run here, and not after the poll: timers run between the two, and what they batched must not wait for the next event.
 * A send or receive of this turn may have swallowed the edge of a ZeroMQ descriptor, so every wire is asked before each sleep. */
static void on_before_sleep(uv_prepare_t *handle)
{
	struct loop *loop = handle->data;
	bool stay_awake = loop->is_once && loop->has_work;

	run_hooks(loop);
	stay_awake = stay_awake || !TAILQ_EMPTY(&loop->tasks);
	for (const struct loop_wire *watch = loop->wires; watch && !stay_awake; watch = watch->next)
		stay_awake = wire_has_work(watch);
	if (stay_awake)
		must(uv_idle_start(&loop->busy, on_busy), "idle");
}

static void on_after_sleep(uv_check_t *handle)
{
	struct loop *loop = handle->data;

	for (struct loop_wire *watch = loop->wires; watch; watch = watch->next) {
		if (!wire_has_work(watch))
			continue;
		if (wire_is_shut(watch->wire)) {
			watch->is_over = true;
			must(uv_poll_stop(&watch->handle), "stop polling a wire");
		}
		loop->has_work = true;
		watch->fn(watch->ctx);
	}
}

/* libuv runs timers before it sleeps too: on a busy machine the limit may be over by then, and nothing else would end it. */
static void on_limit(uv_timer_t *handle)
{
	struct loop *loop = handle->data;

	loop->has_work = true;
}

static void on_wake(uv_async_t *handle)
{
	struct loop *loop = handle->data;

	if (!loop->on_wake)
		return;
	loop->has_work = true;
	loop->on_wake(loop->on_wake_ctx);
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_alloc(sizeof *loop);

	TAILQ_INIT(&loop->tasks);
	LIST_INIT(&loop->all_tasks);
	LIST_INIT(&loop->resolves);
	must(uv_loop_init(&loop->uv), "start");
	must(uv_async_init(&loop->uv, &loop->wake, on_wake), "wake");
	must(uv_prepare_init(&loop->uv, &loop->before_sleep), "prepare");
	must(uv_check_init(&loop->uv, &loop->after_sleep), "check");
	must(uv_idle_init(&loop->uv, &loop->busy), "idle");
	must(uv_timer_init(&loop->uv, &loop->limit), "timer");
	loop->wake.data = loop;
	loop->before_sleep.data = loop;
	loop->after_sleep.data = loop;
	loop->limit.data = loop;
	must(uv_prepare_start(&loop->before_sleep, on_before_sleep), "prepare");
	must(uv_check_start(&loop->after_sleep, on_after_sleep), "check");
	return loop;
}

static void forget(uv_handle_t *handle)
{
	mem_free(handle->data);
}

static void forget_wire(uv_handle_t *handle)
{
	struct loop_wire *watch = handle->data;
	struct loop_wire **at = &watch->loop->wires;

	while (*at != watch)
		at = &(*at)->next;
	*at = watch->next;
	mem_free(watch);
}

static void close_any(uv_handle_t *handle, void *arg)
{
	struct loop *loop = arg;
	bool is_own = handle->data == loop || handle == (uv_handle_t *)&loop->busy;

	if (uv_is_closing(handle))
		return;
	uv_close(handle, is_own ? NULL : forget);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (!LIST_EMPTY(&loop->resolves))
		loop_resolve_cancel(LIST_FIRST(&loop->resolves));
	while (!LIST_EMPTY(&loop->all_tasks))
		loop_task_free(LIST_FIRST(&loop->all_tasks));
	for (struct loop_wire *watch = loop->wires; watch; watch = watch->next)
		loop_wire_free(watch);
	uv_walk(&loop->uv, close_any, loop);
	while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
		continue;
	must(uv_loop_close(&loop->uv), "close");
	mem_free(loop);
}

void loop_run(struct loop *loop)
{
	loop->is_running = true;
	while (!loop->is_stopped)
		uv_run(&loop->uv, UV_RUN_DEFAULT);
	loop->is_running = false;
	run_hooks(loop);
	loop->is_stopped = false;
}

void loop_run_once(struct loop *loop, int64_t wait_ms)
{
	loop->is_running = true;
	loop->is_once = true;
	if (wait_ms > 0) {
		uv_update_time(&loop->uv);
		must(uv_timer_start(&loop->limit, on_limit, (uint64_t)wait_ms, 0), "timer");
	}
	uv_run(&loop->uv, wait_ms == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
	must(uv_timer_stop(&loop->limit), "timer");
	loop->is_once = false;
	loop->is_running = false;
	if (loop->has_work)
		run_hooks(loop);
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
	if (loop->is_running)
		uv_stop(&loop->uv);
}

void loop_on_wake(struct loop *loop, loop_fn fn, void *ctx)
{
	loop->on_wake = fn;
	loop->on_wake_ctx = ctx;
}

void loop_wake(struct loop *loop)
{
	must(uv_async_send(&loop->wake), "wake");
}

void loop_on_turn(struct loop *loop, loop_fn fn, void *ctx)
{
	must(loop->hook_count < TURN_HOOKS_MAX ? 0 : UV_ENOBUFS, "too many turn hooks");
	loop->hooks[loop->hook_count++] = (struct turn_hook){fn, ctx};
}

struct loop_task *loop_task_new(struct loop *loop, loop_fn fn, void *ctx)
{
	struct loop_task *task = mem_alloc(sizeof *task);

	task->loop = loop;
	task->fn = fn;
	task->ctx = ctx;
	LIST_INSERT_HEAD(&loop->all_tasks, task, all);
	return task;
}

void loop_task_set(struct loop_task *task)
{
	if (task->is_set)
		return;
	TAILQ_INSERT_TAIL(&task->loop->tasks, task, turn);
	task->is_set = true;
}

void loop_task_free(struct loop_task *task)
{
	if (!task)
		return;
	unset(task);
	LIST_REMOVE(task, all);
	mem_free(task);
}

/* ── descriptors ── */

static void on_fd(uv_poll_t *handle, int status, int events);

static void poll_again(struct loop_fd *watch)
{
	int events = ((watch->want & LOOP_READ) ? UV_READABLE : 0) | ((watch->want & LOOP_WRITE) ? UV_WRITABLE : 0);

	if (events)
		must(uv_poll_start(&watch->handle, events, on_fd), "poll");
	else
		must(uv_poll_stop(&watch->handle), "stop polling");
}

static void on_fd(uv_poll_t *handle, int status, int events)
{
	struct loop_fd *watch = handle->data;
	unsigned ready = ((events & UV_READABLE) ? LOOP_READ : 0) | ((events & UV_WRITABLE) ? LOOP_WRITE : 0);

	watch->loop->has_work = true;
	watch->fn(watch->ctx, status < 0 ? LOOP_READ | LOOP_WRITE : ready);
	/* libuv stops a poll that had an error; here an error stays ready like everything else, until the owner lets go. */
	if (status < 0 && !watch->is_freed)
		poll_again(watch);
}

struct loop_fd *loop_fd_new(struct loop *loop, int fd, loop_fd_fn fn, void *ctx)
{
	struct loop_fd *watch = mem_alloc(sizeof *watch);

	watch->loop = loop;
	watch->fn = fn;
	watch->ctx = ctx;
	must(uv_poll_init(&loop->uv, &watch->handle, fd), "watch a descriptor");
	watch->handle.data = watch;
	return watch;
}

void loop_fd_want(struct loop_fd *watch, unsigned want)
{
	if (watch->is_freed || watch->want == want)
		return;
	watch->want = want;
	poll_again(watch);
}

void loop_fd_free(struct loop_fd *watch)
{
	if (!watch || watch->is_freed)
		return;
	watch->is_freed = true;
	uv_close((uv_handle_t *)&watch->handle, forget);
}

/* ── timers ── */

static void on_timer(uv_timer_t *handle)
{
	struct loop_timer *timer = handle->data;
	struct loop *loop = timer->loop;

	loop->has_work = true;
	loop->in_timer = true;
	timer->fn(timer->ctx);
	loop->in_timer = false;
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *ctx)
{
	struct loop_timer *timer = mem_alloc(sizeof *timer);

	timer->loop = loop;
	timer->fn = fn;
	timer->ctx = ctx;
	must(uv_timer_init(&loop->uv, &timer->handle), "timer");
	timer->handle.data = timer;
	return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t after_ms, int64_t every_ms)
{
	struct loop *loop = timer->loop;

	if (uv_is_closing((uv_handle_t *)&timer->handle))
		return;
	if (after_ms < 0) {
		must(uv_timer_stop(&timer->handle), "timer");
		return;
	}
	/* libuv runs due timers until none is left: one that sets itself to 0 would never let go of the turn. */
	if (after_ms == 0 && loop->in_timer)
		after_ms = 1;
	/* Outside a turn libuv's time stands still since the last one. */
	if (!loop->is_running)
		uv_update_time(&loop->uv);
	must(uv_timer_start(&timer->handle, on_timer, (uint64_t)after_ms, every_ms > 0 ? (uint64_t)every_ms : 0), "timer");
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer && !uv_is_closing((uv_handle_t *)&timer->handle))
		uv_close((uv_handle_t *)&timer->handle, forget);
}

/* ── signals ── */

static void on_signal(uv_signal_t *handle, int signum)
{
	struct loop_signal *watch = handle->data;

	(void)signum;
	watch->loop->has_work = true;
	watch->fn(watch->ctx);
}

struct loop_signal *loop_signal_new(struct loop *loop, int signum, loop_fn fn, void *ctx)
{
	struct loop_signal *watch = mem_alloc(sizeof *watch);

	watch->loop = loop;
	watch->fn = fn;
	watch->ctx = ctx;
	must(uv_signal_init(&loop->uv, &watch->handle), "signal");
	watch->handle.data = watch;
	must(uv_signal_start(&watch->handle, on_signal, signum), "watch a signal");
	return watch;
}

void loop_signal_free(struct loop_signal *watch)
{
	if (watch && !uv_is_closing((uv_handle_t *)&watch->handle))
		uv_close((uv_handle_t *)&watch->handle, forget);
}

/* ── folders ── */

static void on_folder(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct loop_folder *watch = handle->data;

	(void)name;
	(void)events;
	(void)status; /* even an error means: look yourself */
	watch->loop->has_work = true;
	watch->fn(watch->ctx);
}

RESULT loop_folder_new(struct loop *loop, const char *path, loop_fn fn, void *ctx, struct loop_folder **ret, struct err *err)
{
	struct loop_folder *watch = mem_alloc(sizeof *watch);

	watch->loop = loop;
	watch->fn = fn;
	watch->ctx = ctx;
	must(uv_fs_event_init(&loop->uv, &watch->handle), "folder");
	watch->handle.data = watch;
	int rc = uv_fs_event_start(&watch->handle, on_folder, path, 0);
	if (rc < 0) {
		uv_close((uv_handle_t *)&watch->handle, forget);
		if (rc == UV_ENOSPC) /* the disk is fine: it is the kernel's limit of watches */
			return err_set(err, CODE_IO, path, "no watch is left; raise fs.inotify.max_user_watches");
		errno = -rc;
		return err_errno(err, path, "watching the folder");
	}
	*ret = watch;
	return OK;
}

void loop_folder_free(struct loop_folder *watch)
{
	if (watch && !uv_is_closing((uv_handle_t *)&watch->handle))
		uv_close((uv_handle_t *)&watch->handle, forget);
}

/* ── wires ── */

/* Waking up was the point: on_after_sleep asks every wire in any case. */
static void on_wire_fd(uv_poll_t *handle, int status, int events)
{
	(void)handle;
	(void)status;
	(void)events;
}

struct loop_wire *loop_wire_new(struct loop *loop, struct wire *wire, loop_fn fn, void *ctx)
{
	struct loop_wire *watch = mem_alloc(sizeof *watch);

	watch->loop = loop;
	watch->wire = wire;
	watch->fn = fn;
	watch->ctx = ctx;
	must(uv_poll_init(&loop->uv, &watch->handle, wire_fd(wire)), "watch a wire");
	watch->handle.data = watch;
	must(uv_poll_start(&watch->handle, UV_READABLE, on_wire_fd), "poll a wire");
	watch->next = loop->wires;
	loop->wires = watch;
	return watch;
}

/* Nobody asks a paused wire for its events, so that its descriptor stays readable: it must not be polled, or the loop spins. */
void loop_wire_pause(struct loop_wire *watch, bool paused)
{
	if (watch->is_freed || watch->is_paused == paused)
		return;
	watch->is_paused = paused;
	if (paused || watch->is_over)
		must(uv_poll_stop(&watch->handle), "stop polling a wire");
	else
		must(uv_poll_start(&watch->handle, UV_READABLE, on_wire_fd), "poll a wire");
}

void loop_wire_free(struct loop_wire *watch)
{
	if (!watch || watch->is_freed)
		return;
	watch->is_freed = true;
	uv_close((uv_handle_t *)&watch->handle, forget_wire);
}
