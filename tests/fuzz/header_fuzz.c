#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/message.h"

static bool again(struct bytes in, struct buf *out)
{
	struct message message;
	struct err err;
	if (FAILED(message_decode(in, &message, &err)))
		return false;
	fuzz_must(message.id && message.type.len && message.from.len && message.issued > 0 && message.parts_count > 0);
	fuzz_must(message_part_find(&message, message.parts[message.parts_count - 1].name) ==
	          &message.parts[message.parts_count - 1]);
	/* Whatever was decoded can be said again. */
	fuzz_must(!FAILED(message_encode(&message, out, &err)));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_again(again, bytes_of(data, size));
	return 0;
}
