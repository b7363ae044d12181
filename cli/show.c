#include "cli/cli.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHOW_CELL_MAX = 240, SHOW_JSON_MAX = 256 << 20 };

bool show_is_colour(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

void show_json(struct bytes packed)
{
	struct buf text;
	struct err why;
	buf_init(&text, SHOW_JSON_MAX);
	if (FAILED(json_from_pack(packed, 2, &text, &why)))
		fprintf(stderr, "liaison: %s\n", why.reason);
	else
		printf("%.*s\n", (int)text.len, (const char *)text.at);
	buf_done(&text);
}

void show_json_texts(const char *const (*pairs)[2], size_t count)
{
	struct buf map;
	buf_init(&map, (size_t)4 << 20);
	pack_put_map(&map, count);
	for (size_t i = 0; i < count; i++) {
		pack_put_str(&map, pairs[i][0]);
		pack_put_str(&map, pairs[i][1]);
	}
	show_json(buf_bytes(&map));
	buf_done(&map);
}

static void show_age(int64_t ms, char *into, size_t size)
{
	int64_t age = (clock_wall_ms() - ms) / 1000;
	if (ms == 0)
		snprintf(into, size, "-");
	else if (age < 120)
		snprintf(into, size, "%lld s", (long long)age);
	else if (age < 7200)
		snprintf(into, size, "%lld min", (long long)(age / 60));
	else if (age < 172800)
		snprintf(into, size, "%lld h", (long long)(age / 3600));
	else
		snprintf(into, size, "%lld d", (long long)(age / 86400));
}

static void show_list(struct bytes list, char *into, size_t size)
{
	struct err ignored;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "");
	size_t len = 0;
	into[0] = 0;
	for (size_t i = 0; i < count && !in.failed && len + 2 < size; i++) {
		struct bytes value = pack_value(&in, ""), text;
		int64_t number = 0;
		char safe[128];
		if (pack_as_text(value, &text))
			text_safe(text, safe, sizeof(safe));
		else if (pack_as_int(value, &number))
			snprintf(safe, sizeof(safe), "%lld", (long long)number);
		else
			continue;
		int wrote = snprintf(into + len, size - len, "%s%s", len ? ", " : "", safe);
		len += wrote > 0 ? (size_t)wrote : 0;
	}
}

static void show_number(int64_t number, const struct show_column *column, char *into, size_t size)
{
	char time[CLOCK_TEXT_MAX];
	if (column->kind == SHOW_TIME)
		snprintf(into, size, "%s", number ? clock_text(number, time) : "-");
	else if (column->kind == SHOW_AGE)
		show_age(number, into, size);
	else if (column->kind == SHOW_BYTES)
		snprintf(into, size, "%.1f MiB", (double)number / 1048576.0);
	else
		snprintf(into, size, "%lld", (long long)number);
}

/* name=value of each pair; the first of a list of values. */
static void show_map(struct bytes map, char *into, size_t size)
{
	struct err ignored;
	struct pack_in in = pack_in(map, &ignored);
	size_t count = pack_map(&in, ""), len = 0;
	into[0] = 0;
	for (size_t i = 0; i < count && !in.failed && len + 2 < size; i++) {
		char key_safe[64], text_of[128];
		struct bytes key = pack_text(&in, "", SIZE_MAX), value = pack_value(&in, ""), text = BYTES_NONE, first;
		if (!pack_as_text(value, &text) && pack_pointer(value, "/0", &first) && !pack_as_text(first, &text))
			text = BYTES_NONE;
		int wrote = snprintf(into + len, size - len, "%s%s=%s", len ? ", " : "", text_safe(key, key_safe, sizeof(key_safe)),
		                     text_safe(text, text_of, sizeof(text_of)));
		len += wrote > 0 ? (size_t)wrote : 0;
	}
}

/* Names of a list of maps with `party`. */
static void show_parties(struct bytes list, char *into, size_t size)
{
	struct err ignored;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, ""), len = 0;
	into[0] = 0;
	for (size_t i = 0; i < count && !in.failed && len + 2 < size; i++) {
		struct bytes value, party;
		char safe[128];
		if (!pack_find(pack_value(&in, ""), "party", &value) || !pack_as_text(value, &party))
			continue;
		int wrote = snprintf(into + len, size - len, "%s%s", len ? ", " : "", text_safe(party, safe, sizeof(safe)));
		len += wrote > 0 ? (size_t)wrote : 0;
	}
}

void show_cell(struct bytes row, const struct show_column *column, char *into, size_t size)
{
	struct bytes value;
	struct err ignored;
	into[0] = 0;
	if (!pack_pointer(row, column->pointer, &value)) {
		snprintf(into, size, "-");
		return;
	}
	struct pack_in in = pack_in(value, &ignored);
	struct pack_item item = pack_next(&in, "");
	switch (item.kind) {
	case PACK_TEXT:
		text_safe(item.bytes, into, size);
		break;
	case PACK_INT:
		show_number(item.integer, column, into, size);
		break;
	case PACK_BOOL:
		snprintf(into, size, "%s", item.truth ? "yes" : "no");
		break;
	case PACK_ARRAY:
		if (column->kind == SHOW_COUNT)
			snprintf(into, size, "%zu", item.count);
		else if (column->kind == SHOW_PARTIES)
			show_parties(value, into, size);
		else
			show_list(value, into, size);
		break;
	case PACK_FLOAT:
		snprintf(into, size, "%g", item.number);
		break;
	case PACK_MAP:
		if (column->kind == SHOW_MAP) {
			show_map(value, into, size);
			break;
		}
		snprintf(into, size, "-");
		break;
	case PACK_NIL:
	case PACK_BIN:
		snprintf(into, size, "-");
		break;
	}
}

/* Columns are counted in code points: names of agencies carry accents. */
static size_t width_of(const char *text)
{
	size_t width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_padded(const char *text, size_t width, bool last)
{
	printf("%s", text);
	for (size_t i = width_of(text); !last && i < width + 2; i++)
		putchar(' ');
}

static void print_head(const struct show_column *columns, const size_t *widths, size_t count)
{
	printf("%s", show_is_colour() ? "\033[1m" : "");
	for (size_t i = 0; i < count; i++)
		print_padded(columns[i].title, widths[i], i + 1 == count);
	printf("%s\n", show_is_colour() ? "\033[0m" : "");
}

void show_table(struct bytes rows, const struct show_column *columns, size_t count, const char *empty)
{
	struct err ignored;
	struct pack_in in = pack_in(rows, &ignored);
	size_t lines = pack_array(&in, "");
	size_t *widths = mem_array(count, sizeof(*widths));
	char(*cells)[SHOW_CELL_MAX] = mem_array(lines * count + 1, SHOW_CELL_MAX);
	for (size_t i = 0; i < count; i++)
		widths[i] = width_of(columns[i].title);
	for (size_t line = 0; line < lines && !in.failed; line++) {
		struct bytes row = pack_value(&in, "");
		for (size_t i = 0; i < count; i++) {
			char *cell = cells[line * count + i];
			show_cell(row, &columns[i], cell, SHOW_CELL_MAX);
			widths[i] = width_of(cell) > widths[i] ? width_of(cell) : widths[i];
		}
	}
	if (lines == 0)
		printf("%s\n", empty);
	else
		print_head(columns, widths, count);
	for (size_t line = 0; line < lines; line++) {
		for (size_t i = 0; i < count; i++)
			print_padded(cells[line * count + i], widths[i], i + 1 == count);
		putchar('\n');
	}
	mem_free(cells);
	mem_free(widths);
}

void show_pairs(struct bytes map, const struct show_column *columns, size_t count)
{
	size_t widest = 0;
	char cell[SHOW_CELL_MAX];
	for (size_t i = 0; i < count; i++)
		widest = width_of(columns[i].title) > widest ? width_of(columns[i].title) : widest;
	for (size_t i = 0; i < count; i++) {
		show_cell(map, &columns[i], cell, sizeof(cell));
		print_padded(columns[i].title, widest, false);
		printf("%s\n", cell);
	}
}
