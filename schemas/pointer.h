/* Places in a value as JSON pointers (RFC 6901), made of names that a stranger chose: escaped, fit for a log, cut at
 * ERR_FIELD_MAX. Thread: any, pure. */
#ifndef SCHEMAS_POINTER_H
#define SCHEMAS_POINTER_H

#include "base/bytes.h"

/* "ABOVE/KEY" or "ABOVE/INDEX"; returns into. */
const char *pointer_key(const char *above, struct bytes key, char into[static ERR_FIELD_MAX]);
const char *pointer_index(const char *above, size_t index, char into[static ERR_FIELD_MAX]);

#endif
