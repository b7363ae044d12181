/* What the files of the spool port share; nobody else includes this. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_PORT_SPOOL_INSIDE_H
#define ADAPTERS_RUNTIME_PORT_SPOOL_INSIDE_H

#include "adapters/runtime/port_spool.h"
#include "base/log.h"

enum { SPOOL_RESCAN_MS = 5000, SPOOL_TELL_MS = 60000, SPOOL_NAME_MAX = 200, SPOOL_TURN_FILES = 64, SPOOL_STATUS_MAX = 64 << 20 };

enum spool_folder { SPOOL_OUTBOX, SPOOL_SENT, SPOOL_REFUSED, SPOOL_INBOX, SPOOL_FOLDERS };

struct port_spool {
	struct office *office;
	char *folders[SPOOL_FOLDERS];
	const struct kind_format *format; /* deliveries are written in it where it has a word for them; NULL: JSON */
	bool hand_over;
	struct buf told;      /* ids whose status is written: their marks go with the next transaction */
	bool is_behind;       /* some status could not be written */
	struct loop_folder *watch;
	struct loop_timer *rescan;
	struct log_gate gate; /* whoever may write to the outbox can cause these lines */
};

/* port_spool.c */
char *port_spool_path(const struct port_spool *port, enum spool_folder folder, const char *name, const char *ending); /* owned */
void port_spool_fault(const char *what, const struct err *why); /* logs it */
/* A small file beside a document; what goes wrong is logged. */
void port_spool_write(struct port_spool *port, enum spool_folder folder, const char *name, const char *ending, struct bytes text);
/* Marks in this transaction that the status of a message is to be written: NAME.ID.status.json, what became of one message of a document. What a death
 * leaves marked is written at the next start. */
RESULT port_spool_mark(struct port_spool *port, const uint8_t *id, struct err *err);
/* Writes what was marked, after the commit. */
void port_spool_status(struct port_spool *port, const uint8_t *id);
/* Which file a message came from, so that its status can be written beside it: noted under the message's id. */
void port_spool_note(const struct uuid *id, char into[static 48]);

/* port_spool_in.c: reads what is in the outbox. ctx: the port. */
void port_spool_scan(void *ctx);
/* What a death left of a refusal: the reason, .NAME.error, is shown beside the document that was put away, or removed. */
void port_spool_recover_reason(struct port_spool *port, const char *hidden);

/* port_spool_out.c: a delivery that a death left hidden in the inbox is shown if it was handed over. */
void port_spool_recover(struct port_spool *port, const char *hidden);

#endif
