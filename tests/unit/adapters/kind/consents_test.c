/* The consents that an agency knows of, over a host that keeps its records in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/kind/consents.h"
#include "base/mem.h"
#include "schemas/grant.h"
#include "schemas/json.h"

#define CLINIC "org.recovery"
#define OFFICE "ct.doc.parole"

enum { RECORDS_MAX = 4 };

static struct {
	struct kind_record records[RECORDS_MAX];
	struct buf bodies[RECORDS_MAX];
	size_t count;
} kept;

static result put(void *ctx, const struct kind_record *record, struct err *err)
{
	size_t i = 0;
	(void)ctx;
	(void)err;
	while (i < kept.count && (strcmp(kept.records[i].number, record->number) != 0 || strcmp(kept.records[i].owner, record->owner) != 0))
		i++;
	assert_true(i < RECORDS_MAX);
	if (i == kept.count) {
		kept.count++;
		buf_init(&kept.bodies[i], 65536);
	}
	kept.records[i] = *record;
	buf_clear(&kept.bodies[i]);
	buf_add(&kept.bodies[i], record->body);
	kept.records[i].body = buf_bytes(&kept.bodies[i]);
	return OK;
}

static result each(void *ctx, const char *kind, const char *by, const char *value, bool (*fn)(void *fn_ctx, const struct kind_record *record), void *fn_ctx,
                   struct err *err)
{
	(void)ctx;
	(void)err;
	assert_string_equal(by, "number");
	for (size_t i = 0; i < kept.count; i++)
		if (!strcmp(kept.records[i].kind, kind) && !strcmp(kept.records[i].number, value) && !fn(fn_ctx, &kept.records[i]))
			break;
	return OK;
}

static const struct kind_host host = {.party = OFFICE, .put = put, .each = each};

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < kept.count; i++)
		buf_done(&kept.bodies[i]);
	memset(&kept, 0, sizeof(kept));
	return 0;
}

static void pass(const char *type, const char *from, const char *json)
{
	struct buf main;
	struct err err;
	struct uuid id = uuid_new();
	buf_init(&main, 65536);
	assert_int_equal(json_to_pack(bytes_text(json), &main, &err).code, CODE_OK);
	const struct message message = {.id = id.at, .type = bytes_text(type), .from = bytes_text(from)};
	const struct kind_message passing = {.message = &message, .main = buf_bytes(&main)};
	assert_int_equal(consents_pass(&host, &passing, &err).code, CODE_OK);
	buf_done(&main);
}

#define GRANT "{\"consent_id\":\"C-1\",\"disclosers\":[\"" CLINIC "\"],\"recipients\":[\"" OFFICE "\"],\"purpose\":\"one\"}"
#define ANOTHER "{\"consent_id\":\"C-1\",\"disclosers\":[\"" CLINIC "\"],\"recipients\":[],\"purpose\":\"two\"}"
#define REVOKE "{\"consent_id\":\"C-1\"}"

/* 0: not known, 1: holds, 2: revoked */
static int known(const char *id)
{
	struct buf hold;
	struct err err;
	bool found = false, revoked = false;
	buf_init(&hold, 65536);
	assert_int_equal(consents_find(&host, bytes_text(id), &hold, &found, &revoked, &err).code, CODE_OK);
	if (found)
		assert_true(grant_names_recipient(buf_bytes(&hold), BYTES_LIT(OFFICE)));
	buf_done(&hold);
	return found ? 1 + revoked : 0;
}

static void a_grant_is_known_until_it_is_revoked(void **state)
{
	(void)state;
	assert_int_equal(known("C-1"), 0);
	pass(GRANT_TYPE, OFFICE, GRANT);
	assert_int_equal(known("C-1"), 1);
	assert_int_equal(known("C-2"), 0);
	pass(GRANT_REVOKE_TYPE, CLINIC, REVOKE);
	assert_int_equal(known("C-1"), 2);
}

static void the_event_that_ends_it_counts_too(void **state)
{
	(void)state;
	pass(GRANT_TYPE, CLINIC, GRANT);
	pass(GRANT_EXPIRE_TYPE, CLINIC, "{\"consent_id\":\"C-1\",\"event\":\"Discharge\"}");
	assert_int_equal(known("C-1"), 2);
}

static void only_who_granted_or_discloses_may_revoke(void **state)
{
	(void)state;
	pass(GRANT_TYPE, CLINIC, GRANT);
	pass(GRANT_REVOKE_TYPE, "ct.police", REVOKE);
	pass(GRANT_REVOKE_TYPE, OFFICE, REVOKE); /* a recipient */
	assert_int_equal(known("C-1"), 1);
	pass(GRANT_REVOKE_TYPE, CLINIC, REVOKE);
	assert_int_equal(known("C-1"), 2);
}

static void a_grant_is_never_changed_and_nothing_revives_it(void **state)
{
	(void)state;
	pass(GRANT_TYPE, CLINIC, GRANT);
	pass(GRANT_TYPE, "ct.police", ANOTHER);
	assert_int_equal(known("C-1"), 1); /* still the recipient of the first */
	pass(GRANT_REVOKE_TYPE, CLINIC, REVOKE);
	pass(GRANT_TYPE, CLINIC, GRANT);
	assert_int_equal(known("C-1"), 2);
	assert_int_equal(kept.count, 1);
}

static void other_types_and_odd_ids_are_left_alone(void **state)
{
	char json[200], id[100];
	(void)state;
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = 0;
	snprintf(json, sizeof(json), "{\"consent_id\":\"%s\"}", id);
	pass("admin.message/1", CLINIC, GRANT);
	pass(GRANT_TYPE, CLINIC, json);
	pass(GRANT_REVOKE_TYPE, CLINIC, json);
	pass(GRANT_REVOKE_TYPE, CLINIC, "{}");
	assert_int_equal(kept.count, 0);
	id[64] = 0; /* the longest that the catalogue allows */
	snprintf(json, sizeof(json), "{\"consent_id\":\"%s\",\"recipients\":[\"" OFFICE "\"]}", id);
	pass(GRANT_TYPE, CLINIC, json);
	assert_int_equal(known(id), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_grant_is_known_until_it_is_revoked, tear_down),
		cmocka_unit_test_teardown(the_event_that_ends_it_counts_too, tear_down),
		cmocka_unit_test_teardown(only_who_granted_or_discloses_may_revoke, tear_down),
		cmocka_unit_test_teardown(a_grant_is_never_changed_and_nothing_revives_it, tear_down),
		cmocka_unit_test_teardown(other_types_and_odd_ids_are_left_alone, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
