#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/message.h"

static bool again(struct bytes in, struct buf *out)
{
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count = 0;
	struct err err;
	if (FAILED(part_decode_all(in, parts, &count, &err)))
		return false;
	fuzz_must(count <= MESSAGE_PARTS_MAX);
	for (size_t i = 0; i < count; i++)
		fuzz_must(part_find(parts, count, parts[i].name) == &parts[i]);
	part_encode_all(parts, count, out);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_again(again, bytes_of(data, size));
	return 0;
}
