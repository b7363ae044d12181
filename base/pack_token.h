/* One token of msgpack: a scalar with its bytes, or the head of an array or map. What the scan and the reader of base/pack.h both
 * stand on; nobody else needs it. Thread: any, pure. */
#ifndef BASE_PACK_TOKEN_H
#define BASE_PACK_TOKEN_H

#include "base/pack.h"

/* Moves *at past one token. NULL when it is fine, otherwise what is wrong with it, in words that live for ever. Text is not yet
 * known to be UTF-8. An array or map with more elements than bytes are left is refused. */
const char *pack_token(const uint8_t **at, const uint8_t *end, struct pack_item *ret);

#endif
