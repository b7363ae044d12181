/* Single values on their way between text and message; the turns are those of ncic_map.h. Thread: any, pure. */
#ifndef ADAPTERS_NCIC_NCIC_TURN_H
#define ADAPTERS_NCIC_NCIC_TURN_H

#include "adapters/ncic/ncic_fields.h"

enum ncic_turn {
	NCIC_TURN_TEXT,
	NCIC_TURN_DATE,   /* CCYYMMDD, YYYY-MM-DD */
	NCIC_TURN_NAME,   /* ncic_name.h */
	NCIC_TURN_WEIGHT, /* three digits, an integer */
	NCIC_TURN_YEAR,   /* four digits, an integer */
	NCIC_TURN_FLAG,   /* Y or N, a boolean */
	NCIC_TURN_MONEY,  /* dollars-cents, a number */
	NCIC_TURN_STATE,  /* NB, GM, AM, MK in the text are NE, GU, AS, MP in messages; a state or territory that messages know */
	NCIC_TURN_PLACE,  /* the same letters; a country will do */
	NCIC_TURN_CATEGORY, /* spaces for underscores */
	NCIC_TURN_INMATE,   /* OA-00312845, an inmate number */
	NCIC_TURN_LIMIT,    /* extradition: 01 to 06 are 1 to 6 */
	NCIC_TURN_COUNT,    /* digits, an integer */
	NCIC_TURN_NUMBER    /* a miscellaneous number that is no inmate number */
};

/* Whether a value that has passed its edit can be said in a message, too. */
bool ncic_turn_fits(enum ncic_turn turn, struct bytes value);
/* Puts it, packed, as messages have it. */
void ncic_turn_put(enum ncic_turn turn, struct bytes value, struct buf *out);
/* Adds a packed value in the letters of the text, cut to the limit where it is running text. False when the field cannot say it.
 */
bool ncic_turn_say(enum ncic_turn turn, struct bytes packed, const struct ncic_fields_rule *rule, struct buf *out);

#endif
