/* liaison-broker: the hub. This file is the one place that sees all its rooms: it loads, starts the threads in one order,
 * waits for signals, and stops them in the other. */
#include "base/clock.h"
#include "base/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "atrest/atrest.h"
#include "broker/admin/admin.h"
#include "broker/admin/answers.h"
#include "broker/confine/confine.h"
#include "broker/route/router.h"
#include "broker/upkeep/hub_upkeep.h"
#include "broker/verify/verifier.h"
#include "broker/warden/keeper.h"
#include "certs/guard.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MAIN_INDEX_STEP = 1000,     /* entries in one go */
	MAIN_INDEX_WAIT_MS = 1000,
	MAIN_STOP_MS = 15000,       /* for a stop in good order */
	MAIN_JOBS_TURN = 64,
	MAIN_ANSWER_MAX = 512 * 1024
};

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define CERTIFICATE_NOTICE_MS (30 * DAY_MS)
#define CRL_NOTICE_MS (3 * DAY_MS)

static const char program[] = "liaison-broker";

struct broker {
	const char *file;
	struct loop *loop;
	struct wires *wires;
	struct snapshot *snapshot;
	struct store *store;
	struct ledger *ledger;

	struct index *index;
	struct router *router;
	struct verifier **verifiers;
	struct starter *starter;
	struct keeper *keeper;
	struct sandbox *sandbox;
	struct starter_order gateway; /* how it is started */
	struct admin *admin;
	unsigned verifiers_count;

	pthread_t index_thread, router_thread, admin_thread, *verifier_threads;
	struct wire *index_in;       /* the index thread's */
	struct wire *router_to_main; /* the router thread's */

	struct wire *in;
	struct wire *to_index, *to_router, *to_admin, **to_verifiers;
	struct loop_wire *watch;
	struct loop_signal *hangup, *terminate, *interrupt;
	struct loop_timer *daily, *patience;
	unsigned calm; /* wardens without links */
	bool is_stopping, has_failed;
};

/* ── threads ── */

static void give(struct wire *wire, struct job *job)
{
	struct err ignored;
	if (FAILED(job_give(wire, &job, true, &ignored)))
		job_free(job); /* the wires were shut down */
}

static void *run_verifier(void *verifier)
{
	pthread_setname_np(pthread_self(), "verifier");
	verifier_run(verifier);
	return NULL;
}

static void *run_admin(void *admin)
{
	pthread_setname_np(pthread_self(), "admin");
	admin_run(admin);
	return NULL;
}

/* What ends the router before it is told to ends the broker. */
static void *run_router(void *ctx)
{
	struct broker *broker = ctx;
	struct err why;
	pthread_setname_np(pthread_self(), "router");
	if (FAILED(router_run(broker->router, &why))) {
		struct job *job = job_new(JOB_STOP, 0);
		job->why = why;
		give(broker->router_to_main, job);
	}
	return NULL;
}

static void catch_up(struct index *index)
{
	struct err why;
	result r = OK;
	for (bool more = true; more && !FAILED(r);)
		r = index_catch_up(index, MAIN_INDEX_STEP, &more, &why);
	if (FAILED(r))
		log_event(LOG_ERROR, "index_failed", LOG_REASON(&why));
}

/* The index is behind the ledger and may fail: messages flow all the same. */
static void *run_index(void *ctx)
{
	struct broker *broker = ctx;
	bool stopping = false;
	pthread_setname_np(pthread_self(), "index");
	while (!stopping && !wire_is_shut(broker->index_in)) {
		struct job *job = job_take(broker->index_in, MAIN_INDEX_WAIT_MS);
		stopping = job && job->kind == JOB_STOP;
		job_free(job);
		catch_up(broker->index);
	}
	return NULL;
}

/* ── configuration ── */

static void print_faults(const char *file, const struct conf_faults *faults)
{
	fprintf(stderr, "%.*s%s: %zu %s\n", (int)faults->text.len, faults->text.len ? (const char *)faults->text.at : "", file,
	        faults->count, faults->count == 1 ? "fault" : "faults");
}

static bool load(const char *file, struct snapshot **ret)
{
	struct conf_faults faults;
	conf_faults_init(&faults);
	result r = snapshot_load(file, 1, ret, &faults);
	if (FAILED(r))
		print_faults(file, &faults);
	conf_faults_done(&faults);
	return !FAILED(r);
}

static int check(const char *file)
{
	struct snapshot *snapshot = NULL;
	if (!load(file, &snapshot))
		return EXIT_CONFIG;
	printf("%s: no faults\n", file);
	snapshot_unref(snapshot);
	return EXIT_FINE;
}

static void warn_expiry(const char *what, int64_t until, int64_t notice_ms)
{
	char text[CLOCK_TEXT_MAX];
	int64_t left = until - clock_wall_ms();
	if (until == 0 || left > notice_ms)
		return;
	log_event(left < 0 ? LOG_ERROR : LOG_WARNING, left < 0 ? "expired" : "expires_soon", LOG_TEXT("what", what),
	          LOG_TEXT("until", clock_text(until, text)), LOG_INT("days_left", left / DAY_MS));
}

static void on_day(void *ctx)
{
	const struct broker *broker = ctx;
	warn_expiry("tls certificate", tls_not_after_ms(broker->snapshot->tls), CERTIFICATE_NOTICE_MS);
	warn_expiry("signing certificate", signer_not_after_ms(broker->snapshot->signing), CERTIFICATE_NOTICE_MS);
	warn_expiry("revocation list", trust_crl_due_ms(broker->snapshot->trust), CRL_NOTICE_MS);
}

static void send_snapshot(const struct broker *broker, struct wire *wire)
{
	struct job *job = job_new(JOB_SNAPSHOT, 0);
	job->snapshot = snapshot_ref(broker->snapshot);
	give(wire, job);
}

/* Those who judge come before those who close links, so that nobody comes back in under the old trust. */
static void adopt(struct broker *broker, struct snapshot *snapshot)
{
	snapshot_unref(broker->snapshot);
	broker->snapshot = snapshot;
	log_setup(program, (enum log_level)snapshot->settings.log.level, (enum log_format)snapshot->settings.log.format);
	for (unsigned i = 0; i < broker->verifiers_count; i++)
		send_snapshot(broker, broker->to_verifiers[i]);
	send_snapshot(broker, broker->to_router);
	send_snapshot(broker, broker->to_admin);
	keeper_adopt(broker->keeper, broker->snapshot);
	log_event(LOG_NOTICE, "reloaded", LOG_INT("generation", snapshot->generation), LOG_INT("parties", snapshot->parties_count));
	on_day(broker);
}

static void refuse_reload(const char *field, const char *reason, const struct conf_faults *faults, struct buf *answer)
{
	struct err why;
	err_set(&why, CODE_CONFIG, field, "%s", reason);
	log_event(LOG_ERROR, "reload_refused", LOG_REASON(&why), LOG_INT("faults", faults->count));
	pack_put_map(answer, 2);
	pack_put_str(answer, "error");
	pack_put_map(answer, 3);
	pack_put_str(answer, "code");
	pack_put_str(answer, code_text(why.code));
	pack_put_str(answer, "field");
	pack_put_str(answer, why.field);
	pack_put_str(answer, "reason");
	pack_put_str(answer, why.reason);
	pack_put_str(answer, "faults");
	answers_put_lines(buf_bytes(&faults->text), answer);
}

static void log_faults(struct bytes text)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.at, '\n', text.len);
		size_t len = end ? (size_t)(end - text.at) : text.len;
		log_event(LOG_ERROR, "config_fault", LOG_BYTES("fault", bytes_of(text.at, len)));
		len += end ? 1 : 0;
		text = bytes_of(text.at + len, text.len - len);
	}
}

/* The new configuration is loaded whole before anything of it is applied. */
static void reload(struct broker *broker, struct buf *answer)
{
	struct conf_faults faults;
	struct snapshot *next = NULL;
	struct buf names;
	daemon_notify("RELOADING=1");
	conf_faults_init(&faults);
	buf_init(&names, ERR_FIELD_MAX);
	if (FAILED(snapshot_load(broker->file, broker->snapshot->generation + 1, &next, &faults))) {
		log_faults(buf_bytes(&faults.text));
		refuse_reload("", "the configuration has faults; nothing was changed", &faults, answer);
	} else if (conf_changed(&settings_table, &broker->snapshot->settings, &next->settings, &names)) {
		AUTO_FREE char *text = bytes_dup_text(buf_bytes(&names));
		refuse_reload(text, "changed, and needs a restart; nothing was changed", &faults, answer);
		snapshot_unref(next);
	} else {
		adopt(broker, next);
		pack_put_map(answer, 1);
		pack_put_str(answer, "generation");
		pack_put_int(answer, next->generation);
	}
	buf_done(&names);
	conf_faults_done(&faults);
	daemon_notify("READY=1");
}

static void on_hangup(void *ctx)
{
	struct broker *broker = ctx;
	struct buf answer;
	if (broker->is_stopping)
		return;
	buf_init(&answer, MAIN_ANSWER_MAX);
	reload(broker, &answer);
	buf_done(&answer);
}

static void answer_reload(struct broker *broker, int64_t number)
{
	struct job *job = job_new(JOB_ANSWER, 0);
	struct buf answer;
	buf_init(&answer, MAIN_ANSWER_MAX);
	reload(broker, &answer);
	job->number = number;
	job->frame = buf_take_blob(&answer);
	buf_done(&answer);
	give(broker->to_admin, job);
}

/* ── stopping ── */

static void give_up(struct broker *broker)
{
	broker->is_stopping = true;
	wires_shutdown(broker->wires);
	loop_stop(broker->loop);
}

static void on_patience(void *ctx)
{
	struct broker *broker = ctx;
	log_event(LOG_WARNING, "stop_hurried", LOG_TEXT("reason", "links or verifiers did not end in time"));
	give_up(broker);
}

/* Links are told first; once they are closed the rest follows, see stop_threads. A second signal does not wait. */
static void on_terminate(void *ctx)
{
	struct broker *broker = ctx;
	if (broker->is_stopping) {
		give_up(broker);
		return;
	}
	broker->is_stopping = true;
	daemon_notify("STOPPING=1");
	log_event(LOG_NOTICE, "stopping", LOG_INT("generation", broker->snapshot->generation));
	loop_timer_set(broker->patience, MAIN_STOP_MS, 0);
	keeper_stop(broker->keeper);
}

static void take_stop(struct broker *broker, const struct job *job)
{
	if (job->why.code != CODE_OK) {
		log_event(LOG_ERROR, "router_failed", LOG_REASON(&job->why));
		broker->has_failed = true;
		give_up(broker);
	} else if (++broker->calm == keeper_wardens(broker->keeper)) {
		loop_stop(broker->loop);
	}
}

static void on_jobs(void *ctx)
{
	struct broker *broker = ctx;
	struct job *job;
	for (int i = 0; i < MAIN_JOBS_TURN && (job = job_take(broker->in, 0)); i++) {
		if (job->kind == JOB_STOP)
			take_stop(broker, job);
		else if (job->kind == JOB_READY || job->kind == JOB_GATEWAY)
			keeper_take(broker->keeper, job);
		else if (job->kind == JOB_ASK)
			answer_reload(broker, job->number);
		job_free(job);
	}
}

/* Without its starter there is no gateway any more: whoever watches the service starts all anew. */
static void on_broken(void *ctx)
{
	struct broker *broker = ctx;
	log_event(LOG_ERROR, "starter_lost", LOG_TEXT("reason", "the process that starts the gateway has ended"));
	broker->has_failed = true;
	give_up(broker);
}

/* Each is told when those before it in the flow have ended, so that nothing is left on the way. The wardens run on until
 * the router has ended: it must never wait for one that takes nothing. */
static void stop_threads(struct broker *broker)
{
	for (unsigned i = 0; i < broker->verifiers_count; i++)
		give(broker->to_verifiers[i], job_new(JOB_STOP, 0));
	for (unsigned i = 0; i < broker->verifiers_count; i++)
		pthread_join(broker->verifier_threads[i], NULL);
	give(broker->to_router, job_new(JOB_STOP, 0));
	pthread_join(broker->router_thread, NULL);
	keeper_join(broker->keeper);
	give(broker->to_index, job_new(JOB_STOP, 0));
	pthread_join(broker->index_thread, NULL);
	give(broker->to_admin, job_new(JOB_STOP, 0));
	pthread_join(broker->admin_thread, NULL);
}

/* ── starting ── */

static unsigned count_verifiers(const struct settings *settings)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (settings->threads.verifiers > 0)
		return (unsigned)settings->threads.verifiers;
	return cores > 0 && cores <= 64 ? (unsigned)cores : 1;
}

static result open_store(struct broker *broker, struct err *err)
{
	const struct snapshot *snapshot = broker->snapshot;
	TRY(file_make_folder(snapshot->settings.data, 0700, err));
	TRY(store_sqlite_open(snapshot->settings.data, &broker->store, err));
	return ledger_open(broker->store, snapshot->settings.party, snapshot->signing_key, signer_fingerprint(snapshot->signing),
	                   &broker->ledger,
	                   err);
}

static result make_index(struct broker *broker, struct err *err)
{
	const struct wire_options once = {.high_water = 1};
	struct store *reader = NULL;
	TRY(store_reader(broker->store, &reader, err));
	TRY(index_open(broker->snapshot->settings.data, reader, &broker->index, err));
	TRY(wire_bind(broker->wires, WIRE_PULL, ENDPOINT_INDEX, &once, &broker->index_in, err));
	return wire_connect(broker->wires, WIRE_PUSH, ENDPOINT_INDEX, &once, &broker->to_index, err);
}

static result make_admin(struct broker *broker, struct err *err)
{
	struct store *view_reader = NULL, *reader = NULL;
	struct index_view *view = NULL;
	TRY(store_reader(broker->store, &view_reader, err));
	TRY(index_view_open(broker->snapshot->settings.data, view_reader, &view, err));
	result r = store_reader(broker->store, &reader, err);
	if (FAILED(r)) {
		index_view_close(view);
		return r;
	}
	TRY(admin_new(broker->wires, broker->snapshot, broker->file, view, reader, &broker->admin, err));
	return wire_connect(broker->wires, WIRE_PUSH, ENDPOINT_ADMIN, NULL, &broker->to_admin, err);
}

static result make_verifiers(struct broker *broker, unsigned gateways, struct err *err)
{
	char endpoint[64];
	unsigned count = broker->verifiers_count;
	broker->verifiers = mem_array(count, sizeof(*broker->verifiers));
	broker->verifier_threads = mem_array(count, sizeof(*broker->verifier_threads));
	broker->to_verifiers = mem_array(count, sizeof(*broker->to_verifiers));
	for (unsigned i = 0; i < count; i++) {
		TRY(verifier_new(broker->wires, broker->snapshot, i, count, gateways, &broker->verifiers[i], err));
		snprintf(endpoint, sizeof(endpoint), ENDPOINT_VERIFIER, i);
		TRY(wire_connect(broker->wires, WIRE_PUSH, endpoint, NULL, &broker->to_verifiers[i], err));
	}
	return OK;
}

/* Everything is made and bound before any thread runs: what cannot be is said here, and nothing has happened yet. */
static result make_all(struct broker *broker, struct err *err)
{
	broker->wires = wires_new();
	broker->verifiers_count = count_verifiers(&broker->snapshot->settings);
	unsigned gateways = (unsigned)broker->snapshot->settings.threads.gateways;
	TRY(open_store(broker, err));
	TRY(wire_bind(broker->wires, WIRE_PULL, ENDPOINT_MAIN, NULL, &broker->in, err));
	TRY(router_new(broker->wires, broker->store, broker->ledger, broker->snapshot, gateways, &broker->router, err));
	TRY(wire_connect(broker->wires, WIRE_PUSH, ENDPOINT_ROUTER, NULL, &broker->to_router, err));
	TRY(wire_connect(broker->wires, WIRE_PUSH, ENDPOINT_MAIN, NULL, &broker->router_to_main, err));
	TRY(make_index(broker, err));
	TRY(make_admin(broker, err));
	TRY(make_verifiers(broker, gateways, err));
	return keeper_new(broker->wires, broker->starter, broker->snapshot, broker->verifiers_count, &broker->gateway,
	                  &broker->keeper, err);
}

static void start_thread(pthread_t *thread, void *(*run)(void *), void *ctx, const char *name)
{
	int rc = pthread_create(thread, NULL, run, ctx);
	if (rc != 0) { /* nothing that runs could be told to stop in order */
		log_event(LOG_ERROR, "thread_failed", LOG_TEXT("thread", name), LOG_TEXT("reason", strerror(rc)));
		_exit(EXIT_FAILED);
	}
}

/* Against the flow: who takes runs before who gives. Signals are main's alone. */
static void start_threads(struct broker *broker)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	start_thread(&broker->admin_thread, run_admin, broker->admin, "admin");
	start_thread(&broker->index_thread, run_index, broker, "index");
	start_thread(&broker->router_thread, run_router, broker, "router");
	for (unsigned i = 0; i < broker->verifiers_count; i++)
		start_thread(&broker->verifier_threads[i], run_verifier, broker->verifiers[i], "verifier");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void watch(struct broker *broker)
{
	broker->loop = loop_new();
	broker->watch = loop_wire_new(broker->loop, broker->in, on_jobs, broker);
	broker->hangup = loop_signal_new(broker->loop, SIGHUP, on_hangup, broker);
	broker->terminate = loop_signal_new(broker->loop, SIGTERM, on_terminate, broker);
	broker->interrupt = loop_signal_new(broker->loop, SIGINT, on_terminate, broker);
	daemon_heed_signals();
	broker->patience = loop_timer_new(broker->loop, on_patience, broker);
	broker->daily = loop_timer_new(broker->loop, on_day, broker);
	loop_timer_set(broker->daily, DAY_MS, DAY_MS);
}

static void run(struct broker *broker)
{
	const struct settings *settings = &broker->snapshot->settings;
	int64_t entries = ledger_size(broker->ledger);
	watch(broker);
	keeper_watch(broker->keeper, broker->loop, on_broken, broker);
	start_threads(broker);
	daemon_notify("READY=1");
	sandbox_log(broker->sandbox);
	log_event(LOG_NOTICE, "started", LOG_TEXT("party", settings->party), LOG_TEXT("version", LIAISON_VERSION),
	          LOG_TEXT("listen", settings->listen), LOG_INT("port", keeper_port(broker->keeper)),
	          LOG_INT("parties", settings->parties.count), LOG_INT("ledger", entries));
	on_day(broker);
	loop_run(broker->loop);
	stop_threads(broker);
	log_event(LOG_NOTICE, "stopped", LOG_INT("ledger", ledger_size(broker->ledger)));
}

/* Also of what was made only in part. */
static void free_all(struct broker *broker)
{
	keeper_free(broker->keeper);
	for (unsigned i = 0; broker->verifiers && i < broker->verifiers_count; i++) {
		verifier_free(broker->verifiers[i]);
		wire_free(broker->to_verifiers[i]);
	}
	admin_free(broker->admin);
	router_free(broker->router);
	if (broker->index)
		index_close(broker->index);
	loop_wire_free(broker->watch);
	loop_free(broker->loop);
	struct wire *const wires[] = {broker->in, broker->to_index, broker->to_router, broker->to_admin, broker->index_in,
	                              broker->router_to_main};
	for (size_t i = 0; i < sizeof(wires) / sizeof(*wires); i++)
		wire_free(wires[i]);
	wires_free(broker->wires);
	if (broker->ledger)
		ledger_close(broker->ledger);
	if (broker->store)
		store_close(broker->store);
	snapshot_unref(broker->snapshot);
	sandbox_free(broker->sandbox);
	mem_free(broker->verifiers);
	mem_free(broker->verifier_threads);
	mem_free(broker->to_verifiers);
}

static RESULT begin_rest(const struct settings *settings, struct err *err)
{
	static const char *const files[] = {"store.db", "index.db"};
	struct atrest_began began;
	TRY(atrest_begin(settings->at_rest.key, settings->data, files, sizeof(files) / sizeof(*files), &began, err));
	if (began.key[0])
		log_event(LOG_INFO, "at_rest_sealed", LOG_TEXT("key", began.key), LOG_INT("sealed_now", began.sealed));
	else
		log_event(LOG_INFO, "at_rest_plain", LOG_TEXT("data", settings->data));
	return OK;
}

/* The gateway begins before the rest: what it cannot do is said while nothing has happened yet. */
static result prepare(struct broker *broker, struct err *err)
{
	const struct settings *settings = &broker->snapshot->settings;
	broker->gateway.is_sandboxed = settings->sandbox.on;
	TRY(confine_user(settings, &broker->gateway.uid, &broker->gateway.gid, err));
	TRY(begin_rest(settings, err)); /* what it reads is out of reach behind the next line */
	TRY(confine_files(settings, broker->file, &broker->sandbox, err));
	TRY(make_all(broker, err));
	TRY(keeper_start(broker->keeper, broker->in, err));
	result r = sandbox_close_calls(broker->sandbox, err);
	if (FAILED(r)) {
		wires_shutdown(broker->wires);
		keeper_join(broker->keeper);
	}
	return r;
}

static int start(const char *file, enum guard_state keys)
{
	struct broker broker = {.file = file};
	struct err why;
	result r = starter_fork("liaison-gateway", &broker.starter, &why); /* before anything is known that a gateway must not know */
	if (FAILED(r)) {
		fprintf(stderr, "%s: %s: %s\n", program, why.field, why.reason);
		return EXIT_FAILED;
	}
	if (!load(file, &broker.snapshot)) {
		starter_free(broker.starter);
		return EXIT_CONFIG;
	}
	log_setup(program, (enum log_level)broker.snapshot->settings.log.level, (enum log_format)broker.snapshot->settings.log.format);
	if (guard_text(keys))
		log_event(LOG_WARNING, "keys_not_locked", LOG_TEXT("reason", guard_text(keys)));
	r = prepare(&broker, &why);
	if (FAILED(r))
		log_event(LOG_ERROR, "not_started", LOG_REASON(&why), LOG_TEXT("remedy", code_remedy(why.code)));
	else
		run(&broker);
	starter_free(broker.starter);
	free_all(&broker);
	return FAILED(r) || broker.has_failed ? EXIT_FAILED : EXIT_FINE;
}

int main(int argc, char **argv)
{
	const enum guard_state keys = guard_setup();
	struct daemon_options options;
	struct settings settings;
	int code = EXIT_FINE;
	if (hub_upkeep(argc, argv, &code))
		return code;
	if (!daemon_arguments(argc, argv, program, "The hub: routes signed messages between the adapters of agencies.", &options, &code))
		return code;
	daemon_prepare();
	if (options.check)
		return check(options.config);
	if (options.print) {
		if (daemon_config(&options, &settings_table, &settings, &code))
			conf_free(&settings_table, &settings);
		return code;
	}
	return start(options.config, keys);
}
