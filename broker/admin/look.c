#include "broker/admin/look.h"

#include "base/text.h"
#include "broker/admin/look_page.h"
#include "broker/exchange/exchange.h"
#include "broker/record/record.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_NAME_MAX = 64, LOOK_PERSONS_MAX = 16 };

/* ── records ── */

static void copy_text(struct bytes text, char into[static LOOK_NAME_MAX])
{
	snprintf(into, LOOK_NAME_MAX, "%.*s", (int)text.len, text.len ? (const char *)text.at : "");
}

/* Whom the records that were shown are of, for the log. */
struct shown {
	struct look_page *page;
	int64_t persons[LOOK_PERSONS_MAX];
	size_t persons_count;
};

static void note_person(struct shown *shown, int64_t person)
{
	for (size_t i = 0; i < shown->persons_count; i++)
		if (shown->persons[i] == person)
			return;
	if (shown->persons_count < LOOK_PERSONS_MAX)
		shown->persons[shown->persons_count++] = person;
}

static void add_record(void *ctx, struct bytes row)
{
	struct shown *shown = ctx;
	struct bytes list;
	struct err ignored;
	look_page_add(shown->page, row);
	if (!pack_find(row, "persons", &list))
		return;
	struct pack_in in = pack_in(list, &ignored);
	for (size_t left = pack_array(&in, "persons"); left > 0 && !in.failed; left--)
		note_person(shown, pack_int(&in, "person", 0, INT64_MAX));
}

/* name empty: any key of any lifecycle. */
static result show_named(const struct answers *answers, struct bytes name, struct bytes value, struct shown *shown, struct err *err)
{
	const struct catalogue *catalogue = answers->snapshot->catalogue;
	for (size_t i = 0; i < catalogue_lifecycles_count(catalogue); i++) {
		const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle_at(catalogue, i);
		for (size_t k = 0; k < lifecycle->keys_count; k++)
			if (!name.len || bytes_is(name, lifecycle->keys[k].name))
				TRY(record_show(answers->reader, catalogue, lifecycle->name, lifecycle->keys[k].name, value, add_record, shown, err));
	}
	return OK;
}

static void put_persons(const struct shown *shown, const char *what, struct buf *out)
{
	buf_printf(out, "%s", what);
	for (size_t i = 0; i < shown->persons_count; i++)
		buf_printf(out, "%s%lld", i ? ", " : " of person ", (long long)shown->persons[i]);
}

static result put_shown(const struct shown *shown, struct buf *out, struct err *err)
{
	struct buf what;
	if (shown->page->count == 0)
		return err_set(err, CODE_NOT_FOUND, "/what", "no record of that number");
	buf_init(&what, 1024);
	put_persons(shown, "records", &what);
	buf_add_byte(&what, 0);
	result r = look_page_put(shown->page, (const char *)what.at, out, err);
	buf_done(&what);
	return r;
}

result look_record_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct look_page page;
	struct shown shown = {.page = &page};
	struct bytes what, name = BYTES_NONE;
	if (!look_text(request, "what", &what) || what.len > MESSAGE_TEXT_MAX + LOOK_NAME_MAX)
		return err_set(err, CODE_USAGE, "/what", "name a record by a number of it, like W123456789 or nic=W123456789");
	const uint8_t *equals = memchr(what.at, '=', what.len);
	if (equals) {
		name = bytes_of(what.at, (size_t)(equals - what.at));
		what = bytes_of(equals + 1, what.len - name.len - 1);
	}
	result r = look_page_begin(request, &page, err);
	if (!FAILED(r))
		r = show_named(answers, name, what, &shown, err);
	if (!FAILED(r))
		r = put_shown(&shown, out, err);
	look_page_done(&page);
	return r;
}

static result check_filter(const struct catalogue *catalogue, const struct record_filter *filter, struct err *err)
{
	bool known = !filter->state;
	if (filter->lifecycle && !catalogue_lifecycle(catalogue, filter->lifecycle))
		return err_set(err, CODE_NOT_FOUND, "/lifecycle", "the catalogue has no such lifecycle");
	for (size_t i = 0; i < catalogue_lifecycles_count(catalogue) && !known; i++) {
		const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle_at(catalogue, i);
		known = (!filter->lifecycle || !strcmp(filter->lifecycle, lifecycle->name)) && catalogue_state(lifecycle, filter->state);
	}
	return known ? OK : err_set(err, CODE_NOT_FOUND, "/state", "no lifecycle, or not this one, has such a state");
}

static result list_records(const struct answers *answers, struct bytes request, struct look_page *page, struct err *err)
{
	struct bytes text;
	char lifecycle[LOOK_NAME_MAX], state[LOOK_NAME_MAX];
	int64_t next = 0;
	struct record_filter filter = {.max = page->limit};
	struct err ignored;
	if (page->after.len && FAILED(text_int(buf_bytes(&page->after), 1, INT64_MAX, &filter.after, &ignored)))
		return err_set(err, CODE_USAGE, "/after", "is not the `next` of an answer");
	if (look_text(request, "lifecycle", &text)) {
		copy_text(text, lifecycle);
		filter.lifecycle = lifecycle;
	}
	if (look_text(request, "state", &text)) {
		copy_text(text, state);
		filter.state = state;
	}
	TRY(check_filter(answers->snapshot->catalogue, &filter, err));
	TRY(record_list(answers->reader, answers->snapshot->catalogue, &filter, look_page_add, page, &next, err));
	if (next)
		buf_printf(&page->next, "%lld", (long long)next);
	return OK;
}

result look_record_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct look_page page;
	result r = look_page_begin(request, &page, err);
	if (!FAILED(r))
		r = list_records(answers, request, &page, err);
	if (!FAILED(r))
		r = look_page_put(&page, "records", out, err);
	look_page_done(&page);
	return r;
}

/* ── persons ── */

result look_person_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct identifier id;
	struct bytes who, number;
	struct buf person;
	char looked[64];
	int64_t which = 0;
	bool found = false;
	if (!look_text(request, "who", &who))
		who = BYTES_NONE;
	TRY(identifier_parse(who, &id, err));
	buf_init(&person, ANSWERS_MAX - 65536);
	result r = record_show_person(answers->reader, answers->snapshot->catalogue, &id, &person, &found, err);
	if (!FAILED(r) && !found)
		r = err_set(err, CODE_NOT_FOUND, "/who", "nobody is known by that identifier");
	if (!FAILED(r) && pack_find(buf_bytes(&person), "person", &number) && pack_as_int(number, &which)) {
		snprintf(looked, sizeof(looked), "person %lld", (long long)which);
		look_put_one("person", buf_bytes(&person), looked, out);
	}
	buf_done(&person);
	return r;
}

/* ── counts ── */

result look_count(const struct answers *answers, struct look_counts *ret, struct err *err)
{
	struct exchange_counts counts;
	TRY(store_row_count(answers->reader, STORE_HELD, BYTES_NONE, &ret->held, err));
	TRY(exchange_count(answers->reader, &counts, err));
	ret->overdue = counts.overdue;
	ret->open = counts.open;
	ret->subscriptions = counts.subscriptions;
	return OK;
}
