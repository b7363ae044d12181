#include "unit/schemas/sample.h"

#include "schemas/catalogue_lifecycle.h"

#define HEAD "'lifecycle':'warrant','title':'T','description':'D'"
#define KEYS "'keys':[{'name':'nic'},{'name':'warrant_no','per_owner':true}]"
#define STATES "'states':{'active':{'title':'A','blocks':['release']},'cleared':{'title':'C','terminal':true}}"

static void takes_the_file_over(void **state)
{
	struct buf packed;
	struct catalogue_lifecycle *lifecycle;
	struct err err = {.reason = ""};
	(void)state;
	buf_init(&packed, SAMPLE_MAX);
	sample_pack("{" HEAD "," KEYS "," STATES "}", &packed);
	size_t len = packed.len;
	assert_false(FAILED(catalogue_lifecycle_read(&packed, &lifecycle, &err)));
	assert_null(packed.at);
	assert_int_equal(lifecycle->source.len, len);
	assert_string_equal(lifecycle->name, "warrant");
	assert_int_equal(lifecycle->keys_count, 2);
	assert_false(lifecycle->keys[0].is_per_owner);
	assert_true(lifecycle->keys[1].is_per_owner);
	assert_string_equal(catalogue_state(lifecycle, "active")->blocks[0], "release");
	assert_false(catalogue_state(lifecycle, "active")->is_terminal);
	assert_true(catalogue_state(lifecycle, "cleared")->is_terminal);
	assert_null(catalogue_state(lifecycle, "none"));
	assert_null(catalogue_state(lifecycle, ""));
	catalogue_lifecycle_free(lifecycle);
	catalogue_lifecycle_free(NULL);
}

static void refuses_a_file_at_the_place_that_is_wrong(void **state)
{
	static const char name[] = "a lifecycle's name is lower-case letters, digits and _";
	static const char state_name[] = "a state's name is lower-case letters, digits and _, and not none";
	static const struct {
		const char *json, *field, *reason;
	} cases[] = {
		{"{'lifecycle':'w','title':'T','description':'D'," KEYS "}", "/states", "is required"},
		{"{'lifecycle':'w','title':'T','description':'D'," STATES "}", "/keys", "is required"},
		{"{'lifecycle':'w','description':'D'," KEYS "," STATES "}", "/title", "is required"},
		{"{'lifecycle':'w','title':'T'," KEYS "," STATES "}", "/description", "is required"},
		{"{'lifecycle':'W'}", "/lifecycle", name},
		{"{'lifecycle':'none'}", "/lifecycle", name},
		{"{'lifecycle':['w']}", "/lifecycle", NULL},
		{"{" HEAD ",'type':'a/1'}", "/type", "is not a key of this file"},
		{"{" HEAD ",'keys':[]}", "/keys", "is empty"},
		{"{" HEAD ",'keys':[{}]}", "/keys/0/name", "is required"},
		{"{" HEAD ",'keys':[{'name':'a b'}]}", "/keys/0/name", NULL},
		{"{" HEAD ",'keys':[{'name':'nic'},{'name':'nic'}]}", "/keys/1", "is there twice"},
		{"{" HEAD ",'keys':[{'name':'nic','per_owner':1}]}", "/keys/0/per_owner", NULL},
		{"{" HEAD ",'keys':[{'name':'nic','global':true}]}", "/keys/0/global", "is not a key of this file"},
		{"{" HEAD ",'states':{}}", "/states", "is empty"},
		{"{" HEAD ",'states':['a']}", "/states", NULL},
		{"{" HEAD ",'states':{'none':{'title':'N'}}}", "/states/none", state_name},
		{"{" HEAD ",'states':{'Open':{'title':'N'}}}", "/states/Open", state_name},
		{"{" HEAD ",'states':{'open':{}}}", "/states/open/title", "is required"},
		{"{" HEAD ",'states':{'open':{'title':'O','terminal':'no'}}}", "/states/open/terminal", NULL},
		{"{" HEAD ",'states':{'open':{'title':'O','blocks':'release'}}}", "/states/open/blocks", NULL},
		{"{" HEAD ",'states':{'open':{'title':'O','blocks':['r','r']}}}", "/states/open/blocks/1", "is there twice"},
		{"{" HEAD ",'states':{'open':{'title':'O','moves':[]}}}", "/states/open/moves", "is not a key of this file"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct catalogue_lifecycle *lifecycle = NULL;
		struct err err = {.reason = ""};
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].json, &packed);
		result r = catalogue_lifecycle_read(&packed, &lifecycle, &err);
		buf_done(&packed);
		if (r.code != CODE_MALFORMED || strcmp(err.field, cases[i].field) != 0 ||
		    (cases[i].reason && strcmp(err.reason, cases[i].reason) != 0))
			fail_msg("%s: %s: %s: %s", cases[i].json, code_text(r.code), err.field, err.reason);
		assert_null(lifecycle);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_file_over),
		cmocka_unit_test(refuses_a_file_at_the_place_that_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
