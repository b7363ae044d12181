/* Three kinds of bytes; the type says who owns them.
 *   struct bytes  borrowed, passed by value, never kept longer than what it views
 *   struct blob   immutable and counted: read once, then shared by count between threads and rooms
 *   struct buf    owned, grows to its `max` and no further; failure is sticky and asked for once, by buf_check
 * Thread: bytes and blob any; a buf belongs to one thread. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bytes {
	const uint8_t *at;
	size_t len;
};

#define BYTES_NONE ((struct bytes){NULL, 0})
#define BYTES_LIT(text) ((struct bytes){(const uint8_t *)("" text), sizeof(text) - 1})

struct bytes bytes_of(const void *at, size_t len);
struct bytes bytes_text(const char *text); /* without its NUL; NULL gives none */
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_is(struct bytes a, const char *text);
bool bytes_starts(struct bytes a, const char *prefix);
int bytes_order(struct bytes a, struct bytes b); /* memcmp order, shorter first */
char *bytes_dup_text(struct bytes a); /* owned, NUL-terminated */

struct blob; /* opaque, counted */

struct blob *blob_new(struct bytes copy_of); /* count 1 */
struct blob *blob_new_empty(size_t len, uint8_t **ret_at); /* count 1; fill through *ret_at before sharing */
struct blob *blob_ref(struct blob *blob); /* returns blob */
void blob_unref(struct blob *blob); /* NULL is fine */
struct bytes blob_bytes(const struct blob *blob); /* borrowed while a count is held; NULL gives none */

struct buf {
	uint8_t *at;
	size_t len;
	size_t cap;
	size_t max;
	bool overflow;
};

void buf_init(struct buf *buf, size_t max);
void buf_done(struct buf *buf);
void buf_clear(struct buf *buf); /* len 0, keeps the memory, forgets the overflow */
void buf_add(struct buf *buf, struct bytes more);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, uint8_t byte);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint8_t *buf_room(struct buf *buf, size_t len); /* at least len bytes of room at at+len, or NULL (sticky); then buf_grew */
void buf_grew(struct buf *buf, size_t len);
void buf_drop(struct buf *buf, size_t len); /* the first len bytes */
struct bytes buf_bytes(const struct buf *buf); /* borrowed until the next change */
struct bytes buf_from(const struct buf *buf, size_t at); /* from offset `at` to the end */
struct blob *buf_take_blob(struct buf *buf); /* a blob of the contents; the buf is left empty */
/* too_large when anything added since buf_clear did not fit. */
RESULT buf_check(const struct buf *buf, const char *field, struct err *err);

#endif
