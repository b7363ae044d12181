/* How the files of the catalogue are taken in, key by key, from packed bytes; every failure is malformed at its JSON pointer. Only catalogue_*.c
 * use it. Thread: any, pure. */
#ifndef SCHEMAS_CATALOGUE_TAKE_H
#define SCHEMAS_CATALOGUE_TAKE_H

#include "base/pack.h"

/* Reads the next value, which stands at `place`, into what the caller of catalogue_take_map gave it. */
typedef void (*catalogue_take_fn)(struct pack_in *in, const char *place, void *into);

struct catalogue_take_key {
	const char *name;
	catalogue_take_fn take;
	bool is_required;
};

enum { CATALOGUE_TAKE_KEYS_MAX = 32 };

/* A map whose keys are all among these, at most CATALOGUE_TAKE_KEYS_MAX, and which has all that are required. */
void catalogue_take_map(struct pack_in *in, const char *place, const struct catalogue_take_key *keys, size_t count, void *into);
/* A text that is not empty, owned; NULL once failed. */
char *catalogue_take_text(struct pack_in *in, const char *place, size_t max);
/* A list of such texts, no two of them the same, appended to an empty *ret; freed with catalogue_take_free. */
void catalogue_take_texts(struct pack_in *in, const char *place, size_t max, size_t text_max, char ***ret, size_t *ret_count);
void catalogue_take_free(char **texts, size_t count);
/* The position of a text among `words`, which end with NULL; fails at `place` when it is none of them. */
size_t catalogue_take_word(struct pack_in *in, const char *place, const char *const *words);
/* How many values the array or map that comes next has: at least one, at most `max`. 0 once failed. */
size_t catalogue_take_array(struct pack_in *in, const char *place, size_t max);
size_t catalogue_take_pairs(struct pack_in *in, const char *place, size_t max);

#endif
