#include "broker/verify/judge.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/approval.h"
#include "certs/merkle.h"
#include "certs/seal.h"
#include "schemas/pointer.h"

#include <string.h>

#define MAIN_PART "main"
#define APPROVALS_PART "approvals"
#define ANYBODY "any"
#define CLASS_P2 "P2"

/* ── one message ── */

static result check_parts(const struct message *message, const struct part *parts, size_t count, struct err *err)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < count; i++) {
		const struct message_part *named = message_part_find(message, parts[i].name);
		if (!named)
			return err_set(err, CODE_PART_HASH, pointer_key("/parts", parts[i].name, place), "a part that the header does not name");
		struct hash hash = hash_of_two(bytes_of(parts[i].salt, MESSAGE_SALT_LEN), parts[i].bytes);
		if (!hash_equal(&hash, named->hash))
			return err_set(err, CODE_PART_HASH, pointer_key("/parts", parts[i].name, place),
			               "the salt and bytes are not those that were signed");
	}
	for (size_t i = 0; i < message->parts_count; i++)
		if (!part_find(parts, count, message->parts[i].name))
			return err_set(err, CODE_PART_HASH, pointer_key("/parts", message->parts[i].name, place),
			               "the header names a part that did not come along");
	return OK;
}

/* Substance use records are for the consent's recipients alone: not for the hub either. */
static result check_sealed(const struct message *message, const struct part *parts, size_t count, struct err *err)
{
	char place[ERR_FIELD_MAX];
	struct err why;
	for (size_t i = 0; i < count; i++) {
		const struct message_part *named = message_part_find(message, parts[i].name);
		if (!named || !bytes_is(named->cls, CLASS_P2))
			continue;
		if (!message->consent.len)
			return err_set(err, CODE_CONSENT, "/consent", "a part of class P2 is disclosed under a consent, and the message names none");
		if (!part_is_sealed(parts[i].bytes) || FAILED(seal_check(part_sealed(parts[i].bytes), &why)))
			return err_set(err, CODE_CONSENT, pointer_key("/parts", parts[i].name, place), "must be sealed for the consent's recipients");
	}
	return OK;
}

static result check_times(const struct judge *judge, const struct message *message, struct err *err)
{
	int64_t skew = judge->snapshot->settings.limits.clock_skew_ms;
	if (message->issued > judge->now + skew)
		return err_set(err, CODE_CLOCK, "/issued", "lies %lld ms in the future of this clock",
		               (long long)(message->issued - judge->now));
	if (message->expires && message->expires <= judge->now)
		return err_set(err, CODE_EXPIRED, "/expires", "passed %lld ms ago", (long long)(judge->now - message->expires));
	return OK;
}

static result check_size(const struct judge *judge, const struct candidate *candidate, struct err *err)
{
	int64_t size = (int64_t)(candidate->message.header.len + candidate->parts.len);
	int64_t most = judge->snapshot->settings.limits.message_bytes;
	if (size > most)
		return err_set(err, CODE_TOO_LARGE, "", "%lld bytes with its parts; the most are %lld", (long long)size, (long long)most);
	return OK;
}

static result check_originator(const struct judge *judge, const struct catalogue_type *type, struct err *err)
{
	const struct snapshot_party *party = snapshot_party(judge->snapshot, bytes_text(judge->party));
	if (!party)
		return err_set(err, CODE_NOT_ENROLLED, "/from", "%s is no longer enrolled", judge->party);
	for (size_t i = 0; i < type->originators_count; i++)
		if (!strcmp(type->originators[i], ANYBODY) || snapshot_has_role(party, bytes_text(type->originators[i])))
			return OK;
	return err_set(err, CODE_NO_AGREEMENT, "/type", "%s has no role that may originate %s", judge->party, type->name);
}

static result check_persons(const struct judge *judge, const struct catalogue_type *type, const struct part *parts, size_t count,
                            struct bytes main, struct err *err)
{
	const struct part *approvals = part_find(parts, count, BYTES_LIT(APPROVALS_PART));
	const struct approval_rule rule = {
		.persons = (size_t)type->persons,
		.roles = (const char *const *)type->person_roles,
		.roles_count = type->person_roles_count,
	};
	if (type->persons == 0)
		return OK;
	if (!approvals)
		return err_set(err, CODE_AUTHORITY, "/parts/" APPROVALS_PART, "the type asks for the signatures of %lld persons; there is none",
		               (long long)type->persons);
	return approval_check(judge->snapshot->trust, approvals->bytes, judge->party, bytes_text(type->name), main, &rule, err);
}

static result judge_message(const struct judge *judge, struct candidate *candidate, struct err *err)
{
	struct part parts[MESSAGE_PARTS_MAX];
	struct message *message = &candidate->message;
	char from[TRUST_NAME_MAX];
	size_t count = 0;
	if (!bytes_is(message->from, judge->party))
		return err_set(err, CODE_NOT_YOUR_PARTY, "/from", "says %s; the link is that of %s",
		               text_safe(message->from, from, sizeof(from)),
		               judge->party);
	TRY(check_size(judge, candidate, err));
	TRY(part_decode_all(candidate->parts, parts, &count, err));
	TRY(check_parts(message, parts, count, err));
	TRY(catalogue_check(judge->snapshot->catalogue, message, parts, count, false, &candidate->type, err));
	const struct part *main = part_find(parts, count, BYTES_LIT(MAIN_PART));
	candidate->main = main ? main->bytes : BYTES_NONE;
	TRY(check_sealed(message, parts, count, err));
	TRY(check_times(judge, message, err));
	TRY(check_originator(judge, candidate->type, err));
	return check_persons(judge, candidate->type, parts, count, candidate->main, err);
}

static void refuse(struct candidate *candidate, const struct err *why)
{
	candidate->refusal = mem_alloc(sizeof(*candidate->refusal));
	*candidate->refusal = *why;
}

/* A header that cannot be decoded may still say which message it is about, and is answered by that. Nothing else of it is passed
 * on. */
static result salvage(struct candidate *candidate, const struct err *why, struct err *err)
{
	struct bytes header = candidate->message.header, value;
	struct err ignored;
	const uint8_t *id = NULL;
	memset(&candidate->message, 0, sizeof(candidate->message));
	candidate->message.header = header;
	if (!FAILED(pack_scan(header, &ignored)) && pack_find(header, "id", &value)) {
		struct pack_in in = pack_in(value, &ignored);
		id = pack_bin_of(&in, "/id", UUID_LEN);
	}
	if (!id || !uuid_is_v7(id)) {
		*err = *why;
		return (result){why->code};
	}
	candidate->message.id = id;
	return OK;
}

/* ── the batch ── */

/* Whose batch it is: the certificate that it names must be the link's. */
static result check_signer(const struct judge *judge, const uint8_t *fingerprint, struct err *err)
{
	if (memcmp(fingerprint, signer_fingerprint(judge->signer), HASH_LEN) != 0) {
		const char *whose = judge->whose(judge->ctx, fingerprint);
		if (whose && strcmp(whose, judge->party) != 0)
			return err_set(err, CODE_NOT_YOUR_PARTY, "signer", "the signing certificate is of %s", whose);
		return err_set(err, CODE_CERTIFICATE, "signer", "the batch was not signed with the certificate that HELLO has shown");
	}
	if (judge->distrust) {
		*err = *judge->distrust;
		return (result){err->code};
	}
	if (judge->now < signer_not_before_ms(judge->signer) || judge->now > signer_not_after_ms(judge->signer))
		return err_set(err, CODE_CERTIFICATE, "signer", "the signing certificate is out of its time");
	return OK;
}

static result check_batch(const struct judge *judge, const struct frame_submit *submit, const struct hash *leaves, size_t count,
                          int64_t *ret_signed_at, struct err *err)
{
	TRY(check_signer(judge, submit->signer, err));
	result r = proof_check_batch(judge->signer, submit->statement, submit->signature, leaves, count, ret_signed_at, err);
	if (FAILED(r))
		return err_set(err, CODE_SIGNATURE, "statement", "%s", err->reason);
	if (*ret_signed_at > judge->now + judge->snapshot->settings.limits.clock_skew_ms)
		return err_set(err, CODE_CLOCK, "signed_at", "lies %lld ms in the future of this clock",
		               (long long)(*ret_signed_at - judge->now));
	return OK;
}

/* What is wrong with the batch is wrong with each message of it. Only of who signed it with a certificate that is nobody's
 * here, the message may say more. */
static result judge_one(const struct judge *judge, struct candidate *candidate, const struct err *batch, struct err *err)
{
	struct err why;
	result r = message_decode(candidate->message.header, &candidate->message, &why);
	if (FAILED(r))
		TRY(salvage(candidate, batch->code != CODE_OK ? batch : &why, err));
	else
		r = judge_message(judge, candidate, &why);
	bool says_more = batch->code == CODE_CERTIFICATE && r.code == CODE_NOT_YOUR_PARTY;
	if (batch->code != CODE_OK && !says_more)
		refuse(candidate, batch);
	else if (FAILED(r))
		refuse(candidate, &why);
	return OK;
}

static void number_paths(struct candidate *candidates, const struct hash *leaves, size_t count)
{
	struct hash *paths = mem_array(count * PROOF_PATH_MAX, sizeof(*paths));
	size_t *lens = mem_array(count, sizeof(*lens));
	merkle_paths(leaves, count, paths, lens);
	for (size_t i = 0; i < count; i++) {
		candidates[i].index = i;
		candidates[i].path_len = lens[i];
		memcpy(candidates[i].path, paths + i * PROOF_PATH_MAX, lens[i] * sizeof(*paths));
	}
	mem_free(paths);
	mem_free(lens);
}

static result judge_all(const struct judge *judge, struct frame_submit *submit, struct candidate *candidates, size_t count,
                        struct err *err)
{
	struct hash *leaves = mem_array(count, sizeof(*leaves));
	struct err batch = {.code = CODE_OK};
	struct frame_message message;
	int64_t signed_at = 0;
	result r = OK;
	for (size_t i = 0; i < count && frame_submit_next(submit, &message); i++) {
		candidates[i].message.header = message.header;
		candidates[i].parts = message.parts;
		candidates[i].leaf = leaves[i] = merkle_leaf(message.header);
	}
	if (!FAILED(check_batch(judge, submit, leaves, count, &signed_at, &batch)))
		batch.code = CODE_OK;
	for (size_t i = 0; i < count && !FAILED(r); i++) {
		candidates[i].signed_at = signed_at;
		r = judge_one(judge, &candidates[i], &batch, err);
	}
	number_paths(candidates, leaves, count);
	mem_free(leaves);
	return r;
}

result judge_submit(const struct judge *judge, struct job *job, struct err *err)
{
	struct frame_submit submit;
	TRY(frame_submit_decode(blob_bytes(job->frame), &submit, err));
	size_t count = submit.count;
	struct candidate *candidates = mem_array(count, sizeof(*candidates));
	struct bytes statement = submit.statement, signature = submit.signature;
	result r = judge_all(judge, &submit, candidates, count, err);
	if (FAILED(r)) {
		for (size_t i = 0; i < count; i++)
			mem_free(candidates[i].refusal);
		mem_free(candidates);
		return r;
	}
	job->candidates = candidates;
	job->count = count;
	job->statement = statement;
	job->signature = signature;
	job->signer = signer_ref(judge->signer);
	job->snapshot = snapshot_ref(judge->snapshot);
	return OK;
}
