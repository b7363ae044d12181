#include "broker/exchange/exchange_deadline_row.h"

#include "base/mem.h"

/* 'l' and the message's id stand beside it while it was told to be overdue. A row under 'd' and the message's id: [1, thread, type, from, subject, request_no, wakes_at, [[party, due, told] …],
 * [[kind, value, issuer] …]]. */
enum { ROW_FIELDS = 9, OWING_MAX = 4096, SUBJECT_MAX = 8192 };

void exchange_deadline_row_init(struct exchange_deadline *deadline)
{
	*deadline = (struct exchange_deadline){.subject = BYTES_NONE};
	buf_init(&deadline->hold, STORE_VALUE_MAX);
}

void exchange_deadline_row_done(struct exchange_deadline *deadline)
{
	mem_free(deadline->owing);
	buf_done(&deadline->hold);
}

struct exchange_key exchange_deadline_row_name(const uint8_t *id)
{
	struct exchange_key key = exchange_row_key('d');
	exchange_row_key_raw(&key, bytes_of(id, UUID_LEN));
	return key;
}

struct exchange_key exchange_deadline_row_by_thread(const uint8_t *thread)
{
	struct exchange_key key = exchange_row_key('h');
	exchange_row_key_raw(&key, bytes_of(thread, UUID_LEN));
	return key;
}

struct exchange_key exchange_deadline_row_by_person(const struct identifier *id)
{
	struct exchange_key key = exchange_row_key('p');
	exchange_row_key_id(&key, id);
	return key;
}

static void read_owing(struct pack_in *in, struct exchange_deadline *deadline)
{
	size_t count = pack_array(in, "owing");
	if (count > OWING_MAX) {
		pack_fail(in, CODE_MALFORMED, "owing", "too many");
		return;
	}
	mem_free(deadline->owing);
	deadline->owing = mem_array(count + 1, sizeof(*deadline->owing));
	deadline->owing_count = count;
	for (size_t i = 0; i < count; i++) {
		struct exchange_owing *owing = &deadline->owing[i];
		pack_array_of(in, "owing", 3);
		owing->party = pack_text(in, "party", STORE_PARTY_MAX);
		owing->due = pack_int(in, "due", INT64_MIN, INT64_MAX);
		owing->is_told = pack_bool(in, "told");
	}
}

static void read_ids(struct pack_in *in, struct exchange_deadline *deadline)
{
	size_t count = pack_array(in, "ids");
	if (count > EXCHANGE_IDS_MAX)
		pack_fail(in, CODE_MALFORMED, "ids", "too many");
	for (size_t i = 0; i < count && !in->failed; i++)
		deadline->ids[i] = exchange_row_read_id(in);
	deadline->ids_count = in->failed ? 0 : count;
}

result exchange_deadline_row_load(struct store *store, const uint8_t *id, struct exchange_deadline *deadline, bool *ret_found,
                                  struct err *err)
{
	struct exchange_key key = exchange_deadline_row_name(id);
	struct err why;
	TRY(store_row_get(store, STORE_DEADLINES, exchange_row_key_bytes(&key), &deadline->hold, ret_found, err));
	if (!*ret_found)
		return OK;
	struct pack_in in = pack_in_scanned(buf_bytes(&deadline->hold), &why);
	pack_array_of(&in, "", ROW_FIELDS);
	pack_int(&in, "version", EXCHANGE_ROW_VERSION, EXCHANGE_ROW_VERSION);
	deadline->id = id;
	deadline->thread = pack_bin_of(&in, "thread", UUID_LEN);
	deadline->type = pack_text(&in, "type", MESSAGE_TYPE_MAX);
	deadline->from = pack_text(&in, "from", STORE_PARTY_MAX);
	deadline->subject = exchange_row_read_packed(&in, "subject", SUBJECT_MAX);
	deadline->request_no = pack_int(&in, "request_no", 0, INT64_MAX);
	deadline->wakes_at = pack_int(&in, "wakes_at", INT64_MIN, INT64_MAX);
	read_owing(&in, deadline);
	read_ids(&in, deadline);
	for (size_t i = 0; i < deadline->owing_count && !in.failed; i++)
		deadline->was_late |= deadline->owing[i].is_told;
	return FAILED(pack_end(&in)) ? exchange_row_damaged(&why, "a deadline", err) : OK;
}

static bool is_late(const struct exchange_deadline *deadline)
{
	for (size_t i = 0; i < deadline->owing_count; i++)
		if (deadline->owing[i].is_told)
			return true;
	return false;
}

/* So that they can be counted and listed without looking at all. */
static result mark_late(struct store *store, struct exchange_deadline *deadline, bool late, struct err *err)
{
	struct exchange_key key = exchange_row_key('l');
	bool was = deadline->was_late;
	exchange_row_key_raw(&key, bytes_of(deadline->id, UUID_LEN));
	deadline->was_late = late;
	if (late == was)
		return OK;
	return late ? exchange_row_mark(store, STORE_DEADLINES, &key, err) : exchange_row_unmark(store, STORE_DEADLINES, &key, err);
}

static int64_t wakes_next(const struct exchange_deadline *deadline)
{
	int64_t first = 0, last = 0;
	for (size_t i = 0; i < deadline->owing_count; i++) {
		const struct exchange_owing *owing = &deadline->owing[i];
		if (!owing->is_told && (!first || owing->due < first))
			first = owing->due;
		if (owing->due > last)
			last = owing->due;
	}
	return first ? first : last + EXCHANGE_KEPT_DAYS * EXCHANGE_DAY_MS;
}

static void put_row(const struct exchange_deadline *deadline, struct buf *out)
{
	pack_put_array(out, ROW_FIELDS);
	pack_put_int(out, EXCHANGE_ROW_VERSION);
	pack_put_bin(out, bytes_of(deadline->thread, UUID_LEN));
	pack_put_text(out, deadline->type);
	pack_put_text(out, deadline->from);
	pack_put_bin(out, deadline->subject);
	pack_put_int(out, deadline->request_no);
	pack_put_int(out, deadline->wakes_at);
	pack_put_array(out, deadline->owing_count);
	for (size_t i = 0; i < deadline->owing_count; i++) {
		pack_put_array(out, 3);
		pack_put_text(out, deadline->owing[i].party);
		pack_put_int(out, deadline->owing[i].due);
		pack_put_bool(out, deadline->owing[i].is_told);
	}
	pack_put_array(out, deadline->ids_count);
	for (size_t i = 0; i < deadline->ids_count; i++)
		exchange_row_put_id(out, &deadline->ids[i]);
}

result exchange_deadline_row_save(struct store *store, struct exchange_deadline *deadline, struct err *err)
{
	struct exchange_key name = exchange_deadline_row_name(deadline->id);
	struct buf row;
	if (!deadline->owing_count)
		return exchange_deadline_row_drop(store, deadline, err);
	int64_t before = deadline->wakes_at;
	TRY(mark_late(store, deadline, is_late(deadline), err));
	deadline->wakes_at = wakes_next(deadline);
	TRY(exchange_row_wake(store, STORE_DEADLINES, before, deadline->wakes_at, exchange_row_key_bytes(&name), err));
	buf_init(&row, STORE_VALUE_MAX);
	put_row(deadline, &row);
	result r = buf_check(&row, "deadline", err);
	if (!FAILED(r))
		r = store_row_put(store, STORE_DEADLINES, exchange_row_key_bytes(&name), buf_bytes(&row), err);
	buf_done(&row);
	return r;
}

static result index_one(struct store *store, struct exchange_key *key, const uint8_t *id, bool is_there, struct err *err)
{
	exchange_row_key_raw(key, bytes_of(id, UUID_LEN));
	return is_there ? exchange_row_mark(store, STORE_DEADLINES, key, err)
	                : exchange_row_unmark(store, STORE_DEADLINES, key, err);
}

result exchange_deadline_row_index(struct store *store, const struct exchange_deadline *deadline, bool is_there, struct err *err)
{
	struct exchange_key key = exchange_deadline_row_by_thread(deadline->thread);
	TRY(index_one(store, &key, deadline->id, is_there, err));
	for (size_t i = 0; i < deadline->ids_count; i++) {
		key = exchange_deadline_row_by_person(&deadline->ids[i]);
		TRY(index_one(store, &key, deadline->id, is_there, err));
	}
	return OK;
}

result exchange_deadline_row_drop(struct store *store, struct exchange_deadline *deadline, struct err *err)
{
	struct exchange_key name = exchange_deadline_row_name(deadline->id);
	TRY(exchange_deadline_row_index(store, deadline, false, err));
	TRY(mark_late(store, deadline, false, err));
	TRY(exchange_row_wake(store, STORE_DEADLINES, deadline->wakes_at, 0, exchange_row_key_bytes(&name), err));
	return exchange_row_unmark(store, STORE_DEADLINES, &name, err);
}
