/* Link frames: what travels between an adapter and the broker, each a msgpack array [kind, …] behind a 4-byte big-endian length that the
 * channel reads. Decoding yields views over the frame. One struct and one encode/decode pair each. Thread: any, pure. */
#ifndef SCHEMAS_FRAME_H
#define SCHEMAS_FRAME_H

#include "schemas/envelope.h"
#include "schemas/message.h"

enum {
	FRAME_VERSION = 2,
	FRAME_VERSION_LEAST = 1, /* that a hub still speaks with its adapters */
	FRAME_CHAIN_MAX = 4,
	FRAME_CERT_MAX = 8192,
	FRAME_BATCH_MAX = ENVELOPE_BATCH_MAX,
	FRAME_RECIPIENTS_MAX = 1024,
	FRAME_SOFTWARE_MAX = 64,
	FRAME_HEAD_MAX = 2048,
	FRAME_PROOF_MAX = 64 * 32 /* hashes of a consistency proof */
};

enum frame_kind {
	FRAME_HELLO = 1,
	FRAME_WELCOME,
	FRAME_SUBMIT,
	FRAME_VERDICT,
	FRAME_DELIVER,
	FRAME_ACK,
	FRAME_CREDIT,
	FRAME_PING,
	FRAME_PONG,
	FRAME_CERT_ASK,
	FRAME_CERT,
	FRAME_HEAD,
	FRAME_BYE,
	FRAME_KIND_COUNT
};

const char *frame_kind_text(enum frame_kind kind);
/* The kind of a frame without decoding the rest; malformed for an unknown one. */
RESULT frame_kind_of(struct bytes frame, enum frame_kind *ret, struct err *err);

/* [1, version, party, [certificate…], software, known] : the adapter's first word; the chain of its signing certificate, leaf first (DER),
 * never empty. Version 1 ends with software. When the version is none of FRAME_VERSION_LEAST to FRAME_VERSION the code is version, and nothing else is
 * judged. WELCOME likewise; it is of the version of the HELLO that it answers. */
struct frame_hello {
	int64_t version;
	struct bytes party;
	struct bytes chain[FRAME_CHAIN_MAX];
	size_t chain_count;
	struct bytes software;
	int64_t known; /* size of the last head that it has verified; 0: none */
};
RESULT frame_hello_decode(struct bytes frame, struct frame_hello *ret, struct err *err);
void frame_hello_encode(const struct frame_hello *hello, struct buf *out);

/* [2, version, hub, frame_max, message_max, batch_max, heartbeat_ms, credit, head | nil, [certificate…], proof] : head as in FRAME_HEAD; the chain is
 * that of the hub's own signing certificate, which signs notices and heads; the proof leads from the size that HELLO said to that of the head. Version 1
 * ends with the chain. */
struct frame_welcome {
	int64_t version;
	struct bytes hub;
	int64_t frame_max, message_max, batch_max, heartbeat_ms;
	int64_t credit; /* messages the adapter may submit before it gets more */
	struct bytes head;
	struct bytes chain[FRAME_CHAIN_MAX];
	size_t chain_count;
	struct bytes proof; /* hashes of 32 bytes, one after the other */
};
RESULT frame_welcome_decode(struct bytes frame, struct frame_welcome *ret, struct err *err);
void frame_welcome_encode(const struct frame_welcome *welcome, struct buf *out);

/* [3, statement, signature, signer, [[header, parts]…]] : one signed batch, leaves in this order; the receiver rebuilds the tree. */
struct frame_submit {
	struct bytes statement, signature;
	const uint8_t *signer;
	struct pack_in messages; /* a reader over the array's elements; use frame_submit_next */
	size_t count;
};
struct frame_message {
	struct bytes header;
	struct bytes parts; /* packed */
};
RESULT frame_submit_decode(struct bytes frame, struct frame_submit *ret, struct err *err); /* checks every element's shape */
bool frame_submit_next(struct frame_submit *submit, struct frame_message *ret);
void frame_submit_encode(struct bytes statement, struct bytes signature, const uint8_t *signer, const struct frame_message *messages,
                         size_t count, struct buf *out);

/* [4, [[id, code, duplicate, entry, [[recipient, connected, age_ms]…], field, reason]…]] : per message of a SUBMIT, in any order.
 * duplicate: the code and what follows are those of the first time. entry: index in the ledger (-1: none). connected: the recipient's link is up;
 * otherwise it is stored, and age_ms says how long the oldest message has been waiting there. */
struct frame_recipient {
	struct bytes party;
	bool connected;
	int64_t age_ms;
};
struct frame_verdict {
	const uint8_t *id;
	enum code code;
	bool duplicate;
	int64_t entry;
	struct bytes field, reason;
	struct pack_in recipients; /* use frame_verdict_recipient */
	size_t recipients_count;
};
struct frame_verdicts {
	struct pack_in in;
	size_t count;
};
RESULT frame_verdicts_decode(struct bytes frame, struct frame_verdicts *ret, struct err *err); /* checks every element's shape */
bool frame_verdicts_next(struct frame_verdicts *verdicts, struct frame_verdict *ret);
bool frame_verdict_recipient(struct frame_verdict *verdict, struct frame_recipient *ret);
/* A packed verdict for frame_verdicts_encode and for the store, which keeps it so that a duplicate gets the very same one. */
void frame_verdict_pack(const uint8_t *id, enum code code, bool duplicate, int64_t entry, const struct frame_recipient *recipients,
                        size_t count, const char *field, const char *reason, struct buf *out);
/* The same packed verdict with `duplicate` set. */
RESULT frame_verdict_as_duplicate(struct bytes packed, struct buf *out, struct err *err);
void frame_verdicts_encode(const struct bytes *packed, size_t count, struct buf *out);

/* [5, [envelope…]] : each as bin. */
struct frame_deliver {
	struct pack_in in;
	size_t count;
};
RESULT frame_deliver_decode(struct bytes frame, struct frame_deliver *ret, struct err *err);
bool frame_deliver_next(struct frame_deliver *deliver, struct bytes *ret_envelope);
void frame_deliver_encode(const struct bytes *envelopes, size_t count, struct buf *out);

/* [6, [id…]] : deliveries that ask for no receipt (receipts, notices) are in the recipient's inbox for good. */
RESULT frame_ack_decode(struct bytes frame, struct bytes ret_ids[static FRAME_BATCH_MAX], size_t *ret_count, struct err *err);
void frame_ack_encode(const struct bytes *ids, size_t count, struct buf *out);

/* [7, count] : that many more messages may be sent in the other direction. */
RESULT frame_credit_decode(struct bytes frame, int64_t *ret_count, struct err *err);
void frame_credit_encode(int64_t count, struct buf *out);

/* [8, nonce] and [9, nonce] */
RESULT frame_ping_decode(struct bytes frame, int64_t *ret_nonce, struct err *err); /* PING and PONG */
void frame_ping_encode(enum frame_kind kind, int64_t nonce, struct buf *out);

/* [10, fingerprint] : asks for the chain of a signer. [11, fingerprint, [certificate…]] : leaf first; empty when unknown. */
RESULT frame_cert_ask_decode(struct bytes frame, const uint8_t **ret_fingerprint, struct err *err);
void frame_cert_ask_encode(const uint8_t *fingerprint, struct buf *out);
struct frame_cert {
	const uint8_t *fingerprint;
	struct bytes chain[FRAME_CHAIN_MAX];
	size_t chain_count;
};
RESULT frame_cert_decode(struct bytes frame, struct frame_cert *ret, struct err *err);
void frame_cert_encode(const struct frame_cert *cert, struct buf *out);

/* [12, head, from, proof, [certificate…]] : the ledger's signed head (certs/head.h) as bin, and the proof that it continues the ledger of `from` entries, the
 * size of the last head that went over this link. The chain is that of the certificate that signs it, empty if it has not changed since. */
struct frame_head {
	struct bytes head;
	int64_t from;
	struct bytes proof;
	struct bytes chain[FRAME_CHAIN_MAX];
	size_t chain_count;
};
RESULT frame_head_decode(struct bytes frame, struct frame_head *ret, struct err *err);
void frame_head_encode(const struct frame_head *head, struct buf *out);

/* [13, code, reason] */
RESULT frame_bye_decode(struct bytes frame, enum code *ret_code, struct bytes *ret_reason, struct err *err);
void frame_bye_encode(enum code code, const char *reason, struct buf *out);

#endif
