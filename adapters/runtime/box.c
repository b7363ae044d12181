#include "adapters/runtime/box.h"

#include "adapters/runtime/box_sql.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <string.h>

enum { BOX_APPLICATION_ID = 0x4c494142, BOX_VERSION = 1, BOX_CHECKPOINT_PAGES = 1000 };

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
	char *stamp = mem_printf("PRAGMA application_id = %d; PRAGMA user_version = %d;", BOX_APPLICATION_ID, BOX_VERSION);
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

static result check_version(struct box *box, struct err *err)
{
	int64_t application = 0, version = 0, tables = 0;
	TRY(pragma_int(box, "PRAGMA application_id", &application, err));
	TRY(pragma_int(box, "PRAGMA user_version", &version, err));
	TRY(pragma_int(box, "SELECT count(*) FROM sqlite_schema", &tables, err));
	if (tables == 0)
		return make_schema(box, err);
	if (application != BOX_APPLICATION_ID)
		return err_set(err, CODE_CORRUPT, box->path, "this is not an adapter's database");
	if (version != BOX_VERSION)
		return err_set(err, CODE_VERSION, box->path, "the file is of format %lld, this program reads %d", (long long)version, BOX_VERSION);
	return OK;
}

/* Exclusive locking: one adapter a party, and a second one started by mistake is told so. */
static result configure(struct box *box, struct err *err)
{
	TRY(execute(box, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;"
	                 " PRAGMA secure_delete = ON;", err));
	TRY(execute(box, "BEGIN EXCLUSIVE; COMMIT;", err));
	sqlite3_wal_autocheckpoint(box->db, BOX_CHECKPOINT_PAGES);
	return check_version(box, err);
}

static void on_turn(void *ctx)
{
	struct box *box = ctx;
	struct err ignored; /* whoever waited for the commit has been told through box_after */
	result r = box_commit(box, &ignored);
	box->failed_last = FAILED(r);
}

result box_open(const char *folder, struct loop *loop, struct box **ret, struct err *err)
{
	TRY(file_make_folder(folder, 0700, err));
	struct box *box = mem_alloc(sizeof(*box));
	box->path = mem_printf("%s/adapter.db", folder);
	result r = OK;
	if (sqlite3_open_v2(box->path, &box->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		r = box_failed(box, err);
	if (!FAILED(r))
		r = configure(box, err);
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
	mem_free(box->after);
	mem_free(box->path);
	mem_free(box);
}

void box_undo(struct box *box, const struct err *why)
{
	if (box->in_transaction)
		sqlite3_exec(box->db, "ROLLBACK", NULL, NULL, NULL);
	box->in_transaction = false;
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
	box->after = NULL;
	box->after_count = box->after_cap = 0;
	for (size_t i = 0; i < count; i++)
		if (later[i].fn)
			later[i].fn(later[i].ctx, later[i].number, why);
	mem_free(later);
}

result box_commit(struct box *box, struct err *err)
{
	struct err why = {.code = CODE_OK};
	result r = OK;
	if (box->in_transaction) {
		r = box_run(box, BOX_SQL_COMMIT, &why);
		if (FAILED(r))
			sqlite3_exec(box->db, "ROLLBACK", NULL, NULL, NULL);
		box->in_transaction = false;
	}
	if (box->broken.code != CODE_OK) {
		why = box->broken;
		r = (result){why.code};
		box->broken.code = CODE_OK;
	}
	run_after(box, FAILED(r) ? &why : NULL);
	if (FAILED(r) && err)
		*err = why;
	return r;
}
