#include "certs/head_file.h"

#include <string.h>

#include "base/clock.h"
#include "base/pack.h"
#include "base/text.h"

enum { CERTIFICATE_MAX = 8192 };

static void put_hash(struct buf *out, const char *key, const uint8_t *hash)
{
	char hex[2 * HASH_LEN + 1];
	pack_put_str(out, key);
	pack_put_str(out, text_hex(bytes_of(hash, HASH_LEN), hex));
}

result head_file_put(struct bytes head, const struct bytes *chain, size_t count, struct buf *out, struct err *err)
{
	struct head says;
	char at[CLOCK_TEXT_MAX];
	TRY(head_decode(head, &says, err));
	pack_put_map(out, 7);
	pack_put_str(out, "hub");
	pack_put_str(out, says.hub);
	pack_put_str(out, "size");
	pack_put_int(out, (int64_t)says.size);
	put_hash(out, "root", says.root.at);
	pack_put_str(out, "at");
	pack_put_str(out, clock_text(says.at, at));
	put_hash(out, "signer", says.signer);
	pack_put_str(out, "head");
	pack_put_bin(out, head);
	pack_put_str(out, "chain");
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_bin(out, chain[i]);
	return buf_check(out, "head", err);
}

static bool says_hash(struct bytes packed, const char *key, const uint8_t *hash)
{
	char hex[2 * HASH_LEN + 1];
	struct bytes value, text;
	return pack_find(packed, key, &value) && pack_as_text(value, &text) && bytes_is(text, text_hex(bytes_of(hash, HASH_LEN), hex));
}

static bool says_it(struct bytes packed, const struct head *head)
{
	struct bytes value, text;
	int64_t size = -1;
	return pack_find(packed, "hub", &value) && pack_as_text(value, &text) && bytes_is(text, head->hub) && pack_find(packed, "size", &value) &&
	       pack_as_int(value, &size) && size == (int64_t)head->size && says_hash(packed, "root", head->root.at) &&
	       says_hash(packed, "signer", head->signer);
}

static result read_chain(struct bytes packed, struct head_file *ret, struct err *err)
{
	struct bytes value;
	if (!pack_find(packed, "chain", &value))
		return err_set(err, CODE_MALFORMED, "chain", "is missing");
	struct pack_in in = pack_in(value, err);
	size_t count = pack_array(&in, "chain");
	if (!in.failed && count > TRUST_CHAIN_MAX)
		pack_fail(&in, CODE_MALFORMED, "chain", "is longer than any chain");
	for (size_t i = 0; i < count && !in.failed; i++)
		ret->chain[i] = pack_bin(&in, "chain", CERTIFICATE_MAX);
	ret->chain_count = in.failed ? 0 : count;
	return pack_end(&in);
}

result head_file_read(struct bytes packed, struct head_file *ret, struct err *err)
{
	struct bytes value;
	TRY(pack_scan(packed, err));
	if (!pack_find(packed, "head", &value))
		return err_set(err, CODE_MALFORMED, "head", "is missing: this is no head of a ledger");
	struct pack_in in = pack_in(value, err);
	ret->head = pack_bin(&in, "head", HEAD_MAX);
	TRY(pack_end(&in));
	TRY(head_decode(ret->head, &ret->says, err));
	if (!says_it(packed, &ret->says))
		return err_set(err, CODE_MALFORMED, "head", "the words beside the signed head are not what it says");
	return read_chain(packed, ret, err);
}

result head_file_check(const struct trust *trust, const struct head_file *file, struct err *err)
{
	struct signer *signer = NULL;
	struct head checked;
	if (file->chain_count == 0)
		return err_set(err, CODE_CERTIFICATE, "chain", "the certificate that signed the head is not in the file");
	TRY(trust_judge(trust, file->chain, file->chain_count, TRUST_SIGN_HUB, file->says.at, true, &signer, err));
	result r = head_check(signer, file->head, &checked, err);
	signer_unref(signer);
	return r;
}
