/* Who may use the HTTP port: the names that it goes by, pages of other sites, the token, and what is refused at load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/broker/scratch.h"

#include "adapters/runtime/port_http_access.h"

#define TOKEN "correct-horse-battery-staple"

struct gate {
	struct scratch scratch;
	struct options options;
	char *path, *listen;
	char *names[1];
};

static int set_up(void **state)
{
	struct gate *gate = mem_alloc(sizeof(*gate));
	scratch_make(&gate->scratch);
	gate->path = scratch_path(&gate->scratch, "token");
	gate->listen = mem_text("127.0.0.1:8443");
	gate->options.ports.https.listen = gate->listen;
	gate->names[0] = mem_text("liaison.example.gov");
	gate->options.ports.https.names = (struct conf_texts){gate->names, 1};
	*state = gate;
	return 0;
}

static int tear_down(void **state)
{
	struct gate *gate = *state;
	scratch_remove(&gate->scratch);
	mem_free(gate->path);
	mem_free(gate->listen);
	mem_free(gate->names[0]);
	mem_free(gate);
	return 0;
}

static void set_token(struct gate *gate, const char *text, mode_t mode)
{
	scratch_write(&gate->scratch, "token", bytes_text(text));
	assert_int_equal(chmod(gate->path, mode), 0);
	gate->options.ports.https.token_file = gate->path;
}

static int status_of(const struct port_http_access *access, const struct port_http_head *head)
{
	struct err err = {.code = CODE_OK};
	int status = 0;
	result r = port_http_access_judge(access, NULL, head, &status, &err);
	assert_int_equal(r.code, FAILED(r) ? CODE_FORBIDDEN : CODE_OK);
	return FAILED(r) ? status : 200;
}

static void goes_by_its_own_names_alone(void **state)
{
	static const struct {
		const char *listen, *host;
		int status;
	} cases[] = {
		{"127.0.0.1:8443", "localhost", 200},
		{"127.0.0.1:8443", "LocalHost:8443", 200},
		{"127.0.0.1:8443", "127.0.0.1:8443", 200},
		{"127.0.0.1:8443", "[::1]", 200},
		{"127.0.0.1:8443", "LIAISON.example.gov:1", 200},
		{"127.0.0.1:8443", "liaison.example.gov.evil.example", 421},
		{"127.0.0.1:8443", "evil.example", 421},
		{"127.0.0.1:8443", "10.2.0.7", 421},
		{"127.0.0.1:8443", "", 421},
		{"127.0.0.1:8443", "localhost:x", 421},
		{"127.0.0.1:8443", "x@localhost", 421},
		{"127.0.0.1:8443", "localhost.", 421},
		{"127.0.0.1:8443", "localhost, evil.example", 421},
		{"127.0.0.2:8443", "127.0.0.2", 200},
		{"0.0.0.0:8443", "localhost", 200},
		{"0.0.0.0:8443", "0.0.0.0", 421},
		{"10.2.0.7:8443", "10.2.0.7:8443", 200},
		{"10.2.0.7:8443", "localhost", 421},
		{"[2001:db8::7]:8443", "[2001:db8::7]", 200},
	};
	struct gate *gate = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct port_http_access *access = NULL;
		struct err err;
		char *listen = mem_text(cases[i].listen);
		gate->options.ports.https.listen = listen;
		assert_int_equal(port_http_access_load(&gate->options, &access, &err).code, CODE_OK);
		if (status_of(access, &(struct port_http_head){.host = bytes_text(cases[i].host)}) != cases[i].status)
			fail_msg("%s at %s", cases[i].host, cases[i].listen);
		port_http_access_free(access);
		mem_free(listen);
	}
}

static void pages_of_other_sites_are_refused(void **state)
{
	static const struct {
		const char *origin, *site;
		int status;
	} cases[] = {
		{NULL, NULL, 200},
		{"http://localhost:8443", NULL, 200},
		{"http://localhost:8443", "same-origin", 200},
		{NULL, "none", 200},
		{"https://localhost:8443", NULL, 403},
		{"http://localhost", NULL, 403},
		{"http://localhost:84430", NULL, 403},
		{"http://evil.example", NULL, 403},
		{"null", NULL, 403},
		{"", NULL, 403},
		{NULL, "cross-site", 403},
		{NULL, "same-site", 403},
		{"http://localhost:8443", "cross-site", 403},
	};
	struct gate *gate = *state;
	struct port_http_access *access = NULL;
	struct err err;
	assert_int_equal(port_http_access_load(&gate->options, &access, &err).code, CODE_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct port_http_head head = {.host = BYTES_LIT("localhost:8443"), .origin = bytes_text(cases[i].origin), .fetch_site = bytes_text(cases[i].site)};
		if (status_of(access, &head) != cases[i].status)
			fail_msg("%s %s", cases[i].origin ? cases[i].origin : "-", cases[i].site ? cases[i].site : "-");
	}
	port_http_access_free(access);
}

static void with_a_token_every_request_shows_it(void **state)
{
	static const struct {
		const char *shown;
		int status;
	} cases[] = {
		{"Bearer " TOKEN, 200}, {"bearer " TOKEN, 200},  {NULL, 401},           {"", 401},         {"Bearer", 401}, {"Bearer ", 401},
		{"Basic " TOKEN, 401},  {"Bearer " TOKEN "x", 401}, {"Bearer  " TOKEN, 401}, {TOKEN, 401}, {"Bearer correct-horse-battery-stapl", 401},
	};
	struct gate *gate = *state;
	struct port_http_access *access = NULL;
	struct err err;
	set_token(gate, TOKEN "\r\n", 0600);
	assert_int_equal(port_http_access_load(&gate->options, &access, &err).code, CODE_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct port_http_head head = {.host = BYTES_LIT("localhost"), .authorization = bytes_text(cases[i].shown)};
		if (status_of(access, &head) != cases[i].status)
			fail_msg("%s", cases[i].shown ? cases[i].shown : "-");
	}
	port_http_access_free(access);
}

static void a_token_that_is_no_secret_is_refused(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		enum code code;
	} cases[] = {
		{TOKEN, 0600, CODE_OK},           {TOKEN, 0400, CODE_OK},         {TOKEN, 0640, CODE_PERMISSION}, {TOKEN, 0604, CODE_PERMISSION},
		{"short", 0600, CODE_CONFIG},     {"", 0600, CODE_CONFIG},        {"correct horse battery", 0600, CODE_CONFIG},
		{TOKEN "\n" TOKEN, 0600, CODE_CONFIG},
	};
	struct gate *gate = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct port_http_access *access = NULL;
		struct err err = {.field = ""};
		if (scratch_has(&gate->scratch, "token"))
			scratch_unlink(&gate->scratch, "token");
		set_token(gate, cases[i].text, cases[i].mode);
		assert_int_equal(port_http_access_load(&gate->options, &access, &err).code, cases[i].code);
		if (cases[i].code != CODE_OK)
			assert_string_equal(err.field, gate->path);
		port_http_access_free(access);
	}
	scratch_unlink(&gate->scratch, "token");
	struct port_http_access *access = NULL;
	struct err err;
	assert_int_equal(port_http_access_load(&gate->options, &access, &err).code, CODE_IO);
}

static void clients_that_are_named_must_show_a_certificate(void **state)
{
	struct gate *gate = *state;
	struct port_http_access *access = NULL;
	struct err err;
	char *client = mem_text("records");
	gate->options.ports.https.clients = (struct conf_texts){&client, 1};
	assert_int_equal(port_http_access_load(&gate->options, &access, &err).code, CODE_OK);
	assert_int_equal(status_of(access, &(struct port_http_head){.host = BYTES_LIT("localhost")}), 403);
	port_http_access_free(access);
	mem_free(client);
}

static void without_an_address_there_is_nothing_to_judge(void **state)
{
	struct gate *gate = *state;
	struct port_http_access *access = NULL;
	struct err err;
	gate->options.ports.https.listen = (char[]){""};
	assert_int_equal(port_http_access_load(&gate->options, &access, &err).code, CODE_OK);
	assert_null(access);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(goes_by_its_own_names_alone),
		TEST(pages_of_other_sites_are_refused),
		TEST(with_a_token_every_request_shows_it),
		TEST(a_token_that_is_no_secret_is_refused),
		TEST(clients_that_are_named_must_show_a_certificate),
		TEST(without_an_address_there_is_nothing_to_judge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
