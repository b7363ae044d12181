#include "certs/outgoing.h"

void outgoing_init(struct outgoing *outgoing, size_t max)
{
	size_t room =
		max > SIZE_MAX / 4 ? SIZE_MAX / 2 : max * 2; /* what is written is dropped only once it is the larger half */

	*outgoing = (struct outgoing){.max = max};
	buf_init(&outgoing->buf, room);
}

void outgoing_done(struct outgoing *outgoing)
{
	buf_done(&outgoing->buf);
	outgoing->sent = 0;
}

result outgoing_add(struct outgoing *outgoing, struct bytes frame, struct err *err)
{
	size_t waiting = outgoing_waiting(outgoing), len = frame.len;

	if (len > UINT32_MAX || outgoing->max < OUTGOING_HEADER_BYTES || len > outgoing->max - OUTGOING_HEADER_BYTES)
		return err_set(err, CODE_TOO_LARGE, "", "a frame of %zu bytes never fits the queue of %zu", len, outgoing->max);
	if (len + OUTGOING_HEADER_BYTES > outgoing->max - waiting)
		return err_set(err, CODE_BUSY, "", "%zu bytes wait to be sent, the limit is %zu", waiting, outgoing->max);
	uint8_t header[OUTGOING_HEADER_BYTES] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
	buf_add(&outgoing->buf, bytes_of(header, sizeof(header)));
	buf_add(&outgoing->buf, frame);
	return buf_check(&outgoing->buf, "", err);
}

size_t outgoing_waiting(const struct outgoing *outgoing)
{
	return outgoing->buf.len - outgoing->sent;
}

struct bytes outgoing_next(const struct outgoing *outgoing, size_t at_most)
{
	struct bytes next = buf_from(&outgoing->buf, outgoing->sent);

	if (next.len > at_most)
		next.len = at_most;
	return next;
}

void outgoing_wrote(struct outgoing *outgoing, size_t len)
{
	outgoing->sent += len;
	if (outgoing->sent == outgoing->buf.len) {
		size_t max = outgoing->max;
		outgoing_done(outgoing);
		outgoing_init(outgoing, max);
	} else if (outgoing->sent > outgoing->buf.len / 2) {
		/* Dropping moves the rest, so it waits until the rest is the smaller half. */
		buf_drop(&outgoing->buf, outgoing->sent);
		outgoing->sent = 0;
	}
}
