/* Receipts and notices are messages like any other; this is what their main part says, as a packed map whose ids are text, so that it is
 * plain in JSON too. Thread: any, pure. */
#ifndef SCHEMAS_RECEIPT_H
#define SCHEMAS_RECEIPT_H

#include "schemas/message.h"

#define RECEIPT_TYPE "receipt/1"
#define NOTICE_TYPE "notice/1"

/* {of, hash, disposition, code, field, reason, at}: by the recipient's adapter, signed, once the message is in its inbox for good, or is refused. */
struct receipt {
	uint8_t of[UUID_LEN];
	uint8_t hash[MESSAGE_HASH_LEN]; /* the leaf of the message: SHA-256(0x00 || header) */
	bool received;                  /* false: refused, and code, field and reason say why */
	enum code code;
	char field[ERR_FIELD_MAX];
	char reason[ERR_REASON_MAX];
	int64_t at;
};

/* Of the packed main part; malformed, with the field, when it is no receipt. */
RESULT receipt_decode(struct bytes main_part, struct receipt *ret, struct err *err);
void receipt_encode(const struct receipt *receipt, struct buf *out);

enum notice_event { NOTICE_EXPIRED, NOTICE_DEAD_LETTERED, NOTICE_DISCARDED, NOTICE_EVENT_COUNT };
const char *notice_event_text(enum notice_event event); /* "expired", "dead_lettered", "discarded" */

/* {of, hash, event, recipient, code, reason, at}: by the hub, when a message will not be delivered to a recipient. */
struct notice {
	uint8_t of[UUID_LEN];
	uint8_t hash[MESSAGE_HASH_LEN];
	enum notice_event event;
	char recipient[104];
	enum code code;
	char reason[ERR_REASON_MAX];
	int64_t at;
};

/* Of the packed main part; malformed, with the field, when it is no notice. */
RESULT notice_decode(struct bytes main_part, struct notice *ret, struct err *err);
void notice_encode(const struct notice *notice, struct buf *out);

#endif
