#include "unit/schemas/sample.h"

#include "schemas/envelope.h"

static uint8_t zeros[MESSAGE_HEADER_MAX + 1];

static struct envelope fresh(void)
{
	return (struct envelope){
		.header = BYTES_LIT("\x80"),
		.parts = BYTES_LIT("\x90"),
		.statement = BYTES_LIT("statement"),
		.signature = BYTES_LIT("signature"),
		.signer = zeros,
		.index = 5,
		.path = bytes_of(zeros, 64),
	};
}

static result decode_again(const struct envelope *envelope, struct err *err)
{
	struct buf out;
	struct envelope again;
	buf_init(&out, SAMPLE_MAX);
	envelope_encode(envelope, &out);
	result r = envelope_decode(buf_bytes(&out), &again, err);
	buf_done(&out);
	return r;
}

static void decodes_what_it_encoded(void **state)
{
	struct envelope envelope = fresh();
	struct envelope again;
	struct buf out;
	struct err err;
	(void)state;
	buf_init(&out, SAMPLE_MAX);
	envelope_encode(&envelope, &out);
	assert_int_equal(envelope_decode(buf_bytes(&out), &again, &err).code, CODE_OK);
	assert_true(bytes_equal(again.header, envelope.header));
	assert_true(bytes_equal(again.parts, envelope.parts));
	assert_true(bytes_equal(again.statement, envelope.statement));
	assert_true(bytes_equal(again.signature, envelope.signature));
	assert_memory_equal(again.signer, zeros, 32);
	assert_int_equal(again.index, 5);
	assert_int_equal(again.path.len, 64);
	assert_true(again.path.at > out.at && again.path.at < out.at + out.len);
	buf_done(&out);
}

static void check(const struct envelope *envelope, enum code code, const char *field)
{
	struct err err = {.field = ""};
	assert_int_equal(decode_again(envelope, &err).code, code);
	assert_string_equal(err.field, field);
}

static void takes_fields_at_their_limits_and_refuses_one_more(void **state)
{
	static const struct {
		size_t offset, max;
		const char *field;
	} limits[] = {
		{offsetof(struct envelope, header), MESSAGE_HEADER_MAX, "/1"},
		{offsetof(struct envelope, statement), ENVELOPE_STATEMENT_MAX, "/3"},
		{offsetof(struct envelope, signature), ENVELOPE_SIGNATURE_MAX, "/4"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct envelope envelope = fresh();
		struct bytes at_limit = bytes_of(zeros, limits[i].max);
		struct bytes beyond = bytes_of(zeros, limits[i].max + 1);
		memcpy((uint8_t *)&envelope + limits[i].offset, &at_limit, sizeof(at_limit));
		check(&envelope, CODE_OK, "");
		memcpy((uint8_t *)&envelope + limits[i].offset, &beyond, sizeof(beyond));
		check(&envelope, CODE_TOO_LARGE, limits[i].field);
		memset((uint8_t *)&envelope + limits[i].offset, 0, sizeof(beyond));
		check(&envelope, CODE_MALFORMED, limits[i].field);
	}
}

static void a_path_is_up_to_ten_whole_hashes(void **state)
{
	struct envelope envelope = fresh();
	(void)state;
	envelope.path = BYTES_NONE;
	check(&envelope, CODE_OK, "");
	envelope.path = bytes_of(zeros, ENVELOPE_PATH_MAX);
	check(&envelope, CODE_OK, "");
	envelope.path = bytes_of(zeros, ENVELOPE_PATH_MAX + 32);
	check(&envelope, CODE_TOO_LARGE, "/7");
	envelope.path = bytes_of(zeros, 33);
	check(&envelope, CODE_MALFORMED, "/7");
}

static void an_index_is_within_a_batch(void **state)
{
	struct envelope envelope = fresh();
	(void)state;
	envelope.index = ENVELOPE_BATCH_MAX - 1;
	check(&envelope, CODE_OK, "");
	envelope.index = ENVELOPE_BATCH_MAX;
	check(&envelope, CODE_MALFORMED, "/6");
	envelope.index = -1;
	check(&envelope, CODE_MALFORMED, "/6");
}

static void parts_are_an_array_of_at_most_16(void **state)
{
	struct envelope envelope = fresh();
	(void)state;
	envelope.parts = BYTES_LIT("\x80");
	check(&envelope, CODE_MALFORMED, "/2");
	envelope.parts = BYTES_LIT("\xc0");
	check(&envelope, CODE_MALFORMED, "/2");
	envelope.parts = BYTES_LIT("\xdc\x00\x10\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0");
	check(&envelope, CODE_OK, "");
	envelope.parts = BYTES_LIT("\xdc\x00\x11\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0");
	check(&envelope, CODE_TOO_LARGE, "/2");
}

static void refuses_another_shape(void **state)
{
	static const struct {
		const char *json;
		const char *field;
	} cases[] = {
		{"{}", ""},
		{"[]", ""},
		{"[1,{'$base64':'gA=='},[],{'$base64':'gA=='},{'$base64':'gA=='}," SAMPLE_HASH ",0,{'$base64':''},1]", ""},
		{"[2,{'$base64':'gA=='},[],{'$base64':'gA=='},{'$base64':'gA=='}," SAMPLE_HASH ",0,{'$base64':''}]", "/0"},
		{"[1,'x',[],{'$base64':'gA=='},{'$base64':'gA=='}," SAMPLE_HASH ",0,{'$base64':''}]", "/1"},
		{"[1,{'$base64':'gA=='},[],{'$base64':'gA=='},{'$base64':'gA=='}," SAMPLE_HASH_SHORT ",0,{'$base64':''}]", "/5"},
		{"[1,{'$base64':'gA=='},[],{'$base64':'gA=='},{'$base64':'gA=='}," SAMPLE_HASH ",'0',{'$base64':''}]", "/6"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct envelope envelope;
		struct err err = {.field = "none"};
		buf_init(&packed, SAMPLE_MAX);
		sample_pack(cases[i].json, &packed);
		assert_int_equal(envelope_decode(buf_bytes(&packed), &envelope, &err).code, CODE_MALFORMED);
		assert_string_equal(err.field, cases[i].field);
		buf_done(&packed);
	}
}

static void refuses_trailing_bytes_and_every_cut(void **state)
{
	struct envelope envelope = fresh();
	struct buf out;
	struct err err;
	(void)state;
	buf_init(&out, SAMPLE_MAX);
	envelope_encode(&envelope, &out);
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(envelope_decode(bytes_of(out.at, len), &envelope, &err).code, CODE_MALFORMED);
	buf_add_byte(&out, 0);
	assert_int_equal(envelope_decode(buf_bytes(&out), &envelope, &err).code, CODE_MALFORMED);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_what_it_encoded),
		cmocka_unit_test(takes_fields_at_their_limits_and_refuses_one_more),
		cmocka_unit_test(a_path_is_up_to_ten_whole_hashes),
		cmocka_unit_test(an_index_is_within_a_batch),
		cmocka_unit_test(parts_are_an_array_of_at_most_16),
		cmocka_unit_test(refuses_another_shape),
		cmocka_unit_test(refuses_trailing_bytes_and_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
