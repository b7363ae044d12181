#include "unit/schemas/sample.h"

#include "schemas/catalogue_rules.h"

/* Reads the value of one key; the type is the caller's to free with catalogue_rules_free. */
static bool read(const char *json, bool is_due, struct catalogue_type *ret, struct err *err)
{
	struct buf packed;
	buf_init(&packed, SAMPLE_MAX);
	sample_pack(json, &packed);
	*ret = (struct catalogue_type){.name = NULL};
	struct pack_in in = pack_in(buf_bytes(&packed), err);
	if (is_due)
		catalogue_rules_due(&in, "/due", &ret->due);
	else
		catalogue_rules_moves(&in, "/lifecycle", ret);
	bool is_fine = !FAILED(pack_end(&in));
	buf_done(&packed);
	return is_fine;
}

static void reads_a_plain_deadline_as_before(void **state)
{
	struct catalogue_type type;
	struct err err = {.reason = ""};
	char *answers[] = {(char *)(uintptr_t) "b/1", (char *)(uintptr_t) "c/1"};
	(void)state;
	assert_true(read("'10min'", true, &type, &err));
	type.answers = answers;
	type.answers_count = 2;
	catalogue_rules_settle(&type);
	assert_int_equal(type.due_ms, 600000);
	assert_int_equal(type.due.cases_count, 1);
	assert_int_equal(type.due.met_by_count, 2);
	assert_string_equal(type.due.met_by[1], "c/1");
	assert_int_equal(type.due.link, CATALOGUE_LINK_RE);
	assert_null(type.due.starts_at);
	catalogue_rules_free(&type);
}

static void reads_all_that_a_deadline_may_say(void **state)
{
	struct catalogue_type type;
	struct err err = {.reason = ""};
	(void)state;
	assert_true(read("{'within':[{'when':{'/priority':['U','X'],'/n':['1']},'within':'10min'},{'within':'14 business days'}],'from':'/at',"
	                 "'met_by':['b/1'],'link':'person','rearm':{'type':'b/1','when':{'/c':['P']},'hours':'/hours'}}",
	                 true, &type, &err));
	catalogue_rules_settle(&type);
	const struct catalogue_due *due = &type.due;
	assert_int_equal(type.due_ms, 0);
	assert_int_equal(due->cases_count, 2);
	assert_int_equal(due->cases[0].when_count, 2);
	assert_string_equal(due->cases[0].when[0].pointer, "/priority");
	assert_string_equal(due->cases[0].when[0].values[1], "X");
	assert_int_equal(due->cases[0].within.ms, 600000);
	assert_int_equal(due->cases[1].within.business_days, 14);
	assert_int_equal(due->cases[1].within.ms, 0);
	assert_string_equal(due->starts_at, "/at");
	assert_int_equal(due->link, CATALOGUE_LINK_PERSON);
	assert_string_equal(due->rearm_type, "b/1");
	assert_string_equal(due->rearm_when[0].values[0], "P");
	assert_string_equal(due->rearm_hours, "/hours");
	catalogue_rules_free(&type);
}

/* What a header gets as `due` is known when it is made: from a plain duration alone. */
static void gives_headers_a_deadline_only_where_it_is_plain(void **state)
{
	static const struct {
		const char *json;
		int64_t due_ms;
	} cases[] = {
		{"'1h'", 3600000},
		{"'3 business days'", 0},
		{"'1 business day'", 0},
		{"{'within':'1h'}", 3600000},
		{"{'within':[{'within':'1h'}]}", 3600000},
		{"{'within':'1h','met_by':['x/1'],'link':'thread'}", 3600000},
		{"{'within':'1h','from':'/at'}", 0},
		{"{'within':[{'when':{'/a':['1']},'within':'1h'}]}", 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct catalogue_type type;
		struct err err = {.reason = ""};
		if (!read(cases[i].json, true, &type, &err))
			fail_msg("%s: %s: %s", cases[i].json, err.field, err.reason);
		catalogue_rules_settle(&type);
		assert_int_equal(type.due_ms, cases[i].due_ms);
		catalogue_rules_free(&type);
	}
}

static void refuses_a_deadline_at_the_place_that_is_wrong(void **state)
{
	static const struct {
		const char *json, *field, *reason;
	} cases[] = {
		{"'soon'", "/due", "must be a duration, like 30d, 10min or 14 business days"},
		{"'0 business days'", "/due", "must be a duration, like 30d, 10min or 14 business days"},
		{"'-1 business days'", "/due", NULL},
		{"' business days'", "/due", NULL},
		{"'14 businessdays'", "/due", NULL},
		{"'99999 business days'", "/due", NULL},
		{"{}", "/due/within", "is required"},
		{"{'within':[]}", "/due/within", "is empty"},
		{"{'within':[{}]}", "/due/within/0/within", "is required"},
		{"{'within':[{'within':'1h'},{'within':'2h'}]}", "/due/within/0", "has no condition, so that those after it are never reached"},
		{"{'within':[{'when':{},'within':'1h'}]}", "/due/within/0/when", "is empty"},
		{"{'within':[{'when':{'a':['b']},'within':'1h'}]}", "/due/within/0/when/a", "must be a JSON pointer, like /person/dob"},
		{"{'within':[{'when':{'/a':[]},'within':'1h'}]}", "/due/within/0/when/~1a", "is empty"},
		{"{'within':[{'when':{'/a':'b'},'within':'1h'}]}", "/due/within/0/when/~1a", NULL},
		{"{'within':[{'when':{'/a':[1]},'within':'1h'}]}", "/due/within/0/when/~1a/0", NULL},
		{"{'within':[{'whenever':{},'within':'1h'}]}", "/due/within/0/whenever", "is not a key of this file"},
		{"{'within':'1h','from':'at'}", "/due/from", "must be a JSON pointer, like /person/dob"},
		{"{'within':'1h','met_by':[]}", "/due/met_by", "is empty"},
		{"{'within':'1h','link':'people'}", "/due/link", "must be one of re, thread, person"},
		{"{'within':'1h','rearm':{'type':'b/1'}}", "/due/rearm/hours", "is required"},
		{"{'within':'1h','rearm':{'hours':'/h'}}", "/due/rearm/type", "is required"},
		{"{'within':'1h','rearm':{'type':'b/1','hours':'h'}}", "/due/rearm/hours", "must be a JSON pointer, like /person/dob"},
		{"{'within':'1h','until':'2h'}", "/due/until", "is not a key of this file"},
		{"['1h']", "/due", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct catalogue_type type;
		struct err err = {.reason = ""};
		bool is_fine = read(cases[i].json, true, &type, &err);
		catalogue_rules_free(&type);
		if (is_fine || err.code != CODE_MALFORMED || strcmp(err.field, cases[i].field) != 0 ||
		    (cases[i].reason && strcmp(err.reason, cases[i].reason) != 0))
			fail_msg("%s: %s: %s", cases[i].json, err.field, err.reason);
	}
}

static void reads_the_moves_in_their_order(void **state)
{
	struct catalogue_type type;
	struct err err = {.reason = ""};
	(void)state;
	assert_true(read("[{'name':'warrant','moves':[{'from':['none','rejected'],'to':'active'},{'from':['active'],'to':'located','by':'other',"
	                 "'when':{'/disposition':['EXTR']}}]},{'name':'hold','optional':true,'moves':[{'from':['a'],'to':'b','by':'owner'}]}]",
	                 false, &type, &err));
	assert_int_equal(type.moves_count, 2);
	assert_string_equal(type.moves[0].lifecycle, "warrant");
	assert_false(type.moves[0].is_optional);
	assert_string_equal(type.moves[0].moves[0].from[1], "rejected");
	assert_int_equal(type.moves[0].moves[0].by, CATALOGUE_BY_ANY);
	assert_int_equal(type.moves[0].moves[0].when_count, 0);
	assert_string_equal(type.moves[0].moves[1].to, "located");
	assert_int_equal(type.moves[0].moves[1].by, CATALOGUE_BY_OTHER);
	assert_int_equal(type.moves[0].moves[1].when_count, 1);
	assert_true(type.moves[1].is_optional);
	assert_int_equal(type.moves[1].moves[0].by, CATALOGUE_BY_OWNER);
	catalogue_rules_free(&type);
}

static void refuses_moves_at_the_place_that_is_wrong(void **state)
{
	static const struct {
		const char *json, *field, *reason;
	} cases[] = {
		{"[]", "/lifecycle", "is empty"},
		{"'warrant'", "/lifecycle", NULL},
		{"[{'moves':[{'from':['a'],'to':'b'}]}]", "/lifecycle/0/name", "is required"},
		{"[{'name':'w'}]", "/lifecycle/0/moves", "is required"},
		{"[{'name':'w','moves':[]}]", "/lifecycle/0/moves", "is empty"},
		{"[{'name':'w','optional':1,'moves':[]}]", "/lifecycle/0/optional", NULL},
		{"[{'name':'w','moves':[{'to':'b'}]}]", "/lifecycle/0/moves/0/from", "is required"},
		{"[{'name':'w','moves':[{'from':['a']}]}]", "/lifecycle/0/moves/0/to", "is required"},
		{"[{'name':'w','moves':[{'from':[],'to':'b'}]}]", "/lifecycle/0/moves/0/from", "is empty"},
		{"[{'name':'w','moves':[{'from':'a','to':'b'}]}]", "/lifecycle/0/moves/0/from", NULL},
		{"[{'name':'w','moves':[{'from':['a','a'],'to':'b'}]}]", "/lifecycle/0/moves/0/from/1", "is there twice"},
		{"[{'name':'w','moves':[{'from':['a'],'to':'b','by':'nobody'}]}]", "/lifecycle/0/moves/0/by", "must be one of any, owner, other"},
		{"[{'name':'w','moves':[{'from':['a'],'to':'b','when':[]}]}]", "/lifecycle/0/moves/0/when", NULL},
		{"[{'name':'w','moves':[{'from':['a'],'to':'b','if':1}]}]", "/lifecycle/0/moves/0/if", "is not a key of this file"},
		{"[{'name':'w','states':1}]", "/lifecycle/0/states", "is not a key of this file"},
		{"[{'name':'w','moves':[{'from':['a'],'to':'b'}]},{'name':'w','moves':[{'from':['a'],'to':'b'}]}]", "/lifecycle/1",
	         "names a lifecycle that is there already"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct catalogue_type type;
		struct err err = {.reason = ""};
		bool is_fine = read(cases[i].json, false, &type, &err);
		catalogue_rules_free(&type);
		if (is_fine || err.code != CODE_MALFORMED || strcmp(err.field, cases[i].field) != 0 ||
		    (cases[i].reason && strcmp(err.reason, cases[i].reason) != 0))
			fail_msg("%s: %s: %s", cases[i].json, err.field, err.reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_plain_deadline_as_before),
		cmocka_unit_test(reads_all_that_a_deadline_may_say),
		cmocka_unit_test(gives_headers_a_deadline_only_where_it_is_plain),
		cmocka_unit_test(refuses_a_deadline_at_the_place_that_is_wrong),
		cmocka_unit_test(reads_the_moves_in_their_order),
		cmocka_unit_test(refuses_moves_at_the_place_that_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
