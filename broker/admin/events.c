#include "broker/admin/events.h"

#include "base/log.h"
#include "base/mem.h"
#include "schemas/json.h"

enum { EVENTS_JSON_MAX = 2 << 20, EVENTS_HIGH_WATER = 10000 };

struct events {
	struct wire *wire;
	struct buf json;
};

static void publish_one(struct events *events, struct bytes event)
{
	struct bytes value, kind, frames[2];
	struct err why;
	buf_clear(&events->json);
	if (!pack_find(event, "kind", &value) || !pack_as_text(value, &kind))
		return;
	result r = json_from_pack(event, 0, &events->json, &why);
	if (!FAILED(r))
		r = buf_check(&events->json, "event", &why);
	frames[0] = kind;
	frames[1] = buf_bytes(&events->json);
	if (!FAILED(r))
		r = wire_send(events->wire, frames, 2, &why);
	if (FAILED(r))
		log_event(LOG_DEBUG, "event_unpublished", LOG_REASON(&why));
}

void events_publish(struct events *events, struct bytes packed)
{
	struct err ignored;
	struct pack_in in = pack_in(packed, &ignored);
	for (size_t left = pack_array(&in, ""); left > 0 && !in.failed; left--) {
		struct bytes event = pack_value(&in, "");
		if (!in.failed)
			publish_one(events, event);
	}
}

result events_new(struct wires *wires, const char *endpoint, struct events **ret, struct err *err)
{
	const struct wire_options options = {.high_water = EVENTS_HIGH_WATER, .linger_ms = 500};
	struct wire *wire = NULL;
	TRY(wire_bind(wires, WIRE_PUB, endpoint, &options, &wire, err));
	struct events *events = mem_alloc(sizeof(*events));
	events->wire = wire;
	buf_init(&events->json, EVENTS_JSON_MAX);
	*ret = events;
	return OK;
}

void events_free(struct events *events)
{
	if (!events)
		return;
	wire_free(events->wire);
	buf_done(&events->json);
	mem_free(events);
}
