#include "broker/route/withhold.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static bool is_in(int64_t mask, size_t index)
{
	return (mask & (INT64_C(1) << index)) != 0;
}

/* The parts that came along and may stay. */
static size_t keep_parts(const struct message *message, const struct part *parts, size_t count, int64_t withheld, struct part *kept)
{
	size_t left = 0;
	for (size_t i = 0; i < message->parts_count; i++) {
		const struct part *part = part_find(parts, count, message->parts[i].name);
		if (part && !is_in(withheld, i))
			kept[left++] = *part;
	}
	return left;
}

result withhold_encode(struct bytes stored, int64_t withheld, struct buf *out, struct err *err)
{
	struct envelope envelope;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX], kept[MESSAGE_PARTS_MAX];
	struct buf packed;
	size_t count = 0;
	TRY(envelope_decode(stored, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	TRY(part_decode_all(envelope.parts, parts, &count, err));
	buf_init(&packed, envelope.parts.len + 16);
	part_encode_all(kept, keep_parts(&message, parts, count, withheld, kept), &packed);
	envelope.parts = buf_bytes(&packed);
	envelope_encode(&envelope, out);
	result r = buf_check(&packed, "parts", err);
	buf_done(&packed);
	TRY(r);
	return buf_check(out, "envelope", err);
}

static size_t count_in(int64_t mask, size_t parts_count)
{
	size_t count = 0;
	for (size_t i = 0; i < parts_count; i++)
		count += is_in(mask, i);
	return count;
}

void withhold_put_names(const struct message *message, int64_t mask, struct buf *out)
{
	pack_put_array(out, count_in(mask, message->parts_count));
	for (size_t i = 0; i < message->parts_count; i++)
		if (is_in(mask, i))
			pack_put_text(out, message->parts[i].name);
}

void withhold_put_all(const struct message *message, const struct agreement_recipient *recipients, size_t count, struct buf *out)
{
	size_t all = 0;
	for (size_t i = 0; i < count; i++)
		all += count_in(recipients[i].withheld, message->parts_count);
	pack_put_array(out, all);
	for (size_t i = 0; i < count; i++)
		for (size_t p = 0; p < message->parts_count; p++) {
			if (!is_in(recipients[i].withheld, p))
				continue;
			pack_put_array(out, 3);
			pack_put_str(out, recipients[i].party->name);
			pack_put_text(out, message->parts[p].name);
			pack_put_str(out, agreement_why_text((enum agreement_why)recipients[i].why[p]));
		}
}

/* ── consents, at the time of the delivery ── */

static result ask_registry(struct core *core, const struct message *message, const char *recipient, enum consent_state *ret, struct err *err)
{
	struct consent consent;
	char from[TRUST_NAME_MAX];
	snprintf(from, sizeof(from), "%.*s", (int)message->from.len, (const char *)message->from.at);
	consent_init(&consent);
	result r = consent_load(core->store, message->consent, &consent, err);
	if (!FAILED(r)) {
		struct consent_question question = {.consent = &consent, .discloser = from, .subject = message->subject, .now = clock_wall_ms(),
		                                    .days = &core->days};
		*ret = consent_judge(&question, recipient);
	}
	consent_done(&consent);
	return r;
}

result withhold_is_gone(struct core *core, const struct store_queued *queued, const char *recipient, struct bytes stored, bool *ret_gone,
                        struct err *err)
{
	struct envelope envelope;
	struct message message;
	enum consent_state state = CONSENT_HOLDS;
	*ret_gone = false;
	if (!queued->consent)
		return OK;
	TRY(envelope_decode(stored, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	TRY(ask_registry(core, &message, recipient, &state, err));
	*ret_gone = state != CONSENT_HOLDS;
	return OK;
}

void withhold_doubt(struct core *core, const struct store_place *place)
{
	/* What finds no room is found in doubt again when its turn comes. */
	if (core->doubtful_count < CORE_DOUBTFUL_MAX)
		core->doubtful[core->doubtful_count++] = *place;
}

static result record_withheld(struct core *core, const struct store_message *stored, const struct message *message, const char *recipient,
                              int64_t mask, enum consent_state state, struct err *err)
{
	struct buf detail;
	buf_init(&detail, 2048);
	pack_put_map(&detail, 4);
	pack_put_str(&detail, "recipient");
	pack_put_str(&detail, recipient);
	pack_put_str(&detail, "parts");
	withhold_put_names(message, mask, &detail);
	pack_put_str(&detail, "code");
	pack_put_str(&detail, code_text(CODE_CONSENT));
	pack_put_str(&detail, "reason");
	buf_printf(&core->scratch, "the consent %s", consent_state_text(state));
	pack_put_text(&detail, buf_bytes(&core->scratch));
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = LEDGER_WITHHELD, .id = stored->id, .leaf = stored->leaf, .party = message->from,
	                             .type = message->type, .detail = buf_bytes(&detail)};
	result r = core_record(core, &entry, NULL, err);
	buf_done(&detail);
	return r;
}

static result withhold_one(struct core *core, const struct store_place *place, struct err *err)
{
	struct store_queued queued;
	struct store_message stored;
	struct envelope envelope;
	struct message message;
	char recipient[STORE_PARTY_MAX];
	bool found = false;
	enum consent_state state = CONSENT_HOLDS;
	TRY(store_queued_find(core->store, place->recipient, place->seq, &found, &queued, err));
	if (!found || !queued.consent)
		return OK; /* it ended otherwise meanwhile */
	TRY(store_party_name(core->store, place->recipient, recipient, err));
	TRY(store_get(core->store, place->seq, &core->hold, &found, &stored, err));
	if (!found)
		return err_set(err, CODE_CORRUPT, "", "message %lld is queued but not stored", (long long)place->seq);
	TRY(envelope_decode(stored.envelope, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	TRY(ask_registry(core, &message, recipient, &state, err));
	if (state == CONSENT_HOLDS)
		return OK;
	TRY(store_withhold(core->store, &queued.place, queued.withheld | queued.consent, 0, err));
	buf_clear(&core->scratch);
	return record_withheld(core, &stored, &message, recipient, queued.consent, state, err);
}

result withhold_decide(struct core *core, struct err *err)
{
	if (core->doubtful_count == 0)
		return OK;
	TRY(core_write(core, err));
	for (size_t i = 0; i < core->doubtful_count; i++)
		TRY(withhold_one(core, &core->doubtful[i], err));
	core->doubtful_count = 0;
	return OK;
}
