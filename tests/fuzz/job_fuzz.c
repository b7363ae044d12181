#include "broker/wires/job.h"
#include "fuzz/fuzz.h"

/* What a gateway process says: two frames, the head's length before them. What is accepted is written and read again. */

static enum job_origin origin;

static struct job *read_job(struct bytes in)
{
	struct job *job = NULL;
	struct err err;
	size_t head = in.len >= 2 ? (size_t)in.at[0] << 8 | in.at[1] : 0;
	if (in.len < 2 || head > in.len - 2)
		return NULL;
	if (FAILED(job_unpack(origin, bytes_of(in.at + 2, head), bytes_of(in.at + 2 + head, in.len - 2 - head), &job, &err)))
		return NULL;
	return job;
}

static void look_at(const struct job *job)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	size_t count = 0;
	struct err err;
	/* Of a link it is how much of the ledger its adapter has verified, or -1. */
	fuzz_must(job->kind == JOB_LINK_UP ? job->number >= -1 : job->number >= 0 && job->number <= INT32_MAX);
	fuzz_must(!job->signer && !job->snapshot && !job->candidates && !job->wire && job->count == 0);
	if (job->kind != JOB_LINK_UP)
		return;
	fuzz_must(origin == JOB_FROM_GATEWAY && job->party[0] != '\0');
	fuzz_must(!FAILED(job_chain(job, chain, &count, &err)) && count > 0 && count <= TRUST_CHAIN_MAX);
}

static bool again_job(struct bytes in, struct buf *out)
{
	struct job *job = read_job(in);
	struct buf head, scratch;
	struct bytes body;
	if (!job)
		return false;
	look_at(job);
	buf_init(&head, JOB_HEAD_MAX);
	buf_init(&scratch, FUZZ_OUT_MAX);
	job_pack(job, &head, &scratch, &body);
	buf_add_byte(out, (uint8_t)(head.len >> 8));
	buf_add_byte(out, (uint8_t)head.len);
	buf_add(out, buf_bytes(&head));
	buf_add(out, body);
	buf_done(&head);
	buf_done(&scratch);
	job_free(job);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (origin = JOB_FROM_CORE; origin <= JOB_FROM_GATEWAY; origin++)
		fuzz_again(again_job, bytes_of(data, size));
	return 0;
}
