/* Commands about messages: send and receive through an adapter's port, trace and watch at the hub. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "schemas/json.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES_FILE_MAX = 16 << 20, MESSAGES_IDS_MAX = 1000, MESSAGES_AGAIN_MS = 100 };

static struct bytes value_in(struct bytes map, const char *pointer)
{
	struct bytes value;
	return pack_pointer(map, pointer, &value) ? value : BYTES_NONE;
}

static struct bytes text_in(struct bytes map, const char *pointer)
{
	struct bytes text;
	return pack_as_text(value_in(map, pointer), &text) ? text : BYTES_NONE;
}

static int64_t int_in(struct bytes map, const char *pointer)
{
	int64_t number = 0;
	struct bytes value = value_in(map, pointer);
	return value.len && pack_as_int(value, &number) ? number : 0;
}

static const char *shown(struct bytes text, char *into, size_t size)
{
	return text_safe(text, into, size);
}

/* ---- send ---- */

/* {op: send} and the draft's own pairs. */
static result put_request(struct bytes draft, struct buf *out, struct err *err)
{
	struct pack_in in = pack_in(draft, err);
	size_t count = pack_map(&in, "");
	if (in.failed)
		return err_set(err, CODE_MALFORMED, "", "a draft is a JSON object with type and body");
	buf_init(out, MESSAGES_FILE_MAX);
	pack_put_map(out, count + 1);
	pack_put_str(out, "op");
	pack_put_str(out, "send");
	pack_put_raw(out, bytes_of(in.at, (size_t)(in.end - in.at)));
	return buf_check(out, "", err);
}

struct sending {
	struct talk *talk;
	char ids[MESSAGES_IDS_MAX][UUID_TEXT_MAX];
	size_t count, refused;
	bool json;
};

static result send_draft(struct sending *sending, struct bytes draft, int64_t timeout_ms, struct err *err)
{
	struct buf request;
	struct bytes answer;
	if (sending->count == MESSAGES_IDS_MAX)
		return err_set(err, CODE_TOO_LARGE, "", "at most %d messages at once", MESSAGES_IDS_MAX);
	TRY(put_request(draft, &request, err));
	result r = talk_ask(sending->talk, buf_bytes(&request), timeout_ms, &answer, err);
	buf_done(&request);
	TRY(r);
	struct bytes id = text_in(answer, "/id");
	snprintf(sending->ids[sending->count++], UUID_TEXT_MAX, "%.*s", (int)id.len, id.len ? (const char *)id.at : "");
	return OK;
}

static result send_file(struct sending *sending, const char *file, int64_t timeout_ms, struct err *err)
{
	struct buf json, packed;
	buf_init(&packed, MESSAGES_FILE_MAX);
	result r = file_read(file, MESSAGES_FILE_MAX, &json, err);
	if (!FAILED(r))
		r = json_to_pack(buf_bytes(&json), &packed, err);
	if (!FAILED(r) && (packed.at[0] & 0xf0) != 0x90 && packed.at[0] != 0xdc) {
		r = send_draft(sending, buf_bytes(&packed), timeout_ms, err);
	} else if (!FAILED(r)) {
		struct pack_in in = pack_in(buf_bytes(&packed), err);
		size_t count = pack_array(&in, "");
		for (size_t i = 0; i < count && !FAILED(r); i++)
			r = send_draft(sending, pack_value(&in, ""), timeout_ms, err);
	}
	buf_done(&json);
	buf_done(&packed);
	return r;
}

static void print_fate(struct bytes fate)
{
	char id[64], code[64], reason[400], party[128], state[32] = "";
	struct err ignored;
	shown(text_in(fate, "/id"), id, sizeof(id));
	shown(text_in(fate, "/verdict/code"), code, sizeof(code));
	if (bytes_is(text_in(fate, "/state"), "refused")) {
		printf("%s  refused: %s: %s\n", id, code, shown(text_in(fate, "/verdict/reason"), reason, sizeof(reason)));
		return;
	}
	printf("%s  %s", id, code[0] ? shown(text_in(fate, "/state"), state, sizeof(state)) : "waiting");
	if (!strcmp(state, "held"))
		printf(": %s", shown(text_in(fate, "/verdict/reason"), reason, sizeof(reason)));
	struct pack_in in = pack_in(value_in(fate, "/verdict/recipients"), &ignored);
	size_t count = code[0] ? pack_array(&in, "") : 0;
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes recipient = pack_value(&in, "");
		struct bytes connected = value_in(recipient, "/connected");
		printf("%s%s (%s)", i ? ", " : " for ", shown(text_in(recipient, "/party"), party, sizeof(party)),
		       connected.len && connected.at[0] == 0xc3 ? "connected" : "stored");
	}
	printf("\n");
	in = pack_in(value_in(fate, "/outcomes"), &ignored);
	count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes outcome = pack_value(&in, "");
		char what[64], at[64];
		printf("    %s %s at %s  %s\n", shown(text_in(outcome, "/recipient"), party, sizeof(party)),
		       shown(text_in(outcome, "/what"), what, sizeof(what)), shown(text_in(outcome, "/at"), at, sizeof(at)),
		       shown(text_in(outcome, "/reason"), reason, sizeof(reason)));
	}
}

enum wait_for { WAIT_NOTHING, WAIT_VERDICT, WAIT_RECEIVED };

static bool is_over(struct bytes fate, enum wait_for wait)
{
	struct err ignored;
	struct pack_in recipients = pack_in(value_in(fate, "/verdict/recipients"), &ignored);
	struct pack_in outcomes = pack_in(value_in(fate, "/outcomes"), &ignored);
	if (bytes_is(text_in(fate, "/state"), "waiting"))
		return false;
	if (wait == WAIT_VERDICT || bytes_is(text_in(fate, "/state"), "refused"))
		return true;
	return pack_array(&outcomes, "") >= pack_array(&recipients, "");
}

/* Asks for the status until what was waited for has come: that holds however the port's events and restarts fall. */
static result follow(struct sending *sending, const char *id, enum wait_for wait, int64_t until, struct err *err)
{
	struct buf request;
	struct bytes answer = BYTES_NONE, fate;
	buf_init(&request, 256);
	pack_put_map(&request, 2);
	pack_put_str(&request, "op");
	pack_put_str(&request, "status");
	pack_put_str(&request, "id");
	pack_put_str(&request, id);
	result r;
	for (;;) {
		r = talk_say(sending->talk, buf_bytes(&request), err);
		do
			r = FAILED(r) ? r : talk_hear(sending->talk, 1000, &answer, err);
		while (!FAILED(r) && !value_in(answer, "/status").len && !value_in(answer, "/error").len);
		fate = value_in(answer, "/status");
		if (FAILED(r) || !fate.len || wait == WAIT_NOTHING || is_over(fate, wait))
			break;
		if (clock_mono_ms() > until) {
			r = err_set(err, CODE_TIMEOUT, id, "%s did not come in time; liaison trace shows how far it got",
			            wait == WAIT_VERDICT ? "the verdict" : "every receipt");
			break;
		}
		if (!FAILED(talk_hear(sending->talk, 50, &answer, err)))
			continue; /* an event: look again at once */
	}
	if (fate.len) {
		sending->refused += bytes_is(text_in(fate, "/state"), "refused");
		if (sending->json)
			show_json(fate);
		else
			print_fate(fate);
	}
	buf_done(&request);
	return r;
}

static bool wait_from_text(const char *text, enum wait_for *ret)
{
	static const char *const names[] = {"nothing", "verdict", "received"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(text, names[i])) {
			*ret = (enum wait_for)i;
			return true;
		}
	return false;
}

int cli_send(struct cli *cli, int argc, char **argv)
{
	const char *wait_text = "verdict";
	enum wait_for wait = WAIT_VERDICT;
	struct sending *sending = NULL;
	struct err why;
	bool bad = false;
	cli_option(&argc, argv, "--wait", &wait_text, &bad);
	if (bad || !wait_from_text(wait_text, &wait) || !cli_words(argc, argv, 1, 1000))
		return cli_usage("send", "takes files, and --wait nothing, verdict or received");
	if (!cli->port)
		return cli_usage("send", "which adapter? give --port or set LIAISON_PORT");
	sending = mem_alloc(sizeof(*sending));
	sending->json = cli->json;
	result r = talk_open(cli->port, &sending->talk, &why);
	for (int i = 1; i < argc && !FAILED(r); i++)
		r = send_file(sending, argv[i], cli->timeout_ms, &why);
	int64_t until = clock_mono_ms() + cli->timeout_ms;
	for (size_t i = 0; i < sending->count && !FAILED(r); i++)
		r = follow(sending, sending->ids[i], wait, until, &why);
	talk_close(sending->talk);
	bool refused = sending->refused > 0;
	mem_free(sending);
	return FAILED(r) ? cli_fail(&why) : refused ? EXIT_REFUSED : EXIT_FINE;
}

/* ---- receive ---- */

static result acknowledge(struct talk *talk, struct bytes id, struct err *err)
{
	struct buf request;
	buf_init(&request, 256);
	pack_put_map(&request, 2);
	pack_put_str(&request, "op");
	pack_put_str(&request, "ack");
	pack_put_str(&request, "id");
	pack_put_text(&request, id);
	result r = talk_say(talk, buf_bytes(&request), err);
	buf_done(&request);
	return r;
}

static result ask_for(struct talk *talk, int64_t credit, struct err *err)
{
	struct buf request;
	buf_init(&request, 256);
	pack_put_map(&request, 2);
	pack_put_str(&request, "op");
	pack_put_str(&request, "receive");
	pack_put_str(&request, "credit");
	pack_put_int(&request, credit);
	result r = talk_say(talk, buf_bytes(&request), err);
	buf_done(&request);
	return r;
}

static void print_delivery(const struct cli *cli, struct bytes message)
{
	char id[64], type[80], from[128];
	if (cli->json) {
		show_json(message);
		return;
	}
	printf("%s  %s from %s\n", shown(text_in(message, "/id"), id, sizeof(id)), shown(text_in(message, "/type"), type, sizeof(type)),
	       shown(text_in(message, "/from"), from, sizeof(from)));
	show_json(value_in(message, "/body"));
}

/* Takes one delivery; the acknowledgement is heard before the next is asked for, so that what was printed is handed over. */
static result receive_one(const struct cli *cli, struct talk *talk, bool ack, struct err *err)
{
	struct bytes answer, message;
	TRY(ask_for(talk, 1, err));
	for (;;) {
		TRY(talk_hear(talk, cli->timeout_ms, &answer, err));
		struct bytes reason = text_in(answer, "/error/reason");
		if (reason.len)
			return err_set(err, CODE_USAGE, cli->port, "%.*s", (int)reason.len, (const char *)reason.at);
		message = value_in(answer, "/message");
		if (message.len)
			break;
	}
	print_delivery(cli, message);
	if (!ack)
		return OK;
	TRY(acknowledge(talk, text_in(message, "/id"), err));
	do
		TRY(talk_hear(talk, cli->timeout_ms, &answer, err));
	while (!value_in(answer, "/was_waiting").len);
	return OK;
}

int cli_receive(struct cli *cli, int argc, char **argv)
{
	const char *count_text = "1";
	int64_t count = 1;
	struct talk *talk = NULL;
	struct err why;
	bool bad = false, ack = !cli_flag(&argc, argv, "--no-ack");
	cli_option(&argc, argv, "--count", &count_text, &bad);
	if (bad || FAILED(text_int(bytes_text(count_text), 1, 1000000, &count, &why)) || !cli_words(argc, argv, 0, 0))
		return cli_usage("receive", "--count takes a number");
	if (!cli->port)
		return cli_usage("receive", "which adapter? give --port or set LIAISON_PORT");
	result r = talk_open(cli->port, &talk, &why);
	for (int64_t i = 0; i < count && !FAILED(r); i++)
		r = receive_one(cli, talk, ack, &why);
	talk_close(talk);
	return FAILED(r) ? cli_fail(&why) : EXIT_FINE;
}

/* ---- trace ---- */

static const char *colour(const char *code)
{
	return show_is_colour() ? code : "";
}

/* " sent +0.4 ms": the time since the step before, where both are known. */
static void print_step(const char *name, int64_t at, int64_t *before)
{
	char text[CLOCK_TEXT_MAX];
	if (at == 0)
		return;
	if (*before == 0)
		printf("  %s %.12s", name, clock_text(at, text) + 11);
	else
		printf("  %s %+lld ms", name, (long long)(at - *before));
	*before = at;
}

/* "  without clinical (consent)": what this recipient did not get. */
static void print_withheld(struct bytes withheld)
{
	char part[80], code[64];
	struct err ignored;
	struct pack_in in = pack_in(withheld, &ignored);
	size_t count = pack_map(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		shown(pack_text(&in, "", 64), part, sizeof(part));
		printf("  without %s (%s)", part, shown(pack_text(&in, "", 64), code, sizeof(code)));
	}
}

static void print_hop(struct bytes hop, int64_t accepted)
{
	char party[128], state[32], reason[300], code[64];
	int64_t before = accepted;
	printf("      %s→ %s%s  %s", colour("\033[36m"), shown(text_in(hop, "/recipient"), party, sizeof(party)), colour("\033[0m"),
	       shown(text_in(hop, "/state"), state, sizeof(state)));
	print_step("sent", int_in(hop, "/sent_at"), &before);
	print_step("received", int_in(hop, "/received_at"), &before);
	print_step("receipt", int_in(hop, "/receipt_at"), &before);
	print_step("told", int_in(hop, "/acked_at"), &before);
	if (int_in(hop, "/attempts") > 1)
		printf("  after %lld deliveries", (long long)int_in(hop, "/attempts"));
	if (value_in(hop, "/withheld").at)
		print_withheld(value_in(hop, "/withheld"));
	shown(text_in(hop, "/reason"), reason, sizeof(reason));
	shown(text_in(hop, "/code"), code, sizeof(code));
	if (reason[0])
		printf("  %s: %s", code, reason);
	printf("\n");
}

static void print_traced(struct bytes row)
{
	char type[80], id[64], from[128], verdict[64], subject[128];
	struct err ignored;
	int64_t before = 0, accepted = int_in(row, "/accepted_at");
	printf("%s%s%s  %s  %s\n", colour("\033[1m"), shown(text_in(row, "/type"), type, sizeof(type)), colour("\033[0m"),
	       shown(text_in(row, "/id"), id, sizeof(id)), shown(text_in(row, "/from"), from, sizeof(from)));
	printf("   ");
	print_step("issued", int_in(row, "/issued"), &before);
	print_step("signed", int_in(row, "/signed_at"), &before);
	print_step("accepted", accepted, &before);
	printf("  entry %lld", (long long)int_in(row, "/entry"));
	before = accepted;
	print_step("erased", int_in(row, "/erased_at"), &before);
	shown(text_in(row, "/verdict"), verdict, sizeof(verdict));
	if (verdict[0] && strcmp(verdict, "ok") != 0 && strcmp(verdict, "accepted") != 0)
		printf("  %s%s%s", colour("\033[31m"), verdict, colour("\033[0m"));
	struct pack_in keys = pack_in(value_in(row, "/subject"), &ignored);
	size_t count = value_in(row, "/subject").len && value_in(row, "/subject").at[0] != 0xc0 ? pack_map(&keys, "") : 0;
	for (size_t i = 0; i < count && !keys.failed; i++) {
		struct bytes key = pack_text(&keys, "", 128), value = pack_text(&keys, "", 256);
		printf("  %.*s %s", (int)key.len, (const char *)key.at, shown(value, subject, sizeof(subject)));
	}
	printf("\n");
	struct pack_in in = pack_in(value_in(row, "/hops"), &ignored);
	count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++)
		print_hop(pack_value(&in, ""), accepted);
}

/* After a start the index may still be in the making: whoever asks for a trace would rather wait than be told so. */
static result ask_patiently(const struct cli *cli, struct bytes question, struct buf *ret, struct err *err)
{
	int64_t until = clock_mono_ms() + cli->timeout_ms;
	result r = talk_hub(cli, question, ret, err);
	while (r.code == CODE_BUSY && clock_mono_ms() < until) {
		buf_done(ret);
		poll(NULL, 0, MESSAGES_AGAIN_MS);
		r = talk_hub(cli, question, ret, err);
	}
	return r;
}

int cli_trace(struct cli *cli, int argc, char **argv)
{
	struct buf question, answer;
	struct err why;
	if (!cli_words(argc, argv, 1, 1))
		return cli_usage("trace", "takes a message id, a thread, or an identifier such as doc_number=123456");
	buf_init(&question, 4096);
	pack_put_map(&question, 2);
	pack_put_str(&question, "op");
	pack_put_str(&question, "trace");
	pack_put_str(&question, "what");
	pack_put_str(&question, argv[1]);
	result r = ask_patiently(cli, buf_bytes(&question), &answer, &why);
	buf_done(&question);
	struct bytes rows = FAILED(r) ? BYTES_NONE : value_in(buf_bytes(&answer), "/trace");
	if (!FAILED(r) && cli->json)
		show_json(rows);
	else if (!FAILED(r)) {
		struct pack_in in = pack_in(rows, &why);
		size_t count = pack_array(&in, "");
		for (size_t i = 0; i < count && !in.failed; i++)
			print_traced(pack_value(&in, ""));
	}
	buf_done(&answer);
	return FAILED(r) ? cli_fail(&why) : EXIT_FINE;
}

/* ---- watch ---- */

static void print_event(const struct cli *cli, struct bytes event)
{
	char at[CLOCK_TEXT_MAX], kind[64], party[128], type[80], id[64], code[64], reason[300];
	if (cli->json) {
		struct buf text;
		struct err ignored;
		buf_init(&text, (size_t)4 << 20);
		if (!FAILED(json_from_pack(event, 0, &text, &ignored)))
			printf("%.*s\n", (int)text.len, (const char *)text.at);
		buf_done(&text);
	} else {
		printf("%.12s  %-13s %-28s %-24s %s", clock_text(int_in(event, "/at"), at) + 11, shown(text_in(event, "/kind"), kind, sizeof(kind)),
		       shown(text_in(event, "/party"), party, sizeof(party)), shown(text_in(event, "/type"), type, sizeof(type)),
		       shown(text_in(event, "/id"), id, sizeof(id)));
		shown(text_in(event, "/detail/code"), code, sizeof(code));
		shown(text_in(event, "/detail/reason"), reason, sizeof(reason));
		printf("%s%s%s%s\n", code[0] && strcmp(code, "ok") != 0 ? "  " : "", strcmp(code, "ok") != 0 ? code : "", reason[0] ? ": " : "", reason);
	}
	fflush(stdout);
}

int cli_watch(struct cli *cli, int argc, char **argv)
{
	const char *events = getenv("LIAISON_EVENTS");
	struct wires *wires = wires_new();
	struct wire *wire = NULL;
	struct wire_message message;
	struct err why;
	bool bad = false;
	cli_option(&argc, argv, "--events", &events, &bad);
	if (bad || !cli_words(argc, argv, 0, 1)) {
		wires_free(wires);
		return cli_usage("watch", "takes --events ENDPOINT and at most one prefix of an event's kind");
	}
	const struct wire_options options = {.max_bytes = 16 << 20};
	result r = wire_connect(wires, WIRE_SUB, events ? events : "ipc:///run/liaison/events", &options, &wire, &why);
	if (!FAILED(r))
		wire_subscribe(wire, argc == 2 ? argv[1] : "");
	while (!FAILED(r)) {
		struct buf packed;
		wire_wait(&wire, 1, -1);
		r = wire_receive(wire, &message, &why);
		if (r.code == CODE_BUSY) {
			r = OK;
			continue;
		}
		if (FAILED(r))
			break;
		buf_init(&packed, (size_t)16 << 20);
		if (!FAILED(json_to_pack(message.frames[message.count - 1], &packed, &why)))
			print_event(cli, buf_bytes(&packed));
		buf_done(&packed);
		wire_message_done(&message);
	}
	wire_free(wire);
	wires_free(wires);
	return cli_fail(&why);
}
