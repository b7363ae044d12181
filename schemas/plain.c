#include "schemas/plain.h"

#include "base/clock.h"
#include "base/text.h"
#include "schemas/grant.h"
#include "schemas/party.h"
#include "schemas/pointer.h"

#include <string.h>

enum { PRIORITY_MAX = 9, SIGNER_LEN = 32 };

#define MAIN BYTES_LIT("main")
#define APPROVALS BYTES_LIT("approvals")
#define APPROVALS_CLASS BYTES_LIT("CJ")
#define CLASS_P2 "P2"

/* A draft while it is read: its keys come in any order, its parts are put together when all are there. */
struct reading {
	struct draft *draft;
	struct bytes body, approvals, parts, classes; /* packed, or empty */
};

static void fail_with(struct pack_in *in, const struct err *why)
{
	pack_fail(in, why->code, why->field, why->reason);
}

static struct bytes read_text(struct pack_in *in, const char *field, size_t max)
{
	struct err why;
	struct bytes text = pack_text(in, field, SIZE_MAX);
	if (!in->failed && FAILED(message_check_text(text, max, field, &why)))
		fail_with(in, &why);
	return text;
}

static bool read_uuid(struct pack_in *in, const char *field, struct uuid *ret)
{
	struct err why;
	struct bytes text = pack_text(in, field, SIZE_MAX);
	if (!in->failed && (FAILED(uuid_parse(text, ret, &why)) || !uuid_is_v7(ret->at)))
		pack_fail(in, CODE_MALFORMED, field, "is no UUID of version 7");
	return !in->failed;
}

static int64_t read_time(struct pack_in *in, const char *field)
{
	struct err why;
	int64_t at = 0;
	struct bytes text = pack_text(in, field, SIZE_MAX);
	if (!in->failed && (FAILED(clock_parse(text, &at, &why)) || at <= 0 || at > MESSAGE_TIME_MAX))
		pack_fail(in, CODE_MALFORMED, field, "is no date and time as in RFC 3339");
	return at;
}

static void read_id(struct pack_in *in, struct reading *reading)
{
	reading->draft->has_id = read_uuid(in, "/id", &reading->draft->id);
}

static void read_type(struct pack_in *in, struct reading *reading)
{
	struct err why;
	reading->draft->type = pack_text(in, "/type", SIZE_MAX);
	if (!in->failed && FAILED(message_check_type(reading->draft->type, "/type", &why)))
		fail_with(in, &why);
}

static void read_to(struct pack_in *in, struct reading *reading)
{
	struct err why;
	char place[ERR_FIELD_MAX];
	size_t count = pack_array(in, "/to");
	if (!in->failed && count > MESSAGE_TO_MAX)
		pack_fail(in, CODE_TOO_LARGE, "/to", "has too many recipients");
	for (size_t i = 0; i < count && !in->failed; i++) {
		struct bytes address = pack_text(in, pointer_index("/to", i, place), SIZE_MAX);
		if (!in->failed && FAILED(party_check_address(address, place, &why)))
			fail_with(in, &why);
		if (!in->failed)
			reading->draft->to[i] = address;
	}
	reading->draft->to_count = in->failed ? 0 : count;
}

static void read_issued(struct pack_in *in, struct reading *reading)
{
	reading->draft->issued = read_time(in, "/issued");
}

static void read_expires(struct pack_in *in, struct reading *reading)
{
	reading->draft->expires = read_time(in, "/expires");
}

static void read_due(struct pack_in *in, struct reading *reading)
{
	reading->draft->due = read_time(in, "/due");
}

static void read_priority(struct pack_in *in, struct reading *reading)
{
	reading->draft->priority = pack_int(in, "/priority", 0, PRIORITY_MAX);
}

static void read_thread(struct pack_in *in, struct reading *reading)
{
	reading->draft->has_thread = read_uuid(in, "/thread", &reading->draft->thread);
}

static void read_re(struct pack_in *in, struct reading *reading)
{
	reading->draft->has_re = read_uuid(in, "/re", &reading->draft->re);
}

/* An empty map says nothing, and is what many systems write for nothing. */
static struct bytes read_texts(struct pack_in *in, const char *field)
{
	struct pack_in ahead = *in;
	ahead.err = NULL;
	if (pack_map(&ahead, field) == 0 && !ahead.failed) {
		pack_value(in, field);
		return BYTES_NONE;
	}
	return message_read_texts(in, field);
}

static void read_subject(struct pack_in *in, struct reading *reading)
{
	reading->draft->subject = read_texts(in, "/subject");
}

static void read_by(struct pack_in *in, struct reading *reading)
{
	reading->draft->by = read_texts(in, "/by");
}

static void read_purpose(struct pack_in *in, struct reading *reading)
{
	reading->draft->purpose = read_text(in, "/purpose", MESSAGE_NAME_MAX);
}

static void read_consent(struct pack_in *in, struct reading *reading)
{
	reading->draft->consent = read_text(in, "/consent", MESSAGE_TEXT_MAX);
}

static void read_body(struct pack_in *in, struct reading *reading)
{
	reading->body = pack_value(in, "/body");
}

static void read_approvals(struct pack_in *in, struct reading *reading)
{
	struct pack_in ahead = *in;
	ahead.err = NULL;
	pack_array(&ahead, "/approvals");
	if (ahead.failed)
		pack_fail(in, CODE_MALFORMED, "/approvals", "is no array");
	reading->approvals = pack_value(in, "/approvals");
}

static void read_parts(struct pack_in *in, struct reading *reading)
{
	reading->parts = pack_value(in, "/parts");
}

static void read_classes(struct pack_in *in, struct reading *reading)
{
	reading->classes = pack_value(in, "/classes");
}

struct plain_key {
	const char *name;
	void (*read)(struct pack_in *in, struct reading *reading);
};

static const struct plain_key keys[] = {
	{"type", read_type},
	{"to", read_to},
	{"subject", read_subject},
	{"body", read_body},
	{"approvals", read_approvals},
	{"parts", read_parts},
	{"classes", read_classes},
	{"id", read_id},
	{"by", read_by},
	{"thread", read_thread},
	{"re", read_re},
	{"issued", read_issued},
	{"expires", read_expires},
	{"due", read_due},
	{"priority", read_priority},
	{"purpose", read_purpose},
	{"consent", read_consent},
};

static const struct plain_key *find_key(struct bytes name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (bytes_is(name, keys[i].name))
			return &keys[i];
	}
	return NULL;
}

static struct draft_part *find_part(struct draft *draft, struct bytes name)
{
	for (size_t i = 0; i < draft->parts_count; i++) {
		if (bytes_equal(draft->parts[i].name, name))
			return &draft->parts[i];
	}
	return NULL;
}

static void add_part(struct pack_in *in, struct draft *draft, struct draft_part part)
{
	if (in->failed)
		return;
	if (draft->parts_count == MESSAGE_PARTS_MAX)
		pack_fail(in, CODE_TOO_LARGE, "/parts", "has too many parts");
	else
		draft->parts[draft->parts_count++] = part;
}

/* The parts of the map `parts`; the two that have keys of their own are not among them. */
static void add_parts(struct reading *reading, struct err *err, struct pack_in *in)
{
	struct err why;
	char place[ERR_FIELD_MAX];
	struct pack_in parts = pack_in(reading->parts, err);
	size_t count = pack_map(&parts, "/parts");
	for (size_t i = 0; i < count && !parts.failed && !in->failed; i++) {
		struct draft_part part = {.name = pack_text(&parts, "/parts", SIZE_MAX)};
		part.bytes = pack_value(&parts, "/parts");
		if (FAILED(message_check_name(part.name, "/parts", &why)))
			fail_with(in, &why);
		else if (bytes_equal(part.name, MAIN) || bytes_equal(part.name, APPROVALS))
			pack_fail(in, CODE_MALFORMED, pointer_key("/parts", part.name, place), "has a key of its own: body, approvals");
		add_part(in, reading->draft, part);
	}
	in->failed = in->failed || parts.failed;
}

static void set_classes(struct reading *reading, struct err *err, struct pack_in *in)
{
	char place[ERR_FIELD_MAX];
	struct pack_in classes = pack_in(reading->classes, err);
	size_t count = pack_map(&classes, "/classes");
	for (size_t i = 0; i < count && !classes.failed && !in->failed; i++) {
		struct bytes name = pack_text(&classes, "/classes", SIZE_MAX);
		struct draft_part *part = find_part(reading->draft, name);
		struct bytes cls = pack_text(&classes, pointer_key("/classes", name, place), SIZE_MAX);
		if (classes.failed)
			break;
		if (!part)
			pack_fail(in, CODE_MALFORMED, place, "is the class of a part that is not there");
		else if (!message_class_known(cls))
			pack_fail(in, CODE_MALFORMED, place, "is a class that is not known here");
		else
			part->cls = cls;
	}
	in->failed = in->failed || classes.failed;
}

static void assemble(struct reading *reading, struct err *err, struct pack_in *in)
{
	if (!in->failed && !reading->draft->type.len)
		pack_fail(in, CODE_MALFORMED, "/type", "is missing");
	if (!in->failed && !reading->body.len)
		pack_fail(in, CODE_MALFORMED, "/body", "is missing");
	add_part(in, reading->draft, (struct draft_part){.name = MAIN, .bytes = reading->body});
	if (reading->approvals.len)
		add_part(in, reading->draft, (struct draft_part){.name = APPROVALS, .cls = APPROVALS_CLASS, .bytes = reading->approvals});
	if (reading->parts.len && !in->failed)
		add_parts(reading, err, in);
	if (reading->classes.len && !in->failed)
		set_classes(reading, err, in);
}

static void read_pair(struct pack_in *in, struct reading *reading)
{
	char place[ERR_FIELD_MAX];
	struct bytes name = pack_text(in, "", SIZE_MAX);
	const struct plain_key *key = find_key(name);
	if (in->failed)
		return;
	if (!key)
		pack_fail(in, CODE_MALFORMED, pointer_key("", name, place), "is no key of a draft");
	else if (!pack_try_nil(in)) /* null is how many systems write what is absent */
		key->read(in, reading);
}

result plain_read(struct bytes packed, struct draft *ret, struct err *err)
{
	struct reading reading = {.draft = ret};
	*ret = (struct draft){.priority = -1};
	buf_init(&ret->bytes, packed.len);
	buf_add(&ret->bytes, packed);
	struct pack_in in = pack_in_scanned(buf_bytes(&ret->bytes), err);
	size_t count = pack_map(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++)
		read_pair(&in, &reading);
	assemble(&reading, err, &in);
	return pack_end(&in);
}

void draft_done(struct draft *draft)
{
	buf_done(&draft->bytes);
	*draft = (struct draft){.priority = -1};
}

static void put_uuid(struct buf *out, const char *key, const uint8_t *id)
{
	char text[UUID_TEXT_MAX];
	if (!id)
		return;
	pack_put_str(out, key);
	pack_put_str(out, uuid_text(id, text));
}

static void put_time(struct buf *out, const char *key, int64_t at)
{
	char text[CLOCK_TEXT_MAX];
	if (!at)
		return;
	pack_put_str(out, key);
	pack_put_str(out, clock_text(at, text));
}

static void put_text(struct buf *out, const char *key, struct bytes text)
{
	if (!text.len)
		return;
	pack_put_str(out, key);
	pack_put_text(out, text);
}

static void put_map(struct buf *out, const char *key, struct bytes packed)
{
	if (!packed.len)
		return;
	pack_put_str(out, key);
	pack_put_raw(out, packed);
}

static void put_to(const struct message *message, struct buf *out)
{
	pack_put_str(out, "to");
	pack_put_array(out, message->to_count);
	for (size_t i = 0; i < message->to_count; i++)
		pack_put_text(out, message->to[i]);
}

static void put_classes(const struct message *message, struct buf *out)
{
	pack_put_str(out, "classes");
	pack_put_map(out, message->parts_count);
	for (size_t i = 0; i < message->parts_count; i++) {
		pack_put_text(out, message->parts[i].name);
		pack_put_text(out, message->parts[i].cls);
	}
}

/* How deep a scanned value is nested: 0 for what holds nothing. */
static int depth_of(struct pack_in *in)
{
	int deepest = 0;
	struct pack_item item = pack_next(in, "");
	if (in->failed || (item.kind != PACK_ARRAY && item.kind != PACK_MAP))
		return 0;
	size_t count = item.kind == PACK_MAP ? 2 * item.count : item.count;
	for (size_t i = 0; i < count && !in->failed; i++) {
		int depth = depth_of(in);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

/* As it is, when it still is one strict value under `above` more levels; else, sealed or odd, as the bytes that came. */
static void put_part_bytes(struct buf *out, struct bytes bytes, int above)
{
	struct err ignored;
	struct pack_in in = pack_in(bytes, &ignored);
	if (!FAILED(pack_scan(bytes, &ignored)) && depth_of(&in) + above <= PACK_DEPTH_MAX)
		pack_put_raw(out, bytes);
	else
		pack_put_bin(out, bytes);
}

static bool is_other(const struct part *part)
{
	return !bytes_equal(part->name, MAIN) && !bytes_equal(part->name, APPROVALS);
}

static void put_own_part(struct buf *out, const char *key, const struct part *part)
{
	if (!part)
		return;
	pack_put_str(out, key);
	put_part_bytes(out, part->bytes, 1);
}

static size_t count_others(const struct part *parts, size_t count)
{
	size_t others = 0;
	for (size_t i = 0; i < count; i++)
		others += is_other(&parts[i]);
	return others;
}

static void put_others(struct buf *out, const struct part *parts, size_t count)
{
	size_t others = count_others(parts, count);
	if (!others)
		return;
	pack_put_str(out, "parts");
	pack_put_map(out, others);
	for (size_t i = 0; i < count; i++) {
		if (!is_other(&parts[i]))
			continue;
		pack_put_text(out, parts[i].name);
		put_part_bytes(out, parts[i].bytes, 2);
	}
}

static size_t count_withheld(const struct message *message, const struct part *parts, size_t count)
{
	size_t withheld = 0;
	for (size_t i = 0; i < message->parts_count; i++)
		withheld += part_find(parts, count, message->parts[i].name) == NULL;
	return withheld;
}

static void put_withheld(const struct message *message, const struct part *parts, size_t count, struct buf *out)
{
	size_t withheld = count_withheld(message, parts, count);
	if (!withheld)
		return;
	pack_put_str(out, "withheld");
	pack_put_array(out, withheld);
	for (size_t i = 0; i < message->parts_count; i++) {
		if (!part_find(parts, count, message->parts[i].name))
			pack_put_text(out, message->parts[i].name);
	}
}

static size_t count_sealed(const struct part *parts, size_t count)
{
	size_t sealed = 0;
	for (size_t i = 0; i < count; i++)
		sealed += part_is_sealed(parts[i].bytes);
	return sealed;
}

static void put_sealed(const struct part *parts, size_t count, struct buf *out)
{
	size_t sealed = count_sealed(parts, count);
	if (!sealed)
		return;
	pack_put_str(out, "sealed");
	pack_put_array(out, sealed);
	for (size_t i = 0; i < count; i++)
		if (part_is_sealed(parts[i].bytes))
			pack_put_text(out, parts[i].name);
}

static bool wants_notice(const struct message *message, const struct part *parts, size_t count)
{
	for (size_t i = 0; i < message->parts_count; i++)
		if (bytes_is(message->parts[i].cls, CLASS_P2) && part_find(parts, count, message->parts[i].name))
			return true;
	return false;
}

static void put_signer(const uint8_t *signer, struct buf *out)
{
	char hex[2 * SIGNER_LEN + 1];
	if (!signer)
		return;
	pack_put_str(out, "signer");
	pack_put_str(out, text_hex(bytes_of(signer, SIGNER_LEN), hex));
}

static size_t count_keys(const struct message *message, const struct part *parts, size_t count, const uint8_t *signer)
{
	const bool optional[] = {
		message->id != NULL,
		message->issued != 0,
		message->expires != 0,
		message->due != 0,
		message->priority >= 0,
		message->thread != NULL,
		message->re != NULL,
		message->subject.len > 0,
		message->by.len > 0,
		message->purpose.len > 0,
		message->consent.len > 0,
		part_find(parts, count, MAIN) != NULL,
		part_find(parts, count, APPROVALS) != NULL,
		count_others(parts, count) > 0,
		count_withheld(message, parts, count) > 0,
		count_sealed(parts, count) > 0,
		wants_notice(message, parts, count),
		signer != NULL,
	};
	size_t keys_count = 4; /* type, from, to, classes */
	for (size_t i = 0; i < sizeof(optional) / sizeof(*optional); i++)
		keys_count += optional[i];
	return keys_count;
}

void plain_write(const struct message *message, const struct part *parts, size_t count, const uint8_t *signer, struct buf *out)
{
	pack_put_map(out, count_keys(message, parts, count, signer));
	put_uuid(out, "id", message->id);
	pack_put_str(out, "type");
	pack_put_text(out, message->type);
	pack_put_str(out, "from");
	pack_put_text(out, message->from);
	put_to(message, out);
	put_time(out, "issued", message->issued);
	put_time(out, "expires", message->expires);
	put_time(out, "due", message->due);
	if (message->priority >= 0) {
		pack_put_str(out, "priority");
		pack_put_int(out, message->priority);
	}
	put_uuid(out, "thread", message->thread);
	put_uuid(out, "re", message->re);
	put_map(out, "subject", message->subject);
	put_map(out, "by", message->by);
	put_text(out, "purpose", message->purpose);
	put_text(out, "consent", message->consent);
	put_classes(message, out);
	put_own_part(out, "body", part_find(parts, count, MAIN));
	put_own_part(out, "approvals", part_find(parts, count, APPROVALS));
	put_others(out, parts, count);
	put_withheld(message, parts, count, out);
	put_sealed(parts, count, out);
	if (wants_notice(message, parts, count))
		put_text(out, "notice", BYTES_LIT(GRANT_NOTICE));
	put_signer(signer, out);
}
