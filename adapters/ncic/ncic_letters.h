/* Other people's words in the letters of NCIC-style text. The rule, so that what is written can be foretold:
 *   small letters become capitals; letters with accents lose them (É → E, ß → SS, Æ → AE);
 *   typographic quotes and dashes become ' " and -; [ { become (, ] } become ), \ and | become /, ` becomes ', ~ becomes -;
 *   periods, underscores, carets, tabs, line breaks and other control characters become spaces;
 *   every other character becomes ?;
 *   a space that stands for something else is left out beside another, and no space is left at either end.
 * What the set allows already stays as it is, so applying the rule twice changes nothing. Thread: any, pure. */
#ifndef ADAPTERS_NCIC_NCIC_LETTERS_H
#define ADAPTERS_NCIC_NCIC_LETTERS_H

#include "base/bytes.h"

/* Appends `text` (UTF-8) by the rule. */
void ncic_letters_put(struct bytes text, struct buf *out);
/* The same for free text: periods stay, and line breaks become CR LF; empty lines stay, those at the end go. */
void ncic_letters_put_free(struct bytes text, struct buf *out);

#endif
