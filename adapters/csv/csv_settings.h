/* The group `csv` of an adapter's configuration: what an export of comma-separated values means. Every row is one message of one type.
 *
 *   csv = {
 *     type = "release.notification/1";            which message a row is
 *     delimiter = ",";                            or ";", "|", "tab"
 *     dates = "MM/DD/YYYY";                       schemas/when.h has what may stand here and in times
 *     times = "HH:MM";
 *     zone = "America/New_York";                  of times that do not say theirs; or an offset like "-05:00"
 *     columns = (                                 field = the column's name in the first line of a document
 *       { field = "/person/ids/doc_number"; column = "INMATE NO"; },
 *       { field = "/released_at"; column = "REL DATE"; time = "REL TIME"; },
 *       { field = "/reason"; column = "REL TYPE"; words = [ "PAROLE = PAR", "END_OF_SENTENCE = EOS, TIME SERVED" ]; }
 *     );
 *     constants = ( { field = "/facility/name"; value = "Osborn Correctional Institution"; } );
 *     to = [ "ct.bopp" ]; purpose = "C"; by = { ori = "CT0006400"; };   of every message; may be left out
 *   };
 *
 * A field is a JSON pointer into the message's main part, or /subject/NAME for an identifier of its header. */
#ifndef ADAPTERS_CSV_CSV_SETTINGS_H
#define ADAPTERS_CSV_CSV_SETTINGS_H

#include "base/conf.h"

struct csv_column {
	char *field, *column, *time;
	struct conf_texts words; /* "CODE = WORD, WORD" */
	int line;
};

struct csv_constant {
	char *field, *value;
	int line;
};

struct csv_settings {
	char *type, *delimiter, *dates, *times, *zone, *purpose;
	struct conf_list columns;   /* of struct csv_column */
	struct conf_list constants; /* of struct csv_constant */
	struct conf_texts to;
	struct conf_pairs by;
	int line; /* 0: the group was left out */
};

extern const struct conf_table csv_settings_table;

/* The delimiter as a character, or 0. */
char csv_settings_delimiter(const char *text);

#endif
