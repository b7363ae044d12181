#include "base/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

enum { HIGH_WATER_DEFAULT = 1000, MAX_BYTES_DEFAULT = 1024 * 1024, IPC_MODE_DEFAULT = 0600, ENDPOINT_MAX = 256 };

struct wires {
	void *context;
};

struct wire {
	void *socket;
	int fd;
	bool is_inside; /* inproc: the only transport on which pointers mean something */
	bool is_shut;
	char endpoint[ENDPOINT_MAX];
	char *file; /* ipc, bound: the socket file to take away */
	struct stat file_as_made;
};

struct wires *wires_new(void)
{
	struct wires *wires = mem_alloc(sizeof *wires);

	wires->context = zmq_ctx_new();
	return wires;
}

void wires_shutdown(struct wires *wires)
{
	while (zmq_ctx_shutdown(wires->context) < 0 && errno == EINTR)
		continue;
}

void wires_free(struct wires *wires)
{
	if (!wires)
		return;
	while (zmq_ctx_term(wires->context) < 0 && errno == EINTR)
		continue;
	mem_free(wires);
}

/* ── endpoints ── */

static bool port_is_fine(struct bytes port, bool is_bind)
{
	int64_t number;

	if (is_bind && bytes_is(port, "*"))
		return true;
	return !FAILED(text_int(port, is_bind ? 0 : 1, 65535, &number, NULL));
}

/* Only numbers: a name such as localhost is whatever the resolver says. */
static bool host_is_loopback(const char *host)
{
	struct in_addr four;

	if (strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &four) == 1 && (ntohl(four.s_addr) >> 24) == 127;
}

static RESULT check_tcp(const char *endpoint, bool is_bind, struct err *err)
{
	const char *address = endpoint + strlen("tcp://");
	const char *colon = strrchr(address, ':');

	if (!colon || !port_is_fine(bytes_text(colon + 1), is_bind))
		return err_set(err, CODE_CONFIG, endpoint, "has no valid port; write tcp://127.0.0.1:PORT");
	AUTO_FREE char *host = mem_text_n(address, (size_t)(colon - address));
	if (!host_is_loopback(host))
		return err_set(err, CODE_CONFIG, endpoint,
		               "is not a loopback address, and only TLS leaves the host; write tcp://127.0.0.1:PORT");
	return OK;
}

static RESULT check_ipc(const char *endpoint, struct err *err)
{
	const char *path = endpoint + strlen("ipc://");
	struct sockaddr_un address;

	if (path[0] == '\0' || path[0] == '*' || path[0] == '@')
		return err_set(err, CODE_CONFIG, endpoint, "names no file; write ipc:///run/…");
	if (strlen(path) >= sizeof address.sun_path)
		return err_set(err, CODE_CONFIG, endpoint, "is too long for a socket; %zu bytes are allowed",
		               sizeof address.sun_path - 1);
	return OK;
}

static RESULT check_endpoint(const char *endpoint, bool is_bind, struct err *err)
{
	struct bytes text = bytes_text(endpoint);

	if (text.len >= ENDPOINT_MAX)
		return err_set(err, CODE_CONFIG, "endpoint", "is longer than %d bytes", ENDPOINT_MAX - 1);
	if (bytes_starts(text, "tcp://"))
		return check_tcp(endpoint, is_bind, err);
	if (bytes_starts(text, "ipc://"))
		return check_ipc(endpoint, err);
	if (bytes_starts(text, "inproc://") && text.len > strlen("inproc://"))
		return OK;
	return err_set(err, CODE_CONFIG, endpoint, "is no endpoint; write ipc://PATH, tcp://127.0.0.1:PORT or inproc://NAME");
}

/* ── ipc socket files ── */

/* Whether somebody answers there. A full backlog is an answer too. */
static RESULT ask_socket_file(const char *path, bool *ret_answers, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, path, "asking whether the socket is in use");
	memcpy(address.sun_path, path, strlen(path) + 1);
	int rc = connect(fd, (const struct sockaddr *)&address, sizeof address);
	int why = rc < 0 ? errno : 0;
	close(fd);
	errno = why;
	if (why != 0 && why != EAGAIN && why != EINPROGRESS && why != ECONNREFUSED && why != ENOENT)
		return err_errno(err, path, "asking whether the socket is in use");
	*ret_answers = why != ECONNREFUSED && why != ENOENT;
	return OK;
}

/* libzmq unlinks whatever stands at the path, a live socket or a file of somebody's, so this looks first. */
static RESULT clear_socket_file(const char *path, struct err *err)
{
	struct stat stat_now;
	bool answers = false;

	if (lstat(path, &stat_now) < 0)
		return errno == ENOENT ? OK : err_errno(err, path, "looking for an old socket");
	if (!S_ISSOCK(stat_now.st_mode))
		return err_set(err, CODE_CONFIG, path, "exists and is not a socket; name another file or take it away");
	TRY(ask_socket_file(path, &answers, err));
	if (answers)
		return err_set(err, CODE_BUSY, path, "is in use by another process");
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(err, path, "removing the old socket");
	return OK;
}

static void remove_socket_file(const struct wire *wire)
{
	struct stat stat_now;

	if (!wire->file || lstat(wire->file, &stat_now) < 0)
		return;
	/* Another process may have taken the place over meanwhile. */
	if (stat_now.st_ino == wire->file_as_made.st_ino && stat_now.st_dev == wire->file_as_made.st_dev)
		unlink(wire->file);
}

/* ── making and freeing ── */

static RESULT zmq_failed(struct err *err, const char *field, const char *what)
{
	int why = errno;

	if (why == ETERM)
		return err_set(err, CODE_CLOSED, field, "the wires were shut down");
	if (why == EADDRINUSE)
		return err_set(err, CODE_BUSY, field, "%s: the address is in use", what);
	if (why < ZMQ_HAUSNUMERO)
		return err_errno(err, field, what);
	return err_set(err, CODE_IO, field, "%s: %s", what, zmq_strerror(why));
}

static int set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof value);
}

static RESULT set_options(void *socket, enum wire_kind kind, const char *endpoint, const struct wire_options *options,
                          struct err *err)
{
	int high_water = options && options->high_water > 0 ? options->high_water : HIGH_WATER_DEFAULT;
	int high_water_in = options && options->high_water_in > 0 ? options->high_water_in : high_water;
	int64_t max_bytes = options && options->max_bytes > 0 ? options->max_bytes : MAX_BYTES_DEFAULT;
	int linger_ms = options && options->linger_ms > 0 ? options->linger_ms : 0;
	bool is_six = bytes_starts(bytes_text(endpoint), "tcp://[");

	if (set_int(socket, ZMQ_SNDHWM, high_water) < 0 || set_int(socket, ZMQ_RCVHWM, high_water_in) < 0 ||
	    set_int(socket, ZMQ_LINGER, linger_ms) < 0 ||
	    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes) < 0 || set_int(socket, ZMQ_IPV6, is_six) < 0)
		return zmq_failed(err, endpoint, "setting up the socket");
	/* Without this a ROUTER drops what it cannot deliver, in silence. */
	if (kind == WIRE_ROUTER && set_int(socket, ZMQ_ROUTER_MANDATORY, 1) < 0)
		return zmq_failed(err, endpoint, "setting up the socket");
	return OK;
}

static int zmq_type(enum wire_kind kind)
{
	switch (kind) {
	case WIRE_PUSH:
		return ZMQ_PUSH;
	case WIRE_PULL:
		return ZMQ_PULL;
	case WIRE_PAIR:
		return ZMQ_PAIR;
	case WIRE_ROUTER:
		return ZMQ_ROUTER;
	case WIRE_DEALER:
		return ZMQ_DEALER;
	case WIRE_PUB:
		return ZMQ_PUB;
	case WIRE_SUB:
		return ZMQ_SUB;
	}
	return -1;
}

static RESULT wire_make(struct wires *wires, enum wire_kind kind, const char *endpoint, const struct wire_options *options,
                        struct wire **ret, struct err *err)
{
	void *socket = zmq_socket(wires->context, zmq_type(kind));

	if (!socket)
		return zmq_failed(err, endpoint, "making the socket");
	struct wire *wire = mem_alloc(sizeof *wire);
	wire->socket = socket;
	wire->is_inside = bytes_starts(bytes_text(endpoint), "inproc://");
	size_t len = sizeof wire->fd;
	result made = set_options(socket, kind, endpoint, options, err);
	if (!FAILED(made) && zmq_getsockopt(socket, ZMQ_FD, &wire->fd, &len) < 0)
		made = zmq_failed(err, endpoint, "making the socket");
	if (FAILED(made)) {
		wire_free(wire);
		return made;
	}
	*ret = wire;
	return OK;
}

static RESULT bind_ipc(struct wire *wire, const char *endpoint, int mode, struct err *err)
{
	const char *path = endpoint + strlen("ipc://");

	TRY(clear_socket_file(path, err));
	/* Until the mode is set only the owner may connect. The mask is the process's: only ever tightened, and for a moment. */
	mode_t mask = umask(0777);
	umask(mask | 0077);
	int rc = zmq_bind(wire->socket, endpoint);
	int why = errno;
	umask(mask);
	errno = why;
	if (rc < 0)
		return zmq_failed(err, endpoint, "binding");
	if (chmod(path, mode ? (mode_t)mode : IPC_MODE_DEFAULT) < 0 || lstat(path, &wire->file_as_made) < 0)
		return err_errno(err, path, "setting the mode of the socket");
	wire->file = mem_text(path);
	return OK;
}

static RESULT bind_any(struct wire *wire, const char *endpoint, const struct wire_options *options, struct err *err)
{
	size_t len = sizeof wire->endpoint;

	if (bytes_starts(bytes_text(endpoint), "ipc://"))
		TRY(bind_ipc(wire, endpoint, options ? options->mode : 0, err));
	else if (zmq_bind(wire->socket, endpoint) < 0)
		return zmq_failed(err, endpoint, "binding");
	if (zmq_getsockopt(wire->socket, ZMQ_LAST_ENDPOINT, wire->endpoint, &len) < 0)
		return zmq_failed(err, endpoint, "binding");
	return OK;
}

RESULT wire_bind(struct wires *wires, enum wire_kind kind, const char *endpoint, const struct wire_options *options,
                 struct wire **ret, struct err *err)
{
	struct wire *wire;

	TRY(check_endpoint(endpoint, true, err));
	TRY(wire_make(wires, kind, endpoint, options, &wire, err));
	result bound = bind_any(wire, endpoint, options, err);
	if (FAILED(bound)) {
		wire_free(wire);
		return bound;
	}
	*ret = wire;
	return OK;
}

RESULT wire_connect(struct wires *wires, enum wire_kind kind, const char *endpoint, const struct wire_options *options,
                    struct wire **ret, struct err *err)
{
	struct wire *wire;

	TRY(check_endpoint(endpoint, false, err));
	TRY(wire_make(wires, kind, endpoint, options, &wire, err));
	if (zmq_connect(wire->socket, endpoint) < 0) {
		result failed = zmq_failed(err, endpoint, "connecting");
		wire_free(wire);
		return failed;
	}
	memcpy(wire->endpoint, endpoint, strlen(endpoint) + 1);
	*ret = wire;
	return OK;
}

void wire_free(struct wire *wire)
{
	if (!wire)
		return;
	remove_socket_file(wire);
	zmq_close(wire->socket);
	mem_free(wire->file);
	mem_free(wire);
}

void wire_hide(struct wire *wire)
{
	remove_socket_file(wire);
	mem_free(wire->file);
	wire->file = NULL;
}

const char *wire_endpoint(const struct wire *wire)
{
	return wire->endpoint;
}

bool wire_is_inside(const struct wire *wire)
{
	return wire->is_inside;
}

int wire_fd(const struct wire *wire)
{
	return wire->fd;
}

bool wire_is_shut(const struct wire *wire)
{
	return wire->is_shut;
}

/* Called after a libzmq call on the wire failed: true when it should be made again. */
static bool try_again(struct wire *wire)
{
	if (errno == ETERM)
		wire->is_shut = true;
	return errno == EINTR;
}

bool wire_readable(struct wire *wire)
{
	int events = 0;
	size_t len = sizeof events;

	while (zmq_getsockopt(wire->socket, ZMQ_EVENTS, &events, &len) < 0)
		if (!try_again(wire))
			return wire->is_shut;
	return (events & ZMQ_POLLIN) != 0;
}

/* ── pointers ── */

static int send_frame(struct wire *wire, const void *at, size_t len, int flags)
{
	int rc;

	do
		rc = zmq_send(wire->socket, at, len, flags);
	while (rc < 0 && try_again(wire));
	return rc;
}

static RESULT send_failed(const struct wire *wire, struct err *err)
{
	if (errno == EAGAIN)
		return err_set(err, CODE_BUSY, wire->endpoint, "the other side is full or not there yet");
	if (errno == EHOSTUNREACH)
		return err_set(err, CODE_CLOSED, wire->endpoint, "the peer is gone");
	return zmq_failed(err, wire->endpoint, "sending");
}

RESULT wire_give(struct wire *wire, void **pointer, bool wait, struct err *err)
{
	if (!wire->is_inside)
		return err_set(err, CODE_CONFIG, wire->endpoint, "pointers pass between threads only; use an inproc endpoint");
	if (send_frame(wire, pointer, sizeof *pointer, wait ? 0 : ZMQ_DONTWAIT) < 0)
		return send_failed(wire, err);
	*pointer = NULL;
	return OK;
}

static void *take_now(struct wire *wire, int flags)
{
	void *pointer = NULL;
	int rc;

	do
		rc = zmq_recv(wire->socket, &pointer, sizeof pointer, flags);
	while (rc < 0 && try_again(wire));
	return rc == (int)sizeof pointer ? pointer : NULL;
}

void *wire_take(struct wire *wire, int wait_ms)
{
	/* From outside the process such a message would be an address of a stranger's choice. */
	if (!wire->is_inside)
		return NULL;
	if (wait_ms < 0)
		return take_now(wire, 0);
	void *pointer = take_now(wire, ZMQ_DONTWAIT);
	if (!pointer && wait_ms > 0 && wire_wait(&wire, 1, wait_ms))
		pointer = take_now(wire, ZMQ_DONTWAIT);
	return pointer;
}

/* ── messages ── */

struct inside {
	zmq_msg_t frames[WIRE_FRAMES_MAX];
};

static int receive_frame(struct wire *wire, zmq_msg_t *frame)
{
	int rc;

	zmq_msg_init(frame);
	do
		rc = zmq_msg_recv(frame, wire->socket, ZMQ_DONTWAIT);
	while (rc < 0 && try_again(wire));
	return rc;
}

static RESULT receive_failed(const struct wire *wire, struct err *err)
{
	if (errno == EAGAIN)
		return err_set(err, CODE_BUSY, wire->endpoint, "there is no message yet");
	return zmq_failed(err, wire->endpoint, "receiving");
}

/* Reads what is left of a message with too many frames. */
static void discard_rest(struct wire *wire)
{
	bool more = true;

	while (more) {
		zmq_msg_t frame;
		more = receive_frame(wire, &frame) >= 0 && zmq_msg_more(&frame);
		zmq_msg_close(&frame);
	}
}

/* libzmq tells of an ipc peer "localhost:UID:GID:PID", older ones without the name. Addresses of others are numeric. */
static void read_peer(zmq_msg_t *frame, struct wire_message *message)
{
	static const char host[] = "localhost";
	const char *address = zmq_msg_gets(frame, "Peer-Address");
	int64_t numbers[3];
	struct err ignored;
	message->peer_uid = message->peer_pid = -1;
	if (address && !strncmp(address, host, sizeof(host) - 1))
		address += sizeof(host) - 1;
	for (size_t i = 0; i < 3; i++) {
		if (!address || *address != ':')
			return;
		size_t len = strcspn(++address, ":");
		if (FAILED(text_int(bytes_of(address, len), 0, INT32_MAX * INT64_C(2) + 1, &numbers[i], &ignored)))
			return;
		address += len;
	}
	message->peer_uid = numbers[0];
	message->peer_pid = numbers[2];
}

RESULT wire_receive(struct wire *wire, struct wire_message *ret, struct err *err)
{
	struct wire_message message = {.inside = mem_alloc(sizeof(struct inside))};
	struct inside *inside = message.inside;
	bool more = true;

	while (more && message.count < WIRE_FRAMES_MAX) {
		zmq_msg_t *frame = &inside->frames[message.count];
		if (receive_frame(wire, frame) < 0) {
			result failed = receive_failed(wire, err);
			zmq_msg_close(frame);
			wire_message_done(&message);
			return failed;
		}
		message.frames[message.count++] = bytes_of(zmq_msg_data(frame), zmq_msg_size(frame));
		more = zmq_msg_more(frame);
	}
	if (more) {
		discard_rest(wire);
		wire_message_done(&message);
		return err_set(err, CODE_MALFORMED, wire->endpoint, "a message of more than %d frames", WIRE_FRAMES_MAX);
	}
	read_peer(&inside->frames[message.count - 1], &message);
	*ret = message;
	return OK;
}

void wire_message_done(struct wire_message *message)
{
	struct inside *inside = message->inside;

	for (size_t i = 0; i < message->count; i++)
		zmq_msg_close(&inside->frames[i]);
	mem_free(inside);
	*message = (struct wire_message){.count = 0};
}

/* When the peer goes away between two frames libzmq takes the first ones back: a failure always means that nothing was sent. */
RESULT wire_send(struct wire *wire, const struct bytes *frames, size_t count, struct err *err)
{
	if (count == 0 || count > WIRE_FRAMES_MAX)
		return err_set(err, CODE_MALFORMED, wire->endpoint, "a message has 1 to %d frames", WIRE_FRAMES_MAX);
	for (size_t i = 0; i < count; i++) {
		int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
		if (send_frame(wire, frames[i].at, frames[i].len, flags) < 0)
			return send_failed(wire, err);
	}
	return OK;
}

void wire_subscribe(struct wire *wire, const char *prefix)
{
	while (zmq_setsockopt(wire->socket, ZMQ_SUBSCRIBE, prefix, strlen(prefix)) < 0 && try_again(wire))
		continue;
}

bool wire_wait(struct wire *const *wires, size_t count, int wait_ms)
{
	AUTO_FREE zmq_pollitem_t *items = mem_array(count ? count : 1, sizeof *items);
	int64_t until_ms = clock_mono_ms() + wait_ms;
	int rc;

	for (size_t i = 0; i < count; i++)
		items[i] = (zmq_pollitem_t){.socket = wires[i]->socket, .events = ZMQ_POLLIN};
	while ((rc = zmq_poll(items, (int)count, wait_ms)) < 0 && errno == EINTR) {
		if (wait_ms >= 0)
			wait_ms = until_ms > clock_mono_ms() ? (int)(until_ms - clock_mono_ms()) : 0;
	}
	for (size_t i = 0; i < count && rc < 0; i++)
		wires[i]->is_shut = true;
	return rc > 0;
}
