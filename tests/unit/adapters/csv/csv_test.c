#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/csv/csv.h"
#include "base/mem.h"

/* Everything that comes out, as "LINE|cell|cell;" and "LINE!column code reason;". */
static void read_all(struct bytes document, char delimiter, struct buf *out)
{
	struct csv csv;
	struct csv_row *row = mem_alloc(sizeof(*row));
	struct err err = {.reason = ""};
	enum csv_step step;
	buf_init(out, 8 << 20);
	csv_open(&csv, document, delimiter);
	while ((step = csv_next(&csv, row, &err)) != CSV_END) {
		buf_printf(out, "%d", row->line);
		if (step == CSV_BAD)
			buf_printf(out, "!%zu %s %s", row->count, code_text(err.code), err.reason);
		for (size_t i = 0; step == CSV_ROW && i < row->count; i++) {
			buf_add_byte(out, '|');
			buf_add(out, row->cells[i]);
		}
		buf_add_byte(out, ';');
	}
	assert_int_equal(csv_next(&csv, row, &err), CSV_END);
	csv_done(&csv);
	mem_free(row);
	buf_add_byte(out, 0);
}

static void reads(const char *text, size_t len, char delimiter, const char *expected)
{
	struct buf out;
	/* Exactly as long as it is, so that a byte too far is noticed. */
	char *exact = len ? mem_text_n(text, len) : NULL;
	read_all(bytes_of(exact, len), delimiter, &out);
	assert_string_equal((const char *)out.at, expected);
	buf_done(&out);
	mem_free(exact);
}

struct sample {
	const char *text;
	const char *expected;
};

static void reads_rows_as_rfc_4180_has_them(void **state)
{
	static const struct sample cases[] = {
		{"", ""},
		{"a", "1|a;"},
		{"a,b\r\n1,2\r\n", "1|a|b;2|1|2;"},
		{"a,b\n1,2", "1|a|b;2|1|2;"},
		{"a,b\n,\n", "1|a|b;2||;"},
		{"a,b\n\"1\",\"\"\n", "1|a|b;2|1|;"},
		{"a,b\n\"x, y\",\"say \"\"hi\"\"\"\n", "1|a|b;2|x, y|say \"hi\";"},
		{"a,b\n\"one\r\ntwo\n\",2\n3,4\n", "1|a|b;2|one\r\ntwo\n|2;5|3|4;"},
		{"\xef\xbb\xbf"
		 "a,b\n1,2\n",
		 "1|a|b;2|1|2;"},
		{"\xef\xbb\xbf\"a\",b\n", "1|a|b;"},
		{"\n\r\na\n\n\nb\n\n", "3|a;6|b;"},
		{" a , b \n", "1| a | b ;"},
		{"Pe\xc3\xb1"
		 "a,b\n",
		 "1|Pe\xc3\xb1"
		 "a|b;"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		reads(cases[i].text, strlen(cases[i].text), ',', cases[i].expected);
}

static void keeps_what_a_spreadsheet_would_run_as_plain_text(void **state)
{
	(void)state;
	reads("=1+1,+cmd|' /C calc'!A0,@SUM(A1),-2\n", strlen("=1+1,+cmd|' /C calc'!A0,@SUM(A1),-2\n"), ',',
	      "1|=1+1|+cmd|' /C calc'!A0|@SUM(A1)|-2;");
}

static void separates_by_the_delimiter_and_by_nothing_else(void **state)
{
	(void)state;
	reads("a;b,c\n", 6, ';', "1|a|b,c;");
	reads("a\tb,c\n", 6, '\t', "1|a|b,c;");
	reads("a|b,c\n", 6, '|', "1|a|b,c;");
	reads("a;b,c\n", 6, ',', "1|a;b|c;");
}

static void refuses_a_bad_row_and_goes_on_behind_it(void **state)
{
	static const struct sample cases[] = {
		{"a,b\n1\n3,4\n", "1|a|b;2!128 malformed has 1 cells, and the first line has 2;3|3|4;"},
		{"a,b\n1,2,3\n3,4\n", "1|a|b;2!128 malformed has 3 cells, and the first line has 2;3|3|4;"},
		{"a,b\n1,\xff\n3,4\n", "1|a|b;2!1 malformed the cell is not UTF-8; have it exported as UTF-8;3|3|4;"},
		{"a,b\n\xc3,2\n3,4\n", "1|a|b;2!0 malformed the cell is not UTF-8; have it exported as UTF-8;3|3|4;"},
		{"a,b\n\xed\xa0\x80,2\n", "1|a|b;2!0 malformed the cell is not UTF-8; have it exported as UTF-8;"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		reads(cases[i].text, strlen(cases[i].text), ',', cases[i].expected);
	reads("a,b\n1,x\0y\n3,4\n", 14, ',', "1|a|b;2!1 malformed the cell holds a NUL byte;3|3|4;");
}

static void stops_where_there_is_no_telling_rows_apart(void **state)
{
	static const struct sample cases[] = {
		{"a,b\n\"1,2\n3,4\n", "1|a|b;2!0 malformed a quotation mark is never closed;"},
		{"a,b\n1,\"2\n3,4\n", "1|a|b;2!1 malformed a quotation mark is never closed;"},
		{"\"", "1!0 malformed a quotation mark is never closed;"},
		{"\"\"\"", "1!0 malformed a quotation mark is never closed;"},
		{"a,b\n\"1\"x,2\n3,4\n", "1|a|b;2!0 malformed text stands behind a closing quotation mark;"},
		{"a,b\n\"1\" ,2\n", "1|a|b;2!0 malformed text stands behind a closing quotation mark;"},
		{"a,b\n1\"x,2\n3,4\n", "1|a|b;2!0 malformed a quotation mark stands within a cell that does not begin with one;"},
		{"a,b\n=\"007\",2\n", "1|a|b;2!0 malformed a quotation mark stands within a cell that does not begin with one;"},
		{"a,b\r1,2\r", "1!1 malformed a carriage return stands without a line feed;"},
		{"a\r", "1!0 malformed a carriage return stands without a line feed;"},
		{"\r", "1!128 malformed a carriage return stands without a line feed;"},
		{"\xff\xfe"
		 "a",
		 "1!128 malformed the document is UTF-16; have it exported as UTF-8;"},
		{"\xfe\xff"
		 "a",
		 "1!128 malformed the document is UTF-16; have it exported as UTF-8;"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		reads(cases[i].text, strlen(cases[i].text), ',', cases[i].expected);
}

static void add_run(struct buf *buf, char byte, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_add_byte(buf, (uint8_t)byte);
}

static void reads_buf(struct buf *document, const char *expected)
{
	struct buf out;
	read_all(buf_bytes(document), ',', &out);
	assert_string_equal((const char *)out.at, expected);
	buf_done(&out);
	buf_done(document);
}

static void refuses_a_cell_of_8193_bytes_and_not_one_of_8192(void **state)
{
	struct buf text, out;
	(void)state;
	buf_init(&text, 1 << 20);
	buf_add_text(&text, "a,b\n1,");
	add_run(&text, 'x', CSV_CELL_MAX);
	read_all(buf_bytes(&text), ',', &out);
	assert_null(strchr((const char *)out.at, '!'));
	buf_done(&out);
	add_run(&text, 'x', 1);
	reads_buf(&text, "1|a|b;2!1 too_large the cell is longer than 8192 bytes;");
}

static void refuses_more_than_a_row_may_hold(void **state)
{
	struct buf text;
	(void)state;
	buf_init(&text, 1 << 20);
	buf_add_text(&text, "a\n\"");
	add_run(&text, 'x', CSV_ROW_MAX + 1);
	buf_add_text(&text, "\"\nb\n");
	reads_buf(&text, "1|a;2!128 too_large the row is longer than 262144 bytes;3|b;");
	buf_init(&text, 1 << 20);
	add_run(&text, ',', CSV_COLUMNS_MAX);
	buf_add_text(&text, "\nb\n");
	reads_buf(&text, "1!128 too_large has more than 128 cells;2|b;");
}

static void refuses_the_row_after_ten_thousand(void **state)
{
	struct buf text, out;
	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i <= CSV_ROWS_MAX; i++)
		buf_add_text(&text, "a\n");
	read_all(buf_bytes(&text), ',', &out);
	assert_null(strchr((const char *)out.at, '!'));
	buf_done(&out);
	buf_add_text(&text, "a\n");
	read_all(buf_bytes(&text), ',', &out);
	assert_non_null(strstr((const char *)out.at, "10002!128 too_large the document has more than 10000 rows; split it;"));
	buf_done(&out);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rows_as_rfc_4180_has_them),
		cmocka_unit_test(keeps_what_a_spreadsheet_would_run_as_plain_text),
		cmocka_unit_test(separates_by_the_delimiter_and_by_nothing_else),
		cmocka_unit_test(refuses_a_bad_row_and_goes_on_behind_it),
		cmocka_unit_test(stops_where_there_is_no_telling_rows_apart),
		cmocka_unit_test(refuses_a_cell_of_8193_bytes_and_not_one_of_8192),
		cmocka_unit_test(refuses_more_than_a_row_may_hold),
		cmocka_unit_test(refuses_the_row_after_ten_thousand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
