#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/file.h"
#include "base/mem.h"

enum { SAID_MAX = 8192, ARGUMENTS_MAX = 8 };

struct sample {
	char *name;
	char *password;
	int64_t threads;
};

static const struct conf_field fields[] = {
	{.name = "name", .kind = CONF_TEXT, .offset = offsetof(struct sample, name), .flags = CONF_REQUIRED,
	 .help = "what it is called"},
	{.name = "password", .kind = CONF_TEXT, .offset = offsetof(struct sample, password), .flags = CONF_SECRET},
	{.name = "threads", .kind = CONF_INT, .offset = offsetof(struct sample, threads), .fallback = "2", .min = 1, .max = 64},
};

static const struct conf_table table = {fields, 3, sizeof(struct sample), CONF_NO_LINE, NULL};

static char folder[64];
static char file[96];

/* What was written to one of the standard descriptors while it was held. */
struct held {
	int fd, saved;
	FILE *to;
};

static struct held hold(int fd)
{
	struct held held = {.fd = fd, .saved = dup(fd), .to = tmpfile()};

	assert_non_null(held.to);
	assert_int_equal(dup2(fileno(held.to), fd), fd);
	return held;
}

static void let_go(struct held *held, char said[static SAID_MAX])
{
	dup2(held->saved, held->fd);
	close(held->saved);
	rewind(held->to);
	said[fread(said, 1, SAID_MAX - 1, held->to)] = '\0';
	fclose(held->to);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/liaison-daemon-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/hub.cfg", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(folder);
}

/* ── arguments ── */

struct run {
	bool goes_on;
	int exit;
	struct daemon_options options;
	char out[SAID_MAX], errors[SAID_MAX];
};

static void run_arguments(struct run *run, const char *const *arguments)
{
	char *argv[ARGUMENTS_MAX + 1] = {NULL};
	int argc = 0;

	for (; arguments[argc]; argc++)
		argv[argc] = mem_text(arguments[argc]);
	*run = (struct run){.exit = -1};
	struct held out = hold(STDOUT_FILENO), errors = hold(STDERR_FILENO);
	run->goes_on = daemon_arguments(argc, argv, "liaison-test", "Tests.", &run->options, &run->exit);
	let_go(&errors, run->errors);
	let_go(&out, run->out);
	run->options.config = run->options.config ? "seen" : NULL; /* it is a view of argv */
	for (int i = 0; i < argc; i++)
		mem_free(argv[i]);
}

static void understands_the_arguments_of_a_daemon(void **state)
{
	static const struct {
		const char *arguments[ARGUMENTS_MAX];
		bool check, print;
	} rows[] = {
		{{"p", "-c", "hub.cfg"}, false, false},
		{{"p", "-chub.cfg"}, false, false},
		{{"p", "--config=hub.cfg", "--check"}, true, false},
		{{"p", "--print", "--config", "hub.cfg"}, false, true},
	};
	struct run run;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		run_arguments(&run, rows[i].arguments);
		assert_true(run.goes_on);
		assert_non_null(run.options.config);
		assert_int_equal(run.options.check, rows[i].check);
		assert_int_equal(run.options.print, rows[i].print);
		assert_string_equal(run.out, "");
		assert_string_equal(run.errors, "");
	}
}

static void says_what_is_wrong_with_the_arguments(void **state)
{
	static const struct {
		const char *arguments[ARGUMENTS_MAX];
		const char *expected;
	} rows[] = {
		{{"p"}, "liaison-test: no configuration; name one with -c FILE; see liaison-test --help\n"},
		{{"p", "-c"}, "liaison-test: a value is missing after -c; see liaison-test --help\n"},
		{{"p", "--config"}, "liaison-test: a value is missing after -c; see liaison-test --help\n"},
		{{"p", "-x"}, "liaison-test: unknown option -x; see liaison-test --help\n"},
		{{"p", "--chekc"}, "liaison-test: unknown option --chekc; see liaison-test --help\n"},
		{{"p", "-c", "a", "--check=yes"}, "liaison-test: unknown option --check=yes; see liaison-test --help\n"},
		{{"p", "-c", "a", "b"}, "liaison-test: unexpected argument b; see liaison-test --help\n"},
	};
	struct run run;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		run_arguments(&run, rows[i].arguments);
		assert_false(run.goes_on);
		assert_int_equal(run.exit, EXIT_USAGE);
		assert_string_equal(run.errors, rows[i].expected);
		assert_string_equal(run.out, "");
	}
}

static void prints_version_and_help_to_stdout(void **state)
{
	static const char *const version[] = {"p", "--version", NULL}, *const help[] = {"p", "--help", NULL};
	struct run run;

	(void)state;
	run_arguments(&run, version);
	assert_false(run.goes_on);
	assert_int_equal(run.exit, EXIT_FINE);
	assert_string_equal(run.out, "liaison-test " LIAISON_VERSION "\n");
	run_arguments(&run, help);
	assert_false(run.goes_on);
	assert_int_equal(run.exit, EXIT_FINE);
	assert_memory_equal(run.out, "Usage: liaison-test -c FILE", 27);
	assert_non_null(strstr(run.out, "--check"));
	assert_string_equal(run.errors, "");
}

/* ── configuration ── */

static void run_config(struct run *run, struct daemon_options options, const char *text, struct sample *into)
{
	struct err err;

	assert_false(FAILED(file_write(file, bytes_text(text), 0600, &err)));
	options.config = file;
	*run = (struct run){.exit = -1};
	struct held out = hold(STDOUT_FILENO), errors = hold(STDERR_FILENO);
	run->goes_on = daemon_config(&options, &table, into, &run->exit);
	let_go(&errors, run->errors);
	let_go(&out, run->out);
}

static void loads_and_goes_on_in_silence(void **state)
{
	struct sample sample;
	struct run run;

	(void)state;
	run_config(&run, (struct daemon_options){.check = false}, "name = \"x\";", &sample);
	assert_true(run.goes_on);
	assert_string_equal(sample.name, "x");
	assert_string_equal(run.out, "");
	assert_string_equal(run.errors, "");
	conf_free(&table, &sample);
}

static void checks_and_prints_and_exits(void **state)
{
	struct sample sample;
	struct run run;
	char expected[256];

	(void)state;
	run_config(&run, (struct daemon_options){.check = true}, "name = \"x\";", &sample);
	snprintf(expected, sizeof expected, "%s: no faults\n", file);
	assert_false(run.goes_on);
	assert_int_equal(run.exit, EXIT_FINE);
	assert_string_equal(run.out, expected);
	run_config(&run, (struct daemon_options){.print = true}, "name = \"x\"; password = \"hush\";", &sample);
	assert_false(run.goes_on);
	assert_int_equal(run.exit, EXIT_FINE);
	assert_string_equal(run.out, "# what it is called\nname = \"x\";\npassword = \"********\";\nthreads = 2;\n");
	assert_string_equal(run.errors, "");
}

static void lists_the_faults_on_stderr(void **state)
{
	static const bool checks[] = {false, true};
	struct sample sample;
	struct run run;
	char expected[512];

	(void)state;
	snprintf(expected, sizeof expected,
	         "%s:1: name: is missing; add it: what it is called\n"
	         "%s:1: threads: is 0; write a value from 1 to 64\n"
	         "%s: 2 faults\n",
	         file, file, file);
	for (size_t i = 0; i < 2; i++) {
		run_config(&run, (struct daemon_options){.check = checks[i]}, "threads = 0;", &sample);
		assert_false(run.goes_on);
		assert_int_equal(run.exit, EXIT_CONFIG);
		assert_string_equal(run.errors, expected);
		assert_string_equal(run.out, "");
	}
	run_config(&run, (struct daemon_options){.check = true}, "name = 1;", &sample);
	assert_non_null(strstr(run.errors, ": 1 fault\n"));
}

/* ── the process ── */

/* In a process of its own; the exit code is the number of the first thing that is not as it should be. */
static int prepared_process(void)
{
	struct rlimit limit;
	struct sigaction action;
	struct stat null_now, null;
	char byte;

	daemon_prepare();
	if (sigaction(SIGPIPE, NULL, &action) < 0 || action.sa_handler != SIG_IGN)
		return 1;
	if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_cur != 0 || limit.rlim_max != 0)
		return 2;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur != limit.rlim_max)
		return 3;
	if (umask(0) != 0077)
		return 4;
	if (stat("/dev/null", &null) < 0 || fstat(STDIN_FILENO, &null_now) < 0 || null.st_rdev != null_now.st_rdev)
		return 5;
	if (read(STDIN_FILENO, &byte, 1) != 0)
		return 6;
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0 || fcntl(STDERR_FILENO, F_GETFD) < 0)
		return 7;
	int next = dup(STDIN_FILENO);
	if (next <= STDERR_FILENO)
		return 8;
	return 0;
}

static int exit_of_prepared(bool closes_standard)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		for (int fd = STDIN_FILENO; closes_standard && fd <= STDERR_FILENO; fd++)
			close(fd);
		umask(0);
		_exit(prepared_process());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void prepares_the_process(void **state)
{
	(void)state;
	assert_int_equal(exit_of_prepared(false), 0);
}

static void holds_standard_descriptors_that_were_closed(void **state)
{
	(void)state;
	assert_int_equal(exit_of_prepared(true), 0);
}

static void tells_the_service_manager_where_there_is_one(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char got[256];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)state;
	snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", folder);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	daemon_notify("READY=1"); /* nobody listens: nothing happens */
	assert_int_equal(recv(fd, got, sizeof got, 0), -1);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	daemon_notify("READY=1");
	assert_int_equal(recv(fd, got, sizeof got, 0), 7);
	assert_memory_equal(got, "READY=1", 7);
	daemon_notify("RELOADING=1");
	assert_true(recv(fd, got, sizeof got, 0) > 26);
	assert_memory_equal(got, "RELOADING=1\nMONOTONIC_USEC=", 27);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	unlink(address.sun_path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(understands_the_arguments_of_a_daemon),
		TEST(says_what_is_wrong_with_the_arguments),
		TEST(prints_version_and_help_to_stdout),
		TEST(loads_and_goes_on_in_silence),
		TEST(checks_and_prints_and_exits),
		TEST(lists_the_faults_on_stderr),
		TEST(prepares_the_process),
		TEST(holds_standard_descriptors_that_were_closed),
		TEST(tells_the_service_manager_where_there_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
