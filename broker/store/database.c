#include "broker/store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "pages/pages.h"

enum {
	DATABASE_BUSY_MS = 2000,
	/* Small steps keep the writer's pauses short; the second bound is for readers that stand in the way of starting the log
	   anew. */
	DATABASE_CHECKPOINT_PAGES = 1000,
	DATABASE_RESTART_PAGES = 16000,
	DATABASE_LOG_LEFT_BYTES = 16 << 20
};

struct database {
	sqlite3 *handle;
	const struct database_options *options; /* only during database_open */
	char *path;
	const char *const *texts;
	sqlite3_stmt **statements;
	size_t statements_count;
	sqlite3_stmt *begin, *commit, *rollback;
	int log_pages;
	bool readonly;
	struct err failure; /* of the disk: for ever */
};

static result fail(struct database *database, int sqlite_code, struct err *err)
{
	struct err why;
	result r = pages_failure(database->handle, database->path, sqlite_code, &why);
	int kind = sqlite_code & 0xff;
	/* What a disk forgot, or changed, once: nothing that it says later on counts. */
	if (r.code == CODE_IO || kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || (kind == SQLITE_IOERR && r.code == CODE_CORRUPT))
		database->failure = why;
	if (err)
		*err = why;
	return r;
}

static result usable(const struct database *database, struct err *err)
{
	if (database->failure.code == CODE_OK)
		return OK;
	if (err)
		*err = database->failure;
	return (result){database->failure.code};
}

static result prepare(struct database *database, const char *text, sqlite3_stmt **ret, struct err *err)
{
	int rc = sqlite3_prepare_v3(database->handle, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
	return rc == SQLITE_OK ? OK : fail(database, rc, err);
}

static result execute(struct database *database, const char *text, struct err *err)
{
	int rc = sqlite3_exec(database->handle, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : fail(database, rc, err);
}

/* The first column of the first row. */
static result ask_int(struct database *database, const char *text, int64_t *ret, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	TRY(prepare(database, text, &statement, err));
	int rc = sqlite3_step(statement);
	result r = OK;
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	else
		r = fail(database, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, err);
	sqlite3_finalize(statement);
	return r;
}

static int on_log(void *ctx, sqlite3 *handle, const char *name, int pages)
{
	struct database *database = ctx;
	(void)handle;
	(void)name;
	database->log_pages = pages;
	return SQLITE_OK;
}

/* SQLite takes what is missing of the last page for zeros. Only a log may complete a file that ends within a page. */
static result check_whole(const struct database_options *options, const struct stat *status, struct err *err)
{
	struct stat log;
	int64_t size = 0;
	AUTO_FREE char *path = mem_printf("%s-wal", options->path);
	if (status->st_size == 0)
		return err_set(err, CODE_CORRUPT, options->path, "the file is empty, though it was in use before");
	TRY(pages_size(options->path, &size, err));
	if (size % PAGES_BYTES != 0 && (stat(path, &log) != 0 || log.st_size == 0))
		return err_set(err, CODE_CORRUPT, options->path, "the file is cut short");
	return OK;
}

/* SQLite would make the file with the umask's mode and is never given a descriptor of ours: closing one drops its locks. */
static result make_file(const struct database_options *options, struct err *err)
{
	struct stat status;
	if (stat(options->path, &status) == 0) {
		if (options->must_exist)
			TRY(check_whole(options, &status, err));
		if (!options->readonly && (status.st_mode & 077) && chmod(options->path, 0600) != 0)
			return err_errno(err, options->path, "chmod");
		return OK;
	}
	if (errno != ENOENT)
		return err_errno(err, options->path, "stat");
	if (options->readonly)
		return err_set(err, CODE_NOT_FOUND, options->path, "there is no such file");
	if (options->must_exist)
		return err_set(err, CODE_CORRUPT, options->path, "the file is missing, though it was in use before");
	int fd = open(options->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, options->path, "create");
	close(fd);
	return OK;
}

static result configure(struct database *database, struct err *err)
{
	char text[160];
	sqlite3_extended_result_codes(database->handle, 1);
	sqlite3_busy_timeout(database->handle, DATABASE_BUSY_MS);
	sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_snprintf(sizeof(text), text,
	                 "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-%d",
	                 database->options->cache_kib > 0 ? database->options->cache_kib : 2048);
	return execute(database, text, err);
}

/* Some file systems have no shared memory; SQLite stays with a journal there, and says so only in the answer. */
static result log_ahead(struct database *database, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	TRY(prepare(database, "PRAGMA journal_mode=WAL", &statement, err));
	int rc = sqlite3_step(statement);
	result r = OK;
	if (rc != SQLITE_ROW)
		r = fail(database, rc, err);
	else if (!bytes_is(database_bytes(statement, 0), "wal"))
		r = err_set(err, CODE_IO, database->path, "the file system does not allow a write-ahead log");
	sqlite3_finalize(statement);
	return r;
}

static result configure_writer(struct database *database, struct err *err)
{
	char text[96];
	TRY(log_ahead(database, err));
	/* What is erased must be gone from the file too. */
	sqlite3_snprintf(sizeof(text), text, "PRAGMA secure_delete=ON; PRAGMA synchronous=%s; PRAGMA journal_size_limit=%d",
	                 database->options->durable ? "FULL" : "OFF", DATABASE_LOG_LEFT_BYTES);
	TRY(execute(database, text, err));
	/* Checkpoints are ours, because SQLite's own keeps a failed sync to itself. */
	sqlite3_wal_autocheckpoint(database->handle, 0);
	sqlite3_wal_hook(database->handle, on_log, database);
	return OK;
}

static result make_tables(struct database *database, struct err *err)
{
	char text[96], pages[48];
	const struct database_options *options = database->options;
	if (options->must_exist)
		return err_set(err, CODE_CORRUPT, database->path, "the file holds nothing, though it was in use before");
	if (options->readonly)
		return err_set(err, CODE_NOT_FOUND, database->path, "the file holds nothing yet");
	sqlite3_snprintf(sizeof(pages), pages, "PRAGMA page_size=%d", PAGES_BYTES);
	sqlite3_snprintf(sizeof(text), text, "PRAGMA application_id=%d; PRAGMA user_version=%d", options->application,
	                 options->version);
	TRY(execute(database, pages, err));
	int rc = pages_claim(database->handle);
	if (rc != SQLITE_OK)
		return fail(database, rc, err);
	TRY(configure_writer(database, err));
	TRY(execute(database, "BEGIN IMMEDIATE", err));
	TRY(execute(database, options->schema, err));
	TRY(execute(database, text, err));
	return execute(database, "COMMIT", err);
}

/* Who made the file, before anything in it is touched. */
static result identify(struct database *database, bool *ret_new, int *ret_version, struct err *err)
{
	const struct database_options *options = database->options;
	int64_t application = 0, version = 0, tables = 0;
	TRY(ask_int(database, "SELECT count(*) FROM sqlite_schema", &tables, err));
	TRY(ask_int(database, "PRAGMA application_id", &application, err));
	TRY(ask_int(database, "PRAGMA user_version", &version, err));
	*ret_new = tables == 0 && application == 0 && version == 0;
	if (*ret_new)
		return OK;
	if (application != options->application)
		return err_set(err, CODE_CORRUPT, database->path, "an SQLite file, but not one that Liaison made for this");
	if (version > options->version || version < 1 || (version < options->version && (options->readonly || !options->upgrades)))
		return err_set(err, CODE_VERSION, database->path, "format %lld, and this program knows %d%s", (long long)version, options->version,
		               version < options->version && options->upgrades ? "; start the broker once, so that it is brought up to date" : "");
	*ret_version = (int)version;
	return OK;
}

/* In one transaction, however many versions it has to catch up on. */
static result upgrade(struct database *database, int version, struct err *err)
{
	const struct database_options *options = database->options;
	char text[64];
	if (version == options->version)
		return OK;
	TRY(execute(database, "BEGIN IMMEDIATE", err));
	result r = OK;
	for (int from = version; from < options->version && !FAILED(r); from++)
		r = execute(database, options->upgrades[from], err);
	sqlite3_snprintf(sizeof(text), text, "PRAGMA user_version=%d", options->version);
	if (!FAILED(r))
		r = execute(database, text, err);
	if (!FAILED(r))
		return execute(database, "COMMIT", err);
	sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

static result open_handle(struct database *database, struct err *err)
{
	const struct database_options *options = database->options;
	int flags = SQLITE_OPEN_NOMUTEX | (options->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	int rc = sqlite3_open_v2(options->path, &database->handle, flags, pages_vfs(options->durable && !options->readonly));
	if (rc != SQLITE_OK)
		return fail(database, rc, err);
	return configure(database, err);
}

/* A file of a time before pages had checksums gets them. */
static result renew(struct database *database, int version, struct err *err)
{
	const struct database_options *options = database->options;
	if (version == options->version)
		return err_set(err, CODE_CORRUPT, options->path, "format %d without checksums: its beginning is damaged", version);
	sqlite3_close(database->handle);
	database->handle = NULL;
	TRY(pages_renew(options->path, err));
	return open_handle(database, err);
}

static result prepare_own(struct database *database, struct err *err)
{
	TRY(prepare(database, "BEGIN IMMEDIATE", &database->begin, err));
	TRY(prepare(database, "COMMIT", &database->commit, err));
	return prepare(database, "ROLLBACK", &database->rollback, err);
}

static result open_file(struct database *database, struct err *err)
{
	const struct database_options *options = database->options;
	enum pages_kind kind = PAGES_EMPTY;
	bool is_new = false;
	int version = 0;
	TRY(make_file(options, err));
	TRY(pages_look(options->path, &kind, err));
	if (kind == PAGES_ALIEN)
		return err_set(err, CODE_CORRUPT, options->path, "its beginning is damaged, or it is no file that Liaison made");
	TRY(open_handle(database, err));
	TRY(identify(database, &is_new, &version, err));
	if (is_new) {
		TRY(make_tables(database, err));
		return prepare_own(database, err);
	}
	if (kind == PAGES_PLAIN)
		TRY(renew(database, version, err));
	if (!options->readonly)
		TRY(configure_writer(database, err));
	TRY(upgrade(database, version, err));
	return prepare_own(database, err);
}

result database_open(const struct database_options *options, struct database **ret, struct err *err)
{
	struct database *database = mem_alloc(sizeof(*database));
	database->options = options;
	database->path = mem_text(options->path);
	database->readonly = options->readonly;
	database->texts = options->statements;
	database->statements_count = options->statements_count;
	database->statements = mem_array(options->statements_count + 1, sizeof(*database->statements));
	result r = open_file(database, err);
	database->options = NULL;
	if (FAILED(r)) {
		database_close(database);
		return r;
	}
	*ret = database;
	return OK;
}

void database_close(struct database *database)
{
	if (!database)
		return;
	for (size_t i = 0; i < database->statements_count; i++)
		sqlite3_finalize(database->statements[i]);
	sqlite3_finalize(database->begin);
	sqlite3_finalize(database->commit);
	sqlite3_finalize(database->rollback);
	sqlite3_close(database->handle);
	mem_free(database->statements);
	mem_free(database->path);
	mem_free(database);
}

static result run_kept(struct database *database, sqlite3_stmt *statement, struct err *err)
{
	int rc = sqlite3_step(statement);
	result r = rc == SQLITE_DONE ? OK : fail(database, rc, err);
	sqlite3_reset(statement);
	return r;
}

result database_begin(struct database *database, struct err *err)
{
	TRY(usable(database, err));
	return run_kept(database, database->begin, err);
}

/* Keeps what must be kept of a failure that the call at hand does not answer for. */
static void note_failure(struct database *database, int sqlite_code)
{
	struct err ignored;
	if (sqlite_code == SQLITE_OK)
		return;
	result r = fail(database, sqlite_code, &ignored);
	if (r.code == CODE_FULL || r.code == CODE_BUSY)
		return; /* another time */
}

/* Nobody waits for a reader here: who reads for long, a backup, makes the log grow. */
static void checkpoint(struct database *database)
{
	int mode = database->log_pages >= DATABASE_RESTART_PAGES ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
	sqlite3_busy_timeout(database->handle, 0);
	int rc = sqlite3_wal_checkpoint_v2(database->handle, NULL, mode, NULL, NULL);
	sqlite3_busy_timeout(database->handle, DATABASE_BUSY_MS);
	database->log_pages = 0;
	/* What was committed stands in the log, so this commit is good; the next call learns of the disk. */
	note_failure(database, rc);
}

result database_commit(struct database *database, struct err *err)
{
	TRY(usable(database, err));
	result r = run_kept(database, database->commit, err);
	if (FAILED(r)) {
		/* Anything but a full disk leaves it open what the disk holds. */
		if (r.code != CODE_FULL && r.code != CODE_BUSY && database->failure.code == CODE_OK)
			err_set(&database->failure, CODE_IO, database->path, "a commit failed: %s", code_text(r.code));
		return r;
	}
	if (database->log_pages >= DATABASE_CHECKPOINT_PAGES)
		checkpoint(database);
	return OK;
}

void database_rollback(struct database *database)
{
	for (size_t i = 0; i < database->statements_count; i++)
		if (database->statements[i])
			sqlite3_reset(database->statements[i]);
	/* After some failures SQLite has rolled back by itself. */
	if (!sqlite3_get_autocommit(database->handle)) {
		sqlite3_step(database->rollback);
		sqlite3_reset(database->rollback);
	}
}

result database_flush(struct database *database, struct err *err)
{
	TRY(usable(database, err));
	TRY(execute(database, "PRAGMA synchronous=FULL", err));
	int rc = sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return rc == SQLITE_OK ? OK : fail(database, rc, err);
}

bool database_scrub(struct database *database)
{
	sqlite3_busy_timeout(database->handle, 0);
	int rc = sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(database->handle, DATABASE_BUSY_MS);
	note_failure(database, rc);
	return rc == SQLITE_OK;
}

result database_query(struct database *database, size_t which, struct sqlite3_stmt **ret, struct err *err)
{
	TRY(usable(database, err));
	if (!database->statements[which])
		TRY(prepare(database, database->texts[which], &database->statements[which], err));
	*ret = database->statements[which];
	return OK;
}

/* A bind that fails (out of memory, a place that the text does not have) shows as a NULL, and every column refuses NULL. */
void database_bind_int(struct sqlite3_stmt *statement, int at, int64_t value)
{
	sqlite3_bind_int64(statement, at, value);
}

void database_bind_bytes(struct sqlite3_stmt *statement, int at, struct bytes value)
{
	sqlite3_bind_blob64(statement, at, value.len ? (const void *)value.at : "", value.len, SQLITE_STATIC);
}

void database_bind_text(struct sqlite3_stmt *statement, int at, struct bytes value)
{
	sqlite3_bind_text64(statement, at, value.len ? (const char *)value.at : "", value.len, SQLITE_STATIC, SQLITE_UTF8);
}

void database_end(struct sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

result database_step(struct database *database, struct sqlite3_stmt *statement, bool *ret_row, struct err *err)
{
	result r = OK;
	int rc = sqlite3_step(statement);
	*ret_row = rc == SQLITE_ROW;
	if (*ret_row)
		return OK;
	if (rc != SQLITE_DONE)
		r = fail(database, rc, err);
	database_end(statement);
	return r;
}

result database_run(struct database *database, struct sqlite3_stmt *statement, struct err *err)
{
	bool row = true;
	while (row)
		TRY(database_step(database, statement, &row, err));
	return OK;
}

int64_t database_int(struct sqlite3_stmt *statement, int column)
{
	return sqlite3_column_int64(statement, column);
}

struct bytes database_bytes(struct sqlite3_stmt *statement, int column)
{
	const void *at = sqlite3_column_blob(statement, column);
	return bytes_of(at, (size_t)sqlite3_column_bytes(statement, column));
}

int64_t database_changes(struct database *database)
{
	return sqlite3_changes64(database->handle);
}
