/* Frames of an adapter as the gateway takes them, and HELLO. What is made a job must be a job that the core reads. */
#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "unit/broker/hub_fixture.h"

#include "broker/gateway/hello.h"
#include "broker/gateway/intake.h"

enum { BATCH = 64 };

static struct hub_fixture hub;
static struct mandate *mandate;
static struct signer *tls, *signing;

static void leave(void)
{
	mandate_unref(mandate);
	signer_unref(tls);
	signer_unref(signing);
	hub_fixture_done(&hub);
}

static void begin(void)
{
	if (mandate)
		return;
	hub_fixture_new(&hub, &(struct hub_config){.listen = NULL});
	mandate = hub_fixture_mandate(hub.snapshot);
	tls = pki_fixture_signer(&hub.pki, mandate->trust, POLICE "-tls", TRUST_TLS_PARTY);
	signing = pki_fixture_signer(&hub.pki, mandate->trust, POLICE "-sign", TRUST_SIGN_PARTY);
	clock_freeze(clock_wall_ms());
	atexit(leave);
}

static void take(struct bytes frame)
{
	struct job *job = NULL;
	enum frame_kind kind;
	struct err err = {.code = CODE_OK};
	if (FAILED(frame_kind_of(frame, &kind, &err)))
		return;
	if (FAILED(intake_job(kind, frame, BATCH, 7, POLICE, &job, &err))) {
		fuzz_must(err.code != CODE_OK && err.reason[0] && !job);
		return;
	}
	fuzz_must(job->link == 7 && !strcmp(job->party, POLICE));
	fuzz_must(job->kind != JOB_SUBMIT || (job->count > 0 && job->count <= BATCH));
	fuzz_must(job->kind == JOB_CREDIT || bytes_equal(blob_bytes(job->frame), frame));
	job_free(job);
}

/* The frame as it came, and with the certificate of a party that is enrolled here in the place of its chain. */
static void greet(struct bytes frame, bool with_chain)
{
	struct frame_hello hello;
	struct bytes chain[TRUST_CHAIN_MAX];
	struct signer *found = NULL;
	struct buf out;
	struct err err = {.code = CODE_OK};
	int64_t known = 0;
	buf_init(&out, FUZZ_OUT_MAX);
	if (with_chain && !FAILED(frame_hello_decode(frame, &hello, &err))) {
		hello.chain_count = signer_chain(signing, chain);
		memcpy(hello.chain, chain, hello.chain_count * sizeof(*chain));
		frame_hello_encode(&hello, &out);
		frame = buf_bytes(&out);
	}
	if (FAILED(hello_judge(mandate, tls, frame, &found, &known, &err)))
		fuzz_must(err.code != CODE_OK && err.reason[0] && !found);
	else
		fuzz_must(!strcmp(signer_party(found), POLICE) && known >= -1 && !FAILED(hello_rejudge(mandate, found, &err)));
	signer_unref(found);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	take(bytes_of(data, size));
	greet(bytes_of(data, size), false);
	greet(bytes_of(data, size), true);
	return 0;
}
