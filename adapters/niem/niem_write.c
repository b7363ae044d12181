#include "adapters/niem/niem.h"

#include "adapters/niem/niem_row.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/message.h"

#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 10, DEPTH_MAX = 40, STEP_MAX = 160, PATH_MAX_ = 256 };

#define NIEM "https://docs.oasis-open.org/niemopen/ns/model/"

/* Elements are opened when the first text within them comes, so that none is empty. */
struct writer {
	struct buf *out;
	char open[DEPTH_MAX][STEP_MAX]; /* steps of paths */
	size_t index[DEPTH_MAX];        /* of the element among those of its list */
	size_t depth, written;
	bool failed; /* something that XML 1.0 has no way to say */
};

struct steps {
	char at[STEPS_MAX][STEP_MAX];
	size_t count;
};

/* ---- text ---- */

static bool is_sayable(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool is_control = text.at[i] < 0x20 && text.at[i] != '\t' && text.at[i] != '\n' && text.at[i] != '\r';
		bool is_nothing = i + 2 < text.len && text.at[i] == 0xef && text.at[i + 1] == 0xbf && text.at[i + 2] >= 0xbe;
		if (is_control || is_nothing)
			return false;
	}
	return text_is_utf8(text);
}

static void escape(struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '&')
			buf_add_text(out, "&amp;");
		else if (text.at[i] == '<')
			buf_add_text(out, "&lt;");
		else if (text.at[i] == '>')
			buf_add_text(out, "&gt;");
		else if (text.at[i] == '\r')
			buf_add_text(out, "&#13;");
		else
			buf_add_byte(out, text.at[i]);
	}
}

/* A reader would take these for the layout of the document. */
static bool has_layout(struct bytes text)
{
	return memchr(text.at, '\n', text.len) || memchr(text.at, '\t', text.len) || memchr(text.at, '\r', text.len) ||
	       text.at[0] == ' ' || text.at[text.len - 1] == ' ';
}

static void indent(struct writer *writer, size_t depth)
{
	buf_add_byte(writer->out, '\n');
	for (size_t i = 0; i <= depth; i++)
		buf_add_byte(writer->out, '\t');
}

/* ---- elements ---- */

/* Of "nc:Name[a:B=c]#Id": "nc:Name". */
static int name_len(const char *step)
{
	return (int)strcspn(step, "[#");
}

static void put_id(struct writer *writer, const char *step, size_t index)
{
	const char *id = strchr(step, '#'), *mark = id ? strchr(id, '%') : NULL;
	if (mark)
		buf_printf(writer->out, " structures:id=\"%.*s%zu\"", (int)(mark - id - 1), id + 1, index + 1);
	else if (id)
		buf_printf(writer->out, " structures:id=\"%s\"", id + 1);
}

/* "[nc:Name=value]" is an element of its own when it is written. */
static void put_condition(struct writer *writer, const char *step, size_t depth)
{
	const char *condition = strchr(step, '[');
	if (!condition)
		return;
	int name = (int)strcspn(condition + 1, "=");
	const char *value = condition + 1 + name + 1;
	indent(writer, depth);
	buf_printf(writer->out, "<%.*s>%.*s</%.*s>", name, condition + 1, (int)strcspn(value, "]"), value, name, condition + 1);
}

static void open_pending(struct writer *writer)
{
	for (; writer->written < writer->depth; writer->written++) {
		const char *step = writer->open[writer->written];
		indent(writer, writer->written);
		buf_printf(writer->out, "<%.*s", name_len(step), step);
		put_id(writer, step, writer->index[writer->written]);
		buf_add_byte(writer->out, '>');
		put_condition(writer, step, writer->written + 1);
	}
}

static void close_to(struct writer *writer, size_t depth)
{
	while (writer->depth > depth) {
		const char *step = writer->open[--writer->depth];
		if (writer->written <= writer->depth)
			continue;
		writer->written--;
		indent(writer, writer->depth);
		buf_printf(writer->out, "</%.*s>", name_len(step), step);
	}
}

/* Opens `count` of the steps above `level`, or stays in those that are open already. */
static void move_to(struct writer *writer, size_t level, const struct steps *steps, size_t count, size_t index)
{
	size_t kept = 0;
	while (kept < count && level + kept < writer->depth && !strcmp(writer->open[level + kept], steps->at[kept]))
		kept++;
	close_to(writer, level + kept);
	for (; kept < count && writer->depth < DEPTH_MAX; kept++) {
		writer->index[writer->depth] = index;
		snprintf(writer->open[writer->depth++], STEP_MAX, "%s", steps->at[kept]);
	}
}

static void leaf(struct writer *writer, const char *step, struct bytes text)
{
	if (text.len == 0)
		return;
	writer->failed = writer->failed || !is_sayable(text);
	open_pending(writer);
	indent(writer, writer->depth);
	buf_printf(writer->out, "<%.*s%s>", name_len(step), step, has_layout(text) ? " xml:space=\"preserve\"" : "");
	escape(text, writer->out);
	buf_printf(writer->out, "</%.*s>", name_len(step), step);
}

static void leaf_text(struct writer *writer, const char *step, const char *text)
{
	leaf(writer, step, bytes_text(text));
}

/* ---- values ---- */

/* The text of a packed leaf, in `into` where it is not text itself. */
static struct bytes text_of(struct bytes value, char into[static 40])
{
	struct pack_in in = pack_in(value, NULL);
	struct pack_item item = pack_next(&in, "");
	if (in.failed)
		return BYTES_NONE;
	if (item.kind == PACK_TEXT)
		return item.bytes;
	if (item.kind == PACK_BOOL)
		snprintf(into, 40, "%s", item.truth ? "true" : "false");
	else if (item.kind == PACK_INT)
		snprintf(into, 40, "%lld", (long long)item.integer);
	else if (item.kind == PACK_FLOAT)
		snprintf(into, 40, "%.15g", item.number);
	else
		return BYTES_NONE;
	return bytes_text(into);
}

static bool value_at(struct bytes from, const char *pointer, struct bytes *ret)
{
	*ret = from;
	return from.len && (!pointer[0] || pack_pointer(from, pointer, ret));
}

/* ---- rows ---- */

static void write_rows(struct writer *writer, const struct niem_rows *rows, struct bytes from);

static void split(const char *path, struct steps *ret)
{
	ret->count = 0;
	for (const char *at = path; *at && ret->count < STEPS_MAX; at += strcspn(at, "/"), at += *at == '/')
		snprintf(ret->at[ret->count++], STEP_MAX, "%.*s", (int)strcspn(at, "/"), at);
}

/* The steps of the alternative that is written; false when none is. */
static bool writable(const struct niem_row *row, struct steps *ret)
{
	const char *paths = row->path;
	char path[PATH_MAX_];
	if (!paths || (row->flags & NIEM_READ) || !niem_row_alternative(&paths, path, sizeof(path)))
		return false;
	const char *at = path[0] == '=' || path[0] == '?' ? path + 1 : path;
	split(!strcmp(at, ".") ? "" : at, ret);
	return !strchr("~/^", at[0]) || !at[0];
}

static void write_height(struct writer *writer, struct bytes text)
{
	int64_t feet = 0, inches = 0;
	struct err err;
	char whole[24];
	if (text.len != 3 || FAILED(text_int(bytes_of(text.at, 1), 0, 9, &feet, &err)) ||
	    FAILED(text_int(bytes_of(text.at + (text.at[1] == '0' ? 2 : 1), text.at[1] == '0' ? 1 : 2), 0, 11, &inches, &err)))
		return;
	snprintf(whole, sizeof(whole), "%d", (int)(feet * 12 + inches));
	leaf_text(writer, "nc:MeasureValueText", whole);
	leaf_text(writer, "nc:MeasureUnitText", "in");
}

static void write_when(struct writer *writer, const struct niem_row *row, const struct steps *steps, struct bytes from,
                       size_t level)
{
	static const char *const ways[][2] = {{"at", "nc:DateTime"}, {"on", "nc:Date"}};
	for (size_t i = 0; i < 2; i++) {
		struct bytes value;
		char text[40];
		AUTO_FREE char *pointer = mem_printf("%s%s", row->pointer, ways[i][0]);
		if (!value_at(from, pointer, &value))
			continue;
		move_to(writer, level, steps, steps->count, 0);
		leaf(writer, ways[i][1], text_of(value, text));
		return;
	}
}

static void write_color(struct writer *writer, struct bytes text)
{
	const uint8_t *slash = memchr(text.at, '/', text.len);
	size_t first = slash ? (size_t)(slash - text.at) : text.len;
	leaf(writer, "nc:ConveyanceColorPrimaryText", bytes_of(text.at, first));
	if (slash)
		leaf(writer, "nc:ConveyanceColorSecondaryText", bytes_of(slash + 1, text.len - first - 1));
}

static void write_leaf(struct writer *writer, const struct niem_row *row, const struct steps *steps, struct bytes value,
                       size_t level)
{
	bool is_inside = row->how == NIEM_HEIGHT || row->how == NIEM_WEIGHT || row->how == NIEM_STREET ||
	                 row->how == NIEM_FULL_NAME || row->how == NIEM_COLOR;
	char room[40];
	struct bytes text = text_of(value, room);
	if (text.len == 0 || (steps->count == 0 && row->how != NIEM_COLOR))
		return;
	move_to(writer, level, steps, steps->count - (is_inside ? 0 : 1), 0);
	if (row->how == NIEM_COLOR)
		write_color(writer, text);
	else if (row->how == NIEM_HEIGHT)
		write_height(writer, text);
	else if (row->how == NIEM_STREET)
		leaf(writer, "nc:StreetFullText", text);
	else if (row->how == NIEM_FULL_NAME)
		leaf(writer, "nc:PersonFullName", text);
	else
		leaf(writer, row->how == NIEM_WEIGHT ? "nc:MeasureValueText" : steps->at[steps->count - 1], text);
	if (row->how == NIEM_WEIGHT)
		leaf_text(writer, "nc:MeasureUnitText", "lb");
}

static void write_ref(struct writer *writer, const struct niem_row *row, const struct steps *steps, size_t level)
{
	if (steps->count == 0)
		return;
	move_to(writer, level, steps, steps->count - 1, 0);
	open_pending(writer);
	indent(writer, writer->depth);
	const char *step = steps->at[steps->count - 1];
	buf_printf(writer->out, "<%.*s structures:ref=\"%s\"/>", name_len(step), step, row->more);
}

static void write_one(struct writer *writer, const struct niem_row *row, const struct steps *steps, struct bytes value,
                      size_t level, size_t index)
{
	if (row->how != NIEM_GROUP) {
		write_leaf(writer, row, steps, value, level);
		return;
	}
	move_to(writer, level, steps, steps->count, index);
	write_rows(writer, row->sub, value);
}

static void write_list(struct writer *writer, const struct niem_row *row, const struct steps *steps, struct bytes from,
                       size_t level)
{
	AUTO_FREE char *pointer = mem_text_n(row->pointer, strlen(row->pointer) - 2);
	struct bytes list;
	if (!value_at(from, pointer, &list))
		return;
	struct pack_in in = pack_in(list, NULL);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		write_one(writer, row, steps, pack_value(&in, ""), level, i);
		close_to(writer, level + (steps->count ? steps->count - 1 : 0));
	}
}

static void write_row(struct writer *writer, const struct niem_row *row, struct bytes from, size_t level)
{
	size_t len = strlen(row->pointer);
	struct steps steps;
	struct bytes value;
	if (!writable(row, &steps))
		return;
	if (row->how == NIEM_WHEN)
		write_when(writer, row, &steps, from, level);
	else if (len > 1 && !strcmp(row->pointer + len - 2, "/-"))
		write_list(writer, row, &steps, from, level);
	else if (!value_at(from, row->pointer, &value))
		return;
	else if (row->how == NIEM_REF)
		write_ref(writer, row, &steps, level);
	else
		write_one(writer, row, &steps, value, level, 0);
}

/* Of several rows for one field the first is written. */
static bool is_written_before(const struct niem_rows *rows, size_t index)
{
	const struct niem_row *row = &rows->at[index];
	for (size_t i = 0; i < index; i++)
		if (rows->at[i].path && !(rows->at[i].flags & NIEM_READ) && rows->at[i].how != NIEM_REF && row->how != NIEM_REF &&
		    row->how != NIEM_GROUP && !strcmp(rows->at[i].pointer, row->pointer))
			return true;
	return false;
}

static void write_rows(struct writer *writer, const struct niem_rows *rows, struct bytes from)
{
	size_t level = writer->depth;
	for (size_t i = 0; i < rows->count; i++)
		if (!is_written_before(rows, i))
			write_row(writer, &rows->at[i], from, level);
	close_to(writer, level);
}

/* ---- the document ---- */

static void write_head(struct writer *writer, const struct message *message)
{
	static const struct steps created = {{"nc:DocumentCreationDate"}, 1}, identified = {{"nc:DocumentIdentification"}, 1};
	char id[UUID_TEXT_MAX], issued[CLOCK_TEXT_MAX];
	move_to(writer, 0, &created, 1, 0);
	leaf_text(writer, "nc:DateTime", clock_text(message->issued, issued));
	move_to(writer, 0, &identified, 1, 0);
	leaf_text(writer, "nc:IdentificationID", uuid_text(message->id, id));
	close_to(writer, 0);
}

static void write_document(struct writer *writer, const struct niem_kind *kind, const struct kind_message *message)
{
	struct steps base = {.count = 0};
	buf_printf(writer->out,
	           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<x:%s xmlns:x=\"urn:liaison:niem:%s:1\" xmlns:nc=\"" NIEM
	           "niem-core/6.0/\" "
	           "xmlns:j=\"" NIEM "domains/justice/6.0/\" xmlns:structures=\"" NIEM "structures/6.0/\">",
	           kind->root, kind->root);
	if (kind->base) {
		const char *paths = kind->base;
		char path[PATH_MAX_];
		niem_row_alternative(&paths, path, sizeof(path));
		split(path, &base);
		write_head(writer, message->message);
	}
	move_to(writer, 0, &base, base.count, 0);
	write_rows(writer, kind->rows, message->main);
	close_to(writer, 0);
	buf_printf(writer->out, "\n</x:%s>\n", kind->root);
}

/* What is always so in a kind of document is so in the message. */
static bool is_of_kind(const struct niem_kind *kind, const struct kind_message *message)
{
	if (kind->is_read_only || !bytes_is(message->message->type, kind->type))
		return false;
	struct bytes needed;
	if (kind->needs && !value_at(message->main, kind->needs, &needed))
		return false;
	for (size_t i = 0; i < kind->rows->count; i++) {
		const struct niem_row *row = &kind->rows->at[i];
		struct bytes value;
		char room[40];
		if (row->how == NIEM_CONST &&
		    (!value_at(message->main, row->pointer, &value) || !bytes_is(text_of(value, room), row->more)))
			return false;
	}
	return true;
}

result niem_write(const struct kind_message *message, struct buf *out, bool *ret_wrote, struct err *err)
{
	struct writer *writer = mem_alloc(sizeof(*writer));
	size_t before = out->len;
	*ret_wrote = false;
	writer->out = out;
	for (size_t i = 0; i < niem_kinds_count && !*ret_wrote && message->main.len; i++)
		if (is_of_kind(&niem_kinds[i], message)) {
			write_document(writer, &niem_kinds[i], message);
			*ret_wrote = true;
		}
	bool failed = writer->failed;
	mem_free(writer);
	TRY(buf_check(out, "", err));
	if (failed)
		out->len = before;
	*ret_wrote = *ret_wrote && !failed;
	return OK;
}
