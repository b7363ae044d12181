/* What a program does before it touches its first key: private keys stand in memory that is locked and left out of dumps (the library's secure heap), whatever
 * the library gives back is wiped first. (That there are no core dumps is daemon_prepare's.) To be called once, before anything else of this room. Thread: main. */
#ifndef CERTS_GUARD_H
#define CERTS_GUARD_H

#include <stdbool.h>

enum guard_state {
	GUARD_LOCKED,
	GUARD_UNLOCKED, /* it works, but may be written to swap: RLIMIT_MEMLOCK is too small */
	GUARD_LATE      /* the library was in use already; keys are kept as it keeps them by itself */
};

enum guard_state guard_setup(void);
/* For the log: what is the matter and what to do; NULL when all is well. */
const char *guard_text(enum guard_state state);
/* Overwrites what calls before have left on the stack below this one. */
void guard_scrub_stack(void);

#endif
