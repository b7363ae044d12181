/* The official JSON-Schema-Test-Suite, as far as its groups use what the validator claims to know. Debian's
 * json-schema-test-suite has drafts up to 7, whose keywords mean the same as in 2020-12 where they have the same name;
 * LIAISON_SCHEMA_SUITE may name the folder of a newer draft. */
#include "unit/schemas/sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "schemas/validator.h"

#define DEBIAN "/usr/share/json-schema-test-suite/tests/draft7"

struct tally {
	size_t passed, failed, skipped;
};

/* Groups that draft 7 means otherwise than 2020-12: there, a $ref silenced its neighbours. */
static bool means_otherwise(struct bytes description)
{
	return bytes_is(description, "ref overrides any sibling keywords") ||
	       bytes_is(description, "$ref prevents a sibling $id from changing the base uri");
}

/* A schema may be refused for what is not claimed, and for nothing else. */
static bool is_unclaimed(const struct err *err)
{
	static const char *const keywords[] = {"definitions",      "dependencies",
	                                       "additionalItems",  "$id",
	                                       "$anchor",          "$dynamicRef",
	                                       "$dynamicAnchor",   "$recursiveRef",
	                                       "unevaluatedItems", "unevaluatedProperties",
	                                       "contentMediaType", "contentEncoding",
	                                       "contentSchema",    "readOnly",
	                                       "writeOnly",        "deprecated",
	                                       "$vocabulary"};
	const char *last = strrchr(err->field, '/');
	/* References to anchors and over the network, other dialects, and Unicode properties by ECMA's long names. */
	static const char *const reasons[] = {"format that is supported",         "no document of that name",
	                                      "name of the document is too long", "refers to nothing",
	                                      "unknown property after",           "only https://json-schema.org"};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (strstr(err->reason, reasons[i]))
			return true;
	if (strcmp(err->reason, "is not a keyword that is supported") != 0)
		return strcmp(err->reason, "a schema is an object, true or false") == 0 && last && strcmp(last, "/items") == 0;
	for (size_t i = 0; last && i < sizeof(keywords) / sizeof(*keywords); i++)
		if (strcmp(last + 1, keywords[i]) == 0)
			return true;
	return strncmp(err->reason, "is not", 6) == 0 && last &&
	       (strncmp(last, "/x-", 3) == 0 || strncmp(last, "/tilda", 6) == 0);
}

static void run_group(const char *file, struct bytes group, struct tally *tally)
{
	struct bytes schema, tests, description = BYTES_NONE, text;
	struct err err = {.reason = ""};
	struct validator *validator;
	assert_true(pack_find(group, "schema", &schema));
	assert_true(pack_find(group, "tests", &tests));
	assert_true(pack_find(group, "description", &text));
	pack_as_text(text, &description);
	struct pack_in in = pack_in(tests, &err);
	size_t count = pack_array(&in, "");
	result r = validator_compile(schema, NULL, NULL, &validator, &err);
	if (FAILED(r) && !is_unclaimed(&err))
		print_message("%s: %.*s: refused: %s: %s\n", file, (int)description.len, (const char *)description.at, err.field,
		              err.reason);
	if (FAILED(r) || means_otherwise(description)) {
		tally->skipped += count;
		tally->failed += FAILED(r) && !is_unclaimed(&err);
		if (!FAILED(r))
			validator_free(validator);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct bytes test = pack_value(&in, ""), data, valid, what = BYTES_NONE;
		assert_true(pack_find(test, "data", &data));
		assert_true(pack_find(test, "valid", &valid));
		assert_true(pack_find(test, "description", &text));
		pack_as_text(text, &what);
		bool fits = !FAILED(validator_run(validator, data, &err));
		bool wanted = *valid.at == 0xc3;
		tally->passed += fits == wanted;
		tally->failed += fits != wanted;
		if (fits != wanted)
			print_message("%s: %.*s: %.*s: %s\n", file, (int)description.len, (const char *)description.at,
			              (int)what.len, (const char *)what.at, fits ? "taken" : err.reason);
	}
	validator_free(validator);
}

static void run_file(const char *folder, const char *name, struct tally *tally)
{
	struct buf json, packed;
	struct err err = {.reason = ""};
	AUTO_FREE char *path = mem_printf("%s/%s", folder, name);
	buf_init(&packed, SAMPLE_MAX);
	assert_false(FAILED(file_read(path, SAMPLE_MAX, &json, &err)));
	if (FAILED(json_to_pack(buf_bytes(&json), &packed, &err))) {
		print_message("%s: left out: %s\n", name, err.reason);
		tally->skipped++;
	} else {
		struct pack_in in = pack_in(buf_bytes(&packed), &err);
		size_t count = pack_array(&in, "");
		for (size_t i = 0; i < count; i++)
			run_group(name, pack_value(&in, ""), tally);
	}
	buf_done(&json);
	buf_done(&packed);
}

static struct tally run_folder(const char *folder)
{
	struct tally tally = {0};
	struct err err = {.reason = ""};
	char **names;
	size_t count;
	assert_false(FAILED(file_list(folder, ".json", &names, &count, &err)));
	for (size_t i = 0; i < count; i++)
		/* In later drafts a format is a remark unless it is asked for; here it always counts, and format_test judges it.
		 */
		if (strcmp(names[i], "format.json") != 0)
			run_file(folder, names[i], &tally);
	file_list_free(names, count);
	print_message("%s: %zu passed, %zu failed, %zu use what is not claimed\n", folder, tally.passed, tally.failed,
	              tally.skipped);
	return tally;
}

static void agrees_with_the_official_suite(void **state)
{
	const char *newer = getenv("LIAISON_SCHEMA_SUITE");
	struct err err;
	char **names;
	size_t count;
	(void)state;
	if (newer)
		assert_int_equal(run_folder(newer).failed, 0);
	if (FAILED(file_list(DEBIAN, ".json", &names, &count, &err))) {
		print_message("SKIPPED: the official suite is not here; apt-get install json-schema-test-suite\n");
		skip();
	}
	file_list_free(names, count);
	struct tally tally = run_folder(DEBIAN);
	assert_int_equal(tally.failed, 0);
	/* So that a validator that claims nothing does not pass. */
	assert_in_range(tally.passed, 300, 10000);
}

static void agrees_with_the_official_suite_on_dates(void **state)
{
	static const char *const files[] = {"date.json", "date-time.json"};
	struct tally tally = {0};
	struct err err;
	char **names;
	size_t count;
	(void)state;
	if (FAILED(file_list(DEBIAN "/optional/format", ".json", &names, &count, &err))) {
		print_message("SKIPPED: the official suite is not here; apt-get install json-schema-test-suite\n");
		skip();
	}
	file_list_free(names, count);
	for (size_t i = 0; i < 2; i++)
		run_file(DEBIAN "/optional/format", files[i], &tally);
	assert_int_equal(tally.failed, 0);
	assert_in_range(tally.passed, 10, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_official_suite),
		cmocka_unit_test(agrees_with_the_official_suite_on_dates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
