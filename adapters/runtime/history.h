/* History: the last head of the hub's ledger that this adapter has verified, and whether the hub goes on from it. Each head that comes is checked for its
 * signature and for the proof that what was verified before is still at its beginning. A hub that shows less, or another past, is refused (code history)
 * until it shows again what continues the known head, or until an operator accepts what it shows: history_accept.
 *   behind     fewer entries than were verified: the hub's store is older. It passes by itself when the hub is whole again
 *   rewritten  more entries, and no proof that those that were verified are among them
 *   forked     as many, and others
 * What was refused is kept as evidence: in the box, and as files in data/history. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_HISTORY_H
#define ADAPTERS_RUNTIME_HISTORY_H

#include "adapters/runtime/office.h"
#include "schemas/frame.h"

struct history;

/* Reads what the box remembers; corrupt when that is damaged. */
RESULT history_new(struct office *office, struct history **ret, struct err *err);
void history_free(struct history *history);

int64_t history_known(const struct history *history); /* entries, for HELLO; 0: none */
/* Judges the chain and the head of a WELCOME, or of a HEAD. history: the link must be left; signature, certificate, revoked, protocol likewise. */
RESULT history_welcome(struct history *history, const struct frame_welcome *welcome, struct err *err);
RESULT history_head(struct history *history, const struct frame_head *frame, struct err *err);

/* Appends {size, root, at, refused}: refused is nil or {what, since, size, root, at, reason}. */
void history_show(const struct history *history, struct buf *out);
/* Appends the known head as a packed map (certs/head_file.h). not_found: none is known yet. */
RESULT history_known_head(struct history *history, struct buf *out, struct err *err);

/* An operator's decision, with the adapter stopped: the refused head of that size whose root begins with root_hex (16 digits at least) is what the adapter goes
 * on from. Kept in the box: who, why, when, what was known and what was accepted. not_found: no such head was refused. */
struct history_decision {
	int64_t size;
	const char *root_hex, *by, *why;
};
RESULT history_accept(struct box *box, const struct history_decision *decision, struct err *err);
/* Appends the array of what was refused and accepted, oldest first: {what, at, by, why, known, offered}. */
RESULT history_journal(struct box *box, struct buf *out, struct err *err);

#endif
