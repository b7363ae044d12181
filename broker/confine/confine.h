/* What the core may open once it has begun, and who its gateway becomes: from the configuration, while everything can still be read.
 * Thread: main, before there is another. */
#ifndef BROKER_CONFINE_CONFINE_H
#define BROKER_CONFINE_CONFINE_H

#include "broker/config/settings.h"
#include "sandbox/sandbox.h"

#include <sys/types.h>

/* file: the configuration. Makes the folder `data`, and closes the files: what a later configuration may name lies beside what this one
 * names, or in a folder of its sandbox settings. *ret is the caller's, also when this fails. */
RESULT confine_files(const struct settings *settings, const char *file, struct sandbox **ret, struct err *err);
/* The user that the gateway changes to; *ret_uid 0: it stays who the core is. config. */
RESULT confine_user(const struct settings *settings, uid_t *ret_uid, gid_t *ret_gid, struct err *err);

#endif
