/* Redis streams: XADD; a group's reader, which acknowledges and deletes what it took. RESP 2. */
#include "peer.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum { REDIS_TURN = 256, REDIS_DEPTH = 8 };

/* A reader over the answers that came; `ok` until something is not whole. */
struct cursor {
	const uint8_t *at, *end;
	bool ok;
};

static struct bytes line(struct cursor *cursor)
{
	const uint8_t *end = cursor->ok ? memchr(cursor->at, '\r', (size_t)(cursor->end - cursor->at)) : NULL;
	if (!end || end + 2 > cursor->end) {
		cursor->ok = false;
		return BYTES_NONE;
	}
	struct bytes found = bytes_of(cursor->at, (size_t)(end - cursor->at));
	cursor->at = end + 2;
	return found;
}

static int64_t number(struct cursor *cursor)
{
	struct bytes text = line(cursor);
	struct err ignored;
	int64_t value = 0;
	if (text.len < 2 || FAILED(text_int(bytes_of(text.at + 1, text.len - 1), -1, INT32_MAX, &value, &ignored)))
		cursor->ok = false;
	return value;
}

static struct bytes bulk(struct cursor *cursor)
{
	int64_t len = number(cursor);
	if (!cursor->ok || len < 0 || cursor->end - cursor->at < len + 2) {
		cursor->ok = false;
		return BYTES_NONE;
	}
	struct bytes found = bytes_of(cursor->at, (size_t)len);
	cursor->at += len + 2;
	return found;
}

/* Past one answer, whatever it is. */
static void skip(struct cursor *cursor)
{
	int64_t left[REDIS_DEPTH] = {1};
	int depth = 0;
	while (cursor->ok && depth >= 0) {
		if (left[depth]-- == 0) {
			depth--;
		} else if (cursor->at == cursor->end) {
			cursor->ok = false;
		} else if (*cursor->at == '$') {
			bulk(cursor);
		} else if (*cursor->at == '*' && depth + 1 < REDIS_DEPTH) {
			left[++depth] = number(cursor);
		} else {
			line(cursor);
		}
	}
}

static void put_command(struct peer *peer, size_t words, const char *first, const char *second)
{
	buf_printf(&peer->out, "*%zu\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", words, strlen(first), first, strlen(second), second);
}

static void put_word(struct peer *peer, const char *word)
{
	buf_printf(&peer->out, "$%zu\r\n%s\r\n", strlen(word), word);
}

static void put_words(struct peer *peer, const char *const *words)
{
	for (; *words; words++)
		put_word(peer, *words);
}

static void ask(struct peer *peer)
{
	put_command(peer, 11, "XREADGROUP", "GROUP");
	put_words(peer, (const char *const[]){"all", "one", "COUNT", "256", "BLOCK", "0", "STREAMS", peer->queue, ">", NULL});
}

static void redis_open(struct peer *peer)
{
	if (peer->sends) {
		peer->is_ready = true;
		return;
	}
	put_command(peer, 6, "XGROUP", "CREATE");
	put_words(peer, (const char *const[]){peer->queue, "all", "0", "MKSTREAM", NULL});
}

/* One command for all that came at once, as the server's own clients can. */
static void take(struct peer *peer, struct cursor cursor)
{
	size_t count = 0;
	number(&cursor); /* streams: one */
	number(&cursor); /* its name, its entries */
	bulk(&cursor);
	int64_t entries = number(&cursor);
	buf_clear(&peer->scratch);
	for (int64_t i = 0; i < entries && cursor.ok; i++) {
		number(&cursor);
		struct bytes id = bulk(&cursor);
		number(&cursor);
		bulk(&cursor);
		struct bytes body = bulk(&cursor);
		buf_printf(&peer->scratch, "$%zu\r\n%.*s\r\n", id.len, (int)id.len, (const char *)id.at);
		peer_taken(peer, body);
		count++;
	}
	if (!cursor.ok)
		peer_fail(peer, "entries", BYTES_NONE);
	put_command(peer, 3 + count, "XACK", peer->queue);
	put_word(peer, "all");
	buf_add(&peer->out, buf_bytes(&peer->scratch));
	put_command(peer, 2 + count, "XDEL", peer->queue);
	buf_add(&peer->out, buf_bytes(&peer->scratch));
	ask(peer);
}

static size_t redis_read(struct peer *peer, struct bytes in)
{
	struct cursor cursor = {in.at, in.at + in.len, true};
	const uint8_t *done = in.at;
	while (cursor.at < cursor.end) {
		skip(&cursor);
		if (!cursor.ok)
			break;
		if (*done == '-')
			peer_fail(peer, "refused", bytes_of(done, (size_t)(cursor.at - done)));
		if (peer->sends) {
			peer_acknowledged(peer, 1);
		} else if (*done == '*') {
			take(peer, (struct cursor){done, cursor.at, true});
		} else if (*done == '+') {
			peer->is_ready = true;
			ask(peer);
		}
		done = cursor.at;
	}
	return (size_t)(done - in.at);
}

static void redis_publish(struct peer *peer, struct bytes body)
{
	put_command(peer, 5, "XADD", peer->queue);
	put_word(peer, "*");
	put_word(peer, "body");
	buf_printf(&peer->out, "$%zu\r\n", body.len);
	buf_add(&peer->out, body);
	buf_add_text(&peer->out, "\r\n");
}

const struct peer_protocol peer_redis = {"redis", false, redis_open, redis_read, redis_publish};
