#include "adapters/runtime/judge.h"

#include "adapters/runtime/sealing.h"
#include "base/clock.h"
#include "base/mem.h"
#include "certs/approval.h"
#include "schemas/receipt.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

enum { JUDGE_CACHE = 4096, JUDGE_SIGNERS_MAX = 4096, JUDGE_CHAIN_BYTES = TRUST_CHAIN_MAX * 8192 + 64 };

/* What is known of a certificate by its fingerprint: who it is, or why it is not believed. */
struct acquaintance {
	uint8_t fingerprint[HASH_LEN];
	struct signer *signer; /* NULL: not believed */
	struct err why;
	int64_t good_second;   /* the certificate was found good for messages signed in this second, and for good_purpose; 0: not yet */
	enum trust_purpose good_purpose;
	UT_hash_handle hh;
};

struct judge {
	struct office *office;
	struct acquaintance *known;
	struct proof_cache *cache;
	struct buf hold;
};

static const uint8_t no_signer[HASH_LEN];

struct judge *judge_new(struct office *office)
{
	struct judge *judge = mem_alloc(sizeof(*judge));
	judge->office = office;
	judge->cache = proof_cache_new(JUDGE_CACHE);
	buf_init(&judge->hold, JUDGE_CHAIN_BYTES);
	return judge;
}

static void forget_all(struct judge *judge)
{
	struct acquaintance *known, *next;
	HASH_ITER(hh, judge->known, known, next) {
		HASH_DEL(judge->known, known);
		signer_unref(known->signer);
		mem_free(known);
	}
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	forget_all(judge);
	proof_cache_free(judge->cache);
	buf_done(&judge->hold);
	mem_free(judge);
}

void judge_renewed(struct judge *judge)
{
	forget_all(judge);
	proof_cache_clear(judge->cache);
}

const uint8_t *judge_signer_of(struct bytes envelope)
{
	struct envelope read;
	struct err ignored;
	return FAILED(envelope_decode(envelope, &read, &ignored)) ? no_signer : read.signer;
}

static struct acquaintance *remember(struct judge *judge, const uint8_t *fingerprint)
{
	struct acquaintance *known = mem_alloc(sizeof(*known));
	if (HASH_COUNT(judge->known) >= JUDGE_SIGNERS_MAX)
		forget_all(judge);
	memcpy(known->fingerprint, fingerprint, HASH_LEN);
	HASH_ADD(hh, judge->known, fingerprint, HASH_LEN, known);
	return known;
}

/* Judged for the time of the signature, because a certificate that has expired or was revoked since still stands for what it signed before. What fails
 * is not remembered: another message may have been signed at a better time. Purpose is tried as a party first; only the hub's own messages are signed by
 * a hub certificate. */
static result meet(struct judge *judge, const uint8_t *fingerprint, const struct bytes *chain, size_t count, int64_t signed_at,
                   struct acquaintance **ret, struct err *err)
{
	const struct trust *trust = judge->office->papers.trust;
	struct signer *signer = NULL;
	struct err ignored;
	result r = trust_judge(trust, chain, count, TRUST_SIGN_PARTY, signed_at, true, &signer, err);
	if (FAILED(r) && FAILED(trust_judge(trust, chain, count, TRUST_SIGN_HUB, signed_at, true, &signer, &ignored)))
		return r;
	*ret = remember(judge, fingerprint);
	(*ret)->signer = signer;
	return OK;
}

static result unpack_chain(struct bytes packed, struct bytes chain[static TRUST_CHAIN_MAX], size_t *ret_count, struct err *err)
{
	struct pack_in in = pack_in(packed, err);
	size_t count = pack_array(&in, "chain");
	*ret_count = 0;
	for (size_t i = 0; i < count && i < TRUST_CHAIN_MAX && !in.failed; i++)
		chain[(*ret_count)++] = pack_bin(&in, "chain", 8192);
	return pack_end(&in);
}

/* From memory, or from the box where every certificate that was ever needed is kept. NULL: not there. */
static result recall(struct judge *judge, const struct envelope *envelope, struct acquaintance **ret, struct err *err)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	struct proof_statement statement;
	size_t count = 0;
	bool found = false;
	HASH_FIND(hh, judge->known, envelope->signer, HASH_LEN, *ret);
	if (*ret)
		return OK;
	TRY(box_chain(judge->office->box, envelope->signer, &judge->hold, &found, err));
	if (!found)
		return OK;
	TRY(unpack_chain(buf_bytes(&judge->hold), chain, &count, err));
	TRY(proof_statement_decode(envelope->statement, &statement, err));
	return meet(judge, envelope->signer, chain, count, statement.signed_at, ret, err);
}

result judge_learn(struct judge *judge, const uint8_t *fingerprint, const struct bytes *chain, size_t count, struct err *err)
{
	static const struct err nobody = {.code = CODE_CERTIFICATE, .field = "signer", .reason = "the hub has no certificate for this signer"};
	struct acquaintance *known = NULL;
	struct buf packed;
	if (count == 0) {
		HASH_FIND(hh, judge->known, fingerprint, HASH_LEN, known);
		if (!known)
			remember(judge, fingerprint)->why = nobody;
		return OK;
	}
	struct hash leaf = hash_of(chain[0]);
	if (!hash_equal(&leaf, fingerprint))
		return err_set(err, CODE_PROTOCOL, "cert", "the certificate is not the one that was asked for");
	buf_init(&packed, JUDGE_CHAIN_BYTES);
	pack_put_array(&packed, count);
	for (size_t i = 0; i < count; i++)
		pack_put_bin(&packed, chain[i]);
	result r = box_put_chain(judge->office->box, fingerprint, buf_bytes(&packed), err);
	buf_done(&packed);
	return r;
}

result judge_hub(struct judge *judge, const struct bytes *chain, size_t count, struct err *err)
{
	struct signer *signer = NULL;
	TRY(trust_judge(judge->office->papers.trust, chain, count, TRUST_SIGN_HUB, clock_wall_ms(), false, &signer, err));
	result r = OK;
	if (strcmp(signer_party(signer), judge->office->options->hub.party) != 0)
		r = err_set(err, CODE_NOT_YOUR_PARTY, "hub", "the hub signs as %s", signer_party(signer));
	signer_unref(signer);
	TRY(r);
	struct hash fingerprint = hash_of(chain[0]);
	struct acquaintance *known = NULL;
	HASH_FIND(hh, judge->known, fingerprint.at, HASH_LEN, known);
	return known ? OK : judge_learn(judge, fingerprint.at, chain, count, err);
}

static result check_parts(const struct message *message, const struct part *parts, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct message_part *bound = message_part_find(message, parts[i].name);
		char field[ERR_FIELD_MAX];
		snprintf(field, sizeof(field), "/parts/%.*s", (int)parts[i].name.len, parts[i].name.len ? (const char *)parts[i].name.at : "");
		if (!bound)
			return err_set(err, CODE_PART_HASH, field, "the header knows no such part");
		struct hash hash = hash_of_two(bytes_of(parts[i].salt, MESSAGE_SALT_LEN), parts[i].bytes);
		if (!hash_equal(&hash, bound->hash))
			return err_set(err, CODE_PART_HASH, field, "the part is not the one that was signed");
	}
	return OK;
}

static bool is_from_hub(const struct judge *judge, const struct message *message)
{
	return bytes_is(message->from, judge->office->options->hub.party);
}

/* Who signed, whether it was theirs to sign, and whether the certificate was good when they did. */
static result check_signer(const struct judge *judge, struct acquaintance *known, const struct message *message, int64_t signed_at, struct err *err)
{
	enum trust_purpose purpose = is_from_hub(judge, message) ? TRUST_SIGN_HUB : TRUST_SIGN_PARTY;
	if (!bytes_is(message->from, signer_party(known->signer)))
		return err_set(err, CODE_NOT_YOUR_PARTY, "/from", "signed by %s", signer_party(known->signer));
	/* Certificates and lists count in seconds: what held for one message of a second holds for all of them, and verifying a chain costs more than all the rest. */
	if (known->good_second == signed_at / 1000 && known->good_purpose == purpose)
		return OK;
	TRY(trust_rejudge(judge->office->papers.trust, known->signer, purpose, signed_at, true, err));
	known->good_second = signed_at / 1000;
	known->good_purpose = purpose;
	return OK;
}

static result check_persons(const struct judge *judge, const struct catalogue_type *type, const struct judged *judged, struct err *err)
{
	const struct part *approvals = part_find(judged->parts, judged->parts_count, BYTES_LIT("approvals"));
	const struct approval_rule rule = {(size_t)type->persons, (const char *const *)type->person_roles, type->person_roles_count};
	char party[TRUST_NAME_MAX];
	if (type->persons == 0)
		return OK;
	if (!approvals || judged->main.len == 0)
		return err_set(err, CODE_AUTHORITY, "/parts/approvals", "the signatures of persons that the type asks for did not come along");
	snprintf(party, sizeof(party), "%.*s", (int)judged->message.from.len, (const char *)judged->message.from.at);
	return approval_check(judge->office->papers.trust, approvals->bytes, party, judged->message.type, judged->main, &rule, err);
}

/* What is sealed for us is judged as if it had come open: whoever sealed it is the only other one who could. */
static result check_opened(const struct judge *judge, const struct judged *judged, struct err *err)
{
	struct part parts[MESSAGE_PARTS_MAX];
	struct buf hold[MESSAGE_PARTS_MAX] = {{NULL, 0, 0, 0, false}};
	const struct catalogue_type *type = NULL;
	memcpy(parts, judged->parts, judged->parts_count * sizeof(*parts));
	result r = sealing_open_all(judge->office, parts, judged->parts_count, hold, err);
	if (!FAILED(r))
		r = catalogue_check(judge->office->papers.catalogue, &judged->message, parts, judged->parts_count, true, &type, err);
	sealing_done(hold, MESSAGE_PARTS_MAX);
	return r;
}

static bool any_sealed(const struct judged *judged)
{
	for (size_t i = 0; i < judged->parts_count; i++)
		if (part_is_sealed(judged->parts[i].bytes))
			return true;
	return false;
}

static result check_content(const struct judge *judge, const struct judged *judged, struct err *err)
{
	const struct catalogue_type *type = NULL;
	if (judged->message.expires && judged->message.expires <= clock_wall_ms())
		return err_set(err, CODE_EXPIRED, "/expires", "the message is past its expiry");
	TRY(catalogue_check(judge->office->papers.catalogue, &judged->message, judged->parts, judged->parts_count, true, &type, err));
	if (any_sealed(judged))
		TRY(check_opened(judge, judged, err));
	return check_persons(judge, type, judged, err);
}

static result check_proof(struct judge *judge, struct acquaintance *known, const struct envelope *envelope, const struct judged *judged,
                          struct err *err)
{
	int64_t signed_at = 0;
	if (!known->signer) {
		*err = known->why;
		return (result){known->why.code};
	}
	TRY(proof_check_one(judge->cache, known->signer, envelope->statement, envelope->signature, &judged->leaf, (uint64_t)envelope->index,
	                    envelope->path, &signed_at, err));
	TRY(check_signer(judge, known, &judged->message, signed_at, err));
	return check_parts(&judged->message, judged->parts, judged->parts_count, err);
}

result judge_envelope(struct judge *judge, struct bytes bytes, struct judged *ret, bool *ret_unknown_signer, struct err *err)
{
	struct envelope envelope;
	struct acquaintance *known = NULL;
	struct message message;
	ret->message.id = NULL;
	ret->envelope = bytes;
	TRY(envelope_decode(bytes, &envelope, err));
	ret->signer = envelope.signer;
	ret->leaf = merkle_leaf(envelope.header);
	TRY(message_decode(envelope.header, &message, err));
	ret->message = message;
	TRY(part_decode_all(envelope.parts, ret->parts, &ret->parts_count, err));
	const struct part *main = part_find(ret->parts, ret->parts_count, BYTES_LIT("main"));
	ret->main = main ? main->bytes : BYTES_NONE;
	TRY(recall(judge, &envelope, &known, err));
	*ret_unknown_signer = known == NULL;
	if (!known)
		return err_set(err, CODE_CERTIFICATE, "signer", "the signer's certificate is not known yet");
	TRY(check_proof(judge, known, &envelope, ret, err));
	return check_content(judge, ret, err);
}
