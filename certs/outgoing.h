/* Frames on their way out: each with its length before it (4 bytes, big-endian), one after the other, written from the front in
 * any portions. Bounded; holds no memory when empty. Thread: one. */
#ifndef CERTS_OUTGOING_H
#define CERTS_OUTGOING_H

#include "base/bytes.h"

enum { OUTGOING_HEADER_BYTES = 4 };

struct outgoing {
	struct buf buf;
	size_t sent; /* bytes at the front that are written already */
	size_t max;
};

void outgoing_init(struct outgoing *outgoing, size_t max); /* bytes waiting, lengths counted */
void outgoing_done(struct outgoing *outgoing);
/* Copies. busy: no room now; too_large: never. */
RESULT outgoing_add(struct outgoing *outgoing, struct bytes frame, struct err *err);
size_t outgoing_waiting(const struct outgoing *outgoing);                    /* bytes */
struct bytes outgoing_next(const struct outgoing *outgoing, size_t at_most); /* borrowed until the next change */
void outgoing_wrote(struct outgoing *outgoing, size_t len);

#endif
