/* What a record's steps make of it. Only record*.c use it. Thread: any, pure. */
#ifndef BROKER_RECORD_RECORD_FOLD_H
#define BROKER_RECORD_RECORD_FOLD_H

#include "broker/record/record_row.h"

enum record_fit {
	RECORD_FITS,
	RECORD_NO_MOVE, /* no move leads on from the state */
	RECORD_NOT_BY,  /* one does, but not for this party */
	RECORD_TOO_LATE /* it was signed before all that is kept */
};

/* How the steps turned out. */
struct record_outcome {
	enum record_fit fit; /* of the one at `at`: the first that had to fit and does not */
	size_t at;
	struct bytes state;             /* that it met */
	const struct record_event *met; /* who set it; NULL: nobody */
};

/* Goes through all steps and sets state, owner and set_by of the record, and `to` of each step. */
struct record_outcome record_fold(struct record *record);
/* Puts a step in its place, or in that of the step of the same message; *ret_at is where. False: signed before all that is kept.
 * Folds nothing. */
bool record_fold_insert(struct record *record, const struct record_event *event, size_t *ret_at);
/* The first step becomes part of the base. The record is folded. */
void record_fold_forget(struct record *record);
/* Packs those moves of a type whose conditions hold. Returns how many. */
size_t record_fold_moves(const struct catalogue_moves *moves, struct bytes main, struct buf *out);

#endif
