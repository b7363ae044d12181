#include "adapters/csv/csv_settings.h"

#include "schemas/party.h"
#include "schemas/when.h"

#include <string.h>

#define OF(type, member) offsetof(struct type, member)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

char csv_settings_delimiter(const char *text)
{
	if (!strcmp(text, "tab") || !strcmp(text, "\t"))
		return '\t';
	return text[0] && !text[1] && strchr(",;|", text[0]) ? text[0] : 0;
}

static const char *text_of(const void *value)
{
	const char *text = *(const char *const *)value;
	return text ? text : "";
}

static void check_delimiter(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	if (!csv_settings_delimiter(text_of(value)))
		conf_fault(faults, place, path, "\"%s\" does not separate cells; write \",\", \";\", \"|\" or \"tab\"", text_of(value));
}

static void check_dates(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const char *why = when_date_format_fault(text_of(value));
	if (why)
		conf_fault(faults, place, path, "\"%s\" %s; write one like \"MM/DD/YYYY\" or \"M/D/YYYY\"", text_of(value), why);
}

static void check_times(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const char *why = when_time_format_fault(text_of(value));
	if (why)
		conf_fault(faults, place, path, "\"%s\" %s; write one like \"HH:MM\", \"HH:MM:SS\" or \"H:MM AP\"", text_of(value), why);
}

static void check_zone(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	struct when_zone zone;
	if (!when_zone(text_of(value), &zone))
		conf_fault(faults, place, path, "no such zone: \"%s\"; write one like \"America/New_York\" or an offset like \"-05:00\"",
		           text_of(value));
}

static void check_to(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct conf_texts *to = value;
	struct err why;
	for (size_t i = 0; i < to->count; i++)
		if (FAILED(party_check_address(bytes_text(to->at[i]), "", &why)))
			conf_fault(faults, place, path, "\"%s\": %s; write a party like \"ct.bopp\" or a role like \"role:parole_board\"", to->at[i],
			           why.reason);
}

static const struct conf_field column_fields[] = {
	{.name = "field", .kind = CONF_TEXT, .offset = OF(csv_column, field), .flags = CONF_REQUIRED,
	 .help = "JSON pointer into the message's main part, or /subject/NAME"},
	{.name = "column", .kind = CONF_TEXT, .offset = OF(csv_column, column), .flags = CONF_REQUIRED,
	 .help = "the column's name in the first line of a document"},
	{.name = "time", .kind = CONF_TEXT, .offset = OF(csv_column, time), .fallback = "",
	 .help = "the column with the time of day, where `column` has the date alone"},
	{.name = "words", .kind = CONF_TEXTS, .offset = OF(csv_column, words),
	 .help = "\"CODE = WORD, WORD\": this agency's words for the codes of the field"},
};

static const struct conf_field constant_fields[] = {
	{.name = "field", .kind = CONF_TEXT, .offset = OF(csv_constant, field), .flags = CONF_REQUIRED, .help = "JSON pointer, as in columns"},
	{.name = "value", .kind = CONF_TEXT, .offset = OF(csv_constant, value), .flags = CONF_REQUIRED, .help = "what it is in every row"},
};

static const struct conf_table column_table = {column_fields, COUNT(column_fields), sizeof(struct csv_column), OF(csv_column, line), NULL};
static const struct conf_table constant_table = {constant_fields, COUNT(constant_fields), sizeof(struct csv_constant), OF(csv_constant, line),
                                                 NULL};

static const struct conf_field fields[] = {
	{.name = "type", .kind = CONF_TEXT, .offset = OF(csv_settings, type), .flags = CONF_REQUIRED,
	 .help = "the type of message that a row becomes, such as release.notification/1"},
	{.name = "delimiter", .kind = CONF_TEXT, .offset = OF(csv_settings, delimiter), .fallback = ",", .check = check_delimiter,
	 .help = "what stands between cells: \",\", \";\", \"|\" or \"tab\""},
	{.name = "dates", .kind = CONF_TEXT, .offset = OF(csv_settings, dates), .fallback = "MM/DD/YYYY", .check = check_dates,
	 .help = "how dates are written"},
	{.name = "times", .kind = CONF_TEXT, .offset = OF(csv_settings, times), .fallback = "HH:MM", .check = check_times,
	 .help = "how times are written; AP stands for AM or PM"},
	{.name = "zone", .kind = CONF_TEXT, .offset = OF(csv_settings, zone), .fallback = "America/New_York", .check = check_zone,
	 .help = "of times that do not say theirs"},
	{.name = "columns", .kind = CONF_LIST, .offset = OF(csv_settings, columns), .flags = CONF_REQUIRED, .sub = &column_table,
	 .help = "which column of a document is which field"},
	{.name = "constants", .kind = CONF_LIST, .offset = OF(csv_settings, constants), .sub = &constant_table,
	 .help = "fields that are the same in every row"},
	{.name = "to", .kind = CONF_TEXTS, .offset = OF(csv_settings, to), .check = check_to, .help = "the recipients, where the agreements do not choose them"},
	{.name = "purpose", .kind = CONF_TEXT, .offset = OF(csv_settings, purpose), .fallback = "", .help = "the purpose of every message, where the type wants one"},
	{.name = "by", .kind = CONF_PAIRS, .offset = OF(csv_settings, by), .help = "for whom, where the type wants it: id, ori, attention"},
};

const struct conf_table csv_settings_table = {fields, COUNT(fields), sizeof(struct csv_settings), OF(csv_settings, line), NULL};
