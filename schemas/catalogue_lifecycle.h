/* Reads one file of a lifecycle, packed. Only catalogue.c calls it. Thread: any, pure. */
#ifndef SCHEMAS_CATALOGUE_LIFECYCLE_H
#define SCHEMAS_CATALOGUE_LIFECYCLE_H

#include "schemas/catalogue.h"

/* What a record's state is called when there is no record. */
#define CATALOGUE_NONE "none"

/* Takes the packed file over into (*ret)->source, and leaves `packed` empty, unless it fails: malformed with the place. */
RESULT catalogue_lifecycle_read(struct buf *packed, struct catalogue_lifecycle **ret, struct err *err);
void catalogue_lifecycle_free(struct catalogue_lifecycle *lifecycle); /* NULL is fine */

#endif
