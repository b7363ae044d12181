#include "broker/route/erase.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/exchange/exchange.h"
#include "broker/record/record.h"
#include "broker/route/alert.h"
#include "broker/route/notify.h"
#include "broker/route/withhold.h"
#include "schemas/erasure.h"
#include "schemas/grant.h"

#include <stdio.h>
#include <string.h>

/* A search in a row: [1, next, last, party, main], under the order's id. */
enum { ERASE_ROW_VERSION = 1, ERASE_PORTION = 512, ERASE_ROW_MAX = STORE_VALUE_MAX, ERASE_ENTRY_MAX = 1 << 20 };

/* Who ordered it, and by which message. */
struct order {
	const uint8_t *id;
	struct bytes party, main;
	struct erasure erasure;
};

static void forget_fresh(struct core *core, int64_t seq)
{
	for (size_t i = 0; i < core->fresh_count; i++)
		if (core->fresh[i].queued.place.seq == seq)
			core->fresh[i].queued.place.recipient = 0; /* nobody's */
}

static result tell_lost(struct core *core, const struct order *order, const struct store_place *place, const char *recipient, struct err *err)
{
	char reason[ERR_REASON_MAX], id[UUID_TEXT_MAX];
	snprintf(reason, sizeof(reason), "its content was erased by order %s before it was received", uuid_text(order->id, id));
	return notify_lost(core, place, recipient, NOTICE_DISCARDED, CODE_UNDELIVERABLE, reason, err);
}

/* Takes a message out of one recipient's queue, or from among its dead letters. was_held: it would have gone there. */
static result take_out(struct core *core, const struct order *order, int64_t seq, bool was_held, const char *recipient, struct err *err)
{
	int64_t number = 0;
	bool found = false, dead = false;
	struct store_queued queued;
	struct store_dead letter;
	TRY(store_party(core->store, recipient, &number, err));
	TRY(store_queued_find(core->store, number, seq, &found, &queued, err));
	if (!found && was_held)
		return tell_lost(core, order, &(struct store_place){.recipient = number, .seq = seq}, recipient, err);
	if (!found)
		return store_exhume(core->store, number, seq, &dead, &letter, err);
	TRY(store_dequeue(core->store, &queued.place, &found, err));
	struct session *session = session_of_party(core, recipient);
	struct flight *flight = session ? session_flight(session, seq) : NULL;
	if (flight)
		session_landed(session, flight);
	return tell_lost(core, order, &queued.place, recipient, err);
}

/* What an interlock holds is let through by nobody any more. */
static result take_held(struct core *core, const uint8_t *id, bool *ret_was_held, struct err *err)
{
	struct buf row;
	buf_init(&row, STORE_VALUE_MAX);
	result r = store_row_get(core->store, STORE_HELD, bytes_of(id, UUID_LEN), &row, ret_was_held, err);
	if (!FAILED(r) && *ret_was_held)
		r = store_row_drop(core->store, STORE_HELD, bytes_of(id, UUID_LEN), err);
	buf_done(&row);
	return r;
}

/* Its recipients stand in the ledger's entry of its acceptance. */
static result take_out_all(struct core *core, const struct order *order, int64_t seq, int64_t number, bool was_held, struct err *err)
{
	struct buf hold;
	struct ledger_entry entry;
	struct bytes to = BYTES_NONE;
	struct err ignored;
	bool found = false;
	buf_init(&hold, ERASE_ENTRY_MAX);
	result r = store_ledger_get(core->store, number, &hold, &found, err);
	if (!FAILED(r) && found)
		r = ledger_entry_decode(buf_bytes(&hold), &entry, err);
	bool lists = !FAILED(r) && found && pack_find(entry.detail, "to", &to);
	struct pack_in in = pack_in(to, &ignored);
	size_t count = lists ? pack_array(&in, "to") : 0;
	for (size_t i = 0; i < count && !in.failed && !FAILED(r); i++) {
		char recipient[STORE_PARTY_MAX];
		pack_array_of(&in, "to", 2);
		struct bytes name = pack_text(&in, "to", sizeof(recipient) - 1);
		pack_value(&in, "to");
		if (in.failed)
			break;
		snprintf(recipient, sizeof(recipient), "%.*s", (int)name.len, (const char *)name.at);
		r = take_out(core, order, seq, was_held, recipient, err);
	}
	buf_done(&hold);
	return r;
}

static result record_erased(struct core *core, const struct order *order, const struct store_message *stored, const struct message *message,
                            struct err *err)
{
	struct buf detail;
	buf_init(&detail, 2048);
	pack_put_map(&detail, 2);
	pack_put_str(&detail, "order");
	pack_put_bin(&detail, bytes_of(order->id, UUID_LEN));
	pack_put_str(&detail, "parts");
	withhold_put_names(message, -1, &detail);
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = LEDGER_ERASED, .id = stored->id, .leaf = stored->leaf, .party = order->party,
	                             .type = message->type, .detail = buf_bytes(&detail)};
	result r = core_record(core, &entry, NULL, err);
	buf_done(&detail);
	return r;
}

/* What a message began lives on in rows: a consent that it granted, what is owed for it, a subscription. */
static result forget_rows(struct core *core, const struct message *message, const struct part *parts, size_t count, struct err *err)
{
	const struct part *main = part_find(parts, count, BYTES_LIT("main"));
	const struct exchange exchange = {.store = core->store, .catalogue = core->snapshot->catalogue};
	TRY(exchange_erase_message(&exchange, message, main ? main->bytes : BYTES_NONE, err));
	return main && bytes_is(message->type, GRANT_TYPE) ? consent_forget(core->store, main->bytes, err) : OK;
}

static result destroy(struct core *core, const struct order *order, const struct store_message *stored, const struct message *message,
                      struct err *err)
{
	struct buf emptied;
	bool was_held = false;
	buf_init(&emptied, core->envelope.max);
	result r = withhold_encode(stored->envelope, -1, &emptied, err);
	if (!FAILED(r))
		r = store_replace(core->store, stored->seq, buf_bytes(&emptied), err);
	buf_done(&emptied);
	TRY(r);
	TRY(record_erased(core, order, stored, message, err));
	forget_fresh(core, stored->seq);
	TRY(take_held(core, stored->id, &was_held, err));
	return take_out_all(core, order, stored->seq, stored->entry, was_held, err);
}

/* One stored message, if the order is about it. */
static result consider(struct core *core, const struct order *order, const struct store_message *stored, struct err *err)
{
	struct envelope envelope;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count = 0;
	TRY(envelope_decode(stored->envelope, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	if (erasure_spares(&message) || !erasure_is_about(&order->erasure, &message))
		return OK;
	TRY(part_decode_all(envelope.parts, parts, &count, err));
	if (count == 0)
		return OK; /* erased before */
	TRY(forget_rows(core, &message, parts, count, err));
	return destroy(core, order, stored, &message, err);
}

static result erase_named(struct core *core, const struct order *order, struct buf *hold, struct err *err)
{
	struct uuid id;
	for (size_t i = 0; erasure_message(&order->erasure, i, &id); i++) {
		struct store_message stored;
		bool found = false;
		TRY(store_find(core->store, id.at, hold, &found, &stored, err));
		if (found)
			TRY(consider(core, order, &stored, err));
	}
	return OK;
}

static result keep_search(struct core *core, const struct order *order, int64_t next, int64_t last, struct err *err)
{
	struct buf row;
	buf_init(&row, ERASE_ROW_MAX);
	pack_put_array(&row, 5);
	pack_put_int(&row, ERASE_ROW_VERSION);
	pack_put_int(&row, next);
	pack_put_int(&row, last);
	pack_put_text(&row, order->party);
	pack_put_raw(&row, order->main);
	result r = buf_check(&row, "/parts/main", err);
	if (!FAILED(r))
		r = store_row_put(core->store, STORE_ERASED, bytes_of(order->id, UUID_LEN), buf_bytes(&row), err);
	buf_done(&row);
	return r;
}

/* Who entered what stands against a person has to know that nothing is held for it any more. */
static result tell_owner(void *ctx, const struct record_seen *seen, struct err *err)
{
	struct core *core = ctx;
	const struct alert alert = {.event = "conflict", .record = seen->map, .code = CODE_OK,
	                            .reason = "by an order to erase the hub has forgotten identifiers of the person: releases are not held for it any more"};
	return alert_send(core, &alert, seen->owner, err);
}

static result forget_persons(struct core *core, const struct order *order, struct err *err)
{
	struct identifier ids[RECORD_IDS_MAX];
	size_t count = identifier_read(order->erasure.ids, ids, RECORD_IDS_MAX, 0);
	TRY(record_erase(core->store, core->snapshot->catalogue, ids, count, tell_owner, core, err));
	return exchange_erase_ids(core->store, ids, count, err);
}

result erase_begin(struct core *core, const struct message *message, int64_t seq, struct bytes main, struct err *err)
{
	struct order order = {.id = message->id, .party = message->from, .main = main};
	struct buf hold;
	erasure_read(main, &order.erasure);
	TRY(core_write(core, err));
	buf_init(&hold, core->hold.max);
	result r = erase_named(core, &order, &hold, err);
	buf_done(&hold);
	TRY(r);
	TRY(forget_persons(core, &order, err));
	if (!erasure_searches(&order.erasure))
		return OK;
	core->may_erase = true;
	return keep_search(core, &order, 1, seq - 1, err);
}

struct search {
	struct buf row, hold;
	uint8_t id[UUID_LEN];
	struct order order;
	int64_t next, last;
};

static result read_search(struct core *core, struct search *search, bool *ret_found, struct err *err)
{
	struct bytes key, value;
	struct err why;
	TRY(store_row_next(core->store, STORE_ERASED, BYTES_NONE, BYTES_NONE, &search->row, ret_found, &key, &value, err));
	if (!*ret_found)
		return OK;
	struct pack_in in = pack_in(value, &why);
	pack_array_of(&in, "", 5);
	pack_int(&in, "version", ERASE_ROW_VERSION, ERASE_ROW_VERSION);
	search->next = pack_int(&in, "next", 1, INT64_MAX);
	search->last = pack_int(&in, "last", 0, INT64_MAX);
	search->order.party = pack_text(&in, "party", STORE_PARTY_MAX);
	search->order.main = pack_value(&in, "main");
	if (FAILED(pack_end(&in)) || key.len != UUID_LEN)
		return err_set(err, CODE_CORRUPT, "erased", "the row of an order to erase is damaged");
	erasure_read(search->order.main, &search->order.erasure);
	memcpy(search->id, key.at, UUID_LEN);
	search->order.id = search->id;
	return OK;
}

static result search_portion(struct core *core, struct search *search, struct err *err)
{
	int64_t end = search->next + ERASE_PORTION;
	for (; search->next < end && search->next <= search->last; search->next++) {
		struct store_message stored;
		bool found = false;
		TRY(store_get(core->store, search->next, &search->hold, &found, &stored, err));
		if (found)
			TRY(consider(core, &search->order, &stored, err));
	}
	if (search->next <= search->last)
		return keep_search(core, &search->order, search->next, search->last, err);
	return store_row_drop(core->store, STORE_ERASED, bytes_of(search->id, UUID_LEN), err);
}

result erase_turn(struct core *core, struct err *err)
{
	struct search *search;
	bool found = false;
	if (!core->may_erase)
		return OK;
	search = mem_alloc(sizeof(*search));
	buf_init(&search->row, ERASE_ROW_MAX + STORE_KEY_MAX);
	buf_init(&search->hold, core->hold.max);
	result r = read_search(core, search, &found, err);
	if (!FAILED(r) && found)
		r = core_write(core, err);
	if (!FAILED(r) && found)
		r = search_portion(core, search, err);
	if (!FAILED(r))
		core->may_erase = found;
	buf_done(&search->row);
	buf_done(&search->hold);
	mem_free(search);
	return r;
}

int64_t erase_wait_ms(const struct core *core, int64_t most)
{
	return core->may_erase ? 0 : most;
}
