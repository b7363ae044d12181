/* Conditions on a main part, and pointers into it: whether they hold for a value, and whether a schema lets them ever. Only catalogue_*.c use it.
 * Thread: any, pure. */
#ifndef SCHEMAS_CATALOGUE_WHEN_H
#define SCHEMAS_CATALOGUE_WHEN_H

#include "schemas/catalogue.h"

/* Whether a packed value is that text: as text, a whole number as its digits, true or false. */
bool catalogue_when_is(struct bytes value, const char *text);

/* A schema, and where its references lead. */
struct catalogue_when_schema {
	struct bytes schema;   /* packed; also the document of its "#/…" */
	validator_document_fn documents;
	void *ctx;
};

/* Whether a value that fits the schema may have something at the pointer, and (text not NULL) that text. True where it cannot be told. */
bool catalogue_when_may(const struct catalogue_when_schema *where, const char *pointer, const char *text);

#endif
