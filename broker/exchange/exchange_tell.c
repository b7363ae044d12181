#include "broker/exchange/exchange_tell.h"

#include "base/clock.h"
#include "broker/exchange/exchange_party.h"
#include "schemas/words.h"

enum { PRIORITY = 9, MAIN_MAX = 8192, NAMED_MAX = 3, REASON_MAX = 300 };

static void put_time(struct buf *out, const char *key, int64_t at)
{
	char text[CLOCK_TEXT_MAX];
	pack_put_str(out, key);
	pack_put_str(out, clock_text(at, text));
}

static void put_reason(const struct exchange_overdue *overdue, struct buf *out)
{
	char due[CLOCK_TEXT_MAX];
	struct buf words;
	buf_init(&words, MAIN_MAX);
	if (overdue->request_no)
		buf_printf(&words, "request %lld was to be answered by %s", (long long)overdue->request_no,
		           clock_text(overdue->due, due));
	else
		buf_printf(&words, "an answer was due by %s", clock_text(overdue->due, due));
	for (size_t i = 0; i < overdue->owing_count && i < NAMED_MAX; i++) {
		buf_add_text(&words, i ? ", " : "; it is owed by ");
		buf_add(&words, overdue->owing[i]);
	}
	if (overdue->owing_count > NAMED_MAX)
		buf_printf(&words, " and %zu more", overdue->owing_count - NAMED_MAX);
	if (words.len > REASON_MAX)
		words.len = REASON_MAX;
	buf_add_byte(&words, 0);
	words_put(out, (const char *)words.at, words.len);
	buf_done(&words);
}

/* party: who owes it, if that is one; empty: the reason names several. */
static void put_alert(const struct exchange_overdue *overdue, const char *event, struct bytes party, struct buf *out)
{
	char of[UUID_TEXT_MAX];
	pack_put_map(out, party.len ? 8 : 7);
	pack_put_str(out, "event");
	pack_put_str(out, event);
	pack_put_str(out, "of");
	pack_put_str(out, uuid_text(overdue->id, of));
	pack_put_str(out, "type");
	pack_put_text(out, overdue->type);
	put_time(out, "due", overdue->due);
	if (party.len) {
		pack_put_str(out, "party");
		pack_put_text(out, party);
	}
	pack_put_str(out, "code");
	pack_put_str(out, code_text(CODE_TIMEOUT));
	pack_put_str(out, "reason");
	put_reason(overdue, out);
	put_time(out, "at", overdue->at);
}

static result tell(const struct exchange *exchange, const struct exchange_overdue *overdue, const char *event, const char *to,
                   struct bytes party, struct err *err)
{
	struct buf main;
	buf_init(&main, MAIN_MAX);
	put_alert(overdue, event, party, &main);
	result r = buf_check(&main, "/parts/main", err);
	if (!FAILED(r))
		r = exchange->host.say(exchange->host.ctx, to, EXCHANGE_ALERT_TYPE, buf_bytes(&main), overdue->id,
		                       overdue->thread, overdue->subject, PRIORITY, err);
	buf_done(&main);
	return r;
}

static result tell_all(const struct exchange *exchange, const struct exchange_overdue *overdue, const char *event,
                       const struct exchange_party_list *list, size_t first, struct err *err)
{
	struct bytes party = overdue->owing_count == 1 ? overdue->owing[0] : BYTES_NONE;
	for (size_t i = first; i < list->count; i++)
		TRY(tell(exchange, overdue, event, list->at[i], party, err));
	return OK;
}

/* The originator stands first in the list if it is still there, then those who owe. */
static result tell_sides(const struct exchange *exchange, const struct exchange_overdue *overdue,
                         const struct exchange_party_list *sides, struct err *err)
{
	struct bytes party = overdue->owing_count == 1 ? overdue->owing[0] : BYTES_NONE;
	for (size_t i = 0; i < sides->count; i++) {
		struct bytes name = bytes_text(sides->at[i]);
		TRY(tell(exchange, overdue, "overdue", sides->at[i], bytes_equal(name, overdue->from) ? party : name, err));
	}
	return OK;
}

result exchange_tell_overdue(const struct exchange *exchange, const struct exchange_overdue *overdue, struct err *err)
{
	struct exchange_party_list list = {.at = NULL};
	bool is_last = overdue->request_no >= EXCHANGE_TELL_LAST_REQUEST;
	exchange_party_list_add(&list, exchange->settings, overdue->from);
	for (size_t i = 0; i < overdue->owing_count; i++)
		exchange_party_list_add(&list, exchange->settings, overdue->owing[i]);
	result r = tell_sides(exchange, overdue, &list, err);
	/* Who is a side of a last request and a control terminal too hears both; of any other it has heard all. */
	struct exchange_party_list above = {.at = NULL};
	size_t first = 0;
	if (!is_last) {
		above = list;
		first = list.count;
	}
	exchange_party_list_supervisors(&above, exchange->settings, overdue->from);
	for (size_t i = 0; i < overdue->owing_count; i++)
		exchange_party_list_supervisors(&above, exchange->settings, overdue->owing[i]);
	if (is_last)
		exchange_party_list_role(&above, exchange->settings, EXCHANGE_CONTROL_ROLE);
	if (!FAILED(r))
		r = tell_all(exchange, overdue, is_last ? "escalated" : "overdue", &above, first, err);
	if (is_last)
		exchange_party_list_done(&list);
	exchange_party_list_done(&above);
	return r;
}
