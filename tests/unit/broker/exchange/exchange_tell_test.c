/* Who hears of what is overdue, and in which words. */
#include "unit/broker/exchange/exchange_fixture.h"

#include "broker/exchange/exchange_tell.h"

static void tell(struct fixture *fixture, const char *from, const struct bytes *owing, size_t count, int64_t request_no)
{
	struct uuid id = uuid_new();
	const struct exchange_overdue overdue = {.id = id.at, .thread = id.at, .type = BYTES_LIT("ask/1"), .from = bytes_text(from), .due = 1772442720412,
	                                         .at = 1772442720413, .request_no = request_no, .owing = owing, .owing_count = count};
	assert_ok(exchange_tell_overdue(&fixture->exchange, &overdue, &fixture->err));
}

static void tells_each_party_once_also_one_that_is_both(void **state)
{
	struct fixture *fixture = *state;
	const struct bytes owing[] = {BYTES_LIT(CHIEF), BYTES_LIT(POLICE)};
	tell(fixture, OFFICE, owing, 2, 0);
	assert_int_equal(fixture->said_count, 3);
	assert_heard(fixture, CHIEF, "\"party\":\"" CHIEF "\""); /* as one who owes, not as the supervisor that it is too */
}

static void tells_the_supervisor_of_who_owes(void **state)
{
	struct fixture *fixture = *state;
	const struct bytes owing[] = {BYTES_LIT(OFFICE)};
	tell(fixture, POLICE, owing, 1, 0);
	assert_heard(fixture, CHIEF, "an answer was due by 2026-03-02T09:12:00.412Z; it is owed by " OFFICE);
	assert_heard(fixture, CHIEF, "\"at\":\"2026-03-02T09:12:00.413Z\"");
	assert_int_equal(fixture->said_count, 3);
}

static void names_three_and_counts_the_rest(void **state)
{
	struct fixture *fixture = *state;
	const struct bytes owing[] = {BYTES_LIT(BOARD), BYTES_LIT(JAIL), BYTES_LIT(POLICE), BYTES_LIT(TOWN), BYTES_LIT(VICTIMS)};
	tell(fixture, OFFICE, owing, 5, 0);
	assert_heard(fixture, OFFICE, "it is owed by " BOARD ", " JAIL ", " POLICE " and 2 more");
}

static void cuts_a_reason_that_would_not_fit(void **state)
{
	struct fixture *fixture = *state;
	char name[97];
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	const struct bytes owing[] = {bytes_text(name), bytes_text(name), bytes_text(name), bytes_text(name)};
	tell(fixture, OFFICE, owing, 4, 2);
	assert_heard(fixture, OFFICE, "request 2 was to be answered by 2026-03-02T09:12:00.412Z; it is owed by aaaa");
	assert_false(fixture_heard(fixture, OFFICE, "and 1 more"));
}

static void escalates_only_the_last_request(void **state)
{
	struct fixture *fixture = *state;
	const struct bytes owing[] = {BYTES_LIT(POLICE)};
	tell(fixture, OFFICE, owing, 1, EXCHANGE_TELL_LAST_REQUEST - 1);
	assert_false(fixture_heard(fixture, CONTROL, ""));
	fixture_forget(fixture);
	tell(fixture, OFFICE, owing, 1, EXCHANGE_TELL_LAST_REQUEST);
	assert_heard(fixture, CONTROL, "\"event\":\"escalated\"");
	assert_heard(fixture, CHIEF, "\"event\":\"escalated\"");
	assert_false(fixture_heard(fixture, CHIEF, "\"event\":\"overdue\""));
	assert_heard(fixture, OFFICE, "\"event\":\"overdue\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_each_party_once_also_one_that_is_both),
		TEST(tells_the_supervisor_of_who_owes),
		TEST(names_three_and_counts_the_rest),
		TEST(cuts_a_reason_that_would_not_fit),
		TEST(escalates_only_the_last_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
