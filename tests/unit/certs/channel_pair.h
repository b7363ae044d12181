/* Two channels on one loop, over a loopback connection, and what the tests of channels and streams need around them: an authority
 * with everybody's certificates, ends that write down what happens to them, and peers that are no channels. */
#ifndef TESTS_CHANNEL_PAIR_H
#define TESTS_CHANNEL_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/channel.h"
#include "certs/pki.h"

#define HUB "us.ct.hub"
#define PARTY "ct.doc.facility.osborn"

static inline void fine(result got, const struct err *err)
{
	if (FAILED(got))
		fail_msg("%s: %s: %s", code_text(err->code), err->field, err->reason);
}

/* --- the authority and its files, made once for a program --- */

struct files {
	char folder[64];
	char path[160];
};

static struct files files;

static inline const char *file_in(const char *name, char into[static 160])
{
	snprintf(into, 160, "%s/%s", files.folder, name);
	return into;
}

static inline void issue_file(const char *authority, const char *out, enum trust_purpose purpose, int64_t not_before_ms,
                              int64_t lifetime_ms)
{
	static const char *const hosts[] = {"localhost", "hub.example", "127.0.0.1"};
	bool hub = purpose == TRUST_TLS_HUB || purpose == TRUST_SIGN_HUB;
	struct pki_subject subject = {.purpose = purpose,
	                              .party = hub ? HUB : PARTY,
	                              .hosts = hub ? hosts : NULL,
	                              .hosts_count = hub ? 3 : 0,
	                              .key = KEY_P256,
	                              .not_before_ms = not_before_ms,
	                              .lifetime_ms = lifetime_ms};
	char folder[160], to[160];
	struct err err = {0};

	fine(pki_issue(file_in(authority, folder), &subject, file_in(out, to), &err), &err);
}

static inline void revoke_file(const char *authority, const char *name)
{
	char folder[160], certificate[160], pem[96];
	struct err err = {0};

	snprintf(pem, sizeof(pem), "%s.pem", name);
	fine(pki_revoke(file_in(authority, folder), file_in(pem, certificate), "keyCompromise", &err), &err);
}

static inline int make_files(void **state)
{
	const int64_t day = 86400000, now = clock_wall_ms();
	char folder[160];
	struct err err = {0};

	(void)state;
	snprintf(files.folder, sizeof(files.folder), "/tmp/liaison-channel-XXXXXX");
	assert_non_null(mkdtemp(files.folder));
	fine(pki_init(file_in("ca", folder), "Test authority", KEY_P256, 0, &err), &err);
	fine(pki_init(file_in("other", folder), "Another authority", KEY_P256, 0, &err), &err);
	issue_file("ca", "hub", TRUST_TLS_HUB, 0, 0);
	issue_file("ca", "hub-revoked", TRUST_TLS_HUB, 0, 0);
	issue_file("ca", "hub-expired", TRUST_TLS_HUB, now - 3 * day, day);
	issue_file("ca", "party", TRUST_TLS_PARTY, 0, 0);
	issue_file("ca", "expired", TRUST_TLS_PARTY, now - 3 * day, day);
	issue_file("ca", "early", TRUST_TLS_PARTY, now + day, day);
	issue_file("ca", "revoked", TRUST_TLS_PARTY, 0, 0);
	issue_file("ca", "signing", TRUST_SIGN_PARTY, 0, 0);
	issue_file("other", "stranger", TRUST_TLS_PARTY, 0, 0);
	issue_file("other", "hub-stranger", TRUST_TLS_HUB, 0, 0);
	revoke_file("ca", "revoked");
	revoke_file("ca", "hub-revoked");
	return 0;
}

static inline int drop_file(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
	(void)about;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline int drop_files(void **state)
{
	(void)state;
	return nftw(files.folder, drop_file, 8, FTW_DEPTH | FTW_PHYS);
}

static inline struct trust *trust_of(const char *authority)
{
	char ca[160], crl[160], name[64];
	struct trust *trust = NULL;
	struct err err = {0};

	snprintf(name, sizeof(name), "%s/ca.pem", authority);
	const char *ca_file = file_in(name, ca);
	snprintf(name, sizeof(name), "%s/crl.pem", authority);
	const char *crl_file = file_in(name, crl);
	fine(trust_load(&ca_file, 1, &crl_file, 1, &trust, &err), &err);
	return trust;
}

static inline struct tls *tls_of(bool serves, const char *name, const char *authority)
{
	char file[96], certificate[160], key[160];
	struct trust *trust = trust_of(authority);
	struct tls *tls = NULL;
	struct err err = {0};

	snprintf(file, sizeof(file), "%s.pem", name);
	file_in(file, certificate);
	snprintf(file, sizeof(file), "%s.key", name);
	file_in(file, key);
	fine(serves ? tls_server_new(certificate, key, trust, &tls, &err) : tls_client_new(certificate, key, trust, &tls, &err),
	     &err);
	trust_unref(trust);
	return tls;
}

/* --- an end, and what it saw --- */

struct end {
	struct channel *channel;
	struct buf got; /* the frames' contents, one after the other */
	size_t frames, opened, drained, closed;
	size_t last_len;
	struct err why;
	char party[TRUST_NAME_MAX];
	bool pause_at_frame, free_at_open, free_at_frame, free_at_drained, answer;
};

static inline void end_free(struct end *end)
{
	channel_free(end->channel);
	end->channel = NULL;
}

static inline void end_on_open(void *ctx, struct signer *peer)
{
	struct end *end = ctx;

	end->opened++;
	snprintf(end->party, sizeof(end->party), "%s", signer_party(peer));
	if (end->free_at_open)
		end_free(end);
}

static inline void end_on_frame(void *ctx, struct bytes frame)
{
	struct end *end = ctx;
	struct err err;

	end->frames++;
	end->last_len = frame.len;
	if (end->answer)
		fine(channel_send(end->channel, frame, &err), &err);
	if (end->pause_at_frame)
		channel_pause(end->channel, true);
	if (end->free_at_frame)
		end_free(end);
	/* After the channel went: the frame is good until this returns. */
	buf_add(&end->got, frame);
}

static inline void end_on_drained(void *ctx)
{
	struct end *end = ctx;

	end->drained++;
	if (end->free_at_drained)
		end_free(end);
}

static inline void end_on_closed(void *ctx, const struct err *why)
{
	struct end *end = ctx;

	end->closed++;
	end->why = *why;
	end_free(end);
}

static const struct channel_events end_events = {end_on_open, end_on_frame, end_on_drained, end_on_closed};
static const struct channel_limits usual_limits = {
	.frame_max = 1 << 20, .queue_max = 4 << 20, .handshake_ms = 5000, .stall_ms = 5000};

/* --- the pair --- */

struct pair {
	struct loop *loop;
	struct tls *server_tls, *client_tls;
	struct end server, client;
	int listener;
	struct sockaddr_in at;
	int raw_fd; /* the far end of a connection with one channel only */
	SSL *raw;
	SSL_CTX *raw_context;
};

/* Turns the loop until the condition holds; a limit ends a test that would wait for ever. */
#define UNTIL(pair, condition)                                                                                                   \
	do {                                                                                                                     \
		const int64_t until_start = clock_mono_ms();                                                                     \
		while (!(condition)) {                                                                                           \
			if (clock_mono_ms() - until_start > 20000)                                                               \
				fail_msg("waited in vain for: %s", #condition);                                                  \
			loop_run_once((pair)->loop, 10);                                                                         \
		}                                                                                                                \
	} while (0)

static inline void pair_listen(struct pair *pair)
{
	socklen_t len = sizeof(pair->at);

	pair->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pair->at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(pair->listener, (struct sockaddr *)&pair->at, sizeof(pair->at)), 0);
	assert_int_equal(listen(pair->listener, 8), 0);
	assert_int_equal(getsockname(pair->listener, (struct sockaddr *)&pair->at, &len), 0);
}

static inline void pair_init(struct pair *pair, const char *server, const char *server_trusts, const char *client,
                             const char *client_trusts)
{
	*pair = (struct pair){.raw_fd = -1};
	pair->loop = loop_new();
	pair->server_tls = tls_of(true, server, server_trusts);
	pair->client_tls = tls_of(false, client, client_trusts);
	buf_init(&pair->server.got, 64 << 20);
	buf_init(&pair->client.got, 64 << 20);
	pair_listen(pair);
}

static inline void pair_done(struct pair *pair)
{
	end_free(&pair->server);
	end_free(&pair->client);
	buf_done(&pair->server.got);
	buf_done(&pair->client.got);
	SSL_free(pair->raw);
	SSL_CTX_free(pair->raw_context);
	if (pair->raw_fd >= 0)
		close(pair->raw_fd);
	close(pair->listener);
	tls_unref(pair->server_tls);
	tls_unref(pair->client_tls);
	loop_free(pair->loop);
	ERR_clear_error();
}

static inline void pair_accept(struct pair *pair, int fd, const struct channel_limits *limits)
{
	struct err err = {0};

	fine(channel_accept(pair->loop, pair->server_tls, fd, limits, &end_events, &pair->server, &pair->server.channel, &err),
	     &err);
}

static inline void pair_dial(struct pair *pair, const char *name, const char *hub, const struct channel_limits *limits)
{
	struct err err = {0};

	fine(channel_connect(pair->loop, pair->client_tls, (struct sockaddr *)&pair->at, sizeof(pair->at), name, hub, limits,
	                     &end_events, &pair->client, &pair->client.channel, &err),
	     &err);
}

static inline int pair_take(struct pair *pair)
{
	int fd = accept4(pair->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static inline void pair_connect(struct pair *pair, const char *name, const char *hub, const struct channel_limits *limits)
{
	pair_dial(pair, name, hub, limits);
	pair_accept(pair, pair_take(pair), limits);
}

static inline void pair_open_with(struct pair *pair, const struct channel_limits *limits)
{
	pair_init(pair, "hub", "ca", "party", "ca");
	pair_connect(pair, "localhost", HUB, limits);
	UNTIL(pair, pair->server.opened && pair->client.opened);
}

static inline void pair_open(struct pair *pair)
{
	pair_open_with(pair, &usual_limits);
}

static inline void send_bytes(struct end *end, struct bytes frame)
{
	struct err err = {0};

	fine(channel_send(end->channel, frame, &err), &err);
}

static inline size_t send_until_busy(struct end *end, struct bytes frame)
{
	size_t sent = 0;
	struct err err;

	for (;;) {
		result took = channel_send(end->channel, frame, &err);
		if (FAILED(took)) {
			assert_int_equal(took.code, CODE_BUSY);
			return sent;
		}
		sent++;
	}
}

/* Recognisable contents. */
static inline void fill(uint8_t *at, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)((i * 31 + (i >> 8) + seed) & 0xff);
}

static inline void assert_why(const struct end *end, enum code code, const char *fragment)
{
	assert_int_equal(end->closed, 1);
	if (end->why.code != code || strstr(end->why.reason, fragment) == NULL)
		fail_msg("closed with %s: %s, expected %s: …%s…", code_text(end->why.code), end->why.reason, code_text(code),
		         fragment);
}

/* --- a peer that is no channel: the library alone, at the far end of a socketpair with the server --- */

struct raw_options {
	int max_version;  /* 0: TLS 1.3 */
	const char *alpn; /* as on the wire; NULL: none */
	const char *name; /* of its certificate; NULL: none */
};

static inline void raw_begin(struct pair *pair, int fd, bool serves, const struct raw_options *options)
{
	char file[96], path[160];

	pair->raw_fd = fd;
	pair->raw_context = SSL_CTX_new(serves ? TLS_server_method() : TLS_client_method());
	if (options->max_version != 0)
		SSL_CTX_set_max_proto_version(pair->raw_context, options->max_version);
	if (options->alpn != NULL && !serves)
		SSL_CTX_set_alpn_protos(pair->raw_context, (const unsigned char *)options->alpn, (unsigned)strlen(options->alpn));
	if (options->name != NULL) {
		snprintf(file, sizeof(file), "%s.pem", options->name);
		assert_int_equal(SSL_CTX_use_certificate_chain_file(pair->raw_context, file_in(file, path)), 1);
		snprintf(file, sizeof(file), "%s.key", options->name);
		assert_int_equal(SSL_CTX_use_PrivateKey_file(pair->raw_context, file_in(file, path), SSL_FILETYPE_PEM), 1);
	}
	pair->raw = SSL_new(pair->raw_context);
	SSL_set_fd(pair->raw, fd);
	if (serves)
		SSL_set_accept_state(pair->raw);
	else
		SSL_set_connect_state(pair->raw);
}

static inline void raw_client(struct pair *pair, const struct raw_options *options, const struct channel_limits *limits)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	pair_accept(pair, fds[0], limits);
	raw_begin(pair, fds[1], false, options);
}

static inline bool raw_shook(struct pair *pair)
{
	ERR_clear_error();
	return SSL_do_handshake(pair->raw) == 1;
}

/* Reads until something comes or the connection ends: > 0 bytes, or <= 0 and *ret_reason the library's reason. */
static inline int raw_read(struct pair *pair, uint8_t *into, int size, int *ret_reason)
{
	int64_t start = clock_mono_ms();

	for (;;) {
		ERR_clear_error();
		int got = SSL_read(pair->raw, into, size);
		int error = SSL_get_error(pair->raw, got);
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
			*ret_reason = got > 0 ? 0 : ERR_GET_REASON(ERR_peek_last_error());
			return got;
		}
		if (clock_mono_ms() - start > 20000)
			fail_msg("the peer says nothing");
		loop_run_once(pair->loop, 10);
	}
}

static const struct raw_options raw_good = {.alpn = "\x09" TLS_ALPN, .name = "party"};

static inline void raw_open(struct pair *pair, const struct channel_limits *limits)
{
	pair_init(pair, "hub", "ca", "party", "ca");
	raw_client(pair, &raw_good, limits);
	UNTIL(pair, raw_shook(pair) && pair->server.opened);
}

#endif
