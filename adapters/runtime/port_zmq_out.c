/* What the ZeroMQ port says unasked: deliveries to those who receive, fates to those who sent. */
#include "adapters/runtime/plainly.h"
#include "adapters/runtime/port_zmq_inside.h"
#include "base/log.h"
#include "base/mem.h"

#include <string.h>

/* ---- deliveries ---- */

static void drop_client(struct client *client)
{
	lending_leave(client->borrower, true);
	HASH_DEL(client->port->clients, client);
	mem_free(client);
}

static result give(void *ctx, struct bytes envelope, struct err *err)
{
	struct client *client = ctx;
	struct port_zmq *port = client->port;
	struct buf plain;
	struct buf *out = &port->answer;
	buf_init(&plain, out->max);
	result r = plainly_delivery(port->office, envelope, &plain, err);
	if (!FAILED(r)) {
		buf_clear(out);
		pack_put_map(out, 2);
		pack_put_str(out, "event");
		pack_put_str(out, "message");
		pack_put_str(out, "message");
		pack_put_raw(out, buf_bytes(&plain));
		r = port_zmq_send_to(port, client->route, client->route_len, false, client->json, buf_bytes(out), err);
	}
	buf_done(&plain);
	return r;
}

static void gone(void *ctx)
{
	drop_client(ctx);
}

static const struct lending_events events = {give, gone};

/* ZeroMQ tells of a peer that is gone only when something is sent to it: what it holds would otherwise stay lent for ever. */
static void probe_clients(struct port_zmq *port, const struct client *but)
{
	static const uint8_t alive[] = {0x81, 0xa5, 'e', 'v', 'e', 'n', 't', 0xa5, 'a', 'l', 'i', 'v', 'e'};
	struct client *client, *next;
	struct err why;
	HASH_ITER(hh, port->clients, client, next)
		if (client != but && port_zmq_send_to(port, client->route, client->route_len, false, client->json, bytes_of(alive, sizeof(alive)), &why).code == CODE_CLOSED)
			drop_client(client);
}

result port_zmq_receives(const struct request *request, int64_t credit, struct err *err)
{
	struct port_zmq *port = request->port;
	struct client *client = NULL;
	HASH_FIND(hh, port->clients, request->route, request->route_len, client);
	if (!client) {
		if (HASH_COUNT(port->clients) >= PORT_CLIENTS_MAX)
			return err_set(err, CODE_BUSY, "/op", "at most %d receivers", PORT_CLIENTS_MAX);
		client = mem_alloc(sizeof(*client));
		client->port = port;
		client->borrower = lending_join(port->lending, &events, client, 0);
		memcpy(client->route, request->route, request->route_len);
		client->route_len = request->route_len;
		HASH_ADD(hh, port->clients, route, client->route_len, client);
	}
	client->json = request->json;
	lending_grant(client->borrower, credit);
	probe_clients(port, client);
	return OK;
}

void port_zmq_probe(struct port_zmq *port)
{
	probe_clients(port, NULL);
	port_zmq_deliver(port);
}

void port_zmq_deliver(struct port_zmq *port)
{
	struct err why;
	if (FAILED(lending_deliver(port->lending, &why)))
		log_event(LOG_ERROR, "inbox_failed", LOG_REASON(&why));
}

/* ---- fates ---- */

void port_zmq_sent(const struct request *request, const struct uuid *id)
{
	struct port_zmq *port = request->port;
	struct sent *sent = NULL;
	if (request->has_empty || HASH_COUNT(port->sent) >= PORT_SENT_MAX)
		return; /* a REQ hears only answers; anybody may ask for the status */
	HASH_FIND(hh, port->sent, id->at, UUID_LEN, sent);
	if (!sent) {
		sent = mem_alloc(sizeof(*sent));
		memcpy(sent->id, id->at, UUID_LEN);
		HASH_ADD(hh, port->sent, id, UUID_LEN, sent);
	}
	memcpy(sent->route, request->route, request->route_len);
	sent->route_len = request->route_len;
	sent->json = request->json;
}

void port_zmq_fate(struct port_zmq *port, const uint8_t *id)
{
	struct sent *sent = NULL;
	struct buf body;
	struct err why;
	HASH_FIND(hh, port->sent, id, UUID_LEN, sent);
	if (!sent)
		return;
	buf_init(&body, port->answer.max);
	result r = plainly_fate(port->office, id, "fate", &body, &why);
	if (!FAILED(r))
		r = port_zmq_send_to(port, sent->route, sent->route_len, false, sent->json, buf_bytes(&body), &why);
	if (r.code == CODE_CLOSED) {
		HASH_DEL(port->sent, sent);
		mem_free(sent);
	}
	buf_done(&body);
}

/* ---- the end ---- */

void port_zmq_forget(struct port_zmq *port)
{
	struct client *client, *next_client;
	struct sent *sent, *next_sent;
	HASH_ITER(hh, port->clients, client, next_client)
		drop_client(client);
	HASH_ITER(hh, port->sent, sent, next_sent) {
		HASH_DEL(port->sent, sent);
		mem_free(sent);
	}
}
