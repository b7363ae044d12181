#include "broker/route/router.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/route/admit.h"
#include "broker/route/ask.h"
#include "broker/route/deliver.h"
#include "broker/route/erase.h"
#include "broker/route/heads.h"
#include "broker/route/rules.h"
#include "broker/route/settle.h"
#include "broker/route/turned_away.h"
#include "broker/route/withhold.h"

#include <stdio.h>
#include <string.h>

enum {
	ROUTER_GROUP_JOBS = 512,      /* of one transaction: bounds the time until the first verdict */
	ROUTER_GROUP_MESSAGES = 2048,
	ROUTER_IDLE_MS = 1000,
	ROUTER_STORED_MAX = 72 << 20, /* an envelope as it is read back */
	ROUTER_EVENTS_MAX = 1 << 20
};

#define CREDIT_MOST ((int64_t)1 << 40)

struct router {
	struct core core;
	struct job *group[ROUTER_GROUP_JOBS];
	size_t group_count;
	bool stopping;
};

static result connect_all(struct core *core, unsigned gateways, struct err *err)
{
	char endpoint[64];
	const struct wire_options options = {.high_water = 4096};
	const struct wire_options once = {.high_water = 1};
	TRY(wire_bind(core->wires, WIRE_PULL, ENDPOINT_ROUTER, &options, &core->in, err));
	core->gateways = mem_array(gateways, sizeof(*core->gateways));
	core->gateways_count = gateways;
	for (unsigned i = 0; i < gateways; i++) {
		snprintf(endpoint, sizeof(endpoint), ENDPOINT_GATEWAY, i);
		TRY(wire_connect(core->wires, WIRE_PUSH, endpoint, &options, &core->gateways[i], err));
	}
	TRY(wire_connect(core->wires, WIRE_PUSH, ENDPOINT_INDEX, &once, &core->index, err));
	return wire_connect(core->wires, WIRE_PUSH, ENDPOINT_ADMIN, &options, &core->admin, err);
}

static void make_metrics(struct core *core)
{
	core->accepted = metric_counter("liaison_messages_accepted", "Messages accepted, receipts apart", NULL, NULL);
	core->receipts = metric_counter("liaison_receipts_accepted", "Receipts accepted", NULL, NULL);
	core->duplicates = metric_counter("liaison_messages_duplicate", "Messages that were here already", NULL, NULL);
	core->delivered = metric_counter("liaison_deliveries", "Deliveries begun", NULL, NULL);
	core->redelivered = metric_counter("liaison_redeliveries", "Deliveries begun again for want of a receipt", NULL, NULL);
	core->expired = metric_counter("liaison_messages_expired", "Deliveries that ended by expiry", NULL, NULL);
	core->dead = metric_counter("liaison_dead_letters", "Deliveries that ended as dead letters", NULL, NULL);
	core->heads = metric_counter("liaison_heads", "Heads of the ledger sent over open links", NULL, NULL);
	core->late = metric_counter("liaison_batches_late", "Batches of links that were over when they were decided on: void", NULL, NULL);
	core->unrecorded = metric_counter("liaison_links_refused_unrecorded", "Refused links beyond what the ledger takes a minute", NULL, NULL);
	core->groups = metric_counter("liaison_groups", "Transactions committed", NULL, NULL);
	core->group_size = metric_counter("liaison_group_jobs", "Jobs committed in groups", NULL, NULL);
	core->commit_us = metric_histogram_us("liaison_commit_us", "Time of a commit", NULL, NULL);
	core->decide_us = metric_histogram_us("liaison_decide_us", "Time to decide on a group", NULL, NULL);
}

/* A consent's days are those of the hub's calendar. */
static bool read_day(void *ctx, struct bytes text, bool is_end_of_day, int64_t *ret)
{
	const struct core *core = ctx;
	struct err ignored;
	return !FAILED(calendar_read(core->calendar, text, is_end_of_day, ret, &ignored));
}

result router_new(struct wires *wires, struct store *store, struct ledger *ledger, struct snapshot *snapshot, unsigned gateways,
                  struct router **ret, struct err *err)
{
	struct router *router = mem_alloc(sizeof(*router));
	struct core *core = &router->core;
	core->wires = wires;
	core->store = store;
	core->ledger = ledger;
	core->snapshot = snapshot_ref(snapshot);
	core->next_expiry = -1;
	core->next_deadline = -1;
	core->may_erase = true;
	core->days = (struct grant_days){read_day, core};
	core->started_at = clock_wall_ms();
	buf_init(&core->scratch, ROUTER_STORED_MAX);
	buf_init(&core->hold, ROUTER_STORED_MAX);
	buf_init(&core->envelope, ROUTER_STORED_MAX);
	buf_init(&core->events, ROUTER_EVENTS_MAX);
	make_metrics(core);
	result r = store_last_seq(store, &core->last_seq, err);
	if (!FAILED(r))
		r = calendar_new(&snapshot->settings, &core->calendar, err);
	if (!FAILED(r))
		r = connect_all(core, gateways, err);
	if (FAILED(r)) {
		router_free(router);
		return r;
	}
	*ret = router;
	return OK;
}

void router_free(struct router *router)
{
	if (!router)
		return;
	struct core *core = &router->core;
	core_forget_group(core);
	session_free_all(core);
	for (size_t i = 0; i < router->group_count; i++)
		job_free(router->group[i]);
	for (unsigned i = 0; core->gateways && i < core->gateways_count; i++)
		wire_free(core->gateways[i]);
	wire_free(core->index);
	wire_free(core->admin);
	wire_free(core->in);
	buf_done(&core->scratch);
	buf_done(&core->hold);
	buf_done(&core->envelope);
	buf_done(&core->events);
	mem_free(core->gateways);
	mem_free(core->outgoing);
	mem_free(core->fresh);
	calendar_free(core->calendar);
	snapshot_unref(core->snapshot);
	mem_free(router);
}

static result take_snapshot(struct core *core, struct job *job, struct err *err)
{
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = LEDGER_RELOADED};
	struct calendar *calendar = NULL;
	TRY(calendar_new(&job->snapshot->settings, &calendar, err));
	calendar_free(core->calendar);
	core->calendar = calendar;
	snapshot_unref(core->snapshot);
	core->snapshot = snapshot_ref(job->snapshot);
	ledger_sign_with(core->ledger, core->snapshot->signing_key, signer_fingerprint(core->snapshot->signing));
	entry.party = bytes_text(core->snapshot->settings.party);
	core->wants_head = true;
	TRY(core_write(core, err));
	TRY(core_note_chain(core, core->snapshot->signing, err));
	return core_record(core, &entry, NULL, err);
}

static result send_chain(struct core *core, const struct job *job, struct err *err)
{
	struct frame_cert cert = {.chain_count = 0};
	struct err ignored;
	bool found = false;
	if (FAILED(frame_cert_ask_decode(blob_bytes(job->frame), &cert.fingerprint, &ignored)))
		return OK; /* the gateway has checked it */
	TRY(store_chain(core->store, cert.fingerprint, &core->hold, &found, err));
	if (found) {
		struct pack_in in = pack_in(buf_bytes(&core->hold), &ignored);
		size_t count = pack_array(&in, "chain");
		for (size_t i = 0; i < count && i < FRAME_CHAIN_MAX; i++)
			cert.chain[cert.chain_count++] = pack_bin(&in, "chain", FRAME_CERT_MAX);
	}
	buf_clear(&core->scratch);
	frame_cert_encode(&cert, &core->scratch);
	core_send(core, job->link, blob_new(buf_bytes(&core->scratch)), 0);
	return OK;
}

static void add_credit(const struct core *core, const struct job *job)
{
	struct session *session = session_of_link(core, job->link);
	if (session)
		session->credit = session->credit > CREDIT_MOST - job->number ? CREDIT_MOST : session->credit + job->number;
}

/* One job within the group. What it decides in memory must be such that nothing is wrong if the group then fails: sessions are forgotten and
 * links closed in that case. */
static result handle(struct router *router, struct job *job, struct err *err)
{
	struct core *core = &router->core;
	switch (job->kind) {
	case JOB_LINK_UP:
		return session_up(core, job, err);
	case JOB_LINK_DOWN:
		return session_down(core, job->link, &job->why, err);
	case JOB_SUBMIT:
		return admit_batch(core, job, err);
	case JOB_ACK:
		return settle_acks(core, job, err);
	case JOB_CREDIT:
		add_credit(core, job);
		return OK;
	case JOB_CERT_ASK:
		return send_chain(core, job, err);
	case JOB_REFUSED:
		return turned_away_record(core, job, err);
	case JOB_SNAPSHOT:
		return take_snapshot(core, job, err);
	case JOB_ASK:
		return ask_answer(core, job, err);
	case JOB_STOP:
		router->stopping = true;
		return OK;
	case JOB_SEND:
	case JOB_CLOSE:
	case JOB_ANSWER:
	case JOB_COMMITTED:
	case JOB_MANDATE:
	case JOB_READY:
	case JOB_PULSE:
	case JOB_GATEWAY:
	case JOB_KIND_COUNT:
		break;
	}
	return OK;
}

static void give_or_free(struct wire *wire, struct job *job, bool wait)
{
	struct err ignored;
	if (FAILED(job_give(wire, &job, wait, &ignored)))
		job_free(job); /* full where that is allowed, or shut down */
}

static void flush_outgoing(struct core *core)
{
	for (size_t i = 0; i < core->outgoing_count; i++) {
		struct job *job = job_new(JOB_SEND, core->outgoing[i].link);
		job->frame = core->outgoing[i].frame;
		job->number = core->outgoing[i].credit;
		give_or_free(core->gateways[job_gateway(job->link)], job, true);
	}
	core->outgoing_count = 0;
}

static void publish(struct core *core)
{
	if (core->events_count == 0)
		return;
	struct buf list;
	buf_init(&list, core->events.max + 16);
	pack_put_array(&list, core->events_count);
	pack_put_raw(&list, buf_bytes(&core->events));
	struct job *events = job_new(JOB_COMMITTED, 0);
	events->frame = buf_take_blob(&list);
	buf_done(&list);
	give_or_free(core->admin, events, false);
	give_or_free(core->index, job_new(JOB_COMMITTED, 0), false);
}

static void answer_asks(struct router *router)
{
	for (size_t i = 0; i < router->group_count; i++)
		if (router->group[i]->kind == JOB_ANSWER) {
			give_or_free(router->core.admin, router->group[i], true);
			router->group[i] = NULL;
		}
}

static void end_group(struct router *router)
{
	for (size_t i = 0; i < router->group_count; i++)
		job_free(router->group[i]);
	router->group_count = 0;
	core_forget_group(&router->core);
}

static result sign_head(struct core *core, struct err *err)
{
	int64_t now = clock_mono_ms();
	if (!core->wants_head && now - core->head_signed_at < CORE_HEAD_MS)
		return OK;
	TRY(ledger_sign(core->ledger, clock_wall_ms(), err));
	core->wants_head = false;
	core->head_signed_at = now;
	return OK;
}

/* A commit without a write says nothing of the disk, and one without a head nothing of the token. */
static result probe(struct core *core, struct err *err)
{
	int64_t now = clock_wall_ms();
	return store_note(core->store, "probe", bytes_of((const uint8_t *)&now, sizeof(now)), err);
}

static result commit(struct core *core, struct err *err)
{
	if (!core->in_transaction)
		return OK;
	int64_t before = clock_mono_us();
	if (core->trouble.code != CODE_OK)
		TRY(probe(core, err));
	core->wants_head |= core->trouble.code == CODE_TOKEN;
	TRY(sign_head(core, err));
	TRY(ledger_seal(core->ledger, err));
	TRY(store_commit(core->store, err));
	core->in_transaction = false;
	ledger_committed(core->ledger);
	if (core->trouble.code != CODE_OK) {
		log_event(LOG_NOTICE, core->trouble.code == CODE_TOKEN ? "signing_recovered" : "store_recovered", LOG_TEXT("after", code_text(core->trouble.code)));
		core->trouble.code = CODE_OK;
	}
	metric_observe_us(core->commit_us, clock_mono_us() - before);
	metric_add(core->groups, 1);
	return OK;
}

static void close_link(struct core *core, uint64_t link, const struct err *why)
{
	struct job *job = job_new(JOB_CLOSE, link);
	job->why = *why;
	give_or_free(core->gateways[job_gateway(link)], job, true);
}

/* A link that came up in the group has a session only if the group got that far. */
static void close_links(struct router *router, const struct err *why)
{
	struct core *core = &router->core;
	struct session *session, *next;
	for (size_t i = 0; i < router->group_count; i++)
		if (router->group[i]->kind == JOB_LINK_UP && !session_of_link(core, router->group[i]->link))
			close_link(core, router->group[i]->link, why);
	HASH_ITER(by_link, core->by_link, session, next)
		close_link(core, session->link, why);
	session_free_all(core);
}

static void tell_fault(struct router *router, struct job *job, const struct err *why)
{
	if (job->kind == JOB_SUBMIT)
		admit_fault(&router->core, job, why);
	else if (job->kind == JOB_ASK || job->kind == JOB_ANSWER)
		ask_fault(job, why);
	else if (job->kind == JOB_STOP)
		router->stopping = true;
}

/* The other threads have taken a new snapshot over already: the router does with the next group what it could not do with this one. */
static void keep_snapshots(struct router *router)
{
	size_t kept = 0;
	for (size_t i = 0; i < router->group_count; i++) {
		struct job *job = router->group[i];
		if (job && job->kind == JOB_SNAPSHOT && !router->stopping)
			router->group[kept++] = job;
		else
			job_free(job);
	}
	router->group_count = kept;
}

/* Once, until it goes well again: everybody who comes meanwhile is answered with it. */
static void complain(struct core *core, const struct err *why)
{
	if ((why->code != CODE_FULL && why->code != CODE_TOKEN) || core->trouble.code == why->code)
		return;
	core->trouble = *why;
	log_event(LOG_ERROR, why->code == CODE_TOKEN ? "signing_failed" : "store_full", LOG_REASON(why), LOG_TEXT("remedy", code_remedy(why->code)));
}

/* The store could not take the group: nothing of it happened. Submits are answered with the fault, so that adapters keep the messages and
 * try again; links begin anew, because what is in flight is no longer known for sure. A sync that failed ends the program. */
static result survive(struct router *router, const struct err *why, struct err *err)
{
	struct core *core = &router->core;
	store_rollback(core->store);
	ledger_rolled_back(core->ledger);
	core->in_transaction = false;
	core->next_expiry = -1;
	core->next_deadline = -1;
	core->wants_review = false;
	core_forget_group(core);
	TRY(store_last_seq(core->store, &core->last_seq, err));
	complain(core, why);
	for (size_t i = 0; i < router->group_count; i++)
		tell_fault(router, router->group[i], why);
	flush_outgoing(core);
	close_links(router, why);
	answer_asks(router);
	keep_snapshots(router);
	core_forget_group(core);
	return OK;
}

static result decide_group(struct router *router, struct err *err)
{
	struct core *core = &router->core;
	int64_t before = clock_mono_us();
	for (size_t i = 0; i < router->group_count; i++)
		TRY(handle(router, router->group[i], err));
	TRY(rules_turn(core, err));
	TRY(withhold_decide(core, err));
	TRY(erase_turn(core, err));
	if (core->trouble.code != CODE_OK)
		TRY(core_write(core, err));
	TRY(deliver_overdue(core, err));
	TRY(deliver_expire(core, err));
	TRY(heads_prepare(core, err));
	metric_observe_us(core->decide_us, clock_mono_us() - before);
	return commit(core, err);
}

static result run_group(struct router *router, struct err *err)
{
	struct core *core = &router->core;
	struct err why;
	if (FAILED(decide_group(router, &why)))
		return survive(router, &why, err);
	metric_add(core->group_size, (int64_t)router->group_count);
	TRY(deliver_fresh(core, err));
	TRY(deliver_backlog(core, err));
	heads_send(core);
	flush_outgoing(core);
	answer_asks(router);
	publish(core);
	end_group(router);
	return OK;
}

static void gather(struct router *router, int wait_ms)
{
	size_t messages = 0;
	struct job *job = job_take(router->core.in, wait_ms);
	while (job) {
		router->group[router->group_count++] = job;
		messages += job->count;
		if (router->group_count == ROUTER_GROUP_JOBS || messages >= ROUTER_GROUP_MESSAGES || job->kind == JOB_STOP)
			return;
		job = job_take(router->core.in, 0);
	}
}

result router_turn(struct router *router, struct err *err)
{
	gather(router, 0);
	return run_group(router, err);
}

static result record_life(struct core *core, enum ledger_kind kind, struct err *err)
{
	struct buf detail;
	buf_init(&detail, 128);
	pack_put_map(&detail, 1);
	pack_put_str(&detail, "version");
	pack_put_str(&detail, LIAISON_VERSION);
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = kind, .party = bytes_text(core->snapshot->settings.party),
	                             .detail = buf_bytes(&detail)};
	core->wants_head = true;
	result r = core_record(core, &entry, NULL, err);
	buf_done(&detail);
	return r;
}

static int64_t wait_ms(const struct core *core)
{
	return heads_wait_ms(core, rules_wait_ms(core, erase_wait_ms(core, deliver_wait_ms(core, ROUTER_IDLE_MS))));
}

result router_run(struct router *router, struct err *err)
{
	TRY(core_write(&router->core, err));
	TRY(core_note_chain(&router->core, router->core.snapshot->signing, err));
	TRY(record_life(&router->core, LEDGER_STARTED, err));
	TRY(run_group(router, err));
	while (!router->stopping && !wire_is_shut(router->core.in)) {
		gather(router, (int)wait_ms(&router->core));
		TRY(run_group(router, err));
	}
	/* What came in while JOB_STOP was on its way is decided too: links that went, the last receipts. */
	for (gather(router, 0); router->group_count; gather(router, 0))
		TRY(run_group(router, err));
	TRY(record_life(&router->core, LEDGER_STOPPED, err));
	return run_group(router, err);
}
