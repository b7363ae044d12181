#include "adapters/runtime/box_sql.h"

#include "base/log.h"
#include "pages/pages.h"

#include <string.h>

static const char *const sql[BOX_SQL_COUNT] = {
	[BOX_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[BOX_SQL_COMMIT] = "COMMIT",
	[BOX_SQL_PUT_OUT] = "INSERT INTO outbox(id, priority, is_receipt, state, header, parts, tag, created) VALUES(?1, ?2, ?3, 0, ?4, ?5, ?6, ?7)"
	                    " ON CONFLICT(id) DO NOTHING",
	[BOX_SQL_READ] = "BEGIN",
	[BOX_SQL_EACH_WAITING] = "SELECT seq FROM outbox WHERE state = 0 ORDER BY priority DESC, seq",
	[BOX_SQL_OUT] = "SELECT seq, id, priority, is_receipt, state, header, parts, tag, verdict, created FROM outbox WHERE seq = ?1",
	[BOX_SQL_FIND_OUT] = "SELECT seq, id, priority, is_receipt, state, header, parts, tag, verdict, created FROM outbox WHERE id = ?1",
	[BOX_SQL_RECEIPT_WAITS] = "SELECT 1 FROM outbox WHERE tag = ?1 AND is_receipt = 1 AND state = 0",
	[BOX_SQL_JUDGED] = "UPDATE outbox SET state = ?2, verdict = ?3, ended = ?4 WHERE id = ?1 AND state = 0",
	[BOX_SQL_DROP_RECEIPT] = "DELETE FROM outbox WHERE id = ?1 AND is_receipt = 1",
	[BOX_SQL_COUNT_WAITING] = "SELECT count(*) FROM outbox WHERE state = 0",
	[BOX_SQL_COUNT_UNHANDED] = "SELECT count(*) FROM inbox WHERE handed IS NULL AND refused = 0",
	[BOX_SQL_OUTCOME_KNOWN] = "SELECT 1 FROM outcome WHERE of = ?1 AND recipient = ?2 AND what = ?3 AND code = ?4",
	[BOX_SQL_PUT_OUTCOME] = "INSERT INTO outcome(id, of, recipient, what, code, reason, at, envelope) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	                        " ON CONFLICT(id) DO NOTHING",
	[BOX_SQL_EACH_OUTCOME] = "SELECT id, of, recipient, what, code, reason, at, envelope FROM outcome WHERE of = ?1 ORDER BY id",
	[BOX_SQL_PUT_IN] = "INSERT INTO inbox(id, leaf, envelope, tag, refused, received) VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(id) DO NOTHING",
	[BOX_SQL_FIND_IN] = "SELECT seq, id, leaf, envelope, tag, refused, handed FROM inbox WHERE id = ?1",
	[BOX_SQL_EACH_UNHANDED] = "SELECT seq, id, leaf, envelope, tag, refused, handed FROM inbox WHERE handed IS NULL AND refused = 0 AND seq > ?1"
	                          " ORDER BY seq",
	[BOX_SQL_HANDED] = "UPDATE inbox SET handed = ?2 WHERE id = ?1 AND handed IS NULL AND refused = 0",
	[BOX_SQL_SOURCE_KNOWN] = "SELECT 1 FROM source WHERE key = ?1",
	[BOX_SQL_PUT_SOURCE] = "INSERT INTO source(key, at) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
	[BOX_SQL_PUT_CHAIN] = "INSERT INTO signer(fingerprint, chain) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET chain = ?2",
	[BOX_SQL_CHAIN] = "SELECT chain FROM signer WHERE fingerprint = ?1",
	[BOX_SQL_NOTE] = "INSERT INTO note(name, value) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
	[BOX_SQL_NOTED] = "SELECT value FROM note WHERE name = ?1",
	[BOX_SQL_NOTE_DROP] = "DELETE FROM note WHERE name = ?1",
	[BOX_SQL_EACH_NOTE] = "SELECT name FROM note WHERE substr(name, 1, length(?1)) = ?1 AND name >= ?1 ORDER BY name",
	[BOX_SQL_PUT_RECORD] = "INSERT INTO record(kind, number, nic, state, owner, is_ours, thread, message, name, dob, ucn, sid, doc_number, ssn, body)"
	                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT DO UPDATE SET nic = ?3,"
	                       " state = ?4, owner = ?5, is_ours = ?6, thread = ?7, message = ?8, name = ?9, dob = ?10, ucn = ?11, sid = ?12,"
	                       " doc_number = ?13, ssn = ?14, body = ?15",
#define RECORDS "SELECT kind, number, nic, state, owner, is_ours, thread, message, name, dob, body FROM record WHERE kind = ?1 AND "
	[BOX_SQL_RECORDS_NUMBER] = RECORDS "number = ?2",
	[BOX_SQL_RECORDS_NIC] = RECORDS "nic = ?2",
	[BOX_SQL_RECORDS_NAME] = RECORDS "name = ?2",
	[BOX_SQL_RECORDS_THREAD] = RECORDS "lower(hex(thread)) = replace(lower(?2), '-', '')",
	[BOX_SQL_RECORDS_UCN] = RECORDS "ucn = ?2",
	[BOX_SQL_RECORDS_SID] = RECORDS "sid = ?2",
	[BOX_SQL_RECORDS_DOC_NUMBER] = RECORDS "doc_number = ?2",
	[BOX_SQL_RECORDS_SSN] = RECORDS "ssn = ?2",
#undef RECORDS
	/* Own messages without a verdict are later than the order that the hub has accepted. */
	[BOX_SQL_ERASE_EACH_OUT] = "SELECT seq, header, parts FROM outbox WHERE state <> 0 AND is_receipt = 0 AND parts <> x'90'",
	[BOX_SQL_ERASE_EACH_IN] = "SELECT seq, envelope FROM inbox WHERE envelope IS NOT NULL AND refused = 0",
	[BOX_SQL_ERASE_OUT] = "UPDATE outbox SET parts = x'90' WHERE seq = ?1",
	[BOX_SQL_ERASE_IN] = "UPDATE inbox SET envelope = NULL, handed = coalesce(handed, ?2) WHERE seq = ?1",
	[BOX_SQL_ERASE_RECORD] = "DELETE FROM record WHERE body = ?1",
	[BOX_SQL_PRUNE_OUT] = "DELETE FROM outbox WHERE state <> 0 AND ended < ?1",
	[BOX_SQL_PRUNE_IN] = "UPDATE inbox SET envelope = NULL WHERE handed < ?1 AND envelope IS NOT NULL",
};

result box_failed(struct box *box, struct err *err)
{
	struct err why;
	int code = sqlite3_extended_errcode(box->db);
	if (box->failure.code != CODE_OK) {
		if (err)
			*err = box->failure;
		return (result){box->failure.code};
	}
	result r = pages_failure(box->db, box->path, code, &why);
	if (r.code == CODE_BUSY)
		r = err_set(&why, CODE_BUSY, box->path, "another program is using it");
	/* What a disk forgot, or changed, once: nothing that it says later on counts. */
	if (r.code == CODE_IO || r.code == CODE_CORRUPT)
		box->failure = why;
	if (err)
		*err = why;
	return r;
}

sqlite3_stmt *box_statement(struct box *box, enum box_sql which, struct err *err)
{
	sqlite3_stmt **statement = &box->statements[which];
	if (!*statement && sqlite3_prepare_v3(box->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
		result r = box_failed(box, err);
		return FAILED(r) ? NULL : *statement;
	}
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
	return *statement;
}

void box_complain(struct box *box, const struct err *why)
{
	if (box->complaint.code == why->code)
		return;
	box->complaint = *why;
	log_event(LOG_ERROR, "box_failed", LOG_REASON(why), LOG_TEXT("remedy", code_remedy(why->code)));
}

/* After a failure within a transaction SQLite may have rolled back by itself; the box does so in any case, and the commit tells everybody. */
static result break_turn(struct box *box, struct err *err)
{
	struct err why;
	result r = box_failed(box, &why);
	if (box->in_transaction)
		sqlite3_exec(box->db, "ROLLBACK", NULL, NULL, NULL);
	box->in_transaction = false;
	box->broken = why;
	box_complain(box, &why);
	if (err)
		*err = why;
	return r;
}

sqlite3_stmt *box_writer(struct box *box, enum box_sql which, struct err *err)
{
	if (box->failure.code != CODE_OK || box->broken.code != CODE_OK) {
		*err = box->failure.code != CODE_OK ? box->failure : box->broken;
		return NULL;
	}
	if (!box->in_transaction) {
		if (FAILED(box_read_end(box, err)) || FAILED(box_run(box, BOX_SQL_BEGIN, err))) {
			result r = break_turn(box, err);
			return FAILED(r) ? NULL : box_statement(box, which, err);
		}
		box->in_transaction = true;
	}
	return box_statement(box, which, err);
}

result box_done(struct box *box, sqlite3_stmt *statement, struct err *err)
{
	int step = sqlite3_step(statement);
	result r = OK;
	if (step != SQLITE_DONE && step != SQLITE_ROW)
		r = break_turn(box, err);
	sqlite3_reset(statement);
	return r;
}

result box_run(struct box *box, enum box_sql which, struct err *err)
{
	sqlite3_stmt *statement = box_statement(box, which, err);
	if (!statement)
		return box_failed(box, err);
	int step = sqlite3_step(statement);
	result r = step == SQLITE_DONE || step == SQLITE_ROW ? OK : box_failed(box, err);
	sqlite3_reset(statement);
	return r;
}

void box_read_begin(struct box *box)
{
	struct err ignored; /* each read then is by itself, and says so */
	if (!box->is_reading)
		box->is_reading = !box->in_transaction && !FAILED(box_run(box, BOX_SQL_READ, &ignored));
}

result box_read_end(struct box *box, struct err *err)
{
	bool was_reading = box->is_reading;
	box->is_reading = false;
	return was_reading ? box_run(box, BOX_SQL_COMMIT, err) : OK;
}

void box_bind(sqlite3_stmt *statement, int at, struct bytes blob)
{
	sqlite3_bind_blob64(statement, at, blob.len ? (const void *)blob.at : "", blob.len, SQLITE_STATIC);
}

void box_bind_text(sqlite3_stmt *statement, int at, struct bytes text)
{
	sqlite3_bind_text64(statement, at, text.len ? (const char *)text.at : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

struct bytes box_column(sqlite3_stmt *statement, int at)
{
	const void *blob = sqlite3_column_blob(statement, at);
	return bytes_of(blob, (size_t)sqlite3_column_bytes(statement, at));
}
