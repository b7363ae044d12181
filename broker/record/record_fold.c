#include "broker/record/record_fold.h"

#include <string.h>

static bool lists(struct pack_in *in, struct bytes wanted)
{
	bool has = false;
	size_t count = pack_array(in, "from");
	for (size_t i = 0; i < count && !in->failed; i++)
		has |= bytes_equal(pack_text(in, "from", SIZE_MAX), wanted);
	return has;
}

static bool may(int64_t by, struct bytes owner, struct bytes from)
{
	if (by == CATALOGUE_BY_ANY || owner.len == 0)
		return true;
	return bytes_equal(owner, from) == (by == CATALOGUE_BY_OWNER);
}

/* The first move that leads on, for this party. */
static enum record_fit step(const struct record_event *event, struct bytes state, struct bytes owner, struct bytes *ret_to)
{
	struct err ignored;
	struct pack_in in = pack_in(event->moves, &ignored);
	enum record_fit fit = RECORD_NO_MOVE;
	size_t count = pack_array(&in, "moves");
	for (size_t i = 0; i < count && !in.failed; i++) {
		pack_array_of(&in, "move", 3);
		int64_t by = pack_int(&in, "by", 0, CATALOGUE_BY_OTHER);
		struct bytes to = pack_text(&in, "to", SIZE_MAX);
		if (!lists(&in, state) || in.failed)
			continue;
		if (may(by, owner, event->from)) {
			*ret_to = to;
			return RECORD_FITS;
		}
		fit = RECORD_NOT_BY;
	}
	return fit;
}

static void start(struct record *record)
{
	bool has_base = record->forgotten > 0;
	record->state = has_base ? record->base_state : BYTES_LIT(RECORD_NONE);
	record->owner = has_base ? record->base_owner : BYTES_NONE;
	record->set_by = has_base ? &record->base : NULL;
}

struct record_outcome record_fold(struct record *record)
{
	struct record_outcome outcome = {.fit = RECORD_FITS};
	start(record);
	for (size_t i = 0; i < record->events_count; i++) {
		struct record_event *event = &record->events[i];
		event->to = BYTES_NONE;
		enum record_fit fit = step(event, record->state, record->owner, &event->to);
		if (fit == RECORD_FITS) {
			if (record->owner.len == 0)
				record->owner = event->from;
			record->state = event->to;
			record->set_by = event;
		} else if (!event->is_optional && outcome.fit == RECORD_FITS) {
			outcome = (struct record_outcome){fit, i, record->state, record->set_by};
		}
	}
	return outcome;
}

/* By signing; the ids settle what was signed in the same millisecond, in the same way wherever it is judged. */
static int order(const struct record_event *a, const struct record_event *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return bytes_order(a->id, b->id);
}

static void remove_at(struct record *record, size_t at)
{
	record->events_count--;
	memmove(&record->events[at], &record->events[at + 1], (record->events_count - at) * sizeof(*record->events));
}

bool record_fold_insert(struct record *record, const struct record_event *event, size_t *ret_at)
{
	for (size_t i = 0; i < record->events_count; i++)
		if (bytes_equal(record->events[i].id, event->id)) {
			remove_at(record, i);
			break;
		}
	if (record->forgotten && order(event, &record->base) < 0)
		return false;
	size_t at = record->events_count;
	while (at > 0 && order(event, &record->events[at - 1]) < 0)
		at--;
	memmove(&record->events[at + 1], &record->events[at], (record->events_count - at) * sizeof(*record->events));
	record->events[at] = *event;
	record->events_count++;
	*ret_at = at;
	return true;
}

void record_fold_forget(struct record *record)
{
	struct bytes to = record->events[0].to;
	if (record->forgotten == 0) {
		record->base_state = BYTES_LIT(RECORD_NONE);
		record->base_owner = BYTES_NONE;
		record->base = record->events[0];
	}
	if (to.len) {
		if (record->base_owner.len == 0)
			record->base_owner = record->events[0].from;
		record->base_state = to;
		record->base = record->events[0];
	}
	record->forgotten++;
	remove_at(record, 0);
	record_fold(record);
}

size_t record_fold_moves(const struct catalogue_moves *moves, struct bytes main, struct buf *out)
{
	size_t count = 0;
	for (size_t i = 0; i < moves->moves_count; i++)
		count += catalogue_holds(moves->moves[i].when, moves->moves[i].when_count, main);
	pack_put_array(out, count);
	for (size_t i = 0; i < moves->moves_count; i++) {
		const struct catalogue_move *move = &moves->moves[i];
		if (!catalogue_holds(move->when, move->when_count, main))
			continue;
		pack_put_array(out, 3);
		pack_put_int(out, move->by);
		pack_put_str(out, move->to);
		pack_put_array(out, move->from_count);
		for (size_t from = 0; from < move->from_count; from++)
			pack_put_str(out, move->from[from]);
	}
	return count;
}
