#include "base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* The leak checker of the address sanitizer must be able to trace its own process. */
#if defined(__SANITIZE_ADDRESS__)
enum { LEAK_CHECKED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { LEAK_CHECKED = 1 };
#else
enum { LEAK_CHECKED = 0 };
#endif
#else
enum { LEAK_CHECKED = 0 };
#endif

enum { OUTPUT_MAX = 4 * 1024 * 1024 };

enum { OPTION_CHECK = 256, OPTION_PRINT, OPTION_VERSION };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"print", no_argument, NULL, OPTION_PRINT},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void say(int fd, struct bytes text)
{
	while (text.len > 0) {
		ssize_t wrote = write(fd, text.at, text.len);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return;
		text.at += wrote;
		text.len -= (size_t)wrote;
	}
}

static void say_text(int fd, char *owned)
{
	say(fd, bytes_text(owned));
	mem_free(owned);
}

/* ── arguments ── */

static void print_help(const char *program, const char *summary)
{
	say_text(STDOUT_FILENO, mem_printf("Usage: %s -c FILE [--check | --print]\n"
	                                   "%s\n\n"
	                                   "  -c, --config FILE  the configuration to run with\n"
	                                   "      --check        list every fault of the configuration and exit\n"
	                                   "      --print        print the effective configuration, secrets masked, and exit\n"
	                                   "      --version      print the version and exit\n"
	                                   "  -h, --help         print this and exit\n\n"
	                                   "Exit codes: 0 fine, 1 failed, 2 usage, 3 configuration, 4 refused, 5 unreached.\n",
	                                   program, summary));
}

static bool exit_with(enum daemon_exit code, int *ret_exit)
{
	*ret_exit = (int)code;
	return false;
}

static bool usage(const char *program, const char *what, const char *which, int *ret_exit)
{
	say_text(STDERR_FILENO, mem_printf("%s: %s%s; see %s --help\n", program, what, which, program));
	return exit_with(EXIT_USAGE, ret_exit);
}

/* What getopt stumbled over: a letter, or the argument it has just gone past. */
static bool wrong_option(int found, char **argv, const char *program, int *ret_exit)
{
	const char letter[] = {'-', (char)optopt, '\0'};
	const char *which = optopt > 0 && optopt < 256 ? letter : argv[optind - 1];

	return usage(program, found == ':' ? "a value is missing after " : "unknown option ", which, ret_exit);
}

bool daemon_arguments(int argc, char **argv, const char *program, const char *summary, struct daemon_options *ret, int *ret_exit)
{
	struct daemon_options options = {.config = NULL};
	int found;

	optind = 0; /* glibc: start afresh, also when called before */
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":c:h", long_options, NULL)) != -1) {
		switch (found) {
		case 'c':
			options.config = optarg;
			break;
		case OPTION_CHECK:
			options.check = true;
			break;
		case OPTION_PRINT:
			options.print = true;
			break;
		case OPTION_VERSION:
			say_text(STDOUT_FILENO, mem_printf("%s %s\n", program, LIAISON_VERSION));
			return exit_with(EXIT_FINE, ret_exit);
		case 'h':
			print_help(program, summary);
			return exit_with(EXIT_FINE, ret_exit);
		default:
			return wrong_option(found, argv, program, ret_exit);
		}
	}
	if (optind < argc)
		return usage(program, "unexpected argument ", argv[optind], ret_exit);
	if (!options.config)
		return usage(program, "no configuration; name one with -c FILE", "", ret_exit);
	*ret = options;
	return true;
}

/* ── configuration ── */

static void print_effective(const struct conf_table *table, const void *loaded)
{
	struct buf out;

	buf_init(&out, OUTPUT_MAX);
	conf_print(table, loaded, &out);
	say(STDOUT_FILENO, buf_bytes(&out));
	buf_done(&out);
}

static bool report_faults(const char *file, struct conf_faults *faults, int *ret_exit)
{
	say(STDERR_FILENO, buf_bytes(&faults->text));
	say_text(STDERR_FILENO, mem_printf("%s: %zu %s\n", file, faults->count, faults->count == 1 ? "fault" : "faults"));
	conf_faults_done(faults);
	return exit_with(EXIT_CONFIG, ret_exit);
}

bool daemon_config(const struct daemon_options *options, const struct conf_table *table, void *into, int *ret_exit)
{
	struct conf_faults faults;

	conf_faults_init(&faults);
	if (FAILED(conf_load(table, options->config, into, &faults)))
		return report_faults(options->config, &faults, ret_exit);
	conf_faults_done(&faults);
	if (!options->check && !options->print)
		return true;
	if (options->print)
		print_effective(table, into);
	else
		say_text(STDOUT_FILENO, mem_printf("%s: no faults\n", options->config));
	conf_free(table, into);
	return exit_with(EXIT_FINE, ret_exit);
}

/* ── the process ── */

/* A closed standard descriptor would become the next socket, and messages for people would be sent to a peer. */
static void hold_standard_descriptors(void)
{
	int null = open("/dev/null", O_RDWR);

	while (null >= 0 && null <= STDERR_FILENO)
		null = dup(null);
	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	close(null);
}

void daemon_hide(void)
{
	if (!LEAK_CHECKED)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A core holds keys and messages. The limit alone does not stop a kernel that pipes cores to a program. */
static void forbid_core_dumps(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	daemon_hide();
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void mask_signals(int how)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(how, &set, NULL);
}

void daemon_heed_signals(void)
{
	mask_signals(SIG_UNBLOCK);
}

void daemon_prepare(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
	hold_standard_descriptors();
	forbid_core_dumps();
	umask(0077);
	raise_descriptor_limit();
	mask_signals(SIG_BLOCK);
}

void daemon_notify(const char *state)
{
	/* A manager that tells reloads apart wants to know when this one began. */
	if (strcmp(state, "RELOADING=1") == 0)
		sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_us());
	else
		sd_notify(0, state);
}
