/* liaison-gateway: the network's side of the hub, in a process that has nothing to lose: no store, no file, no key but that of TLS. The
 * core starts it and tells it all it knows; nobody else does. */
#include "base/daemon.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/text.h"
#include "broker/gateway/gateway.h"
#include "certs/guard.h"
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MANDATE_WAIT_MS = 10000,
	CORE_HIGH_WATER = 32, /* frames of adapters, each as large as it may be */
	CORE_HIGH_WATER_IN = 1024,
	CORE_LINGER_MS = 1000,
	LIFELINE = 3,
	FIRST_LISTEN = 5,
	THREADS_MAX = 64
};

static const char program[] = "liaison-gateway";

struct process {
	const char *folder;
	int64_t incarnation, count, is_sandboxed, uid, gid;
	struct sandbox *sandbox;
	struct wires *wires;
	struct wire *core[THREADS_MAX];
	struct gateway *gateways[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	pthread_mutex_t gate; /* closed until all is in its place */
	struct loop *loop;
};

struct post {
	struct process *process;
	struct gateway *gateway;
};

/* ── the threads ── */

static void *run_gateway(void *ctx)
{
	struct post *post = ctx;
	pthread_mutex_lock(&post->process->gate);
	pthread_mutex_unlock(&post->process->gate);
	prctl(PR_SET_NAME, "gateway", 0, 0, 0);
	gateway_run(post->gateway);
	loop_wake(post->process->loop);
	return NULL;
}

static void on_end(void *ctx)
{
	struct process *process = ctx;
	loop_stop(process->loop);
}

static void on_lifeline(void *ctx, unsigned ready)
{
	(void)ready;
	on_end(ctx);
}

/* ── what it takes from itself ── */

/* The name of another user, who has nothing. */
static RESULT change_user(const struct process *process, struct err *err)
{
	if (process->uid == 0)
		return OK;
	if (setgroups(0, NULL) < 0 || setresgid((gid_t)process->gid, (gid_t)process->gid, (gid_t)process->gid) < 0 ||
	    setresuid((uid_t)process->uid, (uid_t)process->uid, (uid_t)process->uid) < 0)
		return err_errno(err, "gateway_user", "changing to it");
	return OK;
}

/* Ends with the starter. False: there is no core any more. A change of user unsays it. */
static bool tie_to_core(void)
{
	struct pollfd lifeline = {.fd = LIFELINE, .events = POLLIN};
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return poll(&lifeline, 1, 0) == 0;
}

/* No process and no thread more. A log that is a file must still grow. */
static void limit_itself(void)
{
	const struct rlimit none = {0, 0};
	struct stat log;
	setrlimit(RLIMIT_NPROC, &none);
	if (fstat(STDERR_FILENO, &log) == 0 && !S_ISREG(log.st_mode))
		setrlimit(RLIMIT_FSIZE, &none);
}

/* Last, and for all threads. */
static RESULT close_in(const struct process *process, struct err *err)
{
	TRY(change_user(process, err));
	if (!tie_to_core())
		return err_set(err, CODE_CLOSED, "core", "it has ended");
	daemon_hide();
	limit_itself();
	TRY(sandbox_close_calls(process->sandbox, err));
	sandbox_log(process->sandbox);
	return OK;
}

/* ── what the core says ── */

static RESULT connect_core(struct process *process, unsigned number, struct err *err)
{
	const struct wire_options options = {.high_water = CORE_HIGH_WATER, .high_water_in = CORE_HIGH_WATER_IN, .max_bytes = MANDATE_MAX,
	                                     .linger_ms = CORE_LINGER_MS};
	char endpoint[256];
	snprintf(endpoint, sizeof(endpoint), ENDPOINT_PROCESS, process->folder, (unsigned)process->incarnation, number);
	return wire_connect(process->wires, WIRE_PAIR, endpoint, &options, &process->core[number], err);
}

static RESULT await_mandate(struct process *process, unsigned number, struct mandate **ret, struct err *err)
{
	struct job *job = NULL;
	if (!wire_wait(&process->core[number], 1, MANDATE_WAIT_MS))
		return err_set(err, CODE_TIMEOUT, "core", "no mandate came");
	TRY(job_receive(process->core[number], JOB_FROM_CORE, &job, err));
	result r = job->kind == JOB_MANDATE ? mandate_unpack(blob_bytes(job->frame), ret, err)
	                                    : err_set(err, CODE_PROTOCOL, "core", "%s came before a mandate", job_kind_text(job->kind));
	job_free(job);
	return r;
}

static RESULT take_post(struct process *process, unsigned number, struct err *err)
{
	struct mandate *mandate = NULL;
	uint64_t first = job_first_serial((uint32_t)process->incarnation);
	TRY(connect_core(process, number, err));
	TRY(await_mandate(process, number, &mandate, err));
	log_setup(program, (enum log_level)mandate->log_level, (enum log_format)mandate->log_format);
	process->gateways[number] =
		gateway_new(process->core[number], mandate, number, first, FIRST_LISTEN + (int)number);
	process->core[number] = NULL;
	mandate_unref(mandate);
	return OK;
}

/* ── life ── */

/* The threads are there before the sandbox, which lets nobody make one, and begin after it. */
static RESULT run_all(struct process *process, struct post *posts, struct err *err)
{
	struct loop_fd *lifeline = loop_fd_new(process->loop, LIFELINE, on_lifeline, process);
	loop_fd_want(lifeline, LOOP_READ);
	loop_on_wake(process->loop, on_end, process);
	pthread_mutex_lock(&process->gate);
	for (int64_t i = 0; i < process->count; i++) {
		posts[i] = (struct post){process, process->gateways[i]};
		if (pthread_create(&process->threads[i], NULL, run_gateway, &posts[i]) != 0)
			_exit(EXIT_FAILED);
	}
	result r = close_in(process, err);
	if (FAILED(r))
		wires_shutdown(process->wires);
	pthread_mutex_unlock(&process->gate);
	if (!FAILED(r))
		loop_run(process->loop);
	wires_shutdown(process->wires);
	for (int64_t i = 0; i < process->count; i++)
		pthread_join(process->threads[i], NULL);
	loop_fd_free(lifeline);
	return r;
}

static int serve(struct process *process)
{
	struct post posts[THREADS_MAX];
	struct err why;
	result r = OK;
	process->wires = wires_new();
	process->loop = loop_new();
	pthread_mutex_init(&process->gate, NULL);
	for (unsigned i = 0; i < (unsigned)process->count && !FAILED(r); i++)
		r = take_post(process, i, &why);
	if (!FAILED(r))
		r = run_all(process, posts, &why);
	if (FAILED(r))
		log_event(LOG_ERROR, "gateway_not_ready", LOG_REASON(&why));
	for (int64_t i = 0; i < process->count; i++) {
		gateway_free(process->gateways[i]);
		wire_free(process->core[i]);
	}
	loop_free(process->loop);
	wires_free(process->wires);
	return FAILED(r) ? EXIT_FAILED : EXIT_FINE;
}

/* ── the start ── */

static int say_usage(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		printf("%s %s\n", program, LIAISON_VERSION);
		return EXIT_FINE;
	}
	bool asked = argc == 2 && !strcmp(argv[1], "--help");
	fprintf(asked ? stdout : stderr, "%s is started by liaison-broker, with sockets that only that has; see liaison-gateway(8)\n", program);
	return asked ? EXIT_FINE : EXIT_USAGE;
}

static bool is_handed_over(struct process *process, int argc, char **argv)
{
	struct err ignored;
	if (argc != 7 || FAILED(text_int(bytes_text(argv[2]), 1, UINT32_MAX, &process->incarnation, &ignored)) ||
	    FAILED(text_int(bytes_text(argv[3]), 1, THREADS_MAX, &process->count, &ignored)) ||
	    FAILED(text_int(bytes_text(argv[4]), 0, 1, &process->is_sandboxed, &ignored)) ||
	    FAILED(text_int(bytes_text(argv[5]), 0, UINT32_MAX, &process->uid, &ignored)) ||
	    FAILED(text_int(bytes_text(argv[6]), 0, UINT32_MAX, &process->gid, &ignored)))
		return false;
	process->folder = argv[1];
	for (int64_t i = 0; i < process->count; i++)
		if (fcntl(FIRST_LISTEN + (int)i, F_SETFD, FD_CLOEXEC) < 0)
			return false;
	return fcntl(LIFELINE, F_SETFD, FD_CLOEXEC) == 0;
}

/* While there is one thread: those that follow open no file. */
static int begin(struct process *process)
{
	struct err why;
	int code = EXIT_FAILED;
	process->sandbox = sandbox_new(SANDBOX_GATEWAY, process->is_sandboxed);
	tls_prepare();
	if (FAILED(sandbox_close_files(process->sandbox, &why)))
		log_event(LOG_ERROR, "gateway_not_ready", LOG_REASON(&why));
	else
		code = serve(process);
	sandbox_free(process->sandbox);
	return code;
}

int main(int argc, char **argv)
{
	const enum guard_state keys = guard_setup();
	struct process process = {.count = 0};
	if (!is_handed_over(&process, argc, argv))
		return say_usage(argc, argv);
	prctl(PR_SET_NAME, program, 0, 0, 0);
	daemon_prepare();
	log_setup(program, LOG_NOTICE, LOG_FORMAT_AUTO);
	if (guard_text(keys))
		log_event(LOG_WARNING, "keys_not_locked", LOG_TEXT("reason", guard_text(keys)));
	return tie_to_core() ? begin(&process) : EXIT_FAILED;
}
