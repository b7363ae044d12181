/* The free text of what is no set of fields: the answer to a query, an administrative message. Thread: any, pure. */
#ifndef ADAPTERS_NCIC_NCIC_ANSWER_H
#define ADAPTERS_NCIC_NCIC_ANSWER_H

#include "adapters/kind/kind.h"

/* The body of a query.result/1 from `from`: each hit with what there is and whom to confirm it with; hits that do not fit into
 * one text are counted, not cut. False when a hit says something that no field can. */
bool ncic_answer_put(struct bytes body, struct bytes from, struct buf *out);
/* The body of an admin.message/1. implied: the name that goes without saying. */
void ncic_answer_put_admin(struct bytes body, struct bytes from, const char *implied, struct buf *out);

#endif
