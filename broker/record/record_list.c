#include "broker/record/record_map.h"
#include "broker/record/record_person.h"

enum { LIST_ROW_MAX = 128 * 1024, NUMBER_LEN = 8 };

struct listing {
	struct store *store;
	const struct catalogue *catalogue;
	const struct record_filter *filter;
	record_row_fn fn;
	void *ctx;
};

static bool is_wanted(const struct record_filter *filter, const struct record *record)
{
	return (!filter->lifecycle || bytes_is(record->lifecycle, filter->lifecycle)) && (!filter->state || bytes_is(record->state, filter->state));
}

static result list_one(const struct listing *listing, int64_t number, bool *ret_listed, struct err *err)
{
	struct record *record = NULL;
	struct buf row;
	TRY(record_row_load(listing->store, number, &record, err));
	buf_init(&row, LIST_ROW_MAX + 1024);
	*ret_listed = is_wanted(listing->filter, record);
	result r = OK;
	if (*ret_listed) {
		record_map_listed(record, listing->catalogue, &row);
		r = buf_check(&row, "record", err);
	}
	if (!FAILED(r) && *ret_listed)
		listing->fn(listing->ctx, buf_bytes(&row));
	buf_done(&row);
	record_row_free(record);
	return r;
}

static result next_number(struct store *store, int64_t after, int64_t *ret, struct err *err)
{
	struct record_row_key key = {.len = 0};
	struct bytes found_key, value;
	struct buf hold;
	bool found = false;
	record_row_key_add(&key, BYTES_LIT("r"));
	record_row_key_number(&key, after);
	buf_init(&hold, STORE_KEY_MAX + STORE_VALUE_MAX);
	result r = store_row_next(store, STORE_RECORDS, BYTES_LIT("r"), record_row_key_view(&key), &hold, &found, &found_key, &value, err);
	*ret = !FAILED(r) && found && found_key.len == 1 + NUMBER_LEN ? record_row_number_at_end(found_key) : 0;
	buf_done(&hold);
	return r;
}

result record_list(struct store *store, const struct catalogue *catalogue, const struct record_filter *filter, record_row_fn fn, void *ctx,
                   int64_t *ret_next, struct err *err)
{
	const struct listing listing = {store, catalogue, filter, fn, ctx};
	int64_t last = filter->after, number = 0;
	size_t listed = 0;
	*ret_next = 0;
	for (size_t looks = 0;; looks++) {
		bool is_listed = false;
		TRY(next_number(store, last, &number, err));
		if (number == 0)
			return OK;
		if (listed == filter->max || looks == RECORD_LIST_LOOKS)
			break;
		TRY(list_one(&listing, number, &is_listed, err));
		listed += is_listed;
		last = number;
	}
	*ret_next = last;
	return OK;
}

result record_person_of(struct store *store, const struct identifier *id, int64_t *ret_person, struct err *err)
{
	return record_person_find(store, id, ret_person, err);
}
