#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/ledger/ledger_inside.h"
#include "unit/broker/ledger/ledger_fixture.h"

enum { ENTRIES = 300 };

static size_t kept_rows(struct fixture *fixture)
{
	uint8_t after_bytes[64];
	struct bytes after = BYTES_NONE, key, value;
	bool found = true;
	for (size_t count = 0;; count++) {
		assert_ok(store_row_next(fixture->store, STORE_TREE, BYTES_NONE, after, &fixture->hold, &found, &key, &value, &fixture->err));
		if (!found)
			return count;
		memcpy(after_bytes, key.at, key.len);
		after = bytes_of(after_bytes, key.len);
	}
}

static void change_row(struct fixture *fixture, unsigned level, unsigned index, const char *value)
{
	const uint8_t key[9] = {(uint8_t)level, 0, 0, 0, 0, 0, 0, (uint8_t)(index >> 8), (uint8_t)index};
	assert_ok(store_begin(fixture->store, &fixture->err));
	if (value)
		assert_ok(store_row_put(fixture->store, STORE_TREE, bytes_of(key, sizeof(key)), bytes_text(value), &fixture->err));
	else
		assert_ok(store_row_drop(fixture->store, STORE_TREE, bytes_of(key, sizeof(key)), &fixture->err));
	assert_ok(store_commit(fixture->store, &fixture->err));
}

static struct hash root_at(struct fixture *fixture, uint64_t size)
{
	struct hash root;
	assert_ok(ledger_root_at(fixture->store, size, &root, &fixture->err));
	return root;
}

/* The root of the first entries, from the entries alone. */
static struct hash recomputed(struct fixture *fixture, uint64_t size)
{
	struct merkle_frontier frontier = {0};
	for (uint64_t i = 0; i < size; i++) {
		struct hash leaf = merkle_leaf(stored_entry(fixture, fixture->store, (int64_t)i));
		merkle_append(&frontier, &leaf);
	}
	return merkle_frontier_root(&frontier);
}

static void any_two_sizes_of_the_past_are_proven_consistent(void **state)
{
	struct fixture *fixture = *state;
	struct buf proof;
	buf_init(&proof, TREE_PROOF_MAX * HASH_LEN);
	append_and_commit(fixture, ENTRIES);
	for (uint64_t size = 0; size <= ENTRIES; size += 7) {
		struct hash root = root_at(fixture, size), expected = recomputed(fixture, size);
		assert_true(hash_equal(&root, expected.at));
		for (uint64_t old = 0; old <= size; old += 11) {
			struct hash old_root = root_at(fixture, old);
			buf_clear(&proof);
			assert_ok(ledger_prove(fixture->store, old, size, &proof, &fixture->err));
			assert_true(merkle_consistent(old, &old_root, size, &root, proof.at, proof.len / HASH_LEN));
		}
	}
	buf_done(&proof);
}

static void what_does_not_exist_yet_has_no_root_and_no_proof(void **state)
{
	struct fixture *fixture = *state;
	struct hash root;
	struct buf proof;
	buf_init(&proof, TREE_PROOF_MAX * HASH_LEN);
	append_and_commit(fixture, 3);
	assert_code(ledger_root_at(fixture->store, 4, &root, &fixture->err), CODE_USAGE);
	assert_code(ledger_prove(fixture->store, 1, 4, &proof, &fixture->err), CODE_USAGE);
	assert_code(ledger_prove(fixture->store, 3, 2, &proof, &fixture->err), CODE_USAGE);
	buf_done(&proof);
}

static void one_row_is_kept_in_sixteen_entries(void **state)
{
	struct fixture *fixture = *state;
	append_and_commit(fixture, 256);
	assert_int_equal(kept_rows(fixture), 8 + 4 + 2 + 1);
}

static void what_was_rolled_back_is_not_kept(void **state)
{
	struct fixture *fixture = *state;
	append_and_commit(fixture, 31);
	begin(fixture);
	append(fixture, 1);
	roll_back(fixture);
	assert_int_equal(kept_rows(fixture), 0);
	append_and_commit(fixture, 1);
	assert_int_equal(kept_rows(fixture), 1);
	struct hash root = root_at(fixture, 32), expected = recomputed(fixture, 32);
	assert_true(hash_equal(&root, expected.at));
}

static void a_store_of_an_older_version_gets_its_subtrees_once(void **state)
{
	struct fixture *fixture = *state;
	append_and_commit(fixture, ENTRIES);
	size_t rows = kept_rows(fixture);
	for (unsigned level = LEDGER_TREE_LEAST; level < 9; level++)
		for (unsigned index = 0; index < (unsigned)ENTRIES >> level; index++)
			change_row(fixture, level, index, NULL);
	assert_int_equal(kept_rows(fixture), 0);
	struct hash before = root_at(fixture, ENTRIES); /* what is only read goes back to the entries */
	assert_ok(reopen(fixture));
	assert_int_equal(kept_rows(fixture), rows);
	struct hash after = root_at(fixture, ENTRIES);
	assert_true(hash_equal(&before, after.at));
}

static void subtrees_that_do_not_fit_the_frontier_are_made_anew(void **state)
{
	struct fixture *fixture = *state;
	static const char *const values[] = {"01234567890123456789012345678901", "too short"};
	append_and_commit(fixture, 96);
	struct hash expected = recomputed(fixture, 96);
	for (size_t i = 0; i < 2; i++) {
		change_row(fixture, 6, 0, values[i]);
		assert_ok(reopen(fixture));
		struct hash root = root_at(fixture, 96);
		assert_true(hash_equal(&root, expected.at));
	}
}

/* The tree is derived from the entries, never the other way. */
static void refuses_to_make_a_tree_of_entries_that_are_not_those_of_the_frontier(void **state)
{
	struct fixture *fixture = *state;
	struct merkle_frontier other = {0};
	struct buf packed;
	append_and_commit(fixture, 64);
	for (uint64_t i = 0; i < 64; i++) {
		struct hash leaf = merkle_leaf(bytes_of(&i, sizeof(i)));
		merkle_append(&other, &leaf);
	}
	buf_init(&packed, LEDGER_NOTE_MAX);
	ledger_frontier_encode(&other, &packed);
	note(fixture, LEDGER_NOTE_FRONTIER, buf_bytes(&packed));
	buf_done(&packed);
	assert_code(reopen(fixture), CODE_CORRUPT);
	assert_string_equal(fixture->err.field, "frontier");
}

static void a_tree_found_damaged_is_made_anew(void **state)
{
	struct fixture *fixture = *state;
	struct buf proof;
	buf_init(&proof, TREE_PROOF_MAX * HASH_LEN);
	append_and_commit(fixture, 130);
	change_row(fixture, 6, 1, "01234567890123456789012345678901");
	assert_code(ledger_prove(fixture->store, 40, 130, &proof, &fixture->err), CODE_CORRUPT);
	begin(fixture);
	assert_ok(ledger_rebuild_tree(fixture->ledger, &fixture->err));
	commit(fixture);
	assert_ok(ledger_prove(fixture->store, 40, 130, &proof, &fixture->err));
	buf_done(&proof);
}

static void refuses_to_prove_anything_by_a_damaged_subtree(void **state)
{
	struct fixture *fixture = *state;
	struct buf proof;
	buf_init(&proof, TREE_PROOF_MAX * HASH_LEN);
	append_and_commit(fixture, 130);
	change_row(fixture, 6, 1, "01234567890123456789012345678901");
	assert_code(ledger_prove(fixture->store, 40, 130, &proof, &fixture->err), CODE_CORRUPT);
	buf_done(&proof);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_two_sizes_of_the_past_are_proven_consistent),
		TEST(what_does_not_exist_yet_has_no_root_and_no_proof),
		TEST(one_row_is_kept_in_sixteen_entries),
		TEST(what_was_rolled_back_is_not_kept),
		TEST(a_store_of_an_older_version_gets_its_subtrees_once),
		TEST(subtrees_that_do_not_fit_the_frontier_are_made_anew),
		TEST(refuses_to_make_a_tree_of_entries_that_are_not_those_of_the_frontier),
		TEST(a_tree_found_damaged_is_made_anew),
		TEST(refuses_to_prove_anything_by_a_damaged_subtree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
