/* The `facility` group of an adapter's configuration: what NIEM XML leaves out. All of it may be left out where the adapter has a
 * title. What exports of comma-separated values mean is in the group `csv` (adapters/csv).
 *
 *   facility = {
 *     name = "Osborn Correctional Institution";     where a document does not name the facility; empty: the adapter's title
 *     code = "OCI";
 *     zone = "America/New_York";                    of times that do not say theirs; or an offset like "-05:00"
 *     values = {                                    the catalogue's code = this agency's words for it, separated by commas
 *       reason = { PAROLE = "PAR"; END_OF_SENTENCE = "EOS, TIME SERVED"; };
 *       sex = { … }; race = { … }; ethnicity = { … };
 *     };
 *   };
 */
#ifndef ADAPTERS_FACILITY_FACILITY_SETTINGS_H
#define ADAPTERS_FACILITY_FACILITY_SETTINGS_H

#include "base/conf.h"

struct facility_values {
	struct conf_pairs reason, sex, race, ethnicity; /* code = words */
};

struct facility_settings {
	char *name, *code, *zone;
	struct facility_values values;
};

extern const struct conf_table facility_settings_table;

#endif
