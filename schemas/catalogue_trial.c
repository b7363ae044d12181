#include "schemas/catalogue_trial.h"

#include "base/text.h"
#include "schemas/plain.h"

#include <stdio.h>
#include <string.h>

#define APPROVALS "approvals"
#define APPROVALS_CLASS "CJ"

enum { EXAMPLE_MAX_BYTES = 1024 * 1024, LEAST_VALID = 1, LEAST_INVALID = 2 };

/* An empty array: whether signatures are good is for those who hold certificates. */
static const uint8_t no_signatures[] = {0x90};

/* ---- a draft ---- */

static const char *class_of(const struct catalogue_type *type, struct bytes part)
{
	for (size_t i = 0; type && i < type->parts_count; i++)
		if (bytes_is(part, type->parts[i].name))
			return type->parts[i].cls;
	return APPROVALS_CLASS;
}

static void add_part(struct message *message, struct part *parts, struct bytes name, struct bytes cls, struct bytes bytes)
{
	parts[message->parts_count] = (struct part){.name = name, .bytes = bytes};
	message->parts[message->parts_count++] = (struct message_part){.name = name, .cls = cls};
}

static result judge(const struct catalogue *catalogue, const struct draft *draft, const struct catalogue_type **ret_type, int64_t *ret_missing,
                    struct err *err)
{
	struct part parts[MESSAGE_PARTS_MAX];
	struct message message = {
		.type = draft->type, .subject = draft->subject, .by = draft->by, .purpose = draft->purpose, .consent = draft->consent};
	const struct catalogue_type *type = catalogue_find(catalogue, draft->type);
	bool is_signed = false;
	for (size_t i = 0; i < draft->parts_count; i++) {
		const struct draft_part *part = &draft->parts[i];
		is_signed = is_signed || bytes_is(part->name, APPROVALS);
		add_part(&message, parts, part->name, part->cls.len ? part->cls : bytes_text(class_of(type, part->name)), part->bytes);
	}
	*ret_missing = type && !is_signed ? type->persons : 0;
	if (*ret_missing > 0 && message.parts_count < MESSAGE_PARTS_MAX)
		add_part(&message, parts, BYTES_LIT(APPROVALS), BYTES_LIT(APPROVALS_CLASS), bytes_of(no_signatures, sizeof(no_signatures)));
	return catalogue_check(catalogue, &message, parts, message.parts_count, false, ret_type, err);
}

result catalogue_trial_draft(const struct catalogue *catalogue, struct bytes packed, const struct catalogue_type **ret_type, int64_t *ret_missing,
                             struct err *err)
{
	struct draft draft;
	result r = plain_read(packed, &draft, err);
	if (!FAILED(r))
		r = judge(catalogue, &draft, ret_type, ret_missing, err);
	draft_done(&draft);
	return r;
}

/* ---- an example as a draft ---- */

/* The keys that an example shares with a draft. */
static const char *const shared_keys[] = {"subject", "by", "purpose", "consent", "body", "parts"};
enum { SHARED_KEYS = sizeof(shared_keys) / sizeof(*shared_keys) };

void catalogue_trial_put(const struct catalogue_type *type, struct bytes example, struct buf *out)
{
	struct bytes value;
	size_t count = 1;
	bool wants_name = type->wants_by && type->by_count == 0 && !pack_find(example, "by", &value);
	for (size_t i = 0; i < SHARED_KEYS; i++)
		count += pack_find(example, shared_keys[i], &value);
	pack_put_map(out, count + wants_name);
	pack_put_str(out, "type");
	pack_put_str(out, type->name);
	if (wants_name) {
		pack_put_str(out, "by");
		pack_put_map(out, 1);
		pack_put_str(out, "id");
		pack_put_str(out, "WHO-ASKS");
	}
	for (size_t i = 0; i < SHARED_KEYS; i++) {
		if (!pack_find(example, shared_keys[i], &value))
			continue;
		pack_put_str(out, shared_keys[i]);
		pack_put_raw(out, value);
	}
}

/* ---- the examples of a file ---- */

struct trial {
	const struct catalogue *catalogue;
	const struct catalogue_type *type;
	catalogue_fault_fn say;
	void *ctx;
	char place[ERR_FIELD_MAX];
};

static void fault(const struct trial *trial, enum code code, const char *words, const char *more)
{
	struct err err;
	result r = err_set(&err, code, trial->place, "%s%s", words, more);
	if (FAILED(r))
		trial->say(trial->ctx, &err);
}

static struct bytes text_at(struct bytes example, const char *key)
{
	struct bytes value, text;
	return pack_find(example, key, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

/* Whether it is made of the keys that an example has, and says what it must. */
static bool is_shaped(const struct trial *trial, struct bytes example, bool is_valid)
{
	static const char *const own[] = {"note", "field", "code"};
	char safe[ERR_FIELD_MAX];
	struct bytes unused;
	struct pack_in in = pack_in(example, NULL);
	size_t count = pack_map(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes key = pack_text(&in, "", SIZE_MAX);
		bool is_known = false;
		for (size_t k = 0; k < SHARED_KEYS; k++)
			is_known = is_known || bytes_is(key, shared_keys[k]);
		for (size_t k = 0; k < (is_valid ? 1 : 3); k++)
			is_known = is_known || bytes_is(key, own[k]);
		pack_value(&in, "");
		if (!is_known) {
			fault(trial, CODE_MALFORMED, "no key of an example: ", text_safe(key, safe, sizeof(safe)));
			return false;
		}
	}
	for (size_t k = 0; k < (is_valid ? 1 : 3); k++)
		if (text_at(example, own[k]).len == 0) {
			fault(trial, CODE_MALFORMED, "must have the text ", own[k]);
			return false;
		}
	if (in.failed || !pack_find(example, "body", &unused))
		fault(trial, CODE_MALFORMED, "must have ", "body");
	return !in.failed && pack_find(example, "body", &unused);
}

static void try_example(const struct trial *trial, struct bytes example, bool is_valid)
{
	char line[ERR_REASON_MAX];
	struct err why = {.field = ""};
	const struct catalogue_type *type;
	struct buf draft;
	int64_t missing = 0;
	if (!is_shaped(trial, example, is_valid))
		return;
	buf_init(&draft, EXAMPLE_MAX_BYTES);
	catalogue_trial_put(trial->type, example, &draft);
	result r = buf_check(&draft, "", &why);
	if (!FAILED(r))
		r = catalogue_trial_draft(trial->catalogue, buf_bytes(&draft), &type, &missing, &why);
	buf_done(&draft);
	if (is_valid && FAILED(r))
		fault(trial, r.code, "is refused: ", err_text(&why, line, sizeof(line)));
	else if (!is_valid && !FAILED(r))
		fault(trial, CODE_SCHEMA, "is accepted", "");
	else if (!is_valid && (!bytes_is(text_at(example, "code"), code_text(r.code)) || !bytes_is(text_at(example, "field"), why.field)))
		fault(trial, CODE_SCHEMA, "is refused otherwise than it says: ", err_text(&why, line, sizeof(line)));
}

static void try_list(struct trial *trial, const char *key, bool is_valid, size_t least)
{
	char pointer[32];
	struct bytes list = BYTES_NONE;
	snprintf(pointer, sizeof(pointer), "/examples/%s", key);
	bool is_there = pack_pointer(buf_bytes(&trial->type->source), pointer, &list);
	struct pack_in in = pack_in(list, NULL);
	size_t count = is_there ? pack_array(&in, "") : 0;
	snprintf(trial->place, sizeof(trial->place), "%s: %s", trial->type->file, pointer);
	if (count < least)
		fault(trial, CODE_MALFORMED, "must have at least ", least == 1 ? "one" : "two");
	for (size_t i = 0; i < count && !in.failed; i++) {
		snprintf(trial->place, sizeof(trial->place), "%s: %s/%zu", trial->type->file, pointer, i);
		try_example(trial, pack_value(&in, ""), is_valid);
	}
}

void catalogue_trial_examples(const struct catalogue *catalogue, const struct catalogue_type *type, catalogue_fault_fn say, void *ctx)
{
	struct trial trial = {.catalogue = catalogue, .type = type, .say = say, .ctx = ctx};
	try_list(&trial, "valid", true, LEAST_VALID);
	try_list(&trial, "invalid", false, LEAST_INVALID);
}
