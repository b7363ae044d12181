#include "broker/route/recipients.h"

#include "base/mem.h"
#include "broker/route/rules.h"

#include <string.h>

enum { RECIPIENTS_NAMES_MAX = 256 };

/* As many as there are; most messages need none. */
struct names {
	const char **at; /* owned, and so are they */
	size_t count;
};

static void names_add(struct names *names, const char *name)
{
	if (names->count == RECIPIENTS_NAMES_MAX)
		return;
	names->at = mem_grow(names->at, names->count + 1, sizeof(*names->at));
	names->at[names->count++] = mem_text(name);
}

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		mem_free((void *)(uintptr_t)names->at[i]);
	mem_free(names->at);
}

/* What is looked up for one message. */
struct facts {
	struct names thread, subscribers;
	char originator[TRUST_NAME_MAX];
	struct consent consent;
	struct consent_question disclosure;
};

static result load_thread(struct core *core, const struct message *message, struct names *names, struct err *err)
{
	int64_t numbers[RECIPIENTS_NAMES_MAX];
	char name[STORE_PARTY_MAX];
	size_t count = 0;
	TRY(store_thread_parties(core->store, message_thread(message), numbers, RECIPIENTS_NAMES_MAX, &count, err));
	for (size_t i = 0; i < count; i++) {
		TRY(store_party_name(core->store, numbers[i], name, err));
		names_add(names, name);
	}
	return OK;
}

static result load_originator(struct core *core, const uint8_t *re, char into[static TRUST_NAME_MAX], struct err *err)
{
	struct store_message stored;
	struct envelope envelope;
	struct message message;
	bool found = false;
	into[0] = 0;
	if (!re)
		return OK;
	TRY(store_find(core->store, re, &core->hold, &found, &stored, err));
	if (!found)
		return OK;
	TRY(envelope_decode(stored.envelope, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	if (message.from.len < TRUST_NAME_MAX) {
		memcpy(into, message.from.at, message.from.len);
		into[message.from.len] = 0;
	}
	return OK;
}

static void add_subscriber(void *ctx, const char *party)
{
	names_add(ctx, party);
}

static bool rests_on_consent(const struct message *message)
{
	for (size_t i = 0; i < message->parts_count; i++)
		if (bytes_is(message->parts[i].cls, "P2"))
			return true;
	return message->consent.len > 0;
}

static result look_up(struct admission *admission, struct facts *facts, struct agreement_question *question, struct err *err)
{
	struct core *core = admission->core;
	const struct message *message = &admission->candidate->message;
	if (agreement_needs_thread(core->snapshot, message->type)) {
		TRY(load_thread(core, message, &facts->thread, err));
		TRY(load_originator(core, message->re, facts->originator, err));
		question->thread = facts->thread.at;
		question->thread_count = facts->thread.count;
		question->originator = facts->originator[0] ? facts->originator : NULL;
	}
	if (agreement_needs_subscribers(core->snapshot, message->type)) {
		TRY(rules_subscribers(core, &admission->passage, add_subscriber, &facts->subscribers, err));
		question->subscribers = facts->subscribers.at;
		question->subscribers_count = facts->subscribers.count;
	}
	if (rests_on_consent(message)) {
		TRY(consent_load(core->store, message->consent, &facts->consent, err));
		facts->disclosure = (struct consent_question){.consent = &facts->consent, .discloser = admission->job->party,
		                                              .subject = message->subject, .now = admission->now, .days = &core->days};
		question->consent = consent_judge;
		question->consent_ctx = &facts->disclosure;
	}
	return OK;
}

result recipients_decide(struct admission *admission, struct err *why, struct err *err)
{
	const struct candidate *candidate = admission->candidate;
	struct facts facts = {.originator = ""};
	struct agreement_question question = {.from = admission->from, .message = &candidate->message, .main = candidate->main,
	                                      .type = candidate->type};
	consent_init(&facts.consent);
	result r = look_up(admission, &facts, &question, err);
	if (!FAILED(r) && !FAILED(agreement_decide(admission->core->snapshot, &question, admission->recipients, AGREEMENT_RECIPIENTS_MAX,
	                                           &admission->recipients_count, why)))
		why->code = CODE_OK;
	consent_done(&facts.consent);
	names_done(&facts.thread);
	names_done(&facts.subscribers);
	return r;
}
