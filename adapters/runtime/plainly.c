#include "adapters/runtime/plainly.h"

#include "adapters/runtime/history.h"
#include "adapters/runtime/sealing.h"
#include "adapters/runtime/uplink.h"
#include "base/clock.h"
#include "base/mem.h"
#include "schemas/envelope.h"
#include "schemas/frame.h"

#include <string.h>

enum { PLAINLY_STORED_MAX = 32 << 20 };

static void put_text(struct buf *out, const char *key, struct bytes text)
{
	pack_put_str(out, key);
	pack_put_text(out, text);
}

static void put_int(struct buf *out, const char *key, int64_t number)
{
	pack_put_str(out, key);
	pack_put_int(out, number);
}

static void put_time(struct buf *out, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_MAX];
	pack_put_str(out, key);
	if (ms)
		pack_put_str(out, clock_text(ms, text));
	else
		pack_put_nil(out);
}

void plainly_error(const struct err *why, struct buf *out)
{
	pack_put_map(out, 4);
	put_text(out, "code", bytes_text(code_text(why->code)));
	put_text(out, "field", bytes_text(why->field));
	put_text(out, "reason", bytes_text(why->reason));
	put_text(out, "remedy", bytes_text(code_remedy(why->code)));
}

result plainly_delivery(const struct office *office, struct bytes stored, struct buf *out, struct err *err)
{
	struct envelope envelope;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	struct buf hold[MESSAGE_PARTS_MAX] = {{NULL, 0, 0, 0, false}};
	size_t count = 0;
	TRY(envelope_decode(stored, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	TRY(part_decode_all(envelope.parts, parts, &count, err));
	result r = sealing_open_all(office, parts, count, hold, err);
	if (!FAILED(r)) {
		plain_write(&message, parts, count, envelope.signer, out);
		r = buf_check(out, "message", err);
	}
	sealing_done(hold, MESSAGE_PARTS_MAX);
	return r;
}

/* The verdict's views point into frame. */
static result read_verdict(struct bytes packed, struct buf *frame, struct frame_verdict *ret, struct err *err)
{
	struct frame_verdicts verdicts;
	frame_verdicts_encode(&packed, 1, frame);
	TRY(frame_verdicts_decode(buf_bytes(frame), &verdicts, err));
	return frame_verdicts_next(&verdicts, ret) ? OK : err_set(err, CODE_CORRUPT, "verdict", "the stored verdict cannot be read");
}

static result put_verdict(struct bytes packed, struct buf *out, struct err *err)
{
	struct frame_verdict verdict;
	struct frame_recipient recipient;
	struct buf frame;
	buf_init(&frame, PLAINLY_STORED_MAX);
	result r = read_verdict(packed, &frame, &verdict, err);
	if (!FAILED(r)) {
		pack_put_map(out, 6);
		put_text(out, "code", bytes_text(code_text(verdict.code)));
		put_text(out, "field", verdict.field);
		put_text(out, "reason", verdict.reason);
		put_int(out, "entry", verdict.entry);
		pack_put_str(out, "duplicate");
		pack_put_bool(out, verdict.duplicate);
		pack_put_str(out, "recipients");
		pack_put_array(out, verdict.recipients_count);
		while (frame_verdict_recipient(&verdict, &recipient)) {
			pack_put_map(out, 3);
			put_text(out, "party", recipient.party);
			pack_put_str(out, "connected");
			pack_put_bool(out, recipient.connected);
			put_int(out, "age_ms", recipient.age_ms);
		}
	}
	buf_done(&frame);
	return r;
}

struct outcomes {
	struct buf packed;
	size_t count;
};

static void add_outcome(void *ctx, const struct box_outcome *outcome)
{
	struct outcomes *outcomes = ctx;
	char id[UUID_TEXT_MAX];
	struct buf *out = &outcomes->packed;
	pack_put_map(out, 6);
	put_text(out, "recipient", outcome->recipient);
	put_text(out, "what", outcome->what);
	put_text(out, "code", outcome->code);
	put_text(out, "reason", outcome->reason);
	put_time(out, "at", outcome->at);
	put_text(out, "receipt", bytes_text(uuid_text(outcome->id, id)));
	outcomes->count++;
}

static bool has_ended(const struct outcomes *outcomes, struct bytes party)
{
	struct pack_in in = pack_in(buf_bytes(&outcomes->packed), NULL);
	for (size_t i = 0; i < outcomes->count; i++) {
		struct bytes value, recipient;
		if (pack_find(pack_value(&in, ""), "recipient", &value) && pack_as_text(value, &recipient) && bytes_equal(recipient, party))
			return true;
	}
	return false;
}

static bool all_have_ended(const struct frame_verdict *verdict, const struct outcomes *outcomes)
{
	struct frame_verdict again = *verdict;
	struct frame_recipient recipient;
	while (frame_verdict_recipient(&again, &recipient))
		if (!has_ended(outcomes, recipient.party))
			return false;
	return true;
}

/* Held by the hub until a recipient has been heard of: then it was let through. Settled is not stored: it is what the outcomes say. */
static const char *state_of(const struct box_out *own, const struct outcomes *outcomes)
{
	static const char *const states[] = {"waiting", "accepted", "refused", "settled"};
	const char *state = states[own->state];
	struct frame_verdict verdict;
	struct buf frame;
	struct err ignored;
	if (own->state != BOX_ACCEPTED)
		return state;
	buf_init(&frame, PLAINLY_STORED_MAX);
	if (!FAILED(read_verdict(own->verdict, &frame, &verdict, &ignored))) {
		if (outcomes->count && all_have_ended(&verdict, outcomes))
			state = states[BOX_SETTLED];
		else if (!outcomes->count && verdict.code == CODE_HELD)
			state = "held";
	}
	buf_done(&frame);
	return state;
}

static result put_fate(const struct box_out *own, const struct outcomes *outcomes, const char *event, struct buf *out, struct err *err)
{
	char id[UUID_TEXT_MAX];
	struct message message;
	TRY(message_decode(own->header, &message, err));
	pack_put_map(out, 5 + (event ? 1u : 0u));
	if (event)
		put_text(out, "event", bytes_text(event));
	put_text(out, "id", bytes_text(uuid_text(own->id, id)));
	put_text(out, "type", message.type);
	put_text(out, "state", bytes_text(state_of(own, outcomes)));
	pack_put_str(out, "verdict");
	if (own->verdict.len)
		TRY(put_verdict(own->verdict, out, err));
	else
		pack_put_nil(out);
	pack_put_str(out, "outcomes");
	pack_put_array(out, outcomes->count);
	pack_put_raw(out, buf_bytes(&outcomes->packed));
	return buf_check(out, "status", err);
}

result plainly_fate(struct office *office, const uint8_t *id, const char *event, struct buf *out, struct err *err)
{
	struct buf hold;
	struct box_out own;
	struct outcomes outcomes = {.count = 0};
	bool found = false;
	buf_init(&hold, PLAINLY_STORED_MAX);
	buf_init(&outcomes.packed, PLAINLY_STORED_MAX);
	result r = box_find_out(office->box, id, &hold, &found, &own, err);
	if (!FAILED(r) && !found)
		r = err_set(err, CODE_NOT_FOUND, "/id", "no message of this id was sent from here");
	if (!FAILED(r))
		r = box_each_outcome(office->box, id, add_outcome, &outcomes, err);
	if (!FAILED(r))
		r = put_fate(&own, &outcomes, event, out, err);
	buf_done(&outcomes.packed);
	buf_done(&hold);
	return r;
}

result plainly_status(struct office *office, struct buf *out, struct err *err)
{
	int64_t waiting = 0, unhanded = 0;
	const struct err *last = uplink_last_error(office->uplink);
	struct err trouble;
	if (box_has_trouble(office->box, &trouble))
		return err_set(err, trouble.code, trouble.field, "%s", trouble.reason);
	TRY(box_counts(office->box, &waiting, &unhanded, err));
	pack_put_map(out, 12);
	put_text(out, "party", bytes_text(office->options->party));
	put_text(out, "kind", bytes_text(office->kind->name));
	put_text(out, "title", bytes_text(office->options->title));
	put_text(out, "hub", bytes_text(office->options->hub.address));
	put_text(out, "uplink", bytes_text(uplink_state_text(uplink_state(office->uplink))));
	pack_put_str(out, "error");
	if (last->code == CODE_OK)
		pack_put_nil(out);
	else
		plainly_error(last, out);
	put_time(out, "started_at", office->started_at);
	put_int(out, "waiting", waiting);
	put_int(out, "unhanded", unhanded);
	put_time(out, "certificate_until", signer_not_after_ms(office->papers.signing));
	put_text(out, "version", bytes_text(LIAISON_VERSION));
	pack_put_str(out, "history");
	history_show(office->history, out);
	return OK;
}
