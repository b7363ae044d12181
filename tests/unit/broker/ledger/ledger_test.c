#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "unit/broker/ledger/ledger_fixture.h"

static void every_kind_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < LEDGER_KIND_COUNT; i++) {
		assert_true(strlen(ledger_kind_text((enum ledger_kind)i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(ledger_kind_text((enum ledger_kind)i), ledger_kind_text((enum ledger_kind)j));
	}
	assert_string_equal(ledger_kind_text(LEDGER_ACCEPTED), "accepted");
	assert_string_equal(ledger_kind_text(LEDGER_KIND_COUNT), "unknown");
}

static void an_entry_is_read_as_it_was_appended(void **state)
{
	struct fixture *fixture = *state;
	static const uint8_t id[UUID_LEN] = {1, 2, 3}, leaf[HASH_LEN] = {4, 5, 6};
	struct ledger_entry put = {.number = 99, .at = 1767225600000, .id = id, .leaf = leaf, .party = BYTES_LIT("ct.doc.parole"),
	                           .type = BYTES_LIT("warrant.issue/1"), .detail = BYTES_LIT("\x81\xa4"
	                                                                                     "code\xa2"
	                                                                                     "ok")};
	struct ledger_entry got;
	for (int kind = 0; kind < LEDGER_KIND_COUNT; kind++) {
		int64_t number = -1;
		put.kind = (enum ledger_kind)kind;
		begin(fixture);
		assert_ok(ledger_append(fixture->ledger, &put, &number, &fixture->err));
		commit(fixture);
		assert_int_equal(number, kind);
		assert_ok(ledger_entry_decode(stored_entry(fixture, fixture->store, number), &got, &fixture->err));
		assert_int_equal(got.number, number);
		assert_int_equal(got.at, put.at);
		assert_int_equal(got.kind, kind);
		assert_memory_equal(got.id, id, UUID_LEN);
		assert_memory_equal(got.leaf, leaf, HASH_LEN);
		assert_true(bytes_equal(got.party, put.party));
		assert_true(bytes_equal(got.type, put.type));
		assert_true(bytes_equal(got.detail, put.detail));
	}
}

static void an_entry_without_a_message_has_neither_id_nor_leaf(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_entry got;
	append_and_commit(fixture, 1);
	assert_ok(ledger_entry_decode(stored_entry(fixture, fixture->store, 0), &got, &fixture->err));
	assert_null(got.id);
	assert_null(got.leaf);
	assert_int_equal(got.type.len, 0);
	assert_int_equal(got.detail.len, 1);
}

/* [1, 7, 5, "started", nil, nil, "p", "", {}] with each of its values in turn replaced by what must be refused. */
static const char *const entry_values[9] = {"01", "07", "05", "a773746172746564", "c0", "c0", "a170", "a0", "80"};

static void unhex_entry(const char *head, size_t place, const char *value, const char *tail, struct buf *out)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "%s", head);
	for (size_t i = 0; i < 9; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s", i == place ? value : entry_values[i]);
	len += snprintf(text + len, sizeof(text) - (size_t)len, "%s", tail);
	struct err err;
	buf_clear(out);
	assert_ok(text_unhex(bytes_of(text, (size_t)len), buf_room(out, (size_t)len / 2), (size_t)len / 2, &err));
	buf_grew(out, (size_t)len / 2);
}

static void refuses_what_is_not_an_entry(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *head;
		size_t place;
		const char *value, *tail;
	} bad[] = {
		{"99", 0, "02", ""},                               /* another version */
		{"99", 0, "00", ""},
		{"99", 1, "ff", ""},                               /* a negative number */
		{"99", 1, "a137", ""},
		{"99", 2, "c0", ""},                               /* no time */
		{"99", 3, "00", ""},                               /* a kind that is no text */
		{"99", 3, "a773746172746573", ""},                 /* an unknown one */
		{"99", 4, "c40101", ""},                           /* an id that is too short */
		{"99", 4, "d92430303030303030302d303030302d303030302d303030302d303030303030303030303030", ""},
		{"99", 5, "c410000102030405060708090a0b0c0d0e0f", ""}, /* a leaf that is too short */
		{"99", 6, "c0", ""},                               /* nobody */
		{"99", 6, "a1ff", ""},                             /* not UTF-8 */
		{"99", 7, "c40100", ""},
		{"99", 8, "90", ""},                               /* a detail that is no map */
		{"99", 8, "c0", ""},
		{"99", 8, "82a16100a16100", ""},                   /* a key twice */
		{"99", 8, "", ""},                                 /* one short */
		{"9a", 9, "", "c0"},                               /* one more */
		{"99", 9, "", "00"},                               /* bytes after the end */
	};
	struct ledger_entry got;
	struct buf entry;
	buf_init(&entry, 512);
	unhex_entry("99", 9, "", "", &entry);
	assert_ok(ledger_entry_decode(buf_bytes(&entry), &got, &fixture->err));
	for (size_t len = 0; len < entry.len; len++)
		assert_code(ledger_entry_decode(bytes_of(entry.at, len), &got, &fixture->err), CODE_MALFORMED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		unhex_entry(bad[i].head, bad[i].place, bad[i].value, bad[i].tail, &entry);
		assert_true(FAILED(ledger_entry_decode(buf_bytes(&entry), &got, &fixture->err)));
	}
	buf_done(&entry);
}

static void refuses_to_append_what_could_not_be_read_again(void **state)
{
	struct fixture *fixture = *state;
	char longest[400];
	int64_t number = -1;
	memset(longest, 'x', sizeof(longest));
	struct ledger_entry bad[] = {
		{.kind = LEDGER_STARTED, .party = BYTES_LIT("\xff")},
		{.kind = LEDGER_STARTED, .party = bytes_of(longest, sizeof(longest))},
		{.kind = LEDGER_STARTED, .detail = BYTES_LIT("\x90")},
		{.kind = LEDGER_STARTED, .detail = BYTES_LIT("\x81")},
		{.kind = LEDGER_KIND_COUNT},
	};
	begin(fixture);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(FAILED(ledger_append(fixture->ledger, &bad[i], &number, &fixture->err)));
	assert_int_equal(append(fixture, 1), 0); /* none of them has touched the store */
	commit(fixture);
	assert_int_equal(ledger_size(fixture->ledger), 1);
}

static void numbers_that_were_rolled_back_are_given_again(void **state)
{
	struct fixture *fixture = *state;
	struct ledger_report report;
	append_and_commit(fixture, 3);
	begin(fixture);
	assert_int_equal(append(fixture, 1), 3);
	assert_int_equal(append(fixture, 2), 4);
	assert_int_equal(ledger_size(fixture->ledger), 5);
	roll_back(fixture);
	assert_int_equal(ledger_size(fixture->ledger), 3);
	begin(fixture);
	assert_int_equal(append(fixture, 3), 3);
	commit(fixture);
	assert_ok(ledger_verify(fixture->store, NULL, &report, &fixture->err));
	assert_int_equal(report.entries, 4);
}

static void the_tree_goes_on_after_a_restart(void **state)
{
	struct fixture *fixture = *state;
	struct hash leaves[40];
	struct head head;
	for (int i = 0; i < 40; i++) {
		begin(fixture);
		assert_int_equal(append(fixture, i), i);
		commit(fixture);
		leaves[i] = merkle_leaf(stored_entry(fixture, fixture->store, i));
		assert_ok(reopen(fixture));
		assert_int_equal(ledger_size(fixture->ledger), i + 1);
		sign(fixture);
		assert_ok(head_decode(ledger_head(fixture->ledger), &head, &fixture->err));
		struct hash root = merkle_root(leaves, (size_t)i + 1);
		assert_int_equal(head.size, i + 1);
		assert_memory_equal(head.root.at, root.at, HASH_LEN);
	}
}

static void a_seal_without_entries_writes_nothing(void **state)
{
	struct fixture *fixture = *state;
	assert_ok(ledger_seal(fixture->ledger, &fixture->err)); /* no transaction is open: a write would be refused */
	append_and_commit(fixture, 1);
	assert_ok(ledger_seal(fixture->ledger, &fixture->err));
}

static void the_head_is_signed_over_the_open_transaction(void **state)
{
	struct fixture *fixture = *state;
	struct head head;
	assert_int_equal(ledger_head(fixture->ledger).len, 0);
	begin(fixture);
	append(fixture, 1);
	append(fixture, 2);
	assert_ok(ledger_sign(fixture->ledger, 777, &fixture->err));
	commit(fixture);
	assert_ok(head_decode(ledger_head(fixture->ledger), &head, &fixture->err));
	assert_string_equal(head.hub, HUB);
	assert_int_equal(head.size, 2);
	assert_int_equal(head.at, 777);
	assert_memory_equal(head.signer, fixture->fingerprint, HASH_LEN);
	assert_ok(reopen(fixture));
	assert_ok(head_decode(ledger_head(fixture->ledger), &head, &fixture->err));
	assert_int_equal(head.size, 2);
}

static void a_head_that_was_rolled_back_is_forgotten(void **state)
{
	struct fixture *fixture = *state;
	struct head head;
	append_and_commit(fixture, 1);
	begin(fixture);
	assert_ok(ledger_sign(fixture->ledger, 1, &fixture->err));
	roll_back(fixture);
	assert_int_equal(ledger_head(fixture->ledger).len, 0);
	sign(fixture);
	begin(fixture);
	append(fixture, 2);
	assert_ok(ledger_sign(fixture->ledger, 2, &fixture->err));
	roll_back(fixture);
	assert_ok(head_decode(ledger_head(fixture->ledger), &head, &fixture->err));
	assert_int_equal(head.size, 1);
}

static void another_key_signs_after_a_reload(void **state)
{
	struct fixture *fixture = *state;
	struct key *other = NULL;
	struct head head;
	uint8_t fingerprint[HASH_LEN];
	memset(fingerprint, 0x22, HASH_LEN);
	assert_ok(key_new(KEY_ED25519, 0, &other, &fixture->err));
	ledger_sign_with(fixture->ledger, other, fingerprint);
	key_unref(other);
	sign(fixture);
	assert_ok(head_decode(ledger_head(fixture->ledger), &head, &fixture->err));
	assert_memory_equal(head.signer, fingerprint, HASH_LEN);
}

static void refuses_to_open_on_entries_that_were_never_sealed(void **state)
{
	struct fixture *fixture = *state;
	append_and_commit(fixture, 3);
	begin(fixture);
	append(fixture, 9);
	assert_ok(store_commit(fixture->store, &fixture->err));
	assert_code(reopen(fixture), CODE_CORRUPT);
	assert_string_equal(fixture->err.field, "frontier");
}

static void refuses_to_open_on_a_damaged_frontier(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *at;
		size_t len;
	} bad[] = {{"", 0},
	           {"\xc0", 1},
	           {"\x93\x01\x03\xc4\x00", 5},
	           {"\x93\x02\x00\xc4\x00", 5},
	           {"\x93\x01\xff\xc4\x00", 5},
	           {"\x93\x01\x00\xc4\x00\x00", 6}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		note(fixture, "ledger.frontier", bytes_of(bad[i].at, bad[i].len));
		assert_code(reopen(fixture), CODE_CORRUPT);
	}
	note(fixture, "ledger.frontier", bytes_of("\x93\x01\x00\xc4\x00", 5));
	assert_ok(reopen(fixture));
}

static void refuses_to_open_when_the_signed_head_knows_more(void **state)
{
	struct fixture *fixture = *state;
	struct buf head, frontier;
	bool found = false;
	append_and_commit(fixture, 2);
	buf_init(&frontier, 4096);
	assert_ok(store_noted(fixture->store, "ledger.frontier", &frontier, &found, &fixture->err));
	append_and_commit(fixture, 1);
	sign(fixture);
	buf_init(&head, HEAD_MAX);
	buf_add(&head, ledger_head(fixture->ledger));
	/* A store that went back to two entries and brings its frontier along, but not the head. */
	struct store *older = NULL;
	assert_ok(store_memory_open(&older, &fixture->err));
	assert_ok(store_begin(older, &fixture->err));
	for (int64_t i = 0; i < 2; i++)
		assert_ok(store_ledger_put(older, i, stored_entry(fixture, fixture->store, i), &fixture->err));
	assert_ok(store_note(older, "ledger.frontier", buf_bytes(&frontier), &fixture->err));
	assert_ok(store_note(older, "ledger.head", buf_bytes(&head), &fixture->err));
	assert_ok(store_commit(older, &fixture->err));
	struct ledger_report report;
	assert_code(ledger_verify(older, NULL, &report, &fixture->err), CODE_CORRUPT);
	store_close(fixture->store);
	fixture->store = older;
	assert_code(reopen(fixture), CODE_CORRUPT);
	assert_string_equal(fixture->err.field, "head");
	note(fixture, "ledger.head", BYTES_LIT("rubbish"));
	assert_code(reopen(fixture), CODE_CORRUPT);
	buf_done(&head);
	buf_done(&frontier);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_name_of_its_own),
		TEST(an_entry_is_read_as_it_was_appended),
		TEST(an_entry_without_a_message_has_neither_id_nor_leaf),
		TEST(refuses_what_is_not_an_entry),
		TEST(refuses_to_append_what_could_not_be_read_again),
		TEST(numbers_that_were_rolled_back_are_given_again),
		TEST(the_tree_goes_on_after_a_restart),
		TEST(a_seal_without_entries_writes_nothing),
		TEST(the_head_is_signed_over_the_open_transaction),
		TEST(a_head_that_was_rolled_back_is_forgotten),
		TEST(another_key_signs_after_a_reload),
		TEST(refuses_to_open_on_entries_that_were_never_sealed),
		TEST(refuses_to_open_on_a_damaged_frontier),
		TEST(refuses_to_open_when_the_signed_head_knows_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
