/* One message on its way to a verdict: what the files that judge and accept it share. Thread: router. */
#ifndef BROKER_ROUTE_ADMISSION_H
#define BROKER_ROUTE_ADMISSION_H

#include "broker/route/agreement.h"
#include "broker/route/passage.h"
#include "broker/route/settle.h"
#include "broker/route/verdicts.h"

struct admission {
	struct core *core;
	const struct job *job;
	const struct candidate *candidate;
	const struct snapshot_party *from;
	int64_t now;
	int64_t seq; /* once it is accepted */
	struct agreement_recipient recipients[AGREEMENT_RECIPIENTS_MAX];
	size_t recipients_count;
	struct settled settled; /* of a receipt */
	bool is_receipt;
	struct passage passage;
	struct err held; /* code held: an interlock stands against it; code OK: nothing does */
	struct verdicts *verdicts;
};

#endif
