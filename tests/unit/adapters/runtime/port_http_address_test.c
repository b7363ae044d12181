#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adapters/runtime/port_http_address.h"

static void reads_addresses_and_knows_loopback(void **state)
{
	static const struct {
		const char *text;
		bool fits, is_loopback, is_any;
	} cases[] = {
		{"127.0.0.1:8443", true, true, false},  {"127.9.9.9:1", true, true, false},  {"localhost:8443", true, true, false},
		{"[::1]:8443", true, true, false},      {"0.0.0.0:8443", true, false, true}, {"[::]:0", true, false, true},
		{"10.2.0.7:8443", true, false, false},  {"[fe80::1]:1", true, false, false}, {"[::ffff:127.0.0.1]:1", true, false, false},
		{"128.0.0.1:8443", true, false, false}, {"127.0.0.1", false, false, false},  {"127.0.0.1:", false, false, false},
		{"127.0.0.1:65536", false, false, false}, {"127.0.0.1:x", false, false, false}, {":8443", false, false, false},
		{"::1:8443", false, false, false},      {"[::1]", false, false, false},      {"[::1:8443", false, false, false},
		{"127.1:8443", false, false, false},    {"example.org:8443", false, false, false}, {"[127.0.0.1]:8443", false, false, false},
		{"", false, false, false},              {"0x7f.0.0.1:1", false, false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct port_http_address address;
		struct err err;
		bool fits = !FAILED(port_http_address_parse(cases[i].text, &address, &err));
		if (fits != cases[i].fits || (fits && (address.is_loopback != cases[i].is_loopback || address.is_any != cases[i].is_any)))
			fail_msg("%s", cases[i].text);
	}
}

static void takes_the_host_and_nothing_that_looks_like_one(void **state)
{
	static const struct {
		const char *text, *host;
	} cases[] = {
		{"localhost", "localhost"}, {"localhost:8443", "localhost"}, {"[::1]", "::1"}, {"[::1]:8443", "::1"}, {"localhost:", ""}, {"localhost:x", ""},
		{"localhost:1:2", ""},      {"[::1", ""},                    {"[::1]x", ""},   {"", ""},               {"localhost:123456", ""}, {"a@localhost", "a@localhost"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!bytes_is(port_http_address_host(bytes_text(cases[i].text)), cases[i].host))
			fail_msg("%s", cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses_and_knows_loopback),
		cmocka_unit_test(takes_the_host_and_nothing_that_looks_like_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
