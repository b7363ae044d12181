#include "unit/adapters/csv/csv_fixture.h"

#include "adapters/kind/body.h"

static void nests_fields_by_their_pointers(void **state)
{
	static const uint8_t one[] = {1}, two[] = {2}, three[] = {3};
	static const struct body_field fields[] = {
		{"/a/b", {one, 1}}, {"/list/1/x", {one, 1}}, {"/c", {two, 1}}, {"/list/4/x", {two, 1}}, {"/a/d/e", {three, 1}}, {"/list/1/y", {three, 1}},
	};
	struct buf packed, json;
	struct err err = {.reason = ""};
	(void)state;
	buf_init(&packed, FIXTURE_MAX);
	buf_init(&json, FIXTURE_MAX);
	body_put(fields, sizeof(fields) / sizeof(*fields), &packed);
	assert_int_equal(pack_scan(buf_bytes(&packed), &err).code, CODE_OK);
	assert_int_equal(json_from_pack(buf_bytes(&packed), 0, &json, &err).code, CODE_OK);
	buf_add_byte(&json, 0);
	assert_string_equal((const char *)json.at, "{\"a\":{\"b\":1,\"d\":{\"e\":3}},\"list\":[{\"x\":1,\"y\":3},{\"x\":2}],\"c\":2}");
	buf_done(&packed);
	buf_done(&json);
}

static void is_an_empty_map_without_fields(void **state)
{
	struct buf packed;
	(void)state;
	buf_init(&packed, FIXTURE_MAX);
	body_put(NULL, 0, &packed);
	assert_int_equal(packed.len, 1);
	assert_int_equal(packed.at[0], 0x80);
	buf_done(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nests_fields_by_their_pointers),
		cmocka_unit_test(is_an_empty_map_without_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
