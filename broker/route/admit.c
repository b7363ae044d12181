#include "broker/route/admit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/route/accept.h"
#include "broker/route/recipients.h"
#include "broker/route/rules.h"
#include "broker/route/session.h"

#include <string.h>

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
		admission->recipients[admission->recipients_count++] = (struct agreement_recipient){.party = party};
	return OK;
}

/* A message as the rules see it. */
static void lend_passage(struct admission *admission)
{
	const struct candidate *candidate = admission->candidate;
	struct passage *passage = &admission->passage;
	memset(&passage->plan, 0, sizeof(passage->plan));
	passage->message = &candidate->message;
	passage->type = candidate->type;
	passage->main = candidate->main;
	passage->from = admission->job->party;
	passage->signed_at = candidate->signed_at;
	passage->now = admission->now;
	passage->recipients_count = 0;
}

static result decide_message(struct admission *admission, struct err *why, struct err *err)
{
	struct passage *passage = &admission->passage;
	TRY(recipients_decide(admission, why, err));
	if (why->code != CODE_OK)
		return OK;
	for (size_t i = 0; i < admission->recipients_count; i++)
		passage->recipients[passage->recipients_count++] = admission->recipients[i].party->name;
	TRY(rules_judge(admission->core, passage, why, err));
	if (why->code == CODE_HELD) {
		admission->held = *why;
		why->code = CODE_OK;
	}
	return OK;
}

static result decide(struct admission *admission, struct err *why, struct err *err)
{
	admission->is_receipt = bytes_is(admission->candidate->message.type, RECEIPT_TYPE);
	admission->from = snapshot_party(admission->core->snapshot, bytes_text(admission->job->party));
	if (!admission->from) {
		result gone = err_set(why, CODE_NOT_ENROLLED, "/from", "%s is no longer enrolled", admission->job->party);
		return FAILED(gone) ? OK : gone;
	}
	return admission->is_receipt ? decide_receipt(admission, why, err) : decide_message(admission, why, err);
}

static result accept(struct admission *admission, struct err *err)
{
	TRY(accept_message(admission, err));
	if (admission->is_receipt)
		return OK;
	if (admission->held.code == CODE_HELD)
		return rules_held(admission->core, &admission->passage, &admission->held, err);
	return rules_accepted(admission->core, &admission->passage, admission->seq, err);
}

/* What is refused today may have been in order when it was accepted: the clock went on, a certificate ended, the catalogue is another, a role was taken away, a
 * limit lowered. Everything that is wrong with the bytes at hand, or with who brings them, is wrong at any time. */
static bool may_have_been_in_order(enum code code)
{
	return code == CODE_CLOCK || code == CODE_EXPIRED || code == CODE_CERTIFICATE || code == CODE_REVOKED || code == CODE_UNKNOWN_TYPE ||
	       code == CODE_SCHEMA || code == CODE_AUTHORITY || code == CODE_PURPOSE || code == CODE_NO_AGREEMENT || code == CODE_TOO_LARGE;
}

/* The verdict of a message that was accepted may have been lost with its link: whoever says it again is told the same, not what would become of it now. */
static result refuse_unless_accepted(struct admission *admission, struct err *err)
{
	const struct candidate *candidate = admission->candidate;
	struct store_message known;
	bool found = false;
	if (may_have_been_in_order(candidate->refusal->code) && bytes_is(candidate->message.from, admission->job->party))
		TRY(store_find(admission->core->store, candidate->message.id, &admission->core->hold, &found, &known, err));
	if (found && memcmp(known.leaf, candidate->leaf.at, HASH_LEN) == 0)
		return answer_known(admission, &known, err);
	return refuse(admission, candidate->refusal, err);
}

static result admit_one(struct admission *admission, struct err *err)
{
	struct core *core = admission->core;
	const struct candidate *candidate = admission->candidate;
	struct store_message known;
	struct err why = {.code = CODE_OK};
	bool found = false;
	if (candidate->refusal)
		return refuse_unless_accepted(admission, err);
	TRY(store_find(core->store, candidate->message.id, &core->hold, &found, &known, err));
	if (found)
		return answer_known(admission, &known, err);
	lend_passage(admission);
	result r = decide(admission, &why, err);
	if (!FAILED(r))
		r = why.code == CODE_OK ? accept(admission, err) : refuse(admission, &why, err);
	rules_done(&admission->passage);
	return r;
}

result admit_batch(struct core *core, struct job *job, struct err *err)
{
	struct verdicts verdicts;
	/* Late words of a link that is over are void: nobody would hear the verdict, and whoever has none says it again over the new link. */
	if (!session_of_link(core, job->link)) {
		metric_add(core->late, 1);
		return OK;
	}
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
		admission->held = (struct err){.code = CODE_OK};
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
