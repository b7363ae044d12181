#include "adapters/facility/mapping.h"

#include "adapters/facility/csv.h"
#include "adapters/facility/release.h"
#include "adapters/facility/terms.h"
#include "adapters/facility/when.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAPPING_FAULTS_MAX = 200, MAPPING_WORDS_MAX = 96 };

enum mapping_how { MAP_TEXT, MAP_UPPER, MAP_DIGITS, MAP_CODE, MAP_DATE, MAP_STAMP, MAP_DAY, MAP_TIME };

struct mapping_target {
	const char *name, *pointer;
	enum mapping_how how;
	bool required;
};

static const struct mapping_target targets[] = {
	{"doc_number", "/person/ids/doc_number", MAP_TEXT, false},
	{"sid", "/person/ids/sid", MAP_UPPER, false},
	{"ucn", "/person/ids/ucn", MAP_UPPER, false},
	{"ssn", "/person/ids/ssn", MAP_DIGITS, false},
	{"oln", "/person/ids/oln", MAP_UPPER, false},
	{"ols", "/person/ids/ols", MAP_UPPER, false},
	{"person_family", "/person/name/family", MAP_TEXT, true},
	{"person_given", "/person/name/given", MAP_TEXT, true},
	{"person_middle", "/person/name/middle", MAP_TEXT, false},
	{"person_suffix", "/person/name/suffix", MAP_TEXT, false},
	{"person_dob", "/person/dob", MAP_DATE, false},
	{"person_sex", "/person/sex", MAP_CODE, false},
	{"person_race", "/person/race", MAP_CODE, false},
	{"person_ethnicity", "/person/ethnicity", MAP_CODE, false},
	{"person_height", "/person/height", MAP_TEXT, false},
	{"person_weight", "/person/weight", MAP_TEXT, false},
	{"person_eyes", "/person/eyes", MAP_CODE, false},
	{"person_hair", "/person/hair", MAP_CODE, false},
	{"person_skin", "/person/skin", MAP_CODE, false},
	{"released_at", "/released_at", MAP_STAMP, false},
	{"released_on", "/released_at", MAP_DAY, false},
	{"released_at_time", "/released_at", MAP_TIME, false},
	{"facility_name", "/facility/name", MAP_TEXT, false},
	{"facility_code", "/facility/code", MAP_UPPER, false},
	{"reason", "/reason", MAP_CODE, true},
	{"destination_street", "/destination/street", MAP_TEXT, false},
	{"destination_unit", "/destination/unit", MAP_TEXT, false},
	{"destination_town", "/destination/town", MAP_TEXT, true},
	{"destination_state", "/destination/state", MAP_UPPER, true},
	{"destination_zip", "/destination/zip", MAP_TEXT, false},
	{"supervising_office", "/supervising_office", MAP_TEXT, false},
	{"supervision_type", "/supervision_type", MAP_TEXT, false},
	{"supervision_end", "/supervision_end", MAP_DATE, false},
	{"authority_ref", "/authority_ref", MAP_TEXT, false},
	{"booking_no", "/booking_no", MAP_TEXT, false},
	{"case_no", "/case_no", MAP_TEXT, false},
	{"note", "/note", MAP_TEXT, false},
};
enum { TARGETS = sizeof(targets) / sizeof(*targets) };

static const struct mapping_target *find_target(const char *name)
{
	for (size_t i = 0; i < TARGETS; i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}

/* ---- settings ---- */

static const char *column_of(const struct conf_pairs *columns, const char *target)
{
	for (size_t i = 0; i < columns->count; i++)
		if (!strcmp(columns->at[i].name, target))
			return columns->at[i].value;
	return NULL;
}

static void check_required(const struct conf_pairs *columns, struct conf_place place, const char *path,
                           struct conf_faults *faults)
{
	bool has_stamp = column_of(columns, "released_at"), has_day = column_of(columns, "released_on");
	bool has_time = column_of(columns, "released_at_time");
	for (size_t i = 0; i < TARGETS; i++)
		if (targets[i].required && !column_of(columns, targets[i].name))
			conf_fault(faults, place, path, "%s is missing; name the column that holds it", targets[i].name);
	if (has_stamp && (has_day || has_time))
		conf_fault(faults, place, path,
		           "released_at stands beside released_on or released_at_time; keep one of the two ways");
	else if (!has_stamp && !(has_day && has_time))
		conf_fault(faults, place, path,
		           "the time of release is missing; name the columns released_on and released_at_time, or released_at");
	if (!column_of(columns, "doc_number") && !column_of(columns, "sid") && !column_of(columns, "ucn"))
		conf_fault(faults, place, path, "no identifier; name the column of at least one of doc_number, sid and ucn");
	if (!column_of(columns, "oln") != !column_of(columns, "ols"))
		conf_fault(faults, place, path, "oln and ols go together; name the columns of both or of neither");
}

static void refuse_target(struct conf_place place, const char *path, struct conf_faults *faults)
{
	struct buf names;
	buf_init(&names, 2048);
	for (size_t i = 0; i < TARGETS; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", targets[i].name);
	conf_fault(faults, place, path, "no such target; there are %.*s", (int)names.len, (const char *)names.at);
	buf_done(&names);
}

void mapping_check(const struct conf_pairs *columns, struct conf_place place, const char *path, struct conf_faults *faults)
{
	if (columns->count == 0)
		return;
	for (size_t i = 0; i < columns->count; i++) {
		struct conf_place here = {place.file, columns->at[i].line};
		AUTO_FREE char *there = mem_printf("%s.%s", path, columns->at[i].name);
		if (!find_target(columns->at[i].name))
			refuse_target(here, there, faults);
		else if (!columns->at[i].value || !columns->at[i].value[0])
			conf_fault(faults, here, there,
			           "names no column; write the name in the first line of the document, or leave it out");
	}
	check_required(columns, place, path, faults);
}

/* ---- the first line ---- */

struct mapped {
	const struct mapping_target *target;
	const char *column;
	size_t index;
};

struct sheet {
	const struct facility_settings *settings;
	const struct kind_host *host;
	struct kind_reading *into;
	struct csv csv;
	struct when_zone zone;
	struct mapped mapped[TARGETS];
	size_t mapped_count;
	char *headers[CSV_COLUMNS_MAX];
	size_t headers_count;
	struct release release;
};

static struct bytes trimmed(struct bytes text)
{
	while (text.len && strchr(" \t\r\n", text.at[0]) && text.at[0])
		text = bytes_of(text.at + 1, text.len - 1);
	while (text.len && strchr(" \t\r\n", text.at[text.len - 1]) && text.at[text.len - 1])
		text.len--;
	return text;
}

static void keep_headers(struct sheet *sheet, const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		char safe[MAPPING_WORDS_MAX];
		struct bytes name = trimmed(row->cells[i]);
		sheet->headers[i] =
		    name.len ? mem_text(text_safe(name, safe, sizeof(safe))) : mem_printf("column %zu (without a name)", i + 1);
		sheet->headers_count++;
	}
}

/* How often the column is there; its index is that of the first. */
static size_t find_column(const struct csv_row *row, const char *column, size_t *ret_index)
{
	size_t count = 0;
	for (size_t i = row->count; i-- > 0;)
		if (text_equal_nocase(trimmed(row->cells[i]), trimmed(bytes_text(column)))) {
			*ret_index = i;
			count++;
		}
	return count;
}

static void map_columns(struct sheet *sheet, const struct csv_row *row)
{
	const struct conf_pairs *columns = &sheet->settings->csv.columns;
	bool taken[CSV_COLUMNS_MAX] = {false};
	for (size_t i = 0; i < columns->count; i++) {
		const struct mapping_target *target = find_target(columns->at[i].name);
		size_t index = 0, count = find_column(row, columns->at[i].value, &index);
		if (!target || sheet->mapped_count == TARGETS)
			continue;
		if (count != 1)
			kind_reading_fault(
			    sheet->into, row->line, CODE_SCHEMA, columns->at[i].value, "%s (facility.csv.columns.%s)",
				count ? "stands in the first line more than once" : "is not in the first line", target->name);
		sheet->mapped[sheet->mapped_count++] = (struct mapped){target, columns->at[i].value, index};
		if (count)
			taken[index] = true;
	}
	for (size_t i = 0; i < row->count; i++)
		if (!taken[i])
			kind_reading_unmapped(sheet->into, sheet->headers[i]);
}

/* ---- rows ---- */

static const char *source_of(const void *ctx, const char *pointer)
{
	const struct sheet *sheet = ctx;
	for (size_t i = 0; i < sheet->mapped_count; i++)
		if (!strcmp(sheet->mapped[i].target->pointer, pointer))
			return sheet->mapped[i].column;
	return pointer;
}

/* A cell on its way into its field. */
struct cell {
	struct sheet *sheet;
	const struct mapped *mapped;
	struct bytes text;
	int line;
};

static void add(const struct cell *cell, struct bytes text)
{
	release_add(&cell->sheet->release, cell->mapped->target->pointer, text, cell->line, cell->mapped->column);
}

/* The cell's text, and what is wrong with it. */
__attribute__((format(printf, 2, 3))) static void refuse(const struct cell *cell, const char *format, ...)
{
	char safe[MAPPING_WORDS_MAX], why[ERR_REASON_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	release_fault(&cell->sheet->release, cell->mapped->target->pointer, cell->line, cell->mapped->column, cell->sheet->into,
	              "%s %s", text_safe(cell->text, safe, sizeof(safe)), why);
}

static void add_upper(const struct cell *cell, bool only_digits)
{
	struct buf text;
	buf_init(&text, CSV_CELL_MAX);
	for (size_t i = 0; i < cell->text.len; i++) {
		uint8_t c = cell->text.at[i];
		if (only_digits && (c == '-' || c == ' '))
			continue;
		buf_add_byte(&text, (uint8_t)(c >= 'a' && c <= 'z' ? c - 32 : c));
	}
	add(cell, buf_bytes(&text));
	buf_done(&text);
}

static void add_code(const struct cell *cell)
{
	char code[TERMS_CODE_MAX];
	if (terms_code(&cell->sheet->settings->values, cell->mapped->target->pointer, cell->text, code) ||
		cell->text.len < sizeof(code)) {
		add(cell, bytes_text(code));
		return;
	}
	refuse(cell, "is too long for a code");
}

static void add_date(const struct cell *cell)
{
	struct when_date date;
	char text[WHEN_TEXT_MAX];
	if (when_date(cell->sheet->settings->csv.dates, cell->text, &date))
		add(cell, bytes_text(when_date_text(date, text)));
	else
		refuse(cell, "is not a date in the form %s", cell->sheet->settings->csv.dates);
}

static void add_moment(const struct cell *cell, struct when_date date, struct when_time time)
{
	char text[WHEN_TEXT_MAX];
	const char *why = when_stamp(&cell->sheet->zone, date, time, text);
	if (why)
		refuse(cell, "%s", why);
	else
		add(cell, bytes_text(text));
}

/* Date and time in one cell: as the settings say, or with everything that RFC 3339 asks for. */
static void add_stamp(const struct cell *cell)
{
	const struct facility_csv *csv = &cell->sheet->settings->csv;
	struct when_date date;
	struct when_time time;
	for (size_t i = 1; i < cell->text.len; i++) {
		if (cell->text.at[i] != ' ' && cell->text.at[i] != 'T')
			continue;
		if (when_date(csv->dates, bytes_of(cell->text.at, i), &date) &&
		    when_time(csv->times, bytes_of(cell->text.at + i + 1, cell->text.len - i - 1), &time)) {
			add_moment(cell, date, time);
			return;
		}
	}
	if (cell->text.len >= 20 && cell->text.at[4] == '-') {
		add(cell, cell->text); /* for the schema to judge */
		return;
	}
	refuse(cell, "is not a date and a time in the form %s, then the time", csv->dates);
}

static void add_cell(const struct cell *cell)
{
	if (cell->text.len == 0)
		return;
	switch (cell->mapped->target->how) {
	case MAP_TEXT:
		add(cell, cell->text);
		break;
	case MAP_UPPER:
		add_upper(cell, false);
		break;
	case MAP_DIGITS:
		add_upper(cell, true);
		break;
	case MAP_CODE:
		add_code(cell);
		break;
	case MAP_DATE:
		add_date(cell);
		break;
	case MAP_STAMP:
		add_stamp(cell);
		break;
	case MAP_DAY:
	case MAP_TIME:
		break; /* two cells make one field: join_moment */
	}
}

static void join_moment(const struct cell *day, const struct cell *clock)
{
	const struct facility_csv *csv = &day->sheet->settings->csv;
	struct when_date date;
	struct when_time time;
	struct release *release = &day->sheet->release;
	bool has_day = when_date(csv->dates, day->text, &date), has_time = when_time(csv->times, clock->text, &time);
	if (has_day && has_time) {
		add_moment(clock, date, time);
		return;
	}
	if (day->text.len == 0)
		release_fault(release, "/released_at", day->line, day->mapped->column, day->sheet->into, "is empty");
	else if (!has_day)
		refuse(day, "is not a date in the form %s", csv->dates);
	if (clock->text.len == 0)
		release_fault(release, "/released_at", clock->line, clock->mapped->column, day->sheet->into, "is empty");
	else if (!has_time)
		refuse(clock, "is not a time in the form %s", csv->times);
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
	const struct release_place place = {.line = row->line, .missing = "is empty", .source = source_of, .ctx = sheet};
	struct cell day = {.mapped = NULL}, clock = {.mapped = NULL};
	release_clear(&sheet->release);
	for (size_t i = 0; i < sheet->mapped_count; i++) {
		const struct mapped *mapped = &sheet->mapped[i];
		struct cell cell = {sheet, mapped, trimmed(row->cells[mapped->index]), row->line};
		if (mapped->target->how == MAP_DAY)
			day = cell;
		else if (mapped->target->how == MAP_TIME)
			clock = cell;
		else
			add_cell(&cell);
	}
	if (day.mapped && clock.mapped)
		join_moment(&day, &clock);
	release_default_facility(&sheet->release, sheet->settings, sheet->host);
	if (release_judge(&sheet->release, sheet->host, &place, sheet->into) && sheet->into->faults_count == 0)
		release_draft(&sheet->release, sheet->into);
}

static void note_bad(struct sheet *sheet, const struct csv_row *row, const struct err *why)
{
	const char *field = row->count < sheet->headers_count ? sheet->headers[row->count] : "";
	kind_reading_fault(sheet->into, row->line, why->code, field, "%s", why->reason);
}

static void read_rows(struct sheet *sheet, struct csv_row *row)
{
	struct err why;
	enum csv_step step;
	while ((step = csv_next(&sheet->csv, row, &why)) != CSV_END && sheet->into->faults_count < MAPPING_FAULTS_MAX) {
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

void mapping_read(const struct facility_settings *settings, const struct kind_host *host, struct bytes document,
                  struct kind_reading *into)
{
	if (settings->csv.columns.count == 0) {
		kind_reading_fault(into, 0, CODE_CONFIG, "facility.csv.columns",
		                   "this adapter has not been told what the columns mean");
		return;
	}
	struct sheet *sheet = mem_alloc(sizeof(*sheet));
	sheet->settings = settings;
	sheet->host = host;
	sheet->into = into;
	when_zone(settings->zone, &sheet->zone);
	csv_open(&sheet->csv, document, facility_settings_delimiter(settings->csv.delimiter));
	release_init(&sheet->release);
	read_sheet(sheet);
	if (into->faults_count)
		release_drop_drafts(into);
	release_done(&sheet->release);
	csv_done(&sheet->csv);
	for (size_t i = 0; i < sheet->headers_count; i++)
		mem_free(sheet->headers[i]);
	mem_free(sheet);
}
