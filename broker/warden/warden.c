#include "broker/warden/warden.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/warden/count.h"
#include "broker/wires/mandate.h"
#include "broker/wires/outlet.h"

#include <stdio.h>
#include <string.h>

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(at, size) mem_free(at)
#include <uthash.h>

enum {
	WARDEN_JOBS_TURN = 256,     /* in one turn of the loop, from either side */
	WARDEN_HIGH_WATER = 4096,
	WARDEN_VERIFIER_HIGH_WATER = 32,
	WARDEN_PULSE_MS = 3000,
	WARDEN_SILENCE = 3          /* pulses without an answer, and the process is taken for stuck */
};

/* A link that the process has announced. */
struct standing {
	uint64_t link;
	char party[TRUST_NAME_MAX];
	UT_hash_handle hh;
};

struct warden {
	unsigned number, gateways, verifiers;
	struct snapshot *snapshot;
	struct loop *loop;
	struct wire *in, *to_main, **to_verifiers;
	struct loop_wire *watch;
	struct outlet *inward; /* to the verifiers */
	struct loop_timer *pulse;
	struct count *count;

	uint32_t incarnation;
	struct wire *process; /* NULL: there is none, or none that is heard any more */
	struct loop_wire *process_watch;
	struct outlet *outward;
	struct standing *links;
	int64_t unanswered, unready; /* pulses and mandates that it has not answered */
	bool is_held; /* the verifiers are behind: the process is not heard */
	bool is_stopping, is_calm;
};

static void tell_main(struct warden *warden, struct job *job)
{
	struct err ignored;
	job->link = job_link(warden->number, 0);
	if (FAILED(job_give(warden->to_main, &job, true, &ignored)))
		job_free(job); /* the wires were shut down: main knows */
}

static struct standing *find(const struct warden *warden, uint64_t link)
{
	struct standing *standing = NULL;
	HASH_FIND(hh, warden->links, &link, sizeof(link), standing);
	return standing;
}

static void forget(struct warden *warden, struct standing *standing)
{
	HASH_DEL(warden->links, standing);
	mem_free(standing);
}

/* ── the end of the process ── */

static void hold(struct warden *warden, bool held)
{
	warden->is_held = held;
	if (warden->process)
		loop_wire_pause(warden->process_watch, held);
}

static void bring_in(struct warden *warden, struct job *job)
{
	if (!outlet_give(warden->inward, job))
		hold(warden, true);
}

static void end_link(struct warden *warden, struct standing *standing, const struct err *why)
{
	struct job *job = job_new(JOB_LINK_DOWN, standing->link);
	memcpy(job->party, standing->party, sizeof(job->party));
	job->why = *why;
	job->at_us = clock_mono_us();
	forget(warden, standing);
	bring_in(warden, job);
}

static void drop_process(struct warden *warden)
{
	if (!warden->process)
		return;
	loop_wire_free(warden->process_watch);
	outlet_free(warden->outward);
	wire_free(warden->process);
	warden->process = NULL;
	loop_wire_pause(warden->watch, false);
	count_forget(warden->count);
}

/* Nothing that was on its way to or from it matters any more: adapters come again, and say again what had no verdict. */
static void lose_process(struct warden *warden)
{
	struct standing *standing, *next;
	struct err why;
	drop_process(warden);
	result lost = err_set(&why, CODE_STOPPING, "", "the gateway process ended");
	HASH_ITER(hh, warden->links, standing, next)
		if (FAILED(lost))
			end_link(warden, standing, &why);
}

/* It said what no gateway says, or nothing at all: main is to end it. */
static void distrust(struct warden *warden, const struct err *why)
{
	struct job *job = job_new(JOB_GATEWAY, 0);
	job->number = warden->incarnation;
	job->why = *why;
	lose_process(warden);
	tell_main(warden, job);
}

static void say_calm(struct warden *warden)
{
	if (warden->is_calm)
		return;
	warden->is_calm = true;
	tell_main(warden, job_new(JOB_STOP, 0));
}

/* ── from the process ── */

static RESULT take_link_up(struct warden *warden, struct job *job, struct err *err)
{
	int64_t share = (warden->snapshot->settings.limits.links + warden->gateways - 1) / warden->gateways;
	if (job_gateway(job->link) != warden->number || job_incarnation(job->link) != job_incarnation(job_first_serial(warden->incarnation)))
		return err_set(err, CODE_PROTOCOL, "link", "a link was announced that cannot be its own");
	if (find(warden, job->link))
		return err_set(err, CODE_PROTOCOL, "link", "a link was announced twice");
	if ((int64_t)HASH_COUNT(warden->links) >= 2 * share) /* after a reload it may have more than its share for a while */
		return err_set(err, CODE_PROTOCOL, "link", "more links were announced than there may be");
	struct standing *standing = mem_alloc(sizeof(*standing));
	standing->link = job->link;
	memcpy(standing->party, job->party, sizeof(standing->party));
	HASH_ADD(hh, warden->links, link, sizeof(standing->link), standing);
	outlet_tell_others(warden->inward, job);
	return OK;
}

/* Frees the job when it fails. */
static RESULT take_link_job(struct warden *warden, struct job *job, struct err *err)
{
	struct standing *standing = find(warden, job->link);
	result r = OK;
	if (job->kind == JOB_LINK_UP)
		r = take_link_up(warden, job, err);
	else if (!standing)
		r = err_set(err, CODE_PROTOCOL, "link", "%s came of a link that does not stand", job_kind_text(job->kind));
	if (FAILED(r)) {
		job_free(job);
		return r;
	}
	if (standing)
		memcpy(job->party, standing->party, sizeof(job->party));
	if (job->kind == JOB_LINK_DOWN)
		forget(warden, standing);
	bring_in(warden, job);
	return OK;
}

static RESULT take_from_process(struct warden *warden, struct job *job, struct err *err)
{
	result r = OK;
	switch (job->kind) {
	case JOB_LINK_UP:
	case JOB_LINK_DOWN:
	case JOB_SUBMIT:
	case JOB_ACK:
	case JOB_CREDIT:
	case JOB_CERT_ASK:
		return take_link_job(warden, job, err);
	case JOB_REFUSED:
		job->link = job_link(warden->number, 0); /* of no link */
		bring_in(warden, job);
		return OK;
	case JOB_PULSE:
		r = count_take(warden->count, blob_bytes(job->frame), err);
		break;
	case JOB_READY:
		if (warden->unready == 0) {
			r = err_set(err, CODE_PROTOCOL, "ready", "there is no mandate that this would answer");
			break;
		}
		warden->unready--;
		wire_hide(warden->process);
		tell_main(warden, job);
		return OK;
	case JOB_STOP:
		if (warden->is_stopping)
			say_calm(warden);
		else
			r = err_set(err, CODE_PROTOCOL, "stop", "nobody has told it to stop");
		break;
	case JOB_SEND:
	case JOB_CLOSE:
	case JOB_SNAPSHOT:
	case JOB_ASK:
	case JOB_ANSWER:
	case JOB_COMMITTED:
	case JOB_MANDATE:
	case JOB_GATEWAY:
	case JOB_KIND_COUNT:
		break;
	}
	job_free(job);
	return r;
}

static void on_process(void *ctx)
{
	struct warden *warden = ctx;
	struct err why;
	for (int i = 0; i < WARDEN_JOBS_TURN && warden->process && !warden->is_held; i++) {
		struct job *job = NULL;
		result r = job_receive(warden->process, JOB_FROM_GATEWAY, &job, &why);
		if (r.code == CODE_BUSY)
			return;
		if (r.code == CODE_CLOSED) {
			loop_stop(warden->loop);
			return;
		}
		if (!FAILED(r))
			r = take_from_process(warden, job, &why);
		warden->unanswered = 0;
		if (FAILED(r))
			distrust(warden, &why);
	}
}

static void on_verifiers_have_room(void *ctx)
{
	struct warden *warden = ctx;
	if (outlet_is_idle(warden->inward))
		hold(warden, false);
}

/* ── to the process ── */

static void give_process(struct warden *warden, struct job *job)
{
	if (!warden->process)
		job_free(job);
	else if (!outlet_give(warden->outward, job))
		loop_wire_pause(warden->watch, true);
}

static void on_process_has_room(void *ctx)
{
	struct warden *warden = ctx;
	loop_wire_pause(warden->watch, false);
}

static void give_mandate(struct warden *warden)
{
	struct buf packed;
	struct err why;
	buf_init(&packed, MANDATE_MAX);
	if (FAILED(mandate_pack(warden->snapshot, warden->gateways, &packed, &why))) {
		distrust(warden, &why);
	} else {
		struct job *job = job_new(JOB_MANDATE, 0);
		job->frame = blob_new(buf_bytes(&packed));
		warden->unready++;
		give_process(warden, job);
	}
	if (packed.cap)
		mem_wipe(packed.at, packed.cap);
	buf_done(&packed);
}

static void take_process(struct warden *warden, struct job *job)
{
	lose_process(warden);
	warden->incarnation = (uint32_t)job->number;
	warden->process = job->wire;
	job->wire = NULL;
	warden->unanswered = warden->unready = 0;
	if (!warden->process) {
		if (warden->is_stopping)
			say_calm(warden);
		return;
	}
	warden->outward = outlet_new(warden->loop, &warden->process, 1, on_process_has_room, warden);
	warden->process_watch = loop_wire_new(warden->loop, warden->process, on_process, warden);
	hold(warden, warden->is_held);
	give_mandate(warden);
}

static void begin_stop(struct warden *warden)
{
	if (warden->is_stopping) {
		loop_stop(warden->loop);
		return;
	}
	warden->is_stopping = true;
	if (warden->process)
		give_process(warden, job_new(JOB_STOP, 0));
	else
		say_calm(warden);
}

static void take_job(struct warden *warden, struct job *job)
{
	switch (job->kind) {
	case JOB_SEND:
	case JOB_CLOSE:
		if (find(warden, job->link)) {
			give_process(warden, job);
			return;
		}
		break;
	case JOB_SNAPSHOT:
		snapshot_unref(warden->snapshot);
		warden->snapshot = snapshot_ref(job->snapshot);
		if (warden->process)
			give_mandate(warden);
		break;
	case JOB_GATEWAY:
		take_process(warden, job);
		break;
	case JOB_STOP:
		begin_stop(warden);
		break;
	case JOB_LINK_UP:
	case JOB_LINK_DOWN:
	case JOB_SUBMIT:
	case JOB_ACK:
	case JOB_CREDIT:
	case JOB_CERT_ASK:
	case JOB_ASK:
	case JOB_ANSWER:
	case JOB_COMMITTED:
	case JOB_MANDATE:
	case JOB_READY:
	case JOB_REFUSED:
	case JOB_PULSE:
	case JOB_KIND_COUNT:
		break;
	}
	job_free(job);
}

static void on_jobs(void *ctx)
{
	struct warden *warden = ctx;
	struct job *job;
	for (int i = 0; i < WARDEN_JOBS_TURN && (job = job_take(warden->in, 0)); i++)
		take_job(warden, job);
	if (wire_is_shut(warden->in))
		loop_stop(warden->loop);
}

/* By count, not by the clock: after the whole machine was asleep nobody is late. */
static void on_pulse(void *ctx)
{
	struct warden *warden = ctx;
	struct err why;
	if (!warden->process || warden->is_held)
		return;
	if (warden->unanswered == WARDEN_SILENCE) {
		result silent = err_set(&why, CODE_TIMEOUT, "", "the gateway process has not answered for %d s",
		                        WARDEN_SILENCE * WARDEN_PULSE_MS / 1000);
		if (FAILED(silent))
			distrust(warden, &why);
		return;
	}
	warden->unanswered++;
	if (outlet_is_idle(warden->outward))
		give_process(warden, job_new(JOB_PULSE, 0));
}

/* ── life ── */

static RESULT connect_all(struct warden *warden, struct wires *wires, struct err *err)
{
	const struct wire_options many = {.high_water = WARDEN_HIGH_WATER}, few = {.high_water = WARDEN_VERIFIER_HIGH_WATER};
	char endpoint[64];
	snprintf(endpoint, sizeof(endpoint), ENDPOINT_GATEWAY, warden->number);
	TRY(wire_bind(wires, WIRE_PULL, endpoint, &many, &warden->in, err));
	TRY(wire_connect(wires, WIRE_PUSH, ENDPOINT_MAIN, NULL, &warden->to_main, err));
	for (unsigned i = 0; i < warden->verifiers; i++) {
		snprintf(endpoint, sizeof(endpoint), ENDPOINT_VERIFIER, i);
		TRY(wire_connect(wires, WIRE_PUSH, endpoint, &few, &warden->to_verifiers[i], err));
	}
	return OK;
}

result warden_new(struct wires *wires, struct snapshot *snapshot, unsigned number, unsigned gateways, unsigned verifiers,
                  struct warden **ret, struct err *err)
{
	struct warden *warden = mem_alloc(sizeof(*warden));
	warden->number = number;
	warden->gateways = gateways;
	warden->verifiers = verifiers;
	warden->snapshot = snapshot_ref(snapshot);
	warden->loop = loop_new();
	warden->count = count_new();
	warden->to_verifiers = mem_array(verifiers, sizeof(*warden->to_verifiers));
	result r = connect_all(warden, wires, err);
	if (FAILED(r)) {
		warden_free(warden);
		return r;
	}
	warden->inward = outlet_new(warden->loop, warden->to_verifiers, verifiers, on_verifiers_have_room, warden);
	warden->watch = loop_wire_new(warden->loop, warden->in, on_jobs, warden);
	warden->pulse = loop_timer_new(warden->loop, on_pulse, warden);
	loop_timer_set(warden->pulse, WARDEN_PULSE_MS, WARDEN_PULSE_MS);
	*ret = warden;
	return OK;
}

void warden_run(struct warden *warden)
{
	loop_run(warden->loop);
}

void warden_turn(struct warden *warden, int64_t wait_ms)
{
	loop_run_once(warden->loop, wait_ms);
}

static void free_links(struct warden *warden)
{
	struct standing *standing, *next;
	struct job *job;
	HASH_ITER(hh, warden->links, standing, next)
		forget(warden, standing);
	while (warden->in && (job = job_take(warden->in, 0)))
		job_free(job);
}

void warden_free(struct warden *warden)
{
	if (!warden)
		return;
	free_links(warden);
	if (warden->watch) {
		drop_process(warden);
		loop_wire_free(warden->watch);
		loop_timer_free(warden->pulse);
	}
	outlet_free(warden->inward);
	for (unsigned i = 0; i < warden->verifiers; i++)
		wire_free(warden->to_verifiers[i]);
	wire_free(warden->in);
	wire_free(warden->to_main);
	loop_free(warden->loop);
	count_free(warden->count);
	snapshot_unref(warden->snapshot);
	mem_free(warden->to_verifiers);
	mem_free(warden);
}
