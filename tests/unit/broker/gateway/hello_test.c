#include "unit/broker/hub_fixture.h"

#include "broker/gateway/hello.h"

#define STRANGER "ct.stranger"

struct rig {
	struct hub_fixture hub;
	struct mandate *mandate;
	struct signer *tls_peer;
};

static int make(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	hub_fixture_new(&rig->hub, &(struct hub_config){.listen = NULL});
	pki_fixture_party(&rig->hub.pki, STRANGER);
	rig->mandate = hub_fixture_mandate(rig->hub.snapshot);
	rig->tls_peer = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, POLICE "-tls", TRUST_TLS_PARTY);
	*state = rig;
	return 0;
}

static int drop(void **state)
{
	struct rig *rig = *state;
	signer_unref(rig->tls_peer);
	mandate_unref(rig->mandate);
	hub_fixture_done(&rig->hub);
	mem_free(rig);
	return 0;
}

/* HELLO of `party` with the chain of a certificate; version 0: ours. */
static result judge(struct rig *rig, const struct signer *tls_peer, const char *party, const char *certificate,
                    enum trust_purpose purpose,
                    int64_t version, struct signer **ret, struct err *err)
{
	struct signer *signing = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, certificate, purpose);
	struct frame_hello hello = {.version = version ? version : FRAME_VERSION, .party = bytes_text(party),
	                            .software = BYTES_LIT("test")};
	struct buf frame;
	int64_t known = 0;
	buf_init(&frame, 1 << 16);
	hello.chain_count = signer_chain(signing, hello.chain);
	frame_hello_encode(&hello, &frame);
	*ret = NULL;
	result r = hello_judge(rig->mandate, tls_peer, buf_bytes(&frame), ret, &known, err);
	buf_done(&frame);
	signer_unref(signing);
	return r;
}

static void lets_in_who_is_who_it_says(void **state)
{
	struct rig *rig = *state;
	struct signer *signer;
	struct err err;
	pki_fixture_fine(judge(rig, rig->tls_peer, POLICE, POLICE "-sign", TRUST_SIGN_PARTY, 0, &signer, &err), &err);
	assert_string_equal(signer_party(signer), POLICE);
	assert_false(FAILED(hello_rejudge(rig->mandate, signer, &err)));
	signer_unref(signer);
}

static void refuses_everybody_else_by_code(void **state)
{
	static const struct {
		const char *party, *certificate;
		enum trust_purpose purpose;
		int64_t version;
		enum code code;
	} cases[] = {
		{BOARD, BOARD "-sign", TRUST_SIGN_PARTY, 0, CODE_NOT_YOUR_PARTY},
		{POLICE, BOARD "-sign", TRUST_SIGN_PARTY, 0, CODE_NOT_YOUR_PARTY},
		{POLICE, POLICE "-tls", TRUST_TLS_PARTY, 0, CODE_CERTIFICATE},
		{POLICE, "hub-sign", TRUST_SIGN_HUB, 0, CODE_CERTIFICATE},
		{POLICE, POLICE "-sign", TRUST_SIGN_PARTY, 99, CODE_VERSION},
	};
	struct rig *rig = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct signer *signer;
		struct err err;
		result r = judge(rig, rig->tls_peer, cases[i].party, cases[i].certificate, cases[i].purpose, cases[i].version, &signer, &err);
		if (r.code != cases[i].code)
			fail_msg("case %zu: %s", i, code_text(r.code));
		assert_null(signer);
	}
}

static void refuses_a_certified_party_that_is_not_enrolled(void **state)
{
	struct rig *rig = *state;
	struct signer *peer = pki_fixture_signer(&rig->hub.pki, rig->hub.snapshot->trust, STRANGER "-tls", TRUST_TLS_PARTY), *signer;
	struct err err;
	assert_int_equal(judge(rig, peer, STRANGER, STRANGER "-sign", TRUST_SIGN_PARTY, 0, &signer, &err).code, CODE_NOT_ENROLLED);
	signer_unref(peer);
}

static void refuses_a_signing_certificate_that_was_revoked_or_expired(void **state)
{
	struct rig *rig = *state;
	struct signer *signer, *before;
	struct err err;
	pki_fixture_fine(judge(rig, rig->tls_peer, POLICE, POLICE "-sign", TRUST_SIGN_PARTY, 0, &before, &err), &err);
	pki_fixture_revoke(&rig->hub.pki, POLICE "-sign", "keyCompromise");
	struct snapshot *loaded = hub_fixture_load(&rig->hub, 2);
	struct mandate *next = hub_fixture_mandate(loaded), *old = rig->mandate;
	snapshot_unref(loaded);
	assert_int_equal(hello_rejudge(next, before, &err).code, CODE_REVOKED);
	struct frame_hello hello = {.version = FRAME_VERSION, .party = BYTES_LIT(POLICE), .software = BYTES_LIT("test")};
	struct buf frame;
	int64_t known = 0;
	buf_init(&frame, 1 << 16);
	hello.chain_count = signer_chain(before, hello.chain);
	frame_hello_encode(&hello, &frame);
	assert_int_equal(hello_judge(next, rig->tls_peer, buf_bytes(&frame), &signer, &known, &err).code, CODE_REVOKED);
	clock_freeze(signer_not_after_ms(before) + 1);
	assert_int_equal(hello_judge(old, rig->tls_peer, buf_bytes(&frame), &signer, &known, &err).code, CODE_CERTIFICATE);
	clock_release();
	buf_done(&frame);
	signer_unref(before);
	mandate_unref(next);
}

static void notices_after_a_reload_that_a_party_is_gone(void **state)
{
	struct rig *rig = *state;
	struct signer *signer;
	struct err err;
	pki_fixture_fine(judge(rig, rig->tls_peer, POLICE, POLICE "-sign", TRUST_SIGN_PARTY, 0, &signer, &err), &err);
	hub_fixture_write(&rig->hub, &(struct hub_config){.parties = "{ party = \"" BOARD "\"; roles = [ \"parole_board\" ]; }"});
	struct snapshot *loaded = hub_fixture_load(&rig->hub, 2);
	struct mandate *next = hub_fixture_mandate(loaded);
	snapshot_unref(loaded);
	assert_int_equal(hello_rejudge(next, signer, &err).code, CODE_NOT_ENROLLED);
	mandate_unref(next);
	signer_unref(signer);
}

static void refuses_a_frame_that_is_no_hello(void **state)
{
	struct rig *rig = *state;
	struct signer *signer = NULL;
	struct err err;
	int64_t known = 0;
	assert_int_equal(hello_judge(rig->mandate, rig->tls_peer, BYTES_LIT("\x91\x01"), &signer, &known, &err).code, CODE_MALFORMED);
	assert_int_equal(hello_judge(rig->mandate, rig->tls_peer, BYTES_NONE, &signer, &known, &err).code, CODE_MALFORMED);
	assert_null(signer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		TEST(lets_in_who_is_who_it_says),
		TEST(refuses_everybody_else_by_code),
		TEST(refuses_a_certified_party_that_is_not_enrolled),
		TEST(refuses_a_signing_certificate_that_was_revoked_or_expired),
		TEST(notices_after_a_reload_that_a_party_is_gone),
		TEST(refuses_a_frame_that_is_no_hello),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
