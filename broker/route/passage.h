/* A message on its passage through the hub, as the rules of the field see it: one that is about to be accepted, or a held one that is let through.
 * Everything but the plan is lent. Thread: router. */
#ifndef BROKER_ROUTE_PASSAGE_H
#define BROKER_ROUTE_PASSAGE_H

#include "broker/exchange/exchange.h"
#include "broker/record/record.h"
#include "broker/route/core.h"

enum { PASSAGE_RECIPIENTS_MAX = 1024 };

struct passage {
	const struct message *message;
	const struct catalogue_type *type;
	struct bytes main;           /* packed main part; may be empty */
	const char *from;
	int64_t signed_at, now;
	const char *recipients[PASSAGE_RECIPIENTS_MAX];
	size_t recipients_count;
	struct record_plan plan;     /* what it does to records: rules_judge makes it, rules_done frees it */
};

#endif
