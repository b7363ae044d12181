/* Memory for secrets: whole pages that are never written to swap, left out of core dumps, empty in a child after fork, and wiped when given back.
 * A machine that does not let the program lock memory is no reason to stop: it is told by secret_is_locked, and said once by the program. Thread: any. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

void *secret_alloc(size_t len); /* zeroed; never NULL; whole pages, so meant for few and small things */
void secret_free(void *at, size_t len); /* the same len; NULL is fine */
/* False once some page could not be locked: RLIMIT_MEMLOCK is too small. */
bool secret_is_locked(void);

#endif
