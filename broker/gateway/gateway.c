#include "broker/gateway/gateway.h"

#include "base/mem.h"
#include "base/pack.h"
#include "broker/gateway/link.h"
#include "broker/gateway/listener.h"

enum {
	GATEWAY_JOBS_TURN = 256,     /* of the router in one turn of the loop */
	GATEWAY_FAREWELL_MS = 3000,  /* for goodbyes to go out when the broker stops */
	GATEWAY_REFUSALS_SECOND = 20, /* lines of the log */
	GATEWAY_PULSE_MS = 100,  /* between two pulses: a flood of refusals must not cause as many */
	GATEWAY_PULSE_MAX = 64 * 1024
};

struct gateway {
	unsigned number;
	uint64_t serial;
	struct loop *loop;
	struct wire *core;
	struct loop_wire *watch;
	struct loop_timer *farewell, *pulse;
	bool is_pulse_due;  /* its timer runs */
	bool is_pulse_turn; /* it was the reason for this turn: that alone is none for the next */
	struct listener *listener;
	struct link_home home;
	bool is_stopping, is_calm;
};

static void on_connection(void *ctx, int fd)
{
	struct gateway *gateway = ctx;
	link_accept(&gateway->home, job_link(gateway->number, ++gateway->serial), fd);
}

static void on_room(void *ctx)
{
	struct gateway *gateway = ctx;
	link_resume_all(&gateway->home);
}

/* ── jobs ── */

static void log_mandate(const struct gateway *gateway)
{
	const struct mandate *mandate = gateway->home.mandate;
	if (gateway->number == 0) /* one for all threads */
		log_event(LOG_INFO, "mandate_taken", LOG_INT("generation", mandate->generation), LOG_INT("parties", mandate->parties_count),
		          LOG_TEXT("serial", tls_serial(mandate->tls)));
}

static void say_ready(struct gateway *gateway, const struct err *why)
{
	struct job *job = job_new(JOB_READY, 0);
	job->number = gateway->home.mandate->generation;
	if (why)
		job->why = *why;
	outlet_give(gateway->home.outlet, job);
}

static void take_mandate(struct gateway *gateway, const struct job *job)
{
	struct mandate *mandate = NULL;
	struct err why;
	if (FAILED(mandate_unpack(blob_bytes(job->frame), &mandate, &why))) {
		say_ready(gateway, &why);
		return;
	}
	mandate_unref(gateway->home.mandate);
	gateway->home.mandate = mandate;
	log_setup("liaison-gateway", (enum log_level)mandate->log_level, (enum log_format)mandate->log_format);
	link_rejudge_all(&gateway->home);
	log_mandate(gateway);
	say_ready(gateway, NULL);
}

/* ── refused links, for the record ── */

static void tell_refusals(void *ctx, struct bytes rows)
{
	struct gateway *gateway = ctx;
	struct job *job = job_new(JOB_REFUSED, 0);
	job->frame = blob_new(rows);
	outlet_give(gateway->home.outlet, job);
}

/* ── the pulse: that this thread lives, and what it counted ── */

struct changes {
	struct buf list;
	size_t count;
};

static void put_change(const struct metric_change *change, void *ctx)
{
	struct changes *changes = ctx;
	pack_put_array(&changes->list, 6);
	pack_put_str(&changes->list, change->name);
	pack_put_str(&changes->list, change->help);
	pack_put_str(&changes->list, change->label);
	pack_put_str(&changes->list, change->value);
	pack_put_bool(&changes->list, change->is_gauge);
	pack_put_int(&changes->list, change->by);
	changes->count++;
}

static void give_pulse(struct gateway *gateway, bool is_asked)
{
	struct changes changes = {.count = 0};
	buf_init(&changes.list, GATEWAY_PULSE_MAX);
	metrics_changes(put_change, &changes);
	if (changes.count || is_asked) {
		struct job *job = job_new(JOB_PULSE, 0);
		struct buf packed;
		buf_init(&packed, GATEWAY_PULSE_MAX + 16);
		pack_put_array(&packed, changes.count);
		pack_put_raw(&packed, buf_bytes(&changes.list));
		job->frame = buf_take_blob(&packed);
		buf_done(&packed);
		outlet_give(gateway->home.outlet, job);
	}
	buf_done(&changes.list);
}

static void begin_stop(struct gateway *gateway)
{
	struct err why;
	if (gateway->is_stopping) {
		loop_stop(gateway->loop);
		return;
	}
	gateway->is_stopping = true;
	listener_free(gateway->listener);
	gateway->listener = NULL;
	loop_timer_set(gateway->farewell, GATEWAY_FAREWELL_MS, 0);
	err_set(&why, CODE_STOPPING, "", "the hub is going down");
	link_dismiss_all(&gateway->home, &why);
}

static void on_farewell(void *ctx)
{
	struct gateway *gateway = ctx;
	link_free_all(&gateway->home);
}

static void take_job(struct gateway *gateway, const struct job *job)
{
	struct link *link = link_find(&gateway->home, job->link);
	switch (job->kind) {
	case JOB_SEND:
		if (link)
			link_send(link, job);
		break;
	case JOB_CLOSE:
		if (link)
			link_dismiss(link, &job->why);
		break;
	case JOB_MANDATE:
		take_mandate(gateway, job);
		break;
	case JOB_PULSE:
		give_pulse(gateway, true);
		break;
	case JOB_STOP:
		begin_stop(gateway);
		break;
	case JOB_SNAPSHOT:
	case JOB_READY:
	case JOB_GATEWAY:
	case JOB_REFUSED:
	case JOB_LINK_UP:
	case JOB_LINK_DOWN:
	case JOB_SUBMIT:
	case JOB_ACK:
	case JOB_CREDIT:
	case JOB_CERT_ASK:
	case JOB_ASK:
	case JOB_ANSWER:
	case JOB_COMMITTED:
	case JOB_KIND_COUNT:
		break;
	}
}

static void on_jobs(void *ctx)
{
	struct gateway *gateway = ctx;
	struct job *job;
	struct err why;
	for (int i = 0; i < GATEWAY_JOBS_TURN; i++) {
		result r = job_receive(gateway->core, JOB_FROM_CORE, &job, &why);
		if (r.code == CODE_BUSY)
			break;
		if (FAILED(r)) { /* there is no core any more, or none that can be understood */
			loop_stop(gateway->loop);
			break;
		}
		take_job(gateway, job);
		job_free(job);
	}
}

static void on_pulse(void *ctx)
{
	struct gateway *gateway = ctx;
	gateway->is_pulse_due = false;
	gateway->is_pulse_turn = outlet_is_idle(gateway->home.outlet);
	if (gateway->is_pulse_turn)
		give_pulse(gateway, false);
}

static void time_pulse(struct gateway *gateway)
{
	if (!gateway->is_pulse_due && !gateway->is_pulse_turn) {
		gateway->is_pulse_due = true;
		loop_timer_set(gateway->pulse, GATEWAY_PULSE_MS, 0);
	}
	gateway->is_pulse_turn = false;
}

/* Tells the core soon what was counted, and once, that no link is left. */
static void on_turn(void *ctx)
{
	struct gateway *gateway = ctx;
	time_pulse(gateway);
	if (!gateway->is_stopping || gateway->is_calm || gateway->home.count > 0 || !outlet_is_idle(gateway->home.outlet))
		return;
	gateway->is_calm = true;
	refusals_flush(gateway->home.turned_away);
	loop_timer_set(gateway->farewell, -1, 0);
	outlet_give(gateway->home.outlet, job_new(JOB_STOP, 0));
}

/* ── life ── */

struct gateway *gateway_new(struct wire *core, struct mandate *mandate, unsigned number, uint64_t first, int listen)
{
	struct gateway *gateway = mem_alloc(sizeof(*gateway));
	struct link_home *home = &gateway->home;
	gateway->number = number;
	gateway->serial = first;
	gateway->core = core;
	gateway->loop = loop_new();
	home->loop = gateway->loop;
	home->mandate = mandate_ref(mandate);
	home->refusals.burst = GATEWAY_REFUSALS_SECOND;
	link_home_open(home);
	home->turned_away = refusals_new(gateway->loop, tell_refusals, gateway);
	home->outlet = outlet_new(gateway->loop, &gateway->core, 1, on_room, gateway);
	gateway->listener = listener_new(gateway->loop, listen, on_connection, gateway);
	gateway->watch = loop_wire_new(gateway->loop, gateway->core, on_jobs, gateway);
	gateway->farewell = loop_timer_new(gateway->loop, on_farewell, gateway);
	gateway->pulse = loop_timer_new(gateway->loop, on_pulse, gateway);
	loop_on_turn(gateway->loop, on_turn, gateway);
	log_mandate(gateway);
	say_ready(gateway, NULL);
	return gateway;
}

void gateway_run(struct gateway *gateway)
{
	loop_run(gateway->loop);
}

static void drain(struct wire *core)
{
	struct job *job;
	struct err ignored;
	while (!FAILED(job_receive(core, JOB_FROM_CORE, &job, &ignored)))
		job_free(job);
}

void gateway_free(struct gateway *gateway)
{
	if (!gateway)
		return;
	drain(gateway->core);
	listener_free(gateway->listener);
	link_home_close(&gateway->home);
	outlet_free(gateway->home.outlet);
	refusals_free(gateway->home.turned_away);
	loop_wire_free(gateway->watch);
	loop_timer_free(gateway->farewell);
	loop_timer_free(gateway->pulse);
	wire_free(gateway->core);
	loop_free(gateway->loop);
	mandate_unref(gateway->home.mandate);
	mem_free(gateway);
}
