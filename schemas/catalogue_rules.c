#include "schemas/catalogue_rules.h"

#include "base/mem.h"
#include "base/text.h"
#include "schemas/pointer.h"

#include <string.h>

enum {
	POINTER_MAX = 120,
	WHEN_MAX = 16,
	VALUES_MAX = 64,
	VALUE_MAX = 64,
	CASES_MAX = 16,
	MET_BY_MAX = 32,
	LIFECYCLES_MAX = 8,
	MOVES_MAX = 64,
	FROM_MAX = 64,
	BUSINESS_DAYS_MAX = 3660
};

/* ---- pointers and conditions ---- */

static char *take_pointer(struct pack_in *in, const char *place)
{
	char *pointer = catalogue_take_text(in, place, POINTER_MAX);
	if (pointer && pointer[0] != '/')
		pack_fail(in, CODE_MALFORMED, place, "must be a JSON pointer, like /person/dob");
	return pointer;
}

static void take_when(struct pack_in *in, const char *place, struct catalogue_when **ret, size_t *ret_count)
{
	char at[ERR_FIELD_MAX];
	size_t count = catalogue_take_pairs(in, place, WHEN_MAX);
	if (count == 0)
		return;
	*ret = mem_array(count, sizeof(**ret));
	for (size_t i = 0; i < count && !in->failed; i++) {
		struct catalogue_when *when = &(*ret)[(*ret_count)++];
		struct bytes pointer = pack_text(in, place, POINTER_MAX);
		pointer_key(place, pointer, at);
		if (!in->failed && (pointer.len == 0 || pointer.at[0] != '/'))
			pack_fail(in, CODE_MALFORMED, at, "must be a JSON pointer, like /person/dob");
		if (in->failed)
			return;
		when->pointer = bytes_dup_text(pointer);
		catalogue_take_texts(in, at, VALUES_MAX, VALUE_MAX, &when->values, &when->values_count);
		if (!in->failed && when->values_count == 0)
			pack_fail(in, CODE_MALFORMED, at, "is empty");
	}
}

static void free_when(struct catalogue_when *when, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mem_free(when[i].pointer);
		catalogue_take_free(when[i].values, when[i].values_count);
	}
	mem_free(when);
}

/* ---- deadlines ---- */

static bool business_days(struct bytes text, int64_t *ret)
{
	static const char *const words[] = {" business days", " business day"};
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(words[i]);
		if (text.len > len && bytes_is(bytes_of(text.at + text.len - len, len), words[i]))
			return !FAILED(text_int(bytes_of(text.at, text.len - len), 1, BUSINESS_DAYS_MAX, ret, NULL));
	}
	return false;
}

static void take_span(struct pack_in *in, const char *place, struct catalogue_span *span)
{
	struct bytes text = pack_text(in, place, MESSAGE_NAME_MAX);
	if (in->failed || business_days(text, &span->business_days))
		return;
	if (FAILED(text_duration(text, &span->ms, NULL)) || span->ms <= 0)
		pack_fail(in, CODE_MALFORMED, place, "must be a duration, like 30d, 10min or 14 business days");
}

static bool is_text_next(const struct pack_in *in)
{
	struct pack_in ahead = *in;
	struct err ignored;
	ahead.err = &ignored;
	return pack_next(&ahead, "").kind == PACK_TEXT && !ahead.failed;
}

static void take_case_when(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_due_case *one = into;
	take_when(in, place, &one->when, &one->when_count);
}

static void take_case_within(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_due_case *one = into;
	take_span(in, place, &one->within);
}

static void take_within(struct pack_in *in, const char *place, void *into)
{
	static const struct catalogue_take_key keys[] = {{"when", take_case_when, false}, {"within", take_case_within, true}};
	struct catalogue_due *due = into;
	char at[ERR_FIELD_MAX];
	bool is_plain = is_text_next(in);
	size_t count = is_plain ? 1 : catalogue_take_array(in, place, CASES_MAX);
	if (count == 0)
		return;
	due->cases = mem_array(count, sizeof(*due->cases));
	for (size_t i = 0; i < count && !in->failed; i++) {
		struct catalogue_due_case *one = &due->cases[due->cases_count++];
		pointer_index(place, i, at);
		if (is_plain)
			take_span(in, place, &one->within);
		else
			catalogue_take_map(in, at, keys, 2, one);
		if (!in->failed && i + 1 < count && one->when_count == 0)
			pack_fail(in, CODE_MALFORMED, at, "has no condition, so that those after it are never reached");
	}
}

static void take_from(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_due *)into)->starts_at = take_pointer(in, place);
}

static void take_met_by(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_due *due = into;
	catalogue_take_texts(in, place, MET_BY_MAX, MESSAGE_TYPE_MAX, &due->met_by, &due->met_by_count);
	if (!in->failed && due->met_by_count == 0)
		pack_fail(in, CODE_MALFORMED, place, "is empty");
}

static void take_link(struct pack_in *in, const char *place, void *into)
{
	static const char *const words[] = {"re", "thread", "person", NULL};
	((struct catalogue_due *)into)->link = (enum catalogue_link)catalogue_take_word(in, place, words);
}

static void take_rearm_type(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_due *)into)->rearm_type = catalogue_take_text(in, place, MESSAGE_TYPE_MAX);
}

static void take_rearm_when(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_due *due = into;
	take_when(in, place, &due->rearm_when, &due->rearm_when_count);
}

static void take_rearm_hours(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_due *)into)->rearm_hours = take_pointer(in, place);
}

static void take_rearm(struct pack_in *in, const char *place, void *into)
{
	static const struct catalogue_take_key keys[] = {
		{"type", take_rearm_type, true}, {"when", take_rearm_when, false}, {"hours", take_rearm_hours, true}};
	catalogue_take_map(in, place, keys, sizeof(keys) / sizeof(*keys), into);
}

void catalogue_rules_due(struct pack_in *in, const char *place, struct catalogue_due *due)
{
	static const struct catalogue_take_key keys[] = {{"within", take_within, true},
	                                                 {"from", take_from, false},
	                                                 {"met_by", take_met_by, false},
	                                                 {"link", take_link, false},
	                                                 {"rearm", take_rearm, false}};
	if (is_text_next(in))
		take_within(in, place, due);
	else
		catalogue_take_map(in, place, keys, sizeof(keys) / sizeof(*keys), due);
}

void catalogue_rules_settle(struct catalogue_type *type)
{
	struct catalogue_due *due = &type->due;
	if (due->cases_count == 0)
		return;
	/* The header's `due` is made when the message is: it cannot look at a date in the body, nor at the hub's calendar. */
	if (due->cases[0].when_count == 0 && !due->starts_at)
		type->due_ms = due->cases[0].within.ms;
	if (due->met_by_count > 0 || type->answers_count == 0)
		return;
	due->met_by = mem_array(type->answers_count, sizeof(*due->met_by));
	for (size_t i = 0; i < type->answers_count; i++)
		due->met_by[due->met_by_count++] = mem_text(type->answers[i]);
}

static void free_due(struct catalogue_due *due)
{
	for (size_t i = 0; i < due->cases_count; i++)
		free_when(due->cases[i].when, due->cases[i].when_count);
	mem_free(due->cases);
	mem_free(due->starts_at);
	catalogue_take_free(due->met_by, due->met_by_count);
	mem_free(due->rearm_type);
	free_when(due->rearm_when, due->rearm_when_count);
	mem_free(due->rearm_hours);
}

/* ---- moves ---- */

static void take_move_when(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_move *move = into;
	take_when(in, place, &move->when, &move->when_count);
}

static void take_move_from(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_move *move = into;
	catalogue_take_texts(in, place, FROM_MAX, MESSAGE_NAME_MAX, &move->from, &move->from_count);
	if (!in->failed && move->from_count == 0)
		pack_fail(in, CODE_MALFORMED, place, "is empty");
}

static void take_move_to(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_move *)into)->to = catalogue_take_text(in, place, MESSAGE_NAME_MAX);
}

static void take_move_by(struct pack_in *in, const char *place, void *into)
{
	static const char *const words[] = {"any", "owner", "other", NULL};
	((struct catalogue_move *)into)->by = (enum catalogue_by)catalogue_take_word(in, place, words);
}

static void take_lifecycle_name(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_moves *)into)->lifecycle = catalogue_take_text(in, place, MESSAGE_NAME_MAX);
}

static void take_lifecycle_optional(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_moves *)into)->is_optional = pack_bool(in, place);
}

static void take_lifecycle_each(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_moves *)into)->is_each = pack_bool(in, place);
}

static void take_lifecycle_moves(struct pack_in *in, const char *place, void *into)
{
	static const struct catalogue_take_key keys[] = {
		{"from", take_move_from, true}, {"to", take_move_to, true}, {"by", take_move_by, false}, {"when", take_move_when, false}};
	struct catalogue_moves *moves = into;
	char at[ERR_FIELD_MAX];
	size_t count = catalogue_take_array(in, place, MOVES_MAX);
	if (count == 0)
		return;
	moves->moves = mem_array(count, sizeof(*moves->moves));
	for (size_t i = 0; i < count && !in->failed; i++)
		catalogue_take_map(in, pointer_index(place, i, at), keys, sizeof(keys) / sizeof(*keys), &moves->moves[moves->moves_count++]);
}

void catalogue_rules_moves(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	static const struct catalogue_take_key keys[] = {
		{"name", take_lifecycle_name, true}, {"optional", take_lifecycle_optional, false}, {"each", take_lifecycle_each, false},
		{"moves", take_lifecycle_moves, true}};
	char at[ERR_FIELD_MAX];
	size_t count = catalogue_take_array(in, place, LIFECYCLES_MAX);
	if (count == 0)
		return;
	type->moves = mem_array(count, sizeof(*type->moves));
	for (size_t i = 0; i < count && !in->failed; i++) {
		struct catalogue_moves *moves = &type->moves[type->moves_count++];
		catalogue_take_map(in, pointer_index(place, i, at), keys, sizeof(keys) / sizeof(*keys), moves);
		for (size_t k = 0; k < i && !in->failed; k++)
			if (strcmp(type->moves[k].lifecycle, moves->lifecycle) == 0)
				pack_fail(in, CODE_MALFORMED, at, "names a lifecycle that is there already");
	}
}

static void free_moves(struct catalogue_moves *moves)
{
	for (size_t i = 0; i < moves->moves_count; i++) {
		struct catalogue_move *move = &moves->moves[i];
		free_when(move->when, move->when_count);
		catalogue_take_free(move->from, move->from_count);
		mem_free(move->to);
	}
	mem_free(moves->moves);
	mem_free(moves->lifecycle);
}

void catalogue_rules_free(struct catalogue_type *type)
{
	free_due(&type->due);
	for (size_t i = 0; i < type->moves_count; i++)
		free_moves(&type->moves[i]);
	mem_free(type->moves);
}
