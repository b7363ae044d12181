#include "adapters/casework/casework_make.h"

#include "adapters/casework/casework_when.h"
#include "adapters/kind/body.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/json_line.h"

#include <stdio.h>
#include <string.h>

enum { FROM_MAX = 160, LIST_MAX = 100, WORD_MAX = 160, VALUES_MAX = 1 << 20 };

struct field {
	char to[CASEWORK_POINTER_MAX];
	char source[2 * CASEWORK_POINTER_MAX]; /* of the document; "": nobody's */
	size_t start, end;                     /* in `values` */
};

struct making {
	struct casework_reading *reading;
	struct casework_case *whole;
	const struct casework_item *item;
	const struct casework_message *message;
	struct field fields[CASEWORK_FIELDS_MAX];
	size_t count;
	struct buf values;
	size_t faults;
};

/* A value on its way: where it stands in the document, and where it goes. */
struct piece {
	const struct casework_row *row;
	struct bytes value;
	const char *source; /* "": the table's own text */
	const char *to;
};

void casework_fault(struct casework_reading *reading, const char *pointer, enum code code, const char *reason)
{
	kind_reading_fault(reading->into, json_line(reading->document, pointer), code, pointer, "%s", reason);
}

/* ---- what there is ---- */

static bool says_nothing(struct bytes value)
{
	struct bytes text;
	struct pack_in in = pack_in(value, NULL);
	return value.len == 0 || pack_try_nil(&in) || (pack_as_text(value, &text) && text.len == 0);
}

/* The next of "ONE | TWO". */
static bool take_alternative(const char **paths, char into[static FROM_MAX], const char **ret_start)
{
	*paths += strspn(*paths, " |");
	size_t len = strcspn(*paths, " |");
	if (strchr(*paths, '=') && !strchr(*paths, '|'))
		len = strlen(*paths);
	*ret_start = *paths;
	snprintf(into, FROM_MAX, "%.*s", (int)len, *paths);
	*paths += len;
	return len > 0;
}

/* Of the case: what was looked for once is known. */
static struct bytes find_in_case(struct casework_case *whole, const char *key, const char *pointer)
{
	struct bytes value = BYTES_NONE;
	for (size_t i = 0; i < whole->found_count; i++)
		if (whole->asked[i] == key)
			return whole->found[i];
	if (!pack_pointer(whole->value, pointer, &value))
		value = BYTES_NONE;
	if (whole->found_count < CASEWORK_FOUND_MAX) {
		whole->asked[whole->found_count] = key;
		whole->found[whole->found_count++] = value;
	}
	return value;
}

static struct bytes find(struct making *making, const char *key, const char *from)
{
	struct bytes value = BYTES_NONE;
	if (from[0] == '^')
		return find_in_case(making->whole, key, from + 1);
	return pack_pointer(making->item->value, from, &value) ? value : BYTES_NONE;
}

/* A literal's text; false when the adapter has not been told it. */
static bool own_text(const struct making *making, const char *text, size_t place, char into[static WORD_MAX])
{
	const struct kind_host *host = making->reading->host;
	struct bytes id = BYTES_NONE;
	size_t len = strlen(text);
	if (!strcmp(text, "@agency"))
		snprintf(into, WORD_MAX, "%s", host->agency);
	else if (!strcmp(text, "@ori"))
		snprintf(into, WORD_MAX, "%s", host->ori);
	else if (!strcmp(text, "@plan") && pack_pointer(making->whole->value, "/referral_number", &id) && pack_as_text(id, &id))
		snprintf(into, WORD_MAX, "%.*s-PLAN-%zu", (int)(id.len < 24 ? id.len : 24), (const char *)id.at, making->item->index + 1);
	else if (text[0] == '@')
		into[0] = 0;
	else if (len && text[len - 1] == '@')
		snprintf(into, WORD_MAX, "%.*s%zu", (int)(len - 1), text, place + 1);
	else
		snprintf(into, WORD_MAX, "%s", text);
	return into[0] != 0;
}

/* ---- values ---- */

static void refuse(struct making *making, const struct piece *piece, const char *why)
{
	casework_fault(making->reading, piece->source, CODE_SCHEMA, why);
	making->faults++;
}

static bool has_field(const struct making *making, const char *to)
{
	for (size_t i = 0; i < making->count; i++)
		if (!strcmp(making->fields[i].to, to))
			return true;
	return false;
}

static void keep(struct making *making, const struct piece *piece, size_t start)
{
	if (making->count == CASEWORK_FIELDS_MAX || making->values.overflow) {
		refuse(making, piece, "is more than a message holds");
		return;
	}
	struct field *field = &making->fields[making->count++];
	snprintf(field->to, sizeof(field->to), "%s", piece->to);
	snprintf(field->source, sizeof(field->source), "%s", piece->source);
	field->start = start;
	field->end = making->values.len;
}

static void keep_text(struct making *making, const struct piece *piece, struct bytes text)
{
	size_t start = making->values.len;
	pack_put_text(&making->values, text);
	keep(making, piece, start);
}

static struct bytes trimmed(struct bytes text)
{
	while (text.len && strchr(" \t\r\n", text.at[0]) && text.at[0])
		text = bytes_of(text.at + 1, text.len - 1);
	while (text.len && strchr(" \t\r\n", text.at[text.len - 1]) && text.at[text.len - 1])
		text.len--;
	return text;
}

/* Text, digits of a number, true or false; false when it is none of these. */
static bool word_of(struct bytes value, char digits[static 24], struct bytes *ret)
{
	struct pack_in in = pack_in(value, NULL);
	struct pack_item item = pack_next(&in, "");
	if (in.failed)
		return false;
	if (item.kind == PACK_INT)
		snprintf(digits, 24, "%lld", (long long)item.integer);
	else if (item.kind == PACK_BOOL)
		snprintf(digits, 24, "%s", item.truth ? "true" : "false");
	else if (item.kind != PACK_TEXT)
		return false;
	*ret = item.kind == PACK_TEXT ? trimmed(item.bytes) : bytes_text(digits);
	return true;
}

/* Words of tables are written without spaces. */
static bool is_word(struct bytes text, const char *word, size_t len)
{
	size_t at = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == ' ')
			continue;
		uint8_t a = text.at[i], b = at < len ? (uint8_t)word[at] : 0;
		if (at++ >= len || ((a >= 'A' && a <= 'Z' ? a + 32 : a) != (b >= 'A' && b <= 'Z' ? b + 32 : b)))
			return false;
	}
	return at == len;
}

/* The code for a word, or nothing. */
static struct bytes code_of(const char *words, struct bytes text)
{
	while (*words) {
		size_t word = strcspn(words, "="), whole = strcspn(words, " ");
		if (is_word(text, words, word))
			return bytes_of(words + word + 1, whole - word - 1);
		words += whole + strspn(words + whole, " ");
	}
	return BYTES_NONE;
}

static void add_code(struct making *making, const struct piece *piece, struct bytes text)
{
	struct bytes code = code_of(piece->row->words, text);
	if (code.len)
		keep_text(making, piece, code);
	else if (piece->row->how == CASEWORK_CODE)
		refuse(making, piece, "is a word that no code is known for");
}

static void add_when(struct making *making, const struct piece *piece, struct bytes text)
{
	char into[WHEN_TEXT_MAX];
	const char *why = piece->row->how == CASEWORK_DATE ? casework_when_date(text, into) : casework_when_stamp(text, into);
	if (why)
		refuse(making, piece, why);
	else
		keep_text(making, piece, bytes_text(into));
}

static void add_number_of(struct making *making, const struct piece *piece, struct bytes text)
{
	char capitals[WORD_MAX];
	size_t len = text.len < sizeof(capitals) ? text.len : sizeof(capitals);
	for (size_t i = 0; i < len; i++)
		capitals[i] = (char)(text.at[i] >= 'a' && text.at[i] <= 'z' ? text.at[i] - 32 : text.at[i]);
	keep_text(making, piece, bytes_of(capitals, len));
}

static void add_flag(struct making *making, const struct piece *piece, struct bytes text)
{
	size_t start = making->values.len;
	if (!bytes_is(text, "true") && !bytes_is(text, "false")) {
		refuse(making, piece, "is neither true nor false");
		return;
	}
	pack_put_bool(&making->values, bytes_is(text, "true"));
	keep(making, piece, start);
}

static void add_int(struct making *making, const struct piece *piece, struct bytes text)
{
	size_t start = making->values.len;
	struct err ignored;
	int64_t integer = 0;
	if (FAILED(text_int(text, INT64_MIN, INT64_MAX, &integer, &ignored))) {
		refuse(making, piece, "is no whole number");
		return;
	}
	pack_put_int(&making->values, integer);
	keep(making, piece, start);
}

static void add_value(struct making *making, const struct piece *piece)
{
	char digits[24];
	struct bytes text = BYTES_NONE;
	if (says_nothing(piece->value) || has_field(making, piece->to))
		return;
	if (piece->row->how == CASEWORK_THERE) {
		keep_text(making, piece, bytes_text(piece->row->words));
		return;
	}
	if (!word_of(piece->value, digits, &text)) {
		refuse(making, piece, "is not one value");
		return;
	}
	if (text.len == 0)
		return;
	switch (piece->row->how) {
	case CASEWORK_NUMBER_OF:
		add_number_of(making, piece, text);
		break;
	case CASEWORK_INT:
		add_int(making, piece, text);
		break;
	case CASEWORK_FLAG:
		add_flag(making, piece, text);
		break;
	case CASEWORK_STAMP:
	case CASEWORK_DATE:
		add_when(making, piece, text);
		break;
	case CASEWORK_CODE:
	case CASEWORK_KNOWN:
		add_code(making, piece, text);
		break;
	case CASEWORK_TEXT:
	case CASEWORK_THERE:
	case CASEWORK_ALL:
		keep_text(making, piece, text);
		break;
	}
}

/* ---- rows ---- */

/* "/a" of the item, "^/a" of the case, as a pointer into the document. */
static void absolute(const struct making *making, const char *from, char into[static 2 * CASEWORK_POINTER_MAX])
{
	bool is_of_case = from[0] == '^';
	snprintf(into, (size_t)2 * CASEWORK_POINTER_MAX, "%s%s", is_of_case ? making->whole->pointer : making->item->pointer, from + is_of_case);
}

static void add_own(struct making *making, const struct casework_row *row, const char *text, size_t place, const char *to)
{
	char word[WORD_MAX];
	struct buf packed;
	if (!own_text(making, text, place, word))
		return;
	buf_init(&packed, WORD_MAX * 2);
	pack_put_str(&packed, word);
	add_value(making, &(struct piece){row, buf_bytes(&packed), "", to});
	buf_done(&packed);
}

static void replace_star(const char *pointer, size_t place, char into[static CASEWORK_POINTER_MAX])
{
	const char *star = strchr(pointer, '*');
	if (star)
		snprintf(into, CASEWORK_POINTER_MAX, "%.*s%zu%s", (int)(star - pointer), pointer, place, star + 1);
	else
		snprintf(into, CASEWORK_POINTER_MAX, "%s", pointer);
}

/* Each element of a list. */
static void add_list(struct making *making, const struct casework_row *row, const char *key, const char *from)
{
	char list[FROM_MAX], to[CASEWORK_POINTER_MAX], place[CASEWORK_POINTER_MAX], source[2 * CASEWORK_POINTER_MAX];
	const char *star = strchr(from, '*');
	snprintf(list, sizeof(list), "%.*s", (int)(star - 1 - from), from);
	struct pack_in in = pack_in(find(making, key, list), NULL);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && i < LIST_MAX && !in.failed; i++) {
		struct piece piece = {row, BYTES_NONE, source, to};
		struct bytes element = pack_value(&in, "");
		replace_star(from, i, place);
		replace_star(row->to, i, to);
		absolute(making, place, source);
		if (star[1] == '=')
			add_own(making, row, star + 2, i, to);
		else if (!star[1] || pack_pointer(element, star + 1, &piece.value))
			piece.value = star[1] ? piece.value : element;
		if (piece.value.len)
			add_value(making, &piece);
	}
}

/* All of a list say the same. */
static void add_all(struct making *making, const struct casework_row *row, const char *key, const char *from)
{
	const char *star = strchr(from, '*');
	char list[FROM_MAX], digits[24];
	snprintf(list, sizeof(list), "%.*s", (int)(star - 1 - from), from);
	struct pack_in in = pack_in(find(making, key, list), NULL);
	size_t count = pack_array(&in, ""), same = 0;
	struct bytes value = BYTES_NONE, text = BYTES_NONE;
	for (size_t i = 0; i < count && !in.failed; i++)
		same += pack_pointer(pack_value(&in, ""), star + 1, &value) && word_of(value, digits, &text) && code_of(row->words, text).len;
	if (count > 0 && same == count && !has_field(making, row->to))
		keep_text(making, &(struct piece){row, BYTES_NONE, "", row->to}, code_of(row->words, text));
}

static void add_row(struct making *making, const struct casework_row *row)
{
	const char *paths = row->from, *key;
	char from[FROM_MAX], source[2 * CASEWORK_POINTER_MAX];
	while (take_alternative(&paths, from, &key)) {
		if (from[0] == '=') {
			add_own(making, row, from + 1, 0, row->to);
		} else if (row->how == CASEWORK_ALL) {
			add_all(making, row, key, from);
		} else if (strchr(from, '*')) {
			add_list(making, row, key, from);
		} else {
			absolute(making, from, source);
			add_value(making, &(struct piece){row, find(making, key, from), source, row->to});
		}
	}
}

/* ---- the message ---- */

static bool is_wanted(struct making *making)
{
	const char *paths = making->message->wants, *key;
	char from[FROM_MAX];
	while (paths && take_alternative(&paths, from, &key))
		if (!says_nothing(find(making, key, from)))
			return true;
	return !making->message->wants;
}

static void not_made(struct making *making, const char *field, const char *why)
{
	struct casework_reading *reading = making->reading;
	reading->unmade = mem_grow(reading->unmade, reading->unmade_count + 1, sizeof(*reading->unmade));
	reading->unmade[reading->unmade_count++] =
		mem_printf("%s\n%s: no %s, because %s %s", making->item->pointer, making->item->pointer[0] ? making->item->pointer : "/", making->message->type,
	               field[0] ? field : "/", why);
}

/* What the schema says is wrong: a value of the document, or that the document has none. */
static void blame(struct making *making, const struct err *why)
{
	for (size_t i = 0; i < making->count; i++)
		if (!strcmp(making->fields[i].to, why->field) && making->fields[i].source[0]) {
			casework_fault(making->reading, making->fields[i].source, why->code, why->reason);
			return;
		}
	not_made(making, why->field, why->reason);
}

static void put_body(const struct making *making, struct buf *out)
{
	struct body_field fields[CASEWORK_FIELDS_MAX];
	for (size_t i = 0; i < making->count; i++) {
		const struct field *field = &making->fields[i];
		fields[i] = (struct body_field){field->to, bytes_of(making->values.at + field->start, field->end - field->start)};
	}
	body_put(fields, making->count, out);
}

/* The identifiers that the body has, as pairs. */
static size_t put_subject(const struct catalogue_type *type, struct bytes body, struct buf *out)
{
	size_t count = 0;
	for (size_t i = 0; i < type->subject_count; i++) {
		AUTO_FREE char *own = mem_printf("/%s", type->subject[i]), *id = mem_printf("/person/ids/%s", type->subject[i]);
		struct bytes value = BYTES_NONE;
		if (!pack_pointer(body, own, &value) && !pack_pointer(body, id, &value))
			continue;
		count++;
		pack_put_str(out, type->subject[i]);
		pack_put_raw(out, value);
	}
	return count;
}

static void mark_used(struct making *making)
{
	struct casework_reading *reading = making->reading;
	for (size_t i = 0; i < making->count; i++) {
		if (!making->fields[i].source[0])
			continue;
		if (reading->used_count == reading->used_room) {
			reading->used_room = reading->used_room ? 2 * reading->used_room : 64;
			reading->used = mem_grow(reading->used, reading->used_room, sizeof(*reading->used));
		}
		reading->used[reading->used_count++] = mem_text(making->fields[i].source);
	}
}

static void put_draft(struct making *making, struct bytes body, struct bytes subject, size_t count)
{
	struct buf *out = kind_reading_draft(making->reading->into, NULL);
	pack_put_map(out, 3);
	pack_put_str(out, "type");
	pack_put_str(out, making->message->type);
	pack_put_str(out, "subject");
	pack_put_map(out, count);
	buf_add(out, subject);
	pack_put_str(out, "body");
	pack_put_raw(out, body);
	mark_used(making);
}

static void finish(struct making *making, const struct catalogue_type *type)
{
	const struct validator *validator = NULL;
	struct buf body, subject;
	struct err why;
	for (size_t i = 0; i < type->parts_count; i++)
		if (!strcmp(type->parts[i].name, "main"))
			validator = type->parts[i].validator;
	buf_init(&body, VALUES_MAX);
	buf_init(&subject, VALUES_MAX);
	put_body(making, &body);
	size_t count = put_subject(type, buf_bytes(&body), &subject);
	if (validator && FAILED(validator_run(validator, buf_bytes(&body), &why)))
		blame(making, &why);
	else if (count == 0)
		not_made(making, "/subject", "is required");
	else
		put_draft(making, buf_bytes(&body), buf_bytes(&subject), count);
	buf_done(&body);
	buf_done(&subject);
}

void casework_make(struct casework_reading *reading, struct casework_case *whole, const struct casework_item *item, const struct casework_message *message)
{
	const struct catalogue_type *type = catalogue_find(reading->host->catalogue, bytes_text(message->type));
	struct making *making = mem_alloc(sizeof(*making));
	*making = (struct making){.reading = reading, .whole = whole, .item = item, .message = message};
	buf_init(&making->values, VALUES_MAX);
	if (type && is_wanted(making)) {
		for (size_t i = 0; i < message->count; i++)
			add_row(making, &message->rows[i]);
		if (making->faults == 0)
			finish(making, type);
	}
	buf_done(&making->values);
	mem_free(making);
}
