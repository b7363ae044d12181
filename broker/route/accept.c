#include "broker/route/accept.h"

#include "base/mem.h"
#include "broker/route/hold.h"
#include "broker/route/session.h"
#include "broker/route/withhold.h"

static void put_id(struct buf *out, const char *key, const uint8_t *id)
{
	pack_put_str(out, key);
	pack_put_bin(out, bytes_of(id, UUID_LEN));
}

static void put_recipients(const struct admission *admission, struct buf *out)
{
	pack_put_str(out, "to");
	pack_put_array(out, admission->recipients_count);
	for (size_t i = 0; i < admission->recipients_count; i++) {
		const struct agreement_recipient *recipient = &admission->recipients[i];
		pack_put_array(out, 2);
		pack_put_str(out, recipient->party->name);
		pack_put_str(out, recipient->agreement ? recipient->agreement->name : "");
	}
}

static bool is_held(const struct admission *admission)
{
	return admission->held.code == CODE_HELD;
}

static bool withholds(const struct admission *admission)
{
	for (size_t i = 0; i < admission->recipients_count; i++)
		if (admission->recipients[i].withheld)
			return true;
	return false;
}

static void put_held(const struct admission *admission, struct buf *out)
{
	pack_put_str(out, "interlock");
	pack_put_str(out, admission->candidate->type->interlock);
	pack_put_str(out, "reason");
	pack_put_str(out, admission->held.reason);
}

/* So that nobody alters what a duplicate will be answered. */
static void put_verdict(struct bytes verdict, struct buf *out)
{
	struct hash hash = hash_of(verdict);
	pack_put_str(out, "verdict");
	pack_put_bin(out, hash_bytes(&hash));
}

static void put_accepted_detail(const struct admission *admission, struct bytes verdict, struct buf *out)
{
	const struct message *message = &admission->candidate->message;
	pack_put_map(out, 5 + (message->re ? 1u : 0u) + (message->subject.len ? 1u : 0u) + (withholds(admission) ? 1u : 0u) +
	                          (is_held(admission) ? 2u : 0u));
	put_recipients(admission, out);
	put_verdict(verdict, out);
	if (is_held(admission))
		put_held(admission, out);
	if (withholds(admission)) {
		pack_put_str(out, "withheld");
		withhold_put_all(message, admission->recipients, admission->recipients_count, out);
	}
	put_id(out, "thread", message_thread(message));
	pack_put_str(out, "issued");
	pack_put_int(out, message->issued);
	pack_put_str(out, "signed_at");
	pack_put_int(out, admission->candidate->signed_at);
	if (message->re)
		put_id(out, "re", message->re);
	if (message->subject.len) {
		pack_put_str(out, "subject");
		pack_put_raw(out, message->subject);
	}
}

static void put_receipt_detail(const struct admission *admission, struct bytes verdict, struct buf *out)
{
	const struct settled *settled = &admission->settled;
	const struct receipt *receipt = &settled->receipt;
	pack_put_map(out, 9);
	put_recipients(admission, out);
	put_verdict(verdict, out);
	put_id(out, "of", receipt->of);
	pack_put_str(out, "disposition");
	pack_put_str(out, receipt->received ? "received" : "refused");
	pack_put_str(out, "code");
	pack_put_str(out, code_text(receipt->code));
	pack_put_str(out, "reason");
	pack_put_str(out, receipt->reason);
	pack_put_str(out, "sent_at");
	pack_put_int(out, settled->sent_at);
	pack_put_str(out, "received_at");
	pack_put_int(out, receipt->at);
	pack_put_str(out, "attempts");
	pack_put_int(out, settled->attempts);
}

static result record_accepted(struct admission *admission, struct bytes verdict, int64_t *ret_entry, struct err *err)
{
	const struct candidate *candidate = admission->candidate;
	struct buf detail;
	buf_init(&detail, (size_t)512 * 1024);
	if (admission->is_receipt)
		put_receipt_detail(admission, verdict, &detail);
	else
		put_accepted_detail(admission, verdict, &detail);
	struct ledger_entry entry = {
		.at = admission->now,
		.kind = admission->is_receipt ? LEDGER_RECEIPT : is_held(admission) ? LEDGER_HELD : LEDGER_ACCEPTED,
		.id = candidate->message.id,
		.leaf = candidate->leaf.at,
		.party = bytes_text(admission->job->party),
		.type = candidate->message.type,
		.detail = buf_bytes(&detail),
	};
	result r = core_record(admission->core, &entry, ret_entry, err);
	buf_done(&detail);
	return r;
}

static void encode_envelope(const struct admission *admission, struct buf *out)
{
	const struct candidate *candidate = admission->candidate;
	struct envelope envelope = {
		.header = candidate->message.header,
		.parts = candidate->parts,
		.statement = admission->job->statement,
		.signature = admission->job->signature,
		.signer = signer_fingerprint(admission->job->signer),
		.index = (int64_t)candidate->index,
		.path = bytes_of(candidate->path, candidate->path_len * HASH_LEN),
	};
	envelope_encode(&envelope, out);
}

/* What the verdict says of a recipient: its link is up, or how long its oldest message has been waiting. */
static result describe_recipient(const struct admission *admission, const struct agreement_recipient *recipient, int64_t number,
                                 struct frame_recipient *ret, struct err *err)
{
	struct store_queue_state state;
	ret->party = bytes_text(recipient->party->name);
	ret->connected = session_of_party(admission->core, recipient->party->name) != NULL;
	ret->age_ms = 0;
	if (ret->connected)
		return OK;
	TRY(store_queue_state(admission->core->store, number, &state, err));
	ret->age_ms = state.oldest_at ? admission->now - state.oldest_at : 0;
	return OK;
}

static result join_thread(struct admission *admission, int64_t recipient, struct err *err)
{
	const struct message *message = &admission->candidate->message;
	return store_thread_join(admission->core->store, message_thread(message), recipient, err);
}

static result enqueue(struct admission *admission, const struct agreement_recipient *recipient, int64_t number, int64_t seq, struct blob *envelope,
                      struct err *err)
{
	const struct message *message = &admission->candidate->message;
	struct core *core = admission->core;
	struct store_queued queued = {
		.place = {.recipient = number, .priority = message->priority, .seq = seq},
		.expires = admission->is_receipt ? 0 : message->expires,
		.queued_at = admission->now,
		.wants_receipt = !admission->is_receipt,
		.withheld = recipient->withheld,
		.consent = recipient->consent,
	};
	TRY(store_enqueue(core->store, &queued, err));
	/* -1 stays: of what is in the store already something may expire sooner */
	if (queued.expires && core->next_expiry >= 0 && (core->next_expiry == 0 || queued.expires < core->next_expiry))
		core->next_expiry = queued.expires;
	core_fresh(core, &queued, envelope);
	return OK;
}

static result join_sender(struct admission *admission, struct err *err)
{
	int64_t number = 0;
	if (admission->is_receipt)
		return OK;
	TRY(store_party(admission->core->store, admission->job->party, &number, err));
	return join_thread(admission, number, err);
}

static result queue_all(struct admission *admission, int64_t seq, struct blob *envelope, struct frame_recipient *described, struct err *err)
{
	TRY(join_sender(admission, err));
	if (is_held(admission))
		return hold_keep(admission, seq, err);
	for (size_t i = 0; i < admission->recipients_count; i++) {
		int64_t number = 0;
		TRY(store_party(admission->core->store, admission->recipients[i].party->name, &number, err));
		TRY(describe_recipient(admission, &admission->recipients[i], number, &described[i], err));
		TRY(enqueue(admission, &admission->recipients[i], number, seq, envelope, err));
		if (!admission->is_receipt)
			TRY(join_thread(admission, number, err));
	}
	return OK;
}

result accept_message(struct admission *admission, struct err *err)
{
	struct core *core = admission->core;
	const struct candidate *candidate = admission->candidate;
	admission->seq = ++core->last_seq;
	struct store_message stored = {.seq = admission->seq, .id = candidate->message.id, .leaf = candidate->leaf.at, .accepted_at = admission->now};
	int64_t number = ledger_size(core->ledger); /* of the entry, which has the verdict's hash and so comes after it */
	struct frame_recipient *described = mem_array(admission->recipients_count + 1, sizeof(*described));
	buf_clear(&core->envelope);
	encode_envelope(admission, &core->envelope);
	struct blob *envelope = blob_new(buf_bytes(&core->envelope));
	result r = buf_check(&core->envelope, "envelope", err);
	if (!FAILED(r))
		r = queue_all(admission, stored.seq, envelope, described, err);
	verdicts_begin(admission->verdicts);
	frame_verdict_pack(candidate->message.id, admission->held.code, false, number, described,
	                   is_held(admission) ? 0 : admission->recipients_count, admission->held.field, admission->held.reason,
	                   &admission->verdicts->packed);
	stored.envelope = blob_bytes(envelope);
	stored.verdict = verdicts_last(admission->verdicts);
	if (!FAILED(r))
		r = record_accepted(admission, stored.verdict, &stored.entry, err);
	if (!FAILED(r))
		r = store_put(core->store, &stored, err);
	blob_unref(envelope);
	mem_free(described);
	metric_add(admission->is_receipt ? core->receipts : core->accepted, 1);
	return r;
}
