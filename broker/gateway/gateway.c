#include "broker/gateway/gateway.h"

#include "base/mem.h"
#include "broker/gateway/link.h"
#include "broker/gateway/listener.h"

#include <stdio.h>

enum {
	GATEWAY_JOBS_TURN = 256,     /* of the router in one turn of the loop */
	GATEWAY_FAREWELL_MS = 3000,  /* for goodbyes to go out when the broker stops */
	GATEWAY_HIGH_WATER = 4096,
	GATEWAY_REFUSALS_SECOND = 20 /* lines of the log */
};

struct gateway {
	unsigned number;
	uint64_t serial;
	struct loop *loop;
	struct wire *in, *to_main;
	struct loop_wire *watch;
	struct loop_timer *farewell;
	struct listener *listener;
	struct link_home home;
	int port;
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

static void take_snapshot(struct gateway *gateway, struct snapshot *snapshot)
{
	snapshot_unref(gateway->home.snapshot);
	gateway->home.snapshot = snapshot_ref(snapshot);
	link_rejudge_all(&gateway->home);
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
	case JOB_SNAPSHOT:
		take_snapshot(gateway, job->snapshot);
		break;
	case JOB_STOP:
		begin_stop(gateway);
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
	case JOB_KIND_COUNT:
		break;
	}
}

static void on_jobs(void *ctx)
{
	struct gateway *gateway = ctx;
	struct job *job;
	for (int i = 0; i < GATEWAY_JOBS_TURN && (job = job_take(gateway->in, 0)); i++) {
		take_job(gateway, job);
		job_free(job);
	}
	if (wire_is_shut(gateway->in))
		loop_stop(gateway->loop);
}

/* Tells main, once, that no link is left and that the verifiers have all there was. */
static void on_turn(void *ctx)
{
	struct gateway *gateway = ctx;
	struct err ignored;
	if (!gateway->is_stopping || gateway->is_calm || gateway->home.count > 0 || !outlet_is_idle(gateway->home.outlet))
		return;
	gateway->is_calm = true;
	loop_timer_set(gateway->farewell, -1, 0);
	struct job *job = job_new(JOB_STOP, job_link(gateway->number, 0));
	if (FAILED(job_give(gateway->to_main, &job, true, &ignored)))
		job_free(job); /* the wires were shut down: main knows */
}

/* ── life ── */

static result connect_all(struct gateway *gateway, struct wires *wires, unsigned verifiers, struct err *err)
{
	const struct wire_options options = {.high_water = GATEWAY_HIGH_WATER};
	char endpoint[64];
	snprintf(endpoint, sizeof(endpoint), ENDPOINT_GATEWAY, gateway->number);
	TRY(wire_bind(wires, WIRE_PULL, endpoint, &options, &gateway->in, err));
	TRY(wire_connect(wires, WIRE_PUSH, ENDPOINT_MAIN, NULL, &gateway->to_main, err));
	TRY(outlet_new(gateway->loop, wires, verifiers, on_room, gateway, &gateway->home.outlet, err));
	return listener_new(gateway->loop, gateway->home.snapshot->settings.listen, on_connection, gateway, &gateway->listener, err);
}

result gateway_new(struct wires *wires, struct snapshot *snapshot, unsigned number, unsigned verifiers, struct gateway **ret,
                   struct err *err)
{
	struct gateway *gateway = mem_alloc(sizeof(*gateway));
	struct link_home *home = &gateway->home;
	gateway->number = number;
	gateway->loop = loop_new();
	home->loop = gateway->loop;
	home->snapshot = snapshot_ref(snapshot);
	home->refusals.burst = GATEWAY_REFUSALS_SECOND;
	link_home_open(home);
	result r = connect_all(gateway, wires, verifiers, err);
	if (FAILED(r)) {
		gateway_free(gateway);
		return r;
	}
	gateway->port = listener_port(gateway->listener);
	gateway->watch = loop_wire_new(gateway->loop, gateway->in, on_jobs, gateway);
	gateway->farewell = loop_timer_new(gateway->loop, on_farewell, gateway);
	loop_on_turn(gateway->loop, on_turn, gateway);
	*ret = gateway;
	return OK;
}

void gateway_run(struct gateway *gateway)
{
	loop_run(gateway->loop);
}

static void drain(struct wire *in)
{
	struct job *job;
	while ((job = job_take(in, 0)))
		job_free(job);
}

void gateway_free(struct gateway *gateway)
{
	if (!gateway)
		return;
	listener_free(gateway->listener);
	link_home_close(&gateway->home);
	outlet_free(gateway->home.outlet);
	if (gateway->watch)
		loop_wire_free(gateway->watch);
	if (gateway->farewell)
		loop_timer_free(gateway->farewell);
	if (gateway->in)
		drain(gateway->in);
	wire_free(gateway->in);
	wire_free(gateway->to_main);
	loop_free(gateway->loop);
	snapshot_unref(gateway->home.snapshot);
	mem_free(gateway);
}

int gateway_port(const struct gateway *gateway)
{
	return gateway->port;
}
