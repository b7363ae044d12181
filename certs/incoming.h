/* Frames on their way in: cut out of bytes that come in any portions. A frame's length (4 bytes, big-endian) is judged as soon as
 * it is there, before anything is allocated for it; whole frames are handed over where they lie. Holds no memory when empty.
 * Thread: one. */
#ifndef CERTS_INCOMING_H
#define CERTS_INCOMING_H

#include "base/bytes.h"

enum { INCOMING_HEADER_BYTES = 4 };

struct incoming {
	struct buf buf; /* the beginning of a frame, or what was left when fn had enough */
	size_t frame_max;
};

/* False: no more for now; the rest is kept. */
typedef bool (*incoming_fn)(void *ctx, struct bytes frame);

/* portion_max: the most that incoming_take will be given at once. */
void incoming_init(struct incoming *incoming, size_t frame_max, size_t portion_max);
void incoming_done(struct incoming *incoming);
void incoming_frame_max(struct incoming *incoming, size_t frame_max, size_t portion_max); /* holds for the next frame; never less than before */
size_t incoming_waiting(const struct incoming *incoming); /* bytes that are kept */
bool incoming_holds(const struct incoming *incoming);
/* Hands over the whole frames of what is kept and of `more`, which must be empty as long as fn said false the last time.
 * too_large: the rest cannot be understood any more. *incoming must live until this returns, whatever fn does. */
RESULT incoming_take(struct incoming *incoming, struct bytes more, incoming_fn fn, void *ctx, struct err *err);

#endif
