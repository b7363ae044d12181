#include "unit/schemas/sample.h"

#include "schemas/catalogue_trial.h"

static struct catalogue *build(const char *json)
{
	struct err err = {.reason = ""};
	AUTO_FREE char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	struct catalogue *catalogue = catalogue_new();
	if (FAILED(catalogue_add(catalogue, "a-1.json", bytes_text(text), &err)) || FAILED(catalogue_finish(catalogue, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	return catalogue;
}

#define TYPE(more)                                                                                                                               \
	"{'type':'a/1','title':'T','description':'D','originators':['any'],'subject':['sid'],'priority':1,'answers':[]," more                        \
	"'parts':{'main':{'class':'CJ','required':true,'schema':{'properties':{'n':{'type':'integer'}},'required':['n']}},"                          \
	"'more':{'class':'PHI','required':false,'schema':{'type':'string'}}}}"
#define GOOD "{'note':'A','subject':{'sid':'1'},'body':{'n':1}}"
#define BAD "{'note':'B','subject':{'sid':'1'},'body':{},'field':'/parts/main/n','code':'schema'}"
#define EXAMPLES(valid, invalid) TYPE("'examples':{'valid':[" valid "],'invalid':[" invalid "]},")

static void keep(void *ctx, const struct err *fault)
{
	buf_printf(ctx, "%s: %s: %s\n", fault->field, code_text(fault->code), fault->reason);
}

static void says_what_is_wrong_with_examples(void **state)
{
	static const struct {
		const char *json, *said;
	} cases[] = {
		{EXAMPLES(GOOD, BAD "," BAD), ""},
		{EXAMPLES("", BAD "," BAD), "a-1.json: /examples/valid: malformed: must have at least one\n"},
		{EXAMPLES(GOOD, BAD), "a-1.json: /examples/invalid: malformed: must have at least two\n"},
		{TYPE(""), "a-1.json: /examples/valid: malformed: must have at least one\na-1.json: /examples/invalid: malformed: must have at least two\n"},
		{EXAMPLES("{'note':'A','subject':{'sid':'1'},'body':{}}", BAD "," BAD),
	         "a-1.json: /examples/valid/0: schema: is refused: schema: /parts/main/n: is required\n"},
		{EXAMPLES("{'note':'A','body':{'n':1}}", BAD "," BAD),
	         "a-1.json: /examples/valid/0: schema: is refused: schema: /subject: must have sid\n"},
		{EXAMPLES("{'note':'A','subject':{'sid':'1'},'body':{'n':1},'parts':{'more':7}}", BAD "," BAD),
	         "a-1.json: /examples/valid/0: schema: is refused: schema: /parts/more: must be text\n"},
		{EXAMPLES(GOOD, BAD ",{'note':'B','subject':{'sid':'1'},'body':{'n':1},'field':'/parts/main/n','code':'schema'}"),
	         "a-1.json: /examples/invalid/1: schema: is accepted\n"},
		{EXAMPLES(GOOD, BAD ",{'note':'B','subject':{'sid':'1'},'body':{},'field':'/parts/main','code':'schema'}"),
	         "a-1.json: /examples/invalid/1: schema: is refused otherwise than it says: schema: /parts/main/n: is required\n"},
		{EXAMPLES(GOOD, BAD ",{'note':'B','subject':{'sid':'1'},'body':{},'field':'/parts/main/n','code':'malformed'}"),
	         "a-1.json: /examples/invalid/1: schema: is refused otherwise than it says: schema: /parts/main/n: is required\n"},
		{EXAMPLES(GOOD, BAD ",{'note':'B','body':{}}"), "a-1.json: /examples/invalid/1: malformed: must have the text field\n"},
		{EXAMPLES("{'subject':{'sid':'1'},'body':{'n':1}}", BAD "," BAD), "a-1.json: /examples/valid/0: malformed: must have the text note\n"},
		{EXAMPLES("{'note':'A','subject':{'sid':'1'}}", BAD "," BAD), "a-1.json: /examples/valid/0: malformed: must have body\n"},
		{EXAMPLES("{'note':'A','sbject':{},'body':{'n':1}}", BAD "," BAD),
	         "a-1.json: /examples/valid/0: malformed: no key of an example: sbject\n"},
		{EXAMPLES("{'note':'A','subject':{'sid':'1'},'body':{'n':1},'code':'schema'}", BAD "," BAD),
	         "a-1.json: /examples/valid/0: malformed: no key of an example: code\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf said;
		struct catalogue *catalogue = build(cases[i].json);
		buf_init(&said, SAMPLE_MAX);
		catalogue_trial_examples(catalogue, catalogue_at(catalogue, 0), keep, &said);
		buf_add_byte(&said, 0);
		if (strcmp((const char *)said.at, cases[i].said) != 0)
			fail_msg("%zu: %s", i, (const char *)said.at);
		buf_done(&said);
		catalogue_unref(catalogue);
	}
}

static void judges_a_draft_by_its_type(void **state)
{
	static const struct {
		const char *draft;
		enum code code;
		const char *field;
	} cases[] = {
		{"{'type':'a/1','subject':{'sid':'1'},'body':{'n':1},'by':{'id':'x'}}", CODE_OK, ""},
		{"{'type':'a/1','subject':{'sid':'1'},'body':{'n':'1'},'by':{'id':'x'}}", CODE_SCHEMA, "/parts/main/n"},
		{"{'type':'a/1','subject':{'sid':'1'},'body':{'n':1}}", CODE_SCHEMA, "/by"},
		{"{'type':'z/1','body':{}}", CODE_UNKNOWN_TYPE, "/type"},
		{"{'type':'a/1'}", CODE_MALFORMED, "/body"},
		{"{'type':'a/1','bdy':{}}", CODE_MALFORMED, "/bdy"},
		{"{'type':'a/1','subject':{'sid':'1'},'body':{'n':1},'by':{'id':'x'},'parts':{'more':'x'},'classes':{'more':'PUB'}}", CODE_SCHEMA,
	         "/parts/more"},
		{"{'type':'a/1','subject':{'sid':'1'},'body':{'n':1},'by':{'id':'x'},'parts':{'less':'x'}}", CODE_SCHEMA, "/parts/less"},
	};
	struct catalogue *catalogue = build(TYPE("'by':true,'persons':{'count':2,'roles':['x']},"));
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf draft;
		struct err err = {.field = ""};
		const struct catalogue_type *type = NULL;
		int64_t missing = -1;
		buf_init(&draft, SAMPLE_MAX);
		sample_pack(cases[i].draft, &draft);
		result r = catalogue_trial_draft(catalogue, buf_bytes(&draft), &type, &missing, &err);
		buf_done(&draft);
		if (r.code != cases[i].code || strcmp(err.field, cases[i].field) != 0)
			fail_msg("%zu: %s: %s: %s", i, code_text(r.code), err.field, err.reason);
		if (!FAILED(r))
			assert_int_equal(missing, 2);
	}
	catalogue_unref(catalogue);
}

static void counts_no_signatures_as_missing_when_there_are_some(void **state)
{
	struct catalogue *catalogue = build(TYPE("'persons':{'count':2,'roles':['x']},"));
	const struct catalogue_type *type = NULL;
	struct buf draft;
	struct err err = {.reason = ""};
	int64_t missing = -1;
	(void)state;
	buf_init(&draft, SAMPLE_MAX);
	sample_pack("{'type':'a/1','subject':{'sid':'1'},'body':{'n':1},'approvals':[]}", &draft);
	assert_false(FAILED(catalogue_trial_draft(catalogue, buf_bytes(&draft), &type, &missing, &err)));
	assert_int_equal(missing, 0);
	assert_ptr_equal(type, catalogue_at(catalogue, 0));
	buf_done(&draft);
	catalogue_unref(catalogue);
}

static void makes_a_draft_of_an_example(void **state)
{
	struct catalogue *catalogue = build(TYPE("'by':true,"));
	struct buf example, draft, json;
	struct err err = {.reason = ""};
	(void)state;
	buf_init(&example, SAMPLE_MAX);
	buf_init(&draft, SAMPLE_MAX);
	buf_init(&json, SAMPLE_MAX);
	sample_pack("{'note':'A','body':{'n':1},'subject':{'sid':'1'},'field':'/x'}", &example);
	catalogue_trial_put(catalogue_at(catalogue, 0), buf_bytes(&example), &draft);
	assert_false(FAILED(json_from_pack(buf_bytes(&draft), 0, &json, &err)));
	buf_add_byte(&json, 0);
	assert_string_equal((const char *)json.at, "{\"type\":\"a/1\",\"by\":{\"id\":\"WHO-ASKS\"},\"subject\":{\"sid\":\"1\"},\"body\":{\"n\":1}}");
	buf_done(&example);
	buf_done(&draft);
	buf_done(&json);
	catalogue_unref(catalogue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_wrong_with_examples),
		cmocka_unit_test(judges_a_draft_by_its_type),
		cmocka_unit_test(counts_no_signatures_as_missing_when_there_are_some),
		cmocka_unit_test(makes_a_draft_of_an_example),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
