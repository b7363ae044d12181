/* What the configuration says of parties. */
#include "unit/broker/exchange/exchange_fixture.h"

#include "broker/exchange/exchange_party.h"

static void knows_who_may_send_one_of_some_types(void **state)
{
	struct fixture *fixture = *state;
	static char *const tell[] = {(char *)(uintptr_t) "tell/1"}, *const either[] = {(char *)(uintptr_t) "hearing/1", (char *)(uintptr_t) "tell/1"};
	static char *const any[] = {(char *)(uintptr_t) "note/1"}, *const unknown[] = {(char *)(uintptr_t) "gone/1"};
	static const struct {
		const char *party;
		char *const *types;
		size_t count;
		bool may;
	} cases[] = {{POLICE, tell, 1, true},   {BOARD, tell, 1, false},     {BOARD, either, 2, true}, {VICTIMS, either, 2, false},
	             {VICTIMS, any, 1, true},   {"ct.gone", any, 1, false},  {POLICE, unknown, 1, false}, {VICTIMS, NULL, 0, true}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (exchange_party_may_send(&fixture->exchange, bytes_text(cases[i].party), cases[i].types, cases[i].count) != cases[i].may)
			fail_msg("case %zu", i);
}

static void lists_each_enrolled_party_once(void **state)
{
	struct fixture *fixture = *state;
	struct exchange_party_list list = {.at = NULL};
	exchange_party_list_add(&list, &fixture->settings, BYTES_LIT(POLICE));
	exchange_party_list_add(&list, &fixture->settings, BYTES_LIT("ct.gone"));
	exchange_party_list_add(&list, &fixture->settings, BYTES_LIT(POLICE));
	exchange_party_list_role(&list, &fixture->settings, "police");
	exchange_party_list_role(&list, &fixture->settings, "nobody");
	assert_int_equal(list.count, 2);
	assert_string_equal(list.at[0], POLICE);
	assert_string_equal(list.at[1], TOWN);
	exchange_party_list_done(&list);
	assert_int_equal(list.count, 0);
}

static void finds_several_supervisors_and_leaves_out_who_is_not_there(void **state)
{
	struct conf_pair pair = {.name = (char *)(uintptr_t)EXCHANGE_SUPERVISOR, .value = (char *)(uintptr_t) " ,ct.a, ct.gone,\tct.b,ct.a ,"};
	struct settings_party parties[] = {{.party = (char *)(uintptr_t) "ct.a"}, {.party = (char *)(uintptr_t) "ct.b", .attributes = {&pair, 1}}};
	struct settings settings = {.parties = {parties, 2}};
	struct exchange_party_list list = {.at = NULL};
	(void)state;
	exchange_party_list_supervisors(&list, &settings, BYTES_LIT("ct.a"));
	assert_int_equal(list.count, 0);
	exchange_party_list_supervisors(&list, &settings, BYTES_LIT("ct.b"));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.at[0], "ct.a");
	assert_string_equal(list.at[1], "ct.b");
	exchange_party_list_done(&list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_who_may_send_one_of_some_types),
		TEST(lists_each_enrolled_party_once),
		cmocka_unit_test(finds_several_supervisors_and_leaves_out_who_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
