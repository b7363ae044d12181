#include "broker/gateway/listener.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LISTENER_TURN = 64,       /* accepted in one turn, so that a flood does not starve the links that stand */
	LISTENER_PAUSE_MS = 100   /* when the process has no descriptors left: without it the loop would spin */
};

struct listener {
	int fd;
	listener_fn fn;
	void *ctx;
	struct loop_fd *watch;
	struct loop_timer *timer;
	struct log_gate gate;
};

static bool is_passing(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM;
}

static void on_ready(void *ctx, unsigned ready)
{
	struct listener *listener = ctx;
	int64_t held = 0;
	(void)ready;
	for (int i = 0; i < LISTENER_TURN; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			listener->fn(listener->ctx, fd);
			continue;
		}
		if (is_passing(errno))
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			if (log_gate_pass(&listener->gate, &held))
				log_event(LOG_ERROR, "accept_failed", LOG_TEXT("reason", strerror(errno)), LOG_INT("held_back", held));
			loop_fd_want(listener->watch, 0);
			loop_timer_set(listener->timer, LISTENER_PAUSE_MS, 0);
		}
		return;
	}
}

static void on_timer(void *ctx)
{
	struct listener *listener = ctx;
	loop_fd_want(listener->watch, LOOP_READ);
}

struct listener *listener_new(struct loop *loop, int fd, listener_fn fn, void *ctx)
{
	struct listener *listener = mem_alloc(sizeof(*listener));
	listener->fd = fd;
	listener->fn = fn;
	listener->ctx = ctx;
	listener->gate.burst = 1;
	listener->timer = loop_timer_new(loop, on_timer, listener);
	listener->watch = loop_fd_new(loop, listener->fd, on_ready, listener);
	loop_fd_want(listener->watch, LOOP_READ);
	return listener;
}

void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	loop_fd_free(listener->watch);
	loop_timer_free(listener->timer);
	close(listener->fd);
	mem_free(listener);
}
