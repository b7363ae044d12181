/* Sealing at an agency: parts of class P2 are closed for the recipients that the patient's consent names before they leave, and stay closed in the box; they are opened
 * on their way to the agency's own system. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_SEALING_H
#define ADAPTERS_RUNTIME_SEALING_H

#include "adapters/runtime/office.h"

struct sealing; /* our own certificate and key, and the partners' certificates */

/* *ret NULL: the configuration has no sealing. A partner's certificate that is not believed is left out with a line in the log. */
RESULT sealing_load(const struct options *options, const struct trust *trust, struct sealing **ret, struct err *err);
void sealing_free(struct sealing *sealing);

int64_t sealing_until_ms(const struct sealing *sealing); /* when our own certificate ends; 0: there is none */

/* Closes a part of class P2 for the recipients of the consent that its message names, and for ourselves; out: the part's new bytes. consent, with the field: no
 * consent is named, it is not known here, does not hold, or a recipient's certificate is missing. */
RESULT sealing_close(struct office *office, const struct message *message, const struct part *part, struct buf *out, struct err *err);
/* Opens a part. *ret_opened false: it is not sealed for us, or there is no key. malformed, part_hash: it was not what its originator sealed. */
RESULT sealing_open(const struct office *office, struct bytes part, struct buf *out, bool *ret_opened, struct err *err);
/* Opens what can be opened of a message's parts, in their place. hold: `count` bufs that the caller has zeroed, and gives to sealing_done. */
RESULT sealing_open_all(const struct office *office, struct part *parts, size_t count, struct buf *hold, struct err *err);
void sealing_done(struct buf *hold, size_t count);

#endif
