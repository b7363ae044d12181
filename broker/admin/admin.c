#include "broker/admin/admin.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "broker/admin/control.h"
#include "broker/admin/events.h"

#include <string.h>

enum { ADMIN_HIGH_WATER = 1024, ADMIN_JOBS_TURN = 256 };

struct admin {
	struct loop *loop;
	struct wire *in, *to_router, *to_main;
	struct loop_wire *watch;
	struct control *control;
	struct events *events;
	struct answers answers;
};

static void take_job(struct admin *admin, const struct job *job)
{
	switch (job->kind) {
	case JOB_ANSWER:
		control_answered(admin->control, job);
		break;
	case JOB_COMMITTED:
		events_publish(admin->events, blob_bytes(job->frame));
		break;
	case JOB_SNAPSHOT:
		snapshot_unref(admin->answers.snapshot);
		admin->answers.snapshot = snapshot_ref(job->snapshot);
		break;
	case JOB_STOP:
		loop_stop(admin->loop);
		break;
	case JOB_LINK_UP:
	case JOB_LINK_DOWN:
	case JOB_SUBMIT:
	case JOB_ACK:
	case JOB_CREDIT:
	case JOB_CERT_ASK:
	case JOB_SEND:
	case JOB_CLOSE:
	case JOB_ASK:
	case JOB_MANDATE:
	case JOB_READY:
	case JOB_PULSE:
	case JOB_REFUSED:
	case JOB_GATEWAY:
	case JOB_KIND_COUNT:
		break;
	}
}

static void on_jobs(void *ctx)
{
	struct admin *admin = ctx;
	struct job *job;
	for (int i = 0; i < ADMIN_JOBS_TURN && (job = job_take(admin->in, 0)); i++) {
		take_job(admin, job);
		job_free(job);
	}
	if (wire_is_shut(admin->in))
		loop_stop(admin->loop);
}

/* The folder of an ipc endpoint. */
static result make_folder(const char *endpoint, struct err *err)
{
	const char *path = endpoint + strlen("ipc://"), *slash = strrchr(endpoint, '/');
	if (!bytes_starts(bytes_text(endpoint), "ipc://") || slash <= path)
		return OK;
	AUTO_FREE char *folder = mem_text_n(path, (size_t)(slash - path));
	return file_make_folder(folder, 0700, err);
}

static result connect_all(struct admin *admin, struct wires *wires, struct err *err)
{
	const struct settings *settings = &admin->answers.snapshot->settings;
	const struct wire_options options = {.high_water = ADMIN_HIGH_WATER};
	TRY(wire_bind(wires, WIRE_PULL, ENDPOINT_ADMIN, &options, &admin->in, err));
	TRY(wire_connect(wires, WIRE_PUSH, ENDPOINT_ROUTER, &options, &admin->to_router, err));
	TRY(wire_connect(wires, WIRE_PUSH, ENDPOINT_MAIN, &options, &admin->to_main, err));
	TRY(make_folder(settings->control, err));
	TRY(make_folder(settings->events, err));
	TRY(events_new(wires, settings->events, &admin->events, err));
	return control_new(wires, admin->loop, settings->control, admin->to_router, admin->to_main, &admin->answers, &admin->control,
	                   err);
}

result admin_new(struct wires *wires, struct snapshot *snapshot, const char *file, struct index_view *view, struct store *reader,
                 struct admin **ret, struct err *err)
{
	struct admin *admin = mem_alloc(sizeof(*admin));
	admin->loop = loop_new();
	admin->answers = (struct answers){
		.snapshot = snapshot_ref(snapshot),
		.file = file,
		.view = view,
		.reader = reader,
		.started_mono = clock_mono_ms(),
	};
	result r = connect_all(admin, wires, err);
	if (FAILED(r)) {
		admin_free(admin);
		return r;
	}
	admin->watch = loop_wire_new(admin->loop, admin->in, on_jobs, admin);
	*ret = admin;
	return OK;
}

void admin_run(struct admin *admin)
{
	loop_run(admin->loop);
}

void admin_free(struct admin *admin)
{
	struct job *job;
	if (!admin)
		return;
	control_free(admin->control);
	events_free(admin->events);
	if (admin->watch)
		loop_wire_free(admin->watch);
	while (admin->in && (job = job_take(admin->in, 0)))
		job_free(job);
	wire_free(admin->in);
	wire_free(admin->to_router);
	wire_free(admin->to_main);
	loop_free(admin->loop);
	if (admin->answers.view)
		index_view_close(admin->answers.view);
	if (admin->answers.reader)
		store_close(admin->answers.reader);
	snapshot_unref(admin->answers.snapshot);
	mem_free(admin);
}
