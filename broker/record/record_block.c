#include <string.h>

#include "broker/record/record_find.h"
#include "broker/record/record_map.h"
#include "broker/record/record_person.h"

/* A walk over the records that a message may run into. */
struct search {
	struct store *store;
	const struct record_question *question;
	const struct record_plan *plan;
	const char *interlock;
	struct record_numbers persons, records; /* each once */
};

static void search_done(struct search *search)
{
	record_numbers_done(&search->persons);
	record_numbers_done(&search->records);
}

static bool blocks(const struct catalogue_state *state, const char *interlock)
{
	for (size_t i = 0; state && i < state->blocks_count; i++)
		if (strcmp(state->blocks[i], interlock) == 0)
			return true;
	return false;
}

static bool may_block(const struct catalogue_lifecycle *lifecycle, const char *interlock)
{
	for (size_t i = 0; i < lifecycle->states_count; i++)
		if (blocks(&lifecycle->states[i], interlock))
			return true;
	return false;
}

/* ---- which records ---- */

static result add_records_of(struct search *search, int64_t person, struct err *err)
{
	struct record_person_walk walk;
	bool found = true;
	result r = OK;
	record_person_walk(&walk, search->store, 'r', person);
	while (!FAILED(r) && found) {
		r = record_person_walk_next(&walk, &found, err);
		if (!FAILED(r) && found)
			record_numbers_add(&search->records, record_row_number_at_end(walk.key));
	}
	record_person_walk_done(&walk);
	return r;
}

static result add_person(void *ctx, int64_t person, struct err *err)
{
	struct search *search = ctx;
	int64_t root = 0;
	TRY(record_person_root(search->store, person, &root, err));
	return record_numbers_add(&search->persons, root) ? add_records_of(search, root, err) : OK;
}

/* What the message names is concerned, whoever it is of. */
static result add_named(struct search *search, const struct catalogue_lifecycle *lifecycle, struct err *err)
{
	struct record_key keys[RECORD_NAMES_MAX];
	struct record_found found;
	size_t count = record_find_keys(lifecycle, search->question->message, search->question->main, keys);
	if (count == 0)
		return OK;
	TRY(record_find(search->store, lifecycle, keys, count, search->question->from, &found, err));
	for (size_t i = 0; i < found.count && !found.is_ambiguous; i++)
		record_numbers_add(&search->records, found.at[i]->number);
	record_find_done(&found);
	return OK;
}

static result add_concerned(struct search *search, struct err *err)
{
	const struct catalogue *catalogue = search->question->catalogue;
	const struct record_plan *plan = search->plan;
	for (size_t i = 0; i < plan->steps_count; i++) {
		const struct record *record = plan->steps[i].record;
		if (record->number)
			record_numbers_add(&search->records, record->number);
		for (size_t p = 0; p < record->persons_count; p++)
			TRY(add_person(search, record->persons[p], err));
	}
	for (size_t i = 0; i < plan->persons_count; i++)
		TRY(add_person(search, plan->persons[i], err));
	for (size_t i = 0; i < catalogue_lifecycles_count(catalogue); i++)
		if (may_block(catalogue_lifecycle_at(catalogue, i), search->interlock))
			TRY(add_named(search, catalogue_lifecycle_at(catalogue, i), err));
	return OK;
}

/* ---- what they say ---- */

static bool stands_against(const struct record *record, const struct search *search)
{
	return record->set_by && blocks(record_map_state(record, search->question->catalogue), search->interlock);
}

static const struct record_step *step_of(const struct record_plan *plan, int64_t number)
{
	for (size_t i = 0; i < plan->steps_count; i++)
		if (plan->steps[i].record->number == number)
			return &plan->steps[i];
	return NULL;
}

/* A message does not stand against itself. */
static bool is_own(const struct record *record, const struct search *search)
{
	return record->set_by && bytes_equal(record->set_by->id, bytes_of(search->question->message->id, UUID_LEN));
}

static result tell_number(const struct search *search, int64_t number, record_seen_fn fn, void *ctx, struct err *err)
{
	const struct record_step *step = step_of(search->plan, number);
	struct record *record = NULL;
	result r = OK;
	if (step)
		return stands_against(step->record, search) && !is_own(step->record, search)
		           ? record_map_seen(step->record, search->question->catalogue, step->key, step->name, fn, ctx, err)
		           : OK;
	TRY(record_row_load(search->store, number, &record, err));
	if (stands_against(record, search))
		r = record_map_seen(record, search->question->catalogue, "", "", fn, ctx, err);
	record_row_free(record);
	return r;
}

result record_blockers(struct store *store, const struct record_question *question, const struct record_plan *plan,
                       const char *interlock, record_seen_fn fn, void *ctx, struct err *err)
{
	struct search search = {.store = store, .question = question, .plan = plan, .interlock = interlock};
	result r = add_concerned(&search, err);
	for (size_t i = 0; i < search.records.count && !FAILED(r); i++)
		r = tell_number(&search, search.records.at[i], fn, ctx, err);
	search_done(&search);
	return r;
}

result record_candidates(struct store *store, const struct record_question *question, const struct record_plan *plan,
                         const char *interlock, record_seen_fn fn, void *ctx, struct err *err)
{
	struct search search = {.store = store, .question = question, .plan = plan, .interlock = interlock};
	result r = add_concerned(&search, err);
	size_t concerned = search.records.count;
	if (!FAILED(r))
		r = record_person_alike(store, question->main, add_person, &search, err);
	for (size_t i = concerned; i < search.records.count && !FAILED(r); i++)
		r = tell_number(&search, search.records.at[i], fn, ctx, err);
	search_done(&search);
	return r;
}
