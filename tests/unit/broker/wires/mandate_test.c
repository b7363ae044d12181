#include "unit/broker/hub_fixture.h"

static int make(void **state)
{
	struct hub_fixture *hub = mem_alloc(sizeof(*hub));
	hub_fixture_new(hub, &(struct hub_config){.limits = "links = 11; heartbeat_ms = \"7 s\";"});
	*state = hub;
	return 0;
}

static int drop(void **state)
{
	hub_fixture_done(*state);
	mem_free(*state);
	return 0;
}

static void holds_all_that_a_gateway_needs(void **state)
{
	struct hub_fixture *hub = *state;
	struct mandate *mandate = hub_fixture_mandate(hub->snapshot);
	struct signer *own = NULL;
	struct err err;
	assert_int_equal(mandate->generation, 1);
	assert_int_equal(mandate->links, 11);
	assert_int_equal(mandate->limits.heartbeat_ms, 7000);
	assert_memory_equal(&mandate->limits, &hub->snapshot->settings.limits, sizeof(mandate->limits));
	assert_true(mandate_names(mandate, BYTES_LIT(POLICE)));
	assert_true(mandate_names(mandate, BYTES_LIT(BOARD)));
	assert_false(mandate_names(mandate, BYTES_LIT("ct.stranger")));
	assert_false(mandate_names(mandate, BYTES_NONE));
	assert_int_equal(tls_not_after_ms(mandate->tls), tls_not_after_ms(hub->snapshot->tls));
	assert_int_equal(trust_crl_due_ms(mandate->trust), trust_crl_due_ms(hub->snapshot->trust));
	own = pki_fixture_signer(&hub->pki, mandate->trust, POLICE "-sign", TRUST_SIGN_PARTY);
	signer_unref(own);
	pki_fixture_fine(trust_rejudge(mandate->trust, hub->snapshot->signing, TRUST_SIGN_HUB, clock_wall_ms(), false, &err), &err);
	mandate_unref(mandate_ref(mandate));
	mandate_unref(mandate);
}

static void carries_what_was_revoked(void **state)
{
	struct hub_fixture *hub = *state;
	struct signer *before = pki_fixture_signer(&hub->pki, hub->snapshot->trust, POLICE "-sign", TRUST_SIGN_PARTY);
	struct err err;
	pki_fixture_revoke(&hub->pki, POLICE "-sign", "keyCompromise");
	struct snapshot *next = hub_fixture_load(hub, 2);
	struct mandate *mandate = hub_fixture_mandate(next);
	assert_int_equal(trust_rejudge(mandate->trust, before, TRUST_SIGN_PARTY, clock_wall_ms(), false, &err).code, CODE_REVOKED);
	mandate_unref(mandate);
	snapshot_unref(next);
	signer_unref(before);
}

static void shares_the_links_out(void **state)
{
	struct hub_fixture *hub = *state;
	struct mandate *mandate = NULL;
	struct buf packed;
	struct err err;
	buf_init(&packed, MANDATE_MAX);
	pki_fixture_fine(mandate_pack(hub->snapshot, 4, &packed, &err), &err);
	pki_fixture_fine(mandate_unpack(buf_bytes(&packed), &mandate, &err), &err);
	assert_int_equal(mandate->links, 3);
	mandate_unref(mandate);
	buf_done(&packed);
}

/* Whatever is cut off or altered is refused, or is another mandate; never half of one. */
static void refuses_a_mandate_that_is_not_whole(void **state)
{
	struct hub_fixture *hub = *state;
	struct buf packed;
	struct err err;
	hub_fixture_pack(hub->snapshot, &packed);
	for (size_t len = 0; len < packed.len; len += len < 200 ? 1 : 97) {
		struct mandate *mandate = NULL;
		uint8_t *copy = mem_alloc(len + 1); /* so that the sanitizer sees what is read beyond */
		memcpy(copy, packed.at, len);
		assert_true(FAILED(mandate_unpack(bytes_of(copy, len), &mandate, &err)));
		assert_null(mandate);
		mem_free(copy);
	}
	buf_done(&packed);
}

static void refuses_a_core_of_another_version(void **state)
{
	struct hub_fixture *hub = *state;
	struct mandate *mandate = NULL;
	struct buf packed;
	struct err err;
	hub_fixture_pack(hub->snapshot, &packed);
	packed.at[2] ^= 1; /* the first letter of the version */
	assert_int_equal(mandate_unpack(buf_bytes(&packed), &mandate, &err).code, CODE_VERSION);
	buf_done(&packed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		TEST(holds_all_that_a_gateway_needs),
		TEST(carries_what_was_revoked),
		TEST(shares_the_links_out),
		TEST(refuses_a_mandate_that_is_not_whole),
		TEST(refuses_a_core_of_another_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
