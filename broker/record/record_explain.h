/* Why a step is refused, in words for the clerk who has to correct it. Only record*.c use it. Thread: any, pure. */
#ifndef BROKER_RECORD_RECORD_EXPLAIN_H
#define BROKER_RECORD_RECORD_EXPLAIN_H

#include "broker/record/record_find.h"
#include "broker/record/record_fold.h"

/* What was tried. */
struct record_attempt {
	const struct record_question *question;
	const struct catalogue_lifecycle *lifecycle;
	const struct record_key *key; /* NULL: the message names no record */
	const struct record *record;  /* NULL: none is on file */
	struct record_outcome outcome;
	size_t at; /* of the step itself */
};

/* Sets *err: lifecycle or authority. */
RESULT record_explain(const struct record_attempt *attempt, struct err *err);
RESULT record_explain_ambiguous(const struct record_attempt *attempt, const struct record_found *found, struct err *err);
RESULT record_explain_no_key(const struct record_attempt *attempt, struct err *err);

#endif
