/* What agencies call things, and what a field of the message takes: codes by the settings' words, then by words that mean the same
 * everywhere ("Male"). Thread: any, pure. */
#ifndef ADAPTERS_CSV_CSV_WORDS_H
#define ADAPTERS_CSV_CSV_WORDS_H

#include "adapters/csv/csv_plan.h"

/* The code for a word; false when none is known: `into` is then the word in capitals, for the schema to judge. */
bool csv_words_code(const struct csv_field *field, struct bytes word, char into[static CSV_CODE_MAX]);
/* Appends a text as the value that the field takes: a number or a truth where it takes one, otherwise the text. */
void csv_words_put(const struct csv_field *field, struct bytes text, struct buf *out);
/* Whether the field takes the text; true where its schema cannot tell alone. */
bool csv_words_fits(const struct csv_field *field, const char *text);

#endif
