/* Subscriptions: who may have one, for how long, and who is told. */
#include "unit/broker/exchange/exchange_fixture.h"

#define IDS "{'doc_number':'00312845','sid':'CT01284417'}"
#define SUBSCRIBE(id, ids, topics, more) "{'subscription_id':'" id "','ids':" ids ",'topics':[" topics "],'reason':'R'," more "}"
#define UNTIL(day) "'until':'" day "'"

static enum code send(struct fixture *fixture, const char *type, const char *from, const char *main)
{
	return fixture_send(fixture, &(struct fixture_message){.type = type, .from = from, .to = {NULL}, .main = main});
}

static void hear(void *ctx, const char *party)
{
	buf_printf(ctx, "%s ", party);
}

/* Names of those who are told, each with a space behind it; owned. */
static char *told(struct fixture *fixture, const char *topic, const struct identifier *ids, size_t count)
{
	struct buf names;
	buf_init(&names, FIXTURE_MAX);
	assert_ok(exchange_subscribers(fixture->exchange.store, topic, ids, count, clock_wall_ms(), hear, &names, &fixture->err));
	char *text = bytes_dup_text(buf_bytes(&names));
	buf_done(&names);
	return text;
}

static void expect(struct fixture *fixture, const char *topic, const char *kind, const char *value, const char *names)
{
	const struct identifier id = {.kind = bytes_text(kind), .value = bytes_text(value)};
	AUTO_FREE char *heard = told(fixture, topic, &id, 1);
	if (strcmp(heard, names) != 0)
		fail_msg("of %s %s %s: %s", topic, kind, value, heard);
}

static void tells_who_subscribed_to_the_person_and_the_topic(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-1", IDS, "'arrest','release'", UNTIL("2026-06-30"))), CODE_OK);
	assert_int_equal(send(fixture, "sub/1", TOWN, SUBSCRIBE("S-2", "{'sid':'CT01284417'}", "'release'", UNTIL("2026-06-30"))), CODE_OK);
	expect(fixture, "arrest", "doc_number", "00312845", POLICE " ");
	expect(fixture, "release", "sid", "CT01284417", POLICE " " TOWN " ");
	expect(fixture, "release", "doc_number", "00312845", POLICE " ");
	expect(fixture, "warrant", "doc_number", "00312845", "");
	expect(fixture, "releas", "doc_number", "00312845", "");
	expect(fixture, "release", "doc_number", "0031284", "");
	expect(fixture, "release", "sid", "00312845", "");
}

static void tells_each_party_once_of_several_identifiers(void **state)
{
	struct fixture *fixture = *state;
	const struct identifier ids[] = {{.kind = BYTES_LIT("sid"), .value = BYTES_LIT("CT01284417")},
	                                  {.kind = BYTES_LIT("doc_number"), .value = BYTES_LIT("00312845")}};
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-1", IDS, "'arrest'", UNTIL("2026-06-30"))), CODE_OK);
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-2", IDS, "'arrest'", UNTIL("2026-06-30"))), CODE_OK);
	AUTO_FREE char *heard = told(fixture, "arrest", ids, 2);
	assert_string_equal(heard, POLICE " ");
	AUTO_FREE char *nobody = told(fixture, NULL, ids, 2);
	assert_string_equal(nobody, "");
}

static void begins_and_ends_with_its_days(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-1", IDS, "'arrest'", "'from':'2026-03-04'," UNTIL("2026-03-05"))), CODE_OK);
	static const struct {
		const char *at;
		bool is_told;
	} cases[] = {{"2026-03-04T04:59:59.999Z", false}, {"2026-03-04T05:00:00Z", true}, {"2026-03-06T04:59:59.999Z", true}, {"2026-03-06T05:00:00Z", false}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		clock_turn(fixture_at(cases[i].at) - clock_wall_ms());
		expect(fixture, "arrest", "sid", "CT01284417", cases[i].is_told ? POLICE " " : "");
	}
	assert_int_equal(fixture_next(fixture), clock_wall_ms());
	fixture_wait(fixture, 0);
	assert_int_equal(fixture_next(fixture), 0);
	assert_silent(fixture);
}

static void refuses_what_cannot_be_kept(void **state)
{
	static const struct {
		const char *type, *from, *main;
		enum code code;
		const char *field;
	} cases[] = {
		{"sub/1", TOWN, SUBSCRIBE("S-2", IDS, "'arrest'", UNTIL("2026-03-01")), CODE_SCHEMA, "/parts/main/until"},
		{"sub/1", TOWN, SUBSCRIBE("S-2", IDS, "'arrest'", UNTIL("2026-03-02")), CODE_OK, NULL}, /* today */
		{"sub/1", TOWN, SUBSCRIBE("S-3", IDS, "'arrest'", UNTIL("2027-04-06")), CODE_OK, NULL}, /* 400 days */
		{"sub/1", TOWN, SUBSCRIBE("S-4", IDS, "'arrest'", UNTIL("2027-04-08")), CODE_SCHEMA, "/parts/main/until"},
		{"sub/1", TOWN, SUBSCRIBE("S-4", IDS, "'arrest'", "'from':'2026-05-02'," UNTIL("2026-05-01")), CODE_SCHEMA, "/parts/main/from"},
		{"sub/1", TOWN, SUBSCRIBE("S-4", "{}", "'arrest'", UNTIL("2026-05-01")), CODE_SCHEMA, "/parts/main/ids"},
		{"sub/1", TOWN, SUBSCRIBE("S-4", "{'ols':'CT'}", "'arrest'", UNTIL("2026-05-01")), CODE_SCHEMA, "/parts/main/ids"},
		{"sub/1", TOWN, SUBSCRIBE("S-1", IDS, "'arrest'", UNTIL("2026-05-01")), CODE_DUPLICATE_CONFLICT, "/parts/main/subscription_id"},
		{"sub/1", TOWN, "{}", CODE_SCHEMA, "/parts/main/subscription_id"},
		{"renew/1", TOWN, "{'subscription_id':'S-9'," UNTIL("2026-05-01") "}", CODE_NOT_FOUND, "/parts/main/subscription_id"},
		{"renew/1", TOWN, "{'subscription_id':'S-1'," UNTIL("2026-05-01") "}", CODE_AUTHORITY, "/from"},
		{"renew/1", POLICE, "{'subscription_id':'S-1'," UNTIL("2026-03-01") "}", CODE_SCHEMA, "/parts/main/until"},
		{"renew/1", POLICE, "{'subscription_id':'S-1'," UNTIL("2028-03-01") "}", CODE_SCHEMA, "/parts/main/until"},
		{"unsub/1", TOWN, "{'subscription_id':'S-9'}", CODE_NOT_FOUND, "/parts/main/subscription_id"},
		{"unsub/1", TOWN, "{'subscription_id':'S-1'}", CODE_AUTHORITY, "/from"},
	};
	struct fixture *fixture = *state;
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-1", IDS, "'arrest'", UNTIL("2026-06-30"))), CODE_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum code code = send(fixture, cases[i].type, cases[i].from, cases[i].main);
		if (code != cases[i].code || (code && strcmp(fixture->err.field, cases[i].field) != 0))
			fail_msg("case %zu: %s %s %s", i, code_text(code), fixture->err.field, fixture->err.reason);
	}
}

static void is_renewed_and_ended_by_who_has_it(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-1", IDS, "'arrest'", UNTIL("2026-03-05"))), CODE_OK);
	assert_int_equal(send(fixture, "renew/1", POLICE, "{'subscription_id':'S-1'," UNTIL("2026-04-05") "}"), CODE_OK);
	fixture_wait(fixture, 20 * FIXTURE_DAY);
	expect(fixture, "arrest", "sid", "CT01284417", POLICE " ");
	assert_int_equal(send(fixture, "unsub/1", POLICE, "{'subscription_id':'S-1'}"), CODE_OK);
	expect(fixture, "arrest", "sid", "CT01284417", "");
	assert_int_equal(fixture_next(fixture), 0);
	assert_int_equal(send(fixture, "unsub/1", POLICE, "{'subscription_id':'S-1'}"), CODE_NOT_FOUND);
}

static void is_replaced_by_its_own_party(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-1", IDS, "'arrest'", UNTIL("2026-03-05"))), CODE_OK);
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-1", "{'ucn':'123456AB7'}", "'release'", UNTIL("2026-04-05"))), CODE_OK);
	expect(fixture, "arrest", "sid", "CT01284417", "");
	expect(fixture, "release", "sid", "CT01284417", "");
	expect(fixture, "release", "ucn", "123456AB7", POLICE " ");
}

static void leaves_its_id_to_others_when_it_is_over(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-1", IDS, "'arrest'", UNTIL("2026-03-05"))), CODE_OK);
	clock_turn(10 * FIXTURE_DAY);
	assert_int_equal(send(fixture, "renew/1", POLICE, "{'subscription_id':'S-1'," UNTIL("2026-05-01") "}"), CODE_NOT_FOUND);
	assert_int_equal(send(fixture, "sub/1", TOWN, SUBSCRIBE("S-1", IDS, "'arrest'", UNTIL("2026-05-05"))), CODE_OK);
	fixture_wait(fixture, 0);
	expect(fixture, "arrest", "sid", "CT01284417", TOWN " ");
}

static void counts_a_licence_only_with_its_state(void **state)
{
	struct fixture *fixture = *state;
	struct identifier id = {.kind = BYTES_LIT("oln"), .value = BYTES_LIT("184420917"), .issuer = BYTES_LIT("CT")};
	assert_int_equal(send(fixture, "sub/1", POLICE, SUBSCRIBE("S-1", "{'oln':'184420917','ols':'CT'}", "'arrest'", UNTIL("2026-03-05"))), CODE_OK);
	AUTO_FREE char *same = told(fixture, "arrest", &id, 1);
	assert_string_equal(same, POLICE " ");
	id.issuer = BYTES_LIT("MA");
	AUTO_FREE char *other = told(fixture, "arrest", &id, 1);
	assert_string_equal(other, "");
	expect(fixture, "arrest", "oln", "184420917", "");
}

static void survives_a_restart(void **state)
{
	struct fixture fixture;
	(void)state;
	clock_freeze(1772442720412);
	fixture_open(&fixture, true);
	assert_int_equal(send(&fixture, "sub/1", POLICE, SUBSCRIBE("S-1", IDS, "'arrest'", UNTIL("2026-03-05"))), CODE_OK);
	fixture_restart(&fixture);
	expect(&fixture, "arrest", "sid", "CT01284417", POLICE " ");
	fixture_wait(&fixture, 10 * FIXTURE_DAY);
	assert_int_equal(fixture_next(&fixture), 0);
	fixture_close(&fixture);
	clock_release();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_who_subscribed_to_the_person_and_the_topic),
		TEST(tells_each_party_once_of_several_identifiers),
		TEST(begins_and_ends_with_its_days),
		TEST(refuses_what_cannot_be_kept),
		TEST(is_renewed_and_ended_by_who_has_it),
		TEST(is_replaced_by_its_own_party),
		TEST(leaves_its_id_to_others_when_it_is_over),
		TEST(counts_a_licence_only_with_its_state),
		cmocka_unit_test(survives_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
