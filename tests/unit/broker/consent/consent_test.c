/* The registry of consents: granting, revoking, and what a consent says of a disclosure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/consent/consent.h"
#include "schemas/json.h"

#define CLINIC "org.recovery"
#define OFFICE "ct.doc.parole"
#define COURT "ct.jud"
#define POLICE "ct.police"

#define GRANT(basis, more) \
	"{\"consent_id\":\"C-1\",\"person\":{\"ids\":{\"doc_number\":\"00312845\"}},\"disclosers\":[\"" CLINIC "\"],\"recipients\":[\"" OFFICE \
	"\",\"" COURT "\"],\"info\":[\"attendance\"],\"purpose\":\"parole\",\"legal_basis\":\"" basis \
	"\",\"effective\":\"2026-03-01\",\"signed_on\":\"2026-02-27\"" more "}"
#define REVOKE(at) "{\"consent_id\":\"C-1\",\"revoked_at\":\"" at "\"}"

#define assert_code(call, expected) assert_int_equal((call).code, (expected))
#define assert_ok(call) assert_code(call, CODE_OK)

struct registry {
	struct store *store;
	struct err err;
};

static int set_up(void **state)
{
	struct registry *registry = mem_alloc(sizeof(*registry));
	assert_ok(store_memory_open(&registry->store, &registry->err));
	assert_ok(store_begin(registry->store, &registry->err));
	*state = registry;
	return 0;
}

static int tear_down(void **state)
{
	struct registry *registry = *state;
	store_close(registry->store);
	mem_free(registry);
	return 0;
}

static int64_t at(const char *time)
{
	int64_t ms = 0;
	struct err err;
	assert_ok(clock_parse(bytes_text(time), &ms, &err));
	return ms;
}

static void pack(const char *json, struct buf *out)
{
	struct err err;
	buf_init(out, 8192);
	assert_ok(json_to_pack(bytes_text(json), out, &err));
}

static enum code grant(struct registry *registry, const char *by, const char *json)
{
	struct buf main;
	pack(json, &main);
	enum code checked = consent_check_grant(registry->store, buf_bytes(&main), &registry->err).code;
	enum code code = consent_grant(registry->store, by, at("2026-02-28"), buf_bytes(&main), &registry->err).code;
	assert_int_equal(checked, code);
	buf_done(&main);
	return code;
}

static enum code revoke(struct registry *registry, const char *by, const char *json)
{
	struct buf main;
	pack(json, &main);
	enum code checked = consent_check_revoke(registry->store, by, at("2026-04-01T12:00:00Z"), buf_bytes(&main), NULL, &registry->err).code;
	enum code code = consent_revoke(registry->store, by, at("2026-04-01T12:00:00Z"), buf_bytes(&main), NULL, &registry->err).code;
	assert_int_equal(checked, code);
	buf_done(&main);
	return code;
}

struct ask {
	const char *id, *discloser, *recipient, *now, *subject;
};

static enum consent_state judge(struct registry *registry, const struct ask *ask)
{
	struct consent consent;
	struct buf subject;
	consent_init(&consent);
	pack(ask->subject ? ask->subject : "{}", &subject);
	assert_ok(consent_load(registry->store, bytes_text(ask->id ? ask->id : "C-1"), &consent, &registry->err));
	struct consent_question question = {.consent = &consent, .discloser = ask->discloser ? ask->discloser : CLINIC,
	                                    .subject = ask->subject ? buf_bytes(&subject) : BYTES_NONE, .now = at(ask->now ? ask->now : "2026-03-15")};
	enum consent_state state = consent_judge(&question, ask->recipient);
	consent_done(&consent);
	buf_done(&subject);
	return state;
}

static void a_grant_holds_for_those_whom_it_names_from_its_first_to_its_last_day(void **state)
{
	static const struct {
		struct ask ask;
		enum consent_state expected;
	} cases[] = {
		{{.recipient = OFFICE}, CONSENT_HOLDS},
		{{.recipient = COURT}, CONSENT_HOLDS},
		{{.recipient = NULL}, CONSENT_HOLDS},
		{{.recipient = POLICE}, CONSENT_RECIPIENT},
		{{.recipient = CLINIC}, CONSENT_RECIPIENT},
		{{.recipient = OFFICE, .discloser = COURT}, CONSENT_DISCLOSER},
		{{.recipient = OFFICE, .id = "C-2"}, CONSENT_UNKNOWN},
		{{.recipient = OFFICE, .id = ""}, CONSENT_NONE},
		{{.recipient = OFFICE, .now = "2026-02-28T23:59:59.999Z"}, CONSENT_EARLY},
		{{.recipient = OFFICE, .now = "2026-03-01T00:00:00Z"}, CONSENT_HOLDS},
		{{.recipient = OFFICE, .now = "2026-05-31T23:59:59.999Z"}, CONSENT_HOLDS},
		{{.recipient = OFFICE, .now = "2026-06-01T00:00:00Z"}, CONSENT_EXPIRED},
		{{.recipient = OFFICE, .subject = "{\"doc_number\":\"00312845\"}"}, CONSENT_HOLDS},
		{{.recipient = OFFICE, .subject = "{\"doc_number\":\"00312846\"}"}, CONSENT_PERSON},
		{{.recipient = OFFICE, .subject = "{\"referral_id\":\"R-1\"}"}, CONSENT_HOLDS}, /* nothing to compare */
	};
	struct registry *registry = *state;
	assert_int_equal(grant(registry, CLINIC, GRANT("2.31", ",\"expires_on\":\"2026-05-31\"")), CODE_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (judge(registry, &cases[i].ask) != cases[i].expected)
			fail_msg("case %zu: %s", i, consent_state_text(judge(registry, &cases[i].ask)));
}

static void a_grant_without_a_last_day_does_not_expire(void **state)
{
	struct registry *registry = *state;
	assert_int_equal(grant(registry, CLINIC, GRANT("2.31", "")), CODE_OK);
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE, .now = "2036-01-01"}), CONSENT_HOLDS);
}

static void the_same_grant_again_is_fine_and_another_under_its_id_is_not(void **state)
{
	struct registry *registry = *state;
	assert_int_equal(grant(registry, CLINIC, GRANT("2.31", "")), CODE_OK);
	assert_int_equal(grant(registry, CLINIC, GRANT("2.31", "")), CODE_OK);
	assert_int_equal(grant(registry, CLINIC, GRANT("2.35", "")), CODE_DUPLICATE_CONFLICT);
	assert_string_equal(registry->err.field, "/parts/main/consent_id");
}

static void granting_again_does_not_undo_a_revocation(void **state)
{
	struct registry *registry = *state;
	assert_int_equal(grant(registry, CLINIC, GRANT("2.31", "")), CODE_OK);
	assert_int_equal(revoke(registry, CLINIC, REVOKE("2026-03-10T09:00:00Z")), CODE_OK);
	assert_int_equal(grant(registry, CLINIC, GRANT("2.31", "")), CODE_OK);
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE}), CONSENT_REVOKED);
}

static void a_revocation_counts_from_its_own_time_and_the_earliest_stays(void **state)
{
	struct registry *registry = *state;
	assert_int_equal(grant(registry, OFFICE, GRANT("2.31", "")), CODE_OK);
	assert_int_equal(revoke(registry, OFFICE, REVOKE("2026-03-20T09:00:00Z")), CODE_OK);
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE, .now = "2026-03-20T08:59:59Z"}), CONSENT_HOLDS);
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE, .now = "2026-03-20T09:00:00Z"}), CONSENT_REVOKED);
	assert_int_equal(revoke(registry, OFFICE, REVOKE("2026-03-25T09:00:00Z")), CODE_OK);
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE, .now = "2026-03-21"}), CONSENT_REVOKED);
	assert_int_equal(revoke(registry, OFFICE, REVOKE("2026-03-10T09:00:00Z")), CODE_OK);
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE, .now = "2026-03-11"}), CONSENT_REVOKED);
}

static void who_granted_and_the_named_disclosers_may_revoke_and_nobody_else(void **state)
{
	struct registry *registry = *state;
	assert_int_equal(grant(registry, OFFICE, GRANT("2.31", "")), CODE_OK);
	assert_int_equal(revoke(registry, POLICE, REVOKE("2026-03-10T09:00:00Z")), CODE_AUTHORITY);
	assert_int_equal(revoke(registry, COURT, REVOKE("2026-03-10T09:00:00Z")), CODE_AUTHORITY); /* a recipient */
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE}), CONSENT_HOLDS);
	assert_int_equal(revoke(registry, CLINIC, REVOKE("2026-03-10T09:00:00Z")), CODE_OK);
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE}), CONSENT_REVOKED);
}

static void what_was_never_granted_cannot_be_revoked(void **state)
{
	struct registry *registry = *state;
	assert_int_equal(revoke(registry, CLINIC, REVOKE("2026-03-10T09:00:00Z")), CODE_NOT_FOUND);
}

static void a_referral_consent_is_revoked_from_its_day_on_and_not_before(void **state)
{
	struct registry *registry = *state;
	assert_int_equal(grant(registry, CLINIC, GRANT("2.35", ",\"revocable_on\":\"2026-09-01\"")), CODE_OK);
	assert_int_equal(revoke(registry, CLINIC, REVOKE("2026-08-31T23:59:59Z")), CODE_CONSENT);
	assert_string_equal(registry->err.field, "/parts/main/revoked_at");
	assert_non_null(strstr(registry->err.reason, "2026-09-01"));
	assert_int_equal(revoke(registry, CLINIC, REVOKE("2026-09-01T00:00:00Z")), CODE_OK);
}

static void the_event_that_ends_a_referral_consent_ends_it_on_any_day(void **state)
{
	struct registry *registry = *state;
	assert_int_equal(grant(registry, CLINIC, GRANT("2.35", ",\"revocable_on\":\"2026-09-01\"")), CODE_OK);
	assert_int_equal(revoke(registry, CLINIC, "{\"consent_id\":\"C-1\",\"revoked_at\":\"2026-03-10T09:00:00Z\",\"event\":\"Discharge\"}"), CODE_OK);
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE}), CONSENT_REVOKED);
}

static void an_ordinary_consent_is_revocable_whatever_day_it_names(void **state)
{
	struct registry *registry = *state;
	assert_int_equal(grant(registry, CLINIC, GRANT("2.31", ",\"revocable_on\":\"2026-09-01\"")), CODE_OK);
	assert_int_equal(revoke(registry, CLINIC, REVOKE("2026-03-10T09:00:00Z")), CODE_OK);
}

static void a_check_writes_nothing(void **state)
{
	struct registry *registry = *state;
	struct buf main;
	pack(GRANT("2.31", ""), &main);
	assert_ok(consent_check_grant(registry->store, buf_bytes(&main), &registry->err));
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE}), CONSENT_UNKNOWN);
	assert_int_equal(grant(registry, CLINIC, GRANT("2.31", "")), CODE_OK);
	assert_ok(consent_check_revoke(registry->store, CLINIC, at("2026-03-10"), buf_bytes(&main), NULL, &registry->err));
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE}), CONSENT_HOLDS);
	buf_done(&main);
}

static void a_forgotten_consent_is_unknown(void **state)
{
	struct registry *registry = *state;
	struct buf main;
	assert_int_equal(grant(registry, CLINIC, GRANT("2.31", "")), CODE_OK);
	pack(GRANT("2.31", ""), &main);
	assert_ok(consent_forget(registry->store, buf_bytes(&main), &registry->err));
	assert_ok(consent_forget(registry->store, buf_bytes(&main), &registry->err));
	buf_done(&main);
	assert_int_equal(judge(registry, &(struct ask){.recipient = OFFICE}), CONSENT_UNKNOWN);
}

static void a_damaged_row_is_corrupt_and_no_consent(void **state)
{
	struct registry *registry = *state;
	struct consent consent;
	consent_init(&consent);
	assert_ok(store_row_put(registry->store, STORE_CONSENTS, BYTES_LIT("C-1"), BYTES_LIT("\x93\x01\x02\x03"), &registry->err));
	assert_code(consent_load(registry->store, BYTES_LIT("C-1"), &consent, &registry->err), CODE_CORRUPT);
	consent_done(&consent);
}

static void an_id_that_is_missing_or_too_long_is_refused(void **state)
{
	struct registry *registry = *state;
	char json[600], id[CONSENT_ID_MAX + 2];
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = 0;
	snprintf(json, sizeof(json), "{\"consent_id\":\"%s\"}", id);
	assert_int_equal(grant(registry, CLINIC, "{}"), CODE_SCHEMA);
	assert_int_equal(grant(registry, CLINIC, json), CODE_SCHEMA);
	assert_int_equal(revoke(registry, CLINIC, "{\"revoked_at\":\"2026-03-10T09:00:00Z\"}"), CODE_SCHEMA);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_grant_holds_for_those_whom_it_names_from_its_first_to_its_last_day),
		TEST(a_grant_without_a_last_day_does_not_expire),
		TEST(the_same_grant_again_is_fine_and_another_under_its_id_is_not),
		TEST(granting_again_does_not_undo_a_revocation),
		TEST(a_revocation_counts_from_its_own_time_and_the_earliest_stays),
		TEST(who_granted_and_the_named_disclosers_may_revoke_and_nobody_else),
		TEST(what_was_never_granted_cannot_be_revoked),
		TEST(a_referral_consent_is_revoked_from_its_day_on_and_not_before),
		TEST(the_event_that_ends_a_referral_consent_ends_it_on_any_day),
		TEST(an_ordinary_consent_is_revocable_whatever_day_it_names),
		TEST(a_check_writes_nothing),
		TEST(a_forgotten_consent_is_unknown),
		TEST(a_damaged_row_is_corrupt_and_no_consent),
		TEST(an_id_that_is_missing_or_too_long_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
