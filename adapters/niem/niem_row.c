#include "adapters/niem/niem_row.h"

#include <stdio.h>
#include <string.h>

bool niem_row_alternative(const char **paths, char *into, size_t size)
{
	const char *at = *paths, *end = at ? strstr(at, " | ") : NULL;
	if (!at || !*at)
		return false;
	size_t len = end ? (size_t)(end - at) : strlen(at);
	snprintf(into, size, "%.*s", (int)len, at);
	*paths = end ? end + 3 : at + len;
	return true;
}

/* The names of a path: "j:Booking/nc:Id[a:b=c]#X" → "Booking/Id". */
static void add_names(const char *path, char *into, size_t size)
{
	for (const char *at = path; *at;) {
		size_t len = strcspn(at, "/"), used = strlen(into);
		const char *name = memchr(at, ':', len);
		if (name)
			snprintf(into + used, size - used, "%s%.*s", used ? "/" : "", (int)strcspn(name + 1, "/[#"), name + 1);
		at += len + (at[len] == '/');
	}
}

/* What is left of the pointer behind the row's, or NULL. */
static const char *behind(const char *pointer, const struct niem_row *row)
{
	size_t len = strlen(row->pointer);
	bool is_list = len > 1 && !strcmp(row->pointer + len - 2, "/-");
	len -= is_list ? 2 : 0;
	if (strncmp(pointer, row->pointer, len) != 0 || (pointer[len] != 0 && pointer[len] != '/'))
		return NULL;
	pointer += len;
	if (is_list && *pointer)
		pointer += 1 + strcspn(pointer + 1, "/");
	return pointer;
}

bool niem_row_path(const struct niem_rows *rows, const char *pointer, char *into, size_t size)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct niem_row *row = &rows->at[i];
		const char *rest = row->path && row->how != NIEM_REF ? behind(pointer, row) : NULL, *paths = row->path;
		size_t used = strlen(into);
		char path[256];
		if (!rest || !niem_row_alternative(&paths, path, sizeof(path)))
			continue;
		add_names(path, into, size);
		if (!*rest || (row->sub && niem_row_path(row->sub, rest, into, size)))
			return true;
		if (row->sub && row->how == NIEM_GROUP)
			return true;
		into[used] = 0;
	}
	return false;
}
