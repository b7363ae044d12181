#include "adapters/niem/niem_turn.h"

#include "adapters/niem/niem_words.h"
#include "schemas/when.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { JOINED_MAX = 400 };

static const char own_zone[] = "America/New_York";

static void add_source(struct niem_said *said, xmlNode *element)
{
	if (said->sources_count < NIEM_DRAFT_SOURCES_MAX)
		said->sources[said->sources_count++] = element;
}

static void say(struct niem_said *said, xmlNode *element, const char *text)
{
	mem_free(said->text);
	said->text = mem_text(text);
	add_source(said, element);
}

static xmlNode *either(struct niem_tree *tree, xmlNode *from, const char *paths)
{
	char path[128];
	while (niem_row_alternative(&paths, path, sizeof(path))) {
		xmlNode *found = niem_tree_find(tree, from, path, 0);
		if (found)
			return found;
	}
	return NULL;
}

/* ---- letters ---- */

/* Keeps the letters of `set`; small ones are capitals first. NULL: keeps all. */
static void keep(char *text, const char *set)
{
	size_t len = 0;
	for (const char *at = text; *at; at++) {
		char c = (char)(*at >= 'a' && *at <= 'z' ? *at - 32 : *at);
		if (!set || strchr(set, c))
			text[len++] = c;
	}
	text[len] = 0;
}

static void drop_hyphens(char *text)
{
	size_t len = 0;
	for (const char *at = text; *at; at++)
		if (*at != '-' && *at != ' ')
			text[len++] = *at;
	text[len] = 0;
}

static bool take_code(const struct niem_row *row, const struct niem_options *options, xmlNode *element, struct niem_said *said)
{
	char code[NIEM_CODE_MAX];
	AUTO_FREE char *word = niem_tree_text(element);
	const char *last = row->more ? row->more : strrchr(row->pointer, '/') + 1;
	AUTO_FREE char *pointer = mem_printf("/person%s", row->pointer);
	if (!strcmp(last, "-"))
		last = "topics";
	bool is_own = options->code && (options->code(options->ctx, row->pointer, bytes_text(word), code) ||
	                                options->code(options->ctx, pointer, bytes_text(word), code));
	bool is_known = is_own || niem_words_code(last, bytes_text(word), code);
	if (!word[0] || (row->how == NIEM_KNOWN && !is_known))
		return false;
	say(said, element, code);
	return true;
}

/* ---- days and hours ---- */

static void take_date(xmlNode *element, struct niem_said *said)
{
	AUTO_FREE char *text = niem_tree_text(element);
	if (strlen(text) > 10 && strchr("TZ+-", text[10]))
		text[10] = 0;
	say(said, element, text);
}

/* A time that does not say its zone is the agency's: the fraction of a second stays between them. */
static void take_local(const struct niem_options *options, xmlNode *element, const char *text, struct niem_said *said)
{
	struct when_zone zone = {0, false};
	struct when_date date;
	struct when_time time;
	char stamp[WHEN_TEXT_MAX];
	const char *fraction = strlen(text) > 19 ? text + 19 : "";
	size_t digits = fraction[0] == '.' ? strspn(fraction + 1, "0123456789") : 0;
	say(said, element, text);
	if (strlen(text) < 19 || !when_date("YYYY-MM-DD", bytes_of(text, 10), &date) ||
	    !when_time("HH:MM:SS", bytes_of(text + 11, 8), &time) || strlen(fraction) != (digits ? digits + 1 : 0)) {
		said->why = "is not a date and time like 2026-03-02T08:12:00-05:00";
		return;
	}
	when_zone(options->zone && options->zone[0] ? options->zone : own_zone, &zone);
	said->why = when_stamp(&zone, date, time, stamp);
	if (said->why)
		return;
	mem_free(said->text);
	said->text = mem_printf("%.19s%s%s", stamp, fraction, stamp + 19);
}

static void take_stamp(const struct niem_options *options, xmlNode *element, struct niem_said *said)
{
	AUTO_FREE char *text = niem_tree_text(element);
	if (strlen(text) == 10 && text[4] == '-') {
		say(said, element, text);
		said->why = "is a day without a time; the message tells when it happened";
	} else if (strlen(text) > 11 && text[10] == 'T' && strpbrk(text + 11, "Zz+-")) {
		say(said, element, text);
	} else {
		take_local(options, element, text, said);
	}
}

static bool take_when(struct niem_tree *tree, const struct niem_options *options, xmlNode *element, struct niem_said *said)
{
	xmlNode *stamp = niem_tree_find(tree, element, "nc:DateTime", 0), *date = niem_tree_find(tree, element, "nc:Date", 0);
	said->ending = stamp ? "at" : "on";
	if (stamp)
		take_stamp(options, stamp, said);
	else if (date)
		take_date(date, said);
	return stamp || date;
}

/* ---- measures ---- */

static bool is_unit(struct bytes unit, const char *const *known)
{
	for (; *known; known++)
		if (text_equal_nocase(unit, bytes_text(*known)))
			return true;
	return false;
}

/* The value of a measure and its unit's element (NULL: it is in the text, or not said). */
static xmlNode *measure(struct niem_tree *tree, xmlNode *element, xmlNode **ret_unit)
{
	xmlNode *value = either(
	    tree, element,
	    "nc:MeasureValueText | nc:MeasureText | nc:MeasurePointValue | nc:MeasureIntegerValue | nc:MeasureDecimalValue");
	*ret_unit = either(tree, element, "a:MeasureUnitText | a:LengthUnitCode | a:WeightUnitCode");
	return value;
}

static bool take_whole(const char *text, const char *const *units, xmlNode *unit, int64_t *ret)
{
	AUTO_FREE char *named = unit ? niem_tree_text(unit) : NULL;
	size_t digits = strspn(text, "0123456789"), zeros = text[digits] == '.' ? 1 + strspn(text + digits + 1, "0") : 0;
	const char *rest = text + digits + zeros;
	struct err ignored;
	while (*rest == ' ')
		rest++;
	if (FAILED(text_int(bytes_of(text, digits), 1, 1000, ret, &ignored)))
		return false;
	return named && named[0] ? !*rest && is_unit(bytes_text(named), units) : *rest && is_unit(bytes_text(rest), units);
}

static bool take_weight(struct niem_tree *tree, xmlNode *element, struct niem_said *said)
{
	static const char *const pounds[] = {"lb", "lbs", "pound", "pounds", "LBR", NULL};
	char text[24];
	int64_t weight = 0;
	xmlNode *unit = NULL, *value = measure(tree, element, &unit);
	AUTO_FREE char *said_text = value ? niem_tree_text(value) : NULL;
	if (!value || !take_whole(said_text, pounds, unit, &weight))
		return false;
	snprintf(text, sizeof(text), "%d", (int)weight);
	say(said, value, text);
	if (unit)
		add_source(said, unit);
	said->kind = NIEM_DRAFT_INT;
	return true;
}

/* 5'11" and 6ft */
static bool feet_and_inches(const char *text, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789"), more = 0;
	struct err ignored;
	int64_t feet = 0, inches = 0;
	const char *rest = text + digits;
	if (FAILED(text_int(bytes_of(text, digits), 1, 9, &feet, &ignored)) || (*rest != '\'' && strncmp(rest, "ft", 2) != 0))
		return false;
	rest += *rest == '\'' ? 1 : 2;
	rest += strspn(rest, " .");
	more = strspn(rest, "0123456789");
	if (more && FAILED(text_int(bytes_of(rest, more), 0, 11, &inches, &ignored)))
		return false;
	rest += more;
	*ret = feet * 12 + inches;
	return !*rest || !strcmp(rest, "\"") || !strcmp(rest, "''") || !strcmp(rest, "in");
}

static bool take_height(struct niem_tree *tree, xmlNode *element, struct niem_said *said)
{
	static const char *const inches[] = {"in", "inch", "inches", "INH", NULL};
	char text[24];
	int64_t tall = 0;
	xmlNode *unit = NULL, *value = measure(tree, element, &unit);
	AUTO_FREE char *said_text = value ? niem_tree_text(value) : NULL;
	if (!value || !(take_whole(said_text, inches, unit, &tall) || (!unit && feet_and_inches(said_text, &tall))))
		return false;
	snprintf(text, sizeof(text), "%d%02d", (int)(tall / 12), (int)(tall % 12));
	say(said, value, text);
	if (unit)
		add_source(said, unit);
	return true;
}

/* ---- texts in pieces ---- */

static bool take_pieces(struct niem_tree *tree, xmlNode *element, const char *whole, const char *const *pieces,
                        struct niem_said *said)
{
	char joined[JOINED_MAX] = "";
	xmlNode *one = niem_tree_find(tree, element, whole, 0);
	AUTO_FREE char *text = one ? niem_tree_text(one) : NULL;
	if (text && text[0]) {
		say(said, one, text);
		return true;
	}
	for (; *pieces; pieces++) {
		xmlNode *piece = niem_tree_find(tree, element, *pieces, 0);
		AUTO_FREE char *more = piece ? niem_tree_text(piece) : NULL;
		size_t len = strlen(joined);
		if (!more || !more[0] || niem_tree_is_taken(piece))
			continue;
		snprintf(joined + len, sizeof(joined) - len, "%s%s", len ? " " : "", more);
		say(said, piece, joined);
	}
	return said->text != NULL;
}

static bool take_street(struct niem_tree *tree, xmlNode *element, struct niem_said *said)
{
	static const char *const pieces[] = {"nc:StreetNumberText",   "nc:StreetPredirectionalText",  "nc:StreetName",
	                                     "nc:StreetCategoryText", "nc:StreetPostdirectionalText", NULL};
	return take_pieces(tree, element, "nc:StreetFullText", pieces, said);
}

static bool take_full_name(struct niem_tree *tree, xmlNode *element, struct niem_said *said)
{
	static const char *const pieces[] = {"nc:PersonNamePrefixText", "nc:PersonGivenName",      "nc:PersonMiddleName",
	                                     "nc:PersonSurName",        "nc:PersonNameSuffixText", NULL};
	return take_pieces(tree, element, "nc:PersonFullName", pieces, said);
}

static bool take_color(struct niem_tree *tree, xmlNode *element, struct niem_said *said)
{
	xmlNode *first = either(tree, element, "nc:ConveyanceColorPrimaryText | nc:ConveyanceColorPrimaryCode"),
	        *second = either(tree, element, "nc:ConveyanceColorSecondaryText | nc:ConveyanceColorSecondaryCode");
	AUTO_FREE char *one = first ? niem_tree_text(first) : NULL, *two = second ? niem_tree_text(second) : NULL;
	if (!one || !one[0])
		return false;
	AUTO_FREE char *both = mem_printf("%s%s%s", one, two && two[0] ? "/" : "", two ? two : "");
	keep(both, NULL);
	say(said, first, both);
	if (second)
		add_source(said, second);
	return true;
}

/* ---- one element ---- */

static void take_flag(xmlNode *element, char *text, struct niem_said *said)
{
	said->kind = NIEM_DRAFT_FLAG;
	say(said, element, !strcmp(text, "1") ? "true" : !strcmp(text, "0") ? "false" : text);
}

static void take_text(const struct niem_row *row, xmlNode *element, char *text, struct niem_said *said)
{
	char state[NIEM_CODE_MAX];
	if (row->how == NIEM_UPPER || row->how == NIEM_ID)
		keep(text, NULL);
	else if (row->how == NIEM_SQUEEZE)
		keep(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	else if (row->how == NIEM_DIGITS || row->how == NIEM_ID_DIGITS)
		drop_hyphens(text);
	if (row->how == NIEM_YEAR && strlen(text) > 4)
		text[4] = 0;
	if (row->how == NIEM_STATE) {
		niem_words_state(bytes_text(text), state);
		say(said, element, state);
		return;
	}
	said->kind = row->how == NIEM_INT ? NIEM_DRAFT_INT : row->how == NIEM_NUMBER ? NIEM_DRAFT_NUMBER : NIEM_DRAFT_TEXT;
	say(said, element, text);
}

static bool take_plain(const struct niem_row *row, const struct niem_options *options, xmlNode *element, struct niem_said *said)
{
	AUTO_FREE char *text = niem_tree_text(element);
	if (!text[0])
		return false;
	if (row->how == NIEM_FLAG)
		take_flag(element, text, said);
	else if (row->how == NIEM_DATE)
		take_date(element, said);
	else if (row->how == NIEM_STAMP)
		take_stamp(options, element, said);
	else
		take_text(row, element, text, said);
	return true;
}

bool niem_turn_read(struct niem_tree *tree, const struct niem_row *row, const struct niem_options *options, xmlNode *element,
                    struct niem_said *ret)
{
	*ret = (struct niem_said){.kind = NIEM_DRAFT_TEXT, .ending = ""};
	if (row->how == NIEM_WORD || row->how == NIEM_KNOWN)
		return take_code(row, options, element, ret);
	if (row->how == NIEM_WHEN)
		return take_when(tree, options, element, ret);
	if (row->how == NIEM_HEIGHT)
		return take_height(tree, element, ret);
	if (row->how == NIEM_WEIGHT)
		return take_weight(tree, element, ret);
	if (row->how == NIEM_STREET)
		return take_street(tree, element, ret);
	if (row->how == NIEM_COLOR)
		return take_color(tree, element, ret);
	if (row->how == NIEM_FULL_NAME)
		return take_full_name(tree, element, ret);
	return take_plain(row, options, element, ret);
}
