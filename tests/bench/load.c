/* The load generator: a client of adapters' ZeroMQ ports, as an agency system is. Sends through N senders, takes deliveries from N receivers and acknowledges them, and prints
 * one line of JSON: messages, seconds from the first send to the last acknowledged hand-over, and the latencies from send to hand-over.
 *
 *   bench_load load COUNT BYTES RATE {SENDER-PORT RECEIVER-PARTY RECEIVER-PORT}…   RATE in messages a second, 0: as fast as the window allows
 *   bench_load fdatasync FOLDER      how often a second a file can be appended to and synced
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"
#include "base/wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOAD_PAIRS_MAX = 64, LOAD_WINDOW = 2000, LOAD_CREDIT = 1000, LOAD_REFILL = 500, LOAD_STALL_MS = 30000 };

struct pair {
	struct wire *sender, *receiver;
	const char *party;
	int64_t sent, stored, handed, since_refill;
};

struct load {
	struct wires *wires;
	struct pair pairs[LOAD_PAIRS_MAX];
	size_t pairs_count;
	int64_t count, rate; /* of all pairs together */
	size_t bytes;
	int64_t sent, taken, handed, refused;
	int64_t began_us, progress_ms;
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

/* The body carries the time of sending, so that no table is needed to measure the latency. */
static void send_one(struct load *load, struct pair *pair, struct buf *request)
{
	char stamp[32];
	snprintf(stamp, sizeof(stamp), "%019lld ", (long long)clock_mono_us());
	memcpy(load->filler, stamp, 20);
	pack_put_map(request, 4);
	put_text(request, "op", "send");
	put_text(request, "type", "admin.message/1");
	pack_put_str(request, "to");
	pack_put_array(request, 1);
	pack_put_str(request, pair->party);
	pack_put_str(request, "body");
	pack_put_map(request, 1);
	put_text(request, "text", load->filler);
	say(pair->sender, request);
	pair->sent++;
	load->sent++;
}

static void ask_for_deliveries(struct pair *pair, struct buf *request)
{
	pack_put_map(request, 2);
	put_text(request, "op", "receive");
	pack_put_str(request, "credit");
	pack_put_int(request, LOAD_CREDIT);
	say(pair->receiver, request);
}

static bool text_at(struct bytes value, const char *pointer, struct bytes *ret)
{
	struct bytes found;
	return pack_pointer(value, pointer, &found) && pack_as_text(found, ret);
}

static void take_delivery(struct load *load, struct pair *pair, struct bytes event, struct buf *request)
{
	struct bytes id, text;
	int64_t stamp = 0;
	struct err ignored;
	if (!text_at(event, "/message/id", &id) || !text_at(event, "/message/body/text", &text) || text.len < 20)
		return;
	if (FAILED(text_int(bytes_of(text.at, 19), 0, INT64_MAX, &stamp, &ignored)))
		return;
	if (load->taken < load->count)
		load->latencies_us[load->taken++] = clock_mono_us() - stamp;
	pack_put_map(request, 2);
	put_text(request, "op", "ack");
	pack_put_str(request, "id");
	pack_put_text(request, id);
	say(pair->receiver, request);
	if (++pair->since_refill == LOAD_REFILL) {
		pair->since_refill = 0;
		ask_for_deliveries(pair, request);
	}
}

static void on_receiver(struct load *load, struct pair *pair, struct bytes answer, struct buf *request)
{
	struct bytes event, was_waiting;
	if (text_at(answer, "/event", &event) && bytes_is(event, "message"))
		take_delivery(load, pair, answer, request);
	else if (pack_find(answer, "was_waiting", &was_waiting) && load->handed < load->count) {
		pair->handed++;
		load->handed++;
	}
}

static void on_sender(struct load *load, struct pair *pair, struct bytes answer)
{
	struct bytes id, reason;
	if (text_at(answer, "/error/reason", &reason)) {
		fprintf(stderr, "bench_load: refused: %.*s\n", (int)reason.len, (const char *)reason.at);
		load->refused++;
	} else if (text_at(answer, "/id", &id) && !text_at(answer, "/event", &reason))
		pair->stored++;
}

static bool drain(struct load *load, struct pair *pair, struct wire *wire, struct buf *request)
{
	struct wire_message message;
	struct err why;
	bool any = false;
	for (int i = 0; i < 256; i++) {
		result r = wire_receive(wire, &message, &why);
		if (r.code == CODE_BUSY)
			break;
		if (FAILED(r))
			fail("receive", &why);
		if (wire == pair->sender)
			on_sender(load, pair, message.frames[message.count - 1]);
		else
			on_receiver(load, pair, message.frames[message.count - 1], request);
		wire_message_done(&message);
		any = true;
	}
	return any;
}

static bool may_send(const struct load *load, const struct pair *pair)
{
	if (load->sent >= load->count || pair->sent - pair->handed >= LOAD_WINDOW)
		return false;
	return load->rate == 0 || load->sent <= (clock_mono_us() - load->began_us) * load->rate / 1000000;
}

static void turn(struct load *load, struct buf *request)
{
	bool any = false;
	struct wire *wires[2 * LOAD_PAIRS_MAX];
	for (size_t i = 0; i < load->pairs_count; i++) {
		struct pair *pair = &load->pairs[i];
		for (int n = 0; n < 64 && may_send(load, pair); n++) {
			send_one(load, pair, request);
			any = true;
		}
		any |= drain(load, pair, pair->sender, request);
		any |= drain(load, pair, pair->receiver, request);
		wires[2 * i] = pair->sender;
		wires[2 * i + 1] = pair->receiver;
	}
	if (any)
		load->progress_ms = clock_mono_ms();
	else
		wire_wait(wires, 2 * load->pairs_count, 1);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void report(struct load *load)
{
	double seconds = (double)(clock_mono_us() - load->began_us) / 1e6;
	int64_t *l = load->latencies_us;
	size_t n = (size_t)load->handed;
	qsort(l, n, sizeof(*l), by_size);
	printf("{\"messages\": %zu, \"seconds\": %.3f, \"per_second\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n", n, seconds,
	       (double)n / seconds, (double)l[n / 2] / 1e3, (double)l[n * 99 / 100] / 1e3, (double)l[n - 1] / 1e3);
}

static int run(struct load *load)
{
	struct buf request;
	buf_init(&request, load->bytes + 4096);
	load->filler = mem_alloc(load->bytes + 1);
	memset(load->filler, 'x', load->bytes);
	load->latencies_us = mem_array((size_t)load->count + 1, sizeof(*load->latencies_us));
	for (size_t i = 0; i < load->pairs_count; i++)
		ask_for_deliveries(&load->pairs[i], &request);
	load->began_us = clock_mono_us();
	load->progress_ms = clock_mono_ms();
	while (load->handed < load->count && load->refused == 0 && clock_mono_ms() - load->progress_ms < LOAD_STALL_MS)
		turn(load, &request);
	bool whole = load->handed == load->count;
	if (whole)
		report(load);
	else
		fprintf(stderr, "bench_load: stopped after %lld of %lld\n", (long long)load->handed, (long long)load->count);
	mem_free(load->latencies_us);
	mem_free(load->filler);
	buf_done(&request);
	return whole ? 0 : 1;
}

static int measure_fdatasync(const char *folder)
{
	char *path = mem_printf("%s/fdatasync.bin", folder);
	char block[4096];
	int64_t syncs = 0, until;
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	memset(block, 1, sizeof(block));
	until = clock_mono_us() + 2000000;
	while (fd >= 0 && clock_mono_us() < until && write(fd, block, sizeof(block)) == (ssize_t)sizeof(block) && fdatasync(fd) == 0)
		syncs++;
	printf("{\"per_second\": %.0f}\n", (double)syncs / 2.0);
	if (fd >= 0)
		close(fd);
	unlink(path);
	mem_free(path);
	return syncs > 0 ? 0 : 1;
}

static struct wire *dial(struct load *load, const char *endpoint)
{
	struct wire *wire = NULL;
	struct err why;
	const struct wire_options options = {.high_water = 100000, .max_bytes = 16 << 20};
	result r = wire_connect(load->wires, WIRE_DEALER, endpoint, &options, &wire, &why);
	if (FAILED(r))
		fail(endpoint, &why);
	return wire;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "fdatasync"))
		return measure_fdatasync(argv[2]);
	if (argc < 8 || (argc - 5) % 3 != 0 || (argc - 5) / 3 > LOAD_PAIRS_MAX) {
		fprintf(stderr, "Usage: bench_load load COUNT BYTES RATE {SENDER-PORT PARTY RECEIVER-PORT}… | fdatasync FOLDER\n");
		return 2;
	}
	struct load *load = mem_alloc(sizeof(*load));
	load->wires = wires_new();
	load->count = strtoll(argv[2], NULL, 10);
	load->bytes = (size_t)strtoll(argv[3], NULL, 10);
	load->rate = strtoll(argv[4], NULL, 10);
	if (load->count < 1 || load->bytes < 20 || load->bytes > 1 << 20 || load->rate < 0)
		return 2;
	for (int i = 5; i + 2 < argc; i += 3) {
		struct pair *pair = &load->pairs[load->pairs_count++];
		pair->sender = dial(load, argv[i]);
		pair->party = argv[i + 1];
		pair->receiver = dial(load, argv[i + 2]);
	}
	int code = run(load);
	for (size_t i = 0; i < load->pairs_count; i++) {
		wire_free(load->pairs[i].sender);
		wire_free(load->pairs[i].receiver);
	}
	wires_free(load->wires);
	mem_free(load);
	return code;
}
