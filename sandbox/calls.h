/* Which calls of the system a program makes, as a filter of seccomp. Thread: main. */
#ifndef SANDBOX_CALLS_H
#define SANDBOX_CALLS_H

#include "sandbox/sandbox.h"

bool calls_can_be_filtered(void); /* by this kernel */
/* For all threads of the process. io. */
RESULT calls_close(enum sandbox_role role, struct err *err);

#endif
