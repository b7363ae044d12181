#include "broker/wires/job.h"

#include "base/mem.h"

enum { JOB_SERIAL_BITS = 48 };

static const char *const names[JOB_KIND_COUNT] = {
	"link_up", "link_down", "submit", "ack", "credit", "cert_ask", "send", "close", "snapshot", "stop", "ask", "answer", "committed",
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
	blob_unref(job->frame);
	signer_unref(job->signer);
	snapshot_unref(job->snapshot);
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

unsigned job_verifier(uint64_t link, unsigned verifiers)
{
	return (unsigned)((link & ((UINT64_C(1) << JOB_SERIAL_BITS) - 1)) % verifiers);
}

result job_give(struct wire *wire, struct job **job, bool wait, struct err *err)
{
	void *pointer = *job;
	TRY(wire_give(wire, &pointer, wait, err));
	*job = NULL;
	return OK;
}

struct job *job_take(struct wire *wire, int wait_ms)
{
	return wire_take(wire, wait_ms);
}
