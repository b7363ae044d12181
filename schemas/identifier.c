#include "schemas/identifier.h"

#include <string.h>

/* A driver's license is somebody's only together with the state that gave it. */
static const struct kind {
	const char *name, *issuer;
} kinds[] = {{"doc_number", NULL}, {"sid", NULL}, {"ucn", NULL}, {"ssn", NULL}, {"oln", "ols"}};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static bool text_at(struct bytes map, const char *key, struct bytes *ret)
{
	struct bytes value;
	struct err ignored;
	return pack_find(map, key, &value) && pack_as_text(value, ret) && !FAILED(message_check_text(*ret, MESSAGE_TEXT_MAX, "", &ignored));
}

bool identifier_equal(const struct identifier *a, const struct identifier *b)
{
	return bytes_equal(a->kind, b->kind) && bytes_equal(a->value, b->value) && bytes_equal(a->issuer, b->issuer);
}

static bool is_there(const struct identifier *ids, size_t count, const struct identifier *id)
{
	for (size_t i = 0; i < count; i++)
		if (identifier_equal(&ids[i], id))
			return true;
	return false;
}

size_t identifier_read(struct bytes map, struct identifier *ret, size_t max, size_t count)
{
	for (size_t i = 0; i < KINDS && map.len && count < max; i++) {
		struct identifier id = {.kind = bytes_text(kinds[i].name), .issuer = BYTES_NONE};
		if (!text_at(map, kinds[i].name, &id.value) || (kinds[i].issuer && !text_at(map, kinds[i].issuer, &id.issuer)))
			continue;
		if (!is_there(ret, count, &id))
			ret[count++] = id;
	}
	return count;
}

static struct bytes cut(struct bytes *rest, int at)
{
	const uint8_t *end = rest->len ? memchr(rest->at, at, rest->len) : NULL;
	if (!end)
		return BYTES_NONE;
	struct bytes before = bytes_of(rest->at, (size_t)(end - rest->at));
	*rest = bytes_of(end + 1, rest->len - before.len - 1);
	return before;
}

result identifier_parse(struct bytes text, struct identifier *ret, struct err *err)
{
	struct bytes rest = text, kind = cut(&rest, '=');
	struct err ignored;
	for (size_t i = 0; i < KINDS; i++) {
		if (!bytes_is(kind, kinds[i].name))
			continue;
		struct bytes issuer = kinds[i].issuer ? cut(&rest, ' ') : BYTES_NONE; /* before the rest is looked at */
		*ret = (struct identifier){.kind = bytes_text(kinds[i].name), .issuer = issuer, .value = rest};
		if ((kinds[i].issuer && !ret->issuer.len) || FAILED(message_check_text(rest, MESSAGE_TEXT_MAX, "", &ignored)))
			break;
		return OK;
	}
	return err_set(err, CODE_USAGE, "/person", "name a person as doc_number=00312845, sid=…, ucn=…, ssn=…, or 'oln=CT 123456789'");
}
