#include "adapters/kind/body.h"

#include <stdio.h>
#include <string.h>

enum { LEVEL_MAX = 128 };

static size_t token_len(const char *token)
{
	return strcspn(token, "/");
}

/* The next token of a field below `above` ("/person/name" → "family"), or NULL when it is not below. */
static const char *token_below(const struct body_field *field, const char *above)
{
	size_t len = strlen(above);
	return !strncmp(field->pointer, above, len) && field->pointer[len] == '/' ? field->pointer + len + 1 : NULL;
}

/* The token of the field at `index` when no field before it has the same. */
static const char *first_token(const struct body_field *fields, size_t index, const char *above)
{
	const char *token = token_below(&fields[index], above);
	for (size_t i = 0; token && i < index; i++) {
		const char *before = token_below(&fields[i], above);
		if (before && token_len(before) == token_len(token) && !strncmp(before, token, token_len(token)))
			return NULL;
	}
	return token;
}

static void put_level(const struct body_field *fields, size_t fields_count, const char *above, struct buf *out)
{
	size_t count = 0;
	bool is_list = false;
	for (size_t i = 0; i < fields_count; i++) {
		const char *token = first_token(fields, i, above);
		count += token != NULL;
		is_list = is_list || (token && token[0] >= '0' && token[0] <= '9');
	}
	if (is_list)
		pack_put_array(out, count);
	else
		pack_put_map(out, count);
	for (size_t i = 0; i < fields_count; i++) {
		const char *token = first_token(fields, i, above);
		char below[LEVEL_MAX];
		if (!token)
			continue;
		if (!is_list)
			pack_put_text(out, bytes_of(token, token_len(token)));
		snprintf(below, sizeof(below), "%s/%.*s", above, (int)token_len(token), token);
		if (!strcmp(below, fields[i].pointer))
			pack_put_raw(out, fields[i].value);
		else
			put_level(fields, fields_count, below, out);
	}
}

void body_put(const struct body_field *fields, size_t count, struct buf *out)
{
	put_level(fields, count, "", out);
}
