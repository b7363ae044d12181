#include "broker/wires/outlet.h"

#include "base/mem.h"

#include <string.h>
#include <sys/queue.h>

enum { OUTLET_RETRY_MS = 2 };

struct waiting {
	struct job *job;
	STAILQ_ENTRY(waiting) next;
};

struct line {
	struct wire *wire; /* borrowed */
	STAILQ_HEAD(, waiting) waiting;
};

struct outlet {
	struct line *lines;
	unsigned count;
	struct loop_timer *timer;
	loop_fn on_room;
	void *ctx;
};

/* False when the other side is full. A job that nobody will ever take any more is freed. */
static bool offer(struct line *line, struct job *job)
{
	struct err ignored;
	result r = job_give(line->wire, &job, false, &ignored);
	if (r.code == CODE_BUSY)
		return false;
	job_free(job);
	return true;
}

static void flush(struct line *line)
{
	struct waiting *first;
	while ((first = STAILQ_FIRST(&line->waiting)) && offer(line, first->job)) {
		STAILQ_REMOVE_HEAD(&line->waiting, next);
		mem_free(first);
	}
}

static void on_timer(void *ctx)
{
	struct outlet *outlet = ctx;
	bool room = false;
	for (unsigned i = 0; i < outlet->count; i++) {
		struct line *line = &outlet->lines[i];
		if (STAILQ_EMPTY(&line->waiting))
			continue;
		flush(line);
		room = room || STAILQ_EMPTY(&line->waiting);
	}
	if (outlet_is_idle(outlet))
		loop_timer_set(outlet->timer, -1, 0);
	if (room)
		outlet->on_room(outlet->ctx);
}

static void put(struct outlet *outlet, struct line *line, struct job *job)
{
	if (STAILQ_EMPTY(&line->waiting) && offer(line, job))
		return;
	if (outlet_is_idle(outlet))
		loop_timer_set(outlet->timer, OUTLET_RETRY_MS, OUTLET_RETRY_MS);
	struct waiting *waiting = mem_alloc(sizeof(*waiting));
	waiting->job = job;
	STAILQ_INSERT_TAIL(&line->waiting, waiting, next);
}

bool outlet_give(struct outlet *outlet, struct job *job)
{
	struct line *line = &outlet->lines[job_verifier(job->link, outlet->count)];
	put(outlet, line, job);
	return STAILQ_EMPTY(&line->waiting);
}

void outlet_tell_others(struct outlet *outlet, const struct job *link_up)
{
	for (unsigned i = 0; i < outlet->count; i++) {
		if (i == job_verifier(link_up->link, outlet->count))
			continue;
		struct job *job = job_new(JOB_LINK_UP, link_up->link);
		memcpy(job->party, link_up->party, sizeof(job->party));
		job->signer = link_up->signer ? signer_ref(link_up->signer) : NULL;
		job->frame = link_up->frame ? blob_ref(link_up->frame) : NULL;
		put(outlet, &outlet->lines[i], job);
	}
}

bool outlet_is_full(const struct outlet *outlet, uint64_t link)
{
	return !STAILQ_EMPTY(&outlet->lines[job_verifier(link, outlet->count)].waiting);
}

bool outlet_is_idle(const struct outlet *outlet)
{
	for (unsigned i = 0; i < outlet->count; i++)
		if (!STAILQ_EMPTY(&outlet->lines[i].waiting))
			return false;
	return true;
}

struct outlet *outlet_new(struct loop *loop, struct wire *const *wires, unsigned count, loop_fn on_room, void *ctx)
{
	struct outlet *outlet = mem_alloc(sizeof(*outlet));
	outlet->lines = mem_array(count, sizeof(*outlet->lines));
	outlet->count = count;
	outlet->on_room = on_room;
	outlet->ctx = ctx;
	for (unsigned i = 0; i < count; i++) {
		outlet->lines[i].wire = wires[i];
		STAILQ_INIT(&outlet->lines[i].waiting);
	}
	outlet->timer = loop_timer_new(loop, on_timer, outlet);
	return outlet;
}

static void free_line(struct line *line)
{
	struct waiting *first;
	while ((first = STAILQ_FIRST(&line->waiting))) {
		STAILQ_REMOVE_HEAD(&line->waiting, next);
		job_free(first->job);
		mem_free(first);
	}
}

void outlet_free(struct outlet *outlet)
{
	if (!outlet)
		return;
	for (unsigned i = 0; i < outlet->count; i++)
		free_line(&outlet->lines[i]);
	loop_timer_free(outlet->timer);
	mem_free(outlet->lines);
	mem_free(outlet);
}
