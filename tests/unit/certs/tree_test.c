#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/tree.h"

enum { LEAVES = 140 };

static struct hash leaves[LEAVES];

/* Full subtrees as a store would give them; counts what is asked for. */
struct giving {
	uint64_t size;
	unsigned asked;
	bool fails;
};

static result give(void *ctx, unsigned level, uint64_t index, struct hash *ret, struct err *err)
{
	struct giving *giving = ctx;
	giving->asked++;
	if (giving->fails)
		return err_set(err, CODE_IO, "", "the disk is gone");
	assert_true((index + 1) << level <= giving->size);
	*ret = merkle_root(leaves + (index << level), (size_t)1 << level);
	return OK;
}

static int make_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEAVES; i++)
		leaves[i] = merkle_leaf(bytes_of(&i, sizeof(i)));
	return 0;
}

static void roots_are_those_of_all_leaves(void **state)
{
	struct err err;
	(void)state;
	for (uint64_t size = 0; size <= LEAVES; size++) {
		struct giving giving = {.size = size};
		struct hash root, expected = merkle_root(leaves, (size_t)size);
		assert_int_equal(tree_root(give, &giving, size, &root, &err).code, CODE_OK);
		assert_true(hash_equal(&root, expected.at));
	}
}

static void proofs_are_those_made_of_all_leaves(void **state)
{
	struct err err;
	(void)state;
	for (uint64_t size = 0; size <= LEAVES; size++)
		for (uint64_t old = 0; old <= size; old++) {
			struct giving giving = {.size = size};
			struct hash proof[TREE_PROOF_MAX], expected[64];
			size_t len = 0, expected_len = 0;
			assert_int_equal(tree_consistency(give, &giving, old, size, proof, &len, &err).code, CODE_OK);
			merkle_consistency(leaves, size, old, expected, &expected_len);
			assert_int_equal(len, expected_len);
			assert_memory_equal(proof, expected, len * sizeof(*proof));
			assert_true(giving.asked <= 16);
		}
}

static void refuses_to_prove_that_less_continues_more(void **state)
{
	struct giving giving = {.size = 5};
	struct hash proof[TREE_PROOF_MAX];
	struct err err;
	size_t len = 7;
	(void)state;
	assert_int_equal(tree_consistency(give, &giving, 5, 4, proof, &len, &err).code, CODE_USAGE);
	assert_int_equal(len, 0);
	assert_int_equal(giving.asked, 0);
}

static void a_node_that_cannot_be_had_is_the_answer(void **state)
{
	struct giving giving = {.size = LEAVES, .fails = true};
	struct hash proof[TREE_PROOF_MAX], root;
	struct err err;
	size_t len = 0;
	(void)state;
	assert_int_equal(tree_root(give, &giving, 9, &root, &err).code, CODE_IO);
	assert_int_equal(tree_consistency(give, &giving, 3, 9, proof, &len, &err).code, CODE_IO);
	assert_int_equal(len, 0);
}

static void a_tree_that_grows_tells_each_subtree_that_became_full(void **state)
{
	struct merkle_frontier plain = {0}, telling = {0};
	struct hash grown[64];
	(void)state;
	for (size_t i = 0; i < LEAVES; i++) {
		unsigned levels = merkle_append_grown(&telling, &leaves[i], grown);
		merkle_append(&plain, &leaves[i]);
		assert_memory_equal(&plain.size, &telling.size, sizeof(plain.size));
		assert_int_equal(plain.peaks_count, telling.peaks_count);
		assert_memory_equal(plain.peaks, telling.peaks, plain.peaks_count * sizeof(*plain.peaks));
		for (unsigned level = 0; level < 8; level++)
			assert_int_equal((i + 1) % ((size_t)1 << level) == 0, level < levels);
		for (unsigned level = 0; level < levels; level++) {
			struct hash expected = merkle_root(leaves + i + 1 - ((size_t)1 << level), (size_t)1 << level);
			assert_true(hash_equal(&grown[level], expected.at));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_of_all_leaves),
		cmocka_unit_test(proofs_are_those_made_of_all_leaves),
		cmocka_unit_test(refuses_to_prove_that_less_continues_more),
		cmocka_unit_test(a_node_that_cannot_be_had_is_the_answer),
		cmocka_unit_test(a_tree_that_grows_tells_each_subtree_that_became_full),
	};
	return cmocka_run_group_tests(tests, make_leaves, NULL);
}
