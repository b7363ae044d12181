#include "broker/exchange/exchange_subscription.h"

#include "base/mem.h"
#include "base/text.h"
#include "broker/exchange/exchange_row.h"

#include <stdio.h>
#include <string.h>

/* A row: [1, party, from, until, ids, topics] under 's' and its id; and for each identifier and topic [party, from, until] under
 * 'i', the identifier, the topic and its id. It waits under its id for its end. */
enum { ROW_FIELDS = 6, ROW_MAX = 16384, INDEX_MAX = 256, TOPICS_MAX = 16 };

struct subscription {
	struct bytes id, party, ids, topics; /* ids and topics as they were packed */
	int64_t from, until;
	struct buf hold;
};

static void subscription_init(struct subscription *subscription)
{
	*subscription = (struct subscription){.from = 0};
	buf_init(&subscription->hold, ROW_MAX);
}

static void subscription_done(struct subscription *subscription)
{
	buf_done(&subscription->hold);
}

static struct bytes text_of(struct bytes map, const char *key)
{
	struct bytes value, text;
	return pack_find(map, key, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

/* ── rows ── */

static struct exchange_key name_of(struct bytes id)
{
	struct exchange_key key = exchange_row_key('s');
	exchange_row_key_text(&key, id);
	return key;
}

static struct exchange_key index_of(const struct identifier *id, struct bytes topic)
{
	struct exchange_key key = exchange_row_key('i');
	exchange_row_key_id(&key, id);
	exchange_row_key_text(&key, topic);
	return key;
}

static result load(struct store *store, struct bytes id, struct subscription *ret, bool *ret_found, struct err *err)
{
	struct exchange_key key = name_of(id);
	struct err why;
	TRY(store_row_get(store, STORE_SUBSCRIPTIONS, exchange_row_key_bytes(&key), &ret->hold, ret_found, err));
	if (!*ret_found)
		return OK;
	struct pack_in in = pack_in_scanned(buf_bytes(&ret->hold), &why);
	pack_array_of(&in, "", ROW_FIELDS);
	pack_int(&in, "version", EXCHANGE_ROW_VERSION, EXCHANGE_ROW_VERSION);
	ret->id = id;
	ret->party = pack_text(&in, "party", STORE_PARTY_MAX);
	ret->from = pack_int(&in, "from", INT64_MIN, INT64_MAX);
	ret->until = pack_int(&in, "until", INT64_MIN, INT64_MAX);
	ret->ids = pack_value(&in, "ids");
	ret->topics = pack_value(&in, "topics");
	return FAILED(pack_end(&in)) ? exchange_row_damaged(&why, "a subscription", err) : OK;
}

static result index_row(struct store *store, const struct subscription *subscription, const struct identifier *id,
                        struct bytes topic, bool present, struct err *err)
{
	struct exchange_key key = index_of(id, topic);
	struct buf row;
	exchange_row_key_raw(&key,
	                     bytes_of(subscription->id.at, subscription->id.len < EXCHANGE_ROW_NAME_MAX ? subscription->id.len
	                                                                                                : EXCHANGE_ROW_NAME_MAX));
	if (!present)
		return exchange_row_unmark(store, STORE_SUBSCRIPTIONS, &key, err);
	buf_init(&row, INDEX_MAX);
	pack_put_array(&row, 3);
	pack_put_text(&row, subscription->party);
	pack_put_int(&row, subscription->from);
	pack_put_int(&row, subscription->until);
	result r = store_row_put(store, STORE_SUBSCRIPTIONS, exchange_row_key_bytes(&key), buf_bytes(&row), err);
	buf_done(&row);
	return r;
}

static result index_all(struct store *store, const struct subscription *subscription, bool present, struct err *err)
{
	struct identifier ids[EXCHANGE_IDS_MAX];
	size_t ids_count = 0;
	struct err why;
	ids_count = identifier_read(subscription->ids, ids, EXCHANGE_IDS_MAX, 0);
	struct pack_in in = pack_in(subscription->topics, &why);
	size_t topics_count = pack_array(&in, "topics");
	for (size_t t = 0; t < topics_count && t < TOPICS_MAX; t++) {
		struct bytes topic = pack_text(&in, "topic", EXCHANGE_ROW_NAME_MAX);
		for (size_t i = 0; !in.failed && i < ids_count; i++)
			TRY(index_row(store, subscription, &ids[i], topic, present, err));
	}
	return OK;
}

static result write(struct store *store, const struct subscription *subscription, struct err *err)
{
	struct exchange_key key = name_of(subscription->id);
	struct buf row;
	TRY(index_all(store, subscription, true, err));
	TRY(exchange_row_wake(store, STORE_SUBSCRIPTIONS, 0, subscription->until + 1, exchange_row_key_bytes(&key), err));
	buf_init(&row, ROW_MAX);
	pack_put_array(&row, ROW_FIELDS);
	pack_put_int(&row, EXCHANGE_ROW_VERSION);
	pack_put_text(&row, subscription->party);
	pack_put_int(&row, subscription->from);
	pack_put_int(&row, subscription->until);
	pack_put_raw(&row, subscription->ids);
	pack_put_raw(&row, subscription->topics);
	result r = buf_check(&row, "/parts/main", err);
	if (!FAILED(r))
		r = store_row_put(store, STORE_SUBSCRIPTIONS, exchange_row_key_bytes(&key), buf_bytes(&row), err);
	buf_done(&row);
	return r;
}

static result drop(struct store *store, const struct subscription *subscription, struct err *err)
{
	struct exchange_key key = name_of(subscription->id);
	TRY(index_all(store, subscription, false, err));
	TRY(exchange_row_wake(store, STORE_SUBSCRIPTIONS, subscription->until + 1, 0, exchange_row_key_bytes(&key), err));
	return exchange_row_unmark(store, STORE_SUBSCRIPTIONS, &key, err);
}

/* ── judging ── */

static result read_instant(const struct exchange *exchange, const struct exchange_message *message, const char *key, bool is_end,
                           int64_t *ret, struct err *err)
{
	struct bytes text = text_of(message->main, key);
	char field[ERR_FIELD_MAX];
	snprintf(field, sizeof(field), "/parts/main/%s", key);
	if (!text.len || FAILED(calendar_read(exchange->calendar, text, is_end, ret, NULL)))
		return err_set(err, CODE_SCHEMA, field, "a date is wanted");
	return OK;
}

static result read_until(const struct exchange *exchange, const struct exchange_message *message, int64_t *ret, struct err *err)
{
	TRY(read_instant(exchange, message, "until", true, ret, err));
	if (*ret < message->now)
		return err_set(err, CODE_SCHEMA, "/parts/main/until", "the day is past");
	if (*ret > message->now + (EXCHANGE_SUBSCRIPTION_DAYS_MAX + 1) * EXCHANGE_DAY_MS)
		return err_set(err, CODE_SCHEMA, "/parts/main/until",
		               "at most %d days ahead; renew the subscription when they are over",
		               EXCHANGE_SUBSCRIPTION_DAYS_MAX);
	return OK;
}

/* What a subscription would be; its views are the message's. */
static result read_new(const struct exchange *exchange, const struct exchange_message *message, struct subscription *ret,
                       struct err *err)
{
	struct identifier ids[EXCHANGE_IDS_MAX];
	size_t ids_count = 0;
	ret->party = message->message->from;
	ret->from = message->now;
	TRY(read_until(exchange, message, &ret->until, err));
	if (text_of(message->main, "from").len)
		TRY(read_instant(exchange, message, "from", false, &ret->from, err));
	if (ret->from > ret->until)
		return err_set(err, CODE_SCHEMA, "/parts/main/from", "it would begin after its end");
	if (pack_find(message->main, "ids", &ret->ids))
		ids_count = identifier_read(ret->ids, ids, EXCHANGE_IDS_MAX, 0);
	if (!ids_count)
		return err_set(err, CODE_SCHEMA, "/parts/main/ids",
		               "an identifier of a person is wanted: doc_number, sid, ucn, ssn, or oln with ols");
	if (!pack_find(message->main, "topics", &ret->topics))
		return err_set(err, CODE_SCHEMA, "/parts/main/topics", "it is missing");
	return OK;
}

static result judge_new(const struct exchange *exchange, const struct exchange_message *message, const struct subscription *known,
                        struct err *err)
{
	struct subscription wanted = {.from = 0};
	if (known && !bytes_equal(known->party, message->message->from))
		return err_set(err, CODE_DUPLICATE_CONFLICT, "/parts/main/subscription_id",
		               "another party has a subscription of that id; choose another");
	return read_new(exchange, message, &wanted, err);
}

static result judge_known(const struct exchange *exchange, const struct exchange_message *message,
                          const struct subscription *known, struct bytes id, struct err *err)
{
	char shown[EXCHANGE_ROW_NAME_MAX + 8];
	int64_t until;
	if (!known)
		return err_set(err, CODE_NOT_FOUND, "/parts/main/subscription_id", "there is no subscription %s",
		               text_safe(id, shown, sizeof(shown)));
	if (!bytes_equal(known->party, message->message->from))
		return err_set(err, CODE_AUTHORITY, "/from", "the subscription is another party's");
	return message->type->hub == CATALOGUE_HUB_RENEW ? read_until(exchange, message, &until, err) : OK;
}

/* known NULL: there is none, or it is over. */
static result judge(const struct exchange *exchange, const struct exchange_message *message, struct bytes id,
                    const struct subscription *known, struct err *err)
{
	if (!id.len || id.len > EXCHANGE_ROW_NAME_MAX)
		return err_set(err, CODE_SCHEMA, "/parts/main/subscription_id", "a text of 1 to %d bytes is wanted",
		               EXCHANGE_ROW_NAME_MAX);
	return message->type->hub == CATALOGUE_HUB_SUBSCRIBE ? judge_new(exchange, message, known, err)
	                                                     : judge_known(exchange, message, known, id, err);
}

static bool is_ours(const struct exchange_message *message)
{
	enum catalogue_hub hub = message->type->hub;
	return hub == CATALOGUE_HUB_SUBSCRIBE || hub == CATALOGUE_HUB_RENEW || hub == CATALOGUE_HUB_UNSUBSCRIBE;
}

/* ── doing ── */

static result renew(const struct exchange *exchange, const struct exchange_message *message, struct subscription *known,
                    struct err *err)
{
	TRY(drop(exchange->store, known, err));
	TRY(read_until(exchange, message, &known->until, err));
	return write(exchange->store, known, err);
}

static result subscribe(const struct exchange *exchange, const struct exchange_message *message, struct bytes id, struct err *err)
{
	struct subscription wanted = {.id = id};
	TRY(read_new(exchange, message, &wanted, err));
	return write(exchange->store, &wanted, err);
}

static result act(const struct exchange *exchange, const struct exchange_message *message, struct bytes id,
                  struct subscription *known, bool found, struct err *err)
{
	if (found && message->type->hub == CATALOGUE_HUB_RENEW)
		return renew(exchange, message, known, err);
	if (found)
		TRY(drop(exchange->store, known, err));
	return message->type->hub == CATALOGUE_HUB_SUBSCRIBE ? subscribe(exchange, message, id, err) : OK;
}

static result look_and(const struct exchange *exchange, const struct exchange_message *message, bool acts,
                       struct subscription *known, struct err *err)
{
	struct bytes id = text_of(message->main, "subscription_id");
	bool found = false;
	if (id.len)
		TRY(load(exchange->store, id, known, &found, err));
	TRY(judge(exchange, message, id, found && known->until >= message->now ? known : NULL, err));
	return acts ? act(exchange, message, id, known, found, err) : OK;
}

static result look(const struct exchange *exchange, const struct exchange_message *message, bool acts, struct err *err)
{
	struct subscription known;
	if (!is_ours(message))
		return OK;
	subscription_init(&known);
	result r = look_and(exchange, message, acts, &known, err);
	subscription_done(&known);
	return r;
}

result exchange_subscription_judge(const struct exchange *exchange, const struct exchange_message *message, struct err *err)
{
	return look(exchange, message, false, err);
}

result exchange_subscription_accept(const struct exchange *exchange, const struct exchange_message *message, struct err *err)
{
	return look(exchange, message, true, err);
}

/* ── who is told ── */

struct search {
	exchange_subscriber_fn fn;
	void *ctx;
	int64_t now;
	char **told; /* owned names */
	size_t count;
};

static void offer(struct search *search, struct bytes row)
{
	struct err why;
	struct pack_in in = pack_in(row, &why);
	pack_array_of(&in, "", 3);
	struct bytes party = pack_text(&in, "party", STORE_PARTY_MAX);
	int64_t from = pack_int(&in, "from", INT64_MIN, INT64_MAX), until = pack_int(&in, "until", INT64_MIN, INT64_MAX);
	if (in.failed || search->now < from || search->now > until || search->count >= EXCHANGE_SUBSCRIBERS_MAX)
		return;
	for (size_t i = 0; i < search->count; i++)
		if (bytes_is(party, search->told[i]))
			return;
	search->told = mem_grow(search->told, search->count + 1, sizeof(*search->told));
	search->told[search->count] = bytes_dup_text(party);
	search->fn(search->ctx, search->told[search->count++]);
}

static result search_prefix(struct store *store, const struct exchange_key *prefix, struct search *search, struct err *err)
{
	struct exchange_key after = {.len = 0};
	struct buf hold;
	bool found = true;
	result r = OK;
	buf_init(&hold, STORE_KEY_MAX + STORE_VALUE_MAX); /* the row behind the last one is read too */
	while (!FAILED(r) && found) {
		struct bytes key, row;
		r = store_row_next(store, STORE_SUBSCRIPTIONS, exchange_row_key_bytes(prefix), exchange_row_key_bytes(&after),
		                   &hold, &found, &key, &row, err);
		if (FAILED(r) || !found)
			break;
		offer(search, row);
		after.len = 0;
		exchange_row_key_raw(&after, key);
	}
	buf_done(&hold);
	return r;
}

result exchange_subscribers(struct store *store, const char *topic, const struct identifier *ids, size_t ids_count, int64_t now,
                            exchange_subscriber_fn fn, void *ctx, struct err *err)
{
	struct search search = {.fn = fn, .ctx = ctx, .now = now};
	result r = OK;
	for (size_t i = 0; !FAILED(r) && topic && i < ids_count; i++) {
		struct exchange_key prefix = index_of(&ids[i], bytes_text(topic));
		r = search_prefix(store, &prefix, &search, err);
	}
	for (size_t i = 0; i < search.count; i++)
		mem_free(search.told[i]);
	mem_free(search.told);
	return r;
}

/* ── for people ── */

static result list_one(const void *ctx, struct store *store, struct bytes key, struct bytes value, struct buf *out, struct err *err)
{
	struct subscription known;
	bool found = false;
	(void)ctx;
	(void)value;
	if (key.len < 3)
		return OK;
	subscription_init(&known);
	result r = load(store, bytes_of(key.at + 1, key.len - 2), &known, &found, err);
	if (!FAILED(r) && found) {
		pack_put_map(out, 6);
		pack_put_str(out, "subscription_id");
		pack_put_text(out, known.id);
		pack_put_str(out, "party");
		pack_put_text(out, known.party);
		pack_put_str(out, "from");
		pack_put_int(out, known.from);
		pack_put_str(out, "until");
		pack_put_int(out, known.until);
		pack_put_str(out, "topics");
		pack_put_raw(out, known.topics);
		pack_put_str(out, "ids");
		pack_put_raw(out, known.ids);
	}
	subscription_done(&known);
	return r;
}

result exchange_list_subscriptions(struct store *store, const struct exchange_listing *listing, struct err *err)
{
	return exchange_row_list(store, STORE_SUBSCRIPTIONS, 's', listing, list_one, NULL, err);
}

/* ── what is over ── */

static result end(struct store *store, const struct exchange_key *name, int64_t now, struct subscription *known, struct err *err)
{
	bool found = false;
	if (name->len < 2 || name->at[0] != 's')
		return OK;
	TRY(load(store, bytes_of(name->at + 1, name->len - 2), known, &found, err));
	return found && known->until < now ? drop(store, known, err) : OK;
}

result exchange_subscription_run(const struct exchange *exchange, int64_t now, bool *ret_done, struct err *err)
{
	struct subscription known;
	struct exchange_key name;
	int64_t at = 0;
	TRY(exchange_row_first(exchange->store, STORE_SUBSCRIPTIONS, &at, &name, err));
	*ret_done = at && at <= now;
	if (!*ret_done)
		return OK;
	TRY(exchange_row_wake(exchange->store, STORE_SUBSCRIPTIONS, at, 0, exchange_row_key_bytes(&name), err));
	subscription_init(&known);
	result r = end(exchange->store, &name, now, &known, err);
	subscription_done(&known);
	return r;
}

/* ── erasing ── */

result exchange_subscription_erase(struct store *store, struct bytes party, struct bytes main, struct err *err)
{
	struct bytes id = text_of(main, "subscription_id");
	struct subscription known;
	bool found = false;
	if (!id.len)
		return OK;
	subscription_init(&known);
	result r = load(store, id, &known, &found, err);
	if (!FAILED(r) && found && bytes_equal(known.party, party))
		r = drop(store, &known, err);
	subscription_done(&known);
	return r;
}

static result erase_id_in(struct store *store, struct bytes name, const struct identifier *id, struct subscription *known, struct err *err)
{
	struct identifier ids[EXCHANGE_IDS_MAX];
	struct buf left;
	bool found = false;
	buf_init(&left, ROW_MAX);
	result r = load(store, name, known, &found, err);
	if (!FAILED(r) && found)
		r = drop(store, known, err);
	if (!FAILED(r) && found) {
		exchange_row_without(known->ids, id->kind, &left);
		known->ids = buf_bytes(&left);
		if (identifier_read(known->ids, ids, EXCHANGE_IDS_MAX, 0) > 0)
			r = write(store, known, err);
	}
	buf_done(&left);
	return r;
}

/* The key: 'i', the identifier, a topic and a NUL, the subscription's id. */
result exchange_subscription_erase_id(struct store *store, const struct identifier *id, struct err *err)
{
	struct exchange_key prefix = exchange_row_key('i'), key = {.len = 0};
	bool found = true;
	exchange_row_key_id(&prefix, id);
	while (found) {
		struct subscription known;
		TRY(exchange_row_walk(store, STORE_SUBSCRIPTIONS, &prefix, &key, &found, err));
		const uint8_t *nul = found ? memchr(key.at + prefix.len, 0, key.len - prefix.len) : NULL;
		if (!nul)
			continue;
		subscription_init(&known);
		result r = erase_id_in(store, bytes_of(nul + 1, (size_t)(key.at + key.len - nul - 1)), id, &known, err);
		subscription_done(&known);
		TRY(r);
	}
	return OK;
}
