#include "broker/wires/job.h"

#include "base/mem.h"
#include "base/pack.h"

enum { JOB_SERIAL_BITS = 48, JOB_INCARNATION_SHIFT = 32, JOB_CHAIN_MAX = 128 * 1024 };

static const char *const names[JOB_KIND_COUNT] = {
	"link_up", "link_down", "submit", "ack", "credit", "cert_ask", "send", "close", "snapshot", "stop", "ask", "answer", "committed",
	"mandate", "ready", "pulse", "gateway", "refused",
};

struct job *job_new(enum job_kind kind, uint64_t link)
{
	struct job *job = mem_alloc(sizeof(*job));
	job->kind = kind;
	job->link = link;
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	for (size_t i = 0; job->candidates && i < job->count; i++)
		mem_free(job->candidates[i].refusal);
	mem_free(job->candidates);
	if (job->kind == JOB_MANDATE)
		mem_wipe((void *)blob_bytes(job->frame).at, blob_bytes(job->frame).len);
	blob_unref(job->frame);
	signer_unref(job->signer);
	snapshot_unref(job->snapshot);
	wire_free(job->wire);
	mem_free(job);
}

const char *job_kind_text(enum job_kind kind)
{
	return (unsigned)kind < JOB_KIND_COUNT ? names[kind] : "unknown";
}

unsigned job_gateway(uint64_t link)
{
	return (unsigned)(link >> JOB_SERIAL_BITS);
}

uint64_t job_link(unsigned gateway, uint64_t serial)
{
	return (uint64_t)gateway << JOB_SERIAL_BITS | serial;
}

uint64_t job_first_serial(uint32_t incarnation)
{
	return (uint64_t)(incarnation & UINT16_MAX) << JOB_INCARNATION_SHIFT;
}

uint32_t job_incarnation(uint64_t link)
{
	return (uint32_t)(link >> JOB_INCARNATION_SHIFT) & UINT16_MAX;
}

unsigned job_verifier(uint64_t link, unsigned verifiers)
{
	return (unsigned)((link & ((UINT64_C(1) << JOB_SERIAL_BITS) - 1)) % verifiers);
}

static RESULT send_job(struct wire *wire, const struct job *job, struct err *err)
{
	struct bytes frames[2];
	struct buf head, scratch;
	buf_init(&head, JOB_HEAD_MAX);
	buf_init(&scratch, JOB_CHAIN_MAX);
	job_pack(job, &head, &scratch, &frames[1]);
	frames[0] = buf_bytes(&head);
	result r = buf_check(&head, "head", err);
	if (!FAILED(r))
		r = wire_send(wire, frames, 2, err);
	buf_done(&head);
	buf_done(&scratch);
	return r;
}

result job_give(struct wire *wire, struct job **job, bool wait, struct err *err)
{
	void *pointer = *job;
	if (wire_is_inside(wire)) {
		TRY(wire_give(wire, &pointer, wait, err));
	} else {
		TRY(send_job(wire, *job, err));
		job_free(*job);
	}
	*job = NULL;
	return OK;
}

struct job *job_take(struct wire *wire, int wait_ms)
{
	return wire_take(wire, wait_ms);
}

result job_receive(struct wire *wire, enum job_origin origin, struct job **ret, struct err *err)
{
	struct wire_message message;
	if (wire_is_inside(wire)) {
		*ret = job_take(wire, 0);
		return *ret ? OK : err_set(err, wire_is_shut(wire) ? CODE_CLOSED : CODE_BUSY, "", "there is no job");
	}
	TRY(wire_receive(wire, &message, err));
	result r = message.count == 2 ? job_unpack(origin, message.frames[0], message.frames[1], ret, err)
	                              : err_set(err, CODE_MALFORMED, "", "a job has two frames, not %zu", message.count);
	wire_message_done(&message);
	return r;
}
