#include "broker/route/mail.h"

#include "base/clock.h"

enum { MAIL_MAX = 256 * 1024 };

/* A mail in the making; everything it points into lives as long as the struct. */
struct letter {
	const struct mail *mail;
	struct buf parts, header, statement, signature, envelope;
	uint8_t salt[MESSAGE_SALT_LEN];
	struct uuid id;
	struct hash part_hash, leaf;
	int64_t now;
};

static void letter_init(struct letter *letter, const struct mail *mail)
{
	struct buf *bufs[] = {&letter->parts, &letter->header, &letter->statement, &letter->signature, &letter->envelope};
	for (size_t i = 0; i < sizeof(bufs) / sizeof(*bufs); i++)
		buf_init(bufs[i], MAIL_MAX);
	letter->mail = mail;
	letter->id = uuid_new();
	letter->now = clock_wall_ms();
	hash_random(letter->salt, sizeof(letter->salt));
}

static void letter_done(struct letter *letter)
{
	struct buf *bufs[] = {&letter->parts, &letter->header, &letter->statement, &letter->signature, &letter->envelope};
	for (size_t i = 0; i < sizeof(bufs) / sizeof(*bufs); i++)
		buf_done(bufs[i]);
}

static result letter_sign(struct letter *letter, const struct core *core, struct err *err)
{
	const struct mail *mail = letter->mail;
	struct part part = {.name = BYTES_LIT("main"), .salt = letter->salt, .bytes = mail->main};
	letter->part_hash = hash_of_two(bytes_of(letter->salt, sizeof(letter->salt)), part.bytes);
	struct message message = {
		.id = letter->id.at,
		.type = bytes_text(mail->type),
		.from = bytes_text(core->snapshot->settings.party),
		.to = {bytes_text(mail->to)},
		.to_count = 1,
		.issued = letter->now,
		.priority = mail->priority,
		.thread = mail->thread,
		.re = mail->re,
		.subject = mail->subject,
		.parts = {{.name = BYTES_LIT("main"), .cls = BYTES_LIT("CJ"), .hash = letter->part_hash.at}},
		.parts_count = 1,
	};
	TRY(message_encode(&message, &letter->header, err));
	part_encode_all(&part, 1, &letter->parts);
	letter->leaf = merkle_leaf(buf_bytes(&letter->header));
	TRY(proof_sign(core->snapshot->signing_key, &letter->leaf, 1, letter->now, &letter->statement, &letter->signature, err));
	struct envelope envelope = {
		.header = buf_bytes(&letter->header),
		.parts = buf_bytes(&letter->parts),
		.statement = buf_bytes(&letter->statement),
		.signature = buf_bytes(&letter->signature),
		.signer = signer_fingerprint(core->snapshot->signing),
	};
	envelope_encode(&envelope, &letter->envelope);
	return buf_check(&letter->envelope, mail->type, err);
}

static void put_id(struct buf *out, const char *key, const uint8_t *id)
{
	pack_put_str(out, key);
	pack_put_bin(out, bytes_of(id, UUID_LEN));
}

static result letter_record(const struct letter *letter, struct core *core, int64_t *ret_entry, struct err *err)
{
	const struct mail *mail = letter->mail;
	struct ledger_entry entry = {.at = letter->now, .kind = LEDGER_ACCEPTED, .id = letter->id.at, .leaf = letter->leaf.at,
	                             .type = bytes_text(mail->type), .party = bytes_text(core->snapshot->settings.party)};
	struct buf detail;
	buf_init(&detail, 64 * 1024);
	pack_put_map(&detail, 3 + (mail->re ? 1u : 0u) + (mail->subject.len ? 1u : 0u));
	pack_put_str(&detail, "to");
	pack_put_array(&detail, 1);
	pack_put_array(&detail, 2);
	pack_put_str(&detail, mail->to);
	pack_put_str(&detail, "");
	put_id(&detail, "thread", mail->thread ? mail->thread : letter->id.at);
	pack_put_str(&detail, "issued");
	pack_put_int(&detail, letter->now);
	if (mail->re)
		put_id(&detail, "re", mail->re);
	if (mail->subject.len) {
		pack_put_str(&detail, "subject");
		pack_put_raw(&detail, mail->subject);
	}
	entry.detail = buf_bytes(&detail);
	result r = core_record(core, &entry, ret_entry, err);
	buf_done(&detail);
	return r;
}

static result letter_queue(const struct letter *letter, struct core *core, struct err *err)
{
	const struct mail *mail = letter->mail;
	struct store_message stored = {.seq = ++core->last_seq, .id = letter->id.at, .leaf = letter->leaf.at, .accepted_at = letter->now,
	                               .envelope = buf_bytes(&letter->envelope)};
	struct store_queued queued = {.place = {.priority = mail->priority, .seq = stored.seq}, .queued_at = letter->now,
	                              .wants_receipt = mail->wants_receipt};
	TRY(letter_record(letter, core, &stored.entry, err));
	TRY(store_put(core->store, &stored, err));
	TRY(store_party(core->store, mail->to, &queued.place.recipient, err));
	TRY(store_enqueue(core->store, &queued, err));
	struct blob *envelope = blob_new(stored.envelope);
	core_fresh(core, &queued, envelope);
	blob_unref(envelope);
	return OK;
}

result mail_send(struct core *core, const struct mail *mail, struct err *err)
{
	struct letter letter;
	TRY(core_write(core, err));
	letter_init(&letter, mail);
	result r = letter_sign(&letter, core, err);
	if (!FAILED(r))
		r = letter_queue(&letter, core, err);
	letter_done(&letter);
	return r;
}
