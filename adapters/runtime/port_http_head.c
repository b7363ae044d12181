#include "adapters/runtime/port_http_head.h"

#include "base/text.h"

#include <string.h>

enum { METHOD_MAX = 16, LENGTH_DIGITS_MAX = 15 };

static result bad(int status, int *ret_status, struct err *err, const char *field, const char *reason)
{
	*ret_status = status;
	return err_set(err, status == 431 || status == 414 ? CODE_TOO_LARGE : CODE_MALFORMED, field, "%s", reason);
}

/* ---- where it ends ---- */

result port_http_head_scan(struct bytes so_far, size_t *at, size_t *ret_len, int *ret_status, struct err *err)
{
	*ret_len = 0;
	for (; *at < so_far.len; (*at)++) {
		size_t i = *at;
		uint8_t byte = so_far.at[i];
		if (i >= PORT_HTTP_HEAD_MAX)
			return memchr(so_far.at, '\n', PORT_HTTP_HEAD_MAX) ? bad(431, ret_status, err, "", "the head of the request is longer than 16384 bytes")
			                                                   : bad(414, ret_status, err, "", "the first line of the request is longer than 16384 bytes");
		if (i == 0 && byte == '\r')
			return bad(400, ret_status, err, "", "a request begins with its method, not with an empty line");
		if (byte == '\n' && (i == 0 || so_far.at[i - 1] != '\r'))
			return bad(400, ret_status, err, "", "a line ends with LF alone; lines end with CR LF");
		if (byte != '\n' && i > 0 && so_far.at[i - 1] == '\r')
			return bad(400, ret_status, err, "", "a CR stands alone; lines end with CR LF");
		if ((byte < ' ' && byte != '\r' && byte != '\n' && byte != '\t') || byte >= 0x7f)
			return bad(400, ret_status, err, "", byte == 0x16 && i == 0 ? "this port speaks plain HTTP, not TLS" : "a byte that is no visible ASCII");
		if (byte == '\n' && i >= 3 && so_far.at[i - 2] == '\n') {
			*ret_len = i + 1;
			(*at)++;
			return OK;
		}
	}
	return OK;
}

/* ---- the first line ---- */

static bool is_token(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
		if (!fits)
			return false;
	}
	return text.len > 0;
}

/* Up to the first `byte`, which is taken away, too; the whole when there is none. */
static struct bytes split(struct bytes *rest, char byte, bool *ret_found)
{
	const uint8_t *found = rest->len ? memchr(rest->at, byte, rest->len) : NULL;
	struct bytes first = found ? bytes_of(rest->at, (size_t)(found - rest->at)) : *rest;
	*ret_found = found != NULL;
	*rest = found ? bytes_of(found + 1, rest->len - first.len - 1) : BYTES_NONE;
	return first;
}

static bool is_plain(struct bytes text, const char *also)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(also, c))))
			return false;
	}
	return true;
}

struct seen {
	struct bytes names[16];
	size_t count;
};

static bool check_param(void *ctx, struct bytes name, struct bytes value)
{
	struct seen *seen = ctx;
	(void)value;
	if (name.len == 0 || !is_plain(name, "_") || seen->count == sizeof(seen->names) / sizeof(*seen->names))
		return false;
	for (size_t i = 0; i < seen->count; i++)
		if (bytes_equal(seen->names[i], name))
			return false;
	seen->names[seen->count++] = name;
	return true;
}

static result read_target(struct bytes target, struct port_http_head *ret, int *ret_status, struct err *err)
{
	struct seen seen = {.count = 0};
	bool has_query = false;
	if (target.len > PORT_HTTP_TARGET_MAX)
		return bad(414, ret_status, err, "", "the target of the request is longer than 1024 bytes");
	if (target.len == 0 || target.at[0] != '/')
		return bad(400, ret_status, err, "", "the target begins with /; this is no proxy");
	if (memchr(target.at, '%', target.len))
		return bad(400, ret_status, err, "", "the target is percent-encoded; no path and no parameter of this port needs that");
	ret->query = target;
	ret->path = split(&ret->query, '?', &has_query);
	if (!is_plain(ret->path, "/-._~") || !is_plain(ret->query, "=&-._~"))
		return bad(400, ret_status, err, "", "a character that no path and no parameter of this port has");
	if (has_query && !port_http_head_each_param(ret, check_param, &seen))
		return bad(400, ret_status, err, "", "the query is NAME=VALUE, joined by &, each name once");
	return OK;
}

static result read_first_line(struct bytes line, struct port_http_head *ret, int *ret_status, struct err *err)
{
	bool first = false, second = false, third = false;
	ret->method = split(&line, ' ', &first);
	struct bytes target = split(&line, ' ', &second);
	struct bytes version = split(&line, ' ', &third);
	if (!first || !second || third || !is_token(ret->method) || ret->method.len > METHOD_MAX)
		return bad(400, ret_status, err, "", "the first line is METHOD SP TARGET SP HTTP/1.1");
	if (bytes_starts(version, "HTTP/") && !bytes_is(version, "HTTP/1.1"))
		return bad(505, ret_status, err, "", "this port speaks HTTP/1.1");
	if (!bytes_is(version, "HTTP/1.1"))
		return bad(400, ret_status, err, "", "the first line is METHOD SP TARGET SP HTTP/1.1");
	return read_target(target, ret, ret_status, err);
}

bool port_http_head_each_param(const struct port_http_head *head, bool (*fn)(void *ctx, struct bytes name, struct bytes value), void *ctx)
{
	struct bytes rest = head->query;
	bool more = rest.at != NULL && rest.len > 0, has_value = false;
	while (more) {
		struct bytes value = split(&rest, '&', &more);
		struct bytes name = split(&value, '=', &has_value);
		if (!has_value || (value.len && memchr(value.at, '=', value.len)) || !fn(ctx, name, value))
			return false;
	}
	return true;
}

struct wanted {
	const char *name;
	struct bytes *ret;
	bool found;
};

static bool take_param(void *ctx, struct bytes name, struct bytes value)
{
	struct wanted *wanted = ctx;
	if (bytes_is(name, wanted->name)) {
		*wanted->ret = value;
		wanted->found = true;
	}
	return true;
}

bool port_http_head_param(const struct port_http_head *head, const char *name, struct bytes *ret)
{
	struct wanted wanted = {name, ret, false};
	return port_http_head_each_param(head, take_param, &wanted) && wanted.found;
}

/* ---- the fields ---- */

static struct bytes trim(struct bytes text)
{
	while (text.len && (text.at[0] == ' ' || text.at[0] == '\t'))
		text = bytes_of(text.at + 1, text.len - 1);
	while (text.len && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	return text;
}

static bool is_nocase(struct bytes text, const char *other)
{
	return text_equal_nocase(text, bytes_text(other));
}

/* What the field is kept in; the framing fields are kept apart until all are read. */
struct framing {
	struct bytes length, coding, expect;
};

static struct bytes *place_of(struct bytes name, struct port_http_head *head, struct framing *framing)
{
	const struct {
		const char *name;
		struct bytes *at;
	} places[] = {
		{"host", &head->host},
		{"content-type", &head->content_type},
		{"content-encoding", &head->content_encoding},
		{"origin", &head->origin},
		{"authorization", &head->authorization},
		{"sec-fetch-site", &head->fetch_site},
		{"content-length", &framing->length},
		{"transfer-encoding", &framing->coding},
		{"expect", &framing->expect},
	};
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (is_nocase(name, places[i].name))
			return places[i].at;
	return NULL;
}

static void read_connection(struct bytes value, struct port_http_head *head)
{
	bool more = true;
	while (more)
		if (is_nocase(trim(split(&value, ',', &more)), "close"))
			head->is_last = true;
}

static result read_field(struct bytes line, struct port_http_head *head, struct framing *framing, int *ret_status, struct err *err)
{
	bool found = false;
	if (line.at[0] == ' ' || line.at[0] == '\t')
		return bad(400, ret_status, err, "", "a line begins with white space: folded fields are not accepted");
	struct bytes name = split(&line, ':', &found);
	if (!found || !is_token(name))
		return bad(400, ret_status, err, "", "a field is NAME:VALUE, with nothing between the name and its colon");
	struct bytes value = trim(line), *place = place_of(name, head, framing);
	if (is_nocase(name, "connection"))
		read_connection(value, head);
	if (!place)
		return OK;
	if (place->at) {
		char text[32];
		return bad(400, ret_status, err, text_safe(name, text, sizeof(text)), "the field is there twice");
	}
	*place = value;
	return OK;
}

static result read_framing(const struct framing *framing, struct port_http_head *ret, int *ret_status, struct err *err)
{
	struct err ignored;
	if (framing->coding.at && framing->length.at)
		return bad(400, ret_status, err, "transfer-encoding", "it stands beside a Content-Length: where the body ends would be anybody's guess");
	if (framing->coding.at)
		return bad(411, ret_status, err, "transfer-encoding", "transfer codings are not accepted; send the body with its Content-Length");
	if (framing->length.at) {
		bool fits = framing->length.len > 0 && framing->length.len <= LENGTH_DIGITS_MAX;
		for (size_t i = 0; fits && i < framing->length.len; i++)
			fits = framing->length.at[i] >= '0' && framing->length.at[i] <= '9';
		if (!fits || FAILED(text_int(framing->length, 0, INT64_MAX, &ret->length, &ignored)))
			return bad(400, ret_status, err, "content-length", "it is one decimal number");
	}
	if (framing->expect.at && !is_nocase(framing->expect, "100-continue"))
		return bad(417, ret_status, err, "expect", "only 100-continue can be expected");
	ret->is_expected = framing->expect.at != NULL;
	return OK;
}

static struct bytes next_line(struct bytes *rest)
{
	bool found = false;
	struct bytes line = split(rest, '\r', &found);
	if (rest->len)
		*rest = bytes_of(rest->at + 1, rest->len - 1); /* the LF, as scanned */
	return line;
}

result port_http_head_parse(struct bytes head, struct port_http_head *ret, int *ret_status, struct err *err)
{
	struct framing framing = {BYTES_NONE, BYTES_NONE, BYTES_NONE};
	memset(ret, 0, sizeof(*ret));
	TRY(read_first_line(next_line(&head), ret, ret_status, err));
	for (size_t i = 0;; i++) {
		struct bytes line = next_line(&head);
		if (line.len == 0)
			break;
		if (i == PORT_HTTP_FIELDS_MAX)
			return bad(431, ret_status, err, "", "the head has more than 64 fields");
		TRY(read_field(line, ret, &framing, ret_status, err));
	}
	if (!ret->host.at)
		return bad(400, ret_status, err, "host", "the request must say whom it means");
	return read_framing(&framing, ret, ret_status, err);
}

bool port_http_head_is_type(struct bytes content_type, const char *type)
{
	bool more = false;
	struct bytes name = trim(split(&content_type, ';', &more));
	if (!is_nocase(name, type))
		return false;
	while (more) {
		struct bytes parameter = trim(split(&content_type, ';', &more));
		if (!is_nocase(parameter, "charset=utf-8") && !is_nocase(parameter, "charset=\"utf-8\""))
			return false;
	}
	return true;
}
