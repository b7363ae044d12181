#include "adapters/ncic/ncic_answer.h"

#include "adapters/ncic/ncic_codes.h"
#include "adapters/ncic/ncic_letters.h"
#include "adapters/ncic/ncic_map.h"

#include <stdio.h>
#include <string.h>

/* A text is filled so far with hits that room is left for what follows them. */
enum { ANSWER_LINE_MAX = 72, ANSWER_FILLED_MAX = NCIC_TEXT_BYTES_MAX - 4000 };

static struct bytes text_at(struct bytes body, const char *pointer)
{
	struct bytes value, text;
	return pack_pointer(body, pointer, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

static void end_line(struct buf *out)
{
	buf_add_text(out, "\r\n");
}

/* A line of words that come from the message. */
static void put_line(struct buf *out, const char *before, struct bytes words)
{
	buf_add_text(out, before);
	ncic_letters_put_free(words, out);
	end_line(out);
}

/* Words of the list, not of the message. */
static void put_code_line(struct buf *out, const char *before, enum ncic_codes_list list, struct bytes code)
{
	struct bytes words = ncic_codes_words(list, code);
	if (words.len == 0)
		return;
	buf_add_text(out, before);
	buf_add(out, words);
	end_line(out);
}

struct wrapped {
	struct buf *out;
	size_t began;
};

/* TAG/VALUE TAG/VALUE …, in lines of a width that a terminal shows. */
static void put_field(void *ctx, const char *tag, struct bytes value)
{
	struct wrapped *wrapped = ctx;
	size_t used = wrapped->out->len - wrapped->began;
	if (used && used + value.len + 5 > ANSWER_LINE_MAX) {
		end_line(wrapped->out);
		wrapped->began = wrapped->out->len;
		used = 0;
	}
	buf_printf(wrapped->out, "%s%s/", used ? " " : "", tag);
	buf_add(wrapped->out, value);
}

static void put_cautions(struct bytes hit, struct buf *out)
{
	struct bytes list, code;
	struct err ignored;
	if (!pack_find(hit, "cautions", &list))
		return;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++)
		if (pack_as_text(pack_value(&in, ""), &code))
			put_code_line(out, "CAUTION - ", NCIC_CODES_CAUTION, code);
}

static struct bytes confirmer_of(struct bytes hit)
{
	struct bytes agency;
	return pack_find(hit, "confirm_with", &agency) ? agency : BYTES_NONE;
}

static void put_confirmer(struct bytes agency, struct buf *out)
{
	struct bytes phone = text_at(agency, "/phone");
	put_line(out, "CONFIRM WITH ", text_at(agency, "/name"));
	if (phone.len)
		put_line(out, "  PHO/", phone);
	buf_add_text(out, "NO ARREST ON THIS ANSWER ALONE\r\n");
}

/* Whom to ask stands first: it is what must not be overlooked. */
static bool put_hit(struct bytes hit, size_t number, size_t count, struct buf *out)
{
	struct bytes confirmer = confirmer_of(hit);
	buf_printf(out, "HIT %zu OF %zu - ", number, count);
	put_line(out, "CONFIRM WITH ORI ", text_at(confirmer, "/ori"));
	put_cautions(hit, out);
	struct wrapped wrapped = {out, out->len};
	if (!ncic_map_say(ncic_map_of_hit(), hit, put_field, &wrapped))
		return false;
	end_line(out);
	put_code_line(out, "EXTRADITION - ", NCIC_CODES_EXTRADITION, text_at(hit, "/extradition"));
	put_line(out, "ENTERED BY ", text_at(hit, "/issuer/name"));
	put_confirmer(confirmer, out);
	return true;
}

static bool put_hits(struct bytes list, struct buf *out)
{
	struct err ignored;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		if (out->len > ANSWER_FILLED_MAX) {
			buf_printf(out, "%zu MORE HITS ARE NOT LISTED - ASK AGAIN WITH MORE\r\n", count - i);
			return true;
		}
		if (!put_hit(pack_value(&in, ""), i + 1, count, out))
			return false;
	}
	return !in.failed;
}

static const char *words_of(struct bytes outcome)
{
	static const char *const words[][2] = {
	    {"HIT", "HIT"},
	    {"NO_RECORD", "NO RECORD"},
	    {"TOO_MANY", "TOO MANY RECORDS - ASK AGAIN WITH MORE"},
	    {"ACCESS_DENIED", "ACCESS DENIED"},
	    {"ERROR", "ERROR - THE QUERY WAS NOT ANSWERED"},
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (bytes_is(outcome, words[i][0]))
			return words[i][1];
	return NULL;
}

bool ncic_answer_put(struct bytes body, struct bytes from, struct buf *out)
{
	struct bytes hits, name = text_at(body, "/responder/name"), note = text_at(body, "/note");
	const char *words = words_of(text_at(body, "/result"));
	if (!words)
		return false;
	buf_printf(out, "%s\r\n", words);
	put_line(out, "FROM ", from);
	if (name.len)
		put_line(out, "  ", name);
	if (pack_find(body, "hits", &hits) && !put_hits(hits, out))
		return false;
	if (note.len)
		put_line(out, "", note);
	return true;
}

/* Whether words would be taken for the heading of the message when they are read again. */
static bool is_like_heading(struct bytes words)
{
	return bytes_starts(words, "FROM ") || bytes_starts(words, "ATTN ");
}

void ncic_answer_put_admin(struct bytes body, struct bytes from, const char *implied, struct buf *out)
{
	struct bytes name = text_at(body, "/from/name"), attention = text_at(body, "/attention"), words = text_at(body, "/text");
	bool says_from = !bytes_is(name, implied) || is_like_heading(words);
	if (says_from)
		put_line(out, "FROM ", name.len ? name : from);
	if (attention.len)
		put_line(out, "ATTN ", attention);
	if (says_from || attention.len)
		end_line(out);
	put_line(out, "", words);
}
