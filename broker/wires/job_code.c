#include "base/clock.h"
#include "base/mem.h"
#include "base/pack.h"
#include "broker/wires/job.h"
#include "schemas/party.h"

#include <stdio.h>
#include <string.h>

/* What a kind carries; nothing else may be set. */
enum { HAS_LINK = 1, HAS_PARTY = 2, HAS_ADDRESS = 4, HAS_FINGERPRINT = 8, HAS_NUMBER = 16, HAS_WHY = 32, HAS_BODY = 64 };

struct shape {
	bool crosses[2]; /* by origin */
	unsigned has;
};

static const struct shape shapes[JOB_KIND_COUNT] = {
	[JOB_LINK_UP] = {{false, true}, HAS_LINK | HAS_PARTY | HAS_ADDRESS | HAS_FINGERPRINT | HAS_NUMBER | HAS_BODY},
	[JOB_LINK_DOWN] = {{false, true}, HAS_LINK | HAS_WHY},
	[JOB_SUBMIT] = {{false, true}, HAS_LINK | HAS_BODY},
	[JOB_ACK] = {{false, true}, HAS_LINK | HAS_BODY},
	[JOB_CREDIT] = {{false, true}, HAS_LINK | HAS_NUMBER},
	[JOB_CERT_ASK] = {{false, true}, HAS_LINK | HAS_BODY},
	[JOB_SEND] = {{true, false}, HAS_LINK | HAS_NUMBER | HAS_BODY},
	[JOB_CLOSE] = {{true, false}, HAS_LINK | HAS_WHY},
	[JOB_MANDATE] = {{true, false}, HAS_BODY},
	[JOB_READY] = {{false, true}, HAS_NUMBER | HAS_WHY},
	[JOB_PULSE] = {{true, true}, HAS_BODY},
	[JOB_REFUSED] = {{false, true}, HAS_BODY},
	[JOB_STOP] = {{true, true}, 0},
};

enum { HEAD_FIELDS = 9, NUMBER_MAX = INT32_MAX };

/* ── writing ── */

static void pack_chain(const struct signer *signer, struct buf *out)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	size_t count = signer_chain(signer, chain);
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_bin(out, chain[i]);
}

void job_pack(const struct job *job, struct buf *head, struct buf *scratch, struct bytes *ret_body)
{
	unsigned has = shapes[job->kind].has;
	pack_put_array(head, HEAD_FIELDS);
	pack_put_int(head, (int64_t)job->kind);
	pack_put_int(head, has & HAS_LINK ? (int64_t)job->link : 0);
	pack_put_text(head, has & HAS_PARTY ? bytes_text(job->party) : BYTES_NONE);
	pack_put_text(head, has & HAS_ADDRESS ? bytes_text(job->address) : BYTES_NONE);
	pack_put_bin(head, has & HAS_FINGERPRINT ? bytes_of(job->fingerprint, HASH_LEN) : BYTES_NONE);
	pack_put_int(head, has & HAS_NUMBER ? job->number : 0);
	pack_put_text(head, has & HAS_WHY ? bytes_text(code_text(job->why.code)) : BYTES_NONE);
	pack_put_text(head, has & HAS_WHY ? bytes_text(job->why.field) : BYTES_NONE);
	pack_put_text(head, has & HAS_WHY ? bytes_text(job->why.reason) : BYTES_NONE);
	*ret_body = blob_bytes(job->frame);
	if (job->kind == JOB_LINK_UP && job->signer) {
		pack_chain(job->signer, scratch);
		*ret_body = buf_bytes(scratch);
	}
}

/* ── reading ── */

static void take_text(struct pack_in *in, const char *field, bool wanted, char *into, size_t size)
{
	struct bytes text = pack_text(in, field, wanted ? size - 1 : 0);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || text.at[i] == 0x7f)
			pack_fail(in, CODE_MALFORMED, field, "control characters");
	if (!in->failed && text.len)
		memcpy(into, text.at, text.len);
}

static void take_code(struct pack_in *in, bool wanted, struct err *why)
{
	struct bytes text = pack_text(in, "code", wanted ? ERR_FIELD_MAX : 0);
	if (wanted && !in->failed && !code_from_text((const char *)text.at, text.len, &why->code))
		pack_fail(in, CODE_MALFORMED, "code", "there is no such code");
}

static void take_fingerprint(struct pack_in *in, bool wanted, uint8_t *into)
{
	struct bytes bin = pack_bin(in, "fingerprint", wanted ? HASH_LEN : 0);
	if (wanted && !in->failed && bin.len != HASH_LEN)
		pack_fail(in, CODE_MALFORMED, "fingerprint", "is of another length");
	else if (wanted && !in->failed)
		memcpy(into, bin.at, HASH_LEN);
}

/* A link tells how much of the ledger its adapter has verified, which grows without end; -1: its version of the link knows no heads. */
static void take_number(struct pack_in *in, enum job_kind kind, bool wanted, int64_t *ret)
{
	bool is_size = kind == JOB_LINK_UP;
	*ret = wanted ? pack_int(in, "number", is_size ? -1 : 0, is_size ? INT64_MAX : NUMBER_MAX) : pack_int(in, "number", 0, 0);
}

static enum job_kind take_kind(struct pack_in *in, enum job_origin origin)
{
	int64_t kind = pack_int(in, "kind", 0, JOB_KIND_COUNT - 1);
	if (!in->failed && !shapes[kind].crosses[origin])
		pack_fail(in, CODE_MALFORMED, "kind", "this side sends no such job");
	return in->failed ? JOB_KIND_COUNT : (enum job_kind)kind;
}

static RESULT read_head(struct job *job, enum job_origin origin, struct bytes head, struct err *err)
{
	struct pack_in in = pack_in_scanned(head, err);
	pack_array_of(&in, "", HEAD_FIELDS);
	enum job_kind kind = take_kind(&in, origin);
	if (in.failed)
		return (result){err->code};
	unsigned has = shapes[kind].has;
	job->kind = kind;
	job->link = (uint64_t)pack_int(&in, "link", 0, has & HAS_LINK ? INT64_MAX : 0);
	take_text(&in, "party", has & HAS_PARTY, job->party, sizeof(job->party));
	take_text(&in, "address", has & HAS_ADDRESS, job->address, sizeof(job->address));
	take_fingerprint(&in, has & HAS_FINGERPRINT, job->fingerprint);
	take_number(&in, kind, has & HAS_NUMBER, &job->number);
	take_code(&in, has & HAS_WHY, &job->why);
	take_text(&in, "field", has & HAS_WHY, job->why.field, sizeof(job->why.field));
	take_text(&in, "reason", has & HAS_WHY, job->why.reason, sizeof(job->why.reason));
	TRY(pack_end(&in));
	if (has & HAS_PARTY)
		TRY(party_check(bytes_text(job->party), "party", err));
	if (kind == JOB_LINK_DOWN && job->why.code == CODE_OK)
		return err_set(err, CODE_MALFORMED, "code", "a link ends for a reason");
	return OK;
}

static RESULT take_body(struct job *job, struct bytes body, struct err *err)
{
	if (!(shapes[job->kind].has & HAS_BODY))
		return body.len == 0 ? OK : err_set(err, CODE_MALFORMED, "body", "%s has none", job_kind_text(job->kind));
	job->frame = blob_new(body);
	if (job->kind == JOB_LINK_UP) {
		struct bytes chain[TRUST_CHAIN_MAX];
		size_t count = 0;
		return job_chain(job, chain, &count, err);
	}
	return OK;
}

result job_unpack(enum job_origin origin, struct bytes head, struct bytes body, struct job **ret, struct err *err)
{
	struct job *job = job_new(JOB_STOP, 0);
	if (head.len > JOB_HEAD_MAX) {
		job_free(job);
		return err_set(err, CODE_TOO_LARGE, "", "a head of %zu bytes", head.len);
	}
	result r = read_head(job, origin, head, err);
	if (!FAILED(r))
		r = take_body(job, body, err);
	if (FAILED(r)) {
		job_free(job);
		return r;
	}
	job->at_us = clock_mono_us();
	*ret = job;
	return OK;
}

result job_chain(const struct job *job, struct bytes ret[static TRUST_CHAIN_MAX], size_t *ret_count, struct err *err)
{
	struct pack_in in = pack_in(blob_bytes(job->frame), err);
	size_t count = pack_array(&in, "chain");
	if (!in.failed && (count == 0 || count > TRUST_CHAIN_MAX))
		pack_fail(&in, CODE_MALFORMED, "chain", "is empty or too long");
	for (size_t i = 0; i < count && !in.failed; i++)
		ret[i] = pack_bin(&in, "chain", FRAME_CERT_MAX);
	*ret_count = count;
	return pack_end(&in);
}
