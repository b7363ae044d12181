#include "adapters/niem/niem_inside.h"
#include "adapters/niem/niem_turn.h"
#include "base/mem.h"
#include "base/text.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_ = 256, ITEMS_MAX = 256, FIELDS_MAX = 4000, REASON_WORD_MAX = 64 };

struct reader {
	struct niem_reading shared;
	struct niem_tree tree;
	const struct niem_options *options;
	size_t fields;
	bool shares; /* within a group whose element others may have, too */
};

static void read_rows(struct reader *reader, const struct niem_rows *rows, xmlNode *from, struct niem_draft *into);

/* ---- one field ---- */

static bool is_list(const struct niem_row *row)
{
	size_t len = strlen(row->pointer);
	return len > 1 && !strcmp(row->pointer + len - 2, "/-");
}

static void put(struct reader *reader, const struct niem_row *row, struct niem_said *said, struct niem_draft *into)
{
	AUTO_FREE char *pointer = mem_printf("%s%s", row->pointer, said->ending);
	struct niem_draft *field = reader->fields < FIELDS_MAX ? niem_draft_make(into, pointer, said->kind) : NULL;
	if (!field)
		return;
	reader->fields++;
	field->row = row;
	field->text = said->text;
	said->text = NULL;
	for (size_t i = 0; i < said->sources_count; i++) {
		field->sources[field->sources_count++] = said->sources[i];
		niem_tree_take(said->sources[i]);
	}
	if (said->why) {
		if (row->flags & NIEM_HARD)
			niem_judge_fault(&reader->shared, field, said->why);
		for (size_t i = 0; i < field->sources_count && !(row->flags & NIEM_HARD); i++)
			niem_tree_give_back(field->sources[i]);
		if (!(row->flags & NIEM_HARD))
			niem_draft_drop(field, into);
	}
}

static bool is_free(const struct reader *reader, const struct niem_row *row, const struct niem_said *said)
{
	for (size_t i = 0; i < said->sources_count; i++)
		if (niem_tree_is_taken(said->sources[i]) && !(row->flags & NIEM_ALSO) && !reader->shares)
			return false;
	return true;
}

/* True when the row is done. */
static bool read_leaf(struct reader *reader, const struct niem_row *row, xmlNode *element, struct niem_draft *into)
{
	struct niem_said said;
	bool took = niem_turn_read(&reader->tree, row, reader->options, element, &said);
	took = took && is_free(reader, row, &said);
	if (took)
		put(reader, row, &said, into);
	mem_free(said.text);
	return took && !is_list(row);
}

/* ---- groups ---- */

static bool is_seen(xmlNode *const *seen, size_t count, const xmlNode *element)
{
	for (size_t i = 0; i < count; i++)
		if (seen[i] == element)
			return true;
	return false;
}

/* True when the row is done. */
static bool read_group(struct reader *reader, const struct niem_row *row, xmlNode *element, struct niem_draft *into)
{
	struct niem_draft *inner = reader->fields < FIELDS_MAX ? niem_draft_make(into, row->pointer, NIEM_DRAFT_MAP) : NULL;
	if (!inner)
		return true;
	size_t before = reader->fields;
	bool shared_above = reader->shares;
	reader->shares = shared_above || (row->flags & NIEM_ALSO);
	read_rows(reader, row->sub, element, inner);
	reader->shares = shared_above;
	bool says = niem_draft_says(inner);
	if (!says && inner != into)
		niem_draft_drop(inner, into);
	return reader->fields > before && !is_list(row);
}

/* ---- rows ---- */

/* '=' is written only; '?' counts only when there is one. */
static const char *readable(struct reader *reader, const char *path, xmlNode *from)
{
	if (path[0] == '=')
		return NULL;
	if (path[0] == '?' && niem_tree_find(&reader->tree, from, path + 1, 1))
		return NULL;
	return path[0] == '?' ? path + 1 : path;
}

static void read_row(struct reader *reader, const struct niem_row *row, xmlNode *base, struct niem_draft *into)
{
	const char *paths = row->path;
	char path[PATH_MAX_];
	xmlNode *seen[ITEMS_MAX];
	size_t seen_count = 0;
	while (niem_row_alternative(&paths, path, sizeof(path))) {
		xmlNode *from = path[0] == '^' ? niem_tree_root(&reader->tree) : base;
		const char *way = readable(reader, path[0] == '^' ? path + 1 : path, from);
		for (size_t n = 0; way && n < ITEMS_MAX; n++) {
			xmlNode *element = way[0] == '.' ? (n ? NULL : from) : niem_tree_find(&reader->tree, from, way, n);
			if (!element)
				break;
			if (is_seen(seen, seen_count, element))
				continue;
			if (seen_count < ITEMS_MAX)
				seen[seen_count++] = element;
			bool is_done = row->how == NIEM_GROUP ? read_group(reader, row, element, into)
			                                      : read_leaf(reader, row, element, into);
			if (is_done)
				return;
		}
	}
}

static void put_text(struct niem_draft *into, const char *pointer, const char *text)
{
	struct niem_draft *field = text && text[0] ? niem_draft_make(into, pointer, NIEM_DRAFT_TEXT) : NULL;
	if (!field)
		return;
	field->text = mem_text(text);
	if (!strcmp(text, "true") || !strcmp(text, "false"))
		field->kind = NIEM_DRAFT_FLAG;
}

/* Where a custody document names no facility, it is who sends it. */
static void put_facility(struct reader *reader, struct niem_draft *into)
{
	const struct niem_options *options = reader->options;
	bool is_titled = options->facility_name && options->facility_name[0];
	const char *name = is_titled ? options->facility_name : reader->shared.host->agency;
	if (!name || !name[0])
		return;
	put_text(into, "/facility/name", name);
	put_text(into, "/facility/code", options->facility_code);
	put_text(into, "/facility/ori", reader->shared.host->ori);
}

static void default_row(struct reader *reader, const struct niem_row *row, struct niem_draft *into)
{
	const struct niem_draft *other = row->how == NIEM_COPY ? niem_draft_find(into, row->more) : NULL;
	if (niem_draft_find(into, row->pointer))
		return;
	if (row->how == NIEM_COPY)
		put_text(into, row->pointer, other ? other->text : NULL);
	else if (row->more && !strcmp(row->more, "[]"))
		return; /* only where the type asks for it: niem_judge */
	else if (row->more)
		put_text(into, row->pointer, row->more);
	else
		put_facility(reader, into);
}

static void read_rows(struct reader *reader, const struct niem_rows *rows, xmlNode *from, struct niem_draft *into)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct niem_row *row = &rows->at[i];
		xmlNode *said = row->how == NIEM_CONST && row->path ? niem_tree_find(&reader->tree, from, row->path, 0) : NULL;
		if (said)
			niem_tree_take(said);
		if (row->how == NIEM_CONST)
			put_text(into, row->pointer, row->more);
		else if (row->path && row->how != NIEM_REF)
			read_row(reader, row, from, into);
	}
	for (size_t i = 0; i < rows->count; i++)
		if ((rows->at[i].how == NIEM_DEFAULT || rows->at[i].how == NIEM_COPY) &&
		    (niem_draft_says(into) || into == reader->shared.draft))
			default_row(reader, &rows->at[i], into);
}

/* ---- the document ---- */

static void put_id(struct niem_draft *body, const char *name, const char *pointer, struct niem_draft *subject)
{
	AUTO_FREE char *into = mem_printf("/%s", name);
	const struct niem_draft *field = niem_draft_find(body, pointer);
	if (field && field->text && field->kind == NIEM_DRAFT_TEXT)
		put_text(subject, into, field->text);
}

/* What the header says of whom the message is about: the numbers by which the type is found, as far as they are known. */
static struct niem_draft *subject_of(const struct niem_reading *reading)
{
	const struct catalogue *catalogue = reading->host->catalogue;
	const struct catalogue_type *type = catalogue ? catalogue_find(catalogue, bytes_text(reading->kind->type)) : NULL;
	struct niem_draft *subject = niem_draft_new();
	put_id(reading->draft, "doc_number", "/person/ids/doc_number", subject);
	put_id(reading->draft, "sid", "/person/ids/sid", subject);
	put_id(reading->draft, "ucn", "/person/ids/ucn", subject);
	for (size_t i = 0; type && i < type->subject_count; i++) {
		AUTO_FREE char *pointer = mem_printf("/%s", type->subject[i]);
		put_id(reading->draft, type->subject[i], pointer, subject);
	}
	return subject;
}

static void put_draft(const struct niem_reading *reading)
{
	struct niem_draft *subject = subject_of(reading);
	struct buf *out = kind_reading_draft(reading->into, subject->first ? subject->first->text : NULL);
	pack_put_map(out, subject->first ? 3 : 2);
	pack_put_str(out, "type");
	pack_put_str(out, reading->kind->type);
	if (subject->first) {
		pack_put_str(out, "subject");
		niem_draft_pack(subject, out);
	}
	pack_put_str(out, "body");
	niem_draft_pack(reading->draft, out);
	niem_draft_free(subject);
}

static bool fits_kind(struct reader *reader, const struct niem_kind *kind)
{
	xmlNode *root = niem_tree_root(&reader->tree);
	const char *also = kind->also;
	char name[PATH_MAX_];
	bool is_named = !strcmp((const char *)root->name, kind->root);
	while (also && !is_named && niem_row_alternative(&also, name, sizeof(name)))
		is_named = !strcmp((const char *)root->name, name);
	return is_named && (!kind->within || niem_tree_find(&reader->tree, root, kind->within, 0));
}

static xmlNode *base_of(struct reader *reader, const struct niem_kind *kind)
{
	xmlNode *root = niem_tree_root(&reader->tree);
	const char *paths = kind->base;
	char path[PATH_MAX_];
	while (paths && niem_row_alternative(&paths, path, sizeof(path))) {
		xmlNode *found = niem_tree_find(&reader->tree, root, path, 0);
		if (found)
			return found;
	}
	return root;
}

static void say(struct reader *reader, const xmlNode *element, const char *what)
{
	char path[ERR_FIELD_MAX];
	reader->shared.faults++;
	kind_reading_fault(reader->shared.into, niem_tree_line(element), CODE_SCHEMA, niem_tree_path(element, path), "%s", what);
}

/* A second one of what a document tells once, and another person where one is meant, would be lost or mixed up in silence. */
static void check_once(struct reader *reader)
{
	const char *paths = reader->shared.kind->once;
	char path[PATH_MAX_];
	while (paths && niem_row_alternative(&paths, path, sizeof(path))) {
		xmlNode *second = niem_tree_find(&reader->tree, niem_tree_root(&reader->tree), path, 1);
		if (second)
			say(reader, second, "there are several; a document tells of one");
	}
	xmlNode *first = NULL;
	paths = reader->shared.kind->same;
	while (paths && niem_row_alternative(&paths, path, sizeof(path))) {
		xmlNode *person = niem_tree_find(&reader->tree, reader->shared.base, path, 0);
		if (first && person && person != first)
			say(reader, first, "is not the person of the booking");
		first = first ? first : person;
	}
}

static const struct niem_kind *kind_of(struct reader *reader)
{
	char safe[REASON_WORD_MAX];
	const xmlNode *root = niem_tree_root(&reader->tree);
	for (size_t i = 0; i < niem_kinds_count; i++)
		if (fits_kind(reader, &niem_kinds[i]))
			return &niem_kinds[i];
	kind_reading_fault(reader->shared.into, niem_tree_line(root), CODE_SCHEMA, "", "%s is no document that is read here",
	                   text_safe(bytes_text((const char *)root->name), safe, sizeof(safe)));
	return NULL;
}

static void read_document(struct reader *reader)
{
	struct niem_reading *shared = &reader->shared;
	shared->kind = kind_of(reader);
	if (!shared->kind)
		return;
	shared->base = base_of(reader, shared->kind);
	shared->draft = niem_draft_new();
	check_once(reader);
	read_rows(reader, shared->kind->rows, shared->base, shared->draft);
	if (niem_tree_is_worn(&reader->tree))
		say(reader, shared->base, "references are too entangled to be followed");
	niem_judge(shared);
	if (!shared->faults)
		put_draft(shared);
	niem_tree_list_rest(&reader->tree, shared->into);
	niem_draft_free(shared->draft);
}

/* The library would write of broken encodings to stderr; the fault says it. */
static void say_nothing(void *ctx, const char *format, ...)
{
	(void)ctx;
	(void)format;
}

void niem_prepare(void)
{
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, say_nothing);
}

void niem_read(const struct niem_options *options, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	static const struct niem_options none = {.zone = NULL};
	struct reader *reader = mem_alloc(sizeof(*reader));
	niem_prepare();
	reader->options = options ? options : &none;
	reader->shared.host = host;
	reader->shared.into = into;
	if (niem_tree_open(&reader->tree, document, into))
		read_document(reader);
	niem_tree_done(&reader->tree);
	mem_free(reader);
}

void niem_format_read(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	(void)state;
	niem_read(NULL, host, document, into);
}

result niem_format_write(void *state, const struct kind_host *host, const struct kind_message *message, struct buf *out,
                         bool *ret_wrote, struct err *err)
{
	(void)state;
	(void)host;
	return niem_write(message, out, ret_wrote, err);
}

const struct kind_format niem_format = NIEM_FORMAT;
