#include "adapters/runtime/telling.h"

#include "schemas/catalogue_place.h"
#include "schemas/message.h"

#include <stdio.h>
#include <string.h>

bool telling_is_public(enum code code)
{
	static const enum code public[] = {CODE_SCHEMA, CODE_PART_HASH, CODE_SIGNATURE, CODE_CERTIFICATE, CODE_REVOKED, CODE_NOT_YOUR_PARTY,
	                                   CODE_NOT_ENROLLED, CODE_NO_AGREEMENT, CODE_NOT_CLEARED, CODE_PURPOSE, CODE_EXPIRED, CODE_CLOCK,
	                                   CODE_RATE, CODE_DUPLICATE, CODE_TOO_LARGE, CODE_UNDELIVERABLE, CODE_PROTOCOL, CODE_CREDIT};
	for (size_t i = 0; i < sizeof(public) / sizeof(*public); i++)
		if (public[i] == code)
			return true;
	return code_class_of(code) == CODE_CLASS_FAULT;
}

/* ---- places ---- */

static bool is_one_of(struct bytes token, char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_is(token, names[i]))
			return true;
	return false;
}

static bool is_identifier(const struct catalogue *catalogue, const struct catalogue_type *type, struct bytes token)
{
	if (is_one_of(token, type->subject, type->subject_count))
		return true;
	for (size_t i = 0; i < catalogue_lifecycles_count(catalogue); i++) {
		const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle_at(catalogue, i);
		for (size_t k = 0; k < lifecycle->keys_count; k++)
			if (bytes_is(token, lifecycle->keys[k].name))
				return true;
	}
	return false;
}

static bool is_part(const struct catalogue_type *type, struct bytes token)
{
	for (size_t i = 0; i < type->parts_count; i++)
		if (bytes_is(token, type->parts[i].name))
			return true;
	return bytes_is(token, "approvals");
}

static bool is_number(struct bytes token)
{
	return token.len > 0 && token.len <= 4 && strspn((const char *)token.at, "0123456789") >= token.len;
}

/* Whether a token that stands below a known place is known as well. */
static bool is_known(const struct catalogue *catalogue, const struct catalogue_type *type, const char *above, size_t above_len, struct bytes token)
{
	static const char *const header[] = {"v",  "id",      "type", "from",    "to", "issued",  "expires", "due",  "priority",
	                                     "thread", "re", "subject", "by",   "purpose", "consent", "parts"};
	static const char main_part[] = "/parts/main";
	char pointer[ERR_FIELD_MAX];
	struct catalogue_place place;
	struct bytes known = bytes_of(above, above_len);
	if (above_len == 0)
		return is_one_of(token, (char *const *)header, sizeof(header) / sizeof(*header));
	if (bytes_is(known, "/to"))
		return is_number(token);
	if (!type)
		return false;
	if (bytes_is(known, "/subject"))
		return is_identifier(catalogue, type, token);
	if (bytes_is(known, "/by"))
		return is_one_of(token, type->by, type->by_count);
	if (bytes_is(known, "/parts"))
		return is_part(type, token);
	if (!bytes_starts(known, main_part))
		return false;
	snprintf(pointer, sizeof(pointer), "%.*s/%.*s", (int)(above_len - strlen(main_part)), above + strlen(main_part), (int)token.len, (const char *)token.at);
	return catalogue_place(catalogue, type, pointer, &place);
}

const char *telling_place(const struct catalogue *catalogue, const struct catalogue_type *type, const char *field, char into[static ERR_FIELD_MAX])
{
	size_t len = 0;
	if (field[0] != '/') { /* a word of the program's own */
		snprintf(into, ERR_FIELD_MAX, "%s", field);
		return into;
	}
	while (field[len] == '/') {
		size_t token = strcspn(field + len + 1, "/");
		if (!is_known(catalogue, type, field, len, bytes_of(field + len + 1, token)))
			break;
		len += token + 1;
	}
	snprintf(into, ERR_FIELD_MAX, "%.*s%s", (int)len, field, field[len] ? "/*" : "");
	return into;
}

void telling_refusal(const struct office *office, enum log_level level, const char *event, const uint8_t *id, struct bytes header, const struct err *why)
{
	char place[ERR_FIELD_MAX];
	struct message message;
	const struct catalogue_type *type = NULL;
	if (!FAILED(message_decode(header, &message, NULL)))
		type = catalogue_find(office->papers.catalogue, message.type);
	log_event(level, event, LOG_UUID("id", id), LOG_CODE(why->code), LOG_TEXT("type", type ? type->name : ""),
	          LOG_TEXT("field", telling_place(office->papers.catalogue, type, why->field, place)),
	          LOG_TEXT("reason", telling_is_public(why->code) ? why->reason : ""));
}
