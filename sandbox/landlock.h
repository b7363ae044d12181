/* Landlock, by its system calls. Thread: main. */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include "sandbox/sandbox.h"

#include <stddef.h>

struct landlock_path {
	char *path;
	enum sandbox_access access;
};

int landlock_version(void); /* of the kernel; 0: it has none */
/* Of this thread and those it will make. dials: may connect by TCP. io. */
RESULT landlock_close(const struct landlock_path *paths, size_t count, bool dials, struct err *err);

#endif
