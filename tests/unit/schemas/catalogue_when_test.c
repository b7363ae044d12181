#include "unit/schemas/sample.h"

#include "schemas/catalogue_when.h"

static void compares_scalars_as_text(void **state)
{
	static const struct {
		const char *value, *text;
		bool is;
	} cases[] = {
		{"'U'", "U", true},     {"'U'", "u", false},      {"'U'", "UU", false},    {"3", "3", true},      {"-3", "-3", true},
		{"3", "03", false},     {"3.0", "3", true},       {"3.5", "3.5", false},   {"true", "true", true}, {"false", "false", true},
		{"true", "1", false},   {"'true'", "true", true}, {"null", "null", false}, {"['U']", "U", false}, {"{'U':1}", "U", false},
		{"'3'", "3", true},     {"''", "", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].value, &packed);
		if (catalogue_when_is(buf_bytes(&packed), cases[i].text) != cases[i].is)
			fail_msg("%s and %s", cases[i].value, cases[i].text);
		buf_done(&packed);
	}
	assert_false(catalogue_when_is(BYTES_NONE, ""));
}

static void holds_when_all_conditions_do(void **state)
{
	char *extr[] = {(char *)(uintptr_t) "EXTR", (char *)(uintptr_t) "LIM"}, *three[] = {(char *)(uintptr_t) "3"};
	const struct catalogue_when when[] = {{(char *)(uintptr_t) "/disposition", extr, 2}, {(char *)(uintptr_t) "/hit/n", three, 1}};
	static const struct {
		const char *main;
		size_t count;
		bool holds;
	} cases[] = {
		{"{'disposition':'EXTR','hit':{'n':3}}", 2, true}, {"{'disposition':'LIM','hit':{'n':'3'}}", 2, true},
		{"{'disposition':'EXTR','hit':{'n':4}}", 2, false}, {"{'disposition':'NOEX','hit':{'n':3}}", 2, false},
		{"{'disposition':'EXTR'}", 2, false},              {"{'disposition':'EXTR'}", 1, true},
		{"{}", 1, false},                                  {"{}", 0, true},
		{"[]", 1, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].main, &packed);
		if (catalogue_holds(when, cases[i].count, buf_bytes(&packed)) != cases[i].holds)
			fail_msg("%zu: %s", i, cases[i].main);
		buf_done(&packed);
	}
}

static struct bytes document(void *ctx, struct bytes name)
{
	return bytes_is(name, "common") ? *(struct bytes *)ctx : BYTES_NONE;
}

#define CLOSED(properties) "{'type':'object','properties':{" properties "},'additionalProperties':false}"

static void knows_what_a_schema_lets_be(void **state)
{
	static const struct {
		const char *schema, *pointer, *text;
		bool may;
	} cases[] = {
		{CLOSED("'a':{'type':'string'}"), "/a", NULL, true},
		{CLOSED("'a':{'type':'string'}"), "/b", NULL, false},
		{CLOSED("'a':{'type':'string'}"), "/a/b", NULL, false},
		{CLOSED("'a/b~c':true"), "/a~1b~0c", NULL, true},
		{CLOSED("'a':false"), "/a", NULL, false},
		{CLOSED("'a':{'$ref':'common#/$defs/person'}"), "/a/dob", NULL, true},
		{CLOSED("'a':{'$ref':'common#/$defs/person'}"), "/a/dbo", NULL, false},
		{CLOSED("'a':{'$ref':'common#/$defs/sex'}"), "/a", "F", true},
		{CLOSED("'a':{'$ref':'common#/$defs/sex'}"), "/a", "W", false},
		{CLOSED("'a':{'$ref':'nowhere#/x'}"), "/a/b", NULL, true},
		{CLOSED("'a':{'type':'array','items':" CLOSED("'b':true") "}"), "/a/0/b", NULL, true},
		{CLOSED("'a':{'type':'array','items':" CLOSED("'b':true") "}"), "/a/0/c", NULL, false},
		{CLOSED("'a':{'type':'array'}"), "/a/b", NULL, false},
		{"{'allOf':[" CLOSED("'a':true") ",{'required':['a']}]}", "/a", NULL, true},
		{"{'allOf':[" CLOSED("'a':true") "," CLOSED("'b':true") "]}", "/a", NULL, false},
		{"{'anyOf':[" CLOSED("'a':true") "," CLOSED("'b':true") "]}", "/b", NULL, true},
		{"{'oneOf':[" CLOSED("'a':true") "," CLOSED("'b':true") "]}", "/c", NULL, false},
		{"{'properties':{'a':true}}", "/b", NULL, true},
		{"{'patternProperties':{'^x':true},'additionalProperties':false}", "/xa", NULL, true},
		{"{'additionalProperties':" CLOSED("'b':true") "}", "/any/b", NULL, true},
		{"{'additionalProperties':" CLOSED("'b':true") "}", "/any/c", NULL, false},
		{"true", "/a", NULL, true},
		{"false", "/a", NULL, false},
		{CLOSED("'a':{'enum':['U','R']}"), "/a", "R", true},
		{CLOSED("'a':{'enum':['U','R']}"), "/a", "X", false},
		{CLOSED("'a':{'enum':[1,2]}"), "/a", "2", true},
		{CLOSED("'a':{'const':'U'}"), "/a", "R", false},
		{CLOSED("'a':{'type':'boolean'}"), "/a", "true", true},
		{CLOSED("'a':{'type':'boolean'}"), "/a", "yes", false},
		{CLOSED("'a':{'type':'integer'}"), "/a", "12", true},
		{CLOSED("'a':{'type':'integer'}"), "/a", "twelve", false},
		{CLOSED("'a':{'type':['integer','string']}"), "/a", "twelve", true},
		{CLOSED("'a':{'type':'object'}"), "/a", "x", false},
		{"{'$ref':'#'}", "/a", NULL, true}, /* round in circles: cannot be told */
	};
	struct buf common;
	(void)state;
	buf_init(&common, SAMPLE_MAX);
	sample_pack("{'$defs':{'sex':{'enum':['F','M']},'person':{'allOf':[{'$ref':'#/$defs/named'}]},'named':" CLOSED("'dob':true") "}}", &common);
	struct bytes definitions = buf_bytes(&common);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].schema, &packed);
		struct catalogue_when_schema where = {buf_bytes(&packed), document, &definitions};
		if (catalogue_when_may(&where, cases[i].pointer, cases[i].text) != cases[i].may)
			fail_msg("%s at %s", cases[i].schema, cases[i].pointer);
		buf_done(&packed);
	}
	buf_done(&common);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_scalars_as_text),
		cmocka_unit_test(holds_when_all_conditions_do),
		cmocka_unit_test(knows_what_a_schema_lets_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
