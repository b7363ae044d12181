/* Who may use the HTTP port: TLS and the authority of its clients, their names, the token, the names under which the port may be asked for, and no web page. A snapshot, replaced
 * whole by a reload. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_PORT_HTTP_ACCESS_H
#define ADAPTERS_RUNTIME_PORT_HTTP_ACCESS_H

#include "adapters/runtime/options.h"
#include "adapters/runtime/port_http_head.h"
#include "certs/stream.h"

struct port_http_access;

/* config, key, permission, certificate, io, with the setting or the file as field. NULL and ok when there is no such port. */
RESULT port_http_access_load(const struct options *options, struct port_http_access **ret, struct err *err);
void port_http_access_free(struct port_http_access *access); /* NULL is fine */
struct tls *port_http_access_tls(const struct port_http_access *access); /* borrowed; NULL: plain */
/* stream: NULL of a plain connection. forbidden with 401, 403 or 421. */
RESULT port_http_access_judge(const struct port_http_access *access, const struct stream *stream, const struct port_http_head *head, int *ret_status,
                              struct err *err);

#endif
