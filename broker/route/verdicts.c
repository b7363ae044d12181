#include "broker/route/verdicts.h"

#include "base/mem.h"
#include "schemas/frame.h"

enum { VERDICTS_ONE_MAX = 1 << 20 };

void verdicts_init(struct verdicts *verdicts, size_t most)
{
	buf_init(&verdicts->packed, (size_t)VERDICTS_ONE_MAX * 8);
	verdicts->each = mem_array(most + 1, sizeof(*verdicts->each));
	verdicts->starts = mem_array(most + 1, sizeof(*verdicts->starts));
	verdicts->count = 0;
}

void verdicts_done(struct verdicts *verdicts)
{
	buf_done(&verdicts->packed);
	mem_free(verdicts->each);
	mem_free(verdicts->starts);
}

void verdicts_begin(struct verdicts *verdicts)
{
	verdicts->starts[verdicts->count++] = verdicts->packed.len;
}

struct bytes verdicts_last(const struct verdicts *verdicts)
{
	return buf_from(&verdicts->packed, verdicts->starts[verdicts->count - 1]);
}

void verdicts_send(struct verdicts *verdicts, struct core *core, uint64_t link)
{
	struct bytes all = buf_bytes(&verdicts->packed);
	for (size_t i = 0; i < verdicts->count; i++) {
		size_t end = i + 1 < verdicts->count ? verdicts->starts[i + 1] : all.len;
		verdicts->each[i] = bytes_of(all.at + verdicts->starts[i], end - verdicts->starts[i]);
	}
	struct buf frame;
	buf_init(&frame, (size_t)VERDICTS_ONE_MAX * 8 + 64);
	frame_verdicts_encode(verdicts->each, verdicts->count, &frame);
	core_send(core, link, buf_take_blob(&frame), (int64_t)verdicts->count);
	buf_done(&frame);
}
