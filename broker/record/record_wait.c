#include "broker/record/record_wait.h"

#include "base/mem.h"
#include "broker/record/record_fold.h"

#include <string.h>

enum { ROW_VERSION = 1, ROW_FIELDS = 5, AT_LEN = 8 };

static struct record_row_key prefix_of(struct bytes lifecycle, const struct record_key *name)
{
	struct record_row_key key = {.len = 0};
	record_row_key_add(&key, BYTES_LIT("w"));
	record_row_key_text(&key, lifecycle);
	record_row_key_text(&key, bytes_text(name->key->name));
	record_row_key_text(&key, name->value);
	return key;
}

static void put_row(const struct record_key *keys, size_t keys_count, const struct record_event *event, struct buf *out)
{
	pack_put_array(out, ROW_FIELDS);
	pack_put_int(out, ROW_VERSION);
	pack_put_array(out, keys_count);
	for (size_t i = 0; i < keys_count; i++) {
		pack_put_array(out, 2);
		pack_put_str(out, keys[i].key->name);
		pack_put_text(out, keys[i].value);
	}
	pack_put_text(out, event->type);
	pack_put_text(out, event->from);
	pack_put_raw(out, event->moves);
}

result record_wait_put(struct store *store, const char *lifecycle, const struct record_key *keys, size_t keys_count,
                       const struct record_event *event, struct err *err)
{
	struct buf row;
	buf_init(&row, STORE_VALUE_MAX);
	put_row(keys, keys_count, event, &row);
	result r = buf_check(&row, "record", err);
	for (size_t i = 0; i < keys_count && !FAILED(r); i++) {
		struct record_row_key key = prefix_of(bytes_text(lifecycle), &keys[i]);
		record_row_key_number(&key, event->at);
		record_row_key_add(&key, event->id);
		r = store_row_put(store, STORE_RECORDS, record_row_key_view(&key), buf_bytes(&row), err);
	}
	buf_done(&row);
	return r;
}

/* Rows as they were found: [length of the key][key][row], in the record's own memory, because its steps are views. */
struct waiting {
	size_t at[RECORD_WAITS_MAX], key_len[RECORD_WAITS_MAX], len[RECORD_WAITS_MAX];
	size_t count;
};

static result gather(struct store *store, struct record *record, const struct record_row_key *prefix, int64_t since, struct waiting *waiting,
                     struct err *err)
{
	struct record_row_key after = *prefix;
	struct bytes key, value;
	struct buf hold;
	bool found = true;
	result r = OK;
	record_row_key_number(&after, since);
	buf_init(&hold, STORE_KEY_MAX + STORE_VALUE_MAX);
	while (waiting->count < RECORD_WAITS_MAX) {
		r = store_row_next(store, STORE_RECORDS, record_row_key_view(prefix), record_row_key_view(&after), &hold, &found, &key, &value, err);
		if (FAILED(r) || !found)
			break;
		after.len = 0;
		record_row_key_add(&after, key);
		if (key.len != prefix->len + AT_LEN + UUID_LEN)
			continue;
		size_t which = waiting->count++;
		waiting->at[which] = record->hold.len;
		waiting->key_len[which] = AT_LEN + UUID_LEN;
		waiting->len[which] = value.len;
		buf_add(&record->hold, bytes_of(key.at + prefix->len, AT_LEN + UUID_LEN));
		buf_add(&record->hold, value);
	}
	buf_done(&hold);
	return FAILED(r) ? r : buf_check(&record->hold, "record", err);
}

/* Whether it is said of something that goes by another value under a key that the new record has. */
static bool is_of_another(struct pack_in *in, const struct record_key *keys, size_t keys_count)
{
	bool differs = false;
	for (size_t left = pack_array(in, "keys"); left > 0 && !in->failed; left--) {
		pack_array_of(in, "key", 2);
		struct bytes name = pack_text(in, "key", SIZE_MAX), value = pack_text(in, "value", SIZE_MAX);
		for (size_t i = 0; i < keys_count; i++)
			differs |= bytes_is(name, keys[i].key->name) && !bytes_equal(value, keys[i].value);
	}
	return differs;
}

static void take(struct record *record, struct bytes key, struct bytes row, const struct record_key *keys, size_t keys_count)
{
	struct err ignored;
	struct pack_in in = pack_in(row, &ignored);
	struct record_event event = {.at = record_row_number_at_end(bytes_of(key.at, AT_LEN)), .id = bytes_of(key.at + AT_LEN, UUID_LEN)};
	size_t at = 0;
	pack_array_of(&in, "", ROW_FIELDS);
	pack_int(&in, "version", ROW_VERSION, ROW_VERSION);
	bool is_another = is_of_another(&in, keys, keys_count);
	event.type = pack_text(&in, "type", MESSAGE_TYPE_MAX);
	event.from = pack_text(&in, "from", STORE_PARTY_MAX);
	event.is_optional = true;
	event.moves = pack_value(&in, "moves");
	if (in.failed || is_another || record->events_count == RECORD_WAITS_MAX)
		return;
	record->events = mem_grow(record->events, record->events_count + 2, sizeof(*record->events)); /* there is room for one more */
	record_fold_insert(record, &event, &at);
}

result record_wait_give(struct store *store, struct record *record, const struct record_key *keys, size_t keys_count, int64_t since,
                        struct err *err)
{
	struct waiting waiting = {.count = 0};
	for (size_t i = 0; i < keys_count; i++) {
		struct record_row_key prefix = prefix_of(record->lifecycle, &keys[i]);
		TRY(gather(store, record, &prefix, since, &waiting, err));
	}
	for (size_t i = 0; i < waiting.count; i++) {
		const uint8_t *at = record->hold.at + waiting.at[i];
		take(record, bytes_of(at, waiting.key_len[i]), bytes_of(at + waiting.key_len[i], waiting.len[i]), keys, keys_count);
	}
	return OK;
}
