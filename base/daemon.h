/* What every long-running program does the same way: arguments, --check and --print, the user it runs as, core dumps off, word to the
 * service manager, exit codes. Thread: main. */
#ifndef BASE_DAEMON_H
#define BASE_DAEMON_H

#include "base/conf.h"

/* Exit codes of all programs, as documented in the manual pages. */
enum daemon_exit {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,   /* it ran and the answer is no */
	EXIT_USAGE = 2,    /* the command line is wrong */
	EXIT_CONFIG = 3,   /* the configuration is wrong */
	EXIT_REFUSED = 4,  /* the other side refused; the code is printed */
	EXIT_UNREACHED = 5 /* the other side cannot be reached, or did not answer in time */
};

struct daemon_options {
	const char *config; /* -c FILE */
	bool check;         /* --check: list faults, exit */
	bool print;         /* --print: effective values, exit */
};

/* Reads the arguments (-c FILE, --check, --print, --version, --help). True: go on; false: exit with *ret_exit, everything is said. */
bool daemon_arguments(int argc, char **argv, const char *program, const char *summary, struct daemon_options *ret, int *ret_exit);
/* Loads the table, prints faults to stderr or the check's or print's result. As above. On true `into` is the caller's to conf_free. */
bool daemon_config(const struct daemon_options *options, const struct conf_table *table, void *into, int *ret_exit);
/* SIGPIPE ignored, no core dumps, umask 0077, stdin from /dev/null kept open, RLIMIT_NOFILE raised to its hard limit. */
void daemon_prepare(void);
/* Nobody may trace this process or read its memory: daemon_prepare has said so, and a change of user unsays it. */
void daemon_hide(void);
/* From daemon_prepare on, SIGTERM, SIGINT and SIGHUP wait; call once they have their handlers, so that a stop during the start is one in good order too. */
void daemon_heed_signals(void);
/* sd_notify where a service manager listens, nothing otherwise: "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=…". */
void daemon_notify(const char *state);

#endif
