#include "schemas/envelope.h"

#include "schemas/message.h"

enum { ENVELOPE_VERSION = 1, ENVELOPE_FIELDS = 8, HASH_BYTES = 32 };

static struct bytes read_bin(struct pack_in *in, const char *field, size_t max)
{
	struct bytes bytes = pack_bin(in, field, SIZE_MAX);
	if (!in->failed && bytes.len == 0)
		pack_fail(in, CODE_MALFORMED, field, "is empty");
	if (!in->failed && bytes.len > max)
		pack_fail(in, CODE_TOO_LARGE, field, "is larger than the limit");
	return bytes;
}

struct bytes envelope_read_header(struct pack_in *in, const char *field)
{
	return read_bin(in, field, MESSAGE_HEADER_MAX);
}

struct bytes envelope_read_parts(struct pack_in *in, const char *field)
{
	struct bytes parts = pack_value(in, field);
	struct err why;
	struct pack_in inside = pack_in(parts, &why);
	if (in->failed)
		return BYTES_NONE;
	size_t count = pack_array(&inside, field);
	if (inside.failed)
		pack_fail(in, CODE_MALFORMED, field, "is no array of parts");
	else if (count > MESSAGE_PARTS_MAX)
		pack_fail(in, CODE_TOO_LARGE, field, "has too many parts");
	return parts;
}

struct bytes envelope_read_statement(struct pack_in *in, const char *field)
{
	return read_bin(in, field, ENVELOPE_STATEMENT_MAX);
}

struct bytes envelope_read_signature(struct pack_in *in, const char *field)
{
	return read_bin(in, field, ENVELOPE_SIGNATURE_MAX);
}

static struct bytes read_path(struct pack_in *in, const char *field)
{
	struct bytes path = pack_bin(in, field, SIZE_MAX);
	if (!in->failed && path.len > ENVELOPE_PATH_MAX)
		pack_fail(in, CODE_TOO_LARGE, field, "is larger than the limit");
	if (!in->failed && path.len % HASH_BYTES != 0)
		pack_fail(in, CODE_MALFORMED, field, "is no row of hashes");
	return path;
}

result envelope_decode(struct bytes bytes, struct envelope *ret, struct err *err)
{
	struct pack_in in = pack_in_scanned(bytes, err);
	pack_array_of(&in, "", ENVELOPE_FIELDS);
	pack_int(&in, "/0", ENVELOPE_VERSION, ENVELOPE_VERSION);
	ret->header = envelope_read_header(&in, "/1");
	ret->parts = envelope_read_parts(&in, "/2");
	ret->statement = envelope_read_statement(&in, "/3");
	ret->signature = envelope_read_signature(&in, "/4");
	ret->signer = pack_bin_of(&in, "/5", HASH_BYTES);
	ret->index = pack_int(&in, "/6", 0, ENVELOPE_BATCH_MAX - 1);
	ret->path = read_path(&in, "/7");
	return pack_end(&in);
}

void envelope_encode(const struct envelope *envelope, struct buf *out)
{
	pack_put_array(out, ENVELOPE_FIELDS);
	pack_put_int(out, ENVELOPE_VERSION);
	pack_put_bin(out, envelope->header);
	pack_put_raw(out, envelope->parts);
	pack_put_bin(out, envelope->statement);
	pack_put_bin(out, envelope->signature);
	pack_put_bin(out, bytes_of(envelope->signer, HASH_BYTES));
	pack_put_int(out, envelope->index);
	pack_put_bin(out, envelope->path);
}
