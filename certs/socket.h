/* TCP sockets as channels want them: non-blocking, prompt, with keepalive. A socket of another family (a test's socketpair) is
 * taken as it is. Thread: any, pure. */
#ifndef CERTS_SOCKET_H
#define CERTS_SOCKET_H

#include <sys/socket.h>

#include "base/err.h"

enum { SOCKET_TEXT_MAX = 64 };

/* Makes an accepted socket ready and writes its peer as text, "127.0.0.1:41234". closed when the peer is gone already. */
RESULT socket_accepted(int fd, char into[static SOCKET_TEXT_MAX], struct err *err);
/* Begins to connect; *ret_fd is writable once that is decided, see socket_connected. closed, timeout, io. */
RESULT socket_connect(const struct sockaddr *address, socklen_t len, int *ret_fd, struct err *err);
RESULT socket_connected(int fd, const char *address, struct err *err);
/* Listens at "0.0.0.0:7400", "[::]:7400", "hub.example:7400"; port 0 picks a free one. Others of this user may listen at the same address
 * (SO_REUSEPORT): the kernel shares the connections out. not_found or io, busy when the address is in use by another user's or otherwise. */
RESULT socket_listen(const char *address, int *ret_fd, struct err *err);
int socket_port(int fd); /* that it is bound to; 0: none */
void socket_text(const struct sockaddr *address, socklen_t len, char into[static SOCKET_TEXT_MAX]);

#endif
