/* Where in a JSON text a place is, for those who must correct it. Thread: any, pure. */
#ifndef SCHEMAS_JSON_LINE_H
#define SCHEMAS_JSON_LINE_H

#include "base/bytes.h"

/* The line, from 1, at which the member or element that a JSON pointer names begins; of one that is not there, the deepest above it that
 * is. The text must be JSON (json_to_pack took it). */
int json_line(struct bytes json, const char *pointer);
/* The line in the reason of a refusal by json_to_pack ("line 3, column 7: …"); 1 when it names none. */
int json_line_of(const struct err *err);

#endif
