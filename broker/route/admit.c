#include "broker/route/admit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/route/agreement.h"
#include "broker/route/settle.h"

#include <stdio.h>
#include <string.h>

enum { ADMIT_THREAD_MAX = 256, ADMIT_VERDICT_MAX = 1 << 20 };

/* The verdicts of one job in the making: packed one after the other, then framed together. */
struct verdicts {
	struct buf packed;
	struct bytes *each;
	size_t *starts;
	size_t count;
};

static void verdicts_init(struct verdicts *verdicts, size_t most)
{
	buf_init(&verdicts->packed, (size_t)ADMIT_VERDICT_MAX * 8);
	verdicts->each = mem_array(most + 1, sizeof(*verdicts->each));
	verdicts->starts = mem_array(most + 1, sizeof(*verdicts->starts));
	verdicts->count = 0;
}

static void verdicts_done(struct verdicts *verdicts)
{
	buf_done(&verdicts->packed);
	mem_free(verdicts->each);
	mem_free(verdicts->starts);
}

static void verdicts_begin(struct verdicts *verdicts)
{
	verdicts->starts[verdicts->count++] = verdicts->packed.len;
}

static void verdicts_send(struct verdicts *verdicts, struct core *core, uint64_t link)
{
	struct bytes all = buf_bytes(&verdicts->packed);
	for (size_t i = 0; i < verdicts->count; i++) {
		size_t end = i + 1 < verdicts->count ? verdicts->starts[i + 1] : all.len;
		verdicts->each[i] = bytes_of(all.at + verdicts->starts[i], end - verdicts->starts[i]);
	}
	struct buf frame;
	buf_init(&frame, (size_t)ADMIT_VERDICT_MAX * 8 + 64);
	frame_verdicts_encode(verdicts->each, verdicts->count, &frame);
	core_send(core, link, buf_take_blob(&frame), (int64_t)verdicts->count);
	buf_done(&frame);
}

/* One message on its way to a verdict. */
struct admission {
	struct core *core;
	const struct job *job;
	const struct candidate *candidate;
	const struct snapshot_party *from;
	int64_t now;
	struct agreement_recipient recipients[AGREEMENT_RECIPIENTS_MAX];
	size_t recipients_count;
	struct settled settled; /* of a receipt */
	bool is_receipt;
	struct verdicts *verdicts;
};

static bool is_fault(result r)
{
	return FAILED(r) && (code_class_of(r.code) == CODE_CLASS_FAULT);
}

static result record_refused(struct admission *admission, const struct err *why, int64_t *ret_entry, struct err *err)
{
	const struct candidate *candidate = admission->candidate;
	struct buf detail;
	buf_init(&detail, 2048);
	pack_put_map(&detail, 3);
	pack_put_str(&detail, "code");
	pack_put_str(&detail, code_text(why->code));
	pack_put_str(&detail, "field");
	pack_put_str(&detail, why->field);
	pack_put_str(&detail, "reason");
	pack_put_str(&detail, why->reason);
	struct ledger_entry entry = {.at = admission->now, .kind = LEDGER_REFUSED, .id = candidate->message.id, .leaf = candidate->leaf.at,
	                             .party = bytes_text(admission->job->party), .type = candidate->message.type, .detail = buf_bytes(&detail)};
	result r = core_record(admission->core, &entry, ret_entry, err);
	buf_done(&detail);
	return r;
}

static void count_refused(enum code code)
{
	metric_add(metric_counter("liaison_messages_refused", "Messages refused, by code", "code", code_text(code)), 1);
}

static result refuse(struct admission *admission, const struct err *why, struct err *err)
{
	int64_t entry = -1;
	TRY(record_refused(admission, why, &entry, err));
	count_refused(why->code);
	verdicts_begin(admission->verdicts);
	frame_verdict_pack(admission->candidate->message.id, why->code, false, entry, NULL, 0, why->field, why->reason, &admission->verdicts->packed);
	return OK;
}

/* Known id: the same bytes get the original verdict again, other bytes are a conflict. */
static result answer_known(struct admission *admission, const struct store_message *known, struct err *err)
{
	struct err why;
	if (memcmp(known->leaf, admission->candidate->leaf.at, HASH_LEN) != 0) {
		result conflict = err_set(&why, CODE_DUPLICATE_CONFLICT, "/id", "another message was accepted under this id");
		return FAILED(conflict) ? refuse(admission, &why, err) : OK;
	}
	metric_add(admission->core->duplicates, 1);
	verdicts_begin(admission->verdicts);
	return frame_verdict_as_duplicate(known->verdict, &admission->verdicts->packed, err);
}

struct thread_names {
	char names[ADMIT_THREAD_MAX][STORE_PARTY_MAX];
	const char *at[ADMIT_THREAD_MAX];
	size_t count;
};

static result load_thread(struct core *core, const struct message *message, struct thread_names *names, struct err *err)
{
	int64_t numbers[ADMIT_THREAD_MAX];
	TRY(store_thread_parties(core->store, message_thread(message), numbers, ADMIT_THREAD_MAX, &names->count, err));
	for (size_t i = 0; i < names->count; i++) {
		TRY(store_party_name(core->store, numbers[i], names->names[i], err));
		names->at[i] = names->names[i];
	}
	return OK;
}

static result load_originator(struct core *core, const uint8_t *re, char into[static TRUST_NAME_MAX], struct err *err)
{
	struct store_message stored;
	struct envelope envelope;
	struct message message;
	bool found = false;
	into[0] = 0;
	if (!re)
		return OK;
	TRY(store_find(core->store, re, &core->hold, &found, &stored, err));
	if (!found)
		return OK;
	TRY(envelope_decode(stored.envelope, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	if (message.from.len < TRUST_NAME_MAX) {
		memcpy(into, message.from.at, message.from.len);
		into[message.from.len] = 0;
	}
	return OK;
}

/* Two results: *why is the refusal, the return value a fault of the store. */
static result decide_recipients(struct admission *admission, struct err *why, struct err *err)
{
	struct core *core = admission->core;
	const struct candidate *candidate = admission->candidate;
	struct thread_names *names = NULL;
	char originator[TRUST_NAME_MAX] = "";
	struct agreement_question question = {.from = admission->from, .message = &candidate->message, .main = candidate->main};
	why->code = CODE_OK;
	if (agreement_needs_thread(core->snapshot, candidate->message.type)) {
		names = mem_alloc(sizeof(*names));
		result r = load_thread(core, &candidate->message, names, err);
		if (!FAILED(r))
			r = load_originator(core, candidate->message.re, originator, err);
		if (FAILED(r)) {
			mem_free(names);
			return r;
		}
		question.thread = names->at;
		question.thread_count = names->count;
		question.originator = originator[0] ? originator : NULL;
	}
	result decided = agreement_decide(core->snapshot, &question, admission->recipients, AGREEMENT_RECIPIENTS_MAX,
	                                  &admission->recipients_count, why);
	mem_free(names);
	if (!FAILED(decided))
		why->code = CODE_OK;
	return OK;
}

static result decide_receipt(struct admission *admission, struct err *why, struct err *err)
{
	result r = settle_receipt(admission->core, admission->job->party, admission->candidate, &admission->settled, why);
	if (is_fault(r)) {
		*err = *why;
		return r;
	}
	if (FAILED(r))
		return OK;
	why->code = CODE_OK;
	/* The originator may have left the hub since: its queue keeps the receipt all the same. */
	const struct snapshot_party *party = snapshot_party(admission->core->snapshot, bytes_text(admission->settled.originator));
	if (party)
		admission->recipients[admission->recipients_count++] = (struct agreement_recipient){party, NULL};
	return OK;
}

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

static void put_accepted_detail(const struct admission *admission, struct buf *out)
{
	const struct message *message = &admission->candidate->message;
	pack_put_map(out, 4 + (message->re ? 1u : 0u) + (message->subject.len ? 1u : 0u));
	put_recipients(admission, out);
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

static void put_receipt_detail(const struct admission *admission, struct buf *out)
{
	const struct settled *settled = &admission->settled;
	const struct receipt *receipt = &settled->receipt;
	pack_put_map(out, 8);
	put_recipients(admission, out);
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

static result record_accepted(struct admission *admission, int64_t *ret_entry, struct err *err)
{
	const struct candidate *candidate = admission->candidate;
	struct buf detail;
	buf_init(&detail, (size_t)512 * 1024);
	if (admission->is_receipt)
		put_receipt_detail(admission, &detail);
	else
		put_accepted_detail(admission, &detail);
	struct ledger_entry entry = {
		.at = admission->now,
		.kind = admission->is_receipt ? LEDGER_RECEIPT : LEDGER_ACCEPTED,
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

static result enqueue(struct admission *admission, int64_t number, int64_t seq, struct blob *envelope, struct err *err)
{
	const struct message *message = &admission->candidate->message;
	struct core *core = admission->core;
	struct store_queued queued = {
		.place = {.recipient = number, .priority = message->priority, .seq = seq},
		.expires = admission->is_receipt ? 0 : message->expires,
		.queued_at = admission->now,
		.wants_receipt = !admission->is_receipt,
	};
	TRY(store_enqueue(core->store, &queued, err));
	if (queued.expires && (core->next_expiry <= 0 || queued.expires < core->next_expiry))
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
	for (size_t i = 0; i < admission->recipients_count; i++) {
		int64_t number = 0;
		TRY(store_party(admission->core->store, admission->recipients[i].party->name, &number, err));
		TRY(describe_recipient(admission, &admission->recipients[i], number, &described[i], err));
		TRY(enqueue(admission, number, seq, envelope, err));
		if (!admission->is_receipt)
			TRY(join_thread(admission, number, err));
	}
	return OK;
}

static result accept(struct admission *admission, struct err *err)
{
	struct core *core = admission->core;
	const struct candidate *candidate = admission->candidate;
	struct store_message stored = {.seq = ++core->last_seq, .id = candidate->message.id, .leaf = candidate->leaf.at, .accepted_at = admission->now};
	struct frame_recipient *described = mem_array(admission->recipients_count + 1, sizeof(*described));
	buf_clear(&core->envelope);
	encode_envelope(admission, &core->envelope);
	struct blob *envelope = blob_new(buf_bytes(&core->envelope));
	result r = buf_check(&core->envelope, "envelope", err);
	if (!FAILED(r))
		r = record_accepted(admission, &stored.entry, err);
	if (!FAILED(r))
		r = queue_all(admission, stored.seq, envelope, described, err);
	verdicts_begin(admission->verdicts);
	frame_verdict_pack(candidate->message.id, CODE_OK, false, stored.entry, described, admission->recipients_count, "", "",
	                   &admission->verdicts->packed);
	stored.envelope = blob_bytes(envelope);
	stored.verdict = buf_from(&admission->verdicts->packed, admission->verdicts->starts[admission->verdicts->count - 1]);
	if (!FAILED(r))
		r = store_put(core->store, &stored, err);
	blob_unref(envelope);
	mem_free(described);
	metric_add(admission->is_receipt ? core->receipts : core->accepted, 1);
	return r;
}

static result decide(struct admission *admission, struct err *why, struct err *err)
{
	admission->is_receipt = bytes_is(admission->candidate->message.type, RECEIPT_TYPE);
	admission->from = snapshot_party(admission->core->snapshot, bytes_text(admission->job->party));
	if (!admission->from) {
		result gone = err_set(why, CODE_NOT_ENROLLED, "/from", "%s is no longer enrolled", admission->job->party);
		return FAILED(gone) ? OK : gone;
	}
	return admission->is_receipt ? decide_receipt(admission, why, err) : decide_recipients(admission, why, err);
}

static result admit_one(struct admission *admission, struct err *err)
{
	struct core *core = admission->core;
	const struct candidate *candidate = admission->candidate;
	struct store_message known;
	struct err why = {.code = CODE_OK};
	bool found = false;
	if (candidate->refusal)
		return refuse(admission, candidate->refusal, err);
	TRY(store_find(core->store, candidate->message.id, &core->hold, &found, &known, err));
	if (found)
		return answer_known(admission, &known, err);
	TRY(decide(admission, &why, err));
	return why.code == CODE_OK ? accept(admission, err) : refuse(admission, &why, err);
}

result admit_batch(struct core *core, struct job *job, struct err *err)
{
	struct verdicts verdicts;
	struct admission *admission = mem_alloc(sizeof(*admission));
	result r = core_write(core, err);
	verdicts_init(&verdicts, job->count);
	for (size_t i = 0; i < job->count && !FAILED(r); i++) {
		if (!job->candidates[i].message.id)
			continue;
		admission->core = core;
		admission->job = job;
		admission->candidate = &job->candidates[i];
		admission->now = clock_wall_ms();
		admission->recipients_count = 0;
		admission->verdicts = &verdicts;
		r = admit_one(admission, err);
	}
	if (!FAILED(r))
		verdicts_send(&verdicts, core, job->link);
	verdicts_done(&verdicts);
	mem_free(admission);
	return r;
}

void admit_fault(struct core *core, const struct job *job, const struct err *why)
{
	struct verdicts verdicts;
	verdicts_init(&verdicts, job->count);
	for (size_t i = 0; i < job->count; i++) {
		if (!job->candidates[i].message.id)
			continue;
		verdicts_begin(&verdicts);
		frame_verdict_pack(job->candidates[i].message.id, why->code, false, -1, NULL, 0, why->field, why->reason, &verdicts.packed);
	}
	verdicts_send(&verdicts, core, job->link);
	verdicts_done(&verdicts);
}
