#include "adapters/runtime/port_zmq.h"

#include "adapters/runtime/compose.h"
#include "adapters/runtime/history.h"
#include "adapters/runtime/plainly.h"
#include "adapters/runtime/port_zmq_inside.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/text.h"
#include "schemas/json.h"

#include <string.h>

struct later {
	struct port_zmq *port;
	struct request request;
	struct buf answer;
	struct buf ref;
};

result port_zmq_send_to(struct port_zmq *port, const uint8_t *route, size_t route_len, bool has_empty, bool json, struct bytes packed, struct err *err)
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
	if (FAILED(port_zmq_send_to(request->port, request->route, request->route_len, request->has_empty, request->json, packed, &why)))
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
	port_zmq_sent(request, &id);
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
	TRY(port_zmq_receives(request, credit, err));
	struct buf *out = begin(request, true, 1);
	pack_put_str(out, "credit");
	pack_put_int(out, credit);
	reply(request, buf_bytes(out));
	port_zmq_deliver(port);
	return OK;
}

static result do_ack(const struct request *request, struct err *err)
{
	struct port_zmq *port = request->port;
	struct uuid id;
	bool was_waiting = false;
	TRY(find_id(request->map, &id, err));
	TRY(lending_ack(port->lending, id.at, &was_waiting, err));
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
		reply_after(request); /* it may be of this turn, which is not committed yet */
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
	plainly_reading(&reading, out);
	kind_reading_done(&reading);
	reply(request, buf_bytes(out));
	return OK;
}

static result do_history(const struct request *request, struct err *err)
{
	struct port_zmq *port = request->port;
	struct buf head, journal;
	buf_init(&head, port->answer.max);
	buf_init(&journal, port->answer.max);
	result r = history_known_head(port->office->history, &head, err);
	if (!FAILED(r))
		r = history_journal(port->office->box, &journal, err);
	if (!FAILED(r)) {
		struct buf *out = begin(request, true, 2);
		pack_put_str(out, "head");
		pack_put_raw(out, buf_bytes(&head));
		pack_put_str(out, "journal");
		pack_put_raw(out, buf_bytes(&journal));
		reply(request, buf_bytes(out));
	}
	buf_done(&head);
	buf_done(&journal);
	return r;
}

static result do_metrics(const struct request *request, struct err *err)
{
	struct buf text;
	buf_init(&text, request->port->answer.max);
	metrics_print(&text);
	result r = buf_check(&text, "metrics", err);
	if (!FAILED(r)) {
		struct buf *out = begin(request, true, 1);
		pack_put_str(out, "metrics");
		pack_put_text(out, buf_bytes(&text));
		reply(request, buf_bytes(out));
	}
	buf_done(&text);
	return r;
}

static result perform(const struct request *request, struct err *err)
{
	static const struct {
		const char *op;
		result (*perform)(const struct request *request, struct err *err);
	} ops[] = {{"send", do_send},     {"check", do_check},   {"receive", do_receive},
	           {"ack", do_ack},       {"status", do_status}, {"convert", do_convert},
	           {"history", do_history}, {"metrics", do_metrics}};
	struct bytes op = BYTES_NONE;
	if (!find_text(request->map, "op", &op))
		return err_set(err, CODE_USAGE, "/op", "a request is a map with an op: send, check, receive, ack, status, convert, history, metrics");
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (bytes_is(op, ops[i].op))
			return ops[i].perform(request, err);
	return err_set(err, CODE_USAGE, "/op", "no such op; there are send, check, receive, ack, status, convert, history, metrics");
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
	port->lending = lending_new(office->box);
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
	if (!port)
		return;
	box_forget(port->office->box, port);
	port_zmq_forget(port);
	lending_free(port->lending);
	loop_wire_free(port->watch);
	wire_free(port->wire);
	buf_done(&port->answer);
	buf_done(&port->text);
	mem_free(port);
}
