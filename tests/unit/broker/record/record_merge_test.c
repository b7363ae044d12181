#include "record_fixture.h"

#include "broker/record/record_person.h"

static int64_t person_of(struct record_fixture *fixture, const char *kind, const char *value)
{
	const struct identifier id = {.kind = bytes_text(kind), .value = bytes_text(value)};
	int64_t person = -1;
	assert_ok(record_person_find(fixture->store, &id, &person, &fixture->err));
	return person;
}

static result merge(struct record_fixture *fixture, const char *keep, const char *merged, int n, bool *ret_changed)
{
	struct buf keep_map, merge_map;
	const uint8_t id[UUID_LEN] = {7, [UUID_LEN - 1] = (uint8_t)n};
	buf_init(&keep_map, 4096);
	buf_init(&merge_map, 4096);
	sample_pack(keep, &keep_map);
	sample_pack(merged, &merge_map);
	const struct record_merger merger = {
	    .keep = buf_bytes(&keep_map), .merge = buf_bytes(&merge_map), .who = "ct.doc.records", .id = id, .at = day(n)};
	assert_ok(store_begin(fixture->store, &fixture->err));
	result r = record_merge(fixture->store, &merger, ret_changed, &fixture->err);
	if (FAILED(r))
		store_rollback(fixture->store);
	else
		assert_ok(store_commit(fixture->store, &fixture->err));
	buf_done(&keep_map);
	buf_done(&merge_map);
	return r;
}

static void merge_fine(struct record_fixture *fixture, const char *keep, const char *merged, int n, bool changes)
{
	bool changed = !changes;
	if (FAILED(merge(fixture, keep, merged, n, &changed)))
		fail_msg("%s: %s", fixture->err.field, fixture->err.reason);
	assert_int_equal(changed, changes);
}

/* The JSON of the person, or "" for nobody. */
static void show_person(struct record_fixture *fixture, const char *kind, const char *value, char *into, size_t size)
{
	const struct identifier id = {.kind = bytes_text(kind), .value = bytes_text(value)};
	struct buf out, json;
	bool found = false;
	buf_init(&out, 1 << 20);
	buf_init(&json, size - 1);
	assert_ok(record_show_person(fixture->store, fixture->catalogue, &id, &out, &found, &fixture->err));
	into[0] = 0;
	if (found) {
		assert_ok(pack_scan(buf_bytes(&out), &fixture->err));
		assert_ok(json_from_pack(buf_bytes(&out), 0, &json, &fixture->err));
		snprintf(into, size, "%.*s", (int)json.len, (const char *)json.at);
	}
	buf_done(&out);
	buf_done(&json);
}

static void two_identities_become_one_with_all_they_had(void **state)
{
	struct record_fixture *fixture = *state;
	char json[8192];
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N1','sid':'S1'}", NULL, 1, 1});
	say_fine(fixture, {"w.issue/1", A, "{'nic':'N2','doc_number':'D1'}", NULL, 1, 2});
	merge_fine(fixture, "{'sid':'S1'}", "{'doc_number':'D1'}", 5, true);
	assert_int_equal(person_of(fixture, "doc_number", "D1"), person_of(fixture, "sid", "S1"));
	show_person(fixture, "doc_number", "D1", json, sizeof(json));
	assert_has(json, "[\"sid\",\"S1\"]");
	assert_has(json, "[\"doc_number\",\"D1\"]");
	assert_has(json, "{\"nic\":\"N1\"}");
	assert_has(json, "{\"nic\":\"N2\"}");
	assert_has(json, "\"who\":\"ct.doc.records\"");
	assert_has(json, "\"at\":\"2026-05-06T00:00:00.000Z\"");
	assert_has(json, "\"id\":\"07000000-0000-0000-0000-000000000005\"");
}

static void mergers_go_on_through_chains_and_never_in_a_circle(void **state)
{
	struct record_fixture *fixture = *state;
	char json[8192];
	say_fine(fixture, {"plain/1", A, "{'sid':'S1'}", NULL, 1, 1});
	say_fine(fixture, {"plain/1", A, "{'sid':'S2'}", NULL, 1, 2});
	say_fine(fixture, {"plain/1", A, "{'sid':'S3'}", NULL, 1, 3});
	int64_t third = person_of(fixture, "sid", "S3");
	merge_fine(fixture, "{'sid':'S2'}", "{'sid':'S1'}", 1, true);
	merge_fine(fixture, "{'sid':'S3'}", "{'sid':'S2'}", 2, true);
	merge_fine(fixture, "{'sid':'S1'}", "{'sid':'S3'}", 3, false); /* they are one by now */
	merge_fine(fixture, "{'sid':'S1'}", "{'sid':'S1'}", 4, false);
	assert_int_equal(person_of(fixture, "sid", "S1"), third);
	assert_int_equal(person_of(fixture, "sid", "S2"), third);
	show_person(fixture, "sid", "S1", json, sizeof(json));
	assert_has(json, "2026-05-02"); /* both mergers are remembered */
	assert_has(json, "2026-05-03");
	assert_null(strstr(json, "2026-05-04"));
	assert_has(json, "\"S1\"]");
	assert_has(json, "\"S2\"]");
	assert_has(json, "\"S3\"]");
}

static void identifiers_that_nobody_had_become_that_persons(void **state)
{
	struct record_fixture *fixture = *state;
	merge_fine(fixture, "{'sid':'S1','doc_number':'D1'}", "{'sid':'S2'}", 1, true);
	assert_true(person_of(fixture, "sid", "S1") > 0);
	assert_int_equal(person_of(fixture, "sid", "S2"), person_of(fixture, "sid", "S1"));
	assert_int_equal(person_of(fixture, "doc_number", "D1"), person_of(fixture, "sid", "S1"));
}

static void several_identities_on_either_side_become_one(void **state)
{
	struct record_fixture *fixture = *state;
	static const char *const each[] = {"{'sid':'S1'}", "{'doc_number':'D1'}", "{'sid':'S2'}", "{'ucn':'U1'}"};
	for (int i = 0; i < 4; i++)
		say_fine(fixture, {"plain/1", A, each[i], NULL, 1, i});
	merge_fine(fixture, "{'sid':'S1','doc_number':'D1'}", "{'sid':'S2','ucn':'U1'}", 1, true);
	assert_int_equal(person_of(fixture, "ucn", "U1"), person_of(fixture, "doc_number", "D1"));
	assert_int_equal(person_of(fixture, "sid", "S2"), person_of(fixture, "sid", "S1"));
	assert_int_equal(person_of(fixture, "ucn", "U1"), person_of(fixture, "sid", "S1"));
}

static void a_later_message_with_both_is_no_conflict_any_more(void **state)
{
	struct record_fixture *fixture = *state;
	struct asked asked;
	const struct said both = {"plain/1", B, "{'sid':'S2','doc_number':'D1'}", NULL, 9, 9};
	say_fine(fixture, {"plain/1", A, "{'sid':'S1','doc_number':'D1'}", NULL, 1, 1});
	say_fine(fixture, {"plain/1", A, "{'sid':'S2'}", NULL, 1, 2});
	assert_ok(ask(fixture, &both, &asked));
	assert_int_not_equal(asked.plan.conflict[0], 0);
	asked_done(&asked);
	merge_fine(fixture, "{'sid':'S1'}", "{'sid':'S2'}", 1, true);
	assert_ok(ask(fixture, &both, &asked));
	assert_string_equal(asked.plan.conflict, "");
	assert_int_equal(asked.plan.persons_count, 1);
	asked_done(&asked);
}

static void what_names_nobody_is_refused(void **state)
{
	struct record_fixture *fixture = *state;
	bool changed = true;
	assert_int_equal(merge(fixture, "{}", "{'sid':'S1'}", 1, &changed).code, CODE_SCHEMA);
	assert_string_equal(fixture->err.field, "/parts/main/keep");
	assert_int_equal(merge(fixture, "{'sid':'S1'}", "{'oln':'1'}", 1, &changed).code, CODE_SCHEMA);
	assert_string_equal(fixture->err.field, "/parts/main/merge");
	assert_false(changed);
	assert_int_equal(person_of(fixture, "sid", "S1"), 0);
}

static void a_circle_in_a_damaged_store_ends(void **state)
{
	struct record_fixture *fixture = *state;
	int64_t root = 0;
	assert_ok(store_begin(fixture->store, &fixture->err));
	for (int64_t person = 1; person <= 2; person++) {
		struct record_row_key key = {.len = 0};
		record_row_key_add(&key, BYTES_LIT("m"));
		record_row_key_number(&key, person);
		assert_ok(store_row_put(fixture->store, STORE_PERSONS, record_row_key_view(&key),
		                        person == 1 ? BYTES_LIT("\x02") : BYTES_LIT("\x01"), &fixture->err));
	}
	assert_int_equal(record_person_root(fixture->store, 1, &root, &fixture->err).code, CODE_CORRUPT);
	store_rollback(fixture->store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(two_identities_become_one_with_all_they_had),
	    TEST(mergers_go_on_through_chains_and_never_in_a_circle),
	    TEST(identifiers_that_nobody_had_become_that_persons),
	    TEST(several_identities_on_either_side_become_one),
	    TEST(a_later_message_with_both_is_no_conflict_any_more),
	    TEST(what_names_nobody_is_refused),
	    TEST(a_circle_in_a_damaged_store_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
