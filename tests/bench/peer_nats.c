/* NATS JetStream: a work-queue stream in a file, a push consumer with explicit acknowledgement, and an answer for each message published. */
#include "peer.h"

#include "base/text.h"

#include <string.h>

enum { NATS_WORDS = 6 };
enum { OPENING, STREAM, CONSUMER };

static void nats_open(struct peer *peer)
{
	buf_printf(&peer->out, "CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":true,\"lang\":\"c\",\"version\":\"1\",\"headers\":true,\"protocol\":1}\r\n"
	                       "SUB _I.%c.%s 1\r\nSUB _D.%s 2\r\nPING\r\n", peer->sends ? 's' : 'r', peer->queue, peer->sends ? "none" : peer->queue);
}

static void request(struct peer *peer, const char *what)
{
	buf_printf(&peer->out, "PUB $JS.API.%s.%s%s _I.r.%s %zu\r\n", what, peer->queue, peer->step == CONSUMER ? ".all" : "", peer->queue, peer->scratch.len);
	buf_add(&peer->out, buf_bytes(&peer->scratch));
	buf_add_text(&peer->out, "\r\n");
}

static void create_stream(struct peer *peer)
{
	peer->step = STREAM;
	buf_clear(&peer->scratch);
	buf_printf(&peer->scratch, "{\"name\":\"%s\",\"subjects\":[\"%s\"],\"retention\":\"workqueue\",\"storage\":\"file\",\"max_consumers\":-1,\"max_msgs\":-1,"
	                           "\"max_bytes\":-1,\"max_age\":0,\"max_msg_size\":-1,\"num_replicas\":1,\"discard\":\"old\"}", peer->queue, peer->queue);
	request(peer, "STREAM.CREATE");
}

static void create_consumer(struct peer *peer)
{
	peer->step = CONSUMER;
	buf_clear(&peer->scratch);
	buf_printf(&peer->scratch, "{\"stream_name\":\"%s\",\"config\":{\"durable_name\":\"all\",\"deliver_subject\":\"_D.%s\",\"ack_policy\":\"explicit\","
	                           "\"max_ack_pending\":4096,\"deliver_policy\":\"all\"}}", peer->queue, peer->queue);
	request(peer, "CONSUMER.DURABLE.CREATE");
}

static bool has(struct bytes text, const char *word)
{
	return memmem(text.at, text.len, word, strlen(word)) != NULL;
}

static void on_answer(struct peer *peer, struct bytes body)
{
	if (!body.len || has(body, "\"error\""))
		peer_fail(peer, "refused", body);
	if (peer->sends)
		peer_acknowledged(peer, 1);
	else if (peer->step == STREAM)
		create_consumer(peer);
	else
		peer->is_ready = true;
}

/* MSG subject sid [reply-to] length, or HMSG subject sid [reply-to] headers length. */
static size_t split(struct bytes line, struct bytes *words)
{
	size_t count = 0;
	const uint8_t *at = line.at, *end = line.at + line.len;
	while (at < end && count < NATS_WORDS) {
		const uint8_t *space = memchr(at, ' ', (size_t)(end - at));
		const uint8_t *stop = space ? space : end;
		if (stop > at)
			words[count++] = bytes_of(at, (size_t)(stop - at));
		at = stop + 1;
	}
	return count;
}

static void on_message(struct peer *peer, const struct bytes *words, size_t count, struct bytes body)
{
	bool has_reply = count == (bytes_is(words[0], "HMSG") ? 6 : 5);
	if (bytes_is(words[2], "1")) {
		on_answer(peer, body);
		return;
	}
	peer_taken(peer, body);
	if (!has_reply)
		peer_fail(peer, "nobody to acknowledge to", BYTES_NONE);
	buf_printf(&peer->out, "PUB %.*s 4\r\n+ACK\r\n", (int)words[3].len, (const char *)words[3].at);
}

static void on_line(struct peer *peer, struct bytes line)
{
	if (bytes_starts(line, "-ERR"))
		peer_fail(peer, "error", line);
	else if (bytes_starts(line, "PING"))
		buf_add_text(&peer->out, "PONG\r\n");
	else if (bytes_starts(line, "PONG") && peer->sends)
		peer->is_ready = true;
	else if (bytes_starts(line, "PONG") && peer->step == OPENING)
		create_stream(peer);
}

/* Bytes of one whole thing from `at`, or 0. */
static size_t one(struct peer *peer, struct bytes in)
{
	const uint8_t *end = memchr(in.at, '\r', in.len);
	struct bytes words[NATS_WORDS];
	int64_t len = 0;
	struct err ignored;
	if (!end || (size_t)(end - in.at) + 2 > in.len)
		return 0;
	struct bytes line = bytes_of(in.at, (size_t)(end - in.at));
	size_t head = line.len + 2;
	if (!bytes_starts(line, "MSG ") && !bytes_starts(line, "HMSG ")) {
		on_line(peer, line);
		return head;
	}
	size_t count = split(line, words);
	if (count < 4 || FAILED(text_int(words[count - 1], 0, INT32_MAX, &len, &ignored)))
		peer_fail(peer, "not a message", line);
	if (in.len < head + (size_t)len + 2)
		return 0;
	on_message(peer, words, count, bytes_of(in.at + head, (size_t)len));
	return head + (size_t)len + 2;
}

static size_t nats_read(struct peer *peer, struct bytes in)
{
	size_t done = 0, more = 1;
	while (more && done < in.len) {
		more = one(peer, bytes_of(in.at + done, in.len - done));
		done += more;
	}
	return done;
}

static void nats_publish(struct peer *peer, struct bytes body)
{
	buf_printf(&peer->out, "PUB %s _I.s.%s %zu\r\n", peer->queue, peer->queue, body.len);
	buf_add(&peer->out, body);
	buf_add_text(&peer->out, "\r\n");
}

const struct peer_protocol peer_nats = {"nats", true, nats_open, nats_read, nats_publish};
