#include "unit/schemas/sample.h"

#include "schemas/catalogue_take.h"

struct taken {
	char *text;
	bool flag;
};

static void take_text(struct pack_in *in, const char *place, void *into)
{
	((struct taken *)into)->text = catalogue_take_text(in, place, 8);
}

static void take_flag(struct pack_in *in, const char *place, void *into)
{
	((struct taken *)into)->flag = pack_bool(in, place);
}

static const struct catalogue_take_key keys[] = {{"text", take_text, true}, {"flag", take_flag, false}};

static void expect(struct pack_in *in, struct err *err, const char *json, const char *field, const char *reason)
{
	if (!field) {
		if (in->failed)
			fail_msg("%s: %s: %s", json, err->field, err->reason);
		return;
	}
	if (!in->failed || err->code != CODE_MALFORMED || strcmp(err->field, field) != 0 || (reason && strcmp(err->reason, reason) != 0))
		fail_msg("%s: %s: %s", json, err->field, err->reason);
}

static void takes_a_map_of_the_keys_that_it_is_told(void **state)
{
	static const struct {
		const char *json, *field, *reason;
	} cases[] = {
		{"{'text':'a','flag':true}", NULL, NULL},
		{"{'flag':true,'text':'a'}", NULL, NULL},
		{"{'text':'a'}", NULL, NULL},
		{"{'flag':true}", "/x/text", "is required"},
		{"{}", "/x/text", "is required"},
		{"{'text':'a','more':1}", "/x/more", "is not a key of this file"},
		{"{'a/~b':1}", "/x/a~1~0b", "is not a key of this file"},
		{"{'text':''}", "/x/text", "is empty"},
		{"{'text':'123456789'}", "/x/text", NULL},
		{"{'text':7}", "/x/text", NULL},
		{"['text']", "/x", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct taken taken = {.text = NULL};
		struct err err = {.field = ""};
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].json, &packed);
		struct pack_in in = pack_in(buf_bytes(&packed), &err);
		catalogue_take_map(&in, "/x", keys, 2, &taken);
		expect(&in, &err, cases[i].json, cases[i].field, cases[i].reason);
		mem_free(taken.text);
		buf_done(&packed);
	}
}

static void takes_lists_of_different_texts(void **state)
{
	static const struct {
		const char *json, *field, *reason;
		size_t count;
	} cases[] = {
		{"['a','b']", NULL, NULL, 2},
		{"[]", NULL, NULL, 0},
		{"['a','b','a']", "/x/2", "is there twice", 3},
		{"['a','b','c','d']", "/x", "has too many entries", 0},
		{"['a','']", "/x/1", "is empty", 1},
		{"['a',null]", "/x/1", NULL, 1},
		{"'a'", "/x", NULL, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		char **texts = NULL;
		size_t count = 0;
		struct err err = {.field = ""};
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].json, &packed);
		struct pack_in in = pack_in(buf_bytes(&packed), &err);
		catalogue_take_texts(&in, "/x", 3, 8, &texts, &count);
		expect(&in, &err, cases[i].json, cases[i].field, cases[i].reason);
		assert_int_equal(count, cases[i].count);
		catalogue_take_free(texts, count);
		buf_done(&packed);
	}
}

static void takes_one_of_some_words_and_names_them_otherwise(void **state)
{
	static const char *const words[] = {"re", "thread", "person", NULL};
	static const struct {
		const char *json, *field, *reason;
		size_t word;
	} cases[] = {
		{"'re'", NULL, NULL, 0},
		{"'person'", NULL, NULL, 2},
		{"'persons'", "/x", "must be one of re, thread, person", 0},
		{"''", "/x", "must be one of re, thread, person", 0},
		{"1", "/x", NULL, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct err err = {.field = ""};
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].json, &packed);
		struct pack_in in = pack_in(buf_bytes(&packed), &err);
		assert_int_equal(catalogue_take_word(&in, "/x", words), cases[i].word);
		expect(&in, &err, cases[i].json, cases[i].field, cases[i].reason);
		buf_done(&packed);
	}
}

static void bounds_what_it_counts(void **state)
{
	static const struct {
		const char *json, *field, *reason;
		bool is_map;
		size_t count;
	} cases[] = {
		{"[1,2]", NULL, NULL, false, 2},  {"[]", "/x", "is empty", false, 0},      {"[1,2,3]", "/x", "has too many entries", false, 0},
		{"{'a':1}", NULL, NULL, true, 1}, {"{}", "/x", "is empty", true, 0},       {"{'a':1,'b':1,'c':1}", "/x", "has too many entries", true, 0},
		{"{'a':1}", "/x", NULL, false, 0}, {"[1]", "/x", NULL, true, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct err err = {.field = ""};
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].json, &packed);
		struct pack_in in = pack_in(buf_bytes(&packed), &err);
		size_t count = cases[i].is_map ? catalogue_take_pairs(&in, "/x", 2) : catalogue_take_array(&in, "/x", 2);
		assert_int_equal(count, cases[i].count);
		expect(&in, &err, cases[i].json, cases[i].field, cases[i].reason);
		buf_done(&packed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_map_of_the_keys_that_it_is_told),
		cmocka_unit_test(takes_lists_of_different_texts),
		cmocka_unit_test(takes_one_of_some_words_and_names_them_otherwise),
		cmocka_unit_test(bounds_what_it_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
