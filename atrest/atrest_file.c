#include "atrest/atrest_file.h"

#include <string.h>

static struct atrest_file *of(sqlite3_file *base)
{
	return (struct atrest_file *)base;
}

sqlite3_file *atrest_file_inner(struct atrest_file *file)
{
	return (sqlite3_file *)(void *)(file + 1);
}

static sqlite3_file *inner(sqlite3_file *base)
{
	return atrest_file_inner(of(base));
}

static int on_close(sqlite3_file *base)
{
	vault_hand_free(of(base)->hand);
	of(base)->hand = NULL;
	return inner(base)->pMethods->xClose(inner(base));
}

/* ---- segments ---- */

static bool is_hole(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i])
			return false;
	return true;
}

/* A log ends where a segment does not open: that is what a power failure leaves. */
static int not_opened(const struct atrest_file *file, const struct atrest_segment *segment, enum code code, uint8_t *into)
{
	if (file->head.kind != ATREST_LOG)
		return code == CODE_KEY ? SQLITE_AUTH : SQLITE_CORRUPT;
	memset(into, 0, (size_t)segment->len);
	return SQLITE_OK;
}

/* Another connection may have begun the file since. */
static int look_for_head(struct atrest_file *file)
{
	uint8_t head[ATREST_HEAD];
	sqlite3_file *below = atrest_file_inner(file);
	int rc = file->has_head ? SQLITE_OK : below->pMethods->xRead(below, head, ATREST_HEAD, 0);

	if (!file->has_head && rc == SQLITE_OK)
		file->has_head = atrest_head_read(head, &file->head);
	return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc;
}

static int read_segment(struct atrest_file *file, const struct atrest_segment *segment, uint8_t *into)
{
	uint8_t about[ATREST_ABOUT];
	size_t len = (size_t)segment->len;
	sqlite3_file *below = atrest_file_inner(file);
	int rc = look_for_head(file);

	if (rc == SQLITE_OK)
		rc = file->has_head ? below->pMethods->xRead(below, file->segment, segment->len + VAULT_TRAILER_LEN, segment->physical) : SQLITE_IOERR_SHORT_READ;
	if (rc == SQLITE_IOERR_SHORT_READ || (rc == SQLITE_OK && is_hole(file->segment, len + VAULT_TRAILER_LEN))) {
		memset(into, 0, len);
		return rc;
	}
	if (rc != SQLITE_OK)
		return rc;
	result r = vault_hand_open(file->hand, atrest_about(&file->head, segment->number, about), file->segment, len, file->segment + len, into, NULL);
	return FAILED(r) ? not_opened(file, segment, r.code, into) : SQLITE_OK;
}

static int write_head(struct atrest_file *file)
{
	uint8_t head[ATREST_HEAD];
	sqlite3_file *below = atrest_file_inner(file);

	atrest_head_write(&file->head, head);
	int rc = below->pMethods->xWrite(below, head, ATREST_HEAD, 0);
	file->has_head = rc == SQLITE_OK;
	return rc;
}

static int write_segment(struct atrest_file *file, const struct atrest_segment *segment, const uint8_t *from)
{
	uint8_t about[ATREST_ABOUT];
	size_t len = (size_t)segment->len;
	sqlite3_file *below = atrest_file_inner(file);

	int rc = look_for_head(file);
	if (rc == SQLITE_OK && !file->has_head)
		rc = write_head(file);
	if (rc != SQLITE_OK)
		return rc;
	if (FAILED(vault_hand_seal(file->hand, atrest_about(&file->head, segment->number, about), from, len, file->segment, file->segment + len, NULL)))
		return SQLITE_IOERR_WRITE;
	return below->pMethods->xWrite(below, file->segment, segment->len + VAULT_TRAILER_LEN, segment->physical);
}

/* ---- reading and writing as SQLite does ---- */

static int read_part(struct atrest_file *file, const struct atrest_segment *segment, uint8_t *into, int skip, int len)
{
	if (skip == 0 && len == segment->len)
		return read_segment(file, segment, into);
	int rc = read_segment(file, segment, file->scratch);
	/* Page 1 may have been cut by a power failure while the log still has it whole: then its header is unknown, not the end. */
	if (rc == SQLITE_CORRUPT && segment->number == 0) {
		memset(file->scratch, 0, sizeof(file->scratch));
		rc = SQLITE_OK;
	}
	if (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ)
		memcpy(into, file->scratch + skip, (size_t)len);
	return rc;
}

static int on_read(sqlite3_file *base, void *into, int amount, sqlite3_int64 offset)
{
	struct atrest_file *file = of(base);
	uint8_t *at = into;
	int outcome = SQLITE_OK;

	if (file->is_plain)
		return inner(base)->pMethods->xRead(inner(base), into, amount, offset);
	while (amount > 0) {
		struct atrest_segment segment = atrest_segment_at(file->head.kind, offset);
		int skip = (int)(offset - segment.logical), len = segment.len - skip < amount ? segment.len - skip : amount;
		int rc = read_part(file, &segment, at, skip, len);
		if (rc == SQLITE_IOERR_SHORT_READ)
			outcome = rc;
		else if (rc != SQLITE_OK)
			return rc;
		at += len;
		offset += len;
		amount -= len;
	}
	return outcome;
}

static int write_part(struct atrest_file *file, const struct atrest_segment *segment, const uint8_t *from, int skip, int len)
{
	if (skip == 0 && len == segment->len)
		return write_segment(file, segment, from);
	int rc = read_segment(file, segment, file->scratch);
	if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
		return rc;
	memcpy(file->scratch + skip, from, (size_t)len);
	return write_segment(file, segment, file->scratch);
}

static int on_write(sqlite3_file *base, const void *from, int amount, sqlite3_int64 offset)
{
	struct atrest_file *file = of(base);
	const uint8_t *at = from;

	if (file->is_plain)
		return inner(base)->pMethods->xWrite(inner(base), from, amount, offset);
	while (amount > 0) {
		struct atrest_segment segment = atrest_segment_at(file->head.kind, offset);
		int skip = (int)(offset - segment.logical), len = segment.len - skip < amount ? segment.len - skip : amount;
		int rc = write_part(file, &segment, at, skip, len);
		if (rc != SQLITE_OK)
			return rc;
		at += len;
		offset += len;
		amount -= len;
	}
	return SQLITE_OK;
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct atrest_file *file = of(base);

	if (file->is_plain || !file->has_head)
		return inner(base)->pMethods->xTruncate(inner(base), file->is_plain ? size : 0);
	struct atrest_segment last = atrest_segment_at(file->head.kind, size);
	bool is_within = size > last.logical;
	return inner(base)->pMethods->xTruncate(inner(base), last.physical + (is_within ? last.len + VAULT_TRAILER_LEN : 0));
}

static int on_size(sqlite3_file *base, sqlite3_int64 *ret)
{
	sqlite3_int64 physical = 0;
	int rc = inner(base)->pMethods->xFileSize(inner(base), &physical);

	*ret = of(base)->is_plain ? physical : atrest_logical_size(of(base)->head.kind, physical);
	return rc;
}

/* ---- what goes through ---- */

static int on_sync(sqlite3_file *base, int flags)
{
	return inner(base)->pMethods->xSync(inner(base), flags);
}

static int on_lock(sqlite3_file *base, int level)
{
	return inner(base)->pMethods->xLock(inner(base), level);
}

static int on_unlock(sqlite3_file *base, int level)
{
	return inner(base)->pMethods->xUnlock(inner(base), level);
}

static int on_is_reserved(sqlite3_file *base, int *ret)
{
	return inner(base)->pMethods->xCheckReservedLock(inner(base), ret);
}

/* Sizes that SQLite hints at are those above the seal; to leave them out costs nothing but the hint. */
static int on_control(sqlite3_file *base, int what, void *argument)
{
	bool is_size = what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE;

	if (what == SQLITE_FCNTL_MMAP_SIZE && argument)
		*(sqlite3_int64 *)argument = 0;
	if (!of(base)->is_plain && (is_size || what == SQLITE_FCNTL_MMAP_SIZE))
		return SQLITE_OK;
	return inner(base)->pMethods->xFileControl(inner(base), what, argument);
}

static int on_sector(sqlite3_file *base)
{
	return inner(base)->pMethods->xSectorSize(inner(base));
}

/* What a device promises of whole pages does not hold for pages with a trailer. */
static int on_characteristics(sqlite3_file *base)
{
	int kept = SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN | SQLITE_IOCAP_IMMUTABLE | SQLITE_IOCAP_SEQUENTIAL;

	return inner(base)->pMethods->xDeviceCharacteristics(inner(base)) & kept;
}

static int on_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **ret)
{
	return inner(base)->pMethods->xShmMap(inner(base), page, size, extend, ret);
}

static int on_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
	return inner(base)->pMethods->xShmLock(inner(base), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *base)
{
	inner(base)->pMethods->xShmBarrier(inner(base));
}

static int on_shm_unmap(sqlite3_file *base, int delete)
{
	return inner(base)->pMethods->xShmUnmap(inner(base), delete);
}

/* Version 2: without xFetch, so that nothing is mapped past the seal. */
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
	.xCheckReservedLock = on_is_reserved,
	.xFileControl = on_control,
	.xSectorSize = on_sector,
	.xDeviceCharacteristics = on_characteristics,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

int atrest_file_open(struct atrest_file *file, const struct vault *vault, enum atrest_kind kind, bool stays_plain)
{
	uint8_t head[ATREST_HEAD] = {0};
	sqlite3_file *below = atrest_file_inner(file);
	int rc = below->pMethods->xRead(below, head, ATREST_HEAD, 0);

	file->hand = NULL;
	file->has_head = rc == SQLITE_OK && atrest_head_read(head, &file->head);
	file->is_plain = !file->has_head && (stays_plain || atrest_is_plain(bytes_of(head, sizeof(head))));
	if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
		return rc;
	if (!file->has_head && !file->is_plain) {
		/* Less than a head is what a power failure leaves of a file that was just begun. */
		if (rc == SQLITE_OK && !is_hole(head, sizeof(head)))
			return SQLITE_NOTADB;
		atrest_head_new(kind, &file->head);
	}
	if (!file->is_plain)
		file->hand = vault_hand_new(vault);
	file->base.pMethods = &methods;
	return SQLITE_OK;
}
