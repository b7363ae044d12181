#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "certs/pki.h"
#include "certs/proof.h"
#include "schemas/envelope.h"
#include "schemas/message.h"
#include "unit/broker/ledger/ledger_fixture.h"
#include "unit/broker/scratch.h"

static const uint8_t salt[MESSAGE_SALT_LEN];

/* A header that binds what its one part says. */
static void put_header(struct fixture *fixture, const uint8_t *id, struct bytes says, struct buf *out)
{
	struct hash hash = hash_of_two(bytes_of(salt, sizeof(salt)), says);
	struct message message = {.id = id, .type = BYTES_LIT("note/1"), .from = BYTES_LIT("ct.doc"), .issued = 5, .priority = 5, .parts_count = 1};
	message.parts[0] = (struct message_part){.name = BYTES_LIT("main"), .cls = BYTES_LIT("CJ"), .hash = hash.at};
	buf_init(out, MESSAGE_HEADER_MAX);
	assert_ok(message_encode(&message, out, &fixture->err));
}

/* What was accepted, and what stands in the store in its place: alike in an honest one. */
struct accepted {
	enum ledger_kind kind;
	struct bytes says, header_says, part_says, signed_says;
};

static void accept_message(struct fixture *fixture, const struct accepted *accepted)
{
	uint8_t id[UUID_LEN] = {[6] = 0x70, [8] = 0x80, [15] = (uint8_t)++fixture->last_seq};
	struct part part = {.name = BYTES_LIT("main"), .salt = salt, .bytes = accepted->part_says};
	struct buf header, stored_header, signed_header, parts, statement, bytes;
	put_header(fixture, id, accepted->says, &header);
	put_header(fixture, id, accepted->header_says, &stored_header);
	put_header(fixture, id, accepted->signed_says, &signed_header);
	struct hash leaf = merkle_leaf(buf_bytes(&header)), stored_leaf = merkle_leaf(buf_bytes(&stored_header));
	struct proof_statement says = {.root = merkle_leaf(buf_bytes(&signed_header)), .count = 1, .signed_at = 5};
	struct ledger_entry entry = {
		.at = 5, .kind = accepted->kind, .id = id, .leaf = leaf.at, .party = BYTES_LIT("ct.doc"), .type = BYTES_LIT("note/1")};
	struct store_message message = {.seq = fixture->last_seq, .id = id, .leaf = stored_leaf.at, .accepted_at = 5};
	buf_init(&parts, 4096);
	buf_init(&statement, PROOF_STATEMENT_MAX);
	buf_init(&bytes, 8192);
	part_encode_all(&part, 1, &parts);
	proof_statement_encode(&says, &statement);
	struct envelope envelope = {.header = buf_bytes(&stored_header),
	                            .parts = buf_bytes(&parts),
	                            .statement = buf_bytes(&statement),
	                            .signature = BYTES_LIT("signature"),
	                            .signer = fixture->fingerprint};
	envelope_encode(&envelope, &bytes);
	message.envelope = buf_bytes(&bytes);
	begin(fixture);
	assert_ok(ledger_append(fixture->ledger, &entry, &message.entry, &fixture->err));
	assert_ok(store_put(fixture->store, &message, &fixture->err));
	commit(fixture);
	struct buf *all[] = {&header, &stored_header, &signed_header, &parts, &statement, &bytes};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		buf_done(all[i]);
}

static void accept_honestly(struct fixture *fixture, enum ledger_kind kind, struct bytes says)
{
	accept_message(fixture, &(struct accepted){kind, says, says, says, says});
}

static void an_honest_ledger_is_verified(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_report report;
	struct head head;
	assert_ok(ledger_verify(fixture->store, NULL, &report, &fixture->err)); /* an empty one is honest too */
	append_and_commit(fixture, 5);
	accept_honestly(fixture, LEDGER_ACCEPTED, BYTES_LIT("one"));
	sign(fixture);
	accept_honestly(fixture, LEDGER_ACCEPTED, BYTES_LIT("two"));
	assert_ok(ledger_verify(fixture->store, NULL, &report, &fixture->err));
	assert_int_equal(report.entries, 7);
	assert_int_equal(report.messages, 2);
	assert_int_equal(report.head_size, 6);
	assert_int_equal(report.bad_entry, -1);
	sign(fixture);
	assert_ok(head_decode(ledger_head(fixture->ledger), &head, &fixture->err));
	assert_memory_equal(report.root.at, head.root.at, HASH_LEN);
}

static void what_was_exchanged_in_a_message_is_found(void **state)
{
	static const struct bytes true_text = {(const uint8_t *)"accepted", 8}, false_text = {(const uint8_t *)"slipped in", 10};
	const struct {
		struct accepted accepted;
		const char *reason;
	} cases[] = {
		{{LEDGER_ACCEPTED, true_text, false_text, false_text, false_text}, "the stored message is not the one that was accepted"},
		{{LEDGER_ACCEPTED, true_text, true_text, false_text, true_text}, "a stored part is not the one that was accepted"},
		{{LEDGER_RECEIPT, true_text, true_text, true_text, false_text}, "the stored statement is not the one that was accepted"},
	};
	struct ledger_report report;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		void *fresh = NULL;
		set_up(&fresh);
		struct fixture *fixture = fresh;
		append_and_commit(fixture, 2);
		accept_message(fixture, &cases[i].accepted);
		assert_code(ledger_verify(fixture->store, NULL, &report, &fixture->err), CODE_CORRUPT);
		assert_int_equal(report.bad_entry, 2);
		assert_string_equal(fixture->err.field, "entry 2");
		assert_string_equal(fixture->err.reason, cases[i].reason);
		tear_down(&fresh);
	}
	(void)state;
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
		{TAMPER_DROP_LAST, "frontier", "frontier", 7},
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
		cmocka_unit_test(what_was_exchanged_in_a_message_is_found),
		TEST(a_message_that_is_missing_is_found),
		TEST(a_rewritten_past_is_found),
		TEST(a_consistent_forgery_does_not_fit_the_signed_head),
		TEST(the_head_must_be_the_hubs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
