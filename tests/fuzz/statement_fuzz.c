#include "certs/proof.h"
#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"

static bool again(struct bytes in, struct buf *out)
{
	struct proof_statement says;
	struct err err;

	if (FAILED(proof_statement_decode(in, &says, &err)))
		return false;
	fuzz_must(says.count >= 1 && says.count <= PROOF_BATCH_MAX && says.signed_at >= 0);
	proof_statement_encode(&says, out);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_again(again, bytes_of(data, size));
	return 0;
}
