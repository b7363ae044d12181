#include "schemas/frame.h"

#include "schemas/frame_read.h"
#include "schemas/party.h"
#include "schemas/pointer.h"
#include "schemas/words.h"

enum { SIGNER_LEN = 32, PROOF_HASH_LEN = 32 };

/* How many elements each kind has, itself included. */
enum {
	FIELDS_HELLO = 6,
	FIELDS_WELCOME = 11,
	FIELDS_SUBMIT = 5,
	FIELDS_MESSAGE = 2,
	FIELDS_BYE = 3,
	FIELDS_CERT = 3,
	FIELDS_HEAD = 5,
	FIELDS_ONE = 2,
};

const char *frame_kind_text(enum frame_kind kind)
{
	static const char *const texts[FRAME_KIND_COUNT] = {
		[FRAME_HELLO] = "hello",     [FRAME_WELCOME] = "welcome",   [FRAME_SUBMIT] = "submit", [FRAME_VERDICT] = "verdict",
		[FRAME_DELIVER] = "deliver", [FRAME_ACK] = "ack",           [FRAME_CREDIT] = "credit", [FRAME_PING] = "ping",
		[FRAME_PONG] = "pong",       [FRAME_CERT_ASK] = "cert_ask", [FRAME_CERT] = "cert",     [FRAME_HEAD] = "head",
		[FRAME_BYE] = "bye",
	};
	return kind >= FRAME_HELLO && kind < FRAME_KIND_COUNT ? texts[kind] : "unknown";
}

result frame_kind_of(struct bytes frame, enum frame_kind *ret, struct err *err)
{
	struct pack_in in = pack_in(frame, err);
	pack_array(&in, "");
	int64_t kind = pack_int(&in, "/0", FRAME_HELLO, FRAME_KIND_COUNT - 1);
	if (in.failed)
		return err_set(err, CODE_MALFORMED, "/0", "is no frame of a known kind");
	*ret = (enum frame_kind)kind;
	return OK;
}

struct pack_in frame_read(struct bytes frame, enum frame_kind kind, size_t fields, struct err *err)
{
	struct pack_in in = pack_in_scanned(frame, err);
	size_t count = pack_array(&in, "");
	int64_t found = pack_int(&in, "/0", INT64_MIN, INT64_MAX);
	if (!in.failed && found != (int64_t)kind)
		pack_fail(&in, CODE_MALFORMED, "/0", "is a frame of another kind");
	if (!in.failed && count != fields)
		pack_fail(&in, CODE_MALFORMED, "", "has more or fewer elements than its kind");
	return in;
}

size_t frame_read_count(struct pack_in *in, const char *field, size_t min, size_t max)
{
	size_t count = pack_array(in, field);
	if (!in->failed && count < min)
		pack_fail(in, CODE_MALFORMED, field, "is empty");
	if (!in->failed && count > max)
		pack_fail(in, CODE_TOO_LARGE, field, "has too many elements");
	return in->failed ? 0 : count;
}

void frame_read_place(struct pack_in *in, const char *field, size_t index)
{
	char place[ERR_FIELD_MAX];
	if (in->failed && in->err)
		err_prefix(in->err, pointer_index(field, index, place));
}

struct pack_in frame_read_again(const struct pack_in *in)
{
	return (struct pack_in){.at = in->at, .end = in->end};
}

void frame_write(enum frame_kind kind, size_t fields, struct buf *out)
{
	pack_put_array(out, fields);
	pack_put_int(out, (int64_t)kind);
}

static struct bytes read_party(struct pack_in *in, const char *field)
{
	struct err why;
	struct bytes party = pack_text(in, field, SIZE_MAX);
	if (!in->failed && FAILED(party_check(party, field, &why)))
		pack_fail(in, why.code, why.field, why.reason);
	return party;
}

/* Another version may have another shape, so that nothing behind it can be judged. What is no version at all is left to the
 * strict reader. */
static result check_version(struct bytes frame, enum frame_kind kind, int64_t *ret, struct err *err)
{
	struct pack_in in = pack_in(frame, NULL);
	pack_array(&in, "");
	int64_t found = pack_int(&in, "/0", 0, INT32_MAX);
	int64_t version = pack_int(&in, "/1", 0, INT32_MAX);
	*ret = FRAME_VERSION;
	if (in.failed || found != (int64_t)kind)
		return OK;
	if (version < FRAME_VERSION_LEAST || version > FRAME_VERSION)
		return err_set(err, CODE_VERSION, "/1", "the peer speaks version %lld of the link, this end versions %d to %d",
		               (long long)version, FRAME_VERSION_LEAST, FRAME_VERSION);
	*ret = version;
	return OK;
}

/* Version 1 lacks the last element of HELLO and of WELCOME. */
static size_t fields_of(size_t fields, int64_t version)
{
	return version == 1 ? fields - 1 : fields;
}

static size_t read_chain(struct pack_in *in, const char *field, size_t min, struct bytes ret[static FRAME_CHAIN_MAX])
{
	char place[ERR_FIELD_MAX];
	size_t count = frame_read_count(in, field, min, FRAME_CHAIN_MAX);
	for (size_t i = 0; i < count && !in->failed; i++) {
		ret[i] = pack_bin(in, field, SIZE_MAX);
		if (!in->failed && ret[i].len == 0)
			pack_fail(in, CODE_MALFORMED, pointer_index(field, i, place), "is empty");
		if (!in->failed && ret[i].len > FRAME_CERT_MAX)
			pack_fail(in, CODE_TOO_LARGE, pointer_index(field, i, place), "is larger than the limit");
	}
	return in->failed ? 0 : count;
}

static void put_chain(const struct bytes *chain, size_t count, struct buf *out)
{
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_bin(out, chain[i]);
}

result frame_hello_decode(struct bytes frame, struct frame_hello *ret, struct err *err)
{
	int64_t version;
	TRY(check_version(frame, FRAME_HELLO, &version, err));
	struct pack_in in = frame_read(frame, FRAME_HELLO, fields_of(FIELDS_HELLO, version), err);
	ret->version = pack_int(&in, "/1", FRAME_VERSION_LEAST, FRAME_VERSION);
	ret->party = read_party(&in, "/2");
	ret->chain_count = read_chain(&in, "/3", 1, ret->chain);
	ret->software = pack_text(&in, "/4", SIZE_MAX);
	if (!in.failed && ret->software.len > FRAME_SOFTWARE_MAX)
		pack_fail(&in, CODE_TOO_LARGE, "/4", "is longer than the limit");
	ret->known = version == 1 ? 0 : pack_int(&in, "/5", 0, INT64_MAX);
	return pack_end(&in);
}

void frame_hello_encode(const struct frame_hello *hello, struct buf *out)
{
	frame_write(FRAME_HELLO, fields_of(FIELDS_HELLO, hello->version), out);
	pack_put_int(out, hello->version);
	pack_put_text(out, hello->party);
	put_chain(hello->chain, hello->chain_count, out);
	pack_put_text(out, hello->software);
	if (hello->version != 1)
		pack_put_int(out, hello->known);
}

static struct bytes read_head(struct pack_in *in, const char *field)
{
	struct bytes head = pack_bin(in, field, SIZE_MAX);
	if (!in->failed && head.len == 0)
		pack_fail(in, CODE_MALFORMED, field, "is empty");
	if (!in->failed && head.len > FRAME_HEAD_MAX)
		pack_fail(in, CODE_TOO_LARGE, field, "is larger than the limit");
	return head;
}

static struct bytes read_proof(struct pack_in *in, const char *field)
{
	struct bytes proof = pack_bin(in, field, SIZE_MAX);
	if (!in->failed && proof.len % PROOF_HASH_LEN != 0)
		pack_fail(in, CODE_MALFORMED, field, "is not made of hashes");
	if (!in->failed && proof.len > FRAME_PROOF_MAX)
		pack_fail(in, CODE_TOO_LARGE, field, "is longer than any proof");
	return proof;
}

result frame_welcome_decode(struct bytes frame, struct frame_welcome *ret, struct err *err)
{
	int64_t version;
	TRY(check_version(frame, FRAME_WELCOME, &version, err));
	struct pack_in in = frame_read(frame, FRAME_WELCOME, fields_of(FIELDS_WELCOME, version), err);
	ret->version = pack_int(&in, "/1", FRAME_VERSION_LEAST, FRAME_VERSION);
	ret->hub = read_party(&in, "/2");
	ret->frame_max = pack_int(&in, "/3", 1, INT32_MAX);
	ret->message_max = pack_int(&in, "/4", 1, INT32_MAX);
	ret->batch_max = pack_int(&in, "/5", 1, FRAME_BATCH_MAX);
	ret->heartbeat_ms = pack_int(&in, "/6", 1, INT32_MAX);
	ret->credit = pack_int(&in, "/7", 0, INT32_MAX);
	ret->head = pack_try_nil(&in) ? BYTES_NONE : read_head(&in, "/8");
	ret->chain_count = read_chain(&in, "/9", 0, ret->chain);
	ret->proof = version == 1 ? BYTES_NONE : read_proof(&in, "/10");
	return pack_end(&in);
}

void frame_welcome_encode(const struct frame_welcome *welcome, struct buf *out)
{
	frame_write(FRAME_WELCOME, fields_of(FIELDS_WELCOME, welcome->version), out);
	pack_put_int(out, welcome->version);
	pack_put_text(out, welcome->hub);
	pack_put_int(out, welcome->frame_max);
	pack_put_int(out, welcome->message_max);
	pack_put_int(out, welcome->batch_max);
	pack_put_int(out, welcome->heartbeat_ms);
	pack_put_int(out, welcome->credit);
	if (welcome->head.len)
		pack_put_bin(out, welcome->head);
	else
		pack_put_nil(out);
	put_chain(welcome->chain, welcome->chain_count, out);
	if (welcome->version != 1)
		pack_put_bin(out, welcome->proof);
}

static void read_message(struct pack_in *in, struct frame_message *ret)
{
	pack_array_of(in, "", FIELDS_MESSAGE);
	ret->header = envelope_read_header(in, "/0");
	ret->parts = envelope_read_parts(in, "/1");
}

result frame_submit_decode(struct bytes frame, struct frame_submit *ret, struct err *err)
{
	struct frame_message message;
	struct pack_in in = frame_read(frame, FRAME_SUBMIT, FIELDS_SUBMIT, err);
	ret->statement = envelope_read_statement(&in, "/1");
	ret->signature = envelope_read_signature(&in, "/2");
	ret->signer = pack_bin_of(&in, "/3", SIGNER_LEN);
	ret->count = frame_read_count(&in, "/4", 1, FRAME_BATCH_MAX);
	ret->messages = frame_read_again(&in);
	for (size_t i = 0; i < ret->count && !in.failed; i++) {
		read_message(&in, &message);
		frame_read_place(&in, "/4", i);
	}
	return pack_end(&in);
}

bool frame_submit_next(struct frame_submit *submit, struct frame_message *ret)
{
	if (submit->count == 0)
		return false;
	submit->count--;
	read_message(&submit->messages, ret);
	return !submit->messages.failed;
}

void frame_submit_encode(struct bytes statement, struct bytes signature, const uint8_t *signer,
                         const struct frame_message *messages, size_t count, struct buf *out)
{
	frame_write(FRAME_SUBMIT, FIELDS_SUBMIT, out);
	pack_put_bin(out, statement);
	pack_put_bin(out, signature);
	pack_put_bin(out, bytes_of(signer, SIGNER_LEN));
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++) {
		pack_put_array(out, FIELDS_MESSAGE);
		pack_put_bin(out, messages[i].header);
		pack_put_raw(out, messages[i].parts);
	}
}

static struct bytes read_envelope(struct pack_in *in)
{
	struct bytes envelope = pack_bin(in, "", SIZE_MAX);
	if (!in->failed && envelope.len == 0)
		pack_fail(in, CODE_MALFORMED, "", "is empty");
	return envelope;
}

result frame_deliver_decode(struct bytes frame, struct frame_deliver *ret, struct err *err)
{
	struct pack_in in = frame_read(frame, FRAME_DELIVER, FIELDS_ONE, err);
	ret->count = frame_read_count(&in, "/1", 1, FRAME_BATCH_MAX);
	ret->in = frame_read_again(&in);
	for (size_t i = 0; i < ret->count && !in.failed; i++) {
		read_envelope(&in);
		frame_read_place(&in, "/1", i);
	}
	return pack_end(&in);
}

bool frame_deliver_next(struct frame_deliver *deliver, struct bytes *ret_envelope)
{
	if (deliver->count == 0)
		return false;
	deliver->count--;
	*ret_envelope = read_envelope(&deliver->in);
	return !deliver->in.failed;
}

void frame_deliver_encode(const struct bytes *envelopes, size_t count, struct buf *out)
{
	frame_write(FRAME_DELIVER, FIELDS_ONE, out);
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_bin(out, envelopes[i]);
}

result frame_ack_decode(struct bytes frame, struct bytes ret_ids[static FRAME_BATCH_MAX], size_t *ret_count, struct err *err)
{
	struct pack_in in = frame_read(frame, FRAME_ACK, FIELDS_ONE, err);
	size_t count = frame_read_count(&in, "/1", 1, FRAME_BATCH_MAX);
	for (size_t i = 0; i < count && !in.failed; i++) {
		ret_ids[i] = bytes_of(pack_bin_of(&in, "", UUID_LEN), UUID_LEN);
		frame_read_place(&in, "/1", i);
	}
	*ret_count = in.failed ? 0 : count;
	return pack_end(&in);
}

void frame_ack_encode(const struct bytes *ids, size_t count, struct buf *out)
{
	frame_write(FRAME_ACK, FIELDS_ONE, out);
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_bin(out, ids[i]);
}

result frame_credit_decode(struct bytes frame, int64_t *ret_count, struct err *err)
{
	struct pack_in in = frame_read(frame, FRAME_CREDIT, FIELDS_ONE, err);
	*ret_count = pack_int(&in, "/1", 1, INT32_MAX);
	return pack_end(&in);
}

void frame_credit_encode(int64_t count, struct buf *out)
{
	frame_write(FRAME_CREDIT, FIELDS_ONE, out);
	pack_put_int(out, count);
}

result frame_ping_decode(struct bytes frame, int64_t *ret_nonce, struct err *err)
{
	enum frame_kind kind;
	TRY(frame_kind_of(frame, &kind, err));
	struct pack_in in = frame_read(frame, kind == FRAME_PONG ? FRAME_PONG : FRAME_PING, FIELDS_ONE, err);
	*ret_nonce = pack_int(&in, "/1", INT64_MIN, INT64_MAX);
	return pack_end(&in);
}

void frame_ping_encode(enum frame_kind kind, int64_t nonce, struct buf *out)
{
	frame_write(kind, FIELDS_ONE, out);
	pack_put_int(out, nonce);
}

result frame_cert_ask_decode(struct bytes frame, const uint8_t **ret_fingerprint, struct err *err)
{
	struct pack_in in = frame_read(frame, FRAME_CERT_ASK, FIELDS_ONE, err);
	*ret_fingerprint = pack_bin_of(&in, "/1", SIGNER_LEN);
	return pack_end(&in);
}

void frame_cert_ask_encode(const uint8_t *fingerprint, struct buf *out)
{
	frame_write(FRAME_CERT_ASK, FIELDS_ONE, out);
	pack_put_bin(out, bytes_of(fingerprint, SIGNER_LEN));
}

result frame_cert_decode(struct bytes frame, struct frame_cert *ret, struct err *err)
{
	struct pack_in in = frame_read(frame, FRAME_CERT, FIELDS_CERT, err);
	ret->fingerprint = pack_bin_of(&in, "/1", SIGNER_LEN);
	ret->chain_count = read_chain(&in, "/2", 0, ret->chain);
	return pack_end(&in);
}

void frame_cert_encode(const struct frame_cert *cert, struct buf *out)
{
	frame_write(FRAME_CERT, FIELDS_CERT, out);
	pack_put_bin(out, bytes_of(cert->fingerprint, SIGNER_LEN));
	put_chain(cert->chain, cert->chain_count, out);
}

result frame_head_decode(struct bytes frame, struct frame_head *ret, struct err *err)
{
	struct pack_in in = frame_read(frame, FRAME_HEAD, FIELDS_HEAD, err);
	ret->head = read_head(&in, "/1");
	ret->from = pack_int(&in, "/2", 0, INT64_MAX);
	ret->proof = read_proof(&in, "/3");
	ret->chain_count = read_chain(&in, "/4", 0, ret->chain);
	return pack_end(&in);
}

void frame_head_encode(const struct frame_head *head, struct buf *out)
{
	frame_write(FRAME_HEAD, FIELDS_HEAD, out);
	pack_put_bin(out, head->head);
	pack_put_int(out, head->from);
	pack_put_bin(out, head->proof);
	put_chain(head->chain, head->chain_count, out);
}

result frame_bye_decode(struct bytes frame, enum code *ret_code, struct bytes *ret_reason, struct err *err)
{
	struct pack_in in = frame_read(frame, FRAME_BYE, FIELDS_BYE, err);
	*ret_code = frame_read_code(&in, "/1");
	*ret_reason = frame_read_words(&in, "/2", ERR_REASON_MAX);
	return pack_end(&in);
}

void frame_bye_encode(enum code code, const char *reason, struct buf *out)
{
	frame_write(FRAME_BYE, FIELDS_BYE, out);
	pack_put_str(out, code_text(code));
	words_put(out, reason, ERR_REASON_MAX);
}
