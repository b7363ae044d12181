/* Bytes of a peer, cut into frames: the same frames in whatever portions they come. The first bytes say how large portions are. */
#include "certs/incoming.h"
#include "fuzz/fuzz.h"

#include <string.h>

enum { FRAME_MOST = 300, PORTION_MOST = 64 };

struct frames {
	struct buf all;
	size_t count;
	bool is_shy; /* has enough after each frame */
};

static bool take(void *ctx, struct bytes frame)
{
	struct frames *frames = ctx;
	fuzz_must(frame.len <= FRAME_MOST);
	buf_add_byte(&frames->all, (uint8_t)(frame.len >> 8));
	buf_add_byte(&frames->all, (uint8_t)frame.len);
	buf_add(&frames->all, frame);
	frames->count++;
	return !frames->is_shy;
}

/* Returns whether all of it was understood. */
static bool cut(struct bytes in, size_t portion, struct frames *frames)
{
	struct incoming incoming;
	struct err err = {.code = CODE_OK};
	bool fine = true;
	incoming_init(&incoming, FRAME_MOST, in.len);
	for (size_t at = 0; fine && at < in.len; at += portion) {
		size_t len = in.len - at < portion ? in.len - at : portion, before = frames->count + 1;
		struct bytes more = bytes_of(in.at + at, len);
		while (fine && before != frames->count) { /* what a shy reader left is asked for again */
			before = frames->count;
			fine = !FAILED(incoming_take(&incoming, more, take, frames, &err));
			more = BYTES_NONE;
			if (!frames->is_shy)
				break;
		}
	}
	fuzz_must(fine || err.code == CODE_TOO_LARGE);
	fuzz_must(incoming_holds(&incoming) == (incoming_waiting(&incoming) > 0));
	incoming_done(&incoming);
	return fine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frames whole = {.count = 0}, pieces = {.count = 0};
	if (size < 2)
		return 0;
	struct bytes in = bytes_of(data + 2, size - 2);
	buf_init(&whole.all, FUZZ_OUT_MAX);
	buf_init(&pieces.all, FUZZ_OUT_MAX);
	pieces.is_shy = data[1] & 1;
	bool fine = cut(in, in.len ? in.len : 1, &whole);
	fuzz_must(cut(in, data[0] % PORTION_MOST + 1, &pieces) == fine);
	fuzz_must(bytes_equal(buf_bytes(&whole.all), buf_bytes(&pieces.all)));
	buf_done(&whole.all);
	buf_done(&pieces.all);
	return 0;
}
