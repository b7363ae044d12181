/* What an adapter submits, judged as the hub's verifier does it. The batch is signed with a certificate of the test's own authority, so that only what it says
 * stands between it and acceptance. */
#define EDIT_MUTATOR
#include "fuzz/spoken.h"
#include "unit/broker/hub_fixture.h"

#include "broker/verify/judge.h"

static struct hub_fixture hub;
static struct signer *police;
static struct key *key;
static int64_t now;

static void leave(void)
{
	signer_unref(police);
	key_unref(key);
	hub_fixture_done(&hub);
}

static void begin(void)
{
	struct trust *trust;
	if (hub.snapshot)
		return;
	hub_fixture_new(&hub, &(struct hub_config){.listen = NULL});
	trust = pki_fixture_trust(&hub.pki);
	police = pki_fixture_signer(&hub.pki, trust, POLICE "-sign", TRUST_SIGN_PARTY);
	key = pki_fixture_key(&hub.pki, POLICE "-sign");
	trust_unref(trust);
	now = clock_wall_ms();
	clock_freeze(now);
	atexit(leave);
}

static const char *whose(void *ctx, const uint8_t *fingerprint)
{
	(void)ctx;
	return fingerprint[0] & 1 ? BOARD : NULL;
}

/* All that a message can be refused for is known, and has a reason. */
static void look_at(const struct job *job, bool is_honest)
{
	fuzz_must(job->signer == police && job->count > 0 && job->count <= BATCH_MOST);
	for (size_t i = 0; i < job->count; i++) {
		const struct candidate *candidate = &job->candidates[i];
		fuzz_must(candidate->message.id != NULL && candidate->message.header.len > 0);
		fuzz_must(!candidate->refusal || candidate->refusal->code != CODE_OK);
		fuzz_must(!is_honest || !candidate->refusal || candidate->refusal->code != CODE_SIGNATURE);
		/* Whatever is let in is of that party, of a type that there is, and whole. */
		if (!candidate->refusal)
			fuzz_must(candidate->type && bytes_is(candidate->message.from, POLICE) && candidate->signed_at == now);
	}
}

static void judge_frame(struct bytes frame, bool is_honest)
{
	const struct judge judge = {.snapshot = hub.snapshot, .signer = police, .party = POLICE, .whose = whose, .now = now};
	struct job *job = job_new(JOB_SUBMIT, 1);
	struct err err = {.code = CODE_OK};
	job->frame = blob_new(frame);
	if (FAILED(judge_submit(&judge, job, &err)))
		fuzz_must(err.code != CODE_OK && err.reason[0] && !job->candidates);
	else
		look_at(job, is_honest);
	job_free(job);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct said said[BATCH_MOST];
	struct spoken spoken;
	struct buf frame;
	struct err ignored;
	size_t made = 0;
	begin();
	judge_frame(bytes_of(data, size), false);
	if (!spoken_read(bytes_of(data, size), &spoken))
		return 0;
	struct pack_in in = pack_in(spoken.say, &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && i < BATCH_MOST && !in.failed; i++) {
		if (spoken_make(hub.snapshot->catalogue, &spoken, pack_value(&in, ""), POLICE, now, &said[made].header, &said[made].parts))
			made++;
		else
			said_done(&said[made]);
	}
	if (made) {
		said_submit(said, made, key, signer_fingerprint(police), now, &frame);
		if (spoken.how & SPOKEN_EDIT_AFTER)
			edit_play(&frame, spoken.edits, SPOKEN_EDITS_MAX);
		judge_frame(buf_bytes(&frame), !(spoken.how & SPOKEN_EDIT_AFTER));
		buf_done(&frame);
	}
	for (size_t i = 0; i < made; i++)
		said_done(&said[i]);
	return 0;
}
