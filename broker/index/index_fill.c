#include <string.h>

#include "broker/index/index_inside.h"

/* Absent ids are empty blobs, absent times 0. A receipt has no row of its own among the messages: it is a hop of the one that it
 * is of. */
const char index_schema[] =
	"CREATE TABLE state(one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, last BLOB NOT NULL,"
	" boot BLOB NOT NULL, clean INTEGER NOT NULL) STRICT;"
	"INSERT INTO state VALUES (1, 0, x'', x'', 0);"
	"CREATE TABLE message(entry INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, type TEXT NOT NULL, sender TEXT NOT NULL,"
	" thread BLOB NOT NULL, re BLOB NOT NULL, subject BLOB NOT NULL, issued INTEGER NOT NULL, signed_at INTEGER NOT NULL,"
	" at INTEGER NOT NULL, verdict TEXT NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL,"
	" erased_at INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE INDEX message_thread ON message(thread);"
	"CREATE TABLE hop(entry INTEGER NOT NULL, place INTEGER NOT NULL, recipient TEXT NOT NULL, state TEXT NOT NULL,"
	" sent_at INTEGER NOT NULL DEFAULT 0, received_at INTEGER NOT NULL DEFAULT 0, receipt_at INTEGER NOT NULL DEFAULT 0,"
	" acked_at INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '',"
	" reason TEXT NOT NULL DEFAULT '', PRIMARY KEY(entry, recipient)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE receipt(id BLOB NOT NULL PRIMARY KEY, entry INTEGER NOT NULL, recipient TEXT NOT NULL)"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE withheld(entry INTEGER NOT NULL, recipient TEXT NOT NULL, part TEXT NOT NULL, code TEXT NOT NULL,"
	" PRIMARY KEY(entry, recipient, part)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE subject(value TEXT NOT NULL, key TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY(value, key, entry))"
	" STRICT, WITHOUT ROWID;";

#define MESSAGE "message(entry, id, type, sender, thread, re, subject, issued, signed_at, at, verdict, field, reason)"
#define OF_MESSAGE "entry = (SELECT entry FROM message WHERE id = ?1) AND recipient = ?2"

const char *const index_statements[INDEX_STATEMENT_COUNT] = {
	[INDEX_STATE] = "SELECT position, last, boot, clean FROM state",
	[INDEX_OPENED] = "UPDATE state SET boot = ?, clean = 0",
	[INDEX_MOVED] = "UPDATE state SET position = ?, last = ?",
	[INDEX_CLOSED] = "UPDATE state SET clean = 1",
	[INDEX_ACCEPT] = "INSERT OR REPLACE INTO " MESSAGE " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'accepted', '', '')",
	/* Whoever is refused under an id that was accepted before must not blot out the accepted message. */
	[INDEX_REFUSE] = ("INSERT INTO " MESSAGE " VALUES (?1, ?2, ?3, ?4, ?2, x'', x'', 0, 0, ?5, ?6, ?7, ?8)"
	                  " ON CONFLICT(id) DO UPDATE SET type = excluded.type, sender = excluded.sender, at = excluded.at,"
	                  " verdict = excluded.verdict, field = excluded.field, reason = excluded.reason"
	                  " WHERE verdict <> 'accepted'"),
	[INDEX_SUBJECT] = "INSERT OR IGNORE INTO subject(value, key, entry) VALUES (?, ?, ?)",
	[INDEX_HOP] = "INSERT OR IGNORE INTO hop(entry, place, recipient, state) VALUES (?, ?, ?, 'queued')",
	[INDEX_RECEIVED] = ("UPDATE hop SET state = ?3, sent_at = ?4, received_at = ?5, receipt_at = ?6, attempts = ?7,"
	                    " code = ?8, reason = ?9 WHERE " OF_MESSAGE),
	[INDEX_RECEIPT] = "INSERT OR IGNORE INTO receipt(id, entry, recipient) SELECT ?3, entry, ?2 FROM message WHERE id = ?1",
	[INDEX_RECEIPT_ACKED] = ("UPDATE hop SET acked_at = ?2"
	                         " WHERE (entry, recipient) = (SELECT entry, recipient FROM receipt WHERE id = ?1)"),
	[INDEX_NOTICE_ACKED] = ("UPDATE hop SET state = 'received', sent_at = ?3, received_at = ?4, acked_at = ?4"
	                        " WHERE " OF_MESSAGE),
	[INDEX_HELD] = "UPDATE message SET verdict = 'held', reason = ?2 WHERE id = ?1",
	[INDEX_LET_THROUGH] = "UPDATE message SET verdict = 'accepted' WHERE id = ?1",
	[INDEX_HOP_LATER] = "INSERT OR IGNORE INTO hop(entry, place, recipient, state) SELECT entry, ?2, ?3, 'queued' FROM message WHERE id = ?1",
	[INDEX_WITHHELD] = "INSERT OR IGNORE INTO withheld(entry, recipient, part, code) SELECT entry, ?2, ?3, ?4 FROM message WHERE id = ?1",
	[INDEX_ERASED] = "UPDATE message SET erased_at = ?2 WHERE id = ?1",
	[INDEX_HOP_ENDED] = "UPDATE hop SET state = ?3, code = ?4, reason = ?5, attempts = max(attempts, ?6) WHERE " OF_MESSAGE,
};

static struct bytes text_of(struct bytes detail, const char *key)
{
	struct bytes value, text;
	return pack_find(detail, key, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

static int64_t int_of(struct bytes detail, const char *key)
{
	struct bytes value;
	int64_t integer;
	return pack_find(detail, key, &value) && pack_as_int(value, &integer) ? integer : 0;
}

static struct bytes id_of(struct bytes detail, const char *key)
{
	struct bytes value;
	struct err ignored;
	if (!pack_find(detail, key, &value))
		return BYTES_NONE;
	struct pack_in in = pack_in(value, &ignored);
	const uint8_t *id = pack_bin_of(&in, key, UUID_LEN);
	return id ? bytes_of(id, UUID_LEN) : BYTES_NONE;
}

static result add_hops(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct bytes to;
	struct err ignored;
	struct sqlite3_stmt *statement;
	if (!pack_find(entry->detail, "to", &to))
		return OK;
	struct pack_in in = pack_in(to, &ignored);
	size_t count = pack_array(&in, "to");
	for (size_t i = 0; i < count && !in.failed; i++) {
		pack_array_of(&in, "to", 2);
		struct bytes recipient = pack_text(&in, "to", SIZE_MAX);
		pack_value(&in, "to");
		if (in.failed)
			break;
		TRY(database_query(database, INDEX_HOP, &statement, err));
		database_bind_int(statement, 1, entry->number);
		database_bind_int(statement, 2, (int64_t)i);
		database_bind_text(statement, 3, recipient);
		TRY(database_run(database, statement, err));
	}
	return OK;
}

static result add_subject(struct database *database, const struct ledger_entry *entry, struct bytes subject, struct err *err)
{
	struct err ignored;
	struct sqlite3_stmt *statement;
	if (subject.len == 0)
		return OK;
	struct pack_in in = pack_in(subject, &ignored);
	size_t count = pack_map(&in, "subject");
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes key = pack_text(&in, "subject", SIZE_MAX);
		struct bytes value = pack_text(&in, "subject", SIZE_MAX);
		if (in.failed)
			break;
		TRY(database_query(database, INDEX_SUBJECT, &statement, err));
		database_bind_text(statement, 1, value);
		database_bind_text(statement, 2, key);
		database_bind_int(statement, 3, entry->number);
		TRY(database_run(database, statement, err));
	}
	return OK;
}

static result add_withheld(struct database *database, const uint8_t *id, struct bytes recipient, struct bytes part, struct bytes code,
                           struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(database_query(database, INDEX_WITHHELD, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(id, UUID_LEN));
	database_bind_text(statement, 2, recipient);
	database_bind_text(statement, 3, part);
	database_bind_text(statement, 4, code);
	return database_run(database, statement, err);
}

/* What each recipient was not cleared for when the message was accepted: [[recipient, part, code]…]. */
static result add_all_withheld(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct bytes list;
	struct err ignored;
	if (!pack_find(entry->detail, "withheld", &list))
		return OK;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "withheld");
	for (size_t i = 0; i < count && !in.failed; i++) {
		pack_array_of(&in, "withheld", 3);
		struct bytes recipient = pack_text(&in, "withheld", SIZE_MAX), part = pack_text(&in, "withheld", SIZE_MAX);
		struct bytes code = pack_text(&in, "withheld", SIZE_MAX);
		if (!in.failed)
			TRY(add_withheld(database, entry->id, recipient, part, code, err));
	}
	return OK;
}

static result fill_row(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct bytes subject = BYTES_NONE, id = bytes_of(entry->id, UUID_LEN), thread = id_of(entry->detail, "thread");
	struct sqlite3_stmt *statement;
	if (!pack_find(entry->detail, "subject", &subject))
		subject = BYTES_NONE;
	TRY(database_query(database, INDEX_ACCEPT, &statement, err));
	database_bind_int(statement, 1, entry->number);
	database_bind_bytes(statement, 2, id);
	database_bind_text(statement, 3, entry->type);
	database_bind_text(statement, 4, entry->party);
	database_bind_bytes(statement, 5, thread.len ? thread : id);
	database_bind_bytes(statement, 6, id_of(entry->detail, "re"));
	database_bind_bytes(statement, 7, subject);
	database_bind_int(statement, 8, int_of(entry->detail, "issued"));
	database_bind_int(statement, 9, int_of(entry->detail, "signed_at"));
	database_bind_int(statement, 10, entry->at);
	TRY(database_run(database, statement, err));
	return add_subject(database, entry, subject, err);
}

static result fill_accepted(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	TRY(fill_row(database, entry, err));
	TRY(add_hops(database, entry, err));
	return add_all_withheld(database, entry, err);
}

static result fill_held(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(fill_row(database, entry, err));
	TRY(database_query(database, INDEX_HELD, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(entry->id, UUID_LEN));
	database_bind_text(statement, 2, text_of(entry->detail, "reason"));
	TRY(database_run(database, statement, err));
	return add_all_withheld(database, entry, err);
}

/* A held message has no hops before it goes on its way. */
static result fill_let_through(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct bytes to;
	struct err ignored;
	struct sqlite3_stmt *statement;
	TRY(database_query(database, INDEX_LET_THROUGH, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(entry->id, UUID_LEN));
	TRY(database_run(database, statement, err));
	struct pack_in in = pack_in(pack_find(entry->detail, "to", &to) ? to : BYTES_NONE, &ignored);
	size_t count = pack_array(&in, "to");
	for (size_t i = 0; i < count && !in.failed; i++) {
		pack_array_of(&in, "to", 2);
		struct bytes recipient = pack_text(&in, "to", SIZE_MAX);
		pack_value(&in, "to");
		if (in.failed)
			break;
		TRY(database_query(database, INDEX_HOP_LATER, &statement, err));
		database_bind_bytes(statement, 1, bytes_of(entry->id, UUID_LEN));
		database_bind_int(statement, 2, (int64_t)i);
		database_bind_text(statement, 3, recipient);
		TRY(database_run(database, statement, err));
	}
	return OK;
}

static result fill_refused(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(database_query(database, INDEX_REFUSE, &statement, err));
	database_bind_int(statement, 1, entry->number);
	database_bind_bytes(statement, 2, bytes_of(entry->id, UUID_LEN));
	database_bind_text(statement, 3, entry->type);
	database_bind_text(statement, 4, entry->party);
	database_bind_int(statement, 5, entry->at);
	database_bind_text(statement, 6, text_of(entry->detail, "code"));
	database_bind_text(statement, 7, text_of(entry->detail, "field"));
	database_bind_text(statement, 8, text_of(entry->detail, "reason"));
	return database_run(database, statement, err);
}

static result fill_receipt(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct bytes of = id_of(entry->detail, "of"), detail = entry->detail;
	struct sqlite3_stmt *statement;
	TRY(database_query(database, INDEX_RECEIVED, &statement, err));
	database_bind_bytes(statement, 1, of);
	database_bind_text(statement, 2, entry->party);
	database_bind_text(statement, 3,
	                   bytes_is(text_of(detail, "disposition"), "refused") ? BYTES_LIT("refused") : BYTES_LIT("received"));
	database_bind_int(statement, 4, int_of(detail, "sent_at"));
	database_bind_int(statement, 5, int_of(detail, "received_at"));
	database_bind_int(statement, 6, entry->at);
	database_bind_int(statement, 7, int_of(detail, "attempts"));
	database_bind_text(statement, 8, text_of(detail, "code"));
	database_bind_text(statement, 9, text_of(detail, "reason"));
	TRY(database_run(database, statement, err));
	TRY(database_query(database, INDEX_RECEIPT, &statement, err));
	database_bind_bytes(statement, 1, of);
	database_bind_text(statement, 2, entry->party);
	database_bind_bytes(statement, 3, bytes_of(entry->id, UUID_LEN));
	return database_run(database, statement, err);
}

static result fill_acked(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(database_query(database, INDEX_RECEIPT_ACKED, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(entry->id, UUID_LEN));
	database_bind_int(statement, 2, entry->at);
	TRY(database_run(database, statement, err));
	if (database_changes(database) > 0)
		return OK;
	TRY(database_query(database, INDEX_NOTICE_ACKED, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(entry->id, UUID_LEN));
	database_bind_text(statement, 2, text_of(entry->detail, "recipient"));
	database_bind_int(statement, 3, int_of(entry->detail, "sent_at"));
	database_bind_int(statement, 4, entry->at);
	return database_run(database, statement, err);
}

static result fill_ended(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	static const char *const states[LEDGER_KIND_COUNT] = {
		[LEDGER_EXPIRED] = "expired",
		[LEDGER_DEAD] = "dead",
		[LEDGER_REQUEUED] = "queued",
		[LEDGER_DISCARDED] = "discarded",
	};
	struct sqlite3_stmt *statement;
	TRY(database_query(database, INDEX_HOP_ENDED, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(entry->id, UUID_LEN));
	database_bind_text(statement, 2, text_of(entry->detail, "recipient"));
	database_bind_text(statement, 3, bytes_text(states[entry->kind]));
	database_bind_text(statement, 4, text_of(entry->detail, "code"));
	database_bind_text(statement, 5, text_of(entry->detail, "reason"));
	database_bind_int(statement, 6, int_of(entry->detail, "attempts"));
	return database_run(database, statement, err);
}

/* From one recipient, after the message had been accepted. */
static result fill_withheld(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct bytes list;
	struct err ignored;
	if (!pack_find(entry->detail, "parts", &list))
		return OK;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "parts");
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes part = pack_text(&in, "parts", SIZE_MAX);
		if (!in.failed)
			TRY(add_withheld(database, entry->id, text_of(entry->detail, "recipient"), part, text_of(entry->detail, "code"), err));
	}
	return OK;
}

static result fill_erased(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(database_query(database, INDEX_ERASED, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(entry->id, UUID_LEN));
	database_bind_int(statement, 2, entry->at);
	return database_run(database, statement, err);
}

typedef result (*fill_fn)(struct database *database, const struct ledger_entry *entry, struct err *err);

static const fill_fn fills[LEDGER_KIND_COUNT] = {
	[LEDGER_ACCEPTED] = fill_accepted,
	[LEDGER_HELD] = fill_held,
	[LEDGER_LET_THROUGH] = fill_let_through,
	[LEDGER_REFUSED] = fill_refused,
	[LEDGER_RECEIPT] = fill_receipt,
	[LEDGER_ACKED] = fill_acked,
	[LEDGER_EXPIRED] = fill_ended,
	[LEDGER_DEAD] = fill_ended,
	[LEDGER_REQUEUED] = fill_ended,
	[LEDGER_DISCARDED] = fill_ended,
	[LEDGER_WITHHELD] = fill_withheld,
	[LEDGER_ERASED] = fill_erased,
};

result index_fill(struct database *database, const struct ledger_entry *entry, struct err *err)
{
	/* What is not about a message is in the ledger and nowhere else. */
	if (!entry->id || !fills[entry->kind])
		return OK;
	return fills[entry->kind](database, entry, err);
}
