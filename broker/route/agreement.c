#include "broker/route/agreement.h"

#include "base/text.h"
#include "schemas/party.h"

#include <stdio.h>
#include <string.h>

#define CLASS_P2 "P2"
#define MAIN_PART "main"

struct decision {
	const struct snapshot *snapshot;
	const struct agreement_question *question;
	struct agreement_recipient *recipients;
	size_t count, max;
	struct err *err;
};

static bool type_fits(const struct settings_agreement *agreement, struct bytes type)
{
	for (size_t i = 0; i < agreement->types.count; i++)
		if (text_match(agreement->types.at[i], type))
			return true;
	return false;
}

static bool agreement_applies(const struct snapshot_agreement *agreement, const struct agreement_question *question)
{
	const struct settings_agreement *settings = agreement->settings;
	bool fits = false;
	for (size_t i = 0; i < settings->from.count && !fits; i++)
		fits = snapshot_fits(question->from, settings->from.at[i]);
	return fits && type_fits(settings, question->message->type);
}

static bool names_contain(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static bool condition_holds(const struct snapshot_target *target, const struct snapshot_party *party, struct bytes main)
{
	struct bytes value, text;
	if (!target->attribute)
		return true;
	return pack_pointer(main, target->pointer, &value) && pack_as_text(value, &text) &&
	       snapshot_attribute_is(party, target->attribute, text);
}

static bool target_covers(const struct snapshot_target *target, const struct snapshot_party *party, const struct agreement_question *question)
{
	bool named = false;
	switch (target->kind) {
	case TARGET_PARTY:
		named = !strcmp(target->name, party->name);
		break;
	case TARGET_PATTERN:
		named = text_match(target->name, bytes_text(party->name));
		break;
	case TARGET_ROLE:
		named = snapshot_has_role(party, bytes_text(target->name));
		break;
	case TARGET_THREAD:
		named = names_contain(question->thread, question->thread_count, party->name);
		break;
	case TARGET_ORIGINATOR:
		named = question->originator && !strcmp(question->originator, party->name);
		break;
	case TARGET_SUBSCRIBER:
		named = names_contain(question->subscribers, question->subscribers_count, party->name);
		break;
	}
	return named && condition_holds(target, party, question->main);
}

/* The classes of an agreement that names none: what any justice partner may see. */
static bool class_cleared(const struct settings_agreement *agreement, struct bytes cls)
{
	if (agreement->classes.count == 0)
		return bytes_is(cls, "PUB") || bytes_is(cls, "CJ");
	for (size_t i = 0; i < agreement->classes.count; i++)
		if (bytes_is(cls, agreement->classes.at[i]))
			return true;
	return false;
}

/* P2 is disclosed by a consent, whatever the agreement says (42 CFR 2.31); other classes where the agreement asks for one. */
static bool rests_on_consent(const struct settings_agreement *agreement, struct bytes cls)
{
	if (bytes_is(cls, CLASS_P2))
		return true;
	return agreement->consent && !bytes_is(cls, "PUB") && !bytes_is(cls, "CJ");
}

static struct agreement_recipient *recipient_of(struct decision *decision, const struct snapshot_party *party)
{
	for (size_t i = 0; i < decision->count; i++)
		if (decision->recipients[i].party == party)
			return &decision->recipients[i];
	return NULL;
}

/* What the agreement clears the recipient for is no longer withheld. What another one gives freely rests on no consent. */
static void clear_parts(const struct message *message, const struct settings_agreement *agreement, struct agreement_recipient *recipient)
{
	for (size_t i = 0; i < message->parts_count; i++) {
		int64_t bit = INT64_C(1) << i;
		bool given_freely = !(recipient->withheld & bit) && !(recipient->consent & bit);
		if (given_freely || !class_cleared(agreement, message->parts[i].cls))
			continue;
		recipient->withheld &= ~bit;
		recipient->consent = rests_on_consent(agreement, message->parts[i].cls) ? recipient->consent | bit : recipient->consent & ~bit;
	}
}

/* Adds a recipient once; several agreements that reach the same party clear it for what they clear together. */
static result add_recipient(struct decision *decision, const struct snapshot_party *party, const struct settings_agreement *agreement)
{
	const struct message *message = decision->question->message;
	if (party == decision->question->from)
		return OK;
	struct agreement_recipient *recipient = recipient_of(decision, party);
	if (!recipient) {
		if (decision->count == decision->max)
			return err_set(decision->err, CODE_TOO_LARGE, "/to", "more than %zu parties would receive it", decision->max);
		recipient = &decision->recipients[decision->count++];
		*recipient = (struct agreement_recipient){
			.party = party, .agreement = agreement, .withheld = (INT64_C(1) << message->parts_count) - 1};
	}
	clear_parts(message, agreement, recipient);
	return OK;
}

/* Adds every party that fits `address` (empty: any) and that a target of the agreement covers. */
static result add_covered(struct decision *decision, const struct snapshot_agreement *agreement, struct bytes address, size_t *covered)
{
	struct bytes role = BYTES_NONE;
	bool by_role = address.len && party_is_role(address, &role);
	for (size_t i = 0; i < decision->snapshot->parties_count; i++) {
		const struct snapshot_party *party = &decision->snapshot->parties[i];
		if (address.len && !(by_role ? snapshot_has_role(party, role) : bytes_is(address, party->name)))
			continue;
		bool covers = false;
		for (size_t t = 0; t < agreement->targets_count && !covers; t++)
			covers = target_covers(&agreement->targets[t], party, decision->question);
		if (!covers)
			continue;
		(*covered)++;
		TRY(add_recipient(decision, party, agreement->settings));
	}
	return OK;
}

static result decide_routed(struct decision *decision)
{
	size_t routes = 0, covered = 0;
	for (size_t i = 0; i < decision->snapshot->agreements_count; i++) {
		const struct snapshot_agreement *agreement = &decision->snapshot->agreements[i];
		if (!agreement->settings->route || !agreement_applies(agreement, decision->question))
			continue;
		routes++;
		TRY(add_covered(decision, agreement, BYTES_NONE, &covered));
	}
	if (routes == 0)
		return err_set(decision->err, CODE_NO_RECIPIENT, "/to", "no agreement routes this type; address it");
	if (decision->count == 0)
		return err_set(decision->err, CODE_NO_RECIPIENT, "/to", "nobody fits what the agreements route this type by");
	return OK;
}

static bool anybody_has(const struct snapshot *snapshot, struct bytes role)
{
	for (size_t i = 0; i < snapshot->parties_count; i++)
		if (snapshot_has_role(&snapshot->parties[i], role))
			return true;
	return false;
}

static result decide_addressed(struct decision *decision, struct bytes address)
{
	char shown[PARTY_MAX + 8];
	struct bytes role = BYTES_NONE;
	size_t covered = 0;
	text_safe(address, shown, sizeof(shown));
	bool by_role = party_is_role(address, &role);
	if (by_role && !anybody_has(decision->snapshot, role))
		return err_set(decision->err, CODE_NO_RECIPIENT, "/to", "nobody who is enrolled at this hub is %s", shown);
	if (!by_role && !snapshot_party(decision->snapshot, address))
		return err_set(decision->err, CODE_NO_RECIPIENT, "/to", "%s is not enrolled at this hub", shown);
	for (size_t i = 0; i < decision->snapshot->agreements_count; i++) {
		const struct snapshot_agreement *agreement = &decision->snapshot->agreements[i];
		if (agreement_applies(agreement, decision->question))
			TRY(add_covered(decision, agreement, address, &covered));
	}
	if (covered == 0)
		return err_set(decision->err, CODE_NO_AGREEMENT, "/to", "no agreement lets %s send this type to %s",
		               decision->question->from->name, shown);
	return OK;
}

/* ── what each may see ── */

static bool part_required(const struct agreement_question *question, struct bytes name)
{
	if (!question->type)
		return bytes_is(name, MAIN_PART);
	for (size_t i = 0; i < question->type->parts_count; i++)
		if (bytes_is(name, question->type->parts[i].name))
			return question->type->parts[i].required;
	return false;
}

static result refuse_part(const struct decision *decision, const struct agreement_recipient *recipient, size_t index)
{
	const struct message_part *part = &decision->question->message->parts[index];
	char field[ERR_FIELD_MAX], name[MESSAGE_NAME_MAX + 1], cls[MESSAGE_NAME_MAX + 1];
	snprintf(field, sizeof(field), "/parts/%s", text_safe(part->name, name, sizeof(name)));
	if (recipient->why[index] == AGREEMENT_NO_CONSENT)
		return err_set(decision->err, CODE_CONSENT, field, "the consent %s %s", consent_state_text(CONSENT_RECIPIENT),
		               recipient->party->name);
	return err_set(decision->err, CODE_NOT_CLEARED, field, "agreement \"%s\" does not clear %s for class %s",
	               recipient->agreement->name, recipient->party->name, text_safe(part->cls, cls, sizeof(cls)));
}

/* A consent that does not name one recipient withholds from that one; one that holds for nobody is the originator's to mend. */
static result ask_consent(const struct decision *decision, struct agreement_recipient *recipient)
{
	const struct agreement_question *question = decision->question;
	enum consent_state state = question->consent ? question->consent(question->consent_ctx, recipient->party->name) : CONSENT_NONE;
	if (state == CONSENT_HOLDS)
		return OK;
	if (state != CONSENT_RECIPIENT)
		return err_set(decision->err, CODE_CONSENT, "/consent", "the consent %s", consent_state_text(state));
	for (size_t i = 0; i < question->message->parts_count; i++)
		if (recipient->consent & (INT64_C(1) << i))
			recipient->why[i] = AGREEMENT_NO_CONSENT;
	recipient->withheld |= recipient->consent;
	recipient->consent = 0;
	return OK;
}

static result check_cleared(const struct decision *decision)
{
	const struct message *message = decision->question->message;
	for (size_t i = 0; i < decision->count; i++) {
		struct agreement_recipient *recipient = &decision->recipients[i];
		for (size_t p = 0; p < message->parts_count; p++)
			recipient->why[p] = recipient->withheld & (INT64_C(1) << p) ? AGREEMENT_NOT_CLEARED : AGREEMENT_GIVEN;
		if (recipient->consent)
			TRY(ask_consent(decision, recipient));
		for (size_t p = 0; p < message->parts_count; p++)
			if (recipient->why[p] != AGREEMENT_GIVEN && part_required(decision->question, message->parts[p].name))
				return refuse_part(decision, recipient, p);
	}
	return OK;
}

const char *agreement_why_text(enum agreement_why why)
{
	static const char *const texts[AGREEMENT_WHY_COUNT] = {"", "not_cleared", "consent"};
	return texts[why];
}

static bool any_applies(const struct snapshot *snapshot, const struct agreement_question *question)
{
	for (size_t i = 0; i < snapshot->agreements_count; i++)
		if (agreement_applies(&snapshot->agreements[i], question))
			return true;
	return false;
}

result agreement_decide(const struct snapshot *snapshot, const struct agreement_question *question, struct agreement_recipient *ret, size_t max,
                        size_t *ret_count, struct err *err)
{
	struct decision decision = {.snapshot = snapshot, .question = question, .recipients = ret, .max = max, .err = err};
	char type[MESSAGE_TYPE_MAX + 1];
	if (!any_applies(snapshot, question))
		return err_set(err, CODE_NO_AGREEMENT, "/type", "no agreement lets %s send %s", question->from->name,
		               text_safe(question->message->type, type, sizeof(type)));
	if (question->message->to_count == 0)
		TRY(decide_routed(&decision));
	for (size_t i = 0; i < question->message->to_count; i++)
		TRY(decide_addressed(&decision, question->message->to[i]));
	if (decision.count == 0)
		return err_set(err, CODE_NO_RECIPIENT, "/to", "the only party that fits is the sender itself");
	TRY(check_cleared(&decision));
	*ret_count = decision.count;
	return OK;
}

static bool any_target_is(const struct snapshot *snapshot, struct bytes type, enum snapshot_target_kind kind, enum snapshot_target_kind other)
{
	for (size_t i = 0; i < snapshot->agreements_count; i++) {
		const struct snapshot_agreement *agreement = &snapshot->agreements[i];
		if (!type_fits(agreement->settings, type))
			continue;
		for (size_t t = 0; t < agreement->targets_count; t++)
			if (agreement->targets[t].kind == kind || agreement->targets[t].kind == other)
				return true;
	}
	return false;
}

bool agreement_needs_thread(const struct snapshot *snapshot, struct bytes type)
{
	return any_target_is(snapshot, type, TARGET_THREAD, TARGET_ORIGINATOR);
}

bool agreement_needs_subscribers(const struct snapshot *snapshot, struct bytes type)
{
	return any_target_is(snapshot, type, TARGET_SUBSCRIBER, TARGET_SUBSCRIBER);
}
