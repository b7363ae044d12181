#include "broker/route/hold.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/route/alert.h"
#include "broker/route/notify.h"
#include "broker/route/rules.h"

#include <stdio.h>
#include <string.h>

enum { HOLD_RECIPIENTS_MAX = STORE_VALUE_MAX };

static void put_recipients(const struct admission *admission, struct buf *out)
{
	pack_put_array(out, admission->recipients_count);
	for (size_t i = 0; i < admission->recipients_count; i++) {
		const struct agreement_recipient *from = &admission->recipients[i];
		struct held_recipient recipient = {.agreement = bytes_text(from->agreement ? from->agreement->name : ""), .withheld = from->withheld,
		                                   .consent = from->consent};
		snprintf(recipient.party, sizeof(recipient.party), "%s", from->party->name);
		held_put_recipient(out, &recipient);
	}
}

result hold_keep(struct admission *admission, int64_t seq, struct err *err)
{
	const struct message *message = &admission->candidate->message;
	struct core *core = admission->core;
	struct buf recipients;
	buf_init(&recipients, HOLD_RECIPIENTS_MAX);
	put_recipients(admission, &recipients);
	const struct held held = {.id = message->id, .seq = seq, .at = admission->now, .expires = message->expires, .priority = message->priority,
	                          .interlock = bytes_text(admission->candidate->type->interlock), .reason = bytes_text(admission->held.reason),
	                          .recipients = buf_bytes(&recipients)};
	result r = buf_check(&recipients, "held", err);
	if (!FAILED(r))
		r = held_put(core->store, &held, err);
	buf_done(&recipients);
	core->next_expiry = -1;
	return r;
}

static result record_let_through(struct core *core, const struct held *held, const struct store_message *stored, const struct hold_end *end,
                                 struct err *err)
{
	struct held_recipient recipient;
	struct err ignored;
	struct buf detail;
	buf_init(&detail, (size_t)512 * 1024);
	pack_put_map(&detail, 4);
	pack_put_str(&detail, "to");
	struct pack_in in = pack_in(held->recipients, &ignored);
	size_t count = pack_array(&in, "recipients");
	pack_put_array(&detail, count);
	for (size_t i = 0; i < count && held_next_recipient(&in, &recipient); i++) {
		pack_put_array(&detail, 2);
		pack_put_str(&detail, recipient.party);
		pack_put_text(&detail, recipient.agreement);
	}
	pack_put_str(&detail, "because");
	pack_put_str(&detail, end->because);
	pack_put_str(&detail, "by");
	pack_put_bin(&detail, bytes_of(end->by, UUID_LEN));
	pack_put_str(&detail, "reason");
	pack_put_str(&detail, end->reason);
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = LEDGER_LET_THROUGH, .id = held->id, .leaf = stored->leaf,
	                             .party = bytes_text(core->snapshot->settings.party), .detail = buf_bytes(&detail)};
	result r = core_record(core, &entry, NULL, err);
	buf_done(&detail);
	return r;
}

static result queue_all(struct core *core, const struct held *held, const struct message *message, struct err *err)
{
	struct held_recipient recipient;
	struct pack_in in = pack_in(held->recipients, err);
	size_t count = pack_array(&in, "recipients");
	for (size_t i = 0; i < count && held_next_recipient(&in, &recipient); i++) {
		struct store_queued queued = {.place = {.priority = held->priority, .seq = held->seq}, .expires = held->expires,
		                              .queued_at = clock_wall_ms(), .wants_receipt = true, .withheld = recipient.withheld,
		                              .consent = recipient.consent};
		TRY(store_party(core->store, recipient.party, &queued.place.recipient, err));
		TRY(store_enqueue(core->store, &queued, err));
		TRY(store_thread_join(core->store, message_thread(message), queued.place.recipient, err));
		struct session *session = session_of_party(core, recipient.party);
		if (session)
			session->backlog = true;
	}
	core->next_expiry = -1;
	return pack_end(&in);
}

/* A held message as it is stored, unpacked, in buffers of its own: what is sent on the way uses the core's. */
struct stored {
	struct buf hold;
	struct store_message message_row;
	struct envelope envelope;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t parts_count;
	char from[STORE_PARTY_MAX];
	char recipients[PASSAGE_RECIPIENTS_MAX][STORE_PARTY_MAX];
	struct passage passage;
};

static result unpack(struct core *core, const struct held *held, struct stored *stored, struct err *err)
{
	struct proof_statement statement;
	bool found = false;
	TRY(store_get(core->store, held->seq, &stored->hold, &found, &stored->message_row, err));
	if (!found)
		return err_set(err, CODE_CORRUPT, "held", "message %lld is held but not stored", (long long)held->seq);
	TRY(envelope_decode(stored->message_row.envelope, &stored->envelope, err));
	TRY(message_decode(stored->envelope.header, &stored->message, err));
	TRY(part_decode_all(stored->envelope.parts, stored->parts, &stored->parts_count, err));
	TRY(proof_statement_decode(stored->envelope.statement, &statement, err));
	const struct part *main = part_find(stored->parts, stored->parts_count, BYTES_LIT("main"));
	snprintf(stored->from, sizeof(stored->from), "%.*s", (int)stored->message.from.len, (const char *)stored->message.from.at);
	stored->passage.message = &stored->message;
	stored->passage.type = catalogue_find(core->snapshot->catalogue, stored->message.type);
	stored->passage.main = main ? main->bytes : BYTES_NONE;
	stored->passage.from = stored->from;
	stored->passage.signed_at = statement.signed_at;
	stored->passage.now = clock_wall_ms();
	return OK;
}

static result list_recipients(const struct held *held, struct stored *stored, struct err *err)
{
	struct held_recipient recipient;
	struct pack_in in = pack_in(held->recipients, err);
	size_t count = pack_array(&in, "recipients");
	struct passage *passage = &stored->passage;
	for (size_t i = 0; i < count && i < PASSAGE_RECIPIENTS_MAX && held_next_recipient(&in, &recipient); i++) {
		memcpy(stored->recipients[i], recipient.party, sizeof(stored->recipients[i]));
		passage->recipients[passage->recipients_count++] = stored->recipients[i];
	}
	return pack_end(&in);
}

static struct stored *stored_new(const struct core *core)
{
	struct stored *stored = mem_alloc(sizeof(*stored));
	buf_init(&stored->hold, core->hold.max);
	return stored;
}

static void stored_free(struct stored *stored)
{
	rules_done(&stored->passage);
	buf_done(&stored->hold);
	mem_free(stored);
}

/* The catalogue may have lost the type since: then the message goes on its way, and that is all. */
static result follow_rules(struct core *core, struct stored *stored, int64_t seq, struct err *err)
{
	struct err why;
	if (!stored->passage.type)
		return OK;
	TRY(rules_judge(core, &stored->passage, &why, err));
	if (why.code != CODE_OK && why.code != CODE_HELD)
		stored->passage.plan.steps_count = 0; /* overridden: the records stay as they are */
	return rules_accepted(core, &stored->passage, seq, err);
}

static result let_through(struct core *core, const struct held *held, struct stored *stored, const struct hold_end *end, struct err *err)
{
	const struct alert alert = {.event = "released", .of = &stored->message, .interlock = held->interlock, .code = CODE_OK, .reason = end->reason};
	TRY(core_write(core, err));
	TRY(list_recipients(held, stored, err));
	TRY(queue_all(core, held, &stored->message, err));
	TRY(record_let_through(core, held, &stored->message_row, end, err));
	TRY(store_row_drop(core->store, STORE_HELD, bytes_of(held->id, UUID_LEN), err));
	TRY(alert_send(core, &alert, stored->from, err));
	return follow_rules(core, stored, held->seq, err);
}

result hold_let_through(struct core *core, const uint8_t *id, const struct hold_end *end, bool *ret_found, struct err *err)
{
	struct held held;
	struct stored *stored = stored_new(core);
	struct buf row;
	buf_init(&row, STORE_VALUE_MAX + STORE_KEY_MAX);
	result r = held_get(core->store, id, &row, ret_found, &held, err);
	if (!FAILED(r) && *ret_found)
		r = unpack(core, &held, stored, err);
	if (!FAILED(r) && *ret_found)
		r = let_through(core, &held, stored, end, err);
	buf_done(&row);
	stored_free(stored);
	return r;
}

static result review_one(struct core *core, const struct held *held, const uint8_t *by, struct err *err)
{
	const struct hold_end end = {.because = "resolved", .by = by, .reason = "nothing stands against it any more"};
	struct stored *stored = stored_new(core);
	struct err why = {.code = CODE_HELD};
	result r = unpack(core, held, stored, err);
	if (!FAILED(r) && stored->passage.type)
		r = rules_judge(core, &stored->passage, &why, err);
	rules_done(&stored->passage);
	if (!FAILED(r) && why.code == CODE_OK)
		r = let_through(core, held, stored, &end, err);
	stored_free(stored);
	return r;
}

result hold_review(struct core *core, const uint8_t *by, struct err *err)
{
	uint8_t after[UUID_LEN], because[UUID_LEN];
	struct held held;
	struct buf row;
	bool found = false;
	memcpy(because, by, UUID_LEN);
	buf_init(&row, STORE_VALUE_MAX + STORE_KEY_MAX);
	result r = held_next(core->store, NULL, &row, &found, &held, err);
	while (!FAILED(r) && found) {
		memcpy(after, held.id, UUID_LEN);
		r = review_one(core, &held, because, err);
		if (!FAILED(r))
			r = held_next(core->store, after, &row, &found, &held, err);
	}
	buf_done(&row);
	return r;
}

static result expire_one(struct core *core, const struct held *held, struct err *err)
{
	struct held_recipient recipient;
	struct store_place place = {.priority = held->priority, .seq = held->seq};
	struct pack_in in = pack_in(held->recipients, err);
	size_t count = pack_array(&in, "recipients");
	for (size_t i = 0; i < count && held_next_recipient(&in, &recipient); i++)
		TRY(notify_lost(core, &place, recipient.party, NOTICE_EXPIRED, CODE_EXPIRED, "was held until its expiry", err));
	TRY(pack_end(&in));
	metric_add(core->expired, 1);
	return store_row_drop(core->store, STORE_HELD, bytes_of(held->id, UUID_LEN), err);
}

result hold_expire(struct core *core, int64_t now, int64_t *ret_next, struct err *err)
{
	uint8_t after[UUID_LEN];
	struct held held;
	struct buf row;
	bool found = false;
	*ret_next = 0;
	buf_init(&row, STORE_VALUE_MAX + STORE_KEY_MAX);
	result r = held_next(core->store, NULL, &row, &found, &held, err);
	while (!FAILED(r) && found) {
		memcpy(after, held.id, UUID_LEN);
		if (held.expires && held.expires <= now) {
			r = core_write(core, err);
			if (!FAILED(r))
				r = expire_one(core, &held, err);
		} else if (held.expires && (*ret_next == 0 || held.expires < *ret_next)) {
			*ret_next = held.expires;
		}
		if (!FAILED(r))
			r = held_next(core->store, after, &row, &found, &held, err);
	}
	buf_done(&row);
	return r;
}
