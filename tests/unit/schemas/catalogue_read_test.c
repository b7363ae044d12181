#include "unit/schemas/sample.h"

#include "schemas/catalogue_read.h"

static const struct sample_key file_keys[] = {
	{"type", "'a.b/1'"},    {"title", "'T'"},
	{"description", "'D'"}, {"originators", "['police']"},
	{"answers", "[]"},      {"subject", "['sid','ucn']"},
	{"priority", "3"},      {"parts", "{'main':{'class':'CJI','required':true,'schema':{}}}"},
};

/* The packed file with `key` as given instead: NULL leaves it out, a key that is not there is added. */
static void file_with(const char *key, const char *json, struct buf *out)
{
	struct buf text;
	bool is_there = false;
	buf_init(&text, SAMPLE_MAX);
	buf_init(out, SAMPLE_MAX);
	buf_add_byte(&text, '{');
	for (size_t i = 0; i < sizeof(file_keys) / sizeof(*file_keys); i++) {
		bool is_it = key && strcmp(key, file_keys[i].name) == 0;
		is_there = is_there || is_it;
		if (!is_it || json)
			buf_printf(&text, "%s'%s':%s", text.len > 1 ? "," : "", file_keys[i].name,
			           is_it ? json : file_keys[i].json);
	}
	if (key && json && !is_there)
		buf_printf(&text, ",'%s':%s", key, json);
	buf_add_text(&text, "}");
	buf_add_byte(&text, '\0');
	sample_pack((const char *)text.at, out);
	buf_done(&text);
}

static void takes_the_file_over(void **state)
{
	struct buf packed;
	struct catalogue_type *type;
	struct err err = {.reason = ""};
	(void)state;
	file_with("persons", "{'count':2,'roles':['judge']}", &packed);
	size_t len = packed.len;
	assert_false(FAILED(catalogue_read_type(&packed, &type, &err)));
	assert_null(packed.at);
	assert_int_equal(type->source.len, len);
	assert_string_equal(type->name, "a.b/1");
	assert_int_equal(type->subject_count, 2);
	assert_string_equal(type->parts[0].cls, "CJI");
	assert_true(type->parts[0].required);
	assert_null(type->parts[0].validator);
	assert_int_equal(type->persons, 2);
	catalogue_read_free(type);
	catalogue_read_free(NULL);
}

static void reads_what_the_hub_does_with_a_type(void **state)
{
	static const char *const deeds[] = {"merge", "override", "grant", "revoke", "erase", "subscribe", "renew", "unsubscribe"};
	struct buf packed;
	struct catalogue_type *type;
	struct err err = {.reason = ""};
	(void)state;
	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++) {
		AUTO_FREE char *json = mem_printf("'%s','topic':'contact','interlock':'release','exchange':'/a','by':['id'],'purpose':['C','J']", deeds[i]);
		file_with("hub", json, &packed);
		assert_false(FAILED(catalogue_read_type(&packed, &type, &err)));
		assert_int_equal(type->hub, CATALOGUE_HUB_MERGE + i);
		assert_string_equal(type->topic, "contact");
		assert_string_equal(type->interlock, "release");
		assert_string_equal(type->exchange, "/a");
		assert_true(type->wants_by && type->by_count == 1 && type->purposes_count == 2);
		assert_string_equal(type->purposes[1], "J");
		catalogue_read_free(type);
	}
	file_with("by", "false", &packed);
	assert_false(FAILED(catalogue_read_type(&packed, &type, &err)));
	assert_false(type->wants_by);
	assert_int_equal(type->hub, CATALOGUE_HUB_NOTHING);
	assert_null(type->topic);
	catalogue_read_free(type);
}

static void refuses_a_file_at_the_key_that_is_wrong(void **state)
{
	static const struct {
		const char *key, *json, *field, *reason;
	} cases[] = {
		{"type", NULL, "/type", "is required"},
		{"title", NULL, "/title", "is required"},
		{"priority", NULL, "/priority", "is required"},
		{"parts", NULL, "/parts", "is required"},
		{"type", "'a.b'", "/type", NULL},
		{"type", "'A/1'", "/type", NULL},
		{"type", "'a/0'", "/type", NULL},
		{"type", "''", "/type", "is empty"},
		{"title", "7", "/title", NULL},
		{"originators", "[]", "/originators", "must name a role, or any"},
		{"originators", "['any','any']", "/originators/1", "is there twice"},
		{"subject", "['sid',2]", "/subject/1", NULL},
		{"subject", "['a','b','c','d','e','f','g','h','i','j','k','l','m','n','o','p','q']", "/subject",
	         "has too many entries"},
		{"priority", "10", "/priority", NULL},
		{"expiry", "'30 moons'", "/expiry", "must be a duration, like 30d or 10min"},
		{"due", "'0s'", "/due", "must be a duration, like 30d, 10min or 14 business days"},
		{"due", "600", "/due", NULL},
		{"by", "[]", "/by", "must be true, or name the keys that it must have"},
		{"by", "['id','id']", "/by/1", "is there twice"},
		{"by", "['id',1]", "/by/1", NULL},
		{"purpose", "'C'", "/purpose", NULL},
		{"purpose", "[]", "/purpose", "is empty"},
		{"purpose", "['C','C']", "/purpose/1", "is there twice"},
		{"interlock", "''", "/interlock", "is empty"},
		{"exchange", "'result'", "/exchange", "must be a JSON pointer, like /result"},
		{"topic", "'arrests'", "/topic", "must be one of arrest, contact, release, warrant"},
		{"topic", "1", "/topic", NULL},
		{"hub", "'erases'", "/hub", "must be one of merge, override, grant, revoke, erase, subscribe, renew, unsubscribe"},
		{"lifecycle", "{}", "/lifecycle", NULL},
		{"by", "1", "/by", NULL},
		{"persons", "{'count':2}", "/persons/roles", "is required"},
		{"persons", "{'count':0,'roles':['x']}", "/persons/count", NULL},
		{"persons", "{'count':1,'roles':[]}", "/persons", "must name the roles whose persons may sign"},
		{"persons", "{'count':1,'roles':['x'],'extra':1}", "/persons/extra", "is not a key of this file"},
		{"parts", "{}", "/parts", "must have at least one part, and no more than a message may"},
		{"parts", "{'Main':{}}", "/parts/Main", "a part's name is lower-case letters, and not approvals"},
		{"parts", "{'approvals':{}}", "/parts/approvals", "a part's name is lower-case letters, and not approvals"},
		{"parts", "{'main':{'class':'CJ','required':true}}", "/parts/main/schema", "is required"},
		{"parts", "{'main':{'class':'SECRET','required':true,'schema':{}}}", "/parts/main/class",
	         "is not a class that there is"},
		{"parts", "{'main':{'class':'CJ','required':1,'schema':{}}}", "/parts/main/required", NULL},
		{"parts", "{'main':{'class':'CJ','required':true,'schema':{},'max':1}}", "/parts/main/max",
	         "is not a key of this file"},
		{"examples", "{'vaild':[]}", "/examples/vaild", "is not a key of this file"},
		{"examples", "{'valid':{}}", "/examples/valid", NULL},
		{"retention", "'1d'", "/retention", "is not a key of this file"},
		{"a~/b", "1", "/a~0~1b", "is not a key of this file"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct catalogue_type *type = NULL;
		struct err err = {.reason = ""};
		file_with(cases[i].key, cases[i].json, &packed);
		result r = catalogue_read_type(&packed, &type, &err);
		buf_done(&packed);
		if (r.code != CODE_MALFORMED || strcmp(err.field, cases[i].field) != 0 ||
		    (cases[i].reason && strcmp(err.reason, cases[i].reason) != 0))
			fail_msg("%s %s: %s: %s: %s", cases[i].key, cases[i].json ? cases[i].json : "-", code_text(r.code),
			         err.field, err.reason);
		assert_null(type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_file_over),
		cmocka_unit_test(reads_what_the_hub_does_with_a_type),
		cmocka_unit_test(refuses_a_file_at_the_key_that_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
