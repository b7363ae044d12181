#include "adapters/niem/niem_inside.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { TURNS_MAX = 400, REASON_WORD_MAX = 64 };

static bool is_at_or_below(const char *pointer, const char *above)
{
	size_t len = strlen(above);
	return !strncmp(pointer, above, len) && (pointer[len] == 0 || pointer[len] == '/');
}

/* What is wrong below a field of the message: of several the last, unless it only says less exactly what is known. */
static void lose(struct niem_reading *reading, const char *pointer, int line, const char *path, const char *reason)
{
	char token[ERR_FIELD_MAX];
	struct niem_lost *lost = reading->lost;
	snprintf(token, sizeof(token), "/%.*s", (int)strcspn(pointer + 1, "/"), pointer + 1);
	while (lost < reading->lost + reading->lost_count && strcmp(lost->token, token) != 0)
		lost++;
	bool is_new = lost == reading->lost + reading->lost_count;
	if (is_new ? reading->lost_count == NIEM_LOST_MAX : lost->is_said || is_at_or_below(lost->pointer, pointer))
		return;
	reading->lost_count += is_new;
	memset(lost, 0, sizeof(*lost));
	snprintf(lost->token, sizeof(lost->token), "%s", token);
	snprintf(lost->pointer, sizeof(lost->pointer), "%s", pointer);
	snprintf(lost->path, sizeof(lost->path), "%s", path);
	snprintf(lost->reason, sizeof(lost->reason), "%s", reason);
	lost->line = line;
}

static const xmlNode *first_source(const struct niem_draft *draft)
{
	const xmlNode *found = draft->sources_count ? draft->sources[0] : NULL;
	for (const struct niem_draft *at = draft->first; at && !found; at = at->next)
		found = first_source(at);
	return found;
}

void niem_judge_fault(struct niem_reading *reading, const struct niem_draft *draft, const char *reason)
{
	const xmlNode *element = first_source(draft);
	char path[ERR_FIELD_MAX] = "", safe[REASON_WORD_MAX];
	reading->faults++;
	if (element)
		niem_tree_path(element, path);
	kind_reading_fault(reading->into, element ? niem_tree_line(element) : 0, CODE_SCHEMA, path, "%s %s",
	                   text_safe(bytes_text(draft->text ? draft->text : ""), safe, sizeof(safe)), reason);
}

static void give_back(const struct niem_draft *draft)
{
	for (size_t i = 0; i < draft->sources_count; i++)
		niem_tree_give_back(draft->sources[i]);
	for (const struct niem_draft *at = draft->first; at; at = at->next)
		give_back(at);
}

/* A number in no form that identifies is kept as one that is only shown. */
static void keep_as_other(struct niem_draft *draft)
{
	struct niem_draft *person = draft->above ? draft->above->above : NULL;
	xmlNode *element = draft->sources_count ? draft->sources[0] : NULL;
	if (!person || !element || !draft->row || (draft->row->how != NIEM_ID && draft->row->how != NIEM_ID_DIGITS))
		return;
	struct niem_draft *other = niem_draft_make(person, "/other_ids/-", NIEM_DRAFT_MAP);
	struct niem_draft *kind = niem_draft_make(other, "/kind", NIEM_DRAFT_TEXT),
	                  *id = niem_draft_make(other, "/id", NIEM_DRAFT_TEXT);
	kind->text = mem_text(draft->row->more);
	id->text = niem_tree_text(element);
	for (size_t i = 0; i < draft->sources_count; i++) {
		id->sources[id->sources_count++] = draft->sources[i];
		niem_tree_take(draft->sources[i]);
	}
}

/* What does not fit in its field may have another one. */
static void keep_elsewhere(struct niem_draft *root, struct niem_draft *draft)
{
	bool has_other = draft->row && draft->row->more && (draft->row->how == NIEM_TEXT || draft->row->how == NIEM_UPPER);
	xmlNode *element = draft->sources_count ? draft->sources[0] : NULL;
	if (!has_other || !element)
		return;
	const char *pointer = draft->row->more;
	struct niem_draft *above = pointer[0] == '^' ? root : draft->above,
	                  *field = niem_draft_find(above, pointer + (pointer[0] == '^'));
	bool is_copy = field && !field->sources_count && field->text && !strcmp(field->text, draft->text);
	if (field && !is_copy)
		return;
	field = field ? field : niem_draft_make(above, pointer + (pointer[0] == '^'), NIEM_DRAFT_TEXT);
	mem_free(field->text);
	field->text = niem_tree_text(element);
	field->sources[field->sources_count++] = element;
	niem_tree_take(element);
}

static void take_out(struct niem_reading *reading, struct niem_draft *draft)
{
	give_back(draft);
	if (!draft->first) {
		keep_as_other(draft);
		keep_elsewhere(reading->draft, draft);
	}
	niem_draft_drop(draft, NULL);
}

/* A field that does not fit. */
static void refuse(struct niem_reading *reading, struct niem_draft *draft, const struct err *err)
{
	char path[ERR_FIELD_MAX] = "", safe[REASON_WORD_MAX];
	const xmlNode *element = first_source(draft);
	if (draft->kind == NIEM_DRAFT_LIST && draft->last) {
		take_out(reading, draft->last);
		return;
	}
	AUTO_FREE char *reason =
	    mem_printf("%s %s", text_safe(bytes_text(draft->text ? draft->text : ""), safe, sizeof(safe)), err->reason);
	if (element)
		niem_tree_path(element, path);
	lose(reading, err->field, element ? niem_tree_line(element) : 0, path, reason);
	if (draft->row && (draft->row->flags & NIEM_HARD)) {
		niem_judge_fault(reading, draft, err->reason);
		for (size_t i = 0; i < reading->lost_count; i++)
			reading->lost[i].is_said = reading->lost[i].is_said || !strcmp(reading->lost[i].path, path);
	}
	take_out(reading, draft);
}

/* One that asks for the other. */
static struct niem_draft *partner_of(struct niem_draft *above, const char *missing)
{
	static const char *const partners[][2] = {{"ols", "oln"},          {"oln", "ols"},          {"plate_state", "plate"},
	                                          {"plate_year", "plate"}, {"plate_type", "plate"}, {"plate", "plate_state"},
	                                          {"plate", "plate_year"}, {"plate", "plate_type"}};
	for (size_t i = 0; i < sizeof(partners) / sizeof(*partners); i++) {
		AUTO_FREE char *pointer = mem_printf("/%s", partners[i][1]);
		struct niem_draft *partner = strcmp(partners[i][0], missing) == 0 ? niem_draft_find(above, pointer) : NULL;
		if (partner)
			return partner;
	}
	return NULL;
}

static bool fall_back(struct niem_reading *reading)
{
	const char *set = reading->kind->fallback;
	if (!set || reading->fell_back)
		return false;
	AUTO_FREE char *pointer = mem_text_n(set, strcspn(set, "="));
	struct niem_draft *field = niem_draft_make(reading->draft, pointer, NIEM_DRAFT_TEXT);
	reading->fell_back = true;
	if (field)
		field->text = mem_text(strchr(set, '=') + 1);
	return true;
}

/* Where the document would say it. */
static void place_of(const struct niem_reading *reading, const char *pointer, char path[static ERR_FIELD_MAX])
{
	char base[ERR_FIELD_MAX] = "", below[ERR_FIELD_MAX] = "";
	if (!niem_row_path(reading->kind->rows, pointer, below, sizeof(below)))
		snprintf(below, sizeof(below), "%s", pointer);
	else if (reading->base->parent && reading->base->parent->type == XML_ELEMENT_NODE)
		niem_tree_path(reading->base, base);
	snprintf(path, ERR_FIELD_MAX, "%.20s%s%.100s", base, base[0] ? "/" : "", below);
}

static void miss(struct niem_reading *reading, const char *pointer)
{
	char path[ERR_FIELD_MAX] = "";
	reading->faults++;
	for (size_t i = 0; i < reading->lost_count; i++)
		if (!strcmp(reading->lost[i].token, pointer)) {
			if (reading->lost[i].is_said)
				return;
			kind_reading_fault(reading->into, reading->lost[i].line, CODE_SCHEMA, reading->lost[i].path, "%s",
			                   reading->lost[i].reason);
			return;
		}
	place_of(reading, pointer, path);
	kind_reading_fault(reading->into, niem_tree_line(reading->base), CODE_SCHEMA, path, "is missing");
}

/* All fields that the message must have and that are not there, once one is not. */
static void miss_all(struct niem_reading *reading, const struct catalogue_type *type, const char *first)
{
	struct bytes required = BYTES_NONE, name;
	struct err ignored;
	bool named_first = false;
	if (pack_pointer(buf_bytes(&type->source), "/parts/main/schema/required", &required)) {
		struct pack_in in = pack_in(required, &ignored);
		for (size_t count = pack_array(&in, ""); count && !in.failed; count--) {
			char pointer[ERR_FIELD_MAX];
			if (!pack_as_text(pack_value(&in, ""), &name))
				continue;
			snprintf(pointer, sizeof(pointer), "/%.*s", (int)name.len, (const char *)name.at);
			if (niem_draft_find(reading->draft, pointer))
				continue;
			named_first = named_first || !strcmp(pointer, first);
			miss(reading, pointer);
		}
	}
	if (!named_first)
		miss(reading, first);
}

/* A list that must be there though it is empty. */
static bool make_empty(struct niem_reading *reading, const char *pointer)
{
	const struct niem_rows *rows = reading->kind->rows;
	for (size_t i = 0; i < rows->count; i++)
		if (rows->at[i].how == NIEM_DEFAULT && rows->at[i].more && !strcmp(rows->at[i].more, "[]") &&
		    !strcmp(rows->at[i].pointer, pointer))
			return niem_draft_make(reading->draft, pointer, NIEM_DRAFT_LIST) != NULL;
	return false;
}

/* False when nothing more can be made good. */
static bool mend_missing(struct niem_reading *reading, const struct catalogue_type *type, const struct err *err)
{
	const char *last = strrchr(err->field, '/');
	if (make_empty(reading, err->field))
		return true;
	if (fall_back(reading))
		return true;
	if (!last || last == err->field) {
		miss_all(reading, type, err->field);
		return false;
	}
	AUTO_FREE char *above_pointer = mem_text_n(err->field, (size_t)(last - err->field));
	struct niem_draft *above = niem_draft_find(reading->draft, above_pointer);
	if (!above || above == reading->draft) {
		miss_all(reading, type, err->field);
		return false;
	}
	struct niem_draft *partner = partner_of(above, last + 1);
	const xmlNode *element = first_source(above);
	char path[ERR_FIELD_MAX] = "";
	place_of(reading, err->field, path);
	lose(reading, err->field, element ? niem_tree_line(element) : 0, path, "is missing");
	take_out(reading, partner ? partner : above);
	return true;
}

static bool mend(struct niem_reading *reading, const struct catalogue_type *type, const struct err *err)
{
	struct niem_draft *draft = niem_draft_find(reading->draft, err->field);
	if (draft && draft != reading->draft) {
		refuse(reading, draft, err);
		return true;
	}
	if (!draft)
		return mend_missing(reading, type, err);
	if (fall_back(reading))
		return true;
	char path[ERR_FIELD_MAX] = "";
	if (!niem_draft_find(reading->draft, "/person"))
		place_of(reading, "/person", path);
	reading->faults++;
	kind_reading_fault(reading->into, niem_tree_line(reading->base), CODE_SCHEMA, path, "%s", err->reason);
	return false;
}

static result judge_once(const struct niem_draft *draft, const struct validator *validator, struct err *err)
{
	struct buf body;
	buf_init(&body, NIEM_BODY_MAX);
	niem_draft_pack(draft, &body);
	result r = buf_check(&body, "", err);
	if (!FAILED(r))
		r = validator_run(validator, buf_bytes(&body), err);
	buf_done(&body);
	return r;
}

void niem_judge(struct niem_reading *reading)
{
	const struct catalogue *catalogue = reading->host->catalogue;
	const struct catalogue_type *type = catalogue ? catalogue_find(catalogue, bytes_text(reading->kind->type)) : NULL;
	const struct validator *validator = NULL;
	struct err err = {.reason = ""};
	for (size_t i = 0; type && i < type->parts_count; i++)
		if (!strcmp(type->parts[i].name, "main"))
			validator = type->parts[i].validator;
	if (!validator)
		return;
	for (size_t turns = 0; FAILED(judge_once(reading->draft, validator, &err)); turns++) {
		if (turns == TURNS_MAX) {
			reading->faults++;
			kind_reading_fault(reading->into, 0, err.code, err.field, "%s", err.reason);
			return;
		}
		if (!mend(reading, type, &err))
			return;
	}
}
