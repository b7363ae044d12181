#include "broker/record/record_map.h"
#include "broker/record/record_person.h"

enum { SHOW_MAX = 1024 * 1024, AT_LEN = 8 };

result record_show(struct store *store, const struct catalogue *catalogue, const char *lifecycle, const char *key,
                   struct bytes value, record_row_fn fn, void *ctx, struct err *err)
{
	struct record *record = NULL;
	int64_t number = 0;
	struct buf row;
	result r = OK;
	buf_init(&row, SHOW_MAX);
	while (!FAILED(r)) {
		r = record_row_named(store, lifecycle, bytes_text(key), value, number, &number, err);
		if (FAILED(r) || number == 0)
			break;
		r = record_row_load(store, number, &record, err);
		if (FAILED(r))
			break;
		buf_clear(&row);
		record_map_whole(record, catalogue, &row);
		record_row_free(record);
		r = buf_check(&row, "record", err);
		if (!FAILED(r))
			fn(ctx, buf_bytes(&row));
	}
	buf_done(&row);
	return r;
}

/* Rows of a person, packed into an array whose length is known only at the end. */
struct rows {
	struct buf packed;
	size_t count;
};

static void put_id(struct rows *rows, const struct record_person_walk *walk)
{
	struct identifier id;
	if (!record_person_walk_id(walk, &id))
		return;
	pack_put_array(&rows->packed, 2);
	pack_put_text(&rows->packed, id.kind);
	if (id.issuer.len) {
		struct buf both;
		buf_init(&both, 2 * STORE_KEY_MAX);
		buf_printf(&both, "%.*s %.*s", (int)id.issuer.len, (const char *)id.issuer.at, (int)id.value.len,
		           (const char *)id.value.at);
		pack_put_text(&rows->packed, buf_bytes(&both));
		buf_done(&both);
	} else {
		pack_put_text(&rows->packed, id.value);
	}
	rows->count++;
}

static void put_merger(struct rows *rows, const struct record_person_walk *walk)
{
	char id[UUID_TEXT_MAX];
	struct err ignored;
	struct pack_in in = pack_in(walk->value, &ignored);
	if (walk->key.len != 2 * AT_LEN + UUID_LEN)
		return;
	pack_array_of(&in, "merger", 1);
	pack_put_map(&rows->packed, 4);
	pack_put_str(&rows->packed, "at");
	record_map_time(&rows->packed, record_row_number_at_end(bytes_of(walk->key.at, AT_LEN)));
	pack_put_str(&rows->packed, "who");
	pack_put_text(&rows->packed, pack_text(&in, "who", STORE_PARTY_MAX));
	pack_put_str(&rows->packed, "id");
	pack_put_str(&rows->packed, uuid_text(walk->key.at + AT_LEN, id));
	pack_put_str(&rows->packed, "person");
	pack_put_int(&rows->packed, record_row_number_at_end(walk->key));
	rows->count++;
}

static result put_record(struct rows *rows, struct store *store, const struct catalogue *catalogue, int64_t number, struct err *err)
{
	struct record *record = NULL;
	TRY(record_row_load(store, number, &record, err));
	record_map_listed(record, catalogue, &rows->packed);
	record_row_free(record);
	rows->count++;
	return OK;
}

static result put_rows(struct store *store, const struct catalogue *catalogue, char what, int64_t person, const char *name, struct buf *out,
                       struct err *err)
{
	struct rows rows = {.count = 0};
	struct record_person_walk walk;
	bool found = true;
	result r = OK;
	buf_init(&rows.packed, SHOW_MAX);
	record_person_walk(&walk, store, what, person);
	while (!FAILED(r) && found) {
		r = record_person_walk_next(&walk, &found, err);
		if (FAILED(r) || !found)
			break;
		if (what == 'i')
			put_id(&rows, &walk);
		else if (what == 'h')
			put_merger(&rows, &walk);
		else
			r = put_record(&rows, store, catalogue, record_row_number_at_end(walk.key), err);
	}
	record_person_walk_done(&walk);
	if (!FAILED(r))
		r = buf_check(&rows.packed, name, err);
	pack_put_str(out, name);
	pack_put_array(out, rows.count);
	buf_add(out, buf_bytes(&rows.packed));
	buf_done(&rows.packed);
	return r;
}

result record_show_person(struct store *store, const struct catalogue *catalogue, const struct identifier *id, struct buf *out, bool *ret_found,
                          struct err *err)
{
	int64_t person = 0;
	TRY(record_person_find(store, id, &person, err));
	*ret_found = person != 0;
	if (person == 0)
		return OK;
	pack_put_map(out, 4);
	pack_put_str(out, "person");
	pack_put_int(out, person);
	TRY(put_rows(store, catalogue, 'i', person, "ids", out, err));
	TRY(put_rows(store, catalogue, 'h', person, "merged", out, err));
	TRY(put_rows(store, catalogue, 'r', person, "records", out, err));
	return buf_check(out, "person", err);
}

static bool is_in_message(const struct record_plan *plan, const struct identifier *id)
{
	for (size_t i = 0; i < plan->ids_count; i++)
		if (identifier_equal(&plan->ids[i], id))
			return true;
	return false;
}

static result tell_ids(struct store *store, const struct record_plan *plan, int64_t person, record_id_fn fn, void *ctx,
                       struct err *err)
{
	struct record_person_walk walk;
	struct identifier id;
	bool found = true;
	result r = OK;
	record_person_walk(&walk, store, 'i', person);
	while (!FAILED(r) && found) {
		r = record_person_walk_next(&walk, &found, err);
		if (!FAILED(r) && found && record_person_walk_id(&walk, &id) && !is_in_message(plan, &id))
			r = fn(ctx, &id, err);
	}
	record_person_walk_done(&walk);
	return r;
}

result record_ids(struct store *store, const struct record_plan *plan, record_id_fn fn, void *ctx, struct err *err)
{
	for (size_t i = 0; i < plan->ids_count; i++)
		TRY(fn(ctx, &plan->ids[i], err));
	for (size_t i = 0; i < plan->persons_count; i++)
		TRY(tell_ids(store, plan, plan->persons[i], fn, ctx, err));
	return OK;
}
