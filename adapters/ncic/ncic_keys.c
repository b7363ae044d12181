#include "adapters/ncic/ncic_keys.h"

#include "adapters/ncic/ncic_codes.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_OCA_MAX = 9 };

#define PLATE "LIC LIS LIY LIT "
#define VEHICLE PLATE "VIN VYR VMA VMO VST VCO "
#define PERSON "AKA ETN POB CTZ DOB EYE SKN SMT FBI SID SOC MNU OLN OLS OLY "
#define AGENCY "AGN AGU AGO PHO "
#define ADDRESS "SNA APT CTY STA ZIP "
#define ENTRY_MUST "NAM SEX RAC HGT WGT HAI OFF DOW OCA EXL"
#define ENTRY_ONE "DOB|FBI|SOC|MNU|OLN|LIC|VIN"
#define PAPERS "OOC OFT GOC CIS DKT CSN CTN CHC ENO RQB TCN ECC PKR BRD EXP CMC CAT CVI NBD BAL AUN AUT DNA NOA MIS "
#define ENTRY_MAY PERSON VEHICLE AGENCY ADDRESS PAPERS "NIC WNO SRI VLD"
#define CHANGES "SEX RAC HGT WGT HAI OFF DOW OCA EXL STS " ENTRY_MAY
#define SUPPLEMENT "AKA DOB SMT MNU SOC OLN OLS OLY CMC CTZ WNO SRI " VEHICLE ADDRESS AGENCY
#define SUPPLEMENT_ONE "AKA|DOB|SMT|MNU|SOC|OLN|CMC|CTZ|LIC|VIN|CTY"
#define INDEX_ONE "NAM+DOB|NAM+SOC|NAM+FBI|NAM+SID|NAM+OLN|NAM+MNU|NIC|VIN|LIC"
#define INDEX_MAY "NAM NIC SEX RAC HGT WGT HAI " PERSON VEHICLE AGENCY "PUR ATN"
#define HISTORY_ONE "NAM+SEX+RAC+DOB|FBI|SID"
#define HISTORY_MAY "NAM SEX RAC DOB FBI SID SOC MNU " AGENCY
#define SUPERVISED_ONE "NAM+DOB+SEX|SID|FBI|SOC|MNU"
#define SUPERVISED_MAY "NAM DOB SEX RAC SID FBI SOC MNU PUR ATN " AGENCY
#define CONFIRM_DATA "NAM DOB SEX RAC SER TYP DEN " VEHICLE "REM WNO AGU"

#define ENTER(mke, words, flags, implied)                                                                                        \
	{                                                                                                                        \
		mke, words, "warrant.issue/1", 'W', NCIC_KEYS_ENTRY | (flags), 0, 0, 0, ENTRY_MUST, ENTRY_ONE, ENTRY_MAY, "",    \
			implied                                                                                                  \
	}
#define SUPERVISED(mke, words, implied)                                                                                          \
	{                                                                                                                        \
		mke, words, "query.supervision/1", 0, NCIC_KEYS_INDEX, 1, 5, 0, "", SUPERVISED_ONE, SUPERVISED_MAY, "", implied  \
	}

static const struct ncic_keys_key keys[] = {
	ENTER("EW", "enter a wanted person", 0, ""),
	ENTER("EWC", "enter a wanted person, caution", NCIC_KEYS_CAUTION, "alr=CAUTION"),
	ENTER("EWA", "enter a wanted person, armed", NCIC_KEYS_CAUTION, "alr=ARMED"),
	ENTER("EWJ", "enter a wanted juvenile", 0, "juv=Y"),
	ENTER("EWJC", "enter a wanted juvenile, caution", NCIC_KEYS_CAUTION, "juv=Y alr=CAUTION"),
	ENTER("EWJA", "enter a wanted juvenile, armed", NCIC_KEYS_CAUTION, "juv=Y alr=ARMED"),
	ENTER("ET", "enter a temporary felony want", NCIC_KEYS_FELONY, "tmp=Y"),
	ENTER("ETC", "enter a temporary felony want, caution", NCIC_KEYS_FELONY | NCIC_KEYS_CAUTION, "tmp=Y alr=CAUTION"),
	ENTER("ETA", "enter a temporary felony want, armed", NCIC_KEYS_FELONY | NCIC_KEYS_CAUTION, "tmp=Y alr=ARMED"),
	{"EN", "add to a wanted person", "warrant.supplement/1", 'W', NCIC_KEYS_SETS, 0, 0, 0, "NIC NAM", SUPPLEMENT_ONE,
	 SUPPLEMENT, "", "act=ADD"},
	{"XN", "take from a wanted person", "warrant.supplement/1", 'W', NCIC_KEYS_SETS, 0, 0, 0, "NIC NAM", SUPPLEMENT_ONE,
	 SUPPLEMENT, "", "act=REMOVE"},
	{"MW", "modify a wanted person", "warrant.modify/1", 'W', NCIC_KEYS_MODIFY, 0, 0, 0, "NIC NAM", NULL, CHANGES,
	 "SEX RAC HGT WGT HAI OFF DOW OCA EXL CAT AUN AUT STS VLD WNO SRI " AGENCY, ""},
	{"XW", "cancel a wanted person", "warrant.cancel/1", 'W', 0, 0, 0, 0, "NIC NAM DOC", NULL,
	 AGENCY "RPS RSN WNO SRI RQB MIS", "", ""},
	{"LW", "locate a wanted person", "warrant.locate/1", 'W', 0, 0, 0, 0, "NIC NAM DOL DIS", NULL,
	 AGENCY "LCA CNO HIT RPS WNO MIS", "", ""},
	{"CW", "clear a wanted person", "warrant.clear/1", 'W', 0, 0, 0, 0, "NIC NAM DCL", NULL, AGENCY "RPS HIT ARF WNO MIS", "",
	 ""},
	{"QW", "query a wanted person", "query.wanted/1", 'W', NCIC_KEYS_NAMED, 0, 5, 0, "", INDEX_ONE, INDEX_MAY, "", ""},
	{"QWA", "query a wanted person whatever the extradition", "query.wanted/1", 'W', NCIC_KEYS_NAMED, 0, 5, 0, "",
	 INDEX_ONE, INDEX_MAY, "", "all=Y"},
	{"QV", "query a vehicle", "query.vehicle/1", 0, 0, 0, 5, 0, "", "LIC+LIS|VIN", VEHICLE AGENCY "PUR ATN", "", ""},
	{"QH", "query the index of criminal history", "query.history_index/1", 0, NCIC_KEYS_PERSON, 0, 5, 0, "PUR ATN", HISTORY_ONE,
	 HISTORY_MAY, "", ""},
	{"QR", "query a criminal history record", "query.history_record/1", 0, NCIC_KEYS_PERSON, 0, 5, 0, "PUR ATN", HISTORY_ONE,
	 HISTORY_MAY, "", ""},
	{"YQ", "request a hit confirmation", "hit.confirm_request/1", 0, NCIC_KEYS_CONFIRM, 1, 3, 'O',
	 "RTY RNO PRI OCA NIC RNA RAG PHO", NULL, CONFIRM_DATA, "", ""},
	{"YR", "answer a hit confirmation", "hit.confirm_response/1", 0, NCIC_KEYS_CONFIRM, 1, 3, 'O', "RTY OCA NIC CON CNA CAG PHO",
	 NULL, "HRS " CONFIRM_DATA, "", ""},
	SUPERVISED("PPQ", "query parole", "knd=PAROLE"),
	SUPERVISED("PBQ", "query probation", "knd=PROBATION"),
	SUPERVISED("PCQ", "query corrections", "knd=CORRECTIONS"),
	SUPERVISED("PAQ", "query parole, probation and corrections", "knd=PAROLE knd=PROBATION knd=CORRECTIONS"),
	SUPERVISED("CPQ", "query a supervised person", "any=Y"),
	{"EC", "enter a supervised release", "supervised_release.enter/1", 'C', 0, 0, 0, 0, "NAM SEX RAC DOB OFF OCA", NULL,
	 PERSON AGENCY "HGT WGT HAI SID CMC MIS NIC SVK", "", ""},
	{"MC", "modify a supervised release", "supervised_release.modify/1", 'C', NCIC_KEYS_MODIFY, 0, 0, 0, "NIC NAM", NULL,
	 PERSON AGENCY "SEX RAC HGT WGT HAI OFF OCA CMC MIS VLD", "SEX RAC DOB OFF OCA VLD " AGENCY, ""},
	{"XC", "cancel a supervised release", "supervised_release.cancel/1", 'C', 0, 0, 0, 0, "NIC NAM DOC", NULL, AGENCY "RPS RSN MIS",
	 "", ""},
	{"AM", "administrative message", "admin.message/1", 0, NCIC_KEYS_FREE, 1, 5, 0, "", NULL, "", "", ""},
	{"SM", "status of a switch", "admin.message/1", 0, NCIC_KEYS_FREE | NCIC_KEYS_SWITCH, 0, 5, 0, "", NULL, "", "", ""},
	{"ER", "error of a switch", "admin.message/1", 0, NCIC_KEYS_FREE | NCIC_KEYS_SWITCH, 0, 5, 0, "", NULL, "", "", ""},
	{"QWR", "answer to a query", NULL, 0, NCIC_KEYS_FREE | NCIC_KEYS_SWITCH, 0, 1, 0, "", NULL, "", "", ""},
};

const struct ncic_keys_key *ncic_keys_find(const char *mke)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(keys[i].mke, mke))
			return &keys[i];
	return NULL;
}

const struct ncic_keys_key *ncic_keys_for(struct bytes type, struct bytes implied)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].type && bytes_is(type, keys[i].type) && bytes_is(implied, keys[i].implied))
			return &keys[i];
	return NULL;
}

/* ---- lists of tags ---- */

/* The next tag of a list; false at its end. */
static bool next_tag(const char **list, char tag[static NCIC_TEXT_TAG_LEN + 1])
{
	while (**list == ' ' || **list == '+')
		(*list)++;
	if (!**list || **list == '|')
		return false;
	memcpy(tag, *list, NCIC_TEXT_TAG_LEN);
	tag[NCIC_TEXT_TAG_LEN] = 0;
	*list += NCIC_TEXT_TAG_LEN;
	return true;
}

static bool lists(const char *list, const char *wanted)
{
	char tag[NCIC_TEXT_TAG_LEN + 1];
	while (next_tag(&list, tag))
		if (!strcmp(tag, wanted))
			return true;
	return false;
}

static bool in_alternatives(const char *alternatives, const char *wanted)
{
	for (const char *at = alternatives; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (lists(at, wanted))
			return true;
	return false;
}

/* Present, whatever is wrong with it: a field that is there with a fault is not missing, too. */
static bool has(struct ncic_text *text, const char *tag)
{
	return ncic_text_find(text, tag, 0) != NULL;
}

static void missing(struct kind_reading *into, const char *tag, const char *why)
{
	ncic_text_fault(into, 0, CODE_SCHEMA, NCIC_TEXT_FORMAT, tag, "missing%s%s", why[0] ? ": " : "", why);
}

static void fault_at(struct kind_reading *into, struct ncic_text *text, const char *tag, const char *why)
{
	const struct ncic_text_field *field = ncic_text_find(text, tag, 0);
	ncic_text_fault(into, field ? field->line : 0, CODE_SCHEMA, NCIC_TEXT_FORMAT, tag, "%s", why);
}

/* ---- which fields ---- */

static void check_required(const char *required, struct ncic_text *text, const char *why, struct kind_reading *into)
{
	char tag[NCIC_TEXT_TAG_LEN + 1];
	while (next_tag(&required, tag)) {
		const struct ncic_text_field *field = ncic_text_find(text, tag, 0);
		if (!field)
			missing(into, tag, why);
		else if (field->value.len == 0 && !field->is_bad)
			fault_at(into, text, tag, "blank, and this field cannot be deleted");
	}
}

/* The first tag of an alternative that is not there; false when all are. */
static bool lacks(const char *alternative, struct ncic_text *text, char tag[static NCIC_TEXT_TAG_LEN + 1])
{
	while (next_tag(&alternative, tag))
		if (!has(text, tag))
			return true;
	return false;
}

/* Whether one of the alternatives is there. */
static bool check_one_of(const char *alternatives, struct ncic_text *text, struct kind_reading *into)
{
	char first[NCIC_TEXT_TAG_LEN + 1] = "", tag[NCIC_TEXT_TAG_LEN + 1];
	for (const char *at = alternatives; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
		if (!lacks(at, text, tag))
			return true;
		if (!first[0])
			memcpy(first, tag, sizeof(first));
	}
	ncic_text_fault(into, 0, CODE_SCHEMA, NCIC_TEXT_FORMAT, first, "missing: one of %s is needed", alternatives);
	return false;
}

static void check_allowed(const struct ncic_keys_key *key, struct ncic_text *text, struct kind_reading *into)
{
	size_t changes = 0;
	for (size_t i = 0; i < text->fields_count; i++) {
		const struct ncic_text_field *field = &text->fields[i];
		bool is_required = lists(key->required, field->tag);
		changes += !is_required;
		if (is_required || lists(key->optional, field->tag) ||
		    (key->one_of && in_alternatives(key->one_of, field->tag)) || field->is_bad)
			continue;
		ncic_text_fault(into, field->line, CODE_SCHEMA, NCIC_TEXT_FORMAT, field->tag, "%s takes no such field", key->mke);
	}
	if ((key->flags & NCIC_KEYS_MODIFY) && changes == 0)
		missing(into, "NIC", "nothing is modified");
}

/* An entry without them would not have been taken. */
static void check_kept(const struct ncic_keys_key *key, struct ncic_text *text, struct kind_reading *into)
{
	for (size_t i = 0; i < text->fields_count; i++) {
		const struct ncic_text_field *field = &text->fields[i];
		if (field->value.len == 0 && !field->is_bad && lists(key->kept, field->tag))
			ncic_text_fault(into, field->line, CODE_SCHEMA, NCIC_TEXT_FORMAT, field->tag,
			                "blank, and this field cannot be deleted");
	}
}

/* One of the alternatives and no second one: who is asked searches one index. */
static void check_index(const struct ncic_keys_key *key, struct ncic_text *text, struct kind_reading *into)
{
	char tag[NCIC_TEXT_TAG_LEN + 1];
	size_t whole = 0;
	for (const char *at = key->one_of; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
		if (lacks(at, text, tag) || whole++ == 0)
			continue;
		memcpy(tag, at, NCIC_TEXT_TAG_LEN);
		tag[NCIC_TEXT_TAG_LEN] = 0;
		fault_at(into, text, tag, "only one index may be asked by");
		return;
	}
}

bool ncic_keys_has_one(const struct ncic_keys_key *key, struct ncic_text *text, const char *without)
{
	char tag[NCIC_TEXT_TAG_LEN + 1];
	bool has_any = !key->one_of;
	for (const char *at = key->one_of; at && !has_any; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
		bool is_void = false;
		for (const char *list = at; next_tag(&list, tag);)
			is_void = is_void || lists(without, tag);
		has_any = !is_void && !lacks(at, text, tag);
	}
	return has_any;
}

/* ---- which hold together ---- */

/* If any of the set is there, all must be. */
static void check_set(const char *set, struct ncic_text *text, const char *why, struct kind_reading *into)
{
	char tag[NCIC_TEXT_TAG_LEN + 1];
	bool is_begun = false;
	for (const char *at = set; next_tag(&at, tag);)
		is_begun = is_begun || has(text, tag);
	if (is_begun)
		check_required(set, text, why, into);
}

static void check_follows(const char *tag, const char *needed, struct ncic_text *text, struct kind_reading *into)
{
	char why[64];
	snprintf(why, sizeof(why), "%s is there", tag);
	if (has(text, tag) && !has(text, needed))
		missing(into, needed, why);
}

static void check_extradition(const struct ncic_keys_key *key, struct ncic_text *text, struct kind_reading *into)
{
	struct bytes limit = ncic_text_value(text, "EXL"), category = ncic_text_value(text, "CAT");
	bool is_felony = (key->flags & NCIC_KEYS_FELONY) || bytes_is(category, "FELONY ARREST");
	if (limit.len == 0)
		return;
	bool is_digit = limit.at[0] >= '0' && limit.at[0] <= '9';
	if (is_felony && !is_digit)
		fault_at(into, text, "EXL", "a felony takes 1 to 6");
	if (bytes_is(category, "MISDEMEANOR ARREST") && is_digit)
		fault_at(into, text, "EXL", "a misdemeanor takes A to F");
}

/* Plate, vehicle and address hold together wherever they are entered. */
static void check_sets(struct ncic_text *text, struct kind_reading *into)
{
	static const char *const address[] = {"SNA", "APT", "STA", "ZIP"};
	check_set(PLATE, text, "LIC, LIS, LIY and LIT go together", into);
	if (has(text, "VIN"))
		check_required("VYR VMA VST", text, "VIN is there", into);
	for (size_t i = 0; i < sizeof(address) / sizeof(*address) && !has(text, "CTY"); i++)
		if (has(text, address[i])) {
			check_follows(address[i], "CTY", text, into);
			break;
		}
}

static void check_entry(const struct ncic_keys_key *key, struct ncic_text *text, struct kind_reading *into)
{
	check_sets(text, into);
	if (ncic_codes_has(NCIC_CODES_ORIGIN_OWED, ncic_text_value(text, "OFF")))
		check_required("OOC", text, "this offense needs the original one", into);
	if (bytes_is(ncic_text_value(text, "NBD"), "Y") && has(text, "BAL"))
		fault_at(into, text, "BAL", "there is no bond");
	if (key->flags & NCIC_KEYS_CAUTION)
		check_required("CMC", text, "the key speaks of a caution", into);
	check_extradition(key, text, into);
}

/* What a confirmation may speak of, by RTY: only the data of that kind of record. */
static const struct confirm {
	const char *record;
	char family;
	const char *required, *one_of, *optional;
} confirms[] = {
	{"WP", 'W', "NAM DOB", NULL, "SEX"},      {"MP", 'M', "NAM DOB", NULL, "SEX RAC"},
	{"PO", 'H', "NAM DOB", NULL, "SEX RAC"},  {"SV", 'V', "", "LIC+LIS|VIN", VEHICLE},
	{"SL", 'P', "LIC LIS LIY LIT", NULL, ""}, {"SP", 'V', "", "SER|VIN", "SER TYP VIN VYR VMA"},
	{"SG", 'G', "SER", NULL, "TYP"},          {"SA", 'A', "SER", NULL, "TYP"},
	{"SS", 'S', "SER TYP", NULL, "DEN"},      {"SB", 'B', "SER", NULL, "TYP"},
};

static void check_family(char family, struct ncic_text *text, struct kind_reading *into)
{
	struct bytes nic = ncic_text_value(text, "NIC");
	char why[64];
	snprintf(why, sizeof(why), "records of this kind begin with %c", family);
	if (family && nic.len && nic.at[0] != (uint8_t)family)
		fault_at(into, text, "NIC", why);
}

static void check_confirm(struct ncic_text *text, struct kind_reading *into)
{
	struct bytes record = ncic_text_value(text, "RTY");
	const struct confirm *confirm = NULL;
	for (size_t i = 0; i < sizeof(confirms) / sizeof(*confirms); i++)
		if (bytes_is(record, confirms[i].record))
			confirm = &confirms[i];
	if (!confirm)
		return;
	check_family(confirm->family, text, into);
	check_required(confirm->required, text, "RTY asks for it", into);
	if (confirm->one_of)
		(void)check_one_of(confirm->one_of, text, into);
	for (size_t i = 0; i < text->fields_count; i++) {
		const struct ncic_text_field *field = &text->fields[i];
		bool is_data = !lists("REM WNO AGU", field->tag) && lists(CONFIRM_DATA, field->tag);
		if (is_data && !lists(confirm->required, field->tag) && !lists(confirm->optional, field->tag))
			ncic_text_fault(into, field->line, CODE_SCHEMA, NCIC_TEXT_FORMAT, field->tag,
			                "RTY/%s takes no such field", confirm->record);
	}
}

static void check_hours(struct ncic_text *text, struct kind_reading *into)
{
	bool is_pending = bytes_is(ncic_text_value(text, "CON"), "P");
	if (is_pending && !has(text, "HRS"))
		missing(into, "HRS", "CON/P says how long");
	if (!is_pending && has(text, "HRS"))
		fault_at(into, text, "HRS", "only with CON/P");
}

/* What describes a person describes nobody without a name. */
static void check_named(const char *described, struct ncic_text *text, struct kind_reading *into)
{
	for (size_t i = 0; i < text->fields_count && !has(text, "NAM"); i++)
		if (lists(described, text->fields[i].tag)) {
			check_follows(text->fields[i].tag, "NAM", text, into);
			return;
		}
}

void ncic_keys_check(const struct ncic_keys_key *key, struct ncic_text *text, struct kind_reading *into)
{
	struct bytes oca = ncic_text_value(text, "OCA");
	check_required(key->required, text, "", into);
	bool has_one = !key->one_of || check_one_of(key->one_of, text, into);
	check_allowed(key, text, into);
	check_kept(key, text, into);
	if ((key->flags & NCIC_KEYS_NAMED) && (has(text, "NIC") || has(text, "VIN") || has(text, "LIC")))
		check_named("SEX RAC HGT WGT HAI " PERSON, text, into);
	if (key->flags & NCIC_KEYS_PERSON)
		check_named("SOC MNU", text, into);
	if (key->flags & NCIC_KEYS_INDEX)
		check_named("RAC", text, into);
	if (key->flags & NCIC_KEYS_INDEX)
		check_index(key, text, into);
	if (has_one && (key->flags & (NCIC_KEYS_PERSON | NCIC_KEYS_INDEX)))
		check_set(key->flags & NCIC_KEYS_PERSON ? "NAM SEX RAC DOB" : "NAM DOB SEX", text, "a name is asked by as a whole", into);
	check_family(key->family, text, into);
	if (!(key->flags & NCIC_KEYS_CONFIRM) && oca.len > KEYS_OCA_MAX)
		fault_at(into, text, "OCA", "too long; 9 characters at most");
	if (!(key->flags & NCIC_KEYS_MODIFY)) {
		check_follows("OLS", "OLN", text, into);
		check_follows("OLY", "OLN", text, into);
	}
	if (key->flags & NCIC_KEYS_ENTRY)
		check_entry(key, text, into);
	else if (key->flags & NCIC_KEYS_SETS)
		check_sets(text, into);
	else if (key->flags & NCIC_KEYS_NAMED) {
		check_follows("LIC", "LIS", text, into);
		check_follows("LIS", "LIC", text, into);
	}
	if (key->flags & NCIC_KEYS_CONFIRM) {
		check_confirm(text, into);
		check_hours(text, into);
	}
}

void ncic_keys_check_dests(const struct ncic_keys_key *key, const struct ncic_text *text, struct kind_reading *into)
{
	if (text->dests_count < key->dests_min)
		ncic_text_fault(into, 1, CODE_SCHEMA, NCIC_TEXT_HEADER, "DST", "%s needs a destination", key->mke);
	if (text->dests_count > key->dests_max)
		ncic_text_fault(into, 1, CODE_SCHEMA, NCIC_TEXT_HEADER, "DST", "%zu destinations; %s takes %d at most",
		                text->dests_count, key->mke, (int)key->dests_max);
	for (size_t i = 0; i < text->dests_count && i < NCIC_TEXT_DESTS_MAX && key->dests; i++)
		if ((strlen(text->dests[i]) == 2) != (key->dests == 'S'))
			ncic_text_fault(into, 1, CODE_SCHEMA, NCIC_TEXT_HEADER, "DST", "%s goes to %s only", key->mke,
			                key->dests == 'S' ? "states" : "ORIs");
}
