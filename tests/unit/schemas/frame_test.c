#include "unit/schemas/sample.h"

#include "base/text.h"
#include "schemas/frame.h"

#define BIN "{'$base64':'gA=='}"

static uint8_t zeros[FRAME_CERT_MAX + 1];

enum { IDS = FRAME_BATCH_MAX + 1 };

/* Decodes a frame of the given kind into something and forgets it. */
static result decode(enum frame_kind kind, struct bytes frame, struct err *err)
{
	static struct bytes ids[FRAME_BATCH_MAX];
	struct frame_hello hello;
	struct frame_welcome welcome;
	struct frame_submit submit;
	struct frame_verdicts verdicts;
	struct frame_deliver deliver;
	struct frame_cert cert;
	struct frame_head head;
	struct bytes bytes;
	const uint8_t *fingerprint;
	enum code code;
	size_t count;
	int64_t number;
	switch (kind) {
	case FRAME_HELLO:
		return frame_hello_decode(frame, &hello, err);
	case FRAME_WELCOME:
		return frame_welcome_decode(frame, &welcome, err);
	case FRAME_SUBMIT:
		return frame_submit_decode(frame, &submit, err);
	case FRAME_VERDICT:
		return frame_verdicts_decode(frame, &verdicts, err);
	case FRAME_DELIVER:
		return frame_deliver_decode(frame, &deliver, err);
	case FRAME_ACK:
		return frame_ack_decode(frame, ids, &count, err);
	case FRAME_CREDIT:
		return frame_credit_decode(frame, &number, err);
	case FRAME_PING:
	case FRAME_PONG:
		return frame_ping_decode(frame, &number, err);
	case FRAME_CERT_ASK:
		return frame_cert_ask_decode(frame, &fingerprint, err);
	case FRAME_CERT:
		return frame_cert_decode(frame, &cert, err);
	case FRAME_HEAD:
		return frame_head_decode(frame, &head, err);
	case FRAME_BYE:
	case FRAME_KIND_COUNT:
		break;
	}
	return frame_bye_decode(frame, &code, &bytes, err);
}

#define ID SAMPLE_ID
#define FINGERPRINT SAMPLE_HASH
#define VERDICT "[" ID ",'ok',false,7,[['ct.police',true,0],['ct.doc',false,99]],'','']"

/* One good frame of each kind, in order. */
static const char *const good[FRAME_KIND_COUNT] = {
	[FRAME_HELLO] = "[1,2,'ct.police',[" BIN "],'liaison 0.1.0',7]",
	[FRAME_WELCOME] = "[2,2,'ct.hub',65536,4096,64,15000,256,null,[" BIN "]," FINGERPRINT "]",
	[FRAME_SUBMIT] = "[3," BIN "," BIN "," FINGERPRINT ",[[" BIN ",[]],[" BIN ",[1]]]]",
	[FRAME_VERDICT] = "[4,[" VERDICT "]]",
	[FRAME_DELIVER] = "[5,[" BIN "," BIN "]]",
	[FRAME_ACK] = "[6,[" ID "," SAMPLE_ID_2 "]]",
	[FRAME_CREDIT] = "[7,1]",
	[FRAME_PING] = "[8,-5]",
	[FRAME_PONG] = "[9,9223372036854775807]",
	[FRAME_CERT_ASK] = "[10," FINGERPRINT "]",
	[FRAME_CERT] = "[11," FINGERPRINT ",[]]",
	[FRAME_HEAD] = "[12," BIN ",7," FINGERPRINT ",[]]",
	[FRAME_BYE] = "[13,'stopping','until later']",
};

static void decodes_one_frame_of_each_kind_and_no_other_kind(void **state)
{
	(void)state;
	for (int kind = FRAME_HELLO; kind < FRAME_KIND_COUNT; kind++) {
		struct buf frame;
		struct err err = {.reason = ""};
		enum frame_kind found;
		buf_init(&frame, SAMPLE_MAX);
		sample_pack(good[kind], &frame);
		assert_int_equal(frame_kind_of(buf_bytes(&frame), &found, &err).code, CODE_OK);
		assert_int_equal(found, kind);
		for (int other = FRAME_HELLO; other < FRAME_KIND_COUNT; other++) {
			bool is_ping = (kind == FRAME_PING || kind == FRAME_PONG) && (other == FRAME_PING || other == FRAME_PONG);
			result r = decode((enum frame_kind)other, buf_bytes(&frame), &err);
			if (FAILED(r) != (other != kind && !is_ping))
				fail_msg("%s as %s: %s", frame_kind_text((enum frame_kind)kind), frame_kind_text((enum frame_kind)other),
				         err.reason);
		}
		buf_done(&frame);
	}
}

static void refuses_trailing_bytes_and_every_cut(void **state)
{
	(void)state;
	for (int kind = FRAME_HELLO; kind < FRAME_KIND_COUNT; kind++) {
		struct buf frame;
		struct err err;
		buf_init(&frame, SAMPLE_MAX);
		sample_pack(good[kind], &frame);
		for (size_t len = 0; len < frame.len; len++)
			assert_int_equal(decode((enum frame_kind)kind, bytes_of(frame.at, len), &err).code, CODE_MALFORMED);
		buf_add_byte(&frame, 0);
		assert_int_equal(decode((enum frame_kind)kind, buf_bytes(&frame), &err).code, CODE_MALFORMED);
		buf_done(&frame);
	}
}

static void refuses_an_element_more_than_the_kind_has(void **state)
{
	(void)state;
	for (int kind = FRAME_HELLO; kind < FRAME_KIND_COUNT; kind++) {
		struct buf frame;
		struct err err;
		buf_init(&frame, SAMPLE_MAX);
		sample_pack(good[kind], &frame);
		frame.at[0]++;
		buf_add_byte(&frame, 0xc0);
		assert_int_equal(decode((enum frame_kind)kind, buf_bytes(&frame), &err).code, CODE_MALFORMED);
		buf_done(&frame);
	}
}

static void refuses_frames_of_no_known_kind(void **state)
{
	static const char *const frames[] = {"[]", "[0]", "[14]", "['1']", "{}", "1", "[null]"};
	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		struct buf frame;
		struct err err;
		enum frame_kind kind = FRAME_BYE;
		int64_t nonce;
		buf_init(&frame, 64);
		sample_pack(frames[i], &frame);
		assert_int_equal(frame_kind_of(buf_bytes(&frame), &kind, &err).code, CODE_MALFORMED);
		assert_string_equal(err.field, "/0");
		assert_int_equal(kind, FRAME_BYE);
		assert_int_equal(frame_ping_decode(buf_bytes(&frame), &nonce, &err).code, CODE_MALFORMED);
		buf_done(&frame);
	}
}

static void every_kind_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int kind = FRAME_HELLO; kind < FRAME_KIND_COUNT; kind++) {
		for (int other = FRAME_HELLO; other < kind; other++)
			assert_string_not_equal(frame_kind_text((enum frame_kind)kind), frame_kind_text((enum frame_kind)other));
	}
	assert_string_equal(frame_kind_text((enum frame_kind)0), "unknown");
	assert_string_equal(frame_kind_text(FRAME_KIND_COUNT), "unknown");
}

struct case_of_frame {
	enum frame_kind kind;
	const char *json;
	enum code code;
	const char *field;
};

static void judge_cases(const struct case_of_frame *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf frame;
		struct err err = {.field = "", .reason = ""};
		buf_init(&frame, SAMPLE_MAX);
		sample_pack(cases[i].json, &frame);
		result r = decode(cases[i].kind, buf_bytes(&frame), &err);
		if (r.code != cases[i].code || (FAILED(r) && strcmp(err.field, cases[i].field) != 0))
			fail_msg("%s gave %s at %s: %s", cases[i].json, code_text(r.code), err.field, err.reason);
		buf_done(&frame);
	}
}

static void refuses_greetings_and_heads_with_values_of_the_wrong_kind_and_says_where(void **state)
{
	static const struct case_of_frame cases[] = {
		{FRAME_HELLO, "[1,1,'CT',[" BIN "],'']", CODE_MALFORMED, "/2"},
		{FRAME_HELLO, "[1,1,'ct',[],'']", CODE_MALFORMED, "/3"},
		{FRAME_HELLO, "[1,1,'ct',[{'$base64':''}],'']", CODE_MALFORMED, "/3/0"},
		{FRAME_HELLO, "[1,1,'ct',['x'],'']", CODE_MALFORMED, "/3"},
		{FRAME_HELLO, "[1,1,'ct',[" BIN "],5]", CODE_MALFORMED, "/4"},
		{FRAME_HELLO, "[1,'1','ct',[" BIN "],'',0]", CODE_MALFORMED, "/1"},
		{FRAME_HELLO, "[1,3,'anything else']", CODE_VERSION, "/1"},
		{FRAME_HELLO, "[1,1,'ct',[" BIN "],'']", CODE_OK, ""},
		{FRAME_HELLO, "[1,1,'ct',[" BIN "],'',7]", CODE_MALFORMED, ""},
		{FRAME_HELLO, "[1,2,'ct',[" BIN "],'']", CODE_MALFORMED, ""},
		{FRAME_HELLO, "[1,2,'ct',[" BIN "],'',-1]", CODE_MALFORMED, "/5"},
		{FRAME_HELLO, "[1,2,'ct',[" BIN "],'',9223372036854775807]", CODE_OK, ""},
		{FRAME_HELLO, "[1,0,'ct',[" BIN "],'']", CODE_VERSION, "/1"},
		{FRAME_WELCOME, "[2,7]", CODE_VERSION, "/1"},
		{FRAME_WELCOME, "[2,1,'ct.hub',0,4096,64,15000,256,null,[]]", CODE_MALFORMED, "/3"},
		{FRAME_WELCOME, "[2,1,'ct.hub',1,0,64,15000,256,null,[]]", CODE_MALFORMED, "/4"},
		{FRAME_WELCOME, "[2,1,'ct.hub',1,1,0,15000,256,null,[]]", CODE_MALFORMED, "/5"},
		{FRAME_WELCOME, "[2,1,'ct.hub',1,1,1024,1,0,null,[]]", CODE_OK, ""},
		{FRAME_WELCOME, "[2,1,'ct.hub',1,1,1025,1,0,null,[]]", CODE_MALFORMED, "/5"},
		{FRAME_WELCOME, "[2,1,'ct.hub',1,1,1,0,256,null,[]]", CODE_MALFORMED, "/6"},
		{FRAME_WELCOME, "[2,1,'ct.hub',1,1,1,1,-1,null,[]]", CODE_MALFORMED, "/7"},
		{FRAME_WELCOME, "[2,1,'ct.hub',2147483647,1,1,1,1,null,[]]", CODE_OK, ""},
		{FRAME_WELCOME, "[2,1,'ct.hub',2147483648,1,1,1,1,null,[]]", CODE_MALFORMED, "/3"},
		{FRAME_WELCOME, "[2,1,'ct.hub',1,1,1,1,1,{'$base64':''},[]]", CODE_MALFORMED, "/8"},
		{FRAME_WELCOME, "[2,1,'ct.hub',1,1,1,1,1,'x',[]]", CODE_MALFORMED, "/8"},
		{FRAME_WELCOME, "[2,2,'ct.hub',1,1,1,1,1,null,[]]", CODE_MALFORMED, ""},
		{FRAME_WELCOME, "[2,2,'ct.hub',1,1,1,1,1,null,[],null]", CODE_MALFORMED, "/10"},
		{FRAME_WELCOME, "[2,2,'ct.hub',1,1,1,1,1,null,[]," BIN "]", CODE_MALFORMED, "/10"},
		{FRAME_HEAD, "[12,{'$base64':''},0,{'$base64':''},[]]", CODE_MALFORMED, "/1"},
		{FRAME_HEAD, "[12,null,0,{'$base64':''},[]]", CODE_MALFORMED, "/1"},
		{FRAME_HEAD, "[12," BIN "]", CODE_MALFORMED, ""},
		{FRAME_HEAD, "[12," BIN ",-1,{'$base64':''},[]]", CODE_MALFORMED, "/2"},
		{FRAME_HEAD, "[12," BIN ",1," BIN ",[]]", CODE_MALFORMED, "/3"},
		{FRAME_HEAD, "[12," BIN ",1," FINGERPRINT ",[" BIN "," BIN "," BIN "," BIN "," BIN "]]", CODE_TOO_LARGE, "/4"},
	};
	(void)state;
	judge_cases(cases, sizeof(cases) / sizeof(*cases));
}

static void refuses_values_of_the_wrong_kind_and_says_where(void **state)
{
	static const struct case_of_frame cases[] = {
		{FRAME_SUBMIT, "[3,{'$base64':''}," BIN "," FINGERPRINT ",[[" BIN ",[]]]]", CODE_MALFORMED, "/1"},
		{FRAME_SUBMIT, "[3," BIN ",{'$base64':''}," FINGERPRINT ",[[" BIN ",[]]]]", CODE_MALFORMED, "/2"},
		{FRAME_SUBMIT, "[3," BIN "," BIN "," SAMPLE_HASH_SHORT ",[[" BIN ",[]]]]", CODE_MALFORMED, "/3"},
		{FRAME_SUBMIT, "[3," BIN "," BIN "," FINGERPRINT ",[]]", CODE_MALFORMED, "/4"},
		{FRAME_SUBMIT, "[3," BIN "," BIN "," FINGERPRINT ",[[" BIN ",[]],[" BIN "]]]", CODE_MALFORMED, "/4/1"},
		{FRAME_SUBMIT, "[3," BIN "," BIN "," FINGERPRINT ",[[" BIN ",[]],['x',[]]]]", CODE_MALFORMED, "/4/1/0"},
		{FRAME_SUBMIT, "[3," BIN "," BIN "," FINGERPRINT ",[[{'$base64':''},[]]]]", CODE_MALFORMED, "/4/0/0"},
		{FRAME_SUBMIT, "[3," BIN "," BIN "," FINGERPRINT ",[[" BIN ",{}]]]", CODE_MALFORMED, "/4/0/1"},
		{FRAME_VERDICT, "[4,[]]", CODE_MALFORMED, "/1"},
		{FRAME_VERDICT, "[4,[[" SAMPLE_SALT ",'ok',false,7,[],'']]]", CODE_MALFORMED, "/1/0"},
		{FRAME_VERDICT, "[4,[" VERDICT ",[" FINGERPRINT ",'ok',false,7,[],'','']]]", CODE_MALFORMED, "/1/1/0"},
		{FRAME_VERDICT, "[4,[[" ID ",'fine',false,7,[],'','']]]", CODE_MALFORMED, "/1/0/1"},
		{FRAME_VERDICT, "[4,[[" ID ",0,false,7,[],'','']]]", CODE_MALFORMED, "/1/0/1"},
		{FRAME_VERDICT, "[4,[[" ID ",'ok',0,7,[],'','']]]", CODE_MALFORMED, "/1/0/2"},
		{FRAME_VERDICT, "[4,[[" ID ",'ok',true,-1,[],'','']]]", CODE_OK, ""},
		{FRAME_VERDICT, "[4,[[" ID ",'ok',true,-2,[],'','']]]", CODE_MALFORMED, "/1/0/3"},
		{FRAME_VERDICT, "[4,[[" ID ",'ok',true,1,[['CT',true,0]],'','']]]", CODE_MALFORMED, "/1/0/4"},
		{FRAME_VERDICT, "[4,[[" ID ",'ok',true,1,[['ct',true,-1]],'','']]]", CODE_MALFORMED, "/1/0/4"},
		{FRAME_VERDICT, "[4,[[" ID ",'ok',true,1,[['ct',true]],'','']]]", CODE_MALFORMED, "/1/0/4"},
		{FRAME_VERDICT, "[4,[[" ID ",'ok',true,1,[],null,'']]]", CODE_MALFORMED, "/1/0/5"},
		{FRAME_VERDICT, "[4,[[" ID ",'ok',true,1,[],'',null]]]", CODE_MALFORMED, "/1/0/6"},
		{FRAME_DELIVER, "[5,[]]", CODE_MALFORMED, "/1"},
		{FRAME_DELIVER, "[5,[" BIN ",{'$base64':''}]]", CODE_MALFORMED, "/1/1"},
		{FRAME_DELIVER, "[5,['x']]", CODE_MALFORMED, "/1/0"},
		{FRAME_ACK, "[6,[]]", CODE_MALFORMED, "/1"},
		{FRAME_ACK, "[6,[" ID "," FINGERPRINT "]]", CODE_MALFORMED, "/1/1"},
		{FRAME_CREDIT, "[7,0]", CODE_MALFORMED, "/1"},
		{FRAME_CREDIT, "[7,-1]", CODE_MALFORMED, "/1"},
		{FRAME_CREDIT, "[7,2147483647]", CODE_OK, ""},
		{FRAME_CREDIT, "[7,2147483648]", CODE_MALFORMED, "/1"},
		{FRAME_PING, "[8,'x']", CODE_MALFORMED, "/1"},
		{FRAME_CERT_ASK, "[10," SAMPLE_HASH_SHORT "]", CODE_MALFORMED, "/1"},
		{FRAME_CERT, "[11," FINGERPRINT ",[" BIN "," BIN "," BIN "," BIN "]]", CODE_OK, ""},
		{FRAME_CERT, "[11," FINGERPRINT ",[" BIN "," BIN "," BIN "," BIN "," BIN "]]", CODE_TOO_LARGE, "/2"},
		{FRAME_BYE, "[13,'farewell','']", CODE_MALFORMED, "/1"},
		{FRAME_BYE, "[13,'stopping',null]", CODE_MALFORMED, "/2"},
	};
	(void)state;
	judge_cases(cases, sizeof(cases) / sizeof(*cases));
}

static void hello_keeps_its_values(void **state)
{
	struct frame_hello hello = {
		.version = FRAME_VERSION,
		.party = BYTES_LIT("ct.police"),
		.chain = {bytes_of(zeros, FRAME_CERT_MAX), BYTES_LIT("x")},
		.chain_count = 2,
		.software = BYTES_LIT("0123456789012345678901234567890123456789012345678901234567890123"),
		.known = 77,
	};
	struct frame_hello again;
	struct buf frame;
	struct err err;
	(void)state;
	buf_init(&frame, SAMPLE_MAX);
	frame_hello_encode(&hello, &frame);
	assert_int_equal(frame_hello_decode(buf_bytes(&frame), &again, &err).code, CODE_OK);
	assert_int_equal(again.version, 2);
	assert_int_equal(again.known, 77);
	assert_true(bytes_is(again.party, "ct.police"));
	assert_int_equal(again.chain_count, 2);
	assert_int_equal(again.chain[0].len, FRAME_CERT_MAX);
	assert_true(bytes_is(again.chain[1], "x"));
	assert_int_equal(again.software.len, FRAME_SOFTWARE_MAX);
	buf_clear(&frame);
	hello.chain[0].len++;
	frame_hello_encode(&hello, &frame);
	assert_int_equal(frame_hello_decode(buf_bytes(&frame), &again, &err).code, CODE_TOO_LARGE);
	assert_string_equal(err.field, "/3/0");
	buf_clear(&frame);
	hello.chain[0].len--;
	hello.software = bytes_of("0123456789012345678901234567890123456789012345678901234567890123x", FRAME_SOFTWARE_MAX + 1);
	frame_hello_encode(&hello, &frame);
	assert_int_equal(frame_hello_decode(buf_bytes(&frame), &again, &err).code, CODE_TOO_LARGE);
	assert_string_equal(err.field, "/4");
	buf_done(&frame);
}

static void welcome_keeps_its_values(void **state)
{
	struct frame_welcome welcome = {
		.version = FRAME_VERSION,
		.hub = BYTES_LIT("ct.hub"),
		.frame_max = 1,
		.message_max = 2,
		.batch_max = 3,
		.heartbeat_ms = 4,
		.credit = 5,
		.head = bytes_of(zeros, FRAME_HEAD_MAX),
		.chain = {BYTES_LIT("leaf")},
		.chain_count = 1,
		.proof = bytes_of(zeros, FRAME_PROOF_MAX),
	};
	struct frame_welcome again;
	struct buf frame;
	struct err err;
	(void)state;
	buf_init(&frame, SAMPLE_MAX);
	frame_welcome_encode(&welcome, &frame);
	assert_int_equal(frame_welcome_decode(buf_bytes(&frame), &again, &err).code, CODE_OK);
	assert_true(bytes_is(again.hub, "ct.hub"));
	assert_int_equal(again.frame_max, 1);
	assert_int_equal(again.message_max, 2);
	assert_int_equal(again.batch_max, 3);
	assert_int_equal(again.heartbeat_ms, 4);
	assert_int_equal(again.credit, 5);
	assert_int_equal(again.head.len, FRAME_HEAD_MAX);
	assert_true(bytes_is(again.chain[0], "leaf"));
	assert_int_equal(again.proof.len, FRAME_PROOF_MAX);
	buf_clear(&frame);
	welcome.head.len++;
	frame_welcome_encode(&welcome, &frame);
	assert_int_equal(frame_welcome_decode(buf_bytes(&frame), &again, &err).code, CODE_TOO_LARGE);
	assert_string_equal(err.field, "/8");
	buf_clear(&frame);
	welcome.head = BYTES_NONE;
	frame_welcome_encode(&welcome, &frame);
	assert_int_equal(frame_welcome_decode(buf_bytes(&frame), &again, &err).code, CODE_OK);
	assert_int_equal(again.head.len, 0);
	buf_done(&frame);
}

static void submit_gives_its_messages_in_order(void **state)
{
	const struct frame_message messages[] = {{BYTES_LIT("first"), BYTES_LIT("\x90")},
	                                         {BYTES_LIT("second"), BYTES_LIT("\x91\xc0")}};
	struct frame_submit submit;
	struct frame_message message;
	struct buf frame;
	struct err err;
	(void)state;
	buf_init(&frame, SAMPLE_MAX);
	frame_submit_encode(BYTES_LIT("statement"), BYTES_LIT("signature"), zeros, messages, 2, &frame);
	assert_int_equal(frame_submit_decode(buf_bytes(&frame), &submit, &err).code, CODE_OK);
	assert_true(bytes_is(submit.statement, "statement"));
	assert_true(bytes_is(submit.signature, "signature"));
	assert_memory_equal(submit.signer, zeros, 32);
	assert_int_equal(submit.count, 2);
	assert_true(frame_submit_next(&submit, &message));
	assert_true(bytes_is(message.header, "first"));
	assert_true(bytes_is(message.parts, "\x90"));
	assert_true(frame_submit_next(&submit, &message));
	assert_true(bytes_is(message.header, "second"));
	assert_true(bytes_is(message.parts, "\x91\xc0"));
	assert_false(frame_submit_next(&submit, &message));
	buf_done(&frame);
}

static void a_batch_holds_1024_and_not_one_more(void **state)
{
	static struct frame_message messages[IDS];
	static struct bytes bytes[IDS];
	(void)state;
	for (size_t i = 0; i < IDS; i++) {
		messages[i] = (struct frame_message){BYTES_LIT("\x80"), BYTES_LIT("\x90")};
		bytes[i] = bytes_of(zeros, UUID_LEN);
	}
	for (size_t count = FRAME_BATCH_MAX; count <= FRAME_BATCH_MAX + 1; count++) {
		enum code expected = count > FRAME_BATCH_MAX ? CODE_TOO_LARGE : CODE_OK;
		struct buf frame;
		struct err err;
		buf_init(&frame, SAMPLE_MAX);
		frame_submit_encode(BYTES_LIT("s"), BYTES_LIT("s"), zeros, messages, count, &frame);
		assert_int_equal(decode(FRAME_SUBMIT, buf_bytes(&frame), &err).code, expected);
		buf_clear(&frame);
		frame_deliver_encode(bytes, count, &frame);
		assert_int_equal(decode(FRAME_DELIVER, buf_bytes(&frame), &err).code, expected);
		buf_clear(&frame);
		frame_ack_encode(bytes, count, &frame);
		assert_int_equal(decode(FRAME_ACK, buf_bytes(&frame), &err).code, expected);
		buf_done(&frame);
	}
}

static void submit_bounds_statement_signature_and_header(void **state)
{
	static uint8_t large[MESSAGE_HEADER_MAX + 1];
	(void)state;
	for (size_t more = 0; more <= 1; more++) {
		const struct frame_message message = {bytes_of(large, MESSAGE_HEADER_MAX + more), BYTES_LIT("\x90")};
		const struct frame_message small = {BYTES_LIT("\x80"), BYTES_LIT("\x90")};
		enum code expected = more ? CODE_TOO_LARGE : CODE_OK;
		struct buf frame;
		struct err err;
		buf_init(&frame, SAMPLE_MAX);
		frame_submit_encode(BYTES_LIT("s"), BYTES_LIT("s"), zeros, &message, 1, &frame);
		assert_int_equal(decode(FRAME_SUBMIT, buf_bytes(&frame), &err).code, expected);
		buf_clear(&frame);
		frame_submit_encode(bytes_of(large, ENVELOPE_STATEMENT_MAX + more), BYTES_LIT("s"), zeros, &small, 1, &frame);
		assert_int_equal(decode(FRAME_SUBMIT, buf_bytes(&frame), &err).code, expected);
		buf_clear(&frame);
		frame_submit_encode(BYTES_LIT("s"), bytes_of(large, ENVELOPE_SIGNATURE_MAX + more), zeros, &small, 1, &frame);
		assert_int_equal(decode(FRAME_SUBMIT, buf_bytes(&frame), &err).code, expected);
		buf_done(&frame);
	}
}

static void the_small_frames_keep_their_values(void **state)
{
	const struct bytes envelopes[] = {BYTES_LIT("one"), BYTES_LIT("two")};
	const struct bytes ids[] = {bytes_of(zeros, UUID_LEN), BYTES_LIT("0123456789abcdef")};
	static struct bytes found_ids[FRAME_BATCH_MAX];
	struct frame_cert cert = {.fingerprint = zeros, .chain = {BYTES_LIT("leaf"), BYTES_LIT("ca")}, .chain_count = 2};
	struct frame_cert found_cert;
	struct frame_deliver deliver;
	struct bytes bytes;
	const uint8_t *fingerprint;
	size_t count;
	int64_t number;
	enum frame_kind kind;
	struct buf frame;
	struct err err;
	(void)state;
	buf_init(&frame, SAMPLE_MAX);
	frame_deliver_encode(envelopes, 2, &frame);
	assert_int_equal(frame_deliver_decode(buf_bytes(&frame), &deliver, &err).code, CODE_OK);
	assert_true(frame_deliver_next(&deliver, &bytes));
	assert_true(bytes_is(bytes, "one"));
	assert_true(frame_deliver_next(&deliver, &bytes));
	assert_true(bytes_is(bytes, "two"));
	assert_false(frame_deliver_next(&deliver, &bytes));
	buf_clear(&frame);
	frame_ack_encode(ids, 2, &frame);
	assert_int_equal(frame_ack_decode(buf_bytes(&frame), found_ids, &count, &err).code, CODE_OK);
	assert_int_equal(count, 2);
	assert_true(bytes_is(found_ids[1], "0123456789abcdef"));
	buf_clear(&frame);
	frame_credit_encode(77, &frame);
	assert_int_equal(frame_credit_decode(buf_bytes(&frame), &number, &err).code, CODE_OK);
	assert_int_equal(number, 77);
	buf_clear(&frame);
	frame_ping_encode(FRAME_PONG, INT64_MIN, &frame);
	assert_int_equal(frame_ping_decode(buf_bytes(&frame), &number, &err).code, CODE_OK);
	assert_true(number == INT64_MIN);
	assert_int_equal(frame_kind_of(buf_bytes(&frame), &kind, &err).code, CODE_OK);
	assert_int_equal(kind, FRAME_PONG);
	buf_clear(&frame);
	frame_cert_ask_encode(zeros, &frame);
	assert_int_equal(frame_cert_ask_decode(buf_bytes(&frame), &fingerprint, &err).code, CODE_OK);
	assert_memory_equal(fingerprint, zeros, 32);
	buf_clear(&frame);
	frame_cert_encode(&cert, &frame);
	assert_int_equal(frame_cert_decode(buf_bytes(&frame), &found_cert, &err).code, CODE_OK);
	assert_int_equal(found_cert.chain_count, 2);
	assert_true(bytes_is(found_cert.chain[1], "ca"));
	buf_done(&frame);
}

static void a_head_is_up_to_its_limit(void **state)
{
	(void)state;
	for (size_t more = 0; more <= 1; more++) {
		struct buf frame;
		struct frame_head head = {.head = bytes_of(zeros, FRAME_HEAD_MAX + more), .from = 9, .proof = bytes_of(zeros, 64), .chain = {BYTES_LIT("leaf")},
		                          .chain_count = 1};
		struct frame_head again;
		struct err err;
		buf_init(&frame, SAMPLE_MAX);
		frame_head_encode(&head, &frame);
		assert_int_equal(frame_head_decode(buf_bytes(&frame), &again, &err).code, more ? CODE_TOO_LARGE : CODE_OK);
		if (!more) {
			assert_int_equal(again.from, 9);
			assert_int_equal(again.proof.len, 64);
			assert_true(bytes_is(again.chain[0], "leaf"));
		}
		buf_done(&frame);
	}
}

static void a_proof_is_made_of_hashes_and_bounded(void **state)
{
	static const struct {
		size_t len;
		enum code code;
	} cases[] = {{0, CODE_OK}, {31, CODE_MALFORMED}, {32, CODE_OK}, {33, CODE_MALFORMED}, {FRAME_PROOF_MAX, CODE_OK}, {FRAME_PROOF_MAX + 32, CODE_TOO_LARGE}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct frame_head head = {.head = BYTES_LIT("h"), .proof = bytes_of(zeros, cases[i].len)};
		struct frame_welcome welcome = {.version = FRAME_VERSION, .hub = BYTES_LIT("ct.hub"), .frame_max = 1, .message_max = 1, .batch_max = 1,
		                                .heartbeat_ms = 1, .proof = bytes_of(zeros, cases[i].len)};
		struct frame_head head_again;
		struct frame_welcome welcome_again;
		struct buf frame;
		struct err err;
		buf_init(&frame, SAMPLE_MAX);
		frame_head_encode(&head, &frame);
		assert_int_equal(frame_head_decode(buf_bytes(&frame), &head_again, &err).code, cases[i].code);
		buf_clear(&frame);
		frame_welcome_encode(&welcome, &frame);
		assert_int_equal(frame_welcome_decode(buf_bytes(&frame), &welcome_again, &err).code, cases[i].code);
		buf_done(&frame);
	}
}

static void version_one_knows_neither_sizes_nor_proofs(void **state)
{
	struct frame_hello hello = {.version = 1, .party = BYTES_LIT("ct.police"), .chain = {BYTES_LIT("x")}, .chain_count = 1, .known = 5}, hello_again;
	struct frame_welcome welcome = {.version = 1, .hub = BYTES_LIT("ct.hub"), .frame_max = 1, .message_max = 1, .batch_max = 1, .heartbeat_ms = 1,
	                                .proof = bytes_of(zeros, 32)};
	struct frame_welcome welcome_again;
	struct buf frame;
	struct err err;
	(void)state;
	buf_init(&frame, SAMPLE_MAX);
	frame_hello_encode(&hello, &frame);
	assert_int_equal(frame_hello_decode(buf_bytes(&frame), &hello_again, &err).code, CODE_OK);
	assert_int_equal(hello_again.version, 1);
	assert_int_equal(hello_again.known, 0);
	buf_clear(&frame);
	frame_welcome_encode(&welcome, &frame);
	assert_int_equal(frame_welcome_decode(buf_bytes(&frame), &welcome_again, &err).code, CODE_OK);
	assert_int_equal(welcome_again.version, 1);
	assert_int_equal(welcome_again.proof.len, 0);
	buf_done(&frame);
}

static void a_bye_says_why_in_good_text_whatever_it_was_given(void **state)
{
	char long_reason[2 * ERR_REASON_MAX];
	struct buf frame;
	struct err err;
	struct bytes reason;
	enum code code;
	(void)state;
	memset(long_reason, 'x', sizeof(long_reason) - 1);
	memcpy(long_reason + ERR_REASON_MAX - 2, "\xc3\xa9", 2);
	long_reason[sizeof(long_reason) - 1] = '\0';
	buf_init(&frame, SAMPLE_MAX);
	frame_bye_encode(CODE_REVOKED, long_reason, &frame);
	assert_int_equal(frame_bye_decode(buf_bytes(&frame), &code, &reason, &err).code, CODE_OK);
	assert_int_equal(code, CODE_REVOKED);
	assert_int_equal(reason.len, ERR_REASON_MAX - 2);
	assert_true(text_is_utf8(reason));
	buf_done(&frame);
}

static void a_reason_is_no_longer_than_an_err_holds(void **state)
{
	(void)state;
	for (size_t len = ERR_REASON_MAX - 1; len <= ERR_REASON_MAX; len++) {
		struct buf json, frame;
		struct err err;
		buf_init(&json, SAMPLE_MAX);
		buf_init(&frame, SAMPLE_MAX);
		buf_add_text(&json, "[13,'stopping','");
		sample_run(&json, 'x', len);
		buf_add(&json, bytes_of("']", 3));
		sample_pack((const char *)json.at, &frame);
		assert_int_equal(decode(FRAME_BYE, buf_bytes(&frame), &err).code, len < ERR_REASON_MAX ? CODE_OK : CODE_TOO_LARGE);
		buf_done(&json);
		buf_done(&frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_one_frame_of_each_kind_and_no_other_kind),
		cmocka_unit_test(refuses_trailing_bytes_and_every_cut),
		cmocka_unit_test(refuses_an_element_more_than_the_kind_has),
		cmocka_unit_test(refuses_frames_of_no_known_kind),
		cmocka_unit_test(every_kind_has_a_name_of_its_own),
		cmocka_unit_test(refuses_greetings_and_heads_with_values_of_the_wrong_kind_and_says_where),
		cmocka_unit_test(refuses_values_of_the_wrong_kind_and_says_where),
		cmocka_unit_test(hello_keeps_its_values),
		cmocka_unit_test(welcome_keeps_its_values),
		cmocka_unit_test(submit_gives_its_messages_in_order),
		cmocka_unit_test(a_batch_holds_1024_and_not_one_more),
		cmocka_unit_test(submit_bounds_statement_signature_and_header),
		cmocka_unit_test(the_small_frames_keep_their_values),
		cmocka_unit_test(a_head_is_up_to_its_limit),
		cmocka_unit_test(a_proof_is_made_of_hashes_and_bounded),
		cmocka_unit_test(version_one_knows_neither_sizes_nor_proofs),
		cmocka_unit_test(a_bye_says_why_in_good_text_whatever_it_was_given),
		cmocka_unit_test(a_reason_is_no_longer_than_an_err_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
