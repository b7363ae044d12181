/* The spool folder: an agency system that knows files and nothing else.
 *   outbox/   documents to send, put there by an atomic rename (a leading dot or the ending .tmp hides one that is being written)
 *   sent/     what was taken, with NAME.ID.status.json beside it for each message: verdict and outcomes
 *   refused/  what was not, each with NAME.error beside it: LINE: FIELD: code: reason, one a line
 *   inbox/    deliveries, to be taken away by the agency system
 * A document is taken once, however often the adapter dies on the way, and a delivery appears once. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_PORT_SPOOL_H
#define ADAPTERS_RUNTIME_PORT_SPOOL_H

#include "adapters/runtime/office.h"

RESULT port_spool_new(struct office *office, const char *folder, const char *format, bool hand_over, struct port_spool **ret, struct err *err);
void port_spool_free(struct port_spool *port);
/* The inbox table has deliveries to hand over: writes those that are waiting. */
void port_spool_deliver(struct port_spool *port);
/* Something became of the message that was taken from a file here: its status beside the file is written anew. */
void port_spool_fate(struct port_spool *port, const uint8_t *id);

#endif
