#include "unit/broker/hub_fixture.h"

#include "broker/gateway/intake.h"

static result take(enum frame_kind kind, const struct buf *frame, int64_t batch_max, struct job **ret, struct err *err)
{
	*ret = NULL;
	return intake_job(kind, buf_bytes(frame), batch_max, job_link(1, 2), POLICE, ret, err);
}

static void put_submit(struct buf *frame, size_t count)
{
	static const uint8_t signer[HASH_LEN];
	struct frame_message messages[BATCH_MOST];
	buf_init(frame, 1 << 16);
	for (size_t i = 0; i < count; i++)
		messages[i] = (struct frame_message){BYTES_LIT("h"), BYTES_LIT("\x90")};
	frame_submit_encode(BYTES_LIT("s"), BYTES_LIT("g"), signer, messages, count, frame);
}

static void counts_the_messages_of_a_submit(void **state)
{
	struct buf frame;
	struct job *job;
	struct err err;
	(void)state;
	put_submit(&frame, 7);
	assert_false(FAILED(take(FRAME_SUBMIT, &frame, 7, &job, &err)));
	assert_int_equal(job->kind, JOB_SUBMIT);
	assert_int_equal(job->count, 7);
	assert_true(bytes_equal(blob_bytes(job->frame), buf_bytes(&frame)));
	assert_string_equal(job->party, POLICE);
	job_free(job);
	assert_int_equal(take(FRAME_SUBMIT, &frame, 6, &job, &err).code, CODE_TOO_LARGE);
	buf_done(&frame);
	put_submit(&frame, 0);
	assert_int_equal(take(FRAME_SUBMIT, &frame, 7, &job, &err).code, CODE_MALFORMED);
	assert_null(job);
	buf_done(&frame);
}

static void refuses_what_is_cut_short_at_any_byte(void **state)
{
	struct buf frame;
	struct job *job;
	struct err err;
	(void)state;
	put_submit(&frame, 1);
	size_t head = frame.len - 4; /* behind the array's head a verifier reads */
	for (frame.len = 0; frame.len <= head - 1; frame.len++)
		assert_int_equal(take(FRAME_SUBMIT, &frame, 7, &job, &err).code, CODE_MALFORMED);
	buf_done(&frame);
}

static void checks_the_small_frames_whole(void **state)
{
	static const uint8_t fingerprint[HASH_LEN];
	const struct uuid id = uuid_new();
	const struct bytes ids[] = {bytes_of(id.at, UUID_LEN)};
	struct buf frame;
	struct job *job;
	struct err err;
	(void)state;
	buf_init(&frame, 4096);
	frame_credit_encode(42, &frame);
	assert_false(FAILED(take(FRAME_CREDIT, &frame, 7, &job, &err)));
	assert_int_equal(job->kind, JOB_CREDIT);
	assert_int_equal(job->number, 42);
	job_free(job);
	buf_clear(&frame);
	frame_credit_encode(0, &frame);
	assert_int_equal(take(FRAME_CREDIT, &frame, 7, &job, &err).code, CODE_MALFORMED);
	buf_clear(&frame);
	frame_ack_encode(ids, 1, &frame);
	assert_false(FAILED(take(FRAME_ACK, &frame, 7, &job, &err)));
	assert_int_equal(job->kind, JOB_ACK);
	job_free(job);
	frame.len--;
	assert_int_equal(take(FRAME_ACK, &frame, 7, &job, &err).code, CODE_MALFORMED);
	buf_clear(&frame);
	frame_cert_ask_encode(fingerprint, &frame);
	assert_false(FAILED(take(FRAME_CERT_ASK, &frame, 7, &job, &err)));
	assert_int_equal(job->kind, JOB_CERT_ASK);
	job_free(job);
	frame.len--;
	assert_int_equal(take(FRAME_CERT_ASK, &frame, 7, &job, &err).code, CODE_MALFORMED);
	buf_done(&frame);
}

static void refuses_frames_that_only_a_hub_sends(void **state)
{
	static const enum frame_kind kinds[] = {FRAME_HELLO, FRAME_WELCOME, FRAME_VERDICT, FRAME_DELIVER, FRAME_CERT, FRAME_HEAD,
	                                        FRAME_BYE};
	struct buf frame;
	struct job *job;
	struct err err;
	(void)state;
	buf_init(&frame, 16);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		assert_int_equal(take(kinds[i], &frame, 7, &job, &err).code, CODE_PROTOCOL);
	buf_done(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_the_messages_of_a_submit),
		cmocka_unit_test(refuses_what_is_cut_short_at_any_byte),
		cmocka_unit_test(checks_the_small_frames_whole),
		cmocka_unit_test(refuses_frames_that_only_a_hub_sends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
