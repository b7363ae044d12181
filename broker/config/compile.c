#include "broker/config/compile.h"

#include "base/mem.h"
#include "base/text.h"
#include "schemas/party.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_THREAD "thread"
#define WORD_ORIGINATOR "originator"
#define WORD_SUBSCRIBER "subscriber"
#define ROLE_PREFIX "role:"

/* An element of a list of the configuration, as faults speak of it. */
struct element {
	struct conf_place place;
	char path[64];
	struct conf_faults *faults;
};

#define FAULT(element, ...) conf_fault((element)->faults, (element)->place, (element)->path, __VA_ARGS__)

static struct element element_of(const char *list, size_t index, const char *file, int line, struct conf_faults *faults)
{
	struct element element = {.place = {file, line}, .faults = faults};
	snprintf(element.path, sizeof(element.path), "%s[%zu]", list, index);
	return element;
}

/* ── parties ── */

static const struct settings_party *party_at(const struct snapshot *snapshot, size_t index)
{
	return (const struct settings_party *)snapshot->settings.parties.at + index;
}

static int order_parties(const void *a, const void *b)
{
	const struct snapshot_party *left = a, *right = b;
	return bytes_order(bytes_text(left->name), bytes_text(right->name));
}

static void check_party(const struct snapshot *snapshot, size_t index, const struct element *element)
{
	const char *name = party_at(snapshot, index)->party;
	if (!strcmp(name, snapshot->settings.party))
		FAULT(element, "%s is the hub itself; give the party a name of its own", name);
	if (!strcmp(name, WORD_THREAD) || !strcmp(name, WORD_ORIGINATOR) || !strcmp(name, WORD_SUBSCRIBER))
		FAULT(element, "\"%s\" is a word of agreements; give the party a dotted name", name);
	for (size_t other = 0; other < index; other++)
		if (!strcmp(name, party_at(snapshot, other)->party))
			FAULT(element, "%s is enrolled already in line %d; keep one of the two", name, party_at(snapshot, other)->line);
}

void compile_parties(struct snapshot *snapshot, const char *file, struct conf_faults *faults)
{
	size_t count = snapshot->settings.parties.count;
	snapshot->parties = mem_array(count + 1, sizeof(*snapshot->parties));
	snapshot->parties_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct settings_party *settings = party_at(snapshot, i);
		struct element element = element_of("parties", i, file, settings->line, faults);
		check_party(snapshot, i, &element);
		snapshot->parties[i] = (struct snapshot_party){settings->party, settings};
	}
	qsort(snapshot->parties, count, sizeof(*snapshot->parties), order_parties);
}

/* ── what agreements refer to ── */

static bool any_party_fits(const struct snapshot *snapshot, const char *selector)
{
	for (size_t i = 0; i < snapshot->parties_count; i++)
		if (snapshot_fits(&snapshot->parties[i], selector))
			return true;
	return false;
}

static bool any_party_has(const struct snapshot *snapshot, const char *attribute)
{
	for (size_t i = 0; i < snapshot->parties_count; i++) {
		const struct conf_pairs *pairs = &snapshot->parties[i].settings->attributes;
		for (size_t p = 0; p < pairs->count; p++)
			if (!strcmp(pairs->at[p].name, attribute))
				return true;
	}
	return false;
}

static bool any_type_fits(const struct catalogue *catalogue, const char *pattern)
{
	for (size_t i = 0; i < catalogue_count(catalogue); i++)
		if (text_match(pattern, bytes_text(catalogue_at(catalogue, i)->name)))
			return true;
	return false;
}

static void check_selector(const struct snapshot *snapshot, const char *selector, const char *list, const struct element *element)
{
	if (any_party_fits(snapshot, selector))
		return;
	if (bytes_starts(bytes_text(selector), ROLE_PREFIX))
		FAULT(element, "%s: no party has the role \"%s\"; correct it or enroll one", list, selector + strlen(ROLE_PREFIX));
	else if (strchr(selector, '*'))
		FAULT(element, "%s: no party fits \"%s\"; correct it or enroll one", list, selector);
	else
		FAULT(element, "%s: \"%s\" is not enrolled; correct it or add it to parties", list, selector);
}

static void check_types(const struct snapshot *snapshot, const struct settings_agreement *settings, const struct element *element)
{
	for (size_t i = 0; snapshot->catalogue && i < settings->types.count; i++)
		if (!any_type_fits(snapshot->catalogue, settings->types.at[i]))
			FAULT(element, "types: \"%s\" is not in the catalogue; see liaison catalogue list", settings->types.at[i]);
}

/* ── targets: ADDRESS [ATTRIBUTE=/POINTER] ── */

static enum snapshot_target_kind kind_of(const char *name)
{
	if (!strcmp(name, WORD_THREAD))
		return TARGET_THREAD;
	if (!strcmp(name, WORD_ORIGINATOR))
		return TARGET_ORIGINATOR;
	if (!strcmp(name, WORD_SUBSCRIBER))
		return TARGET_SUBSCRIBER;
	if (bytes_starts(bytes_text(name), ROLE_PREFIX))
		return TARGET_ROLE;
	return strchr(name, '*') ? TARGET_PATTERN : TARGET_PARTY;
}

/* RFC 6901: a slash before each name, and behind each ~ a 0 or a 1. */
static bool is_pointer(const char *text)
{
	if (text[0] != '/')
		return false;
	for (; *text; text++)
		if (*text == '~' && text[1] != '0' && text[1] != '1')
			return false;
	return true;
}

static void compile_condition(const struct snapshot *snapshot, const char *written, struct snapshot_target *target,
                              const struct element *element)
{
	const char *equals = strchr(written, '=');
	if (!equals || equals == written || !is_pointer(equals + 1)) {
		FAULT(element, "to: \"%s\" is no condition; write ATTRIBUTE=/POINTER, like town=/destination/town", written);
		return;
	}
	target->attribute = mem_text_n(written, (size_t)(equals - written));
	target->pointer = mem_text(equals + 1);
	if (!any_party_has(snapshot, target->attribute))
		FAULT(element, "to: no party has the attribute \"%s\"; correct it or add it to a party's attributes", target->attribute);
}

static void compile_target(const struct snapshot *snapshot, const char *written, struct snapshot_target *target,
                           const struct element *element)
{
	size_t len = strcspn(written, " \t");
	const char *rest = written + len + strspn(written + len, " \t");
	AUTO_FREE char *address = mem_text_n(written, len);
	target->kind = kind_of(address);
	target->name = mem_text(target->kind == TARGET_ROLE ? address + strlen(ROLE_PREFIX) : address);
	if (len == 0)
		FAULT(element, "to: \"%s\" names nobody; write a party, a pattern, role:NAME, thread, originator or subscriber", written);
	else if (target->kind == TARGET_PARTY || target->kind == TARGET_PATTERN || target->kind == TARGET_ROLE)
		check_selector(snapshot, address, "to", element);
	if (*rest)
		compile_condition(snapshot, rest, target, element);
}

/* ── agreements ── */

static const struct settings_agreement *agreement_at(const struct snapshot *snapshot, size_t index)
{
	return (const struct settings_agreement *)snapshot->settings.agreements.at + index;
}

static void compile_agreement(struct snapshot *snapshot, size_t index, const struct element *element)
{
	struct snapshot_agreement *agreement = &snapshot->agreements[index];
	const struct settings_agreement *settings = agreement_at(snapshot, index);
	for (size_t other = 0; other < index; other++)
		if (!strcmp(settings->name, agreement_at(snapshot, other)->name))
			FAULT(element, "\"%s\" is the name of the agreement in line %d too; give each its own", settings->name,
			      agreement_at(snapshot, other)->line);
	for (size_t i = 0; i < settings->from.count; i++)
		check_selector(snapshot, settings->from.at[i], "from", element);
	check_types(snapshot, settings, element);
	agreement->settings = settings;
	agreement->targets = mem_array(settings->to.count + 1, sizeof(*agreement->targets));
	agreement->targets_count = settings->to.count;
	for (size_t i = 0; i < settings->to.count; i++)
		compile_target(snapshot, settings->to.at[i], &agreement->targets[i], element);
}

void compile_agreements(struct snapshot *snapshot, const char *file, struct conf_faults *faults)
{
	size_t count = snapshot->settings.agreements.count;
	snapshot->agreements = mem_array(count + 1, sizeof(*snapshot->agreements));
	snapshot->agreements_count = count;
	for (size_t i = 0; i < count; i++) {
		struct element element = element_of("agreements", i, file, agreement_at(snapshot, i)->line, faults);
		compile_agreement(snapshot, i, &element);
	}
}

void compile_free(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->agreements_count; i++) {
		struct snapshot_agreement *agreement = &snapshot->agreements[i];
		for (size_t t = 0; t < agreement->targets_count; t++) {
			mem_free(agreement->targets[t].name);
			mem_free(agreement->targets[t].attribute);
			mem_free(agreement->targets[t].pointer);
		}
		mem_free(agreement->targets);
	}
	mem_free(snapshot->agreements);
	mem_free(snapshot->parties);
}
