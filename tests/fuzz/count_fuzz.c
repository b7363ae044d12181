#include "broker/warden/count.h"
#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"

/* What a gateway process says that it counted. Metrics last as long as the program, so the bound is what matters. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct count *count;
	struct err err;
	if (!count)
		count = count_new();
	if (FAILED(count_take(count, bytes_of(data, size), &err)))
		fuzz_must(err.code != CODE_OK);
	count_forget(count);
	return 0;
}
