#include "broker/route/settle.h"

#include "base/clock.h"

#include <string.h>

struct delivery {
	struct store_message message;
	struct store_queued queued;
	struct session *session;
	struct flight *flight; /* NULL: not over the present link */
};

static result not_open(const char *party, struct err *err)
{
	return err_set(err, CODE_NOT_FOUND, "/parts/main/of", "no delivery of that message to %s is open", party);
}

/* not_found is a refusal here, everything else a fault. The message's views live in core->hold. */
static result find_delivery(struct core *core, const char *party, const uint8_t *id, struct delivery *ret, struct err *err)
{
	int64_t number = 0;
	bool found = false;
	TRY(core_write(core, err));
	TRY(store_find(core->store, id, &core->hold, &found, &ret->message, err));
	if (!found)
		return err_set(err, CODE_NOT_FOUND, "/parts/main/of", "no such message was accepted here");
	ret->session = session_of_party(core, party);
	ret->flight = ret->session ? session_flight(ret->session, ret->message.seq) : NULL;
	if (ret->flight) { /* whose place is known without a search */
		ret->queued = ret->flight->queued;
		return OK;
	}
	TRY(store_party(core->store, party, &number, err));
	TRY(store_queued_find(core->store, number, ret->message.seq, &found, &ret->queued, err));
	return found ? OK : not_open(party, err);
}

static result take_out(struct core *core, const char *party, struct delivery *delivery, struct err *err)
{
	bool removed = false;
	TRY(store_dequeue(core->store, &delivery->queued.place, &removed, err));
	if (delivery->flight)
		session_landed(delivery->session, delivery->flight);
	return removed ? OK : not_open(party, err);
}

static result originator_of(const struct delivery *delivery, struct settled *ret, struct err *err)
{
	struct envelope envelope;
	struct message message;
	TRY(envelope_decode(delivery->message.envelope, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	if (message.from.len >= sizeof(ret->originator))
		return err_set(err, CODE_CORRUPT, "from", "the stored message names no party");
	memcpy(ret->originator, message.from.at, message.from.len);
	ret->originator[message.from.len] = 0;
	ret->priority = message.priority;
	return OK;
}

result settle_receipt(struct core *core, const char *party, const struct candidate *candidate, struct settled *ret, struct err *err)
{
	struct delivery delivery;
	memset(ret, 0, sizeof(*ret));
	TRY(receipt_decode(candidate->main, &ret->receipt, err));
	if (!candidate->message.re || memcmp(candidate->message.re, ret->receipt.of, UUID_LEN) != 0)
		return err_set(err, CODE_SCHEMA, "/re", "re must name the message that the receipt is of");
	TRY(find_delivery(core, party, ret->receipt.of, &delivery, err));
	if (memcmp(delivery.message.leaf, ret->receipt.hash, MESSAGE_HASH_LEN) != 0)
		return err_set(err, CODE_SCHEMA, "/parts/main/hash", "not the hash of the message that was delivered");
	TRY(originator_of(&delivery, ret, err));
	ret->attempts = delivery.queued.attempts + 1;
	ret->sent_at = delivery.flight ? delivery.flight->sent_at : 0;
	return take_out(core, party, &delivery, err);
}

static result record_acked(struct core *core, const char *party, const uint8_t *id, const struct delivery *delivery, int64_t sent_at, struct err *err)
{
	struct buf detail;
	buf_init(&detail, 256);
	pack_put_map(&detail, 2);
	pack_put_str(&detail, "recipient");
	pack_put_str(&detail, party);
	pack_put_str(&detail, "sent_at");
	pack_put_int(&detail, sent_at);
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = LEDGER_ACKED, .id = id, .leaf = delivery->message.leaf,
	                             .party = bytes_text(party), .detail = buf_bytes(&detail)};
	result r = core_record(core, &entry, NULL, err);
	buf_done(&detail);
	return r;
}

static result end_by_ack(struct core *core, const char *party, const uint8_t *id, struct err *err)
{
	struct delivery delivery;
	TRY(find_delivery(core, party, id, &delivery, err));
	if (delivery.queued.wants_receipt)
		return OK; /* an ACK does not stand for a receipt */
	int64_t sent_at = delivery.flight ? delivery.flight->sent_at : 0;
	TRY(take_out(core, party, &delivery, err));
	return record_acked(core, party, id, &delivery, sent_at, err);
}

static result settle_ack(struct core *core, const char *party, const uint8_t *id, struct err *err)
{
	struct err why;
	result r = end_by_ack(core, party, id, &why);
	if (r.code == CODE_NOT_FOUND)
		return OK; /* acknowledged before, over a link that broke: nothing is left to do */
	if (FAILED(r) && err)
		*err = why;
	return r;
}

result settle_acks(struct core *core, const struct job *job, struct err *err)
{
	struct bytes ids[FRAME_BATCH_MAX];
	size_t count = 0;
	struct session *session = session_of_link(core, job->link);
	struct err ignored;
	if (!session || FAILED(frame_ack_decode(blob_bytes(job->frame), ids, &count, &ignored)))
		return OK; /* the gateway has checked the frame; a link that is gone settles nothing */
	for (size_t i = 0; i < count; i++)
		TRY(settle_ack(core, session->party, ids[i].at, err));
	return OK;
}
