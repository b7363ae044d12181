/* The head of an HTTP request: what is accepted holds what it promises, means the same wherever its bytes are cut, and means the same
 * again when it is written anew from what was read. */
#include "adapters/runtime/port_http_head.h"

#include "fuzz/fuzz.h"

#include <string.h>

/* As scanned in one piece, or in two. */
static bool find_end(struct bytes text, size_t cut, size_t *ret_len)
{
	struct err err;
	size_t at = 0;
	int status = 0;
	*ret_len = 0;
	bool fine = !FAILED(port_http_head_scan(bytes_of(text.at, cut), &at, ret_len, &status, &err));
	if (fine && !*ret_len)
		fine = !FAILED(port_http_head_scan(text, &at, ret_len, &status, &err));
	fuzz_must(fine || ((status == 400 || status == 414 || status == 431) && err.reason[0]));
	fuzz_must(at <= text.len && *ret_len <= PORT_HTTP_HEAD_MAX);
	return fine && *ret_len > 0;
}

static void put_field(struct buf *out, const char *name, struct bytes value)
{
	if (!value.at)
		return;
	buf_add_text(out, name);
	buf_add_byte(out, ':');
	buf_add(out, value);
	buf_add_text(out, "\r\n");
}

static void write_head(const struct port_http_head *head, struct buf *out)
{
	buf_add(out, head->method);
	buf_add_byte(out, ' ');
	buf_add(out, head->path);
	if (head->query.len)
		buf_add_byte(out, '?');
	buf_add(out, head->query);
	buf_add_text(out, " HTTP/1.1\r\n");
	put_field(out, "host", head->host);
	put_field(out, "content-type", head->content_type);
	put_field(out, "content-encoding", head->content_encoding);
	put_field(out, "origin", head->origin);
	put_field(out, "authorization", head->authorization);
	put_field(out, "sec-fetch-site", head->fetch_site);
	buf_printf(out, "content-length: %lld\r\n", (long long)head->length);
	if (head->is_last)
		buf_add_text(out, "connection: close\r\n");
	if (head->is_expected)
		buf_add_text(out, "expect: 100-continue\r\n");
	buf_add_text(out, "\r\n");
}

static bool read_head(struct bytes text, struct port_http_head *ret)
{
	struct err err;
	int status = 0;
	bool fine = !FAILED(port_http_head_parse(text, ret, &status, &err));
	fuzz_must(fine || (status >= 400 && status <= 505 && err.reason[0]));
	return fine;
}

static void check_head(const struct port_http_head *head)
{
	static const char traps[] = "%#\\ +;";
	fuzz_must(head->host.at && head->length >= 0 && head->path.len && head->path.at[0] == '/');
	for (size_t i = 0; i < sizeof(traps) - 1; i++)
		fuzz_must(!memchr(head->path.at, traps[i], head->path.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct port_http_head head, again;
	struct buf text, repeated;
	size_t whole = 0, cut = 0;
	struct bytes in = bytes_of(data, size);
	bool found = find_end(in, size, &whole);
	fuzz_must(find_end(in, size / 2, &cut) == found && (!found || cut == whole));
	if (!found || !read_head(bytes_of(data, whole), &head))
		return 0;
	check_head(&head);
	buf_init(&text, FUZZ_OUT_MAX);
	buf_init(&repeated, FUZZ_OUT_MAX);
	write_head(&head, &text);
	fuzz_must(find_end(buf_bytes(&text), text.len, &whole) && whole == text.len && read_head(buf_bytes(&text), &again));
	write_head(&again, &repeated);
	fuzz_must(bytes_equal(buf_bytes(&text), buf_bytes(&repeated)));
	buf_done(&text);
	buf_done(&repeated);
	return 0;
}
