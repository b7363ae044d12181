/* What an agency's system says at the adapter's ZeroMQ port: msgpack, or JSON. Every request has one answer at once, or once it is on disk. */
#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/desk.h"

#include "adapters/runtime/history.h"
#include "adapters/runtime/port_zmq.h"

#define ENDPOINT "inproc://port"

enum { TURNS_MOST = 50 };

static struct desk *desk;
static struct port_zmq *port;
static struct wire *dealer;

static void leave(void)
{
	struct wires *wires = desk->office.wires;
	wire_free(dealer);
	port_zmq_free(port);
	desk_close(desk);
	wires_free(wires);
}

static void begin(void)
{
	struct err err;
	if (desk)
		return;
	desk = desk_open_police(65536);
	desk->office.hand_over = HAND_OVER_ZMQ;
	desk->office.wires = wires_new();
	clock_freeze(clock_wall_ms());
	desk_fine(port_zmq_new(&desk->office, ENDPOINT, &port, &err), &err);
	desk_fine(wire_connect(desk->office.wires, WIRE_DEALER, ENDPOINT, NULL, &dealer, &err), &err);
	atexit(leave);
}

static bool hear(void)
{
	struct wire_message message;
	struct bytes value;
	struct buf packed;
	struct err err;
	if (FAILED(wire_receive(dealer, &message, &err)))
		return false;
	buf_init(&packed, FUZZ_OUT_MAX);
	fuzz_must(message.count == 1);
	struct bytes answer = message.frames[0];
	if (answer.len && answer.at[0] == '{') {
		fuzz_must(!FAILED(json_to_pack(answer, &packed, &err)));
		answer = buf_bytes(&packed);
	}
	fuzz_must(!FAILED(pack_scan(answer, &err)) && pack_find(answer, "ok", &value) != pack_find(answer, "error", &value));
	buf_done(&packed);
	wire_message_done(&message);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes request = bytes_of(data, size);
	struct err err;
	bool heard = false;
	begin();
	if (size > 65536 || memmem(data, size, "history", 7) || memmem(data, size, "status", 6)) /* need an office that dials a hub */
		return 0;
	desk_fine(wire_send(dealer, &request, 1, &err), &err);
	for (int i = 0; i < TURNS_MOST && !heard; i++) {
		loop_run_once(desk->office.loop, 1);
		desk_commit(desk);
		heard = hear();
	}
	fuzz_must(heard);
	while (hear()) /* deliveries */
		continue;
	return 0;
}
