#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "certs/merkle.h"

enum { LEAVES = 70, BATCH = 1024 };

static struct hash leaves[BATCH];

static int make_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < BATCH; i++)
		leaves[i] = merkle_leaf(bytes_of(&i, sizeof(i)));
	return 0;
}

/* --- RFC 9162 as it is written, to compare with --- */

static struct hash pair(struct hash left, struct hash right)
{
	uint8_t both[1 + 2 * HASH_LEN] = {1};

	memcpy(both + 1, left.at, HASH_LEN);
	memcpy(both + 1 + HASH_LEN, right.at, HASH_LEN);
	return hash_of(bytes_of(both, sizeof(both)));
}

static size_t largest_power_below(size_t count)
{
	size_t power = 1;

	while (power * 2 < count)
		power *= 2;
	return power;
}

static struct hash recursive_root(const struct hash *from, size_t count)
{
	if (count == 0)
		return hash_of(BYTES_NONE);
	if (count == 1)
		return from[0];
	size_t split = largest_power_below(count);
	return pair(recursive_root(from, split), recursive_root(from + split, count - split));
}

static size_t recursive_path(const struct hash *from, size_t count, size_t index, struct hash *into)
{
	if (count == 1)
		return 0;
	size_t split = largest_power_below(count), len;
	if (index < split) {
		len = recursive_path(from, split, index, into);
		into[len] = recursive_root(from + split, count - split);
	} else {
		len = recursive_path(from + split, count - split, index - split, into);
		into[len] = recursive_root(from, split);
	}
	return len + 1;
}

static size_t recursive_consistency(const struct hash *from, size_t count, size_t old, bool is_whole, struct hash *into)
{
	if (old == count) {
		if (!is_whole)
			into[0] = recursive_root(from, count);
		return is_whole ? 0 : 1;
	}
	size_t split = largest_power_below(count), len;
	if (old <= split) {
		len = recursive_consistency(from, split, old, is_whole, into);
		into[len] = recursive_root(from + split, count - split);
	} else {
		len = recursive_consistency(from + split, count - split, old - split, false, into);
		into[len] = recursive_root(from, split);
	}
	return len + 1;
}

/* --- roots --- */

static struct hash unhex(const char *text)
{
	struct hash hash;
	struct err err;

	assert_false(FAILED(text_unhex(bytes_text(text), hash.at, HASH_LEN, &err)));
	return hash;
}

/* The leaves and roots that implementations of Certificate Transparency test each other with. */
static void known_trees_have_their_known_roots(void **state)
{
	static const char *const data[] = {
		"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
	static const char *const roots[] = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	};
	struct merkle_frontier frontier = {0};
	struct hash known[8];

	(void)state;
	for (size_t size = 0; size <= 8; size++) {
		struct hash expected = unhex(roots[size]), found = merkle_frontier_root(&frontier);
		assert_memory_equal(found.at, expected.at, HASH_LEN);
		if (size > 0)
			found = merkle_root(known, size);
		assert_memory_equal(found.at, expected.at, HASH_LEN);
		if (size == 8)
			break;
		uint8_t bytes[16];
		struct err err;
		size_t len = strlen(data[size]) / 2;
		assert_false(FAILED(text_unhex(bytes_text(data[size]), bytes, len, &err)));
		known[size] = merkle_leaf(bytes_of(bytes, len));
		merkle_append(&frontier, &known[size]);
	}
}

static void roots_follow_the_recursive_definition(void **state)
{
	struct merkle_frontier frontier = {0};

	(void)state;
	for (size_t size = 1; size <= BATCH; size++) {
		merkle_append(&frontier, &leaves[size - 1]);
		assert_int_equal(frontier.size, size);
		assert_int_equal(frontier.peaks_count, __builtin_popcountll(size));
		if (size > LEAVES && size != BATCH && size != BATCH - 1)
			continue;
		struct hash expected = recursive_root(leaves, size), root = merkle_root(leaves, size),
					grown = merkle_frontier_root(&frontier);
		assert_memory_equal(root.at, expected.at, HASH_LEN);
		assert_memory_equal(grown.at, expected.at, HASH_LEN);
	}
}

static void a_leaf_is_never_a_node(void **state)
{
	uint8_t both[2 * HASH_LEN];

	(void)state;
	memcpy(both, leaves[0].at, HASH_LEN);
	memcpy(both + HASH_LEN, leaves[1].at, HASH_LEN);
	struct hash leaf = merkle_leaf(bytes_of(both, sizeof(both))), node = merkle_root(leaves, 2);
	assert_memory_not_equal(leaf.at, node.at, HASH_LEN);
}

/* --- paths --- */

static void paths_follow_the_recursive_definition_and_lead_to_the_root(void **state)
{
	(void)state;
	for (size_t size = 1; size <= LEAVES; size++) {
		struct hash root = recursive_root(leaves, size);
		for (size_t index = 0; index < size; index++) {
			struct hash expected[64], path[64], found;
			size_t len = 0, expected_len = recursive_path(leaves, size, index, expected);
			merkle_path(leaves, size, index, path, &len);
			assert_int_equal(len, expected_len);
			assert_memory_equal(path, expected, len * sizeof(*path));
			assert_true(merkle_root_from_path(&leaves[index], index, size, path[0].at, len, &found));
			assert_memory_equal(found.at, root.at, HASH_LEN);
		}
	}
}

static void all_paths_at_once_are_the_paths_one_by_one(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 33, 64, 65, 127, 1000, 1023, 1024};
	struct hash *paths = mem_array(BATCH * 10, sizeof(*paths));
	size_t *lens = mem_array(BATCH, sizeof(*lens));

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		merkle_paths(leaves, sizes[i], paths, lens);
		for (size_t index = 0; index<sizes[i]; index += sizes[i]> 100 ? 37 : 1) {
			struct hash path[64];
			size_t len = 0;
			merkle_path(leaves, sizes[i], index, path, &len);
			assert_int_equal(lens[index], len);
			assert_memory_equal(&paths[index * 10], path, len * sizeof(*path));
		}
	}
	mem_free(paths);
	mem_free(lens);
}

static void refuses_a_path_of_another_length_index_or_count(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 20; size++) {
		struct hash root = recursive_root(leaves, size);
		for (size_t index = 0; index < size; index++) {
			struct hash path[64] = {{{0}}}, found;
			size_t len = 0;
			merkle_path(leaves, size, index, path, &len);
			assert_false(merkle_root_from_path(&leaves[index], index, size, path[0].at, len + 1, &found));
			if (len > 0)
				assert_false(merkle_root_from_path(&leaves[index], index, size, path[0].at, len - 1, &found));
			assert_false(merkle_root_from_path(&leaves[index], size, size, path[0].at, len, &found));
			assert_false(merkle_root_from_path(&leaves[index], index + size, size, path[0].at, len, &found));
			for (size_t other = 0; other < size; other++) {
				bool leads = merkle_root_from_path(&leaves[index], other, size, path[0].at, len, &found);
				assert_int_equal(leads && hash_equal(&found, root.at), other == index);
			}
		}
	}
}

static void refuses_any_index_of_an_empty_tree(void **state)
{
	struct hash found;

	(void)state;
	assert_false(merkle_root_from_path(&leaves[0], 0, 0, leaves[0].at, 0, &found));
	assert_false(merkle_root_from_path(&leaves[0], UINT64_MAX, 0, leaves[0].at, 1, &found));
	assert_false(merkle_root_from_path(&leaves[0], UINT64_MAX, UINT64_MAX, leaves[0].at, 1, &found));
}

static void one_bit_of_leaf_or_path_leads_elsewhere(void **state)
{
	struct hash path[64], found, root = recursive_root(leaves, 11);
	uint8_t *bytes = (uint8_t *)path;
	size_t len = 0;

	(void)state;
	merkle_path(leaves, 11, 9, path, &len);
	for (size_t bit = 0; bit < 8 * HASH_LEN * len; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		assert_true(merkle_root_from_path(&leaves[9], 9, 11, path[0].at, len, &found));
		assert_memory_not_equal(found.at, root.at, HASH_LEN);
		bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	for (size_t bit = 0; bit < 8 * (size_t)HASH_LEN; bit++) {
		struct hash leaf = leaves[9];
		leaf.at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		assert_true(merkle_root_from_path(&leaf, 9, 11, path[0].at, len, &found));
		assert_memory_not_equal(found.at, root.at, HASH_LEN);
	}
}

/* --- consistency --- */

static void consistency_follows_the_recursive_definition_and_is_accepted(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 40; size++) {
		struct hash root = recursive_root(leaves, size);
		for (size_t old = 0; old <= size; old++) {
			struct hash expected[64], proof[64] = {{{0}}}, old_root = recursive_root(leaves, old);
			size_t len = 99, expected_len = old == 0 ? 0 : recursive_consistency(leaves, size, old, true, expected);
			merkle_consistency(leaves, size, old, proof, &len);
			assert_int_equal(len, expected_len);
			assert_memory_equal(proof, expected, len * sizeof(*proof));
			assert_true(merkle_consistent(old, &old_root, size, &root, proof[0].at, len));
		}
	}
}

static void a_rewritten_past_is_not_consistent(void **state)
{
	(void)state;
	for (size_t size = 2; size <= 24; size++) {
		for (size_t old = 1; old < size; old++) {
			struct hash proof[64], other[24], old_root = recursive_root(leaves, old);
			size_t len = 0;
			memcpy(other, leaves, sizeof(other));
			other[old - 1].at[0] ^= 1;
			struct hash other_root = recursive_root(other, size);
			merkle_consistency(other, size, old, proof, &len);
			assert_false(merkle_consistent(old, &old_root, size, &other_root, proof[0].at, len));
		}
	}
}

static void refuses_consistency_proofs_of_another_length_or_content(void **state)
{
	(void)state;
	for (size_t size = 2; size <= 24; size++) {
		struct hash root = recursive_root(leaves, size);
		for (size_t old = 1; old < size; old++) {
			struct hash proof[65] = {{{0}}}, old_root = recursive_root(leaves, old);
			size_t len = 0;
			merkle_consistency(leaves, size, old, proof, &len);
			assert_true(len > 0);
			assert_false(merkle_consistent(old, &old_root, size, &root, proof[0].at, len - 1));
			assert_false(merkle_consistent(old, &old_root, size, &root, proof[0].at, len + 1));
			assert_false(merkle_consistent(old, &old_root, size, &root, proof[0].at, 0));
			assert_false(merkle_consistent(size, &root, old, &old_root, proof[0].at, len));
			for (size_t at = 0; at < len * HASH_LEN; at++) {
				((uint8_t *)proof)[at] ^= 0x10;
				assert_false(merkle_consistent(old, &old_root, size, &root, proof[0].at, len));
				((uint8_t *)proof)[at] ^= 0x10;
			}
		}
	}
}

static void equal_sizes_need_equal_roots_and_no_proof(void **state)
{
	struct hash root = recursive_root(leaves, 5), other = recursive_root(leaves, 4), nothing = hash_of(BYTES_NONE);

	(void)state;
	assert_true(merkle_consistent(5, &root, 5, &root, NULL, 0));
	assert_false(merkle_consistent(5, &other, 5, &root, NULL, 0));
	assert_false(merkle_consistent(5, &root, 5, &root, root.at, 1));
	assert_true(merkle_consistent(0, &nothing, 5, &root, NULL, 0));
	assert_false(merkle_consistent(0, &root, 5, &root, NULL, 0));
	assert_false(merkle_consistent(0, &nothing, 5, &root, root.at, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_trees_have_their_known_roots),
		cmocka_unit_test(roots_follow_the_recursive_definition),
		cmocka_unit_test(a_leaf_is_never_a_node),
		cmocka_unit_test(paths_follow_the_recursive_definition_and_lead_to_the_root),
		cmocka_unit_test(all_paths_at_once_are_the_paths_one_by_one),
		cmocka_unit_test(refuses_a_path_of_another_length_index_or_count),
		cmocka_unit_test(refuses_any_index_of_an_empty_tree),
		cmocka_unit_test(one_bit_of_leaf_or_path_leads_elsewhere),
		cmocka_unit_test(consistency_follows_the_recursive_definition_and_is_accepted),
		cmocka_unit_test(a_rewritten_past_is_not_consistent),
		cmocka_unit_test(refuses_consistency_proofs_of_another_length_or_content),
		cmocka_unit_test(equal_sizes_need_equal_roots_and_no_proof),
	};
	return cmocka_run_group_tests(tests, make_leaves, NULL);
}
