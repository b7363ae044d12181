#include "certs/guard.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/mem.h"

enum {
	HEAP_BYTES = 1 << 18, /* some hundreds of keys; RLIMIT_MEMLOCK is 8 MiB nearly everywhere */
	HEAP_LEAST = 32,
	STACK_BYTES = 48 * 1024
};

/* The library hands back copies of keys without wiping them in several places of its decoders. So everything is wiped: at most a few
 * hundred nanoseconds a record. */
static void *on_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size == 0 ? NULL : mem_grow(NULL, size, 1);
}

static void on_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	if (at == NULL)
		return;
	mem_wipe(at, mem_room(at));
	mem_free(at);
}

static void *on_realloc(void *old, size_t size, const char *file, int line)
{
	if (old == NULL)
		return on_malloc(size, file, line);
	if (size == 0) {
		on_free(old, file, line);
		return NULL;
	}
	size_t had = mem_room(old);
	if (size <= had && size > had / 2)
		return old;
	void *grown = on_malloc(size, file, line);
	if (grown == NULL)
		return NULL;
	memcpy(grown, old, had < size ? had : size);
	on_free(old, file, line);
	return grown;
}

enum guard_state guard_setup(void)
{
	if (CRYPTO_set_mem_functions(on_malloc, on_realloc, on_free) != 1)
		return GUARD_LATE;
	/* What openssl.cnf activates is loaded while files may still be opened. */
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	switch (CRYPTO_secure_malloc_init(HEAP_BYTES, HEAP_LEAST)) {
	case 1:
		return GUARD_LOCKED;
	case 2:
		return GUARD_UNLOCKED;
	default:
		return GUARD_LATE;
	}
}

const char *guard_text(enum guard_state state)
{
	switch (state) {
	case GUARD_LOCKED:
		return NULL;
	case GUARD_UNLOCKED:
		return "keys cannot be locked in memory and may be written to swap; raise the limit of locked memory (LimitMEMLOCK=) to 8 MiB";
	case GUARD_LATE:
		return "keys are not kept in memory of their own; this program was built with another OpenSSL than it runs with";
	}
	return NULL;
}

__attribute__((noinline)) void guard_scrub_stack(void)
{
	char below[STACK_BYTES];

	mem_wipe(below, sizeof(below));
}
