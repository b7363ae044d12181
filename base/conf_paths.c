#include "base/conf_inside.h"

static void tell(const char *path, void (*fn)(const char *path, void *ctx), void *ctx)
{
	if (path && path[0])
		fn(path, ctx);
}

static void walk(const struct conf_table *table, const void *base, void (*fn)(const char *path, void *ctx), void *ctx);

static void walk_field(const struct conf_field *field, const void *at, void (*fn)(const char *path, void *ctx), void *ctx)
{
	const struct conf_texts *texts = at;
	const struct conf_list *list = at;

	if (field->kind == CONF_PATH)
		tell(*(char *const *)at, fn, ctx);
	else if (field->kind == CONF_GROUP)
		walk(field->sub, at, fn, ctx);
	for (size_t i = 0; field->kind == CONF_TEXTS && (field->flags & CONF_IS_PATH) && i < texts->count; i++)
		tell(texts->at[i], fn, ctx);
	for (size_t i = 0; field->kind == CONF_LIST && i < list->count; i++)
		walk(field->sub, conf_element(list, field->sub, i), fn, ctx);
}

static void walk(const struct conf_table *table, const void *base, void (*fn)(const char *path, void *ctx), void *ctx)
{
	for (size_t i = 0; i < table->count; i++)
		walk_field(&table->fields[i], conf_at_const(base, &table->fields[i]), fn, ctx);
}

void conf_paths(const struct conf_table *table, const void *loaded, void (*fn)(const char *path, void *ctx), void *ctx)
{
	walk(table, loaded, fn, ctx);
}
