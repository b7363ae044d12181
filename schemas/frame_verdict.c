#include "schemas/frame_read.h"
#include "schemas/party.h"
#include "schemas/words.h"

enum { FIELDS_VERDICTS = 2, FIELDS_VERDICT = 7, FIELDS_RECIPIENT = 3 };

enum code frame_read_code(struct pack_in *in, const char *field)
{
	enum code code = CODE_OK;
	struct bytes text = pack_text(in, field, SIZE_MAX);
	if (!in->failed && !code_from_text((const char *)text.at, text.len, &code))
		pack_fail(in, CODE_MALFORMED, field, "is no code that is known here");
	return code;
}

struct bytes frame_read_words(struct pack_in *in, const char *field, size_t size)
{
	struct bytes words = pack_text(in, field, SIZE_MAX);
	if (!in->failed && words.len >= size)
		pack_fail(in, CODE_TOO_LARGE, field, "is longer than the limit");
	return words;
}

static void read_recipient(struct pack_in *in, struct frame_recipient *ret)
{
	struct err why;
	pack_array_of(in, "/4", FIELDS_RECIPIENT);
	ret->party = pack_text(in, "/4", SIZE_MAX);
	if (!in->failed && FAILED(party_check(ret->party, "/4", &why)))
		pack_fail(in, why.code, why.field, why.reason);
	ret->connected = pack_bool(in, "/4");
	ret->age_ms = pack_int(in, "/4", 0, MESSAGE_TIME_MAX);
}

static void read_verdict(struct pack_in *in, struct frame_verdict *ret)
{
	struct frame_recipient recipient;
	pack_array_of(in, "", FIELDS_VERDICT);
	ret->id = pack_bin_of(in, "/0", UUID_LEN);
	ret->code = frame_read_code(in, "/1");
	ret->duplicate = pack_bool(in, "/2");
	ret->entry = pack_int(in, "/3", -1, MESSAGE_TIME_MAX);
	ret->recipients_count = frame_read_count(in, "/4", 0, FRAME_RECIPIENTS_MAX);
	ret->recipients = frame_read_again(in);
	for (size_t i = 0; i < ret->recipients_count && !in->failed; i++)
		read_recipient(in, &recipient);
	ret->field = frame_read_words(in, "/5", ERR_FIELD_MAX);
	ret->reason = frame_read_words(in, "/6", ERR_REASON_MAX);
}

result frame_verdicts_decode(struct bytes frame, struct frame_verdicts *ret, struct err *err)
{
	struct frame_verdict verdict;
	struct pack_in in = frame_read(frame, FRAME_VERDICT, FIELDS_VERDICTS, err);
	ret->count = frame_read_count(&in, "/1", 1, FRAME_BATCH_MAX);
	ret->in = frame_read_again(&in);
	for (size_t i = 0; i < ret->count && !in.failed; i++) {
		read_verdict(&in, &verdict);
		frame_read_place(&in, "/1", i);
	}
	return pack_end(&in);
}

bool frame_verdicts_next(struct frame_verdicts *verdicts, struct frame_verdict *ret)
{
	if (verdicts->count == 0)
		return false;
	verdicts->count--;
	read_verdict(&verdicts->in, ret);
	return !verdicts->in.failed;
}

bool frame_verdict_recipient(struct frame_verdict *verdict, struct frame_recipient *ret)
{
	if (verdict->recipients_count == 0)
		return false;
	verdict->recipients_count--;
	read_recipient(&verdict->recipients, ret);
	return !verdict->recipients.failed;
}

void frame_verdict_pack(const uint8_t *id, enum code code, bool duplicate, int64_t entry,
                        const struct frame_recipient *recipients, size_t count, const char *field, const char *reason,
                        struct buf *out)
{
	pack_put_array(out, FIELDS_VERDICT);
	pack_put_bin(out, bytes_of(id, UUID_LEN));
	pack_put_str(out, code_text(code));
	pack_put_bool(out, duplicate);
	pack_put_int(out, entry);
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++) {
		pack_put_array(out, FIELDS_RECIPIENT);
		pack_put_text(out, recipients[i].party);
		pack_put_bool(out, recipients[i].connected);
		pack_put_int(out, recipients[i].age_ms);
	}
	words_put(out, field, ERR_FIELD_MAX);
	words_put(out, reason, ERR_REASON_MAX);
}

result frame_verdict_as_duplicate(struct bytes packed, struct buf *out, struct err *err)
{
	struct frame_verdict verdict;
	struct pack_in whole = pack_in_scanned(packed, err);
	read_verdict(&whole, &verdict);
	TRY(pack_end(&whole));
	/* Only the flag is written anew; what stands before and behind it stays the very same bytes. */
	struct pack_in in = pack_in(packed, err);
	pack_array_of(&in, "", FIELDS_VERDICT);
	pack_bin_of(&in, "/0", UUID_LEN);
	pack_text(&in, "/1", SIZE_MAX);
	buf_add(out, bytes_of(packed.at, (size_t)(in.at - packed.at)));
	pack_bool(&in, "/2");
	pack_put_bool(out, true);
	buf_add(out, bytes_of(in.at, (size_t)(in.end - in.at)));
	return buf_check(out, "", err);
}

void frame_verdicts_encode(const struct bytes *packed, size_t count, struct buf *out)
{
	frame_write(FRAME_VERDICT, FIELDS_VERDICTS, out);
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_raw(out, packed[i]);
}
