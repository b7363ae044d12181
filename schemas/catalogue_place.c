#include "schemas/catalogue_place.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { NODES_MAX = 24, PATH_MAX_LEN = 224, TOKEN_MAX = 64, LIST_MAX = 64, DEPTH_MAX = 12 };

/* A schema and where it stands: in the document of that name, or in the file of the type. */
struct node {
	struct bytes schema, document, name;
	char path[PATH_MAX_LEN];
};

/* The schemas that all hold at one place. */
struct nodes {
	const struct catalogue *catalogue;
	struct node at[NODES_MAX];
	size_t count;
	size_t direct; /* those that are not merely referred to by another */
};

static void add_node(struct nodes *nodes, const struct node *node);

static void follow(struct nodes *nodes, const struct node *from)
{
	struct bytes ref, text;
	struct node target = *from;
	if (!pack_find(from->schema, "$ref", &ref) || !pack_as_text(ref, &text))
		return;
	const uint8_t *hash = memchr(text.at, '#', text.len);
	size_t name_len = hash ? (size_t)(hash - text.at) : text.len, len = hash ? text.len - name_len - 1 : 0;
	if (name_len > 0) {
		target.name = bytes_of(text.at, name_len);
		target.document = catalogue_document(nodes->catalogue, target.name);
	}
	if (len >= sizeof(target.path))
		return;
	if (len > 0)
		memcpy(target.path, hash + 1, len);
	target.path[len] = 0;
	if (pack_pointer(target.document, target.path, &target.schema))
		add_node(nodes, &target);
}

static void combine(struct nodes *nodes, const struct node *from)
{
	struct bytes list;
	if (!pack_find(from->schema, "allOf", &list))
		return;
	struct pack_in in = pack_in(list, NULL);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct node one = *from;
		one.schema = pack_value(&in, "");
		snprintf(one.path, sizeof(one.path), "%.180s/allOf/%zu", from->path, i);
		add_node(nodes, &one);
	}
}

static void add_node(struct nodes *nodes, const struct node *node)
{
	if (nodes->count == NODES_MAX)
		return;
	struct node *added = &nodes->at[nodes->count++];
	*added = *node;
	follow(nodes, added);
	combine(nodes, added);
}

static bool start(const struct catalogue *catalogue, const struct catalogue_type *type, struct nodes *ret)
{
	struct node root = {.path = ""};
	ret->catalogue = catalogue;
	ret->count = 0;
	ret->direct = 1;
	if (!pack_pointer(buf_bytes(&type->source), "/parts/main/schema", &root.schema))
		return false;
	root.document = root.schema;
	add_node(ret, &root);
	return true;
}

static bool is_index(const char *token)
{
	return token[0] && !token[strspn(token, "0123456789")];
}

/* The schemas of a member, or of the elements of a list. */
static void enter(const struct nodes *from, const char *token, struct nodes *into)
{
	into->catalogue = from->catalogue;
	into->count = into->direct = 0;
	for (size_t i = 0; i < from->count; i++) {
		struct bytes properties;
		struct node below = from->at[i];
		if (pack_find(from->at[i].schema, "properties", &properties) && pack_find(properties, token, &below.schema))
			snprintf(below.path, sizeof(below.path), "%.140s/properties/%s", from->at[i].path, token);
		else if (is_index(token) && pack_find(from->at[i].schema, "items", &below.schema))
			snprintf(below.path, sizeof(below.path), "%.200s/items", from->at[i].path);
		else
			continue;
		into->direct++;
		add_node(into, &below);
	}
}

static bool requires(const struct nodes *nodes, const char *name)
{
	for (size_t i = 0; i < nodes->count; i++) {
		struct bytes list, text;
		if (!pack_find(nodes->at[i].schema, "required", &list))
			continue;
		struct pack_in in = pack_in(list, NULL);
		size_t count = pack_array(&in, "");
		for (size_t k = 0; k < count && !in.failed; k++)
			if (pack_as_text(pack_value(&in, ""), &text) && bytes_is(text, name))
				return true;
	}
	return false;
}

static bool take_token(const char **pointer, char into[static TOKEN_MAX])
{
	size_t len = **pointer == '/' ? strcspn(*pointer + 1, "/") : 0;
	if (len == 0 || len >= TOKEN_MAX)
		return false;
	snprintf(into, TOKEN_MAX, "%.*s", (int)len, *pointer + 1);
	*pointer += len + 1;
	return true;
}

/* Goes along the pointer; *nodes is then its place. */
static bool walk(struct nodes *nodes, const char *pointer, bool *ret_required)
{
	struct nodes *next = mem_alloc(sizeof(*next));
	char token[TOKEN_MAX];
	*ret_required = true;
	while (*pointer && nodes->count > 0) {
		if (!take_token(&pointer, token)) {
			nodes->count = 0;
			break;
		}
		*ret_required = *ret_required && requires(nodes, token);
		enter(nodes, token, next);
		*nodes = *next;
	}
	mem_free(next);
	return nodes->count > 0;
}

/* ---- what may be there ---- */

static unsigned kind_of(struct bytes type)
{
	static const struct {
		const char *name;
		unsigned kinds;
	} kinds[] = {{"string", CATALOGUE_PLACE_TEXT}, {"integer", CATALOGUE_PLACE_INT}, {"number", CATALOGUE_PLACE_NUMBER | CATALOGUE_PLACE_INT},
	             {"boolean", CATALOGUE_PLACE_BOOL}, {"object", CATALOGUE_PLACE_MAP}, {"array", CATALOGUE_PLACE_LIST}};
	struct bytes name;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (pack_as_text(type, &name) && bytes_is(name, kinds[i].name))
			return kinds[i].kinds;
	return 0;
}

static void add_format(struct bytes schema, struct catalogue_place *place)
{
	struct bytes format, name;
	if (!pack_find(schema, "format", &format) || !pack_as_text(format, &name))
		return;
	place->is_date = place->is_date || bytes_is(name, "date");
	place->is_date_time = place->is_date_time || bytes_is(name, "date-time");
}

static void describe(const struct nodes *nodes, struct catalogue_place *place)
{
	for (size_t i = 0; i < nodes->count; i++) {
		struct bytes schema = nodes->at[i].schema, value;
		if (pack_find(schema, "type", &value))
			place->kinds |= kind_of(value);
		else if (pack_find(schema, "properties", &value))
			place->kinds |= CATALOGUE_PLACE_MAP;
		place->is_code = place->is_code || pack_find(schema, "enum", &value) || pack_find(schema, "const", &value);
		add_format(schema, place);
	}
	if (place->is_code && place->kinds == 0)
		place->kinds = CATALOGUE_PLACE_TEXT;
}

bool catalogue_place(const struct catalogue *catalogue, const struct catalogue_type *type, const char *pointer, struct catalogue_place *ret)
{
	struct nodes *nodes = mem_alloc(sizeof(*nodes));
	memset(ret, 0, sizeof(*ret));
	bool found = start(catalogue, type, nodes) && walk(nodes, pointer, &ret->is_required);
	if (found)
		describe(nodes, ret);
	mem_free(nodes);
	return found;
}

/* ---- a schema of its own ---- */

static struct bytes find_document(void *ctx, struct bytes name)
{
	return catalogue_document(ctx, name);
}

result catalogue_place_validator(const struct catalogue *catalogue, const struct catalogue_type *type, const char *pointer,
                                 struct validator **ret, struct err *err)
{
	struct nodes *nodes = mem_alloc(sizeof(*nodes));
	struct buf wrapper;
	struct err why;
	bool is_required;
	result r = OK;
	*ret = NULL;
	buf_init(&wrapper, PATH_MAX_LEN * 2);
	if (!start(catalogue, type, nodes) || !walk(nodes, pointer, &is_required)) {
		r = err_set(err, CODE_SCHEMA, pointer, "%s has no such field", type->name);
	} else {
		struct bytes schema = nodes->at[0].schema;
		if (nodes->at[0].name.len) {
			AUTO_FREE char *ref = mem_printf("%.*s#%s", (int)nodes->at[0].name.len, (const char *)nodes->at[0].name.at, nodes->at[0].path);
			pack_put_map(&wrapper, 1);
			pack_put_str(&wrapper, "$ref");
			pack_put_str(&wrapper, ref);
			schema = buf_bytes(&wrapper);
		}
		if (FAILED(validator_compile(schema, find_document, (void *)(uintptr_t)catalogue, ret, &why)))
			*ret = NULL; /* it speaks of other places of its file: the whole is judged all the same */
	}
	buf_done(&wrapper);
	mem_free(nodes);
	return r;
}

/* ---- what must be there ---- */

struct search {
	bool (*has)(void *ctx, const char *pointer);
	void (*missing)(void *ctx, const char *pointer);
	void *ctx;
};

static void search_below(const struct search *search, const struct nodes *nodes, const char *above, int depth);

static void search_member(const struct search *search, const struct nodes *nodes, const char *above, const char *name, bool is_required, int depth)
{
	AUTO_FREE char *pointer = mem_printf("%s/%s", above, name);
	if (!search->has(search->ctx, pointer)) {
		if (is_required)
			search->missing(search->ctx, pointer);
		return;
	}
	struct nodes *below = mem_alloc(sizeof(*below));
	enter(nodes, name, below);
	search_below(search, below, pointer, depth + 1);
	mem_free(below);
}

/* The member is handled at the first schema that names it. */
static bool is_first(const struct nodes *nodes, size_t index, const char *name)
{
	struct bytes properties, unused;
	for (size_t i = 0; i < index; i++)
		if (pack_find(nodes->at[i].schema, "properties", &properties) && pack_find(properties, name, &unused))
			return false;
	return true;
}

static void search_below(const struct search *search, const struct nodes *nodes, const char *above, int depth)
{
	struct bytes value;
	bool is_list = false;
	if (depth == DEPTH_MAX)
		return;
	for (size_t i = 0; i < nodes->count; i++) {
		is_list = is_list || pack_find(nodes->at[i].schema, "items", &value);
		if (!pack_find(nodes->at[i].schema, "properties", &value))
			continue;
		struct pack_in in = pack_in(value, NULL);
		size_t count = pack_map(&in, "");
		for (size_t k = 0; k < count && !in.failed; k++) {
			AUTO_FREE char *name = bytes_dup_text(pack_text(&in, "", SIZE_MAX));
			pack_value(&in, "");
			if (name && is_first(nodes, i, name))
				search_member(search, nodes, above, name, requires(nodes, name), depth);
		}
	}
	for (int i = 0; is_list && i < LIST_MAX; i++) {
		char index[12];
		snprintf(index, sizeof(index), "%d", i);
		search_member(search, nodes, above, index, false, depth);
	}
}

void catalogue_place_missing(const struct catalogue *catalogue, const struct catalogue_type *type, bool (*has)(void *ctx, const char *pointer),
                             void (*missing)(void *ctx, const char *pointer), void *ctx)
{
	const struct search search = {has, missing, ctx};
	struct nodes *nodes = mem_alloc(sizeof(*nodes));
	if (start(catalogue, type, nodes))
		search_below(&search, nodes, "", 0);
	mem_free(nodes);
}
