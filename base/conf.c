#include "base/conf.h"

#include <libconfig.h>
#include <stdio.h>
#include <string.h>

#include "base/conf_inside.h"
#include "base/conf_source.h"
#include "base/mem.h"
#include "base/text.h"

enum { LIST_TEXT_MAX = 512 };

struct reading {
	const struct conf_source *source;
	struct conf_faults *faults;
	const char *folder; /* of the file, for relative paths */
	bool is_part;       /* the file may have more settings at its top */
};

/* Where in the configuration the reader is, for faults. */
struct spot {
	struct conf_place place;
	const char *path;
};

/* A value as it was written, from the file or from a fallback. */
enum given_kind { GIVEN_TEXT, GIVEN_NUMBER, GIVEN_TRUTH, GIVEN_OTHER };

struct given {
	enum given_kind kind;
	const char *text;
	int64_t number;
	bool truth;
};

#define FAULT(reading, spot, ...) conf_fault((reading)->faults, (spot).place, (spot).path, __VA_ARGS__)

/* ── single values ── */

static struct given given_of(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		return (struct given){.kind = GIVEN_TEXT, .text = config_setting_get_string(setting)};
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return (struct given){.kind = GIVEN_NUMBER, .number = config_setting_get_int64(setting)};
	case CONFIG_TYPE_BOOL:
		return (struct given){.kind = GIVEN_TRUTH, .truth = config_setting_get_bool(setting) != 0};
	default:
		return (struct given){.kind = GIVEN_OTHER};
	}
}

/* A fallback goes the way of a written value, so that a wrong one in a table is found by the first test that loads it. */
static struct given given_fallback(const struct conf_field *field)
{
	struct given given = {.kind = GIVEN_TEXT, .text = field->fallback};

	if (field->kind == CONF_INT && !FAILED(text_int(bytes_text(field->fallback), INT64_MIN, INT64_MAX, &given.number, NULL)))
		given.kind = GIVEN_NUMBER;
	if (field->kind == CONF_BOOL && (strcmp(field->fallback, "true") == 0 || strcmp(field->fallback, "false") == 0)) {
		given.kind = GIVEN_TRUTH;
		given.truth = strcmp(field->fallback, "true") == 0;
	}
	return given;
}

static const char *how_to_write(enum conf_kind kind)
{
	switch (kind) {
	case CONF_TEXT:
	case CONF_PATH:
		return "is not text; write it in quotes";
	case CONF_INT:
		return "is not a whole number; write it without quotes and fraction";
	case CONF_SIZE:
		return "is not a size; write it in quotes with its unit, such as \"64 MiB\"";
	case CONF_DURATION:
		return "is not a duration; write it in quotes with its unit, such as \"30 s\"";
	case CONF_BOOL:
		return "is neither true nor false; write true or false without quotes";
	case CONF_CHOICE:
		return "is not text; write one of the choices in quotes";
	case CONF_TEXTS:
		return "is not a list of texts; write it like [ \"one\", \"two\" ]";
	case CONF_PAIRS:
		return "is not a group of texts; write it like { name = \"value\"; }";
	case CONF_GROUP:
		return "is not a group; write it like { name = value; }";
	case CONF_LIST:
		return "is not a list of groups; write it like ( { name = value; }, { name = value; } )";
	}
	return "cannot be read";
}

static bool in_range(const struct reading *reading, const struct conf_field *field, int64_t number, struct spot spot)
{
	int64_t max = field->max > field->min || field->max != 0 ? field->max : INT64_MAX;
	char is[CONF_NUMBER_TEXT_MAX], from[CONF_NUMBER_TEXT_MAX], to[CONF_NUMBER_TEXT_MAX];

	if (number >= field->min && number <= max)
		return true;
	conf_number_text(field->kind, number, is);
	conf_number_text(field->kind, field->min, from);
	conf_number_text(field->kind, max, to);
	if (max == INT64_MAX)
		FAULT(reading, spot, "is %s; write %s or more", is, from);
	else
		FAULT(reading, spot, "is %s; write a value from %s to %s", is, from, to);
	return false;
}

static bool read_number(struct reading *reading, const struct conf_field *field, struct given given, struct spot spot,
                        int64_t *into)
{
	struct bytes text = bytes_text(given.text);
	struct err err;
	int64_t number = given.number;
	bool is_written = field->kind == CONF_INT ? given.kind == GIVEN_NUMBER : given.kind == GIVEN_TEXT;

	if (!is_written) {
		FAULT(reading, spot, "%s", how_to_write(field->kind));
		return false;
	}
	if ((field->kind == CONF_SIZE && FAILED(text_size(text, &number, &err))) ||
	    (field->kind == CONF_DURATION && FAILED(text_duration(text, &number, &err)))) {
		FAULT(reading, spot, "\"%s\" %s (%s)", given.text, how_to_write(field->kind), err.reason);
		return false;
	}
	if (!in_range(reading, field, number, spot))
		return false;
	*into = number;
	return true;
}

static bool read_choice(struct reading *reading, const struct conf_field *field, struct given given, struct spot spot, int *into)
{
	char list[LIST_TEXT_MAX] = "";
	const char *close = NULL;

	for (int i = 0; field->choices[i]; i++) {
		if (strcmp(field->choices[i], given.text) == 0) {
			*into = i;
			return true;
		}
		conf_consider(given.text, field->choices[i], &close);
		size_t len = strlen(list);
		snprintf(list + len, sizeof list - len, "%s\"%s\"", i > 0 ? ", " : "", field->choices[i]);
	}
	if (close)
		FAULT(reading, spot, "\"%s\" is not a choice, did you mean \"%s\"? Write one of %s", given.text, close, list);
	else
		FAULT(reading, spot, "\"%s\" is not a choice; write one of %s", given.text, list);
	return false;
}

static char *whole_path(const struct reading *reading, const char *path)
{
	bool ends = reading->folder[strlen(reading->folder) - 1] == '/';

	return path[0] == '/' ? mem_text(path) : mem_printf(ends ? "%s%s" : "%s/%s", reading->folder, path);
}

static bool is_kept_elsewhere(const struct conf_field *field, const char *value)
{
	return (field->flags & CONF_OR_URI) != 0 && (bytes_starts(bytes_text(value), "pkcs11:") || bytes_starts(bytes_text(value), "credential:"));
}

static bool read_text(struct reading *reading, const struct conf_field *field, struct given given, struct spot spot, char **into)
{
	if (given.text[0] == '\0' && (field->kind == CONF_PATH || (field->flags & CONF_REQUIRED))) {
		FAULT(reading, spot, "is empty; write %s", field->help ? field->help : "a value");
		return false;
	}
	bool is_path = field->kind == CONF_PATH && !is_kept_elsewhere(field, given.text);
	*into = is_path ? whole_path(reading, given.text) : mem_text(given.text);
	return true;
}

/* One value of a kind that is neither a list nor a group. */
static bool read_scalar(struct reading *reading, const struct conf_field *field, struct given given, struct spot spot, void *into)
{
	switch (field->kind) {
	case CONF_TEXT:
	case CONF_PATH:
		if (given.kind == GIVEN_TEXT)
			return read_text(reading, field, given, spot, into);
		break;
	case CONF_CHOICE:
		if (given.kind == GIVEN_TEXT)
			return read_choice(reading, field, given, spot, into);
		break;
	case CONF_BOOL:
		if (given.kind == GIVEN_TRUTH)
			*(bool *)into = given.truth;
		if (given.kind == GIVEN_TRUTH)
			return true;
		break;
	case CONF_INT:
	case CONF_SIZE:
	case CONF_DURATION:
		return read_number(reading, field, given, spot, into);
	case CONF_TEXTS:
	case CONF_PAIRS:
	case CONF_GROUP:
	case CONF_LIST:
		break;
	}
	FAULT(reading, spot, "%s", how_to_write(field->kind));
	return false;
}

/* ── lists and groups ── */

static struct spot spot_at(const struct reading *reading, const config_setting_t *setting, const char *path)
{
	return (struct spot){conf_source_place(reading->source, (int)config_setting_source_line(setting)), path};
}

static bool is_list(const config_setting_t *setting)
{
	return config_setting_is_array(setting) || config_setting_is_list(setting);
}

static unsigned length_of(const config_setting_t *setting)
{
	return (unsigned)config_setting_length(setting);
}

static void add_text(struct conf_texts *texts, char *owned)
{
	texts->at = mem_grow(texts->at, texts->count + 1, sizeof *texts->at);
	texts->at[texts->count++] = owned;
}

static bool read_texts(struct reading *reading, const struct conf_field *field, const config_setting_t *setting, struct spot spot,
                       struct conf_texts *into)
{
	bool fine = true;

	if (!is_list(setting)) {
		FAULT(reading, spot, "%s", how_to_write(field->kind));
		return false;
	}
	for (unsigned i = 0; i < length_of(setting); i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);
		AUTO_FREE char *path = mem_printf("%s[%u]", spot.path, i);
		if (config_setting_type(element) == CONFIG_TYPE_STRING) {
			const char *text = config_setting_get_string(element);
			add_text(into, field->flags & CONF_IS_PATH ? whole_path(reading, text) : mem_text(text));
			continue;
		}
		FAULT(reading, spot_at(reading, element, path), "%s", how_to_write(CONF_TEXT));
		fine = false;
	}
	return fine;
}

/* "one, two" of a table. */
static void read_texts_fallback(const char *fallback, struct conf_texts *into)
{
	while (*fallback) {
		fallback += strspn(fallback, ", ");
		size_t len = strcspn(fallback, ",");
		if (len > 0)
			add_text(into, mem_text_n(fallback, len));
		fallback += len;
	}
}

static bool read_pairs(struct reading *reading, const struct conf_field *field, const config_setting_t *setting, struct spot spot,
                       struct conf_pairs *into)
{
	bool fine = true;

	if (!config_setting_is_group(setting)) {
		FAULT(reading, spot, "%s", how_to_write(field->kind));
		return false;
	}
	into->at = mem_array(length_of(setting) + 1, sizeof *into->at);
	for (unsigned i = 0; i < length_of(setting); i++) {
		const config_setting_t *pair = config_setting_get_elem(setting, i);
		const char *name = config_setting_name(pair);
		AUTO_FREE char *path = mem_printf("%s.%s", spot.path, name);
		struct spot here = spot_at(reading, pair, path);
		if (config_setting_type(pair) != CONFIG_TYPE_STRING) {
			FAULT(reading, here, "%s", how_to_write(CONF_TEXT));
			fine = false;
			continue;
		}
		into->at[into->count++] =
			(struct conf_pair){mem_text(name), mem_text(config_setting_get_string(pair)), here.place.line};
	}
	return fine;
}

static bool read_table(struct reading *reading, const struct conf_table *table, const config_setting_t *group, struct spot spot,
                       void *base);

static bool read_group(struct reading *reading, const struct conf_field *field, const config_setting_t *setting, struct spot spot,
                       void *into)
{
	if (config_setting_is_group(setting))
		return read_table(reading, field->sub, setting, spot, into);
	FAULT(reading, spot, "%s", how_to_write(CONF_GROUP));
	return false;
}

static bool read_list(struct reading *reading, const struct conf_field *field, const config_setting_t *setting, struct spot spot,
                      struct conf_list *into)
{
	bool fine = true;

	if (!is_list(setting)) {
		FAULT(reading, spot, "%s", how_to_write(field->kind));
		return false;
	}
	into->count = length_of(setting);
	into->at = into->count ? mem_array(into->count, field->sub->size) : NULL;
	for (unsigned i = 0; i < into->count; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);
		AUTO_FREE char *path = mem_printf("%s[%u]", spot.path, i);
		void *base = (char *)into->at + i * field->sub->size;
		fine = read_group(reading, field, element, spot_at(reading, element, path), base) && fine;
	}
	return fine;
}

static bool is_empty_list(const struct conf_field *field, const void *into)
{
	if (field->kind == CONF_TEXTS)
		return ((const struct conf_texts *)into)->count == 0;
	if (field->kind == CONF_PAIRS)
		return ((const struct conf_pairs *)into)->count == 0;
	return field->kind == CONF_LIST && ((const struct conf_list *)into)->count == 0;
}

static bool read_written(struct reading *reading, const struct conf_field *field, const config_setting_t *setting,
                         struct spot spot, void *into)
{
	switch (field->kind) {
	case CONF_TEXTS:
		return read_texts(reading, field, setting, spot, into);
	case CONF_PAIRS:
		return read_pairs(reading, field, setting, spot, into);
	case CONF_GROUP:
		return read_group(reading, field, setting, spot, into);
	case CONF_LIST:
		return read_list(reading, field, setting, spot, into);
	case CONF_INT:
		if (conf_source_has_bad_number(reading->source, (int)config_setting_source_line(setting)))
			return false;
		break;
	case CONF_TEXT:
	case CONF_PATH:
	case CONF_SIZE:
	case CONF_DURATION:
	case CONF_BOOL:
	case CONF_CHOICE:
		break;
	}
	return read_scalar(reading, field, given_of(setting), spot, into);
}

static void read_member(struct reading *reading, const struct conf_field *field, const config_setting_t *setting,
                        struct spot spot, void *base)
{
	void *into = conf_at(base, field);
	bool fine = read_written(reading, field, setting, spot, into);

	if (fine && (field->flags & CONF_REQUIRED) && is_empty_list(field, into)) {
		FAULT(reading, spot, "is empty; write at least one: %s", field->help ? field->help : "a value");
		fine = false;
	}
	if (fine && field->check)
		field->check(into, spot.place, spot.path, reading->faults);
}

/* `is_there`: the group of the field was written. What is required in an optional group is not when that is left out. */
static void read_absent(struct reading *reading, const struct conf_field *field, bool is_there, struct spot spot, void *base)
{
	void *into = conf_at(base, field);
	bool fine = true;

	if (field->flags & CONF_REQUIRED) {
		if (is_there)
			FAULT(reading, spot, "is missing; add it: %s", field->help ? field->help : "it is required");
		return;
	}
	if (field->kind == CONF_GROUP) {
		read_table(reading, field->sub, NULL, spot, into);
		return;
	}
	if (!field->fallback)
		return;
	if (field->kind == CONF_TEXTS)
		read_texts_fallback(field->fallback, into);
	else
		fine = read_scalar(reading, field, given_fallback(field), spot, into);
	if (fine && field->check)
		field->check(into, spot.place, spot.path, reading->faults);
}

static void refuse_unknown(struct reading *reading, const struct conf_table *table, const char *name, struct spot spot)
{
	const char *close = NULL;

	for (size_t i = 0; i < table->count; i++)
		conf_consider(name, table->fields[i].name, &close);
	if (close)
		FAULT(reading, spot, "is not a setting, did you mean %s? Correct it or take it out", close);
	else
		FAULT(reading, spot, "is not a setting; take it out");
}

static const struct conf_field *find_field(const struct conf_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->fields[i].name, name) == 0)
			return &table->fields[i];
	return NULL;
}

static char *join_path(const char *path, const char *name)
{
	return mem_printf("%s%s%s", path, path[0] ? "." : "", name);
}

/* group NULL: it was left out, and its fields take their fallbacks. True when nothing was wrong. */
static bool read_table(struct reading *reading, const struct conf_table *table, const config_setting_t *group, struct spot spot,
                       void *base)
{
	size_t faults_before = reading->faults->count;
	const int *line = conf_line_of(table, base);

	if (line)
		*(int *)((char *)base + table->line_offset) = group ? spot.place.line : 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct conf_field *field = &table->fields[i];
		AUTO_FREE char *path = join_path(spot.path, field->name);
		if (!group || !config_setting_get_member(group, field->name))
			read_absent(reading, field, group != NULL, (struct spot){spot.place, path}, base);
	}
	for (unsigned i = 0; group && i < length_of(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group, i);
		const struct conf_field *field = find_field(table, config_setting_name(member));
		AUTO_FREE char *path = join_path(spot.path, config_setting_name(member));
		if (field)
			read_member(reading, field, member, spot_at(reading, member, path), base);
		else if (!reading->is_part || spot.path[0])
			refuse_unknown(reading, table, config_setting_name(member), spot_at(reading, member, path));
	}
	if (group && table->check && reading->faults->count == faults_before)
		table->check(base, spot.place, spot.path, reading->faults);
	return reading->faults->count == faults_before;
}

/* ── loading ── */

static void report_syntax(struct reading *reading, const config_t *config)
{
	const char *what = config_error_text(config);
	struct conf_place place = conf_source_place(reading->source, config_error_line(config));

	if (what && strstr(what, "duplicate"))
		conf_fault(reading->faults, place, "", "a name that this group has already; keep one of the two");
	else
		conf_fault(reading->faults, place, "", "%s; look for a missing quote, bracket or ';' here or in the line before",
		           what ? what : "cannot be read");
}

static void read_source(struct reading *reading, const struct conf_table *table, void *into)
{
	config_t config;

	config_init(&config);
	if (config_read_string(&config, (const char *)reading->source->text.at) == CONFIG_TRUE) {
		struct spot top = {conf_source_place(reading->source, 1), ""};
		read_table(reading, table, config_root_setting(&config), top, into);
	} else {
		report_syntax(reading, &config);
	}
	config_destroy(&config);
}

static result load(const struct conf_table *table, const char *file, bool is_part, void *into, struct conf_faults *faults)
{
	AUTO_FREE char *folder = conf_source_folder(file);
	size_t count_before = faults->count, len_before = faults->text.len;
	struct conf_source source;
	struct reading reading = {&source, faults, folder, is_part};
	enum code code = CODE_CONFIG;

	memset(into, 0, table->size);
	if (conf_source_read(&source, file, faults, &code))
		read_source(&reading, table, into);
	conf_faults_sort(&source, faults, len_before);
	conf_source_done(&source);
	if (faults->count == count_before)
		return OK;
	conf_free(table, into);
	return err_set(NULL, code == CODE_IO ? CODE_IO : CODE_CONFIG, file, "the configuration has faults");
}

RESULT conf_load(const struct conf_table *table, const char *file, void *into, struct conf_faults *faults)
{
	return load(table, file, false, into, faults);
}

RESULT conf_load_part(const struct conf_table *table, const char *file, void *into, struct conf_faults *faults)
{
	return load(table, file, true, into, faults);
}

/* ── freeing ── */

static void free_text(const struct conf_field *field, char *text)
{
	if (text && (field->flags & CONF_SECRET))
		mem_wipe(text, strlen(text));
	mem_free(text);
}

static void free_pairs(const struct conf_field *field, const struct conf_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		mem_free(pairs->at[i].name);
		free_text(field, pairs->at[i].value);
	}
	mem_free(pairs->at);
}

static void free_field(const struct conf_field *field, void *at)
{
	struct conf_texts *texts = at;
	struct conf_list *list = at;

	switch (field->kind) {
	case CONF_TEXT:
	case CONF_PATH:
		free_text(field, *(char **)at);
		break;
	case CONF_TEXTS:
		for (size_t i = 0; i < texts->count; i++)
			free_text(field, texts->at[i]);
		mem_free(texts->at);
		break;
	case CONF_PAIRS:
		free_pairs(field, at);
		break;
	case CONF_GROUP:
		conf_free(field->sub, at);
		break;
	case CONF_LIST:
		for (size_t i = 0; i < list->count; i++)
			conf_free(field->sub, (char *)list->at + i * field->sub->size);
		mem_free(list->at);
		break;
	case CONF_INT:
	case CONF_SIZE:
	case CONF_DURATION:
	case CONF_BOOL:
	case CONF_CHOICE:
		break;
	}
}

void conf_free(const struct conf_table *table, void *loaded)
{
	for (size_t i = 0; i < table->count; i++)
		free_field(&table->fields[i], conf_at(loaded, &table->fields[i]));
	memset(loaded, 0, table->size);
}
