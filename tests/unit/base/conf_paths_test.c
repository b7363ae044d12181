#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/conf.h"

struct inner {
	char *file;
};

struct outer {
	char *name, *folder, *unset;
	struct conf_texts files, words;
	struct inner group;
	struct conf_list list;
};

static const struct conf_field inner_fields[] = {{.name = "file", .kind = CONF_PATH, .offset = offsetof(struct inner, file)}};
static const struct conf_table inner_table = {inner_fields, 1, sizeof(struct inner), CONF_NO_LINE, NULL};
static const struct conf_field outer_fields[] = {
	{.name = "name", .kind = CONF_TEXT, .offset = offsetof(struct outer, name)},
	{.name = "folder", .kind = CONF_PATH, .offset = offsetof(struct outer, folder)},
	{.name = "unset", .kind = CONF_PATH, .offset = offsetof(struct outer, unset)},
	{.name = "files", .kind = CONF_TEXTS, .offset = offsetof(struct outer, files), .flags = CONF_IS_PATH},
	{.name = "words", .kind = CONF_TEXTS, .offset = offsetof(struct outer, words)},
	{.name = "group", .kind = CONF_GROUP, .offset = offsetof(struct outer, group), .sub = &inner_table},
	{.name = "list", .kind = CONF_LIST, .offset = offsetof(struct outer, list), .sub = &inner_table},
};
static const struct conf_table outer_table = {outer_fields, 7, sizeof(struct outer), CONF_NO_LINE, NULL};

static void note(const char *path, void *ctx)
{
	struct buf *told = ctx;
	buf_printf(told, "%s ", path);
}

static void tells_every_path_that_is_set(void **state)
{
	char *files[] = {(char *)"/b", (char *)"/c"}, *words[] = {(char *)"word"};
	struct inner list[] = {{(char *)"/e"}, {NULL}, {(char *)"/f"}};
	const struct outer loaded = {.name = (char *)"name", .folder = (char *)"/a", .files = {files, 2}, .words = {words, 1},
	                             .group = {(char *)"/d"}, .list = {list, 3}};
	struct buf told;
	(void)state;
	buf_init(&told, 64);
	conf_paths(&outer_table, &loaded, note, &told);
	assert_true(bytes_is(buf_bytes(&told), "/a /b /c /d /e /f "));
	buf_done(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(tells_every_path_that_is_set)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
