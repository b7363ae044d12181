#include "broker/exchange/exchange.h"

#include "base/clock.h"
#include "broker/exchange/exchange_deadline_row.h"

static void put_text(struct buf *out, const char *key, struct bytes text)
{
	pack_put_str(out, key);
	pack_put_text(out, text);
}

static void put_time(struct buf *out, const char *key, int64_t at)
{
	pack_put_str(out, key);
	pack_put_int(out, at);
}

/* ── deadlines ── */

static int64_t soonest(const struct exchange_deadline *deadline)
{
	int64_t due = 0;
	for (size_t i = 0; i < deadline->owing_count; i++)
		if (!due || deadline->owing[i].due < due)
			due = deadline->owing[i].due;
	return due;
}

static void put_owing(const struct exchange_deadline *deadline, struct buf *out)
{
	pack_put_str(out, "owing");
	pack_put_array(out, deadline->owing_count);
	for (size_t i = 0; i < deadline->owing_count; i++) {
		const struct exchange_owing *owing = &deadline->owing[i];
		pack_put_map(out, 3);
		put_text(out, "party", owing->party);
		put_time(out, "due", owing->due);
		pack_put_str(out, "told");
		pack_put_bool(out, owing->is_told);
	}
}

static void put_deadline(const struct exchange_deadline *deadline, int64_t now, struct buf *out)
{
	char id[UUID_TEXT_MAX];
	pack_put_map(out, 6U + (deadline->subject.len > 0 ? 1U : 0U) + (deadline->request_no > 0 ? 1U : 0U));
	put_text(out, "id", bytes_text(uuid_text(deadline->id, id)));
	put_text(out, "type", deadline->type);
	put_text(out, "from", deadline->from);
	put_time(out, "due", soonest(deadline));
	pack_put_str(out, "overdue");
	pack_put_bool(out, soonest(deadline) <= now);
	if (deadline->request_no > 0) {
		pack_put_str(out, "request_no");
		pack_put_int(out, deadline->request_no);
	}
	if (deadline->subject.len) {
		pack_put_str(out, "subject");
		pack_put_raw(out, deadline->subject);
	}
	put_owing(deadline, out);
}

/* The key ends with the message's id, of 'd' and of 'l'. */
static result list_deadline(const void *ctx, struct store *store, struct bytes key, struct bytes value, struct buf *out, struct err *err)
{
	struct exchange_deadline deadline;
	bool found = false;
	(void)value;
	if (key.len != 1 + UUID_LEN)
		return OK;
	exchange_deadline_row_init(&deadline);
	result r = exchange_deadline_row_load(store, key.at + 1, &deadline, &found, err);
	if (!FAILED(r) && found)
		put_deadline(&deadline, *(const int64_t *)ctx, out);
	exchange_deadline_row_done(&deadline);
	return r;
}

result exchange_list_deadlines(struct store *store, bool overdue_only, int64_t now, const struct exchange_listing *listing, struct err *err)
{
	return exchange_row_list(store, STORE_DEADLINES, overdue_only ? 'l' : 'd', listing, list_deadline, &now, err);
}

/* ── counts ── */

result exchange_count(struct store *store, struct exchange_counts *ret, struct err *err)
{
	TRY(store_row_count(store, STORE_DEADLINES, BYTES_LIT("l"), &ret->overdue, err));
	TRY(store_row_count(store, STORE_EXCHANGES, BYTES_LIT("o"), &ret->open, err));
	return store_row_count(store, STORE_SUBSCRIPTIONS, BYTES_LIT("s"), &ret->subscriptions, err);
}
