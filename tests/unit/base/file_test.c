#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static char folder[] = "/tmp/liaison-file-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static void remove_all(const char *path)
{
	char **names;
	size_t count;
	struct err err;
	if (FAILED(file_list(path, "", &names, &count, &err)))
		return;
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *file = mem_printf("%s/%s", path, names[i]);
		unlink(file);
	}
	file_list_free(names, count);
	rmdir(path);
}

static int remove_folder(void **state)
{
	static const char *const below[] = {"/made/deep/er", "/made/deep", "/made",   "/list/folder.json",
	                                    "/list",         "/whole",     "/closed", ""};
	(void)state;
	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++) {
		AUTO_FREE char *path = mem_printf("%s%s", folder, below[i]);
		AUTO_FREE char *link = mem_printf("%s/link.json", path);
		AUTO_FREE char *hidden = mem_printf("%s/.hidden.json", path);
		AUTO_FREE char *pipe = mem_printf("%s/pipe", path);
		unlink(link);
		unlink(hidden);
		unlink(pipe);
		remove_all(path);
	}
	return access(folder, F_OK) == 0 ? -1 : 0;
}

static void write_text(const char *path, const char *text)
{
	struct err err = {.reason = ""};
	if (FAILED(file_write(path, bytes_text(text), 0644, &err)))
		fail_msg("%s: %s", err.field, err.reason);
}

static void reads_back_what_it_wrote(void **state)
{
	struct err err = {.reason = ""};
	struct buf contents, big;
	AUTO_FREE char *path = mem_printf("%s/back", folder);
	(void)state;
	buf_init(&big, 1 << 20);
	for (size_t i = 0; i < 300000; i++)
		buf_add_byte(&big, (uint8_t)(i * 31));
	const struct bytes cases[] = {BYTES_NONE, BYTES_LIT("a\0b"), buf_bytes(&big)};
	for (size_t i = 0; i < 3; i++) {
		assert_false(FAILED(file_write(path, cases[i], 0600, &err)));
		assert_false(FAILED(file_read(path, 300000, &contents, &err)));
		assert_true(bytes_equal(buf_bytes(&contents), cases[i]));
		buf_done(&contents);
	}
	buf_done(&big);
}

static void reads_a_file_of_exactly_the_size_that_is_allowed(void **state)
{
	struct err err = {.reason = ""};
	struct buf contents;
	AUTO_FREE char *path = mem_printf("%s/size", folder);
	(void)state;
	write_text(path, "12345");
	assert_false(FAILED(file_read(path, 5, &contents, &err)));
	assert_int_equal(contents.len, 5);
	buf_done(&contents);
	assert_int_equal(file_read(path, 4, &contents, &err).code, CODE_TOO_LARGE);
	assert_string_equal(err.field, path);
	assert_int_equal(contents.len, 0);
	buf_done(&contents);
}

static void bounds_a_file_whose_size_is_not_told_beforehand(void **state)
{
	struct err err = {.reason = ""};
	struct buf contents;
	(void)state;
	/* Files of /proc say that they are empty, and are not. */
	assert_int_equal(file_read("/proc/self/status", 10, &contents, &err).code, CODE_TOO_LARGE);
	buf_done(&contents);
	assert_false(FAILED(file_read("/proc/self/status", 1 << 20, &contents, &err)));
	assert_true(contents.len > 10);
	buf_done(&contents);
}

static void refuses_what_is_not_a_regular_file_without_waiting_for_it(void **state)
{
	struct err err = {.reason = ""};
	struct buf contents;
	AUTO_FREE char *path = mem_printf("%s/pipe", folder);
	AUTO_FREE char *missing = mem_printf("%s/missing", folder);
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(file_read(path, 10, &contents, &err).code, CODE_IO);
	assert_string_equal(err.reason, "is not a regular file");
	buf_done(&contents);
	assert_int_equal(file_read(folder, 10, &contents, &err).code, CODE_IO);
	buf_done(&contents);
	assert_true(FAILED(file_read(missing, 10, &contents, &err)));
	assert_string_equal(err.field, missing);
	buf_done(&contents);
}

static void gives_the_mode_that_is_asked_for_whatever_was_there(void **state)
{
	struct stat about;
	struct err err = {.reason = ""};
	AUTO_FREE char *path = mem_printf("%s/mode", folder);
	mode_t before = umask(077);
	(void)state;
	assert_false(FAILED(file_write(path, BYTES_LIT("a"), 0644, &err)));
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0644);
	umask(0);
	assert_false(FAILED(file_write(path, BYTES_LIT("b"), 0600, &err)));
	umask(before);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
}

static void leaves_the_old_file_and_nothing_else_when_it_cannot_write(void **state)
{
	struct err err = {.reason = ""};
	char **names;
	size_t count;
	AUTO_FREE char *whole = mem_printf("%s/whole", folder);
	AUTO_FREE char *blocked = mem_printf("%s/whole/blocked", folder);
	AUTO_FREE char *nowhere = mem_printf("%s/whole/no/such", folder);
	(void)state;
	assert_false(FAILED(file_make_folder(blocked, 0700, &err)));
	/* A file cannot take the place of a folder: the rename fails after everything else went well. */
	assert_true(FAILED(file_write(blocked, BYTES_LIT("x"), 0600, &err)));
	assert_string_equal(err.field, blocked);
	assert_true(FAILED(file_write(nowhere, BYTES_LIT("x"), 0600, &err)));
	assert_int_equal(rmdir(blocked), 0);
	/* Not even a hidden file is left, or the folder could not be removed. */
	assert_false(FAILED(file_list(whole, "", &names, &count, &err)));
	assert_int_equal(count, 0);
	file_list_free(names, count);
	assert_int_equal(rmdir(whole), 0);
}

static void writes_beside_a_name_without_a_folder(void **state)
{
	struct err err = {.reason = ""};
	struct buf contents;
	char *here = getcwd(NULL, 0);
	(void)state;
	assert_int_equal(chdir(folder), 0);
	assert_false(FAILED(file_write("plain", BYTES_LIT("x"), 0600, &err)));
	assert_false(FAILED(file_read("plain", 10, &contents, &err)));
	assert_int_equal(contents.len, 1);
	buf_done(&contents);
	assert_int_equal(chdir(here), 0);
	mem_free(here);
}

static void lists_regular_files_by_their_ending_in_order(void **state)
{
	static const char *const files[] = {"b.json", "a.json", "c.csv", ".hidden.json", "json", ".json"};
	struct err err = {.reason = ""};
	char **names;
	size_t count;
	AUTO_FREE char *list = mem_printf("%s/list", folder);
	AUTO_FREE char *below = mem_printf("%s/list/folder.json", folder);
	AUTO_FREE char *link = mem_printf("%s/list/link.json", folder);
	AUTO_FREE char *dot = mem_printf("%s/list/.json", folder);
	(void)state;
	assert_false(FAILED(file_make_folder(below, 0700, &err)));
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", list, files[i]);
		write_text(path, "x");
	}
	assert_int_equal(symlink("a.json", link), 0);
	assert_false(FAILED(file_list(list, ".json", &names, &count, &err)));
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "a.json");
	assert_string_equal(names[1], "b.json");
	file_list_free(names, count);
	assert_false(FAILED(file_list(list, "", &names, &count, &err)));
	assert_int_equal(count, 4);
	file_list_free(names, count);
	assert_false(FAILED(file_list(below, "", &names, &count, &err)));
	assert_int_equal(count, 0);
	file_list_free(names, count);
	unlink(dot);
	AUTO_FREE char *missing = mem_printf("%s/missing", folder);
	assert_true(FAILED(file_list(missing, "", &names, &count, &err)));
	assert_string_equal(err.field, missing);
}

static void makes_a_folder_and_those_above_it(void **state)
{
	struct stat about;
	struct err err = {.reason = ""};
	AUTO_FREE char *deep = mem_printf("%s/made/deep//er/", folder);
	AUTO_FREE char *file = mem_printf("%s/made/file", folder);
	AUTO_FREE char *below = mem_printf("%s/made/file/x", folder);
	(void)state;
	assert_false(FAILED(file_make_folder(deep, 0700, &err)));
	assert_false(FAILED(file_make_folder(deep, 0700, &err)));
	assert_int_equal(stat(deep, &about), 0);
	assert_true(S_ISDIR(about.st_mode));
	assert_int_equal(about.st_mode & 07777, 0700);
	assert_false(FAILED(file_make_folder("/", 0700, &err)));
	assert_false(FAILED(file_make_folder(".", 0700, &err)));
	write_text(file, "x");
	assert_int_equal(file_make_folder(file, 0700, &err).code, CODE_IO);
	assert_string_equal(err.reason, "is there and is no folder");
	assert_true(FAILED(file_make_folder(below, 0700, &err)));
	assert_true(FAILED(file_make_folder("", 0700, &err)));
	unlink(file);
}

static void syncs_folders_and_nothing_else(void **state)
{
	struct err err = {.reason = ""};
	AUTO_FREE char *file = mem_printf("%s/file", folder);
	(void)state;
	write_text(file, "x");
	assert_false(FAILED(file_sync_folder(folder, &err)));
	assert_true(FAILED(file_sync_folder(file, &err)));
	assert_string_equal(err.field, file);
}

static enum code read_foreign(const char *path, struct stat *ret_about)
{
	struct err err = {.reason = ""};
	struct buf contents;
	result r = file_read_foreign(path, 10, &contents, ret_about, &err);
	if (FAILED(r))
		assert_true(contents.len == 0 && err.reason[0]);
	buf_done(&contents);
	return r.code;
}

static void reads_of_strangers_only_what_is_one_file_with_one_name(void **state)
{
	struct stat about;
	AUTO_FREE char *path = mem_printf("%s/foreign", folder);
	AUTO_FREE char *link_path = mem_printf("%s/link.json", folder);
	AUTO_FREE char *other = mem_printf("%s/other", folder);
	AUTO_FREE char *missing = mem_printf("%s/missing", folder);
	(void)state;
	write_text(path, "text");
	assert_int_equal(read_foreign(path, &about), CODE_OK);
	assert_int_equal(about.st_size, 4);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(read_foreign(link_path, &about), CODE_PERMISSION);
	assert_int_equal(unlink(link_path), 0);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(read_foreign(path, &about), CODE_PERMISSION);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(read_foreign(path, &about), CODE_OK);
	write_text(path, "more than is allowed");
	assert_int_equal(read_foreign(path, &about), CODE_TOO_LARGE);
	assert_int_equal(read_foreign(folder, &about), CODE_IO);
	assert_true(read_foreign(missing, &about) != CODE_OK);
	assert_int_equal(unlink(path), 0);
}

static void does_not_take_a_file_that_is_not_what_it_says(void **state)
{
	struct stat about;
	(void)state;
	/* Its size is told as 0 and it has contents: as of a file that grew while it was read. */
	assert_int_equal(read_foreign("/proc/self/oom_score_adj", &about), CODE_BUSY);
}

static void counts_what_is_no_regular_file(void **state)
{
	struct err err = {.reason = ""};
	AUTO_FREE char *odd = mem_printf("%s/odd", folder);
	AUTO_FREE char *file = mem_printf("%s/odd/file", folder);
	AUTO_FREE char *hidden = mem_printf("%s/odd/.hidden", folder);
	AUTO_FREE char *pipe = mem_printf("%s/odd/pipe", folder);
	size_t count = 1;
	char *first = NULL;
	(void)state;
	assert_int_equal(mkdir(odd, 0700), 0);
	write_text(file, "x");
	assert_int_equal(mkfifo(hidden, 0600), 0);
	assert_false(FAILED(file_count_odd(odd, &count, &first, &err)));
	assert_true(count == 0 && !first);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_false(FAILED(file_count_odd(odd, &count, &first, &err)));
	assert_int_equal(count, 1);
	assert_string_equal(first, "pipe");
	mem_free(first);
	assert_true(FAILED(file_count_odd(file, &count, &first, &err)));
	assert_int_equal(unlink(hidden) | unlink(pipe) | unlink(file) | rmdir(odd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_of_strangers_only_what_is_one_file_with_one_name),
		cmocka_unit_test(does_not_take_a_file_that_is_not_what_it_says),
		cmocka_unit_test(counts_what_is_no_regular_file),
		cmocka_unit_test(reads_back_what_it_wrote),
		cmocka_unit_test(reads_a_file_of_exactly_the_size_that_is_allowed),
		cmocka_unit_test(bounds_a_file_whose_size_is_not_told_beforehand),
		cmocka_unit_test(refuses_what_is_not_a_regular_file_without_waiting_for_it),
		cmocka_unit_test(gives_the_mode_that_is_asked_for_whatever_was_there),
		cmocka_unit_test(leaves_the_old_file_and_nothing_else_when_it_cannot_write),
		cmocka_unit_test(writes_beside_a_name_without_a_folder),
		cmocka_unit_test(lists_regular_files_by_their_ending_in_order),
		cmocka_unit_test(makes_a_folder_and_those_above_it),
		cmocka_unit_test(syncs_folders_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
