/* The event loop of a thread: descriptors, timers, signals, wires, folders. libuv behind it. A loop and everything made on it belong
 * to one thread; only loop_wake may be called from another. Callbacks may free the watcher that calls them. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <sys/socket.h>

#include "base/bytes.h"

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signal;
struct loop_task;
struct loop_resolve;
struct loop_folder;
struct loop_wire;
struct wire;

enum loop_ready { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void (*loop_fn)(void *ctx);
typedef void (*loop_fd_fn)(void *ctx, unsigned ready); /* enum loop_ready; an error on the descriptor reads as both */

struct loop *loop_new(void);
void loop_free(struct loop *loop); /* what still stands on it is closed first */
void loop_run(struct loop *loop);  /* until loop_stop */
void loop_run_once(struct loop *loop, int64_t wait_ms); /* one turn, waiting at most wait_ms for something to do (tests, tools) */
void loop_stop(struct loop *loop); /* after the present turn; from this thread */
/* Runs fn on the loop's thread soon; wakes for the same pending call are merged. Any thread. */
void loop_on_wake(struct loop *loop, loop_fn fn, void *ctx);
void loop_wake(struct loop *loop);
/* Runs at the end of every turn, after all callbacks of that turn: the place to flush what they batched. At most 8. */
void loop_on_turn(struct loop *loop, loop_fn fn, void *ctx);

/* Something to do once at the end of the turn in which it is set, after all callbacks and loop_on_turn: any number of them, for what
 * has work that no descriptor announces. Set again while the tasks of a turn run, it runs at the end of the next, which does not
 * wait. */
struct loop_task *loop_task_new(struct loop *loop, loop_fn fn, void *ctx);
void loop_task_set(struct loop_task *task); /* already set is fine */
void loop_task_free(struct loop_task *task); /* NULL is fine; it does not run after this */

/* Watches a descriptor, level-triggered; want is enum loop_ready, 0 pauses. The descriptor stays the caller's and must outlive the watcher. */
struct loop_fd *loop_fd_new(struct loop *loop, int fd, loop_fd_fn fn, void *ctx);
void loop_fd_want(struct loop_fd *watch, unsigned want);
void loop_fd_free(struct loop_fd *watch); /* NULL is fine; no callback after this */

/* Not running until set. after_ms < 0 stops it; every_ms 0 is one shot. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *ctx);
void loop_timer_set(struct loop_timer *timer, int64_t after_ms, int64_t every_ms);
void loop_timer_free(struct loop_timer *timer);

struct loop_signal *loop_signal_new(struct loop *loop, int signum, loop_fn fn, void *ctx);
void loop_signal_free(struct loop_signal *watch);

struct loop_address {
	struct sockaddr_storage at;
	socklen_t len;
};

/* addresses: in the order to try them, borrowed during the call; none: *why says so (not_found, timeout, io). */
typedef void (*loop_resolve_fn)(void *ctx, const struct loop_address *addresses, size_t count, const struct err *why);
/* Looks up a host name, or reads an IP address, for TCP, without holding up the loop. fn is called once, never from inside this;
 * what is returned is good for loop_resolve_cancel until then. loop_free cancels too, but has to wait for a question that a name
 * server still has. */
struct loop_resolve *loop_resolve(struct loop *loop, const char *host, int port, loop_resolve_fn fn, void *ctx);
void loop_resolve_cancel(struct loop_resolve *resolve); /* NULL is fine; fn is not called after this */

/* Something in the folder was created, renamed or changed (a hint: list it). io when it cannot be watched. */
RESULT loop_folder_new(struct loop *loop, const char *path, loop_fn fn, void *ctx, struct loop_folder **ret, struct err *err);
void loop_folder_free(struct loop_folder *watch);

/* Calls fn when the wire may have something to receive; fn receives until wire_* says empty, or as much as it wants: it is called
 * again next turn while something is left. Knows that ZeroMQ's descriptor is edge-triggered. */
struct loop_wire *loop_wire_new(struct loop *loop, struct wire *wire, loop_fn fn, void *ctx);
void loop_wire_pause(struct loop_wire *watch, bool paused); /* backpressure: nothing is received while paused */
void loop_wire_free(struct loop_wire *watch);

#endif
