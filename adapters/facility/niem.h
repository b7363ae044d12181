/* Custody release reports in NIEM XML, of the kind that OJBC's exchange specifications describe: read into drafts of
 * release.notification/1, and written from received ones in the names of NIEM 6. Elements count by namespace and local name, of
 * NIEM 2 to 6. What is read comes from the table in niem.c; whatever else a report says is listed by path. Thread: the adapter's
 * loop. */
#ifndef ADAPTERS_FACILITY_NIEM_H
#define ADAPTERS_FACILITY_NIEM_H

#include "adapters/facility/facility_settings.h"
#include "adapters/kind/kind.h"

/* Once, before the first document, while there is one thread. */
void niem_prepare(void);
/* One report tells one release: one draft, or faults with the line and the path of each. */
void niem_read(const struct facility_settings *settings, const struct kind_host *host, struct bytes document,
               struct kind_reading *into);
/* Appends the report; *ret_wrote false for other types and for what XML cannot say. It reads back to the same body. too_large
 * when `out` is full. */
RESULT niem_write(const struct kind_message *message, struct buf *out, bool *ret_wrote, struct err *err);

#endif
