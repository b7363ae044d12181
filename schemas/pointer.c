#include "schemas/pointer.h"

#include "base/text.h"

#include <stdio.h>

const char *pointer_key(const char *above, struct bytes key, char into[static ERR_FIELD_MAX])
{
	char safe[ERR_FIELD_MAX];
	int written = snprintf(into, ERR_FIELD_MAX, "%s/", above);
	size_t len = written < ERR_FIELD_MAX ? (size_t)written : ERR_FIELD_MAX - 1;
	text_safe(key, safe, sizeof(safe));
	for (const char *at = safe; *at && len + 2 < ERR_FIELD_MAX; at++) {
		bool is_special = *at == '~' || *at == '/';
		if (is_special)
			into[len++] = '~';
		into[len++] = (char)(*at == '~' ? '0' : *at == '/' ? '1' : *at);
	}
	into[len] = '\0';
	return into;
}

const char *pointer_index(const char *above, size_t index, char into[static ERR_FIELD_MAX])
{
	snprintf(into, ERR_FIELD_MAX, "%s/%zu", above, index);
	return into;
}
