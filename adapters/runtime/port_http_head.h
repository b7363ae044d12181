/* The head of an HTTP/1.1 request (RFC 9112), read strictly: what two readers might understand differently is refused, not repaired. A pure function over bytes, so that
 * it can be fuzzed. Beyond the grammar, because this port needs none of it and each is an old trap: no transfer coding, no percent-encoding, no absolute
 * target, no folded lines, no bare LF, no second field where one is meant. Thread: any. */
#ifndef ADAPTERS_RUNTIME_PORT_HTTP_HEAD_H
#define ADAPTERS_RUNTIME_PORT_HTTP_HEAD_H

#include "base/bytes.h"

enum { PORT_HTTP_HEAD_MAX = 16384, PORT_HTTP_TARGET_MAX = 1024, PORT_HTTP_FIELDS_MAX = 64 };

/* Views into the head that was parsed. A field that is not there has no address (at NULL). */
struct port_http_head {
	struct bytes method, path, query;
	struct bytes host, content_type, content_encoding, origin, authorization, fetch_site;
	int64_t length;   /* of the body */
	bool is_last;     /* Connection: close */
	bool is_expected; /* Expect: 100-continue: the client waits for leave to send the body */
};

/* Looks at what has come so far, from *at on (0 at first; it moves along). *ret_len: of the whole head with its empty line, 0 while more has to come. Failures are
 * final, and *ret_status is what to answer: 400, 414, 431. */
RESULT port_http_head_scan(struct bytes so_far, size_t *at, size_t *ret_len, int *ret_status, struct err *err);
/* head: whole, as scanned. *ret_status with a failure: 400, 411, 414, 417, 431, 501, 505. */
RESULT port_http_head_parse(struct bytes head, struct port_http_head *ret, int *ret_status, struct err *err);
/* One of the names of the query; false when it is not there. */
bool port_http_head_param(const struct port_http_head *head, const char *name, struct bytes *ret);
/* Calls for every name=value of the query; stops and gives false when fn does. */
bool port_http_head_each_param(const struct port_http_head *head, bool (*fn)(void *ctx, struct bytes name, struct bytes value), void *ctx);
/* Media type without its parameters, in any letter case; of those only charset=utf-8 is allowed. */
bool port_http_head_is_type(struct bytes content_type, const char *type);

#endif
