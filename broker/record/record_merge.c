#include "broker/record/record_person.h"

/* Gives what is known of one person to another as well. */
static result copy(struct store *store, char what, int64_t from, int64_t to, struct err *err)
{
	struct record_person_walk walk;
	bool found = true;
	result r = OK;
	record_person_walk(&walk, store, what, from);
	while (!FAILED(r) && found) {
		struct record_row_key key = {.len = 0};
		r = record_person_walk_next(&walk, &found, err);
		if (FAILED(r) || !found)
			break;
		record_row_key_add(&key, bytes_of(&what, 1));
		record_row_key_number(&key, to);
		record_row_key_add(&key, walk.key);
		r = store_row_put(store, STORE_PERSONS, record_row_key_view(&key), walk.value, err);
	}
	record_person_walk_done(&walk);
	return r;
}

static result put_history(struct store *store, const struct record_merger *merger, int64_t keep, int64_t merged, struct err *err)
{
	struct record_row_key key = {.len = 0};
	struct buf value;
	record_row_key_add(&key, BYTES_LIT("h"));
	record_row_key_number(&key, keep);
	record_row_key_number(&key, merger->at);
	record_row_key_add(&key, bytes_of(merger->id, UUID_LEN));
	record_row_key_number(&key, merged);
	buf_init(&value, 1024);
	pack_put_array(&value, 1);
	pack_put_str(&value, merger->who);
	result r = store_row_put(store, STORE_PERSONS, record_row_key_view(&key), buf_bytes(&value), err);
	buf_done(&value);
	return r;
}

/* Both are roots, and different: so there is never a circle. */
static result become(struct store *store, const struct record_merger *merger, int64_t keep, int64_t merged, struct err *err)
{
	static const char what[] = {'i', 'r', 'h'};
	struct record_row_key key = {.len = 0};
	struct buf number;
	for (size_t i = 0; i < sizeof(what); i++)
		TRY(copy(store, what[i], merged, keep, err));
	record_row_key_add(&key, BYTES_LIT("m"));
	record_row_key_number(&key, merged);
	buf_init(&number, 64);
	pack_put_int(&number, keep);
	result r = store_row_put(store, STORE_PERSONS, record_row_key_view(&key), buf_bytes(&number), err);
	buf_done(&number);
	TRY(r);
	return put_history(store, merger, keep, merged, err);
}

static result first_known(struct store *store, const struct identifier *ids, size_t count, int64_t *ret_person, struct err *err)
{
	*ret_person = 0;
	for (size_t i = 0; i < count && *ret_person == 0; i++)
		TRY(record_person_find(store, &ids[i], ret_person, err));
	return OK;
}

static result take_all(struct store *store, const struct record_merger *merger, int64_t keep, const struct identifier *ids,
                       size_t count, bool *ret_changed, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int64_t person = 0;
		TRY(record_person_find(store, &ids[i], &person, err));
		if (person == keep)
			continue;
		*ret_changed = true;
		if (person == 0)
			TRY(record_person_add(store, keep, &ids[i], err));
		else
			TRY(become(store, merger, keep, person, err));
	}
	return OK;
}

result record_merge(struct store *store, const struct record_merger *merger, bool *ret_changed, struct err *err)
{
	struct identifier keep_ids[RECORD_IDS_MAX], merge_ids[RECORD_IDS_MAX];
	size_t keep_count = identifier_read(merger->keep, keep_ids, RECORD_IDS_MAX, 0),
	       merge_count = identifier_read(merger->merge, merge_ids, RECORD_IDS_MAX, 0);
	int64_t keep = 0;
	*ret_changed = false;
	if (keep_count == 0 || merge_count == 0)
		return err_set(err, CODE_SCHEMA, keep_count ? "/parts/main/merge" : "/parts/main/keep",
		               "it has no identifier of a person");
	TRY(first_known(store, keep_ids, keep_count, &keep, err));
	if (keep == 0)
		TRY(record_person_new(store, &keep, err));
	TRY(take_all(store, merger, keep, keep_ids, keep_count, ret_changed, err));
	return take_all(store, merger, keep, merge_ids, merge_count, ret_changed, err);
}
