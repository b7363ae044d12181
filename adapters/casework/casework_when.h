/* Dates and times as case systems write them. Thread: any, pure. */
#ifndef ADAPTERS_CASEWORK_CASEWORK_WHEN_H
#define ADAPTERS_CASEWORK_CASEWORK_WHEN_H

#include "schemas/when.h"

/* "15 January 2024, 10:30:00 am", "2024-01-15T10:30:00", RFC 3339 → RFC 3339. What is wrong, or NULL. */
const char *casework_when_stamp(struct bytes text, char into[static WHEN_TEXT_MAX]);
/* The day of any of those, "15 January 2024", "2024-01-15" → YYYY-MM-DD. What is wrong, or NULL. */
const char *casework_when_date(struct bytes text, char into[static WHEN_TEXT_MAX]);

#endif
