#include "broker/exchange/exchange.h"

#include "broker/exchange/exchange_deadline.h"
#include "broker/exchange/exchange_gather.h"
#include "broker/exchange/exchange_number.h"
#include "broker/exchange/exchange_row.h"
#include "broker/exchange/exchange_subscription.h"

size_t exchange_ids(const struct message *message, struct bytes main, struct identifier *ret, size_t max)
{
	static const char *const places[] = {"/person/ids", "/ids"};
	struct bytes map;
	size_t count = 0;
	count = identifier_read(message->subject, ret, max, count);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (pack_pointer(main, places[i], &map))
			count = identifier_read(map, ret, max, count);
	return count;
}

result exchange_judge(const struct exchange *exchange, const struct exchange_message *message, struct err *err)
{
	TRY(exchange_number_judge(exchange, message, err));
	return exchange_subscription_judge(exchange, message, err);
}

/* What it answers comes first: a message may end a deadline and begin the next of the same kind. */
result exchange_accept(const struct exchange *exchange, const struct exchange_message *message, struct err *err)
{
	TRY(exchange_judge(exchange, message, err));
	TRY(exchange_deadline_meet(exchange, message, err));
	TRY(exchange_gather_note(exchange, message, err));
	TRY(exchange_number_accept(exchange, message, err));
	int64_t due = message->recipients_count ? exchange_deadline_of(exchange, message) : 0;
	TRY(exchange_deadline_begin(exchange, message, due, err));
	TRY(exchange_gather_open(exchange, message, due, err));
	return exchange_subscription_accept(exchange, message, err);
}

result exchange_run(const struct exchange *exchange, int64_t now, size_t max, struct err *err)
{
	static result (*const rules[])(const struct exchange *, int64_t, bool *,
	                               struct err *) = {exchange_gather_run, exchange_deadline_run, exchange_subscription_run};
	for (size_t rule = 0; rule < sizeof(rules) / sizeof(*rules); rule++)
		for (bool done = true; done && max;) {
			TRY(rules[rule](exchange, now, &done, err));
			max -= done;
		}
	return OK;
}

result exchange_next(struct store *store, int64_t *ret_at, struct err *err)
{
	static const enum store_space spaces[] = {STORE_DEADLINES, STORE_EXCHANGES, STORE_SUBSCRIPTIONS};
	*ret_at = 0;
	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
		int64_t at = 0;
		TRY(exchange_row_first(store, spaces[i], &at, NULL, err));
		if (at && (!*ret_at || at < *ret_at))
			*ret_at = at;
	}
	return OK;
}

result exchange_erase_message(const struct exchange *exchange, const struct message *message, struct bytes main, struct err *err)
{
	const struct catalogue_type *type = catalogue_find(exchange->catalogue, message->type);
	TRY(exchange_deadline_erase(exchange->store, message->id, err));
	TRY(exchange_gather_erase(exchange->store, message->id, err));
	return type && type->hub == CATALOGUE_HUB_SUBSCRIBE ? exchange_subscription_erase(exchange->store, message->from, main, err) : OK;
}

result exchange_erase_ids(struct store *store, const struct identifier *ids, size_t ids_count, struct err *err)
{
	for (size_t i = 0; i < ids_count; i++) {
		TRY(exchange_deadline_erase_id(store, &ids[i], err));
		TRY(exchange_subscription_erase_id(store, &ids[i], err));
	}
	return OK;
}
