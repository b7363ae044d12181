#define EDIT_MUTATOR
#define EDIT_JSON
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/json.h"

/* Text, packed, text, packed: the two packed ones are the same. */
static void check_text(struct bytes text)
{
	struct buf packed, said, again;
	struct err err;
	buf_init(&packed, FUZZ_OUT_MAX);
	buf_init(&said, FUZZ_OUT_MAX);
	buf_init(&again, FUZZ_OUT_MAX);
	if (!FAILED(json_to_pack(text, &packed, &err))) {
		fuzz_must(!FAILED(pack_scan(buf_bytes(&packed), &err)));
		for (int indent = 0; indent <= 2; indent += 2) {
			buf_clear(&said);
			buf_clear(&again);
			fuzz_must(!FAILED(json_from_pack(buf_bytes(&packed), indent, &said, &err)));
			fuzz_must(!FAILED(json_to_pack(buf_bytes(&said), &again, &err)));
			fuzz_must(bytes_equal(buf_bytes(&packed), buf_bytes(&again)));
		}
	}
	buf_done(&packed);
	buf_done(&said);
	buf_done(&again);
}

/* A packed value may say what JSON reads differently (a map that looks like bytes) or not at all (a NUL in a key); its text is
 * then stable. */
static void check_packed(struct bytes packed)
{
	struct buf said, again, second;
	struct err err;
	buf_init(&said, FUZZ_OUT_MAX);
	buf_init(&again, FUZZ_OUT_MAX);
	buf_init(&second, FUZZ_OUT_MAX);
	if (!FAILED(pack_scan(packed, &err)) && !FAILED(json_from_pack(packed, 0, &said, &err)) &&
	    !FAILED(json_to_pack(buf_bytes(&said), &again, &err))) {
		fuzz_must(!FAILED(json_from_pack(buf_bytes(&again), 0, &second, &err)));
		fuzz_must(bytes_equal(buf_bytes(&said), buf_bytes(&second)));
	}
	buf_done(&said);
	buf_done(&again);
	buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_text(bytes_of(data, size));
	check_packed(bytes_of(data, size));
	return 0;
}
