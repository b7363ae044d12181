#include "broker/gateway/intake.h"

#include "base/clock.h"

#include <stdio.h>

static result read_submit(struct bytes frame, int64_t batch_max, struct job *job, struct err *err)
{
	struct pack_in in = pack_in(frame, err);
	pack_array_of(&in, "", 5);
	pack_next(&in, "/0");
	pack_bin(&in, "/1", ENVELOPE_STATEMENT_MAX);
	pack_bin(&in, "/2", ENVELOPE_SIGNATURE_MAX);
	pack_bin_of(&in, "/3", HASH_LEN);
	size_t count = pack_array(&in, "/4");
	if (in.failed)
		return (result){err->code};
	if (count == 0)
		return err_set(err, CODE_MALFORMED, "/4", "a batch of no messages");
	if (count > (size_t)batch_max)
		return err_set(err, CODE_TOO_LARGE, "/4", "a batch of %zu messages; the most are %lld", count, (long long)batch_max);
	job->count = count;
	return OK;
}

static result read_ack(struct bytes frame, struct err *err)
{
	struct bytes ids[FRAME_BATCH_MAX];
	size_t count = 0;
	return frame_ack_decode(frame, ids, &count, err);
}

static result read_frame(enum frame_kind kind, struct bytes frame, int64_t batch_max, struct job *job, struct err *err)
{
	const uint8_t *fingerprint = NULL;
	switch (kind) {
	case FRAME_SUBMIT:
		job->kind = JOB_SUBMIT;
		return read_submit(frame, batch_max, job, err);
	case FRAME_ACK:
		job->kind = JOB_ACK;
		return read_ack(frame, err);
	case FRAME_CREDIT:
		job->kind = JOB_CREDIT;
		return frame_credit_decode(frame, &job->number, err);
	case FRAME_CERT_ASK:
		job->kind = JOB_CERT_ASK;
		return frame_cert_ask_decode(frame, &fingerprint, err);
	case FRAME_HELLO:
	case FRAME_WELCOME:
	case FRAME_VERDICT:
	case FRAME_DELIVER:
	case FRAME_PING:
	case FRAME_PONG:
	case FRAME_CERT:
	case FRAME_HEAD:
	case FRAME_BYE:
	case FRAME_KIND_COUNT:
		break;
	}
	return err_set(err, CODE_PROTOCOL, "frame", "an adapter does not send %s here", frame_kind_text(kind));
}

result intake_job(enum frame_kind kind, struct bytes frame, int64_t batch_max, uint64_t link, const char *party, struct job **ret,
                  struct err *err)
{
	struct job *job = job_new(JOB_SUBMIT, link);
	result r = read_frame(kind, frame, batch_max, job, err);
	if (FAILED(r)) {
		job_free(job);
		return r;
	}
	if (job->kind != JOB_CREDIT)
		job->frame = blob_new(frame);
	snprintf(job->party, sizeof(job->party), "%s", party);
	job->at_us = clock_mono_us();
	*ret = job;
	return OK;
}
