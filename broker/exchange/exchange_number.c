#include "broker/exchange/exchange_number.h"

#include "broker/exchange/exchange_deadline.h"
#include "broker/exchange/exchange_row.h"

#include <string.h>

/* A row: [until, number, id of the last request] under 'q', sender, nic, and the conversation ('t') or the case number ('o'). */
enum { ROW_FIELDS = 3, ROW_MAX = 128, NUMBER_MAX = 1000 };

/* The last request that was made. */
struct last {
	bool found;
	int64_t number;
	uint8_t id[UUID_LEN];
};

static struct bytes text_at(struct bytes main, const char *pointer)
{
	struct bytes value, text;
	return pack_pointer(main, pointer, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

static int64_t number_of(const struct exchange_message *message)
{
	struct bytes value;
	int64_t number = 0;
	return pack_pointer(message->main, "/request_no", &value) && pack_as_int(value, &number) && number > 0 &&
	               number < NUMBER_MAX
	           ? number
	           : 0;
}

static struct exchange_key key_of(const struct exchange_message *message, char kind, struct bytes which)
{
	struct exchange_key key = exchange_row_key('q');
	exchange_row_key_text(&key, message->message->from);
	exchange_row_key_text(&key, text_at(message->main, "/nic"));
	exchange_row_key_raw(&key, bytes_of(&kind, 1));
	exchange_row_key_raw(&key, bytes_of(which.at, which.len < EXCHANGE_ROW_NAME_MAX ? which.len : EXCHANGE_ROW_NAME_MAX));
	return key;
}

static struct exchange_key key_by_thread(const struct exchange_message *message)
{
	return key_of(message, 't', bytes_of(message_thread(message->message), UUID_LEN));
}

static result find(struct store *store, const struct exchange_key *key, struct last *ret, struct err *err)
{
	struct buf hold;
	struct err why;
	buf_init(&hold, ROW_MAX);
	result r = store_row_get(store, STORE_DEADLINES, exchange_row_key_bytes(key), &hold, &ret->found, err);
	if (!FAILED(r) && ret->found) {
		struct pack_in in = pack_in(buf_bytes(&hold), &why);
		pack_array_of(&in, "", ROW_FIELDS);
		pack_int(&in, "until", INT64_MIN, INT64_MAX);
		ret->number = pack_int(&in, "number", 1, NUMBER_MAX);
		const uint8_t *id = pack_bin_of(&in, "id", UUID_LEN);
		if (FAILED(pack_end(&in)))
			r = exchange_row_damaged(&why, "a numbered request", err);
		else
			memcpy(ret->id, id, UUID_LEN);
	}
	buf_done(&hold);
	return r;
}

/* The conversation tells two questions about the same record apart; only without it does the case number say which is meant. */
static result find_last(const struct exchange *exchange, const struct exchange_message *message, struct last *ret,
                        struct err *err)
{
	struct bytes oca = text_at(message->main, "/oca");
	struct exchange_key key = key_by_thread(message);
	TRY(find(exchange->store, &key, ret, err));
	if (ret->found || !oca.len)
		return OK;
	key = key_of(message, 'o', oca);
	return find(exchange->store, &key, ret, err);
}

result exchange_number_judge(const struct exchange *exchange, const struct exchange_message *message, struct err *err)
{
	struct last last = {.found = false};
	int64_t number = number_of(message);
	if (number < 2)
		return OK;
	TRY(find_last(exchange, message, &last, err));
	if (!last.found)
		return err_set(err, CODE_LIFECYCLE, "/parts/main/request_no",
		               "request %lld without request 1: none was made about this record; begin with 1",
		               (long long)number);
	if (last.number < number - 1)
		return err_set(err, CODE_LIFECYCLE, "/parts/main/request_no",
		               "request %lld without request %lld: the last one was request %lld", (long long)number,
		               (long long)number - 1, (long long)last.number);
	return OK;
}

static result keep(const struct exchange *exchange, const struct exchange_message *message, const struct exchange_key *key,
                   struct err *err)
{
	struct buf row;
	int64_t until = message->now + EXCHANGE_KEPT_DAYS * EXCHANGE_DAY_MS;
	buf_init(&row, ROW_MAX);
	pack_put_array(&row, ROW_FIELDS);
	pack_put_int(&row, until);
	pack_put_int(&row, number_of(message));
	pack_put_bin(&row, bytes_of(message->message->id, UUID_LEN));
	result r = exchange_deadline_keep(exchange->store, exchange_row_key_bytes(key), buf_bytes(&row), until, err);
	buf_done(&row);
	return r;
}

result exchange_number_accept(const struct exchange *exchange, const struct exchange_message *message, struct err *err)
{
	struct last last = {.found = false};
	struct bytes oca = text_at(message->main, "/oca");
	struct exchange_key key = key_by_thread(message);
	int64_t number = number_of(message);
	if (!number)
		return OK;
	if (number > 1)
		TRY(find_last(exchange, message, &last, err));
	TRY(keep(exchange, message, &key, err));
	if (oca.len) {
		key = key_of(message, 'o', oca);
		TRY(keep(exchange, message, &key, err));
	}
	return last.found ? exchange_deadline_replace(exchange, last.id, message->message->id, message->now, err) : OK;
}
