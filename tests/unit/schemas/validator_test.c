#include "unit/schemas/sample.h"

#include <stdio.h>

#include "base/text.h"
#include "schemas/validator.h"

/* The documents that "$ref" finds by name. */
static const struct {
	const char *name, *json;
} shelf[] = {
	{"common", "{'$defs':{'ori':{'type':'string','pattern':'^[A-Z]{2}[A-Z0-9]{7}$','description':'an ORI, like CT0006400'},"
                   "'agency':{'type':'object','properties':{'ori':{'$ref':'#/$defs/"
                   "ori'}},'required':['ori'],'additionalProperties':false}}}"},
	{"wrong", "{'$defs':{'x':{'type':'nothing'}}}"},
};
static struct buf shelf_packed[2];

static struct bytes document(void *ctx, struct bytes name)
{
	assert_ptr_equal(ctx, shelf_packed);
	for (size_t i = 0; i < 2; i++)
		if (bytes_is(name, shelf[i].name))
			return buf_bytes(&shelf_packed[i]);
	return BYTES_NONE;
}

static int pack_shelf(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		buf_init(&shelf_packed[i], SAMPLE_MAX);
		sample_pack(shelf[i].json, &shelf_packed[i]);
	}
	return 0;
}

static int clear_shelf(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		buf_done(&shelf_packed[i]);
	return 0;
}

static struct validator *compiled(const char *schema)
{
	struct buf packed;
	struct validator *validator = NULL;
	struct err err = {.reason = ""};
	buf_init(&packed, SAMPLE_MAX);
	sample_pack(schema, &packed);
	result r = validator_compile(buf_bytes(&packed), document, shelf_packed, &validator, &err);
	buf_done(&packed); /* the validator must not lean on it */
	if (FAILED(r))
		fail_msg("%s: %s: %s", schema, err.field, err.reason);
	return validator;
}

static result judged(const struct validator *validator, const char *value, struct err *err)
{
	struct buf packed;
	buf_init(&packed, SAMPLE_MAX);
	sample_pack(value, &packed);
	result r = validator_run(validator, buf_bytes(&packed), err);
	buf_done(&packed);
	return r;
}

struct fault_case {
	const char *schema, *value;
	const char *field; /* NULL: the value fits */
	const char *reason;
};

static void judge(const struct fault_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct err err = {.field = "untouched"};
		struct validator *validator = compiled(cases[i].schema);
		result r = judged(validator, cases[i].value, &err);
		validator_free(validator);
		if (!cases[i].field) {
			if (FAILED(r) || strcmp(err.field, "untouched") != 0)
				fail_msg("%s refuses %s: %s: %s", cases[i].schema, cases[i].value, err.field, err.reason);
			continue;
		}
		if (r.code != CODE_SCHEMA || err.code != CODE_SCHEMA || strcmp(err.field, cases[i].field) != 0 ||
		    strcmp(err.reason, cases[i].reason) != 0)
			fail_msg("%s on %s says %s \"%s: %s\"", cases[i].schema, cases[i].value, code_text(r.code), err.field,
			         err.reason);
	}
}
#define JUDGE(cases) judge(cases, sizeof(cases) / sizeof(*(cases)))

static void names_the_type_that_is_wanted(void **state)
{
	static const struct fault_case cases[] = {
		{"{'type':'string'}", "'a'", NULL, NULL},
		{"{'type':'string'}", "1", "", "must be text"},
		{"{'type':'integer'}", "1.0", NULL, NULL},
		{"{'type':'integer'}", "1.5", "", "must be a whole number"},
		{"{'type':'number'}", "1", NULL, NULL},
		{"{'type':'number'}", "'1'", "", "must be a number"},
		{"{'type':'boolean'}", "0", "", "must be true or false"},
		{"{'type':'null'}", "null", NULL, NULL},
		{"{'type':'null'}", "false", "", "must be empty (null)"},
		{"{'type':'array'}", "{}", "", "must be a list"},
		{"{'type':'object'}", "[]", "", "must be an object with fields"},
		{"{'type':['string','null']}", "null", NULL, NULL},
		{"{'type':['string','integer']}", "true", "", "must be a whole number or text"},
	};
	(void)state;
	JUDGE(cases);
}

static void takes_bytes_only_where_no_type_is_said(void **state)
{
	static const struct fault_case cases[] = {
		{"{'type':['null','boolean','integer','number','string','array','object']}", "{'$base64':'AAE='}", "",
	         "must be empty (null) or true or false or a whole number or a number or text or a list or an object with "
	         "fields"},
		{"{'type':'string'}", "{'$base64':'YQ=='}", "", "must be text"},
		{"{'maxLength':1,'pattern':'^x','format':'date','minimum':3}", "{'$base64':'YWI='}", NULL, NULL},
		{"{'const':{'$base64':'YWI='}}", "{'$base64':'YWI='}", NULL, NULL},
		{"{'const':'ab'}", "{'$base64':'YWI='}", "", "must be ab"},
	};
	(void)state;
	JUDGE(cases);
}

static void lists_the_values_that_are_allowed(void **state)
{
	static const struct fault_case cases[] = {
		{"{'enum':['M','F','U']}", "'F'", NULL, NULL},
		{"{'enum':['M','F','U']}", "'X'", "", "must be one of M, F, U"},
		{"{'enum':[1,2.5,true,null,'']}", "'X'", "", "must be one of 1, 2.5, true, null, \"\""},
		{"{'enum':[1]}", "1.0", NULL, NULL},
		{"{'enum':[[1,{'a':2}]]}", "[1,{'a':2}]", NULL, NULL},
		{"{'enum':[[1]]}", "[2]", "", "must be what the schema says"},
		{"{'enum':[]}", "1", "", "must be "},
		{"{'const':'CT'}", "'NY'", "", "must be CT"},
		{"{'const':false}", "0", "", "must be false"},
		{"{'enum':['a','b','c','d','e','f','g','h','i','j','k','l','m','n','o','p','q'],'description':'a letter, like "
	         "a'}",
	         "'z'", "", "must be a letter, like a"},
		{"{'enum':['a','b','c','d','e','f','g','h','i','j','k','l','m','n','o','p','q']}", "'z'", "",
	         "must be one of a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q"},
	};
	(void)state;
	JUDGE(cases);
}

static void measures_numbers(void **state)
{
	static const struct fault_case cases[] = {
		{"{'minimum':50}", "50", NULL, NULL},
		{"{'minimum':50}", "49", "", "must be at least 50"},
		{"{'maximum':2.5}", "2.6", "", "must be at most 2.5"},
		{"{'exclusiveMinimum':0}", "0", "", "must be above 0"},
		{"{'exclusiveMaximum':1}", "1.0", "", "must be below 1"},
		{"{'multipleOf':5}", "12", "", "must be a multiple of 5"},
		{"{'minimum':50,'multipleOf':5}", "'12'", NULL, NULL},
		{"{'minimum':9007199254740993}", "9007199254740992", "", "must be at least 9007199254740993"},
	};
	(void)state;
	JUDGE(cases);
}

static void measures_text_in_characters_and_not_in_bytes(void **state)
{
	static const struct fault_case cases[] = {
		{"{'minLength':1}", "''", "", "must not be empty"},
		{"{'minLength':3}", "'ab'", "", "must have at least 3 characters"},
		{"{'maxLength':2}", "'\xc3\xb1\xf0\x9f\x90\xb2'", NULL, NULL},
		{"{'maxLength':2}", "'abc'", "", "must have at most 2 characters, and has 3"},
		{"{'minLength':2.0}", "'\xf0\x9f\x90\xb2'", "", "must have at least 2 characters"},
		{"{'maxLength':2}", "[1,2,3]", NULL, NULL},
	};
	(void)state;
	JUDGE(cases);
}

static void calls_a_pattern_by_its_description(void **state)
{
	static const struct fault_case cases[] = {
		{"{'pattern':'^[0-9]+$'}", "'12'", NULL, NULL},
		{"{'pattern':'^[0-9]+$'}", "'1x'", "", "must be text that fits ^[0-9]+$"},
		{"{'pattern':'^[0-9]+$','description':'digits, like 12'}", "'1x'", "", "must be digits, like 12"},
		{"{'pattern':'^(a+)+$'}", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'", "",
	         "is too intricate for its pattern to be judged"},
		{"{'not':{'pattern':'^(a+)+$'}}", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'", "",
	         "is too intricate for its pattern to be judged"},
		{"{'patternProperties':{'^(a+)+$':true}}", "{'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!':1}",
	         "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "has a name that is too intricate to be judged"},
	};
	(void)state;
	JUDGE(cases);
}

static void asserts_formats_with_an_example(void **state)
{
	static const struct fault_case cases[] = {
		{"{'format':'date'}", "'2026-03-01'", NULL, NULL},
		{"{'format':'date'}", "'2026-02-30'", "", "must be a date like 2026-03-01"},
		{"{'format':'date-time'}", "'2026-03-01'", "",
	         "must be a date and time with its zone, like 2026-03-01T09:30:00-05:00"},
		{"{'format':'uuid'}", "'x'", "", "must be a UUID like 019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61"},
		{"{'format':'email'}", "'x'", "", "must be an e-mail address like clerk@example.org"},
		{"{'format':'date'}", "20260301", NULL, NULL},
	};
	(void)state;
	JUDGE(cases);
}

static void points_at_the_field_that_is_missing_or_does_not_belong(void **state)
{
	static const struct fault_case cases[] = {
		{"{'required':['name','dob']}", "{'dob':1,'name':2}", NULL, NULL},
		{"{'required':['name','dob']}", "{}", "/name", "is required"},
		{"{'required':['name','dob']}", "{'name':1}", "/dob", "is required"},
		{"{'properties':{'a':{'required':['b/c~d']}}}", "{'a':{}}", "/a/b~1c~0d", "is required"},
		{"{'properties':{'a':{'type':'string'}},'additionalProperties':false}", "{'a':'x','z':1}", "/z",
	         "is not a field that belongs here"},
		{"{'required':['q'],'additionalProperties':false}", "{'q':1}", "/q", "is not a field that belongs here"},
		{"{'properties':{'a':true},'additionalProperties':{'type':'integer'}}", "{'a':'x','z':'y'}", "/z",
	         "must be a whole number"},
		{"{'patternProperties':{'^x-':{'type':'integer'}},'additionalProperties':false}", "{'x-a':1}", NULL, NULL},
		{"{'patternProperties':{'^x-':{'type':'integer'}},'additionalProperties':false}", "{'x-a':'1'}", "/x-a",
	         "must be a whole number"},
		{"{'patternProperties':{'^x-':{'type':'integer'}},'additionalProperties':false}", "{'y':1}", "/y",
	         "is not a field that belongs here"},
		{"{'propertyNames':{'maxLength':3}}", "{'abc':1,'abcd':2}", "/abcd", "must have at most 3 characters, and has 4"},
		{"{'minProperties':1}", "{}", "", "must have at least 1 field"},
		{"{'maxProperties':1}", "{'a':1,'b':2}", "", "must have at most 1 fields"},
		{"{'properties':{'secret':false}}", "{'secret':1}", "/secret", "is not allowed here"},
		{"{'properties':{'a':{'items':{'properties':{'b':{'type':'string'}}}}}}", "{'a':[{'b':'x'},{'b':7}]}", "/a/1/b",
	         "must be text"},
		{"{'required':['a'],'minProperties':1}", "[]", NULL, NULL},
	};
	(void)state;
	JUDGE(cases);
}

static void follows_what_depends_on_a_field(void **state)
{
	static const struct fault_case cases[] = {
		{"{'dependentRequired':{'oln':['ols']}}", "{}", NULL, NULL},
		{"{'dependentRequired':{'oln':['ols']}}", "{'ols':'CT','oln':'1'}", NULL, NULL},
		{"{'dependentRequired':{'oln':['ols']}}", "{'oln':'1'}", "/ols", "is required when oln is there"},
		{"{'dependentSchemas':{'a':{'required':['b']}}}", "{'a':1}", "/b", "is required"},
		{"{'dependentSchemas':{'a':false}}", "{'b':1}", NULL, NULL},
		{"{'dependentSchemas':{'a':false}}", "{'a':1}", "", "is not allowed here"},
		{"{'dependentRequired':{'a':['b']},'dependentSchemas':{'a':false}}", "['a']", NULL, NULL},
	};
	(void)state;
	JUDGE(cases);
}

static void counts_and_compares_the_entries_of_lists(void **state)
{
	static const struct fault_case cases[] = {
		{"{'items':{'type':'string'}}", "['a',1]", "/1", "must be text"},
		{"{'prefixItems':[{'type':'string'}],'items':false}", "['a']", NULL, NULL},
		{"{'prefixItems':[{'type':'string'}],'items':false}", "['a',2]", "/1", "is not allowed here"},
		{"{'prefixItems':[true,{'type':'string'}]}", "[1]", NULL, NULL},
		{"{'prefixItems':[true,{'type':'string'}]}", "[1,2,3]", "/1", "must be text"},
		{"{'minItems':1}", "[]", "", "must have at least 1 entry"},
		{"{'maxItems':2}", "[1,2,3]", "", "must have at most 2 entries, and has 3"},
		{"{'maxItems':0}", "[1]", "", "must be an empty list"},
		{"{'uniqueItems':true}", "[1,true,'1',[1],{'a':1}]", NULL, NULL},
		{"{'uniqueItems':true}", "['00','25','00']", "/2", "is in the list twice"},
		{"{'uniqueItems':true}", "[{'a':1,'b':2},{'b':2,'a':1.0}]", "/1", "is in the list twice"},
		{"{'uniqueItems':false}", "[1,1]", NULL, NULL},
		{"{'contains':{'type':'string'}}", "[1,'a']", NULL, NULL},
		{"{'contains':{'type':'string'}}", "[1]", "", "must have at least 1 entries of the kind that is wanted"},
		{"{'contains':{'type':'string'},'minContains':0}", "[1]", NULL, NULL},
		{"{'contains':{'type':'string'},'minContains':2,'maxContains':2}", "['a','b','c']", "",
	         "must have at most 2 entries of that kind"},
		{"{'minContains':5}", "[]", NULL, NULL},
	};
	(void)state;
	JUDGE(cases);
}

static void combines_schemas(void **state)
{
	static const struct fault_case cases[] = {
		{"{'allOf':[{'type':'object'},{'required':['a']}]}", "{}", "/a", "is required"},
		{"{'anyOf':[{'type':'string'},{'type':'integer'}]}", "1", NULL, NULL},
		{"{'anyOf':[{'type':'string'},{'type':'integer'}]}", "true", "",
	         "fits none of the 2 forms that are allowed here"},
		{"{'anyOf':[{'required':['person']},{'required':['nic']}]}", "{'a':1}", "", "must have person or nic"},
		{"{'properties':{'q':{'anyOf':[{'required':['plate','state']},{'required':['vin']}]}}}", "{'q':{}}", "/q",
	         "must have plate and state or vin"},
		{"{'oneOf':[{'type':'number'},{'type':'integer'}]}", "1.5", NULL, NULL},
		{"{'oneOf':[{'type':'number'},{'type':'integer'}]}", "1", "",
	         "fits more than one of the forms of which one is allowed here"},
		{"{'oneOf':[{'type':'number'},{'type':'integer'}]}", "'1'", "", "fits none of the 2 forms that are allowed here"},
		{"{'not':{'type':'string'}}", "1", NULL, NULL},
		{"{'not':{'type':'string'}}", "'a'", "", "has a form that is not allowed here"},
		{"{'if':{'properties':{'no_bond':{'const':true}},'required':['no_bond']},'then':{'properties':{'bail':false}}}",
	         "{'no_bond':true,'bail':1}", "/bail", "is not allowed here"},
		{"{'if':{'type':'integer'},'then':{'minimum':1},'else':{'type':'string'}}", "0", "", "must be at least 1"},
		{"{'if':{'type':'integer'},'then':{'minimum':1},'else':{'type':'string'}}", "true", "", "must be text"},
		{"{'if':false,'then':false}", "1", NULL, NULL},
		{"{'then':false,'else':false}", "1", NULL, NULL},
		{"true", "1", NULL, NULL},
		{"false", "1", "", "is not allowed here"},
		{"{}", "null", NULL, NULL},
		/* The fault of a choice that was only tried out must not be told. */
		{"{'anyOf':[{'properties':{'a':{'type':'string'}}},true],'required':['b']}", "{'a':1}", "/b", "is required"},
	};
	(void)state;
	JUDGE(cases);
}

static void follows_references_within_and_between_documents(void **state)
{
	static const struct fault_case cases[] = {
		{"{'$ref':'common#/$defs/agency','required':['name']}", "{'ori':'CT0006400'}", "/name", "is required"},
		{"{'properties':{'agency':{'$ref':'common#/$defs/agency'}}}", "{'agency':{'ori':'CT'}}", "/agency/ori",
	         "must be an ORI, like CT0006400"},
		{"{'$ref':'#/$defs/a~1b','$defs':{'a/b':{'type':'string'}}}", "1", "", "must be text"},
		{"{'$ref':'#/%24defs/a%25b','$defs':{'a%b':{'type':'string'}}}", "1", "", "must be text"},
		{"{'properties':{'name':{'type':'string'},'next':{'$ref':'#'}},'required':['name']}",
	         "{'name':'a','next':{'name':'b','next':{}}}", "/next/next/name", "is required"},
		{"{'items':{'$ref':'#/$defs/x'},'$defs':{'x':{'allOf':[{'$ref':'#/$defs/y'}]},'y':{'type':'integer'}}}",
	         "[1,'a']", "/1", "must be a whole number"},
		{"{'properties':{'$ref':{'type':'string'}}}", "{'$ref':1}", "/$ref", "must be text"},
		{"{'title':'T','description':'D','$comment':'C','examples':[1],'default':2,'$schema':'https://json-schema.org/"
	         "draft/2020-12/schema'}",
	         "1", NULL, NULL},
	};
	(void)state;
	JUDGE(cases);
}

static void stops_at_references_that_go_in_circles(void **state)
{
	static const struct fault_case cases[] = {
		{"{'$ref':'#'}", "1", "", "is too intricate to be judged"},
		{"{'not':{'$ref':'#'}}", "1", "", "is too intricate to be judged"},
		{"{'allOf':[{'$ref':'#/$defs/a'}],'$defs':{'a':{'$ref':'#/$defs/b'},'b':{'$ref':'#/$defs/a'}}}", "1", "",
	         "is too intricate to be judged"},
		{"{'anyOf':[{'$ref':'#'},true]}", "1", "", "is too intricate to be judged"},
	};
	(void)state;
	JUDGE(cases);
}

static void gives_up_on_lists_that_take_too_long_to_compare(void **state)
{
	struct buf list;
	struct err err = {.reason = ""};
	struct validator *validator = compiled("{'uniqueItems':true}");
	(void)state;
	buf_init(&list, SAMPLE_MAX);
	pack_put_array(&list, 20000);
	for (int64_t i = 0; i < 20000; i++)
		pack_put_int(&list, i);
	assert_int_equal(validator_run(validator, buf_bytes(&list), &err).code, CODE_SCHEMA);
	assert_string_equal(err.reason, "has too many entries to be compared");
	buf_done(&list);
	validator_free(validator);
}

static void finds_many_fields_in_any_order(void **state)
{
	struct buf schema, value;
	struct validator *validator;
	struct err err = {.reason = ""};
	(void)state;
	buf_init(&schema, SAMPLE_MAX);
	buf_init(&value, SAMPLE_MAX);
	pack_put_map(&schema, 2);
	pack_put_str(&schema, "properties");
	pack_put_map(&schema, 256);
	pack_put_map(&value, 255);
	for (int i = 0; i < 256; i++) {
		char name[8];
		snprintf(name, sizeof(name), "f%d", i * 37 % 256);
		pack_put_str(&schema, name);
		pack_put_bool(&schema, true);
		if (i == 200)
			continue;
		pack_put_str(&value, name);
		pack_put_nil(&value);
	}
	pack_put_str(&schema, "required");
	pack_put_array(&schema, 256);
	for (int i = 0; i < 256; i++) {
		AUTO_FREE char *name = mem_printf("f%d", i);
		pack_put_str(&schema, name);
	}
	assert_false(FAILED(validator_compile(buf_bytes(&schema), NULL, NULL, &validator, &err)));
	assert_true(FAILED(validator_run(validator, buf_bytes(&value), &err)));
	assert_string_equal(err.field, "/f232");
	validator_free(validator);
	buf_done(&schema);
	buf_done(&value);
}

static void refuses_schemas_at_the_keyword_that_is_wrong(void **state)
{
	static const struct {
		const char *schema, *field, *reason;
	} cases[] = {
		{"1", "", "a schema is an object, true or false"},
		{"{'properties':{'a':{'unevaluatedProperties':false}}}", "/properties/a/unevaluatedProperties",
	         "is not a keyword that is supported"},
		{"{'$id':'x'}", "/$id", "is not a keyword that is supported"},
		{"{'requird':['a']}", "/requird", "is not a keyword that is supported"},
		{"{'$schema':'http://json-schema.org/draft-07/schema#'}", "/$schema",
	         "only https://json-schema.org/draft/2020-12/schema is supported"},
		{"{'type':'text'}", "/type", "must be a type's name or a list of them"},
		{"{'type':[]}", "/type", "must be a type's name or a list of them"},
		{"{'type':['string','text']}", "/type", "names a type that there is not"},
		{"{'enum':'M'}", "/enum", "must be a list of values"},
		{"{'minimum':'1'}", "/minimum", "must be a number"},
		{"{'multipleOf':0}", "/multipleOf", "must be above 0"},
		{"{'maxLength':-1}", "/maxLength", "must be a whole number, 0 or above"},
		{"{'maxLength':1.5}", "/maxLength", "must be a whole number, 0 or above"},
		{"{'pattern':1}", "/pattern", "must be text"},
		{"{'pattern':'('}", "/pattern", "the pattern is wrong at its character 2: missing closing parenthesis"},
		{"{'patternProperties':{'[':true}}", "/patternProperties/[",
	         "the pattern is wrong at its character 2: missing terminating ] for character class"},
		{"{'format':'ipv4'}", "/format", "is not a format that is supported: date, date-time, uuid, email"},
		{"{'properties':[]}", "/properties", "must be an object of schemas"},
		{"{'properties':{'a':1}}", "/properties/a", "a schema is an object, true or false"},
		{"{'required':'a'}", "/required", "must be a list of names"},
		{"{'required':[1]}", "/required", "must be a list of names"},
		{"{'required':['a','a']}", "/required", "names a field twice"},
		{"{'items':[]}", "/items", "a schema is an object, true or false"},
		{"{'prefixItems':[]}", "/prefixItems", "must be a list of schemas"},
		{"{'uniqueItems':1}", "/uniqueItems", "must be true or false"},
		{"{'dependentRequired':{'a':'b'}}", "/dependentRequired", "must be an object of lists of names"},
		{"{'dependentSchemas':[]}", "/dependentSchemas", "must be an object of schemas"},
		{"{'allOf':[]}", "/allOf", "must be a list of schemas"},
		{"{'anyOf':[true,{'x':1}]}", "/anyOf/1/x", "is not a keyword that is supported"},
		{"{'not':1}", "/not", "a schema is an object, true or false"},
		{"{'then':{'x':1}}", "/then/x", "is not a keyword that is supported"},
		{"{'$defs':{'unused':{'x':1}}}", "/$defs/unused/x", "is not a keyword that is supported"},
		{"{'$defs':[]}", "/$defs", "must be an object of schemas"},
		{"{'$ref':1}", "/$ref", "must be text"},
		{"{'$ref':'#/$defs/none'}", "/$ref", "refers to nothing"},
		{"{'$ref':'#anchor'}", "/$ref", "refers to nothing"},
		{"{'$ref':'#/a%2'}", "/$ref", "the part after # cannot be read"},
		{"{'$ref':'#/a%00'}", "/$ref", "the part after # cannot be read"},
		{"{'$ref':'nowhere#/x'}", "/$ref", "there is no document of that name"},
		{"{'$ref':'wrong#/$defs/x'}", "wrong#/$defs/x/type", "must be a type's name or a list of them"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct err err = {.reason = ""};
		struct validator *validator = NULL;
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].schema, &packed);
		result r = validator_compile(buf_bytes(&packed), document, shelf_packed, &validator, &err);
		buf_done(&packed);
		if (r.code != CODE_SCHEMA || strcmp(err.field, cases[i].field) != 0 || strcmp(err.reason, cases[i].reason) != 0)
			fail_msg("%s: %s \"%s: %s\"", cases[i].schema, code_text(r.code), err.field, err.reason);
		assert_null(validator);
	}
}

static void refuses_a_schema_that_is_not_strict_msgpack(void **state)
{
	struct err err = {.reason = ""};
	struct validator *validator = NULL;
	(void)state;
	assert_int_equal(validator_compile(BYTES_LIT("\x81\xa4type"), NULL, NULL, &validator, &err).code, CODE_MALFORMED);
	assert_int_equal(validator_compile(BYTES_NONE, NULL, NULL, &validator, &err).code, CODE_MALFORMED);
	assert_null(validator);
	validator_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_type_that_is_wanted),
		cmocka_unit_test(takes_bytes_only_where_no_type_is_said),
		cmocka_unit_test(lists_the_values_that_are_allowed),
		cmocka_unit_test(measures_numbers),
		cmocka_unit_test(measures_text_in_characters_and_not_in_bytes),
		cmocka_unit_test(calls_a_pattern_by_its_description),
		cmocka_unit_test(asserts_formats_with_an_example),
		cmocka_unit_test(points_at_the_field_that_is_missing_or_does_not_belong),
		cmocka_unit_test(follows_what_depends_on_a_field),
		cmocka_unit_test(counts_and_compares_the_entries_of_lists),
		cmocka_unit_test(combines_schemas),
		cmocka_unit_test(follows_references_within_and_between_documents),
		cmocka_unit_test(stops_at_references_that_go_in_circles),
		cmocka_unit_test(gives_up_on_lists_that_take_too_long_to_compare),
		cmocka_unit_test(finds_many_fields_in_any_order),
		cmocka_unit_test(refuses_schemas_at_the_keyword_that_is_wrong),
		cmocka_unit_test(refuses_a_schema_that_is_not_strict_msgpack),
	};
	return cmocka_run_group_tests(tests, pack_shelf, clear_shelf);
}
