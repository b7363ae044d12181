/* Withholding: an envelope without the parts that its recipient may not see, and the consents that deliveries rest on, asked again at the time of each.
 * The originator's signature is over the header, so that it holds for what is left. Thread: router. */
#ifndef BROKER_ROUTE_WITHHOLD_H
#define BROKER_ROUTE_WITHHOLD_H

#include "broker/route/agreement.h"
#include "broker/route/session.h"

/* Writes an envelope again without the parts of the mask (bit i: the header's part i; -1: all). What is not there already stays away. */
RESULT withhold_encode(struct bytes envelope, int64_t withheld, struct buf *out, struct err *err);
/* Names of the header's parts in the mask, as a packed array. */
void withhold_put_names(const struct message *message, int64_t mask, struct buf *out);
/* What the ledger says of an accepted message, packed: [[party, part, code]…], one for each part that a recipient does not get. */
void withhold_put_all(const struct message *message, const struct agreement_recipient *recipients, size_t count, struct buf *out);

/* Whether what a queued delivery rests on has gone since: its consent was revoked or has expired. */
RESULT withhold_is_gone(struct core *core, const struct store_queued *queued, const char *recipient, struct bytes envelope, bool *ret_gone,
                        struct err *err);
/* Notes a delivery that must not go as it is: the next withhold_decide sees to it. */
void withhold_doubt(struct core *core, const struct store_place *place);
/* Goes before a commit: takes the parts whose consent is gone out of the deliveries in doubt, and puts that on the record; they leave after the commit. */
RESULT withhold_decide(struct core *core, struct err *err);

#endif
