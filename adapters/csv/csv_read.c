#include "adapters/csv/csv_read.h"

#include "adapters/csv/csv.h"
#include "adapters/kind/body.h"
#include "adapters/csv/csv_words.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { READ_FAULTS_MAX = 200, READ_SAFE_MAX = 96, READ_BODY_MAX = 1 << 20, READ_NOWHERE = CSV_COLUMNS_MAX };

struct sheet {
	const struct csv_plan *plan;
	struct kind_reading *into;
	struct csv csv;
	size_t columns[CSV_PLAN_FIELDS_MAX]; /* of each field, READ_NOWHERE: a constant */
	size_t times[CSV_PLAN_FIELDS_MAX];   /* of its time of day */
	char *headers[CSV_COLUMNS_MAX];
	size_t headers_count;
	/* the row in hand */
	int line;
	size_t faults;
	struct buf values; /* packed, one after the other */
	size_t starts[CSV_PLAN_FIELDS_MAX], ends[CSV_PLAN_FIELDS_MAX]; /* of the values; both the same: none */
};

static struct bytes trimmed(struct bytes text)
{
	while (text.len && strchr(" \t\r\n", text.at[0]) && text.at[0])
		text = bytes_of(text.at + 1, text.len - 1);
	while (text.len && strchr(" \t\r\n", text.at[text.len - 1]) && text.at[text.len - 1])
		text.len--;
	return text;
}

/* ---- the first line ---- */

static void keep_headers(struct sheet *sheet, const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		char safe[READ_SAFE_MAX];
		struct bytes name = trimmed(row->cells[i]);
		sheet->headers[i] = name.len ? mem_text(text_safe(name, safe, sizeof(safe))) : mem_printf("column %zu (without a name)", i + 1);
		sheet->headers_count++;
	}
}

static size_t find_column(struct sheet *sheet, const struct csv_row *row, const char *column, const char *pointer)
{
	size_t count = 0, index = 0;
	for (size_t i = row->count; i-- > 0;)
		if (text_equal_nocase(trimmed(row->cells[i]), trimmed(bytes_text(column)))) {
			index = i;
			count++;
		}
	if (count != 1)
		kind_reading_fault(sheet->into, row->line, CODE_SCHEMA, column, "%s (csv.columns, %s)",
		                   count ? "stands in the first line more than once" : "is not in the first line", pointer);
	return index;
}

static void map_columns(struct sheet *sheet, const struct csv_row *row)
{
	bool taken[CSV_COLUMNS_MAX + 1] = {false};
	for (size_t i = 0; i < sheet->plan->count; i++) {
		const struct csv_field *field = &sheet->plan->fields[i];
		sheet->columns[i] = field->column ? find_column(sheet, row, field->column, field->pointer) : READ_NOWHERE;
		sheet->times[i] = field->time ? find_column(sheet, row, field->time, field->pointer) : READ_NOWHERE;
		taken[sheet->columns[i]] = taken[sheet->times[i]] = true;
	}
	for (size_t i = 0; i < row->count && sheet->into->faults_count == 0; i++)
		if (!taken[i])
			kind_reading_unmapped(sheet->into, sheet->headers[i]);
}

/* ---- cells ---- */

/* A cell on its way into its field. */
struct cell {
	struct sheet *sheet;
	size_t index; /* of the field */
	const struct csv_field *field;
	struct bytes text;
};

static const char *column_of(const struct csv_field *field)
{
	return field->column ? field->column : field->pointer;
}

__attribute__((format(printf, 3, 4))) static void refuse(struct sheet *sheet, const char *column, const char *format, ...)
{
	char reason[ERR_REASON_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	kind_reading_fault(sheet->into, sheet->line, CODE_SCHEMA, column, "%s", reason);
	sheet->faults++;
}

static void refuse_cell(const struct cell *cell, const char *column, struct bytes text, const char *why)
{
	char safe[READ_SAFE_MAX];
	refuse(cell->sheet, column, "%s %s", text_safe(text, safe, sizeof(safe)), why);
}

/* Keeps the text as the field's value if its schema takes it. */
static bool try_value(const struct cell *cell, struct bytes text, struct err *err)
{
	struct sheet *sheet = cell->sheet;
	size_t start = sheet->values.len;
	csv_words_put(cell->field, text, &sheet->values);
	if (cell->field->validator && FAILED(validator_run(cell->field->validator, buf_from(&sheet->values, start), err))) {
		sheet->values.len = start;
		return false;
	}
	sheet->starts[cell->index] = start;
	sheet->ends[cell->index] = sheet->values.len;
	return true;
}

static void add_value(const struct cell *cell, struct bytes text)
{
	struct err why = {.reason = ""};
	if (!try_value(cell, text, &why))
		refuse(cell->sheet, column_of(cell->field), "%s", why.reason);
}

static void keep_capitals(struct bytes text, bool drops_marks, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		if (!drops_marks || (c != '-' && c != ' '))
			buf_add_byte(out, (uint8_t)(c >= 'a' && c <= 'z' ? c - 32 : c));
	}
}

/* Numbers of documents are written with small letters, hyphens and spaces by some: what the schema takes without them is meant. */
static void add_text(const struct cell *cell)
{
	struct buf capitals;
	struct err why = {.reason = ""}, ignored;
	if (try_value(cell, cell->text, &why))
		return;
	buf_init(&capitals, CSV_CELL_MAX);
	keep_capitals(cell->text, false, &capitals);
	bool is_fine = try_value(cell, buf_bytes(&capitals), &ignored);
	if (!is_fine) {
		buf_clear(&capitals);
		keep_capitals(cell->text, true, &capitals);
		is_fine = capitals.len && try_value(cell, buf_bytes(&capitals), &ignored);
	}
	if (!is_fine)
		refuse(cell->sheet, column_of(cell->field), "%s", why.reason);
	buf_done(&capitals);
}

static void add_code(const struct cell *cell)
{
	char code[CSV_CODE_MAX];
	struct err ignored;
	bool is_known = csv_words_code(cell->field, cell->text, code);
	if (!is_known && try_value(cell, cell->text, &ignored))
		return;
	if (is_known || cell->text.len < sizeof(code))
		add_value(cell, bytes_text(code));
	else
		refuse_cell(cell, column_of(cell->field), cell->text, "is too long for a code");
}

static void add_date(const struct cell *cell)
{
	const char *format = cell->sheet->plan->settings->dates;
	struct when_date date;
	char text[WHEN_TEXT_MAX];
	struct err ignored;
	if (when_date(format, cell->text, &date))
		add_value(cell, bytes_text(when_date_text(date, text)));
	else if (!try_value(cell, cell->text, &ignored))
		refuse(cell->sheet, column_of(cell->field), "%.60s is not a date in the form %s", text_safe(cell->text, text, sizeof(text)), format);
}

static void add_moment(const struct cell *cell, const char *column, struct bytes text, struct when_date date, struct when_time time)
{
	char stamp[WHEN_TEXT_MAX];
	const char *why = when_stamp(&cell->sheet->plan->zone, date, time, stamp);
	if (why)
		refuse_cell(cell, column, text, why);
	else
		add_value(cell, bytes_text(stamp));
}

/* Date and time in one cell: as the settings say, or with everything that RFC 3339 asks for. */
static void add_stamp(const struct cell *cell)
{
	const struct csv_settings *settings = cell->sheet->plan->settings;
	struct when_date date;
	struct when_time time;
	char safe[READ_SAFE_MAX];
	for (size_t i = 1; i < cell->text.len; i++) {
		if (cell->text.at[i] != ' ' && cell->text.at[i] != 'T')
			continue;
		if (when_date(settings->dates, bytes_of(cell->text.at, i), &date) &&
		    when_time(settings->times, bytes_of(cell->text.at + i + 1, cell->text.len - i - 1), &time)) {
			add_moment(cell, column_of(cell->field), cell->text, date, time);
			return;
		}
	}
	if (cell->text.len >= 20 && cell->text.at[4] == '-')
		add_value(cell, cell->text); /* for the schema to judge */
	else
		refuse(cell->sheet, column_of(cell->field), "%s is not a date and a time in the form %s, then the time",
		       text_safe(cell->text, safe, sizeof(safe)), settings->dates);
}

static void join_moment(const struct cell *cell, struct bytes clock)
{
	const struct csv_settings *settings = cell->sheet->plan->settings;
	struct sheet *sheet = cell->sheet;
	struct when_date date;
	struct when_time time;
	char safe[READ_SAFE_MAX];
	bool has_day = when_date(settings->dates, cell->text, &date), has_time = when_time(settings->times, clock, &time);
	if (has_day && has_time)
		add_moment(cell, cell->field->time, clock, date, time);
	if (cell->text.len == 0)
		refuse(sheet, cell->field->column, "is empty");
	else if (!has_day)
		refuse(sheet, cell->field->column, "%s is not a date in the form %s", text_safe(cell->text, safe, sizeof(safe)), settings->dates);
	if (clock.len == 0)
		refuse(sheet, cell->field->time, "is empty");
	else if (!has_time)
		refuse(sheet, cell->field->time, "%s is not a time in the form %s", text_safe(clock, safe, sizeof(safe)), settings->times);
}

static void add_cell(const struct cell *cell)
{
	if (cell->text.len == 0 && cell->field->place.is_required)
		refuse(cell->sheet, column_of(cell->field), "is empty");
	if (cell->text.len == 0)
		return;
	if (cell->field->place.is_date_time)
		add_stamp(cell);
	else if (cell->field->place.is_date)
		add_date(cell);
	else if (cell->field->place.is_code || cell->field->words_count)
		add_code(cell);
	else
		add_text(cell);
}

static void read_field(struct sheet *sheet, const struct csv_row *row, size_t index)
{
	const struct csv_field *field = &sheet->plan->fields[index];
	struct cell cell = {sheet, index, field, BYTES_NONE};
	sheet->starts[index] = sheet->ends[index] = sheet->values.len;
	if (!field->column) {
		add_value(&cell, bytes_text(field->value));
		return;
	}
	cell.text = trimmed(row->cells[sheet->columns[index]]);
	struct bytes clock = field->time ? trimmed(row->cells[sheet->times[index]]) : BYTES_NONE;
	if (field->time && (cell.text.len || clock.len || field->place.is_required))
		join_moment(&cell, clock);
	else
		add_cell(&cell);
}

/* ---- a row as a message ---- */

static struct bytes value_of(const struct sheet *sheet, const char *pointer, bool is_subject)
{
	for (size_t i = 0; i < sheet->plan->count; i++)
		if (sheet->plan->fields[i].is_subject == is_subject && !strcmp(sheet->plan->fields[i].pointer, pointer) &&
		    sheet->ends[i] > sheet->starts[i])
			return bytes_of(sheet->values.at + sheet->starts[i], sheet->ends[i] - sheet->starts[i]);
	return BYTES_NONE;
}

static void put_body(const struct sheet *sheet, struct buf *out)
{
	struct body_field fields[CSV_PLAN_FIELDS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < sheet->plan->count; i++)
		if (!sheet->plan->fields[i].is_subject && sheet->ends[i] > sheet->starts[i])
			fields[count++] = (struct body_field){sheet->plan->fields[i].pointer,
			                                          bytes_of(sheet->values.at + sheet->starts[i], sheet->ends[i] - sheet->starts[i])};
	body_put(fields, count, out);
}

/* An identifier of the header: a field of its own, else what the main part has under that name. */
static struct bytes identifier(const struct sheet *sheet, const char *name)
{
	AUTO_FREE char *own = mem_printf("/%s", name), *id = mem_printf("/person/ids/%s", name);
	struct bytes value = value_of(sheet, own, true), text;
	if (!value.len)
		value = value_of(sheet, own, false);
	if (!value.len)
		value = value_of(sheet, id, false);
	return value.len && pack_as_text(value, &text) ? value : BYTES_NONE;
}

static bool is_named(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Appends what the header's subject may have, as pairs; their number. */
static size_t put_subject(const struct sheet *sheet, struct buf *out, const char **ret_first)
{
	const struct csv_plan *plan = sheet->plan;
	static const char *const of_persons[] = {"doc_number", "sid", "ucn"};
	const char *names[MESSAGE_SUBJECT_MAX];
	size_t count = 0, found = 0;
	for (size_t i = 0; i < plan->type->subject_count && count < MESSAGE_SUBJECT_MAX; i++)
		names[count++] = plan->type->subject[i];
	for (size_t i = 0; i < plan->count && count < MESSAGE_SUBJECT_MAX; i++)
		if (plan->fields[i].is_subject && !is_named(names, count, plan->fields[i].pointer + 1))
			names[count++] = plan->fields[i].pointer + 1;
	for (size_t i = 0; i < 3 && count < MESSAGE_SUBJECT_MAX; i++)
		if (!is_named(names, count, of_persons[i]))
			names[count++] = of_persons[i];
	for (size_t i = 0; i < count; i++) {
		struct bytes value = identifier(sheet, names[i]);
		if (!value.len)
			continue;
		*ret_first = found++ ? *ret_first : names[i];
		pack_put_str(out, names[i]);
		pack_put_raw(out, value);
	}
	return found;
}

static const char *source_of(const struct sheet *sheet, const char *pointer)
{
	for (size_t i = 0; i < sheet->plan->count; i++)
		if (!sheet->plan->fields[i].is_subject && !strcmp(sheet->plan->fields[i].pointer, pointer))
			return column_of(&sheet->plan->fields[i]);
	return pointer;
}

/* What a row has as its subject is nothing: which of its columns could have it. */
static void refuse_subject(struct sheet *sheet)
{
	const struct csv_plan *plan = sheet->plan;
	const char *column = "/subject";
	for (size_t i = plan->count; i-- > 0;)
		for (size_t k = 0; k < plan->type->subject_count; k++)
			if (!strcmp(strrchr(plan->fields[i].pointer, '/') + 1, plan->type->subject[k]))
				column = column_of(&plan->fields[i]);
	refuse(sheet, column, "%s", "is empty, and so is every other identifier of the subject; a message needs one");
}

static void put_texts(const char *key, const struct conf_texts *texts, struct buf *out)
{
	pack_put_str(out, key);
	pack_put_array(out, texts->count);
	for (size_t i = 0; i < texts->count; i++)
		pack_put_str(out, texts->at[i]);
}

static void put_draft(struct sheet *sheet, struct bytes body, struct bytes subject, size_t subject_count, const char *tag)
{
	const struct csv_settings *settings = sheet->plan->settings;
	struct buf *out = kind_reading_draft(sheet->into, tag);
	bool has_purpose = settings->purpose && settings->purpose[0];
	pack_put_map(out, 2 + (subject_count > 0 ? 1u : 0u) + (settings->to.count ? 1u : 0u) + (has_purpose ? 1u : 0u) + (settings->by.count ? 1u : 0u));
	pack_put_str(out, "type");
	pack_put_str(out, sheet->plan->type->name);
	if (settings->to.count)
		put_texts("to", &settings->to, out);
	if (subject_count) {
		pack_put_str(out, "subject");
		pack_put_map(out, subject_count);
		buf_add(out, subject);
	}
	if (has_purpose) {
		pack_put_str(out, "purpose");
		pack_put_str(out, settings->purpose);
	}
	if (settings->by.count) {
		pack_put_str(out, "by");
		pack_put_map(out, settings->by.count);
		for (size_t i = 0; i < settings->by.count; i++) {
			pack_put_str(out, settings->by.at[i].name);
			pack_put_str(out, settings->by.at[i].value);
		}
	}
	pack_put_str(out, "body");
	pack_put_raw(out, body);
}

static void finish_row(struct sheet *sheet)
{
	struct buf body, subject;
	struct err why;
	struct bytes tag = BYTES_NONE;
	const char *first = "";
	buf_init(&body, READ_BODY_MAX);
	buf_init(&subject, READ_BODY_MAX);
	put_body(sheet, &body);
	size_t count = put_subject(sheet, &subject, &first);
	if (FAILED(buf_check(&body, "", &why)) || FAILED(validator_run(sheet->plan->main, buf_bytes(&body), &why)))
		refuse(sheet, source_of(sheet, why.field), "%s", why.reason);
	if (count == 0 && sheet->plan->type->subject_count > 0)
		refuse_subject(sheet);
	if (sheet->faults == 0 && sheet->into->faults_count == 0) {
		AUTO_FREE char *name = pack_as_text(identifier(sheet, first), &tag) ? bytes_dup_text(tag) : mem_text("");
		put_draft(sheet, buf_bytes(&body), buf_bytes(&subject), count, name);
	}
	buf_done(&body);
	buf_done(&subject);
}

static bool is_blank(const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (trimmed(row->cells[i]).len)
			return false;
	return true;
}

static void read_row(struct sheet *sheet, const struct csv_row *row)
{
	sheet->line = row->line;
	sheet->faults = 0;
	buf_clear(&sheet->values);
	for (size_t i = 0; i < sheet->plan->count; i++)
		read_field(sheet, row, i);
	if (sheet->faults == 0)
		finish_row(sheet);
}

/* ---- the document ---- */

static void note_bad(struct sheet *sheet, const struct csv_row *row, const struct err *why)
{
	const char *field = row->count < sheet->headers_count ? sheet->headers[row->count] : "";
	kind_reading_fault(sheet->into, row->line, why->code, field, "%s", why->reason);
}

static void read_rows(struct sheet *sheet, struct csv_row *row)
{
	struct err why;
	enum csv_step step;
	while ((step = csv_next(&sheet->csv, row, &why)) != CSV_END && sheet->into->faults_count < READ_FAULTS_MAX) {
		if (step == CSV_BAD)
			note_bad(sheet, row, &why);
		else if (!is_blank(row))
			read_row(sheet, row);
	}
}

static void read_sheet(struct sheet *sheet)
{
	struct csv_row *row = mem_alloc(sizeof(*row));
	struct err why;
	enum csv_step step = csv_next(&sheet->csv, row, &why);
	if (step == CSV_BAD) {
		note_bad(sheet, row, &why);
	} else if (step == CSV_END) {
		kind_reading_fault(sheet->into, 0, CODE_MALFORMED, "", "the document is empty");
	} else {
		keep_headers(sheet, row);
		map_columns(sheet, row);
		if (sheet->into->faults_count == 0)
			read_rows(sheet, row);
	}
	mem_free(row);
}

void csv_read(const struct csv_plan *plan, struct bytes document, struct kind_reading *into)
{
	if (!plan) {
		kind_reading_fault(into, 0, CODE_CONFIG, "csv.columns", "this adapter has not been told what the columns mean");
		return;
	}
	struct sheet *sheet = mem_alloc(sizeof(*sheet));
	sheet->plan = plan;
	sheet->into = into;
	buf_init(&sheet->values, READ_BODY_MAX);
	csv_open(&sheet->csv, document, plan->delimiter);
	read_sheet(sheet);
	if (into->faults_count)
		kind_reading_drop_drafts(into);
	csv_done(&sheet->csv);
	buf_done(&sheet->values);
	for (size_t i = 0; i < sheet->headers_count; i++)
		mem_free(sheet->headers[i]);
	mem_free(sheet);
}

static void read_format(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	(void)state;
	csv_read(host->csv, document, into);
}

const struct kind_format csv_format = {.name = "csv", .ending = ".csv", .read = read_format};
