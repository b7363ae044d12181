#include "adapters/facility/facility_settings.h"

#include "schemas/when.h"

#include <string.h>

#define OF(type, member) offsetof(struct type, member)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *text_of(const void *value)
{
	const char *text = *(const char *const *)value;
	return text ? text : "";
}

static void check_zone(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	struct when_zone zone;
	if (!when_zone(text_of(value), &zone))
		conf_fault(faults, place, path,
		           "no such zone: \"%s\"; write one like \"America/New_York\" or an offset like \"-05:00\"",
		           text_of(value));
}

static void check_words(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct conf_pairs *pairs = value;
	for (size_t i = 0; i < pairs->count; i++)
		if (!pairs->at[i].value || strspn(pairs->at[i].value, " ,") == strlen(pairs->at[i].value))
			conf_fault(faults, (struct conf_place){place.file, pairs->at[i].line}, path,
			           "%s has no word; write the words that stand for it", pairs->at[i].name);
}

static const struct conf_field value_fields[] = {
	{.name = "reason",
	 .kind = CONF_PAIRS,
	 .offset = OF(facility_values, reason),
	 .check = check_words,
	 .help = "code = this agency's words for it, separated by commas"},
	{.name = "sex", .kind = CONF_PAIRS, .offset = OF(facility_values, sex), .check = check_words, .help = "as reason"},
	{.name = "race", .kind = CONF_PAIRS, .offset = OF(facility_values, race), .check = check_words, .help = "as reason"},
	{.name = "ethnicity",
	 .kind = CONF_PAIRS,
	 .offset = OF(facility_values, ethnicity),
	 .check = check_words,
	 .help = "as reason"},
};

static const struct conf_table value_table = {value_fields, COUNT(value_fields), sizeof(struct facility_values), CONF_NO_LINE,
                                              NULL};

static const struct conf_field facility_fields[] = {
	{.name = "name",
	 .kind = CONF_TEXT,
	 .offset = OF(facility_settings, name),
	 .fallback = "",
	 .help = "of the facility, where a document does not say; empty: the adapter's title"},
	{.name = "code",
	 .kind = CONF_TEXT,
	 .offset = OF(facility_settings, code),
	 .fallback = "",
	 .help = "of the facility, where a document does not say"},
	{.name = "zone",
	 .kind = CONF_TEXT,
	 .offset = OF(facility_settings, zone),
	 .fallback = "America/New_York",
	 .check = check_zone,
	 .help = "of times that do not say theirs"},
	{.name = "values", .kind = CONF_GROUP, .offset = OF(facility_settings, values), .sub = &value_table},
};

const struct conf_table facility_settings_table = {facility_fields, COUNT(facility_fields), sizeof(struct facility_settings),
                                                   CONF_NO_LINE, NULL};
