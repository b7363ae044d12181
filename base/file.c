#include "base/file.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_READ_STEP = 64 * 1024 };

/* ---- reading ---- */

static result read_all(int fd, const char *path, size_t max, struct buf *ret, struct err *err)
{
	/* One byte of room beyond max tells a file that ends there from one that goes on, also when it grows meanwhile. */
	buf_init(ret, max + 1);
	for (;;) {
		size_t left = max + 1 - ret->len;
		size_t want = left < FILE_READ_STEP ? left : FILE_READ_STEP;
		uint8_t *room = buf_room(ret, want);
		if (!room)
			return err_set(err, CODE_TOO_LARGE, path, "is larger than %zu bytes", max);
		ssize_t got = read(fd, room, want);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, path, "read");
		if (got == 0)
			break;
		buf_grew(ret, (size_t)got);
		if (ret->len > max)
			return err_set(err, CODE_TOO_LARGE, path, "is larger than %zu bytes", max);
	}
	ret->max = max;
	return OK;
}

static result check_regular(int fd, const char *path, size_t max, struct stat *ret_about, struct err *err)
{
	if (fstat(fd, ret_about) != 0)
		return err_errno(err, path, "stat");
	if (!S_ISREG(ret_about->st_mode))
		return err_set(err, CODE_IO, path, "is not a regular file");
	if (ret_about->st_size < 0 || (uint64_t)ret_about->st_size > max)
		return err_set(err, CODE_TOO_LARGE, path, "is larger than %zu bytes", max);
	return OK;
}

static void forget(struct buf *buf, size_t max)
{
	buf_done(buf);
	buf_init(buf, max);
}

result file_read(const char *path, size_t max, struct buf *ret, struct err *err)
{
	struct stat about;
	buf_init(ret, max);
	/* Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_errno(err, path, "open");
	result r = check_regular(fd, path, max, &about, err);
	if (!FAILED(r))
		r = read_all(fd, path, max, ret, err);
	close(fd);
	if (FAILED(r))
		forget(ret, max);
	return r;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static result read_foreign(int fd, const char *path, size_t max, struct buf *ret, struct stat *ret_about, struct err *err)
{
	struct stat after;
	TRY(check_regular(fd, path, max, ret_about, err));
	if (ret_about->st_nlink != 1)
		return err_set(err, CODE_PERMISSION, path, "has %lu names; a document has one", (unsigned long)ret_about->st_nlink);
	TRY(read_all(fd, path, max, ret, err));
	if (fstat(fd, &after) != 0)
		return err_errno(err, path, "stat");
	if ((uint64_t)after.st_size != ret->len || !is_same_time(&after.st_mtim, &ret_about->st_mtim))
		return err_set(err, CODE_BUSY, path, "is still being written");
	return OK;
}

result file_read_foreign(const char *path, size_t max, struct buf *ret, struct stat *ret_about, struct err *err)
{
	buf_init(ret, max);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return errno == ELOOP ? err_set(err, CODE_PERMISSION, path, "is a symbolic link") : err_errno(err, path, "open");
	result r = read_foreign(fd, path, max, ret, ret_about, err);
	close(fd);
	if (FAILED(r))
		forget(ret, max);
	return r;
}

/* ---- writing ---- */

/* The folder that holds path, as text that the caller frees. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return mem_text(".");
	return slash == path ? mem_text("/") : mem_text_n(path, (size_t)(slash - path));
}

static result write_all(int fd, const char *path, struct bytes contents, struct err *err)
{
	while (contents.len > 0) {
		ssize_t put = write(fd, contents.at, contents.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return err_errno(err, path, "write");
		contents.at += put;
		contents.len -= (size_t)put;
	}
	return OK;
}

static result fill(int fd, const char *path, struct bytes contents, unsigned mode, struct err *err)
{
	if (fchmod(fd, (mode_t)mode) != 0)
		return err_errno(err, path, "chmod");
	TRY(write_all(fd, path, contents, err));
	return fsync(fd) == 0 ? OK : err_errno(err, path, "fsync");
}

result file_write(const char *path, struct bytes contents, unsigned mode, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder = folder_of(path);
	/* A dot file, so that nobody who lists the folder takes the unfinished file for a finished one. */
	AUTO_FREE char *beside = mem_printf("%s/.%s.XXXXXX", folder, slash ? slash + 1 : path);
	int fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, path, "create");
	result r = fill(fd, path, contents, mode, err);
	if (close(fd) != 0 && !FAILED(r))
		r = err_errno(err, path, "close");
	if (!FAILED(r) && rename(beside, path) != 0)
		r = err_errno(err, path, "rename");
	if (FAILED(r)) {
		unlink(beside);
		return r;
	}
	return file_sync_folder(folder, err);
}

/* ---- folders ---- */

static bool is_regular(int folder, const struct dirent *entry)
{
	struct stat about;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
	return fstatat(folder, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode);
}

static bool ends_with(const char *name, const char *ending)
{
	size_t len = strlen(name), end = strlen(ending);
	return len >= end && strcmp(name + len - end, ending) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static result list(const char *folder, const char *ending, bool hidden, char ***ret, size_t *ret_count, struct err *err)
{
	char **names = NULL;
	size_t count = 0, room = 0;
	const struct dirent *entry;
	DIR *dir = opendir(folder);
	if (!dir)
		return err_errno(err, folder, "open");
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if ((entry->d_name[0] == '.') != hidden || !ends_with(entry->d_name, ending) || !is_regular(dirfd(dir), entry))
			continue;
		if (count == room) {
			room = room ? room * 2 : 16;
			names = mem_grow(names, room, sizeof(*names));
		}
		names[count++] = mem_text(entry->d_name);
	}
	result r = errno == 0 ? OK : err_errno(err, folder, "read");
	closedir(dir);
	if (FAILED(r)) {
		file_list_free(names, count);
		return r;
	}
	if (count > 1)
		qsort(names, count, sizeof(*names), by_name);
	*ret = names;
	*ret_count = count;
	return OK;
}

result file_list(const char *folder, const char *ending, char ***ret, size_t *ret_count, struct err *err)
{
	return list(folder, ending, false, ret, ret_count, err);
}

result file_count_odd(const char *folder, size_t *ret_count, char **ret_first, struct err *err)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);
	*ret_count = 0;
	*ret_first = NULL;
	if (!dir)
		return err_errno(err, folder, "open");
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || is_regular(dirfd(dir), entry))
			continue;
		if ((*ret_count)++ == 0)
			*ret_first = mem_text(entry->d_name);
	}
	result r = errno == 0 ? OK : err_errno(err, folder, "read");
	closedir(dir);
	return r;
}

result file_list_hidden(const char *folder, char ***ret, size_t *ret_count, struct err *err)
{
	return list(folder, "", true, ret, ret_count, err);
}

void file_list_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mem_free(names[i]);
	mem_free(names);
}

static result make_one(const char *path, unsigned mode, struct err *err)
{
	struct stat about;
	if (mkdir(path, (mode_t)mode) == 0)
		return OK;
	if (errno != EEXIST)
		return err_errno(err, path, "make the folder");
	if (stat(path, &about) != 0)
		return err_errno(err, path, "stat");
	return S_ISDIR(about.st_mode) ? OK : err_set(err, CODE_IO, path, "is there and is no folder");
}

result file_make_folder(const char *path, unsigned mode, struct err *err)
{
	AUTO_FREE char *above = mem_text(path);
	if (!*path)
		return err_set(err, CODE_IO, path, "a folder needs a name");
	for (char *at = above + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		TRY(make_one(above, mode, err));
		*at = '/';
	}
	return make_one(path, mode, err);
}

result file_sync_folder(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, path, "open");
	result r = fsync(fd) == 0 ? OK : err_errno(err, path, "fsync");
	close(fd);
	return r;
}
