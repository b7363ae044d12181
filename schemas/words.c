#include "schemas/words.h"

#include <string.h>

#include "base/text.h"

enum { UTF8_TAIL_MAX = 3 };

/* How many bytes a character has by its first one. */
static size_t announced(uint8_t first)
{
	if (first >= 0xf0)
		return 4;
	return first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/* Leaves out a character that was cut in two at the end. */
static struct bytes without_half(struct bytes text)
{
	for (size_t back = 1; back <= UTF8_TAIL_MAX && back <= text.len; back++) {
		uint8_t byte = text.at[text.len - back];
		bool is_first = (byte & 0xc0) != 0x80;
		if (is_first)
			return announced(byte) > back ? bytes_of(text.at, text.len - back) : text;
	}
	return text;
}

void words_put(struct buf *out, const char *text, size_t size)
{
	char safe[ERR_REASON_MAX];
	size_t max = (size < sizeof(safe) ? size : sizeof(safe)) - 1;
	struct bytes words = bytes_text(text);
	if (words.len > max)
		words.len = max;
	words = without_half(words);
	if (!text_is_utf8(words))
		words = bytes_text(text_safe(words, safe, max + 1));
	pack_put_text(out, words);
}

void words_read(struct pack_in *in, const char *field, char *into, size_t size)
{
	struct bytes text = pack_text(in, field, size - 1);
	into[0] = '\0';
	if (in->failed)
		return;
	if (text.len > 0 && memchr(text.at, '\0', text.len)) {
		pack_fail(in, CODE_MALFORMED, field, "holds a NUL");
		return;
	}
	if (text.len > 0)
		memcpy(into, text.at, text.len);
	into[text.len] = '\0';
}
