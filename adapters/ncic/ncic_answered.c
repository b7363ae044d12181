#include "adapters/ncic/ncic_answered.h"

#include "adapters/ncic/ncic_codes.h"
#include "adapters/ncic/ncic_fields.h"
#include "adapters/ncic/ncic_imply.h"
#include "adapters/ncic/ncic_map.h"
#include "adapters/ncic/ncic_turn.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { ANSWERED_BODY_MAX = 1 << 20, ANSWERED_HITS_MAX = 25 };

static const char switch_name[] = "RECORD SYSTEM";

/* ---- lines and fields ---- */

static struct bytes cut_line(struct bytes *rest)
{
	const uint8_t *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
	struct bytes line = end ? bytes_of(rest->at, (size_t)(end - rest->at)) : *rest;
	*rest = end ? bytes_of(end + 1, rest->len - line.len - 1) : BYTES_NONE;
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool is_sign(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Where the next TAG/ begins, at or behind `from`: at the line's beginning or behind a space. */
static size_t next_tag(struct bytes line, size_t from)
{
	for (size_t i = from; i + 4 <= line.len; i++)
		if ((i == 0 || line.at[i - 1] == ' ') && is_sign(line.at[i]) && is_sign(line.at[i + 1]) && is_sign(line.at[i + 2]) &&
		    line.at[i + 3] == '/')
			return i;
	return line.len;
}

static void list(struct bytes words, struct kind_reading *into)
{
	char *what = mem_printf("%.*s", (int)words.len, words.len ? (const char *)words.at : "");
	if (words.len)
		kind_reading_unmapped(into, what);
	mem_free(what);
}

/* Codes that an answer spells out: OFF/PAROLE VIOLATION - SEE MIS, EXL/1 - FULL EXTRADITION. */
static struct bytes as_code(const char *tag, struct bytes value)
{
	bool is_offense = !strcmp(tag, "OFF") || !strcmp(tag, "OOC");
	const uint8_t *dash = value.len ? memmem(value.at, value.len, " - ", 3) : NULL;
	struct bytes code = BYTES_NONE;
	if (is_offense)
		code = ncic_codes_by_words(NCIC_CODES_OFFENSE, value);
	if (code.len == 0 && dash && (is_offense || !strcmp(tag, "EXL")))
		code = bytes_of(value.at, (size_t)(dash - value.at));
	return code.len ? code : value;
}

static struct bytes first_word(struct bytes value)
{
	const uint8_t *space = value.len ? memchr(value.at, ' ', value.len) : NULL;
	return space ? bytes_of(value.at, (size_t)(space - value.at)) : value;
}

static void take_field(struct ncic_text *fields, struct bytes token, struct kind_reading *into)
{
	char tag[NCIC_TEXT_TAG_LEN + 1];
	snprintf(tag, sizeof(tag), "%.3s", (const char *)token.at);
	struct bytes value = bytes_of(token.at + 4, token.len - 4);
	while (value.len && value.at[value.len - 1] == ' ')
		value.len--;
	if (!strcmp(tag, "ORI") && ncic_text_is_ori(value)) {
		ncic_text_add(fields, "ORI", value);
		return;
	}
	const struct ncic_fields_rule *rule = ncic_fields_find(tag);
	value = as_code(tag, value);
	if (rule && ncic_fields_judge(rule, value)) /* words may follow a code without a tag of their own */
		value = first_word(value);
	bool is_fine = rule && !ncic_fields_judge(rule, value) && (rule->repeats > 1 || !ncic_text_find(fields, tag, 0));
	if (is_fine)
		ncic_text_add(fields, tag, value);
	else
		list(token, into);
}

/* The fields of a line; running text goes to its end. What stands before the first of them is given back. */
static struct bytes take_line(struct ncic_text *fields, struct bytes line, struct kind_reading *into)
{
	size_t at = next_tag(line, 0);
	struct bytes before = bytes_of(line.at, at);
	while (at < line.len) {
		bool is_running = bytes_starts(bytes_of(line.at + at, line.len - at), "MIS/");
		size_t end = is_running ? line.len : next_tag(line, at + 4);
		take_field(fields, bytes_of(line.at + at, end - at), into);
		at = end;
	}
	while (before.len && before.at[before.len - 1] == ' ')
		before.len--;
	return before;
}

static void take_lines(struct ncic_text *fields, struct bytes body, struct kind_reading *into)
{
	while (body.len)
		list(take_line(fields, cut_line(&body), into), into);
}

/* ---- bodies ---- */

static void put_pair(const char *key, struct bytes value, struct buf *out)
{
	pack_put_str(out, key);
	pack_put_text(out, value);
}

static size_t put_value(const char *key, struct ncic_text *fields, const char *tag, struct buf *out)
{
	struct bytes value = ncic_text_value(fields, tag);
	if (value.len == 0)
		return 0;
	pack_put_str(out, key);
	ncic_turn_put(!strcmp(tag, "NAM") ? NCIC_TURN_NAME : NCIC_TURN_TEXT, value, out);
	return 1;
}

/* The agency that nobody's ORI stands for: zeros in the state of who is answered. */
static void put_switch(const struct ncic_text *text, struct buf *out)
{
	char ori[NCIC_TEXT_ORI_LEN + 1];
	snprintf(ori, sizeof(ori), "%.2s0000000", text->ori);
	pack_put_str(out, "agency");
	pack_put_map(out, 2);
	put_pair("name", bytes_text(switch_name), out);
	put_pair("ori", bytes_text(ori), out);
}

static void put_draft(const char *type, struct bytes nic, size_t count, struct bytes members, struct kind_reading *into)
{
	struct buf *out = kind_reading_draft(into, NULL);
	pack_put_map(out, 2 + (nic.len ? 1u : 0u));
	put_pair("type", bytes_text(type), out);
	if (nic.len) {
		pack_put_str(out, "subject");
		pack_put_map(out, 1);
		put_pair("nic", nic, out);
	}
	pack_put_str(out, "body");
	pack_put_map(out, count);
	buf_add(out, members);
}

static size_t put_numbers(struct ncic_text *fields, struct buf *out)
{
	struct bytes oca = ncic_text_value(fields, "OCA");
	size_t count = put_value("nic", fields, "NIC", out) + put_value("person_name", fields, "NAM", out);
	return count + (oca.len <= 9 ? put_value("oca", fields, "OCA", out) : 0);
}

static bool put_accepted(const struct ncic_text *text, struct ncic_text *fields, struct kind_reading *into)
{
	struct buf members;
	if (ncic_text_value(fields, "NIC").len == 0 || ncic_text_value(fields, "NAM").len == 0)
		return false;
	buf_init(&members, ANSWERED_BODY_MAX);
	size_t count = 1 + put_numbers(fields, &members);
	put_switch(text, &members);
	put_draft("warrant.accepted/1", ncic_text_value(fields, "NIC"), count, buf_bytes(&members), into);
	buf_done(&members);
	return true;
}

/* REJ - FIELD ERROR DOB; REJ - ON FILE NIC/… OCA/…; REJ - anything. */
static void put_rejected(const struct ncic_text *text, struct bytes words, struct ncic_text *fields, struct kind_reading *into)
{
	struct buf members;
	bool is_field = bytes_starts(words, "REJ - FIELD ERROR ") && words.len == 21, is_on_file = bytes_is(words, "REJ - ON FILE");
	buf_init(&members, ANSWERED_BODY_MAX);
	size_t count = 2 + put_numbers(fields, &members);
	put_switch(text, &members);
	put_pair("reject_code", bytes_text(is_field ? "FIELD_ERROR" : is_on_file ? "ON_FILE" : "OTHER"), &members);
	if (is_field)
		put_pair("field", bytes_of(words.at + 18, 3), &members);
	else if (!is_on_file && words.len <= 500)
		put_pair("reason", words, &members);
	count += is_field || (!is_on_file && words.len <= 500);
	put_draft("warrant.rejected/1", ncic_text_value(fields, "NIC"), count, buf_bytes(&members), into);
	buf_done(&members);
}

/* The next word of a line; empty at its end. */
static struct bytes cut_word(struct bytes *rest)
{
	struct bytes word = first_word(*rest);
	size_t len = word.len + (word.len < rest->len);
	*rest = bytes_of(rest->at + len, rest->len - len);
	return word;
}

struct located {
	struct bytes day, disposition, ori, number;
};

/* LOCATED/20260430 EXTR MA0130100 26-5531; the number may be missing. */
static bool read_located(struct bytes words, struct located *located)
{
	static const char tag[] = "LOCATED/";
	const uint8_t *at = words.len ? memmem(words.at, words.len, tag, sizeof(tag) - 1) : NULL;
	if (!at)
		return false;
	struct bytes rest = bytes_of(at + sizeof(tag) - 1, (size_t)(words.at + words.len - at) - sizeof(tag) + 1);
	located->day = cut_word(&rest);
	located->disposition = cut_word(&rest);
	located->ori = cut_word(&rest);
	located->number = cut_word(&rest);
	const struct ncic_fields_rule *rule = ncic_fields_find("LCA");
	if (located->number.len && ncic_fields_judge(rule, located->number))
		located->number = BYTES_NONE;
	return ncic_fields_is_date(located->day) && ncic_codes_has(NCIC_CODES_DISPOSITION, located->disposition) &&
	       ncic_text_is_ori(located->ori);
}

static bool put_located(struct ncic_text *fields, struct bytes words, struct kind_reading *into)
{
	struct located located;
	struct buf members;
	if (ncic_text_value(fields, "NIC").len == 0 || !read_located(words, &located))
		return false;
	buf_init(&members, ANSWERED_BODY_MAX);
	pack_put_str(&members, "located_on");
	ncic_turn_put(NCIC_TURN_DATE, located.day, &members);
	put_pair("disposition", located.disposition, &members);
	pack_put_str(&members, "agency");
	pack_put_map(&members, 2);
	put_pair("name", located.ori, &members);
	put_pair("ori", located.ori, &members);
	size_t count = 3 + put_value("nic", fields, "NIC", &members) + put_value("hit", fields, "HIT", &members);
	if (located.number.len)
		put_pair("case_no", located.number, &members);
	put_draft("warrant.locate/1", ncic_text_value(fields, "NIC"), count + (located.number.len > 0), buf_bytes(&members), into);
	buf_done(&members);
	return true;
}

static void put_lines(const char *key, struct bytes body, struct buf *out)
{
	struct buf words;
	buf_init(&words, NCIC_TEXT_BYTES_MAX);
	for (size_t i = 0; i < body.len; i++)
		if (body.at[i] != '\r')
			buf_add_byte(&words, body.at[i]);
	while (words.len && words.at[words.len - 1] <= ' ')
		words.len--;
	put_pair(key, buf_bytes(&words), out);
	buf_done(&words);
}

static void put_words(const struct ncic_text *text, struct kind_reading *into)
{
	struct buf *out = kind_reading_draft(into, NULL);
	char ori[NCIC_TEXT_ORI_LEN + 1];
	snprintf(ori, sizeof(ori), "%.2s0000000", text->ori);
	pack_put_map(out, 2);
	put_pair("type", BYTES_LIT("admin.message/1"), out);
	pack_put_str(out, "body");
	pack_put_map(out, 2);
	put_lines("text", text->body, out);
	pack_put_str(out, "from");
	pack_put_map(out, 2);
	put_pair("name", bytes_text(switch_name), out);
	put_pair("ori", bytes_text(ori), out);
}

/* ---- hits ---- */

/* The lines of a hit that are no fields: what kind it is, cautions, whose ORI it is. */
static void take_words(struct ncic_text *fields, struct bytes words, struct kind_reading *into)
{
	static const char caution[] = "CAUTION - ", owner[] = "ORI IS ";
	if (bytes_starts(words, caution)) {
		size_t len = sizeof(caution) - 1;
		struct bytes code = ncic_codes_by_words(NCIC_CODES_CAUTION, bytes_of(words.at + len, words.len - len));
		if (code.len)
			ncic_text_add(fields, "CMC", code);
		else
			list(words, into);
	} else if (bytes_starts(words, owner)) {
		ncic_text_add(fields, "AGN", bytes_of(words.at + sizeof(owner) - 1, words.len - sizeof(owner) + 1));
	} else {
		list(words, into);
	}
}

static bool is_whole(struct ncic_text *fields)
{
	static const char *const needed[] = {"NAM", "OFF", "EXL", "DOW", "ORI"};
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!ncic_text_find(fields, needed[i], 0))
			return false;
	return ncic_text_find(fields, "WNO", 0) || ncic_text_find(fields, "OCA", 0);
}

/* One hit, up to the next MKE/ line; *rest begins there. False when it does not say what a hit must. */
static bool put_hit(struct bytes *rest, struct buf *out, struct kind_reading *into)
{
	struct ncic_text *fields = mem_alloc(sizeof(*fields));
	*fields = (struct ncic_text){.form = NCIC_TEXT_ANSWERED};
	list(cut_line(rest), into);
	while (rest->len && !bytes_starts(*rest, "MKE/")) {
		struct bytes line = cut_line(rest);
		struct bytes words = take_line(fields, line, into);
		if (words.len)
			take_words(fields, words, into);
	}
	bool is_fine = is_whole(fields);
	struct bytes oca = ncic_text_value(fields, "OCA"), ori = ncic_text_value(fields, "ORI");
	if (is_fine && !ncic_text_find(fields, "WNO", 0))
		ncic_text_add(fields, "WNO", oca);
	if (is_fine && !ncic_text_find(fields, "AGN", 0))
		ncic_text_add(fields, "AGN", ori);
	if (is_fine)
		ncic_imply_no_foreign(fields, NULL, into);
	if (is_fine)
		ncic_map_put(ncic_map_of_answer(), fields, out, into);
	mem_free(fields);
	return is_fine;
}

static bool put_hits(struct bytes body, struct kind_reading *into)
{
	struct buf hits, members;
	size_t count = 0;
	bool is_fine = true;
	buf_init(&hits, ANSWERED_BODY_MAX);
	buf_init(&members, ANSWERED_BODY_MAX);
	for (struct bytes rest = body; rest.len && is_fine; count++)
		is_fine = count < ANSWERED_HITS_MAX && put_hit(&rest, &hits, into);
	if (is_fine) {
		put_pair("result", BYTES_LIT("HIT"), &members);
		pack_put_str(&members, "hits");
		pack_put_array(&members, count);
		buf_add(&members, buf_bytes(&hits));
		put_draft("query.result/1", BYTES_NONE, 2, buf_bytes(&members), into);
	}
	buf_done(&hits);
	buf_done(&members);
	return is_fine;
}

static void put_nothing(struct bytes body, struct kind_reading *into)
{
	struct buf members;
	bool has_note = body.len <= 1000;
	buf_init(&members, ANSWERED_BODY_MAX);
	put_pair("result", BYTES_LIT("NO_RECORD"), &members);
	if (has_note)
		put_lines("note", body, &members);
	put_draft("query.result/1", BYTES_NONE, 1 + (has_note ? 1u : 0u), buf_bytes(&members), into);
	buf_done(&members);
}

/* ---- which it is ---- */

static bool put_known(struct ncic_text *text, struct bytes body, struct kind_reading *into)
{
	struct ncic_text *fields = mem_alloc(sizeof(*fields));
	struct bytes rest = body;
	bool is_known = true;
	*fields = (struct ncic_text){.form = NCIC_TEXT_ANSWERED};
	if (bytes_starts(body, "REJ")) {
		struct bytes words = take_line(fields, cut_line(&rest), into);
		take_lines(fields, rest, into);
		put_rejected(text, words, fields, into);
	} else if (bytes_starts(body, "$.L. LOCATE")) {
		(void)cut_line(&rest);
		struct bytes line = cut_line(&rest);
		take_lines(fields, line, into);
		is_known = put_located(fields, line, into);
	} else if (bytes_starts(body, "MKE/WANTED PERSON")) {
		is_known = put_hits(body, into);
	} else if (bytes_starts(body, "NO ") || bytes_starts(body, "NOTHING ON FILE")) {
		put_nothing(body, into);
	} else if (bytes_starts(body, "NAM/")) {
		take_lines(fields, body, into);
		is_known = put_accepted(text, fields, into);
	} else {
		is_known = false;
	}
	mem_free(fields);
	return is_known;
}

void ncic_answered_put(struct ncic_text *text, struct kind_reading *into)
{
	struct bytes body = text->body;
	while (body.len && body.at[0] <= ' ')
		body = bytes_of(body.at + 1, body.len - 1);
	if (!put_known(text, body, into))
		put_words(text, into);
}
