#include "broker/record/record_row.h"

#include <string.h>

#include "base/mem.h"
#include "broker/record/record_fold.h"

enum { ROW_VERSION = 1, ROW_FIELDS = 6, BASE_FIELDS = 4, EVENT_FIELDS = 6, NUMBER_LEN = 8 };

/* ---- keys and numbers ---- */

void record_row_key_add(struct record_row_key *key, struct bytes more)
{
	size_t room = sizeof(key->at) - key->len, len = more.len < room ? more.len : room;
	if (len)
		memcpy(key->at + key->len, more.at, len);
	key->len += len;
}

void record_row_key_text(struct record_row_key *key, struct bytes text)
{
	record_row_key_add(key, text);
	record_row_key_add(key, bytes_of("", 1));
}

void record_row_key_number(struct record_row_key *key, int64_t number)
{
	uint8_t bytes[NUMBER_LEN];
	for (int i = 0; i < NUMBER_LEN; i++)
		bytes[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
	record_row_key_add(key, bytes_of(bytes, sizeof(bytes)));
}

struct bytes record_row_key_view(const struct record_row_key *key)
{
	return bytes_of(key->at, key->len);
}

int64_t record_row_number_at_end(struct bytes key)
{
	uint64_t number = 0;
	for (size_t i = key.len < NUMBER_LEN ? 0 : key.len - NUMBER_LEN; i < key.len; i++)
		number = number << 8 | key.at[i];
	return (int64_t)number;
}

bool record_numbers_add(struct record_numbers *numbers, int64_t number)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (numbers->at[i] == number)
			return false;
	if (numbers->count == numbers->cap) {
		numbers->cap = numbers->cap ? 2 * numbers->cap : 16;
		numbers->at = mem_grow(numbers->at, numbers->cap, sizeof(*numbers->at));
	}
	numbers->at[numbers->count++] = number;
	return true;
}

void record_numbers_done(struct record_numbers *numbers)
{
	mem_free(numbers->at);
	*numbers = (struct record_numbers){.at = NULL};
}

result record_row_number(struct store *store, enum store_space space, int64_t *ret, struct err *err)
{
	struct buf hold;
	bool found = false;
	int64_t number = 0;
	buf_init(&hold, 64);
	result r = store_row_get(store, space, BYTES_LIT("c"), &hold, &found, err);
	if (!FAILED(r) && found && !pack_as_int(buf_bytes(&hold), &number))
		r = err_set(err, CODE_CORRUPT, "record", "the counter of space %d is damaged", (int)space);
	buf_clear(&hold);
	pack_put_int(&hold, ++number);
	if (!FAILED(r))
		r = store_row_put(store, space, BYTES_LIT("c"), buf_bytes(&hold), err);
	buf_done(&hold);
	*ret = number;
	return r;
}

/* ---- reading ---- */

struct record *record_row_new(const char *lifecycle)
{
	struct record *record = mem_alloc(sizeof(*record));
	buf_init(&record->hold, STORE_VALUE_MAX);
	buf_init(&record->own, STORE_VALUE_MAX);
	record->lifecycle = bytes_text(lifecycle);
	record->events = mem_array(1, sizeof(*record->events));
	record_fold(record);
	return record;
}

void record_row_free(struct record *record)
{
	if (!record)
		return;
	buf_done(&record->hold);
	buf_done(&record->own);
	for (size_t i = 0; i < record->texts_count; i++)
		mem_free(record->texts[i]);
	mem_free(record->events);
	mem_free(record);
}

const char *record_row_text(struct record *record, struct bytes text)
{
	if (record->texts_count == RECORD_TEXTS_MAX)
		return "";
	char *copy = mem_text_n(text.len ? (const void *)text.at : "", text.len);
	record->texts[record->texts_count++] = copy;
	return copy;
}

static struct record_event read_event(struct pack_in *in)
{
	struct record_event event = {.at = 0};
	pack_array_of(in, "event", EVENT_FIELDS);
	event.at = pack_int(in, "at", INT64_MIN, INT64_MAX);
	event.id = bytes_of(pack_bin_of(in, "id", UUID_LEN), UUID_LEN);
	event.type = pack_text(in, "type", MESSAGE_TYPE_MAX);
	event.from = pack_text(in, "from", STORE_PARTY_MAX);
	event.is_optional = pack_bool(in, "is_optional");
	event.moves = pack_value(in, "moves");
	return event;
}

static void read_base(struct pack_in *in, struct record *record)
{
	if (in->failed || pack_try_nil(in))
		return;
	pack_array_of(in, "base", BASE_FIELDS);
	record->forgotten = pack_int(in, "forgotten", 1, INT64_MAX);
	record->base_state = pack_text(in, "state", SIZE_MAX);
	record->base_owner = pack_text(in, "owner", STORE_PARTY_MAX);
	record->base = read_event(in);
}

static size_t read_count(struct pack_in *in, const char *field, size_t max)
{
	size_t count = pack_array(in, field);
	if (count > max)
		pack_fail(in, CODE_CORRUPT, field, "too many");
	return in->failed ? 0 : count;
}

static void read_row(struct pack_in *in, struct record *record)
{
	pack_array_of(in, "record", ROW_FIELDS);
	pack_int(in, "version", ROW_VERSION, ROW_VERSION);
	record->lifecycle = pack_text(in, "lifecycle", SIZE_MAX);
	read_base(in, record);
	size_t names = read_count(in, "names", RECORD_NAMES_MAX);
	for (size_t i = 0; i < names; i++) {
		pack_array_of(in, "name", 2);
		record->names[i].key = pack_text(in, "key", SIZE_MAX);
		record->names[i].value = pack_text(in, "value", SIZE_MAX);
	}
	size_t persons = read_count(in, "persons", RECORD_PERSONS_MAX);
	for (size_t i = 0; i < persons; i++)
		record->persons[i] = pack_int(in, "person", 1, INT64_MAX);
	size_t events = read_count(in, "events", RECORD_EVENTS_MAX);
	record->events = mem_array(events + 1, sizeof(*record->events));
	for (size_t i = 0; i < events; i++)
		record->events[i] = read_event(in);
	record->names_count = names;
	record->persons_count = persons;
	record->events_count = events;
}

static struct record_row_key key_of(int64_t number)
{
	struct record_row_key key = {.len = 0};
	record_row_key_add(&key, BYTES_LIT("r"));
	record_row_key_number(&key, number);
	return key;
}

result record_row_load(struct store *store, int64_t number, struct record **ret, struct err *err)
{
	struct record *record = mem_alloc(sizeof(*record));
	struct record_row_key key = key_of(number);
	struct err why = {.code = CODE_OK};
	bool found = false;
	buf_init(&record->hold, STORE_VALUE_MAX);
	buf_init(&record->own, STORE_VALUE_MAX);
	result r = store_row_get(store, STORE_RECORDS, record_row_key_view(&key), &record->hold, &found, err);
	if (!FAILED(r)) {
		struct pack_in in = pack_in(buf_bytes(&record->hold), &why);
		if (found)
			read_row(&in, record);
		if (!found || FAILED(pack_end(&in)))
			r = err_set(err, CODE_CORRUPT, "record", "record %lld is %s", (long long)number,
			            found ? "damaged" : "missing");
	}
	if (FAILED(r)) {
		record_row_free(record);
		return r;
	}
	record->number = number;
	record_fold(record);
	*ret = record;
	return OK;
}

/* ---- writing ---- */

static void put_event(struct buf *out, const struct record_event *event)
{
	pack_put_array(out, EVENT_FIELDS);
	pack_put_int(out, event->at);
	pack_put_bin(out, event->id);
	pack_put_text(out, event->type);
	pack_put_text(out, event->from);
	pack_put_bool(out, event->is_optional);
	pack_put_raw(out, event->moves);
}

static void put_row(struct buf *out, const struct record *record)
{
	pack_put_array(out, ROW_FIELDS);
	pack_put_int(out, ROW_VERSION);
	pack_put_text(out, record->lifecycle);
	if (record->forgotten) {
		pack_put_array(out, BASE_FIELDS);
		pack_put_int(out, record->forgotten);
		pack_put_text(out, record->base_state);
		pack_put_text(out, record->base_owner);
		put_event(out, &record->base);
	} else {
		pack_put_nil(out);
	}
	pack_put_array(out, record->names_count);
	for (size_t i = 0; i < record->names_count; i++) {
		pack_put_array(out, 2);
		pack_put_text(out, record->names[i].key);
		pack_put_text(out, record->names[i].value);
	}
	pack_put_array(out, record->persons_count);
	for (size_t i = 0; i < record->persons_count; i++)
		pack_put_int(out, record->persons[i]);
	pack_put_array(out, record->events_count);
	for (size_t i = 0; i < record->events_count; i++)
		put_event(out, &record->events[i]);
}

result record_row_save(struct store *store, struct record *record, struct err *err)
{
	struct buf row;
	result r = OK;
	while (record->events_count > RECORD_EVENTS_MAX)
		record_fold_forget(record);
	if (record->number == 0)
		r = record_row_number(store, STORE_RECORDS, &record->number, err);
	struct record_row_key key = key_of(record->number);
	buf_init(&row, STORE_VALUE_MAX);
	put_row(&row, record);
	if (!FAILED(r))
		r = buf_check(&row, "record", err);
	if (!FAILED(r))
		r = store_row_put(store, STORE_RECORDS, record_row_key_view(&key), buf_bytes(&row), err);
	buf_done(&row);
	return r;
}

/* ---- names ---- */

bool record_row_has(const struct record *record, struct bytes key, struct bytes value)
{
	for (size_t i = 0; i < record->names_count; i++)
		if (bytes_equal(record->names[i].key, key) && bytes_equal(record->names[i].value, value))
			return true;
	return false;
}

static struct record_row_key name_key(struct bytes lifecycle, struct bytes key, struct bytes value)
{
	struct record_row_key name = {.len = 0};
	record_row_key_text(&name, lifecycle);
	record_row_key_text(&name, key);
	record_row_key_text(&name, value);
	return name;
}

result record_row_name(struct store *store, struct record *record, struct bytes key, struct bytes value, struct err *err)
{
	if (record->names_count == RECORD_NAMES_MAX || record_row_has(record, key, value))
		return OK;
	struct record_row_key name = name_key(record->lifecycle, key, value);
	record_row_key_number(&name, record->number);
	TRY(store_row_put(store, STORE_RECORD_NAMES, record_row_key_view(&name), BYTES_NONE, err));
	record->names[record->names_count++] = (struct record_name){key, value};
	return OK;
}

result record_row_unname(struct store *store, struct record *record, struct bytes key, struct bytes value, struct err *err)
{
	for (size_t i = 0; i < record->names_count; i++) {
		if (!bytes_equal(record->names[i].key, key) || !bytes_equal(record->names[i].value, value))
			continue;
		struct record_row_key name = name_key(record->lifecycle, key, value);
		record_row_key_number(&name, record->number);
		record->names_count--;
		memmove(&record->names[i], &record->names[i + 1], (record->names_count - i) * sizeof(*record->names));
		return store_row_drop(store, STORE_RECORD_NAMES, record_row_key_view(&name), err);
	}
	return OK;
}

result record_row_named(struct store *store, const char *lifecycle, struct bytes key, struct bytes value, int64_t after,
                        int64_t *ret_number, struct err *err)
{
	struct record_row_key prefix = name_key(bytes_text(lifecycle), key, value), from = prefix;
	struct bytes found_key, found_value;
	struct buf hold;
	bool found = false;
	record_row_key_number(&from, after);
	buf_init(&hold, 2 * STORE_KEY_MAX);
	result r = store_row_next(store, STORE_RECORD_NAMES, record_row_key_view(&prefix),
	                          after ? record_row_key_view(&from) : BYTES_NONE, &hold, &found, &found_key, &found_value, err);
	*ret_number = !FAILED(r) && found ? record_row_number_at_end(found_key) : 0;
	buf_done(&hold);
	return r;
}
