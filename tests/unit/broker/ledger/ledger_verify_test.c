#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "certs/pki.h"
#include "schemas/envelope.h"
#include "unit/broker/ledger/ledger_fixture.h"
#include "unit/broker/scratch.h"

/* A message whose envelope is well formed, accepted under its leaf. */
static void accept_message(struct fixture *fixture, enum ledger_kind kind, struct bytes header, struct bytes stored_header)
{
	uint8_t id[UUID_LEN] = {0};
	struct hash leaf = merkle_leaf(header), stored_leaf = merkle_leaf(stored_header);
	struct envelope envelope = {.header = stored_header,
	                            .parts = BYTES_LIT("\x90"),
	                            .statement = BYTES_LIT("statement"),
	                            .signature = BYTES_LIT("signature"),
	                            .signer = fixture->fingerprint};
	struct ledger_entry entry = {
		.at = 5, .kind = kind, .id = id, .leaf = leaf.at, .party = BYTES_LIT("ct.doc"), .type = BYTES_LIT("note/1")};
	struct store_message message = {.seq = ++fixture->last_seq, .id = id, .leaf = stored_leaf.at};
	struct buf bytes;
	id[15] = (uint8_t)message.seq;
	buf_init(&bytes, 4096);
	envelope_encode(&envelope, &bytes);
	message.envelope = buf_bytes(&bytes);
	begin(fixture);
	assert_ok(ledger_append(fixture->ledger, &entry, &message.entry, &fixture->err));
	assert_ok(store_put(fixture->store, &message, &fixture->err));
	commit(fixture);
	buf_done(&bytes);
}

static void an_honest_ledger_is_verified(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_report report;
	struct head head;
	assert_ok(ledger_verify(fixture->store, NULL, &report, &fixture->err)); /* an empty one is honest too */
	append_and_commit(fixture, 5);
	accept_message(fixture, LEDGER_ACCEPTED, BYTES_LIT("header one"), BYTES_LIT("header one"));
	sign(fixture);
	accept_message(fixture, LEDGER_RECEIPT, BYTES_LIT("header two"), BYTES_LIT("header two"));
	assert_ok(ledger_verify(fixture->store, NULL, &report, &fixture->err));
	assert_int_equal(report.entries, 7);
	assert_int_equal(report.messages, 2);
	assert_int_equal(report.head_size, 6);
	assert_int_equal(report.bad_entry, -1);
	sign(fixture);
	assert_ok(head_decode(ledger_head(fixture->ledger), &head, &fixture->err));
	assert_memory_equal(report.root.at, head.root.at, HASH_LEN);
}

static void a_message_that_was_exchanged_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_report report;
	append_and_commit(fixture, 2);
	accept_message(fixture, LEDGER_ACCEPTED, BYTES_LIT("what was accepted"), BYTES_LIT("what was slipped in"));
	assert_code(ledger_verify(fixture->store, NULL, &report, &fixture->err), CODE_CORRUPT);
	assert_int_equal(report.bad_entry, 2);
	assert_string_equal(fixture->err.field, "entry 2");
}

static void a_message_that_is_missing_is_found(void **state)
{
	struct fixture *fixture = *state;
	static const uint8_t id[UUID_LEN] = {9}, leaf[HASH_LEN] = {9};
	struct ledger_entry entry = {.kind = LEDGER_ACCEPTED, .id = id, .leaf = leaf};
	struct ledger_report report;
	int64_t number;
	begin(fixture);
	assert_ok(ledger_append(fixture->ledger, &entry, &number, &fixture->err));
	commit(fixture);
	assert_code(ledger_verify(fixture->store, NULL, &report, &fixture->err), CODE_CORRUPT);
	assert_int_equal(report.bad_entry, 0);
}

enum tampering { TAMPER_NONE, TAMPER_TIME, TAMPER_GARBAGE, TAMPER_SWAP, TAMPER_DROP_LAST };

/* A copy of the store's ledger with its notes, in which entry 3 of 8 was tampered with. */
static struct store *tampered_copy(struct fixture *fixture, enum tampering tampering)
{
	static const char *const notes[] = {"ledger.frontier", "ledger.head"};
	struct store *copy = NULL;
	bool found = false;
	assert_ok(store_memory_open(&copy, &fixture->err));
	assert_ok(store_begin(copy, &fixture->err));
	for (int64_t i = 0; i < 8 - (tampering == TAMPER_DROP_LAST); i++) {
		int64_t from = tampering == TAMPER_SWAP && (i == 3 || i == 4) ? 7 - i : i;
		struct bytes entry = stored_entry(fixture, fixture->store, from);
		if (tampering == TAMPER_TIME && i == 3)
			fixture->hold.at[5] ^= 1; /* within the time, so that it can still be read */
		if (tampering == TAMPER_GARBAGE && i == 3)
			entry.len--;
		assert_ok(store_ledger_put(copy, i, entry, &fixture->err));
	}
	for (int i = 0; i < 2; i++) {
		assert_ok(store_noted(fixture->store, notes[i], &fixture->hold, &found, &fixture->err));
		if (found)
			assert_ok(store_note(copy, notes[i], buf_bytes(&fixture->hold), &fixture->err));
	}
	assert_ok(store_commit(copy, &fixture->err));
	return copy;
}

static void a_rewritten_past_is_found(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		enum tampering tampering;
		const char *field, *field_unsigned;
		int64_t bad_entry;
	} cases[] = {
		{TAMPER_TIME, "head", "frontier", -1},
		{TAMPER_GARBAGE, "entry 3", "entry 3", 3},
		{TAMPER_SWAP, "entry 3", "entry 3", 3},
		{TAMPER_DROP_LAST, "frontier", "frontier", -1},
	};
	struct ledger_report report;
	append_and_commit(fixture, 8);
	for (int is_signed = 0; is_signed < 2; is_signed++) {
		struct store *copy = tampered_copy(fixture, TAMPER_NONE);
		assert_ok(ledger_verify(copy, NULL, &report, &fixture->err));
		assert_int_equal(report.entries, 8);
		store_close(copy);
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			copy = tampered_copy(fixture, cases[i].tampering);
			assert_code(ledger_verify(copy, NULL, &report, &fixture->err), CODE_CORRUPT);
			assert_string_equal(fixture->err.field, is_signed ? cases[i].field : cases[i].field_unsigned);
			assert_int_equal(report.bad_entry, cases[i].bad_entry);
			store_close(copy);
		}
		sign(fixture);
	}
}

/* Whoever rewrites the past and its frontier too is left with a head that only the hub's key can sign. */
static void a_consistent_forgery_does_not_fit_the_signed_head(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_report report;
	struct buf head;
	append_and_commit(fixture, 4);
	sign(fixture);
	buf_init(&head, HEAD_MAX);
	buf_add(&head, ledger_head(fixture->ledger));
	ledger_close(fixture->ledger);
	store_close(fixture->store);
	assert_ok(store_memory_open(&fixture->store, &fixture->err));
	assert_ok(ledger_open(fixture->store, HUB, fixture->key, fixture->fingerprint, &fixture->ledger, &fixture->err));
	begin(fixture);
	for (int i = 0; i < 5; i++)
		append(fixture, 2000 + i);
	commit(fixture);
	assert_ok(ledger_verify(fixture->store, NULL, &report, &fixture->err));
	note(fixture, "ledger.head", buf_bytes(&head));
	assert_code(ledger_verify(fixture->store, NULL, &report, &fixture->err), CODE_CORRUPT);
	assert_string_equal(fixture->err.field, "head");
	buf_done(&head);
}

struct authority {
	struct scratch scratch;
	struct trust *trust;
};

static void remove_authority(struct authority *authority)
{
	struct scratch issued;
	trust_unref(authority->trust);
	snprintf(issued.folder, sizeof(issued.folder), "%.40s/issued", authority->scratch.folder);
	scratch_remove(&issued);
	scratch_remove(&authority->scratch);
}

static struct signer *make_hub(struct authority *authority, const char *party, struct key **ret_key)
{
	struct err err;
	struct signer *signer = NULL;
	struct pki_subject subject = {.purpose = TRUST_SIGN_HUB, .party = party};
	char *out = scratch_path(&authority->scratch, party);
	AUTO_FREE char *pem = mem_printf("%s.pem", out);
	AUTO_FREE char *key = mem_printf("%s.key", out);
	assert_ok(pki_issue(authority->scratch.folder, &subject, out, &err));
	assert_ok(key_load(key, ret_key, &err));
	assert_ok(trust_judge_file(authority->trust, pem, TRUST_SIGN_HUB, clock_wall_ms(), &signer, &err));
	mem_free(out);
	return signer;
}

static void the_head_must_be_the_hubs(void **state)
{
	struct fixture *fixture = *state;
	struct authority authority = {.trust = NULL};
	struct key *key = NULL, *other_key = NULL;
	struct ledger_report report;
	scratch_make(&authority.scratch);
	assert_ok(pki_init(authority.scratch.folder, "Test", KEY_P256, 0, &fixture->err));
	AUTO_FREE char *ca = scratch_path(&authority.scratch, "ca.pem");
	const char *cas[] = {ca};
	assert_ok(trust_load(cas, 1, NULL, 0, &authority.trust, &fixture->err));
	struct signer *hub = make_hub(&authority, HUB, &key), *other = make_hub(&authority, "ct.other", &other_key);
	ledger_sign_with(fixture->ledger, key, signer_fingerprint(hub));
	append_and_commit(fixture, 3);
	sign(fixture);
	assert_ok(ledger_verify(fixture->store, hub, &report, &fixture->err));
	assert_int_equal(report.head_size, 3);
	assert_code(ledger_verify(fixture->store, other, &report, &fixture->err), CODE_SIGNATURE);
	assert_string_equal(fixture->err.field, "head");
	/* Signed by another key in the hub's name. */
	ledger_sign_with(fixture->ledger, other_key, signer_fingerprint(hub));
	sign(fixture);
	assert_code(ledger_verify(fixture->store, hub, &report, &fixture->err), CODE_SIGNATURE);
	signer_unref(hub);
	signer_unref(other);
	key_unref(key);
	key_unref(other_key);
	remove_authority(&authority);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_honest_ledger_is_verified),
		TEST(a_message_that_was_exchanged_is_found),
		TEST(a_message_that_is_missing_is_found),
		TEST(a_rewritten_past_is_found),
		TEST(a_consistent_forgery_does_not_fit_the_signed_head),
		TEST(the_head_must_be_the_hubs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
