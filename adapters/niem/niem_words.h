/* Words that mean the same everywhere, and the catalogue's codes for them ("Male": M). Thread: any, pure. */
#ifndef ADAPTERS_NIEM_NIEM_WORDS_H
#define ADAPTERS_NIEM_NIEM_WORDS_H

#include "adapters/niem/niem.h"

/* `field` is the last name of a pointer ("sex"). False when the word is not known: `into` is then the word in capitals with _ for
 * spaces, for the schema to judge. */
bool niem_words_code(const char *field, struct bytes word, char into[static NIEM_CODE_MAX]);
/* A state's two letters, also from its name ("Michigan"). */
bool niem_words_state(struct bytes word, char into[static NIEM_CODE_MAX]);

#endif
