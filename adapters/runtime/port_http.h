/* The HTTPS port: what the ZeroMQ port does, for systems that speak HTTP/1.1. schemas/openapi.json describes it; in short
 *   POST   /v1/messages              a draft → 202 {id, duplicate}, once it is on disk; ?check=1 or POST /v1/check: only judged, 200 {ok}
 *   GET    /v1/messages?wait=&max=   deliveries that nobody has acknowledged, lent for ports.https.lease → {messages}; waits up to `wait` seconds for the first
 *   POST   /v1/messages/{id}/ack     the delivery is taken for good → {was_waiting}; DELETE /v1/messages/{id} is the same
 *   GET    /v1/messages/{id}         what became of an own message;   GET /v1/status   of the adapter
 *   POST   /v1/convert?format=       a document of the kind's → {messages, unmapped, faults}
 * A refusal is {error: {code, field, reason, remedy}} with a status that fits. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_PORT_HTTP_H
#define ADAPTERS_RUNTIME_PORT_HTTP_H

#include "adapters/runtime/office.h"

/* busy when the address is in use, io. */
RESULT port_http_new(struct office *office, struct port_http **ret, struct err *err);
void port_http_free(struct port_http *port);
void port_http_deliver(struct port_http *port); /* something new may wait in the inbox */
void port_http_renewed(struct port_http *port); /* new papers: whoever was judged by the old ones comes again */

#endif
