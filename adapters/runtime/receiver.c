#include "adapters/runtime/receiver.h"

#include "adapters/kind/consents.h"
#include "adapters/runtime/compose.h"
#include "adapters/runtime/erasing.h"
#include "adapters/runtime/judge.h"
#include "adapters/runtime/sender.h"
#include "adapters/runtime/telling.h"
#include "adapters/runtime/uplink.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "schemas/frame.h"
#include "schemas/receipt.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

/* A delivery whose signer is not known yet, or that came behind such a one. */
struct waiting {
	struct blob *envelope;
	struct waiting *next;
};

/* A certificate that the hub has been asked for over this link, once for all deliveries that wait for it. */
struct asked {
	uint8_t fingerprint[HASH_LEN];
	UT_hash_handle hh;
};

struct receiver {
	struct office *office;
	struct judge *judge;
	struct waiting *first, **last;
	struct asked *asked;
	struct buf acks; /* ids, one after the other, for one ACK frame at the end of the turn */
	struct buf hold;
	struct metric *received, *refused, *duplicates;
};

static void send_acks(void *ctx, int64_t number, const struct err *why)
{
	struct receiver *receiver = ctx;
	struct bytes ids[FRAME_BATCH_MAX];
	struct buf frame;
	struct err ignored;
	(void)number;
	struct bytes all = buf_bytes(&receiver->acks);
	buf_init(&frame, (size_t)FRAME_BATCH_MAX * 24);
	while (!why && all.len) {
		size_t count = 0;
		for (; count < FRAME_BATCH_MAX && all.len; count++, all = bytes_of(all.at + UUID_LEN, all.len - UUID_LEN))
			ids[count] = bytes_of(all.at, UUID_LEN);
		buf_clear(&frame);
		frame_ack_encode(ids, count, &frame);
		/* What could not be acknowledged comes again, and is acknowledged then. */
		if (FAILED(uplink_send(receiver->office->uplink, buf_bytes(&frame), &ignored)))
			break;
	}
	buf_done(&frame);
	buf_clear(&receiver->acks);
}

static void take_ack(struct receiver *receiver, const uint8_t *id)
{
	if (receiver->acks.len == 0)
		box_after(receiver->office->box, send_acks, receiver, 0);
	buf_add(&receiver->acks, bytes_of(id, UUID_LEN));
}

/* Receipts and notices of own messages: what became of them, kept with the proof. */
static result file_outcome(struct receiver *receiver, const struct judged *judged, struct err *err)
{
	struct box_outcome outcome = {.id = judged->message.id, .recipient = judged->message.from, .envelope = judged->envelope};
	struct receipt receipt;
	struct notice notice;
	bool is_new = false;
	if (bytes_is(judged->message.type, RECEIPT_TYPE)) {
		TRY(receipt_decode(judged->main, &receipt, err));
		outcome.of = receipt.of;
		outcome.what = bytes_text(receipt.received ? "received" : "refused");
		outcome.code = bytes_text(code_text(receipt.code));
		outcome.reason = bytes_text(receipt.reason);
		outcome.at = receipt.at;
	} else {
		TRY(notice_decode(judged->main, &notice, err));
		outcome.of = notice.of;
		outcome.recipient = bytes_text(notice.recipient);
		outcome.what = bytes_text(notice_event_text(notice.event));
		outcome.code = bytes_text(code_text(notice.code));
		outcome.reason = bytes_text(notice.reason);
		outcome.at = notice.at;
	}
	TRY(box_put_outcome(receiver->office->box, &outcome, &is_new, err));
	if (is_new)
		office_tell_fate(receiver->office, outcome.of);
	return OK;
}

/* Answers that the kind writes by itself go the same way as any draft; one that cannot be composed is a fault of ours, not of the message. */
static void send_answers(struct receiver *receiver, const struct judged *judged, const struct kind_reading *answers)
{
	for (size_t i = 0; i < answers->drafts_count; i++) {
		struct uuid id;
		struct err why;
		bool duplicate = false;
		if (FAILED(compose_plain(receiver->office, buf_bytes(&answers->drafts[i].plain), answers->drafts[i].tag, &id, &duplicate, &why)))
			telling_refusal(receiver->office, LOG_ERROR, "answer_failed", judged->message.id, judged->message.header, &why);
	}
}

static result pass(struct receiver *receiver, const struct judged *judged, struct bytes tag, struct err *err)
{
	struct office *office = receiver->office;
	char text[64];
	snprintf(text, sizeof(text), "%.*s", (int)tag.len, tag.len ? (const char *)tag.at : "");
	struct kind_message message = {.message = &judged->message, .parts = judged->parts, .parts_count = judged->parts_count,
	                               .main = judged->main, .tag = text};
	struct kind_reading answers;
	TRY(consents_pass(&office->host, &message, err));
	TRY(erasing_pass(office, &message, err));
	if (!office->kind->pass)
		return OK;
	kind_reading_init(&answers);
	result r = office->kind->pass(office->kind_state, &office->host, &message, &answers, err);
	if (!FAILED(r))
		send_answers(receiver, judged, &answers);
	kind_reading_done(&answers);
	return r;
}

/* The tag of our own message that this one answers. */
static result find_tag(struct receiver *receiver, const struct message *message, struct bytes *ret, struct err *err)
{
	struct box_out out;
	bool found = false;
	*ret = BYTES_NONE;
	if (!message->re)
		return OK;
	TRY(box_find_out(receiver->office->box, message->re, &receiver->hold, &found, &out, err));
	if (found)
		*ret = out.tag;
	return OK;
}

static void announce(void *ctx, int64_t number, const struct err *why)
{
	struct receiver *receiver = ctx;
	(void)number;
	if (!why)
		office_tell_ports(receiver->office);
}

static result take_in(struct receiver *receiver, const struct judged *judged, const struct err *refusal, struct err *err)
{
	struct bytes tag = BYTES_NONE;
	TRY(find_tag(receiver, &judged->message, &tag, err));
	struct box_in in = {.id = judged->message.id, .leaf = judged->leaf.at, .envelope = judged->envelope, .tag = tag, .refused = refusal != NULL};
	TRY(box_put_in(receiver->office->box, &in, err));
	if (!refusal)
		TRY(pass(receiver, judged, tag, err));
	TRY(compose_receipt(receiver->office, &judged->message, &judged->leaf, refusal, err));
	metric_add(refusal ? receiver->refused : receiver->received, 1);
	if (refusal)
		telling_refusal(receiver->office, LOG_WARNING, "delivery_refused", judged->message.id, judged->message.header, refusal);
	else
		box_after(receiver->office->box, announce, receiver, 0);
	return OK;
}

static bool asks_no_receipt(const struct message *message)
{
	return bytes_is(message->type, RECEIPT_TYPE) || bytes_is(message->type, NOTICE_TYPE);
}

/* Receipts and notices that do not hold are acknowledged so that they do not come for ever, and said in the log: nobody waits for an answer. One whose
 * certificate is not believed now may be so later, when a clock is set or a list renewed here: it comes again, until it is a dead letter at the hub. */
static result take_outcome(struct receiver *receiver, const struct judged *judged, const struct err *refusal, struct err *err)
{
	if (refusal) {
		metric_add(receiver->refused, 1);
		telling_refusal(receiver->office, LOG_WARNING, "receipt_refused", judged->message.id, judged->message.header, refusal);
		if (refusal->code == CODE_CERTIFICATE)
			return OK;
	} else {
		TRY(file_outcome(receiver, judged, err));
	}
	take_ack(receiver, judged->message.id);
	return OK;
}

/* The receipt was composed with the row, and mostly still waits in the outbox. When it does not, and the message comes all the same, the hub has refused the
 * receipt, or goes on from before it: from an older copy of its store, or with a dead letter that was queued again. */
static result say_receipt_again(struct receiver *receiver, const struct judged *judged, bool refused_before, const struct err *refusal, struct err *err)
{
	static const struct err before = {.code = CODE_UNDELIVERABLE, .reason = "it was refused when it came before"};
	bool waits = false;
	TRY(box_receipt_waits(receiver->office->box, judged->message.id, &waits, err));
	if (waits)
		return OK;
	return compose_receipt(receiver->office, &judged->message, &judged->leaf, refused_before ? refusal ? refusal : &before : NULL, err);
}

static result settle_known(struct receiver *receiver, const struct judged *judged, const struct box_in *known, const struct err *refusal, struct err *err)
{
	metric_add(receiver->duplicates, 1);
	if (memcmp(known->leaf, judged->leaf.at, HASH_LEN) != 0) {
		struct err why;
		if (FAILED(err_set(&why, CODE_DUPLICATE_CONFLICT, "/id", "another message of this id was received before")))
			return compose_receipt(receiver->office, &judged->message, &judged->leaf, &why, err);
	}
	bool refused = known->refused; /* its views go with the next question to the box */
	TRY(say_receipt_again(receiver, judged, refused, refusal, err));
	office_tell_sender(receiver->office);
	return OK;
}

static result take_judged(struct receiver *receiver, const struct judged *judged, const struct err *refusal, struct err *err)
{
	struct box_in known;
	bool found = false;
	uplink_grant(receiver->office->uplink, 1);
	if (asks_no_receipt(&judged->message))
		return take_outcome(receiver, judged, refusal, err);
	TRY(box_find_in(receiver->office->box, judged->message.id, &receiver->hold, &found, &known, err));
	if (found)
		return settle_known(receiver, judged, &known, refusal, err);
	return take_in(receiver, judged, refusal, err);
}

static void ask_certificate(struct receiver *receiver, const uint8_t *fingerprint)
{
	struct asked *asked = NULL;
	struct buf frame;
	HASH_FIND(hh, receiver->asked, fingerprint, HASH_LEN, asked);
	if (asked)
		return;
	asked = mem_alloc(sizeof(*asked));
	memcpy(asked->fingerprint, fingerprint, HASH_LEN);
	HASH_ADD(hh, receiver->asked, fingerprint, HASH_LEN, asked);
	struct err ignored;
	buf_init(&frame, 128);
	frame_cert_ask_encode(fingerprint, &frame);
	if (FAILED(uplink_send(receiver->office->uplink, buf_bytes(&frame), &ignored)))
		log_event(LOG_DEBUG, "ask_failed", LOG_REASON(&ignored));
	buf_done(&frame);
}

static void wait_for_signer(struct receiver *receiver, struct bytes envelope, const uint8_t *signer)
{
	struct waiting *waiting = mem_alloc(sizeof(*waiting));
	waiting->envelope = blob_new(envelope);
	*receiver->last = waiting;
	receiver->last = &waiting->next;
	ask_certificate(receiver, signer);
}

static void forget_asked(struct receiver *receiver, const uint8_t *fingerprint)
{
	struct asked *asked = NULL;
	HASH_FIND(hh, receiver->asked, fingerprint, HASH_LEN, asked);
	if (!asked)
		return;
	HASH_DEL(receiver->asked, asked);
	mem_free(asked);
}

/* A header that cannot be read here, of another version for instance, may still say which message it is: that one is refused, and the link stays. Nothing of
 * it is kept, so that it can come again in good order. */
static bool refuse_unreadable(struct receiver *receiver, struct bytes bytes, const struct judged *judged, const struct err *why)
{
	struct message message = {.priority = 0};
	struct envelope envelope;
	struct bytes value;
	struct err fault;
	if (FAILED(envelope_decode(bytes, &envelope, &fault)) || !pack_find(envelope.header, "id", &value))
		return false;
	struct pack_in in = pack_in(value, &fault);
	struct bytes id = pack_bin(&in, "id", UUID_LEN);
	if (in.failed || id.len != UUID_LEN)
		return false;
	message.id = id.at;
	if (FAILED(compose_receipt(receiver->office, &message, &judged->leaf, why, &fault)))
		return false; /* not an id that a message can have, for instance */
	uplink_grant(receiver->office->uplink, 1);
	metric_add(receiver->refused, 1);
	telling_refusal(receiver->office, LOG_WARNING, "delivery_refused", message.id, envelope.header, why);
	return true;
}

/* One delivery; *ret_waits: nothing was done, because its signer is not known yet. An own fault (the disk) is not the hub's business: nothing is receipted
 * and it comes again. */
static result take_envelope(struct receiver *receiver, struct bytes envelope, bool *ret_waits, struct err *err)
{
	struct judged *judged = mem_alloc(sizeof(*judged));
	struct err why, fault;
	*ret_waits = false;
	result r = judge_envelope(receiver->judge, envelope, judged, ret_waits, &why);
	if (*ret_waits) {
		mem_free(judged);
		return OK;
	}
	if (judged->message.id && FAILED(r) && code_class_of(r.code) == CODE_CLASS_FAULT) {
		log_event(LOG_ERROR, "delivery_not_judged", LOG_UUID("id", judged->message.id), LOG_REASON(&why));
		mem_free(judged);
		return OK; /* our own trouble: nothing is receipted and it comes again */
	}
	if (!judged->message.id) {
		bool refused = refuse_unreadable(receiver, envelope, judged, &why);
		if (!refused && err)
			*err = why;
		mem_free(judged);
		return refused ? OK : r; /* not even a message: nothing to answer to */
	}
	result filed = take_judged(receiver, judged, FAILED(r) ? &why : NULL, &fault);
	if (FAILED(filed))
		telling_refusal(receiver->office, LOG_ERROR, "delivery_not_filed", judged->message.id, judged->message.header, &fault);
	mem_free(judged);
	return OK;
}

result receiver_deliver(struct receiver *receiver, struct bytes frame, struct err *err)
{
	struct frame_deliver deliver;
	struct bytes envelope;
	TRY(frame_deliver_decode(frame, &deliver, err));
	while (frame_deliver_next(&deliver, &envelope)) {
		/* In order: what comes after a delivery that waits, waits too. */
		bool waits = receiver->first != NULL;
		if (!waits)
			TRY(take_envelope(receiver, envelope, &waits, err));
		if (waits)
			wait_for_signer(receiver, envelope, judge_signer_of(envelope));
	}
	return OK;
}

static void drop_first(struct receiver *receiver)
{
	struct waiting *first = receiver->first;
	receiver->first = first->next;
	if (!receiver->first)
		receiver->last = &receiver->first;
	blob_unref(first->envelope);
	mem_free(first);
}

static result take_waiting(struct receiver *receiver, struct err *err)
{
	while (receiver->first) {
		struct bytes envelope = blob_bytes(receiver->first->envelope);
		bool waits = false;
		TRY(take_envelope(receiver, envelope, &waits, err));
		if (waits) {
			ask_certificate(receiver, judge_signer_of(envelope));
			return OK;
		}
		drop_first(receiver);
	}
	return OK;
}

result receiver_cert(struct receiver *receiver, struct bytes frame, struct err *err)
{
	struct frame_cert cert;
	TRY(frame_cert_decode(frame, &cert, err));
	/* An empty chain, or one that is not trusted, is kept as such: the deliveries that wait for it are refused with the reason. */
	forget_asked(receiver, cert.fingerprint);
	TRY(judge_learn(receiver->judge, cert.fingerprint, cert.chain, cert.chain_count, err));
	return take_waiting(receiver, err);
}

result receiver_hub_chain(struct receiver *receiver, const struct bytes *chain, size_t count, struct err *err)
{
	return judge_hub(receiver->judge, chain, count, err);
}

struct receiver *receiver_new(struct office *office)
{
	struct receiver *receiver = mem_alloc(sizeof(*receiver));
	receiver->office = office;
	receiver->judge = judge_new(office);
	receiver->last = &receiver->first;
	buf_init(&receiver->acks, (size_t)1 << 20);
	buf_init(&receiver->hold, (size_t)32 << 20);
	receiver->received = metric_counter("liaison_adapter_received", "Deliveries verified and taken in", NULL, NULL);
	receiver->refused = metric_counter("liaison_adapter_delivery_refused", "Deliveries that did not hold", NULL, NULL);
	receiver->duplicates = metric_counter("liaison_adapter_delivery_duplicate", "Deliveries that had come before", NULL, NULL);
	return receiver;
}

void receiver_free(struct receiver *receiver)
{
	if (!receiver)
		return;
	receiver_link_down(receiver);
	judge_free(receiver->judge);
	buf_done(&receiver->acks);
	buf_done(&receiver->hold);
	mem_free(receiver);
}

void receiver_link_up(struct receiver *receiver)
{
	judge_renewed(receiver->judge); /* what the hub had no certificate for it may have by now */
	uplink_grant(receiver->office->uplink, receiver->office->options->limits.window_messages);
}

void receiver_link_down(struct receiver *receiver)
{
	struct asked *asked, *next;
	while (receiver->first)
		drop_first(receiver);
	HASH_ITER(hh, receiver->asked, asked, next) {
		HASH_DEL(receiver->asked, asked);
		mem_free(asked);
	}
}

void receiver_renewed(struct receiver *receiver)
{
	judge_renewed(receiver->judge);
}
