#include "schemas/validator_inside.h"

#include "base/mem.h"
#include "schemas/pointer.h"

#include <stdlib.h>
#include <string.h>

/* Places in the validator's arrays are taken before the schemas in them are compiled, because those take places too; they are
 * filled by index afterwards, because the arrays move. */

static bool open_keyword(const struct making *making, enum keyword keyword, enum pack_kind kind, struct pack_in *ret_in,
                         size_t *ret_count)
{
	*ret_in = pack_in(making->keyword[keyword], NULL);
	struct pack_item head = pack_next(ret_in, "");
	*ret_count = head.count;
	return !ret_in->failed && head.kind == kind;
}

static const char *place_of(const struct making *making, enum keyword keyword, char into[static ERR_FIELD_MAX])
{
	return pointer_key(making->pointer, bytes_text(validator_keyword_name(keyword)), into);
}

/* The schema that stands at a keyword; VALIDATOR_NONE when there is none. */
static result single(struct making *making, enum keyword keyword, uint32_t *ret, struct err *err)
{
	char place[ERR_FIELD_MAX];
	*ret = VALIDATOR_NONE;
	if (!validator_has(making, keyword))
		return OK;
	return validator_child(making, making->keyword[keyword], place_of(making, keyword, place), ret, err);
}

/* The schemas that stand in a keyword's list. */
static result several(struct making *making, enum keyword keyword, uint32_t *ret_first, uint32_t *ret_count, struct err *err)
{
	char above[ERR_FIELD_MAX], place[ERR_FIELD_MAX];
	struct validator *validator = making->compiler->validator;
	struct pack_in in;
	size_t count, first = validator->list_count;
	if (!open_keyword(making, keyword, PACK_ARRAY, &in, &count) || count == 0)
		return validator_fault(making, keyword, err, "must be a list of schemas");
	validator->list = mem_grow(validator->list, first + count, sizeof(*validator->list));
	validator->list_count += count;
	place_of(making, keyword, above);
	for (size_t i = 0; i < count; i++) {
		uint32_t block;
		TRY(validator_child(making, pack_value(&in, ""), pointer_index(above, i, place), &block, err));
		validator->list[first + i] = block;
	}
	*ret_first = (uint32_t)first;
	*ret_count = (uint32_t)count;
	return OK;
}

/* ---- objects ---- */

static result add_properties(struct making *making, struct object_rule *rule, struct pack_in in, size_t count, struct err *err)
{
	char above[ERR_FIELD_MAX], place[ERR_FIELD_MAX];
	struct validator *validator = making->compiler->validator;
	place_of(making, KEYWORD_PROPERTIES, above);
	for (size_t i = 0; i < count; i++) {
		struct bytes name = pack_text(&in, "", SIZE_MAX);
		struct property property = {.name = validator_pool(making, name), .required = VALIDATOR_NONE};
		TRY(validator_child(making, pack_value(&in, ""), pointer_key(above, name, place), &property.schema, err));
		validator->properties[rule->properties + rule->properties_count++] = property;
	}
	return OK;
}

static struct property *find_property(struct validator *validator, const struct object_rule *rule, struct bytes name)
{
	for (uint32_t i = 0; i < rule->properties_count; i++) {
		struct property *property = &validator->properties[rule->properties + i];
		if (bytes_equal(validator_span(validator, property->name), name))
			return property;
	}
	return NULL;
}

static result add_required(struct making *making, struct object_rule *rule, struct pack_in in, size_t count, struct err *err)
{
	struct validator *validator = making->compiler->validator;
	for (size_t i = 0; i < count; i++) {
		struct bytes name;
		if (!pack_as_text(pack_value(&in, ""), &name))
			return validator_fault(making, KEYWORD_REQUIRED, err, "must be a list of names");
		struct property *property = find_property(validator, rule, name);
		if (!property) {
			struct property unknown = {
				.name = validator_pool(making, name), .schema = VALIDATOR_NONE, .required = VALIDATOR_NONE};
			property = &validator->properties[rule->properties + rule->properties_count++];
			*property = unknown;
		}
		if (property->required != VALIDATOR_NONE)
			return validator_fault(making, KEYWORD_REQUIRED, err, "names a field twice");
		property->required = rule->required_count++;
	}
	return OK;
}

static int by_name(const void *a, const void *b, void *validator)
{
	const struct property *x = a, *y = b;
	return bytes_order(validator_span(validator, x->name), validator_span(validator, y->name));
}

static result rule_properties(struct making *making, struct object_rule *rule, struct err *err)
{
	struct validator *validator = making->compiler->validator;
	struct pack_in properties = pack_in(BYTES_NONE, NULL), required = properties;
	size_t properties_count = 0, required_count = 0;
	if (validator_has(making, KEYWORD_PROPERTIES) &&
	    !open_keyword(making, KEYWORD_PROPERTIES, PACK_MAP, &properties, &properties_count))
		return validator_fault(making, KEYWORD_PROPERTIES, err, "must be an object of schemas");
	if (validator_has(making, KEYWORD_REQUIRED) &&
	    !open_keyword(making, KEYWORD_REQUIRED, PACK_ARRAY, &required, &required_count))
		return validator_fault(making, KEYWORD_REQUIRED, err, "must be a list of names");
	if (required_count > VALIDATOR_REQUIRED_MAX)
		return validator_fault(making, KEYWORD_REQUIRED, err, "names more than 256 fields");
	rule->properties = (uint32_t)validator->properties_count;
	validator->properties_count += properties_count + required_count;
	validator->properties = mem_grow(validator->properties, validator->properties_count + 1, sizeof(*validator->properties));
	TRY(add_properties(making, rule, properties, properties_count, err));
	TRY(add_required(making, rule, required, required_count, err));
	/* A pool that has overflowed lends nothing to sort by, and the compiler refuses the schema anyway. */
	if (rule->properties_count > 1 && !validator->pool.overflow)
		qsort_r(validator->properties + rule->properties, rule->properties_count, sizeof(*validator->properties), by_name,
		        validator);
	return OK;
}

static result rule_pattern_properties(struct making *making, struct object_rule *rule, struct err *err)
{
	char above[ERR_FIELD_MAX], place[ERR_FIELD_MAX];
	struct validator *validator = making->compiler->validator;
	struct pack_in in;
	size_t count;
	if (!validator_has(making, KEYWORD_PATTERN_PROPERTIES))
		return OK;
	if (!open_keyword(making, KEYWORD_PATTERN_PROPERTIES, PACK_MAP, &in, &count))
		return validator_fault(making, KEYWORD_PATTERN_PROPERTIES, err, "must be an object of schemas");
	rule->patterns = (uint32_t)validator->patterns_count;
	rule->patterns_count = (uint32_t)count;
	validator->patterns_count += count;
	validator->patterns = mem_grow(validator->patterns, validator->patterns_count + 1, sizeof(*validator->patterns));
	place_of(making, KEYWORD_PATTERN_PROPERTIES, above);
	for (size_t i = 0; i < count; i++) {
		struct pattern_property property;
		struct bytes pattern = pack_text(&in, "", SIZE_MAX);
		pointer_key(above, pattern, place);
		TRY(validator_rules_regex(making, pattern, place, &property.regex, err));
		TRY(validator_child(making, pack_value(&in, ""), place, &property.schema, err));
		validator->patterns[rule->patterns + i] = property;
	}
	return OK;
}

static bool says_only_required(const struct making *making)
{
	static const enum keyword silent[] = {KEYWORD_REQUIRED, KEYWORD_TITLE, KEYWORD_DESCRIPTION, KEYWORD_COMMENT};
	size_t said = 0;
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		said += validator_has(making, (enum keyword)i);
	for (size_t i = 0; i < sizeof(silent) / sizeof(*silent); i++)
		said -= validator_has(making, silent[i]);
	return said == 0;
}

static result rule_object(struct making *making, struct err *err)
{
	static const enum keyword keywords[] = {KEYWORD_PROPERTIES,         KEYWORD_REQUIRED,       KEYWORD_ADDITIONAL_PROPERTIES,
	                                        KEYWORD_PATTERN_PROPERTIES, KEYWORD_PROPERTY_NAMES, KEYWORD_MIN_PROPERTIES,
	                                        KEYWORD_MAX_PROPERTIES};
	struct validator *validator = making->compiler->validator;
	struct object_rule rule = {.only_requires = says_only_required(making)};
	struct pack_in additional = pack_in(making->keyword[KEYWORD_ADDITIONAL_PROPERTIES], NULL);
	bool is_needed = false;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		is_needed = is_needed || validator_has(making, keywords[i]);
	if (!is_needed)
		return OK;
	TRY(rule_properties(making, &rule, err));
	TRY(rule_pattern_properties(making, &rule, err));
	TRY(single(making, KEYWORD_ADDITIONAL_PROPERTIES, &rule.additional, err));
	TRY(single(making, KEYWORD_PROPERTY_NAMES, &rule.names, err));
	TRY(validator_rules_count(making, KEYWORD_MIN_PROPERTIES, 0, &rule.least, err));
	TRY(validator_rules_count(making, KEYWORD_MAX_PROPERTIES, UINT32_MAX, &rule.most, err));
	if (rule.additional != VALIDATOR_NONE) {
		struct pack_item head = pack_next(&additional, "");
		rule.is_closed = head.kind == PACK_BOOL && !head.truth;
	}
	validator->objects = mem_grow(validator->objects, validator->objects_count + 1, sizeof(rule));
	validator->objects[validator->objects_count] = rule;
	validator_emit(making, OP_OBJECT)->a = (uint32_t)validator->objects_count++;
	return OK;
}

/* ---- arrays ---- */

static result rule_array(struct making *making, struct err *err)
{
	static const enum keyword keywords[] = {KEYWORD_PREFIX_ITEMS, KEYWORD_ITEMS,       KEYWORD_CONTAINS,
	                                        KEYWORD_MIN_ITEMS,    KEYWORD_MAX_ITEMS,   KEYWORD_UNIQUE_ITEMS,
	                                        KEYWORD_MIN_CONTAINS, KEYWORD_MAX_CONTAINS};
	struct validator *validator = making->compiler->validator;
	struct array_rule rule = {0};
	bool is_needed = false;
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		is_needed = is_needed || validator_has(making, keywords[i]);
	if (!is_needed)
		return OK;
	if (validator_has(making, KEYWORD_PREFIX_ITEMS))
		TRY(several(making, KEYWORD_PREFIX_ITEMS, &rule.prefix, &rule.prefix_count, err));
	TRY(single(making, KEYWORD_ITEMS, &rule.items, err));
	TRY(single(making, KEYWORD_CONTAINS, &rule.contains, err));
	TRY(validator_rules_count(making, KEYWORD_MIN_CONTAINS, 1, &rule.contains_least, err));
	TRY(validator_rules_count(making, KEYWORD_MAX_CONTAINS, UINT32_MAX, &rule.contains_most, err));
	TRY(validator_rules_count(making, KEYWORD_MIN_ITEMS, 0, &rule.least, err));
	TRY(validator_rules_count(making, KEYWORD_MAX_ITEMS, UINT32_MAX, &rule.most, err));
	if (validator_has(making, KEYWORD_UNIQUE_ITEMS)) {
		struct pack_in in = pack_in(making->keyword[KEYWORD_UNIQUE_ITEMS], NULL);
		struct pack_item head = pack_next(&in, "");
		if (head.kind != PACK_BOOL)
			return validator_fault(making, KEYWORD_UNIQUE_ITEMS, err, "must be true or false");
		rule.is_unique = head.truth;
	}
	validator->arrays = mem_grow(validator->arrays, validator->arrays_count + 1, sizeof(rule));
	validator->arrays[validator->arrays_count] = rule;
	validator_emit(making, OP_ARRAY)->a = (uint32_t)validator->arrays_count++;
	return OK;
}

/* ---- what depends on a key ---- */

static void add_pair(struct making *making, struct pair pair)
{
	struct validator *validator = making->compiler->validator;
	validator->pairs = mem_grow(validator->pairs, validator->pairs_count + 1, sizeof(pair));
	validator->pairs[validator->pairs_count++] = pair;
}

static result rule_dependent_required(struct making *making, struct err *err)
{
	struct pack_in in;
	size_t count;
	uint32_t first = (uint32_t)making->compiler->validator->pairs_count;
	if (!validator_has(making, KEYWORD_DEPENDENT_REQUIRED))
		return OK;
	if (!open_keyword(making, KEYWORD_DEPENDENT_REQUIRED, PACK_MAP, &in, &count))
		return validator_fault(making, KEYWORD_DEPENDENT_REQUIRED, err, "must be an object of lists of names");
	for (size_t i = 0; i < count; i++) {
		struct span when = validator_pool(making, pack_text(&in, "", SIZE_MAX));
		struct pack_in names = pack_in(pack_value(&in, ""), NULL);
		size_t names_count = pack_array(&names, "");
		for (size_t k = 0; k < names_count && !names.failed; k++)
			add_pair(making,
			         (struct pair){.when = when, .then = validator_pool(making, pack_text(&names, "", SIZE_MAX))});
		if (names.failed)
			return validator_fault(making, KEYWORD_DEPENDENT_REQUIRED, err, "must be an object of lists of names");
	}
	struct op *op = validator_emit(making, OP_DEPENDENT_REQUIRED);
	op->a = first;
	op->b = (uint32_t)making->compiler->validator->pairs_count - first;
	return OK;
}

static result rule_dependent_schemas(struct making *making, struct err *err)
{
	char above[ERR_FIELD_MAX], place[ERR_FIELD_MAX];
	struct validator *validator = making->compiler->validator;
	struct pack_in in;
	size_t count, first = validator->pairs_count;
	if (!validator_has(making, KEYWORD_DEPENDENT_SCHEMAS))
		return OK;
	if (!open_keyword(making, KEYWORD_DEPENDENT_SCHEMAS, PACK_MAP, &in, &count))
		return validator_fault(making, KEYWORD_DEPENDENT_SCHEMAS, err, "must be an object of schemas");
	place_of(making, KEYWORD_DEPENDENT_SCHEMAS, above);
	for (size_t i = 0; i < count; i++)
		add_pair(making, (struct pair){.schema = VALIDATOR_NONE});
	for (size_t i = 0; i < count; i++) {
		struct bytes when = pack_text(&in, "", SIZE_MAX);
		struct pair pair = {.when = validator_pool(making, when)};
		TRY(validator_child(making, pack_value(&in, ""), pointer_key(above, when, place), &pair.schema, err));
		validator->pairs[first + i] = pair;
	}
	struct op *op = validator_emit(making, OP_DEPENDENT_SCHEMAS);
	op->a = (uint32_t)first;
	op->b = (uint32_t)count;
	return OK;
}

/* ---- combinations ---- */

static result rule_several(struct making *making, enum keyword keyword, enum op_code code, struct err *err)
{
	struct op op = {.code = code};
	if (!validator_has(making, keyword))
		return OK;
	TRY(several(making, keyword, &op.a, &op.b, err));
	*validator_emit(making, code) = op;
	return OK;
}

static result rule_combinations(struct making *making, struct err *err)
{
	struct op op = {.code = OP_IF};
	uint32_t negated;
	TRY(rule_several(making, KEYWORD_ALL_OF, OP_ALL_OF, err));
	TRY(rule_several(making, KEYWORD_ANY_OF, OP_ANY_OF, err));
	TRY(rule_several(making, KEYWORD_ONE_OF, OP_ONE_OF, err));
	TRY(single(making, KEYWORD_NOT, &negated, err));
	if (negated != VALIDATOR_NONE)
		validator_emit(making, OP_NOT)->a = negated;
	TRY(single(making, KEYWORD_IF, &op.a, err));
	TRY(single(making, KEYWORD_THEN, &op.b, err));
	TRY(single(making, KEYWORD_ELSE, &op.c, err));
	if (op.a != VALIDATOR_NONE)
		*validator_emit(making, OP_IF) = op;
	return OK;
}

result validator_rules_nested(struct making *making, struct err *err)
{
	TRY(rule_array(making, err));
	TRY(rule_object(making, err));
	TRY(rule_dependent_required(making, err));
	TRY(rule_dependent_schemas(making, err));
	return rule_combinations(making, err);
}
