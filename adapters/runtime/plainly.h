/* What the ports say of messages, verdicts and outcomes, in the plain form. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_PLAINLY_H
#define ADAPTERS_RUNTIME_PLAINLY_H

#include "adapters/runtime/office.h"

/* The plain form of a delivery on its way to the agency's system: what is sealed for us is opened. */
RESULT plainly_delivery(const struct office *office, struct bytes envelope, struct buf *out, struct err *err);
/* {id, state: waiting|accepted|refused, verdict: {code, field, reason, entry, duplicate, recipients [{party, connected, age_ms}]}, outcomes [{recipient, what, code, reason, at, receipt}]}
 * of an own message; not_found. event: what "event" shall say, NULL for none. */
RESULT plainly_fate(struct office *office, const uint8_t *id, const char *event, struct buf *out, struct err *err);
/* {party, kind, title, hub, uplink, error, since, waiting, unhanded, certificate_until, version} */
RESULT plainly_status(struct office *office, struct buf *out, struct err *err);
/* messages, unmapped, faults: three pairs of a map, of what a document was read as. */
void plainly_reading(const struct kind_reading *reading, struct buf *out);
/* {code, field, reason, remedy} */
void plainly_error(const struct err *why, struct buf *out);

#endif
