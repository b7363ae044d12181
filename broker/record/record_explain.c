#include "broker/record/record_explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* A text that stops growing when it is full. */
struct words {
	char at[ERR_REASON_MAX];
	size_t len;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(words->at + words->len, sizeof(words->at) - words->len, format, args);
	va_end(args);
	if (length > 0)
		words->len +=
		    (size_t)length < sizeof(words->at) - words->len ? (size_t)length : sizeof(words->at) - words->len - 1;
}

#define TEXT(bytes) (int)(bytes).len, (bytes).len ? (const char *)(bytes).at : ""

static void say_time(struct words *words, int64_t at)
{
	char text[CLOCK_TEXT_MAX];
	clock_text(at, text);
	say(words, "%.19sZ", text);
}

static void say_record(struct words *words, const struct record_attempt *attempt)
{
	say(words, "%s %.*s", attempt->lifecycle->name, TEXT(attempt->key->value));
}

/* "is entered, set by ct.doc.parole with warrant.accepted/1 of 2026-…" */
static void say_state(struct words *words, const char *verb, struct bytes state, const struct record_event *met)
{
	say(words, " %s %.*s", verb, TEXT(state));
	if (!met)
		return;
	say(words, ", set by %.*s with %.*s of ", TEXT(met->from), TEXT(met->type));
	say_time(words, met->at);
}

static const struct catalogue_state *state_of(const struct catalogue_lifecycle *lifecycle, struct bytes name)
{
	for (size_t i = 0; i < lifecycle->states_count; i++)
		if (bytes_is(name, lifecycle->states[i].name))
			return &lifecycle->states[i];
	return NULL;
}

static bool leads_from(const struct catalogue_move *move, struct bytes state)
{
	for (size_t i = 0; i < move->from_count; i++)
		if (bytes_is(state, move->from[i]))
			return true;
	return false;
}

/* Whose step it is: bits of enum catalogue_by. 0: the type leads nowhere from that state. */
static unsigned whose(const struct catalogue_type *type, const struct catalogue_lifecycle *lifecycle, struct bytes state)
{
	unsigned who = 0;
	for (size_t i = 0; i < type->moves_count; i++)
		for (size_t m = 0; strcmp(type->moves[i].lifecycle, lifecycle->name) == 0 && m < type->moves[i].moves_count; m++)
			if (leads_from(&type->moves[i].moves[m], state))
				who |= 1u << type->moves[i].moves[m].by;
	return who;
}

/* Everybody, the owner, or everybody else: what a type is for, among those that lead on. */
static enum catalogue_by group_of(unsigned who, struct bytes owner)
{
	if (owner.len && who == 1u << CATALOGUE_BY_OWNER)
		return CATALOGUE_BY_OWNER;
	return owner.len && who == 1u << CATALOGUE_BY_OTHER ? CATALOGUE_BY_OTHER : CATALOGUE_BY_ANY;
}

/* The types of one group, as many as there is room for. *said counts those of all groups. */
static void say_group(struct words *words, const struct record_attempt *attempt, enum catalogue_by group, struct bytes state,
                      struct bytes owner, const char *intro, size_t *said)
{
	enum { MORE_ROOM = sizeof(" and more") };
	const struct catalogue *catalogue = attempt->question->catalogue;
	size_t in_group = 0;
	for (size_t i = 0; i < catalogue_count(catalogue); i++) {
		unsigned who = whose(catalogue_at(catalogue, i), attempt->lifecycle, state);
		struct words one = {.len = 0};
		if (who == 0 || group_of(who, owner) != group)
			continue;
		say(&one, "%s", in_group ? ", " : *said ? "; " : intro);
		if (in_group == 0 && group == CATALOGUE_BY_OWNER)
			say(&one, "by %.*s: ", TEXT(owner));
		else if (in_group == 0 && group == CATALOGUE_BY_OTHER)
			say(&one, "by any but %.*s: ", TEXT(owner));
		say(&one, "%s", catalogue_at(catalogue, i)->name);
		if (words->len + one.len + MORE_ROOM > sizeof(words->at)) {
			say(words, "%s", *said && in_group ? " and more" : "");
			return;
		}
		say(words, "%s", one.at);
		in_group++;
		++*said;
	}
}

/* ": nothing may follow", or the steps that may: those that the sender can make first. */
static void say_allowed(struct words *words, const struct record_attempt *attempt, struct bytes state, struct bytes owner,
                        const char *intro)
{
	const struct catalogue_state *known = state_of(attempt->lifecycle, state);
	bool is_owner = bytes_is(owner, attempt->question->from);
	size_t said = 0;
	say_group(words, attempt, CATALOGUE_BY_ANY, state, owner, intro, &said);
	say_group(words, attempt, is_owner ? CATALOGUE_BY_OWNER : CATALOGUE_BY_OTHER, state, owner, intro, &said);
	say_group(words, attempt, is_owner ? CATALOGUE_BY_OTHER : CATALOGUE_BY_OWNER, state, owner, intro, &said);
	if (said == 0)
		say(words, known && known->is_terminal ? ": nothing may follow" : ": nothing is allowed from there");
}

static result refuse(const struct record_attempt *attempt, enum code code, const struct words *words, struct err *err)
{
	char field[ERR_FIELD_MAX];
	if (code == CODE_AUTHORITY)
		return err_set(err, code, "/from", "%s", words->at);
	if (!attempt->key)
		return err_set(err, code, "/subject", "%s", words->at);
	snprintf(field, sizeof(field), "%s/%s", attempt->key->is_in_main ? "/parts/main" : "/subject", attempt->key->key->name);
	return err_set(err, code, field, "%s", words->at);
}

static result explain_unknown(const struct record_attempt *attempt, struct err *err)
{
	struct words words = {.len = 0};
	say_record(&words, attempt);
	say(&words, " is not on file here");
	say_allowed(&words, attempt, BYTES_LIT(RECORD_NONE), BYTES_NONE, ": it begins with ");
	return refuse(attempt, CODE_LIFECYCLE, &words, err);
}

/* What the message is too late for is said as it was then. */
static void say_met(struct words *words, const struct record_attempt *attempt)
{
	bool is_last = attempt->at + 1 == attempt->record->events_count;
	if (!is_last) {
		say(words, "signed at ");
		say_time(words, attempt->question->signed_at);
		say(words, ", when ");
	}
	say_record(words, attempt);
	say_state(words, is_last ? "is" : "was", attempt->outcome.state, attempt->outcome.met);
}

static result explain_not_by(const struct record_attempt *attempt, struct err *err)
{
	struct words words = {.len = 0};
	struct bytes owner = attempt->record->owner;
	say_record(&words, attempt);
	say(&words, " was entered by %.*s, and %.*s is ", TEXT(owner), TEXT(attempt->question->message->type));
	say(&words, bytes_is(owner, attempt->question->from) ? "for any other party" : "for that party alone");
	say(&words, "; it");
	say_state(&words, "is", attempt->outcome.state, attempt->outcome.met);
	say_allowed(&words, attempt, attempt->outcome.state, owner, ", and allowed: ");
	return refuse(attempt, CODE_AUTHORITY, &words, err);
}

static result explain_no_move(const struct record_attempt *attempt, struct err *err)
{
	struct words words = {.len = 0};
	if (bytes_is(attempt->outcome.state, RECORD_NONE)) {
		say(&words, "signed at ");
		say_time(&words, attempt->question->signed_at);
		say(&words, ", before ");
		say_record(&words, attempt);
		say(&words, " was on file");
	} else {
		say_met(&words, attempt);
	}
	say_allowed(&words, attempt, attempt->outcome.state, attempt->record->owner, "; from there: ");
	return refuse(attempt, CODE_LIFECYCLE, &words, err);
}

static result explain_too_late(const struct record_attempt *attempt, struct err *err)
{
	struct words words = {.len = 0};
	say_record(&words, attempt);
	say_state(&words, "is", attempt->record->state, attempt->record->set_by);
	say(&words, "; this was signed at ");
	say_time(&words, attempt->question->signed_at);
	say(&words, ", before all that is kept of its history");
	say_allowed(&words, attempt, attempt->record->state, attempt->record->owner, "; from there: ");
	return refuse(attempt, CODE_LIFECYCLE, &words, err);
}

/* The record is folded with the step in it, so the state that stands on file is what the last step had set before. */
static result explain_breaks(const struct record_attempt *attempt, struct err *err)
{
	const struct record_event *later = &attempt->record->events[attempt->outcome.at];
	struct words words = {.len = 0};
	say_record(&words, attempt);
	say(&words, ": %.*s of %.*s, signed later (", TEXT(later->type), TEXT(later->from));
	say_time(&words, later->at);
	say(&words, "), is on file and could not have followed: with this step it");
	say_state(&words, "would have been", attempt->outcome.state, attempt->outcome.met);
	say_allowed(&words, attempt, attempt->outcome.state, attempt->record->owner, "; from there: ");
	return refuse(attempt, CODE_LIFECYCLE, &words, err);
}

result record_explain(const struct record_attempt *attempt, struct err *err)
{
	if (!attempt->record)
		return explain_unknown(attempt, err);
	if (attempt->outcome.fit == RECORD_TOO_LATE)
		return explain_too_late(attempt, err);
	if (attempt->outcome.at != attempt->at)
		return explain_breaks(attempt, err);
	return attempt->outcome.fit == RECORD_NOT_BY ? explain_not_by(attempt, err) : explain_no_move(attempt, err);
}

result record_explain_ambiguous(const struct record_attempt *attempt, const struct record_found *found, struct err *err)
{
	struct words words = {.len = 0};
	say_record(&words, attempt);
	say(&words, " is a number of several agencies:");
	for (size_t i = 0; i < found->count && words.len < sizeof(words.at) / 2; i++)
		say(&words, "%s %.*s (%.*s)", i ? "," : "", TEXT(found->at[i]->owner), TEXT(found->at[i]->state));
	const char *separator = "; name the record by its ";
	for (size_t i = 0; i < attempt->lifecycle->keys_count; i++)
		if (!attempt->lifecycle->keys[i].is_per_owner) {
			say(&words, "%s%s", separator, attempt->lifecycle->keys[i].name);
			separator = " or ";
		}
	return refuse(attempt, CODE_LIFECYCLE, &words, err);
}

result record_explain_no_key(const struct record_attempt *attempt, struct err *err)
{
	struct words words = {.len = 0};
	say(&words, "the subject does not say which %s it is: it wants ", attempt->lifecycle->name);
	for (size_t i = 0; i < attempt->lifecycle->keys_count; i++)
		say(&words, "%s%s", i ? " or " : "", attempt->lifecycle->keys[i].name);
	return refuse(attempt, CODE_LIFECYCLE, &words, err);
}
