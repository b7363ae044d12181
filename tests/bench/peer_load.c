/* The load generator for other brokers: mutual TLS 1.3, N queues with a sender and a receiver each, the same stamp, window, and way of counting as bench_load, and
 * the same line of JSON. It ends when all are acknowledged to their senders, and taken.
 *
 *   bench_peer PROTOCOL PORT CERTIFICATE KEY CA COUNT BYTES RATE WINDOW QUEUES     PROTOCOL: redis, amqp, nats, mqtt; of 127.0.0.1 */
#include "peer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { QUEUES_MAX = 64, OUT_MAX = 256 << 20, OUT_ENOUGH = 1 << 20, IN_MAX = 64 << 20, PIECE = 16384, STALL_MS = 30000, STAMP = 20 };

struct link {
	struct peer peer;
	SSL *ssl;
	int fd;
	bool is_full; /* the socket takes nothing more */
	struct buf in;
};

struct queue {
	struct link *sender, *receiver;
	int64_t sent, acknowledged, taken;
};

static struct load {
	SSL_CTX *context;
	uint16_t port;
	const struct peer_protocol *protocol;
	struct queue queues[QUEUES_MAX];
	size_t queues_count, bytes;
	int64_t count, rate, window;
	int64_t sent, acknowledged, taken, began_us, progress_ms;
	int64_t *latencies_us;
	char *body;
} load;

void peer_fail(const struct peer *peer, const char *what, struct bytes words)
{
	char safe[400];
	fprintf(stderr, "bench_peer: %s: %s %s %s\n", peer ? peer->protocol->name : "", peer && peer->sends ? "sender:" : "receiver:", what,
	        text_safe(words, safe, sizeof(safe)));
	exit(1);
}

void peer_put(struct buf *out, uint64_t value, size_t width)
{
	while (width--)
		buf_add_byte(out, (uint8_t)(value >> (8 * width)));
}

uint64_t peer_get(const uint8_t *at, size_t width)
{
	uint64_t value = 0;
	for (size_t i = 0; i < width; i++)
		value = value << 8 | at[i];
	return value;
}

void peer_acknowledged(struct peer *peer, int64_t count)
{
	load.queues[peer->number].acknowledged += count;
	load.acknowledged += count;
}

void peer_taken(struct peer *peer, struct bytes body)
{
	int64_t stamp = 0;
	struct err ignored;
	if (body.len != load.bytes || FAILED(text_int(bytes_of(body.at, STAMP - 1), 0, INT64_MAX, &stamp, &ignored)))
		peer_fail(peer, "not what was sent", bytes_of(body.at, body.len < STAMP ? body.len : STAMP));
	load.queues[peer->number].taken++;
	if (load.taken < load.count)
		load.latencies_us[load.taken++] = clock_mono_us() - stamp;
}

/* ── links ── */

static void read_greeting(const struct link *link)
{
	char byte = 0;
	while (byte != '\n')
		if (read(link->fd, &byte, 1) != 1)
			peer_fail(&link->peer, "no greeting", BYTES_NONE);
}

static struct link *dial(size_t number, bool sends)
{
	struct link *link = mem_alloc(sizeof(*link));
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(load.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int on = 1;
	link->peer = (struct peer){.protocol = load.protocol, .number = number, .sends = sends};
	snprintf(link->peer.queue, sizeof(link->peer.queue), "q%d-%zu", (int)getpid(), number);
	buf_init(&link->in, IN_MAX);
	buf_init(&link->peer.out, OUT_MAX);
	buf_init(&link->peer.scratch, IN_MAX);
	buf_init(&link->peer.body, IN_MAX);
	link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->fd < 0 || connect(link->fd, (const struct sockaddr *)&to, sizeof(to)) || setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		peer_fail(&link->peer, "cannot connect", BYTES_NONE);
	if (load.protocol->greets_in_plain)
		read_greeting(link);
	link->ssl = SSL_new(load.context);
	SSL_set_fd(link->ssl, link->fd);
	if (SSL_connect(link->ssl) != 1)
		peer_fail(&link->peer, "handshake", bytes_text(ERR_reason_error_string(ERR_peek_error())));
	fcntl(link->fd, F_SETFL, O_NONBLOCK);
	load.protocol->open(&link->peer);
	return link;
}

static void hang_up(struct link *link)
{
	SSL_shutdown(link->ssl);
	SSL_free(link->ssl);
	close(link->fd);
	buf_done(&link->in);
	buf_done(&link->peer.out);
	buf_done(&link->peer.scratch);
	buf_done(&link->peer.body);
	mem_free(link);
}

static bool would_wait(const struct link *link)
{
	int why = SSL_get_error(link->ssl, 0);
	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
		peer_fail(&link->peer, "the link ended", bytes_text(ERR_reason_error_string(ERR_peek_error())));
	return true;
}

static void write_out(struct link *link)
{
	struct buf *out = &link->peer.out;
	size_t at = 0, wrote = 0;
	link->is_full = false;
	while (at < out->len && !link->is_full) {
		size_t left = out->len - at;
		if (SSL_write_ex(link->ssl, out->at + at, left < PIECE ? left : PIECE, &wrote) == 1)
			at += wrote;
		else
			link->is_full = would_wait(link);
	}
	buf_drop(out, at);
}

static void read_in(struct link *link)
{
	size_t got = 0;
	bool is_more = true;
	for (int i = 0; i < 32 && is_more; i++) {
		uint8_t *room = buf_room(&link->in, 4 * PIECE);
		if (!room)
			peer_fail(&link->peer, "too long", BYTES_NONE);
		is_more = SSL_read_ex(link->ssl, room, 4 * PIECE, &got) == 1;
		if (is_more)
			buf_grew(&link->in, got);
		else
			would_wait(link);
	}
	buf_drop(&link->in, load.protocol->read(&link->peer, buf_bytes(&link->in)));
}

/* ── the load ── */

static int64_t due_us(void)
{
	return load.rate ? load.began_us + load.sent * 1000000 / load.rate : clock_mono_us();
}

static bool may_send(const struct queue *queue)
{
	int64_t through = queue->taken < queue->acknowledged ? queue->taken : queue->acknowledged;
	if (load.sent >= load.count || queue->sent - through >= load.window || queue->sender->peer.out.len > OUT_ENOUGH)
		return false;
	return load.rate == 0 || due_us() <= clock_mono_us();
}

static void send_some(struct queue *queue)
{
	for (int i = 0; i < 64 && may_send(queue); i++) {
		char stamp[32];
		snprintf(stamp, sizeof(stamp), "%019lld ", (long long)due_us());
		memcpy(load.body, stamp, STAMP);
		load.protocol->publish(&queue->sender->peer, bytes_of(load.body, load.bytes));
		queue->sent++;
		load.sent++;
	}
}

static void wait_and_move(struct link *const *links, size_t count, int wait_ms)
{
	struct pollfd fds[2 * QUEUES_MAX];
	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = links[i]->fd, .events = (short)(POLLIN | (links[i]->is_full ? POLLOUT : 0))};
	if (poll(fds, count, wait_ms) < 0)
		peer_fail(NULL, "poll", BYTES_NONE);
	for (size_t i = 0; i < count; i++) {
		if (fds[i].revents & (POLLIN | POLLHUP | POLLERR))
			read_in(links[i]);
		if (links[i]->peer.out.len)
			write_out(links[i]);
	}
}

static void open_all(struct link **links, bool sends)
{
	int64_t until = clock_mono_ms() + STALL_MS;
	bool is_ready = false;
	for (size_t i = 0; i < load.queues_count; i++) {
		links[i] = dial(i, sends);
		write_out(links[i]);
	}
	while (!is_ready) {
		if (clock_mono_ms() > until)
			peer_fail(&links[0]->peer, "does not get ready", BYTES_NONE);
		wait_and_move(links, load.queues_count, 10);
		is_ready = true;
		for (size_t i = 0; i < load.queues_count; i++)
			is_ready = is_ready && links[i]->peer.is_ready;
	}
}

static bool is_whole(void)
{
	return load.taken == load.count && load.acknowledged == load.count;
}

static void turn(struct link *const *links)
{
	int64_t before = load.sent + load.acknowledged + load.taken;
	for (size_t i = 0; i < load.queues_count; i++)
		send_some(&load.queues[i]);
	wait_and_move(links, 2 * load.queues_count, load.sent + load.acknowledged + load.taken > before ? 0 : 1);
	if (load.sent + load.acknowledged + load.taken > before)
		load.progress_ms = clock_mono_ms();
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void report(void)
{
	double seconds = (double)(clock_mono_us() - load.began_us) / 1e6;
	int64_t *l = load.latencies_us;
	size_t n = (size_t)load.count;
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	double cpu_us = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
	qsort(l, n, sizeof(*l), by_size);
	printf("{\"messages\": %zu, \"seconds\": %.3f, \"per_second\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"cpu_us\": %.2f}\n", n, seconds,
	       (double)n / seconds, (double)l[n / 2] / 1e3, (double)l[n * 99 / 100] / 1e3, (double)l[n - 1] / 1e3, cpu_us / (double)n);
}

static int run(void)
{
	struct link *links[2 * QUEUES_MAX];
	open_all(links, false);
	open_all(links + load.queues_count, true);
	for (size_t i = 0; i < load.queues_count; i++)
		load.queues[i] = (struct queue){.receiver = links[i], .sender = links[load.queues_count + i]};
	load.began_us = clock_mono_us();
	load.progress_ms = clock_mono_ms();
	while (!is_whole() && clock_mono_ms() - load.progress_ms < STALL_MS)
		turn(links);
	if (is_whole())
		report();
	else
		fprintf(stderr, "bench_peer: stopped at %lld sent, %lld acknowledged, %lld taken of %lld\n", (long long)load.sent, (long long)load.acknowledged,
		        (long long)load.taken, (long long)load.count);
	for (size_t i = 0; i < 2 * load.queues_count; i++)
		hang_up(links[i]);
	return is_whole() ? 0 : 1;
}

static int64_t number(const char *text, int64_t min, int64_t max)
{
	struct err why;
	int64_t value = 0;
	if (FAILED(text_int(bytes_text(text), min, max, &value, &why)))
		peer_fail(NULL, text, bytes_text(why.reason));
	return value;
}

static void set_context(char *const *papers)
{
	load.context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(load.context, TLS1_3_VERSION);
	SSL_CTX_set_mode(load.context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(load.context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_use_certificate_chain_file(load.context, papers[0]) != 1 || SSL_CTX_use_PrivateKey_file(load.context, papers[1], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_load_verify_locations(load.context, papers[2], NULL) != 1)
		peer_fail(NULL, "papers", bytes_text(papers[0]));
}

int main(int argc, char **argv)
{
	const struct peer_protocol *const protocols[] = {&peer_redis, &peer_amqp, &peer_nats, &peer_mqtt};
	for (size_t i = 0; argc == 11 && i < sizeof(protocols) / sizeof(*protocols); i++)
		if (!strcmp(argv[1], protocols[i]->name))
			load.protocol = protocols[i];
	if (!load.protocol) {
		fprintf(stderr, "Usage: bench_peer redis|amqp|nats|mqtt PORT CERTIFICATE KEY CA COUNT BYTES RATE WINDOW QUEUES\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	load.port = (uint16_t)number(argv[2], 1, 65535);
	set_context(argv + 3);
	load.count = number(argv[6], 1, INT32_MAX);
	load.bytes = (size_t)number(argv[7], STAMP, 8 << 20);
	load.rate = number(argv[8], 0, 1000000);
	load.window = number(argv[9], 1, PEER_MARKS - 1);
	load.queues_count = (size_t)number(argv[10], 1, QUEUES_MAX);
	load.latencies_us = mem_array((size_t)load.count + 1, sizeof(*load.latencies_us));
	load.body = mem_alloc(load.bytes + 1);
	memset(load.body, 'x', load.bytes);
	int code = run();
	mem_free(load.latencies_us);
	mem_free(load.body);
	SSL_CTX_free(load.context);
	return code;
}
