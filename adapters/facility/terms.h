/* What agencies call things, and the catalogue's codes for them: by the settings first, then by words that mean the same
 * everywhere ("Male"). Thread: any, pure. */
#ifndef ADAPTERS_FACILITY_TERMS_H
#define ADAPTERS_FACILITY_TERMS_H

#include "adapters/facility/facility_settings.h"

enum { TERMS_CODE_MAX = 64 };

/* The code for a word in the field at `pointer` ("/reason", "/person/sex", …). False when no word is known: `into` is then the
 * word itself in capitals, for the schema to judge. */
bool terms_code(const struct facility_values *values, const char *pointer, struct bytes word, char into[static TERMS_CODE_MAX]);
/* The settings' pairs for a field, or NULL. */
const struct conf_pairs *terms_pairs(const struct facility_values *values, const char *pointer);

#endif
