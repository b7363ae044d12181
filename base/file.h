/* Files read and written whole. Thread: any. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/stat.h>

#include "base/bytes.h"

/* Reads a regular file of at most max bytes into *ret (initialised by this; buf_done it). too_large, io, permission. */
RESULT file_read(const char *path, size_t max, struct buf *ret, struct err *err);
/* The same of a file that somebody else put there, who may wish us ill or not be done yet: a symbolic link is not followed (permission), one
 * that has another name elsewhere is not read (permission), one that changed meanwhile is not taken (busy). *ret_about: the file that was read. */
RESULT file_read_foreign(const char *path, size_t max, struct buf *ret, struct stat *ret_about, struct err *err);
/* Writes beside the target, fsyncs, renames over it and fsyncs the folder: the file is there whole or not at all. mode as in chmod. */
RESULT file_write(const char *path, struct bytes contents, unsigned mode, struct err *err);
/* Names (not paths) of the regular files in a folder that end with `ending` ("" for all), sorted, without dot files;
 * *ret is freed with file_list_free. Symbolic links are left out. */
RESULT file_list(const char *folder, const char *ending, char ***ret, size_t *ret_count, struct err *err);
/* How many of the names in a folder, without dot files, are no regular files; *ret_first: one of them, owned, NULL when there is none. */
RESULT file_count_odd(const char *folder, size_t *ret_count, char **ret_first, struct err *err);
/* The same as file_list of the names that begin with a dot. */
RESULT file_list_hidden(const char *folder, char ***ret, size_t *ret_count, struct err *err);
void file_list_free(char **names, size_t count);
/* Makes a folder and those above it. An existing folder is fine. */
RESULT file_make_folder(const char *path, unsigned mode, struct err *err);
/* fsyncs a folder, so that a rename in it is durable. */
RESULT file_sync_folder(const char *path, struct err *err);

#endif
