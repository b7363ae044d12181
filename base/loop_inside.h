/* What a loop is made of: for loop.c and loop_resolve.c only. */
#ifndef BASE_LOOP_INSIDE_H
#define BASE_LOOP_INSIDE_H

#include <sys/queue.h>
#include <uv.h>

#include "base/loop.h"

enum { TURN_HOOKS_MAX = 8 };

struct turn_hook {
	loop_fn fn;
	void *ctx;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	uv_prepare_t before_sleep;
	uv_check_t after_sleep;
	uv_idle_t busy;   /* while it runs, the loop does not sleep */
	uv_timer_t limit; /* of loop_run_once */
	loop_fn on_wake;
	void *on_wake_ctx;
	struct turn_hook hooks[TURN_HOOKS_MAX];
	size_t hook_count;
	struct loop_wire *wires;
	TAILQ_HEAD(, loop_task) tasks; /* set for the end of this turn */
	LIST_HEAD(, loop_task) all_tasks;
	LIST_HEAD(, loop_resolve) resolves;
	bool is_running;
	bool is_once;
	bool is_stopped;
	bool in_timer;
	bool has_work; /* a callback ran since the hooks did */
};

#endif
