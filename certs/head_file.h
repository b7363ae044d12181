/* A head of a ledger as one person hands it to another: a packed map with the signed head, the chain of its signer, and in words what it says. The programs
 * write it as JSON. Thread: any, pure. */
#ifndef CERTS_HEAD_FILE_H
#define CERTS_HEAD_FILE_H

#include "certs/head.h"

enum { HEAD_FILE_MAX = 64 * 1024 };

/* Views over the packed map. */
struct head_file {
	struct head says;
	struct bytes head; /* as signed */
	struct bytes chain[TRUST_CHAIN_MAX];
	size_t chain_count; /* 0: the signer's certificate was not at hand */
};

/* Appends {hub, size, root, at, signer, head, chain}. head must decode. */
RESULT head_file_put(struct bytes head, const struct bytes *chain, size_t count, struct buf *out, struct err *err);
/* malformed, also when the words are not what the signed head says. */
RESULT head_file_read(struct bytes packed, struct head_file *ret, struct err *err);
/* That a certificate of the hub signed it which was good then: signature, certificate, revoked. */
RESULT head_file_check(const struct trust *trust, const struct head_file *file, struct err *err);

#endif
