/* Runs a function in a process of its own, because a sandbox is never left again. */
#ifndef TESTS_UNIT_SANDBOX_IN_CHILD_H
#define TESTS_UNIT_SANDBOX_IN_CHILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: what does not hold ends it with the line's number. */
#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			dprintf(2, "%s:%d: %s\n", __FILE__, __LINE__, #condition);      \
			_exit(99);                                                      \
		}                                                                       \
	} while (0)

/* The status as waitpid gives it. */
static inline int in_child(void (*fn)(const char *folder), const char *folder)
{
	int status = 0;
	fflush(stdout);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fn(folder);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
