/* Probation: an office of the Court Support Services Division, or one of its units, each as a party of its own. It supervises, reports violations, takes cases
 * in from the courts and gives them to other states through the compact office. Queries are answered from the warrants that it issued. */
#ifndef ADAPTERS_PROBATION_PROBATION_H
#define ADAPTERS_PROBATION_PROBATION_H

#include "adapters/kind/kind.h"

extern const struct kind probation_kind;

#endif
