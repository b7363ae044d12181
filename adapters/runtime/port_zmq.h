/* The ZeroMQ port: a ROUTER that any language's DEALER or REQ speaks to, requests and answers as one frame of JSON or msgpack (answers come in what was asked in).
 *
 *   {op: "send", …draft…}             → {ok, id, duplicate}           later, to a DEALER, at the verdict and each outcome: {event: "fate", …status…}
 *   {op: "check", …draft…}            → {ok}
 *   {op: "receive", credit: n}        → {ok, credit}                  later: {event: "message", …message…}, acknowledged one by one:
 *   {op: "ack", id}                   → {ok}
 *   {op: "status", id}                → {ok, id, state, verdict, outcomes}
 *   {op: "status"}                    → {ok, party, kind, uplink, …}
 *   {op: "convert", format, document} → {ok, messages, unmapped} or {error, faults}
 * A refusal is {error: {code, field, reason, remedy}}. "ref" in a request comes back in its answer. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_PORT_ZMQ_H
#define ADAPTERS_RUNTIME_PORT_ZMQ_H

#include "adapters/runtime/office.h"

RESULT port_zmq_new(struct office *office, const char *endpoint, struct port_zmq **ret, struct err *err);
void port_zmq_free(struct port_zmq *port);
void port_zmq_deliver(struct port_zmq *port); /* something new may wait in the inbox */
void port_zmq_probe(struct port_zmq *port); /* now and then: takes back what is lent to clients that are gone ({event: "alive"} to the others) */
void port_zmq_fate(struct port_zmq *port, const uint8_t *id);

#endif
