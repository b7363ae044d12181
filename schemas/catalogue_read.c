#include "schemas/catalogue_read.h"

#include "base/mem.h"
#include "base/text.h"
#include "schemas/catalogue_rules.h"
#include "schemas/catalogue_take.h"
#include "schemas/pointer.h"

enum { TITLE_MAX = 80, DESCRIPTION_MAX = 2000, ANSWERS_MAX = 32, PERSONS_MAX = 16, PURPOSES_MAX = 32, POINTER_MAX = 120 };

/* ---- the keys of a file ---- */

/* NAME/VERSION: what the broker, the agreements and the clerks call it. */
static void read_type(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	struct err why;
	type->name = catalogue_take_text(in, place, MESSAGE_TYPE_MAX);
	if (type->name && FAILED(message_check_type(bytes_text(type->name), place, &why)))
		pack_fail(in, CODE_MALFORMED, place, why.reason);
}

static void read_title(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	type->title = catalogue_take_text(in, place, TITLE_MAX);
}

static void read_description(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	type->description = catalogue_take_text(in, place, DESCRIPTION_MAX);
}

static void read_originators(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	catalogue_take_texts(in, place, CATALOGUE_ROLES_MAX, MESSAGE_NAME_MAX, &type->originators, &type->originators_count);
	if (!in->failed && type->originators_count == 0)
		pack_fail(in, CODE_MALFORMED, place, "must name a role, or any");
}

static void read_answers(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	catalogue_take_texts(in, place, ANSWERS_MAX, MESSAGE_TYPE_MAX, &type->answers, &type->answers_count);
}

static void read_subject(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	catalogue_take_texts(in, place, MESSAGE_SUBJECT_MAX, MESSAGE_NAME_MAX, &type->subject, &type->subject_count);
}

static void read_priority(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	type->priority = pack_int(in, place, 0, 9);
}

static void read_expiry(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	struct bytes text = pack_text(in, place, MESSAGE_NAME_MAX);
	if (!in->failed && (FAILED(text_duration(text, &type->expiry_ms, NULL)) || type->expiry_ms <= 0))
		pack_fail(in, CODE_MALFORMED, place, "must be a duration, like 30d or 10min");
}

static void read_due(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	catalogue_rules_due(in, place, &type->due);
}

static void read_lifecycle(struct pack_in *in, const char *place, void *into)
{
	catalogue_rules_moves(in, place, into);
}

static void read_interlock(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_type *)into)->interlock = catalogue_take_text(in, place, MESSAGE_NAME_MAX);
}

static void read_exchange(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	type->exchange = catalogue_take_text(in, place, POINTER_MAX);
	if (type->exchange && type->exchange[0] != '/')
		pack_fail(in, CODE_MALFORMED, place, "must be a JSON pointer, like /result");
}

static void read_topic(struct pack_in *in, const char *place, void *into)
{
	static const char *const topics[] = {"arrest", "contact", "release", "warrant", NULL};
	size_t topic = catalogue_take_word(in, place, topics);
	if (!in->failed)
		((struct catalogue_type *)into)->topic = mem_text(topics[topic]);
}

static void read_hub(struct pack_in *in, const char *place, void *into)
{
	static const char *const deeds[] = {"merge", "override", "grant", "revoke", "erase", "subscribe", "renew", "unsubscribe", NULL};
	size_t deed = catalogue_take_word(in, place, deeds);
	((struct catalogue_type *)into)->hub = (enum catalogue_hub)(CATALOGUE_HUB_MERGE + deed);
}

static void read_purpose(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	catalogue_take_texts(in, place, PURPOSES_MAX, MESSAGE_NAME_MAX, &type->purposes, &type->purposes_count);
	if (!in->failed && type->purposes_count == 0)
		pack_fail(in, CODE_MALFORMED, place, "is empty");
}

/* true: somebody must be named; a list: with these keys. */
static void read_by(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	struct pack_in ahead = *in;
	struct err ignored;
	ahead.err = &ignored;
	if (pack_next(&ahead, "").kind == PACK_BOOL) {
		type->wants_by = pack_bool(in, place);
		return;
	}
	type->wants_by = true;
	catalogue_take_texts(in, place, MESSAGE_SUBJECT_MAX, MESSAGE_NAME_MAX, &type->by, &type->by_count);
	if (!in->failed && type->by_count == 0)
		pack_fail(in, CODE_MALFORMED, place, "must be true, or name the keys that it must have");
}

static void read_persons_count(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	type->persons = pack_int(in, place, 1, PERSONS_MAX);
}

static void read_persons_roles(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	catalogue_take_texts(in, place, CATALOGUE_ROLES_MAX, MESSAGE_NAME_MAX, &type->person_roles, &type->person_roles_count);
}

static void read_persons(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	static const struct catalogue_take_key keys[] = {{"count", read_persons_count, true}, {"roles", read_persons_roles, true}};
	catalogue_take_map(in, place, keys, sizeof(keys) / sizeof(*keys), type);
	if (!in->failed && type->person_roles_count == 0)
		pack_fail(in, CODE_MALFORMED, place, "must name the roles whose persons may sign");
}

static struct catalogue_part *last_part(struct catalogue_type *type)
{
	return &type->parts[type->parts_count - 1];
}

static void read_part_class(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	char *cls = catalogue_take_text(in, place, MESSAGE_NAME_MAX);
	last_part(type)->cls = cls;
	if (cls && !message_class_known(bytes_text(cls)))
		pack_fail(in, CODE_MALFORMED, place, "is not a class that there is");
}

static void read_part_required(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
	last_part(type)->required = pack_bool(in, place);
}

/* Read where it stands in type->source once all files are there, because it may refer to them. */
static void read_part_schema(struct pack_in *in, const char *place, void *into)
{
	(void)into;
	pack_value(in, place);
}

static void read_part(struct pack_in *in, const char *place, struct catalogue_type *type)
{
	static const struct catalogue_take_key keys[] = {
		{"class", read_part_class, true}, {"required", read_part_required, true}, {"schema", read_part_schema, true}};
	catalogue_take_map(in, place, keys, sizeof(keys) / sizeof(*keys), type);
}

static bool is_part_name(struct bytes name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!(name.at[i] >= 'a' && name.at[i] <= 'z') && name.at[i] != '_')
			return false;
	return name.len > 0 && name.len <= MESSAGE_NAME_MAX;
}

static void read_parts(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_type *type = into;
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
static void read_examples(struct pack_in *in, const char *place, void *into)
{
	char at[ERR_FIELD_MAX];
	size_t count = pack_map(in, place);
	(void)into;
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

static const struct catalogue_take_key file_keys[] = {
	{"type", read_type, true},
	{"title", read_title, true},
	{"description", read_description, true},
	{"originators", read_originators, true},
	{"parts", read_parts, true},
	{"answers", read_answers, true},
	{"subject", read_subject, true},
	{"priority", read_priority, true},
	{"expiry", read_expiry, false},
	{"due", read_due, false},
	{"by", read_by, false},
	{"purpose", read_purpose, false},
	{"persons", read_persons, false},
	{"lifecycle", read_lifecycle, false},
	{"interlock", read_interlock, false},
	{"exchange", read_exchange, false},
	{"topic", read_topic, false},
	{"hub", read_hub, false},
	{"examples", read_examples, false},
};

result catalogue_read_type(struct buf *packed, struct catalogue_type **ret, struct err *err)
{
	struct catalogue_type *type = mem_alloc(sizeof(*type));
	struct pack_in in = pack_in(buf_bytes(packed), err);
	catalogue_take_map(&in, "", file_keys, sizeof(file_keys) / sizeof(*file_keys), type);
	result r = pack_end(&in);
	if (FAILED(r)) {
		catalogue_read_free(type);
		return r;
	}
	catalogue_rules_settle(type);
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
	catalogue_take_free(type->originators, type->originators_count);
	catalogue_take_free(type->answers, type->answers_count);
	catalogue_take_free(type->subject, type->subject_count);
	catalogue_take_free(type->person_roles, type->person_roles_count);
	catalogue_take_free(type->by, type->by_count);
	catalogue_take_free(type->purposes, type->purposes_count);
	catalogue_rules_free(type);
	mem_free(type->interlock);
	mem_free(type->exchange);
	mem_free(type->topic);
	mem_free(type->file);
	buf_done(&type->source);
	mem_free(type);
}
