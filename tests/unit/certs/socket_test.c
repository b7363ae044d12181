#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "certs/socket.h"

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void writes_addresses_as_people_do(void **state)
{
	struct sockaddr_in four = loopback(443);
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(8443)};
	struct sockaddr local = {.sa_family = AF_UNIX};
	char text[SOCKET_TEXT_MAX];

	(void)state;
	socket_text((struct sockaddr *)&four, sizeof(four), text);
	assert_string_equal(text, "127.0.0.1:443");
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &six.sin6_addr), 1);
	socket_text((struct sockaddr *)&six, sizeof(six), text);
	assert_string_equal(text, "[2001:db8::1]:8443");
	socket_text(&local, sizeof(local.sa_family), text);
	assert_string_equal(text, "local");
}

static bool has(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
	return value != 0;
}

static void assert_ready(int fd)
{
	assert_true(has(fd, IPPROTO_TCP, TCP_NODELAY));
	assert_true(has(fd, SOL_SOCKET, SO_KEEPALIVE));
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
}

static void connects_without_waiting_and_makes_both_ends_prompt(void **state)
{
	struct sockaddr_in at = loopback(0), own = {0};
	socklen_t len = sizeof(at);
	char text[SOCKET_TEXT_MAX], expected[SOCKET_TEXT_MAX];
	struct err err;
	int fd = -1;

	(void)state;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(socket_connect((struct sockaddr *)&at, sizeof(at), &fd, &err).code, CODE_OK);
	struct pollfd writable = {.fd = fd, .events = POLLOUT};
	assert_int_equal(poll(&writable, 1, 10000), 1);
	assert_int_equal(socket_connected(fd, "there", &err).code, CODE_OK);
	assert_ready(fd);
	int accepted = accept(listener, NULL, NULL);
	assert_int_equal(socket_accepted(accepted, text, &err).code, CODE_OK);
	assert_ready(accepted);
	len = sizeof(own);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	socket_text((struct sockaddr *)&own, len, expected);
	assert_string_equal(text, expected);
	close(accepted);
	close(fd);
	close(listener);
}

static void says_that_nobody_listens(void **state)
{
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);
	struct err err = {0};
	int fd = -1;

	(void)state;
	int unused = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(unused, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(unused, (struct sockaddr *)&at, &len), 0);
	result begun = socket_connect((struct sockaddr *)&at, sizeof(at), &fd, &err);
	if (!FAILED(begun)) {
		struct pollfd writable = {.fd = fd, .events = POLLOUT};
		assert_int_equal(poll(&writable, 1, 10000), 1);
		begun = socket_connected(fd, "127.0.0.1:1", &err);
		close(fd);
	}
	assert_int_equal(begun.code, CODE_CLOSED);
	assert_non_null(strstr(err.reason, "nobody listens at 127.0.0.1:"));
	close(unused);
}

static void refuses_what_is_no_connection(void **state)
{
	char text[SOCKET_TEXT_MAX];
	struct err err = {0};
	int fds[2];

	(void)state;
	assert_int_equal(socket_accepted(-1, text, &err).code, CODE_IO);
	int alone = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(socket_accepted(alone, text, &err).code, CODE_CLOSED);
	close(alone);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(socket_accepted(fds[0], text, &err).code, CODE_OK);
	assert_string_equal(text, "local");
	assert_true((fcntl(fds[0], F_GETFL) & O_NONBLOCK) != 0);
	close(fds[0]);
	close(fds[1]);
}

static void shares_an_address_with_others_of_this_user(void **state)
{
	struct err err;
	char address[64];
	int first = -1, second = -1;

	(void)state;
	assert_false(FAILED(socket_listen("127.0.0.1:0", &first, &err)));
	assert_true(socket_port(first) > 0);
	snprintf(address, sizeof(address), "127.0.0.1:%d", socket_port(first));
	assert_false(FAILED(socket_listen(address, &second, &err)));
	assert_int_equal(socket_port(second), socket_port(first));
	assert_int_equal(socket_port(-1), 0);
	close(first);
	close(second);
}

static void says_what_is_wrong_with_an_address(void **state)
{
	static const char *const addresses[] = {"7400", ":7400", "127.0.0.1", "no-such-host.invalid:7400", "127.0.0.1:seven",
	                                        "192.0.2.1:7400"};

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct err err;
		int fd = -1;
		assert_true(FAILED(socket_listen(addresses[i], &fd, &err)));
		assert_string_equal(err.field, "listen");
		assert_int_equal(fd, -1);
	}
}

static void says_when_the_address_is_in_use(void **state)
{
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);
	struct err err;
	char address[64];
	int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;

	(void)state;
	assert_int_equal(bind(other, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(other, 1), 0);
	assert_int_equal(getsockname(other, (struct sockaddr *)&at, &len), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(at.sin_port));
	assert_int_equal(socket_listen(address, &fd, &err).code, CODE_BUSY);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_addresses_as_people_do),
		cmocka_unit_test(connects_without_waiting_and_makes_both_ends_prompt),
		cmocka_unit_test(says_that_nobody_listens),
		cmocka_unit_test(refuses_what_is_no_connection),
		cmocka_unit_test(shares_an_address_with_others_of_this_user),
		cmocka_unit_test(says_what_is_wrong_with_an_address),
		cmocka_unit_test(says_when_the_address_is_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
