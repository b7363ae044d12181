/* Many light links to a hub: each a party with papers of its own that dials from an address of its own, shows its certificate, says HELLO, hears WELCOME, and from
 * then on answers PINGs. One line of JSON once all are up. A line on stdin lets all of them go and come again at once; its end ends them.
 *
 *   bench_links FOLDER PORT COUNT AT_ONCE
 *
 * FOLDER has ca.pem and for each link N tls-N.pem, tls-N.key and signing-N.pem of the party bench.linkN. AT_ONCE are on their way at a time, at first; then all.
 * What the hub refuses comes again a little later, as an adapter does, and is counted. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINKS_EVENTS = 256, LINKS_IN = 16384, LINKS_AGAIN_MS = 100, LINKS_LIMIT_MS = 300000, LINKS_HEAD = 4 };

enum state { AWAY, CONNECTING, SHAKING, GREETING, UP };

struct one {
	size_t number;
	enum state state;
	int fd;
	SSL *ssl;
	X509 *certificate;
	EVP_PKEY *key;
	struct buf hello, in;
	int64_t again_ms; /* not before */
};

static struct {
	SSL_CTX *context;
	struct one *links;
	size_t count, at_once, on_way, up, refused;
	uint16_t port;
	int events;
	int64_t began_us;
	int64_t *latencies_us;
} all;

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench_links: %s: %s\n", what, why ? why : "");
	exit(1);
}

/* ── papers ── */

static X509 *read_certificate(const char *path)
{
	FILE *file = fopen(path, "r");
	X509 *found = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	if (!found)
		fail(path, "no certificate");
	fclose(file);
	return found;
}

static EVP_PKEY *read_key(const char *path)
{
	FILE *file = fopen(path, "r");
	EVP_PKEY *found = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
	if (!found)
		fail(path, "no key");
	fclose(file);
	return found;
}

static void make_hello(struct one *link, const char *signing)
{
	char party[32];
	uint8_t *der = NULL;
	X509 *certificate = read_certificate(signing);
	int len = i2d_X509(certificate, &der);
	snprintf(party, sizeof(party), "bench.link%zu", link->number);
	const struct frame_hello hello = {.version = FRAME_VERSION, .party = bytes_text(party), .chain = {bytes_of(der, (size_t)len)}, .chain_count = 1,
	                                  .software = bytes_text("bench_links")};
	struct buf frame;
	buf_init(&frame, FRAME_CERT_MAX * 2);
	buf_init(&link->hello, FRAME_CERT_MAX * 2);
	frame_hello_encode(&hello, &frame);
	const uint8_t head[LINKS_HEAD] = {(uint8_t)(frame.len >> 24), (uint8_t)(frame.len >> 16), (uint8_t)(frame.len >> 8), (uint8_t)frame.len};
	buf_add(&link->hello, bytes_of(head, sizeof(head)));
	buf_add(&link->hello, buf_bytes(&frame));
	buf_done(&frame);
	OPENSSL_free(der);
	X509_free(certificate);
}

static void read_papers(struct one *link, const char *folder)
{
	AUTO_FREE char *certificate = mem_printf("%s/tls-%zu.pem", folder, link->number), *key = mem_printf("%s/tls-%zu.key", folder, link->number),
		       *signing = mem_printf("%s/signing-%zu.pem", folder, link->number);
	link->certificate = read_certificate(certificate);
	link->key = read_key(key);
	make_hello(link, signing);
}

/* ── one link ── */

static void let_go(struct one *link)
{
	if (link->state == UP)
		all.up--;
	else if (link->state != AWAY)
		all.on_way--;
	SSL_free(link->ssl);
	link->ssl = NULL;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	link->state = AWAY;
	buf_done(&link->in);
	buf_init(&link->in, 1 << 20);
}

static void refused(struct one *link)
{
	if (!all.refused++)
		fprintf(stderr, "bench_links: the first refusal, in state %d: %s\n", (int)link->state, strerror(errno));
	ERR_clear_error();
	let_go(link);
	link->again_ms = clock_mono_ms() + LINKS_AGAIN_MS;
}

static void watch(struct one *link, uint32_t what, int how)
{
	struct epoll_event event = {.events = what, .data.ptr = link};
	if (epoll_ctl(all.events, how, link->fd, &event))
		fail("epoll_ctl", strerror(errno));
}

/* From 127.1.x.y: to the hub, each is a host of its own. */
static void dial(struct one *link)
{
	const uint32_t source = 0x7f010001u + (uint32_t)link->number;
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(all.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0 || bind(link->fd, (const struct sockaddr *)&from, sizeof(from)))
		fail("socket", strerror(errno));
	link->state = CONNECTING;
	all.on_way++;
	if (connect(link->fd, (const struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS)
		refused(link);
	else
		watch(link, EPOLLOUT, EPOLL_CTL_ADD);
}

static void begin_tls(struct one *link)
{
	link->ssl = SSL_new(all.context);
	if (!link->ssl || SSL_use_certificate(link->ssl, link->certificate) != 1 || SSL_use_PrivateKey(link->ssl, link->key) != 1)
		fail("papers", ERR_reason_error_string(ERR_peek_error()));
	SSL_set_fd(link->ssl, link->fd);
	SSL_set_connect_state(link->ssl);
	link->state = SHAKING;
	watch(link, EPOLLIN, EPOLL_CTL_MOD);
}

/* Short words into an empty socket; they always fit. */
static void say(struct one *link, struct bytes words)
{
	size_t wrote = 0;
	if (SSL_write_ex(link->ssl, words.at, words.len, &wrote) != 1)
		refused(link);
}

static void answer_ping(struct one *link, struct bytes ping)
{
	struct buf frame;
	struct err ignored;
	int64_t nonce = 0;
	if (FAILED(frame_ping_decode(ping, &nonce, &ignored)))
		return;
	buf_init(&frame, 64);
	buf_add(&frame, BYTES_LIT("\0\0\0\0"));
	frame_ping_encode(FRAME_PONG, nonce, &frame);
	frame.at[LINKS_HEAD - 1] = (uint8_t)(frame.len - LINKS_HEAD);
	say(link, buf_bytes(&frame));
	buf_done(&frame);
}

static void hear(struct one *link, struct bytes frame)
{
	enum frame_kind kind = FRAME_BYE;
	struct err why;
	if (FAILED(frame_kind_of(frame, &kind, &why)))
		fail("frame", why.reason);
	if (kind == FRAME_WELCOME && link->state == GREETING) {
		link->state = UP;
		all.on_way--;
		all.latencies_us[all.up++] = clock_mono_us() - all.began_us;
	} else if (kind == FRAME_PING) {
		answer_ping(link, frame);
	}
}

static void hear_all(struct one *link)
{
	while (link->state >= GREETING && link->in.len >= LINKS_HEAD) {
		const uint8_t *at = link->in.at;
		size_t len = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
		if (link->in.len < LINKS_HEAD + len)
			return;
		hear(link, bytes_of(at + LINKS_HEAD, len));
		if (link->state >= GREETING)
			buf_drop(&link->in, LINKS_HEAD + len);
	}
	if (!link->in.len) { /* an idle link holds no buffer here either */
		buf_done(&link->in);
		buf_init(&link->in, 1 << 20);
	}
}

static void read_in(struct one *link)
{
	uint8_t piece[LINKS_IN];
	size_t got = 0;
	while (link->state >= GREETING && SSL_read_ex(link->ssl, piece, sizeof(piece), &got) == 1) {
		buf_add(&link->in, bytes_of(piece, got));
		hear_all(link);
	}
	if (link->state >= GREETING && SSL_get_error(link->ssl, 0) != SSL_ERROR_WANT_READ)
		refused(link);
}

static void shake(struct one *link)
{
	int done = SSL_do_handshake(link->ssl), why = done == 1 ? SSL_ERROR_NONE : SSL_get_error(link->ssl, done);
	if (why == SSL_ERROR_WANT_READ)
		return;
	if (why != SSL_ERROR_NONE) {
		refused(link);
		return;
	}
	link->state = GREETING;
	say(link, buf_bytes(&link->hello));
	if (link->state == GREETING)
		read_in(link);
}

static void move_on(struct one *link)
{
	int broken = 0;
	socklen_t len = sizeof(broken);
	if (link->state == CONNECTING) {
		getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &broken, &len);
		errno = broken;
		if (broken) {
			refused(link);
			return;
		}
		begin_tls(link);
	}
	if (link->state == SHAKING)
		shake(link);
	else if (link->state >= GREETING)
		read_in(link);
}

/* ── all of them ── */

static void dial_some(void)
{
	int64_t now = clock_mono_ms();
	for (size_t i = 0; i < all.count && all.on_way < all.at_once; i++)
		if (all.links[i].state == AWAY && all.links[i].again_ms <= now)
			dial(&all.links[i]);
}

/* False when stdin has something. */
static bool turn(int wait_ms)
{
	struct epoll_event events[LINKS_EVENTS];
	bool is_quiet = true;
	int count = epoll_wait(all.events, events, LINKS_EVENTS, wait_ms);
	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr)
			move_on(events[i].data.ptr);
		else
			is_quiet = false;
	}
	return is_quiet;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static double cpu_us(void)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void connect_all(void)
{
	int64_t until = clock_mono_ms() + LINKS_LIMIT_MS;
	double before_us = cpu_us();
	all.refused = 0;
	all.began_us = clock_mono_us();
	while (all.up < all.count) {
		if (clock_mono_ms() > until)
			fail("not all came in", NULL);
		dial_some();
		turn(5);
	}
	double seconds = (double)(clock_mono_us() - all.began_us) / 1e6;
	qsort(all.latencies_us, all.count, sizeof(*all.latencies_us), by_size);
	printf("{\"links\": %zu, \"seconds\": %.3f, \"per_second\": %.1f, \"refused\": %zu, \"p50_ms\": %.1f, \"p99_ms\": %.1f, \"cpu_us\": %.1f}\n", all.count, seconds,
	       (double)all.count / seconds, all.refused, (double)all.latencies_us[all.count / 2] / 1e3, (double)all.latencies_us[all.count * 99 / 100] / 1e3,
	       (cpu_us() - before_us) / (double)all.count);
	fflush(stdout);
}

static void stay(void)
{
	char line[16];
	for (;;) {
		dial_some(); /* whom the hub let go */
		if (turn(1000))
			continue;
		if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
			return;
		for (size_t i = 0; i < all.count; i++)
			let_go(&all.links[i]);
		all.at_once = all.count;
		connect_all();
	}
}

static int64_t number(const char *text, int64_t max)
{
	struct err why;
	int64_t value = 0;
	if (FAILED(text_int(bytes_text(text), 1, max, &value, &why)))
		fail(text, why.reason);
	return value;
}

static void set_context(const char *folder)
{
	AUTO_FREE char *ca = mem_printf("%s/ca.pem", folder);
	static const uint8_t protocol[] = "\x09liaison/1";
	all.context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(all.context, TLS1_3_VERSION);
	SSL_CTX_set_mode(all.context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify(all.context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_locations(all.context, ca, NULL) != 1 || SSL_CTX_set_alpn_protos(all.context, protocol, sizeof(protocol) - 1))
		fail(ca, ERR_reason_error_string(ERR_peek_error()));
}

int main(int argc, char **argv)
{
	struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
	if (argc != 5) {
		fprintf(stderr, "Usage: bench_links FOLDER PORT COUNT AT_ONCE\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	set_context(argv[1]);
	all.port = (uint16_t)number(argv[2], 65535);
	all.count = (size_t)number(argv[3], 60000);
	all.at_once = (size_t)number(argv[4], 60000);
	all.links = mem_array(all.count, sizeof(*all.links));
	all.latencies_us = mem_array(all.count, sizeof(*all.latencies_us));
	all.events = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(all.events, EPOLL_CTL_ADD, STDIN_FILENO, &input);
	for (size_t i = 0; i < all.count; i++) {
		all.links[i] = (struct one){.number = i, .fd = -1};
		buf_init(&all.links[i].in, 1 << 20);
		read_papers(&all.links[i], argv[1]);
	}
	connect_all();
	stay();
	for (size_t i = 0; i < all.count; i++) {
		let_go(&all.links[i]);
		buf_done(&all.links[i].hello);
		X509_free(all.links[i].certificate);
		EVP_PKEY_free(all.links[i].key);
	}
	SSL_CTX_free(all.context);
	mem_free(all.latencies_us);
	mem_free(all.links);
	return 0;
}
