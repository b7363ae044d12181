/* What a text leaves unsaid because it goes without saying, and the other way round: what need not be written because it would be
 * read so anyway.
 *
 *   agency AGN (and confirmer, requester)  the agency whose ORI the header has     OLS  the state of the ORI
 *   warrant number WNO                     OCA; of a change, the record's          CAT  by OFF and EXL
 *   authority AUN AUT                      the agency, ENTERING AGENCY             CTY STA  UNKNOWN, the state of the ORI
 *   reason of a cancel RSN                 NOT STATED
 *
 * Thread: any, pure. */
#ifndef ADAPTERS_NCIC_NCIC_IMPLY_H
#define ADAPTERS_NCIC_NCIC_IMPLY_H

#include "adapters/ncic/ncic_keys.h"

/* Who says a text: the agency of the host when the header has its ORI, else nobody but the ORI. A view of one of the two. */
const char *ncic_imply_agency(const struct kind_host *host, const char *ori);
/* Adds what goes without saying. number: of the record that a change is about, or empty. What is added are views of the text, of
 * agency and of number. */
void ncic_imply(struct ncic_text *text, const struct ncic_keys_key *key, const char *agency, const char *number);
/* Takes out what ncic_imply would add again. */
void ncic_imply_not(struct ncic_text *text, const struct ncic_keys_key *key, const char *agency);
/* A license or plate of a state that messages do not know is taken out, and listed; key NULL: also one that is not whole. */
void ncic_imply_no_foreign(struct ncic_text *text, const struct ncic_keys_key *key, struct kind_reading *into);

#endif
