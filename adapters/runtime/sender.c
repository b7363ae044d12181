#include "adapters/runtime/sender.h"

#include "adapters/kind/consents.h"
#include "adapters/runtime/erasing.h"
#include "adapters/runtime/telling.h"
#include "adapters/runtime/uplink.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

enum { SENDER_BATCH_BYTES = 3 << 20, SENDER_LATER_MS = 1000 };

/* Submitted over this link, no verdict yet. */
struct pending {
	int64_t seq;
	uint8_t id[UUID_LEN];
	UT_hash_handle by_seq, by_id;
};

struct sender {
	struct office *office;
	struct pending *by_seq, *by_id;
	bool is_up, wanted;
	struct loop_timer *later; /* a hub in trouble is asked again after a while */
	struct metric *submitted, *accepted, *refused;
};

/* A batch in the making: copies, because the outbox's rows are borrowed. */
struct batch {
	struct sender *sender;
	size_t most;
	int64_t bytes_most;
	struct buf bytes;
	size_t count;
	struct {
		size_t header_at, header_len, parts_at, parts_len;
		int64_t seq;
		uint8_t id[UUID_LEN];
	} rows[FRAME_BATCH_MAX];
};

static bool is_not_under_way(void *ctx, int64_t seq)
{
	const struct batch *batch = ctx;
	struct pending *known = NULL;
	HASH_FIND(by_seq, batch->sender->by_seq, &seq, sizeof(seq), known);
	return !known;
}

static bool add_row(void *ctx, const struct box_out *out)
{
	struct batch *batch = ctx;
	if (batch->count && (int64_t)(batch->bytes.len + out->header.len + out->parts.len) > batch->bytes_most)
		return false;
	batch->rows[batch->count].header_at = batch->bytes.len;
	batch->rows[batch->count].header_len = out->header.len;
	buf_add(&batch->bytes, out->header);
	batch->rows[batch->count].parts_at = batch->bytes.len;
	batch->rows[batch->count].parts_len = out->parts.len;
	buf_add(&batch->bytes, out->parts);
	batch->rows[batch->count].seq = out->seq;
	memcpy(batch->rows[batch->count].id, out->id, UUID_LEN);
	batch->count++;
	return batch->count < batch->most;
}

static void remember(struct sender *sender, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct pending *pending = mem_alloc(sizeof(*pending));
		pending->seq = batch->rows[i].seq;
		memcpy(pending->id, batch->rows[i].id, UUID_LEN);
		HASH_ADD(by_seq, sender->by_seq, seq, sizeof(pending->seq), pending);
		HASH_ADD(by_id, sender->by_id, id, UUID_LEN, pending);
	}
}

static void forget(struct sender *sender, struct pending *pending)
{
	HASH_DELETE(by_seq, sender->by_seq, pending);
	HASH_DELETE(by_id, sender->by_id, pending);
	mem_free(pending);
}

static result submit(struct sender *sender, const struct batch *batch, struct err *err)
{
	struct office *office = sender->office;
	struct frame_message *messages = mem_array(batch->count, sizeof(*messages));
	struct hash *leaves = mem_array(batch->count, sizeof(*leaves));
	struct buf statement, signature, frame;
	struct bytes all = buf_bytes(&batch->bytes);
	for (size_t i = 0; i < batch->count; i++) {
		messages[i].header = bytes_of(all.at + batch->rows[i].header_at, batch->rows[i].header_len);
		messages[i].parts = bytes_of(all.at + batch->rows[i].parts_at, batch->rows[i].parts_len);
		leaves[i] = merkle_leaf(messages[i].header);
	}
	buf_init(&statement, PROOF_STATEMENT_MAX);
	buf_init(&signature, KEY_SIGNATURE_MAX);
	buf_init(&frame, (size_t)uplink_welcome(office->uplink)->frame_max);
	result r = proof_sign(office->papers.signing_key, leaves, batch->count, clock_wall_ms(), &statement, &signature, err);
	if (!FAILED(r)) {
		frame_submit_encode(buf_bytes(&statement), buf_bytes(&signature), signer_fingerprint(office->papers.signing), messages, batch->count,
		                    &frame);
		r = buf_check(&frame, "batch", err);
	}
	if (!FAILED(r))
		r = uplink_send(office->uplink, buf_bytes(&frame), err);
	buf_done(&statement);
	buf_done(&signature);
	buf_done(&frame);
	mem_free(leaves);
	mem_free(messages);
	return r;
}

static size_t batch_limit(const struct sender *sender)
{
	const struct frame_welcome *welcome = uplink_welcome(sender->office->uplink);
	int64_t most = sender->office->options->limits.batch;
	if (welcome->batch_max < most)
		most = welcome->batch_max;
	if (uplink_credit(sender->office->uplink) < most)
		most = uplink_credit(sender->office->uplink);
	return most < 0 ? 0 : most > FRAME_BATCH_MAX ? FRAME_BATCH_MAX : (size_t)most;
}

/* One batch; false: nothing more to do now. */
static bool send_batch(struct sender *sender)
{
	struct err why;
	struct batch *batch = mem_alloc(sizeof(*batch));
	const struct frame_welcome *welcome = uplink_welcome(sender->office->uplink);
	batch->sender = sender;
	batch->most = batch_limit(sender);
	batch->bytes_most = welcome->frame_max - 4096 < SENDER_BATCH_BYTES ? welcome->frame_max - 4096 : SENDER_BATCH_BYTES;
	buf_init(&batch->bytes, (size_t)welcome->frame_max);
	result r = OK;
	if (batch->most)
		r = box_each_waiting(sender->office->box, is_not_under_way, add_row, batch, &why);
	if (!FAILED(r) && batch->count)
		r = submit(sender, batch, &why);
	if (!FAILED(r) && batch->count) {
		remember(sender, batch);
		uplink_spend(sender->office->uplink, (int64_t)batch->count);
		metric_add(sender->submitted, (int64_t)batch->count);
	}
	bool sent = !FAILED(r) && batch->count > 0;
	if (FAILED(r)) {
		log_event(LOG_WARNING, "submit_failed", LOG_REASON(&why));
		loop_timer_set(sender->later, SENDER_LATER_MS, 0);
	}
	buf_done(&batch->bytes);
	mem_free(batch);
	return sent;
}

/* After the box's commit, because only then what the turn wrote is there for good. */
static void on_turn(void *ctx)
{
	struct sender *sender = ctx;
	while (sender->wanted && sender->is_up && uplink_is_open(sender->office->uplink))
		sender->wanted = send_batch(sender);
}

static void on_later(void *ctx)
{
	sender_wake(ctx);
}

struct sender *sender_new(struct office *office)
{
	struct sender *sender = mem_alloc(sizeof(*sender));
	sender->office = office;
	sender->later = loop_timer_new(office->loop, on_later, sender);
	sender->submitted = metric_counter("liaison_adapter_submitted", "Messages submitted to the hub", NULL, NULL);
	sender->accepted = metric_counter("liaison_adapter_accepted", "Messages the hub accepted", NULL, NULL);
	sender->refused = metric_counter("liaison_adapter_refused", "Messages the hub refused", NULL, NULL);
	loop_on_turn(office->loop, on_turn, sender);
	return sender;
}

void sender_free(struct sender *sender)
{
	if (!sender)
		return;
	sender_link_down(sender);
	loop_timer_free(sender->later);
	mem_free(sender);
}

void sender_link_up(struct sender *sender)
{
	sender->is_up = true;
	sender_wake(sender);
}

void sender_link_down(struct sender *sender)
{
	struct pending *pending, *next;
	sender->is_up = false;
	HASH_ITER(by_seq, sender->by_seq, pending, next)
		forget(sender, pending);
}

void sender_wake(struct sender *sender)
{
	sender->wanted = true;
}

/* The hub's own trouble, and rate, are no verdict on the message: it stays and is sent again. */
static bool is_for_good(enum code code)
{
	return code == CODE_OK || code == CODE_HELD || (code_class_of(code) == CODE_CLASS_REFUSAL && code != CODE_RATE);
}

/* What the hub holds it has on its record, and says more of it later. */
static bool is_kept(enum code code)
{
	return code == CODE_OK || code == CODE_HELD;
}

/* An own message was accepted: the kind keeps its records in step with what the hub knows. */
static result pass_own(struct sender *sender, const struct box_out *out, struct err *err)
{
	struct office *office = sender->office;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	struct kind_message passing = {.message = &message, .parts = parts, .is_ours = true, .tag = ""};
	struct kind_reading answers;
	if (out->is_receipt)
		return OK;
	TRY(message_decode(out->header, &message, err));
	TRY(part_decode_all(out->parts, parts, &passing.parts_count, err));
	const struct part *main = part_find(parts, passing.parts_count, BYTES_LIT("main"));
	passing.main = main ? main->bytes : BYTES_NONE;
	TRY(consents_pass(&office->host, &passing, err));
	TRY(erasing_pass(office, &passing, err));
	if (!office->kind->pass)
		return OK;
	kind_reading_init(&answers);
	result r = office->kind->pass(office->kind_state, &office->host, &passing, &answers, err);
	kind_reading_done(&answers);
	return r;
}

/* When the verdict could not be filed the message is sent again, and the hub gives the verdict again. */
static void on_filed(void *ctx, int64_t seq, const struct err *why)
{
	struct sender *sender = ctx;
	struct pending *pending = NULL;
	(void)why;
	HASH_FIND(by_seq, sender->by_seq, &seq, sizeof(seq), pending);
	if (!pending)
		return;
	forget(sender, pending);
	sender_wake(sender);
}

static void tell_refusal(struct sender *sender, const struct frame_verdict *verdict, const struct box_out *out, const char *field, const char *reason)
{
	struct err why;
	result said = err_set(&why, verdict->code, field, "%s", reason);
	telling_refusal(sender->office, out->is_receipt ? LOG_INFO : LOG_WARNING, is_kept(said.code) ? "held_by_hub" : "refused_by_hub", verdict->id,
	                out->header, &why);
}

static result file_verdict(struct sender *sender, const struct frame_verdict *verdict, const struct box_out *out, struct err *err)
{
	struct buf packed;
	buf_init(&packed, (size_t)1 << 20);
	struct frame_recipient *recipients = mem_array(verdict->recipients_count + 1, sizeof(*recipients));
	struct frame_verdict again = *verdict;
	char field[ERR_FIELD_MAX], reason[ERR_REASON_MAX];
	size_t count = 0;
	while (count < verdict->recipients_count && frame_verdict_recipient(&again, &recipients[count]))
		count++;
	snprintf(field, sizeof(field), "%.*s", (int)verdict->field.len, verdict->field.len ? (const char *)verdict->field.at : "");
	snprintf(reason, sizeof(reason), "%.*s", (int)verdict->reason.len, verdict->reason.len ? (const char *)verdict->reason.at : "");
	frame_verdict_pack(verdict->id, verdict->code, verdict->duplicate, verdict->entry, recipients, count, field, reason, &packed);
	result r = buf_check(&packed, "verdict", err);
	if (!FAILED(r))
		r = box_judged(sender->office->box, verdict->id, is_kept(verdict->code), buf_bytes(&packed), err);
	if (!FAILED(r) && verdict->code == CODE_OK)
		r = pass_own(sender, out, err);
	if (!FAILED(r) && verdict->code != CODE_OK)
		tell_refusal(sender, verdict, out, field, reason);
	mem_free(recipients);
	buf_done(&packed);
	return r;
}

static result take_verdict(struct sender *sender, const struct frame_verdict *verdict, struct buf *hold, struct err *err)
{
	struct pending *pending = NULL;
	struct box_out out;
	bool found = false;
	HASH_FIND(by_id, sender->by_id, verdict->id, UUID_LEN, pending);
	if (!pending)
		return err_set(err, CODE_PROTOCOL, "verdict", "a verdict on a message that was not submitted over this link");
	if (!is_for_good(verdict->code)) {
		log_event(LOG_INFO, "hub_busy", LOG_UUID("id", verdict->id), LOG_CODE(verdict->code));
		forget(sender, pending);
		loop_timer_set(sender->later, SENDER_LATER_MS, 0);
		return OK;
	}
	metric_add(is_kept(verdict->code) ? sender->accepted : sender->refused, 1);
	TRY(box_find_out(sender->office->box, verdict->id, hold, &found, &out, err));
	if (found && out.state == BOX_WAITING)
		TRY(file_verdict(sender, verdict, &out, err));
	office_tell_fate(sender->office, verdict->id);
	box_after(sender->office->box, on_filed, sender, pending->seq);
	return OK;
}

result sender_verdicts(struct sender *sender, struct bytes frame, struct err *err)
{
	struct frame_verdicts verdicts;
	struct frame_verdict verdict;
	struct buf hold;
	TRY(frame_verdicts_decode(frame, &verdicts, err));
	buf_init(&hold, (size_t)32 << 20);
	result r = OK;
	while (!FAILED(r) && frame_verdicts_next(&verdicts, &verdict))
		r = take_verdict(sender, &verdict, &hold, err);
	buf_done(&hold);
	return r;
}
