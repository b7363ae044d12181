#include "broker/exchange/exchange_party.h"

#include "base/mem.h"

#include <string.h>

const struct settings_party *exchange_party(const struct settings *settings, struct bytes name)
{
	const struct settings_party *parties = settings->parties.at;
	for (size_t i = 0; i < settings->parties.count; i++)
		if (bytes_is(name, parties[i].party))
			return &parties[i];
	return NULL;
}

bool exchange_party_has_role(const struct settings_party *party, const char *role)
{
	for (size_t i = 0; i < party->roles.count; i++)
		if (!strcmp(party->roles.at[i], role))
			return true;
	return false;
}

static bool may_originate(const struct settings_party *party, const struct catalogue_type *type)
{
	for (size_t i = 0; i < type->originators_count; i++)
		if (!strcmp(type->originators[i], "any") || exchange_party_has_role(party, type->originators[i]))
			return true;
	return false;
}

bool exchange_party_may_send(const struct exchange *exchange, struct bytes name, char *const *types, size_t count)
{
	const struct settings_party *party = exchange_party(exchange->settings, name);
	for (size_t i = 0; party && i < count; i++) {
		const struct catalogue_type *type = catalogue_find(exchange->catalogue, bytes_text(types[i]));
		if (type && may_originate(party, type))
			return true;
	}
	return count == 0;
}

void exchange_party_list_done(struct exchange_party_list *list)
{
	mem_free(list->at);
	list->at = NULL;
	list->count = list->cap = 0;
}

void exchange_party_list_add(struct exchange_party_list *list, const struct settings *settings, struct bytes name)
{
	const struct settings_party *party = exchange_party(settings, name);
	for (size_t i = 0; party && i < list->count; i++)
		if (!strcmp(list->at[i], party->party))
			return;
	if (!party)
		return;
	if (list->count == list->cap) {
		list->cap = list->cap ? 2 * list->cap : 8;
		list->at = mem_grow(list->at, list->cap, sizeof(*list->at));
	}
	list->at[list->count++] = party->party;
}

static void add_each(struct exchange_party_list *list, const struct settings *settings, const char *values)
{
	while (*values) {
		values += strspn(values, ", \t");
		size_t len = strcspn(values, ", \t");
		exchange_party_list_add(list, settings, bytes_of(values, len));
		values += len;
	}
}

void exchange_party_list_supervisors(struct exchange_party_list *list, const struct settings *settings, struct bytes of)
{
	const struct settings_party *party = exchange_party(settings, of);
	for (size_t i = 0; party && i < party->attributes.count; i++)
		if (!strcmp(party->attributes.at[i].name, EXCHANGE_SUPERVISOR))
			add_each(list, settings, party->attributes.at[i].value);
}

void exchange_party_list_role(struct exchange_party_list *list, const struct settings *settings, const char *role)
{
	const struct settings_party *parties = settings->parties.at;
	for (size_t i = 0; i < settings->parties.count; i++)
		if (exchange_party_has_role(&parties[i], role))
			exchange_party_list_add(list, settings, bytes_text(parties[i].party));
}
