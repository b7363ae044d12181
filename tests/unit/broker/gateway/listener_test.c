#include "unit/broker/hub_fixture.h"

#include "broker/gateway/listener.h"
#include "certs/socket.h"

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

static int listen_at(const char *address)
{
	struct err err;
	int fd = -1;
	pki_fixture_fine(socket_listen(address, &fd, &err), &err);
	return fd;
}

static void hands_over_every_connection(void **state)
{
	struct rig rig = {.loop = loop_new()};
	int fd = listen_at("127.0.0.1:0"), port = socket_port(fd), fds[100];
	struct listener *listener = listener_new(rig.loop, fd, on_connection, &rig);
	(void)state;
	assert_true(port > 0);
	for (int i = 0; i < 100; i++)
		fds[i] = dial(port);
	until_accepted(&rig, 100);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
	listener_free(listener);
	loop_free(rig.loop);
}

static void accepts_nothing_once_it_is_freed(void **state)
{
	struct rig rig = {.loop = loop_new()};
	int fd = listen_at("127.0.0.1:0"), port = socket_port(fd);
	(void)state;
	listener_free(listener_new(rig.loop, fd, on_connection, &rig));
	assert_int_equal(dial(port), -1);
	listener_free(NULL);
	loop_free(rig.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_over_every_connection),
		cmocka_unit_test(accepts_nothing_once_it_is_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
