#include "certs/head.h"

#include <stdio.h>
#include <string.h>

#include "base/pack.h"
#include "certs/openssl.h"

enum { HEAD_VERSION = 1, STATEMENT_MAX = 256 };

#define STATEMENT_NAME "liaison-head"

/* The three things of which a head consists, as views. */
struct parts {
	struct bytes statement, signature;
	const uint8_t *signer;
};

static RESULT take_apart(struct bytes head, struct parts *ret, struct err *err)
{
	if (head.len > HEAD_MAX)
		return err_set(err, CODE_MALFORMED, "", "a head of %zu bytes; %d at most", head.len, HEAD_MAX);
	struct pack_in in = pack_in_scanned(head, err);
	pack_array_of(&in, "", 3);
	ret->statement = pack_bin(&in, "/0", STATEMENT_MAX);
	ret->signature = pack_bin(&in, "/1", KEY_SIGNATURE_MAX);
	ret->signer = pack_bin_of(&in, "/2", HASH_LEN);
	return pack_end(&in);
}

static RESULT read_statement(struct bytes statement, struct head *ret, struct err *err)
{
	struct pack_in in = pack_in_scanned(statement, err);

	pack_array_of(&in, "/0", 6);
	if (!bytes_is(pack_text(&in, "/0/0", STATEMENT_MAX), STATEMENT_NAME))
		pack_fail(&in, CODE_MALFORMED, "/0/0", "is not a statement about a ledger");
	pack_int(&in, "/0/1", HEAD_VERSION, HEAD_VERSION);
	struct bytes hub = pack_text(&in, "/0/2", IDENTITY_PARTY_MAX);
	int64_t size = pack_int(&in, "/0/3", 0, INT64_MAX);
	const uint8_t *root = pack_bin_of(&in, "/0/4", HASH_LEN);
	int64_t at = pack_int(&in, "/0/5", 0, INT64_MAX);
	if (!in.failed && !identity_is_name(hub, IDENTITY_PARTY_MAX))
		pack_fail(&in, CODE_MALFORMED, "/0/2", "is not the name of a party");
	TRY(pack_end(&in));
	memcpy(ret->hub, hub.at, hub.len);
	ret->hub[hub.len] = '\0';
	memcpy(ret->root.at, root, HASH_LEN);
	ret->size = (uint64_t)size;
	ret->at = at;
	return OK;
}

static RESULT decode(struct bytes head, struct parts *ret_parts, struct head *ret, struct err *err)
{
	struct head decoded = {0};

	TRY(take_apart(head, ret_parts, err));
	TRY(read_statement(ret_parts->statement, &decoded, err));
	memcpy(decoded.signer, ret_parts->signer, HASH_LEN);
	*ret = decoded;
	return OK;
}

result head_decode(struct bytes head, struct head *ret, struct err *err)
{
	struct parts parts;

	return decode(head, &parts, ret, err);
}

result head_sign(const struct key *key, const uint8_t *fingerprint, const char *hub, uint64_t size, const struct hash *root,
                 int64_t at, struct buf *out, struct err *err)
{
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t len = 0;
	struct buf statement;

	buf_init(&statement, STATEMENT_MAX);
	pack_put_array(&statement, 6);
	pack_put_str(&statement, STATEMENT_NAME);
	pack_put_int(&statement, HEAD_VERSION);
	pack_put_str(&statement, hub);
	pack_put_int(&statement, (int64_t)size);
	pack_put_bin(&statement, hash_bytes(root));
	pack_put_int(&statement, at);
	result signed_ = buf_check(&statement, "hub", err);
	if (!FAILED(signed_))
		signed_ = key_sign(key, buf_bytes(&statement), signature, &len, err);
	if (!FAILED(signed_)) {
		pack_put_array(out, 3);
		pack_put_bin(out, buf_bytes(&statement));
		pack_put_bin(out, bytes_of(signature, len));
		pack_put_bin(out, bytes_of(fingerprint, HASH_LEN));
		signed_ = buf_check(out, "head", err);
	}
	buf_done(&statement);
	return signed_;
}

result head_check(const struct signer *hub, struct bytes head, struct head *ret, struct err *err)
{
	struct parts parts;
	struct head decoded;

	TRY(decode(head, &parts, &decoded, err));
	if (signer_purpose(hub) != TRUST_SIGN_HUB || strcmp(signer_party(hub), decoded.hub) != 0)
		return err_set(err, CODE_CERTIFICATE, "", "the head of the ledger of %s is not to be signed by the certificate %s of %s",
		               decoded.hub, signer_serial(hub), signer_party(hub));
	if (memcmp(signer_fingerprint(hub), parts.signer, HASH_LEN) != 0)
		return err_set(err, CODE_SIGNATURE, "/2", "the head names another certificate than %s", signer_serial(hub));
	TRY(signer_check(hub, parts.statement, parts.signature, err));
	*ret = decoded;
	return OK;
}
