/* tests/vectors/proof.json, which every implementation must agree on: each tree, statement, path and signature is checked, and is
 * refused with one bit changed. */
#include "base/file.h"
#include "base/pack.h"
#include "base/text.h"
#include "certs/proof.h"
#include "pki_fixture.h"
#include "schemas/json.h"

#define VECTORS LIAISON_SOURCE_DIR "/tests/vectors/"

static const char *const kinds[] = {"ed25519", "p256", "p384", "rsa"};

enum { KINDS = sizeof(kinds) / sizeof(*kinds), BATCHES = 5, FILE_MAX = 1 << 20 };

static struct buf vectors;
static struct trust *trust;
static struct signer *signers[KINDS];

static int set_up(void **state)
{
	static const char *const ca = VECTORS "keys/ca.pem";
	struct buf json;
	struct err err;

	(void)state;
	pki_fixture_fine(file_read(VECTORS "proof.json", FILE_MAX, &json, &err), &err);
	buf_init(&vectors, FILE_MAX);
	pki_fixture_fine(json_to_pack(buf_bytes(&json), &vectors, &err), &err);
	buf_done(&json);
	pki_fixture_fine(trust_load(&ca, 1, NULL, 0, &trust, &err), &err);
	for (size_t i = 0; i < KINDS; i++) {
		AUTO_FREE char *path = mem_printf(VECTORS "keys/%s.pem", kinds[i]);
		pki_fixture_fine(trust_judge_file(trust, path, TRUST_SIGN_PARTY, INT64_C(1767225600000), &signers[i], &err), &err);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		signer_unref(signers[i]);
	trust_unref(trust);
	buf_done(&vectors);
	return 0;
}

/* --- reading --- */

static struct bytes text_at(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct bytes text_at(const char *format, ...)
{
	char pointer[128];
	struct bytes value, text = BYTES_NONE;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(pointer, sizeof(pointer), format, arguments);
	va_end(arguments);
	if (!pack_pointer(buf_bytes(&vectors), pointer, &value) || !pack_as_text(value, &text))
		fail_msg("there is no text at %s", pointer);
	return text;
}

static int64_t int_at(size_t batch, const char *name)
{
	char pointer[128];
	struct bytes value;
	int64_t integer = 0;

	snprintf(pointer, sizeof(pointer), "/good/%zu/%s", batch, name);
	if (!pack_pointer(buf_bytes(&vectors), pointer, &value) || !pack_as_int(value, &integer))
		fail_msg("there is no integer at %s", pointer);
	return integer;
}

/* Bytes of hex; they last until the next call. */
static struct bytes unhex(struct bytes hex)
{
	static uint8_t bytes[KEY_SIGNATURE_MAX];
	struct err err;

	assert_true(hex.len / 2 <= sizeof(bytes));
	pki_fixture_fine(text_unhex(hex, bytes, hex.len / 2, &err), &err);
	return bytes_of(bytes, hex.len / 2);
}

struct batch {
	size_t number, count;
	struct hash leaves[8];
	uint8_t statement[PROOF_STATEMENT_MAX];
	size_t statement_len;
};

static struct batch read_batch(size_t number)
{
	struct batch batch = {.number = number, .count = (size_t)int_at(number, "count")};

	assert_in_range(batch.count, 1, 8);
	for (size_t i = 0; i < batch.count; i++) {
		struct bytes leaf = unhex(text_at("/good/%zu/messages/%zu/leaf", number, i));
		assert_int_equal(leaf.len, HASH_LEN);
		memcpy(batch.leaves[i].at, leaf.at, HASH_LEN);
	}
	struct bytes statement = unhex(text_at("/good/%zu/statement", number));
	memcpy(batch.statement, statement.at, statement.len);
	batch.statement_len = statement.len;
	return batch;
}

static struct bytes statement_of(const struct batch *batch)
{
	return bytes_of(batch->statement, batch->statement_len);
}

/* --- checking --- */

static void leaves_roots_and_statements_are_those_of_the_vectors(void **state)
{
	(void)state;
	for (size_t number = 0; number < BATCHES; number++) {
		struct batch batch = read_batch(number);
		struct proof_statement says;
		struct buf again;
		struct err err;
		for (size_t i = 0; i < batch.count; i++) {
			struct hash leaf = merkle_leaf(text_at("/good/%zu/messages/%zu/text", number, i));
			assert_memory_equal(leaf.at, batch.leaves[i].at, HASH_LEN);
		}
		struct hash root = merkle_root(batch.leaves, batch.count);
		assert_memory_equal(root.at, unhex(text_at("/good/%zu/root", number)).at, HASH_LEN);
		pki_fixture_fine(proof_statement_decode(statement_of(&batch), &says, &err), &err);
		assert_int_equal(says.count, batch.count);
		assert_int_equal(says.signed_at, int_at(number, "signed_at"));
		assert_memory_equal(says.root.at, root.at, HASH_LEN);
		buf_init(&again, PROOF_STATEMENT_MAX);
		proof_statement_encode(&says, &again);
		assert_true(bytes_equal(buf_bytes(&again), statement_of(&batch)));
		buf_done(&again);
	}
}

static void the_certificates_are_those_of_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct bytes fingerprint = unhex(text_at("/certificates/%s/fingerprint", kinds[i]));
		assert_int_equal(fingerprint.len, HASH_LEN);
		assert_memory_equal(fingerprint.at, signer_fingerprint(signers[i]), HASH_LEN);
		assert_true(bytes_is(text_at("/certificates/%s/party", kinds[i]), signer_party(signers[i])));
	}
}

static void signatures_of_every_kind_fit_and_no_other_kinds(void **state)
{
	(void)state;
	for (size_t number = 0; number < BATCHES; number++) {
		struct batch batch = read_batch(number);
		for (size_t kind = 0; kind < KINDS; kind++) {
			struct bytes signature = unhex(text_at("/good/%zu/signatures/%s", number, kinds[kind]));
			for (size_t other = 0; other < KINDS; other++) {
				struct err err;
				result checked =
					proof_check_batch(signers[other], statement_of(&batch), signature, batch.leaves, batch.count, NULL, &err);
				assert_int_equal(checked.code, kind == other ? CODE_OK : CODE_SIGNATURE);
			}
		}
	}
}

static result check_message(const struct batch *batch, size_t index, struct bytes path, size_t kind)
{
	struct bytes signature = unhex(text_at("/good/%zu/signatures/%s", batch->number, kinds[kind]));
	struct err err;

	return proof_check_one(NULL, signers[kind], statement_of(batch), signature, &batch->leaves[index], index, path, NULL, &err);
}

static void every_message_has_its_path_and_one_bit_of_it_matters(void **state)
{
	(void)state;
	for (size_t number = 0; number < BATCHES; number++) {
		struct batch batch = read_batch(number);
		for (size_t index = 0; index < batch.count; index++) {
			uint8_t path[PROOF_PATH_MAX * HASH_LEN];
			struct bytes read = unhex(text_at("/good/%zu/messages/%zu/path", number, index));
			size_t len = read.len;
			memcpy(path, read.at, len);
			assert_int_equal(check_message(&batch, index, bytes_of(path, len), (number + index) % KINDS).code, CODE_OK);
			for (size_t at = 0; at < len; at++) {
				path[at] ^= (uint8_t)(1U << (at % 8));
				assert_int_equal(check_message(&batch, index, bytes_of(path, len), 0).code, CODE_SIGNATURE);
				path[at] ^= (uint8_t)(1U << (at % 8));
			}
		}
	}
}

static void one_bit_of_a_statement_matters_to_every_kind(void **state)
{
	struct batch batch = read_batch(0);

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		assert_int_equal(check_message(&batch, 0, BYTES_NONE, kind).code, CODE_OK);
		for (size_t bit = 0; bit < 8 * batch.statement_len; bit += 7) {
			batch.statement[bit / 8] ^= (uint8_t)(1U << (bit % 8));
			assert_int_not_equal(check_message(&batch, 0, BYTES_NONE, kind).code, CODE_OK);
			batch.statement[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_roots_and_statements_are_those_of_the_vectors),
		cmocka_unit_test(the_certificates_are_those_of_the_vectors),
		cmocka_unit_test(signatures_of_every_kind_fit_and_no_other_kinds),
		cmocka_unit_test(every_message_has_its_path_and_one_bit_of_it_matters),
		cmocka_unit_test(one_bit_of_a_statement_matters_to_every_kind),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
