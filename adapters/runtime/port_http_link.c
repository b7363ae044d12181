#include "adapters/runtime/port_http_link.h"

#include "adapters/runtime/plainly.h"
#include "base/clock.h"
#include "base/mem.h"
#include "certs/socket.h"
#include "schemas/json.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LINK_READ_BYTES = 16384,
	LINK_TURN_BYTES = 262144,  /* read in one turn, so that a flood does not starve the others */
	LINK_AHEAD_MAX = 16384,    /* of the next requests, while one is in hand */
	LINK_BYTES_PER_MS = 64,    /* the slowest line that a body or an answer may have */
	LINK_LINGER_MS = 2000,
	LINK_LINGER_BYTES = 1 << 20,
	LINK_ANSWER_MAX = 160 << 20
};

enum link_state {
	LINK_HANDSHAKE,
	LINK_HEAD,   /* waits for a request, or reads its head */
	LINK_BODY,
	LINK_BUSY,   /* on_request was called, the answer is owed */
	LINK_ANSWER, /* writes it */
	LINK_LINGER, /* has said its last; what still comes is thrown away, so that the answer is not lost by a reset */
	LINK_GONE
};

struct port_http_link {
	enum link_state state;
	int fd;
	struct stream *stream; /* NULL: plain */
	struct loop_fd *watch;
	struct loop_timer *timer;
	struct loop_task *task;
	struct port_http_link_limits limits;
	const struct port_http_link_events *events;
	void *ctx;
	struct buf in, head_bytes, out;
	size_t scanned, out_at, lingered;
	struct port_http_head head; /* views into head_bytes */
	bool is_last;
	bool has_ended;     /* the client sends nothing any more */
	bool wants_read;    /* TLS cannot write before it has read */
	bool has_handed_on; /* a request, since the callback began */
	bool is_half;       /* the timer runs for the head whose first byte has come */
	struct err why;
	char address[SOCKET_TEXT_MAX];
};

/* ---- states ---- */

static void gone(struct port_http_link *link, const struct err *why)
{
	if (link->state == LINK_GONE)
		return;
	link->state = LINK_GONE;
	link->why = why ? *why : (struct err){.code = CODE_OK};
}

static int64_t patience(const struct port_http_link *link, size_t bytes)
{
	return link->limits.patience_ms + (int64_t)(bytes / LINK_BYTES_PER_MS);
}

static void enter(struct port_http_link *link, enum link_state state, int64_t limit_ms)
{
	link->state = state;
	loop_timer_set(link->timer, limit_ms, 0);
}

static unsigned wanted(const struct port_http_link *link)
{
	switch (link->state) {
	case LINK_HANDSHAKE:
		return link->wants_read ? LOOP_READ : LOOP_WRITE;
	case LINK_HEAD:
	case LINK_BODY:
	case LINK_LINGER:
		return LOOP_READ;
	case LINK_BUSY:
		return link->has_ended || link->in.len >= LINK_AHEAD_MAX ? 0 : LOOP_READ;
	case LINK_ANSWER:
		return link->wants_read ? LOOP_READ : LOOP_WRITE;
	case LINK_GONE:
		break;
	}
	return 0;
}

/* The last thing that every callback does: the owner may free the link. */
static void settle(struct port_http_link *link)
{
	if (link->state == LINK_GONE) {
		struct err why = link->why;
		link->events->on_gone(link->ctx, &why);
		return;
	}
	loop_fd_want(link->watch, wanted(link));
}

/* ---- answers ---- */

static const char *phrase_of(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{200, "OK"}, {202, "Accepted"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
		{405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"}, {411, "Length Required"}, {413, "Content Too Large"},
		{414, "URI Too Long"}, {415, "Unsupported Media Type"}, {417, "Expectation Failed"}, {421, "Misdirected Request"},
		{422, "Unprocessable Content"}, {431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"}, {501, "Not Implemented"}, {503, "Service Unavailable"}, {505, "HTTP Version Not Supported"},
	};
	for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Unknown";
}

static void add_date(struct buf *out)
{
	char text[64];
	struct tm tm;
	time_t now = (time_t)(clock_wall_ms() / 1000);
	if (gmtime_r(&now, &tm) && strftime(text, sizeof(text), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm))
		buf_add_text(out, text);
}

static void add_field(struct buf *out, const char *name, const char *value)
{
	if (value)
		buf_printf(out, "%s: %s\r\n", name, value);
}

void port_http_link_answer(struct port_http_link *link, const struct port_http_answer *answer)
{
	struct buf *out = &link->out;
	if (link->state == LINK_GONE)
		return;
	link->is_last = link->is_last || link->head.is_last || link->has_ended;
	buf_printf(out, "HTTP/1.1 %d %s\r\n", answer->status, phrase_of(answer->status));
	add_date(out);
	add_field(out, "Allow", answer->allow);
	add_field(out, "Location", answer->location);
	add_field(out, "Liaison-Code", answer->code);
	add_field(out, "WWW-Authenticate", answer->status == 401 ? "Bearer" : NULL);
	add_field(out, "Connection", link->is_last ? "close" : NULL);
	buf_printf(out, "Content-Type: application/json\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Length: %zu\r\n\r\n",
	           answer->body.len);
	if (!bytes_is(link->head.method, "HEAD"))
		buf_add(out, answer->body);
	enter(link, LINK_ANSWER, patience(link, out->len));
	loop_task_set(link->task);
}

void port_http_link_refuse(struct port_http_link *link, int status, const char *allow, const struct err *why)
{
	struct buf packed, text;
	struct err ignored;
	buf_init(&packed, 65536);
	buf_init(&text, 65536);
	pack_put_map(&packed, 1);
	pack_put_str(&packed, "error");
	plainly_error(why, &packed);
	if (FAILED(json_from_pack(buf_bytes(&packed), 0, &text, &ignored)))
		buf_clear(&text);
	port_http_link_answer(link, &(struct port_http_answer){.status = status, .allow = allow, .code = code_text(why->code), .body = buf_bytes(&text)});
	buf_done(&packed);
	buf_done(&text);
}

/* What cannot be understood ends the connection: where the next request begins is not certain any more. */
static void refuse_and_end(struct port_http_link *link, int status, const struct err *why)
{
	link->is_last = true;
	port_http_link_refuse(link, status, NULL, why);
}

void port_http_link_last(struct port_http_link *link)
{
	link->is_last = true;
	if (link->state == LINK_HEAD && link->in.len == 0) {
		gone(link, NULL);
		loop_task_set(link->task);
	}
}

/* ---- requests ---- */

static void await_request(struct port_http_link *link, int64_t limit_ms)
{
	link->is_half = false;
	link->scanned = 0;
	memset(&link->head, 0, sizeof(link->head));
	enter(link, LINK_HEAD, limit_ms);
}

static void take_head(struct port_http_link *link, size_t len)
{
	struct err why;
	const char *allow = NULL;
	int status = 400;
	buf_clear(&link->head_bytes);
	buf_add(&link->head_bytes, bytes_of(link->in.at, len));
	buf_drop(&link->in, len);
	result r = port_http_head_parse(buf_bytes(&link->head_bytes), &link->head, &status, &why);
	if (FAILED(r)) {
		refuse_and_end(link, status, &why);
		return;
	}
	link->state = LINK_BODY;
	r = link->events->on_head(link->ctx, &link->head, &status, &allow, &why);
	if (!FAILED(r) && (uint64_t)link->head.length > link->limits.body_max) {
		status = 413;
		r = err_set(&why, CODE_TOO_LARGE, "content-length", "a body of at most %zu bytes is read here", link->limits.body_max);
	}
	if (FAILED(r)) {
		link->is_last = link->is_last || link->head.length > 0;
		port_http_link_refuse(link, status, allow, &why);
		return;
	}
	if (link->head.is_expected && (uint64_t)link->head.length > link->in.len)
		buf_add_text(&link->out, "HTTP/1.1 100 Continue\r\n\r\n");
	enter(link, LINK_BODY, patience(link, (size_t)link->head.length));
}

static void read_head(struct port_http_link *link)
{
	struct err why;
	size_t len = 0;
	int status = 400;
	if (FAILED(port_http_head_scan(buf_bytes(&link->in), &link->scanned, &len, &status, &why))) {
		refuse_and_end(link, status, &why);
	} else if (len) {
		take_head(link, len);
	} else if (link->in.len && !link->is_half) {
		link->is_half = true;
		loop_timer_set(link->timer, patience(link, 0), 0);
	}
}

static void read_body(struct port_http_link *link)
{
	size_t length = (size_t)link->head.length;
	if (link->in.len < length)
		return;
	enter(link, LINK_BUSY, -1);
	link->has_handed_on = true;
	link->events->on_request(link->ctx, &link->head, bytes_of(link->in.at, length));
	buf_drop(&link->in, length);
}

/* All that can be done with what has come. */
static void work(struct port_http_link *link)
{
	if (link->state == LINK_HEAD)
		read_head(link);
	if (link->state == LINK_BODY)
		read_body(link);
}

/* ---- bytes ---- */

/* DONE with *ret_len 0 does not happen: the end of input is GONE with code ok. */
static enum stream_step read_some(struct port_http_link *link, uint8_t *into, size_t size, size_t *ret_len, struct err *err)
{
	if (link->stream)
		return stream_read(link->stream, into, size, ret_len, err);
	ssize_t got = read(link->fd, into, size);
	if (got > 0) {
		*ret_len = (size_t)got;
		return STREAM_DONE;
	}
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return STREAM_WANT_READ;
	if (got == 0)
		err_set(err, CODE_CLOSED, "", "the client closed the connection");
	else
		err_errno(err, "", "read");
	return STREAM_GONE;
}

static enum stream_step write_some(struct port_http_link *link, struct bytes bytes, size_t *ret_len, struct err *err)
{
	if (link->stream)
		return stream_write(link->stream, bytes, ret_len, err);
	ssize_t put = send(link->fd, bytes.at, bytes.len, MSG_NOSIGNAL);
	if (put >= 0) {
		*ret_len = (size_t)put;
		return STREAM_DONE;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return STREAM_WANT_WRITE;
	err_errno(err, "", "write");
	return STREAM_GONE;
}

/* The client has said its last word: a request in hand is still answered, half a one is not. */
static void ended(struct port_http_link *link, const struct err *why)
{
	bool in_order = why->code == CODE_CLOSED;
	link->has_ended = true;
	if (!in_order || link->state == LINK_HEAD || link->state == LINK_BODY)
		gone(link, link->state == LINK_HEAD && link->in.len == 0 && in_order ? NULL : why);
	else if (link->state == LINK_BUSY)
		link->events->on_ended(link->ctx);
}

static size_t room_of(const struct port_http_link *link)
{
	size_t most = link->state == LINK_BODY ? (size_t)link->head.length : link->state == LINK_BUSY ? LINK_AHEAD_MAX : PORT_HTTP_HEAD_MAX + 1;
	size_t left = link->in.len < most ? most - link->in.len : 0;
	return left < LINK_READ_BYTES ? left : LINK_READ_BYTES;
}

static bool is_reading(const struct port_http_link *link)
{
	return (link->state == LINK_HEAD || link->state == LINK_BODY || link->state == LINK_BUSY) && !link->has_ended && room_of(link) > 0;
}

static void flush_out(struct port_http_link *link);

/* Drains, because TLS may hold what the descriptor does not show; a bounded share of a turn, then again in the next. */
static void pump_in(struct port_http_link *link)
{
	struct err why;
	size_t total = 0;
	work(link);
	while (is_reading(link)) {
		size_t size = room_of(link), got = 0;
		uint8_t *room = buf_room(&link->in, size);
		enum stream_step step = room ? read_some(link, room, size, &got, &why) : STREAM_WANT_READ;
		if (step == STREAM_WANT_READ || step == STREAM_WANT_WRITE)
			break;
		if (step != STREAM_DONE) {
			ended(link, &why);
			break;
		}
		buf_grew(&link->in, got);
		total += got;
		work(link);
		if (total >= LINK_TURN_BYTES) {
			loop_task_set(link->task);
			break;
		}
	}
	if (link->out.len && (link->state == LINK_BODY || link->state == LINK_HEAD))
		flush_out(link); /* 100 Continue */
}

static void linger(struct port_http_link *link)
{
	if (link->stream)
		stream_goodbye(link->stream);
	if (shutdown(link->fd, SHUT_WR) != 0) {
		gone(link, NULL);
		return;
	}
	enter(link, LINK_LINGER, LINK_LINGER_MS);
}

static void answered(struct port_http_link *link)
{
	buf_clear(&link->out);
	link->out_at = 0;
	link->wants_read = false;
	if (link->state != LINK_ANSWER)
		return;
	link->events->on_answered(link->ctx);
	if (link->is_last)
		linger(link);
	else
		await_request(link, link->limits.idle_ms);
}

static void flush_out(struct port_http_link *link)
{
	struct err why;
	if (FAILED(buf_check(&link->out, "answer", &why))) {
		gone(link, &why);
		return;
	}
	while (link->out_at < link->out.len) {
		size_t put = 0;
		enum stream_step step = write_some(link, buf_from(&link->out, link->out_at), &put, &why);
		link->wants_read = step == STREAM_WANT_READ;
		if (step == STREAM_WANT_READ || step == STREAM_WANT_WRITE)
			return;
		if (step != STREAM_DONE) {
			gone(link, &why);
			return;
		}
		link->out_at += put;
	}
	answered(link);
}

static void shake(struct port_http_link *link)
{
	struct err why;
	enum stream_step step = stream_handshake(link->stream, &why);
	link->wants_read = step == STREAM_WANT_READ;
	if (step == STREAM_DONE)
		await_request(link, link->limits.patience_ms);
	else if (step == STREAM_FAILED || step == STREAM_GONE)
		gone(link, &why);
}

static void discard(struct port_http_link *link)
{
	uint8_t waste[LINK_READ_BYTES];
	ssize_t got;
	while ((got = recv(link->fd, waste, sizeof(waste), 0)) > 0 && link->lingered < LINK_LINGER_BYTES)
		link->lingered += (size_t)got;
	if (got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		gone(link, NULL);
}

/* ---- callbacks ---- */

static void proceed(struct port_http_link *link)
{
	if (link->state == LINK_HANDSHAKE)
		shake(link);
	if (link->state == LINK_ANSWER)
		flush_out(link);
	if (link->state == LINK_HEAD || link->state == LINK_BODY || link->state == LINK_BUSY)
		pump_in(link);
	if (link->state == LINK_LINGER)
		discard(link);
}

static void on_ready(void *ctx, unsigned ready)
{
	(void)ready;
	proceed(ctx);
	settle(ctx);
}

/* Tasks run after what commits at the end of a turn: what a request has written here is committed in the next, which must not wait for an event. */
static void on_task(void *ctx)
{
	struct port_http_link *link = ctx;
	link->has_handed_on = false;
	proceed(link);
	if (link->has_handed_on)
		loop_task_set(link->task);
	settle(link);
}

static void on_timer(void *ctx)
{
	struct port_http_link *link = ctx;
	struct err why;
	err_set(&why, CODE_TIMEOUT, "", "%s", link->state == LINK_BODY ? "the body did not come in time" : "the head of the request did not come in time");
	switch (link->state) {
	case LINK_HEAD:
		if (!link->in.len)
			gone(link, NULL);
		else
			refuse_and_end(link, 408, &why);
		break;
	case LINK_BODY:
		refuse_and_end(link, 408, &why);
		break;
	case LINK_HANDSHAKE:
	case LINK_BUSY:
	case LINK_ANSWER:
	case LINK_LINGER:
		err_set(&why, CODE_TIMEOUT, "", "%s", link->state == LINK_HANDSHAKE ? "the TLS handshake took too long" : "the client took too long");
		gone(link, link->state == LINK_LINGER ? NULL : &why);
		break;
	case LINK_GONE:
		break;
	}
	settle(link);
}

/* ---- life ---- */

result port_http_link_new(struct loop *loop, struct tls *tls, int fd, const struct port_http_link_limits *limits,
                          const struct port_http_link_events *events, void *ctx, struct port_http_link **ret, struct err *err)
{
	struct port_http_link *link = mem_alloc(sizeof(*link));
	link->fd = fd;
	link->limits = *limits;
	link->events = events;
	link->ctx = ctx;
	buf_init(&link->in, (limits->body_max > PORT_HTTP_HEAD_MAX ? limits->body_max : PORT_HTTP_HEAD_MAX) + LINK_AHEAD_MAX + LINK_READ_BYTES);
	buf_init(&link->head_bytes, PORT_HTTP_HEAD_MAX + 1);
	buf_init(&link->out, LINK_ANSWER_MAX);
	result r = socket_accepted(fd, link->address, err);
	if (!FAILED(r) && tls)
		r = stream_new(tls, fd, NULL, NULL, &link->stream, err);
	if (FAILED(r)) {
		port_http_link_free(link);
		return r;
	}
	link->timer = loop_timer_new(loop, on_timer, link);
	link->task = loop_task_new(loop, on_task, link);
	link->watch = loop_fd_new(loop, fd, on_ready, link);
	link->wants_read = true;
	if (tls)
		enter(link, LINK_HANDSHAKE, limits->patience_ms);
	else
		await_request(link, limits->patience_ms); /* the first must come soon: a connection that says nothing is worth nothing */
	loop_fd_want(link->watch, LOOP_READ);
	*ret = link;
	return OK;
}

void port_http_link_free(struct port_http_link *link)
{
	if (!link)
		return;
	loop_fd_free(link->watch);
	if (link->timer)
		loop_timer_free(link->timer);
	loop_task_free(link->task);
	stream_free(link->stream);
	close(link->fd);
	buf_done(&link->in);
	buf_done(&link->head_bytes);
	buf_done(&link->out);
	mem_free(link);
}

const struct stream *port_http_link_stream(const struct port_http_link *link)
{
	return link->stream;
}

const char *port_http_link_address(const struct port_http_link *link)
{
	return link->address;
}
