/* What the files of the HTTPS port share; nobody else includes this. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_PORT_HTTP_INSIDE_H
#define ADAPTERS_RUNTIME_PORT_HTTP_INSIDE_H

#include "adapters/runtime/lending.h"
#include "adapters/runtime/port_http.h"
#include "adapters/runtime/port_http_access.h"
#include "adapters/runtime/port_http_link.h"
#include "base/log.h"

enum { PORT_HTTP_POLL_MOST = 100, PORT_HTTP_POLL_USUAL = 16, PORT_HTTP_WAIT_MOST_S = 60, PORT_HTTP_ALLOW_MAX = 64 };

struct port_http_route;

/* A connection, and the request on it that is in hand. */
struct port_http_visit {
	struct port_http *port;
	struct port_http_link *link;
	bool is_crowded; /* one too many: is told so, and goes */
	const struct port_http_route *route;
	char allow[PORT_HTTP_ALLOW_MAX];
	/* An answer that waits for the disk. */
	int status;
	char location[64];
	struct buf answer;
	/* A poll. */
	struct borrower *borrower;
	struct loop_timer *waiting;
	bool is_polling;
	struct buf messages;
	size_t messages_count;
	struct port_http_visit *prev, *next;
};

struct port_http {
	struct office *office;
	struct lending *lending;
	struct loop_timer *leases;
	struct port_http_visit *visits;
	size_t visits_count;
	int fd;
	struct loop_fd *watch;
	struct loop_timer *pause;
	struct log_gate gate;
};

/* port_http_routes.c: the events of a link. */
result port_http_routes_head(struct port_http_visit *visit, const struct port_http_head *head, int *ret_status, const char **ret_allow, struct err *err);
void port_http_routes_request(struct port_http_visit *visit, const struct port_http_head *head, struct bytes body);
/* Answers with a packed value. */
void port_http_routes_answer(struct port_http_visit *visit, int status, const char *location, struct bytes packed);
/* With the status that goes with the code. */
void port_http_routes_refuse(struct port_http_visit *visit, const struct err *why);

/* port_http_poll.c: GET /v1/messages. */
void port_http_poll_begin(struct port_http_visit *visit, int64_t wait_s, int64_t most);
void port_http_poll_answer(struct port_http_visit *visit); /* now, with what there is */
void port_http_poll_answered(struct port_http_visit *visit); /* the loans stay until acknowledged, or their lease ends */
void port_http_poll_gone(struct port_http_visit *visit); /* without an answer: they are given back */

#endif
