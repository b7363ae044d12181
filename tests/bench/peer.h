/* One mutual TLS 1.3 connection of the load generator for other brokers, and what a protocol brings along. The loop, the window, the clock and the cost of the
 * generator are the same for all of them (peer_load.c), so that figures differ by broker. Thread: the only one. */
#ifndef TESTS_BENCH_PEER_H
#define TESTS_BENCH_PEER_H

#include "base/bytes.h"

struct peer_protocol;

enum { PEER_MARKS = 1 << 15 }; /* more than messages are ever on their way */

/* A sender and the receiver of the same number share a queue. */
struct peer {
	const struct peer_protocol *protocol;
	size_t number;
	bool sends, is_ready; /* the protocol says when it is ready to send or to be sent to */
	int step;             /* of its opening, as the protocol likes */
	uint64_t tag, last, left;  /* for the protocol, as what follows */
	struct buf scratch, body;
	bool marks[PEER_MARKS];
	struct buf out;       /* written when the protocol returns */
	char queue[48];       /* not used before, without letters that any protocol minds */
};

struct peer_protocol {
	const char *name;
	bool greets_in_plain; /* a line of the server comes before TLS */
	void (*open)(struct peer *peer);
	/* Takes what is whole of what came; gives how many bytes that was. */
	size_t (*read)(struct peer *peer, struct bytes in);
	void (*publish)(struct peer *peer, struct bytes body);
};

extern const struct peer_protocol peer_redis, peer_amqp, peer_nats, peer_mqtt;

/* What a protocol tells: `count` messages more are safe with the broker; a body came to the receiver; it cannot go on. */
void peer_acknowledged(struct peer *peer, int64_t count);
void peer_taken(struct peer *peer, struct bytes body);
_Noreturn void peer_fail(const struct peer *peer, const char *what, struct bytes words);

/* Numbers with the most significant byte first. */
void peer_put(struct buf *out, uint64_t value, size_t width);
uint64_t peer_get(const uint8_t *at, size_t width);

#endif
