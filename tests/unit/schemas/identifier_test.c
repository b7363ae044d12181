/* Identifiers of persons: the one list of their kinds. */
#include "sample.h"

#include <stdio.h>

#include "base/file.h"
#include "schemas/identifier.h"

static struct bytes pack(const char *json, struct buf *out)
{
	buf_init(out, SAMPLE_MAX);
	sample_pack(json, out);
	return buf_bytes(out);
}

static void what_a_map_has_is_added_each_once(void **state)
{
	(void)state;
	struct identifier ids[8];
	struct buf first, second;
	size_t count = identifier_read(pack("{'sid':'S1','doc_number':'D1','name':'N','dob':'1990-02-14'}", &first), ids, 8, 0);
	assert_int_equal(count, 2);
	assert_true(bytes_is(ids[0].kind, "doc_number") && bytes_is(ids[0].value, "D1"));
	count = identifier_read(pack("{'sid':'S1','ucn':'U1'}", &second), ids, 8, count);
	assert_int_equal(count, 3);
	assert_true(bytes_is(ids[2].kind, "ucn"));
	assert_int_equal(identifier_read(buf_bytes(&first), ids, 1, 0), 1);
	assert_int_equal(identifier_read(BYTES_NONE, ids, 8, 0), 0);
	buf_done(&first);
	buf_done(&second);
}

static void what_is_no_identifier_is_left_out(void **state)
{
	static const char *const cases[] = {"{'sid':''}", "{'sid':7}", "{'oln':'123456789'}", "{'ols':'CT'}", "{'nic':'W900000001'}", "{}",
	                                    "{'sid':'a\\u0001b'}"};
	struct identifier ids[8];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf map;
		if (identifier_read(pack(cases[i], &map), ids, 8, 0) != 0)
			fail_msg("%s has an identifier", cases[i]);
		buf_done(&map);
	}
}

static void a_license_is_somebodys_together_with_its_state(void **state)
{
	struct identifier ids[8];
	struct buf map;
	(void)state;
	assert_int_equal(identifier_read(pack("{'oln':'1','ols':'CT'}", &map), ids, 8, 0), 1);
	struct identifier other = ids[0];
	assert_true(identifier_equal(&ids[0], &other));
	other.issuer = BYTES_LIT("NY");
	assert_false(identifier_equal(&ids[0], &other));
	buf_done(&map);
}

static void is_read_as_people_type_it(void **state)
{
	static const struct {
		const char *text, *kind, *issuer, *value;
	} cases[] = {{"doc_number=00312845", "doc_number", "", "00312845"}, {"sid=CT 1=2", "sid", "", "CT 1=2"}, {"oln=CT 123 4", "oln", "CT", "123 4"},
	             {"oln=123", NULL, NULL, NULL}, {"oln= 1", NULL, NULL, NULL}, {"oln=CT ", NULL, NULL, NULL}, {"sid=", NULL, NULL, NULL},
	             {"sid", NULL, NULL, NULL}, {"", NULL, NULL, NULL}, {"nic=W1", NULL, NULL, NULL}, {"name=Jordan", NULL, NULL, NULL},
	             {"=1", NULL, NULL, NULL}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct identifier id;
		struct err err;
		result r = identifier_parse(bytes_text(cases[i].text), &id, &err);
		if (FAILED(r) != !cases[i].kind || (FAILED(r) && r.code != CODE_USAGE) ||
		    (!FAILED(r) && !(bytes_is(id.kind, cases[i].kind) && bytes_is(id.issuer, cases[i].issuer) && bytes_is(id.value, cases[i].value))))
			fail_msg("%s", cases[i].text);
	}
}

/* A key that were in one of the two alone would find nobody, or be refused. */
static void the_list_is_that_of_the_catalogue(void **state)
{
	struct buf text, packed;
	struct bytes properties;
	struct err err = {.reason = ""};
	(void)state;
	buf_init(&packed, 1 << 20);
	assert_int_equal(file_read(LIAISON_SOURCE_DIR "/schemas/catalogue/common.json", 1 << 20, &text, &err).code, CODE_OK);
	assert_int_equal(json_to_pack(buf_bytes(&text), &packed, &err).code, CODE_OK);
	assert_true(pack_pointer(buf_bytes(&packed), "/$defs/ids/properties", &properties));
	struct pack_in in = pack_in(properties, &err);
	for (size_t left = pack_map(&in, ""); left > 0; left--) {
		char line[128], named[300];
		struct identifier id;
		struct buf map;
		struct bytes key = pack_text(&in, "", 64);
		pack_value(&in, "");
		assert_false(in.failed);
		snprintf(line, sizeof(line), "%.*s", (int)key.len, (const char *)key.at);
		snprintf(named, sizeof(named), "{'%s':'XX','%s':'1'}", strcmp(line, "oln") ? "x" : "ols", line);
		bool is_listed = identifier_read(pack(named, &map), &id, 1, 0) == 1;
		if (is_listed != (strcmp(line, "ols") != 0))
			fail_msg("%s", line);
		buf_done(&map);
	}
	buf_done(&text);
	buf_done(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_map_has_is_added_each_once),
		cmocka_unit_test(what_is_no_identifier_is_left_out),
		cmocka_unit_test(a_license_is_somebodys_together_with_its_state),
		cmocka_unit_test(is_read_as_people_type_it),
		cmocka_unit_test(the_list_is_that_of_the_catalogue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
