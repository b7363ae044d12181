#include "adapters/runtime/port_zmq.h"

#include "adapters/runtime/compose.h"
#include "adapters/runtime/plainly.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/json.h"

#include <string.h>
#include <uthash.h>

enum { PORT_ROUTE_MAX = 64, PORT_CLIENTS_MAX = 256, PORT_SENT_MAX = 100000, PORT_CREDIT_MAX = 1000, PORT_TURN_REQUESTS = 256 };

/* Someone who receives: what it was given and has not acknowledged. */
struct client {
	uint8_t route[PORT_ROUTE_MAX];
	size_t route_len;
	bool json;
	int64_t credit;
	UT_hash_handle hh;
};

/* A message that is with a client, unacknowledged: not given to another one. */
struct loan {
	int64_t seq;
	uint8_t id[UUID_LEN];
	struct client *client;
	UT_hash_handle by_seq, by_id;
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
	struct client *clients;
	struct loan *by_seq, *by_id;
	struct sent *sent;
	int64_t lent_to; /* everything up to this seq is lent or handed over: looking begins after it */
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

struct later {
	struct port_zmq *port;
	struct request request;
	struct buf answer;
	struct buf ref;
};

static result send_to(struct port_zmq *port, const uint8_t *route, size_t route_len, bool has_empty, bool json, struct bytes packed, struct err *err)
{
	struct bytes frames[3] = {bytes_of(route, route_len)};
	size_t count = 1;
	if (has_empty)
		frames[count++] = BYTES_NONE;
	if (json) {
		buf_clear(&port->text);
		TRY(json_from_pack(packed, 0, &port->text, err));
		packed = buf_bytes(&port->text);
	}
	frames[count++] = packed;
	return wire_send(port->wire, frames, count, err);
}

static void reply(const struct request *request, struct bytes packed)
{
	struct err why;
	if (FAILED(send_to(request->port, request->route, request->route_len, request->has_empty, request->json, packed, &why)))
		log_event(LOG_DEBUG, "port_unanswered", LOG_REASON(&why));
}

/* Answers are {ok: true, …} or {error: …}; "ref" comes along when it was given. `pairs` more follow. */
static struct buf *begin(const struct request *request, bool ok, size_t pairs)
{
	struct buf *out = &request->port->answer;
	buf_clear(out);
	pack_put_map(out, pairs + (ok ? 1u : 0u) + (request->ref.len ? 1u : 0u));
	if (request->ref.len) {
		pack_put_str(out, "ref");
		pack_put_raw(out, request->ref);
	}
	if (ok) {
		pack_put_str(out, "ok");
		pack_put_bool(out, true);
	}
	return out;
}

static void refuse(const struct request *request, const struct err *why)
{
	struct buf *out = begin(request, false, 1);
	pack_put_str(out, "error");
	plainly_error(why, out);
	reply(request, buf_bytes(out));
}

static void answer_later(void *ctx, int64_t number, const struct err *why)
{
	struct later *later = ctx;
	(void)number;
	if (why)
		refuse(&later->request, why);
	else
		reply(&later->request, buf_bytes(&later->answer));
	buf_done(&later->answer);
	buf_done(&later->ref);
	mem_free(later);
}

/* Puts the answer that stands in port->answer off until what it promises is on disk. */
static void reply_after(const struct request *request)
{
	struct port_zmq *port = request->port;
	struct later *later = mem_alloc(sizeof(*later));
	later->port = port;
	later->request = *request;
	buf_init(&later->answer, port->answer.max);
	buf_init(&later->ref, port->answer.max);
	buf_add(&later->answer, buf_bytes(&port->answer));
	buf_add(&later->ref, request->ref);
	later->request.ref = buf_bytes(&later->ref);
	box_after(port->office->box, answer_later, later, 0);
}

static bool find_text(struct bytes map, const char *key, struct bytes *ret)
{
	struct bytes value;
	return pack_find(map, key, &value) && pack_as_text(value, ret);
}

static result find_id(struct bytes map, struct uuid *ret, struct err *err)
{
	struct bytes text;
	if (!find_text(map, "id", &text))
		return err_set(err, CODE_USAGE, "/id", "the request must name an id");
	return uuid_parse(text, ret, err);
}

/* The draft is the request without what is the port's own. */
static void copy_draft(struct bytes map, struct buf *out)
{
	struct err ignored;
	struct pack_in in = pack_in(map, &ignored);
	size_t count = pack_map(&in, ""), kept = 0;
	struct buf pairs;
	buf_init(&pairs, map.len + 16);
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes key = pack_text(&in, "", 1024);
		struct bytes value = pack_value(&in, "");
		if (bytes_is(key, "op") || bytes_is(key, "ref"))
			continue;
		pack_put_text(&pairs, key);
		pack_put_raw(&pairs, value);
		kept++;
	}
	pack_put_map(out, kept);
	pack_put_raw(out, buf_bytes(&pairs));
	buf_done(&pairs);
}

static void remember_sender(struct port_zmq *port, const struct request *request, const struct uuid *id)
{
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

static result do_send(const struct request *request, struct err *err)
{
	struct buf draft;
	struct uuid id;
	bool duplicate = false;
	char text[UUID_TEXT_MAX];
	buf_init(&draft, request->map.len + 16);
	copy_draft(request->map, &draft);
	result r = compose_plain(request->port->office, buf_bytes(&draft), NULL, &id, &duplicate, err);
	buf_done(&draft);
	TRY(r);
	remember_sender(request->port, request, &id);
	struct buf *out = begin(request, true, 2);
	pack_put_str(out, "id");
	pack_put_str(out, uuid_text(id.at, text));
	pack_put_str(out, "duplicate");
	pack_put_bool(out, duplicate);
	reply_after(request);
	return OK;
}

static result do_check(const struct request *request, struct err *err)
{
	struct buf draft;
	buf_init(&draft, request->map.len + 16);
	copy_draft(request->map, &draft);
	result r = compose_check(request->port->office, buf_bytes(&draft), err);
	buf_done(&draft);
	TRY(r);
	reply(request, buf_bytes(begin(request, true, 0)));
	return OK;
}

static void end_loan(struct port_zmq *port, struct loan *loan)
{
	HASH_DELETE(by_seq, port->by_seq, loan);
	HASH_DELETE(by_id, port->by_id, loan);
	mem_free(loan);
}

/* A client that is gone gives back all that it has not acknowledged. */
static void drop_client(struct port_zmq *port, struct client *client)
{
	struct loan *loan, *next;
	HASH_ITER(by_seq, port->by_seq, loan, next)
		if (loan->client == client)
			end_loan(port, loan);
	port->lent_to = 0;
	HASH_DEL(port->clients, client);
	mem_free(client);
}

/* ZeroMQ tells of a peer that is gone only when something is sent to it: what it holds would otherwise stay lent for ever. */
static void probe_clients(struct port_zmq *port, const struct client *but)
{
	static const uint8_t alive[] = {0x81, 0xa5, 'e', 'v', 'e', 'n', 't', 0xa5, 'a', 'l', 'i', 'v', 'e'};
	struct client *client, *next;
	struct err why;
	HASH_ITER(hh, port->clients, client, next)
		if (client != but && send_to(port, client->route, client->route_len, false, client->json, bytes_of(alive, sizeof(alive)), &why).code == CODE_CLOSED)
			drop_client(port, client);
}

static struct client *client_of(struct port_zmq *port, const struct request *request)
{
	struct client *client = NULL;
	HASH_FIND(hh, port->clients, request->route, request->route_len, client);
	return client;
}

static result do_receive(const struct request *request, struct err *err)
{
	struct port_zmq *port = request->port;
	struct bytes value;
	int64_t credit = 1;
	if (pack_find(request->map, "credit", &value) && !pack_as_int(value, &credit))
		return err_set(err, CODE_USAGE, "/credit", "credit is a number of messages");
	if (credit < 1 || credit > PORT_CREDIT_MAX)
		return err_set(err, CODE_USAGE, "/credit", "credit is from 1 to %d", PORT_CREDIT_MAX);
	if (request->has_empty)
		return err_set(err, CODE_USAGE, "/op", "receive needs a DEALER: a REQ cannot hear more than one answer");
	if (port->office->hand_over != HAND_OVER_ZMQ)
		return err_set(err, CODE_USAGE, "/op", "this adapter hands deliveries over elsewhere; set ports.hand_over = \"zmq\"");
	struct client *client = client_of(port, request);
	if (!client) {
		if (HASH_COUNT(port->clients) >= PORT_CLIENTS_MAX)
			return err_set(err, CODE_BUSY, "/op", "at most %d receivers", PORT_CLIENTS_MAX);
		client = mem_alloc(sizeof(*client));
		memcpy(client->route, request->route, request->route_len);
		client->route_len = request->route_len;
		HASH_ADD(hh, port->clients, route, client->route_len, client);
	}
	client->json = request->json;
	client->credit = credit;
	probe_clients(port, client);
	struct buf *out = begin(request, true, 1);
	pack_put_str(out, "credit");
	pack_put_int(out, credit);
	reply(request, buf_bytes(out));
	port_zmq_deliver(port);
	return OK;
}

static void on_acked(void *ctx, int64_t seq, const struct err *why)
{
	struct port_zmq *port = ctx;
	struct loan *loan = NULL;
	HASH_FIND(by_seq, port->by_seq, &seq, sizeof(seq), loan);
	if (!why && loan)
		end_loan(port, loan);
}

static result do_ack(const struct request *request, struct err *err)
{
	struct port_zmq *port = request->port;
	struct loan *loan = NULL;
	struct uuid id;
	bool was_waiting = false;
	TRY(find_id(request->map, &id, err));
	TRY(box_handed(port->office->box, id.at, &was_waiting, err));
	HASH_FIND(by_id, port->by_id, id.at, UUID_LEN, loan);
	if (loan)
		box_after(port->office->box, on_acked, port, loan->seq);
	struct buf *out = begin(request, true, 1);
	pack_put_str(out, "was_waiting");
	pack_put_bool(out, was_waiting);
	reply_after(request);
	return OK;
}

static result do_status(const struct request *request, struct err *err)
{
	struct port_zmq *port = request->port;
	struct buf body;
	struct uuid id;
	struct bytes ignored;
	bool of_message = find_text(request->map, "id", &ignored);
	buf_init(&body, port->answer.max);
	result r = OK;
	if (of_message)
		r = find_id(request->map, &id, err);
	if (!FAILED(r))
		r = of_message ? plainly_fate(port->office, id.at, NULL, &body, err) : plainly_status(port->office, &body, err);
	if (!FAILED(r)) {
		struct buf *out = begin(request, true, 1);
		pack_put_str(out, "status");
		pack_put_raw(out, buf_bytes(&body));
		reply(request, buf_bytes(out));
	}
	buf_done(&body);
	return r;
}

static const struct kind_format *format_of(const struct kind *kind, struct bytes name)
{
	for (size_t i = 0; i < kind->formats_count; i++)
		if (bytes_is(name, kind->formats[i].name))
			return &kind->formats[i];
	return NULL;
}

static void put_reading(const struct kind_reading *reading, struct buf *out)
{
	pack_put_str(out, "messages");
	pack_put_array(out, reading->drafts_count);
	for (size_t i = 0; i < reading->drafts_count; i++)
		pack_put_raw(out, buf_bytes(&reading->drafts[i].plain));
	pack_put_str(out, "unmapped");
	pack_put_array(out, reading->unmapped_count);
	for (size_t i = 0; i < reading->unmapped_count; i++)
		pack_put_str(out, reading->unmapped[i]);
	pack_put_str(out, "faults");
	pack_put_array(out, reading->faults_count);
	for (size_t i = 0; i < reading->faults_count; i++) {
		pack_put_map(out, 2);
		pack_put_str(out, "line");
		pack_put_int(out, reading->faults[i].line);
		pack_put_str(out, "error");
		plainly_error(&reading->faults[i].err, out);
	}
}

static result do_convert(const struct request *request, struct err *err)
{
	struct office *office = request->port->office;
	struct bytes name = BYTES_NONE, document = BYTES_NONE;
	struct kind_reading reading;
	if (!find_text(request->map, "format", &name) || !find_text(request->map, "document", &document))
		return err_set(err, CODE_USAGE, "/document", "convert needs format and document");
	const struct kind_format *format = format_of(office->kind, name);
	if (!format || !format->read)
		return err_set(err, CODE_NOT_FOUND, "/format", "this kind of adapter does not read that format");
	kind_reading_init(&reading);
	format->read(office->kind_state, &office->host, document, &reading);
	struct buf *out = begin(request, true, 3);
	put_reading(&reading, out);
	kind_reading_done(&reading);
	reply(request, buf_bytes(out));
	return OK;
}

static result perform(const struct request *request, struct err *err)
{
	static const struct {
		const char *op;
		result (*perform)(const struct request *request, struct err *err);
	} ops[] = {{"send", do_send},     {"check", do_check},   {"receive", do_receive},
	           {"ack", do_ack},       {"status", do_status}, {"convert", do_convert}};
	struct bytes op = BYTES_NONE;
	if (!find_text(request->map, "op", &op))
		return err_set(err, CODE_USAGE, "/op", "a request is a map with an op: send, check, receive, ack, status, convert");
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (bytes_is(op, ops[i].op))
			return ops[i].perform(request, err);
	return err_set(err, CODE_USAGE, "/op", "no such op; there are send, check, receive, ack, status, convert");
}

static result parse(struct port_zmq *port, const struct wire_message *message, struct request *request, struct buf *packed, struct err *err)
{
	size_t body = message->count == 3 && message->frames[1].len == 0 ? 2 : 1;
	if (message->count != body + 1 || message->frames[0].len == 0 || message->frames[0].len > PORT_ROUTE_MAX)
		return err_set(err, CODE_MALFORMED, "", "a request is one frame");
	request->port = port;
	request->has_empty = body == 2;
	request->route_len = message->frames[0].len;
	memcpy(request->route, message->frames[0].at, request->route_len);
	struct bytes text = message->frames[body];
	/* No msgpack map begins with a brace or white space, no JSON object with anything else. */
	request->json = text.len && (text.at[0] == '{' || text.at[0] == ' ' || text.at[0] == '\n' || text.at[0] == '\t' || text.at[0] == '\r' || text.at[0] == '[' || text.at[0] == '"');
	if (request->json) {
		TRY(json_to_pack(text, packed, err));
		text = buf_bytes(packed);
	} else {
		TRY(pack_scan(text, err));
	}
	TRY(buf_check(packed, "", err));
	request->map = text;
	if (!pack_find(text, "ref", &request->ref))
		request->ref = BYTES_NONE;
	return OK;
}

static void serve(struct port_zmq *port, const struct wire_message *message)
{
	struct request request = {.port = port};
	struct buf packed;
	struct err why;
	buf_init(&packed, (size_t)port->document_max * 2 + 1024);
	result r = parse(port, message, &request, &packed, &why);
	if (!FAILED(r))
		r = perform(&request, &why);
	if (FAILED(r) && request.route_len)
		refuse(&request, &why);
	buf_done(&packed);
}

static void on_readable(void *ctx)
{
	struct port_zmq *port = ctx;
	struct wire_message message;
	struct err why;
	for (int i = 0; i < PORT_TURN_REQUESTS; i++) {
		result r = wire_receive(port->wire, &message, &why);
		if (r.code == CODE_BUSY || r.code == CODE_CLOSED)
			return;
		if (FAILED(r)) {
			log_event(LOG_WARNING, "port_request_refused", LOG_REASON(&why));
			continue;
		}
		serve(port, &message);
		wire_message_done(&message);
	}
}

result port_zmq_new(struct office *office, const char *endpoint, struct port_zmq **ret, struct err *err)
{
	struct port_zmq *port = mem_alloc(sizeof(*port));
	const struct wire_options options = {.high_water = 10000, .max_bytes = office->options->limits.document_bytes, .mode = 0660};
	port->office = office;
	port->document_max = office->options->limits.document_bytes;
	buf_init(&port->answer, (size_t)64 << 20);
	buf_init(&port->text, (size_t)128 << 20);
	result r = wire_bind(office->wires, WIRE_ROUTER, endpoint, &options, &port->wire, err);
	if (FAILED(r)) {
		port_zmq_free(port);
		return r;
	}
	port->watch = loop_wire_new(office->loop, port->wire, on_readable, port);
	log_event(LOG_INFO, "port_open", LOG_TEXT("endpoint", wire_endpoint(port->wire)));
	*ret = port;
	return OK;
}

void port_zmq_free(struct port_zmq *port)
{
	struct client *client, *next_client;
	struct loan *loan, *next_loan;
	struct sent *sent, *next_sent;
	if (!port)
		return;
	box_forget(port->office->box, port);
	HASH_ITER(by_seq, port->by_seq, loan, next_loan)
		end_loan(port, loan);
	HASH_ITER(hh, port->clients, client, next_client) {
		HASH_DEL(port->clients, client);
		mem_free(client);
	}
	HASH_ITER(hh, port->sent, sent, next_sent) {
		HASH_DEL(port->sent, sent);
		mem_free(sent);
	}
	loop_wire_free(port->watch);
	wire_free(port->wire);
	buf_done(&port->answer);
	buf_done(&port->text);
	mem_free(port);
}

static struct client *free_client(struct port_zmq *port)
{
	struct client *client, *next;
	HASH_ITER(hh, port->clients, client, next)
		if (client->credit > 0)
			return client;
	return NULL;
}

static result send_delivery(struct port_zmq *port, struct client *client, struct bytes envelope, struct err *err)
{
	struct buf plain;
	struct buf *out = &port->answer;
	buf_init(&plain, out->max);
	result r = plainly_message(envelope, &plain, err);
	if (!FAILED(r)) {
		buf_clear(out);
		pack_put_map(out, 2);
		pack_put_str(out, "event");
		pack_put_str(out, "message");
		pack_put_str(out, "message");
		pack_put_raw(out, buf_bytes(&plain));
		r = send_to(port, client->route, client->route_len, false, client->json, buf_bytes(out), err);
	}
	buf_done(&plain);
	return r;
}

static bool lend(void *ctx, const struct box_in *in)
{
	struct port_zmq *port = ctx;
	struct loan *loan = NULL;
	struct err why;
	HASH_FIND(by_seq, port->by_seq, &in->seq, sizeof(in->seq), loan);
	if (loan)
		return true;
	struct client *client = free_client(port);
	bool dropped = false;
	while (client) {
		result r = send_delivery(port, client, in->envelope, &why);
		if (!FAILED(r))
			break;
		if (r.code != CODE_CLOSED) {
			log_event(LOG_WARNING, "port_busy", LOG_REASON(&why));
			return false;
		}
		drop_client(port, client);
		dropped = true;
		client = free_client(port);
	}
	if (!client)
		return false;
	client->credit--;
	loan = mem_alloc(sizeof(*loan));
	loan->seq = in->seq;
	memcpy(loan->id, in->id, UUID_LEN);
	loan->client = client;
	/* What a client gave back stands before this one: the next look begins at the front. */
	port->lent_to = dropped ? 0 : in->seq;
	HASH_ADD(by_seq, port->by_seq, seq, sizeof(loan->seq), loan);
	HASH_ADD(by_id, port->by_id, id, UUID_LEN, loan);
	return !dropped && free_client(port) != NULL;
}

void port_zmq_probe(struct port_zmq *port)
{
	probe_clients(port, NULL);
	port_zmq_deliver(port);
}

void port_zmq_deliver(struct port_zmq *port)
{
	struct err why;
	if (free_client(port) && FAILED(box_each_unhanded(port->office->box, port->lent_to, lend, port, &why)))
		log_event(LOG_ERROR, "inbox_failed", LOG_REASON(&why));
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
		r = send_to(port, sent->route, sent->route_len, false, sent->json, buf_bytes(&body), &why);
	if (r.code == CODE_CLOSED) {
		HASH_DEL(port->sent, sent);
		mem_free(sent);
	}
	buf_done(&body);
}
