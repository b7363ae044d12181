#include "certs/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 4096 /* what a flood fills, the kernel turns away, whoever it is */, LISTEN_HOST_MAX = 256 };

/* Batches are made above, so the kernel must not wait for more; keepalive finds peers that vanished while nothing was said. */
static void tune(int fd, int family)
{
	const int on = 1, idle_s = 60, between_s = 15, tries = 4;

	if (family != AF_INET && family != AF_INET6)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof(between_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof(tries));
}

void socket_text(const struct sockaddr *address, socklen_t len, char into[static SOCKET_TEXT_MAX])
{
	char text[INET6_ADDRSTRLEN] = "";
	struct sockaddr_storage any = {0};
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	memcpy(&any, address, len < sizeof(any) ? len : sizeof(any));
	memcpy(&four, &any, sizeof(four));
	memcpy(&six, &any, sizeof(six));
	if (any.ss_family == AF_INET && inet_ntop(AF_INET, &four.sin_addr, text, sizeof(text)) != NULL)
		snprintf(into, SOCKET_TEXT_MAX, "%s:%u", text, ntohs(four.sin_port));
	else if (any.ss_family == AF_INET6 && inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof(text)) != NULL)
		snprintf(into, SOCKET_TEXT_MAX, "[%s]:%u", text, ntohs(six.sin6_port));
	else
		snprintf(into, SOCKET_TEXT_MAX, "local");
}

result socket_accepted(int fd, char into[static SOCKET_TEXT_MAX], struct err *err)
{
	struct sockaddr_storage from = {0};
	socklen_t len = sizeof(from);
	int flags = fcntl(fd, F_GETFL);

	/* One blocking descriptor would stop the whole loop. */
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_errno(err, "", "a connection cannot be accepted");
	if (getpeername(fd, (struct sockaddr *)&from, &len) != 0) {
		if (errno == ENOTCONN)
			return err_set(err, CODE_CLOSED, "", "the peer was gone before it was accepted");
		return err_errno(err, "", "a connection cannot be accepted");
	}
	tune(fd, from.ss_family);
	socket_text((struct sockaddr *)&from, len, into);
	return OK;
}

static result refused(int number, const char *address, struct err *err)
{
	if (number == ECONNREFUSED)
		return err_set(err, CODE_CLOSED, "", "nobody listens at %s", address);
	if (number == ETIMEDOUT)
		return err_set(err, CODE_TIMEOUT, "", "%s does not answer", address);
	errno = number;
	return err_errno(err, "", address);
}

result socket_connect(const struct sockaddr *address, socklen_t len, int *ret_fd, struct err *err)
{
	char text[SOCKET_TEXT_MAX];
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	socket_text(address, len, text);
	if (fd < 0)
		return err_errno(err, "", "no socket");
	tune(fd, address->sa_family);
	if (connect(fd, address, len) != 0 && errno != EINPROGRESS) {
		int number = errno;
		close(fd);
		return refused(number, text, err);
	}
	*ret_fd = fd;
	return OK;
}

result socket_connected(int fd, const char *address, struct err *err)
{
	int number = 0;
	socklen_t len = sizeof(number);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &len) != 0)
		number = errno;
	return number != 0 ? refused(number, address, err) : OK;
}

/* --- listening --- */

static RESULT bind_one(int fd, const struct addrinfo *at, const char *address, struct err *err)
{
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
		return err_errno(err, "listen", address);
	if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, LISTEN_BACKLOG) < 0)
		return errno == EADDRINUSE ? err_set(err, CODE_BUSY, "listen", "%s is in use by another process", address)
		                           : err_errno(err, "listen", address);
	return OK;
}

static RESULT open_one(const struct addrinfo *at, const char *address, int *ret_fd, struct err *err)
{
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, "listen", address);
	result bound = bind_one(fd, at, address, err);
	if (FAILED(bound))
		close(fd);
	else
		*ret_fd = fd;
	return bound;
}

result socket_listen(const char *address, int *ret_fd, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	const char *colon = strrchr(address, ':'), *host = address;
	char name[LISTEN_HOST_MAX];
	struct addrinfo *found = NULL;
	size_t len = colon ? (size_t)(colon - address) : 0;

	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (!colon || len == 0 || len >= sizeof(name))
		return err_set(err, CODE_CONFIG, "listen", "%s is no address; write HOST:PORT", address);
	memcpy(name, host, len);
	name[len] = '\0';
	int rc = getaddrinfo(name, colon + 1, &hints, &found);
	if (rc != 0)
		return err_set(err, CODE_NOT_FOUND, "listen", "%s: %s", address, gai_strerror(rc));
	result opened = open_one(found, address, ret_fd, err);
	freeaddrinfo(found);
	return opened;
}

int socket_port(int fd)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return 0;
	if (at.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)(void *)&at)->sin_port);
	return at.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)(void *)&at)->sin6_port) : 0;
}
