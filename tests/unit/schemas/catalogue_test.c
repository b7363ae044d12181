#include "unit/schemas/sample.h"

#include "schemas/catalogue_trial.h"

#define FOLDER LIAISON_SOURCE_DIR "/schemas/catalogue"

static struct catalogue *shipped;

static int load_shipped(void **state)
{
	struct err err = {.reason = ""};
	(void)state;
	if (FAILED(catalogue_load(FOLDER, &shipped, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	return 0;
}

static int unload_shipped(void **state)
{
	(void)state;
	catalogue_unref(shipped);
	return 0;
}

/* ---- the shipped files ---- */

/* Types that an agency cannot do without; a file that got lost would not be missed otherwise. */
static void has_the_types_and_lifecycles_of_the_field(void **state)
{
	static const char *const types[] = {"warrant.issue/1",   "hit.confirm_request/1",  "release.authorize/1",      "referral.send/1",
	                                    "query.wanted/1",    "query.history_index/1", "custody.transfer_request/1", "compact.transfer_request/1",
	                                    "detainer.lodge/1",  "board.decision/1",      "consent.grant/1",           "record.erase/1",
	                                    "identity.merge/1",  "subscription.subscribe/1", "interlock.override/1",   "notice/1"};
	static const char *const lifecycles[] = {"warrant", "hit_confirmation", "release", "hold", "detainer", "parole_case",
	                                         "referral", "transport", "interstate", "consent"};
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!catalogue_find(shipped, bytes_text(types[i])))
			fail_msg("%s is not there", types[i]);
	for (size_t i = 0; i < sizeof(lifecycles) / sizeof(*lifecycles); i++)
		if (!catalogue_lifecycle(shipped, lifecycles[i]))
			fail_msg("%s is not there", lifecycles[i]);
}

static void say_fault(void *ctx, const struct err *fault)
{
	++*(size_t *)ctx;
	print_error("%s: %s: %s\n", fault->field, code_text(fault->code), fault->reason);
}

static void takes_every_valid_example_and_names_the_fault_of_every_invalid_one(void **state)
{
	size_t faults = 0;
	(void)state;
	for (size_t i = 0; i < catalogue_count(shipped); i++)
		catalogue_trial_examples(shipped, catalogue_at(shipped, i), say_fault, &faults);
	assert_int_equal(faults, 0);
	assert_null(catalogue_at(shipped, catalogue_count(shipped)));
}

static void names_each_file_after_its_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_count(shipped); i++) {
		const struct catalogue_type *type = catalogue_at(shipped, i);
		AUTO_FREE char *file = mem_printf("%s.json", type->name);
		*strchr(file, '/') = '-';
		assert_string_equal(type->file, file);
	}
	for (size_t i = 0; i < catalogue_lifecycles_count(shipped); i++) {
		const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle_at(shipped, i);
		AUTO_FREE char *file = mem_printf("%s.lifecycle.json", lifecycle->name);
		assert_string_equal(lifecycle->file, file);
	}
}

static void finds_lifecycles_and_their_states(void **state)
{
	const struct catalogue_lifecycle *warrant = catalogue_lifecycle(shipped, "warrant");
	(void)state;
	assert_non_null(warrant);
	assert_true(catalogue_state(warrant, "cleared")->is_terminal);
	assert_false(catalogue_state(warrant, "active")->is_terminal);
	assert_string_equal(catalogue_state(warrant, "active")->blocks[0], "release");
	assert_null(catalogue_state(warrant, "none"));
	assert_null(catalogue_lifecycle(shipped, "warrants"));
	for (size_t i = 1; i < catalogue_lifecycles_count(shipped); i++)
		assert_true(strcmp(catalogue_lifecycle_at(shipped, i - 1)->name, catalogue_lifecycle_at(shipped, i)->name) < 0);
	assert_null(catalogue_lifecycle_at(shipped, catalogue_lifecycles_count(shipped)));
}

static void reads_what_a_file_says_of_its_type(void **state)
{
	const struct catalogue_type *query = catalogue_find(shipped, BYTES_LIT("query.wanted/1"));
	const struct catalogue_type *release = catalogue_find(shipped, BYTES_LIT("release.authorize/1"));
	const struct catalogue_type *referral = catalogue_find(shipped, BYTES_LIT("referral.send/1"));
	(void)state;
	assert_non_null(query);
	assert_int_equal(query->due_ms, 600000);
	assert_int_equal(query->expiry_ms, 3600000);
	assert_true(query->wants_by);
	assert_int_equal(query->priority, 9);
	assert_string_equal(query->answers[0], "query.result/1");
	assert_int_equal(query->subject_count, 0);
	assert_int_equal(query->persons, 0);
	assert_int_equal(release->persons, 2);
	assert_string_equal(release->person_roles[1], "board_member");
	assert_string_equal(release->originators[0], "parole_board");
	assert_int_equal(release->expiry_ms, 0);
	assert_false(release->wants_by);
	assert_int_equal(referral->wants_by, false);
	assert_null(catalogue_find(shipped, BYTES_LIT("query.wanted")));
	assert_null(catalogue_find(shipped, BYTES_LIT("zzz/1")));
	assert_null(catalogue_find(shipped, BYTES_NONE));
}

/* ---- loading ---- */

static void counts_those_who_hold_it(void **state)
{
	struct catalogue *catalogue = catalogue_new();
	(void)state;
	assert_ptr_equal(catalogue_ref(catalogue), catalogue);
	catalogue_unref(catalogue);
	assert_int_equal(catalogue_count(catalogue), 0);
	catalogue_unref(catalogue);
	catalogue_unref(NULL);
}

/* Adds the file ('…' for "…") and finishes. */
static result build(struct catalogue *catalogue, const char *name, const char *json, struct err *err)
{
	char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	result r = catalogue_add(catalogue, name, bytes_text(text), err);
	mem_free(text);
	return r;
}

#define HEAD "'title':'T','description':'D','originators':['any'],'subject':[],'priority':1"
#define PARTS "'parts':{'main':{'class':'CJ','required':true,'schema':true}}"

static void refuses_faults_of_all_files_together(void **state)
{
	static const struct {
		const char *first, *second;
		enum code code;
		const char *field, *reason;
	} cases[] = {
		{"{'type':'a/1'," HEAD ",'answers':['b/1']," PARTS "}", NULL, CODE_MALFORMED, "first.json: /answers/0",
	         "b/1 is no type of the catalogue"},
		{"{'type':'a/1'," HEAD ",'answers':[]," PARTS "}", "{'type':'a/1'," HEAD ",'answers':[]," PARTS "}",
	         CODE_MALFORMED, "second.json: /type", "a/1 is there already"},
		{"{'type':'a/1'," HEAD ",'answers':[],'parts':{'main':{'class':'CJ','required':true,'schema':{'typ':'object'}}}}",
	         NULL, CODE_SCHEMA, "first.json: /parts/main/schema/typ", "is not a keyword that is supported"},
		{"{'type':'a/1'," HEAD
	         ",'answers':[],'parts':{'main':{'class':'CJ','required':true,'schema':{'$ref':'common#/$defs/x'}}}}",
	         NULL, CODE_SCHEMA, "first.json: /parts/main/schema/$ref", "there is no document of that name"},
		{"{'$defs':{'x':{'type':'strin'}}}", NULL, CODE_SCHEMA, "first.json: /$defs/x/type",
	         "must be a type's name or a list of them"},
		{"{'$defs':{}}", "{'$defs':{}}", CODE_OK, NULL, NULL},
		{"{'lifecycle':'l','title':'T','description':'D','keys':[{'name':'k'}],'states':{'s':{'title':'S'}}}",
	         "{'lifecycle':'l','title':'T','description':'D','keys':[{'name':'k'}],'states':{'s':{'title':'S'}}}", CODE_MALFORMED,
	         "second.json: /lifecycle", "l is there already"},
		{"{'lifecycle':'l','title':'T','description':'D','keys':[{'name':'k'}],'states':{'s':{'title':'S'}}}", NULL, CODE_OK, NULL, NULL},
		{"{'title':'T'}", NULL, CODE_MALFORMED, "first.json: /type", "is required"},
		{"{", NULL, CODE_MALFORMED, "first.json: ", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = {.field = "", .reason = ""};
		struct catalogue *catalogue = catalogue_new();
		result r = build(catalogue, "first.json", cases[i].first, &err);
		if (!FAILED(r) && cases[i].second)
			r = build(catalogue, "second.json", cases[i].second, &err);
		if (!FAILED(r))
			r = catalogue_finish(catalogue, &err);
		catalogue_unref(catalogue);
		if (r.code != cases[i].code || (cases[i].field && strcmp(err.field, cases[i].field) != 0) ||
		    (cases[i].reason && strcmp(err.reason, cases[i].reason) != 0))
			fail_msg("%zu: %s: %s: %s", i, code_text(r.code), err.field, err.reason);
	}
}

static void keep_field(void *ctx, const struct err *fault)
{
	struct buf *fields = ctx;
	buf_printf(fields, "%s;", fault->field);
}

static void hears_of_the_faults_of_every_file_when_it_is_asked_to(void **state)
{
	struct err err = {.reason = ""};
	struct buf fields;
	struct catalogue *catalogue = catalogue_new();
	(void)state;
	buf_init(&fields, SAMPLE_MAX);
	assert_false(FAILED(build(catalogue, "x/c.json", "{'$defs':{'x':{'type':'strin'}}}", &err)));
	assert_false(FAILED(build(catalogue, "x/b.json", "{'type':'b/1'," HEAD ",'answers':['z/1']," PARTS "}", &err)));
	assert_false(FAILED(build(catalogue, "x/a.json", "{'type':'a/1'," HEAD ",'answers':['b/1','y/1']," PARTS "}", &err)));
	catalogue_finish_all(catalogue, keep_field, &fields);
	buf_add_byte(&fields, 0);
	assert_string_equal((const char *)fields.at, "c.json: /$defs/x/type;a.json: /answers/1;b.json: /answers/0;");
	buf_done(&fields);
	catalogue_unref(catalogue);
}

static void refuses_definitions_of_one_name_twice(void **state)
{
	struct err err = {.reason = ""};
	struct catalogue *catalogue = catalogue_new();
	(void)state;
	assert_false(FAILED(build(catalogue, "a/common.json", "{'$defs':{}}", &err)));
	assert_int_equal(build(catalogue, "b/common.json", "{'$defs':{}}", &err).code, CODE_MALFORMED);
	assert_string_equal(err.reason, "there are definitions of that name already");
	catalogue_unref(catalogue);
}

static void refuses_a_folder_that_holds_no_catalogue(void **state)
{
	struct err err = {.reason = ""};
	struct catalogue *catalogue = NULL;
	(void)state;
	assert_int_equal(catalogue_load(LIAISON_SOURCE_DIR "/base", &catalogue, &err).code, CODE_CONFIG);
	assert_true(FAILED(catalogue_load(LIAISON_SOURCE_DIR "/nowhere", &catalogue, &err)));
	assert_null(catalogue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_types_and_lifecycles_of_the_field),
		cmocka_unit_test(takes_every_valid_example_and_names_the_fault_of_every_invalid_one),
		cmocka_unit_test(names_each_file_after_its_type),
		cmocka_unit_test(finds_lifecycles_and_their_states),
		cmocka_unit_test(reads_what_a_file_says_of_its_type),
		cmocka_unit_test(counts_those_who_hold_it),
		cmocka_unit_test(refuses_faults_of_all_files_together),
		cmocka_unit_test(hears_of_the_faults_of_every_file_when_it_is_asked_to),
		cmocka_unit_test(refuses_definitions_of_one_name_twice),
		cmocka_unit_test(refuses_a_folder_that_holds_no_catalogue),
	};
	return cmocka_run_group_tests(tests, load_shipped, unload_shipped);
}
