#include "schemas/catalogue_links.h"

#include "schemas/catalogue_lifecycle.h"
#include "schemas/catalogue_when.h"
#include "schemas/pointer.h"

#include <stdio.h>
#include <string.h>

static result check_types(const struct catalogue_links *links, char *const *types, size_t count, const char *above, struct err *err)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < count; i++)
		if (!catalogue_find(links->catalogue, bytes_text(types[i])))
			return err_set(err, CODE_MALFORMED, pointer_index(above, i, place), "%s is no type of the catalogue", types[i]);
	return OK;
}

/* ---- pointers ---- */

/* The schema of a type's main part; false when it has none. */
static bool main_of(const struct catalogue_links *links, const struct catalogue_type *type, struct catalogue_when_schema *ret)
{
	*ret = (struct catalogue_when_schema){.documents = links->documents, .ctx = links->ctx};
	return pack_pointer(buf_bytes(&type->source), "/parts/main/schema", &ret->schema);
}

static result check_pointer(const struct catalogue_links *links, const struct catalogue_type *type, const char *pointer, const char *place,
                            struct err *err)
{
	struct catalogue_when_schema main;
	if (!main_of(links, type, &main))
		return err_set(err, CODE_MALFORMED, place, "%s has no main part", type->name);
	if (!catalogue_when_may(&main, pointer, NULL))
		return err_set(err, CODE_MALFORMED, place, "the main part of %s can have nothing at %s", type->name, pointer);
	return OK;
}

static result check_when(const struct catalogue_links *links, const struct catalogue_type *type, const struct catalogue_when *when, size_t count,
                         const char *above, struct err *err)
{
	char at[ERR_FIELD_MAX], place[ERR_FIELD_MAX];
	struct catalogue_when_schema main;
	for (size_t i = 0; i < count; i++) {
		pointer_key(above, bytes_text(when[i].pointer), at);
		TRY(check_pointer(links, type, when[i].pointer, at, err));
		for (size_t k = 0; k < when[i].values_count && main_of(links, type, &main); k++)
			if (!catalogue_when_may(&main, when[i].pointer, when[i].values[k]))
				return err_set(err, CODE_MALFORMED, pointer_index(at, k, place), "%s of %s can never be %s", when[i].pointer,
				               type->name, when[i].values[k]);
	}
	return OK;
}

/* ---- deadlines and exchanges ---- */

static result check_rearm(const struct catalogue_links *links, const struct catalogue_due *due, struct err *err)
{
	if (!due->rearm_type)
		return OK;
	const struct catalogue_type *rearm = catalogue_find(links->catalogue, bytes_text(due->rearm_type));
	if (!rearm)
		return err_set(err, CODE_MALFORMED, "/due/rearm/type", "%s is no type of the catalogue", due->rearm_type);
	TRY(check_when(links, rearm, due->rearm_when, due->rearm_when_count, "/due/rearm/when", err));
	return check_pointer(links, rearm, due->rearm_hours, "/due/rearm/hours", err);
}

static result check_due(const struct catalogue_links *links, const struct catalogue_type *type, struct err *err)
{
	const struct catalogue_due *due = &type->due;
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < due->cases_count; i++) {
		snprintf(place, sizeof(place), "/due/within/%zu/when", i);
		TRY(check_when(links, type, due->cases[i].when, due->cases[i].when_count, place, err));
	}
	if (due->starts_at)
		TRY(check_pointer(links, type, due->starts_at, "/due/from", err));
	TRY(check_types(links, due->met_by, due->met_by_count, "/due/met_by", err));
	return check_rearm(links, due, err);
}

static result check_exchange(const struct catalogue_links *links, const struct catalogue_type *type, struct err *err)
{
	if (!type->exchange)
		return OK;
	for (size_t i = 0; i < type->answers_count; i++) {
		struct catalogue_when_schema main;
		const struct catalogue_type *answer = catalogue_find(links->catalogue, bytes_text(type->answers[i]));
		if (answer && main_of(links, answer, &main) && catalogue_when_may(&main, type->exchange, NULL))
			return OK;
	}
	return err_set(err, CODE_MALFORMED, "/exchange", "no answer to %s can have anything at %s", type->name, type->exchange);
}

static bool is_blocked(const struct catalogue_links *links, const char *interlock)
{
	for (size_t i = 0; i < catalogue_lifecycles_count(links->catalogue); i++) {
		const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle_at(links->catalogue, i);
		for (size_t s = 0; s < lifecycle->states_count; s++)
			for (size_t b = 0; b < lifecycle->states[s].blocks_count; b++)
				if (strcmp(lifecycle->states[s].blocks[b], interlock) == 0)
					return true;
	}
	return false;
}

/* ---- moves ---- */

static result check_state(const struct catalogue_lifecycle *lifecycle, const char *name, bool none_is_fine, const char *place, struct err *err)
{
	if (catalogue_state(lifecycle, name) || (none_is_fine && strcmp(name, CATALOGUE_NONE) == 0))
		return OK;
	return err_set(err, CODE_MALFORMED, place, "%s is no state of %s", name, lifecycle->name);
}

static result check_move(const struct catalogue_links *links, const struct catalogue_type *type, const struct catalogue_lifecycle *lifecycle,
                         const struct catalogue_move *move, const char *above, struct err *err)
{
	char from[ERR_FIELD_MAX], place[ERR_FIELD_MAX];
	pointer_key(above, BYTES_LIT("from"), from);
	for (size_t i = 0; i < move->from_count; i++)
		TRY(check_state(lifecycle, move->from[i], true, pointer_index(from, i, place), err));
	TRY(check_state(lifecycle, move->to, false, pointer_key(above, BYTES_LIT("to"), place), err));
	return check_when(links, type, move->when, move->when_count, pointer_key(above, BYTES_LIT("when"), place), err);
}

/* A number that each agency gives on its own speaks of one record, and a message that several records must allow would be one that none does. */
static result check_each(const struct catalogue_moves *moves, const struct catalogue_lifecycle *lifecycle, const char *place, struct err *err)
{
	if (!moves->is_each)
		return OK;
	if (!moves->is_optional)
		return err_set(err, CODE_MALFORMED, place, "with \"each\" a lifecycle is \"optional\", too");
	for (size_t i = 0; i < lifecycle->keys_count; i++)
		if (lifecycle->keys[i].is_per_owner)
			return err_set(err, CODE_MALFORMED, place, "\"each\" is not for %s, whose key %s is each agency's own", lifecycle->name,
			               lifecycle->keys[i].name);
	return OK;
}

static result check_moves(const struct catalogue_links *links, const struct catalogue_type *type, struct err *err)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < type->moves_count; i++) {
		const struct catalogue_moves *moves = &type->moves[i];
		const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle(links->catalogue, moves->lifecycle);
		snprintf(place, sizeof(place), "/lifecycle/%zu/name", i);
		if (!lifecycle)
			return err_set(err, CODE_MALFORMED, place, "%s is no lifecycle of the catalogue", moves->lifecycle);
		TRY(check_each(moves, lifecycle, place, err));
		for (size_t m = 0; m < moves->moves_count; m++) {
			snprintf(place, sizeof(place), "/lifecycle/%zu/moves/%zu", i, m);
			TRY(check_move(links, type, lifecycle, &moves->moves[m], place, err));
		}
	}
	return OK;
}

result catalogue_links_type(const struct catalogue_links *links, const struct catalogue_type *type, struct err *err)
{
	TRY(check_types(links, type->answers, type->answers_count, "/answers", err));
	TRY(check_due(links, type, err));
	TRY(check_exchange(links, type, err));
	if (type->interlock && !is_blocked(links, type->interlock))
		return err_set(err, CODE_MALFORMED, "/interlock", "no state of any lifecycle blocks %s", type->interlock);
	return check_moves(links, type, err);
}

/* ---- states that nothing reaches ---- */

struct reached {
	const struct catalogue_lifecycle *lifecycle;
	uint64_t states; /* a bit for each */
	bool is_moved;   /* by some type */
};

static bool may_start(const struct reached *reached, const struct catalogue_move *move)
{
	for (size_t i = 0; i < move->from_count; i++) {
		const struct catalogue_state *from = catalogue_state(reached->lifecycle, move->from[i]);
		if (strcmp(move->from[i], CATALOGUE_NONE) == 0 || (from && reached->states >> (from - reached->lifecycle->states) & 1))
			return true;
	}
	return false;
}

static void reach(struct reached *reached, const struct catalogue_moves *moves)
{
	if (strcmp(moves->lifecycle, reached->lifecycle->name) != 0)
		return;
	reached->is_moved = true;
	for (size_t i = 0; i < moves->moves_count; i++) {
		const struct catalogue_state *to = catalogue_state(reached->lifecycle, moves->moves[i].to);
		if (to && may_start(reached, &moves->moves[i]))
			reached->states |= UINT64_C(1) << (to - reached->lifecycle->states);
	}
}

result catalogue_links_lifecycle(const struct catalogue_links *links, const struct catalogue_lifecycle *lifecycle, struct err *err)
{
	char place[ERR_FIELD_MAX];
	struct reached reached = {.lifecycle = lifecycle};
	uint64_t before;
	do {
		before = reached.states;
		for (size_t i = 0; i < catalogue_count(links->catalogue); i++)
			for (size_t k = 0; k < catalogue_at(links->catalogue, i)->moves_count; k++)
				reach(&reached, &catalogue_at(links->catalogue, i)->moves[k]);
	} while (reached.states != before);
	for (size_t i = 0; i < lifecycle->states_count && reached.is_moved; i++)
		if (!(reached.states >> i & 1))
			return err_set(err, CODE_MALFORMED, pointer_key("/states", bytes_text(lifecycle->states[i].name), place),
			               "no move of any type leads here from none");
	return OK;
}
