#include "adapters/ncic/ncic_letters.h"

#include "adapters/ncic/ncic_text.h"

#include <string.h>

/* U+00C0 to U+00FF: two places each, the second a space where one letter is enough. */
static const char latin_1[] = "A A A A A A AEC E E E E I I I I D N O O O O O * O U U U U Y THSS"
	                          "A A A A A A AEC E E E E I I I I D N O O O O O / O U U U U Y THY ";
/* U+0100 to U+017F, one each. */
static const char latin_a[] =
	"AAAAAACCCCCCCCDDDDEEEEEEEEEEGGGGGGGGHHHHIIIIIIIIIIIIJJKKKLLLLLLLLLLNNNNNNNNNOOOOOOOORRRRRRSSSSSSSSTTTTTT"
	"UUUUUUUUUUUUWWYYYZZZZZZS";

static const struct {
	uint32_t from, to;
	char becomes;
} marks[] = {{0x00a0, 0x00a0, ' '},  {0x00ab, 0x00ab, '"'}, {0x00bb, 0x00bb, '"'}, {0x2000, 0x200a, ' '},  {0x2010, 0x2015, '-'},
	         {0x2018, 0x201b, '\''}, {0x201c, 0x201f, '"'}, {0x2026, 0x2026, ' '}, {0x2032, 0x2032, '\''}, {0x2033, 0x2033, '"'}};

static char mark_of(uint32_t character)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (character >= marks[i].from && character <= marks[i].to)
			return marks[i].becomes;
	return '?';
}

static char ascii_of(uint8_t c)
{
	static const char from[] = "[{]}\\|`~._^", to[] = "(())//'-   ";
	if (c >= 'a' && c <= 'z')
		return (char)(c - 32);
	if (c < 0x20 || c == 0x7f)
		return ' ';
	const char *at = strchr(from, c);
	return at ? to[at - from] : (char)c;
}

/* The next character; what is no UTF-8 counts as one that nobody knows. */
static uint32_t next_character(struct bytes *text)
{
	uint8_t first = text->at[0];
	size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	uint32_t character = len == 1 ? first : first & (0xffu >> (len + 1));
	if (first >= 0x80 && (len == 1 || len > text->len)) {
		len = 1;
		character = UINT32_MAX;
	}
	for (size_t i = 1; i < len; i++)
		character = character << 6 | (text->at[i] & 0x3fu);
	*text = bytes_of(text->at + len, text->len - len);
	return character;
}

static void put_character(uint32_t character, char into[static 3])
{
	into[1] = into[2] = 0;
	if (character < 0x80) {
		into[0] = ascii_of((uint8_t)character);
	} else if (character >= 0xc0 && character <= 0xff) {
		const char *pair = &latin_1[(character - 0xc0) * 2];
		into[0] = pair[0];
		into[1] = pair[1] == ' ' ? 0 : pair[1];
	} else if (character >= 0x100 && character <= 0x17f) {
		into[0] = latin_a[character - 0x100];
	} else {
		into[0] = mark_of(character);
	}
}

struct putting {
	struct buf *out;
	size_t began;
	bool was_made; /* the last is a space that stands for something else */
};

static void put_letters(struct putting *putting, const char *letters, uint32_t character)
{
	struct buf *out = putting->out;
	for (; *letters; letters++) {
		bool is_space = *letters == ' ', is_made = is_space && character != ' ';
		bool is_first = out->len == putting->began || out->at[out->len - 1] == '\n';
		bool is_idle = is_space && (is_first || (out->at[out->len - 1] == ' ' && (is_made || putting->was_made)));
		if (is_idle)
			continue;
		putting->was_made = is_made;
		buf_add_byte(out, (uint8_t)*letters);
	}
}

static void trim(size_t began, struct buf *out)
{
	while (out->len > began && strchr(" \r\n", out->at[out->len - 1]))
		out->len--;
}

void ncic_letters_put(struct bytes text, struct buf *out)
{
	struct putting putting = {out, out->len, false};
	char letters[3];
	while (text.len) {
		uint32_t character = next_character(&text);
		put_character(character, letters);
		put_letters(&putting, letters, character);
	}
	trim(putting.began, out);
}

void ncic_letters_put_free(struct bytes text, struct buf *out)
{
	struct putting putting = {out, out->len, false};
	char letters[3];
	while (text.len) {
		uint32_t character = next_character(&text);
		if (character == '\n') {
			while (out->len > putting.began && out->at[out->len - 1] == ' ')
				out->len--;
			buf_add_text(out, "\r\n");
		} else if (character == '.') {
			buf_add_byte(out, '.');
		} else {
			put_character(character, letters);
			put_letters(&putting, letters, character);
		}
	}
	trim(putting.began, out);
}
