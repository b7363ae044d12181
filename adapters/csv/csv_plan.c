#include "adapters/csv/csv_plan.h"

#include "adapters/csv/csv_words.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct planning {
	struct csv_plan *plan;
	const char *file;
	struct conf_faults *faults;
};

#define FAULT(planning, line, ...) conf_fault((planning)->faults, (struct conf_place){(planning)->file, (line)}, "csv", __VA_ARGS__)

static struct bytes trimmed(struct bytes text)
{
	while (text.len && text.at[0] == ' ')
		text = bytes_of(text.at + 1, text.len - 1);
	while (text.len && text.at[text.len - 1] == ' ')
		text.len--;
	return text;
}

/* ---- fields ---- */

static bool is_pointer(const char *text)
{
	size_t len = strlen(text);
	return text[0] == '/' && len >= 2 && len < CSV_POINTER_MAX && text[len - 1] != '/' && !strstr(text, "//");
}

static const struct csv_field *find_field(const struct csv_plan *plan, const char *pointer, bool is_subject)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->fields[i].is_subject == is_subject && !strcmp(plan->fields[i].pointer, pointer))
			return &plan->fields[i];
	return NULL;
}

static bool is_below(const char *pointer, const char *above)
{
	size_t len = strlen(above);
	return !strncmp(pointer, above, len) && pointer[len] == '/';
}

/* One of two fields cannot be both a value and a place of values. */
static bool crosses(const struct csv_plan *plan, const char *pointer)
{
	for (size_t i = 0; i < plan->count; i++)
		if (!plan->fields[i].is_subject && (is_below(plan->fields[i].pointer, pointer) || is_below(pointer, plan->fields[i].pointer)))
			return true;
	return false;
}

static bool judge_place(const struct planning *planning, int line, const char *name, struct csv_field *field)
{
	const struct csv_plan *plan = planning->plan;
	struct err why;
	if (field->is_subject) {
		field->place = (struct catalogue_place){.kinds = CATALOGUE_PLACE_TEXT};
		if (!FAILED(message_check_name(bytes_text(field->pointer + 1), "", &why)))
			return true;
		FAULT(planning, line, "%s is no identifier of a header; write one like /subject/referral_id", name);
		return false;
	}
	if (!catalogue_place(plan->catalogue, plan->type, field->pointer, &field->place)) {
		FAULT(planning, line, "%s has no field %s; `liaison catalogue show %s` lists them", plan->type->name, name, plan->type->name);
		return false;
	}
	if (field->place.kinds & (CATALOGUE_PLACE_MAP | CATALOGUE_PLACE_LIST)) {
		FAULT(planning, line, "%s is not one value; name a field within it, such as %s/%s", name, name,
		      field->place.kinds & CATALOGUE_PLACE_LIST ? "0" : "name");
		return false;
	}
	return !FAILED(catalogue_place_validator(plan->catalogue, plan->type, field->pointer, &field->validator, &why));
}

/* Adds a field that is in order so far; NULL when it is not. */
static struct csv_field *add_field(const struct planning *planning, int line, const char *name)
{
	struct csv_plan *plan = planning->plan;
	struct csv_field field = {.column = NULL};
	field.is_subject = is_below(name, "/subject");
	if (!is_pointer(name)) {
		FAULT(planning, line, "\"%s\" is no field; write a JSON pointer like /person/name/family", name);
		return NULL;
	}
	snprintf(field.pointer, sizeof(field.pointer), "%s", field.is_subject ? name + 8 : name);
	if (find_field(plan, field.pointer, field.is_subject) || (!field.is_subject && crosses(plan, field.pointer))) {
		FAULT(planning, line, "%s is given twice; keep one of the two", name);
		return NULL;
	}
	if (plan->count == CSV_PLAN_FIELDS_MAX) {
		FAULT(planning, line, "there are more than %d fields", CSV_PLAN_FIELDS_MAX);
		return NULL;
	}
	if (!judge_place(planning, line, name, &field))
		return NULL;
	plan->fields[plan->count] = field;
	return &plan->fields[plan->count++];
}

/* ---- words ---- */

static void add_word(const struct planning *planning, const struct csv_column *column, const char *text, struct csv_field *field)
{
	const char *equals = strchr(text, '=');
	struct bytes code = trimmed(bytes_of(text, equals ? (size_t)(equals - text) : 0)), words = trimmed(bytes_text(equals ? equals + 1 : ""));
	if (code.len == 0 || words.len == 0) {
		FAULT(planning, column->line, "\"%s\": write the code, an equals sign and the words for it: \"PAROLE = PAR, PAROLED\"", text);
		return;
	}
	field->words = mem_grow(field->words, field->words_count + 1, sizeof(*field->words));
	struct csv_word *word = &field->words[field->words_count++];
	*word = (struct csv_word){bytes_dup_text(code), bytes_dup_text(words)};
	if (!csv_words_fits(field, word->code))
		FAULT(planning, column->line, "%s is no code of %s in the catalogue", word->code, column->field);
}

static void add_column(const struct planning *planning, const struct csv_column *column)
{
	struct csv_field *field = add_field(planning, column->line, column->field);
	if (!field)
		return;
	field->column = column->column;
	field->time = column->time && column->time[0] ? column->time : NULL;
	if (field->time && !field->place.is_date_time)
		FAULT(planning, column->line, "%s has no time of day; take `time` out", column->field);
	for (size_t i = 0; i < column->words.count; i++)
		add_word(planning, column, column->words.at[i], field);
}

static void add_constant(const struct planning *planning, const struct csv_constant *constant)
{
	struct csv_field *field = add_field(planning, constant->line, constant->field);
	if (!field)
		return;
	field->value = constant->value;
	if (!csv_words_fits(field, constant->value))
		FAULT(planning, constant->line, "\"%s\" does not fit %s of the catalogue", constant->value, constant->field);
}

/* ---- what must be there ---- */

static bool has(void *ctx, const char *pointer)
{
	const struct csv_plan *plan = ((const struct planning *)ctx)->plan;
	for (size_t i = 0; i < plan->count; i++)
		if (!plan->fields[i].is_subject && (!strcmp(plan->fields[i].pointer, pointer) || is_below(plan->fields[i].pointer, pointer)))
			return true;
	return false;
}

static void missing(void *ctx, const char *pointer)
{
	const struct planning *planning = ctx;
	FAULT(planning, planning->plan->settings->line, "nothing gives %s, which a %s must have; add a column or a constant", pointer,
	      planning->plan->type->name);
}

static void check_subject(const struct planning *planning)
{
	const struct csv_plan *plan = planning->plan;
	struct buf names;
	buf_init(&names, 1024);
	bool is_there = plan->type->subject_count == 0;
	for (size_t i = 0; i < plan->type->subject_count && !is_there; i++) {
		AUTO_FREE char *own = mem_printf("/%s", plan->type->subject[i]), *id = mem_printf("/person/ids/%s", plan->type->subject[i]);
		is_there = find_field(plan, own, true) || find_field(plan, own, false) || find_field(plan, id, false);
		buf_printf(&names, "%s%s", i ? ", " : "", plan->type->subject[i]);
	}
	if (!is_there)
		FAULT(planning, plan->settings->line, "nothing gives the subject of a %s; add the column of at least one of %.*s, as /subject/NAME",
		      plan->type->name, (int)names.len, (const char *)names.at);
	buf_done(&names);
}

static void check_header(const struct planning *planning)
{
	const struct csv_plan *plan = planning->plan;
	const struct catalogue_type *type = plan->type;
	int line = plan->settings->line;
	for (size_t i = 0; i < type->by_count; i++) {
		bool is_there = false;
		for (size_t k = 0; k < plan->settings->by.count; k++)
			is_there = is_there || !strcmp(plan->settings->by.at[k].name, type->by[i]);
		if (!is_there)
			FAULT(planning, line, "a %s says for whom it is; add by = { %s = \"…\"; }", type->name, type->by[i]);
	}
	bool is_fine = type->purposes_count == 0;
	for (size_t i = 0; i < type->purposes_count; i++)
		is_fine = is_fine || !strcmp(plan->settings->purpose, type->purposes[i]);
	if (!is_fine)
		FAULT(planning, line, "a %s has a purpose; add purpose = \"%s\"", type->name, type->purposes[0]);
}

/* ---- whole ---- */

static void plan_all(const struct planning *planning)
{
	struct csv_plan *plan = planning->plan;
	const struct csv_settings *settings = plan->settings;
	size_t before = planning->faults->count;
	plan->type = catalogue_find(plan->catalogue, bytes_text(settings->type));
	for (size_t i = 0; plan->type && i < plan->type->parts_count; i++)
		if (!strcmp(plan->type->parts[i].name, "main"))
			plan->main = plan->type->parts[i].validator;
	if (!plan->main) {
		FAULT(planning, settings->line, "\"%s\" is no type of the catalogue; `liaison catalogue list` has them", settings->type);
		return;
	}
	for (size_t i = 0; i < settings->columns.count; i++)
		add_column(planning, &((const struct csv_column *)settings->columns.at)[i]);
	for (size_t i = 0; i < settings->constants.count; i++)
		add_constant(planning, &((const struct csv_constant *)settings->constants.at)[i]);
	check_header(planning);
	if (planning->faults->count > before)
		return; /* a field that is written wrongly is not missing, too */
	catalogue_place_missing(plan->catalogue, plan->type, has, missing, (void *)(uintptr_t)planning);
	check_subject(planning);
}

result csv_plan_new(const struct csv_settings *settings, struct catalogue *catalogue, const char *file, struct csv_plan **ret, struct conf_faults *faults)
{
	struct csv_plan *plan = mem_alloc(sizeof(*plan));
	const struct planning planning = {plan, file, faults};
	size_t before = faults->count;
	*ret = NULL;
	plan->settings = settings;
	plan->catalogue = catalogue_ref(catalogue);
	plan->delimiter = csv_settings_delimiter(settings->delimiter);
	when_zone(settings->zone, &plan->zone);
	plan_all(&planning);
	if (faults->count > before) {
		csv_plan_free(plan);
		return err_set(NULL, CODE_CONFIG, file, "the group csv has faults");
	}
	*ret = plan;
	return OK;
}

void csv_plan_free(struct csv_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++) {
		struct csv_field *field = &plan->fields[i];
		for (size_t k = 0; k < field->words_count; k++) {
			mem_free(field->words[k].code);
			mem_free(field->words[k].words);
		}
		mem_free(field->words);
		validator_free(field->validator);
	}
	catalogue_unref(plan->catalogue);
	mem_free(plan);
}
