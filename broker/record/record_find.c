#include "broker/record/record_find.h"

#include <stdio.h>
#include <string.h>

static bool value_of(const struct message *message, struct bytes main, const char *name, struct record_key *ret)
{
	char pointer[MESSAGE_NAME_MAX + 2];
	struct bytes value;
	struct err ignored;
	ret->is_in_main = false;
	if (message_subject(message, name, &ret->value))
		return ret->value.len > 0;
	ret->is_in_main = true;
	int length = snprintf(pointer, sizeof(pointer), "/%s", name);
	return length < (int)sizeof(pointer) && main.len && pack_pointer(main, pointer, &value) &&
	       pack_as_text(value, &ret->value) && !FAILED(message_check_text(ret->value, MESSAGE_TEXT_MAX, "", &ignored));
}

size_t record_find_keys(const struct catalogue_lifecycle *lifecycle, const struct message *message, struct bytes main,
                        struct record_key ret[static RECORD_NAMES_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < lifecycle->keys_count && count < RECORD_NAMES_MAX; i++) {
		ret[count].key = &lifecycle->keys[i];
		count += value_of(message, main, lifecycle->keys[i].name, &ret[count]);
	}
	return count;
}

static bool has_key(const struct record *record, struct bytes key)
{
	for (size_t i = 0; i < record->names_count; i++)
		if (bytes_equal(record->names[i].key, key))
			return true;
	return false;
}

/* A record of that number which goes by another one where the message names a surer key is another record. */
static bool contradicts(const struct record *record, const struct record_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bytes key = bytes_text(keys[i].key->name);
		if (has_key(record, key) && !record_row_has(record, key, keys[i].value))
			return true;
	}
	return false;
}

static bool is_over(const struct catalogue_lifecycle *lifecycle, const struct record *record)
{
	for (size_t i = 0; i < lifecycle->states_count; i++)
		if (bytes_is(record->state, lifecycle->states[i].name))
			return lifecycle->states[i].is_terminal;
	return false;
}

static int64_t begun_at(const struct record *record)
{
	return record->forgotten || record->events_count == 0 ? record->base.at : record->events[0].at;
}

/* Open ones before those that are over, and then the latest first. */
static bool is_likelier(const struct catalogue_lifecycle *lifecycle, const struct record *a, const struct record *b)
{
	bool a_over = is_over(lifecycle, a), b_over = is_over(lifecycle, b);
	if (a_over != b_over)
		return b_over;
	return begun_at(a) != begun_at(b) ? begun_at(a) > begun_at(b) : a->number > b->number;
}

static void add(struct record_found *found, const struct catalogue_lifecycle *lifecycle, struct record *record)
{
	size_t at = found->count;
	while (at > 0 && is_likelier(lifecycle, record, found->at[at - 1]))
		at--;
	if (at == RECORD_FOUND_MAX) {
		record_row_free(record);
		return;
	}
	if (found->count == RECORD_FOUND_MAX)
		record_row_free(found->at[--found->count]);
	memmove(&found->at[at + 1], &found->at[at], (found->count - at) * sizeof(*found->at));
	found->at[at] = record;
	found->count++;
}

struct record *record_find_take(struct record_found *found, size_t index)
{
	struct record *record = found->at[index];
	found->at[index] = NULL;
	return record;
}

void record_find_done(struct record_found *found)
{
	for (size_t i = 0; i < found->count; i++)
		record_row_free(found->at[i]);
	found->count = 0;
}

static void keep_if(struct record_found *found, const struct catalogue_lifecycle *lifecycle, const char *owner)
{
	size_t kept = 0;
	for (size_t i = 0; i < found->count; i++) {
		bool stays = owner ? bytes_is(found->at[i]->owner, owner) : !is_over(lifecycle, found->at[i]);
		if (stays)
			found->at[kept++] = found->at[i];
		else
			record_row_free(found->at[i]);
	}
	found->count = kept;
}

static bool any_of(const struct record_found *found, const char *owner)
{
	for (size_t i = 0; i < found->count; i++)
		if (bytes_is(found->at[i]->owner, owner))
			return true;
	return false;
}

/* Each agency's own number: the sender's record if it has one, or else the only one that is still open. */
static void choose_owner(struct record_found *found, const struct catalogue_lifecycle *lifecycle, const char *from)
{
	if (any_of(found, from)) {
		keep_if(found, lifecycle, from);
		return;
	}
	if (found->count > 0 && !is_over(lifecycle, found->at[0]))
		keep_if(found, lifecycle, NULL);
	found->is_anothers = found->count > 0;
	found->is_ambiguous = found->count > 1;
}

static result find_by(struct store *store, const struct catalogue_lifecycle *lifecycle, const struct record_key *keys,
                      size_t which, struct record_found *ret, struct err *err)
{
	struct record *record = NULL;
	int64_t number = 0;
	for (;;) {
		TRY(record_row_named(store, lifecycle->name, bytes_text(keys[which].key->name), keys[which].value, number,
		                     &number, err));
		if (number == 0)
			return OK;
		TRY(record_row_load(store, number, &record, err));
		if (contradicts(record, keys, which))
			record_row_free(record);
		else
			add(ret, lifecycle, record);
	}
}

result record_find(struct store *store, const struct catalogue_lifecycle *lifecycle, const struct record_key *keys,
                   size_t keys_count, const char *from, struct record_found *ret, struct err *err)
{
	*ret = (struct record_found){.key = &keys[0]};
	for (size_t i = 0; i < keys_count && ret->count == 0; i++) {
		result r = find_by(store, lifecycle, keys, i, ret, err);
		if (FAILED(r)) {
			record_find_done(ret);
			return r;
		}
		if (ret->count > 0)
			ret->key = &keys[i];
	}
	if (ret->count > 0 && ret->key->key->is_per_owner)
		choose_owner(ret, lifecycle, from);
	return OK;
}

static bool is_there(const struct record_found *found, int64_t number)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->at[i]->number == number)
			return true;
	return false;
}

static result add_each(struct store *store, const struct catalogue_lifecycle *lifecycle, const struct record_key *keys,
                       size_t keys_count, size_t which, struct record_found *ret, struct err *err)
{
	struct record *record = NULL;
	int64_t number = 0;
	for (;;) {
		TRY(record_row_named(store, lifecycle->name, bytes_text(keys[which].key->name), keys[which].value, number,
		                     &number, err));
		if (number == 0)
			return OK;
		if (is_there(ret, number))
			continue;
		TRY(record_row_load(store, number, &record, err));
		if (contradicts(record, keys, keys_count))
			record_row_free(record);
		else
			add(ret, lifecycle, record);
	}
}

result record_find_each(struct store *store, const struct catalogue_lifecycle *lifecycle, const struct record_key *keys,
                        size_t keys_count, struct record_found *ret, struct err *err)
{
	*ret = (struct record_found){.key = &keys[0]};
	for (size_t i = 0; i < keys_count; i++) {
		result r = add_each(store, lifecycle, keys, keys_count, i, ret, err);
		if (FAILED(r)) {
			record_find_done(ret);
			return r;
		}
	}
	return OK;
}
