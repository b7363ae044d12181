#include "broker/store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { STORE_APPLICATION = 0x4c494153, STORE_VERSION = 3, STORE_WRITER_CACHE_KIB = 16384, STORE_READER_CACHE_KIB = 2048 };

/* Rows that are appended in order, and one unique index whose keys come in order too (UUIDv7): nothing here may need a second
 * index. What people search by is in the index's own file. */
#define ROW_TABLE                                                                                                      \
	"CREATE TABLE row(space INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY(space, key)) STRICT, WITHOUT ROWID;"
static const char schema[] =
	"CREATE TABLE party(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE message(seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, leaf BLOB NOT NULL, accepted_at INTEGER NOT NULL,"
	" entry INTEGER NOT NULL, envelope BLOB NOT NULL, verdict BLOB NOT NULL) STRICT;"
	"CREATE TABLE queue(recipient INTEGER NOT NULL, urgency INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" attempts INTEGER NOT NULL, expires INTEGER NOT NULL, queued_at INTEGER NOT NULL, wants_receipt INTEGER NOT NULL,"
	" withheld INTEGER NOT NULL DEFAULT 0, consent INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(recipient, urgency, seq)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE expiry(at INTEGER NOT NULL, recipient INTEGER NOT NULL, urgency INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" PRIMARY KEY(at, recipient, urgency, seq)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE dead(seq INTEGER NOT NULL, recipient INTEGER NOT NULL, priority INTEGER NOT NULL, since INTEGER NOT NULL,"
	" code TEXT NOT NULL, reason TEXT NOT NULL, withheld INTEGER NOT NULL DEFAULT 0, consent INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(seq, recipient)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE thread(thread BLOB NOT NULL, party INTEGER NOT NULL, PRIMARY KEY(thread, party)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE chain(fingerprint BLOB NOT NULL PRIMARY KEY, chain BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE ledger(number INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;"
	"CREATE TABLE note(name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;" ROW_TABLE;

/* What a file of an older format lacks. */
static const char *const upgrades[STORE_VERSION] = {
	[1] = ("ALTER TABLE queue ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0; ALTER TABLE queue ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;"
	       "ALTER TABLE dead ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0; ALTER TABLE dead ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;"
	       ROW_TABLE),
	[2] = "", /* pages got checksums */
};

#define QUEUED "recipient, 9 - urgency, seq, attempts, expires, queued_at, wants_receipt, withheld, consent"
#define DEAD "seq, recipient, priority, since, code, reason, withheld, consent"

static const char *const statements[SQL_COUNT] = {
	[SQL_PARTY_FIND] = "SELECT number FROM party WHERE name = ?",
	[SQL_PARTY_ADD] = "INSERT INTO party(name) VALUES (?) RETURNING number",
	[SQL_PARTY_NAME] = "SELECT name FROM party WHERE number = ?",
	[SQL_LAST_SEQ] = "SELECT coalesce(max(seq), 0) FROM message",
	[SQL_PUT] = "INSERT INTO message(seq, id, leaf, accepted_at, entry, envelope, verdict) VALUES (?, ?, ?, ?, ?, ?, ?)",
	[SQL_FIND] = "SELECT seq, id, leaf, accepted_at, entry, envelope, verdict FROM message WHERE id = ?",
	[SQL_GET] = "SELECT seq, id, leaf, accepted_at, entry, envelope, verdict FROM message WHERE seq = ?",
	[SQL_REPLACE] = "UPDATE message SET envelope = ? WHERE seq = ?",
	[SQL_ENQUEUE] = ("INSERT INTO queue(recipient, urgency, seq, attempts, expires, queued_at, wants_receipt, withheld, consent)"
	                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
	[SQL_DEQUEUE] = "DELETE FROM queue WHERE recipient = ? AND urgency = ? AND seq = ? RETURNING expires",
	[SQL_QUEUED_FIND] = ("SELECT " QUEUED " FROM queue WHERE recipient = ? AND urgency IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)"
	                     " AND seq = ? LIMIT 1"),
	[SQL_QUEUE_NEXT] = ("SELECT " QUEUED " FROM queue WHERE recipient = ? AND (urgency, seq) > (?, ?)"
	                    " ORDER BY urgency, seq LIMIT ?"),
	[SQL_QUEUE_LEVELS] = "SELECT urgency, count(*), min(seq), queued_at FROM queue WHERE recipient = ? GROUP BY urgency",
	[SQL_QUEUE_FRONT] = "SELECT seq, queued_at FROM queue WHERE recipient = ? AND urgency = ? ORDER BY seq LIMIT 1",
	[SQL_ATTEMPTED] = "UPDATE queue SET attempts = ? WHERE recipient = ? AND urgency = ? AND seq = ?",
	[SQL_WITHHOLD] = "UPDATE queue SET withheld = ?, consent = ? WHERE recipient = ? AND urgency = ? AND seq = ?",
	[SQL_EXPIRES] = "INSERT INTO expiry(at, recipient, urgency, seq) VALUES (?, ?, ?, ?)",
	[SQL_EXPIRES_NOT] = "DELETE FROM expiry WHERE at = ? AND recipient = ? AND urgency = ? AND seq = ?",
	[SQL_EXPIRED] = ("SELECT " QUEUED " FROM expiry CROSS JOIN queue USING (recipient, urgency, seq) WHERE at <= ?"
	                 " ORDER BY at, recipient, urgency, seq LIMIT ?"),
	[SQL_NEXT_EXPIRY] = "SELECT coalesce(min(at), 0) FROM expiry",
	[SQL_BURY] = "INSERT INTO dead(seq, recipient, priority, since, code, reason, withheld, consent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_DEAD_NEXT] = ("SELECT " DEAD " FROM dead WHERE seq > ?1 AND (?2 = 0 OR recipient = ?2)"
	                   " ORDER BY seq, recipient LIMIT ?3"),
	[SQL_DEAD_GET] = "SELECT " DEAD " FROM dead WHERE seq = ? AND recipient = ?",
	[SQL_EXHUME] = "DELETE FROM dead WHERE seq = ? AND recipient = ?",
	[SQL_THREAD_JOIN] = "INSERT OR IGNORE INTO thread(thread, party) VALUES (?, ?)",
	[SQL_THREAD_PARTIES] = "SELECT party FROM thread WHERE thread = ? ORDER BY party LIMIT ?",
	[SQL_PUT_CHAIN] = "INSERT OR IGNORE INTO chain(fingerprint, chain) VALUES (?, ?)",
	[SQL_CHAIN] = "SELECT chain FROM chain WHERE fingerprint = ?",
	[SQL_LEDGER_PUT] = "INSERT INTO ledger(number, entry) VALUES (?, ?)",
	[SQL_LEDGER_GET] = "SELECT entry FROM ledger WHERE number = ?",
	[SQL_LEDGER_SIZE] = "SELECT coalesce(max(number) + 1, 0) FROM ledger",
	[SQL_NOTE] = "INSERT INTO note(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
	[SQL_NOTED] = "SELECT value FROM note WHERE name = ?",
	[SQL_ROW_PUT] = "INSERT INTO row(space, key, value) VALUES (?, ?, ?) ON CONFLICT(space, key) DO UPDATE SET value = excluded.value",
	[SQL_ROW_GET] = "SELECT value FROM row WHERE space = ? AND key = ?",
	[SQL_ROW_NEXT] = "SELECT key, value FROM row WHERE space = ? AND key > ? ORDER BY key LIMIT 1",
	[SQL_ROW_FIRST] = "SELECT key, value FROM row WHERE space = ? AND key >= ? ORDER BY key LIMIT 1",
	[SQL_ROW_COUNT] = "SELECT count(*) FROM row WHERE space = ? AND key >= ? AND key < ?",
	[SQL_ROW_DROP] = "DELETE FROM row WHERE space = ? AND key = ?",
};

static struct store_sqlite *sqlite_of(struct store *store)
{
	return (struct store_sqlite *)store;
}

struct database *store_sqlite_database(struct store *store)
{
	return sqlite_of(store)->database;
}

result store_sqlite_query(struct store *store, enum store_sqlite_statement which, struct sqlite3_stmt **ret, struct err *err)
{
	return database_query(sqlite_of(store)->database, which, ret, err);
}

static void close_store(struct store *store)
{
	struct store_sqlite *sqlite = sqlite_of(store);
	database_close(sqlite->database);
	if (sqlite->lock_fd >= 0)
		close(sqlite->lock_fd);
	mem_free(sqlite->tallies);
	mem_free(sqlite->folder);
	mem_free(sqlite);
}

static result begin(struct store *store, struct err *err)
{
	return database_begin(sqlite_of(store)->database, err);
}

static result commit(struct store *store, struct err *err)
{
	struct store_sqlite *sqlite = sqlite_of(store);
	TRY(database_commit(sqlite->database, err));
	if (sqlite->must_scrub)
		sqlite->must_scrub = !database_scrub(sqlite->database);
	return OK;
}

static void rollback(struct store *store)
{
	database_rollback(sqlite_of(store)->database);
	store_sqlite_forget(sqlite_of(store));
}

/* One number as the answer; *ret keeps its value when there is no row. */
static result ask_number(struct store *store, struct sqlite3_stmt *statement, int64_t *ret, struct err *err)
{
	bool row = false;
	TRY(database_step(store_sqlite_database(store), statement, &row, err));
	if (!row)
		return OK;
	*ret = database_int(statement, 0);
	return database_run(store_sqlite_database(store), statement, err);
}

/* One value as the answer. */
static result ask_bytes(struct store *store, struct sqlite3_stmt *statement, struct buf *hold, const char *what, bool *ret_found,
                        struct err *err)
{
	bool row = false;
	TRY(database_step(store_sqlite_database(store), statement, &row, err));
	*ret_found = row;
	if (!row)
		return OK;
	result r = store_hold(hold, database_bytes(statement, 0), what, err);
	database_end(statement);
	return r;
}

static result party_find(struct store *store, struct bytes party, int64_t *ret_number, struct err *err)
{
	struct sqlite3_stmt *statement;
	*ret_number = 0;
	TRY(store_sqlite_query(store, SQL_PARTY_FIND, &statement, err));
	database_bind_text(statement, 1, party);
	return ask_number(store, statement, ret_number, err);
}

static result party_add(struct store *store, struct bytes party, int64_t *ret_number, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_PARTY_ADD, &statement, err));
	database_bind_text(statement, 1, party);
	return ask_number(store, statement, ret_number, err);
}

static result party_name(struct store *store, int64_t number, char into[static STORE_PARTY_MAX], bool *ret_found, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_PARTY_NAME, &statement, err));
	database_bind_int(statement, 1, number);
	TRY(database_step(store_sqlite_database(store), statement, ret_found, err));
	if (!*ret_found)
		return OK;
	struct bytes name = database_bytes(statement, 0);
	bool fits = name.len < STORE_PARTY_MAX;
	if (fits) {
		memcpy(into, name.at, name.len);
		into[name.len] = 0;
	}
	database_end(statement);
	return fits ? OK : err_set(err, CODE_CORRUPT, "party", "the name of party %lld is too long", (long long)number);
}

static result last_seq(struct store *store, int64_t *ret_seq, struct err *err)
{
	struct sqlite3_stmt *statement;
	*ret_seq = 0;
	TRY(store_sqlite_query(store, SQL_LAST_SEQ, &statement, err));
	return ask_number(store, statement, ret_seq, err);
}

static result put(struct store *store, const struct store_message *message, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_PUT, &statement, err));
	database_bind_int(statement, 1, message->seq);
	database_bind_bytes(statement, 2, bytes_of(message->id, UUID_LEN));
	database_bind_bytes(statement, 3, bytes_of(message->leaf, STORE_HASH_LEN));
	database_bind_int(statement, 4, message->accepted_at);
	database_bind_int(statement, 5, message->entry);
	database_bind_bytes(statement, 6, message->envelope);
	database_bind_bytes(statement, 7, message->verdict);
	return database_run(store_sqlite_database(store), statement, err);
}

static result replace(struct store *store, int64_t seq, struct bytes envelope, bool *ret_found, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_REPLACE, &statement, err));
	database_bind_bytes(statement, 1, envelope);
	database_bind_int(statement, 2, seq);
	TRY(database_run(store_sqlite_database(store), statement, err));
	*ret_found = database_changes(store_sqlite_database(store)) > 0;
	sqlite_of(store)->must_scrub = true;
	return OK;
}

static result read_message(struct sqlite3_stmt *statement, struct buf *hold, struct store_message *ret, struct err *err)
{
	struct bytes id = database_bytes(statement, 1), leaf = database_bytes(statement, 2);
	ret->seq = database_int(statement, 0);
	ret->accepted_at = database_int(statement, 3);
	ret->entry = database_int(statement, 4);
	if (id.len != UUID_LEN || leaf.len != STORE_HASH_LEN)
		return err_set(err, CODE_CORRUPT, "message", "message %lld has a damaged id or leaf", (long long)ret->seq);
	return store_hold_message(hold, id.at, leaf.at, database_bytes(statement, 5), database_bytes(statement, 6), ret, err);
}

static result find(struct store *store, const uint8_t *id, int64_t seq, struct buf *hold, bool *ret_found,
                   struct store_message *ret, struct err *err)
{
	struct sqlite3_stmt *statement;
	bool row = false;
	TRY(store_sqlite_query(store, id ? SQL_FIND : SQL_GET, &statement, err));
	if (id)
		database_bind_bytes(statement, 1, bytes_of(id, UUID_LEN));
	else
		database_bind_int(statement, 1, seq);
	TRY(database_step(store_sqlite_database(store), statement, &row, err));
	*ret_found = row;
	if (!row)
		return OK;
	result r = read_message(statement, hold, ret, err);
	database_end(statement);
	return r;
}

static result thread_join(struct store *store, const uint8_t *thread, int64_t party, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_THREAD_JOIN, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(thread, UUID_LEN));
	database_bind_int(statement, 2, party);
	return database_run(store_sqlite_database(store), statement, err);
}

static result thread_parties(struct store *store, const uint8_t *thread, int64_t *ret, size_t max, size_t *ret_count,
                             struct err *err)
{
	struct sqlite3_stmt *statement;
	size_t count = 0;
	bool row = true;
	TRY(store_sqlite_query(store, SQL_THREAD_PARTIES, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(thread, UUID_LEN));
	database_bind_int(statement, 2, (int64_t)max);
	for (;;) {
		TRY(database_step(store_sqlite_database(store), statement, &row, err));
		if (!row)
			break;
		ret[count++] = database_int(statement, 0);
	}
	*ret_count = count;
	return OK;
}

static result put_chain(struct store *store, const uint8_t *fingerprint, struct bytes chain, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_PUT_CHAIN, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(fingerprint, STORE_HASH_LEN));
	database_bind_bytes(statement, 2, chain);
	return database_run(store_sqlite_database(store), statement, err);
}

static result get_chain(struct store *store, const uint8_t *fingerprint, struct buf *hold, bool *ret_found, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_CHAIN, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(fingerprint, STORE_HASH_LEN));
	return ask_bytes(store, statement, hold, "chain", ret_found, err);
}

static result ledger_put(struct store *store, int64_t number, struct bytes entry, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_LEDGER_PUT, &statement, err));
	database_bind_int(statement, 1, number);
	database_bind_bytes(statement, 2, entry);
	return database_run(store_sqlite_database(store), statement, err);
}

static result ledger_get(struct store *store, int64_t number, struct buf *hold, bool *ret_found, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_LEDGER_GET, &statement, err));
	database_bind_int(statement, 1, number);
	return ask_bytes(store, statement, hold, "entry", ret_found, err);
}

static result ledger_size(struct store *store, int64_t *ret_size, struct err *err)
{
	struct sqlite3_stmt *statement;
	*ret_size = 0;
	TRY(store_sqlite_query(store, SQL_LEDGER_SIZE, &statement, err));
	return ask_number(store, statement, ret_size, err);
}

static result note(struct store *store, struct bytes name, struct bytes value, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_NOTE, &statement, err));
	database_bind_text(statement, 1, name);
	database_bind_bytes(statement, 2, value);
	return database_run(store_sqlite_database(store), statement, err);
}

static result noted(struct store *store, struct bytes name, struct buf *hold, bool *ret_found, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_NOTED, &statement, err));
	database_bind_text(statement, 1, name);
	return ask_bytes(store, statement, hold, "note", ret_found, err);
}

static result row_put(struct store *store, enum store_space space, struct bytes key, struct bytes value, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_ROW_PUT, &statement, err));
	database_bind_int(statement, 1, space);
	database_bind_bytes(statement, 2, key);
	database_bind_bytes(statement, 3, value);
	return database_run(store_sqlite_database(store), statement, err);
}

static result row_get(struct store *store, enum store_space space, struct bytes key, struct buf *hold, bool *ret_found, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_ROW_GET, &statement, err));
	database_bind_int(statement, 1, space);
	database_bind_bytes(statement, 2, key);
	return ask_bytes(store, statement, hold, "row", ret_found, err);
}

static result row_next(struct store *store, enum store_space space, struct bytes from, bool or_equal, struct buf *hold, bool *ret_found,
                       size_t *ret_key_len, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, or_equal ? SQL_ROW_FIRST : SQL_ROW_NEXT, &statement, err));
	database_bind_int(statement, 1, space);
	database_bind_bytes(statement, 2, from);
	TRY(database_step(store_sqlite_database(store), statement, ret_found, err));
	if (!*ret_found)
		return OK;
	struct bytes key = database_bytes(statement, 0);
	*ret_key_len = key.len;
	buf_clear(hold);
	buf_add(hold, key);
	buf_add(hold, database_bytes(statement, 1));
	result r = buf_check(hold, "row", err);
	database_end(statement);
	return r;
}

static result row_count(struct store *store, enum store_space space, struct bytes from, struct bytes to, int64_t *ret_count, struct err *err)
{
	struct sqlite3_stmt *statement;
	*ret_count = 0;
	TRY(store_sqlite_query(store, SQL_ROW_COUNT, &statement, err));
	database_bind_int(statement, 1, space);
	database_bind_bytes(statement, 2, from);
	database_bind_bytes(statement, 3, to);
	return ask_number(store, statement, ret_count, err);
}

static result row_drop(struct store *store, enum store_space space, struct bytes key, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_ROW_DROP, &statement, err));
	database_bind_int(statement, 1, space);
	database_bind_bytes(statement, 2, key);
	return database_run(store_sqlite_database(store), statement, err);
}

static result reader(struct store *store, struct store **ret, struct err *err)
{
	return store_sqlite_read(sqlite_of(store)->folder, ret, err);
}

static const struct store_ops ops = {
	.close = close_store,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.party_find = party_find,
	.party_add = party_add,
	.party_name = party_name,
	.last_seq = last_seq,
	.put = put,
	.find = find,
	.replace = replace,
	.enqueue = store_sqlite_enqueue,
	.dequeue = store_sqlite_dequeue,
	.queued_find = store_sqlite_queued_find,
	.queue_next = store_sqlite_queue_next,
	.queue_state = store_sqlite_queue_state,
	.attempted = store_sqlite_attempted,
	.withhold = store_sqlite_withhold,
	.expired = store_sqlite_expired,
	.next_expiry = store_sqlite_next_expiry,
	.bury = store_sqlite_bury,
	.dead_next = store_sqlite_dead_next,
	.exhume = store_sqlite_exhume,
	.thread_join = thread_join,
	.thread_parties = thread_parties,
	.put_chain = put_chain,
	.chain = get_chain,
	.ledger_put = ledger_put,
	.ledger_get = ledger_get,
	.ledger_size = ledger_size,
	.note = note,
	.noted = noted,
	.row_put = row_put,
	.row_get = row_get,
	.row_next = row_next,
	.row_count = row_count,
	.row_drop = row_drop,
	.reader = reader,
};

int store_sqlite_version(void)
{
	return STORE_VERSION;
}

static struct store_sqlite *new_store(const char *folder, bool readonly)
{
	struct store_sqlite *sqlite = mem_alloc(sizeof(*sqlite));
	store_setup(&sqlite->store, &ops, readonly);
	sqlite->folder = mem_text(folder);
	sqlite->lock_fd = -1;
	return sqlite;
}

static result open_database(struct store_sqlite *sqlite, bool must_exist, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/store.db", sqlite->folder);
	struct database_options options = {
		.path = path,
		.readonly = sqlite->store.readonly,
		.durable = true,
		.must_exist = must_exist,
		.cache_kib = sqlite->store.readonly ? STORE_READER_CACHE_KIB : STORE_WRITER_CACHE_KIB,
		.application = STORE_APPLICATION,
		.version = STORE_VERSION,
		.schema = schema,
		.upgrades = upgrades,
		.statements = statements,
		.statements_count = SQL_COUNT,
	};
	return database_open(&options, &sqlite->database, err);
}

/* The lock file also remembers that the store was made: a store.db that is gone or empty must not pass for a hub's first start,
 * because the duplicates and the past that it knew would be forgotten in silence. */
static const char made[] = "A store was made beside this file. Without its store.db the hub refuses to start.\n";

static result lock_folder(struct store_sqlite *sqlite, bool *ret_made, struct err *err)
{
	char byte;
	AUTO_FREE char *path = mem_printf("%s/store.lock", sqlite->folder);
	sqlite->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (sqlite->lock_fd < 0)
		return err_errno(err, path, "open");
	if (flock(sqlite->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return err_set(err, CODE_BUSY, path, "another broker has the store open");
		return err_errno(err, path, "lock");
	}
	ssize_t got = pread(sqlite->lock_fd, &byte, 1, 0);
	if (got < 0)
		return err_errno(err, path, "read");
	*ret_made = got == 1;
	return OK;
}

static result remember_made(struct store_sqlite *sqlite, struct err *err)
{
	ssize_t length = (ssize_t)sizeof(made) - 1;
	if (pwrite(sqlite->lock_fd, made, (size_t)length, 0) != length || fdatasync(sqlite->lock_fd) != 0)
		return err_errno(err, sqlite->folder, "write store.lock");
	return file_sync_folder(sqlite->folder, err);
}

static result open_writer(struct store_sqlite *sqlite, struct err *err)
{
	bool was_made = false;
	TRY(file_make_folder(sqlite->folder, 0700, err));
	TRY(lock_folder(sqlite, &was_made, err));
	TRY(open_database(sqlite, was_made, err));
	return was_made ? OK : remember_made(sqlite, err);
}

static result finish(struct store_sqlite *sqlite, result opened, struct store **ret)
{
	if (FAILED(opened))
		close_store(&sqlite->store);
	else
		*ret = &sqlite->store;
	return opened;
}

result store_sqlite_open(const char *folder, struct store **ret, struct err *err)
{
	struct store_sqlite *sqlite = new_store(folder, false);
	return finish(sqlite, open_writer(sqlite, err), ret);
}

result store_sqlite_read(const char *folder, struct store **ret, struct err *err)
{
	struct store_sqlite *sqlite = new_store(folder, true);
	return finish(sqlite, open_database(sqlite, false, err), ret);
}
