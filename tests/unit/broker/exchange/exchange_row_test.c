/* Keys, and rows that wait for an instant. */
#include "unit/broker/exchange/exchange_fixture.h"

#include "broker/exchange/exchange_row.h"

static void orders_what_waits_by_its_instant(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->exchange.store;
	static const int64_t instants[] = {70000, 255, 256, INT64_MAX, 1};
	static const int64_t sorted[] = {1, 255, 256, 70000, INT64_MAX};
	struct exchange_key name;
	int64_t at = 0;
	for (size_t i = 0; i < 5; i++)
		assert_ok(exchange_row_wake(store, STORE_EXCHANGES, 0, instants[i], BYTES_LIT("n"), &fixture->err));
	for (size_t i = 0; i < 5; i++) {
		assert_ok(exchange_row_first(store, STORE_EXCHANGES, &at, &name, &fixture->err));
		assert_int_equal(at, sorted[i]);
		assert_true(bytes_is(exchange_row_key_bytes(&name), "n"));
		assert_ok(exchange_row_wake(store, STORE_EXCHANGES, at, 0, exchange_row_key_bytes(&name), &fixture->err));
	}
	assert_ok(exchange_row_first(store, STORE_EXCHANGES, &at, NULL, &fixture->err));
	assert_int_equal(at, 0);
}

static void moves_what_waits_to_another_instant(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->exchange.store;
	int64_t at = 0;
	assert_ok(exchange_row_wake(store, STORE_EXCHANGES, 0, 10, BYTES_LIT("n"), &fixture->err));
	assert_ok(exchange_row_wake(store, STORE_EXCHANGES, 10, 20, BYTES_LIT("n"), &fixture->err));
	assert_ok(exchange_row_first(store, STORE_EXCHANGES, &at, NULL, &fixture->err));
	assert_int_equal(at, 20);
}

static void refuses_an_instant_that_is_damaged(void **state)
{
	struct fixture *fixture = *state;
	int64_t at = 0;
	assert_ok(store_row_put(fixture->exchange.store, STORE_EXCHANGES, BYTES_LIT("t123"), BYTES_NONE, &fixture->err));
	assert_code(exchange_row_first(fixture->exchange.store, STORE_EXCHANGES, &at, NULL, &fixture->err), CODE_CORRUPT);
}

static void walks_only_what_begins_with_the_prefix(void **state)
{
	struct fixture *fixture = *state;
	static const char *const texts[] = {"a", "b1", "b2", "c"};
	struct exchange_key prefix = exchange_row_key('b'), key = {.len = 0};
	bool found = true;
	size_t count = 0;
	for (size_t i = 0; i < 4; i++)
		assert_ok(store_row_put(fixture->exchange.store, STORE_EXCHANGES, bytes_text(texts[i]), BYTES_LIT("value"), &fixture->err));
	while (found) {
		assert_ok(exchange_row_walk(fixture->exchange.store, STORE_EXCHANGES, &prefix, &key, &found, &fixture->err));
		if (found)
			assert_true(bytes_is(exchange_row_key_bytes(&key), texts[++count]));
	}
	assert_int_equal(count, 2);
}

static void keeps_neighbouring_names_apart(void **state)
{
	const struct identifier ids[] = {{.kind = BYTES_LIT("sid"), .value = BYTES_LIT("CT1")}, {.kind = BYTES_LIT("sidC"), .value = BYTES_LIT("T1")},
	                                  {.kind = BYTES_LIT("sid"), .value = BYTES_LIT("CT"), .issuer = BYTES_LIT("1")}};
	struct exchange_key keys[3];
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		keys[i] = exchange_row_key('p');
		exchange_row_key_id(&keys[i], &ids[i]);
		for (size_t other = 0; other < i; other++)
			assert_false(bytes_equal(exchange_row_key_bytes(&keys[i]), exchange_row_key_bytes(&keys[other])));
	}
}

static void cuts_what_is_longer_than_a_key(void **state)
{
	static const uint8_t much[4 * STORE_KEY_MAX] = {1};
	struct exchange_key key = exchange_row_key('p');
	(void)state;
	exchange_row_key_text(&key, bytes_of(much, sizeof(much)));
	assert_int_equal(key.len, 1 + EXCHANGE_ROW_NAME_MAX + 1);
	exchange_row_key_raw(&key, bytes_of(much, sizeof(much)));
	assert_int_equal(key.len, STORE_KEY_MAX);
	exchange_row_key_text(&key, BYTES_LIT("more"));
	assert_int_equal(key.len, STORE_KEY_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(orders_what_waits_by_its_instant),
		TEST(moves_what_waits_to_another_instant),
		TEST(refuses_an_instant_that_is_damaged),
		TEST(walks_only_what_begins_with_the_prefix),
		cmocka_unit_test(keeps_neighbouring_names_apart),
		cmocka_unit_test(cuts_what_is_longer_than_a_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
