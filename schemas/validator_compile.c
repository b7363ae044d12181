#include "schemas/validator_inside.h"

#include "base/mem.h"
#include "base/text.h"
#include "schemas/pointer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_MAX_BYTES = 8 * 1024 * 1024 };

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

static const char *const keyword_names[KEYWORD_COUNT] = {
	[KEYWORD_ADDITIONAL_PROPERTIES] = "additionalProperties",
	[KEYWORD_ALL_OF] = "allOf",
	[KEYWORD_ANY_OF] = "anyOf",
	[KEYWORD_COMMENT] = "$comment",
	[KEYWORD_CONST] = "const",
	[KEYWORD_CONTAINS] = "contains",
	[KEYWORD_DEFAULT] = "default",
	[KEYWORD_DEFS] = "$defs",
	[KEYWORD_DEPENDENT_REQUIRED] = "dependentRequired",
	[KEYWORD_DEPENDENT_SCHEMAS] = "dependentSchemas",
	[KEYWORD_DESCRIPTION] = "description",
	[KEYWORD_ELSE] = "else",
	[KEYWORD_ENUM] = "enum",
	[KEYWORD_EXAMPLES] = "examples",
	[KEYWORD_EXCLUSIVE_MAXIMUM] = "exclusiveMaximum",
	[KEYWORD_EXCLUSIVE_MINIMUM] = "exclusiveMinimum",
	[KEYWORD_FORMAT] = "format",
	[KEYWORD_IF] = "if",
	[KEYWORD_ITEMS] = "items",
	[KEYWORD_MAX_CONTAINS] = "maxContains",
	[KEYWORD_MAX_ITEMS] = "maxItems",
	[KEYWORD_MAX_LENGTH] = "maxLength",
	[KEYWORD_MAX_PROPERTIES] = "maxProperties",
	[KEYWORD_MAXIMUM] = "maximum",
	[KEYWORD_MIN_CONTAINS] = "minContains",
	[KEYWORD_MIN_ITEMS] = "minItems",
	[KEYWORD_MIN_LENGTH] = "minLength",
	[KEYWORD_MIN_PROPERTIES] = "minProperties",
	[KEYWORD_MINIMUM] = "minimum",
	[KEYWORD_MULTIPLE_OF] = "multipleOf",
	[KEYWORD_NOT] = "not",
	[KEYWORD_ONE_OF] = "oneOf",
	[KEYWORD_PATTERN] = "pattern",
	[KEYWORD_PATTERN_PROPERTIES] = "patternProperties",
	[KEYWORD_PREFIX_ITEMS] = "prefixItems",
	[KEYWORD_PROPERTIES] = "properties",
	[KEYWORD_PROPERTY_NAMES] = "propertyNames",
	[KEYWORD_REF] = "$ref",
	[KEYWORD_REQUIRED] = "required",
	[KEYWORD_SCHEMA] = "$schema",
	[KEYWORD_THEN] = "then",
	[KEYWORD_TITLE] = "title",
	[KEYWORD_TYPE] = "type",
	[KEYWORD_UNIQUE_ITEMS] = "uniqueItems",
};

const char *validator_keyword_name(enum keyword keyword)
{
	return keyword_names[keyword];
}

result validator_fault(const struct making *making, enum keyword keyword, struct err *err, const char *words)
{
	char place[ERR_FIELD_MAX];
	return err_set(err, CODE_SCHEMA, pointer_key(making->pointer, bytes_text(keyword_names[keyword]), place), "%s", words);
}

bool validator_has(const struct making *making, enum keyword keyword)
{
	return making->keyword[keyword].len > 0;
}

struct span validator_pool(struct making *making, struct bytes text)
{
	struct buf *pool = &making->compiler->validator->pool;
	struct span span = {(uint32_t)pool->len, (uint32_t)text.len};
	buf_add(pool, text);
	return pool->overflow ? (struct span){0, 0} : span;
}

struct op *validator_emit(struct making *making, enum op_code code)
{
	struct op *op = &making->ops[making->ops_count++];
	*op = (struct op){.code = code};
	return op;
}

/* ---- one schema ---- */

static result read_keywords(struct making *making, struct pack_in *in, size_t count, struct err *err)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < count; i++) {
		struct bytes name = pack_text(in, "", SIZE_MAX);
		struct bytes value = pack_value(in, "");
		size_t keyword = 0;
		while (keyword < KEYWORD_COUNT && !bytes_is(name, keyword_names[keyword]))
			keyword++;
		if (in->failed)
			return err_set(err, CODE_SCHEMA, making->pointer, "the schema is not sound msgpack");
		if (keyword == KEYWORD_COUNT)
			return err_set(err, CODE_SCHEMA, pointer_key(making->pointer, name, place),
			               "is not a keyword that is supported");
		making->keyword[keyword] = value;
	}
	return OK;
}

static result check_dialect(const struct making *making, struct err *err)
{
	struct bytes text;
	if (!validator_has(making, KEYWORD_SCHEMA))
		return OK;
	if (pack_as_text(making->keyword[KEYWORD_SCHEMA], &text) && bytes_is(text, DIALECT))
		return OK;
	return validator_fault(making, KEYWORD_SCHEMA, err, "only " DIALECT " is supported");
}

static void keep(struct making *making, uint32_t block)
{
	struct validator *validator = making->compiler->validator;
	struct block made = {(uint32_t)validator->ops_count, (uint32_t)making->ops_count};
	validator->ops = mem_grow(validator->ops, validator->ops_count + making->ops_count + 1, sizeof(*validator->ops));
	memcpy(validator->ops + validator->ops_count, making->ops, making->ops_count * sizeof(*making->ops));
	validator->ops_count += making->ops_count;
	validator->blocks[block] = made;
}

static result compile_block(struct compiler *compiler, struct scope scope, struct bytes schema, const char *pointer,
                            uint32_t block, struct err *err)
{
	struct making making = {.compiler = compiler, .scope = scope, .pointer = pointer};
	struct pack_in in = pack_in(schema, NULL);
	struct pack_item head = pack_next(&in, "");
	if (in.failed || (head.kind != PACK_BOOL && head.kind != PACK_MAP))
		return err_set(err, CODE_SCHEMA, pointer, "a schema is an object, true or false");
	if (head.kind == PACK_MAP) {
		TRY(read_keywords(&making, &in, head.count, err));
		TRY(check_dialect(&making, err));
		TRY(validator_rules(&making, err));
	} else if (!head.truth) {
		validator_emit(&making, OP_NEVER);
	}
	keep(&making, block);
	return OK;
}

static result new_block(struct compiler *compiler, const char *pointer, uint32_t *ret, struct err *err)
{
	struct validator *validator = compiler->validator;
	*ret = VALIDATOR_NONE;
	if (validator->blocks_count == VALIDATOR_BLOCKS_MAX)
		return err_set(err, CODE_SCHEMA, pointer, "there are more than %d schemas in it", VALIDATOR_BLOCKS_MAX);
	validator->blocks = mem_grow(validator->blocks, validator->blocks_count + 1, sizeof(*validator->blocks));
	*ret = (uint32_t)validator->blocks_count++;
	validator->blocks[*ret] = (struct block){0, 0};
	return OK;
}

result validator_child(struct making *making, struct bytes schema, const char *pointer, uint32_t *ret_block, struct err *err)
{
	TRY(new_block(making->compiler, pointer, ret_block, err));
	return compile_block(making->compiler, making->scope, schema, pointer, *ret_block, err);
}

/* ---- references ---- */

/* "%24defs" is "$defs": a fragment of a URI is percent-encoded. */
static bool decode_fragment(struct bytes text, char *into, size_t size)
{
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.at[i];
		if (byte == '%') {
			if (text.len - i < 3 || FAILED(text_unhex(bytes_of(text.at + i + 1, 2), &byte, 1, NULL)))
				return false;
			i += 2;
		}
		if (byte == 0 || len + 1 >= size)
			return false;
		into[len++] = (char)byte;
	}
	into[len] = '\0';
	return true;
}

/* Two ways of writing it may lead to one schema. */
static bool is_known(const struct compiler *compiler, const struct target *wanted, const char *fragment, uint32_t *ret_block)
{
	for (size_t i = 0; i < compiler->targets_count; i++) {
		const struct target *known = &compiler->targets[i];
		bool is_same = wanted->schema.at != NULL ? known->schema.at == wanted->schema.at
		                                         : known->scope.document.at == wanted->scope.document.at && !strcmp(known->fragment, fragment);
		if (!is_same)
			continue;
		*ret_block = known->block;
		return true;
	}
	return false;
}

static result add_target(struct compiler *compiler, struct target found, const char *fragment, uint32_t *ret, struct err *err)
{
	if (is_known(compiler, &found, fragment, ret))
		return OK;
	TRY(new_block(compiler, fragment, &found.block, err));
	found.pointer = found.scope.name.len > 0
	                        ? mem_printf("%.*s#%s", (int)found.scope.name.len, (const char *)found.scope.name.at, fragment)
	                        : mem_text(fragment);
	found.fragment = found.pointer + strlen(found.pointer) - strlen(fragment);
	compiler->targets = mem_grow(compiler->targets, compiler->targets_count + 1, sizeof(*compiler->targets));
	compiler->targets[compiler->targets_count++] = found;
	*ret = found.block;
	return OK;
}

result validator_target(struct making *making, struct bytes uri, uint32_t *ret_block, struct err *err)
{
	char fragment[512] = "";
	struct compiler *compiler = making->compiler;
	struct target target = {.scope = making->scope};
	const uint8_t *hash = uri.len ? memchr(uri.at, '#', uri.len) : NULL;
	struct bytes name = hash ? bytes_of(uri.at, (size_t)(hash - uri.at)) : uri;
	if (name.len > 64)
		return validator_fault(making, KEYWORD_REF, err, "the name of the document is too long");
	if (name.len > 0) {
		struct bytes document = compiler->documents ? compiler->documents(compiler->ctx, name) : BYTES_NONE;
		if (document.len == 0)
			return validator_fault(making, KEYWORD_REF, err, "there is no document of that name");
		target.scope = (struct scope){document, name};
	}
	if (hash && !decode_fragment(bytes_of(hash + 1, uri.len - name.len - 1), fragment, sizeof(fragment)))
		return validator_fault(making, KEYWORD_REF, err, "the part after # cannot be read");
	if (is_known(compiler, &target, fragment, ret_block)) /* to look it up again takes a walk through its document */
		return OK;
	if (!pack_pointer(target.scope.document, fragment, &target.schema))
		return validator_fault(making, KEYWORD_REF, err, "refers to nothing");
	return add_target(compiler, target, fragment, ret_block, err);
}

/* ---- all of it ---- */

static result compile_all(struct compiler *compiler, struct bytes schema, struct err *err)
{
	uint32_t root = 0;
	struct scope scope = {schema, BYTES_NONE};
	TRY(pack_scan(schema, err));
	TRY(new_block(compiler, "", &root, err));
	TRY(compile_block(compiler, scope, schema, "", root, err));
	/* One after the other and not inside each other, so that a long chain of references takes no stack; each may find more.
	 */
	for (size_t i = 0; i < compiler->targets_count; i++) {
		struct target target = compiler->targets[i];
		TRY(compile_block(compiler, target.scope, target.schema, target.pointer, target.block, err));
	}
	if (compiler->validator->pool.overflow)
		return err_set(err, CODE_SCHEMA, "", "the schema is too large");
	return OK;
}

result validator_compile(struct bytes schema, validator_document_fn documents, void *ctx, struct validator **ret, struct err *err)
{
	struct validator *validator = mem_alloc(sizeof(*validator));
	struct compiler compiler = {.validator = validator, .documents = documents, .ctx = ctx};
	buf_init(&validator->pool, POOL_MAX_BYTES);
	/* An empty span must have somewhere to point to. */
	buf_add_byte(&validator->pool, 0);
	result r = compile_all(&compiler, schema, err);
	for (size_t i = 0; i < compiler.targets_count; i++)
		mem_free(compiler.targets[i].pointer);
	mem_free(compiler.targets);
	if (FAILED(r))
		validator_free(validator);
	else
		*ret = validator;
	return r;
}

void validator_free(struct validator *validator)
{
	if (!validator)
		return;
	for (size_t i = 0; i < validator->regexes_count; i++)
		regex_free(validator->regexes[i]);
	mem_free(validator->regexes);
	mem_free(validator->blocks);
	mem_free(validator->ops);
	mem_free(validator->list);
	mem_free(validator->constants);
	mem_free(validator->properties);
	mem_free(validator->patterns);
	mem_free(validator->pairs);
	mem_free(validator->objects);
	mem_free(validator->arrays);
	buf_done(&validator->pool);
	mem_free(validator);
}
