#include "pages/pages_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* A file between SQLite and the system's own layer. The system's file follows it in memory. */
struct pages_file {
	sqlite3_file base;
	const char *path; /* SQLite's, for as long as the file is open */
	struct pages_file *other; /* of the database its log, of the log its database */
	bool is_checked;
	bool is_copying, is_copied; /* a checkpoint is under way; it has come to its end, and only the sync is missing */
	bool is_log, has_mark;
	struct pages_log log;
	uint8_t page[PAGES_BYTES];
};

static struct {
	pthread_once_t once;
	sqlite3_vfs *system;
	sqlite3_vfs marked, unmarked;
} layer = {.once = PTHREAD_ONCE_INIT};

static _Thread_local struct err damage;

void pages_note_damage(const char *path, const char *format, ...)
{
	char reason[ERR_REASON_MAX];
	va_list arguments;
	va_start(arguments, format);
	if (vsnprintf(reason, sizeof(reason), format, arguments) < 0)
		reason[0] = '\0';
	va_end(arguments);
	err_set(&damage, CODE_CORRUPT, path, "%s", reason);
}

bool pages_take_damage(struct err *err)
{
	if (damage.code == CODE_OK)
		return false;
	if (err)
		*err = damage;
	damage.code = CODE_OK;
	return true;
}

static struct pages_file *file_of(sqlite3_file *file)
{
	return (struct pages_file *)file;
}

static sqlite3_file *below(sqlite3_file *file)
{
	return (sqlite3_file *)(file_of(file) + 1);
}

static int read_below(void *ctx, void *into, int amount, int64_t offset)
{
	sqlite3_file *file = ctx;
	return below(file)->pMethods->xRead(below(file), into, amount, offset);
}

static int on_close(sqlite3_file *file)
{
	struct pages_file *self = file_of(file);
	if (self->other)
		self->other->other = NULL;
	if (self->has_mark)
		pages_log_close(&self->log);
	return below(file)->pMethods->xClose(below(file));
}

static uint32_t number_of(int64_t offset)
{
	return (uint32_t)(offset / PAGES_BYTES) + 1;
}

/* SQLite takes what is missing at the end of a file for zeros; a page that it asks for whole is one that it was told to be there. */
static int read_page(sqlite3_file *file, void *into, int64_t offset)
{
	struct pages_file *self = file_of(file);
	int rc = read_below(file, into, PAGES_BYTES, offset);
	if (rc == SQLITE_IOERR_SHORT_READ) {
		pages_note_damage(self->path, "page %u is missing: the file is cut short", number_of(offset));
		return SQLITE_IOERR_DATA;
	}
	if (rc == SQLITE_OK && !pages_sum_fits(into, number_of(offset))) {
		pages_note_damage(self->path, "page %u does not fit its checksum", number_of(offset));
		return SQLITE_IOERR_DATA;
	}
	return rc;
}

static int on_read(sqlite3_file *file, void *into, int amount, sqlite3_int64 offset)
{
	struct pages_file *self = file_of(file);
	bool is_whole = amount == PAGES_BYTES;
	if (!self->is_log)
		return is_whole && self->is_checked && offset % PAGES_BYTES == 0 ? read_page(file, into, offset)
		                                                                : read_below(file, into, amount, offset);
	int rc = read_below(file, into, amount, offset);
	if (rc != SQLITE_OK || !is_whole)
		return rc;
	return pages_log_verify(self->has_mark ? &self->log : NULL, self->path, into, offset, read_below, file);
}

/* A quota that is used up and a file that may not grow are a full disk; SQLite knows only the latter. */
static int write_below(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset)
{
	int rc = below(file)->pMethods->xWrite(below(file), from, amount, offset);
	return rc == SQLITE_IOERR_WRITE && (errno == EDQUOT || errno == EFBIG) ? SQLITE_FULL : rc;
}

static int on_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset)
{
	struct pages_file *self = file_of(file);
	if (self->is_log) {
		int rc = self->has_mark ? pages_log_written(&self->log, from, amount, offset) : SQLITE_OK;
		return rc == SQLITE_OK ? write_below(file, from, amount, offset) : rc;
	}
	if (!self->is_checked)
		return write_below(file, from, amount, offset);
	if (amount != PAGES_BYTES || offset % PAGES_BYTES != 0)
		return SQLITE_IOERR_WRITE;
	memcpy(self->page, from, PAGES_BYTES);
	pages_sum_put(self->page, number_of(offset));
	return write_below(file, self->page, amount, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct pages_file *self = file_of(file);
	if (self->is_log && self->has_mark && size == 0) {
		int rc = pages_log_release(&self->log);
		if (rc != SQLITE_OK)
			return rc;
	}
	/* The last thing that a checkpoint does to the file before it syncs it, and only when it has copied everything. */
	if (!self->is_log)
		self->is_copied = self->is_copying;
	return below(file)->pMethods->xTruncate(below(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
	struct pages_file *self = file_of(file);
	int rc = below(file)->pMethods->xSync(below(file), flags);
	if (rc != SQLITE_OK)
		return rc;
	if (self->is_log)
		return self->has_mark ? pages_log_synced(&self->log) : SQLITE_OK;
	bool is_copied = self->is_copied;
	self->is_copied = self->is_copying = false;
	return is_copied && self->other && self->other->has_mark ? pages_log_copied(&self->other->log) : SQLITE_OK;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return below(file)->pMethods->xFileSize(below(file), ret);
}

static int on_lock(sqlite3_file *file, int level)
{
	return below(file)->pMethods->xLock(below(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return below(file)->pMethods->xUnlock(below(file), level);
}

static int on_reserved(sqlite3_file *file, int *ret)
{
	return below(file)->pMethods->xCheckReservedLock(below(file), ret);
}

static int on_control(sqlite3_file *file, int what, void *argument)
{
	struct pages_file *self = file_of(file);
	if (what == SQLITE_FCNTL_CKPT_START)
		self->is_copying = self->is_copied = false;
	if (what == SQLITE_FCNTL_CKPT_DONE)
		self->is_copying = true;
	return below(file)->pMethods->xFileControl(below(file), what, argument);
}

static int on_sector(sqlite3_file *file)
{
	return below(file)->pMethods->xSectorSize(below(file));
}

static int on_traits(sqlite3_file *file)
{
	return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static int on_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
	return below(file)->pMethods->xShmMap(below(file), page, size, extend, ret);
}

static int on_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return below(file)->pMethods->xShmLock(below(file), offset, n, flags);
}

static void on_barrier(sqlite3_file *file)
{
	below(file)->pMethods->xShmBarrier(below(file));
}

static int on_unmap(sqlite3_file *file, int remove)
{
	return below(file)->pMethods->xShmUnmap(below(file), remove);
}

/* Version 2: pages are never mapped, because then nobody would verify them. */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_reserved,
	.xFileControl = on_control,
	.xSectorSize = on_sector,
	.xDeviceCharacteristics = on_traits,
	.xShmMap = on_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_barrier,
	.xShmUnmap = on_unmap,
};

static int open_log(sqlite3_vfs *vfs, sqlite3_file *file, int flags)
{
	struct pages_file *self = file_of(file);
	sqlite3_int64 size = 0;
	self->is_log = true;
	self->other = file_of(sqlite3_database_file_object(self->path));
	if (self->other)
		self->other->other = self;
	if (vfs != &layer.marked || !(flags & SQLITE_OPEN_READWRITE))
		return SQLITE_OK;
	int rc = on_size(file, &size);
	if (rc == SQLITE_OK)
		rc = pages_log_open(&self->log, self->path, read_below, file, size);
	self->has_mark = rc == SQLITE_OK;
	return rc;
}

static int open_database(sqlite3_file *file)
{
	uint8_t header[100];
	sqlite3_int64 size = 0;
	int rc = on_size(file, &size);
	file_of(file)->is_checked = size < (sqlite3_int64)sizeof(header);
	if (rc != SQLITE_OK || file_of(file)->is_checked)
		return rc;
	rc = read_below(file, header, sizeof(header), 0);
	/* Only what says that it is plain is taken for that. */
	file_of(file)->is_checked = header[20] != 0;
	return rc;
}

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct pages_file *self = file_of(file);
	if (!name || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
		return layer.system->xOpen(layer.system, name, file, flags, ret_flags);
	int given = 0;
	memset(self, 0, sizeof(*self));
	self->path = name;
	int rc = layer.system->xOpen(layer.system, name, below(file), flags, &given);
	if (ret_flags)
		*ret_flags = given;
	if (rc != SQLITE_OK)
		return rc;
	file->pMethods = &methods;
	rc = flags & SQLITE_OPEN_WAL ? open_log(vfs, file, given) : open_database(file);
	if (rc != SQLITE_OK) {
		on_close(file);
		file->pMethods = NULL;
	}
	return rc;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	size_t len = strlen(name);
	if (vfs == &layer.marked && len > 4 && strcmp(name + len - 4, "-wal") == 0) {
		int rc = pages_log_release_path(name);
		if (rc != SQLITE_OK)
			return rc;
	}
	return layer.system->xDelete(layer.system, name, sync);
}

static void make_layer(void)
{
	layer.system = sqlite3_vfs_find(NULL);
	if (!layer.system)
		return;
	/* All else is the system layer's own business, and does not look at who asks. */
	layer.marked = *layer.system;
	layer.marked.szOsFile = (int)sizeof(struct pages_file) + layer.system->szOsFile;
	layer.marked.pNext = NULL;
	layer.marked.xOpen = on_open;
	layer.marked.xDelete = on_delete;
	layer.unmarked = layer.marked;
	layer.marked.zName = "liaison-pages-marked";
	layer.unmarked.zName = "liaison-pages";
	sqlite3_vfs_register(&layer.marked, 0);
	sqlite3_vfs_register(&layer.unmarked, 0);
}

const char *pages_vfs(bool with_mark)
{
	pthread_once(&layer.once, make_layer);
	return with_mark ? "liaison-pages-marked" : "liaison-pages";
}

int pages_claim(sqlite3 *handle)
{
	int reserved = PAGES_RESERVED;
	return sqlite3_file_control(handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
}

static enum code code_of(int sqlite_code, int system_errno)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_FULL:
		return CODE_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return CODE_BUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return CODE_PERMISSION;
	case SQLITE_TOOBIG:
		return CODE_TOO_LARGE;
	case SQLITE_CONSTRAINT:
		return CODE_DUPLICATE;
	case SQLITE_IOERR:
		if (sqlite_code == SQLITE_IOERR_DATA || sqlite_code == SQLITE_IOERR_CORRUPTFS)
			return CODE_CORRUPT;
		/* The log's index could not grow: nothing was committed. */
		if (sqlite_code == SQLITE_IOERR_SHMSIZE && (system_errno == ENOSPC || system_errno == EDQUOT))
			return CODE_FULL;
		return CODE_IO;
	case SQLITE_NOMEM:
	case SQLITE_PROTOCOL:
	case SQLITE_INTERRUPT:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		return CODE_IO;
	default:
		/* CORRUPT and NOTADB say it; ERROR, SCHEMA and MISMATCH mean that the tables are not those that were made. */
		return CODE_CORRUPT;
	}
}

result pages_failure(sqlite3 *handle, const char *path, int sqlite_code, struct err *err)
{
	int system_errno = handle ? sqlite3_system_errno(handle) : 0;
	struct err noted = {.code = CODE_OK};
	if (pages_take_damage(&noted) && sqlite_code == SQLITE_IOERR_DATA) {
		if (err)
			*err = noted;
		return (result){CODE_CORRUPT};
	}
	if ((sqlite_code & 0xff) == SQLITE_CANTOPEN && system_errno != 0) {
		errno = system_errno;
		return err_errno(err, path, "open");
	}
	enum code code = (sqlite_code & 0xff) == SQLITE_CANTOPEN ? CODE_IO : code_of(sqlite_code, system_errno);
	bool says = code == CODE_IO && system_errno != 0;
	return err_set(err, code, path, "%s (%d)%s%s", handle ? sqlite3_errmsg(handle) : sqlite3_errstr(sqlite_code), sqlite_code,
	               says ? ": " : "", says ? strerror(system_errno) : "");
}
