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
void socket_text(const struct sockaddr *address, socklen_t len, char into[static SOCKET_TEXT_MAX]);

#endif
