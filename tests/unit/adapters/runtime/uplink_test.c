/* The uplink's table: every event in every state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adapters/runtime/uplink.h"

/* A row for each state, in the order of the events: dial, resolved, opened, welcomed, failed, left. */
#define STAYS UPLINK_STATE_COUNT
static const enum uplink_state expected[UPLINK_STATE_COUNT][UPLINK_EVENT_COUNT] = {
	[UPLINK_WAITING] = {UPLINK_RESOLVING, STAYS, STAYS, STAYS, STAYS, STAYS},
	[UPLINK_RESOLVING] = {STAYS, UPLINK_CONNECTING, STAYS, STAYS, UPLINK_WAITING, STAYS},
	[UPLINK_CONNECTING] = {STAYS, STAYS, UPLINK_GREETING, STAYS, UPLINK_WAITING, UPLINK_CLOSING},
	[UPLINK_GREETING] = {STAYS, STAYS, STAYS, UPLINK_OPEN, UPLINK_WAITING, UPLINK_CLOSING},
	[UPLINK_OPEN] = {STAYS, STAYS, STAYS, STAYS, UPLINK_WAITING, UPLINK_CLOSING},
	[UPLINK_CLOSING] = {STAYS, STAYS, STAYS, STAYS, UPLINK_WAITING, STAYS},
};

static void every_event_in_every_state_leads_where_it_should(void **state)
{
	(void)state;
	for (int from = 0; from < UPLINK_STATE_COUNT; from++)
		for (int event = 0; event < UPLINK_EVENT_COUNT; event++) {
			enum uplink_state to = expected[from][event] == STAYS ? (enum uplink_state)from : expected[from][event];
			if (uplink_next((enum uplink_state)from, (enum uplink_event)event) != to)
				fail_msg("%s, event %d: %s", uplink_state_text((enum uplink_state)from), event,
				         uplink_state_text(uplink_next((enum uplink_state)from, (enum uplink_event)event)));
		}
}

static void no_state_is_a_dead_end_and_all_are_reached(void **state)
{
	bool reached[UPLINK_STATE_COUNT] = {[UPLINK_WAITING] = true};
	(void)state;
	for (int round = 0; round < UPLINK_STATE_COUNT; round++)
		for (int from = 0; from < UPLINK_STATE_COUNT; from++) {
			bool leaves = false;
			for (int event = 0; event < UPLINK_EVENT_COUNT; event++) {
				enum uplink_state to = uplink_next((enum uplink_state)from, (enum uplink_event)event);
				leaves |= (int)to != from;
				reached[to] |= reached[from];
			}
			assert_true(leaves);
		}
	for (int at = 0; at < UPLINK_STATE_COUNT; at++)
		assert_true(reached[at]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state_leads_where_it_should),
		cmocka_unit_test(no_state_is_a_dead_end_and_all_are_reached),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
