/* Comma-separated values as RFC 4180 has them: quotes, CR LF or LF, a byte order mark of UTF-8. Strict where a lenient reader
 * would guess: no ragged rows, no stray quotation marks, no NUL, UTF-8 only. Cells are text and nothing else: "=1+1" is four
 * characters. Thread: any. */
#ifndef ADAPTERS_CSV_CSV_H
#define ADAPTERS_CSV_CSV_H

#include "base/bytes.h"

enum { CSV_COLUMNS_MAX = 128, CSV_CELL_MAX = 8192, CSV_ROW_MAX = 256 << 10, CSV_ROWS_MAX = 10000 };

struct csv_row {
	int line;                            /* where it begins, from 1 */
	size_t count;                        /* of a bad row: the index of the cell at fault */
	struct bytes cells[CSV_COLUMNS_MAX]; /* without their quotes; borrowed until the next row */
};

enum csv_step { CSV_END, CSV_ROW, CSV_BAD };

struct csv {
	const uint8_t *start, *at, *end;
	uint8_t delimiter;
	int line;
	size_t columns; /* of the first row; every other row must have as many */
	size_t rows;
	struct buf text;
	size_t starts[CSV_COLUMNS_MAX + 1];
	bool is_over;
};

/* The document is borrowed until csv_done. */
void csv_open(struct csv *csv, struct bytes document, char delimiter);
void csv_done(struct csv *csv);
/* The next row; empty lines are passed over. CSV_BAD: malformed or too_large with the reason in *err, ret->line says where, and
 * the next call goes on behind it, or ends when there is no telling any more where rows begin. */
enum csv_step csv_next(struct csv *csv, struct csv_row *ret, struct err *err);

#endif
