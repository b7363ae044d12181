#include "broker/warden/count.h"

#include "base/mem.h"
#include "base/pack.h"

#include <string.h>

/* Metrics live as long as the program: a process that may lie must not be able to make any number of them. */
enum { COUNT_MOST = 256, COUNT_NAME_MAX = 64, COUNT_HELP_MAX = 200, COUNT_STEP_MAX = INT32_MAX };

#define COUNT_PREFIX "liaison_link"

struct share {
	struct metric *metric;
	bool is_gauge;
	int64_t number; /* that the process has in it */
};

struct count {
	struct share shares[COUNT_MOST];
	size_t shares_count;
};

struct change {
	char name[COUNT_NAME_MAX + 1], label[COUNT_NAME_MAX + 1], value[COUNT_NAME_MAX + 1], help[COUNT_HELP_MAX + 1];
	bool has_label, is_gauge;
	int64_t by;
};

struct count *count_new(void)
{
	return mem_alloc(sizeof(struct count));
}

void count_free(struct count *count)
{
	mem_free(count);
}

static void take_word(struct pack_in *in, const char *field, size_t most, char *into)
{
	struct bytes text = pack_text(in, field, most);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || text.at[i] > '~')
			pack_fail(in, CODE_MALFORMED, field, "is no plain text");
	if (!in->failed)
		memcpy(into, text.at, text.len);
}

static bool take_word_or_nil(struct pack_in *in, const char *field, char *into)
{
	if (pack_try_nil(in))
		return false;
	take_word(in, field, COUNT_NAME_MAX, into);
	return true;
}

static void take_change(struct pack_in *in, struct change *change)
{
	pack_array_of(in, "change", 6);
	take_word(in, "name", COUNT_NAME_MAX, change->name);
	take_word(in, "help", COUNT_HELP_MAX, change->help);
	change->has_label = take_word_or_nil(in, "label", change->label);
	if (take_word_or_nil(in, "value", change->value) != change->has_label)
		pack_fail(in, CODE_MALFORMED, "value", "a label has a value, and a value a label");
	change->is_gauge = pack_bool(in, "gauge");
	change->by = pack_int(in, "by", change->is_gauge ? -COUNT_STEP_MAX : 0, COUNT_STEP_MAX);
	if (!in->failed && strncmp(change->name, COUNT_PREFIX, strlen(COUNT_PREFIX)) != 0)
		pack_fail(in, CODE_MALFORMED, "name", "is no metric of a gateway");
}

static struct metric *metric_of(const struct change *change)
{
	const char *label = change->has_label ? change->label : NULL, *value = change->has_label ? change->value : NULL;
	return change->is_gauge ? metric_gauge(change->name, change->help, label, value)
	                        : metric_counter(change->name, change->help, label, value);
}

static struct share *share_of(struct count *count, const struct change *change)
{
	/* A name that is new could be the first of many: first it must have a place. */
	if (count->shares_count == COUNT_MOST)
		return NULL;
	struct metric *metric = metric_of(change);
	for (size_t i = 0; i < count->shares_count; i++)
		if (count->shares[i].metric == metric)
			return &count->shares[i];
	struct share *share = &count->shares[count->shares_count++];
	*share = (struct share){.metric = metric, .is_gauge = change->is_gauge};
	return share;
}

result count_take(struct count *count, struct bytes packed, struct err *err)
{
	struct pack_in in = pack_in_scanned(packed, err);
	size_t changes = pack_array(&in, "");
	for (size_t i = 0; i < changes && !in.failed; i++) {
		struct change change = {.by = 0};
		take_change(&in, &change);
		struct share *share = in.failed ? NULL : share_of(count, &change);
		if (!in.failed && !share)
			pack_fail(&in, CODE_MALFORMED, "", "more metrics than a gateway has");
		if (in.failed)
			break;
		metric_add(share->metric, change.by);
		share->number += share->is_gauge ? change.by : 0;
	}
	return pack_end(&in);
}

void count_forget(struct count *count)
{
	for (size_t i = 0; i < count->shares_count; i++) {
		if (count->shares[i].is_gauge)
			metric_add(count->shares[i].metric, -count->shares[i].number);
		count->shares[i].number = 0;
	}
}
