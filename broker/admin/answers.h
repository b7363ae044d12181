/* What the operator's questions are answered with, as packed maps: what the admin thread knows by itself, and what it makes
 * of the router's answers. Thread: admin. */
#ifndef BROKER_ADMIN_ANSWERS_H
#define BROKER_ADMIN_ANSWERS_H

#include "broker/config/snapshot.h"
#include "broker/index/index.h"

enum { ANSWERS_MAX = 16 << 20 };

/* Where answers come from. All lent. */
struct answers {
	struct snapshot *snapshot;
	const char *file;        /* the configuration's */
	struct index_view *view; /* NULL: no index */
	struct store *reader;
	int64_t started_mono;
};

/* Puts {error: {code, field, reason}}. */
void answers_put_error(const struct err *why, struct buf *out);

/* Puts the lines of a text, each ended by a line break, as an array. */
void answers_put_lines(struct bytes text, struct buf *out);

/* request: the packed question; out: the packed answer. An error is to be put by the caller. */
RESULT answers_metrics(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* {trace: [row…]} of {what, most?}. */
RESULT answers_trace(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* {size, root, at, hub, head}. not_found before the first. */
RESULT answers_ledger_head(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* {faults: [line…]} of the configuration file as it is now; nothing is applied. */
RESULT answers_check(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);

/* told: the router's answer. */
RESULT answers_status(const struct answers *answers, struct bytes request, struct bytes told, struct buf *out, struct err *err);
/* The one of the router's dead_list that {party, id} means, with the message's header. */
RESULT answers_dead_show(const struct answers *answers, struct bytes request, struct bytes told, struct buf *out,
                         struct err *err);

#endif
