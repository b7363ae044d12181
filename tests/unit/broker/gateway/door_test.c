#include "unit/certs/pki_fixture.h"

#include "broker/gateway/door.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static struct sockaddr_storage at(const char *text)
{
	struct sockaddr_storage from = {0};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = 1};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = 1};
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		memcpy(&from, &four, sizeof(four));
	else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
		memcpy(&from, &six, sizeof(six));
	else
		fail_msg("no address: %s", text);
	return from;
}

static enum code enter(struct door *door, const char *from, int64_t now_us, struct door_source **ret)
{
	struct sockaddr_storage where = at(from);
	struct door_source *source = NULL;
	struct err why;
	result r = door_enter(door, &where, now_us, &source, &why);
	if (FAILED(r))
		assert_true(why.reason[0] && why.field[0]);
	if (ret)
		*ret = source;
	return r.code;
}

static void know(struct door *door, const char *from)
{
	struct sockaddr_storage where = at(from);
	door_know(door, &where, 0);
}

static void one_address_has_its_share_and_no_more(void **state)
{
	struct door *door = door_new(&(struct door_limits){.at_once = 100, .source_at_once = 2});
	struct door_source *first = NULL;
	(void)state;
	assert_int_equal(enter(door, "192.0.2.1", 0, &first), CODE_OK);
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_OK);
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_BUSY);
	assert_int_equal(enter(door, "192.0.2.2", 0, NULL), CODE_OK);
	door_leave(door, first);
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_OK);
	door_free(door);
}

static void one_address_comes_no_faster_than_it_may(void **state)
{
	struct door *door = door_new(&(struct door_limits){.at_once = 100, .source_at_once = 100, .source_rate = 2});
	struct door_source *source = NULL;
	(void)state;
	for (int i = 0; i < 2 * DOOR_BURST_S; i++) {
		assert_int_equal(enter(door, "192.0.2.1", 0, &source), CODE_OK);
		door_leave(door, source);
	}
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_RATE);
	assert_int_equal(enter(door, "192.0.2.2", 0, NULL), CODE_OK);
	assert_int_equal(enter(door, "192.0.2.1", 500000, NULL), CODE_OK);
	assert_int_equal(enter(door, "192.0.2.1", 500000, NULL), CODE_RATE);
	door_free(door);
}

static void a_storm_of_strangers_does_not_use_up_what_is_known(void **state)
{
	struct door *door = door_new(&(struct door_limits){.at_once = 1000, .source_at_once = 1000, .rate = 10});
	char from[32];
	(void)state;
	know(door, "192.0.2.1");
	for (int i = 0; i < 10 * DOOR_BURST_S; i++) {
		snprintf(from, sizeof(from), "198.51.100.%d", i);
		assert_int_equal(enter(door, from, 0, NULL), CODE_OK);
	}
	assert_int_equal(enter(door, "203.0.113.9", 0, NULL), CODE_RATE);
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_OK);
	door_free(door);
}

static void who_has_most_makes_room_and_strangers_before_the_known(void **state)
{
	struct door *door = door_new(&(struct door_limits){.at_once = 3, .source_at_once = 3});
	struct door_source *many = NULL, *known = NULL, *one = NULL;
	(void)state;
	know(door, "192.0.2.2");
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_OK);
	assert_int_equal(enter(door, "192.0.2.1", 0, &many), CODE_OK);
	assert_int_equal(enter(door, "192.0.2.2", 0, &known), CODE_OK);
	assert_false(door_is_overfull(door));
	assert_int_equal(enter(door, "192.0.2.3", 0, &one), CODE_OK);
	assert_true(door_is_overfull(door));
	assert_true(door_weight(many) > door_weight(one) && door_weight(one) > door_weight(known));
	door_leave(door, many);
	assert_false(door_is_overfull(door));
	door_free(door);
}

static void a_network_of_ipv6_is_one_address_and_a_mapped_one_is_ipv4(void **state)
{
	struct door *door = door_new(&(struct door_limits){.at_once = 100, .source_at_once = 1});
	(void)state;
	assert_int_equal(enter(door, "2001:db8:0:1::1", 0, NULL), CODE_OK);
	assert_int_equal(enter(door, "2001:db8:0:1:ffff::2", 0, NULL), CODE_BUSY);
	assert_int_equal(enter(door, "2001:db8:0:2::1", 0, NULL), CODE_OK);
	assert_int_equal(enter(door, "::ffff:192.0.2.1", 0, NULL), CODE_OK);
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_BUSY);
	assert_int_equal(enter(door, "::ffff:192.0.2.2", 0, NULL), CODE_OK);
	door_free(door);
}

static void remembers_no_more_addresses_than_it_may_and_the_known_the_longest(void **state)
{
	struct door *door = door_new(&(struct door_limits){.at_once = 10, .source_at_once = 1, .rate = 1});
	struct door_source *held = NULL, *source = NULL;
	char from[32];
	(void)state;
	know(door, "192.0.2.1");
	assert_int_equal(enter(door, "192.0.2.2", 0, &held), CODE_OK);
	for (int i = 0; i < 3 * DOOR_SOURCES_MAX; i++) {
		snprintf(from, sizeof(from), "10.%d.%d.1", i / 256, i % 256);
		if (enter(door, from, (int64_t)i * 1000, &source) == CODE_OK)
			door_leave(door, source);
	}
	assert_int_equal(enter(door, "192.0.2.2", 0, NULL), CODE_BUSY); /* who waits is never forgotten */
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_OK);   /* though the strangers' share is used up */
	door_leave(door, held);
	door_free(door);
}

static void other_limits_hold_at_once(void **state)
{
	struct door *door = door_new(&(struct door_limits){.at_once = 100, .source_at_once = 100});
	(void)state;
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_OK);
	door_set(door, &(struct door_limits){.at_once = 100, .source_at_once = 1});
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_BUSY);
	door_set(door, &(struct door_limits){.at_once = 100, .source_at_once = 9, .source_rate = 1});
	assert_int_equal(enter(door, "192.0.2.1", 0, NULL), CODE_RATE); /* what was no pace before has nothing at hand */
	assert_int_equal(enter(door, "192.0.2.1", 2000000, NULL), CODE_OK);
	door_free(door);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_address_has_its_share_and_no_more),
		cmocka_unit_test(one_address_comes_no_faster_than_it_may),
		cmocka_unit_test(a_storm_of_strangers_does_not_use_up_what_is_known),
		cmocka_unit_test(who_has_most_makes_room_and_strangers_before_the_known),
		cmocka_unit_test(a_network_of_ipv6_is_one_address_and_a_mapped_one_is_ipv4),
		cmocka_unit_test(remembers_no_more_addresses_than_it_may_and_the_known_the_longest),
		cmocka_unit_test(other_limits_hold_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
