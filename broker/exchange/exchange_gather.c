#include "broker/exchange/exchange_gather.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/exchange/exchange_deadline.h"
#include "broker/exchange/exchange_party.h"
#include "broker/exchange/exchange_row.h"

#include <stdio.h>
#include <string.h>

/* A row: [1, thread, type, from, subject, opened_at, due, wakes_at, closed_at, because, [[party, outcome, at, id, pending, late]
 * …]] under 'x' and the request's id. */
enum {
	ROW_FIELDS = 11,
	ENTRY_FIELDS = 6,
	ENTRIES_MAX = 4096,
	SUBJECT_MAX = 8192,
	OUTCOME_MAX = 64,
	MAIN_MAX = 1024 * 1024,
	PRIORITY = 9,
	FOLLOW_MAX = 8
};

static const char *const provisional[] = {"PARTIAL", "ERROR"};

struct entry {
	struct bytes party, outcome; /* outcome empty: nothing was heard */
	int64_t at;
	struct bytes id; /* of the answer */
	bool is_pending; /* it said that its answer will come */
	bool is_late;
};

struct gather {
	const uint8_t *id, *thread;
	struct bytes type, from, subject, because; /* because: empty while it is open */
	int64_t opened_at, due, wakes_at, closed_at;
	struct entry *entries;
	size_t count;
	struct buf hold;
};

static void gather_init(struct gather *gather)
{
	*gather = (struct gather){.subject = BYTES_NONE};
	buf_init(&gather->hold, STORE_VALUE_MAX);
}

static void gather_done(struct gather *gather)
{
	mem_free(gather->entries);
	buf_done(&gather->hold);
}

static struct exchange_key name_of(const uint8_t *id)
{
	struct exchange_key key = exchange_row_key('x');
	exchange_row_key_raw(&key, bytes_of(id, UUID_LEN));
	return key;
}

/* ── rows ── */

static void read_entries(struct pack_in *in, struct gather *gather)
{
	size_t count = pack_array(in, "answers");
	if (count > ENTRIES_MAX) {
		pack_fail(in, CODE_MALFORMED, "answers", "too many");
		return;
	}
	gather->entries = mem_array(count + 1, sizeof(*gather->entries));
	gather->count = count;
	for (size_t i = 0; i < count; i++) {
		struct entry *entry = &gather->entries[i];
		pack_array_of(in, "answers", ENTRY_FIELDS);
		entry->party = pack_text(in, "party", STORE_PARTY_MAX);
		entry->outcome = pack_text(in, "outcome", OUTCOME_MAX);
		entry->at = pack_int(in, "at", INT64_MIN, INT64_MAX);
		entry->id = pack_bin(in, "id", UUID_LEN);
		entry->is_pending = pack_bool(in, "pending");
		entry->is_late = pack_bool(in, "late");
	}
}

static result load(struct store *store, const uint8_t *id, struct gather *gather, bool *ret_found, struct err *err)
{
	struct exchange_key key = name_of(id);
	struct err why;
	TRY(store_row_get(store, STORE_EXCHANGES, exchange_row_key_bytes(&key), &gather->hold, ret_found, err));
	if (!*ret_found)
		return OK;
	struct pack_in in = pack_in_scanned(buf_bytes(&gather->hold), &why);
	pack_array_of(&in, "", ROW_FIELDS);
	pack_int(&in, "version", EXCHANGE_ROW_VERSION, EXCHANGE_ROW_VERSION);
	gather->id = id;
	gather->thread = pack_bin_of(&in, "thread", UUID_LEN);
	gather->type = pack_text(&in, "type", MESSAGE_TYPE_MAX);
	gather->from = pack_text(&in, "from", STORE_PARTY_MAX);
	gather->subject = exchange_row_read_packed(&in, "subject", SUBJECT_MAX);
	gather->opened_at = pack_int(&in, "opened_at", INT64_MIN, INT64_MAX);
	gather->due = pack_int(&in, "due", INT64_MIN, INT64_MAX);
	gather->wakes_at = pack_int(&in, "wakes_at", INT64_MIN, INT64_MAX);
	gather->closed_at = pack_int(&in, "closed_at", INT64_MIN, INT64_MAX);
	gather->because = pack_text(&in, "because", OUTCOME_MAX);
	read_entries(&in, gather);
	return FAILED(pack_end(&in)) ? exchange_row_damaged(&why, "an exchange", err) : OK;
}

static void put_row(const struct gather *gather, struct buf *out)
{
	pack_put_array(out, ROW_FIELDS);
	pack_put_int(out, EXCHANGE_ROW_VERSION);
	pack_put_bin(out, bytes_of(gather->thread, UUID_LEN));
	pack_put_text(out, gather->type);
	pack_put_text(out, gather->from);
	pack_put_bin(out, gather->subject);
	pack_put_int(out, gather->opened_at);
	pack_put_int(out, gather->due);
	pack_put_int(out, gather->wakes_at);
	pack_put_int(out, gather->closed_at);
	pack_put_text(out, gather->because);
	pack_put_array(out, gather->count);
	for (size_t i = 0; i < gather->count; i++) {
		const struct entry *entry = &gather->entries[i];
		pack_put_array(out, ENTRY_FIELDS);
		pack_put_text(out, entry->party);
		pack_put_text(out, entry->outcome);
		pack_put_int(out, entry->at);
		pack_put_bin(out, entry->id);
		pack_put_bool(out, entry->is_pending);
		pack_put_bool(out, entry->is_late);
	}
}

/* 'o' and the request's id stand beside it while it is open. */
static result mark_open(struct store *store, const struct gather *gather, bool is_new, struct err *err)
{
	struct exchange_key key = exchange_row_key('o');
	exchange_row_key_raw(&key, bytes_of(gather->id, UUID_LEN));
	if (gather->because.len)
		return exchange_row_unmark(store, STORE_EXCHANGES, &key, err);
	return is_new ? exchange_row_mark(store, STORE_EXCHANGES, &key, err) : OK;
}

/* Waits for its deadline while it is open, and then to be forgotten. */
static result save(struct store *store, struct gather *gather, struct err *err)
{
	struct exchange_key name = name_of(gather->id);
	struct buf row;
	int64_t before = gather->wakes_at;
	TRY(mark_open(store, gather, before == 0, err));
	gather->wakes_at = gather->because.len ? gather->closed_at + EXCHANGE_KEPT_DAYS * EXCHANGE_DAY_MS : gather->due;
	TRY(exchange_row_wake(store, STORE_EXCHANGES, before, gather->wakes_at, exchange_row_key_bytes(&name), err));
	buf_init(&row, STORE_VALUE_MAX);
	put_row(gather, &row);
	result r = buf_check(&row, "exchange", err);
	if (!FAILED(r))
		r = store_row_put(store, STORE_EXCHANGES, exchange_row_key_bytes(&name), buf_bytes(&row), err);
	buf_done(&row);
	return r;
}

/* ── the sum ── */

static void put_time(struct buf *out, const char *key, int64_t at)
{
	char text[CLOCK_TEXT_MAX];
	pack_put_str(out, key);
	pack_put_str(out, clock_text(at, text));
}

static void put_id(struct buf *out, const char *key, const uint8_t *id)
{
	char text[UUID_TEXT_MAX];
	pack_put_str(out, key);
	pack_put_str(out, uuid_text(id, text));
}

static void put_entry(const struct entry *entry, bool marks_late, struct buf *out)
{
	bool is_heard = entry->outcome.len > 0 && entry->id.len == UUID_LEN, says_late = marks_late && entry->is_late;
	pack_put_map(out, (is_heard ? 4U : 2U) + says_late);
	pack_put_str(out, "party");
	pack_put_text(out, entry->party);
	pack_put_str(out, "outcome");
	pack_put_text(out, is_heard ? entry->outcome : BYTES_LIT(EXCHANGE_NO_ANSWER));
	if (is_heard) {
		put_time(out, "at", entry->at);
		put_id(out, "id", entry->id.at);
	}
	if (says_late) {
		pack_put_str(out, "late");
		pack_put_bool(out, true);
	}
}

/* for_people: late answers are marked, and more is said. */
static void put_sum(const struct gather *gather, bool for_people, struct buf *out)
{
	pack_put_map(out, (gather->because.len ? 6 : 4) + (for_people ? 2U : 0U));
	put_id(out, "of", gather->id);
	pack_put_str(out, "type");
	pack_put_text(out, gather->type);
	if (for_people) {
		pack_put_str(out, "from");
		pack_put_text(out, gather->from);
		put_time(out, "due", gather->due);
	}
	put_time(out, "opened_at", gather->opened_at);
	if (gather->because.len) {
		put_time(out, "closed_at", gather->closed_at);
		pack_put_str(out, "because");
		pack_put_text(out, gather->because);
	}
	pack_put_str(out, "answers");
	pack_put_array(out, gather->count);
	for (size_t i = 0; i < gather->count; i++)
		put_entry(&gather->entries[i], for_people, out);
}

static result close_it(const struct exchange *exchange, struct gather *gather, const char *because, int64_t now, struct err *err)
{
	const struct settings_party *to = exchange_party(exchange->settings, gather->from);
	struct buf main;
	gather->because = bytes_text(because);
	gather->closed_at = now;
	TRY(save(exchange->store, gather, err));
	if (!to)
		return OK;
	buf_init(&main, MAIN_MAX);
	put_sum(gather, false, &main);
	result r = buf_check(&main, "/parts/main", err);
	if (!FAILED(r))
		r = exchange->host.say(exchange->host.ctx, to->party, EXCHANGE_COMPLETE_TYPE, buf_bytes(&main), gather->id,
		                       gather->thread, gather->subject, PRIORITY, err);
	buf_done(&main);
	return r;
}

result exchange_show(struct store *store, const uint8_t *id, struct buf *out, bool *ret_found, struct err *err)
{
	struct gather gather;
	gather_init(&gather);
	result r = load(store, id, &gather, ret_found, err);
	if (!FAILED(r) && *ret_found)
		put_sum(&gather, true, out);
	gather_done(&gather);
	return r;
}

result exchange_gather_erase(struct store *store, const uint8_t *id, struct err *err)
{
	struct gather gather;
	bool found = false;
	gather_init(&gather);
	result r = load(store, id, &gather, &found, err);
	gather.subject = BYTES_NONE;
	if (!FAILED(r) && found)
		r = save(store, &gather, err);
	gather_done(&gather);
	return r;
}

static result list_one(const void *ctx, struct store *store, struct bytes key, struct bytes value, struct buf *out, struct err *err)
{
	bool found = false;
	(void)ctx;
	(void)value;
	return key.len == 1 + UUID_LEN ? exchange_show(store, key.at + 1, out, &found, err) : OK;
}

result exchange_list(struct store *store, bool open_only, const struct exchange_listing *listing, struct err *err)
{
	return exchange_row_list(store, STORE_EXCHANGES, open_only ? 'o' : 'x', listing, list_one, NULL, err);
}

/* ── opening ── */

static int64_t ends_at(const struct exchange_message *message, int64_t due)
{
	if (due)
		return due;
	if (message->message->expires)
		return message->message->expires;
	return message->now + (message->type->expiry_ms ? message->type->expiry_ms : EXCHANGE_KEPT_DAYS * EXCHANGE_DAY_MS);
}

/* Only those that may answer are waited for, unless nobody may. */
static void list_entries(const struct exchange *exchange, const struct exchange_message *message, struct gather *gather)
{
	const struct catalogue_type *type = message->type;
	gather->entries = mem_array(message->recipients_count + 1, sizeof(*gather->entries));
	for (int everybody = 0; everybody < 2 && !gather->count; everybody++)
		for (size_t i = 0; i < message->recipients_count; i++) {
			struct bytes party = bytes_text(message->recipients[i]);
			if (everybody || exchange_party_may_send(exchange, party, type->answers, type->answers_count))
				gather->entries[gather->count++] = (struct entry){.party = party};
		}
}

result exchange_gather_open(const struct exchange *exchange, const struct exchange_message *message, int64_t due, struct err *err)
{
	struct gather gather;
	if (!message->type->exchange || !message->recipients_count)
		return OK;
	gather_init(&gather);
	gather.id = message->message->id;
	gather.thread = message_thread(message->message);
	gather.type = message->message->type;
	gather.from = message->message->from;
	gather.subject = message->message->subject;
	gather.opened_at = message->now;
	gather.due = ends_at(message, due);
	list_entries(exchange, message, &gather);
	result r = save(exchange->store, &gather, err);
	gather_done(&gather);
	return r;
}

/* ── answers ── */

static bool is_answer(const struct catalogue_type *request, const struct exchange_message *message)
{
	for (size_t i = 0; i < request->answers_count; i++)
		if (!strcmp(request->answers[i], message->type->name))
			return true;
	return false;
}

static struct bytes outcome_of(const struct catalogue_type *request, const struct exchange_message *message,
                               char into[static OUTCOME_MAX])
{
	struct bytes value, text;
	int64_t number;
	if (request->exchange && pack_pointer(message->main, request->exchange, &value)) {
		if (pack_as_text(value, &text) && text.len && text.len <= OUTCOME_MAX)
			return text;
		if (pack_as_int(value, &number)) {
			snprintf(into, OUTCOME_MAX, "%lld", (long long)number);
			return bytes_text(into);
		}
	}
	return BYTES_LIT("ANSWERED");
}

static bool may_replace(const struct entry *entry)
{
	for (size_t i = 0; i < sizeof(provisional) / sizeof(*provisional); i++)
		if (bytes_is(entry->outcome, provisional[i]))
			return true;
	return entry->is_pending || !entry->outcome.len;
}

static bool all_answered(const struct gather *gather)
{
	for (size_t i = 0; i < gather->count; i++)
		if (!gather->entries[i].outcome.len || gather->entries[i].is_pending)
			return false;
	return true;
}

static struct entry *entry_of(const struct gather *gather, struct bytes party)
{
	for (size_t i = 0; i < gather->count; i++)
		if (bytes_equal(gather->entries[i].party, party))
			return &gather->entries[i];
	return NULL;
}

static result note_one(const struct exchange *exchange, const struct exchange_message *message, const uint8_t *id,
                       struct gather *gather, struct err *err)
{
	char number[OUTCOME_MAX];
	bool found = false;
	int64_t by_ms = 0;
	TRY(load(exchange->store, id, gather, &found, err));
	const struct catalogue_type *request = found ? catalogue_find(exchange->catalogue, gather->type) : NULL;
	struct entry *entry = request && is_answer(request, message) ? entry_of(gather, message->message->from) : NULL;
	if (!entry || !may_replace(entry))
		return OK;
	bool is_closed = gather->because.len > 0, moves = exchange_deadline_moves(request, message, &by_ms);
	if (is_closed && entry->outcome.len && !entry->is_late)
		return OK; /* what the sum said of it stays */
	*entry = (struct entry){.party = entry->party,
	                        .outcome = outcome_of(request, message, number),
	                        .at = message->now,
	                        .id = bytes_of(message->message->id, UUID_LEN),
	                        .is_pending = moves,
	                        .is_late = is_closed};
	if (moves && !is_closed && message->now + by_ms > gather->due)
		gather->due = message->now + by_ms;
	if (!is_closed && all_answered(gather))
		return close_it(exchange, gather, "all", message->now, err);
	return save(exchange->store, gather, err);
}

static result note(const struct exchange *exchange, const struct exchange_message *message, const uint8_t *id, struct err *err)
{
	struct gather gather;
	gather_init(&gather);
	result r = note_one(exchange, message, id, &gather, err);
	gather_done(&gather);
	return r;
}

result exchange_gather_note(const struct exchange *exchange, const struct exchange_message *message, struct err *err)
{
	uint8_t id[UUID_LEN];
	bool followed = message->message->re != NULL;
	if (followed)
		memcpy(id, message->message->re, UUID_LEN);
	for (size_t i = 0; followed && i < FOLLOW_MAX; i++) {
		TRY(note(exchange, message, id, err));
		TRY(exchange_deadline_follow(exchange->store, id, &followed, err));
	}
	return OK;
}

/* ── what waits ── */

static result run_one(const struct exchange *exchange, const uint8_t *id, int64_t at, int64_t now, struct gather *gather,
                      struct err *err)
{
	struct exchange_key name = name_of(id);
	bool found = false;
	TRY(load(exchange->store, id, gather, &found, err));
	if (!found || gather->wakes_at != at)
		return OK;
	if (gather->because.len)
		return exchange_row_unmark(exchange->store, STORE_EXCHANGES, &name, err);
	return close_it(exchange, gather, "due", now, err);
}

result exchange_gather_run(const struct exchange *exchange, int64_t now, bool *ret_done, struct err *err)
{
	struct exchange_key name;
	struct gather gather;
	int64_t at = 0;
	TRY(exchange_row_first(exchange->store, STORE_EXCHANGES, &at, &name, err));
	*ret_done = at && at <= now;
	if (!*ret_done)
		return OK;
	TRY(exchange_row_wake(exchange->store, STORE_EXCHANGES, at, 0, exchange_row_key_bytes(&name), err));
	if (name.len != 1 + UUID_LEN)
		return OK;
	gather_init(&gather);
	result r = run_one(exchange, name.at + 1, at, now, &gather, err);
	gather_done(&gather);
	return r;
}
