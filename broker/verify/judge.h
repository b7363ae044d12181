/* What a verifier makes of one signed batch: the proof, then each message by itself. One of the places where what is said
 * and who says it meet. Thread: any, pure. */
#ifndef BROKER_VERIFY_JUDGE_H
#define BROKER_VERIFY_JUDGE_H

#include "broker/wires/job.h"

struct judge {
	struct snapshot *snapshot;
	struct signer *signer; /* the signing certificate of the link */
	const char *party;     /* of the link */
	const struct err *distrust; /* what the present trust has against the signer; NULL: nothing */
	/* The party whose signing certificate this is, as far as it has been seen here; NULL: nobody's. */
	const char *(*whose)(void *ctx, const uint8_t *fingerprint);
	void *ctx;
	int64_t now; /* wall */
};

/* Fills the candidates, statement, signature, signer and snapshot of a JOB_SUBMIT. A message that is refused has its
 * refusal: signature (all of a batch whose proof is wrong), certificate (signed by a certificate that is nobody's here, or
 * out of its time), not_your_party (signed by another party, or from another), clock, expired, too_large, malformed,
 * part_hash, unknown_type, schema, consent (a part of class P2 that is not sealed, or names no consent), no_agreement (the party's role may not send the type), authority (signatures of persons).
 * Fails, with nothing filled, when not even the id of some message can be read: there is no answering but a BYE with the
 * error. */
RESULT judge_submit(const struct judge *judge, struct job *job, struct err *err);

#endif
