#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/frame.h"

/* One function for each kind: decodes, looks at everything, encodes anew. */
static bool again_hello(struct bytes in, struct buf *out)
{
	struct frame_hello hello;
	struct err err;
	if (FAILED(frame_hello_decode(in, &hello, &err)))
		return false;
	fuzz_must(hello.chain_count > 0 && hello.chain_count <= FRAME_CHAIN_MAX);
	frame_hello_encode(&hello, out);
	return true;
}

static bool again_welcome(struct bytes in, struct buf *out)
{
	struct frame_welcome welcome;
	struct err err;
	if (FAILED(frame_welcome_decode(in, &welcome, &err)))
		return false;
	frame_welcome_encode(&welcome, out);
	return true;
}

static bool again_submit(struct bytes in, struct buf *out)
{
	static struct frame_message messages[FRAME_BATCH_MAX];
	struct frame_submit submit;
	struct err err;
	if (FAILED(frame_submit_decode(in, &submit, &err)))
		return false;
	size_t count = submit.count;
	for (size_t i = 0; i < count; i++)
		fuzz_must(frame_submit_next(&submit, &messages[i]));
	fuzz_must(!frame_submit_next(&submit, &messages[0]));
	frame_submit_encode(submit.statement, submit.signature, submit.signer, messages, count, out);
	return true;
}

static void pack_verdict(struct frame_verdict *verdict, struct buf *out)
{
	static struct frame_recipient recipients[FRAME_RECIPIENTS_MAX];
	char field[ERR_FIELD_MAX] = {0};
	char reason[ERR_REASON_MAX] = {0};
	size_t count = verdict->recipients_count;
	for (size_t i = 0; i < count; i++)
		fuzz_must(frame_verdict_recipient(verdict, &recipients[i]));
	for (size_t i = 0; i < verdict->field.len; i++)
		field[i] = (char)verdict->field.at[i];
	for (size_t i = 0; i < verdict->reason.len; i++)
		reason[i] = (char)verdict->reason.at[i];
	frame_verdict_pack(verdict->id, verdict->code, verdict->duplicate, verdict->entry, recipients, count, field, reason, out);
}

static bool again_verdicts(struct bytes in, struct buf *out)
{
	struct frame_verdicts verdicts;
	struct frame_verdict verdict;
	struct buf packed, duplicate;
	struct err err;
	size_t ends[FRAME_BATCH_MAX];
	struct bytes each[FRAME_BATCH_MAX];
	if (FAILED(frame_verdicts_decode(in, &verdicts, &err)))
		return false;
	size_t count = verdicts.count;
	buf_init(&packed, FUZZ_OUT_MAX);
	buf_init(&duplicate, FUZZ_OUT_MAX);
	for (size_t i = 0; i < count; i++) {
		fuzz_must(frame_verdicts_next(&verdicts, &verdict));
		size_t start = packed.len;
		pack_verdict(&verdict, &packed);
		ends[i] = packed.len;
		buf_clear(&duplicate);
		fuzz_must(!FAILED(frame_verdict_as_duplicate(buf_from(&packed, start), &duplicate, &err)));
		fuzz_must(duplicate.len == packed.len - start);
	}
	fuzz_must(!frame_verdicts_next(&verdicts, &verdict));
	for (size_t i = 0; i < count; i++)
		each[i] = bytes_of(packed.at + (i ? ends[i - 1] : 0), ends[i] - (i ? ends[i - 1] : 0));
	frame_verdicts_encode(each, count, out);
	buf_done(&packed);
	buf_done(&duplicate);
	return true;
}

static bool again_deliver(struct bytes in, struct buf *out)
{
	static struct bytes envelopes[FRAME_BATCH_MAX];
	struct frame_deliver deliver;
	struct err err;
	if (FAILED(frame_deliver_decode(in, &deliver, &err)))
		return false;
	size_t count = deliver.count;
	for (size_t i = 0; i < count; i++)
		fuzz_must(frame_deliver_next(&deliver, &envelopes[i]));
	frame_deliver_encode(envelopes, count, out);
	return true;
}

static bool again_ack(struct bytes in, struct buf *out)
{
	static struct bytes ids[FRAME_BATCH_MAX];
	size_t count = 0;
	struct err err;
	if (FAILED(frame_ack_decode(in, ids, &count, &err)))
		return false;
	frame_ack_encode(ids, count, out);
	return true;
}

static bool again_number(struct bytes in, struct buf *out)
{
	int64_t number = 0;
	enum frame_kind kind;
	struct err err;
	if (FAILED(frame_kind_of(in, &kind, &err)))
		return false;
	if (FAILED(kind == FRAME_CREDIT ? frame_credit_decode(in, &number, &err) : frame_ping_decode(in, &number, &err)))
		return false;
	if (kind == FRAME_CREDIT)
		frame_credit_encode(number, out);
	else
		frame_ping_encode(kind, number, out);
	return true;
}

static bool again_cert(struct bytes in, struct buf *out)
{
	struct frame_cert cert;
	struct err err;
	if (FAILED(frame_cert_decode(in, &cert, &err)))
		return false;
	frame_cert_encode(&cert, out);
	return true;
}

static bool again_ask_or_head(struct bytes in, struct buf *out)
{
	const uint8_t *fingerprint = NULL;
	struct frame_head head;
	struct err err;
	if (!FAILED(frame_cert_ask_decode(in, &fingerprint, &err))) {
		frame_cert_ask_encode(fingerprint, out);
		return true;
	}
	if (FAILED(frame_head_decode(in, &head, &err)))
		return false;
	frame_head_encode(&head, out);
	return true;
}

static bool again_bye(struct bytes in, struct buf *out)
{
	char text[ERR_REASON_MAX] = {0};
	struct bytes reason;
	enum code code;
	struct err err;
	if (FAILED(frame_bye_decode(in, &code, &reason, &err)))
		return false;
	for (size_t i = 0; i < reason.len; i++)
		text[i] = (char)reason.at[i];
	frame_bye_encode(code, text, out);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const fuzz_again_fn all[] = {again_hello, again_welcome, again_submit, again_verdicts,    again_deliver,
	                                    again_ack,   again_number,  again_cert,   again_ask_or_head, again_bye};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		fuzz_again(all[i], bytes_of(data, size));
	return 0;
}
