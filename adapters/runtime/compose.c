#include "adapters/runtime/compose.h"

#include "adapters/runtime/sealing.h"
#include "base/clock.h"
#include "base/mem.h"
#include "certs/approval.h"
#include "schemas/pointer.h"
#include "schemas/receipt.h"

#include <string.h>

enum { COMPOSE_PARTS_MAX = 16 << 20 };

#define CLASS_P2 "P2"

/* A message in the making; its views point into the draft and into this. */
struct composed {
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	uint8_t salts[MESSAGE_PARTS_MAX][MESSAGE_SALT_LEN];
	struct hash hashes[MESSAGE_PARTS_MAX];
	struct uuid id;
	struct buf header, packed;
	struct buf sealed[MESSAGE_PARTS_MAX]; /* the bytes of the parts that were sealed */
	struct bytes plain[MESSAGE_PARTS_MAX]; /* and what they were before */
};

static void composed_init(struct composed *composed)
{
	memset(composed, 0, sizeof(*composed));
	buf_init(&composed->header, MESSAGE_HEADER_MAX);
	buf_init(&composed->packed, COMPOSE_PARTS_MAX);
}

static void composed_done(struct composed *composed)
{
	buf_done(&composed->header);
	buf_done(&composed->packed);
	for (size_t i = 0; i < MESSAGE_PARTS_MAX; i++)
		buf_done(&composed->sealed[i]);
}

static struct bytes class_of(const struct catalogue_type *type, const struct draft_part *part)
{
	if (part->cls.len)
		return part->cls;
	for (size_t i = 0; i < type->parts_count; i++)
		if (bytes_is(part->name, type->parts[i].name))
			return bytes_text(type->parts[i].cls);
	return BYTES_LIT("CJ");
}

static void bind_parts(struct composed *composed, const struct catalogue_type *type, const struct draft *draft)
{
	composed->message.parts_count = draft->parts_count;
	for (size_t i = 0; i < draft->parts_count; i++) {
		const struct draft_part *part = &draft->parts[i];
		struct bytes bytes = composed->sealed[i].len ? buf_bytes(&composed->sealed[i]) : part->bytes;
		hash_random(composed->salts[i], MESSAGE_SALT_LEN);
		composed->hashes[i] = hash_of_two(bytes_of(composed->salts[i], MESSAGE_SALT_LEN), bytes);
		composed->plain[i] = part->bytes;
		composed->parts[i] = (struct part){.name = part->name, .salt = composed->salts[i], .bytes = bytes};
		composed->message.parts[i] =
			(struct message_part){.name = part->name, .cls = class_of(type, part), .hash = composed->hashes[i].at};
	}
	buf_clear(&composed->packed);
	part_encode_all(composed->parts, draft->parts_count, &composed->packed);
}

static void bind_header(struct composed *composed, const struct office *office, const struct catalogue_type *type, const struct draft *draft)
{
	struct message *message = &composed->message;
	composed->id = draft->has_id ? draft->id : uuid_new();
	message->id = composed->id.at;
	message->type = draft->type;
	message->from = bytes_text(office->options->party);
	memcpy(message->to, draft->to, draft->to_count * sizeof(*draft->to));
	message->to_count = draft->to_count;
	message->issued = draft->issued ? draft->issued : clock_wall_ms();
	message->expires = draft->expires ? draft->expires : type->expiry_ms ? message->issued + type->expiry_ms : 0;
	message->due = draft->due ? draft->due : type->due_ms ? message->issued + type->due_ms : 0;
	message->priority = draft->priority >= 0 ? draft->priority : type->priority;
	message->thread = draft->has_thread ? draft->thread.at : NULL;
	message->re = draft->has_re ? draft->re.at : NULL;
	message->subject = draft->subject;
	message->by = draft->by;
	message->purpose = draft->purpose;
	message->consent = draft->consent;
}

static result check_approvals(const struct office *office, const struct catalogue_type *type, const struct composed *composed, struct err *err)
{
	if (type->persons == 0)
		return OK;
	const struct part *main = part_find(composed->parts, composed->message.parts_count, BYTES_LIT("main"));
	const struct part *approvals = part_find(composed->parts, composed->message.parts_count, BYTES_LIT("approvals"));
	const struct approval_rule rule = {(size_t)type->persons, (const char *const *)type->person_roles, type->person_roles_count};
	if (!main || !approvals)
		return err_set(err, CODE_AUTHORITY, "/approvals", "this type needs the signatures of %lld persons: liaison approve",
		               (long long)type->persons);
	return approval_check(office->papers.trust, approvals->bytes, office->options->party, composed->message.type, main->bytes, &rule, err);
}

static result check(const struct office *office, const struct composed *composed, struct err *err)
{
	const struct catalogue_type *type = NULL;
	const struct message *message = &composed->message;
	int64_t bytes = (int64_t)(composed->header.len + composed->packed.len);
	TRY(buf_check(&composed->packed, "/body", err));
	TRY(catalogue_check(office->papers.catalogue, message, composed->parts, message->parts_count, false, &type, err));
	if (message->expires && message->expires <= clock_wall_ms())
		return err_set(err, CODE_EXPIRED, "/expires", "the message is past its expiry before it is sent");
	if (bytes > office->options->limits.message_bytes)
		return err_set(err, CODE_TOO_LARGE, "", "%lld bytes; at most %lld", (long long)bytes, (long long)office->options->limits.message_bytes);
	return check_approvals(office, type, composed, err);
}

static result encode(struct composed *composed, struct err *err)
{
	struct message reread;
	buf_clear(&composed->header);
	TRY(message_encode(&composed->message, &composed->header, err));
	return message_decode(buf_bytes(&composed->header), &reread, err);
}

/* Seals what is of class P2 and is not sealed yet; *ret_any: there was something to seal. */
static result seal_parts(struct office *office, struct composed *composed, bool *ret_any, struct err *err)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < composed->message.parts_count; i++) {
		const struct part *part = &composed->parts[i];
		if (!bytes_is(composed->message.parts[i].cls, CLASS_P2) || part_is_sealed(part->bytes))
			continue;
		buf_init(&composed->sealed[i], COMPOSE_PARTS_MAX);
		result r = sealing_close(office, &composed->message, part, &composed->sealed[i], err);
		if (r.code == CODE_TOO_LARGE)
			return err_set(err, CODE_TOO_LARGE, pointer_key("/parts", part->name, place), "too large to be sealed");
		TRY(r);
		*ret_any = true;
	}
	return OK;
}

/* The header is decoded again as any receiver will, so that nothing can be signed here that would be refused there as malformed. Parts are judged before
 * they are sealed, because nobody on the way can judge them after. */
static result compose(struct office *office, const struct draft *draft, struct composed *composed, struct err *err)
{
	bool any_sealed = false;
	const struct catalogue_type *type = catalogue_find(office->papers.catalogue, draft->type);
	if (!type)
		return err_set(err, CODE_UNKNOWN_TYPE, "/type", "no such type in the catalogue: %.*s", (int)draft->type.len,
		               draft->type.len ? (const char *)draft->type.at : "");
	bind_header(composed, office, type, draft);
	bind_parts(composed, type, draft);
	TRY(encode(composed, err));
	TRY(check(office, composed, err));
	TRY(seal_parts(office, composed, &any_sealed, err));
	if (!any_sealed)
		return OK;
	bind_parts(composed, type, draft);
	TRY(encode(composed, err));
	return check(office, composed, err);
}

/* Sealing the same twice never gives the same bytes: what was sealed is opened to be compared. */
static bool same_part(const struct office *office, struct bytes known, const struct composed *composed, size_t index)
{
	struct buf opened;
	struct err ignored;
	bool is_open = false;
	if (!composed->sealed[index].len)
		return bytes_equal(known, composed->parts[index].bytes);
	buf_init(&opened, COMPOSE_PARTS_MAX);
	bool same = !FAILED(sealing_open(office, known, &opened, &is_open, &ignored)) && is_open &&
	            bytes_equal(buf_bytes(&opened), composed->plain[index]);
	sealing_done(&opened, 1);
	return same;
}

/* Same id again: the same type and parts are a repetition of what was lost on the way to the caller, anything else a mistake. */
static result judge_repeated(struct office *office, const struct composed *composed, struct err *err)
{
	struct buf hold;
	struct box_out known;
	struct message before;
	bool found = false, same = false;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count = 0;
	buf_init(&hold, COMPOSE_PARTS_MAX + MESSAGE_HEADER_MAX);
	result r = box_find_out(office->box, composed->id.at, &hold, &found, &known, err);
	if (!FAILED(r) && found)
		r = message_decode(known.header, &before, err);
	if (!FAILED(r) && found)
		r = part_decode_all(known.parts, parts, &count, err);
	if (!FAILED(r) && found) {
		same = bytes_equal(before.type, composed->message.type) && count == composed->message.parts_count;
		for (size_t i = 0; same && i < count; i++)
			same = same_part(office, parts[i].bytes, composed, i);
	}
	buf_done(&hold);
	TRY(r);
	if (!same)
		return err_set(err, CODE_DUPLICATE_CONFLICT, "/id", "another message has this id");
	return OK;
}

static result put(struct office *office, const struct composed *composed, const char *tag, bool is_receipt, bool *ret_duplicate, struct err *err)
{
	struct box_out out = {
		.id = composed->id.at,
		.priority = composed->message.priority,
		.is_receipt = is_receipt,
		.header = buf_bytes(&composed->header),
		.parts = buf_bytes(&composed->packed),
		.tag = bytes_text(tag),
		.created = clock_wall_ms(),
	};
	int64_t seq = 0;
	result r = box_put_out(office->box, &out, &seq, err);
	*ret_duplicate = r.code == CODE_DUPLICATE;
	if (*ret_duplicate)
		return judge_repeated(office, composed, err);
	TRY(r);
	office_tell_sender(office);
	return OK;
}

result compose_draft(struct office *office, const struct draft *draft, const char *tag, struct uuid *ret_id, bool *ret_duplicate, struct err *err)
{
	struct composed *composed = mem_alloc(sizeof(*composed));
	composed_init(composed);
	result r = compose(office, draft, composed, err);
	if (!FAILED(r))
		r = put(office, composed, tag, false, ret_duplicate, err);
	if (!FAILED(r))
		*ret_id = composed->id;
	composed_done(composed);
	mem_free(composed);
	return r;
}

result compose_plain(struct office *office, struct bytes plain, const char *tag, struct uuid *ret_id, bool *ret_duplicate, struct err *err)
{
	struct draft *draft = mem_alloc(sizeof(*draft));
	result r = plain_read(plain, draft, err);
	if (!FAILED(r))
		r = compose_draft(office, draft, tag, ret_id, ret_duplicate, err);
	draft_done(draft);
	mem_free(draft);
	return r;
}

result compose_check(struct office *office, struct bytes plain, struct err *err)
{
	struct draft *draft = mem_alloc(sizeof(*draft));
	struct composed *composed = mem_alloc(sizeof(*composed));
	composed_init(composed);
	result r = plain_read(plain, draft, err);
	if (!FAILED(r))
		r = compose(office, draft, composed, err);
	draft_done(draft);
	composed_done(composed);
	mem_free(draft);
	mem_free(composed);
	return r;
}

static void receipt_of(const struct message *of, const struct hash *leaf, const struct err *why, struct receipt *ret)
{
	*ret = (struct receipt){.received = why == NULL, .code = why ? why->code : CODE_OK, .at = clock_wall_ms()};
	memcpy(ret->of, of->id, UUID_LEN);
	memcpy(ret->hash, leaf->at, MESSAGE_HASH_LEN);
	if (why) {
		memcpy(ret->field, why->field, sizeof(ret->field));
		memcpy(ret->reason, why->reason, sizeof(ret->reason));
	}
}

/* Receipts go by `re` to whom the hub knows as the originator, and carry no subject: that stands in the message. */
result compose_receipt(struct office *office, const struct message *of, const struct hash *leaf, const struct err *why, struct err *err)
{
	struct composed *composed = mem_alloc(sizeof(*composed));
	struct draft *draft = mem_alloc(sizeof(*draft));
	struct receipt receipt;
	struct buf main;
	char tag[UUID_TEXT_MAX];
	bool duplicate = false;
	composed_init(composed);
	buf_init(&main, 4096);
	receipt_of(of, leaf, why, &receipt);
	receipt_encode(&receipt, &main);
	draft->type = BYTES_LIT(RECEIPT_TYPE);
	draft->priority = of->priority;
	draft->has_thread = draft->has_re = true;
	memcpy(draft->re.at, of->id, UUID_LEN);
	memcpy(draft->thread.at, message_thread(of), UUID_LEN);
	draft->parts[0] = (struct draft_part){.name = BYTES_LIT("main"), .bytes = buf_bytes(&main)};
	draft->parts_count = 1;
	result r = compose(office, draft, composed, err);
	if (!FAILED(r))
		r = put(office, composed, uuid_text(of->id, tag), true, &duplicate, err);
	buf_done(&main);
	composed_done(composed);
	mem_free(composed);
	mem_free(draft);
	return r;
}
