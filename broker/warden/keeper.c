#include "broker/warden/keeper.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/warden/warden.h"
#include "broker/wires/mandate.h"
#include "certs/socket.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KEEPER_START_MS = 15000,
	KEEPER_TURN_MS = 20,
	KEEPER_BACKOFF_LEAST_MS = 100,
	KEEPER_BACKOFF_MOST_MS = 5000,
	KEEPER_STEADY_MS = 60000, /* what lived so long did not fail at once */
	KEEPER_HIGH_WATER = 1024, /* frames to adapters: the windows of the links bound their bytes */
	KEEPER_HIGH_WATER_IN = 32, /* frames of adapters, each as large as it may be */
	KEEPER_LINGER_MS = 1000,
	KEEPER_FRAME_MAX = 17 << 20 /* a frame of a link, at the most that can be set */
};

struct keeper {
	struct wires *wires;
	struct starter *starter;
	struct warden *wardens[STARTER_LISTEN_MAX];
	pthread_t threads[STARTER_LISTEN_MAX];
	struct wire *to_wardens[STARTER_LISTEN_MAX];
	unsigned count, running; /* wardens, and their threads */
	int listen[STARTER_LISTEN_MAX];
	unsigned listening;
	int port;
	struct starter_order order;
	struct loop_fd *watch;
	struct loop_timer *timer;
	loop_fn on_broken;
	void *ctx;

	unsigned ready; /* threads that have said so */
	int pid;
	int64_t since;
	int64_t backoff_ms;
	bool is_up, is_stopping, is_broken;
	struct err why; /* of the last that failed */
};

static void *run_warden(void *warden)
{
	pthread_setname_np(pthread_self(), "warden");
	warden_run(warden);
	return NULL;
}

/* ── starting ── */

static void give(struct keeper *keeper, unsigned number, struct job *job)
{
	struct err ignored;
	if (FAILED(job_give(keeper->to_wardens[number], &job, true, &ignored)))
		job_free(job); /* the wires were shut down */
}

static void tell_warden(struct keeper *keeper, unsigned number, struct wire *wire)
{
	struct job *job = job_new(JOB_GATEWAY, 0);
	job->number = keeper->order.incarnation;
	job->wire = wire;
	give(keeper, number, job);
}

static RESULT start(struct keeper *keeper, struct err *err)
{
	const struct wire_options options = {.high_water = KEEPER_HIGH_WATER, .high_water_in = KEEPER_HIGH_WATER_IN,
	                                     .max_bytes = KEEPER_FRAME_MAX, .linger_ms = KEEPER_LINGER_MS};
	char endpoint[256];
	keeper->order.incarnation++;
	keeper->ready = 0;
	keeper->since = clock_mono_ms();
	keeper->why.code = CODE_OK;
	for (unsigned i = 0; i < keeper->count; i++) {
		struct wire *wire = NULL;
		snprintf(endpoint, sizeof(endpoint), ENDPOINT_PROCESS, keeper->order.folder, keeper->order.incarnation, i);
		TRY(wire_bind(keeper->wires, WIRE_PAIR, endpoint, &options, &wire, err));
		tell_warden(keeper, i, wire);
	}
	return starter_start(keeper->starter, &keeper->order, keeper->listen, err);
}

static void start_later(struct keeper *keeper)
{
	if (keeper->is_stopping || !keeper->timer)
		return;
	if (clock_mono_ms() - keeper->since > KEEPER_STEADY_MS || keeper->backoff_ms == 0)
		keeper->backoff_ms = KEEPER_BACKOFF_LEAST_MS;
	loop_timer_set(keeper->timer, keeper->backoff_ms, 0);
	keeper->backoff_ms = 2 * keeper->backoff_ms < KEEPER_BACKOFF_MOST_MS ? 2 * keeper->backoff_ms : KEEPER_BACKOFF_MOST_MS;
}

static void on_timer(void *ctx)
{
	struct keeper *keeper = ctx;
	struct err why;
	if (keeper->is_stopping || FAILED(start(keeper, &why))) {
		if (!keeper->is_stopping) {
			log_event(LOG_ERROR, "gateway_not_started", LOG_REASON(&why));
			start_later(keeper);
		}
	}
}

/* ── what the starter reports ── */

static void describe_end(int status, char into[static 64])
{
	if (WIFSIGNALED(status))
		snprintf(into, 64, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(into, 64, "ended with %d", WEXITSTATUS(status));
}

static void take_end(struct keeper *keeper, int status)
{
	char how[64];
	describe_end(status, how);
	if (!keeper->is_stopping)
		log_event(LOG_ERROR, "gateway_lost", LOG_TEXT("reason", how), LOG_INT("pid", keeper->pid),
		          LOG_INT("incarnation", keeper->order.incarnation));
	if (keeper->why.code == CODE_OK && FAILED(err_set(&keeper->why, CODE_CLOSED, "gateway", "%s", how)))
		keeper->is_up = false;
	keeper->is_up = false;
	keeper->pid = 0;
	for (unsigned i = 0; i < keeper->count; i++)
		tell_warden(keeper, i, NULL);
	start_later(keeper);
}

/* The starter and the wardens tell by different ways, in any order. */
static void note_up(struct keeper *keeper)
{
	if (keeper->is_up || keeper->pid == 0 || keeper->ready < keeper->count)
		return;
	keeper->is_up = true;
	log_event(LOG_NOTICE, "gateway_started", LOG_INT("pid", keeper->pid), LOG_INT("incarnation", keeper->order.incarnation),
	          LOG_INT("port", keeper->port));
}

static void take_report(struct keeper *keeper, struct starter_report report)
{
	switch (report.event) {
	case STARTER_STARTED:
		keeper->pid = report.number;
		note_up(keeper);
		break;
	case STARTER_ENDED:
		take_end(keeper, report.number);
		break;
	case STARTER_FAILED:
		log_event(LOG_ERROR, "gateway_not_started", LOG_TEXT("reason", strerror(report.number)));
		start_later(keeper);
		break;
	case STARTER_GONE:
		keeper->is_broken = true;
		break;
	case STARTER_NOTHING:
		break;
	}
}

static void take_reports(struct keeper *keeper)
{
	struct starter_report report;
	while (!keeper->is_broken && (report = starter_report(keeper->starter)).event != STARTER_NOTHING)
		take_report(keeper, report);
}

static void on_starter(void *ctx, unsigned ready)
{
	struct keeper *keeper = ctx;
	(void)ready;
	take_reports(keeper);
	if (!keeper->is_broken)
		return;
	loop_fd_free(keeper->watch);
	keeper->watch = NULL;
	if (!keeper->is_stopping)
		keeper->on_broken(keeper->ctx);
}

/* ── what the wardens tell ── */

static void take_ready(struct keeper *keeper, const struct job *job)
{
	if (job->why.code != CODE_OK) { /* it goes on with what it had before, which must not be */
		keeper->why = job->why;
		log_event(LOG_ERROR, "gateway_refused", LOG_REASON(&job->why), LOG_INT("generation", job->number));
		starter_kill(keeper->starter);
	} else {
		keeper->ready++;
		note_up(keeper);
	}
}

void keeper_take(struct keeper *keeper, const struct job *job)
{
	if (job->kind == JOB_READY) {
		take_ready(keeper, job);
	} else if (job->kind == JOB_GATEWAY && job->number == keeper->order.incarnation) {
		keeper->why = job->why;
		log_event(LOG_ERROR, "gateway_distrusted", LOG_REASON(&job->why), LOG_INT("pid", keeper->pid));
		starter_kill(keeper->starter);
	}
}

/* Signals are main's alone. */
static RESULT start_wardens(struct keeper *keeper, struct err *err)
{
	sigset_t all, before;
	int rc = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (keeper->running < keeper->count && rc == 0) {
		rc = pthread_create(&keeper->threads[keeper->running], NULL, run_warden, keeper->wardens[keeper->running]);
		keeper->running += rc == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = rc;
	return rc == 0 ? OK : err_errno(err, "threads.gateways", "starting a thread");
}

static RESULT await_ready(struct keeper *keeper, struct wire *in, struct err *err)
{
	int64_t until = clock_mono_ms() + KEEPER_START_MS;
	while (!keeper->is_up && keeper->why.code == CODE_OK && !keeper->is_broken && clock_mono_ms() < until) {
		struct job *job = job_take(in, KEEPER_TURN_MS);
		if (job)
			keeper_take(keeper, job);
		job_free(job);
		take_reports(keeper);
	}
	if (keeper->is_up)
		return OK;
	if (keeper->is_broken)
		return err_set(err, CODE_CLOSED, "gateway", "the process that starts it has ended");
	if (keeper->why.code == CODE_OK)
		return err_set(err, CODE_TIMEOUT, "gateway", "it did not get ready within %d s", KEEPER_START_MS / 1000);
	*err = keeper->why;
	return (result){err->code};
}

result keeper_start(struct keeper *keeper, struct wire *in, struct err *err)
{
	result r = start_wardens(keeper, err);
	if (!FAILED(r))
		r = start(keeper, err);
	if (!FAILED(r))
		r = await_ready(keeper, in, err);
	if (FAILED(r)) {
		wires_shutdown(keeper->wires);
		keeper_join(keeper);
	}
	return r;
}

void keeper_watch(struct keeper *keeper, struct loop *loop, loop_fn on_broken, void *ctx)
{
	keeper->on_broken = on_broken;
	keeper->ctx = ctx;
	keeper->timer = loop_timer_new(loop, on_timer, keeper);
	keeper->watch = loop_fd_new(loop, starter_fd(keeper->starter), on_starter, keeper);
	loop_fd_want(keeper->watch, LOOP_READ);
}

/* ── life ── */

static void close_sockets(struct keeper *keeper)
{
	while (keeper->listening > 0)
		close(keeper->listen[--keeper->listening]);
}

void keeper_stop(struct keeper *keeper)
{
	keeper->is_stopping = true;
	close_sockets(keeper);
	for (unsigned i = 0; i < keeper->count; i++)
		give(keeper, i, job_new(JOB_STOP, 0));
}

void keeper_join(struct keeper *keeper)
{
	for (unsigned i = 0; i < keeper->running; i++)
		give(keeper, i, job_new(JOB_STOP, 0));
	while (keeper->running > 0)
		pthread_join(keeper->threads[--keeper->running], NULL);
}

void keeper_adopt(struct keeper *keeper, struct snapshot *snapshot)
{
	for (unsigned i = 0; i < keeper->count; i++) {
		struct job *job = job_new(JOB_SNAPSHOT, 0);
		job->snapshot = snapshot_ref(snapshot);
		give(keeper, i, job);
	}
}

/* With port 0 the first has picked one, and the others take the same. */
static RESULT listen_all(struct keeper *keeper, const char *listen, struct err *err)
{
	const char *colon = strrchr(listen, ':');
	char *again = NULL;
	result r = socket_listen(listen, &keeper->listen[0], err);
	if (FAILED(r))
		return r;
	keeper->listening = 1;
	keeper->port = socket_port(keeper->listen[0]);
	again = mem_printf("%.*s:%d", colon ? (int)(colon - listen) : 0, listen, keeper->port);
	while (keeper->listening < keeper->count && !FAILED(r)) {
		r = socket_listen(again, &keeper->listen[keeper->listening], err);
		keeper->listening += !FAILED(r);
	}
	mem_free(again);
	return r;
}

/* What another life left behind. */
static RESULT make_folder(const char *folder, struct err *err)
{
	struct dirent *entry;
	TRY(file_make_folder(folder, 0700, err));
	DIR *all = opendir(folder);
	if (!all)
		return err_errno(err, folder, "open the folder");
	while ((entry = readdir(all)))
		if (entry->d_type == DT_SOCK)
			unlinkat(dirfd(all), entry->d_name, 0);
	closedir(all);
	return OK;
}

static RESULT name_folder(struct keeper *keeper, const char *data, struct err *err)
{
	int len = snprintf(keeper->order.folder, STARTER_FOLDER_MAX, "%s/gateway", data);
	if (len < 0 || len >= STARTER_FOLDER_MAX)
		return err_set(err, CODE_CONFIG, "data", "%s is too long a path for sockets below it; %d bytes are allowed", data,
		               STARTER_FOLDER_MAX - (int)sizeof("/gateway"));
	return OK;
}

static RESULT make_wardens(struct keeper *keeper, struct snapshot *snapshot, unsigned verifiers, struct err *err)
{
	char endpoint[64];
	for (unsigned i = 0; i < keeper->count; i++) {
		TRY(warden_new(keeper->wires, snapshot, i, keeper->count, verifiers, &keeper->wardens[i], err));
		snprintf(endpoint, sizeof(endpoint), ENDPOINT_GATEWAY, i);
		TRY(wire_connect(keeper->wires, WIRE_PUSH, endpoint, NULL, &keeper->to_wardens[i], err));
	}
	return OK;
}

result keeper_new(struct wires *wires, struct starter *starter, struct snapshot *snapshot, unsigned verifiers,
                  const struct starter_order *gateway, struct keeper **ret, struct err *err)
{
	const struct settings *settings = &snapshot->settings;
	struct keeper *keeper = mem_alloc(sizeof(*keeper));
	keeper->wires = wires;
	keeper->starter = starter;
	keeper->count = (unsigned)settings->threads.gateways;
	keeper->order = *gateway;
	keeper->order.count = keeper->count;
	result r = name_folder(keeper, settings->data, err);
	if (!FAILED(r))
		r = make_folder(keeper->order.folder, err);
	if (!FAILED(r))
		r = listen_all(keeper, settings->listen, err);
	if (!FAILED(r))
		r = make_wardens(keeper, snapshot, verifiers, err);
	if (FAILED(r)) {
		keeper_free(keeper);
		return r;
	}
	*ret = keeper;
	return OK;
}

void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	close_sockets(keeper);
	for (unsigned i = 0; i < keeper->count; i++) {
		warden_free(keeper->wardens[i]);
		wire_free(keeper->to_wardens[i]);
	}
	if (keeper->watch)
		loop_fd_free(keeper->watch);
	if (keeper->timer)
		loop_timer_free(keeper->timer);
	if (keeper->order.folder[0])
		rmdir(keeper->order.folder);
	mem_free(keeper);
}

unsigned keeper_wardens(const struct keeper *keeper)
{
	return keeper->count;
}

int keeper_port(const struct keeper *keeper)
{
	return keeper->port;
}
