/* A folder of a test's own, gone with the test, and its files as bytes. Included after cmocka.h. */
#ifndef TESTS_UNIT_BROKER_SCRATCH_H
#define TESTS_UNIT_BROKER_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"

enum { SCRATCH_FILE_MAX = 256 << 20 };

struct scratch {
	char folder[64];
};

static inline void scratch_make(struct scratch *scratch)
{
	snprintf(scratch->folder, sizeof(scratch->folder), "/tmp/liaison-test-XXXXXX");
	assert_non_null(mkdtemp(scratch->folder));
}

static inline char *scratch_path(const struct scratch *scratch, const char *name)
{
	return mem_printf("%s/%s", scratch->folder, name);
}

static inline void scratch_remove(struct scratch *scratch)
{
	DIR *folder = opendir(scratch->folder);
	assert_non_null(folder);
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		char *path = scratch_path(scratch, entry->d_name);
		if (entry->d_name[0] != '.')
			assert_int_equal(unlink(path), 0);
		mem_free(path);
	}
	closedir(folder);
	assert_int_equal(rmdir(scratch->folder), 0);
}

static inline bool scratch_has(const struct scratch *scratch, const char *name)
{
	struct stat status;
	char *path = scratch_path(scratch, name);
	bool there = stat(path, &status) == 0;
	mem_free(path);
	return there;
}

static inline off_t scratch_size(const struct scratch *scratch, const char *name)
{
	struct stat status;
	char *path = scratch_path(scratch, name);
	assert_int_equal(stat(path, &status), 0);
	mem_free(path);
	return status.st_size;
}

/* ret is buf_done by the caller. */
static inline void scratch_read(const struct scratch *scratch, const char *name, struct buf *ret)
{
	struct err err;
	char *path = scratch_path(scratch, name);
	assert_int_equal(file_read(path, SCRATCH_FILE_MAX, ret, &err).code, CODE_OK);
	mem_free(path);
}

static inline void scratch_write(const struct scratch *scratch, const char *name, struct bytes contents)
{
	char *path = scratch_path(scratch, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	if (contents.len)
		assert_int_equal(fwrite(contents.at, 1, contents.len, file), contents.len);
	assert_int_equal(fclose(file), 0);
	mem_free(path);
}

static inline void scratch_unlink(const struct scratch *scratch, const char *name)
{
	char *path = scratch_path(scratch, name);
	assert_int_equal(unlink(path), 0);
	mem_free(path);
}

/* Every file of one folder into the other, as they stand at this moment: what a crash would leave. */
static inline void scratch_copy(const struct scratch *from, const struct scratch *to)
{
	DIR *folder = opendir(from->folder);
	assert_non_null(folder);
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		struct buf contents;
		if (entry->d_name[0] == '.')
			continue;
		scratch_read(from, entry->d_name, &contents);
		scratch_write(to, entry->d_name, buf_bytes(&contents));
		buf_done(&contents);
	}
	closedir(folder);
}

#endif
