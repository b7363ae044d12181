#include "schemas/catalogue_read.h"

#include "base/mem.h"
#include "base/text.h"
#include "schemas/pointer.h"

#include <string.h>

enum { TITLE_MAX = 80, DESCRIPTION_MAX = 1000, ANSWERS_MAX = 32, PERSONS_MAX = 16 };

typedef void (*reader_fn)(struct pack_in *in, const char *place, struct catalogue_type *type);

static char *owned_text(struct pack_in *in, const char *place, size_t max)
{
	struct bytes text = pack_text(in, place, max);
	if (!in->failed && text.len == 0)
		pack_fail(in, CODE_MALFORMED, place, "is empty");
	return in->failed ? NULL : bytes_dup_text(text);
}

/* A list of texts, no two of them the same. */
static void read_list(struct pack_in *in, const char *place, size_t max, size_t text_max, char ***ret, size_t *ret_count)
{
	char at[ERR_FIELD_MAX];
	size_t count = pack_array(in, place);
	if (!in->failed && count > max)
		pack_fail(in, CODE_MALFORMED, place, "has too many entries");
	if (in->failed || count == 0)
		return;
	*ret = mem_array(count, sizeof(**ret));
	for (size_t i = 0; i < count && !in->failed; i++) {
		char *text = owned_text(in, pointer_index(place, i, at), text_max);
		if (!text)
			return;
		(*ret)[(*ret_count)++] = text;
		for (size_t k = 0; k < i; k++)
			if (strcmp((*ret)[k], text) == 0)
				pack_fail(in, CODE_MALFORMED, at, "is there twice");
	}
}

static void free_list(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mem_free(list[i]);
	mem_free(list);
}

/* Reads a map whose keys are all known; `found` gets a bit for each that is there. */
static void read_map(struct pack_in *in, const char *place, const char *const *keys, const reader_fn *readers, size_t keys_count,
                     struct catalogue_type *type, unsigned *found)
{
	char at[ERR_FIELD_MAX];
	size_t count = pack_map(in, place);
	*found = 0;
	for (size_t i = 0; i < count && !in->failed; i++) {
		size_t k = 0;
		struct bytes name = pack_text(in, place, SIZE_MAX);
		pointer_key(place, name, at);
		while (k < keys_count && !bytes_is(name, keys[k]))
			k++;
		if (in->failed)
			return;
		if (k == keys_count) {
			pack_fail(in, CODE_MALFORMED, at, "is not a key of this file");
			return;
		}
		*found |= 1u << k;
		readers[k](in, at, type);
	}
}

static void want_keys(struct pack_in *in, const char *place, const char *const *keys, unsigned wanted, unsigned found)
{
	char at[ERR_FIELD_MAX];
	for (size_t k = 0; wanted >> k; k++)
		if ((wanted & ~found) >> k & 1)
			pack_fail(in, CODE_MALFORMED, pointer_key(place, bytes_text(keys[k]), at), "is required");
}

/* ---- the keys of a file ---- */

/* NAME/VERSION: what the broker, the agreements and the clerks call it. */
static void read_type(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	struct err why;
	type->name = owned_text(in, place, MESSAGE_TYPE_MAX);
	if (type->name && FAILED(message_check_type(bytes_text(type->name), place, &why)))
		pack_fail(in, CODE_MALFORMED, place, why.reason);
}

static void read_title(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	type->title = owned_text(in, place, TITLE_MAX);
}

static void read_description(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	type->description = owned_text(in, place, DESCRIPTION_MAX);
}

static void read_originators(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	read_list(in, place, CATALOGUE_ROLES_MAX, MESSAGE_NAME_MAX, &type->originators, &type->originators_count);
	if (!in->failed && type->originators_count == 0)
		pack_fail(in, CODE_MALFORMED, place, "must name a role, or any");
}

static void read_answers(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	read_list(in, place, ANSWERS_MAX, MESSAGE_TYPE_MAX, &type->answers, &type->answers_count);
}

static void read_subject(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	read_list(in, place, MESSAGE_SUBJECT_MAX, MESSAGE_NAME_MAX, &type->subject, &type->subject_count);
}

static void read_priority(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	type->priority = pack_int(in, place, 0, 9);
}

static int64_t read_duration(struct pack_in *in, const char *place)
{
	int64_t ms = 0;
	struct bytes text = pack_text(in, place, MESSAGE_NAME_MAX);
	if (!in->failed && (FAILED(text_duration(text, &ms, NULL)) || ms <= 0))
		pack_fail(in, CODE_MALFORMED, place, "must be a duration, like 30d or 10min");
	return ms;
}

static void read_expiry(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	type->expiry_ms = read_duration(in, place);
}

static void read_due(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	type->due_ms = read_duration(in, place);
}

static void read_by(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	type->wants_by = pack_bool(in, place);
}

static void read_persons_count(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	type->persons = pack_int(in, place, 1, PERSONS_MAX);
}

static void read_persons_roles(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	read_list(in, place, CATALOGUE_ROLES_MAX, MESSAGE_NAME_MAX, &type->person_roles, &type->person_roles_count);
}

static void read_persons(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	static const char *const keys[] = {"count", "roles"};
	static const reader_fn readers[] = {read_persons_count, read_persons_roles};
	unsigned found;
	read_map(in, place, keys, readers, 2, type, &found);
	want_keys(in, place, keys, 3, found);
	if (!in->failed && type->person_roles_count == 0)
		pack_fail(in, CODE_MALFORMED, place, "must name the roles whose persons may sign");
}

static struct catalogue_part *last_part(struct catalogue_type *type)
{
	return &type->parts[type->parts_count - 1];
}

static void read_part_class(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	char *cls = owned_text(in, place, MESSAGE_NAME_MAX);
	last_part(type)->cls = cls;
	if (cls && !message_class_known(bytes_text(cls)))
		pack_fail(in, CODE_MALFORMED, place, "is not a class that there is");
}

static void read_part_required(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	last_part(type)->required = pack_bool(in, place);
}

/* Read where it stands in type->source once all files are there, because it may refer to them. */
static void read_part_schema(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	(void)type;
	pack_value(in, place);
}

static void read_part(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	static const char *const keys[] = {"class", "required", "schema"};
	static const reader_fn readers[] = {read_part_class, read_part_required, read_part_schema};
	unsigned found;
	read_map(in, place, keys, readers, 3, type, &found);
	want_keys(in, place, keys, 7, found);
}

static bool is_part_name(struct bytes name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!(name.at[i] >= 'a' && name.at[i] <= 'z') && name.at[i] != '_')
			return false;
	return name.len > 0 && name.len <= MESSAGE_NAME_MAX;
}

static void read_parts(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	char at[ERR_FIELD_MAX];
	size_t count = pack_map(in, place);
	if (!in->failed && (count == 0 || count > MESSAGE_PARTS_MAX))
		pack_fail(in, CODE_MALFORMED, place, "must have at least one part, and no more than a message may");
	if (in->failed)
		return;
	type->parts = mem_array(count, sizeof(*type->parts));
	for (size_t i = 0; i < count && !in->failed; i++) {
		struct bytes name = pack_text(in, place, SIZE_MAX);
		pointer_key(place, name, at);
		if (!is_part_name(name) || bytes_is(name, "approvals"))
			pack_fail(in, CODE_MALFORMED, at, "a part's name is lower-case letters, and not approvals");
		if (in->failed)
			return;
		type->parts[type->parts_count++].name = bytes_dup_text(name);
		read_part(in, at, type);
	}
}

/* Examples are for people and for tests; here only their shape matters. */
static void read_examples(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	char at[ERR_FIELD_MAX];
	size_t count = pack_map(in, place);
	(void)type;
	for (size_t i = 0; i < count && !in->failed; i++) {
		struct bytes name = pack_text(in, place, SIZE_MAX);
		pointer_key(place, name, at);
		if (!in->failed && !bytes_is(name, "valid") && !bytes_is(name, "invalid"))
			pack_fail(in, CODE_MALFORMED, at, "is not a key of this file");
		size_t examples = pack_array(in, at);
		for (size_t k = 0; k < examples && !in->failed; k++)
			pack_value(in, at);
	}
}

static void read_file(struct pack_in *in, struct catalogue_type *type)
{
	static const char *const keys[] = {"type",     "title",  "description", "originators", "parts",   "answers", "subject",
	                                   "priority", "expiry", "due",         "by",          "persons", "examples"};
	static const reader_fn readers[] = {read_type,    read_title,   read_description, read_originators, read_parts,
	                                    read_answers, read_subject, read_priority,    read_expiry,      read_due,
	                                    read_by,      read_persons, read_examples};
	enum { WANTED = 0xff }; /* the first eight */
	unsigned found;
	read_map(in, "", keys, readers, sizeof(keys) / sizeof(*keys), type, &found);
	want_keys(in, "", keys, WANTED, found);
}

result catalogue_read_type(struct buf *packed, struct catalogue_type **ret, struct err *err)
{
	struct catalogue_type *type = mem_alloc(sizeof(*type));
	struct pack_in in = pack_in(buf_bytes(packed), err);
	read_file(&in, type);
	result r = pack_end(&in);
	if (FAILED(r)) {
		catalogue_read_free(type);
		return r;
	}
	type->source = *packed;
	*packed = (struct buf){0};
	*ret = type;
	return OK;
}

void catalogue_read_free(struct catalogue_type *type)
{
	if (!type)
		return;
	for (size_t i = 0; i < type->parts_count; i++) {
		mem_free(type->parts[i].name);
		mem_free(type->parts[i].cls);
		validator_free(type->parts[i].validator);
	}
	mem_free(type->parts);
	mem_free(type->name);
	mem_free(type->title);
	mem_free(type->description);
	free_list(type->originators, type->originators_count);
	free_list(type->answers, type->answers_count);
	free_list(type->subject, type->subject_count);
	free_list(type->person_roles, type->person_roles_count);
	buf_done(&type->source);
	mem_free(type);
}
