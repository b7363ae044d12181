/* The vectors in tests/vectors as any implementation would use them: by what the files say, not by how they were made. */
#include "unit/schemas/sample.h"

#include "base/file.h"
#include "base/text.h"
#include "schemas/frame.h"
#include "schemas/receipt.h"

typedef result (*judge_fn)(struct bytes bytes, struct err *err);

static result judge_header(struct bytes bytes, struct err *err)
{
	struct message message;
	return message_decode(bytes, &message, err);
}

static result judge_parts(struct bytes bytes, struct err *err)
{
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count;
	return part_decode_all(bytes, parts, &count, err);
}

/* The kind says which decoder. */
static result judge_frame(struct bytes bytes, struct err *err)
{
	static struct bytes ids[FRAME_BATCH_MAX];
	struct frame_hello hello;
	struct frame_welcome welcome;
	struct frame_submit submit;
	struct frame_verdicts verdicts;
	struct frame_deliver deliver;
	struct frame_cert cert;
	struct frame_head head;
	enum frame_kind kind;
	enum code code;
	struct bytes text;
	const uint8_t *fingerprint;
	size_t count;
	int64_t number;
	TRY(frame_kind_of(bytes, &kind, err));
	result by_kind[FRAME_KIND_COUNT] = {
		[FRAME_HELLO] = frame_hello_decode(bytes, &hello, kind == FRAME_HELLO ? err : NULL),
		[FRAME_WELCOME] = frame_welcome_decode(bytes, &welcome, kind == FRAME_WELCOME ? err : NULL),
		[FRAME_SUBMIT] = frame_submit_decode(bytes, &submit, kind == FRAME_SUBMIT ? err : NULL),
		[FRAME_VERDICT] = frame_verdicts_decode(bytes, &verdicts, kind == FRAME_VERDICT ? err : NULL),
		[FRAME_DELIVER] = frame_deliver_decode(bytes, &deliver, kind == FRAME_DELIVER ? err : NULL),
		[FRAME_ACK] = frame_ack_decode(bytes, ids, &count, kind == FRAME_ACK ? err : NULL),
		[FRAME_CREDIT] = frame_credit_decode(bytes, &number, kind == FRAME_CREDIT ? err : NULL),
		[FRAME_PING] = frame_ping_decode(bytes, &number, kind == FRAME_PING ? err : NULL),
		[FRAME_PONG] = frame_ping_decode(bytes, &number, kind == FRAME_PONG ? err : NULL),
		[FRAME_CERT_ASK] = frame_cert_ask_decode(bytes, &fingerprint, kind == FRAME_CERT_ASK ? err : NULL),
		[FRAME_CERT] = frame_cert_decode(bytes, &cert, kind == FRAME_CERT ? err : NULL),
		[FRAME_HEAD] = frame_head_decode(bytes, &head, kind == FRAME_HEAD ? err : NULL),
		[FRAME_BYE] = frame_bye_decode(bytes, &code, &text, kind == FRAME_BYE ? err : NULL),
	};
	return by_kind[kind];
}

static result judge_receipt(struct bytes bytes, struct err *err)
{
	struct receipt receipt;
	struct notice notice;
	struct err ignored;
	struct bytes event;
	if (pack_find(bytes, "event", &event))
		return notice_decode(bytes, &notice, &ignored);
	return receipt_decode(bytes, &receipt, err);
}

static struct bytes text_at(struct bytes map, const char *key)
{
	struct bytes value, text = BYTES_NONE;
	if (!pack_find(map, key, &value) || !pack_as_text(value, &text))
		fail_msg("%s is missing", key);
	return text;
}

static void unhex(struct bytes entry, struct buf *out)
{
	struct bytes hex = text_at(entry, "hex");
	struct err err;
	buf_init(out, SAMPLE_MAX);
	uint8_t *room = buf_room(out, hex.len / 2 + 1);
	assert_non_null(room);
	assert_int_equal(text_unhex(hex, room, hex.len / 2, &err).code, CODE_OK);
	buf_grew(out, hex.len / 2);
}

static void check_good(struct bytes entry, judge_fn judge)
{
	struct buf bytes;
	struct bytes value, name = text_at(entry, "name");
	struct err err = {.reason = ""};
	unhex(entry, &bytes);
	assert_true(pack_find(entry, "value", &value));
	if (!bytes_equal(value, buf_bytes(&bytes)))
		fail_msg("%.*s: hex and value differ", (int)name.len, (const char *)name.at);
	if (FAILED(judge(buf_bytes(&bytes), &err)))
		fail_msg("%.*s: %s: %s", (int)name.len, (const char *)name.at, err.field, err.reason);
	buf_done(&bytes);
}

static void check_refused(struct bytes entry, judge_fn judge)
{
	struct buf bytes;
	struct bytes name = text_at(entry, "name");
	struct err err = {.field = ""};
	unhex(entry, &bytes);
	result r = judge(buf_bytes(&bytes), &err);
	if (!bytes_is(text_at(entry, "code"), code_text(r.code)) || !bytes_is(text_at(entry, "field"), err.field))
		fail_msg("%.*s: %s: %s", (int)name.len, (const char *)name.at, code_text(r.code), err.field);
	buf_done(&bytes);
}

static void check_each(struct bytes book, const char *key, judge_fn judge, void (*check)(struct bytes entry, judge_fn judge))
{
	struct bytes list;
	struct err err;
	assert_true(pack_find(book, key, &list));
	struct pack_in in = pack_in(list, &err);
	size_t count = pack_array(&in, key);
	assert_true(count >= 2);
	for (size_t i = 0; i < count; i++)
		check(pack_value(&in, key), judge);
	assert_int_equal(pack_end(&in).code, CODE_OK);
}

static void check_file(const char *path, judge_fn judge)
{
	struct buf json, book;
	struct err err = {.reason = ""};
	buf_init(&book, SAMPLE_MAX);
	if (FAILED(file_read(path, SAMPLE_MAX, &json, &err)) || FAILED(json_to_pack(buf_bytes(&json), &book, &err)))
		fail_msg("%s: %s", path, err.reason);
	check_each(buf_bytes(&book), "good", judge, check_good);
	check_each(buf_bytes(&book), "refused", judge, check_refused);
	buf_done(&json);
	buf_done(&book);
}

static void headers_are_as_the_vectors_say(void **state)
{
	(void)state;
	check_file("tests/vectors/header.json", judge_header);
}

static void parts_are_as_the_vectors_say(void **state)
{
	(void)state;
	check_file("tests/vectors/parts.json", judge_parts);
}

static void frames_are_as_the_vectors_say(void **state)
{
	(void)state;
	check_file("tests/vectors/frames.json", judge_frame);
}

static void receipts_are_as_the_vectors_say(void **state)
{
	(void)state;
	check_file("tests/vectors/receipt.json", judge_receipt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_as_the_vectors_say),
		cmocka_unit_test(parts_are_as_the_vectors_say),
		cmocka_unit_test(frames_are_as_the_vectors_say),
		cmocka_unit_test(receipts_are_as_the_vectors_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
