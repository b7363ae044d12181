/* Words for a person that travel: a reason, the place it speaks of. They come from fixed buffers that may have cut a character in
 * two, and a peer refuses a frame whose text is not UTF-8, so they are mended on the way out. Thread: any, pure. */
#ifndef SCHEMAS_WORDS_H
#define SCHEMAS_WORDS_H

#include "base/pack.h"

/* Puts text (NULL: empty) as packed text of at most size - 1 bytes and at most ERR_REASON_MAX - 1; UTF-8 whatever it was. */
void words_put(struct buf *out, const char *text, size_t size);
/* Reads packed text into a C string; fails the reader with malformed when it does not fit or holds a NUL. */
void words_read(struct pack_in *in, const char *field, char *into, size_t size);

#endif
