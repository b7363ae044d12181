/* The plain form: what an agency's system says and hears at an adapter's ports, as one packed map (JSON by schemas/json.h).
 *
 * In (a draft):  type, body (the main part) and, all optional: id, to, subject, by, thread, re, issued, expires, due, priority, purpose, consent,
 *                parts {name: value}, classes {name: class}, approvals [ … ]. Times are RFC 3339 text; ids are UUID text.
 * Out (a message): id, type, from, to, issued, …, body, parts, withheld [names], sealed [names of parts that could not be opened here], notice (with a part of
 * class P2: what forbids to pass it on), signer (hex fingerprint). Thread: any, pure. */
#ifndef SCHEMAS_PLAIN_H
#define SCHEMAS_PLAIN_H

#include "schemas/message.h"

struct draft_part {
	struct bytes name;
	struct bytes cls;   /* empty: the catalogue's */
	struct bytes bytes; /* packed */
};

/* Owns its bytes; its views point into them. */
struct draft {
	struct buf bytes;
	bool has_id;
	struct uuid id, thread, re;
	bool has_thread, has_re;
	struct bytes type;
	struct bytes to[MESSAGE_TO_MAX];
	size_t to_count;
	int64_t issued, expires, due; /* 0: absent */
	int64_t priority;             /* -1: the catalogue's */
	struct bytes subject, by;     /* packed maps of text to text, or empty */
	struct bytes purpose, consent;
	struct draft_part parts[MESSAGE_PARTS_MAX]; /* "main" first */
	size_t parts_count;
};

/* Reads a plain draft (a packed map, copied). malformed with the JSON pointer. Free with draft_done, also after a failure. */
RESULT plain_read(struct bytes packed, struct draft *ret, struct err *err);
void draft_done(struct draft *draft);
/* Writes the plain form of a message with those parts that came along. signer: 32 bytes or NULL. */
void plain_write(const struct message *message, const struct part *parts, size_t count, const uint8_t *signer, struct buf *out);

#endif
