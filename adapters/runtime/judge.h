/* Judging a delivery: one of the places where what is said and who says it meet; the other is the broker's verifier. This one is written apart from it on
 * purpose: the recipient checks for itself. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_JUDGE_H
#define ADAPTERS_RUNTIME_JUDGE_H

#include "adapters/runtime/office.h"
#include "schemas/envelope.h"

struct judge;

/* Views over the envelope. message.id is NULL when the envelope could not even be read. */
struct judged {
	struct bytes envelope;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t parts_count;
	struct bytes main;
	const uint8_t *signer;
	struct hash leaf;
};

struct judge *judge_new(struct office *office);
void judge_free(struct judge *judge);
/* malformed, part_hash, signature, certificate, revoked, not_your_party, schema, unknown_type, authority, expired. *ret_unknown_signer: nothing is known of the certificate yet, and
 * nothing was judged beyond the shape. */
RESULT judge_envelope(struct judge *judge, struct bytes envelope, struct judged *ret, bool *ret_unknown_signer, struct err *err);
/* The fingerprint in an envelope, or 32 zeros. */
const uint8_t *judge_signer_of(struct bytes envelope);
/* A chain that the hub gave for a fingerprint: kept in the box when its leaf has that fingerprint; judged with each message by the time of its signing. */
RESULT judge_learn(struct judge *judge, const uint8_t *fingerprint, const struct bytes *chain, size_t count, struct err *err);
/* The hub's own signing chain, from WELCOME. */
RESULT judge_hub(struct judge *judge, const struct bytes *chain, size_t count, struct err *err);
void judge_renewed(struct judge *judge);

#endif
