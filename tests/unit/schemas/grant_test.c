/* What a consent says, read from the packed main part of its grant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "schemas/grant.h"
#include "schemas/json.h"

#define DAY_MS INT64_C(86400000)
#define MARCH INT64_C(1772323200000) /* 2026-03-01T00:00:00Z */

static struct buf packed;

static struct bytes pack(const char *json)
{
	struct err err;
	buf_clear(&packed);
	assert_int_equal(json_to_pack(bytes_text(json), &packed, &err).code, CODE_OK);
	return buf_bytes(&packed);
}

static int set_up(void **state)
{
	(void)state;
	buf_init(&packed, 65536);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_done(&packed);
	return 0;
}

static void days_begin_and_end_by_utc(void **state)
{
	struct bytes main = pack("{\"effective\":\"2026-03-01\",\"expires_on\":\"2026-03-02\"}");
	(void)state;
	assert_false(grant_has_begun(main, NULL, MARCH - 1));
	assert_true(grant_has_begun(main, NULL, MARCH));
	assert_false(grant_has_ended(main, NULL, MARCH + 2 * DAY_MS - 1));
	assert_true(grant_has_ended(main, NULL, MARCH + 2 * DAY_MS));
}

static void without_a_first_day_it_has_not_begun_and_without_a_last_it_does_not_end(void **state)
{
	struct bytes main = pack("{\"effective\":\"soon\"}");
	(void)state;
	assert_false(grant_has_begun(main, NULL, MARCH));
	assert_false(grant_has_ended(main, NULL, MARCH + 10000 * DAY_MS));
	assert_false(grant_has_begun(BYTES_NONE, NULL, MARCH));
}

static void names_are_whole_parties_of_the_right_list(void **state)
{
	struct bytes party, main = pack("{\"disclosers\":[\"org.clinic\"],\"recipients\":[\"ct.doc\",\"ct.jud\"]}");
	(void)state;
	assert_true(grant_names_discloser(main, BYTES_LIT("org.clinic")));
	assert_false(grant_names_discloser(main, BYTES_LIT("org.clini")));
	assert_false(grant_names_discloser(main, BYTES_LIT("ct.doc")));
	assert_true(grant_names_recipient(main, BYTES_LIT("ct.jud")));
	assert_false(grant_names_recipient(main, BYTES_LIT("org.clinic")));
	assert_false(grant_names_recipient(main, BYTES_NONE));
	assert_true(grant_recipient(main, 0, &party) && bytes_is(party, "ct.doc"));
	assert_true(grant_recipient(main, 1, &party) && bytes_is(party, "ct.jud"));
	assert_false(grant_recipient(main, 2, &party));
}

static void lists_that_are_none_name_nobody(void **state)
{
	static const char *const odd[] = {"{}", "{\"recipients\":\"ct.doc\"}", "{\"recipients\":[7]}", "{\"recipients\":{}}", "[]", "null"};
	struct bytes party;
	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		struct bytes main = pack(odd[i]);
		assert_false(grant_names_recipient(main, BYTES_LIT("ct.doc")));
		assert_false(grant_recipient(main, 0, &party));
	}
}

static void persons_are_told_apart_by_an_identifier_that_both_have(void **state)
{
	static const struct {
		const char *subject;
		bool other;
	} cases[] = {
		{"{\"sid\":\"CT01\"}", false},
		{"{\"sid\":\"ct01\"}", false},
		{"{\"sid\":\"CT02\"}", true},
		{"{\"sid\":\"CT02\",\"doc_number\":\"77\"}", false}, /* one is the same: two numbers of one person */
		{"{\"sid\":\"CT01\",\"doc_number\":\"78\"}", false},
		{"{\"referral_id\":\"R-1\"}", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf main;
		struct err err;
		buf_init(&main, 4096);
		assert_int_equal(json_to_pack(BYTES_LIT("{\"person\":{\"ids\":{\"sid\":\"CT01\",\"doc_number\":\"77\"}}}"), &main, &err).code, CODE_OK);
		if (grant_is_other_person(buf_bytes(&main), pack(cases[i].subject)) != cases[i].other)
			fail_msg("case %zu", i);
		assert_false(grant_is_other_person(buf_bytes(&main), BYTES_NONE));
		buf_done(&main);
	}
}

static void only_a_referral_consent_has_a_day_of_revocation(void **state)
{
	(void)state;
	assert_int_equal(grant_revocable_from(pack("{\"legal_basis\":\"2.35\",\"revocable_on\":\"2026-03-01\"}"), NULL), MARCH);
	assert_int_equal(grant_revocable_from(pack("{\"legal_basis\":\"2.31\",\"revocable_on\":\"2026-03-01\"}"), NULL), 0);
	assert_int_equal(grant_revocable_from(pack("{\"legal_basis\":\"2.35\"}"), NULL), 0);
	assert_int_equal(grant_revoked_at(pack("{\"revoked_at\":\"2026-03-01T00:00:00Z\"}")), MARCH);
	assert_int_equal(grant_revoked_at(pack("{\"revoked_at\":\"1960-01-01\"}")), 0);
	assert_int_equal(grant_revoked_at(pack("{}")), 0);
}

static void an_end_by_its_event_is_told_from_a_change_of_mind(void **state)
{
	(void)state;
	assert_true(grant_ends_by_event(pack("{\"event\":\"Discharge\"}")));
	assert_false(grant_ends_by_event(pack("{\"reason\":\"No more\"}")));
}

static void its_id_is_a_text_that_says_something(void **state)
{
	(void)state;
	assert_true(bytes_is(grant_id(pack("{\"consent_id\":\"C-1\"}")), "C-1"));
	assert_int_equal(grant_id(pack("{\"consent_id\":\"\"}")).len, 0);
	assert_int_equal(grant_id(pack("{\"consent_id\":7}")).len, 0);
	assert_int_equal(grant_id(BYTES_NONE).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_begin_and_end_by_utc),
		cmocka_unit_test(without_a_first_day_it_has_not_begun_and_without_a_last_it_does_not_end),
		cmocka_unit_test(names_are_whole_parties_of_the_right_list),
		cmocka_unit_test(lists_that_are_none_name_nobody),
		cmocka_unit_test(persons_are_told_apart_by_an_identifier_that_both_have),
		cmocka_unit_test(only_a_referral_consent_has_a_day_of_revocation),
		cmocka_unit_test(an_end_by_its_event_is_told_from_a_change_of_mind),
		cmocka_unit_test(its_id_is_a_text_that_says_something),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
