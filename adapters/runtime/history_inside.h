/* What the files of history share: what the box remembers of the hub's ledger. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_HISTORY_INSIDE_H
#define ADAPTERS_RUNTIME_HISTORY_INSIDE_H

#include "adapters/runtime/box.h"
#include "base/pack.h"
#include "certs/head.h"

enum history_refusal { HISTORY_FINE, HISTORY_BEHIND, HISTORY_REWRITTEN, HISTORY_FORKED, HISTORY_REFUSAL_COUNT };

struct history_state {
	bool has_known;
	struct head known;
	struct buf known_head; /* as signed */
	enum history_refusal refused;
	int64_t refused_at;
	struct buf offered_head; /* that was refused; empty: none was shown */
};

void history_state_init(struct history_state *state);
void history_state_done(struct history_state *state);
const char *history_refusal_text(enum history_refusal refusal);
RESULT history_state_read(struct box *box, struct history_state *ret, struct err *err);
/* In the turn's transaction. A new refusal, and the end of one, go into the journal. */
RESULT history_state_write(struct box *box, const struct history_state *state, struct err *err);
/* Begins a map of `pairs` with size, root and at: nil without a head. */
void history_put_head(const struct head *head, bool is_there, size_t pairs, struct buf *out);

#endif
