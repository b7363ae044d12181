#include "base/secret.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

static atomic_bool has_unlocked;

static size_t whole_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (len > SIZE_MAX - page)
		abort();
	return len == 0 ? page : (len + page - 1) / page * page;
}

void *secret_alloc(size_t len)
{
	size_t size = whole_pages(len);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		abort();
	if (mlock(at, size) != 0)
		atomic_store(&has_unlocked, true);
	/* Both are refused by kernels that do not know them, and then nothing is lost but the precaution. */
	madvise(at, size, MADV_DONTDUMP);
	madvise(at, size, MADV_WIPEONFORK);
	return at;
}

void secret_free(void *at, size_t len)
{
	if (at == NULL)
		return;
	mem_wipe(at, whole_pages(len));
	munmap(at, whole_pages(len));
}

bool secret_is_locked(void)
{
	return !atomic_load(&has_unlocked);
}
