/* Erasing at an agency: an order that passes (record.erase/1, sent from here and accepted, or received) destroys what the adapter's own file holds of the messages that it
 * is about. The receipt of the order shows that it was done: it is written in the same transaction. What was handed over before is the agency system's to erase; the
 * order is handed over for that. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_ERASING_H
#define ADAPTERS_RUNTIME_ERASING_H

#include "adapters/runtime/office.h"

/* Does nothing for messages of other types. */
RESULT erasing_pass(struct office *office, const struct kind_message *message, struct err *err);

#endif
