#include "base/pack.h"
#include "certs/approval.h"
#include "crafted.h"

#define BOARD "ct.board"
#define TYPE BYTES_LIT("release.authorize/1")
#define CONTENT BYTES_LIT("the content")

static struct pki_fixture pki;
static struct trust *trust;
static int64_t now_ms;

static const struct {
	const char *party, *person, *role;
} persons[] = {
	{BOARD, "m.alvarez", "board_chair"}, {BOARD, "j.doe", "board_member"},       {BOARD, "r.roe", "board_member"},
	{BOARD, "c.clerk", "clerk"},         {"ct.police", "p.poe", "board_member"},
};

static int set_up(void **state)
{
	(void)state;
	now_ms = clock_wall_ms() / 1000 * 1000;
	clock_freeze(now_ms);
	pki_fixture_new(&pki);
	for (size_t i = 0; i < sizeof(persons) / sizeof(*persons); i++)
		pki_fixture_person(&pki, persons[i].party, persons[i].person, persons[i].role);
	pki_fixture_party(&pki, BOARD);
	trust = pki_fixture_trust(&pki);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	clock_release();
	trust_unref(trust);
	pki_fixture_done(&pki);
	return 0;
}

static void add(struct buf *out, const char *person, struct bytes type, struct bytes content, int64_t at)
{
	struct key *key = pki_fixture_key(&pki, person);
	struct signer *signer = pki_fixture_signer(&pki, trust, person, TRUST_SIGN_PERSON);
	struct err err;

	pki_fixture_fine(approval_sign(key, signer, type, content, at, out, &err), &err);
	key_unref(key);
	signer_unref(signer);
}

static struct buf approvals_of(size_t count, const char *const *names)
{
	struct buf out;

	buf_init(&out, 65536);
	pack_put_array(&out, count);
	for (size_t i = 0; i < count; i++)
		add(&out, names[i], TYPE, CONTENT, now_ms);
	return out;
}

static result check(struct bytes approvals, const struct approval_rule *rule, struct err *err)
{
	return approval_check(trust, approvals, BOARD, TYPE, CONTENT, rule, err);
}

/* --- rules --- */

static const char *const chair_and_member[] = {"board_chair", "board_member"};
static const char *const member[] = {"board_member"};

static const struct {
	const char *names[4];
	size_t count;
	struct approval_rule rule;
	const char *word; /* NULL: accepted */
} rules[] = {
	{{"m.alvarez", "j.doe"}, 2, {2, NULL, 0}, NULL},
	{{"m.alvarez"}, 1, {1, NULL, 0}, NULL},
	{{"m.alvarez", "c.clerk"}, 2, {2, NULL, 0}, NULL},
	{{"m.alvarez", "j.doe"}, 2, {2, chair_and_member, 2}, NULL},
	{{"j.doe", "m.alvarez", "c.clerk"}, 3, {2, chair_and_member, 2}, NULL},
	{{"j.doe", "r.roe"}, 2, {2, member, 1}, NULL},
	{{"j.doe"}, 1, {1, chair_and_member, 2}, NULL}, /* more roles than signatures: any of them */
	{{"c.clerk"}, 1, {1, chair_and_member, 2}, "0 persons"},
	{{NULL}, 0, {0, NULL, 0}, NULL},
	{{NULL}, 0, {1, NULL, 0}, "0 persons"},
	{{"m.alvarez"}, 1, {2, NULL, 0}, "1 persons"},
	{{"j.doe", "r.roe"}, 2, {2, chair_and_member, 2}, "a board_chair is missing"},
	{{"m.alvarez", "c.clerk"}, 2, {2, chair_and_member, 2}, "a board_member is missing"},
	{{"j.doe", "c.clerk"}, 2, {2, member, 1}, "1 persons"},
	{{"m.alvarez", "m.alvarez"}, 2, {2, NULL, 0}, "m.alvarez signs twice"},
	{{"m.alvarez", "p.poe"}, 2, {2, NULL, 0}, "p.poe signs for ct.police"},
};

static void the_rule_counts_different_persons_of_the_party_in_their_roles(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct buf approvals = approvals_of(rules[i].count, rules[i].names);
		struct err err = {0};
		result checked = check(buf_bytes(&approvals), &rules[i].rule, &err);
		if (FAILED(checked) != (rules[i].word != NULL))
			fail_msg("row %zu: %s", i, err.reason);
		if (rules[i].word != NULL) {
			crafted_says(&err, CODE_AUTHORITY, rules[i].word);
			assert_memory_equal(err.field, "/parts/approvals", 16);
		}
		buf_done(&approvals);
	}
}

static const struct approval_rule one_person = {.persons = 1};

static void the_fault_names_the_approval(void **state)
{
	static const char *const names[] = {"m.alvarez", "p.poe"};
	struct buf approvals = approvals_of(2, names);
	struct err err;

	(void)state;
	assert_int_equal(check(buf_bytes(&approvals), &one_person, &err).code, CODE_AUTHORITY);
	assert_string_equal(err.field, "/parts/approvals/1");
	buf_done(&approvals);
}

/* --- signatures --- */

static void signs_this_type_and_this_content_only(void **state)
{
	static const char *const names[] = {"m.alvarez"};
	struct buf approvals = approvals_of(1, names);
	struct err err;

	(void)state;
	pki_fixture_fine(check(buf_bytes(&approvals), &one_person, &err), &err);
	assert_int_equal(
		approval_check(trust, buf_bytes(&approvals), BOARD, BYTES_LIT("release.authorize/2"), CONTENT, &one_person, &err).code,
		CODE_AUTHORITY);
	assert_int_equal(approval_check(trust, buf_bytes(&approvals), BOARD, TYPE, BYTES_LIT("the Content"), &one_person, &err).code,
	                 CODE_AUTHORITY);
	crafted_says(&err, CODE_AUTHORITY, "does not fit this content");
	assert_int_equal(approval_check(trust, buf_bytes(&approvals), "ct.police", TYPE, CONTENT, &one_person, &err).code,
	                 CODE_AUTHORITY);
	buf_done(&approvals);
}

static void one_bit_changed_anywhere_is_refused(void **state)
{
	static const char *const names[] = {"m.alvarez"};
	struct buf approvals = approvals_of(1, names);

	(void)state;
	for (size_t bit = 0; bit < 8 * approvals.len; bit += 3) {
		struct err err;
		approvals.at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		enum code code = check(buf_bytes(&approvals), &one_person, &err).code;
		if (code != CODE_AUTHORITY && code != CODE_CERTIFICATE && code != CODE_MALFORMED)
			fail_msg("bit %zu: %s", bit, code_text(code));
		approvals.at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	buf_done(&approvals);
}

static void only_a_person_with_the_right_key_can_sign(void **state)
{
	struct key *key = pki_fixture_key(&pki, "j.doe"), *party_key = pki_fixture_key(&pki, BOARD "-sign");
	struct signer *person = pki_fixture_signer(&pki, trust, "m.alvarez", TRUST_SIGN_PERSON);
	struct signer *party = pki_fixture_signer(&pki, trust, BOARD "-sign", TRUST_SIGN_PARTY);
	struct buf out;
	struct err err;

	(void)state;
	buf_init(&out, 65536);
	assert_int_equal(approval_sign(key, person, TYPE, CONTENT, now_ms, &out, &err).code, CODE_KEY);
	assert_int_equal(approval_sign(party_key, party, TYPE, CONTENT, now_ms, &out, &err).code, CODE_CERTIFICATE);
	assert_int_equal(out.len, 0);
	buf_done(&out);
	key_unref(key);
	key_unref(party_key);
	signer_unref(person);
	signer_unref(party);
}

/* --- times --- */

static result check_at(const struct trust *by, const char *name, int64_t at, struct err *err)
{
	struct buf out;

	buf_init(&out, 65536);
	pack_put_array(&out, 1);
	add(&out, name, TYPE, CONTENT, at);
	result checked = approval_check(by, buf_bytes(&out), BOARD, TYPE, CONTENT, &one_person, err);
	buf_done(&out);
	return checked;
}

static void the_certificate_is_judged_for_the_time_of_signing(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(check_at(trust, "m.alvarez", now_ms - PKI_FIXTURE_DAY_MS, &err).code, CODE_CERTIFICATE);
	crafted_says(&err, CODE_CERTIFICATE, "not valid before");
	assert_string_equal(err.field, "/parts/approvals/0/certificates/0");
	assert_int_equal(check_at(trust, "m.alvarez", now_ms + 4 * 60 * 1000, &err).code, CODE_OK);
	assert_int_equal(check_at(trust, "m.alvarez", now_ms + 6 * 60 * 1000, &err).code, CODE_AUTHORITY);
	crafted_says(&err, CODE_AUTHORITY, "future");
	assert_string_equal(err.field, "/parts/approvals/0/at");
}

static void what_was_signed_before_a_revocation_stands(void **state)
{
	struct err err;

	(void)state;
	pki_fixture_person(&pki, BOARD, "old.member", "board_member");
	pki_fixture_person(&pki, BOARD, "stolen.card", "board_member");
	pki_fixture_revoke(&pki, "old.member", "cessationOfOperation");
	pki_fixture_revoke(&pki, "stolen.card", "keyCompromise");
	struct trust *later = pki_fixture_trust(&pki);
	assert_int_equal(check_at(later, "m.alvarez", now_ms, &err).code, CODE_OK);
	/* The helper asks the trust of the set-up, which has not heard of it, for the certificate. */
	struct trust *before = trust;
	const char *ca = pki_fixture_path(&pki, "ca/ca.pem");
	pki_fixture_fine(trust_load(&ca, 1, NULL, 0, &trust, &err), &err);
	assert_int_equal(check_at(later, "old.member", now_ms - 60 * 1000, &err).code, CODE_OK);
	assert_int_equal(check_at(later, "old.member", now_ms + 60 * 1000, &err).code, CODE_REVOKED);
	assert_int_equal(check_at(later, "stolen.card", now_ms - 60 * 1000, &err).code, CODE_REVOKED);
	trust_unref(trust);
	trust = before;
	trust_unref(later);
}

/* --- shapes --- */

/* One approval packed by hand: fields in the order of `order`, each a letter of "pracs"; x is an unknown one. */
static void put_by_hand(struct buf *out, const char *order, const char *person, size_t chain_count)
{
	struct signer *signer = pki_fixture_signer(&pki, trust, "m.alvarez", TRUST_SIGN_PERSON);
	struct bytes chain[TRUST_CHAIN_MAX];

	signer_chain(signer, chain);
	pack_put_array(out, 1);
	pack_put_map(out, strlen(order));
	for (; *order != '\0'; order++) {
		if (*order == 'p') {
			pack_put_str(out, "person");
			pack_put_str(out, person);
		} else if (*order == 'r') {
			pack_put_str(out, "role");
			pack_put_str(out, "board_chair");
		} else if (*order == 'a') {
			pack_put_str(out, "at");
			pack_put_int(out, now_ms);
		} else if (*order == 'c') {
			pack_put_str(out, "certificates");
			pack_put_array(out, chain_count);
			for (size_t i = 0; i < chain_count; i++)
				pack_put_bin(out, chain[0]);
		} else {
			pack_put_str(out, *order == 's' ? "signature" : "note");
			pack_put_bin(out, BYTES_LIT("x"));
		}
	}
	signer_unref(signer);
}

static const struct {
	const char *order, *person;
	size_t chain_count;
	enum code code;
} shapes[] = {
	{"pracs", "m.alvarez", 1, CODE_AUTHORITY}, /* the shape is right, the signature not */
	{"scarp", "m.alvarez", 1, CODE_AUTHORITY},  {"pracs", "m.alvares", 1, CODE_AUTHORITY},
	{"pracs", "m.alvarez", 0, CODE_MALFORMED},  {"pracs", "m.alvarez", 5, CODE_MALFORMED},
	{"prac", "m.alvarez", 1, CODE_MALFORMED},   {"racs", "m.alvarez", 1, CODE_MALFORMED},
	{"pacs", "m.alvarez", 1, CODE_MALFORMED},   {"prcs", "m.alvarez", 1, CODE_MALFORMED},
	{"pras", "m.alvarez", 1, CODE_MALFORMED},   {"pracsx", "m.alvarez", 1, CODE_MALFORMED},
	{"ppracs", "m.alvarez", 1, CODE_MALFORMED}, {"", "m.alvarez", 1, CODE_MALFORMED},
};

static void refuses_missing_unknown_and_repeated_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		struct buf out;
		struct err err = {0};
		buf_init(&out, 65536);
		put_by_hand(&out, shapes[i].order, shapes[i].person, shapes[i].chain_count);
		result checked = check(buf_bytes(&out), &one_person, &err);
		if (checked.code != shapes[i].code)
			fail_msg("row %zu: %s %s", i, code_text(checked.code), err.reason);
		buf_done(&out);
	}
}

static void refuses_what_is_no_array_of_at_most_eight(void **state)
{
	static const struct bytes bad[] = {
		{(const uint8_t *)"", 0},
		{(const uint8_t *)"\x80", 1},
		{(const uint8_t *)"\xc0", 1},
		{(const uint8_t *)"\x91", 1},
		{(const uint8_t *)"\x91\x01", 2},
		{(const uint8_t *)"\x90\x90", 2},
		{(const uint8_t *)"\xdd\xff\xff\xff\xff", 5},
		{(const uint8_t *)"\x99\x80\x80\x80\x80\x80\x80\x80\x80\x80", 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err;
		assert_int_equal(check(bad[i], &one_person, &err).code, CODE_MALFORMED);
		assert_memory_equal(err.field, "/parts/approvals", 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_counts_different_persons_of_the_party_in_their_roles),
		cmocka_unit_test(the_fault_names_the_approval),
		cmocka_unit_test(signs_this_type_and_this_content_only),
		cmocka_unit_test(one_bit_changed_anywhere_is_refused),
		cmocka_unit_test(only_a_person_with_the_right_key_can_sign),
		cmocka_unit_test(the_certificate_is_judged_for_the_time_of_signing),
		cmocka_unit_test(what_was_signed_before_a_revocation_stands),
		cmocka_unit_test(refuses_missing_unknown_and_repeated_fields),
		cmocka_unit_test(refuses_what_is_no_array_of_at_most_eight),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
