/* The formats of text that schemas may ask for. Thread: any, pure. */
#ifndef SCHEMAS_FORMAT_H
#define SCHEMAS_FORMAT_H

#include "base/bytes.h"

enum format { FORMAT_DATE, FORMAT_DATE_TIME, FORMAT_UUID, FORMAT_EMAIL, FORMAT_COUNT };

/* By the name that JSON Schema gives it: "date-time". */
bool format_find(struct bytes name, enum format *ret);
/* Days exist, leap seconds stand where they may (RFC 3339 §5.7), a UUID may be of any version and case. */
bool format_fits(enum format format, struct bytes text);
/* What it is, for a person, with an example: "a date like 2026-03-01". */
const char *format_words(enum format format);

#endif
