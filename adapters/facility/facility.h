/* A correctional facility: pushes releases, as exports of comma-separated values (adapters/csv) or as NIEM XML custody release
 * reports, and receives release authorizations. */
#ifndef ADAPTERS_FACILITY_FACILITY_H
#define ADAPTERS_FACILITY_FACILITY_H

#include "adapters/kind/kind.h"

extern const struct kind facility_kind;

#endif
