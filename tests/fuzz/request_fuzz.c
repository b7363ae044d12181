/* What a client of the adapter's HTTP port sends on one connection: whatever it is, it ends in answers that are HTTP, and none of them says that the adapter is at
 * fault. */
#include "fuzz/fuzz.h"
#include "fuzz/desk.h"

#include "adapters/runtime/port_http_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

enum { REQUEST_MAX = 65536, TURNS_MOST = 400, ANSWERS_MOST = 1 << 20 };

static struct desk *desk;
static struct port_http *port;
static struct sockaddr_in address;
static char listen_text[] = "127.0.0.1:0", no_text[] = "";

static void leave(void)
{
	port_http_free(port);
	port_http_access_free(desk->office.papers.https);
	desk_close(desk);
}

static void set_options(void)
{
	desk->options.catalogue = no_text;
	desk->options.ports.https.listen = listen_text;
	desk->options.ports.https.patience_ms = 1000;
	desk->options.ports.https.lease_ms = 1000;
	desk->options.ports.https.connections = 8;
	desk->office.hand_over = HAND_OVER_HTTPS;
}

static void begin(void)
{
	socklen_t len = sizeof(address);
	struct err err;
	if (desk)
		return;
	desk = desk_open_police(16384);
	set_options();
	desk_fine(port_http_access_load(&desk->options, &desk->office.papers.https, &err), &err);
	desk_fine(port_http_new(&desk->office, &port, &err), &err);
	fuzz_must(getsockname(port->fd, (struct sockaddr *)&address, &len) == 0);
	atexit(leave);
}

static int dial(void)
{
	const struct linger hard = {.l_onoff = 1, .l_linger = 0}; /* thousands of connections a second, and none of them lingers */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fuzz_must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	fuzz_must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)) == 0);
	return fd;
}

/* Until the connection is at its end. */
static void hear(int fd, struct buf *heard)
{
	for (int i = 0; i < TURNS_MOST; i++) {
		loop_run_once(desk->office.loop, 1);
		desk_commit(desk);
		uint8_t *room = buf_room(heard, 4096);
		ssize_t got = room ? recv(fd, room, 4096, MSG_DONTWAIT) : 0;
		if (got > 0)
			buf_grew(heard, (size_t)got);
		else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
			return;
	}
	fuzz_must(false); /* the client has said all that it says */
}

static void judge(struct bytes heard)
{
	static const char start[] = "HTTP/1.1 ";
	fuzz_must(heard.len == 0 || bytes_starts(heard, start));
	for (size_t i = 0; i + sizeof(start) + 3 < heard.len; i++)
		if (!memcmp(heard.at + i, start, sizeof(start) - 1))
			fuzz_must(memcmp(heard.at + i + sizeof(start) - 1, "500", 3) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf heard;
	if (size == 0 || size > REQUEST_MAX || memmem(data, size, "wait=", 5) || memmem(data, size, "/status", 7))
		return 0; /* what is waited for, and what needs an office that dials a hub */
	begin();
	int fd = dial();
	buf_init(&heard, ANSWERS_MOST);
	(void)!send(fd, data, size, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	hear(fd, &heard);
	judge(buf_bytes(&heard));
	close(fd);
	for (int i = 0; i < TURNS_MOST && port->visits_count; i++) {
		loop_run_once(desk->office.loop, 1);
		desk_commit(desk);
	}
	fuzz_must(port->visits_count == 0);
	buf_done(&heard);
	return 0;
}
