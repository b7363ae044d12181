#include "base/conf_source.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

enum { SOURCE_MAX_BYTES = 4 * 1024 * 1024, DEPTH_MAX = 8, NAME_MAX_BYTES = 64 };

/* Just enough of the grammar to know where a name, a number and an @include can stand. */
enum where { IN_CODE, IN_TEXT, IN_COMMENT };

struct scan {
	struct conf_source *source;
	struct conf_faults *faults;
	enum where where;
	struct conf_place opened; /* where the text or comment began */
	struct bytes name;        /* the last one seen, for faults */
	int depth;
	enum code code;
	bool is_broken;
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(uint8_t c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '*';
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

static bool starts(struct bytes line, size_t at, const char *with)
{
	return at < line.len && bytes_starts(bytes_of(line.at + at, line.len - at), with);
}

static void broken(struct scan *scan, enum code code)
{
	scan->is_broken = true;
	scan->code = code;
}

static struct conf_place place_now(const struct scan *scan)
{
	return conf_source_place(scan->source, (int)scan->source->line_count);
}

/* ── numbers ── */

static int digit_value(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Whether the whole number reads as digits of the base and is at most `most`. */
static bool fits(struct bytes digits, uint64_t base, uint64_t most)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.len; i++) {
		uint64_t digit = (uint64_t)digit_value(digits.at[i]);
		if (value > (most - digit) / base)
			return false;
		value = value * base + digit;
	}
	return true;
}

static bool all_digits(struct bytes text, int base)
{
	for (size_t i = 0; i < text.len; i++)
		if (digit_value(text.at[i]) < 0 || digit_value(text.at[i]) >= base)
			return false;
	return text.len > 0;
}

/* libconfig reads 3000000000 as -1294967296; only the suffix L makes 64 bits, and those are cut in silence too. */
static void judge_number(struct scan *scan, struct bytes token)
{
	struct bytes digits = token;
	char name[NAME_MAX_BYTES], number[NAME_MAX_BYTES];
	bool is_long = false;

	if (digits.at[0] == '-' || digits.at[0] == '+')
		digits = bytes_of(digits.at + 1, digits.len - 1);
	for (int i = 0; i < 2 && digits.len > 0 && digits.at[digits.len - 1] == 'L'; i++) {
		is_long = true;
		digits.len--;
	}
	bool is_hex = starts(digits, 0, "0x") || starts(digits, 0, "0X");
	if (is_hex)
		digits = bytes_of(digits.at + 2, digits.len - 2);
	if (!all_digits(digits, is_hex ? 16 : 10))
		return; /* a fraction, or for the parser to refuse */
	uint64_t most = (is_long ? (uint64_t)INT64_MAX : (uint64_t)INT32_MAX) + (token.at[0] == '-' && !is_hex ? 1 : 0);
	if (fits(digits, is_hex ? 16 : 10, most))
		return;
	scan->source->lines[scan->source->line_count - 1].has_bad_number = true;
	text_safe(scan->name, name, sizeof name);
	text_safe(token, number, sizeof number);
	struct conf_place place = place_now(scan);
	if (is_long)
		conf_fault(scan->faults, place, name, "%s does not fit in 64 bits; write a smaller number", number);
	else
		conf_fault(scan->faults, place, name, "%s does not fit in 32 bits; write %sL if you mean it", number, number);
}

/* ── one line ── */

static size_t skip_name(struct scan *scan, struct bytes line, size_t at)
{
	size_t end = at;

	while (end < line.len && is_name(line.at[end]))
		end++;
	scan->name = bytes_of(line.at + at, end - at);
	return end;
}

static size_t skip_number(struct scan *scan, struct bytes line, size_t at)
{
	size_t end = at + 1;

	while (end < line.len && (is_letter(line.at[end]) || is_digit(line.at[end]) || line.at[end] == '.'))
		end++;
	judge_number(scan, bytes_of(line.at + at, end - at));
	return end;
}

static size_t scan_code(struct scan *scan, struct bytes line, size_t at)
{
	uint8_t c = line.at[at];
	bool is_sign = (c == '-' || c == '+') && at + 1 < line.len && is_digit(line.at[at + 1]);

	if (c == '#' || starts(line, at, "//"))
		return line.len;
	if (c == '"' || starts(line, at, "/*")) {
		scan->where = c == '"' ? IN_TEXT : IN_COMMENT;
		scan->opened = place_now(scan);
		return at + (c == '"' ? 1 : 2);
	}
	if (is_letter(c) || c == '*')
		return skip_name(scan, line, at);
	if (is_digit(c) || is_sign)
		return skip_number(scan, line, at);
	return at + 1;
}

static void scan_line(struct scan *scan, struct bytes line)
{
	size_t at = 0;

	while (at < line.len) {
		if (scan->where == IN_CODE) {
			at = scan_code(scan, line, at);
		} else if (scan->where == IN_TEXT) {
			if (line.at[at] == '"')
				scan->where = IN_CODE;
			at += line.at[at] == '\\' ? 2 : 1;
		} else if (starts(line, at, "*/")) {
			scan->where = IN_CODE;
			at += 2;
		} else {
			at++;
		}
	}
}

/* A line like [@include "path"], perhaps with a comment behind it. */
static bool is_include(struct bytes line, struct bytes *ret_path)
{
	size_t at = 0, from;

	while (at < line.len && is_blank(line.at[at]))
		at++;
	if (!starts(line, at, "@include"))
		return false;
	at += strlen("@include");
	while (at < line.len && is_blank(line.at[at]))
		at++;
	if (at >= line.len || line.at[at] != '"')
		return false;
	from = ++at;
	while (at < line.len && line.at[at] != '"')
		at++;
	if (at >= line.len)
		return false;
	*ret_path = bytes_of(line.at + from, at - from);
	for (at++; at < line.len && is_blank(line.at[at]);)
		at++;
	return at >= line.len || line.at[at] == '#' || starts(line, at, "//");
}

/* ── files ── */

static void add_line(struct scan *scan, size_t file, int number, struct bytes line)
{
	struct conf_source *source = scan->source;

	if (source->line_count == source->line_room) {
		source->line_room = source->line_room ? source->line_room * 2 : 256;
		source->lines = mem_grow(source->lines, source->line_room, sizeof *source->lines);
	}
	source->lines[source->line_count++] = (struct conf_source_line){.file = file, .line = number};
	buf_add(&source->text, line);
	buf_add_byte(&source->text, '\n');
	scan_line(scan, line);
}

static void read_one(struct scan *scan, const char *file, struct conf_place from);

/* The line itself stays as an empty one, so that faults of the included file have somewhere to point from. */
static void include(struct scan *scan, size_t file, int number, struct bytes path)
{
	add_line(scan, file, number, BYTES_NONE);
	struct conf_place place = place_now(scan);
	AUTO_FREE char *name = bytes_dup_text(path);
	AUTO_FREE char *folder = conf_source_folder(place.file);
	AUTO_FREE char *joined = name[0] == '/' ? mem_text(name) : mem_printf("%s/%s", folder, name);

	if (scan->depth >= DEPTH_MAX) {
		conf_fault(scan->faults, place, "@include", "%d files deep; does a file include itself?", DEPTH_MAX);
		broken(scan, CODE_CONFIG);
		return;
	}
	scan->depth++;
	read_one(scan, joined, place);
	scan->depth--;
}

static void read_lines(struct scan *scan, size_t file, struct bytes contents)
{
	struct bytes path;

	for (int number = 1; contents.len > 0 && !scan->is_broken; number++) {
		const uint8_t *end = memchr(contents.at, '\n', contents.len);
		struct bytes line = bytes_of(contents.at, end ? (size_t)(end - contents.at) : contents.len);
		size_t used = line.len + (end ? 1 : 0);

		if (scan->where == IN_CODE && is_include(line, &path))
			include(scan, file, number, path);
		else
			add_line(scan, file, number, line);
		scan->name = BYTES_NONE; /* a view of this file, which does not stay */
		contents = bytes_of(contents.at + used, contents.len - used);
	}
}

static bool contents_are_fine(struct scan *scan, const char *file, struct bytes contents)
{
	const struct conf_place place = {.file = file};

	if (contents.len > 0 && memchr(contents.at, '\0', contents.len))
		conf_fault(scan->faults, place, "", "has a NUL byte in it; is it a configuration at all?");
	else if (!text_is_utf8(contents))
		conf_fault(scan->faults, place, "", "is not UTF-8; save it as UTF-8");
	else
		return true;
	broken(scan, CODE_CONFIG);
	return false;
}

static void read_one(struct scan *scan, const char *file, struct conf_place from)
{
	struct conf_source *source = scan->source;
	struct buf contents;
	struct err err;
	size_t index = source->file_count;
	size_t left = source->text.len < SOURCE_MAX_BYTES ? SOURCE_MAX_BYTES - source->text.len : 0;

	if (FAILED(file_read(file, left, &contents, &err))) {
		conf_fault(scan->faults, from.file ? from : (struct conf_place){.file = file}, from.file ? "@include" : "",
		           "cannot read %s: %s; correct the name or the access rights", file, err.reason);
		broken(scan, from.file ? CODE_CONFIG : CODE_IO);
		return;
	}
	source->files = mem_grow(source->files, index + 1, sizeof *source->files);
	source->files[index] = mem_text(file);
	source->file_count++;
	if (contents_are_fine(scan, file, buf_bytes(&contents)))
		read_lines(scan, index, buf_bytes(&contents));
	if (!scan->is_broken && scan->where != IN_CODE) {
		conf_fault(scan->faults, scan->opened, "", "a %s begins here and does not end in this file; close it with %s",
		           scan->where == IN_TEXT ? "text" : "comment", scan->where == IN_TEXT ? "a quote" : "*/");
		broken(scan, CODE_CONFIG);
	}
	mem_wipe(contents.at, contents.len);
	buf_done(&contents);
}

bool conf_source_read(struct conf_source *source, const char *file, struct conf_faults *faults, enum code *ret_code)
{
	struct scan scan = {.source = source, .faults = faults};

	*source = (struct conf_source){.files = NULL};
	buf_init(&source->text, 2 * SOURCE_MAX_BYTES);
	read_one(&scan, file, (struct conf_place){.file = NULL});
	buf_add_byte(&source->text, '\0');
	if (!scan.is_broken && FAILED(buf_check(&source->text, file, NULL))) {
		conf_fault(faults, (struct conf_place){.file = file}, "", "is larger than %d bytes with all that it includes",
		           SOURCE_MAX_BYTES);
		broken(&scan, CODE_CONFIG);
	}
	*ret_code = scan.code;
	return !scan.is_broken;
}

void conf_source_done(struct conf_source *source)
{
	mem_wipe(source->text.at, source->text.len); /* secrets may stand in it */
	buf_done(&source->text);
	for (size_t i = 0; i < source->file_count; i++)
		mem_free(source->files[i]);
	mem_free(source->files);
	mem_free(source->lines);
}

struct conf_place conf_source_place(const struct conf_source *source, int line)
{
	if (source->line_count == 0)
		return (struct conf_place){.file = source->file_count ? source->files[0] : "", .line = 1};
	size_t at = line < 1 ? 0 : (size_t)line - 1;
	at = at < source->line_count ? at : source->line_count - 1;
	return (struct conf_place){.file = source->files[source->lines[at].file], .line = source->lines[at].line};
}

bool conf_source_has_bad_number(const struct conf_source *source, int line)
{
	return line > 0 && (size_t)line <= source->line_count && source->lines[line - 1].has_bad_number;
}

int conf_source_line_of(const struct conf_source *source, struct bytes file, int64_t line)
{
	for (size_t i = 0; i < source->line_count; i++)
		if (source->lines[i].line == line && bytes_is(file, source->files[source->lines[i].file]))
			return (int)i + 1;
	return 0;
}

char *conf_source_folder(const char *file)
{
	const char *slash = strrchr(file, '/');
	AUTO_FREE char *folder = slash ? mem_text_n(file, slash == file ? 1 : (size_t)(slash - file)) : mem_text(".");
	char whole[PATH_MAX];

	if (folder[0] == '/' || !realpath(folder, whole))
		return mem_text(folder);
	return mem_text(whole);
}
