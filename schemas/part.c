#include "schemas/message.h"
#include "schemas/pointer.h"

enum { PART_FIELDS = 3 };

static void read_part(struct pack_in *in, struct part *ret)
{
	struct err why;
	pack_array_of(in, "", PART_FIELDS);
	ret->name = pack_text(in, "/0", SIZE_MAX);
	if (!in->failed && FAILED(message_check_name(ret->name, "/0", &why)))
		pack_fail(in, why.code, why.field, why.reason);
	ret->salt = pack_bin_of(in, "/1", MESSAGE_SALT_LEN);
	ret->bytes = pack_bin(in, "/2", SIZE_MAX);
}

result part_decode_all(struct bytes packed, struct part ret[static MESSAGE_PARTS_MAX], size_t *ret_count, struct err *err)
{
	char place[ERR_FIELD_MAX];
	struct pack_in in = pack_in_scanned(packed, err);
	size_t count = pack_array(&in, "");
	if (!in.failed && count > MESSAGE_PARTS_MAX)
		pack_fail(&in, CODE_TOO_LARGE, "", "has too many parts");
	for (size_t i = 0; i < count && !in.failed; i++) {
		read_part(&in, &ret[i]);
		if (in.failed)
			err_prefix(err, pointer_index("", i, place));
		else if (part_find(ret, i, ret[i].name))
			pack_fail(&in, CODE_MALFORMED, pointer_index("", i, place), "names a part a second time");
	}
	*ret_count = in.failed ? 0 : count;
	return pack_end(&in);
}

void part_encode_all(const struct part *parts, size_t count, struct buf *out)
{
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++) {
		pack_put_array(out, PART_FIELDS);
		pack_put_text(out, parts[i].name);
		pack_put_bin(out, bytes_of(parts[i].salt, MESSAGE_SALT_LEN));
		pack_put_bin(out, parts[i].bytes);
	}
}

const struct part *part_find(const struct part *parts, size_t count, struct bytes name)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes_equal(parts[i].name, name))
			return &parts[i];
	}
	return NULL;
}

struct bytes part_sealed(struct bytes bytes)
{
	struct err ignored;
	struct pack_in in = pack_in(bytes, &ignored);
	struct bytes der = pack_bin(&in, "", SIZE_MAX);
	/* 0x30: every CMS structure is a SEQUENCE. */
	return !FAILED(pack_end(&in)) && der.len > 1 && der.at[0] == 0x30 ? der : BYTES_NONE;
}

bool part_is_sealed(struct bytes bytes)
{
	return part_sealed(bytes).len > 0;
}
