/* The message: a header that is signed, and parts that are bound to it by hash. A header is encoded once, by its originator; nobody
 * re-encodes it. Decoding yields views over the original bytes. Hashes are computed by those who may know certs. Thread: any, pure. */
#ifndef SCHEMAS_MESSAGE_H
#define SCHEMAS_MESSAGE_H

#include "base/pack.h"
#include "base/uuid.h"

enum {
	MESSAGE_TO_MAX = 64,
	MESSAGE_PARTS_MAX = 16,
	MESSAGE_HASH_LEN = 32,
	MESSAGE_SALT_LEN = 16,
	MESSAGE_TYPE_MAX = 64,
	MESSAGE_NAME_MAX = 32,  /* part name, class, purpose, subject key */
	MESSAGE_TEXT_MAX = 128, /* subject value, by value, consent */
	MESSAGE_SUBJECT_MAX = 16,
	MESSAGE_HEADER_MAX = 16384
};

/* Times are milliseconds that any language's numbers hold exactly. */
#define MESSAGE_TIME_MAX ((INT64_C(1) << 53) - 1)

/* Upper-case sensitivity classes, as docs/protocol.md lists them. */
bool message_class_known(struct bytes cls);
/* Dotted labels of [a-z0-9_], a slash, a version of 1 to 65535 without leading zeros: "warrant.issue/1". malformed or too_large
 * otherwise. */
RESULT message_check_type(struct bytes type, const char *field, struct err *err);
/* 1 to MESSAGE_NAME_MAX of [A-Za-z0-9_-]: what names a part or an identifier. malformed or too_large otherwise. */
RESULT message_check_name(struct bytes name, const char *field, struct err *err);
/* 1 to `max` bytes without control characters. malformed or too_large otherwise. */
RESULT message_check_text(struct bytes text, size_t max, const char *field, struct err *err);
/* The next value of a reader over scanned bytes as a map of names to texts, 1 to MESSAGE_SUBJECT_MAX of them; a view of it,
 * packed. */
struct bytes message_read_texts(struct pack_in *in, const char *field);

struct message_part {
	struct bytes name;
	struct bytes cls;
	const uint8_t *hash; /* MESSAGE_HASH_LEN: SHA-256(salt || bytes) */
};

/* Absent: times 0, priority -1, ids NULL, texts and maps empty. */
struct message {
	struct bytes header; /* the very bytes that are signed */
	const uint8_t *id;   /* UUID_LEN */
	struct bytes type;
	struct bytes from;
	struct bytes to[MESSAGE_TO_MAX];
	size_t to_count;
	int64_t issued, expires, due; /* ms since the epoch */
	int64_t priority;             /* 0–9, 9 highest */
	const uint8_t *thread, *re;   /* UUID_LEN or NULL */
	struct bytes subject;         /* packed map of text to text, or empty */
	struct bytes by;              /* packed map of text to text, or empty */
	struct bytes purpose, consent;
	struct message_part parts[MESSAGE_PARTS_MAX];
	size_t parts_count;
};

/* malformed (unknown or duplicate key, a missing one, trailing bytes, wrong kind, bad party, a recipient twice, unknown class, not
 * UUIDv7) or too_large, with the key as a JSON pointer in err->field. Required: v id type from to issued priority parts (at least
 * one). The keys may come in any order. */
RESULT message_decode(struct bytes header, struct message *ret, struct err *err);
/* Writes the header with the keys in the order of docs/protocol.md, absent ones left out. message->header is not looked at. Fails
 * as message_decode would on the result, and then leaves `out` as it was; too_large when it is full. */
RESULT message_encode(const struct message *message, struct buf *out, struct err *err);
const struct message_part *message_part_find(const struct message *message, struct bytes name);
/* "/subject/KEY" as text; false when absent. */
bool message_subject(const struct message *message, const char *key, struct bytes *ret);
/* The conversation it belongs to: thread, or its own id. */
const uint8_t *message_thread(const struct message *message);

/* A part as it travels: [name, salt, bytes]. */
struct part {
	struct bytes name;
	const uint8_t *salt; /* MESSAGE_SALT_LEN */
	struct bytes bytes;
};

/* The packed array of parts. malformed: an odd shape, a name twice. Names are compared with the header's by the verifier. */
RESULT part_decode_all(struct bytes packed, struct part ret[static MESSAGE_PARTS_MAX], size_t *ret_count, struct err *err);
void part_encode_all(const struct part *parts, size_t count, struct buf *out);
/* A sealed part is one packed bin that holds a CMS structure in DER; every other part is a map. Only its recipients can say more of it. */
bool part_is_sealed(struct bytes bytes);
/* The DER of a sealed part; empty when it is none. */
struct bytes part_sealed(struct bytes bytes);
const struct part *part_find(const struct part *parts, size_t count, struct bytes name);

#endif
