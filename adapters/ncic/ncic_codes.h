/* Code lists of NCIC-style text, as data: which codes there are and, where a reader needs them, what they mean. The codes are
 * public facts; the words are ours. Thread: any, pure. */
#ifndef ADAPTERS_NCIC_NCIC_CODES_H
#define ADAPTERS_NCIC_NCIC_CODES_H

#include "base/bytes.h"

enum ncic_codes_list {
	NCIC_CODES_SEX,
	NCIC_CODES_RACE,
	NCIC_CODES_ETHNICITY,
	NCIC_CODES_EYE,
	NCIC_CODES_HAIR,
	NCIC_CODES_SKIN,
	NCIC_CODES_STATE,  /* states and territories of the United States */
	NCIC_CODES_ABROAD, /* provinces of Canada and countries */
	NCIC_CODES_EXTRADITION,
	NCIC_CODES_CAUTION,
	NCIC_CODES_HIT,
	NCIC_CODES_OFFENSE,
	NCIC_CODES_ORIGIN_OWED, /* offenses that say nothing without the original offense */
	NCIC_CODES_PLATE,
	NCIC_CODES_REASON, /* why a record was removed */
	NCIC_CODES_NUMBER, /* prefixes of miscellaneous numbers */
	NCIC_CODES_PURPOSE,
	NCIC_CODES_RECORD, /* what a hit confirmation speaks of */
	NCIC_CODES_CONFIRMATION,
	NCIC_CODES_PRIORITY,
	NCIC_CODES_DISPOSITION,
	NCIC_CODES_FLAG,
	NCIC_CODES_CATEGORY, /* of a warrant; a list of our own */
	NCIC_CODES_SUFFIX,   /* of a person's name */
	NCIC_CODES_CHARACTER, /* of an offense in general */
	NCIC_CODES_FILE,      /* letters that a record's number begins with */
	NCIC_CODES_STATUS,    /* of a warrant, as a modification sets it; a list of our own */
	NCIC_CODES_SUPERVISION, /* a list of our own */
	NCIC_CODES_MARK,      /* scars, marks, tattoos and the like */
	NCIC_CODES_MAKE,
	NCIC_CODES_STYLE,
	NCIC_CODES_COLOR,
	NCIC_CODES_COUNT
};

bool ncic_codes_has(enum ncic_codes_list list, struct bytes code);
/* What a code means, in capitals; empty when the list has no words or not that code. A view that lives for ever. */
struct bytes ncic_codes_words(enum ncic_codes_list list, struct bytes code);
/* The code that means these words; empty when none does. A view that lives for ever. */
struct bytes ncic_codes_by_words(enum ncic_codes_list list, struct bytes words);

#endif
