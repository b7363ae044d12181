#include "unit/broker/hub_fixture.h"

#include "broker/gateway/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct rig {
	struct loop *loop;
	int accepted;
};

static void on_connection(void *ctx, int fd)
{
	struct rig *rig = ctx;
	rig->accepted++;
	close(fd);
}

static int dial(int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void until_accepted(struct rig *rig, int count)
{
	for (int64_t until = clock_mono_ms() + 10000; rig->accepted < count && clock_mono_ms() < until;)
		loop_run_once(rig->loop, 10);
	assert_int_equal(rig->accepted, count);
}

static void hands_over_every_connection(void **state)
{
	struct rig rig = {.loop = loop_new()};
	struct listener *listener = NULL;
	struct err err;
	int fds[100];
	(void)state;
	pki_fixture_fine(listener_new(rig.loop, "127.0.0.1:0", on_connection, &rig, &listener, &err), &err);
	assert_true(listener_port(listener) > 0);
	for (int i = 0; i < 100; i++)
		fds[i] = dial(listener_port(listener));
	until_accepted(&rig, 100);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
	listener_free(listener);
	loop_free(rig.loop);
}

static void accepts_nothing_once_it_is_freed(void **state)
{
	struct rig rig = {.loop = loop_new()};
	struct listener *listener = NULL;
	struct err err;
	(void)state;
	pki_fixture_fine(listener_new(rig.loop, "127.0.0.1:0", on_connection, &rig, &listener, &err), &err);
	int port = listener_port(listener);
	listener_free(listener);
	assert_int_equal(dial(port), -1);
	listener_free(NULL);
	loop_free(rig.loop);
}

static void shares_its_address_with_the_other_gateways(void **state)
{
	struct rig rig = {.loop = loop_new()};
	struct listener *first = NULL, *second = NULL;
	struct err err;
	char address[64];
	(void)state;
	pki_fixture_fine(listener_new(rig.loop, "127.0.0.1:0", on_connection, &rig, &first, &err), &err);
	snprintf(address, sizeof(address), "127.0.0.1:%d", listener_port(first));
	pki_fixture_fine(listener_new(rig.loop, address, on_connection, &rig, &second, &err), &err);
	listener_free(first);
	listener_free(second);
	loop_free(rig.loop);
}

static void says_what_is_wrong_with_an_address(void **state)
{
	static const char *const addresses[] = {"7400", ":7400", "127.0.0.1", "no-such-host.invalid:7400", "127.0.0.1:seven",
	                                        "192.0.2.1:7400"};
	struct rig rig = {.loop = loop_new()};
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct listener *listener = NULL;
		struct err err;
		assert_true(FAILED(listener_new(rig.loop, addresses[i], on_connection, &rig, &listener, &err)));
		assert_string_equal(err.field, "listen");
		assert_null(listener);
	}
	loop_free(rig.loop);
}

static void says_when_the_address_is_in_use(void **state)
{
	struct rig rig = {.loop = loop_new()};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	struct listener *listener = NULL;
	struct err err;
	char address[64];
	int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)state;
	assert_int_equal(bind(other, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(other, 1), 0);
	assert_int_equal(getsockname(other, (struct sockaddr *)&at, &len), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(at.sin_port));
	assert_int_equal(listener_new(rig.loop, address, on_connection, &rig, &listener, &err).code, CODE_BUSY);
	close(other);
	loop_free(rig.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_over_every_connection),
		cmocka_unit_test(accepts_nothing_once_it_is_freed),
		cmocka_unit_test(shares_its_address_with_the_other_gateways),
		cmocka_unit_test(says_what_is_wrong_with_an_address),
		cmocka_unit_test(says_when_the_address_is_in_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
