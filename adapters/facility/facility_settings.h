/* The `facility` group of an adapter's configuration. All of it may be left out where only NIEM XML is read and the adapter has a
 * title.
 *
 *   facility = {
 *     name = "Osborn Correctional Institution";     where a document does not name the facility; empty: the adapter's title
 *     code = "OCI";
 *     zone = "America/New_York";                    of times that do not say theirs; or an offset like "-05:00"
 *     csv = {
 *       delimiter = ",";                            or ";", "|", "tab"
 *       dates = "MM/DD/YYYY";                       adapters/facility/when.h has what may stand here and in times
 *       times = "HH:MM";
 *       columns = { doc_number = "INMATE NO"; person_family = "LAST NAME"; … };   targets: adapters/facility/mapping.h
 *     };
 *     values = {                                    the catalogue's code = this agency's words for it, separated by commas
 *       reason = { PAROLE = "PAR"; END_OF_SENTENCE = "EOS, TIME SERVED"; };
 *       sex = { … }; race = { … }; ethnicity = { … };
 *     };
 *   };
 */
#ifndef ADAPTERS_FACILITY_FACILITY_SETTINGS_H
#define ADAPTERS_FACILITY_FACILITY_SETTINGS_H

#include "base/conf.h"

struct facility_csv {
	char *delimiter, *dates, *times;
	struct conf_pairs columns; /* target = column */
};

struct facility_values {
	struct conf_pairs reason, sex, race, ethnicity; /* code = words */
};

struct facility_settings {
	char *name, *code, *zone;
	struct facility_csv csv;
	struct facility_values values;
};

extern const struct conf_table facility_settings_table;

/* The delimiter as a character, or 0. */
char facility_settings_delimiter(const char *text);

#endif
