/* The envelope, what is stored and delivered:
 *   [1, header, parts, statement, signature, signer, index, path]
 * header, statement and signature as bin; parts as the packed array; signer = SHA-256 of the signing certificate (DER);
 * path = concatenated 32-byte hashes of the inclusion proof, leaf's sibling first, as bin. Thread: any, pure. */
#ifndef SCHEMAS_ENVELOPE_H
#define SCHEMAS_ENVELOPE_H

#include "base/pack.h"

enum { ENVELOPE_SIGNATURE_MAX = 1024, ENVELOPE_STATEMENT_MAX = 128, ENVELOPE_PATH_MAX = 10 * 32, ENVELOPE_BATCH_MAX = 1024 };

struct envelope {
	struct bytes header;
	struct bytes parts; /* packed */
	struct bytes statement;
	struct bytes signature;
	const uint8_t *signer; /* 32 bytes */
	int64_t index;
	struct bytes path;
};

RESULT envelope_decode(struct bytes in, struct envelope *ret, struct err *err); /* views over in */
void envelope_encode(const struct envelope *envelope, struct buf *out);

/* What envelopes and the frame that submits a batch have in common, each the next value of a reader over scanned bytes: never
 * empty and within its limit, or the reader fails. Parts come as their packed array of at most MESSAGE_PARTS_MAX; message.h decodes
 * it. */
struct bytes envelope_read_header(struct pack_in *in, const char *field);
struct bytes envelope_read_parts(struct pack_in *in, const char *field);
struct bytes envelope_read_statement(struct pack_in *in, const char *field);
struct bytes envelope_read_signature(struct pack_in *in, const char *field);

#endif
