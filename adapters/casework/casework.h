/* JSON of case systems: a referral with its plan, appointments, notes and report at the end, and licences with their conditions. One document
 * becomes several drafts. What a message must have and such a document never says keeps that message from being made, which is listed; a value that is
 * there and wrong is a fault at its JSON pointer, and then there is no draft at all. The same holds when nothing could be made.
 *
 * Times may be RFC 3339, the same without a zone (then New York's), or "15 January 2024, 10:30:00 am". What is inferred is said at the tables
 * (casework_tables.c). Thread: the adapter's loop. */
#ifndef ADAPTERS_CASEWORK_CASEWORK_H
#define ADAPTERS_CASEWORK_CASEWORK_H

#include "adapters/kind/kind.h"

/* Reads only; its state is not looked at. */
extern const struct kind_format casework_format;
void casework_read(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into);
#define CASEWORK_FORMAT {.name = "casework", .ending = ".case.json", .read = casework_read}
/* Whether a packed JSON document is one of those, and not a draft. */
bool casework_is(struct bytes packed);

#endif
