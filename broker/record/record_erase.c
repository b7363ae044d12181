#include "broker/record/record_map.h"
#include "broker/record/record_person.h"

/* What an order to erase reaches here. */
struct erasing {
	struct store *store;
	const struct catalogue *catalogue;
	const struct identifier *ids;
	size_t ids_count;
	record_seen_fn fn;
	void *ctx;
};

static result unname(const struct erasing *erasing, struct record *record, struct err *err)
{
	const struct catalogue_state *state = record_map_state(record, erasing->catalogue);
	/* Its names are told before they are taken away. */
	if (record->set_by && state && state->blocks_count)
		TRY(record_map_seen(record, erasing->catalogue, "", "", erasing->fn, erasing->ctx, err));
	for (size_t i = 0; i < erasing->ids_count; i++)
		TRY(record_row_unname(erasing->store, record, erasing->ids[i].kind, erasing->ids[i].value, err));
	return record_row_save(erasing->store, record, err);
}

static result forget_in_record(const struct erasing *erasing, int64_t number, struct err *err)
{
	struct record *record = NULL;
	TRY(record_row_load(erasing->store, number, &record, err));
	result r = unname(erasing, record, err);
	record_row_free(record);
	return r;
}

typedef result (*row_fn)(const struct erasing *erasing, int64_t number, struct err *err);

/* Of "r" and "h" the key ends with a number. */
static result each(const struct erasing *erasing, char what, int64_t person, row_fn fn, struct err *err)
{
	struct record_person_walk walk;
	bool found = true;
	result r = OK;
	record_person_walk(&walk, erasing->store, what, person);
	while (!FAILED(r) && found) {
		r = record_person_walk_next(&walk, &found, err);
		if (!FAILED(r) && found)
			r = fn(erasing, record_row_number_at_end(walk.key), err);
	}
	record_person_walk_done(&walk);
	return r;
}

static result forget_names(const struct erasing *erasing, int64_t person, struct err *err)
{
	return record_person_forget_names(erasing->store, person, err);
}

static result erase_one(const struct erasing *erasing, const struct identifier *id, struct record_numbers *done, struct err *err)
{
	int64_t person = 0;
	TRY(record_person_find(erasing->store, id, &person, err));
	if (person && record_numbers_add(done, person)) {
		TRY(each(erasing, 'r', person, forget_in_record, err));
		TRY(each(erasing, 'h', person, forget_names, err));
		TRY(forget_names(erasing, person, err));
	}
	return record_person_forget_id(erasing->store, id, err);
}

result record_erase(struct store *store, const struct catalogue *catalogue, const struct identifier *ids, size_t ids_count,
                    record_seen_fn fn, void *ctx, struct err *err)
{
	const struct erasing erasing = {store, catalogue, ids, ids_count, fn, ctx};
	struct record_numbers done = {.count = 0};
	result r = OK;
	for (size_t i = 0; i < ids_count && !FAILED(r); i++)
		r = erase_one(&erasing, &ids[i], &done, err);
	record_numbers_done(&done);
	return r;
}
