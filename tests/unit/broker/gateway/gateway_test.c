#include "unit/broker/hub_fixture.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/loop.h"
#include "base/pack.h"
#include "broker/gateway/gateway.h"
#include "certs/channel.h"
#include "certs/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>

enum { ADAPTERS = 4, WAIT_MS = 20000 };

/* An adapter's end of a link, and what it heard. */
struct adapter {
	struct channel *channel;
	struct tls *tls;
	bool open, closed, is_deaf; /* deaf: answers no PING */
	size_t kinds[FRAME_KIND_COUNT];
	enum code bye;
	struct err why;
	int64_t credit;
};

/* A real gateway in a thread of its own; the core is the test. */
struct rig {
	struct hub_fixture hub;
	struct wires *wires;
	struct wire *core;
	int port;
	struct gateway *gateway;
	pthread_t thread;
	bool joined;
	struct loop *loop;
	struct adapter adapters[ADAPTERS];
};

#define UNTIL(rig, condition)                                                                                                    \
	do {                                                                                                                     \
		const int64_t until_start = clock_mono_ms();                                                                     \
		while (!(condition)) {                                                                                           \
			if (clock_mono_ms() - until_start > WAIT_MS)                                                             \
				fail_msg("waited in vain for: %s", #condition);                                                  \
			loop_run_once((rig)->loop, 5);                                                                           \
		}                                                                                                                \
	} while (0)

static void *run(void *gateway)
{
	gateway_run(gateway);
	return NULL;
}

static void swallow(const char *line, size_t len, void *ctx)
{
	(void)line;
	(void)len;
	(void)ctx;
}

static void rig_new(struct rig *rig, const char *limits)
{
	const struct wire_options small = {.high_water = 1};
	struct err err;
	log_capture(swallow, NULL);
	hub_fixture_new(&rig->hub, &(struct hub_config){.limits = limits});
	rig->wires = wires_new();
	rig->loop = loop_new();
	struct wire *own = NULL;
	struct mandate *mandate = hub_fixture_mandate(rig->hub.snapshot);
	int listen = -1;
	pki_fixture_fine(wire_bind(rig->wires, WIRE_PAIR, "inproc://core", &small, &rig->core, &err), &err);
	pki_fixture_fine(wire_connect(rig->wires, WIRE_PAIR, "inproc://core", &small, &own, &err), &err);
	pki_fixture_fine(socket_listen("127.0.0.1:0", &listen, &err), &err);
	rig->port = socket_port(listen);
	rig->gateway = gateway_new(own, mandate, 3, job_first_serial(7), listen);
	mandate_unref(mandate);
	assert_int_equal(pthread_create(&rig->thread, NULL, run, rig->gateway), 0);
}

static int make(void **state)
{
	*state = mem_alloc(sizeof(struct rig));
	return 0;
}

static void give(struct rig *rig, struct job *job)
{
	struct err err;
	pki_fixture_fine(job_give(rig->core, &job, true, &err), &err);
}

/* The next job of the gateway but for its pulse; NULL: none yet. */
static struct job *heard(struct rig *rig)
{
	struct job *job;
	while ((job = job_take(rig->core, 0)) && job->kind == JOB_PULSE)
		job_free(job);
	return job;
}

static int drop(void **state)
{
	struct rig *rig = *state;
	struct job *job;
	if (!rig->joined) {
		give(rig, job_new(JOB_STOP, 0));
		give(rig, job_new(JOB_STOP, 0));
		pthread_join(rig->thread, NULL);
	}
	for (int i = 0; i < ADAPTERS; i++) {
		channel_free(rig->adapters[i].channel);
		tls_unref(rig->adapters[i].tls);
	}
	gateway_free(rig->gateway);
	while ((job = heard(rig)))
		job_free(job);
	wire_free(rig->core);
	loop_free(rig->loop);
	wires_free(rig->wires);
	hub_fixture_done(&rig->hub);
	mem_free(rig);
	log_capture(NULL, NULL);
	return 0;
}

/* ── the adapter's end ── */

static void send_frame(struct adapter *adapter, const struct buf *frame)
{
	struct err err;
	pki_fixture_fine(channel_send(adapter->channel, buf_bytes(frame), &err), &err);
}

static void on_open(void *ctx, struct signer *peer)
{
	struct adapter *adapter = ctx;
	(void)peer;
	adapter->open = true;
}

static void on_frame(void *ctx, struct bytes frame)
{
	struct adapter *adapter = ctx;
	enum frame_kind kind;
	struct bytes reason;
	struct err err;
	int64_t number = 0;
	pki_fixture_fine(frame_kind_of(frame, &kind, &err), &err);
	adapter->kinds[kind]++;
	if (kind == FRAME_BYE)
		pki_fixture_fine(frame_bye_decode(frame, &adapter->bye, &reason, &err), &err);
	if (kind == FRAME_CREDIT) {
		pki_fixture_fine(frame_credit_decode(frame, &number, &err), &err);
		adapter->credit += number;
	}
	if (kind == FRAME_PING && !adapter->is_deaf) {
		struct buf pong;
		buf_init(&pong, 64);
		pki_fixture_fine(frame_ping_decode(frame, &number, &err), &err);
		frame_ping_encode(FRAME_PONG, number, &pong);
		send_frame(adapter, &pong);
		buf_done(&pong);
	}
}

static void on_closed(void *ctx, const struct err *why)
{
	struct adapter *adapter = ctx;
	adapter->closed = true;
	adapter->why = *why;
	channel_free(adapter->channel);
	adapter->channel = NULL;
}

static const struct channel_events adapter_events = {.on_open = on_open, .on_frame = on_frame, .on_closed = on_closed};

static struct adapter *dial(struct rig *rig, int index, const char *party)
{
	static const struct channel_limits limits = {.frame_max = 16 << 20, .queue_max = 64 << 20, .handshake_ms = 10000,
	                                             .stall_ms = 10000};
	struct adapter *adapter = &rig->adapters[index];
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)rig->port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char certificate[160], key[160];
	struct err err;
	snprintf(certificate, sizeof(certificate), "%s/%s-tls.pem", rig->hub.pki.folder, party);
	snprintf(key, sizeof(key), "%s/%s-tls.key", rig->hub.pki.folder, party);
	pki_fixture_fine(tls_client_new(certificate, key, rig->hub.snapshot->trust, &adapter->tls, &err), &err);
	pki_fixture_fine(channel_connect(rig->loop, adapter->tls, (struct sockaddr *)&at, sizeof(at), "localhost", HUB, &limits,
	                                 &adapter_events,
	                                 adapter, &adapter->channel, &err), &err);
	return adapter;
}

static struct adapter *dial_open(struct rig *rig, int index, const char *party)
{
	struct adapter *adapter = dial(rig, index, party);
	UNTIL(rig, adapter->open);
	return adapter;
}

static void say_hello(struct rig *rig, struct adapter *adapter, const char *party, const char *signing)
{
	char name[160];
	snprintf(name, sizeof(name), "%s-sign", signing);
	struct signer *signer = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, name, TRUST_SIGN_PARTY);
	struct frame_hello hello = {.version = FRAME_VERSION, .party = bytes_text(party), .software = BYTES_LIT("test")};
	struct buf frame;
	buf_init(&frame, 1 << 16);
	hello.chain_count = signer_chain(signer, hello.chain);
	frame_hello_encode(&hello, &frame);
	send_frame(adapter, &frame);
	buf_done(&frame);
	signer_unref(signer);
}

static struct job *next_job(struct rig *rig, enum job_kind kind)
{
	struct job *job = NULL;
	do {
		if (job)
			job_free(job);
		UNTIL(rig, (job = heard(rig)));
	} while (job->kind == JOB_READY && kind != JOB_READY);
	if (job->kind != kind)
		fail_msg("%s, expected %s", job_kind_text(job->kind), job_kind_text(kind));
	return job;
}

static void assert_hears_nothing(struct rig *rig)
{
	struct job *job = heard(rig);
	while (job && job->kind == JOB_READY) {
		job_free(job);
		job = heard(rig);
	}
	assert_null(job);
}

static void welcome(struct rig *rig, uint64_t link, int64_t credit, int64_t heartbeat_ms)
{
	struct frame_welcome frame = {.version = FRAME_VERSION, .hub = BYTES_LIT(HUB), .frame_max = 1 << 20, .message_max = 1 << 16,
	                              .batch_max = 1024,
	                              .heartbeat_ms = heartbeat_ms, .credit = credit};
	struct job *job = job_new(JOB_SEND, link);
	struct buf bytes;
	buf_init(&bytes, 1 << 16);
	frame.chain_count = signer_chain(rig->hub.snapshot->signing, frame.chain);
	frame_welcome_encode(&frame, &bytes);
	job->frame = buf_take_blob(&bytes);
	buf_done(&bytes);
	give(rig, job);
}

/* An open link of a party; returns its number. */
static uint64_t open_link(struct rig *rig, int index, const char *party, int64_t credit, int64_t heartbeat_ms)
{
	struct adapter *adapter = dial_open(rig, index, party);
	say_hello(rig, adapter, party, party);
	struct job *up = next_job(rig, JOB_LINK_UP);
	uint64_t link = up->link;
	assert_int_equal(job_gateway(link), 3);
	assert_int_equal(job_incarnation(link), 7);
	assert_string_equal(up->party, party);
	assert_non_null(up->signer);
	assert_true(strncmp(up->address, "127.0.0.1:", 10) == 0);
	job_free(up);
	welcome(rig, link, credit, heartbeat_ms);
	UNTIL(rig, adapter->kinds[FRAME_WELCOME] == 1);
	return link;
}

static void submit(struct adapter *adapter, size_t count)
{
	static const uint8_t signer[HASH_LEN];
	struct frame_message messages[BATCH_MOST];
	struct buf frame;
	buf_init(&frame, 1 << 16);
	for (size_t i = 0; i < count; i++)
		messages[i] = (struct frame_message){BYTES_LIT("h"), BYTES_LIT("\x90")};
	frame_submit_encode(BYTES_LIT("s"), BYTES_LIT("g"), signer, messages, count, &frame);
	send_frame(adapter, &frame);
	buf_done(&frame);
}

static void expect_bye(struct rig *rig, struct adapter *adapter, enum code code)
{
	UNTIL(rig, adapter->closed);
	assert_int_equal(adapter->kinds[FRAME_BYE], 1);
	if (adapter->bye != code)
		fail_msg("BYE %s, expected %s", code_text(adapter->bye), code_text(code));
}

static void expect_down(struct rig *rig, uint64_t link, enum code code)
{
	struct job *down = next_job(rig, JOB_LINK_DOWN);
	assert_int_equal(down->link, link);
	assert_int_equal(down->why.code, code);
	job_free(down);
}

static int64_t refused(enum code code)
{
	return metric_value(metric_counter("liaison_links_refused", "", "code", code_text(code)));
}

/* ── tests ── */

static void opens_a_link_once_the_router_welcomes_it(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	uint64_t link = open_link(rig, 0, POLICE, 10, 5000);
	submit(&rig->adapters[0], 3);
	struct job *job = next_job(rig, JOB_SUBMIT);
	assert_int_equal(job->link, link);
	assert_int_equal(job->count, 3);
	assert_string_equal(job->party, POLICE);
	job_free(job);
}

static void refuses_a_hello_that_names_another_party(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	int64_t before = refused(CODE_NOT_YOUR_PARTY);
	say_hello(rig, dial_open(rig, 0, POLICE), BOARD, BOARD);
	expect_bye(rig, &rig->adapters[0], CODE_NOT_YOUR_PARTY);
	say_hello(rig, dial_open(rig, 1, POLICE), POLICE, BOARD);
	expect_bye(rig, &rig->adapters[1], CODE_NOT_YOUR_PARTY);
	assert_int_equal(refused(CODE_NOT_YOUR_PARTY) - before, 2);
	assert_hears_nothing(rig);
}

static void refuses_a_party_that_is_not_enrolled(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	pki_fixture_party(&rig->hub.pki, "ct.stranger");
	say_hello(rig, dial_open(rig, 0, "ct.stranger"), "ct.stranger", "ct.stranger");
	expect_bye(rig, &rig->adapters[0], CODE_NOT_ENROLLED);
}

static void refuses_work_before_it_is_welcome(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	submit(dial_open(rig, 0, POLICE), 1);
	expect_bye(rig, &rig->adapters[0], CODE_PROTOCOL);
	struct adapter *hasty = dial_open(rig, 1, POLICE);
	say_hello(rig, hasty, POLICE, POLICE);
	submit(hasty, 1);
	expect_bye(rig, hasty, CODE_PROTOCOL);
	struct job *up = next_job(rig, JOB_LINK_UP);
	expect_down(rig, up->link, CODE_PROTOCOL);
	job_free(up);
}

static void refuses_a_second_hello(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	uint64_t link = open_link(rig, 0, POLICE, 10, 5000);
	say_hello(rig, &rig->adapters[0], POLICE, POLICE);
	expect_bye(rig, &rig->adapters[0], CODE_PROTOCOL);
	expect_down(rig, link, CODE_PROTOCOL);
}

static void closes_a_link_that_says_nothing(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, "handshake_ms = \"300 ms\";");
	dial_open(rig, 0, POLICE);
	expect_bye(rig, &rig->adapters[0], CODE_TIMEOUT);
	say_hello(rig, dial_open(rig, 1, POLICE), POLICE, POLICE); /* and no router answers */
	expect_bye(rig, &rig->adapters[1], CODE_TIMEOUT);
}

static void closes_a_link_that_submits_beyond_its_credit(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	uint64_t link = open_link(rig, 0, POLICE, 5, 5000);
	submit(&rig->adapters[0], 5);
	job_free(next_job(rig, JOB_SUBMIT));
	submit(&rig->adapters[0], 1);
	expect_bye(rig, &rig->adapters[0], CODE_CREDIT);
	expect_down(rig, link, CODE_CREDIT);
}

static void gives_credit_back_with_the_verdict(void **state)
{
	struct rig *rig = *state;
	struct buf frame;
	rig_new(rig, NULL);
	uint64_t link = open_link(rig, 0, POLICE, 5, 5000);
	submit(&rig->adapters[0], 5);
	job_free(next_job(rig, JOB_SUBMIT));
	struct job *verdict = job_new(JOB_SEND, link);
	buf_init(&frame, 64);
	frame_verdicts_encode(NULL, 0, &frame);
	verdict->frame = buf_take_blob(&frame);
	verdict->number = 5;
	buf_done(&frame);
	give(rig, verdict);
	UNTIL(rig, rig->adapters[0].kinds[FRAME_VERDICT] == 1 && rig->adapters[0].credit == 5);
	submit(&rig->adapters[0], 5);
	job_free(next_job(rig, JOB_SUBMIT));
}

static void closes_when_the_router_or_a_verifier_says_so(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	uint64_t link = open_link(rig, 0, POLICE, 5, 5000);
	struct job *close = job_new(JOB_CLOSE, link);
	err_set(&close->why, CODE_SUPERSEDED, "", "another link took over");
	give(rig, close);
	give(rig, job_new(JOB_CLOSE, link + 1000)); /* one that is gone */
	expect_bye(rig, &rig->adapters[0], CODE_SUPERSEDED);
	expect_down(rig, link, CODE_SUPERSEDED);
}

static void answers_ping_and_asks_when_it_hears_nothing(void **state)
{
	struct rig *rig = *state;
	struct buf ping;
	rig_new(rig, NULL);
	open_link(rig, 0, POLICE, 5, 60);
	buf_init(&ping, 64);
	frame_ping_encode(FRAME_PING, 7, &ping);
	send_frame(&rig->adapters[0], &ping);
	buf_done(&ping);
	UNTIL(rig, rig->adapters[0].kinds[FRAME_PONG] == 1);
	/* As long as it answers it stays, however long. */
	UNTIL(rig, rig->adapters[0].kinds[FRAME_PING] >= 8);
	assert_false(rig->adapters[0].closed);
}

static void closes_a_link_that_does_not_answer_three_times(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	rig->adapters[0].is_deaf = true;
	uint64_t link = open_link(rig, 0, POLICE, 5, 60);
	expect_bye(rig, &rig->adapters[0], CODE_TIMEOUT);
	assert_int_equal(rig->adapters[0].kinds[FRAME_PING], 3);
	expect_down(rig, link, CODE_TIMEOUT);
}

static void adopt(struct rig *rig)
{
	struct job *job = job_new(JOB_MANDATE, 0);
	struct snapshot *next = hub_fixture_load(&rig->hub, 2);
	struct buf packed;
	hub_fixture_pack(next, &packed);
	job->frame = buf_take_blob(&packed);
	buf_done(&packed);
	snapshot_unref(next);
	give(rig, job);
}

static void closes_links_that_a_reload_refuses_and_keeps_the_others(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	uint64_t police = open_link(rig, 0, POLICE, 5, 5000);
	uint64_t board = open_link(rig, 1, BOARD, 5, 5000);
	pki_fixture_revoke(&rig->hub.pki, POLICE "-tls", "keyCompromise");
	adopt(rig);
	expect_bye(rig, &rig->adapters[0], CODE_REVOKED);
	expect_down(rig, police, CODE_REVOKED);
	pki_fixture_revoke(&rig->hub.pki, BOARD "-sign", "keyCompromise");
	assert_false(rig->adapters[1].closed);
	adopt(rig);
	expect_bye(rig, &rig->adapters[1], CODE_REVOKED);
	expect_down(rig, board, CODE_REVOKED);
	/* And who was revoked does not come back. */
	struct adapter *again = dial(rig, 2, POLICE);
	UNTIL(rig, again->closed);
	assert_hears_nothing(rig);
}

static void closes_the_link_of_a_party_that_a_reload_takes_out(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	uint64_t link = open_link(rig, 0, POLICE, 5, 5000);
	hub_fixture_write(&rig->hub, &(struct hub_config){.parties = "{ party = \"" BOARD "\"; roles = [ \"parole_board\" ]; }"});
	adopt(rig);
	expect_bye(rig, &rig->adapters[0], CODE_NOT_ENROLLED);
	expect_down(rig, link, CODE_NOT_ENROLLED);
}

static void refuses_connections_beyond_the_limit(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, "links = 2;");
	int64_t before = refused(CODE_BUSY);
	open_link(rig, 0, POLICE, 5, 5000);
	open_link(rig, 1, BOARD, 5, 5000);
	struct adapter *third = dial(rig, 2, BOARD);
	UNTIL(rig, third->closed);
	assert_false(third->open);
	assert_int_equal(refused(CODE_BUSY) - before, 1);
	assert_false(rig->adapters[0].closed || rig->adapters[1].closed);
}

static void who_is_not_greeted_makes_room_and_links_that_stand_do_not(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, "links = 2;");
	open_link(rig, 0, POLICE, 5, 5000);
	dial_open(rig, 1, BOARD);
	dial_open(rig, 2, BOARD);
	expect_bye(rig, &rig->adapters[1], CODE_BUSY);
	assert_false(rig->adapters[0].closed || rig->adapters[2].closed);
}

static void refuses_more_handshakes_a_second_than_an_address_may_begin(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, "source_handshake_rate = 1; handshakes = 8; source_handshakes = 8;");
	int64_t before = refused(CODE_RATE);
	for (int i = 0; i < 8 && refused(CODE_RATE) == before; i++) {
		struct adapter *adapter = dial(rig, 0, BOARD);
		UNTIL(rig, adapter->open || adapter->closed);
		channel_free(adapter->channel);
		tls_unref(adapter->tls);
		*adapter = (struct adapter){.channel = NULL};
	}
	assert_true(refused(CODE_RATE) > before);
}

static void a_stranger_may_say_no_more_than_a_greeting_is_long(void **state)
{
	struct rig *rig = *state;
	struct buf frame;
	rig_new(rig, NULL);
	int64_t before = refused(CODE_TOO_LARGE);
	dial_open(rig, 0, POLICE);
	buf_init(&frame, 1 << 20);
	memset(buf_room(&frame, 50000), 0, 50000);
	buf_grew(&frame, 50000);
	send_frame(&rig->adapters[0], &frame);
	buf_done(&frame);
	UNTIL(rig, rig->adapters[0].closed && refused(CODE_TOO_LARGE) - before == 1);
}

static void refuses_a_frame_beyond_the_limit(void **state)
{
	struct rig *rig = *state;
	struct buf frame;
	rig_new(rig, "message_bytes = \"16 KiB\"; frame_bytes = \"64 KiB\";");
	uint64_t link = open_link(rig, 0, POLICE, 5, 5000);
	buf_init(&frame, 1 << 20);
	memset(buf_room(&frame, 70000), 0, 70000);
	buf_grew(&frame, 70000);
	send_frame(&rig->adapters[0], &frame);
	buf_done(&frame);
	UNTIL(rig, rig->adapters[0].closed);
	expect_down(rig, link, CODE_TOO_LARGE);
}

static void refuses_garbage(void **state)
{
	struct rig *rig = *state;
	struct buf frame;
	rig_new(rig, NULL);
	uint64_t link = open_link(rig, 0, POLICE, 5, 5000);
	buf_init(&frame, 64);
	buf_add(&frame, BYTES_LIT("\x92\x63\x01")); /* a kind that is none */
	send_frame(&rig->adapters[0], &frame);
	buf_done(&frame);
	expect_bye(rig, &rig->adapters[0], CODE_MALFORMED);
	expect_down(rig, link, CODE_MALFORMED);
}

static void submit_large(struct adapter *adapter)
{
	static const uint8_t signer[HASH_LEN];
	static const uint8_t filler[60000];
	const struct frame_message message = {bytes_of(filler, sizeof(filler)), BYTES_LIT("\x90")};
	struct buf frame;
	buf_init(&frame, 1 << 17);
	frame_submit_encode(BYTES_LIT("s"), BYTES_LIT("g"), signer, &message, 1, &frame);
	send_frame(adapter, &frame);
	buf_done(&frame);
}

static void reads_no_more_than_a_slow_verifier_takes_and_loses_nothing(void **state)
{
	enum { MANY = 600 }; /* far more than sockets and the line to the verifier hold */
	struct rig *rig = *state;
	rig_new(rig, NULL);
	open_link(rig, 0, POLICE, MANY, 400);
	for (int i = 0; i < MANY; i++) {
		submit_large(&rig->adapters[0]);
		if (i % 20 == 0)
			loop_run_once(rig->loop, 0); /* an adapter that says nothing for long is given up, and a slow machine takes long for all this */
	}
	for (int64_t until = clock_mono_ms() + 4000; clock_mono_ms() < until;)
		loop_run_once(rig->loop, 20);
	assert_true(channel_queued(rig->adapters[0].channel) > 0);
	assert_false(rig->adapters[0].closed); /* though nothing was heard of it for many heartbeats */
	for (int i = 0; i < MANY; i++) {
		struct job *job = next_job(rig, JOB_SUBMIT);
		assert_int_equal(job->count, 1);
		job_free(job);
	}
	assert_false(rig->adapters[0].closed);
}

static void tells_the_router_why_an_adapter_left(void **state)
{
	struct rig *rig = *state;
	struct buf bye;
	rig_new(rig, NULL);
	uint64_t link = open_link(rig, 0, POLICE, 5, 5000);
	buf_init(&bye, 1024);
	frame_bye_encode(CODE_STOPPING, "going down", &bye);
	send_frame(&rig->adapters[0], &bye);
	buf_done(&bye);
	expect_down(rig, link, CODE_STOPPING);
	uint64_t second = open_link(rig, 1, BOARD, 5, 5000);
	channel_free(rig->adapters[1].channel); /* without a word */
	rig->adapters[1].channel = NULL;
	struct job *down = next_job(rig, JOB_LINK_DOWN);
	assert_int_equal(down->link, second);
	job_free(down);
}

static void says_goodbye_to_all_when_it_stops_and_tells_main(void **state)
{
	struct rig *rig = *state;
	struct job *job = NULL;
	rig_new(rig, NULL);
	open_link(rig, 0, POLICE, 5, 5000);
	open_link(rig, 1, BOARD, 5, 5000);
	give(rig, job_new(JOB_STOP, 0));
	expect_bye(rig, &rig->adapters[0], CODE_STOPPING);
	expect_bye(rig, &rig->adapters[1], CODE_STOPPING);
	job_free(next_job(rig, JOB_LINK_DOWN));
	job_free(next_job(rig, JOB_LINK_DOWN));
	job = next_job(rig, JOB_STOP);
	assert_int_equal(job->why.code, CODE_OK);
	job_free(job);
	struct adapter *late = dial(rig, 2, POLICE);
	UNTIL(rig, late->closed);
	assert_false(late->open);
	give(rig, job_new(JOB_STOP, 0));
	pthread_join(rig->thread, NULL);
	rig->joined = true;
}

static int64_t counted(struct bytes packed, const char *name)
{
	struct err err;
	struct pack_in in = pack_in(packed, &err);
	int64_t total = 0;
	for (size_t left = pack_array(&in, ""); left > 0; left--) {
		pack_array_of(&in, "", 6);
		bool wanted = bytes_is(pack_text(&in, "", 100), name);
		for (int i = 0; i < 4; i++)
			pack_value(&in, "");
		int64_t by = pack_int(&in, "", INT32_MIN, INT32_MAX);
		total += wanted ? by : 0;
	}
	pki_fixture_fine(pack_end(&in), &err);
	return total;
}

static void forget_change(const struct metric_change *change, void *ctx)
{
	(void)ctx;
	(void)change;
}

static void tells_the_core_that_it_lives_and_what_it_counted(void **state)
{
	struct rig *rig = *state;
	struct job *job = NULL;
	int64_t open = 0;
	bool asked = false;
	rig_new(rig, NULL);
	metrics_changes(forget_change, NULL); /* of the tests before */
	struct adapter *adapter = dial_open(rig, 0, POLICE);
	say_hello(rig, adapter, POLICE, POLICE);
	while (open < 1) {
		UNTIL(rig, (job = job_take(rig->core, 0)));
		if (job->kind == JOB_LINK_UP)
			welcome(rig, job->link, 5, 5000);
		if (job->kind == JOB_PULSE)
			open += counted(blob_bytes(job->frame), "liaison_links_open");
		job_free(job);
	}
	give(rig, job_new(JOB_PULSE, 0));
	while (!asked) {
		UNTIL(rig, (job = job_take(rig->core, 0)));
		asked = job->kind == JOB_PULSE;
		job_free(job);
	}
}

static void says_that_it_cannot_use_a_mandate_and_goes_on(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	open_link(rig, 0, POLICE, 5, 5000);
	struct job *bad = job_new(JOB_MANDATE, 0);
	bad->frame = blob_new(BYTES_LIT("\x91\x01"));
	give(rig, bad);
	struct job *ready = next_job(rig, JOB_READY);
	assert_int_not_equal(ready->why.code, CODE_OK);
	job_free(ready);
	submit(&rig->adapters[0], 1);
	job_free(next_job(rig, JOB_SUBMIT));
	adopt(rig);
	ready = next_job(rig, JOB_READY);
	assert_int_equal(ready->why.code, CODE_OK);
	assert_int_equal(ready->number, 2);
	job_free(ready);
}

static void ends_when_the_wires_are_shut_down(void **state)
{
	struct rig *rig = *state;
	rig_new(rig, NULL);
	dial_open(rig, 0, POLICE);
	job_free(next_job(rig, JOB_READY));
	wires_shutdown(rig->wires);
	pthread_join(rig->thread, NULL);
	rig->joined = true;
}

int main(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		TEST(opens_a_link_once_the_router_welcomes_it),
		TEST(refuses_a_hello_that_names_another_party),
		TEST(refuses_a_party_that_is_not_enrolled),
		TEST(refuses_work_before_it_is_welcome),
		TEST(refuses_a_second_hello),
		TEST(closes_a_link_that_says_nothing),
		TEST(closes_a_link_that_submits_beyond_its_credit),
		TEST(gives_credit_back_with_the_verdict),
		TEST(closes_when_the_router_or_a_verifier_says_so),
		TEST(answers_ping_and_asks_when_it_hears_nothing),
		TEST(closes_a_link_that_does_not_answer_three_times),
		TEST(closes_links_that_a_reload_refuses_and_keeps_the_others),
		TEST(closes_the_link_of_a_party_that_a_reload_takes_out),
		TEST(refuses_connections_beyond_the_limit),
		TEST(who_is_not_greeted_makes_room_and_links_that_stand_do_not),
		TEST(refuses_more_handshakes_a_second_than_an_address_may_begin),
		TEST(a_stranger_may_say_no_more_than_a_greeting_is_long),
		TEST(refuses_a_frame_beyond_the_limit),
		TEST(refuses_garbage),
		TEST(reads_no_more_than_a_slow_verifier_takes_and_loses_nothing),
		TEST(tells_the_router_why_an_adapter_left),
		TEST(says_goodbye_to_all_when_it_stops_and_tells_main),
		TEST(tells_the_core_that_it_lives_and_what_it_counted),
		TEST(says_that_it_cannot_use_a_mandate_and_goes_on),
		TEST(ends_when_the_wires_are_shut_down),
	};
	sigaction(SIGPIPE, &ignore, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
