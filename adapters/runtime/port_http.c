#include "adapters/runtime/port_http.h"

#include "adapters/runtime/port_http_address.h"
#include "adapters/runtime/port_http_inside.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

enum {
	HTTP_BACKLOG = 128,
	HTTP_TURN = 32,        /* accepted in one turn */
	HTTP_CROWD = 16,       /* beyond the limit, to be told so; further ones are closed */
	HTTP_PAUSE_MS = 100,   /* when the process has no descriptors left: without it the loop would spin */
	HTTP_IDLE_MS = 60000,
	HTTP_GATE_BURST = 10
};

/* ---- visits ---- */

static void end_visit(struct port_http_visit *visit)
{
	struct port_http *port = visit->port;
	port_http_poll_gone(visit);
	box_forget(port->office->box, visit);
	buf_done(&visit->answer);
	port_http_link_free(visit->link);
	DL_DELETE(port->visits, visit);
	port->visits_count--;
	mem_free(visit);
}

static result on_head(void *ctx, const struct port_http_head *head, int *ret_status, const char **ret_allow, struct err *err)
{
	return port_http_routes_head(ctx, head, ret_status, ret_allow, err);
}

static void on_request(void *ctx, const struct port_http_head *head, struct bytes body)
{
	port_http_routes_request(ctx, head, body);
}

static void on_ended(void *ctx)
{
	port_http_poll_answer(ctx);
}

static void on_answered(void *ctx)
{
	port_http_poll_answered(ctx);
}

static void on_gone(void *ctx, const struct err *why)
{
	struct port_http_visit *visit = ctx;
	struct port_http *port = visit->port;
	int64_t held = 0;
	if (why->code != CODE_OK && why->code != CODE_CLOSED && log_gate_pass(&port->gate, &held))
		log_event(LOG_NOTICE, "http_lost", LOG_TEXT("client", port_http_link_address(visit->link)), LOG_REASON(why), LOG_INT("held_back", held));
	end_visit(visit);
	port_http_deliver(port); /* what it gave back */
}

static const struct port_http_link_events events = {on_head, on_request, on_ended, on_answered, on_gone};

static void admit(struct port_http *port, int fd)
{
	const struct options *options = port->office->options;
	const struct port_http_link_limits limits = {.body_max = (size_t)options->limits.document_bytes, .patience_ms = options->ports.https.patience_ms,
	                                             .idle_ms = HTTP_IDLE_MS};
	struct err why;
	size_t most = (size_t)options->ports.https.connections;
	if (port->visits_count >= most + HTTP_CROWD) {
		close(fd);
		return;
	}
	struct port_http_visit *visit = mem_alloc(sizeof(*visit));
	visit->port = port;
	visit->is_crowded = port->visits_count >= most;
	if (FAILED(port_http_link_new(port->office->loop, port_http_access_tls(port->office->papers.https), fd, &limits, &events, visit, &visit->link,
	                              &why))) {
		log_event(LOG_DEBUG, "http_not_admitted", LOG_REASON(&why));
		mem_free(visit);
		return;
	}
	DL_APPEND(port->visits, visit);
	port->visits_count++;
}

/* ---- the socket ---- */

static void on_connection(void *ctx, unsigned ready)
{
	struct port_http *port = ctx;
	(void)ready;
	for (int i = 0; i < HTTP_TURN; i++) {
		int fd = accept4(port->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			admit(port, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO || errno == EPERM)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			log_event(LOG_ERROR, "http_accept_failed", LOG_TEXT("reason", strerror(errno)));
			loop_fd_want(port->watch, 0);
			loop_timer_set(port->pause, HTTP_PAUSE_MS, 0);
		}
		return;
	}
}

static void on_pause_over(void *ctx)
{
	struct port_http *port = ctx;
	loop_fd_want(port->watch, LOOP_READ);
}

static result bind_socket(struct port_http *port, const char *text, struct err *err)
{
	const int on = 1;
	struct port_http_address address;
	TRY(port_http_address_parse(text, &address, err));
	port->fd = socket(address.at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (port->fd < 0 || setsockopt(port->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return err_errno(err, "ports.https.listen", text);
	if (bind(port->fd, (const struct sockaddr *)&address.at, address.len) == 0 && listen(port->fd, HTTP_BACKLOG) == 0)
		return OK;
	return errno == EADDRINUSE ? err_set(err, CODE_BUSY, "ports.https.listen", "%s is in use by another process", text)
	                           : err_errno(err, "ports.https.listen", text);
}

static void log_open(const struct port_http *port)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	char text[SOCKET_TEXT_MAX] = "";
	if (getsockname(port->fd, (struct sockaddr *)&at, &len) == 0)
		socket_text((struct sockaddr *)&at, len, text);
	log_event(LOG_INFO, "http_open", LOG_TEXT("address", text), LOG_TEXT("tls", port_http_access_tls(port->office->papers.https) ? "yes" : "no"));
}

/* ---- deliveries ---- */

/* Gives out what waits, answers those who have got something, and looks again when the next lease ends. */
void port_http_deliver(struct port_http *port)
{
	struct port_http_visit *visit;
	struct err why;
	int64_t next_ms = lending_expire(port->lending);
	if (FAILED(lending_deliver(port->lending, &why)))
		log_event(LOG_ERROR, "inbox_failed", LOG_REASON(&why));
	DL_FOREACH(port->visits, visit)
		if (visit->is_polling && visit->messages_count)
			port_http_poll_answer(visit);
	int64_t lease_ms = port->office->options->ports.https.lease_ms;
	if (lending_count(port->lending))
		loop_timer_set(port->leases, next_ms >= 0 && next_ms < lease_ms ? next_ms : lease_ms, 0);
}

static void on_lease_over(void *ctx)
{
	port_http_deliver(ctx);
}

/* ---- life ---- */

result port_http_new(struct office *office, struct port_http **ret, struct err *err)
{
	struct port_http *port = mem_alloc(sizeof(*port));
	port->office = office;
	port->fd = -1;
	port->gate.burst = HTTP_GATE_BURST;
	port->lending = lending_new(office->box);
	result r = bind_socket(port, office->options->ports.https.listen, err);
	if (FAILED(r)) {
		port_http_free(port);
		return r;
	}
	port->leases = loop_timer_new(office->loop, on_lease_over, port);
	port->pause = loop_timer_new(office->loop, on_pause_over, port);
	port->watch = loop_fd_new(office->loop, port->fd, on_connection, port);
	loop_fd_want(port->watch, LOOP_READ);
	log_open(port);
	*ret = port;
	return OK;
}

void port_http_free(struct port_http *port)
{
	struct port_http_visit *visit, *next;
	if (!port)
		return;
	DL_FOREACH_SAFE(port->visits, visit, next)
		end_visit(visit);
	lending_free(port->lending);
	loop_fd_free(port->watch);
	if (port->leases)
		loop_timer_free(port->leases);
	if (port->pause)
		loop_timer_free(port->pause);
	if (port->fd >= 0)
		close(port->fd);
	mem_free(port);
}

void port_http_renewed(struct port_http *port)
{
	struct port_http_visit *visit;
	DL_FOREACH(port->visits, visit) {
		port_http_link_last(visit->link);
		port_http_poll_answer(visit);
	}
}
