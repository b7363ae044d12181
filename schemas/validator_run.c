#include "schemas/validator_inside.h"

#include "schemas/format.h"
#include "schemas/pointer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What one run may cost, counted in schemas applied and values compared. A message of a mebibyte stays far below; only a value
 * that is made to be compared with itself again and again (uniqueItems, nested choices) comes here, and is refused within about a
 * tenth of a second. */
enum { STEPS_MAX = 4000000, DEPTH_MAX = 128 };

/* From a value to the one that it is in, up to the root. */
struct place {
	const struct place *above; /* NULL: the root */
	struct bytes key;
	size_t index;
	bool is_index;
};

/* What an op judges: the value, its head, and a reader that stands behind the head. */
struct subject {
	struct bytes value;
	struct pack_item head;
	struct pack_in in;
	const struct place *place;
};

struct run {
	const struct validator *validator;
	struct err *err;
	size_t steps;
	unsigned depth;
	unsigned quiet; /* above 0: a choice is tried out, and its faults are not the message's */
	bool gave_up;   /* a limit was hit: no answer below it counts */
	struct regex_scratch scratch;
};

static bool apply(struct run *run, uint32_t block, struct bytes value, const struct place *place);

static void place_text(const struct place *place, char into[static ERR_FIELD_MAX])
{
	char above[ERR_FIELD_MAX];
	into[0] = '\0';
	if (!place->above)
		return;
	place_text(place->above, above);
	if (place->is_index)
		pointer_index(above, place->index, into);
	else
		pointer_key(above, place->key, into);
}

__attribute__((format(printf, 3, 4))) static bool fail(struct run *run, const struct place *place, const char *format, ...)
{
	char words[ERR_REASON_MAX], field[ERR_FIELD_MAX];
	va_list arguments;
	if (run->quiet > 0 || run->gave_up)
		return false;
	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	place_text(place, field);
	result r = err_set(run->err, CODE_SCHEMA, field, "%s", words);
	return !FAILED(r);
}

static bool give_up(struct run *run, const struct place *place, const char *why)
{
	run->quiet = 0;
	fail(run, place, "%s", why);
	run->gave_up = true;
	return false;
}

static bool fits_quietly(struct run *run, uint32_t block, struct bytes value, const struct place *place)
{
	run->quiet++;
	bool fits = apply(run, block, value, place);
	if (run->quiet > 0)
		run->quiet--;
	return fits;
}

/* ---- any value ---- */

static uint32_t types_of(struct pack_item head)
{
	struct value_number number;
	switch (head.kind) {
	case PACK_NIL:
		return TYPE_NULL;
	case PACK_BOOL:
		return TYPE_BOOLEAN;
	case PACK_INT:
	case PACK_FLOAT:
		if (!value_number(head, &number))
			return 0;
		return value_is_whole(&number) ? TYPE_NUMBER | TYPE_INTEGER : TYPE_NUMBER;
	case PACK_TEXT:
		return TYPE_STRING;
	case PACK_BIN: /* JSON has no such type */
		return 0;
	case PACK_ARRAY:
		return TYPE_ARRAY;
	case PACK_MAP:
		return TYPE_OBJECT;
	}
	return 0;
}

static bool run_type(struct run *run, const struct op *op, const struct subject *subject)
{
	static const char *const names[] = {"empty (null)", "true or false", "a whole number",       "a number",
	                                    "text",         "a list",        "an object with fields"};
	char words[128] = "";
	size_t len = 0;
	if (types_of(subject->head) & op->a)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (op->a & (1u << i))
			len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s", len > 0 ? " or " : "", names[i]);
	return fail(run, subject->place, "must be %s", words);
}

static bool is_constant(struct run *run, const struct constant *constant, const struct subject *subject)
{
	if (subject->head.kind == PACK_TEXT)
		return constant->is_text && bytes_equal(subject->head.bytes, validator_span(run->validator, constant->text));
	return !constant->is_text && value_equal(subject->value, validator_span(run->validator, constant->packed), &run->steps);
}

static bool run_enum(struct run *run, const struct op *op, const struct subject *subject)
{
	for (uint32_t i = 0; i < op->b; i++)
		if (is_constant(run, &run->validator->constants[op->a + i], subject))
			return true;
	if (run->steps == 0)
		return give_up(run, subject->place, "is too intricate to be judged");
	return fail(run, subject->place, "must be %s", (const char *)run->validator->pool.at + op->c);
}

static bool run_never(struct run *run, const struct op *op, const struct subject *subject)
{
	(void)op;
	return fail(run, subject->place, "is not allowed here");
}

static bool run_ref(struct run *run, const struct op *op, const struct subject *subject)
{
	return apply(run, op->a, subject->value, subject->place);
}

/* ---- numbers ---- */

static bool run_number(struct run *run, const struct op *op, const struct subject *subject)
{
	static const struct {
		const char *words;
		bool below, same, above; /* which orders are fine */
	} rules[] = {
		[OP_MINIMUM] = {"must be at least", false, true, true},
		[OP_MAXIMUM] = {"must be at most", true, true, false},
		[OP_EXCLUSIVE_MINIMUM] = {"must be above", false, false, true},
		[OP_EXCLUSIVE_MAXIMUM] = {"must be below", true, false, false},
		[OP_MULTIPLE] = {"must be a multiple of", false, false, false},
	};
	struct value_number number;
	if (!value_number(subject->head, &number))
		return true;
	int order = value_order(&number, &op->number);
	bool fits = order < 0 ? rules[op->code].below : order > 0 ? rules[op->code].above : rules[op->code].same;
	if (op->code == OP_MULTIPLE)
		fits = value_is_multiple(&number, &op->number);
	if (fits)
		return true;
	if (op->number.is_integer)
		return fail(run, subject->place, "%s %lld", rules[op->code].words, (long long)op->number.integer);
	return fail(run, subject->place, "%s %.15g", rules[op->code].words, op->number.number);
}

/* ---- text ---- */

static bool run_length(struct run *run, const struct op *op, const struct subject *subject)
{
	size_t characters = 0;
	if (subject->head.kind != PACK_TEXT)
		return true;
	for (size_t i = 0; i < subject->head.bytes.len; i++)
		characters += (subject->head.bytes.at[i] & 0xc0) != 0x80;
	if (characters < op->a && characters == 0)
		return fail(run, subject->place, "must not be empty");
	if (characters < op->a)
		return fail(run, subject->place, "must have at least %u characters", op->a);
	return characters <= op->b ||
	       fail(run, subject->place, "must have at most %u characters, and has %zu", op->b, characters);
}

static bool run_pattern(struct run *run, const struct op *op, const struct subject *subject)
{
	if (subject->head.kind != PACK_TEXT)
		return true;
	enum regex_answer answer = regex_match(run->validator->regexes[op->a], subject->head.bytes, &run->scratch);
	if (answer == REGEX_GAVE_UP)
		return give_up(run, subject->place, "is too intricate for its pattern to be judged");
	return answer == REGEX_YES || fail(run, subject->place, "must be %s", (const char *)run->validator->pool.at + op->b);
}

static bool run_format(struct run *run, const struct op *op, const struct subject *subject)
{
	enum format format = (enum format)op->a;
	return subject->head.kind != PACK_TEXT || format_fits(format, subject->head.bytes) ||
	       fail(run, subject->place, "must be %s", format_words(format));
}

/* ---- arrays ---- */

static bool run_unique(struct run *run, const struct subject *subject)
{
	struct pack_in later = subject->in;
	for (size_t i = 0; i < subject->head.count; i++) {
		struct bytes item = pack_value(&later, "");
		struct pack_in earlier = subject->in;
		for (size_t k = 0; k < i; k++) {
			bool is_same = value_equal(item, pack_value(&earlier, ""), &run->steps);
			if (run->steps == 0)
				return give_up(run, subject->place, "has too many entries to be compared");
			if (is_same)
				return fail(run, &(struct place){.above = subject->place, .index = i, .is_index = true},
				            "is in the list twice");
		}
	}
	return true;
}

static bool run_contains(struct run *run, const struct array_rule *rule, const struct subject *subject)
{
	struct pack_in in = subject->in;
	size_t found = 0;
	for (size_t i = 0; i < subject->head.count; i++) {
		struct place place = {.above = subject->place, .index = i, .is_index = true};
		found += fits_quietly(run, rule->contains, pack_value(&in, ""), &place);
	}
	if (found < rule->contains_least)
		return fail(run, subject->place, "must have at least %u entries of the kind that is wanted",
		            rule->contains_least);
	return found <= rule->contains_most ||
	       fail(run, subject->place, "must have at most %u entries of that kind", rule->contains_most);
}

static bool run_array(struct run *run, const struct op *op, const struct subject *subject)
{
	const struct array_rule *rule = &run->validator->arrays[op->a];
	struct pack_in in = subject->in;
	size_t count = subject->head.count;
	if (subject->head.kind != PACK_ARRAY)
		return true;
	if (count < rule->least)
		return fail(run, subject->place, "must have at least %u %s", rule->least, rule->least == 1 ? "entry" : "entries");
	if (count > rule->most && rule->most == 0)
		return fail(run, subject->place, "must be an empty list");
	if (count > rule->most)
		return fail(run, subject->place, "must have at most %u entries, and has %zu", rule->most, count);
	for (size_t i = 0; i < count && (i < rule->prefix_count || rule->items != VALIDATOR_NONE); i++) {
		struct place place = {.above = subject->place, .index = i, .is_index = true};
		uint32_t block = i < rule->prefix_count ? run->validator->list[rule->prefix + i] : rule->items;
		if (!apply(run, block, pack_value(&in, ""), &place))
			return false;
	}
	if (rule->contains != VALIDATOR_NONE && !run_contains(run, rule, subject))
		return false;
	return !rule->is_unique || run_unique(run, subject);
}

/* ---- objects ---- */

static const struct property *find_property(const struct validator *validator, const struct object_rule *rule, struct bytes name)
{
	uint32_t from = rule->properties, to = rule->properties + rule->properties_count;
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		const struct property *property = &validator->properties[middle];
		int order = bytes_order(name, validator_span(validator, property->name));
		if (order == 0)
			return property;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

struct seen { /* of the required fields, by their place in `required` */
	uint64_t bits[VALIDATOR_REQUIRED_MAX / 64];
};

/* One field: by its own rule, by the patterns of names, and when neither knows it, by what is said of the others. */
static bool run_field(struct run *run, const struct object_rule *rule, struct bytes name, struct bytes value,
                      const struct place *place, struct seen *seen)
{
	const struct validator *validator = run->validator;
	const struct property *property = find_property(validator, rule, name);
	bool is_known = property && property->schema != VALIDATOR_NONE;
	if (property && property->required != VALIDATOR_NONE)
		seen->bits[property->required / 64] |= UINT64_C(1) << (property->required % 64);
	if (is_known && !apply(run, property->schema, value, place))
		return false;
	for (uint32_t i = 0; i < rule->patterns_count; i++) {
		const struct pattern_property *pattern = &validator->patterns[rule->patterns + i];
		enum regex_answer answer = regex_match(validator->regexes[pattern->regex], name, &run->scratch);
		if (answer == REGEX_GAVE_UP)
			return give_up(run, place, "has a name that is too intricate to be judged");
		if (answer == REGEX_NO)
			continue;
		is_known = true;
		if (!apply(run, pattern->schema, value, place))
			return false;
	}
	if (is_known || rule->additional == VALIDATOR_NONE)
		return true;
	if (rule->is_closed)
		return fail(run, place, "is not a field that belongs here");
	return apply(run, rule->additional, value, place);
}

static bool has_all_required(struct run *run, const struct object_rule *rule, const struct seen *seen, const struct place *place)
{
	const struct property *missing = NULL;
	for (uint32_t i = 0; i < rule->properties_count; i++) {
		const struct property *property = &run->validator->properties[rule->properties + i];
		uint32_t at = property->required;
		if (at == VALIDATOR_NONE || (seen->bits[at / 64] >> (at % 64) & 1))
			continue;
		if (!missing || at < missing->required)
			missing = property;
	}
	if (!missing)
		return true;
	return fail(run, &(struct place){.above = place, .key = validator_span(run->validator, missing->name)}, "is required");
}

static bool run_object(struct run *run, const struct op *op, const struct subject *subject)
{
	const struct object_rule *rule = &run->validator->objects[op->a];
	struct pack_in in = subject->in;
	struct seen seen = {{0}};
	if (subject->head.kind != PACK_MAP)
		return true;
	for (size_t i = 0; i < subject->head.count; i++) {
		const uint8_t *at = in.at;
		struct pack_item name = pack_next(&in, "");
		struct bytes packed_name = bytes_of(at, (size_t)(in.at - at));
		struct bytes value = pack_value(&in, "");
		struct place place = {.above = subject->place, .key = name.kind == PACK_TEXT ? name.bytes : BYTES_NONE};
		if (rule->names != VALIDATOR_NONE && !apply(run, rule->names, packed_name, &place))
			return false;
		if (!run_field(run, rule, place.key, value, &place, &seen))
			return false;
	}
	if (!has_all_required(run, rule, &seen, subject->place))
		return false;
	if (subject->head.count < rule->least)
		return fail(run, subject->place, "must have at least %u %s", rule->least, rule->least == 1 ? "field" : "fields");
	return subject->head.count <= rule->most || fail(run, subject->place, "must have at most %u fields", rule->most);
}

static bool has_key(struct run *run, const struct subject *subject, struct bytes name)
{
	struct pack_in in = subject->in;
	for (size_t i = 0; i < subject->head.count && run->steps > 0; i++, run->steps--) {
		struct pack_item key = pack_next(&in, "");
		pack_value(&in, "");
		if (key.kind == PACK_TEXT && bytes_equal(key.bytes, name))
			return true;
	}
	return false;
}

static bool run_dependent(struct run *run, const struct op *op, const struct subject *subject)
{
	if (subject->head.kind != PACK_MAP)
		return true;
	for (uint32_t i = 0; i < op->b; i++) {
		const struct pair *pair = &run->validator->pairs[op->a + i];
		struct bytes when = validator_span(run->validator, pair->when), then = validator_span(run->validator, pair->then);
		bool applies = has_key(run, subject, when);
		if (applies && op->code == OP_DEPENDENT_SCHEMAS && !apply(run, pair->schema, subject->value, subject->place))
			return false;
		bool is_missing = applies && op->code == OP_DEPENDENT_REQUIRED && !has_key(run, subject, then);
		if (run->steps == 0)
			return give_up(run, subject->place, "has too many fields to be judged");
		if (is_missing)
			return fail(run, &(struct place){.above = subject->place, .key = then}, "is required when %.*s is there",
			            (int)when.len, (const char *)when.at);
	}
	return true;
}

/* ---- combinations ---- */

static bool run_all_of(struct run *run, const struct op *op, const struct subject *subject)
{
	for (uint32_t i = 0; i < op->b; i++)
		if (!apply(run, run->validator->list[op->a + i], subject->value, subject->place))
			return false;
	return true;
}

/* Adds "a and b" for a choice that asks for fields and nothing else. */
static bool add_needs(const struct validator *validator, uint32_t block, struct buf *words)
{
	const struct block *made = &validator->blocks[block];
	const struct op *op = &validator->ops[made->first];
	if (made->count != 1 || op->code != OP_OBJECT || !validator->objects[op->a].only_requires)
		return false;
	const struct object_rule *rule = &validator->objects[op->a];
	for (uint32_t i = 0; i < rule->properties_count; i++) {
		buf_add_text(words, i > 0 ? " and " : "");
		buf_add(words, validator_span(validator, validator->properties[rule->properties + i].name));
	}
	return true;
}

static bool fail_choice(struct run *run, const struct op *op, const struct subject *subject)
{
	struct buf words;
	bool is_plain = run->quiet == 0;
	if (run->quiet > 0 || run->gave_up)
		return false;
	buf_init(&words, ERR_REASON_MAX / 2);
	for (uint32_t i = 0; i < op->b && is_plain; i++) {
		buf_add_text(&words, i > 0 ? " or " : "");
		is_plain = add_needs(run->validator, run->validator->list[op->a + i], &words);
	}
	if (is_plain && !words.overflow)
		fail(run, subject->place, "must have %.*s", (int)words.len, (const char *)words.at);
	else
		fail(run, subject->place, "fits none of the %u forms that are allowed here", op->b);
	buf_done(&words);
	return false;
}

static bool run_any_of(struct run *run, const struct op *op, const struct subject *subject)
{
	for (uint32_t i = 0; i < op->b; i++)
		if (fits_quietly(run, run->validator->list[op->a + i], subject->value, subject->place))
			return true;
	return fail_choice(run, op, subject);
}

static bool run_one_of(struct run *run, const struct op *op, const struct subject *subject)
{
	unsigned found = 0;
	for (uint32_t i = 0; i < op->b && found < 2; i++)
		found += fits_quietly(run, run->validator->list[op->a + i], subject->value, subject->place);
	if (found == 0)
		return fail_choice(run, op, subject);
	return found == 1 || fail(run, subject->place, "fits more than one of the forms of which one is allowed here");
}

static bool run_not(struct run *run, const struct op *op, const struct subject *subject)
{
	return !fits_quietly(run, op->a, subject->value, subject->place) ||
	       fail(run, subject->place, "has a form that is not allowed here");
}

static bool run_if(struct run *run, const struct op *op, const struct subject *subject)
{
	uint32_t block = fits_quietly(run, op->a, subject->value, subject->place) ? op->b : op->c;
	return block == VALIDATOR_NONE || apply(run, block, subject->value, subject->place);
}

/* ---- a schema ---- */

static bool apply(struct run *run, uint32_t block, struct bytes value, const struct place *place)
{
	static bool (*const rules[OP_CODE_COUNT])(struct run *, const struct op *, const struct subject *) = {
		[OP_NEVER] = run_never,
		[OP_TYPE] = run_type,
		[OP_ENUM] = run_enum,
		[OP_REF] = run_ref,
		[OP_MINIMUM] = run_number,
		[OP_MAXIMUM] = run_number,
		[OP_EXCLUSIVE_MINIMUM] = run_number,
		[OP_EXCLUSIVE_MAXIMUM] = run_number,
		[OP_MULTIPLE] = run_number,
		[OP_LENGTH] = run_length,
		[OP_PATTERN] = run_pattern,
		[OP_FORMAT] = run_format,
		[OP_ARRAY] = run_array,
		[OP_OBJECT] = run_object,
		[OP_DEPENDENT_REQUIRED] = run_dependent,
		[OP_DEPENDENT_SCHEMAS] = run_dependent,
		[OP_ALL_OF] = run_all_of,
		[OP_ANY_OF] = run_any_of,
		[OP_ONE_OF] = run_one_of,
		[OP_NOT] = run_not,
		[OP_IF] = run_if,
	};
	const struct block *made = &run->validator->blocks[block];
	struct subject subject = {.value = value, .in = pack_in(value, NULL), .place = place};
	bool fits = true;
	if (run->gave_up)
		return false;
	if (run->steps == 0 || run->depth == DEPTH_MAX)
		return give_up(run, place, "is too intricate to be judged");
	run->steps--;
	run->depth++;
	subject.head = pack_next(&subject.in, "");
	for (uint32_t i = 0; i < made->count && fits && !run->gave_up; i++) {
		const struct op *op = &run->validator->ops[made->first + i];
		fits = rules[op->code](run, op, &subject);
	}
	run->depth--;
	return fits && !run->gave_up;
}

result validator_run(const struct validator *validator, struct bytes value, struct err *err)
{
	struct run run;
	struct place root = {.above = NULL};
	/* Member by member: the scratch is large, and most of it is never touched. */
	run.validator = validator;
	run.err = err;
	run.steps = STEPS_MAX;
	run.depth = 0;
	run.quiet = 0;
	run.gave_up = false;
	regex_scratch_begin(&run.scratch);
	bool fits = apply(&run, 0, value, &root);
	regex_scratch_end(&run.scratch);
	return fits && !run.gave_up ? OK : (result){CODE_SCHEMA};
}
