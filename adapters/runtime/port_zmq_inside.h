/* What the files of the ZeroMQ port share; nobody else includes this. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_PORT_ZMQ_INSIDE_H
#define ADAPTERS_RUNTIME_PORT_ZMQ_INSIDE_H

#include <uthash.h>

#include "adapters/runtime/lending.h"
#include "adapters/runtime/port_zmq.h"

enum { PORT_ROUTE_MAX = 64, PORT_CLIENTS_MAX = 256, PORT_SENT_MAX = 100000, PORT_CREDIT_MAX = 1000, PORT_TURN_REQUESTS = 256 };

/* Someone who receives: what it was given and has not acknowledged. */
struct client {
	uint8_t route[PORT_ROUTE_MAX];
	size_t route_len;
	bool json;
	struct port_zmq *port;
	struct borrower *borrower;
	UT_hash_handle hh;
};

/* Who sent an own message and will want to know what became of it. */
struct sent {
	uint8_t id[UUID_LEN];
	uint8_t route[PORT_ROUTE_MAX];
	size_t route_len;
	bool json;
	UT_hash_handle hh;
};

struct port_zmq {
	struct office *office;
	struct wire *wire;
	struct loop_wire *watch;
	struct lending *lending;
	struct client *clients;
	struct sent *sent;
	struct buf answer, text;
	int64_t document_max;
};

/* A request in hand; its answer goes out once what it did is on disk. */
struct request {
	struct port_zmq *port;
	uint8_t route[PORT_ROUTE_MAX];
	size_t route_len;
	bool has_empty; /* a REQ puts an empty frame between */
	bool json;
	struct bytes map;
	struct bytes ref;
};

/* port_zmq.c: closed when the client is gone. */
RESULT port_zmq_send_to(struct port_zmq *port, const uint8_t *route, size_t route_len, bool has_empty, bool json, struct bytes packed, struct err *err);

/* port_zmq_out.c */
/* Whoever asks receives from now on, so many; busy when there are too many. */
RESULT port_zmq_receives(const struct request *request, int64_t credit, struct err *err);
/* Whoever sent this message will be told what becomes of it. */
void port_zmq_sent(const struct request *request, const struct uuid *id);
void port_zmq_forget(struct port_zmq *port); /* all clients and senders */

#endif
