#include "adapters/niem/niem_crowd.h"

#include <string.h>

/* How many attributes the tag has at most that begins there; its end in *at. */
static size_t attributes_of(struct bytes document, size_t *at)
{
	uint8_t quote = 0;
	size_t count = 0;
	for (; *at < document.len; (*at)++) {
		uint8_t c = document.at[*at];
		if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? 0 : c;
		else if (!quote && c == '>')
			break;
		else if (!quote && c == '=')
			count++;
	}
	return count;
}

bool niem_crowd_is(struct bytes document, int *ret_line)
{
	*ret_line = 1;
	for (size_t i = 0; i < document.len; i++) {
		*ret_line += document.at[i] == '\n';
		if (document.at[i] != '<' || i + 1 == document.len || strchr("!?/", document.at[i + 1]))
			continue;
		size_t end = i + 1;
		if (attributes_of(document, &end) > NIEM_CROWD_MAX)
			return true;
		for (; i < end && i < document.len - 1; i++)
			*ret_line += document.at[i + 1] == '\n';
	}
	return false;
}
