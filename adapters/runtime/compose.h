/* Composing: a draft becomes a message of this party: id, times, defaults of the catalogue, salted hashes, the header that will be signed. It is judged here by the same
 * rules as at the hub, so that whoever wrote it hears of a fault at once and at home. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_COMPOSE_H
#define ADAPTERS_RUNTIME_COMPOSE_H

#include "adapters/runtime/office.h"

/* Puts the message into the outbox (within the turn's transaction). tag: stays here, comes back with answers; may be NULL. A draft with an id that is in the outbox
 * already is a duplicate if it says the same (ret_duplicate), otherwise duplicate_conflict. Refusals: malformed, unknown_type, schema, authority, too_large, expired, consent (a part of class P2
 * cannot be sealed). */
RESULT compose_draft(struct office *office, const struct draft *draft, const char *tag, struct uuid *ret_id, bool *ret_duplicate, struct err *err);
/* The same from the plain form. */
RESULT compose_plain(struct office *office, struct bytes plain, const char *tag, struct uuid *ret_id, bool *ret_duplicate, struct err *err);
/* The same checks without putting it anywhere. */
RESULT compose_check(struct office *office, struct bytes plain, struct err *err);
/* The signed answer of this adapter to a delivery: received, or refused with the reason (why != NULL). */
RESULT compose_receipt(struct office *office, const struct message *of, const struct hash *leaf, const struct err *why, struct err *err);

#endif
