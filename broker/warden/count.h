/* What the gateway process counted, into the core's own metrics. Thread: its warden's. */
#ifndef BROKER_WARDEN_COUNT_H
#define BROKER_WARDEN_COUNT_H

#include "base/metrics.h"

struct count;

struct count *count_new(void);
void count_free(struct count *count);
/* A packed list of changes, as in a JOB_PULSE. malformed: a metric that is no gateway's, a counter that falls, or too many of them. */
RESULT count_take(struct count *count, struct bytes packed, struct err *err);
/* The process is gone: what it had in gauges is no more. */
void count_forget(struct count *count);

#endif
