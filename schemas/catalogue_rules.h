/* Reads what a type says of deadlines and of the records that it moves. Each takes the value that comes next. Only catalogue_*.c use it.
 * Thread: any, pure. */
#ifndef SCHEMAS_CATALOGUE_RULES_H
#define SCHEMAS_CATALOGUE_RULES_H

#include "schemas/catalogue.h"
#include "schemas/catalogue_take.h"

/* The key "due": a span of time, or an object. */
void catalogue_rules_due(struct pack_in *in, const char *place, struct catalogue_due *due);
/* Once all keys are read: what the file left out. Sets due_ms, met_by. */
void catalogue_rules_settle(struct catalogue_type *type);
/* The key "lifecycle". */
void catalogue_rules_moves(struct pack_in *in, const char *place, struct catalogue_type *type);
void catalogue_rules_free(struct catalogue_type *type);

#endif
