/* The load generator: a client of adapters' ZeroMQ ports, as an agency system is. Each sender sends to its receivers, which take the deliveries and acknowledge
 * them. Prints one line of JSON: messages, seconds from the first send to the last acknowledged hand-over, and until the senders knew of every receipt, latencies
 * from send to hand-over, and its own processor time.
 *
 *   bench_load COUNT BYTES RATE WINDOW {SENDER-PORT RECEIVERS {PARTY PORT}…}…
 *
 * Every sender has as many receivers. COUNT messages of all senders together, of BYTES of text; RATE in messages a second, 0: as fast as WINDOW allows, which is how many messages of a sender may be on
 * their way. A SENDER-PORT of - sends nothing: what waits is taken. A PORT of - takes nothing: it ends when the hub has answered for all. More than 64 receivers
 * are not named in the message; an agreement routes it. At a rate, latency counts from when a message was due, so that a stall is counted whole. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"
#include "base/wire.h"
#include "schemas/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LOAD_SENDERS_MAX = 64, LOAD_RECEIVERS_MAX = 128, LOAD_CREDIT = 1000, LOAD_REFILL = 500, LOAD_STALL_MS = 30000, LOAD_STAMP = 20 };

struct receiver {
	struct wire *wire;
	const char *party;
	int64_t since_refill;
};

struct sender {
	struct wire *wire;
	struct receiver receivers[LOAD_RECEIVERS_MAX];
	size_t receivers_count;
	int64_t sent, handed, fates; /* messages; hand-overs, of which each message has one for each receiver; events about them */
};

struct load {
	struct wires *wires;
	struct sender senders[LOAD_SENDERS_MAX];
	size_t senders_count, receivers_count; /* of all of them */
	int64_t count, rate, window;
	int64_t expected, expected_fates; /* hand-overs, and events about what was sent */
	size_t bytes;
	int64_t sent, taken, handed, fates, refused;
	int64_t began_us, first_us, handed_us, progress_ms;
	int64_t *latencies_us;
	char *filler;
};

static void fail(const char *what, const struct err *why)
{
	fprintf(stderr, "bench_load: %s: %s %s\n", what, why->field, why->reason);
	exit(1);
}

static void say(struct wire *wire, struct buf *request)
{
	struct err why;
	struct bytes frame = buf_bytes(request);
	result r = wire_send(wire, &frame, 1, &why);
	if (FAILED(r))
		fail("send", &why);
	buf_clear(request);
}

static void put_text(struct buf *out, const char *key, const char *text)
{
	pack_put_str(out, key);
	pack_put_str(out, text);
}

static int64_t due_us(const struct load *load)
{
	return load->rate ? load->began_us + load->sent * 1000000 / load->rate : clock_mono_us();
}

/* The body carries the time of sending, so that no table is needed to measure the latency. */
static void send_one(struct load *load, struct sender *sender, struct buf *request)
{
	char stamp[32];
	snprintf(stamp, sizeof(stamp), "%019lld ", (long long)due_us(load));
	memcpy(load->filler, stamp, LOAD_STAMP);
	bool is_named = sender->receivers_count <= MESSAGE_TO_MAX;
	pack_put_map(request, is_named ? 4 : 3);
	put_text(request, "op", "send");
	put_text(request, "type", "admin.message/1");
	if (is_named) {
		pack_put_str(request, "to");
		pack_put_array(request, (uint32_t)sender->receivers_count);
	}
	for (size_t i = 0; is_named && i < sender->receivers_count; i++)
		pack_put_str(request, sender->receivers[i].party);
	pack_put_str(request, "body");
	pack_put_map(request, 1);
	put_text(request, "text", load->filler);
	say(sender->wire, request);
	sender->sent++;
	load->sent++;
}

static void ask_for_deliveries(struct receiver *receiver, struct buf *request)
{
	pack_put_map(request, 2);
	put_text(request, "op", "receive");
	pack_put_str(request, "credit");
	pack_put_int(request, LOAD_CREDIT);
	say(receiver->wire, request);
}

static bool text_at(struct bytes value, const char *pointer, struct bytes *ret)
{
	struct bytes found;
	return pack_pointer(value, pointer, &found) && pack_as_text(found, ret);
}

static void take_delivery(struct load *load, struct receiver *receiver, struct bytes event, struct buf *request)
{
	struct bytes id, text;
	int64_t stamp = 0;
	struct err ignored;
	if (!text_at(event, "/message/id", &id) || !text_at(event, "/message/body/text", &text) || text.len < LOAD_STAMP)
		return;
	if (FAILED(text_int(bytes_of(text.at, LOAD_STAMP - 1), 0, INT64_MAX, &stamp, &ignored)))
		return;
	if (!load->first_us)
		load->first_us = clock_mono_us();
	if (load->taken < load->expected)
		load->latencies_us[load->taken++] = clock_mono_us() - stamp;
	pack_put_map(request, 2);
	put_text(request, "op", "ack");
	pack_put_str(request, "id");
	pack_put_text(request, id);
	say(receiver->wire, request);
	if (++receiver->since_refill == LOAD_REFILL) {
		receiver->since_refill = 0;
		ask_for_deliveries(receiver, request);
	}
}

static void on_receiver(struct load *load, struct sender *sender, struct receiver *receiver, struct bytes answer, struct buf *request)
{
	struct bytes event, was_waiting;
	if (text_at(answer, "/event", &event) && bytes_is(event, "message")) {
		take_delivery(load, receiver, answer, request);
	} else if (pack_find(answer, "was_waiting", &was_waiting) && load->handed < load->expected) {
		sender->handed++;
		if (++load->handed == load->expected)
			load->handed_us = clock_mono_us();
	}
}

/* A fate comes with the hub's verdict, and with each recipient's receipt. */
static void on_sender(struct load *load, struct sender *sender, struct bytes answer)
{
	struct bytes event, state, reason;
	if (text_at(answer, "/error/reason", &reason)) {
		fprintf(stderr, "bench_load: refused: %.*s\n", (int)reason.len, (const char *)reason.at);
		load->refused++;
	} else if (text_at(answer, "/event", &event) && bytes_is(event, "fate")) {
		sender->fates++;
		load->fates++;
		load->refused += text_at(answer, "/state", &state) && bytes_is(state, "refused");
	}
}

/* What waits at a sender's or at one of its receivers' ports. */
static bool drain(struct load *load, struct sender *sender, struct receiver *receiver, struct buf *request)
{
	struct wire_message message;
	struct err why;
	bool any = false;
	for (int i = 0; i < 256; i++) {
		result r = wire_receive(receiver ? receiver->wire : sender->wire, &message, &why);
		if (r.code == CODE_BUSY)
			break;
		if (FAILED(r))
			fail("receive", &why);
		if (receiver)
			on_receiver(load, sender, receiver, message.frames[message.count - 1], request);
		else
			on_sender(load, sender, message.frames[message.count - 1]);
		wire_message_done(&message);
		any = true;
	}
	return any;
}

static bool may_send(const struct load *load, const struct sender *sender)
{
	int64_t through = (load->expected ? sender->handed : sender->fates) / (int64_t)sender->receivers_count;
	if (load->sent >= load->count || sender->sent - through >= load->window)
		return false;
	return load->rate == 0 || due_us(load) <= clock_mono_us();
}

static void turn(struct load *load, struct buf *request)
{
	bool any = false;
	int64_t before = load->sent + load->handed + load->fates;
	struct wire *wires[LOAD_SENDERS_MAX + LOAD_RECEIVERS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < load->senders_count; i++) {
		struct sender *sender = &load->senders[i];
		for (int n = 0; n < 64 && may_send(load, sender); n++) {
			send_one(load, sender, request);
			any = true;
		}
		if (sender->wire) {
			any |= drain(load, sender, NULL, request);
			wires[count++] = sender->wire;
		}
		for (size_t j = 0; load->expected && j < sender->receivers_count; j++) {
			any |= drain(load, sender, &sender->receivers[j], request);
			wires[count++] = sender->receivers[j].wire;
		}
	}
	if (!any)
		wire_wait(wires, count, 1);
	if (load->sent + load->handed + load->fates > before) /* a port says that it is alive whatever happens */
		load->progress_ms = clock_mono_ms();
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static double cpu_s(void)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void report(struct load *load)
{
	int64_t ended_us = clock_mono_us();
	double settled_seconds = (double)(ended_us - load->began_us) / 1e6;
	double seconds = load->expected ? (double)(load->handed_us - load->began_us) / 1e6 : settled_seconds;
	double since_first = (double)((load->expected ? load->handed_us : ended_us) - load->first_us) / 1e6;
	int64_t *l = load->latencies_us;
	size_t n = (size_t)(load->expected ? load->expected : 1);
	qsort(l, n, sizeof(*l), by_size);
	printf("{\"messages\": %lld, \"seconds\": %.3f, \"per_second\": %.1f, \"settled_per_second\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, "
	       "\"first_at\": %.6f, \"per_second_since_first\": %.1f, \"cpu_us\": %.2f}\n", (long long)load->count, seconds, (double)load->count / seconds, (double)load->count / settled_seconds,
	       (double)l[n / 2] / 1e3, (double)l[n * 99 / 100] / 1e3, (double)l[n - 1] / 1e3,
	       (double)load->first_us / 1e6, (double)load->count / since_first, cpu_s() * 1e6 / (double)load->count);
}

static bool is_whole(const struct load *load)
{
	return load->handed == load->expected && load->fates >= load->expected_fates;
}

static int run(struct load *load)
{
	struct buf request;
	buf_init(&request, load->bytes + 16384);
	load->filler = mem_alloc(load->bytes + 1);
	memset(load->filler, 'x', load->bytes);
	const struct sender *like = &load->senders[0];
	load->expected = like->receivers[0].wire ? load->count * (int64_t)like->receivers_count : 0;
	load->expected_fates = like->wire ? load->count + load->expected : 0;
	load->sent = like->wire ? 0 : load->count;
	load->latencies_us = mem_array((size_t)load->expected + 1, sizeof(*load->latencies_us));
	for (size_t i = 0; load->expected && i < load->senders_count; i++)
		for (size_t j = 0; j < load->senders[i].receivers_count; j++)
			ask_for_deliveries(&load->senders[i].receivers[j], &request);
	load->began_us = clock_mono_us();
	load->progress_ms = clock_mono_ms();
	while (!is_whole(load) && load->refused == 0 && clock_mono_ms() - load->progress_ms < LOAD_STALL_MS)
		turn(load, &request);
	if (is_whole(load))
		report(load);
	else
		fprintf(stderr, "bench_load: stopped after %lld of %lld hand-overs, %lld of %lld fates\n", (long long)load->handed, (long long)load->expected,
		        (long long)load->fates, (long long)load->expected_fates);
	mem_free(load->latencies_us);
	mem_free(load->filler);
	buf_done(&request);
	return is_whole(load) ? 0 : 1;
}

static struct wire *dial(struct load *load, const char *endpoint)
{
	struct wire *wire = NULL;
	struct err why;
	if (!strcmp(endpoint, "-"))
		return NULL;
	const struct wire_options options = {.high_water = 100000, .max_bytes = 16 << 20};
	result r = wire_connect(load->wires, WIRE_DEALER, endpoint, &options, &wire, &why);
	if (FAILED(r))
		fail(endpoint, &why);
	return wire;
}

static int64_t number(const char *text, int64_t min, int64_t max)
{
	struct err why;
	int64_t value = 0;
	if (FAILED(text_int(bytes_text(text), min, max, &value, &why)))
		fail(text, &why);
	return value;
}

/* SENDER-PORT RECEIVERS {PARTY PORT}… from `at`; gives where the next begins, or 0. */
static int take_sender(struct load *load, int argc, char **argv, int at)
{
	if (at + 3 >= argc || load->senders_count == LOAD_SENDERS_MAX)
		return 0;
	struct sender *sender = &load->senders[load->senders_count++];
	sender->receivers_count = (size_t)number(argv[at + 1], 1, LOAD_RECEIVERS_MAX);
	load->receivers_count += sender->receivers_count;
	if (at + 2 + 2 * (int)sender->receivers_count > argc || load->receivers_count > LOAD_RECEIVERS_MAX ||
	    sender->receivers_count != load->senders[0].receivers_count)
		return 0;
	sender->wire = dial(load, argv[at]);
	for (size_t i = 0; i < sender->receivers_count; i++) {
		sender->receivers[i].party = argv[at + 2 + 2 * (int)i];
		sender->receivers[i].wire = dial(load, argv[at + 3 + 2 * (int)i]);
	}
	return at + 2 + 2 * (int)sender->receivers_count;
}

int main(int argc, char **argv)
{
	struct load *load = mem_alloc(sizeof(*load));
	int at = argc > 5 ? 5 : 0;
	load->wires = wires_new();
	while (at && at < argc)
		at = take_sender(load, argc, argv, at);
	if (!at) {
		fprintf(stderr, "Usage: bench_load COUNT BYTES RATE WINDOW {SENDER-PORT RECEIVERS {PARTY PORT}…}…\n");
		return 2;
	}
	load->count = number(argv[1], (int64_t)load->senders_count, INT32_MAX);
	load->bytes = (size_t)number(argv[2], LOAD_STAMP, 8 << 20);
	load->rate = number(argv[3], 0, 1000000);
	load->window = number(argv[4], 1, 1000000);
	int code = run(load);
	for (size_t i = 0; i < load->senders_count; i++) {
		wire_free(load->senders[i].wire);
		for (size_t j = 0; j < load->senders[i].receivers_count; j++)
			wire_free(load->senders[i].receivers[j].wire);
	}
	wires_free(load->wires);
	mem_free(load);
	return code;
}
