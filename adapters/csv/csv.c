#include "adapters/csv/csv.h"

#include "base/text.h"

#include <string.h>

void csv_open(struct csv *csv, struct bytes document, char delimiter)
{
	memset(csv, 0, sizeof(*csv));
	csv->start = csv->at = document.at;
	csv->end = document.len ? document.at + document.len : document.at;
	csv->delimiter = (uint8_t)delimiter;
	csv->line = 1;
	buf_init(&csv->text, CSV_ROW_MAX);
}

void csv_done(struct csv *csv)
{
	buf_done(&csv->text);
}

static bool is_at(const struct csv *csv, uint8_t byte)
{
	return csv->at < csv->end && *csv->at == byte;
}

static bool ends_row(const struct csv *csv)
{
	return csv->at == csv->end || *csv->at == '\n' || *csv->at == '\r';
}

/* What is wrong, or NULL. */
static const char *read_quoted(struct csv *csv)
{
	for (csv->at++; csv->at < csv->end; csv->at++) {
		if (*csv->at == '"') {
			csv->at++;
			if (!is_at(csv, '"'))
				return ends_row(csv) || *csv->at == csv->delimiter
				           ? NULL
				           : "text stands behind a closing quotation mark";
		}
		if (*csv->at == '\n')
			csv->line++;
		buf_add_byte(&csv->text, *csv->at);
	}
	return "a quotation mark is never closed";
}

static const char *read_bare(struct csv *csv)
{
	while (!ends_row(csv) && *csv->at != csv->delimiter) {
		if (*csv->at == '"')
			return "a quotation mark stands within a cell that does not begin with one";
		buf_add_byte(&csv->text, *csv->at++);
	}
	return NULL;
}

static const char *end_row(struct csv *csv)
{
	if (is_at(csv, '\r')) {
		csv->at++;
		if (!is_at(csv, '\n'))
			return "a carriage return stands without a line feed";
	}
	if (csv->at < csv->end) {
		csv->at++;
		csv->line++;
	}
	return NULL;
}

/* The structure is lost: what follows cannot be told apart into rows. */
static enum csv_step give_up(struct csv *csv, struct err *err, const char *why)
{
	csv->is_over = true;
	err_set(err, CODE_MALFORMED, "", "%s", why);
	return CSV_BAD;
}

static void skip_cell(struct csv *csv, size_t index, struct csv_row *ret)
{
	ret->count = index;
	while (csv->at < csv->end && *csv->at != '\n')
		csv->at++;
	end_row(csv);
}

static enum csv_step read_cells(struct csv *csv, struct csv_row *ret, struct err *err)
{
	size_t count = 0;
	buf_clear(&csv->text);
	for (;;) {
		ret->count = count;
		if (count == CSV_COLUMNS_MAX) {
			skip_cell(csv, count, ret);
			err_set(err, CODE_TOO_LARGE, "", "has more than %d cells", CSV_COLUMNS_MAX);
			return CSV_BAD;
		}
		csv->starts[count++] = csv->text.len;
		const char *why = is_at(csv, '"') ? read_quoted(csv) : read_bare(csv);
		if (why)
			return give_up(csv, err, why);
		if (ends_row(csv))
			break;
		csv->at++; /* the delimiter */
	}
	const char *why = end_row(csv);
	if (why)
		return give_up(csv, err, why);
	ret->count = count;
	csv->starts[count] = csv->text.len;
	return CSV_ROW;
}

static enum csv_step judge_cell(struct bytes cell, size_t index, struct csv_row *ret, struct err *err)
{
	enum code code = CODE_MALFORMED;
	const char *why = NULL;
	if (cell.len > CSV_CELL_MAX) {
		code = CODE_TOO_LARGE;
		why = "the cell is longer than 8192 bytes";
	} else if (cell.len && memchr(cell.at, 0, cell.len)) {
		why = "the cell holds a NUL byte";
	} else if (!text_is_utf8(cell)) {
		why = "the cell is not UTF-8; have it exported as UTF-8";
	}
	if (!why)
		return CSV_ROW;
	ret->count = index;
	err_set(err, code, "", "%s", why);
	return CSV_BAD;
}

static enum csv_step judge_row(struct csv *csv, struct csv_row *ret, struct err *err)
{
	size_t count = ret->count;
	if (csv->text.overflow) {
		ret->count = CSV_COLUMNS_MAX;
		err_set(err, CODE_TOO_LARGE, "", "the row is longer than %d bytes", CSV_ROW_MAX);
		return CSV_BAD;
	}
	for (size_t i = 0; i < count; i++) {
		size_t len = csv->starts[i + 1] - csv->starts[i];
		ret->cells[i] = len ? bytes_of(csv->text.at + csv->starts[i], len) : BYTES_NONE;
		if (judge_cell(ret->cells[i], i, ret, err) == CSV_BAD)
			return CSV_BAD;
	}
	if (csv->columns && count != csv->columns) {
		ret->count = CSV_COLUMNS_MAX;
		err_set(err, CODE_MALFORMED, "", "has %zu cells, and the first line has %zu", count, csv->columns);
		return CSV_BAD;
	}
	return CSV_ROW;
}

static bool skip_mark(struct csv *csv)
{
	struct bytes rest = bytes_of(csv->at, (size_t)(csv->end - csv->at));
	if (bytes_starts(rest, "\xef\xbb\xbf"))
		csv->at += 3;
	return !bytes_starts(rest, "\xff\xfe") && !bytes_starts(rest, "\xfe\xff");
}

enum csv_step csv_next(struct csv *csv, struct csv_row *ret, struct err *err)
{
	ret->count = CSV_COLUMNS_MAX;
	ret->line = csv->line;
	if (!csv->is_over && csv->at < csv->end && csv->at == csv->start && !skip_mark(csv))
		return give_up(csv, err, "the document is UTF-16; have it exported as UTF-8");
	while (!csv->is_over && csv->at < csv->end && ends_row(csv)) {
		ret->line = csv->line;
		const char *why = end_row(csv);
		if (why)
			return give_up(csv, err, why);
	}
	ret->line = csv->line;
	if (csv->is_over || csv->at == csv->end)
		return CSV_END;
	if (csv->rows++ > CSV_ROWS_MAX) {
		csv->is_over = true;
		err_set(err, CODE_TOO_LARGE, "", "the document has more than %d rows; split it", CSV_ROWS_MAX);
		return CSV_BAD;
	}
	enum csv_step step = read_cells(csv, ret, err);
	if (step == CSV_ROW)
		step = judge_row(csv, ret, err);
	if (step == CSV_ROW && !csv->columns)
		csv->columns = ret->count;
	return step;
}
