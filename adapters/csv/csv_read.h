/* Exports of an agency's system as comma-separated values, read by the columns that the configuration names: every row is one draft, and a
 * document with any fault yields faults only, all of them at once, each with its line and its column. Thread: the adapter's loop. */
#ifndef ADAPTERS_CSV_CSV_READ_H
#define ADAPTERS_CSV_CSV_READ_H

#include "adapters/csv/csv_plan.h"
#include "adapters/kind/kind.h"

/* plan NULL: nobody has told what the columns mean. Columns that no field takes are listed once as unmapped. */
void csv_read(const struct csv_plan *plan, struct bytes document, struct kind_reading *into);

/* Reads by the host's plan; there is no writing. */
extern const struct kind_format csv_format;

#endif
