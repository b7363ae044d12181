/* The starter: a process with one thread that was forked before anything was read, and starts gateway processes when it is told to. So
 * a gateway inherits neither memory nor descriptors of the core, and the core itself never has to run a program. Starter and gateway
 * end when the core does, however it ends. Thread: main. */
#ifndef BROKER_WARDEN_STARTER_H
#define BROKER_WARDEN_STARTER_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct starter;

enum { STARTER_LISTEN_MAX = 64, STARTER_FOLDER_MAX = 90 };

/* name: of a program beside this one. It is opened now: what is started later is what stands there now. Call while there is one thread
 * and nothing secret in memory. not_found and the like when there is no such program. */
RESULT starter_fork(const char *name, struct starter **ret, struct err *err);
/* Ends what it started, which has a moment to end by itself, and the starter. NULL is fine. */
void starter_free(struct starter *starter);
int starter_fd(const struct starter *starter); /* readable when there is a report */

struct starter_order {
	char folder[STARTER_FOLDER_MAX];
	uint32_t incarnation;
	unsigned count; /* of listening sockets */
	bool is_sandboxed;
	uid_t uid; /* that it changes to; 0: none */
	gid_t gid;
};
/* Starts `program FOLDER INCARNATION COUNT SANDBOX UID GID`, with the listening sockets from descriptor STARTER_FIRST_LISTEN on. */
RESULT starter_start(struct starter *starter, const struct starter_order *order, const int *listen, struct err *err);
/* Kills what it started; the report follows. */
void starter_kill(struct starter *starter);

enum starter_event {
	STARTER_NOTHING, /* no report yet */
	STARTER_STARTED, /* number: the process id */
	STARTER_ENDED,   /* number: as waitpid gives it */
	STARTER_FAILED,  /* number: an errno */
	STARTER_GONE     /* there is no starter any more */
};
struct starter_report {
	enum starter_event event;
	int number;
};
struct starter_report starter_report(struct starter *starter); /* without waiting */

/* Descriptors of what is started: the read end of a pipe that the core holds open while it lives, then the listening sockets. */
enum { STARTER_LIFELINE = 3, STARTER_PROGRAM = 4, STARTER_FIRST_LISTEN = 5 };

#endif
