/* What the fuzz targets share. A target decodes the input; what is accepted is encoded and decoded again, and must then be the
 * same. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/bytes.h"

enum { FUZZ_OUT_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant: the fuzzer and the sanitizers both notice. */
static inline void fuzz_must(bool holds)
{
	if (!holds)
		abort();
}

/* Decodes `in` and, if it is accepted, appends it encoded anew. */
typedef bool (*fuzz_again_fn)(struct bytes in, struct buf *out);

/* The first encoding may be shorter than what came (integers and lengths have longer forms), but from then on nothing may change.
 */
static inline void fuzz_again(fuzz_again_fn again, struct bytes in)
{
	struct buf first, second;
	buf_init(&first, FUZZ_OUT_MAX);
	buf_init(&second, FUZZ_OUT_MAX);
	if (again(in, &first)) {
		fuzz_must(again(buf_bytes(&first), &second));
		fuzz_must(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
		fuzz_must(first.len <= in.len);
	}
	buf_done(&first);
	buf_done(&second);
}

#endif
