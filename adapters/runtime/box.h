/* The box: what the adapter has on disk, one SQLite file (adapter.db, WAL, synchronous=FULL): outbox, inbox, outcomes, records, signers, sources.
 * Everything that happens in one turn of the loop is one transaction: it opens by itself with the first write, and is committed at the end of the turn;
 * only then run the calls that were put off with box_after. Thread: the adapter's loop. */
#ifndef ADAPTERS_RUNTIME_BOX_H
#define ADAPTERS_RUNTIME_BOX_H

#include "adapters/kind/kind.h"
#include "base/loop.h"

struct box;

/* What adapter.db is stamped with. Format 2: pages have checksums. */
enum { BOX_HASH_LEN = 32, BOX_APPLICATION = 0x4c494142, BOX_FORMAT = 2 };

/* Opens or makes the file; version for another format, corrupt when damaged, busy when another adapter has it. */
RESULT box_open(const char *folder, struct loop *loop, struct box **ret, struct err *err);
/* True once the disk failed or the file turned out to be damaged: nothing is taken or written any more, the loop was stopped, and the program must end. */
bool box_has_failed(const struct box *box, struct err *ret);
/* True while nothing can be written, because the disk is full. */
bool box_has_trouble(struct box *box, struct err *ret);
/* Calls fn after each turn that could not be written. */
void box_on_trouble(struct box *box, void (*fn)(void *ctx, const struct err *why), void *ctx);
void box_close(struct box *box); /* commits what is open */
/* Commits now and runs what was put off. After a fault everything of the turn is undone, what was put off is told so. */
RESULT box_commit(struct box *box, struct err *err);
/* Undoes all that was written since the last commit; the next box_commit tells so to whoever waits for it. */
void box_undo(struct box *box, const struct err *why);

/* Runs fn after the commit (why NULL), or after it failed and was undone (why set). */
typedef void (*box_after_fn)(void *ctx, int64_t number, const struct err *why);
void box_after(struct box *box, box_after_fn fn, void *ctx, int64_t number);
/* Forgets what was put off for a ctx that goes away. */
void box_forget(struct box *box, const void *ctx);

/* Outbox */
enum box_state { BOX_WAITING, BOX_ACCEPTED, BOX_REFUSED, BOX_SETTLED };
struct box_out {
	int64_t seq;
	const uint8_t *id; /* UUID_LEN */
	int64_t priority;
	bool is_receipt;
	enum box_state state;
	struct bytes header, parts; /* as they will be sent; parts packed */
	struct bytes tag;           /* text; of a receipt the id of what it is of */
	struct bytes verdict;       /* packed, once there is one */
	int64_t created;
};
RESULT box_put_out(struct box *box, const struct box_out *out, int64_t *ret_seq, struct err *err); /* duplicate when the id is taken */
/* Waiting messages in sending order (priority, then seq), without those that wants says no to, which are not read; NULL wants all. Calls fn until it returns false. */
typedef bool (*box_wants_fn)(void *ctx, int64_t seq);
typedef bool (*box_out_fn)(void *ctx, const struct box_out *out);
RESULT box_each_waiting(struct box *box, box_wants_fn wants, box_out_fn fn, void *ctx, struct err *err);
RESULT box_find_out(struct box *box, const uint8_t *id, struct buf *hold, bool *ret_found, struct box_out *ret, struct err *err);
/* Whether the receipt of that message still waits for the hub's verdict. */
RESULT box_receipt_waits(struct box *box, const uint8_t *of, bool *ret_waits, struct err *err);
/* Accepted or refused by the hub. Receipts leave the box with it. */
RESULT box_judged(struct box *box, const uint8_t *id, bool accepted, struct bytes verdict, struct err *err);
RESULT box_counts(struct box *box, int64_t *ret_waiting, int64_t *ret_unhanded, struct err *err);

/* What became of an own message at one recipient: a receipt or a notice. */
struct box_outcome {
	const uint8_t *of, *id; /* the message; the receipt or notice */
	struct bytes recipient;
	struct bytes what;      /* "received", "refused", "expired", "dead_lettered", "discarded" */
	struct bytes code, reason;
	int64_t at;
	struct bytes envelope;  /* the proof */
};
RESULT box_put_outcome(struct box *box, const struct box_outcome *outcome, bool *ret_new, struct err *err);
typedef void (*box_outcome_fn)(void *ctx, const struct box_outcome *outcome);
RESULT box_each_outcome(struct box *box, const uint8_t *of, box_outcome_fn fn, void *ctx, struct err *err);

/* Inbox */
struct box_in {
	int64_t seq;
	const uint8_t *id;
	const uint8_t *leaf; /* BOX_HASH_LEN */
	struct bytes envelope;
	struct bytes tag;    /* of our own message that it answers */
	bool refused;        /* kept only so that it is not judged twice */
	bool handed;
};
RESULT box_put_in(struct box *box, const struct box_in *in, struct err *err); /* duplicate when the id is there */
RESULT box_find_in(struct box *box, const uint8_t *id, struct buf *hold, bool *ret_found, struct box_in *ret, struct err *err);
/* What is not handed over yet, after seq, in order of arrival: fn returns false to stop. Without what came in this turn: it is not there for good before
 * the commit, and nobody may see what could still vanish. */
typedef bool (*box_in_fn)(void *ctx, const struct box_in *in);
RESULT box_each_unhanded(struct box *box, int64_t after_seq, box_in_fn fn, void *ctx, struct err *err);
RESULT box_handed(struct box *box, const uint8_t *id, bool *ret_was_waiting, struct err *err);

/* Documents that were read: never twice. */
RESULT box_source_known(struct box *box, struct bytes key, bool *ret_known, struct err *err);
RESULT box_put_source(struct box *box, struct bytes key, struct err *err);

/* Signers' chains (packed array of bin), small named values. */
RESULT box_put_chain(struct box *box, const uint8_t *fingerprint, struct bytes chain, struct err *err);
RESULT box_chain(struct box *box, const uint8_t *fingerprint, struct buf *hold, bool *ret_found, struct err *err);
RESULT box_note(struct box *box, const char *name, struct bytes value, struct err *err);
RESULT box_noted(struct box *box, const char *name, struct buf *hold, bool *ret_found, struct err *err);
RESULT box_note_drop(struct box *box, const char *name, struct err *err);
/* The names that begin so, in order. Writes only after it. */
typedef void (*box_name_fn)(void *ctx, struct bytes name);
RESULT box_each_note(struct box *box, const char *prefix, box_name_fn fn, void *ctx, struct err *err);

/* Records: kind_host's two functions, ctx is the box. */
RESULT box_put_record(void *box, const struct kind_record *record, struct err *err);
RESULT box_each_record(void *ctx, const char *kind, const char *by, const char *value, bool (*fn)(void *fn_ctx, const struct kind_record *record),
                       void *fn_ctx, struct err *err);

/* Erasure: destroys what the box holds of the messages that `fits` says yes to: the parts of own messages that the hub has judged, the envelopes of
 * deliveries (what was not handed over yet never is), and the records that were made of either. The file is scrubbed after the commit. */
typedef bool (*box_fits_fn)(void *ctx, struct bytes header);
RESULT box_erase(struct box *box, box_fits_fn fits, void *ctx, int64_t *ret_erased, struct err *err);

/* Removes what ended before `before` (ms): settled messages, handed deliveries with their envelopes (the id stays, so that nothing comes twice). */
RESULT box_prune(struct box *box, int64_t before, struct err *err);

#endif
