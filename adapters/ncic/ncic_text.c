#include "adapters/ncic/ncic_text.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char allowed_marks[] = " ,&'#()*+-:;<=>?@!\"%$/";

void ncic_text_fault(struct kind_reading *into, int line, enum code code, enum ncic_text_error number, const char *field,
	                 const char *format, ...)
{
	char reason[ERR_REASON_MAX], prefix[8] = "";
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	if (number != NCIC_TEXT_NO_NUMBER)
		snprintf(prefix, sizeof(prefix), ".%02d. ", (int)number);
	kind_reading_fault(into, line, code, field, "%s%s: %s", prefix, field, reason);
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_sign(uint8_t c)
{
	return is_capital(c) || (c >= '0' && c <= '9');
}

static bool all_signs(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_sign(text.at[i]))
			return false;
	return true;
}

bool ncic_text_allows(uint8_t character)
{
	return is_sign(character) || (character && strchr(allowed_marks, character));
}

bool ncic_text_is_ori(struct bytes text)
{
	return text.len == NCIC_TEXT_ORI_LEN && is_capital(text.at[0]) && is_capital(text.at[1]) && all_signs(text);
}

bool ncic_text_is_control(struct bytes text)
{
	return text.len >= 2 && text.len <= NCIC_TEXT_CONTROL_MAX + 1 && text.at[0] == '*' &&
	       all_signs(bytes_of(text.at + 1, text.len - 1));
}

static bool is_state(struct bytes text)
{
	return text.len == 2 && is_capital(text.at[0]) && is_capital(text.at[1]);
}

static void copy(struct bytes from, char *into, size_t size)
{
	snprintf(into, size, "%.*s", (int)from.len, from.len ? (const char *)from.at : "");
}

/* What stands before the first `mark`; *rest begins behind it. Without a mark everything, and nothing is left. */
static struct bytes cut(struct bytes *rest, char mark)
{
	const uint8_t *at = rest->len ? memchr(rest->at, mark, rest->len) : NULL;
	struct bytes head = at ? bytes_of(rest->at, (size_t)(at - rest->at)) : *rest;
	*rest = at ? bytes_of(at + 1, rest->len - head.len - 1) : BYTES_NONE;
	return head;
}

static bool starts_with_line_end(struct bytes text)
{
	return text.len >= 2 && text.at[0] == '\r' && text.at[1] == '\n';
}

/* ---- the header ---- */

static void read_dest(struct ncic_text *text, struct bytes dest, int line, struct kind_reading *into)
{
	char name[NCIC_TEXT_ORI_LEN + 1];
	if (!ncic_text_is_ori(dest) && !is_state(dest)) {
		ncic_text_fault(into, line, CODE_MALFORMED, NCIC_TEXT_HEADER, "DST",
		                "destination %zu is neither an ORI nor a state", text->dests_count + 1);
		return;
	}
	copy(dest, name, sizeof(name));
	for (size_t i = 0; i < text->dests_count && i < NCIC_TEXT_DESTS_MAX; i++)
		if (!strcmp(text->dests[i], name))
			ncic_text_fault(into, line, CODE_MALFORMED, NCIC_TEXT_HEADER, "DST", "%s is named twice", name);
	if (text->dests_count < NCIC_TEXT_DESTS_MAX)
		memcpy(text->dests[text->dests_count], name, sizeof(name));
	text->dests_count++;
}

static void read_dests(struct ncic_text *text, struct bytes list, int line, struct kind_reading *into)
{
	bool goes_on;
	do {
		size_t before = list.len;
		struct bytes dest = cut(&list, ',');
		goes_on = dest.len < before;
		read_dest(text, dest, line, into);
	} while (goes_on);
}

static void read_key(struct ncic_text *text, struct bytes mke, struct kind_reading *into)
{
	if (mke.len < 1 || mke.len > 4 || !all_signs(mke))
		ncic_text_fault(into, 1, CODE_MALFORMED, NCIC_TEXT_HEADER, "MKE",
		                "the text does not begin with a message key of 1 to 4 capital letters or digits");
	else
		copy(mke, text->mke, sizeof(text->mke));
}

static void read_ori(struct ncic_text *text, struct bytes ori, struct kind_reading *into)
{
	if (!ncic_text_is_ori(ori))
		ncic_text_fault(into, 1, CODE_MALFORMED, NCIC_TEXT_HEADER, "ORI",
		                "an ORI has 9 characters: two capital letters and seven capital letters or digits");
	else
		copy(ori, text->ori, sizeof(text->ori));
}

static void read_control(struct ncic_text *text, struct bytes control, struct kind_reading *into)
{
	if (!ncic_text_is_control(control))
		ncic_text_fault(into, 1, CODE_MALFORMED, NCIC_TEXT_HEADER, "CTL",
		                "a control token is * and 1 to 10 capital letters or digits");
	else
		copy(control, text->control, sizeof(text->control));
}

/* MKE.ORI.[dests.][*ctl.] without what follows; each is closed by its period. */
static void read_header(struct ncic_text *text, struct bytes header, struct kind_reading *into)
{
	if (header.len == 0 || header.at[header.len - 1] != '.')
		ncic_text_fault(into, 1, CODE_MALFORMED, NCIC_TEXT_HEADER, "TXT", "a period must stand before TXT");
	read_key(text, cut(&header, '.'), into);
	read_ori(text, cut(&header, '.'), into);
	if (header.len && header.at[0] != '*')
		read_dests(text, cut(&header, '.'), 1, into);
	if (header.len)
		read_control(text, cut(&header, '.'), into);
	if (header.len)
		ncic_text_fault(into, 1, CODE_MALFORMED, NCIC_TEXT_HEADER, "TXT", "the header goes on behind the control token");
}

/* ---- the forms of switches ---- */

static bool is_digits(struct bytes text, size_t from, const char *shape)
{
	if (text.len < from + strlen(shape))
		return false;
	for (size_t i = 0; shape[i]; i++) {
		uint8_t c = text.at[from + i];
		if (shape[i] == '9' ? c < '0' || c > '9' : c != (uint8_t)shape[i])
			return false;
	}
	return true;
}

/* "hh:mm mm/dd/ccyy nnnnn" and, on the way out, the destination. */
static bool is_clock(struct bytes line)
{
	return is_digits(line, 0, "99:99 99/99/9999 99999") && (line.len == 22 || (line.len > 23 && line.at[22] == ' '));
}

static struct bytes cut_line(struct bytes *rest)
{
	struct bytes line = cut(rest, '\n');
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool open_delivered(struct bytes document, struct ncic_text *text, struct kind_reading *into)
{
	struct bytes rest = document;
	struct bytes header = cut_line(&rest), in = cut_line(&rest), out = cut_line(&rest), txt = cut_line(&rest);
	if (!is_clock(in) || !is_clock(out) || !bytes_is(txt, "TXT"))
		return false;
	text->form = NCIC_TEXT_DELIVERED;
	read_key(text, cut(&header, '.'), into);
	read_ori(text, header, into);
	text->body = rest;
	text->body_line = 5;
	return true;
}

static bool open_answered(struct bytes document, struct ncic_text *text, struct kind_reading *into)
{
	struct bytes rest = document;
	struct bytes first = cut_line(&rest);
	text->form = NCIC_TEXT_ANSWERED;
	if (first.len > 4 + 15 || !all_signs(first))
		ncic_text_fault(into, 1, CODE_MALFORMED, NCIC_TEXT_HEADER, "CTL",
		                "behind 1L01 stand at most 15 capital letters or digits");
	struct bytes ori = cut_line(&rest);
	if (!ncic_text_is_ori(ori))
		ncic_text_fault(into, 2, CODE_MALFORMED, NCIC_TEXT_HEADER, "ORI", "the second line of an answer is an ORI");
	else
		copy(ori, text->ori, sizeof(text->ori));
	text->body = rest;
	text->body_line = 3;
	return true;
}

/* ---- the whole ---- */

/* One fault for the document: a text of which every line ends wrongly has one mistake, not many. */
static bool check_line_ends(struct bytes document, struct kind_reading *into)
{
	int line = 1;
	for (size_t i = 0; i < document.len; i++) {
		bool is_return = document.at[i] == '\r', is_feed = document.at[i] == '\n';
		bool is_fine = is_return ? i + 1 < document.len && document.at[i + 1] == '\n'
		                         : !is_feed || (i > 0 && document.at[i - 1] == '\r');
		if (!is_fine) {
			ncic_text_fault(into, line, CODE_MALFORMED, NCIC_TEXT_HEADER, "TXT",
			                "a line ends with %s alone; it must be CR LF", is_return ? "CR" : "LF");
			return false;
		}
		line += is_feed;
	}
	return true;
}

static const uint8_t *find_txt(struct bytes document)
{
	return document.len ? memmem(document.at, document.len, "TXT\r\n", 5) : NULL;
}

static bool open_sent(struct bytes document, struct ncic_text *text, struct kind_reading *into)
{
	const uint8_t *txt = find_txt(document);
	const uint8_t *line_end = document.len ? memchr(document.at, '\r', document.len) : NULL;
	if (!txt || (line_end && line_end < txt)) {
		ncic_text_fault(into, 1, CODE_MALFORMED, NCIC_TEXT_NO_TXT, "TXT",
		                "the first line does not end with TXT and CR LF");
		return false;
	}
	size_t header_len = (size_t)(txt - document.at);
	text->form = NCIC_TEXT_SENT;
	read_header(text, bytes_of(document.at, header_len), into);
	text->body = bytes_of(txt + 5, document.len - header_len - 5);
	text->body_line = 2;
	if (text->body.len == 0)
		ncic_text_fault(into, 2, CODE_MALFORMED, NCIC_TEXT_FORMAT, "TXT", "nothing follows");
	return text->body.len > 0;
}

bool ncic_text_open(struct bytes document, struct ncic_text *text, struct kind_reading *into)
{
	memset(text, 0, sizeof(*text));
	if (document.len > NCIC_TEXT_BYTES_MAX) {
		ncic_text_fault(into, 0, CODE_TOO_LARGE, NCIC_TEXT_FORMAT, "TXT", "%zu octets; at most %d", document.len,
		                (int)NCIC_TEXT_BYTES_MAX);
		return false;
	}
	if (!check_line_ends(document, into))
		return false;
	if (bytes_starts(document, "1L01"))
		return open_answered(document, text, into);
	return open_delivered(document, text, into) || open_sent(document, text, into);
}

/* ---- fields ---- */

static const char *what_character(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		return "a lower-case letter; text is in capitals";
	if (c == '\r' || c == '\n')
		return "a line end within the field; it may only stand behind a period";
	return c < 0x20 || c >= 0x7f ? "a character beyond printable ASCII" : "a character that is not in the set";
}

/* Adds one fault for the first character that is none of the set. */
static bool check_characters(struct bytes token, int line, const char *field, struct kind_reading *into)
{
	for (size_t i = 0; i < token.len; i++)
		if (!ncic_text_allows(token.at[i])) {
			ncic_text_fault(into, line, CODE_MALFORMED, NCIC_TEXT_FORMAT, field, "%s", what_character(token.at[i]));
			return false;
		}
	return true;
}

static bool has_tag(struct bytes token)
{
	return token.len > NCIC_TEXT_TAG_LEN && token.at[NCIC_TEXT_TAG_LEN] == '/' &&
	       all_signs(bytes_of(token.at, NCIC_TEXT_TAG_LEN));
}

/* The field that a fault is about when a token has no tag: the one before, in whose value a period was most likely meant. */
static const char *last_tag(const struct ncic_text *text)
{
	return text->fields_count ? text->fields[text->fields_count - 1].tag : "TXT";
}

static void read_field(struct ncic_text *text, struct bytes token, int line, bool is_closed, struct kind_reading *into)
{
	if (!has_tag(token)) {
		char where[NCIC_TEXT_TAG_LEN + 1];
		memcpy(where, last_tag(text), sizeof(where));
		if (check_characters(token, line, where, into))
			ncic_text_fault(into, line, CODE_MALFORMED, NCIC_TEXT_FORMAT, where,
			                "what follows is no TAG/value with a tag of three; a value cannot hold a period");
		return;
	}
	if (text->fields_count == NCIC_TEXT_FIELDS_MAX) {
		ncic_text_fault(into, line, CODE_TOO_LARGE, NCIC_TEXT_FORMAT, "TXT", "more than %d fields",
		                (int)NCIC_TEXT_FIELDS_MAX);
		return;
	}
	struct ncic_text_field *field = &text->fields[text->fields_count++];
	copy(bytes_of(token.at, NCIC_TEXT_TAG_LEN), field->tag, sizeof(field->tag));
	field->value = bytes_of(token.at + NCIC_TEXT_TAG_LEN + 1, token.len - NCIC_TEXT_TAG_LEN - 1);
	field->line = line;
	field->is_bad = !check_characters(field->value, line, field->tag, into) || !is_closed;
	if (!is_closed)
		ncic_text_fault(into, line, CODE_MALFORMED, NCIC_TEXT_FORMAT, field->tag, "no period ends it");
}

void ncic_text_read_fields(struct ncic_text *text, struct kind_reading *into)
{
	struct bytes rest = text->body;
	int line = text->body_line;
	while (rest.len && text->fields_count <= NCIC_TEXT_FIELDS_MAX) {
		size_t before = rest.len;
		struct bytes token = cut(&rest, '.');
		bool is_closed = token.len < before;
		size_t full = into->faults_count;
		read_field(text, token, line, is_closed, into);
		if (text->fields_count == NCIC_TEXT_FIELDS_MAX && into->faults_count > full)
			return;
		for (size_t i = 0; i < token.len; i++)
			line += token.at[i] == '\n';
		if (is_closed && starts_with_line_end(rest)) {
			rest = bytes_of(rest.at + 2, rest.len - 2);
			line++;
		}
	}
}

/* Whoever reports a refused text quotes it, whatever is in it. */
void ncic_text_check_free(const struct ncic_text *text, struct kind_reading *into)
{
	int line = text->body_line;
	bool may_quote = text->form == NCIC_TEXT_DELIVERED;
	for (size_t i = 0; i < text->body.len; i++) {
		uint8_t c = text->body.at[i];
		bool is_fine = c == '.' || c == '\r' || c == '\n' || ncic_text_allows(c) || (may_quote && c >= 0x20 && c < 0x7f);
		if (!is_fine) {
			ncic_text_fault(into, line, CODE_MALFORMED, NCIC_TEXT_FORMAT, "TXT", "%s", what_character(c));
			return;
		}
		line += c == '\n';
	}
}

/* ---- asking ---- */

struct ncic_text_field *ncic_text_find(struct ncic_text *text, const char *tag, size_t nth)
{
	for (size_t i = 0; i < text->fields_count; i++)
		if (!strcmp(text->fields[i].tag, tag) && nth-- == 0)
			return &text->fields[i];
	return NULL;
}

struct bytes ncic_text_value(struct ncic_text *text, const char *tag)
{
	const struct ncic_text_field *field = ncic_text_find(text, tag, 0);
	return field && !field->is_bad ? field->value : BYTES_NONE;
}

void ncic_text_add(struct ncic_text *text, const char *tag, struct bytes value)
{
	if (text->fields_count == NCIC_TEXT_FIELDS_MAX)
		return;
	struct ncic_text_field *field = &text->fields[text->fields_count++];
	memset(field, 0, sizeof(*field));
	snprintf(field->tag, sizeof(field->tag), "%s", tag);
	field->value = value;
}
