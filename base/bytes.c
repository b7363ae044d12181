#include "base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct bytes bytes_of(const void *at, size_t len)
{
	return (struct bytes){at, len};
}

struct bytes bytes_text(const char *text)
{
	return text == NULL ? BYTES_NONE : bytes_of(text, strlen(text));
}

/* memcmp may not be given NULL, not even for nothing. */
static int compare(const uint8_t *a, const uint8_t *b, size_t len)
{
	return len == 0 ? 0 : memcmp(a, b, len);
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && compare(a.at, b.at, a.len) == 0;
}

bool bytes_is(struct bytes a, const char *text)
{
	return bytes_equal(a, bytes_text(text));
}

bool bytes_starts(struct bytes a, const char *prefix)
{
	struct bytes start = bytes_text(prefix);
	return a.len >= start.len && compare(a.at, start.at, start.len) == 0;
}

int bytes_order(struct bytes a, struct bytes b)
{
	int order = compare(a.at, b.at, a.len < b.len ? a.len : b.len);
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

char *bytes_dup_text(struct bytes a)
{
	return mem_text_n(a.at, a.len);
}

/* The bytes are in the same piece of memory, or, taken over from a buf, in a piece of their own. */
struct blob {
	atomic_size_t count;
	size_t len;
	uint8_t *at;
	uint8_t inside[];
};

static struct blob *blob_around(uint8_t *at, size_t len, size_t inside)
{
	assert(inside <= SIZE_MAX - sizeof(struct blob));
	struct blob *blob = mem_grow(NULL, sizeof *blob + inside, 1);
	atomic_init(&blob->count, 1);
	blob->len = len;
	blob->at = at == NULL ? blob->inside : at;
	return blob;
}

struct blob *blob_new(struct bytes copy_of)
{
	struct blob *blob = blob_around(NULL, copy_of.len, copy_of.len);
	if (copy_of.len > 0)
		memcpy(blob->at, copy_of.at, copy_of.len);
	return blob;
}

struct blob *blob_new_empty(size_t len, uint8_t **ret_at)
{
	struct blob *blob = blob_around(NULL, len, len);
	if (len > 0)
		memset(blob->at, 0, len);
	*ret_at = blob->at;
	return blob;
}

struct blob *blob_ref(struct blob *blob)
{
	/* Whoever refs holds a count already, so nothing has to be seen in order. */
	atomic_fetch_add_explicit(&blob->count, 1, memory_order_relaxed);
	return blob;
}

void blob_unref(struct blob *blob)
{
	if (blob == NULL || atomic_fetch_sub_explicit(&blob->count, 1, memory_order_acq_rel) != 1)
		return;
	if (blob->at != blob->inside)
		mem_free(blob->at);
	mem_free(blob);
}

struct bytes blob_bytes(const struct blob *blob)
{
	return blob == NULL ? BYTES_NONE : bytes_of(blob->at, blob->len);
}

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){.max = max};
}

void buf_done(struct buf *buf)
{
	mem_free(buf->at);
	buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
}

/* The next power of two that holds len, so that many small additions cost one copy per doubling; never beyond max. */
static size_t cap_for(const struct buf *buf, size_t len)
{
	size_t cap = buf->cap == 0 ? 256 : buf->cap;
	while (cap < len)
		cap = cap > buf->max / 2 ? buf->max : cap * 2;
	return cap < buf->max ? cap : buf->max;
}

uint8_t *buf_room(struct buf *buf, size_t len)
{
	if (buf->overflow || len > buf->max - buf->len) {
		buf->overflow = true;
		return NULL;
	}
	if (buf->at == NULL || len > buf->cap - buf->len) {
		size_t cap = cap_for(buf, buf->len + len);
		buf->at = mem_grow(buf->at, cap, 1);
		buf->cap = cap;
	}
	return buf->at + buf->len;
}

void buf_grew(struct buf *buf, size_t len)
{
	assert(len <= buf->cap - buf->len);
	buf->len += len;
}

void buf_add(struct buf *buf, struct bytes more)
{
	if (more.len == 0)
		return;
	uint8_t *at = buf_room(buf, more.len);
	if (at == NULL)
		return;
	memcpy(at, more.at, more.len);
	buf->len += more.len;
}

void buf_add_text(struct buf *buf, const char *text)
{
	buf_add(buf, bytes_text(text));
}

void buf_add_byte(struct buf *buf, uint8_t byte)
{
	buf_add(buf, bytes_of(&byte, 1));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	char small[256];
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(small, sizeof small, format, arguments);
	va_end(arguments);
	if (len < 0 || (size_t)len < sizeof small) {
		buf_add(buf, bytes_of(small, len < 0 ? 0 : (size_t)len));
		return;
	}
	if (buf->overflow || (size_t)len > buf->max - buf->len) {
		buf->overflow = true;
		return;
	}
	/* Not straight into the buf: there may be room for the text but not for its NUL. */
	AUTO_FREE char *large = mem_alloc((size_t)len + 1);
	va_start(arguments, format);
	vsnprintf(large, (size_t)len + 1, format, arguments);
	va_end(arguments);
	buf_add(buf, bytes_of(large, (size_t)len));
}

void buf_drop(struct buf *buf, size_t len)
{
	if (len >= buf->len) {
		buf->len = 0;
		return;
	}
	memmove(buf->at, buf->at + len, buf->len - len);
	buf->len -= len;
}

struct bytes buf_bytes(const struct buf *buf)
{
	return bytes_of(buf->at, buf->len);
}

struct bytes buf_from(const struct buf *buf, size_t at)
{
	return at >= buf->len ? BYTES_NONE : bytes_of(buf->at + at, buf->len - at);
}

struct blob *buf_take_blob(struct buf *buf)
{
	struct blob *blob = NULL;
	if (buf->len == 0) {
		blob = blob_new(BYTES_NONE);
		mem_free(buf->at);
	} else {
		/* A blob may live long: what the buf kept for growing is given back. */
		blob = blob_around(mem_grow(buf->at, buf->len, 1), buf->len, 0);
	}
	*buf = (struct buf){.max = buf->max, .overflow = buf->overflow};
	return blob;
}

RESULT buf_check(const struct buf *buf, const char *field, struct err *err)
{
	if (buf->overflow)
		return err_set(err, CODE_TOO_LARGE, field, "more than %zu bytes", buf->max);
	return OK;
}
