/* SHA-256, and nothing else: the one hash of leaves, parts, fingerprints and statements. Thread: any (a context per thread inside). */
#ifndef CERTS_HASH_H
#define CERTS_HASH_H

#include "base/bytes.h"

enum { HASH_LEN = 32 };

struct hash {
	uint8_t at[HASH_LEN];
};

struct hash hash_of(struct bytes bytes);
struct hash hash_of_two(struct bytes first, struct bytes second); /* of the concatenation: hash_of_two(salt, part) */
/* Of a file's contents, however large; *ret_bytes: how many. */
RESULT hash_of_file(const char *path, struct hash *ret, int64_t *ret_bytes, struct err *err);
bool hash_equal(const struct hash *a, const uint8_t *b);
struct bytes hash_bytes(const struct hash *hash);
void hash_random(uint8_t *into, size_t len); /* from the library's generator; ends the program if there is none */

#endif
