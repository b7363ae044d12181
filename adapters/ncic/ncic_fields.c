#include "adapters/ncic/ncic_fields.h"

#include "adapters/ncic/ncic_name.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_sign(uint8_t c)
{
	return is_digit(c) || is_capital(c);
}

static bool all(struct bytes value, bool (*is)(uint8_t))
{
	for (size_t i = 0; i < value.len; i++)
		if (!is(value.at[i]))
			return false;
	return true;
}

static int number(struct bytes value, size_t from, size_t len)
{
	int sum = 0;
	for (size_t i = from; i < from + len; i++)
		sum = sum * 10 + (value.at[i] - '0');
	return sum;
}

/* ---- edits ---- */

static const char *edit_request(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return value.at[0] >= '1' && value.at[0] <= '3' ? NULL : "must be 1, 2 or 3";
}

static const char *edit_signs(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return all(value, is_sign) ? NULL : "capital letters and digits only";
}

static const char *edit_codes(const struct ncic_fields_rule *rule, struct bytes value)
{
	return ncic_codes_has(rule->codes, value) ? NULL : "not one of the codes";
}

static const char *edit_place(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return ncic_codes_has(NCIC_CODES_STATE, value) || ncic_codes_has(NCIC_CODES_ABROAD, value)
	           ? NULL
	           : "not the code of a state or country";
}

static const char *edit_name(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return ncic_name_check(value) ? NULL : "must be SURNAME,GIVEN MIDDLE: letters, ' and - in words parted by one space";
}

bool ncic_fields_is_date(struct bytes value)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (value.len != 8 || !all(value, is_digit))
		return false;
	int year = number(value, 0, 4), month = number(value, 4, 2), day = number(value, 6, 2);
	if (year < 1800 || month < 1 || month > 12 || day < 1)
		return false;
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1] + (month == 2 && is_leap);
}

static const char *edit_date(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return ncic_fields_is_date(value) ? NULL : "not a real date CCYYMMDD";
}

/* Today is UTC's: no agency of the states is ahead of it by a day that matters to a birth or a warrant. */
static const char *edit_past(const struct ncic_fields_rule *rule, struct bytes value)
{
	char today[CLOCK_TEXT_MAX], digits[9];
	const char *why = edit_date(rule, value);
	if (why)
		return why;
	clock_text(clock_wall_ms(), today);
	snprintf(digits, sizeof(digits), "%.4s%.2s%.2s", today, today + 5, today + 8);
	return memcmp(value.at, digits, 8) > 0 ? "in the future" : NULL;
}

static const char *edit_height(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	bool is_fine = all(value, is_digit) && value.at[0] >= '4' && value.at[0] <= '7' && number(value, 1, 2) <= 11;
	return is_fine ? NULL : "must be feet and inches, 400 to 711, with inches 00 to 11";
}

static const char *edit_weight(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return all(value, is_digit) && number(value, 0, 3) >= 50 && number(value, 0, 3) <= 499 ? NULL
	                                                                                       : "must be pounds, 050 to 499";
}

static const char *edit_year(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	bool is_fine = all(value, is_digit) && number(value, 0, 4) >= 1900 && number(value, 0, 4) <= 2100;
	return is_fine ? NULL : "not a year";
}

static const char *edit_expiry(const struct ncic_fields_rule *rule, struct bytes value)
{
	return bytes_is(value, "NX") ? NULL : value.len == 4 ? edit_year(rule, value) : "must be a year, or NX for none";
}

static const char *edit_sid(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return all(bytes_of(value.at, 2), is_capital) && all(value, is_sign) ? NULL
	                                                                     : "must be two letters and then letters or digits";
}

static const char *edit_soc(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	if (!all(value, is_digit))
		return "must be nine digits";
	return number(value, 0, 3) == 0 || number(value, 0, 3) == 666 ? "no such number is ever given out" : NULL;
}

static const char *edit_mnu(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	bool is_fine = ncic_codes_has(NCIC_CODES_NUMBER, bytes_of(value.at, 2)) && value.at[2] == '-' &&
	               all(bytes_of(value.at + 3, value.len - 3), is_sign);
	return is_fine ? NULL : "must be a known prefix of two letters, a hyphen, and letters or digits";
}

static const char *edit_nic(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	if (!is_capital(value.at[0]) || !all(bytes_of(value.at + 1, value.len - 1), is_digit))
		return "must be a letter and nine digits";
	return ncic_codes_has(NCIC_CODES_FILE, bytes_of(value.at, 1)) ? NULL : "its letter is that of no file";
}

static const char *edit_ori(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return ncic_text_is_ori(value) ? NULL : "must be an ORI: two letters and seven letters or digits";
}

/* The agencies' own numbers. */
static const char *edit_case(const struct ncic_fields_rule *rule, struct bytes value)
{
	bool may_slash = rule->max > 20;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.at[i];
		if (!is_sign(c) && (i == 0 || (c != ' ' && c != '-' && !(may_slash && c == '/'))))
			return "must begin with a letter or digit, and hold letters, digits, spaces and hyphens only";
	}
	return value.at[value.len - 1] == ' ' ? "ends with a space" : NULL;
}

/* An import writes 01 to 06 for 1 to 6. */
static const char *edit_extradition(const struct ncic_fields_rule *rule, struct bytes value)
{
	if (value.len == 2 && value.at[0] == '0' && is_digit(value.at[1]))
		value = bytes_of(value.at + 1, 1);
	return edit_codes(rule, value);
}

static const char *edit_color(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	bool is_two = value.len == 7 && value.at[3] == '/';
	bool is_fine = (value.len == 3 || is_two) && ncic_codes_has(NCIC_CODES_COLOR, bytes_of(value.at, 3)) &&
	               ncic_codes_has(NCIC_CODES_COLOR, bytes_of(value.at + value.len - 3, 3));
	return is_fine ? NULL : "must be a color's three letters, or two colors parted by a slash";
}

static const char *edit_docket(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	for (size_t i = 0; i < value.len; i++)
		if (!is_sign(value.at[i]) && (i == 0 || value.at[i] != '-'))
			return "must begin with a letter or digit, and hold letters, digits and hyphens only";
	return NULL;
}

static const char *edit_hours(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return all(value, is_digit) && number(value, 0, 3) > 0 ? NULL : "must be three digits, 001 to 999";
}

static const char *edit_phone(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.at[i];
		bool is_edge = i == 0 || i + 1 == value.len;
		if (!is_digit(c) && !(i == 0 && c == '+') && (is_edge || !strchr(" ()-", c)))
			return "must be a telephone number: digits, spaces, hyphens and parentheses";
	}
	return value.at[0] != '+' || is_digit(value.at[1]) ? NULL : "must have a digit behind the +";
}

static const char *edit_zip(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	bool is_fine = (value.len == 5 || (value.len == 10 && value.at[5] == '-')) && all(bytes_of(value.at, 5), is_digit) &&
	               (value.len == 5 || all(bytes_of(value.at + 6, 4), is_digit));
	return is_fine ? NULL : "must be five digits, or nine with a hyphen";
}

static bool is_dollars(struct bytes value)
{
	bool is_number = value.len <= 9 && all(value, is_digit) && (value.len == 1 || value.at[0] != '0');
	return is_number && number(value, 0, value.len) <= 100000000;
}

/* Dollars, and cents behind a hyphen because a period ends the field. */
static const char *edit_money(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	bool has_cents = value.len > 3 && value.at[value.len - 3] == '-';
	bool is_fine = has_cents ? is_dollars(bytes_of(value.at, value.len - 3)) && all(bytes_of(value.at + value.len - 2, 2), is_digit)
	                         : is_dollars(value);
	return is_fine && !bytes_starts(value, "100000000-") ? NULL : "must be dollars, or dollars-cents";
}

/* Running text: no space at its ends, so that it is one line of text wherever it goes. */
static const char *edit_text(const struct ncic_fields_rule *rule, struct bytes value)
{
	(void)rule;
	return value.at[0] != ' ' && value.at[value.len - 1] != ' ' ? NULL : "begins or ends with a space";
}

/* ---- the table ---- */

#define LISTED(tag, words, min, max, list)                                                                                       \
	{                                                                                                                        \
		tag, words, min, max, 1, edit_codes, NCIC_CODES_##list                                                           \
	}
#define EDITED(tag, words, min, max, edit)                                                                                       \
	{                                                                                                                        \
		tag, words, min, max, 1, edit, NCIC_CODES_COUNT                                                                  \
	}
#define TEXTUAL(tag, words, max)                                                                                                 \
	{                                                                                                                        \
		tag, words, 1, max, 1, edit_text, NCIC_CODES_COUNT                                                               \
	}
#define MANY(tag, words, min, max, repeats, edit, list)                                                                          \
	{                                                                                                                        \
		tag, words, min, max, repeats, edit, NCIC_CODES_##list                                                           \
	}

static const struct ncic_fields_rule rules[] = {
	LISTED("RTY", "what is to be confirmed", 2, 2, RECORD),
	EDITED("RNO", "request number", 1, 1, edit_request),
	LISTED("PRI", "priority", 1, 1, PRIORITY),
	LISTED("PUR", "purpose", 1, 1, PURPOSE),
	EDITED("ATN", "attention", 2, 48, edit_text),
	EDITED("NIC", "record number", 10, 10, edit_nic),
	EDITED("NAM", "name", NCIC_NAME_MIN, NCIC_NAME_MAX, edit_name),
	MANY("AKA", "alias", NCIC_NAME_MIN, NCIC_NAME_MAX, 20, edit_name, COUNT),
	LISTED("SEX", "sex", 1, 1, SEX),
	LISTED("RAC", "race", 1, 1, RACE),
	LISTED("ETN", "ethnicity", 1, 1, ETHNICITY),
	EDITED("POB", "place of birth", 2, 2, edit_place),
	EDITED("CTZ", "citizenship", 2, 2, edit_place),
	EDITED("DOB", "date of birth", 8, 8, edit_past),
	EDITED("HGT", "height", 3, 3, edit_height),
	EDITED("WGT", "weight", 3, 3, edit_weight),
	LISTED("EYE", "eyes", 3, 3, EYE),
	LISTED("HAI", "hair", 3, 3, HAIR),
	LISTED("SKN", "skin", 3, 3, SKIN),
	MANY("SMT", "scar, mark or tattoo", 3, 10, 20, edit_codes, MARK),
	EDITED("FBI", "FBI number", 1, 9, edit_signs),
	EDITED("SID", "state number", 3, 10, edit_sid),
	EDITED("SOC", "social security number", 9, 9, edit_soc),
	EDITED("MNU", "miscellaneous number", 4, 15, edit_mnu),
	EDITED("OLN", "operator's license", 1, 20, edit_signs),
	EDITED("OLS", "state of the license", 2, 2, edit_place),
	EDITED("OLY", "year of the license", 2, 4, edit_expiry),
	LISTED("OFF", "offense", 4, 4, OFFENSE),
	LISTED("OOC", "original offense", 4, 4, OFFENSE),
	TEXTUAL("OFT", "offense in words; local", 120),
	LISTED("GOC", "general character of the offense", 8, 25, CHARACTER),
	EDITED("DOW", "date of the warrant", 8, 8, edit_past),
	EDITED("OCA", "agency's case number", 1, 20, edit_case),
	EDITED("WNO", "warrant number", 1, 15, edit_case),
	EDITED("CIS", "court", 9, 9, edit_ori),
	EDITED("DKT", "docket; local", 4, 24, edit_docket),
	EDITED("CSN", "case; local", 1, 24, edit_case),
	TEXTUAL("CTN", "tracking number of the case; local", 40),
	TEXTUAL("CHC", "prosecution's charge code; local", 40),
	EDITED("ENO", "enforcing agency; local", 9, 9, edit_ori),
	TEXTUAL("RQB", "who asks for it; local", 48),
	TEXTUAL("SRI", "number of the state's repository; local", 40),
	TEXTUAL("TCN", "transaction number; local", 40),
	TEXTUAL("ECC", "category of the entry; local", 20),
	TEXTUAL("PKR", "pickup radius; local", 20),
	TEXTUAL("BRD", "broadcast code; local", 20),
	EDITED("EXP", "end of its term; local", 8, 8, edit_date),
	LISTED("SVK", "kind of supervision; local", 6, 11, SUPERVISION),
	LISTED("STS", "new status of the record; local", 6, 8, STATUS),
	MANY("EXL", "extradition", 1, 2, 1, edit_extradition, EXTRADITION),
	MANY("CMC", "caution or medical condition", 2, 2, 10, edit_codes, CAUTION),
	LISTED("CAT", "category of the warrant; local", 6, 24, CATEGORY),
	MANY("CVI", "condition violated; local", 1, 200, 32, edit_text, COUNT),
	LISTED("NBD", "no bond; local", 1, 1, FLAG),
	EDITED("BAL", "bail; local", 1, 12, edit_money),
	EDITED("DOL", "date of the locate", 8, 8, edit_date),
	LISTED("DIS", "disposition", 4, 4, DISPOSITION),
	EDITED("LCA", "locating agency's case number", 1, 9, edit_case),
	EDITED("CNO", "a case number longer than LCA; local", 1, 24, edit_case),
	EDITED("DCL", "date of the clear", 8, 8, edit_date),
	EDITED("DOC", "date of the cancel", 8, 8, edit_date),
	LISTED("HIT", "result of the hit", 1, 1, HIT),
	LISTED("RPS", "reason for removal", 1, 24, REASON),
	TEXTUAL("ARF", "reference of the arrest; local", 48),
	TEXTUAL("RSN", "reason in words; local", 500),
	EDITED("VLD", "date of the validation", 8, 8, edit_date),
	EDITED("LIC", "plate", 1, 10, edit_signs),
	EDITED("LIS", "state of the plate", 2, 2, edit_place),
	EDITED("LIY", "year of the plate", 2, 4, edit_expiry),
	LISTED("LIT", "type of the plate", 2, 2, PLATE),
	EDITED("VIN", "vehicle's number", 1, 20, edit_signs),
	EDITED("VYR", "vehicle's year", 4, 4, edit_year),
	LISTED("VMA", "vehicle's make", 2, 24, MAKE),
	EDITED("VMO", "vehicle's model", 2, 3, edit_signs),
	LISTED("VST", "vehicle's style", 2, 2, STYLE),
	EDITED("VCO", "vehicle's color", 3, 7, edit_color),
	TEXTUAL("SNA", "street of the last known address", 120),
	TEXTUAL("APT", "unit of the last known address; local", 20),
	TEXTUAL("CTY", "town of the last known address", 60),
	LISTED("STA", "state of the last known address", 2, 2, STATE),
	EDITED("ZIP", "ZIP of the last known address", 5, 10, edit_zip),
	TEXTUAL("AUN", "issuing authority; local", 80),
	TEXTUAL("AUT", "issuing authority's title; local", 80),
	TEXTUAL("AGN", "agency's name; local", 80),
	TEXTUAL("AGU", "agency's unit; local", 80),
	TEXTUAL("AGO", "agency's officer; local", 80),
	EDITED("PHO", "telephone", 7, 20, edit_phone),
	LISTED("CON", "confirmation", 1, 1, CONFIRMATION),
	EDITED("HRS", "hours until confirmation", 3, 3, edit_hours),
	TEXTUAL("RNA", "requester", 30),
	TEXTUAL("RAG", "requesting agency", 60),
	TEXTUAL("CNA", "confirmer", 30),
	TEXTUAL("CAG", "confirming agency", 60),
	EDITED("SER", "serial number", 1, 20, edit_signs),
	EDITED("TYP", "type of the article", 1, 7, edit_signs),
	EDITED("DEN", "denomination", 1, 9, edit_signs),
	LISTED("DNA", "DNA available", 1, 1, FLAG),
	LISTED("NOA", "notify the originator always", 1, 1, FLAG),
	TEXTUAL("MIS", "miscellaneous", 500),
	TEXTUAL("REM", "remarks", 400),
};

size_t ncic_fields_count(void)
{
	return sizeof(rules) / sizeof(*rules);
}

const struct ncic_fields_rule *ncic_fields_at(size_t index)
{
	return &rules[index];
}

const struct ncic_fields_rule *ncic_fields_find(const char *tag)
{
	for (size_t i = 0; i < ncic_fields_count(); i++)
		if (!strcmp(rules[i].tag, tag))
			return &rules[i];
	return NULL;
}

bool ncic_fields_is_running(const struct ncic_fields_rule *rule)
{
	return rule->edit == edit_text;
}

const char *ncic_fields_judge(const struct ncic_fields_rule *rule, struct bytes value)
{
	if (value.len < rule->min)
		return value.len ? "too short" : "blank";
	if (value.len > rule->max)
		return "too long";
	return rule->edit(rule, value);
}

/* ---- a whole text ---- */

static size_t count_before(const struct ncic_text *text, size_t index, bool *ret_same)
{
	const struct ncic_text_field *field = &text->fields[index];
	size_t count = 0;
	*ret_same = false;
	for (size_t i = 0; i < index; i++)
		if (!strcmp(text->fields[i].tag, field->tag)) {
			count++;
			*ret_same = *ret_same || bytes_equal(text->fields[i].value, field->value);
		}
	return count;
}

static void check_repeats(struct ncic_text *text, size_t index, const struct ncic_fields_rule *rule, struct kind_reading *into)
{
	struct ncic_text_field *field = &text->fields[index];
	bool is_same = false;
	size_t before = count_before(text, index, &is_same);
	if (before == 0 || (before < rule->repeats && !is_same))
		return;
	field->is_bad = true;
	if (rule->repeats == 1)
		ncic_text_fault(into, field->line, CODE_MALFORMED, NCIC_TEXT_FORMAT, field->tag, "stands twice");
	else if (before >= rule->repeats)
		ncic_text_fault(into, field->line, CODE_MALFORMED, NCIC_TEXT_FORMAT, field->tag, "stands more than %d times",
		                (int)rule->repeats);
	else
		ncic_text_fault(into, field->line, CODE_MALFORMED, NCIC_TEXT_FORMAT, field->tag, "repeats a value");
}

static void check_value(struct ncic_text_field *field, const struct ncic_fields_rule *rule, bool may_blank,
	                    struct kind_reading *into)
{
	if (field->is_bad || (may_blank && field->value.len == 0))
		return;
	const char *why = ncic_fields_judge(rule, field->value);
	enum ncic_text_error number = strcmp(field->tag, "DOB") ? NCIC_TEXT_FORMAT : NCIC_TEXT_BIRTH;
	if (!why)
		return;
	field->is_bad = true;
	if (field->value.len == 0)
		ncic_text_fault(into, field->line, CODE_SCHEMA, number, field->tag, "blank; leave the field and its tag out");
	else if (field->value.len < rule->min || field->value.len > rule->max)
		ncic_text_fault(into, field->line, CODE_SCHEMA, number, field->tag, "%s: %zu characters; it takes %d to %d", why,
		                field->value.len, (int)rule->min, (int)rule->max);
	else
		ncic_text_fault(into, field->line, CODE_SCHEMA, number, field->tag, "%s", why);
}

void ncic_fields_check(struct ncic_text *text, bool may_blank, struct kind_reading *into)
{
	for (size_t i = 0; i < text->fields_count; i++) {
		struct ncic_text_field *field = &text->fields[i];
		const struct ncic_fields_rule *rule = ncic_fields_find(field->tag);
		if (!rule) {
			field->is_bad = true;
			ncic_text_fault(into, field->line, CODE_MALFORMED, NCIC_TEXT_FORMAT, field->tag, "no such field");
			continue;
		}
		check_repeats(text, i, rule, into);
		check_value(field, rule, may_blank, into);
	}
}
