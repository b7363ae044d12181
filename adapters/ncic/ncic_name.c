#include "adapters/ncic/ncic_name.h"

#include "adapters/ncic/ncic_codes.h"
#include "adapters/ncic/ncic_letters.h"
#include "base/pack.h"

#include <stdio.h>
#include <string.h>

enum { NAME_PIECE_MAX = 256, NAME_LONG_MAX = 4 * NAME_PIECE_MAX };

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

/* Words of the letters of names, parted by single spaces. */
static bool check_half(struct bytes half)
{
	bool has_letter = false;
	for (size_t i = 0; i < half.len; i++) {
		uint8_t c = half.at[i];
		bool is_edge = i == 0 || i + 1 == half.len;
		has_letter = has_letter || is_capital(c);
		if (c == ' ' ? is_edge || half.at[i - 1] == ' ' : !is_capital(c) && c != '\'' && c != '-')
			return false;
	}
	return has_letter;
}

struct bytes ncic_name_surname(struct bytes text)
{
	const uint8_t *comma = text.len ? memchr(text.at, ',', text.len) : NULL;
	return comma ? bytes_of(text.at, (size_t)(comma - text.at)) : text;
}

bool ncic_name_check(struct bytes text)
{
	struct bytes surname = ncic_name_surname(text);
	if (text.len < NCIC_NAME_MIN || text.len > NCIC_NAME_MAX || surname.len == text.len)
		return false;
	return check_half(surname) && check_half(bytes_of(text.at + surname.len + 1, text.len - surname.len - 1));
}

static void put_pair(struct buf *out, const char *key, struct bytes value)
{
	if (value.len == 0)
		return;
	pack_put_str(out, key);
	pack_put_text(out, value);
}

static struct bytes cut_first_word(struct bytes *rest)
{
	const uint8_t *space = memchr(rest->at, ' ', rest->len);
	struct bytes word = space ? bytes_of(rest->at, (size_t)(space - rest->at)) : *rest;
	*rest = space ? bytes_of(space + 1, rest->len - word.len - 1) : BYTES_NONE;
	return word;
}

static struct bytes cut_suffix(struct bytes *rest)
{
	const uint8_t *space = rest->len ? memrchr(rest->at, ' ', rest->len) : NULL;
	struct bytes last = space ? bytes_of(space + 1, rest->len - (size_t)(space - rest->at) - 1) : *rest;
	if (!ncic_codes_has(NCIC_CODES_SUFFIX, last))
		return BYTES_NONE;
	*rest = bytes_of(rest->at, space ? (size_t)(space - rest->at) : 0);
	return last;
}

void ncic_name_put(struct bytes text, struct buf *out)
{
	struct bytes family = ncic_name_surname(text);
	struct bytes rest = bytes_of(text.at + family.len + 1, text.len - family.len - 1);
	struct bytes given = cut_first_word(&rest);
	struct bytes suffix = cut_suffix(&rest);
	pack_put_map(out, 2 + (rest.len ? 1u : 0u) + (suffix.len ? 1u : 0u));
	put_pair(out, "family", family);
	put_pair(out, "given", given);
	put_pair(out, "middle", rest);
	put_pair(out, "suffix", suffix);
}

/* ---- writing ---- */

static bool is_name_letter(uint8_t c)
{
	return is_capital(c) || c == '\'' || c == '-' || c == ' ';
}

/* Words parted by one space, out of letters that may hold more than names do. */
static void keep_name_letters(struct bytes letters, char into[static NAME_PIECE_MAX])
{
	size_t len = 0;
	for (size_t i = 0; i < letters.len && len + 1 < NAME_PIECE_MAX; i++) {
		uint8_t c = letters.at[i];
		bool is_idle = c == ' ' && (len == 0 || into[len - 1] == ' ');
		if (is_name_letter(c) && !is_idle)
			into[len++] = (char)c;
	}
	while (len && into[len - 1] == ' ')
		len--;
	into[len] = 0;
}

/* A piece in the letters of names; digits, commas and the like are left out. False when a letter has no like among them. */
static bool take_piece(struct bytes name, const char *key, char into[static NAME_PIECE_MAX])
{
	struct bytes value = BYTES_NONE, text = BYTES_NONE;
	struct buf letters;
	if (pack_find(name, key, &value) && !pack_as_text(value, &text))
		return false;
	buf_init(&letters, 4096);
	ncic_letters_put(text, &letters);
	bool is_fine = letters.len == 0 || !memchr(letters.at, '?', letters.len);
	keep_name_letters(buf_bytes(&letters), into);
	buf_done(&letters);
	return is_fine;
}

struct pieces {
	char family[NAME_PIECE_MAX], given[NAME_PIECE_MAX], middle[NAME_PIECE_MAX], suffix[NAME_PIECE_MAX];
};

static size_t join(const struct pieces *name, char into[static NAME_LONG_MAX])
{
	return (size_t)snprintf(into, NAME_LONG_MAX, "%s,%s%s%s%s%s", name->family, name->given, name->middle[0] ? " " : "",
	                        name->middle, name->suffix[0] ? " " : "", name->suffix);
}

static void shorten(char *piece, size_t over, size_t least)
{
	size_t len = strlen(piece);
	len = len > over + least ? len - over : len < least ? len : least;
	while (len > 1 && piece[len - 1] == ' ')
		len--;
	piece[len] = 0;
}

static void fit(struct pieces *name, char into[static NAME_LONG_MAX])
{
	size_t len = join(name, into);
	for (int step = 0; len > NCIC_NAME_MAX && step < 5; step++) {
		if (step == 0)
			name->suffix[0] = 0;
		else if (step == 1)
			shorten(name->middle, NAME_PIECE_MAX, 1);
		else if (step == 2)
			name->middle[0] = 0;
		else if (step == 3)
			shorten(name->given, len - NCIC_NAME_MAX, 1);
		else
			shorten(name->family, len - NCIC_NAME_MAX, 1);
		len = join(name, into);
	}
}

bool ncic_name_say(struct bytes name, char into[static NCIC_NAME_MAX + 1])
{
	struct pieces pieces;
	char text[NAME_LONG_MAX];
	bool is_fine = take_piece(name, "family", pieces.family);
	is_fine = take_piece(name, "given", pieces.given) && is_fine;
	is_fine = take_piece(name, "middle", pieces.middle) && is_fine;
	is_fine = take_piece(name, "suffix", pieces.suffix) && is_fine;
	if (!is_fine)
		return false;
	fit(&pieces, text);
	if (!ncic_name_check(bytes_text(text)))
		return false;
	snprintf(into, NCIC_NAME_MAX + 1, "%.*s", (int)NCIC_NAME_MAX, text);
	return true;
}
