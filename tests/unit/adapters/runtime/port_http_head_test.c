/* The head of a request: what is read, and that whatever two readers might understand differently is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/runtime/port_http_head.h"
#include "base/mem.h"

static result read_head(struct bytes text, struct port_http_head *ret, int *ret_status, struct err *err)
{
	size_t at = 0, len = 0;
	TRY(port_http_head_scan(text, &at, &len, ret_status, err));
	if (!len) {
		*ret_status = 0;
		return err_set(err, CODE_CLOSED, "", "more has to come");
	}
	return port_http_head_parse(bytes_of(text.at, len), ret, ret_status, err);
}

static void is(struct bytes got, const char *wanted)
{
	if (wanted ? !bytes_is(got, wanted) : got.at != NULL)
		fail_msg("%.*s is not %s", (int)got.len, got.len ? (const char *)got.at : "", wanted ? wanted : "missing");
}

static void reads_what_a_stock_client_sends(void **state)
{
	static const char text[] = "POST /v1/messages?check=1 HTTP/1.1\r\nHost: 127.0.0.1:8443\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
	                           "content-type:application/json \t\r\nContent-Length: 17\r\nConnection: TE, Close\r\nexpect: 100-Continue\r\n\r\n{\"type\": …";
	struct port_http_head head;
	struct err err;
	struct bytes value;
	int status = 0;
	(void)state;
	assert_int_equal(read_head(bytes_of(text, sizeof(text) - 1), &head, &status, &err).code, CODE_OK);
	is(head.method, "POST");
	is(head.path, "/v1/messages");
	is(head.query, "check=1");
	is(head.host, "127.0.0.1:8443");
	is(head.content_type, "application/json");
	is(head.origin, NULL);
	assert_int_equal(head.length, 17);
	assert_true(head.is_last);
	assert_true(head.is_expected);
	assert_true(port_http_head_param(&head, "check", &value));
	is(value, "1");
	assert_false(port_http_head_param(&head, "wait", &value));
}

static void a_head_is_found_wherever_its_bytes_are_cut(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /";
	struct err err;
	int status;
	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		size_t at = 0, len = 0;
		for (size_t come = step; !len && come < sizeof(text) + step; come += step)
			assert_int_equal(
				port_http_head_scan(bytes_of(text, come < sizeof(text) - 1 ? come : sizeof(text) - 1), &at, &len, &status, &err).code, CODE_OK);
		assert_int_equal(len, sizeof(text) - 6);
	}
}

static void every_beginning_of_a_head_waits_for_more(void **state)
{
	static const char text[] = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
	struct port_http_head head;
	struct err err;
	int status;
	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(read_head(bytes_of(text, len), &head, &status, &err).code, CODE_CLOSED);
}

#define HOST "Host: x\r\n"
#define FIRST "GET / HTTP/1.1\r\n"
static const struct {
	const char *text;
	int status; /* 0: fine */
} cases[] = {
	{FIRST HOST "\r\n", 0},
	{FIRST "HOST:x\r\n\r\n", 0},
	{FIRST "Host:\r\n\r\n", 0},
	{FIRST "\r\n", 400},
	{FIRST HOST HOST "\r\n", 400},
	{FIRST HOST "Transfer-Encoding: chunked\r\n\r\n", 411},
	{FIRST HOST "transfer-encoding: identity\r\n\r\n", 411},
	{FIRST HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
	{FIRST HOST "Content-Length: 1\r\nTransfer-Encoding: x\r\n\r\n", 400},
	{FIRST HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400},
	{FIRST HOST "Transfer-Encoding : chunked\r\n\r\n", 400},
	{FIRST HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
	{FIRST HOST "Content-Length: 1,1\r\n\r\n", 400},
	{FIRST HOST "Content-Length: 1 1\r\n\r\n", 400},
	{FIRST HOST "Content-Length: -1\r\n\r\n", 400},
	{FIRST HOST "Content-Length: +1\r\n\r\n", 400},
	{FIRST HOST "Content-Length: 0x1\r\n\r\n", 400},
	{FIRST HOST "Content-Length: \r\n\r\n", 400},
	{FIRST HOST "Content-Length: 1234567890123456\r\n\r\n", 400},
	{FIRST HOST "Content-Length: 000000000000001\r\n\r\n", 0},
	{FIRST HOST "Content-Length: \t 1 \t\r\n\r\n", 0},
	{FIRST HOST "X: a\r\n b\r\n\r\n", 400},
	{FIRST HOST "X: a\r\n\tb\r\n\r\n", 400},
	{FIRST " " HOST "\r\n", 400},
	{FIRST HOST "X\r\n\r\n", 400},
	{FIRST HOST ": a\r\n\r\n", 400},
	{FIRST HOST "X Y: a\r\n\r\n", 400},
	{FIRST HOST "X\t: a\r\n\r\n", 400},
	{FIRST HOST "X(: a\r\n\r\n", 400},
	{FIRST HOST "Expect: 100-continue\r\n\r\n", 0},
	{FIRST HOST "Expect: later\r\n\r\n", 417},
	{FIRST HOST "Origin: a\r\nOrigin: a\r\n\r\n", 400},
	{FIRST HOST "X: a\r\nX: b\r\n\r\n", 0},
	{"GET / HTTP/1.1\n" HOST "\n", 400},
	{FIRST "Host: x\n\r\n", 400},
	{FIRST "Host: x\r\n\n", 400},
	{FIRST "Host: x\r\r\n\r\n", 400},
	{FIRST "Host: x\ry\r\n\r\n", 400},
	{FIRST "Host: x\x01\r\n\r\n", 400},
	{FIRST "Host: x\x7f\r\n\r\n", 400},
	{FIRST "Host: \xc3\xa9\r\n\r\n", 400},
	{"\r\n" FIRST HOST "\r\n", 400},
	{" " FIRST HOST "\r\n", 400},
	{"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /  HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
	{"GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /\r\n" HOST "\r\n", 400},
	{"GET HTTP/1.1\r\n" HOST "\r\n", 400},
	{"G(T / HTTP/1.1\r\n" HOST "\r\n", 400},
	{"AVERYLONGMETHODNAME / HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET / HTTP/1.0\r\n" HOST "\r\n", 505},
	{"GET / HTTP/2\r\n" HOST "\r\n", 505},
	{"GET / http/1.1\r\n" HOST "\r\n", 400},
	{"GET / HTTP/1.1x\r\n" HOST "\r\n", 505},
	{"GET x HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET http://x/ HTTP/1.1\r\n" HOST "\r\n", 400},
	{"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /%2e HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /?a=%41 HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /a;b HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /a\\b HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /#a HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /? HTTP/1.1\r\n" HOST "\r\n", 0},
	{"GET /?a HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /?a= HTTP/1.1\r\n" HOST "\r\n", 0},
	{"GET /?=a HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /?a=b=c HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /?a=1&a=2 HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /?a=1& HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /?a=1&&b=2 HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /?a=1+2 HTTP/1.1\r\n" HOST "\r\n", 400},
	{"GET /?a=1?b HTTP/1.1\r\n" HOST "\r\n", 400},
};

static void takes_what_is_clear_and_refuses_what_is_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct port_http_head head;
		struct err err = {.reason = ""};
		int status = 0;
		result r = read_head(bytes_text(cases[i].text), &head, &status, &err);
		if (FAILED(r) != (cases[i].status != 0) || (FAILED(r) && status != cases[i].status))
			fail_msg("%s: %d %s", cases[i].text, FAILED(r) ? status : 0, err.reason);
		if (FAILED(r))
			assert_true(err.reason[0] != '\0' && code_class_of(r.code) == CODE_CLASS_REFUSAL);
	}
}

/* `count` times `unit` between the two; the status of what comes of it. */
static int status_of_long(const char *before, const char *unit, size_t count, const char *after)
{
	struct port_http_head head;
	struct buf text;
	struct err err;
	int status = 0;
	buf_init(&text, 1 << 20);
	buf_add_text(&text, before);
	for (size_t i = 0; i < count; i++)
		buf_add_text(&text, unit);
	buf_add_text(&text, after);
	result r = read_head(buf_bytes(&text), &head, &status, &err);
	buf_done(&text);
	return FAILED(r) ? status : 200;
}

static void what_is_too_long_is_refused_at_its_limit_and_not_before(void **state)
{
	(void)state;
	assert_int_equal(status_of_long("GET /", "a", PORT_HTTP_TARGET_MAX - 1, " HTTP/1.1\r\n" HOST "\r\n"), 200);
	assert_int_equal(status_of_long("GET /", "a", PORT_HTTP_TARGET_MAX, " HTTP/1.1\r\n" HOST "\r\n"), 414);
	assert_int_equal(status_of_long("GET /", "a", 20000, ""), 414);
	assert_int_equal(status_of_long(FIRST HOST, "X: a\r\n", PORT_HTTP_FIELDS_MAX - 1, "\r\n"), 200);
	assert_int_equal(status_of_long(FIRST HOST, "X: a\r\n", PORT_HTTP_FIELDS_MAX, "\r\n"), 431);
	size_t fixed = sizeof(FIRST HOST "X: \r\n\r\n") - 1;
	assert_int_equal(status_of_long(FIRST HOST "X: ", "a", PORT_HTTP_HEAD_MAX - fixed, "\r\n\r\n"), 200);
	assert_int_equal(status_of_long(FIRST HOST "X: ", "a", PORT_HTTP_HEAD_MAX - fixed + 1, "\r\n\r\n"), 431);
}

static void a_media_type_is_known_in_any_letter_case_and_in_utf_8_alone(void **state)
{
	static const struct {
		const char *type;
		bool fits;
	} types[] = {
		{"application/json", true},
		{"Application/JSON", true},
		{"application/json; charset=utf-8", true},
		{"application/json;charset=\"UTF-8\"", true},
		{"application/json; charset=latin-1", false},
		{"application/json; boundary=x", false},
		{"application/json;", false},
		{"application/jsonx", false},
		{"text/plain; application/json", false},
		{"", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		assert_int_equal(port_http_head_is_type(bytes_text(types[i].type), "application/json"), types[i].fits);
	assert_false(port_http_head_is_type(BYTES_NONE, "application/json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_a_stock_client_sends),
		cmocka_unit_test(a_head_is_found_wherever_its_bytes_are_cut),
		cmocka_unit_test(every_beginning_of_a_head_waits_for_more),
		cmocka_unit_test(takes_what_is_clear_and_refuses_what_is_not),
		cmocka_unit_test(what_is_too_long_is_refused_at_its_limit_and_not_before),
		cmocka_unit_test(a_media_type_is_known_in_any_letter_case_and_in_utf_8_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
