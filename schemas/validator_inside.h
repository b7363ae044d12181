/* What the compiler of schemas makes and the runner follows: a flat program. Everything refers to everything else by index, and
 * text stands in one pool, so that nothing moves a pointer and freeing is a few arrays. Only validator_*.c know it. Thread: as in
 * schemas/validator.h. */
#ifndef SCHEMAS_VALIDATOR_INSIDE_H
#define SCHEMAS_VALIDATOR_INSIDE_H

#include "schemas/regex.h"
#include "schemas/validator.h"
#include "schemas/value.h"

#define VALIDATOR_NONE UINT32_MAX

enum { VALIDATOR_REQUIRED_MAX = 256, VALIDATOR_BLOCKS_MAX = 65536 };

struct span { /* bytes of the pool */
	uint32_t at, len;
};

enum type_bit {
	TYPE_NULL = 1,
	TYPE_BOOLEAN = 2,
	TYPE_INTEGER = 4,
	TYPE_NUMBER = 8,
	TYPE_STRING = 16,
	TYPE_ARRAY = 32,
	TYPE_OBJECT = 64
};

enum op_code {
	OP_NEVER,              /* the schema false */
	OP_TYPE,               /* a: type bits */
	OP_ENUM,               /* a: first of constants, b: how many, c: in words, NUL-terminated, in the pool */
	OP_REF,                /* a: schema */
	OP_MINIMUM,            /* number */
	OP_MAXIMUM,            /* number */
	OP_EXCLUSIVE_MINIMUM,  /* number */
	OP_EXCLUSIVE_MAXIMUM,  /* number */
	OP_MULTIPLE,           /* number */
	OP_LENGTH,             /* a: least, b: most code points */
	OP_PATTERN,            /* a: regex, b: in words, in the pool */
	OP_FORMAT,             /* a: enum format */
	OP_ARRAY,              /* a: of arrays */
	OP_OBJECT,             /* a: of objects */
	OP_DEPENDENT_REQUIRED, /* a: first of pairs, b: how many */
	OP_DEPENDENT_SCHEMAS,  /* a: first of pairs, b: how many */
	OP_ALL_OF,             /* a: first of list, b: how many */
	OP_ANY_OF,             /* the same */
	OP_ONE_OF,             /* the same */
	OP_NOT,                /* a: schema */
	OP_IF,                 /* a: if, b: then, c: else; the last two may be VALIDATOR_NONE */
	OP_CODE_COUNT
};

struct op {
	enum op_code code;
	uint32_t a, b, c;
	struct value_number number;
};

struct block { /* one schema: a run of ops, all of which must hold */
	uint32_t first, count;
};

struct constant {
	struct span packed, text;
	bool is_text;
};

struct property {
	struct span name;
	uint32_t schema;   /* VALIDATOR_NONE: any value */
	uint32_t required; /* its place in `required`, VALIDATOR_NONE: optional */
};

struct pattern_property {
	uint32_t regex, schema;
};

struct pair { /* when this key is there, then that key, or that schema */
	struct span when, then;
	uint32_t schema;
};

struct object_rule {
	uint32_t properties, properties_count; /* sorted by name */
	uint32_t required_count;
	uint32_t patterns, patterns_count;
	uint32_t additional, names; /* schemas or VALIDATOR_NONE */
	uint32_t least, most;
	bool is_closed;     /* additionalProperties is false */
	bool only_requires; /* says nothing but `required` */
};

struct array_rule {
	uint32_t prefix, prefix_count; /* of list */
	uint32_t items, contains;      /* schemas or VALIDATOR_NONE */
	uint32_t contains_least, contains_most;
	uint32_t least, most;
	bool is_unique;
};

struct validator {
	struct buf pool;
	struct block *blocks; /* 0 is the root */
	struct op *ops;
	uint32_t *list; /* schemas */
	struct constant *constants;
	struct property *properties;
	struct pattern_property *patterns;
	struct pair *pairs;
	struct object_rule *objects;
	struct array_rule *arrays;
	struct regex **regexes;
	size_t blocks_count, ops_count, list_count, constants_count, properties_count, patterns_count, pairs_count, objects_count,
		arrays_count, regexes_count;
};

static inline struct bytes validator_span(const struct validator *validator, struct span span)
{
	return bytes_of(validator->pool.at + span.at, span.len);
}

/* One schema on its way from its keywords to its block. */
enum keyword {
	KEYWORD_ADDITIONAL_PROPERTIES,
	KEYWORD_ALL_OF,
	KEYWORD_ANY_OF,
	KEYWORD_COMMENT,
	KEYWORD_CONST,
	KEYWORD_CONTAINS,
	KEYWORD_DEFAULT,
	KEYWORD_DEFS,
	KEYWORD_DEPENDENT_REQUIRED,
	KEYWORD_DEPENDENT_SCHEMAS,
	KEYWORD_DESCRIPTION,
	KEYWORD_ELSE,
	KEYWORD_ENUM,
	KEYWORD_EXAMPLES,
	KEYWORD_EXCLUSIVE_MAXIMUM,
	KEYWORD_EXCLUSIVE_MINIMUM,
	KEYWORD_FORMAT,
	KEYWORD_IF,
	KEYWORD_ITEMS,
	KEYWORD_MAX_CONTAINS,
	KEYWORD_MAX_ITEMS,
	KEYWORD_MAX_LENGTH,
	KEYWORD_MAX_PROPERTIES,
	KEYWORD_MAXIMUM,
	KEYWORD_MIN_CONTAINS,
	KEYWORD_MIN_ITEMS,
	KEYWORD_MIN_LENGTH,
	KEYWORD_MIN_PROPERTIES,
	KEYWORD_MINIMUM,
	KEYWORD_MULTIPLE_OF,
	KEYWORD_NOT,
	KEYWORD_ONE_OF,
	KEYWORD_PATTERN,
	KEYWORD_PATTERN_PROPERTIES,
	KEYWORD_PREFIX_ITEMS,
	KEYWORD_PROPERTIES,
	KEYWORD_PROPERTY_NAMES,
	KEYWORD_REF,
	KEYWORD_REQUIRED,
	KEYWORD_SCHEMA,
	KEYWORD_THEN,
	KEYWORD_TITLE,
	KEYWORD_TYPE,
	KEYWORD_UNIQUE_ITEMS,
	KEYWORD_COUNT
};

/* A document that "#/…" is looked up in. */
struct scope {
	struct bytes document, name; /* the name is empty for the schema itself */
};

/* Something that a "$ref" means; compiled once however often it is meant. */
struct target {
	struct bytes schema;
	struct scope scope;
	uint32_t block;
	char *pointer;
	const char *fragment; /* of the pointer */
};

struct compiler {
	struct validator *validator;
	validator_document_fn documents;
	void *ctx;
	struct target *targets;
	size_t targets_count;
};

struct making {
	struct compiler *compiler;
	struct scope scope;
	const char *pointer;
	struct bytes keyword[KEYWORD_COUNT]; /* packed values; empty: not there */
	struct op ops[OP_CODE_COUNT + 1];
	size_t ops_count;
};

/* validator_compile.c: what the keywords of validator_rules.c need. */
RESULT validator_child(struct making *making, struct bytes schema, const char *pointer, uint32_t *ret_block, struct err *err);
RESULT validator_target(struct making *making, struct bytes uri, uint32_t *ret_block, struct err *err);
struct op *validator_emit(struct making *making, enum op_code code);
const char *validator_keyword_name(enum keyword keyword);
/* A fault of the schema at a keyword. */
result validator_fault(const struct making *making, enum keyword keyword, struct err *err, const char *words);
bool validator_has(const struct making *making, enum keyword keyword);
struct span validator_pool(struct making *making, struct bytes text);

/* validator_rules.c, validator_rules_nested.c: reads the keywords of one schema and emits its ops. */
RESULT validator_rules(struct making *making, struct err *err);
RESULT validator_rules_nested(struct making *making, struct err *err);
/* A whole number that is not negative; one beyond 32 bits is as good as the largest. `otherwise` when the keyword is not there.
 */
RESULT validator_rules_count(const struct making *making, enum keyword keyword, uint32_t otherwise, uint32_t *ret,
                             struct err *err);
RESULT validator_rules_regex(struct making *making, struct bytes pattern, const char *pointer, uint32_t *ret, struct err *err);

#endif
