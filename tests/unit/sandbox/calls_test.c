#include "unit/sandbox/in_child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "sandbox/calls.h"

static void enter(enum sandbox_role role)
{
	struct err err;
	MUST(!FAILED(calls_close(role, &err)));
}

static void as_gateway(const char *folder)
{
	int pair[2];
	char byte = 'x';
	struct timespec now;
	(void)folder;
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	enter(SANDBOX_GATEWAY);
	/* What it lives by. */
	MUST(write(pair[0], &byte, 1) == 1 && read(pair[1], &byte, 1) == 1);
	MUST(getrandom(&byte, 1, 0) == 1);
	MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	/* What it never does. */
	MUST(open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM);
	MUST(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
	MUST(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM);
	MUST(connect(pair[0], NULL, 0) < 0 && errno == EPERM);
	MUST(bind(pair[0], NULL, 0) < 0 && errno == EPERM);
	MUST(kill(getppid(), 0) < 0 && errno == EPERM);
	MUST(kill(getpid(), 0) == 0);
	MUST(fork() < 0);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	MUST(unlink("/tmp/liaison-nothing") < 0 && errno == EPERM);
}

static void a_gateway_has_what_it_holds_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(in_child(as_gateway, NULL), 0);
}

static void *nothing(void *ctx)
{
	return ctx;
}

static void as_core(const char *folder)
{
	pthread_t thread;
	(void)folder;
	enter(SANDBOX_CORE);
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	MUST(fd >= 0 && close(fd) == 0);
	MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	MUST(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM);
	MUST(pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
	MUST(fork() < 0);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	MUST(syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno == EPERM);
}

static void a_core_has_files_and_threads_and_starts_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(as_core, NULL), 0);
}

static void who_runs_a_program(const char *folder)
{
	char *const arguments[] = {(char *)"true", NULL};
	(void)folder;
	enter(SANDBOX_CORE);
	execv("/bin/true", arguments);
}

static void who_traces(const char *folder)
{
	(void)folder;
	enter(SANDBOX_ADAPTER);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void who_reads_memory(const char *folder)
{
	(void)folder;
	enter(SANDBOX_GATEWAY);
	syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static void who_does_what_only_an_intruder_does_is_ended(void **state)
{
	void (*const all[])(const char *) = {who_runs_a_program, who_traces, who_reads_memory};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int status = in_child(all[i], NULL);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

/* Both for a thread that was there before. */
static void *opens_later(void *gate)
{
	pthread_mutex_lock(gate);
	bool opened = open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
	pthread_mutex_unlock(gate);
	return opened ? gate : NULL;
}

static void with_an_older_thread(const char *folder)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;
	void *opened = NULL;
	(void)folder;
	pthread_mutex_lock(&gate);
	MUST(pthread_create(&thread, NULL, opens_later, &gate) == 0);
	enter(SANDBOX_GATEWAY);
	pthread_mutex_unlock(&gate);
	MUST(pthread_join(thread, &opened) == 0);
	MUST(opened == NULL);
}

static void holds_for_threads_that_were_there_before(void **state)
{
	(void)state;
	assert_int_equal(in_child(with_an_older_thread, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gateway_has_what_it_holds_and_no_more),
		cmocka_unit_test(a_core_has_files_and_threads_and_starts_nothing),
		cmocka_unit_test(who_does_what_only_an_intruder_does_is_ended),
		cmocka_unit_test(holds_for_threads_that_were_there_before),
	};
	if (!calls_can_be_filtered())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
