#include "base/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { BUCKETS = 27, BUCKET_INF = BUCKETS }; /* 1 µs, 2 µs … 2^26 µs, and everything above */

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric {
	enum metric_kind kind;
	char *name;
	char *help;
	char *label; /* may be NULL, and then value is too */
	char *value;
	_Atomic int64_t number; /* a histogram's sum */
	_Atomic int64_t buckets[BUCKETS + 1];
	int64_t told; /* of number, by metrics_changes; under `telling` */
	struct metric *older; /* never changes once the metric can be found */
};

/* Metrics are only ever added, at the head, by compare-exchange: readers need no lock, and what a reader holds stays. */
static _Atomic(struct metric *) newest;

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Looks through the list from `from` down to, and without, `until`. */
static struct metric *metric_find(struct metric *from, const struct metric *until, const char *name, const char *label,
                                  const char *value)
{
	for (struct metric *metric = from; metric != until; metric = metric->older)
		if (strcmp(metric->name, name) == 0 && same_text(metric->label, label) && same_text(metric->value, value))
			return metric;
	return NULL;
}

static void metric_free(struct metric *metric)
{
	mem_free(metric->name);
	mem_free(metric->help);
	mem_free(metric->label);
	mem_free(metric->value);
	mem_free(metric);
}

static struct metric *metric_get(enum metric_kind kind, const char *name, const char *help, const char *label, const char *value)
{
	struct metric *head = atomic_load_explicit(&newest, memory_order_acquire);
	struct metric *found = metric_find(head, NULL, name, label, value);

	if (found)
		return found;
	struct metric *fresh = mem_alloc(sizeof *fresh);
	fresh->kind = kind;
	fresh->name = mem_text(name);
	fresh->help = mem_text(help ? help : "");
	fresh->label = mem_text(label);
	fresh->value = mem_text(value);
	fresh->older = head;
	while (!atomic_compare_exchange_weak_explicit(&newest, &head, fresh, memory_order_acq_rel, memory_order_acquire)) {
		/* Somebody was faster; perhaps with the same metric, among those that came since. */
		found = metric_find(head, fresh->older, name, label, value);
		if (found) {
			metric_free(fresh);
			return found;
		}
		fresh->older = head;
	}
	return fresh;
}

struct metric *metric_counter(const char *name, const char *help, const char *label, const char *value)
{
	return metric_get(METRIC_COUNTER, name, help, label, value);
}

struct metric *metric_gauge(const char *name, const char *help, const char *label, const char *value)
{
	return metric_get(METRIC_GAUGE, name, help, label, value);
}

struct metric *metric_histogram_us(const char *name, const char *help, const char *label, const char *value)
{
	return metric_get(METRIC_HISTOGRAM, name, help, label, value);
}

void metric_add(struct metric *metric, int64_t by)
{
	/* A counter that falls is a restart to whoever reads it. */
	if (by < 0 && metric->kind == METRIC_COUNTER)
		return;
	atomic_fetch_add_explicit(&metric->number, by, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t to)
{
	if (metric->kind == METRIC_GAUGE)
		atomic_store_explicit(&metric->number, to, memory_order_relaxed);
}

/* The first bucket whose bound is not below us. */
static size_t bucket_of(int64_t us)
{
	size_t at = 0;

	while (at < BUCKETS && ((int64_t)1 << at) < us)
		at++;
	return at;
}

void metric_observe_us(struct metric *metric, int64_t us)
{
	if (metric->kind != METRIC_HISTOGRAM)
		return;
	us = us < 0 ? 0 : us;
	atomic_fetch_add_explicit(&metric->buckets[bucket_of(us)], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&metric->number, us, memory_order_relaxed);
}

static int64_t load(const _Atomic int64_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

int64_t metric_value(const struct metric *metric)
{
	int64_t count = 0;

	if (metric->kind != METRIC_HISTOGRAM)
		return load(&metric->number);
	for (size_t i = 0; i <= BUCKET_INF; i++)
		count += load(&metric->buckets[i]);
	return count;
}

int64_t metric_quantile_us(const struct metric *metric, double q)
{
	int64_t count = metric_value(metric);
	int64_t seen = 0;

	if (metric->kind != METRIC_HISTOGRAM || count == 0)
		return 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		seen += load(&metric->buckets[i]);
		if (seen > 0 && (double)seen >= q * (double)count)
			return (int64_t)1 << i;
	}
	return INT64_MAX;
}

static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;

void metrics_changes(void (*fn)(const struct metric_change *change, void *ctx), void *ctx)
{
	pthread_mutex_lock(&telling);
	for (struct metric *metric = atomic_load_explicit(&newest, memory_order_acquire); metric; metric = metric->older) {
		int64_t now = load(&metric->number);
		if (metric->kind == METRIC_HISTOGRAM || now == metric->told)
			continue;
		fn(&(struct metric_change){metric->name, metric->help, metric->label, metric->value, metric->kind == METRIC_GAUGE,
		                           now - metric->told}, ctx);
		metric->told = now;
	}
	pthread_mutex_unlock(&telling);
}

/* ── OpenMetrics 1.0 ── */

/* Backslash, line feed and quote are the three that the format escapes, in help texts and label values alike. */
static void print_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_add_text(out, "\\n");
		else if (*text == '\\' || *text == '"')
			buf_printf(out, "\\%c", *text);
		else
			buf_add_byte(out, (uint8_t)*text);
	}
}

static void print_labels(struct buf *out, const struct metric *metric, const char *bound)
{
	if (!metric->label && !bound)
		return;
	buf_add_text(out, "{");
	if (metric->label) {
		buf_printf(out, "%s=\"", metric->label);
		print_escaped(out, metric->value ? metric->value : "");
		buf_add_text(out, bound ? "\"," : "\"");
	}
	if (bound)
		buf_printf(out, "le=\"%s\"", bound);
	buf_add_text(out, "}");
}

static void print_sample(struct buf *out, const struct metric *metric, const char *ending, const char *bound, int64_t number)
{
	buf_printf(out, "%s%s", metric->name, ending);
	print_labels(out, metric, bound);
	buf_printf(out, " %" PRId64 "\n", number);
}

/* The count comes from the buckets just printed, so that the two always agree. */
static void print_histogram(struct buf *out, const struct metric *metric)
{
	int64_t seen = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		char bound[32];
		snprintf(bound, sizeof bound, "%" PRId64 ".0", (int64_t)1 << i);
		seen += load(&metric->buckets[i]);
		print_sample(out, metric, "_bucket", bound, seen);
	}
	seen += load(&metric->buckets[BUCKET_INF]);
	print_sample(out, metric, "_bucket", "+Inf", seen);
	print_sample(out, metric, "_count", NULL, seen);
	print_sample(out, metric, "_sum", NULL, load(&metric->number));
}

static void print_metric(struct buf *out, const struct metric *metric)
{
	switch (metric->kind) {
	case METRIC_COUNTER:
		print_sample(out, metric, "_total", NULL, load(&metric->number));
		break;
	case METRIC_GAUGE:
		print_sample(out, metric, "", NULL, load(&metric->number));
		break;
	case METRIC_HISTOGRAM:
		print_histogram(out, metric);
		break;
	}
}

/* All metrics of one name, which the format wants together; from `at` on, in the order in which they were made. */
static void print_family(struct buf *out, struct metric *const *metrics, size_t count, size_t at)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	const struct metric *first = metrics[at];

	buf_printf(out, "# TYPE %s %s\n# HELP %s ", first->name, types[first->kind], first->name);
	print_escaped(out, first->help);
	buf_add_text(out, "\n");
	for (size_t i = at; i < count; i++)
		if (strcmp(metrics[i]->name, first->name) == 0)
			print_metric(out, metrics[i]);
}

static bool is_first_of_family(struct metric *const *metrics, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(metrics[i]->name, metrics[at]->name) == 0)
			return false;
	return true;
}

void metrics_print(struct buf *out)
{
	struct metric *head = atomic_load_explicit(&newest, memory_order_acquire);
	size_t count = 0;

	for (const struct metric *metric = head; metric; metric = metric->older)
		count++;
	AUTO_FREE struct metric **metrics = mem_array(count + 1, sizeof *metrics);
	for (size_t i = count; head; head = head->older)
		metrics[--i] = head;
	for (size_t i = 0; i < count; i++)
		if (is_first_of_family(metrics, i))
			print_family(out, metrics, count, i);
	buf_add_text(out, "# EOF\n");
}
