#include "schemas/catalogue_when.h"

#include "schemas/value.h"

#include <stdio.h>
#include <string.h>

/* Enough for every sound schema; one that goes round in circles is given up on. */
enum { STEPS_MAX = 2000, DEPTH_MAX = 48, SEGMENT_MAX = 128 };

bool catalogue_when_is(struct bytes value, const char *text)
{
	char digits[24];
	struct value_number number;
	struct pack_in in = pack_in(value, NULL);
	struct pack_item item = pack_next(&in, "");
	if (in.failed)
		return false;
	if (item.kind == PACK_TEXT)
		return bytes_is(item.bytes, text);
	if (item.kind == PACK_BOOL)
		return strcmp(text, item.truth ? "true" : "false") == 0;
	if (!value_number(item, &number) || !number.is_integer)
		return false;
	snprintf(digits, sizeof(digits), "%lld", (long long)number.integer);
	return strcmp(text, digits) == 0;
}

static bool holds(const struct catalogue_when *when, struct bytes main)
{
	struct bytes value;
	if (!pack_pointer(main, when->pointer, &value))
		return false;
	for (size_t i = 0; i < when->values_count; i++)
		if (catalogue_when_is(value, when->values[i]))
			return true;
	return false;
}

bool catalogue_holds(const struct catalogue_when *when, size_t count, struct bytes main)
{
	for (size_t i = 0; i < count; i++)
		if (!holds(&when[i], main))
			return false;
	return true;
}

/* ---- what a schema lets be ---- */

struct walk {
	const struct catalogue_when_schema *where;
	const char *text;
	unsigned steps;
	unsigned depth;
};

/* A schema in its document, and what is left of the pointer. */
struct spot {
	struct bytes schema, document;
	const char *pointer;
};

static bool may(struct walk *walk, struct spot spot);

/* Whether a "type" keyword, if there is one, names the type. */
static bool allows_type(struct bytes schema, const char *name)
{
	struct bytes type, one;
	if (!pack_find(schema, "type", &type))
		return true;
	if (pack_as_text(type, &one))
		return bytes_is(one, name);
	struct pack_in in = pack_in(type, NULL);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++)
		if (pack_as_text(pack_value(&in, ""), &one) && bytes_is(one, name))
			return true;
	return in.failed;
}

static bool is_any_of(struct bytes list, const char *text)
{
	struct pack_in in = pack_in(list, NULL);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++)
		if (catalogue_when_is(pack_value(&in, ""), text))
			return true;
	return in.failed;
}

static bool allows_text(struct bytes schema, const char *text)
{
	struct bytes values;
	bool is_truth = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	bool is_digits = text[strspn(text, "-0123456789")] == '\0';
	if (pack_find(schema, "const", &values) && !catalogue_when_is(values, text))
		return false;
	if (pack_find(schema, "enum", &values) && !is_any_of(values, text))
		return false;
	return allows_type(schema, "string") || (is_truth && allows_type(schema, "boolean")) ||
	       (is_digits && (allows_type(schema, "integer") || allows_type(schema, "number")));
}

static bool may_follow(struct walk *walk, struct spot spot)
{
	char fragment[256];
	struct bytes ref, text, document = spot.document;
	if (!pack_find(spot.schema, "$ref", &ref) || !pack_as_text(ref, &text))
		return true;
	const uint8_t *hash = memchr(text.at, '#', text.len);
	struct bytes name = hash ? bytes_of(text.at, (size_t)(hash - text.at)) : text;
	size_t len = hash ? text.len - name.len - 1 : 0;
	if (name.len > 0)
		document = walk->where->documents ? walk->where->documents(walk->where->ctx, name) : BYTES_NONE;
	/* A percent-encoded fragment is sound, but no file of ours has one. */
	if (len >= sizeof(fragment) || (len > 0 && memchr(hash + 1, '%', len)))
		return true;
	if (len > 0)
		memcpy(fragment, hash + 1, len);
	fragment[len] = '\0';
	struct spot target = {.document = document, .pointer = spot.pointer};
	return !pack_pointer(document, fragment, &target.schema) || may(walk, target);
}

static bool may_combine(struct walk *walk, struct spot spot, const char *keyword, bool all)
{
	struct bytes list;
	if (!pack_find(spot.schema, keyword, &list))
		return true;
	struct pack_in in = pack_in(list, NULL);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct spot one = {pack_value(&in, ""), spot.document, spot.pointer};
		if (may(walk, one) != all)
			return !all;
	}
	return all || in.failed;
}

/* Takes the next segment off the pointer, unescaped; false when it is too long to be looked at. */
static bool take_segment(const char **pointer, char into[static SEGMENT_MAX])
{
	const char *at = *pointer + 1;
	size_t len = 0;
	for (; *at && *at != '/'; at++) {
		bool is_escape = at[0] == '~' && (at[1] == '0' || at[1] == '1');
		if (len + 1 == SEGMENT_MAX)
			return false;
		into[len++] = (char)(!is_escape ? *at : at[1] == '0' ? '~' : '/');
		at += is_escape;
	}
	into[len] = '\0';
	*pointer = at;
	return true;
}

static bool may_enter(struct walk *walk, struct spot spot)
{
	char segment[SEGMENT_MAX];
	struct bytes properties, unused;
	struct spot inside = {.document = spot.document, .pointer = spot.pointer};
	if (!take_segment(&inside.pointer, segment))
		return true;
	bool is_index = segment[strspn(segment, "0123456789")] == '\0';
	if (is_index && allows_type(spot.schema, "array"))
		return pack_find(spot.schema, "prefixItems", &unused) || !pack_find(spot.schema, "items", &inside.schema) || may(walk, inside);
	if (!allows_type(spot.schema, "object"))
		return false;
	if (pack_find(spot.schema, "properties", &properties) && pack_find(properties, segment, &inside.schema))
		return may(walk, inside);
	if (pack_find(spot.schema, "patternProperties", &unused))
		return true;
	return !pack_find(spot.schema, "additionalProperties", &inside.schema) || may(walk, inside);
}

static bool may_map(struct walk *walk, struct spot spot)
{
	if (!may_follow(walk, spot) || !may_combine(walk, spot, "allOf", true) || !may_combine(walk, spot, "anyOf", false) ||
	    !may_combine(walk, spot, "oneOf", false))
		return false;
	if (spot.pointer[0] == '\0')
		return !walk->text || allows_text(spot.schema, walk->text);
	return may_enter(walk, spot);
}

static bool may(struct walk *walk, struct spot spot)
{
	struct pack_in in = pack_in(spot.schema, NULL);
	struct pack_item head = pack_next(&in, "");
	if (in.failed || walk->steps == 0 || walk->depth == DEPTH_MAX)
		return true;
	if (head.kind == PACK_BOOL)
		return head.truth;
	walk->steps--;
	walk->depth++;
	bool answer = head.kind != PACK_MAP || may_map(walk, spot);
	walk->depth--;
	return answer;
}

bool catalogue_when_may(const struct catalogue_when_schema *where, const char *pointer, const char *text)
{
	struct walk walk = {.where = where, .text = text, .steps = STEPS_MAX};
	struct spot root = {where->schema, where->schema, pointer};
	return may(&walk, root);
}
