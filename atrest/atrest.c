#include "atrest/atrest.h"

#include <string.h>

#include "atrest/atrest_file.h"

static const struct vault *ring;
static sqlite3_vfs vfs;

static sqlite3_vfs *below(void)
{
	return vfs.pAppData;
}

/* The log and the journal of a database are as it is. */
static bool is_of_plain(const char *name, int flags)
{
	if (name == NULL || (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) == 0)
		return false;
	const sqlite3_file *database = sqlite3_database_file_object(name);
	return database != NULL && ((const struct atrest_file *)(const void *)database)->is_plain;
}

static int on_open(sqlite3_vfs *self, const char *name, sqlite3_file *base, int flags, int *ret_flags)
{
	struct atrest_file *file = (struct atrest_file *)base;
	sqlite3_file *under = atrest_file_inner(file);
	enum atrest_kind kind = (flags & SQLITE_OPEN_WAL) != 0 ? ATREST_LOG : ATREST_BLOCKS;

	(void)self;
	base->pMethods = NULL;
	int rc = below()->xOpen(below(), name, under, flags, ret_flags);
	if (rc != SQLITE_OK)
		return rc;
	rc = atrest_file_open(file, ring, kind, (flags & SQLITE_OPEN_SUPER_JOURNAL) != 0 || is_of_plain(name, flags));
	if (rc != SQLITE_OK)
		under->pMethods->xClose(under);
	return rc;
}

static int on_delete(sqlite3_vfs *self, const char *name, int sync)
{
	(void)self;
	return below()->xDelete(below(), name, sync);
}

static int on_access(sqlite3_vfs *self, const char *name, int flags, int *ret)
{
	(void)self;
	return below()->xAccess(below(), name, flags, ret);
}

static int on_path(sqlite3_vfs *self, const char *name, int size, char *into)
{
	(void)self;
	return below()->xFullPathname(below(), name, size, into);
}

static int on_random(sqlite3_vfs *self, int len, char *into)
{
	(void)self;
	return below()->xRandomness(below(), len, into);
}

static int on_sleep(sqlite3_vfs *self, int us)
{
	(void)self;
	return below()->xSleep(below(), us);
}

static int on_time(sqlite3_vfs *self, double *ret)
{
	(void)self;
	return below()->xCurrentTime(below(), ret);
}

static int on_error(sqlite3_vfs *self, int size, char *into)
{
	(void)self;
	return below()->xGetLastError(below(), size, into);
}

static int on_time_ms(sqlite3_vfs *self, sqlite3_int64 *ret)
{
	(void)self;
	return below()->xCurrentTimeInt64(below(), ret);
}

result atrest_setup(struct vault *vault, struct err *err)
{
	sqlite3_vfs *system = sqlite3_vfs_find(NULL);

	if (ring != NULL || system == NULL) {
		vault_free(vault);
		return err_set(err, CODE_USAGE, "at_rest", "there can be one ring of keys in a process");
	}
	ring = vault;
	vfs = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = (int)sizeof(struct atrest_file) + system->szOsFile,
		.mxPathname = system->mxPathname,
		.zName = "liaison-sealed",
		.pAppData = system,
		.xOpen = on_open,
		.xDelete = on_delete,
		.xAccess = on_access,
		.xFullPathname = on_path,
		.xRandomness = on_random,
		.xSleep = on_sleep,
		.xCurrentTime = on_time,
		.xGetLastError = on_error,
		.xCurrentTimeInt64 = on_time_ms,
	};
	return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? OK : err_set(err, CODE_CONFIG, "at_rest", "SQLite takes no further file system");
}
