#include "unit/broker/hub_fixture.h"

#include "broker/gateway/link.h"

static void every_pair_of_state_and_event_is_a_decision(void **state)
{
	(void)state;
	for (int s = 0; s < LINK_STATE_COUNT; s++)
		for (int e = 0; e < LINK_EVENT_COUNT; e++) {
			const struct link_row *row = link_row((enum link_state)s, (enum link_event)e);
			if (!row)
				fail_msg("nothing is decided for %s in %s", link_event_text((enum link_event)e), link_state_text((enum link_state)s));
			assert_int_equal(row->state, s);
			assert_int_equal(row->event, e);
			assert_true(row->action < LINK_ACTION_COUNT && row->next < LINK_STATE_COUNT);
		}
}

static void only_moves_forward(void **state)
{
	(void)state;
	for (int s = 0; s < LINK_STATE_COUNT; s++)
		for (int e = 0; e < LINK_EVENT_COUNT; e++)
			assert_true(link_row((enum link_state)s, (enum link_event)e)->next >= (enum link_state)s);
}

static void is_decided_as_documented(void **state)
{
	static const struct link_row expected[] = {
		{LINK_HANDSHAKE, LINK_ON_SECURED, LINK_HELLO, LINK_DO_AWAIT},
		{LINK_HELLO, LINK_ON_HELLO, LINK_GREETED, LINK_DO_GREET},
		{LINK_GREETED, LINK_ON_WELCOME, LINK_OPEN, LINK_DO_BEGIN},
		{LINK_OPEN, LINK_ON_WORK, LINK_OPEN, LINK_DO_WORK},
		{LINK_OPEN, LINK_ON_WELCOME, LINK_OPEN, LINK_DO_PASS},
		/* Nobody works before WELCOME, and nobody says HELLO twice. */
		{LINK_HELLO, LINK_ON_WORK, LINK_CLOSING, LINK_DO_BREAK_OFF},
		{LINK_GREETED, LINK_ON_WORK, LINK_CLOSING, LINK_DO_BREAK_OFF},
		{LINK_GREETED, LINK_ON_HELLO, LINK_CLOSING, LINK_DO_BREAK_OFF},
		{LINK_OPEN, LINK_ON_HELLO, LINK_CLOSING, LINK_DO_BREAK_OFF},
		/* No word can be said before TLS stands. */
		{LINK_HANDSHAKE, LINK_ON_REFUSE, LINK_CLOSING, LINK_DO_HANG_UP},
		{LINK_OPEN, LINK_ON_REFUSE, LINK_CLOSING, LINK_DO_DISMISS},
		{LINK_CLOSING, LINK_ON_WORK, LINK_CLOSING, LINK_DO_NOTHING},
		{LINK_CLOSING, LINK_ON_GONE, LINK_CLOSED, LINK_DO_BURY},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		const struct link_row *row = link_row(expected[i].state, expected[i].event);
		assert_int_equal(row->next, expected[i].next);
		assert_int_equal(row->action, expected[i].action);
	}
}

static void ends_from_every_state_when_the_connection_is_gone(void **state)
{
	(void)state;
	for (int s = 0; s < LINK_CLOSED; s++) {
		assert_int_equal(link_row((enum link_state)s, LINK_ON_GONE)->next, LINK_CLOSED);
		assert_int_equal(link_row((enum link_state)s, LINK_ON_GONE)->action, LINK_DO_BURY);
		assert_true(link_row((enum link_state)s, LINK_ON_REFUSE)->next >= LINK_CLOSING);
	}
	for (int e = 0; e < LINK_EVENT_COUNT; e++)
		assert_int_equal(link_row(LINK_CLOSED, (enum link_event)e)->action, LINK_DO_NOTHING);
}

static void counts_refusals_by_code(void **state)
{
	struct link_home home = {.refusals = {.burst = 1}};
	struct metric *metric = metric_counter("liaison_links_refused", "", "code", "not_enrolled");
	struct err why;
	int64_t before = metric_value(metric);
	(void)state;
	err_set(&why, CODE_NOT_ENROLLED, "", "test");
	for (int i = 0; i < 3; i++)
		link_refused(&home, "ct.stranger", NULL, &why);
	assert_int_equal(metric_value(metric) - before, 3);
	assert_int_equal(home.refusals.passed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_of_state_and_event_is_a_decision),
		cmocka_unit_test(only_moves_forward),
		cmocka_unit_test(is_decided_as_documented),
		cmocka_unit_test(ends_from_every_state_when_the_connection_is_gone),
		cmocka_unit_test(counts_refusals_by_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
