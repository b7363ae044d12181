/* The index: trace, search and audit read a second SQLite file (index.db) that a thread of its own fills behind the commits, from the ledger and the
 * stored headers, and that can be deleted and is rebuilt. Thread: its own (index_run), readers have their own connection. */
#ifndef BROKER_INDEX_INDEX_H
#define BROKER_INDEX_INDEX_H

#include "broker/ledger/ledger.h"

struct index; /* the writer */

/* folder as for the store; reader: a store_reader, owned from now on, also when this fails. An index file of another version
 * or of another ledger is removed and rebuilt; a damaged one is set aside as index.db.damaged, with a line in the log, and rebuilt. */
RESULT index_open(const char *folder, struct store *reader, struct index **ret, struct err *err);
void index_close(struct index *index);
/* Indexes what was committed since; at most `most` entries. *ret_more: there is more to do. */
RESULT index_catch_up(struct index *index, size_t most, bool *ret_more, struct err *err);

/* One hop of a message's way, for people: "issued", "signed", "accepted", "sent", "received", "receipt accepted", … */
typedef void (*index_row_fn)(void *ctx, struct bytes packed_row);

struct index_view; /* a reader */
/* reader: as above. The file itself is opened when it is asked, and again when the writer has put another in its place. */
RESULT index_view_open(const char *folder, struct store *reader, struct index_view **ret, struct err *err);
void index_view_close(struct index_view *view);
/* Everything known of a message id, a thread, a prefix of an id (at least 8 hex digits), a receipt's id, or a subject "key=value"
 * or just "value" (any identifier, exactly): one packed map per message, the newest `most`, oldest first:
 *   {id, type, from, to [..], thread, re, subject, issued, signed_at, accepted_at, entry, verdict, hops [{recipient,
 *    state: queued|received|refused|expired|dead|discarded, sent_at, received_at, receipt_at, acked_at, attempts, code, reason,
 *    withheld {part: code}}]}
 * and erased_at once its parts were destroyed. Ids are text; what is not known is left out. A refused message has refused_at, field and reason instead of accepted_at, and its
 * code as verdict. Messages of the same thread are included. not_found; busy while the index is first made; usage when a prefix
 * fits several. */
RESULT index_trace(struct index_view *view, struct bytes what, size_t most, index_row_fn fn, void *ctx, struct err *err);
/* How far it is behind the ledger, in entries. */
RESULT index_behind(struct index_view *view, int64_t *ret_entries, struct err *err);

#endif
