/* Judges a message against its type. */
#include "schemas/catalogue.h"

#include "base/text.h"
#include "schemas/pointer.h"

#include <stdio.h>
#include <string.h>

#define APPROVALS "approvals"
#define APPROVALS_CLASS "CJ"
#define SEALABLE_CLASS "P2"

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

static result check_by(const struct catalogue_type *type, const struct message *message, struct err *err)
{
	char place[ERR_FIELD_MAX];
	if (type->wants_by && message->by.len == 0)
		return err_set(err, CODE_SCHEMA, "/by", "is required: on whose behalf it is asked");
	for (size_t i = 0; i < type->by_count; i++) {
		struct bytes value, text;
		if (!pack_find(message->by, type->by[i], &value) || !pack_as_text(value, &text) || text.len == 0)
			return err_set(err, CODE_SCHEMA, pointer_key("/by", bytes_text(type->by[i]), place), "is required by %s", type->name);
	}
	return OK;
}

static result check_purpose(const struct catalogue_type *type, const struct message *message, struct err *err)
{
	char names[ERR_REASON_MAX / 2] = "";
	size_t len = 0;
	for (size_t i = 0; i < type->purposes_count; i++) {
		if (bytes_is(message->purpose, type->purposes[i]))
			return OK;
		int more = snprintf(names + len, sizeof(names) - len, "%s%s", i > 0 ? ", " : "", type->purposes[i]);
		len = more > 0 && (size_t)more < sizeof(names) - len ? len + (size_t)more : sizeof(names) - 1;
	}
	return type->purposes_count == 0 ? OK : err_set(err, CODE_PURPOSE, "/purpose", "must be one of %s", names);
}

static result check_part(const struct catalogue_type *type, const struct part *part, struct err *err)
{
	char place[ERR_FIELD_MAX];
	const struct catalogue_part *rule = find_part(type, part->name);
	result r = pack_scan(part->bytes, err);
	/* Its recipients judge it once it is open. */
	bool is_sealed = rule && strcmp(rule->cls, SEALABLE_CLASS) == 0 && part_is_sealed(part->bytes);
	if (!FAILED(r) && rule && !is_sealed)
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
	TRY(check_by(type, message, err));
	TRY(check_purpose(type, message, err));
	TRY(check_came_along(message, parts, count, allow_withheld, err));
	for (size_t i = 0; i < count; i++)
		TRY(check_part(type, &parts[i], err));
	*ret_type = type;
	return OK;
}
