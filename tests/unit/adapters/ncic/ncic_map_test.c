#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_map.h"

static void puts_fields_into_their_places_and_lists_the_rest(void **state)
{
	struct ncic_text *text = mem_alloc(sizeof(*text));
	struct kind_reading reading;
	struct buf body, expected;
	size_t steps = 100;
	(void)state;
	kind_reading_init(&reading);
	buf_init(&body, SAMPLE_BYTES_MAX);
	buf_init(&expected, SAMPLE_BYTES_MAX);
	ncic_text_add(text, "RSN", BYTES_LIT("IN WORDS"));
	ncic_text_add(text, "ORI", BYTES_LIT("CTDOC001G"));
	ncic_text_add(text, "NIC", BYTES_LIT("W900000017"));
	ncic_text_add(text, "AGN", BYTES_LIT("DOC"));
	ncic_text_add(text, "RPS", BYTES_LIT("NOT WANTED"));
	ncic_text_add(text, "DOC", BYTES_LIT("20260513"));
	ncic_map_put(ncic_map_find(BYTES_LIT("warrant.cancel/1")), text, &body, &reading);
	sample_pack(
	    "{'nic':'W900000017','cancelled_on':'2026-05-13','agency':{'name':'DOC','ori':'CTDOC001G'},'reason':'NOT WANTED'}",
	    &expected);
	assert_true(value_equal(buf_bytes(&body), buf_bytes(&expected), &steps));
	assert_int_equal(reading.unmapped_count, 1);
	assert_string_equal(reading.unmapped[0], "RSN/IN WORDS");
	buf_done(&body);
	buf_done(&expected);
	kind_reading_done(&reading);
	mem_free(text);
}

static void collect(void *ctx, const char *tag, struct bytes value)
{
	buf_printf(ctx, "%s/%.*s.", tag, (int)value.len, (const char *)value.at);
}

static void says_a_body_in_the_order_of_writing(void **state)
{
	struct buf body, out;
	(void)state;
	buf_init(&body, SAMPLE_BYTES_MAX);
	buf_init(&out, SAMPLE_BYTES_MAX);
	sample_pack(
	    "{'reason':'For another "
	    "reason','agency':{'ori':'CTDOC001G','name':'DOC'},'nic':'W900000017','note':'X','cancelled_on':'2026-05-13'}",
	    &body);
	assert_true(ncic_map_say(ncic_map_find(BYTES_LIT("warrant.cancel/1")), buf_bytes(&body), collect, &out));
	assert_true(bytes_is(buf_bytes(&out), "NIC/W900000017.DOC/20260513.RSN/FOR ANOTHER REASON.AGN/DOC.MIS/X."));
	buf_done(&body);
	buf_done(&out);
}

static void says_no_to_what_no_field_can_say(void **state)
{
	static const char *const cases[] = {"{'nic':'W1'}", "{'nic':1}", "{'person_name':'A,B'}",
	                                    "{'cancelled_on':'2026-02-30'}"};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct buf body, out;
		buf_init(&body, SAMPLE_BYTES_MAX);
		buf_init(&out, SAMPLE_BYTES_MAX);
		sample_pack(cases[i], &body);
		assert_false(ncic_map_say(ncic_map_find(BYTES_LIT("warrant.cancel/1")), buf_bytes(&body), collect, &out));
		buf_done(&body);
		buf_done(&out);
	}
}

/* One row's place must not be another's beginning, and rows of one beginning stand together: the map is put in one pass. */
static void check_order(const struct ncic_map *map)
{
	assert_true(map->count <= NCIC_MAP_ROWS_MAX);
	for (size_t i = 0; i < map->count; i++) {
		const char *place = map->rows[i].place;
		size_t len = strlen(place);
		bool is_unwritten = !map->rows[i].tag[0] || map->rows[i].tag[0] >= 'a';
		assert_true(is_unwritten || !strcmp(map->rows[i].tag, "ORI") || ncic_fields_find(map->rows[i].tag));
		for (size_t j = 0; j < map->count; j++)
			assert_false(!strncmp(map->rows[j].place, place, len) && map->rows[j].place[len] == '/');
		for (size_t depth = 1; depth <= len; depth++)
			if (place[depth] == '/' || !place[depth])
				for (size_t j = i + 1, gap = 0; j < map->count; j++) {
					bool shares = !strncmp(map->rows[j].place, place, depth) &&
					              (map->rows[j].place[depth] == '/' || !map->rows[j].place[depth]);
					gap += !shares;
					if (shares && gap)
						fail_msg("%s and %s stand apart", place, map->rows[j].place);
				}
	}
}

static void stands_in_an_order_that_can_be_put_in_one_pass(void **state)
{
	static const char *const types[] = {"warrant.issue/1", "warrant.locate/1", "warrant.clear/1", "warrant.cancel/1",
	                                    "query.wanted/1", "query.vehicle/1", "query.history_index/1", "query.history_record/1",
	                                    "query.supervision/1", "warrant.modify/1", "warrant.supplement/1",
	                                    "hit.confirm_request/1", "hit.confirm_response/1", "supervised_release.enter/1",
	                                    "supervised_release.modify/1", "supervised_release.cancel/1"};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(types); i++) {
		assert_non_null(ncic_map_find(bytes_text(types[i])));
		check_order(ncic_map_find(bytes_text(types[i])));
	}
	check_order(ncic_map_of_hit());
	check_order(ncic_map_of_answer());
	assert_null(ncic_map_find(BYTES_LIT("admin.message/1")));
	assert_null(ncic_map_find(BYTES_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(puts_fields_into_their_places_and_lists_the_rest),
	    cmocka_unit_test(says_a_body_in_the_order_of_writing),
	    cmocka_unit_test(says_no_to_what_no_field_can_say),
	    cmocka_unit_test(stands_in_an_order_that_can_be_put_in_one_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
