#include "schemas/validator_inside.h"

#include "base/mem.h"
#include "schemas/format.h"
#include "schemas/pointer.h"

#include <stdio.h>
#include <string.h>

/* Most of the words that a list of values is given; one that is longer is called by the schema's description. */
enum { WORDS_MAX = 240, WORDS_VALUES_MAX = 16 };

static struct pack_item head_of(struct bytes value)
{
	struct pack_in in = pack_in(value, NULL);
	return pack_next(&in, "");
}

/* Opens a keyword's array or map; false when it is something else. */
static bool open_as(struct bytes value, enum pack_kind kind, struct pack_in *ret_in, size_t *ret_count)
{
	*ret_in = pack_in(value, NULL);
	struct pack_item head = pack_next(ret_in, "");
	*ret_count = head.count;
	return !ret_in->failed && head.kind == kind;
}

result validator_rules_count(const struct making *making, enum keyword keyword, uint32_t otherwise, uint32_t *ret,
                             struct err *err)
{
	struct value_number number;
	*ret = otherwise;
	if (!validator_has(making, keyword))
		return OK;
	if (!value_number(head_of(making->keyword[keyword]), &number) || !value_is_whole(&number) || number.number < 0)
		return validator_fault(making, keyword, err, "must be a whole number, 0 or above");
	*ret = number.is_integer && number.integer < UINT32_MAX ? (uint32_t)number.integer : UINT32_MAX;
	return OK;
}

result validator_rules_regex(struct making *making, struct bytes pattern, const char *pointer, uint32_t *ret, struct err *err)
{
	struct regex *regex;
	struct validator *validator = making->compiler->validator;
	result r = regex_new(pattern, &regex, err);
	if (FAILED(r)) {
		err_prefix(err, pointer);
		return r;
	}
	validator->regexes = mem_grow(validator->regexes, validator->regexes_count + 1, sizeof(struct regex *));
	validator->regexes[validator->regexes_count] = regex;
	*ret = (uint32_t)validator->regexes_count++;
	return OK;
}

/* ---- type ---- */

static uint32_t type_bit(struct bytes name)
{
	static const struct {
		const char *name;
		enum type_bit bit;
	} types[] = {{"null", TYPE_NULL},     {"boolean", TYPE_BOOLEAN}, {"integer", TYPE_INTEGER}, {"number", TYPE_NUMBER},
	             {"string", TYPE_STRING}, {"array", TYPE_ARRAY},     {"object", TYPE_OBJECT}};
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (bytes_is(name, types[i].name))
			return types[i].bit;
	return 0;
}

static result rule_type(struct making *making, struct err *err)
{
	uint32_t bits = 0;
	size_t count;
	struct pack_in in;
	struct bytes name, value = making->keyword[KEYWORD_TYPE];
	if (!validator_has(making, KEYWORD_TYPE))
		return OK;
	if (pack_as_text(value, &name)) {
		bits = type_bit(name);
	} else if (open_as(value, PACK_ARRAY, &in, &count)) {
		for (size_t i = 0; i < count; i++) {
			uint32_t bit = pack_as_text(pack_value(&in, ""), &name) ? type_bit(name) : 0;
			if (bit == 0)
				return validator_fault(making, KEYWORD_TYPE, err, "names a type that there is not");
			bits |= bit;
		}
	}
	if (bits == 0)
		return validator_fault(making, KEYWORD_TYPE, err, "must be a type's name or a list of them");
	validator_emit(making, OP_TYPE)->a = bits;
	return OK;
}

/* ---- enum and const ---- */

static void add_constant(struct making *making, struct bytes packed)
{
	struct validator *validator = making->compiler->validator;
	struct constant constant = {.packed = validator_pool(making, packed)};
	struct bytes text;
	constant.is_text = pack_as_text(packed, &text);
	if (constant.is_text) {
		/* The text ends the packed value, so the pool has it already. */
		constant.text = (struct span){constant.packed.at + (uint32_t)(packed.len - text.len), (uint32_t)text.len};
	}
	validator->constants = mem_grow(validator->constants, validator->constants_count + 1, sizeof(struct constant));
	validator->constants[validator->constants_count++] = constant;
}

static void value_words(struct bytes packed, struct buf *out)
{
	struct value_number number;
	struct pack_item head = head_of(packed);
	if (head.kind == PACK_TEXT && head.bytes.len > 0)
		buf_add(out, head.bytes);
	else if (head.kind == PACK_TEXT)
		buf_add_text(out, "\"\"");
	else if (head.kind == PACK_BOOL)
		buf_add_text(out, head.truth ? "true" : "false");
	else if (head.kind == PACK_NIL)
		buf_add_text(out, "null");
	else if (value_number(head, &number) && number.is_integer)
		buf_printf(out, "%lld", (long long)number.integer);
	else if (value_number(head, &number))
		buf_printf(out, "%.15g", number.number);
	else
		buf_add_text(out, "what the schema says");
}

/* "CT", "one of M, F, U", or for a long list what the description calls it; kept NUL-terminated. */
static uint32_t words_of(struct making *making, struct pack_in in, size_t count)
{
	struct buf words;
	struct bytes description = BYTES_NONE;
	buf_init(&words, WORDS_MAX);
	pack_as_text(making->keyword[KEYWORD_DESCRIPTION], &description);
	buf_add_text(&words, count > 1 ? "one of " : "");
	for (size_t i = 0; i < count; i++) {
		buf_add_text(&words, i > 0 ? ", " : "");
		value_words(pack_value(&in, ""), &words);
	}
	if ((words.overflow || count > WORDS_VALUES_MAX) && description.len > 0 && description.len < WORDS_MAX) {
		buf_clear(&words);
		buf_add(&words, description);
	} else if (words.overflow) {
		buf_clear(&words);
		buf_printf(&words, "one of the %zu values of the schema", count);
	}
	struct span span = validator_pool(making, buf_bytes(&words));
	validator_pool(making, bytes_of("", 1));
	buf_done(&words);
	return span.at;
}

static result rule_enum(struct making *making, struct err *err)
{
	size_t count;
	struct pack_in in;
	if (validator_has(making, KEYWORD_ENUM)) {
		if (!open_as(making->keyword[KEYWORD_ENUM], PACK_ARRAY, &in, &count))
			return validator_fault(making, KEYWORD_ENUM, err, "must be a list of values");
		struct op *op = validator_emit(making, OP_ENUM);
		op->a = (uint32_t)making->compiler->validator->constants_count;
		op->b = (uint32_t)count;
		op->c = words_of(making, in, count);
		for (size_t i = 0; i < count; i++)
			add_constant(making, pack_value(&in, ""));
	}
	if (validator_has(making, KEYWORD_CONST)) {
		struct op *op = validator_emit(making, OP_ENUM);
		op->a = (uint32_t)making->compiler->validator->constants_count;
		op->b = 1;
		op->c = words_of(making, pack_in(making->keyword[KEYWORD_CONST], NULL), 1);
		add_constant(making, making->keyword[KEYWORD_CONST]);
	}
	return OK;
}

/* ---- references and definitions ---- */

static result rule_ref(struct making *making, struct err *err)
{
	uint32_t block;
	struct bytes uri;
	if (!validator_has(making, KEYWORD_REF))
		return OK;
	if (!pack_as_text(making->keyword[KEYWORD_REF], &uri))
		return validator_fault(making, KEYWORD_REF, err, "must be text");
	TRY(validator_target(making, uri, &block, err));
	validator_emit(making, OP_REF)->a = block;
	return OK;
}

/* Definitions that nobody refers to are compiled all the same, so that a mistake in them is found now and not when the first
 * reference comes. */
static result rule_defs(struct making *making, struct err *err)
{
	char defs[ERR_FIELD_MAX], place[ERR_FIELD_MAX];
	size_t count;
	struct pack_in in;
	uint32_t unused;
	if (!validator_has(making, KEYWORD_DEFS))
		return OK;
	if (!open_as(making->keyword[KEYWORD_DEFS], PACK_MAP, &in, &count))
		return validator_fault(making, KEYWORD_DEFS, err, "must be an object of schemas");
	pointer_key(making->pointer, BYTES_LIT("$defs"), defs);
	for (size_t i = 0; i < count; i++) {
		struct bytes name = pack_text(&in, "", SIZE_MAX);
		TRY(validator_child(making, pack_value(&in, ""), pointer_key(defs, name, place), &unused, err));
	}
	return OK;
}

/* ---- numbers and text ---- */

static result rule_numbers(struct making *making, struct err *err)
{
	static const struct {
		enum keyword keyword;
		enum op_code code;
	} rules[] = {{KEYWORD_MINIMUM, OP_MINIMUM},
	             {KEYWORD_MAXIMUM, OP_MAXIMUM},
	             {KEYWORD_EXCLUSIVE_MINIMUM, OP_EXCLUSIVE_MINIMUM},
	             {KEYWORD_EXCLUSIVE_MAXIMUM, OP_EXCLUSIVE_MAXIMUM},
	             {KEYWORD_MULTIPLE_OF, OP_MULTIPLE}};
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct value_number number;
		if (!validator_has(making, rules[i].keyword))
			continue;
		if (!value_number(head_of(making->keyword[rules[i].keyword]), &number))
			return validator_fault(making, rules[i].keyword, err, "must be a number");
		if (rules[i].code == OP_MULTIPLE && !(number.number > 0))
			return validator_fault(making, rules[i].keyword, err, "must be above 0");
		validator_emit(making, rules[i].code)->number = number;
	}
	return OK;
}

static result rule_pattern(struct making *making, struct err *err)
{
	char place[ERR_FIELD_MAX];
	uint32_t regex;
	struct bytes pattern, words = BYTES_NONE;
	if (!validator_has(making, KEYWORD_PATTERN))
		return OK;
	if (!pack_as_text(making->keyword[KEYWORD_PATTERN], &pattern))
		return validator_fault(making, KEYWORD_PATTERN, err, "must be text");
	TRY(validator_rules_regex(making, pattern, pointer_key(making->pointer, BYTES_LIT("pattern"), place), &regex, err));
	bool is_described = pack_as_text(making->keyword[KEYWORD_DESCRIPTION], &words) && words.len > 0;
	struct span span = validator_pool(making, is_described ? words : BYTES_LIT("text that fits "));
	if (!is_described)
		validator_pool(making, pattern);
	validator_pool(making, bytes_of("", 1));
	*validator_emit(making, OP_PATTERN) = (struct op){.code = OP_PATTERN, .a = regex, .b = span.at};
	return OK;
}

static result rule_text(struct making *making, struct err *err)
{
	enum format format;
	struct bytes name;
	uint32_t least, most;
	TRY(validator_rules_count(making, KEYWORD_MIN_LENGTH, 0, &least, err));
	TRY(validator_rules_count(making, KEYWORD_MAX_LENGTH, UINT32_MAX, &most, err));
	if (least > 0 || most < UINT32_MAX)
		*validator_emit(making, OP_LENGTH) = (struct op){.code = OP_LENGTH, .a = least, .b = most};
	TRY(rule_pattern(making, err));
	if (!validator_has(making, KEYWORD_FORMAT))
		return OK;
	if (!pack_as_text(making->keyword[KEYWORD_FORMAT], &name) || !format_find(name, &format))
		return validator_fault(making, KEYWORD_FORMAT, err,
		                       "is not a format that is supported: date, date-time, uuid, email");
	validator_emit(making, OP_FORMAT)->a = (uint32_t)format;
	return OK;
}

result validator_rules(struct making *making, struct err *err)
{
	TRY(rule_type(making, err));
	TRY(rule_enum(making, err));
	TRY(rule_ref(making, err));
	TRY(rule_defs(making, err));
	TRY(rule_numbers(making, err));
	TRY(rule_text(making, err));
	return validator_rules_nested(making, err);
}
