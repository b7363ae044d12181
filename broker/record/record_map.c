#include "broker/record/record_map.h"

#include "base/clock.h"

const struct catalogue_lifecycle *record_map_lifecycle(const struct record *record, const struct catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue_lifecycles_count(catalogue); i++)
		if (bytes_is(record->lifecycle, catalogue_lifecycle_at(catalogue, i)->name))
			return catalogue_lifecycle_at(catalogue, i);
	return NULL;
}

const struct catalogue_state *record_map_state(const struct record *record, const struct catalogue *catalogue)
{
	const struct catalogue_lifecycle *lifecycle = record_map_lifecycle(record, catalogue);
	for (size_t i = 0; lifecycle && i < lifecycle->states_count; i++)
		if (bytes_is(record->state, lifecycle->states[i].name))
			return &lifecycle->states[i];
	return NULL;
}

void record_map_time(struct buf *out, int64_t at)
{
	char text[CLOCK_TEXT_MAX];
	pack_put_str(out, clock_text(at, text));
}

static bool is_first_of_its_key(const struct record *record, size_t which)
{
	for (size_t i = 0; i < which; i++)
		if (bytes_equal(record->names[i].key, record->names[which].key))
			return false;
	return true;
}

static size_t keys_count(const struct record *record)
{
	size_t count = 0;
	for (size_t i = 0; i < record->names_count; i++)
		count += is_first_of_its_key(record, i);
	return count;
}

static int64_t since(const struct record *record)
{
	return record->set_by ? record->set_by->at : 0;
}

static void put_field(struct buf *out, const char *name, struct bytes text)
{
	pack_put_str(out, name);
	pack_put_text(out, text);
}

void record_map_brief(const struct record *record, const char *key, const char *name, struct buf *out)
{
	pack_put_map(out, 5);
	put_field(out, "lifecycle", record->lifecycle);
	put_field(out, "state", record->state);
	pack_put_str(out, "names");
	pack_put_map(out, record->names_count ? keys_count(record) : 1);
	if (record->names_count == 0)
		put_field(out, key, bytes_text(name));
	for (size_t i = 0; i < record->names_count; i++)
		if (is_first_of_its_key(record, i)) {
			pack_put_text(out, record->names[i].key);
			pack_put_text(out, record->names[i].value);
		}
	put_field(out, "owner", record->owner);
	pack_put_str(out, "since");
	record_map_time(out, since(record));
}

static void put_names(struct buf *out, const struct record *record)
{
	pack_put_str(out, "names");
	pack_put_map(out, keys_count(record));
	for (size_t i = 0; i < record->names_count; i++) {
		struct bytes key = record->names[i].key;
		size_t count = 0;
		if (!is_first_of_its_key(record, i))
			continue;
		for (size_t j = i; j < record->names_count; j++)
			count += bytes_equal(record->names[j].key, key);
		pack_put_text(out, key);
		pack_put_array(out, count);
		for (size_t j = i; j < record->names_count; j++)
			if (bytes_equal(record->names[j].key, key))
				pack_put_text(out, record->names[j].value);
	}
}

static void put_event(struct buf *out, const struct record_event *event)
{
	char id[UUID_TEXT_MAX];
	pack_put_map(out, 5);
	pack_put_str(out, "signed_at");
	record_map_time(out, event->at);
	put_field(out, "type", event->type);
	put_field(out, "from", event->from);
	put_field(out, "id", bytes_text(uuid_text(event->id.at, id)));
	if (event->to.len)
		put_field(out, "to", event->to);
	else
		put_field(out, "note", BYTES_LIT("without effect: it does not fit the state that it met"));
}

void record_map_whole(const struct record *record, const struct catalogue *catalogue, struct buf *out)
{
	const struct catalogue_state *state = record_map_state(record, catalogue);
	pack_put_map(out, record->forgotten ? 10 : 9);
	put_field(out, "lifecycle", record->lifecycle);
	put_field(out, "state", record->state);
	put_field(out, "title", bytes_text(state ? state->title : ""));
	pack_put_str(out, "terminal");
	pack_put_bool(out, state && state->is_terminal);
	put_field(out, "owner", record->owner);
	pack_put_str(out, "since");
	record_map_time(out, since(record));
	put_names(out, record);
	pack_put_str(out, "persons");
	pack_put_array(out, record->persons_count);
	for (size_t i = 0; i < record->persons_count; i++)
		pack_put_int(out, record->persons[i]);
	pack_put_str(out, "history");
	pack_put_array(out, record->events_count);
	for (size_t i = 0; i < record->events_count; i++)
		put_event(out, &record->events[i]);
	if (record->forgotten) {
		pack_put_str(out, "forgotten");
		pack_put_int(out, record->forgotten);
	}
}

result record_map_seen(const struct record *record, const struct catalogue *catalogue, const char *key, const char *name,
                       record_seen_fn fn, void *ctx, struct err *err)
{
	struct buf texts, map;
	size_t at[5];
	const struct bytes parts[5] = {
	    record->names_count ? record->names[0].key : bytes_text(key),
	    record->names_count ? record->names[0].value : bytes_text(name),
	    record->owner,
	    record->set_by->type,
	    record->set_by->from,
	};
	buf_init(&texts, 4096);
	buf_init(&map, (size_t)64 * 1024);
	for (size_t i = 0; i < 5; i++) {
		at[i] = texts.len;
		buf_add(&texts, parts[i]);
		buf_add_byte(&texts, 0);
	}
	record_map_brief(record, key, name, &map);
	result r = buf_check(&texts, "record", err);
	if (!FAILED(r))
		r = buf_check(&map, "record", err);
	if (!FAILED(r)) {
		const char *text = (const char *)texts.at;
		struct record_seen seen = {.lifecycle = record_map_lifecycle(record, catalogue),
		                           .state = record_map_state(record, catalogue),
		                           .key = text + at[0],
		                           .name = text + at[1],
		                           .owner = text + at[2],
		                           .type = text + at[3],
		                           .from = text + at[4],
		                           .since = record->set_by->at,
		                           .id = record->set_by->id.at,
		                           .map = buf_bytes(&map)};
		r = fn(ctx, &seen, err);
	}
	buf_done(&map);
	buf_done(&texts);
	return r;
}

enum { BRIEF_MAX = 128 * 1024 };

void record_map_listed(const struct record *record, const struct catalogue *catalogue, struct buf *out)
{
	const struct catalogue_state *state = record_map_state(record, catalogue);
	size_t blocks = state ? state->blocks_count : 0;
	struct buf brief;
	struct err ignored;
	buf_init(&brief, BRIEF_MAX);
	record_map_brief(record, "", "", &brief);
	struct pack_in in = pack_in(buf_bytes(&brief), &ignored);
	size_t count = pack_map(&in, "record");
	pack_put_map(out, count + 2);
	pack_put_str(out, "number");
	pack_put_int(out, record->number);
	pack_put_str(out, "blocks");
	pack_put_array(out, blocks);
	for (size_t i = 0; i < blocks; i++)
		pack_put_str(out, state->blocks[i]);
	pack_put_raw(out, bytes_of(in.at, (size_t)(in.end - in.at)));
	buf_done(&brief);
}
