#include "broker/route/notify.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* The hub's own message in the making; everything it points into lives as long as the struct. */
struct mail {
	struct buf main, parts, header, statement, signature, envelope;
	uint8_t salt[MESSAGE_SALT_LEN];
	struct uuid id;
	struct hash part_hash, leaf;
};

static void mail_init(struct mail *mail)
{
	struct buf *bufs[] = {&mail->main, &mail->parts, &mail->header, &mail->statement, &mail->signature, &mail->envelope};
	for (size_t i = 0; i < sizeof(bufs) / sizeof(*bufs); i++)
		buf_init(bufs[i], (size_t)64 * 1024);
	mail->id = uuid_new();
	hash_random(mail->salt, sizeof(mail->salt));
}

static void mail_done(struct mail *mail)
{
	struct buf *bufs[] = {&mail->main, &mail->parts, &mail->header, &mail->statement, &mail->signature, &mail->envelope};
	for (size_t i = 0; i < sizeof(bufs) / sizeof(*bufs); i++)
		buf_done(bufs[i]);
}

static result mail_sign(struct mail *mail, const struct core *core, const struct message *lost, int64_t now, struct err *err)
{
	struct part part = {.name = BYTES_LIT("main"), .salt = mail->salt, .bytes = buf_bytes(&mail->main)};
	mail->part_hash = hash_of_two(bytes_of(mail->salt, sizeof(mail->salt)), part.bytes);
	struct message notice = {
		.id = mail->id.at,
		.type = BYTES_LIT(NOTICE_TYPE),
		.from = bytes_text(core->snapshot->settings.party),
		.to = {lost->from},
		.to_count = 1,
		.issued = now,
		.priority = lost->priority,
		.thread = message_thread(lost),
		.re = lost->id,
		.subject = lost->subject,
		.parts = {{.name = BYTES_LIT("main"), .cls = BYTES_LIT("CJ"), .hash = mail->part_hash.at}},
		.parts_count = 1,
	};
	TRY(message_encode(&notice, &mail->header, err));
	part_encode_all(&part, 1, &mail->parts);
	mail->leaf = merkle_leaf(buf_bytes(&mail->header));
	TRY(proof_sign(core->snapshot->signing_key, &mail->leaf, 1, now, &mail->statement, &mail->signature, err));
	struct envelope envelope = {
		.header = buf_bytes(&mail->header),
		.parts = buf_bytes(&mail->parts),
		.statement = buf_bytes(&mail->statement),
		.signature = buf_bytes(&mail->signature),
		.signer = signer_fingerprint(core->snapshot->signing),
	};
	envelope_encode(&envelope, &mail->envelope);
	return buf_check(&mail->envelope, "notice", err);
}

static result mail_store(struct mail *mail, struct core *core, const struct message *lost, int64_t now, struct err *err)
{
	char originator[TRUST_NAME_MAX] = {0};
	struct store_message stored = {
		.seq = ++core->last_seq,
		.id = mail->id.at,
		.leaf = mail->leaf.at,
		.accepted_at = now,
		.envelope = buf_bytes(&mail->envelope),
	};
	struct store_queued queued = {.place = {.priority = lost->priority, .seq = stored.seq}, .queued_at = now};
	struct ledger_entry entry = {.at = now, .kind = LEDGER_ACCEPTED, .id = mail->id.at, .leaf = mail->leaf.at, .type = BYTES_LIT(NOTICE_TYPE),
	                             .party = bytes_text(core->snapshot->settings.party)};
	struct buf detail;
	memcpy(originator, lost->from.at, lost->from.len < sizeof(originator) ? lost->from.len : sizeof(originator) - 1);
	buf_init(&detail, 4096);
	pack_put_map(&detail, 4);
	pack_put_str(&detail, "to");
	pack_put_array(&detail, 1);
	pack_put_array(&detail, 2);
	pack_put_text(&detail, lost->from);
	pack_put_str(&detail, "");
	pack_put_str(&detail, "re");
	pack_put_bin(&detail, bytes_of(lost->id, UUID_LEN));
	pack_put_str(&detail, "thread");
	pack_put_bin(&detail, bytes_of(message_thread(lost), UUID_LEN));
	pack_put_str(&detail, "issued");
	pack_put_int(&detail, now);
	entry.detail = buf_bytes(&detail);
	result r = core_record(core, &entry, &stored.entry, err);
	buf_done(&detail);
	TRY(r);
	TRY(store_put(core->store, &stored, err));
	TRY(store_party(core->store, originator, &queued.place.recipient, err));
	TRY(store_enqueue(core->store, &queued, err));
	struct blob *envelope = blob_new(stored.envelope);
	core_fresh(core, &queued, envelope);
	blob_unref(envelope);
	return OK;
}

static result send_notice(struct core *core, const struct message *lost, const struct hash *leaf, const char *recipient, enum notice_event event,
                          enum code code, const char *reason, struct err *err)
{
	struct mail mail;
	struct notice notice = {.event = event, .code = code, .at = clock_wall_ms()};
	memcpy(notice.of, lost->id, UUID_LEN);
	memcpy(notice.hash, leaf->at, MESSAGE_HASH_LEN);
	snprintf(notice.recipient, sizeof(notice.recipient), "%s", recipient);
	snprintf(notice.reason, sizeof(notice.reason), "%s", reason);
	mail_init(&mail);
	notice_encode(&notice, &mail.main);
	result r = mail_sign(&mail, core, lost, notice.at, err);
	if (!FAILED(r))
		r = mail_store(&mail, core, lost, notice.at, err);
	mail_done(&mail);
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
