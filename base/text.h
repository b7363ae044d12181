/* Text: UTF-8, hex, base64, numbers, patterns of names. Thread: any, pure. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

bool text_is_utf8(struct bytes text); /* RFC 3629; NUL is allowed here, schemas refuse it where it matters */
/* Lower-case hex, NUL-terminated; `into` holds 2 * len + 1. Returns into. */
char *text_hex(struct bytes bytes, char *into);
RESULT text_unhex(struct bytes text, uint8_t *into, size_t len, struct err *err); /* exactly len bytes */
void text_base64(struct bytes bytes, struct buf *out); /* RFC 4648 §4, padded */
RESULT text_unbase64(struct bytes text, struct buf *out, struct err *err);
/* Whole text is one decimal integer within [min, max]. */
RESULT text_int(struct bytes text, int64_t min, int64_t max, int64_t *ret, struct err *err);
/* "64 MiB", "4KiB", "1000" → bytes; "250ms", "30s", "10min", "1h", "2d" → milliseconds. */
RESULT text_size(struct bytes text, int64_t *ret_bytes, struct err *err);
RESULT text_duration(struct bytes text, int64_t *ret_ms, struct err *err);
/* Makes a stranger's text fit for a log line or a terminal: control characters and bad UTF-8 become \xNN; cut at size. */
const char *text_safe(struct bytes text, char *into, size_t size);
void text_json(struct bytes text, struct buf *out); /* with quotes and escapes */
/* `*` stands for any run of characters; everything else is literal. */
bool text_match(const char *pattern, struct bytes text);
bool text_equal_nocase(struct bytes a, struct bytes b); /* ASCII case */

#endif
