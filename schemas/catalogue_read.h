/* Reads one file of the catalogue, packed, into its type. Only catalogue.c calls it. Thread: any, pure. */
#ifndef SCHEMAS_CATALOGUE_READ_H
#define SCHEMAS_CATALOGUE_READ_H

#include "schemas/catalogue.h"

/* Takes the packed file over into (*ret)->source, and leaves `packed` empty, unless it fails: malformed with the place. The
 * schemas are not compiled yet. */
RESULT catalogue_read_type(struct buf *packed, struct catalogue_type **ret, struct err *err);
void catalogue_read_free(struct catalogue_type *type); /* NULL is fine */

#endif
