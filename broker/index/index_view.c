#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "broker/index/index_inside.h"

enum { VIEW_ROW_MAX = 8 << 20, VIEW_PREFIX_MIN = 8, VIEW_IDENTIFIER_MAX = 512 };

enum view_statement { VIEW_POSITION, VIEW_BY_ID, VIEW_BY_VALUE, VIEW_BY_KEY_VALUE, VIEW_PREFIX, VIEW_HOPS, VIEW_WITHHELD, VIEW_STATEMENT_COUNT };

/* The newest `most` of all conversations that fit, the oldest of them first. */
#define MESSAGE "entry, id, type, sender, thread, re, subject, issued, signed_at, at, verdict, field, reason, erased_at"
#define IN_THREADS(threads)                                                                                                \
	("SELECT * FROM (SELECT " MESSAGE " FROM message WHERE thread IN (" threads ")"                                      \
	 " ORDER BY entry DESC LIMIT ?1) ORDER BY entry")

static const char *const statements[VIEW_STATEMENT_COUNT] = {
	[VIEW_POSITION] = "SELECT position FROM state",
	[VIEW_BY_ID] = IN_THREADS("SELECT ?2 UNION SELECT thread FROM message WHERE id = ?2"
	                          " UNION SELECT thread FROM receipt JOIN message USING (entry) WHERE receipt.id = ?2"),
	[VIEW_BY_VALUE] = IN_THREADS("SELECT thread FROM subject JOIN message USING (entry) WHERE value = ?2"),
	[VIEW_BY_KEY_VALUE] = IN_THREADS("SELECT thread FROM subject JOIN message USING (entry) WHERE value = ?2 AND key = ?3"),
	[VIEW_PREFIX] = "SELECT id FROM message WHERE id BETWEEN ? AND ? LIMIT 2",
	[VIEW_HOPS] = ("SELECT recipient, state, sent_at, received_at, receipt_at, acked_at, attempts, code, reason FROM hop"
	               " WHERE entry = ? ORDER BY place"),
	[VIEW_WITHHELD] = "SELECT part, code FROM withheld WHERE entry = ? AND recipient = ? ORDER BY part",
};

struct index_view {
	char *path;
	struct store *reader;
	struct database *database; /* NULL: not there yet */
	dev_t device;
	ino_t inode;
	struct buf row, to, hops, withheld;
};

result index_view_open(const char *folder, struct store *reader, struct index_view **ret, struct err *err)
{
	struct index_view *view = mem_alloc(sizeof(*view));
	(void)err; /* the file is opened when it is asked: its writer may still be making it */
	view->path = mem_printf("%s/index.db", folder);
	view->reader = reader;
	buf_init(&view->row, VIEW_ROW_MAX);
	buf_init(&view->to, VIEW_ROW_MAX);
	buf_init(&view->hops, VIEW_ROW_MAX);
	buf_init(&view->withheld, VIEW_ROW_MAX);
	*ret = view;
	return OK;
}

void index_view_close(struct index_view *view)
{
	if (!view)
		return;
	database_close(view->database);
	store_close(view->reader);
	buf_done(&view->row);
	buf_done(&view->to);
	buf_done(&view->hops);
	buf_done(&view->withheld);
	mem_free(view->path);
	mem_free(view);
}

static result not_ready(const struct index_view *view, struct err *err)
{
	return err_set(err, CODE_BUSY, view->path, "the index is being made; ask again shortly");
}

/* Opens the file when it is there, and again when its writer has made another in its place. */
static result refresh(struct index_view *view, struct err *err)
{
	struct stat status;
	struct database_options options = {
		.path = view->path,
		.readonly = true,
		.application = INDEX_APPLICATION,
		.version = INDEX_VERSION,
		.statements = statements,
		.statements_count = VIEW_STATEMENT_COUNT,
	};
	bool exists = stat(view->path, &status) == 0;
	if (!exists && errno != ENOENT)
		return err_errno(err, view->path, "stat");
	if (exists && view->database && view->device == status.st_dev && view->inode == status.st_ino)
		return OK;
	database_close(view->database);
	view->database = NULL;
	if (!exists)
		return not_ready(view, err);
	view->device = status.st_dev;
	view->inode = status.st_ino;
	result r = database_open(&options, &view->database, err);
	return r.code == CODE_NOT_FOUND ? not_ready(view, err) : r;
}

static size_t one_if(bool there)
{
	return there ? 1 : 0;
}

static void put_number(struct buf *out, const char *key, int64_t time)
{
	if (time == 0)
		return;
	pack_put_str(out, key);
	pack_put_int(out, time);
}

static void put_text(struct buf *out, const char *key, struct bytes text)
{
	if (text.len == 0)
		return;
	pack_put_str(out, key);
	pack_put_text(out, text);
}

static void put_id(struct buf *out, const char *key, struct bytes id)
{
	char text[UUID_TEXT_MAX];
	if (id.len != UUID_LEN)
		return;
	pack_put_str(out, key);
	pack_put_str(out, uuid_text(id.at, text));
}

static bool says_something(struct bytes code)
{
	return code.len > 0 && !bytes_is(code, code_text(CODE_OK));
}

/* The pairs of part and code that a recipient did not get, packed one after the other into view->withheld. */
static result gather_withheld(struct index_view *view, int64_t entry, struct bytes recipient, size_t *ret_count, struct err *err)
{
	struct sqlite3_stmt *statement;
	bool row = true;
	*ret_count = 0;
	buf_clear(&view->withheld);
	TRY(database_query(view->database, VIEW_WITHHELD, &statement, err));
	database_bind_int(statement, 1, entry);
	database_bind_text(statement, 2, recipient);
	for (;;) {
		TRY(database_step(view->database, statement, &row, err));
		if (!row)
			break;
		pack_put_text(&view->withheld, database_bytes(statement, 0));
		pack_put_text(&view->withheld, database_bytes(statement, 1));
		(*ret_count)++;
	}
	return buf_check(&view->withheld, "withheld", err);
}

static void put_hop(struct sqlite3_stmt *hop, size_t withheld, struct bytes pairs, struct buf *out)
{
	static const char *const times[] = {"sent_at", "received_at", "receipt_at", "acked_at"};
	struct bytes code = database_bytes(hop, 7);
	struct bytes reason = database_bytes(hop, 8);
	size_t count = 2 + one_if(database_int(hop, 6) != 0) + one_if(says_something(code)) + one_if(reason.len > 0) + one_if(withheld > 0);
	for (int i = 0; i < 4; i++)
		count += one_if(database_int(hop, 2 + i) != 0);
	pack_put_map(out, count);
	put_text(out, "recipient", database_bytes(hop, 0));
	put_text(out, "state", database_bytes(hop, 1));
	for (int i = 0; i < 4; i++)
		put_number(out, times[i], database_int(hop, 2 + i));
	put_number(out, "attempts", database_int(hop, 6));
	if (says_something(code))
		put_text(out, "code", code);
	put_text(out, "reason", reason);
	if (withheld) {
		pack_put_str(out, "withheld");
		pack_put_map(out, withheld);
		buf_add(out, pairs);
	}
}

/* The hops and the names of their recipients, packed one after the other into view->hops and view->to. */
static result gather_hops(struct index_view *view, int64_t entry, size_t *ret_count, struct err *err)
{
	struct sqlite3_stmt *hop;
	bool row = true;
	*ret_count = 0;
	buf_clear(&view->to);
	buf_clear(&view->hops);
	TRY(database_query(view->database, VIEW_HOPS, &hop, err));
	database_bind_int(hop, 1, entry);
	for (;;) {
		TRY(database_step(view->database, hop, &row, err));
		if (!row)
			break;
		size_t withheld = 0;
		result r = gather_withheld(view, entry, database_bytes(hop, 0), &withheld, err);
		if (FAILED(r)) {
			database_end(hop);
			return r;
		}
		pack_put_text(&view->to, database_bytes(hop, 0));
		put_hop(hop, withheld, buf_bytes(&view->withheld), &view->hops);
		(*ret_count)++;
	}
	TRY(buf_check(&view->to, "to", err));
	return buf_check(&view->hops, "hops", err);
}

/* Whatever is not known is left out, so that nobody takes a 0 for a time. */
static void put_row(struct index_view *view, struct sqlite3_stmt *message, size_t hops)
{
	struct buf *out = &view->row;
	struct bytes re = database_bytes(message, 5), subject = database_bytes(message, 6);
	int64_t issued = database_int(message, 7), signed_at = database_int(message, 8);
	struct bytes field = database_bytes(message, 11), reason = database_bytes(message, 12);
	bool accepted = bytes_is(database_bytes(message, 10), "accepted") || bytes_is(database_bytes(message, 10), "held");
	size_t count = 9 + one_if(re.len == UUID_LEN) + one_if(subject.len > 0) + one_if(issued != 0) + one_if(signed_at != 0) +
	               one_if(field.len > 0) + one_if(reason.len > 0) + one_if(database_int(message, 13) != 0);
	buf_clear(out);
	pack_put_map(out, count);
	put_id(out, "id", database_bytes(message, 1));
	pack_put_str(out, "type");
	pack_put_text(out, database_bytes(message, 2));
	pack_put_str(out, "from");
	pack_put_text(out, database_bytes(message, 3));
	pack_put_str(out, "to");
	pack_put_array(out, hops);
	buf_add(out, buf_bytes(&view->to));
	put_id(out, "thread", database_bytes(message, 4));
	put_id(out, "re", re);
	if (subject.len) {
		pack_put_str(out, "subject");
		pack_put_raw(out, subject);
	}
	put_number(out, "issued", issued);
	put_number(out, "signed_at", signed_at);
	pack_put_str(out, accepted ? "accepted_at" : "refused_at");
	pack_put_int(out, database_int(message, 9));
	pack_put_str(out, "entry");
	pack_put_int(out, database_int(message, 0));
	pack_put_str(out, "verdict");
	pack_put_text(out, database_bytes(message, 10));
	put_text(out, "field", field);
	put_text(out, "reason", reason);
	put_number(out, "erased_at", database_int(message, 13));
	pack_put_str(out, "hops");
	pack_put_array(out, hops);
	buf_add(out, buf_bytes(&view->hops));
}

static result tell_row(struct index_view *view, struct sqlite3_stmt *message, index_row_fn fn, void *ctx, struct err *err)
{
	size_t hops = 0;
	TRY(gather_hops(view, database_int(message, 0), &hops, err));
	put_row(view, message, hops);
	TRY(buf_check(&view->row, "row", err));
	fn(ctx, buf_bytes(&view->row));
	return OK;
}

/* A question, and where its answers go. */
struct trace {
	struct index_view *view;
	size_t most;
	index_row_fn fn;
	void *ctx;
	size_t told;
};

static result tell_rows(struct trace *trace, struct sqlite3_stmt *message, struct err *err)
{
	bool row = true;
	for (;;) {
		TRY(database_step(trace->view->database, message, &row, err));
		if (!row)
			return OK;
		result r = tell_row(trace->view, message, trace->fn, trace->ctx, err);
		if (FAILED(r)) {
			database_end(message);
			return r;
		}
		trace->told++;
	}
}

static result tell_by_id(struct trace *trace, const uint8_t *id, struct err *err)
{
	struct sqlite3_stmt *message;
	TRY(database_query(trace->view->database, VIEW_BY_ID, &message, err));
	database_bind_int(message, 1, (int64_t)trace->most);
	database_bind_bytes(message, 2, bytes_of(id, UUID_LEN));
	return tell_rows(trace, message, err);
}

static result tell_by_value(struct trace *trace, struct bytes value, struct err *err)
{
	struct sqlite3_stmt *message;
	TRY(database_query(trace->view->database, VIEW_BY_VALUE, &message, err));
	database_bind_int(message, 1, (int64_t)trace->most);
	database_bind_text(message, 2, value);
	return tell_rows(trace, message, err);
}

static result tell_by_key_value(struct trace *trace, struct bytes what, struct err *err)
{
	struct sqlite3_stmt *message;
	const uint8_t *sign = memchr(what.at, '=', what.len);
	if (!sign)
		return OK;
	size_t key_len = (size_t)(sign - what.at);
	TRY(database_query(trace->view->database, VIEW_BY_KEY_VALUE, &message, err));
	database_bind_int(message, 1, (int64_t)trace->most);
	database_bind_text(message, 2, bytes_of(sign + 1, what.len - key_len - 1));
	database_bind_text(message, 3, bytes_of(what.at, key_len));
	return tell_rows(trace, message, err);
}

/* The hex digits of a prefix as the smallest and the largest id that begin with it; false when it is none. */
static bool prefix_bounds(struct bytes what, uint8_t low[static UUID_LEN], uint8_t high[static UUID_LEN])
{
	char first[2 * UUID_LEN], last[2 * UUID_LEN];
	size_t digits = 0;
	struct err ignored;
	memset(first, '0', sizeof(first));
	memset(last, 'f', sizeof(last));
	for (size_t i = 0; i < what.len; i++) {
		if (what.at[i] == '-')
			continue;
		if (digits == sizeof(first))
			return false;
		first[digits] = last[digits] = (char)what.at[i];
		digits++;
	}
	return digits >= VIEW_PREFIX_MIN && !FAILED(text_unhex(bytes_of(first, sizeof(first)), low, UUID_LEN, &ignored)) &&
	       !FAILED(text_unhex(bytes_of(last, sizeof(last)), high, UUID_LEN, &ignored));
}

static result tell_by_prefix(struct trace *trace, struct bytes what, struct err *err)
{
	uint8_t low[UUID_LEN], high[UUID_LEN], id[UUID_LEN];
	struct sqlite3_stmt *statement;
	bool row = false, another = false;
	if (!prefix_bounds(what, low, high))
		return OK;
	TRY(database_query(trace->view->database, VIEW_PREFIX, &statement, err));
	database_bind_bytes(statement, 1, bytes_of(low, UUID_LEN));
	database_bind_bytes(statement, 2, bytes_of(high, UUID_LEN));
	TRY(database_step(trace->view->database, statement, &row, err));
	if (!row)
		return OK;
	struct bytes found = database_bytes(statement, 0);
	bool whole = found.len == UUID_LEN;
	memcpy(id, whole ? found.at : low, UUID_LEN);
	TRY(database_step(trace->view->database, statement, &another, err));
	if (!another)
		return whole ? tell_by_id(trace, id, err) : OK;
	database_end(statement);
	return err_set(err, CODE_USAGE, "", "more than one message id begins like that; give more digits");
}

static result answer(struct trace *trace, struct bytes what, struct err *err)
{
	struct uuid id;
	struct err ignored;
	if (!FAILED(uuid_parse(what, &id, &ignored)))
		TRY(tell_by_id(trace, id.at, err));
	if (trace->told == 0)
		TRY(tell_by_value(trace, what, err));
	if (trace->told == 0)
		TRY(tell_by_key_value(trace, what, err));
	if (trace->told == 0)
		TRY(tell_by_prefix(trace, what, err));
	return OK;
}

result index_trace(struct index_view *view, struct bytes what, size_t most, index_row_fn fn, void *ctx, struct err *err)
{
	struct trace trace = {.view = view, .most = most, .fn = fn, .ctx = ctx};
	if (what.len == 0 || what.len > VIEW_IDENTIFIER_MAX || !text_is_utf8(what))
		return err_set(err, CODE_USAGE, "", "name a message id, a thread or an identifier");
	TRY(refresh(view, err));
	TRY(answer(&trace, what, err));
	if (trace.told == 0)
		return err_set(err, CODE_NOT_FOUND, "", "nothing is known by that id or identifier");
	return OK;
}

static result read_position(struct index_view *view, int64_t *ret, struct err *err)
{
	struct sqlite3_stmt *statement;
	bool row = false;
	TRY(refresh(view, err));
	TRY(database_query(view->database, VIEW_POSITION, &statement, err));
	TRY(database_step(view->database, statement, &row, err));
	*ret = row ? database_int(statement, 0) : 0;
	if (row)
		database_end(statement);
	return OK;
}

result index_behind(struct index_view *view, int64_t *ret_entries, struct err *err)
{
	int64_t position = 0, size = 0;
	struct err why;
	result r = read_position(view, &position, &why);
	if (FAILED(r) && r.code != CODE_BUSY) {
		if (err)
			*err = why;
		return r;
	}
	TRY(store_ledger_size(view->reader, &size, err));
	*ret_entries = size > position ? size - position : 0;
	return OK;
}
