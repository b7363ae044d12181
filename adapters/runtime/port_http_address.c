#include "adapters/runtime/port_http_address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { HOST_MAX = 64 };

/* PORT behind the host, or nothing when it may be missing. */
static bool is_port(struct bytes text)
{
	struct err ignored;
	int64_t port = 0;
	return text.len <= 5 && !FAILED(text_int(text, 0, 65535, &port, &ignored));
}

struct bytes port_http_address_host(struct bytes text)
{
	const uint8_t *end;
	struct bytes host;
	if (text.len == 0)
		return BYTES_NONE;
	if (text.at[0] == '[') {
		end = memchr(text.at, ']', text.len);
		if (!end)
			return BYTES_NONE;
		host = bytes_of(text.at + 1, (size_t)(end - text.at) - 1);
		end++;
	} else {
		end = memchr(text.at, ':', text.len);
		if (!end)
			return text;
		host = bytes_of(text.at, (size_t)(end - text.at));
	}
	struct bytes rest = bytes_of(end, text.len - (size_t)(end - text.at));
	if (rest.len == 0)
		return host;
	return rest.at[0] == ':' && is_port(bytes_of(rest.at + 1, rest.len - 1)) ? host : BYTES_NONE;
}

static bool read_four(const char *host, in_port_t port, struct port_http_address *ret)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = port};
	if (inet_pton(AF_INET, host, &four.sin_addr) != 1)
		return false;
	memcpy(&ret->at, &four, sizeof(four));
	ret->len = sizeof(four);
	ret->is_loopback = (ntohl(four.sin_addr.s_addr) >> 24) == 127;
	ret->is_any = four.sin_addr.s_addr == htonl(INADDR_ANY);
	return true;
}

static bool read_six(const char *host, in_port_t port, struct port_http_address *ret)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = port};
	if (inet_pton(AF_INET6, host, &six.sin6_addr) != 1)
		return false;
	memcpy(&ret->at, &six, sizeof(six));
	ret->len = sizeof(six);
	ret->is_loopback = IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
	ret->is_any = IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr);
	return true;
}

result port_http_address_parse(const char *text, struct port_http_address *ret, struct err *err)
{
	const char *colon = strrchr(text, ':');
	struct bytes host = port_http_address_host(bytes_text(text));
	struct err ignored;
	char name[HOST_MAX];
	int64_t port = 0;
	memset(ret, 0, sizeof(*ret));
	if (!colon || host.len == 0 || host.len >= sizeof(name) || FAILED(text_int(bytes_text(colon + 1), 0, 65535, &port, &ignored)))
		return err_set(err, CODE_USAGE, "", "not an address and a port");
	memcpy(name, host.at, host.len);
	name[host.len] = '\0';
	const char *number = strcmp(name, "localhost") == 0 ? "127.0.0.1" : name;
	bool is_six = text[0] == '[';
	if (is_six ? read_six(number, htons((in_port_t)port), ret) : read_four(number, htons((in_port_t)port), ret))
		return OK;
	return err_set(err, CODE_USAGE, "", "not an IP address");
}
