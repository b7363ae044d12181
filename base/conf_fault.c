#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/conf_inside.h"
#include "base/mem.h"
#include "base/text.h"

enum { FAULTS_MAX_BYTES = 256 * 1024, WHAT_MAX = 1024, WORD_MAX = 48 };

void conf_faults_init(struct conf_faults *faults)
{
	buf_init(&faults->text, FAULTS_MAX_BYTES);
	faults->count = 0;
}

void conf_faults_done(struct conf_faults *faults)
{
	buf_done(&faults->text);
	faults->count = 0;
}

void conf_fault(struct conf_faults *faults, struct conf_place place, const char *path, const char *format, ...)
{
	char what[WHAT_MAX], safe[WHAT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	faults->count++;
	buf_add_text(&faults->text, place.file ? place.file : "configuration");
	if (place.line > 0)
		buf_printf(&faults->text, ":%d", place.line);
	if (path && path[0] != '\0')
		buf_printf(&faults->text, ": %s", path);
	buf_printf(&faults->text, ": %s\n", text_safe(bytes_text(what), safe, sizeof safe));
}

/* ── did you mean ── */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be changed, added or taken away: Levenshtein's distance, one row at a time. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], len = strlen(b);

	if (strlen(a) > WORD_MAX || len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t corner = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t above = row[j + 1];
			row[j + 1] = least(least(above, row[j]) + 1, corner + (a[i] == b[j] ? 0 : 1));
			corner = above;
		}
	}
	return row[len];
}

/* A word that is only cut short is as near as one wrong letter. */
static size_t slip(const char *written, const char *known)
{
	size_t len = strlen(written);

	return len >= 3 && strncmp(written, known, len) == 0 ? least(distance(written, known), 1) : distance(written, known);
}

void conf_consider(const char *written, const char *known, const char **best)
{
	size_t far = slip(written, known);
	size_t allowed = strlen(known) < 4 ? 1 : strlen(known) < 8 ? 2 : 3;

	if (far <= allowed && (!*best || far < slip(written, *best)))
		*best = known;
}

/* ── order ── */

/* Where in the whole text a fault "file:line: …" belongs; 0 when it says no line. */
static int order_of(const struct conf_source *source, struct bytes fault)
{
	for (size_t i = 0; i < fault.len; i++) {
		size_t end = i + 1;
		int64_t line = 0;
		while (fault.at[i] == ':' && end < fault.len && fault.at[end] >= '0' && fault.at[end] <= '9' && line < INT32_MAX)
			line = line * 10 + (fault.at[end++] - '0');
		if (end > i + 1 && end < fault.len && fault.at[end] == ':')
			return conf_source_line_of(source, bytes_of(fault.at, i), line);
	}
	return 0;
}

struct sorted {
	struct bytes fault;
	int order;
};

void conf_faults_sort(const struct conf_source *source, struct conf_faults *faults, size_t from)
{
	struct bytes text = buf_from(&faults->text, from);
	AUTO_FREE struct sorted *sorted = mem_array(faults->count + 1, sizeof *sorted);
	AUTO_FREE char *copy = mem_text_n(text.at, text.len);
	size_t count = 0, at = 0;

	while (at < text.len && count <= faults->count) {
		const char *end = memchr(copy + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - copy) + 1 - at : text.len - at;
		struct sorted this = {bytes_of(copy + at, len), 0};
		this.order = order_of(source, this.fault);
		size_t place = count++;
		for (; place > 0 && sorted[place - 1].order > this.order; place--)
			sorted[place] = sorted[place - 1];
		sorted[place] = this;
		at += len;
	}
	faults->text.len = from;
	for (size_t i = 0; i < count; i++)
		buf_add(&faults->text, sorted[i].fault);
}
