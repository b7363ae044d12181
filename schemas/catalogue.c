#include "schemas/catalogue.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/catalogue_lifecycle.h"
#include "schemas/catalogue_links.h"
#include "schemas/catalogue_read.h"
#include "schemas/json.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CATALOGUE_FILE_MAX_BYTES = 1024 * 1024, CATALOGUE_TYPES_MAX = 1024, CATALOGUE_LIFECYCLES_MAX = 64 };

/* A file of definitions; "name#/$defs/…" finds it. */
struct document {
	char *name, *file;
	struct buf packed;
};

struct catalogue {
	atomic_size_t count;
	struct catalogue_type **types;
	size_t types_count;
	struct catalogue_lifecycle **lifecycles;
	size_t lifecycles_count;
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
	for (size_t i = 0; i < catalogue->lifecycles_count; i++)
		catalogue_lifecycle_free(catalogue->lifecycles[i]);
	for (size_t i = 0; i < catalogue->documents_count; i++) {
		mem_free(catalogue->documents[i].name);
		mem_free(catalogue->documents[i].file);
		buf_done(&catalogue->documents[i].packed);
	}
	mem_free(catalogue->types);
	mem_free(catalogue->lifecycles);
	mem_free(catalogue->documents);
	mem_free(catalogue);
}

/* ---- building ---- */

/* "…/common.json" is the file common.json, and the document common. */
static const char *file_of(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

static char *document_name(const char *name)
{
	const char *start = file_of(name);
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
	catalogue->documents[catalogue->documents_count++] = (struct document){called, mem_text(file_of(name)), *packed};
	*packed = (struct buf){0};
	return OK;
}

static result add_type(struct catalogue *catalogue, const char *name, struct buf *packed, struct err *err)
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
	type->file = mem_text(file_of(name));
	catalogue->types = mem_grow(catalogue->types, catalogue->types_count + 1, sizeof(struct catalogue_type *));
	catalogue->types[catalogue->types_count++] = type;
	return OK;
}

static result add_lifecycle(struct catalogue *catalogue, const char *name, struct buf *packed, struct err *err)
{
	struct catalogue_lifecycle *lifecycle;
	TRY(catalogue_lifecycle_read(packed, &lifecycle, err));
	result r = OK;
	if (catalogue->lifecycles_count == CATALOGUE_LIFECYCLES_MAX)
		r = err_set(err, CODE_MALFORMED, "", "there are more than %d lifecycles", CATALOGUE_LIFECYCLES_MAX);
	else if (catalogue_lifecycle(catalogue, lifecycle->name))
		r = err_set(err, CODE_MALFORMED, "/lifecycle", "%s is there already", lifecycle->name);
	if (FAILED(r)) {
		catalogue_lifecycle_free(lifecycle);
		return r;
	}
	lifecycle->file = mem_text(file_of(name));
	catalogue->lifecycles =
		mem_grow(catalogue->lifecycles, catalogue->lifecycles_count + 1, sizeof(struct catalogue_lifecycle *));
	catalogue->lifecycles[catalogue->lifecycles_count++] = lifecycle;
	return OK;
}

static result name_file(const char *file, result r, struct err *err)
{
	AUTO_FREE char *prefix = mem_printf("%s: ", file_of(file));
	err_prefix(err, prefix);
	return r;
}

result catalogue_add(struct catalogue *catalogue, const char *name, struct bytes json, struct err *err)
{
	struct buf packed;
	struct bytes unused;
	buf_init(&packed, CATALOGUE_FILE_MAX_BYTES);
	result r = json_to_pack(json, &packed, err);
	if (!FAILED(r))
		r = buf_check(&packed, "", err);
	/* Types may speak of lifecycles, and a lifecycle or a document has no type: that is how they are told apart. */
	bool is_type = !FAILED(r) && pack_find(buf_bytes(&packed), "type", &unused);
	if (!FAILED(r) && !is_type && pack_find(buf_bytes(&packed), "lifecycle", &unused))
		r = add_lifecycle(catalogue, name, &packed, err);
	else if (!FAILED(r) && !is_type && pack_find(buf_bytes(&packed), "$defs", &unused))
		r = add_document(catalogue, name, &packed, err);
	else if (!FAILED(r))
		r = add_type(catalogue, name, &packed, err);
	buf_done(&packed);
	return FAILED(r) ? name_file(name, r, err) : OK;
}

/* ---- finishing ---- */

static int by_name(const void *a, const void *b)
{
	const struct catalogue_type *const *x = a, *const *y = b;
	return strcmp((*x)->name, (*y)->name);
}

static int by_lifecycle_name(const void *a, const void *b)
{
	const struct catalogue_lifecycle *const *x = a, *const *y = b;
	return strcmp((*x)->name, (*y)->name);
}

struct bytes catalogue_document(const struct catalogue *catalogue, struct bytes name)
{
	for (size_t i = 0; i < catalogue->documents_count; i++)
		if (bytes_is(name, catalogue->documents[i].name))
			return buf_bytes(&catalogue->documents[i].packed);
	return BYTES_NONE;
}

static struct bytes find_document(void *ctx, struct bytes name)
{
	return catalogue_document(ctx, name);
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
	struct catalogue_links links = {catalogue, find_document, catalogue};
	for (size_t i = 0; i < type->parts_count; i++)
		TRY(compile_part(catalogue, type, &type->parts[i], err));
	return catalogue_links_type(&links, type, err);
}

/* Definitions that no type uses yet are judged too. */
static result finish_document(struct catalogue *catalogue, const struct document *document, struct err *err)
{
	struct validator *validator;
	TRY(validator_compile(buf_bytes(&document->packed), find_document, catalogue, &validator, err));
	validator_free(validator);
	return OK;
}

static result finish_one(struct catalogue *catalogue, size_t index, struct err *err)
{
	struct catalogue_links links = {catalogue, find_document, catalogue};
	if (index < catalogue->documents_count) {
		const struct document *document = &catalogue->documents[index];
		result r = finish_document(catalogue, document, err);
		return FAILED(r) ? name_file(document->file, r, err) : OK;
	}
	index -= catalogue->documents_count;
	if (index < catalogue->types_count) {
		struct catalogue_type *type = catalogue->types[index];
		result r = finish_type(catalogue, type, err);
		return FAILED(r) ? name_file(type->file, r, err) : OK;
	}
	const struct catalogue_lifecycle *lifecycle = catalogue->lifecycles[index - catalogue->types_count];
	result r = catalogue_links_lifecycle(&links, lifecycle, err);
	return FAILED(r) ? name_file(lifecycle->file, r, err) : OK;
}

/* How many files there are to finish. */
static size_t sort_files(struct catalogue *catalogue)
{
	if (catalogue->types_count > 1)
		qsort(catalogue->types, catalogue->types_count, sizeof(struct catalogue_type *), by_name);
	if (catalogue->lifecycles_count > 1)
		qsort(catalogue->lifecycles, catalogue->lifecycles_count, sizeof(struct catalogue_lifecycle *), by_lifecycle_name);
	return catalogue->documents_count + catalogue->types_count + catalogue->lifecycles_count;
}

result catalogue_finish(struct catalogue *catalogue, struct err *err)
{
	size_t count = sort_files(catalogue);
	for (size_t i = 0; i < count; i++)
		TRY(finish_one(catalogue, i, err));
	return OK;
}

void catalogue_finish_all(struct catalogue *catalogue, catalogue_fault_fn say, void *ctx)
{
	size_t count = sort_files(catalogue);
	for (size_t i = 0; i < count; i++) {
		struct err fault;
		if (FAILED(finish_one(catalogue, i, &fault)))
			say(ctx, &fault);
	}
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

size_t catalogue_lifecycles_count(const struct catalogue *catalogue)
{
	return catalogue->lifecycles_count;
}

const struct catalogue_lifecycle *catalogue_lifecycle_at(const struct catalogue *catalogue, size_t index)
{
	return index < catalogue->lifecycles_count ? catalogue->lifecycles[index] : NULL;
}

const struct catalogue_lifecycle *catalogue_lifecycle(const struct catalogue *catalogue, const char *name)
{
	for (size_t i = 0; i < catalogue->lifecycles_count; i++)
		if (strcmp(catalogue->lifecycles[i]->name, name) == 0)
			return catalogue->lifecycles[i];
	return NULL;
}
