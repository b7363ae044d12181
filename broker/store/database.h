/* SQLite, as the store and the index use it: one file in WAL mode, its statements prepared once and kept. No other file of the
 * hub knows sqlite3. Thread: a database belongs to one thread at a time.
 *
 * Errors name the file: corrupt (damaged, or not a file of ours), version, full, busy, permission, io. After an io error the
 * database answers io for ever: what a disk forgot once cannot be known to be there the next time. */
#ifndef BROKER_STORE_DATABASE_H
#define BROKER_STORE_DATABASE_H

#include "base/bytes.h"

struct database;
struct sqlite3_stmt;

struct database_options {
	const char *path;
	bool readonly;
	bool durable;   /* a commit waits for the disk; without it the file must be one that can be made again */
	bool must_exist; /* an empty or missing file is corrupt instead of new */
	int cache_kib;
	int application, version; /* written into the file's header, and asked for */
	const char *schema;       /* makes the tables of a new file */
	const char *const *upgrades; /* upgrades[v] turns version v into v + 1, from 1 on; NULL, or no entry: such a file is refused */
	const char *const *statements;
	size_t statements_count;
};

/* The options' texts are borrowed for the database's life. A new file gets mode 0600, a laxer one is tightened. not_found:
 * readonly and no file. */
RESULT database_open(const struct database_options *options, struct database **ret, struct err *err);
void database_close(struct database *database); /* NULL is fine; an open transaction is rolled back */

RESULT database_begin(struct database *database, struct err *err);
RESULT database_commit(struct database *database, struct err *err);
void database_rollback(struct database *database);
/* Everything up to now is in the database file and on the disk, whatever `durable` says. */
RESULT database_flush(struct database *database, struct err *err);

/* Moves everything out of the log and cuts it, so that it does not hold what was overwritten since. False: a reader stands in the way;
 * worth another try after a later commit. */
bool database_scrub(struct database *database);

/* The statement number `which`, ready to be bound from 1 on. What is bound must live until the statement ends. */
RESULT database_query(struct database *database, size_t which, struct sqlite3_stmt **ret, struct err *err);
void database_bind_int(struct sqlite3_stmt *statement, int at, int64_t value);
void database_bind_bytes(struct sqlite3_stmt *statement, int at,
                         struct bytes value); /* an empty one is an empty blob, never NULL */
void database_bind_text(struct sqlite3_stmt *statement, int at, struct bytes value);

/* The next row. At the last one and after a failure the statement has ended; a loop that stops early ends it with database_end.
 * duplicate: a row with that key is there already. */
RESULT database_step(struct database *database, struct sqlite3_stmt *statement, bool *ret_row, struct err *err);
/* Steps to the end. */
RESULT database_run(struct database *database, struct sqlite3_stmt *statement, struct err *err);
void database_end(struct sqlite3_stmt *statement);

/* Columns of the present row, from 0; bytes are borrowed until the next step. */
int64_t database_int(struct sqlite3_stmt *statement, int column);
struct bytes database_bytes(struct sqlite3_stmt *statement, int column);
int64_t database_changes(struct database *database); /* rows that the last statement changed */

#endif
