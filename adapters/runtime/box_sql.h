/* Inside the box: its statements, by name, and how a failure of SQLite reads. Only box*.c include this. */
#ifndef ADAPTERS_RUNTIME_BOX_SQL_H
#define ADAPTERS_RUNTIME_BOX_SQL_H

#include "adapters/runtime/box.h"

#include <sqlite3.h>

enum box_sql {
	BOX_SQL_BEGIN,
	BOX_SQL_COMMIT,
	BOX_SQL_READ,
	BOX_SQL_PUT_OUT,
	BOX_SQL_EACH_WAITING,
	BOX_SQL_OUT,
	BOX_SQL_FIND_OUT,
	BOX_SQL_RECEIPT_WAITS,
	BOX_SQL_JUDGED,
	BOX_SQL_DROP_RECEIPT,
	BOX_SQL_COUNT_WAITING,
	BOX_SQL_COUNT_UNHANDED,
	BOX_SQL_OUTCOME_KNOWN,
	BOX_SQL_PUT_OUTCOME,
	BOX_SQL_EACH_OUTCOME,
	BOX_SQL_PUT_IN,
	BOX_SQL_FIND_IN,
	BOX_SQL_EACH_UNHANDED,
	BOX_SQL_HANDED,
	BOX_SQL_SOURCE_KNOWN,
	BOX_SQL_PUT_SOURCE,
	BOX_SQL_PUT_CHAIN,
	BOX_SQL_CHAIN,
	BOX_SQL_NOTE,
	BOX_SQL_NOTED,
	BOX_SQL_NOTE_DROP,
	BOX_SQL_EACH_NOTE,
	BOX_SQL_PUT_RECORD,
	BOX_SQL_RECORDS_NUMBER,
	BOX_SQL_RECORDS_NIC,
	BOX_SQL_RECORDS_NAME,
	BOX_SQL_RECORDS_THREAD,
	BOX_SQL_RECORDS_UCN,
	BOX_SQL_RECORDS_SID,
	BOX_SQL_RECORDS_DOC_NUMBER,
	BOX_SQL_RECORDS_SSN,
	BOX_SQL_ERASE_EACH_OUT,
	BOX_SQL_ERASE_EACH_IN,
	BOX_SQL_ERASE_OUT,
	BOX_SQL_ERASE_IN,
	BOX_SQL_ERASE_RECORD,
	BOX_SQL_PRUNE_OUT,
	BOX_SQL_PRUNE_IN,
	BOX_SQL_COUNT
};

struct box_later {
	box_after_fn fn;
	void *ctx;
	int64_t number;
};

struct box {
	char *path;
	sqlite3 *db;
	sqlite3_stmt *statements[BOX_SQL_COUNT];
	struct loop *loop;
	int lock_fd, log_pages;
	bool in_transaction, failed_last;
	bool is_reading; /* many reads under one lock on the log; a write ends it */
	int64_t fresh_in; /* the first delivery of this turn; 0: none */
	bool must_scrub;     /* something was destroyed that the log may still hold */
	struct err failure;  /* of the disk: for ever */
	struct err complaint; /* that the log has been told of, until a commit goes well again */
	struct err broken; /* a write of this turn failed: nothing of the turn stands */
	void (*on_trouble)(void *ctx, const struct err *why);
	void *on_trouble_ctx;
	struct box_later *after;
	size_t after_count, after_cap;
};

/* full, io, corrupt, busy or permission with the file's name, from what SQLite said last. */
result box_failed(struct box *box, struct err *err);
/* Logs the failure, once until a commit goes well again. */
void box_complain(struct box *box, const struct err *why);
/* The prepared statement, reset and unbound; NULL with the reason. Writers open the transaction. */
sqlite3_stmt *box_statement(struct box *box, enum box_sql which, struct err *err);
sqlite3_stmt *box_writer(struct box *box, enum box_sql which, struct err *err);
/* Steps a writer to its end and resets it; a failure undoes the whole turn. */
RESULT box_done(struct box *box, sqlite3_stmt *statement, struct err *err);
RESULT box_run(struct box *box, enum box_sql which, struct err *err);
/* What is read in between is of one moment, and asks for the locks once. A write in between ends it by itself. */
void box_read_begin(struct box *box);
RESULT box_read_end(struct box *box, struct err *err);
void box_bind(sqlite3_stmt *statement, int at, struct bytes blob);      /* empty is an empty blob */
void box_bind_text(sqlite3_stmt *statement, int at, struct bytes text); /* empty is '' */
struct bytes box_column(sqlite3_stmt *statement, int at);               /* borrowed until the next step */

#endif
