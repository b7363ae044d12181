/* The consents that an agency knows of: every consent.grant/1, consent.revoke/1 and consent.expire/1 that passes, as records of the kind "consent". Whoever discloses under
 * one seals for its recipients. Thread: the adapter's loop. */
#ifndef ADAPTERS_KIND_CONSENTS_H
#define ADAPTERS_KIND_CONSENTS_H

#include "adapters/kind/kind.h"

/* Keeps what passes; other types are no business of this. A revocation counts only from who granted the consent or a discloser that it names. An id that is
 * longer than a record's number is not kept. */
RESULT consents_pass(const struct kind_host *host, const struct kind_message *message, struct err *err);
/* The main part of the grant, copied into hold. */
RESULT consents_find(const struct kind_host *host, struct bytes id, struct buf *hold, bool *ret_found, bool *ret_revoked, struct err *err);

#endif
