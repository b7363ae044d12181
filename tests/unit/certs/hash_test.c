#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "certs/hash.h"

enum { THREADS = 4, ROUNDS = 200 };

static void assert_hash(struct hash hash, const char *hex)
{
	char text[2 * HASH_LEN + 1];

	assert_string_equal(text_hex(hash_bytes(&hash), text), hex);
}

static void gives_the_digests_of_the_standard(void **state)
{
	(void)state;
	assert_hash(hash_of(BYTES_NONE), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash(hash_of(BYTES_LIT("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_hash(hash_of(BYTES_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
	            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void hashes_two_pieces_as_one(void **state)
{
	struct bytes whole = BYTES_LIT("salt and part");

	(void)state;
	struct hash expected = hash_of(whole);
	for (size_t cut = 0; cut <= whole.len; cut++) {
		struct hash two = hash_of_two(bytes_of(whole.at, cut), bytes_of(whole.at + cut, whole.len - cut));
		assert_true(hash_equal(&two, expected.at));
	}
}

static void tells_hashes_apart_by_every_bit(void **state)
{
	struct hash hash = hash_of(BYTES_LIT("abc")), other = hash;

	(void)state;
	for (size_t bit = 0; bit < 8 * HASH_LEN; bit++) {
		other.at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		assert_false(hash_equal(&hash, other.at));
		other = hash;
	}
	assert_true(hash_equal(&hash, other.at));
}

static void *hash_often(void *into)
{
	struct hash *sum = into;

	*sum = hash_of(BYTES_LIT("begin"));
	for (int i = 0; i < ROUNDS; i++)
		*sum = hash_of_two(hash_bytes(sum), BYTES_LIT("more"));
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	pthread_t threads[THREADS];
	struct hash sums[THREADS], expected;

	(void)state;
	hash_often(&expected);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_often, &sums[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(hash_equal(&sums[i], expected.at));
	}
}

static void random_bytes_are_not_repeated_and_fill_to_the_end(void **state)
{
	uint8_t first[64] = {0}, second[64] = {0};
	bool end_was_set = false;

	(void)state;
	hash_random(first, sizeof(first));
	hash_random(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
	for (int i = 0; i < 16 && !end_was_set; i++) {
		hash_random(first, sizeof(first));
		end_was_set = first[sizeof(first) - 1] != 0;
	}
	assert_true(end_was_set);
	second[0] = 7;
	hash_random(second, 0);
	assert_int_equal(second[0], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_digests_of_the_standard),
		cmocka_unit_test(hashes_two_pieces_as_one),
		cmocka_unit_test(tells_hashes_apart_by_every_bit),
		cmocka_unit_test(threads_do_not_disturb_each_other),
		cmocka_unit_test(random_bytes_are_not_repeated_and_fill_to_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
