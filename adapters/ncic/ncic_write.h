/* A message as NCIC-style text: whatever ncic_map.h has fields for, under the ORI of the agency that says so; the answer to a
 * query as QWR (a key of our own) addressed to this agency, with the control token of the question; an administrative message
 * as AM, ER or SM.
 *
 * The words of messages are brought into the letters of the text by the rule of ncic_letters.h. What cannot be said so at all,
 * in whole or in part, is not written (*ret_wrote false), so that the message is handed over whole in another form. A warrant
 * is written with what it says, also where an entry would have to say more. Thread: the adapter's loop. */
#ifndef ADAPTERS_NCIC_NCIC_WRITE_H
#define ADAPTERS_NCIC_NCIC_WRITE_H

#include "adapters/kind/kind.h"

RESULT ncic_write(const struct kind_host *host, const struct kind_message *message, struct buf *out, bool *ret_wrote,
	              struct err *err);

#endif
