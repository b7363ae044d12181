#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/envelope.h"

static bool again(struct bytes in, struct buf *out)
{
	struct envelope envelope;
	struct err err;
	if (FAILED(envelope_decode(in, &envelope, &err)))
		return false;
	fuzz_must(envelope.signer && envelope.path.len <= ENVELOPE_PATH_MAX && envelope.index < ENVELOPE_BATCH_MAX);
	envelope_encode(&envelope, out);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_again(again, bytes_of(data, size));
	return 0;
}
