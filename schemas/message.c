#include "schemas/message.h"

#include "schemas/party.h"
#include "schemas/pointer.h"

#include <string.h>

enum { MESSAGE_VERSION = 1, TYPE_VERSION_MAX = 65535, PRIORITY_MAX = 9, EMPTY_MAP = 0x80 };

bool message_class_known(struct bytes cls)
{
	static const char *const classes[] = {"PUB", "CJ", "CJI", "CHRI", "P2", "PHI", "VIC", "JUV", "YO", "ERASE"};
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		if (bytes_is(cls, classes[i]))
			return true;
	}
	return false;
}

static bool is_lower(uint8_t byte)
{
	return byte >= 'a' && byte <= 'z';
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_name_byte(uint8_t byte)
{
	return is_lower(byte) || is_digit(byte) || (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '-';
}

result message_check_name(struct bytes name, const char *field, struct err *err)
{
	if (name.len == 0)
		return err_set(err, CODE_MALFORMED, field, "a name is empty");
	if (name.len > MESSAGE_NAME_MAX)
		return err_set(err, CODE_TOO_LARGE, field, "a name is longer than %d", MESSAGE_NAME_MAX);
	for (size_t i = 0; i < name.len; i++) {
		if (!is_name_byte(name.at[i]))
			return err_set(err, CODE_MALFORMED, field, "a name is made of letters, digits, _ and -");
	}
	return OK;
}

result message_check_text(struct bytes text, size_t max, const char *field, struct err *err)
{
	if (text.len == 0)
		return err_set(err, CODE_MALFORMED, field, "is empty; leave it out instead");
	if (text.len > max)
		return err_set(err, CODE_TOO_LARGE, field, "is longer than %zu bytes", max);
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < ' ' || text.at[i] == 0x7f)
			return err_set(err, CODE_MALFORMED, field, "holds a control character");
	}
	return OK;
}

/* The version behind the slash; 0 when it is none. */
static int version_of(struct bytes text)
{
	int version = 0;
	if (text.len == 0 || text.len > 5 || text.at[0] == '0')
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.at[i]))
			return 0;
		version = version * 10 + (text.at[i] - '0');
	}
	return version <= TYPE_VERSION_MAX ? version : 0;
}

result message_check_type(struct bytes type, const char *field, struct err *err)
{
	size_t at = 0;
	bool in_label = false;
	if (type.len > MESSAGE_TYPE_MAX)
		return err_set(err, CODE_TOO_LARGE, field, "a type is longer than %d", MESSAGE_TYPE_MAX);
	for (; at < type.len && type.at[at] != '/'; at++) {
		uint8_t byte = type.at[at];
		if (byte == '.' ? !in_label : !is_lower(byte) && !is_digit(byte) && byte != '_')
			break;
		in_label = byte != '.';
	}
	if (at == type.len || type.at[at] != '/' || !in_label || !version_of(bytes_of(type.at + at + 1, type.len - at - 1)))
		return err_set(err, CODE_MALFORMED, field,
		               "is no type: lower-case labels with dots between them, a slash and a version, like warrant.issue/1");
	return OK;
}

/* Passes a check's verdict on to the reader, whose failure is sticky. */
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

static struct bytes read_party(struct pack_in *in, const char *field, result (*check)(struct bytes, const char *, struct err *))
{
	struct err why;
	struct bytes party = pack_text(in, field, SIZE_MAX);
	if (!in->failed && FAILED(check(party, field, &why)))
		fail_with(in, &why);
	return party;
}

static const uint8_t *read_uuid(struct pack_in *in, const char *field)
{
	const uint8_t *id = pack_bin_of(in, field, UUID_LEN);
	if (id && !uuid_is_v7(id))
		pack_fail(in, CODE_MALFORMED, field, "is no UUID of version 7");
	return id;
}

/* An element count of 0 to max, refused as too_large beyond. */
static size_t bounded(struct pack_in *in, const char *field, size_t count, size_t max)
{
	if (!in->failed && count > max)
		pack_fail(in, CODE_TOO_LARGE, field, "has too many elements");
	return in->failed ? 0 : count;
}

static void read_texts_pair(struct pack_in *in, const char *field)
{
	struct err why;
	char place[ERR_FIELD_MAX];
	struct bytes name = pack_text(in, field, SIZE_MAX);
	struct pack_item value = pack_next(in, field);
	if (in->failed)
		return;
	if (FAILED(message_check_name(name, field, &why)))
		fail_with(in, &why);
	else if (value.kind != PACK_TEXT)
		pack_fail(in, CODE_MALFORMED, pointer_key(field, name, place), "is not text");
	else if (FAILED(message_check_text(value.bytes, MESSAGE_TEXT_MAX, field, &why)))
		pack_fail(in, why.code, pointer_key(field, name, place), why.reason);
}

struct bytes message_read_texts(struct pack_in *in, const char *field)
{
	const uint8_t *start = in->at;
	size_t count = bounded(in, field, pack_map(in, field), MESSAGE_SUBJECT_MAX);
	if (!in->failed && count == 0)
		pack_fail(in, CODE_MALFORMED, field, "is empty; leave it out instead");
	for (size_t i = 0; i < count && !in->failed; i++)
		read_texts_pair(in, field);
	return in->failed ? BYTES_NONE : bytes_of(start, (size_t)(in->at - start));
}

static void read_v(struct pack_in *in, struct message *ret)
{
	int64_t version = pack_int(in, "/v", INT64_MIN, INT64_MAX);
	(void)ret;
	if (!in->failed && version != MESSAGE_VERSION)
		pack_fail(in, CODE_MALFORMED, "/v", "is not 1, the version that is spoken here");
}

static void read_id(struct pack_in *in, struct message *ret)
{
	ret->id = read_uuid(in, "/id");
}

static void read_type(struct pack_in *in, struct message *ret)
{
	struct err why;
	ret->type = pack_text(in, "/type", SIZE_MAX);
	if (!in->failed && FAILED(message_check_type(ret->type, "/type", &why)))
		fail_with(in, &why);
}

static void read_from(struct pack_in *in, struct message *ret)
{
	ret->from = read_party(in, "/from", party_check);
}

static void read_to(struct pack_in *in, struct message *ret)
{
	size_t count = bounded(in, "/to", pack_array(in, "/to"), MESSAGE_TO_MAX);
	for (size_t i = 0; i < count && !in->failed; i++) {
		char place[ERR_FIELD_MAX];
		struct bytes address = read_party(in, "/to", party_check_address);
		for (size_t other = 0; other < i && !in->failed; other++) {
			if (bytes_equal(ret->to[other], address))
				pack_fail(in, CODE_MALFORMED, pointer_index("/to", i, place), "names a recipient a second time");
		}
		ret->to[i] = address;
	}
	ret->to_count = count;
}

static void read_issued(struct pack_in *in, struct message *ret)
{
	ret->issued = pack_int(in, "/issued", 1, MESSAGE_TIME_MAX);
}

static void read_expires(struct pack_in *in, struct message *ret)
{
	ret->expires = pack_int(in, "/expires", 1, MESSAGE_TIME_MAX);
}

static void read_due(struct pack_in *in, struct message *ret)
{
	ret->due = pack_int(in, "/due", 1, MESSAGE_TIME_MAX);
}

static void read_priority(struct pack_in *in, struct message *ret)
{
	ret->priority = pack_int(in, "/priority", 0, PRIORITY_MAX);
}

static void read_thread(struct pack_in *in, struct message *ret)
{
	ret->thread = read_uuid(in, "/thread");
}

static void read_re(struct pack_in *in, struct message *ret)
{
	ret->re = read_uuid(in, "/re");
}

static void read_subject(struct pack_in *in, struct message *ret)
{
	ret->subject = message_read_texts(in, "/subject");
}

static void read_by(struct pack_in *in, struct message *ret)
{
	ret->by = message_read_texts(in, "/by");
}

static void read_purpose(struct pack_in *in, struct message *ret)
{
	ret->purpose = read_text(in, "/purpose", MESSAGE_NAME_MAX);
}

static void read_consent(struct pack_in *in, struct message *ret)
{
	ret->consent = read_text(in, "/consent", MESSAGE_TEXT_MAX);
}

static void read_header_part(struct pack_in *in, struct message_part *ret)
{
	struct err why;
	char place[ERR_FIELD_MAX];
	ret->name = pack_text(in, "/parts", SIZE_MAX);
	if (!in->failed && FAILED(message_check_name(ret->name, "/parts", &why)))
		fail_with(in, &why);
	pack_array_of(in, "/parts", 2);
	ret->cls = pack_text(in, "/parts", SIZE_MAX);
	if (!in->failed && !message_class_known(ret->cls))
		pack_fail(in, CODE_MALFORMED, pointer_key("/parts", ret->name, place), "has a class that is not known here");
	ret->hash = pack_bin_of(in, "/parts", MESSAGE_HASH_LEN);
}

static void read_parts(struct pack_in *in, struct message *ret)
{
	size_t count = bounded(in, "/parts", pack_map(in, "/parts"), MESSAGE_PARTS_MAX);
	if (!in->failed && count == 0)
		pack_fail(in, CODE_MALFORMED, "/parts", "is empty; a message has at least one part");
	for (size_t i = 0; i < count && !in->failed; i++)
		read_header_part(in, &ret->parts[i]);
	ret->parts_count = count;
}

struct header_key {
	const char *name;
	size_t len;
	bool required;
	void (*read)(struct pack_in *in, struct message *ret);
};

#define KEY(name, required) {#name, sizeof(#name) - 1, required, read_##name}

/* In the order in which they are written. */
static const struct header_key keys[] = {
	KEY(v, true),        KEY(id, true),       KEY(type, true),     KEY(from, true),    KEY(to, true),  KEY(issued, true),
	KEY(expires, false), KEY(due, false),     KEY(priority, true), KEY(thread, false), KEY(re, false), KEY(subject, false),
	KEY(by, false),      KEY(purpose, false), KEY(consent, false), KEY(parts, true),
};

enum { KEYS_COUNT = sizeof(keys) / sizeof(*keys) };

/* KEYS_COUNT when unknown. Keys come in the order of the table from everybody who follows the document, so the search starts at
 * `hint`. */
static size_t find_key(struct bytes name, size_t hint)
{
	for (size_t tried = 0; tried < KEYS_COUNT; tried++) {
		size_t at = (hint + tried) % KEYS_COUNT;
		if (keys[at].len == name.len && memcmp(keys[at].name, name.at, name.len) == 0)
			return at;
	}
	return KEYS_COUNT;
}

static void check_required(struct pack_in *in, uint32_t seen)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < KEYS_COUNT && !in->failed; i++) {
		if (keys[i].required && !(seen & (UINT32_C(1) << i)))
			pack_fail(in, CODE_MALFORMED, pointer_key("", bytes_text(keys[i].name), place), "is missing");
	}
}

static void read_header(struct pack_in *in, struct message *ret)
{
	char place[ERR_FIELD_MAX];
	uint32_t seen = 0;
	size_t hint = 0;
	size_t count = pack_map(in, "");
	for (size_t i = 0; i < count && !in->failed; i++) {
		struct bytes name = pack_text(in, "", SIZE_MAX);
		size_t key = find_key(name, hint);
		if (in->failed)
			return;
		if (key == KEYS_COUNT) {
			pack_fail(in, CODE_MALFORMED, pointer_key("", name, place), "is no key of a header");
			return;
		}
		keys[key].read(in, ret);
		seen |= UINT32_C(1) << key;
		hint = key + 1;
	}
	check_required(in, seen);
}

result message_decode(struct bytes header, struct message *ret, struct err *err)
{
	if (header.len > MESSAGE_HEADER_MAX)
		return err_set(err, CODE_TOO_LARGE, "", "the header has %zu bytes, the limit is %d", header.len, MESSAGE_HEADER_MAX);
	*ret = (struct message){.header = header, .priority = -1};
	struct pack_in in = pack_in_scanned(header, err);
	read_header(&in, ret);
	return pack_end(&in);
}

static void put_id(struct buf *out, const char *key, const uint8_t *id)
{
	if (!id)
		return;
	pack_put_str(out, key);
	pack_put_bin(out, bytes_of(id, UUID_LEN));
}

static void put_time(struct buf *out, const char *key, int64_t time)
{
	if (!time)
		return;
	pack_put_str(out, key);
	pack_put_int(out, time);
}

static void put_text(struct buf *out, const char *key, struct bytes text)
{
	if (!text.len)
		return;
	pack_put_str(out, key);
	pack_put_text(out, text);
}

/* An empty map says as little as none at all. */
static bool has_texts(struct bytes packed)
{
	return packed.len > 0 && !(packed.len == 1 && packed.at[0] == EMPTY_MAP);
}

static void put_map(struct buf *out, const char *key, struct bytes packed)
{
	if (!has_texts(packed))
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

static void put_parts(const struct message *message, struct buf *out)
{
	pack_put_str(out, "parts");
	pack_put_map(out, message->parts_count);
	for (size_t i = 0; i < message->parts_count; i++) {
		const struct message_part *part = &message->parts[i];
		pack_put_text(out, part->name);
		pack_put_array(out, 2);
		pack_put_text(out, part->cls);
		pack_put_bin(out, bytes_of(part->hash, part->hash ? MESSAGE_HASH_LEN : 0));
	}
}

static size_t count_keys(const struct message *message)
{
	const bool present[] = {
		/* in the order of the keys */
		true,
		message->id != NULL,
		message->type.len > 0,
		message->from.len > 0,
		true,
		message->issued != 0,
		message->expires != 0,
		message->due != 0,
		message->priority >= 0,
		message->thread != NULL,
		message->re != NULL,
		has_texts(message->subject),
		has_texts(message->by),
		message->purpose.len > 0,
		message->consent.len > 0,
		true,
	};
	size_t count = 0;
	for (size_t i = 0; i < sizeof(present) / sizeof(*present); i++)
		count += present[i];
	return count;
}

static void put_header(const struct message *message, struct buf *out)
{
	pack_put_map(out, count_keys(message));
	pack_put_str(out, "v");
	pack_put_int(out, MESSAGE_VERSION);
	put_id(out, "id", message->id);
	put_text(out, "type", message->type);
	put_text(out, "from", message->from);
	put_to(message, out);
	put_time(out, "issued", message->issued);
	put_time(out, "expires", message->expires);
	put_time(out, "due", message->due);
	if (message->priority >= 0) {
		pack_put_str(out, "priority");
		pack_put_int(out, message->priority);
	}
	put_id(out, "thread", message->thread);
	put_id(out, "re", message->re);
	put_map(out, "subject", message->subject);
	put_map(out, "by", message->by);
	put_text(out, "purpose", message->purpose);
	put_text(out, "consent", message->consent);
	put_parts(message, out);
}

result message_encode(const struct message *message, struct buf *out, struct err *err)
{
	size_t start = out->len;
	struct message written;
	if (message->to_count > MESSAGE_TO_MAX)
		return err_set(err, CODE_TOO_LARGE, "/to", "names more than %d recipients", MESSAGE_TO_MAX);
	if (message->parts_count > MESSAGE_PARTS_MAX)
		return err_set(err, CODE_TOO_LARGE, "/parts", "has more than %d parts", MESSAGE_PARTS_MAX);
	put_header(message, out);
	/* Judged by the very decoder that every recipient runs, so that nothing is signed that they would refuse. */
	result r = buf_check(out, "", err);
	if (!FAILED(r))
		r = message_decode(buf_from(out, start), &written, err);
	if (FAILED(r))
		out->len = start;
	return r;
}

const struct message_part *message_part_find(const struct message *message, struct bytes name)
{
	for (size_t i = 0; i < message->parts_count; i++) {
		if (bytes_equal(message->parts[i].name, name))
			return &message->parts[i];
	}
	return NULL;
}

bool message_subject(const struct message *message, const char *key, struct bytes *ret)
{
	struct bytes value;
	return message->subject.len > 0 && pack_find(message->subject, key, &value) && pack_as_text(value, ret);
}

const uint8_t *message_thread(const struct message *message)
{
	return message->thread ? message->thread : message->id;
}
