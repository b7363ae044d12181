#include "broker/route/rules.h"

#include "base/clock.h"
#include "base/log.h"
#include "broker/consent/consent.h"
#include "broker/route/alert.h"
#include "broker/route/erase.h"
#include "broker/route/hold.h"
#include "broker/route/mail.h"

#include <stdio.h>
#include <string.h>

enum { RULES_TURN_MAX = 256 };

static bool is_refusal(result r)
{
	return FAILED(r) && code_class_of(r.code) != CODE_CLASS_FAULT;
}

/* Where a rule has refused, *why says so and there is no fault; otherwise its fault is the caller's. */
static result settle(result r, struct err *why, struct err *err)
{
	if (is_refusal(r))
		return OK;
	if (FAILED(r) && err)
		*err = *why;
	if (!FAILED(r))
		why->code = CODE_OK;
	return r;
}

static struct record_question question_of(const struct core *core, const struct passage *passage)
{
	return (struct record_question){.catalogue = core->snapshot->catalogue, .type = passage->type, .message = passage->message,
	                                .main = passage->main, .from = passage->from, .signed_at = passage->signed_at, .now = passage->now};
}

/* ---- the room of exchanges ---- */

static result say(void *ctx, const char *to_party, const char *type, struct bytes main_part, const uint8_t *re, const uint8_t *thread,
                  struct bytes subject, int64_t priority, struct err *err)
{
	const struct mail mail = {.type = type, .to = to_party, .main = main_part, .re = re, .thread = thread, .subject = subject,
	                          .priority = priority, .wants_receipt = true};
	return mail_send(ctx, &mail, err);
}

static void uncovered(void *ctx, const char *type, int64_t year)
{
	(void)ctx;
	log_event(LOG_WARNING, "calendar_without_holidays", LOG_TEXT("type", type), LOG_INT("year", year));
}

static struct exchange exchange_of(struct core *core)
{
	return (struct exchange){.store = core->store, .catalogue = core->snapshot->catalogue, .settings = &core->snapshot->settings,
	                         .calendar = core->calendar, .host = {.ctx = core, .say = say, .uncovered = uncovered}};
}

/* Identifiers of the message's person: its own, and those that are known to be the same person's. They are copied, because they are lent one by one. */
struct ids {
	struct identifier each[EXCHANGE_IDS_MAX];
	size_t count;
	struct buf texts;
};

static struct bytes keep(struct ids *ids, struct bytes text)
{
	size_t at = ids->texts.len;
	buf_add(&ids->texts, text);
	return text.len ? bytes_of(ids->texts.at + at, text.len) : BYTES_NONE;
}

static result add_id(void *ctx, const struct identifier *id, struct err *err)
{
	struct ids *ids = ctx;
	(void)err;
	if (ids->count == EXCHANGE_IDS_MAX || ids->texts.len + id->kind.len + id->value.len + id->issuer.len > ids->texts.max)
		return OK;
	ids->each[ids->count++] = (struct identifier){.kind = keep(ids, id->kind), .value = keep(ids, id->value), .issuer = keep(ids, id->issuer)};
	return OK;
}

enum { IDS_TEXTS_MAX = 8192 };

static result ids_of(struct core *core, const struct passage *passage, struct ids *ids, struct err *err)
{
	ids->count = 0;
	buf_init(&ids->texts, IDS_TEXTS_MAX);
	buf_room(&ids->texts, IDS_TEXTS_MAX); /* views into it must not move */
	return record_ids(core->store, &passage->plan, add_id, ids, err);
}

static struct exchange_message exchange_message_of(const struct passage *passage, const struct ids *ids)
{
	return (struct exchange_message){.message = passage->message, .type = passage->type, .main = passage->main, .recipients = passage->recipients,
	                                 .recipients_count = passage->recipients_count, .ids = ids->each, .ids_count = ids->count,
	                                 .now = passage->now};
}

static result judge_exchange(struct core *core, const struct passage *passage, struct err *why, struct err *err)
{
	struct ids ids;
	struct exchange exchange = exchange_of(core);
	result r = ids_of(core, passage, &ids, err);
	if (!FAILED(r)) {
		struct exchange_message message = exchange_message_of(passage, &ids);
		r = settle(exchange_judge(&exchange, &message, why), why, err);
	}
	buf_done(&ids.texts);
	return r;
}

static result accept_exchange(struct core *core, const struct passage *passage, struct err *err)
{
	struct ids ids;
	struct exchange exchange = exchange_of(core);
	result r = ids_of(core, passage, &ids, err);
	if (!FAILED(r)) {
		struct exchange_message message = exchange_message_of(passage, &ids);
		r = exchange_accept(&exchange, &message, err);
	}
	buf_done(&ids.texts);
	core->next_deadline = -1;
	return r;
}

result rules_subscribers(struct core *core, const struct passage *passage, exchange_subscriber_fn fn, void *ctx, struct err *err)
{
	struct ids ids;
	struct err ignored;
	struct passage asked = *passage;
	const struct record_question question = question_of(core, passage);
	if (!passage->type->topic)
		return OK;
	result r = record_judge(core->store, &question, &asked.plan, &ignored);
	if (FAILED(r) && !is_refusal(r)) {
		if (err)
			*err = ignored;
		rules_done(&asked);
		return r;
	}
	r = ids_of(core, &asked, &ids, err);
	if (!FAILED(r))
		r = exchange_subscribers(core->store, passage->type->topic, ids.each, ids.count, passage->now, fn, ctx, err);
	buf_done(&ids.texts);
	rules_done(&asked);
	return r;
}

/* ---- interlocks ---- */

/* The first record that stands against the message makes the reason. */
struct standing {
	struct err *why;
	const char *interlock;
	size_t count;
};

static result note_standing(void *ctx, const struct record_seen *seen, struct err *err)
{
	struct standing *standing = ctx;
	char at[CLOCK_TEXT_MAX];
	(void)err;
	if (standing->count++ > 0)
		return OK;
	result held = err_set(standing->why, CODE_HELD, "/type", "%s %s of %s is %s since %s (%s)", seen->lifecycle->name, seen->name, seen->owner,
	                      seen->state->name, clock_text(seen->since, at), seen->type);
	return held.code == CODE_HELD ? OK : held;
}

static bool note_overtaken(const struct passage *passage, struct err *why)
{
	char at[CLOCK_TEXT_MAX];
	for (size_t i = 0; i < passage->plan.steps_count; i++) {
		const struct record_step *step = &passage->plan.steps[i];
		if (!step->is_overtaken)
			continue;
		result held = err_set(why, CODE_HELD, "/type", "%s %s: %s of %s, signed later (%s), says otherwise", step->lifecycle->name, step->name,
		                      step->over_type, step->over_from, clock_text(step->over_at, at));
		return held.code == CODE_HELD;
	}
	return false;
}

static result judge_interlock(struct core *core, const struct passage *passage, struct err *why, struct err *err)
{
	const struct record_question question = question_of(core, passage);
	struct standing standing = {.why = why, .interlock = passage->type->interlock};
	if (!passage->type->interlock)
		return OK;
	TRY(record_blockers(core->store, &question, &passage->plan, passage->type->interlock, note_standing, &standing, err));
	if (standing.count > 1) {
		size_t len = strlen(why->reason);
		snprintf(why->reason + len, sizeof(why->reason) - len, "; and %zu more", standing.count - 1);
	}
	if (standing.count == 0)
		note_overtaken(passage, why);
	return OK;
}

/* ---- what the hub itself does ---- */

static bool uuid_at(struct bytes main, const char *key, struct uuid *ret)
{
	struct bytes value, text;
	struct err ignored;
	return pack_find(main, key, &value) && pack_as_text(value, &text) && !FAILED(uuid_parse(text, ret, &ignored));
}

static result judge_override(struct core *core, const struct passage *passage, struct err *why, struct err *err)
{
	struct uuid id;
	struct buf row;
	bool found = false;
	buf_init(&row, STORE_VALUE_MAX);
	result r = OK;
	if (uuid_at(passage->main, "held", &id))
		r = store_row_get(core->store, STORE_HELD, bytes_of(id.at, UUID_LEN), &row, &found, err);
	buf_done(&row);
	TRY(r);
	if (!found)
		return settle(err_set(why, CODE_NOT_FOUND, "/parts/main/held", "no message of this id is held"), why, err);
	return OK;
}

static result judge_hub(struct core *core, const struct passage *passage, struct err *why, struct err *err)
{
	switch (passage->type->hub) {
	case CATALOGUE_HUB_OVERRIDE:
		return judge_override(core, passage, why, err);
	case CATALOGUE_HUB_GRANT:
		return settle(consent_check_grant(core->store, passage->main, why), why, err);
	case CATALOGUE_HUB_REVOKE:
		return settle(consent_check_revoke(core->store, passage->from, passage->now, passage->main, &core->days, why), why, err);
	case CATALOGUE_HUB_NOTHING:
	case CATALOGUE_HUB_MERGE:
	case CATALOGUE_HUB_ERASE:
	case CATALOGUE_HUB_SUBSCRIBE:
	case CATALOGUE_HUB_RENEW:
	case CATALOGUE_HUB_UNSUBSCRIBE:
		break;
	}
	return OK;
}

static result merge(struct core *core, const struct passage *passage, struct err *err)
{
	bool changed = false;
	struct record_merger merger = {.who = passage->from, .id = passage->message->id, .at = passage->signed_at};
	if (!pack_find(passage->main, "keep", &merger.keep) || !pack_find(passage->main, "merge", &merger.merge))
		return OK;
	return record_merge(core->store, &merger, &changed, err);
}

static result override(struct core *core, const struct passage *passage, struct err *err)
{
	struct uuid id;
	struct bytes value, text = BYTES_NONE;
	char reason[ERR_REASON_MAX];
	bool found = false;
	if (!uuid_at(passage->main, "held", &id))
		return OK;
	if (pack_find(passage->main, "reason", &value) && !pack_as_text(value, &text))
		text = BYTES_NONE;
	snprintf(reason, sizeof(reason), "overridden by %s: %.*s", passage->from, (int)(text.len < 200 ? text.len : 200), text.len ? (const char *)text.at : "");
	const struct hold_end end = {.because = "override", .by = passage->message->id, .reason = reason};
	return hold_let_through(core, id.at, &end, &found, err);
}

static result act(struct core *core, const struct passage *passage, int64_t seq, struct err *err)
{
	switch (passage->type->hub) {
	case CATALOGUE_HUB_MERGE:
		return merge(core, passage, err);
	case CATALOGUE_HUB_OVERRIDE:
		return override(core, passage, err);
	case CATALOGUE_HUB_GRANT:
		return consent_grant(core->store, passage->from, passage->now, passage->main, err);
	case CATALOGUE_HUB_REVOKE:
		return consent_revoke(core->store, passage->from, passage->now, passage->main, &core->days, err);
	case CATALOGUE_HUB_ERASE:
		return erase_begin(core, passage->message, seq, passage->main, err);
	case CATALOGUE_HUB_NOTHING:
	case CATALOGUE_HUB_SUBSCRIBE: /* the room of exchanges */
	case CATALOGUE_HUB_RENEW:
	case CATALOGUE_HUB_UNSUBSCRIBE:
		break;
	}
	return OK;
}

/* ---- alerts ---- */

static result alert_overtaken(struct core *core, const struct passage *passage, struct err *err)
{
	struct err why;
	if (!note_overtaken(passage, &why))
		return OK;
	const struct alert alert = {.event = "overtaken", .of = passage->message, .code = CODE_LIFECYCLE, .reason = why.reason};
	return alert_send(core, &alert, passage->from, err);
}

static result alert_conflict(struct core *core, const struct passage *passage, struct err *err)
{
	if (!passage->plan.conflict[0])
		return OK;
	const struct alert alert = {.event = "conflict", .of = passage->message, .code = CODE_OK, .reason = passage->plan.conflict};
	return alert_send(core, &alert, passage->from, err);
}

/* Everybody who is told of one message, each once. */
struct told {
	struct core *core;
	const struct passage *passage;
	struct alert alert;
	const char *names[PASSAGE_RECIPIENTS_MAX];
	char owners[32][STORE_PARTY_MAX];
	size_t count, owners_count;
};

static result tell(struct told *told, const char *party, struct err *err)
{
	for (size_t i = 0; i < told->count; i++)
		if (!strcmp(told->names[i], party))
			return OK;
	if (told->count == PASSAGE_RECIPIENTS_MAX)
		return OK;
	told->names[told->count++] = party;
	return alert_send(told->core, &told->alert, party, err);
}

static result tell_owner(void *ctx, const struct record_seen *seen, struct err *err)
{
	struct told *told = ctx;
	told->alert.record = seen->map;
	if (told->owners_count == sizeof(told->owners) / sizeof(*told->owners))
		return OK;
	char *owner = told->owners[told->owners_count++];
	snprintf(owner, STORE_PARTY_MAX, "%s", seen->owner);
	return tell(told, owner, err);
}

static result tell_candidate(void *ctx, const struct record_seen *seen, struct err *err)
{
	struct told *told = ctx;
	told->count = 0; /* each candidate is a question of its own */
	told->alert.record = seen->map;
	TRY(tell(told, told->passage->from, err));
	return tell_owner(ctx, seen, err);
}

static result alert_candidates(struct core *core, const struct passage *passage, struct err *err)
{
	const struct record_question question = question_of(core, passage);
	struct told told = {.core = core, .passage = passage};
	if (!passage->type->interlock)
		return OK;
	told.alert = (struct alert){.event = "candidate", .of = passage->message, .interlock = bytes_text(passage->type->interlock), .code = CODE_OK,
	                            .reason = "the same name and date of birth, and no identifier in common: somebody has to look whether it is the same person"};
	return record_candidates(core->store, &question, &passage->plan, passage->type->interlock, tell_candidate, &told, err);
}

result rules_held(struct core *core, const struct passage *passage, const struct err *why, struct err *err)
{
	const struct record_question question = question_of(core, passage);
	struct told told = {.core = core, .passage = passage, .names = {passage->from}, .count = 1};
	told.alert = (struct alert){.event = "held", .of = passage->message, .interlock = bytes_text(passage->type->interlock), .code = CODE_HELD,
	                            .reason = why->reason};
	TRY(record_blockers(core->store, &question, &passage->plan, passage->type->interlock, tell_owner, &told, err));
	told.alert.record = BYTES_NONE;
	for (size_t i = 0; i < passage->recipients_count; i++)
		TRY(tell(&told, passage->recipients[i], err));
	return OK;
}

/* ---- the whole ---- */

result rules_judge(struct core *core, struct passage *passage, struct err *why, struct err *err)
{
	const struct record_question question = question_of(core, passage);
	why->code = CODE_OK;
	TRY(settle(record_judge(core->store, &question, &passage->plan, why), why, err));
	if (why->code == CODE_OK)
		TRY(judge_exchange(core, passage, why, err));
	if (why->code == CODE_OK)
		TRY(judge_hub(core, passage, why, err));
	return why->code == CODE_OK ? judge_interlock(core, passage, why, err) : OK;
}

static bool blocks_something(const struct record_step *step, const char *state)
{
	const struct catalogue_state *known = catalogue_state(step->lifecycle, state);
	return known && known->blocks_count > 0;
}

/* A record that stood against something may stand against it no more: held messages are looked at again at the end of the group. */
static void note_freed(struct core *core, const struct passage *passage)
{
	for (size_t i = 0; i < passage->plan.steps_count; i++) {
		const struct record_step *step = &passage->plan.steps[i];
		if (!step->to || !blocks_something(step, step->was) || blocks_something(step, step->now))
			continue;
		core->wants_review = true;
		memcpy(core->review_by, passage->message->id, UUID_LEN);
	}
}

result rules_accepted(struct core *core, struct passage *passage, int64_t seq, struct err *err)
{
	const struct record_question question = question_of(core, passage);
	note_freed(core, passage);
	TRY(alert_overtaken(core, passage, err));
	TRY(alert_conflict(core, passage, err));
	TRY(alert_candidates(core, passage, err));
	TRY(record_apply(core->store, &question, &passage->plan, err));
	TRY(accept_exchange(core, passage, err));
	return act(core, passage, seq, err);
}

void rules_done(struct passage *passage)
{
	record_plan_done(&passage->plan);
}

static result run_deadlines(struct core *core, struct err *err)
{
	int64_t now = clock_wall_ms();
	if (core->next_deadline < 0)
		TRY(exchange_next(core->store, &core->next_deadline, err));
	if (core->next_deadline == 0 || core->next_deadline > now)
		return OK;
	struct exchange exchange = exchange_of(core);
	core->next_deadline = -1;
	TRY(core_write(core, err));
	return exchange_run(&exchange, now, RULES_TURN_MAX, err);
}

result rules_turn(struct core *core, struct err *err)
{
	while (core->wants_review) {
		core->wants_review = false;
		TRY(hold_review(core, core->review_by, err));
	}
	return run_deadlines(core, err);
}

int64_t rules_wait_ms(const struct core *core, int64_t most)
{
	int64_t left = core->next_deadline < 0 ? 0 : core->next_deadline == 0 ? most : core->next_deadline - clock_wall_ms();
	return left < 0 ? 0 : left < most ? left : most;
}
