/* One connection of the HTTP port: plain or TLS, requests one after the other, each whole before it is acted on and answered before the next is read. Everything that the
 * client can prolong has an end: handshake, head, body, taking the answer; everything that it can send has a bound. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_PORT_HTTP_LINK_H
#define ADAPTERS_RUNTIME_PORT_HTTP_LINK_H

#include "adapters/runtime/port_http_head.h"
#include "base/loop.h"
#include "certs/stream.h"

struct port_http_link;

struct port_http_link_events {
	/* A head has come; its body has not been read. ok, or why not, with *ret_status and maybe *ret_allow; the connection then ends if there is a body. */
	result (*on_head)(void *ctx, const struct port_http_head *head, int *ret_status, const char **ret_allow, struct err *err);
	/* The request is whole; borrowed during the call. It is answered by port_http_link_answer or _refuse, now or later. */
	void (*on_request)(void *ctx, const struct port_http_head *head, struct bytes body);
	/* The client sends nothing any more: what it waits for is better said now. Only between on_request and the answer. */
	void (*on_ended)(void *ctx);
	void (*on_answered)(void *ctx);                  /* the answer is with the kernel */
	void (*on_gone)(void *ctx, const struct err *why); /* last; frees the link. why->code ok: in good order */
};

struct port_http_link_limits {
	size_t body_max;
	int64_t patience_ms; /* for a handshake, a head, a body, the taking of an answer; the latter two get more by their length */
	int64_t idle_ms;     /* between requests */
};

/* An answer; JSON, unless there is no body. */
struct port_http_answer {
	int status;
	const char *allow;    /* Allow, or NULL */
	const char *location; /* Location, or NULL */
	const char *code;     /* Liaison-Code: of a refusal, also where a body may not be; or NULL */
	struct bytes body;    /* copied */
};

/* Takes over an accepted descriptor (it is closed also when this fails). tls NULL: plain. closed, io, tls. */
RESULT port_http_link_new(struct loop *loop, struct tls *tls, int fd, const struct port_http_link_limits *limits,
                          const struct port_http_link_events *events, void *ctx, struct port_http_link **ret, struct err *err);
void port_http_link_free(struct port_http_link *link); /* NULL is fine; closes hard, on_gone is not called */
/* Answers the request in hand; what is written leaves at the end of the turn. */
void port_http_link_answer(struct port_http_link *link, const struct port_http_answer *answer);
/* {error: {code, field, reason, remedy}} */
void port_http_link_refuse(struct port_http_link *link, int status, const char *allow, const struct err *why);
void port_http_link_last(struct port_http_link *link); /* ends after the answer in hand, or now when it waits for a request */
const struct stream *port_http_link_stream(const struct port_http_link *link); /* NULL: plain */
const char *port_http_link_address(const struct port_http_link *link);

#endif
