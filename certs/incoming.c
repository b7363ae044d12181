#include "certs/incoming.h"

void incoming_init(struct incoming *incoming, size_t frame_max, size_t portion_max)
{
	incoming->frame_max = frame_max < UINT32_MAX ? frame_max : UINT32_MAX;
	buf_init(&incoming->buf, incoming->frame_max + INCOMING_HEADER_BYTES + portion_max);
}

void incoming_frame_max(struct incoming *incoming, size_t frame_max, size_t portion_max)
{
	incoming->frame_max = frame_max < UINT32_MAX ? frame_max : UINT32_MAX;
	incoming->buf.max = incoming->frame_max + INCOMING_HEADER_BYTES + portion_max;
}

size_t incoming_waiting(const struct incoming *incoming)
{
	return incoming->buf.len;
}

void incoming_done(struct incoming *incoming)
{
	buf_done(&incoming->buf);
}

bool incoming_holds(const struct incoming *incoming)
{
	return incoming->buf.len > 0;
}

static size_t length_of(const uint8_t *at)
{
	return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

/* *ret_used: how much of `bytes` was frames. */
static RESULT cut(const struct incoming *incoming, struct bytes bytes, incoming_fn fn, void *ctx, size_t *ret_used,
                  struct err *err)
{
	size_t at = 0;
	bool go_on = true;

	while (go_on && bytes.len - at >= INCOMING_HEADER_BYTES) {
		size_t len = length_of(bytes.at + at);
		if (len > incoming->frame_max)
			return err_set(err, CODE_TOO_LARGE, "", "the peer sends a frame of %zu bytes, the limit is %zu", len,
			               incoming->frame_max);
		if (bytes.len - at - INCOMING_HEADER_BYTES < len)
			break;
		at += INCOMING_HEADER_BYTES + len;
		go_on = fn(ctx, bytes_of(bytes.at + at - len, len));
	}
	*ret_used = at;
	return OK;
}

static void give_back(struct incoming *incoming)
{
	size_t max = incoming->buf.max;

	if (incoming->buf.len > 0 || incoming->buf.cap == 0)
		return;
	buf_done(&incoming->buf);
	buf_init(&incoming->buf, max);
}

result incoming_take(struct incoming *incoming, struct bytes more, incoming_fn fn, void *ctx, struct err *err)
{
	size_t used = 0;

	if (incoming_holds(incoming)) {
		buf_add(&incoming->buf, more);
		TRY(cut(incoming, buf_bytes(&incoming->buf), fn, ctx, &used, err));
		buf_drop(&incoming->buf, used);
	} else {
		TRY(cut(incoming, more, fn, ctx, &used, err));
		if (used < more.len) /* of no bytes there is no address either */
			buf_add(&incoming->buf, bytes_of(more.at + used, more.len - used));
	}
	give_back(incoming);
	return buf_check(&incoming->buf, "", err);
}
