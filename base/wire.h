/* ZeroMQ, and the only room that knows it. Between threads: pointers to structs, whose ownership passes with the pointer. At ports,
 * control and events: messages of frames. A wire belongs to the thread that uses it, but for its creation. Every wire has
 * a bounded high-water mark, no linger beyond the given one, and a largest message. */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include "base/bytes.h"

struct wires; /* the context: one per program */
struct wire;

enum wire_kind { WIRE_PUSH, WIRE_PULL, WIRE_PAIR, WIRE_ROUTER, WIRE_DEALER, WIRE_PUB, WIRE_SUB };

struct wires *wires_new(void);
void wires_shutdown(struct wires *wires); /* wakes everybody: receives and sends answer closed from now on. Any thread. */
void wires_free(struct wires *wires);     /* all wires must be freed before */

struct wire_options {
	int high_water;       /* messages; 0: 1000 */
	int high_water_in;    /* of what comes in; 0: the same */
	int64_t max_bytes;    /* largest message received; 0: 1 MiB */
	int linger_ms;        /* how long unsent messages outlive wire_free; 0: dropped */
	int mode;             /* ipc: file mode of the socket, 0: 0600 */
};

/* Binds (or connects) to `endpoint`: inproc://name, ipc://path, tcp://127.0.0.1:port (0 or * picks a free one). A tcp endpoint that is
 * not loopback is refused with config: nothing leaves the host but over TLS. */
RESULT wire_bind(struct wires *wires, enum wire_kind kind, const char *endpoint, const struct wire_options *options, struct wire **ret,
                 struct err *err);
RESULT wire_connect(struct wires *wires, enum wire_kind kind, const char *endpoint, const struct wire_options *options,
                    struct wire **ret, struct err *err);
void wire_free(struct wire *wire); /* NULL is fine */
void wire_hide(struct wire *wire); /* ipc, bound: takes its name away; who is connected stays, and nobody else comes */
/* Where it is really bound ("tcp://127.0.0.1:40113"); borrowed. */
const char *wire_endpoint(const struct wire *wire);
int wire_fd(const struct wire *wire); /* for the loop only */
bool wire_is_inside(const struct wire *wire); /* between threads: pointers pass */
bool wire_readable(struct wire *wire); /* asks ZMQ_EVENTS; true for ever once the wires were shut down: a receive answers closed */
bool wire_is_shut(const struct wire *wire); /* a call on this wire has met wires_shutdown */

/* Hands a pointer over; *pointer is NULL afterwards. busy when the other side is full and wait is false (the pointer stays yours);
 * closed after wires_shutdown. */
RESULT wire_give(struct wire *wire, void **pointer, bool wait, struct err *err);
/* Takes a pointer; NULL when there is none (wait_ms 0), when the time is over, or when the wires were shut down. wait_ms -1: for ever. */
void *wire_take(struct wire *wire, int wait_ms);

enum { WIRE_FRAMES_MAX = 8 };

struct wire_message {
	struct bytes frames[WIRE_FRAMES_MAX]; /* borrowed until wire_message_done */
	size_t count;
	int64_t peer_uid, peer_pid; /* of an ipc endpoint: whose program has sent it, as the kernel says; -1: not known */
	void *inside;
};

/* One message, or busy when there is none yet; too_large or malformed when it has more than WIRE_FRAMES_MAX frames (it is discarded). */
RESULT wire_receive(struct wire *wire, struct wire_message *ret, struct err *err);
void wire_message_done(struct wire_message *message);
/* Sends all frames as one message, without waiting: busy when full, closed when a ROUTER's peer is gone. */
RESULT wire_send(struct wire *wire, const struct bytes *frames, size_t count, struct err *err);
/* Subscribes a SUB wire to a prefix; "" is everything. */
void wire_subscribe(struct wire *wire, const char *prefix);

/* Waits until one of the wires is readable or wait_ms passed (-1: for ever); true when one is; false at once after wires_shutdown.
 * For threads without a loop. */
bool wire_wait(struct wire *const *wires, size_t count, int wait_ms);

#endif
