#include "unit/broker/hub_fixture.h"

#include "broker/admin/events.h"

struct rig {
	char folder[64], endpoint[96];
	struct wires *wires;
	struct events *events;
	struct wire *sub;
};

static void publish(struct rig *rig, const char *json)
{
	struct buf packed;
	buf_init(&packed, 1 << 20);
	said_json(json, &packed);
	events_publish(rig->events, buf_bytes(&packed));
	buf_done(&packed);
}

/* The next event's kind and JSON; false when nothing came in time. */
static bool hear(struct rig *rig, int wait_ms, char kind[static 64], char json[static 256])
{
	struct wire_message message;
	struct err err;
	if (!wire_wait(&rig->sub, 1, wait_ms) || FAILED(wire_receive(rig->sub, &message, &err)))
		return false;
	assert_int_equal(message.count, 2);
	snprintf(kind, 64, "%.*s", (int)message.frames[0].len, (const char *)message.frames[0].at);
	snprintf(json, 256, "%.*s", (int)message.frames[1].len, (const char *)message.frames[1].at);
	wire_message_done(&message);
	return true;
}

/* A subscription takes a moment to arrive: published until one is heard. */
static void until_heard(struct rig *rig)
{
	char kind[64], json[256];
	for (int i = 0; i < 1000; i++) {
		publish(rig, "[{'kind':'accepted','entry':-1}]");
		if (hear(rig, 10, kind, json))
			break;
	}
	while (hear(rig, 50, kind, json))
		continue;
}

static int make(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct err err;
	*rig = (struct rig){.folder = "/tmp/liaison-events-XXXXXX"};
	assert_non_null(mkdtemp(rig->folder));
	snprintf(rig->endpoint, sizeof(rig->endpoint), "ipc://%s/events", rig->folder);
	rig->wires = wires_new();
	pki_fixture_fine(events_new(rig->wires, rig->endpoint, &rig->events, &err), &err);
	pki_fixture_fine(wire_connect(rig->wires, WIRE_SUB, rig->endpoint, NULL, &rig->sub, &err), &err);
	*state = rig;
	return 0;
}

static int drop(void **state)
{
	struct rig *rig = *state;
	wire_free(rig->sub);
	events_free(rig->events);
	events_free(NULL);
	wires_free(rig->wires);
	rmdir(rig->folder);
	mem_free(rig);
	return 0;
}

static void publishes_each_event_under_its_kind(void **state)
{
	struct rig *rig = *state;
	char kind[64], json[256];
	wire_subscribe(rig->sub, "");
	until_heard(rig);
	publish(rig, "[{'kind':'link_up','entry':1,'party':'ct.x'},{'kind':'accepted','entry':2}]");
	assert_true(hear(rig, 5000, kind, json));
	assert_string_equal(kind, "link_up");
	assert_string_equal(json, "{\"kind\":\"link_up\",\"entry\":1,\"party\":\"ct.x\"}");
	assert_true(hear(rig, 5000, kind, json));
	assert_string_equal(kind, "accepted");
}

static void reaches_only_who_subscribed_to_the_kind(void **state)
{
	struct rig *rig = *state;
	char kind[64], json[256];
	wire_subscribe(rig->sub, "accepted");
	until_heard(rig);
	publish(rig, "[{'kind':'link_up','entry':1},{'kind':'accepted','entry':2}]");
	assert_true(hear(rig, 5000, kind, json));
	assert_string_equal(kind, "accepted");
	assert_false(hear(rig, 50, kind, json));
}

static void leaves_out_what_is_no_event(void **state)
{
	struct rig *rig = *state;
	char kind[64], json[256];
	wire_subscribe(rig->sub, "");
	until_heard(rig);
	publish(rig, "[7,{'entry':1},{'kind':2},{'kind':'accepted','entry':3}]");
	events_publish(rig->events, BYTES_LIT("\x93\xc1"));
	events_publish(rig->events, BYTES_NONE);
	assert_true(hear(rig, 5000, kind, json));
	assert_string_equal(json, "{\"kind\":\"accepted\",\"entry\":3}");
	assert_false(hear(rig, 50, kind, json));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(publishes_each_event_under_its_kind, make, drop),
		cmocka_unit_test_setup_teardown(reaches_only_who_subscribed_to_the_kind, make, drop),
		cmocka_unit_test_setup_teardown(leaves_out_what_is_no_event, make, drop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
