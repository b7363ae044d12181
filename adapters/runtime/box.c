#include "adapters/runtime/box.h"

#include "adapters/runtime/box_sql.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "pages/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The cache holds what a link may have under way, so that a verdict finds its message there. */
enum { BOX_CHECKPOINT_PAGES = 1000, BOX_CACHE_KIB = 8192 };

static const char *const schema =
	"CREATE TABLE outbox(seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, priority INTEGER NOT NULL, is_receipt INTEGER NOT NULL,"
	" state INTEGER NOT NULL, header BLOB NOT NULL, parts BLOB NOT NULL, tag TEXT NOT NULL, verdict BLOB, created INTEGER NOT NULL,"
	" ended INTEGER) STRICT;"
	"CREATE INDEX outbox_waiting ON outbox(priority DESC, seq) WHERE state = 0;"
	"CREATE TABLE outcome(id BLOB PRIMARY KEY, of BLOB NOT NULL, recipient TEXT NOT NULL, what TEXT NOT NULL, code TEXT NOT NULL,"
	" reason TEXT NOT NULL, at INTEGER NOT NULL, envelope BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX outcome_of ON outcome(of);"
	"CREATE TABLE inbox(seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, leaf BLOB NOT NULL, envelope BLOB, tag TEXT NOT NULL,"
	" refused INTEGER NOT NULL, received INTEGER NOT NULL, handed INTEGER) STRICT;"
	"CREATE INDEX inbox_unhanded ON inbox(seq) WHERE handed IS NULL AND refused = 0;"
	"CREATE TABLE source(key BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE signer(fingerprint BLOB PRIMARY KEY, chain BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE note(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE record(kind TEXT NOT NULL, number TEXT NOT NULL, nic TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,"
	" is_ours INTEGER NOT NULL, thread BLOB NOT NULL, message BLOB NOT NULL, name TEXT NOT NULL, dob TEXT NOT NULL, ucn TEXT NOT NULL,"
	" sid TEXT NOT NULL, doc_number TEXT NOT NULL, ssn TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY(kind, number, owner)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX record_nic ON record(kind, nic) WHERE nic <> '';"
	"CREATE INDEX record_name ON record(kind, name) WHERE name <> '';"
	"CREATE INDEX record_thread ON record(kind, thread);";

/* By what they are of. Files that were made before there was this index get it when they are opened. */
static const char *const receipts_index = "CREATE INDEX IF NOT EXISTS outbox_receipts ON outbox(tag) WHERE is_receipt = 1 AND state = 0";

static result pragma_int(struct box *box, const char *sql, int64_t *ret, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(box->db, sql, -1, &statement, NULL) != SQLITE_OK)
		return box_failed(box, err);
	int step = sqlite3_step(statement);
	*ret = step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return step == SQLITE_ROW ? OK : box_failed(box, err);
}

static result execute(struct box *box, const char *sql, struct err *err)
{
	return sqlite3_exec(box->db, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : box_failed(box, err);
}

static result make_schema(struct box *box, struct err *err)
{
	char *stamp = mem_printf("PRAGMA application_id = %d; PRAGMA user_version = %d;", BOX_APPLICATION, BOX_FORMAT);
	result r = execute(box, "BEGIN IMMEDIATE", err);
	if (!FAILED(r))
		r = execute(box, schema, err);
	if (!FAILED(r))
		r = execute(box, stamp, err);
	if (!FAILED(r))
		r = execute(box, "COMMIT", err);
	mem_free(stamp);
	return r;
}

static int on_log(void *ctx, sqlite3 *handle, const char *name, int pages)
{
	struct box *box = ctx;
	(void)handle;
	(void)name;
	box->log_pages = pages;
	return SQLITE_OK;
}

/* What SQLite sorts or sets aside stays in memory: the sandbox lets nobody write elsewhere, and nothing of a message belongs there. */
static result open_handle(struct box *box, struct err *err)
{
	if (sqlite3_open_v2(box->path, &box->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, pages_vfs(true)) != SQLITE_OK)
		return box_failed(box, err);
	sqlite3_extended_result_codes(box->db, 1);
	char more[64];
	TRY(execute(box, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY", err));
	sqlite3_snprintf(sizeof(more), more, "PRAGMA cache_size = -%d", BOX_CACHE_KIB);
	return execute(box, more, err);
}

/* Who made the file, before anything in it is touched. */
static result identify(struct box *box, int64_t *ret_version, struct err *err)
{
	int64_t application = 0, tables = 0;
	TRY(pragma_int(box, "PRAGMA application_id", &application, err));
	TRY(pragma_int(box, "PRAGMA user_version", ret_version, err));
	TRY(pragma_int(box, "SELECT count(*) FROM sqlite_schema", &tables, err));
	if (tables == 0 && application == 0 && *ret_version == 0)
		return OK;
	if (application != BOX_APPLICATION)
		return err_set(err, CODE_CORRUPT, box->path, "this is not an adapter's database");
	if (*ret_version < 1 || *ret_version > BOX_FORMAT)
		return err_set(err, CODE_VERSION, box->path, "the file is of format %lld, this program reads %d", (long long)*ret_version, BOX_FORMAT);
	return OK;
}

/* A file of the first format gets its checksums. */
static result renew(struct box *box, enum pages_kind kind, struct err *err)
{
	char stamp[64];
	if (kind == PAGES_PLAIN) {
		sqlite3_close(box->db);
		box->db = NULL;
		TRY(pages_renew(box->path, err));
		TRY(open_handle(box, err));
	}
	sqlite3_snprintf(sizeof(stamp), stamp, "PRAGMA user_version = %d", BOX_FORMAT);
	return execute(box, stamp, err);
}

static result configure(struct box *box, bool is_new, struct err *err)
{
	if (is_new && pages_claim(box->db) != SQLITE_OK)
		return box_failed(box, err);
	TRY(execute(box, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;", err));
	/* Checkpoints are the box's own: SQLite keeps a sync that failed in one of its to itself. */
	sqlite3_wal_autocheckpoint(box->db, 0);
	sqlite3_wal_hook(box->db, on_log, box);
	return OK;
}

static result open_database(struct box *box, struct err *err)
{
	enum pages_kind kind = PAGES_EMPTY;
	int64_t version = 0;
	TRY(pages_look(box->path, &kind, err));
	if (kind == PAGES_ALIEN)
		return err_set(err, CODE_CORRUPT, box->path, "its beginning is damaged, or it is not an adapter's database");
	TRY(open_handle(box, err));
	TRY(identify(box, &version, err));
	if (kind == PAGES_PLAIN && version == BOX_FORMAT)
		return err_set(err, CODE_CORRUPT, box->path, "format %d without checksums: its beginning is damaged", BOX_FORMAT);
	if (version != 0 && version < BOX_FORMAT)
		TRY(renew(box, kind, err));
	TRY(configure(box, version == 0, err));
	if (version == 0)
		TRY(make_schema(box, err));
	return execute(box, receipts_index, err);
}

/* The lock file keeps a second adapter out, and remembers that there was a box: without it, what waited and what was handed over already would be
 * forgotten in silence. */
static const char made[] = "An adapter's database was made beside this file. Without its adapter.db the adapter refuses to start.\n";

static result lock_folder(struct box *box, const char *folder, bool *ret_made, struct err *err)
{
	char byte;
	AUTO_FREE char *path = mem_printf("%s/adapter.lock", folder);
	box->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (box->lock_fd < 0)
		return err_errno(err, path, "open");
	if (flock(box->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? err_set(err, CODE_BUSY, box->path, "another adapter is using it") : err_errno(err, path, "lock");
	ssize_t got = pread(box->lock_fd, &byte, 1, 0);
	*ret_made = got == 1;
	return got < 0 ? err_errno(err, path, "read") : OK;
}

static result make_file(const struct box *box, bool was_made, struct err *err)
{
	struct stat status;
	bool is_there = stat(box->path, &status) == 0;
	if (!is_there && errno != ENOENT)
		return err_errno(err, box->path, "stat");
	if (was_made && (!is_there || status.st_size == 0))
		return err_set(err, CODE_CORRUPT, box->path, "the file is missing or empty, though it was in use before");
	if (is_there)
		return (status.st_mode & 077) && chmod(box->path, 0600) != 0 ? err_errno(err, box->path, "chmod") : OK;
	int fd = open(box->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, box->path, "create");
	close(fd);
	return OK;
}

static result remember_made(const struct box *box, const char *folder, struct err *err)
{
	ssize_t length = (ssize_t)sizeof(made) - 1;
	if (pwrite(box->lock_fd, made, (size_t)length, 0) != length || fdatasync(box->lock_fd) != 0)
		return err_errno(err, folder, "write adapter.lock");
	return file_sync_folder(folder, err);
}

static result open_all(struct box *box, const char *folder, struct err *err)
{
	bool was_made = false;
	TRY(lock_folder(box, folder, &was_made, err));
	TRY(make_file(box, was_made, err));
	TRY(open_database(box, err));
	return was_made ? OK : remember_made(box, folder, err);
}

static void on_turn(void *ctx)
{
	struct box *box = ctx;
	struct err ignored; /* whoever waited for the commit has been told through box_after */
	result r = box_commit(box, &ignored);
	box->failed_last = FAILED(r);
	if (box->failure.code != CODE_OK)
		loop_stop(box->loop);
}

result box_open(const char *folder, struct loop *loop, struct box **ret, struct err *err)
{
	TRY(file_make_folder(folder, 0700, err));
	struct box *box = mem_alloc(sizeof(*box));
	box->path = mem_printf("%s/adapter.db", folder);
	box->lock_fd = -1;
	box->loop = loop;
	result r = open_all(box, folder, err);
	if (FAILED(r)) {
		box_close(box);
		return r;
	}
	if (loop)
		loop_on_turn(loop, on_turn, box);
	*ret = box;
	return OK;
}

void box_close(struct box *box)
{
	struct err ignored;
	if (!box)
		return;
	if (box->in_transaction && FAILED(box_commit(box, &ignored)))
		box->failed_last = true;
	for (size_t i = 0; i < BOX_SQL_COUNT; i++)
		sqlite3_finalize(box->statements[i]);
	sqlite3_close(box->db);
	if (box->lock_fd >= 0)
		close(box->lock_fd);
	mem_free(box->after);
	mem_free(box->path);
	mem_free(box);
}

void box_undo(struct box *box, const struct err *why)
{
	if (box->in_transaction)
		sqlite3_exec(box->db, "ROLLBACK", NULL, NULL, NULL);
	box->in_transaction = false;
	box->fresh_in = 0;
	box->broken = *why;
}

void box_after(struct box *box, box_after_fn fn, void *ctx, int64_t number)
{
	if (box->after_count == box->after_cap) {
		box->after_cap = box->after_cap ? 2 * box->after_cap : 64;
		box->after = mem_grow(box->after, box->after_cap, sizeof(*box->after));
	}
	box->after[box->after_count++] = (struct box_later){fn, ctx, number};
}

void box_forget(struct box *box, const void *ctx)
{
	for (size_t i = 0; i < box->after_count; i++)
		if (box->after[i].ctx == ctx)
			box->after[i].fn = NULL;
}

/* Calls may put off further calls, and write again: those belong to the next commit. */
static void run_after(struct box *box, const struct err *why)
{
	struct box_later *later = box->after;
	size_t count = box->after_count;
	struct err ignored; /* who wrote has been told, and reads are over */
	box->after = NULL;
	box->after_count = box->after_cap = 0;
	if (count > 1)
		box_read_begin(box);
	for (size_t i = 0; i < count; i++)
		if (later[i].fn)
			later[i].fn(later[i].ctx, later[i].number, why);
	if (FAILED(box_read_end(box, &ignored)))
		box->failed_last = true;
	mem_free(later);
}

/* Empties the log now and then; of what was destroyed, at once, and again until no reader stands in the way. */
static void checkpoint(struct box *box)
{
	struct err ignored;
	if (box->failure.code != CODE_OK || (box->log_pages < BOX_CHECKPOINT_PAGES && !box->must_scrub))
		return;
	int mode = box->must_scrub ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
	int rc = sqlite3_wal_checkpoint_v2(box->db, NULL, mode, NULL, NULL);
	box->log_pages = 0;
	box->must_scrub = box->must_scrub && rc != SQLITE_OK;
	/* The commit stands in the log and is good; what the disk did since ends the program. */
	if (rc != SQLITE_OK && FAILED(box_failed(box, &ignored)) && box->failure.code != CODE_OK)
		box_complain(box, &ignored);
}

bool box_has_failed(const struct box *box, struct err *ret)
{
	if (box->failure.code != CODE_OK)
		*ret = box->failure;
	return box->failure.code != CODE_OK;
}

void box_on_trouble(struct box *box, void (*fn)(void *ctx, const struct err *why), void *ctx)
{
	box->on_trouble = fn;
	box->on_trouble_ctx = ctx;
}

bool box_has_trouble(struct box *box, struct err *ret)
{
	struct err ignored;
	if (box->complaint.code == CODE_OK)
		return false;
	*ret = box->complaint;
	/* Whoever asks wants to know of the present: a write of its own tells, at the end of this turn. */
	return !FAILED(box_note(box, "probe", BYTES_NONE, &ignored)) || ret->code != CODE_OK;
}

/* A commit without a write says nothing of the disk. */
static result probe(struct box *box, struct err *err)
{
	int64_t now = clock_wall_ms();
	if (box->complaint.code == CODE_OK)
		return OK;
	sqlite3_stmt *s = box_statement(box, BOX_SQL_NOTE, err);
	if (!s)
		return (result){err->code};
	box_bind_text(s, 1, BYTES_LIT("probe"));
	box_bind(s, 2, bytes_of((const uint8_t *)&now, sizeof(now)));
	bool is_done = sqlite3_step(s) == SQLITE_DONE;
	result r = is_done ? OK : box_failed(box, err);
	sqlite3_reset(s);
	return r;
}

result box_commit(struct box *box, struct err *err)
{
	struct err why = {.code = CODE_OK};
	result r = OK;
	if (box->in_transaction) {
		r = probe(box, &why);
		if (!FAILED(r))
			r = box_run(box, BOX_SQL_COMMIT, &why);
		if (FAILED(r))
			box_complain(box, &why);
		if (!FAILED(r) && box->complaint.code != CODE_OK) {
			log_event(LOG_NOTICE, "box_recovered", LOG_TEXT("after", code_text(box->complaint.code)));
			box->complaint.code = CODE_OK;
		}
		if (FAILED(r))
			sqlite3_exec(box->db, "ROLLBACK", NULL, NULL, NULL);
		box->in_transaction = false;
		box->fresh_in = 0;
	}
	if (box->broken.code != CODE_OK) {
		why = box->broken;
		r = (result){why.code};
		box->broken.code = CODE_OK;
	}
	run_after(box, FAILED(r) ? &why : NULL);
	if (!FAILED(r))
		checkpoint(box);
	else if (box->complaint.code != CODE_OK && box->on_trouble)
		box->on_trouble(box->on_trouble_ctx, &box->complaint);
	if (FAILED(r) && err)
		*err = why;
	return r;
}
