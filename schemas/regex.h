/* Patterns of schemas: regular expressions over UTF-8, with limits on what a match may cost. PCRE2 behind it.
 * Thread: a compiled pattern is immutable and may be shared; a scratch belongs to one run. */
#ifndef SCHEMAS_REGEX_H
#define SCHEMAS_REGEX_H

#include "base/bytes.h"

struct regex;

/* ECMA's dialect as far as PCRE2 speaks it; found anywhere in the text unless it is anchored. schema with the place in the
 * pattern. */
RESULT regex_new(struct bytes pattern, struct regex **ret, struct err *err);
void regex_free(struct regex *regex); /* NULL is fine */

/* Memory for matching, on the stack of the run, so that a run allocates nothing. Begin it, use it, end it. */
enum { REGEX_SCRATCH_BYTES = 26 * 1024 };
struct regex_scratch {
	void *context, *match; /* PCRE2's, made at the first match */
	size_t used;
	_Alignas(16) unsigned char room[REGEX_SCRATCH_BYTES];
};
void regex_scratch_begin(struct regex_scratch *scratch);
void regex_scratch_end(struct regex_scratch *scratch);

enum regex_answer { REGEX_NO, REGEX_YES, REGEX_GAVE_UP /* a limit was hit, or the text is no UTF-8 */ };
enum regex_answer regex_match(const struct regex *regex, struct bytes text, struct regex_scratch *scratch);

#endif
