/* The address of the HTTPS port, as it is configured. Thread: any, pure. */
#ifndef ADAPTERS_RUNTIME_PORT_HTTP_ADDRESS_H
#define ADAPTERS_RUNTIME_PORT_HTTP_ADDRESS_H

#include <sys/socket.h>

#include "base/bytes.h"

struct port_http_address {
	struct sockaddr_storage at;
	socklen_t len;
	bool is_loopback;
	bool is_any; /* all addresses of the host */
};

/* "127.0.0.1:8443", "[::1]:8443", "localhost:8443"; no other names, so that what is bound does not hang on a name server. usage. */
RESULT port_http_address_parse(const char *text, struct port_http_address *ret, struct err *err);
/* The host of HOST or HOST:PORT, brackets away; none when it is neither. */
struct bytes port_http_address_host(struct bytes text);

#endif
