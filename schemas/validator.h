/* JSON Schema (draft 2020-12, the keywords listed in docs) compiled once into a flat program and run over packed bytes without unpacking.
 * Thread: a compiled validator is immutable and may be shared; running is pure. */
#ifndef SCHEMAS_VALIDATOR_H
#define SCHEMAS_VALIDATOR_H

#include "base/pack.h"

struct validator;

/* Where "$ref": "name#/…" finds other documents: gives the packed schema document of that name, or empty. */
typedef struct bytes (*validator_document_fn)(void *ctx, struct bytes name);

/* `schema` is packed (json_to_pack). An unsupported keyword, a bad pattern, a reference into nothing: schema error with its pointer. */
RESULT validator_compile(struct bytes schema, validator_document_fn documents, void *ctx, struct validator **ret, struct err *err);
void validator_free(struct validator *validator);
/* Judges a packed value that has been scanned. schema, with the JSON pointer of the first fault in err->field and the rule in words. */
RESULT validator_run(const struct validator *validator, struct bytes value, struct err *err);

#endif
