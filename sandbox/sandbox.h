/* What a program takes from itself once it has begun: files that it will never open (Landlock), and calls of the system that it will
 * never make (seccomp). Both hold for ever and for every thread, so whoever takes a program over does not get them back. Where the kernel
 * has neither, the program runs as it is, and says so. Thread: main. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "base/err.h"

struct sandbox;

enum sandbox_role {
	SANDBOX_CORE,    /* files, local sockets, threads; connects to nobody */
	SANDBOX_ADAPTER, /* the same, and connects and looks names up */
	SANDBOX_GATEWAY  /* what it holds already, and what is accepted; opens nothing */
};

enum sandbox_access {
	SANDBOX_READ,  /* files and folders below */
	SANDBOX_WRITE, /* and makes, renames and removes them */
	SANDBOX_USE    /* a single file, read and written where it stands */
};

/* is_on false: nothing is taken, and the log says that. */
struct sandbox *sandbox_new(enum sandbox_role role, bool is_on);
void sandbox_free(struct sandbox *sandbox); /* NULL is fine; what was taken is not given back */
/* May still be opened after sandbox_close_files; a path that does not exist is passed over. Symbolic links are followed now. */
void sandbox_allow(struct sandbox *sandbox, const char *path, enum sandbox_access access);
/* The folder of a file, by the name given and where it really lies: a file that is replaced can be read again. */
void sandbox_allow_beside(struct sandbox *sandbox, const char *file);
/* What a key that is named by a URI needs: the file with the PIN of one on a token, which may then be reached over the network too; the
 * folder of the service manager's credentials. Where the token keeps itself is for the settings to say. False: it is a path. */
bool sandbox_allow_key(struct sandbox *sandbox, const char *uri);
/* The folder of an ipc:// endpoint that is bound. */
void sandbox_allow_socket(struct sandbox *sandbox, const char *endpoint);
/* What every program here may read: the system's libraries, zones, names and random numbers. */
void sandbox_allow_system(struct sandbox *sandbox);

/* Before there is a second thread. io when the kernel refuses what it says it has. */
RESULT sandbox_close_files(struct sandbox *sandbox, struct err *err);
/* For all threads. Unknown calls fail with EPERM, so that a library of tomorrow goes without; calls that only an intruder makes end the
 * program. io as above. */
RESULT sandbox_close_calls(struct sandbox *sandbox, struct err *err);

/* One line of the log: what is on, or what is absent and why. */
void sandbox_log(const struct sandbox *sandbox);

#endif
