/* One message on its way to a verdict: what the files that judge and accept it share. Thread: router. */
#ifndef BROKER_ROUTE_ADMISSION_H
#define BROKER_ROUTE_ADMISSION_H

#include "broker/route/agreement.h"
#include "broker/route/settle.h"
#include "broker/route/verdicts.h"

struct admission {
	struct core *core;
	const struct job *job;
	const struct candidate *candidate;
	const struct snapshot_party *from;
	int64_t now;
	struct agreement_recipient recipients[AGREEMENT_RECIPIENTS_MAX];
	size_t recipients_count;
	struct settled settled; /* of a receipt */
	bool is_receipt;
	struct verdicts *verdicts;
};

#endif
