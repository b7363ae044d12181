/* What a record system answers (1L01…), read into the message that says the same:
 *
 *   NAM/… NIC/… OCA/…                  warrant.accepted/1
 *   REJ - FIELD ERROR TAG              warrant.rejected/1
 *   REJ - ON FILE NIC/… OCA/…          the same
 *   NO NCIC WANT …, NOTHING ON FILE    query.result/1, NO_RECORD
 *   MKE/WANTED PERSON …                query.result/1, HIT
 *   $.L. LOCATE NIC/… LOCATED/…        warrant.locate/1
 *
 * and anything else admin.message/1, in its own words. These forms were seen in few places and want a primary source. An answer is
 * words for people: a field in it that does not pass its edit is listed, not refused. Thread: any, pure. */
#ifndef ADAPTERS_NCIC_NCIC_ANSWERED_H
#define ADAPTERS_NCIC_NCIC_ANSWERED_H

#include "adapters/ncic/ncic_text.h"

/* Adds one draft; what no place takes is listed. */
void ncic_answered_put(struct ncic_text *text, struct kind_reading *into);

#endif
