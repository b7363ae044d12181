#include "schemas/receipt.h"

#include "base/clock.h"
#include "base/text.h"
#include "schemas/party.h"
#include "schemas/pointer.h"
#include "schemas/words.h"

#include <string.h>

/* What receipts and notices have in common is read by the same functions, each into its own place. */
static void read_id(struct pack_in *in, uint8_t ret[static UUID_LEN])
{
	struct uuid id;
	struct err why;
	struct bytes text = pack_text(in, "/of", SIZE_MAX);
	if (in->failed)
		return;
	if (FAILED(uuid_parse(text, &id, &why)) || !uuid_is_v7(id.at)) {
		pack_fail(in, CODE_MALFORMED, "/of", "is no UUID of version 7");
		return;
	}
	memcpy(ret, id.at, UUID_LEN);
}

static void read_hash(struct pack_in *in, uint8_t ret[static MESSAGE_HASH_LEN])
{
	struct err why;
	struct bytes text = pack_text(in, "/hash", SIZE_MAX);
	if (!in->failed && FAILED(text_unhex(text, ret, MESSAGE_HASH_LEN, &why)))
		pack_fail(in, CODE_MALFORMED, "/hash", "is no SHA-256 in hex");
}

static enum code read_code(struct pack_in *in)
{
	enum code code = CODE_OK;
	struct bytes text = pack_text(in, "/code", SIZE_MAX);
	if (!in->failed && !code_from_text((const char *)text.at, text.len, &code))
		pack_fail(in, CODE_MALFORMED, "/code", "is no code that is known here");
	return code;
}

static int64_t read_time(struct pack_in *in)
{
	int64_t at = 0;
	struct err why;
	struct bytes text = pack_text(in, "/at", SIZE_MAX);
	if (!in->failed && (FAILED(clock_parse(text, &at, &why)) || at <= 0 || at > MESSAGE_TIME_MAX))
		pack_fail(in, CODE_MALFORMED, "/at", "is no date and time as in RFC 3339");
	return at;
}

/* What a main part may say: each key is read into its place of the struct, which the reader knows. */
struct receipt_key {
	const char *name;
	bool required;
	void (*read)(struct pack_in *in, void *into);
};

static void read_value(struct pack_in *in, const struct receipt_key *keys, size_t count, unsigned *seen, void *into)
{
	char place[ERR_FIELD_MAX];
	struct bytes name = pack_text(in, "", SIZE_MAX);
	for (size_t i = 0; i < count && !in->failed; i++) {
		if (!bytes_is(name, keys[i].name))
			continue;
		*seen |= 1U << i;
		keys[i].read(in, into);
		return;
	}
	pack_fail(in, CODE_MALFORMED, pointer_key("", name, place), "is no key of this type");
}

static void read_keys(struct pack_in *in, const struct receipt_key *keys, size_t count, void *into)
{
	char place[ERR_FIELD_MAX];
	unsigned seen = 0;
	size_t pairs = pack_map(in, "");
	for (size_t i = 0; i < pairs && !in->failed; i++)
		read_value(in, keys, count, &seen, into);
	for (size_t i = 0; i < count && !in->failed; i++) {
		if (keys[i].required && !(seen & 1U << i))
			pack_fail(in, CODE_MALFORMED, pointer_key("", bytes_text(keys[i].name), place), "is missing");
	}
}

static bool read_disposition(struct pack_in *in)
{
	struct bytes text = pack_text(in, "/disposition", SIZE_MAX);
	if (!in->failed && !bytes_is(text, "received") && !bytes_is(text, "refused"))
		pack_fail(in, CODE_MALFORMED, "/disposition", "is neither received nor refused");
	return bytes_is(text, "received");
}

static void read_receipt_of(struct pack_in *in, void *into)
{
	struct receipt *receipt = into;
	read_id(in, receipt->of);
}

static void read_receipt_hash(struct pack_in *in, void *into)
{
	struct receipt *receipt = into;
	read_hash(in, receipt->hash);
}

static void read_receipt_disposition(struct pack_in *in, void *into)
{
	struct receipt *receipt = into;
	receipt->received = read_disposition(in);
}

static void read_receipt_code(struct pack_in *in, void *into)
{
	struct receipt *receipt = into;
	receipt->code = read_code(in);
}

static void read_receipt_field(struct pack_in *in, void *into)
{
	struct receipt *receipt = into;
	words_read(in, "/field", receipt->field, sizeof(receipt->field));
}

static void read_receipt_reason(struct pack_in *in, void *into)
{
	struct receipt *receipt = into;
	words_read(in, "/reason", receipt->reason, sizeof(receipt->reason));
}

static void read_receipt_at(struct pack_in *in, void *into)
{
	struct receipt *receipt = into;
	receipt->at = read_time(in);
}

static const struct receipt_key receipt_keys[] = {
	{"of", true, read_receipt_of},     {"hash", true, read_receipt_hash},    {"disposition", true, read_receipt_disposition},
	{"code", true, read_receipt_code}, {"field", false, read_receipt_field}, {"reason", false, read_receipt_reason},
	{"at", true, read_receipt_at},
};

result receipt_decode(struct bytes main_part, struct receipt *ret, struct err *err)
{
	struct pack_in in = pack_in_scanned(main_part, err);
	*ret = (struct receipt){.code = CODE_OK};
	read_keys(&in, receipt_keys, sizeof(receipt_keys) / sizeof(*receipt_keys), ret);
	if (!in.failed && ret->received != (ret->code == CODE_OK))
		pack_fail(&in, CODE_MALFORMED, "/code", "does not fit the disposition");
	return pack_end(&in);
}

static void put_common(struct buf *out, const uint8_t *of, const uint8_t *hash)
{
	char id[UUID_TEXT_MAX];
	char hex[2 * MESSAGE_HASH_LEN + 1];
	pack_put_str(out, "of");
	pack_put_str(out, uuid_text(of, id));
	pack_put_str(out, "hash");
	pack_put_str(out, text_hex(bytes_of(hash, MESSAGE_HASH_LEN), hex));
}

static void put_time(struct buf *out, int64_t at)
{
	char text[CLOCK_TEXT_MAX];
	pack_put_str(out, "at");
	pack_put_str(out, clock_text(at, text));
}

/* Left out when there is nothing to say. */
static void put_words(struct buf *out, const char *key, const char *words, size_t size)
{
	if (!words[0])
		return;
	pack_put_str(out, key);
	words_put(out, words, size);
}

void receipt_encode(const struct receipt *receipt, struct buf *out)
{
	pack_put_map(out, (size_t)5 + (receipt->field[0] != '\0') + (receipt->reason[0] != '\0'));
	put_common(out, receipt->of, receipt->hash);
	pack_put_str(out, "disposition");
	pack_put_str(out, receipt->received ? "received" : "refused");
	pack_put_str(out, "code");
	pack_put_str(out, code_text(receipt->code));
	put_words(out, "field", receipt->field, sizeof(receipt->field));
	put_words(out, "reason", receipt->reason, sizeof(receipt->reason));
	put_time(out, receipt->at);
}

static const char *const events[NOTICE_EVENT_COUNT] = {
	[NOTICE_EXPIRED] = "expired", [NOTICE_DEAD_LETTERED] = "dead_lettered", [NOTICE_DISCARDED] = "discarded"};

const char *notice_event_text(enum notice_event event)
{
	return event < NOTICE_EVENT_COUNT ? events[event] : "unknown";
}

static enum notice_event read_event(struct pack_in *in)
{
	struct bytes text = pack_text(in, "/event", SIZE_MAX);
	for (int event = 0; event < NOTICE_EVENT_COUNT; event++) {
		if (bytes_is(text, events[event]))
			return (enum notice_event)event;
	}
	if (!in->failed)
		pack_fail(in, CODE_MALFORMED, "/event", "is no event that is known here");
	return NOTICE_EXPIRED;
}

static void read_recipient(struct pack_in *in, char *into, size_t size)
{
	struct err why;
	words_read(in, "/recipient", into, size);
	if (!in->failed && FAILED(party_check(bytes_text(into), "/recipient", &why)))
		pack_fail(in, why.code, why.field, why.reason);
}

static void read_notice_of(struct pack_in *in, void *into)
{
	struct notice *notice = into;
	read_id(in, notice->of);
}

static void read_notice_hash(struct pack_in *in, void *into)
{
	struct notice *notice = into;
	read_hash(in, notice->hash);
}

static void read_notice_event(struct pack_in *in, void *into)
{
	struct notice *notice = into;
	notice->event = read_event(in);
}

static void read_notice_recipient(struct pack_in *in, void *into)
{
	struct notice *notice = into;
	read_recipient(in, notice->recipient, sizeof(notice->recipient));
}

static void read_notice_code(struct pack_in *in, void *into)
{
	struct notice *notice = into;
	notice->code = read_code(in);
}

static void read_notice_reason(struct pack_in *in, void *into)
{
	struct notice *notice = into;
	words_read(in, "/reason", notice->reason, sizeof(notice->reason));
}

static void read_notice_at(struct pack_in *in, void *into)
{
	struct notice *notice = into;
	notice->at = read_time(in);
}

static const struct receipt_key notice_keys[] = {
	{"of", true, read_notice_of},       {"hash", true, read_notice_hash},
	{"event", true, read_notice_event}, {"recipient", true, read_notice_recipient},
	{"code", true, read_notice_code},   {"reason", false, read_notice_reason},
	{"at", true, read_notice_at},
};

result notice_decode(struct bytes main_part, struct notice *ret, struct err *err)
{
	struct pack_in in = pack_in_scanned(main_part, err);
	*ret = (struct notice){.code = CODE_OK};
	read_keys(&in, notice_keys, sizeof(notice_keys) / sizeof(*notice_keys), ret);
	return pack_end(&in);
}

void notice_encode(const struct notice *notice, struct buf *out)
{
	pack_put_map(out, (size_t)6 + (notice->reason[0] != '\0'));
	put_common(out, notice->of, notice->hash);
	pack_put_str(out, "event");
	pack_put_str(out, notice_event_text(notice->event));
	pack_put_str(out, "recipient");
	pack_put_str(out, notice->recipient);
	pack_put_str(out, "code");
	pack_put_str(out, code_text(notice->code));
	put_words(out, "reason", notice->reason, sizeof(notice->reason));
	put_time(out, notice->at);
}
