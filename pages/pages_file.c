#include "pages/pages_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

/* SQLite's own files are read through its layer here too: who closes a descriptor of his own to a file that is open in the same process takes away the locks
 * that others hold on it. */
struct raw {
	sqlite3_file *file; /* NULL: there is none */
	const char *name;
	sqlite3_int64 size;
};

/* Left where it is: SQLite's place for application data in a database's header (sqlite.org/fileformat2.html §1.3). */
enum { HEADER_BYTES = 100, HEADER_PAGE_SIZE = 16, HEADER_RESERVED = 20, RETRIES = 50 };
static const char header_magic[16] = "SQLite format 3";
/* The page with the bytes that locks are taken on never holds anything. */
enum { LOCKS_PAGE = 0x40000000 / PAGES_BYTES + 1 };

static void raw_close(struct raw *raw)
{
	if (raw->file && raw->file->pMethods)
		raw->file->pMethods->xClose(raw->file);
	sqlite3_free_filename((char *)(uintptr_t)raw->name);
	mem_free(raw->file);
	raw->file = NULL;
	raw->name = NULL;
}

static result raw_open(const char *path, struct raw *ret, struct err *err)
{
	sqlite3_vfs *system = sqlite3_vfs_find(NULL);
	*ret = (struct raw){.file = NULL};
	if (access(path, F_OK) != 0)
		return errno == ENOENT ? OK : err_errno(err, path, "open");
	ret->name = sqlite3_create_filename(path, "", "", 0, NULL);
	if (!system || !ret->name)
		return err_set(err, CODE_IO, path, "SQLite has no layer for files");
	ret->file = mem_alloc((size_t)system->szOsFile);
	int rc = system->xOpen(system, ret->name, ret->file, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY, NULL);
	if (rc == SQLITE_OK)
		rc = ret->file->pMethods->xFileSize(ret->file, &ret->size);
	if (rc == SQLITE_OK)
		return OK;
	raw_close(ret);
	return err_errno(err, path, "open");
}

static int raw_read(void *ctx, void *into, int amount, int64_t offset)
{
	sqlite3_file *file = ctx;
	return file->pMethods->xRead(file, into, amount, offset);
}

static enum pages_kind kind_of(const uint8_t *header)
{
	unsigned size = (unsigned)header[HEADER_PAGE_SIZE] << 8 | header[HEADER_PAGE_SIZE + 1];
	if (memcmp(header, header_magic, sizeof(header_magic)) != 0 || size != PAGES_BYTES)
		return PAGES_ALIEN;
	return header[HEADER_RESERVED] == PAGES_RESERVED ? PAGES_CHECKED : header[HEADER_RESERVED] == 0 ? PAGES_PLAIN : PAGES_ALIEN;
}

result pages_look(const char *path, enum pages_kind *ret, struct err *err)
{
	uint8_t header[HEADER_BYTES];
	struct raw raw;
	*ret = PAGES_EMPTY;
	TRY(raw_open(path, &raw, err));
	if (raw.file && raw.size > 0) {
		bool is_read = raw_read(raw.file, header, sizeof(header), 0) == SQLITE_OK;
		*ret = is_read ? kind_of(header) : PAGES_ALIEN;
	}
	raw_close(&raw);
	return OK;
}

result pages_size(const char *path, int64_t *ret, struct err *err)
{
	struct raw raw;
	TRY(raw_open(path, &raw, err));
	*ret = raw.size;
	raw_close(&raw);
	return OK;
}

/* ── checking ── */

struct check {
	const char *path;
	struct raw file, log;
	uint8_t *newer; /* a bit for each page: it stands in the log, and what the file has of it is not read any more */
	uint32_t pages;
};

/* Someone may be writing to the page at this moment: it is damaged only if it stays so. */
static bool page_is_whole(struct check *check, uint32_t number, uint8_t *page)
{
	for (int i = 0; i < RETRIES; i++)
		if (raw_read(check->file.file, page, PAGES_BYTES, (int64_t)(number - 1) * PAGES_BYTES) == SQLITE_OK && pages_sum_fits(page, number))
			return true;
	return false;
}

static void find_newer(struct check *check)
{
	uint8_t header[PAGES_FRAME_HEADER];
	check->newer = mem_alloc(check->pages / 8 + 1);
	for (int64_t at = PAGES_LOG_HEADER; check->log.file && at + PAGES_FRAME_BYTES <= check->log.size; at += PAGES_FRAME_BYTES) {
		if (raw_read(check->log.file, header, sizeof(header), at) != SQLITE_OK)
			return;
		uint32_t number = pages_get32(header);
		if (number >= 1 && number <= check->pages)
			check->newer[number / 8] |= (uint8_t)(1U << number % 8);
	}
}

static result check_file(struct check *check, int64_t *ret_pages, struct err *err)
{
	uint8_t *page = mem_alloc(PAGES_BYTES);
	result r = OK;
	check->pages = (uint32_t)(check->file.size / PAGES_BYTES);
	find_newer(check);
	if (check->file.size % PAGES_BYTES != 0 && (!check->log.file || check->log.size == 0))
		r = err_set(err, CODE_CORRUPT, check->path, "the file is cut short");
	for (uint32_t number = 1; number <= check->pages && !FAILED(r); number++) {
		if (number == LOCKS_PAGE || check->newer[number / 8] >> number % 8 & 1 || page_is_whole(check, number, page))
			++*ret_pages;
		else
			r = err_set(err, CODE_CORRUPT, check->path, "page %u does not fit its checksum", number);
	}
	mem_free(page);
	mem_free(check->newer);
	return r;
}

static result check_log(struct check *check, const char *name, struct err *err)
{
	int rc = SQLITE_OK;
	/* While it is being written, what was read of it last may not fit what was read first. */
	for (int i = 0; i < 5; i++) {
		if (check->log.file && check->log.file->pMethods->xFileSize(check->log.file, &check->log.size) != SQLITE_OK)
			return err_errno(err, name, "stat");
		rc = pages_log_check(name, raw_read, check->log.file, check->log.file ? check->log.size : 0);
		if (rc == SQLITE_OK)
			return OK;
	}
	return pages_failure(NULL, name, rc, err);
}

result pages_check(const char *path, int64_t *ret_pages, struct err *err)
{
	AUTO_FREE char *log = mem_printf("%s-wal", path);
	struct check check = {.path = path};
	*ret_pages = 0;
	TRY(raw_open(path, &check.file, err));
	if (!check.file.file)
		return err_set(err, CODE_NOT_FOUND, path, "there is no such file");
	result r = raw_open(log, &check.log, err);
	if (!FAILED(r))
		r = check_log(&check, log, err);
	if (!FAILED(r))
		r = check_file(&check, ret_pages, err);
	raw_close(&check.log);
	raw_close(&check.file);
	return r;
}

/* ── copies ── */

static result execute(sqlite3 *handle, const char *path, const char *text, struct err *err)
{
	int rc = sqlite3_exec(handle, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : pages_failure(handle, path, rc, err);
}

static result open_handle(const char *path, int flags, sqlite3 **ret, struct err *err)
{
	int rc = sqlite3_open_v2(path, ret, flags | SQLITE_OPEN_NOMUTEX, pages_vfs(false));
	sqlite3_extended_result_codes(*ret, 1);
	sqlite3_busy_timeout(*ret, 2000);
	return rc == SQLITE_OK ? OK : pages_failure(*ret, path, rc, err);
}

static result sync_file(const char *path, struct err *err)
{
	AUTO_FREE char *folder = mem_text(path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, path, "open");
	result r = fsync(fd) == 0 ? OK : err_errno(err, path, "fsync");
	close(fd);
	TRY(r);
	char *slash = strrchr(folder, '/');
	if (!slash)
		return file_sync_folder(".", err);
	*slash = '\0';
	return file_sync_folder(slash == folder ? "/" : folder, err);
}

static result copy_pages(sqlite3 *from, const char *path, sqlite3 *into, const char *to, struct err *err)
{
	TRY(execute(from, path, "BEGIN; SELECT count(*) FROM sqlite_schema", err)); /* one moment's state, however long it takes */
	TRY(execute(into, to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", err));
	sqlite3_backup *backup = sqlite3_backup_init(into, "main", from, "main");
	if (!backup)
		return pages_failure(into, to, sqlite3_errcode(into), err);
	int step = sqlite3_backup_step(backup, -1);
	int rc = sqlite3_backup_finish(backup);
	if (step == SQLITE_DONE && rc == SQLITE_OK)
		return OK;
	return pages_failure(into, to, step == SQLITE_DONE ? rc : step, err);
}

/* A copy says of itself what its original does, that there is a log. Whoever read it then would make files beside it, or could not read it at all where
 * nothing can be made: the copy is one file, and stays as it was made. */
static result end_log(const char *to, struct err *err)
{
	sqlite3 *handle = NULL;
	result r = open_handle(to, SQLITE_OPEN_READWRITE, &handle, err);
	if (!FAILED(r))
		r = execute(handle, to, "PRAGMA journal_mode=DELETE", err);
	sqlite3_close(handle);
	return r;
}

result pages_copy(const char *path, const char *to, struct err *err)
{
	sqlite3 *from = NULL, *into = NULL;
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, to, "create");
	close(fd);
	result r = open_handle(path, SQLITE_OPEN_READONLY, &from, err);
	if (!FAILED(r))
		r = open_handle(to, SQLITE_OPEN_READWRITE, &into, err);
	if (!FAILED(r))
		r = copy_pages(from, path, into, to, err);
	sqlite3_close(into);
	sqlite3_close(from);
	if (!FAILED(r))
		r = end_log(to, err);
	return FAILED(r) ? r : sync_file(to, err);
}

static int on_verdict(void *ctx, int columns, char **values, char **names)
{
	struct buf *said = ctx;
	(void)names;
	if (columns == 1 && values[0] && said->len < said->max / 2)
		buf_add(said, bytes_text(values[0]));
	return 0;
}

static result ask_integrity(sqlite3 *handle, const char *path, struct err *err)
{
	struct buf said;
	result r = OK;
	buf_init(&said, 4096);
	int rc = sqlite3_exec(handle, "PRAGMA integrity_check(1)", on_verdict, &said, NULL);
	if (rc != SQLITE_OK)
		r = pages_failure(handle, path, rc, err);
	else if (!bytes_is(buf_bytes(&said), "ok"))
		r = err_set(err, CODE_CORRUPT, path, "%.*s", (int)(said.len < 200 ? said.len : 200), said.len ? (const char *)said.at : "");
	buf_done(&said);
	return r;
}

static int on_number(void *ctx, int columns, char **values, char **names)
{
	struct err ignored;
	int64_t number = 0;
	(void)names;
	if (columns == 1 && values[0] && !FAILED(text_int(bytes_text(values[0]), INT32_MIN, INT32_MAX, &number, &ignored)))
		*(int *)ctx = (int)number;
	return 0;
}

/* Through SQLite: they may stand in the log still. */
result pages_stamp(const char *path, int *ret_application, int *ret_version, struct err *err)
{
	sqlite3 *handle = NULL;
	*ret_application = *ret_version = 0;
	result r = open_handle(path, SQLITE_OPEN_READONLY, &handle, err);
	int rc = FAILED(r) ? SQLITE_OK : sqlite3_exec(handle, "PRAGMA application_id", on_number, ret_application, NULL);
	if (rc == SQLITE_OK && !FAILED(r))
		rc = sqlite3_exec(handle, "PRAGMA user_version", on_number, ret_version, NULL);
	if (rc != SQLITE_OK)
		r = pages_failure(handle, path, rc, err);
	sqlite3_close(handle);
	return r;
}

result pages_integrity(const char *path, struct err *err)
{
	sqlite3 *handle = NULL;
	result r = open_handle(path, SQLITE_OPEN_READONLY, &handle, err);
	if (!FAILED(r))
		r = ask_integrity(handle, path, err);
	sqlite3_close(handle);
	return r;
}

static result write_renewed(const char *path, const char *beside, struct err *err)
{
	sqlite3 *handle = NULL;
	result r = open_handle(path, SQLITE_OPEN_READWRITE, &handle, err);
	if (!FAILED(r))
		r = execute(handle, path, "PRAGMA wal_checkpoint(TRUNCATE)", err);
	if (!FAILED(r))
		r = ask_integrity(handle, path, err);
	if (!FAILED(r) && pages_claim(handle) != SQLITE_OK)
		r = err_set(err, CODE_IO, path, "this SQLite knows no reserved bytes");
	char *text = sqlite3_mprintf("VACUUM INTO %Q", beside);
	if (!FAILED(r))
		r = execute(handle, path, text, err);
	sqlite3_free(text);
	sqlite3_close(handle);
	return r;
}

result pages_renew(const char *path, struct err *err)
{
	AUTO_FREE char *beside = mem_printf("%s-new", path), *log = mem_printf("%s-wal", path);
	int64_t pages = 0;
	if (unlink(beside) != 0 && errno != ENOENT)
		return err_errno(err, beside, "remove");
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, beside, "create");
	close(fd);
	result r = write_renewed(path, beside, err);
	if (!FAILED(r))
		r = sync_file(beside, err);
	if (!FAILED(r))
		r = pages_check(beside, &pages, err);
	if (!FAILED(r) && access(log, F_OK) == 0)
		r = err_set(err, CODE_BUSY, log, "another program has the file open");
	if (!FAILED(r) && rename(beside, path) != 0)
		r = err_errno(err, path, "rename");
	if (!FAILED(r))
		return sync_file(path, err);
	unlink(beside);
	return r;
}
