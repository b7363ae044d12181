#include "broker/record/record.h"

#include <string.h>

#include "broker/record/record_explain.h"
#include "broker/record/record_person.h"
#include "broker/record/record_wait.h"

/* What is being judged. */
struct trial {
	struct store *store;
	const struct record_question *question;
	const struct catalogue_moves *moves;
	const struct catalogue_lifecycle *lifecycle;
	struct bytes packed; /* the moves whose conditions hold */
	struct record_key keys[RECORD_NAMES_MAX];
	size_t keys_count;
	struct record_found found;
};

enum { RECORD_SINGLE_STEPS = 16 }; /* lifecycles that one type moves */

#define NO_MOVES "\x90" /* an empty array */

static struct record_event event_of(const struct trial *trial, struct record *record)
{
	buf_clear(&record->own);
	buf_add(&record->own, trial->packed);
	return (struct record_event){.at = trial->question->signed_at,
	                             .id = bytes_of(trial->question->message->id, UUID_LEN),
	                             .type = trial->question->message->type,
	                             .from = bytes_text(trial->question->from),
	                             .is_optional = trial->moves->is_optional,
	                             .moves = buf_bytes(&record->own)};
}

/* Puts the step into the record; *ret_was is its state before. True: it fits, and so does all that was signed later. */
static bool try(const struct trial *trial, struct record *record, const char **ret_was, struct record_attempt *ret)
{
	struct record_event event = event_of(trial, record);
	*ret_was = record_row_text(record, record->state);
	*ret = (struct record_attempt){
	    .question = trial->question, .lifecycle = trial->lifecycle, .key = trial->found.key, .record = record};
	if (!record_fold_insert(record, &event, &ret->at)) {
		ret->at = record->events_count;
		ret->outcome.fit = RECORD_TOO_LATE;
		return false;
	}
	ret->outcome = record_fold(record);
	return ret->outcome.fit == RECORD_FITS && record->events[ret->at].to.len > 0;
}

static void set_overtaken(struct record_step *step, struct record *record, const struct record_event *own)
{
	const struct record_event *set_by = record->set_by;
	step->is_overtaken = set_by && set_by != own && !bytes_equal(record->state, own->to);
	if (!step->is_overtaken)
		return;
	step->over_type = record_row_text(record, set_by->type);
	step->over_from = record_row_text(record, set_by->from);
	step->over_at = set_by->at;
	step->over_id = set_by->id.at;
}

/* The plan takes the record over. */
static void add_step(struct record_plan *plan, const struct trial *trial, struct record *record, const char *was, size_t at)
{
	struct record_step *step = &plan->steps[plan->steps_count++];
	const struct record_event *own = &record->events[at];
	*step = (struct record_step){.lifecycle = trial->lifecycle, .record = record, .was = was};
	step->key = trial->found.key->key->name;
	step->name = record_row_text(record, trial->found.key->value);
	step->owner = record_row_text(record, record->owner);
	step->now = record_row_text(record, record->state);
	step->to = own->to.len ? record_row_text(record, own->to) : NULL;
	if (step->to)
		set_overtaken(step, record, own);
}

static result judge_new(const struct trial *trial, struct record_plan *plan, bool *ret_made, struct err *err)
{
	struct record_attempt attempt;
	struct record *record = record_row_new(trial->lifecycle->name);
	const char *was = NULL;
	result r = record_wait_give(trial->store, record, trial->keys, trial->keys_count, trial->question->signed_at, err);
	*ret_made = !FAILED(r) && try(trial, record, &was, &attempt);
	if (*ret_made)
		add_step(plan, trial, record, was, attempt.at);
	else
		record_row_free(record);
	return r;
}

/* It stays among the steps, because it may fit once an earlier one has come in; unless it would undo what is on file. */
static void keep_without_effect(struct trial *trial, struct record_plan *plan, const struct record_attempt *attempt,
                                const char *was)
{
	struct record *record = record_find_take(&trial->found, 0);
	if (attempt->outcome.fit != RECORD_FITS && attempt->outcome.fit != RECORD_TOO_LATE) {
		record->events[attempt->at].moves = BYTES_LIT(NO_MOVES);
		record_fold(record);
	}
	if (attempt->outcome.fit == RECORD_TOO_LATE)
		record_row_free(record);
	else
		add_step(plan, trial, record, was, attempt->at);
}

static result judge_found(struct trial *trial, struct record_plan *plan, struct err *err)
{
	struct record_found *found = &trial->found;
	struct record_attempt attempt, first = {.question = trial->question, .lifecycle = trial->lifecycle, .key = found->key};
	const char *was = NULL, *first_was = NULL;
	for (size_t i = 0; i < found->count && !found->is_ambiguous; i++) {
		if (try(trial, found->at[i], &was, &attempt)) {
			add_step(plan, trial, record_find_take(found, i), was, attempt.at);
			return OK;
		}
		if (i == 0) {
			first = attempt;
			first_was = was;
		}
	}
	bool is_made = false;
	if (found->count == 0 || found->is_anothers)
		TRY(judge_new(trial, plan, &is_made, err));
	if (is_made)
		return OK;
	if (trial->moves->is_optional) {
		if (first.record)
			keep_without_effect(trial, plan, &first, first_was);
		return OK;
	}
	return found->is_ambiguous ? record_explain_ambiguous(&first, found, err) : record_explain(&first, err);
}

/* Where it does not fit, it says nothing. Steps are left for the type's other lifecycles. */
static result judge_each(struct trial *trial, struct record_plan *plan, struct err *err)
{
	struct record_attempt attempt;
	const char *was = NULL;
	TRY(record_find_each(trial->store, trial->lifecycle, trial->keys, trial->keys_count, &trial->found, err));
	for (size_t i = 0; i < trial->found.count && plan->steps_count < RECORD_STEPS_MAX - RECORD_SINGLE_STEPS; i++)
		if (try(trial, trial->found.at[i], &was, &attempt))
			add_step(plan, trial, record_find_take(&trial->found, i), was, attempt.at);
	record_find_done(&trial->found);
	return OK;
}

static result judge_moves(struct trial *trial, struct record_plan *plan, struct err *err)
{
	const struct record_question *question = trial->question;
	struct record_attempt attempt = {.question = question, .lifecycle = trial->lifecycle};
	trial->keys_count = record_find_keys(trial->lifecycle, question->message, question->main, trial->keys);
	if (trial->keys_count == 0)
		return trial->moves->is_optional ? OK : record_explain_no_key(&attempt, err);
	if (trial->moves->is_each)
		return judge_each(trial, plan, err);
	TRY(record_find(trial->store, trial->lifecycle, trial->keys, trial->keys_count, question->from, &trial->found, err));
	result r = judge_found(trial, plan, err);
	record_find_done(&trial->found);
	return r;
}

/* A message none of whose conditions hold says nothing of the record. */
static result judge_lifecycle(struct store *store, const struct record_question *question, const struct catalogue_moves *moves,
                              struct record_plan *plan, struct err *err)
{
	struct trial trial = {.store = store,
	                      .question = question,
	                      .moves = moves,
	                      .lifecycle = catalogue_lifecycle(question->catalogue, moves->lifecycle)};
	struct buf packed;
	result r = OK;
	if (!trial.lifecycle || plan->steps_count == RECORD_STEPS_MAX)
		return err_set(err, CODE_CONFIG, question->type->file, "%s has no lifecycle %s, or moves too many",
		               question->type->name, moves->lifecycle);
	buf_init(&packed, STORE_VALUE_MAX);
	size_t count = record_fold_moves(moves, question->main, &packed);
	trial.packed = buf_bytes(&packed);
	if (count > 0)
		r = judge_moves(&trial, plan, err);
	buf_done(&packed);
	return r;
}

result record_judge(struct store *store, const struct record_question *question, struct record_plan *plan, struct err *err)
{
	memset(plan, 0, sizeof(*plan));
	TRY(record_person_judge(store, question, plan, err));
	for (size_t i = 0; i < question->type->moves_count; i++)
		TRY(judge_lifecycle(store, question, &question->type->moves[i], plan, err));
	return record_person_compare(store, plan, err);
}

/* ---- writing ---- */

static result apply_names(struct store *store, const struct record_question *question, const struct record_step *step,
                          struct err *err)
{
	struct record_key keys[RECORD_NAMES_MAX];
	size_t count = record_find_keys(step->lifecycle, question->message, question->main, keys);
	for (size_t i = 0; i < count; i++)
		TRY(record_row_name(store, step->record, bytes_text(keys[i].key->name), keys[i].value, err));
	return OK;
}

static bool is_of(const struct record *record, int64_t person)
{
	for (size_t i = 0; i < record->persons_count; i++)
		if (record->persons[i] == person)
			return true;
	return false;
}

static result apply_persons(struct store *store, const struct record_plan *plan, struct record *record, struct err *err)
{
	for (size_t i = 0; i < plan->persons_count; i++) {
		if (is_of(record, plan->persons[i]) || record->persons_count == RECORD_PERSONS_MAX)
			continue;
		record->persons[record->persons_count++] = plan->persons[i];
		TRY(record_person_link(store, plan->persons[i], record->number, err));
	}
	return OK;
}

/* For records that it speaks of and that are not known yet. */
static result keep_waiting(struct store *store, const struct record_question *question, const struct catalogue_moves *moves, struct err *err)
{
	const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle(question->catalogue, moves->lifecycle);
	struct record_key keys[RECORD_NAMES_MAX];
	struct buf packed;
	size_t count = lifecycle ? record_find_keys(lifecycle, question->message, question->main, keys) : 0;
	result r = OK;
	buf_init(&packed, STORE_VALUE_MAX);
	if (record_fold_moves(moves, question->main, &packed) > 0) {
		const struct record_event event = {.at = question->signed_at, .id = bytes_of(question->message->id, UUID_LEN),
		                                   .type = question->message->type, .from = bytes_text(question->from),
		                                   .moves = buf_bytes(&packed)};
		r = record_wait_put(store, moves->lifecycle, keys, count, &event, err);
	}
	buf_done(&packed);
	return r;
}

result record_apply(struct store *store, const struct record_question *question, struct record_plan *plan, struct err *err)
{
	TRY(record_person_apply(store, question, plan, err));
	for (size_t i = 0; i < plan->steps_count; i++) {
		struct record_step *step = &plan->steps[i];
		if (step->record->number == 0)
			TRY(record_row_number(store, STORE_RECORDS, &step->record->number, err));
		if (step->to) {
			TRY(apply_names(store, question, step, err));
			TRY(apply_persons(store, plan, step->record, err));
		}
		TRY(record_row_save(store, step->record, err));
	}
	for (size_t i = 0; i < question->type->moves_count; i++)
		if (question->type->moves[i].is_each)
			TRY(keep_waiting(store, question, &question->type->moves[i], err));
	return OK;
}

void record_plan_done(struct record_plan *plan)
{
	for (size_t i = 0; i < plan->steps_count; i++)
		record_row_free(plan->steps[i].record);
	plan->steps_count = 0;
}
