#include "broker/index/index.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/index/index_inside.h"
#include "certs/merkle.h"

struct index {
	char *path;
	struct store *reader;
	struct database *database;
	int64_t position;        /* the next entry */
	uint8_t last[HASH_LEN];  /* leaf of the entry before */
	struct buf entry, boot;
};

/* After a power cut what was never synced may be torn, and nothing in the file would show it: the machine's boot tells. */
static void read_boot(struct buf *ret)
{
	struct err ignored;
	buf_init(ret, 64);
	if (FAILED(file_read("/proc/sys/kernel/random/boot_id", 64, ret, &ignored)))
		buf_clear(ret);
}

/* exists: it must hold an index. An empty file is not filled in its place, because a view may still look at it. */
static result open_database(struct index *index, bool exists, struct err *err)
{
	struct database_options options = {
		.path = index->path,
		.must_exist = exists,
		.cache_kib = INDEX_WRITER_CACHE_KIB,
		.application = INDEX_APPLICATION,
		.version = INDEX_VERSION,
		.schema = index_schema,
		.statements = index_statements,
		.statements_count = INDEX_STATEMENT_COUNT,
	};
	return database_open(&options, &index->database, err);
}

static result remove_file(const char *path, const char *ending, struct err *err)
{
	AUTO_FREE char *whole = mem_printf("%s%s", path, ending);
	return unlink(whole) == 0 || errno == ENOENT ? OK : err_errno(err, whole, "remove");
}

/* Beside where it was, for whoever wants to know what the disk did. */
static result set_aside(const struct index *index, const struct err *why, struct err *err)
{
	AUTO_FREE char *aside = mem_printf("%s.damaged", index->path);
	log_event(LOG_ERROR, "index_set_aside", LOG_REASON(why), LOG_TEXT("as", aside));
	return rename(index->path, aside) == 0 || errno == ENOENT ? OK : err_errno(err, index->path, "rename");
}

/* why: what was wrong with the file; not corrupt: it is only of another time, and goes. */
static result open_anew(struct index *index, const struct err *why, struct err *err)
{
	database_close(index->database);
	index->database = NULL;
	index->position = 0;
	if (why->code == CODE_CORRUPT)
		TRY(set_aside(index, why, err));
	TRY(remove_file(index->path, "", err));
	TRY(remove_file(index->path, "-wal", err));
	TRY(remove_file(index->path, "-shm", err));
	return open_database(index, false, err);
}

/* The file's own word on where it stands; *ret_torn: it was not closed in good order before the machine stopped. */
static result read_state(struct index *index, bool *ret_torn, struct err *err)
{
	struct sqlite3_stmt *statement;
	bool row = false;
	TRY(database_query(index->database, INDEX_STATE, &statement, err));
	TRY(database_step(index->database, statement, &row, err));
	if (!row)
		return err_set(err, CODE_CORRUPT, index->path, "the index does not say where it stands");
	struct bytes last = database_bytes(statement, 1), boot = database_bytes(statement, 2);
	index->position = database_int(statement, 0);
	*ret_torn = index->position > 0 && database_int(statement, 3) == 0 && !bytes_equal(boot, buf_bytes(&index->boot));
	*ret_torn = *ret_torn || (index->position > 0 && last.len != HASH_LEN);
	if (last.len == HASH_LEN)
		memcpy(index->last, last.at, HASH_LEN);
	database_end(statement);
	return OK;
}

/* An index of another ledger, or of one that was longer before a backup came back, does not fit. */
static result fits_ledger(struct index *index, bool *ret_fits, struct err *err)
{
	bool found = false;
	*ret_fits = true;
	if (index->position == 0)
		return OK;
	TRY(store_ledger_get(index->reader, index->position - 1, &index->entry, &found, err));
	struct hash leaf = found ? merkle_leaf(buf_bytes(&index->entry)) : (struct hash){{0}};
	*ret_fits = found && hash_equal(&leaf, index->last);
	return OK;
}

static bool can_be_made_again(result r)
{
	return r.code == CODE_CORRUPT || r.code == CODE_VERSION;
}

static result mark_opened(struct index *index, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(database_query(index->database, INDEX_OPENED, &statement, err));
	database_bind_bytes(statement, 1, buf_bytes(&index->boot));
	return database_run(index->database, statement, err);
}

static result open_checked(struct index *index, struct err *err)
{
	bool torn = false, fits = false;
	struct err why = {.code = CODE_OK};
	result r = open_database(index, access(index->path, F_OK) == 0, &why);
	if (!FAILED(r))
		r = read_state(index, &torn, &why);
	if (FAILED(r) && !can_be_made_again(r)) {
		if (err)
			*err = why;
		return r;
	}
	if (!FAILED(r) && !torn)
		TRY(fits_ledger(index, &fits, err));
	if (!fits)
		TRY(open_anew(index, &why, err));
	return mark_opened(index, err);
}

result index_open(const char *folder, struct store *reader, struct index **ret, struct err *err)
{
	struct index *index = mem_alloc(sizeof(*index));
	index->path = mem_printf("%s/index.db", folder);
	index->reader = reader;
	buf_init(&index->entry, INDEX_ENTRY_MAX);
	read_boot(&index->boot);
	result r = open_checked(index, err);
	if (FAILED(r)) {
		database_close(index->database);
		index->database = NULL;
		index_close(index);
		return r;
	}
	*ret = index;
	return OK;
}

static result mark_closed(struct index *index, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(database_flush(index->database, err));
	TRY(database_query(index->database, INDEX_CLOSED, &statement, err));
	TRY(database_run(index->database, statement, err));
	return database_flush(index->database, err);
}

void index_close(struct index *index)
{
	struct err ignored;
	if (!index)
		return;
	/* What could not be marked is built again after the next start of the machine; nothing is lost. */
	if (index->database && FAILED(mark_closed(index, &ignored)))
		database_rollback(index->database);
	database_close(index->database);
	store_close(index->reader);
	buf_done(&index->entry);
	buf_done(&index->boot);
	mem_free(index->path);
	mem_free(index);
}

static result save_position(struct index *index, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(database_query(index->database, INDEX_MOVED, &statement, err));
	database_bind_int(statement, 1, index->position);
	database_bind_bytes(statement, 2, bytes_of(index->last, HASH_LEN));
	return database_run(index->database, statement, err);
}

/* One entry; *ret_done false: there is none yet. *ret_ours: a failure is the index's own, not the ledger's. */
static result take_entry(struct index *index, bool *ret_done, bool *ret_ours, struct err *err)
{
	struct ledger_entry entry;
	bool found = false;
	*ret_ours = false;
	TRY(store_ledger_get(index->reader, index->position, &index->entry, &found, err));
	*ret_done = found;
	if (!found)
		return OK;
	if (FAILED(ledger_entry_decode(buf_bytes(&index->entry), &entry, err)))
		return err_set(err, CODE_CORRUPT, "ledger", "entry %lld cannot be read", (long long)index->position);
	*ret_ours = true;
	TRY(index_fill(index->database, &entry, err));
	struct hash leaf = merkle_leaf(buf_bytes(&index->entry));
	memcpy(index->last, leaf.at, HASH_LEN);
	index->position++;
	return OK;
}

static result take_entries(struct index *index, size_t most, bool *ret_ours, struct err *err)
{
	bool more = true;
	*ret_ours = true;
	TRY(database_begin(index->database, err));
	for (size_t i = 0; i < most && more; i++)
		TRY(take_entry(index, &more, ret_ours, err));
	*ret_ours = true;
	TRY(save_position(index, err));
	return database_commit(index->database, err);
}

static result is_behind(struct index *index, bool *ret, struct err *err)
{
	int64_t size = 0;
	TRY(store_ledger_size(index->reader, &size, err));
	*ret = index->position < size;
	return OK;
}

result index_catch_up(struct index *index, size_t most, bool *ret_more, struct err *err)
{
	int64_t position = index->position;
	uint8_t last[HASH_LEN];
	bool ours = false;
	memcpy(last, index->last, HASH_LEN);
	TRY(is_behind(index, ret_more, err));
	if (!*ret_more)
		return OK;
	struct err why;
	result r = take_entries(index, most, &ours, &why);
	if (FAILED(r)) {
		database_rollback(index->database);
		index->position = position;
		memcpy(index->last, last, HASH_LEN);
		if (!ours || !can_be_made_again(r)) {
			if (err)
				*err = why;
			return r;
		}
		TRY(open_anew(index, &why, err));
		TRY(mark_opened(index, err));
	}
	return is_behind(index, ret_more, err);
}
