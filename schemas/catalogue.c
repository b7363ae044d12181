#include "schemas/catalogue.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/catalogue_read.h"
#include "schemas/json.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CATALOGUE_FILE_MAX_BYTES = 1024 * 1024, CATALOGUE_TYPES_MAX = 1024 };

#define APPROVALS "approvals"
#define APPROVALS_CLASS "CJ"

/* A file of definitions; "name#/$defs/…" finds it. */
struct document {
	char *name;
	struct buf packed;
};

struct catalogue {
	atomic_size_t count;
	struct catalogue_type **types;
	size_t types_count;
	struct document *documents;
	size_t documents_count;
};

/* ---- life ---- */

struct catalogue *catalogue_new(void)
{
	struct catalogue *catalogue = mem_alloc(sizeof(*catalogue));
	atomic_init(&catalogue->count, 1);
	return catalogue;
}

struct catalogue *catalogue_ref(struct catalogue *catalogue)
{
	atomic_fetch_add_explicit(&catalogue->count, 1, memory_order_relaxed);
	return catalogue;
}

void catalogue_unref(struct catalogue *catalogue)
{
	if (!catalogue || atomic_fetch_sub_explicit(&catalogue->count, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < catalogue->types_count; i++)
		catalogue_read_free(catalogue->types[i]);
	for (size_t i = 0; i < catalogue->documents_count; i++) {
		mem_free(catalogue->documents[i].name);
		buf_done(&catalogue->documents[i].packed);
	}
	mem_free(catalogue->types);
	mem_free(catalogue->documents);
	mem_free(catalogue);
}

/* ---- building ---- */

/* "…/common.json" is the document common. */
static char *document_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *start = slash ? slash + 1 : name;
	size_t len = strlen(start);
	if (len > 5 && strcmp(start + len - 5, ".json") == 0)
		len -= 5;
	return mem_text_n(start, len);
}

static result add_document(struct catalogue *catalogue, const char *name, struct buf *packed, struct err *err)
{
	char *called = document_name(name);
	for (size_t i = 0; i < catalogue->documents_count; i++) {
		if (strcmp(catalogue->documents[i].name, called) != 0)
			continue;
		mem_free(called);
		return err_set(err, CODE_MALFORMED, "", "there are definitions of that name already");
	}
	catalogue->documents = mem_grow(catalogue->documents, catalogue->documents_count + 1, sizeof(*catalogue->documents));
	catalogue->documents[catalogue->documents_count++] = (struct document){called, *packed};
	*packed = (struct buf){0};
	return OK;
}

static result add_type(struct catalogue *catalogue, struct buf *packed, struct err *err)
{
	struct catalogue_type *type;
	TRY(catalogue_read_type(packed, &type, err));
	result r = OK;
	if (catalogue->types_count == CATALOGUE_TYPES_MAX)
		r = err_set(err, CODE_MALFORMED, "", "there are more than %d types", CATALOGUE_TYPES_MAX);
	for (size_t i = 0; i < catalogue->types_count && !FAILED(r); i++)
		if (strcmp(catalogue->types[i]->name, type->name) == 0)
			r = err_set(err, CODE_MALFORMED, "/type", "%s is there already", type->name);
	if (FAILED(r)) {
		catalogue_read_free(type);
		return r;
	}
	catalogue->types = mem_grow(catalogue->types, catalogue->types_count + 1, sizeof(struct catalogue_type *));
	catalogue->types[catalogue->types_count++] = type;
	return OK;
}

result catalogue_add(struct catalogue *catalogue, const char *name, struct bytes json, struct err *err)
{
	struct buf packed;
	struct bytes unused;
	buf_init(&packed, CATALOGUE_FILE_MAX_BYTES);
	result r = json_to_pack(json, &packed, err);
	if (!FAILED(r))
		r = buf_check(&packed, "", err);
	/* A file of definitions has no type: that is how they are told apart. */
	if (!FAILED(r) && !pack_find(buf_bytes(&packed), "type", &unused) && pack_find(buf_bytes(&packed), "$defs", &unused))
		r = add_document(catalogue, name, &packed, err);
	else if (!FAILED(r))
		r = add_type(catalogue, &packed, err);
	buf_done(&packed);
	if (FAILED(r))
		err_prefix(err, name);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct catalogue_type *const *x = a, *const *y = b;
	return strcmp((*x)->name, (*y)->name);
}

static struct bytes find_document(void *ctx, struct bytes name)
{
	const struct catalogue *catalogue = ctx;
	for (size_t i = 0; i < catalogue->documents_count; i++)
		if (bytes_is(name, catalogue->documents[i].name))
			return buf_bytes(&catalogue->documents[i].packed);
	return BYTES_NONE;
}

static result compile_part(struct catalogue *catalogue, const struct catalogue_type *type, struct catalogue_part *part,
                           struct err *err)
{
	char place[ERR_FIELD_MAX];
	struct bytes schema = BYTES_NONE;
	snprintf(place, sizeof(place), "/parts/%s/schema", part->name);
	if (!pack_pointer(buf_bytes(&type->source), place, &schema))
		return err_set(err, CODE_SCHEMA, place, "there is no schema");
	result r = validator_compile(schema, find_document, catalogue, &part->validator, err);
	/* A fault in a document of definitions names that document, and not a place below this schema. */
	if (FAILED(r) && err && (err->field[0] == '/' || err->field[0] == '\0'))
		err_prefix(err, place);
	return r;
}

static result finish_type(struct catalogue *catalogue, struct catalogue_type *type, struct err *err)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < type->answers_count; i++) {
		snprintf(place, sizeof(place), "/answers/%zu", i);
		if (!catalogue_find(catalogue, bytes_text(type->answers[i])))
			return err_set(err, CODE_MALFORMED, place, "%s is no type of the catalogue", type->answers[i]);
	}
	for (size_t i = 0; i < type->parts_count; i++)
		TRY(compile_part(catalogue, type, &type->parts[i], err));
	return OK;
}

/* Definitions that no type uses yet are judged too. */
static result finish_document(struct catalogue *catalogue, const struct document *document, struct err *err)
{
	struct validator *validator;
	TRY(validator_compile(buf_bytes(&document->packed), find_document, catalogue, &validator, err));
	validator_free(validator);
	return OK;
}

result catalogue_finish(struct catalogue *catalogue, struct err *err)
{
	if (catalogue->types_count > 1)
		qsort(catalogue->types, catalogue->types_count, sizeof(struct catalogue_type *), by_name);
	for (size_t i = 0; i < catalogue->documents_count; i++) {
		result r = finish_document(catalogue, &catalogue->documents[i], err);
		if (FAILED(r)) {
			err_prefix(err, catalogue->documents[i].name);
			return r;
		}
	}
	for (size_t i = 0; i < catalogue->types_count; i++) {
		result r = finish_type(catalogue, catalogue->types[i], err);
		if (FAILED(r)) {
			AUTO_FREE char *name = mem_printf("%s: ", catalogue->types[i]->name);
			err_prefix(err, name);
			return r;
		}
	}
	return OK;
}

static result load_file(struct catalogue *catalogue, const char *folder, const char *name, struct err *err)
{
	struct buf contents;
	AUTO_FREE char *path = mem_printf("%s/%s", folder, name);
	TRY(file_read(path, CATALOGUE_FILE_MAX_BYTES, &contents, err));
	result r = catalogue_add(catalogue, name, buf_bytes(&contents), err);
	buf_done(&contents);
	return r;
}

result catalogue_load(const char *folder, struct catalogue **ret, struct err *err)
{
	char **names;
	size_t count;
	TRY(file_list(folder, ".json", &names, &count, err));
	struct catalogue *catalogue = catalogue_new();
	result r = count > 0 ? OK : err_set(err, CODE_CONFIG, folder, "holds no *.json, so there is no catalogue");
	for (size_t i = 0; i < count && !FAILED(r); i++)
		r = load_file(catalogue, folder, names[i], err);
	if (!FAILED(r))
		r = catalogue_finish(catalogue, err);
	file_list_free(names, count);
	if (FAILED(r))
		catalogue_unref(catalogue);
	else
		*ret = catalogue;
	return r;
}

/* ---- looking up ---- */

size_t catalogue_count(const struct catalogue *catalogue)
{
	return catalogue->types_count;
}

const struct catalogue_type *catalogue_at(const struct catalogue *catalogue, size_t index)
{
	return index < catalogue->types_count ? catalogue->types[index] : NULL;
}

const struct catalogue_type *catalogue_find(const struct catalogue *catalogue, struct bytes type)
{
	for (size_t from = 0, to = catalogue->types_count; from < to;) {
		size_t middle = from + (to - from) / 2;
		int order = bytes_order(type, bytes_text(catalogue->types[middle]->name));
		if (order == 0)
			return catalogue->types[middle];
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

/* ---- judging ---- */

static const struct catalogue_part *find_part(const struct catalogue_type *type, struct bytes name)
{
	for (size_t i = 0; i < type->parts_count; i++)
		if (bytes_is(name, type->parts[i].name))
			return &type->parts[i];
	return NULL;
}

static bool is_approvals(const struct catalogue_type *type, struct bytes name)
{
	return type->persons > 0 && bytes_is(name, APPROVALS);
}

static const char *part_place(struct bytes name, char into[static ERR_FIELD_MAX])
{
	char safe[ERR_FIELD_MAX / 2];
	snprintf(into, ERR_FIELD_MAX, "/parts/%s", text_safe(name, safe, sizeof(safe)));
	return into;
}

static result check_header_part(const struct catalogue_type *type, const struct message_part *named, struct err *err)
{
	char place[ERR_FIELD_MAX];
	const struct catalogue_part *part = find_part(type, named->name);
	const char *cls = part ? part->cls : APPROVALS_CLASS;
	if (!part && !is_approvals(type, named->name))
		return err_set(err, CODE_SCHEMA, part_place(named->name, place), "is not a part of %s", type->name);
	if (!bytes_is(named->cls, cls))
		return err_set(err, CODE_SCHEMA, part_place(named->name, place), "must be of class %s", cls);
	return OK;
}

static result check_header_parts(const struct catalogue_type *type, const struct message *message, struct err *err)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < message->parts_count; i++)
		TRY(check_header_part(type, &message->parts[i], err));
	for (size_t i = 0; i < type->parts_count; i++) {
		struct bytes name = bytes_text(type->parts[i].name);
		if (type->parts[i].required && !message_part_find(message, name))
			return err_set(err, CODE_SCHEMA, part_place(name, place), "is required");
	}
	if (type->persons > 0 && !message_part_find(message, BYTES_LIT(APPROVALS)))
		return err_set(err, CODE_AUTHORITY, "/parts/" APPROVALS, "is required: %s needs the signatures of %lld persons",
		               type->name, (long long)type->persons);
	return OK;
}

static result check_subject(const struct catalogue_type *type, const struct message *message, struct err *err)
{
	char names[ERR_REASON_MAX / 2] = "";
	size_t len = 0;
	if (type->subject_count == 0)
		return OK;
	for (size_t i = 0; i < type->subject_count; i++) {
		struct bytes value;
		if (message_subject(message, type->subject[i], &value) && value.len > 0)
			return OK;
		int more = snprintf(names + len, sizeof(names) - len, "%s%s", i > 0 ? ", " : "", type->subject[i]);
		len = more > 0 && (size_t)more < sizeof(names) - len ? len + (size_t)more : sizeof(names) - 1;
	}
	return err_set(err, CODE_SCHEMA, "/subject", type->subject_count > 1 ? "must have one of %s" : "must have %s", names);
}

static result check_part(const struct catalogue_type *type, const struct part *part, struct err *err)
{
	char place[ERR_FIELD_MAX];
	const struct catalogue_part *rule = find_part(type, part->name);
	result r = pack_scan(part->bytes, err);
	if (!FAILED(r) && rule)
		r = validator_run(rule->validator, part->bytes, err);
	if (FAILED(r))
		err_prefix(err, part_place(part->name, place));
	return r;
}

static result check_came_along(const struct message *message, const struct part *parts, size_t count, bool allow_withheld,
                               struct err *err)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < count; i++)
		if (!message_part_find(message, parts[i].name))
			return err_set(err, CODE_SCHEMA, part_place(parts[i].name, place), "is not in the header");
	for (size_t i = 0; i < message->parts_count && !allow_withheld; i++)
		if (!part_find(parts, count, message->parts[i].name))
			return err_set(err, CODE_SCHEMA, part_place(message->parts[i].name, place),
			               "is in the header and did not come along");
	return OK;
}

result catalogue_check(const struct catalogue *catalogue, const struct message *message, const struct part *parts, size_t count,
                       bool allow_withheld, const struct catalogue_type **ret_type, struct err *err)
{
	char safe[2 * MESSAGE_TYPE_MAX];
	const struct catalogue_type *type = catalogue_find(catalogue, message->type);
	if (!type)
		return err_set(err, CODE_UNKNOWN_TYPE, "/type", "%s is no type of the catalogue",
		               text_safe(message->type, safe, sizeof(safe)));
	TRY(check_header_parts(type, message, err));
	TRY(check_subject(type, message, err));
	if (type->wants_by && message->by.len == 0)
		return err_set(err, CODE_SCHEMA, "/by", "is required: on whose behalf it is asked");
	TRY(check_came_along(message, parts, count, allow_withheld, err));
	for (size_t i = 0; i < count; i++)
		TRY(check_part(type, &parts[i], err));
	*ret_type = type;
	return OK;
}
