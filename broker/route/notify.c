#include "broker/route/notify.h"

#include "base/clock.h"
#include "broker/route/mail.h"

#include <stdio.h>
#include <string.h>

static result send_notice(struct core *core, const struct message *lost, const struct hash *leaf, const char *recipient, enum notice_event event,
                          enum code code, const char *reason, struct err *err)
{
	char originator[TRUST_NAME_MAX];
	struct buf main;
	struct notice notice = {.event = event, .code = code, .at = clock_wall_ms()};
	memcpy(notice.of, lost->id, UUID_LEN);
	memcpy(notice.hash, leaf->at, MESSAGE_HASH_LEN);
	snprintf(notice.recipient, sizeof(notice.recipient), "%s", recipient);
	snprintf(notice.reason, sizeof(notice.reason), "%s", reason);
	snprintf(originator, sizeof(originator), "%.*s", (int)lost->from.len, (const char *)lost->from.at);
	buf_init(&main, 4096);
	notice_encode(&notice, &main);
	const struct mail mail = {.type = NOTICE_TYPE, .to = originator, .main = buf_bytes(&main), .re = lost->id, .thread = message_thread(lost),
	                          .subject = lost->subject, .priority = lost->priority};
	result r = mail_send(core, &mail, err);
	buf_done(&main);
	return r;
}

static result record_lost(struct core *core, const struct message *lost, const struct hash *leaf, const char *recipient, enum notice_event event,
                          enum code code, const char *reason, struct err *err)
{
	static const enum ledger_kind kinds[NOTICE_EVENT_COUNT] = {
		[NOTICE_EXPIRED] = LEDGER_EXPIRED, [NOTICE_DEAD_LETTERED] = LEDGER_DEAD, [NOTICE_DISCARDED] = LEDGER_DISCARDED};
	struct buf detail;
	buf_init(&detail, 2048);
	pack_put_map(&detail, 3);
	pack_put_str(&detail, "recipient");
	pack_put_str(&detail, recipient);
	pack_put_str(&detail, "code");
	pack_put_str(&detail, code_text(code));
	pack_put_str(&detail, "reason");
	pack_put_str(&detail, reason);
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = kinds[event], .id = lost->id, .leaf = leaf->at, .party = lost->from,
	                             .type = lost->type, .detail = buf_bytes(&detail)};
	result r = core_record(core, &entry, NULL, err);
	buf_done(&detail);
	return r;
}

/* Receipts and notices are answered by nobody: when one of them is lost, the record says so and that is all. */
static bool is_owed_a_notice(const struct core *core, const struct message *lost)
{
	return !bytes_is(lost->type, RECEIPT_TYPE) && !bytes_is(lost->type, NOTICE_TYPE) && !bytes_is(lost->from, core->snapshot->settings.party);
}

result notify_lost(struct core *core, const struct store_place *place, const char *recipient, enum notice_event event, enum code code,
                   const char *reason, struct err *err)
{
	struct store_message stored;
	struct envelope envelope;
	struct message lost;
	struct buf hold;
	bool found = false;
	buf_init(&hold, core->hold.max);
	result r = store_get(core->store, place->seq, &hold, &found, &stored, err);
	if (!FAILED(r) && !found)
		r = err_set(err, CODE_CORRUPT, "", "message %lld was queued but is not stored", (long long)place->seq);
	if (!FAILED(r))
		r = envelope_decode(stored.envelope, &envelope, err);
	if (!FAILED(r))
		r = message_decode(envelope.header, &lost, err);
	if (!FAILED(r)) {
		struct hash leaf;
		memcpy(leaf.at, stored.leaf, HASH_LEN);
		r = record_lost(core, &lost, &leaf, recipient, event, code, reason, err);
		if (!FAILED(r) && is_owed_a_notice(core, &lost))
			r = send_notice(core, &lost, &leaf, recipient, event, code, reason, err);
	}
	buf_done(&hold);
	return r;
}
