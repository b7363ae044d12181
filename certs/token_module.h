/* PKCS#11 modules: each is loaded and initialised once a process (and once more in a child after fork), and stays. Only token*.c include this.
 * Thread: any. */
#ifndef CERTS_TOKEN_MODULE_H
#define CERTS_TOKEN_MODULE_H

#define CRYPTOKI_GNU
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "certs/token_uri.h"

struct token_module {
	char *path;
	struct ck_function_list *functions;
	pid_t pid;                 /* that initialised it; 0: it is not */
	pthread_rwlock_t in_use;   /* read: by who calls it; write: while it is started again */
	atomic_uint generation;    /* grows when it is started again: sessions of before are void */
	atomic_bool has_served;    /* a key was found on one of its tokens */
	int64_t restarted_at;      /* ms, monotonic */
	struct token_module *next;
};

/* token, with the reason. */
RESULT token_module_load(const struct token_uri *uri, struct token_module **ret, struct err *err);
/* The slot with the one token that fits. token: none, or more than one. */
RESULT token_module_slot(struct token_module *module, const struct token_uri *uri, ck_slot_id_t *ret, struct err *err);
/* Some modules look for tokens only when they are started: stops it and starts it again, at most once in TOKEN_MODULE_PAUSE_MS once it has served. False: not
 * this time. The caller has no lock of it. */
enum { TOKEN_MODULE_PAUSE_MS = 1000 };
bool token_module_restart(struct token_module *module);
/* token, saying what the module answered in words. */
RESULT token_module_failed(const struct token_uri *uri, const char *what, ck_rv_t rv, struct err *err);

#endif
