/* Counters, gauges and histograms, and their text in the OpenMetrics 1.0 exposition format. Updating is one relaxed atomic add.
 * Metrics are made at start, live as long as the program, and are found by name for tests. Thread: any. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/bytes.h"

struct metric;

/* name as in "liaison_links_refused"; label and value may be NULL ("code", "revoked"). Asking again for the same gives the same metric. */
struct metric *metric_counter(const char *name, const char *help, const char *label, const char *value);
struct metric *metric_gauge(const char *name, const char *help, const char *label, const char *value);
/* Of microseconds: buckets of powers of two from 1 µs to about 67 s. */
struct metric *metric_histogram_us(const char *name, const char *help, const char *label, const char *value);

void metric_add(struct metric *metric, int64_t by); /* counters by >= 0; gauges any */
void metric_set(struct metric *metric, int64_t to); /* gauges */
void metric_observe_us(struct metric *metric, int64_t us);
int64_t metric_value(const struct metric *metric); /* histogram: the count */
int64_t metric_quantile_us(const struct metric *metric, double q); /* upper bound of the bucket that holds it */
void metrics_print(struct buf *out);

struct metric_change {
	const char *name, *help, *label, *value; /* label and value may be NULL */
	bool is_gauge;
	int64_t by;
};
/* Calls fn for every counter and gauge that has changed since it was last called for it, in the whole program: for one that counts for
 * another. */
void metrics_changes(void (*fn)(const struct metric_change *change, void *ctx), void *ctx);


#endif
