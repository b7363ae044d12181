/* AMQP 0-9-1 as RabbitMQ speaks it: a durable quorum queue, persistent messages, publisher confirms, acknowledgements of many at once. */
#include "peer.h"

#include <string.h>

enum { AMQP_METHOD = 1, AMQP_HEADER = 2, AMQP_BODY = 3, AMQP_HEARTBEAT = 8, AMQP_END = 0xce, AMQP_FRAME = 7, AMQP_MAX = 131072, AMQP_PREFETCH = 4000 };

#define METHOD(class, method) ((uint32_t)(class) << 16 | (method))

enum {
	START = METHOD(10, 10), START_OK = METHOD(10, 11), TUNE = METHOD(10, 30), TUNE_OK = METHOD(10, 31), OPEN = METHOD(10, 40), OPEN_OK = METHOD(10, 41),
	CLOSE = METHOD(10, 50), CHANNEL = METHOD(20, 10), CHANNEL_OK = METHOD(20, 11), CHANNEL_CLOSE = METHOD(20, 40), DECLARE = METHOD(50, 10),
	DECLARE_OK = METHOD(50, 11), QOS = METHOD(60, 10), QOS_OK = METHOD(60, 11), CONSUME = METHOD(60, 20), CONSUME_OK = METHOD(60, 21), PUBLISH = METHOD(60, 40),
	DELIVER = METHOD(60, 60), ACK = METHOD(60, 80), NACK = METHOD(60, 120), SELECT = METHOD(85, 10), SELECT_OK = METHOD(85, 11)
};

static void put_short(struct buf *out, const char *text)
{
	peer_put(out, strlen(text), 1);
	buf_add_text(out, text);
}

static void put_long(struct buf *out, struct bytes text)
{
	peer_put(out, text.len, 4);
	buf_add(out, text);
}

static void put_frame(struct peer *peer, int kind, unsigned channel, struct bytes payload)
{
	peer_put(&peer->out, (uint64_t)kind, 1);
	peer_put(&peer->out, channel, 2);
	put_long(&peer->out, payload);
	peer_put(&peer->out, AMQP_END, 1);
}

static struct buf *method(struct peer *peer, uint32_t what)
{
	buf_clear(&peer->scratch);
	peer_put(&peer->scratch, what, 4);
	return &peer->scratch;
}

static void say(struct peer *peer, unsigned channel)
{
	put_frame(peer, AMQP_METHOD, channel, buf_bytes(&peer->scratch));
}

static void amqp_open(struct peer *peer)
{
	buf_add(&peer->out, BYTES_LIT("AMQP\0\0\x09\x01"));
}

static void log_in(struct peer *peer)
{
	struct buf *out = method(peer, START_OK);
	peer_put(out, 0, 4); /* properties: none */
	put_short(out, "PLAIN");
	put_long(out, BYTES_LIT("\0guest\0guest"));
	put_short(out, "en_US");
	say(peer, 0);
}

static void tune(struct peer *peer)
{
	struct buf *out = method(peer, TUNE_OK);
	peer_put(out, 1, 2); /* channels */
	peer_put(out, AMQP_MAX, 4);
	peer_put(out, 0, 2); /* no heartbeat */
	say(peer, 0);
	out = method(peer, OPEN);
	put_short(out, "/");
	peer_put(out, 0, 2);
	say(peer, 0);
}

static void declare(struct peer *peer)
{
	struct buf *out = method(peer, DECLARE);
	peer_put(out, 0, 2);
	put_short(out, peer->queue);
	peer_put(out, 2, 1); /* durable */
	peer_put(out, 1 + 12 + 1 + 4 + 6, 4);
	put_short(out, "x-queue-type");
	peer_put(out, 'S', 1);
	put_long(out, BYTES_LIT("quorum"));
	say(peer, 1);
}

static void consume(struct peer *peer)
{
	struct buf *out = method(peer, CONSUME);
	peer_put(out, 0, 2);
	put_short(out, peer->queue);
	put_short(out, "");
	peer_put(out, 0, 1);
	peer_put(out, 0, 4);
	say(peer, 1);
}

/* Fields of nothing but zeros, behind a method. */
static void say_plain(struct peer *peer, unsigned channel, uint32_t what, size_t zeros)
{
	peer_put(method(peer, what), 0, zeros);
	say(peer, channel);
}

static void set_prefetch(struct peer *peer)
{
	struct buf *out = method(peer, QOS);
	peer_put(out, 0, 4);
	peer_put(out, AMQP_PREFETCH, 2);
	peer_put(out, 0, 1);
	say(peer, 1);
}

static void acknowledge(struct peer *peer)
{
	struct buf *out = method(peer, ACK);
	peer_put(out, peer->last, 8);
	peer_put(out, 1, 1); /* and all before it */
	say(peer, 1);
	peer->last = 0;
}

/* Confirms come one by one, in any order, or for all up to a tag: peer->last is up to where, marks are those beyond. */
static void on_confirm(struct peer *peer, const uint8_t *at)
{
	uint64_t tag = peer_get(at, 8);
	bool many = at[8] & 1;
	if (!many) {
		peer->marks[tag % PEER_MARKS] = true;
		peer_acknowledged(peer, 1);
	}
	while (peer->last < tag && (many || peer->marks[(peer->last + 1) % PEER_MARKS])) {
		bool *mark = &peer->marks[++peer->last % PEER_MARKS];
		peer_acknowledged(peer, *mark ? 0 : 1);
		*mark = false;
	}
}

static void on_method(struct peer *peer, uint32_t what, const uint8_t *at, size_t len)
{
	switch (what) {
	case START: log_in(peer); break;
	case TUNE: tune(peer); break;
	case OPEN_OK: say_plain(peer, 1, CHANNEL, 1); break;
	case CHANNEL_OK:
		if (peer->sends)
			say_plain(peer, 1, SELECT, 1);
		else
			declare(peer);
		break;
	case DECLARE_OK: set_prefetch(peer); break;
	case QOS_OK: consume(peer); break;
	case CONSUME_OK:
	case SELECT_OK: peer->is_ready = true; break;
	case DELIVER: peer->tag = peer_get(at + 1 + at[0], 8); break;
	case ACK: on_confirm(peer, at); break;
	default: peer_fail(peer, "refused", bytes_of(at, len));
	}
}

/* A body may come in several frames; peer->left is what is missing of it. */
static void on_content(struct peer *peer, int kind, struct bytes payload)
{
	if (kind == AMQP_HEADER) {
		peer->left = peer_get(payload.at + 4, 8);
		buf_clear(&peer->body);
		return;
	}
	if (payload.len < peer->left || peer->body.len) {
		buf_add(&peer->body, payload);
		peer->left -= payload.len;
		if (peer->left)
			return;
		payload = buf_bytes(&peer->body);
	}
	peer_taken(peer, payload);
	peer->last = peer->tag;
}

static size_t amqp_read(struct peer *peer, struct bytes in)
{
	size_t done = 0;
	while (in.len - done > AMQP_FRAME) {
		const uint8_t *at = in.at + done;
		size_t len = (size_t)peer_get(at + 3, 4);
		if (in.len - done < AMQP_FRAME + len + 1)
			break;
		if (at[0] == AMQP_METHOD)
			on_method(peer, (uint32_t)peer_get(at + AMQP_FRAME, 4), at + AMQP_FRAME + 4, len - 4);
		else if (at[0] == AMQP_HEADER || at[0] == AMQP_BODY)
			on_content(peer, at[0], bytes_of(at + AMQP_FRAME, len));
		done += AMQP_FRAME + len + 1;
	}
	if (!peer->sends && peer->last)
		acknowledge(peer);
	return done;
}

static void amqp_publish(struct peer *peer, struct bytes body)
{
	struct buf *out = method(peer, PUBLISH);
	peer_put(out, 0, 2);
	put_short(out, "");
	put_short(out, peer->queue);
	peer_put(out, 0, 1);
	say(peer, 1);
	buf_clear(out);
	peer_put(out, 60, 2);
	peer_put(out, 0, 2);
	peer_put(out, body.len, 8);
	peer_put(out, 0x1000, 2); /* one property: how it is delivered */
	peer_put(out, 2, 1);      /* persistent */
	put_frame(peer, AMQP_HEADER, 1, buf_bytes(out));
	for (size_t at = 0; at < body.len; at += AMQP_MAX - AMQP_FRAME - 1) {
		size_t left = body.len - at, most = AMQP_MAX - AMQP_FRAME - 1;
		put_frame(peer, AMQP_BODY, 1, bytes_of(body.at + at, left < most ? left : most));
	}
}

const struct peer_protocol peer_amqp = {"amqp", false, amqp_open, amqp_read, amqp_publish};
