/* The admin thread: the operator's questions and the feed of events. It never holds up the router: what it cannot ask at
 * once it answers with busy. Thread: made and freed by main, otherwise its own. */
#ifndef BROKER_ADMIN_ADMIN_H
#define BROKER_ADMIN_ADMIN_H

#include "broker/index/index.h"
#include "broker/wires/job.h"

struct admin;

/* Binds ENDPOINT_ADMIN, control and events of the settings; connects to the router and main. file: of the configuration, for
 * `check`. view (may be NULL) and reader are owned from now on, also when this fails. */
RESULT admin_new(struct wires *wires, struct snapshot *snapshot, const char *file, struct index_view *view, struct store *reader,
                 struct admin **ret, struct err *err);
void admin_run(struct admin *admin); /* until JOB_STOP, or until the wires are shut down */
void admin_free(struct admin *admin); /* NULL is fine */

#endif
