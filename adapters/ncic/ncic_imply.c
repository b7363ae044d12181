#include "adapters/ncic/ncic_imply.h"

#include "adapters/ncic/ncic_turn.h"
#include "base/mem.h"

#include <string.h>

const char *ncic_imply_agency(const struct kind_host *host, const char *ori)
{
	bool is_own = host->ori && host->ori[0] && !strcmp(host->ori, ori);
	return is_own && host->agency && host->agency[0] ? host->agency : ori;
}

static bool is_type(const struct ncic_keys_key *key, const char *type)
{
	return key->type && !strcmp(key->type, type);
}

static bool has_agency(const struct ncic_keys_key *key)
{
	return !(key->flags & (NCIC_KEYS_CONFIRM | NCIC_KEYS_FREE));
}

static const char *category_of(struct ncic_text *text)
{
	struct bytes offense = ncic_text_value(text, "OFF"), limit = ncic_text_value(text, "EXL");
	if (bytes_is(offense, "5012"))
		return "VIOLATION OF PROBATION";
	if (bytes_is(offense, "5015"))
		return "BENCH WARRANT";
	if (bytes_is(offense, "5011") || bytes_is(offense, "5013") || bytes_is(offense, "5014"))
		return "PAROLE REMAND";
	return limit.len && limit.at[0] >= 'A' ? "MISDEMEANOR ARREST" : "FELONY ARREST";
}

static struct bytes state_of(const struct ncic_text *text)
{
	return bytes_of(text->ori, 2);
}

/* What an entry without that field says; empty: nothing. */
static struct bytes implied_of_entry(struct ncic_text *text, const char *tag, const char *agency)
{
	struct bytes said = ncic_text_value(text, "AGN");
	if (!strcmp(tag, "WNO")) /* two names of one thing, of which the shorter is enough */
		return ncic_text_value(text, "OCA");
	if (!strcmp(tag, "CAT"))
		return bytes_text(category_of(text));
	if (!strcmp(tag, "AUN"))
		return said.len ? said : bytes_text(agency);
	if (!strcmp(tag, "AUT"))
		return BYTES_LIT("ENTERING AGENCY");
	if (!strcmp(tag, "CTY"))
		return BYTES_LIT("UNKNOWN");
	return !strcmp(tag, "STA") ? state_of(text) : BYTES_NONE;
}

static void imply_one(struct ncic_text *text, const char *tag, struct bytes value)
{
	if (value.len && !ncic_text_find(text, tag, 0))
		ncic_text_add(text, tag, value);
}

static const char *const entry_tags[] = {"WNO", "CAT", "AUN", "AUT", "STA", "CTY"};
enum { ENTRY_TAGS = sizeof(entry_tags) / sizeof(*entry_tags) };

void ncic_imply(struct ncic_text *text, const struct ncic_keys_key *key, const char *agency, const char *number)
{
	imply_one(text, "ORI", bytes_text(text->ori));
	if (has_agency(key))
		imply_one(text, "AGN", bytes_text(agency));
	if (ncic_text_find(text, "OLN", 0) && ncic_text_value(text, "OLN").len)
		imply_one(text, "OLS", state_of(text));
	for (size_t i = 0; i < ENTRY_TAGS && (key->flags & NCIC_KEYS_ENTRY); i++)
		imply_one(text, entry_tags[i], implied_of_entry(text, entry_tags[i], agency));
	if (!(key->flags & NCIC_KEYS_ENTRY))
		imply_one(text, "WNO", bytes_text(number));
	if (is_type(key, "warrant.cancel/1") && !ncic_text_find(text, "RPS", 0))
		imply_one(text, "RSN", BYTES_LIT("NOT STATED"));
}

static void take_out(struct ncic_text *text, const char *tag)
{
	size_t kept = 0;
	for (size_t i = 0; i < text->fields_count; i++)
		if (strcmp(text->fields[i].tag, tag) != 0)
			text->fields[kept++] = text->fields[i];
	text->fields_count = kept;
}

/* A town must stand where any other part of an address does, and a known one keeps its state. */
static bool is_needed(struct ncic_text *text, const char *tag)
{
	static const char *const address[] = {"SNA", "APT", "STA", "ZIP"};
	if (!strcmp(tag, "STA"))
		return !bytes_is(ncic_text_value(text, "CTY"), "UNKNOWN") || ncic_text_find(text, "SNA", 0) ||
		       ncic_text_find(text, "APT", 0) || ncic_text_find(text, "ZIP", 0);
	for (size_t i = 0; i < sizeof(address) / sizeof(*address) && !strcmp(tag, "CTY"); i++)
		if (ncic_text_find(text, address[i], 0))
			return true;
	return false;
}

void ncic_imply_not(struct ncic_text *text, const struct ncic_keys_key *key, const char *agency)
{
	for (size_t i = 0; i < ENTRY_TAGS && (key->flags & NCIC_KEYS_ENTRY); i++) {
		struct bytes value = ncic_text_value(text, entry_tags[i]);
		if (value.len && bytes_equal(value, implied_of_entry(text, entry_tags[i], agency)) && !is_needed(text, entry_tags[i]))
			take_out(text, entry_tags[i]);
	}
	if (is_type(key, "warrant.cancel/1") && bytes_is(ncic_text_value(text, "RSN"), "NOT STATED"))
		take_out(text, "RSN");
	if (has_agency(key) && bytes_is(ncic_text_value(text, "AGN"), agency))
		take_out(text, "AGN");
	take_out(text, "ORI");
}

static void give_up(struct ncic_text *text, const char *const *tags, size_t count, struct kind_reading *into)
{
	size_t kept = 0;
	for (size_t i = 0; i < text->fields_count; i++) {
		struct ncic_text_field *field = &text->fields[i];
		bool is_given_up = false;
		for (size_t t = 0; t < count; t++)
			is_given_up = is_given_up || !strcmp(field->tag, tags[t]);
		if (!is_given_up) {
			text->fields[kept++] = *field;
			continue;
		}
		char *what = mem_printf("%s/%.*s", field->tag, (int)field->value.len, (const char *)field->value.at);
		kind_reading_unmapped(into, what);
		mem_free(what);
	}
	text->fields_count = kept;
}

static bool has_all(struct ncic_text *text, const char *const *tags, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ncic_text_value(text, tags[i]).len == 0)
			return false;
	return true;
}

void ncic_imply_no_foreign(struct ncic_text *text, const struct ncic_keys_key *key, struct kind_reading *into)
{
	static const char *const license[] = {"OLN", "OLS"}, *const plate[] = {"LIC", "LIS", "LIY", "LIT"};
	bool takes_any = key && (is_type(key, "query.vehicle/1") || (key->flags & NCIC_KEYS_CONFIRM));
	struct bytes said = ncic_text_value(text, "OLS"), of_plate = ncic_text_value(text, "LIS");
	bool is_license_fine = said.len == 0 || ncic_turn_fits(NCIC_TURN_STATE, said);
	bool is_plate_fine = of_plate.len == 0 || ncic_turn_fits(takes_any ? NCIC_TURN_PLACE : NCIC_TURN_STATE, of_plate);
	if (!is_license_fine || (!key && !has_all(text, license, 2)))
		give_up(text, license, 2, into);
	if (!is_plate_fine || (!key && !has_all(text, plate, 4)))
		give_up(text, plate, 4, into);
}
