#include "adapters/runtime/compose.h"
#include "adapters/runtime/plainly.h"
#include "adapters/runtime/port_http_inside.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/json.h"

#include <stdio.h>
#include <string.h>

enum { ROUTES_ANSWER_MAX = 160 << 20, ROUTES_STATUS_MAX = 64 << 20, ROUTES_DESCRIPTION_MAX = 1 << 20, ROUTE_PARAMS_MAX = 2, CODES_MAX = 16 };

enum body { BODY_NONE, BODY_JSON, BODY_DOCUMENT };

/* A request in hand. */
struct asked {
	struct port_http_visit *visit;
	struct office *office;
	const struct port_http_head *head;
	struct bytes body;
	struct bytes id; /* {id} of the path */
};

struct port_http_route {
	const char *method, *path;
	enum body body;
	const char *params[ROUTE_PARAMS_MAX];
	result (*serve)(const struct asked *asked, struct err *err);
};

/* ---- answers ---- */

static int status_of(enum code code)
{
	static const struct {
		enum code codes[CODES_MAX];
		size_t count;
		int status;
	} statuses[] = {
		{{CODE_MALFORMED, CODE_USAGE, CODE_PROTOCOL}, 3, 400},
		{{CODE_FORBIDDEN}, 1, 403},
		{{CODE_NOT_FOUND}, 1, 404},
		{{CODE_DUPLICATE, CODE_DUPLICATE_CONFLICT, CODE_LIFECYCLE}, 3, 409},
		{{CODE_TOO_LARGE}, 1, 413},
		{{CODE_BUSY, CODE_FULL, CODE_STOPPING, CODE_CLOSED}, 4, 503},
	};
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		for (size_t j = 0; j < statuses[i].count; j++)
			if (statuses[i].codes[j] == code)
				return statuses[i].status;
	return code_class_of(code) == CODE_CLASS_REFUSAL ? 422 : 500;
}

void port_http_routes_refuse(struct port_http_visit *visit, const struct err *why)
{
	port_http_link_refuse(visit->link, status_of(why->code), NULL, why);
}

void port_http_routes_answer(struct port_http_visit *visit, int status, const char *location, struct bytes packed)
{
	struct buf text;
	struct err why;
	buf_init(&text, ROUTES_ANSWER_MAX);
	result r = json_from_pack(packed, 0, &text, &why);
	if (!FAILED(r))
		r = buf_check(&text, "answer", &why);
	if (FAILED(r))
		port_http_routes_refuse(visit, &why);
	else
		port_http_link_answer(visit->link, &(struct port_http_answer){.status = status, .location = location, .body = buf_bytes(&text)});
	buf_done(&text);
}

static void on_stored(void *ctx, int64_t number, const struct err *why)
{
	struct port_http_visit *visit = ctx;
	(void)number;
	if (why)
		port_http_routes_refuse(visit, why);
	else
		port_http_routes_answer(visit, visit->status, visit->location[0] ? visit->location : NULL, buf_bytes(&visit->answer));
	buf_done(&visit->answer);
}

/* The answer goes out once what it promises is on disk; it is written into what this gives. */
static struct buf *answer_stored(const struct asked *asked, int status)
{
	struct port_http_visit *visit = asked->visit;
	visit->status = status;
	visit->location[0] = '\0';
	buf_init(&visit->answer, ROUTES_STATUS_MAX);
	box_after(asked->office->box, on_stored, visit, 0);
	return &visit->answer;
}

/* ---- what is asked ---- */

static result read_draft(const struct asked *asked, struct buf *packed, struct err *err)
{
	buf_init(packed, asked->body.len * 2 + 1024);
	TRY(json_to_pack(asked->body, packed, err));
	TRY(buf_check(packed, "", err));
	struct pack_in in = pack_in(buf_bytes(packed), err);
	if (pack_next(&in, "").kind != PACK_MAP)
		return err_set(err, CODE_MALFORMED, "", "a draft is a JSON object");
	return OK;
}

static result check(const struct asked *asked, struct err *err)
{
	static const uint8_t fine[] = {0x81, 0xa2, 'o', 'k', 0xc3};
	struct buf packed;
	result r = read_draft(asked, &packed, err);
	if (!FAILED(r))
		r = compose_check(asked->office, buf_bytes(&packed), err);
	buf_done(&packed);
	if (!FAILED(r))
		port_http_routes_answer(asked->visit, 200, NULL, bytes_of(fine, sizeof(fine)));
	return r;
}

static result store_draft(const struct asked *asked, struct err *err)
{
	struct buf packed;
	struct uuid id;
	bool duplicate = false;
	char text[UUID_TEXT_MAX];
	result r = read_draft(asked, &packed, err);
	if (!FAILED(r))
		r = compose_plain(asked->office, buf_bytes(&packed), NULL, &id, &duplicate, err);
	buf_done(&packed);
	TRY(r);
	struct buf *out = answer_stored(asked, 202);
	snprintf(asked->visit->location, sizeof(asked->visit->location), "/v1/messages/%s", uuid_text(id.at, text));
	pack_put_map(out, 2);
	pack_put_str(out, "id");
	pack_put_str(out, text);
	pack_put_str(out, "duplicate");
	pack_put_bool(out, duplicate);
	return OK;
}

static result send_message(const struct asked *asked, struct err *err)
{
	struct bytes value;
	if (!port_http_head_param(asked->head, "check", &value))
		return store_draft(asked, err);
	if (!bytes_is(value, "1"))
		return err_set(err, CODE_USAGE, "check", "check=1 asks for a judgement; leave it out to send");
	return check(asked, err);
}

static result number_of(const struct asked *asked, const char *name, int64_t least, int64_t most, int64_t *ret, struct err *err)
{
	struct bytes text;
	struct err ignored;
	if (!port_http_head_param(asked->head, name, &text))
		return OK;
	if (text.len && (text.at[0] == '-' || text.len > 6))
		text.len = 0;
	if (FAILED(text_int(text, least, most, ret, &ignored)))
		return err_set(err, CODE_USAGE, name, "it is a number from %d to %d", (int)least, (int)most);
	return OK;
}

static result receive(const struct asked *asked, struct err *err)
{
	int64_t wait_s = 0, most = PORT_HTTP_POLL_USUAL;
	TRY(number_of(asked, "wait", 0, PORT_HTTP_WAIT_MOST_S, &wait_s, err));
	TRY(number_of(asked, "max", 1, PORT_HTTP_POLL_MOST, &most, err));
	if (asked->office->hand_over != HAND_OVER_HTTPS) {
		struct err why;
		err_set(&why, CODE_USAGE, "", "this adapter hands deliveries over elsewhere; set ports.hand_over = \"https\"");
		port_http_link_refuse(asked->visit->link, 409, NULL, &why);
		return OK;
	}
	port_http_poll_begin(asked->visit, wait_s, most);
	return OK;
}

static result acknowledge(const struct asked *asked, struct err *err)
{
	struct uuid id;
	struct buf hold;
	struct box_in in;
	bool found = false, was_waiting = false;
	TRY(uuid_parse(asked->id, &id, err));
	buf_init(&hold, ROUTES_STATUS_MAX);
	result r = box_find_in(asked->office->box, id.at, &hold, &found, &in, err);
	bool is_ours = found && !in.refused;
	buf_done(&hold);
	TRY(r);
	if (!is_ours)
		return err_set(err, CODE_NOT_FOUND, "id", "no delivery of this id has come here");
	TRY(lending_ack(asked->visit->port->lending, id.at, &was_waiting, err));
	struct buf *out = answer_stored(asked, 200);
	pack_put_map(out, 1);
	pack_put_str(out, "was_waiting");
	pack_put_bool(out, was_waiting);
	return OK;
}

static result tell_fate(const struct asked *asked, struct err *err)
{
	struct uuid id;
	struct buf body;
	TRY(uuid_parse(asked->id, &id, err));
	buf_init(&body, ROUTES_STATUS_MAX);
	result r = plainly_fate(asked->office, id.at, NULL, &body, err);
	if (!FAILED(r))
		pack_put_raw(answer_stored(asked, 200), buf_bytes(&body)); /* it may be of this turn, which is not committed yet */
	buf_done(&body);
	return r;
}

static result tell_status(const struct asked *asked, struct err *err)
{
	struct buf body;
	buf_init(&body, ROUTES_STATUS_MAX);
	result r = plainly_status(asked->office, &body, err);
	if (!FAILED(r))
		port_http_routes_answer(asked->visit, 200, NULL, buf_bytes(&body));
	buf_done(&body);
	return r;
}

static const struct kind_format *format_of(const struct kind *kind, struct bytes name)
{
	for (size_t i = 0; i < kind->formats_count; i++)
		if (bytes_is(name, kind->formats[i].name) && kind->formats[i].read)
			return &kind->formats[i];
	return NULL;
}

static result convert(const struct asked *asked, struct err *err)
{
	struct bytes name = BYTES_NONE;
	struct kind_reading reading;
	struct buf body;
	if (!port_http_head_param(asked->head, "format", &name))
		return err_set(err, CODE_USAGE, "format", "convert needs the format of the document");
	const struct kind_format *format = format_of(asked->office->kind, name);
	if (!format)
		return err_set(err, CODE_NOT_FOUND, "format", "this kind of adapter does not read that format");
	kind_reading_init(&reading);
	format->read(asked->office->kind_state, &asked->office->host, asked->body, &reading);
	bool is_bad = reading.faults_count > 0;
	buf_init(&body, ROUTES_STATUS_MAX);
	pack_put_map(&body, is_bad ? 4 : 3);
	if (is_bad) {
		pack_put_str(&body, "error");
		plainly_error(&reading.faults[0].err, &body);
	}
	plainly_reading(&reading, &body);
	kind_reading_done(&reading);
	port_http_routes_answer(asked->visit, is_bad ? 422 : 200, NULL, buf_bytes(&body));
	buf_done(&body);
	return OK;
}

/* It is installed beside the catalogue. */
static result describe(const struct asked *asked, struct err *err)
{
	struct buf file;
	struct err ignored;
	AUTO_FREE char *path = mem_printf("%s/../openapi.json", asked->office->options->catalogue);
	if (FAILED(file_read(path, ROUTES_DESCRIPTION_MAX, &file, &ignored)))
		return err_set(err, CODE_NOT_FOUND, "", "openapi.json does not stand beside the catalogue");
	port_http_link_answer(asked->visit->link, &(struct port_http_answer){.status = 200, .body = buf_bytes(&file)});
	buf_done(&file);
	return OK;
}

/* ---- routes ---- */

static const struct port_http_route routes[] = {
	{"POST", "/v1/messages", BODY_JSON, {"check", NULL}, send_message},
	{"GET", "/v1/messages", BODY_NONE, {"wait", "max"}, receive},
	{"GET", "/v1/messages/{id}", BODY_NONE, {NULL, NULL}, tell_fate},
	{"DELETE", "/v1/messages/{id}", BODY_NONE, {NULL, NULL}, acknowledge},
	{"POST", "/v1/messages/{id}/ack", BODY_NONE, {NULL, NULL}, acknowledge},
	{"POST", "/v1/check", BODY_JSON, {NULL, NULL}, check},
	{"GET", "/v1/status", BODY_NONE, {NULL, NULL}, tell_status},
	{"POST", "/v1/convert", BODY_DOCUMENT, {"format", NULL}, convert},
	{"GET", "/v1/openapi.json", BODY_NONE, {NULL, NULL}, describe},
};

enum { ROUTES = sizeof(routes) / sizeof(*routes) };

/* Segment by segment; {id} stands for any one. */
static bool fits(const char *pattern, struct bytes path, struct bytes *ret_id)
{
	size_t at = 0;
	while (*pattern) {
		if (strncmp(pattern, "{id}", 4) == 0) {
			size_t from = at;
			while (at < path.len && path.at[at] != '/')
				at++;
			*ret_id = bytes_of(path.at + from, at - from);
			pattern += 4;
		} else {
			if (at == path.len || path.at[at] != (uint8_t)*pattern)
				return false;
			at++;
			pattern++;
		}
	}
	return at == path.len;
}

static bool is_known_method(struct bytes method)
{
	static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"};
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (bytes_is(method, methods[i]))
			return true;
	return false;
}

/* NULL, with all methods of the path in visit->allow, which stays empty when there is no such path. */
static const struct port_http_route *find_route(struct port_http_visit *visit, const struct port_http_head *head)
{
	struct bytes id;
	visit->allow[0] = '\0';
	for (size_t i = 0; i < ROUTES; i++) {
		if (!fits(routes[i].path, head->path, &id))
			continue;
		if (bytes_is(head->method, routes[i].method))
			return &routes[i];
		size_t len = strlen(visit->allow);
		snprintf(visit->allow + len, sizeof(visit->allow) - len, "%s%s", len ? ", " : "", routes[i].method);
	}
	return NULL;
}

static result fail(int status, int *ret_status, struct err *err, const char *field, const char *reason)
{
	*ret_status = status;
	return err_set(err, status == 404 ? CODE_NOT_FOUND : CODE_USAGE, field, "%s", reason);
}

static bool check_param(void *ctx, struct bytes name, struct bytes value)
{
	const struct port_http_route *route = ctx;
	(void)value;
	for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
		if (route->params[i] && bytes_is(name, route->params[i]))
			return true;
	return false;
}

/* A page of another site can make a browser post text, forms and files, but none of these. */
static bool is_body_type(enum body body, struct bytes type)
{
	if (body == BODY_JSON)
		return port_http_head_is_type(type, "application/json");
	return port_http_head_is_type(type, "application/octet-stream") || port_http_head_is_type(type, "application/xml") ||
	       port_http_head_is_type(type, "text/csv") || port_http_head_is_type(type, "application/json");
}

static result check_body(const struct port_http_route *route, const struct port_http_head *head, int *ret_status, struct err *err)
{
	if (route->body == BODY_NONE)
		return head->length ? fail(400, ret_status, err, "content-length", "this request has no body") : OK;
	if (!is_body_type(route->body, head->content_type))
		return fail(415, ret_status, err, "content-type",
		            route->body == BODY_JSON ? "the body is application/json" : "the body is application/octet-stream, application/xml, application/json or text/csv");
	if (head->content_encoding.at && !text_equal_nocase(head->content_encoding, BYTES_LIT("identity")))
		return fail(415, ret_status, err, "content-encoding", "the body is sent as it is");
	return head->length ? OK : fail(400, ret_status, err, "content-length", "this request has a body");
}

static result refuse_crowd(int *ret_status, struct err *err)
{
	*ret_status = 503;
	return err_set(err, CODE_BUSY, "", "as many connections as ports.https.connections allows are open");
}

static result judge_access(struct port_http_visit *visit, const struct port_http_head *head, int *ret_status, struct err *err)
{
	struct port_http *port = visit->port;
	int64_t held = 0;
	result r = port_http_access_judge(port->office->papers.https, port_http_link_stream(visit->link), head, ret_status, err);
	if (FAILED(r) && log_gate_pass(&port->gate, &held))
		log_event(LOG_WARNING, "http_forbidden", LOG_TEXT("client", port_http_link_address(visit->link)), LOG_INT("status", *ret_status),
		          LOG_TEXT("reason", err->reason), LOG_INT("held_back", held));
	return r;
}

result port_http_routes_head(struct port_http_visit *visit, const struct port_http_head *head, int *ret_status, const char **ret_allow, struct err *err)
{
	visit->route = NULL;
	if (visit->is_crowded) {
		port_http_link_last(visit->link);
		return refuse_crowd(ret_status, err);
	}
	TRY(judge_access(visit, head, ret_status, err));
	if (!is_known_method(head->method))
		return fail(501, ret_status, err, "", "no such method");
	const struct port_http_route *route = find_route(visit, head);
	if (!route && !visit->allow[0])
		return fail(404, ret_status, err, "", "no such path; GET /v1/openapi.json lists them");
	if (!route) {
		*ret_allow = visit->allow;
		return fail(405, ret_status, err, "", "the path does not have that method");
	}
	if (!port_http_head_each_param(head, check_param, (void *)(uintptr_t)route))
		return fail(400, ret_status, err, "", "a parameter that this request does not have");
	TRY(check_body(route, head, ret_status, err));
	visit->route = route;
	return OK;
}

void port_http_routes_request(struct port_http_visit *visit, const struct port_http_head *head, struct bytes body)
{
	struct asked asked = {.visit = visit, .office = visit->port->office, .head = head, .body = body};
	struct err why;
	fits(visit->route->path, head->path, &asked.id);
	if (FAILED(visit->route->serve(&asked, &why)))
		port_http_routes_refuse(visit, &why);
}
