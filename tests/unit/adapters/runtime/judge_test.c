/* A delivery is judged as if the hub were the forger: every way in which it could be, and the one in which it is not. */
#include "unit/adapters/runtime/office_fixture.h"

#include "adapters/runtime/judge.h"

/* What is changed of a message that would be accepted. */
struct forgery {
	const char *type, *from, *signer, *text;
	int64_t expires;
	bool wrong_part, wrong_header, wrong_path, no_text;
};

static const struct forgery honest = {.type = "admin.message/1", .from = DESK_THERE, .signer = DESK_THERE "-sign", .text = "Radio check."};

static void forge(const struct forgery *forgery, struct buf *out)
{
	static const uint8_t salt[MESSAGE_SALT_LEN] = {1};
	struct uuid id = uuid_new();
	struct buf main, header, parts;
	struct err err;
	buf_init(&main, 4096);
	buf_init(&header, MESSAGE_HEADER_MAX);
	buf_init(&parts, DESK_MAX);
	pack_put_map(&main, 1);
	pack_put_str(&main, forgery->no_text ? "txet" : "text");
	pack_put_str(&main, forgery->text);
	struct hash hash = hash_of_two(bytes_of(salt, sizeof(salt)), buf_bytes(&main));
	if (forgery->wrong_part)
		main.at[main.len - 1] ^= 1;
	struct part part = {.name = BYTES_LIT("main"), .salt = salt, .bytes = buf_bytes(&main)};
	struct message message = {.id = id.at, .type = bytes_text(forgery->type), .from = bytes_text(forgery->from), .to = {BYTES_LIT(DESK_HERE)}, .to_count = 1,
	                          .issued = clock_wall_ms(), .expires = forgery->expires, .priority = 2, .parts_count = 1};
	message.parts[0] = (struct message_part){.name = BYTES_LIT("main"), .cls = BYTES_LIT("CJ"), .hash = hash.at};
	desk_fine(message_encode(&message, &header, &err), &err);
	part_encode_all(&part, 1, &parts);
	desk_envelope(forgery->signer, buf_bytes(&header), buf_bytes(&parts), clock_wall_ms(), out);
	if (forgery->wrong_header) {
		uint8_t *at = memmem(out->at, out->len, DESK_HERE, sizeof(DESK_HERE) - 1);
		assert_non_null(at);
		*at = 'd';
	}
	buf_done(&main);
	buf_done(&header);
	buf_done(&parts);
}

static void learn(struct judge *judge, const char *name, enum trust_purpose purpose)
{
	struct trust *trust = pki_fixture_trust(&desk_pki);
	struct signer *signer = pki_fixture_signer(&desk_pki, trust, name, purpose);
	struct bytes chain[TRUST_CHAIN_MAX];
	struct err err;
	size_t count = signer_chain(signer, chain);
	desk_fine(judge_learn(judge, signer_fingerprint(signer), chain, count, &err), &err);
	signer_unref(signer);
	trust_unref(trust);
}

static result judge_it(struct judge *judge, const struct forgery *forgery, bool *ret_unknown, struct err *err)
{
	struct buf envelope;
	struct judged judged;
	buf_init(&envelope, DESK_MAX);
	forge(forgery, &envelope);
	result r = judge_envelope(judge, buf_bytes(&envelope), &judged, ret_unknown, err);
	if (!FAILED(r)) {
		struct bytes text;
		struct bytes value = BYTES_NONE;
		assert_true(pack_find(judged.main, "text", &value) && pack_as_text(value, &text) && bytes_is(text, forgery->text));
	}
	buf_done(&envelope);
	return r;
}

static void what_is_right_is_believed_once_the_signer_is_known(void **state)
{
	struct desk *desk = *state;
	struct judge *judge = judge_new(&desk->office);
	struct err err;
	bool unknown = false;
	assert_int_equal(judge_it(judge, &honest, &unknown, &err).code, CODE_CERTIFICATE);
	assert_true(unknown);
	learn(judge, DESK_THERE "-sign", TRUST_SIGN_PARTY);
	desk_fine(judge_it(judge, &honest, &unknown, &err), &err);
	assert_false(unknown);
	desk_fine(judge_it(judge, &honest, &unknown, &err), &err);
	judge_free(judge);
	judge = judge_new(&desk->office);
	desk_fine(judge_it(judge, &honest, &unknown, &err), &err); /* it is in the box */
	judge_free(judge);
}

static void every_forgery_is_refused_with_its_code(void **state)
{
	static const struct {
		const char *what;
		struct forgery forgery;
		enum code code;
		const char *field;
	} cases[] = {
		{"a part that was changed", {.type = "admin.message/1", .from = DESK_THERE, .signer = DESK_THERE "-sign", .text = "x", .wrong_part = true}, CODE_PART_HASH,
	     "/parts/main"},
		{"a header that was changed", {.type = "admin.message/1", .from = DESK_THERE, .signer = DESK_THERE "-sign", .text = "x", .wrong_header = true},
	     CODE_SIGNATURE, NULL},
		{"in another's name", {.type = "admin.message/1", .from = DESK_HERE, .signer = DESK_THERE "-sign", .text = "x"}, CODE_NOT_YOUR_PARTY, "/from"},
		{"in the hub's name", {.type = "admin.message/1", .from = DESK_HUB, .signer = DESK_THERE "-sign", .text = "x"}, CODE_NOT_YOUR_PARTY, "/from"},
		{"the hub in an agency's name", {.type = "admin.message/1", .from = DESK_THERE, .signer = "hub-sign", .text = "x"}, CODE_NOT_YOUR_PARTY, "/from"},
		{"past its expiry", {.type = "admin.message/1", .from = DESK_THERE, .signer = DESK_THERE "-sign", .text = "x", .expires = 1}, CODE_EXPIRED, "/expires"},
		{"of a type that is none", {.type = "no.such.type/1", .from = DESK_THERE, .signer = DESK_THERE "-sign", .text = "x"}, CODE_UNKNOWN_TYPE, "/type"},
		{"with a body of another shape", {.type = "admin.message/1", .from = DESK_THERE, .signer = DESK_THERE "-sign", .text = "x", .no_text = true}, CODE_SCHEMA,
	     NULL},
		{"without the persons' signatures", {.type = "interlock.override/1", .from = DESK_THERE, .signer = DESK_THERE "-sign", .text = "x"},
	     CODE_AUTHORITY, "/parts/approvals"},
	};
	struct desk *desk = *state;
	struct judge *judge = judge_new(&desk->office);
	learn(judge, DESK_THERE "-sign", TRUST_SIGN_PARTY);
	learn(judge, "hub-sign", TRUST_SIGN_HUB);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = {.reason = ""};
		bool unknown = false;
		result r = judge_it(judge, &cases[i].forgery, &unknown, &err);
		if (r.code != cases[i].code || unknown || (cases[i].field && strcmp(err.field, cases[i].field) != 0))
			fail_msg("%s: %s at %s: %s", cases[i].what, code_text(r.code), err.field, err.reason);
	}
	judge_free(judge);
}

static void bytes_that_are_no_envelope_have_no_message_and_no_signer(void **state)
{
	static const uint8_t nobody[HASH_LEN];
	struct desk *desk = *state;
	struct judge *judge = judge_new(&desk->office);
	struct judged judged;
	struct err err;
	bool unknown = false;
	assert_int_equal(judge_envelope(judge, BYTES_LIT("\x93\x01\x02\x03"), &judged, &unknown, &err).code, CODE_MALFORMED);
	assert_null(judged.message.id);
	assert_memory_equal(judge_signer_of(BYTES_LIT("\x93\x01\x02\x03")), nobody, HASH_LEN);
	judge_free(judge);
}

static void a_chain_must_be_the_one_that_was_asked_for(void **state)
{
	static const uint8_t other[HASH_LEN] = {1};
	struct desk *desk = *state;
	struct judge *judge = judge_new(&desk->office);
	struct signer *signer = pki_fixture_signer(&desk_pki, desk->office.papers.trust, DESK_THERE "-sign", TRUST_SIGN_PARTY);
	struct bytes chain[TRUST_CHAIN_MAX];
	struct err err;
	size_t count = signer_chain(signer, chain);
	assert_int_equal(judge_learn(judge, other, chain, count, &err).code, CODE_PROTOCOL);
	signer_unref(signer);
	judge_free(judge);
}

static void a_signer_that_the_hub_does_not_know_is_refused_and_not_asked_for_again(void **state)
{
	struct desk *desk = *state;
	struct judge *judge = judge_new(&desk->office);
	struct signer *signer = pki_fixture_signer(&desk_pki, desk->office.papers.trust, DESK_THERE "-sign", TRUST_SIGN_PARTY);
	struct err err;
	bool unknown = true;
	desk_fine(judge_learn(judge, signer_fingerprint(signer), NULL, 0, &err), &err);
	assert_int_equal(judge_it(judge, &honest, &unknown, &err).code, CODE_CERTIFICATE);
	assert_false(unknown);
	judge_renewed(judge);
	assert_int_equal(judge_it(judge, &honest, &unknown, &err).code, CODE_CERTIFICATE);
	assert_true(unknown);
	signer_unref(signer);
	judge_free(judge);
}

static void only_a_tls_certificate_signs_nothing(void **state)
{
	struct desk *desk = *state;
	struct judge *judge = judge_new(&desk->office);
	struct trust *trust = pki_fixture_trust(&desk_pki);
	struct signer *signer = pki_fixture_signer(&desk_pki, trust, DESK_THERE "-tls", TRUST_TLS_PARTY);
	struct bytes chain[TRUST_CHAIN_MAX];
	struct err err;
	size_t count = signer_chain(signer, chain);
	assert_true(FAILED(judge_hub(judge, chain, count, &err)));
	signer_unref(signer);
	trust_unref(trust);
	judge_free(judge);
}

static void the_hub_signs_as_the_hub_that_is_configured(void **state)
{
	struct desk *desk = *state;
	struct judge *judge = judge_new(&desk->office);
	struct signer *signer = pki_fixture_signer(&desk_pki, desk->office.papers.trust, "hub-sign", TRUST_SIGN_HUB);
	struct bytes chain[TRUST_CHAIN_MAX];
	struct err err;
	size_t count = signer_chain(signer, chain);
	desk_fine(judge_hub(judge, chain, count, &err), &err);
	snprintf(desk->hub, sizeof(desk->hub), "ct.other.hub");
	assert_int_equal(judge_hub(judge, chain, count, &err).code, CODE_NOT_YOUR_PARTY);
	signer_unref(signer);
	judge_free(judge);
}

/* Last: it revokes. */
static void a_key_that_was_compromised_signs_nothing_that_is_believed_after_a_reload(void **state)
{
	struct desk *desk = *state;
	struct judge *judge = judge_new(&desk->office);
	struct err err;
	bool unknown = false;
	struct buf envelope;
	struct judged judged;
	learn(judge, DESK_THERE "-sign", TRUST_SIGN_PARTY);
	buf_init(&envelope, DESK_MAX);
	forge(&honest, &envelope);
	desk_fine(judge_envelope(judge, buf_bytes(&envelope), &judged, &unknown, &err), &err);
	pki_fixture_revoke(&desk_pki, DESK_THERE "-sign", "keyCompromise");
	trust_unref(desk->office.papers.trust);
	desk->office.papers.trust = pki_fixture_trust(&desk_pki);
	judge_renewed(judge);
	assert_int_equal(judge_envelope(judge, buf_bytes(&envelope), &judged, &unknown, &err).code, CODE_REVOKED);
	buf_done(&envelope);
	judge_free(judge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(what_is_right_is_believed_once_the_signer_is_known),
		DESK_TEST(every_forgery_is_refused_with_its_code),
		DESK_TEST(bytes_that_are_no_envelope_have_no_message_and_no_signer),
		DESK_TEST(a_chain_must_be_the_one_that_was_asked_for),
		DESK_TEST(a_signer_that_the_hub_does_not_know_is_refused_and_not_asked_for_again),
		DESK_TEST(only_a_tls_certificate_signs_nothing),
		DESK_TEST(the_hub_signs_as_the_hub_that_is_configured),
		DESK_TEST(a_key_that_was_compromised_signs_nothing_that_is_believed_after_a_reload),
	};
	return cmocka_run_group_tests(tests, desk_make_pki, desk_drop_pki);
}
