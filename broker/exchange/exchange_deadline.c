#include "broker/exchange/exchange_deadline.h"

#include "base/mem.h"
#include "broker/exchange/exchange_deadline_row.h"
#include "broker/exchange/exchange_party.h"
#include "broker/exchange/exchange_tell.h"

#include <string.h>

enum { HOURS_MAX = 9999, FOLLOW_MAX = 8, REPLACED_MAX = 128 };

#define HOUR_MS (INT64_C(3600) * 1000)

/* ── the rules of the catalogue ── */

static int64_t starts_at(const struct exchange *exchange, const struct exchange_message *message)
{
	const char *pointer = message->type->due.starts_at;
	struct bytes value, text;
	int64_t at = 0;
	if (pointer && pack_pointer(message->main, pointer, &value) && pack_as_text(value, &text) &&
	    !FAILED(calendar_read(exchange->calendar, text, true, &at, NULL)))
		return at;
	return message->now;
}

int64_t exchange_deadline_of(const struct exchange *exchange, const struct exchange_message *message)
{
	const struct catalogue_due *due = &message->type->due;
	if (message->message->due)
		return message->message->due;
	for (size_t i = 0; i < due->cases_count; i++) {
		const struct catalogue_due_case *one = &due->cases[i];
		if (!catalogue_holds(one->when, one->when_count, message->main))
			continue;
		int64_t at = calendar_after(exchange->calendar, &one->within, starts_at(exchange, message));
		if (one->within.business_days && exchange->host.uncovered && !calendar_is_covered(exchange->calendar, at))
			exchange->host.uncovered(exchange->host.ctx, message->type->name, calendar_year(exchange->calendar, at));
		return at > 0 ? at : 1; /* long past, but due */
	}
	return 0;
}

/* Types that meet the deadline; none: any. */
static char *const *met_by(const struct catalogue_type *request, size_t *ret_count)
{
	*ret_count = request->due.met_by_count ? request->due.met_by_count : request->answers_count;
	return request->due.met_by_count ? request->due.met_by : request->answers;
}

static bool is_met_by(const struct catalogue_type *request, const char *type)
{
	size_t count;
	char *const *types = met_by(request, &count);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(types[i], type))
			return true;
	return count == 0;
}

bool exchange_deadline_moves(const struct catalogue_type *request, const struct exchange_message *answer, int64_t *ret_by_ms)
{
	const struct catalogue_due *due = &request->due;
	struct bytes value;
	int64_t hours;
	if (!due->rearm_type || strcmp(due->rearm_type, answer->type->name) != 0 || !due->rearm_hours ||
	    !catalogue_holds(due->rearm_when, due->rearm_when_count, answer->main) ||
	    !pack_pointer(answer->main, due->rearm_hours, &value) || !pack_as_int(value, &hours) || hours < 1)
		return false;
	*ret_by_ms = (hours < HOURS_MAX ? hours : HOURS_MAX) * HOUR_MS;
	return true;
}

/* ── beginning ── */

static int64_t request_no(struct bytes main)
{
	struct bytes value;
	int64_t number = 0;
	return pack_pointer(main, "/request_no", &value) && pack_as_int(value, &number) && number > 0 ? number : 0;
}

/* Who gets a copy only, and could not answer if it would, owes nothing; but somebody does. */
static void list_owing(const struct exchange *exchange, const struct exchange_message *message, int64_t due,
                       struct exchange_deadline *deadline)
{
	size_t types_count;
	char *const *types = met_by(message->type, &types_count);
	deadline->owing = mem_array(message->recipients_count + 1, sizeof(*deadline->owing));
	for (int everybody = 0; everybody < 2 && !deadline->owing_count; everybody++)
		for (size_t i = 0; i < message->recipients_count; i++) {
			struct bytes party = bytes_text(message->recipients[i]);
			if (everybody || exchange_party_may_send(exchange, party, types, types_count))
				deadline->owing[deadline->owing_count++] = (struct exchange_owing){.party = party, .due = due};
		}
}

result exchange_deadline_begin(const struct exchange *exchange, const struct exchange_message *message, int64_t due,
                               struct err *err)
{
	struct exchange_deadline deadline;
	if (!due || !message->recipients_count)
		return OK;
	exchange_deadline_row_init(&deadline);
	deadline.id = message->message->id;
	deadline.thread = message_thread(message->message);
	deadline.type = message->message->type;
	deadline.from = message->message->from;
	deadline.subject = message->message->subject;
	deadline.request_no = request_no(message->main);
	deadline.ids_count = message->ids_count < EXCHANGE_IDS_MAX ? message->ids_count : EXCHANGE_IDS_MAX;
	for (size_t i = 0; i < deadline.ids_count; i++)
		deadline.ids[i] = message->ids[i];
	list_owing(exchange, message, due, &deadline);
	result r = exchange_deadline_row_index(exchange->store, &deadline, true, err);
	if (!FAILED(r))
		r = exchange_deadline_row_save(exchange->store, &deadline, err);
	exchange_deadline_row_done(&deadline);
	return r;
}

/* ── meeting ── */

static void move_due(struct exchange_deadline *deadline, struct bytes party, bool whole, int64_t due)
{
	for (size_t i = 0; i < deadline->owing_count; i++)
		if (whole || bytes_equal(deadline->owing[i].party, party)) {
			deadline->owing[i].due = due;
			deadline->owing[i].is_told = false;
		}
}

static void settle(struct exchange_deadline *deadline, struct bytes party, bool whole)
{
	size_t left = 0;
	for (size_t i = 0; i < deadline->owing_count; i++)
		if (!whole && !bytes_equal(deadline->owing[i].party, party))
			deadline->owing[left++] = deadline->owing[i];
	deadline->owing_count = left;
}

/* How the message was found to speak of the deadline: re meets each link, the others only their own. */
static result meet_one(const struct exchange *exchange, const struct exchange_message *message, const uint8_t *id,
                       enum catalogue_link found_by, struct exchange_deadline *deadline, struct err *err)
{
	bool found = false;
	TRY(exchange_deadline_row_load(exchange->store, id, deadline, &found, err));
	const struct catalogue_type *request = found ? catalogue_find(exchange->catalogue, deadline->type) : NULL;
	if (!request || (found_by != CATALOGUE_LINK_RE && request->due.link != found_by) ||
	    !memcmp(id, message->message->id, UUID_LEN))
		return OK;
	bool whole = request->due.link != CATALOGUE_LINK_RE;
	int64_t by_ms;
	if (exchange_deadline_moves(request, message, &by_ms))
		move_due(deadline, message->message->from, whole, message->now + by_ms);
	else if (is_met_by(request, message->type->name))
		settle(deadline, message->message->from, whole);
	else
		return OK;
	return exchange_deadline_row_save(exchange->store, deadline, err);
}

static result meet(const struct exchange *exchange, const struct exchange_message *message, const uint8_t *id,
                   enum catalogue_link found_by, struct err *err)
{
	struct exchange_deadline deadline;
	exchange_deadline_row_init(&deadline);
	result r = meet_one(exchange, message, id, found_by, &deadline, err);
	exchange_deadline_row_done(&deadline);
	return r;
}

static result meet_re(const struct exchange *exchange, const struct exchange_message *message, struct err *err)
{
	uint8_t id[UUID_LEN];
	bool followed = true;
	memcpy(id, message->message->re, UUID_LEN);
	for (size_t i = 0; followed && i < FOLLOW_MAX; i++) {
		TRY(meet(exchange, message, id, CATALOGUE_LINK_RE, err));
		TRY(exchange_deadline_follow(exchange->store, id, &followed, err));
	}
	return OK;
}

static result meet_listed(const struct exchange *exchange, const struct exchange_message *message,
                          const struct exchange_key *prefix, enum catalogue_link found_by, struct err *err)
{
	struct exchange_key key = {.len = 0};
	bool found = true;
	while (found) {
		TRY(exchange_row_walk(exchange->store, STORE_DEADLINES, prefix, &key, &found, err));
		if (found && key.len == prefix->len + UUID_LEN)
			TRY(meet(exchange, message, key.at + prefix->len, found_by, err));
	}
	return OK;
}

/* Most types meet no deadline but by answering, and then the store need not be asked. */
static bool may_meet(const struct exchange *exchange, const struct catalogue_type *type, enum catalogue_link link)
{
	for (size_t i = 0; i < catalogue_count(exchange->catalogue); i++) {
		const struct catalogue_type *request = catalogue_at(exchange->catalogue, i);
		bool is_moved = request->due.rearm_type && !strcmp(request->due.rearm_type, type->name);
		if (request->due.link == link && (is_moved || is_met_by(request, type->name)))
			return true;
	}
	return false;
}

result exchange_deadline_meet(const struct exchange *exchange, const struct exchange_message *message, struct err *err)
{
	struct exchange_key prefix = exchange_deadline_row_by_thread(message_thread(message->message));
	if (message->message->re)
		TRY(meet_re(exchange, message, err));
	if (may_meet(exchange, message->type, CATALOGUE_LINK_THREAD))
		TRY(meet_listed(exchange, message, &prefix, CATALOGUE_LINK_THREAD, err));
	bool may_by_person = message->ids_count && may_meet(exchange, message->type, CATALOGUE_LINK_PERSON);
	for (size_t i = 0; may_by_person && i < message->ids_count; i++) {
		prefix = exchange_deadline_row_by_person(&message->ids[i]);
		TRY(meet_listed(exchange, message, &prefix, CATALOGUE_LINK_PERSON, err));
	}
	return OK;
}

/* ── replacing ── */

static struct exchange_key replaced_key(const uint8_t *old)
{
	struct exchange_key key = exchange_row_key('a');
	exchange_row_key_raw(&key, bytes_of(old, UUID_LEN));
	return key;
}

result exchange_deadline_erase(struct store *store, const uint8_t *id, struct err *err)
{
	struct exchange_deadline deadline;
	bool found = false;
	exchange_deadline_row_init(&deadline);
	result r = exchange_deadline_row_load(store, id, &deadline, &found, err);
	if (!FAILED(r) && found)
		r = exchange_deadline_row_drop(store, &deadline, err);
	exchange_deadline_row_done(&deadline);
	return r;
}

result exchange_deadline_replace(const struct exchange *exchange, const uint8_t *old, const uint8_t *by, int64_t now,
                                 struct err *err)
{
	struct exchange_key key = replaced_key(old);
	struct buf value;
	int64_t until = now + EXCHANGE_KEPT_DAYS * EXCHANGE_DAY_MS;
	TRY(exchange_deadline_erase(exchange->store, old, err));
	buf_init(&value, REPLACED_MAX);
	pack_put_array(&value, 2);
	pack_put_int(&value, until);
	pack_put_bin(&value, bytes_of(by, UUID_LEN));
	result r = exchange_deadline_keep(exchange->store, exchange_row_key_bytes(&key), buf_bytes(&value), until, err);
	buf_done(&value);
	return r;
}

result exchange_deadline_follow(struct store *store, uint8_t id[static UUID_LEN], bool *ret_followed, struct err *err)
{
	struct exchange_key key = replaced_key(id);
	struct buf hold;
	struct err why;
	buf_init(&hold, REPLACED_MAX);
	result r = store_row_get(store, STORE_DEADLINES, exchange_row_key_bytes(&key), &hold, ret_followed, err);
	if (!FAILED(r) && *ret_followed) {
		struct pack_in in = pack_in(buf_bytes(&hold), &why);
		pack_array_of(&in, "", 2);
		pack_int(&in, "until", INT64_MIN, INT64_MAX);
		const uint8_t *by = pack_bin_of(&in, "by", UUID_LEN);
		if (FAILED(pack_end(&in)))
			r = exchange_row_damaged(&why, "a replaced request", err);
		else
			memcpy(id, by, UUID_LEN);
	}
	buf_done(&hold);
	return r;
}

/* ── erasing ── */

enum { ERASED_SUBJECT_MAX = 8192 };

static void take_out(struct exchange_deadline *deadline, const struct identifier *id, struct buf *subject)
{
	size_t left = 0;
	for (size_t i = 0; i < deadline->ids_count; i++)
		if (!identifier_equal(&deadline->ids[i], id))
			deadline->ids[left++] = deadline->ids[i];
	deadline->ids_count = left;
	exchange_row_without(deadline->subject, id->kind, subject);
	deadline->subject = buf_bytes(subject);
}

static result erase_id_in(struct store *store, const uint8_t *at, const struct identifier *id, struct exchange_deadline *deadline, struct err *err)
{
	struct buf subject;
	bool found = false;
	buf_init(&subject, ERASED_SUBJECT_MAX);
	result r = exchange_deadline_row_load(store, at, deadline, &found, err);
	if (!FAILED(r) && found)
		r = exchange_deadline_row_index(store, deadline, false, err);
	if (!FAILED(r) && found) {
		take_out(deadline, id, &subject);
		r = exchange_deadline_row_index(store, deadline, true, err);
	}
	if (!FAILED(r) && found)
		r = exchange_deadline_row_save(store, deadline, err);
	buf_done(&subject);
	return r;
}

result exchange_deadline_erase_id(struct store *store, const struct identifier *id, struct err *err)
{
	struct exchange_key prefix = exchange_deadline_row_by_person(id), key = {.len = 0};
	bool found = true;
	while (found) {
		struct exchange_deadline deadline;
		TRY(exchange_row_walk(store, STORE_DEADLINES, &prefix, &key, &found, err));
		if (!found || key.len != prefix.len + UUID_LEN)
			continue;
		exchange_deadline_row_init(&deadline);
		result r = erase_id_in(store, key.at + prefix.len, id, &deadline, err);
		exchange_deadline_row_done(&deadline);
		TRY(r);
	}
	return OK;
}

/* ── what waits ── */

result exchange_deadline_keep(struct store *store, struct bytes key, struct bytes value, int64_t until, struct err *err)
{
	TRY(store_row_put(store, STORE_DEADLINES, key, value, err));
	return exchange_row_wake(store, STORE_DEADLINES, 0, until, key, err);
}

/* A row that was written again since waits for a later instant too, and stays. */
static result forget(struct store *store, const struct exchange_key *key, int64_t now, struct err *err)
{
	struct buf hold;
	struct err why;
	bool found = false;
	buf_init(&hold, STORE_VALUE_MAX);
	result r = store_row_get(store, STORE_DEADLINES, exchange_row_key_bytes(key), &hold, &found, err);
	if (!FAILED(r) && found) {
		struct pack_in in = pack_in(buf_bytes(&hold), &why);
		pack_array(&in, "");
		int64_t until = pack_int(&in, "until", INT64_MIN, INT64_MAX);
		if (in.failed || until <= now)
			r = exchange_row_unmark(store, STORE_DEADLINES, key, err);
	}
	buf_done(&hold);
	return r;
}

static result tell_overdue(const struct exchange *exchange, struct exchange_deadline *deadline, int64_t now, struct err *err)
{
	struct bytes *owing = mem_array(deadline->owing_count + 1, sizeof(*owing));
	struct exchange_overdue overdue = {.id = deadline->id,
	                                   .thread = deadline->thread,
	                                   .type = deadline->type,
	                                   .from = deadline->from,
	                                   .subject = deadline->subject,
	                                   .at = now,
	                                   .request_no = deadline->request_no,
	                                   .owing = owing};
	for (size_t i = 0; i < deadline->owing_count; i++) {
		struct exchange_owing *one = &deadline->owing[i];
		if (one->is_told || one->due > now)
			continue;
		one->is_told = true;
		owing[overdue.owing_count++] = one->party;
		overdue.due = one->due > overdue.due ? one->due : overdue.due;
	}
	result r = overdue.owing_count ? exchange_tell_overdue(exchange, &overdue, err) : OK;
	mem_free(owing);
	return r;
}

static result run_deadline(const struct exchange *exchange, const uint8_t *id, int64_t at, int64_t now,
                           struct exchange_deadline *deadline, struct err *err)
{
	bool found = false, has_untold = false;
	TRY(exchange_deadline_row_load(exchange->store, id, deadline, &found, err));
	if (!found || deadline->wakes_at != at)
		return OK;
	for (size_t i = 0; i < deadline->owing_count; i++)
		has_untold = has_untold || !deadline->owing[i].is_told;
	if (!has_untold)
		return exchange_deadline_row_drop(exchange->store, deadline, err);
	TRY(tell_overdue(exchange, deadline, now, err));
	return exchange_deadline_row_save(exchange->store, deadline, err);
}

static result run_one(const struct exchange *exchange, const struct exchange_key *name, int64_t at, int64_t now, struct err *err)
{
	struct exchange_deadline deadline;
	if (name->at[0] != 'd' || name->len != 1 + UUID_LEN)
		return forget(exchange->store, name, now, err);
	exchange_deadline_row_init(&deadline);
	result r = run_deadline(exchange, name->at + 1, at, now, &deadline, err);
	exchange_deadline_row_done(&deadline);
	return r;
}

result exchange_deadline_run(const struct exchange *exchange, int64_t now, bool *ret_done, struct err *err)
{
	struct exchange_key name;
	int64_t at = 0;
	TRY(exchange_row_first(exchange->store, STORE_DEADLINES, &at, &name, err));
	*ret_done = at && at <= now;
	if (!*ret_done)
		return OK;
	TRY(exchange_row_wake(exchange->store, STORE_DEADLINES, at, 0, exchange_row_key_bytes(&name), err));
	return run_one(exchange, &name, at, now, err);
}
