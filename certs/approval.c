#include "certs/approval.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/pack.h"
#include "certs/identity.h"

enum { APPROVAL_VERSION = 1, TYPE_MAX = 128, STATEMENT_MAX = 256, CERTIFICATE_MAX = 16384, AHEAD_MS = 5 * 60 * 1000 };

#define STATEMENT_NAME "liaison-approval"

/* One approval as it travels: views over the part's bytes. */
struct approval {
	struct bytes person, role;
	int64_t at;
	struct bytes chain[TRUST_CHAIN_MAX];
	size_t chain_count;
	struct bytes signature;
};

static void encode_statement(struct bytes type, struct bytes main_part, int64_t at, struct buf *out)
{
	struct hash hash = hash_of(main_part);

	pack_put_array(out, 5);
	pack_put_str(out, STATEMENT_NAME);
	pack_put_int(out, APPROVAL_VERSION);
	pack_put_text(out, type);
	pack_put_bin(out, hash_bytes(&hash));
	pack_put_int(out, at);
}

/* --- signing --- */

static void encode(const struct signer *person, int64_t at, struct bytes signature, struct buf *out)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	size_t count = signer_chain(person, chain);

	pack_put_map(out, 5);
	pack_put_str(out, "person");
	pack_put_str(out, signer_person(person));
	pack_put_str(out, "role");
	pack_put_str(out, signer_role(person));
	pack_put_str(out, "at");
	pack_put_int(out, at);
	pack_put_str(out, "certificates");
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_bin(out, chain[i]);
	pack_put_str(out, "signature");
	pack_put_bin(out, signature);
}

result approval_sign(const struct key *key, const struct signer *person, struct bytes type, struct bytes main_part, int64_t at,
                     struct buf *out, struct err *err)
{
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = 0;
	struct buf statement;

	if (signer_person(person) == NULL)
		return err_set(err, CODE_CERTIFICATE, "", "is not a person's certificate");
	if (!signer_owns_key(person, key))
		return err_set(err, CODE_KEY, "", "is not the key of the certificate of %s", signer_person(person));
	buf_init(&statement, STATEMENT_MAX);
	encode_statement(type, main_part, at, &statement);
	result signed_ = buf_check(&statement, "type", err);
	if (!FAILED(signed_))
		signed_ = key_sign(key, buf_bytes(&statement), signature, &len, err);
	buf_done(&statement);
	TRY(signed_);
	encode(person, at, bytes_of(signature, len), out);
	return buf_check(out, "approvals", err);
}

/* --- reading --- */

static void read_chain(struct pack_in *in, struct approval *into)
{
	size_t count = pack_array(in, "/certificates");

	if (count == 0 || count > TRUST_CHAIN_MAX) {
		pack_fail(in, CODE_MALFORMED, "/certificates", "holds no certificate, or too many");
		return;
	}
	for (size_t i = 0; i < count; i++)
		into->chain[i] = pack_bin(in, "/certificates", CERTIFICATE_MAX);
	into->chain_count = count;
}

static void read_field(struct pack_in *in, struct approval *into, unsigned *seen)
{
	struct bytes name = pack_text(in, "", 32);

	if (bytes_is(name, "person")) {
		into->person = pack_text(in, "/person", IDENTITY_PERSON_MAX);
		*seen |= 1;
	} else if (bytes_is(name, "role")) {
		into->role = pack_text(in, "/role", IDENTITY_ROLE_MAX);
		*seen |= 2;
	} else if (bytes_is(name, "at")) {
		into->at = pack_int(in, "/at", 0, INT64_MAX);
		*seen |= 4;
	} else if (bytes_is(name, "certificates")) {
		read_chain(in, into);
		*seen |= 8;
	} else if (bytes_is(name, "signature")) {
		into->signature = pack_bin(in, "/signature", KEY_SIGNATURE_MAX);
		*seen |= 16;
	} else {
		pack_fail(in, CODE_MALFORMED, "", "an approval has person, role, at, certificates and signature, and nothing else");
	}
}

static RESULT decode(struct bytes packed, struct approval *ret, struct err *err)
{
	struct pack_in in = pack_in(packed, err); /* scanned with the array */
	unsigned seen = 0;
	size_t pairs = pack_map(&in, "");

	*ret = (struct approval){0};
	for (size_t i = 0; i < pairs && !in.failed; i++)
		read_field(&in, ret, &seen);
	if (seen != 31)
		pack_fail(&in, CODE_MALFORMED, "", "an approval needs person, role, at, certificates and signature");
	return pack_end(&in);
}

/* --- checking --- */

static RESULT check_signature(const struct approval *approval, const struct signer *signer, struct bytes type,
                              struct bytes main_part, struct err *err)
{
	struct buf statement;

	buf_init(&statement, STATEMENT_MAX);
	encode_statement(type, main_part, approval->at, &statement);
	result checked = buf_check(&statement, "", err);
	if (!FAILED(checked) && FAILED(signer_check(signer, buf_bytes(&statement), approval->signature, err)))
		checked = err_set(err, CODE_AUTHORITY, "", "the signature of %s does not fit this content", signer_person(signer));
	buf_done(&statement);
	return checked;
}

static RESULT check_signer(const struct approval *approval, const struct signer *signer, const char *party, struct err *err)
{
	if (!bytes_is(approval->person, signer_person(signer)) || !bytes_is(approval->role, signer_role(signer)))
		return err_set(err, CODE_AUTHORITY, "", "person and role are not those of the certificate, %s (%s)",
		               signer_person(signer), signer_role(signer));
	if (strcmp(signer_party(signer), party) != 0)
		return err_set(err, CODE_AUTHORITY, "", "%s signs for %s, the message is from %s", signer_person(signer),
		               signer_party(signer), party);
	return OK;
}

static RESULT check_one(const struct trust *trust, struct bytes packed, const char *party, struct bytes type,
                        struct bytes main_part, struct signer **ret, struct err *err)
{
	struct approval approval;

	TRY(decode(packed, &approval, err));
	if (approval.at > clock_wall_ms() + AHEAD_MS)
		return err_set(err, CODE_AUTHORITY, "/at", "lies in the future");
	TRY(trust_judge(trust, approval.chain, approval.chain_count, TRUST_SIGN_PERSON, approval.at, true, ret, err));
	result checked = check_signer(&approval, *ret, party, err);
	if (!FAILED(checked))
		checked = check_signature(&approval, *ret, type, main_part, err);
	return checked;
}

static RESULT check_different(struct signer *const *signers, size_t count, struct err *err)
{
	const char *last = signer_person(signers[count - 1]);

	for (size_t i = 0; i + 1 < count; i++) {
		if (strcmp(signer_person(signers[i]), last) == 0)
			return err_set(err, CODE_AUTHORITY, "", "%s signs twice", last);
	}
	return OK;
}

static bool has_role(const struct signer *signer, const struct approval_rule *rule)
{
	for (size_t i = 0; i < rule->roles_count; i++) {
		if (strcmp(signer_role(signer), rule->roles[i]) == 0)
			return true;
	}
	return rule->roles_count == 0;
}

static RESULT check_rule(struct signer *const *signers, size_t count, const struct approval_rule *rule, struct err *err)
{
	size_t persons = 0;

	for (size_t i = 0; i < count; i++)
		persons += has_role(signers[i], rule);
	/* More roles than signatures are a choice. */
	for (size_t role = 0; role < rule->roles_count && rule->roles_count <= rule->persons; role++) {
		const struct approval_rule single = {.roles = &rule->roles[role], .roles_count = 1};
		bool found = false;
		for (size_t i = 0; i < count; i++)
			found = found || has_role(signers[i], &single);
		if (!found)
			return err_set(err, CODE_AUTHORITY, "/parts/approvals", "the signature of a %s is missing", rule->roles[role]);
	}
	if (persons < rule->persons)
		return err_set(err, CODE_AUTHORITY, "/parts/approvals", "%zu persons who may have signed; %zu are needed", persons,
		               rule->persons);
	return OK;
}

static RESULT check_all(const struct trust *trust, struct pack_in *in, size_t count, const char *party, struct bytes type,
                        struct bytes main_part, struct signer **signers, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		char field[64];
		result checked = check_one(trust, pack_value(in, ""), party, type, main_part, &signers[i], err);
		if (!FAILED(checked))
			checked = check_different(signers, i + 1, err);
		if (FAILED(checked)) {
			snprintf(field, sizeof(field), "/parts/approvals/%zu", i);
			err_prefix(err, field);
			return checked;
		}
	}
	return pack_end(in);
}

result approval_check(const struct trust *trust, struct bytes approvals, const char *party, struct bytes type,
                      struct bytes main_part, const struct approval_rule *rule, struct err *err)
{
	struct signer *signers[APPROVAL_MAX] = {NULL};
	struct pack_in in = pack_in_scanned(approvals, err);
	size_t count = pack_array(&in, "");

	if (!in.failed && count > APPROVAL_MAX)
		pack_fail(&in, CODE_MALFORMED, "", "holds more approvals than are ever asked for");
	if (in.failed) {
		err_prefix(err, "/parts/approvals");
		return pack_end(&in);
	}
	if (type.len > TYPE_MAX)
		return err_set(err, CODE_MALFORMED, "/type", "is longer than any type");
	result checked = check_all(trust, &in, count, party, type, main_part, signers, err);
	if (!FAILED(checked))
		checked = check_rule(signers, count, rule, err);
	for (size_t i = 0; i < count; i++)
		signer_unref(signers[i]);
	return checked;
}
