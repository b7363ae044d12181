#include "adapters/runtime/box_sql.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static result missing(const struct err *err)
{
	return (result){err->code == CODE_OK ? CODE_IO : err->code};
}

#define WRITER(name, which)                                                                                                      \
	struct err why_##name = {.code = CODE_OK};                                                                               \
	sqlite3_stmt *name = box_writer(box, which, &why_##name);                                                                \
	if (!name) {                                                                                                             \
		if (err)                                                                                                         \
			*err = why_##name;                                                                                       \
		return missing(&why_##name);                                                                                     \
	}
#define READER(name, which)                                                                                                      \
	struct err why_##name = {.code = CODE_OK};                                                                               \
	sqlite3_stmt *name = box_statement(box, which, &why_##name);                                                             \
	if (!name) {                                                                                                             \
		if (err)                                                                                                         \
			*err = why_##name;                                                                                       \
		return missing(&why_##name);                                                                                     \
	}

static struct bytes id_bytes(const uint8_t *id)
{
	return bytes_of(id, UUID_LEN);
}

result box_put_out(struct box *box, const struct box_out *out, int64_t *ret_seq, struct err *err)
{
	WRITER(s, BOX_SQL_PUT_OUT)
	box_bind(s, 1, id_bytes(out->id));
	sqlite3_bind_int64(s, 2, out->priority);
	sqlite3_bind_int64(s, 3, out->is_receipt);
	box_bind(s, 4, out->header);
	box_bind(s, 5, out->parts);
	box_bind_text(s, 6, out->tag);
	sqlite3_bind_int64(s, 7, out->created);
	TRY(box_done(box, s, err));
	if (sqlite3_changes(box->db) == 0)
		return err_set(err, CODE_DUPLICATE, "/id", "a message of this id is in the outbox already");
	*ret_seq = sqlite3_last_insert_rowid(box->db);
	return OK;
}

static void read_out(sqlite3_stmt *s, struct box_out *ret)
{
	*ret = (struct box_out){
		.seq = sqlite3_column_int64(s, 0),
		.id = box_column(s, 1).at,
		.priority = sqlite3_column_int64(s, 2),
		.is_receipt = sqlite3_column_int64(s, 3) != 0,
		.state = (enum box_state)sqlite3_column_int(s, 4),
		.header = box_column(s, 5),
		.parts = box_column(s, 6),
		.tag = box_column(s, 7),
		.verdict = box_column(s, 8),
		.created = sqlite3_column_int64(s, 9),
	};
}

static result ended(struct box *box, sqlite3_stmt *s, int step, struct err *err)
{
	result r = step == SQLITE_DONE || step == SQLITE_ROW ? OK : box_failed(box, err);
	sqlite3_reset(s);
	return r;
}

static result read_waiting(struct box *box, int64_t seq, box_out_fn fn, void *ctx, bool *ret_goes_on, struct err *err)
{
	struct box_out out;
	READER(s, BOX_SQL_OUT)
	sqlite3_bind_int64(s, 1, seq);
	int step = sqlite3_step(s);
	if (step == SQLITE_ROW) {
		read_out(s, &out);
		*ret_goes_on = fn(ctx, &out);
	}
	return ended(box, s, step, err);
}

result box_each_waiting(struct box *box, box_wants_fn wants, box_out_fn fn, void *ctx, struct err *err)
{
	bool goes_on = true;
	int step = SQLITE_DONE;
	result r = OK;
	READER(s, BOX_SQL_EACH_WAITING)
	while (goes_on && !FAILED(r) && (step = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t seq = sqlite3_column_int64(s, 0);
		if (!wants || wants(ctx, seq))
			r = read_waiting(box, seq, fn, ctx, &goes_on, err);
	}
	if (!FAILED(r))
		return ended(box, s, step, err);
	sqlite3_reset(s);
	return r;
}

/* Copies the views of a row into hold, so that they outlive the statement. */
static void keep(struct buf *hold, struct bytes **views, size_t count)
{
	size_t offsets[8];
	buf_clear(hold);
	for (size_t i = 0; i < count; i++) {
		offsets[i] = hold->len;
		buf_add(hold, *views[i]);
	}
	struct bytes all = buf_bytes(hold);
	for (size_t i = 0; i < count; i++)
		*views[i] = bytes_of(all.at + offsets[i], views[i]->len);
}

result box_find_out(struct box *box, const uint8_t *id, struct buf *hold, bool *ret_found, struct box_out *ret, struct err *err)
{
	READER(s, BOX_SQL_FIND_OUT)
	box_bind(s, 1, id_bytes(id));
	int step = sqlite3_step(s);
	*ret_found = step == SQLITE_ROW;
	if (*ret_found) {
		read_out(s, ret);
		struct bytes own = id_bytes(ret->id);
		struct bytes *views[] = {&own, &ret->header, &ret->parts, &ret->tag, &ret->verdict};
		keep(hold, views, 5);
		ret->id = own.at;
	}
	TRY(ended(box, s, step, err));
	return buf_check(hold, box->path, err);
}

result box_receipt_waits(struct box *box, const uint8_t *of, bool *ret_waits, struct err *err)
{
	char tag[UUID_TEXT_MAX];
	READER(s, BOX_SQL_RECEIPT_WAITS)
	box_bind_text(s, 1, bytes_text(uuid_text(of, tag)));
	int step = sqlite3_step(s);
	*ret_waits = step == SQLITE_ROW;
	return ended(box, s, step, err);
}

result box_judged(struct box *box, const uint8_t *id, bool accepted, struct bytes verdict, struct err *err)
{
	WRITER(s, BOX_SQL_JUDGED)
	box_bind(s, 1, id_bytes(id));
	sqlite3_bind_int64(s, 2, accepted ? BOX_ACCEPTED : BOX_REFUSED);
	box_bind(s, 3, verdict);
	sqlite3_bind_int64(s, 4, clock_wall_ms());
	TRY(box_done(box, s, err));
	WRITER(drop, BOX_SQL_DROP_RECEIPT)
	box_bind(drop, 1, id_bytes(id));
	return box_done(box, drop, err);
}

static result count(struct box *box, enum box_sql which, int64_t *ret, struct err *err)
{
	READER(s, which)
	int step = sqlite3_step(s);
	*ret = step == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	return ended(box, s, step, err);
}

result box_counts(struct box *box, int64_t *ret_waiting, int64_t *ret_unhanded, struct err *err)
{
	TRY(count(box, BOX_SQL_COUNT_WAITING, ret_waiting, err));
	return count(box, BOX_SQL_COUNT_UNHANDED, ret_unhanded, err);
}

/* A receipt that is said again under another id says nothing new. */
static result is_known(struct box *box, const struct box_outcome *outcome, bool *ret_known, struct err *err)
{
	READER(s, BOX_SQL_OUTCOME_KNOWN)
	box_bind(s, 1, id_bytes(outcome->of));
	box_bind_text(s, 2, outcome->recipient);
	box_bind_text(s, 3, outcome->what);
	box_bind_text(s, 4, outcome->code);
	int step = sqlite3_step(s);
	*ret_known = step == SQLITE_ROW;
	return ended(box, s, step, err);
}

result box_put_outcome(struct box *box, const struct box_outcome *outcome, bool *ret_new, struct err *err)
{
	bool known = false;
	*ret_new = false;
	TRY(is_known(box, outcome, &known, err));
	if (known)
		return OK;
	WRITER(s, BOX_SQL_PUT_OUTCOME)
	box_bind(s, 1, id_bytes(outcome->id));
	box_bind(s, 2, id_bytes(outcome->of));
	box_bind_text(s, 3, outcome->recipient);
	box_bind_text(s, 4, outcome->what);
	box_bind_text(s, 5, outcome->code);
	box_bind_text(s, 6, outcome->reason);
	sqlite3_bind_int64(s, 7, outcome->at);
	box_bind(s, 8, outcome->envelope);
	TRY(box_done(box, s, err));
	*ret_new = sqlite3_changes(box->db) > 0;
	return OK;
}

result box_each_outcome(struct box *box, const uint8_t *of, box_outcome_fn fn, void *ctx, struct err *err)
{
	int step;
	READER(s, BOX_SQL_EACH_OUTCOME)
	box_bind(s, 1, id_bytes(of));
	while ((step = sqlite3_step(s)) == SQLITE_ROW) {
		struct box_outcome outcome = {
			.id = box_column(s, 0).at,
			.of = box_column(s, 1).at,
			.recipient = box_column(s, 2),
			.what = box_column(s, 3),
			.code = box_column(s, 4),
			.reason = box_column(s, 5),
			.at = sqlite3_column_int64(s, 6),
			.envelope = box_column(s, 7),
		};
		fn(ctx, &outcome);
	}
	return ended(box, s, step, err);
}

result box_put_in(struct box *box, const struct box_in *in, struct err *err)
{
	WRITER(s, BOX_SQL_PUT_IN)
	box_bind(s, 1, id_bytes(in->id));
	box_bind(s, 2, bytes_of(in->leaf, BOX_HASH_LEN));
	box_bind(s, 3, in->envelope);
	box_bind_text(s, 4, in->tag);
	sqlite3_bind_int64(s, 5, in->refused);
	sqlite3_bind_int64(s, 6, clock_wall_ms());
	TRY(box_done(box, s, err));
	if (sqlite3_changes(box->db) == 0)
		return err_set(err, CODE_DUPLICATE, "/id", "the message is in the inbox already");
	if (box->fresh_in == 0)
		box->fresh_in = sqlite3_last_insert_rowid(box->db);
	return OK;
}

static void read_in(sqlite3_stmt *s, struct box_in *ret)
{
	*ret = (struct box_in){
		.seq = sqlite3_column_int64(s, 0),
		.id = box_column(s, 1).at,
		.leaf = box_column(s, 2).at,
		.envelope = box_column(s, 3),
		.tag = box_column(s, 4),
		.refused = sqlite3_column_int64(s, 5) != 0,
		.handed = sqlite3_column_type(s, 6) != SQLITE_NULL,
	};
}

result box_find_in(struct box *box, const uint8_t *id, struct buf *hold, bool *ret_found, struct box_in *ret, struct err *err)
{
	READER(s, BOX_SQL_FIND_IN)
	box_bind(s, 1, id_bytes(id));
	int step = sqlite3_step(s);
	*ret_found = step == SQLITE_ROW;
	if (*ret_found) {
		read_in(s, ret);
		struct bytes own = id_bytes(ret->id), leaf = bytes_of(ret->leaf, BOX_HASH_LEN);
		struct bytes *views[] = {&own, &leaf, &ret->envelope, &ret->tag};
		keep(hold, views, 4);
		ret->id = own.at;
		ret->leaf = leaf.at;
	}
	TRY(ended(box, s, step, err));
	return buf_check(hold, box->path, err);
}

result box_each_unhanded(struct box *box, int64_t after_seq, box_in_fn fn, void *ctx, struct err *err)
{
	struct box_in in;
	int step;
	READER(s, BOX_SQL_EACH_UNHANDED)
	sqlite3_bind_int64(s, 1, after_seq);
	while ((step = sqlite3_step(s)) == SQLITE_ROW) {
		read_in(s, &in);
		if ((box->fresh_in && in.seq >= box->fresh_in) || !fn(ctx, &in))
			break;
	}
	return ended(box, s, step, err);
}

result box_handed(struct box *box, const uint8_t *id, bool *ret_was_waiting, struct err *err)
{
	WRITER(s, BOX_SQL_HANDED)
	box_bind(s, 1, id_bytes(id));
	sqlite3_bind_int64(s, 2, clock_wall_ms());
	TRY(box_done(box, s, err));
	*ret_was_waiting = sqlite3_changes(box->db) > 0;
	return OK;
}

result box_source_known(struct box *box, struct bytes key, bool *ret_known, struct err *err)
{
	READER(s, BOX_SQL_SOURCE_KNOWN)
	box_bind(s, 1, key);
	int step = sqlite3_step(s);
	*ret_known = step == SQLITE_ROW;
	return ended(box, s, step, err);
}

result box_put_source(struct box *box, struct bytes key, struct err *err)
{
	WRITER(s, BOX_SQL_PUT_SOURCE)
	box_bind(s, 1, key);
	sqlite3_bind_int64(s, 2, clock_wall_ms());
	return box_done(box, s, err);
}

result box_put_chain(struct box *box, const uint8_t *fingerprint, struct bytes chain, struct err *err)
{
	WRITER(s, BOX_SQL_PUT_CHAIN)
	box_bind(s, 1, bytes_of(fingerprint, BOX_HASH_LEN));
	box_bind(s, 2, chain);
	return box_done(box, s, err);
}

static result one_blob(struct box *box, sqlite3_stmt *s, struct buf *hold, bool *ret_found, struct err *err)
{
	int step = sqlite3_step(s);
	buf_clear(hold);
	*ret_found = step == SQLITE_ROW;
	if (*ret_found)
		buf_add(hold, box_column(s, 0));
	TRY(ended(box, s, step, err));
	return buf_check(hold, box->path, err);
}

result box_chain(struct box *box, const uint8_t *fingerprint, struct buf *hold, bool *ret_found, struct err *err)
{
	READER(s, BOX_SQL_CHAIN)
	box_bind(s, 1, bytes_of(fingerprint, BOX_HASH_LEN));
	return one_blob(box, s, hold, ret_found, err);
}

result box_note(struct box *box, const char *name, struct bytes value, struct err *err)
{
	WRITER(s, BOX_SQL_NOTE)
	box_bind_text(s, 1, bytes_text(name));
	box_bind(s, 2, value);
	return box_done(box, s, err);
}

result box_noted(struct box *box, const char *name, struct buf *hold, bool *ret_found, struct err *err)
{
	READER(s, BOX_SQL_NOTED)
	box_bind_text(s, 1, bytes_text(name));
	return one_blob(box, s, hold, ret_found, err);
}

result box_note_drop(struct box *box, const char *name, struct err *err)
{
	WRITER(s, BOX_SQL_NOTE_DROP)
	box_bind_text(s, 1, bytes_text(name));
	return box_done(box, s, err);
}

result box_each_note(struct box *box, const char *prefix, box_name_fn fn, void *ctx, struct err *err)
{
	int step;
	READER(s, BOX_SQL_EACH_NOTE)
	box_bind_text(s, 1, bytes_text(prefix));
	while ((step = sqlite3_step(s)) == SQLITE_ROW)
		fn(ctx, box_column(s, 0));
	return ended(box, s, step, err);
}

/* Identifiers stand in the body, under /person/ids. */
static struct bytes record_identifier(const struct kind_record *record, const char *pointer)
{
	struct bytes value, text = BYTES_NONE;
	if (!pack_pointer(record->body, pointer, &value) || !pack_as_text(value, &text))
		return BYTES_NONE;
	return text;
}

result box_put_record(void *ctx, const struct kind_record *record, struct err *err)
{
	struct box *box = ctx;
	WRITER(s, BOX_SQL_PUT_RECORD)
	const char *texts[] = {record->kind, record->number, record->nic, record->state, record->owner};
	for (int i = 0; i < 5; i++)
		box_bind_text(s, i + 1, bytes_text(texts[i]));
	sqlite3_bind_int64(s, 6, record->is_ours);
	box_bind(s, 7, id_bytes(record->thread));
	box_bind(s, 8, id_bytes(record->message));
	box_bind_text(s, 9, bytes_text(record->name));
	box_bind_text(s, 10, bytes_text(record->dob));
	box_bind_text(s, 11, record_identifier(record, "/person/ids/ucn"));
	box_bind_text(s, 12, record_identifier(record, "/person/ids/sid"));
	box_bind_text(s, 13, record_identifier(record, "/person/ids/doc_number"));
	box_bind_text(s, 14, record_identifier(record, "/person/ids/ssn"));
	box_bind(s, 15, record->body);
	return box_done(box, s, err);
}

static void copy_text(struct bytes from, char *into, size_t size)
{
	snprintf(into, size, "%.*s", (int)from.len, from.len ? (const char *)from.at : "");
}

static void read_record(sqlite3_stmt *s, struct kind_record *ret)
{
	memset(ret, 0, sizeof(*ret));
	copy_text(box_column(s, 0), ret->kind, sizeof(ret->kind));
	copy_text(box_column(s, 1), ret->number, sizeof(ret->number));
	copy_text(box_column(s, 2), ret->nic, sizeof(ret->nic));
	copy_text(box_column(s, 3), ret->state, sizeof(ret->state));
	copy_text(box_column(s, 4), ret->owner, sizeof(ret->owner));
	ret->is_ours = sqlite3_column_int64(s, 5) != 0;
	if (box_column(s, 6).len == UUID_LEN)
		memcpy(ret->thread, box_column(s, 6).at, UUID_LEN);
	if (box_column(s, 7).len == UUID_LEN)
		memcpy(ret->message, box_column(s, 7).at, UUID_LEN);
	copy_text(box_column(s, 8), ret->name, sizeof(ret->name));
	copy_text(box_column(s, 9), ret->dob, sizeof(ret->dob));
	ret->body = box_column(s, 10);
}

static bool records_by(const char *by, enum box_sql *ret)
{
	static const struct {
		const char *by;
		enum box_sql sql;
	} ways[] = {{"number", BOX_SQL_RECORDS_NUMBER}, {"nic", BOX_SQL_RECORDS_NIC}, {"name", BOX_SQL_RECORDS_NAME},
	            {"thread", BOX_SQL_RECORDS_THREAD}, {"ucn", BOX_SQL_RECORDS_UCN}, {"sid", BOX_SQL_RECORDS_SID},
	            {"doc_number", BOX_SQL_RECORDS_DOC_NUMBER}, {"ssn", BOX_SQL_RECORDS_SSN}};
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(by, ways[i].by)) {
			*ret = ways[i].sql;
			return true;
		}
	return false;
}

result box_each_record(void *ctx, const char *kind, const char *by, const char *value, bool (*fn)(void *fn_ctx, const struct kind_record *record),
                       void *fn_ctx, struct err *err)
{
	struct box *box = ctx;
	struct kind_record record;
	enum box_sql which;
	int step;
	if (!records_by(by, &which))
		return err_set(err, CODE_USAGE, by, "records are not found by that");
	READER(s, which)
	box_bind_text(s, 1, bytes_text(kind));
	box_bind_text(s, 2, bytes_text(value));
	while ((step = sqlite3_step(s)) == SQLITE_ROW) {
		read_record(s, &record);
		if (!fn(fn_ctx, &record))
			break;
	}
	return ended(box, s, step, err);
}

result box_prune(struct box *box, int64_t before, struct err *err)
{
	static const enum box_sql which[] = {BOX_SQL_PRUNE_OUT, BOX_SQL_PRUNE_IN};
	for (size_t i = 0; i < sizeof(which) / sizeof(*which); i++) {
		WRITER(s, which[i])
		sqlite3_bind_int64(s, 1, before);
		TRY(box_done(box, s, err));
	}
	return OK;
}
