#include "broker/gateway/listener.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum {
	LISTENER_BACKLOG = 4096, /* a flood that fills it would make the kernel drop everybody's first packet */
	LISTENER_TURN = 64,       /* accepted in one turn, so that a flood does not starve the links that stand */
	LISTENER_PAUSE_MS = 100,  /* when the process has no descriptors left: without it the loop would spin */
	LISTENER_HOST_MAX = 256
};

struct listener {
	int fd;
	int port;
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

static result bind_one(struct listener *listener, const struct addrinfo *at, const char *address, struct err *err)
{
	const int on = 1;
	listener->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return err_errno(err, "listen", address);
	if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
		return err_errno(err, "listen", address);
	if (bind(listener->fd, at->ai_addr, at->ai_addrlen) < 0 || listen(listener->fd, LISTENER_BACKLOG) < 0)
		return errno == EADDRINUSE ? err_set(err, CODE_BUSY, "listen", "%s is in use by another process", address)
		                           : err_errno(err, "listen", address);
	return OK;
}

static void note_port(struct listener *listener)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	if (getsockname(listener->fd, (struct sockaddr *)&at, &len) < 0)
		return;
	listener->port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&at)->sin6_port
	                                                : ((struct sockaddr_in *)(void *)&at)->sin_port);
}

static result find_and_bind(struct listener *listener, const char *address, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	const char *colon = strrchr(address, ':'), *host = address;
	char name[LISTENER_HOST_MAX];
	struct addrinfo *found = NULL;
	size_t len = colon ? (size_t)(colon - address) : 0;
	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (!colon || len == 0 || len >= sizeof(name))
		return err_set(err, CODE_CONFIG, "listen", "%s is no address; write HOST:PORT", address);
	memcpy(name, host, len);
	name[len] = '\0';
	int rc = getaddrinfo(name, colon + 1, &hints, &found);
	if (rc != 0)
		return err_set(err, CODE_NOT_FOUND, "listen", "%s: %s", address, gai_strerror(rc));
	result r = bind_one(listener, found, address, err);
	freeaddrinfo(found);
	return r;
}

result listener_new(struct loop *loop, const char *address, listener_fn fn, void *ctx, struct listener **ret, struct err *err)
{
	struct listener *listener = mem_alloc(sizeof(*listener));
	listener->fd = -1;
	listener->fn = fn;
	listener->ctx = ctx;
	listener->gate.burst = 1;
	result r = find_and_bind(listener, address, err);
	if (FAILED(r)) {
		listener_free(listener);
		return r;
	}
	note_port(listener);
	listener->timer = loop_timer_new(loop, on_timer, listener);
	listener->watch = loop_fd_new(loop, listener->fd, on_ready, listener);
	loop_fd_want(listener->watch, LOOP_READ);
	*ret = listener;
	return OK;
}

void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	loop_fd_free(listener->watch);
	if (listener->timer)
		loop_timer_free(listener->timer);
	if (listener->fd >= 0)
		close(listener->fd);
	mem_free(listener);
}

int listener_port(const struct listener *listener)
{
	return listener->port;
}
