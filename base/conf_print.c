#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/conf_inside.h"
#include "base/mem.h"

const char CONF_MASK[] = "********";

struct unit {
	const char *name;
	int64_t of;
};

static const struct unit size_units[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};
static const struct unit duration_units[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};

/* The largest unit that divides it, so that nothing is rounded. */
char *conf_number_text(enum conf_kind kind, int64_t number, char into[static CONF_NUMBER_TEXT_MAX])
{
	static const struct unit plain = {"", 1};
	const struct unit *unit = kind == CONF_SIZE ? size_units : kind == CONF_DURATION ? duration_units : &plain;

	while (unit->of > 1 && (number == 0 || number % unit->of != 0))
		unit++;
	snprintf(into, CONF_NUMBER_TEXT_MAX, "%" PRId64 "%s", number / unit->of, unit->name);
	return into;
}

/* A table that forgot to say CONF_NO_LINE names offset 0, where its first field stands. */
const int *conf_line_of(const struct conf_table *table, const void *base)
{
	if (table->line_offset == CONF_NO_LINE)
		return NULL;
	for (size_t i = 0; i < table->count; i++)
		if (table->fields[i].offset == table->line_offset)
			return NULL;
	return (const int *)(const void *)((const char *)base + table->line_offset);
}

/* ── printing ── */

static void indent(struct buf *out, int depth)
{
	while (depth-- > 0)
		buf_add_byte(out, '\t');
}

/* Only the escapes that libconfig reads; UTF-8 goes as it is. */
static void print_text(struct buf *out, const char *text, bool is_secret)
{
	buf_add_byte(out, '"');
	for (text = is_secret ? CONF_MASK : text; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_add_byte(out, c);
	}
	buf_add_byte(out, '"');
}

static void print_int(struct buf *out, int64_t number)
{
	buf_printf(out, "%" PRId64 "%s", number, number > INT32_MAX || number < INT32_MIN ? "L" : "");
}

static void print_texts(struct buf *out, const struct conf_texts *texts, bool is_secret)
{
	buf_add_text(out, "[");
	for (size_t i = 0; i < texts->count; i++) {
		buf_add_text(out, i > 0 ? ", " : " ");
		print_text(out, texts->at[i], is_secret);
	}
	buf_add_text(out, texts->count > 0 ? " ]" : "]");
}

static void print_pairs(struct buf *out, const struct conf_pairs *pairs, bool is_secret, int depth)
{
	buf_add_text(out, "{\n");
	for (size_t i = 0; i < pairs->count; i++) {
		indent(out, depth + 1);
		buf_printf(out, "%s = ", pairs->at[i].name);
		print_text(out, pairs->at[i].value, is_secret);
		buf_add_text(out, ";\n");
	}
	indent(out, depth);
	buf_add_text(out, "}");
}

static void print_table(const struct conf_table *table, const void *base, struct buf *out, int depth);

static void print_group(const struct conf_table *table, const void *base, struct buf *out, int depth)
{
	buf_add_text(out, "{\n");
	print_table(table, base, out, depth + 1);
	indent(out, depth);
	buf_add_text(out, "}");
}

static void print_list(const struct conf_table *table, const struct conf_list *list, struct buf *out, int depth)
{
	buf_add_text(out, "(");
	for (size_t i = 0; i < list->count; i++) {
		buf_add_text(out, i > 0 ? ", " : "");
		print_group(table, conf_element(list, table, i), out, depth);
	}
	buf_add_text(out, ")");
}

static void print_value(const struct conf_field *field, const void *at, struct buf *out, int depth)
{
	bool is_secret = (field->flags & CONF_SECRET) != 0;
	char number[CONF_NUMBER_TEXT_MAX];

	switch (field->kind) {
	case CONF_TEXT:
	case CONF_PATH:
		print_text(out, *(char *const *)at, is_secret);
		break;
	case CONF_INT:
		print_int(out, *(const int64_t *)at);
		break;
	case CONF_SIZE:
	case CONF_DURATION:
		print_text(out, conf_number_text(field->kind, *(const int64_t *)at, number), false);
		break;
	case CONF_BOOL:
		buf_add_text(out, *(const bool *)at ? "true" : "false");
		break;
	case CONF_CHOICE:
		print_text(out, field->choices[*(const int *)at], false);
		break;
	case CONF_TEXTS:
		print_texts(out, at, is_secret);
		break;
	case CONF_PAIRS:
		print_pairs(out, at, is_secret, depth);
		break;
	case CONF_GROUP:
		print_group(field->sub, at, out, depth);
		break;
	case CONF_LIST:
		print_list(field->sub, at, out, depth);
		break;
	}
}

/* A loaded required field has a value, so one without tells that its group was left out. */
static bool is_unset(const struct conf_field *field, const void *at, bool group_is_absent)
{
	switch (field->kind) {
	case CONF_TEXT:
	case CONF_PATH:
		return *(char *const *)at == NULL;
	case CONF_TEXTS:
		return ((const struct conf_texts *)at)->count == 0;
	case CONF_PAIRS:
		return ((const struct conf_pairs *)at)->count == 0;
	case CONF_LIST:
		return ((const struct conf_list *)at)->count == 0;
	case CONF_INT:
	case CONF_SIZE:
	case CONF_DURATION:
	case CONF_BOOL:
	case CONF_CHOICE:
	case CONF_GROUP:
		return group_is_absent;
	}
	return false;
}

static bool is_left_out(const struct conf_table *table, const void *base)
{
	const int *line = conf_line_of(table, base);

	for (size_t i = 0; i < table->count; i++) {
		const struct conf_field *field = &table->fields[i];
		if ((field->flags & CONF_REQUIRED) && is_unset(field, conf_at_const(base, field), line && *line == 0))
			return true;
	}
	return false;
}

/* What has no value cannot be written: no text, and groups that were left out although something is required of them. */
static bool is_printable(const struct conf_field *field, const void *at)
{
	if (field->kind == CONF_TEXT || field->kind == CONF_PATH)
		return *(char *const *)at != NULL;
	return field->kind != CONF_GROUP || (field->flags & CONF_REQUIRED) || !is_left_out(field->sub, at);
}

static void print_help(const struct conf_field *field, struct buf *out, int depth)
{
	if (!field->help && field->kind != CONF_CHOICE)
		return;
	indent(out, depth);
	buf_printf(out, "# %s", field->help ? field->help : "one of");
	for (size_t i = 0; field->kind == CONF_CHOICE && field->choices[i]; i++)
		buf_printf(out, "%s%s", i > 0 ? " | " : ": ", field->choices[i]);
	buf_add_text(out, "\n");
}

static void print_table(const struct conf_table *table, const void *base, struct buf *out, int depth)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct conf_field *field = &table->fields[i];
		const void *at = conf_at_const(base, field);
		bool is_group = field->kind == CONF_GROUP || field->kind == CONF_PAIRS;
		print_help(field, out, depth);
		indent(out, depth);
		if (!is_printable(field, at)) {
			buf_printf(out, "# %s is not set\n", field->name);
			continue;
		}
		buf_printf(out, is_group ? "%s: " : "%s = ", field->name);
		print_value(field, at, out, depth);
		buf_add_text(out, ";\n");
	}
}

void conf_print(const struct conf_table *table, const void *loaded, struct buf *out)
{
	print_table(table, loaded, out, 0);
}

/* ── comparing ── */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_texts(const struct conf_texts *a, const struct conf_texts *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_text(a->at[i], b->at[i]))
			return false;
	return true;
}

static bool same_pairs(const struct conf_pairs *a, const struct conf_pairs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_text(a->at[i].name, b->at[i].name) || !same_text(a->at[i].value, b->at[i].value))
			return false;
	return true;
}

static bool same_table(const struct conf_table *table, const void *a, const void *b);

static bool same_list(const struct conf_table *table, const struct conf_list *a, const struct conf_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_table(table, conf_element(a, table, i), conf_element(b, table, i)))
			return false;
	return true;
}

static bool same_field(const struct conf_field *field, const void *a, const void *b)
{
	switch (field->kind) {
	case CONF_TEXT:
	case CONF_PATH:
		return same_text(*(char *const *)a, *(char *const *)b);
	case CONF_INT:
	case CONF_SIZE:
	case CONF_DURATION:
		return *(const int64_t *)a == *(const int64_t *)b;
	case CONF_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case CONF_CHOICE:
		return *(const int *)a == *(const int *)b;
	case CONF_TEXTS:
		return same_texts(a, b);
	case CONF_PAIRS:
		return same_pairs(a, b);
	case CONF_GROUP:
		return same_table(field->sub, a, b);
	case CONF_LIST:
		return same_list(field->sub, a, b);
	}
	return true;
}

static bool same_table(const struct conf_table *table, const void *a, const void *b)
{
	for (size_t i = 0; i < table->count; i++)
		if (!same_field(&table->fields[i], conf_at_const(a, &table->fields[i]), conf_at_const(b, &table->fields[i])))
			return false;
	return true;
}

static bool find_changes(const struct conf_table *table, const void *old, const void *now, const char *prefix, struct buf *out);

/* Of a list that may change, only what stands at the same place in both is compared. */
static bool find_list_changes(const struct conf_field *field, const struct conf_list *old, const struct conf_list *now,
                              const char *prefix, struct buf *out)
{
	bool found = false;

	for (size_t i = 0; i < old->count && i < now->count; i++) {
		AUTO_FREE char *inner = mem_printf("%s%s[%zu].", prefix, field->name, i);
		const void *was = conf_element(old, field->sub, i), *is = conf_element(now, field->sub, i);
		found = find_changes(field->sub, was, is, inner, out) || found;
	}
	return found;
}

static bool find_changes(const struct conf_table *table, const void *old, const void *now, const char *prefix, struct buf *out)
{
	bool found = false;

	for (size_t i = 0; i < table->count; i++) {
		const struct conf_field *field = &table->fields[i];
		const void *was = conf_at_const(old, field), *is = conf_at_const(now, field);
		if (field->flags & CONF_NO_RELOAD) {
			if (same_field(field, was, is))
				continue;
			buf_printf(out, "%s%s%s", out->len > 0 ? ", " : "", prefix, field->name);
			found = true;
		} else if (field->kind == CONF_GROUP) {
			AUTO_FREE char *inner = mem_printf("%s%s.", prefix, field->name);
			found = find_changes(field->sub, was, is, inner, out) || found;
		} else if (field->kind == CONF_LIST) {
			found = find_list_changes(field, was, is, prefix, out) || found;
		}
	}
	return found;
}

bool conf_changed(const struct conf_table *table, const void *old, const void *now, struct buf *out)
{
	return find_changes(table, old, now, "", out);
}
